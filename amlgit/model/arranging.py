"""Positions for the boxes of a graph: layer under layer as data flows, few crossings, boxes near what they are joined to.

The usual way for directed graphs (Sugiyama's): layers by the longest way, order by the mean place of the neighbours, then columns. A graph
library would do the same for a thousand times its size and be one more thing to install.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

_SWEEPS = 8
_STEPS = 12


class Box(NamedTuple):
    """A box by its centre and size, in the canvas' units."""

    x: float
    y: float
    width: float
    height: float


class Gap(NamedTuple):
    """What is left free between two boxes side by side and between two layers."""

    across: float = 60.0
    down: float = 80.0


_GAP = Gap()
_Cell = tuple[str, int]
"""A box in its layer; the number is 0 for the box itself, else the layer in which an edge only passes by (its name is then the edge's)."""


def arrange(sizes: Mapping[str, tuple[float, float]], edges: Iterable[tuple[str, str]], gap: Gap = _GAP) -> dict[str, Box]:
    """A box for each name of `sizes` (width, height). The same graph gives the same picture, whatever order it is told in."""
    names = sorted(sizes)
    joined = _forward(names, sorted({(one, other) for one, other in edges if one in sizes and other in sizes and one != other}))
    layers = _layers(names, joined)
    cells, links = _cells(names, joined, layers)
    rows = _ordered(cells, links)
    widths = {cell: sizes[cell[0]][0] if cell[1] == 0 else 0.0 for row in rows for cell in row}
    columns = _columns(rows, links, widths, gap.across)
    heights = [max((sizes[name][1] for name, passing in row if passing == 0), default=0.0) for row in rows]
    tops = [sum(heights[:number]) + gap.down * number for number in range(len(rows))]
    left = min((columns[cell] - widths[cell] / 2 for row in rows for cell in row), default=0.0)
    return {name: Box(round(columns[name, 0] - left, 1), round(tops[layers[name]] + heights[layers[name]] / 2, 1), *sizes[name]) for name in names}


