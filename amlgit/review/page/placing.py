"""Where boxes stand that the user put nowhere: layer by layer as data flows, or beside what they are wired to."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from amlgit.review.flow import flow_order

Point: TypeAlias = tuple[int, int]
"""The middle of a box: x to the right, y down."""

WIDTH, HEIGHT = 190, 46
"""Of a box."""
_ACROSS, _DOWN = WIDTH + 30, HEIGHT + 54
"""From one box to the next where we choose the places."""
_CELL = 100


def places(keys: Sequence[str], known: Mapping[str, Point], edges: Sequence[tuple[str, str]]) -> dict[str, Point]:
    """A place for every box: the user's own where there is one, all of ours in layers where there is none."""
    if not known:
        return _layered(keys, edges)
    return beside(keys, {}, {key: known[key] for key in keys if key in known}, edges)


def beside(keys: Sequence[str], wanted: Mapping[str, Point], standing: Mapping[str, Point], edges: Sequence[tuple[str, str]]) -> dict[str, Point]:
    """`standing` and a place for each of `keys` that has none yet: where it is wanted, else under what feeds it or over what it feeds."""
    found = dict(standing)
    missing = [key for key in keys if key not in found]
    if not missing:
        return found
    room = _Room(found.values())
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
        targets.setdefault(source, []).append(target)
    last: list[str] = []
    for key in flow_order({key: key for key in missing}, edges, {}):
        above = [found[one] for one in sources.get(key, ()) if one in found]
        below = [found[one] for one in targets.get(key, ()) if one in found]
        if key in wanted:
            found[key] = room.take(*wanted[key])
        elif above:
            found[key] = room.take(round(_mean(x for x, _ in above)), max(y for _, y in above) + _DOWN)
        elif below:
            found[key] = room.take(round(_mean(x for x, _ in below)), min(y for _, y in below) - _DOWN)
        else:
            last.append(key)
    right = max((x for x, _ in found.values()), default=0) + _ACROSS
    top = min((y for _, y in found.values()), default=0)
    for number, key in enumerate(last):
        found[key] = room.take(right, top + number * (HEIGHT + 24))
    return found


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


class _Room:
    """Which places are taken, by cells of a grid so that a look costs the same however many there are."""

    def __init__(self, taken: Iterable[Point]) -> None:
        self._cells: dict[Point, list[Point]] = {}
        for point in taken:
            self._add(point)

    def _add(self, point: Point) -> None:
        self._cells.setdefault((point[0] // _CELL, point[1] // _CELL), []).append(point)

    def _is_free(self, x: int, y: int) -> bool:
        column, row = x // _CELL, y // _CELL
        near = (point for dx in range(-_REACH, _REACH + 1) for dy in range(-1, 2) for point in self._cells.get((column + dx, row + dy), ()))
        return all(abs(point[0] - x) >= WIDTH + 10 or abs(point[1] - y) >= HEIGHT + 8 for point in near)

    def take(self, x: int, y: int) -> Point:
        """The free place nearest to one, first to its sides."""
        step = 0
        while True:
            for distance in (step, -step):
                if self._is_free(x + distance, y):
                    self._add((x + distance, y))
                    return x + distance, y
            step += 20


_REACH = WIDTH // _CELL + 1


def _layered(keys: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, Point]:
    """Each box a layer below the lowest that feeds it; within a layer near the middle of what feeds it."""
    sources: dict[str, list[str]] = {}
    for source, target in edges:
        sources.setdefault(target, []).append(source)
    layers: dict[str, int] = {}
    order = flow_order({key: key for key in keys}, edges, {})
    for key in order:
        layers[key] = 1 + max((layers[one] for one in sources.get(key, ()) if one in layers), default=-1)
    rows: dict[int, list[str]] = {}
    for key in order:
        rows.setdefault(layers[key], []).append(key)
    found: dict[str, Point] = {}
    y = 0
    for row in sorted(rows):
        wished = {key: _mean([found[one][0] for one in sources.get(key, ()) if one in found] or [0]) for key in rows[row]}
        ordered = sorted(rows[row], key=lambda key: wished[key])
        for start in range(0, len(ordered), _MOST_IN_A_ROW):
            part = ordered[start : start + _MOST_IN_A_ROW]
            # as near to where they want to be as their neighbours let them
            middle = _mean(wished[key] for key in part)
            for number, key in enumerate(part):
                found[key] = (round(middle + (number - (len(part) - 1) / 2) * _ACROSS), y)
            y += _DOWN
    return found


_MOST_IN_A_ROW = 12
