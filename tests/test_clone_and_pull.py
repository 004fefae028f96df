"""clone, init, pull: an archive becomes commits on a branch and chains beside it, again and again, and nobody's work is touched."""

import os
import shutil
import zipfile
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest

from tests.helpers import (
    DAY,
    FAMILY,
    OK,
    OTHER_FAMILY,
    PARTLY,
    REFUSED,
    USAGE,
    Document,
    aml,
    chains,
    clone,
    clone_samples,
    commit_all,
    count,
    dirty,
    experiment,
    folder,
    fsck,
    git,
    git_bytes,
    leftovers,
    node_file,
    replace_in,
    save,
    subjects,
)

T0 = 1_450_000_000


def _draft(number: int, **members: object) -> Document:
    """The draft of day `number`, with a value of its own."""
    return experiment(created=T0 + number * DAY, fraction=f"0.{number}", **members)  # type: ignore[arg-type]  # members are the builder's own


def _archive(tmp_path: Path, *numbers: int, name: str = "exports") -> Path:
    for number in numbers:
        save(tmp_path / name, f"{number}.json", _draft(number))
    return tmp_path / name


def _zipped(source: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in sorted(source.rglob("*")):
            if path.is_file():
                opened.write(path, path.relative_to(source).as_posix())
    return target


def _settled(repository: Path) -> None:
    assert dirty(repository) == []
    assert leftovers(repository) == []
    fsck(repository)


# --- the corpus


def test_the_corpus_becomes_one_commit_per_version_in_order_of_time(corpus: Path, tmp_path: Path) -> None:
    run = aml(tmp_path, "clone", "--archive", corpus / "archive", "r").expect(PARTLY)
    repository = tmp_path / "r"
    log = git(repository, "log", "--reverse", "--format=%at %ct %an <%ae> %s").splitlines()
    assert log[1:] == [
        "1464200095 1464200095 v-pamaty <v-pamaty@333533ce0e6e44b38365410aec94d7f2> VoX train experiment: run 1 Finished",
        "1481241600 1481241600 v-jonmcl <v-jonmcl@f460728df7c84d209ec5e717aa181404> Entity Recognition: draft 1",
        "1481241600 1481241600 v-jonmcl <v-jonmcl@f460728df7c84d209ec5e717aa181404> Topic Images: draft 1",
        "1481241600 1481241600 jolarso <jolarso@f460728df7c84d209ec5e717aa181404> Topics: draft 1",
        "1483488000 1483488000 jolarso <jolarso@f460728df7c84d209ec5e717aa181404> Topics: draft 2",
        "1484092800 1484092800 jolarso <jolarso@f460728df7c84d209ec5e717aa181404> Topics: draft 3",
        "1490226522 1490226522 juluczni <juluczni@53fe1eac372544239b86cbc44a5c7023> TopicsNew: draft 1",
    ]
    assert "damaged/#train.json#: line 3 column 17" in run.err
    assert "Traceback" not in run.err
    assert {chain: count(repository, tip) for chain, tip in chains(repository, "refs/amlgit/archive/").items()} == {
        "05126fa5778a4ad0a26931487d3a0821": 1,
        "1b48ea2ac95e4da2bcd7308ac67e2caa": 3,
        "9f467d7b179e49bb9737683889dc8e44": 1,
        "bc9a90041f294f58993a12c332774c57": 1,
        "fb544e2c3de74ea2afe280a9485d5237": 1,
    }
    _settled(repository)


def test_every_commit_of_the_corpus_changes_its_own_folder_and_carries_its_chains_content(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    for commit in git(repository, "rev-list", "HEAD~7..HEAD").split():
        parents = git(repository, "log", "-1", "--format=%P", commit).split()
        changed = git(repository, "diff-tree", "-r", "--name-only", "-z", *parents, commit).split("\0")
        assert len({tuple(path.split("/")[:2]) for path in changed if path}) == 1
    tip = chains(repository)["archive/1b48ea2ac95e4da2bcd7308ac67e2caa"]
    for path in ("experiment.json", "layout.json", "nodes"):
        chained = git(repository, "rev-parse", f"{tip}:experiment/{path}")
        assert git(repository, "rev-parse", f"HEAD:experiments/Topics-1b48ea/{path}") == chained
    assert git(repository, "ls-tree", "--name-only", tip).split() == ["experiment", "run.json"]
    assert git(repository, "ls-tree", "--name-only", f"{tip}:experiment").split() == ["experiment.json", "layout.json", "nodes"]


def test_the_three_topics_differ_by_single_lines_in_files_named_after_nodes(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    numbers = git(repository, "log", "--numstat", "--format=", "--grep=^Topics: draft [23]", "--", ":!*/sync.json").splitlines()
    assert numbers
    for line in numbers:
        added, removed, path = line.split("\t")
        assert int(added) <= 16
        assert int(removed) <= 16
        assert "/nodes/" in path or path.endswith(("/layout.json", "/experiment.json"))


def test_definitions_stand_under_webservices_and_other_json_is_named_and_left_alone(corpus: Path, tmp_path: Path) -> None:
    run = aml(tmp_path, "clone", "--archive", corpus, "r").expect(PARTLY)
    repository = tmp_path / "r"
    services = sorted(path.name.rpartition("-")[0] for path in (repository / "webservices").iterdir())
    assert services == ["GraphWebServiceDefinition_Prod", "RedditML", "TopicsWebService0edt4s5g86", "entity12"]
    assert len(list((repository / "experiments").iterdir())) == 5
    assert run.err.count("left alone: arm/") == 9
    _settled(repository)


def test_other_json_alone_is_no_reason_for_another_exit_code(corpus: Path, tmp_path: Path) -> None:
    clone(corpus / "wsd", tmp_path / "wsd", code=OK)
    before = count(tmp_path / "wsd")
    both = shutil.copytree(corpus / "wsd", tmp_path / "both")
    shutil.copytree(corpus / "arm", tmp_path / "both" / "arm")
    run = aml(tmp_path, "clone", "--archive", both, "r").expect(OK)
    assert "left alone" in run.err
    assert count(tmp_path / "r") == before


def test_a_second_pull_of_the_corpus_does_nothing(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    before = git(repository, "for-each-ref")
    assert "Already up to date." in aml(repository, "pull").expect(PARTLY).out
    assert git(repository, "for-each-ref") == before
    assert git(repository, "count-objects", "-v").splitlines()[0] == "count: 0" or dirty(repository) == []
    _settled(repository)


@pytest.mark.parametrize("kind", ["experiments", "everything"])
def test_a_zip_gives_the_chains_of_the_folder(corpus: Path, tmp_path: Path, kind: str) -> None:
    source = corpus / "archive" if kind == "experiments" else corpus
    one = clone(source, tmp_path / "one", code=PARTLY)
    other = clone(_zipped(source, tmp_path / "all.zip"), tmp_path / "other", code=PARTLY)
    assert chains(one) == chains(other)
    assert git(one, "rev-parse", "HEAD:experiments") == git(other, "rev-parse", "HEAD:experiments")


def test_a_single_file_is_an_archive(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive" / "2017-01-04" / "Topics.json", tmp_path / "r")
    assert subjects(repository)[1:] == ["Topics: draft 1"]
    assert git(repository, "log", "-1", "--format=%at") == "1483488000"
    _settled(repository)


# --- the samples


def test_the_samples_become_a_story_in_order_of_time(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    versions = sum(count(repository, tip) for tip in chains(repository).values())
    assert count(repository) == 1 + versions
    times = [int(time) for time in git(repository, "log", "--reverse", "--format=%at", "HEAD~" + str(versions) + "..").split()]
    assert times == sorted(times)
    assert max(count(repository, tip) for tip in chains(repository).values()) >= 5
    assert any(path.suffix == suffix for suffix in (".py", ".R", ".sql") for path in repository.glob("experiments/*/nodes/*"))
    _settled(repository)


def test_a_renamed_sample_keeps_its_folder(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    (found,) = repository.glob("experiments/Customer churn - scoring-*")
    titles = git(repository, "log", "--format=%s", "--", f"experiments/{found.name}").splitlines()
    assert len({title.rpartition(": ")[0] for title in titles}) == 2


# --- what clone leaves


def test_a_clone_is_clean_with_its_configuration_committed(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1, 2), tmp_path / "r")
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    assert git(repository, "ls-tree", "-r", "--name-only", first).split() == [".amlgit", ".gitattributes"]
    assert (repository / ".amlgit").read_text(encoding="utf-8").startswith("form = 1\n")
    assert git(repository, "log", "--format=%an <%ae>", first) == "A Tester <tester@example.org>"
    _settled(repository)


def test_a_clone_works_where_no_identity_is_configured(tmp_path: Path, isolated: Path) -> None:
    (isolated / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    _settled(clone(_archive(tmp_path, 1), tmp_path / "r"))


def test_a_clone_names_its_folder_after_the_archive(tmp_path: Path) -> None:
    source = _archive(tmp_path, 1)
    (tmp_path / "here").mkdir()
    aml(tmp_path / "here", "clone", "--archive", f"{source}/").expect(OK)
    assert (tmp_path / "here" / "exports" / ".git").is_dir()


def test_a_clone_into_a_folder_that_holds_something_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    source = _archive(tmp_path, 1)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine.txt").write_text("mine")
    assert "not an empty folder" in aml(tmp_path, "clone", "--archive", source, "r").expect(USAGE).err
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    clone(source, tmp_path / "empty")


def test_a_clone_of_nothing_leaves_no_folder_behind(tmp_path: Path) -> None:
    assert "there is no archive" in aml(tmp_path, "clone", "--archive", "nowhere", "r").expect(USAGE).err
    assert not (tmp_path / "r").exists()
    assert "can't be a remote's name" in aml(tmp_path, "clone", "--archive", _archive(tmp_path, 1), "--name", "a/b", "r").expect(USAGE).err
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_a_clone_of_an_archive_with_nothing_to_take_in_says_so_and_leaves_nothing_behind(tmp_path: Path, is_there: bool) -> None:
    source = tmp_path / "exports"
    source.mkdir()
    if is_there:
        (tmp_path / "r").mkdir()
    empty = aml(tmp_path, "clone", "--archive", source, "r").expect(USAGE)
    assert f"there is nothing to take in: {source} has no files" in empty.err
    (source / "notes.txt").write_text("no JSON at all")
    (source / "package.json").write_text("{}")
    other = aml(tmp_path, "clone", "--archive", source, "r").expect(USAGE)
    assert "there is nothing to take in" in other.err
    assert "package.json: JSON, but no experiment and no web service definition" in other.err
    assert "amlgit init" in other.err
    assert (tmp_path / "r").exists() is is_there
    assert not is_there or list((tmp_path / "r").iterdir()) == []


def test_a_repository_can_wait_for_an_archive_that_is_empty_yet(tmp_path: Path) -> None:
    (tmp_path / "exports").mkdir()
    aml(tmp_path, "init", "r").expect(OK)
    aml(tmp_path / "r", "remote", "add", "archive", "--archive", "../exports").expect(OK)
    commit_all(tmp_path / "r", "set up")
    assert "Already up to date." in aml(tmp_path / "r", "pull").expect(OK).out
    _archive(tmp_path, 1)
    aml(tmp_path / "r", "pull").expect(OK)
    assert count(tmp_path / "r") == 2


def test_a_clone_has_its_archive_in_the_configuration_relative_to_itself(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r", "--name", "years")
    assert 'path = "../exports"' in (repository / ".amlgit").read_text(encoding="utf-8")
    moved = tmp_path / "moved"
    moved.mkdir()
    shutil.move(tmp_path / "exports", moved / "exports")
    shutil.move(repository, moved / "r")
    assert "Already up to date." in aml(moved / "r", "pull", "years").expect(OK).out


# --- init


def test_init_in_a_repository_with_commits_stages_its_files_and_says_so(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "r")
    repository = tmp_path / "r"
    (repository / ".gitattributes").write_text("*.bin binary\n")
    commit_all(repository, "mine")
    run = aml(tmp_path, "init", "r").expect(OK)
    assert "Staged .amlgit and .gitattributes" in run.err
    assert dirty(repository) == ["A  .amlgit", "M  .gitattributes"]
    assert (repository / ".gitattributes").read_text().startswith("*.bin binary\n")
    assert count(repository) == 1
    assert "Everything is set up already." in aml(repository, "init").expect(OK).out


def test_init_makes_a_repository_where_there_is_none(tmp_path: Path) -> None:
    aml(tmp_path, "init", "new/r").expect(OK)
    assert dirty(tmp_path / "new/r") == ["A  .amlgit", "A  .gitattributes"]


def test_init_keeps_the_line_ends_of_a_persons_attributes(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitattributes").write_bytes(b"*.bin binary\r\n*.txt text\r\n")
    aml(tmp_path, "init").expect(OK)
    assert (tmp_path / ".gitattributes").read_bytes().startswith(b"*.bin binary\r\n*.txt text\r\n")


def test_init_beside_attributes_that_are_no_text_is_a_clear_error_or_works(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitattributes").write_bytes(b"caf\xe9.bin binary\n")
    run = aml(tmp_path, "init")
    assert run.code in (OK, USAGE, REFUSED), run.err
    assert (tmp_path / ".gitattributes").read_bytes().startswith(b"caf\xe9.bin binary\n")


def test_init_then_remote_add_then_pull_works_on_the_unborn_branch(tmp_path: Path) -> None:
    source = _archive(tmp_path, 1, 2)
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    aml(repository, "remote", "add", "exports", "--archive", "../exports").expect(OK)
    aml(repository, "pull", "exports").expect(OK)
    assert subjects(repository) == ["Trial: draft 1", "Trial: draft 2"]
    assert (folder(repository, "Trial") / "experiment.json").exists()
    assert [line[3:] for line in dirty(repository)] == [".amlgit", ".gitattributes"]
    assert source.exists()
    fsck(repository)


def test_uninstall_takes_out_what_install_set(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "remote", "add", "origin", "../x.git")
    before = git(repository, "config", "--local", "--null", "--list")
    aml(repository, "install").expect(OK)
    assert "refs/amlgit-shared/origin/*" in git(repository, "config", "--get-all", "remote.origin.fetch")
    aml(repository, "uninstall").expect(OK)
    after = git(repository, "config", "--local", "--null", "--list")
    assert [entry for entry in before.split("\0") if ".amlgit" not in entry.partition("\n")[0]] == after.split("\0")
    assert "Nothing was set." in aml(repository, "uninstall").expect(OK).out


# --- pull


def test_pull_brings_one_new_file_as_one_commit(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1, 2), tmp_path / "r")
    _archive(tmp_path, 3)
    assert "1 new version (3 in all)" in aml(repository, "pull").expect(OK).out
    assert count(repository) == 4
    assert subjects(repository)[-1] == "Trial: draft 3"
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    assert count(repository) == 4
    _settled(repository)


def test_pull_of_the_same_content_under_another_name_brings_nothing(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1, 2), tmp_path / "r")
    before = git(repository, "for-each-ref")
    shutil.copy(tmp_path / "exports" / "2.json", tmp_path / "exports" / "copy of 2.json")
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    assert git(repository, "for-each-ref") == before


def test_a_vanished_file_deletes_nothing(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1, 2), tmp_path / "r")
    before = git(repository, "for-each-ref")
    (tmp_path / "exports" / "1.json").unlink()
    aml(repository, "pull").expect(OK)
    shutil.rmtree(tmp_path / "exports")
    (tmp_path / "exports").mkdir()
    aml(repository, "pull").expect(OK)
    assert git(repository, "for-each-ref") == before
    shutil.rmtree(tmp_path / "exports")
    assert "there is no archive" in aml(repository, "pull").expect(USAGE).err
    _settled(repository)


def test_an_older_file_that_turns_up_late_relays_the_chain_and_leaves_the_branch(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 2, 4), tmp_path / "r")
    head = git(repository, "rev-parse", "HEAD")
    _archive(tmp_path, 1, 3)
    run = aml(repository, "pull").expect(OK)
    assert "2 new versions, in between older ones (4 in all)" in run.out
    assert git(repository, "rev-parse", "HEAD") == head
    (tip,) = chains(repository).values()
    assert subjects(repository, tip) == [f"Trial: draft {number}" for number in (1, 2, 3, 4)]
    assert chains(clone(_archive(tmp_path, 1, 2, 3, 4, name="all"), tmp_path / "fresh")) == chains(repository)
    _archive(tmp_path, 5)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4
    _settled(repository)


def test_a_title_that_looks_like_a_number_of_ours_survives_a_relay(tmp_path: Path) -> None:
    for number in (2, 3):
        save(tmp_path / "exports", f"{number}.json", _draft(number, title="Copy: draft 7"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    save(tmp_path / "exports", "1.json", _draft(1, title="Copy: draft 7"))
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
        save(tmp_path / "exports", f"{number}.json", _draft(number, title="One"))
    for number in (2, 4):
        save(tmp_path / "exports", f"{number}.json", _draft(number, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert subjects(repository)[1:] == ["One: draft 1", "Two: draft 1", "One: draft 2", "Two: draft 2"]
    assert all(older <= newer for older, newer in pairwise(git(repository, "log", "--reverse", "--format=%ct", "HEAD~4..").split()))


def test_a_new_title_keeps_the_folder_and_changes_one_line(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", experiment(title="Named anew", created=T0 + 2 * DAY, fraction="0.1"))
    aml(repository, "pull").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["Trial-aaaaaa"]
    assert git(repository, "diff", "--numstat", "HEAD~1", "--", ":!*/sync.json") == "1\t1\texperiments/Trial-aaaaaa/experiment.json"
    assert subjects(repository)[-1] == "Named anew: draft 2"


def test_a_folder_that_the_user_renamed_is_found_by_the_next_pull(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/My own [name] é")
    git(repository, "commit", "--quiet", "-m", "rename")
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["My own [name] é"]
    assert count(repository) == 4
    _settled(repository)


def test_a_removed_node_takes_its_files_away(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    assert len(list(folder(repository, "Trial").glob("nodes/*"))) == 3
    only = experiment(created=T0 + 2 * DAY)
    only["Graph"]["ModuleNodes"] = only["Graph"]["ModuleNodes"][1:]
    only["Graph"]["EdgesInternal"] = []
    save(tmp_path / "exports", "2.json", only)
    aml(repository, "pull").expect(OK)
    assert [path.name.split()[0] for path in folder(repository, "Trial").glob("nodes/*")] == ["Split"]
    _settled(repository)


def test_a_graph_that_becomes_empty_keeps_its_folder(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", experiment(created=T0 + 2 * DAY, nodes=()))
    aml(repository, "pull").expect(OK)
    assert not list(folder(repository, "Trial").glob("nodes/*"))
    _archive(tmp_path, 3)
    aml(repository, "pull").expect(OK)
    assert len(list(folder(repository, "Trial").glob("nodes/*"))) == 3
    _settled(repository)


def test_removed_with_amlgit_rm_it_stays_away(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    assert "would remove" in aml(repository, "rm", "--dry-run", "Trial").expect(OK).out
    assert dirty(repository) == []
    aml(repository, "rm", "Trial").expect(OK)
    assert not folder(repository, "Trial").exists()
    assert all(line[0] in "DM" and line[1] == " " for line in dirty(repository))
    git(repository, "commit", "--quiet", "-m", "away with it")
    _archive(tmp_path, 2)
    before = count(repository)
    aml(repository, "pull").expect(OK)
    assert count(repository) == before
    assert not (repository / "experiments").exists()
    (tip,) = chains(repository).values()
    assert count(repository, tip) == 2
    assert FAMILY in (repository / ".amlgit").read_text(encoding="utf-8")
    _settled(repository)


def test_rm_removes_the_folder_it_was_given_and_no_other_that_its_name_would_match(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", _draft(1, title="One"))
    save(tmp_path / "exports", "2.json", _draft(2, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    git(repository, "mv", "experiments/One-aaaaaa", "experiments/[ab]")
    git(repository, "mv", "experiments/Two-ffffff", "experiments/a")
    git(repository, "commit", "--quiet", "-m", "rename")
    aml(repository, "rm", "[ab]").expect(OK)
    assert [path.name for path in (repository / "experiments").iterdir()] == ["a"]


def test_rm_of_a_folder_with_uncommitted_work_is_refused(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    (folder(repository, "Trial") / "notes.md").write_text("mine")
    assert "notes.md" in aml(repository, "rm", "Trial").expect(REFUSED).err
    assert (folder(repository, "Trial") / "experiment.json").exists()
    assert "skip" not in (repository / ".amlgit").read_text(encoding="utf-8")


def test_removed_with_git_it_is_not_brought_back_and_the_new_version_is_reported(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "rm", "-r", "--quiet", "experiments/Trial-aaaaaa")
    git(repository, "commit", "--quiet", "-m", "away with it")
    aml(repository, "pull").expect(OK)
    assert not (repository / "experiments").exists()
    _archive(tmp_path, 2)
    run = aml(repository, "pull").expect(REFUSED)
    assert "experiments/Trial-aaaaaa: removed here, and 1 new version there" in run.err
    assert not (repository / "experiments").exists()


def test_a_dropped_pull_comes_again(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 2"
    assert count(repository) == 3


def test_a_reverted_pull_stays_reverted_and_the_next_version_still_comes_or_waits(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    git(repository, "revert", "--no-edit", "HEAD")
    reverted = git(repository, "rev-parse", "HEAD")
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "HEAD") == reverted
    assert '"0.1"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_squashed_and_rebased_history_is_no_reason_to_bring_a_version_twice(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1, 2, 3), tmp_path / "r")
    git(repository, "reset", "--soft", "HEAD~3")
    git(repository, "commit", "--quiet", "-m", "all of it")
    assert "Already up to date." in aml(repository, "pull").expect(OK).out
    _archive(tmp_path, 4)
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[1:] == ["all of it", "Trial: draft 4"]


# --- beside a person's own work


def test_pull_into_a_repository_with_commits_and_dirt_of_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "r")
    repository = tmp_path / "r"
    (repository / "code.py").write_text("one\n")
    (repository / "gone.py").write_text("gone\n")
    commit_all(repository, "mine")
    aml(repository, "init").expect(OK)
    aml(repository, "remote", "add", "a", "--archive", _archive(tmp_path, 1, 2)).expect(OK)
    commit_all(repository, "set up")
    (repository / "code.py").write_text("two\n")
    (repository / "gone.py").unlink()
    (repository / "new.py").write_text("new\n")
    (repository / "staged.py").write_text("staged\n")
    git(repository, "add", "staged.py")
    before = dirty(repository)
    aml(repository, "pull", "a").expect(OK)
    assert subjects(repository) == ["mine", "set up", "Trial: draft 1", "Trial: draft 2"]
    assert dirty(repository) == before
    assert (repository / "code.py").read_text() == "two\n"
    fsck(repository)


def test_a_clash_with_an_edit_made_here_waits_while_the_others_are_brought(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", _draft(1, title="One"))
    save(tmp_path / "exports", "2.json", _draft(2, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    edited = node_file(folder(repository, "One"), "Split")
    replace_in(edited, '"0.1"', '"0.75"')
    commit_all(repository)
    aml(repository, "pull").expect(OK)
    save(tmp_path / "exports", "3.json", _draft(3, title="One"))
    save(tmp_path / "exports", "4.json", _draft(4, title="Two", family=OTHER_FAMILY))
    report = aml(repository, "pull", "--json").expect(REFUSED).json
    assert report["status"] == "refused"
    assert [entry["state"] for entry in report["result"]["folders"]] == ["conflicts", "pulled"]
    assert subjects(repository)[-1] == "Two: draft 2"
    assert "<<<<<<<" in edited.read_text()
    assert "a cherry-pick is not finished yet" in aml(repository, "pull").expect(REFUSED).err
    git(repository, "cherry-pick", "--abort")
    assert '"0.75"' in edited.read_text()
    assert count(repository, chains(repository)[f"archive/{FAMILY}"]) == 2
    git(repository, "revert", "--no-edit", "HEAD~1")
    aml(repository, "pull").expect(OK)
    assert '"0.3"' in edited.read_text()
    _settled(repository)


def test_an_edit_that_is_what_the_next_version_holds_is_no_edit(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.1"', '"0.2"')
    commit_all(repository)
    _archive(tmp_path, 2)
    assert "Already up to date." in aml(repository, "pull").expect(OK).out


def test_files_of_a_persons_own_in_the_folder_are_no_edit_and_stay(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    notes = folder(repository, "Trial") / "notes.md"
    notes.write_text("mine")
    commit_all(repository)
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert notes.read_text() == "mine"
    assert subjects(repository)[-1] == "Trial: draft 2"


def test_a_copied_folder_is_named_as_an_error_until_its_binding_is_removed(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    shutil.copytree(folder(repository, "Trial"), repository / "experiments" / "Copy")
    commit_all(repository)
    _archive(tmp_path, 2)
    said = aml(repository, "pull").expect(REFUSED).err
    assert "experiments/Copy" in said
    assert "experiments/Trial-aaaaaa" in said
    (repository / "experiments" / "Copy" / "sync.json").unlink()
    commit_all(repository)
    aml(repository, "pull").expect(OK)
    assert '"0.2"' in node_file(folder(repository, "Trial"), "Split").read_text()
    assert '"0.1"' in node_file(repository / "experiments" / "Copy", "Split").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"archive": 5}', "<<<<<<< HEAD\n"])
def test_a_binding_that_is_broken_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    (folder(repository, "Trial") / "sync.json").write_text(text)
    commit_all(repository)
    run = aml(repository, "pull").expect(REFUSED)
    assert "experiments/Trial-aaaaaa/sync.json" in run.err
    assert "git checkout" in run.err


def test_two_remotes_that_know_one_experiment_have_a_chain_each(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    aml(repository, "remote", "add", "second", "--archive", _archive(tmp_path, 1, 2, name="more")).expect(OK)
    commit_all(repository)
    aml(repository, "pull", "second").expect(OK)
    assert sorted(chains(repository)) == [f"archive/{FAMILY}", f"second/{FAMILY}"]
    assert len({path.name for path in (repository / "experiments").iterdir()}) == len(list((repository / "experiments").iterdir()))
    assert "which remote?" in aml(repository, "pull").expect(USAGE).err
    fsck(repository)


def test_fetch_touches_neither_branch_nor_work_tree(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    head = git(repository, "rev-parse", "HEAD")
    _archive(tmp_path, 2)
    assert "1 new version (2 in all)" in aml(repository, "fetch").expect(OK).out
    assert git(repository, "rev-parse", "HEAD") == head
    assert "Nothing new." in aml(repository, "fetch").expect(OK).out
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    _settled(repository)


def test_pull_reports_as_json(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    _archive(tmp_path, 2)
    save(tmp_path / "exports", "broken.json", "{")
    report = aml(repository, "pull", "--json").expect(PARTLY).json
    assert (report["format_version"], report["command"], report["status"], report["diagnostics"]) == ("1.0", "pull", "partly", [])
    assert report["result"]["folders"] == [{"path": "experiments/Trial-aaaaaa", "title": "Trial", "commits": 1, "state": "pulled", "waiting": 0}]
    assert [problem["name"] for problem in report["result"]["fetched"]["problems"]] == ["broken.json"]
    assert report["result"]["head"] == git(repository, "rev-parse", "HEAD")


# --- nothing uncommitted is overwritten (law 8)


def _worktree(repository: Path) -> dict[str, bytes]:
    return {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repository).parts
    }


@pytest.mark.parametrize("kind", ["changed", "staged", "staged and changed back", "deleted", "deleted and staged", "link", "folder", "mode"])
def test_an_uncommitted_change_in_a_folder_that_is_pulled_stops_the_pull_before_anything_moves(tmp_path: Path, kind: str) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    target = node_file(folder(repository, "Trial"), "Split")
    text = target.read_bytes()
    if kind.startswith(("changed", "staged")):
        target.write_bytes(text.replace(b'"0.1"', b'"0.9"'))
    else:
        target.unlink()
    if "staged" in kind:
        git(repository, "add", "--all")
    if kind == "staged and changed back":
        target.write_bytes(text)
    if kind == "link":
        target.symlink_to(tmp_path / "elsewhere")
    if kind == "folder":
        target.mkdir()
        (target / "inside.txt").write_text("mine")
    if kind == "mode":
        target.write_bytes(text)
        target.chmod(0o755)
    _archive(tmp_path, 2)
    state = (dirty(repository), git(repository, "rev-parse", "HEAD"), _worktree(repository), git_bytes(repository, "ls-files", "--stage"))
    said = aml(repository, "pull").expect(REFUSED).err
    assert "uncommitted changes would be overwritten" in said
    assert "Split Data 2-0002" in said
    assert state == (dirty(repository), git(repository, "rev-parse", "HEAD"), _worktree(repository), git_bytes(repository, "ls-files", "--stage"))


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_an_untracked_file_in_the_way_stops_the_pull(tmp_path: Path, ignored: bool, inside: bool) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    if inside:
        three = experiment(created=T0 + 2 * DAY, nodes=[entry["ModuleId"] for entry in experiment()["Graph"]["ModuleNodes"]] * 2)
        save(tmp_path / "exports", "2.json", three)
        other = clone(tmp_path / "exports", tmp_path / "other")
        in_the_way = folder(repository, "Trial") / "nodes" / node_file(folder(other, "Trial"), "Split Data 4").name
    else:
        save(tmp_path / "exports", "2.json", _draft(2, title="New", family=OTHER_FAMILY))
        in_the_way = folder(repository, "New", OTHER_FAMILY) / "experiment.json"
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("mine")
    if ignored:
        (repository / ".gitignore").write_text(f"{in_the_way.name}\n")
        commit_all(repository)
    head = git(repository, "rev-parse", "HEAD")
    said = aml(repository, "pull").expect(REFUSED).err
    assert in_the_way.name in said
    assert in_the_way.read_text() == "mine"
    assert git(repository, "rev-parse", "HEAD") == head
    in_the_way.unlink()
    aml(repository, "pull").expect(OK)
    _settled(repository)


def test_a_refused_pull_leaves_nothing_lying_about(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.1"', '"0.9"')
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(REFUSED)
    assert leftovers(repository) == []


def test_a_pull_that_was_cut_off_between_files_and_index_is_finished_by_the_next(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    _archive(tmp_path, 2)
    other = clone(tmp_path / "exports", tmp_path / "other")
    shutil.copytree(folder(other, "Trial"), folder(repository, "Trial"), dirs_exist_ok=True)
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 2"
    _settled(repository)


def test_a_file_in_place_of_the_folder_stops_the_pull(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    (repository / "experiments").write_text("mine")
    aml(repository, "remote", "add", "a", "--archive", _archive(tmp_path, 1)).expect(OK)
    aml(repository, "pull").expect(REFUSED)
    assert (repository / "experiments").read_text() == "mine"


def test_a_link_in_place_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    (tmp_path / "elsewhere").mkdir()
    (repository / "experiments").symlink_to(tmp_path / "elsewhere")
    aml(repository, "remote", "add", "a", "--archive", _archive(tmp_path, 1)).expect(OK)
    aml(repository, "pull").expect(REFUSED)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_that_already_is_what_pull_would_write_is_no_obstacle(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", _draft(2, title="New", family=OTHER_FAMILY))
    other = clone(tmp_path / "exports", tmp_path / "other")
    shutil.copytree(folder(other, "New", OTHER_FAMILY), folder(repository, "New", OTHER_FAMILY))
    aml(repository, "pull").expect(OK)
    _settled(repository)


def test_a_lock_of_git_stops_the_pull_and_is_named(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    _archive(tmp_path, 2)
    (repository / ".git" / "index.lock").write_bytes(b"")
    assert "index.lock" in aml(repository, "pull").expect(REFUSED).err
    assert dirty(repository) == []
    (repository / ".git" / "index.lock").unlink()
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    _settled(repository)


def test_hooks_and_signing_are_no_obstacle(tmp_path: Path) -> None:
    repository = clone(_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "config", "commit.gpgsign", "true")
    git(repository, "config", "gpg.program", "false")
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    _archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
