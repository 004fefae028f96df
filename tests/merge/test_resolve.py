"""`amlgit resolve`: every conflict in words, and a side taken for each; what a person settled by hand is never taken back."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.branches import (
    CLASH,
    FED,
    FOLDER,
    FRACTION,
    FRACTION_3,
    FRACTION_4,
    LAST_FED,
    LAST_NODE,
    PAGE,
    RETITLED,
    SCRIPT,
    SCRIPT_NODE,
    SPLIT_NODE,
    Edit,
    edit,
    fork,
    on_theirs,
)
from tests.support.commands import FINDINGS, OK, USAGE, aml, environment, git, git_bytes, git_run
from tests.support.exports import FRACTION as FRACTION_NAME
from tests.support.repositories import commit_all, dirty, leftovers


def _merge(repository: Path, ours: list[Edit], theirs: list[Edit]) -> None:
    fork(repository, ours, theirs)
    assert git_run(repository, "merge", "theirs").code == 1


def _words(repository: Path) -> list[str]:
    left = aml(repository, "resolve", "--json").json["result"]["left"]
    return [words for conflict in left for words in conflict["words"]]


def _side(repository: Path, side: str, path: str = SPLIT_NODE) -> bytes:
    return git_bytes(repository, "show", f"{side}:{path}")


# --- in words

RETITLED_OTHERWISE: Edit = (*RETITLED[:2], '"Description": "Trial of June"')
REWIRED: Edit = (LAST_NODE, LAST_FED, FED)
UNFED: Edit = (LAST_NODE, f", {LAST_FED}", "")
_FEEDS = "ours fed by Execute Python Script 1-0001:Result Dataset, theirs unfed (was fed by Split Data 2-0002:Result Dataset)"
_LINES = "ours 'return frame.head(),', theirs 'return frame.tail(),' (was 'return frame,')"
_SCRIPTS: tuple[Edit, Edit] = ((SCRIPT, "frame,\n", "frame.head(),\n"), (SCRIPT, "frame,\n", "frame.tail(),\n"))
_ADDED: tuple[Edit, Edit] = ((PAGE, '"Tags": []', '"A": "x",\n  "Tags": []'), (PAGE, '"Tags": []', '"A": "y",\n  "Tags": []'))
KINDS = {
    "a parameter": (FRACTION_3, FRACTION_4, f"{FRACTION_NAME}: ours 0.3, theirs 0.4 (was 0.5)"),
    "an edge": (REWIRED, UNFED, f"Dataset1: {_FEEDS}"),
    "a title": (RETITLED, RETITLED_OTHERWISE, "title: ours Trial of May, theirs Trial of June (was Trial)"),
    "a script": (*_SCRIPTS, f"line 2: {_LINES}"),
    "a new line": (*_ADDED, "A: ours x, theirs y (new)"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_conflict_is_told_in_words(repository: Path, kind: str) -> None:
    ours, theirs, words = KINDS[kind]
    _merge(repository, [ours], [theirs])
    assert _words(repository) == [words]
    run = aml(repository, "resolve").expect(FINDINGS)
    assert f"1  {ours[0]}:" in run.out
    assert words in run.out
    assert "Next: amlgit resolve NUMBER" in run.err


def test_whoever_reads_a_page_with_conflict_markers_is_told_what_settles_it(repository: Path) -> None:
    ours, theirs, _ = KINDS[min(KINDS)]
    _merge(repository, [ours], [theirs])
    (name,) = (path.name for path in (repository / "experiments").iterdir())
    assert "'amlgit resolve' tells what clashes" in aml(repository, "show", f"experiments/{name}").err


def test_two_sides_can_not_be_taken_at_once(repository: Path) -> None:
    ours, theirs, _ = KINDS["a parameter"]
    _merge(repository, [ours], [theirs])
    assert "--ours and --theirs" in aml(repository, "resolve", "1", "--ours", "--theirs").expect(USAGE).err
    assert _words(repository)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["ours", "theirs", "base"])
def test_a_side_of_each_kind_can_be_taken_whether_or_not_the_markers_show_it(repository: Path, kind: str, side: str) -> None:
    ours, theirs, _ = KINDS[kind]
    _merge(repository, [ours], [theirs])
    path = ours[0]
    expected = _side(repository, {"base": "HEAD~1", "ours": "HEAD", "theirs": "theirs"}[side], path)
    run = aml(repository, "resolve", f"--{side}").expect(OK)
    assert run.out == f"settled: {path}\nNo conflicts are left.\n"
    assert (repository / path).read_bytes() == expected
    assert not any(line.startswith("U") for line in dirty(repository))
    assert "Next: git commit" in run.err


def _removed_and_edited(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, (SCRIPT_NODE, "3.5", "3.6"))
    commit_all(repository)
    assert git_run(repository, "merge", "theirs").code == 1


@pytest.mark.parametrize(("side", "is_kept"), [("ours", True), ("theirs", False)])
def test_of_a_node_that_one_side_removed_its_script_is_kept_or_goes_with_it(repository: Path, side: str, is_kept: bool) -> None:
    _removed_and_edited(repository)
    assert "ours edited the node 'Execute Python Script 1-0001', theirs removed it" in _words(repository)
    run = aml(repository, "resolve", "--json", f"--{side}")
    assert run.json["result"]["left"] == []
    assert [(repository / path).exists() for path in (SCRIPT_NODE, SCRIPT)] == [is_kept, is_kept]
    assert run.json["result"]["faults"] == []
    git(repository, "commit", "--quiet", "--no-edit")
    assert "error" not in aml(repository, "check").out


def test_a_node_that_both_sides_added_is_told_by_what_differs(repository: Path) -> None:
    new = f"{FOLDER}/nodes/Split Data 9-0009.json"
    text = (repository / SPLIT_NODE).read_text().replace("-2", "-9").replace("0002c0de", "0009c0de")
    git(repository, "checkout", "--quiet", "-b", "theirs")
    for number, branch in (("0.4", "main"), ("0.3", "main")):
        (repository / new).write_text(text.replace("0.5", number))
        commit_all(repository)
        git(repository, "checkout", "--quiet", branch)
    assert git_run(repository, "merge", "theirs").code == 1
    assert _words(repository) == [f"{FRACTION_NAME}: ours 0.3, theirs 0.4 (new)"]


# --- which is which


def test_the_sides_are_called_what_they_are(repository: Path) -> None:
    def sides() -> tuple[str, str]:
        result = aml(repository, "resolve", "--json").json["result"]
        return result["ours"], result["theirs"]

    _merge(repository, *CLASH)
    assert sides() == ("main", 'theirs: "theirs"')
    git(repository, "merge", "--abort")
    git_run(repository, "cherry-pick", "theirs")
    assert sides() == ("main", 'the commit that is picked, theirs: "theirs"')
    git(repository, "cherry-pick", "--abort")
    git_run(repository, "rebase", "theirs")
    assert sides()[0] == 'what you rebase onto, theirs: "theirs"'
    assert sides()[1] == 'your own commit main: "ours"'
    out = aml(repository, "resolve").out
    assert 'ours:   what you rebase onto, theirs: "theirs"' in out
    run = aml(repository, "resolve", "--theirs").expect(OK)
    assert "Next: git rebase --continue" in run.err
    git_run(repository, "rebase", "--continue", GIT_EDITOR="true").expect(OK)
    assert '"0.3"' in (repository / SPLIT_NODE).read_text()
    edit(repository, (SPLIT_NODE, '"0.3"', '"0.6"'))
    commit_all(repository, "later")
    git_run(repository, "revert", "--no-edit", "HEAD~1")
    assert sides()[1].startswith("the state before ")
    git(repository, "revert", "--abort")
    edit(repository, (SPLIT_NODE, '"0.6"', '"0.7"'))
    git(repository, "stash", "--quiet")
    git(repository, "reset", "--quiet", "--hard", "HEAD~1")
    git_run(repository, "stash", "pop")
    assert sides() == ("what was here, on main", "what was brought in, from a stash say")
    assert "No conflicts.\n" in aml(repository, "resolve", "--theirs").expect(OK).out
    assert '"0.7"' in (repository / SPLIT_NODE).read_text()


def test_a_side_is_called_by_its_subject_alone_where_git_shows_signatures(repository: Path, tmp_path: Path) -> None:
    program = tmp_path / "gpg"
    program.write_text("#!/bin/sh\necho gpg: Signature made\necho gpg: Signature made >&2\n")
    program.chmod(0o755)
    fork(repository, *CLASH)
    signed = git(repository, "cat-file", "commit", "theirs").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n\n", 1
    )
    command = ["git", "hash-object", "-t", "commit", "-w", "--stdin"]
    made = subprocess.run(command, input=f"{signed}\n".encode(), cwd=repository, env=environment(), capture_output=True, check=True)
    git(repository, "branch", "--quiet", "--force", "theirs", made.stdout.decode().strip())
    git(repository, "config", "gpg.program", program)
    git(repository, "config", "log.showSignature", "true")
    git_run(repository, "merge", "theirs")
    assert aml(repository, "resolve", "--json").json["result"]["theirs"] == 'theirs: "theirs"'


# --- choosing


def _three(repository: Path) -> None:
    mode = [(SPLIT_NODE, '"Value": "Split Rows"', f'"Value": "{name}"') for name in ("A", "B")]
    last = [(LAST_NODE, FRACTION, f'"Value": "{number}"') for number in ("1", "2")]
    title = [RETITLED, RETITLED_OTHERWISE]
    _merge(repository, [mode[0], last[0], title[0]], [mode[1], last[1], title[1]])


def test_conflicts_are_numbered_and_settled_one_by_one(repository: Path) -> None:
    _three(repository)
    left = aml(repository, "resolve", "--json").json["result"]["left"]
    assert [(conflict["number"], conflict["path"]) for conflict in left] == [(1, PAGE), (2, SPLIT_NODE), (3, LAST_NODE)]
    for conflict in left:
        assert (repository / conflict["path"]).read_text().splitlines()[conflict["line"] - 1].startswith("<<<<<<<")
    run = aml(repository, "resolve", "2", "--theirs").expect(FINDINGS)
    assert f"settled: {SPLIT_NODE}\n" in run.out
    assert (repository / SPLIT_NODE).read_bytes() == _side(repository, "theirs")
    aml(repository, "resolve", LAST_NODE, "--ours").expect(FINDINGS)
    assert (repository / LAST_NODE).read_bytes() == _side(repository, "HEAD", LAST_NODE)
    assert dirty(repository) == [f"UU {PAGE}", f'M  "{SPLIT_NODE}"']


def test_of_two_conflicts_in_one_file_each_has_its_own_side(repository: Path) -> None:
    edits = [[FRACTION_3, (SPLIT_NODE, '"Comment": ""', '"Comment": "a"')], [FRACTION_4, (SPLIT_NODE, '"Comment": ""', '"Comment": "b"')]]
    _merge(repository, *edits)
    assert _words(repository) == ["comment: ours a, theirs b (was (empty))", f"{FRACTION_NAME}: ours 0.3, theirs 0.4 (was 0.5)"]
    aml(repository, "resolve", "1", "--theirs").expect(FINDINGS)
    assert dirty(repository) == [f'UU "{SPLIT_NODE}"']
    aml(repository, "resolve", "1", "--ours").expect(OK)
    assert dirty(repository) == [f'M  "{SPLIT_NODE}"']
    text = (repository / SPLIT_NODE).read_text()
    assert '"Comment": "b"' in text
    assert '"0.3"' in text


@pytest.mark.parametrize("arguments", [["4", "--ours"], ["nowhere.json", "--ours"], ["1"], ["1", "4", "--theirs"]])
def test_what_is_no_conflict_can_not_be_settled_and_changes_nothing(repository: Path, arguments: list[str]) -> None:
    _three(repository)
    before = dirty(repository), (repository / PAGE).read_bytes()
    aml(repository, "resolve", *arguments).expect(USAGE)
    assert (dirty(repository), (repository / PAGE).read_bytes()) == before


def test_without_a_conflict_there_is_nothing_to_do(repository: Path) -> None:
    assert aml(repository, "resolve").expect(OK).out == "No conflicts.\n"
    assert aml(repository, "resolve", "--ours").expect(OK).out == "No conflicts.\n"


def test_conflicts_in_other_files_are_left_to_the_user(repository: Path) -> None:
    for branch in ("theirs", "main"):
        git(repository, "checkout", "--quiet", "-B", branch, "main")
        (repository / "README").write_text(branch)
        commit_all(repository)
        git(repository, "branch", "--quiet", "--force", "main", "HEAD~1") if branch == "theirs" else None
    assert git_run(repository, "merge", "theirs").code == 1
    aml(repository, "resolve", "--theirs").expect(OK)
    assert dirty(repository) == ["AA README"]


# --- what no marker shows


def test_an_edge_that_a_clean_merge_of_git_left_dangling_is_told_with_what_to_do(repository: Path) -> None:
    on_theirs(repository, [], removed=(SCRIPT_NODE,))
    edit(repository, REWIRED)
    commit_all(repository)
    for options in (["--no-commit"], ["--no-edit"]):
        git_run(repository, "merge", *options, "theirs").expect(OK)
        run = aml(repository, "resolve").expect(FINDINGS)
        assert f"{LAST_NODE}: Source names 'Execute Python Script 1-0001', and there is no such node. [dangling-source]" in run.out
        assert "Bring 'nodes/Execute Python Script 1-0001.json' back, or take the reference out." in run.out
        assert "No file shows these" in run.err
        git(repository, "merge", "--abort") if options == ["--no-commit"] else None


# --- hostile contents, kills


def test_lines_that_look_like_markers_are_never_taken_for_the_end_of_a_side(repository: Path) -> None:
    heading = "frame,\n# Title\n=======\n"
    _merge(repository, [(SCRIPT, "frame,\n", heading)], [(SCRIPT, "frame,\n", "frame.tail(),\n")])
    before = (repository / SCRIPT).read_bytes()
    assert _words(repository) == ["some of its lines only look like markers: settle it by hand, or name it to take a whole side"]
    aml(repository, "resolve", "--theirs").expect(FINDINGS)
    assert (repository / SCRIPT).read_bytes() == before
    aml(repository, "resolve", SCRIPT, "--ours").expect(OK)
    assert (repository / SCRIPT).read_bytes() == _side(repository, "HEAD", SCRIPT)


@pytest.mark.parametrize("text", ["\x0c<<<<<<< x\n", "\u2028=======\n", "a\rb\n", "é😀\n", "\x1b[31m\n", "no end"])
@pytest.mark.parametrize("side", ["ours", "theirs", "base"])
def test_any_text_comes_through_byte_for_byte(repository: Path, text: str, side: str) -> None:
    fork(repository, [(SCRIPT, "return frame,\n", f"return 1\n{text}")], [(SCRIPT, "return frame,\n", f"return 2\n{text}")])
    assert git_run(repository, "merge", "theirs").code == 1
    assert "\x1b" not in aml(repository, "resolve").out
    aml(repository, "resolve", f"--{side}").expect(OK)
    taken = {"base": "frame,", "ours": "1", "theirs": "2"}[side]
    assert (repository / SCRIPT).read_bytes() == f"def azureml_main(frame):\n    return {taken}\n{text}".encode()


def test_what_a_person_settled_by_hand_is_not_taken_back_unless_it_is_named(repository: Path) -> None:
    _merge(repository, *CLASH)
    mine = _side(repository, "HEAD").replace(b'"0.3"', b'"0.35"')
    (repository / SPLIT_NODE).write_bytes(mine)
    run = aml(repository, "resolve", "--theirs").expect(FINDINGS)
    assert "no markers are left in it" in run.out
    assert (repository / SPLIT_NODE).read_bytes() == mine
    aml(repository, "resolve", "1", "--theirs").expect(OK)
    assert (repository / SPLIT_NODE).read_bytes() == _side(repository, "theirs")


def test_markers_of_another_length_are_found(repository: Path) -> None:
    (repository / ".git" / "info" / "attributes").write_text("experiments/** conflict-marker-size=12\n")
    _merge(repository, *CLASH)
    assert _words(repository) == [f"{FRACTION_NAME}: ours 0.3, theirs 0.4 (was 0.5)"]
    aml(repository, "resolve", "--base").expect(OK)
    assert (repository / SPLIT_NODE).read_bytes() == _side(repository, "HEAD~1")


@pytest.mark.parametrize("after", [0, 1, 2, 4])
def test_killed_between_two_writes_it_goes_on_where_it_was(repository: Path, after: int) -> None:
    _three(repository)
    program = (
        "import os, sys\n"
        "from amlgit.workflows import resolve\n"
        "from amlgit.store import merging\n"
        "left = [int(sys.argv.pop(1))]\n"
        "def dying(function):\n"
        "    def call(*arguments, **options):\n"
        "        left[0] -= 1\n"
        "        if left[0] < 0:\n"
        "            os.kill(os.getpid(), 9)\n"
        "        return function(*arguments, **options)\n"
        "    return call\n"
        "resolve.replace_file, merging.stage = dying(resolve.replace_file), dying(merging.stage)\n"
        "from amlgit.cli.main import main\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, str(after), "resolve", "--theirs"]
    assert subprocess.run(command, cwd=repository, env=environment(), capture_output=True, check=False).returncode == -9
    for path in [conflict["path"] for conflict in aml(repository, "resolve", "--json").json["result"]["left"]]:
        aml(repository, "resolve", path, "--theirs")
    for path in (PAGE, SPLIT_NODE, LAST_NODE):
        assert (repository / path).read_bytes() == _side(repository, "theirs", path)
    assert not any(line.startswith("U") for line in dirty(repository))


def test_killed_in_the_middle_of_a_file_it_leaves_the_old_one_and_no_file_of_ours(repository: Path) -> None:
    _three(repository)
    before = {path: (repository / path).read_bytes() for path in (PAGE, SPLIT_NODE, LAST_NODE)}
    program = (
        "import os\nfrom amlgit.store import worktree\nos.replace = lambda *_: os.kill(os.getpid(), 9)\nfrom amlgit.cli.main import main\nmain()\n"
    )
    said = dirty(repository)
    command = [sys.executable, "-c", program, "resolve", "--theirs"]
    assert subprocess.run(command, cwd=repository, env=environment(), capture_output=True, check=False).returncode == -9
    assert dirty(repository) == said, "no file of ours beside those in conflict"
    assert {path: (repository / path).read_bytes() for path in before} == before
    aml(repository, "resolve", "--theirs").expect(OK)
    for path in before:
        assert (repository / path).read_bytes() == _side(repository, "theirs", path)
    assert leftovers(repository) == []


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_program_stays_one(repository: Path, side: str) -> None:
    """Whether the side taken is put in whole, and whether only one side has it as a program."""
    git(repository, "checkout", "--quiet", "-b", "theirs")
    edit(repository, _SCRIPTS[1])
    (repository / SCRIPT).chmod(0o755)
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    edit(repository, _SCRIPTS[0])
    commit_all(repository, "ours")
    assert git_run(repository, "merge", "theirs").code == 1
    aml(repository, "resolve", f"--{side}").expect(OK)
    assert git(repository, "ls-files", "--stage", "--", SCRIPT).startswith("100755"), "git had merged the mode already"
    assert os.access(repository / SCRIPT, os.X_OK)
    git(repository, "merge", "--abort")
    git(repository, "rm", "--quiet", SCRIPT)
    git(repository, "commit", "--quiet", "-m", "away")
    assert git_run(repository, "merge", "theirs").code == 1
    aml(repository, "resolve", SCRIPT, f"--{side}")
    assert (repository / SCRIPT).exists() == os.access(repository / SCRIPT, os.X_OK) == (side == "theirs")


def test_in_a_linked_work_tree_and_from_a_subfolder_it_is_the_same(repository: Path, tmp_path: Path) -> None:
    fork(repository, *CLASH)
    git(repository, "worktree", "add", "--quiet", "--detach", tmp_path / "linked", "main")
    git_run(tmp_path / "linked", "merge", "theirs")
    aml(tmp_path / "linked" / FOLDER / "nodes", "resolve", "--theirs").expect(OK)
    assert (tmp_path / "linked" / SPLIT_NODE).read_bytes() == _side(repository, "theirs")
    shutil.rmtree(tmp_path / "linked")
    assert os.listdir(repository)
