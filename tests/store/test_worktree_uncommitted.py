"""The work tree moves and takes nothing that is not committed."""

import os
import shutil
from pathlib import Path

import pytest

from amlgit.errors import AmlgitError
from amlgit.store.repository import discover
from amlgit.store.worktree import fast_forward
from tests.support.commands import git
from tests.support.repositories import dirty
from tests.support.worktrees import CHANGES, check_moved, files_of, new_commit, refused_unchanged, repository_in, target


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return repository_in(tmp_path / "repository")


def test_uncommitted_changes_elsewhere_stay_as_they_are(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    (folder / "mine").write_text("edited\n")
    (folder / "other" / "staged").write_text("staged\n")
    git(folder, "add", "other/staged")
    (folder / "other" / "staged").write_text("and edited again\n")
    git(folder, "rm", "--quiet", "--cached", "other/mine")
    (folder / "untracked").write_text("x")
    before = dirty(folder)
    fast_forward(repository, old, target(repository, old, CHANGES), "test")
    assert dirty(folder) == before
    assert git(folder, "show", ":other/staged") == "staged"


def test_an_edited_file_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_a_staged_edit_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    git(folder, "add", "e/nodes/a")
    (folder / "e" / "nodes" / "a").write_text("a1\n")
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_an_edited_file_is_not_deleted(folder: Path) -> None:
    (folder / "e" / "gone" / "deep" / "c").write_text("edited\n")
    assert "e/gone/deep/c" in refused_unchanged(folder, new_commit(folder))


def test_a_file_deleted_and_not_committed_does_not_come_back(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").unlink()
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_an_untracked_file_in_the_way_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "empty").write_text("mine")
    assert "e/empty" in refused_unchanged(folder, new_commit(folder))


def test_an_ignored_file_in_the_way_is_not_overwritten(folder: Path) -> None:
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "exclude").write_text("empty\n")
    (folder / "e" / "empty").write_text("mine")
    assert "e/empty" in refused_unchanged(folder, new_commit(folder))


def test_a_folder_where_a_file_must_be_is_not_removed(folder: Path) -> None:
    (folder / "e" / "empty").mkdir()
    (folder / "e" / "empty" / "inside").write_text("mine")
    assert "e/empty" in refused_unchanged(folder, new_commit(folder))


def test_a_file_where_a_folder_must_be_is_not_removed(folder: Path) -> None:
    (folder / "e" / "new").write_text("mine")
    assert "e/new/d" in refused_unchanged(folder, new_commit(folder))


def test_a_file_flagged_as_unchanged_is_looked_at_all_the_same(folder: Path) -> None:
    git(folder, "update-index", "--assume-unchanged", "e/nodes/a")
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_an_unresolved_conflict_is_not_resolved(folder: Path) -> None:
    """As `git stash pop` leaves one: no operation in progress, only stages in the index."""
    (folder / "e" / "nodes" / "a").write_text("stashed\n")
    git(folder, "stash", "--quiet")
    entries = "".join(f"100644 {git(folder, 'rev-parse', 'HEAD:e/nodes/a')} {stage}\te/nodes/a\0" for stage in (1, 2))
    entries += f"100644 {git(folder, 'rev-parse', 'stash:e/nodes/a')} 3\te/nodes/a\0"
    git(folder, "update-index", "--force-remove", "e/nodes/a")
    git(folder, "update-index", "-z", "--index-info", stdin=entries.encode())
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_a_conflict_whose_other_side_is_the_new_content_is_not_resolved(folder: Path) -> None:
    repository = discover(folder, os.environ)
    new = new_commit(folder)
    entries = "".join(
        f"100644 {git(folder, 'rev-parse', f'{rev}:e/nodes/a')} {stage}\te/nodes/a\0" for stage, rev in ((1, "HEAD"), (2, "HEAD"), (3, new))
    )
    repository.run("update-index", "--force-remove", "e/nodes/a")
    repository.run("update-index", "-z", "--index-info", stdin=entries.encode())
    assert "e/nodes/a" in refused_unchanged(folder, new)


def test_a_folder_that_is_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "e", tmp_path / "elsewhere")
    (folder / "e").symlink_to(tmp_path / "elsewhere")
    before = files_of(tmp_path / "elsewhere")
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))
    assert files_of(tmp_path / "elsewhere") == before


def test_a_link_where_a_file_must_be_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"a1\n")
    (folder / "e" / "nodes" / "a").unlink()
    (folder / "e" / "nodes" / "a").symlink_to(tmp_path / "target")
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))
    assert (tmp_path / "target").read_bytes() == b"a1\n"


def test_an_executable_bit_that_is_not_committed_is_not_lost(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").chmod(0o755)
    assert "e/nodes/a" in refused_unchanged(folder, new_commit(folder))


def test_gits_own_lock_on_the_index_is_respected(folder: Path) -> None:
    """Before anything is touched: git is at work, and its commit must not take in half of ours."""
    lock = folder / ".git" / "index.lock"
    new = new_commit(folder)
    lock.write_bytes(b"of another git")
    assert "index.lock" in refused_unchanged(folder, new)
    assert lock.read_bytes() == b"of another git"
    lock.unlink()
    repository = discover(folder, os.environ)
    fast_forward(repository, repository.head(), new, "test")
    check_moved(folder, new)


def test_a_branch_that_moved_meanwhile_is_not_moved_back(folder: Path) -> None:
    """The user commits while a pull is under way: the pull ends, the commit and the work tree stay."""
    repository = discover(folder, os.environ)
    old = repository.head()
    new = new_commit(folder)
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "meanwhile")
    moved, files = repository.head(), files_of(folder)
    with pytest.raises(AmlgitError):
        fast_forward(repository, old, new, "test")
    assert repository.head() == moved
    assert files_of(folder) == files
    assert dirty(folder) == []
