"""A three-way merge of two graphs by identity: both sides' edits survive, or are a clash; what comes out is a graph as sound as its sides.

One rule, git's, for each thing that has an identity: a parameter's value, what feeds a port, a title. Beyond it:

- a node that one side removed and the other edited is a clash; one that the other left alone is gone;
- what feeds a port (edges, or an asset) is one thing; where it went only because its source was removed, the other side's edit of it stands;
- scripts are merged line by line;
- layout never clashes: of two positions the greater text is kept, whichever side it is from;
- what only the whole graph shows (an edge to a node that the other side removed, a circle) is a clash too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Missing, Path, Side
from amlgit.compare.keyed import BOXES, CANVAS, EDGES, GRAPH, INPUTS, NODES, OUTPUTS, PARAMETERS, SERVICE, Keyed, KeyedCanvas
from amlgit.compare.match import recreated_nodes
from amlgit.compare.texts import merge_text
from amlgit.compare.three import Clash, equal, resolve
from amlgit.form import scripts
from amlgit.form.experiments import RUN_MEMBERS, RUN_WEB_SERVICE_MEMBERS
from amlgit.form.nodes import OWNED_BY_RUNS
from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.graph import faults
from amlgit.model.jsontext import Json, Object

_Sides = tuple[Side, Side, Side]
"""Base, ours, theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What came out: the document, with our side wherever there is a clash, so that nobody may take it for a result before all are settled."""

    document: Object
    clashes: tuple[Clash, ...]


def merge(base: Object, ours: Object, theirs: Object) -> Merge:
    """Both sides' edits since `base` in one document; what the service owns is taken from ours. Raises InvalidDocument where one is no graph."""
    return _Merging(*_with_shared_ids(base, ours, theirs)).merge()


def _with_shared_ids(base: Object, ours: Object, theirs: Object) -> tuple[Object, Object, Object]:
    """The sides with one id for each node, also for those that one side or both re-created."""
    mine, yours = recreated_nodes(base, ours), recreated_nodes(base, theirs)
    if not mine and not yours:
        return base, ours, theirs
    # of two new ids the smaller, so that it does not matter which side is ours
    common = {node_id: min(side[node_id] for side in (mine, yours) if node_id in side) for node_id in mine.keys() | yours.keys()}
    return (
        keyed.renamed(base, common),
        keyed.renamed(ours, {mine.get(node_id, node_id): new_id for node_id, new_id in common.items()}),
        keyed.renamed(theirs, {yours.get(node_id, node_id): new_id for node_id, new_id in common.items()}),
    )


class _Graph:
    """One side, with what feeds each node's ports at hand."""

    def __init__(self, document: Object) -> None:
        graph = document.get(GRAPH)
        assert isinstance(graph, Mapping)  # who looked for re-created nodes has seen it
        self.document, self.graph = document, graph
        self.nodes = keyed.nodes(graph)
        self.feeds: dict[str, dict[str, list[Json]]] = {}
        """Node → port → the edges that feed it, in a fixed order."""
        self.other_edges = Keyed()
        """Edges to nodes that don't exist."""
        for key, edge in sorted((keyed.edges(graph.get(EDGES)) or {}).items()):
            assert isinstance(edge, Mapping)
            node_id, port = ids.port(str(edge[keyed.DESTINATION]))
            if node_id in self.nodes:
                self.feeds.setdefault(node_id, {}).setdefault(port, []).append(edge)
            else:
                self.other_edges[key] = edge


