"""A file that the command line names for a result: replaced in one step, unless that would cost somebody's work."""

import os
from pathlib import Path

from amlgit.config import write_atomically
from amlgit.errors import Refused, UsageError
from amlgit.store.repository import discover


def write(path: Path, data: bytes) -> None:
    """Write a result to a file.

    Raises UsageError for a folder or a file in none, and Refused for a file of a repository with changes that are in no commit and not staged.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}", hint="Make it first, or name another file.")
    if path.is_file() and _is_edited(path.resolve()):
        raise Refused(f"{path} has uncommitted changes, which would be overwritten", hint="Commit or stash them, or name another file.")
    write_atomically(path, data)


def _is_edited(path: Path) -> bool:
    """Whether a file is one that git tracks, and holds what neither a commit nor the index does."""
    try:
        repository = discover(path.parent, os.environ)
    except UsageError:
        return False  # no repository is around it
    if repository.work_tree is None:
        return False
    said = repository.attempt(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", f":(top,literal){repository.prefix}{path.name}"
    )
    return said.stdout[1:2] not in (b"", b" ", b"?")
