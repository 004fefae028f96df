"""A graph as a small picture: boxes without names, wires as lines. Made to be recognised, not to be read."""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.review.page.layers import HEIGHT, WIDTH
from amlgit.review.page.scene import Box, Scene, Shape, Status, Wire, bounds
from amlgit.review.page.svg import path_between

_MOST_WIRES = 600
"""Wires that are drawn: of more there is only a grey cloud to see."""
_LEAST = 700
"""Units of the graph that a picture is wide at least: the boxes of a small graph would look like slabs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thumbnail:
    """What is in the picture."""

    frame: tuple[int, int, int, int]
    """Left, top, width and height of what it shows."""
    wires: str
    """The lines, as the data of an SVG path."""
    boxes: Mapping[str, str]
    """Kind → the data of the path that draws all boxes of it."""

    @property
    def svg(self) -> str:
        """The picture as SVG; who can't see it misses nothing that is not said beside it."""
        paths = "".join(f'<path class="b {kind}" d="{data}"/>' for kind, data in sorted(self.boxes.items()))
        frame = " ".join(map(str, self.frame))
        return f'<svg class="thumb" viewBox="{frame}" aria-hidden="true"><path class="w" d="{self.wires}"/>{paths}</svg>'


def thumbnail(scene: Scene) -> Thumbnail | None:
    """The picture of a scene; None where there is nothing to see."""
    boxes = [box for box in scene.boxes if box.status is not Status.REMOVED]
    if not boxes:
        return None
    left, top, width, height = bounds(scene)
    wide = max(width, _LEAST)
    left -= (wide - width) // 2
    wires = "".join(_line(scene, wire) for wire in scene.wires[:_MOST_WIRES] if wire.status is not Status.REMOVED)
    shapes: dict[str, list[str]] = {}
    for box in boxes:
        x, y = box.at[0] - WIDTH // 2, box.at[1] - HEIGHT // 2
        shapes.setdefault(_kind(box), []).append(f"M{x} {y}h{WIDTH}v{HEIGHT}h-{WIDTH}z")
    return Thumbnail(frame=(left, top, wide, height), wires=wires, boxes={kind: "".join(parts) for kind, parts in shapes.items()})


KINDS: Mapping[str, str] = {"d": "data", "x": "scripts", "m": "models", "v": "web service ports"}
"""The colours of boxes, and what they stand for."""
PLAIN = "n"
"""All other boxes."""


def _kind(box: Box) -> str:
    node = box.node
    if node is None:
        return "v" if box.shape is Shape.SERVICE else "d"
    if any("model" in port.name.casefold() for port in node.outputs):
        return "m"
    if not node.inputs:
        return "d"
    return "x" if node.scripts else PLAIN


def _line(scene: Scene, wire: Wire) -> str:
    (x, y), (u, v) = scene.boxes[wire.source].at, scene.boxes[wire.target].at
    return path_between((x, y + HEIGHT // 2), (u, v - HEIGHT // 2), wire.ways)
