"""`push`: committed experiments go to a workspace, and only over a state that the branch has seen. It commits nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from amlgit.config import Config, Remote
from amlgit.errors import AmlgitError, InvalidDocument, Refused
from amlgit.form import experiments as form
from amlgit.form.filling import Gap, filled
from amlgit.form.remapping import remapped
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import graph
from amlgit.model.jsontext import Object, dumps, printable
from amlgit.model.references import references
from amlgit.remotes.failures import Doubtful, NotFound, Unauthorised
from amlgit.remotes.studio import Studio, Submission
from amlgit.store import chains, incoming
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.comparing import Compared, compared
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.push_new import make
from amlgit.workflows.push_targets import Target, targets
from amlgit.workflows.versions.documents import Joined
from amlgit.workflows.workspaces import sent, workspace
from amlgit.workflows.workspaces.asset_check import Shelves, require
from amlgit.workflows.workspaces.connect import connect
from amlgit.workflows.workspaces.given import given
from amlgit.workflows.workspaces.pushed import record_saved
from amlgit.workflows.workspaces.unseen import bound, require_seen
from amlgit.workflows.workspaces.workspace import Held

if TYPE_CHECKING:
    from amlgit.workflows.workspaces.running import Failure

_TRIES = 3
"""How often a save is sent of which it turned out, by reading back, that nothing came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may be asked of a push."""

    remap: Mapping[str, str] = field(default_factory=dict)
    """Asset → the one to take instead, in addition to those of the remote."""
    latest: bool = False
    """Take the listed version of each asset's family."""
    new: bool = False
    title: str | None = None
    """Of the new experiment; its own where None."""
    run: bool = False
    minutes: float | None = None
    """How long to wait for a run; None for as long as it takes."""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became, or would become, of one experiment."""

    name: str
    title: str
    experiment: str | None
    state: str
    """'pushed', 'made', 'made already' (by an earlier push), 'up to date', 'would be pushed', 'would be made', 'failed'."""
    changes: Compared | None = None
    """What was, or would be, changed in the workspace; of an Unseen failure what had changed there."""
    remapped: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    """Members that no save can write, of a new experiment."""
    is_edited: bool = False
    otherwise: Compared | None = None
    """Where the workspace holds what was saved otherwise than it was sent."""
    run: str | None = None
    """The snapshot of the run, and its status in `status`."""
    status: str = ""
    failed: "tuple[Failure, ...]" = ()
    """The nodes that failed in it."""
    error: AmlgitError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What a push did."""

    remote: str
    entries: tuple[Entry, ...]

    @property
    def failures(self) -> tuple[Entry, ...]:
        """What stays on the list."""
        return tuple(entry for entry in self.entries if entry.error is not None)


def push(repository: Repository, settings: Config, remote: Remote, names: Sequence[str], options: Options, progress: Progress) -> PushReport:
    """Bring experiments of a workspace to what HEAD holds of them; what fails of one is told in its entry and keeps no other back.

    Raises UsageError for what can't be pushed at all, Unauthorised where the workspace does not let anybody in.
    """
    wanted = targets(repository, remote, names, is_new=options.new)
    entries: list[Entry] = []
    if not wanted:
        return PushReport(remote=remote.name, entries=())
    with connect(repository, remote) as studio:
        pusher = Pusher(repository, settings, remote, studio, options)
        for number, target in enumerate(wanted):
            progress("pushing", number, len(wanted))
            try:
                entries.append(pusher.push(target, progress, is_named=bool(names)))
            except Unauthorised:
                raise
            except AmlgitError as error:
                title = _title(target)
                entries.append(
                    Entry(name=target.name, title=title, experiment=target.experiment, state="failed", error=error, is_edited=target.is_edited)
                )
    progress("pushing", len(wanted), len(wanted))
    if options.run and any(entry.run for entry in entries):
        _fetch(repository, settings, remote, progress)
    return PushReport(remote=remote.name, entries=tuple(entries))


def _fetch(repository: Repository, settings: Config, remote: Remote, progress: Progress) -> None:
    """Take the new runs into the record, so that the map knows them."""
    from amlgit.workflows.fetch import fetch

    fetch(repository, settings, remote, repository.require_work_tree(), progress)


