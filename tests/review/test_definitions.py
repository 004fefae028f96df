"""The page of a web service definition, which nobody drew: boxes in layers, wires past them, and its members in words."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from amlgit.model.jsontext import dumps
from amlgit.review.page import layers
from amlgit.review.page.layers import HEIGHT, WIDTH
from amlgit.review.page.svg import path_between
from tests.review.test_page import assert_apart, review
from tests.support.commands import OK, aml
from tests.support.definitions import a_definition, a_value, nodes_of
from tests.support.exports import save


def test_a_graph_without_a_layout_is_drawn_in_layers() -> None:
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("d", "e"), ("x", "e")]
    found = layers.layered(list("abcdex"), [layers.Edge(*edge) for edge in edges])
    assert all(found.places[source][1] < found.places[target][1] for source, target in edges)
    assert_apart(dict(found.places))
    assert found.ways == [()] * len(edges), "nothing is in the way"


@given(st.integers(2, 40), st.randoms(use_true_random=False))
def test_no_wire_of_a_graph_in_layers_runs_behind_a_box(count: int, random: Random) -> None:
    """Wires over many layers, circles and loops too: from its port to its port each passes all boxes but its ends."""
    keys = [f"n{number}" for number in range(count)]
    edges = [
        layers.Edge(random.choice(keys), random.choice(keys), random.randint(-80, 80), random.randint(-80, 80), random.random() < 0.8)
        for _ in range(random.randint(1, 2 * count))
    ]
    found = layers.layered(keys, edges)
    assert_apart(dict(found.places))
    for edge, ways in zip(edges, found.ways, strict=True):
        (x, y), (u, v) = found.places[edge.source], found.places[edge.target]
        path = path_between((x + edge.out, y + HEIGHT // 2), (u + edge.into, v - HEIGHT // 2), ways)
        hidden = [key for key, at in found.places.items() for point in points(path) if is_behind(point, at)]
        assert hidden == [], f"{edge}: {path}"


def points(path: str) -> Iterator[tuple[float, float]]:
    """Places on a path of curves and upright lines, near to each other."""
    start, *parts = re.findall("[MCV][^MCV]*", path)
    x, y = map(float, start[1:].split())
    for part in parts:
        numbers = [float(number) for number in part[1:].split()]
        if part[0] == "V":
            yield from ((x, y + (numbers[0] - y) * step / 20) for step in range(21))
            y = numbers[0]
        else:
            xs, ys = (x, *numbers[::2]), (y, *numbers[1::2])
            for t in (step / 40 for step in range(41)):
                weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
                yield sum(w * n for w, n in zip(weights, xs, strict=True)), sum(w * n for w, n in zip(weights, ys, strict=True))
            x, y = numbers[-2:]


def is_behind(point: tuple[float, float], at: tuple[int, int]) -> bool:
    return abs(point[0] - at[0]) < WIDTH / 2 - 0.5 and abs(point[1] - at[1]) < HEIGHT / 2 - 0.5


def test_risks_and_changes_of_a_definition_are_told_without_the_names_of_its_members(tmp_path: Path) -> None:
    old, new = a_definition(), a_definition()
    del new["properties"]["package"]["graphParameters"]["Server name"]
    del new["properties"]["input"]["properties"]["people"]
    old["properties"]["output"]["properties"]["scores"]["properties"].pop("age")
    del new["properties"]["output"]["properties"]["scores"]["properties"]["name"]
    nodes_of(new)["node2"]["parameters"]["Rows"] = a_value("ciphertext", "thumb")
    new["properties"]["storageAccount"] = {"name": "other", "key": "c2VjcmV0"}
    new["properties"]["realtimeConfiguration"] = {"maxConcurrentCalls": 20}
    new["properties"]["commitmentPlan"] = {"id": "plan-1"}
    new["properties"]["readOnly"] = True
    page = review(tmp_path, old, new)
    said = " ".join(" ".join(page.words).split())
    risks = said[said.index("worth a second look") : said.index(" Changes ")]
    for words in (
        "web service parameter Server name: sets Import Data (node2): Rows, Execute Python Script (node1): Version; type String",
        "web service input people: columns: name (String, may be null), age (Integer, may be null)",
        "web service output scores: name: String, may be null",
        "storage account key",
    ):
        assert words in risks
    for words in ("concurrent calls 20", "plan plan-1", "read only", "storage account store → other"):
        assert words in said
    said = said.replace("${secret:storageAccount.key}", "")  # what a secret is called everywhere
    names = "graphParameters storageAccount realtimeConfiguration maxConcurrentCalls commitmentPlan readOnly parameterKey nodeId thumbprint nullable"
    assert [name for name in names.split() if name.casefold() in said.casefold()] == []


def test_no_wire_of_a_definition_runs_behind_a_box(tmp_path: Path) -> None:
    """One that leads over four layers, and in a review one that led backwards."""
    old, new = a_definition(), a_definition()
    for document in (old, new):
        package = document["properties"]["package"]
        for number in range(4, 8):
            package["nodes"][f"node{number}"] = {"assetId": "code", "parameters": {}}
            source = f"node{number - 1}" if number > 4 else "node1"
            package["edges"].append(
                {"sourceNodeId": source, "sourcePortId": "Result Dataset", "targetNodeId": f"node{number}", "targetPortId": "Dataset1"}
            )
        package["edges"].append({"sourceNodeId": "node1", "sourcePortId": "Result Dataset", "targetNodeId": "node7", "targetPortId": "Dataset2"})
    old["properties"]["package"]["edges"].append(
        {"sourceNodeId": "node7", "sourcePortId": "Result Dataset", "targetNodeId": "node2", "targetPortId": "Dataset2"}
    )
    text = review(tmp_path, old, new).text
    corners = re.findall(r'class="n [^"]*" transform="translate\((-?\d+) (-?\d+)\)"', text)
    boxes = [(int(x) + WIDTH // 2, int(y) + HEIGHT // 2) for x, y in corners]
    drawn = re.findall(r' d="(M[^"]*)"', text.partition('<g class="wires">')[2].partition("</g>")[0])
    paths = [path for several in drawn for path in re.findall("M[^M]*", several)]
    assert len(boxes) == 8
    assert len(paths) == 9
    assert [path for path in paths for point in points(path) for box in boxes if is_behind(point, box)] == []


def test_a_definition_is_called_what_it_is(tmp_path: Path) -> None:
    file = save(tmp_path, "one.json", dumps(a_definition()))
    aml(tmp_path, "show", "--no-index", file, "--html", tmp_path / "page.html").expect(OK)
    assert '<p class="kind">Web service</p>' in (tmp_path / "page.html").read_text(encoding="utf-8")
