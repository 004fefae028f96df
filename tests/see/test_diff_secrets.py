"""`amlgit diff --no-index` shows no secret of an export that was never taken in, in any format, wherever it stands."""

import json
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import jsonpatch
import pytest

from amlgit.model.jsontext import dumps
from tests.support.commands import FINDINGS, Run, aml, clone, git
from tests.support.exports import PYTHON, SPLIT, Document, experiment, save
from tests.support.places import put_in
from tests.support.planted import CERTAIN, PLACES, SCRIPT, SUSPECTED, an_export, planted
from tests.support.repositories import commit_all, folder, replace_in

FORMATS = ((), ("--layout",), ("--md",), ("--json",), ("--json-patch",), ("--stat",))


def shown(folder: Path, old: Any, new: Any) -> list[Run]:
    """What a diff of two documents prints, in every format and both directions."""
    paths = [save(folder, name, dumps(document)) for name, document in (("old.json", old), ("new.json", new))]
    return [aml(folder, "diff", "--no-index", *options, *sides).expect(0) for options in FORMATS for sides in (paths, paths[::-1])]


def leaks(runs: list[Run], secret: str) -> list[str]:
    """What was printed with a secret in it, as it is or as JSON, a URL or Markdown spells it."""
    parts = [part for part in secret.replace("\r\n", "\n").split("\n") if len(part) > 4]
    spellings = {spelling for part in parts for spelling in (part, dumps(part)[1:-1].decode(), quote(part, safe=""))}
    plain = [(run.out + run.err).replace("\\", "").replace("<!-- -->", "") for run in runs]
    return [text for run, text in zip(runs, plain, strict=True) if any(spelling in text or spelling in run.out for spelling in spellings)]


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_in_each_place_is_shown_in_no_format(tmp_path: Path, place: str) -> None:
    for kind in ("storage connection string", "SAS encoded once", "private key"):
        text, secret = CERTAIN[kind]
        assert leaks(shown(tmp_path, an_export(), planted(place, text)), secret) == [], kind


@pytest.mark.parametrize("kind", CERTAIN)
def test_a_secret_of_each_kind_is_shown_in_no_format(tmp_path: Path, kind: str) -> None:
    text, secret = CERTAIN[kind]
    for place in ("comment", "value"):
        assert leaks(shown(tmp_path, an_export(), planted(place, text)), secret) == [], place
    script = put_in(an_export(), SCRIPT, f"import os\r\n# {text}\r\nx = 1\r\n")
    assert leaks(shown(tmp_path, an_export(), script), secret) == []


@pytest.mark.parametrize("place", ["comment", "script", "tag", "title"])
def test_what_may_be_a_secret_is_shown_in_no_format(tmp_path: Path, place: str) -> None:
    for kind, text in SUSPECTED.items():
        secret = next(word for word in ("abc12345", "abc123456", text.split(",")[-1].strip()) if word in text)
        document = put_in(an_export(), SCRIPT, text) if place == "script" else planted(place, text)
        assert leaks(shown(tmp_path, an_export(), document), secret) == [], kind


@pytest.mark.parametrize("place", ["comment", "value", "global parameter", "unknown member", "title", "node status"])
def test_another_secret_in_the_same_place_is_a_change_without_a_value(tmp_path: Path, place: str) -> None:
    old, new = (planted(place, f"AccountKey={'abcdefgh' * 3}{number}") for number in (1, 2))
    runs = shown(tmp_path, old, new)
    assert leaks(runs, "abcdefgh" * 3) == []
    if place != "node status":
        assert "another secret" in runs[0].out


def test_a_node_that_came_with_its_password_shows_none(tmp_path: Path) -> None:
    new = cast("Document", an_export())
    node = new["Graph"]["ModuleNodes"][0]
    added = {**node, "Id": "99999999-0000-4000-8000-000000000009-91", "Comment": "Password=hidden1;Server=x"}
    added["ModuleParameters"] = [{"Name": "Account Key", "Value": "hidden2"}, {"Name": "x", "Value": "hidden3", "ValueType": "PlaceHolder"}]
    new = {**new, "Graph": {**new["Graph"], "ModuleNodes": [*new["Graph"]["ModuleNodes"], added]}}
    assert leaks(shown(tmp_path, an_export(), new), "hidden") == []


