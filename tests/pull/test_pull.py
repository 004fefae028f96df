"""pull, again and again: what is new comes, once and in order, and nothing else happens."""

import os
import shutil
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.archives import a_draft, an_archive, settled
from tests.support.commands import OK, REFUSED, USAGE, aml, clone, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import chains, count, dirty, folder, node_file, subjects

# --- pull


def test_pull_brings_one_new_file_as_one_commit(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1, 2), tmp_path / "r")
    an_archive(tmp_path, 3)
    assert "1 new version (3 in all)" in aml(repository, "pull").expect(OK).out
    assert count(repository) == 4
    assert subjects(repository)[-1] == "Trial: draft 3"
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    assert count(repository) == 4
    settled(repository)


def test_pull_of_the_same_content_under_another_name_brings_nothing(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1, 2), tmp_path / "r")
    before = git(repository, "for-each-ref")
    shutil.copy(tmp_path / "exports" / "2.json", tmp_path / "exports" / "copy of 2.json")
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    assert git(repository, "for-each-ref") == before


def test_a_vanished_file_deletes_nothing(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1, 2), tmp_path / "r")
    before = git(repository, "for-each-ref")
    (tmp_path / "exports" / "1.json").unlink()
    aml(repository, "pull").expect(OK)
    shutil.rmtree(tmp_path / "exports")
    (tmp_path / "exports").mkdir()
    aml(repository, "pull").expect(OK)
    assert git(repository, "for-each-ref") == before
    shutil.rmtree(tmp_path / "exports")
    assert "there is no archive" in aml(repository, "pull").expect(USAGE).err
    settled(repository)


def test_an_older_file_that_turns_up_late_relays_the_chain_and_leaves_the_branch(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 2, 4), tmp_path / "r")
    head = git(repository, "rev-parse", "HEAD")
    an_archive(tmp_path, 1, 3)
    run = aml(repository, "pull").expect(OK)
    assert "2 new versions, in between older ones (4 in all)" in run.out
    assert git(repository, "rev-parse", "HEAD") == head
    (tip,) = chains(repository).values()
    assert subjects(repository, tip) == [f"Trial: draft {number}" for number in (1, 2, 3, 4)]
    assert chains(clone(an_archive(tmp_path, 1, 2, 3, 4, name="all"), tmp_path / "fresh")) == chains(repository)
    an_archive(tmp_path, 5)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4
    settled(repository)


