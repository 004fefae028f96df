"""Chaos: people edit here and there, the network fails at any request, processes are killed; in the end nothing is lost and nothing is double."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.commands import BUG, OK, aml, environment, git, git_bytes
from tests.support.emulated import Json, Server, chain, serving
from tests.support.pushing import clone_of, edit_there, folder, value
from tests.support.repositories import commit_all, fsck, leftovers, node_file

TITLES = ("Alpha", "Beta", "Gamma")
IMPORT = "506153734175476c4f62416c57734963.4e1b0fe6aded4b3fa36f39b8862b9004.v1-default-1744"
SECRET = "hunter2-known-to-the-workspace-alone"  # the test's own
KINDS = ("status", "status", "status", "cut", "truncate", "garbage", "slow", "latency")
STATUSES = (401, 409, 412, 429, 500, 503)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("--data", tmp_path_factory.mktemp("chaos"), "--node-seconds", "0.01") as server:
        yield server


def with_secret() -> Json:
    """A graph whose second node reads a database with a password."""
    graph = chain()
    node = graph["ModuleNodes"][1]
    node["ModuleId"] = IMPORT
    node["ModuleParameters"].append({"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": "Server User Account Password", "Value": SECRET})
    return graph


class World:
    """A workspace, a clone of it, and what everybody did so far."""

    def __init__(self, server: Server, place: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.server, self.client = server, server.new_workspace()
        self.chance = random.Random(seed)
        self.ids = {title: self.client.save_as(title, with_secret())["ExperimentId"] for title in TITLES}
        for identity in self.ids.values():
            self.client.run(identity)
        monkeypatch.setenv("AMLGIT_SECRET_IMPORT_DATA_12_5B8B_SERVER_USER_ACCOUNT_PASSWORD", SECRET)
        self.repository = clone_of(self.client, place / "repository", monkeypatch)
        self.ours = dict.fromkeys(TITLES, "x")
        self.theirs = dict.fromkeys(TITLES, "x")
        self.copies: list[str] = []
        self.said: list[str] = []
        self.number = 0

    def turn(self) -> None:
        """Somebody does something."""
        self.number += 1
        title = self.chance.choice(TITLES)
        match self.chance.choice(("edit", "edit", "theirs", "push", "push", "pull", "run", "new")):
            case "edit" if not self.is_under_way:
                page = node_file(folder(self.repository, title), "Select Columns in Dataset 11-")
                text = page.read_text()
                assert f'"Value": "{self.ours[title]}"' in text
                page.write_text(text.replace(f'"Value": "{self.ours[title]}"', f'"Value": "o{self.number}"'))
                self.ours[title] = f"o{self.number}"
                commit_all(self.repository, f"{title}: o{self.number}")
            case "theirs":
                edit_there(self.client, self.ids[title], f"t{self.number}")
                self.theirs[title] = f"t{self.number}"
            case "push":
                self.command("push")
            case "pull":
                self.command("pull")
            case "run":
                self.command("push", title, "--run")
            case "new" if len(self.copies) < 3:
                self.copies.append(f"Copy {self.number}")
                self.make(self.copies[-1])
            case _:
                self.command("fetch")

    @property
    def is_under_way(self) -> bool:
        """Whether a kill left a merge of ours half-way, files ahead of the branch, or our lock of the index: the next pull finishes that."""
        return bool(git(self.repository, "status", "--porcelain")) or (self.repository / ".git" / "amlgit-index-lock").exists()

    def make(self, copy: str) -> None:
        """A new experiment, asked for until it is there."""
        for _ in range(12):
            if self.command("push", TITLES[0], "--new", copy):
                return
        self.calm()
        assert self.command("push", TITLES[0], "--new", copy)

    def command(self, *arguments: str) -> bool:
        raise NotImplementedError

    def calm(self) -> None:
        """Nothing goes wrong any more."""
        self.server.admin("DELETE", "faults")

    def check(self) -> None:
        """Whatever happened, a few commands bring all together, and nothing is lost, double or shown."""
        self.calm()
        for identity in self.ids.values():
            self.client.wait(identity)
        for arguments in (("pull",), ("push",), ("pull",)):
            done = aml(self.repository, *arguments)
            self.said.append(done.out + done.err)
            done.expect(OK)
        head = git(self.repository, "rev-parse", "HEAD")
        assert aml(self.repository, "push").expect(OK).out.count("up to date") == len(TITLES) + len(self.copies)
        aml(self.repository, "pull").expect(OK)
        assert git(self.repository, "rev-parse", "HEAD") == head
        assert git(self.repository, "status", "--porcelain") == ""
        self.check_values()
        self.check_runs()
        fsck(self.repository)
        assert leftovers(self.repository) == []
        self.check_secrets()

    def check_values(self) -> None:
        own = [each["Description"] for each in self.client.get("experiments") if each["ExperimentId"].startswith(self.client.id)]
        assert sorted(own) == sorted([*TITLES, *self.copies])
        for title, identity in self.ids.items():
            assert (value(self.client, identity), value(self.client, identity, 2)) == (self.ours[title], self.theirs[title])
            here = folder(self.repository, title)
            assert f'"Value": "{self.ours[title]}"' in node_file(here, "Select Columns in Dataset 11-").read_text()
            assert f'"Value": "{self.theirs[title]}"' in node_file(here, "Score Model").read_text()
            assert self.client.experiment(identity)["Graph"]["ModuleNodes"][1]["ModuleParameters"][1]["Value"] == SECRET

    def check_runs(self) -> None:
        """Every run is in the record, and none was started a second time for want of an answer."""
        for identity in self.ids.values():
            history = self.client.get(f"experiments/{identity}/lineage")
            family = identity[-32:]
            record = git(self.repository, "log", "--format=%B", f"refs/amlgit/studio/{family}")
            assert all(f"Aml-Snapshot: {each['ExperimentId']}\n" in record + "\n" for each in history)
            trees = git(self.repository, "log", "--format=%T", f"refs/amlgit/studio/{family}").split()
            contents = [git(self.repository, "rev-parse", f"{tree}:experiment") for tree in trees]
            assert all(one != other for one, other in pairwise(contents))

    def check_secrets(self) -> None:
        listed = git_bytes(self.repository, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        everything = git_bytes(self.repository, "cat-file", "--batch", stdin=listed)
        files = [path.read_bytes() for path in self.repository.rglob("*") if path.is_file() and ".git/objects" not in str(path)]
        for text in (everything, *files, "".join(self.said).encode()):
            assert SECRET.encode() not in text
            assert self.client.token.encode() not in text


class Faulty(World):
    """Commands in this process, with faults at random requests."""

    def command(self, *arguments: str) -> bool:
        faults = [self.fault() for _ in range(self.chance.randint(0, 3))]
        if faults:
            self.server.admin("POST", "faults", json=faults)
        done = aml(self.repository, *arguments)
        self.calm()
        self.said.append(f"$ {arguments} {faults} -> {done.code}\n{done.out}{done.err}")
        assert done.code != BUG, done.err
        assert "Traceback" not in done.err
        return done.code == OK

    def fault(self) -> dict[str, object]:
        kind = self.chance.choice(KINDS)
        more = {"status": self.chance.choice(STATUSES), "retry_after": 0} if kind == "status" else {}
        method, chance = self.chance.choice(("*", "GET", "POST")), self.chance.choice((0.1, 0.3, 1))
        return {
            "kind": kind,
            "route": f"*{self.client.id}*",
            "method": method,
            "chance": chance,
            "seconds": 0.02,
            "times": self.chance.randint(1, 6),
            "skip": self.chance.randint(0, 4),
            "after": self.chance.random() < 0.5,
            **more,
        }


class Killed(World):
    """Commands in processes of their own, some of which are killed at any moment, every third time without their git processes."""

    def command(self, *arguments: str) -> bool:
        process = subprocess.Popen(
            [sys.executable, "-m", "amlgit", *arguments],
            cwd=self.repository,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(self.chance.uniform(0.15, 1.2) if self.chance.random() < 0.7 else 60)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
        self.said.append(f"$ {arguments} -> {process.returncode}\n{out.decode()}")
        assert process.returncode != BUG, out
        time.sleep(0.05)  # a git command of its own session ends by itself
        return process.returncode == OK


def rounds(world: World, turns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # waits of seconds between two tries are the session's own tests' business
    monkeypatch.setattr("amlgit.remotes.retrying.wait_before", lambda attempt, patience: 0.001)
    try:
        for _ in range(turns):
            world.turn()
        world.check()
    except BaseException:
        sys.stderr.write("\n".join(world.said))
        raise


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_at_any_request(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rounds(Faulty(server, tmp_path, seed, monkeypatch), 24, monkeypatch)


def test_kills_at_any_moment(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds(Killed(server, tmp_path, 7, monkeypatch), 14, monkeypatch)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(100, 130))
def test_faults_for_long(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rounds(Faulty(server, tmp_path, seed, monkeypatch), 60, monkeypatch)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(200, 215))
def test_kills_for_long(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    rounds(Killed(server, tmp_path, seed, monkeypatch), 40, monkeypatch)
