"""Changes in the words of those who made them: grouped by node, a line for each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare.changes import MISSING, Change, ChangeClass, Edit, Kind, Missing, NodeName, What
from amlgit.form.naming import stems
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, printable
from amlgit.review import lines, values
from amlgit.review.lines import Line

SIGNS: Mapping[Kind, str] = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~", Kind.REWIRED: ">", Kind.MOVED: "·"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One change in words."""

    change: Change
    sign: str
    text: str
    """One line."""
    parts: tuple[str, ...] = ()
    """What does not fit in one line."""
    script: tuple[Line, ...] = ()
    """The lines of a script that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The changes of one node, or (without one) of the experiment itself."""

    node: NodeName | None
    items: tuple[Item, ...]


class Names:
    """What nodes and assets are called, on both sides."""

    def __init__(self, labels: Mapping[str, str], assets: Mapping[str, str]) -> None:
        self._labels, self._assets = labels, assets

    def node(self, node_id: str) -> str:
        """A node as its file is named."""
        return self._labels.get(node_id, node_id)

    def feed(self, value: Json) -> str:
        """What feeds a port: another node's port, or an asset."""
        if not isinstance(value, str):
            return values.shown(value)
        node_id, port = ids.port(value)
        if node_id in self._labels:
            return f"{self._labels[node_id]}:{port}"
        return self.asset(value)

    def asset(self, value: Json) -> str:
        """An asset by its name, where it is known; else by its id."""
        return f"{self._assets[value]} ({value})" if isinstance(value, str) and value in self._assets else values.shown(value)


def names_of(old: Object, new: Object, assets: Mapping[str, str]) -> Names:
    """The names of everything in two documents."""
    pairs = {}
    for document in (old, new):
        graph = document.get("Graph")
        entries = graph.get("ModuleNodes") if isinstance(graph, Mapping) else None
        for node in entries if isinstance(entries, list) else ():
            if isinstance(node, Mapping):
                pairs[str(node.get("Id"))] = str(node.get("ModuleId"))
    return Names(stems(pairs.items()), assets)


def groups(changes: Sequence[Change], names: Names, *, whole_layout: bool = False) -> list[Group]:
    """Changes by the node they belong to, those of no node last, layout in one line unless all of it is asked for."""
    by_node: dict[str, list[Change]] = {}
    for change in changes:
        by_node.setdefault(change.node.id if change.node else "", []).append(change)
    ordered = sorted(by_node.items(), key=lambda entry: (entry[0] == "", entry[1][0].node.label if entry[1][0].node else ""))
    return [Group(node=found[0].node, items=tuple(item(change, names, whole_layout=whole_layout) for change in found)) for _, found in ordered]


def item(change: Change, names: Names, *, whole_layout: bool = False) -> Item:
    """A change in words."""
    parts: tuple[str, ...] = ()
    script: tuple[Line, ...] = ()
    match change.what:
        case What.NODE:
            text, parts = _node(change, names)
        case What.EDGE:
            text = _edge(change, names)
        case What.SCRIPT if isinstance(change.old, str) and isinstance(change.new, str):
            text, script = f"{_name(change)}: {_lines(lines.counts(change.old, change.new))}", tuple(lines.diff(change.old, change.new))
        case What.ASSET:
            text = f"{_name(change)}: {_became(change, names.asset)}"
        case What.MODULE:
            text = f"module: {_module(change)}"
        case What.LAYOUT:
            text, parts = _layout(change, names, whole=whole_layout)
        case _:
            text, parts = _value(change)
    return Item(change=change, sign=SIGNS[change.kind], text=text, parts=parts, script=script)


def _name(change: Change) -> str:
    """What a person calls the place of a change."""
    path = change.path
    named = path[-2] if path[-1] in ("Value", "DataSourceId", "TrainedModelId", "TransformModuleId") and len(path) > 2 else path[-1]
    return printable({"Description": "title", "Summary": "summary", "Comment": "comment"}.get(named, named), values.LONGEST)


def _lines(count: lines.Counts) -> str:
    return f"+{count.added} −{count.removed} lines"  # noqa: RUF001  # a minus


def _became(change: Change, show: Callable[[Json], str]) -> str:
    if change.kind is Kind.ADDED:
        return f"{show(change.new)}"
    return f"no more {show(change.old)}" if change.kind is Kind.REMOVED else f"{show(change.old)} → {show(change.new)}"


def _value(change: Change) -> tuple[str, tuple[str, ...]]:
    where = _name(change)
    if change.path[:2] == ("WebService", "Inputs") or change.path[:2] == ("WebService", "Outputs"):
        where = f"web service {change.path[1][:-1].lower()} {where}"
    elif change.path[:2] == ("WebService", "Parameters"):
        where = f"web service parameter {where}"
    elif change.path[0] == "Tags":
        return f"tag {values.shown(change.new or change.old)}", ()
    if change.kind is Kind.CHANGED:
        old, new = (_told(side) for side in (change.old, change.new))
        words = values.change(old, new)
        return f"{where}: {words.line}", words.parts
    return f"{where}: {values.shown(_told(change.new if change.kind is Kind.ADDED else change.old))}", ()


