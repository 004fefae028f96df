"""`amlgit merge`: git's merge with graph rules; nothing uncommitted is lost, nothing unsound is committed."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.branches import (
    APART,
    CLASH,
    FED,
    FOLDER,
    FRACTION_3,
    LAST_FED,
    LAST_NODE,
    LAYOUT,
    RETITLED,
    SCRIPT_NODE,
    SPLIT_NODE,
    Edit,
    edit,
    fork,
    on_theirs,
    start,
)
from tests.support.commands import FINDINGS, OK, REFUSED, USAGE, aml, clone_samples, environment, git, git_run, script, without_amlgit
from tests.support.differences import read_export
from tests.support.exports import Document, experiment, save
from tests.support.repositories import commit_all, dirty, fsck

REWIRED: Edit = (LAST_NODE, LAST_FED, FED)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone; there is no amlgit on the PATH, for `amlgit merge` brings its own."""
    monkeypatch.setenv("PATH", without_amlgit())
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    return start(tmp_path)


def _state(repository: Path) -> tuple[object, ...]:
    """Everything that a dry run must leave alone: files, index, refs."""
    files = {str(path): path.read_bytes() for path in repository.rglob("*") if path.is_file() and ".git" not in path.relative_to(repository).parts}
    return files, git(repository, "ls-files", "--stage"), git(repository, "for-each-ref"), git(repository, "rev-parse", "HEAD")


# --- as git merge


def test_what_we_have_already_is_up_to_date_and_what_goes_on_from_us_is_a_fast_forward(repository: Path) -> None:
    assert aml(repository, "merge", "HEAD").expect(OK).out == "HEAD: up to date\n"
    on_theirs(repository, [FRACTION_3])
    before = _state(repository)
    assert aml(repository, "merge", "theirs", "--dry-run").expect(OK).out == "theirs: would be fast-forward\n"
    assert _state(repository) == before
    assert aml(repository, "merge", "theirs").expect(OK).out == "theirs: fast-forward\n"
    assert git(repository, "rev-parse", "HEAD") == git(repository, "rev-parse", "theirs")


def test_edits_next_to_each_other_are_merged_and_committed_as_git_does(repository: Path) -> None:
    fork(repository, *APART)
    aml(repository, "merge", "theirs").expect(OK)
    assert git(repository, "log", "-1", "--format=%s%n%P") == "Merge branch 'theirs'\n" + git(repository, "rev-parse", "HEAD^1", "theirs").replace(
        "\n", " "
    )
    assert '"0.3"' in (repository / SPLIT_NODE).read_text()
    assert dirty(repository) == []


def test_a_message_can_be_given_and_the_commit_left_to_the_user(repository: Path) -> None:
    fork(repository, *APART)
    run = aml(repository, "merge", "theirs", "--no-commit").expect(OK)
    assert run.out == "theirs: staged\n"
    assert (repository / ".git" / "MERGE_HEAD").exists()
    refused = aml(repository, "merge", "theirs").expect(REFUSED).err
    assert refused.startswith("error: a merge is not finished yet\nhint: 'amlgit resolve' shows what is left to settle; ")
    git(repository, "merge", "--abort")
    aml(repository, "merge", "theirs", "-m", "Both halves").expect(OK)
    assert git(repository, "log", "-1", "--format=%s") == "Both halves"


def test_a_clash_is_left_to_git_and_told(repository: Path) -> None:
    fork(repository, *CLASH)
    before = _state(repository)
    dry = aml(repository, "merge", "theirs", "-n").expect(FINDINGS)
    assert f"conflict: {SPLIT_NODE}" in dry.out
    assert _state(repository) == before
    run = aml(repository, "merge", "theirs", "--json").expect(FINDINGS)
    assert run.json["result"]["conflicts"] == [SPLIT_NODE]
    assert run.json["result"]["faults"] == []
    assert dirty(repository) == [f'UU "{SPLIT_NODE}"']
    git(repository, "merge", "--abort")
    assert _state(repository) == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["nowhere"], USAGE, "there is no commit 'nowhere'"),
        (["theirs", "main"], USAGE, "Name one commit"),
        (["unrelated"], REFUSED, "unrelated histories"),
    ],
)
def test_what_can_not_be_merged_is_refused_with_nothing_changed(repository: Path, arguments: list[str], code: int, said: str) -> None:
    fork(repository, *APART)
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    git(repository, "branch", "unrelated", git(repository, "commit-tree", tree, "-m", "unrelated"))
    before = _state(repository)
    assert said in aml(repository, "merge", *arguments).expect(code).err
    assert _state(repository) == before
    assert dirty(repository) == []


