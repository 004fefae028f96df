"""What is wrong with a graph, and that nothing is with real ones."""

import contextlib
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit import samples
from amlgit.errors import InvalidDocument
from amlgit.form import experiments
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as model
from amlgit.model.graph import Fault, faults
from amlgit.model.jsontext import Json, loads

WORKSPACE = "506153734175476c4f62416c57734963"
MODULE = f"{WORKSPACE}.30806023392b42e094d66b775a6e0fd5.v1-default-1741"
DATASET = "cbbc82ad06ebbed283d29769f47d460b.056798825af090b8bb1726cfea573f34.b70e4db360dc7518f0eae71d5f86792f"
READER, SCRIPT, SCORER = (f"9af68e83-81ba-44ae-a51f-3aac843bc590-{number}" for number in (1, 2, 3))

Document = dict[str, Any]  # Any: tests reach into the tree
Damage = Callable[[Document], object]


def _port(node: str, name: str, **members: object) -> Document:
    return {"DataSourceId": None, "TrainedModelId": None, "TransformModuleId": None, "Name": name, "NodeId": node, **members}


def _node(node: str, inputs: tuple[str, ...] = ("Left", "Right"), outputs: tuple[str, ...] = ("Out", "Log")) -> Document:
    return {
        "Id": node,
        "ModuleId": MODULE,
        "InputPortsInternal": [_port(node, name) for name in inputs],
        "OutputPortsInternal": [{"Name": name, "NodeId": node} for name in outputs],
        "ModuleParameters": [{"Name": "R Script", "Value": ""}, {"Name": "Seed", "Value": "1"}],
    }


def _edge(source: str, destination: str, index: str | None = None) -> Document:
    return {"SourceOutputPortId": source, "DestinationInputPortId": destination, "DestinationInputPortIndex": index}


def _document() -> Document:
    return {
        "Graph": {
            "ModuleNodes": [_node(READER, inputs=()), _node(SCRIPT), _node(SCORER)],
            "EdgesInternal": [_edge(f"{READER}:Out", f"{SCRIPT}:Left"), _edge(f"{SCRIPT}:Out", f"{SCORER}:Left")],
            "PublishInfo": None,
        },
        "WebService": {
            "Inputs": [{"Name": "input1", "Id": "x", "PortId": f"{SCRIPT}:Right"}, {"Name": "input2", "Id": "y", "PortId": None}],
            "Outputs": [{"Name": "output1", "Id": "z", "PortId": f"{SCORER}:Out"}],
            "Parameters": [{"Name": "seed"}],
        },
    }


def _nodes(document: Document) -> list[Document]:
    nodes: list[Document] = document["Graph"]["ModuleNodes"]
    return nodes


def _add_edge(source: str, destination: str, index: str | None = None) -> Damage:
    return lambda document: document["Graph"]["EdgesInternal"].append(_edge(source, destination, index))


def _set_port(member: str, value: object, port: int = 1) -> Damage:
    return lambda document: _nodes(document)[1]["InputPortsInternal"][port].update({member: value})


