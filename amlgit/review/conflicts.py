"""Conflicts in a file: git's markers taken apart, and each one in words."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from amlgit.errors import InvalidDocument
from amlgit.form import protect
from amlgit.form.secrets import placeholder
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
        if not _is_marker(lines[position], _OPENING, size):
            position += 1
            continue
        block = _block(lines, position, size)
        if block is None:
            break  # what would end it would end any further one
        found.append(block)
        position = block.stop
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that both sides of a page may have changed: what each says of it, None where it does not have it."""

    name: str
    base: str | None
    ours: str | None
    theirs: str | None


def rows(block: Block, linked: frozenset[str] = frozenset(), longest: int = values.LONGEST) -> list[Row]:
    """What the sides of a conflict in a page differ in, secrets replaced; `linked` are the parameters that a credential is linked to."""
    ours, theirs, base = (_things(side, linked, longest) for side in (block.ours, block.theirs, block.base or ()))
    return [
        Row(name=name, base=base.get(name), ours=ours.get(name), theirs=theirs.get(name))
        for name in sorted({*ours, *theirs})
        if ours.get(name) != theirs.get(name)
    ]


def two_nodes(block: Block) -> tuple[str, str] | None:
    """The ids of ours and theirs where git took the file of one node for that of another."""
    ours, theirs = (_things(side).get("Id") for side in (block.ours, block.theirs))
    return (ours, theirs) if ours is not None and theirs is not None and ours != theirs else None


def told(block: Block, *, is_page: bool) -> Iterator[str]:
    """What a conflict is about, a line for each thing both sides changed; a text's lines come without secrets, see `masked`."""
    if not is_page:
        was = f" (was {_first_line(block.base)})" if block.base is not None else ""
        yield f"line {block.start + 1}: ours {_first_line(block.ours)}, theirs {_first_line(block.theirs)}{was}"
        return
    nodes = two_nodes(block)
    if nodes is not None:
        yield f"two nodes in one file: ours {nodes[0]}, theirs {nodes[1]}; one took the place of the other"
        return
    for row in rows(block):
        was = "" if block.base is None else f" (was {row.base})" if row.base is not None else " (new)"
        yield f"{row.name}: ours {row.ours or 'removed it'}, theirs {row.theirs or 'removed it'}{was}"


def readable(text: str) -> str:
    """A text in which bytes that are no UTF-8 were kept as lone surrogates, fit to be shown."""
    return text.encode(errors="surrogateescape").decode(errors="replace")


def readable_block(block: Block) -> Block:
    """A conflict with its lines fit to be shown."""
    ours, theirs, base = (None if side is None else tuple(map(readable, side)) for side in (block.ours, block.theirs, block.base))
    return replace(block, ours=ours or (), theirs=theirs or (), base=base)


def masked(block: Block, sides: Mapping[str, str]) -> Block:
    """A conflict in a text without its secrets; `sides` are the whole texts, for a secret may begin before the conflict does."""
    hidden = {name: frozenset(text.split("\n")).difference(protect.protected_text(text).split("\n")) for name, text in sides.items()}
    ours, theirs = (_masked(lines, hidden[name]) for lines, name in ((block.ours, "ours"), (block.theirs, "theirs")))
    return replace(block, ours=ours, theirs=theirs, base=None if block.base is None else _masked(block.base, hidden["base"]))


def _masked(lines: Sequence[str], hidden: frozenset[str]) -> tuple[str, ...]:
    return tuple(_masked_line(line.removesuffix("\n"), hidden) + "\n" for line in lines)


def _masked_line(line: str, hidden: frozenset[str]) -> str:
    shown = protect.protected_text(line)
    # what only the whole text shows to be secret spans lines
    return placeholder("secret") if shown == line and line in hidden else shown


def _first_line(lines: Sequence[str]) -> str:
    """Lines of a script by their first."""
    if not lines:
        return "removed it"
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"'{printable(lines[0].strip(), values.LONGEST)}'{more}"


def _things(lines: Sequence[str], linked: frozenset[str] = frozenset(), longest: int = values.LONGEST) -> Mapping[str, str]:
    """What the lines of a page say without secrets, by what they are about."""
    found: dict[str, str] = {}
    for line in lines:
        text = line.strip().removesuffix(",")
        member = _MEMBER.fullmatch(text)
        value = _value(text if member is None else member[2])
        if member is None and isinstance(value, Mapping) and isinstance(value.get("Name"), str):
            entry = protect.protected(value, linked)
            assert isinstance(entry, Mapping)
            found[printable(str(entry["Name"]))] = _entry(entry, longest)
        elif member is not None:
            shown = values.shown(protect.protected_member(member[1], value, linked), longest) if value is not None else _text(member[2])
            found[_MEMBERS.get(member[1], _text(member[1]))] = shown
        elif text.strip("[]{}"):
            found[_text(text)] = "has it"
    return found


def _text(text: str) -> str:
    return printable(protect.protected_text(text))


def _value(text: str) -> Json:
    try:
        return loads(text.encode())
    except InvalidDocument:
        return None


def _entry(entry: Object, longest: int) -> str:
    """A port or parameter by what a person would say of it."""
    if "Columns" in entry:
        return words.column_words(entry["Columns"])
    for name, told in (("Value", ""), ("Source", "fed by "), ("File", "the script "), ("DataSourceId", "the dataset "), ("Port", "at ")):
        if name in entry:
            return told + values.shown(entry[name], longest)
    return "with " + ", ".join(f"{name} {values.shown(value)}" for name, value in entry.items() if name != "Name") if len(entry) > 1 else "unfed"
