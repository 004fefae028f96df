"""An outline as Graphviz and Mermaid pictures: every node and edge is in them, and no text breaks what holds it."""

import shutil
import subprocess
from collections import Counter

import pytest
from hypothesis import given

from amlgit.model.jsontext import printable
from amlgit.review import picture_text
from amlgit.review.outline import Outline
from tests.support.drawn import exports
from tests.support.exports import Document
from tests.support.outlines import HOSTILE, drawn_edges, graph, outline_of, plain, read_dot, read_mermaid
from tests.support.wire import WORKSPACE, Members, a_graph

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot.dot_parser")


def _expected(outline: Outline) -> tuple[Counter[str], int]:
    """First lines of the boxes of nodes, and how many edges there are between nodes."""
    known = {node.id for node in outline.nodes}
    between = {edge for node in outline.nodes for edge in drawn_edges(node) if edge[0].partition(":")[0] in known}
    return Counter(printable(node.name, 200) for node in outline.nodes), len(between)


@given(exports())
def test_every_node_and_edge_is_in_both_pictures(document: Members) -> None:
    outline = outline_of(document)
    names, edge_count = _expected(outline)
    for boxes, edges in (
        read_mermaid("\n".join(picture_text.mermaid(outline))),
        read_dot("\n".join(picture_text.dot(outline))),
    ):
        assert Counter(label.partition("\n")[0] for label in boxes.values()) >= names
        assert len(edges) >= min(edge_count, 1)
        assert {end for source, target, _ in edges for end in (source, target)} <= boxes.keys()


def hostile_graph(text: str) -> Document:
    document: Document = dict(a_graph())
    document["Description"] = document["Summary"] = text
    document["Tags"] = [text]
    for node in graph(document)["ModuleNodes"]:
        node["Comment"] = text
        node["InputPortsInternal"][0]["Name"] = f"{text}in"
        node["OutputPortsInternal"][0]["Name"] = f"{text}out"
        for parameter in node["ModuleParameters"]:
            parameter["Value"] = text
    for edge in graph(document)["EdgesInternal"]:
        edge["SourceOutputPortId"] = edge["SourceOutputPortId"].replace("Results1", f"{text}out")
        edge["DestinationInputPortId"] = edge["DestinationInputPortId"].replace("Dataset1", f"{text}in")
    port_id = f"{graph(document)['ModuleNodes'][0]['Id']}:{text}in"
    service_port = {"Name": text, "Id": "x", "PortId": port_id}
    document["WebService"] = {"Inputs": [service_port], "Outputs": [], "Parameters": [{"Name": text, "Value": text}]}
    return document


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_a_picture(text: str) -> None:
    outline = outline_of(hostile_graph(text))
    comment = printable(" ".join(text.split()), 200)
    for boxes, edges in (
        read_mermaid("\n".join(picture_text.mermaid(outline))),
        read_dot("\n".join(picture_text.dot(outline))),
    ):
        assert len(boxes) == 4
        assert sorted(label.partition("\n")[2] for label in boxes.values()) == sorted([comment] * 3 + [printable(text, 200)])
        ports = printable(f"{text}out", 120), printable(f"{text}in", 120)
        assert Counter(label for _, _, label in edges) == Counter([f"{ports[0]} → {ports[1]}"] * 2 + [f"→ {ports[1]}"])


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed; on Debian: apt-get install graphviz")
@pytest.mark.parametrize("text", HOSTILE)
def test_graphviz_itself_takes_the_picture(text: str) -> None:
    dot = "\n".join(picture_text.dot(outline_of(hostile_graph(text)))).encode()
    completed = subprocess.run(["dot", "-Tplain"], input=dot, capture_output=True, check=False)
    assert completed.returncode == 0, completed.stderr.decode()
    assert completed.stdout.count(b"\nnode ") == 4


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("columns", [None, 20, 80])
def test_no_text_reaches_the_terminal_as_anything_but_text(text: str, columns: int | None) -> None:
    shown = plain(outline_of(hostile_graph(text)), columns, with_scripts=True)
    assert all(printable(line, len(line)) == line for line in shown.split("\n"))


def test_data_and_service_ports_have_shapes_of_their_own_in_the_pictures() -> None:
    document: Document = dict(a_graph())
    first = graph(document)["ModuleNodes"][0]
    first["InputPortsInternal"][0]["DataSourceId"] = f"{WORKSPACE}.{'a' * 32}.1"
    document["WebService"] = {"Inputs": [{"Name": "rows", "Id": "x", "PortId": f"{first['Id']}:Dataset2"}]}
    outline = outline_of(document)
    flowchart = "\n".join(picture_text.mermaid(outline))
    assert '(["web service input<br/>rows"])' in flowchart
    assert '[("dataset<br/>aaaaaaaa")]' in flowchart
    dot = "\n".join(picture_text.dot(outline))
    assert 'label="dataset\\naaaaaaaa", shape=cylinder' in dot
    assert 'label="web service input\\nrows", shape=ellipse' in dot
