"""Clones of the samples to check."""

import shutil
from pathlib import Path

import pytest

from tests.support.commands import clone_samples


@pytest.fixture(scope="module")
def cloned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of the samples, as it is."""
    return clone_samples(tmp_path_factory.mktemp("samples") / "repository")


@pytest.fixture
def repository(cloned: Path, tmp_path: Path) -> Path:
    """A copy of it, which a test may damage."""
    return Path(shutil.copytree(cloned, tmp_path / "repository", symlinks=True))
