"""`merge`: git's merge, and where git stops or makes an unsound graph of two sound ones, a merge of the whole graphs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from amlgit.compare.changes import Missing
from amlgit.compare.merge import Merge
from amlgit.compare.merge import merge as merge_graphs
from amlgit.compare.patch import pointer
from amlgit.compare.three import Clash
from amlgit.config import Config, write_atomically
from amlgit.errors import InvalidDocument, Refused, UsageError
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Object
from amlgit.review.findings import ALLOW_ALL, Finding
from amlgit.store import chains, merging, states
from amlgit.store.folders import is_content
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles, folder_of
from amlgit.store.states import Commit
from amlgit.workflows.check import check, family, finding_folder
from amlgit.workflows.documents import of_folder


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
    base = merging.merge_base(repository, ours, theirs)
    if base == theirs:
        return MergeReport(outcome=Outcome.UP_TO_DATE, rev=rev, commit=ours)
    if dry_run:
        conflicts = [] if base == ours else merging.would_conflict(repository, theirs)
        outcome = Outcome.CONFLICTS if conflicts else Outcome.FAST_FORWARD if base == ours else Outcome.MERGED
        return MergeReport(outcome=outcome, rev=rev, commit=None, conflicts=tuple(conflicts))
    if base == ours:
        with exclusive(repository):
            merging.fast_forward(repository, rev)
        return MergeReport(outcome=Outcome.FAST_FORWARD, rev=rev, commit=theirs)
    if repository.identity() is None:
        raise Refused("git does not know who you are", hint="Set user.name and user.email with 'git config'.")
    return _merge(repository, settings, _Sides(base, ours, theirs), rev, with_commit=with_commit, message=message)


@dataclass(frozen=True, slots=True)
class _Sides:
    """The commits of a merge; no base where there is none, or more than one."""

    base: str | None
    ours: str
    theirs: str


def _merge(repository: Repository, settings: Config, sides: _Sides, rev: str, *, with_commit: bool, message: str | None) -> MergeReport:
    with exclusive(repository):
        edited = {folder_of(path) for path in _uncommitted(repository)}
        merging.begin(repository, rev)
        unsound = {folder_of(entry.path) for entry in merging.unmerged(repository)} | {
            _folder(found) for found in _faults(repository, settings, sides)
        }
        as_graphs = [path for path in sorted(unsound - edited - {""}) if _merge_folder(repository, sides, path)]
        conflicts = tuple(entry.path for entry in merging.unmerged(repository))
        faults = tuple(_faults(repository, settings, sides))
        report = MergeReport(outcome=Outcome.CONFLICTS, rev=rev, commit=None, conflicts=conflicts, faults=faults, as_graphs=tuple(as_graphs))
        if conflicts or faults:
            return report
        commit = merging.commit(repository, message) if with_commit else None
        outcome = Outcome.MERGED if with_commit else Outcome.STAGED
        return MergeReport(outcome=outcome, rev=rev, commit=commit, as_graphs=tuple(as_graphs))


def _uncommitted(repository: Repository) -> list[str]:
    output = repository.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
    return [entry[3:].decode(errors="surrogateescape") for entry in output.split(b"\0") if entry]


def _folder(finding: Finding) -> str:
    return finding_folder(finding.path)


def _faults(repository: Repository, settings: Config, sides: _Sides) -> list[Finding]:
    """Errors in the folders that the merge touched that neither side had; those of a conflict's markers are git's to tell."""
    found = [finding for finding in check(repository, settings, staged=True).findings if finding.severity == "error"]
    folders = sorted({_folder(finding) for finding in found} - {""})
    if not folders:
        return []
    unmerged = {entry.path for entry in merging.unmerged(repository)}
    known = {
        (finding.rule, finding.path, finding.message)
        for side in (sides.ours, sides.theirs)
        for finding in check(repository, settings, paths=folders, rev=side).findings
    }
    return [finding for finding in found if (finding.rule, finding.path, finding.message) not in known and finding.path not in unmerged]


# --- whole graphs


def _merge_folder(repository: Repository, sides: _Sides, path: str) -> bool:
    """Merge an experiment as a whole graph into work tree and index; False where that leaves a clash too, and then nothing is changed."""
    if sides.base is None:
        return False
    folders = [states.read(repository, Commit(rev), [path]).get(path) for rev in (sides.base, sides.ours, sides.theirs)]
    if any(folder is None or folder.kind != chains.EXPERIMENT or folder.others for folder in folders):
        return False
    found = [folder for folder in folders if folder is not None]
    try:
        documents = [of_folder(folder).document for folder in found]
        merged = merge_graphs(documents[0], documents[1], documents[2])
        if merged.clashes:
            return False
        content = Splitter(ALLOW_ALL).split_protected(merged.document, family(found[1])).content
    except InvalidDocument:
        return False
    _write(repository, path, content, found)
    return True


def _write(repository: Repository, path: str, content: Mapping[str, bytes], sides: Sequence[FolderFiles]) -> None:
    """Put a merged experiment in place of what git made of it. The merge is not committed yet: a kill leaves it to be aborted or resumed."""
    place = repository.require_work_tree() / path
    known = {name for side in sides for name in side.files if is_content(name.partition("/")[0], chains.EXPERIMENT)}
    for name in sorted(known - content.keys()):
        (place / name).unlink(missing_ok=True)
    for name, data in content.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place / name, data)
    merging.stage(repository, [f"{path}/{name}" for name in sorted(known | content.keys())])


# --- files


def merge_files(base: Path, ours: Path, theirs: Path) -> Merge:
    """A three-way merge of three exports anywhere; raises InvalidDocument, naming the file, where one is none."""
    from amlgit.workflows.diff_files import read_export

    documents = [read_export(side) for side in (base, ours, theirs)]
    return merge_graphs(documents[0], documents[1], documents[2])


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
