"""A repository behind its archive, and what it must be after a pull."""

from pathlib import Path

import pytest

from tests.support.behind import fill, pulled
from tests.support.commands import OK, aml


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """A repository behind its archive by two runs of each of two experiments."""
    fill(tmp_path / "archive", range(1, 3))
    aml(tmp_path, "clone", "--archive", "archive", "start").expect(OK)
    fill(tmp_path / "archive", range(3, 5))
    return tmp_path / "start"


@pytest.fixture
def wanted(start: Path) -> Path:
    """The same after a pull."""
    return pulled(start, start.with_name("wanted"))
