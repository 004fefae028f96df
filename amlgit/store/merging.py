"""A merge of two commits by git, with our driver for the files of experiments and services; its conflicts, and taking a side."""

import os
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.errors import Refused, UsageError
from amlgit.store.folders import PARENTS
from amlgit.store.repository import Repository
from amlgit.store.settings import DRIVER

_SIDES = {"1": "base", "2": "ours", "3": "theirs"}
"""Stage in the index → side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """A path that git could not merge, with the blob of each side; None where a side does not have it."""

    path: str
    base: str | None
    ours: str | None
    theirs: str | None
    executable: frozenset[str] = frozenset()
    """The sides (`base`, `ours`, `theirs`) on which it is a program."""


def with_driver() -> tuple[str, ...]:
    """Options of git that make this amlgit the driver, whether or not `amlgit install` was run here."""
    return "-c", f"merge.amlgit.driver={DRIVER.replace('amlgit', f'{shlex.quote(sys.executable)} -P -m amlgit', 1)}"


_RENAMES = ("-X", "find-renames=100%")
"""A folder that was renamed is followed; a like node is not taken for one that was removed."""


def merge_base(repository: Repository, ours: str, theirs: str) -> str | None:
    """The commit both sides go on from; None where there is none, or more than one."""
    found = repository.attempt("merge-base", "--all", ours, theirs).stdout.decode().split()
    return found[0] if len(found) == 1 else None


def begin(repository: Repository, rev: str) -> None:
    """Merge a commit into index and work tree and commit nothing; conflicts are git's. Raises Refused with git's words where it does not begin."""
    completed = repository.finish(*with_driver(), "merge", "--no-commit", "--no-ff", "--no-edit", *_RENAMES, "--", rev)
    if completed.returncode != 0 and not (repository.git_dir / "MERGE_HEAD").exists():
        raise Refused(f"git does not merge {rev}: {_said(completed)}", hint="Nothing was changed.")


def fast_forward(repository: Repository, rev: str) -> None:
    """Move the branch on to a commit that goes on from it."""
    completed = repository.finish("merge", "--ff-only", "--", rev)
    if completed.returncode != 0:
        raise Refused(f"git does not merge {rev}: {_said(completed)}", hint="Nothing was changed.")


def commit(repository: Repository, message: str | None) -> str:
    """Commit the merge that is under way; raises Refused with the words of git or a hook where that fails."""
    refusal = _hook(repository, "pre-merge-commit")
    if refusal is None:
        completed = repository.finish("commit", "--no-edit", *(["-m", message] if message is not None else []))
        refusal = _said(completed) if completed.returncode != 0 else None
    if refusal is not None:
        raise Refused(f"the merge is done, and git did not commit it: {refusal}", hint="Mend that, then 'git commit'; or 'git merge --abort'.")
    _hook(repository, "post-merge", "0")
    return repository.head() or ""


def _said(completed: "subprocess.CompletedProcess[bytes]") -> str:
    return (completed.stderr.strip() or completed.stdout.strip() or b"no reason given").decode(errors="replace")


def _hook(repository: Repository, name: str, *arguments: str) -> str | None:
    """Run a hook that `git merge` would and `git commit` does not; what it says where it fails."""
    completed = repository.finish("hook", "run", "--ignore-missing", name, "--", *arguments)
    is_old = b"is not a git command" in completed.stderr  # git before 2.36
    return None if completed.returncode == 0 or is_old else f"{name}: {_said(completed)}"


class Tried(NamedTuple):
    """What a merge would make: a commit that no ref is on, and the paths that are in conflict in it."""

    commit: str
    conflicts: list[str]


def try_merge(repository: Repository, rev: str) -> Tried:
    """A merge of HEAD with a commit, of which nothing is left but objects that git drops in time."""
    completed = repository.attempt(*with_driver(), "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", "HEAD", rev)
    if completed.returncode not in (0, 1):
        raise UsageError(f"git can't try a merge: {_said(completed)}", hint="git 2.38 or later can, of commits with a common history.")
    tree, *paths = completed.stdout.split(b"\0")
    commit = (
        repository.run("-c", "user.name=amlgit", "-c", "user.email=amlgit@localhost", "commit-tree", tree.decode(), "-m", "tried").decode().strip()
    )
    return Tried(commit, [os.fsdecode(path) for path in paths if path])


def reopen(repository: Repository, sides: Sequence[str], folder: str, names: Sequence[str]) -> None:
    """Make files of a folder conflicts of base, ours and theirs again: while they are rewritten, a merge can be aborted only over such."""
    zeros = "0" * (40 if repository.object_format == "sha1" else 64)
    lines = [f"0 {zeros}\t{folder}/{name}" for name in names]
    for stage, side in zip(_SIDES, sides, strict=True):
        files = repository.tree(side, folder)
        lines += [f"{files[name][0]} {files[name][1]} {stage}\t{folder}/{name}" for name in names if name in files]
    repository.run("update-index", "-z", "--index-info", stdin=os.fsencode("".join(f"{line}\0" for line in lines)))


def unmerged(repository: Repository) -> list[Unmerged]:
    """What git could not merge, in order of the paths."""
    stages: dict[str, dict[str, tuple[str, str]]] = {}
    for entry in repository.run("ls-files", "--unmerged", "-z", "--full-name", "--", ":/").split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if path:
            mode, object_id, stage = head.decode().split(" ")
            stages.setdefault(os.fsdecode(path), {})[_SIDES[stage]] = (object_id, mode)
    return [
        Unmerged(
            path=path,
            executable=frozenset(side for side, (_, mode) in found.items() if mode == "100755"),
            **{side: found[side][0] if side in found else None for side in _SIDES.values()},
        )
        for path, found in sorted(stages.items())
    ]


def marker_sizes(repository: Repository, paths: Sequence[str]) -> Mapping[str, int]:
    """How long the markers are in each file."""
    output = repository.run("check-attr", "-z", "--stdin", "conflict-marker-size", stdin=os.fsencode("".join(f"{path}\0" for path in paths)))
    words = output.split(b"\0")
    return {os.fsdecode(path): int(value) if value.isdigit() else 7 for path, _, value in zip(words[::3], words[1::3], words[2::3], strict=False)}


def is_ours(path: str) -> bool:
    """Whether a path is one of an experiment or service."""
    return path.split("/", 1)[0] in PARENTS.values()


def stage(repository: Repository, paths: Sequence[str]) -> None:
    """Tell git that these files are settled; one that is no more there is removed."""
    repository.run("add", "--all", "--force", "--", *(f":(top,literal){path}" for path in paths))


def sides(repository: Repository, entries: Sequence[Unmerged]) -> Mapping[str, bytes]:
    """The contents of all sides, by blob."""
    return repository.blobs(blob for entry in entries for blob in (entry.base, entry.ours, entry.theirs) if blob is not None)
