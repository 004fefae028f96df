"""`remote add` of a workspace, `login`, and whose token goes where."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

from amlgit import config
from tests.support.commands import OK, REFUSED, UNREACHABLE, USAGE, aml, git, process
from tests.support.emulated import Server, serving

WORKSPACE = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("--data", tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    aml(tmp_path, "init", folder).expect(OK)
    return folder


def keeps_tokens(repository: Path, isolated: Path) -> Path:
    """Git's own helper that keeps passwords in a file of the home folder; gives that file."""
    git(repository, "config", "--global", "credential.helper", f"store --file={isolated}/kept")
    return isolated / "kept"


def login(repository: Path, remote: str, token: str) -> "subprocess.CompletedProcess[bytes]":
    command = [sys.executable, "-m", "amlgit", "login", remote]
    return subprocess.run(command, cwd=repository, input=token.encode(), capture_output=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("options", "place"),
    [
        (("--location", "southcentralus"), "South Central US"),
        (("--location", "West Europe"), "West Europe"),
        (("--url", "https://Studio.example.org/api/"), "https://studio.example.org"),
    ],
)
def test_a_workspace_becomes_a_remote(repository: Path, options: tuple[str, ...], place: str) -> None:
    assert aml(repository, "remote", "add", "studio", "--workspace", WORKSPACE, *options).expect(OK).out == f"studio\tstudio\t{WORKSPACE} ({place})\n"
    assert aml(repository, "remote", "list").out == f"studio\tstudio\t{WORKSPACE} ({place})\n"
    remote = config.load(repository).remotes["studio"]
    assert (remote.kind, remote.workspace, remote.location or remote.url, remote.path) == ("studio", WORKSPACE, place, "")
    again = aml(repository, "remote", "add", "studio", "--workspace", WORKSPACE, *options)
    assert "there is a remote 'studio' already" in again.expect(USAGE).err


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ((), "Give one of --archive and --workspace"),
        (("--workspace", WORKSPACE), "one of a location and a URL"),
        (("--workspace", WORKSPACE, "--location", "West Europe", "--url", "https://x.example"), "one of a location and a URL"),
        (("--workspace", WORKSPACE, "--location", "Atlantis"), "'Atlantis' is no location"),
        (("--workspace", "abc", "--location", "West Europe"), "32 hexadecimal digits"),
        (("--workspace", WORKSPACE, "--url", "http://studio.example.org"), "plain HTTP"),
        (("--workspace", WORKSPACE, "--location", "West Europe", "--file-times"), "--file-times is for --archive"),
        (("--archive", ".", "--url", "https://x.example"), "are for --workspace"),
        (("--archive", ".", "--workspace", WORKSPACE), "Give one of --archive and --workspace"),
    ],
)
def test_a_remote_that_can_not_be_is_refused_and_nothing_is_written(repository: Path, options: tuple[str, ...], complaint: str) -> None:
    before = (repository / ".amlgit").read_bytes()
    assert complaint in aml(repository, "remote", "add", "studio", *options).expect(USAGE).err
    assert (repository / ".amlgit").read_bytes() == before


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ("kind = 'studio'\n", "has no 'workspace'"),
        (f"kind = 'studio'\nworkspace = '{WORKSPACE}'\n", "needs one of 'location' and 'url'"),
        (f"kind = 'studio'\nworkspace = '{WORKSPACE}'\nlocation = 'West Europe'\npath = 'x'\n", "is of kind 'studio' and has a 'path'"),
        (f"path = 'x'\nworkspace = '{WORKSPACE}'\n", "is of kind 'archive' and has a 'workspace'"),
        ("kind = 'studio'\nworkspace = 'XYZ'\nlocation = 'West Europe'\n", "32 hexadecimal digits"),
    ],
)
def test_keys_that_do_not_fit_the_kind_are_named(repository: Path, table: str, complaint: str) -> None:
    (repository / ".amlgit").write_text(f"form = 1\n[remotes.r]\n{table}")
    assert complaint in aml(repository, "remote", "list").expect(USAGE).err


def test_the_local_file_may_send_a_remote_elsewhere(repository: Path) -> None:
    (repository / ".amlgit").write_text(f"[remotes.r]\nkind = 'studio'\nworkspace = '{WORKSPACE}'\nlocation = 'West Europe'\n")
    (repository / ".amlgit.local").write_text("[remotes.r]\nurl = 'http://localhost:5000'\n")
    remote = config.load(repository).remotes["r"]
    assert (remote.location, remote.url) == ("", "http://localhost:5000")


