"""Values followed back through a history: which commit each came in with.

A value has a place (a node's parameter, what feeds its port, …), named by the id its node has at the end one starts from. A node
that was re-created with another id keeps its places (see `match`), and an edge that comes from such a node is the same as before.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeVar

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Missing, Side
from amlgit.compare.match import recreated_nodes
from amlgit.compare.three import equal
from amlgit.errors import InvalidDocument
from amlgit.form.experiments import RUN_MEMBERS
from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object


class Held(StrEnum):
    """What kind of value stands at a place."""

    NODE = "node"
    """That the node is there at all."""
    MODULE = "module"
    COMMENT = "comment"
    INPUT = "input"
    """What feeds a port: the output of a node, an asset, or nothing."""
    PARAMETER = "parameter"
    FIELD = "field"
    """What belongs to no node."""


class Place(NamedTuple):
    """Where a value stands; `name` is the parameter's or the port's, of a field its path."""

    node: str
    held: Held
    name: tuple[str, ...] = ()


class Feed(NamedTuple):
    """What feeds an input port: outputs as `<node>:<port>` with ids of the end, or the assets that the port holds."""

    sources: tuple[str, ...]
    assets: tuple[str, ...]


class View:
    """A document with its nodes called as at the end; `end_ids` are the ids that differ: here → at the end."""

    def __init__(self, document: Object, end_ids: Mapping[str, str] | None = None) -> None:
        self._document = document
        self._end_ids = end_ids or {}
        graph = document.get(keyed.GRAPH)
        self._graph: Object = graph if isinstance(graph, Mapping) else {}

    def older(self, document: Object) -> "View":
        """The version before; raises InvalidDocument where that is no graph."""
        older = View(document)
        nodes, own = keyed.nodes(older._graph), keyed.nodes(self._graph)
        recreated = recreated_nodes(document, self._document) if nodes.keys() != own.keys() else {}
        new_ids = {node_id: recreated.get(node_id, node_id) for node_id in nodes} if recreated or self._end_ids else {}
        return View(document, {old: end for old, new in new_ids.items() if (end := self._end_ids.get(new, new)) != old})

    @cached_property
    def nodes(self) -> Mapping[str, Object]:
        """The nodes by the id each has at the end."""
        return {self._end_ids.get(key, key): node for key, node in keyed.nodes(self._graph).items() if isinstance(node, Mapping)}

    @cached_property
    def sources(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """Node → input port → what feeds it."""
        found: dict[str, dict[str, tuple[str, ...]]] = {}
        edges = self._graph.get(keyed.EDGES)
        for edge in edges if isinstance(edges, list) else ():
            if isinstance(edge, Mapping):
                node, port = ids.port(self.end_port(str(edge.get(keyed.DESTINATION))))
                ports = found.setdefault(node, {})
                ports[port] = tuple(sorted((*ports.get(port, ()), self.end_port(str(edge.get(keyed.SOURCE))))))
        return found

    def end_port(self, port_id: str) -> str:
        """A port by the id its node has at the end."""
        node, port = ids.port(port_id)
        return f"{self._end_ids[node]}:{port}" if node in self._end_ids else port_id

    @cached_property
    def fields(self) -> Mapping[tuple[str, ...], Json]:
        """Path → value of what belongs to no node, such as the title, a tag, a web service port."""
        found: dict[tuple[str, ...], Json] = {}
        for name, value in self._document.items():
            if name == "Tags" and (tags := keyed.strings(value)) is not None:
                found.update(((name, tag), tag) for tag in tags)
            elif name == keyed.SERVICE and isinstance(value, Mapping):
                for section in keyed.SERVICE_LISTS:
                    entries = _by_name(value.get(section))
                    found.update(((name, section, key), self._with_end_port(entry)) for key, entry in entries.items())
            elif name not in RUN_MEMBERS and name != keyed.GRAPH:
                found[name,] = value
        return found

    def _with_end_port(self, entry: Json) -> Json:
        port = entry.get("PortId") if isinstance(entry, Mapping) else None
        return {**entry, "PortId": self.end_port(port)} if isinstance(entry, Mapping) and isinstance(port, str) else entry

    def places(self) -> Iterator[Place]:
        """Every place that has a value."""
        yield from (Place("", Held.FIELD, path) for path in self.fields)
        for node_id, node in self.nodes.items():
            yield from (Place(node_id, held) for held in (Held.NODE, Held.MODULE, Held.COMMENT))
            yield from (Place(node_id, Held.INPUT, (name,)) for name in _by_name(node.get(keyed.INPUTS)))
            yield from (Place(node_id, Held.PARAMETER, (name,)) for name in _by_name(node.get(keyed.PARAMETERS)))

    def value(self, place: Place) -> Side | Feed:
        """What stands at a place: of a parameter all that is said of it."""
        if place.held is Held.FIELD:
            return self.fields.get(place.name, MISSING)
        node = self.nodes.get(place.node)
        if node is None:
            return MISSING
        match place.held:
            case Held.NODE:
                return True
            case Held.MODULE:
                return node.get("ModuleId")
            case Held.COMMENT:
                return node.get("Comment")
            case Held.PARAMETER:
                return _by_name(node.get(keyed.PARAMETERS)).get(place.name[0], MISSING)
            case _:
                return self._feed(place, node)

    def _feed(self, place: Place, node: Object) -> Feed | Missing:
        port = _by_name(node.get(keyed.INPUTS)).get(place.name[0])
        if not isinstance(port, Mapping):
            return MISSING
        assets = tuple(f"{port[member]}" for member in PORT_MEMBERS if port.get(member))
        return Feed(self.sources.get(place.node, {}).get(place.name[0], ()), assets)

    def text(self, place: Place) -> list[str]:
        """The lines of a parameter that is a text; none where it is something else."""
        parameter = self.value(place)
        value = parameter.get("Value") if isinstance(parameter, Mapping) else None
        return value.splitlines() if isinstance(value, str) else []


def _by_name(entries: Json) -> Mapping[str, Json]:
    """Ports or parameters by name; none where names don't tell them apart."""
    return keyed.by_name(entries) or {}


