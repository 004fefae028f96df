"""git's merge rule, for any value that three sides have, lack or share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from amlgit.compare.changes import Missing, Path, Side
from amlgit.model.jsontext import Object, same


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """A place where both sides changed one thing differently; swapping the sides of a merge swaps `ours` and `theirs`."""

    path: Path
    base: Side
    ours: Side
    theirs: Side
    reason: str = ""
    """Why it is none to be settled by taking both, where the values alone don't say."""


Merged: TypeAlias = Union[Side, Clash]


def equal(one: Side, other: Side) -> bool:
    """Whether two sides have the same JSON, or neither has any."""
    if one is other:
        return True
    if type(one) is not type(other) or one != other or isinstance(one, Missing) or isinstance(other, Missing):
        return False
    # what equals a text is one; numbers, truth values and what holds them need the closer look: 1 == True
    return type(one) is str or (type(one) is dict and is_of_texts(one)) or same(one, other)


def is_of_texts(entry: Object) -> bool:
    """Whether an object holds nothing but texts and nulls: then only its like is equal to it."""
    return _TEXTS.issuperset(map(type, entry.values()))


_TEXTS = frozenset({str, type(None)})


def resolve(path: Path, base: Side, ours: Side, theirs: Side) -> Merged:
    """What both sides agree on, or what the only one that changed it made of it; else a clash."""
    if equal(ours, theirs) or equal(base, theirs):
        return ours
    if equal(base, ours):
        return theirs
    return Clash(path=path, base=base, ours=ours, theirs=theirs)


def _known(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The names that all three sides have, in the order of each."""
    shared = set(base) & set(ours) & set(theirs)
    before, mine, yours = ([name for name in side if name in shared] for side in (base, ours, theirs))
    return before, mine, yours


def is_reordered_twice(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> bool:
    """Whether each side gave the names an order of its own."""
    before, mine, yours = _known(base, ours, theirs)
    return mine != before and yours not in (before, mine)


def order(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """The names of both sides in the order of the side that changed it, each new one behind the name it stood behind."""
    before, mine, yours = _known(base, ours, theirs)
    if mine == yours or before not in (mine, yours):
        first, second = sorted((list(ours), list(theirs)))  # whichever side is called ours
    else:
        first, second = (list(theirs), list(ours)) if mine == before else (list(ours), list(theirs))
    merged = list(first)
    present = set(first)
    for index, name in enumerate(second):
        if name not in present:
            merged.insert(merged.index(second[index - 1]) + 1 if index else 0, name)
    return merged
