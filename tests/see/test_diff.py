"""`amlgit diff` of states: commits, the index, the work tree; which experiments differ, what they are called, how a diff ends."""

import shutil
from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, PARTLY, USAGE, aml, clone, git
from tests.support.diffs import changes, values
from tests.support.exports import DAY, FAMILY, FRACTION, OTHER_FAMILY, SPLIT, T0, experiment, save
from tests.support.repositories import commit_all, folder, node_file, replace_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Trial in three versions, Other in one; the work tree is clean."""
    for number, fraction in enumerate(("0.1", "0.2", "0.3"), 1):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number, fraction=fraction))
    save(tmp_path / "exports", "other.json", experiment("Other", family=OTHER_FAMILY, created=T0, nodes=(SPLIT,)))
    return clone(tmp_path / "exports", tmp_path / "r")


@pytest.fixture
def split_page(repository: Path) -> Path:
    """The page of Trial's Split Data."""
    return node_file(folder(repository, "Trial"), "Split Data")


def statuses(repository: Path, *arguments: str | Path) -> dict[str, str]:
    """Name → what became of it, as `diff --json` says."""
    entries = aml(repository, "diff", "--json", *arguments).expect(OK).json["result"]["experiments"]
    return {entry["name"]: entry["status"] for entry in entries}


# --- which states


