"""A document by identity: its lists of nodes, ports, parameters and edges as mappings by what identifies an entry.

In the keyed form two documents that differ in the order of their sets are equal. What can't be keyed without loss (a name twice,
an entry that is no object) stays as it is and is compared as one value.
"""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence

from amlgit.compare.changes import MISSING, Edit, Missing, Path
from amlgit.compare.three import equal, is_of_texts
from amlgit.errors import InvalidDocument
from amlgit.form import layout
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, dumps_sorted, same

NODES, EDGES, CANVAS = "ModuleNodes", "EdgesInternal", "SerializedClientData"
INPUTS, OUTPUTS, PARAMETERS = "InputPortsInternal", "OutputPortsInternal", "ModuleParameters"
GRAPH, SERVICE = "Graph", "WebService"
DESTINATION, SOURCE = "DestinationInputPortId", "SourceOutputPortId"
SERVICE_INPUTS, SERVICE_OUTPUTS, SERVICE_PARAMETERS = "Inputs", "Outputs", "Parameters"
SERVICE_LISTS = (SERVICE_INPUTS, SERVICE_OUTPUTS, SERVICE_PARAMETERS)
NODE_LISTS = frozenset({INPUTS, OUTPUTS, PARAMETERS})
HEAD, BOXES, TAIL = "Head", "Boxes", "Tail"
FOLDED = "CommentCollapsed"
"""A member of a node that is layout, as positions are."""
_PUBLISHED = ("InputPortsForPublish", "OutputPortsForPublish")


class Keyed(dict[str, Json]):
    """The entries of a list by their keys; a type of its own, so that it is never taken for an object."""


class KeyedCanvas(Keyed):
    """A layout: what stands before its boxes, the boxes by node, what stands behind them."""


def by_member(entries: Json, member: str) -> Keyed | None:
    """A list of objects by the value of one of their members; None where that loses something."""
    if type(entries) is not list:
        return None
    try:
        found = Keyed([(entry[member], entry) for entry in entries])
    except (TypeError, KeyError, IndexError):
        return None
    is_clean = len(found) == len(entries) and all(type(key) is str and type(entry) is dict for key, entry in found.items())
    return found if is_clean else None


def nodes(graph: Object) -> Keyed:
    """The nodes of a graph by id; raises InvalidDocument where it has none, or one twice."""
    entries = graph.get(NODES)
    found = by_member(entries, "Id")
    if found is not None:
        return found
    if not isinstance(entries, list):
        raise InvalidDocument(f"{GRAPH}.{NODES} must be a list")
    seen: set[Json] = set()
    for entry in entries:
        node_id = entry.get("Id") if isinstance(entry, Mapping) else None
        if not isinstance(node_id, str):
            raise InvalidDocument(f"{GRAPH}.{NODES}: every node must be an object with a string as its Id")
        if node_id in seen:
            raise InvalidDocument(f"node id {node_id} stands twice in {GRAPH}.{NODES}")
        seen.add(node_id)
    raise InvalidDocument(f"{GRAPH}.{NODES} can't be read")


def edges(entries: Json) -> Keyed | None:
    """Edges by `<destination> < <source>`, a repeated one with a number behind it; None where one has no two ends."""
    if type(entries) is not list:
        return None
    try:
        found = Keyed([(f"{edge[DESTINATION]} < {edge[SOURCE]}", edge) for edge in entries])
        if not all(type(edge[DESTINATION]) is type(edge[SOURCE]) is str for edge in entries):
            return None
    except (TypeError, KeyError):
        return None
    return found if len(found) == len(entries) else _repeated_edges(entries)


def _repeated_edges(entries: Sequence[Object]) -> Keyed:
    """The edges in their order, with numbers that do not depend on it."""
    keys: dict[int, str] = {}
    taken: set[str] = set()
    for index in sorted(range(len(entries)), key=lambda index: dumps_sorted(entries[index])):
        key = f"{entries[index][DESTINATION]} < {entries[index][SOURCE]}"
        number = 1
        while (numbered := key if number == 1 else f"{key} #{number}") in taken:
            number += 1
        keys[index] = numbered
        taken.add(numbered)
    return Keyed((keys[index], edge) for index, edge in enumerate(entries))


