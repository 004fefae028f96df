"""Pages of JSON that git can diff: what changes together stands on one line."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias, Union

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, dumps, dumps_line, dumps_line_as_is, dumps_sorted

Block: TypeAlias = Union[bytes, Sequence["Block"], Mapping[str, "Block"]]
"""Bytes are JSON on one line; a sequence has an entry, a mapping a member on a line of its own."""

MARKERS = frozenset({"Absent", "Box", "Columns", "Encoding", "File", "FinalNewline", "Head", "Newline", "Port", "Source", "Tail"})
"""Member names with a meaning of ours; one that comes in from outside gets a `$` in front."""


def page(block: Block) -> bytes:
    """The text of a whole file: two spaces of indentation, LF, a final newline."""
    pieces: list[bytes] = []
    _write(block, b"\n", pieces)
    pieces.append(b"\n")
    return b"".join(pieces)


def _write(block: Block, newline: bytes, pieces: list[bytes]) -> None:
    if isinstance(block, bytes):
        pieces.append(block)
        return
    inner = newline + b"  "
    if isinstance(block, dict):  # not Mapping: the look-up of an abstract class costs more than the rest
        separator, closing = b"{" + inner, b"}"
        for name, member in block.items():
            pieces += (separator, dumps(name), b": ")
            _write(member, inner, pieces)
            separator = b"," + inner
    else:
        separator, closing = b"[" + inner, b"]"
        if block and all([type(entry) is bytes for entry in block]):  # noqa: C419  # a generator costs more than the look
            pieces += (separator, (b"," + inner).join(block))  # type: ignore[arg-type]  # bytes, each of them
        else:
            for entry in block:
                pieces.append(separator)
                _write(entry, inner, pieces)
                separator = b"," + inner
    pieces.append((newline if block else separator[:1]) + closing)


def line(members: Object, first: str, as_is: str = "") -> bytes:
    """An object on one line: the member `first`, then the others sorted; the value of `as_is` keeps its inner order."""
    if as_is and as_is in members:
        names = sorted(members, key=lambda name: (name != first, name))
        pieces = (dumps(name) + b": " + (dumps_line_as_is if name == as_is else dumps_line)(members[name]) for name in names)
        return b"{" + b", ".join(pieces) + b"}"
    if first not in members or len(members) == 1:
        return dumps_line(members)
    if not any([isinstance(value, dict | list) for value in members.values()]):  # noqa: C419  # as above: a line is written for each port
        ordered = {first: members[first]}
        ordered.update(sorted(members.items()))
        return dumps_line_as_is(ordered)
    others = dumps_line({name: value for name, value in members.items() if name != first})
    return b"{" + dumps(first) + b": " + dumps_line(members[first]) + b", " + others[1:]


def lines(entries: list[Object], first: str) -> list[bytes]:
    """`line` for many objects at once: one encoding for all of them, in which `first` has a name that sorts before every other."""
    if all(first in entry and len(entry) > 1 for entry in entries):
        text = dumps_line([{_FIRST: entry[first], **{name: value for name, value in entry.items() if name != first}} for entry in entries])
        found = text[len(_OPENING) : -2].split(b"}, " + _OPENING[1:])
        # a member named "" would stand before ours, and one named like ours be taken for it
        if text.startswith(_OPENING) and len(found) == len(entries) == text.count(_OPENING[2:]):
            head = b"{" + dumps(first) + b": "
            return [head + rest + b"}" for rest in found]
    return [line(entry, first) for entry in entries]


_FIRST = "\0"
_OPENING = rb'[{"\u0000": '


def block(members: Mapping[str, Block], first: str = "") -> Mapping[str, Block]:
    """Members in the order of a page: `first`, then the others sorted."""
    return {name: members[name] for name in sorted(members, key=lambda name: (name != first, name))}


def leave_out(members: Object, usual: Object) -> dict[str, Json]:
    """What is left to write when members with their usual value go unsaid; usual ones that are missing are named under `Absent`."""
    kept: dict[str, Json] = {}
    missing = len(usual)
    for name, value in members.items():
        if name in usual:
            missing -= 1
            if value is usual[name] or _equal(value, usual[name]):
                continue
        kept[mark_foreign(name) if name[:1] == "$" or name in MARKERS else name] = value
    if missing:
        kept["Absent"] = [name for name in sorted(usual) if name not in members]
    return kept


def put_back(written: Object, usual: Object, where: str) -> dict[str, Json]:
    """The inverse of `leave_out`."""
    absent = written.get("Absent", [])
    if not isinstance(absent, list) or not all(isinstance(name, str) and name in usual for name in absent):
        raise InvalidDocument(f"{where}: 'Absent' must list members that have a usual value")
    members = {name: value for name, value in usual.items() if name not in absent}
    members.update({own_name(name): value for name, value in written.items() if name != "Absent"})
    return members


def _equal(one: Json, other: Json) -> bool:
    if type(one) is not type(other):
        return False
    return dumps_sorted(one) == dumps_sorted(other) if isinstance(one, dict | list) else one == other


def mark_foreign(name: str) -> str:
    """A member name from outside, with a `$` in front if it could be taken for a marker."""
    return f"${name}" if name.lstrip("$") in MARKERS else name


def own_name(name: str) -> str:
    """The inverse of `mark_foreign`."""
    return name[1:] if name.startswith("$") and name.lstrip("$") in MARKERS else name


def objects(value: Json, where: str) -> list[Object]:
    """`value` as a list of objects; raises InvalidDocument naming `where`."""
    if not isinstance(value, list):
        raise InvalidDocument(f"{where} must be a list")
    return [object_(entry, where) for entry in value]


def object_(value: Json, where: str) -> Object:
    """`value` as an object; raises InvalidDocument naming `where`."""
    if not isinstance(value, dict):
        raise InvalidDocument(f"{where} must be an object")
    return value


def text(value: Json, where: str) -> str:
    """`value` as a string; raises InvalidDocument naming `where`."""
    if not isinstance(value, str):
        raise InvalidDocument(f"{where} must be a string")
    return value


def in_order(entries: Iterable[Object], *keys: str) -> list[Object]:
    """A set in the one order it is written in: by the given members, and where those are the same by everything else."""
    keyed = [(tuple(str(entry.get(key, "")) for key in keys), entry) for entry in entries]
    if len({key for key, _ in keyed}) == len(keyed):
        keyed.sort(key=lambda pair: pair[0])
    else:
        keyed.sort(key=lambda pair: (pair[0], dumps_sorted(pair[1])))
    return [entry for _, entry in keyed]
