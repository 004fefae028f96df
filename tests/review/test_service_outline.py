"""The outline of a web service definition."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.model.jsontext import printable
from amlgit.review import experiment_outline, picture_text, service_outline
from tests.support.exports import Document
from tests.support.outlines import FOREIGN, HOSTILE, plain, read_dot, read_mermaid
from tests.support.wire import PYTHON

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot.dot_parser")


def _definition() -> Document:
    module = {"name": "", "type": "Module", "locationInfo": {"uri": f"aml://module/{FOREIGN}"}}
    python = {"name": "Execute Python Script", "type": "Module", "locationInfo": {"uri": f"aml://module/{PYTHON}"}}
    model = {"name": "My model", "type": "Resource", "locationInfo": {"uri": "https://store/x/m.ilearner?sig=abc"}}
    edges = [
        ("in", "", "n10", "Dataset"),
        ("model", "Results", "n10", "Trained model"),
        ("n10", "Scored", "n2", "Dataset1"),
        ("n2", "Out", "out", ""),
    ]
    return {
        "Name": "svc",
        "Properties": {
            "Description": "Scores.",
            "StorageAccount": {"name": "account", "key": "k"},
            "Assets": {"a1": module, "a2": python, "a3": model},
            "Input": {"properties": {"rows": {"properties": {"id": {"type": "Integer", "format": "Int64"}}}}},
            "Output": {"properties": {"scores": {"properties": {}}}},
            "Parameters": {"seed": {"value": "7"}},
            "Package": {
                "nodes": {
                    "n2": {"assetId": "a2", "parameters": {"R Script": {"value": "x = 1\ny = 2\n"}}},
                    "n10": {"assetId": "a1", "parameters": {"Random seed": {"value": "7"}, "Key": {"value": "c", "certificateThumbprint": "t"}}},
                    "in": {"inputId": "rows"},
                    "out": {"outputId": "scores"},
                    "model": {"assetId": "a3"},
                },
                "edges": [
                    {"sourceNodeId": source, "sourcePortId": port, "targetNodeId": target, "targetPortId": into}
                    for source, port, target, into in edges
                ],
                "graphParameters": {"Seed": {"type": "Int", "links": [{"nodeId": "n10", "parameterKey": "Random Seed"}]}},
            },
        },
    }


def test_a_definition_is_told_in_the_same_words_as_an_experiment() -> None:
    assert (
        plain(service_outline.outline(_definition(), ""))
        == """\
svc
Scores.

storage account  account

Data and models
  trained model My model → Module bbbbbbbb (n10):Trained model
      https://store/x/m.ilearner

Web service
  input rows → Module bbbbbbbb (n10):Dataset
      id: Integer (Int64)
  output scores ← Execute Python Script (n2):Out
  parameter Seed (Int) = 7 → Module bbbbbbbb (n10): Random Seed

2 nodes in data-flow order

Module bbbbbbbb (n10)
  a module whose name is not known: Dataset, Trained model → Scored; Random seed, Key
  Dataset ← web service input rows
  Trained model ← trained model My model
  Random seed = 7 (web service parameter 'Seed')
  Key = (encrypted)
  Scored → Execute Python Script (n2):Dataset1

Execute Python Script (n2)
  Dataset1 ← Module bbbbbbbb (n10):Scored
  R Script: 2 lines of Python
  Out → web service output scores"""
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_definition_breaks_a_picture(text: str) -> None:
    document = _definition()
    properties = document["Properties"]
    properties["Assets"]["a3"]["name"] = properties["Assets"]["a2"]["name"] = text
    properties["Input"]["properties"] = {f"{text}rows": {}}
    properties["Package"]["nodes"]["in"]["inputId"] = f"{text}rows"
    outline = service_outline.outline(document, "")
    for boxes, edges in (
        read_mermaid("\n".join(picture_text.mermaid(outline))),
        read_dot("\n".join(picture_text.dot(outline))),
    ):
        assert (len(boxes), len(edges)) == (5, 4)
        assert f"web service input\n{printable(f'{text}rows', 200)}" in boxes.values()


@given(
    st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_a_document_of_any_shape_has_an_outline(odd: Any) -> None:
    documents: list[Document] = [
        {"Graph": odd, "WebService": odd, "Tags": odd, "Description": odd},
        {"Graph": {"ModuleNodes": [{"Id": "a", "InputPortsInternal": odd, "ModuleParameters": odd, "ModuleId": odd}], "EdgesInternal": odd}},
    ]
    for document in documents:
        assert plain(experiment_outline.outline(document, {}))
    services: list[Document] = [{"properties": odd}, {"properties": {"package": {"nodes": {"a": odd}, "edges": odd}, "assets": odd, "input": odd}}]
    for document in services:
        assert plain(service_outline.outline(document, ""))