def canvas(client_data: Json) -> KeyedCanvas | None:
    """A layout with its boxes by node; None where boxes can't be told apart."""
    taken = layout.taken_apart(client_data) if isinstance(client_data, str) else None
    if taken is None:
        return None
    found = Keyed(taken.boxes)
    return KeyedCanvas({HEAD: taken.head, BOXES: found, TAIL: taken.tail}) if len(found) == len(taken.boxes) else None


def boxes(keyed_canvas: KeyedCanvas) -> Keyed:
    """The boxes of a keyed layout, by node."""
    found = keyed_canvas[BOXES]
    assert isinstance(found, Keyed)
    return found


def strings(entries: Json) -> Keyed | None:
    """A set of strings, each by itself."""
    if type(entries) is not list or not all(type(entry) is str for entry in entries) or len(set(entries)) != len(entries):
        return None
    return Keyed((str(entry), entry) for entry in entries)


def by_name(entries: Json) -> Keyed | None:
    """Ports or parameters by name."""
    return by_member(entries, "Name")


_ANY = "*"
_KEYS: Mapping[Path, Callable[[Json], Keyed | None]] = {
    ("Tags",): strings,
    (GRAPH, NODES): lambda entries: by_member(entries, "Id"),
    (GRAPH, EDGES): edges,
    (GRAPH, CANVAS): canvas,
    (SERVICE, CANVAS): canvas,
    **{(GRAPH, NODES, _ANY, name): by_name for name in NODE_LISTS},
    **{(SERVICE, name): by_name for name in SERVICE_LISTS},
}
_WITHIN = frozenset({(), (GRAPH,), (GRAPH, NODES), (GRAPH, NODES, _ANY), (SERVICE,)})
"""Places that hold further lists to be keyed."""


def document(whole: Object) -> dict[str, Json]:
    """The keyed form of a whole document."""
    graph = whole.get(GRAPH)
    if not isinstance(graph, Mapping):
        raise InvalidDocument(f"{GRAPH} must be an object")
    nodes(graph)
    found = at((), whole)
    assert isinstance(found, dict)
    return found


def at(path: Path, value: Json) -> Json:
    """The keyed form of what stands at a place of a document; mappings are copied as far down as lists are keyed."""
    place = (GRAPH, NODES, _ANY, *path[3:]) if len(path) > 2 and path[:2] == (GRAPH, NODES) else path
    key = _KEYS.get(place)
    found = key(value) if key is not None else None
    if found is not None:
        value = found
    if place not in _WITHIN or not isinstance(value, Mapping):
        return value
    members = ((name, at((*place, name), member)) for name, member in value.items())
    return Keyed(members) if isinstance(value, Keyed) else dict(members)


def same_node(one: Object, other: Object, but: Container[str] = ()) -> bool:
    """Whether two nodes are the same, some members excepted, in whatever order their ports and parameters stand."""
    if one is other:
        return True
    if any(name not in but for name in one.keys() ^ other.keys()):
        return False
    for name, value in one.items():
        if name in but:
            continue
        if name in NODE_LISTS:
            if not (same_entries(value, other[name]) or same(_in_order(value), _in_order(other[name]))):
                return False
        elif not equal(value, other[name]):
            return False
    return True


def same_entries(one: Json | Missing, other: Json | Missing) -> bool:
    """Whether two lists of ports or parameters are the same set; False may also mean that it takes a closer look to tell."""
    if type(one) is not list or type(other) is not list:
        return one is None and other is None
    try:
        olds, news = {entry["Name"]: entry for entry in one}, {entry["Name"]: entry for entry in other}
        return olds == news and len(olds) == len(one) == len(other) and all(map(is_of_texts, one))
    except (TypeError, KeyError, AttributeError):
        return False


def _in_order(entries: Json) -> Json:
    found = by_name(entries)
    return entries if found is None else unkeyed(found)


def unkeyed(value: Json) -> Json:
    """The inverse: lists again, sets in the order of their keys."""
    if isinstance(value, KeyedCanvas):
        places = boxes(value)
        return layout.put_together(str(value[HEAD]), [(name, str(places[name])) for name in sorted(places)], str(value[TAIL]))
    if isinstance(value, Keyed):
        return [unkeyed(value[key]) for key in sorted(value)]
    return {name: unkeyed(member) for name, member in value.items()} if isinstance(value, Mapping) else value


