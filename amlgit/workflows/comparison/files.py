"""`diff --no-index` of two files anywhere: exports, definitions, pages, scripts."""

import os
from dataclasses import replace
from pathlib import Path

from amlgit.compare.changes import Change, ChangeClass, Diff, Edit, Kind, What
from amlgit.errors import InvalidDocument, StorageFailed, UsageError
from amlgit.form import nodes, protect
from amlgit.form.experiments import parse
from amlgit.form.scripts import SUFFIXES
from amlgit.form.webservices import DEFINITION
from amlgit.model import experiments, webservices
from amlgit.model.jsontext import MAX_BYTES, Json, Object, dumps_pretty, loads, same
from amlgit.store import chains
from amlgit.workflows.comparison.comparing import FILE, Compared, compared, status
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.versions.documents import Joined, of_content


def is_nothing(side: Path) -> bool:
    """Whether a side stands for no file, as git says it."""
    return str(side) == os.devnull


def files(old: Path, new: Path, *, whole: bool = False) -> Compared:
    """What changed from one file to another; one that is not there is added or removed. `whole` as in `diff_no_index`."""
    present = [not is_nothing(side) and side.exists() and not side.is_dir() for side in (old, new)]
    datas = [read(side) if is_there else b"" for side, is_there in zip((old, new), present, strict=True)]
    values = [_json(side, data, whole=whole) if is_there else None for side, data, is_there in zip((old, new), datas, present, strict=True)]
    sides = [_document(side, value, data) for side, value, data in zip((old, new), values, datas, strict=True)]
    if not any(is_there and side is None for is_there, side in zip(present, sides, strict=True)):
        try:
            found = compared(sides[0], sides[1], str(old), str(new), {})
        except InvalidDocument as error:
            raise InvalidDocument(f"{old} or {new}: {error}", hint=error.hint) from error
        return replace(without_secrets(found), status=status(*present, differs=bool(found.diff.changes)))
    change = _texts(old if is_nothing(new) else new, datas, values)
    return Compared(
        kind=FILE,
        status=status(*present, differs=change is not None),
        title=new.name,
        old_name=str(old),
        new_name=str(new),
        diff=Diff(changes=(change,) if change else (), recreated={}),
        old=None,
        new=None,
        assets={},
    )


def read(path: Path) -> bytes:
    """A file's content; raises InvalidDocument for one that is too large to be ours."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise StorageFailed(f"{path} can't be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise InvalidDocument(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    return data


def _json(path: Path, data: bytes, *, whole: bool) -> Json:
    """What a file holds as JSON, an export's statuses only as a `whole`; None for one that is no JSON and need not be."""
    if path.suffix in SUFFIXES:
        return None
    found = None if whole else _without_statuses(data)
    try:
        return loads(data) if found is None else found.document
    except InvalidDocument as error:
        if path.suffix != ".json" and not data.lstrip().startswith(b"{"):
            return None
        raise InvalidDocument(f"{path}: {error}", hint=error.hint) from error


def _without_statuses(data: bytes) -> experiments.WithoutStatuses | None:
    try:
        return experiments.without_statuses(data)
    except InvalidDocument:
        return None  # a parse of the whole text tells the place


def _document(path: Path, value: Json, data: bytes) -> Joined | None:
    """An export, a definition or one node's page as a document; None for a file that is none of them."""
    if not isinstance(value, dict):
        return None
    if experiments.is_experiment(value) or _is_graph(value):
        return Joined(kind=chains.EXPERIMENT, document=value)
    if path.name == DEFINITION:
        return Joined(kind=chains.WEB_SERVICE, document=of_content(str(path.parent), chains.WEB_SERVICE, _AnyScript({DEFINITION: data})).document)
    if webservices.is_definition(value):
        return Joined(kind=chains.WEB_SERVICE, document=value)
    if "Id" in value and "ModuleId" in value:
        return Joined(kind=chains.EXPERIMENT, document=_one_node(path, data))
    return None


def _is_graph(value: Object) -> bool:
    """Whether it is an export without an id, as tools write that make a copy."""
    graph = value.get("Graph")
    return isinstance(graph, dict) and isinstance(graph.get("ModuleNodes"), list)


class _AnyScript(dict[str, bytes]):
    """Scripts are files of their own: each stands for itself by its name."""

    def get(self, path: str, default: object = None) -> bytes:
        return self[path] if path in self else path.encode()


def _one_node(path: Path, data: bytes) -> Object:
    """A graph of the one node that a page holds, fed as the page says."""
    read_node = nodes.read(parse(path.name, data), _AnyScript(), path.name)
    edges: list[Json] = [
        {"DestinationInputPortId": f"{read_node.members['Id']}:{port}", "DestinationInputPortIndex": None, "SourceOutputPortId": source}
        for port, source in read_node.sources
    ]
    return {"Graph": {"ModuleNodes": [read_node.members], "EdgesInternal": edges}}


def read_export(path: Path) -> experiments.WithoutStatuses:
    """An export; raises UsageError for another file, InvalidDocument for one that can't be read."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    data = read(path)
    known = _without_statuses(data)
    if known is not None:
        return known
    found = _document(path, _json(path, data, whole=True), data)
    if found is None or found.kind != chains.EXPERIMENT:
        raise UsageError(f"{path} is no export of an experiment")
    return experiments.WithoutStatuses(found.document, b"")


# --- any other file


def _texts(path: Path, datas: list[bytes], values: list[Json]) -> Change | None:
    """What changed in a file that is no document of ours: the lines of a text, or that a binary file is another."""
    if datas[0] == datas[1]:
        return None
    texts = [_text(data, value) for data, value in zip(datas, values, strict=True)]
    is_text = None not in texts
    old, new = texts if is_text else (f"binary, {len(data):,} bytes" for data in datas)
    return Change(
        change_class=ChangeClass.SCRIPT if path.suffix in SUFFIXES else ChangeClass.METADATA,
        what=What.SCRIPT if is_text else What.FIELD,
        kind=Kind.CHANGED,
        node=None,
        path=(),
        old=old,
        new=new,
        edits=(Edit(path=(), old=old, new=new),),
    )


def _text(data: bytes, value: Json) -> str | None:
    """A text without its secrets, JSON as it is written where it has none, else written anew; None for what is no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if "\0" in text:
        return None
    if not isinstance(value, dict | list):
        return protect.protected_text(text)
    shown = protect.protected(value)
    return text if same(shown, value) else dumps_pretty(shown).decode()
