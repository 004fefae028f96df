"""What is set up in a repository is set up once, and what the user wrote there stays."""

import os
from pathlib import Path

import pytest

from amlgit.errors import InvalidDocument
from amlgit.store import settings, setup
from amlgit.store.repository import Repository, discover
from tests.support.commands import aml, git
from tests.support.repositories import dirty


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git(tmp_path, "init", "--quiet")
    return discover(tmp_path, os.environ)


@pytest.mark.parametrize(
    "present",
    [b"", b"*.png binary\n", b"*.png binary", b"# a comment\n\n\n", b"a\n" + setup.attributes(b"") + b"b\n", setup.attributes(b"") + b"no end"],
)
def test_the_attributes_are_put_in_once_and_the_users_lines_stay(present: bytes) -> None:
    once = setup.attributes(present)
    assert setup.attributes(once) == once
    assert once.count(b"# amlgit: begin") == once.count(b"# amlgit: end") == 1
    ours = setup.attributes(b"").splitlines()
    assert [line for line in once.splitlines() if line not in ours and line] == [line for line in present.splitlines() if line not in ours and line]


def test_an_older_block_is_replaced_where_it_stands() -> None:
    old = b"before\n# amlgit: begin (of an older amlgit)\nexperiments/** text\n# amlgit: end\nafter\n"
    assert setup.attributes(old) == b"before\n" + setup.attributes(b"") + b"after\n"


def test_a_block_without_an_end_is_a_clear_error() -> None:
    with pytest.raises(InvalidDocument, match=r"\.gitattributes"):
        setup.attributes(b"# amlgit: begin\nexperiments/** -text\n")


@pytest.mark.parametrize("present", [b"*.png binary\r\n*.txt text\r\n", b"# \xe4\n*.png binary\n", "\ufeff# ä\n".encode(), b"*.png binary\x0c\n"])
def test_the_users_lines_stay_byte_for_byte(tmp_path: Path, present: bytes) -> None:
    (tmp_path / ".gitattributes").write_bytes(present)
    assert setup.write_attributes(tmp_path)
    written = (tmp_path / ".gitattributes").read_bytes()
    assert written.startswith(present)
    assert not setup.write_attributes(tmp_path)
    assert (tmp_path / ".gitattributes").read_bytes() == written


def test_git_takes_the_attributes_as_meant(tmp_path: Path, repository: Repository) -> None:
    (tmp_path / ".gitattributes").write_text("* text=auto eol=crlf\n*.json diff=other\n")
    setup.write_attributes(tmp_path)
    asked = [
        "experiments/a b/nodes/x.json",
        "experiments/a/nodes/x.py",
        "webservices/s/page.json",
        "models/m.ilearner",
        "README",
        "elsewhere/x.json",
        "experiments/a/nodes/x.R",
    ]
    output = git(tmp_path, "check-attr", "text", "diff", "filter", "merge", "--", *asked)
    found = {tuple(line.rsplit(": ", 2)[:2]): line.rsplit(": ", 2)[2] for line in output.splitlines()}
    assert [found[path, "text"] for path in asked] == ["unset"] * 4 + ["auto"] * 2 + ["unset"]
    assert [found[path, "diff"] for path in asked] == ["amlgit", "python", "amlgit", "lfs", "unspecified", "other", "amlgit-r"]
    assert [found[path, "merge"] for path in asked[:3]] == ["amlgit", "unspecified", "amlgit"]
    assert found["models/m.ilearner", "filter"] == "lfs"


def test_a_first_configuration_is_written_once(tmp_path: Path) -> None:
    assert setup.write_config(tmp_path)
    (tmp_path / ".amlgit").write_text("form = 1\n# mine\n")
    assert not setup.write_config(tmp_path)
    assert (tmp_path / ".amlgit").read_text() == "form = 1\n# mine\n"


def test_every_git_remote_gets_one_fetch_refspec_and_no_push_refspec(tmp_path: Path, repository: Repository) -> None:
    names = ["origin", "a.b", "team/up+stream"]
    for name in names:
        git(tmp_path, "remote", "add", name, "nowhere")
    assert len([changed for changed in settings.configure(repository) if ".fetch = " in changed]) == len(names)
    assert settings.configure(repository) == []
    for name in names:
        assert git(tmp_path, "config", "--get-all", f"remote.{name}.fetch").splitlines() == [
            f"+refs/heads/*:refs/remotes/{name}/*",
            f"+refs/amlgit/*:refs/amlgit-shared/{name}/*",
        ]
    assert "push" not in git(tmp_path, "config", "--list", "--local")
    git(tmp_path, "remote", "add", "late", "nowhere")
    assert len(settings.configure(repository)) == 1


