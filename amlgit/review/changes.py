"""Changes in the words of those who made them: by node, in the order in which data flows, a line for each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.compare.changes import MISSING, Change, ChangeClass, Diff, Edit, Kind, Missing, NodeName, What
from amlgit.form import modules
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, printable, same
from amlgit.review import service_words, values
from amlgit.review.lenient import members
from amlgit.review.lines import Line
from amlgit.review.names import Names
from amlgit.review.places import place

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
    """The lines of a text that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The changes of one node, or (without one) of the experiment itself; `name` is what the node is called, `note` what else to say of it."""

    name: str
    note: str
    comment: str
    items: tuple[Item, ...]


def groups(diff: Diff, names: Names, *, whole_layout: bool = False) -> list[Group]:
    """What belongs to no node first, then node by node as data flows, the layout last, in one line unless all of it is asked for."""
    by_node: dict[str, list[Change]] = {}
    last: list[Change] = []
    for change in diff.changes:
        if change.what is What.LAYOUT:
            last.append(change)
        else:
            by_node.setdefault(change.node.id if change.node else "", []).append(change)
    ordered = sorted((node_id for node_id in by_node if node_id), key=names.place) if len(by_node) > 1 else [*filter(None, by_node)]
    found = [Group(name="", note="", comment="", items=tuple(item(change, names) for change in by_node[""]))] if "" in by_node else []
    found += [_of_node(by_node[node_id], names) for node_id in ordered]
    if last:
        found.append(Group(name="", note="", comment="", items=tuple(item(change, names, whole_layout=whole_layout) for change in last)))
    return found


def _of_node(changes: Sequence[Change], names: Names) -> Group:
    node = changes[0].node
    assert node is not None
    description = names.module(node.id)
    notes = [f"was {names.node(node.old_id)}"] if node.old_id != node.id else []
    notes += [f"a module whose name is not known: {description}"] if description is not None else []
    is_told = any(change.path[-1:] == ("Comment",) for change in changes)
    return Group(
        name=names.node(node.id),
        note="; ".join(notes),
        comment="" if is_told else printable(node.comment.strip()),
        items=tuple(item(change, names) for change in changes),
    )


def nodes(diff: Diff, names: Names) -> list[Item]:
    """The nodes of an experiment that came or went as a whole, as data flows: what else there is to say of them `show` tells."""
    found = [change for change in diff.changes if change.what is What.NODE and change.node is not None]
    ordered = sorted(((names.place(change.node.id if change.node else ""), change) for change in found), key=lambda entry: entry[0])
    return [Item(change=change, sign=SIGNS[change.kind], text=_titled(change.node, names)) for _, change in ordered if change.node]


def _titled(node: NodeName, names: Names) -> str:
    comment = printable(node.comment.strip())
    return f'{names.node(node.id)}  "{comment}"' if comment else names.node(node.id)


def item(change: Change, names: Names, *, whole_layout: bool = False) -> Item:
    """A change in words."""
    match change.what:
        case What.NODE if change.node is not None:
            told = values.Words(change.kind.value, _node(change, names))
        case What.EDGE:
            told = values.Words(_edge(change, names))
        case What.ASSET:
            told = _asset(change, names)
        case What.MODULE:
            told = values.Words(f"module: {_module(change)}")
        case What.LAYOUT:
            told = _layout(change, names, whole=whole_layout)
        case _:
            told = _value(change, names)
    return Item(change=change, sign=SIGNS[change.kind], text=told.line, parts=told.parts, script=told.text)


# --- values


def _value(change: Change, names: Names) -> values.Words:
    where = place(change)
    if change.path[:1] == ("Tags",) and len(change.path) > 1:
        return values.Words(f"tag {values.alone(change.path[1])}")
    link = _link(change, names)
    if link:
        return values.Words(f"{where}: {link}")
    old, new = _told(change, names)
    if change.path[:1] == _SERVICE and not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        old, new = (_of_service(side, change, names) for side in (old, new))
    if change.what is What.SCRIPT and all(side is None or isinstance(side, str) for side in (old, new)) and old != new:
        words = values.text(str(old or ""), str(new or ""))
    elif change.kind is Kind.CHANGED:
        words = values.change(old, new)
    else:
        words = values.single(new, "+") if change.kind is Kind.ADDED else values.single(old, "-")
    return words._replace(line=": ".join(filter(None, (where, words.line))))


def _told(change: Change, names: Names) -> tuple[Json, Json]:
    """What a person reads of both sides: of a parameter its value, where nothing else is said, of a port what it is bound to."""
    sides = (change.old, change.new)
    if all(side is None or (isinstance(side, Mapping) and _is_only_a_value(side)) for side in sides):
        old, new = (side["Value"] if isinstance(side, Mapping) else None for side in sides)
        return old, new
    old, new = (_members(side, names) if isinstance(side, Mapping) and "Name" in side else side for side in sides)
    return old, new


def _is_only_a_value(parameter: Object) -> bool:
    return "Value" in parameter and parameter.get("LinkedGlobalParameter") is None and parameter.get("ValueType") == "Literal"


def _members(entry: Object, names: Names) -> Json:
    """An entry of a list without its name and what is not said, in words."""
    told = {_WORDS.get(name, name): value for name, value in entry.items() if value is not None and name != "Name"}
    return {name: names.feed(value) if name == _PORT else value for name, value in told.items()}


_PORT = "at"
_WORDS = {"PortId": _PORT, "LinkedGlobalParameter": "set by web service parameter", "ParameterDefinition": "definition"}


_SERVICE = ("properties",)
"""Where all of a web service definition is that people write."""


def _of_service(side: Json, change: Change, names: Names) -> Json:
    if isinstance(side, Mapping) and not values.is_column(side):
        return service_words.told(side, change.path[1:], names.node)
    return side


def _link(change: Change, names: Names) -> str:
    """What a web service parameter sets or sets no more, if that is what changed."""
    entry = change.old if change.kind is Kind.REMOVED else change.new
    if len(change.path) < _LINK or change.path[-2].casefold() != "links" or not isinstance(entry, Mapping):
        return ""
    from amlgit.model.webservices import member  # most changes are of experiments

    target = f"{names.node(str(member(entry, 'nodeId')))}: {member(entry, 'parameterKey')}"
    return f"sets {target} no more" if change.kind is Kind.REMOVED else f"sets {target}"


_LINK = 6
"""How deep the links of a web service parameter lie."""


# --- modules and assets


def _module(change: Change) -> str:
    old, new = (_resource(side) for side in (change.old, change.new))
    if old is not None and new is not None and old.family == new.family:
        return f"version {old.instance} → {new.instance}"
    sides = [modules.name(side) if isinstance(side, str) and _resource(side) else values.alone(side) for side in (change.old, change.new)]
    versions = " → ".join(part.instance for part in (old, new) if part is not None)
    return f"{' → '.join(sides)}, another module" + (f" ({versions})" if versions else "")


def _resource(value: Json) -> ids.ResourceId | None:
    """An asset's id, alone or at the end of an address."""
    return ids.resource_id(value.rpartition("/")[2]) if isinstance(value, str) else None


