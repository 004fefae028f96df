"""Whole documents from what git holds: of a version in the record, of a folder."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from amlgit.errors import InvalidDocument, UsageError
from amlgit.form import experiments
from amlgit.form.companions import ASSETS, read_names
from amlgit.model import assets
from amlgit.model.assets import Asset
from amlgit.model.jsontext import Json, Object, dumps
from amlgit.store import chains
from amlgit.store.folders import Folder, is_content
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A document and what kind it is of (`chains.EXPERIMENT` or `chains.WEB_SERVICE`); placeholders stand for its secrets."""

    kind: str
    document: Object


_DRAFT: Mapping[str, Json] = {"Category": "user", "IsLeaf": True, "NodeStatuses": [], "ParentExperimentId": None, "RunId": None}
"""What the public importer and the service's clients expect of any experiment (protocol of the public clients)."""


def as_draft(found: Joined, experiment: str) -> Joined:
    """What people own of an experiment with what makes an export of it that can be imported; `experiment` is its id."""
    if found.kind != chains.EXPERIMENT:
        return found
    return replace(found, document={"ExperimentId": experiment, **_DRAFT, **found.document})


def of_version(repository: Repository, commit: str, *, with_run: bool = True) -> Joined:
    """The export that a commit of a chain holds: all of it, or what people own."""
    files = repository.tree(commit)
    contents = repository.blobs(object_id for _, object_id in files.values())
    kind = chains.EXPERIMENT if any(path.startswith(f"{chains.EXPERIMENT}/") for path in files) else chains.WEB_SERVICE
    content = {path.removeprefix(f"{kind}/"): contents[object_id] for path, (_, object_id) in files.items() if path.startswith(f"{kind}/")}
    run = contents[files[chains.RUN_FILE][1]] if with_run and chains.RUN_FILE in files else None
    return Joined(kind=kind, document=_join(kind, content, run))


def of_folder(folder: FolderFiles) -> Joined:
    """What people own of an experiment or service, from its folder; raises InvalidDocument, naming the file."""
    content = {path: data for path, data in folder.files.items() if is_content(path.partition("/")[0], folder.kind)}
    return of_content(folder.path, folder.kind, content)


def of_content(path: str, kind: str, content: Mapping[str, bytes], run: bytes | None = None, *, may_dangle: bool = False) -> Joined:
    """The same from the content of a folder that lies at `path`, and what the service owns; `may_dangle` as in `experiments.join`."""
    try:
        return Joined(kind=kind, document=_join(kind, content, run, may_dangle=may_dangle))
    except InvalidDocument as error:
        raise InvalidDocument(f"{path}/{error}", hint=error.hint) from error


def read_folder(folder: Path, kind: str) -> dict[str, bytes]:
    """The content of a folder in the work tree; raises InvalidDocument for what is no regular file."""
    content: dict[str, bytes] = {}
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", hint="Bring it back with 'git checkout', or name a version: EXPERIMENT@N.")
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if not is_content(relative.parts[0], kind) or (path.is_dir() and not path.is_symlink()):
            continue
        if path.is_symlink() or not path.is_file():
            raise InvalidDocument(f"{relative.as_posix()} is no regular file")
        content[relative.as_posix()] = path.read_bytes()
    return content


def _join(kind: str, content: Mapping[str, bytes], run: bytes | None, *, may_dangle: bool = False) -> Object:
    if kind == chains.EXPERIMENT:
        return experiments.join(content, run, may_dangle=may_dangle)
    from amlgit.form import webservices

    return webservices.join(content, run)


def asset_names(repository: Repository, folder: Folder | None) -> dict[str, str]:
    """The names of assets as the folder's assets.json has them now: for older versions too, for families keep their names."""
    if folder is None or repository.work_tree is None:
        return {}
    path = repository.work_tree / folder.path / ASSETS
    return read_names(path.read_bytes(), f"{folder.path}/{ASSETS}") if path.is_file() else {}


def node_assets(path: str, data: bytes) -> frozenset[Asset]:
    """What a node's file refers to; nothing where it can't be read."""
    seen = assets.peek(data)
    if seen is not None:
        return seen
    try:
        return frozenset(assets.of_node(experiments.parse(path, data)))
    except InvalidDocument:
        return frozenset()


_DATE_BEGIN, _DATE_END = re.compile(rb'"/Date\('), re.compile(rb'\)/"')


def wire(document: Json) -> bytes:
    """The service's own spelling: one line, dates with escaped slashes."""
    return _dates(dumps(document))


def wire_with(document: Object, statuses: bytes) -> bytes:
    """The same of an export whose node statuses are still the text that they came in."""
    return _dates(dumps(document)[:-1]) + b',"NodeStatuses":' + statuses + b"}"


def _dates(text: bytes) -> bytes:
    return _DATE_END.sub(rb')\\/"', _DATE_BEGIN.sub(rb'"\\/Date(', text))  # on large texts faster than `bytes.replace`
