"""A page of the form as a tree of its lines, each known by what identifies it; and back, to the very same text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, loads

_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*"): (.*)', re.DOTALL)
_IDENTITIES = ("Name", "Node", "Box", "Id", "NodeId")
_CLOSING = {"{": "}", "[": "]"}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One line: `head` is the member's name with its colon (nothing in a list), `text` its JSON."""

    head: str
    text: str


@dataclass(frozen=True, slots=True)
class Group:
    """An object or a list with a line for each entry."""

    head: str
    bracket: str
    entries: Mapping[str, "Tree"]

    @property
    def closing(self) -> str:
        """The bracket that ends it."""
        return _CLOSING[self.bracket]


Tree: TypeAlias = Union[Leaf, Group]


def read(data: bytes) -> Group | None:
    """The tree of a page, or None unless writing it again gives the very same bytes."""
    try:
        lines = data.decode().split("\n")
        tree, end = _group(lines, 0, "", is_entry=False)
    except (UnicodeDecodeError, IndexError, _NotAPageError):
        return None
    return tree if end == len(lines) - 1 and "\n".join(write(tree, "")).encode() + b"\n" == data else None


class _NotAPageError(Exception):
    pass


def _group(lines: list[str], start: int, indent: str, *, is_entry: bool) -> tuple[Group, int]:
    """The group that opens at a line, and the line behind it."""
    head, text = _head(lines[start].removeprefix(indent), is_entry=is_entry)
    if text in ("{}", "[]", "{},", "[],"):
        return Group(head, text[0], {}), start + 1
    if text not in _CLOSING:
        raise _NotAPageError
    entries: dict[str, Tree] = {}
    inner = indent + "  "
    position = start + 1
    while not (lines[position].startswith(indent + _CLOSING[text])):
        line = lines[position].removeprefix(inner)
        entry: Tree
        if line[-1:] in ("{", "[") or line.removesuffix(",")[-2:] in ("{}", "[]"):
            entry, position = _group(lines, position, inner, is_entry=text == "{")
        else:
            entry_head, value = _head(line.removesuffix(","), is_entry=text == "{")
            entry, position = Leaf(entry_head, value), position + 1
        key = entry.head if text == "{" else _identity(entry)
        if key in entries:
            raise _NotAPageError
        entries[key] = entry
    return Group(head, text, entries), position + 1


def _head(line: str, *, is_entry: bool) -> tuple[str, str]:
    if not is_entry:
        return "", line
    match = _MEMBER.fullmatch(line)
    if match is None:
        raise _NotAPageError
    return f"{match[1]}: ", match[2]


def _identity(entry: Tree) -> str:
    """What tells an entry of a list from the others; where nothing does, all of it."""
    if isinstance(entry, Group):
        return "\n".join(write(entry, ""))
    value = object_of(entry)
    if value is not None and isinstance(value.get("Kind"), str) and "Id" in value:
        return f"Kind {value['Kind']} {value['Id']}"
    for name in _IDENTITIES:
        if value is not None and isinstance(value.get(name), str):
            return f"{name} {value[name]}"
    return entry.text


def object_of(tree: Tree | None) -> Object | None:
    """The object on a line, or None where there is another value or none."""
    value = value_of(tree) if isinstance(tree, Leaf) and tree.text.startswith("{") else None
    return value if isinstance(value, Mapping) else None


def value_of(leaf: Leaf) -> Json:
    """The value on a line; None where it is no JSON."""
    try:
        return loads(leaf.text.encode())
    except InvalidDocument:
        return None


def write(tree: Tree, indent: str) -> list[str]:
    """The lines of a tree, without a comma behind the last."""
    if isinstance(tree, Leaf):
        return [f"{indent}{tree.head}{tree.text}"]
    if not tree.entries:
        return [f"{indent}{tree.head}{tree.bracket}{tree.closing}"]
    inside = [write(entry, indent + "  ") for entry in tree.entries.values()]
    for lines in inside[:-1]:
        lines[-1] += ","
    return [f"{indent}{tree.head}{tree.bracket}", *(line for lines in inside for line in lines), f"{indent}{tree.closing}"]
