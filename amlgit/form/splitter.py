"""Writes exports in form 1, version after version."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from amlgit.errors import InvalidDocument
from amlgit.form import layout, nodes, secrets
from amlgit.form.experiments import EXPERIMENT, LAYOUT, RUN_MEMBERS, RUN_WEB_SERVICE_MEMBERS, USUAL_GRAPH, Form, usual_definition
from amlgit.form.memo import Memo
from amlgit.form.naming import stems
from amlgit.form.pages import Block, block, in_order, leave_out, line, lines, object_, objects, page, text
from amlgit.form.secrets import CREDENTIAL_MEMBERS, CREDENTIAL_PARAMETERS, Decisions, Guard, Suspicion, may_hold_secret
from amlgit.form.texts import take_apart
from amlgit.model import ids, statuses
from amlgit.model.jsontext import MAX_DEPTH, Json, Object, dumps, dumps_line, dumps_sorted, loads

_EDGE_MEMBERS = frozenset({"DestinationInputPortId", "DestinationInputPortIndex", "SourceOutputPortId"})


_NodeForm: TypeAlias = tuple[nodes.NodeForm, tuple[Suspicion, ...]]
_NO_SOURCES: Mapping[str, str] = {}


@dataclass(slots=True, kw_only=True)
class _Node:
    """A node that was met: what its text says to the others, and the files it came to last."""

    text: bytes
    id: str
    module_id: str
    inputs: tuple[str, ...]
    form: _NodeForm | None = None
    form_of: tuple[object, ...] = ()
    """What the form was written from, beside the text."""


class Splitter:
    """Writes exports in form 1. One for many versions: it remembers by their text what nodes came to, and most are those of the version before."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._known: Memo[_Node] = Memo(256)
        self._lines: Memo[bytes] = Memo(1024)
        self._values: Memo[Json] = Memo(256)
        self._placed: Memo[tuple[Mapping[str, Mapping[str, str]], Json]] = Memo(64)
        self._pages: Memo[tuple[bytes, tuple[Suspicion, ...]]] = Memo(64)
        self._stems: Memo[Mapping[str, str]] = Memo(64)
        self._statuses = secrets.Statuses()

    def split(self, data: bytes, family: str) -> Form:
        """The form of an export's text; raises InvalidDocument, naming the member, for what can't be read or held."""
        return self._split(data, family, _foreign)

    def split_protected(self, document: Object, family: str) -> Form:
        """The form of what `join` gave back: placeholders in it are ours."""
        return self._split(dumps(document), family, loads)

    def _split(self, data: bytes, family: str, read: Callable[[bytes, int], Json]) -> Form:
        texts = take_apart(data)
        for memo in (self._known, self._lines):
            memo.make_room(12 * len(texts.nodes) if memo is self._lines else 2 * len(texts.nodes))
        members = {name: self._read(text, MAX_DEPTH - 1, read) for name, text in texts.members.items() if name != "NodeStatuses"}
        members["Graph"] = {name: self._read(text, MAX_DEPTH - 2, read) for name, text in texts.graph.items()}
        known = [self._look(text) for text in texts.nodes]
        stem_of = self._stem_of(tuple([(node.id, node.module_id) for node in known]))
        sources, leftover = self._place(texts.graph.get("EdgesInternal"), members["Graph"], known, stem_of)
        content: dict[str, bytes] = {}
        suspicions: list[Suspicion] = []
        credentials: set[str] = set()
        flags: list[Object] = []
        for node in known:
            form, found = self._node(node, stem_of[node.id], sources.get(node.id, _NO_SOURCES), family, read)
            content.update(form.files)
            credentials.update(form.linked_credentials)
            flags += [form.run] if form.run else []
            suspicions += found
        content[EXPERIMENT], found = self._experiment(members, leftover, stem_of, frozenset(credentials), family)
        suspicions += found
        content[LAYOUT], found = self._layout(members, stem_of, family)
        guard = Guard(family, self._decisions)
        run = self._run(members, texts.members.get("NodeStatuses"), flags, guard, read)
        return Form(content=content, run=run, members=members, suspicions=(*suspicions, *found, *guard.suspicions))

    def _read(self, text: bytes, depth: int, read: Callable[[bytes, int], Json]) -> Json:
        """A member's value, remembered by its text: most members of a version are those of the version before."""
        known = self._values.get((text, depth, read))
        return self._values.put((text, depth, read), read(text, depth)) if known is None else known

    def _place(
        self, edges: bytes | None, graph: Json, known: list[_Node], stem_of: Mapping[str, str]
    ) -> tuple[Mapping[str, Mapping[str, str]], Json]:
        key = (edges, tuple([(node.id, node.inputs) for node in known]), tuple(stem_of.values()))
        return self._placed.get(key) or self._placed.put(key, _place_edges(graph, known, stem_of))

    def _look(self, node_text: bytes) -> _Node:
        return self._known.get(node_text) or self._known.put(node_text, _look(node_text, loads(node_text, MAX_DEPTH - 3)))

    def _stem_of(self, pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
        return self._stems.get(pairs) or self._stems.put(pairs, _stems(pairs))

    def _node(self, node: _Node, stem: str, sources: Mapping[str, str], family: str, read: Callable[[bytes, int], Json]) -> _NodeForm:
        if node.form is None or node.form_of != (stem, sources, family, read):
            guard = Guard(family, self._decisions)
            form = nodes.write(object_(read(node.text, MAX_DEPTH - 3), "Graph.ModuleNodes"), stem, sources, guard, self._lines)
            node.form_of, node.form = (stem, sources, family, read), (form, tuple(guard.suspicions))
        return node.form

    def _experiment(
        self, members: Object, leftover: Json, stem_of: Mapping[str, str], credentials: frozenset[str], family: str
    ) -> tuple[bytes, tuple[Suspicion, ...]]:
        content = {name: value for name, value in members.items() if name not in RUN_MEMBERS}
        graph, service = object_(content["Graph"], "Graph"), content.get("WebService")
        written_graph = {name: value for name, value in graph.items() if name != "SerializedClientData"}
        if "EdgesInternal" in graph:
            written_graph["EdgesInternal"] = leftover
        content["Graph"] = written_graph
        if isinstance(service, Mapping):
            content["WebService"] = {
                name: value for name, value in service.items() if name not in RUN_WEB_SERVICE_MEMBERS and name != "SerializedClientData"
            }
        key = (dumps(content), tuple(stem_of.items()), credentials, family)
        known = self._pages.get(key)
        if known is not None:
            return known
        guard = Guard(family, self._decisions)
        written = page(_experiment_block(_protected(content, credentials, guard), stem_of))
        return self._pages.put(key, (written, tuple(guard.suspicions)))

    def _layout(self, members: Object, stem_of: Mapping[str, str], family: str) -> tuple[bytes, tuple[Suspicion, ...]]:
        canvases = {name: canvas for name in ("Graph", "WebService") if isinstance(canvas := members.get(name), Mapping)}
        texts = {name: canvas["SerializedClientData"] for name, canvas in canvases.items() if "SerializedClientData" in canvas}
        key = (dumps(texts), tuple(stem_of.items()), family)
        known = self._pages.get(key)
        if known is not None:
            return known
        guard = Guard(family, self._decisions)
        canvas_blocks: dict[str, Block] = {}
        for name, data in texts.items():
            canvas_blocks[name] = layout.write(data, stem_of, f"{name}.SerializedClientData")
            protected = data if _is_usual_layout(data) else guard.value(data, "layout", name)
            if protected != data or (isinstance(data, str) and secrets.PLACEHOLDER.search(data)):
                # without its secret the text may be no XML any more
                canvas_blocks[name] = {"SerializedClientData": dumps(protected)}
        return self._pages.put(key, (page(canvas_blocks), tuple(guard.suspicions)))

    def _run(self, members: Object, node_statuses: bytes | None, flags: list[Object], guard: Guard, read: Callable[[bytes, int], Json]) -> bytes:
        written: dict[str, Block] = {name: dumps_line(guard.member(name, value, "run")) for name, value in members.items() if name in RUN_MEMBERS}
        if flags:
            written["Graph"] = {"ModuleNodes": [line(node, "Id") for node in sorted(flags, key=lambda node: str(node["Id"]))]}
        service = members.get("WebService")
        if isinstance(service, Mapping):
            owned = {name: value for name, value in service.items() if name in RUN_WEB_SERVICE_MEMBERS}
            written["WebService"] = dumps_line(guard.value(owned, "run", "WebService"))
        if node_statuses is not None:
            written["NodeStatuses"] = self._node_statuses(node_statuses, guard, read)
        return page(block(written, "ExperimentId"))

    def _node_statuses(self, data: bytes, guard: Guard, read: Callable[[bytes, int], Json]) -> Block:
        without = self._statuses.without_secrets(data)
        usual = None if without is None else statuses.lines(without)
        if usual is not None:
            return usual
        value = guard.value(read(data, MAX_DEPTH - 1), "run", "NodeStatuses") if without is None else loads(without, MAX_DEPTH - 1)
        if not isinstance(value, list):
            return dumps_line(value)
        return lines(in_order(objects(value, "NodeStatuses"), "NodeId"), "NodeId")


def _is_usual_layout(data: Json) -> bool:
    """Whether a layout is the usual frame around boxes that can hold no secret; the frame names schemas, which would cost a closer look."""
    if not isinstance(data, str):
        return False
    return not may_hold_secret(data.removeprefix(layout.USUAL_HEAD).removesuffix(layout.USUAL_TAIL))


def _foreign(data: bytes, depth: int) -> Json:
    """The value of a text from outside, with what could be taken for a placeholder of ours escaped."""
    value = loads(data, depth)
    return secrets.escape(value) if b"secret:" in data or b"\\u" in data else value


def _look(node_text: bytes, node: Json) -> _Node:
    found = object_(node, "Graph.ModuleNodes")
    node_id = text(found.get("Id"), "Graph.ModuleNodes: Id")
    if not node_id or ":" in node_id or not node_id.isprintable() or len(node_id) > 200:
        raise InvalidDocument("a node id is no id: empty, too long, or with a colon or control characters")
    if Guard("", Decisions()).finds_something(node_id):
        raise InvalidDocument("a node id holds what may be a secret")
    ports = found.get("InputPortsInternal")
    names = [port.get("Name") for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []
    return _Node(
        text=node_text,
        id=node_id,
        module_id=text(found.get("ModuleId"), f"node {node_id}: ModuleId"),
        inputs=tuple(name for name in names if isinstance(name, str)),
    )


def _stems(pairs: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
    stem_of = stems(pairs)
    if len(stem_of) != len(pairs):
        double, _ = Counter(node_id for node_id, _ in pairs).most_common(1)[0]
        raise InvalidDocument(f"node id {double} stands twice in Graph.ModuleNodes")
    return stem_of


def _place_edges(graph: Json, known: list[_Node], stem_of: Mapping[str, str]) -> tuple[Mapping[str, Mapping[str, str]], Json]:
    """Edges by node and input port, as `<stem>:<port>`; and those without exactly one known port, as they came."""
    edges = object_(graph, "Graph").get("EdgesInternal")
    if edges is None:
        return {}, None
    by_destination: dict[str, list[Object]] = {}
    leftover: list[Object] = []
    for edge in objects(edges, "Graph.EdgesInternal"):
        destination, source = edge.get("DestinationInputPortId"), edge.get("SourceOutputPortId")
        if (
            isinstance(destination, str)
            and isinstance(source, str)
            and ":" in source
            and source.partition(":")[0] in stem_of
            and edge.keys() == _EDGE_MEMBERS
            and edge["DestinationInputPortIndex"] is None
        ):
            by_destination.setdefault(destination, []).append(edge)
        else:
            leftover.append(edge)
    sources: dict[str, dict[str, str]] = {}
    for node in known:
        for name in node.inputs:
            feeding = by_destination.get(f"{node.id}:{name}", ())
            if len(feeding) == 1 and node.inputs.count(name) == 1:
                source_node, port = ids.port(str(feeding[0]["SourceOutputPortId"]))
                sources.setdefault(node.id, {})[name] = f"{stem_of[source_node]}:{port}"
                del by_destination[f"{node.id}:{name}"]
    leftover += [edge for feeding in by_destination.values() for edge in feeding]
    return sources, list(leftover)


def _protected(content: Object, credentials: frozenset[str], guard: Guard) -> dict[str, Json]:
    """What belongs to no node, with its secrets replaced; `credentials` are the global parameters that a credential is linked to."""
    protected = {name: value if name in ("Graph", "WebService") else guard.member(name, value, "experiment") for name, value in content.items()}
    for name, where in (("Graph", "experiment"), ("WebService", "web service")):
        part = content.get(name)
        if isinstance(part, Mapping):
            protected[name] = {
                key: [_protected_parameter(parameter, credentials, guard) for parameter in value]
                if key == "Parameters" and isinstance(value, list)
                else guard.member(key, value, where)
                for key, value in part.items()
            }
        elif part is not None:
            protected[name] = guard.value(part, where, name)
    return protected


def _protected_parameter(parameter: Json, credentials: frozenset[str], guard: Guard) -> Json:
    if not isinstance(parameter, Mapping):
        return guard.value(parameter, "web service", "parameter")
    name, definition = parameter.get("Name"), parameter.get("ParameterDefinition")
    label = name if isinstance(name, str) else "parameter"
    is_credential = label in credentials or label.casefold() in CREDENTIAL_PARAMETERS
    is_credential = is_credential or (isinstance(definition, Mapping) and definition.get("ParameterType") == "Credential")

    def protected(key: str, value: Json) -> Json:
        if key in _PARAMETER_VALUES and is_credential:
            return guard.field(value, label)
        if key == "ParameterDefinition" and isinstance(value, Mapping):
            return {inner: protected(inner, each) for inner, each in value.items()}
        guarded = guard.field(value, key) if key.casefold() in CREDENTIAL_MEMBERS else guard.value(value, "web service", label)
        return guard.named(guarded, "web service", label) if key in _PARAMETER_VALUES and isinstance(guarded, str) else guarded

    return {key: protected(key, value) for key, value in parameter.items()}


_PARAMETER_VALUES = frozenset({"Value", "DefaultValue"})


def _experiment_block(content: Object, stem_of: Mapping[str, str]) -> Block:
    members: dict[str, Block] = {}
    for name, value in content.items():
        if name == "Graph":
            members[name] = _graph_block(object_(value, name))
        elif name == "WebService" and isinstance(value, Mapping):
            members[name] = _web_service_block(value, stem_of)
        elif name == "Tags" and isinstance(value, list):
            members[name] = [dumps_line(tag) for tag in sorted(value, key=dumps_sorted)]
        else:
            members[name] = dumps_line(value)
    return block(members, "Description")


def _graph_block(graph: Object) -> Block:
    members: dict[str, Block] = {}
    for name, value in leave_out(graph, USUAL_GRAPH).items():
        if name == "EdgesInternal" and isinstance(value, list):
            edges = in_order(objects(value, name), "DestinationInputPortId", "SourceOutputPortId")
            members[name] = [line(edge, "SourceOutputPortId") for edge in edges]
        elif name == "Parameters" and isinstance(value, list):
            members[name] = [dumps_line(entry) for entry in value]
        else:
            members[name] = dumps_line(value)
    return block(members)


def _web_service_block(service: Object, stem_of: Mapping[str, str]) -> Block:
    members: dict[str, Block] = {}
    for name, value in service.items():
        if name in ("Inputs", "Outputs") and isinstance(value, list):
            ports = in_order(objects(value, f"WebService.{name}"), "Name", "Id")
            members[name] = [_web_service_port(port, stem_of) for port in ports]
        elif name == "Parameters" and isinstance(value, list):
            parameters = in_order(objects(value, f"WebService.{name}"), "Name")
            members[name] = [_web_service_parameter(parameter) for parameter in parameters]
        else:
            members[name] = dumps_line(value)
    return block(members)


def _web_service_port(port: Object, stem_of: Mapping[str, str]) -> bytes:
    written = leave_out(port, {})
    port_id = port.get("PortId")
    if isinstance(port_id, str) and ":" in port_id and ids.port(port_id)[0] in stem_of:
        node_id, name = ids.port(port_id)
        del written["PortId"]
        written["Port"] = f"{stem_of[node_id]}:{name}"
    return line(written, "Name")


def _web_service_parameter(parameter: Object) -> bytes:
    written = leave_out(parameter, {})
    definition = parameter.get("ParameterDefinition")
    if isinstance(definition, Mapping):
        written["ParameterDefinition"] = leave_out(definition, usual_definition(parameter.get("Name")))
    return line(written, "Name")
