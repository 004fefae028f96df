"""Pages: what changes together stands on one line, and our markers can't be forged."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form.pages import MARKERS, block, in_order, leave_out, line, mark_foreign, object_, objects, own_name, page, put_back, text
from amlgit.model.jsontext import Json, dumps_sorted, same
from tests.support.drawn import values
from tests.support.forms import split, texts, whole
from tests.support.places import put_in
from tests.support.wire import PYTHON, Members, a_graph

NAMES = st.one_of(st.sampled_from([*sorted(MARKERS), "$File", "$$Absent", "$", "a", "b", "c", ""]), st.text(max_size=3))
OBJECTS = st.dictionaries(NAMES, values(), max_size=5)
USUAL = st.dictionaries(st.sampled_from(["a", "b", "c"]), values(), max_size=3)


@given(OBJECTS, USUAL)
def test_put_back_is_the_inverse_of_leave_out(members: Members, usual: Members) -> None:
    kept = leave_out({**members}, usual)
    assert same(put_back(kept, usual, "here"), members)


@given(USUAL)
def test_nothing_is_said_about_usual_members(usual: Members) -> None:
    assert leave_out(dict(usual), usual) == {}


def test_a_number_is_not_usual_because_python_finds_it_equal() -> None:
    assert leave_out({"a": True, "b": 0, "c": 1.0}, {"a": 1, "b": False, "c": 1}) == {"a": True, "b": 0, "c": 1.0}


@given(NAMES)
def test_a_foreign_name_is_never_a_marker_and_comes_back(name: str) -> None:
    assert mark_foreign(name) not in MARKERS
    assert own_name(mark_foreign(name)) == name


@pytest.mark.parametrize("absent", ["a", [1], ["z"], {"a": 1}, [["a"]], None])
def test_a_wrong_list_of_absent_members_is_refused(absent: Json) -> None:
    with pytest.raises(InvalidDocument, match="here: 'Absent'"):
        put_back({"Absent": absent}, {"a": 1}, "here")


@given(OBJECTS)
def test_a_line_is_one_line_of_json_with_its_first_member_first(members: Members) -> None:
    first = next(iter(members), "")
    written = line(members, first)
    assert b"\n" not in written
    assert dumps_sorted(json.loads(written)) == dumps_sorted(json.loads(dumps_sorted(members)))
    assert not members or next(iter(json.loads(written))) == first


def test_a_page_has_one_entry_a_line() -> None:
    lines = [line({"b": 1, "Name": "x"}, "Name"), b"2"]
    assert page(block({"z": lines, "Id": b'"i"', "a": [], "m": {"k": b"1"}, "n": {}}, "Id")) == (
        b'{\n  "Id": "i",\n  "a": [],\n  "m": {\n    "k": 1\n  },\n  "n": {},\n  "z": [\n    {"Name": "x", "b": 1},\n    2\n  ]\n}\n'
    )


@given(st.lists(OBJECTS, max_size=5), st.integers())
def test_a_set_has_one_order(entries: list[Members], seed: int) -> None:
    mixed = random.Random(seed).sample(entries, len(entries))
    assert [dumps_sorted(entry) for entry in in_order(mixed, "a", "File")] == [dumps_sorted(entry) for entry in in_order(entries, "a", "File")]


@pytest.mark.parametrize("check", [object_, objects, text])
def test_a_wrong_type_is_refused_by_name(check: object) -> None:
    assert callable(check)
    with pytest.raises(InvalidDocument, match="the place must be"):
        check(1, "the place")


NODE = ("Graph", "ModuleNodes", 1)
HOLDERS = [
    (),
    ("Graph",),
    NODE,
    (*NODE, "ModuleParameters", 0),
    (*NODE, "InputPortsInternal", 0),
    (*NODE, "OutputPortsInternal", 0),
    ("Graph", "EdgesInternal", 0),
    ("WebService",),
    ("WebService", "Inputs", 0),
    ("WebService", "Parameters", 0),
    ("WebService", "Parameters", 0, "ParameterDefinition"),
    ("NodeStatuses", 0),
]


@pytest.mark.parametrize("holder", HOLDERS, ids=lambda holder: ".".join(map(str, holder)) or "experiment")
@pytest.mark.parametrize("marker", [*sorted(MARKERS), "Encoding", "$File", "$$Absent", "Node", "NodePositions", "SerializedClientData"])
def test_our_markers_from_outside_come_back_exactly(holder: tuple[str | int, ...], marker: str) -> None:
    service: Members = {"Inputs": [{"Name": "in", "Id": "1"}], "Parameters": [{"Name": "p", "ParameterDefinition": {}}]}
    document: Members = {**a_graph(), "WebService": service}
    document = put_in(document, ("NodeStatuses", 0), {"NodeId": "x"})
    wrong_types = {"SerializedClientData"}
    odd: tuple[Json, ...] = ("x", None, ["File"], {"File": "x"}, "nodes/x.py", "Execute Python Script 21-2222.py", False)
    for value in odd:
        if marker in wrong_types and holder in {("Graph",), ("WebService",)} and value is not None:
            continue
        changed = put_in(document, (*holder, marker), value)
        back = whole(split(changed))
        assert same(_in_sets_order(back), _in_sets_order(changed))


def _in_sets_order(document: Members) -> Json:
    graph = document["Graph"]
    assert isinstance(graph, dict)
    edges, nodes = graph["EdgesInternal"], graph["ModuleNodes"]
    assert isinstance(edges, list)
    assert isinstance(nodes, list)
    return {**document, "Graph": {**graph, "EdgesInternal": sorted(edges, key=dumps_sorted), "ModuleNodes": sorted(nodes, key=dumps_sorted)}}


def test_a_foreign_file_marker_beside_a_script_obeys_nobody() -> None:
    parameter: Members = {"Name": "R Script", "Value": "x = 1\n", "File": "../../etc/passwd", "Newline": "CRLF", "FinalNewline": False}
    document = put_in(a_graph(), (*NODE, "ModuleParameters", 0), parameter)
    document = put_in(document, (*NODE, "ModuleId"), PYTHON)
    form = split(document)
    assert all(".." not in path for path in texts(form))
    assert same(_in_sets_order(whole(form)), _in_sets_order(put_in(document, (*NODE, "ModuleParameters", 0), parameter)))
