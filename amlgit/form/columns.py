"""Column selections: percent-encoded JSON in a parameter's value, written as JSON where that can be undone exactly."""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, unquote

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, dumps, loads

_MAX_DEPTH = 20
"""Deeper than any selection; in the page it stands some levels down."""

_UNRESERVED = "-_.!~*'()"
"""What JavaScript's encodeURIComponent leaves alone besides letters and digits."""

_USUAL = tuple((character, f"%{ord(character):02X}") for character in '{":,[]} ')
_USUAL_TEXT = re.compile(rf"[A-Za-z0-9{re.escape(_UNRESERVED + ''.join(character for character, _ in _USUAL))}]*")
"""Texts in which nothing else is escaped: most selections, and the standard library goes through them character by character."""


class Columns(NamedTuple):
    """A decoded selection; `encoding` is 'percent' as Studio writes it, or 'plain' as some graphs hold it."""

    selection: Json
    encoding: str


def decode(value: str) -> Columns | None:
    """The selection in `value`, or None unless encoding it again gives the very same characters."""
    if value.startswith("%7B"):
        encoding = "percent"
    elif value.startswith('{"'):
        encoding = "plain"
    else:
        return None
    try:
        selection = loads((_unquoted(value) if encoding == "percent" else value).encode(), _MAX_DEPTH)
    except (InvalidDocument, ValueError):
        return None
    if not isinstance(selection, Mapping) or "rules" not in selection:
        return None
    columns = Columns(selection, encoding)
    return columns if encode(columns) == value else None


def encode(columns: Columns) -> str:
    """The parameter's value for a selection, its members in their order."""
    text = dumps(columns.selection).decode()
    return _quoted(text) if columns.encoding == "percent" else text


def _unquoted(value: str) -> str:
    text = value
    for character, escaped in _USUAL:
        text = text.replace(escaped, character)
    return text if "%" not in text else unquote(value, errors="strict")


def _quoted(text: str) -> str:
    if _USUAL_TEXT.fullmatch(text) is None:
        return quote(text, safe=_UNRESERVED)
    for character, escaped in _USUAL:
        text = text.replace(character, escaped)
    return text
