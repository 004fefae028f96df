"""An experiment's graph: what is wrong with its nodes, ports, edges and web service ports."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.cycles import cycle
from amlgit.model.jsontext import Json, Object, printable

_INPUTS, _OUTPUTS = "InputPortsInternal", "OutputPortsInternal"
_DESTINATION, _INDEX, _SOURCE = "DestinationInputPortId", "DestinationInputPortIndex", "SourceOutputPortId"
_LONGEST = 120
"""Characters of a name in a message; node ids have 38 and more, the longest port names of the built-in modules 60."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that makes a graph invalid: the rule it breaks, a sentence, and the node id and port it was found at."""

    rule: str
    message: str
    node: str | None = None
    port: str | None = None


def faults(document: Object, names: Mapping[str, str] | None = None) -> list[Fault]:
    """What is wrong with the graph of an export or of what `join` gave back, in a fixed order; empty if nothing is.

    Wrong types are faults too, never errors. `names` are what messages call the nodes, by id.
    """
    return _Checker(names or {}).document(document)


class _Node(NamedTuple):
    """A node's ports by name; None where they can't be read, so that nothing is said about edges to them."""

    inputs: Mapping[str, Object] | None
    outputs: Mapping[str, Object] | None


class _Checker:
    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._nodes: dict[str, _Node] = {}
        self._faults: list[Fault] = []

    def document(self, document: Object) -> list[Fault]:
        graph = document.get("Graph")
        if not isinstance(graph, Mapping):
            self._fault("wrong-type", "Graph must be an object.")
            return self._faults
        if not isinstance(graph.get("ModuleNodes"), list):
            self._fault("wrong-type", "Graph.ModuleNodes must be a list.")
        for node in self._objects(graph.get("ModuleNodes"), "Graph.ModuleNodes"):
            self._node(node)
        self._edges(graph.get("EdgesInternal"))
        self._published(graph.get("PublishInfo"))
        self._web_service(document.get("WebService"))
        return self._faults

    def _fault(self, rule: str, message: str, node: str | None = None, port: str | None = None) -> None:
        self._faults.append(Fault(rule=rule, message=message, node=node, port=port))

    def _name(self, node_id: str) -> str:
        return shown(self._names.get(node_id, node_id))

    def _objects(self, value: Json, where: str, node: str | None = None) -> list[Object]:
        """The objects of a list; what is null is an empty one, what is none of both a fault."""
        if value is None:
            return []
        if not isinstance(value, list):
            self._fault("wrong-type", f"{where} must be a list.", node)
            return []
        for index, entry in enumerate(value):
            if not isinstance(entry, Mapping):
                self._fault("wrong-type", f"{where}[{index}] must be an object.", node)
        return [entry for entry in value if isinstance(entry, Mapping)]

    def _node(self, node: Object) -> None:
        node_id = node.get("Id")
        if not isinstance(node_id, str):
            self._fault("wrong-type", "The Id of a node must be a string.")
            return
        where = f"Node {self._name(node_id)}"
        if ids.node_digits(node_id) is None:
            self._fault("node-id", f"{where}: its Id is not of the form <guid>-<number>.", node_id)
        if node_id in self._nodes:
            self._fault("double-node", f"{where} stands twice in Graph.ModuleNodes.", node_id)
            return
        module_id = node.get("ModuleId")
        if not isinstance(module_id, str) or ids.resource_id(module_id) is None:
            self._fault("module-id", f"{where}: its ModuleId is not of the form <workspace>.<family>.<version>.", node_id)
        self._nodes[node_id] = _Node(self._ports(node, _INPUTS, where, node_id), self._ports(node, _OUTPUTS, where, node_id))
        for port in (self._nodes[node_id].inputs or {}).values():
            self._assets(port, where, node_id)
        self._named(node, "ModuleParameters", where, node_id)

    def _named(self, parent: Object, member: str, where: str, node_id: str | None = None) -> dict[str, Object]:
        """The entries of a list by name; each must have one, and none twice."""
        kind = "parameter" if member.endswith("Parameters") else "port"
        found: dict[str, Object] = {}
        for entry in self._objects(parent.get(member), f"{where}: {member}", node_id):
            name = entry.get("Name")
            if not isinstance(name, str):
                self._fault("wrong-type", f"{where}: {member}: the Name of a {kind} must be a string.", node_id)
            elif name in found:
                self._fault(f"double-{kind}", f"{where}: {member} has two {kind}s named {shown(name)!r}.", node_id, name)
            else:
                found[name] = entry
        return found

    def _ports(self, node: Object, member: str, where: str, node_id: str) -> Mapping[str, Object] | None:
        ports = self._named(node, member, where, node_id)
        for name, port in ports.items():
            owner = port.get("NodeId", node_id)
            if owner != node_id:
                self._fault("port-node", f"{where}: port {shown(name)!r} names another node as its own.", node_id, name)
        written = node.get(member)
        return ports if written is None or (isinstance(written, list) and len(written) == len(ports)) else None

    def _assets(self, port: Object, where: str, node_id: str) -> None:
        name = str(port["Name"])
        where = f"{where}: port {shown(name)!r}"
        held = _held(port)
        for member in held:
            value = port[member]
            if not isinstance(value, str):
                self._fault("wrong-type", f"{where}: {member} must be a string or null.", node_id, name)
            elif ids.resource_id(value) is None:
                self._fault("asset-id", f"{where}: {member} is not of the form <workspace>.<family>.<version>.", node_id, name)
        if len(held) > 1:
            self._fault("several-assets", f"{where} holds more than one asset: {' and '.join(held)}.", node_id, name)

    def _edges(self, edges: Json) -> None:
        fed: dict[tuple[str, str], str] = {}
        sound: list[tuple[str, str]] = []
        for edge in self._objects(edges, "Graph.EdgesInternal"):
            source, destination = edge.get(_SOURCE), edge.get(_DESTINATION)
            if not isinstance(source, str) or not isinstance(destination, str):
                self._fault("wrong-type", f"An edge: {_SOURCE} and {_DESTINATION} must be strings.")
                continue
            from_node, _ = ids.port(source)
            to_node, to_port = ids.port(destination)
            at = (to_node, to_port) if to_node in self._nodes else (from_node if from_node in self._nodes else None, None)
            where = f"The edge {self._shown_port(source)} → {self._shown_port(destination)}"
            known = [self._port(source, _OUTPUTS, f"{where} comes from", *at), self._port(destination, _INPUTS, f"{where} goes to", *at)]
            if all(known):
                sound.append((from_node, to_node))
            # a port that takes several edges numbers them (protocol, section 5.2)
            double = fed.setdefault((destination, str(edge.get(_INDEX))), source)
            if double is not source:
                twice = "twice" if double == source else f"and {self._shown_port(double)} too"
                self._fault("double-edge", f"{self._shown_port(destination)} is fed by {self._shown_port(source)} {twice}.", *at)
            elif known[1] and _held((self._nodes[to_node].inputs or {}).get(to_port, {})):
                self._fault("edge-and-asset", f"{self._shown_port(destination)} is fed by an edge and holds an asset.", to_node, to_port)
        self._cycles(sound)

    def _shown_port(self, port_id: str) -> str:
        node_id, name = ids.port(port_id)
        return f"{self._name(node_id)}:{shown(name)}"

    def _port(self, port_id: str, member: str, where: str, node: str | None, port: str | None) -> bool:
        """Whether there is such a port; if not, a fault at the node and port that refer to it."""
        node_id, name = ids.port(port_id)
        owner = self._nodes.get(node_id)
        if owner is None:
            self._fault("unknown-node", f"{where} node {self._name(node_id)}, which does not exist.", node, port)
            return False
        ports = owner.inputs if member == _INPUTS else owner.outputs
        if ports is not None and name not in ports:
            kind = "input" if member == _INPUTS else "output"
            self._fault("unknown-port", f"{where} {kind} port {shown(name)!r} of {self._name(node_id)}, which does not exist.", node, port)
            return False
        return True

    def _cycles(self, edges: Sequence[tuple[str, str]]) -> None:
        for circle in _cycles(edges):
            path = " → ".join(self._name(node) for node in (*circle, circle[0]))
            self._fault("cycle", f"The edges run in a circle: {path}.", circle[0])

    def _published(self, info: Json) -> None:
        if info is not None and not isinstance(info, Mapping):
            self._fault("wrong-type", "Graph.PublishInfo must be an object or null.")
            return
        for name, member in (("InputPortsForPublish", _INPUTS), ("OutputPortsForPublish", _OUTPUTS)):
            ports = (info or {}).get(name)
            if ports is not None and not isinstance(ports, list):
                self._fault("wrong-type", f"Graph.PublishInfo: {name} must be a list or null.")
            for port_id in ports if isinstance(ports, list) else ():
                self._service_port(port_id, member, f"Graph.PublishInfo: {name}")

    def _web_service(self, service: Json) -> None:
        if service is not None and not isinstance(service, Mapping):
            self._fault("wrong-type", "WebService must be an object or null.")
            return
        for name, member in (("Inputs", _INPUTS), ("Outputs", _OUTPUTS)):
            ports = self._named(service or {}, name, "WebService")
            for port_name, port in ports.items():
                self._service_port(port.get("PortId"), member, f"WebService: {name[:-1].lower()} {shown(port_name)!r}")
        self._named(service or {}, "Parameters", "WebService")

    def _service_port(self, port_id: Json, member: str, where: str) -> None:
        if port_id is None or port_id == "":
            return  # a box that is not connected
        if not isinstance(port_id, str):
            self._fault("wrong-type", f"{where}: a port's id must be a string or null.")
            return
        self._port(port_id, member, f"{where} is connected to", None, None)


def shown(name: str) -> str:
    """A name fit for a message; one that is too long is not cut, for it could be half a secret."""
    return printable(name, _LONGEST) if len(name) <= _LONGEST else f"(a name of {len(name)} characters)"


def _held(port: Object) -> list[str]:
    return [member for member in PORT_MEMBERS if port.get(member) not in (None, "")]


def _cycles(edges: Sequence[tuple[str, str]]) -> Iterator[Sequence[str]]:
    """The nodes of each cycle in the direction of its edges, the first by name first; no two cycles share a node."""
    left = sorted(edges)
    while found := cycle(left):
        yield found
        left = [edge for edge in left if edge[0] not in found and edge[1] not in found]
