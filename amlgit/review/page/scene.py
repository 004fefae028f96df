"""What is drawn, and where: the boxes and wires of both versions of a graph in one plane."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from amlgit.compare.changes import Change, Diff, Kind, What
from amlgit.form import layout
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object
from amlgit.review.lenient import entries, members, text
from amlgit.review.names import Names
from amlgit.review.neighbourhood import kinds, wires
from amlgit.review.outline import End, EndKind, Node, Outline
from amlgit.review.page import layers, placing
from amlgit.review.page.layers import HEIGHT, WIDTH, Pass, Point


class Status(StrEnum):
    """What became of a box or a wire."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REWIRED = "rewired"


class Shape(StrEnum):
    """What a box stands for."""

    NODE = "node"
    DATA = "data"
    SERVICE = "service"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box with its middle at `at`; `key` is a node's id, or the kind and id of what else it is."""

    key: str
    shape: Shape
    title: str
    subtitle: str
    status: Status
    at: Point
    inputs: int = 1
    outputs: int = 1
    node: Node | None = None
    by: str = ""
    """Whose change it is, in a merge."""
    was_at: Point | None = None
    """Where it stood in the old version, if that was elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """An edge from a port to another, ports counted from 0; `source` and `target` are numbers of boxes."""

    source: int
    source_port: int
    target: int
    target_port: int
    status: Status
    by: str = ""
    label: str = ""
    """The side it is of, where sides clash."""
    ways: tuple[Pass, ...] = ()
    """What it passes on its way, where we chose the places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Both versions in one plane; boxes are in the order of the data's flow."""

    boxes: Sequence[Box]
    wires: Sequence[Wire]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Two versions of an experiment or a service, of which nothing is told but places and wires; the outlines and the diff have no secrets.

    `gone` is the outline of the nodes that are no more.
    """

    old: Object
    new: Object
    outline: Outline
    gone: Outline
    diff: Diff
    names: Names


def scene(sides: Sides) -> Scene:
    """The boxes of both versions where the user put them, and the wires between them."""
    return _Painter(sides).scene()


class _Painter:
    def __init__(self, sides: Sides) -> None:
        self._sides = sides
        self._kinds = kinds(sides.diff)
        self._old_places, self._new_places = (_places(side) for side in (sides.old, sides.new))
        back = {new: old for old, new in sides.diff.recreated.items()}
        self._old_places.update({new: self._old_places[old] for new, old in back.items() if old in self._old_places})
        self._boxes: dict[str, Box] = {}
        self._wires: dict[tuple[str, str, str, str], Status] = {}
        """(source box, its port, target box, its port) → what became of it."""
        self._ways: Mapping[tuple[str, str, str, str], tuple[Pass, ...]] = {}

    def scene(self) -> Scene:
        for outline, status in ((self._sides.outline, None), (self._sides.gone, Status.REMOVED)):
            for node in outline.nodes:
                self._node(node, status)
        is_all_new = bool(self._boxes) and all(box.status is Status.ADDED for box in self._boxes.values())
        for node in self._sides.outline.nodes:
            self._feeds(node, Status.ADDED if is_all_new else Status.SAME)
        self._rewire()
        self._place()
        flow = self._flow()
        boxes = sorted(self._boxes.values(), key=lambda box: (flow[box.key], box.key))
        numbers = {box.key: number for number, box in enumerate(boxes)}
        ports = {box.key: ports_of(box) for box in boxes}
        found = [
            Wire(
                source=numbers[source],
                source_port=_index(ports[source][1], out),
                target=numbers[target],
                target_port=_index(ports[target][0], into),
                status=status,
                ways=self._ways.get((source, out, target, into), ()),
            )
            for (source, out, target, into), status in sorted(self._wires.items())
            if source in numbers and target in numbers
        ]
        return Scene(boxes=boxes, wires=found)

    def _flow(self) -> dict[str, float]:
        """Where each box stands in the flow of data: what is no node right before what it feeds, or behind what feeds it."""
        found: dict[str, float] = {key: self._sides.names.place(key) for key, box in self._boxes.items() if box.shape is Shape.NODE}
        nodes = frozenset(found)
        for source, _, target, _ in self._wires:
            if source not in nodes and target in nodes:
                found[source] = min(found.get(source, _LAST), found[target] - 0.5)
            elif target not in nodes and source in nodes:
                found[target] = found[source] + 0.5
        return {key: found.get(key, _LAST) for key in self._boxes}

    # --- boxes

    def _node(self, node: Node, status: Status | None) -> None:
        kind = self._kinds.get(node.id)
        title, subtitle = _lines(node)
        self._boxes[node.id] = Box(
            key=node.id,
            shape=Shape.NODE,
            title=title,
            subtitle=subtitle,
            status=status or (Status(kind) if kind is not None else Status.SAME),
            at=(0, 0),
            inputs=len(node.inputs),
            outputs=len(node.outputs),
            node=node,
        )

    def _other(self, end: End, status: Status) -> str:
        """The box of what is no node: data, or a port of the web service."""
        key = f"{end.kind}:{end.id or end.name}"
        shape = Shape.SERVICE if end.kind in (EndKind.SERVICE_INPUT, EndKind.SERVICE_OUTPUT) else Shape.DATA
        known = self._boxes.get(key)
        if known is None:
            # in a definition data and the service's own ports are nodes, whose changes the diff knows
            kind = self._kinds.get(end.id)
            found = Status(kind) if kind is not None else status
            self._boxes[key] = Box(key=key, shape=shape, title=end.name or end.id, subtitle=end.kind.value, status=found, at=(0, 0))
        return key

    # --- wires

    def _feeds(self, node: Node, status: Status) -> None:
        for port in node.inputs:
            for end in port.ends:
                # a loose edge may still lead from a node that is gone, which is drawn
                is_box = end.kind is EndKind.NODE or (end.kind is EndKind.MISSING and end.id in self._boxes)
                source = end.id if is_box else self._other(end, status)
                if is_box or end.kind is not EndKind.MISSING:
                    self._wires[source, end.port or "", node.id, port.name] = status
        for port in node.outputs:
            for end in port.ends:
                if end.kind is EndKind.SERVICE_OUTPUT:
                    self._wires[node.id, port.name, self._other(end, status), ""] = status

    def _rewire(self) -> None:
        """The wires of the old version that are gone, and of the new one that came, by the ports they join."""
        if not self._sides.diff.changes:
            return
        olds, news = set(self._edges(self._sides.old, self._sides.diff.recreated)), set(self._edges(self._sides.new, {}))
        for key in news - olds:
            if key in self._wires:
                self._wires[key] = Status.ADDED
        for key in olds - news:
            self._wires[key] = Status.REMOVED
        before, after = (set(data(side, self._sides.diff.recreated)) for side in (self._sides.old, self._sides.new))
        fed = {key for _, key, _, _ in before}
        for kind, asset, node, port in after - before:
            source = f"{kind}:{asset}"
            self._wires[source, "", node, port] = Status.ADDED
            if asset not in fed and source in self._boxes:
                self._boxes[source] = replace(self._boxes[source], status=Status.ADDED)
        for kind, asset, node, port in before - after:
            name = self._sides.names.asset_name(asset) or asset.split(".")[-1][:8]
            source = self._other(End(kind=EndKind(kind), name=name, id=asset), Status.REMOVED)
            self._wires[source, "", node, port] = Status.REMOVED

    def _edges(self, document: Object, recreated: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
        """The wires of a version as this picture knows them, by its boxes."""
        known = boxes_by_id(self._boxes.values())
        for wire in wires(document, recreated):
            source, target = known.get(wire.source, wire.source), known.get(wire.target, wire.target)
            yield source, "" if source != wire.source else wire.ports[0], target, "" if target != wire.target else wire.ports[1]

    # --- places

    def _place(self) -> None:
        stand = {key: self._place_of(box) for key, box in self._boxes.items()}
        if all(at is None for at in stand.values()):
            places = self._in_layers()
        else:
            edges = [(source, target) for source, _, target, _ in self._wires]
            present, gone = ([key for key, box in self._boxes.items() if (box.status is Status.REMOVED) is is_gone] for is_gone in (False, True))
            places = placing.beside(present, {}, {key: at for key in present if (at := stand[key]) is not None}, edges)
            # what is gone stands where it stood, or as near as there is room
            places = placing.beside(gone, {key: at for key in gone if (at := stand[key]) is not None}, places, edges)
        moved = _moved(self._sides.diff.changes)
        for key, at in places.items():
            box, before = self._boxes[key], self._old_places.get(key)
            is_moved = key in moved and before is not None and before != at and box.status not in (Status.ADDED, Status.REMOVED)
            self._boxes[key] = replace(box, at=at, was_at=before if is_moved else None)

    def _in_layers(self) -> Mapping[str, Point]:
        """Places of ours for all boxes; a wire that is gone shapes nothing but where a box stands that is gone too."""
        wires = [wire for wire in self._wires if wire[0] in self._boxes and wire[2] in self._boxes]
        edges = []
        for wire in wires:
            source, out, target, into = wire
            ends, is_gone = (self._boxes[source], self._boxes[target]), self._wires[wire] is Status.REMOVED
            edges.append(
                layers.Edge(
                    source=source,
                    target=target,
                    out=_across(_index(ports_of(ends[0])[1], out), ends[0].outputs),
                    into=_across(_index(ports_of(ends[1])[0], into), ends[1].inputs),
                    is_shaping=not is_gone or any(box.status is Status.REMOVED for box in ends),
                    is_gone=is_gone,
                )
            )
        found = layers.layered([*self._boxes], edges)
        self._ways = dict(zip(wires, found.ways, strict=True))
        return found.places

    def _place_of(self, box: Box) -> Point | None:
        key = box.key if box.shape is Shape.NODE else box.key.partition(":")[2]
        first, second = (self._old_places, self._new_places) if box.status is Status.REMOVED else (self._new_places, self._old_places)
        return first.get(key, second.get(key))


def boxes_by_id(boxes: Iterable[Box]) -> dict[str, str]:
    """The keys of boxes by the ids of nodes: in a definition data and the service's ports are nodes too."""
    return {box.key if box.shape is Shape.NODE else box.key.partition(":")[2]: box.key for box in boxes}


