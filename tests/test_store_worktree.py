"""The work tree moves whole files, takes nothing that is not committed, and takes over what a killed run left."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from amlgit.errors import AmlgitError, Refused, StorageFailed
from amlgit.store.repository import Repository, discover
from amlgit.store.worktree import fast_forward
from tests.helpers import dirty, fsck, git

Files = Mapping[str, bytes | None]
"""Path → new content, or None for a file that goes."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _repository(tmp_path / "repository")


def _repository(folder: Path, *options: str) -> Path:
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


def _target(repository: Repository, parent: str | None, files: Files) -> str:
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


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def _check_moved(folder: Path, new: str) -> None:
    assert git(folder, "rev-parse", "HEAD") == new
    assert dirty(folder) == []
    assert set(_files(folder)) == set(discover(folder, os.environ).tree(new))
    assert not list(discover(folder, os.environ).private_dir.iterdir())
    assert not list((folder / ".git").glob("*.lock")) if (folder / ".git").is_dir() else True
    fsck(folder)


def _refused(folder: Path, new: str) -> str:
    """The words of a refusal, which must leave everything as it is."""
    repository = discover(folder, os.environ)
    old, status, files = repository.head(), dirty(folder), _files(folder)
    with pytest.raises(Refused) as caught:
        fast_forward(repository, old, new, "test")
    assert (repository.head(), dirty(folder), _files(folder)) == (old, status, files), "a refusal changes nothing"
    return str(caught.value)