def test_a_title_that_looks_like_a_number_of_ours_survives_a_relay(tmp_path: Path) -> None:
    for number in (2, 3):
        save(tmp_path / "exports", f"{number}.json", a_draft(number, title="Copy: draft 7"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    save(tmp_path / "exports", "1.json", a_draft(1, title="Copy: draft 7"))
    aml(repository, "pull").expect(OK)
    (tip,) = chains(repository).values()
    assert subjects(repository, tip) == [f"Copy: draft 7: draft {number}" for number in (1, 2, 3)]
    assert chains(clone(tmp_path / "exports", tmp_path / "fresh")) == chains(repository)


def test_a_content_that_comes_back_is_a_version_of_its_own(tmp_path: Path) -> None:
    source = tmp_path / "exports"
    for number, fraction in ((1, "0.1"), (2, "0.2"), (3, "0.1"), (4, "0.1")):
        save(source, f"{number}.json", experiment(created=T0 + number * DAY, fraction=fraction))
    repository = clone(source, tmp_path / "r")
    assert subjects(repository)[1:] == ["Trial: draft 1", "Trial: draft 2", "Trial: draft 3"]


def test_a_content_that_comes_back_later_gets_its_commits_too(tmp_path: Path) -> None:
    source = tmp_path / "exports"
    save(source, "1.json", experiment(created=T0 + DAY, fraction="0.1"))
    repository = clone(source, tmp_path / "r")
    for number, fraction in ((2, "0.2"), (3, "0.1")):
        save(source, f"{number}.json", experiment(created=T0 + number * DAY, fraction=fraction))
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4


@pytest.mark.parametrize("kind", ["drafts", "runs"])
def test_a_content_that_the_branch_had_before_is_brought_again_when_the_workspace_goes_back_to_it(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "exports"
    versions = {
        number: experiment(created=T0 + number * DAY, fraction=fraction, run=number if kind == "runs" else None)
        for number, fraction in ((1, "0.1"), (2, "0.2"), (3, "0.1"), (4, "0.4"))
    }
    for number in (1, 2):
        save(source, f"{number}.json", versions[number])
    repository = clone(source, tmp_path / "r")
    save(source, "3.json", versions[3])
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4
    assert '"0.1"' in node_file(folder(repository, "Trial"), "Split").read_text()
    save(source, "4.json", versions[4])
    aml(repository, "pull").expect(OK)
    assert count(repository) == 5


def test_runs_and_a_draft_after_them_are_told_apart(tmp_path: Path) -> None:
    for number in (1, 2):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number, fraction=f"0.{number}"))
    save(tmp_path / "exports", "again.json", experiment(created=T0 + 3 * DAY, run=3, fraction="0.2"))
    save(tmp_path / "exports", "draft.json", experiment(created=T0 + 4 * DAY, fraction="0.4"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    wanted = ["Trial: run 1 Finished", "Trial: run 2 Finished", "Trial: run 3 Finished", "Trial: draft 4"]
    assert subjects(repository)[1:] == wanted
    assert git(repository, "log", "--format=%(trailers:key=Aml-Snapshot,valueonly,separator=)", "HEAD~1", "-1").endswith("05t05.48.40") is False
    trailers = git(repository, "log", "-1", "--format=%(trailers:only,unfold)", "HEAD~1")
    assert f"Aml-Experiment: 0123456789abcdef0123456789abcdef.f-id.{FAMILY}" in trailers
    assert f"Aml-Snapshot: 0123456789abcdef0123456789abcdef.s-id.{FAMILY}" in trailers
    assert "Aml-Form: 1" in trailers


def test_a_draft_takes_the_day_in_its_path_or_its_own_time_on_that_day(tmp_path: Path) -> None:
    noon = int(datetime(2016, 5, 1, 12, tzinfo=UTC).timestamp())
    save(tmp_path / "exports", "2016-05-01/a.json", experiment(created=noon, fraction="0.1"))
    save(tmp_path / "exports", "2016-05-03/a.json", experiment(created=noon, fraction="0.2"))
    save(tmp_path / "exports", "b 2016-05-02.json", experiment(created=noon, fraction="0.3"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    dates = git(repository, "log", "--reverse", "--format=%ai | %ci", "HEAD~3..").splitlines()
    assert dates == [f"2016-05-{when} +0000 | 2016-05-{when} +0000" for when in ("01 12:00:00", "02 00:00:00", "03 00:00:00")]


def test_a_runs_time_is_its_own_whatever_its_path_says(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1999-01-01/a.json", experiment(created=T0, run=1))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert git(repository, "log", "-1", "--format=%at %ct") == f"{T0} {T0}"


def test_file_times_are_used_when_asked(tmp_path: Path) -> None:
    for number, time in ((1, T0 + 9), (2, T0 + 5)):
        path = save(tmp_path / "exports", f"{number}.json", experiment(created=T0, fraction=f"0.{number}"))
        os.utime(path, (time, time))
    repository = clone(tmp_path / "exports", tmp_path / "r", "--file-times")
    assert git(repository, "log", "--format=%at", "HEAD~2..").split() == [str(T0 + 9), str(T0 + 5)]
    assert "file_times = true" in (repository / ".amlgit").read_text(encoding="utf-8")


def test_two_experiments_are_woven_together_by_time(tmp_path: Path) -> None:
    for number in (1, 3):
        save(tmp_path / "exports", f"{number}.json", a_draft(number, title="One"))
    for number in (2, 4):
        save(tmp_path / "exports", f"{number}.json", a_draft(number, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert subjects(repository)[1:] == ["One: draft 1", "Two: draft 1", "One: draft 2", "Two: draft 2"]
    assert all(older <= newer for older, newer in pairwise(git(repository, "log", "--reverse", "--format=%ct", "HEAD~4..").split()))


def test_a_new_title_keeps_the_folder_and_changes_one_line(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", experiment(title="Named anew", created=T0 + 2 * DAY, fraction="0.1"))
    aml(repository, "pull").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["Trial-aaaaaa"]
    assert git(repository, "diff", "--numstat", "HEAD~1", "--", ":!*/sync.json") == "1\t1\texperiments/Trial-aaaaaa/experiment.json"
    assert subjects(repository)[-1] == "Named anew: draft 2"


def test_a_folder_that_the_user_renamed_is_found_by_the_next_pull(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/My own [name] é")
    git(repository, "commit", "--quiet", "-m", "rename")
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["My own [name] é"]
    assert count(repository) == 4
    settled(repository)


def test_a_removed_node_takes_its_files_away(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    assert len(list(folder(repository, "Trial").glob("nodes/*"))) == 3
    only = experiment(created=T0 + 2 * DAY)
    only["Graph"]["ModuleNodes"] = only["Graph"]["ModuleNodes"][1:]
    only["Graph"]["EdgesInternal"] = []
    save(tmp_path / "exports", "2.json", only)
    aml(repository, "pull").expect(OK)
    assert [path.name.split()[0] for path in folder(repository, "Trial").glob("nodes/*")] == ["Split"]
    settled(repository)


def test_a_graph_that_becomes_empty_keeps_its_folder(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", experiment(created=T0 + 2 * DAY, nodes=()))
    aml(repository, "pull").expect(OK)
    assert not list(folder(repository, "Trial").glob("nodes/*"))
    an_archive(tmp_path, 3)
    aml(repository, "pull").expect(OK)
    assert len(list(folder(repository, "Trial").glob("nodes/*"))) == 3
    settled(repository)


def test_removed_with_amlgit_rm_it_stays_away(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    assert "would remove" in aml(repository, "rm", "--dry-run", "Trial").expect(OK).out
    assert dirty(repository) == []
    aml(repository, "rm", "Trial").expect(OK)
    assert not folder(repository, "Trial").exists()
    assert all(line[0] in "DM" and line[1] == " " for line in dirty(repository))
    git(repository, "commit", "--quiet", "-m", "away with it")
    an_archive(tmp_path, 2)
    before = count(repository)
    aml(repository, "pull").expect(OK)
    assert count(repository) == before
    assert not (repository / "experiments").exists()
    (tip,) = chains(repository).values()
    assert count(repository, tip) == 2
    assert FAMILY in (repository / ".amlgit").read_text(encoding="utf-8")
    settled(repository)


def test_rm_removes_the_folder_it_was_given_and_no_other_that_its_name_would_match(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", a_draft(1, title="One"))
    save(tmp_path / "exports", "2.json", a_draft(2, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    git(repository, "mv", "experiments/One-aaaaaa", "experiments/[ab]")
    git(repository, "mv", "experiments/Two-ffffff", "experiments/a")
    git(repository, "commit", "--quiet", "-m", "rename")
    aml(repository, "rm", "[ab]").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["a"]


def test_rm_of_a_folder_with_uncommitted_work_is_refused(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    (folder(repository, "Trial") / "notes.md").write_text("mine")
    assert "notes.md" in aml(repository, "rm", "Trial").expect(REFUSED).err
    assert (folder(repository, "Trial") / "experiment.json").exists()
    assert "skip" not in (repository / ".amlgit").read_text(encoding="utf-8")


def test_removed_with_git_it_is_not_brought_back_and_the_new_version_is_reported(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "rm", "-r", "--quiet", "experiments/Trial-aaaaaa")
    git(repository, "commit", "--quiet", "-m", "away with it")
    aml(repository, "pull").expect(OK)
    assert not (repository / "experiments").exists()
    an_archive(tmp_path, 2)
    run = aml(repository, "pull").expect(REFUSED)
    assert "experiments/Trial-aaaaaa: removed here, and 1 new version there" in run.err
    assert not (repository / "experiments").exists()


def test_a_dropped_pull_comes_again(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 2"
    assert count(repository) == 3


def test_a_reverted_pull_stays_reverted_and_the_next_version_still_comes_or_waits(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    git(repository, "revert", "--no-edit", "HEAD")
    reverted = git(repository, "rev-parse", "HEAD")
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "HEAD") == reverted
    assert '"0.1"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_squashed_and_rebased_history_is_no_reason_to_bring_a_version_twice(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1, 2, 3), tmp_path / "r")
    git(repository, "reset", "--soft", "HEAD~3")
    git(repository, "commit", "--quiet", "-m", "all of it")
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    an_archive(tmp_path, 4)
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[1:] == ["all of it", "Trial: draft 4"]
