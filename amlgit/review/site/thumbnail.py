"""A graph as a small picture: boxes without names, wires as lines. Made to be recognised, not to be read."""

from collections.abc import Mapping

from amlgit.review.page.placing import HEIGHT, WIDTH
from amlgit.review.page.scene import Box, Scene, Shape, Status, bounds

_MOST_WIRES = 600
"""Wires that are drawn: of more there is only a grey cloud to see."""
_LEAST = 700
"""Units of the graph that a picture is wide at least: the boxes of a small graph would look like slabs."""


def thumbnail(scene: Scene) -> str:
    """The picture as SVG; who can't see it misses nothing that is not said beside it."""
    boxes = [box for box in scene.boxes if box.status is not Status.REMOVED]
    if not boxes:
        return ""
    left, top, width, height = bounds(boxes)
    wide = max(width, _LEAST)
    left -= (wide - width) // 2
    wires = "".join(_line(scene, wire.source, wire.target) for wire in scene.wires[:_MOST_WIRES] if wire.status is not Status.REMOVED)
    shapes: dict[str, list[str]] = {}
    for box in boxes:
        x, y = box.at[0] - WIDTH // 2, box.at[1] - HEIGHT // 2
        shapes.setdefault(_kind(box), []).append(f"M{x} {y}h{WIDTH}v{HEIGHT}h-{WIDTH}z")
    paths = "".join(f'<path class="b {kind}" d="{"".join(parts)}"/>' for kind, parts in sorted(shapes.items()))
    return f'<svg class="thumb" viewBox="{left} {top} {wide} {height}" aria-hidden="true"><path class="w" d="{wires}"/>{paths}</svg>'


KINDS: Mapping[str, str] = {"d": "data", "x": "scripts", "m": "models", "v": "web service ports"}
"""The colours of boxes, and what they stand for."""


def _kind(box: Box) -> str:
    node = box.node
    if node is None:
        return "v" if box.shape is Shape.SERVICE else "d"
    if any("model" in port.name.casefold() for port in node.outputs):
        return "m"
    if not node.inputs:
        return "d"
    return "x" if node.scripts else "n"


def _line(scene: Scene, source: int, target: int) -> str:
    (x, y), (u, v) = scene.boxes[source].at, scene.boxes[target].at
    y, v = y + HEIGHT // 2, v - HEIGHT // 2
    bend = max(18, min(70, abs(v - y) // 2))
    return f"M{x} {y}C{x} {y + bend} {u} {v - bend} {u} {v}"