def test_without_a_rev_head_is_compared_with_the_work_tree(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    (change,) = changes(repository)
    assert (change["class"], change["what"], change["kind"]) == ("parameter", "parameter", "changed")
    assert (change["old"], change["new"]) == ("0.3", "0.8")
    assert change["node"]["name"] == split_page.stem
    assert change["path"].endswith(f"/ModuleParameters/{FRACTION}/Value")


def test_staged_compares_head_with_the_index(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    git(repository, "add", "--all")
    replace_in(split_page, '"0.8"', '"0.9"')
    assert values(changes(repository, "--staged")) == [("0.3", "0.8")]
    assert values(changes(repository, "--cached", "HEAD~1")) == [("0.2", "0.8")]
    assert values(changes(repository)) == [("0.3", "0.9")]


def test_one_rev_is_compared_with_the_work_tree(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    assert values(changes(repository, "HEAD~1")) == [("0.2", "0.8")]


@pytest.mark.parametrize("operands", [("HEAD~2", "HEAD"), ("HEAD~2..HEAD",), ("HEAD~2..",)])
def test_two_revs_are_compared_with_each_other(repository: Path, split_page: Path, operands: tuple[str, ...]) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    assert values(changes(repository, *operands)) == [("0.1", "0.3")]


def test_three_dots_compare_with_what_the_two_have_in_common(repository: Path, split_page: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side", "HEAD~1")
    replace_in(split_page, '"0.2"', '"0.7"')
    commit_all(repository)
    assert values(changes(repository, "main...side")) == [("0.2", "0.7")]
    assert values(changes(repository, "main..side")) == [("0.3", "0.7")]
    git(repository, "checkout", "--quiet", "--orphan", "apart")
    commit_all(repository, "apart")
    assert "no commit in common" in aml(repository, "diff", "main...apart").expect(USAGE).err


def test_a_third_side_is_refused(repository: Path) -> None:
    aml(repository, "diff", "HEAD", "HEAD~1", "HEAD~2").expect(USAGE)
    aml(repository, "diff", "--staged", "HEAD", "HEAD~1").expect(USAGE)


def test_what_is_no_rev_and_no_experiment_is_refused_with_those_that_there_are(repository: Path) -> None:
    run = aml(repository, "diff", "nothing").expect(USAGE)
    assert "nothing" in run.err
    assert "Trial" in run.err


# --- what counts as a difference


def test_a_new_node_is_seen_before_git_knows_its_file(repository: Path, split_page: Path) -> None:
    text = split_page.read_text().replace("0002c0de-0000-4000-8000-000000000000-2", "0003c0de-0000-4000-8000-000000000000-3")
    (split_page.parent / "Split Data 3-0003.json").write_text(text)
    for arguments in ((), ("HEAD",), ("HEAD~1", "--class", "wiring")):
        (change,) = changes(repository, *arguments)
        assert (change["class"], change["what"], change["kind"]) == ("wiring", "node", "added")
        assert change["node"]["name"] == "Split Data 3-0003"
    assert changes(repository, "--staged") == []


def test_a_touched_file_a_receipt_and_a_file_of_ones_own_are_no_changes(repository: Path, split_page: Path) -> None:
    split_page.touch()
    (split_page.parents[1] / "notes.md").write_text("mine\n")
    (repository / "unrelated.txt").write_text("mine\n")
    sync = split_page.parents[1] / "sync.json"
    sync.write_text(sync.read_text().replace('"Time": ', '"Time": 1'))
    run = aml(repository, "diff", "--exit-code").expect(OK)
    assert run.out == ""


def test_pages_written_otherwise_are_no_change(repository: Path, split_page: Path) -> None:
    split_page.write_text(split_page.read_text().replace("\n", " "))
    aml(repository, "diff", "--exit-code").expect(OK)


def test_a_new_experiment_says_how_many_nodes_it_has(repository: Path) -> None:
    first = git(repository, "rev-list", "--max-parents=0", "HEAD")
    run = aml(repository, "diff", first, "HEAD").expect(OK)
    (heading,) = (line for line in run.out.splitlines() if "Trial" in line)
    assert heading.endswith("(new): 2 nodes")
    assert "(new): 2 nodes" in aml(repository, "diff", "--stat", first, "HEAD").out
    assert "new, 2 nodes" in aml(repository, "diff", "--md", first, "HEAD").out
    assert statuses(repository, first, "HEAD", "--", "Trial") == {"experiments/Trial-aaaaaa": "added"}
    listed = changes(repository, first, "HEAD", "--", "Trial")
    assert [change["kind"] for change in listed if change["what"] == "node"] == ["added", "added"]
    assert any(change["path"] == "/Description" for change in listed)


def test_a_removed_experiment_says_how_many_nodes_it_had(repository: Path) -> None:
    shutil.rmtree(folder(repository, "Trial"))
    assert aml(repository, "diff", "--stat").expect(OK).out == "experiments/Trial-aaaaaa (removed): 2 nodes\n"
    assert statuses(repository) == {"experiments/Trial-aaaaaa": "removed"}


def test_a_renamed_folder_is_the_same_experiment(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/Churn")
    for arguments in ((), ("--staged",), ("HEAD",)):
        assert statuses(repository, *arguments) == {"experiments/Churn": "renamed"}
    assert values(changes(repository)) == [("0.3", "0.8")]
    assert aml(repository, "diff").out.startswith("experiments/Trial-aaaaaa → experiments/Churn: ")
    git(repository, "checkout", "HEAD", "--", "experiments")


@pytest.mark.parametrize("name", ["Trial", "Trial-aaaaaa", "Churn", "experiments/Churn", "experiments/Trial-aaaaaa/", FAMILY])
def test_a_renamed_folder_is_found_by_any_of_its_names(repository: Path, name: str) -> None:
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/Churn")
    assert statuses(repository, "--", name) == {"experiments/Churn": "renamed"}


def test_only_a_new_name_is_a_difference_but_no_change(repository: Path) -> None:
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/Churn")
    run = aml(repository, "diff", "--exit-code").expect(FINDINGS)
    assert run.out == "experiments/Trial-aaaaaa → experiments/Churn: renamed\n"


# --- which experiments


@pytest.mark.parametrize("name", ["Trial", "trial", "Trial-aaaaaa", "experiments/Trial-aaaaaa", "experiments/Trial-aaaaaa/nodes", FAMILY])
def test_an_experiment_is_picked_by_any_of_its_names(repository: Path, split_page: Path, name: str) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    replace_in(node_file(folder(repository, "Other", OTHER_FAMILY), "Split Data"), '"0.5"', '"0.6"')
    assert len(statuses(repository)) == 2
    assert statuses(repository, "--", name) == {"experiments/Trial-aaaaaa": "changed"}
    assert statuses(repository, name) == {"experiments/Trial-aaaaaa": "changed"}
    assert statuses(repository, "HEAD", "--", name, "Other").keys() == statuses(repository).keys()


def test_a_folder_that_is_gone_is_found_by_its_path_and_by_its_title(repository: Path) -> None:
    shutil.rmtree(folder(repository, "Trial"))
    commit_all(repository, "gone")
    for name in ("experiments/Trial-aaaaaa", "Trial-aaaaaa", "Trial", FAMILY):
        assert statuses(repository, "HEAD~1", "HEAD", "--", name) == {"experiments/Trial-aaaaaa": "removed"}, name
    assert statuses(repository, "HEAD~1", "HEAD", "--", "Other") == {}


@pytest.mark.parametrize("verb", ["diff", "review"])
def test_a_range_with_a_side_that_is_nothing_names_the_side_and_the_branches(repository: Path, verb: str) -> None:
    git(repository, "branch", "topic", "HEAD~1")
    for operand, missing in (("master...HEAD", "master"), ("main..tropic", "tropic"), ("..tropic", "tropic")):
        run = aml(repository, verb, operand).expect(USAGE)
        assert run.err == f"error: there is no commit '{missing}'\nhint: Branches: main, topic.\n", operand
    assert "The history of main does not go back so far." in aml(repository, verb, "main~99..main").expect(USAGE).err
    run = aml(repository, verb, "master").expect(USAGE)
    assert "there is no commit or experiment 'master'" in run.err
    assert "Branches: main, topic. Known: experiments/Other-ffffff, experiments/Trial-aaaaaa." in run.err


def test_of_many_branches_the_newest_are_named(repository: Path) -> None:
    for number in range(9):
        git(repository, "branch", f"b{number}")
    git(repository, "checkout", "--quiet", "b5")
    (repository / "README").write_text("newer")
    commit_all(repository)
    hint = aml(repository, "diff", "nowhere..HEAD").expect(USAGE).err.splitlines()[1]
    assert hint.startswith("hint: Branches: b5, ")
    assert hint.endswith(" and 4 more.")


def test_a_path_means_the_folder_from_where_the_command_starts(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    replace_in(node_file(folder(repository, "Other", OTHER_FAMILY), "Split Data"), '"0.5"', '"0.6"')
    trial, both = {"experiments/Trial-aaaaaa": "changed"}, statuses(repository)
    assert len(both) == 2
    assert statuses(split_page.parent, ".") == statuses(split_page.parents[1], "HEAD", "--", ".") == trial
    assert statuses(repository, "./experiments/Trial-aaaaaa") == statuses(repository / "experiments", "Trial-aaaaaa") == trial
    assert statuses(split_page.parent, "../../Trial-aaaaaa") == statuses(split_page.parent, str(split_page.parents[1])) == trial
    assert statuses(repository, ".") == statuses(repository / "experiments", ".") == statuses(repository / "experiments", "..") == both
    assert "is outside of the repository" in aml(repository, "diff", "../elsewhere").expect(USAGE).err


def test_a_rev_wins_over_an_experiment_of_the_same_name(repository: Path, split_page: Path) -> None:
    git(repository, "branch", "Trial", "HEAD~2")
    replace_in(split_page, '"0.3"', '"0.8"')
    assert values(changes(repository, "Trial")) == [("0.1", "0.8")]
    assert values(changes(repository, "--", "Trial")) == [("0.3", "0.8")]


# --- repositories in every state


def test_an_unborn_branch_has_nothing_yet(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--orphan", "apart")
    for arguments in ((), ("--staged",)):
        assert statuses(repository, *arguments) == dict.fromkeys(("experiments/Other-ffffff", "experiments/Trial-aaaaaa"), "added")
    git(repository, "rm", "--quiet", "-r", "--force", ".")
    assert aml(repository, "diff").expect(OK).out == ""


def test_a_detached_head_and_a_subfolder_are_no_hindrance(repository: Path, split_page: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach", "HEAD~1")
    replace_in(split_page, '"0.2"', '"0.8"')
    for start in (repository, split_page.parent):
        assert values(changes(start)) == [("0.2", "0.8")]
        assert values(changes(start, "HEAD~1")) == [("0.1", "0.8")]
        assert values(changes(start, "HEAD~1", "HEAD")) == [("0.1", "0.2")]
        git(repository, "add", "--all")
        assert values(changes(start, "--staged")) == [("0.2", "0.8")]


def test_a_bare_repository_compares_commits_and_says_that_it_has_no_work_tree(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", "r", "bare.git")
    assert values(changes(tmp_path / "bare.git", "HEAD~1", "HEAD")) == [("0.2", "0.3")]
    for arguments in ((), ("HEAD~1",), ("--staged",)):
        assert "bare repository" in aml(tmp_path / "bare.git", "diff", *arguments).expect(USAGE).err


def test_a_shallow_clone_compares_what_it_has(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", "shallow")
    replace_in(node_file(folder(tmp_path / "shallow", "Trial"), "Split Data"), '"0.3"', '"0.8"')
    assert values(changes(tmp_path / "shallow")) == [("0.3", "0.8")]
    aml(tmp_path / "shallow", "diff", "HEAD~1").expect(USAGE)


def test_sha_256_is_no_hindrance(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "s")
    shutil.copytree(repository / "experiments", tmp_path / "s/experiments")
    assert set(statuses(tmp_path / "s").values()) == {"added"}
    commit_all(tmp_path / "s")
    replace_in(node_file(folder(tmp_path / "s", "Trial"), "Split Data"), '"0.3"', '"0.8"')
    assert values(changes(tmp_path / "s")) == [("0.3", "0.8")]


# --- what can't be read


@pytest.mark.parametrize("damage", ["<<<<<<< ours\n", "{", "{}", "[]", "\xff"])
def test_a_folder_that_cannot_be_read_is_named_and_the_others_are_shown(repository: Path, split_page: Path, damage: str) -> None:
    other = node_file(folder(repository, "Other", OTHER_FAMILY), "Split Data")
    other.write_bytes(damage.encode("latin-1"))
    replace_in(split_page, '"0.3"', '"0.8"')
    run = aml(repository, "diff").expect(PARTLY)
    assert "0.3 → 0.8" in run.out
    assert "experiments/Other-ffffff can't be compared: " in run.err
    assert other.name in run.err
    report = aml(repository, "diff", "--json").expect(PARTLY).json
    assert report["status"] == "partly"
    assert [change["new"] for change in report["result"]["changes"]] == ["0.8"]
    assert other.name in report["diagnostics"][0]["message"]


def test_a_conflict_in_the_index_is_no_removed_node(repository: Path, split_page: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "side", "HEAD~1")
    replace_in(split_page, '"0.2"', '"0.7"')
    commit_all(repository)
    git(repository, "checkout", "--quiet", "main")
    with pytest.raises(AssertionError):
        git(repository, "-c", "merge.amlgit-json.driver=false", "merge", "--quiet", "side")
    run = aml(repository, "diff", "--staged").expect(PARTLY)
    assert "is not merged yet" in run.err
    assert "removed" not in run.out


def test_a_node_that_is_a_link_is_no_removed_node(repository: Path, split_page: Path, tmp_path: Path) -> None:
    split_page.rename(tmp_path / "page.json")
    split_page.symlink_to(tmp_path / "page.json")
    assert "is no regular file" in aml(repository, "diff").expect(PARTLY).err


def test_a_receipt_that_cannot_be_read_hinders_nobody(repository: Path, split_page: Path) -> None:
    replace_in(split_page, '"0.3"', '"0.8"')
    (split_page.parents[1] / "assets.json").write_text("{")
    assert values(changes(repository)) == [("0.3", "0.8")]


# --- how it ends


def test_exit_code_tells_of_differences_only_when_asked(repository: Path, split_page: Path) -> None:
    aml(repository, "diff", "--exit-code").expect(OK)
    replace_in(split_page, '"0.3"', '"0.8"')
    aml(repository, "diff").expect(OK)
    aml(repository, "diff", "--exit-code").expect(FINDINGS)
    aml(repository, "diff", "--exit-code", "--class", "wiring").expect(OK)
    aml(repository, "diff", "--exit-code", "--class", "wiring", "--class", "parameter").expect(FINDINGS)


def test_json_is_the_one_envelope_with_and_without_changes(repository: Path, split_page: Path) -> None:
    assert aml(repository, "diff", "--json").expect(OK).json == {
        "format_version": "1.0",
        "command": "diff",
        "status": "ok",
        "result": {"old": "HEAD", "new": "the work tree", "experiments": [], "changes": []},
        "diagnostics": [],
    }
    replace_in(split_page, '"0.3"', '"0.8"')
    run = aml(repository, "diff", "--json", "--exit-code").expect(FINDINGS)
    assert run.json["status"] == "findings"
    assert run.json["result"]["changes"][0].keys() == {"experiment", "class", "what", "kind", "node", "path", "old", "new", "text"}


def test_formats_can_not_be_combined(repository: Path) -> None:
    aml(repository, "diff", "--json", "--md").expect(USAGE)
    aml(repository, "diff", "--stat", "--json-patch").expect(USAGE)


def test_a_node_that_is_missing_is_told_with_the_file_that_refers_to_it(repository: Path) -> None:
    script = node_file(folder(repository, "Trial"), "Execute Python Script")
    script.unlink()
    page = node_file(folder(repository, "Trial"), "Split Data").relative_to(repository)
    told = f"{page}: port 'Dataset1' refers to 'Execute Python Script 1-0001', and there is no such node"
    for verb in ("diff", "review"):
        assert told in aml(repository, verb).expect(PARTLY).err
