"""`blame`: which version of the record, and which commit of the branch, set each value of an experiment."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from amlgit.compare.origins import Commit, Held, Inherit, Key, Place, Read, View, inherit_lines, inherit_values, origins
from amlgit.model.jsontext import Json, Object
from amlgit.review.blamed import Said, is_text, said
from amlgit.review.find_node import Meant, find, named_nodes
from amlgit.review.names import Names
from amlgit.store import chains, streams
from amlgit.store.folder_history import FolderHistory, folder_history
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.blame_start import Start, start_of
from amlgit.workflows.versions.dates import date
from amlgit.workflows.versions.past import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionOrigin:
    """A version of the record. `date` is ISO 8601 in UTC; `snapshot` is None for a draft."""

    number: int
    snapshot: str | None
    date: str
    who: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitOrigin:
    """A commit of the branch."""

    id: str
    date: str
    who: str
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What set a value: a version, unless none has it yet; the commit that brought it to the branch, unless none did yet."""

    version: VersionOrigin | None
    commit: CommitOrigin | None
    is_oldest: bool
    """Whether that is as far back as this shallow clone goes: it may be older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedValue:
    """A value; `value` is as a program wants it, `text` as a person reads it."""

    what: Held
    name: str
    value: Json
    text: str
    origin: Origin
    is_idle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedNode:
    """A node: what added it, and its values."""

    id: str
    name: str
    comment: str
    origin: Origin
    values: tuple[BlamedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlamedLine:
    """A line of a text."""

    number: int
    text: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class BlameReport:
    """What set the values of a version, or of the work tree."""

    title: str
    path: str | None
    """The folder, where the work tree or HEAD was looked at."""
    remote: str | None
    number: int | None
    """The version that was looked at; of a folder the one that it is, or that was edited. None where no record tells."""
    values: tuple[BlamedValue, ...]
    """What belongs to no node."""
    nodes: tuple[BlamedNode, ...]
    """In the order in which data flows."""
    lines: tuple[BlamedLine, ...] | None = None
    """Where one text was asked for, its lines."""


def blame(repository: Repository, experiment: str, node: str | None = None) -> BlameReport:
    """What set the values of EXPERIMENT[@N]: all of them, those of a NODE, or NODE.PARAMETER.

    Raises UsageError where a name is not one thing, InvalidDocument where the work tree has no graph that can be read.
    """
    with streams.reader(repository) as reader:
        past = Past(repository, reader, with_layout=False)
        start = start_of(repository, past, experiment)
        return _Blame(repository, past, start).report(node)


class _Blame:
    """One blame under way."""

    def __init__(self, repository: Repository, past: Past, start: Start) -> None:
        self._past = past
        self._start = start
        self._view = View(start.document)
        self._names = Names({}, start.document, start.assets, {})
        shallow = repository.common_dir / "shallow"
        self._cut = frozenset(shallow.read_text(encoding="ascii").split()) if shallow.is_file() else frozenset()
        self._versions = {entry.commit: entry for entry in chains.newest_first(repository, start.version)} if start.version else {}
        head = repository.head()
        folder = start.folder
        self._branch = FolderHistory((), ()) if folder is None or head is None else folder_history(repository, head, folder)
        self._commits = {commit.id: commit for commit in self._branch.commits}

    def report(self, wanted: str | None) -> BlameReport:
        meant = find(wanted, named_nodes(self._start.document, self._names)) if wanted is not None else None
        places = [place for place in self._view.places() if _is_asked_for(place, meant)]
        found = self._origins(dict.fromkeys(places, 0), inherit_values)
        blamed: dict[str, list[tuple[Place, Said, Origin]]] = {}
        for place in places:
            blamed.setdefault(place.node, []).append((place, said(place, self._view.value(place), self._names), found[place]))
        own = blamed.pop("", [])
        return BlameReport(
            title=self._start.title,
            path=self._start.folder.path if self._start.folder and not self._start.is_version else None,
            remote=self._start.remote,
            number=self._versions[self._start.version].number if self._start.version else None,
            values=tuple(_value(*entry) for entry in own),
            nodes=tuple(self._node(node, blamed[node], found) for node in sorted(blamed, key=self._names.place)),
            lines=self._lines(meant) if meant is not None and meant.name else None,
        )

    def _node(self, node_id: str, values: Sequence[tuple[Place, Said, Origin]], found: Mapping[Place, Origin]) -> BlamedNode:
        comment = self._view.nodes[node_id].get("Comment")
        return BlamedNode(
            id=node_id,
            name=self._names.node(node_id),
            comment=comment if isinstance(comment, str) else "",
            origin=found[Place(node_id, Held.NODE)],
            values=tuple(_value(*entry) for entry in values if entry[0].held is not Held.NODE),
        )

    def _lines(self, meant: Meant) -> tuple[BlamedLine, ...] | None:
        place = Place(meant.node.id, Held.PARAMETER, (meant.name,))
        parameter = self._view.value(place)
        value = parameter.get("Value") if isinstance(parameter, Mapping) else None
        if not is_text(place, value, str(self._view.nodes[meant.node.id].get("ModuleId"))):
            return None
        texts = self._view.text(place)
        found = self._origins({number: number for number in range(len(texts))}, inherit_lines(place))
        return tuple(BlamedLine(number=number + 1, text=text, origin=found[number]) for number, text in enumerate(texts))

    # --- the two histories

    def _origins(self, wanted: Mapping[Key, int], inherit: "Inherit[Key]") -> dict[Key, Origin]:
        entries = list(self._versions.values())
        chain = [Commit(entry.commit, (older.commit,)) for entry, older in pairwise(entries)]
        chain += [Commit(entry.commit, ()) for entry in entries[-1:]]
        of_chain = self._back(wanted, self._start.version, chain, self._of_version, inherit)
        of_branch = self._back(wanted, self._branch_tip(), (Commit(one.id, one.parents) for one in self._branch.commits), self._of_branch, inherit)
        return {key: self._origin(of_chain.get(key), of_branch.get(key)) for key in wanted}

    def _back(self, wanted: Mapping[Key, int], tip: str | None, history: Iterable[Commit], read: Read, inherit: "Inherit[Key]") -> Mapping[Key, str]:
        return origins(self._view, wanted, tip, history, read, inherit) if tip else {}

    def _branch_tip(self) -> str | None:
        """The newest commit of the branch that has what is looked at; of a folder the newest there is."""
        for commit in self._branch.commits:
            if not self._start.is_version or any(self._past.files(commit.id, path) == self._start.files for path in self._branch.paths):
                return commit.id
        return None

    def _of_version(self, commit: str) -> Object | None:
        found = self._past.version(commit)
        return found.document if found else None

    def _of_branch(self, commit: str) -> Object | None:
        found = next((found for path in self._branch.paths if (found := self._past.folder(commit, path))), None)
        return found.document if found else None

    def _origin(self, version: str | None, commit: str | None) -> Origin:
        entry, said_by = self._versions.get(version or ""), self._commits.get(commit or "")
        return Origin(
            version=None
            if entry is None
            else VersionOrigin(
                number=entry.number, snapshot=entry.snapshot, date=date(entry.time), who=entry.author.partition(" <")[0], commit=entry.commit
            ),
            commit=None if said_by is None else CommitOrigin(id=said_by.id, date=date(said_by.time), who=said_by.who, subject=said_by.subject),
            is_oldest=bool(self._cut.intersection((version or "", commit or ""))),
        )


def _is_asked_for(place: Place, meant: Meant | None) -> bool:
    if meant is None:
        return True
    return place.node == meant.node.id and (not meant.name or place.held is Held.NODE or place.name == (meant.name,))


def _value(place: Place, told: Said, origin: Origin) -> BlamedValue:
    return BlamedValue(what=place.held, name=told.name, value=told.value, text=told.text, origin=origin, is_idle=told.is_idle)
