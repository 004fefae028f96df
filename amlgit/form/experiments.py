"""An experiment's export as files, and back: what people own in `content`, what the service owns in `run.json`.

Content and run together hold every member of the export, secrets excepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.form import layout, nodes, secrets
from amlgit.form.memo import Memo
from amlgit.form.naming import stems
from amlgit.form.pages import Block, block, in_order, leave_out, line, object_, objects, page, put_back, text
from amlgit.form.secrets import CREDENTIAL_PARAMETERS, Decisions, Guard, Suspicion
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, dumps, dumps_line, dumps_sorted, loads

EXPERIMENT, LAYOUT, RUN = "experiment.json", "layout.json", "run.json"

RUN_MEMBERS = frozenset(
    {
        "Category",
        "Creator",
        "Etag",
        "ExperimentId",
        "IsArchived",
        "IsLeaf",
        "IsPartialRun",
        "JobId",
        "NodeStatuses",
        "OriginalExperimentDocumentationLink",
        "ParentExperimentId",
        "RunId",
        "SchemaVersion",
        "Status",
        "VersionId",
    }
)
"""Top-level members that the service sets; no save can change them."""

RUN_WEB_SERVICE_MEMBERS = frozenset({"ArmWebServiceId", "ModelPackageId", "RunId", "WebServiceGroupId"})

_USUAL_GRAPH: Mapping[str, Json] = {"EdgesInternal": []}
_USUAL_DEFINITION: Mapping[str, Json] = {
    "CredentialDescriptor": None,
    "HasRules": False,
    "IsOptional": False,
    "MarkupType": "Parameter",
    "ModeValuesInfo": None,
    "ParameterRules": [],
    "ScriptName": None,
}
_EDGE_MEMBERS = frozenset({"DestinationInputPortId", "DestinationInputPortIndex", "SourceOutputPortId"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An experiment written down: its content by path, the text of run.json, and what holds the version back."""

    content: Mapping[str, bytes]
    run: bytes
    suspicions: tuple[Suspicion, ...]


def family(document: Object) -> str:
    """The family of an export; raises InvalidDocument where its ExperimentId is none."""
    parts = ids.experiment_id(text(document.get("ExperimentId"), "ExperimentId"))
    if parts is None:
        raise InvalidDocument("ExperimentId is not of the form <workspace>.f-id.<family> or <workspace>.s-id.<family>.<stamp>")
    return parts.family


