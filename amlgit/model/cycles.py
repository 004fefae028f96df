"""Cycles in a graph, found the same way in experiments and in web service definitions."""

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter


def cycle(edges: Iterable[tuple[str, str]]) -> Sequence[str]:
    """The nodes of one cycle in the direction of its edges, the first by name first; empty where there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in sorted(edges):
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        found: list[str] = error.args[1][:-1]
        start = found.index(min(found))
        return [*found[start:], *found[:start]]
    return ()
