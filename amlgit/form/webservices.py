"""A web service definition as files, and back: what people own in `definition.json`, what the service owns in `run.json`.

Content and run together hold every member of the definition in its spelling, secrets excepted; only scripts are files of their own.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.form import columns, scripts, secrets, values
from amlgit.form.experiments import RUN, Form, parse
from amlgit.form.naming import safe, script_file
from amlgit.form.pages import Block, leave_out, line, mark_foreign, object_, objects, own_name, page, put_back
from amlgit.form.secrets import CREDENTIAL_PARAMETERS, Decisions, Guard
from amlgit.model.jsontext import Json, Object, dumps, dumps_line, dumps_sorted, printable
from amlgit.model.webservices import credentials, double_member, is_encrypted, member, module_id

DEFINITION = "definition.json"

RUN_MEMBERS = frozenset({"id", "type"})
"""Members at the top that the service sets, case-folded."""

RUN_PROPERTIES = frozenset({"createdon", "modifiedon", "payloadslocation", "provisioningstate", "swaggerlocation"})
"""Members of `properties` that the service sets, case-folded."""

_CREDENTIALS: Mapping[str, Mapping[str, str]] = {
    "keys": {"primary": "keys.primary", "secondary": "keys.secondary"},
    "locationinfo": {"credentials": "locationInfo.credentials"},
    "payloadslocation": {"credentials": "payloadsLocation.credentials"},
    "storageaccount": {"key": "storageAccount.key"},
}
"""Objects with members that hold a credential, both case-folded, and what the placeholder calls it (protocol, section 11)."""

_THUMBPRINTS = {"value": "certificateThumbprint", "Value": "CertificateThumbprint"}
"""How a parameter spells the thumbprint beside its value; empty, as nearly always, it goes unsaid."""


def split(document: Object, family: str, decisions: Decisions) -> Form:
    """The form of a definition; raises InvalidDocument, naming the member, for what the form can't hold."""
    if b"{secret:" in dumps(document):
        document = object_(secrets.escape(document), "a definition")
    return split_protected(document, family, decisions)


def split_protected(document: Object, family: str, decisions: Decisions) -> Form:
    """The form of what `join` gave back: placeholders in it are ours."""
    content, run = _divide(document)
    guard = Guard(family, decisions)
    writer = _Writer(content, guard)
    definition = page(writer.definition(content))
    run_page = page(writer.run(run))
    return Form(content={DEFINITION: definition, **writer.scripts}, run=run_page, members=document, suspicions=tuple(guard.suspicions))


def _divide(document: Object) -> tuple[Object, Object]:
    """What people own, and what the service does."""
    content: dict[str, Json] = {}
    run: dict[str, Json] = {}
    for name, value in _fixed(document, "the definition").items():
        if name.casefold() == "properties":
            properties = _fixed(value, name)
            content[name] = {key: inner for key, inner in properties.items() if key.casefold() not in RUN_PROPERTIES}
            owned = {key: inner for key, inner in properties.items() if key.casefold() in RUN_PROPERTIES}
            run.update({name: owned} if owned else {})
        else:
            (run if name.casefold() in RUN_MEMBERS else content)[name] = value
    object_(member(content, "properties"), "properties")
    return content, run


def _fixed(value: Json, where: str) -> Object:
    """An object with members of the service's naming, none of them twice in different case."""
    members = object_(value, where)
    doubles = double_member(members)
    if doubles is not None:
        raise InvalidDocument(f"{where} holds both {doubles[0]!r} and {doubles[1]!r}, which are one member to the service")
    return members


class _Owner(NamedTuple):
    """Whose parameters these are, and which of them hold a credential; the service's own have no stem and no module."""

    node: str
    stem: str
    module: str
    credentials: frozenset[str]


