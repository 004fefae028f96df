"""A three-way merge of two graphs by identity: both sides' edits survive, or are a clash; what comes out is a graph as sound as its sides.

One rule, git's, for each thing that has an identity: a parameter's value, what feeds a port, a title. Beyond it:

- a node that one side removed and the other edited is a clash; one that the other left alone is gone;
- what feeds a port (edges, or an asset) is one thing; where it went only because its source was removed, the other side's edit of it stands;
- scripts are merged line by line;
- layout never clashes: of two positions the greater text is kept, whichever side it is from;
- what only the whole graph shows (an edge to a node that the other side removed, a circle) is a clash too, found once all else is settled.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Missing, Path, Side
from amlgit.compare.feeds import Fed, Feed, same_feeding, same_wiring
from amlgit.compare.keyed import CANVAS, EDGES, GRAPH, INPUTS, NODES, OUTPUTS, PARAMETERS, SERVICE, Keyed, KeyedCanvas
from amlgit.compare.match import recreated_nodes
from amlgit.compare.texts import merge_text
from amlgit.compare.three import Clash, equal, order, resolve
from amlgit.form import scripts
from amlgit.form.experiments import RUN_MEMBERS, RUN_WEB_SERVICE_MEMBERS
from amlgit.form.nodes import OWNED_BY_RUNS
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.graph import Fault, faults
from amlgit.model.jsontext import Json, Object, dumps_sorted

_Sides = tuple[Side, Side, Side]
"""Base, ours, theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What came out: the document, with our side wherever there is a clash, so that nobody may take it for a result before all are settled."""

    document: Object
    clashes: tuple[Clash, ...]


def merge(base: Object, ours: Object, theirs: Object) -> Merge:
    """Both sides' edits since `base` in one document; what the service owns is taken from ours. Raises InvalidDocument where one is no graph."""
    return _Merging(*with_shared_ids(base, ours, theirs)).merge()


def with_shared_ids(base: Object, ours: Object, theirs: Object) -> tuple[Object, Object, Object]:
    """The sides with one id for each node, also for those that one side or both re-created."""
    mine, yours = recreated_nodes(base, ours), recreated_nodes(base, theirs)
    if not mine and not yours:
        return base, ours, theirs
    # of two new ids the smaller, so that it does not matter which side is ours
    common = {node_id: min(side[node_id] for side in (mine, yours) if node_id in side) for node_id in mine.keys() | yours.keys()}
    for document, pairs in ((ours, mine), (theirs, yours)):
        present = _node_ids(document)
        # a side that has both the node and the one it came back as means two nodes
        common = {old: new for old, new in common.items() if new not in present or pairs.get(old) == new or pairs.get(old, old) not in present}
    return (
        keyed.renamed(base, common),
        keyed.renamed(ours, {mine.get(node_id, node_id): new_id for node_id, new_id in common.items()}),
        keyed.renamed(theirs, {yours.get(node_id, node_id): new_id for node_id, new_id in common.items()}),
    )


def _node_ids(document: Object) -> set[str]:
    graph = document.get(GRAPH)
    return set(keyed.nodes(graph)) if isinstance(graph, Mapping) else set()


