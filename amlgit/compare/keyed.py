"""A document by identity: its lists of nodes, ports, parameters and edges as mappings by what identifies an entry.

In the keyed form two documents that differ in the order of their sets are equal. What can't be keyed without loss (a name twice,
an entry that is no object) stays as it is and is compared as one value.
"""

from collections.abc import Callable, Mapping

from amlgit.compare.changes import MISSING, Edit, Missing
from amlgit.errors import InvalidDocument
from amlgit.form import layout
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, dumps_sorted, same

NODES, EDGES, CANVAS = "ModuleNodes", "EdgesInternal", "SerializedClientData"
INPUTS, OUTPUTS, PARAMETERS = "InputPortsInternal", "OutputPortsInternal", "ModuleParameters"
GRAPH, SERVICE = "Graph", "WebService"
DESTINATION, SOURCE = "DestinationInputPortId", "SourceOutputPortId"
SERVICE_INPUTS, SERVICE_OUTPUTS, SERVICE_PARAMETERS = "Inputs", "Outputs", "Parameters"
_SERVICE_LISTS = (SERVICE_INPUTS, SERVICE_OUTPUTS, SERVICE_PARAMETERS)
_PUBLISHED = ("InputPortsForPublish", "OutputPortsForPublish")
_NODE_LISTS = frozenset({INPUTS, OUTPUTS, PARAMETERS})
_TEXTS = frozenset({str, type(None)})
_BOXES, _HEAD, _TAIL = "Boxes", "Head", "Tail"


class Keyed(dict[str, Json]):
    """The entries of a list by their keys; a type of its own, so that it is never taken for an object."""


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
    found = Keyed()
    try:
        for edge in entries:
            key = f"{edge[DESTINATION]} < {edge[SOURCE]}"
            if key in found:
                return _repeated_edges(entries)
            found[key] = edge
    except (TypeError, KeyError):
        return None
    return found if all(type(edge[DESTINATION]) is str and type(edge[SOURCE]) is str for edge in entries) else None


def _repeated_edges(entries: list[Json]) -> Keyed | None:
    found = Keyed()
    for edge in sorted(entries, key=dumps_sorted):
        if not isinstance(edge, Mapping) or not isinstance(edge.get(DESTINATION), str) or not isinstance(edge.get(SOURCE), str):
            return None
        key = f"{edge[DESTINATION]} < {edge[SOURCE]}"
        number = 2
        while (numbered := key if number == 2 else f"{key} #{number - 1}") in found:
            number += 1
        found[numbered] = edge
    return found


def canvas(client_data: Json) -> Json:
    """A layout with its boxes by node; the text itself where boxes can't be told apart."""
    taken = layout.taken_apart(client_data) if isinstance(client_data, str) else None
    if taken is None:
        return client_data
    boxes = Keyed(taken.boxes)
    if len(boxes) != len(taken.boxes):
        return client_data
    return Keyed({_HEAD: taken.head, _BOXES: boxes, _TAIL: taken.tail})


def boxes(keyed_canvas: Json) -> Keyed | None:
    """The boxes of a keyed layout, by node."""
    found = keyed_canvas.get(_BOXES) if isinstance(keyed_canvas, Keyed) else None
    return found if isinstance(found, Keyed) else None


def strings(entries: Json) -> Keyed | None:
    """A set of strings, each by itself."""
    if type(entries) is not list or not all(type(entry) is str for entry in entries) or len(set(entries)) != len(entries):
        return None
    return Keyed((str(entry), entry) for entry in entries)


def document(whole: Object) -> dict[str, Json]:
    """The keyed form of a whole document."""
    found = dict(whole)
    graph = whole.get(GRAPH)
    if not isinstance(graph, Mapping):
        raise InvalidDocument(f"{GRAPH} must be an object")
    keyed_nodes = Keyed((node_id, node(_entry)) for node_id, _entry in nodes(graph).items() if isinstance(_entry, Mapping))
    found[GRAPH] = _with(graph, {NODES: lambda _: keyed_nodes, EDGES: edges, CANVAS: canvas})
    service = whole.get(SERVICE)
    if isinstance(service, Mapping):
        found[SERVICE] = _with(service, {**dict.fromkeys(_SERVICE_LISTS, _by_name), CANVAS: canvas})
    return _with(found, {"Tags": strings})


