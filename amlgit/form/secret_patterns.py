"""What secrets look like in a text, and where in it they stand.

A text may come from anybody, so each rule looks at a character a few times at most, however the text is made up: where many matches
could begin in one row of characters and would all end, or fail, at its end, only the first is tried.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where a secret begins in a text, and where it ends."""


def _matches(pattern: str, text: str) -> Iterator[Span]:
    """The pattern's group `secret` in each of its matches."""
    for match in re.finditer(pattern, text):
        yield match.span("secret")


def _tokens(pattern: str, text: str) -> Iterator[Span]:
    """Whole matches; one without the group `rest` is a row of characters with no token in it."""
    for match in re.finditer(pattern, text):
        if match["rest"] is not None:
            yield match.span()


def _signatures(pattern: str, text: str) -> Iterator[Span]:
    """Signatures of which the pattern finds the beginning."""
    end = 0
    while match := re.compile(pattern).search(text, end):
        end = match.end()
        while (further := _end(rf"(?i){_BASE64_UNIT}{{0,4096}}", text, end)) > end:
            end = further  # by parts: in one match, each character of a long one would cost a hundred bytes of memory
        end = _end("={0,2}", text, end)
        yield match.start("secret"), end


def _in_urls(pattern: str, text: str) -> Iterator[Span]:
    """What stands between `://` and `@`; a scheme's name may be as long as it likes, so it is looked for backwards."""
    last = 0
    for match in re.finditer(pattern, text):
        before = text[last : match.start()]
        scheme = last + len(before.rstrip(_SCHEME))
        if re.compile(r"\b[A-Za-z]").search(text, scheme, match.start()):
            yield match.span("secret")
        last = match.end()


def _private_keys(pattern: str, text: str) -> Iterator[Span]:
    """What stands behind the line that the pattern finds, up to the line at the end or what is in no key."""
    end = 0
    for match in re.finditer(pattern, text):
        if match.start() < end:
            continue  # a line within a key
        stop = re.compile(r"-----END|[^A-Za-z0-9+/=\s:,.\\-]").search(text, match.end())
        end = stop.start() if stop else len(text)
        if end > match.end():
            yield match.end(), end


def _mixed(pattern: str, text: str) -> Iterator[Span]:
    """Values with a digit and a letter in them, or behind them in the same row; the pattern finds the beginning of one."""
    position = row_end = mixed_until = 0
    while match := re.compile(pattern).search(text, position):
        start = position = match.start("secret")
        if start >= row_end:
            row_end, *last = (_end(part, text, start) for part in (r"[^\s;,]*", r"[^\s;,]*[0-9]", r"[^\s;,]*[A-Za-z]"))
            mixed_until = min(last)
        if start < mixed_until:
            position = _end(f"{_VALUE}*", text, start)
            yield start, position


def _end(pattern: str, text: str, start: int) -> int:
    match = re.compile(pattern).match(text, start)
    return match.end() if match else start


class Rule(NamedTuple):
    """Regular expressions, compiled when a text may match: most runs meet none, and compiling them all takes longer than a hook may."""

    reason: str
    pattern: str
    context: str | None = None
    """What else has to stand in a text."""
    find: Callable[[str, str], Iterator[Span]] = _matches

    def spans(self, text: str) -> Iterator[Span]:
        """Where the secrets stand in a text, in order."""
        return self.find(self.pattern, text) if self.context is None or re.search(self.context, text) else iter(())


_BASE64_UNIT = r"(?:[A-Za-z0-9+/_\-]|%(?:25)*(?:2[BbFf]|3[Dd]))"
_PART = r"[A-Za-z0-9_\-]"
_SCHEME = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+.-"
_VALUE = r"[^\s;,\"'$<>{}()\[\]]"

CERTAIN = (
    Rule(
        "account key",
        r"(?i)\b(?:AccountKey|SharedAccessKey|SharedSecretValue)\s*=\s*(?P<secret>[^;,\s\"'<>&$]{16,})",
    ),
    Rule(
        "signature",
        rf"(?i)(?:\b|%(?:25)*(?:3F|26)|\\u0026)(?:sig|signature)(?:=|%(?:25)*3D)(?P<secret>{_BASE64_UNIT}{{16}})",
        find=_signatures,
    ),
    Rule(
        "password",
        r"(?i)\b(?:password|pwd)\s*=\s*[\"']?(?P<secret>(?<=[\"'])[^\"']+|[^;\"'\s][^;\"']*)",
        r"(?i)\b(?:server|data source|user id|uid|initial catalog|database|driver|account ?name|host)\s*=",
    ),
    Rule("bearer token", r"(?i)\bbearer[ \t\r\n]+(?P<secret>[A-Za-z0-9\-._~+/]{20,}=*)"),
    Rule("password", r"://(?<=[A-Za-z0-9+.\-]://)[^\s/:@\"'<>]*+:(?P<secret>[^\s/@\"'<>]++)@", find=_in_urls),
    Rule("private key", "-----BEGIN [A-Z ]*PRIVATE KEY-----", find=_private_keys),
    Rule("token", rf"eyJ(?<=\beyJ)(?:{_PART}{{10,}}+(?P<rest>\.eyJ{_PART}{{10,}}+\.{_PART}{{10,}}+)|{_PART}*+)", find=_tokens),
    Rule("key", r"(?i)(?:key|token|secret|password|credential)[\"']?\s*(?::|=|<-)\s*[\"']?(?P<secret>[A-Za-z0-9+/]{86}==)"),
)
"""Whatever matches is a secret."""

SUSPECT = (
    Rule("64 bytes in base64, as storage and endpoint keys are", r"(?<![A-Za-z0-9+/=])(?P<secret>[A-Za-z0-9+/]{86}==)(?![A-Za-z0-9+/=])"),
    Rule(
        "a value given to a password, key or token",
        (
            r"(?i)(?:password|passwd|pwd|api[_ -]?key|account[_ -]?key|access[_ -]?key|secret|token)[A-Za-z0-9_]{0,20}[\"']?\s*(?:=|:|<-)\s*"
            r"[\"'](?P<secret>(?=[^\"']*[0-9])(?=[^\"']*[A-Za-z])[^\s\"'$<>{}]{8,})[\"']"
        ),
    ),
    Rule("a value given to a password", rf"(?i)\b(?:password|passwd|pwd)\s*[=:]\s*(?P<secret>{_VALUE}{{8}})", find=_mixed),
)
"""What matches may be one."""

SUSPECT_NAME = (
    r"(?i)(?:password|passwd|pwd|secret|token"
    r"|(?:api|access|account|auth|authorization|private|service|shared|storage|subscription|workspace)[ _-]?key)$"
)
"""How parameters are named that hold one: of type Credential are those of built-in modules only, the key of a custom module is a text."""

SUSPECT_VALUE = r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[^\s\"'$<>{}]{8,}"
"""A whole value that may be one in such a parameter."""
