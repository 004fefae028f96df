"""`pull`: fetch, then bring the branch up to the newest state of each experiment, one commit for each version."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from amlgit.config import Config, Remote
from amlgit.errors import Refused
from amlgit.form import naming, secrets
from amlgit.form.companions import ASSETS, SYNC, Binding, write_sync
from amlgit.review.findings import Finding
from amlgit.store import chains, drafts, incoming, trailers
from amlgit.store.chains import Version
from amlgit.store.folders import PARENTS, Folder, content_entries, folders
from amlgit.store.incoming import Incoming
from amlgit.store.lock import exclusive
from amlgit.store.objects import TreeEntry, blob_id, read_tree
from amlgit.store.picking import forget_finished
from amlgit.store.repository import Repository
from amlgit.store.worktree import fast_forward, finish_pending
from amlgit.workflows.bind import bind_made
from amlgit.workflows.branch import deleted
from amlgit.workflows.branch.reconcile import Edited, prepare, reconcile
from amlgit.workflows.fetch import take
from amlgit.workflows.intake.recording import FetchReport, Progress
from amlgit.workflows.versions.seen import History, bound_to, family_of, is_bound
from amlgit.workflows.versions.trees import VersionTrees

_BATCH = 500
"""Versions whose trees are read from git at a time, to bound memory."""


_BRANCH_DEPTH = 4
"""What a branch commit makes anew: root, `experiments`, the folder, its companions. Deeper trees are those of the chains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderReport:
    """What became of one experiment's or service's folder."""

    path: str
    title: str
    commits: int
    state: str
    """'pulled', 'merged', 'up to date', 'skipped'; or, with new versions waiting: 'conflicts', 'removed here', 'not in this shallow clone';
    'removed', or waiting with 'deleted there, and edited here', where the workspace has it no more."""
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """A secret that stands in a file as its placeholder: where, and what it stood for."""

    path: str
    lines: tuple[int, ...]
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PullReport:
    """What a pull did."""

    fetched: FetchReport
    folders: tuple[FolderReport, ...]
    replaced: tuple[Replaced, ...]
    head: str | None
    faults: tuple[Finding, ...] = ()
    """What is wrong in what git merged without a conflict, and was wrong on neither side."""

    @property
    def commits(self) -> int:
        """How many commits the branch got."""
        return sum(folder.commits for folder in self.folders)

    @property
    def is_refused(self) -> bool:
        """Whether new versions wait because of edits on the branch."""
        return any(folder.waiting for folder in self.folders)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What the branch got."""

    head: str | None
    folders: tuple[FolderReport, ...]
    faults: tuple[Finding, ...] = ()


@dataclass(slots=True)
class _Plan:
    """One folder and the versions it is to get; and, while they are written, what it holds."""

    path: str
    kind: str
    remote: str
    family: str
    bindings: dict[str, Binding]
    base: Version | None
    """The newest version it has seen."""
    versions: Sequence[Version]
    entries: Sequence[TreeEntry] = ()
    companions: dict[str, bytes] = field(default_factory=dict)


def pull(repository: Repository, settings: Config, remote: Remote, root: Path, progress: Progress) -> PullReport:
    """Fetch a remote and bring the branch up to it; raises Refused, before anything moves, where that would overwrite something."""
    with exclusive(repository):
        refuse_unready(repository)
        try:
            finish_pending(repository)
            forget_finished(repository)
            fetched = take(repository, settings, remote, root, progress)
            bind_made(repository, remote.name)
            gone = deleted.families(repository, remote)
            brought = bring_up(repository, settings, remote.name, frozenset(remote.skip), progress, gone=gone)
            brought = _without_deleted(repository, remote, brought)
        finally:
            incoming.sweep(repository)
    return report(repository, fetched, brought)


def _without_deleted(repository: Repository, remote: Remote, brought: Brought) -> Brought:
    """Take out the folders of experiments that were deleted there."""
    found = deleted.take_out(repository, remote)
    if not found:
        return brought
    titles = {folder.path: folder.title for folder in brought.folders}
    kept = [folder for folder in brought.folders if folder.path not in found or folder.commits or folder.waiting]
    reports = [
        FolderReport(path=path, title=titles.get(path, ""), commits=int(state == deleted.REMOVED), state=state, waiting=int(state == deleted.EDITED))
        for path, state in found.items()
    ]
    return replace(brought, head=repository.head(), folders=tuple(sorted([*kept, *reports], key=lambda report: report.path)))


def report(repository: Repository, fetched: FetchReport, brought: Brought) -> PullReport:
    """The report of a fetch and of what the branch then got."""
    replaced = _replaced_in(repository, brought.head, brought.folders)
    return PullReport(fetched=fetched, folders=brought.folders, replaced=replaced, head=brought.head, faults=brought.faults)


def _replaced_in(repository: Repository, head: str | None, reports: Sequence[FolderReport]) -> tuple[Replaced, ...]:
    """The placeholders in the folders that were pulled."""
    found: dict[tuple[str, str], list[int]] = {}
    for report in reports:
        if report.state in ("pulled", "merged") and head is not None:
            files = repository.tree(head, report.path)
            contents = repository.blobs(object_id for _, object_id in files.values())
            for path, (_, object_id) in sorted(files.items()):
                for place in secrets.places(f"{report.path}/{path}", contents[object_id]):
                    found.setdefault((place.path, place.name), []).append(place.line)
    return tuple(Replaced(path=path, lines=tuple(dict.fromkeys(lines)), name=name) for (path, name), lines in found.items())


def refuse_unready(repository: Repository) -> None:
    """Raise Refused where the branch can't get commits now."""
    repository.require_work_tree()
    operation = repository.operation_in_progress()
    if operation is not None:
        hint = f"'amlgit resolve' shows what is left to settle; finish it, or 'git {operation} --abort', then run this again."
        raise Refused(f"a {operation} is not finished yet", hint=hint)


