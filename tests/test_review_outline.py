"""The outline of a graph, its text and its pictures: nothing is left out, nothing is made up, and no text breaks what holds it."""

import html
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import pydot
import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form import companions, experiments, labels
from amlgit.form.secrets import placeholder
from amlgit.model.jsontext import printable
from amlgit.review import cells, experiment_outline, flow, outline_text, picture_text, service_outline, words
from amlgit.review.cells import Role, span
from amlgit.review.outline import EndKind, Node, Outline, ParameterKind
from tests.generate import GLOBAL, PYTHON, SPLIT, WORKSPACE, Members, a_graph, exports, split, whole

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pydot.dot_parser")

Document = dict[str, Any]  # Any: tests reach into exports as they came

HOSTILE = (
    'quotes " and \\" and \\',
    "<script>alert('x')</script>",
    "a]b)c}d{e(f[g",
    "end",
    "#quot; &quot; &#34; #35;",
    "%%{init: {'theme': 'dark'}}%%",
    'style x:"y" classDef a:#b;',
    "`**markdown**`",
    "line\nline\r\nline",
    "אבג \u202eדהח",
    "\x1b[31mred\x07\x00",
    "漢字 😀 👩\u200d👩\u200d👧",
    "; -->|x| n1 ; } digraph",
    "\\n \\l \\N \\G",
    "",
)


def outline_of(document: Members, names: Mapping[str, str] | None = None) -> Outline:
    """The outline as `amlgit show --no-index` makes it."""
    return experiment_outline.outline(whole(split(document)), names or {})


def plain(outline: Outline, columns: int | None = None, *, with_scripts: bool = False) -> str:
    return "\n".join("".join(piece.text for piece in line) for line in outline_text.lines(outline, columns, with_scripts=with_scripts))


def graph(document: Document) -> Document:
    found = document["Graph"]
    assert isinstance(found, dict)
    return found


def _edges(document: Document) -> set[tuple[str, str]]:
    ends = [(edge.get("SourceOutputPortId"), edge.get("DestinationInputPortId")) for edge in graph(document).get("EdgesInternal") or ()]
    return {(source, target) for source, target in ends if isinstance(source, str) and isinstance(target, str)}


# --- nothing is left out


def _drawn_edges(node: Node) -> Iterator[tuple[str, str]]:
    for port in node.inputs:
        yield from ((f"{end.id}:{end.port}", f"{node.id}:{port.name}") for end in port.ends if end.kind in (EndKind.NODE, EndKind.MISSING))
    for port in node.outputs:
        yield from ((f"{node.id}:{port.name}", f"{end.id}:{end.port}") for end in port.ends if end.kind in (EndKind.NODE, EndKind.MISSING))


@given(exports())
def test_every_node_parameter_edge_and_asset_is_in_the_outline(document: Members) -> None:
    joined: Document = dict(whole(split(document)))
    outline = experiment_outline.outline(joined, {})
    nodes = {node["Id"]: node for node in graph(joined)["ModuleNodes"]}
    assert sorted(node.id for node in outline.nodes) == sorted(nodes)
    for node in outline.nodes:
        names = [parameter["Name"] for parameter in nodes[node.id].get("ModuleParameters") or ()]
        assert sorted([*(each.name for each in node.parameters), *(each.parameter for each in node.scripts)]) == sorted(names)
    drawn = {tuple(part.partition(":")[::2] for part in edge) for node in outline.nodes for edge in _drawn_edges(node)}
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
    pairs = {(edge[0].partition(":")[0], edge[1].partition(":")[0]) for node in outline.nodes for edge in _drawn_edges(node)}
    if not any("circle" in problem for problem in outline.problems) and all(source != target for source, target in pairs):
        unknown = [problem for problem in outline.problems if "does not exist" in problem]
        assert unknown or all(place[source] < place[target] for source, target in pairs if source in place and target in place)


# --- pictures

