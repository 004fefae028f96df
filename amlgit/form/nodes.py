"""One node as files: its module, its parameters, what feeds each input port; scripts beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.form import columns, scripts, values
from amlgit.form.naming import script_file
from amlgit.form.pages import Block, block, leave_out, line, objects, page, put_back, text
from amlgit.form.secrets import CREDENTIAL_PARAMETERS, Guard
from amlgit.model.jsontext import Json, Object, dumps_line

OWNED_BY_RUNS: Mapping[str, Json] = {"IsPartOfPartialRun": False, "UsePreviousResults": False}
"""Members of a node that a run sets, with their usual values: they stand in run.json."""

_USUAL_NODE: Mapping[str, Json] = {"Language": "DotNet", "Version": "4.5.0"}
_USUAL_INPUT: Mapping[str, Json] = {
    "DataSourceId": None,
    "TrainedModelId": None,
    "TransformModuleId": None,
    "Language": "DotNet",
    "Version": "4.5.0",
    "PortIndex": None,
}
_USUAL_OUTPUT: Mapping[str, Json] = {"OutputType": None}
_USUAL_PARAMETER: Mapping[str, Json] = {"ValueType": "Literal", "LinkedGlobalParameter": None}

FOLDER = "nodes/"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeForm:
    """What one node comes to: its files, and the global parameters that one of its credentials is linked to."""

    files: tuple[tuple[str, bytes], ...]
    linked_credentials: tuple[str, ...]


def write(node: Object, stem: str, sources: Mapping[str, str], guard: Guard) -> NodeForm:
    """The files of a node; `sources` is what feeds it, by input port, as `<stem>:<port>`."""
    writer = _NodeWriter(node, stem, guard)
    members: dict[str, Block] = {
        name: writer.member(name, value)
        for name, value in leave_out({name: value for name, value in node.items() if name not in OWNED_BY_RUNS}, _USUAL_NODE).items()
    }
    for name, lines in (
        ("InputPortsInternal", writer.ports("InputPortsInternal", _USUAL_INPUT, sources)),
        ("OutputPortsInternal", writer.ports("OutputPortsInternal", _USUAL_OUTPUT, {})),
        ("ModuleParameters", writer.parameters()),
    ):
        if lines is not None:
            members[name] = lines
    pages = [(f"{FOLDER}{stem}.json", page(block(members, "Id"))), *writer.scripts]
    return NodeForm(files=tuple(pages), linked_credentials=tuple(writer.linked_credentials))


class _NodeWriter:
    def __init__(self, node: Object, stem: str, guard: Guard) -> None:
        self._node = node
        self._id = text(node["Id"], "node id")
        self._where = f"node {self._id}"
        self._stem = stem
        self._guard = guard
        self.scripts: list[tuple[str, bytes]] = []
        self.linked_credentials: list[str] = []

    def member(self, name: str, value: Json) -> bytes:
        return dumps_line(self._guard.value(value, self._id, name))

    def _list(self, name: str) -> list[Object] | None:
        if self._node.get(name) is None:
            return None
        return objects(self._node[name], f"{self._where}: {name}")

    def ports(self, name: str, usual: Object, sources: Mapping[str, str]) -> list[Block] | None:
        ports = self._list(name)
        if ports is None:
            return None
        usual = {**usual, "NodeId": self._id}
        lines: list[Block] = []
        for port in ports:
            port_name = text(port.get("Name"), f"{self._where}: name of a port")
            written = {key: self._guard.value(value, self._id, key) for key, value in leave_out(port, usual).items()}
            if port_name in sources:
                written["Source"] = sources[port_name]
            lines.append(line(written, "Name"))
        return lines

    def parameters(self) -> list[Block] | None:
        parameters = self._list("ModuleParameters")
        if parameters is None:
            return None
        module_id = text(self._node.get("ModuleId"), f"{self._where}: ModuleId")
        names = [text(parameter.get("Name"), f"{self._where}: name of a parameter") for parameter in parameters]
        extensions = [
            scripts.extension(module_id, name) if isinstance(parameter.get("Value"), str) else None
            for name, parameter in zip(names, parameters, strict=True)
        ]
        alone = sum(extension is not None for extension in extensions) == 1
        lines: list[Block] = []
        for name, parameter, extension in zip(names, parameters, extensions, strict=True):
            written = leave_out(parameter, _USUAL_PARAMETER)
            value = written.pop("Value", None) if isinstance(parameter.get("Value"), str) else None
            if self._is_credential(parameter, name):
                linked = parameter.get("LinkedGlobalParameter")
                self.linked_credentials += [linked] if isinstance(linked, str) else []
            if isinstance(value, str):
                written.update(self._value(value, parameter, name, extension, alone=alone))
            elif "Value" in written:
                written["Value"] = self._guard.value(written["Value"], self._id, name)
            lines.append(line(written, "Name", as_is="Columns"))
        return lines

    @staticmethod
    def _is_credential(parameter: Object, name: str) -> bool:
        return (
            name.casefold() in CREDENTIAL_PARAMETERS
            or parameter.get("ValueType") == "PlaceHolder"
            or parameter.get("IsSensitiveField") is True
        )

    def _value(self, value: str, parameter: Object, name: str, extension: str | None, *, alone: bool) -> dict[str, Json]:
        if self._is_credential(parameter, name):
            return {"Value": self._guard.field(value, name)}
        if extension is not None:
            return self._script(value, name, extension, alone=alone)
        selection = columns.decode(value)
        if selection is None:
            return {"Value": self._guard.text(value, self._id, name)}
        return values.write_columns(selection._replace(selection=self._guard.value(selection.selection, self._id, name)))

    def _script(self, value: str, name: str, extension: str, *, alone: bool) -> dict[str, Json]:
        file = script_file(self._stem, name, extension, alone=alone)
        if any(path.casefold() == f"{FOLDER}{file}".casefold() for path, _ in self.scripts):
            raise InvalidDocument(f"{self._where} has two scripts named {name!r}, which would be one file")
        written, data = values.write_script(self._guard.text(value, self._id, name, is_script=True), file)
        self.scripts.append((f"{FOLDER}{file}", data))
        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNode:
    """A node as its files give it, with its feeding edges still by stem: (input port, `<stem>:<port>`)."""

    members: Object
    sources: tuple[tuple[str, str], ...]


def read(written: Object, files: Mapping[str, bytes], where: str) -> ReadNode:
    """The inverse of `write`, from a parsed node file and the folder's files; raises InvalidDocument naming `where`."""
    members = put_back(written, _USUAL_NODE, where)
    node_id = text(members.get("Id"), f"{where}: Id")
    sources: list[tuple[str, str]] = []
    for name, usual in (("InputPortsInternal", _USUAL_INPUT), ("OutputPortsInternal", _USUAL_OUTPUT)):
        if members.get(name) is not None:
            ports = objects(members[name], f"{where}: {name}")
            for port in ports:
                if "Source" in port:
                    port_name = text(port.get("Name"), f"{where}: name of a port")
                    sources.append((port_name, text(port["Source"], f"{where}: Source")))
            members[name] = [
                put_back({key: value for key, value in port.items() if key != "Source"}, {**usual, "NodeId": node_id}, where) for port in ports
            ]
    if members.get("ModuleParameters") is not None:
        parameters = objects(members["ModuleParameters"], f"{where}: ModuleParameters")
        members["ModuleParameters"] = [_read_parameter(parameter, files, where) for parameter in parameters]
    return ReadNode(members=members, sources=tuple(sources))


def _read_parameter(written: Object, files: Mapping[str, bytes], where: str) -> Json:
    parameter = put_back({key: value for key, value in written.items() if key not in values.MARKERS}, _USUAL_PARAMETER, where)
    markers = {key: value for key, value in written.items() if key in values.MARKERS}
    if markers:
        if "Value" in parameter or not values.is_written(markers):
            raise InvalidDocument(f"{where}: a parameter must hold a value, a file or columns, and only one of them")
        scripts_here = {path.removeprefix(FOLDER): data for path, data in files.items() if path.startswith(FOLDER)}
        parameter["Value"] = values.read(markers, scripts_here, where)
    return parameter


def script_references(written: Object) -> list[str]:
    """The script files that a parsed node file names."""
    parameters = written.get("ModuleParameters")
    if not isinstance(parameters, list):
        return []
    return [str(unmarked["File"]) for unmarked in parameters if isinstance(unmarked, Mapping) and "File" in unmarked]