class _Merging:
    def __init__(self, base: Object, ours: Object, theirs: Object) -> None:
        self._base, self._ours, self._theirs = self._graphs = (_Graph(base), _Graph(ours), _Graph(theirs))
        self._clashes: list[Clash] = []
        self._edges: list[Json] = []

    def merge(self) -> Merge:
        document = self._object((), [side.document for side in self._graphs], self._document_member)
        clashes = self._clashes or self._new_faults(document)
        return Merge(document=document, clashes=tuple(sorted(clashes, key=lambda clash: clash.path)))

    def _resolve(self, path: Path, sides: _Sides) -> Side:
        found = resolve(path, *sides)
        if isinstance(found, Clash):
            self._clashes.append(found)
            return found.ours
        return found

    def _object(self, path: Path, sides: Sequence[Side], member: Callable[[Path, _Sides], Side]) -> dict[str, Json]:
        """An object merged member by member, in the order of ours, then of theirs."""
        objects = [side if isinstance(side, Mapping) else {} for side in sides]
        merged: dict[str, Json] = {}
        for name in dict.fromkeys([*objects[1], *objects[2]]):
            base, ours, theirs = (side.get(name, MISSING) for side in objects)
            value = member((*path, name), (base, ours, theirs))
            if not isinstance(value, Missing):
                merged[name] = value
        return merged

    def _document_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name in RUN_MEMBERS:
            return sides[1]
        if name == GRAPH:
            return self._object(path, sides, self._graph_member)
        if name == SERVICE and all(isinstance(side, Mapping) for side in sides[1:]):
            return self._object(path, sides, self._service_member)
        if name == "Tags":
            return self._set(path, sides, keyed.strings, self._resolve)
        return self._resolve(path, sides)

    def _graph_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name == NODES:
            return self._nodes(path)
        if name == EDGES:
            return self._all_edges(path, sides)
        return self._canvas(sides) if name == CANVAS else self._resolve(path, sides)

    def _service_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name in RUN_WEB_SERVICE_MEMBERS:
            return sides[1]
        if name in (keyed.SERVICE_INPUTS, keyed.SERVICE_OUTPUTS, keyed.SERVICE_PARAMETERS):
            return self._set(path, sides, _by_name, self._entry)
        return self._canvas(sides) if name == CANVAS else self._resolve(path, sides)

    def _entry(self, path: Path, sides: _Sides) -> Side:
        """An entry of a list, member by member where all that have it have an object."""
        if any(isinstance(side, Missing) for side in sides[1:]) or not all(isinstance(side, Mapping) for side in sides[1:]):
            return self._resolve(path, sides)
        return self._object(path, sides, self._resolve)

    def _set(self, path: Path, sides: _Sides, key: Callable[[Json], Keyed | None], entry: Callable[[Path, _Sides], Side]) -> Side:
        """A list merged entry by entry, in the order it had."""
        found = [key(side) if isinstance(side, list) else None for side in sides]
        base, ours, theirs = found
        if ours is None or theirs is None:
            return self._resolve(path, sides)
        base = Keyed() if base is None else base
        merged: dict[str, Json] = {}
        for name in ours.keys() | theirs.keys():
            value = entry((*path, name), (base.get(name, MISSING), ours.get(name, MISSING), theirs.get(name, MISSING)))
            if not isinstance(value, Missing):
                merged[name] = value
        return [merged[name] for name in _order(list(base), list(ours), list(theirs)) if name in merged]

    # --- nodes

    def _nodes(self, path: Path) -> list[Json]:
        merged: list[Json] = []
        for node_id in sorted(self._ours.nodes.keys() | self._theirs.nodes.keys()):
            node = self._whole_node((*path, node_id), node_id)
            if not isinstance(node, Missing):
                merged.append(node)
        return merged

    def _whole_node(self, path: Path, node_id: str) -> Side:
        base, ours, theirs = (side.nodes.get(node_id, MISSING) for side in self._graphs)
        if isinstance(ours, Missing) or isinstance(theirs, Missing):
            kept, keeper = (theirs, self._theirs) if isinstance(ours, Missing) else (ours, self._ours)
            if not isinstance(base, Missing):
                if self._is_as_before(node_id, keeper):
                    return MISSING
                self._clashes.append(Clash(path=path, base=base, ours=ours, theirs=theirs, reason="one side removed the node, the other edited it"))
            self._edges += [edge for edges in keeper.feeds.get(node_id, {}).values() for edge in edges]
            return kept
        if self._is_as_before(node_id, self._theirs) or self._is_like(node_id, self._ours, self._theirs):
            return self._taken(node_id, self._ours)
        if self._is_as_before(node_id, self._ours):
            return self._taken(node_id, self._theirs)
        return self._object(path, (base, ours, theirs), self._node_member)

    def _taken(self, node_id: str, side: _Graph) -> Json:
        self._edges += [edge for edges in side.feeds.get(node_id, {}).values() for edge in edges]
        return side.nodes[node_id]

    def _is_as_before(self, node_id: str, side: _Graph) -> bool:
        return self._is_like(node_id, self._base, side)

    @staticmethod
    def _is_like(node_id: str, one: _Graph, other: _Graph) -> bool:
        """Whether a node and what feeds it are the same on two sides."""
        first, second = one.nodes.get(node_id), other.nodes.get(node_id)
        if not isinstance(first, Mapping) or not isinstance(second, Mapping):
            return False
        return keyed.same_node(first, second) and equal(one.feeds.get(node_id), other.feeds.get(node_id))

    def _node_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name in OWNED_BY_RUNS:
            return sides[1]
        if name == PARAMETERS:
            return self._set(path, sides, _by_name, self._parameter)
        if name in (INPUTS, OUTPUTS):
            merged = self._set(path, sides, _by_name, self._entry if name == OUTPUTS else self._port)
            if name == INPUTS:
                return self._fed(path, merged)
            return merged
        return self._resolve(path, sides)

    def _parameter(self, path: Path, sides: _Sides) -> Side:
        if not all(isinstance(side, Mapping) for side in sides):
            return self._entry(path, sides)
        return self._object(path, sides, self._parameter_member)

    def _parameter_member(self, path: Path, sides: _Sides) -> Side:
        base, ours, theirs = sides
        node_id, name = path[2], path[-2]
        if path[-1] == "Value" and isinstance(base, str) and isinstance(ours, str) and isinstance(theirs, str) and self._is_script(node_id, name):
            merged = merge_text(base, ours, theirs)
            if merged is not None:
                return merged
        return self._resolve(path, sides)

    def _is_script(self, node_id: str, parameter: str) -> bool:
        node = self._ours.nodes.get(node_id)
        return isinstance(node, Mapping) and scripts.extension(str(node.get("ModuleId")), parameter) is not None

    def _port(self, path: Path, sides: _Sides) -> Side:
        """A port but for its assets: those are part of what feeds it."""
        return self._entry(
            path,
            (
                _without_assets(sides[0]),
                _without_assets(sides[1]),
                _without_assets(sides[2]),
            ),
        )

    def _fed(self, path: Path, ports: Side) -> Side:
        """The merged ports with their assets, and their edges set aside; `ports` are without."""
        node_id = path[2]
        known = (_by_name(ports) if isinstance(ports, list) else None) or Keyed()
        names = dict.fromkeys([*known, *(name for side in self._graphs for name in side.feeds.get(node_id, {}))])
        fed: dict[str, Json] = {}
        for name in names:
            feed = self._feed((*path, name), node_id, name)
            self._edges += feed.edges
            if name in known:
                port = known[name]
                fed[name] = {**port, **feed.assets} if isinstance(port, Mapping) else port
        return [fed.get(str(port.get("Name")), port) if isinstance(port, Mapping) else port for port in ports] if isinstance(ports, list) else ports

    def _feed(self, path: Path, node_id: str, port: str) -> "_Feed":
        base, ours, theirs = (_Feed.of(side, node_id, port) for side in self._graphs)
        # a side that only lost the source has not decided anything about the port
        if ours.is_empty and base.sources and not base.sources & self._ours.nodes.keys():
            ours = base if theirs.sources <= self._ours.nodes.keys() and theirs != base else ours
        if theirs.is_empty and base.sources and not base.sources & self._theirs.nodes.keys():
            theirs = base if ours.sources <= self._theirs.nodes.keys() and ours != base else theirs
        found = resolve(path, base.value, ours.value, theirs.value)
        if isinstance(found, Clash):
            self._clashes.append(found)
            return ours
        return next(feed for feed in (ours, theirs) if equal(feed.value, found))

    # --- edges and layout

    def _all_edges(self, path: Path, sides: _Sides) -> Side:
        if not all(isinstance(side, list) and keyed.edges(side) is not None for side in sides[1:]):
            return self._resolve(path, sides)
        left = [side.other_edges for side in self._graphs]
        for key in sorted(left[1].keys() | left[2].keys()):
            edge = self._resolve((*path, key), (left[0].get(key, MISSING), left[1].get(key, MISSING), left[2].get(key, MISSING)))
            if not isinstance(edge, Missing):
                self._edges.append(edge)
        return self._edges

    def _canvas(self, sides: _Sides) -> Side:
        base, ours, theirs = (keyed.canvas(side) if isinstance(side, str) else None for side in sides)
        if ours is None or theirs is None:
            return _greater(*sides)
        merged = KeyedCanvas({BOXES: self._boxes(*(Keyed() if side is None else keyed.boxes(side) for side in (base, ours, theirs)))})
        for part in (keyed.HEAD, keyed.TAIL):
            text = _greater(MISSING if base is None else base[part], ours[part], theirs[part])
            merged[part] = str(text)  # both have one
        return keyed.unkeyed(merged)

    def _boxes(self, base: Keyed, ours: Keyed, theirs: Keyed) -> Keyed:
        merged = Keyed()
        gone = {node_id for side in self._graphs for node_id in side.nodes} - (self._ours.nodes.keys() & self._theirs.nodes.keys())
        for key in ours.keys() | theirs.keys():
            position = _greater(base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING))
            if not isinstance(position, Missing) and not (key in gone and self._is_removed(key)):
                merged[key] = position
        return merged

    def _is_removed(self, node_id: str) -> bool:
        """Whether a node that was there before is gone from a side, and from the merge with it."""
        return node_id in self._base.nodes

    # --- the whole graph

    def _new_faults(self, document: Object) -> list[Clash]:
        found = faults(document)
        if not found:
            return []
        known = {(fault.rule, fault.node, fault.port) for side in (self._ours, self._theirs) for fault in faults(side.document)}
        return [
            Clash(path=(GRAPH, NODES, fault.node or "", fault.port or ""), base=MISSING, ours=MISSING, theirs=MISSING, reason=fault.message)
            for fault in found
            if (fault.rule, fault.node, fault.port) not in known
        ]


