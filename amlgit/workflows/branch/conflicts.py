"""What a merge, rebase or pick that stands with conflicts is to be shown as: each experiment with its three sides, what clashes and what merged."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from amlgit.compare.changes import Change
from amlgit.compare.merge import merge as merge_graphs
from amlgit.compare.merge import with_shared_ids
from amlgit.compare.three import Clash
from amlgit.config import Config
from amlgit.errors import InvalidDocument
from amlgit.form import protect
from amlgit.form.companions import SYNC, read_sync
from amlgit.form.nodes import FOLDER
from amlgit.model.jsontext import Json, Object, loads
from amlgit.review import changes, conflicts
from amlgit.review import merged as merged_changes
from amlgit.review.findings import Finding
from amlgit.review.lenient import entries, members, text
from amlgit.review.lines import Line
from amlgit.review.merged import Card, Fault, Merge
from amlgit.review.names import Names
from amlgit.review.page.scene import Sides
from amlgit.store import chains, merging, sources, states
from amlgit.store.folders import is_content
from amlgit.store.heads import Heads, heads
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles, folder_of
from amlgit.store.states import Commit
from amlgit.workflows import resolve
from amlgit.workflows.check import finding_folder
from amlgit.workflows.comparison.comparing import NO_EXPERIMENT, NO_SERVICE, Compared, asset_names, compared, joined
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.pages import page
from amlgit.workflows.resolve import Place
from amlgit.workflows.versions.documents import Joined

_LONGEST = 400
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflicted:
    """An experiment or service with something to decide: the merged graph as far as it is merged, and what is to be said of it."""

    title: str
    folder: str
    sides: Sides
    merge: Merge


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictsReport:
    """What there is to decide, and what the sides are called."""

    operation: str | None
    ours: str
    theirs: str
    conflicted: tuple[Conflicted, ...]


def conflicted(repository: Repository, settings: Config, folder: str | None = None) -> ConflictsReport:
    """Every experiment and service with conflicts, or one of them, with what is wrong with it that no file shows."""
    sides = heads(repository)
    places = resolve.places(repository)
    faults = resolve.faults(repository, settings, sides)
    folders = sorted({folder_of(place.conflict.path) for place in places} | {finding_folder(finding.path) for finding in faults})
    operation = repository.operation_in_progress()
    found = [
        _Gathering(
            _three(repository, sides, path),
            path,
            [place for place in places if folder_of(place.conflict.path) == path],
            [finding for finding in faults if finding_folder(finding.path) == path],
        ).conflicted(operation, _others(repository, sides, folders))
        for path in folders
        if folder in (None, path)
    ]
    ours, theirs = map(protect.protected_text, (sides.ours, sides.theirs))
    return ConflictsReport(operation=operation, ours=ours, theirs=theirs, conflicted=tuple(found))


def conflicted_folders(repository: Repository) -> list[str]:
    """The folders with files that are not merged yet."""
    return sorted({folder_of(entry.path) for entry in merging.unmerged(repository)} - {""})


def _others(repository: Repository, sides: Heads, folders: Sequence[str]) -> list[str]:
    """The folders that merged without a conflict, and who changed them."""
    if sides.base is None or not sides.commits:
        return []
    base = Commit(sides.base)
    ours, theirs = (frozenset(states.changed_folders(repository, base, Commit(rev))) for rev in (*sides.commits, sides.base)[:2])
    merged = sorted((ours | theirs).difference(folders))
    return [f"{path}: {'ours' if path not in theirs else 'theirs' if path not in ours else 'ours and theirs'}" for path in merged]


# --- the three sides of a folder

_Three = tuple[FolderFiles | None, FolderFiles | None, FolderFiles | None]
"""Base, ours, theirs."""


def _three(repository: Repository, sides: Heads, path: str) -> _Three:
    if not sides.commits:
        return _from_index(repository, path)
    revs = (sides.base, sides.commits[0], sides.commits[1] if len(sides.commits) > 1 else None)
    base, ours, theirs = (states.read(repository, Commit(rev), [path]).get(path) if rev is not None else None for rev in revs)
    experiments = {key for side in (base, ours, theirs) if side is not None for key in _bound_to(side.files.get(SYNC))}
    # one that was renamed on a side has its old name on the others
    found = [
        side or (_renamed(repository, Commit(rev), experiments) if rev is not None else None)
        for side, rev in zip((base, ours, theirs), revs, strict=True)
    ]
    return found[0], found[1], found[2]


def _renamed(repository: Repository, state: Commit, experiments: set[tuple[str, str]]) -> FolderFiles | None:
    for path, data in states.bindings(repository, state).items():
        if not experiments.isdisjoint(_bound_to(data)):
            return states.read(repository, state, [path]).get(path)
    return None


def _bound_to(sync: bytes | None) -> frozenset[tuple[str, str]]:
    try:
        bindings = read_sync(sync, SYNC) if sync is not None else {}
    except InvalidDocument:
        return frozenset()
    return frozenset((remote, binding.experiment) for remote, binding in bindings.items())


def _from_index(repository: Repository, path: str) -> _Three:
    """The sides where no commit is known for them, such as after `git stash pop`: what clashes is in the index, what merged came with theirs."""
    head = states.read(repository, Commit("HEAD"), [path]).get(path)
    index = next(sources.staged(repository, frozenset({path})), None)
    unmerged = [entry for entry in merging.unmerged(repository) if folder_of(entry.path) == path]
    contents = merging.sides(repository, unmerged)
    known = head or index
    if known is None:
        return None, None, None
    found = []
    for start, side in ((head, "base"), (head, "ours"), (index, "theirs")):
        files = dict(start.files) if start is not None else {}
        for entry in unmerged:
            blob: str | None = getattr(entry, side)
            name = entry.path.removeprefix(f"{path}/")
            files.pop(name, None)
            files.update({name: contents[blob]} if blob is not None else {})
        found.append(known._replace(files=files))
    return found[0], found[1], found[2]


# --- one folder


class _Gathering:
    def __init__(self, folders: _Three, path: str, places: Sequence[Place], faults: Sequence[Finding]) -> None:
        self._folders = folders
        self._path = path
        self._places = places
        self._faults = faults
        self._notes: list[str] = []
        self._kind = sources.kind_of(path) or chains.EXPERIMENT
        self._ids: dict[str, str] = {}
        """Node's id as a side has it → the one it has here, where it was re-created."""
        self._base, self._ours, self._theirs = self._documents = self._read()
        self._clashes, merged = self._merged()
        self._names_of_assets = {name: value for folder in folders for name, value in asset_names(folder).items()}
        self._names = Names(self._base, merged, self._names_of_assets, {})
        self._merged_entry = without_secrets(self._compared(self._base, merged))
        self._raw = [self._compared(self._base, side) for side in (self._ours, self._theirs)]
        self._shown = [without_secrets(entry) for entry in self._raw]
        self._linked = frozenset(name for side in self._documents for name in protect.credentials(side))
        self._nodes = dict(self._files_of_nodes())

    @property
    def _nothing(self) -> Object:
        return NO_EXPERIMENT if self._kind == chains.EXPERIMENT else NO_SERVICE

    def _read(self) -> tuple[Object, Object, Object]:
        found: list[Object] = []
        for folder in self._folders:
            try:
                found.append(joined(folder).document if folder is not None else self._nothing)
            except InvalidDocument as error:
                self._notes.append(f"The graph can't be drawn: {error}.")
                return self._nothing, self._nothing, self._nothing
        if self._kind != chains.EXPERIMENT:
            return found[0], found[1], found[2]
        try:
            shared = with_shared_ids(found[0], found[1], found[2])
        except InvalidDocument as error:
            self._notes.append(f"The graph can't be drawn: {error}.")
            return self._nothing, self._nothing, self._nothing
        for before, after in zip(found, shared, strict=True):
            self._ids.update(zip(_node_ids(before), _node_ids(after), strict=True))
        return shared

    def _merged(self) -> tuple[Sequence[Clash], Object]:
        """What clashes in the whole graphs, and what they merge to; a definition is drawn as ours has it."""
        if self._kind != chains.EXPERIMENT:
            return (), self._ours
        found = merge_graphs(self._base, self._ours, self._theirs)
        return found.clashes, found.document

    def _compared(self, old: Object, new: Object) -> Compared:
        one, other = (Joined(kind=self._kind, document=side) for side in (old, new))
        return compared(one, other, self._path, self._path, self._names_of_assets)

    def conflicted(self, operation: str | None, others: Sequence[str]) -> Conflicted:
        cards = [self._card(place) for place in self._places]
        raw, shown = ((side[0].diff.changes, side[1].diff.changes) for side in (self._raw, self._shown))
        if operation == "merge" and self._does_merge_as_a_graph(cards):
            self._notes.append(
                "File by file this clashes; as a whole graph it merges: 'git merge --abort', then 'amlgit merge' instead of 'git merge'."
            )
        merge = Merge(
            cards=cards,
            faults=[self._fault(finding) for finding in self._faults],
            merged=merged_changes.merged(raw, shown, cards, self._clashes, self._names),
            documents=self._documents,
            clashing_ports=merged_changes.clashing_ports(self._clashes, cards),
            names_of_assets=self._names_of_assets,
            notes=self._notes,
            others=others,
            going_on="git commit" if operation in ("merge", None) else f"git {operation} --continue",
            giving_up=f"git {operation} --abort" if operation else None,
        )
        sides = page.sides(self._merged_entry, self._names)
        return Conflicted(title=self._merged_entry.title, folder=self._path, sides=sides, merge=merge)

    def _does_merge_as_a_graph(self, cards: Sequence[Card]) -> bool:
        """Whether the conflicts are only the files'."""
        is_of_graph = any(is_content(card.path.split("/")[2], self._kind) for card in cards)
        return is_of_graph and self._kind == chains.EXPERIMENT and not self._clashes and not self._notes

    # --- nodes

    def _files_of_nodes(self) -> Iterator[tuple[str, str]]:
        """Every page and script of a node, by its path in the folder, with the node's id."""
        for folder in self._folders:
            for name, data in folder.files.items() if folder is not None else ():
                found = _ID.search(data) if name.startswith(FOLDER) and name.endswith(".json") else None
                if found is None:
                    continue
                node = _string(found[1])
                node = self._ids.get(node, node)
                yield name, node
                yield from ((f"{FOLDER}{_string(file)}", node) for file in _FILE.findall(data))

    def _node_of(self, path: str) -> str | None:
        return self._nodes.get(path.removeprefix(f"{self._path}/"))

    def _fault(self, finding: Finding) -> Fault:
        return Fault(node=self._node_of(finding.path), text=finding.message, hint=finding.hint)

    # --- conflicts

    def _card(self, place: Place) -> Card:
        conflict, entry = place.conflict, place.file.entry
        card = Card(id=conflict.id, path=conflict.path, line=conflict.line, node=self._node_of(conflict.path), words=conflict.words)
        if place.block is None:
            sides = ("ours", "theirs", "base") if entry.base is not None else ("ours", "theirs")
            ours, theirs = self._of_a_whole_file(card, entry)
            return replace(card, ours=ours, theirs=theirs, sides=sides)
        block = resolve.shown(place.file, place.block)
        sides = ("ours", "theirs", "base") if block.base is not None else ("ours", "theirs")
        if not resolve.is_page(place.file):
            is_last = place.block == len(place.file.blocks) - 1
            return replace(card, lines=self._lines(block, conflict.path), beside=_beside(place.file) if is_last else (), sides=sides)
        nodes = conflicts.two_nodes(block)
        if nodes is not None:
            return replace(card, ours=(nodes[0],), theirs=(nodes[1],), sides=sides)
        rows = tuple(conflicts.rows(block, self._linked, _LONGEST))
        if not rows:
            return replace(card, lines=self._lines(conflicts.masked(block, resolve.texts(place.file)), ""), sides=sides)
        return replace(card, rows=rows, sides=sides)

    def _lines(self, block: conflicts.Block, path: str) -> merged_changes.Lines:
        return merged_changes.lines(block.start + 1, path.rpartition(".")[2], (block.base, block.ours, block.theirs))

    def _of_a_whole_file(self, card: Card, entry: merging.Unmerged) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What each side made of a file that is to be taken or left as a whole."""
        return (
            ("removed it",) if entry.ours is None else tuple(self._edits(card, self._shown[0].diff.changes)),
            ("removed it",) if entry.theirs is None else tuple(self._edits(card, self._shown[1].diff.changes)),
        )

    def _edits(self, card: Card, made: Sequence[Change]) -> Iterator[str]:
        for change in made:
            if merged_changes.is_about(card, change):
                item = changes.item(change, self._names)
                yield "; ".join((item.text, *item.parts)) if item.text else ""


def _beside(file: resolve.File) -> tuple[Line, ...]:
    """What merged in a script that has conflicts too; secrets replaced."""
    if any(block.base is None for block in file.blocks):
        return ()
    settled = "".join(conflicts.settled(file.lines, file.blocks, dict.fromkeys(range(len(file.blocks)), "base")))
    return merged_changes.beside(*(protect.protected_text(text) for text in (resolve.texts(file)["base"], conflicts.readable(settled))))


_ID = re.compile(rb'^ *"Id" *: *("(?:[^"\\]|\\.)*")', re.MULTILINE)
_FILE = re.compile(rb'"File": ("(?:[^"\\]|\\.)*")')


def _string(data: bytes) -> str:
    try:
        found = loads(data)
    except InvalidDocument:
        return ""
    return found if isinstance(found, str) else ""


def _node_ids(document: Object) -> list[str]:
    nodes: Json = members(document.get("Graph")).get("ModuleNodes")
    return [text(node.get("Id")) for node in entries(nodes)]
