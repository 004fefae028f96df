"""`fetch` from a workspace: its list is read once, what is new comes side by side, and runs go the way of an archive's files.

What was downloaded waits in `.git/amlgit/spool`, which only its owner can read, each file complete by a rename: a run that was cut off is
gone on with. It is as the service sent it, secrets included, and is deleted as soon as its versions are recorded.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from amlgit.config import Config, Remote
from amlgit.model import experiments as model
from amlgit.model import ids
from amlgit.remotes.archive import Document, Listing, Problem
from amlgit.remotes.failures import Clash, NotFound, Rejected, Unreadable
from amlgit.remotes.studio import ExperimentInfo, Studio
from amlgit.store import chains, drafts, trailers
from amlgit.store.repository import Repository
from amlgit.workflows.intake.held import keep_held
from amlgit.workflows.intake.looking import LEFT_ALONE
from amlgit.workflows.intake.recording import ChainReport, FetchReport, Newest, Progress, write_chains
from amlgit.workflows.workspaces import listed as states
from amlgit.workflows.workspaces import sent
from amlgit.workflows.workspaces.connect import connect
from amlgit.workflows.workspaces.lineage import Lineage
from amlgit.workflows.workspaces.listed import Missing, States
from amlgit.workflows.workspaces.spool import Spool, Wanted

AT_ONCE = 16
"""Requests under way at a time."""

_AHEAD = 1024
"""Downloads that are handed out at a time: enough to go on with while a part is recorded; the others wait as a few words each."""

_PARTS, _LEAST_PART = 8, 128
"""In how many parts runs are recorded while others are downloaded, and how many are worth a part: each costs a start of fast-import and a pack."""

_NOTHING = Document(name="", size=0, modified=0, read=bytes)
"""In place of a run that was asked for and is not to be recorded."""

_RUNNING = f"{LEFT_ALONE}it is running; the run comes with the next fetch after it is over"
_GONE = {
    states.DELETED: f"{LEFT_ALONE}it was deleted there; its versions stay, and 'amlgit pull' takes out its folder",
    states.HIDDEN: f"{LEFT_ALONE}the workspace does not list it any more, and still has it (archived there); its versions and its folder stay",
}


@dataclass(slots=True)
class _Plan:
    """What a list of experiments asks for."""

    wanted: list[Wanted] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    leaves: dict[str, ExperimentInfo] = field(default_factory=dict)
    """Family → the newest entry of each experiment of the workspace that is not skipped."""
    unfinished: dict[str, int] = field(default_factory=dict)
    """Family → when its run began that is not over: what began then or later waits."""


class _Known:
    """The snapshots that the record has, its own and those that others shared, read family by family."""

    def __init__(self, repository: Repository, remote: str) -> None:
        self._repository = repository
        own = repository.refs(f"{chains.PREFIX}{remote}/")
        self._tips: dict[str, list[str]] = {ref: [tip] for ref, tip in own.items()}
        for ref, tips in chains.shared(repository).items():
            self._tips.setdefault(ref, []).extend(tips)
        self._prefix = f"{chains.PREFIX}{remote}/"
        self._read: dict[str, frozenset[str]] = {}

    def has(self, family: str, snapshot: str) -> bool:
        """Whether a run is recorded."""
        if family not in self._read:
            tips = self._tips.get(f"{self._prefix}{family}", ())
            messages = (entry.message for tip in tips for entry in chains.newest_first(self._repository, tip))
            self._read[family] = frozenset(found for message in messages if (found := trailers.value(message, trailers.SNAPSHOT)))
        return snapshot in self._read[family]


def take_studio(repository: Repository, settings: Config, remote: Remote, progress: Progress) -> FetchReport:
    """Bring the chains and drafts of a workspace up to date; the caller holds the lock and sweeps. One request where nothing is new."""
    noted = States(repository, remote)
    spool = Spool(repository.private_dir / "spool" / remote.name)
    known = _Known(repository, remote.name)
    with connect(repository, remote) as studio:
        plan = _plan(studio, remote, noted, known)
        got = _Got(repository, settings, remote.name, plan, progress)
        _download(studio, got, spool, known)
        gone = {missing: _answer(studio, missing) for missing in noted.missing(plan.leaves)}
    got.record_rest()
    report = got.report([Problem(name=missing.title, reason=_GONE[answer]) for missing, answer in gone.items() if answer in _GONE])
    keep_held(repository, remote.name, report.held)
    spool.remove()
    unsettled = got.unsettled(report)
    noted.keep(
        (info for family, info in plan.leaves.items() if family not in unsettled),
        plan.leaves,
        {missing.family: answer for missing, answer in gone.items()},
    )
    return report


def _answer(studio: Studio, missing: Missing) -> str:
    """Whether the workspace still has what it does not list: the experiment itself, or its newest run where that alone was deleted."""
    if missing.is_foreign:
        return states.KEPT
    for name in (missing.experiment, missing.snapshot):
        if name is not None:
            try:
                studio.get(name)
            except NotFound:
                continue
            except (Clash, Rejected, Unreadable):
                pass  # it is there, and can't be opened
            return states.HIDDEN
    return states.DELETED


class _Got:
    """What was downloaded: recorded part by part, oldest runs first, while more is under way."""

    def __init__(self, repository: Repository, settings: Config, remote: str, plan: _Plan, progress: Progress) -> None:
        self._repository, self._settings, self._remote, self.progress = repository, settings, remote, progress
        self.plan = plan
        self._runs: dict[str, tuple[int, Document]] = {}
        self._saved: list[Document] = []
        self._order = deque(plan.wanted)
        self._part = max(_LEAST_PART, len(plan.wanted) // _PARTS)
        self._ready: list[tuple[int, Document]] = []
        self._problems: list[Problem] = []
        self._families: dict[str, str] = {}
        self._reports: list[FetchReport] = []
        self._draft_reports: list[FetchReport] = []
        self._waiting: dict[str, int] = {}
        self._sent: dict[str, list[Document]] = {family: [] for family in sent.waiting(repository, remote)}
        """Family → what came of those that a push saved without reading back."""
        self.lineage = Lineage()

    def take_in(self, wanted: Wanted, arrived: "_Arrived") -> str | None:
        """Put a download where it belongs; gives the snapshot before it."""
        self._families[wanted.name] = wanted.family
        if arrived.problem:
            self._problems.append(Problem(name=wanted.name, reason=arrived.problem))
        self._runs[wanted.id] = (0, _NOTHING)
        if arrived.document is None or arrived.facts is None:
            return None
        if wanted.family in self._sent:
            self._sent[wanted.family].append(arrived.document)
        began = arrived.facts.created or 0
        if wanted.etag:
            if not arrived.facts.is_run:  # else somebody ran it since the list was read: the next fetch has the run
                self._saved.append(arrived.document)
        elif arrived.facts.is_run:
            self._runs[wanted.id] = (began, arrived.document)
        else:
            unfinished = self.plan.unfinished
            unfinished[wanted.family] = min(began, unfinished.get(wanted.family, began))
        parts = ids.experiment_id(arrived.parent) if arrived.parent else None
        return arrived.parent if parts is not None and parts.is_snapshot and parts.family == wanted.family else None

    def wants(self, wanted: Wanted) -> None:
        """Note what turned out to be wanted, too."""
        self._order.append(wanted)

    def record_ready(self) -> None:
        """Record the runs that nothing older is awaited for, if it is worth a turn."""
        while self._order and self._order[0].id in self._runs:
            run = self._runs.pop(self._order.popleft().id)
            if run[1] is not _NOTHING:
                self._ready.append(run)
        if len(self._ready) >= self._part:
            self._record_runs()

    def record_rest(self) -> None:
        """Record what is left, drafts included."""
        self._record_runs()
        for family, arrived in self._sent.items():
            if arrived:
                sent.settle(self._repository, self._settings, self._remote, family, [document.read() for document in arrived])
        if self._saved:
            prefix = f"{drafts.PREFIX}{self._remote}/"
            self._draft_reports.append(
                write_chains(self._repository, self._settings, prefix, _listing(self._saved), self.progress, newest=Newest.ALL)
            )

    def _record_runs(self) -> None:
        """A chain stops before an unfinished run, and before one that is held back; which of the parts that was in makes no difference."""
        unfinished = self.plan.unfinished
        ended = [document for began, document in self._ready if began < unfinished.get(self._families[document.name], began + 1)]
        self._ready = []
        held = {self._families[held.document] for report in self._reports for held in report.held}
        documents = []
        for document in ended:
            family = self._families[document.name]
            if family in held:
                self._waiting[family] = self._waiting.get(family, 0) + 1
            else:
                documents.append(document)
        prefix = f"{chains.PREFIX}{self._remote}/"
        self._reports.append(write_chains(self._repository, self._settings, prefix, _listing(documents), self.progress))

    def report(self, gone: Sequence[Problem]) -> FetchReport:
        """What all of it came to."""
        reports = [*self._reports, *self._draft_reports]
        held = [entry for each in reports for entry in each.held]
        return FetchReport(
            remote=self._remote,
            chains=self._chains(),
            held=tuple(replace(entry, waiting=entry.waiting + self._waiting.pop(self._families[entry.document], 0)) for entry in held),
            problems=(
                *self.plan.problems,
                *self._problems,
                *self.lineage.problems(),
                *gone,
                *(problem for each in reports for problem in each.problems),
            ),
        )

    def _chains(self) -> tuple[ChainReport, ...]:
        """One entry for each experiment of which something came, with how many versions the record has of it now."""
        found = _together(self._reports, self._draft_reports)
        tips = self._repository.refs(f"{chains.PREFIX}{self._remote}/")
        own = {chain.family: tips.get(chains.ref(self._remote, chain.family), "") for chain in found}
        lengths = chains.lengths(self._repository, filter(None, own.values()))
        return tuple(replace(chain, total=lengths.get(own[chain.family], 0)) for chain in found)

    def unsettled(self, report: FetchReport) -> set[str]:
        """The families of which something is still to come."""
        names = [*(problem.name for problem in report.problems), *(held.document for held in report.held)]
        return {*self.plan.unfinished, *(self._families.get(name, "") for name in names)}


def _listing(documents: Sequence[Document]) -> Listing:
    return Listing(documents=tuple(documents), problems=())


def _together(runs: Sequence[FetchReport], saved: Sequence[FetchReport]) -> tuple[ChainReport, ...]:
    """One entry for each experiment: of its runs, which came in parts, and of its drafts."""
    found: dict[str, ChainReport] = {}
    for each in (chain for report in runs for chain in report.chains):
        was = found.get(each.family)
        found[each.family] = each if was is None else replace(each, added=was.added + each.added, relaid=was.relaid or each.relaid)
    for each in (chain for report in saved for chain in report.chains):
        was = found.get(each.family)
        found[each.family] = (
            replace(each, added=0, drafts=each.added) if was is None else replace(was, title=each.title, drafts=was.drafts + each.added)
        )
    return tuple(found[family] for family in sorted(found))


# --- what is new


def _plan(studio: Studio, remote: Remote, noted: States, known: _Known) -> _Plan:
    """What is to be downloaded, by one request; by a second one with the history, where more than the newest run of something is new."""
    listed = studio.experiments()
    todo = _todo(studio, remote, listed, noted)
    if any(info.parent and not known.has(info.family, info.parent) for info in todo.values()):
        listed = studio.experiments(with_history=True)
        todo = _todo(studio, remote, listed, noted)
    plan = _Plan(leaves=_leaves(studio, remote, listed))
    history: dict[str, list[ExperimentInfo]] = {}
    for info in listed:
        if info.family in todo and info.workspace == studio.workspace:
            history.setdefault(info.family, []).append(info)
    for family, entries in sorted(history.items()):
        running = [info for info in entries if _is_running(info)]
        if running:
            plan.unfinished[family] = min(info.created or 0 for info in running)
            plan.problems.append(Problem(name=todo[family].title, reason=_RUNNING))
        plan.wanted += _wanted(todo[family], [info for info in entries if info.is_snapshot and info not in running], known)
    plan.wanted.sort(key=lambda each: each.created)  # oldest first, so that what is there can be recorded while the rest comes
    return plan


def _todo(studio: Studio, remote: Remote, listed: Sequence[ExperimentInfo], noted: States) -> dict[str, ExperimentInfo]:
    return {family: info for family, info in _leaves(studio, remote, listed).items() if not noted.is_settled(info)}


def _leaves(studio: Studio, remote: Remote, listed: Sequence[ExperimentInfo]) -> dict[str, ExperimentInfo]:
    """Family → working copy, or the newest snapshot where that was deleted alone; without samples and what is skipped."""
    found: dict[str, ExperimentInfo] = {}
    for info in listed:
        if info.workspace == studio.workspace and info.family not in remote.skip and (not info.is_snapshot or info.is_leaf):
            was = found.get(info.family)
            found[info.family] = info if was is None or was.is_snapshot else was
    return found


def _is_running(info: ExperimentInfo) -> bool:
    return not info.is_ended and info.status not in {"InDraft", ""}


def _wanted(leaf: ExperimentInfo, ended: Sequence[ExperimentInfo], known: _Known) -> Iterator[Wanted]:
    """The runs of an experiment that the record does not have, and its draft."""
    asked = {leaf.parent: 0} if leaf.parent else {}
    if leaf.run and not leaf.is_snapshot and not _is_running(leaf):
        asked[leaf.run] = leaf.created or 0
    asked |= {info.id: info.created or 0 for info in ended}
    for snapshot, created in asked.items():
        if not known.has(leaf.family, snapshot):
            yield Wanted(id=snapshot, family=leaf.family, title=leaf.title, created=created)
    if not leaf.is_snapshot and leaf.run is None and not _is_running(leaf):
        yield Wanted(id=leaf.id, family=leaf.family, title=leaf.title, etag=leaf.etag or "none", created=leaf.created or 0)


# --- getting it


def _download(studio: Studio, got: _Got, spool: Spool, known: _Known) -> None:
    """Everything that is wanted, and what that turns out to come after."""
    waiting = deque(got.plan.wanted)
    asked = {each.id for each in waiting}
    done, total = 0, len(waiting)
    under_way: dict[Future[_Arrived], Wanted] = {}
    executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="amlgit-studio")
    try:
        while waiting or under_way:
            while waiting and len(under_way) < _AHEAD:
                each = waiting.popleft()
                under_way[executor.submit(_get, studio, spool, each)] = each
            got.progress("downloading", done, total)
            for future in wait(under_way, return_when=FIRST_COMPLETED).done:
                each, done = under_way.pop(future), done + 1
                parent = got.take_in(each, future.result())
                if parent is not None:
                    got.lineage.note(each, parent)
                if parent is not None and parent not in asked and not known.has(each.family, parent) and got.lineage.follow(each, parent):
                    asked.add(parent)
                    further = Wanted(id=parent, family=each.family, title=each.title)
                    waiting.append(further)
                    got.wants(further)
                    total += 1
            got.record_ready()
    except BaseException as error:
        studio.session.close()  # whoever waits for another try waits no longer
        # what is under way is kept for the next run, unless somebody wants to be rid of us
        executor.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
        raise
    executor.shutdown()


@dataclass(frozen=True, slots=True)
class _Arrived:
    """What became of a download: a document and what it says, or why there is none."""

    document: Document | None = None
    facts: model.Facts | None = None
    parent: str | None = None
    problem: str = ""


def _get(studio: Studio, spool: Spool, wanted: Wanted) -> _Arrived:
    """One download, unless a run that was cut off has it; what can't be had of one experiment is no reason to leave out the others."""
    data = spool.read(wanted)
    if data is None or _facts(data, wanted) is None:
        try:
            data = studio.get(wanted.id)
        except NotFound:
            return _Arrived()  # deleted: what hangs on it is told by its own entry
        except (Clash, Rejected, Unreadable) as error:
            return _Arrived(problem=str(error))
        if not wanted.etag:
            data = model.as_history(data)
        spool.write(wanted, data)
    facts = _facts(data, wanted)
    if facts is None:
        return _Arrived(problem="the service answered with another version than the one asked for")
    document = Document(name=wanted.name, size=len(data), modified=0, read=partial(spool.must_read, wanted))
    return _Arrived(document=document, facts=facts, parent=model.parent(data))


def _facts(data: bytes, wanted: Wanted) -> model.Facts | None:
    """What a document says, if it is the one that is wanted."""
    facts = model.peek(data)
    if facts is None or facts.family != wanted.family:
        return None
    return facts if wanted.etag or facts.snapshot == wanted.id else None
