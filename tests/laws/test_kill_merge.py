"""Law 7 of a pull that merges: killed at any moment no file is half-written, no edit made here is lost, and run again it comes to the same."""

import json
import random
import shutil
import time
from pathlib import Path

import pytest

from tests.support.commands import OK, REFUSED, aml, clone, git
from tests.support.exports import OTHER_FAMILY, PYTHON, SPLIT
from tests.support.kills import DRIVER, Place, Scene, check_killed, files, kill, kill_at_lines, kill_at_random, places_of, some_of, state, turns_of
from tests.support.pulling import Here, saved
from tests.support.repositories import fsck, leftovers, node_file

_CAREFUL = ("worktree", "reconcile", "picking", "workflows/pull")


def _scene(tmp_path: Path, code: int) -> Scene:
    """A pull that brings one experiment, merges a second with edits made here, and (for REFUSED) leaves a third in conflict."""
    families = {"Trial": None, "Other": OTHER_FAMILY, "Third": "ab" * 16}
    for title, family in families.items():
        archive = saved(tmp_path / "archive", 1, title=title, **({"family": family} if family else {}))
    repository, before = clone(archive, tmp_path / "repository"), tmp_path / "before"
    Here(repository, "Other", OTHER_FAMILY).edit('"Split Rows"', '"Recommender Split"')
    if code == REFUSED:
        Here(repository, "Third", "ab" * 16).edit('"0.5"', '"0.9"')
    shutil.copytree(repository, before, symlinks=True)
    old = files(repository)
    for number, (title, family) in enumerate(families.items(), 2):
        saved(archive, number, title=title, fraction=f"0.{number}", nodes=(PYTHON, SPLIT, SPLIT), **({"family": family} if family else {}))
    aml(repository, "pull").expect(code)
    return Scene(("pull",), archive, before, repository, old, files(repository), state(repository))


@pytest.fixture
def merge_scene(tmp_path: Path) -> Scene:
    """A pull that merges."""
    return _scene(tmp_path, OK)


@pytest.fixture
def conflict_scene(tmp_path: Path) -> Scene:
    """A pull that brings, merges, and stops at a conflict."""
    return _scene(tmp_path, REFUSED)


def test_a_merging_pull_killed_at_random_moments_is_finished_by_the_same_command(merge_scene: Scene) -> None:
    kill_at_random(merge_scene, 8, seed=11)


def test_a_merging_pull_killed_at_some_lines_is_finished_by_the_same_command(merge_scene: Scene) -> None:
    kill_at_lines(merge_scene, some_of(places_of(merge_scene), 15, _CAREFUL))


@pytest.mark.thorough
def test_a_merging_pull_killed_at_every_line_is_finished_by_the_same_command(merge_scene: Scene) -> None:
    kill_at_lines(merge_scene, places_of(merge_scene))


@pytest.mark.thorough
def test_a_merging_pull_killed_hundreds_of_times_is_finished_by_the_same_command(merge_scene: Scene) -> None:
    kill_at_random(merge_scene, 200, seed=12)


def test_a_pull_killed_on_its_way_into_a_conflict_comes_to_the_same_conflict(conflict_scene: Scene) -> None:
    chance = random.Random(13)
    for place in some_of(_places(conflict_scene), 12, _CAREFUL):
        _killed_at(conflict_scene, place, whole_group=chance.random() < 0.5)


@pytest.mark.thorough
def test_a_pull_killed_at_every_line_on_its_way_into_a_conflict_comes_to_the_same_conflict(conflict_scene: Scene) -> None:
    for number, place in enumerate(_places(conflict_scene)):
        _killed_at(conflict_scene, place, whole_group=bool(number % 2))


@pytest.mark.parametrize("seed", range(4))
def test_a_pull_killed_while_git_picks_comes_to_the_same_conflict(conflict_scene: Scene, seed: int) -> None:
    conflict_scene.start_over()
    trace = conflict_scene.archive.parent / "trace"
    process = conflict_scene.start(GIT_TRACE2_EVENT=str(trace))
    while not (trace.exists() and "cherry-pick" in trace.read_text()) and process.poll() is None:
        time.sleep(0.002)
    time.sleep(random.Random(seed).random() * 0.25)
    kill(process, whole_group=True)
    _comes_to_the_same(conflict_scene, f"seed {seed}", trace)


def _places(scene: Scene) -> list[Place]:
    return sorted((place, turn) for place, turns in turns_of(scene, code=REFUSED).items() for turn in {1, (turns + 1) // 2})


def _killed_at(scene: Scene, place: Place, *, whole_group: bool) -> None:
    scene.start_over()
    trace = scene.archive.parent / "trace"
    trace.unlink(missing_ok=True)
    process = scene.start("-c", DRIVER, place[0], str(place[1]), "group" if whole_group else "process", GIT_TRACE2_EVENT=str(trace))
    process.communicate()
    _comes_to_the_same(scene, f"killed at {place}", trace)


def _comes_to_the_same(scene: Scene, what: str, trace: Path) -> None:
    """What a kill left is sound, holds every edit, and becomes the conflict that there would have been; git gets to its end without us."""
    deadline = time.monotonic() + 20
    while _is_git_at_work(trace) and time.monotonic() < deadline:
        time.sleep(0.05)
    check_killed(scene)
    if (scene.repository / ".git" / "CHERRY_PICK_HEAD").exists():
        assert "a cherry-pick is not finished yet" in scene.again().expect(REFUSED).err, what
    else:
        scene.again().expect(REFUSED)
    assert state(scene.repository) == scene.finished, what
    assert files(scene.repository) == scene.new, what
    fsck(scene.repository)
    aml(scene.repository, "resolve", "--ours").expect(OK)
    git(scene.repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    third = Here(scene.repository, "Third", "ab" * 16)
    assert '"0.9"' in node_file(third.folder, "Split Data 2").read_text(), what
    aml(scene.repository, "pull").expect(OK)
    assert leftovers(scene.repository) == [], what


def _is_git_at_work(trace: Path) -> bool:
    """Whether a pick that outlived its caller still runs: each git notes when it starts and when it ends."""
    noted = [json.loads(line) for line in trace.read_text().splitlines() if line.endswith("}")] if trace.exists() else []
    started = {event["sid"] for event in noted if event["event"] == "start" and "cherry-pick" in event["argv"]}
    return bool(started - {event["sid"] for event in noted if event["event"] == "atexit"})
