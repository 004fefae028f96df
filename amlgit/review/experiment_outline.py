"""The outline of an experiment, from an export or from what `join` gave back."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from amlgit.form import labels, layout, scripts
from amlgit.form.memo import Memo
from amlgit.model import graph, ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object
from amlgit.review import outlined
from amlgit.review.flow import Place, flow_order
from amlgit.review.lenient import entries, members, text
from amlgit.review.outline import End, EndKind, Node, Outline, Parameter, Port, Script, ServiceParameter, ServicePort, UsedAsset, Version

_INPUTS, _OUTPUTS, _PARAMETERS = "InputPortsInternal", "OutputPortsInternal", "ModuleParameters"
_POSITION = re.compile(r"(-?[0-9]{1,9}(?:\.[0-9]*)?),(-?[0-9]{1,9}(?:\.[0-9]*)?)[,0-9.\-]*")


Values: TypeAlias = tuple[tuple[Parameter, ...], tuple[Script, ...]]
Known: TypeAlias = Memo[tuple[Object, Values]]
"""A node that was read, by the id of the object, and its parameters and scripts."""


def outline(
    document: Object, names: Mapping[str, str], *, folder: str | None = None, version: Version | None = None, known: Known | None = None
) -> Outline:
    """What an experiment is; `names` are those of assets, as `companions.read_names` gives them. Never fails: what is wrong is said.

    Who reads version after version, unchanged nodes the very objects, keeps `known` from call to call.
    """
    return _Reader(document, names, known).outline(folder, version)


class _Reader:
    def __init__(self, document: Object, names: Mapping[str, str], known: Known | None) -> None:
        self._known = known
        self._document = document
        self._graph = members(document.get("Graph"))
        self._service = members(document.get("WebService"))
        self._names = names
        self._nodes = {text(node.get("Id")): node for node in entries(self._graph.get("ModuleNodes"))}
        self._modules = labels.module_names(self._nodes.values(), names)
        self._labels = labels.node_labels(((node_id, text(node.get("ModuleId"))) for node_id, node in self._nodes.items()), names)
        self._statuses = {text(status.get("NodeId")): members(status.get("Status")) for status in entries(document.get("NodeStatuses"))}
        self._assets: dict[tuple[EndKind, str], list[End]] = {}
        self._from: dict[str, list[str]] = {}
        """Input port → the output ports that feed it."""
        self._to: dict[str, list[str]] = {}
        for edge in entries(self._graph.get("EdgesInternal")):
            source, target = edge.get("SourceOutputPortId"), edge.get("DestinationInputPortId")
            if isinstance(source, str) and isinstance(target, str):
                self._from.setdefault(target, []).append(source)
                self._to.setdefault(source, []).append(target)
        self._extra = self._undeclared()

    def outline(self, folder: str | None, version: Version | None) -> Outline:
        service_inputs, service_outputs = self._service_ports("Inputs"), self._service_ports("Outputs")
        published: dict[str, list[End]] = {}
        for ports, kind in ((service_inputs, EndKind.SERVICE_INPUT), (service_outputs, EndKind.SERVICE_OUTPUT)):
            for port in ports:
                for end in port.ends:
                    published.setdefault(f"{end.id}:{end.port}", []).append(End(kind=kind, name=port.name, id=port.id))
        nodes = tuple(self._node(node_id, published) for node_id in self._order())
        return Outline(
            kind="experiment",
            title=text(self._document.get("Description")),
            summary=text(self._document.get("Summary")),
            tags=tuple(tag for tag in _list(self._document.get("Tags")) if isinstance(tag, str)),
            folder=folder,
            version=version,
            problems=tuple(fault.message for fault in graph.faults(self._document, self._labels)),
            assets=tuple(self._used_asset(*asset) for asset in sorted(self._assets)),
            service_inputs=service_inputs,
            service_outputs=service_outputs,
            service_parameters=tuple(self._service_parameters()),
            nodes=nodes,
        )

    def _order(self) -> list[str]:
        pairs = [(ids.port(source)[0], ids.port(target)[0]) for target, sources in self._from.items() for source in sources]
        return flow_order(self._labels, pairs, _places(self._graph.get("SerializedClientData")))

    # --- nodes

    def _undeclared(self) -> dict[tuple[str, str], list[str]]:
        """(node, member) → the ports that edges name and the node does not have."""
        found: dict[tuple[str, str], list[str]] = {}
        for member, ports in ((_INPUTS, self._from), (_OUTPUTS, self._to)):
            for port_id in ports:
                node_id, name = ids.port(port_id)
                if node_id in self._nodes and name not in (text(port.get("Name")) for port in entries(self._nodes[node_id].get(member))):
                    found.setdefault((node_id, member), []).append(name)
        return found

    def _node(self, node_id: str, published: Mapping[str, list[End]]) -> Node:
        node = self._nodes[node_id]
        module_id = text(node.get("ModuleId"))
        module = self._modules.get(module_id, labels.ModuleName(name="Module"))
        parameters, found_scripts = self._values(node, module_id)
        return Node(
            name=self._labels[node_id],
            id=node_id,
            module=module.name,
            module_description=module.description,
            module_id=module_id,
            comment=text(node.get("Comment")),
            status=text(self._statuses.get(node_id, {}).get("StatusCode")) or None,
            inputs=self._inputs(node_id, published),
            parameters=parameters,
            scripts=found_scripts,
            outputs=self._outputs(node_id, published),
        )

    def _port_end(self, port_id: str) -> End:
        node_id, port = ids.port(port_id)
        kind = EndKind.NODE if node_id in self._nodes else EndKind.MISSING
        return End(kind=kind, name=self._labels.get(node_id, node_id), port=port, id=node_id)

    def _inputs(self, node_id: str, published: Mapping[str, list[End]]) -> tuple[Port, ...]:
        found = []
        for port in entries(self._nodes[node_id].get(_INPUTS)):
            name = text(port.get("Name"))
            own = End(kind=EndKind.NODE, name=self._labels[node_id], port=name, id=node_id)
            assets = [self._asset(kind, text(port.get(member)), own) for member, kind in PORT_MEMBERS.items() if text(port.get(member))]
            found.append(self._port(node_id, name, self._from, [*assets, *published.get(f"{node_id}:{name}", ())]))
        return (*found, *(self._port(node_id, name, self._from, []) for name in self._extra.get((node_id, _INPUTS), ())))

    def _outputs(self, node_id: str, published: Mapping[str, list[End]]) -> tuple[Port, ...]:
        declared = [text(port.get("Name")) for port in entries(self._nodes[node_id].get(_OUTPUTS))]
        names = [*declared, *self._extra.get((node_id, _OUTPUTS), ())]
        return tuple(self._port(node_id, name, self._to, published.get(f"{node_id}:{name}", [])) for name in names)

    def _port(self, node_id: str, name: str, edges: Mapping[str, list[str]], others: list[End]) -> Port:
        ends = [self._port_end(port_id) for port_id in edges.get(f"{node_id}:{name}", ())]
        return Port(name=name, ends=(*sorted(ends, key=lambda end: (end.name, end.port or "")), *others))

    def _values(self, node: Object, module_id: str) -> Values:
        if self._known is None:
            return self._parameters(node, module_id)
        known = self._known.get(id(node)) or self._known.put(id(node), (node, self._parameters(node, module_id)))
        return known[1]

    @staticmethod
    def _parameters(node: Object, module_id: str) -> Values:
        parameters: list[Parameter] = []
        found: list[Script] = []
        for entry in entries(node.get(_PARAMETERS)):
            name, value = text(entry.get("Name")), entry.get("Value")
            language = scripts.extension(module_id, name)
            if language is not None and isinstance(value, str) and value:
                found.append(outlined.script(name, value, language))
            else:
                parameters.append(outlined.parameter(name, value, text(entry.get("LinkedGlobalParameter")) or None))
        return tuple(parameters), tuple(found)

    # --- assets

    def _asset(self, kind_name: str, asset_id: str, user: End) -> End:
        kind = EndKind(kind_name)
        self._assets.setdefault((kind, asset_id), []).append(user)
        return End(kind=kind, name=self._asset_name(asset_id)[0], id=asset_id)

    def _asset_name(self, asset_id: str) -> tuple[str, bool]:
        """The asset's name; without one the beginning of its family, as modules have it in file names."""
        known = labels.asset_name(asset_id, self._names)
        resource = ids.resource_id(asset_id)
        return (known, True) if known else (resource.family[:8] if resource else asset_id, False)

    def _used_asset(self, kind: EndKind, asset_id: str) -> UsedAsset:
        name, is_known = self._asset_name(asset_id)
        users = tuple(self._assets[kind, asset_id])
        return UsedAsset(kind=kind, name=name, id=asset_id, location=None, is_known=is_known, used_by=users)

    # --- the web service

    def _service_ports(self, side: str) -> tuple[ServicePort, ...]:
        ports = [(text(port.get("Name")), text(port.get("Id")), text(port.get("PortId"))) for port in entries(self._service.get(side))]
        # experiments of the first years published the ports themselves, without a name of their own
        published = _list(members(self._graph.get("PublishInfo")).get(f"{side[:-1]}PortsForPublish"))
        ports += [(ids.port(port_id)[1], "", port_id) for port_id in published if isinstance(port_id, str)]
        return tuple(ServicePort(name=name, id=own_id, ends=(self._port_end(port_id),) if port_id else ()) for name, own_id, port_id in ports)

    def _service_parameters(self) -> Iterator[ServiceParameter]:
        sets: dict[str, list[str]] = {}
        for node_id, node in self._nodes.items():
            for entry in entries(node.get(_PARAMETERS)):
                linked = text(entry.get("LinkedGlobalParameter"))
                sets.setdefault(linked, []).append(f"{self._labels[node_id]}: {text(entry.get('Name'))}")
        for parameter in (*entries(self._service.get("Parameters")), *entries(self._graph.get("Parameters"))):
            name, definition = text(parameter.get("Name")), members(parameter.get("ParameterDefinition"))
            value = parameter.get("Value", definition.get("DefaultValue"))
            kind = text(definition.get("ParameterType"))
            yield ServiceParameter(name=name, type=kind, value=outlined.parameter(name, value), sets=tuple(sorted(sets.get(name, ()))))


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _places(client_data: Json) -> dict[str, Place]:
    """Where the boxes of nodes stand: (y, x)."""
    canvas = layout.taken_apart(client_data) if isinstance(client_data, str) else None
    found = {}
    for node_id, position in canvas.boxes if canvas else ():
        match = _POSITION.fullmatch(position)
        if match is not None:
            found[node_id] = (float(match[2]), float(match[1]))
    return found
