"""The work tree takes over what a killed run left."""

import os
from pathlib import Path

import pytest

from amlgit.store.repository import discover
from amlgit.store.worktree import fast_forward
from tests.support.commands import git
from tests.support.worktrees import CHANGES, check_moved, new_commit, repository_in


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository_in(tmp_path / "repository")


@pytest.mark.parametrize("done", [0, 1, 3, 5])
def test_the_files_of_a_killed_run_are_taken_over(folder: Path, done: int) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), new_commit(folder)
    for path, data in list(CHANGES.items())[:done]:
        if data is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)


def test_the_index_of_a_killed_run_is_taken_over(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), new_commit(folder)
    fast_forward(repository, old, new, "test")
    git(folder, "update-ref", "HEAD", old)
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)


def test_the_lock_of_a_killed_run_is_known_for_ours(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), new_commit(folder)
    token = repository.git_dir / "amlgit-index-lock"
    token.write_bytes(b"amlgit\n")
    os.link(token, folder / ".git" / "index.lock")
    (repository.private_dir / "index").write_bytes(b"half an index")
    (repository.private_dir / "index.lock").write_bytes(b"half")
    (repository.private_dir / "file").write_bytes(b"half a file")
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)


def test_the_lock_of_a_run_killed_in_another_work_tree_is_known_for_ours(folder: Path, tmp_path: Path) -> None:
    """Both work trees share the private folder; the second one's run must not make the first one's lock a stranger's."""
    git(folder, "worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    first, second = discover(folder, os.environ), discover(tmp_path / "linked", os.environ)
    old, new = str(first.head()), new_commit(folder)
    token = first.git_dir / "amlgit-index-lock"
    token.write_bytes(b"amlgit\n")
    os.link(token, folder / ".git" / "index.lock")
    fast_forward(second, old, new, "test")
    fast_forward(first, old, new, "test")
    check_moved(folder, new)
