"""What the pages of a chain show of a node when it is chosen, kept once for all versions that have it: a page only says which it is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from amlgit.compare.changes import Diff, What
from amlgit.model.jsontext import Json, dumps, printable
from amlgit.review import outlined
from amlgit.review.outline import Node
from amlgit.review.page.details import ways
from amlgit.review.page.scene import Box, Scene, Shape, Status

_PER_FILE = 200
"""Nodes in one file: a page reads few files, and a new version writes one anew."""
_STATES = list(Status)


class Parts:
    """The nodes of a chain in the order in which they came, each state of them once."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def number(self, node: Node) -> int:
        """The number of a node as it is."""
        return self._numbers.setdefault(_text(node), len(self._numbers))

    def files(self) -> Iterator[tuple[int, str]]:
        """Number and text of each file."""
        texts = list(self._numbers)
        for number, start in enumerate(range(0, len(texts), _PER_FILE)):
            inside = ",\n".join(texts[start : start + _PER_FILE])
            each = f"(node, number) => {{ (window.amlgitKnown ??= {{}})[{start} + number] = node; }}"
            yield number, f"// amlgit: nodes of this chain\n[\n{inside}\n].forEach({each});\n"


def files_of(numbers: Iterable[int]) -> list[int]:
    """The numbers of the files that hold these nodes."""
    return sorted({number // _PER_FILE for number in numbers})


def _text(node: Node) -> str:
    parameters: list[Json] = [[printable(parameter.name), parameter.words] for parameter in node.parameters]
    found: dict[str, Json] = {
        "t": printable(node.name, 200),
        "m": printable(node.module, 200),
        "d": printable(node.module_description or "", 400),
        "c": printable(" ".join(node.comment.split()), 1000),
        "p": parameters,
        "s": [[printable(script.parameter), script.language, script.text] for script in node.scripts],
        "i": [printable(port.name, 200) for port in node.inputs],
        "o": [printable(port.name, 200) for port in node.outputs],
    }
    return dumps(found).decode()


def data(scene: Scene, diff: Diff, numbers: Mapping[str, int]) -> str:
    """Boxes and wires of a page as JSON that may stand in a script element; `numbers` are those of the nodes by the keys of their boxes."""
    boxes: list[Json] = [_box(box, numbers) for box in scene.boxes]
    wires: list[Json] = [
        [wire.source, wire.source_port, wire.target, wire.target_port, _STATES.index(wire.status), *ways(wire)] for wire in scene.wires
    ]
    text = dumps({"b": boxes, "w": wires, "o": _old(scene.boxes, diff)}).decode()
    # a script element ends at its end tag wherever that stands
    return text.replace("<", "\\u003c")


def _box(box: Box, numbers: Mapping[str, int]) -> Json:
    where: list[Json] = [*box.at, _STATES.index(box.status)]
    if box.shape is Shape.NODE and box.key in numbers:
        return [*where, numbers[box.key]]
    return [*where, printable(box.title, 200), box.shape.value, printable(box.subtitle, 200), box.inputs, box.outputs]


def _old(boxes: Sequence[Box], diff: Diff) -> dict[str, Json]:
    """Number of a box → parameter → what its value was, of those that changed."""
    places = {box.key: number for number, box in enumerate(boxes)}
    found: dict[str, dict[str, Json]] = {}
    for change in diff.changes:
        if change.what is What.PARAMETER and change.node is not None and len(change.path) > 1 and change.node.id in places:
            name = change.path[-2] if change.path[-1] == "Value" else change.path[-1]
            old = change.old.get("Value") if isinstance(change.old, Mapping) else change.old
            found.setdefault(str(places[change.node.id]), {})[printable(name)] = outlined.parameter(name, old).words
    return {number: dict(values) for number, values in found.items()}
