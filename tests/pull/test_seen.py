"""What a branch has seen of the workspace: never more than it holds, whatever was taken back, picked, or set twice."""

from pathlib import Path

import pytest

from amlgit.form.companions import Binding, read_sync, write_sync
from tests.support.commands import REFUSED, git
from tests.support.exports import FRACTION
from tests.support.pulling import Here, pull, saved, settled, team
from tests.support.repositories import commit_all, node_file, replace_in

pytestmark = pytest.mark.usefixtures("driver")


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


def test_pulls_over_a_reverted_one_picked_one_after_the_other_do_not_hide_it_either(archive: Path, here: Here) -> None:
    git(here.repository, "branch", "release")
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    for number, summary in ((3, "Third."), (4, "Fourth.")):
        saved(archive, number, fraction="0.6", summary=summary)
        pull(here.repository)
    assert '"After"' in here.sync()
    git(here.repository, "checkout", "--quiet", "release")
    git(here.repository, "cherry-pick", "main~2..main")
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Fourth.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.6", "Fourth.")
    settled(here.repository)


def test_a_pull_after_members_met_does_not_hide_what_one_of_them_had_where_it_is_picked_to(archive: Path, tmp_path: Path) -> None:
    """Their merge keeps the older entry of sync.json, which a release branch may have too."""
    ann, bob = (Here(member) for member in team(archive, tmp_path, "ann", "bob"))
    replace_in(node_file(ann.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(ann.repository)
    saved(archive, 2, summary="Second.")
    pull(ann.repository)
    git(ann.repository, "branch", "release")
    bob.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 3, summary="Second.", fraction="0.6")
    pull(bob.repository)
    git(bob.repository, "push", "--quiet", "origin", "main")
    git(ann.repository, "pull", "--quiet", "--no-rebase", "--no-edit")
    saved(archive, 4, summary="Fourth.", fraction="0.6")
    pull(ann.repository)
    settled(ann.repository)
    git(ann.repository, "checkout", "--quiet", "release")
    git(ann.repository, "cherry-pick", "main")
    assert (ann.value(FRACTION), ann.value("Summary")) == ("0.5", "Fourth.")
    pull(ann.repository)
    assert (ann.value(FRACTION), ann.value("Summary")) == ("0.6", "Fourth.")
    settled(ann.repository)


def test_ordinary_pulls_name_nothing_that_they_were_merged_over(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    for number, fraction in ((2, "0.6"), (3, "0.7")):
        saved(archive, number, fraction=fraction)
        pull(here.repository)
        assert "After" not in here.sync()


def test_a_squash_of_pulls_over_a_reverted_one_costs_a_merge_and_nothing_else(archive: Path, here: Here) -> None:
    git(here.repository, "checkout", "--quiet", "-b", "feature")
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(here.repository)
    git(here.repository, "checkout", "--quiet", "main")
    git(here.repository, "merge", "--quiet", "--squash", "feature")
    git(here.repository, "commit", "--quiet", "-m", "feature")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.6", "Of theirs."), "main never had what was reverted"
    settled(here.repository)


def test_a_run_of_what_was_pushed_is_a_version_of_its_own(archive: Path, here: Here) -> None:
    here.edit('"0.5"', '"0.6"')
    saved(archive, 2, fraction="0.6")
    settled(here.repository)
    saved(archive, 3, fraction="0.6", run=True)
    before = git(here.repository, "rev-parse", "HEAD")
    pull(here.repository)
    assert git(here.repository, "rev-parse", "HEAD^") == before
    assert "run 3" in git(here.repository, "log", "-1", "--format=%s")
    assert here.value(FRACTION) == "0.6"
    settled(here.repository)


def test_sync_json_is_read_as_it_was_written() -> None:
    was = Binding(experiment="w.f-id.f", run="w.s-id.f.x", content="c" * 40, time=1)
    bindings = {"archive": Binding(experiment="w.f-id.f", run=None, content="d" * 40, time=2, after=was), "other": was}
    assert read_sync(write_sync(bindings), "sync.json") == bindings
