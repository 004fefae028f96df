"""Looking at repositories, and editing what is in them as a person would."""

import subprocess
from pathlib import Path

from tests.support.commands import git, git_bytes
from tests.support.exports import FAMILY


def count(repository: Path, rev: str = "HEAD") -> int:
    """How many commits a rev has behind it, itself included."""
    return int(git(repository, "rev-list", "--count", rev))


def chains(repository: Path, prefix: str = "refs/amlgit/") -> dict[str, str]:
    """Chain, without the prefix → the id of its newest commit."""
    lines = git(repository, "for-each-ref", "--format=%(refname) %(objectname)", prefix).splitlines()
    return {name.removeprefix(prefix): tip for name, _, tip in (line.partition(" ") for line in lines)}


def subjects(repository: Path, rev: str = "HEAD") -> list[str]:
    """The subjects of the commits behind a rev, oldest first."""
    return git(repository, "log", "--reverse", "--format=%s", rev).splitlines()


def dirty(repository: Path) -> list[str]:
    """What `git status` lists."""
    return git(repository, "status", "--porcelain", "--untracked-files=all").splitlines()


def fsck(repository: Path) -> None:
    """Fail where git finds fault with an object, and where something of ours lies about."""
    completed = subprocess.run(["git", "fsck", "--strict", "--full"], cwd=repository, capture_output=True, check=False)
    said = (completed.stdout + completed.stderr).decode(errors="replace")
    faults = [line for line in said.splitlines() if not line.startswith(("dangling", "notice:", "Checking"))]
    assert completed.returncode == 0, said
    assert not faults, said


def leftovers(repository: Path) -> list[str]:
    """Files that only a command under way may have: packs that are kept, a throw-away repository, half a file."""
    common = Path(git(repository, "rev-parse", "--path-format=absolute", "--git-common-dir"))
    return [
        str(path)
        for path in (
            *common.rglob("*.keep"),
            *common.rglob("*.lock"),
            *common.glob("amlgit/incoming*"),
            *common.glob("amlgit/file"),
            *repository.rglob("*.amlgit-new"),
        )
        if path != common / "amlgit" / "lock"
    ]


def objects(repository: Path) -> bytes:
    """Every object of a repository, reachable or not, one after the other."""
    listed = git_bytes(repository, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return git_bytes(repository, "cat-file", "--batch", stdin=listed)


def folder(repository: Path, title: str, family: str = FAMILY) -> Path:
    """The folder an experiment of that title is given."""
    return repository / "experiments" / f"{title}-{family[:6]}"


def node_file(experiment_folder: Path, start: str, extension: str = "json") -> Path:
    """The one node file whose name starts so."""
    (found,) = experiment_folder.glob(f"nodes/{start}*.{extension}")
    return found


def commit_all(repository: Path, message: str = "edit") -> str:
    """Commit everything in the work tree; gives the commit."""
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def replace_in(path: Path, old: str, new: str) -> None:
    """Edit a file as a person would; what is replaced must be there."""
    text = path.read_bytes().decode()
    assert old in text, f"{old!r} is not in {path}"
    path.write_bytes(text.replace(old, new).encode())
