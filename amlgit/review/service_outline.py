"""The outline of a web service definition: the same as that of an experiment, in the service's own words."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from amlgit.form import scripts
from amlgit.form.labels import ModuleName, module_names
from amlgit.model.jsontext import Json, Object, dumps, printable
from amlgit.model.webservices import faults, is_encrypted, member, module_id
from amlgit.review import outlined
from amlgit.review.flow import flow_order, natural
from amlgit.review.lenient import entries, members, text
from amlgit.review.outline import (
    Column,
    End,
    EndKind,
    Fact,
    Node,
    Outline,
    Parameter,
    ParameterKind,
    Port,
    Script,
    ServiceParameter,
    ServicePort,
    UsedAsset,
    Version,
)

_FACTS = (
    ("location", ("location",)),
    ("package", ("properties", "packageType")),
    ("state", ("properties", "provisioningState")),
    ("created", ("properties", "createdOn")),
    ("modified", ("properties", "modifiedOn")),
    ("read only", ("properties", "readOnly")),
    ("concurrent calls", ("properties", "realtimeConfiguration", "maxConcurrentCalls")),
    ("plan", ("properties", "commitmentPlan", "id")),
    ("storage account", ("properties", "storageAccount", "name")),
    ("workspace", ("properties", "machineLearningWorkspace", "id")),
    ("id", ("id",)),
)
_EXTENSIONS = {".ilearner": EndKind.TRAINED_MODEL, ".itransform": EndKind.TRANSFORM, ".dataset": EndKind.DATASET, ".csv": EndKind.DATASET}


class _Edge(NamedTuple):
    source: str
    source_port: str
    target: str
    target_port: str


def outline(document: Object, name: str, *, folder: str | None = None, version: Version | None = None) -> Outline:
    """What a web service is; `name` is what it is called where the definition does not say. Never fails: what is wrong is said."""
    return _Reader(document).outline(name, folder, version)


class _Reader:
    def __init__(self, document: Object) -> None:
        self._document = document
        self._properties = _object(document, "properties")
        package = _object(self._properties, "package")
        self._nodes = {name: members(node) for name, node in _object(package, "nodes").items()}
        self._assets = _object(self._properties, "assets")
        self._graph_parameters = _object(package, "graphParameters")
        self._edges = [
            _Edge(*(text(member(edge, name)) for name in ("sourceNodeId", "sourcePortId", "targetNodeId", "targetPortId")))
            for edge in entries(member(package, "edges"))
        ]
        self._into: dict[str, list[_Edge]] = {}
        self._out_of: dict[str, list[_Edge]] = {}
        for edge in self._edges:
            self._into.setdefault(edge.target, []).append(edge)
            self._out_of.setdefault(edge.source, []).append(edge)
        self._linked = dict(self._links())

    def outline(self, name: str, folder: str | None, version: Version | None) -> Outline:
        title = text(member(self._properties, "title")) or text(member(self._document, "name")) or name
        pairs = [(edge.source, edge.target) for edge in self._edges]
        order = flow_order({name: name for name in self._nodes}, pairs, {})
        return Outline(
            kind="web service",
            title=title,
            summary=text(member(self._properties, "description")),
            tags=tuple(f"{name}: {text(value)}" for name, value in sorted(_object(self._document, "tags").items())),
            folder=folder,
            version=version,
            facts=tuple(self._facts(title)),
            problems=tuple(fault.message for fault in faults(self._document)),
            assets=tuple(self._used_assets()),
            service_inputs=tuple(self._ports("input")),
            service_outputs=tuple(self._ports("output")),
            service_parameters=tuple(self._service_parameters()),
            nodes=tuple(self._node(name) for name in order if self._kind(name) is EndKind.NODE),
        )

    def _facts(self, title: str) -> Iterator[Fact]:
        name = text(member(self._document, "name"))
        if name and name != title:
            yield Fact(name="name", value=name)
        for label, path in _FACTS:
            value: Json = self._document
            for step in path:
                value = member(value, step)
            if value not in (None, "") and str(value).casefold() != "false":
                yield Fact(name=label, value=value if isinstance(value, str) else dumps(value).decode())

    # --- nodes: modules, and what the definition also calls nodes: inputs, outputs, models and data

    def _asset(self, node: str) -> Object:
        return members(self._assets.get(text(member(self._nodes.get(node), "assetId"))))

    def _kind(self, node: str) -> EndKind:
        if node not in self._nodes:
            return EndKind.MISSING
        for name, kind in (("inputId", EndKind.SERVICE_INPUT), ("outputId", EndKind.SERVICE_OUTPUT)):
            if text(member(self._nodes[node], name)):
                return kind
        asset = self._asset(node)
        if not asset or module_id(asset) is not None or text(member(asset, "type")).casefold() == "module":
            return EndKind.NODE
        path = _location(asset).casefold()
        return next((kind for extension, kind in _EXTENSIONS.items() if path.endswith(extension)), EndKind.ASSET)

    def _end(self, node: str, port: str) -> End:
        kind = self._kind(node)
        match kind:
            case EndKind.SERVICE_INPUT | EndKind.SERVICE_OUTPUT:
                name = text(member(self._nodes[node], "inputId")) or text(member(self._nodes[node], "outputId"))
            case EndKind.NODE:
                return End(kind=kind, name=self._label(node), port=port, id=node)
            case EndKind.MISSING:
                name = node
            case _:
                name = self._asset_name(node)
        return End(kind=kind, name=name, id=node)

    def _label(self, node: str) -> str:
        """A node's key, which says nothing, behind the name of its module."""
        return f"{self._module(node).name} ({node})"

    def _module(self, node: str) -> ModuleName:
        """The module's name: the definition's own word for it, else as everywhere."""
        asset = self._asset(node)
        stated, found = text(member(asset, "name")), module_id(asset) or ""
        if stated:
            return ModuleName(name=printable(stated))
        return module_names([self._as_in_experiments(node, found)], {})[found]

    def _as_in_experiments(self, node: str, found_id: str) -> Object:
        inputs: list[Json] = [{"Name": edge.target_port} for edge in self._into.get(node, ())]
        outputs: list[Json] = [{"Name": edge.source_port} for edge in self._out_of.get(node, ())]
        parameters: list[Json] = [{"Name": name} for name in _object(self._nodes[node], "parameters")]
        return {"ModuleId": found_id, "InputPortsInternal": inputs, "OutputPortsInternal": outputs, "ModuleParameters": parameters}

    def _asset_name(self, node: str) -> str:
        asset = self._asset(node)
        return text(member(asset, "name")) or _location(asset).rpartition("/")[2] or text(member(self._nodes[node], "assetId"))

    def _node(self, name: str) -> Node:
        module = self._module(name)
        found_id = module_id(self._asset(name)) or ""
        parameters, found_scripts = self._parameters(name, found_id)
        inputs: dict[str, list[End]] = {}
        outputs: dict[str, list[End]] = {}
        for edge in self._into.get(name, ()):
            inputs.setdefault(edge.target_port, []).append(self._end(edge.source, edge.source_port))
        for edge in self._out_of.get(name, ()):
            outputs.setdefault(edge.source_port, []).append(self._end(edge.target, edge.target_port))
        return Node(
            name=self._label(name),
            id=name,
            module=module.name,
            module_description=module.description,
            module_id=found_id,
            comment="",
            status=None,
            inputs=_in_order(inputs),
            parameters=parameters,
            scripts=found_scripts,
            outputs=_in_order(outputs),
        )

    def _parameters(self, node: str, found_id: str) -> tuple[tuple[Parameter, ...], tuple[Script, ...]]:
        parameters: list[Parameter] = []
        found: list[Script] = []
        for name, entry in _object(self._nodes[node], "parameters").items():
            value = member(entry, "value") if isinstance(entry, Mapping) else entry
            language = scripts.extension(found_id, name)
            if is_encrypted(entry):
                parameters.append(Parameter(name=name, kind=ParameterKind.SECRET, value=None, words="(encrypted)"))
            elif language is not None and isinstance(value, str) and value:
                found.append(outlined.script(name, value, language))
            else:
                parameters.append(outlined.parameter(name, value, self._linked.get((node, name.casefold()))))
        return tuple(parameters), tuple(found)

    # --- around the graph

    def _used_assets(self) -> Iterator[UsedAsset]:
        for node in sorted(self._nodes, key=natural):
            kind = self._kind(node)
            if kind in (EndKind.NODE, EndKind.SERVICE_INPUT, EndKind.SERVICE_OUTPUT):
                continue
            users = tuple(self._end(edge.target, edge.target_port) for edge in self._out_of.get(node, ()))
            asset = self._asset(node)
            is_known = bool(text(member(asset, "name")))
            yield UsedAsset(kind=kind, name=self._asset_name(node), id=node, location=_location(asset), is_known=is_known, used_by=users)

    def _ports(self, side: str) -> Iterator[ServicePort]:
        tables = _object(_object(self._properties, side), "properties")
        for name in sorted(tables):
            nodes = [node for node in self._nodes if text(member(self._nodes[node], f"{side}Id")) == name]
            if side == "input":
                ends = [self._end(edge.target, edge.target_port) for edge in self._edges if edge.source in nodes]
            else:
                ends = [self._end(edge.source, edge.source_port) for edge in self._edges if edge.target in nodes]
            columns = tuple(Column(name=key, type=_type(column)) for key, column in _object(tables[name], "properties").items())
            yield ServicePort(name=name, id=nodes[0] if nodes else "", ends=tuple(ends), columns=columns)

    def _links(self) -> Iterator[tuple[tuple[str, str], str]]:
        for name, graph_parameter in self._graph_parameters.items():
            for link in entries(member(graph_parameter, "links")):
                yield (text(member(link, "nodeId")), text(member(link, "parameterKey")).casefold()), name

    def _service_parameters(self) -> Iterator[ServiceParameter]:
        """The graph's parameters with the service's values: the two spell their names in different case (see `webservices.credentials`)."""
        stated = _object(self._properties, "parameters")
        values = {name.casefold(): entry for name, entry in stated.items()}
        spelled = {name.casefold(): name for name in (*stated, *self._graph_parameters)}
        for folded in sorted(spelled):
            name = spelled[folded]
            definition = members(self._graph_parameters.get(name))
            entry = values.get(folded)
            value = member(entry, "value") if isinstance(entry, Mapping) else entry
            links = entries(member(definition, "links"))
            sets = [f"{self._end(text(member(link, 'nodeId')), '').name}: {text(member(link, 'parameterKey'))}" for link in links]
            shown = outlined.parameter(name, value)
            yield ServiceParameter(name=name, type=text(member(definition, "type")), value=shown, sets=tuple(sorted(sets)))


def _object(value: Json, name: str) -> Object:
    return members(member(value, name))


def _location(asset: Object) -> str:
    """Where an asset lies, without the signature that lets one in."""
    return text(member(member(asset, "locationInfo"), "uri")).partition("?")[0]


def _type(column: Json) -> str:
    kind, form = text(member(column, "type")), text(member(column, "format"))
    return f"{kind} ({form})" if kind and form else kind or form


def _in_order(ports: Mapping[str, list[End]]) -> tuple[Port, ...]:
    return tuple(Port(name=name, ends=tuple(sorted(ports[name], key=lambda end: natural(end.name)))) for name in sorted(ports))
