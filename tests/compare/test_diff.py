"""One edit is one change, named as a person would name it: class, thing, kind, node, place, both sides."""

from collections.abc import Callable
from pathlib import Path

import pytest

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Change, Edit
from amlgit.compare.diff import diff
from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Number
from tests.support.canonical import canonical
from tests.support.edits import DATASET, FIRST, NEW, NODES, OTHER_DATASET, SECOND, THIRD, graph, value, wired, with_node, without
from tests.support.exports import Document
from tests.support.files import read
from tests.support.graphs import edits, layout
from tests.support.places import Place, put_in
from tests.support.wire import GLOBAL, SELECT

SPLIT_DATA, PYTHON_SCRIPT, R_SCRIPT = "Split Data 11-1111", "Execute Python Script 21-2222", "Execute R Script 31-3333"


def changes(old: Document, new: Document) -> tuple[Change, ...]:
    """What differs; whatever it is, making the edits must give the new graph."""
    found = diff(old, new)
    assert canonical(keyed.apply(edits(found), keyed.renamed(old, found.recreated))) == canonical(new)
    return found.changes


def shown(change: Change) -> tuple[str, ...]:
    label = change.node.label if change.node else ""
    return change.change_class, change.what, change.kind, label


def the_change(old: Document, new: Document) -> Change:
    found = changes(old, new)
    assert len(found) == 1, [shown(change) for change in found]
    return found[0]


@pytest.mark.parametrize(
    ("at", "new", "expected"),
    [
        (value(0), "0.8", ("parameter", "parameter", "changed", SPLIT_DATA)),
        (value(0), None, ("parameter", "parameter", "changed", SPLIT_DATA)),
        (value(1), "import os\r\nx = 2\r\n", ("script", "script", "changed", PYTHON_SCRIPT)),
        (value(2), "x <- 2", ("script", "script", "changed", R_SCRIPT)),
        ((*NODES, 2, "InputPortsInternal", 1, "DataSourceId"), OTHER_DATASET, ("data", "asset", "changed", R_SCRIPT)),
        ((*NODES, 2, "InputPortsInternal", 1, "DataSourceId"), None, ("data", "asset", "removed", R_SCRIPT)),
        ((*NODES, 0, "InputPortsInternal", 0, "TrainedModelId"), DATASET, ("data", "asset", "added", SPLIT_DATA)),
        ((*NODES, 0, "ModuleId"), SELECT, ("module", "module", "changed", "Select Columns in Dataset 11-1111")),
        ((*NODES, 0, "ModuleId"), f"{GLOBAL}.70530644c97a4ab685f788bf30a8be5f.v2", ("module", "module", "changed", SPLIT_DATA)),
        ((*NODES, 0, "OutputPortsInternal", 0, "OutputType"), "TrainedModel", ("module", "port", "changed", SPLIT_DATA)),
        ((*NODES, 0, "Comment"), "Why", ("metadata", "field", "changed", SPLIT_DATA)),
        (("Description",), "Another title", ("metadata", "field", "changed", "")),
        (("Summary",), "In short", ("metadata", "field", "changed", "")),
        (("DisableNodesUpdate",), True, ("metadata", "field", "added", "")),
        (("WebService", "Outputs", 0, "PortId"), f"{SECOND}:Results1", ("interface", "port", "changed", "")),
        (("WebService", "Parameters", 0, "Value"), "2", ("interface", "parameter", "changed", "")),
        (("WebService", "Inputs"), [], ("interface", "field", "changed", "")),
        (("WebService",), None, ("interface", "field", "changed", "")),
        (("Graph", "Parameters"), [{"Name": "x"}], ("interface", "field", "added", "")),
        (("Graph", "Extra"), 1, ("metadata", "field", "added", "")),
        ((*NODES, 0, "CommentCollapsed"), False, ("layout", "layout", "moved", "")),
        (("Graph", "SerializedClientData"), layout({FIRST: "9,9,200,200", SECOND: "8,8,200,200"}), ("layout", "layout", "moved", "")),
        (("Graph", "SerializedClientData"), None, ("layout", "layout", "moved", "")),
    ],
)
def test_a_value_put_elsewhere_is_one_change(at: Place, new: Json, expected: tuple[str, ...]) -> None:
    assert shown(the_change(graph(), put_in(graph(), at, new))) == expected