def apply(edits: Iterable[Edit], whole: Object) -> Object:
    """A document with edits made to it, its sets in the order of their keys; the argument stays as it is.

    Raises InvalidDocument, naming the place, where an edit's old value is not what stands there.
    """
    found = _copied(document(whole))
    for edit in edits:
        _make(edit, found)
    result = unkeyed(found)
    assert isinstance(result, Mapping)
    return result


def _make(edit: Edit, whole: Json) -> None:
    *parents, last = edit.path
    place = whole
    for name in parents:
        place = place.get(name) if isinstance(place, dict) else None
    if not isinstance(place, dict):
        raise InvalidDocument(f"{'/'.join(edit.path)}: there is no such place")
    if not _is_at(edit.path, place.get(last, MISSING), edit.old):
        raise InvalidDocument(f"{'/'.join(edit.path)}: another value stands there")
    if isinstance(edit.new, Missing):
        del place[last]
    else:
        place[last] = at(edit.path, edit.new)


def _is_at(path: Path, present: Json | Missing, expected: Json | Missing) -> bool:
    if isinstance(present, Missing) or isinstance(expected, Missing):
        return present is expected
    return same(unkeyed(present), unkeyed(at(path, expected)))


def _copied(value: Json) -> Json:
    """A copy that may be edited, down to the entries of keyed lists."""
    if not isinstance(value, dict):
        return value
    return type(value)((name, _copied(member)) for name, member in value.items())


def renamed(whole: Object, new_ids: Mapping[str, str]) -> Object:
    """A document with other ids for some of its nodes, wherever a graph refers to one."""
    if not new_ids:
        return whole
    graph = whole.get(GRAPH)
    assert isinstance(graph, Mapping)
    changed = {**graph, NODES: [_renamed_node(entry, new_ids) for entry in nodes(graph).values() if isinstance(entry, Mapping)]}
    if isinstance(graph.get(EDGES), list):
        changed[EDGES] = [_members_renamed(edge, (DESTINATION, SOURCE), new_ids) for edge in graph[EDGES]]  # type: ignore[union-attr]  # a list, see above
    if CANVAS in graph:
        changed[CANVAS] = _renamed_canvas(graph[CANVAS], new_ids)
    published = graph.get("PublishInfo")
    if isinstance(published, Mapping):
        changed["PublishInfo"] = {
            name: [_renamed_port(port, new_ids) for port in value] if name in _PUBLISHED and isinstance(value, list) else value
            for name, value in published.items()
        }
    result: dict[str, Json] = {**whole, GRAPH: changed}
    service = whole.get(SERVICE)
    if isinstance(service, Mapping):
        result[SERVICE] = {
            name: [_members_renamed(port, ("PortId",), new_ids) for port in value]
            if name in (SERVICE_INPUTS, SERVICE_OUTPUTS) and isinstance(value, list)
            else _renamed_canvas(value, new_ids)
            if name == CANVAS
            else value
            for name, value in service.items()
        }
    return result


def _renamed_node(entry: Object, new_ids: Mapping[str, str]) -> Object:
    new_id = new_ids.get(str(entry["Id"]))
    if new_id is None:
        return entry
    changed: dict[str, Json] = {**entry, "Id": new_id}
    for name in (INPUTS, OUTPUTS):
        ports = entry.get(name)
        if isinstance(ports, list):
            changed[name] = [
                {**port, "NodeId": new_id} if isinstance(port, Mapping) and port.get("NodeId") == entry["Id"] else port for port in ports
            ]
    return changed


def _members_renamed(entry: Json, members: tuple[str, ...], new_ids: Mapping[str, str]) -> Json:
    if not isinstance(entry, Mapping):
        return entry
    return {name: _renamed_port(value, new_ids) if name in members else value for name, value in entry.items()}


def _renamed_port(port: Json, new_ids: Mapping[str, str]) -> Json:
    if not isinstance(port, str):
        return port
    node_id, name = ids.port(port)
    return f"{new_ids[node_id]}:{name}" if node_id in new_ids else port


def _renamed_canvas(client_data: Json, new_ids: Mapping[str, str]) -> Json:
    taken = layout.taken_apart(client_data) if isinstance(client_data, str) else None
    if taken is None:
        return client_data
    return layout.put_together(taken.head, [(new_ids.get(name, name), position) for name, position in taken.boxes], taken.tail)