class _Writer:
    def __init__(self, content: Object, guard: Guard) -> None:
        properties = member(content, "properties")
        self._guard = guard
        self._assets = member(properties, "assets")
        self._credentials = credentials(properties, CREDENTIAL_PARAMETERS)
        self._stems = _stems(member(member(properties, "package"), "nodes"))
        self.scripts: dict[str, bytes] = {}

    def definition(self, content: Object) -> Block:
        return _block(content, "the definition", self._top)

    def run(self, run: Object) -> Block:
        return _block(run, "the definition", self._run_top)

    def _line(self, value: Json, node: str, name: str) -> bytes:
        return dumps_line(self._guard.value(value, node, name))

    def _lines(self, value: Json, where: str, node: str) -> Block:
        if value is None:
            return b"null"
        if not isinstance(value, list):
            raise InvalidDocument(f"{where} must be a list")
        return [self._line(entry, node, where) for entry in value]

    def _with_credentials(self, name: str, value: Json, node: str) -> bytes:
        if value is None:
            return b"null"
        fields = _CREDENTIALS[name.casefold()]
        written = {
            key: self._guard.field(inner, fields[key.casefold()]) if key.casefold() in fields else self._guard.value(inner, node, key)
            for key, inner in object_(value, f"{node}: {name}").items()
        }
        return dumps_line(written)

    def _top(self, name: str, value: Json) -> Block:
        match name.casefold():
            case "properties":
                return _block(value, name, self._property)
            case "tags":
                return _block(value, name, lambda key, inner: self._line(inner, "tags", key))
        return self._line(value, "definition", name)

    def _run_top(self, name: str, value: Json) -> Block:
        return _block(value, name, self._property) if name.casefold() == "properties" else self._line(value, "run", name)

    def _property(self, name: str, value: Json) -> Block:
        folded = name.casefold()
        if folded in _CREDENTIALS:
            return self._with_credentials(name, value, "definition")
        match folded:
            case "assets":
                return _block(value, name, self._asset)
            case "examplerequest" | "package":
                return _block(_optional(value, name), name, self._package if folded == "package" else self._example)
            case "input" | "output":
                return self._tables(name, value)
            case "parameters":
                return self._parameters(_Owner("definition", "", "", self._credentials.of_service), value, name)
        return self._line(value, "definition", name)

    def _asset(self, key: str, asset: Json) -> Block:
        def write(name: str, value: Json) -> Block:
            if name.casefold() == "locationinfo":
                return self._with_credentials(name, value, key)
            return self._lines(value, name, key) if isinstance(value, list) else self._line(value, key, name)

        return _block(_optional(asset, f"asset {printable(key)}"), key, write, first="name")

    def _tables(self, side: str, value: Json) -> Block:
        """`input` or `output`: a table each, whose columns stand in their order."""

        def column(name: str, value: Json) -> Block:
            written = self._guard.value(value, side, name)
            if not isinstance(written, Mapping):
                return dumps_line(written)
            return line(written, next((key for key in written if key.casefold() == "type"), ""))

        def table(name: str, value: Json) -> Block:
            return self._schema(value, f"{side}: {printable(name)}", column, keep_order=True)

        return self._schema(value, side, table)

    def _schema(self, value: Json, where: str, write: Callable[[str, Json], Block], *, keep_order: bool = False) -> Block:
        def inner(name: str, value: Json) -> Block:
            if name.casefold() == "properties":
                return _block(value, f"{where}.{name}", write, keep_order=keep_order)
            return self._line(value, where, name)

        return _block(_optional(value, where), where, inner)

    def _example(self, name: str, value: Json) -> Block:
        def parameter(name: str, value: Json) -> Block:
            is_credential = name.casefold() in self._credentials.of_service
            return dumps_line(self._guard.field(value, name)) if is_credential else self._line(value, "exampleRequest", name)

        match name.casefold():
            case "inputs":
                return _block(value, "exampleRequest.inputs", lambda key, rows: self._lines(rows, f"exampleRequest.inputs.{key}", "exampleRequest"))
            case "globalparameters":
                return _block(value, "exampleRequest.globalParameters", parameter)
        return self._line(value, "exampleRequest", name)

    def _package(self, name: str, value: Json) -> Block:
        match name.casefold():
            case "nodes":
                return _block(value, name, self._node)
            case "edges":
                return b"null" if value is None else sorted(self._line(edge, "definition", name) for edge in objects(value, name))
            case "graphparameters":
                return _block(value, name, self._graph_parameter)
        return self._line(value, "definition", name)

    def _graph_parameter(self, name: str, value: Json) -> Block:
        where = f"graph parameter {printable(name)}"
        written: dict[str, Json] = {}
        for key, inner in _fixed(value, where).items():
            is_value = key.casefold() in ("value", "defaultvalue")
            if is_value and name.casefold() in self._credentials.of_service:
                written[key] = self._guard.field(inner, name)
                continue
            written[key] = guarded = self._guard.value(inner, "definition", name)
            if is_value and isinstance(guarded, str) and not is_encrypted(value):
                written[key] = self._guard.named(guarded, "definition", name)
            if key.casefold() == "links" and inner is not None:
                written[key] = sorted(objects(written[key], f"{where}: {key}"), key=dumps_sorted)
        return dumps_line(written)

    def _node(self, key: str, node: Json) -> Block:
        where = f"node {printable(key)}"
        asset = self._assets.get(str(member(node, "assetId"))) if isinstance(self._assets, Mapping) else None
        owner = _Owner(key, self._stems[key], module_id(asset) or "", self._credentials.of_node(key))

        def write(name: str, value: Json) -> Block:
            return self._parameters(owner, value, f"{where}: {name}") if name.casefold() == "parameters" else self._line(value, key, name)

        return _block(_fixed(node, where), where, write)

    def _parameters(self, owner: _Owner, value: Json, where: str) -> Block:
        return _ParameterWriter(owner, self.scripts, self._guard).write(value, where)


