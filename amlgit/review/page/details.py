"""What stands beside the picture: risks, every change in words, and what the script shows of a node that is chosen."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape

from amlgit.compare.changes import Change, ChangeClass, Diff, What
from amlgit.model.jsontext import Json, Object, dumps, printable
from amlgit.review import changes, outlined
from amlgit.review.changes import Group, Item
from amlgit.review.lines import Line, Mark
from amlgit.review.names import Names
from amlgit.review.outline import EndKind, Node, Port
from amlgit.review.page.scene import Scene, Shape, Status, Wire, boxes_by_id
from amlgit.review.page.svg import SIGNS
from amlgit.review.page.syntax import tokens
from amlgit.review.places import place
from amlgit.review.risks import Risk

_SHOWN = {"-": "−", ">": "›"}  # noqa: RUF001  # signs as they are printed
_LONGEST = 4000
"""Characters of one line that a page shows."""


def html(text: str) -> str:
    """Text fit for an element or a quoted attribute, without characters that turn or hide what stands beside them."""
    return escape(printable(text, max(len(text), 1)))


# --- risks


def risks(found: Sequence[Risk], numbers: Mapping[str, int], prefix: str) -> Iterator[str]:
    """The risks, each rule with its reason; `numbers` are those of the boxes by node."""
    for rule in dict.fromkeys(risk.rule for risk in found):
        mine = [risk for risk in found if risk.rule == rule]
        yield f'<div class="risk"><h3>{html(mine[0].title)}</h3><ul>'
        for risk in mine:
            where = go(risk.node, numbers.get(risk.node_id), prefix) if risk.node else ""
            yield f"<li>{where} {_fed(risk.text)}</li>"
        yield f'</ul><p class="why">{html(mine[0].why)}</p></div>'


def go(name: str, number: int | None, prefix: str) -> str:
    """A node's name, as a button where it is in the picture."""
    if number is None:
        return f"<b>{html(name)}</b>"
    return f'<button type="button" class="go" data-box="{prefix}n{number}">{html(name)}</button>'


# --- changes


def articles(diff: Diff, names: Names, scene: Scene, prefix: str, *, is_whole: bool) -> Iterator[str]:
    """Every change, in the order in which data flows; of what came or went as a whole its nodes alone."""
    numbers = box_numbers(scene)
    for group in changes.groups(diff, names, whole_layout=True):
        node = group.items[0].change.node
        if is_whole and node is None:
            continue
        number = numbers.get(node.id) if node is not None else None
        language = languages(scene.boxes[number].node) if number is not None else {}
        yield from _article(group, number, language, scene, prefix)


def box_numbers(scene: Scene) -> dict[str, int]:
    """The numbers of boxes by the ids of nodes."""
    numbers = {box.key: number for number, box in enumerate(scene.boxes)}
    return {node: numbers[key] for node, key in boxes_by_id(scene.boxes).items()}


def languages(node: Node | None) -> dict[str, str]:
    """The languages of a node's scripts by their parameters."""
    return {script.parameter: script.language for script in node.scripts} if node is not None else {}


def _article(group: Group, number: int | None, language: Mapping[str, str], scene: Scene, prefix: str) -> Iterator[str]:
    classes = " ".join(dict.fromkeys(item.change.change_class.value for item in group.items))
    status = scene.boxes[number].status if number is not None else Status.SAME
    box = f' data-box="{prefix}n{number}"' if number is not None else ""
    yield f'<article class="change {status}" data-classes="{classes}"{box}>'
    title = group.name or ("Layout" if group.items[0].change.what is What.LAYOUT else "The whole")
    if number is not None and scene.boxes[number].shape is not Shape.NODE:
        title = f"{scene.boxes[number].subtitle} {scene.boxes[number].title}"
    sign = f'<span class="sign" aria-hidden="true">{SIGNS[status]}</span>' if status in SIGNS else ""
    name = go(title, number, prefix) if number is not None else html(title)
    yield f"<h3>{sign}{name}</h3>"
    for text, kind in ((group.comment, "comment"), (group.note, "note")):
        if text:
            yield f'<p class="{kind}">{html(text)}</p>'
    yield "<ul>"
    for item in group.items:
        yield from listed(item, language)
    yield "</ul></article>"


