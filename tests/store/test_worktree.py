"""The work tree moves whole files, takes nothing that is not committed, and takes over what a killed run left."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from amlgit.errors import StorageFailed
from amlgit.store.repository import discover
from amlgit.store.worktree import fast_forward
from tests.support.commands import git
from tests.support.repositories import dirty
from tests.support.worktrees import CHANGES, check_moved, files_of, new_commit, refused_unchanged, repository_in, target, words_of_refusal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository_in(tmp_path / "repository")


def test_files_index_and_head_move(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    new = target(repository, old, CHANGES)
    fast_forward(repository, old, new, "pull archive")
    check_moved(folder, new)
    assert (folder / "e" / "ä \t日本").read_bytes() == b"\0\xff\r\n"
    assert git(folder, "log", "-g", "-1", "--format=%gs") == "amlgit: pull archive"


def test_emptied_folders_go_and_others_stay(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    fast_forward(repository, old, target(repository, old, {"e/gone/deep/c": None}), "test")
    assert not (folder / "e" / "gone").exists()
    assert (folder / "e" / "nodes").exists()


def test_an_emptied_folder_that_holds_something_of_the_users_stays(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    (folder / "e" / "gone" / "notes").write_text("mine")
    fast_forward(repository, old, target(repository, old, {"e/gone/deep/c": None}), "test")
    assert not (folder / "e" / "gone" / "deep").exists()
    assert (folder / "e" / "gone" / "notes").read_text() == "mine"


def test_an_unborn_branch_is_born(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "amlgit").mkdir()
    (tmp_path / "mine").write_text("staged\n")
    git(tmp_path, "add", "mine")
    repository = discover(tmp_path, os.environ)
    new = target(repository, None, {"e/a": b"a", "b": b"b"})
    fast_forward(repository, None, new, "test")
    assert git(tmp_path, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(tmp_path, "rev-parse", "HEAD") == new
    assert dirty(tmp_path) == ["A  mine"]


def test_an_unborn_branch_takes_no_untracked_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "amlgit").mkdir()
    repository = discover(tmp_path, os.environ)
    new = target(repository, None, {"a": b"a"})
    (tmp_path / "a").write_text("mine")
    assert refused_unchanged(tmp_path, new)


def test_a_detached_head_moves_alone(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    git(folder, "checkout", "--quiet", "--detach")
    new = new_commit(folder)
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)
    assert git(folder, "rev-parse", "main") == old


def test_a_linked_work_tree_moves_alone(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    repository = discover(tmp_path / "linked", os.environ)
    old = str(repository.head())
    new = target(repository, old, CHANGES)
    fast_forward(repository, old, new, "test")
    check_moved(tmp_path / "linked", new)
    assert git(folder, "rev-parse", "HEAD") == old
    assert dirty(folder) == []
    assert not list((folder / ".git").rglob("index.lock"))


def test_a_sha256_repository_moves(tmp_path: Path) -> None:
    folder = repository_in(tmp_path / "new", "--object-format=sha256")
    repository = discover(folder, os.environ)
    new = new_commit(folder)
    fast_forward(repository, repository.head(), new, "test")
    check_moved(folder, new)


@pytest.mark.parametrize(
    "settings",
    [
        {"core.autocrlf": "true"},
        {"core.autocrlf": "input"},
        {"core.eol": "crlf"},
        {"core.splitIndex": "true"},
        {"core.untrackedCache": "true"},
        {"core.fsmonitor": "false"},
        {"core.fileMode": "false"},
        {"core.sharedRepository": "group"},
        {"index.version": "4"},
        {"core.quotePath": "false", "status.showUntrackedFiles": "no", "status.relativePaths": "true"},
        {"core.logAllRefUpdates": "false"},
        {"core.ignoreCase": "true", "core.precomposeUnicode": "true"},
    ],
    ids=lambda settings: ",".join(f"{name}={value}" for name, value in settings.items()),
)
def test_the_users_configuration_changes_nothing(folder: Path, settings: dict[str, str]) -> None:
    (folder / ".gitattributes").write_text("e/** -text\n")
    git(folder, "add", ".gitattributes")
    git(folder, "commit", "--quiet", "-m", "attributes")
    for name, value in settings.items():
        git(folder, "config", name, value)
    git(folder, "update-index", "--refresh", "--force-write-index")
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), new_commit(folder)
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)
    assert (folder / "e" / "ä \t日本").read_bytes() == b"\0\xff\r\n"
    later = target(repository, new, {"e/nodes/a": b"a3\r\n", "e/new/d": None})
    fast_forward(repository, new, later, "test")
    check_moved(folder, later)


def test_a_files_executable_bit_is_as_committed(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    git(folder, "checkout", "--quiet", "-b", "side")
    (folder / "e" / "run").write_bytes(b"#!/bin/sh\n")
    (folder / "e" / "run").chmod(0o755)
    git(folder, "add", "e/run")
    git(folder, "commit", "--quiet", "-m", "executable")
    new = str(repository.head())
    git(folder, "checkout", "--quiet", "main")
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)
    assert (folder / "e" / "run").stat().st_mode & stat.S_IXUSR


def test_new_files_have_the_permissions_of_the_users_umask(folder: Path) -> None:
    repository = discover(folder, os.environ)
    before = os.umask(0o077)
    try:
        fast_forward(repository, repository.head(), new_commit(folder), "test")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "e" / "new" / "d").stat().st_mode) == 0o600


def test_a_hard_link_of_a_file_keeps_the_old_content(folder: Path, tmp_path: Path) -> None:
    os.link(folder / "e" / "nodes" / "a", tmp_path / "other-name")
    repository = discover(folder, os.environ)
    fast_forward(repository, repository.head(), new_commit(folder), "test")
    assert (tmp_path / "other-name").read_bytes() == b"a1\n"


@pytest.fixture
def on_two_disks(tmp_path: Path) -> Iterator[Path]:
    """A work tree on another disk than its repository."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev or not os.access(memory, os.W_OK):
        pytest.skip("there is no second disk to write to")
    private = Path(tempfile.mkdtemp(prefix="amlgit-test-", dir=memory)) / "repository"
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", f"--separate-git-dir={private}")
    (private / "amlgit").mkdir()
    yield folder
    shutil.rmtree(private.parent, ignore_errors=True)


