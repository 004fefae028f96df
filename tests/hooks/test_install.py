"""`install --hooks` puts ours behind what is there, and `uninstall` leaves everything as it was, byte for byte."""

import os
import shlex
from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, REFUSED, UNREACHABLE, aml, clone_samples, git, git_run, on_path, script, without_amlgit
from tests.support.repositories import dirty, replace_in

HOOKS = ("pre-commit", "pre-push", "post-merge")
NODE = "experiments/Customer churn - training-609597/nodes/Train Model 166-bb60.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the samples; git finds amlgit."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    return clone_samples(tmp_path / "repository")


def _state(repository: Path) -> dict[str, tuple[bytes, int]]:
    """Everything that install may write to: hooks, configuration, excludes, and the work tree's own files, with their modes."""
    found = {}
    for path in (*repository.glob(".git/hooks/*"), *repository.rglob("*"), repository / ".git" / "config", repository / ".git" / "info" / "exclude"):
        if path.is_symlink():
            found[str(path)] = (os.readlink(path).encode(), 0)
        elif path.is_file() and (".git/" not in str(path.relative_to(repository)) or path.parent.name in ("hooks", "info") or path.name == "config"):
            found[str(path)] = (path.read_bytes(), path.stat().st_mode)
    return found


def _damage(repository: Path) -> None:
    replace_in(repository / NODE, '"CommentCollapsed": true', '"CommentCollapsed":true')
    git(repository, "add", NODE)


def _logging(name: str, tail: str = "") -> str:
    return f'echo "$0 $*" >> log\n[ {name} != pre-push ] || cat >> log\n{tail}'


def test_the_hooks_are_the_files_of_the_top_level_folder_and_nothing_else_is_touched(repository: Path) -> None:
    before = _state(repository)
    said = aml(repository, "install", "--hooks").expect(OK)
    for name in HOOKS:
        installed = (repository / ".git" / "hooks" / name).read_text()
        source = (Path(__file__).parents[2] / "hooks" / name).read_text()
        assert source.partition("\n")[2] in installed
        assert len(source.splitlines()) == 3
        assert f'amlgit hook {name} "$@"' in source
        assert os.access(repository / ".git" / "hooks" / name, os.X_OK)
        assert f"hooks/{name}" in said.out
    after = _state(repository)
    assert {path: after[path] for path in before} == before
    assert dirty(repository) == []


