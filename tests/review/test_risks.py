"""What a review warns of: each rule with what it is about, and with what looks alike and is not."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, cast

import pytest

from amlgit.compare.diff import diff
from amlgit.form.secrets import text_hash
from amlgit.review import risks
from amlgit.review.names import Names
from amlgit.review.risk_case import Case, Script
from amlgit.review.risks import RULES, OwnRule, Risk
from tests.support.commands import FINDINGS, OK, USAGE, aml, clone, git
from tests.support.exports import OTHER_FAMILY, Document, experiment, save
from tests.support.repositories import commit_all, folder, node_file, replace_in
from tests.support.wire import GLOBAL, PYTHON, WORKSPACE, a_graph

Edit = Callable[[Document], None]
TRAIN = f"{GLOBAL}.5cc7053eaa30450d96c0dae4be720977.v1-default-1644"
METADATA = f"{GLOBAL}.370b6676c11c486fbf7335349f842a66.v1-default-1644"
DATASET = f"{WORKSPACE}.{'d' * 32}.{'1' * 8}"
SECRET_KEY = "DefaultEndpointsProtocol=https;AccountName=x;AccountKey=c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"


def graph() -> Document:
    """A split that feeds a Python script that feeds an R script; the split takes a dataset."""
    document = cast("Document", a_graph())
    document["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"] = DATASET
    document["WebService"] = {"Inputs": [], "Outputs": [{"Id": "o", "PortId": None, "Name": "scores"}], "Parameters": []}
    return document


def node(document: Document, number: int) -> Document:
    found: Document = document["Graph"]["ModuleNodes"][number]
    return found


def found(edit: Edit, before: Edit = lambda _: None, **around: Any) -> list[Risk]:
    """The risks of an edit of the graph; `before` is done to both sides."""
    old = graph()
    before(old)
    new = deepcopy(old)
    edit(new)
    difference = diff(old, new)
    names = Names(old, new, {}, difference.recreated)
    own = around.pop("own", ())
    off = around.pop("off", ())
    return risks.risks(Case(diff=difference, unprotected=difference, old=old, new=new, names=names, **around), own, off)


def rules(edit: Edit, before: Edit = lambda _: None, **around: Any) -> list[str]:
    return [risk.rule for risk in found(edit, before, **around)]


def set_to(number: int, name: str, value: str | None) -> Edit:
    """Give a parameter a value, adding it where it is missing."""

    def edit(document: Document) -> None:
        entries = node(document, number)["ModuleParameters"]
        entry = next((entry for entry in entries if entry["Name"] == name), None)
        if entry is None:
            entries.append(entry := {"Name": name, "ValueType": "Literal", "LinkedGlobalParameter": None})
        entry["Value"] = value

    return edit


def module(number: int, module_id: str) -> Edit:
    return lambda document: node(document, number).update(ModuleId=module_id)


def both(*edits: Edit) -> Edit:
    def edit(document: Document) -> None:
        for one in edits:
            one(document)

    return edit


def wire(number: int, source: str) -> Edit:
    """Feed the target of an edge from another port."""
    return lambda document: document["Graph"]["EdgesInternal"][number].update(SourceOutputPortId=source)


def test_every_rule_says_why_in_a_sentence_and_has_a_name_of_its_own() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.why.endswith(".") and len(rule.why) > 40 for rule in RULES)


def test_an_edit_that_nothing_is_wrong_with_is_no_risk() -> None:
    assert rules(both(set_to(1, "R Script", "import os\nx = 2\nprint(x)\n"), lambda document: node(document, 0).update(Comment="halves"))) == []


def test_a_label_column_that_changed_is_a_risk() -> None:
    before = both(module(0, TRAIN), set_to(0, "Label column", "churned"))
    (risk,) = found(set_to(0, "Label column", "left"), before)
    assert (risk.rule, risk.node) == ("label-column", "Train Model 11-1111")
    assert "churned" in risk.text
    assert "left" in risk.text
    assert rules(set_to(0, "Assign Label Mode", "x"), both(module(0, TRAIN), set_to(0, "Assign Label Mode", "Ignore label column"))) == []


def test_edit_metadata_that_marks_another_column_as_label_is_a_risk() -> None:
    marking = both(module(0, METADATA), set_to(0, "Fields", "Labels"), set_to(0, "Column", "churned"))
    assert rules(set_to(0, "Column", "left"), marking) == ["label-column"]
    assert rules(set_to(0, "Fields", "Features"), marking) == ["label-column"]
    assert rules(set_to(0, "Column", "left"), both(marking, set_to(0, "Fields", "Features"))) == []


def test_a_split_whose_fraction_changed_is_a_risk() -> None:
    assert rules(set_to(0, "Fraction", "0.8")) == ["split"]
    assert rules(set_to(0, "Fraction", "0.8"), module(0, TRAIN)) == []


def test_the_other_half_of_a_split_is_a_risk() -> None:
    first = node(graph(), 0)["Id"]
    assert rules(wire(0, f"{first}:Results2")) == ["split"]
    assert rules(wire(0, f"{first}:Results2"), module(0, TRAIN)) == []


def test_a_seed_that_is_unset_is_a_risk() -> None:
    assert rules(set_to(0, "Seed", "")) == ["random-seed"]
    assert rules(set_to(0, "Seed", "0")) == ["random-seed"]
    assert rules(set_to(0, "Seed", "43")) == []
    assert rules(set_to(0, "Seed", "0"), set_to(0, "Seed", "")) == []


def test_an_older_version_of_a_module_is_a_risk() -> None:
    older, newer = (f"{PYTHON.rpartition('-')[0]}-{number}" for number in (999, 1744))
    assert rules(module(1, older), module(1, newer)) == ["module-downgraded"]
    assert rules(module(1, newer), module(1, older)) == []


def test_an_asset_that_the_folder_does_not_list_is_a_risk() -> None:
    other = DATASET[:-1] + "2"

    def edit(document: Document) -> None:
        node(document, 0)["InputPortsInternal"][0]["DataSourceId"] = other

    (risk,) = found(edit, assets=frozenset({DATASET}))
    assert (risk.rule, other in risk.text) == ("missing-asset", True)
    assert rules(edit, assets=frozenset({DATASET, other})) == []
    assert rules(edit) == []


def test_an_input_that_lost_what_fed_it_is_a_risk() -> None:
    def unwire(document: Document) -> None:
        del document["Graph"]["EdgesInternal"][0]

    def remove_the_middle(document: Document) -> None:
        del document["Graph"]["ModuleNodes"][1]
        document["Graph"]["EdgesInternal"] = []

    def close_the_gap(document: Document) -> None:
        edges = document["Graph"]["EdgesInternal"]
        edges[1]["SourceOutputPortId"] = edges[0]["SourceOutputPortId"]
        del document["Graph"]["ModuleNodes"][1], edges[0]

    assert rules(unwire) == ["unfed-input"]
    assert rules(remove_the_middle) == ["unfed-input"]
    assert rules(close_the_gap) == []


def test_a_graph_that_broke_is_a_risk_and_one_that_was_broken_before_is_none() -> None:
    nowhere = wire(0, "99999999-0000-4000-8000-000000000009-91:Results1")
    assert "broken-graph" in rules(nowhere)
    assert "broken-graph" not in rules(set_to(0, "Fraction", "0.8"), nowhere)


def test_a_script_changed_in_one_place_only_is_a_risk() -> None:
    script = "import os\nx = 1\nprint(x)\n"
    twin = Script("Scoring: Execute Python Script 7-0001.py", script)
    change = set_to(1, "R Script", script.replace("x = 1", "x = 2"))
    (risk,) = found(change, scripts=[twin])
    assert risk.rule == "twin-script"
    assert risk.text == "changed here; Scoring: Execute Python Script 7-0001.py still has it as it was"
    assert rules(change, scripts=[Script("Scoring", script.replace("x = 1", "x = 2"))]) == []


def test_a_short_script_has_no_twin() -> None:
    assert rules(set_to(1, "R Script", "b\n"), set_to(1, "R Script", "a\n"), scripts=[Script("Scoring", "a\n")]) == []


def test_a_web_service_output_that_is_gone_is_a_risk() -> None:
    assert rules(lambda document: document["WebService"]["Outputs"].clear()) == ["service-contract"]
    assert rules(lambda document: document["WebService"]["Inputs"].append({"Id": "i", "PortId": None, "Name": "rows"})) == []


def test_a_rule_of_ones_own_matches_all_that_it_names() -> None:
    own = OwnRule(name="many", why="Too many.", change_class="parameter", kind="changed", module="split *", parameter="frac*", value="0.[89]")
    (risk,) = found(set_to(0, "Fraction", "0.9"), own=[own], off=["split"])
    assert (risk.rule, risk.why, risk.text) == ("many", "Too many.", "Fraction: 0.7 → 0.9")
    assert rules(set_to(0, "Fraction", "0.6"), own=[own], off=["split"]) == []
    assert rules(set_to(0, "Seed", "0.9"), own=[own]) == []


def test_a_whole_new_experiment_is_not_held_against_one_before() -> None:
    new = graph()
    nothing: Document = {"Graph": {"ModuleNodes": [], "EdgesInternal": []}}
    difference = diff(nothing, new)
    case = Case(diff=difference, unprotected=difference, old={}, new=new, names=Names({}, new, {}, {}), assets=frozenset())
    assert [risk.rule for risk in risks.risks(case)] == ["missing-asset"]


# --- from a repository


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Trial and Other, which share a script."""
    script = "import os\r\nx = 1\r\nprint(x)\r\n"
    save(tmp_path / "exports", "1.json", experiment(run=1, script=script))
    save(tmp_path / "exports", "other.json", experiment("Other", family=OTHER_FAMILY, run=1, script=script))
    return clone(tmp_path / "exports", tmp_path / "r")