class Splitter:
    """Writes exports in form 1. One for many versions: it remembers what it wrote, and most of a version is the version before."""

    def __init__(self, decisions: Decisions) -> None:
        self._decisions = decisions
        self._nodes: Memo[tuple[nodes.NodeForm, tuple[Suspicion, ...]]] = Memo(4096)
        self._pages: Memo[tuple[bytes, tuple[Suspicion, ...]]] = Memo(64)

    def split(self, document: Object, family: str) -> Form:
        """The form of an export; raises InvalidDocument, naming the member, for what the form can't hold."""
        if b"{secret:" in dumps(document):
            document = object_(secrets.escape(document), "an experiment")
        return self.split_protected(document, family)

    def split_protected(self, document: Object, family: str) -> Form:
        """The form of what `join` gave back: placeholders in it are ours."""
        graph = object_(document.get("Graph"), "Graph")
        node_list = objects(graph.get("ModuleNodes"), "Graph.ModuleNodes")
        stem_of = _stems(node_list)
        sources, leftover = _place_edges(graph, node_list, stem_of)
        content: dict[str, bytes] = {}
        suspicions: list[Suspicion] = []
        credentials: set[str] = set()
        for node in node_list:
            node_id = str(node["Id"])
            form, found = self._node(node, stem_of[node_id], sources.get(node_id, {}), family)
            content.update(form.files)
            credentials.update(form.linked_credentials)
            suspicions += found
        content[EXPERIMENT], found = self._experiment(document, leftover, stem_of, frozenset(credentials), family)
        content[LAYOUT] = self._layout(document, stem_of)
        suspicions += found
        run, found = _run(document, node_list, family, self._decisions)
        return Form(content=content, run=run, suspicions=(*suspicions, *found))

    def _node(
        self, node: Object, stem: str, sources: Mapping[str, str], family: str
    ) -> tuple[nodes.NodeForm, tuple[Suspicion, ...]]:
        key = (dumps(node), stem, tuple(sources.items()), family)
        known = self._nodes.get(key)
        if known is not None:
            return known
        guard = Guard(family, self._decisions)
        form = nodes.write(node, stem, sources, guard)
        return self._nodes.put(key, (form, tuple(guard.suspicions)))

    def _experiment(
        self, document: Object, leftover: Json, stem_of: Mapping[str, str], credentials: frozenset[str], family: str
    ) -> tuple[bytes, tuple[Suspicion, ...]]:
        content = {name: value for name, value in document.items() if name not in RUN_MEMBERS}
        graph, service = object_(content["Graph"], "Graph"), content.get("WebService")
        written_graph = {name: value for name, value in graph.items() if name not in ("ModuleNodes", "SerializedClientData")}
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
        written = page(_experiment_block(content, stem_of, credentials, guard))
        return self._pages.put(key, (written, tuple(guard.suspicions)))

    def _layout(self, document: Object, stem_of: Mapping[str, str]) -> bytes:
        canvases = {name: canvas for name in ("Graph", "WebService") if isinstance(canvas := document.get(name), Mapping)}
        texts = {name: canvas["SerializedClientData"] for name, canvas in canvases.items() if "SerializedClientData" in canvas}
        key = (dumps(texts), tuple(stem_of.items()))
        known = self._pages.get(key)
        if known is None:
            written = {name: layout.write(data, stem_of, f"{name}.SerializedClientData") for name, data in texts.items()}
            known = self._pages.put(key, (page(written), ()))
        return known[0]


def _stems(node_list: list[Object]) -> Mapping[str, str]:
    pairs = []
    for node in node_list:
        node_id = text(node.get("Id"), "Graph.ModuleNodes: Id")
        if not node_id or ":" in node_id or not node_id.isprintable() or len(node_id) > 200:
            raise InvalidDocument(f"node id {node_id[:80]!r} is no id: empty, too long, or with a colon or control characters")
        pairs.append((node_id, text(node.get("ModuleId"), f"node {node_id}: ModuleId")))
    stem_of = stems(pairs)
    if len(stem_of) != len(pairs):
        double = next(node_id for index, (node_id, _) in enumerate(pairs) if (node_id in dict(pairs[:index])))
        raise InvalidDocument(f"node id {double} stands twice in Graph.ModuleNodes")
    return stem_of


def _place_edges(
    graph: Object, node_list: list[Object], stem_of: Mapping[str, str]
) -> tuple[Mapping[str, Mapping[str, str]], Json]:
    """Edges by node and input port, as `<stem>:<port>`; and those without exactly one known port, as they came."""
    edges = graph.get("EdgesInternal")
    if edges is None:
        return {}, None
    by_destination: dict[str, list[Object]] = {}
    leftover: list[Object] = []
    for edge in objects(edges, "Graph.EdgesInternal"):
        destination, source = edge.get("DestinationInputPortId"), edge.get("SourceOutputPortId")
        if (
            isinstance(destination, str)
            and isinstance(source, str)
            and source.partition(":")[0] in stem_of
            and ":" in source
            and edge.keys() == _EDGE_MEMBERS
            and edge["DestinationInputPortIndex"] is None
        ):
            by_destination.setdefault(destination, []).append(edge)
        else:
            leftover.append(edge)
    sources: dict[str, dict[str, str]] = {}
    for node in node_list:
        node_id = str(node["Id"])
        input_ports = node.get("InputPortsInternal")
        names = [port.get("Name") for port in input_ports if isinstance(port, Mapping)] if isinstance(input_ports, list) else []
        for name in names:
            feeding = by_destination.get(f"{node_id}:{name}", ())
            if len(feeding) == 1 and names.count(name) == 1:
                source_node, port = ids.port(str(feeding[0]["SourceOutputPortId"]))
                sources.setdefault(node_id, {})[str(name)] = f"{stem_of[source_node]}:{port}"
                del by_destination[f"{node_id}:{name}"]
    leftover += [edge for feeding in by_destination.values() for edge in feeding]
    return sources, in_order(leftover, "DestinationInputPortId", "SourceOutputPortId")


