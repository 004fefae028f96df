"""What an experiment's files are, and the export they came from: what people own in `content`, what the service owns in `run.json`.

Content and run together hold every member of the export, secrets excepted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from amlgit.errors import InvalidDocument
from amlgit.form import layout, nodes
from amlgit.form.memo import Memo
from amlgit.form.pages import in_order, object_, objects, put_back, text
from amlgit.form.secrets import Suspicion
from amlgit.model.jsontext import MAX_DEPTH, Json, Object, loads

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

USUAL_GRAPH: Mapping[str, Json] = {"EdgesInternal": []}
_USUAL_DEFINITION: Mapping[str, Json] = {
    "CredentialDescriptor": None,
    "HasRules": False,
    "IsOptional": False,
    "MarkupType": "Parameter",
    "ModeValuesInfo": None,
    "ParameterRules": [],
    "ScriptName": None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An experiment written down: its content by path, the text of run.json, and what holds the version back."""

    content: Mapping[str, bytes]
    run: bytes
    suspicions: tuple[Suspicion, ...]
    members: Object = field(default_factory=dict, compare=False)
    """The export's members as they came, but for nodes and statuses."""


def usual_definition(name: Json) -> Object:
    """The usual members of a global parameter's definition."""
    return {**_USUAL_DEFINITION, "Description": name, "FriendlyName": name, "Name": name}


_DEEPER = 16
"""Levels that a file may be nested deeper than the export it was written from: a column selection is a string there."""


def parse(path: str, data: bytes) -> Object:
    """A file of the form as an object; raises InvalidDocument naming the file."""
    try:
        return object_(loads(data, MAX_DEPTH + _DEEPER), "the file")
    except InvalidDocument as error:
        if b"<<<<<<< " in data and b">>>>>>> " in data:
            hint = "'amlgit resolve' tells what clashes, and takes a side; with --open it shows it."
            raise InvalidDocument(f"{path}: a merge left conflict markers in it", hint=hint) from error
        from amlgit.model.json_places import described  # a hook runs at every commit, and hardly ever meets one

        raise InvalidDocument(f"{path}: {described(error, data, MAX_DEPTH + _DEEPER)}") from error


KnownNodes: TypeAlias = Memo[nodes.ReadNode]
"""What was read of a node before, by the files it was read from."""


def join(content: Mapping[str, bytes], run: bytes | None = None, *, may_dangle: bool = False, known: KnownNodes | None = None) -> Object:
    """The export that content and run came from, placeholders in place of secrets (see `secrets.unescape`).

    Without `run` it holds what people own. Raises InvalidDocument, naming the file, where the files contradict each other. With
    `may_dangle` a reference to a node that is not there is none of that: it comes back with the node's file name for an id. Who
    reads version after version keeps `known` from call to call: a node whose files are the same is not read again.
    """
    experiment = dict(parse(EXPERIMENT, _required(content, EXPERIMENT)))
    canvases = parse(LAYOUT, content[LAYOUT]) if LAYOUT in content else {}
    run_members = parse(RUN, run) if run is not None else {}
    node_forms, node_ids = _read_nodes(content, run_members, known if run is None else None)
    if may_dangle:
        node_ids = {**{stem: stem for stem in _referred(node_forms, experiment.get("WebService"), canvases)}, **node_ids}
    graph = put_back(object_(experiment.get("Graph"), f"{EXPERIMENT}: Graph"), USUAL_GRAPH, f"{EXPERIMENT}: Graph")
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


def _read_nodes(content: Mapping[str, bytes], run_members: Object, known: KnownNodes | None) -> tuple[list[nodes.ReadNode], Mapping[str, str]]:
    flags = _run_flags(run_members)
    forms: list[nodes.ReadNode] = []
    node_ids: dict[str, str] = {}
    seen: set[str] = set()
    for path in sorted(content):
        if not (path.startswith(nodes.FOLDER) and path.endswith(".json")):
            continue
        form = _read_node(path, content, flags) if known is None else _known_node(path, content, known)
        node_id = str(form.members["Id"])
        if node_id in seen:
            raise InvalidDocument(f"{path}: node id {node_id} is that of another file", hint="Remove one of the two files.")
        seen.add(node_id)
        node_ids[path.removeprefix(nodes.FOLDER).removesuffix(".json")] = node_id
        forms.append(form)
    forms.sort(key=lambda form: str(form.members["Id"]))
    return forms, node_ids


_SCRIPT_FILE = re.compile(rb'"File": ("(?:[^"\\]|\\.)*")')


def _read_node(path: str, content: Mapping[str, bytes], flags: Mapping[str, Object]) -> nodes.ReadNode:
    form = nodes.read(parse(path, content[path]), content, path)
    owned = put_back(flags.get(str(form.members["Id"]), {}), nodes.OWNED_BY_RUNS, RUN)
    return nodes.ReadNode(members={**form.members, **owned}, sources=form.sources)


def _known_node(path: str, content: Mapping[str, bytes], known: KnownNodes) -> nodes.ReadNode:
    scripts = (content.get(f"{nodes.FOLDER}{loads(name)}") for name in _SCRIPT_FILE.findall(content[path]))
    key = (content[path], *scripts)
    return known.get(key) or known.put(key, _read_node(path, content, {}))


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
            node_id = str(form.members["Id"])
            stem = source.partition(":")[0]
            if stem not in node_ids:
                files = {own: file for file, own in node_ids.items()}
                raise _no_such_node(stem, f"{nodes.FOLDER}{files[node_id]}.json: port {port!r}")
            edges.append(
                {
                    "DestinationInputPortId": f"{node_id}:{port}",
                    "DestinationInputPortIndex": None,
                    "SourceOutputPortId": _port_id(source, node_ids),
                }
            )
    return edges


def _no_such_node(stem: str, where: str) -> InvalidDocument:
    hint = f"Bring '{nodes.FOLDER}{stem}.json' back or take the reference out."
    return InvalidDocument(f"{where} refers to {stem!r}, and there is no such node", hint=hint)


def _referred(node_forms: list[nodes.ReadNode], service: Json, canvases: Object) -> Iterator[str]:
    """The file names by which edges, web service ports and boxes refer to nodes."""
    for form in node_forms:
        yield from (source.partition(":")[0] for _, source in form.sources)
    for name in ("Inputs", "Outputs"):
        ports = service.get(name) if isinstance(service, Mapping) else None
        for port in ports if isinstance(ports, list) else ():
            if isinstance(port, Mapping):
                yield str(port.get("Port")).partition(":")[0]
    for canvas in canvases.values():
        boxes = canvas.get("NodePositions") if isinstance(canvas, Mapping) else None
        yield from (str(box["Node"]) for box in (boxes if isinstance(boxes, list) else ()) if isinstance(box, Mapping) and "Node" in box)


def _port_id(port: str, node_ids: Mapping[str, str]) -> str:
    stem, _, name = port.partition(":")
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
        named = text(written["Port"], f"{where}: Port")
        if named.partition(":")[0] not in node_ids:
            raise _no_such_node(named.partition(":")[0], where)
        port["PortId"] = _port_id(named, node_ids)
    return port


def _read_parameter(written: Object, where: str) -> Json:
    parameter = put_back(written, {}, where)
    definition = parameter.get("ParameterDefinition")
    if isinstance(definition, Mapping):
        parameter["ParameterDefinition"] = put_back(definition, usual_definition(parameter.get("Name")), where)
    return parameter
