"""Exports in files: those that come with amlgit, and those made by the real service, as parameters for `pytest.mark.parametrize`."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from amlgit import samples
from amlgit.model.jsontext import loads
from tests.support.wire import Members


def _files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*.json") if "webservices" not in path.parts)
    assert paths, f"no exports under {folder}"
    return paths


def sample_exports() -> list[Path]:
    """The exports that come with amlgit."""
    return _files(samples.archive())


def corpus_exports() -> list[object]:
    """The exports of the corpus, as parameters of a test; one that is skipped, with the reason, where there is no corpus."""
    return _of_corpus("archive", _files)


def corpus_definitions() -> list[object]:
    """The web service definitions of the corpus, likewise."""
    return _of_corpus("wsd", lambda folder: sorted(folder.glob("*.json")))


def _of_corpus(name: str, files: Callable[[Path], list[Path]]) -> list[object]:
    root = os.environ.get("AMLGIT_CORPUS")
    if not root:
        reason = "AMLGIT_CORPUS is not set: no real files to test against"
        return [pytest.param(Path("no corpus"), marks=pytest.mark.skip(reason=reason), id="no corpus")]
    folder = Path(root, name)
    return [pytest.param(path, id=path.relative_to(folder).as_posix()) for path in files(folder)]


def read(path: Path) -> Members:
    """An export in a file."""
    return loaded(path.read_bytes())


def loaded(data: bytes) -> Members:
    """An export in JSON text."""
    value = loads(data)
    assert isinstance(value, dict)
    return value


FILES = [*(pytest.param(path, id=f"sample {path.parent.name}") for path in sample_exports()), *corpus_exports()]
"""Both, as parameters."""
