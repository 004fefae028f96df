"""What the search reads: a line for each experiment and service, of its newest version; older versions are found by their titles."""

from collections.abc import Iterable, Sequence

from amlgit.model.jsontext import Json, dumps, printable
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
    return f"amlgitFound({dumps(found).decode()});"


def _port(port: ServicePort) -> list[str]:
    return [port.name, *(f"{port.name}: {column.name}, {column.type}" for column in port.columns)]


def file(records: Iterable[str]) -> str:
    """The text of the file."""
    return _HEAD + "".join(f"{line}\n" for line in records)


def lines(text: str) -> list[str]:
    """The records of a file that was written before."""
    return text.removeprefix(_HEAD).split("\n")[:-1] if text.startswith(_HEAD) else []
