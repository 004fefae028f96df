"""Archives, and repositories behind them."""

from pathlib import Path

import pytest

from tests.support.commands import clone, on_path
from tests.support.exports import trials
from tests.support.pulling import Here, saved


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git itself finds this amlgit for its merge driver."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with the first version of one experiment."""
    return saved(tmp_path / "exports", 1)


@pytest.fixture
def here(archive: Path, tmp_path: Path) -> Here:
    """A clone of it."""
    return Here(clone(archive, tmp_path / "r"))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone of an archive with one draft."""
    return clone(trials(tmp_path / "exports", 1), tmp_path / "r")