def warned(repository: Path, *arguments: str) -> list[tuple[str, str]]:
    result = aml(repository, "review", "--json", *arguments).expect(OK).json["result"]
    return [(risk["rule"], risk["text"]) for entry in result["experiments"] for risk in entry["risks"]]


def test_the_twin_is_found_in_the_other_experiment_and_gone_once_it_was_changed_too(repository: Path) -> None:
    for title, family in (("Trial", None), ("Other", OTHER_FAMILY)):
        page = node_file(folder(repository, title, family) if family else folder(repository, title), "Execute Python", "py")
        replace_in(page, "x = 1", "x = 2")
        if title == "Trial":
            ((rule, text),) = warned(repository)
            assert rule == "twin-script"
            assert "Other" in text
    assert warned(repository) == []


def test_a_secret_is_named_and_never_shown(repository: Path) -> None:
    page = node_file(folder(repository, "Trial"), "Split Data")
    replace_in(page, '"Split Rows"', f'"{SECRET_KEY}"')
    for options in ((), ("--json",)):
        out = aml(repository, "review", *options).expect(OK).out
        assert "may be a secret" in out or "${secret:" in out
        assert "secret" in out
        assert "c2VjcmV0c2VjcmV0" not in out
    assert warned(repository)[0][0] == "secret"


