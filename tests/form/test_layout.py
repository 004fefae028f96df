"""The canvas: boxes on lines where that can be undone exactly, and no XML that does harm."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form import layout
from amlgit.form.pages import page
from amlgit.model.jsontext import Json
from tests.support.files import loaded
from tests.support.forms import split
from tests.support.places import put_in
from tests.support.wire import HEAD, TAIL, a_graph

STEMS = {"n-1": "Node One", "n-2": "Node Two"}
IDS = {stem: node for node, stem in STEMS.items()}


def box(node: str, position: str = "1,2,200,200") -> str:
    return f"<NodePosition Node='{node}' Position='{position}'/>"


def written(text: Json) -> bytes:
    return page(layout.write(text, STEMS, "Graph"))


def there_and_back(text: Json) -> Json:
    return layout.read(loaded(written(text)), IDS, "layout.json")


USUAL = HEAD + box("n-1") + box("n-2", "-10.5,0.30000000000000004,300,100") + box("some.asset") + TAIL


def test_the_usual_layout_is_a_line_for_each_box() -> None:
    assert written(USUAL).decode() == (
        '{\n  "NodePositions": [\n'
        '    {"Box": "some.asset", "Position": "1,2,200,200"},\n'
        '    {"Node": "Node One", "Position": "1,2,200,200"},\n'
        '    {"Node": "Node Two", "Position": "-10.5,0.30000000000000004,300,100"}\n'
        "  ]\n}\n"
    )


def test_boxes_are_a_set() -> None:
    boxes = [box("n-1"), box("n-1", "2,2,2,2"), box("n-1"), box("x")]
    texts = {written(HEAD + "".join(order) + TAIL) for order in itertools.permutations(boxes)}
    assert len(texts) == 1
    assert there_and_back(HEAD + "".join(reversed(boxes)) + TAIL) == HEAD + box("n-1") * 2 + box("n-1", "2,2,2,2") + box("x") + TAIL


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        USUAL,
        HEAD + TAIL,
        "<a/>",
        "<DataV1><NodePositions></NodePositions></DataV1>",
        HEAD.replace("utf-16", "utf-8") + box("n-1") + TAIL,
        HEAD.replace("<Meta />", "<Meta>é😀</Meta>") + box("n-1") + TAIL,
        HEAD + box("n-1") + TAIL.replace("<NodeGroups />", "<NodeGroups><NodePosition Node='x' Position='y'/></NodeGroups>"),
        HEAD + box("n-1") + TAIL + "<!-- </NodePositions> -->",
        HEAD + box("n-1") + " " + box("n-2") + TAIL,
        HEAD + box("n-1").replace("'", '"') + TAIL,
        HEAD + box("n-1").replace("/>", " />") + TAIL,
        HEAD + box("n-1&amp;2") + TAIL,
        HEAD + box("", "") + box("") + TAIL,
        HEAD + box("Node One") + box("n-1") + TAIL,
        HEAD + "<NodePosition Position='1,2,3,4' Node='n-1'/>" + TAIL,
        HEAD.replace("<NodePositions>", "<NodePositions/>") + TAIL.replace("</NodePositions>", ""),
        HEAD.replace("?>", "?>\r\n") + box("n-1") + "\r\n" + TAIL,
    ],
)
def test_every_layout_comes_back_to_the_character(text: Json) -> None:
    assert there_and_back(text) == text


BOMB = "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY a 'a'><!ENTITY b '&a;&a;'>]>"


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "<DataV1>&b;</DataV1>",
        BOMB + HEAD.partition("?>")[2] + box("n-1") + TAIL,
        "<!DOCTYPE a SYSTEM 'http://127.0.0.1/x'><a/>",
        "<!DOCTYPE a><a/>",
        "<a>&undefined;</a>",
        "<a",
        "x",
        " ",
        HEAD,
        HEAD + "</NodePositions>",
        HEAD + box("n-1"),
        HEAD + "<NodePosition>" + TAIL,
        HEAD + TAIL + TAIL,
        "<a>\x00</a>",
        "<a>" * 100_000,
        "<a xmlns:x='y' x:b='1' x:b='2'/>",
    ],
    ids=lambda text: text[:30],
)
def test_what_is_no_xml_or_brings_a_dtd_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidDocument, match="Graph"):
        layout.write(text, STEMS, "Graph")
    with pytest.raises(InvalidDocument, match=r"Graph\.SerializedClientData"):
        split(put_in(a_graph(), ("Graph", "SerializedClientData"), text))


@pytest.mark.parametrize("data", [0, True, [], {}, 1.5])
def test_a_layout_of_another_type_is_refused(data: Json) -> None:
    with pytest.raises(InvalidDocument, match="Graph"):
        layout.write(data, STEMS, "Graph")


@given(st.lists(st.tuples(st.sampled_from(["n-1", "n-2", "Node One", "x", ""]), st.text("0123456789.,-eé😀 \\\u2028", max_size=8)), max_size=6))
def test_any_boxes_come_back_in_the_order_of_their_ids(boxes: list[tuple[str, str]]) -> None:
    text = HEAD + "".join(box(*each) for each in boxes) + TAIL
    assert there_and_back(text) == HEAD + "".join(box(*each) for each in sorted(boxes)) + TAIL


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_in_a_box_is_refused_or_comes_back(node: str, position: str) -> None:
    text = HEAD + box(node, position) + TAIL
    try:
        back = there_and_back(text)
    except InvalidDocument:
        return
    assert back == text


def test_the_box_of_a_node_that_was_removed_is_forgotten() -> None:
    file = loaded(written(USUAL))
    assert layout.read(file, {"Node Two": "n-2"}, "layout.json") == HEAD + box("n-2", "-10.5,0.30000000000000004,300,100") + box("some.asset") + TAIL


@pytest.mark.parametrize(
    "file",
    [
        {},
        {"NodePositions": None},
        {"NodePositions": [1]},
        {"NodePositions": [{}]},
        {"NodePositions": [{"Box": "x"}]},
        {"NodePositions": [{"Box": 1, "Position": "1"}]},
        {"NodePositions": [{"Node": [], "Position": "1"}]},
        {"NodePositions": [{"Box": "'/><x", "Position": "1"}]},
        {"NodePositions": [], "Head": 1},
    ],
)
def test_a_broken_layout_file_is_named(file: dict[str, Json]) -> None:
    with pytest.raises(InvalidDocument, match=r"layout\.json"):
        layout.read(file, IDS, "layout.json")
