"""Sharing the record: push --record, a second member's install and fetch, and what git's own verbs do to it."""

import shutil
from pathlib import Path

import pytest

from tests.support.commands import OK, PARTLY, REFUSED, UNREACHABLE, USAGE, aml, clone, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save, trials
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, leftovers, node_file, replace_in, subjects


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A member's repository with two versions, pushed to a bare one, its record not shared yet."""
    repository = clone(trials(tmp_path / "exports", 1, 2), tmp_path / "first")
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", "../team.git")
    git(repository, "push", "--quiet", "-u", "origin", "main")
    return repository


def _second(tmp_path: Path, *options: str, name: str = "second") -> Path:
    """Another member's clone of the team's repository, with amlgit installed and the record fetched."""
    git(tmp_path, "clone", "--quiet", *options, f"file://{tmp_path / 'team.git'}", name)
    repository = tmp_path / name
    run = aml(repository, "install").expect(OK)
    assert "remote.origin.fetch = +refs/amlgit/*:refs/amlgit-shared/origin/*" in run.out
    git(repository, "fetch", "--quiet")
    return repository


def test_push_record_brings_the_chains_and_says_which(first: Path, tmp_path: Path) -> None:
    assert f"would push archive/{FAMILY}" in aml(first, "push", "--record", "--dry-run").expect(OK).out
    assert chains(tmp_path / "team.git") == {}
    assert f"pushed archive/{FAMILY}" in aml(first, "push", "--record").expect(OK).out
    assert chains(tmp_path / "team.git") == chains(first)
    assert "shared already" in aml(first, "push", "--record").expect(OK).out
    fsck(tmp_path / "team.git")


