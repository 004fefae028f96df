"""Law 7: killed at any moment, nothing is half-written or lost, and the same command run again finishes the job."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.commands import USAGE, aml, git
from tests.support.exports import DAY, OTHER_FAMILY, PYTHON, SPLIT, T0, experiment, save
from tests.support.kills import (
    DRIVER,
    Scene,
    check_finished,
    files,
    kill,
    kill_at_lines,
    kill_at_random,
    places_of,
    run_time,
    some_of,
    state,
    turns_of,
)
from tests.support.repositories import count, dirty, fsck, leftovers


def fill(archive: Path, runs: Sequence[int]) -> None:
    for number in runs:
        for family, title in ((None, "Trial"), (OTHER_FAMILY, "Other")):
            document = experiment(
                title,
                created=T0 + number * DAY,
                fraction=f"0.{number}",
                script=f"def azureml_main(frame):\n    return frame, {number}\n",
                run=number,
                nodes=(PYTHON, SPLIT) * (7 - number % 3),
                **({"family": family} if family else {}),
            )
            save(archive, f"{title}-{number}.json", document)


@pytest.fixture
def clone_scene(tmp_path: Path) -> Scene:
    """A clone of an archive with two experiments."""
    archive, repository = tmp_path / "archive", tmp_path / "repository"
    fill(archive, range(1, 5))
    arguments = ("clone", "--archive", "archive", "repository")
    aml(tmp_path, *arguments).expect(0)
    return Scene(arguments, archive, None, repository, {}, files(repository), state(repository))


@pytest.fixture
def pull_scene(tmp_path: Path) -> Scene:
    """A pull of new runs, which change, add and remove files, into a repository with commits and an edit of its own."""
    archive, repository, before = tmp_path / "archive", tmp_path / "repository", tmp_path / "before"
    fill(archive, range(1, 3))
    aml(tmp_path, "clone", "--archive", "archive", "repository").expect(0)
    (repository / "README").write_text("of our own\n")
    git(repository, "add", "README")
    git(repository, "commit", "--quiet", "-m", "a file of our own")
    shutil.copytree(repository, before, symlinks=True)
    old = files(repository)
    fill(archive, range(3, 6))
    aml(repository, "pull").expect(0)
    return Scene(("pull",), archive, before, repository, old, files(repository), state(repository))


@contextlib.contextmanager
def _gc_in_a_loop(repository: Path) -> Iterator[None]:
    """`git gc --prune=now` over and over while there is a repository."""
    loop = 'while :; do [ -f "$0/.git/HEAD" ] && git -C "$0" gc --quiet --prune=now; done'
    process = subprocess.Popen(["sh", "-c", loop, str(repository)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def _kill_beside_gc(scene: Scene, rounds: int, seed: int) -> None:
    """The same while git throws away whatever no ref names; the run that follows has gc beside it too."""
    chance = random.Random(seed)
    whole = 2 * run_time(scene)
    for number in range(rounds):
        scene.start_over()
        moment = whole * (number + chance.random()) / rounds
        with _gc_in_a_loop(scene.repository):
            process = scene.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            kill(process, whole_group=True) if process.poll() is None else process.wait()
            run = scene.again()
        assert run.code in (0, USAGE if scene.before is None else 0), run.err
        for stale in (*scene.repository.glob(".git/**/*.lock"), *scene.repository.glob(".git/gc.pid*")):
            if stale.parent.name != "amlgit":
                stale.unlink(missing_ok=True)  # of the gc that was ended
        fsck(scene.repository)
        check_finished(scene, f"killed after {moment:.3f} s of {whole:.3f} s beside gc")


def test_a_clone_killed_at_random_moments_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    kill_at_random(clone_scene, 18, seed=1)


def test_a_pull_killed_at_random_moments_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    kill_at_random(pull_scene, 24, seed=2)


def test_a_pull_killed_beside_gc_loses_nothing(pull_scene: Scene) -> None:
    _kill_beside_gc(pull_scene, 8, seed=3)


def test_a_clone_killed_beside_gc_loses_nothing(clone_scene: Scene) -> None:
    _kill_beside_gc(clone_scene, 5, seed=8)


def test_a_clone_killed_at_some_lines_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    kill_at_lines(clone_scene, some_of(places_of(clone_scene), 24))


def test_a_pull_killed_at_some_lines_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    kill_at_lines(pull_scene, some_of(places_of(pull_scene), 30))


@pytest.mark.thorough
def test_a_clone_killed_at_every_line_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    kill_at_lines(clone_scene, places_of(clone_scene))


@pytest.mark.thorough
def test_a_pull_killed_at_every_line_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    kill_at_lines(pull_scene, places_of(pull_scene))


@pytest.mark.thorough
def test_a_clone_killed_hundreds_of_times_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    kill_at_random(clone_scene, 300, seed=4)


@pytest.mark.thorough
def test_a_pull_killed_hundreds_of_times_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    kill_at_random(pull_scene, 300, seed=5)


@pytest.mark.thorough
def test_a_clone_killed_many_times_beside_gc_loses_nothing(clone_scene: Scene) -> None:
    _kill_beside_gc(clone_scene, 60, seed=6)


@pytest.mark.thorough
def test_a_pull_killed_hundreds_of_times_beside_gc_loses_nothing(pull_scene: Scene) -> None:
    _kill_beside_gc(pull_scene, 200, seed=7)


def _tip(repository: Path) -> str:
    return git(repository, "rev-parse", "HEAD")


def _finished_but_for(scene: Scene, head: str | None, *, index: bool) -> None:
    """Put the repository into the state of a pull that was killed after it wrote the files (and the index), before it moved HEAD."""
    scene.start_over()
    old = _tip(scene.repository)
    old_index = (scene.repository / ".git" / "index").read_bytes()
    scene.again().expect(0)
    git(scene.repository, "update-ref", "HEAD", head or old)
    if not index:
        (scene.repository / ".git" / "index").write_bytes(old_index)


def test_a_pull_killed_before_it_moved_head_is_finished(pull_scene: Scene) -> None:
    _finished_but_for(pull_scene, None, index=True)
    check_finished(pull_scene, "killed before HEAD moved")


def test_a_pull_killed_before_it_moved_the_index_is_finished(pull_scene: Scene) -> None:
    _finished_but_for(pull_scene, None, index=False)
    check_finished(pull_scene, "killed before the index moved")


def test_a_pull_killed_among_the_files_is_finished(pull_scene: Scene) -> None:
    _finished_but_for(pull_scene, None, index=False)
    changed = [name for name in {**pull_scene.old, **pull_scene.new} if pull_scene.old.get(name) != pull_scene.new.get(name)]
    for name in sorted(changed)[::2]:
        path = pull_scene.repository / name
        if name in pull_scene.old:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(pull_scene.old[name])
        else:
            path.unlink()
    check_finished(pull_scene, "killed among the files")


def test_a_pull_killed_among_the_files_is_finished_though_the_archive_grew_meanwhile(pull_scene: Scene) -> None:
    """The files of the killed run are neither those of HEAD nor those of the new tip: they have to be known for what they are."""
    pull_scene.start_over()
    process = pull_scene.start("-c", DRIVER, *_middle_of_the_files(pull_scene), "process")
    process.communicate()
    assert dirty(pull_scene.repository), "the run was to be killed among the files"
    fill(pull_scene.archive, range(6, 8))
    aml(pull_scene.repository, "pull").expect(0)
    assert dirty(pull_scene.repository) == []
    assert leftovers(pull_scene.repository) == []
    fsck(pull_scene.repository)
    assert count(pull_scene.repository) == pull_scene.finished.commits + 4


def _middle_of_the_files(scene: Scene) -> tuple[str, str]:
    turns = turns_of(scene)
    source = Path(__file__).parents[2] / "amlgit" / "store" / "worktree.py"
    line = next(number for number, text in enumerate(source.read_text().splitlines(), 1) if "os.replace(aside, file)" in text)
    place = f"amlgit/store/worktree.py:{line}"
    scene.start_over()
    return place, str(turns[place] // 2)


def test_a_clone_that_only_made_its_folder_goes_on(clone_scene: Scene) -> None:
    shutil.rmtree(clone_scene.repository)
    (clone_scene.repository / ".git" / "amlgit").mkdir(parents=True)
    check_finished(clone_scene, "killed before it left its mark")


def test_a_clone_cut_off_goes_on_only_from_the_same_archive(clone_scene: Scene, tmp_path: Path) -> None:
    (clone_scene.repository / ".git" / "amlgit" / "cloning").write_bytes(b"")
    other = tmp_path / "other"
    save(other, "x.json", experiment("Elsewhere", family="12" * 16, run=1))
    run = aml(tmp_path, "clone", "--archive", other, clone_scene.repository).expect(USAGE)
    assert "is a clone of another archive" in run.err
