"""A graph that the user drew nowhere, in layers as its data flows: where each box stands, and the way of each wire past all other boxes."""

from bisect import bisect_right, insort
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from amlgit.review.flow import flow_order

Point: TypeAlias = tuple[int, int]
"""The middle of a box: x to the right, y down."""

WIDTH, HEIGHT = 190, 46
"""Of a box."""
ACROSS, DOWN = WIDTH + 30, HEIGHT + 54
"""From one box to the next where we choose the places."""
_BESIDE_A_BOX, _BESIDE_A_WIRE = 18, 14
"""Room that a wire has to a box, and to another wire."""
_MOST_IN_A_ROW = 12
_SWEEPS, _MOVES = 8, 6


class Edge(NamedTuple):
    """What is to be joined; `out` and `into` are the ports' places beside the middles of their boxes."""

    source: str
    target: str
    out: int = 0
    into: int = 0
    is_shaping: bool = True
    """Whether it has a say in which box stands above which."""
    is_gone: bool = False


class Pass(NamedTuple):
    """A straight part of a wire, past a row of boxes: at `x` from `start` to `stop`, downwards or (against the flow) upwards."""

    x: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The places of boxes, and what each edge (by its number) passes between its two ends."""

    places: Mapping[str, Point]
    ways: Sequence[tuple[Pass, ...]]


_Item: TypeAlias = Hashable
"""A box by its key, or (a tuple) a wire that passes a row."""


class _Segment(NamedTuple):
    """A part of a wire from a row to the next one; offsets as in `Edge`."""

    above: _Item
    below: _Item
    out: int
    into: int
    weight: int
    """How much it wants to be straight."""


def layered(keys: Sequence[str], edges: Sequence[Edge]) -> Layers:
    """Every box below all that feed it, near what it is wired to."""
    rows = _rows(keys, [edge for edge in edges if edge.is_shaping and edge.source != edge.target])
    row_of = {key: number for number, row in enumerate(rows) for key in row}
    items: list[list[_Item]] = [[*row] for row in rows]
    chains: list[list[_Item]] = []
    segments: dict[int, dict[_Segment, None]] = {}
    known: set[_Item] = set()
    for number, edge in enumerate(edges):
        chain = _chain(number, edge, row_of)
        for row, item in chain:
            if item not in known:
                known.add(item)
                items[row].append(item)
        for row, segment in _segments(edge, chain, row_of):
            segments.setdefault(row, {})[segment] = None
        chains.append([item for _, item in chain])
    by_row = [list(segments.get(row, ())) for row in range(len(items))]
    _put_in_order(items, by_row)
    xs = _spread(items, by_row)
    places = {key: (xs[key], row * DOWN) for key, row in row_of.items()}
    return Layers(places=places, ways=[_way(chain, xs, edge, row_of) for chain, edge in zip(chains, edges, strict=True)])


# --- rows


def _rows(keys: Sequence[str], edges: Sequence[Edge]) -> list[list[str]]:
    """Each box a layer below the lowest that feeds it, what nothing feeds right above what it feeds; a layer of many boxes is several rows."""
    sources: dict[str, list[str]] = {}
    targets: dict[str, list[str]] = {}
    for edge in edges:
        sources.setdefault(edge.target, []).append(edge.source)
        targets.setdefault(edge.source, []).append(edge.target)
    order = flow_order({key: key for key in keys}, [(edge.source, edge.target) for edge in edges], {})
    layers: dict[str, int] = {}
    for key in order:
        layers[key] = 1 + max((layers[one] for one in sources.get(key, ()) if one in layers), default=-1)
    for key in order:
        if key not in sources and key in targets:
            layers[key] = max(0, min(layers[one] for one in targets[key]) - 1)
    found: dict[int, list[str]] = {}
    for key in order:
        found.setdefault(layers[key], []).append(key)
    parts = ((found[layer], start) for layer in sorted(found) for start in range(0, len(found[layer]), _MOST_IN_A_ROW))
    return [row[start : start + _MOST_IN_A_ROW] for row, start in parts]


def _chain(number: int, edge: Edge, row_of: Mapping[str, int]) -> list[tuple[int, _Item]]:
    """The rows that a wire passes; wires out of one port go together as far as they can, one against the flow goes beside both its ends."""
    start, stop = row_of[edge.source], row_of[edge.target]
    if stop > start:
        return [(row, (edge.source, edge.out, edge.is_gone, row)) for row in range(start + 1, stop)]
    return [(row, (number, row)) for row in range(start, stop - 1, -1)]


def _segments(edge: Edge, chain: Sequence[tuple[int, _Item]], row_of: Mapping[str, int]) -> Iterable[tuple[int, _Segment]]:
    """The parts of a wire, each by the row that it leaves downwards."""
    start, stop = row_of[edge.source], row_of[edge.target]
    if stop <= start:
        # upwards: its passes alone, and a pull to what it joins
        return [(row, _Segment(above, below, 0, 0, 8)) for (_, below), (row, above) in pairwise(chain)]
    ends = [(start, edge.source), *chain, (stop, edge.target)]
    found = []
    for (row, above), (_, below) in pairwise(ends):
        is_from, is_to = above == edge.source, below == edge.target
        weight = 1 if is_from and is_to else 2 if is_from or is_to else 8
        found.append((row, _Segment(above, below, edge.out if is_from else 0, edge.into if is_to else 0, weight)))
    return found


# --- order within rows


def _put_in_order(items: list[list[_Item]], segments: Sequence[Sequence[_Segment]]) -> None:
    """Rearrange each row so that few wires cross: by the middle of what it is wired to above, then below, and so on."""
    best, fewest = [list(row) for row in items], _crossings(items, segments)
    for sweep in range(_SWEEPS):
        if fewest == 0:
            break
        is_down = sweep % 2 == 0
        for number in range(1, len(items)) if is_down else range(len(items) - 2, -1, -1):
            _sort_row(items, number, segments[number - 1] if is_down else segments[number], is_down=is_down)
        crossings = _crossings(items, segments)
        if crossings < fewest:
            best, fewest = [list(row) for row in items], crossings
    items[:] = best


def _sort_row(items: list[list[_Item]], number: int, segments: Sequence[_Segment], *, is_down: bool) -> None:
    other = items[number - 1 if is_down else number + 1]
    # where in its row something stands, from 0 to 1, and its port
    scale = 1 / max(len(other), 1)
    place = {item: index * scale for index, item in enumerate(other)}
    seen: dict[_Item, list[float]] = {}
    for segment in segments:
        own, far, port = (segment.below, segment.above, segment.out) if is_down else (segment.above, segment.below, segment.into)
        seen.setdefault(own, []).append(place[far] + port / WIDTH * scale)
    row, own_scale = items[number], 1 / max(len(items[number]), 1)
    wished = {item: sum(seen[item]) / len(seen[item]) if item in seen else index * own_scale for index, item in enumerate(row)}
    row.sort(key=lambda item: wished[item])


def _crossings(items: Sequence[Sequence[_Item]], segments: Sequence[Sequence[_Segment]]) -> int:
    count = 0
    for number, (row, below) in enumerate(pairwise(items)):
        upper, lower = ({item: index for index, item in enumerate(one)} for one in (row, below))
        ends = sorted(((upper[one.above], one.out), (lower[one.below], one.into)) for one in segments[number])
        seen: list[tuple[int, int]] = []
        for _, end in ends:
            count += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return count


# --- places within rows


def _spread(items: Sequence[Sequence[_Item]], segments: Sequence[Sequence[_Segment]]) -> dict[_Item, int]:
    """How far to the right each box and each passing wire is: as straight below and above what it is wired to as its neighbours let it."""
    rooms = [_rooms(row) for row in items]
    xs: dict[_Item, float] = {}
    for row, room in zip(items, rooms, strict=True):
        xs.update(zip(row, (at - room[-1] / 2 for at in room), strict=True) if row else ())
    above: dict[_Item, list[tuple[_Item, int, int]]] = {}
    below: dict[_Item, list[tuple[_Item, int, int]]] = {}
    for segment in (segment for row in segments for segment in row):
        above.setdefault(segment.below, []).append((segment.above, segment.out - segment.into, segment.weight))
        below.setdefault(segment.above, []).append((segment.below, segment.into - segment.out, segment.weight))
    for move in range(_MOVES):
        is_down, is_last = move % 2 == 0, move >= _MOVES - 2
        for number in range(len(items)) if is_down else range(len(items) - 1, -1, -1):
            row = items[number]
            wished = []
            for item in row:
                near = [*above.get(item, ()), *below.get(item, ())] if is_last else (above if is_down else below).get(item, ())
                weight = sum(each[2] for each in near)
                wished.append((sum((xs[other] + offset) * each for other, offset, each in near) / weight, weight) if weight else (xs[item], 0.1))
            xs.update(zip(row, _apart(wished, rooms[number]), strict=True))
    return {item: round(x) for item, x in xs.items()}


def _rooms(row: Sequence[_Item]) -> list[float]:
    """How far from the first of a row each other one is at least."""
    found = [0.0][: len(row)]
    for one, other in pairwise(row):
        wires = isinstance(one, tuple) + isinstance(other, tuple)
        found.append(found[-1] + (ACROSS, WIDTH / 2 + _BESIDE_A_BOX, _BESIDE_A_WIRE)[wires])
    return found


def _apart(wished: Sequence[tuple[float, float]], rooms: Sequence[float]) -> list[float]:
    """The places nearest to those wished for (each with its weight) that keep the order and the room between neighbours.

    Neighbours that would come too near are one block, which stands at the mean of what all in it wish.
    """
    blocks: list[tuple[float, float, int]] = []
    for (place, weight), room in zip(wished, rooms, strict=True):
        block = (place - room, weight, 1)
        while blocks and blocks[-1][0] > block[0]:
            mean, heavy, count = blocks.pop()
            total = heavy + block[1]
            block = ((mean * heavy + block[0] * block[1]) / total, total, count + block[2])
        blocks.append(block)
    starts = [mean for mean, _, count in blocks for _ in range(count)]
    return [start + room for start, room in zip(starts, rooms, strict=True)]


# --- ways


def _way(chain: Sequence[_Item], xs: Mapping[_Item, int], edge: Edge, row_of: Mapping[str, int]) -> tuple[Pass, ...]:
    start, stop = row_of[edge.source], row_of[edge.target]
    rows, half = range(start + 1, stop) if stop > start else range(start, stop - 1, -1), HEIGHT // 2 if stop > start else -(HEIGHT // 2)
    found: list[Pass] = []
    for row, item in zip(rows, chain, strict=True):
        x, y = xs[item], row * DOWN
        if found and found[-1].x == x:
            found[-1] = found[-1]._replace(stop=y + half)
        else:
            found.append(Pass(x, y - half, y + half))
    return tuple(found)