def test_a_clone_without_the_record_says_how_it_comes(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    git(tmp_path, "clone", "--quiet", f"file://{tmp_path / 'team.git'}", "second")
    second = tmp_path / "second"
    ways = "'amlgit install' and then 'git fetch' bring it; 'amlgit fetch archive' makes it anew."
    for asked in (
        ("log", "Trial"),
        ("export", "Trial@2"),
        ("show", "Trial@2"),
        ("diff", "Trial@1", "Trial@2"),
        ("map", "Trial@1"),
        ("blame", "Trial@1"),
    ):
        run = aml(second, *asked).expect(USAGE)
        assert run.err == f"error: the record of 'Trial' is not in this clone, so its versions can't be told\nhint: {ways}\n", asked
    for bare in ("log", "map --all"):
        assert aml(second, *bare.split()).expect(USAGE).err == f"error: the record of versions is not in this clone\nhint: {ways}\n"
    for words in ("map", "map Trial", "blame Trial", "status"):
        run = aml(second, *words.split()).expect(OK)
        assert f"hint: The record of versions is not in this clone: {ways}\n" in run.err, words
    assert "Trial-aaaaaa: Trial is draft (2015-12-" in aml(second, "map").expect(OK).out
    assert "experiments/Trial-aaaaaa: bound to archive, no record here" in aml(second, "status").expect(OK).out
    assert ways in aml(second, "site", tmp_path / "site").expect(OK).err
    aml(second, "install").expect(OK)
    assert "'git fetch' brings it, once a member has shared it" in aml(second, "log").expect(USAGE).err
    git(second, "fetch", "--quiet")
    assert aml(second, "log").expect(OK).out == aml(first, "log").expect(OK).out
    assert "record" not in aml(second, "map").expect(OK).err + aml(second, "blame", "Trial").expect(OK).err


def test_an_experiment_that_no_remote_knows_has_no_versions_and_no_record_is_missed(first: Path) -> None:
    own = first / "experiments" / "Own"
    shutil.copytree(folder(first, "Trial"), own)
    (own / "sync.json").unlink()
    replace_in(own / "experiment.json", '"Trial"', '"Own"')
    commit_all(first)
    assert aml(first, "log", "Own").expect(OK).out == "No versions yet.\n"
    assert "'Own' has no versions: it is bound to no remote" in aml(first, "show", "Own@1").expect(USAGE).err
    assert aml(first, "blame", "Own").expect(OK).err == ""


def test_a_first_pull_tells_only_of_what_is_new(first: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", f"file://{tmp_path / 'team.git'}", "third")
    run = aml(tmp_path / "third", "pull").expect(OK)
    assert run.out == "  Trial: 2 new versions (2 in all)\nThe branch has all of it already.\n"
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path)
    assert aml(second, "pull").expect(OK).out == "Already up to date.\n"
    assert chains(second) == chains(first)


def test_a_second_member_has_every_version_after_install_and_fetch(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path)
    assert aml(second, "log").expect(OK).out == aml(first, "log").expect(OK).out
    assert aml(second, "export", "Trial@1").expect(OK).out == aml(first, "export", "Trial@1").expect(OK).out
    assert "Everything is set up already." in aml(second, "install").expect(OK).out
    assert "version 2 of 2 in archive" in aml(second, "status").expect(OK).out
    assert dirty(second) == []


def test_install_in_a_clone_sets_attributes_and_hunk_headings(first: Path, tmp_path: Path) -> None:
    second = _second(tmp_path)
    assert git(second, "config", "diff.amlgit.xfuncname")
    attributes = git(second, "check-attr", "text", "diff", "--", "experiments/x/nodes/y.json")
    assert "text: unset" in attributes
    assert "diff: amlgit" in attributes
    assert first.exists()


def test_install_without_a_git_remote_or_twice_does_no_harm(tmp_path: Path) -> None:
    repository = clone(trials(tmp_path / "exports", 1), tmp_path / "r")
    assert "Everything is set up already." in aml(repository, "install").expect(OK).out
    assert git(repository, "config", "--get-all", "difftool.amlgit.cmd").count("\n") == 0


def test_members_who_pulled_different_versions_end_with_the_same_chain(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path)
    trials(tmp_path / "exports", 4)
    aml(first, "pull").expect(OK)
    git(second, "config", "user.name", "Second")
    (second / ".amlgit.local").write_text("[remotes.archive]\npath = '../others'\n")
    trials(tmp_path / "others", 3)
    aml(second, "pull").expect(OK)
    assert subjects(second)[-1] == "Trial: draft 3"
    aml(second, "push", "--record").expect(OK)
    aml(first, "push", "--record").expect(OK)
    wanted = chains(clone(trials(tmp_path / "all", 1, 2, 3, 4), tmp_path / "fresh"))
    assert chains(tmp_path / "team.git") == wanted
    assert chains(first) == wanted
    git(second, "fetch", "--quiet")
    aml(second, "pull").expect(OK)
    assert chains(second) == wanted
    assert subjects(second)[-1] == "Trial: draft 4"
    for repository in (first, second, tmp_path / "team.git"):
        fsck(repository)


def test_a_push_of_one_who_knows_less_takes_nothing_away(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path)
    trials(tmp_path / "exports", 3)
    aml(first, "pull").expect(OK)
    aml(first, "push", "--record").expect(OK)
    assert "shared already" in aml(second, "push", "--record").expect(OK).out
    assert chains(tmp_path / "team.git") == chains(first)
    assert count(second, f"refs/amlgit/archive/{FAMILY}") == 3


def test_as_branches_serves_hosts_that_take_only_branches(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record", "--as-branches").expect(OK)
    assert chains(tmp_path / "team.git") == {}
    assert chains(tmp_path / "team.git", "refs/heads/amlgit/") == chains(first)
    second = _second(tmp_path)
    assert aml(second, "log").expect(OK).out == aml(first, "log").expect(OK).out
    assert "Already up to date." in aml(second, "pull").expect(OK).out
    assert "shared already" in aml(second, "push", "--record", "--as-branches").expect(OK).out
    assert git(second, "branch", "--list") == "* main"


def test_plain_push_and_fetch_with_prune_and_gc_do_the_record_no_harm(first: Path, tmp_path: Path) -> None:
    before = chains(first)
    aml(first, "install").expect(OK)
    (first / "mine.txt").write_text("mine")
    commit_all(first)
    git(first, "push", "--quiet")
    assert git(tmp_path / "team.git", "rev-parse", "main") == git(first, "rev-parse", "main")
    assert chains(tmp_path / "team.git") == {}
    git(first, "fetch", "--quiet", "--prune")
    git(first, "fetch", "--quiet", "--prune", "--prune-tags", "origin")
    git(first, "remote", "prune", "origin")
    assert chains(first) == before
    aml(first, "push", "--record").expect(OK)
    git(first, "fetch", "--quiet", "--prune")
    assert chains(first, "refs/amlgit-shared/origin/") == before
    for repository in (first, tmp_path / "team.git"):
        git(repository, "reflog", "expire", "--expire=now", "--all")
        git(repository, "gc", "--quiet", "--prune=now")
        git(repository, "repack", "-a", "-d", "-q")
        git(repository, "prune", "--expire=now")
        assert chains(repository) == before
        fsck(repository)
    assert len(aml(first, "log").expect(OK).out.splitlines()) == 2
    second = _second(tmp_path)
    git(second, "gc", "--quiet", "--prune=now")
    assert aml(second, "export", "Trial@1").expect(OK).out == aml(first, "export", "Trial@1").expect(OK).out


def test_a_pull_after_gc_in_a_second_members_clone_builds_on_shared_objects_alone(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path)
    trials(tmp_path / "exports", 3)
    aml(second, "pull").expect(OK)
    git(second, "gc", "--quiet", "--prune=now")
    assert subjects(second)[-1] == "Trial: draft 3"
    assert leftovers(second) == []
    fsck(second)
    git(second, "update-ref", "-d", f"refs/amlgit-shared/origin/archive/{FAMILY}")
    git(second, "gc", "--quiet", "--prune=now")
    assert count(second, f"refs/amlgit/archive/{FAMILY}") == 3
    fsck(second)


def test_deleting_the_branch_leaves_the_record_and_the_next_pull_rebuilds(first: Path) -> None:
    before = chains(first)
    git(first, "checkout", "--quiet", "--orphan", "new")
    git(first, "rm", "-r", "--quiet", "--cached", ".")
    git(first, "branch", "-D", "main")
    git(first, "gc", "--quiet", "--prune=now")
    assert chains(first) == before
    fsck(first)


@pytest.mark.parametrize("depth", ["1", "2"])
def test_a_shallow_clone_works_once_it_has_the_record(first: Path, tmp_path: Path, depth: str) -> None:
    aml(first, "push", "--record").expect(OK)
    second = _second(tmp_path, "--depth", depth)
    assert (second / ".git" / "shallow").exists()
    assert aml(second, "log").expect(OK).out == aml(first, "log").expect(OK).out
    assert "Already up to date." in aml(second, "pull").expect(OK).out
    trials(tmp_path / "exports", 3)
    aml(second, "pull").expect(OK)
    assert subjects(second)[-1] == "Trial: draft 3"
    aml(second, "push", "--record").expect(OK)
    git(second, "push", "--quiet", "origin", "HEAD:refs/heads/shallow")
    fsck(second)
    fsck(tmp_path / "team.git")


def test_a_shallow_clone_without_the_record_works_too(first: Path, tmp_path: Path) -> None:
    assert first.exists()
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'team.git'}", "second")
    second = tmp_path / "second"
    trials(tmp_path / "exports", 3)
    aml(second, "pull").expect(OK)
    assert subjects(second)[-1] == "Trial: draft 3"
    assert dirty(second) == []
    fsck(second)


def test_a_shallow_clone_does_not_bring_back_what_was_removed_and_says_what_it_needs(first: Path, tmp_path: Path) -> None:
    save(tmp_path / "exports", "other.json", experiment("Other", family=OTHER_FAMILY, created=T0 + 9 * DAY))
    aml(first, "pull").expect(OK)
    git(first, "rm", "-r", "--quiet", "experiments/Other-ffffff")
    git(first, "commit", "--quiet", "-m", "away with it")
    (first / "later.txt").write_text("later")
    commit_all(first, "later")
    git(first, "push", "--quiet")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'team.git'}", "second")
    second = tmp_path / "second"
    run = aml(second, "pull")
    assert not folder(second, "Other", OTHER_FAMILY).exists()
    assert (run.code, "unshallow" in run.err) == (REFUSED, True)


