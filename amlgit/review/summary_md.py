"""A review as a comment on a pull request: what is risky first, then each experiment with a picture and its changes, as far as they fit."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from amlgit.compare.changes import ChangeClass, Diff
from amlgit.model.jsontext import Object
from amlgit.review import changes, markdown, neighbourhood
from amlgit.review.markdown import escaped
from amlgit.review.names import Names
from amlgit.review.risks import NAMES, Risk

LIMIT = 65_536
"""Characters that GitHub takes in a comment."""
_RESERVE = 1200
"""Kept for the words that say what did not fit, and for what CI adds: the mark by which the comment is found again, and links."""
_LONGEST = 300
"""Characters of a name, or of what is said of a risk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One experiment or service of a review."""

    title: str
    name: str
    """Its folder, or what else it is called."""
    state: str
    """What became of it as a whole: `new`, `removed`, `renamed`, or nothing."""
    summary: str
    diff: Diff
    old: Object
    new: Object
    names: Names
    risks: Sequence[Risk]
    is_whole: bool
    """Whether all of it came or went."""


def comment(old: str, new: str, entries: Sequence[Entry], problems: Sequence[str] = (), limit: int = LIMIT, *, has_pictures: bool = True) -> str:
    """The whole comment, at most `limit` characters; where not all fits it says what is left out, and how to see it."""
    room = _Room(limit - _RESERVE)
    head = [
        line
        for line in (f"## Review of {escaped(old[:_LONGEST])} → {escaped(new[:_LONGEST])}\n", *_summary(entries, len(problems)), "")
        if room.take(line)
    ]
    lines = [*_risks(entries), *(f"- **Not compared:** {escaped(problem)}" for problem in problems)]
    said = list(takewhile(room.take, lines))
    sections = [_Section(entry, has_pictures=has_pictures) for entry in entries]
    for section in sections:
        section.has_heading = room.take(section.heading)
    for section in sections:
        section.has_picture = section.has_heading and room.take(section.picture)
    for section in sections:
        section.take_changes(room)
    body = [part for section in sections for part in section.parts()]
    return "\n".join([*head, *said, "", *body, *_rest(sections, len(lines) - len(said))]).rstrip() + "\n"


class _Room:
    """How many characters are left."""

    def __init__(self, size: int) -> None:
        self._left = size

    def take(self, text: str) -> bool:
        """Whether a text and the line end behind it still fit; if so, its room is gone."""
        does_fit = len(text) + 1 <= self._left
        self._left -= len(text) + 1 if does_fit else 0
        return does_fit


class _Section:
    """What is said of one experiment, and how much of it fits."""

    def __init__(self, entry: Entry, *, has_pictures: bool) -> None:
        self.heading = markdown.heading(entry.title, entry.name, ", ".join(filter(None, (entry.state, entry.summary))))
        self.picture = _picture(entry) if has_pictures and not entry.is_whole else ""
        self.has_heading = self.has_picture = False
        self.is_whole = entry.is_whole
        self._blocks = list(_blocks(entry))
        self._taken = 0

    @property
    def left_out(self) -> int:
        """Nodes (or other groups of changes) that did not fit."""
        return len(self._blocks) - self._taken

    def take_changes(self, room: _Room) -> None:
        if self.has_heading and room.take(_OPENING + _CLOSING):
            while self._taken < len(self._blocks) and room.take(self._blocks[self._taken]):
                self._taken += 1

    def parts(self) -> Iterator[str]:
        if not self.has_heading:
            return
        yield self.heading
        if self.has_picture and self.picture:
            yield self.picture
        if self._taken:
            yield _OPENING
            yield from self._blocks[: self._taken]
            yield _CLOSING


_OPENING = "<details><summary>The changes</summary>\n"
_CLOSING = "\n</details>\n"


def _blocks(entry: Entry) -> Iterator[str]:
    """The changes in pieces that fit or don't: of one node, or one line each for what came or went as a whole."""
    if entry.is_whole:
        yield from markdown.nodes(changes.nodes(entry.diff, entry.names))
    else:
        for group in changes.groups(entry.diff, entry.names):
            yield "\n".join(markdown.changes([group]))


def _picture(entry: Entry) -> str:
    lines, left_out = neighbourhood.mermaid(entry.diff, entry.old, entry.new, entry.names)
    if not lines:
        return ""
    rest = f"\n{left_out:,} more changed nodes are not in the picture.\n" if left_out else ""
    return "\n".join(["```mermaid", *lines, "```", rest])


def not_compared(count: int) -> str:
    """What is said where some things can't be compared."""
    return f"{count:,} {'experiment or service' if count == 1 else 'experiments and services'} can't be compared"


def _summary(entries: Sequence[Entry], problems: int) -> Iterator[str]:
    """How many changes of each class, over all."""
    if not entries:
        yield f"**{not_compared(problems)}**; nothing else changed." if problems else "No changes."
        return
    counted = changes.counts([change for entry in entries for change in entry.diff.changes])
    number = sum(counted.values())
    where = "1 experiment or service" if len(entries) == 1 else f"{len(entries):,} experiments and services"
    rest = f"; **{problems:,} can't be compared**" if problems else ""
    yield f"**{number:,} {'change' if number == 1 else 'changes'}** in {where}{rest}."
    if number:
        classes = [one for one in ChangeClass if one in counted]
        yield ""
        yield "| " + " | ".join(classes) + " |"
        yield "|" + "---:|" * len(classes)
        yield "| " + " | ".join(f"{counted[one]:,}" for one in classes) + " |"


def _risks(entries: Sequence[Entry]) -> Iterator[str]:
    found = [(entry, risk) for entry in entries for risk in entry.risks]
    if not found:
        if entries:
            yield "No rule found a risk."
        return
    yield f"\n### {len(found):,} {'thing deserves' if len(found) == 1 else 'things deserve'} a second look\n"
    rules = [*NAMES, *sorted({risk.rule for _, risk in found} - set(NAMES))]
    for rule in rules:
        mine = [(entry, risk) for entry, risk in found if risk.rule == rule]
        if mine:
            yield f"- **{escaped(mine[0][1].title)}.** {escaped(mine[0][1].why)}"
        for entry, risk in mine:
            where = escaped(entry.title[:_LONGEST]) + (f", **{escaped(risk.node)}**" if risk.node else "")
            yield f"  - {where}: {escaped(risk.text[:_LONGEST])}"


def _rest(sections: Sequence[_Section], unsaid: int) -> Iterator[str]:
    unnamed = [section for section in sections if not section.has_heading]
    pictures = sum(1 for section in sections if section.picture and section.has_heading and not section.has_picture)
    groups = sum(section.left_out for section in sections if section.has_heading)
    said = [
        _counted(unsaid, "line on what is risky", "lines on what is risky"),
        _counted(len(unnamed), "experiment or service", "experiments and services"),
        _counted(pictures, "picture", "pictures"),
        _counted(groups, "group of changes", "groups of changes"),
    ]
    if any(said):
        yield (
            f"**Cut:** {', '.join(filter(None, said))} did not fit in a comment of {LIMIT:,} characters. "
            "`amlgit review --html FILE` shows everything."
        )


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}" if count else ""
