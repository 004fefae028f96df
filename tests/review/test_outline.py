"""The outline of a graph and its text: nothing is left out, nothing is made up, and the flow is its order."""

import json

import pytest
from hypothesis import given

from amlgit.errors import InvalidDocument
from amlgit.form import companions, experiments, labels
from amlgit.model.jsontext import printable
from amlgit.review import experiment_outline, flow
from tests.support.drawn import exports
from tests.support.exports import Document
from tests.support.forms import split, whole
from tests.support.outlines import FOREIGN, drawn_edges, graph, outline_of, plain
from tests.support.wire import GLOBAL, SPLIT, WORKSPACE, Members, a_graph


def _edges(document: Document) -> set[tuple[str, str]]:
    ends = [(edge.get("SourceOutputPortId"), edge.get("DestinationInputPortId")) for edge in graph(document).get("EdgesInternal") or ()]
    return {(source, target) for source, target in ends if isinstance(source, str) and isinstance(target, str)}


# --- nothing is left out


@given(exports())
def test_every_node_parameter_edge_and_asset_is_in_the_outline(document: Members) -> None:
    joined: Document = dict(whole(split(document)))
    outline = experiment_outline.outline(joined, {})
    nodes = {node["Id"]: node for node in graph(joined)["ModuleNodes"]}
    assert sorted(node.id for node in outline.nodes) == sorted(nodes)
    for node in outline.nodes:
        names = [parameter["Name"] for parameter in nodes[node.id].get("ModuleParameters") or ()]
        assert sorted([*(each.name for each in node.parameters), *(each.parameter for each in node.scripts)]) == sorted(names)
    drawn = {tuple(part.partition(":")[::2] for part in edge) for node in outline.nodes for edge in drawn_edges(node)}
    wanted = {tuple(part.partition(":")[::2] for part in edge) for edge in _edges(joined)}
    assert {edge for edge in wanted if edge[0][0] in nodes or edge[1][0] in nodes} == drawn
    held = {
        port[member]
        for node in nodes.values()
        for port in node.get("InputPortsInternal") or ()
        for member in ("DataSourceId", "TrainedModelId", "TransformModuleId")
        if isinstance(port.get(member), str) and port[member]
    }
    assert {asset.id for asset in outline.assets} == held


@given(exports())
def test_the_text_names_every_node_and_every_parameter_and_moves_no_cursor(document: Members) -> None:
    outline = outline_of(document)
    text = plain(outline, with_scripts=True)
    for node in outline.nodes:
        assert node.name in text
        for name in (*(each.name for each in node.parameters), *(each.parameter for each in node.scripts)):
            assert printable(name, len(name)) in text
    assert printable(text.replace("\n", " "), len(text)) == text.replace("\n", " ")


@given(exports())
def test_a_node_stands_behind_those_that_feed_it_unless_the_graph_has_a_circle(document: Members) -> None:
    outline = outline_of(document)
    place = {node.id: index for index, node in enumerate(outline.nodes)}
    pairs = {(edge[0].partition(":")[0], edge[1].partition(":")[0]) for node in outline.nodes for edge in drawn_edges(node)}
    if not any("circle" in problem for problem in outline.problems) and all(source != target for source, target in pairs):
        unknown = [problem for problem in outline.problems if "does not exist" in problem]
        assert unknown or all(place[source] < place[target] for source, target in pairs if source in place and target in place)


# --- order


def test_ready_nodes_come_from_top_to_bottom_and_those_without_a_place_by_name() -> None:
    names = {"a": "node10", "b": "node2", "c": "low", "d": "high"}
    assert flow.flow_order(names, [], {"c": (500.0, 0.0), "d": (1.0, 900.0)}) == ["d", "c", "b", "a"]


def test_the_flow_goes_before_the_place_on_the_canvas() -> None:
    assert flow.flow_order({"a": "a", "b": "b"}, [("b", "a")], {"a": (0.0, 0.0), "b": (9.0, 0.0)}) == ["b", "a"]


def test_a_circle_is_entered_at_its_first_node_and_loses_nobody() -> None:
    edges = [("b", "c"), ("c", "b"), ("c", "d"), ("a", "b"), ("x", "d"), ("d", "d")]
    assert flow.flow_order({name: name for name in "dcba"}, edges, {}) == ["a", "b", "c", "d"]


