"""Two amlgits at once, a full disk, a folder that can't be written: an honest word, and nothing half done."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.helpers import (
    BUG,
    DAY,
    OK,
    OTHER_FAMILY,
    REFUSED,
    T0,
    UNREACHABLE,
    USAGE,
    Run,
    aml,
    chains,
    count,
    dirty,
    environment,
    experiment,
    fsck,
    git,
    leftovers,
    process,
    save,
)

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


def _fill(archive: Path, runs: Sequence[int], titles: Sequence[str] = ("Trial", "Other")) -> None:
    for number in runs:
        for title in titles:
            members = {"family": OTHER_FAMILY} if title == "Other" else {}
            document = experiment(title, created=T0 + number * DAY, fraction=f"0.{number}", run=number, **members)
            save(archive, f"{title}-{number}.json", document)


def _tree(repository: Path) -> str:
    return git(repository, "rev-parse", "HEAD^{tree}")


def _check(repository: Path, wanted: Path) -> None:
    """All is as in the repository that was left in peace."""
    fsck(repository)
    assert chains(repository) == chains(wanted)
    assert (_tree(repository), count(repository)) == (_tree(wanted), count(wanted))
    assert dirty(repository) == []
    assert leftovers(repository) == []


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A repository behind its archive by two runs of each of two experiments."""
    _fill(tmp_path / "archive", range(1, 3))
    aml(tmp_path, "clone", "--archive", "archive", "start").expect(OK)
    _fill(tmp_path / "archive", range(3, 5))
    return tmp_path / "start"


@pytest.fixture
def wanted(start: Path) -> Path:
    """The same after a pull."""
    return _pulled(start, start.with_name("wanted"))


def _pulled(start: Path, folder: Path) -> Path:
    shutil.copytree(start, folder, symlinks=True)
    aml(folder, "pull").expect(OK)
    return folder


def _afresh(start: Path) -> Path:
    folder = start.with_name("repository")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder, symlinks=True)
    return folder


def test_two_pulls_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(10):
        repository = _afresh(start)
        runs = _at_once(*[(repository, ["pull"])] * 2)
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        assert OK in {run.code for run in runs}
        _check(repository, wanted)


def test_five_pulls_and_fetches_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(3):
        repository = _afresh(start)
        runs = _at_once(*[(repository, ["pull"])] * 3, *[(repository, ["fetch"])] * 2)
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        _check(repository, wanted)


def test_pulls_in_two_work_trees_at_once_are_as_one_after_the_other(start: Path, wanted: Path) -> None:
    for _ in range(4):
        shutil.rmtree(start.with_name("linked"), ignore_errors=True)
        repository = _afresh(start)
        linked = start.with_name("linked")
        git(repository, "worktree", "add", "--quiet", "-b", "side", linked)
        runs = _at_once((repository, ["pull"]), (linked, ["pull"]))
        assert [run.code for run in runs] == [OK, OK], [run.err for run in runs]
        _check(repository, wanted)
        _check(linked, wanted)


def test_two_pulls_of_different_remotes_at_once_both_come_in(start: Path) -> None:
    _fill(start.with_name("second"), range(1, 3), ["Other"])
    aml(start, "remote", "add", "second", "--archive", "../second").expect(OK)
    git(start, "commit", "--quiet", "-am", "another remote")
    in_turn = _afresh(start)
    aml(in_turn, "pull", "archive").expect(OK)
    aml(in_turn, "pull", "second").expect(OK)
    expected = chains(in_turn)
    for _ in range(4):
        repository = _afresh(start)
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
        assert _tree(tmp_path / "repository") == _cloned_tree(tmp_path)
        assert dirty(tmp_path / "repository") == []
        assert leftovers(tmp_path / "repository") == []


def _cloned_tree(tmp_path: Path) -> str:
    if not (tmp_path / "alone").exists():
        aml(tmp_path, "clone", "--archive", "archive", "alone").expect(OK)
    return _tree(tmp_path / "alone")


def test_a_pull_beside_a_clone_that_goes_on_is_as_one_after_the_other(start: Path, wanted: Path, tmp_path: Path) -> None:
    for _ in range(4):
        repository = _afresh(start)
        (repository / ".git" / "amlgit" / "cloning").write_bytes(b"")  # cut off in its last moment
        runs = _at_once((tmp_path, ["clone", "--archive", "archive", "repository"]), (repository, ["pull"]))
        assert {run.code for run in runs} <= {OK, REFUSED}, [run.err for run in runs]
        _check(repository, wanted)