def _experiment_block(content: Object, stem_of: Mapping[str, str], credentials: frozenset[str], guard: Guard) -> Block:
    members: dict[str, Block] = {}
    for name, value in content.items():
        if name == "Graph":
            members[name] = _graph_block(object_(value, name), guard)
        elif name == "WebService" and isinstance(value, Mapping):
            members[name] = _web_service_block(value, stem_of, credentials, guard)
        elif name == "Tags" and isinstance(value, list):
            members[name] = [dumps_line(guard.value(tag, "experiment", name)) for tag in sorted(value, key=dumps_sorted)]
        else:
            members[name] = dumps_line(guard.value(value, "experiment", name))
    return block(members, "Description")


def _graph_block(graph: Object, guard: Guard) -> Block:
    members: dict[str, Block] = {}
    for name, value in leave_out(graph, _USUAL_GRAPH).items():
        if name == "EdgesInternal" and isinstance(value, list):
            members[name] = [line(edge, "SourceOutputPortId") for edge in objects(value, name)]
        elif name == "Parameters" and isinstance(value, list):
            members[name] = [dumps_line(guard.value(entry, "experiment", name)) for entry in value]
        else:
            members[name] = dumps_line(guard.value(value, "experiment", name))
    return block(members)


def _web_service_block(service: Object, stem_of: Mapping[str, str], credentials: frozenset[str], guard: Guard) -> Block:
    members: dict[str, Block] = {}
    for name, value in service.items():
        if name in ("Inputs", "Outputs") and isinstance(value, list):
            ports = in_order(objects(value, f"WebService.{name}"), "Name", "Id")
            members[name] = [_web_service_port(port, stem_of, guard) for port in ports]
        elif name == "Parameters" and isinstance(value, list):
            parameters = in_order(objects(value, f"WebService.{name}"), "Name")
            members[name] = [_web_service_parameter(parameter, credentials, guard) for parameter in parameters]
        else:
            members[name] = dumps_line(guard.value(value, "web service", name))
    return block(members)


def _web_service_port(port: Object, stem_of: Mapping[str, str], guard: Guard) -> bytes:
    written = {name: guard.value(value, "web service", name) for name, value in leave_out(port, {}).items()}
    port_id = port.get("PortId")
    if isinstance(port_id, str) and ":" in port_id and ids.port(port_id)[0] in stem_of:
        node_id, name = ids.port(port_id)
        del written["PortId"]
        written["Port"] = f"{stem_of[node_id]}:{name}"
    return line(written, "Name")


def _web_service_parameter(parameter: Object, credentials: frozenset[str], guard: Guard) -> bytes:
    written = leave_out(parameter, {})
    name, definition = parameter.get("Name"), parameter.get("ParameterDefinition")
    label = name if isinstance(name, str) else "parameter"
    is_credential = label in credentials or label.casefold() in CREDENTIAL_PARAMETERS
    if isinstance(definition, Mapping):
        is_credential = is_credential or definition.get("ParameterType") == "Credential"
        kept = leave_out(definition, _usual_definition(name))
        if is_credential and "DefaultValue" in kept:
            kept["DefaultValue"] = guard.field(kept["DefaultValue"], label)
        written["ParameterDefinition"] = guard.value(kept, "web service", label)
    if is_credential and "Value" in written:
        written["Value"] = guard.field(written["Value"], label)
    return line({key: guard.value(value, "web service", label) for key, value in written.items()}, "Name")