def test_a_change_says_where_it_is_and_what_was_there() -> None:
    found = the_change(graph(), put_in(graph(), value(0, 1), "43"))
    assert found.path == (*NODES, FIRST, "ModuleParameters", "Seed", "Value")
    assert (found.old, found.new) == ("42", "43")
    assert found.node is not None
    assert (found.node.id, found.node.old_id, found.node.comment) == (FIRST, FIRST, "")
    assert found.edits == (Edit(path=found.path, old="42", new="43"),)


@pytest.mark.parametrize("at", [value(0), ("Summary",), (*NODES, 0, "Comment"), ("WebService", "Parameters", 0, "Value"), ("Tags",)])
def test_values_that_python_takes_for_equal_are_told_apart(at: Place) -> None:
    alike: tuple[Json, ...] = (1, True, 1.0, Number("1.00"), "1", None, [1], [True], {"a": 1}, {"a": True})
    for old in alike:
        for new in alike:
            found = changes(put_in(graph(), at, old), put_in(graph(), at, new))
            assert len(found) == (old is not new), (old, new)


@pytest.mark.parametrize("name", ["ModuleParameters", "InputPortsInternal", "Comment", "Extra"])
def test_null_and_missing_are_told_apart(name: str) -> None:
    missing, null = graph(), put_in(graph(), (*NODES, 1, name), None)
    missing["Graph"]["ModuleNodes"][1].pop(name, None)
    found = the_change(missing, null)
    assert (found.kind, found.edits[0].old, found.edits[0].new) == ("added", MISSING, None)
    assert the_change(null, missing).kind == "removed"


@pytest.mark.parametrize(
    ("edited", "kind", "old", "new"),
    [
        (lambda: wired(graph(), (f"{FIRST}:Results2", f"{SECOND}:Dataset1")), "rewired", f"{FIRST}:Results1", f"{FIRST}:Results2"),
        (lambda: wired(graph(), (f"{FIRST}:Results2", f"{SECOND}:Dataset2")), "added", None, f"{FIRST}:Results2"),
        (lambda: without(graph(), f"{SECOND}:Dataset1"), "removed", f"{FIRST}:Results1", None),
    ],
)
def test_an_edge_is_rewired_added_or_removed(edited: Callable[[], Document], kind: str, old: str | None, new: str | None) -> None:
    found = the_change(graph(), edited())
    assert shown(found) == ("wiring", "edge", kind, PYTHON_SCRIPT)
    assert (found.old, found.new) == (old, new)
    assert found.path[:2] == ("Graph", "EdgesInternal")
    assert found.path[2].startswith(f"{SECOND}:Dataset")


def test_a_port_that_goes_from_an_edge_to_a_dataset_is_one_rewiring() -> None:
    other = put_in(without(graph(), f"{THIRD}:Dataset1"), (*NODES, 2, "InputPortsInternal", 0, "DataSourceId"), OTHER_DATASET)
    found = the_change(graph(), other)
    assert shown(found) == ("wiring", "edge", "rewired", R_SCRIPT)
    assert (found.old, found.new) == (f"{SECOND}:Results1", OTHER_DATASET)
    back = the_change(other, graph())
    assert (back.kind, back.old, back.new) == ("rewired", OTHER_DATASET, f"{SECOND}:Results1")


def test_an_edge_is_one_change_whatever_else_it_says() -> None:
    found = the_change(graph(), put_in(graph(), ("Graph", "EdgesInternal", 0, "DestinationInputPortIndex"), 1))
    assert shown(found) == ("wiring", "edge", "changed", PYTHON_SCRIPT)