def test_a_pull_beside_a_commit_of_the_users_loses_neither(start: Path) -> None:
    for _ in range(6):
        repository = _afresh(start)
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
        repository = _afresh(start)
        gc = subprocess.Popen(["git", "gc", "--quiet", "--prune=now"], cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (run,) = _at_once((repository, ["pull"]))
        gc.wait()
        assert run.code == OK, run.err
        _check(repository, wanted)


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
    _fill(tmp_path / "all", range(1, 7))
    aml(tmp_path, "clone", "--archive", "all", "--name", "archive", "wanted").expect(OK)
    _fill(tmp_path / "archive", portions[order[0]])
    aml(tmp_path, "clone", "--archive", "archive", "machine").expect(OK)
    for index in order[1:]:
        shutil.rmtree(tmp_path / "archive")
        _fill(tmp_path / "archive", portions[index])
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
    repository = _afresh(start)
    nodes = Path("experiments") / "Trial-aaaaaa" / "nodes"
    edited = next(file for file in sorted((repository / nodes).iterdir()) if file.read_bytes() != (wanted / nodes / file.name).read_bytes())
    original = edited.read_bytes()
    edited.write_bytes(original + b"\n")
    aml(repository, "pull").expect(REFUSED)
    assert leftovers(repository) == []
    edited.write_bytes(original)
    aml(repository, "pull").expect(OK)
    _check(repository, wanted)


# --- a full disk, and folders that can't be written


def _fails_honestly(repository: Path, start: Path, run: Run) -> None:
    """No traceback, no 'done', a sound repository, and each file as it was or as it is to be."""
    assert run.code in (REFUSED, UNREACHABLE, USAGE), f"{run.code}: {run.err}"
    assert run.code != BUG
    assert "error: " in run.err
    fsck(repository)
    new = start.with_name("wanted")
    for path in (repository / "experiments").rglob("*"):
        if path.is_file():
            name = path.relative_to(repository)
            assert path.read_bytes() in [(root / name).read_bytes() for root in (start, new) if (root / name).exists()], f"{name} is half-written"


@pytest.mark.parametrize("blocks", [0, 1, 2, 4, 8, 16])
def test_a_limit_on_the_size_of_files_is_an_honest_error(start: Path, wanted: Path, blocks: int) -> None:
    """As a full disk: a write fails in the middle, in amlgit or in git; blocks of 512 bytes."""
    repository = _afresh(start)
    limited = subprocess.run(
        ["sh", "-c", f'ulimit -f {blocks}; exec "$0" -m amlgit pull', sys.executable],
        cwd=repository,
        env=environment(),
        capture_output=True,
        check=False,
    )
    if limited.returncode != OK:
        _fails_honestly(repository, start, Run(limited.returncode, limited.stdout.decode(), limited.stderr.decode()))
        aml(repository, "pull").expect(OK)
    _check(repository, wanted)


@pytest.mark.parametrize("blocks", [0, 1, 2, 4, 8, 16])
def test_a_clone_that_finds_the_disk_full_leaves_nothing(start: Path, wanted: Path, blocks: int) -> None:
    limited = subprocess.run(
        ["sh", "-c", f'ulimit -f {blocks}; exec "$0" -m amlgit clone --archive archive repository', sys.executable],
        cwd=start.parent,
        env=environment(),
        capture_output=True,
        check=False,
    )
    if limited.returncode != OK:
        assert limited.returncode in (USAGE, REFUSED, UNREACHABLE), limited.stderr
        assert not start.with_name("repository").exists()
        aml(start.parent, "clone", "--archive", "archive", "repository").expect(OK)
    assert chains(start.with_name("repository")) == chains(wanted)


_ON_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=$3k none "$1" || { echo skip; exit; }
cp -a "$2/." "$1"
set +e
"$4" -m amlgit -C "$1" pull > /dev/null; echo "first $?"
git -C "$1" fsck --strict > /dev/null 2>&1; echo "fsck $?"
mount -o remount,size=64m "$1"
"$4" -m amlgit -C "$1" pull > /dev/null; echo "second $?"
git -C "$1" fsck --strict > /dev/null 2>&1; echo "fsck $?"
echo "tree $(git -C "$1" rev-parse 'HEAD^{tree}')"
echo "dirty $(git -C "$1" status --porcelain)"
"""


def test_a_full_disk_is_an_honest_error(start: Path, wanted: Path) -> None:
    """On a disk of its own, in a namespace of its own; where that may not be had, the limit above must do."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no mount namespace to be had here")
    place = start.with_name("repository")
    place.mkdir()
    used = sum(-(-path.lstat().st_size // 4096) * 4 for path in start.rglob("*") if path.is_file())
    folders = [path for path in start.rglob("*") if path.is_dir()]
    seen = set()
    for more in (0, 8, 24, 48, 64, 80, 96, 112, 128, 160, 192, 256):
        script: list[str | Path] = [
            "unshare",
            "-m",
            "sh",
            "-c",
            _ON_A_SMALL_DISK,
            "sh",
            place,
            start,
            str(used + len(folders) + more),
            sys.executable,
        ]
        ran = subprocess.run(script, cwd=start.parent, env=environment(), capture_output=True, check=False)
        said = ran.stdout.decode().splitlines()
        if said == ["skip"]:
            pytest.skip("no disk may be mounted here")
        if not said:
            continue  # not even the repository as it was fits in
        assert said[0].split()[1] in ("0", "3", "4"), f"{more} KiB: {said}\n{ran.stderr.decode()}"
        seen.add(said[0].split()[1])
        assert said[1:] == ["fsck 0", "second 0", "fsck 0", f"tree {_tree(wanted)}", "dirty "], f"{more} KiB: {said}\n{ran.stderr.decode()}"
    assert seen >= {"0", "4"}


def _without_power(repository: Path, *arguments: str) -> Run:
    """A command to whom permissions apply even if root runs it."""
    if os.geteuid() != 0:
        return process(repository, *arguments)
    if shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere, and there is no setpriv to give that up")
    program = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search,-fowner", "--", sys.executable, "-m", "amlgit", *arguments]
    ran = subprocess.run(program, cwd=repository, env=environment(), capture_output=True, check=False)
    if b"setpriv:" in ran.stderr:
        pytest.skip("root may write everywhere, and can't give that up here")
    return Run(ran.returncode, ran.stdout.decode(), ran.stderr.decode())


@pytest.mark.parametrize(
    "place",
    [
        ".git",
        ".git/objects",
        ".git/objects/pack",
        ".git/refs/amlgit/archive",
        ".git/refs/heads",
        ".git/amlgit",
        ".",
        "experiments",
        "experiments/Trial-aaaaaa/nodes",
    ],
)
def test_a_folder_that_may_not_be_written_is_an_honest_error(start: Path, wanted: Path, place: str) -> None:
    repository = _afresh(start)
    folder = repository / place
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    try:
        run = _without_power(repository, "pull")
    finally:
        folder.chmod(mode)
    if run.code != OK:
        _fails_honestly(repository, start, run)
        aml(repository, "pull").expect(OK)
    _check(repository, wanted)


def _file_for_folder(path: Path) -> Callable[[], None]:
    """Put a file where a folder must be; gives what puts it right again."""
    aside = path.with_name("aside")
    if path.exists():
        path.rename(aside)
    path.write_text("a file where a folder must be")

    def mend() -> None:
        path.unlink()
        if aside.exists():
            aside.rename(path)

    return mend


@pytest.mark.parametrize("place", ["amlgit", "amlgit/incoming", "amlgit/lock/x", "objects/pack", "refs/amlgit"])
def test_a_file_where_a_folder_of_the_repository_must_be_is_an_honest_error(start: Path, wanted: Path, place: str) -> None:
    repository = _afresh(start)
    if place.endswith("/x"):
        lock = repository / ".git" / "amlgit" / "lock"
        lock.unlink(missing_ok=True)
        lock.mkdir()
        run = aml(repository, "pull")
        lock.rmdir()
    else:
        mend = _file_for_folder(repository / ".git" / place)
        run = aml(repository, "pull")
        mend()
    if run.code != OK:
        assert run.code in (REFUSED, UNREACHABLE, USAGE), f"{run.code}: {run.err}"
        fsck(repository)
        aml(repository, "pull").expect(OK)
    _check(repository, wanted)


def test_a_clone_into_a_folder_that_cannot_be_made_is_an_honest_error(start: Path) -> None:
    start.with_name("file").write_text("mine")
    run = aml(start.parent, "clone", "--archive", "archive", "file/repository")
    assert run.code in (USAGE, UNREACHABLE), run.err
    assert start.with_name("file").read_text() == "mine"
    run = aml(start.parent, "clone", "--archive", "archive", "file").expect(USAGE)
    assert "not an empty folder" in run.err
    assert start.with_name("file").read_text() == "mine"


def test_a_failed_clone_into_an_empty_folder_of_the_users_leaves_it_empty(start: Path) -> None:
    folder = start.with_name("empty")
    folder.mkdir()
    folder.chmod(0o555)
    try:
        run = _without_power(start.parent, "clone", "--archive", "archive", "empty")
    finally:
        folder.chmod(0o755)
    assert run.code in (USAGE, UNREACHABLE), run.err
    assert list(folder.iterdir()) == []
    aml(start.parent, "clone", "--archive", "archive", "empty").expect(OK)
