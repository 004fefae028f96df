"""A full disk, a folder that can't be written: an honest word, and nothing half done."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.behind import afresh, check_as_wanted, tree
from tests.support.commands import BUG, OK, REFUSED, UNREACHABLE, USAGE, Run, aml, environment, powerless
from tests.support.repositories import chains, fsck


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
    repository = afresh(start)
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
    check_as_wanted(repository, wanted)


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
        assert said[1:] == ["fsck 0", "second 0", "fsck 0", f"tree {tree(wanted)}", "dirty "], f"{more} KiB: {said}\n{ran.stderr.decode()}"
    assert seen >= {"0", "4"}


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
    repository = afresh(start)
    folder = repository / place
    mode = folder.stat().st_mode
    folder.chmod(0o555)
    try:
        run = powerless(repository, "pull")
    finally:
        folder.chmod(mode)
    if run.code != OK:
        _fails_honestly(repository, start, run)
        aml(repository, "pull").expect(OK)
    check_as_wanted(repository, wanted)


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
    repository = afresh(start)
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
    check_as_wanted(repository, wanted)


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
        run = powerless(start.parent, "clone", "--archive", "archive", "empty")
    finally:
        folder.chmod(0o755)
    assert run.code in (USAGE, UNREACHABLE), run.err
    assert list(folder.iterdir()) == []
    aml(start.parent, "clone", "--archive", "archive", "empty").expect(OK)
