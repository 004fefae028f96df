"""What the tests of archives share: exports of one experiment, version after version, and what a repository looks like when all is done."""

import zipfile
from pathlib import Path

from tests.support.exports import DAY, T0, Document, experiment, save
from tests.support.repositories import dirty, fsck, leftovers


def a_draft(number: int, **members: object) -> Document:
    """The draft of day `number`, with a value of its own."""
    return experiment(created=T0 + number * DAY, fraction=f"0.{number}", **members)  # type: ignore[arg-type]  # members are the builder's own


def an_archive(tmp_path: Path, *numbers: int, name: str = "exports") -> Path:
    for number in numbers:
        save(tmp_path / name, f"{number}.json", a_draft(number))
    return tmp_path / name


def zipped(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                opened.write(path, path.relative_to(source).as_posix())
    return target


def settled(repository: Path) -> None:
    assert dirty(repository) == []
    assert leftovers(repository) == []
    fsck(repository)
