"""Recognising web service definitions, naming their service, and finding what is wrong with them."""

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.model.jsontext import Object, loads
from amlgit.model.webservices import credentials, faults, identity, is_definition, module_id
from tests.support.files import corpus_definitions

MODULE = "506153734175476c4f62416c57734963.cdb56f957f4c404dbde75bb972e6f232.v1-default-1735"


def _sound() -> dict[str, Any]:  # Any: tests reach into the tree to break it
    table = {"type": "object", "properties": {"age": {"type": "Integer"}}}
    return {
        "name": "Scoring",
        "properties": {
            "input": {"type": "object", "properties": {"in": table}},
            "output": {"type": "object", "properties": {"out": table}},
            "assets": {"code": {"name": "Execute Python Script", "type": "Module", "locationInfo": {"uri": f"aml://module/{MODULE}"}}},
            "package": {
                "nodes": {"a": {"inputId": "in"}, "b": {"assetId": "code", "inputId": None, "parameters": {}}, "c": {"outputId": "out"}},
                "edges": [{"sourceNodeId": "a", "targetNodeId": "b"}, {"sourceNodeId": "b", "targetNodeId": "c"}],
                "graphParameters": {"p": {"links": [{"nodeId": "b", "parameterKey": "Random seed"}]}},
            },
        },
    }


def _set(document: dict[str, Any], path: str, value: object) -> None:  # Any: as above
    *parents, last = path.split("/")
    for name in parents:
        document = document[int(name)] if isinstance(document, list) else document[name]
    document[last] = value


def test_a_sound_definition_has_no_faults() -> None:
    assert faults(_sound()) == []


@pytest.mark.parametrize(
    ("path", "value", "rule", "named", "node"),
    [
        ("properties", [], "wrong-type", "properties must be an object", None),
        ("properties/package", None, "wrong-type", "properties.package must be an object", None),
        ("properties/package/nodes", 1, "wrong-type", "package.nodes must be an object", None),
        ("properties/package/nodes/b", "code", "wrong-type", "Node b must be an object", "b"),
        ("properties/package/nodes/b/assetId", 7, "wrong-type", "Node b: assetId must be a string", "b"),
        ("properties/package/nodes/b/parameters", [], "wrong-type", "parameters must be an object", "b"),
        ("properties/package/edges", {}, "wrong-type", "package.edges must be a list", None),
        ("properties/package/edges", [3], "wrong-type", "package.edges[0] must be an object", None),
        ("properties/package/edges", [{}], "wrong-type", "sourceNodeId must be a string", None),
        ("properties/package/graphParameters/p", 1, "wrong-type", "Graph parameter p must be an object", None),
        ("properties/package/graphParameters/p/links", "b", "wrong-type", "links must be a list", None),
        ("properties/assets", True, "wrong-type", "properties.assets must be an object", None),
        ("properties/assets/code/locationInfo/uri", 1, "wrong-type", "uri must be a string", None),
        ("properties/input", "in", "wrong-type", "properties.input must be an object", None),
        ("properties/package/nodes/b/assetId", "none", "unknown-asset", "'none'", "b"),
        ("properties/package/nodes/a/inputId", "IN", "unknown-input", "'IN'", "a"),
        ("properties/package/nodes/c/outputId", "in", "unknown-output", "'in'", "c"),
        ("properties/package/nodes/b/outputId", "out", "node-kind", "it has assetId and outputId", "b"),
        ("properties/package/nodes/b", {"parameters": {}}, "node-kind", "it has none", "b"),
        ("properties/package/edges/0/targetNodeId", "B", "unknown-node", "Edge a → B: targetNodeId", None),
        ("properties/package/graphParameters/p/links/0/nodeId", "z", "unknown-node", "Graph parameter p", None),
        ("properties/package/edges/0/sourceNodeId", "c", "cycle", "b → c → b", "b"),
        ("properties/package/edges/0/sourceNodeId", "b", "cycle", "b → b", "b"),
        ("properties/assets/code/locationInfo/uri", "aml://module/latest", "asset-id", "'latest'", None),
        ("properties/package/Nodes", {}, "double-member", "'nodes' and 'Nodes'", None),
    ],
)
def test_each_fault_is_found_and_named(path: str, value: object, rule: str, named: str, node: str | None) -> None:
    document = _sound()
    _set(document, path, value)
    assert any(fault.rule == rule and named in fault.message and fault.node == node for fault in faults(document)), faults(document)


def test_two_edges_into_one_port_are_no_fault() -> None:
    document = _sound()
    document["properties"]["package"]["nodes"]["d"] = {"assetId": "code"}
    document["properties"]["package"]["edges"] += [{"sourceNodeId": "d", "targetNodeId": "b"}]
    assert faults(document) == []


def test_a_definition_with_its_payload_in_blob_storage_needs_no_package() -> None:
    assert faults({"properties": {"PayloadsInBlobStorage": "True"}}) == []


def test_the_uri_of_a_trained_model_is_no_module() -> None:
    document = _sound()
    _set(document, "properties/assets/code/locationInfo/uri", "https://store.blob.core.windows.net/models/m.ilearner")
    assert faults(document) == []
    assert module_id(document["properties"]["assets"]["code"]) is None


