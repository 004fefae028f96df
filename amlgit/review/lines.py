"""Two texts line by line, with the words that changed."""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from difflib import SequenceMatcher

_CONTEXT = 2
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.4
"""Lines less alike than that have nothing to say to each other word by word."""


class Mark(Enum):
    """What a piece of a line is."""

    SAME = "same"
    OLD = "old"
    NEW = "new"
    OLD_WORD = "old word"
    NEW_WORD = "new word"


class Piece(NamedTuple):
    """A piece of a line."""

    text: str
    mark: Mark


class Line(NamedTuple):
    """A line of a diff: its sign (`-`, `+`, a blank; `@@` with the line numbers of what follows) and its pieces."""

    sign: str
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The whole line without its sign."""
        return "".join(piece.text for piece in self.pieces)


class Counts(NamedTuple):
    """How many lines came and went."""

    added: int
    removed: int


def counts(old: str, new: str) -> Counts:
    """How many lines two texts differ by."""
    matching = sum(block.size for block in _matcher(old.splitlines(), new.splitlines()).get_matching_blocks())
    return Counts(len(new.splitlines()) - matching, len(old.splitlines()) - matching)


def diff(old: str, new: str, context: int = _CONTEXT) -> Iterator[Line]:
    """The lines that differ, with some around them."""
    one, other = old.splitlines(), new.splitlines()
    for group in _matcher(one, other).get_grouped_opcodes(context):
        first, last = group[0], group[-1]
        numbers = f"-{first[1] + 1},{last[2] - first[1]} +{first[3] + 1},{last[4] - first[3]}"
        yield Line("@@", (Piece(numbers, Mark.SAME),))
        for tag, start, stop, new_start, new_stop in group:
            if tag == "equal":
                yield from (Line(" ", (Piece(line, Mark.SAME),)) for line in one[start:stop])
            else:
                yield from _changed(one[start:stop], other[new_start:new_stop])


def _matcher(old: Sequence[str], new: Sequence[str]) -> "SequenceMatcher[str]":
    from difflib import SequenceMatcher  # only where a script changed

    return SequenceMatcher(None, old, new, autojunk=False)


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    if len(old) == len(new):
        pairs = [_words(before, after) for before, after in zip(old, new, strict=True)]
        yield from (Line("-", before) for before, _ in pairs)
        yield from (Line("+", after) for _, after in pairs)
        return
    yield from (Line("-", (Piece(line, Mark.OLD),)) for line in old)
    yield from (Line("+", (Piece(line, Mark.NEW),)) for line in new)


def _words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    one, other = _WORD.findall(old), _WORD.findall(new)
    matcher = _matcher(one, other)
    if matcher.ratio() < _ALIKE:
        return (Piece(old, Mark.OLD),), (Piece(new, Mark.NEW),)
    before: list[Piece] = []
    after: list[Piece] = []
    for tag, start, stop, new_start, new_stop in matcher.get_opcodes():
        is_same = tag == "equal"
        if stop > start:
            before.append(Piece("".join(one[start:stop]), Mark.OLD if is_same else Mark.OLD_WORD))
        if new_stop > new_start:
            after.append(Piece("".join(other[new_start:new_stop]), Mark.NEW if is_same else Mark.NEW_WORD))
    return tuple(before), tuple(after)
