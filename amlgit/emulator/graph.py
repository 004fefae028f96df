"""What the emulator needs to know of a graph: its shape, its assets, the order of its nodes."""

import hashlib
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from amlgit.emulator.wire import Json, Object, bad, conflict

ASSET_MEMBERS = ("DataSourceId", "TrainedModelId", "TransformModuleId")
EMPTY_LAYOUT = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema'"
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions></NodePositions><NodeGroups /></DataV1>"
)
"""The layout of an empty canvas, as real exports spell it (2016-12-09/Topics.json)."""


def check_shape(graph: Json) -> Object:
    """The graph if it has the shape of one; anything else is a bad request."""
    if not isinstance(graph, dict):
        raise bad("ExperimentGraph must be an object.")
    for name in ("ModuleNodes", "EdgesInternal"):
        if not _are_objects(graph.get(name)):
            raise bad(f"ExperimentGraph.{name} must be an array of objects.")
    if not isinstance(graph.get("SerializedClientData"), str | None):
        raise bad("SerializedClientData must be a string.")
    for node in graph["ModuleNodes"]:
        if not isinstance(node.get("Id"), str) or not isinstance(node.get("ModuleId"), str):
            raise bad("Every module node has an Id and a ModuleId.")
        for name in ("ModuleParameters", "InputPortsInternal", "OutputPortsInternal"):
            if node.get(name) is not None and not _are_objects(node[name]):
                raise bad(f"A node's {name} must be an array of objects.")
        if not all(isinstance(port.get(name), str | None) for port in inputs(node) for name in ASSET_MEMBERS):
            raise bad("An asset id is a string.")
    if not all(isinstance(edge.get(name), str) for edge in graph["EdgesInternal"] for name in ("SourceOutputPortId", "DestinationInputPortId")):
        raise bad("Every edge has a SourceOutputPortId and a DestinationInputPortId.")
    return graph


def completed(graph: Object) -> Object:
    """The graph with the members that clients read without looking whether they are there (protocol, section 14), and the others untouched."""
    nodes = []
    for node in graph["ModuleNodes"]:
        ports = [port | {name: None for name in ASSET_MEMBERS if name not in port} for port in inputs(node)]
        lists = {"ModuleParameters": node.get("ModuleParameters") or [], "InputPortsInternal": ports}
        lists["OutputPortsInternal"] = node.get("OutputPortsInternal") or []
        comment = node.get("Comment")
        nodes.append(node | lists | {"Comment": "" if comment is None else comment})
    return graph | {"ModuleNodes": nodes} | ({} if isinstance(graph.get("SerializedClientData"), str) else {"SerializedClientData": EMPTY_LAYOUT})


def _are_objects(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def inputs(node: Object) -> list[Object]:
    """The input ports of a node."""
    return node.get("InputPortsInternal") or []


def outputs(node: Object) -> list[str]:
    """The names of a node's output ports."""
    return [str(port.get("Name", "")) for port in node.get("OutputPortsInternal") or []]


def asset_ids(graph: Object) -> Iterator[str]:
    """Every id of an asset the graph refers to, modules first."""
    yield from (node["ModuleId"] for node in graph["ModuleNodes"])
    yield from (port[name] for node in graph["ModuleNodes"] for port in inputs(node) for name in ASSET_MEMBERS if port.get(name))


def with_assets(graph: Object, new_ids: Mapping[str, str]) -> Object:
    """The graph with other assets, on its ports, its modules and the layout's boxes, which are keyed by asset id (protocol, section 5.3)."""
    if not new_ids:
        return graph
    nodes = []
    for node in graph["ModuleNodes"]:
        ports = [port | {name: new_ids[port[name]] for name in ASSET_MEMBERS if port.get(name) in new_ids} for port in inputs(node)]
        changed = {"ModuleId": new_ids.get(node["ModuleId"], node["ModuleId"])}
        nodes.append(node | changed | ({"InputPortsInternal": ports} if "InputPortsInternal" in node else {}))
    layout = graph.get("SerializedClientData")
    if isinstance(layout, str):
        for old, new in new_ids.items():
            layout = layout.replace(f"'{old}'", f"'{new}'")
    return graph | {"ModuleNodes": nodes} | ({"SerializedClientData": layout} if "SerializedClientData" in graph else {})


def sources(graph: Object) -> dict[str, list[tuple[str, str, str]]]:
    """Per node what enters it from other nodes: its port, the other node, that one's port."""
    known = {node["Id"]: [] for node in graph["ModuleNodes"]}  # type: dict[str, list[tuple[str, str, str]]]
    for edge in graph["EdgesInternal"]:
        source, _, source_port = edge["SourceOutputPortId"].partition(":")
        target, _, port = edge["DestinationInputPortId"].partition(":")
        if target in known and source in known:
            known[target].append((port, source, source_port))
    return known


def order(graph: Object) -> list[str]:
    """The nodes' ids, each after all it depends on; one with a cycle can't be run."""
    try:
        return list(TopologicalSorter({node: [each[1] for each in feeds] for node, feeds in sources(graph).items()}).static_order())
    except CycleError as error:
        raise conflict("The graph has a cycle: it can't be run.", "InvalidGraph") from error


def task_keys(graph: Object) -> dict[str, str]:
    """Per node a text that is the same in two runs if its task is: what Studio's output cache goes by."""
    nodes = {node["Id"]: node for node in graph["ModuleNodes"]}
    feeds = sources(graph)
    keys: dict[str, str] = {}
    for name in order(graph):
        node = nodes[name]
        parameters = [(each.get("Name"), each.get("Value"), each.get("LinkedGlobalParameter")) for each in node.get("ModuleParameters") or []]
        stored = [(port.get("Name"), [port.get(member) for member in ASSET_MEMBERS]) for port in inputs(node)]
        entered = sorted((port, keys[source], source_port) for port, source, source_port in feeds[name])
        keys[name] = hashlib.sha256(repr((node["ModuleId"], parameters, stored, entered)).encode("utf-8", "surrogatepass")).hexdigest()
    return keys
