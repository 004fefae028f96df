"""A merge over a scene: whose each box and wire is, and the wires of both sides where they clash."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from amlgit.model.jsontext import Object
from amlgit.review.merged import By, Merge
from amlgit.review.neighbourhood import wires
from amlgit.review.outline import EndKind
from amlgit.review.page import placing
from amlgit.review.page.scene import Box, Scene, Shape, Status, Wire, boxes_by_id, data, ports_of


class _Edge(NamedTuple):
    """What feeds a port: a node's port, or (with no port) an asset."""

    source: str
    source_port: str
    target: str
    target_port: str


def overlaid(scene: Scene, merge: Merge) -> Scene:
    """The scene of base and merged graph with everything that the sides made of it."""
    base, ours, theirs = (frozenset(_edges(document)) for document in merge.documents)
    clashing = {edge: label for side, label in ((theirs, "theirs"), (ours, "ours")) for edge in side - base if _is_clashing(edge, merge)}
    boxes = _with_assets(scene, clashing, merge)
    numbers = boxes_by_id(boxes)
    places = {box.key: number for number, box in enumerate(boxes)}
    ports = [ports_of(box) for box in boxes]
    present = {_edge(wire, boxes, ports): wire for wire in scene.wires}
    found = []
    for edge, wire in present.items():
        found.append(replace(wire, by=_whose(edge, base, ours, theirs, merge), label=clashing.get(edge, "")))
    for edge, label in clashing.items():
        source, target = (places.get(numbers.get(key, key)) for key in (edge.source, edge.target))
        if edge in present or source is None or target is None:
            continue
        out, into = _index(ports[source][1], edge.source_port), _index(ports[target][0], edge.target_port)
        found.append(Wire(source=source, source_port=out, target=target, target_port=into, status=Status.ADDED, by=By.CONFLICT.value, label=label))
    by_node = merge.by_node
    touched = {number: wire.by for wire in found if wire.by for number in (wire.source, wire.target)}
    return Scene(boxes=[_box(box, by_node, touched.get(number, "")) for number, box in enumerate(boxes)], wires=found)


def _is_clashing(edge: _Edge, merge: Merge) -> bool:
    return (edge.target, edge.target_port) in merge.clashing_ports


def _whose(edge: _Edge, base: frozenset[_Edge], ours: frozenset[_Edge], theirs: frozenset[_Edge], merge: Merge) -> str:
    """Who brought a wire or took it away; nobody, if all have it."""
    if _is_clashing(edge, merge):
        return By.CONFLICT.value
    is_mine, is_yours = ((edge in side) != (edge in base) for side in (ours, theirs))
    return (By.BOTH if is_mine and is_yours else By.OURS if is_mine else By.THEIRS if is_yours else "") or ""


def _box(box: Box, by_node: Mapping[str, By], of_a_wire: str) -> Box:
    if box.shape is Shape.NODE:
        whose: str = by_node.get(box.key, "")
    else:
        whose = of_a_wire if box.status is not Status.SAME else ""
    return replace(box, by=str(whose), status=box.status if whose else Status.SAME, was_at=None)


# --- edges


def _edges(document: Object) -> list[_Edge]:
    nodes = [_Edge(wire.source, wire.ports[0], wire.target, wire.ports[1]) for wire in wires(document, {})]
    return [*nodes, *(_Edge(f"{kind}:{asset}", "", node, port) for kind, asset, node, port in data(document, {}))]


def _edge(wire: Wire, boxes: list[Box], ports: list[tuple[list[str], list[str]]]) -> _Edge:
    out, into = ports[wire.source][1], ports[wire.target][0]
    return _Edge(
        boxes[wire.source].key,
        out[wire.source_port] if wire.source_port < len(out) else "",
        boxes[wire.target].key,
        into[wire.target_port] if wire.target_port < len(into) else "",
    )


def _index(ports: list[str], name: str) -> int:
    return ports.index(name) if name in ports else 0


def _with_assets(scene: Scene, clashing: Mapping[_Edge, str], merge: Merge) -> list[Box]:
    """The boxes, and one for each asset that only the side has whose wire is not in the merged graph."""
    boxes = list(scene.boxes)
    known = {box.key for box in boxes}
    missing = dict.fromkeys(edge.source for edge in clashing if not edge.source_port and edge.source not in known)
    standing = {box.key: box.at for box in boxes}
    found = placing.beside(list(missing), {}, standing, [(edge.source, edge.target) for edge in clashing])
    for key in missing:
        kind, _, asset = key.partition(":")
        title = merge.names_of_assets.get(asset) or asset.rpartition(".")[2][:8]
        boxes.append(Box(key=key, shape=Shape.DATA, title=title, subtitle=EndKind(kind).value, status=Status.ADDED, at=found[key]))
    return boxes
