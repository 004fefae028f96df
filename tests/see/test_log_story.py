"""log: what each version changed, and the versions that changed one class or one parameter."""

import os
import pty
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.commands import OK, USAGE, aml, clone, clone_samples, environment, git
from tests.support.exports import DAY, FRACTION, SPLIT, T0, Document, experiment, parameter, save
from tests.support.graphs import recreated

CHURN = "Customer churn - training"
NODE = "Split Data 2-0002"


def _versions() -> list[Document]:
    """A value, a script and a box, a box alone, both nodes, nothing, a third node: what six versions changed."""
    documents = [experiment(created=T0, run=1)]
    documents.append(_next(documents))
    parameter(documents[-1], FRACTION)["Value"] = "0.6"
    documents.append(_next(documents))
    parameter(documents[-1], "R Script")["Value"] = "def azureml_main(frame):\r\n    return frame.head(),\r\n"
    _move(documents[-1])
    documents.append(_next(documents))
    _move(documents[-1])
    documents.append(_next(documents))
    parameter(documents[-1], FRACTION)["Value"] = "0.7"
    parameter(documents[-1], "Python Version")["Value"] = "Anaconda 2.0/Python 2.7"
    documents.append(_next(documents))
    documents.append(_next(documents))
    more = experiment(created=T0, nodes=(SPLIT, SPLIT, SPLIT))
    documents[-1]["Graph"]["ModuleNodes"].append(more["Graph"]["ModuleNodes"][2])
    documents[-1]["Graph"]["EdgesInternal"].append(more["Graph"]["EdgesInternal"][1])
    return documents


def _next(documents: list[Document]) -> Document:
    """The version as it is, saved a day later by the next run."""
    newer, number = deepcopy(documents[-1]), len(documents)
    fresh = experiment(created=T0 + number * DAY, run=number + 1)
    return {**newer, **{name: fresh[name] for name in ("RunId", "ParentExperimentId", "Status", "Etag")}}


def _move(document: Document) -> None:
    graph = document["Graph"]
    graph["SerializedClientData"] = graph["SerializedClientData"].replace("Position='", "Position='9")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return _clone(tmp_path, _versions())


def _clone(tmp_path: Path, documents: list[Document]) -> Path:
    for number, document in enumerate(documents, 1):
        save(tmp_path / "exports", f"{number}.json", document)
    return clone(tmp_path / "exports", tmp_path / "r")


def _told(repository: Path, *options: str) -> list[str]:
    """Number and summary of the versions, oldest first."""
    lines = aml(repository, "log", "Trial", "--reverse", *options).expect(OK).out.splitlines()
    return [f"{line.split()[1]} {line.partition('jane.doe  ')[2]}" for line in lines]


def _numbers(repository: Path, *options: str) -> list[int]:
    versions = aml(repository, "log", "Trial", "--json", *options).expect(OK).json["result"]["versions"]
    return [version["number"] for version in versions]


def test_each_version_is_told_in_a_line(repository: Path) -> None:
    assert _told(repository) == [
        "@1 2 nodes, 1 edge",
        f"@2 1 parameter: {NODE}: {FRACTION}: 0.5 → 0.6",
        "@3 1 script: Execute Python Script 1-0001: R Script: +1 −1 lines",  # noqa: RUF001  # a minus
        "@4 layout only",
        f"@5 2 parameters: Execute Python Script 1-0001.Python Version, {NODE}.{FRACTION}",
        "@6 no changes",
        "@7 1 wiring: + Split Data 3-0003",
    ]


