"""States of a repository that can be compared: a commit, the index, the work tree; and the folders that differ between two."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, Union

from amlgit.errors import UsageError
from amlgit.store import sources
from amlgit.store.folders import PARENTS
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles, WorkTree

PARENT_NAMES = tuple(PARENTS.values())
"""The folders that hold experiments and services."""


@dataclass(frozen=True, slots=True)
class Commit:
    """The files as a commit has them."""

    rev: str


class Unrecorded(Enum):
    """What no commit holds yet."""

    INDEX = "the index"
    WORK_TREE = "the work tree"


State: TypeAlias = Union[Commit, Unrecorded]

_PLAIN = ("-z", "--no-renames", "--no-relative")


def changed_folders(repository: Repository, old: State, new: State) -> list[str]:
    """The folders in which a file differs, in order of their paths; from a commit to any state, or from the index to the work tree."""
    match old, new:
        case Commit(), Commit():
            output = repository.run(
                "diff-tree", "-r", "--name-only", *_PLAIN, _tree(repository, old.rev), _tree(repository, new.rev), "--", *PARENT_NAMES
            )
        case Commit(), Unrecorded.INDEX:
            output = repository.run("diff-index", "--cached", "--name-only", *_PLAIN, _tree(repository, old.rev), "--", *PARENT_NAMES)
        case Commit("HEAD"), Unrecorded.WORK_TREE:
            output = _status(repository)
        case Commit(), Unrecorded.WORK_TREE:
            output = repository.run("diff-index", "--name-only", *_PLAIN, _tree(repository, old.rev), "--", *PARENT_NAMES) + _untracked(repository)
        case Unrecorded.INDEX, Unrecorded.WORK_TREE:
            output = repository.run("diff-files", "--name-only", *_PLAIN, "--", *PARENT_NAMES) + _untracked(repository)
        case _:
            raise UsageError(f"{new} can't be compared with {old}")
    return sorted({folder for path in output.split(b"\0") if (folder := sources.folder_of(os.fsdecode(path)))})


def _changed(repository: Repository, command: str, *arguments: str) -> bytes:
    return repository.run(command, "--name-only", *_PLAIN, *arguments, "--", *PARENT_NAMES)


def _untracked(repository: Repository) -> bytes:
    """Files that git does not know yet: a node that was added and not staged is part of the graph all the same."""
    return repository.run("ls-files", "--others", "--exclude-standard", "-z", "--full-name", "--", *PARENT_NAMES)


def _status(repository: Repository) -> bytes:
    """Every file that differs from HEAD, or that git does not know yet, by one process; on an unborn branch too."""
    output = repository.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", *PARENT_NAMES)
    return b"\0".join(entry[3:] for entry in output.split(b"\0"))


def _tree(repository: Repository, rev: str) -> str:
    """What to compare with; on an unborn branch HEAD is the empty tree."""
    if rev == "HEAD" and repository.head() is None:
        return repository.text("hash-object", "-t", "tree", "--stdin")
    return rev


def read(repository: Repository, state: State, folders: Iterable[str]) -> Mapping[str, FolderFiles]:
    """The files of some folders by folder; one that a state does not have is left out."""
    wanted = frozenset(folders)
    if not wanted:
        return {}
    match state:
        case Commit():
            found = sources.Commit(repository, state.rev).named(wanted)
        case Unrecorded.INDEX:
            found = sources.staged(repository, wanted)
        case Unrecorded.WORK_TREE:
            root = repository.require_work_tree()
            found = WorkTree(repository).folders(lambda path: path in wanted and (root / path).is_dir())
    return {folder.path: folder for folder in found}
