"""The order in which data flows through a graph."""

import heapq
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias

Place: TypeAlias = tuple[float, float]
"""Where a node stands: y (down), x."""

_DIGITS = re.compile(r"([0-9]+)")
_NOWHERE = (float("inf"), float("inf"))


def natural(name: str) -> tuple[tuple[str, int, str], ...]:
    """A sort key by which `node2` comes before `node10`."""
    pieces = _DIGITS.split(name)
    return tuple((text.casefold(), int(number[:100] or 0), text) for text, number in zip(pieces[::2], [*pieces[1::2], ""], strict=True))


def flow_order(names: Mapping[str, str], edges: Iterable[tuple[str, str]], places: Mapping[str, Place]) -> list[str]:
    """The nodes, each behind those that feed it; among those that are ready from top to bottom, else by name.

    In a circle some node has to come first: it is the one that would come first were there no edges. Edges from or to what is
    no node are passed over.
    """
    keys = {node: (*places.get(node, _NOWHERE), natural(name), node) for node, name in names.items()}
    feeds: dict[str, set[str]] = {node: set() for node in names}
    waiting = dict.fromkeys(names, 0)
    for source, target in edges:
        if source in feeds and target in feeds and source != target and target not in feeds[source]:
            feeds[source].add(target)
            waiting[target] += 1
    ready = [keys[node] for node, count in waiting.items() if count == 0]
    heapq.heapify(ready)
    by_place = iter(sorted(keys.values()))
    order: dict[str, None] = {}
    while len(order) < len(names):
        node = heapq.heappop(ready)[-1] if ready else next(key[-1] for key in by_place if key[-1] not in order)
        order[node] = None
        for target in feeds[node]:
            waiting[target] -= 1
            if waiting[target] == 0 and target not in order:
                heapq.heappush(ready, keys[target])
    return list(order)