def test_a_node_comes_and_goes_with_its_edges_and_its_box() -> None:
    more = wired(with_node(graph()), (f"{FIRST}:Results2", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{THIRD}:Dataset2"))
    found = the_change(graph(), more)
    assert shown(found) == ("wiring", "node", "added", "Select Columns in Dataset 71-7777")
    assert (found.path, len(found.edits)) == ((*NODES, NEW), 4)
    gone = the_change(more, graph())
    assert (gone.kind, len(gone.edits)) == ("removed", 4)


def test_a_node_put_in_between_two_others_is_one_change() -> None:
    between = wired(with_node(graph()), (f"{FIRST}:Results1", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{SECOND}:Dataset1"))
    assert shown(the_change(graph(), between))[:3] == ("wiring", "node", "added")
    assert shown(the_change(between, graph()))[:3] == ("wiring", "node", "removed")


def test_a_node_taken_out_of_a_chain_does_not_hide_another_rewiring() -> None:
    between = wired(with_node(graph()), (f"{FIRST}:Results1", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{THIRD}:Dataset1"))
    # the port that the removed node fed is now fed by a node that never fed the removed one
    found = changes(between, graph())
    assert [shown(change) for change in found] == [
        ("wiring", "edge", "rewired", R_SCRIPT),
        ("wiring", "node", "removed", "Select Columns in Dataset 71-7777"),
    ]


def test_a_node_of_another_family_in_its_place_is_removed_and_added() -> None:
    other = wired(with_node(graph()), (f"{FIRST}:Results1", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{THIRD}:Dataset1"))
    other["Graph"]["ModuleNodes"] = [one for one in other["Graph"]["ModuleNodes"] if one["Id"] != SECOND]
    other["WebService"], before = None, {**graph(), "WebService": None}
    assert [shown(change)[2] for change in changes(before, other)] == ["removed", "added"]


def test_tags_and_web_service_ports_come_and_go_by_themselves() -> None:
    more = graph()
    more["Tags"] = ["b", "c"]
    more["WebService"]["Outputs"].append({"Id": "2", "PortId": None, "Name": "another"})
    del more["WebService"]["Parameters"][0]
    assert [(*shown(change)[:3], change.path[-1]) for change in changes(graph(), more)] == [
        ("interface", "port", "added", "another"),
        ("interface", "parameter", "removed", "Rate"),
        ("metadata", "field", "removed", "a"),
        ("metadata", "field", "added", "c"),
    ]


@pytest.mark.parametrize(("member", "new"), [("LinkedGlobalParameter", "Rate"), ("ValueType", "GraphParameterName")])
def test_a_parameter_linked_to_the_web_service_is_its_interface(member: str, new: str) -> None:
    found = the_change(graph(), put_in(graph(), (*NODES, 0, "ModuleParameters", 0, member), new))
    assert shown(found) == ("interface", "parameter", "changed", SPLIT_DATA)


def test_a_parameter_or_port_of_its_own_is_one_change_each() -> None:
    more = put_in(graph(), (*NODES, 0, "ModuleParameters", 2), {"Name": "More", "Value": "1"})
    assert shown(the_change(graph(), more)) == ("parameter", "parameter", "added", SPLIT_DATA)
    more = put_in(graph(), (*NODES, 0, "InputPortsInternal", 2), {"Name": "More", "DataSourceId": None})
    assert shown(the_change(more, graph())) == ("module", "port", "removed", SPLIT_DATA)


def test_parameters_with_one_name_are_compared_together() -> None:
    twice = put_in(graph(), (*NODES, 0, "ModuleParameters", 1, "Name"), "Fraction")
    found = the_change(graph(), twice)
    assert (shown(found), found.path[-1]) == (("parameter", "parameter", "changed", SPLIT_DATA), "ModuleParameters")
    assert shown(the_change(twice, put_in(twice, value(0), "0.8"))) == ("parameter", "parameter", "changed", SPLIT_DATA)


def test_boxes_moved_and_comments_folded_are_one_change_together() -> None:
    other: Document = put_in(graph(), (*NODES, 0, "CommentCollapsed"), False)
    other["Graph"]["SerializedClientData"] = other["Graph"]["SerializedClientData"].replace(",0,200", ",7,200")
    other["WebService"]["SerializedClientData"] = layout({"1-1-1": "1,1,10,10"})
    found = the_change(graph(), other)
    assert (shown(found), found.new, len(found.edits)) == (("layout", "layout", "moved", ""), 5, 5)


def test_what_the_service_owns_is_no_change() -> None:
    later = graph() | {"Etag": "W/2", "RunId": "r", "Creator": "c", "Status": {"StatusCode": "Failed"}, "NodeStatuses": [1], "IsLeaf": False}
    later["WebService"] |= {"WebServiceGroupId": "g", "RunId": "r"}
    for one in later["Graph"]["ModuleNodes"]:
        one |= {"UsePreviousResults": "x", "IsPartOfPartialRun": 1}
    assert changes(graph(), later) == ()


@pytest.mark.parametrize("at", [("no such place", "x"), (*NODES, FIRST), ("Description",)])
def test_an_edit_of_another_graph_is_refused_by_its_place(at: tuple[str, ...]) -> None:
    with pytest.raises(InvalidDocument, match=at[-1]):
        keyed.apply([Edit(path=at, old="something else", new="x")], graph())


# --- real versions of one experiment


def topics(corpus: Path, date: str, name: str = "Topics") -> Document:
    return read(corpus / "archive" / date / f"{name}.json")


EXPORT_DATA, IMPORT_DATA = "Export Data 1258-c1ef", "Import Data 496-aa94"


def test_the_versions_of_a_real_experiment_change_as_their_authors_changed_them(corpus: Path) -> None:
    first, second, third = (topics(corpus, date) for date in ("2016-12-09", "2017-01-04", "2017-01-11"))
    assert [(shown(change), change.path[-2], change.old, change.new) for change in changes(first, second)] == [
        (("parameter", "parameter", "changed", EXPORT_DATA), "Data Table Name", "DocumentTopics", "bpst_news.DocumentTopics"),
        (
            ("script", "script", "changed", "Import Data 1174-c1ef"),
            "Database Query",
            "select id as DocumentId, cleanedText FROM Documents",
            "select id as DocumentId, cleanedText FROM bpst_news.Documents",
        ),
    ]
    assert [(shown(change), change.path[-2], change.old, change.new) for change in changes(second, third)] == [
        (("parameter", "parameter", "changed", EXPORT_DATA), "Data Table Name", "bpst_news.DocumentTopics", "bpst_news.stg_documenttopics"),
    ]


def test_a_real_experiment_in_another_workspace_has_one_node_that_was_re_created(corpus: Path) -> None:
    old, new = topics(corpus, "2017-01-11"), topics(corpus, "2017-03-22", "TopicsExperiment")
    found = diff(old, new)
    assert dict(found.recreated) == {"c1ef3e66-1ae7-48b3-a79b-2828539fbfad-1174": "aa949701-7a42-4780-aafc-e844f444f74f-496"}
    names = ("Database Name", "Database Server Name", "Server User Account Name", "Server User Account Password")
    assert [(*shown(change)[::3], next((name for name in change.path[4:] if name != "Value"), change.path[-1])) for change in found.changes] == [
        *(("parameter", EXPORT_DATA, name) for name in names),
        *(("parameter", IMPORT_DATA, name) for name in names),
        ("script", IMPORT_DATA, "Database Query"),
        ("module", IMPORT_DATA, "ModuleId"),
        ("interface", "", "Password"),
        ("interface", "", "User name"),
        ("metadata", "", "Description"),
        ("layout", "", "SerializedClientData"),
    ]
    node_names = {change.node.old_id: change.node.id for change in found.changes if change.node}
    assert node_names["c1ef3e66-1ae7-48b3-a79b-2828539fbfad-1174"] == "aa949701-7a42-4780-aafc-e844f444f74f-496"