def _asset(change: Change, names: Names) -> values.Words:
    where = place(change)
    if isinstance(change.old, Mapping) or isinstance(change.new, Mapping):
        return _value(change, names)
    if change.kind is not Kind.CHANGED:
        return values.Words(f"{where}: {names.asset(change.new if change.kind is Kind.ADDED else change.old)}")
    old, new = (_resource(side) for side in (change.old, change.new))
    if old is not None and new is not None and old.family == new.family and old.workspace == new.workspace:
        known = names.asset_name(change.new)
        return values.Words(f"{where}: version {old.instance} → {new.instance} of {known or old.family[:8]}")
    if same(change.old, change.new):
        return values.Words(f"{where}: another secret")
    sides = names.asset(change.old), names.asset(change.new)
    if max(map(len, sides)) <= values.LONGEST:
        return values.Words(f"{where}: {' → '.join(sides)}")
    return values.Words(where, (f"- {sides[0]}", f"+ {sides[1]}"))


# --- wiring


def _edge(change: Change, names: Names) -> str:
    target = change.path[-1]
    where = _port(target, "input") if change.node is not None else names.feed(target)
    match change.kind:
        case Kind.ADDED:
            return f"{where}: now fed by {names.feed(_end(change.new))}"
        case Kind.REMOVED:
            return f"{where}: no more fed by {names.feed(_end(change.old))}"
        case _:
            return f"{where}: fed by {names.feed(_end(change.old))} → {names.feed(_end(change.new))}"


def _end(value: Json) -> Json:
    return value.get("SourceOutputPortId") if isinstance(value, Mapping) else value


