"""Two amlgits at once are as one after the other."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.behind import afresh, check_as_wanted, fill, tree
from tests.support.commands import OK, REFUSED, UNREACHABLE, USAGE, Run, aml, environment, git
from tests.support.exports import experiment, save
from tests.support.repositories import chains, count, dirty, fsck, leftovers

_AT_THE_BARRIER = """
import sys
from amlgit.cli import move, output, pulled, setup
from amlgit.cli.main import run
from amlgit.workflows import pull, setup

print("ready", flush=True)
sys.stdin.readline()
sys.exit(run(sys.argv[1:]))
"""


def _at_once(*commands: tuple[Path, Sequence[str | Path]]) -> list[Run]:
    """Command lines in processes of their own that begin at the same moment."""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", _AT_THE_BARRIER, *map(str, arguments)],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for folder, arguments in commands
    ]
    for waiting in started:
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"ready\n"
    for waiting in started:
        assert waiting.stdin is not None
        waiting.stdin.write(b"go\n")
        waiting.stdin.flush()
    said = [waiting.communicate(timeout=120) for waiting in started]
    return [Run(waiting.returncode, out.decode(), err.decode()) for waiting, (out, err) in zip(started, said, strict=True)]


def test_two_pulls_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(10):
        repository = afresh(start)
        runs = _at_once(*[(repository, ["pull"])] * 2)
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        assert OK in {run.code for run in runs}
        check_as_wanted(repository, wanted)


def test_five_pulls_and_fetches_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(3):
        repository = afresh(start)
        runs = _at_once(*[(repository, ["pull"])] * 3, *[(repository, ["fetch"])] * 2)
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        check_as_wanted(repository, wanted)


def test_pulls_in_two_work_trees_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(4):
        shutil.rmtree(start.with_name("linked"), ignore_errors=True)
        repository = afresh(start)
        linked = start.with_name("linked")
        git(repository, "worktree", "add", "--quiet", "-b", "side", linked)
        runs = _at_once((repository, ["pull"]), (linked, ["pull"]))
        assert [run.code for run in runs] == [OK, OK], [run.err for run in runs]
        check_as_wanted(repository, wanted)
        check_as_wanted(linked, wanted)


def test_two_pulls_of_different_remotes_at_once_both_come_in(start: Path) -> None:
    fill(start.with_name("second"), range(1, 3), ["Other"])
    aml(start, "remote", "add", "second", "--archive", "../second").expect(OK)
    git(start, "commit", "--quiet", "-am", "another remote")
    in_turn = afresh(start)
    aml(in_turn, "pull", "archive").expect(OK)
    aml(in_turn, "pull", "second").expect(OK)
    expected = chains(in_turn)
    for _ in range(4):
        repository = afresh(start)
        runs = _at_once((repository, ["pull", "archive"]), (repository, ["pull", "second"]))
        assert {run.code for run in runs} == {OK}, [run.err for run in runs]
        assert chains(repository) == expected
        assert dirty(repository) == []
        fsck(repository)


def test_two_clones_into_one_folder_at_once_make_one_repository(start: Path, wanted: Path, tmp_path: Path) -> None:
    """Whoever comes second is refused, or goes on with what the first began; in no case does it remove the other's work."""
    for _ in range(10):
        shutil.rmtree(tmp_path / "repository", ignore_errors=True)
        runs = _at_once(*[(tmp_path, ["clone", "--archive", "archive", "repository"])] * 2)
        assert OK in {run.code for run in runs}, [run.err for run in runs]
        assert {run.code for run in runs} <= {OK, USAGE, REFUSED}, [run.err for run in runs]
        fsck(tmp_path / "repository")
        assert chains(tmp_path / "repository") == chains(wanted)
        assert tree(tmp_path / "repository") == _cloned_tree(tmp_path)
        assert dirty(tmp_path / "repository") == []
        assert leftovers(tmp_path / "repository") == []


def _cloned_tree(tmp_path: Path) -> str:
    if not (tmp_path / "alone").exists():
        aml(tmp_path, "clone", "--archive", "archive", "alone").expect(OK)
    return tree(tmp_path / "alone")


def test_a_pull_beside_a_clone_that_goes_on_is_as_one_after_the_other(start: Path, wanted: Path, tmp_path: Path) -> None:
    for _ in range(4):
        repository = afresh(start)
        (repository / ".git" / "amlgit" / "cloning").write_bytes(b"")  # cut off in its last moment
        runs = _at_once((tmp_path, ["clone", "--archive", "archive", "repository"]), (repository, ["pull"]))
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        check_as_wanted(repository, wanted)


