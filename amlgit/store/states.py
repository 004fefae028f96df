"""States of a repository that can be compared: a commit, the index, the work tree; and the folders that differ between two."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, Union

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


def changed_folders(repository: Repository, old: Commit, new: State) -> list[str]:
    """The folders in which a file differs from a commit, in order of their paths."""
    if isinstance(new, Unrecorded):
        repository.require_work_tree()
    match new:
        case Commit():
            output = _changed(repository, "diff-tree", "-r", _tree(repository, old.rev), _tree(repository, new.rev))
        case Unrecorded.INDEX:
            output = _changed(repository, "diff-index", "--cached", _tree(repository, old.rev))
        case Unrecorded.WORK_TREE if old.rev == "HEAD":
            output = _status(repository)
        case Unrecorded.WORK_TREE:
            output = _changed(repository, "diff-index", _tree(repository, old.rev)) + _untracked(repository)
    return sorted({folder for path in output.split(b"\0") if (folder := sources.folder_of(os.fsdecode(path)))})


def _changed(repository: Repository, command: str, *arguments: str) -> bytes:
    return repository.run(command, "--name-only", "-z", "--no-renames", "--no-relative", *arguments, "--", *PARENT_NAMES)


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


def bindings(repository: Repository, state: State) -> Mapping[str, bytes]:
    """The sync.json of every folder that a state has, by the folder's path."""
    match state:
        case Commit():
            return sources.Commit(repository, state.rev).syncs()
        case Unrecorded.INDEX:
            return sources.staged_syncs(repository)
        case Unrecorded.WORK_TREE:
            return WorkTree(repository).syncs()
