"""What feeds the ports of a graph: of each input port its edges and its assets, taken together."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlgit.compare import keyed
from amlgit.compare.keyed import Keyed
from amlgit.compare.three import equal
from amlgit.errors import InvalidDocument
from amlgit.form.nodes import OWNED_BY_RUNS
from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object

_NO_EDIT = frozenset({*OWNED_BY_RUNS, keyed.FOLDED})
"""Members of a node whose change is no reason to keep the node."""
_NO_WIRING = _NO_EDIT | {keyed.PARAMETERS, "Comment"}
"""Members of a node that hold nothing of its wiring."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What feeds a port: the edges into it, in a fixed order, and the members of it that hold assets."""

    edges: list[Json]
    assets: Object

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


class Fed:
    """A graph with what feeds each node's ports at hand. Raises InvalidDocument where it is none."""

    def __init__(self, document: Object) -> None:
        graph = document.get(keyed.GRAPH)
        if not isinstance(graph, Mapping):
            raise InvalidDocument(f"{keyed.GRAPH} must be an object")
        self.document = document
        self.nodes = keyed.nodes(graph)
        self.edges_into: dict[str, dict[str, list[Json]]] = {}
        """Node → port → the edges that feed it, in a fixed order."""
        self.stray_edges = Keyed()
        """Edges into nodes that don't exist."""
        for key, edge in sorted((keyed.edges(graph.get(keyed.EDGES)) or {}).items()):
            assert isinstance(edge, Mapping)
            node_id, port = ids.port(str(edge[keyed.DESTINATION]))
            if node_id in self.nodes:
                self.edges_into.setdefault(node_id, {}).setdefault(port, []).append(edge)
            else:
                self.stray_edges[key] = edge

    def edges_of(self, node_id: str) -> Iterator[Json]:
        """The edges that feed a node."""
        for edges in self.edges_into.get(node_id, {}).values():
            yield from edges

    def feed(self, node_id: str, port: str) -> Feed:
        """What feeds a port; nothing where there is no such port."""
        node = self.nodes.get(node_id)
        ports = keyed.by_name(node.get(keyed.INPUTS)) if isinstance(node, Mapping) else None
        entry = ports.get(port) if ports else None
        assets = {name: entry[name] for name in PORT_MEMBERS if name in entry} if isinstance(entry, Mapping) else {}
        return Feed(self.edges_into.get(node_id, {}).get(port, []), assets)

    def only_lost_source(self, port: Feed, before: Feed) -> bool:
        """Whether a port is empty here for no other reason than that the nodes which fed it are gone."""
        return port.is_empty and bool(before.sources) and not before.sources & self.nodes.keys()

    def left_alone(self, node_id: str, base: "Fed") -> bool:
        """Whether a node is as it was in `base`, but for what a removal of other nodes, a run or a fold did to it."""
        old, new = base.nodes[node_id], self.nodes[node_id]
        assert isinstance(old, Mapping)
        assert isinstance(new, Mapping)
        if not keyed.same_node(old, new, _NO_EDIT):
            return False
        before, after = base.edges_into.get(node_id, {}), self.edges_into.get(node_id, {})
        return all(
            equal(before.get(port), after.get(port)) or self.only_lost_source(self.feed(node_id, port), base.feed(node_id, port))
            for port in before.keys() | after.keys()
        )


def same_feeding(node_id: str, one: Fed, other: Fed) -> bool:
    """Whether a node and the edges into it are the very same in two graphs."""
    first, second = one.nodes[node_id], other.nodes[node_id]
    assert isinstance(first, Mapping)
    assert isinstance(second, Mapping)
    return equal(one.edges_into.get(node_id), other.edges_into.get(node_id)) and keyed.same_node(first, second)


def same_wiring(node_id: str, one: Fed, other: Fed) -> bool:
    """Whether a node has the same module, ports and edges into it in two graphs, whatever its parameters; or is in neither."""
    first, second = one.nodes.get(node_id), other.nodes.get(node_id)
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        return first is second
    return equal(one.edges_into.get(node_id), other.edges_into.get(node_id)) and keyed.same_node(first, second, _NO_WIRING)