def test_a_pull_beside_a_commit_of_the_users_loses_neither(start: Path) -> None:
    for _ in range(6):
        repository = afresh(start)
        (repository / "mine").write_text("mine\n")
        git(repository, "add", "mine")
        pull = subprocess.Popen(
            [sys.executable, "-m", "amlgit", "pull"], cwd=repository, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        made = 0
        while pull.poll() is None:
            committed = subprocess.run(["git", "commit", "--quiet", "--allow-empty", "-m", "mine"], cwd=repository, capture_output=True, check=False)
            made += committed.returncode == 0
        assert pull.returncode in (OK, REFUSED, UNREACHABLE), pull.communicate()[1]
        aml(repository, "pull").expect(OK)
        log = git(repository, "log", "--format=%s").splitlines()
        assert log.count("mine") == made
        assert len([subject for subject in log if ": run " in subject]) == 8
        assert not [
            name for name in git(repository, "log", "--author=tester@example.org", "--name-only", "--format=").splitlines() if "experiments/" in name
        ], "a commit of the user's took in files of the pull"
        assert dirty(repository) == []
        fsck(repository)


def test_pulls_beside_gc_work(start: Path, wanted: Path) -> None:
    for _ in range(6):
        repository = afresh(start)
        gc = subprocess.Popen(["git", "gc", "--quiet", "--prune=now"], cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (run,) = _at_once((repository, ["pull"]))
        gc.wait()
        assert run.code == OK, run.err
        check_as_wanted(repository, wanted)


@pytest.mark.thorough  # ten seconds of patience
def test_a_pull_waits_for_the_lock_and_then_says_so(start: Path) -> None:
    import fcntl

    with (start / ".git" / "amlgit" / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        run = aml(start, "pull").expect(REFUSED)
    assert "another amlgit is at work" in run.err
    aml(start, "pull").expect(OK)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_machines_that_pulled_portions_in_different_orders_end_with_the_same_chains(tmp_path: Path, order: tuple[int, ...]) -> None:
    portions = [(1, 4), (2, 5), (3, 6)]
    fill(tmp_path / "all", range(1, 7))
    aml(tmp_path, "clone", "--archive", "all", "--name", "archive", "wanted").expect(OK)
    fill(tmp_path / "archive", portions[order[0]])
    aml(tmp_path, "clone", "--archive", "archive", "machine").expect(OK)
    for index in order[1:]:
        shutil.rmtree(tmp_path / "archive")
        fill(tmp_path / "archive", portions[index])
        aml(tmp_path / "machine", "fetch").expect(OK)
    assert chains(tmp_path / "machine") == chains(tmp_path / "wanted")
    fsck(tmp_path / "machine")


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_drafts_that_went_back_to_an_older_content_give_the_same_chain_in_any_order(tmp_path: Path, order: tuple[int, int]) -> None:
    """First, changed, first again: whoever has the two like ones first must not forget that the second came later."""
    drafts = {1: [("2016-01-01", "0.1"), ("2016-01-03", "0.1")], 2: [("2016-01-02", "0.2")]}

    def fill(archive: Path, portion: int) -> None:
        for date, fraction in drafts[portion]:
            save(archive, f"{date}/Trial.json", experiment("Trial", fraction=fraction))

    for portion in (1, 2):
        fill(tmp_path / "all", portion)
    aml(tmp_path, "clone", "--archive", "all", "--name", "archive", "wanted").expect(OK)
    fill(tmp_path / "archive", order[0])
    aml(tmp_path, "clone", "--archive", "archive", "machine").expect(OK)
    fill(tmp_path / "archive", order[1])
    aml(tmp_path / "machine", "fetch").expect(OK)
    assert count(tmp_path / "wanted", f"refs/amlgit/{next(iter(chains(tmp_path / 'wanted')))}") == 3
    assert chains(tmp_path / "machine") == chains(tmp_path / "wanted")


def test_a_refused_pull_leaves_nothing_over(start: Path, wanted: Path) -> None:
    repository = afresh(start)
    nodes = Path("experiments") / "Trial-aaaaaa" / "nodes"
    edited = next(file for file in sorted((repository / nodes).iterdir()) if file.read_bytes() != (wanted / nodes / file.name).read_bytes())
    original = edited.read_bytes()
    edited.write_bytes(original + b"\n")
    aml(repository, "pull").expect(REFUSED)
    assert leftovers(repository) == []
    edited.write_bytes(original)
    aml(repository, "pull").expect(OK)
    check_as_wanted(repository, wanted)