class _Merging:
    def __init__(self, base: Object, ours: Object, theirs: Object) -> None:
        self._base, self._ours, self._theirs = self._graphs = (Fed(base), Fed(ours), Fed(theirs))
        self._clashes: list[Clash] = []
        self._edges: list[Object] = []
        """Edges into the nodes that were merged so far."""
        self._nodes: dict[str, Json] = {}
        self._rewired: set[Fed] = set()
        """Sides that changed the wiring of a node in a way of their own."""

    def merge(self) -> Merge:
        for node_id in sorted(self._ours.nodes.keys() | self._theirs.nodes.keys()):
            node = self._whole_node((GRAPH, NODES, node_id), node_id)
            if not isinstance(node, Missing):
                self._nodes[node_id] = node
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

    def _set(self, path: Path, sides: _Sides, key: Callable[[Json], Keyed | None], entry: Callable[[Path, _Sides], Side]) -> Side:
        """A list merged entry by entry, in the order it had; as one value where its entries can't be told apart."""
        base, ours, theirs = (key(side) if isinstance(side, list) else None for side in sides)
        if ours is None or theirs is None:
            return self._resolve(path, sides)
        base = Keyed() if base is None else base
        merged: dict[str, Json] = {}
        for name in ours.keys() | theirs.keys():
            value = entry((*path, name), (base.get(name, MISSING), ours.get(name, MISSING), theirs.get(name, MISSING)))
            if not isinstance(value, Missing):
                merged[name] = value
        return [merged[name] for name in order(list(base), list(ours), list(theirs)) if name in merged]

    def _entry(self, path: Path, sides: _Sides) -> Side:
        """An entry of a list, member by member where both sides have an object."""
        if not all(isinstance(side, Mapping) for side in sides[1:]):
            return self._resolve(path, sides)
        return self._object(path, sides, self._resolve)

    # --- the document, its graph and its web service

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
            return list(self._nodes.values())
        if name == EDGES:
            return self._all_edges(path, sides)
        return self._canvas(sides) if name == CANVAS else self._resolve(path, sides)

    def _service_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name in RUN_WEB_SERVICE_MEMBERS:
            return sides[1]
        if name in keyed.SERVICE_LISTS:
            return self._set(path, sides, keyed.by_name, self._entry)
        return self._canvas(sides) if name == CANVAS else self._resolve(path, sides)

    def _all_edges(self, path: Path, sides: _Sides) -> Side:
        if not all(isinstance(side, list) and keyed.edges(side) is not None for side in sides[1:]):
            return self._resolve(path, sides)
        base, ours, theirs = (side.stray_edges for side in self._graphs)
        strays = (
            self._resolve((*path, key), (base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING)))
            for key in sorted(ours.keys() | theirs.keys())
        )
        self._edges += [edge for edge in strays if isinstance(edge, Mapping)]
        return sorted(self._edges, key=lambda edge: (str(edge[keyed.DESTINATION]), str(edge[keyed.SOURCE])))

    # --- nodes

    def _whole_node(self, path: Path, node_id: str) -> Side:
        is_in = [node_id in side.nodes for side in self._graphs]
        if not all(is_in[1:]):
            return self._node_of_one_side(path, node_id, self._ours if is_in[1] else self._theirs)
        if same_feeding(node_id, self._ours, self._theirs):
            return self._taken(node_id, self._ours)
        self._note_wiring(node_id)
        if is_in[0] and same_feeding(node_id, self._base, self._theirs):
            return self._taken(node_id, self._ours)
        if is_in[0] and same_feeding(node_id, self._base, self._ours):
            return self._taken(node_id, self._theirs)
        base, ours, theirs = (side.nodes.get(node_id, MISSING) for side in self._graphs)
        return self._fed((*path, INPUTS), node_id, self._object(path, (base, ours, theirs), self._node_member))

    def _node_of_one_side(self, path: Path, node_id: str, side: Fed) -> Side:
        self._note_wiring(node_id)
        if node_id in self._base.nodes:
            if side.left_alone(node_id, self._base):
                return MISSING
            base, ours, theirs = (graph.nodes.get(node_id, MISSING) for graph in self._graphs)
            self._clashes.append(Clash(path=path, base=base, ours=ours, theirs=theirs, reason="one side removed the node, the other edited it"))
        return self._taken(node_id, side)

    def _taken(self, node_id: str, side: Fed) -> Json:
        self._edges += [edge for edge in side.edges_of(node_id) if isinstance(edge, Mapping)]
        return side.nodes[node_id]

    def _node_member(self, path: Path, sides: _Sides) -> Side:
        name = path[-1]
        if name in OWNED_BY_RUNS:
            return sides[1]
        if name == keyed.FOLDED:
            return _greater(*sides)
        if name == PARAMETERS:
            return self._set(path, sides, keyed.by_name, self._parameter)
        if name in (INPUTS, OUTPUTS):
            return self._set(path, sides, keyed.by_name, self._entry if name == OUTPUTS else self._port)
        return self._resolve(path, sides)

    def _parameter(self, path: Path, sides: _Sides) -> Side:
        if not all(isinstance(side, Mapping) for side in sides):
            return self._entry(path, sides)
        return self._object(path, sides, self._parameter_member)

    def _parameter_member(self, path: Path, sides: _Sides) -> Side:
        base, ours, theirs = sides
        if path[-1] == "Value" and isinstance(base, str) and isinstance(ours, str) and isinstance(theirs, str) and self._is_script(path):
            merged = merge_text(base, ours, theirs)
            if merged is not None:
                return merged
        return self._resolve(path, sides)

    def _is_script(self, path: Path) -> bool:
        node = self._ours.nodes[path[2]]
        return isinstance(node, Mapping) and scripts.extension(str(node.get("ModuleId")), path[-2]) is not None

    # --- what feeds a node

    def _port(self, path: Path, sides: _Sides) -> Side:
        """A port but for its assets: those are part of what feeds it."""
        base, ours, theirs = (_without_assets(side) for side in sides)
        return self._entry(path, (base, ours, theirs))

    def _fed(self, path: Path, node_id: str, node: dict[str, Json]) -> Json:
        """A merged node with the assets of its ports, and its edges set aside."""
        ports = keyed.by_name(node.get(INPUTS)) or Keyed()
        for name in sorted({*ports, *(name for side in self._graphs for name in side.edges_into.get(node_id, {}))}):
            feed = self._feed((*path, name), node_id, name)
            self._edges += [edge for edge in feed.edges if isinstance(edge, Mapping)]
            port = ports.get(name)
            if isinstance(port, Mapping):
                ports[name] = {**port, **feed.assets}
        return {**node, INPUTS: list(ports.values())} if ports else node

    def _feed(self, path: Path, node_id: str, port: str) -> Feed:
        base, ours, theirs = (side.feed(node_id, port) for side in self._graphs)
        mine, yours = ours, theirs
        # a side that only lost the source has not decided anything about the port
        if self._ours.only_lost_source(ours, base) and not self._is_as_lost(theirs, base, self._ours):
            mine = base
        if self._theirs.only_lost_source(theirs, base) and not self._is_as_lost(ours, base, self._theirs):
            yours = base
        found = resolve(path, base.value, mine.value, yours.value)
        if isinstance(found, Clash):
            self._clashes.append(found)
            return ours
        return mine if equal(mine.value, found) else yours

    def _is_as_lost(self, feed: Feed, base: Feed, side: Fed) -> bool:
        """Whether what feeds a port comes, as before, from nodes that a side removed."""
        return equal(feed.value, base.value) or any(source in self._base.nodes and source not in side.nodes for source in feed.sources)

    # --- layout

    def _canvas(self, sides: _Sides) -> Side:
        base, ours, theirs = (keyed.canvas(side) if isinstance(side, str) else None for side in sides)
        if ours is None or theirs is None:
            return _greater(*sides)
        merged = KeyedCanvas({keyed.BOXES: self._boxes(*(Keyed() if side is None else keyed.boxes(side) for side in (base, ours, theirs)))})
        for part in (keyed.HEAD, keyed.TAIL):
            merged[part] = str(_greater(MISSING if base is None else base[part], ours[part], theirs[part]))  # both have one
        return keyed.unkeyed(merged)

    def _boxes(self, base: Keyed, ours: Keyed, theirs: Keyed) -> Keyed:
        merged = Keyed()
        for key in ours.keys() | theirs.keys():
            position = _greater(base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING))
            # the box of a node goes with it, even if it was moved meanwhile
            went = key in self._base.nodes and key not in self._nodes and not (key in ours and key in theirs)
            if not isinstance(position, Missing) and not went:
                merged[key] = position
        return merged

    # --- the whole graph

    def _note_wiring(self, node_id: str) -> None:
        """Remember which sides changed what only the whole graph can show to be wrong."""
        self._rewired |= {side for side in (self._ours, self._theirs) if not same_wiring(node_id, self._base, side)}

    def _new_faults(self, document: Object) -> list[Clash]:
        if len(self._rewired) < 2 and self._is_wired_alike_around():
            return []  # all wiring is that of one side
        found = faults(document)
        known = {_place(fault) for side in (self._ours, self._theirs) for fault in faults(side.document)} if found else set()
        return [
            Clash(path=(GRAPH, NODES, fault.node or "", fault.port or ""), base=MISSING, ours=MISSING, theirs=MISSING, reason=fault.message)
            for fault in found
            if _place(fault) not in known
        ]

    def _is_wired_alike_around(self) -> bool:
        """Whether what refers to nodes and is part of none is the same on both sides."""
        ours, theirs = (side.document for side in (self._ours, self._theirs))
        if self._ours.stray_edges or self._theirs.stray_edges or not equal(ours.get(SERVICE), theirs.get(SERVICE)):
            return False
        graphs = [document[GRAPH] for document in (ours, theirs)]
        info = [graph.get("PublishInfo") for graph in graphs if isinstance(graph, Mapping)]
        return equal(info[0], info[1])


def _place(fault: Fault) -> tuple[str, ...]:
    """What makes two faults the same one; only the message tells apart those that are of no node."""
    return (fault.rule, fault.message) if fault.node is None else (fault.rule, fault.node, fault.port or "")


def _without_assets(port: Side) -> Side:
    return {name: value for name, value in port.items() if name not in PORT_MEMBERS} if isinstance(port, Mapping) else port


def _greater(base: Side, ours: Side, theirs: Side) -> Side:
    """The merge of something that never clashes: where both changed it, what is there rather than not, and the greater text."""
    found = resolve((), base, ours, theirs)
    if not isinstance(found, Clash):
        return found
    return max((side for side in (ours, theirs) if not isinstance(side, Missing)), key=dumps_sorted)