def _usual_definition(name: Json) -> Object:
    return {**_USUAL_DEFINITION, "Description": name, "FriendlyName": name, "Name": name}


def _run(document: Object, node_list: list[Object], family: str, decisions: Decisions) -> tuple[bytes, tuple[Suspicion, ...]]:
    guard = Guard(family, decisions)
    members: dict[str, Block] = {
        name: dumps_line(guard.value(document[name], "run", name)) for name in RUN_MEMBERS - {"NodeStatuses"} if name in document
    }
    flags = [
        line({"Id": node["Id"], **written}, "Id")
        for node in sorted(node_list, key=lambda node: str(node["Id"]))
        if (written := leave_out({name: node[name] for name in nodes.OWNED_BY_RUNS if name in node}, nodes.OWNED_BY_RUNS))
    ]
    if flags:
        members["Graph"] = {"ModuleNodes": flags}
    service = document.get("WebService")
    if isinstance(service, Mapping):
        owned = {name: service[name] for name in RUN_WEB_SERVICE_MEMBERS if name in service}
        members["WebService"] = dumps_line(guard.value(owned, "run", "WebService"))
    if "NodeStatuses" in document:
        members["NodeStatuses"] = _node_statuses(document["NodeStatuses"], guard)
    return page(block(members, "ExperimentId")), tuple(guard.suspicions)


def _node_statuses(value: Json, guard: Guard) -> Block:
    if not isinstance(value, list):
        return dumps_line(guard.value(value, "run", "NodeStatuses"))
    statuses = sorted(objects(value, "NodeStatuses"), key=lambda status: str(status.get("NodeId", "")))
    lines = [secrets.without_access_credentials(line(status, "NodeId")) for status in statuses]
    if secrets.statuses_may_hold_secret(b"".join(lines)):
        lines = [line(object_(guard.value(status, "run", "NodeStatuses"), "NodeStatuses"), "NodeId") for status in statuses]
    return lines


def parse(path: str, data: bytes) -> Object:
    """A file of the form as an object; raises InvalidDocument naming the file."""
    try:
        return object_(loads(data), "the file")
    except InvalidDocument as error:
        raise InvalidDocument(f"{path}: {error}") from error


def join(content: Mapping[str, bytes], run: bytes | None = None) -> Object:
    """The export that content and run came from, placeholders in place of secrets (see `secrets.unescape`).

    Without `run` it holds what people own. Raises InvalidDocument, naming the file, where the files contradict each other.
    """
    experiment = dict(parse(EXPERIMENT, _required(content, EXPERIMENT)))
    canvases = parse(LAYOUT, content[LAYOUT]) if LAYOUT in content else {}
    run_members = parse(RUN, run) if run is not None else {}
    node_forms, node_ids = _read_nodes(content, run_members)
    graph = put_back(object_(experiment.get("Graph"), f"{EXPERIMENT}: Graph"), _USUAL_GRAPH, f"{EXPERIMENT}: Graph")
    graph["ModuleNodes"] = [form.members for form in node_forms]
    edges = _read_edges(node_forms, node_ids)
    if edges or isinstance(graph.get("EdgesInternal"), list):
        kept = objects(graph.get("EdgesInternal") or [], f"{EXPERIMENT}: EdgesInternal")
        graph["EdgesInternal"] = in_order([*edges, *kept], "DestinationInputPortId", "SourceOutputPortId")
    if "Graph" in canvases:
        graph["SerializedClientData"] = layout.read(object_(canvases["Graph"], LAYOUT), node_ids, LAYOUT)
    document: dict[str, Json] = {**experiment, "Graph": graph}
    if isinstance(experiment.get("WebService"), Mapping):
        document["WebService"] = _read_web_service(experiment, canvases, run_members, node_ids)
    document.update({name: value for name, value in run_members.items() if name in RUN_MEMBERS})
    return document


