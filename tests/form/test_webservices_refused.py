"""Web service definitions that the form can't hold, and folders that contradict themselves: refused by name, and never another error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form.webservices import DEFINITION, join
from amlgit.model.jsontext import Json, same
from tests.support.definitions import a_definition, any_values, comparable, form_of


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("properties", [], "properties must be an object"),
        ("properties/package", [], "package must be an object"),
        ("properties/package/nodes", "x", "nodes must be an object"),
        ("properties/package/nodes/node1", None, "node node1 must be an object"),
        ("properties/package/nodes/node1/parameters", [], "node node1: parameters must be an object"),
        ("properties/package/edges", {}, "edges must be a list"),
        ("properties/package/edges", ["node1"], "edges must be an object"),
        ("properties/package/graphParameters", [], "graphParameters must be an object"),
        ("properties/package/graphParameters/Server name", None, "graph parameter Server name must be an object"),
        ("properties/package/graphParameters/Server name/links", 3, "links must be a list"),
        ("properties/assets", "x", "assets must be an object"),
        ("properties/assets/code", 1, "asset code must be an object"),
        ("properties/assets/code/locationInfo", "uri", "code: locationInfo must be an object"),
        ("properties/input", "x", "input must be an object"),
        ("properties/input/properties/people", [], "input: people must be an object"),
        ("properties/output/properties/scores/properties", [], "output: scores.properties must be an object"),
        ("properties/exampleRequest/inputs/people", {}, "exampleRequest.inputs.people must be a list"),
        ("properties/exampleRequest/globalParameters", [], "exampleRequest.globalParameters must be an object"),
        ("properties/parameters", [], "parameters must be an object"),
        ("properties/keys", "x", "keys must be an object"),
        ("properties/storageAccount", ["x"], "storageAccount must be an object"),
        ("tags", "x", "tags must be an object"),
        ("Name", "x", "'name' and 'Name'"),
        ("properties/Package", {}, "'package' and 'Package'"),
        ("properties/package/nodes/node1/AssetId", "x", "'assetId' and 'AssetId'"),
        ("properties/package/nodes/node1/parameters/Version/Value", "x", "'value' and 'Value'"),
    ],
)
def test_what_the_form_cannot_hold_is_refused_by_name(path: str, value: Json, named: str) -> None:
    document = a_definition()
    *parents, last = path.split("/")
    parent = document
    for name in parents:
        parent = parent[name]
    parent[last] = value
    with pytest.raises(InvalidDocument) as error:
        form_of(document)
    assert named in str(error.value)


_PATHS = (
    *("", "properties", "properties/package", "properties/package/nodes", "properties/package/nodes/node1", "properties/assets"),
    *("properties/package/nodes/node1/parameters", "properties/package/nodes/node1/parameters/R Script", "properties/assets/code/locationInfo"),
    *("properties/package/graphParameters", "properties/input/properties/people", "properties/exampleRequest", "properties/storageAccount"),
)


@given(st.sampled_from(_PATHS), st.sampled_from([*a_definition()["properties"], "Value", "value", "uri", "links", "inputs"]), any_values())
def test_a_member_of_any_type_anywhere_is_held_or_refused(path: str, name: str, value: Json) -> None:
    document = a_definition()
    parent = document
    for step in path.split("/") if path else ():
        parent = parent[step]
    parent[name] = value
    try:
        form = form_of(document)
    except InvalidDocument:
        return
    assert same(comparable(join(form.content, form.run)), comparable(document))


# --- joining


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b'"File": "node1.py"', b'"File": "gone.py"', "properties.package.nodes.node1.parameters.R Script: its script 'gone.py' is missing"),
        (b'"File": "node1.py"', b'"File": "definition.json"', "is missing"),
        (b'"File": "node1.py"', b'"File": 3', "File must be a string"),
        (b'"Newline": "CRLF"', b'"Newline": "CR"', "Newline must be 'CRLF'"),
        (b'"Newline": "CRLF"', b'"newline": "CRLF"', "must hold a value, a file or columns"),
        (b'{"File": "node2.sql"}', b'{"File": "node2.sql", "Columns": {}}', "must hold a value, a file or columns"),
        (b'{"Columns": {', b'{"Encoding": "utf", "Columns": {', "Encoding must be 'plain'"),
        (b'{"value": "2"}', b'{"value": "2", "Absent": ["value"]}', "'Absent' must list"),
        (b'"properties": {', b'"propertes": {', "properties must be an object"),
        (b'"properties": {', b"<<<<<<< ours", "definition.json: line"),
    ],
)
def test_join_names_what_contradicts_itself(old: bytes, new: bytes, named: str) -> None:
    content = dict(form_of(a_definition()).content)
    assert old in content[DEFINITION]
    content[DEFINITION] = content[DEFINITION].replace(old, new)
    with pytest.raises(InvalidDocument) as error:
        join(content)
    assert named in str(error.value)


def test_join_refuses_a_folder_without_its_definition_and_a_script_that_is_no_text() -> None:
    content = dict(form_of(a_definition()).content)
    with pytest.raises(InvalidDocument, match=r"definition\.json is missing"):
        join({path: data for path, data in content.items() if path != DEFINITION})
    with pytest.raises(InvalidDocument, match=r"node1\.py: not UTF-8 at byte 0"):
        join({**content, "node1.py": b"\xff"})