DAMAGES: dict[str, tuple[Damage, str, str | None, str | None]] = {
    "a node id of another form": (lambda document: _nodes(document)[2].update(Id="node three"), "node-id", "node three", None),
    "a module id of another form": (lambda document: _nodes(document)[0].update(ModuleId="Import Data"), "module-id", READER, None),
    "no module id": (lambda document: _nodes(document)[0].pop("ModuleId"), "module-id", READER, None),
    "a dataset id of another form": (_set_port("DataSourceId", "GenericCSV"), "asset-id", SCRIPT, "Right"),
    "a model id of another form": (_set_port("TrainedModelId", f"{WORKSPACE}.x"), "asset-id", SCRIPT, "Right"),
    "an asset id that is no string": (_set_port("TransformModuleId", 7), "wrong-type", SCRIPT, "Right"),
    "a node twice": (lambda document: _nodes(document).append(_node(SCORER)), "double-node", SCORER, None),
    "an edge from a node that is not there": (_add_edge(f"{READER}9:Out", f"{SCRIPT}:Right"), "unknown-node", SCRIPT, "Right"),
    "an edge to a node that is not there": (_add_edge(f"{READER}:Out", f"{READER}9:Left"), "unknown-node", READER, None),
    "an edge from a port that is not there": (_add_edge(f"{READER}:Left", f"{SCRIPT}:Right"), "unknown-port", SCRIPT, "Right"),
    "an edge to a port that is not there": (_add_edge(f"{READER}:Out", f"{SCRIPT}:Middle"), "unknown-port", SCRIPT, "Middle"),
    "an edge to nowhere": (_add_edge(f"{READER}:Out", ""), "unknown-node", READER, None),
    "two edges into a port": (_add_edge(f"{READER}:Log", f"{SCRIPT}:Left"), "double-edge", SCRIPT, "Left"),
    "an edge twice": (_add_edge(f"{READER}:Out", f"{SCRIPT}:Left"), "double-edge", SCRIPT, "Left"),
    "an edge into a port with a dataset": (_set_port("DataSourceId", DATASET, 0), "edge-and-asset", SCRIPT, "Left"),
    "two assets in a port": (
        lambda document: (_set_port("DataSourceId", DATASET)(document), _set_port("TrainedModelId", DATASET)(document)),
        "several-assets",
        SCRIPT,
        "Right",
    ),
    "a cycle": (_add_edge(f"{SCORER}:Log", f"{SCRIPT}:Right"), "cycle", SCRIPT, None),
    "a node that feeds itself": (_add_edge(f"{SCORER}:Log", f"{SCORER}:Right"), "cycle", SCORER, None),
    "an input port twice": (_set_port("Name", "Left"), "double-port", SCRIPT, "Left"),
    "an output port twice": (lambda document: _nodes(document)[1]["OutputPortsInternal"][1].update(Name="Out"), "double-port", SCRIPT, "Out"),
    "a parameter twice": (
        lambda document: _nodes(document)[1]["ModuleParameters"][1].update(Name="R Script"),
        "double-parameter",
        SCRIPT,
        "R Script",
    ),
    "a port of another node": (_set_port("NodeId", SCORER), "port-node", SCRIPT, "Right"),
    "an edge that is no object": (lambda document: document["Graph"]["EdgesInternal"].append("edge"), "wrong-type", None, None),
    "an edge without a source": (lambda document: document["Graph"]["EdgesInternal"][0].pop("SourceOutputPortId"), "wrong-type", None, None),
    "a port without a name": (lambda document: _nodes(document)[1]["InputPortsInternal"][1].pop("Name"), "wrong-type", SCRIPT, None),
    "ports that are no list": (lambda document: _nodes(document)[1].update(InputPortsInternal={}), "wrong-type", SCRIPT, None),
    "no graph": (lambda document: document.pop("Graph"), "wrong-type", None, None),
    "no nodes": (lambda document: document["Graph"].update(ModuleNodes=None, EdgesInternal=[]), "wrong-type", None, None),
    "a web service that is a list": (lambda document: document.update(WebService=[]), "wrong-type", None, None),
    "a service input at a node that is not there": (
        lambda document: document["WebService"]["Inputs"][0].update(PortId=f"{READER}9:Left"),
        "unknown-node",
        None,
        None,
    ),
    "a service output at an input port": (
        lambda document: document["WebService"]["Outputs"][0].update(PortId=f"{SCORER}:Left"),
        "unknown-port",
        None,
        None,
    ),
    "a service port twice": (lambda document: document["WebService"]["Inputs"][1].update(Name="input1"), "double-port", None, "input1"),
    "a service port id that is a number": (lambda document: document["WebService"]["Inputs"][0].update(PortId=1), "wrong-type", None, None),
    "a published port that is not there": (
        lambda document: document["Graph"].update(PublishInfo={"InputPortsForPublish": [f"{SCRIPT}:Middle"]}),
        "unknown-port",
        None,
        None,
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_damaged_graph_has_the_fault_of_its_rule_at_its_node_and_port(what: str) -> None:
    document = _document()
    damage, rule, node, port = DAMAGES[what]
    damage(document)
    found = [(fault.rule, fault.node, fault.port) for fault in faults(document)]
    assert (rule, node, port) in found


def test_a_sound_graph_has_no_fault() -> None:
    assert faults(_document()) == []


def test_an_empty_graph_has_no_fault() -> None:
    assert faults({"Graph": {"ModuleNodes": [], "EdgesInternal": None}, "WebService": None}) == []


def test_edges_into_one_port_may_be_numbered() -> None:
    document = _document()
    _add_edge(f"{READER}:Log", f"{SCRIPT}:Left", "1")(document)
    assert faults(document) == []


def test_nothing_is_said_about_edges_to_ports_that_cannot_be_read() -> None:
    document = _document()
    _nodes(document)[1]["InputPortsInternal"] = "ports"
    assert [fault.rule for fault in faults(document)] == ["wrong-type"]


def test_a_cycle_names_its_nodes_in_the_direction_of_the_edges() -> None:
    document = _document()
    _add_edge(f"{SCORER}:Log", f"{SCRIPT}:Right")(document)
    names = {SCRIPT: "Clean", SCORER: "Score"}
    assert faults(document, names) == [Fault(rule="cycle", message="The edges run in a circle: Clean → Score → Clean.", node=SCRIPT)]


def test_each_cycle_is_named() -> None:
    document = _document()
    document["Graph"]["ModuleNodes"].append(_node(f"{SCORER}0"))
    _add_edge(f"{SCORER}:Log", f"{SCRIPT}:Right")(document)
    _add_edge(f"{SCORER}0:Log", f"{SCORER}0:Left")(document)
    assert [fault.node for fault in faults(document) if fault.rule == "cycle"] == [SCRIPT, f"{SCORER}0"]


def test_a_name_that_is_too_long_is_not_cut_into_a_message() -> None:
    document = _document()
    secret = "AccountKey=" + "q83vEjRWeJCrze8S" * 20
    _add_edge(f"{READER}:Out", f"{SCRIPT}:{secret}")(document)
    assert "q83v" not in "".join(fault.message for fault in faults(document))


WRONG: list[Any] = [None, 0, -1, True, "", "x", [], [1], {}, {"Name": 1}, [[]], [{}], [None], "a:b:c"]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(inner, (*path, key))


PLACES = list(_places(_document()))


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(WRONG)), min_size=1, max_size=3))
def test_wrong_types_anywhere_are_faults_and_never_errors(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = _document()
    for path, wrong in changes:
        holder: Any = document
        with contextlib.suppress(KeyError, IndexError, TypeError):  # an earlier change took the place away
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = deepcopy(wrong)
    assert all(fault.message.endswith(".") for fault in faults(document))


def _exports(folder: Path) -> Iterator[tuple[bytes, Json]]:
    for path in sorted(folder.rglob("*.json")):
        try:
            yield path.read_bytes(), loads(path.read_bytes())
        except InvalidDocument:
            continue


def test_the_samples_have_no_faults_raw_and_joined() -> None:
    _assert_sound(samples.archive())


def test_real_exports_have_no_faults_raw_and_joined(corpus: Path) -> None:
    _assert_sound(corpus / "archive")


def _assert_sound(folder: Path) -> None:
    found = [(data, document) for data, document in _exports(folder) if isinstance(document, dict) and model.is_experiment(document)]
    assert found
    for data, document in found:
        assert faults(document) == []
        form = Splitter(Decisions()).split(data, model.facts(document).family)
        assert faults(experiments.join(form.content)) == []
