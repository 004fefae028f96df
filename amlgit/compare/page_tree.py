"""A page of the form as a tree of its lines, each known by what identifies it; and back, to the very same text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias, Union

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, dumps_line_as_is, loads

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
    """An object or a list with a line for each entry, by what tells it from the others; their order is part of what it is."""

    head: str
    bracket: str
    entries: tuple[tuple[str, "Tree"], ...]

    @property
    def closing(self) -> str:
        """The bracket that ends it."""
        return _CLOSING[self.bracket]


Tree: TypeAlias = Union[Leaf, Group]


def read(data: bytes) -> Group | None:
    """The tree of a page, or None unless it is JSON spelled as the form does and writing the tree gives the very same bytes."""
    try:
        value = loads(data)
        text = data.decode()
        tree, _ = _group(text.split("\n"), 0, "", is_member=False)
    except (InvalidDocument, IndexError, _NotAPageError):
        return None
    is_same = "\n".join([*write(tree, ""), ""]) == text
    return tree if is_same and _on_one_line(tree) == dumps_line_as_is(value).decode() else None


class _NotAPageError(Exception):
    pass


def _group(lines: list[str], start: int, indent: str, *, is_member: bool) -> tuple[Group, int]:
    """The group that opens at a line, and the line behind it."""
    head, text = _taken_apart(lines[start].removeprefix(indent), is_member=is_member)
    if text.removesuffix(",") in ("{}", "[]"):
        return Group(head, text[0], ()), start + 1
    if text not in _CLOSING:
        raise _NotAPageError
    entries: dict[str, Tree] = {}
    inner, closing = indent + "  ", indent + _CLOSING[text]
    position = start + 1
    while not lines[position].startswith(closing):
        entry, position = _entry(lines, position, inner, is_member=text == "{")
        key = _name(entry) if text == "{" else _identity(entry)
        if key in entries:
            raise _NotAPageError
        entries[key] = entry
    return Group(head, text, tuple(entries.items())), position + 1


def _entry(lines: list[str], position: int, indent: str, *, is_member: bool) -> tuple[Tree, int]:
    line = lines[position].removesuffix(",")
    if line[-1:] in ("{", "[") or line[-2:] in ("{}", "[]"):
        return _group(lines, position, indent, is_member=is_member)
    return Leaf(*_taken_apart(line.removeprefix(indent), is_member=is_member)), position + 1


def _taken_apart(line: str, *, is_member: bool) -> tuple[str, str]:
    """A line's head and text."""
    if not is_member:
        return "", line
    match = _MEMBER.fullmatch(line)
    if match is None:
        raise _NotAPageError
    return f"{match[1]}: ", match[2]


def _on_one_line(tree: Tree) -> str:
    if isinstance(tree, Leaf):
        return tree.head + tree.text
    return f"{tree.head}{tree.bracket}{', '.join(_on_one_line(entry) for _, entry in tree.entries)}{tree.closing}"


def _name(member: Tree) -> str:
    """A member's name; in the order of names, and not of their JSON, a page is sorted."""
    return str(loads(member.head.removesuffix(": ").encode()))


def _identity(entry: Tree) -> str:
    """What tells an entry of a list from the others; where nothing does, all of it."""
    if isinstance(entry, Group):
        return "\n".join(write(entry, ""))
    value = value_of(entry)
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return entry.text
    if isinstance(value.get("Kind"), str) and "Id" in value:
        return f"Kind {value['Kind']} {value['Id']}"
    return next((f"{name} {value[name]}" for name in _IDENTITIES if isinstance(value.get(name), str)), entry.text)


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
    inside = [write(entry, indent + "  ") for _, entry in tree.entries]
    for lines in inside[:-1]:
        lines[-1] += ","
    return [f"{indent}{tree.head}{tree.bracket}", *(line for lines in inside for line in lines), f"{indent}{tree.closing}"]