def _title(target: Target) -> str:
    try:
        title = form.parse(form.EXPERIMENT, target.files.get(form.EXPERIMENT, b"{}")).get("Description")
    except InvalidDocument:
        title = None
    return title if isinstance(title, str) else target.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be sent, and what the workspace holds then."""

    target: Target
    document: Object
    """Ours, placeholders in it."""
    sendable: Object
    content: str
    mapping: Mapping[str, str]
    changes: Compared
    left_out: tuple[str, ...] = ()

    def submission(self, held: Held | None) -> Submission:
        return workspace.submission(self.sendable, held)


class Pusher:
    """Pushes to one workspace, target by target."""

    def __init__(self, repository: Repository, settings: Config, remote: Remote, studio: Studio, options: Options) -> None:
        self.repository = repository
        self._decisions = Decisions(allowed=settings.allow, replaced=settings.replace)
        self.remote = remote
        self.studio = studio
        self._options = options
        self._shelves = Shelves.of(studio)
        self._settings = settings
        self._unheard = sent.waiting(repository, remote.name)
        """The families of which a push before this one never heard what came of it."""
        self._saved: Held | None = None
        """What the workspace held when it was read back."""

    def push(self, target: Target, progress: Progress, *, is_named: bool) -> Entry:
        """Push one target; raises Refused, before any write, where that would overwrite or break something.

        What is up to date is run only where it was asked for by name: it may be a draft that nobody here has touched.
        """
        self._saved = None
        _require_normal(target, self.repository)
        is_new = self._options.new and (target.is_version or target.experiment is None or target.folder is None or self._is_copy(target))
        entry = self._make(target) if is_new else self._push_over(target, str(target.experiment))
        if self._saved is not None:
            record_saved(self.repository, self._settings, self.remote, self._saved)
            sent.forget(self.repository, self.remote.name, self._saved.facts.family)
        is_meant = is_named or entry.state != "up to date"
        if not self._options.run or self._options.dry_run or entry.experiment is None or not is_meant:
            return entry
        from amlgit.workflows.workspaces.running import run_content

        held = self.read(target, entry.experiment)
        done = run_content(self.studio, held, progress, self._options.minutes)
        return replace(entry, run=done.snapshot, status=done.status, failed=done.failed)

    def _is_copy(self, target: Target) -> bool:
        """Whether a folder that is bound is to become one more experiment; one that only waits to be bound is the new one already."""
        assert target.folder is not None
        return self.remote.name in target.folder.bindings

    # --- over what is there

    def _push_over(self, target: Target, experiment: str) -> Entry:
        held = self.read(target, experiment)
        if not self._options.dry_run and held.facts.family in self._unheard:
            self._settle(held)
        plan = self.plan(target, held)
        if held.content == plan.content:
            return replace(self._entry(target, experiment, "up to date"), left_out=plan.left_out)
        assert target.folder is not None
        head = str(self.repository.head())
        require_seen(self.repository, head, self.remote.name, bound(target.folder, self.remote.name, experiment), held, plan.mapping)
        if self._options.dry_run:
            return self._entry(target, experiment, "would be pushed", plan)
        sent.note(self.repository, self._settings, self.remote, held, plan.sendable)
        self._saved = self.save(plan, held)
        return replace(self._entry(target, experiment, "pushed", plan), otherwise=self._otherwise(plan, self._saved))

    def _settle(self, held: Held) -> None:
        """Take what an earlier push sent and could not read back for what was there, if it was."""
        with exclusive(self.repository):
            try:
                sent.settle(self.repository, self._settings, self.remote.name, held.facts.family, [dumps(held.raw)])
            finally:
                incoming.sweep(self.repository)

    def read_there(self, target: Target, experiment: str) -> Held:
        """What the workspace holds; raises NotFound where it holds nothing."""
        decisions = workspace.decisions_for(self._decisions, target.families, experiment.rpartition(".")[2])
        return workspace.read(self.studio, experiment, decisions, self.repository)

    def read(self, target: Target, experiment: str) -> Held:
        """The same where it has to be there; raises Refused."""
        try:
            return self.read_there(target, experiment)
        except NotFound as error:
            again = f"'amlgit push \"{target.name}\" --new --remote {self.remote.name}' makes it again, as a new experiment"
            hint = f"{again}; 'amlgit rm \"{target.name}\"' takes the folder out here."
            raise Refused(f"{target.name}: {self.remote.name} has no experiment {experiment} any more", hint=hint) from error

    def plan(self, target: Target, held: Held | None, title: str | None = None) -> Plan:
        """What is to be sent; raises Refused where that would break something there."""
        document = _joined(target, held.run if held else None)
        if title is not None:
            document = {**document, "Description": title}
        # what no save can change is as it is there; it is told, and is no reason to hold back what can be saved
        left_out = workspace.unwritable(document, held.document) if held else []
        kept = {name: held.document[name] for name in left_out if name in held.document} if held else {}
        document = {**{name: value for name, value in document.items() if name not in left_out}, **kept}
        _require_sound(document, target.name)
        mapping = {**self.remote.remap, **self._options.remap}
        stock = self._shelves.stock(references(remapped(document, mapping)))
        if held is not None:
            stock = stock.with_proven(reference.asset for reference in references(held.document))
        if self._options.latest:
            found = list(references(remapped(document, mapping)))
            latest = stock.latest(found)
            mapping = {**latest, **{old: latest.get(new, new) for old, new in mapping.items()}}
        ours = remapped(document, mapping)
        used = {reference.asset for reference in references(document)}
        mapping = {old: new for old, new in mapping.items() if old in used}
        require(stock, ours, target.names, target.name, self.remote.name)
        written = {name: value for name, value in ours.items() if name in workspace.WRITABLE}
        sendable, gaps = filled(written, held.secrets if held else None, partial(given, self.repository, self.remote))
        if gaps:
            raise Refused(_asked_for(target.name, self.remote.name, gaps), hint="Set the variables, or give the values to git's credential helper.")
        family = held.facts.family if held else ""
        files = Splitter(Decisions()).split_protected(ours, family).content
        before = held.joined if held else None
        name = f"{target.name} at {self.remote.name}"
        changes = without_secrets(compared(before, Joined(kind=chains.EXPERIMENT, document=ours), name if held else None, target.name, target.names))
        content = workspace.content_id(files, self.repository)
        return Plan(target=target, document=ours, sendable=sendable, content=content, mapping=mapping, changes=changes, left_out=tuple(left_out))

    def save(self, plan: Plan, held: Held) -> Held:
        """Save over what was just read, and read back; after a save without an answer what is there then decides."""
        for last in (*[False] * (_TRIES - 1), True):
            doubt = None
            try:
                self.studio.save(held.experiment, plan.submission(held), if_match=held.etag)
            except Doubtful as error:
                doubt = error
            back = self.read(plan.target, held.experiment)
            if doubt is None or back.content == plan.content:
                return back
            if back.etag != held.etag:
                raise Refused(
                    f"{plan.target.name}: the save got no answer, and {self.remote.name} holds something else now",
                    hint=f"Run this again; it tells what changed there. ({doubt})",
                ) from doubt
            if last:
                raise doubt
        raise AssertionError("the last try returns or raises")

    def _otherwise(self, plan: Plan, back: Held) -> Compared | None:
        """What the workspace made of a save, where that is not what was sent."""
        if back.content == plan.content:
            return None
        ours = Joined(kind=chains.EXPERIMENT, document=plan.document)
        name = f"{plan.target.name} at {self.remote.name}"
        return without_secrets(compared(ours, back.joined, plan.target.name, name, plan.target.names))

    def _entry(self, target: Target, experiment: str | None, state: str, plan: Plan | None = None) -> Entry:
        return Entry(
            name=target.name,
            title=_title(target),
            experiment=experiment,
            state=state,
            changes=plan.changes if plan else None,
            remapped=plan.mapping if plan else {},
            left_out=plan.left_out if plan else (),
            is_edited=target.is_edited,
        )

    # --- as a new experiment

    def _make(self, target: Target) -> Entry:
        done = make(self, target, self._options.title, dry_run=self._options.dry_run)
        if done.held is None:
            return self._entry(target, None, "would be made", done.plan)
        if not self._options.dry_run:
            self._saved = done.held
        entry = self._entry(target, done.held.experiment, "made already" if done.is_again else "made", done.plan)
        return replace(entry, otherwise=self._otherwise(done.plan, done.held))


def _joined(target: Target, run: bytes | None) -> Object:
    """Ours, with what the service owns of the experiment that is there."""
    try:
        return form.join(target.files, run)
    except InvalidDocument as error:
        raise InvalidDocument(f"{target.name}/{error}", hint=error.hint) from error


def _require_normal(target: Target, repository: Repository) -> None:
    """Raise Refused for files that are not in normal form: what comes back would be other files, and no pull could tell them for the same."""
    document = _joined(target, None)
    files = Splitter(Decisions()).split_protected(document, "").content
    differing = sorted(path for path in {*files, *target.files} if files.get(path) != target.files.get(path))
    if differing:
        raise Refused(
            f"{target.name}/{printable(differing[0])} is not in normal form", hint="'amlgit check --fix' mends it; commit that, then push again."
        )


def _require_sound(document: Object, where: str) -> None:
    found = graph.faults(document)
    if found:
        raise Refused(f"{where}: {found[0].message}", hint="'amlgit check' tells all that is wrong with it.")


def _asked_for(where: str, remote: str, gaps: Sequence[Gap]) -> str:
    lines = [f"  {printable(': '.join(gap.place))}: {printable(gap.name)}, from {gap.variable}" for gap in gaps]
    return "\n".join([f"{where} has secrets that {remote} does not hold:", *lines])
