"""JSON text in and out: strict about what it takes, exact about what it keeps.

Duplicate keys, NaN, infinities, lone surrogates, too deep and too large documents are refused; the text of a number survives.
"""

import functools
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias, TypeVar, Union

import msgspec

from amlgit.errors import InvalidDocument


class Number:
    """A number whose spelling Python would not give back, such as `1E5`, `-0` or `1.10`.

    Not a dataclass: the encoder would take those for objects before it asks us.
    """

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Number) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:
        return f"Number({self.text!r})"


Json: TypeAlias = Union[bool, int, float, str, Number, Sequence["Json"], Mapping[str, "Json"], None]
Object: TypeAlias = Mapping[str, Json]

MAX_BYTES = 64 * 1024 * 1024
"""The largest document taken; real exports are 30 KB to a few MB."""

MAX_DEPTH = 100
"""The deepest nesting taken; real exports nest ten levels."""

_SHALLOW = 10
"""Levels of the fast decoder: real exports nest eight, and each more doubles its start-up."""

_ESCAPED_SLASH = re.compile(rb"\\/")
BOM = b"\xef\xbb\xbf"


def _nested(levels: int) -> object:
    """The type of JSON at most `levels` deep, so that the fast decoder checks the depth while it decodes."""
    scalar = Union[str, int, float, bool, None]
    nested: object = scalar
    for level in range(levels):
        # a variable stands for the level below: spelled out twice a level, the type would double in size with each
        below = TypeVar(f"Level{level}", bound=nested)  # type: ignore[misc]  # built at run time
        nested = Union[scalar, list[below], dict[str, below]]  # type: ignore[valid-type]  # built at run time
    return nested


def _encode_number(value: object) -> msgspec.Raw:
    if isinstance(value, Number):
        return msgspec.Raw(value.text.encode())
    raise TypeError(f"not JSON: {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_encode_number)
_sorting_encoder = msgspec.json.Encoder(enc_hook=_encode_number, order="sorted")


_decoder: "msgspec.json.Decoder[Json]" = msgspec.json.Decoder()


@functools.cache
def _shallow_decoder() -> msgspec.json.Decoder[Json]:
    return msgspec.json.Decoder(_nested(_SHALLOW))


def loads(data: bytes, depth: int = MAX_DEPTH) -> Json:
    """The value of UTF-8 JSON `data` (a byte order mark is passed over); raises InvalidDocument with the place of the fault."""
    if len(data) > MAX_BYTES:
        raise InvalidDocument(f"larger than {MAX_BYTES >> 20} MiB ({len(data):,} bytes)")
    data = data.removeprefix(BOM)
    if data[1:2] == b"\n":  # a page of the form: it never comes out the same, and building a decoder that tells takes longer than reading it
        return _loads_strictly(data, depth)
    # a level takes two characters: a short text can't be too deep, and needs no decoder that looks
    value = _loads_regular(data, _decoder if len(data) <= 2 * depth else _shallow_decoder())
    return _loads_strictly(data, depth) if value is _IRREGULAR else value


class _Irregular:
    pass


# Typed as Json so that both loaders share a return type; it is only ever compared by identity.
_IRREGULAR: Json = _Irregular()  # type: ignore[assignment]


def _loads_regular(data: bytes, decoder: "msgspec.json.Decoder[Json]") -> Json:
    r"""The value if encoding it again proves that nothing was lost, else _IRREGULAR.

    The wire form is one line with `/` in dates written as `\/`. Where decoding and encoding give those very characters, there was
    no duplicate key, no odd number and no lone surrogate to lose, and this costs a third of a strict parse.
    """
    try:
        value = decoder.decode(data)
        same = _encoder.encode(value) == _ESCAPED_SLASH.sub(b"/", data)
    except (ValueError, RecursionError):
        return _IRREGULAR
    return value if same else _IRREGULAR


def _loads_strictly(data: bytes, depth: int) -> Json:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"not UTF-8 at byte {error.start}") from error
    if not text.strip(" \t\r\n"):
        raise InvalidDocument("empty")
    try:
        value: Json = _strict_decoder.decode(text)
    except json.JSONDecodeError as error:
        raise InvalidDocument(f"line {error.lineno} column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise InvalidDocument(f"nested deeper than {depth} levels") from error
    if data.count(b"{") + data.count(b"[") > depth:  # each level takes one of them
        _check_depth(value, depth)
    if _LONE_SURROGATE.search(text):
        _check_surrogates(value)
    return value


def _object(pairs: list[tuple[str, Json]]) -> Json:
    members = dict(pairs)
    if len(members) != len(pairs):
        double, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise InvalidDocument(f"member {printable(double)!r} stands twice in one object")
    return members


def _integer(text: str) -> Json:
    if len(text) > 4000 or text.startswith("-0"):
        return Number(text)
    return int(text)


def _fraction(text: str) -> Json:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise InvalidDocument(f"number {text[:20]} is out of range")
    return value if _encoder.encode(value).decode() == text else Number(text)


def _constant(text: str) -> Json:
    raise InvalidDocument(f"{text} is not JSON")


_strict_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant)
_LONE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _check_depth(value: Json, depth: int) -> None:
    level: list[Json] = [value]
    for _ in range(depth + 1):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise InvalidDocument(f"nested deeper than {depth} levels")