def _forward(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The edges without those that close a circle."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for one, other in edges:
        following[one].append(other)
    done: set[str] = set()
    kept: list[tuple[str, str]] = []
    for start in names:
        path: set[str] = set()
        waiting: list[tuple[str, int]] = [] if start in done else [(start, 0)]
        while waiting:  # no recursion: a graph may be a long chain
            name, index = waiting.pop()
            path.add(name)
            if index == len(following[name]):
                path.discard(name)
                done.add(name)
                continue
            waiting.append((name, index + 1))
            other = following[name][index]
            if other not in path:
                kept.append((name, other))
                if other not in done:
                    waiting.append((other, 0))
    return kept


def _layers(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Each name as high as what feeds it allows; what is fed by nothing right above what it feeds."""
    fed: dict[str, list[str]] = {name: [] for name in names}
    feeds: dict[str, list[str]] = {name: [] for name in names}
    for one, other in edges:
        fed[other].append(one)
        feeds[one].append(other)
    left = {name: len(fed[name]) for name in names}
    ready = [name for name in names if not fed[name]]
    found: dict[str, int] = {}
    while ready:
        name = ready.pop()
        found[name] = 1 + max((found[other] for other in fed[name]), default=-1)
        for other in feeds[name]:
            left[other] -= 1
            if left[other] == 0:
                ready.append(other)
    return found | {name: min(found[other] for other in feeds[name]) - 1 for name in names if not fed[name] and feeds[name]}


def _cells(names: Sequence[str], edges: Sequence[tuple[str, str]], layers: Mapping[str, int]) -> tuple[list[list[_Cell]], list[tuple[_Cell, _Cell]]]:
    """The cells of each layer, and the links between cells of neighbouring layers: an edge over several layers has a cell in each."""
    rows: list[list[_Cell]] = [[] for _ in range(1 + max(layers.values(), default=-1))]
    for name in names:
        rows[layers[name]].append((name, 0))
    links: list[tuple[_Cell, _Cell]] = []
    for one, other in edges:
        before: _Cell = (one, 0)
        for layer in range(layers[one] + 1, layers[other]):
            cell = (f"{one}\0{other}", layer)
            rows[layer].append(cell)
            links.append((before, cell))
            before = cell
        links.append((before, (other, 0)))
    return rows, links


def _neighbours(links: Sequence[tuple[_Cell, _Cell]]) -> tuple[dict[_Cell, list[_Cell]], dict[_Cell, list[_Cell]]]:
    above: dict[_Cell, list[_Cell]] = {}
    below: dict[_Cell, list[_Cell]] = {}
    for one, other in links:
        above.setdefault(other, []).append(one)
        below.setdefault(one, []).append(other)
    return above, below


def _ordered(rows: list[list[_Cell]], links: Sequence[tuple[_Cell, _Cell]]) -> list[list[_Cell]]:
    """The layers with their cells in an order of few crossings: swept down and up, the best of all sweeps."""
    above, below = _neighbours(links)
    best, fewest = rows, _crossings(rows, below)
    for sweep in range(_SWEEPS):
        is_down = sweep % 2 == 0
        rows = [list(row) for row in rows]
        for number in range(1, len(rows)) if is_down else range(len(rows) - 2, -1, -1):
            place = {cell: index for index, cell in enumerate(rows[number - 1 if is_down else number + 1])}
            joined = above if is_down else below
            means = {cell: _mean([place[other] for other in joined.get(cell, ())], index) for index, cell in enumerate(rows[number])}
            rows[number].sort(key=means.__getitem__)
        crossings = _crossings(rows, below)
        if crossings < fewest:
            best, fewest = rows, crossings
    return best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(rows: Sequence[Sequence[_Cell]], below: Mapping[_Cell, Sequence[_Cell]]) -> int:
    count = 0
    for upper, lower in pairwise(rows):
        place = {cell: index for index, cell in enumerate(lower)}
        ends: list[int] = []
        for cell in upper:
            new = sorted(place[other] for other in below.get(cell, ()))
            count += sum(1 for end in new for before in ends if before > end)
            ends += new
    return count


def _columns(
    rows: Sequence[Sequence[_Cell]], links: Sequence[tuple[_Cell, _Cell]], widths: Mapping[_Cell, float], across: float
) -> dict[_Cell, float]:
    """The centre of each cell: as near to its neighbours' as the order and the widths allow."""
    above, below = _neighbours(links)
    centres: dict[_Cell, float] = {}
    for row in rows:
        centres.update(_apart(row, [0.0] * len(row), widths, across))
    for step in range(_STEPS):
        is_down = step % 2 == 0
        joined = above if is_down else below
        for row in rows if is_down else rows[::-1]:
            wanted = [_mean([centres[other] for other in joined.get(cell, ())], centres[cell]) for cell in row]
            centres.update(_apart(row, wanted, widths, across))
    return centres


def _apart(row: Sequence[_Cell], wanted: Sequence[float], widths: Mapping[_Cell, float], across: float) -> dict[_Cell, float]:
    """Centres in the order of the row, none too near to the next, and together as near to the wanted ones as can be (least squares)."""
    offsets: list[float] = []
    for index, cell in enumerate(row):
        offsets.append(0.0 if not index else offsets[-1] + (widths[row[index - 1]] + widths[cell]) / 2 + across)
    groups: list[tuple[float, int]] = []  # sum and number of what is to move as one
    for centre, offset in zip(wanted, offsets, strict=True):
        groups.append((centre - offset, 1))
        while len(groups) > 1 and groups[-2][0] / groups[-2][1] >= groups[-1][0] / groups[-1][1]:
            total, count = groups.pop()
            groups[-1] = (groups[-1][0] + total, groups[-1][1] + count)
    places = [total / count for total, count in groups for _ in range(count)]
    return {cell: place + offset for cell, place, offset in zip(row, places, offsets, strict=True)}
