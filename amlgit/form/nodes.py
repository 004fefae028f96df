"""One node as files: its module, its parameters, what feeds each input port; scripts beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.form import columns, scripts, values
from amlgit.form.memo import Memo
from amlgit.form.naming import script_file
from amlgit.form.pages import Block, block, leave_out, line, objects, page, put_back, text
from amlgit.form.secrets import CREDENTIAL_MEMBERS, CREDENTIAL_PARAMETERS, Guard, placeholder
from amlgit.model.jsontext import Json, Object, dumps, dumps_line

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

_LISTS = frozenset({"InputPortsInternal", "OutputPortsInternal", "ModuleParameters"})

FOLDER = "nodes/"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeForm:
    """What one node comes to: its files, the global parameters that a credential of it is linked to, its line of run.json (if it needs one)."""

    files: tuple[tuple[str, bytes], ...]
    linked_credentials: tuple[str, ...]
    run: Object


def write(node: Object, stem: str, sources: Mapping[str, str], guard: Guard, known: Memo[bytes] | None = None) -> NodeForm:
    """The files of a node; `sources` is what feeds it, by input port, as `<stem>:<port>`; `known` are lines of them without secrets."""
    writer = _NodeWriter(node, stem, guard, Memo(64) if known is None else known)
    owned = {name: value for name, value in writer.members.items() if name in OWNED_BY_RUNS}
    lists: dict[str, list[Block] | None] = {
        "InputPortsInternal": writer.ports("InputPortsInternal", _USUAL_INPUT, sources),
        "OutputPortsInternal": writer.ports("OutputPortsInternal", _USUAL_OUTPUT, {}),
        "ModuleParameters": writer.parameters(),
    }
    members: dict[str, Block] = {name: lines for name, lines in lists.items() if lines is not None}
    others = {name: value for name, value in writer.members.items() if name not in owned and name not in members}
    members.update({name: dumps_line(value) for name, value in leave_out(others, _USUAL_NODE).items()})
    run = leave_out(owned, OWNED_BY_RUNS)
    return NodeForm(
        files=((f"{FOLDER}{stem}.json", page(block(members, "Id"))), *writer.scripts),
        linked_credentials=tuple(writer.linked_credentials),
        run={"Id": node["Id"], **run} if run else {},
    )


class _NodeWriter:
    def __init__(self, node: Object, stem: str, guard: Guard, known: Memo[bytes]) -> None:
        self._id = text(node["Id"], "node id")
        self._where = f"node {self._id}"
        self._stem = stem
        self._guard = guard
        self._known = known
        self.members: Object = {name: value if name in _LISTS else guard.member(name, value, self._id) for name, value in node.items()}
        """The node with its secrets replaced, but for those of its ports and parameters."""
        self.scripts: list[tuple[str, bytes]] = []
        self.linked_credentials: list[str] = []

    def _list(self, name: str) -> list[Object] | None:
        if self.members.get(name) is None:
            return None
        return objects(self.members[name], f"{self._where}: {name}")

    def ports(self, name: str, usual: Object, sources: Mapping[str, str]) -> list[Block] | None:
        ports = self._list(name)
        if ports is None:
            return None
        usual = {**usual, "NodeId": self._id}
        lines: list[Block] = []
        for port in ports:
            port_name = text(port.get("Name"), f"{self._where}: name of a port")
            source = self._guard.text(sources[port_name], self._id, "Source") if port_name in sources else None
            key = (name, self._id, source, dumps(port))
            lines.append(self._known.get(key) or self._port(key, port, usual, source))
        return lines

    def _port(self, key: object, port: Object, usual: Object, source: str | None) -> bytes:
        before = len(self._guard.suspicions)
        written = leave_out(self._guard.members(port, self._id), usual)
        if source is not None:
            written["Source"] = source
        return self._remembered(key, line(written, "Name"), before)

    def _remembered(self, key: object, text: bytes, suspicions: int) -> bytes:
        # what was replaced or suspected here may be decided otherwise elsewhere
        is_untouched = len(self._guard.suspicions) == suspicions and b"${secret:" not in text
        return self._known.put(key, text) if is_untouched else text

    def parameters(self) -> list[Block] | None:
        parameters = self._list("ModuleParameters")
        if parameters is None:
            return None
        module_id = text(self.members.get("ModuleId"), f"{self._where}: ModuleId")
        names = [text(parameter.get("Name"), f"{self._where}: name of a parameter") for parameter in parameters]
        extensions = [
            scripts.extension(module_id, name) if isinstance(parameter.get("Value"), str) else None
            for name, parameter in zip(names, parameters, strict=True)
        ]
        alone = sum(extension is not None for extension in extensions) == 1
        lines: list[Block] = []
        for name, parameter, extension in zip(names, parameters, extensions, strict=True):
            if self._is_credential(parameter, name):
                linked = parameter.get("LinkedGlobalParameter")
                self.linked_credentials += [linked] if isinstance(linked, str) else []
                lines.append(self._credential(parameter, name))
            elif extension is not None:
                written = leave_out(self._protected(parameter, name, but="Value"), _USUAL_PARAMETER)
                written.update(self._script(str(written.pop("Value")), name, extension, alone=alone))
                lines.append(line(written, "Name"))
            else:
                key = dumps(parameter)
                lines.append(self._known.get(key) or self._plain(key, parameter, name))
        return lines

    @staticmethod
    def _is_credential(parameter: Object, name: str) -> bool:
        return name.casefold() in CREDENTIAL_PARAMETERS or parameter.get("ValueType") == "PlaceHolder" or parameter.get("IsSensitiveField") is True

    def _protected(self, parameter: Object, name: str, but: str = "") -> dict[str, Json]:
        """A parameter with its secrets replaced, those of one member excepted."""
        return {
            member: value
            if member == but
            else self._guard.field(value, member)
            if member.casefold() in CREDENTIAL_MEMBERS
            else self._guard.value(value, self._id, name)
            for member, value in parameter.items()
        }

    def _credential(self, parameter: Object, name: str) -> bytes:
        protected = self._protected(parameter, name, but="Value")
        if "Value" in protected:
            protected["Value"] = self._guard.field(protected["Value"], name)
        return line(leave_out(protected, _USUAL_PARAMETER), "Name")

    def _plain(self, key: bytes, parameter: Object, name: str) -> bytes:
        before = len(self._guard.suspicions)
        protected = self._protected(parameter, name)
        written = leave_out(protected, _USUAL_PARAMETER)
        value = written.get("Value")
        selection = columns.decode(value) if isinstance(value, str) else None
        if selection is not None and b"{secret:" not in dumps(selection.selection):
            del written["Value"]
            is_clean = dumps(self._guard.value(selection.selection, self._id, name)) == dumps(selection.selection)
            written.update(values.write_columns(selection) if is_clean else {"Value": placeholder("column selection")})
        elif isinstance(value, str):
            written["Value"] = self._guard.named(value, self._id, name)
        return self._remembered(key, line(written, "Name", as_is="Columns"), before)

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
        parameter["Value"] = values.read(markers, lambda file: files.get(f"{FOLDER}{file}"), where)
    return parameter
