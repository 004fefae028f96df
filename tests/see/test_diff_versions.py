"""`amlgit diff` of versions in the record, and the JSON Patch that leads from one export to the other."""

import json
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from tests.support.commands import OK, USAGE, aml, clone, git
from tests.support.diffs import changes, values
from tests.support.exports import DAY, EXPORT_DATA, FAMILY, OTHER_FAMILY, PYTHON, SPLIT, T0, experiment, save, snapshot_id
from tests.support.repositories import commit_all, folder, node_file, replace_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Trial in four versions, Other in one."""
    exports = tmp_path / "exports"
    save(exports, "1.json", experiment(created=T0, run=1, fraction="0.1"))
    save(exports, "2.json", experiment(created=T0 + DAY, run=2, fraction="0.2"))
    save(exports, "3.json", experiment(created=T0 + 2 * DAY, run=3, fraction="0.2", nodes=(PYTHON, SPLIT, EXPORT_DATA), Tags=["b", "a"]))
    save(exports, "4.json", experiment(created=T0 + 3 * DAY, run=4, fraction="0.2", nodes=(PYTHON, EXPORT_DATA), Tags=["c", "a"], Summary=None))
    save(exports, "other.json", experiment("Other", family=OTHER_FAMILY, created=T0, nodes=(SPLIT,)))
    return clone(exports, tmp_path / "r")


# --- which versions


@pytest.mark.parametrize(
    ("operands", "expected"),
    [
        (("Trial@1", "Trial@2"), [("0.1", "0.2")]),
        (("Trial@2", "Trial@1"), [("0.2", "0.1")]),
        (("Trial@-4", "Trial@-3"), [("0.1", "0.2")]),
        ((f"{FAMILY}@1", "Trial-aaaaaa@2"), [("0.1", "0.2")]),
        (("experiments/Trial-aaaaaa@1", f"Trial@{snapshot_id(2)}"), [("0.1", "0.2")]),
        (("Trial@2", "Trial@2"), []),
    ],
)
def test_two_versions_are_compared_by_any_of_their_names(repository: Path, operands: tuple[str, str], expected: list[Any]) -> None:
    assert values(changes(repository, *operands)) == expected


def test_a_version_is_compared_with_the_work_tree_the_index_and_a_commit(repository: Path) -> None:
    page = node_file(folder(repository, "Trial"), "Export Data")
    replace_in(page, '"SqlAzure"', '"AzureBlobStorage"')
    git(repository, "add", "--all")
    replace_in(page, '"AzureBlobStorage"', '"Hive"')
    assert values(changes(repository, "Trial@4")) == [("SqlAzure", "Hive")]
    assert values(changes(repository, "Trial@4", "--staged")) == [("SqlAzure", "AzureBlobStorage")]
    assert changes(repository, "Trial@4", "HEAD") == []
    assert changes(repository, "HEAD", "Trial@4") == []
    commit_all(repository)
    assert values(changes(repository, "Trial@4", "HEAD")) == [("SqlAzure", "Hive")]
    assert values(changes(repository, "HEAD", "Trial@4")) == [("Hive", "SqlAzure")]


def test_a_version_is_compared_with_a_folder_that_was_renamed_and_not_committed(repository: Path) -> None:
    (repository / "experiments/Trial-aaaaaa").rename(repository / "experiments/Mine")
    replace_in(node_file(repository / "experiments/Mine", "Export Data"), '"SqlAzure"', '"Hive"')
    assert values(changes(repository, "Trial@4")) == [("SqlAzure", "Hive")]
    git(repository, "add", "--all")
    assert values(changes(repository, "Trial@4", "--staged")) == [("SqlAzure", "Hive")]


def test_two_experiments_can_be_compared(repository: Path) -> None:
    found = changes(repository, "Trial@1", "Other@1")
    assert {change["what"] for change in found} >= {"node", "field"}


@pytest.mark.parametrize("operands", [("Trial@9",), ("Trial@0",), ("Nobody@1",), ("Trial@1", "Trial@2", "Trial@3"), ("Trial@1", "Trial")])
def test_what_is_no_version_is_refused(repository: Path, operands: tuple[str, ...]) -> None:
    aml(repository, "diff", *operands).expect(USAGE)


def test_a_version_without_a_folder_needs_a_second_version(repository: Path) -> None:
    git(repository, "rm", "--quiet", "-r", "experiments/Trial-aaaaaa")
    run = aml(repository, "diff", "Trial@1").expect(USAGE)
    assert "EXPERIMENT@N" in run.err
    assert values(changes(repository, "Trial@1", "Trial@2")) == [("0.1", "0.2")]


def test_a_bare_repository_compares_its_versions(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--mirror", "r", "bare.git")
    assert values(changes(tmp_path / "bare.git", "Trial@1", "Trial@2")) == [("0.1", "0.2")]


# --- JSON Patch


def exported(repository: Path, name: str) -> Any:
    """What `export` writes, parsed."""
    return json.loads(aml(repository, "export", name).expect(OK).out)


def patched(repository: Path, old: str, *operands: str) -> Any:
    """The export `old` after the operations that `diff --json-patch` gives for `operands`."""
    operations = json.loads(aml(repository, "diff", "--json-patch", *operands).expect(OK).out)
    return jsonpatch.apply_patch(exported(repository, old), operations)


def the_same(one: Any, other: Any) -> bool:
    """Whether two documents are the same JSON but for the order of members."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in range(1, 5) for new in range(1, 5)])
def test_the_patch_between_two_versions_turns_one_export_into_the_other(repository: Path, old: int, new: int) -> None:
    one, other = f"Trial@{old}", f"Trial@{new}"
    assert the_same(patched(repository, one, one, other), exported(repository, other))


def test_the_patch_to_the_work_tree_gives_its_export_and_back(repository: Path) -> None:
    page = node_file(folder(repository, "Trial"), "Execute Python", "py")
    page.write_text("def azureml_main(frame):\n    return frame.dropna(),\n")
    replace_in(folder(repository, "Trial") / "experiment.json", '"Trial"', '"~A/trial"')
    assert the_same(patched(repository, "Trial@2", "Trial@2", "--"), exported(repository, "Trial"))
    before = exported(repository, "Trial")
    commit_all(repository)
    git(repository, "checkout", "--quiet", "HEAD~1", "--", "experiments")
    operations = json.loads(aml(repository, "diff", "--json-patch").expect(OK).out)
    assert operations
    assert the_same(jsonpatch.apply_patch(before, operations), exported(repository, "Trial"))


def test_a_patch_is_of_one_experiment(repository: Path) -> None:
    for page in repository.glob("experiments/*/experiment.json"):
        replace_in(page, '"Summary": ', '"Summary": "Mine", "Old": ')
    assert "name it" in aml(repository, "diff", "--json-patch").expect(USAGE).err
    assert json.loads(aml(repository, "diff", "--json-patch", "--", "Other").expect(OK).out)
    git(repository, "checkout", "--", ".")
    assert json.loads(aml(repository, "diff", "--json-patch").expect(OK).out) == []
