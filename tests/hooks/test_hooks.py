"""What git's hooks say to real commits, merges and pulls: which index they look at, what they let pass."""

import shlex
from pathlib import Path

import pytest

from tests.support.commands import OK, USAGE, Run, aml, clone_samples, git, git_run, on_path, script
from tests.support.repositories import commit_all, count, dirty, replace_in
from tests.support.samples import EVALUATE, NOT_NORMAL, TRAIN, TRAINING

SCORING = "experiments/Customer churn - scoring-3bb5ec"
SCORE = f"{TRAINING}/nodes/Score Model 173-bb60.json"
GOOD = ('"Comment": ""', '"Comment": "fine"')


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the samples with hooks."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    repository = clone_samples(tmp_path / "repository")
    aml(repository, "install", "--hooks").expect(OK)
    return repository


def _refused(run: Run, *said: str) -> None:
    assert run.code != OK
    for words in said:
        assert words in run.out + run.err


def test_a_commit_of_something_broken_is_refused_and_says_what_and_where(repository: Path) -> None:
    before = count(repository)
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git(repository, "add", TRAIN)
    _refused(git_run(repository, "commit", "-m", "bad"), f"{TRAIN}:4: error: Not in normal form", "amlgit check --fix")
    assert count(repository) == before
    git_run(repository, "commit", "--no-verify", "-m", "bad").expect(OK)


def test_commit_all_looks_at_what_it_takes_in(repository: Path) -> None:
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git_run(repository, "commit", "--allow-empty", "-m", "nothing staged").expect(OK)
    _refused(git_run(repository, "commit", "-a", "-m", "bad"), "[normal-form]")
    git(repository, "checkout", "--", ".")
    replace_in(repository / TRAIN, *GOOD)
    git_run(repository, "commit", "-a", "-m", "good").expect(OK)


def test_commit_only_looks_at_the_paths_it_takes_and_not_at_what_else_is_staged(repository: Path) -> None:
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git(repository, "add", TRAIN)
    other = f"{SCORING}/experiment.json"
    replace_in(repository / other, '"Summary": "Scores', '"Summary": "It scores')
    git_run(repository, "commit", "--only", other, "-m", "good").expect(OK)
    assert git(repository, "show", "--name-only", "--format=") == other
    _refused(git_run(repository, "commit", "--only", TRAIN, "-m", "bad"), "[normal-form]")
    git(repository, "checkout", "HEAD", "--", TRAIN)
    replace_in(repository / TRAIN, *NOT_NORMAL)
    _refused(git_run(repository, "commit", "--include", TRAIN, "-m", "bad"), "[normal-form]")


def test_a_commit_from_a_subfolder_and_one_that_names_the_repository_are_looked_at(repository: Path, tmp_path: Path) -> None:
    replace_in(repository / TRAIN, *NOT_NORMAL)
    _refused(git_run(repository / TRAINING, "commit", "-a", "-m", "bad"), "[normal-form]")
    _refused(git_run(tmp_path, "-C", "repository", "commit", "-a", "-m", "bad"), "[normal-form]")
    variables = {"GIT_DIR": str(repository / ".git"), "GIT_WORK_TREE": str(repository)}
    _refused(git_run(tmp_path, "commit", "-a", "-m", "bad", **variables), "[normal-form]")


def test_an_amended_commit_is_looked_at(repository: Path) -> None:
    replace_in(repository / TRAIN, *GOOD)
    commit_all(repository)
    replace_in(repository / EVALUATE, *NOT_NORMAL)
    _refused(git_run(repository, "commit", "-a", "--amend", "--no-edit"), "[normal-form]")
    git(repository, "checkout", "--", EVALUATE)
    replace_in(repository / EVALUATE, *GOOD)
    git_run(repository, "commit", "-a", "--amend", "--no-edit").expect(OK)


def test_the_first_commit_of_a_repository_is_looked_at(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "new")
    aml(tmp_path / "new", "install", "--hooks").expect(OK)
    (tmp_path / "new" / TRAIN).parent.mkdir(parents=True)
    (tmp_path / "new" / TRAIN).write_bytes((repository / TRAIN).read_bytes())
    git(tmp_path / "new", "add", "--all")
    _refused(git_run(tmp_path / "new", "commit", "-m", "bad"), "[missing-file]")


