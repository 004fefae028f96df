"""Text on a terminal: what it means, how wide it is, and where its lines are broken."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from amlgit.model.jsontext import printable


class Role(StrEnum):
    """What a piece of text is, for whoever gives it a colour."""

    TEXT = "text"
    TITLE = "title"
    HEADING = "heading"
    NODE = "node"
    NAME = "name"
    FAINT = "faint"
    SECRET = "secret"  # noqa: S105  # a role of text
    PROBLEM = "problem"
    SCRIPT = "script"


class Span(NamedTuple):
    """A piece of a line; its text is fit for a terminal if it was made by `span`."""

    text: str
    role: Role


Line: TypeAlias = tuple[Span, ...]

_PIECES = re.compile(r"\s+|[^\s\u1100-\U0010ffff]+|\S")
"""Blanks, words, and the characters between any two of which a line may be broken."""


def span(text: str, role: Role = Role.TEXT) -> Span:
    """A piece of a line, without anything that could move the cursor."""
    return Span(printable(text, len(text)), role)


def width(text: str) -> int:
    """The cells that a text takes."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def cut(text: str, columns: int) -> str:
    """A text that takes no more than `columns` cells, with an ellipsis where that is not all of it."""
    if width(text) <= columns:
        return text
    kept, taken = "", 1
    for character in text:
        taken += _cells(character)
        if taken > columns:
            break
        kept += character
    return f"{kept}…"


def _cells(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1


def wrapped(spans: Sequence[Span], columns: int | None, indent: int, hanging: int) -> Iterator[Line]:
    """The lines of a text, the first indented by `indent` blanks and the others by `hanging`; a word that is too long is not broken."""
    if columns is None:
        yield _line(indent, spans)
        return
    line: list[Span] = []
    start = at = indent
    for piece in _pieces(spans):
        taken = width(piece.text)
        if at + taken > columns and at > start and not piece.text.isspace():
            yield _line(start, line)
            line, start, at = [], hanging, hanging
        if not (piece.text.isspace() and at == start):
            line.append(piece)
            at += taken
    yield _line(start, line)


def _pieces(spans: Iterable[Span]) -> Iterator[Span]:
    for text, role in spans:
        for piece in _PIECES.findall(text):
            yield Span(piece, role)


def _line(indent: int, spans: Sequence[Span]) -> Line:
    """A line with neighbours of one role joined, and without blanks at its end."""
    joined: list[Span] = [Span(" " * indent, Role.TEXT)] if indent else []
    for text, role in spans:
        if joined and joined[-1].role is role:
            joined[-1] = Span(joined[-1].text + text, role)
        else:
            joined.append(Span(text, role))
    while joined and not joined[-1].text.strip():
        joined.pop()
    if joined:
        joined[-1] = Span(joined[-1].text.rstrip(), joined[-1].role)
    return tuple(joined)