_BOX = re.compile(r'  (n\d+)(?:\["([^"\n]*)"\]|\[\("([^"\n]*)"\)\]|\(\["([^"\n]*)"\]\)|\{\{"([^"\n]*)"\}\})')
_ARROW = re.compile(r'  (n\d+) -->(?:\|"([^"\n]*)"\|)? (n\d+)')
_LABEL = re.compile(r"(?:[ a-zA-Z0-9\-_.,()/+']|[^\x00-\x7f]|#[0-9]+;|<br/>)*")


def read_mermaid(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Boxes and edges of a flowchart by Mermaid's rules: text in quotes, `#<code>;` for a character; nothing else is let through."""
    first, *lines = text.split("\n")
    assert first == "flowchart TD"
    boxes: dict[str, str] = {}
    edges = []
    for line in lines:
        box, arrow = _BOX.fullmatch(line), _ARROW.fullmatch(line)
        assert box or arrow, line
        label = next((found for found in box.groups()[1:] if found is not None), "") if box else (arrow[2] or "") if arrow else ""
        assert _LABEL.fullmatch(label), label
        shown = html.unescape(label.replace("<br/>", "\n").replace("#", "&#"))
        if box:
            boxes[box[1]] = shown
        elif arrow:
            edges.append((arrow[1], arrow[3], shown))
    return boxes, edges


def read_dot(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Boxes and edges of a dot document, read by a parser that is not ours; labels as Graphviz shows them."""
    parsed = pydot.graph_from_dot_data(text)
    assert parsed is not None
    assert len(parsed) == 1

    def shown(label: object) -> str:
        escaped = str(label or '""')
        assert escaped.startswith('"')
        inside = re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], escaped[1:-1], flags=re.DOTALL)
        return html.unescape(inside)

    boxes = {node.get_name(): shown(node.get("label")) for node in parsed[0].get_nodes() if node.get_name() not in ("node", "graph")}
    edges = [(str(edge.get_source()), str(edge.get_destination()), shown(edge.get("label"))) for edge in parsed[0].get_edges()]
    return boxes, edges


def _expected(outline: Outline) -> tuple[Counter[str], int]:
    """First lines of the boxes of nodes, and how many edges there are between nodes."""
    known = {node.id for node in outline.nodes}
    between = {edge for node in outline.nodes for edge in _drawn_edges(node) if edge[0].partition(":")[0] in known}
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


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
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


# --- values in words


def _selection(*rules: Document, **members: object) -> str:
    return json.dumps({"isFilter": True, "rules": list(rules), **members}, separators=(",", ":"))


ALL = {"ruleType": "AllColumns", "exclude": False}


def _names(*names: str, exclude: bool = False) -> Document:
    return {"ruleType": "ColumnNames", "columns": list(names), "exclude": exclude}


def _types(types: list[str], kinds: list[str], *, exclude: bool = False) -> Document:
    return {"ruleType": "ColumnTypes", "columnTypes": types, "columnKinds": kinds, "exclude": exclude}


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (_selection(_names("text", "label")), "columns: text, label"),
        (_selection(ALL), "columns: all"),
        (_selection(ALL, _names("id", exclude=True)), "columns: all but id"),
        (_selection(ALL, _names("id", exclude=True), _types(["String"], ["All"], exclude=True)), "columns: all but id; without all string"),
        (_selection(_types(["Numeric"], ["All"])), "columns: all numeric"),
        (_selection(_types(["Integer", "Double"], ["Feature"])), "columns: all integer or double features"),
        (_selection(_types(["All"], ["Label"])), "columns: all labels"),
        (_selection({"ruleType": "ColumnIndexes", "columns": ["8", "1-4"], "exclude": False}), "columns: number 8, 1-4"),
        (_selection(_names("b", "a"), isFilter=False), "columns: b, a (in this order, with duplicates)"),
        (_selection(), "columns: none"),
        (_selection(_names("all", "a, b", " x", "", "it's")), "columns: 'all', 'a, b', ' x', '', 'it's'"),
        (_selection(_names(*"abcdefghijklmnop")), "columns: a, b, c, d, e, f, g, h, i, j, k, l and 4 more"),
        (_selection(_names("a"), ui={"withRules": True}), "columns: a"),
    ],
)
@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_column_selection_is_said_as_its_rules(selection: str, said: str, is_encoded: bool) -> None:
    value = quote(selection, safe="-_.!~*'()") if is_encoded else selection
    found = words.parameter("Columns", value)
    assert (found.kind, found.words) == (ParameterKind.COLUMNS, said)


@pytest.mark.parametrize(
    "selection",
    [
        _selection({"ruleType": "Odd", "exclude": False}),
        _selection(_names("a"), more=1),
        _selection({**_names("a"), "more": 1}),
        _selection({**_names("a"), "exclude": "no"}),
        _selection({"ruleType": "ColumnNames", "columns": [1], "exclude": False}),
        _selection(_types(["Complex"], ["All"])),
    ],
)
def test_a_selection_with_anything_unknown_is_given_as_the_json_it_is(selection: str) -> None:
    assert words.parameter("Columns", selection).words == selection


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0.7", "0.7"),
        ("x" * 160, "x" * 160),
        ("x" * 1234, f"{'x' * 160}… (1,234 characters)"),
        ("one\ntwo\n", "one … (2 lines, 8 characters)"),
        ("one line\r\n", "one line"),
        (" ", "' '"),
        ("\t", "'\\t'"),
        ("a\x1b[2J", "'a\\x1b[2J'"),
        ("👩\u200d👧", "👩\u200d👧"),
        (17, "17"),
        (True, "true"),
        ("$${secret:x}", "${secret:x}"),
        (f"AccountKey={placeholder('account key')};x", "AccountKey=${secret:account key};x"),
    ],
)
def test_a_value_is_shown_as_it_is_unless_it_is_long(value: Any, said: str) -> None:
    assert words.parameter("Value", value).words == said


def test_a_secret_is_shown_as_one_and_an_empty_value_as_empty() -> None:
    assert words.parameter("Key", placeholder("Account Key")).words == "(secret: Account Key)"
    assert words.parameter("Key", placeholder("Account Key")).kind is ParameterKind.SECRET
    assert [words.parameter("Seed", value).kind for value in ("", None)] == [ParameterKind.EMPTY] * 2


def test_scripts_count_their_lines_and_are_printed_only_when_asked() -> None:
    outline = outline_of(a_graph())
    assert "R Script: 3 lines of Python" in plain(outline)
    assert "print(x)" not in plain(outline)
    assert "\n    print(x)\n" in plain(outline, with_scripts=True)


def test_a_parameter_of_the_web_service_says_what_it_sets() -> None:
    document: Document = dict(a_graph())
    graph(document)["ModuleNodes"][0]["ModuleParameters"][0]["LinkedGlobalParameter"] = "Share"
    document["WebService"] = {"Parameters": [{"Name": "Share", "Value": "0.7", "ParameterDefinition": {"ParameterType": "Double"}}]}
    text = plain(outline_of(document))
    assert "parameter Share (Double) = 0.7 → Split Data 11-1111: Fraction" in text
    assert "Fraction = 0.7 (web service parameter 'Share')" in text


# --- names

FOREIGN = f"{WORKSPACE}.{'b' * 32}.1"


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


# --- lines


@given(st.lists(st.text("ab漢😀 é", max_size=30)), st.integers(10, 60), st.integers(0, 4))
def test_wrapping_keeps_the_text_and_the_width_and_breaks_no_word(texts: list[str], columns: int, indent: int) -> None:
    spans = [span(text, Role.NAME if index % 2 else Role.TEXT) for index, text in enumerate(texts)]
    lines = ["".join(piece.text for piece in line) for line in cells.wrapped(spans, columns, indent, indent + 2)]
    together = "".join(texts)
    assert "".join("".join(lines).split()) == "".join(together.split())
    for line in lines:
        narrow = re.fullmatch(r" *[abé]+", line)
        assert cells.width(line) <= columns or narrow, line


def test_wide_characters_take_two_cells_and_joined_ones_none() -> None:
    assert [cells.width(text) for text in ("abc", "漢字", "e\u0301", "é", "😀", "")] == [3, 4, 1, 1, 2, 0]


# --- web service definitions


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