def _node(change: Change, names: Names) -> tuple[str, ...]:
    """What goes with a node: what feeds it, and what it feeds."""
    assert change.node is not None
    is_new = change.kind is Kind.ADDED
    fed, feeds = [], []
    for edit in change.edits[1:]:
        edge = _edge_ends(edit, is_new=is_new)
        if edge is None:
            continue
        source, target = edge
        if ids.port(target)[0] == change.node.id:
            fed.append(f"{_port(target, 'input')}: {'fed' if is_new else 'was fed'} by {names.feed(source)}")
        elif ids.port(source)[0] == change.node.id:
            feeds.append(f"{_port(source, 'output')}: {'feeds' if is_new else 'fed'} {names.feed(target)}{_instead(change, target, names)}")
    return (*sorted(fed), *sorted(feeds))


def _port(port_id: str, unnamed: str) -> str:
    return printable(ids.port(port_id)[1] or unnamed)


def _instead(change: Change, target: str, names: Names) -> str:
    """What feeds a port now or fed it before, where a node was put in between or taken out."""
    is_new = change.kind is Kind.ADDED
    for edit in change.edits[1:]:
        other = _edge_ends(edit, is_new=not is_new)
        if other is not None and other[1] == target:
            return f", in place of {names.feed(other[0])}" if is_new else f", now fed by {names.feed(other[0])}"
    return ""


def _edge_ends(edit: Edit, *, is_new: bool) -> tuple[str, str] | None:
    """Source and target of the edge on one side of an edit; None where it is of no edge."""
    side = edit.new if is_new else edit.old
    if isinstance(side, Missing) or not isinstance(side, Mapping):
        return None
    if "SourceOutputPortId" in side:
        return str(side["SourceOutputPortId"]), str(side.get("DestinationInputPortId"))
    if len(edit.path) > 2 and edit.path[2].casefold() == "edges":  # of a web service definition
        from amlgit.compare.services import ends

        return ends(side)
    return None


# --- layout


def _layout(change: Change, names: Names, *, whole: bool) -> values.Words:
    moved = [edit for edit in change.edits if "Boxes" in edit.path]
    phrases = [_number(len(moved), "box", "boxes") + " moved"] if moved else []
    folded = sum(edit.path[-1] == "CommentCollapsed" for edit in change.edits)
    phrases += [_number(folded, "comment", "comments") + " folded or unfolded"] if folded else []
    phrases += ["canvas"] if len(moved) + folded < len(change.edits) else []
    return values.Words(f"layout: {', '.join(phrases)}", tuple(_positions(change.edits, names)) if whole else ())


def _positions(edits: Sequence[Edit], names: Names) -> Iterator[str]:
    for edit in edits:
        old, new = ("gone" if side is MISSING else values.shown(side if not isinstance(side, Missing) else None) for side in (edit.old, edit.new))
        if edit.path[-1] == "CommentCollapsed":
            yield f"{names.node(edit.path[2])}: comment {'folded' if edit.new is True else 'unfolded'}"
        else:
            yield f"{names.node(edit.path[-1])}: {old} → {new}"


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


# --- in short


def is_of_a_secret(change: Change) -> bool:
    """Whether nothing changed but what a placeholder stands for."""
    return change.kind is Kind.CHANGED and same(change.old, change.new)


_MANY = {ChangeClass.PARAMETER: "parameters", ChangeClass.SCRIPT: "scripts", ChangeClass.MODULE: "modules"}
"""Classes that are a thing one can count."""


def counts(changes: Sequence[Change]) -> Mapping[ChangeClass, int]:
    """How many changes there are of each class that has any."""
    found = {one: sum(change.change_class is one for change in changes) for one in ChangeClass}
    return {change_class: count for change_class, count in found.items() if count}


def summary(diff: Diff) -> str:
    """How many changes of each class, such as `1 wiring, 2 parameters`; layout only where there is nothing else."""
    counted = counts(diff.changes)
    phrases = [f"{count:,} {_MANY.get(one, one) if count > 1 else one}" for one, count in counted.items() if one is not ChangeClass.LAYOUT]
    phrases = phrases or (["layout only"] if counted else ["no changes"])
    recreated = len(diff.recreated)
    return ", ".join([*phrases, *([f"{_number(recreated, 'node', 'nodes')} re-created"] if recreated else [])])


def size(document: Object) -> str:
    """How large an experiment or a web service is."""
    found = members(document.get("Graph")).get("ModuleNodes")
    if isinstance(found, list):
        return _number(len(found), "node", "nodes")
    from amlgit.compare import services

    return _number(len(services.nodes(document)), "node", "nodes")
