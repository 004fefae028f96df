"""`merge`: git's merge, and where git stops or makes an unsound graph of two sound ones, a merge of the whole graphs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from amlgit.compare.changes import Missing
from amlgit.compare.merge import merge as merge_graphs
from amlgit.compare.patch import pointer
from amlgit.compare.three import Clash
from amlgit.config import Config
from amlgit.errors import InvalidDocument, Refused, UsageError
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Object
from amlgit.review.findings import ALLOW_ALL, Finding
from amlgit.store import chains, merging, states
from amlgit.store.folders import is_content
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of
from amlgit.store.states import Commit
from amlgit.store.worktree import replace_file
from amlgit.workflows.branch.merge_faults import errors, new_faults
from amlgit.workflows.check import family, finding_folder
from amlgit.workflows.versions.documents import of_folder, wire, wire_with


class Outcome(StrEnum):
    """How a merge ended."""

    UP_TO_DATE = "up to date"
    FAST_FORWARD = "fast-forward"
    MERGED = "merged"
    STAGED = "staged"
    """Merged, and not committed, as it was asked for."""
    CONFLICTS = "conflicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReport:
    """What became of a merge."""

    outcome: Outcome
    rev: str
    commit: str | None
    conflicts: tuple[str, ...] = ()
    """Paths that wait for a decision."""
    faults: tuple[Finding, ...] = ()
    """What is wrong with the merged graphs that was wrong on neither side; no file shows it."""
    as_graphs: tuple[str, ...] = ()
    """Folders that were merged as whole graphs, because file by file they did not come out sound."""


def merge(
    repository: Repository, settings: Config, rev: str, *, with_commit: bool = True, message: str | None = None, dry_run: bool = False
) -> MergeReport:
    """Merge a commit into the branch; raises Refused, with nothing changed, where git would not begin."""
    repository.require_work_tree()
    theirs = repository.resolve(rev)
    if theirs is None:
        raise UsageError(f"there is no commit {rev!r}")
    operation = repository.operation_in_progress()
    if operation:
        raise Refused(f"a {operation} is not finished yet", hint=f"Finish it, or 'git {operation} --abort'.")
    ours = repository.head()
    if ours is None:
        raise Refused("this branch has no commit yet", hint=f"'git merge {rev}' makes it that commit.")
    sides = _Sides(merging.merge_base(repository, ours, theirs), ours, theirs)
    if sides.base == theirs:
        return MergeReport(outcome=Outcome.UP_TO_DATE, rev=rev, commit=ours)
    if sides.base == ours and dry_run:
        return MergeReport(outcome=Outcome.FAST_FORWARD, rev=rev, commit=None)
    if sides.base == ours:
        with exclusive(repository):
            merging.fast_forward(repository, rev)
        return MergeReport(outcome=Outcome.FAST_FORWARD, rev=rev, commit=theirs)
    if dry_run:
        return _tried(repository, settings, sides, rev)
    if repository.identity() is None:
        raise Refused("git does not know who you are", hint="Set user.name and user.email with 'git config'.")
    with exclusive(repository):
        report = _merged(repository, settings, sides, rev)
        if report.outcome is not Outcome.STAGED or not with_commit:
            return report
        return replace(report, outcome=Outcome.MERGED, commit=merging.commit(repository, message))


@dataclass(frozen=True, slots=True)
class _Sides:
    """The commits of a merge; no base where there is none, or more than one."""

    base: str | None
    ours: str
    theirs: str

    @property
    def heads(self) -> tuple[str, str]:
        return self.ours, self.theirs


def _tried(repository: Repository, settings: Config, sides: _Sides, rev: str) -> MergeReport:
    """What a merge would come to."""
    tried = merging.try_merge(repository, sides.theirs)
    found = new_faults(repository, settings, sides.heads, rev=tried.commit, unsettled=tried.conflicts)
    unsound = {folder_of(path) for path in tried.conflicts} | {finding_folder(finding.path) for finding in found}
    edited = _edited(repository)
    as_graphs = [path for path in sorted(unsound - edited - {""}) if _whole(repository, sides, path) is not None]
    conflicts = tuple(path for path in tried.conflicts if folder_of(path) not in as_graphs or not _is_content(path))
    faults = tuple(finding for finding in errors(found) if finding_folder(finding.path) not in as_graphs)
    outcome = Outcome.CONFLICTS if conflicts or faults else Outcome.MERGED
    return MergeReport(outcome=outcome, rev=rev, commit=None, conflicts=conflicts, faults=faults, as_graphs=tuple(as_graphs))


def _merged(repository: Repository, settings: Config, sides: _Sides, rev: str) -> MergeReport:
    """Merge into index and work tree."""
    edited = _edited(repository)
    merging.begin(repository, rev)
    conflicts = _unmerged(repository)
    found = new_faults(repository, settings, sides.heads, unsettled=conflicts)
    unsound = {folder_of(path) for path in conflicts} | {finding_folder(finding.path) for finding in found}
    as_graphs = []
    for path in sorted(unsound - edited - {""}):
        whole = _whole(repository, sides, path)
        if whole is not None:
            _write(repository, sides, path, whole)
            as_graphs.append(path)
    if as_graphs:
        conflicts = _unmerged(repository)
        found = new_faults(repository, settings, sides.heads, unsettled=conflicts)
    outcome = Outcome.CONFLICTS if conflicts or errors(found) else Outcome.STAGED
    return MergeReport(outcome=outcome, rev=rev, commit=None, conflicts=conflicts, faults=errors(found), as_graphs=tuple(as_graphs))


def _unmerged(repository: Repository) -> tuple[str, ...]:
    return tuple(entry.path for entry in merging.unmerged(repository))


def _edited(repository: Repository) -> set[str]:
    """The folders in which something is not committed: what a merge as a whole graph would write there is not git's to keep safe."""
    output = repository.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
    return {folder_of(os.fsdecode(entry[3:])) for entry in output.split(b"\0")}


