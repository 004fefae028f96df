"""A repository is found as git finds it, and no variable leads a command of ours to another one."""

import contextlib
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from amlgit.errors import StorageFailed, UsageError
from amlgit.store.repository import Repository, clean_environment, create, discover
from tests.support.commands import environment, git


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return _repository(tmp_path / "repository")


def _repository(folder: Path, *options: str) -> Path:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", *options)
    (folder / "file").write_text(f"of {folder.name}\n")
    git(folder, "add", "file")
    git(folder, "commit", "--quiet", "-m", f"of {folder.name}")
    return folder


def test_it_is_found_from_a_folder_inside(folder: Path) -> None:
    (folder / "a" / "b").mkdir(parents=True)
    found = discover(folder / "a" / "b", os.environ)
    assert (found.work_tree, found.git_dir, found.common_dir) == (folder, folder / ".git", folder / ".git")
    assert found.index_file == folder / ".git" / "index"
    assert found.head() == git(folder, "rev-parse", "HEAD")


def test_a_bare_one_has_no_work_tree(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", folder, "bare")
    found = discover(tmp_path / "bare", os.environ)
    assert found.work_tree is None
    assert found.head() == git(folder, "rev-parse", "HEAD")
    with pytest.raises(UsageError, match="bare"):
        found.require_work_tree()


def test_a_linked_work_tree_has_its_own_head_and_index_but_common_refs(folder: Path, tmp_path: Path) -> None:
    git(folder, "worktree", "add", "--quiet", "-b", "side", tmp_path / "linked")
    found = discover(tmp_path / "linked", os.environ)
    assert found.work_tree == tmp_path / "linked"
    assert found.git_dir == folder / ".git" / "worktrees" / "linked"
    assert found.common_dir == folder / ".git"
    assert found.index_file == found.git_dir / "index"
    assert found.private_dir == discover(folder, os.environ).private_dir


def test_a_git_folder_elsewhere_is_followed(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "work", f"--separate-git-dir={tmp_path / 'elsewhere'}")
    found = discover(repository, os.environ)
    assert (found.work_tree, found.git_dir) == (repository, tmp_path / "elsewhere")


def test_git_dir_decides_where_it_is_set(folder: Path, tmp_path: Path) -> None:
    other = _repository(tmp_path / "other")
    found = discover(folder, {**os.environ, "GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other)})
    assert found.git_dir == other / ".git"
    assert found.head() == git(other, "rev-parse", "HEAD")


def test_the_index_of_a_running_hook_is_the_one_used(folder: Path) -> None:
    """`git commit PATH` runs pre-commit with an index of its own, named relative to the top folder."""
    hook = folder / ".git" / "hooks" / "pre-commit"
    look = (
        "import os; from pathlib import Path; from amlgit.store.repository import discover; print(discover(Path('.'), os.environ).text('ls-files'))"
    )
    hook.write_text(f'#!/bin/sh\n{shlex.quote(sys.executable)} -c {shlex.quote(look)} > listed\necho "$GIT_INDEX_FILE" > index\n')
    hook.chmod(0o755)
    for name in ("staged", "named"):
        (folder / name).write_text(name)
        git(folder, "add", name)
    completed = subprocess.run(["git", "commit", "-qm", "one", "named"], cwd=folder, env=environment(), capture_output=True, check=False)
    assert completed.returncode == 0, completed.stderr
    assert (folder / "index").read_text().strip() not in ("", ".git/index")
    assert (folder / "listed").read_text().split() == ["file", "named"], "the index of the commit under way, not the one that has 'staged' too"


MISLEADING = {
    "GIT_DIR": "{other}/.git",
    "GIT_WORK_TREE": "{other}",
    "GIT_INDEX_FILE": "{other}/.git/index",
    "GIT_OBJECT_DIRECTORY": "{other}/.git/objects",
    "GIT_COMMON_DIR": "{other}/.git",
    "GIT_NAMESPACE": "elsewhere",
    "GIT_PREFIX": "a/",
    "GIT_CONFIG_PARAMETERS": "'core.bare=true'",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_SHALLOW_FILE": "{other}/.git/shallow",
}


def test_variables_of_another_repository_mislead_no_command(folder: Path, tmp_path: Path) -> None:
    other = _repository(tmp_path / "other")
    (other / "only-there").write_text("x")
    git(other, "add", "only-there")
    misleading = {name: value.format(other=other) for name, value in MISLEADING.items()}
    plain = discover(folder, os.environ)
    misled = Repository(
        git_dir=plain.git_dir,
        common_dir=plain.common_dir,
        work_tree=plain.work_tree,
        object_format=plain.object_format,
        index_file=plain.index_file,
        environment={**os.environ, **misleading},
    )
    for command in (
        ("ls-files",),
        ("rev-parse", "HEAD"),
        ("for-each-ref",),
        ("status", "--porcelain"),
        ("config", "core.bare"),
        ("cat-file", "-p", "HEAD:file"),
    ):
        assert misled.run(*command) == plain.run(*command), command
    assert misled.blobs(["HEAD:file"]) == {"HEAD:file": b"of repository\n"}


def test_a_new_one_is_made_where_it_was_asked_for_whatever_the_variables(tmp_path: Path, folder: Path) -> None:
    before = git(folder, "for-each-ref"), git(folder, "config", "--list", "--local")
    made = create(tmp_path / "new", {**os.environ, "GIT_DIR": str(folder / ".git"), "GIT_INDEX_FILE": str(folder / ".git" / "index")})
    assert made.git_dir == tmp_path / "new" / ".git"
    assert made.head() is None
    assert (git(folder, "for-each-ref"), git(folder, "config", "--list", "--local")) == before


def test_the_language_of_messages_is_one(folder: Path) -> None:
    cleaned = clean_environment({"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de", "GIT_DIR": "x", "PATH": os.environ["PATH"]})
    assert cleaned["LC_ALL"] == "C"
    assert "GIT_DIR" not in cleaned


@pytest.mark.parametrize(
    "name",
    [
        "with space",
        "ä 日本 🎈",
        "-leading",
        "'quotes\"",
        "$(echo x)",
        "a\\b",
        "%s",
        "#comment",
        '"quoted',
        "a:b",
        "form\x0cfeed",
        "line\u2028separator",
        "next\x85line",
    ],
)
def test_it_may_lie_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    folder = _repository(tmp_path / name)
    (folder / "in").mkdir()
    for start in (folder, folder / "in"):
        found = discover(start, os.environ)
        assert found.work_tree == folder
        assert found.blobs(["HEAD:file"]) == {"HEAD:file": f"of {name}\n".encode()}


def test_a_folder_with_a_line_end_in_its_name_is_no_riddle(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "line\nend")
    with contextlib.suppress(UsageError):  # an honest no would do
        assert discover(folder, os.environ).work_tree == folder


def test_no_repository_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="in no git repository"):
        discover(tmp_path, os.environ)


def test_a_missing_git_is_a_clear_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(UsageError, match="PATH"):
        discover(folder, os.environ)


def test_a_damaged_repository_is_a_clear_error(folder: Path) -> None:
    (folder / ".git" / "HEAD").write_text("nonsense")
    with pytest.raises(UsageError):
        discover(folder, os.environ)


def test_a_command_that_fails_says_what_git_said(folder: Path) -> None:
    with pytest.raises(StorageFailed, match="cat-file failed: fatal: Not a valid object name nowhere"):
        discover(folder, os.environ).run("cat-file", "-p", "nowhere")


def test_blobs_that_do_not_exist_are_left_out(folder: Path) -> None:
    (folder / "empty").write_bytes(b"")
    (folder / "no end").write_bytes(b"\xff\0x\n\n")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "more")
    found = discover(folder, os.environ)
    names = ["HEAD:nothing", "HEAD:no end", "0" * 40, "nonsense", "HEAD:empty", "HEAD:no such file blob 5", "", "HEAD:file"]
    assert found.blobs(names) == {"HEAD:no end": b"\xff\0x\n\n", "HEAD:empty": b"", "HEAD:file": b"of repository\n"}
    assert found.blobs([]) == {}


ODD_PATHS = ["a b", " lead", "ä/日本", "🎈", 'q"uote', "back\\slash", "tab\tin", "new\nline/x", "\udcff", "star*", ":(glob)x", "-dash"]


def test_odd_paths_come_back_as_they_are(folder: Path) -> None:
    for path in ODD_PATHS:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.fsencode(path))
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "odd")
    found = discover(folder, os.environ)
    tree = found.tree("HEAD")
    assert sorted(tree) == sorted([*ODD_PATHS, "file"])
    by_id = found.blobs(object_id for _, object_id in tree.values())
    assert all(by_id[tree[path][1]] == os.fsencode(path) for path in ODD_PATHS)
    by_path = found.blobs(f"HEAD:{path}" for path in ODD_PATHS)
    assert all(by_path[f"HEAD:{path}"] == os.fsencode(path) for path in ODD_PATHS)


