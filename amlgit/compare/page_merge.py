"""A three-way merge of one file of the form, member by member; what clashes stands in git's own markers around the fewest lines."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, Union

from amlgit.compare.changes import MISSING, Missing, Side
from amlgit.compare.page_tree import Group, Leaf, Tree, object_of, read, write
from amlgit.compare.three import Clash, is_reordered_twice, order, resolve
from amlgit.model.jsontext import Json, Object, dumps, dumps_line_as_is

_UNITS = (
    frozenset({"Source", "DataSourceId", "TrainedModelId", "TransformModuleId"}),
    frozenset({"Value", "Columns", "Encoding", "File", "FinalNewline", "Newline"}),
)
"""Members of a line that are one thing: what feeds a port; what a parameter's value is."""

_COLLAPSED = "CommentCollapsed"


class Rule(Enum):
    """What becomes of a line that both sides changed."""

    CLASH = "a clash"
    GREATER = "the greater text: layout and names never clash"
    OLDER = "the older: a base too old costs a conflict, one too new costs somebody's work"


# git starts us once for every file: the modules that these names stand in would take a fifth of that time
_RULES = {"sync.json": Rule.OLDER, "layout.json": Rule.GREATER, "assets.json": Rule.GREATER}


@dataclass(frozen=True, slots=True)
class Conflict:
    """An entry that both sides changed differently; None on a side that removed it."""

    key: str
    base: Tree | None
    ours: Tree | None
    theirs: Tree | None


@dataclass(frozen=True, slots=True)
class _Mixed:
    """A group with conflicts somewhere inside."""

    head: str
    bracket: str
    entries: Mapping[str, "_Merged"]