def _told(entry: Json) -> Json:
    """The part of a parameter's entry that a person reads, where that is all there is to read."""
    if isinstance(entry, Mapping) and "Value" in entry and entry.get("LinkedGlobalParameter") is None and entry.get("ValueType") == "Literal":
        return entry["Value"]
    return entry


def _module(change: Change) -> str:
    parts = [ids.resource_id(side) if isinstance(side, str) else None for side in (change.old, change.new)]
    if parts[0] is not None and parts[1] is not None and parts[0].family == parts[1].family:
        return f"version {parts[0].instance} → {parts[1].instance}"
    return f"{values.shown(change.old)} → {values.shown(change.new)}, another module"


# --- wiring


def _edge(change: Change, names: Names) -> str:
    port = ids.port(change.path[2])[1] if len(change.path) > 2 else "edges"
    where = printable(port, values.LONGEST)
    if change.node is None and len(change.path) > 2:
        where = names.feed(change.path[2])
    match change.kind:
        case Kind.ADDED:
            return f"{where}: now fed by {names.feed(_end(change.new))}"
        case Kind.REMOVED:
            return f"{where}: no more fed by {names.feed(_end(change.old))}"
        case _:
            return f"{where}: fed by {names.feed(_end(change.old))} → {names.feed(_end(change.new))}"


def _end(value: Json) -> Json:
    return value.get("SourceOutputPortId") if isinstance(value, Mapping) else value


def _node(change: Change, names: Names) -> tuple[str, tuple[str, ...]]:
    """A node with what goes with it: what feeds it, and what it feeds."""
    assert change.node is not None
    is_new = change.kind is Kind.ADDED
    parts = []
    for edit in change.edits[1:]:
        edge = _side(edit, is_new=is_new)
        if edit.path[1] != "EdgesInternal" or edge is None:
            continue
        source, destination = str(edge["SourceOutputPortId"]), str(edge["DestinationInputPortId"])
        if ids.port(destination)[0] == change.node.id:
            parts.append(f"{ids.port(destination)[1]}: {'fed' if is_new else 'was fed'} by {names.feed(source)}")
        elif ids.port(source)[0] == change.node.id:
            parts.append(f"{ids.port(source)[1]}: {'feeds' if is_new else 'fed'} {names.feed(destination)}{_instead(change, destination, names)}")
    return ("added" if is_new else "removed"), tuple(sorted(parts))


def _instead(change: Change, destination: str, names: Names) -> str:
    """What feeds a port now or fed it before, where a node was put in between or taken out."""
    other = [_side(edit, is_new=change.kind is not Kind.ADDED) for edit in change.edits[1:] if edit.path[1] == "EdgesInternal"]
    found = [edge for edge in other if edge is not None and edge["DestinationInputPortId"] == destination]
    if not found:
        return ""
    source = names.feed(found[0]["SourceOutputPortId"])
    return f", in place of {source}" if change.kind is Kind.ADDED else f", now fed by {source}"


def _side(edit: Edit, *, is_new: bool) -> Object | None:
    side = edit.new if is_new else edit.old
    return side if not isinstance(side, Missing) and isinstance(side, Mapping) else None


# --- layout


def _layout(change: Change, names: Names, *, whole: bool) -> tuple[str, tuple[str, ...]]:
    moved = [edit for edit in change.edits if "Boxes" in edit.path]
    phrases = [_number(len(moved), "box", "boxes") + " moved"] if moved else []
    folded = sum(edit.path[-1] == "CommentCollapsed" for edit in change.edits)
    phrases += [_number(folded, "comment", "comments") + " folded or unfolded"] if folded else []
    phrases += ["canvas"] if len(moved) + folded < len(change.edits) else []
    return f"layout: {', '.join(phrases)}", tuple(_positions(change.edits, names)) if whole else ()


def _positions(edits: Sequence[Edit], names: Names) -> Iterator[str]:
    for edit in edits:
        old, new = ("gone" if side is MISSING else values.shown(side if not isinstance(side, Missing) else None) for side in (edit.old, edit.new))
        place = edit.path[2] if edit.path[-1] == "CommentCollapsed" else edit.path[-1]
        yield f"{names.node(place)}: {old} → {new}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


# --- in short


def summary(changes: Sequence[Change]) -> str:
    """How many changes of each class, such as `2 parameter, 1 wiring`; layout only where there is nothing else."""
    classes = [change_class for change_class in ChangeClass if change_class is not ChangeClass.LAYOUT]
    counted = {one: sum(change.change_class is one for change in changes) for one in classes}
    phrases = [f"{count} {change_class}" for change_class, count in counted.items() if count]
    return ", ".join(phrases) or ("layout only" if changes else "no changes")
