"""Edits of the small export of three nodes."""

import random

from tests.support.exports import Document
from tests.support.graphs import edge, layout, node
from tests.support.places import Place
from tests.support.wire import SELECT, WORKSPACE, a_graph

FIRST, SECOND, THIRD = (f"{digit * 8}-0000-4000-8000-00000000000{digit}-{digit}1" for digit in "123")
NODES = ("Graph", "ModuleNodes")
DATASET, OTHER_DATASET = (f"{WORKSPACE}.{digit * 32}.{digit * 8}" for digit in "ab")
NEW = "77777777-0000-4000-8000-000000000007-71"


def graph() -> Document:
    """Three nodes in a row, the last one with a dataset too; a web service with an output and a parameter."""
    document: Document = a_graph()
    document["Graph"]["ModuleNodes"][2]["InputPortsInternal"][1]["DataSourceId"] = DATASET
    document |= {"Summary": "", "Tags": ["a", "b"]}
    document["WebService"] = {
        "Inputs": None,
        "Outputs": [{"Id": "1-1-1", "PortId": f"{THIRD}:Results1", "Name": "output"}],
        "Parameters": [{"Name": "Rate", "Value": "1", "ParameterDefinition": {"Name": "Rate", "DefaultValue": "1"}}],
        "SerializedClientData": layout({"1-1-1": "0,0,10,10"}),
    }
    return document


def value(index: int, parameter: int = 0) -> Place:
    return (*NODES, index, "ModuleParameters", parameter, "Value")


def without(document: Document, *destinations: str) -> Document:
    """A graph without the edges into some ports."""
    wires = document["Graph"]["EdgesInternal"]
    document["Graph"]["EdgesInternal"] = [wire for wire in wires if wire["DestinationInputPortId"] not in destinations]
    return document


def wired(document: Document, *wires: tuple[str, str]) -> Document:
    """A graph with edges of its own into some ports, in place of those that fed them."""
    document = without(document, *(destination for _, destination in wires))
    document["Graph"]["EdgesInternal"] += [edge(source, destination) for source, destination in wires]
    return document


def with_node(document: Document) -> Document:
    """A graph with one more node, and its box."""
    document["Graph"]["ModuleNodes"].append(node(NEW, SELECT, random.Random(1)))
    boxes = f"<NodePosition Node='{NEW}' Position='0,0,1,1'/></NodePositions>"
    document["Graph"]["SerializedClientData"] = document["Graph"]["SerializedClientData"].replace("</NodePositions>", boxes)
    return document
