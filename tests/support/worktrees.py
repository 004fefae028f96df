"""A repository whose work tree is moved, commits to move it to, and what must hold when it was."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from amlgit.errors import Refused
from amlgit.store.repository import Repository, discover
from amlgit.store.worktree import fast_forward
from tests.support.commands import git
from tests.support.repositories import dirty, fsck

Files = Mapping[str, bytes | None]
"""Path → new content, or None for a file that goes."""


def repository_in(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", *options)
    (folder / ".git" / "amlgit").mkdir()
    for path, data in {"e/nodes/a": b"a1\n", "e/nodes/b": b"b1\n", "e/gone/deep/c": b"c1\n", "mine": b"mine\n", "other/mine": b"mine\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "old")
    return folder


CHANGES: Files = {"e/nodes/a": b"a2\n", "e/gone/deep/c": None, "e/new/d": b"d2\n", "e/ä \t日本": b"\0\xff\r\n", "e/empty": b""}


def target(repository: Repository, parent: str | None, files: Files) -> str:
    """A commit on top of another, made without touching the work tree."""
    extra = {"GIT_INDEX_FILE": str(repository.git_dir / "index-of-the-test")}
    repository.run("read-tree", parent or "--empty", extra=extra)
    width = 40 if repository.object_format == "sha1" else 64
    lines = b""
    for path, data in files.items():
        object_id = "0" * width if data is None else repository.run("hash-object", "-w", "--stdin", stdin=data).decode().strip()
        lines += f"{'0' if data is None else '100644'} {object_id}\t{path}\0".encode()
    repository.run("update-index", "-z", "--index-info", stdin=lines, extra=extra)
    tree = repository.run("write-tree", extra=extra).decode().strip()
    (repository.git_dir / "index-of-the-test").unlink()
    return repository.run("commit-tree", tree, *(("-p", parent) if parent else ()), stdin=b"new\n").decode().strip()


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def check_moved(folder: Path, new: str) -> None:
    assert git(folder, "rev-parse", "HEAD") == new
    assert dirty(folder) == []
    assert set(files_of(folder)) == set(discover(folder, os.environ).tree(new))
    assert not list(discover(folder, os.environ).private_dir.iterdir())
    assert not list(discover(folder, os.environ).git_dir.glob("*.lock"))
    fsck(folder)


def refused_unchanged(folder: Path, new: str) -> str:
    """The words of a refusal, which must leave everything as it is."""
    repository = discover(folder, os.environ)
    old, status, files = repository.head(), dirty(folder), files_of(folder)
    with pytest.raises(Refused) as caught:
        fast_forward(repository, old, new, "test")
    assert (repository.head(), dirty(folder), files_of(folder)) == (old, status, files), "a refusal changes nothing"
    return str(caught.value)


def new_commit(folder: Path) -> str:
    repository = discover(folder, os.environ)
    return target(repository, repository.head(), CHANGES)


def words_of_refusal(repository: Repository, new: str) -> str:
    """The words of a refusal, or nothing where it went through."""
    try:
        fast_forward(repository, repository.head(), new, "test")
    except Refused as error:
        return f"{error} {error.hint}"
    return ""
