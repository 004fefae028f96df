"""blame: which version and which commit set each value, of the work tree, of versions, after whatever git did to the commits."""

import random
import re
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path

import pytest

from tests.support.branches import FOLDER, SCRIPT, SPLIT_NODE, edit, start
from tests.support.commands import OK, USAGE, aml, clone, clone_samples, git, git_run
from tests.support.exports import DAY, FRACTION, T0, Document, experiment, parameter, save, snapshot_id
from tests.support.graphs import edited, recreated, sound_graph
from tests.support.repositories import chains, commit_all, folder, node_file, replace_in

MODE = "Splitting mode"
CHURN = "Customer churn - training"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three versions: the second set the fraction, the third a line of the script."""
    save(tmp_path / "exports", "1.json", experiment(created=T0, run=1, fraction="0.1", script="one\ntwo\nthree\n"))
    save(tmp_path / "exports", "2.json", experiment(created=T0 + DAY, run=2, fraction="0.2", script="one\ntwo\nthree\n"))
    save(tmp_path / "exports", "3.json", experiment(created=T0 + 2 * DAY, run=3, fraction="0.2", script="one\nzwei\nthree\nfour\n"))
    return clone(tmp_path / "exports", tmp_path / "r")


def _blame(repository: Path, *arguments: str) -> Document:
    found: Document = aml(repository, "blame", "--json", *arguments).expect(OK).json["result"]
    return found


def _values(report: Document) -> dict[str, Document]:
    """`<node>.<name>` → the value with its origin; of what belongs to no node its name alone."""
    own = {value["name"]: value for value in report["values"]}
    return own | {f"{node['name']}.{value['name']}": value for node in report["nodes"] for value in node["values"]}


def _origin(report: Document, name: str) -> tuple[int | None, str | None]:
    """The number of the version and the commit that set a value."""
    origin = _values(report)[name]["origin"]
    return origin["version"] and origin["version"]["number"], origin["commit"] and origin["commit"]["id"]


def _commits(repository: Path) -> list[str]:
    """The commits of the branch, oldest first."""
    return git(repository, "rev-list", "--reverse", "HEAD").split()


SPLIT, PYTHON_NODE = "Split Data 2-0002", "Execute Python Script 1-0001"


def test_each_value_names_the_version_and_the_commit_that_set_it(repository: Path) -> None:
    _, first, second, third = _commits(repository)
    report = _blame(repository, "Trial")
    assert (report["title"], report["path"], report["remote"], report["number"]) == ("Trial", "experiments/Trial-aaaaaa", "archive", 3)
    assert _origin(report, "title") == (1, first)
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (2, second)
    assert _origin(report, f"{SPLIT}.{MODE}") == (1, first)
    assert _origin(report, f"{SPLIT}.Dataset1") == (1, first)
    assert _origin(report, f"{PYTHON_NODE}.R Script") == (3, third)
    assert _values(report)[f"{SPLIT}.{FRACTION}"]["origin"]["version"] == {
        "number": 2,
        "snapshot": snapshot_id(2),
        "date": "2015-12-14T09:46:40Z",
        "who": "jane.doe",
        "commit": git(repository, "rev-parse", f"refs/amlgit/{next(iter(chains(repository)))}~1"),
    }
    assert _values(report)[f"{SPLIT}.Dataset1"]["text"] == f"fed by {PYTHON_NODE}:Result Dataset"
    assert [node["name"] for node in report["nodes"]] == [PYTHON_NODE, SPLIT]


def test_as_text_it_is_an_outline_with_commit_version_date_and_person(repository: Path) -> None:
    _, first, second, _ = _commits(repository)
    lines = aml(repository, "blame", "Trial", SPLIT).expect(OK).out.splitlines()
    assert lines == [
        f"{first[:10]}  @1  2015-12-13  jane.doe  {SPLIT}",
        f"{first[:10]}  @1  2015-12-13  jane.doe    Dataset1: fed by {PYTHON_NODE}:Result Dataset",
        f"{first[:10]}  @1  2015-12-13  jane.doe    {MODE}: Split Rows",
        f"{second[:10]}  @2  2015-12-14  jane.doe    {FRACTION}: 0.2",
    ]


def test_a_script_is_blamed_line_by_line_with_what_is_not_committed(repository: Path) -> None:
    _, first, _, third = _commits(repository)
    script = node_file(folder(repository, "Trial"), "Execute Python", "py")
    replace_in(script, "three", "three\nmine")
    lines = aml(repository, "blame", "Trial", f"{PYTHON_NODE}.R Script").expect(OK).out.splitlines()
    assert lines == [
        f"{first[:10]}  @1  2015-12-13  jane.doe           1) one",
        f"{third[:10]}  @3  2015-12-15  jane.doe           2) zwei",
        f"{first[:10]}  @1  2015-12-13  jane.doe           3) three",
        "0000000000                  not committed yet  4) mine",
        f"{third[:10]}  @3  2015-12-15  jane.doe           5) four",
    ]
    report = _blame(repository, "Trial", f"{PYTHON_NODE}.R Script")
    assert [line["text"] for line in report["lines"]] == ["one", "zwei", "three", "mine", "four"]
    assert _origin(report, f"{PYTHON_NODE}.R Script") == (None, None)
    ours = commit_all(repository, "mine")
    assert _blame(repository, "Trial", f"{PYTHON_NODE}.R Script")["lines"][3]["origin"]["commit"]["id"] == ours


def test_edits_of_the_branch_and_of_the_work_tree_are_told_apart(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    replace_in(split, '"Value": "0.2"', '"Value": "0.7"')
    ours = commit_all(repository, "a larger share")
    replace_in(split, '"Split Rows"', '"Regular Expression"')
    report = _blame(repository, "Trial")
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (None, ours)
    assert _origin(report, f"{SPLIT}.{MODE}") == (None, None)
    assert report["number"] == 3
    lines = aml(repository, "blame", "Trial", f"{SPLIT}").expect(OK).out.splitlines()
    assert lines[-1].split()[0] == ours[:10]
    assert "A Tester" in lines[-1]
    assert "@" not in lines[-1]
    assert "not committed yet" in lines[-2]
    # a value that went back to what an older version had is an edit all the same
    replace_in(split, '"Value": "0.7"', '"Value": "0.1"')
    back = commit_all(repository, "back")
    assert _origin(_blame(repository, "Trial"), f"{SPLIT}.{FRACTION}") == (None, back)


def test_what_went_back_to_a_version_in_the_work_tree_is_not_committed(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    replace_in(split, '"0.2"', '"0.7"')
    commit_all(repository)
    replace_in(split, '"0.7"', '"0.2"')
    assert _origin(_blame(repository, "Trial"), f"{SPLIT}.{FRACTION}") == (2, None)
    line = aml(repository, "blame", "Trial", f"Split Data.{FRACTION}").expect(OK).out.splitlines()[-1]
    assert line == f"0000000000  @2  2015-12-14  not committed yet    {FRACTION}: 0.2"


def test_without_a_folder_the_newest_version_is_blamed_and_a_bare_repository_has_head(repository: Path, tmp_path: Path) -> None:
    second = _commits(repository)[2]
    git(tmp_path, "clone", "--quiet", "--bare", repository, "bare.git")
    git(tmp_path / "bare.git", "fetch", "--quiet", "origin", "+refs/amlgit/*:refs/amlgit/*")
    assert _origin(_blame(tmp_path / "bare.git", "Trial"), f"{SPLIT}.{FRACTION}") == (2, second)
    git(repository, "rm", "--quiet", "-r", "experiments/Trial-aaaaaa")
    commit_all(repository, "gone")
    report = _blame(repository, "Trial")
    assert (report["path"], report["number"]) == (None, 3)
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (2, None)
    git(repository, "revert", "--no-edit", "HEAD")
    # what came back came back with the commit that brought it
    assert _origin(_blame(repository, "Trial"), f"{SPLIT}.{FRACTION}") == (2, git(repository, "rev-parse", "HEAD"))


def test_a_version_is_blamed_as_of_then(repository: Path) -> None:
    _, first, second, _ = _commits(repository)
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.7"')
    commit_all(repository)
    assert _origin(_blame(repository, "Trial@1"), f"{SPLIT}.{FRACTION}") == (1, first)
    report = _blame(repository, "Trial@2", f"Split Data.{FRACTION}")
    assert (report["number"], report["path"]) == (2, None)
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (2, second)
    assert [line["text"] for line in _blame(repository, "Trial@2", "0001.R Script")["lines"] if line["origin"]["version"]["number"] == 1] == [
        "one",
        "two",
        "three",
    ]


def test_a_squash_a_renamed_folder_and_another_clone_change_no_version(repository: Path, tmp_path: Path) -> None:
    wanted = {name: value["origin"]["version"] for name, value in _values(_blame(repository, "Trial")).items()}
    git(repository, "reset", "--quiet", "--soft", "HEAD~2")
    git(repository, "commit", "--quiet", "-m", "all at once")
    squashed = git(repository, "rev-parse", "HEAD")
    git(repository, "mv", "experiments/Trial-aaaaaa", "experiments/mine")
    git(repository, "commit", "--quiet", "-m", "a better name")
    aml(repository, "install").expect(OK)
    git(tmp_path, "init", "--quiet", "--bare", "origin.git")
    git(repository, "remote", "add", "origin", tmp_path / "origin.git")
    git(repository, "push", "--quiet", "origin", "main")
    aml(repository, "push", "--record").expect(OK)
    git(tmp_path, "clone", "--quiet", "origin.git", "member")
    member = tmp_path / "member"
    without = _blame(member, "mine")
    assert without["number"] is None
    assert _origin(without, f"{SPLIT}.{FRACTION}") == (None, squashed)
    assert "hint: The record of versions is not in this clone: " in aml(member, "blame", "mine").expect(OK).err
    aml(member, "install").expect(OK)
    git(member, "fetch", "--quiet")
    for place in (repository, member):
        found = _values(_blame(place, "mine"))
        assert {name: value["origin"]["version"] for name, value in found.items()} == wanted
        assert found[f"{SPLIT}.{FRACTION}"]["origin"]["commit"]["id"] == squashed
    # renamed, but not committed
    git(member, "mv", "experiments/mine", "experiments/yours")
    assert _origin(_blame(member, "yours"), f"{SPLIT}.{FRACTION}") == (2, squashed)
    assert _origin(_blame(member, "Trial"), f"{SPLIT}.{FRACTION}") == (2, squashed)


def test_a_merge_hands_each_value_on_to_the_side_that_set_it(tmp_path: Path) -> None:
    repository = start(tmp_path)
    git(repository, "checkout", "--quiet", "-b", "side")
    edit(repository, (SPLIT_NODE, '"0.5"', '"0.9"'))
    theirs = commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    replace_in(repository / SCRIPT, "return frame", "return frame.head()")
    ours = commit_all(repository, "ours")
    git(repository, "merge", "--quiet", "--no-edit", "side")
    report = _blame(repository, "Trial")
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (None, theirs)
    assert _origin(report, f"{PYTHON_NODE}.R Script") == (None, ours)
    assert _origin(report, f"{SPLIT}.{MODE}") == (1, _commits(repository)[1])


def test_a_merge_that_takes_back_an_edit_of_each_side_leads_to_the_commit_before_both(tmp_path: Path) -> None:
    repository = start(tmp_path)
    before = _commits(repository)[-1]
    git(repository, "checkout", "--quiet", "-b", "side")
    edit(repository, (SPLIT_NODE, '"0.5"', '"0.9"'))
    commit_all(repository, "theirs")
    git(repository, "checkout", "--quiet", "main")
    edit(repository, (SPLIT_NODE, '"Split Rows"', '"Regular Expression"'))
    commit_all(repository, "ours")
    git(repository, "merge", "--quiet", "--no-commit", "-s", "ours", "side")
    git(repository, "checkout", before, "--", SPLIT_NODE)
    git(repository, "commit", "--quiet", "-m", "neither")
    report = _blame(repository, "Trial")
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (1, before)
    assert _origin(report, f"{SPLIT}.{MODE}") == (1, before)


def test_a_commit_that_cannot_be_read_is_passed_over(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    text = split.read_text()
    split.write_text(f"<<<<<<< ours\n{text}")
    commit_all(repository, "markers")
    split.write_text(text.replace('"Split Rows"', '"Regular Expression"'))
    ours = commit_all(repository, "mended")
    report = _blame(repository, "Trial")
    assert _origin(report, f"{SPLIT}.{FRACTION}") == (2, _commits(repository)[2])
    assert _origin(report, f"{SPLIT}.{MODE}") in ((None, ours), (None, _commits(repository)[-2]))


def test_a_shallow_clone_says_how_far_back_it_goes(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "2", f"file://{repository}", "shallow")
    run = aml(tmp_path / "shallow", "blame", "experiments/Trial-aaaaaa", SPLIT).expect(OK)
    second = _commits(repository)[2]
    assert f"^{second[:10]}" in run.out
    assert "git fetch --unshallow" in run.err


def test_names_that_are_none_or_several_list_the_candidates(repository: Path, tmp_path: Path) -> None:
    def refused(place: Path, *arguments: str) -> str:
        return aml(place, "blame", *arguments).expect(USAGE).err

    assert "there is no experiment 'Nothing'" in refused(repository, "Nothing")
    said = refused(repository, "Trial", "Split Dat")
    assert "there is no node 'Split Dat'" in said
    assert f"Nearest: {SPLIT}" in said
    said = refused(repository, "Trial", f"{SPLIT}.Fraction of rows")
    assert f"{SPLIT} has no parameter or port 'Fraction of rows'" in said
    assert f"Nearest: {FRACTION}." in said
    two = start(tmp_path / "two")
    said = refused(two, "Trial", "Split Data")
    assert f"'Split Data' may be one of several: {SPLIT}, Split Data 3-0003" in said
    assert "may be one of several" in refused(two, "Trial", f"Split Data.{MODE}")
    for name in ("2-0002", "Split Data 2-0002.json", "0002c0de-0000", "split data 2-0002"):
        assert [node["name"] for node in _blame(two, FOLDER, name)["nodes"]] == [SPLIT]
    edit(two, (SPLIT_NODE, '"Comment": ""', '"Comment": "halves, 1.5"'))
    assert [node["name"] for node in _blame(two, FOLDER, f"halves, 1.5.{MODE}")["nodes"]] == [SPLIT]


def test_a_node_that_was_made_again_keeps_its_story(tmp_path: Path) -> None:
    first = sound_graph(8, 5)
    second = edited(deepcopy(first), 1, number=1).document
    third, pairs = recreated(second, 2)
    assert pairs
    repository = _clone_graphs(tmp_path, [first, second, third])
    numbers = _scanned([first, second, third], [{}, pairs])
    report = _blame(repository, "A graph")
    found = {(node["id"], node["origin"]["version"]["number"]) for node in report["nodes"]}
    assert found == {(node_id, number) for (node_id, kind, _), number in numbers.items() if kind == "node"}
    assert {number for _, number in found} <= {1, 2}


def test_the_samples_agree_with_their_log(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    report = _blame(repository, CHURN)
    changed = {name: value["origin"]["version"]["number"] for name, value in _values(report).items() if value["origin"]["version"]["number"] > 1}
    assert changed["Two-Class Boosted Decision Tree 160-bb60.The learning rate"] == 3
    assert changed["Score Model 173-bb60.Dataset"] == 2
    assert changed["Execute Python Script 125-bb60.Dataset1"] == 5
    log = aml(repository, "log", CHURN, "--parameter", "Two-Class Boosted Decision Tree.The learning rate", "--json").expect(OK).json
    assert log["result"]["versions"][0]["number"] == 3
    assert "is a web service" in aml(repository, "blame", "churn-scoring").expect(USAGE).err


def test_the_corpus_is_blamed_too(corpus: Path, tmp_path: Path) -> None:
    aml(tmp_path, "clone", "--archive", corpus / "archive", tmp_path / "r")
    report = _blame(tmp_path / "r", "Topics")
    numbers = {name: value["origin"]["version"]["number"] for name, value in _values(report).items()}
    assert {name: number for name, number in numbers.items() if number > 1} == {
        "Export Data 1258-c1ef.Data Table Name": 3,
        "Import Data 1174-c1ef.Database Query": 2,
    }


# --- the law: a blame agrees with a look at every version


@pytest.mark.parametrize("seed", range(6))
def test_a_blame_agrees_with_a_scan_of_all_versions(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    documents = [sound_graph(chance.randint(3, 9), seed)]
    renames: list[dict[str, str]] = []
    for step in range(7):
        odd = [node["Id"] for node in documents[-1]["Graph"]["ModuleNodes"] if node["ModuleId"].endswith("0")]  # another version by now
        newer = edited(deepcopy(documents[-1]), f"{seed} {step}", number=3, taken=odd).document
        pairs: dict[str, str] = {}
        if chance.random() < 0.4:
            newer, pairs = recreated(deepcopy(documents[-1]), seed * 100 + step, 0.5)
        documents.append(newer)
        renames.append(pairs)
    repository = _clone_graphs(tmp_path, documents)
    report = _blame(repository, "--", next(iter(chains(repository))).rpartition("/")[2])
    scanned = _scanned(documents, renames)
    found = {(node["id"], "node", ""): node["origin"]["version"]["number"] for node in report["nodes"]}
    for node in report["nodes"]:
        for value in node["values"]:
            key = (node["id"], value["what"], value["name"] if value["what"] in ("parameter", "input") else "")
            found[key] = value["origin"]["version"]["number"]
    assert found == scanned
    commits = {value["origin"]["commit"]["subject"] for value in _values(report).values()}
    assert len(commits) > 1


def _clone_graphs(tmp_path: Path, documents: list[Document]) -> Path:
    for number, document in enumerate(documents, 1):
        seconds = (T0 + number * DAY) * 1000
        status = {"StatusCode": "InDraft", "CreationTime": f"/Date({seconds})/", "StartTime": None, "EndTime": None}
        save(tmp_path / "graphs", f"{number}.json", {**document, "RunId": None, "ParentExperimentId": None, "Status": status, "Creator": "jane"})
    return clone(tmp_path / "graphs", tmp_path / "r")


Key = tuple[str, str, str]


def _scanned(documents: list[Document], renames: list[dict[str, str]]) -> dict[Key, int]:
    """Value of the last version → the number of the version from which on it was there, all read off the exports.

    `renames` are the nodes made again by each version after the first: old id → new id.
    """
    since: dict[Key, int] = {}
    before: dict[Key, object] = {}
    for number, document in enumerate(documents, 1):
        pairs = renames[number - 2] if number > 1 else {}
        before = {(pairs.get(node, node), kind, name): _renamed(value, pairs) for (node, kind, name), value in before.items()}
        since = {(pairs.get(node, node), kind, name): first for (node, kind, name), first in since.items()}
        here = _facts(document)
        since = {key: since[key] if key in before and before[key] == value else number for key, value in here.items()}
        before = here
    return since


def _renamed(value: object, pairs: Mapping[str, str]) -> object:
    if isinstance(value, tuple):
        return tuple(_renamed(entry, pairs) for entry in value)
    if isinstance(value, str):
        node, separator, port = value.partition(":")
        return f"{pairs.get(node, node)}{separator}{port}"
    return value


def _facts(document: Document) -> dict[Key, object]:
    found: dict[Key, object] = {}
    for node in document["Graph"]["ModuleNodes"]:
        key = node["Id"]
        found[key, "node", ""] = True
        found[key, "module", ""] = node["ModuleId"]
        found[key, "comment", ""] = node["Comment"]
        for entry in node["ModuleParameters"]:
            found[key, "parameter", entry["Name"]] = (entry["Value"],)
        for port in node["InputPortsInternal"]:
            fed = [
                edge["SourceOutputPortId"] for edge in document["Graph"]["EdgesInternal"] if edge["DestinationInputPortId"] == f"{key}:{port['Name']}"
            ]
            found[key, "input", port["Name"]] = (*sorted(fed), port["DataSourceId"])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_blame_of_a_branch_with_merges_agrees_with_a_walk_over_all_commits(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    repository = start(tmp_path)
    files = (SPLIT_NODE, SPLIT_NODE.replace("2-0002", "3-0003"))
    aml(repository, "uninstall").expect(OK)  # git's own text merge settles what clashes by -X
    git(repository, "branch", "side")
    for _ in range(12):
        git(repository, "checkout", "--quiet", chance.choice(("main", "side")))
        if chance.random() < 0.3:
            other = "side" if git(repository, "branch", "--show-current") == "main" else "main"
            git(repository, "merge", "--quiet", "--no-edit", "--no-ff", "-X", chance.choice(("ours", "theirs")), other)
        else:
            page = repository / chance.choice(files)
            page.write_text(re.sub(r'"Value": "[0-9.]+"', f'"Value": "0.{chance.randint(1, 3)}"', page.read_text()))
            git(repository, "commit", "--quiet", "--all", "--allow-empty", "-m", "edit")
    values = _values(_blame(repository, "Trial"))
    for file in files:
        commit = values[f"{Path(file).stem}.{FRACTION}"]["origin"]["commit"]["id"]
        assert commit in _beginnings(repository, file)


def _beginnings(repository: Path, file: str) -> set[str]:
    """The commits where what HEAD has in a file may have come in: along commits that have it, as far as there are any."""
    parents = {line.split()[0]: line.split()[1:] for line in git(repository, "rev-list", "--parents", "HEAD").splitlines()}
    held = {commit: git_run(repository, "rev-parse", "--quiet", "--verify", f"{commit}:{file}").out for commit in parents}
    found, waiting = set(), [git(repository, "rev-parse", "HEAD")]
    while waiting:
        commit = waiting.pop()
        alike = [parent for parent in parents[commit] if held[parent] == held[commit]]
        waiting += alike
        found |= set() if alike else {commit}
    return found


def test_a_run_of_blame_changes_nothing(repository: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in (repository / ".git").rglob("*") if path.is_file())
    aml(repository, "blame", "Trial").expect(OK)
    assert sorted((path, path.stat().st_mtime_ns) for path in (repository / ".git").rglob("*") if path.is_file()) == before


def test_a_version_keeps_what_a_parameter_linked_to_a_web_service_says(tmp_path: Path) -> None:
    document = experiment(created=T0)
    parameter(document, FRACTION).update(ValueType="GlobalParameter", LinkedGlobalParameter="share")
    save(tmp_path / "exports", "1.json", document)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    value = _values(_blame(repository, "Trial"))[f"{SPLIT}.{FRACTION}"]
    assert value["text"] == "0.5 (set by the web service parameter share)"