def _optional(value: Json, where: str) -> Json:
    return None if value is None else _fixed(value, where)


def _block(value: Json, where: str, write: Callable[[str, Json], Block], *, first: str = "", keep_order: bool = False) -> Block:
    """An object with each member as `write` has it, sorted unless their order is data."""
    if value is None:
        return b"null"
    members = object_(value, where)
    names = list(members) if keep_order else sorted(members, key=lambda name: (name.casefold() != first, name))
    return {name: write(name, members[name]) for name in names}


def _stems(nodes: Json) -> Mapping[str, str]:
    """Node → file stem; nodes whose safe names would be one file both carry a hash of their own name."""
    names = {node: safe(node) for node in nodes} if isinstance(nodes, Mapping) else {}
    taken = Counter(name.casefold() for name in names.values())
    digests = {node: hashlib.sha256(node.encode()).hexdigest()[:12] for node in names}
    return {node: name if taken[name.casefold()] == 1 else f"{name} {digests[node]}" for node, name in names.items()}


class _ParameterWriter:
    """Writes the parameters of a node or of the service: a line each, scripts into `files`."""

    def __init__(self, owner: _Owner, files: dict[str, bytes], guard: Guard) -> None:
        self._owner = owner
        self._files = files
        self._guard = guard
        self._is_alone = True

    def write(self, value: Json, where: str) -> Block:
        parameters = value if isinstance(value, Mapping) else {}
        self._is_alone = sum(self._extension(name, parameter) is not None for name, parameter in parameters.items()) == 1
        return _block(value, where, self._parameter)

    def _extension(self, name: str, parameter: Json) -> str | None:
        value = member(parameter, "value") if isinstance(parameter, Mapping) else parameter
        if not isinstance(value, str) or name.casefold() in self._owner.credentials or is_encrypted(parameter):
            return None
        return scripts.extension(self._owner.module, name)

    def _parameter(self, name: str, parameter: Json) -> Block:
        is_ciphertext = is_encrypted(parameter)
        is_credential = name.casefold() in self._owner.credentials and not is_ciphertext
        extension = self._extension(name, parameter)
        if not isinstance(parameter, Mapping):
            return self._value(parameter, name, extension, is_credential=is_credential)
        written = leave_out(_fixed(parameter, f"{self._owner.node}: parameter {printable(name)}"), _usual(parameter))
        pieces = {
            key: self._value(value, name, extension, is_credential=is_credential, is_ciphertext=is_ciphertext)
            if key.casefold() == "value"
            else dumps_line(self._guard.value(value, self._owner.node, name))
            for key, value in written.items()
        }
        keys = sorted(pieces, key=lambda key: (key.casefold() != "value", key))
        return b"{" + b", ".join(dumps(key) + b": " + pieces[key] for key in keys) + b"}"

    def _value(self, value: Json, name: str, extension: str | None, *, is_credential: bool, is_ciphertext: bool = False) -> bytes:
        if is_credential:
            return dumps_line(self._guard.field(value, name))
        if isinstance(value, Mapping):
            value = {mark_foreign(key): inner for key, inner in value.items()}
        if not isinstance(value, str):
            return dumps_line(self._guard.value(value, self._owner.node, name))
        if extension is not None:
            return line(self._script(value, name, extension), "File")
        selection = columns.decode(value)
        if selection is None:
            guarded_text = self._guard.text(value, self._owner.node, name)
            return dumps_line(guarded_text if is_ciphertext else self._guard.named(guarded_text, self._owner.node, name))
        guarded = self._guard.value(selection.selection, self._owner.node, name)
        return line(values.write_columns(selection._replace(selection=guarded)), "Columns", as_is="Columns")

    def _script(self, value: str, name: str, extension: str) -> Object:
        file = script_file(self._owner.stem, name, extension, alone=self._is_alone)
        if any(path.casefold() == file.casefold() for path in self._files):
            raise InvalidDocument(f"node {printable(self._owner.node)}: its script {file!r} would be one file with another script")
        written, self._files[file] = values.write_script(self._guard.text(value, self._owner.node, name, is_script=True), file)
        return written


