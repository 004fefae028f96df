"""A Mermaid picture of what changed in a graph and what stands next to it, both versions in one."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from amlgit.compare.changes import Diff, Kind, What
from amlgit.model import ids
from amlgit.model.jsontext import Object, printable
from amlgit.review.lenient import entries, members, text
from amlgit.review.names import Names
from amlgit.review.picture_text import quoted

MOST_NODES = 40
"""Boxes that a reader takes in at a glance; hosts refuse to draw very large flowcharts."""
_LONGEST = 60

_STYLES: Mapping[Kind, str] = {
    Kind.ADDED: "fill:#dcf5e3,stroke:#1f7a45,color:#10331f",
    Kind.REMOVED: "fill:#fbe3e1,stroke:#b3261e,color:#4a100c,stroke-dasharray:5 3",
    Kind.CHANGED: "fill:#fdf0cf,stroke:#946200,color:#3d2900",
    Kind.REWIRED: "fill:#eee5fb,stroke:#6d3fc0,color:#2a1650",
}
_RANK = (Kind.REMOVED, Kind.ADDED, Kind.REWIRED, Kind.CHANGED)


def kinds(diff: Diff) -> dict[str, Kind]:
    """What became of each node that changed: removed, added, rewired, or else changed."""
    found: dict[str, Kind] = {}
    for change in diff.changes:
        if change.node is None or change.what is What.LAYOUT:
            continue
        is_whole = change.what is What.NODE
        kind = change.kind if is_whole or change.kind is Kind.REWIRED else Kind.REWIRED if change.what is What.EDGE else Kind.CHANGED
        node = change.node.id
        if node not in found or _RANK.index(kind) < _RANK.index(found[node]):
            found[node] = kind
    return found


class Wire(NamedTuple):
    """An edge between two nodes, and the ports it joins."""

    source: str
    target: str
    ports: tuple[str, str] = ("", "")


def wires(document: Object, recreated: Mapping[str, str]) -> list[Wire]:
    """The edges of an experiment or a definition, nodes that have another id now by that."""
    own = entries(members(document.get("Graph")).get("EdgesInternal"))
    if not own:
        return list(_of_service(document))
    found = []
    for edge in own:
        source, target = (ids.port(text(edge.get(end))) for end in ("SourceOutputPortId", "DestinationInputPortId"))
        found.append(Wire(recreated.get(source[0], source[0]), recreated.get(target[0], target[0]), (source[1], target[1])))
    return found


def _of_service(document: Object) -> Iterator[Wire]:
    from amlgit.compare import services
    from amlgit.model.webservices import member

    for edge in entries(member(member(member(document, "properties"), "package"), "edges")):
        source, target = (ids.port(end) for end in services.ends(edge))
        yield Wire(source[0], target[0], (source[1], target[1]))


def mermaid(diff: Diff, old: Object, new: Object, names: Names) -> tuple[list[str], int]:
    """The lines of a flowchart, and how many changed nodes are not in it; no lines where no node changed."""
    changed = kinds(diff)
    if not changed:
        return [], 0
    before, after = wires(old, diff.recreated), wires(new, {})
    shown = sorted(changed, key=lambda node: (_RANK.index(changed[node]), names.place(node)))[:MOST_NODES]
    present = dict.fromkeys(shown)
    for source, target, _ in (*after, *before):
        if len(present) < MOST_NODES and (source in changed) != (target in changed) and (source in present or target in present):
            present.setdefault(source)
            present.setdefault(target)
    boxes = {node: f"n{number}" for number, node in enumerate(sorted(present, key=names.place), 1)}
    return list(_lines(boxes, changed, before, after, names)), len(changed) - len(shown)


def _lines(boxes: Mapping[str, str], changed: Mapping[str, Kind], before: Iterable[Wire], after: Iterable[Wire], names: Names) -> Iterator[str]:
    yield "flowchart TD"
    for node, box in boxes.items():
        label = printable(names.node(node), _LONGEST)
        kind = changed.get(node)
        yield f"  {box}[{quoted(f'{_sign(kind)} {label}' if kind else label)}]{f':::{kind.value}' if kind else ''}"
    olds, news = set(before), set(after)
    drawn = [wire for wire in sorted(olds | news) if wire.source in boxes and wire.target in boxes]
    yield from dict.fromkeys(f"  {boxes[wire.source]} {_arrow(is_old=wire in olds, is_new=wire in news)} {boxes[wire.target]}" for wire in drawn)
    for kind in dict.fromkeys(changed[node] for node in boxes if node in changed):
        yield f"  classDef {kind.value} {_STYLES[kind]}"


def _arrow(*, is_old: bool, is_new: bool) -> str:
    if is_old and is_new:
        return "-->"
    return "==>|+|" if is_new else "-.->|−|"  # noqa: RUF001  # a minus


def _sign(kind: Kind) -> str:
    return {Kind.ADDED: "+", Kind.REMOVED: "−", Kind.REWIRED: ">"}.get(kind, "~")  # noqa: RUF001  # a minus