@dataclass(frozen=True, slots=True)
class _Feed:
    """What feeds a port: edges and assets."""

    edges: list[Json]
    assets: Object

    @staticmethod
    def of(side: _Graph, node_id: str, port: str) -> "_Feed":
        node = side.nodes.get(node_id)
        ports = _by_name(node.get(INPUTS)) if isinstance(node, Mapping) else None
        entry = ports.get(port) if ports else None
        assets = {name: entry[name] for name in PORT_MEMBERS if name in entry} if isinstance(entry, Mapping) else {}
        return _Feed(side.feeds.get(node_id, {}).get(port, []), assets)

    @property
    def value(self) -> Json:
        return {"edges": self.edges, "assets": self.assets}

    @property
    def is_empty(self) -> bool:
        return not self.edges and not any(self.assets.values())

    @property
    def sources(self) -> set[str]:
        """The nodes it comes from."""
        return {ids.port(str(edge[keyed.SOURCE]))[0] for edge in self.edges if isinstance(edge, Mapping)}


def _by_name(entries: Json) -> Keyed | None:
    return keyed.by_member(entries, "Name")


def _without_assets(port: Side) -> Side:
    return {name: value for name, value in port.items() if name not in PORT_MEMBERS} if isinstance(port, Mapping) else port


def _greater(base: Side, ours: Side, theirs: Side) -> Side:
    """The merge of something that never clashes: where both changed it, what is there rather than not, and the greater text."""
    found = resolve((), base, ours, theirs)
    if not isinstance(found, Clash):
        return keyed.unkeyed(found) if not isinstance(found, Missing) else found
    there = [side for side in (ours, theirs) if not isinstance(side, Missing)]
    return max((keyed.unkeyed(side) for side in there), key=str)


def _order(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """The names of both sides in the order of the side that changed it, each new one behind the name it stood behind."""
    shared = set(ours) & set(theirs)
    mine, yours = ([name for name in side if name in shared] for side in (ours, theirs))
    before = [name for name in base if name in shared]
    first, second = (theirs, ours) if mine == before and yours != mine else (ours, theirs)
    if mine not in (before, yours) and yours != before:
        first, second = sorted((ours, theirs))
    merged = list(first)
    for index, name in enumerate(second):
        if name not in shared:
            merged.insert(merged.index(second[index - 1]) + 1 if index else 0, name)
    return merged