def listed(item: Item, language: Mapping[str, str], by: str = "") -> Iterator[str]:
    """A change as an entry of a list; in a merge with whose it is."""
    change = item.change
    whose = f'<span class="tag {by}">{by}</span> ' if by else ""
    yield f'<li data-class="{by or change.change_class}"><p>{whose}<span class="tag">{change.change_class}</span> {_sentence(item)}</p>'
    if item.parts:
        yield "<ul class='parts'>" + "".join(f"<li>{_part(part)}</li>" for part in item.parts) + "</ul>"
    if item.script:
        yield '<div class="diff">' + "".join(line_of(line, _language(change, language)) for line in item.script) + "</div>"
    yield "</li>"


def _part(part: str) -> str:
    if part[:2] in ("- ", "+ "):
        mark = "del" if part[0] == "-" else "ins"
        return f"<{mark}>{html(part[2:])}</{mark}>"
    return html(part)


def _sentence(item: Item) -> str:
    """A change on one line: what it is of, and what stood there before and stands there now."""
    if item.change.what is What.EDGE:
        return _fed(item.text)
    where = "module" if item.change.what is What.MODULE else place(item.change)
    said = item.text.removeprefix(f"{where}: ") if where and item.text.startswith(f"{where}: ") else ""
    if item.text == where:
        return f"<b>{html(where)}</b>"
    start = f"<b>{html(where)}</b> " if said else ""
    text = said or item.text
    if item.sign == "~":
        return f"{start}{_sides(text)}"
    mark = {"+": "ins", "-": "del"}.get(item.sign) if said else None
    return f"{start}<{mark}>{html(text)}</{mark}>" if mark else f"{start}{html(text)}"


def told(text: str) -> str:
    """A change on one line, with what it was and what it is."""
    where, colon, rest = text.partition(": ")
    return f"<b>{html(where)}</b> {_sides(rest)}" if colon and " → " in rest else html(text)


def _fed(text: str) -> str:
    """What is said of a port: what feeds it now, and what fed it."""
    for phrase in (": now fed by ", ": no more fed by ", ": fed by "):
        port, found, feeds = text.partition(phrase)
        if found:
            return f"<b>{html(port)}</b>{phrase[1:]}{_sides(feeds)}"
    return _sides(text)


def _sides(text: str) -> str:
    """A value, or what it was and what it is."""
    old, arrow, new = text.partition(" → ")
    if arrow and " → " not in new:
        return f'<del>{html(old)}</del> <span class="to">→</span> <ins>{html(new)}</ins>'
    return html(text)


def _language(change: Change, language: Mapping[str, str]) -> str:
    if change.what is not What.SCRIPT or len(change.path) < 2:
        return ""
    return language.get(change.path[-2], language.get(change.path[-1], ""))


_LINES = {"+": "add", "-": "del", "@@": "at", " ": ""}
_WORDS = (Mark.OLD_WORD, Mark.NEW_WORD)


def line_of(line: Line, language: str) -> str:
    """A line of a script's difference."""
    kind = _LINES.get(line.sign, "")
    if line.sign == "@@":
        return f'<div class="l at"><code>{html(line.text)}</code></div>'
    marks = [mark for piece in line.pieces for mark in [piece.mark in _WORDS] * len(piece.text)]
    parts = []
    position = 0
    for token in tokens(line.text, language):
        for text, is_word in _runs(token.text, marks[position : position + len(token.text)]):
            shown = html(text.expandtabs(4)[:_LONGEST])
            shown = f'<i class="{token.kind}">{shown}</i>' if token.kind else shown
            parts.append(f"<mark>{shown}</mark>" if is_word else shown)
        position += len(token.text)
    sign = _SHOWN.get(line.sign, line.sign)
    return f'<div class="l {kind}"><span class="m">{sign}</span><code>{"".join(parts)}</code></div>'


