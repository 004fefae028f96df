"""git's merge rule, for any value that three sides have, lack or share."""

from dataclasses import dataclass
from typing import TypeAlias, Union

from amlgit.compare.changes import MISSING, Missing, Path, Side
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


__all__ = ["MISSING", "Clash", "Merged", "equal", "is_of_texts", "resolve"]