def test_the_words_are_those_of_diff(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    told = aml(repository, "log", CHURN, "--json", "--changes").expect(OK).json["result"]["versions"]
    for version in told[:-1]:
        number = version["number"]
        entry = aml(repository, "diff", f"{CHURN}@{number - 1}", f"{CHURN}@{number}", "--json").expect(OK).json["result"]["experiments"][0]
        assert version["counts"] == entry["counts"]
        assert version["summary"].startswith(entry["summary"])
    assert told[-1]["summary"] == "11 nodes, 11 edges"


def test_one_version_is_compared_with_the_one_before_it(repository: Path) -> None:
    assert aml(repository, "log", "Trial@2").expect(OK).out.rstrip().endswith(f"{FRACTION}: 0.5 → 0.6")
    assert "no changes" not in aml(repository, "log", "Trial@2").out


def test_classes_choose_versions(repository: Path) -> None:
    assert _numbers(repository, "--class", "parameter") == [5, 2]
    assert _numbers(repository, "--class", "script", "--class", "parameter") == [5, 3, 2]
    assert _numbers(repository, "--class", "layout") == [4, 3]
    assert _numbers(repository, "--class", "wiring", "--reverse") == [7]  # the first version is what changes are counted from
    assert aml(repository, "log", "Trial", "--class", "data").expect(OK).out == "No version changed that.\n"
    assert "'colour' is not one of" in aml(repository, "log", "Trial", "--class", "colour").expect(USAGE).err


def test_a_parameter_tells_what_became_of_it(repository: Path) -> None:
    expected = [f"@1 {FRACTION}: 0.5 (came with the node)", f"@2 {FRACTION}: 0.5 → 0.6", f"@5 {FRACTION}: 0.6 → 0.7"]
    assert _told(repository, "--parameter", f"{NODE}.{FRACTION}") == expected
    # a name that is two nodes' now
    assert "may be one of several" in aml(repository, "log", "Trial", "--parameter", f"Split Data.{FRACTION}").expect(USAGE).err
    for name in ("2-0002", "0002c0de-0000-4000-8000-000000000000-2", "split data 2-0002.json"):
        assert _told(repository, "--parameter", f"{name}.{FRACTION.lower()}") == expected
    assert _told(repository, "--parameter", f"{NODE}.Dataset1") == [
        "@1 Dataset1: fed by Execute Python Script 1-0001:Result Dataset (came with the node)"
    ]
    versions = aml(repository, "log", "Trial", "--parameter", f"{NODE}.{FRACTION}", "--json").expect(OK).json["result"]["versions"]
    assert [(version["parameter"]["old"], version["parameter"]["new"]) for version in versions] == [("0.6", "0.7"), ("0.5", "0.6"), (None, "0.5")]
    assert versions[0]["parameter"]["node"] == NODE


def test_a_parameter_that_is_none_names_the_nearest(repository: Path) -> None:
    def said(*arguments: str) -> str:
        return aml(repository, "log", *arguments).expect(USAGE).err

    assert f"{NODE} has no parameter or port 'Fraction'" in said("Trial", "--parameter", f"{NODE}.Fraction")
    assert f"Nearest: {FRACTION}." in said("Trial", "--parameter", f"{NODE}.Fraction")
    assert "there is no node 'Splat Data'" in said("Trial", "--parameter", f"Splat Data.{FRACTION}")
    assert "--parameter is of one experiment" in said("--parameter", f"{NODE}.{FRACTION}")
    assert "--no-changes can't be combined" in said("Trial", "--no-changes", "--class", "data")


def test_a_node_made_again_keeps_its_story_and_one_that_is_gone_has_one(tmp_path: Path) -> None:
    documents = _versions()[:2]
    again, _ = recreated(_next(documents), 1)
    documents.append(again)
    documents.append(_next(documents))
    parameter(documents[-1], FRACTION)["Value"] = "0.9"
    split = documents[-1]["Graph"]["ModuleNodes"][1]["Id"]
    documents.append(_next(documents))
    documents[-1]["Graph"]["ModuleNodes"].pop()
    documents[-1]["Graph"]["EdgesInternal"].pop()
    repository = _clone(tmp_path, documents)
    assert _told(repository, "--parameter", f"{split}.{FRACTION}") == [
        f"@1 {FRACTION}: 0.5 (came with the node)",
        f"@2 {FRACTION}: 0.5 → 0.6",
        f"@4 {FRACTION}: 0.6 → 0.9",
    ]
    assert _told(repository)[2] == "@3 no changes, 2 nodes re-created"


def test_json_has_no_changes_unless_they_are_asked_for(repository: Path) -> None:
    plain = aml(repository, "log", "Trial", "--json").expect(OK).json["result"]["versions"]
    assert "summary" not in plain[0]
    told = aml(repository, "log", "Trial", "--json", "--changes").expect(OK).json["result"]["versions"]
    assert [{name: version[name] for name in plain[0]} for version in told] == plain
    assert [version["counts"] for version in told][-2] == {"parameter": 1}


def test_a_shallow_record_says_that_the_version_before_is_not_there(repository: Path, tmp_path: Path) -> None:
    git(repository, "push", "--quiet", repository, "refs/amlgit/*:refs/heads/amlgit/*")
    git(tmp_path, "clone", "--quiet", "--depth", "1", "--no-single-branch", f"file://{repository}", "shallow")
    lines = aml(tmp_path / "shallow", "log", "Trial").expect(OK).out.splitlines()
    assert len(lines) == 1
    assert lines[0].endswith("the version before it is not in this clone")


def test_a_terminal_gets_the_first_page_and_lines_of_its_width(repository: Path, tmp_path: Path) -> None:
    shown = _on_a_terminal(repository, "log", "Trial", COLUMNS="80", LINES="30")
    lines = shown.splitlines()
    assert len(lines) == 7
    assert all(len(line) <= 80 for line in lines)
    whole = aml(repository, "log", "Trial").expect(OK).out.splitlines()
    assert sum(line.endswith("…") for line in lines) == 4
    assert all(full == line or (len(line) == 80 and full.startswith(line.removesuffix("…"))) for full, line in zip(whole, lines, strict=True))
    # a pager that is left after its first line
    pager = tmp_path / "pager"
    pager.write_text("#!/bin/sh\nhead -1\n")
    pager.chmod(0o755)
    assert len(_on_a_terminal(repository, "log", "Trial", COLUMNS="80", LINES="3", AMLGIT_PAGER=str(pager)).splitlines()) == 1
    assert len(_on_a_terminal(repository, "log", "Trial", COLUMNS="80", LINES="3", AMLGIT_PAGER="no-such-pager").splitlines()) == 8


def _on_a_terminal(repository: Path, *arguments: str, **variables: str) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "amlgit", "--color", "never", *arguments]
    try:
        done = subprocess.run(
            command, cwd=repository, stdout=theirs, stderr=theirs, env=environment(TERM="xterm", **variables), check=False, timeout=60
        )
        assert done.returncode == OK
        return os.read(ours, 1 << 16).decode()
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_class_that_is_asked_for_is_what_a_version_is_told_by(tmp_path: Path) -> None:
    documents = _versions()[:1]
    documents.append(_next(documents))
    _move(documents[-1])
    documents[-1]["Description"] = "Trial, moved"
    parameter(documents[-1], FRACTION)["Value"] = "0.6"
    _clone(tmp_path, documents)
    told = [aml(tmp_path / "r", "log", "--class", name).expect(OK).out.rstrip("\n").partition("  Trial")[2] for name in ("layout", "parameter")]
    assert told[0].endswith("layout: 2 boxes moved")
    assert told[1].endswith(f"1 parameter: {NODE}: {FRACTION}: 0.5 → 0.6")
    both = aml(tmp_path / "r", "log", "--class", "layout", "--class", "metadata", "--json").expect(OK).json["result"]["versions"][0]
    assert both["summary"] == "1 metadata: title: Trial → Trial, moved, layout: 2 boxes moved"
    assert both["counts"] == {"parameter": 1, "metadata": 1, "layout": 1}
