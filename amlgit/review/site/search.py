"""What the search reads: a line for each experiment and service, of its newest version; older versions are found by their titles."""

from collections.abc import Iterable, Mapping, Sequence

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, dumps, loads, printable
from amlgit.review.outline import Outline, ServicePort

_HEAD = "// amlgit: what the search reads\n"


def record(  # a line has as much to say
    path: str, kind: str, titles: Sequence[str], people: Sequence[str], newest: str, outline: Outline | None
) -> str:
    """A line of the file; `newest` is the page on which its nodes are shown."""
    nodes: list[Json] = []
    for node in outline.nodes if outline is not None else ():
        values = [f"{parameter.name}: {parameter.words}" for parameter in node.parameters if parameter.words]
        nodes.append([printable(node.name, 200), printable(" ".join(node.comment.split()), 1000), values, [script.text for script in node.scripts]])
    told = [outline.summary, *outline.tags] if outline is not None else []
    ports = [line for port in (*outline.service_inputs, *outline.service_outputs) for line in _port(port)] if outline is not None else []
    assets = [asset.name for asset in outline.assets] if outline is not None else []
    found: dict[str, Json] = {
        "u": path,
        "k": kind,
        "t": printable(titles[0] if titles else "", 300),
        "o": [printable(text, 2000) for text in (*titles[1:], *people, *told, *ports, *assets) if text],
        "v": newest,
        "n": nodes,
    }
    return f"{_CALL}{dumps(found).decode()}{_END}"


def _port(port: ServicePort) -> list[str]:
    return [port.name, *(f"{port.name}: {column.name}, {column.type}" for column in port.columns)]


def file(records: Iterable[str]) -> str:
    """The text of the file."""
    return _HEAD + "".join(f"{line}\n" for line in records)


def lines(text: str) -> list[str]:
    """The records of a file that was written before; none where there is anything else in it."""
    found = text.removeprefix(_HEAD).split("\n")[:-1] if text.startswith(_HEAD) else []
    return found if all(map(_is_record, found)) else []


_CALL, _END = "amlgitFound(", ");"


def _is_record(line: str) -> bool:
    """Whether a line is a record and nothing that runs."""
    if not (line.startswith(_CALL) and line.endswith(_END)):
        return False
    inside = line[len(_CALL) : -len(_END)]
    try:
        return isinstance(loads(inside.encode()), Mapping)
    except InvalidDocument:
        return False
