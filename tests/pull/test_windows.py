"""Drafts by two processes: the same chains as by one, whatever befalls the second one, and nobody left behind."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.commands import environment, process
from tests.support.exports import OTHER_FAMILY, PYTHON, SPLIT, T0, experiment, save
from tests.support.repositories import chains, fsck, leftovers

RUNS = 400
PARTLY, INTERRUPTED = 5, 130

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no second process without fork")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many runs of two experiments, one of which waits for a decision halfway, and some files that are refused."""
    folder = tmp_path_factory.mktemp("many") / "archive"
    for number in range(1, RUNS + 1):
        for family, title in ((None, "Trial"), (OTHER_FAMILY, "Other")):
            is_suspicious = title == "Other" and number == RUNS // 2
            document = experiment(
                title,
                created=T0 + 3600 * number,
                script=f"def azureml_main(frame):\n    return frame, {number}\n" + ('password = "Pa55word-of-mine"\n' if is_suspicious else ""),
                run=number,
                nodes=(PYTHON, SPLIT) * 4,
                **({"family": family} if family else {}),
            )
            if number % 150 == 0:
                document["Graph"]["ModuleNodes"].append(document["Graph"]["ModuleNodes"][0])
            save(folder, f"{title}-{number}.json", document)
    return folder


@pytest.fixture(scope="module")
def by_one(archive: Path) -> dict[str, str]:
    """The chains that one process comes to: what is in a zip file, two can't read at once."""
    zipped = archive.with_suffix(".zip")
    with zipfile.ZipFile(zipped, "w") as opened:
        for path in sorted(archive.iterdir()):
            opened.write(path, path.name)
    process(archive.parent, "clone", "--archive", zipped, "by-one").expect(PARTLY)
    return chains(archive.parent / "by-one")


@pytest.fixture
def cloning(archive: Path, tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """A clone into `repository` that has just begun."""
    command = [sys.executable, "-m", "amlgit", "clone", "--archive", str(archive), str(tmp_path / "repository")]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True) as started:
        yield started
        started.kill()


def second(first: int) -> int | None:
    """The process that a clone forked off."""
    listing = subprocess.run(["ps", "-A", "-o", "pid=", "-o", "ppid=", "-o", "args="], capture_output=True, text=True, check=True).stdout
    for line in listing.splitlines():
        number, parent, arguments = line.split(None, 2)
        if int(parent) == first and "amlgit clone" in arguments:
            return int(number)
    return None


def is_there(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(found: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def the_second_of(started: "subprocess.Popen[bytes]") -> int:
    """Seen twice, because a git process looks like it until it is git."""
    seen: list[int | None] = [None]

    def see() -> bool:
        seen.append(second(started.pid))
        return seen[-1] is not None and seen[-1] == seen[-2]

    wait_until(see)
    assert seen[-1] is not None
    return seen[-1]


def test_two_processes_come_to_the_chains_of_one(archive: Path, by_one: dict[str, str], tmp_path: Path) -> None:
    report = process(tmp_path, "clone", "--archive", archive, "repository").expect(PARTLY)

    assert chains(tmp_path / "repository") == by_one
    assert "Trial-150.json" in report.out + report.err
    assert f"{RUNS // 2}" in report.out + report.err


def test_a_second_process_that_is_killed_is_done_without(cloning: "subprocess.Popen[bytes]", by_one: dict[str, str], tmp_path: Path) -> None:
    killed = False
    while not killed:
        with contextlib.suppress(ProcessLookupError):  # the one that looked at the documents was done; then the one that drafts is next
            os.kill(the_second_of(cloning), signal.SIGKILL)
            killed = True

    assert cloning.wait(60) == PARTLY
    assert chains(tmp_path / "repository") == by_one
    assert leftovers(tmp_path / "repository") == []


def test_a_killed_clone_leaves_no_process_behind(cloning: "subprocess.Popen[bytes]", archive: Path, by_one: dict[str, str], tmp_path: Path) -> None:
    helper = the_second_of(cloning)

    cloning.kill()
    cloning.wait(10)

    wait_until(lambda: not is_there(helper))
    process(tmp_path, "clone", "--archive", archive, "repository").expect(PARTLY)
    assert chains(tmp_path / "repository") == by_one
    fsck(tmp_path / "repository")


def test_an_interrupted_clone_says_so_once_and_leaves_no_process_behind(cloning: "subprocess.Popen[bytes]") -> None:
    helper = the_second_of(cloning)

    os.killpg(cloning.pid, signal.SIGINT)
    _, said = cloning.communicate(timeout=20)

    assert cloning.returncode == INTERRUPTED, said.decode()
    assert said.decode().count("Interrupted. Run the same command again to go on.") == 1
    assert "Traceback" not in said.decode()
    wait_until(lambda: not is_there(helper))
