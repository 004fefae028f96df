"""Where two exports differ, read without any of our code; what Studio keeps no order of is a set."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from tests.support.exports import Document


@dataclass(frozen=True, slots=True)
class Number:
    """A number by its text, so that `1`, `1.0` and `1E0` differ."""

    text: str


def read_export(data: bytes) -> Document:
    """An export with its numbers as they are spelled."""
    document = json.loads(data.decode("utf-8-sig"), parse_int=Number, parse_float=Number)
    assert isinstance(document, dict)
    return document


def differences(one: Document, other: Document) -> list[tuple[str, Any, Any]]:
    """Where two exports differ, as (path, in the first, in the other); what Studio keeps no order of is compared as a set."""
    return list(_differences(_ordered(one), _ordered(other), ""))


def secrets_apart(found: Sequence[tuple[str, Any, Any]]) -> list[tuple[str, Any, Any]]:
    """The differences that are no placeholder of ours in place of a secret that was there."""
    return [entry for entry in found if not (isinstance(entry[1], str) and entry[1] and isinstance(entry[2], str) and "${secret:" in entry[2])]


_MISSING = "(missing)"


def _differences(one: Any, other: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _differences(one.get(name, _MISSING), other.get(name, _MISSING), f"{path}/{name}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}/{index}")
    elif type(one) is not type(other) or one != other:
        yield path, one, other


def _ordered(document: Document) -> Document:
    document = deepcopy(document)
    graph, service = document.get("Graph"), document.get("WebService")
    if isinstance(graph, dict):
        _sort(graph, "ModuleNodes", "Id")
        _sort(graph, "EdgesInternal", "DestinationInputPortId", "SourceOutputPortId")
        _split_layout(graph)
    if isinstance(service, dict):
        for name in ("Inputs", "Outputs", "Parameters"):
            _sort(service, name, "Name", "Id")
        _split_layout(service)
    _sort_definition(document)
    _sort(document, "NodeStatuses", "NodeId")
    _sort(document, "Tags")
    return document


def _sort_definition(document: Document) -> None:
    """The edges and links of a web service definition, however its members are spelled."""
    folded = {name.lower(): value for name, value in document.items()}
    for step in ("properties", "package"):
        found = folded.get(step)
        folded = {name.lower(): value for name, value in found.items()} if isinstance(found, dict) else {}
    if isinstance(folded.get("edges"), list):
        folded["edges"].sort(key=repr)
    parameters = folded.get("graphparameters")
    for parameter in parameters.values() if isinstance(parameters, dict) else ():
        for links in parameter.values():
            if isinstance(links, list):
                links.sort(key=repr)


def _sort(parent: Document, name: str, *keys: str) -> None:
    entries = parent.get(name)
    if isinstance(entries, list):
        entries.sort(key=lambda entry: (*(str(entry.get(key)) for key in keys if isinstance(entry, dict)), repr(entry)))


def _split_layout(canvas: Document) -> None:
    data = canvas.get("SerializedClientData")
    if isinstance(data, str):
        boxes = re.findall(r"<NodePosition [^<>]*/>", data)
        canvas["SerializedClientData"] = {"boxes": sorted(boxes), "rest": re.sub(r"<NodePosition [^<>]*/>", "", data)}