def test_the_tree_of_a_folder_has_paths_relative_to_it(folder: Path) -> None:
    (folder / "a b" / "c").mkdir(parents=True)
    (folder / "a b" / "c" / "run").write_bytes(b"x")
    (folder / "a b" / "c" / "run").chmod(0o755)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "more")
    found = discover(folder / "a b", os.environ)
    assert {path: mode for path, (mode, _) in found.tree("HEAD", "a b").items()} == {"c/run": "100755"}
    assert found.tree("HEAD", "nowhere") == {}
    with pytest.raises(StorageFailed):
        found.tree("nowhere")


def test_refs_move_all_together_or_not_at_all(folder: Path) -> None:
    found = discover(folder, os.environ)
    first = str(found.head())
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "second")
    second = str(found.head())
    found.update_refs([("refs/amlgit/a/1", first, None), ("refs/amlgit/a/2", first, None)])
    with pytest.raises(StorageFailed):
        found.update_refs([("refs/amlgit/a/1", second, first), ("refs/amlgit/a/2", second, None)])
    assert found.refs("refs/amlgit/") == {"refs/amlgit/a/1": first, "refs/amlgit/a/2": first}
    found.update_refs([("refs/amlgit/a/1", second, first)])
    assert found.refs("refs/amlgit/a/1") == {"refs/amlgit/a/1": second}


