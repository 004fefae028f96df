"""What `check` prints: text, JSON, SARIF."""

import json
from pathlib import Path

from amlgit.review.sarif import sarif
from tests.support.checking import ERRORS, EVALUATE, LAYOUT, TRAIN, remove
from tests.support.commands import FINDINGS, OK, aml


def test_the_text_is_a_line_for_each_finding_and_a_count(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    remove(EVALUATE)(repository)
    run = aml(repository, "check").expect(FINDINGS)
    assert run.out.splitlines() == [
        f"{LAYOUT}:8: warning: A box of 'Evaluate Model 181-bb60', and there is no such node. [layout-box]",
        f"{TRAIN}:4: error: Not in normal form: this line would be written otherwise. [normal-form]",
    ]
    assert run.err.splitlines()[-1] == "1 error, 1 warning in 4 folders; 'amlgit check --fix' mends 2."
    fixed = aml(repository, "check", "--fix").expect(OK)
    assert [line.split(": ")[1] for line in fixed.out.splitlines()] == ["fixed", "fixed"]
    assert fixed.err == "2 fixed in 4 folders.\n"


def test_the_json_is_the_envelope_with_every_finding(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    document = aml(repository, "check", "--json").expect(FINDINGS).json
    assert (document["command"], document["status"], document["result"]["checked"]) == ("check", "findings", 4)
    assert document["result"]["findings"] == [
        {
            "rule": "normal-form",
            "severity": "error",
            "message": "Not in normal form: this line would be written otherwise.",
            "path": TRAIN,
            "line": 4,
            "fixable": True,
            "hint": "'amlgit check --fix' rewrites it.",
        }
    ]


def test_the_sarif_names_rules_files_and_lines(repository: Path) -> None:
    ERRORS["another spelling"][0](repository)
    remove(EVALUATE)(repository)
    document = json.loads(aml(repository, "check", "--sarif").expect(FINDINGS).out)
    assert (document["version"], len(document["runs"])) == ("2.1.0", 1)
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "amlgit"
    assert [rule["id"] for rule in driver["rules"]] == ["layout-box", "normal-form"]
    assert all(rule["shortDescription"]["text"] for rule in driver["rules"])
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("error", "warning")
        assert result["message"]["text"]
    place = run["results"][1]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == TRAIN.replace(" ", "%20")
    assert place["region"] == {"startLine": 4}


def test_the_sarif_of_nothing_is_a_document_all_the_same() -> None:
    document = sarif([], "1.2.3")
    assert document["version"] == "2.1.0"
    assert document["runs"]
