"""What a range of commits brings: each new text of an experiment's or service's file, with the first commit that has it."""

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from amlgit.errors import StorageFailed
from amlgit.store.folders import PARENTS
from amlgit.store.repository import Repository

_CHUNK = 2000
"""Files read from git at a time, to bound memory."""
_FILE_MODES = (b"100644", b"100755")


class NewText(NamedTuple):
    """A file as a commit of the range brings it."""

    commit: str
    path: str
    data: bytes


class _Entry(NamedTuple):
    commit: str
    path: str
    blob: str


def new_texts(repository: Repository, wanted: Sequence[str], *, known_to: str | None = None) -> Iterator[NewText]:
    """The texts that commits bring, oldest first; `wanted` are object ids, `^` before those whose history is left out (if it is here at all).

    `known_to` is the git remote whose branches are left out, too.
    """
    there = ("--not", f"--remotes={known_to}") if known_to is not None else ()
    options = ("--stdin", "--ignore-missing", "--reverse", "--full-history", *there)
    commits = repository.run("rev-list", *options, "--", *PARENTS.values(), stdin="".join(f"{each}\n" for each in wanted).encode())
    entries = list(_first_of_each(_entries(repository, commits))) if commits else []
    for start in range(0, len(entries), _CHUNK):
        chunk = entries[start : start + _CHUNK]
        contents = repository.blobs(entry.blob for entry in chunk)
        for entry in chunk:
            if entry.blob not in contents:
                raise StorageFailed(f"{entry.path} in commit {entry.commit[:12]} can't be read", hint="'git fsck' tells what is damaged.")
            yield NewText(entry.commit, entry.path, contents[entry.blob])


def _first_of_each(entries: Iterable[_Entry]) -> Iterator[_Entry]:
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        if (entry.path, entry.blob) not in seen:
            seen.add((entry.path, entry.blob))
            yield entry


def _entries(repository: Repository, commits: bytes) -> Iterator[_Entry]:
    """The files that the commits change; of a merge those that are as in none of its parents."""
    options = ("--stdin", "--root", "-r", "-c", "--raw", "-z", "--no-renames", "--no-abbrev")
    tokens = iter(repository.run("diff-tree", *options, "--", *PARENTS.values(), stdin=commits).split(b"\0"))
    commit = ""
    for token in tokens:
        if not token.startswith(b":"):
            commit = token.decode()
            continue
        path = os.fsdecode(next(tokens))
        parents = len(token) - len(token.lstrip(b":"))
        fields = token[parents:].split(b" ")  # the modes and ids of each parent, then those of the commit: M M' id id' status
        if fields[parents] in _FILE_MODES:
            yield _Entry(commit, path, fields[2 * parents + 1].decode())


def touched(repository: Repository, old: str, new: str) -> list[str]:
    """The files of experiments and services in which two commits differ."""
    options = ("-r", "-z", "--name-only", "--no-renames")
    return [os.fsdecode(path) for path in repository.run("diff-tree", *options, old, new, "--", *PARENTS.values()).split(b"\0") if path]