def test_installing_twice_is_installing_once(repository: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    once = _state(repository)
    assert aml(repository, "install", "--hooks").expect(OK).out == "Everything is set up already.\n"
    assert _state(repository) == once


def test_plain_install_leaves_hooks_alone(repository: Path) -> None:
    aml(repository, "uninstall").expect(OK)
    aml(repository, "install").expect(OK)
    assert not (repository / ".git" / "hooks" / "pre-commit").exists()


def _shell(shebang: str) -> dict[str, str]:
    return {name: f"{shebang}{_logging(name)}" for name in HOOKS}


EXISTING = {
    "a shell script": _shell("#!/bin/sh\n"),
    "a bash script by env": _shell("#!/usr/bin/env bash\nset -euo pipefail\n"),
    "a script that exits early": {name: f"#!/bin/sh -e\n{_logging(name)}exit 0\necho never\n" for name in HOOKS},
    "a script without a first line of its own": _shell(""),
    "a script that becomes another program": {name: f"#!/bin/sh\n{_logging(name)}exec true\n" for name in HOOKS},
    "another language": {
        name: f'#!/usr/bin/env python3\nimport sys\ngiven = sys.stdin.read() if {name!r} == "pre-push" else ""\n'
        'open("log", "a").write(" ".join(sys.argv) + "\\n" + given)\n'
        for name in HOOKS
    },
}


def _put(repository: Path, hooks: dict[str, str], folder: str = ".git/hooks") -> None:
    for name, text in hooks.items():
        script(repository / folder / name, text)


@pytest.mark.parametrize("kind", EXISTING)
def test_an_existing_hook_runs_first_with_its_arguments_and_input_and_ours_after_it(repository: Path, tmp_path: Path, kind: str) -> None:
    _put(repository, EXISTING[kind])
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    aml(repository, "install", "--hooks").expect(OK)
    _damage(repository)
    run = git_run(repository, "commit", "-m", "bad")
    assert run.code != OK
    assert "[normal-form]" in run.err + run.out
    assert "pre-commit" in (repository / "log").read_text()
    git(repository, "reset", "--quiet", "--hard")
    (repository / "log").unlink()
    run = git_run(repository, "push", "../team.git", "main").expect(OK)
    head = git(repository, "rev-parse", "HEAD")
    first, *rest = (repository / "log").read_text().splitlines()
    assert first.endswith(" ../team.git ../team.git")
    assert rest == [f"refs/heads/main {head} refs/heads/main {'0' * 40}"]


@pytest.mark.parametrize("kind", EXISTING)
def test_what_the_hooks_were_they_are_again_after_uninstall(repository: Path, kind: str) -> None:
    aml(repository, "uninstall").expect(OK)
    _put(repository, EXISTING[kind])
    before = _state(repository)
    aml(repository, "install", "--hooks").expect(OK)
    assert _state(repository) != before
    aml(repository, "install", "--hooks").expect(OK)
    aml(repository, "uninstall").expect(OK)
    assert _state(repository) == before
    assert aml(repository, "uninstall").expect(OK).out == "Nothing was set.\n"
    assert _state(repository) == before


@pytest.mark.parametrize(
    "text", ["#!/bin/sh\necho theirs >> log\nexit 7\n", "#!/usr/bin/env python3\nopen('log', 'a').write('theirs\\n')\nraise SystemExit(7)\n"]
)
def test_where_an_existing_hook_fails_ours_is_not_asked(repository: Path, text: str) -> None:
    _put(repository, {"pre-commit": text})
    aml(repository, "install", "--hooks").expect(OK)
    _damage(repository)
    run = git_run(repository, "commit", "-m", "x")
    assert run.code != OK
    assert "normal-form" not in run.err + run.out
    assert (repository / "log").read_text() == "theirs\n"


def test_a_shell_hook_keeps_its_name_and_folder_and_a_nested_commit_has_its_own(repository: Path, tmp_path: Path) -> None:
    other = clone_samples(tmp_path / "other")
    nested = f"git -C {shlex.quote(str(other))} commit --quiet --allow-empty -m nested"
    for place in (repository, other):
        script(place / ".git" / "hooks" / "pre-commit", f'#!/bin/sh\necho "$0" >> {shlex.quote(str(tmp_path / "log"))}\n')
        aml(place, "install", "--hooks").expect(OK)
    with (repository / ".git" / "hooks" / "pre-commit").open("a") as hook:
        hook.write(f"env -u GIT_INDEX_FILE -u GIT_DIR {nested} || exit\n")
    _damage(other)
    git_run(repository, "commit", "--allow-empty", "-m", "x")
    assert (tmp_path / "log").read_text().splitlines() == [".git/hooks/pre-commit", ".git/hooks/pre-commit"]
    assert git(other, "log", "-1", "--format=%s") != "nested"


def test_a_hook_that_is_a_link_is_kept_as_one_and_its_file_is_not_touched(repository: Path, tmp_path: Path) -> None:
    runner = script(tmp_path / "tools" / "runner", "#!/bin/sh\necho linked >> log\n")
    text = runner.read_bytes()
    (repository / ".git" / "hooks" / "pre-commit").symlink_to(runner)
    aml(repository, "uninstall").expect(OK)
    before = _state(repository)
    aml(repository, "install", "--hooks").expect(OK)
    git_run(repository, "commit", "--allow-empty", "-m", "x").expect(OK)
    assert (repository / "log").read_text() == "linked\n"
    (repository / "log").unlink()
    aml(repository, "uninstall").expect(OK)
    assert (_state(repository), runner.read_bytes()) == (before, text)


def test_a_hook_that_is_switched_off_stays_so(repository: Path) -> None:
    hook = script(repository / ".git" / "hooks" / "pre-commit", "#!/bin/sh\necho off >> log\nexit 1\n")
    hook.chmod(0o644)
    aml(repository, "uninstall").expect(OK)
    before = _state(repository)
    aml(repository, "install", "--hooks").expect(OK)
    git_run(repository, "commit", "--allow-empty", "-m", "x").expect(OK)
    assert not (repository / "log").exists()
    aml(repository, "uninstall").expect(OK)
    assert _state(repository) == before


def test_lines_that_the_user_adds_to_our_hook_stay_when_it_goes(repository: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace("#!/bin/sh\n", "#!/bin/sh\necho mine\n"))
    aml(repository, "install", "--hooks").expect(OK)
    assert "echo mine" in hook.read_text()
    aml(repository, "uninstall").expect(OK)
    assert hook.read_text() == "#!/bin/sh\necho mine\n"


def test_a_hook_that_is_kept_goes_on_running_when_the_user_edits_ours(repository: Path) -> None:
    script(repository / ".git" / "hooks" / "pre-commit", "#!/usr/bin/env python3\nopen('log', 'a').write('kept\\n')\n")
    aml(repository, "install", "--hooks").expect(OK)
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace("#!/bin/sh\n", "#!/bin/sh\necho mine >> log\n"))
    aml(repository, "install", "--hooks").expect(OK)
    git_run(repository, "commit", "--allow-empty", "-m", "x").expect(OK)
    assert (repository / "log").read_text() == "mine\nkept\n"


