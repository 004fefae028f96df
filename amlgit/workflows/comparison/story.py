"""`log`: what each version changed against the one before it, told as it is asked for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare import services
from amlgit.compare.changes import Change, Kind, Missing, What
from amlgit.compare.origins import Held, Place, View
from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import Json, Object
from amlgit.model.webservices import member
from amlgit.review import values
from amlgit.review.blamed import said
from amlgit.review.changes import counts, item
from amlgit.review.find_node import Ambiguous, find_part, named_nodes
from amlgit.review.headlines import beginning, headline
from amlgit.review.names import Names
from amlgit.store import streams
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.comparing import Compared, compared
from amlgit.workflows.log import LogEntry
from amlgit.workflows.versions.choose import subjects
from amlgit.workflows.versions.documents import asset_names
from amlgit.workflows.versions.past import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterSet:
    """What a version did to the parameter that was asked for; `old` is None where the node came with it."""

    node: str
    name: str
    old: Json
    new: Json
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionChanges:
    """What one version changed: in a line, and how many changes of each class; the first changed none, it is what they are counted from."""

    summary: str
    counts: Mapping[str, int]
    parameter: ParameterSet | None = None


Told = tuple[LogEntry, VersionChanges]


def story(repository: Repository, newest_first: Iterable[LogEntry], classes: Sequence[str] = (), parameter: str | None = None) -> Iterator[Told]:
    """Versions with what they changed, read as they are asked for; only those with a change of a class, or that set NODE.NAME.

    Raises UsageError where no version has the parameter, or where NODE may be one of several.
    """
    with streams.reader(repository) as reader:
        teller = _Teller(repository, Past(repository, reader, with_layout=True))
        searches: dict[str, _Search] = {}
        for entry in newest_first:
            found = teller.compared(entry)
            told = teller.told(found, classes)
            if parameter is not None:
                search = searches.setdefault(entry.remote, _Search(parameter))
                told = _with(told, search.older(found)) if isinstance(found, Compared) else told
            if (not classes or any(name in told.counts for name in classes)) and (parameter is None or told.parameter is not None):
                yield entry, told
        for search in searches.values():
            search.require_found()


def _with(told: VersionChanges, parameter: ParameterSet | None) -> VersionChanges:
    return VersionChanges(summary=told.summary, counts=told.counts, parameter=parameter)


class _Teller:
    """Compares versions with those before them."""

    def __init__(self, repository: Repository, past: Past) -> None:
        self._repository = repository
        self._past = past
        self._assets: Mapping[str, str] | None = None

    def compared(self, entry: LogEntry) -> Compared | str:
        """What differs from the version before, or why that can't be told."""
        try:
            new, old = self._past.version(entry.commit), self._past.version(f"{entry.commit}^")
            if old is None and entry.number > 1:
                return "the version before it is not in this clone"
            return compared(old, new, None, None, self._names())
        except InvalidDocument as error:
            return f"can't be compared: {error}"

    def _names(self) -> Mapping[str, str]:
        if self._assets is None:
            self._assets = {}
            for subject in subjects(self._repository):
                try:
                    self._assets |= asset_names(self._repository, subject.folder)
                except InvalidDocument:
                    continue  # `check` names what is wrong with it; a log does without names
        return self._assets

    @staticmethod
    def told(found: Compared | str, classes: Sequence[str]) -> VersionChanges:
        if isinstance(found, str):
            return VersionChanges(summary=found, counts={})
        if found.old is None:
            return VersionChanges(summary=beginning(found.new or {}), counts={})
        counted = {str(name): count for name, count in counts(found.diff.changes).items()}
        return VersionChanges(summary=headline(found.diff, _names(found), classes), counts=counted)


def _names(found: Compared) -> Names:
    return Names(found.old or {}, found.new or {}, found.assets, found.diff.recreated)


class _Search:
    """A parameter on the way back through a chain; a node that was re-created keeps its story."""

    def __init__(self, wanted: str) -> None:
        self._wanted = wanted
        self._node = self._name = ""
        self._error: UsageError | None = None

    def older(self, found: Compared) -> ParameterSet | None:
        """What a version did to the parameter."""
        if not self._node and not self._is_found(found):
            return None
        node = self._node
        told = next((told for change in found.diff.changes if (told := self._of(change, found))), None)
        self._node = {new: old for old, new in found.diff.recreated.items()}.get(node, node)
        return told

    def _is_found(self, found: Compared) -> bool:
        try:
            node, self._name = find_part(self._wanted, named_nodes(found.new or {}, _names(found)))
        except Ambiguous:
            raise
        except UsageError as error:
            self._error = self._error or error  # what is said of the newest version says most
            return False
        self._node = node.id
        return True

    def require_found(self) -> None:
        """Raise UsageError where no version had it."""
        if not self._node and self._error is not None:
            raise self._error

    def _of(self, change: Change, found: Compared) -> ParameterSet | None:
        if change.node is None or change.node.id != self._node or change.kind is Kind.REMOVED:
            return None
        names = _names(found)
        node = names.node(self._node)
        if change.what is What.NODE:
            value, text = _came(found.new or {}, self._node, self._name, names)
            return ParameterSet(node=node, name=self._name, old=None, new=value, text=f"{self._name}: {text} (came with the node)")
        if not _is_of(change, self._name):
            return None
        old, new = (side.get("Value") if isinstance(side, Mapping) and "Value" in side else side for side in (change.old, change.new))
        return ParameterSet(node=node, name=self._name, old=old, new=new, text=item(change, names).text)


def _is_of(change: Change, name: str) -> bool:
    """Whether a change is of a parameter or of an input port."""
    place = change.path[-1].rpartition(":")[2] if change.what is What.EDGE else None
    return place == name or (name in change.path[3:] and change.what in (What.PARAMETER, What.SCRIPT, What.ASSET))


def _came(document: Object, node: str, name: str, names: Names) -> tuple[Json, str]:
    """What a node that came holds under a name: the value, and in words."""
    if member(document, "properties") is None:
        view = View(document)
        for held in (Held.PARAMETER, Held.INPUT):
            place = Place(node, held, (name,))
            value = view.value(place)
            if not isinstance(value, Missing):
                told = said(place, value, names)
                return told.value, told.text
    parameters = member(services.nodes(document).get(node), "parameters")
    found = services.plain(parameters[name]) if isinstance(parameters, Mapping) and name in parameters else None
    return found, values.alone(found)