def node(entry: Object) -> dict[str, Json]:
    """The keyed form of a node."""
    return _with(entry, dict.fromkeys((INPUTS, OUTPUTS, PARAMETERS), _by_name))


def same_node(one: Object, other: Object) -> bool:
    """Whether two nodes are the same, in whatever order their ports and parameters stand."""
    if one is other:
        return True
    if one.keys() != other.keys():
        return False
    for name, value in one.items():
        if name in _NODE_LISTS:
            if not (same_entries(value, other[name]) or same(unkeyed(node(one)[name]), unkeyed(node(other)[name]))):
                return False
        elif not (value == other[name] if type(value) is str else same(value, other[name])):
            return False
    return True


def same_entries(one: Json | Missing, other: Json | Missing) -> bool:
    """Whether two lists of ports or parameters are the same set; False may also mean that it takes a closer look to tell."""
    if type(one) is not list or type(other) is not list:
        return one is None and other is None
    try:
        olds, news = {entry["Name"]: entry for entry in one}, {entry["Name"]: entry for entry in other}
        # what equals a text or null is one; numbers, truth values and objects need the closer look: 1 == True
        return olds == news and len(olds) == len(one) == len(other) and {type(value) for entry in one for value in entry.values()} <= _TEXTS
    except (TypeError, KeyError, AttributeError):
        return False


def _by_name(entries: Json) -> Json:
    return by_member(entries, "Name")


def _with(whole: Object, keys: Mapping[str, Callable[[Json], Json]]) -> dict[str, Json]:
    found = dict(whole)
    for name, key in keys.items():
        if name in found:
            keyed_value = key(found[name])
            found[name] = found[name] if keyed_value is None else keyed_value
    return found


def unkeyed(value: Json) -> Json:
    """The inverse: lists again, sets in the order of their keys."""
    if isinstance(value, Keyed):
        if _BOXES in value and _HEAD in value:
            return _canvas_text(value)
        return [unkeyed(value[key]) for key in sorted(value)]
    return {name: unkeyed(member) for name, member in value.items()} if isinstance(value, Mapping) else value


def _canvas_text(value: Keyed) -> str:
    found = boxes(value) or Keyed()
    return layout.put_together(str(value[_HEAD]), [(name, str(found[name])) for name in sorted(found)], str(value[_TAIL]))


def apply(edits: tuple[Edit, ...], whole: Object) -> Object:
    """A document with edits made to it, its sets in the order of their keys; the argument stays as it is.

    Raises InvalidDocument, naming the place, where an edit's old value is not what stands there.
    """
    found = _copied(document(whole))
    for edit in edits:
        *parents, last = edit.path
        place: Json = found
        for name in parents:
            place = place.get(name) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise InvalidDocument(f"{'/'.join(edit.path)}: there is no such place")
        present = place.get(last, MISSING)
        old = edit.old
        is_as_expected = present is old if isinstance(old, Missing) else present is not MISSING and same(unkeyed(present), old)
        if not is_as_expected:
            raise InvalidDocument(f"{'/'.join(edit.path)}: another value stands there")
        if isinstance(edit.new, Missing):
            del place[last]
        else:
            place[last] = edit.new
    result = unkeyed(found)
    assert isinstance(result, Mapping)
    return result


def _copied(value: Json) -> Json:
    """A copy that may be edited, down to the entries of keyed lists."""
    if isinstance(value, Keyed):
        return Keyed((name, _copied(member)) for name, member in value.items())
    return {name: _copied(member) for name, member in value.items()} if isinstance(value, dict) else value


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