def _runs(text: str, marks: Sequence[bool]) -> Iterator[tuple[str, bool]]:
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or marks[index] != marks[start]:
            yield text[start:index], marks[start]
            start = index


def counted(diff: Diff) -> Iterator[tuple[ChangeClass, int]]:
    """The classes that have changes, and how many."""
    yield from changes.counts(diff.changes).items()


# --- what the script shows


def data(scene: Scene, diff: Diff, names: Names, undecided: Mapping[str, Object] | None = None) -> str:
    """Boxes and wires for the script, as JSON that may stand in a script element.

    `undecided` is what else a merge has to say of nodes, by their ids: members that go with those of their boxes.
    """
    numbers = {box.key: number for number, box in enumerate(scene.boxes)}
    before = _before(diff)
    boxes: list[Json] = []
    for box in scene.boxes:
        entry: dict[str, Json] = {
            "t": names.node(box.key) if box.shape is Shape.NODE else printable(box.title, 200),
            "k": box.shape.value if box.shape is not Shape.NODE else "",
            "st": box.by or box.status.value,
            "at": [*box.at],
            "n": [box.inputs, box.outputs],
        }
        entry.update(_node(box.node, before.get(box.key, {}), numbers) if box.node is not None else {"m": box.subtitle})
        entry.update((undecided or {}).get(box.key, {}))
        boxes.append(entry)
    wires: list[Json] = [[wire.source, wire.source_port, wire.target, wire.target_port, wire.status.value, *ways(wire)] for wire in scene.wires]
    text = dumps({"boxes": boxes, "wires": wires}).decode()
    # a script element ends at its end tag wherever that stands
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def ways(wire: Wire) -> list[Json]:
    """What a wire passes, as the last member of its entry; nothing where it goes straight."""
    return [[[*each] for each in wire.ways]] if wire.ways else []


def _node(node: Node, before: Mapping[str, str], numbers: Mapping[str, int]) -> Object:
    parameters: list[Json] = [
        [printable(parameter.name), parameter.words, *([before[parameter.name]] if parameter.name in before else [])] for parameter in node.parameters
    ]
    return {
        "m": printable(node.module, 200),
        "d": printable(node.module_description or "", 400),
        "c": printable(" ".join(node.comment.split()), 1000),
        "p": parameters,
        "s": [[printable(script.parameter), script.language, script.text] for script in node.scripts],
        "i": _ends(node.inputs, numbers),
        "o": _ends(node.outputs, numbers),
    }


def _ends(ports: Iterable[Port], numbers: Mapping[str, int]) -> list[Json]:
    """Ports with what they are connected to: the number of its box and its port, or only what it is called."""
    found: list[Json] = []
    for port in ports:
        others: list[Json] = []
        for end in port.ends:
            number = numbers.get(end.id if end.kind is EndKind.NODE else f"{end.kind}:{end.id or end.name}")
            others.append([-1 if number is None else number, printable(end.port or ("" if number is not None else end.name), 200)])
        found.append([printable(port.name, 200), others])
    return found


def _before(diff: Diff) -> dict[str, dict[str, str]]:
    """Node → parameter → what its value was, for those that changed."""
    found: dict[str, dict[str, str]] = {}
    for change in diff.changes:
        if change.what is What.PARAMETER and change.node is not None and len(change.path) > 1:
            name = change.path[-2] if change.path[-1] == "Value" else change.path[-1]
            old = change.old.get("Value") if isinstance(change.old, Mapping) else change.old
            found.setdefault(change.node.id, {})[name] = outlined.parameter(name, old).words
    return found
