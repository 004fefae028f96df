"""A version as the pages of a site speak of it: which one it is, when and by whom, what it changed in a line."""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.review.page.details import html
from amlgit.review.site.frame import moment

_GOOD, _BAD = frozenset({"finished", "succeeded"}), frozenset({"failed", "error", "canceled", "cancelled", "aborted"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a version changed: in a line, and how many changes of each class."""

    line: str
    counts: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many changes there are."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One version; `date` is ISO 8601 in UTC. Nothing of it holds a secret."""

    path: str
    """Its page."""
    name: str
    """Kind and number: `run 12`."""
    remote: str
    number: int
    title: str
    summary: str
    date: str
    who: str
    status: str
    commit: str
    snapshot: str


def status(word: str) -> str:
    """The status of a run, with a colour beside the word."""
    if not word:
        return ""
    kind = "good" if word.casefold() in _GOOD else "bad" if word.casefold() in _BAD else ""
    return f'<span class="status {kind}">{html(word)}</span>'


def facts(line: Line) -> str:
    """Status, date and creator in a row."""
    parts = [status(line.status), moment(line.date), f'<span class="who">{html(line.who)}</span>' if line.who else ""]
    return "".join(f"<li>{part}</li>" for part in parts if part)


_MANY = {"parameter": "parameters", "script": "scripts", "module": "modules"}


def chips(told: Told) -> str:
    """The classes of changes, and how many of each."""
    named = ((name, count, _MANY.get(name, name) if count > 1 else name) for name, count in told.counts.items())
    return "".join(f'<li><span class="chip {html(name)}">{count:,} {html(word)}</span></li>' for name, count, word in named)