def ports_of(box: Box) -> tuple[list[str], list[str]]:
    """The names of a node's inputs, and of its outputs; none of what is no node."""
    if box.node is None:
        return [], []
    return [port.name for port in box.node.inputs], [port.name for port in box.node.outputs]


def _index(ports: Sequence[str], name: str) -> int:
    return ports.index(name) if name in ports else 0


def _lines(node: Node) -> tuple[str, str]:
    """What stands in a node's box: its module, and its comment or else its number."""
    rest = node.name.removeprefix(node.module).strip() if node.name.startswith(node.module) else ""
    title = node.module if rest else node.name
    return title, " ".join(node.comment.split()) or rest


def data(document: Object, recreated: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    """What assets feed which ports: kind, asset, node and port."""
    for node in entries(members(document.get("Graph")).get("ModuleNodes")):
        node_id = text(node.get("Id"))
        for port in entries(node.get("InputPortsInternal")):
            for member, kind in PORT_MEMBERS.items():
                if text(port.get(member)):
                    yield kind, text(port.get(member)), recreated.get(node_id, node_id), text(port.get("Name"))


_POSITION = re.compile(r"(-?[0-9]{1,7})(?:\.[0-9]*)?,(-?[0-9]{1,7})(?:\.[0-9]*)?(?:,.*)?")


def _places(document: Object) -> dict[str, Point]:
    """Where the user put what: by node id, or by the id of an asset."""
    client_data: Json = members(document.get("Graph")).get("SerializedClientData")
    canvas = layout.taken_apart(client_data) if isinstance(client_data, str) else None
    found = {}
    for key, position in canvas.boxes if canvas else ():
        match = _POSITION.fullmatch(position)
        if match is not None:
            found[key] = (int(match[1]), int(match[2]))
    return found


def _moved(changes: Iterable[Change]) -> frozenset[str]:
    """The nodes whose boxes a layout change moved."""
    layouts = (change for change in changes if change.what is What.LAYOUT and change.kind is Kind.MOVED)
    return frozenset(edit.path[-1] for change in layouts for edit in change.edits if "Boxes" in edit.path)


def port_of(box: Box, number: int, *, is_input: bool) -> Point:
    """Where a wire ends at a box."""
    across = _across(number, box.inputs if is_input else box.outputs)
    return box.at[0] + across, box.at[1] + (-HEIGHT // 2 if is_input else HEIGHT // 2)


def _across(number: int, count: int) -> int:
    """How far a port is from the middle of its box."""
    return round(WIDTH * (number + 1) / (max(count, 1) + 1)) - WIDTH // 2


def bounds(scene: Scene) -> tuple[int, int, int, int]:
    """Left, top, width and height of all there is to see, with a margin."""
    points = [point for box in scene.boxes for point in (box.at, box.was_at) if point is not None] or [(0, 0)]
    passed = [each.x for wire in scene.wires for each in wire.ways]
    left = min([min(x for x, _ in points) - WIDTH // 2, *passed])
    right = max([max(x for x, _ in points) + WIDTH // 2, *passed])
    top, bottom = min(y for _, y in points) - HEIGHT // 2 - _MARGIN, max(y for _, y in points) + HEIGHT // 2 + _MARGIN
    return left - _MARGIN, top, right - left + 2 * _MARGIN, bottom - top


_MARGIN = 60
_LAST = float("inf")
