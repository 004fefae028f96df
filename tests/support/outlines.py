"""Outlines of documents, and their pictures read back."""

import html
import re
from collections.abc import Iterator, Mapping

import pydot

from amlgit.review import experiment_outline, outline_text
from amlgit.review.outline import EndKind, Node, Outline
from tests.support.exports import Document
from tests.support.forms import split, whole
from tests.support.wire import WORKSPACE, Members


def outline_of(document: Members, names: Mapping[str, str] | None = None) -> Outline:
    """The outline as `amlgit show --no-index` makes it."""
    return experiment_outline.outline(whole(split(document)), names or {})


def plain(outline: Outline, columns: int | None = None, *, with_scripts: bool = False) -> str:
    return "\n".join("".join(piece.text for piece in line) for line in outline_text.lines(outline, columns, with_scripts=with_scripts))


def graph(document: Document) -> Document:
    found = document["Graph"]
    assert isinstance(found, dict)
    return found


FOREIGN = f"{WORKSPACE}.{'b' * 32}.1"


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


BOX = re.compile(r'  (n\d+)(?:\["([^"\n]*)"\]|\[\("([^"\n]*)"\)\]|\(\["([^"\n]*)"\]\)|\{\{"([^"\n]*)"\}\})')


ARROW = re.compile(r'  (n\d+) -->(?:\|"([^"\n]*)"\|)? (n\d+)')


LABEL = re.compile(r"(?:[ a-zA-Z0-9\-_.,()/+']|[^\x00-\x7f]|#[0-9]+;|<br/>)*")


def read_mermaid(text: str) -> tuple[dict[str, str], list[tuple[str, str, str]]]:
    """Boxes and edges of a flowchart by Mermaid's rules: text in quotes, `#<code>;` for a character; nothing else is let through."""
    first, *lines = text.split("\n")
    assert first == "flowchart TD"
    boxes: dict[str, str] = {}
    edges = []
    for line in lines:
        box, arrow = BOX.fullmatch(line), ARROW.fullmatch(line)
        assert box or arrow, line
        label = next((found for found in box.groups()[1:] if found is not None), "") if box else (arrow[2] or "") if arrow else ""
        assert LABEL.fullmatch(label), label
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


def drawn_edges(node: Node) -> Iterator[tuple[str, str]]:
    """The edges into and out of a node, as (source, target), each `<node id>:<port>`."""
    for port in node.inputs:
        yield from ((f"{end.id}:{end.port}", f"{node.id}:{port.name}") for end in port.ends if end.kind in (EndKind.NODE, EndKind.MISSING))
    for port in node.outputs:
        yield from ((f"{node.id}:{port.name}", f"{end.id}:{end.port}") for end in port.ends if end.kind in (EndKind.NODE, EndKind.MISSING))
