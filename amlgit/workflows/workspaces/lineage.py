"""Histories that are followed from run to run, each by what it names as the run before: as far as they go, and no farther than that makes sense."""

from collections.abc import Iterator, Mapping

from amlgit.model.jsontext import printable
from amlgit.remotes.archive import Problem
from amlgit.workflows.workspaces.spool import Wanted

LONGEST = 50_000
"""Runs of one experiment that are followed though no list names them: more than one run an hour for five years."""


class Lineage:
    """What came before what, of all experiments of a fetch."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._followed: dict[str, int] = {}
        self._cut: list[Problem] = []

    def note(self, wanted: Wanted, parent: str) -> None:
        """Note the run before a download."""
        self._parents[wanted.id] = parent
        self._names[wanted.id] = wanted.name

    def follow(self, wanted: Wanted, parent: str) -> bool:
        """Whether the run before a download, which no list named, is to be asked for."""
        followed = self._followed.get(wanted.family, 0) + 1
        self._followed[wanted.family] = followed
        if followed == LONGEST + 1:
            reason = f"more than {LONGEST} runs come before it, one naming the other; what comes before {printable(parent, 120)} was left there"
            self._cut.append(Problem(name=wanted.name, reason=reason))
        return followed <= LONGEST

    def problems(self) -> Iterator[Problem]:
        """Histories that were cut off, and those that go in a circle."""
        yield from self._cut
        for snapshot in _circles(self._parents):
            reason = f"its history goes in a circle: {printable(snapshot, 120)} comes before itself, as the service has it"
            yield Problem(name=self._names[snapshot], reason=reason)


def _circles(parents: Mapping[str, str]) -> Iterator[str]:
    """One of each circle, the one that was met first."""
    settled: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        each: str | None = start
        while each is not None and each not in settled and each not in path:
            path[each] = None
            each = parents.get(each)
        if each is not None and each in path:
            yield each
        settled.update(path)
