"""Law 7: killed at any moment, nothing is half-written or lost, and the same command run again finishes the job."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import OTHER_FAMILY, PYTHON, SPLIT, USAGE, Run, aml, chains, count, dirty, environment, experiment, fsck, git, leftovers, save

Place = tuple[str, int]
"""A line of our code (`amlgit/store/incoming.py:80`) and which of its turns."""

_DRIVER = """
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

    def start(self, *program: str) -> "subprocess.Popen[bytes]":
        """The command in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, *(program or ("-m", "amlgit")), *self.arguments],
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE if program else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def again(self) -> Run:
        """The same command once more."""
        return aml(self.folder, *self.arguments)


def _files(folder: Path) -> dict[str, bytes]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not name.startswith(".git/"):
            found[name] = path.read_bytes()
    return found


def _state(repository: Path) -> State:
    return State(chains(repository), git(repository, "rev-parse", "HEAD^{tree}"), count(repository))


def _fill(archive: Path, runs: Sequence[int]) -> None:
    for number in runs:
        for family, title in ((None, "Trial"), (OTHER_FAMILY, "Other")):
            document = experiment(
                title,
                created=1_450_000_000 + 86_400 * number,
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
    _fill(archive, range(1, 5))
    arguments = ("clone", "--archive", "archive", "repository")
    aml(tmp_path, *arguments).expect(0)
    return Scene(arguments, archive, None, repository, {}, _files(repository), _state(repository))


@pytest.fixture
def pull_scene(tmp_path: Path) -> Scene:
    """A pull of new runs, which change, add and remove files, into a repository with commits and an edit of its own."""
    archive, repository, before = tmp_path / "archive", tmp_path / "repository", tmp_path / "before"
    _fill(archive, range(1, 3))
    aml(tmp_path, "clone", "--archive", "archive", "repository").expect(0)
    (repository / "README").write_text("of our own\n")
    git(repository, "add", "README")
    git(repository, "commit", "--quiet", "-m", "a file of our own")
    shutil.copytree(repository, before, symlinks=True)
    old = _files(repository)
    _fill(archive, range(3, 6))
    aml(repository, "pull").expect(0)
    return Scene(("pull",), archive, before, repository, old, _files(repository), _state(repository))


def _check_killed(scene: Scene) -> None:
    """What a kill must leave: sound objects, and of each file the old content or the new."""
    if not (scene.repository / ".git" / "HEAD").exists():
        return
    fsck(scene.repository)
    for name, data in _files(scene.repository).items():
        if not name.endswith(".amlgit-new"):
            assert data in (scene.old.get(name), scene.new.get(name)) or (name == ".amlgit" and scene.before is None), f"{name} is half-written"


def _check_finished(scene: Scene, what: str) -> None:
    run = scene.again()
    if run.code == USAGE and scene.before is None and "is not an empty folder" in run.err and (scene.repository / ".git" / "HEAD").exists():
        run = aml(scene.repository, "pull")  # it was killed when all was done
    assert run.code == 0, f"{what}: the same command again: {run.code}\n{run.err}"
    fsck(scene.repository)
    assert _state(scene.repository) == scene.finished, what
    assert _files(scene.repository) == scene.new, what
    assert dirty(scene.repository) == [], what
    assert leftovers(scene.repository) == [], what
    assert [path.name for path in (scene.repository / ".git" / "amlgit").iterdir()] == ["lock"], what


def _kill(process: "subprocess.Popen[bytes]", *, whole_group: bool) -> None:
    if whole_group:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _run_time(scene: Scene) -> float:
    took = []
    for _ in range(2):
        scene.start_over()
        begun = time.monotonic()
        assert scene.start().wait() == 0
        took.append(time.monotonic() - begun)
    return max(took)


def _kill_at_random(scene: Scene, rounds: int, seed: int) -> None:
    """Kill the command at moments spread evenly over its run, every third time without its git processes."""
    chance = random.Random(seed)
    whole = _run_time(scene)
    for number in range(rounds):
        scene.start_over()
        moment = whole * (number + chance.random()) / rounds
        process = scene.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(moment)
        _kill(process, whole_group=number % 3 != 2) if process.poll() is None else process.wait()
        _check_killed(scene)
        _check_finished(scene, f"killed after {moment:.3f} s of {whole:.3f} s")


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
    whole = 2 * _run_time(scene)
    for number in range(rounds):
        scene.start_over()
        moment = whole * (number + chance.random()) / rounds
        with _gc_in_a_loop(scene.repository):
            process = scene.start()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(moment)
            _kill(process, whole_group=True) if process.poll() is None else process.wait()
            run = scene.again()
        for stale in (*scene.repository.glob(".git/**/*.lock"), *scene.repository.glob(".git/gc.pid*")):
            if stale.parent.name != "amlgit":
                stale.unlink(missing_ok=True)  # of the gc that was ended
        fsck(scene.repository)
        assert run.code in (0, USAGE if scene.before is None else 0), run.err
        _check_finished(scene, f"killed after {moment:.3f} s of {whole:.3f} s beside gc")


def _turns(scene: Scene) -> dict[str, int]:
    """The lines of ours that the command comes to, and how often."""
    scene.start_over()
    process = scene.start("-c", _DRIVER, "", "0", "-")
    said = process.communicate()[0].decode()
    assert process.returncode == 0, said
    lines = (line.split(" ") for line in said.splitlines() if line.startswith("turns "))
    return {place: int(number) for _, place, number in lines}


def _places(scene: Scene) -> list[Place]:
    """Each line at its first turn and, where it has several, in the middle of them."""
    return sorted({(place, turn) for place, turns in _turns(scene).items() for turn in (1, (turns + 1) // 2)})


def _kill_at_lines(scene: Scene, places: Sequence[Place]) -> None:
    failures = []
    for number, (place, turn) in enumerate(places):
        scene.start_over()
        process = scene.start("-c", _DRIVER, place, str(turn), "group" if number % 2 else "process")
        process.communicate()
        try:
            _check_killed(scene)
            _check_finished(scene, f"killed at {place}, turn {turn}")
        except AssertionError as error:
            failures.append(f"killed at {place}, turn {turn}: {error}")
    assert not failures, f"{len(failures)} of {len(places)}:\n" + "\n".join(failures)


def _some(places: Sequence[Place], number: int) -> list[Place]:
    """Most of those in the files where the order of writes matters, and a sample of the rest; always the same ones."""
    chance = random.Random(7)
    careful = [place for place in places if any(name in place[0] for name in ("worktree", "incoming"))]
    others = [place for place in places if place not in careful]
    return sorted(chance.sample(careful, min(len(careful), number * 2 // 3)) + chance.sample(others, min(len(others), number // 3)))


def test_a_clone_killed_at_random_moments_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    _kill_at_random(clone_scene, 18, seed=1)


def test_a_pull_killed_at_random_moments_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    _kill_at_random(pull_scene, 24, seed=2)


def test_a_pull_killed_beside_gc_loses_nothing(pull_scene: Scene) -> None:
    _kill_beside_gc(pull_scene, 8, seed=3)


def test_a_clone_killed_at_some_lines_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    _kill_at_lines(clone_scene, _some(_places(clone_scene), 24))


def test_a_pull_killed_at_some_lines_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    _kill_at_lines(pull_scene, _some(_places(pull_scene), 30))


@pytest.mark.thorough
def test_a_clone_killed_at_every_line_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    _kill_at_lines(clone_scene, _places(clone_scene))


@pytest.mark.thorough
def test_a_pull_killed_at_every_line_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    _kill_at_lines(pull_scene, _places(pull_scene))


@pytest.mark.thorough
def test_a_clone_killed_hundreds_of_times_is_finished_by_the_same_command(clone_scene: Scene) -> None:
    _kill_at_random(clone_scene, 300, seed=4)


@pytest.mark.thorough
def test_a_pull_killed_hundreds_of_times_is_finished_by_the_same_command(pull_scene: Scene) -> None:
    _kill_at_random(pull_scene, 300, seed=5)


@pytest.mark.thorough
def test_a_clone_killed_beside_gc_loses_nothing(clone_scene: Scene) -> None:
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
    _check_finished(pull_scene, "killed before HEAD moved")


def test_a_pull_killed_before_it_moved_the_index_is_finished(pull_scene: Scene) -> None:
    _finished_but_for(pull_scene, None, index=False)
    _check_finished(pull_scene, "killed before the index moved")


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
    _check_finished(pull_scene, "killed among the files")


def test_a_pull_killed_among_the_files_is_finished_though_the_archive_grew_meanwhile(pull_scene: Scene) -> None:
    """The files of the killed run are neither those of HEAD nor those of the new tip: they have to be known for what they are."""
    pull_scene.start_over()
    process = pull_scene.start("-c", _DRIVER, *_middle_of_the_files(pull_scene), "process")
    process.communicate()
    assert dirty(pull_scene.repository), "the run was to be killed among the files"
    _fill(pull_scene.archive, range(6, 8))
    aml(pull_scene.repository, "pull").expect(0)
    assert dirty(pull_scene.repository) == []
    assert leftovers(pull_scene.repository) == []
    fsck(pull_scene.repository)
    assert count(pull_scene.repository) == pull_scene.finished.commits + 4


def _middle_of_the_files(scene: Scene) -> tuple[str, str]:
    turns = _turns(scene)
    source = Path(__file__).parents[1] / "amlgit" / "store" / "worktree.py"
    line = next(number for number, text in enumerate(source.read_text().splitlines(), 1) if "os.replace(aside, file)" in text)
    place = f"amlgit/store/worktree.py:{line}"
    scene.start_over()
    return place, str(turns[place] // 2)


def test_a_clone_that_only_made_its_folder_goes_on(clone_scene: Scene) -> None:
    shutil.rmtree(clone_scene.repository)
    (clone_scene.repository / ".git" / "amlgit").mkdir(parents=True)
    _check_finished(clone_scene, "killed before it left its mark")


def test_a_clone_cut_off_goes_on_only_from_the_same_archive(clone_scene: Scene, tmp_path: Path) -> None:
    (clone_scene.repository / ".git" / "amlgit" / "cloning").write_bytes(b"")
    other = tmp_path / "other"
    save(other, "x.json", experiment("Elsewhere", family="12" * 16, run=1))
    run = aml(tmp_path, "clone", "--archive", other, clone_scene.repository)
    assert run.code != 0 or "12" * 16 in "".join(chains(clone_scene.repository)), "it says done, and took in nothing of the archive it was given"