def test_login_keeps_a_token_for_its_host_and_workspace_and_in_no_file_of_the_repository(server: Server, repository: Path, isolated: Path) -> None:
    kept = keeps_tokens(repository, isolated)
    workspace, token = server.ready["workspace"], server.ready["token"]
    aml(repository, "remote", "add", "studio", "--workspace", workspace, "--url", server.url).expect(OK)
    done = login(repository, "studio", f"  {token}\n")
    assert done.returncode == OK, done.stderr
    assert f"at {server.url.removeprefix('http://')}, token kept".encode() in done.stdout
    assert token.encode() not in done.stdout + done.stderr
    assert unquote(kept.read_text()).count(token) == 1
    assert all(token.encode() not in path.read_bytes() for path in repository.rglob("*") if path.is_file())
    # for this host and this workspace, and for no other
    aml(repository, "remote", "add", "elsewhere", "--workspace", workspace, "--url", "http://localhost:1").expect(OK)
    aml(repository, "remote", "add", "neighbour", "--workspace", WORKSPACE, "--url", server.url).expect(OK)
    for name in ("elsewhere", "neighbour"):
        assert f"there is no token for remote '{name}'" in aml(repository, "fetch", name).expect(UNREACHABLE).err
    assert aml(repository, "login", "--forget", "studio").expect(OK).out.startswith("forgot the token for 127.0.0.1:")
    assert token not in unquote(kept.read_text())


def test_a_token_that_is_not_accepted_is_not_kept(server: Server, repository: Path, isolated: Path) -> None:
    kept = keeps_tokens(repository, isolated)
    aml(repository, "remote", "add", "studio", "--workspace", server.ready["workspace"], "--url", server.url).expect(OK)
    wrong = "f" * 32
    done = login(repository, "studio", wrong)
    assert done.returncode == UNREACHABLE
    assert b"the token is not accepted" in done.stderr
    assert wrong.encode() not in done.stdout + done.stderr
    assert not kept.exists()
    assert login(repository, "studio", " \n").returncode == USAGE


def test_without_a_helper_login_says_so(server: Server, repository: Path) -> None:
    aml(repository, "remote", "add", "studio", "--workspace", server.ready["workspace"], "--url", server.url).expect(OK)
    done = login(repository, "studio", server.ready["token"])
    assert done.returncode == REFUSED
    assert b"no credential helper" in done.stderr
    assert b"AMLGIT_TOKEN" in done.stderr


def test_nobody_is_asked_for_a_password_behind_our_back(repository: Path, tmp_path: Path) -> None:
    aml(repository, "remote", "add", "studio", "--workspace", WORKSPACE, "--url", "http://localhost:1").expect(OK)
    asked = tmp_path / "asked"
    program = tmp_path / "ask"
    program.write_text(f"#!/bin/sh\ntouch {asked}\necho secret\n")
    program.chmod(0o755)
    git(repository, "config", "core.askPass", str(program))
    done = process(repository, "fetch", "studio", GIT_ASKPASS=str(program), SSH_ASKPASS=str(program))
    assert "there is no token" in done.expect(UNREACHABLE).err
    assert not asked.exists()


def test_login_is_for_workspaces(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    aml(repository, "remote", "add", "exports", "--archive", tmp_path / "exports").expect(OK)
    assert "is of kind 'archive', and no service" in aml(repository, "login", "exports").expect(USAGE).err


def test_a_token_of_the_environment_goes_to_no_host_that_only_the_repository_names(repository: Path) -> None:
    """Of hosts that do not exist: whether the token would be sent shows in what is said before anything is."""
    aml(repository, "remote", "add", "gateway", "--workspace", WORKSPACE, "--url", "https://gateway.invalid:8443").expect(OK)
    withheld = process(repository, "fetch", "gateway", AMLGIT_TOKEN="f" * 32).expect(UNREACHABLE).err
    assert "AMLGIT_TOKEN_HOST=gateway.invalid:8443" in withheld
    assert "there is no token" in withheld
    meant = process(repository, "fetch", "gateway", AMLGIT_TOKEN="f" * 32, AMLGIT_TOKEN_HOST="other.invalid gateway.invalid:8443")
    assert "there is no token" not in meant.expect(UNREACHABLE).err
    assert "gateway.invalid" in meant.err
