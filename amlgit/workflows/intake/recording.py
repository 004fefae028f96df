"""The versions of a listing become chains, the record that nobody's branch hangs on."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import groupby

from amlgit.config import Config
from amlgit.form.secrets import Decisions
from amlgit.remotes.archive import Listing, Problem
from amlgit.store import chains, incoming
from amlgit.store.chains import Version
from amlgit.store.recorder import Draft, Recorder
from amlgit.store.repository import Repository
from amlgit.workflows.intake.drafting import Drafter, Outcome, drafted
from amlgit.workflows.intake.held import Held, keep_held
from amlgit.workflows.intake.looking import LEFT_ALONE, Subject, looked

Progress = Callable[[str, int, int], None]
"""Called with what is under way, how much is done and how much there is."""


class Newest(Enum):
    """Which drafts come after all versions that are known: none, those without a date in their path, or all."""

    NONE = "none"
    UNDATED = "undated"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainReport:
    """What became of one chain."""

    family: str
    title: str
    kind: str
    added: int
    relaid: bool
    """Whether a version turned up before known ones, so that their commits were written anew."""
    total: int
    drafts: int = 0
    """How many drafts of a workspace came: states that nobody ran, and no part of the record."""

    @property
    def is_new(self) -> bool:
        """Whether anything came."""
        return bool(self.added or self.drafts)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchReport:
    """What a fetch brought."""

    remote: str
    chains: tuple[ChainReport, ...]
    held: tuple[Held, ...]
    problems: tuple[Problem, ...]

    @property
    def is_partial(self) -> bool:
        """Whether something in the remote was not taken in."""
        return bool(self.held) or any(not problem.reason.startswith(LEFT_ALONE) for problem in self.problems)


@dataclass(slots=True)
class _Found:
    """What a look at every document gave: subjects by chain, and what is no subject."""

    subjects: dict[str, list[Subject]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def record(
    repository: Repository,
    settings: Config,
    remote: str,
    found: Listing,
    progress: Progress,
    *,
    file_times: bool = False,
    newest: Newest = Newest.NONE,
) -> FetchReport:
    """Write the versions of a listing into the chains of `remote`; the caller holds the lock and sweeps.

    `newest` are the drafts that come after all known versions, whatever their time.
    """
    report = write_chains(repository, settings, f"{chains.PREFIX}{remote}/", found, progress, file_times=file_times, newest=newest)
    keep_held(repository, remote, report.held)
    return report


def write_chains(
    repository: Repository,
    settings: Config,
    prefix: str,
    found: Listing,
    progress: Progress,
    *,
    file_times: bool = False,
    newest: Newest = Newest.NONE,
) -> FetchReport:
    """`record` without a note of what is held back, into the refs `<prefix><family>`."""
    seen = _look_at_all(found, progress, file_times=file_times)
    own, shared = repository.refs(prefix), chains.shared(repository)
    names = sorted({prefix + family for family in seen.subjects} | {ref for ref in shared if ref.startswith(prefix)})
    for subjects in seen.subjects.values():
        subjects.sort(key=lambda subject: subject.time)
    drafter = Drafter(Decisions(allowed=settings.allow, replaced=settings.replace), repository.object_format)
    settled = [subject for ref in names for subject in seen.subjects.get(ref.rpartition("/")[2], ())]
    with drafted(drafter, settled, is_divisible=found.is_divisible and newest is Newest.NONE) as outcome_of, incoming.receive(repository) as stream:
        total = sum(map(len, seen.subjects.values()))
        session = _Session(repository, outcome_of, Recorder(repository, stream), seen.problems, progress, total)
        for ref in names:
            family = ref.rpartition("/")[2]
            subjects = seen.subjects.get(family, [])
            known = _known_versions(repository, own.get(ref), shared.get(ref, ()))
            session.chain(ref, own.get(ref), [_after(known, subject, newest) for subject in subjects], known)
        session.recorder.flush()
        written = stream.finish()
    changes = [(ref, tip, own.get(ref)) for ref, tip in sorted((written | session.adopted).items()) if tip != own.get(ref)]
    if changes:
        repository.update_refs(changes)
    return FetchReport(
        remote=prefix.split("/")[-2],
        chains=tuple(session.reports),
        held=tuple(session.held),
        problems=(*found.problems, *sorted(seen.problems, key=lambda problem: problem.name)),
    )


def _look_at_all(found: Listing, progress: Progress, *, file_times: bool) -> _Found:
    result = _Found()
    with looked(found.documents, file_times=file_times, is_divisible=found.is_divisible) as seen:
        for number, subject in enumerate(seen):
            progress("looking", number, len(found.documents))
            if isinstance(subject, Problem):
                result.problems.append(subject)
            else:
                result.subjects.setdefault(subject.family, []).append(subject)
    return result


def _known_versions(repository: Repository, own: str | None, shared: Sequence[str]) -> list[Version]:
    """The versions of our chain and of shared ones, each once, ours first."""
    known: dict[tuple[str | None, str, int], Version] = {}
    for tip in dict.fromkeys([*([own] if own else []), *shared]):
        for version in chains.versions(repository, tip):
            known.setdefault((*version.key, version.time), version)
    return list(known.values())


def _after(known: Sequence[Version], subject: Subject, newest: Newest) -> Subject:
    if subject.is_run or newest is Newest.NONE or (newest is Newest.UNDATED and subject.document.date is not None):
        return subject
    latest = max((version.time for version in known), default=-1)
    return subject.at(latest + 1) if subject.time <= latest else subject


class _Session:
    """One fetch under way: what it takes to bring chain after chain up to date."""

    def __init__(
        self,
        repository: Repository,
        outcome_of: Callable[[Subject], Outcome],
        recorder: Recorder,
        problems: list[Problem],
        progress: Progress,
        total: int,
    ) -> None:
        self._repository = repository
        self._outcome_of = outcome_of
        self.recorder = recorder
        self._problems = problems
        self._progress = progress
        self._done, self._total = 0, total
        self.held: list[Held] = []
        self.reports: list[ChainReport] = []
        self.adopted: dict[str, str] = {}

    def chain(self, ref: str, own: str | None, subjects: Sequence[Subject], known: Sequence[Version]) -> None:
        """Write the union of new subjects and known versions, in order of time."""
        self.recorder.begin(ref)
        added, is_relaid = 0, False
        runs: set[int] = set()  # hashes of keys, which are some hundred bytes each
        last: Draft | Version | None = None
        total = 0
        for item in self._in_order(subjects, known):
            if hash(item.key) in runs if item.snapshot is not None else last is not None and item.content == last.content:
                continue
            runs.add(hash(item.key))
            last, total = item, total + 1
            if isinstance(item, Draft):
                self.recorder.add(item)
                added += 1
            else:
                is_relaid = is_relaid or self.recorder.has_written
                self.recorder.keep(item)
        if last is None:
            return
        if isinstance(last, Version) and not self.recorder.has_written and last.commit != own:
            self.adopted[ref] = last.commit
            added = total - len(self._own_commits(own))
        family = ref.rpartition("/")[2]
        title = last.story.title if isinstance(last, Draft) else last.title
        self.reports.append(ChainReport(family=family, title=title, kind=last.kind, added=added, relaid=is_relaid, total=total))

    def _own_commits(self, own: str | None) -> Sequence[chains.Entry]:
        return chains.entries(self._repository, own) if own else ()

    def _in_order(self, subjects: Sequence[Subject], known: Sequence[Version]) -> Iterator[Draft | Version]:
        """Both kinds by time; what has the same time by content id, the same version once."""
        waiting: list[Subject | Version] = sorted([*subjects, *known], key=lambda item: (item.time, isinstance(item, Subject)))
        is_held = False
        for _, group in groupby(waiting, key=lambda item: item.time):
            chosen: dict[tuple[str | None, str], Draft | Version] = {}
            for item in group:
                if isinstance(item, Version):
                    self._choose(chosen, item)
                elif not is_held:
                    drafted = self._draft(item)
                    if isinstance(drafted, Draft):
                        self._choose(chosen, drafted)
                    is_held = is_held or drafted is _HELD
                else:
                    self._waits()
            yield from _at_one_time(chosen.values())

    @staticmethod
    def _choose(chosen: dict[tuple[str | None, str], Draft | Version], item: Draft | Version) -> None:
        """Of two exports of one version, the one with the smaller run.json: a choice that no order of pulls can change."""
        rival = chosen.get(item.key)
        if rival is None or (item.run or "") < (rival.run or ""):
            chosen[item.key] = item

    def _draft(self, subject: Subject) -> "Draft | _Held | None":
        self._progress("reading", self._done, self._total)
        self._done += 1
        outcome = self._outcome_of(subject)
        if outcome.draft is None:
            self._problems.append(Problem(name=subject.document.name, reason=outcome.problem))
        elif outcome.suspicions:
            title = outcome.draft.story.title
            self.held.append(Held(document=subject.document.name, title=title, suspicions=outcome.suspicions, waiting=0))
            return _HELD
        return outcome.draft

    def _waits(self) -> None:
        self._done += 1
        last = self.held[-1]
        self.held[-1] = Held(document=last.document, title=last.title, suspicions=last.suspicions, waiting=last.waiting + 1)


def _at_one_time(items: Iterable[Draft | Version]) -> list[Draft | Version]:
    """Versions of the same second, the way they come to be in that order on every machine: runs as they began, by their snapshots' ids."""
    listed = sorted(items, key=lambda item: (item.content, item.snapshot or ""))
    # a snapshot's id ends with a stamp that counts down
    return sorted(listed, key=lambda item: item.snapshot or "", reverse=True) if all(item.snapshot for item in listed) else listed


class _Held:
    pass


_HELD = _Held()
