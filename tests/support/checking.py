"""A clone of the samples to damage: its files, ways to damage them, and what `check` says then."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from amlgit import config
from amlgit.review.findings import Finding
from amlgit.store import repository as repositories
from amlgit.workflows.check import CheckReport, check
from tests.support.repositories import replace_in

TRAINING, SERVICE = "experiments/Customer churn - training-609597", "webservices/churn-scoring-897be0"
SCORING = "experiments/Customer churn - scoring-3bb5ec"
TRAIN, PYTHON, R, CLEAN, SPLIT, SCORE, EVALUATE = (
    f"{TRAINING}/nodes/{stem}.json"
    for stem in (
        "Train Model 166-bb60",
        "Execute Python Script 125-bb60",
        "Execute R Script 140-bb60",
        "Clean Missing Data 64-6ec6",
        "Split Data 153-bb60",
        "Score Model 173-bb60",
        "Evaluate Model 181-bb60",
    )
)
PYTHON_SCRIPT, R_SCRIPT = PYTHON.replace(".json", ".py"), R.replace(".json", ".R")
IMPORT = f"{TRAINING}/nodes/Import Data 112-bb60.json"
EXPERIMENT, LAYOUT, DEFINITION = f"{TRAINING}/experiment.json", f"{TRAINING}/layout.json", f"{SERVICE}/definition.json"
FAMILY = "60959711486b2ce482976a3ae4cef45b"
KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA=="
CONFLICT = "<<<<<<< ours\n{}\n=======\n[]\n>>>>>>> theirs\n"

Damage = Callable[[Path], object]


def check_in(repository: Path, *paths: str, rev: str | None = None, staged: bool = False, fix: bool = False) -> CheckReport:
    found = repositories.discover(repository, os.environ)
    return check(found, config.load(repository), paths=paths, rev=rev, staged=staged, fix=fix)


def rules(report: CheckReport) -> list[tuple[str, str]]:
    return [(finding.rule, finding.path) for finding in report.findings]


def one(report: CheckReport) -> Finding:
    (finding,) = report.findings
    return finding


def replace(path: str, old: str, new: str) -> Damage:
    return lambda repository: replace_in(repository / path, old, new)


def write(path: str, text: str) -> Damage:
    return lambda repository: (repository / path).write_bytes(text.encode())


def append(path: str, text: str) -> Damage:
    return lambda repository: (repository / path).write_bytes((repository / path).read_bytes() + text.encode())


def remove(path: str) -> Damage:
    return lambda repository: (repository / path).unlink()


def rename(old: str, new: str) -> Damage:
    return lambda repository: (repository / old).rename((repository / old).with_name(new))


def copy(old: str, new: str) -> Damage:
    return lambda repository: shutil.copy(repository / old, (repository / old).with_name(new))


def both(*damages: Damage) -> Damage:
    return lambda repository: [damage(repository) for damage in damages]


SPLIT_ID = "bb60c20a-54d3-4833-ac2b-6e112f31808e-153"
FED = '"Source": "Split Data 153-bb60:Results dataset1"'

# what is done → the rule, the file, the line, whether --fix mends it
ERRORS: dict[str, tuple[Damage, str, str, int | None, bool]] = {
    "no JSON": (write(TRAIN, '{"Id": "x",\n  "Comment": }\n'), "json", TRAIN, 2, False),
    "an empty file": (write(LAYOUT, ""), "json", LAYOUT, None, False),
    "a member twice": (replace(TRAIN, '"Comment": "",', '"Comment": "", "Comment": "",'), "json", TRAIN, None, False),
    "not a number": (replace(TRAIN, '"CommentCollapsed": true', '"CommentCollapsed": NaN'), "json", TRAIN, None, False),
    "a list for a page": (write(TRAIN, "[]\n"), "json", TRAIN, None, False),
    "nested too deep": (write(LAYOUT, '{"Graph": ' + "[" * 200 + "]" * 200 + "}"), "json", LAYOUT, None, False),
    "a node without an id": (replace(TRAIN, '"Id"', '"Ident"'), "form", TRAIN, None, False),
    "a port that is no object": (replace(TRAIN, '{"Name": "Trained model", "OutputType": "TrainedModel"}', "1"), "form", TRAIN, None, False),
    "a script that is not UTF-8": (
        lambda repository: (repository / PYTHON_SCRIPT).write_bytes(b"caf\xe9\n"),
        "form",
        PYTHON,
        None,
        False,
    ),
    "a layout with a document type": (
        write(LAYOUT, '{"Graph": {"SerializedClientData": "<!DOCTYPE a><a/>"}}\n'),
        "form",
        EXPERIMENT,
        None,
        False,
    ),
    "another spelling": (replace(TRAIN, '"CommentCollapsed": true', '"CommentCollapsed":true'), "normal-form", TRAIN, 4, True),
    "no final newline": (lambda repository: (repository / TRAIN).write_bytes((repository / TRAIN).read_bytes()[:-1]), "normal-form", TRAIN, 15, True),
    "carriage returns in a page": (replace(EXPERIMENT, "\n", "\r\n"), "normal-form", EXPERIMENT, 1, True),
    "a member of the service": (replace(EXPERIMENT, '  "Summary"', '  "Etag": "x",\n  "Summary"'), "normal-form", EXPERIMENT, 8, True),
    "a script under another name": (
        both(rename(PYTHON_SCRIPT, "clean.py"), replace(PYTHON, "Execute Python Script 125-bb60.py", "clean.py")),
        "normal-form",
        PYTHON,
        12,
        True,
    ),
    "no experiment.json": (remove(EXPERIMENT), "missing-file", EXPERIMENT, None, False),
    "no layout.json": (remove(LAYOUT), "missing-file", LAYOUT, None, True),
    "no definition.json": (remove(DEFINITION), "missing-file", DEFINITION, None, False),
    "a script without a node": (write(f"{TRAINING}/nodes/old.py", "pass\n"), "foreign-file", f"{TRAINING}/nodes/old.py", None, False),
    "a script that no definition names": (write(f"{SERVICE}/old.R", "1\n"), "foreign-file", f"{SERVICE}/old.R", None, False),
    "a node without its script": (remove(PYTHON_SCRIPT), "script-missing", PYTHON, 12, False),
    "a definition without its script": (remove(f"{SERVICE}/node2.py"), "script-missing", DEFINITION, 144, False),
    "a script outside": (replace(PYTHON, "Execute Python Script 125-bb60.py", "../../x.py"), "script-missing", PYTHON, 12, False),
    "carriage returns in a script": (replace(R_SCRIPT, "\n", "\r\n"), "script-newline", R_SCRIPT, 1, True),
    "a carriage return inside a line": (append(R_SCRIPT, "# a\rb\n"), "script-newline", R_SCRIPT, None, False),
    "carriage returns in a script of a service": (replace(f"{SERVICE}/node3.R", "\n", "\r\n"), "script-newline", f"{SERVICE}/node3.R", 1, True),
    "a copied node": (copy(TRAIN, "Copy.json"), "node-identity", f"{TRAINING}/nodes/Copy.json", 2, False),
    "a renamed node": (rename(TRAIN, "Train.json"), "node-identity", f"{TRAINING}/nodes/Train.json", None, True),
    "a source that is not there": (replace(TRAIN, FED, '"Source": "Split Data 9:Results dataset1"'), "dangling-source", TRAIN, 7, False),
    "a service port that is not there": (
        replace(f"{SCORING}/experiment.json", "Transformation 66-9af6:Results dataset", "Transformation 67-9af6:Results dataset"),
        "dangling-source",
        f"{SCORING}/experiment.json",
        19,
        False,
    ),
    "an output port that is not there": (replace(TRAIN, FED, FED.replace("dataset1", "dataset9")), "unknown-port", TRAIN, 7, False),
    "a node id of another form": (replace(EVALUATE, "bb60c20a-54d3-4833-ac2b-6e112f31808e-181", "bb60-181"), "node-id", EVALUATE, None, False),
    "a module id of another form": (replace(EVALUATE, "506153734175476c4f62416c57734963.", ""), "module-id", EVALUATE, None, False),
    "a dataset id of another form": (replace(TRAIN, FED, '"DataSourceId": "GenericCSV"'), "asset-id", TRAIN, 7, False),
    "an edge and a model": (
        replace(TRAIN, FED, f'"TrainedModelId": "{"0" * 32}.{"1" * 32}.x", {FED}'),
        "edge-and-asset",
        TRAIN,
        7,
        False,
    ),
    "two assets": (
        replace(TRAIN, FED, f'"TrainedModelId": "{"0" * 32}.{"1" * 32}.x", "DataSourceId": "{"0" * 32}.{"1" * 32}.y"'),
        "several-assets",
        TRAIN,
        7,
        False,
    ),
    "a cycle": (
        replace(PYTHON, '"Clean Missing Data 64-6ec6:Cleaned dataset"', '"Score Model 173-bb60:Scored dataset"'),
        "cycle",
        None or "",
        None,
        False,
    ),
    "a port twice": (replace(PYTHON, '"Dataset2"', '"Dataset1"'), "double-port", PYTHON, 6, False),
    "a parameter twice": (replace(PYTHON, '"Python Version"', '"R Script"'), "double-parameter", PYTHON, 12, False),
    "an edge beside the ports": (
        replace(
            EXPERIMENT,
            '"Graph": {',
            '"Graph": {\n    "EdgesInternal": [\n      {"SourceOutputPortId": "'
            + SPLIT_ID
            + ':Results dataset2", "DestinationInputPortId": "bb60c20a-54d3-4833-ac2b-6e112f31808e-166:Dataset", "DestinationInputPortIndex": null}'
            + "\n    ],",
        ),
        "double-edge",
        EXPERIMENT,
        6,
        False,
    ),
    "a credential": (
        replace(EVALUATE, '"ModuleParameters": []', '"ModuleParameters": [\n    {"Name": "Account Key", "Value": "hunter22"}\n  ]'),
        "secret",
        EVALUATE,
        11,
        False,
    ),
    "a credential that is no string": (
        replace(EVALUATE, '"ModuleParameters": []', '"ModuleParameters": [\n    {"Name": "x", "Value": {"PrimaryKey": 7}}\n  ]'),
        "secret",
        EVALUATE,
        11,
        False,
    ),
    "a key in a summary": (replace(EXPERIMENT, "Which customers", f"AccountKey={KEY} Which customers"), "secret", EXPERIMENT, 8, False),
    "a key in a script": (append(PYTHON_SCRIPT, f"key = '{KEY}'\n"), "secret", PYTHON_SCRIPT, None, False),
    "a key in a definition": (replace(DEFINITION, "Whom to call before they leave", f"AccountKey={KEY}"), "secret", DEFINITION, 55, False),
    "a key in a script of a service": (append(f"{SERVICE}/node2.py", f"key = '{KEY}'\n"), "secret", f"{SERVICE}/node2.py", None, False),
    "a key in a script without a node": (write(f"{TRAINING}/nodes/old.py", f"key = '{KEY}'\n"), "secret", f"{TRAINING}/nodes/old.py", 1, False),
    "a conflict in a node": (write(TRAIN, CONFLICT), "conflict-marker", TRAIN, 1, False),
    "a conflict in a script": (append(PYTHON_SCRIPT, CONFLICT), "conflict-marker", PYTHON_SCRIPT, None, False),
    "a conflict in sync.json": (write(f"{TRAINING}/sync.json", CONFLICT), "conflict-marker", f"{TRAINING}/sync.json", 1, False),
    "a conflict in a definition": (write(DEFINITION, CONFLICT), "conflict-marker", DEFINITION, 1, False),
    "an unreadable sync.json": (write(f"{TRAINING}/sync.json", '{"archive": 1}\n'), "companion", f"{TRAINING}/sync.json", None, False),
    "an unreadable assets.json": (write(f"{TRAINING}/assets.json", "{"), "companion", f"{TRAINING}/assets.json", 1, False),
    "a copied folder": (
        lambda repository: shutil.copytree(repository / TRAINING, repository / "experiments" / "Copy"),
        "companion",
        f"{TRAINING}/sync.json",
        2,
        False,
    ),
    "a link for a file": (
        both(remove(LAYOUT), lambda repository: os.symlink("experiment.json", repository / LAYOUT)),
        "not-a-file",
        LAYOUT,
        None,
        False,
    ),
    "a definition that is no JSON": (write(DEFINITION, "{\n"), "json", DEFINITION, 2, False),
    "a definition in another spelling": (replace(DEFINITION, '"location": ', '"location":'), "normal-form", DEFINITION, 2, True),
    "a definition that can't be held": (replace(DEFINITION, '"Newline": "CRLF"', '"Newline": "CR"'), "form", DEFINITION, None, False),
    "a definition with a wrong edge": (
        replace(DEFINITION, '"sourceNodeId": "node2"', '"sourceNodeId": "node99"'),
        "unknown-node",
        DEFINITION,
        None,
        False,
    ),
    "a definition with a wrong asset": (replace(DEFINITION, '"assetId": "asset2"', '"assetId": "asset99"'), "unknown-asset", DEFINITION, 140, False),
}