def _children(value: Json) -> Sequence[Json]:
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, list):
        return value
    return ()


def _check_surrogates(value: Json) -> None:
    try:
        dumps(value)
    except UnicodeEncodeError as error:
        raise InvalidDocument("a string holds half a surrogate pair, which is no character") from error


def members(data: bytes) -> dict[str, bytes] | None:
    """The texts of an object's members, none of them parsed; None where `data` is no object, or names a member twice.

    Most of a version's text is that of the version before: whoever remembers what a text came to need not parse it again.
    A text has to go through `loads` before it is known to be JSON that we take.
    """
    try:
        found = _members_decoder.decode(data)
    except (ValueError, RecursionError):
        return None
    texts = {name: bytes(raw) for name, raw in found.items()}
    # the decoder keeps the last of two members with one name; then the texts do not add up to the whole, however its names are spelled:
    # the encoder spells none longer
    length = sum([len(_encoder.encode(name)) + len(":") + len(text) for name, text in texts.items()])
    return texts if length + max(len(texts) - 1, 0) + len("{}") == len(data) or _add_up(texts, data) else None


def _add_up(texts: Mapping[str, bytes], data: bytes) -> bool:
    """Whether an object holds these members and nothing else, with any white space between them."""
    position = 0
    for name, text in texts.items():
        match = _MEMBER.match(data, position)
        if match is None or match[1] != _encoder.encode(name) or not data.startswith(text, match.end()):
            return False
        position = match.end() + len(text)
    return _OBJECT_END.fullmatch(data, position) is not None


def elements(data: bytes) -> list[bytes] | None:
    """The texts of an array's elements, none of them parsed; None where `data` is no array."""
    try:
        return [bytes(raw) for raw in _elements_decoder.decode(data)]
    except (ValueError, RecursionError):
        return None


_members_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])
_elements_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_MEMBER = re.compile(rb'[ \t\r\n]*[{,][ \t\r\n]*("(?:[^"\\]|\\.)*")[ \t\r\n]*:[ \t\r\n]*')
_OBJECT_END = re.compile(rb"[ \t\r\n]*}[ \t\r\n]*")


def dumps(value: Json) -> bytes:
    """Compact UTF-8 JSON, members in their order."""
    return _encoder.encode(value)


def dumps_sorted(value: Json) -> bytes:
    """Compact UTF-8 JSON, members sorted at every level: equal text is equal value."""
    return _sorting_encoder.encode(value)


def dumps_line(value: Json) -> bytes:
    """JSON on one line with a space after `,` and `:`, members sorted at every level."""
    return msgspec.json.format(_sorting_encoder.encode(value), indent=0)


def dumps_lines(values: Sequence[Object]) -> list[bytes]:
    """`dumps_line` of many objects at once."""
    inside = dumps_line(values)[len(b"[{") : -len(b"}]")]
    found = inside.split(b"}, {")
    # a value inside another, or a string, may hold what lies between two objects
    return [b"{" + text + b"}" for text in found] if len(found) == len(values) else [dumps_line(value) for value in values]


def dumps_line_as_is(value: Json) -> bytes:
    """JSON on one line with a space after `,` and `:`, members in their order."""
    return msgspec.json.format(_encoder.encode(value), indent=0)


def dumps_pretty(value: Json) -> bytes:
    """JSON for people: two spaces of indentation, members in their order, a final newline."""
    return msgspec.json.format(_encoder.encode(value), indent=2) + b"\n"


def same(one: Json, other: Json) -> bool:
    """Whether two values are the same JSON, `1`, `1.0` and `true` told apart."""
    return dumps_sorted(one) == dumps_sorted(other)


def printable(text: str, limit: int = 80) -> str:
    """`text` fit for one line of a message: no control characters, no more than `limit` characters."""
    shown = text if text.isprintable() else "".join(map(_shown, text))
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _shown(character: str) -> str:
    return character if character.isprintable() or character in _JOINERS else "\N{REPLACEMENT CHARACTER}"


_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Invisible, but part of how emoji, Persian and the scripts of India are spelled."""