def test_a_circle_and_a_dangling_edge_are_said_and_shown() -> None:
    document: Document = dict(a_graph())
    first, second, third = (node["Id"] for node in graph(document)["ModuleNodes"])
    edges = graph(document)["EdgesInternal"]
    edges.append({**edges[0], "SourceOutputPortId": f"{third}:Results1", "DestinationInputPortId": f"{first}:Dataset1"})
    edges.append({**edges[0], "SourceOutputPortId": "f00dc0de-0000-4000-8000-000000000000-9:Out", "DestinationInputPortId": f"{second}:Dataset2"})
    outline = outline_of(document)
    assert [node.id for node in outline.nodes] == [first, second, third]
    assert any("circle" in problem for problem in outline.problems)
    text = plain(outline)
    assert "Dataset2 ← f00dc0de-0000-4000-8000-000000000000-9 (which is not there)" in text
    assert text.count("problem: ") == 2


def test_an_edge_to_a_port_that_is_not_there_is_shown_all_the_same() -> None:
    document: Document = dict(a_graph())
    graph(document)["EdgesInternal"][0]["DestinationInputPortId"] += "0"
    assert "Dataset10 ← Split Data 11-1111:Results1" in plain(outline_of(document))


# --- names


def _node(module_id: str) -> Document:
    ports: Document = {"InputPortsInternal": [{"Name": "Dataset"}], "OutputPortsInternal": [{"Name": "Results"}]}
    return {"Id": "c1ef0000-0000-4000-8000-000000000000-7", "ModuleId": module_id, **ports, "ModuleParameters": [{"Name": each} for each in "abcd"]}


def test_a_module_is_called_by_assets_json_before_the_table() -> None:
    assert labels.module_names([_node(SPLIT)], {})[SPLIT] == labels.ModuleName(name="Split Data")
    assert labels.module_names([_node(SPLIT)], {SPLIT: "Our Split"})[SPLIT].name == "Our Split"


def test_a_module_that_nobody_knows_is_described_and_given_no_name() -> None:
    found = labels.module_names([_node(FOREIGN)], {})[FOREIGN]
    assert found == labels.ModuleName(name="Module bbbbbbbb", description="Dataset → Results; a, b, c, …")


def test_a_family_of_the_table_in_another_workspace_is_another_module() -> None:
    own = SPLIT.replace(GLOBAL, WORKSPACE)
    assert labels.module_names([_node(own)], {})[own].description is not None


def test_names_in_assets_json_hold_for_other_versions_of_an_asset() -> None:
    page = {"Assets": [{"Kind": "module", "Id": FOREIGN, "Name": "Vox Trainer"}, {"Kind": "dataset", "Id": "odd"}]}
    names = companions.read_names(json.dumps(page).encode(), "assets.json")
    newer = FOREIGN.removesuffix("1") + "2"
    assert labels.asset_name(newer, names) == "Vox Trainer"
    assert labels.node_labels([("c1ef0000-0000-4000-8000-000000000000-7", newer)], names) == {
        "c1ef0000-0000-4000-8000-000000000000-7": "Vox Trainer 7-c1ef",
    }


def test_nodes_are_called_as_their_files_and_never_two_alike() -> None:
    nodes = [(f"c1ef{digit * 4}-0000-4000-8000-000000000000-7", module) for digit, module in (("0", SPLIT), ("1", FOREIGN))]
    assert list(labels.node_labels(nodes, {}).values()) == ["Split Data 7-c1ef", "Module bbbbbbbb 7-c1ef"]
    assert list(labels.node_labels(nodes, {FOREIGN: "Split Data"}).values()) == ["Split Data 7-c1ef", "Module bbbbbbbb 7-c1ef"]


# --- files that a merge left without a node


def test_an_edge_from_a_removed_node_keeps_the_name_of_its_file() -> None:
    content = dict(split(a_graph()).content)
    del content["nodes/Split Data 11-1111.json"]
    with pytest.raises(InvalidDocument, match="there is no such node"):
        experiments.join(content)
    text = plain(experiment_outline.outline(experiments.join(content, may_dangle=True), {}))
    assert "Dataset1 ← Split Data 11-1111 (which is not there)" in text
