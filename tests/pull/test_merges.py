"""`pull` into a branch that was edited here: what git does with branches and commits loses nothing, and brings nothing twice."""

from pathlib import Path

import pytest

from tests.support.commands import OK, REFUSED, aml, clone, git, git_run
from tests.support.exports import DAY, EXPORT_DATA, FAMILY, FRACTION, IMPORT_DATA, OTHER_FAMILY, PYTHON, SPLIT, T0, save
from tests.support.pulling import SCRIPT, Here, pull, saved, settled, state, team
from tests.support.repositories import chains, commit_all, count, folder, node_file, replace_in, subjects

pytestmark = pytest.mark.usefixtures("driver")


# --- one branch


def test_edits_of_both_sides_become_one_commit_with_the_versions_author_date_and_message(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    head = git(here.repository, "rev-parse", "HEAD")
    saved(archive, 2, fraction="0.6")
    saved(archive, 3, fraction="0.6", summary="Of theirs.", run=True)
    said = pull(here.repository)
    assert "merged with the edits made here" in said.out
    assert (here.value("Splitting mode"), here.value(FRACTION), here.value("Summary")) == ("Recommender Split", "0.6", "Of theirs.")
    assert git(here.repository, "rev-parse", "HEAD^") == head
    form = "--format=%an <%ae> %at%n%B"
    assert git(here.repository, "log", "-1", form) == git(here.repository, "log", "-1", form, f"refs/amlgit/archive/{FAMILY}")
    assert "Aml-Snapshot" in git(here.repository, "log", "-1", "--format=%B")
    settled(here.repository)


def test_edits_in_other_lines_of_one_script_are_merged(archive: Path, here: Here) -> None:
    replace_in(node_file(here.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(here.repository)
    saved(archive, 2, script=SCRIPT.replace("two = 2", "two = 200"))
    pull(here.repository)
    assert here.value("R Script") == SCRIPT.replace("one = 1", "one = 100").replace("two = 2", "two = 200")
    settled(here.repository)


def test_a_script_with_crlf_there_and_an_edit_here_keep_their_line_ends(tmp_path: Path) -> None:
    archive = saved(tmp_path / "exports", 1, script=SCRIPT.replace("\n", "\r\n"))
    here = Here(clone(archive, tmp_path / "r"))
    replace_in(node_file(here.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(here.repository)
    saved(archive, 2, script=SCRIPT.replace("two = 2", "two = 200").replace("\n", "\r\n"))
    pull(here.repository)
    assert here.value("R Script") == SCRIPT.replace("one = 1", "one = 100").replace("two = 2", "two = 200").replace("\n", "\r\n")
    settled(here.repository)


def test_a_draft_edited_twice_in_the_archive_is_merged_each_time(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    for number, fraction in ((2, "0.6"), (3, "0.7")):
        saved(archive, number, fraction=fraction)
        pull(here.repository)
        assert (here.value(FRACTION), here.value("Splitting mode")) == (fraction, "Recommender Split")
    settled(here.repository)
    assert subjects(here.repository)[-2:] == ["Trial: draft 2", "Trial: draft 3"]


def test_a_dropped_pull_comes_again(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    replace_in(here.folder / "experiment.json", "A trial.", "Mine.")
    commit_all(here.repository, "later")
    git(here.repository, "-c", "sequence.editor=sed -i 1d", "rebase", "--quiet", "-i", "HEAD~2")
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Mine.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary"), here.value("Splitting mode")) == ("0.6", "Mine.", "Recommender Split")
    settled(here.repository)


@pytest.mark.parametrize("is_edited", [False, True], ids=["a clean pull", "a merged pull"])
def test_a_reverted_pull_stays_reverted_and_what_comes_later_is_merged(archive: Path, here: Here, is_edited: bool) -> None:
    if is_edited:
        here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    assert here.value(FRACTION) == "0.5"
    settled(here.repository)
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Of theirs.")
    settled(here.repository)


def test_a_reverted_pull_stays_reverted_after_the_folder_was_renamed(archive: Path, here: Here) -> None:
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    git(here.repository, "mv", here.folder, here.repository / "experiments" / "Mine")
    commit_all(here.repository, "rename")
    assert "Already up to date." in pull(here.repository).out
    assert '"0.5"' in node_file(here.repository / "experiments" / "Mine", "Split").read_text()


def test_the_revert_of_a_revert_brings_it_back(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "revert", "--no-edit", "HEAD")
    git(here.repository, "revert", "--no-edit", "HEAD")
    assert here.value(FRACTION) == "0.6"
    settled(here.repository)


def test_a_folder_renamed_here_and_a_title_changed_there_meet(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    place = here.repository / "experiments" / "Renamed"
    git(here.repository, "mv", here.folder, place)
    commit_all(here.repository, "rename")
    saved(archive, 2, title="Another title", fraction="0.6")
    pull(here.repository)
    assert '"0.6"' in node_file(place, "Split").read_text()
    assert "Another title" in (place / "experiment.json").read_text()
    assert [entry.name for entry in (here.repository / "experiments").iterdir()] == ["Renamed"]
    settled(here.repository)


def test_a_content_that_no_chain_has_any_more_is_found_by_its_run(tmp_path: Path) -> None:
    """As after other decisions about secrets: the run is the same, its content is written otherwise."""
    archive = saved(tmp_path / "exports", 1, run=True)
    here = Here(clone(archive, tmp_path / "r"))
    replace_in(here.folder / "sync.json", here.sync().partition('"Content": "')[2][:40], "1" * 40)
    here.edit('"Split Rows"', '"Recommender Split"')
    git(here.repository, "reset", "--quiet", "--soft", "HEAD~2")
    git(here.repository, "commit", "--quiet", "-m", "all")
    saved(archive, 2, fraction="0.6", run=True)
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Splitting mode")) == ("0.6", "Recommender Split")
    settled(here.repository)


def test_a_drafts_content_that_no_chain_has_any_more_is_found_by_its_time(archive: Path, here: Here) -> None:
    replace_in(here.folder / "sync.json", here.sync().partition('"Content": "')[2][:40], "1" * 40)
    here.edit('"Split Rows"', '"Recommender Split"')
    git(here.repository, "reset", "--quiet", "--soft", "HEAD~2")
    git(here.repository, "commit", "--quiet", "-m", "all")
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Splitting mode")) == ("0.6", "Recommender Split")


def test_without_any_base_both_sides_stand_in_a_conflict(archive: Path, here: Here) -> None:
    replace_in(here.folder / "sync.json", here.sync().partition('"Content": "')[2][:40], "1" * 40)
    replace_in(here.folder / "sync.json", f'"Time": {T0 + DAY}', '"Time": 5')
    here.edit('"Split Rows"', '"Recommender Split"')
    git(here.repository, "reset", "--quiet", "--soft", "HEAD~2")
    git(here.repository, "commit", "--quiet", "-m", "all")
    saved(archive, 2, fraction="0.6")
    pull(here.repository, REFUSED)
    text = node_file(here.folder, "Split").read_text()
    assert all(value in text for value in ('"Recommender Split"', '"Split Rows"', '"0.5"', '"0.6"', "<<<<<<<"))
    aml(here.repository, "resolve", "--ours").expect(OK)
    git(here.repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert here.value("Splitting mode") == "Recommender Split"
    settled(here.repository)


def test_removed_here_and_changed_there_stays_removed_and_is_told(archive: Path, here: Here) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    git(here.repository, "rm", "-r", "--quiet", here.folder)
    git(here.repository, "commit", "--quiet", "-m", "away")
    saved(archive, 2, fraction="0.6")
    assert "removed here, and 1 new version there" in pull(here.repository, REFUSED).err
    assert not here.folder.exists()
    git(here.repository, "revert", "--no-edit", "HEAD")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Splitting mode")) == ("0.6", "Recommender Split")
    settled(here.repository)


def test_a_node_added_here_and_one_added_there_are_both_there_and_so_are_their_assets(archive: Path, here: Here) -> None:
    text = node_file(here.folder, "Split").read_text()
    (here.folder / "nodes" / "Export Data 2-0009.json").write_text(text.replace("0002c0de", "0009c0de").replace(SPLIT, EXPORT_DATA))
    commit_all(here.repository, "a node of mine")
    saved(archive, 2, nodes=(PYTHON, SPLIT, IMPORT_DATA))
    pull(here.repository)
    assert {node["ModuleId"] for node in here.export()["Graph"]["ModuleNodes"]} == {PYTHON, SPLIT, EXPORT_DATA, IMPORT_DATA}
    assert all(module in (here.folder / "assets.json").read_text() for module in (PYTHON, SPLIT, EXPORT_DATA, IMPORT_DATA))
    settled(here.repository)


# --- several branches and members


def test_a_squash_merge_of_a_branch_with_pulls_brings_them_once(archive: Path, here: Here) -> None:
    git(here.repository, "checkout", "--quiet", "-b", "feature")
    here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    git(here.repository, "checkout", "--quiet", "main")
    here.edit("A trial.", "Of main.", "experiment.json")
    git(here.repository, "merge", "--quiet", "--squash", "feature")
    git(here.repository, "commit", "--quiet", "-m", "feature, squashed")
    assert "Already up to date." in pull(here.repository).out
    saved(archive, 3, fraction="0.7")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary"), here.value("Splitting mode")) == ("0.7", "Of main.", "Recommender Split")
    settled(here.repository)


def test_a_pull_cherry_picked_to_a_release_is_no_reason_to_miss_the_one_before(archive: Path, here: Here) -> None:
    git(here.repository, "branch", "release")
    saved(archive, 2, fraction="0.6")
    pull(here.repository)
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(here.repository)
    picked = git(here.repository, "rev-parse", "HEAD")
    git(here.repository, "checkout", "--quiet", "release")
    here.edit('"Split Rows"', '"Recommender Split"')
    git(here.repository, "cherry-pick", picked)
    assert (here.value(FRACTION), here.value("Summary")) == ("0.5", "Of theirs.")
    pull(here.repository)
    assert (here.value(FRACTION), here.value("Summary"), here.value("Splitting mode")) == ("0.6", "Of theirs.", "Recommender Split")
    settled(here.repository)


def test_git_pull_rebase_over_a_colleagues_pulls_keeps_everybodys_edits(archive: Path, tmp_path: Path) -> None:
    ann, bob = (Here(member) for member in team(archive, tmp_path, "ann", "bob"))
    saved(archive, 2, fraction="0.6")
    pull(ann.repository)
    ann.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(bob.repository)
    replace_in(node_file(bob.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(bob.repository)
    git(ann.repository, "push", "--quiet", "origin", "main")
    git(bob.repository, "pull", "--quiet", "--rebase")
    expected = ("0.6", "Of theirs.", "Recommender Split", SCRIPT.replace("one = 1", "one = 100"))
    assert tuple(map(bob.value, (FRACTION, "Summary", "Splitting mode", "R Script"))) == expected
    settled(bob.repository)


def test_members_who_pulled_at_different_times_merge_without_a_spurious_conflict(archive: Path, tmp_path: Path) -> None:
    ann, bob = (Here(member) for member in team(archive, tmp_path, "ann", "bob"))
    ann.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    pull(ann.repository)
    replace_in(node_file(bob.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(bob.repository)
    saved(archive, 3, fraction="0.6", summary="Of theirs.")
    pull(bob.repository)
    git(ann.repository, "push", "--quiet", "origin", "main")
    git(bob.repository, "pull", "--quiet", "--no-rebase", "--no-edit")
    git(bob.repository, "push", "--quiet", "origin", "main")
    git(ann.repository, "pull", "--quiet", "--no-rebase", "--no-edit")
    for member in (ann, bob):
        expected = ("0.6", "Of theirs.", "Recommender Split", SCRIPT.replace("one = 1", "one = 100"))
        assert tuple(map(member.value, (FRACTION, "Summary", "Splitting mode", "R Script"))) == expected
        assert member.sync().count("Experiment") == 1
        settled(member.repository)
    saved(archive, 4, fraction="0.7", summary="Of theirs.")
    pull(ann.repository)
    assert (ann.value(FRACTION), ann.value("Summary")) == ("0.7", "Of theirs.")
    assert chains(ann.repository)[f"archive/{FAMILY}"] != chains(bob.repository)[f"archive/{FAMILY}"]
    pull(bob.repository)
    assert chains(ann.repository) == chains(bob.repository)
    assert git(ann.repository, "rev-parse", "HEAD") == git(bob.repository, "rev-parse", "HEAD"), "who merges the same has the same commit"


def test_an_edit_over_a_pulled_value_is_no_conflict_after_members_merged(archive: Path, tmp_path: Path) -> None:
    """The older entry of sync.json is kept, and yet what a member decided over the newer one is not asked again."""
    ann, bob = (Here(member) for member in team(archive, tmp_path, "ann", "bob"))
    ann.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, summary="Second.")
    pull(ann.repository)
    replace_in(node_file(bob.folder, "Execute Python Script", "py"), "one = 1", "one = 100")
    commit_all(bob.repository)
    saved(archive, 3, summary="Second.", fraction="0.6")
    pull(bob.repository)
    bob.edit('"0.6"', '"0.9"')
    git(ann.repository, "push", "--quiet", "origin", "main")
    git(bob.repository, "pull", "--quiet", "--no-rebase", "--no-edit")
    settled(bob.repository)
    assert bob.value(FRACTION) == "0.9"


# --- several remotes and experiments


def test_two_remotes_with_the_same_title_are_two_folders_and_merged_each_for_itself(archive: Path, here: Here, tmp_path: Path) -> None:
    other = saved(tmp_path / "others", 1, family=OTHER_FAMILY)
    aml(here.repository, "remote", "add", "b", "--archive", other).expect(OK)
    commit_all(here.repository, "another remote")
    aml(here.repository, "pull", "b").expect(OK)
    there = Here(here.repository, family=OTHER_FAMILY)
    here.edit('"Split Rows"', '"Recommender Split"')
    there.edit('"Split Rows"', '"Relative Expression Split"')
    saved(archive, 2, fraction="0.6")
    saved(other, 2, family=OTHER_FAMILY, fraction="0.7")
    for remote in ("archive", "b"):
        aml(here.repository, "pull", remote).expect(OK)
    assert (here.value(FRACTION), here.value("Splitting mode")) == ("0.6", "Recommender Split")
    assert (there.value(FRACTION), there.value("Splitting mode")) == ("0.7", "Relative Expression Split")


def test_a_folder_bound_to_two_remotes_is_merged_with_each(archive: Path, here: Here, tmp_path: Path) -> None:
    other = saved(tmp_path / "others", 1)
    aml(here.repository, "remote", "add", "b", "--archive", other).expect(OK)
    line = here.sync().splitlines()[1]
    (here.folder / "sync.json").write_text("{\n" + f"{line},\n" + line.replace('"archive"', '"b"') + "\n}\n")
    here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    saved(other, 2, summary="Of the other.")
    for remote in ("archive", "b"):
        aml(here.repository, "pull", remote).expect(OK)
    assert (here.value(FRACTION), here.value("Splitting mode"), here.value("Summary")) == ("0.6", "Recommender Split", "Of the other.")
    for remote in ("archive", "b"):
        assert "Already up to date." in aml(here.repository, "pull", remote).expect(OK).out


def test_several_experiments_are_brought_merged_and_reported_each(archive: Path, tmp_path: Path) -> None:
    saved(archive, 1, title="Other", family=OTHER_FAMILY)
    one, other = (Here(clone(archive, tmp_path / "r")), Here(tmp_path / "r", "Other", OTHER_FAMILY))
    one.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    saved(archive, 2, title="Other", family=OTHER_FAMILY, fraction="0.7")
    save(archive, "new.json", state(1, title="New", family="ab" * 16))
    report = aml(one.repository, "pull", "--json").expect(OK).json["result"]
    states = {entry["title"]: (entry["state"], entry["commits"]) for entry in report["folders"]}
    assert states == {"Trial": ("merged", 1), "Other": ("pulled", 1), "New": ("pulled", 1)}
    assert other.value(FRACTION) == "0.7"
    assert folder(one.repository, "New", "ab" * 16).is_dir()
    settled(one.repository)


@pytest.mark.parametrize("kind", ["detached", "worktree", "dirt elsewhere", "staged elsewhere", "no identity", "signing without a key"])
def test_a_merge_that_nobody_is_asked_about_works_in_any_state_that_a_pull_works_in(
    archive: Path, here: Here, tmp_path: Path, isolated: Path, kind: str
) -> None:
    here.edit('"Split Rows"', '"Recommender Split"')
    saved(archive, 2, fraction="0.6")
    repository = here.repository
    before = count(repository)
    if kind == "detached":
        git(repository, "checkout", "--quiet", "--detach")
    if kind == "worktree":
        git(repository, "worktree", "add", "--quiet", "-b", "second", tmp_path / "second")
        repository = tmp_path / "second"
    if kind in ("dirt elsewhere", "staged elsewhere"):
        (repository / "mine.txt").write_text("mine")
        (here.folder / "notes.md").write_text("mine")
    if kind == "staged elsewhere":
        git(repository, "add", "mine.txt")
    if kind == "no identity":
        (isolated / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n")
    if kind == "signing without a key":
        git(repository, "config", "commit.gpgSign", "true")
        git(repository, "config", "gpg.program", "false")
    pull(repository)
    merged = Here(repository)
    assert (merged.value(FRACTION), merged.value("Splitting mode")) == ("0.6", "Recommender Split")
    assert count(repository) == before + 1
    if kind in ("dirt elsewhere", "staged elsewhere"):
        assert (repository / "mine.txt").read_text() == (here.folder / "notes.md").read_text() == "mine"
        assert git_run(repository, "diff", "--cached", "--name-only").out.strip() == ("mine.txt" if kind.startswith("staged") else "")