def _required(content: Mapping[str, bytes], path: str) -> bytes:
    if path not in content:
        raise InvalidDocument(f"{path} is missing", hint="An experiment's folder needs it; bring it back from git.")
    return content[path]


def _read_nodes(content: Mapping[str, bytes], run_members: Object) -> tuple[list[nodes.ReadNode], Mapping[str, str]]:
    flags = _run_flags(run_members)
    forms: list[nodes.ReadNode] = []
    node_ids: dict[str, str] = {}
    for path in sorted(content):
        if not (path.startswith(nodes.FOLDER) and path.endswith(".json")):
            continue
        form = nodes.read(parse(path, content[path]), content, path)
        node_id = str(form.members["Id"])
        if node_id in node_ids.values():
            raise InvalidDocument(f"{path}: node id {node_id} is that of another file", hint="Remove one of the two files.")
        node_ids[path.removeprefix(nodes.FOLDER).removesuffix(".json")] = node_id
        owned = put_back(flags.get(node_id, {}), nodes.OWNED_BY_RUNS, RUN)
        forms.append(nodes.ReadNode(members={**form.members, **owned}, sources=form.sources))
    forms.sort(key=lambda form: str(form.members["Id"]))
    return forms, node_ids


def _run_flags(run_members: Object) -> Mapping[str, Object]:
    graph = run_members.get("Graph")
    if not isinstance(graph, Mapping):
        return {}
    flags = objects(graph.get("ModuleNodes"), f"{RUN}: ModuleNodes")
    return {str(node.get("Id")): {name: value for name, value in node.items() if name != "Id"} for node in flags}


def _read_edges(node_forms: list[nodes.ReadNode], node_ids: Mapping[str, str]) -> list[Object]:
    edges: list[Object] = []
    for form in node_forms:
        for port, source in form.sources:
            destination = f"{form.members['Id']}:{port}"
            edges.append(
                {
                    "DestinationInputPortId": destination,
                    "DestinationInputPortIndex": None,
                    "SourceOutputPortId": _port_id(source, node_ids, f"port {destination}"),
                }
            )
    return edges


def _port_id(port: str, node_ids: Mapping[str, str], where: str) -> str:
    stem, _, name = port.partition(":")
    if stem not in node_ids:
        raise InvalidDocument(f"{where} refers to {stem!r}, and there is no such node", hint=f"Bring '{nodes.FOLDER}{stem}.json' back or take the reference out.")
    return f"{node_ids[stem]}:{name}"


def _read_web_service(experiment: Object, canvases: Object, run_members: Object, node_ids: Mapping[str, str]) -> Object:
    where = f"{EXPERIMENT}: WebService"
    service: dict[str, Json] = dict(object_(experiment["WebService"], where))
    for name in ("Inputs", "Outputs"):
        if isinstance(service.get(name), list):
            service[name] = [_read_port(port, node_ids, f"{where}.{name}") for port in objects(service[name], where)]
    if isinstance(service.get("Parameters"), list):
        service["Parameters"] = [_read_parameter(parameter, where) for parameter in objects(service["Parameters"], where)]
    owned = run_members.get("WebService")
    service.update(owned if isinstance(owned, Mapping) else {})
    if "WebService" in canvases:
        service["SerializedClientData"] = layout.read(object_(canvases["WebService"], LAYOUT), node_ids, LAYOUT)
    return service


def _read_port(written: Object, node_ids: Mapping[str, str], where: str) -> Json:
    port = put_back({name: value for name, value in written.items() if name != "Port"}, {}, where)
    if "Port" in written:
        port["PortId"] = _port_id(text(written["Port"], f"{where}: Port"), node_ids, where)
    return port


def _read_parameter(written: Object, where: str) -> Json:
    parameter = put_back(written, {}, where)
    definition = parameter.get("ParameterDefinition")
    if isinstance(definition, Mapping):
        parameter["ParameterDefinition"] = put_back(definition, _usual_definition(parameter.get("Name")), where)
    return parameter