def _usual(parameter: Object) -> Object:
    return {thumbprint: "" for value, thumbprint in _THUMBPRINTS.items() if value in parameter}


def join(content: Mapping[str, bytes], run: bytes | None = None) -> Object:
    """The definition that content and run came from, placeholders in place of secrets (see `secrets.unescape`).

    Without `run` it holds what people own. Raises InvalidDocument, naming the file, where the files contradict each other.
    """
    if DEFINITION not in content:
        raise InvalidDocument(f"{DEFINITION} is missing", hint="A web service's folder needs it; bring it back from git.")

    def read(value: Json, where: str) -> Json:
        return _read_parameter(value, content, where)

    document = parse(DEFINITION, content[DEFINITION])
    object_(member(document, "properties"), f"{DEFINITION}: properties")
    document = _at(document, ("properties", "parameters", "*"), read, f"{DEFINITION}: ")
    document = _at(document, ("properties", "package", "nodes", "*", "parameters", "*"), read, f"{DEFINITION}: ")
    return document if run is None else _with_run(document, parse(RUN, run))


def _at(members: Object, path: tuple[str, ...], change: Callable[[Json, str], Json], where: str) -> Object:
    """`members` with `change` made to what stands at `path`, where `*` is any member; what is null or missing is passed over."""
    changed: dict[str, Json] = dict(members)
    for name, value in members.items():
        if path[0] not in ("*", name.casefold()):
            continue
        here = f"{where}{printable(name)}"
        if len(path) == 1:
            changed[name] = change(value, here)
        elif value is not None:
            changed[name] = _at(object_(value, here), path[1:], change, f"{here}.")
    return changed


def _with_run(document: Object, run: Object) -> Object:
    joined: dict[str, Json] = dict(document)
    for name, value in run.items():
        if name.casefold() == "properties":
            spelling = next(spelling for spelling in document if spelling.casefold() == "properties")
            joined[spelling] = {**object_(document[spelling], spelling), **object_(value, f"{RUN}: {name}")}
        else:
            joined[name] = value
    return joined


def _read_parameter(written: Json, files: Mapping[str, bytes], where: str) -> Json:
    if not isinstance(written, Mapping) or values.is_written(written):
        return _read_value(written, files, where)
    parameter = put_back(written, _usual(written), where)
    return {key: _read_value(value, files, where) if key.casefold() == "value" else value for key, value in parameter.items()}


def _read_value(written: Json, files: Mapping[str, bytes], where: str) -> Json:
    if not isinstance(written, Mapping):
        return written
    if not values.is_written(written):
        return {own_name(key): value for key, value in written.items()}
    return values.read(written, lambda file: None if file == DEFINITION else files.get(file), where)
