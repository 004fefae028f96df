"""Web service definitions (WSD): how one is recognised, which service it is of, and what is wrong with it.

The service reads member names in any case and writes them in several (protocol, section 9.1); node, asset, port and parameter
names are data, and their case counts.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.model import ids
from amlgit.model.cycles import cycle
from amlgit.model.jsontext import Json, Object, printable

_MODULE_URI = "aml://module/"
_DATE = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:T[0-9.:\-]*Z?)?"
_LEADING_DATE = re.compile(rf"{_DATE}(?![0-9])[\s._\-]*")
_TRAILING_DATE = re.compile(rf"(?<![\s._\-])[\s._\-]*+(?<![0-9]){_DATE}$")
_SEPARATORS = " ._-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The service a definition is of: its name, and the family that stands for the name (the service knows no other identity)."""

    name: str
    family: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that makes a definition invalid: the rule it breaks, a sentence, and the node it was found at."""

    rule: str
    message: str
    node: str | None


def member(value: Json, name: str) -> Json:
    """The member `name` of an object, in whatever case it is spelled; None where there is none."""
    folded = name.casefold()
    if isinstance(value, Mapping):
        return next((inner for spelling, inner in value.items() if spelling.casefold() == folded), None)
    return None


def double_member(value: Object) -> tuple[str, str] | None:
    """Two members of an object that are one to the service, such as `nodes` and `Nodes`."""
    seen: dict[str, str] = {}
    for name in value:
        if seen.setdefault(name.casefold(), name) != name:
            return seen[name.casefold()], name
    return None


def is_definition(document: Object) -> bool:
    """Whether this is a WSD: an object `properties` that holds an object `package` with `nodes`."""
    package = member(member(document, "properties"), "package")
    return isinstance(package, Mapping) and any(name.casefold() == "nodes" for name in package)


def identity(document: Object, file_stem: str) -> Identity:
    """The service's identity: by its name, else by its Resource Manager id, else by the file's name without a date."""
    name = _stated_name(document) or _undated(file_stem)
    import hashlib  # loads OpenSSL, and this is imported where no identity is asked for

    return Identity(name=name, family=hashlib.sha256(name.casefold().encode()).hexdigest()[:32])


def _stated_name(document: Object) -> str:
    name, arm_id = member(document, "name"), member(document, "id")
    if isinstance(name, str) and name.strip():
        return name.strip()
    return arm_id.strip("/ ").rpartition("/")[2].strip() if isinstance(arm_id, str) else ""


def _undated(file_stem: str) -> str:
    undated = _TRAILING_DATE.sub("", file_stem.strip(_SEPARATORS))
    leading = _LEADING_DATE.match(undated)
    return (undated[leading.end() :] if leading else undated).strip(_SEPARATORS) or file_stem


def module_id(asset: Json) -> str | None:
    """The module's id in the uri of an asset, well-formed or not; None where the asset is no module of the catalogue."""
    uri = member(member(asset, "locationInfo"), "uri")
    if isinstance(uri, str) and uri[: len(_MODULE_URI)].casefold() == _MODULE_URI:
        return uri[len(_MODULE_URI) :]
    return None


def is_encrypted(parameter: Json) -> bool:
    """Whether the value is a ciphertext: it then has the thumbprint of the certificate beside it."""
    thumbprint = member(parameter, "certificateThumbprint")
    return isinstance(thumbprint, str) and thumbprint.strip() != ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The parameters that hold a credential, case-folded: the service's own, and those of a node."""

    of_service: frozenset[str]
    of_every_node: frozenset[str]
    of_nodes: Mapping[str, frozenset[str]]

    def of_node(self, node: str) -> frozenset[str]:
        """The credential parameters of a node."""
        return self.of_nodes.get(node, self.of_every_node)


def credentials(properties: Json, names: frozenset[str]) -> Credentials:
    """Which parameters hold a credential: by `names`, by the module's interface, or by a graph parameter that is linked to one.

    A service's parameter and the graph parameter it sets differ in case (corpus: every definition that has both).
    """
    package, assets = member(properties, "package"), member(properties, "assets")
    of_assets = {key: names.union(_credentials_of(member(asset, "parameters"))) for key, asset in _members(assets)}
    of_nodes = {key: of_assets.get(str(member(node, "assetId")), names) for key, node in _members(member(package, "nodes"))}
    of_service = set(names)
    for name, parameter in _members(member(package, "graphParameters")):
        links = [(str(member(link, "nodeId")), _folded(member(link, "parameterKey"))) for link in _entries(member(parameter, "links"))]
        is_credential = name.casefold() in names or _folded(member(parameter, "type")) == "credential"
        if is_credential or any(key in of_nodes.get(node, names) for node, key in links):
            of_service.add(name.casefold())
            for node, key in links:
                of_nodes[node] = of_nodes.get(node, names) | {key}
    return Credentials(of_service=frozenset(of_service), of_every_node=names, of_nodes=of_nodes)


def _credentials_of(interface: Json) -> Iterator[str]:
    """The parameters of type Credential in a module's interface, whose modes have parameters of their own."""
    for parameter in _entries(interface):
        if _folded(member(parameter, "parameterType")) == "credential":
            yield _folded(member(parameter, "name"))
        for _, mode in _members(member(parameter, "modeValuesInfo")):
            yield from _credentials_of(member(mode, "parameters"))


def _members(value: Json) -> Iterable[tuple[str, Json]]:
    return value.items() if isinstance(value, Mapping) else ()


