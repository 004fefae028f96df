"""An outline's graph as Graphviz dot and as a Mermaid flowchart.

Names of nodes are `n1`, `n2`, … in both, so that no text of an experiment ever stands outside quotes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from amlgit.model.jsontext import printable
from amlgit.review.outline import End, EndKind, Outline, Port


class _Shape(Enum):
    """A box: its dot shape, and its brackets in Mermaid."""

    NODE = ("box", "[", "]")
    DATA = ("cylinder", "[(", ")]")
    SERVICE = ("ellipse", "([", "])")
    MISSING = ("octagon", "{{", "}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Box:
    name: str
    shape: _Shape
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Picture:
    title: str
    boxes: tuple[_Box, ...]
    edges: tuple[_Edge, ...]


def dot(outline: Outline) -> Iterator[str]:
    """The lines of a Graphviz document."""
    picture = _Painter(outline).picture()
    yield "digraph experiment {"
    yield f'  graph [charset="UTF-8", label={_dot(picture.title)}, labelloc=t, rankdir=TB];'
    yield "  node [shape=box, style=rounded];"
    for box in picture.boxes:
        style = ", style=solid" if box.shape is not _Shape.NODE else ""
        yield f"  {box.name} [label={_dot(*box.lines)}, shape={box.shape.value[0]}{style}];"
    for edge in picture.edges:
        yield f"  {edge.source} -> {edge.target}{f' [label={_dot(edge.label)}]' if edge.label else ''};"
    yield "}"


def mermaid(outline: Outline) -> Iterator[str]:
    """The lines of a Mermaid flowchart."""
    picture = _Painter(outline).picture()
    yield "flowchart TD"
    for box in picture.boxes:
        _, opening, closing = box.shape.value
        yield f"  {box.name}{opening}{quoted(*box.lines)}{closing}"
    for edge in picture.edges:
        yield f"  {edge.source} -->{f'|{quoted(edge.label)}|' if edge.label else ''} {edge.target}"


def _dot(*lines: str) -> str:
    r"""A quoted string: `\` and `"` have a meaning there, and Graphviz reads `&` as the start of an HTML entity."""
    escaped = (line.replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(escaped) + '"'


_MERMAID_PLAIN = frozenset(" abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.,()/+'")


def quoted(*lines: str) -> str:
    """A quoted string for Mermaid; whatever of ASCII may mean something there (quotes, brackets, `%%{`, `style:…#…;`, backticks) is an entity."""
    return '"' + "<br/>".join("".join(_entity(character) for character in line) for line in lines) + '"'


def _entity(character: str) -> str:
    return character if character in _MERMAID_PLAIN or not character.isascii() else f"#{ord(character)};"


class _Painter:
    def __init__(self, outline: Outline) -> None:
        self._outline = outline
        self._boxes: dict[tuple[str, str], _Box] = {}

    def picture(self) -> _Picture:
        for port in self._outline.service_inputs:
            self._box(_Shape.SERVICE, EndKind.SERVICE_INPUT, port.name, ("web service input", port.name))
        for asset in self._outline.assets:
            self._box(_Shape.DATA, asset.kind, asset.id, (asset.kind, asset.name))
        for node in self._outline.nodes:
            comment = " ".join(node.comment.split())
            self._box(_Shape.NODE, EndKind.NODE, node.id, (node.name, comment) if comment else (node.name,))
        for port in self._outline.service_outputs:
            self._box(_Shape.SERVICE, EndKind.SERVICE_OUTPUT, port.name, ("web service output", port.name))
        edges = tuple(dict.fromkeys(self._edges()))
        return _Picture(title=printable(self._outline.title, 200), boxes=tuple(self._boxes.values()), edges=edges)

    def _box(self, shape: _Shape, kind: EndKind, key: str, lines: tuple[str, ...]) -> str:
        known = self._boxes.get((kind, key))
        if known is None:
            known = _Box(name=f"n{len(self._boxes) + 1}", shape=shape, lines=tuple(printable(line, 200) for line in lines))
            self._boxes[kind, key] = known
        return known.name

    def _end(self, end: End) -> str:
        """The box at the other end of an edge; one that is not in the graph is drawn all the same."""
        match end.kind:
            case EndKind.NODE:
                return self._box(_Shape.NODE, end.kind, end.id, (end.name,))
            case EndKind.SERVICE_INPUT | EndKind.SERVICE_OUTPUT:
                return self._box(_Shape.SERVICE, end.kind, end.name, (end.kind, end.name))
            case EndKind.MISSING:
                return self._box(_Shape.MISSING, end.kind, end.id, (end.name, "not there"))
            case _:
                return self._box(_Shape.DATA, end.kind, end.id, (end.kind, end.name))

    def _edges(self) -> Iterator[_Edge]:
        ports = {node.id: len(node.outputs) for node in self._outline.nodes}
        for node in self._outline.nodes:
            here = self._boxes[EndKind.NODE, node.id].name
            for port in node.inputs:
                target = port.name if len(node.inputs) > 1 else ""
                for end in port.ends:
                    source = end.port if end.kind is EndKind.NODE and ports.get(end.id, 0) > 1 else ""
                    yield _Edge(source=self._end(end), target=here, label=_label(source or "", target))
            for port in node.outputs:
                yield from self._leaving(here, port, port.name if len(node.outputs) > 1 else "")

    def _leaving(self, here: str, port: Port, name: str) -> Iterator[_Edge]:
        """The edges that no node has at its own inputs."""
        for end in port.ends:
            if end.kind is not EndKind.NODE:
                yield _Edge(source=here, target=self._end(end), label=_label(name, ""))


def _label(source: str, target: str) -> str:
    return printable(" ".join(filter(None, (source, "→" if source or target else "", target))), 120)
