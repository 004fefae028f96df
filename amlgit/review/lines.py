"""Two texts line by line, with the words that changed."""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from difflib import SequenceMatcher

_CONTEXT = 2
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ALIKE = 0.5
"""Lines less alike than that have nothing to say to each other word by word."""
_MOST_PAIRS = 400
"""Pairs of lines in one place that are tried for likeness; more take too long, and nobody reads them word by word."""
_MOST_WORDS = 1000
_MANY_LINES = 5000
"""From so many lines on difflib's shortcut for frequent lines is worth an untidy place now and then."""


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


class Difference(NamedTuple):
    """What differs between two texts: how many lines, and where they differ with some lines around."""

    counts: Counts
    lines: tuple[Line, ...]
    ends: str
    """What became of the line ends, where those differ; else empty."""


def difference(old: str, new: str, context: int = _CONTEXT) -> Difference:
    """What differs between two texts; whatever ends a line (CRLF or LF) is no part of it."""
    one, other = (_lines(text) for text in (old, new))
    groups = list(_groups(one, other, context))
    opcodes = [opcode for group in groups for opcode in group if opcode[0] != "equal"]
    counts = Counts(sum(stop - start for *_, start, stop in opcodes), sum(stop - start for _, start, stop, *_ in opcodes))
    return Difference(counts, tuple(line for group in groups for line in _shown(group, one, other)), _ends(old, new))


def _lines(text: str) -> list[str]:
    """The lines as an editor has them: other characters that Python would break a line at are part of it."""
    lines = text.replace("\r\n", "\n").split("\n")
    return lines[:-1] if lines[-1] == "" else lines


def _ends(old: str, new: str) -> str:
    kinds = [_kind_of_ends(text) for text in (old, new)]
    if kinds[0] and kinds[1] and kinds[0] != kinds[1]:
        return f"line ends {kinds[0]} → {kinds[1]}"
    if old and new and old.endswith("\n") != new.endswith("\n"):
        return "a final line end" if new.endswith("\n") else "no final line end"
    return ""


def _kind_of_ends(text: str) -> str:
    crlf, every = text.count("\r\n"), text.count("\n")
    return "" if not every else "CRLF" if crlf == every else "mixed" if crlf else "LF"


_Opcode = tuple[str, int, int, int, int]


def _groups(one: Sequence[str], other: Sequence[str], context: int) -> Iterator[list[_Opcode]]:
    """Difflib's groups of opcodes, found without what both texts begin and end with."""
    start = _common(one, other)
    end = _common(one[start:][::-1], other[start:][::-1])
    first = max(start - context, 0)
    last = max(end - context, 0)
    matcher = _matcher(one[first : len(one) - last], other[first : len(other) - last])
    if one == other:
        return
    for group in matcher.get_grouped_opcodes(context):
        yield [(tag, old + first, old_stop + first, new + first, new_stop + first) for tag, old, old_stop, new, new_stop in group]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return next((index for index, (left, right) in enumerate(zip(one, other, strict=False)) if left != right), min(len(one), len(other)))


def _matcher(old: Sequence[str], new: Sequence[str]) -> "SequenceMatcher[str]":
    from difflib import SequenceMatcher  # only where a text changed

    return SequenceMatcher(None, old, new, autojunk=len(old) + len(new) > _MANY_LINES)


def _shown(group: Sequence[_Opcode], one: Sequence[str], other: Sequence[str]) -> Iterator[Line]:
    numbers = f"-{_span(group[0][1], group[-1][2])} +{_span(group[0][3], group[-1][4])}"
    yield Line("@@", (Piece(numbers, Mark.SAME),))
    for tag, start, stop, new_start, new_stop in group:
        if tag == "equal":
            yield from (Line(" ", (Piece(line, Mark.SAME),)) for line in one[start:stop])
        else:
            yield from _changed(one[start:stop], other[new_start:new_stop])


def _span(start: int, stop: int) -> str:
    """Line numbers as git writes them."""
    count = stop - start
    return f"{start + 1}" if count == 1 else f"{start + 1 if count else start},{count}"


