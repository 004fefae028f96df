"""A merge with conflicts as it is shown: what clashes with its three sides, and what merged, by who changed it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from amlgit.compare.changes import Change, Missing, Path, What
from amlgit.compare.keyed import EDGES, GRAPH, INPUTS, NODES
from amlgit.compare.three import Clash
from amlgit.form.experiments import EXPERIMENT
from amlgit.model import ids
from amlgit.model.jsontext import Object, dumps_sorted
from amlgit.review import changes
from amlgit.review.changes import Item
from amlgit.review.conflicts import Row
from amlgit.review.lines import Line, Mark, Piece, difference, shortened, together
from amlgit.review.names import Names
from amlgit.review.places import place


class By(StrEnum):
    """Who changed something."""

    CONFLICT = "conflict"
    """Both, and it is to be decided which way."""
    OURS = "ours"
    THEIRS = "theirs"
    BOTH = "both"
    """Both alike, or each another part of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of a text on three sides; on ours and theirs the words that are new are marked. No base where it is not known."""

    start: int
    """The first line in the file, counted from 1."""
    language: str
    base: tuple[Line, ...] | None
    ours: tuple[Line, ...]
    theirs: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A conflict: what it is about, its three sides, and what it is called in a command.

    It has rows (of a page), or lines (of a text), or is about a whole file: then `ours` and `theirs` say what became of it.
    """

    id: str
    path: str
    line: int | None
    """Where its markers begin, counted from 1; None where the whole file is at stake."""
    node: str | None
    """The id of the node whose file it is."""
    words: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    lines: Lines | None = None
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    beside: tuple[Line, ...] = ()
    """What merged in the same script: the lines that are no more the base's."""
    sides: tuple[str, ...] = ("ours", "theirs", "base")
    """Those that can be taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What the merge made wrong, and no file shows."""

    node: str | None
    text: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """A change that is in no conflict (any more), and whose it is."""

    by: By
    item: Item
    is_settled: bool
    """Whether both sides changed this differently, and somebody has decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What there is to see of one experiment's or service's merge; `documents` are base, ours and theirs, of which places and wires are drawn."""

    cards: Sequence[Card]
    faults: Sequence[Fault]
    merged: Sequence[Merged]
    documents: tuple[Object, Object, Object]
    clashing_ports: frozenset[tuple[str, str]]
    """(node, input port) that both sides feed otherwise."""
    names_of_assets: Mapping[str, str]
    notes: Sequence[str] = ()
    others: Sequence[str] = ()
    """Other folders, that merged without a conflict."""
    going_on: str = "git commit"
    """The command that goes on when all is settled."""
    giving_up: str | None = None
    """The command that takes it all back."""

    @property
    def by_node(self) -> Mapping[str, By]:
        """Who changed each node; a conflict or a fault at it goes before all else."""
        found: dict[str, By] = {}
        for entry in self.merged:
            node = entry.item.change.node
            if node is not None and entry.item.change.what is not What.LAYOUT:
                found[node.id] = entry.by if found.get(node.id, entry.by) is entry.by else By.BOTH
        open_ = [*(card.node for card in self.cards), *(fault.node for fault in self.faults)]
        found.update((node, By.CONFLICT) for node in open_ if node is not None)
        return found

    def counts(self) -> Mapping[By, int]:
        """How many things there are of each kind, without those of which there are none."""
        found = {By.CONFLICT: len(self.cards) + len(self.faults)}
        found.update((by, sum(entry.by is by for entry in self.merged)) for by in (By.OURS, By.THEIRS, By.BOTH))
        return {by: count for by, count in found.items() if count}


# --- whose changes they are


def merged(
    sides: tuple[Sequence[Change], Sequence[Change]],
    shown: tuple[Sequence[Change], Sequence[Change]],
    cards: Sequence[Card],
    clashes: Sequence[Clash],
    names: Names,
) -> list[Merged]:
    """The changes of both sides since the base that are in no conflict, in the order of the data's flow.

    `sides` are those of ours and theirs, `shown` the same without their secrets, in the same order; `clashes` are those of the whole graphs.
    """
    in_both = frozenset(map(_made, sides[0])) & frozenset(map(_made, sides[1]))
    found: list[Merged] = []
    for by, own, told in ((By.OURS, sides[0], shown[0]), (By.THEIRS, sides[1], shown[1])):
        for change, safe in zip(own, told, strict=True):
            is_alike = _made(change) in in_both
            if (is_alike and by is By.THEIRS) or any(is_about(card, safe) for card in cards):
                continue
            is_settled = not is_alike and any(_is_at(change, clash) for clash in clashes)
            found.append(Merged(by=By.BOTH if is_alike else by, item=changes.item(safe, names), is_settled=is_settled))
    return sorted(found, key=lambda entry: _order(entry.item.change, names))


