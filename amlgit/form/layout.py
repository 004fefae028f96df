"""The canvas: boxes in an XML text, written one box a line where that can be undone exactly, else kept as the string it is."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.form.pages import Block, objects, text
from amlgit.model.jsontext import Json, Object, dumps, dumps_lines

USUAL_HEAD = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions>"
)
USUAL_TAIL = "</NodePositions><NodeGroups /></DataV1>"
_OPENING, _CLOSING = "<NodePositions>", "</NodePositions>"
_BOX = re.compile(r"<NodePosition Node='([^'<>&\"\r\n\t]*)' Position='([^'<>&\"\r\n\t]*)'/>")


class Canvas(NamedTuple):
    """A layout taken apart: what stands before the boxes, (node, position) of each, what stands behind them."""

    head: str
    boxes: list[tuple[str, str]]
    tail: str


def taken_apart(client_data: str) -> Canvas | None:
    """The boxes of a layout, or None unless putting them together again gives the very same characters."""
    head, opening, rest = client_data.partition(_OPENING)
    inside, closing, tail = rest.rpartition(_CLOSING)
    boxes = _BOX.findall(inside)
    found = Canvas(head + opening, boxes, closing + tail)
    return found if opening and put_together(*found) == client_data else None


def put_together(head: str, boxes: Iterable[tuple[str, str]], tail: str) -> str:
    """The inverse of `taken_apart`."""
    return head + "".join([f"<NodePosition Node='{node}' Position='{position}'/>" for node, position in boxes]) + tail


def write(client_data: Json, stems: Mapping[str, str], where: str) -> Block:
    """A canvas (the value of SerializedClientData) for layout.json; boxes of nodes are named by the node's stem.

    Raises InvalidDocument for XML that is not well-formed or brings a DTD.
    """
    if not isinstance(client_data, str):
        if client_data is not None:
            raise InvalidDocument(f"{where} must be a string or null")
        return {"SerializedClientData": b"null"}
    canvas = taken_apart(client_data)
    if canvas is None:
        _check(client_data, where)
        return {"SerializedClientData": dumps(client_data)}
    head, boxes, tail = canvas
    if (head, tail) != (USUAL_HEAD, USUAL_TAIL):
        _check(client_data, where)
    lines: list[Object] = [{"Node": stems[node], "Position": at} if node in stems else {"Box": node, "Position": at} for node, at in boxes]
    lines.sort(key=lambda box: (str(box.get("Node", "")), str(box.get("Box", "")), str(box["Position"])))
    written: dict[str, Block] = {"NodePositions": dumps_lines(lines)}
    if head != USUAL_HEAD:
        written["Head"] = dumps(head)
    if tail != USUAL_TAIL:
        written["Tail"] = dumps(tail)
    return {name: written[name] for name in sorted(written)}


def read(written: Object, node_ids: Mapping[str, str], where: str) -> Json:
    """The inverse of `write`; boxes come back in the order of their ids."""
    if "SerializedClientData" in written:
        return written["SerializedClientData"]
    boxes: list[tuple[str, str]] = []
    for box in objects(written.get("NodePositions"), f"{where}: NodePositions"):
        position = text(box.get("Position"), f"{where}: Position")
        if "Node" in box:
            stem = text(box["Node"], f"{where}: Node")
            if stem not in node_ids:
                continue  # the node was removed and its box forgotten: `check` names it, an export does without
            boxes.append((node_ids[stem], position))
        else:
            boxes.append((text(box.get("Box"), f"{where}: Box"), position))
    head, tail = (text(written.get(name, usual), f"{where}: {name}") for name, usual in (("Head", USUAL_HEAD), ("Tail", USUAL_TAIL)))
    inside = put_together("", sorted(boxes), "")
    if not _BOX.sub("", inside) == "":
        raise InvalidDocument(f"{where}: a box holds characters that XML attributes can't")
    return head + inside + tail


def _check(client_data: str, where: str) -> None:
    """Refuse what is no XML document, or one with a DTD; the usual text needs no parser to know that it is."""
    if "${secret:" in client_data:
        return  # ours, by way of `read`: it was checked with the secret in it
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import ParseError, fromstring

    if not client_data:
        return
    try:
        fromstring(client_data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise InvalidDocument(f"{where} brings a document type or entities, which no layout has") from error
    except (ParseError, ValueError, LookupError) as error:
        raise InvalidDocument(f"{where} is no well-formed XML: {error}") from error