def test_files_index_and_head_move(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    new = _target(repository, old, CHANGES)
    fast_forward(repository, old, new, "pull archive")
    _check_moved(folder, new)
    assert (folder / "e" / "ä \t日本").read_bytes() == b"\0\xff\r\n"
    assert git(folder, "log", "-g", "-1", "--format=%gs") == "amlgit: pull archive"


def test_emptied_folders_go_and_others_stay(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    fast_forward(repository, old, _target(repository, old, {"e/gone/deep/c": None}), "test")
    assert not (folder / "e" / "gone").exists()
    assert (folder / "e" / "nodes").exists()


def test_an_emptied_folder_that_holds_something_of_the_users_stays(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    (folder / "e" / "gone" / "notes").write_text("mine")
    fast_forward(repository, old, _target(repository, old, {"e/gone/deep/c": None}), "test")
    assert not (folder / "e" / "gone" / "deep").exists()
    assert (folder / "e" / "gone" / "notes").read_text() == "mine"


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
    fast_forward(repository, old, _target(repository, old, CHANGES), "test")
    assert dirty(folder) == before
    assert git(folder, "show", ":other/staged") == "staged"


def test_an_edited_file_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_a_staged_edit_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    git(folder, "add", "e/nodes/a")
    (folder / "e" / "nodes" / "a").write_text("a1\n")
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_an_edited_file_is_not_deleted(folder: Path) -> None:
    (folder / "e" / "gone" / "deep" / "c").write_text("edited\n")
    assert "e/gone/deep/c" in _refused(folder, _new(folder))


def test_a_file_deleted_and_not_committed_does_not_come_back(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").unlink()
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_an_untracked_file_in_the_way_is_not_overwritten(folder: Path) -> None:
    (folder / "e" / "empty").write_text("mine")
    assert "e/empty" in _refused(folder, _new(folder))


def test_an_ignored_file_in_the_way_is_not_overwritten(folder: Path) -> None:
    (folder / ".git" / "info").mkdir(exist_ok=True)
    (folder / ".git" / "info" / "exclude").write_text("empty\n")
    (folder / "e" / "empty").write_text("mine")
    assert "e/empty" in _refused(folder, _new(folder))


def test_a_folder_where_a_file_must_be_is_not_removed(folder: Path) -> None:
    (folder / "e" / "empty").mkdir()
    (folder / "e" / "empty" / "inside").write_text("mine")
    assert "e/empty" in _refused(folder, _new(folder))


def test_a_file_where_a_folder_must_be_is_not_removed(folder: Path) -> None:
    (folder / "e" / "new").write_text("mine")
    assert "e/new/d" in _refused(folder, _new(folder))


def test_a_file_flagged_as_unchanged_is_looked_at_all_the_same(folder: Path) -> None:
    git(folder, "update-index", "--assume-unchanged", "e/nodes/a")
    (folder / "e" / "nodes" / "a").write_text("edited\n")
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_an_unresolved_conflict_is_not_resolved(folder: Path) -> None:
    """As `git stash pop` leaves one: no operation in progress, only stages in the index."""
    (folder / "e" / "nodes" / "a").write_text("stashed\n")
    git(folder, "stash", "--quiet")
    entries = "".join(f"100644 {git(folder, 'rev-parse', 'HEAD:e/nodes/a')} {stage}\te/nodes/a\0" for stage in (1, 2))
    entries += f"100644 {git(folder, 'rev-parse', 'stash:e/nodes/a')} 3\te/nodes/a\0"
    git(folder, "update-index", "--force-remove", "e/nodes/a")
    git(folder, "update-index", "-z", "--index-info", stdin=entries.encode())
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_a_conflict_whose_other_side_is_the_new_content_is_not_resolved(folder: Path) -> None:
    repository = discover(folder, os.environ)
    new = _new(folder)
    entries = "".join(
        f"100644 {git(folder, 'rev-parse', f'{rev}:e/nodes/a')} {stage}\te/nodes/a\0" for stage, rev in ((1, "HEAD"), (2, "HEAD"), (3, new))
    )
    repository.run("update-index", "--force-remove", "e/nodes/a")
    repository.run("update-index", "-z", "--index-info", stdin=entries.encode())
    assert "e/nodes/a" in _refused(folder, new)


def test_a_folder_that_is_a_symbolic_link_is_not_followed(folder: Path, tmp_path: Path) -> None:
    shutil.move(folder / "e", tmp_path / "elsewhere")
    (folder / "e").symlink_to(tmp_path / "elsewhere")
    before = _files(tmp_path / "elsewhere")
    assert "e/nodes/a" in _refused(folder, _new(folder))
    assert _files(tmp_path / "elsewhere") == before


def test_a_link_where_a_file_must_be_is_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"a1\n")
    (folder / "e" / "nodes" / "a").unlink()
    (folder / "e" / "nodes" / "a").symlink_to(tmp_path / "target")
    assert "e/nodes/a" in _refused(folder, _new(folder))
    assert (tmp_path / "target").read_bytes() == b"a1\n"


def test_an_executable_bit_that_is_not_committed_is_not_lost(folder: Path) -> None:
    (folder / "e" / "nodes" / "a").chmod(0o755)
    assert "e/nodes/a" in _refused(folder, _new(folder))


def test_gits_own_lock_on_the_index_is_respected(folder: Path) -> None:
    """Before anything is touched: git is at work, and its commit must not take in half of ours."""
    lock = folder / ".git" / "index.lock"
    new = _new(folder)
    lock.write_bytes(b"of another git")
    assert "index.lock" in _refused(folder, new)
    assert lock.read_bytes() == b"of another git"
    lock.unlink()
    repository = discover(folder, os.environ)
    fast_forward(repository, repository.head(), new, "test")
    _check_moved(folder, new)


def test_a_branch_that_moved_meanwhile_is_not_moved_back(folder: Path) -> None:
    """The user commits while a pull is under way: the pull ends, the commit and the work tree stay."""
    repository = discover(folder, os.environ)
    old = repository.head()
    new = _new(folder)
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "meanwhile")
    moved, files = repository.head(), _files(folder)
    with pytest.raises(AmlgitError):
        fast_forward(repository, old, new, "test")
    assert repository.head() == moved
    assert _files(folder) == files
    assert dirty(folder) == []


def _new(folder: Path) -> str:
    repository = discover(folder, os.environ)
    return _target(repository, repository.head(), CHANGES)


@pytest.mark.parametrize("done", [0, 1, 3, 5])
def test_the_files_of_a_killed_run_are_taken_over(folder: Path, done: int) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), _new(folder)
    for path, data in list(CHANGES.items())[:done]:
        if data is None:
            (folder / path).unlink()
        else:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)


def test_the_index_of_a_killed_run_is_taken_over(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), _new(folder)
    fast_forward(repository, old, new, "test")
    git(folder, "update-ref", "HEAD", old)
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)


def test_the_lock_of_a_killed_run_is_known_for_ours(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), _new(folder)
    token = repository.git_dir / "amlgit-index-lock"
    token.write_bytes(b"amlgit\n")
    os.link(token, folder / ".git" / "index.lock")
    (repository.private_dir / "index").write_bytes(b"half an index")
    (repository.private_dir / "index.lock").write_bytes(b"half")
    (repository.private_dir / "file").write_bytes(b"half a file")
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)