def _order(change: Change, names: Names) -> tuple[bool, int]:
    return change.what is What.LAYOUT, names.place(change.node.id) if change.node is not None else -1


_Made = tuple[object, ...]


def _made(change: Change) -> _Made:
    """What a change makes of what it is about: equal for two that do the same."""
    return tuple((edit.path, None if isinstance(edit.new, Missing) else dumps_sorted(edit.new)) for edit in change.edits)


def is_about(card: Card, change: Change) -> bool:
    """Whether a change is part of a conflict."""
    if (change.node.id if change.node is not None else None) != card.node or change.what is What.LAYOUT:
        return False
    name = card.path.rpartition("/")[2]
    if card.node is not None and not name.endswith(".json"):
        return change.what is What.SCRIPT
    if card.rows:
        return thing(change) in {row.name for row in card.rows}
    return change.what is not What.SCRIPT if card.node is not None else name == EXPERIMENT


def thing(change: Change) -> str:
    """What a conflict in a page calls that which a change is about."""
    match change.what:
        case What.EDGE:
            return ids.port(change.path[-1])[1]
        case What.PARAMETER | What.SCRIPT | What.ASSET | What.PORT if change.path[:2] == (GRAPH, NODES) and len(change.path) > _NAMED:
            return change.path[_NAMED]
        case _ if change.path and change.path[0].casefold() == "properties":
            return change.path[-1]  # of a definition the lines of the file, member by member
        case _:
            return "module" if change.what is What.MODULE else place(change).removeprefix("tag ")


_NAMED = 4
"""Where the name of a parameter or port stands in a path."""


def _is_at(change: Change, clash: Clash) -> bool:
    """Whether a change is one of those that clash."""
    places = [edit.path for edit in change.edits]
    if change.what is What.EDGE and change.path[:2] == (GRAPH, EDGES):
        node, port = ids.port(change.path[-1])
        places.append((GRAPH, NODES, node, INPUTS, port))
    return any(_is_within(place, clash.path) for place in places)


def _is_within(one: Path, other: Path) -> bool:
    """Whether one place is inside the other, or the same."""
    length = min(len(one), len(other))
    return length > 0 and one[:length] == other[:length]


def clashing_ports(clashes: Iterable[Clash], cards: Sequence[Card]) -> frozenset[tuple[str, str]]:
    """The input ports that both sides feed otherwise, as far as that is not settled."""
    open_ = {(card.node, row.name) for card in cards for row in card.rows}
    found = ((clash.path[2], clash.path[4]) for clash in clashes if clash.path[:2] == (GRAPH, NODES) and clash.path[3:4] == (INPUTS,))
    return frozenset(port for port in found if port in open_)


# --- texts


def lines(start: int, language: str, sides: Sequence[Sequence[str] | None]) -> Lines:
    """The sides of a conflict in a text: base, ours, theirs."""
    base, ours, theirs = ("".join(side) if side is not None else None for side in sides)
    return Lines(
        start=start,
        language=language,
        base=None if base is None else tuple(_base(base, [side for side in (ours, theirs) if side])),
        ours=tuple(_side(base, ours or "")),
        theirs=tuple(_side(base, theirs or "")),
    )


def beside(base: str, settled: str) -> tuple[Line, ...]:
    """What merged in a text beside its conflicts; `settled` has the base in place of them."""
    return tuple(map(shortened, difference(base, settled).lines))


def _base(text: str, sides: Sequence[str]) -> Iterator[Line]:
    """All lines of the base, with the words marked that a side took away."""
    plain = [Line(" ", (Piece(line, Mark.SAME),)) for line in _split(text)]
    found = [[line for line in _all_lines(text, side) if line.sign != "+"] for side in sides if side != text]
    for lines in zip(plain, *found, strict=True):
        yield Line(" ", together(line.pieces for line in lines))


def _all_lines(one: str, other: str) -> Iterator[Line]:
    found = difference(one, other, context=one.count("\n") + other.count("\n") + 2)
    return (line for line in found.lines if line.sign != "@@")


def _split(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _side(base: str | None, text: str) -> Iterator[Line]:
    """All lines of a side, those that are not the base's marked."""
    if not base or base == text:
        return (Line(" " if base is None or base == text else "+", (Piece(line, Mark.SAME),)) for line in _split(text))
    return (line for line in _all_lines(base, text) if line.sign != "-")
