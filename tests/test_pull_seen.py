"""What a branch has seen of the workspace: never more than it holds, whatever was taken back, picked, or set twice."""

from pathlib import Path

import pytest

from tests.helpers import REFUSED, clone, git, on_path
from tests.pulling import FRACTION, Here, pull, saved, settled


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive with the first version of one experiment."""
    return saved(tmp_path / "exports", 1)


@pytest.fixture
def here(archive: Path, tmp_path: Path) -> Here:
    """A clone of it."""
    return Here(clone(archive, tmp_path / "r"))


@pytest.fixture(autouse=True)
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Git itself finds this amlgit for its merge driver."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))


def test_a_pull_over_one_that_was_reverted_does_not_hide_it_where_it_is_cherry_picked_to(archive: Path, here: Here) -> None:
    git(here.repository, "branch", "release")
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Of theirs.")
    settled(here.repository)
    git(here.repository, "checkout", "--quiet", "release")
    git(here.repository, "cherry-pick", "main")
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Of theirs.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.6", "Of theirs."), "on this branch nobody took it back"
    settled(here.repository)


def test_a_colleague_who_goes_back_to_what_was_here_before_the_last_push_is_heard(archive: Path, here: Here) -> None:
    here.edit('"0.5"', '"0.6"')
    here.edit('"0.6"', '"0.7"')
    saved(archive, 2, fraction="0.7")
    settled(here.repository)
    saved(archive, 3, fraction="0.6")
    pull(here.repository)
    assert here.value(FRACTION) == "0.6"
    settled(here.repository)


def test_a_state_that_was_here_by_chance_before_others_came_between_is_merged(archive: Path, here: Here) -> None:
    here.edit('"0.5"', '"0.6"')
    here.edit('"0.6"', '"0.9"')
    saved(archive, 2, summary="Of theirs.")
    saved(archive, 3, fraction="0.6")
    pull(here.repository, REFUSED)