def _entries(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else ()


def _folded(value: Json) -> str:
    return value.casefold() if isinstance(value, str) else ""


def faults(document: Object) -> list[Fault]:
    """What is wrong with a definition, in a fixed order; empty if nothing is. Two edges into one port are no fault."""
    return _Checker().document(document)


class _Checker:
    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def document(self, document: Object) -> list[Fault]:
        properties = self._object(document, "properties", "", required=True)
        in_blob_storage = str(member(properties, "payloadsInBlobStorage")).casefold() == "true"
        package = self._object(properties, "package", "properties", required=not in_blob_storage)
        nodes = self._object(package, "nodes", "package", required=bool(package))
        self._assets(self._object(properties, "assets", "properties"))
        self._nodes(nodes, properties)
        self._edges(self._objects(package, "edges", "package"), nodes)
        self._graph_parameters(self._object(package, "graphParameters", "package"), nodes)
        return self._faults

    def _fault(self, rule: str, message: str, node: str | None = None) -> None:
        self._faults.append(Fault(rule=rule, message=message, node=node))

    def _wrong_type(self, where: str, what: str, node: str | None = None) -> None:
        self._fault("wrong-type", f"{where} must be {what}.", node)

    def _as_object(self, value: Json, where: str, node: str | None = None, *, required: bool = True) -> Object:
        if not isinstance(value, Mapping):
            if required or value is not None:
                self._wrong_type(where, "an object", node)
            return {}
        return value

    def _object(self, parent: Object, name: str, where: str, node: str | None = None, *, required: bool = False) -> Object:
        doubles = [spelling for spelling in parent if spelling.casefold() == name.casefold()]
        if len(doubles) > 1:
            self._fault("double-member", f"{where or 'The definition'} holds both {doubles[0]!r} and {doubles[1]!r}.", node)
        return self._as_object(member(parent, name), f"{where}.{name}".lstrip("."), node, required=required)

    def _objects(self, parent: Object, name: str, where: str) -> list[Object]:
        value = member(parent, name)
        if value is not None and not isinstance(value, list):
            self._wrong_type(f"{where}.{name}", "a list")
        entries = _entries(value)
        for index, entry in enumerate(entries):
            self._as_object(entry, f"{where}.{name}[{index}]")
        return [entry for entry in entries if isinstance(entry, Mapping)]

    def _assets(self, assets: Object) -> None:
        for key in sorted(assets):
            where = f"Asset {printable(key)}"
            asset = self._as_object(assets[key], where)
            uri = member(self._object(asset, "locationInfo", where), "uri")
            if uri is not None and not isinstance(uri, str):
                self._wrong_type(f"{where}: locationInfo.uri", "a string")
            module = module_id(asset)
            if module is not None and ids.resource_id(module) is None:
                self._fault("asset-id", f"{where}: {printable(module)!r} is not of the form <workspace>.<family>.<instance>.")

    def _nodes(self, nodes: Object, properties: Object) -> None:
        known = {
            "assetId": self._object(properties, "assets", "properties"),
            "inputId": self._object(self._object(properties, "input", "properties"), "properties", "input"),
            "outputId": self._object(self._object(properties, "output", "properties"), "properties", "output"),
        }
        for key in sorted(nodes):
            where = f"Node {printable(key)}"
            if isinstance(nodes[key], Mapping):
                node = self._as_object(nodes[key], where)
                self._object(node, "parameters", where, key)
                self._reference(node, known, where, key)
            else:
                self._wrong_type(where, "an object", key)

    def _reference(self, node: Object, known: Mapping[str, Object], where: str, key: str) -> None:
        references = {name: value for name in known if (value := member(node, name)) is not None}
        if len(references) != 1:
            held = " and ".join(references) or "none"
            self._fault("node-kind", f"{where} must have exactly one of assetId, inputId and outputId; it has {held}.", key)
        for name, value in references.items():
            kind = name.removesuffix("Id")
            if not isinstance(value, str):
                self._wrong_type(f"{where}: {name}", "a string", key)
            elif value not in known[name]:
                self._fault(f"unknown-{kind}", f"{where} refers to {kind} {printable(value)!r}, which does not exist.", key)

    def _edges(self, edges: list[Object], nodes: Object) -> None:
        sound: list[tuple[str, str]] = []
        for edge in edges:
            source, target = member(edge, "sourceNodeId"), member(edge, "targetNodeId")
            where = f"Edge {_shown(source)} → {_shown(target)}"
            known = [self._is_node(value, f"{where}: {name}", nodes) for name, value in (("sourceNodeId", source), ("targetNodeId", target))]
            if all(known):
                sound.append((str(source), str(target)))
        circle = cycle(sound)
        if circle:
            path = " → ".join(printable(node) for node in (*circle, circle[0]))
            self._fault("cycle", f"The edges run in a circle: {path}.", circle[0])

    def _is_node(self, value: Json, where: str, nodes: Object) -> bool:
        if not isinstance(value, str):
            self._wrong_type(where, "a string")
        elif value not in nodes:
            self._fault("unknown-node", f"{where} refers to {printable(value)!r}, and there is no such node.")
        return isinstance(value, str) and value in nodes

    def _graph_parameters(self, parameters: Object, nodes: Object) -> None:
        for name in sorted(parameters):
            where = f"Graph parameter {printable(name)}"
            for link in self._objects(self._as_object(parameters[name], where), "links", where):
                self._is_node(member(link, "nodeId"), f"{where}: nodeId of a link", nodes)


def _shown(node: Json) -> str:
    return printable(node) if isinstance(node, str) else "?"
