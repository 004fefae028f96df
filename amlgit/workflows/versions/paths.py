"""A path on the command line, seen from the folder amlgit was started in."""

import os
import posixpath

from amlgit.errors import UsageError
from amlgit.store.repository import Repository


def inside(repository: Repository, name: str) -> str | None:
    """The path in the repository that a name means where it is written as a path (`.`, `./x`, `../x`, `/x/y`), '' for its top; else None."""
    if repository.work_tree is None:
        return None
    if os.path.isabs(name):
        top, place = os.path.realpath(repository.work_tree), os.path.realpath(name)
        if os.path.commonpath([top, place]) != top:
            if not os.path.lexists(name):
                return None  # a title may begin with a slash
            raise UsageError(f"{name} is not in the repository {repository.work_tree}", hint="Run this in its repository, or with -C.")
        path = os.path.relpath(place, top)
    elif name.split("/", 1)[0] in (".", ".."):
        path = posixpath.normpath(posixpath.join(repository.prefix, name))
        if path.split("/", 1)[0] == "..":
            raise UsageError(f"{name!r} is outside of the repository {repository.work_tree}", hint="Run this in its repository, or with -C.")
    else:
        return None
    return "" if path == "." else path


def from_here(repository: Repository, name: str) -> str:
    """A plain name as a path from the folder amlgit was started in."""
    return posixpath.normpath(posixpath.join(repository.prefix, name))


def folder_of(path: str) -> str:
    """The experiment's or service's folder that a path is in, or the path itself where it is in none."""
    return "/".join(path.split("/")[:2])