def test_in_a_linked_worktree_the_index_is_its_own(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", "../linked")
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git(repository, "add", TRAIN)
    linked = tmp_path / "linked"
    replace_in(linked / TRAIN, *GOOD)
    git_run(linked, "commit", "-a", "-m", "good").expect(OK)
    replace_in(linked / EVALUATE, *NOT_NORMAL)
    _refused(git_run(linked, "commit", "-a", "-m", "bad"), EVALUATE)
    _refused(git_run(repository, "commit", "-m", "bad"), TRAIN)


def test_in_a_submodule_the_index_is_its_own(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "whole")
    whole = tmp_path / "whole"
    git(whole, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../repository", "part")
    part = whole / "part"
    aml(part, "install", "--hooks").expect(OK)
    replace_in(part / TRAIN, *NOT_NORMAL)
    git_run(whole, "commit", "-m", "whole").expect(OK)
    _refused(git_run(part, "commit", "-a", "-m", "bad"), TRAIN)
    git(part, "checkout", "--", ".")
    replace_in(part / TRAIN, *GOOD)
    git_run(part, "commit", "-a", "-m", "good").expect(OK)


def test_a_hook_that_asks_about_another_repository_hears_about_that_one(repository: Path, tmp_path: Path) -> None:
    other = clone_samples(tmp_path / "other")
    replace_in(repository / TRAIN, *GOOD)
    said = tmp_path / "said"
    ask = f"cd {shlex.quote(str(other))} && amlgit check --staged > {said} 2>&1\n"
    script(repository / ".git" / "hooks" / "post-commit", f"#!/bin/sh\n{ask}")
    script(repository / ".git" / "hooks" / "prepare-commit-msg", f"#!/bin/sh\n{ask}")
    for options in (["-a"], ["--only", TRAIN]):
        git(repository, "commit", "--quiet", *options, "--allow-empty", "-m", "x")
        assert said.read_text() == "No findings in 0 folders.\n"
    assert dirty(other) == []


def test_an_index_that_the_user_names_is_the_one_that_is_looked_at(repository: Path, tmp_path: Path) -> None:
    variables = {"GIT_INDEX_FILE": str(tmp_path / "index")}
    git_run(repository, "read-tree", "HEAD", **variables).expect(OK)
    replace_in(repository / TRAIN, *NOT_NORMAL)
    git_run(repository, "add", TRAIN, **variables).expect(OK)
    _refused(git_run(repository, "commit", "-m", "bad", **variables), "[normal-form]")
    git_run(repository, "commit", "--allow-empty", "-m", "the usual index").expect(OK)


def _diverge(repository: Path, ours: tuple[Path, str, str], theirs: tuple[Path, str, str]) -> None:
    git(repository, "checkout", "--quiet", "-b", "theirs")
    replace_in(*theirs)
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    replace_in(*ours)
    commit_all(repository, "ours")


def test_a_merge_can_be_concluded_only_once_its_markers_are_gone(repository: Path) -> None:
    path = repository / TRAIN
    _diverge(repository, (path, '"Comment": ""', '"Comment": "ours"'), (path, '"Comment": ""', '"Comment": "theirs"'))
    assert git_run(repository, "merge", "theirs").code == 1
    git(repository, "add", TRAIN)
    _refused(git_run(repository, "commit", "--no-edit"), "[conflict-marker]")
    git(repository, "checkout", "theirs", "--", TRAIN)
    git(repository, "add", TRAIN)
    git_run(repository, "commit", "--no-edit").expect(OK)
    assert git(repository, "rev-list", "--count", "--merges", "HEAD") == "1"


def _remove_node(repository: Path) -> None:
    """Take 'Evaluate Model' out, as one side of a merge does that the other side wires to it."""
    git(repository, "rm", "--quiet", EVALUATE)
    layout = repository / TRAINING / "layout.json"
    layout.write_text("".join(line for line in layout.read_text().splitlines(keepends=True) if "Evaluate Model" not in line))
    aml(repository, "check", "--fix", TRAINING)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--no-verify", "-m", "without the evaluation")


def _clean_merge_into_a_dangling_edge(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side")
    _remove_node(repository)
    git(repository, "checkout", "--quiet", "main")
    replace_in(repository / SCORE, "Train Model 166-bb60:Trained model", "Evaluate Model 181-bb60:Trained model")
    git(repository, "commit", "--quiet", "--no-verify", "-am", "another source")


def test_after_a_clean_merge_what_the_two_sides_make_of_a_graph_is_told(repository: Path) -> None:
    _clean_merge_into_a_dangling_edge(repository)
    run = git_run(repository, "merge", "--no-edit", "side").expect(OK)
    assert f"{SCORE}:" in run.out + run.err
    assert "[dangling-source]" in run.out + run.err
    assert git(repository, "rev-list", "--count", "--merges", "HEAD") == "1"


def test_a_squashed_merge_is_told_of_before_it_is_committed(repository: Path) -> None:
    _clean_merge_into_a_dangling_edge(repository)
    assert "[dangling-source]" in git_run(repository, "merge", "--squash", "side").expect(OK).err
    _refused(git_run(repository, "commit", "-m", "squashed"), "[dangling-source]")


def test_a_pull_is_looked_at_where_it_touched_something(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "repository", "second")
    second = tmp_path / "second"
    aml(second, "install", "--hooks").expect(OK)
    (repository / TRAIN).write_text("{")
    git(repository, "commit", "--quiet", "--no-verify", "-am", "bad")
    run = git_run(second, "pull", "--quiet").expect(OK)
    assert "[json]" in run.out + run.err
    (repository / "notes.txt").write_text("x")
    commit_all_unchecked = ["commit", "--quiet", "--no-verify", "-m", "notes"]
    git(repository, "add", "notes.txt")
    git(repository, *commit_all_unchecked)
    run = git_run(second, "pull", "--quiet").expect(OK)
    assert run.out + run.err == ""


def test_in_a_repository_without_experiments_the_hooks_have_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    git(tmp_path, "init", "--quiet", "plain")
    plain = tmp_path / "plain"
    aml(plain, "install", "--hooks").expect(OK)
    (plain / "x").write_text("<<<<<<< mine\n")
    git(plain, "add", "x")
    run = git_run(plain, "commit", "--quiet", "-m", "x").expect(OK)
    assert run.out + run.err == ""


def test_a_configuration_that_can_not_be_read_stops_a_commit_with_its_reason(repository: Path) -> None:
    (repository / ".amlgit").write_text("nonsense = 1\n")
    replace_in(repository / TRAIN, *GOOD)
    _refused(git_run(repository, "commit", "-a", "-m", "x"), "unknown key")


def test_the_verb_is_for_git_and_not_in_the_help(repository: Path) -> None:
    assert "hook" not in {line.split()[0] for line in aml(repository, "--help").expect(OK).out.splitlines() if line.startswith("  ")}
    assert "pre-push" in aml(repository, "hook", "--help").expect(OK).out
    aml(repository, "hook", "post-checkout").expect(USAGE)
