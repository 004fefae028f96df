"""Where JSON that we don't take goes wrong: looked for when a document is refused, so that reading a good one pays nothing for it."""

import json
import re

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import BOM, MAX_DEPTH, loads

_PIECE = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\],:]|[^\s{}\[\],:"]++')
_NAME_END = re.compile(r"\s*:")
_HALF_PAIR = re.compile("[\ud800-\udfff]")


def described(error: InvalidDocument, data: bytes, depth: int = MAX_DEPTH) -> str:
    """Why the document `data` was refused; where its JSON is to blame, with line and column in the whole of it, even if only a part was read."""
    try:
        loads(data, depth)
    except InvalidDocument as whole:
        text = data.removeprefix(BOM).decode(errors="replace")
        position = None if str(whole).startswith("line ") else _fault(text, depth)
        if position is None:
            return str(whole)
        line = text.count("\n", 0, position) + 1
        return f"line {line} column {position - text.rfind(chr(10), 0, position)}: {whole}"
    return str(error)


def _fault(text: str, depth: int) -> int | None:
    """Where the first thing stands that only a strict reader refuses: what is no JSON at all, the parser itself places."""
    names: list[set[str]] = []
    for match in _PIECE.finditer(text):
        piece = match[0]
        if len(names) > depth and piece not in "}]":
            return match.start()
        if piece in "{[":
            names.append(set())
        elif piece in "}]":
            names[-1:] = []
        elif piece.startswith('"'):
            value = _string(piece)
            is_name = bool(names) and _NAME_END.match(text, match.end()) is not None
            if _HALF_PAIR.search(value) or (is_name and value in names[-1]):
                return match.start()
            if is_name:
                names[-1].add(value)
        elif _is_out_of_range(piece):
            return match.start()
    return None


def _string(piece: str) -> str:
    try:
        value = json.loads(piece)
    except ValueError:
        return piece
    return str(value)


def _is_out_of_range(piece: str) -> bool:
    """Whether a bare word is NaN, infinite, or a number that is too large to be one."""
    try:
        return piece.lstrip("-") in ("NaN", "Infinity") or abs(float(piece)) == float("inf")
    except ValueError:
        return False