def is_same(one: Side | Feed, other: Side | Feed) -> bool:
    """Whether two values of one place are the same."""
    if isinstance(one, Feed) or isinstance(other, Feed):
        return one == other
    return equal(one, other)


# --- the way back


class Commit(NamedTuple):
    """A commit of a history that begins with the newest; its parents come later."""

    id: str
    parents: tuple[str, ...]


Key = TypeVar("Key")
Inherit = Callable[[View, View, Mapping[Key, int]], Mapping[Key, int]]
"""Of what is looked for in a newer view, with where it stands there, what an older one has too, with where it stands in that."""
Read = Callable[[str], Object | None]
"""The document that a commit has, None where it has none; raises InvalidDocument where it can't be read."""


def origins(end: View, wanted: Mapping[Key, int], tip: str, history: Iterable[Commit], read: Read, inherit: "Inherit[Key]") -> dict[Key, str]:
    """Key → the commit in the history of `tip` that it came in with; what `tip` does not have is left out.

    Of a merge, what a parent has came from there; a commit that can't be read is passed over.
    """
    waiting: dict[str, tuple[View, Mapping[Key, int]]] = {}
    found: dict[Key, str] = {}

    def inherited(newer: View, left: Mapping[Key, int], commit: str) -> Mapping[Key, int]:
        older, there = _older(newer, left, read, commit, inherit)
        if there:
            known = waiting.get(commit)
            waiting[commit] = (older, there) if known is None else (known[0], {**there, **known[1]})
        return there

    inherited(end, wanted, tip)
    for commit in history:
        if not waiting:
            break
        if commit.id not in waiting:
            continue
        view, left = waiting.pop(commit.id)
        for parent in commit.parents:
            there = inherited(view, left, parent) if left else {}
            left = {} if there is left else {key: at for key, at in left.items() if key not in there}
        found.update(dict.fromkeys(left, commit.id))
    return found


def _older(newer: View, left: Mapping[Key, int], read: Read, commit: str, inherit: "Inherit[Key]") -> tuple[View, Mapping[Key, int]]:
    try:
        document = read(commit)
        if document is None:
            return newer, {}
        older = newer.older(document)
        return older, inherit(newer, older, left)
    except InvalidDocument:
        return newer, left


def inherit_values(newer: View, older: View, wanted: Mapping[Place, int]) -> Mapping[Place, int]:
    """The places whose value is the same; where they stand needs no number."""
    changed = {
        node for node, members in newer.nodes.items() if older.nodes.get(node) is not members or older.sources.get(node) != newer.sources.get(node)
    }
    found = {
        place: at for place, at in wanted.items() if (place.node and place.node not in changed) or is_same(newer.value(place), older.value(place))
    }
    return wanted if len(found) == len(wanted) else found


def inherit_lines(place: Place) -> "Inherit[int]":
    """How the lines of a text are handed on: by number at the end, each with its number in the text that is looked at."""

    def inherit(newer: View, older: View, wanted: Mapping[int, int]) -> Mapping[int, int]:
        lines, before = newer.text(place), older.text(place)
        if lines == before:
            return wanted
        at = {index: old for old, index in _kept(before, lines)}
        return {number: at[index] for number, index in wanted.items() if index in at}

    return inherit


def _kept(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Old and new number of each line that was kept."""
    start = next((index for index, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]), min(len(old), len(new)))
    rest = min(len(old), len(new)) - start
    end = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    yield from ((index, index) for index in range(start))
    inner = SequenceMatcher(None, old[start : len(old) - end], new[start : len(new) - end], autojunk=False)
    for block in inner.get_matching_blocks():
        yield from ((start + block.a + step, start + block.b + step) for step in range(block.size))
    yield from ((len(old) - index, len(new) - index) for index in range(1, end + 1))
