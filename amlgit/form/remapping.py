"""Other assets in the place of those that a graph refers to: at ports, as modules, and in the layout, where an asset's box is known by its id."""

from collections.abc import Iterator, Mapping

from amlgit.form import layout
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object


def remapped(document: Object, mapping: Mapping[str, str]) -> Object:
    """An experiment with each asset of `mapping` replaced, all replacements at once; the same document where there is nothing to do."""
    graph = document.get("Graph")
    if not mapping or not isinstance(graph, Mapping):
        return document
    nodes = graph.get("ModuleNodes")
    changed = {
        **graph,
        **({"ModuleNodes": [_node(node, mapping) for node in nodes]} if isinstance(nodes, list) else {}),
        **({"SerializedClientData": _canvas(graph["SerializedClientData"], mapping)} if "SerializedClientData" in graph else {}),
    }
    return {**document, "Graph": changed}


def inverted(mapping: Mapping[str, str]) -> Mapping[str, str] | None:
    """The mapping back; None where two assets become one, so that nothing can tell them apart again."""
    back = {new: old for old, new in mapping.items()}
    return back if len(back) == len(mapping) else None


def _node(node: Json, mapping: Mapping[str, str]) -> Json:
    if not isinstance(node, Mapping):
        return node
    ports = node.get("InputPortsInternal")
    return {
        **node,
        **_replaced(node, ("ModuleId",), mapping),
        **(
            {"InputPortsInternal": [{**port, **_replaced(port, PORT_MEMBERS, mapping)} if isinstance(port, Mapping) else port for port in ports]}
            if isinstance(ports, list)
            else {}
        ),
    }


def _replaced(entry: Object, members: Mapping[str, str] | tuple[str, ...], mapping: Mapping[str, str]) -> dict[str, Json]:
    return {name: mapping[value] for name in members if isinstance(value := entry.get(name), str) and value in mapping}


def _canvas(data: Json, mapping: Mapping[str, str]) -> Json:
    """A layout with the boxes of other assets; one that had a box already keeps that, and gets no second."""
    if not isinstance(data, str):
        return data
    canvas = layout.taken_apart(data)
    if canvas is None:
        for old, new in mapping.items():
            data = data.replace(f"'{old}'", f"'{new}'").replace(f'"{old}"', f'"{new}"')
        return data
    return layout.put_together(canvas.head, _boxes(canvas.boxes, mapping), canvas.tail)


def _boxes(boxes: list[tuple[str, str]], mapping: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    kept = {node for node, _ in boxes if node not in mapping}
    for node, position in boxes:
        if node not in mapping:
            yield node, position
        elif mapping[node] not in kept:
            kept.add(mapping[node])
            yield mapping[node], position