def test_what_the_user_allowed_is_no_secret(repository: Path) -> None:
    page = node_file(folder(repository, "Trial"), "Execute Python", "py")
    replace_in(page, "print(x)", 'token = "abcdefgh12345678"')
    assert "secret" in [rule for rule, _ in warned(repository)]
    with (repository / ".amlgit").open("a") as opened:
        opened.write(f'\n[secrets]\nallow = ["{text_hash("abcdefgh12345678")}"]\n')
    assert "secret" not in [rule for rule, _ in warned(repository)]


def test_rules_of_ones_own_stand_in_the_configuration(repository: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split Data"), '"0.5"', '"0.8"')
    assert [rule for rule, _ in warned(repository)] == ["split"]
    before = (repository / ".amlgit").read_text()
    (repository / ".amlgit").write_text(f"{before}\n[risks.split]\noff = true\n[risks.mine]\nwhy = 'We agreed on halves.'\nparameter = 'Fraction*'\n")
    assert [rule for rule, _ in warned(repository)] == ["mine"]
    assert aml(repository, "review", "--exit-code").code == FINDINGS


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[risks.mine]\nclass = 'parameter'\n", "has no 'why'"),
        ("[risks.mine]\nwhy = 'So.'\n", "matches every change"),
        ("[risks.mine]\nwhy = 'So.'\nclass = 'colour'\n", "'colour' is none"),
        ("[risks.split]\nwhy = 'So.'\nclass = 'data'\n", "is there already"),
        ("[risks.spilt]\noff = true\n", "no such rule"),
        ("[risks.mine]\nwhy = 'So.'\nklass = 'data'\n", "Did you mean 'risks.mine.class'?"),
    ],
)
def test_a_rule_that_cannot_be_one_is_refused_by_name(repository: Path, table: str, said: str) -> None:
    with (repository / ".amlgit").open("a") as opened:
        opened.write(f"\n{table}")
    err = aml(repository, "review").expect(USAGE).err
    assert said in err
    assert "risks." in err


def test_the_three_dots_of_a_pull_request(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "topic")
    replace_in(node_file(folder(repository, "Trial"), "Split Data"), '"0.5"', '"0.8"')
    commit_all(repository)
    assert [rule for rule, _ in warned(repository, "main...topic")] == ["split"]
    assert warned(repository, "main...topic", "--", "Other") == []