def test_a_partial_and_a_single_branch_clone_work(first: Path, tmp_path: Path) -> None:
    aml(first, "push", "--record").expect(OK)
    git(tmp_path / "team.git", "config", "uploadpack.allowFilter", "true")
    git(tmp_path / "team.git", "config", "uploadpack.allowAnySHA1InWant", "true")
    for number, options in enumerate((["--single-branch"], ["--filter=blob:none"]), 3):
        second = _second(tmp_path, *options, name=f"clone{number}")
        assert aml(second, "log").expect(OK).out == aml(first, "log").expect(OK).out
        trials(tmp_path / "exports", number)
        aml(second, "pull").expect(OK)
        assert subjects(second)[-1] == f"Trial: draft {number}"


def test_push_record_names_what_is_missing(first: Path, tmp_path: Path) -> None:
    assert "there is no git remote 'upstream'" in aml(first, "push", "--record", "upstream").expect(USAGE).err
    git(first, "remote", "add", "gone", tmp_path / "nowhere.git")
    assert "git fetch failed" in aml(first, "push", "--record", "gone").expect(UNREACHABLE).err
    assert "push --record" in aml(first, "push").expect(USAGE).err


def test_a_push_that_a_hook_of_the_host_rejects_says_so_and_changes_nothing(first: Path, tmp_path: Path) -> None:
    hook = tmp_path / "team.git" / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho only branches here >&2\nexit 1\n")
    hook.chmod(0o755)
    before = chains(first)
    run = aml(first, "push", "--record")
    assert run.code in (REFUSED, UNREACHABLE)
    assert "only branches here" in run.err
    assert chains(first) == before
    assert chains(first, "refs/amlgit-shared/") == {}


def test_branches_of_members_merge_as_git_merges(first: Path, tmp_path: Path) -> None:
    """Both pulled the same new version, each on a branch of their own; then another one comes."""
    second = _second(tmp_path)
    trials(tmp_path / "exports", 3)
    for repository in (first, second):
        aml(repository, "pull").expect(OK)
    git(first, "push", "--quiet")
    git(second, "pull", "--quiet", "--rebase")
    assert git(second, "rev-parse", "HEAD") == git(first, "rev-parse", "HEAD")
    trials(tmp_path / "exports", 4)
    aml(second, "pull").expect(OK)
    assert '"0.4"' in node_file(folder(second, "Trial"), "Split").read_text()


def test_the_corpus_is_shared_whole(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus, tmp_path / "first", code=PARTLY)
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", "../team.git")
    git(repository, "push", "--quiet", "-u", "origin", "main")
    aml(repository, "push", "--record").expect(OK)
    second = _second(tmp_path)
    assert chains(second, "refs/amlgit-shared/origin/") == chains(repository)
    assert aml(second, "log").expect(OK).out == aml(repository, "log").expect(OK).out
    fsck(tmp_path / "team.git")