def bring_up(
    repository: Repository,
    settings: Config,
    remote: str,
    skip: frozenset[str],
    progress: Progress,
    *,
    only: frozenset[str] | None = None,
    gone: frozenset[str] = frozenset(),
) -> Brought:
    """Bring the branch up to the chains of a remote (to those of the families in `only`); the caller holds the lock and sweeps.

    What is `gone` there gets no new folder.
    """
    head = repository.head()
    plans, edited, reports = _plan(repository, head, remote, skip, only, gone)
    prepared = prepare(repository, str(head), edited) if edited else None  # may refuse, and nothing has moved yet
    if plans:
        with incoming.receive(repository) as stream:
            tip = _write_branch(repository, stream, head, plans, progress)
        fast_forward(repository, head, tip, f"pull {remote}")
        head = tip
        reports += [FolderReport(path=plan.path, title=plan.versions[-1].title, commits=len(plan.versions), state="pulled") for plan in plans]
    faults: tuple[Finding, ...] = ()
    if prepared is not None:
        done = reconcile(repository, settings, str(head), prepared)
        head, faults = done.head, done.faults
        reports += [_edited_report(entry, "merged", commits=1) for entry in done.merged]
        reports += [_edited_report(entry, "conflicts", waiting=entry.waiting) for entry in done.conflicts]
    return Brought(head=head, folders=tuple(sorted(reports, key=lambda report: report.path)), faults=faults)


def _edited_report(entry: Edited, state: str, *, commits: int = 0, waiting: int = 0) -> FolderReport:
    return FolderReport(path=entry.folder.path, title=entry.theirs.title, commits=commits, state=state, waiting=waiting)


def _plan(
    repository: Repository, head: str | None, remote: str, skip: frozenset[str], only: frozenset[str] | None, gone: frozenset[str]
) -> tuple[list[_Plan], list[Edited], list[FolderReport]]:
    present = folders(repository, head)
    taken = {folder.path for folder in present}
    history = History(repository, str(head))
    plans: list[_Plan] = []
    edited: list[Edited] = []
    reports: list[FolderReport] = []
    for family, listed in drafts.histories(repository, remote):
        if only is not None and family not in only:
            continue
        bound = [folder for folder in present if is_bound(folder, remote, family)]
        if len(bound) > 1:
            names = " and ".join(folder.path for folder in bound)
            raise Refused(f"{names} are bound to the same experiment of {remote!r}", hint=f"Remove '{SYNC}' from the copy.")
        if family in skip:
            reports.append(FolderReport(path="", title=listed[-1].title, commits=0, state="skipped"))
        elif bound:
            match _plan_known(history, remote, bound[0], listed):
                case _Plan() as plan:
                    plans.append(plan)
                case Edited() as entry:
                    edited.append(entry)
                case FolderReport() as settled:
                    reports.append(settled)
        elif family not in gone:
            was = next((folder for folder in history.gone if is_bound(folder, remote, family)), None) if head is not None else None
            if was is not None:
                seen = history.last_seen(remote, was, listed)
                reports.append(FolderReport(path=was.path, title=listed[-1].title, commits=0, state="removed here", waiting=len(listed) - 1 - seen))
                continue
            if head is not None and (repository.common_dir / "shallow").exists():
                reports.append(
                    FolderReport(path=listed[-1].title, title=listed[-1].title, commits=0, state="not in this shallow clone", waiting=len(listed))
                )
                continue
            parent = PARENTS[listed[-1].kind]
            name = naming.folder(listed[0].title, family, (path.removeprefix(f"{parent}/") for path in taken))
            plans.append(_Plan(path=f"{parent}/{name}", kind=listed[-1].kind, remote=remote, family=family, bindings={}, base=None, versions=listed))
            taken.add(f"{parent}/{name}")
    return plans, edited, reports


