"""What the tests of kills share: a command and what it is to come to, killed at moments and at lines of ours."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.commands import USAGE, Run, aml, environment, git
from tests.support.repositories import chains, count, dirty, fsck, leftovers

Place = tuple[str, int]
"""A line of our code (`amlgit/store/incoming.py:80`) and which of its turns."""

DRIVER = """
import os, signal, sys

wanted, turn, whole_group = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "group"
del sys.argv[1:4]
import amlgit

root = os.path.dirname(os.path.dirname(amlgit.__file__))
watched = tuple(os.path.join(root, "amlgit", name) for name in ("store", "workflows", "config.py"))
turns = {}

def look(frame, event, argument):
    if not frame.f_code.co_filename.startswith(watched) or not frame.f_code.co_flags & 1:
        return None  # not ours, or the body of a module or class that is being imported
    if event == "line":
        place = f"{os.path.relpath(frame.f_code.co_filename, root)}:{frame.f_lineno}"
        turns[place] = turns.get(place, 0) + 1
        if place == wanted and turns[place] == turn:
            os.killpg(0, signal.SIGKILL) if whole_group else os.kill(os.getpid(), signal.SIGKILL)
    return look

from amlgit.cli.main import run
sys.settrace(look)
code = run(sys.argv[1:])
sys.settrace(None)
if not wanted:
    print("\\n".join(f"turns {place} {number}" for place, number in turns.items()))
sys.exit(code)
"""
"""Runs amlgit and kills it when it comes to a line for the n-th time; without a line, says how often it came to each."""


@dataclass(frozen=True, slots=True)
class State:
    """What a finished run leaves: chains, the tree of the branch, how many commits."""

    chains: Mapping[str, str]
    tree: str
    commits: int


@dataclass(frozen=True, slots=True)
class Scene:
    """A command to kill, the repository it starts from (None for a clone), and what it is to come to."""

    arguments: tuple[str, ...]
    archive: Path
    before: Path | None
    repository: Path
    old: Mapping[str, bytes]
    new: Mapping[str, bytes]
    finished: State

    @property
    def folder(self) -> Path:
        """Where the command runs."""
        return self.repository.parent if self.before is None else self.repository

    def start_over(self) -> None:
        """Put the repository back to how it was before the command."""
        shutil.rmtree(self.repository, ignore_errors=True)
        if self.before is not None:
            shutil.copytree(self.before, self.repository, symlinks=True)

    def start(self, *program: str, **variables: str) -> "subprocess.Popen[bytes]":
        """The command in a process group of its own, with environment variables of its own."""
        return subprocess.Popen(
            [sys.executable, *(program or ("-m", "amlgit")), *self.arguments],
            cwd=self.folder,
            env=environment(**variables),
            stdout=subprocess.PIPE if program else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def again(self) -> Run:
        """The same command once more."""
        return aml(self.folder, *self.arguments)


def files(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".git/"):
            found[name] = path.read_bytes()
    return found


def state(repository: Path) -> State:
    return State(chains(repository), git(repository, "rev-parse", "HEAD^{tree}"), count(repository))


def check_killed(scene: Scene) -> None:
    """What a kill must leave: sound objects, and of each file the old content or the new."""
    if not (scene.repository / ".git" / "HEAD").exists():
        return
    fsck(scene.repository)
    for name, data in files(scene.repository).items():
        if not name.endswith(".amlgit-new"):
            assert data in (scene.old.get(name), scene.new.get(name)) or (name == ".amlgit" and scene.before is None), f"{name} is half-written"


def check_finished(scene: Scene, what: str) -> None:
    run = scene.again()
    if run.code == USAGE and scene.before is None and "is not an empty folder" in run.err and (scene.repository / ".git" / "HEAD").exists():
        run = aml(scene.repository, "pull")  # it was killed when all was done
    assert run.code == 0, f"{what}: the same command again: {run.code}\n{run.err}"
    fsck(scene.repository)
    assert state(scene.repository) == scene.finished, what
    assert files(scene.repository) == scene.new, what
    assert dirty(scene.repository) == [], what
    assert leftovers(scene.repository) == [], what
    assert [path.name for path in (scene.repository / ".git" / "amlgit").iterdir()] == ["lock"], what


def kill(process: "subprocess.Popen[bytes]", *, whole_group: bool) -> None:
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def run_time(scene: Scene) -> float:
    took = []
    for _ in range(2):
        scene.start_over()
        begun = time.monotonic()
        assert scene.start().wait() == 0
        took.append(time.monotonic() - begun)
    return max(took)


def kill_at_random(scene: Scene, rounds: int, seed: int) -> None:
    """Kill the command at moments spread evenly over its run, every third time without its git processes."""
    chance = random.Random(seed)
    whole = run_time(scene)
    for number in range(rounds):
        scene.start_over()
        moment = whole * (number + chance.random()) / rounds
        process = scene.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        kill(process, whole_group=number % 3 != 2) if process.poll() is None else process.wait()
        check_killed(scene)
        check_finished(scene, f"killed after {moment:.3f} s of {whole:.3f} s")


def turns_of(scene: Scene, *, code: int = 0) -> dict[str, int]:
    """The lines of ours that the command comes to, and how often."""
    scene.start_over()
    process = scene.start("-c", DRIVER, "", "0", "-")
    said = process.communicate()[0].decode()
    assert process.returncode == code, said
    lines = (line.split(" ") for line in said.splitlines() if line.startswith("turns "))
    return {place: int(number) for _, place, number in lines}


def places_of(scene: Scene) -> list[Place]:
    """Each line at its first turn and, where it has several, in the middle of them."""
    return sorted({(place, turn) for place, turns in turns_of(scene).items() for turn in (1, (turns + 1) // 2)})


def kill_at_lines(scene: Scene, places: Sequence[Place]) -> None:
    failures = []
    for number, (place, turn) in enumerate(places):
        scene.start_over()
        process = scene.start("-c", DRIVER, place, str(turn), "group" if number % 2 else "process")
        process.communicate()
        try:
            check_killed(scene)
            check_finished(scene, f"killed at {place}, turn {turn}")
        except AssertionError as error:
            failures.append(f"killed at {place}, turn {turn}: {error}")
    assert not failures, f"{len(failures)} of {len(places)}:\n" + "\n".join(failures)


def some_of(places: Sequence[Place], number: int, careful_files: Sequence[str] = ("worktree", "incoming")) -> list[Place]:
    """Most of those in the files where the order of writes matters, and a sample of the rest; always the same ones."""
    chance = random.Random(7)
    careful = [place for place in places if any(name in place[0] for name in careful_files)]
    others = [place for place in places if place not in careful]
    return sorted(chance.sample(careful, min(len(careful), number * 2 // 3)) + chance.sample(others, min(len(others), number // 3)))
