"""A repository to merge in."""

from pathlib import Path

import pytest

from tests.support.branches import start
from tests.support.commands import on_path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone with the driver, and a real amlgit on the PATH that git starts."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    return start(tmp_path)