def test_a_work_tree_on_another_disk_loses_no_file_of_the_users(on_two_disks: Path) -> None:
    """What is moved over is put beside its place first; the name there may be taken."""
    repository = discover(on_two_disks, os.environ)
    new = target(repository, None, {"e/a": b"a", "e/b": b"b"})
    (on_two_disks / "e").mkdir()
    (on_two_disks / "e" / "a.new").write_text("mine")
    fast_forward(repository, None, new, "test")
    assert dirty(on_two_disks) == ["?? e/a.new"]
    assert (on_two_disks / "e" / "a.new").read_text() == "mine"


def test_a_work_tree_on_another_disk_may_have_names_as_long_as_can_be(on_two_disks: Path) -> None:
    repository = discover(on_two_disks, os.environ)
    fast_forward(repository, None, target(repository, None, {f"e/{'x' * 255}": b"x"}), "test")
    assert dirty(on_two_disks) == []


def test_a_folder_that_cannot_be_written_is_a_clear_error_and_the_next_run_finishes(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), new_commit(folder)
    (repository.private_dir / "file").mkdir()  # what stands where a file must be made
    with pytest.raises(StorageFailed):
        fast_forward(repository, old, new, "test")
    (repository.private_dir / "file").rmdir()
    assert all(data in (b"", b"a1\n", b"a2\n", b"b1\n", b"c1\n", b"d2\n", b"mine\n", b"\0\xff\r\n") for data in files_of(folder).values())
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)


def test_many_files_move(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    new = target(repository, old, {f"many/{number}": b"%d\n" % number for number in range(1300)})
    fast_forward(repository, old, new, "test")
    check_moved(folder, new)


def test_a_sparse_checkout_stays_sparse(folder: Path) -> None:
    """Or is refused in words that say so: a file that is not checked out is no uncommitted change."""
    git(folder, "sparse-checkout", "set", "other")
    repository = discover(folder, os.environ)
    said = words_of_refusal(repository, new_commit(folder))
    assert "sparse" in said if said else dirty(folder) == []
    assert not (folder / "e" / "nodes").exists()
