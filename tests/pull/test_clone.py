"""clone and init: an archive becomes commits on a branch and chains beside it."""

import shutil
from pathlib import Path

import pytest

from tests.support.archives import an_archive, settled, zipped
from tests.support.commands import OK, PARTLY, REFUSED, USAGE, aml, clone, clone_samples, git
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, subjects

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
    settled(repository)


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
    settled(repository)


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
    assert git(repository, "count-objects").startswith("0 objects"), "all of it is packed"
    settled(repository)


@pytest.mark.parametrize("kind", ["experiments", "everything"])
def test_a_zip_gives_the_chains_of_the_folder(corpus: Path, tmp_path: Path, kind: str) -> None:
    source = corpus / "archive" if kind == "experiments" else corpus
    one = clone(source, tmp_path / "one", code=PARTLY)
    other = clone(zipped(source, tmp_path / "all.zip"), tmp_path / "other", code=PARTLY)
    assert chains(one) == chains(other)
    assert git(one, "rev-parse", "HEAD:experiments") == git(other, "rev-parse", "HEAD:experiments")


def test_a_single_file_is_an_archive(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive" / "2017-01-04" / "Topics.json", tmp_path / "r")
    assert subjects(repository)[1:] == ["Topics: draft 1"]
    assert git(repository, "log", "-1", "--format=%at") == "1483488000"
    settled(repository)


# --- the samples


def test_the_samples_become_a_story_in_order_of_time(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    versions = sum(count(repository, tip) for tip in chains(repository).values())
    assert count(repository) == 1 + versions
    times = [int(time) for time in git(repository, "log", "--reverse", "--format=%at", "HEAD~" + str(versions) + "..").split()]
    assert times == sorted(times)
    assert max(count(repository, tip) for tip in chains(repository).values()) >= 5
    assert any(path.suffix == suffix for suffix in (".py", ".R", ".sql") for path in repository.glob("experiments/*/nodes/*"))
    settled(repository)


def test_a_renamed_sample_keeps_its_folder(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    (found,) = repository.glob("experiments/Customer churn - scoring-*")
    titles = git(repository, "log", "--format=%s", "--", f"experiments/{found.name}").splitlines()
    assert len({title.rpartition(": ")[0] for title in titles}) == 2


# --- what clone leaves


def test_a_clone_is_clean_with_its_configuration_committed(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1, 2), tmp_path / "r")
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    assert git(repository, "ls-tree", "-r", "--name-only", first).split() == [".amlgit", ".gitattributes"]
    assert (repository / ".amlgit").read_text(encoding="utf-8").startswith("form = 1\n")
    assert git(repository, "log", "--format=%an <%ae>", first) == "A Tester <tester@example.org>"
    settled(repository)


def test_a_clone_works_where_no_identity_is_configured(tmp_path: Path, isolated: Path) -> None:
    (isolated / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    settled(clone(an_archive(tmp_path, 1), tmp_path / "r"))


def test_a_clone_names_its_folder_after_the_archive(tmp_path: Path) -> None:
    source = an_archive(tmp_path, 1)
    (tmp_path / "here").mkdir()
    aml(tmp_path / "here", "clone", "--archive", f"{source}/").expect(OK)
    assert (tmp_path / "here" / "exports" / ".git").is_dir()


def test_a_clone_into_a_folder_that_holds_something_is_refused_and_touches_nothing(tmp_path: Path) -> None:
    source = an_archive(tmp_path, 1)
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "mine.txt").write_text("mine")
    assert "not an empty folder" in aml(tmp_path, "clone", "--archive", source, "r").expect(USAGE).err
    assert [path.name for path in (tmp_path / "r").iterdir()] == ["mine.txt"]
    (tmp_path / "empty").mkdir()
    clone(source, tmp_path / "empty")


def test_a_clone_of_nothing_leaves_no_folder_behind(tmp_path: Path) -> None:
    assert "there is no archive" in aml(tmp_path, "clone", "--archive", "nowhere", "r").expect(USAGE).err
    assert not (tmp_path / "r").exists()
    assert "can't be a remote's name" in aml(tmp_path, "clone", "--archive", an_archive(tmp_path, 1), "--name", "a/b", "r").expect(USAGE).err
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
    an_archive(tmp_path, 1)
    aml(tmp_path / "r", "pull").expect(OK)
    assert count(tmp_path / "r") == 2


def test_a_clone_has_its_archive_in_the_configuration_relative_to_itself(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r", "--name", "years")
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
    source = an_archive(tmp_path, 1, 2)
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
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "remote", "add", "origin", "../x.git")
    before = git(repository, "config", "--local", "--null", "--list")
    aml(repository, "install").expect(OK)
    assert "refs/amlgit-shared/origin/*" in git(repository, "config", "--get-all", "remote.origin.fetch")
    aml(repository, "uninstall").expect(OK)
    after = git(repository, "config", "--local", "--null", "--list")
    assert [entry for entry in before.split("\0") if ".amlgit" not in entry.partition("\n")[0]] == after.split("\0")
    assert "Nothing was set." in aml(repository, "uninstall").expect(OK).out
