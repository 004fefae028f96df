"""Texts line by line: a three-way merge."""

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple


def merge_text(base: str, ours: str, theirs: str) -> str | None:
    """Both sides' edits of a text, or None where they touch the same or neighbouring lines in different ways."""
    sides = [text.splitlines(keepends=True) for text in (base, ours, theirs)]
    # the search for what is shared takes time by the square: a long text with few edits has little left for it
    start, end = _shared_ends(sides)
    merged = sides[0][:start]
    tail = sides[0][len(sides[0]) - end :]
    sides = [lines[start : len(lines) - end] for lines in sides]
    for region in _regions(*sides):
        parts = [lines[start:stop] for lines, (start, stop) in zip(sides, region, strict=True)]
        old, mine, yours = parts
        if mine in (yours, old):
            merged += yours
        elif yours == old:
            merged += mine
        else:
            return None
    return "".join([*merged, *tail])


def _shared_ends(sides: Sequence[Sequence[str]]) -> tuple[int, int]:
    """How many lines all sides share at the start, and of the others at the end."""
    shortest = min(map(len, sides))
    start = next((index for index in range(shortest) if len({lines[index] for lines in sides}) > 1), shortest)
    end = next((index for index in range(shortest - start) if len({lines[-1 - index] for lines in sides}) > 1), shortest - start)
    return start, end


class _Anchor(NamedTuple):
    """A run of lines that all three sides share: where it begins in each, and how long it is."""

    base: int
    ours: int
    theirs: int
    length: int


def _regions(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[tuple[int, int], ...]]:
    """(start, stop) in base, ours and theirs: by turns what all share and what some changed."""
    at = (0, 0, 0)
    for anchor in [*_anchors(base, ours, theirs), _Anchor(len(base), len(ours), len(theirs), 0)]:
        yield tuple(zip(at, anchor[:3], strict=True))
        end = tuple(start + anchor.length for start in anchor[:3])
        yield tuple(zip(anchor[:3], end, strict=True))
        at = (end[0], end[1], end[2])


def _anchors(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> Iterator[_Anchor]:
    """Where a matching of base with ours and one of base with theirs overlap."""
    one, other = (SequenceMatcher(None, base, side, autojunk=False).get_matching_blocks() for side in (ours, theirs))
    first = second = 0
    while first < len(one) and second < len(other):
        mine, yours = one[first], other[second]
        start, stop = max(mine.a, yours.a), min(mine.a + mine.size, yours.a + yours.size)
        if start < stop:
            yield _Anchor(start, mine.b + start - mine.a, yours.b + start - yours.a, stop - start)
        if mine.a + mine.size < yours.a + yours.size:
            first += 1
        else:
            second += 1
