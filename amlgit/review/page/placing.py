"""Where boxes stand that the user put nowhere, in a graph of which he put some: beside what they are wired to."""

from collections.abc import Iterable, Mapping, Sequence

from amlgit.review.flow import flow_order
from amlgit.review.page.layers import ACROSS, DOWN, HEIGHT, WIDTH, Point

_CELL = 100


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
            found[key] = room.take(round(_mean(x for x, _ in above)), max(y for _, y in above) + DOWN)
        elif below:
            found[key] = room.take(round(_mean(x for x, _ in below)), min(y for _, y in below) - DOWN)
        else:
            last.append(key)
    right = max((x for x, _ in found.values()), default=0) + ACROSS
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