def test_a_hook_of_ours_that_lost_its_mode_runs_again_after_another_install(repository: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.chmod(0o644)
    assert "hooks/pre-commit" in aml(repository, "install", "--hooks").expect(OK).out
    assert "is set up already" in aml(repository, "install", "--hooks").expect(OK).out
    assert os.access(hook, os.X_OK)


def test_where_ours_can_not_be_written_the_hook_that_was_there_stays(repository: Path) -> None:
    hooks = repository / ".git" / "hooks"
    script(hooks / "pre-commit", "#!/usr/bin/env python3\n")
    (hooks / ".pre-commit.amlgit-new").mkdir()  # the name that a file of ours has while it is written
    aml(repository, "install", "--hooks").expect(UNREACHABLE)
    assert (hooks / "pre-commit").read_text() == "#!/usr/bin/env python3\n"
    assert not (hooks / "pre-commit.before-amlgit").exists()


def test_a_run_that_was_cut_off_after_keeping_a_hook_is_finished_by_the_next(repository: Path) -> None:
    hooks = repository / ".git" / "hooks"
    script(hooks / "pre-commit.before-amlgit", "#!/usr/bin/env python3\nraise SystemExit(3)\n")
    aml(repository, "install", "--hooks").expect(OK)
    assert git_run(repository, "commit", "--allow-empty", "-m", "x").code != OK
    aml(repository, "uninstall").expect(OK)
    assert (hooks / "pre-commit").read_text() == "#!/usr/bin/env python3\nraise SystemExit(3)\n"
    assert not (hooks / "pre-commit.before-amlgit").exists()


def test_a_second_hook_for_the_same_place_is_not_overwritten(repository: Path) -> None:
    hooks = repository / ".git" / "hooks"
    for name in ("pre-commit", "pre-commit.before-amlgit"):
        script(hooks / name, f"#!/usr/bin/env python3\n# {name}\n")
    before = _state(repository)
    assert "pre-commit.before-amlgit" in aml(repository, "install", "--hooks").expect(REFUSED).err
    assert _state(repository) == before


# --- core.hooksPath


def test_hooks_in_the_work_tree_get_our_lines_and_new_ones_beside_them(repository: Path) -> None:
    script(repository / ".githooks" / "pre-commit", "#!/bin/sh\necho shared >> log\n")
    git(repository, "config", "core.hooksPath", ".githooks")
    aml(repository, "uninstall").expect(OK)
    before = _state(repository)
    said = aml(repository / "experiments", "install", "--hooks").expect(OK)
    assert ".githooks/pre-commit" in said.out
    assert "other members" in said.err
    assert not (repository / ".git" / "hooks" / "pre-commit").exists()
    _damage(repository)
    assert git_run(repository, "commit", "-m", "bad").code != OK
    assert (repository / "log").read_text() == "shared\n"
    git(repository, "reset", "--quiet", "--hard")
    (repository / "log").unlink()
    aml(repository, "uninstall").expect(OK)
    assert _state(repository) == before


def test_a_shared_hook_that_can_not_take_our_lines_is_left_alone_and_named(repository: Path) -> None:
    script(repository / ".githooks" / "pre-push", "#!/usr/bin/env node\n")
    git(repository, "config", "core.hooksPath", ".githooks")
    before = _state(repository)
    err = aml(repository, "install", "--hooks").expect(REFUSED).err
    assert ".githooks/pre-push" in err
    assert 'amlgit hook pre-push "$@"' in err
    assert _state(repository) == before


def test_a_folder_of_hooks_outside_the_repository_is_left_alone(repository: Path, tmp_path: Path) -> None:
    script(tmp_path / "everybody" / "pre-commit", "#!/bin/sh\n")
    git(repository, "config", "--global", "core.hooksPath", tmp_path / "everybody")
    aml(repository, "uninstall").expect(OK)
    before = _state(repository)
    err = aml(repository, "install", "--hooks").expect(REFUSED).err
    assert str(tmp_path / "everybody") in err
    assert "git config --local core.hooksPath .git/hooks" in err
    assert _state(repository) == before
    assert [path.name for path in (tmp_path / "everybody").iterdir()] == ["pre-commit"]
    git(repository, "config", "--local", "core.hooksPath", ".git/hooks")
    aml(repository, "install", "--hooks").expect(OK)
    _damage(repository)
    assert git_run(repository, "commit", "-m", "bad").code != OK


def test_uninstall_does_not_write_outside_the_repository(repository: Path, tmp_path: Path) -> None:
    copied = "#!/bin/sh\n# amlgit: begin\namlgit hook pre-commit\n# amlgit: end\n"
    script(tmp_path / "everybody" / "pre-commit", copied)
    git(repository, "config", "--global", "core.hooksPath", tmp_path / "everybody")
    aml(repository, "uninstall").expect(OK)
    assert (tmp_path / "everybody" / "pre-commit").read_text() == copied


def test_with_husky_the_scripts_that_it_runs_get_our_lines_and_not_its_generated_folder(repository: Path) -> None:
    runner = 'n=$(basename "$0")\ns=$(dirname "$(dirname "$0")")/$n\n[ ! -f "$s" ] && exit 0\nsh -e "$s" "$@"\nexit $?\n'  # as husky 9 has it
    script(repository / ".husky" / "_" / "h", runner)
    for name in HOOKS:
        script(repository / ".husky" / "_" / name, '#!/usr/bin/env sh\n. "$(dirname "$0")/h"')
    (repository / ".husky" / "pre-commit").write_text("echo husky >> log\n")
    git(repository, "config", "core.hooksPath", ".husky/_")
    aml(repository, "uninstall").expect(OK)
    before = _state(repository)
    aml(repository, "install", "--hooks").expect(OK)
    assert {path: kept for path, kept in _state(repository).items() if "/_/" in path} == {
        path: kept for path, kept in before.items() if "/_/" in path
    }
    _damage(repository)
    run = git_run(repository, "commit", "-m", "bad")
    assert run.code != OK
    assert "normal-form" in run.out + run.err
    assert (repository / "log").read_text() == "husky\n"
    git(repository, "reset", "--quiet", "--hard")
    (repository / "log").unlink()
    aml(repository, "uninstall").expect(OK)
    assert _state(repository) == before


def test_a_linked_worktree_and_its_repository_share_their_hooks(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", "../linked")
    aml(tmp_path / "linked", "install", "--hooks").expect(OK)
    for place in (repository, tmp_path / "linked"):
        _damage(place)
        assert "normal-form" in git_run(place, "commit", "-m", "bad").err


# --- without amlgit


def test_without_amlgit_a_commit_of_experiments_is_refused_and_any_other_goes_on(repository: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    (repository / "notes.txt").write_text("mine")
    git(repository, "add", "notes.txt")
    git_run(repository, "commit", "-m", "notes", PATH=without_amlgit()).expect(OK)
    replace_in(repository / NODE, '"Comment": ""', '"Comment": "fine"')
    git(repository, "add", NODE)
    run = git_run(repository, "commit", "-m", "good", PATH=without_amlgit())
    assert run.code != OK
    assert "amlgit is not on PATH" in run.err
    git_run(repository, "commit", "-m", "good").expect(OK)


def test_without_amlgit_a_push_is_refused_and_a_merge_says_that_nobody_looked(repository: Path, tmp_path: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    run = git_run(repository, "push", "../team.git", "main", PATH=without_amlgit())
    assert run.code != OK
    assert "amlgit is not on PATH" in run.err
    git(repository, "checkout", "--quiet", "-b", "side", "HEAD~1")
    run = git_run(repository, "merge", "main", PATH=without_amlgit()).expect(OK)
    assert "Run 'amlgit check'" in run.err


def test_install_says_when_git_will_not_find_amlgit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "PATH" not in aml(repository, "install", "--hooks").expect(OK).err
    monkeypatch.setenv("PATH", without_amlgit())
    assert "no amlgit on your PATH" in aml(repository, "install", "--hooks").expect(OK).err


def test_the_hooks_are_quiet_where_nothing_is_wrong(repository: Path) -> None:
    aml(repository, "install", "--hooks").expect(OK)
    replace_in(repository / NODE, '"Comment": ""', '"Comment": "fine"')
    run = git_run(repository, "commit", "--quiet", "-am", "good").expect(OK)
    assert run.out + run.err == ""
    assert aml(repository, "hook", "pre-commit").expect(OK).err == ""
    _damage(repository)
    assert "[normal-form]" in aml(repository, "hook", "pre-commit").expect(FINDINGS).out