def test_what_was_set_up_is_taken_out_and_nothing_else(tmp_path: Path, repository: Repository) -> None:
    for name in ("origin", "a.b", "a+b"):
        git(tmp_path, "remote", "add", name, "nowhere")
    git(tmp_path, "config", "--add", "remote.origin.fetch", "+refs/amlgit/*:refs/mine/*")
    before = git(tmp_path, "config", "--list", "--local")
    settings.configure(repository)
    assert settings.unconfigure(repository)
    assert git(tmp_path, "config", "--list", "--local") == before
    assert settings.unconfigure(repository) == []
    assert git(tmp_path, "config", "--list", "--local") == before


def test_install_and_uninstall_can_be_repeated(tmp_path: Path, repository: Repository) -> None:
    git(tmp_path, "remote", "add", "origin", "nowhere")
    aml(tmp_path, "init").expect(0)
    status, settings = dirty(tmp_path), git(tmp_path, "config", "--list", "--local")
    assert status == ["A  .amlgit", "A  .gitattributes"]
    assert "is set up already" in aml(tmp_path, "install").expect(0).out
    assert (dirty(tmp_path), git(tmp_path, "config", "--list", "--local")) == (status, settings)
    aml(tmp_path, "uninstall").expect(0)
    assert "Nothing was set" in aml(tmp_path, "uninstall").expect(0).out
    aml(tmp_path, "install").expect(0)
    assert (dirty(tmp_path), sorted(git(tmp_path, "config", "--list", "--local").splitlines())) == (status, sorted(settings.splitlines()))


def test_a_fetch_brings_the_shared_chains_and_plain_git_goes_on_as_ever(tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    git(tmp_path / "hub", "init", "--quiet")
    git(tmp_path / "hub", "commit", "--quiet", "--allow-empty", "-m", "x")
    git(tmp_path / "hub", "update-ref", "refs/amlgit/archive/x", "HEAD")
    git(tmp_path, "clone", "--quiet", tmp_path / "hub", "second")
    aml(tmp_path / "second", "install").expect(0)
    for _ in range(2):
        git(tmp_path / "second", "fetch", "--quiet", "--prune")
        assert git(tmp_path / "second", "for-each-ref", "--format=%(refname)", "refs/amlgit-shared/") == "refs/amlgit-shared/origin/archive/x"
        git(tmp_path / "second", "gc", "--quiet", "--prune=now")


def test_a_first_commit_needs_no_identity_and_runs_no_hook(tmp_path: Path, repository: Repository, isolated: Path) -> None:
    (isolated / "gitconfig").write_text("[commit]\n\tgpgSign = true\n[user]\n\tuseConfigOnly = true\n")
    hook = tmp_path / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    setup.write_config(tmp_path)
    setup.first_commit(repository, [".amlgit"], "Set up\n")
    assert git(tmp_path, "log", "--format=%an %ae %s") == "amlgit amlgit@localhost Set up"
    assert dirty(tmp_path) == []


def test_ignored_files_of_ours_are_staged_all_the_same(tmp_path: Path, repository: Repository, isolated: Path) -> None:
    (tmp_path / ".git" / "info").mkdir(exist_ok=True)
    (tmp_path / ".git" / "info" / "exclude").write_text(".*\n")
    setup.write_config(tmp_path)
    setup.stage(repository, [".amlgit"])
    assert dirty(tmp_path) == ["A  .amlgit"]


@pytest.mark.parametrize(
    ("path", "root", "wanted"),
    [("a/b", "a", "b"), ("b", "a", "../b"), ("a", "a", "."), ("a b/ä.zip", "a b/c/d", "../../ä.zip")],
)
def test_a_path_is_noted_relative_to_the_repository(tmp_path: Path, path: str, root: str, wanted: str) -> None:
    assert setup.relative(tmp_path / path, tmp_path / root) == wanted
