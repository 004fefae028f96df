"""The form of web service definitions: every member comes back, one change is one line, and what it can't hold is refused by name."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form.webservices import DEFINITION, join, split_protected
from amlgit.model.jsontext import Json, Object, dumps, loads, same
from tests.support.definitions import (
    FAMILY,
    NO_DECISIONS,
    PYTHON,
    SELECTION,
    WORKSPACE,
    a_column,
    a_definition,
    a_value,
    an_asset,
    any_values,
    comparable,
    form_of,
    nodes_of,
    round_trips,
    text_of,
)
from tests.support.files import corpus_definitions

R_MODEL = f"aml://module/{WORKSPACE}.314e34a8b24c4870afe62649b6fc7476.v1-default-1735"


def _shuffled(value: Json, chance: random.Random, path: tuple[str, ...] = ()) -> Json:
    """The same definition with its maps and sets in another order, but for columns."""
    if isinstance(value, Mapping):
        names = list(value)
        if not (len(path) == 5 and path[1] in ("input", "output") and path[4] == "properties"):
            chance.shuffle(names)
        return {name: _shuffled(value[name], chance, (*path, name.casefold())) for name in names}
    if isinstance(value, list):
        entries = [_shuffled(entry, chance, (*path, "")) for entry in value]
        if path[-1:] in (("edges",), ("links",)):
            chance.shuffle(entries)
        return entries
    return value


# --- the form


def test_a_definition_comes_back_member_for_member() -> None:
    assert round_trips(a_definition())


def test_the_small_definition_is_written_like_this() -> None:
    form = form_of(a_definition())
    assert sorted(form.content) == [DEFINITION, "node1.py", "node2.sql"]
    assert form.content["node1.py"] == b"print(1)\nprint(2)\n"
    lines = form.content[DEFINITION].decode().split("\n")
    for line in (
        '    "cost": "12",',
        '            "name": {"type": "String", "format": "", "x-ms-isnullable": true},',
        '        {"sourceNodeId": "node3", "targetNodeId": "node1", "targetPortId": "Dataset1"}',
        '            "R Script": {"value": {"File": "node1.py", "FinalNewline": false, "Newline": "CRLF"}},',
        '            "Version": {"value": "2"}',
        (
            '            "Columns to keep": {"Columns": {"isFilter": true, '
            '"rules": [{"ruleType": "ColumnNames", "columns": ["b", "a"], "exclude": false}]}},'
        ),
        '            "Database Query": {"File": "node2.sql"},',
        '            "Rows": "5"',
        '          ["Bo", 2],',
        '      "server name": {"value": "db.example.org"}',
    ):
        assert line in lines, line
    assert form.content[DEFINITION].endswith(b"}\n")


def test_what_the_service_owns_stands_in_the_run() -> None:
    form = form_of(a_definition())
    run = loads(form.run)
    assert isinstance(run, Mapping)
    assert sorted(run) == ["id", "properties", "type"]
    owned = run["properties"]
    assert isinstance(owned, Mapping)
    assert sorted(owned) == ["createdOn", "modifiedOn", "payloadsLocation", "provisioningState", "swaggerLocation"]
    content = join(form.content)
    assert "id" not in content
    assert b"createdOn" not in dumps(content)


def test_owned_members_are_found_and_kept_in_any_case() -> None:
    document = a_definition()
    document["Properties"] = document.pop("properties")
    document["Properties"]["CreatedOn"] = document["Properties"].pop("createdOn")
    document["ID"] = document.pop("id")
    form = form_of(document)
    assert b'"CreatedOn"' in form.run
    assert b'"ID"' in form.run
    assert round_trips(document)


def test_a_definition_without_anything_owned_has_an_empty_run() -> None:
    document: Object = {"properties": {"package": {"nodes": {}}}}
    assert form_of(document).run == b"{}\n"
    assert round_trips(document)


@pytest.mark.parametrize(
    "parameter",
    [
        "",
        "plain",
        None,
        5,
        True,
        ["a", {"File": "x"}],
        {},
        {"value": "x"},
        {"value": None, "certificateThumbprint": None},
        {"value": "x", "certificateThumbprint": "AB12"},
        {"Value": "x", "CertificateThumbprint": ""},
        {"Value": "x", "certificateThumbprint": ""},
        {"VALUE": "x", "certificateThumbprint": ""},
        {"certificateThumbprint": ""},
        {"value": SELECTION, "certificateThumbprint": ""},
        {"value": {"File": "x", "$Columns": 1, "value": 2}},
        {"value": {"$$File": "x"}, "other": {"File": 1}},
        {"File": "x", "Absent": ["value"], "$Absent": 3},
        {"Columns": {}, "Encoding": "percent"},
        SELECTION,
        SELECTION.replace("%22", '"'),
        '{"rules":[],"isFilter":true}',
        '{"rules": []}',
        "%7B%22rules%22:1%7D",
        "${secret:not ours}",
        "$${secret:not ours} $${secret",
        {"value": "${secret:not ours}"},
    ],
)
@pytest.mark.parametrize("name", ["Rows", "R Script", "value", "File"])
def test_a_parameter_of_any_shape_comes_back(parameter: Json, name: str) -> None:
    document = a_definition()
    nodes_of(document)["node1"]["parameters"][name] = parameter
    document["properties"]["parameters"][name] = parameter
    assert round_trips(document)
    form = form_of(document)
    assert split_protected(join(form.content, form.run), FAMILY, NO_DECISIONS) == form


@given(st.text(st.sampled_from("a \r\n\t${}é\U0001f600"), max_size=12), st.booleans())
def test_a_script_of_any_text_comes_back(script: str, is_plain: bool) -> None:
    document = a_definition()
    nodes_of(document)["node1"]["parameters"]["R Script"] = script if is_plain else a_value(script)
    assert round_trips(document)


_nodes_of_any_kind = st.dictionaries(
    st.text(st.sampled_from("aAbß/. $é1"), max_size=5),
    st.fixed_dictionaries(
        {"assetId": st.sampled_from(["code", "reader", "none"])},
        optional={
            "parameters": st.dictionaries(
                st.sampled_from(["R Script", "Database Query", "Rows", "File", "$File"]), any_values() | st.builds(a_value, any_values())
            )
        },
    ),
    max_size=6,
)


@given(_nodes_of_any_kind, any_values(), st.randoms(use_true_random=False))
def test_the_normal_form_is_exact_idempotent_and_blind_to_order(nodes: dict[str, Any], extra: Json, chance: random.Random) -> None:
    document = a_definition()
    document["properties"]["package"]["nodes"] = nodes
    document["properties"]["x-unknown"] = extra
    document = json.loads(dumps(document))
    try:
        form = form_of(document)
    except InvalidDocument:
        reject()  # `value` doubled in another case: see the test of refusals
    assert round_trips(document)
    assert split_protected(join(form.content, form.run), FAMILY, NO_DECISIONS) == form
    shuffled = _shuffled(document, chance)
    assert isinstance(shuffled, Mapping)
    assert form_of(shuffled) == form


def test_the_order_of_columns_is_data() -> None:
    document = a_definition()
    columns = document["properties"]["input"]["properties"]["people"]["properties"]
    before = form_of(document)
    columns["name"] = columns.pop("name")
    after = form_of(document)
    assert after.content[DEFINITION] != before.content[DEFINITION]
    assert round_trips(document)


def test_the_order_of_example_rows_is_data() -> None:
    document = a_definition()
    before = form_of(document)
    document["properties"]["exampleRequest"]["inputs"]["people"].reverse()
    assert form_of(document).content[DEFINITION] != before.content[DEFINITION]


def test_columns_named_like_our_members_stay_data() -> None:
    document = a_definition()
    for side in ("input", "output"):
        document["properties"][side]["properties"]["Properties"] = {
            "properties": {"properties": a_column("String"), "File": a_column("String"), "Title": a_column("Number")}
        }
    assert round_trips(document)


def _set_parameter(document: dict[str, Any]) -> None:
    nodes_of(document)["node1"]["parameters"]["Version"]["value"] = "3"


def _set_plain_parameter(document: dict[str, Any]) -> None:
    nodes_of(document)["node2"]["parameters"]["Rows"] = "6"


def _set_selection(document: dict[str, Any]) -> None:
    nodes_of(document)["node2"]["parameters"]["Columns to keep"] = SELECTION.replace("%22b%22", "%22c%22")


def _set_service_parameter(document: dict[str, Any]) -> None:
    document["properties"]["parameters"]["server name"]["value"] = "other"


def _set_uri(document: dict[str, Any]) -> None:
    document["properties"]["assets"]["code"]["locationInfo"]["uri"] = PYTHON.replace("1735", "1736")


def _set_column(document: dict[str, Any]) -> None:
    document["properties"]["input"]["properties"]["people"]["properties"]["age"]["type"] = "Number"


def _set_link(document: dict[str, Any]) -> None:
    document["properties"]["package"]["graphParameters"]["Server name"]["links"].pop()


@pytest.mark.parametrize("change", [_set_parameter, _set_plain_parameter, _set_selection, _set_service_parameter, _set_uri, _set_column, _set_link])
def test_one_change_changes_exactly_one_line(change: Callable[[dict[str, Any]], None]) -> None:
    document = a_definition()
    before = form_of(document).content
    change(document)
    after = form_of(document).content
    assert [path for path in before if before[path] != after[path]] == [DEFINITION]
    pairs = zip(before[DEFINITION].split(b"\n"), after[DEFINITION].split(b"\n"), strict=True)
    assert sum(one != other for one, other in pairs) == 1


def test_a_script_change_changes_only_its_file() -> None:
    document = a_definition()
    before = form_of(document).content
    nodes_of(document)["node2"]["parameters"]["Database Query"] = "select 2\n"
    after = form_of(document).content
    assert [path for path in before if before[path] != after[path]] == ["node2.sql"]


def test_two_scripts_of_a_node_carry_their_parameters_names() -> None:
    document = a_definition()
    document["properties"]["assets"]["code"] = an_asset("Create R Model", R_MODEL)
    nodes_of(document)["node1"]["parameters"] = {"Trainer R script": a_value("1"), "Scorer R script": "2"}
    assert {"node1 Trainer R script.R", "node1 Scorer R script.R"} < form_of(document).content.keys()
    assert round_trips(document)


def test_nodes_whose_safe_names_are_one_get_files_of_their_own() -> None:
    document = a_definition()
    for key in ("a/b", "A_B", "con"):
        nodes_of(document)[key] = {"assetId": "code", "parameters": {"R Script": key}}
    files = form_of(document).content.keys()
    assert len(files) == 6
    assert "_con.py" in files
    assert not any("/" in path for path in files)
    assert round_trips(document)


def test_scripts_that_would_still_be_one_file_are_refused_by_name() -> None:
    document = a_definition()
    document["properties"]["assets"]["code"] = an_asset("Create R Model", R_MODEL)
    nodes_of(document)["n"] = {"assetId": "code", "parameters": {"Trainer R script": "1", "Scorer R script": "2"}}
    nodes_of(document)["n trainer R script"] = {"assetId": "code", "parameters": {"Trainer R script": "3"}}
    with pytest.raises(InvalidDocument, match="one file with another script"):
        form_of(document)


# --- real definitions


def _real(path: Path) -> Object:
    document = loads(path.read_bytes())
    assert isinstance(document, Mapping)
    return document


def _with_placeholders_for(document: Json, joined: Json) -> Json:
    """`document` with the placeholders that `joined` has where a secret was."""
    if isinstance(joined, str) and joined.startswith("${secret:"):
        assert document not in (None, "")
        return joined
    if isinstance(document, Mapping) and isinstance(joined, Mapping):
        return {name: _with_placeholders_for(value, joined.get(name)) for name, value in document.items()}
    return document


@pytest.mark.parametrize("path", corpus_definitions())
def test_a_real_definition_comes_back_member_for_member(path: Path) -> None:
    document = _real(path)
    form = form_of(document)
    joined = join(form.content, form.run)
    assert same(comparable(joined), comparable(_with_placeholders_for(document, joined)))


@pytest.mark.parametrize("path", corpus_definitions())
def test_the_form_of_a_real_definition_is_idempotent_and_blind_to_order(path: Path) -> None:
    document = _real(path)
    form = form_of(document)
    assert split_protected(join(form.content, form.run), FAMILY, NO_DECISIONS) == form
    shuffled = _shuffled(document, random.Random(path.name))
    assert isinstance(shuffled, Mapping)
    assert form_of(shuffled) == form


@pytest.mark.parametrize("path", corpus_definitions())
def test_no_password_of_a_real_definition_is_written(path: Path) -> None:
    form = form_of(_real(path))
    for word in (b"PlacementPassword", b"PrimaryKey", b"REDACTED"):
        assert word not in text_of(form)
    assert not form.suspicions