def test_a_branch_without_a_commit_and_a_user_without_a_name_are_refused_first(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fork(repository, *APART)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    assert "does not know who you are" in aml(repository, "merge", "theirs").expect(REFUSED).err
    assert dirty(repository) == []
    git(repository, "checkout", "--quiet", "--orphan", "unborn")
    assert "no commit yet" in aml(repository, "merge", "theirs").expect(REFUSED).err


def test_without_a_commit_nothing_of_a_merge_is_lost(repository: Path) -> None:
    fork(repository, *APART)
    git(repository, "config", "commit.gpgSign", "true")
    git(repository, "config", "gpg.program", "false")
    run = aml(repository, "merge", "theirs").expect(REFUSED)
    assert "the merge is done, and git did not commit it" in run.err
    assert (repository / ".git" / "MERGE_HEAD").exists()
    git(repository, "-c", "commit.gpgSign=false", "commit", "--quiet", "--no-edit")
    assert '"0.3"' in (repository / SPLIT_NODE).read_text()


def test_hooks_of_a_merge_run_and_may_refuse(repository: Path) -> None:
    fork(repository, *APART)
    hooks = repository / ".git" / "hooks"
    script(hooks / "pre-merge-commit", "#!/bin/sh\necho not today >&2\nexit 1\n")
    script(hooks / "post-merge", f'#!/bin/sh\necho "$@" > {repository.parent / "said"}\n')
    assert "pre-merge-commit: not today" in aml(repository, "merge", "theirs").expect(REFUSED).err
    assert not (repository.parent / "said").exists()
    (hooks / "pre-merge-commit").unlink()
    git(repository, "merge", "--abort")
    aml(repository, "merge", "theirs").expect(OK)
    assert (repository.parent / "said").read_text() == "0\n"


def test_modules_that_lie_in_the_work_tree_are_never_run(repository: Path) -> None:
    fork(repository, *APART)
    (repository / "click.py").write_text("raise SystemExit(0)\n")
    aml(repository, "merge", "theirs").expect(OK)
    assert '"0.3"' in (repository / SPLIT_NODE).read_text()
    assert "Regular Expression" in (repository / SPLIT_NODE).read_text()


# --- uncommitted edits


def test_edits_outside_of_what_is_merged_stay_and_those_inside_stop_it(repository: Path) -> None:
    fork(repository, *APART)
    (repository / "notes.txt").write_text("mine")
    edit(repository, RETITLED)
    aml(repository, "merge", "theirs").expect(OK)
    assert dirty(repository) == [f" M {RETITLED[0]}", "?? notes.txt"]
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    edit(repository, (SPLIT_NODE, '"Comment": ""', '"Comment": "uncommitted"'))
    before = _state(repository)
    for staged in (False, True):
        git(repository, "add", "--all") if staged else None
        assert "would be overwritten" in aml(repository, "merge", "theirs").expect(REFUSED).err
    assert _state(repository)[0] == before[0]


def test_a_folder_with_uncommitted_edits_is_never_rewritten_as_a_graph(repository: Path) -> None:
    on_theirs(repository, [], removed=(SPLIT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)
    edit(repository, RETITLED)
    run = aml(repository, "merge", "theirs").expect(FINDINGS)
    assert f"conflict: {LAST_NODE}" in run.out
    assert "Trial of May" in (repository / RETITLED[0]).read_text()
    git(repository, "merge", "--abort")
    assert dirty(repository) == [f" M {RETITLED[0]}"]


# --- what only the whole graph shows


def _dangling(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)


def _circle(repository: Path) -> None:
    edit(repository, (LAST_NODE, f", {LAST_FED}", ""))
    commit_all(repository)
    unfed, fed = '{"Name": "Dataset1"}', '{{"Name": "Dataset1", "Source": "{}:Result Dataset"}}'
    fork(repository, [(SCRIPT_NODE, unfed, fed.format("Split Data 3-0003"))], [(LAST_NODE, unfed, fed.format("Split Data 2-0002"))])


@pytest.mark.parametrize(("make", "rule"), [(_dangling, "dangling-source"), (_circle, "cycle")])
def test_what_is_wrong_with_the_graph_alone_is_told_and_not_committed(repository: Path, make: object, rule: str) -> None:
    assert callable(make)
    make(repository)
    assert git_run(repository, "merge-tree", "--write-tree", "main", "theirs").code == 0  # git sees nothing
    before = _state(repository)
    for options in (["--dry-run"], []):
        run = aml(repository, "merge", "theirs", "--json", *options).expect(FINDINGS)
        assert [fault["rule"] for fault in run.json["result"]["faults"]] == [rule]
        assert run.json["result"]["conflicts"] == []
        assert _state(repository) == before or not options
    assert (repository / ".git" / "MERGE_HEAD").exists()
    git(repository, "merge", "--abort")
    assert _state(repository) == before


def test_faults_that_a_side_had_before_do_not_stop_a_merge(repository: Path) -> None:
    edit(repository, (LAST_NODE, LAST_FED, '"Source": "Nothing 1-0000:x"'))
    commit_all(repository)
    fork(repository, *APART)
    aml(repository, "merge", "theirs").expect(OK)


def test_a_port_that_we_rewired_and_whose_source_they_removed_is_merged_as_a_graph(repository: Path) -> None:
    on_theirs(repository, [], removed=(SPLIT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)
    dry = aml(repository, "merge", "theirs", "-n").expect(OK)
    assert f"{FOLDER}: merged as a whole graph" in dry.out
    run = aml(repository, "merge", "theirs").expect(OK)
    assert f"{FOLDER}: merged as a whole graph" in run.out
    assert FED in (repository / LAST_NODE).read_text()
    assert not (repository / SPLIT_NODE).exists()
    _is_sound(repository)


def _is_sound(repository: Path) -> None:
    assert dirty(repository) == []
    run = aml(repository, "check").expect(OK)
    assert "warning" not in run.out + run.err
    assert len(git(repository, "log", "-1", "--format=%P").split()) == 2


def test_a_node_that_they_created_anew_and_we_edited_is_merged_as_a_graph(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "theirs")
    for path in (repository / FOLDER).rglob("*.json"):
        path.write_text(path.read_text().replace("Split Data 2-0002", "Split Data 9-0009").replace("0002c0de", "0009c0de").replace("000-2", "000-9"))
    new = (repository / SPLIT_NODE).rename(repository / f"{FOLDER}/nodes/Split Data 9-0009.json")
    aml(repository, "check", "--fix").expect(OK)
    commit_all(repository)
    git(repository, "checkout", "--quiet", "main")
    edit(repository, FRACTION_3)
    commit_all(repository)
    run = aml(repository, "merge", "theirs").expect(OK)
    assert f"{FOLDER}: merged as a whole graph" in run.out
    assert '"0.3"' in new.read_text()
    assert not (repository / SPLIT_NODE).exists()
    _is_sound(repository)


def test_a_node_that_they_removed_and_we_edited_stays_a_conflict(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, (SCRIPT_NODE, "3.5", "3.6"))
    commit_all(repository)
    run = aml(repository, "merge", "theirs").expect(FINDINGS)
    assert f"conflict: {SCRIPT_NODE}" in run.out
    assert f'UD "{SCRIPT_NODE}"' in dirty(repository)


def test_a_box_of_a_node_that_they_removed_goes_with_it(repository: Path) -> None:
    on_theirs(repository, [], removed=(LAST_NODE,))
    edit(repository, (LAYOUT, '"300,600,200,60"', '"400,600,200,60"'))
    commit_all(repository)
    aml(repository, "merge", "theirs").expect(OK)
    assert "Split Data 3" not in (repository / LAYOUT).read_text()
    _is_sound(repository)


def test_definitions_of_web_services_are_merged_by_the_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    repository = clone_samples(tmp_path / "repository")
    (path,) = (str(found.relative_to(repository)) for found in repository.glob("webservices/*/definition.json"))
    lines = (repository / path).read_text().splitlines()
    places = [index for index, line in enumerate(lines) if '"value": "' in line][:2]
    words = [(lines[index], lines[index].replace('"value": "', '"value": "new ')) for index in places]
    fork(repository, [(path, *words[0])], [(path, *words[1])])
    aml(repository, "merge", "theirs").expect(OK)
    assert all(new in (repository / path).read_text() for _, new in words)


# --- files anywhere


def test_three_exports_anywhere_are_merged_into_one(tmp_path: Path) -> None:
    made = {"base": experiment(), "ours": experiment(fraction="0.3"), "theirs": experiment(summary="Theirs.")}
    base, ours, theirs = (save(tmp_path, f"{name}.json", document) for name, document in made.items())
    target = tmp_path / "merged.json"
    aml(tmp_path, "merge", "--no-index", base, ours, theirs, "-o", target).expect(OK)
    merged = read_export(target.read_bytes())
    assert merged == read_export(save(tmp_path, "expected.json", experiment(fraction="0.3", summary="Theirs.")).read_bytes())
    assert aml(tmp_path, "merge", "--no-index", base, ours, theirs).expect(OK).out.encode() == target.read_bytes()
    other = save(tmp_path, "other.json", experiment(fraction="0.4"))
    target.unlink()
    run = aml(tmp_path, "merge", "--no-index", base, ours, other, "-o", target).expect(FINDINGS)
    assert "0.3" in run.out
    assert "0.4" in run.out
    assert not target.exists()
    for wrong in (["--no-index", base, ours], [base], ["--no-index", base, ours, tmp_path / "nowhere.json"]):
        assert aml(tmp_path, "merge", *wrong).code == USAGE


def test_the_statuses_of_a_merged_export_are_ours_however_they_are_written(tmp_path: Path) -> None:
    def statuses(code: str) -> list[Document]:
        return [{"NodeId": "n", "Status": {"StatusCode": code, "CreationTime": "/Date(0)/"}}]

    ours = experiment(fraction="0.3", NodeStatuses=statuses("Failed"))
    save(tmp_path, "base.json", experiment(NodeStatuses=statuses("Finished")))
    save(tmp_path, "theirs.json", experiment(summary="Theirs.", NodeStatuses=statuses("Running")))
    layouts: tuple[Document, ...] = ({"separators": (",", ":")}, {"indent": 2}, {"sort_keys": True})
    for layout in layouts:
        (tmp_path / "ours.json").write_text(json.dumps(ours, **layout))
        merged = json.loads(aml(tmp_path, "merge", "--no-index", "base.json", "ours.json", "theirs.json").expect(OK).out)
        assert merged["NodeStatuses"] == statuses("Failed")
        assert (merged["Summary"], merged["Graph"].keys()) == ("Theirs.", ours["Graph"].keys())


# --- kills


@pytest.mark.parametrize("seed", range(5))
def test_killed_at_any_moment_it_can_be_aborted_or_was_done(repository: Path, seed: int) -> None:
    on_theirs(repository, [], removed=(SPLIT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)
    before = _state(repository)
    variables = environment(GIT_TRACE2_EVENT=str(repository.parent / "trace"))
    process = subprocess.Popen([sys.executable, "-m", "amlgit", "merge", "theirs"], cwd=repository, env=variables, start_new_session=True)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(0.15 + random.Random(seed).random() * 1.2)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 20
    while _git_is_at_work(repository.parent / "trace") and time.monotonic() < deadline:
        pass
    fsck(repository)
    if git(repository, "rev-parse", "HEAD") == before[3]:
        if (repository / ".git" / "MERGE_HEAD").exists():
            git(repository, "merge", "--abort")
        assert _state(repository) == before
        aml(repository, "merge", "theirs").expect(OK)
    _is_sound(repository)


def _git_is_at_work(trace: Path) -> bool:
    """Whether a git that outlived its caller still runs: each notes when it starts and when it ends."""
    time.sleep(0.05)
    noted = trace.read_text() if trace.exists() else ""
    return noted.count('"event":"start"') != noted.count('"event":"atexit"')
