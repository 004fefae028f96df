"""The hooks under the pre-commit framework, by the manifest that others name in their configuration; and the files that an installed amlgit has.

What needs no network: the real framework reads the real manifest from a git repository and runs each hook in a user's repository; only
`language: python`, which would have pip install amlgit, is `system` there. The thorough test has the framework install it.
"""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.commands import OK, Run, aml, clone_samples, git, git_run, on_path, without_amlgit
from tests.support.repositories import replace_in
from tests.support.samples import NOT_NORMAL, TRAIN

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ".pre-commit-hooks.yaml"
HOOKS = ("pre-commit", "pre-push", "post-merge")


def _framework(folder: Path, *arguments: str) -> Run:
    done = subprocess.run([sys.executable, "-m", "pre_commit", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=500)
    return Run(done.returncode, done.stdout, done.stderr)


def _source(folder: Path) -> str:
    """A git repository with the manifest, as the framework clones one; gives its commit."""
    folder.mkdir()
    git(folder, "init", "--quiet")
    shutil.copy(ROOT / MANIFEST, folder)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", "hooks")
    return git(folder, "rev-parse", "HEAD")


def _configure(repository: Path, source: Path, rev: str, *, language: str = "") -> None:
    ids = ("amlgit-check", "amlgit-pre-push", "amlgit-post-merge", "amlgit-check-all")
    hooks = "".join(f"      - id: {each}\n{language}" for each in ids)
    text = f"repos:\n  - repo: {source}\n    rev: {rev}\n    hooks:\n{hooks}"
    (repository / ".pre-commit-config.yaml").write_text(text)
    git(repository, "add", ".pre-commit-config.yaml")
    git(repository, "commit", "--quiet", "-m", "the framework")
    _framework(repository, "install", *(word for name in HOOKS for word in ("--hook-type", name))).expect(OK)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the samples with the framework's hooks in it."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    repository = clone_samples(tmp_path / "repository")
    _configure(repository, tmp_path / "hooks", _source(tmp_path / "hooks"), language="        language: system\n")
    return repository


def test_the_manifest_is_what_the_framework_takes() -> None:
    assert _framework(ROOT, "validate-manifest", MANIFEST).expect(OK).code == OK


def test_a_commit_is_checked(repository: Path) -> None:
    replace_in(repository / TRAIN, *NOT_NORMAL)
    run = git_run(repository, "commit", "-a", "-m", "bad")
    assert run.code != OK
    assert "[normal-form]" in run.err
    git(repository, "checkout", "HEAD", "--", TRAIN)
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "fine"')
    git_run(repository, "commit", "-a", "-m", "good").expect(OK)


def test_a_commit_that_only_removes_a_file_is_checked(repository: Path) -> None:
    git(repository, "rm", "--quiet", TRAIN)
    run = git_run(repository, "commit", "-m", "bad")
    assert run.code != OK
    assert "[dangling-source]" in run.err


@pytest.mark.parametrize("is_new", [False, True])
def test_a_push_is_looked_at(repository: Path, tmp_path: Path, is_new: bool) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", "../team.git")
    if not is_new:
        git_run(repository, "push", "-u", "origin", "main").expect(OK)
    (repository / TRAIN).write_text("<<<<<<< ours\n")
    git(repository, "commit", "--quiet", "--no-verify", "-am", "bad")
    planted = git(repository, "rev-parse", "HEAD")
    git(repository, "revert", "--no-edit", "HEAD")
    run = git_run(repository, "push", "origin", "main")
    assert run.code != OK
    assert f"In commit {planted[:12]}" in run.out + run.err


def test_a_merge_is_checked(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side")
    (repository / TRAIN).write_text("{")
    git(repository, "commit", "--quiet", "--no-verify", "-am", "bad")
    git(repository, "checkout", "--quiet", "main")
    assert "[json]" in git_run(repository, "merge", "side").expect(OK).err


def test_all_files_are_checked_by_hand(repository: Path) -> None:
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git(repository, "commit", "--quiet", "--no-verify", "-am", "bad")
    assert "[normal-form]" in _framework(repository, "run", "--all-files", "--hook-stage", "manual").out


def test_our_own_hooks_and_the_frameworks_run_side_by_side(repository: Path) -> None:
    before = {name: (repository / ".git" / "hooks" / name).read_bytes() for name in HOOKS}
    aml(repository, "install", "--hooks").expect(OK)
    replace_in(repository / TRAIN, *NOT_NORMAL)
    run = git_run(repository, "commit", "-a", "-m", "bad")
    assert run.code != OK
    assert run.err.count("[normal-form]") == 1  # the framework's refusal is enough
    git(repository, "checkout", "HEAD", "--", TRAIN)
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "fine"')
    git_run(repository, "commit", "-a", "-m", "good").expect(OK)
    aml(repository, "uninstall").expect(OK)
    assert {name: (repository / ".git" / "hooks" / name).read_bytes() for name in HOOKS} == before


@pytest.mark.thorough
def test_the_framework_installs_amlgit_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Needs an index of packages: the framework has pip build and install this project."""
    monkeypatch.setenv("PATH", without_amlgit())
    monkeypatch.delenv("PYTHONPATH", raising=False)
    repository = clone_samples(tmp_path / "repository")
    source = tmp_path / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".git", ".venv", "demo", ".*_cache", "__pycache__"))
    git(source, "init", "--quiet")
    git(source, "add", "--all")
    git(source, "commit", "--quiet", "-m", "all")
    _configure(repository, source, git(source, "rev-parse", "HEAD"))
    replace_in(repository / TRAIN, *NOT_NORMAL)
    run = git_run(repository, "commit", "-a", "-m", "bad")
    assert run.code != OK
    assert "[normal-form]" in run.err


def test_an_installed_amlgit_has_the_hooks_inside(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "site")
    for name in HOOKS:
        assert (tmp_path / "site" / "amlgit" / "hooks" / name).read_bytes() == (ROOT / "hooks" / name).read_bytes()
    git(tmp_path, "init", "--quiet", "r")
    program = "import sys; from amlgit.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "-C", str(tmp_path / "r"), "install", "--hooks"]
    subprocess.run(command, cwd=tmp_path / "site", env={**_plain_environment(), "PYTHONPATH": str(tmp_path / "site")}, check=True, timeout=60)
    assert "amlgit hook pre-commit" in (tmp_path / "r" / ".git" / "hooks" / "pre-commit").read_text()


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