def test_a_long_chain_of_nodes_is_no_cycle() -> None:
    document = _sound()
    names = [f"n{number}" for number in range(5000)]
    document["properties"]["package"]["nodes"] |= {name: {"assetId": "code"} for name in names}
    document["properties"]["package"]["edges"] += [{"sourceNodeId": source, "targetNodeId": target} for source, target in pairwise(names)]
    assert faults(document) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["nodes", "Nodes", "links", "nodeId", "a", ""]), inner, max_size=3),
    max_leaves=8,
)
_PATHS = (
    *("properties", "properties/package", "properties/package/nodes", "properties/package/nodes/b", "properties/package/nodes/b/assetId"),
    *("properties/package/edges", "properties/package/graphParameters", "properties/package/graphParameters/p", "properties/assets"),
    *("properties/assets/code", "properties/assets/code/locationInfo", "properties/input", "properties/output"),
)


@given(st.sampled_from(_PATHS), _json)
def test_no_member_of_a_wrong_type_is_more_than_a_fault(path: str, value: object) -> None:
    document = _sound()
    _set(document, path, value)
    faults(document)
    is_definition(document)
    identity(document, "stem")
    credentials(document["properties"], frozenset({"password"}))


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"properties": {"package": {"nodes": {}}}}, True),
        ({"Properties": {"Package": {"NODES": {}}}}, True),
        ({"properties": {"package": {"edges": []}}}, False),
        ({"properties": {"package": None}}, False),
        ({"properties": "package"}, False),
        ({"Graph": {"ModuleNodes": []}}, False),
        ({}, False),
    ],
)
def test_a_definition_is_recognised_in_any_case(document: Object, expected: bool) -> None:
    assert is_definition(document) is expected


@pytest.mark.parametrize(
    ("document", "stem", "name"),
    [
        ({"name": "scoring", "id": "/x/y"}, "file", "scoring"),
        ({"Name": "scoring"}, "file", "scoring"),
        ({"name": None, "id": "/subscriptions/s/providers/Microsoft.MachineLearning/webServices/churn"}, "file", "churn"),
        ({"name": 5, "id": 7}, "Reddit", "Reddit"),
        ({}, "EntityWebService.2017-01-09", "EntityWebService"),
        ({}, "Entity service 2017-01-09", "Entity service"),
        ({}, "2017-01-09_Entity", "Entity"),
        ({}, "Entity-2017-01-09T10.30.00Z", "Entity"),
        ({}, "2017-01-09", "2017-01-09"),
        ({}, "build12017-01-09", "build12017-01-09"),
        ({}, "Entity.2017-13-41", "Entity.2017-13-41"),
    ],
)
def test_the_name_comes_from_the_definition_or_else_from_the_file(document: Object, stem: str, name: str) -> None:
    assert identity(document, stem).name == name


def test_the_family_is_blind_to_the_case_of_the_name() -> None:
    one, other = identity({"name": "Scoring"}, ""), identity({"name": "SCORING"}, "")
    assert one.family == other.family
    assert len(one.family) == 32
    assert identity({"name": "scoring2"}, "").family != one.family


def test_credentials_are_found_by_name_by_interface_and_through_links() -> None:
    mode = {"parameters": [{"name": "Secret phrase", "parameterType": "Credential"}]}
    properties: Mapping[str, Any] = {  # Any: any JSON
        "assets": {"reader": {"parameters": [{"name": "Source", "parameterType": "Mode", "modeValuesInfo": {"Web": mode}}]}},
        "package": {
            "nodes": {"n": {"assetId": "reader"}, "m": {"assetId": "other"}},
            "graphParameters": {
                "By link": {"type": "String", "links": [{"nodeId": "n", "parameterKey": "Secret phrase"}]},
                "By type": {"type": "Credential", "links": [{"nodeId": "m", "parameterKey": "Token of ours"}]},
                "Plain": {"type": "String", "links": [{"nodeId": "m", "parameterKey": "Table"}]},
            },
        },
    }
    found = credentials(properties, frozenset({"password"}))
    assert found.of_service == {"password", "by link", "by type"}
    assert found.of_node("n") == {"password", "secret phrase"}
    assert found.of_node("m") == {"password", "token of ours"}
    assert found.of_node("unheard of") == {"password"}


@pytest.mark.parametrize("path", corpus_definitions())
def test_real_definitions_are_recognised_and_sound(path: Path) -> None:
    document = loads(path.read_bytes())
    assert isinstance(document, Mapping)
    assert is_definition(document)
    assert faults(document) == []


def test_real_versions_of_one_service_are_one_family(corpus: Path) -> None:
    paths = corpus.glob("wsd/*.json")
    families = {path.stem: identity(json.loads(path.read_text("utf-8-sig")), path.stem).family for path in paths}
    assert families["EntityWebService.2017-01-09"] == families["EntityWebService.2017-01-12"]
    assert families["GraphWebServiceDefinition_Prod.2016-05-25"] == families["GraphWebServiceDefinition_Prod.2017-04-27"]