# --- whole graphs


@dataclass(frozen=True, slots=True)
class _Whole:
    """An experiment merged as a whole graph: its content, and the names of all content files that the sides have."""

    content: Mapping[str, bytes]
    known: frozenset[str]


def _whole(repository: Repository, sides: _Sides, path: str) -> _Whole | None:
    """An experiment merged as a whole graph; None where that leaves a clash too, or where a side has no such experiment."""
    if sides.base is None:
        return None
    folders = [states.read(repository, Commit(rev), [path]).get(path) for rev in (sides.base, sides.ours, sides.theirs)]
    found = [folder for folder in folders if folder is not None and folder.kind == chains.EXPERIMENT and not folder.others]
    if len(found) < len(folders):
        return None
    try:
        merged = merge_graphs(*(of_folder(folder).document for folder in found))
        if merged.clashes:
            return None
        content = Splitter(ALLOW_ALL).split_protected(merged.document, family(found[1])).content
    except InvalidDocument:
        return None
    return _Whole(content, frozenset(name for folder in found for name in folder.files if _is_content(f"{path}/{name}")))


def _is_content(path: str) -> bool:
    return is_content(path.split("/")[2], chains.EXPERIMENT)


def _write(repository: Repository, sides: _Sides, path: str, whole: _Whole) -> None:
    """Put a merged experiment in place of what git made of it; killed in between, it is in conflict, and 'git merge --abort' takes it back."""
    place = repository.require_work_tree() / path
    names = sorted(whole.known | whole.content.keys())
    assert sides.base is not None  # else there is no whole graph
    merging.reopen(repository, (sides.base, sides.ours, sides.theirs), path, names)
    for name in names:
        if name in whole.content:
            replace_file(repository, repository.require_work_tree(), place / name, whole.content[name])
        else:
            (place / name).unlink(missing_ok=True)
    merging.stage(repository, [f"{path}/{name}" for name in names])


# --- files


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedFile:
    """What came of three exports: the document (our side where there is a clash), and its text, empty where there is a clash."""

    document: Object
    clashes: tuple[Clash, ...]
    data: bytes


def merge_files(base: Path, ours: Path, theirs: Path) -> MergedFile:
    """A three-way merge of three exports anywhere; raises InvalidDocument, naming the file, where one is none."""
    from amlgit.workflows.comparison.files import read_export

    sides = [read_export(side) for side in (base, ours, theirs)]
    merged = merge_graphs(*(side.document for side in sides))
    # what the service owns is ours, and its statuses are the text they were
    statuses = sides[1].statuses
    data = b"" if merged.clashes else wire_with(merged.document, statuses) if statuses else wire(merged.document)
    return MergedFile(document=merged.document, clashes=merged.clashes, data=data)


def described(clash: Clash, document: Object) -> Mapping[str, object]:
    """A clash for people and programs: where it is, in words, and what each side has; secrets replaced."""
    from amlgit.form.protect import protected, protected_parameter
    from amlgit.review.names import Names
    from amlgit.review.values import shown

    path = clash.path
    names = Names(document, document, {}, {})
    where = ": ".join([names.node(path[2]), *path[3:]] if path[:2] == ("Graph", "ModuleNodes") and len(path) > 2 else path)
    is_value = path[-1:] == ("Value",) and len(path) > 1
    sides = {
        name: None if isinstance(side, Missing) else protected_parameter(path[-2], side) if is_value else protected(side)
        for name, side in (("base", clash.base), ("ours", clash.ours), ("theirs", clash.theirs))
    }
    told = clash.reason or ", ".join(f"{name} {shown(sides[name])}" for name in ("ours", "theirs"))
    return {"path": pointer(*path), "text": f"{where}: {told}", **sides}