def test_a_rev_that_is_no_commit_is_none(folder: Path) -> None:
    found = discover(folder, os.environ)
    assert found.resolve("HEAD:file") is None
    assert found.resolve("--all") is None
    assert found.resolve("nowhere") is None
    assert found.resolve("main") == found.head()


def test_an_unborn_branch_has_no_head(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    assert discover(tmp_path, os.environ).head() is None


def test_the_object_format_is_found(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "new", "--object-format=sha256")
    assert discover(folder, os.environ).object_format == "sha256"


@pytest.mark.parametrize(
    ("start", "word"),
    [
        ("merge side", "merge"),
        ("cherry-pick side", "cherry-pick"),
        ("rebase side", "rebase"),
        ("revert --no-edit HEAD~1", "revert"),
    ],
)
def test_an_operation_in_progress_has_gits_word(folder: Path, start: str, word: str) -> None:
    found = discover(folder, os.environ)
    assert found.operation_in_progress() is None
    git(folder, "checkout", "--quiet", "-b", "side")
    _change(folder, "theirs")
    git(folder, "checkout", "--quiet", "main")
    _change(folder, "ours")
    _change(folder, "ours again")
    assert subprocess.run(["git", *start.split()], cwd=folder, capture_output=True, check=False).returncode != 0
    assert found.operation_in_progress() == word


def test_git_am_in_progress_is_seen(folder: Path) -> None:
    (folder / "patch").write_text(
        "From x\nSubject: x\n\n---\n file | 2 +-\n\ndiff --git a/file b/file\n--- a/file\n+++ b/file\n@@ -1 +1 @@\n-nothing\n+x\n"
    )
    assert subprocess.run(["git", "am", "patch"], cwd=folder, capture_output=True, check=False).returncode != 0
    assert discover(folder, os.environ).operation_in_progress() is not None


def _change(folder: Path, text: str) -> None:
    (folder / "file").write_text(f"{text}\n")
    git(folder, "commit", "--quiet", "-am", text)


def test_no_identity_is_none(folder: Path, isolated: Path) -> None:
    found = discover(folder, os.environ)
    identity = found.identity()
    assert identity is not None
    assert identity.email == "tester@example.org"
    (isolated / "gitconfig").write_text("")
    assert found.identity() is None


def test_replaced_objects_are_not_followed(folder: Path) -> None:
    """A chain's id stands for its content; `git replace` would show another."""
    git(folder, "commit", "--quiet", "--allow-empty", "-m", "second")
    git(folder, "replace", "HEAD", "HEAD~1")
    assert discover(folder, os.environ).text("log", "--format=%s") == "second\nof repository"


def test_the_name_of_a_ref_ends_where_git_says(folder: Path) -> None:
    git(folder, "branch", "--quiet", "-M", "main")
    tip = git(folder, "rev-parse", "HEAD")
    other = git(folder, "commit-tree", "-m", "other", "HEAD^{tree}")
    git(folder, "update-ref", "refs/heads/main\u2028x", other)
    git(folder, "update-ref", "refs/heads/main\x85x", other)
    assert discover(folder, os.environ).refs("refs/heads/") == {
        "refs/heads/main": tip,
        "refs/heads/main\x85x": other,
        "refs/heads/main\u2028x": other,
    }
    assert discover(folder, os.environ).refs("refs/nothing/") == {}
