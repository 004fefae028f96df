"""`diff --no-index`: what changed between two files or folders anywhere, without a repository; as `git difftool` asks for it too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from amlgit.compare.changes import Change, ChangeClass, Diff, Edit, Kind, What
from amlgit.errors import InvalidDocument, StorageFailed, UsageError
from amlgit.form import nodes, protect
from amlgit.form.experiments import EXPERIMENT, parse
from amlgit.form.webservices import DEFINITION
from amlgit.model import experiments, webservices
from amlgit.model.jsontext import MAX_BYTES, Json, Object, loads
from amlgit.store import chains
from amlgit.workflows.diff import Compared, DiffReport, compared
from amlgit.workflows.documents import Joined, of_content
from amlgit.workflows.export import read_folder

_SCRIPTS = (".py", ".R", ".sql", ".txt")


def diff_files(old: Path, new: Path) -> DiffReport:
    """What changed between two exports, definitions, folders, or single files of a folder; what may be a secret is replaced in it.

    Raises UsageError where one is missing or is nothing of ours, InvalidDocument naming the file where it can't be read.
    """
    return DiffReport(old=str(old), new=str(new), compared=tuple(_compared(old, new)))


def _compared(old: Path, new: Path) -> Iterator[Compared]:
    for side in (old, new):
        if not side.exists():
            raise UsageError(f"there is no {side}")
    if old.is_dir() != new.is_dir() and not any(_is_nothing(side) for side in (old, new)):
        raise UsageError(f"{old} and {new}: one is a folder, the other a file")
    if not old.is_dir() and not new.is_dir():
        yield _files(old, new)
        return
    kinds = [_folder_kind(side) for side in (old, new)]
    if all(kinds):
        one, other = (of_content(str(side), str(kind), read_folder(side, str(kind))) for side, kind in zip((old, new), kinds, strict=True))
        yield compared(one, other, str(old), str(new), {})
        return
    # the folders of `git difftool --dir-diff` hold only the files that differ
    for path in sorted({path.relative_to(side) for side in (old, new) for path in side.rglob("*") if path.is_file()}):
        found = _files(old / path, new / path)
        if found.diff.changes:
            yield replace(found, title=path.as_posix(), old_name=path.as_posix(), new_name=path.as_posix())


def _is_nothing(side: Path) -> bool:
    return str(side) == "/dev/null"


def _folder_kind(folder: Path) -> str | None:
    if (folder / EXPERIMENT).is_file():
        return chains.EXPERIMENT
    return chains.WEB_SERVICE if (folder / DEFINITION).is_file() else None


def _files(old: Path, new: Path) -> Compared:
    texts = [_read(side) for side in (old, new)]
    sides = [_document(side, data) if data else None for side, data in zip((old, new), texts, strict=True)]
    if not any(data and side is None for data, side in zip(texts, sides, strict=True)):
        try:
            return _masked(compared(sides[0], sides[1], str(old), str(new), {}))
        except InvalidDocument as error:
            raise InvalidDocument(f"{old} or {new}: {error}", hint=error.hint) from error
    return _texts(old, new, texts[0], texts[1])


def _read(path: Path) -> bytes:
    """A file's content; nothing where a side of a difftool is missing."""
    if _is_nothing(path) or not path.exists():
        return b""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InvalidDocument(f"{path}: larger than {MAX_BYTES >> 20} MiB")
        return path.read_bytes()
    except OSError as error:
        raise StorageFailed(f"{path} can't be read: {error.strerror}") from error


def _document(path: Path, data: bytes) -> Joined | None:
    """An export, a definition or one node's page as a document; None for a file that is none of them."""
    if path.suffix in _SCRIPTS:
        return None
    try:
        value = loads(data)
    except InvalidDocument as error:
        raise InvalidDocument(f"{path}: {error}", hint=error.hint) from error
    if not isinstance(value, dict):
        return None
    if experiments.is_experiment(value) or _is_graph(value):
        return Joined(kind=chains.EXPERIMENT, document=value)
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

    def __missing__(self, path: str) -> bytes:
        return path.encode()

    def get(self, path: str, default: object = None) -> bytes:
        return self[path]


def _one_node(path: Path, data: bytes) -> Object:
    """A graph of the one node that a page holds, fed as the page says."""
    read = nodes.read(parse(path.name, data), _AnyScript(), path.name)
    edges: list[Json] = [
        {"DestinationInputPortId": f"{read.members['Id']}:{port}", "DestinationInputPortIndex": None, "SourceOutputPortId": source}
        for port, source in read.sources
    ]
    return {"Graph": {"ModuleNodes": [read.members], "EdgesInternal": edges}}


def read_export(path: Path) -> Object:
    """An export's document; raises UsageError for another file, InvalidDocument for one that can't be read."""
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    found = _document(path, _read(path))
    if found is None or found.kind != chains.EXPERIMENT:
        raise UsageError(f"{path} is no export of an experiment")
    return found.document


def _texts(old: Path, new: Path, one: bytes, other: bytes) -> Compared:
    """Any other text, line by line."""
    try:
        before, after = (str(protect.protected(data.decode())) for data in (one, other))
    except UnicodeDecodeError as error:
        raise UsageError(f"{old} or {new} is no text") from error
    path = (new.name,)
    edits = (Edit(path=path, old=before, new=after),)
    change = Change(change_class=ChangeClass.SCRIPT, what=What.SCRIPT, kind=Kind.CHANGED, node=None, path=path, old=before, new=after, edits=edits)
    found = Diff(changes=(change,) if one != other else (), recreated={})
    return Compared(kind="file", title=new.name, old_name=str(old), new_name=str(new), diff=found, old=None, new=None, assets={})


def _masked(entry: Compared) -> Compared:
    """The same without secrets in what is shown of it."""
    if not entry.diff.changes or entry.kind != chains.EXPERIMENT:
        changes = tuple(_masked_change(change, frozenset()) for change in entry.diff.changes)
    else:
        linked = protect.credentials(entry.old or {}) | protect.credentials(entry.new or {})
        changes = tuple(_masked_change(change, linked) for change in entry.diff.changes)
    return replace(entry, diff=replace(entry.diff, changes=changes))


def _masked_change(change: Change, linked: frozenset[str]) -> Change:
    if change.path[-1:] == ("Value",) and len(change.path) > 1:
        old, new = (protect.protected_parameter(change.path[-2], side, linked) for side in (change.old, change.new))
    else:
        old, new = (protect.protected(side, linked) for side in (change.old, change.new))
    return replace(change, old=old, new=new)


def file_patch(entry: Compared) -> list[Object]:
    """The operations that turn the old file's document into the new one's, secrets replaced in both."""
    from amlgit.compare.patch import json_patch

    linked = protect.credentials(entry.old or {}) | protect.credentials(entry.new or {})
    return json_patch(*(protect.protected(side, linked) if side is not None else None for side in (entry.old, entry.new)))
