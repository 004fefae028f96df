"""A scene as SVG: text that a browser draws without a script, and that a script can move and mark without making it anew."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from amlgit.model.jsontext import printable
from amlgit.review.page.layers import HEIGHT, WIDTH, Pass, Point
from amlgit.review.page.scene import Box, Scene, Shape, Status, Wire, bounds, port_of

SIGNS: Mapping[Status, str] = {Status.ADDED: "+", Status.REMOVED: "−", Status.CHANGED: "~", Status.REWIRED: "›"}  # noqa: RUF001  # signs
_PER_PATH = 40
"""Wires that nothing happened to in one path: few elements, and none so large that all of it is drawn for every corner of it."""
_LARGE = 400
"""Boxes from which on the script has the browser lay out the names that are in sight first: names take longer than all else."""
_MOST_GHOSTS = 60
"""Boxes whose old place is drawn unasked; where nearly all moved, it would hide the graph."""


def drawing(scene: Scene, label: str, prefix: str) -> Iterator[str]:
    """The picture; `label` says what it shows, `prefix` begins the ids of what is in it."""
    left, top, width, height = bounds(scene)
    large = " large" if len(scene.boxes) > _LARGE else ""
    size = f'viewBox="{left} {top} {width} {height}" width="{width}" height="{height}"'
    yield f'<svg class="graph{large}" {size} role="img" aria-label="{_attribute(label)}">'
    yield f'<g class="wires">{"".join(_wires(scene))}</g>'
    ghosts = [box for box in scene.boxes if box.was_at is not None]
    yield f'<g class="ghosts{" many" if len(ghosts) > _MOST_GHOSTS else ""}">{"".join(map(_ghost, ghosts))}</g>'
    yield '<g class="marks"></g><g class="boxes">'
    for number, box in sorted(enumerate(scene.boxes), key=lambda pair: pair[1].status is not Status.REMOVED):
        yield _box(box, f"{prefix}n{number}")
    yield "</g></svg>"


def minimap(scene: Scene) -> str:
    """The same as a few shapes: a path for all boxes of one kind."""
    left, top, width, height = bounds(scene)
    by_status: dict[str, list[str]] = {}
    for box in scene.boxes:
        x, y = _corner(box.at)
        by_status.setdefault(box.by or box.status, []).append(f"M{x} {y}h{WIDTH}v{HEIGHT}h-{WIDTH}z")
    paths = "".join(
        f'<path class="{status}" d="{"".join(parts)}"/>' for status, parts in sorted(by_status.items(), key=lambda pair: pair[0] != "same")
    )
    return (
        f'<svg viewBox="{left} {top} {width} {height}" preserveAspectRatio="none" aria-hidden="true">'
        f'{paths}<rect class="window" x="{left}" y="{top}" width="{width}" height="{height}"/></svg>'
    )


def _corner(at: Point) -> Point:
    return at[0] - WIDTH // 2, at[1] - HEIGHT // 2


# --- boxes


def _box(box: Box, name: str) -> str:
    x, y = _corner(box.at)
    classes = f"n {box.status}" if box.shape is Shape.NODE else f"n {box.shape} {box.status}"
    radius = 23 if box.shape is Shape.SERVICE else 8
    if box.by:
        classes = f"{classes.removesuffix(box.status)}by {box.by}{' gone' if box.status is Status.REMOVED else ''}"
    moved = " moved" if box.was_at is not None else ""
    parts = [f'<g id="{name}" class="{classes}{moved}" transform="translate({x} {y})"><rect width="{WIDTH}" height="{HEIGHT}" rx="{radius}"/>']
    if box.shape is Shape.DATA:
        parts.append('<path class="disc" d="M14 17v12c0 4 12 4 12 0v-12M14 17c0 4 12 4 12 0c0-4-12-4-12 0z"/>')
    indent = 36 if box.shape is Shape.DATA else 16
    room = WIDTH - indent - 10
    parts.append(f'<text x="{indent}" y="20">{escape(fitted(box.title, room, 7.1))}</text>')
    if box.subtitle:
        parts.append(f'<text class="s" x="{indent}" y="36">{escape(fitted(box.subtitle, room, 5.9))}</text>')
    if box.by:
        parts.append(_flag(box))
    elif box.status in SIGNS:
        parts.append(f'<circle cx="{WIDTH - 6}" cy="3" r="9"/><text class="g" x="{WIDTH - 6}" y="7">{SIGNS[box.status]}</text>')
    parts.append("</g>")
    return "".join(parts)


def _flag(box: Box) -> str:
    """Whose change it is and what it did, in words: three sides are too many for signs."""
    text = "! conflict" if box.by == "conflict" else f"{SIGNS.get(box.status, '')} {box.by}".strip()
    width = 12 + round(6.4 * len(text))
    return (
        f'<rect class="flag" x="{WIDTH - width + 4}" y="-11" width="{width}" height="18" rx="9"/>'
        f'<text class="g" x="{WIDTH + 4 - width // 2}" y="2">{text}</text>'
    )


_NARROW, _WIDE = frozenset("iljtfrI.,:;'|![]() "), frozenset("mwMW@%ABCDGHKNOQRUVXYZ—")


def fitted(text: str, room: float, width: float) -> str:
    """As much of a text as fits, by what characters usually measure; `width` is that of a usual one, in pixels."""
    shown = printable(" ".join(text.split()), 200)
    used = 0.0
    for index, character in enumerate(shown):
        used += width * (0.55 if character in _NARROW else 1.3 if character in _WIDE else 1.0 if character < "\u1100" else 1.9)
        if used > room:
            return f"{shown[: max(index - 1, 1)].rstrip()}…"
    return shown


def _ghost(box: Box) -> str:
    """Where a box stood, and the way it went."""
    assert box.was_at is not None
    x, y = _corner(box.was_at)
    return f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8"/><path d="M{box.was_at[0]} {box.was_at[1]}L{box.at[0]} {box.at[1]}"/>'


# --- wires


def _wires(scene: Scene) -> Iterator[str]:
    same: list[tuple[int, str]] = []
    drawn: list[str] = []
    for wire in scene.wires:
        path = path_of(scene, wire)
        if wire.status is Status.SAME and not wire.by:
            same.append((scene.boxes[wire.target].at[1], path))
        else:
            drawn.append(f'<path class="{_class(wire)}" d="{path}"/>{_side(scene, wire)}')
    same.sort()
    yield from _joined([path for _, path in same])
    yield from sorted(drawn, reverse=True)  # removed ones first: what is there now is on top


def _class(wire: Wire) -> str:
    side = f" of-{wire.label}" if wire.label else ""
    return f"by {wire.by}{side}{' gone' if wire.status is Status.REMOVED else ''}" if wire.by else wire.status.value


def _side(scene: Scene, wire: Wire) -> str:
    """The side that a wire is of, near the port that both sides feed otherwise."""
    if not wire.label:
        return ""
    (x, y), (u, v) = _ends(scene, wire)
    return f'<text class="side" x="{(x + 2 * u) // 3}" y="{(y + 2 * v) // 3}">{wire.label}</text>'


def _joined(paths: Sequence[str]) -> Iterable[str]:
    for start in range(0, len(paths), _PER_PATH):
        yield f'<path d="{"".join(paths[start : start + _PER_PATH])}"/>'


def path_between(start: Point, end: Point, ways: Sequence[Pass] = ()) -> str:
    """A wire that leaves downwards and arrives from above, past what is on its way."""
    parts = [f"M{start[0]} {start[1]}"]
    here, is_down = start, True
    for each in ways:
        goes_down = each.stop > each.start
        parts.append(f"{_bend(here, (each.x, each.start), is_down, goes_down)}V{each.stop}")
        here, is_down = (each.x, each.stop), goes_down
    return "".join([*parts, _bend(here, end, is_down, True)])


def _bend(here: Point, there: Point, is_down: bool, arrives_down: bool) -> str:  # of two directions alike
    """A curve from one place to another that leaves and arrives upright; `script.js` has the same."""
    down = there[1] - here[1]
    room = max(18, min(70, abs(down) // 2)) if is_down == arrives_down and (down > 0) == is_down else 60 if is_down and arrives_down else 36
    leaves, arrives = here[1] + (room if is_down else -room), there[1] - (room if arrives_down else -room)
    return f"C{here[0]} {leaves} {there[0]} {arrives} {there[0]} {there[1]}"


def path_of(scene: Scene, wire: Wire) -> str:
    """The path of one wire."""
    return path_between(*_ends(scene, wire), wire.ways)


def _ends(scene: Scene, wire: Wire) -> tuple[Point, Point]:
    source, target = scene.boxes[wire.source], scene.boxes[wire.target]
    return port_of(source, wire.source_port, is_input=False), port_of(target, wire.target_port, is_input=True)


def _attribute(text: str) -> str:
    return escape(printable(text, 300))