def test_the_lock_of_a_run_killed_in_another_work_tree_is_known_for_ours(folder: Path, tmp_path: Path) -> None:
    """Both work trees share the private folder; the second one's run must not make the first one's lock a stranger's."""
    git(folder, "worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    first, second = discover(folder, os.environ), discover(tmp_path / "linked", os.environ)
    old, new = str(first.head()), _new(folder)
    token = first.git_dir / "amlgit-index-lock"
    token.write_bytes(b"amlgit\n")
    os.link(token, folder / ".git" / "index.lock")
    fast_forward(second, old, new, "test")
    fast_forward(first, old, new, "test")
    _check_moved(folder, new)


def test_an_unborn_branch_is_born(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "amlgit").mkdir()
    (tmp_path / "mine").write_text("staged\n")
    git(tmp_path, "add", "mine")
    repository = discover(tmp_path, os.environ)
    new = _target(repository, None, {"e/a": b"a", "b": b"b"})
    fast_forward(repository, None, new, "test")
    assert git(tmp_path, "symbolic-ref", "HEAD") == "refs/heads/main"
    assert git(tmp_path, "rev-parse", "HEAD") == new
    assert dirty(tmp_path) == ["A  mine"]


def test_an_unborn_branch_takes_no_untracked_file(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".git" / "amlgit").mkdir()
    repository = discover(tmp_path, os.environ)
    new = _target(repository, None, {"a": b"a"})
    (tmp_path / "a").write_text("mine")
    assert _refused(tmp_path, new)


def test_a_detached_head_moves_alone(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    git(folder, "checkout", "--quiet", "--detach")
    new = _new(folder)
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)
    assert git(folder, "rev-parse", "main") == old


def test_a_linked_work_tree_moves_alone(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    repository = discover(tmp_path / "linked", os.environ)
    old = str(repository.head())
    new = _target(repository, old, CHANGES)
    fast_forward(repository, old, new, "test")
    _check_moved(tmp_path / "linked", new)
    assert git(folder, "rev-parse", "HEAD") == old
    assert dirty(folder) == []
    assert not list((folder / ".git").rglob("index.lock"))


def test_a_sha256_repository_moves(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "new", "--object-format=sha256")
    repository = discover(folder, os.environ)
    new = _new(folder)
    fast_forward(repository, repository.head(), new, "test")
    _check_moved(folder, new)


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
    old, new = str(repository.head()), _new(folder)
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)
    assert (folder / "e" / "ä \t日本").read_bytes() == b"\0\xff\r\n"
    later = _target(repository, new, {"e/nodes/a": b"a3\r\n", "e/new/d": None})
    fast_forward(repository, new, later, "test")
    _check_moved(folder, later)


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
    _check_moved(folder, new)
    assert (folder / "e" / "run").stat().st_mode & stat.S_IXUSR


def test_new_files_have_the_permissions_of_the_users_umask(folder: Path) -> None:
    repository = discover(folder, os.environ)
    before = os.umask(0o077)
    try:
        fast_forward(repository, repository.head(), _new(folder), "test")
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "e" / "new" / "d").stat().st_mode) == 0o600


def test_a_hard_link_of_a_file_keeps_the_old_content(folder: Path, tmp_path: Path) -> None:
    os.link(folder / "e" / "nodes" / "a", tmp_path / "other-name")
    repository = discover(folder, os.environ)
    fast_forward(repository, repository.head(), _new(folder), "test")
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
    new = _target(repository, None, {"e/a": b"a", "e/b": b"b"})
    (on_two_disks / "e").mkdir()
    (on_two_disks / "e" / "a.new").write_text("mine")
    fast_forward(repository, None, new, "test")
    assert dirty(on_two_disks) == ["?? e/a.new"]
    assert (on_two_disks / "e" / "a.new").read_text() == "mine"


def test_a_work_tree_on_another_disk_may_have_names_as_long_as_can_be(on_two_disks: Path) -> None:
    repository = discover(on_two_disks, os.environ)
    fast_forward(repository, None, _target(repository, None, {f"e/{'x' * 255}": b"x"}), "test")
    assert dirty(on_two_disks) == []


def test_a_folder_that_cannot_be_written_is_a_clear_error_and_the_next_run_finishes(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old, new = str(repository.head()), _new(folder)
    (repository.private_dir / "file").mkdir()  # what stands where a file must be made
    with pytest.raises(StorageFailed):
        fast_forward(repository, old, new, "test")
    (repository.private_dir / "file").rmdir()
    assert all(data in (b"", b"a1\n", b"a2\n", b"b1\n", b"c1\n", b"d2\n", b"mine\n", b"\0\xff\r\n") for data in _files(folder).values())
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)


def test_many_files_move(folder: Path) -> None:
    repository = discover(folder, os.environ)
    old = str(repository.head())
    new = _target(repository, old, {f"many/{number}": b"%d\n" % number for number in range(1300)})
    fast_forward(repository, old, new, "test")
    _check_moved(folder, new)


def test_a_sparse_checkout_stays_sparse(folder: Path) -> None:
    """Or is refused in words that say so: a file that is not checked out is no uncommitted change."""
    git(folder, "sparse-checkout", "set", "other")
    repository = discover(folder, os.environ)
    said = _said(repository, _new(folder))
    assert "sparse" in said if said else dirty(folder) == []
    assert not (folder / "e" / "nodes").exists()


def _said(repository: Repository, new: str) -> str:
    """The words of a refusal, or nothing where it went through."""
    try:
        fast_forward(repository, repository.head(), new, "test")
    except Refused as error:
        return f"{error} {error.hint}"
    return ""
