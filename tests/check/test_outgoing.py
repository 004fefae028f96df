"""Pushes and ranges: no secret and no conflict marker in any commit, whatever the last one says."""

import json
from pathlib import Path

import pytest

from amlgit.workflows.hooks import Push, pushes_of_framework, pushes_told
from tests.support.checking import CONFLICT, KEY
from tests.support.commands import FINDINGS, OK, PARTLY, USAGE, Run, aml, clone, clone_samples, git, git_run, on_path, script
from tests.support.repositories import commit_all, replace_in
from tests.support.samples import TRAIN, TRAINING

PYTHON = f"{TRAINING}/nodes/Execute Python Script 125-bb60.py"
IMPORT = "experiments/Sensor anomalies-76cdc7/nodes/Import Data 205-8825.json"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of the samples with hooks and a place to push to, which has main."""
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    repository = clone_samples(tmp_path / "repository")
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", "../team.git")
    git(repository, "push", "--quiet", "-u", "origin", "main")
    aml(repository, "install", "--hooks").expect(OK)
    return repository


def _commit(repository: Path, message: str = "edit") -> str:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--no-verify", "-m", message)
    return git(repository, "rev-parse", "HEAD")


def _plant(repository: Path, path: str = TRAIN) -> str:
    """A commit with a secret in it, and one that takes it out again; gives the first."""
    if path.endswith(".py"):
        (repository / path).write_text((repository / path).read_text() + f'account_key = "{KEY}"\n')
    elif path == IMPORT:
        replace_in(repository / path, "${secret:Account Key}", "tiger99")
    else:
        replace_in(repository / path, '"Comment": ""', f'"Comment": "AccountKey={KEY}"')
    planted = _commit(repository, "planted")
    git(repository, "checkout", "--quiet", "HEAD~1", "--", path)
    _commit(repository, "gone again")
    return planted


def _refused(run: Run, *said: str) -> None:
    assert run.code != OK
    assert KEY not in run.out + run.err
    for words in said:
        assert words in run.out + run.err


@pytest.mark.parametrize("path", [TRAIN, PYTHON, IMPORT, f"{TRAINING}/experiment.json", f"{TRAINING}/sync.json"])
def test_a_secret_in_any_commit_stops_the_push_and_commit_file_and_remedy_are_named(repository: Path, path: str) -> None:
    if path.endswith(("experiment.json", "sync.json")):
        replace_in(repository / path, "{\n", '{\n  "Comment": "",\n')
        _commit(repository)
        git(repository, "push", "--quiet", "--no-verify")
    planted = _plant(repository, path)
    _refused(git_run(repository, "push"), path, f"In commit {planted[:12]}", "[secret]", "git rebase -i")
    assert git(repository, "ls-remote", "origin", "main").split()[0] != git(repository, "rev-parse", "HEAD")
    git_run(repository, "push", "--no-verify").expect(OK)


def test_a_conflict_marker_in_any_commit_stops_the_push(repository: Path) -> None:
    (repository / TRAIN).write_text(CONFLICT)
    planted = _commit(repository)
    git(repository, "checkout", "--quiet", "HEAD~1", "--", TRAIN)
    _commit(repository)
    _refused(git_run(repository, "push"), f"{TRAIN}:1", f"In commit {planted[:12]}", "[conflict-marker]")


def test_a_secret_in_a_web_service_stops_the_push(repository: Path) -> None:
    (definition,) = repository.glob("webservices/*/definition.json")
    replace_in(definition, "${secret:storageAccount.key}", "a-secret-of-ours")
    planted = _commit(repository)
    _refused(git_run(repository, "push"), "definition.json", f"In commit {planted[:12]}", "[secret]")


def test_what_is_fine_is_pushed_without_a_word(repository: Path, tmp_path: Path) -> None:
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "fine"')
    _commit(repository)
    run = git_run(repository, "push", "--quiet").expect(OK)
    assert run.out + run.err == ""
    assert git(tmp_path / "team.git", "rev-parse", "main") == git(repository, "rev-parse", "HEAD")


def test_what_the_remote_has_is_not_looked_at_again(repository: Path) -> None:
    _plant(repository)
    git(repository, "push", "--quiet", "--no-verify")
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "fine"')
    _commit(repository)
    git_run(repository, "push").expect(OK)
    git_run(repository, "push", "origin", "HEAD:refs/heads/another").expect(OK)


def test_another_remote_that_lacks_it_is_told(repository: Path, tmp_path: Path) -> None:
    planted = _plant(repository)
    git(repository, "push", "--quiet", "--no-verify")
    git(tmp_path, "init", "--quiet", "--bare", "public.git")
    _refused(git_run(repository, "push", "../public.git", "main"), f"In commit {planted[:12]}")
    git(repository, "remote", "add", "public", "../public.git")
    _refused(git_run(repository, "push", "public", "main"), f"In commit {planted[:12]}")


def test_new_branches_tags_and_several_refs_are_looked_at(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side")
    planted = _plant(repository)
    git(repository, "tag", "-a", "-m", "a tag", "marked")
    git(repository, "branch", "fine", "main")
    for refs in (["side"], ["marked"], ["fine", "side"], ["--all"]):
        _refused(git_run(repository, "push", "origin", *refs), f"In commit {planted[:12]}")
    git_run(repository, "push", "origin", "fine").expect(OK)


def test_a_branch_that_is_deleted_there_and_a_push_of_nothing_pass(repository: Path) -> None:
    git(repository, "push", "--quiet", "origin", "main:refs/heads/old")
    _plant(repository)
    git_run(repository, "push", "origin", ":old").expect(OK)
    git_run(repository, "push", "origin", "origin/main:main").expect(OK)


def test_a_rewritten_branch_is_looked_at_where_it_is_new(repository: Path) -> None:
    replace_in(repository / TRAIN, '"Comment": ""', '"Comment": "fine"')
    _commit(repository)
    git(repository, "push", "--quiet")
    replace_in(repository / TRAIN, '"Comment": "fine"', f'"Comment": "AccountKey={KEY}"')
    git(repository, "commit", "--quiet", "--no-verify", "-a", "--amend", "--no-edit")
    _refused(git_run(repository, "push", "--force"), f"In commit {git(repository, 'rev-parse', 'HEAD')[:12]}")


def test_a_merge_is_looked_at_for_what_it_alone_brings(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side")
    (repository / "notes.txt").write_text("x")
    _commit(repository)
    git(repository, "checkout", "--quiet", "main")
    (repository / "other.txt").write_text("x")
    _commit(repository)
    git(repository, "merge", "--quiet", "--no-commit", "side")
    replace_in(repository / TRAIN, '"Comment": ""', f'"Comment": "AccountKey={KEY}"')
    planted = _commit(repository)
    assert git(repository, "rev-list", "--count", "--merges", "HEAD") == "1"
    _refused(git_run(repository, "push"), f"In commit {planted[:12]}", TRAIN)


def test_a_secret_that_was_allowed_passes(repository: Path) -> None:
    (repository / PYTHON).write_text((repository / PYTHON).read_text() + f'account_key = "{KEY}"\n')
    run = aml(repository, "check").expect(FINDINGS)
    (allow,) = [line for line in run.err.splitlines() if "amlgit secret allow" in line]
    aml(repository, "secret", "allow", allow.split("allow ")[1].split("'")[0]).expect(OK)
    _commit(repository)
    git_run(repository, "push").expect(OK)


def test_the_users_own_files_are_the_users_own(repository: Path) -> None:
    for path in ("notes.md", "experiments/notes.md", f"{TRAINING}/notes.md", "experiments/mine/notes.md"):
        (repository / path).parent.mkdir(exist_ok=True)
        (repository / path).write_text(f'account_key = "{KEY}"\n<<<<<<< mine\n')
    _commit(repository)
    git_run(repository, "push").expect(OK)


def test_pushing_the_record_is_not_stopped(repository: Path) -> None:
    aml(repository, "push", "--record").expect(OK)


def test_what_a_clone_brings_passes_whole(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "empty.git")
    run = git_run(repository, "push", "../empty.git", "main").expect(OK)
    assert "error" not in run.err


def test_what_a_clone_of_the_corpus_brings_passes_whole(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "repository", code=PARTLY)
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    report = aml(repository, "check", "--range", f"{first}..HEAD", "--json")
    assert [finding for finding in report.json["result"]["findings"] if finding["rule"] in ("secret", "conflict-marker")] == []


def test_few_processes_of_git_serve_many_commits(repository: Path, tmp_path: Path) -> None:
    for number in range(30):
        path = repository / TRAIN
        path.write_text(path.read_text().replace('"Comment": "', f'"Comment": "{number} ', 1))
        _commit(repository)
    log = tmp_path / "calls"
    real = git(tmp_path, "--exec-path")
    script(tmp_path / "counted" / "git", f'#!/bin/sh\necho "$*" >> {log}\nexec {real}/git "$@"\n')
    told = f"refs/heads/main {git(repository, 'rev-parse', 'HEAD')} refs/heads/main {git(repository, 'rev-parse', 'origin/main')}\n"
    script(tmp_path / "ask", f"#!/bin/sh\nPATH={tmp_path / 'counted'}:$PATH\nprintf '{told}' | amlgit hook pre-push origin ../team.git\n")
    git_run(repository, "-c", f"alias.ask=!{tmp_path / 'ask'}", "ask").expect(OK)
    assert len(log.read_text().splitlines()) <= 5


def test_gits_lines_are_taken_apart_from_the_end() -> None:
    lines = f"HEAD@{{1 day ago}} {'a' * 40} refs/heads/x {'b' * 40}\n(delete) {'0' * 40} refs/heads/y {'c' * 40}\n"
    assert pushes_told(lines) == [Push("a" * 40, "refs/heads/x", "b" * 40), Push("0" * 40, "refs/heads/y", "c" * 40)]
    assert pushes_told("") == []


def test_what_the_framework_hands_on_is_one_push() -> None:
    known = {"PRE_COMMIT_LOCAL_BRANCH": "refs/heads/x", "PRE_COMMIT_REMOTE_BRANCH": "refs/heads/y"}
    assert pushes_of_framework(known) == [Push("refs/heads/x", "refs/heads/y", "")]
    assert pushes_of_framework({**known, "PRE_COMMIT_FROM_REF": "a", "PRE_COMMIT_TO_REF": "b"}) == [Push("b", "refs/heads/y", "a")]
    assert pushes_of_framework({}) == []


def test_what_is_no_line_of_gits_is_an_error_of_usage(repository: Path) -> None:
    script(repository / "ask", "#!/bin/sh\necho nonsense | amlgit hook pre-push origin x\n")
    assert "no line of git's" in git_run(repository, "-c", "alias.ask=!./ask", "ask").expect(USAGE).err


# --- ranges


def test_a_range_finds_what_a_later_commit_took_out(repository: Path) -> None:
    planted = _plant(repository)
    assert "No findings" in aml(repository, "check").expect(OK).err
    run = aml(repository, "check", "--range", "origin/main..HEAD").expect(FINDINGS)
    assert f"In commit {planted[:12]}" in run.out
    assert len(run.out.splitlines()) == 1
    assert run.err.endswith("1 error in 1 folder.\n")


def test_a_range_checks_the_folders_it_touches_as_they_are_in_the_end(repository: Path) -> None:
    replace_in(repository / TRAIN, '"CommentCollapsed": true', '"CommentCollapsed":true')
    _commit(repository)
    (repository / IMPORT).write_text("{")
    report = aml(repository, "check", "--range", "origin/main..", "--json").expect(FINDINGS).json["result"]
    assert [(finding["rule"], finding["path"]) for finding in report["findings"]] == [("normal-form", TRAIN)]
    assert report["checked"] == 1
    assert (
        aml(repository, "check", "--range", "origin/main..HEAD", "experiments/Sensor anomalies-76cdc7").expect(OK).err
        == "No findings in 0 folders.\n"
    )


def test_one_fault_is_told_once(repository: Path) -> None:
    replace_in(repository / TRAIN, '"Comment": ""', f'"Comment": "AccountKey={KEY}"')
    planted = _commit(repository)
    run = aml(repository, "check", "--range", "origin/main..HEAD").expect(FINDINGS)
    assert [line for line in run.out.splitlines() if "[secret]" in line] == run.out.splitlines()
    assert run.out.count("\n") == 1
    assert planted[:12] in run.out


def test_a_range_from_nothing_is_the_whole_history(repository: Path) -> None:
    planted = _plant(repository)
    run = aml(repository, "check", "--range", f"{'0' * 40}..HEAD").expect(FINDINGS)
    assert f"In commit {planted[:12]}" in run.out
    assert "in 4 folders" in run.err


def test_a_range_can_be_had_as_sarif(repository: Path) -> None:
    _plant(repository)
    document = json.loads(aml(repository, "check", "--range", "origin/main..HEAD", "--sarif").expect(FINDINGS).out)
    assert [result["ruleId"] for result in document["runs"][0]["results"]] == ["secret"]


@pytest.mark.parametrize("between", ["main", "..HEAD", "nowhere..HEAD", "main...HEAD", ""])
def test_what_is_no_range_is_an_error_of_usage(repository: Path, between: str) -> None:
    aml(repository, "check", "--range", between).expect(USAGE)


@pytest.mark.parametrize("options", [["--staged"], ["--fix"], ["HEAD"], ["--json", "--sarif"]])
def test_a_range_goes_with_paths_alone(repository: Path, options: list[str]) -> None:
    aml(repository, "check", "--range", "origin/main..HEAD", *options).expect(USAGE)


def test_in_a_shallow_clone_a_range_says_what_it_needs(repository: Path, tmp_path: Path) -> None:
    old = git(repository, "rev-parse", "HEAD~2")
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'team.git'}", "shallow")
    assert "--unshallow" in aml(tmp_path / "shallow", "check", "--range", f"{old}..HEAD").expect(USAGE).err


def test_a_push_of_good_commits_from_a_shallow_clone_passes(repository: Path, tmp_path: Path) -> None:
    assert repository.exists()
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{tmp_path / 'team.git'}", "shallow")
    shallow = tmp_path / "shallow"
    aml(shallow, "install", "--hooks").expect(OK)
    replace_in(shallow / TRAIN, '"Comment": ""', '"Comment": "fine"')
    commit_all(shallow)
    git_run(shallow, "push").expect(OK)
