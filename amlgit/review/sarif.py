"""Findings as SARIF 2.1.0, which hosts show beside the lines of a pull request."""

from collections.abc import Sequence
from urllib.parse import quote

from amlgit.model.jsontext import Json, Object
from amlgit.review.findings import RULES, Finding

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(findings: Sequence[Finding], version: str) -> Object:
    """The SARIF document of a check by this version of amlgit; paths are relative to the repository's top folder."""
    rules = sorted({finding.rule for finding in findings})
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "amlgit", "version": version, "semanticVersion": version, "rules": [_rule(rule) for rule in rules]}},
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, rules.index(finding.rule)) for finding in findings],
            }
        ],
    }


def _rule(rule: str) -> Json:
    text: Json = {"text": RULES[rule]}
    return {"id": rule, "shortDescription": text, "fullDescription": text, "help": text, "defaultConfiguration": {"level": "error"}}


def _result(finding: Finding, rule_index: int) -> Json:
    text = finding.message if finding.hint is None else f"{finding.message} {finding.hint}"
    location: Json = {
        "artifactLocation": {"uri": quote(finding.path), "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": finding.line or 1},  # hosts show no result without a line
    }
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": finding.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": location}],
    }
