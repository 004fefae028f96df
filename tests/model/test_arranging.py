"""Automatic layout: no boxes on each other, data flows down, the same picture for the same graph."""

import itertools
import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from amlgit.model.arranging import Box, arrange

SIZE = (200.0, 60.0)


def boxes(edges: Iterable[tuple[str, str]], *alone: str) -> dict[str, Box]:
    edges = list(edges)
    return arrange(dict.fromkeys({*alone, *(end for edge in edges for end in edge)}, SIZE), edges)


def is_clear(found: Iterable[Box]) -> bool:
    return all(
        abs(one.x - other.x) >= (one.width + other.width) / 2 or abs(one.y - other.y) >= (one.height + other.height) / 2
        for one, other in itertools.combinations(found, 2)
    )


@given(st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14)), max_size=30), st.randoms())
def test_boxes_keep_apart_and_data_flows_down_whatever_the_order_told(pairs: list[tuple[int, int]], source: random.Random) -> None:
    edges = [(f"n{min(pair):02}", f"n{max(pair):02}") for pair in pairs]
    found = boxes(edges, "alone")
    assert is_clear(found.values())
    assert all(found[one].y < found[other].y for one, other in edges if one != other)
    assert min(box.x - box.width / 2 for box in found.values()) >= -0.1
    source.shuffle(edges)
    assert boxes(edges, "alone") == found


def test_a_chain_is_a_column_and_a_tree_without_crossings_has_none() -> None:
    chain = boxes(itertools.pairwise("abcdef"))
    assert len({box.x for box in chain.values()}) == 1
    tree = boxes([("a", "b"), ("a", "c"), ("b", "d"), ("b", "e"), ("c", "f"), ("c", "g")])
    assert tree["a"].x == (tree["b"].x + tree["c"].x) / 2
    leaves = "".join(sorted("defg", key=lambda name: tree[name].x))
    assert {frozenset(leaves[:2]), frozenset(leaves[2:])} == {frozenset("de"), frozenset("fg")}


def test_what_is_fed_by_nothing_stands_right_above_what_it_feeds() -> None:
    found = boxes([("a", "b"), ("b", "c"), ("c", "d"), ("late", "d")])
    assert found["late"].y == found["c"].y


def test_a_circle_and_thousands_of_nodes_are_laid_out_all_the_same() -> None:
    found = boxes([("a", "b"), ("b", "c"), ("c", "a"), ("a", "a")])
    assert is_clear(found.values())
    long = boxes(itertools.pairwise(f"{number:05}" for number in range(5000)))
    assert len({box.y for box in long.values()}) == 5000
    assert arrange({}, []) == {}