def test_a_column_selection_hides_no_secret(tmp_path: Path) -> None:
    selection = quote(dumps({"rules": [{"ruleType": "ColumnNames", "columns": ["AccountKey=" + "abcdefgh" * 3]}]}).decode(), safe="-_.!~*'()")
    assert leaks(shown(tmp_path, an_export(), planted("value", selection)), "abcdefgh" * 3) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("properties", "storageAccount"), {"name": "x", "key": "hidden-1"}),
        (("properties", "keys"), {"primary": "hidden-1", "secondary": "hidden-2"}),
        (("properties", "package", "nodes", "node1", "parameters"), {"Account Key": {"value": "hidden-1"}}),
        (("properties", "package", "nodes", "node1", "parameters"), {"Account Key": "hidden-1"}),
        (("properties", "assets", "a", "locationInfo"), {"uri": "x", "credentials": "hidden-1"}),
        (("properties", "description"), "Server=x;Password=hidden-1"),
    ],
)
def test_no_secret_of_a_definition_is_shown(tmp_path: Path, path: tuple[str, ...], value: Any) -> None:
    old: Any = {"name": "x", "properties": {"package": {"nodes": {"node1": {"assetId": "a", "parameters": {}}}}, "assets": {"a": {}}}}
    assert leaks(shown(tmp_path, old, put_in(old, path, value)), "hidden-") == []


# --- of a repository: what somebody typed into the work tree, or committed past the hooks


STATES = (*FORMATS, ("--class", "parameter"), ("--exit-code",))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save(tmp_path / "exports", "1.json", experiment(nodes=(PYTHON, SPLIT, SPLIT)))
    return clone(tmp_path / "exports", tmp_path / "r")


def _typed(repository: Path, secret: str) -> None:
    """A secret wherever a person may type one."""
    text = f"AccountName=x;AccountKey={secret}"
    nodes = folder(repository, "Trial") / "nodes"
    page = folder(repository, "Trial") / "experiment.json"
    replace_in(nodes / "Split Data 2-0002.json", '"Comment": ""', f'"Comment": "{text}"')
    replace_in(nodes / "Split Data 2-0002.json", '"Value": "0.5"', f'"Value": "{text}"')
    replace_in(nodes / "Split Data 3-0003.json", '"Name": "Splitting mode"', '"Name": "Account Key"')
    replace_in(nodes / "Split Data 3-0003.json", '"Value": "Split Rows"', f'"Value": "{secret}"')
    replace_in(nodes / "Execute Python Script 1-0001.py", "frame,\n", f"frame, # {text}\n")
    replace_in(page, '"Description": "Trial"', f'"Description": "Trial {text}"')
    replace_in(page, '"Tags": []', f'"Tags": ["{text}"]')


def test_a_secret_in_the_work_tree_or_a_commit_is_shown_in_no_format(repository: Path) -> None:
    secret = "c2VjcmV0" * 4
    _typed(repository, secret)
    runs = [aml(repository, "diff", *options) for options in STATES]
    git(repository, "add", "--all")
    runs += [aml(repository, "diff", "--staged", *options) for options in STATES]
    commit_all(repository)
    runs += [aml(repository, "diff", *sides, *options) for sides in (("HEAD~1", "HEAD"), ("HEAD", "HEAD~1"), ("Trial@1",)) for options in STATES]
    assert leaks(runs, secret) == []
    assert "5 changes" not in runs[0].out
    for words in ("comment", "Account Key", "title", "tag", "Fraction of rows"):
        assert words in runs[0].out
    assert "${secret:account key}" in runs[0].out


def test_a_patch_has_placeholders_in_place_of_secrets_and_says_so(repository: Path) -> None:
    clean = aml(repository, "diff", "--json-patch")
    assert "placeholder" not in clean.err
    _typed(repository, "c2VjcmV0" * 4)
    run = aml(repository, "diff", "--json-patch").expect(0)
    assert "placeholders stand for what may be a secret" in run.err
    patched = jsonpatch.apply_patch(_export(repository, "HEAD"), json.loads(run.out))
    values = [entry["Value"] for node in patched["Graph"]["ModuleNodes"] for entry in node["ModuleParameters"]]
    assert "AccountName=x;AccountKey=${secret:account key}" in values
    assert "${secret:Account Key}" in values


def _export(repository: Path, rev: str) -> Document:
    """The experiment as a commit has it."""
    git(repository, "stash", "--quiet")
    aml(repository, "export", "Trial", "-o", "../was.json").expect(0)
    git(repository, "stash", "pop", "--quiet")
    return cast("Document", json.loads((repository.parent / "was.json").read_bytes()))


def test_another_secret_is_a_change_that_is_not_shown(repository: Path) -> None:
    for secret in ("c2VjcmV0" * 4, "Z2VoZWlt" * 4):
        _typed(repository, secret) if secret[0] == "c" else _exchanged(repository, "c2VjcmV0" * 4, secret)
        commit_all(repository)
    runs = [aml(repository, "diff", "HEAD~1", "HEAD", *options) for options in STATES]
    assert leaks(runs, "c2VjcmV0") == leaks(runs, "Z2VoZWlt") == []
    assert runs[0].out.count("another secret") >= 3
    assert runs[-1].code == FINDINGS
    assert "no patch holds one" in runs[4].err
    assert json.loads(runs[4].out) == []


def _exchanged(repository: Path, old: str, new: str) -> None:
    for path in folder(repository, "Trial").rglob("*"):
        if path.is_file():
            path.write_text(path.read_text().replace(old, new))
