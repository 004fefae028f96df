"""`push --new` makes an experiment once: whatever is killed, whatever the service answers, whoever else makes one of that title."""

import json
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.support.canned import TOKEN, canned, says
from tests.support.canned_workspace import OWN, WORKSPACE, clone, experiment, workspace
from tests.support.commands import OK, REFUSED, UNREACHABLE, aml, environment
from tests.support.emulated import Client, Server, chain, graph_of
from tests.support.pushing import TITLE, push, start, value
from tests.support.workspaces import add_remote, hits, titles

KILLED = """
import os, signal, sys

from amlgit.cli.main import run

kept, last = (int(number) for number in sys.argv[1].split(":"))
lines = iter(range(10**9))
names = ("push.py", "push_new.py", "workspaces/made.py", "workspaces/pushed.py")
watched = tuple(os.path.join("amlgit", "workflows", *name.split("/")) for name in names)


def look(frame, event, argument):
    if not any(name in frame.f_code.co_filename for name in watched) or not frame.f_code.co_flags & 1:
        return None
    if event == "line" and next(lines) == kept:
        os.kill(os.getpid(), signal.SIGKILL)
    return look


sys.settrace(look)
code = run(sys.argv[2:])
sys.settrace(None)
print("lines", next(lines))
if last:
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(code)
"""
"""Runs amlgit and kills it at the n-th line of what makes new experiments, or (`n:1`) when all is done and before anybody hears of it."""


def killed_at(repository: Path, line: int, *arguments: str, at_the_end: bool = False) -> tuple[int, int]:
    """The exit code, and how many lines there were."""
    program = [sys.executable, "-c", KILLED, f"{line}:{int(at_the_end)}", *arguments]
    done = subprocess.run(program, cwd=repository, env=environment(), capture_output=True, text=True, check=False)
    return done.returncode, int(done.stdout.rpartition("lines ")[2] or 0) if "lines " in done.stdout else 0


def check_made_once_whatever_is_killed(client: Client, repository: Path, number: int) -> None:
    """Kill `push --new` at so many of its lines, each time of a title of its own; the same command again makes one, and no second."""
    _, lines = killed_at(repository, -1, "push", TITLE, "--new", "Whole")
    assert lines > 50
    wanted = ["Whole"]
    for line in sorted({lines * part // number for part in range(number)}):
        wanted.append(f"At {line}")
        assert killed_at(repository, line, "push", TITLE, "--new", wanted[-1])[0] == -signal.SIGKILL
        push(repository, TITLE, "--new", wanted[-1])
    wanted.append("At the end")
    assert killed_at(repository, -1, "push", TITLE, "--new", wanted[-1], at_the_end=True)[0] == -signal.SIGKILL
    push(repository, TITLE, "--new", wanted[-1])
    assert titles(client) == sorted([*wanted, TITLE])
    # the copies come as folders of their own, and all is told to be as it is there
    aml(repository, "pull").expect(OK)
    assert push(repository).out.count("up to date") == len(wanted) + 1
    assert titles(client) == sorted([*wanted, TITLE])


def test_a_new_experiment_is_made_once_though_the_push_is_killed_at_any_line(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = client.dataset("Points")
    repository, _ = start(client, tmp_path, monkeypatch, graph=chain(old))
    client.dataset("Points", b"a\n1\n", old.split(".")[1])  # a save as new moves it to that version, and is mended by a second save
    check_made_once_whatever_is_killed(client, repository, 8)


@pytest.mark.thorough
def test_a_new_experiment_is_made_once_though_the_push_is_killed_at_every_line(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = client.dataset("Points")
    repository, _ = start(client, tmp_path, monkeypatch, graph=chain(old))
    client.dataset("Points", b"a\n1\n", old.split(".")[1])
    check_made_once_whatever_is_killed(client, repository, 10_000)


@pytest.mark.parametrize("by_pull", [True, False])
def test_a_folder_whose_first_push_was_killed_is_bound_to_what_that_made(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_pull: bool
) -> None:
    """Killed after the service made it and before there was an answer: whichever comes next, push or pull, knows it again."""
    monkeypatch.setattr("amlgit.remotes.retrying.wait_before", lambda attempt, patience: 0.001)
    repository, _ = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    server.fault(kind="cut", method="POST", route=f"*{prod.id}/experiments*", times=1, after=True)
    server.fault(kind="status", status=503, method="GET", route=f"*{prod.id}/experiments", times=None, skip=1)
    push(repository, TITLE, "--remote", "prod", "--new", code=UNREACHABLE)
    assert titles(prod, server) == [TITLE]
    if not by_pull:
        push(repository, TITLE, "--remote", "prod", "--new")
    aml(repository, "pull", "prod").expect(OK)
    assert len(list((repository / "experiments").iterdir())) == 1
    assert "up to date" in push(repository, TITLE, "--remote", "prod").out
    push(repository, TITLE, "--remote", "prod", "--new")  # the folder has its own now: this is a copy
    assert titles(prod) == [TITLE, TITLE]


def test_what_a_colleague_made_under_the_same_title_meanwhile_is_not_taken_for_it(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    number = server.fault(kind="status", status=500, method="POST", route=f"*{client.id}/experiments*", times=None)
    push(repository, TITLE, "--new", "Once", code=UNREACHABLE)
    assert hits(server, number) == 3
    assert titles(client, server) == [TITLE]
    other = chain(value="of a colleague")
    for node in other["ModuleNodes"]:
        node["Id"] = node["Id"].replace("5b8b1c55", "00000000")
    other["EdgesInternal"] = []
    theirs = client.save_as("Once", other)["ExperimentId"]
    push(repository, TITLE, "--new", "Once")
    assert titles(client) == ["Once", "Once", TITLE]
    assert value(client, theirs) == "of a colleague"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("{own}", "which was there before"),
        ("{other}.f-id.{family}", "which is none of this workspace's experiments"),
        ("{workspace}.s-id.{family}.9953-08-08t05.48.40", "which is none of this workspace's experiments"),
    ],
)
def test_an_id_that_is_no_new_experiments_is_not_worked_on(answer: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLGIT_TOKEN", TOKEN)
    identity = answer.format(own=OWN, other="e" * 32, workspace=WORKSPACE, family="f" * 32)
    posted: list[str] = []
    empty = experiment(Graph=graph_of([], []))
    serve = workspace([empty], {OWN: empty})

    def service(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "POST":
            posted.append(handler.path)
            says(200, json.dumps({"ExperimentId": identity, "Etag": "W/2"}).encode())(handler)
        else:
            serve(handler)

    with canned(service) as running:
        repository = tmp_path / "repository"
        clone(f"http://127.0.0.1:{running.port}", repository).expect(OK)
        done = push(repository, "T", "--new", "New", code=UNREACHABLE)
    assert why in done.err
    assert identity in done.err
    assert len(posted) == 1


@pytest.mark.parametrize("status", [401, 409, 412])
def test_a_refusal_is_not_taken_at_its_word(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    server.fault(kind="status", status=status, method="POST", route=f"*{client.id}/experiments*", times=1, after=True)
    assert aml(repository, "push", TITLE, "--new", "Once").code in (REFUSED, UNREACHABLE)
    push(repository, TITLE, "--new", "Once")
    assert titles(client) == ["Once", TITLE]
