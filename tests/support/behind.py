"""A repository behind its archive, and what it must be after a pull, whatever happens beside it."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from tests.support.commands import OK, aml, git
from tests.support.exports import DAY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import chains, count, dirty, fsck, leftovers


def fill(archive: Path, runs: Sequence[int], titles: Sequence[str] = ("Trial", "Other")) -> None:
    for number in runs:
        for title in titles:
            members = {"family": OTHER_FAMILY} if title == "Other" else {}
            document = experiment(title, created=T0 + number * DAY, fraction=f"0.{number}", run=number, **members)
            save(archive, f"{title}-{number}.json", document)


def tree(repository: Path) -> str:
    return git(repository, "rev-parse", "HEAD^{tree}")


def check_as_wanted(repository: Path, wanted: Path) -> None:
    """All is as in the repository that was left in peace."""
    fsck(repository)
    assert chains(repository) == chains(wanted)
    assert (tree(repository), count(repository)) == (tree(wanted), count(wanted))
    assert dirty(repository) == []
    assert leftovers(repository) == []


def pulled(start: Path, folder: Path) -> Path:
    shutil.copytree(start, folder, symlinks=True)
    aml(folder, "pull").expect(OK)
    return folder


def afresh(start: Path) -> Path:
    folder = start.with_name("repository")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(start, folder, symlinks=True)
    return folder
