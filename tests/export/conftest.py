"""A repository with an experiment to export."""

from pathlib import Path

import pytest

from tests.support.commands import clone
from tests.support.exports import DAY, T0, experiment, save


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save(tmp_path / "exports", "1.json", experiment(created=T0, fraction="0.1"))
    save(tmp_path / "exports", "2.json", experiment(created=T0 + DAY, run=2, fraction="0.2"))
    return clone(tmp_path / "exports", tmp_path / "r")