_Merged: TypeAlias = Union[Tree, _Mixed, Conflict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How git writes a conflict: how long a marker is, what the sides are called, whether the base is shown."""

    size: int = 7
    ours: str = "ours"
    base: str = "base"
    theirs: str = "theirs"
    with_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMerge:
    """The merged text, and the conflicts in it by the names on the way to them."""

    text: bytes
    conflicts: tuple[tuple[str, ...], ...]


def merge_page(path: str, base: bytes | None, ours: bytes, theirs: bytes, style: Style) -> PageMerge | None:
    """Both sides' edits of a page; None where only lines can tell, because a side is not in normal form.

    git takes a node that was removed for renamed where a like one was added, and then asks to put the edits of one into the other:
    the pages of two nodes are one conflict.
    """
    nodes = _node_id(ours), _node_id(theirs)
    if None not in nodes and nodes[0] != nodes[1]:
        return PageMerge(text=whole_conflict(base or b"", ours, theirs, style), conflicts=((),))
    old, mine, yours = (read(side) if side else None for side in (base, ours, theirs))
    if mine is None or yours is None or (base and old is None):
        return None
    before = old if old is not None and _id(old) == _id(mine) else None
    merged = _group(before, mine, yours, _RULES.get(path.rpartition("/")[2], Rule.CLASH))
    if merged is None:
        return None
    conflicts = tuple(_conflicts((), merged))
    return PageMerge(text=("\n".join(_written(merged, "", style)) + "\n").encode(), conflicts=conflicts)


def _id(page: Group) -> Tree | None:
    return dict(page.entries).get("Id")


_ID = re.compile(rb'^ *"Id" *: *(".*")', re.MULTILINE)


def _node_id(page: bytes) -> bytes | None:
    """The id of the node that a page is of, however it is written; None for other pages."""
    found = _ID.search(page)
    return found[1] if found else None


# --- merging


def _group(base: Group | None, ours: Group, theirs: Group, rule: Rule) -> Group | _Mixed | None:
    """Two groups entry by entry; None where it is a conflict as a whole: both sides gave it an order of their own, or one may leave nothing."""
    sides = [dict(side.entries) if side is not None else {} for side in (base, ours, theirs)]
    if is_reordered_twice(*map(list, sides)):
        return None
    merged: dict[str, _Merged] = {}
    for key in _in_order(*map(list, sides)):
        entry = _entry(key, (sides[0].get(key), sides[1].get(key), sides[2].get(key)), rule)
        if entry is not None:
            merged[key] = entry
    whole = [(key, entry) for key, entry in merged.items() if isinstance(entry, Leaf | Group)]
    if len(whole) == len(merged):
        return Group(ours.head, ours.bracket, tuple(whole))
    return None if _may_be_emptied(merged.values()) else _Mixed(ours.head, ours.bracket, merged)


def _may_be_emptied(entries: Collection[_Merged]) -> bool:
    """Whether taking one side of all conflicts leaves no entry: an empty group is written otherwise than one with lines."""
    conflicts = [entry for entry in entries if isinstance(entry, Conflict)]
    sides = zip(*((entry.base, entry.ours, entry.theirs) for entry in conflicts), strict=True)
    return len(conflicts) == len(entries) and any(not any(side) for side in sides)


def _in_order(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    merged = order(base, ours, theirs)
    # a page sorts its sets, and all members but the one that says what an object is
    if all(side[1:] == sorted(side[1:]) for side in (ours, theirs)) and ours[:1] == theirs[:1]:
        return [*merged[:1], *sorted(merged[1:])]
    return sorted(merged) if all(side == sorted(side) for side in (ours, theirs)) else merged


_Sides: TypeAlias = tuple[Tree | None, Tree | None, Tree | None]
"""Base, ours, theirs."""


def _entry(key: str, sides: _Sides, rule: Rule) -> _Merged | None:
    base, ours, theirs = sides
    if ours in (base, theirs):
        return theirs
    if theirs == base:
        return ours
    conflict = Conflict(key, base, ours, theirs)
    if isinstance(ours, Group) and isinstance(theirs, Group) and ours.bracket == theirs.bracket:
        before = base if isinstance(base, Group) and base.bracket == ours.bracket else None
        return _group(before, ours, theirs, rule) or conflict
    if rule is Rule.GREATER or key == _COLLAPSED:
        return max((side for side in (ours, theirs) if side is not None), key=_text)
    if rule is Rule.OLDER:
        return _older(conflict)
    return _line(base, ours, theirs) or conflict


def _text(tree: Tree) -> str:
    return "\n".join(write(tree, ""))


def _older(conflict: Conflict) -> Tree | Conflict | None:
    """The binding that names the older state; none is older than any: the folder then is bound to nothing it could overwrite."""
    if conflict.ours is None or conflict.theirs is None:
        return None
    mine, yours = object_of(conflict.ours), object_of(conflict.theirs)
    if mine is None or yours is None or mine.get("Experiment") != yours.get("Experiment"):
        return conflict
    times = mine.get("Time"), yours.get("Time")
    if type(times[0]) is not int or type(times[1]) is not int:
        return conflict
    return min((times[0], _text(conflict.ours), conflict.ours), (times[1], _text(conflict.theirs), conflict.theirs), key=lambda side: side[:2])[2]


def _line(base: Tree | None, ours: Tree | None, theirs: Tree | None) -> Leaf | None:
    """A line of which the sides changed different members; None where they changed the same one."""
    old, mine, yours = (object_of(side) for side in (base, ours, theirs))
    if mine is None or yours is None or ours is None:
        return None
    sides = [_in_units(side or {}) for side in (old, mine, yours)]
    merged: dict[str, Json] = {}
    for name in sides[1].keys() | sides[2].keys():
        found = resolve((name,), *(side.get(name, MISSING) for side in sides))
        if isinstance(found, Clash):
            return None
        if not isinstance(found, Missing):
            merged.update(found if name.startswith("\0") and isinstance(found, Mapping) else {name: found})
    return Leaf(ours.head, _written_line(merged, _first(mine, yours))) if merged else None


def _first(*sides: Object) -> str:
    """The member that stands before the sorted ones; none where a side shows that its place is just that of its name."""
    first = next(iter(sides[0]), "")
    return first if all(next(iter(side)) == first for side in sides if first in side) else ""


def _written_line(members: Object, first: str) -> str:
    """A line of the form; what its values hold is in the form's order already."""
    names = sorted(members, key=lambda name: (name != first, name))
    return "{" + ", ".join(f"{dumps(name).decode()}: {dumps_line_as_is(members[name]).decode()}" for name in names) + "}"


def _in_units(entry: Object) -> dict[str, Side]:
    """The members of a line, those that are one thing together as one."""
    found: dict[str, Side] = {name: value for name, value in entry.items() if not any(name in unit for unit in _UNITS)}
    for number, unit in enumerate(_UNITS):
        inside = {name: value for name, value in entry.items() if name in unit}
        if inside:
            found[f"\0{number}"] = inside
    return found


# --- writing


def _conflicts(path: tuple[str, ...], merged: _Merged) -> Iterator[tuple[str, ...]]:
    if isinstance(merged, Conflict):
        yield path
    elif isinstance(merged, _Mixed):
        for key, entry in merged.entries.items():
            yield from _conflicts((*path, key), entry)


def _written(merged: _Merged, indent: str, style: Style) -> list[str]:
    if isinstance(merged, Leaf | Group):
        return write(merged, indent)
    assert isinstance(merged, _Mixed)
    closing = Group(merged.head, merged.bracket, ()).closing
    return [f"{indent}{merged.head}{merged.bracket}", *_inside(list(merged.entries.values()), indent + "  ", style), f"{indent}{closing}"]


def _inside(entries: Sequence[_Merged], indent: str, style: Style) -> list[str]:
    """The lines of a group's entries. A comma must be right whichever side is taken, so an end that may vanish goes with what stands before it."""
    end = len(entries)
    while end and isinstance(last := entries[end - 1], Conflict) and None in (last.base, last.ours, last.theirs):
        end -= 1
    tail = entries[end:]
    if tail and end:
        end -= 1
        tail = entries[end:]
    lines: list[str] = []
    for index, entry in enumerate(entries[:end]):
        comma = "," if index < len(entries) - 1 else ""
        lines += _one(entry, indent, style, comma)
    return lines + _ending(tail, indent, style) if tail else lines


def _one(entry: _Merged, indent: str, style: Style, comma: str) -> list[str]:
    if isinstance(entry, Conflict):
        return _marked([_side([side], indent, comma) for side in (entry.ours, entry.base, entry.theirs)], style)
    written = _written(entry, indent, style)
    written[-1] += comma
    return written


def _ending(entries: Sequence[_Merged], indent: str, style: Style) -> list[str]:
    """The last entries, of which any may vanish, as one conflict; of what stands before them only the last line is part of it."""
    first, shared = entries[0], []
    sides: list[list[Tree | None]] = [[], [], []]
    for entry in entries[1:] if not isinstance(first, Conflict) else entries:
        assert isinstance(entry, Conflict)
        for side, tree in zip(sides, (entry.ours, entry.base, entry.theirs), strict=True):
            side.append(tree)
    blocks = [_side(side, indent, "") for side in sides]
    if not isinstance(first, Conflict):
        *shared, last = _written(first, indent, style)
        blocks = [[last + ("," if block else ""), *block] for block in blocks]
    return [*shared, *_marked(blocks, style)]


def _side(trees: Sequence[Tree | None], indent: str, comma: str) -> list[str]:
    blocks = [write(tree, indent) for tree in trees if tree is not None]
    for block in blocks[:-1]:
        block[-1] += ","
    if blocks:
        blocks[-1][-1] += comma
    return [line for block in blocks for line in block]


def whole_conflict(base: bytes, ours: bytes, theirs: bytes, style: Style) -> bytes:
    """Two files as one conflict."""
    blocks = [side.decode(errors="surrogateescape").removesuffix("\n").split("\n") if side else [] for side in (ours, base, theirs)]
    return ("\n".join(_marked(blocks, style)) + "\n").encode(errors="surrogateescape")


def _marked(blocks: Sequence[list[str]], style: Style) -> list[str]:
    """A conflict; the blocks are the lines of ours, base and theirs."""
    ours, base, theirs = blocks
    middle = [f"{'|' * style.size} {style.base}", *base] if style.with_base else []
    return [f"{'<' * style.size} {style.ours}", *ours, *middle, "=" * style.size, *theirs, f"{'>' * style.size} {style.theirs}"]