def _changed(old: Sequence[str], new: Sequence[str]) -> Iterator[Line]:
    pairs = dict(_alike(old, new))
    words = {index: _words(old[index], new[target]) for index, target in pairs.items()}
    by_target = {target: words[index][1] for index, target in pairs.items()}
    yield from (Line("-", words[index][0] if index in words else (Piece(line, Mark.OLD),)) for index, line in enumerate(old))
    yield from (Line("+", by_target.get(index, (Piece(line, Mark.NEW),))) for index, line in enumerate(new))


def _alike(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs of lines of which one became the other, in order."""
    if len(old) * len(new) > _MOST_PAIRS:
        if len(old) == len(new):
            yield from ((index, index) for index in range(len(old)))
        return
    start = 0
    for index, line in enumerate(old):
        likeness = [(_likeness(line, candidate), -target) for target, candidate in enumerate(new[start:], start)]
        best, target = max(likeness, default=(0.0, 0))
        if best >= _ALIKE:
            yield index, -target
            start = -target + 1


def _likeness(old: str, new: str) -> float:
    one, other = _WORD.findall(old), _WORD.findall(new)
    if max(len(one), len(other)) > _MOST_WORDS:
        return 1.0 if _common(old, new) else 0.0
    matcher = _matcher([word for word in one if not word.isspace()], [word for word in other if not word.isspace()])
    return matcher.ratio() if matcher.quick_ratio() >= _ALIKE else 0.0


def words(old: str, new: str) -> tuple[Piece, ...]:
    """A new line with the words that an old one does not have."""
    return _words(old, new)[1]


def lost(old: str, news: Iterable[str]) -> tuple[Piece, ...]:
    """An old line with the words that one of several new ones does not have any more."""
    return together(_words(old, new)[0] for new in news)


def together(sides: Iterable[Sequence[Piece]]) -> tuple[Piece, ...]:
    """The pieces of one line as several sides have them, with every word marked that is on one of them."""
    marked = [[(character, piece.mark is Mark.OLD_WORD) for piece in pieces for character in piece.text] for pieces in sides]
    characters = [(column[0][0], any(is_word for _, is_word in column)) for column in zip(*marked, strict=True)]
    runs = (list(run) for _, run in groupby(characters, key=lambda entry: entry[1]))
    return tuple(Piece("".join(character for character, _ in run), Mark.OLD_WORD if run[0][1] else Mark.OLD) for run in runs)


def _words(old: str, new: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    one, other = _WORD.findall(old), _WORD.findall(new)
    if max(len(one), len(other)) > _MOST_WORDS:
        one, other = (_ends_and_middle(line, old, new) for line in (old, new))
    before: list[Piece] = []
    after: list[Piece] = []
    for tag, start, stop, new_start, new_stop in _matcher(one, other).get_opcodes():
        is_same = tag == "equal"
        if stop > start:
            before.append(Piece("".join(one[start:stop]), Mark.OLD if is_same else Mark.OLD_WORD))
        if new_stop > new_start:
            after.append(Piece("".join(other[new_start:new_stop]), Mark.NEW if is_same else Mark.NEW_WORD))
    return tuple(before), tuple(after)


def _ends_and_middle(line: str, old: str, new: str) -> list[str]:
    """A very long line in three pieces, of which the middle differs."""
    start = _common(old, new)
    end = _common(old[start:][::-1], new[start:][::-1])
    return [line[:start], line[start : len(line) - end], line[len(line) - end :]]


_LONGEST = 240
"""Characters of a line that are shown whole."""
_KEPT = 60
"""Characters that stay beside a change in a longer line."""


def shortened(line: Line) -> Line:
    """A line that people can read: in a long one what is the same on both sides is left out but for its ends."""
    if len(line.text) <= _LONGEST:
        return line
    pieces = [Piece(_cut(piece.text, _KEPT if piece.mark in (Mark.SAME, Mark.OLD, Mark.NEW) else _LONGEST), piece.mark) for piece in line.pieces]
    return Line(line.sign, tuple(pieces))


def _cut(text: str, kept: int) -> str:
    return text if len(text) <= 2 * kept else f"{text[:kept]} … {text[-kept:]}"
