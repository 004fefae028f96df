"""A merge of two commits by git, with our driver for the files of experiments and services; its conflicts, and taking a side."""

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amlgit.errors import Refused, UsageError
from amlgit.store.folders import PARENTS
from amlgit.store.repository import Repository
from amlgit.store.settings import DRIVER

_BASE, _OURS, _THEIRS = "1", "2", "3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """A path that git could not merge, with the blob of each side; None where a side does not have it."""

    path: str
    base: str | None
    ours: str | None
    theirs: str | None


def with_driver() -> tuple[str, ...]:
    """Options of git that make this amlgit the driver, whether or not `amlgit install` was run here."""
    return "-c", f"merge.amlgit.driver={DRIVER.replace('amlgit', f'{shlex.quote(sys.executable)} -m amlgit', 1)}"


def merge_base(repository: Repository, ours: str, theirs: str) -> str | None:
    """The commit both sides go on from; None where there is none, or more than one."""
    found = repository.attempt("merge-base", "--all", ours, theirs).stdout.decode().split()
    return found[0] if len(found) == 1 else None


def begin(repository: Repository, rev: str) -> None:
    """Merge a commit into index and work tree and commit nothing; conflicts are git's. Raises Refused with git's words where it does not begin."""
    completed = repository.attempt(*with_driver(), "merge", "--no-commit", "--no-ff", "--no-edit", "--", rev)
    if completed.returncode != 0 and not (repository.git_dir / "MERGE_HEAD").exists():
        said = completed.stderr.decode(errors="replace").strip() or completed.stdout.decode(errors="replace").strip()
        raise Refused(f"git does not merge {rev}: {said}", hint="Nothing was changed.")


def fast_forward(repository: Repository, rev: str) -> None:
    """Move the branch on to a commit that goes on from it."""
    completed = repository.attempt("merge", "--ff-only", "--", rev)
    if completed.returncode != 0:
        raise Refused(f"git does not merge {rev}: {completed.stderr.decode(errors='replace').strip()}", hint="Nothing was changed.")


def commit(repository: Repository, message: str | None) -> str:
    """Commit the merge that is under way; raises Refused with the words of git or a hook where that fails."""
    completed = repository.attempt("commit", "--no-edit", *(["-m", message] if message is not None else []))
    if completed.returncode != 0:
        said = completed.stderr.decode(errors="replace").strip() or completed.stdout.decode(errors="replace").strip()
        raise Refused(f"the merge is done, and git did not commit it: {said}", hint="Mend that, then 'git commit'; or 'git merge --abort'.")
    return repository.head() or ""


def would_conflict(repository: Repository, rev: str) -> list[str]:
    """The paths that a merge with a commit could not settle; nothing is changed."""
    completed = repository.attempt(*with_driver(), "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "HEAD", rev)
    if completed.returncode not in (0, 1):
        raise UsageError(f"git can't try a merge: {completed.stderr.decode(errors='replace').strip()}", hint="git 2.38 or later can.")
    return [os.fsdecode(path) for path in completed.stdout.split(b"\0")[1:] if path]


def unmerged(repository: Repository) -> list[Unmerged]:
    """What git could not merge, in order of the paths."""
    stages: dict[str, dict[str, str]] = {}
    for entry in repository.run("ls-files", "--unmerged", "-z", "--full-name", "--", ":/").split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if path:
            _, object_id, stage = head.decode().split(" ")
            stages.setdefault(os.fsdecode(path), {})[stage] = object_id
    return [Unmerged(path=path, base=found.get(_BASE), ours=found.get(_OURS), theirs=found.get(_THEIRS)) for path, found in sorted(stages.items())]


def is_ours(path: str) -> bool:
    """Whether a path is one of an experiment or service."""
    return path.split("/", 1)[0] in PARENTS.values()


def stage(repository: Repository, paths: Sequence[str]) -> None:
    """Tell git that these files are settled; one that is no more there is removed."""
    repository.run("add", "--all", "--force", "--", *(f":(top,literal){path}" for path in paths))


def sides(repository: Repository, entries: Sequence[Unmerged]) -> Mapping[str, bytes]:
    """The contents of all sides, by blob."""
    return repository.blobs(blob for entry in entries for blob in (entry.base, entry.ours, entry.theirs) if blob is not None)
