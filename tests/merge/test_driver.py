"""git's merges of experiments with our driver: wherever git merges, both sides' edits survive or are a conflict in few lines."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.branches import (
    APART,
    CLASH,
    COMMENTED,
    FOLDER,
    FRACTION,
    FRACTION_3,
    FRACTION_4,
    LAST_NODE,
    LAYOUT,
    MODE,
    RANDOM_MODE,
    RETITLED,
    SCRIPT,
    SCRIPT_NODE,
    SPLIT_NODE,
    Edit,
    conflict,
    edit,
    fork,
    on_theirs,
    remove,
    start,
    without_names,
)
from tests.support.commands import OK, aml, environment, git, git_run, on_path, script, without_amlgit
from tests.support.repositories import commit_all, dirty


def _fraction(number: str) -> str:
    return f'    {{"Name": "Fraction of rows in the first output dataset", "Value": "{number}"}}\n'


def _in_conflict(repository: Path, path: str = SPLIT_NODE, ours: str = "0.3", theirs: str = "0.4") -> None:
    """One file is in conflict, in the lines of one parameter."""
    assert dirty(repository) == [f'UU "{path}"']
    text = without_names((repository / path).read_text())
    assert conflict(_fraction(ours), _fraction(theirs)) in text
    assert text.count("<<<<<<<") == 1


def _values(repository: Path, path: str = SPLIT_NODE) -> list[str]:
    text = (repository / path).read_text()
    return [value for value in ("0.3", "0.4", "Regular Expression", "halves") if f'"{value}"' in text]


# --- wherever git merges

OPERATIONS = {
    "merge": ["merge", "--no-edit", "theirs"],
    "rebase": ["rebase", "theirs"],
    "rebase by applying": ["rebase", "--apply", "theirs"],
    "cherry-pick": ["cherry-pick", "theirs"],
    "merge --squash": ["merge", "--squash", "theirs"],
    "the old strategy": ["merge", "--no-edit", "-s", "recursive", "theirs"],
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_edits_next_to_each_other_are_merged(repository: Path, operation: str) -> None:
    fork(repository, *APART)
    git_run(repository, *OPERATIONS[operation]).expect(OK)
    assert _values(repository) == ["0.3", "Regular Expression"]


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_clash_is_a_conflict_in_the_lines_of_one_parameter(repository: Path, operation: str) -> None:
    fork(repository, *CLASH)
    assert git_run(repository, *OPERATIONS[operation]).code == 1
    is_rebase = operation.startswith("rebase")
    _in_conflict(repository, ours="0.4" if is_rebase else "0.3", theirs="0.3" if is_rebase else "0.4")


def test_a_stash_is_popped_into_edits_next_to_it_and_clashes_honestly(repository: Path) -> None:
    edit(repository, FRACTION_3)
    git(repository, "stash", "--quiet")
    edit(repository, RANDOM_MODE)
    commit_all(repository)
    git_run(repository, "stash", "pop").expect(OK)
    assert _values(repository) == ["0.3", "Regular Expression"]
    git(repository, "stash", "--quiet")
    edit(repository, FRACTION_4)
    commit_all(repository)
    assert git_run(repository, "stash", "pop").code == 1
    _in_conflict(repository, ours="0.4", theirs="0.3")
    assert git(repository, "stash", "list")


def test_a_revert_leaves_later_edits_next_to_it_and_clashes_honestly(repository: Path) -> None:
    edit(repository, FRACTION_3)
    commit_all(repository)
    edit(repository, RANDOM_MODE)
    commit_all(repository)
    git_run(repository, "revert", "--no-edit", "HEAD~1").expect(OK)
    assert _values(repository) == ["Regular Expression"]
    edit(repository, FRACTION_4)
    commit_all(repository)
    assert git_run(repository, "revert", "--no-edit", "HEAD~1").code == 1
    _in_conflict(repository, ours="0.4", theirs="0.3")


def test_a_criss_cross_is_merged_over_a_base_that_git_makes_with_the_driver(repository: Path) -> None:
    fork(repository, [FRACTION_3], [COMMENTED])
    git(repository, "branch", "first")
    git(repository, "merge", "--quiet", "--no-edit", "theirs")
    git(repository, "checkout", "--quiet", "theirs")
    git(repository, "merge", "--quiet", "--no-edit", "first")
    edit(repository, RANDOM_MODE)
    commit_all(repository)
    git(repository, "checkout", "--quiet", "main")
    edit(repository, (SPLIT_NODE, '"Value": "0.3"', '"Value": "0.4"'))
    commit_all(repository)
    assert len(git(repository, "merge-base", "--all", "main", "theirs").split()) == 2
    git_run(repository, "merge", "--no-edit", "theirs").expect(OK)
    assert _values(repository) == ["0.4", "Regular Expression", "halves"]


def test_a_criss_cross_with_a_conflict_in_its_base_is_an_honest_conflict(repository: Path) -> None:
    fork(repository, *CLASH)
    git(repository, "branch", "first")
    for branch, other, number in (("main", "theirs", "0.3"), ("theirs", "first", "0.4")):
        git(repository, "checkout", "--quiet", branch)
        assert git_run(repository, "merge", other).code == 1
        aml(repository, "resolve", "--ours").expect(OK)
        git(repository, "commit", "--quiet", "--no-edit")
        assert _values(repository) == [number]
    git(repository, "checkout", "--quiet", "main")
    assert git_run(repository, "merge", "theirs").code == 1
    _in_conflict(repository)


def test_git_refuses_an_octopus_that_clashes_and_changes_nothing(repository: Path) -> None:
    fork(repository, *CLASH)
    git(repository, "branch", "third", "HEAD~1")
    git(repository, "checkout", "--quiet", "third")
    edit(repository, COMMENTED)
    commit_all(repository)
    git(repository, "checkout", "--quiet", "main")
    assert git_run(repository, "merge", "theirs", "third").code != OK
    git(repository, "reset", "--quiet", "--hard")
    assert _values(repository) == ["0.3"]


# --- renames, removals, additions


def test_edits_follow_a_folder_that_the_other_side_renamed(repository: Path) -> None:
    on_theirs(repository, [FRACTION_4])
    git(repository, "mv", FOLDER, "experiments/Mine")
    edit(repository, (f"experiments/Mine/nodes/{Path(SPLIT_NODE).name}", MODE, RANDOM_MODE[2]))
    commit_all(repository)
    git_run(repository, "merge", "--no-edit", "theirs").expect(OK)
    assert _values(repository, f"experiments/Mine/nodes/{Path(SPLIT_NODE).name}") == ["0.4", "Regular Expression"]
    assert not (repository / FOLDER).exists()


def test_a_new_title_and_other_edits_of_the_experiment_are_merged(repository: Path) -> None:
    fork(repository, [RETITLED], [(RETITLED[0], '"Tags": []', '"Tags": [\n    "may"\n  ]')])
    git_run(repository, "merge", "--no-edit", "theirs").expect(OK)
    text = (repository / RETITLED[0]).read_text()
    assert '"Trial of May"' in text
    assert '"may"' in text


def test_a_node_that_one_side_removed_and_the_other_edited_is_a_conflict(repository: Path) -> None:
    on_theirs(repository, [], removed=(SPLIT_NODE,))
    edit(repository, FRACTION_3)
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1
    assert f'UD "{SPLIT_NODE}"' in dirty(repository)
    assert _values(repository) == ["0.3"]


def test_of_a_node_that_both_sides_added_what_differs_is_in_conflict(repository: Path) -> None:
    new = f"{FOLDER}/nodes/Split Data 9-0009.json"
    text = (repository / SPLIT_NODE).read_text().replace("-2", "-9").replace("0002c0de", "0009c0de")
    for branch, number in (("theirs", "0.4"), ("main", "0.3")):
        git(repository, "checkout", "--quiet", "-B", branch, "main")
        (repository / new).write_text(text.replace("0.5", number))
        commit_all(repository)
        git(repository, "branch", "--quiet", "--force", "main", "HEAD~1") if branch == "theirs" else None
    assert git_run(repository, "merge", "theirs").code == 1
    assert dirty(repository) == [f'AA "{new}"']
    before = f'    {{"Name": "Splitting mode", {MODE}}},\n'
    text = without_names((repository / new).read_text())
    assert conflict(_fraction("0.3"), _fraction("0.4")) in text or conflict(before + _fraction("0.3"), before + _fraction("0.4")) in text


def test_an_edit_never_lands_in_a_like_node_that_took_the_place_of_a_removed_one(repository: Path) -> None:
    edit(repository, (LAST_NODE, '"Comment": ""', '"Comment": "a longer comment that is quite its own"'))
    commit_all(repository)
    on_theirs(repository, [(SPLIT_NODE, FRACTION, '"Value": "0.4"')])
    text = (repository / SPLIT_NODE).read_text()
    remove(repository, SPLIT_NODE)
    new = repository / f"{FOLDER}/nodes/Split Data 9-0009.json"
    new.write_text(text.replace("0002c0de", "0009c0de").replace("000-2", "000-9"))
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1
    ours, theirs = (git(repository, "show", name) + "\n" for name in (f"HEAD:{FOLDER}/nodes/{new.name}", f"theirs:{SPLIT_NODE}"))
    assert without_names(new.read_text()) == conflict(ours, theirs)


def test_boxes_moved_on_both_sides_never_conflict(repository: Path) -> None:
    moved: list[list[Edit]] = [[(LAYOUT, '"200,400,200,60"', f'"{x},400,200,60"')] for x in (300, 500)]
    fork(repository, *moved)
    git_run(repository, "merge", "--no-edit", "theirs").expect(OK)
    assert '"500,400,200,60"' in (repository / LAYOUT).read_text()


def test_scripts_are_merged_by_git_line_by_line(repository: Path) -> None:
    fork(repository, [(SCRIPT, "frame,\n", "frame.dropna(),\n")], [(SCRIPT, "frame,\n", "frame.head(),\n"), (SCRIPT_NODE, "3.5", "3.6")])
    assert git_run(repository, "merge", "theirs").code == 1
    assert conflict("    return frame.dropna(),\n", "    return frame.head(),\n") in without_names((repository / SCRIPT).read_text())
    assert dirty(repository) == [f'M  "{SCRIPT_NODE}"', f'UU "{SCRIPT}"']


# --- where it runs, and what it is told


@pytest.mark.parametrize("name", ["with 'quotes' and \"more\"", "Über 😀", "$(touch x) `touch x` ; touch x", "..x", "-n", "tab\there"])
def test_a_folder_may_have_any_name(repository: Path, name: str) -> None:
    git(repository, "mv", FOLDER, f"experiments/{name}")
    commit_all(repository)
    path = f"experiments/{name}/nodes/{Path(SPLIT_NODE).name}"
    fork(repository, [(path, *FRACTION_3[1:])], [(path, *RANDOM_MODE[1:])])
    git_run(repository, "merge", "--no-edit", "theirs").expect(OK)
    assert _values(repository, path) == ["0.3", "Regular Expression"]
    assert not (repository / "x").exists()


def test_a_title_that_looks_like_a_path_stays_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", on_path(tmp_path / "bin"))
    repository = start(tmp_path, "../../x")
    (found,) = (repository / "experiments").glob("*/nodes/Split Data 2*.json")
    path = str(found.relative_to(repository))
    fork(repository, [(path, *FRACTION_3[1:])], [(path, *FRACTION_4[1:])])
    assert git_run(repository, "merge", "theirs").code == 1
    _in_conflict(repository, path)


def test_a_linked_work_tree_and_a_subfolder_are_as_good(repository: Path, tmp_path: Path) -> None:
    fork(repository, *CLASH)
    git(repository, "worktree", "add", "--quiet", "--detach", tmp_path / "linked", "main")
    assert git_run(tmp_path / "linked" / FOLDER, "merge", "theirs").code == 1
    _in_conflict(tmp_path / "linked")


@pytest.mark.parametrize("setting", ["core.autocrlf=true", "core.autocrlf=input", "core.eol=crlf"])
def test_line_ends_are_left_alone(repository: Path, setting: str) -> None:
    fork(repository, *CLASH)
    assert git_run(repository, "-c", setting, "merge", "theirs").code == 1
    _in_conflict(repository)
    assert b"\r" not in (repository / SPLIT_NODE).read_bytes()


@pytest.mark.parametrize("style", ["diff3", "zdiff3"])
def test_the_base_is_shown_where_the_user_wants_it(repository: Path, style: str) -> None:
    fork(repository, *CLASH)
    assert git_run(repository, "-c", f"merge.conflictStyle={style}", "merge", "theirs").code == 1
    text = (repository / SPLIT_NODE).read_text()
    assert f"||||||| base\n{_fraction('0.5')}=======\n" in text


def test_markers_are_as_long_as_the_attributes_say(repository: Path) -> None:
    (repository / ".git" / "info" / "attributes").write_text("experiments/** conflict-marker-size=20\n")
    fork(repository, *CLASH)
    git_run(repository, "merge", "theirs")
    text = (repository / SPLIT_NODE).read_text()
    assert f"{'<' * 20} ours\n{_fraction('0.3')}{'=' * 20}\n{_fraction('0.4')}{'>' * 20} theirs\n" in text


def test_the_sides_are_called_what_git_calls_them(repository: Path) -> None:
    fork(repository, *CLASH)
    sides = [repository.parent / name for name in ("base", "ours", "theirs")]
    for side, rev in zip(sides, ("HEAD~1", "HEAD", "theirs"), strict=True):
        side.write_text(git(repository, "show", f"{rev}:{SPLIT_NODE}") + "\n")
    names = [b"a1b2c3", b"-o", b"1a2b3c (Na\xefve)"]
    command: list[str | bytes | Path] = [sys.executable, "-m", "amlgit", "merge-driver", *sides, "7", SPLIT_NODE, *names]
    assert subprocess.run(command, env=environment(), cwd=repository, check=False).returncode == 1
    text = sides[1].read_text()
    assert "<<<<<<< -o\n" in text
    assert ">>>>>>> 1a2b3c (Na\N{REPLACEMENT CHARACTER}ve)\n" in text


# --- when something goes wrong


def _breaking_down(folder: Path, how: str) -> str:
    """A PATH with an amlgit that is real up to a point."""
    on_path(folder)
    os.rename(folder / "amlgit", folder / "real")
    (folder / "real").chmod(0o755)
    script(folder / "amlgit", f"#!/bin/sh\n{how}\n".replace("REAL", str(folder / "real")))
    return f"{folder}:{without_amlgit()}"


BREAKDOWNS = {
    "a kill before it is done": "kill -9 $$",
    "a kill when all is written": 'REAL "$@"; kill -9 $$',
    "an interruption": "exit 130",
    "a bug of ours": "exit 70",
    "no room for its files": 'trap "" XFSZ; ulimit -f 0; REAL "$@"',
    "nothing to be imported": 'PYTHONPATH=/nowhere exec python3 -S -c "import amlgit" 2>/dev/null',
    "a side that can not be read": 'mv "$2" "$2.x"; REAL "$@"; code=$?; mv "$2.x" "$2"; exit $code',
}


@pytest.mark.parametrize("how", BREAKDOWNS)
def test_when_it_breaks_down_a_clash_is_still_a_conflict_with_both_sides(repository: Path, tmp_path: Path, how: str) -> None:
    fork(repository, *CLASH)
    run = git_run(repository, "merge", "theirs", PATH=_breaking_down(tmp_path / "broken", BREAKDOWNS[how]))
    assert run.code == 1
    text = (repository / SPLIT_NODE).read_text()
    assert "<<<<<<<" in text
    assert {"0.3", "0.4"} <= set(_values(repository))
    assert dirty(repository) == [f'UU "{SPLIT_NODE}"']
    git(repository, "merge", "--abort")
    assert dirty(repository) == []


@pytest.mark.parametrize("how", BREAKDOWNS)
def test_when_it_breaks_down_nothing_that_git_can_merge_is_lost(repository: Path, tmp_path: Path, how: str) -> None:
    fork(repository, [FRACTION_3], [COMMENTED])
    git_run(repository, "merge", "--no-edit", "theirs", PATH=_breaking_down(tmp_path / "broken", BREAKDOWNS[how])).expect(OK)
    assert _values(repository) == ["0.3", "halves"]


def test_markers_that_are_in_our_side_already_are_no_sign_that_it_was_merged(repository: Path, tmp_path: Path) -> None:
    fork(repository, [(SPLIT_NODE, "{\n", "<<<<<<< mine\n{\n"), FRACTION_3], [FRACTION_4])
    run = git_run(repository, "merge", "theirs", PATH=_breaking_down(tmp_path / "broken", "exit 70"))
    assert run.code == 1
    assert {"0.3", "0.4"} <= set(_values(repository))


def test_without_room_on_the_disk_for_anything_the_file_is_still_in_conflict(repository: Path) -> None:
    fork(repository, *CLASH)
    command = ["sh", "-c", 'trap "" XFSZ; ulimit -f 1; exec git merge-tree --write-tree main theirs']
    run = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    assert run.returncode not in (0, -signal.SIGXFSZ)


def test_lines_that_merge_into_something_that_is_no_json_are_a_conflict(repository: Path) -> None:
    damaged = (repository / SPLIT_NODE).read_text().replace('  "Comment"', ' "Comment"')
    (repository / SPLIT_NODE).write_text(damaged)
    commit_all(repository)
    first: Edit = (SPLIT_NODE, '{"Name": "Result Dataset"}', '{"Name": "Result Dataset"},\n    {"Name": "A"}')
    fork(repository, [(SPLIT_NODE, '{\n  "Id"', '{\n  "A": [\n    1\n  ],\n  "Id"')], [first, (SPLIT_NODE, "{\n", '{\n  "A": [2],\n')])
    assert git_run(repository, "merge", "theirs").code == 1
    assert "<<<<<<<" in (repository / SPLIT_NODE).read_text()
