"""Keywords, texts, numbers and comments of a script's line, for colour alone."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_PYTHON = (
    "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not "
    "or pass raise return True try while with yield"
)
_R = "break else FALSE for function if in Inf library NA next NULL repeat require return TRUE while"
_SQL = (
    "all and as asc avg between by case cast count create cross delete desc distinct drop else end exists from full group having in inner insert "
    "into is join left like limit max min not null offset on or order outer right round select set sum table then union update values when where with"
)


class Token(NamedTuple):
    """A piece of a line; `kind` is a letter: k(eyword), s(tring), n(umber), c(omment), or nothing."""

    text: str
    kind: str


def _pattern(keywords: str, comment: str, flags: int = 0) -> re.Pattern[str]:
    words = "|".join(keywords.split())
    text = r"\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
    number = r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"
    return re.compile(rf"(?P<c>{comment}.*)|(?P<s>{text})|(?P<k>\b(?:{words})\b)|(?P<n>{number})", flags)


_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "py": _pattern(_PYTHON, "#"),
    "R": _pattern(_R, "#"),
    "sql": _pattern(_SQL, "--", re.IGNORECASE),
}


def tokens(line: str, language: str) -> Iterator[Token]:
    """The pieces of a line; one piece where the language is none that is known."""
    pattern = _PATTERNS.get(language)
    last = 0
    for match in pattern.finditer(line) if pattern is not None else ():
        if match.start() > last:
            yield Token(line[last : match.start()], "")
        yield Token(match[0], match.lastgroup or "")
        last = match.end()
    if last < len(line):
        yield Token(line[last:], "")
