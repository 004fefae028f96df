"""What the nodes and assets of two documents are called, and the order in which data flows through both."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from amlgit.form import labels
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, printable
from amlgit.review import values
from amlgit.review.flow import flow_order
from amlgit.review.lenient import entries, members, text

_LONGEST_ID = 200


class Names:
    """The names in an old and a new document; `assets` are those that are known, `recreated` nodes that have another id now: old → new."""

    def __init__(self, old: Object, new: Object, assets: Mapping[str, str], recreated: Mapping[str, str]) -> None:
        self._sides = old, new
        self._assets = assets
        self._recreated = recreated

    @cached_property
    def _nodes(self) -> Mapping[str, Object]:
        """The nodes of both by id; one that is in both as it is now."""
        graphs = (members(side.get("Graph")) for side in self._sides)
        return {text(node.get("Id")): node for graph in graphs for node in entries(graph.get("ModuleNodes"))}

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        if not self._nodes:
            return dict(self._service_labels())
        return labels.node_labels(((node_id, text(node.get("ModuleId"))) for node_id, node in self._nodes.items()), self._assets)

    def _service_labels(self) -> Iterator[tuple[str, str]]:
        from amlgit.compare import services

        for side in self._sides:
            yield from ((node, services.label(side, node)) for node in services.nodes(side))

    @cached_property
    def _places(self) -> Mapping[str, int]:
        order = flow_order({node: self._labels[node] for node in self._labels if node not in self._recreated}, self._edges(), {})
        return {node: place for place, node in enumerate(order)}

    def _edges(self) -> Iterator[tuple[str, str]]:
        for side in self._sides:
            for edge in entries(members(side.get("Graph")).get("EdgesInternal")):
                source, target = (ids.port(text(edge.get(end)))[0] for end in ("SourceOutputPortId", "DestinationInputPortId"))
                yield self._recreated.get(source, source), self._recreated.get(target, target)
            yield from _service_edges(side)

    def place(self, node_id: str) -> int:
        """Where a node stands in the flow of data."""
        return self._places.get(node_id, len(self._places))

    def node(self, node_id: str) -> str:
        """A node as people call it."""
        return printable(self._labels.get(node_id, node_id), _LONGEST_ID)

    def module(self, node_id: str) -> str | None:
        """What a node's module looks like where nobody knows its name."""
        node = self._nodes.get(node_id)
        found = labels.module_names([node], self._assets) if node is not None else {}
        return next((name.description for name in found.values()), None)

    def feed(self, value: Json) -> str:
        """What feeds a port: another node's port, or an asset."""
        if not isinstance(value, str):
            return values.shown(value)
        node_id, port = ids.port(value)
        if node_id in self._labels or port:
            return f"{self.node(node_id)}:{printable(port)}".removesuffix(":")
        return self.asset(value)

    def asset(self, value: Json) -> str:
        """An asset by its name where that is known, with the instance; else by its id."""
        if not isinstance(value, str):
            return values.shown(value)
        name = self.asset_name(value)
        resource = ids.resource_id(value)
        if name is None:
            return printable(value, _LONGEST_ID)
        return f"{name} ({resource.instance if resource else printable(value, _LONGEST_ID)})"

    def asset_name(self, value: Json) -> str | None:
        """The name of an asset, where it is known."""
        name = labels.asset_name(value, self._assets) if isinstance(value, str) else None
        return None if name is None else printable(name)


def _service_edges(document: Object) -> Iterator[tuple[str, str]]:
    from amlgit.model.webservices import member

    for edge in entries(member(member(member(document, "properties"), "package"), "edges")):
        yield text(member(edge, "sourceNodeId")), text(member(edge, "targetNodeId"))
