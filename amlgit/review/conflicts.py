"""Conflicts in a file: git's markers taken apart, and each one in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, loads, printable
from amlgit.review import values, words

_MEMBER = re.compile(r'"((?:[^"\\]|\\.)*)": (.*)')
_OPENING, _BASE, _MIDDLE, _CLOSING = "<", "|", "=", ">"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One conflict as git marks it: the lines of the file it takes, and each side's."""

    start: int
    """The first line, that of the opening marker, counted from 0."""
    stop: int
    """The line behind the closing marker."""
    ours: tuple[str, ...]
    base: tuple[str, ...] | None
    """None where git was not asked to show it."""
    theirs: tuple[str, ...]


def blocks(lines: Sequence[str], size: int = 7) -> list[Block]:
    """The conflicts in the lines of a file, in order; what has no end is none."""
    found: list[Block] = []
    position = 0
    while position < len(lines):
        block = _block(lines, position, size) if _is_marker(lines[position], _OPENING, size) else None
        if block is not None:
            found.append(block)
        position = block.stop if block is not None else position + 1
    return found


def _block(lines: Sequence[str], start: int, size: int) -> Block | None:
    sides: dict[str, list[str]] = {_OPENING: []}
    side = _OPENING
    for position in range(start + 1, len(lines)):
        line = lines[position]
        if _is_marker(line, _CLOSING, size) and _MIDDLE in sides:
            base = tuple(sides[_BASE]) if _BASE in sides else None
            return Block(start=start, stop=position + 1, ours=tuple(sides[_OPENING]), base=base, theirs=tuple(sides[_MIDDLE]))
        mark = next((mark for mark in (_BASE, _MIDDLE) if mark not in sides and _is_marker(line, mark, size)), None)
        if mark is not None:
            side = mark
            sides[side] = []
        else:
            sides[side].append(line)
    return None


def _is_marker(line: str, mark: str, size: int) -> bool:
    text = line.rstrip("\r\n")
    return text.startswith(mark * size) and (text == mark * size or (mark != _MIDDLE and text[size : size + 1] == " "))


def split_lines(text: str) -> list[str]:
    """The lines of a file as git counts them, with their ends: a form feed or a line separator is none."""
    return [line + "\n" for line in text.split("\n")[:-1]] + [line for line in text.split("\n")[-1:] if line]


def is_ambiguous(lines: Sequence[str], size: int = 7) -> bool:
    """Whether lines that are no markers look like some (a heading underlined with `=======`), so that nobody can tell the sides apart."""
    found = blocks(lines, size)
    ends = [sum(_is_marker(line, mark, size) for line in lines) for mark in (_OPENING, _CLOSING)]
    middles = sum(_is_marker(line, _MIDDLE, size) for block in found for line in lines[block.start : block.stop])
    return {*ends, middles} != {len(found)}


def with_bases(found: Sequence[Block], shown: Sequence[Block]) -> list[Block]:
    """Conflicts with their base, as far as the same conflict with one is among `shown`."""
    bases = {(block.ours, block.theirs): block.base for block in shown}
    return [block if block.base is not None else replace(block, base=bases.get((block.ours, block.theirs))) for block in found]


def settled(lines: Sequence[str], found: Sequence[Block], choices: Mapping[int, str]) -> list[str]:
    """The lines with some of the conflicts in them (by their number) replaced by the side chosen: `ours`, `theirs` or `base`."""
    result: list[str] = []
    position = 0
    for number, block in enumerate(found):
        chosen = choices.get(number)
        result += lines[position : block.start]
        result += lines[block.start : block.stop] if chosen is None else _side(block, chosen)
        position = block.stop
    return result + list(lines[position:])


def _side(block: Block, side: str) -> Sequence[str]:
    return block.ours if side == "ours" else block.theirs if side == "theirs" else block.base or ()


# --- in words

_MEMBERS = {"Description": "title", "Summary": "summary", "Comment": "comment", "ModuleId": "module"}


def told(block: Block, *, is_page: bool) -> Iterator[str]:
    """What a conflict is about, a line for each thing both sides changed."""
    if not is_page:
        was = f" (was {_first_line(block.base)})" if block.base is not None else ""
        yield f"line {block.start + 1}: ours {_first_line(block.ours)}, theirs {_first_line(block.theirs)}{was}"
        return
    ours, theirs, base = (_things(side) for side in (block.ours, block.theirs, block.base or ()))
    if "Id" in ours and "Id" in theirs and ours["Id"] != theirs["Id"]:
        yield f"two nodes in one file: ours {ours['Id']}, theirs {theirs['Id']}; one took the place of the other"
        return
    for name in sorted({*ours, *theirs}):
        if ours.get(name) == theirs.get(name):
            continue
        was = "" if block.base is None else f" (was {base[name]})" if name in base else " (new)"
        yield f"{name}: ours {ours.get(name, 'removed it')}, theirs {theirs.get(name, 'removed it')}{was}"


def _first_line(lines: Sequence[str]) -> str:
    """Lines of a script by their first."""
    if not lines:
        return "removed it"
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"'{printable(lines[0].strip(), values.LONGEST)}'{more}"


def _things(lines: Sequence[str]) -> Mapping[str, str]:
    """What the lines of a page say, by what they are about."""
    found: dict[str, str] = {}
    for line in lines:
        text = line.strip().removesuffix(",")
        member = _MEMBER.fullmatch(text)
        value = _value(text if member is None else member[2])
        if member is None and isinstance(value, Mapping) and isinstance(value.get("Name"), str):
            found[printable(str(value["Name"]))] = _entry(value)
        elif member is not None:
            found[_MEMBERS.get(member[1], printable(member[1]))] = values.shown(value) if value is not None else printable(member[2])
        elif text.strip("[]{}"):
            found[printable(text)] = "has it"
    return found


def _value(text: str) -> Json:
    try:
        return loads(text.encode())
    except InvalidDocument:
        return None


def _entry(entry: Object) -> str:
    """A port or parameter by what a person would say of it."""
    if "Columns" in entry:
        return words.column_words(entry["Columns"])
    for name, told in (("Value", ""), ("Source", "fed by "), ("File", "the script "), ("DataSourceId", "the dataset "), ("Port", "at ")):
        if name in entry:
            return told + values.shown(entry[name])
    return "with " + ", ".join(f"{name} {values.shown(value)}" for name, value in entry.items() if name != "Name") if len(entry) > 1 else "unfed"