def _plan_known(history: History, remote: str, folder: Folder, listed: Sequence[Version]) -> "_Plan | Edited | FolderReport":
    """What is to be done about a folder: as its base has it, edited here, or nothing."""
    seen = history.last_seen(remote, folder, listed)
    if seen == len(listed) - 1:
        return FolderReport(path=folder.path, title=listed[-1].title, commits=0, state="up to date")
    if seen >= 0 and folder.content == listed[seen].content:
        return _Plan(
            path=folder.path,
            kind=folder.kind,
            remote=remote,
            family=family_of(folder.bindings[remote]),
            bindings=dict(folder.bindings),
            base=listed[seen],
            versions=listed[seen + 1 :],
        )
    base = listed[seen] if seen >= 0 else None
    return Edited(folder=folder, remote=remote, base=base, theirs=listed[-1], waiting=len(listed) - 1 - seen)


def _write_branch(repository: Repository, stream: Incoming, head: str | None, plans: Sequence[_Plan], progress: Progress) -> str:
    """Commits for all versions of all plans, in order of time; gives the new tip."""
    ref = incoming.BRANCH
    # sorting keeps the versions of a plan in their order where their times are the same
    steps = sorted(((version, plan) for plan in plans for version in plan.versions), key=lambda step: (step[0].time, step[1].path))
    parent = head
    trees = VersionTrees(repository)
    for plan in plans:
        for data in repository.blobs([f"{head}:{plan.path}"] if head else []).values():
            plan.entries = content_entries(read_tree(data, repository.object_format), plan.kind)
    for start in range(0, len(steps), _BATCH):
        batch = steps[start : start + _BATCH]
        trees.load([version for version, _ in batch])
        for number, (version, plan) in enumerate(batch, start):
            progress("writing", number, len(steps))
            changes = _changes(repository, stream, trees, version, plan)
            author = f"{version.author} {version.time} +0000"
            stream.commit(ref, author=author, committer=author, message=version.message, parent=parent, changes=changes)
            parent = None
    return stream.finish(_BRANCH_DEPTH)[ref]


def _changes(repository: Repository, stream: Incoming, trees: VersionTrees, version: Version, plan: _Plan) -> list[tuple[str, str, str | None]]:
    entries = trees.content(version)
    names = {entry.name for entry in entries}
    experiment = trailers.value(version.message, trailers.EXPERIMENT) or trailers.value(version.message, trailers.SERVICE) or ""
    bound = _bound_id(experiment, version, plan)
    plan.bindings[plan.remote] = bound_to(version, bound, was=plan.bindings.get(plan.remote), base=plan.base)
    plan.base = version
    companions = {SYNC: write_sync(plan.bindings)}
    if version.kind == chains.EXPERIMENT:
        companions[ASSETS] = trees.assets(entries)
    previous = {entry.name: entry.id for entry in plan.entries}
    changes: list[tuple[str, str, str | None]] = [
        (f"{plan.path}/{entry.name}", "040000" if entry.mode == "40000" else entry.mode, entry.id)
        for entry in entries
        if previous.get(entry.name) != entry.id
    ]
    changes += [(f"{plan.path}/{name}", "100644", None) for name in previous if name not in names]
    plan.entries = entries
    for name, data in companions.items():
        if plan.companions.get(name) != data:
            plan.companions[name] = data
            stream.blob(data)
            changes.append((f"{plan.path}/{name}", "100644", blob_id(data, repository.object_format)))
    return changes


def _bound_id(experiment: str, version: Version, plan: _Plan) -> str:
    return experiment if version.kind == chains.EXPERIMENT else f"{experiment}.{plan.family}"
