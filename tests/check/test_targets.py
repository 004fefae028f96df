"""Where `check` looks: work tree, index, commits, paths."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from amlgit.store import repository as repositories
from amlgit.workflows.check import CheckReport, choose_targets
from tests.support.checking import ERRORS, PYTHON, PYTHON_SCRIPT, SCORING, TRAIN, TRAINING, check_in, remove, replace, rules, write
from tests.support.commands import FINDINGS, OK, USAGE, aml, git
from tests.support.repositories import commit_all, replace_in


def test_a_staged_copy_is_compared_with_folders_that_are_not_staged(repository: Path) -> None:
    ERRORS["a copied folder"][0](repository)
    git(repository, "add", "--all")
    report = check_in(repository, staged=True)
    assert (report.checked, rules(report)) == (1, [("companion", "experiments/Copy/sync.json")])
    assert TRAINING in report.findings[0].message


def test_staged_looks_only_at_folders_with_staged_changes_and_at_what_is_staged(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    write(f"{SCORING}/experiment.json", "{")(repository)
    git(repository, "add", TRAIN)
    replace(TRAIN, '"CommentCollapsed":true', '"CommentCollapsed": true')(repository)
    report = check_in(repository, staged=True)
    assert (report.checked, rules(report)) == (1, [("normal-form", TRAIN)])


def test_staged_reads_the_index_that_git_gives_a_hook(repository: Path) -> None:
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.write_text(f'#!/bin/sh\nPYTHONPATH="{Path(__file__).parents[2]}" exec "{sys.executable}" -m amlgit check --staged\n')
    hook.chmod(0o755)
    ERRORS["another spelling"][0](repository)
    found = repositories.discover(repository, os.environ)
    completed = found.attempt("commit", "-m", "bad", "--", TRAIN)  # 'commit -- PATH' has an index of its own
    assert completed.returncode != 0
    assert b"[normal-form]" in completed.stdout + completed.stderr
    git(repository, "checkout", "--", ".")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "a good one"')
    git(repository, "commit", "--quiet", "-m", "good", "--", TRAIN)


def test_staged_leaves_out_what_is_only_intended_to_be_added(repository: Path) -> None:
    write(f"{TRAINING}/nodes/new.py", "pass\n")(repository)
    git(repository, "add", "--intent-to-add", f"{TRAINING}/nodes/new.py")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "edited"')
    git(repository, "add", TRAIN)
    assert check_in(repository, staged=True) == CheckReport(checked=1, findings=())


def test_staged_names_files_that_are_not_merged_yet(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "other")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "theirs"')
    commit_all(repository)
    git(repository, "checkout", "--quiet", "-")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "ours"')
    commit_all(repository)
    assert repositories.discover(repository, os.environ).attempt("merge", "other").returncode == 1
    assert ("conflict-marker", TRAIN) in rules(check_in(repository, staged=True))
    assert rules(check_in(repository)) == [("conflict-marker", TRAIN)]


def test_staged_works_before_the_first_commit(repository: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    git(tmp_path, "init", "--quiet", new)
    shutil.copytree(repository / TRAINING, new / TRAINING)
    remove(PYTHON_SCRIPT)(new)
    git(new, "add", "--all")
    report = check_in(new, staged=True)
    assert (report.checked, rules(report)) == (1, [("script-missing", PYTHON)])


def test_a_removed_folder_is_nothing_to_check(repository: Path) -> None:
    git(repository, "rm", "-r", "--quiet", TRAINING)
    assert check_in(repository, staged=True) == CheckReport(checked=0, findings=())
    assert check_in(repository).checked == 3


@pytest.mark.parametrize(
    "argument", [TRAINING, f"{TRAINING}/", TRAIN, "Customer churn - training", "60959711486b2ce482976a3ae4cef45b", Path(TRAINING).name]
)
def test_a_path_may_be_a_folder_a_file_or_an_experiment(repository: Path, argument: str) -> None:
    write(TRAIN, "{")(repository)
    write(f"{SCORING}/experiment.json", "{")(repository)
    targets = choose_targets(repositories.discover(repository, os.environ), [argument], repository)
    report = check_in(repository, *targets.paths)
    assert (report.checked, rules(report)) == (1, [("json", TRAIN)])


def test_paths_start_where_the_command_does(repository: Path) -> None:
    run = aml(repository / TRAINING, "check", "nodes")
    assert run.expect(OK).err == "No findings in 1 folder.\n"
    assert aml(repository / "experiments", "check", ".").expect(OK).err == "No findings in 3 folders.\n"


def test_what_is_no_path_and_no_experiment_is_a_commit(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    bad = commit_all(repository)
    git(repository, "checkout", "--quiet", "HEAD~1")
    assert aml(repository, "check").code == OK
    assert aml(repository, "check", bad[:12]).code == FINDINGS
    assert aml(repository, "check", bad, SCORING).code == OK


def test_what_is_nothing_at_all_is_an_error_of_usage(repository: Path, tmp_path: Path) -> None:
    assert "'nothing' is no path here, and there is no commit or experiment 'nothing'" in aml(repository, "check", "nothing").expect(USAGE).err
    run = aml(repository, "check", "--range", "nowhere..HEAD").expect(USAGE)
    assert run.err == f"error: there is no commit 'nowhere'\nhint: Branches: {git(repository, 'branch', '--show-current')}.\n"
    assert "amlgit check --range HEAD~1..HEAD" in aml(repository, "check", "HEAD~1..HEAD").expect(USAGE).err
    assert "is not in the repository" in aml(repository, "check", tmp_path).expect(USAGE).err
    assert "both commits" in aml(repository, "check", "HEAD", "HEAD~1").expect(USAGE).err
    for arguments in (["--fix", "--staged"], ["--fix", "HEAD"], ["--staged", "HEAD"], ["--json", "--sarif"]):
        aml(repository, "check", *arguments).expect(USAGE)
