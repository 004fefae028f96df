"""`check --remote`: whether a workspace has what the experiments of the work tree refer to; nothing is written anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from amlgit.config import Remote
from amlgit.errors import InvalidDocument
from amlgit.form.companions import ASSETS, SYNC, read_names, read_sync
from amlgit.form.naming import stems
from amlgit.form.nodes import FOLDER
from amlgit.form.remapping import remapped
from amlgit.model.jsontext import Object, dumps
from amlgit.model.references import Lacking, references
from amlgit.review.findings import Finding, line_of, ordered
from amlgit.store import chains
from amlgit.store.repository import Repository
from amlgit.store.sources import FolderFiles, WorkTree
from amlgit.workflows.check import CheckReport, is_wanted, shown
from amlgit.workflows.versions.documents import of_folder
from amlgit.workflows.workspaces.asset_check import Shelves
from amlgit.workflows.workspaces.connect import connect


def check_remote(repository: Repository, remote: Remote, paths: Sequence[str]) -> CheckReport:
    """The references that lead nowhere in a workspace, by folder, file and line; raises InvalidDocument for a folder that can't be read.

    Where no paths are named, folders that are not bound to that workspace are passed over: nobody said that they have to run there.
    """
    found: list[Finding] = []
    passed_over: list[str] = []
    checked = 0
    with connect(repository, remote) as studio:
        shelves = Shelves.of(studio)
        for folder in WorkTree(repository).folders(lambda path: is_wanted(path, paths)):
            if folder.kind != chains.EXPERIMENT or not any(path.startswith(FOLDER) for path in folder.files):
                continue
            if not paths and not _is_bound(folder, remote):
                passed_over.append(folder.path)
                continue
            checked += 1
            found += _folder(folder, shelves, remote)
    return CheckReport(checked=checked, findings=ordered(shown(finding) for finding in found), passed_over=tuple(passed_over))


def _is_bound(folder: FolderFiles, remote: Remote) -> bool:
    return SYNC in folder.files and remote.name in read_sync(folder.files[SYNC], f"{folder.path}/{SYNC}")


def _folder(folder: FolderFiles, shelves: Shelves, remote: Remote) -> Iterator[Finding]:
    written = of_folder(folder).document
    document = remapped(written, remote.remap)
    called = stems((str(node["Id"]), str(node["ModuleId"])) for node in _nodes(written))
    stock = shelves.stock(references(document))
    back = {new: old for old, new in remote.remap.items()}
    for each in stock.lacking(references(document), _names(folder)):
        yield _finding(folder, each, called, back, remote)


def _finding(folder: FolderFiles, lacking: Lacking, called: Mapping[str, str], back: Mapping[str, str], remote: Remote) -> Finding:
    reference = lacking.reference
    path = f"{FOLDER}{called.get(reference.node, reference.node)}.json"
    where = f"{reference.port}: " if reference.port else ""
    name = f" {lacking.name!r}" if lacking.name else ""
    candidates = "; ".join(f"there is {candidate.name!r} ({candidate.id}): {candidate.why}" for candidate in lacking.candidates)
    return Finding(
        rule="asset-not-there",
        message=f"{where}{remote.name} has no {reference.kind}{name} ({reference.asset}).",
        path=str(PurePosixPath(folder.path) / path),
        line=line_of(folder.files[path], dumps(back.get(reference.asset, reference.asset))) if path in folder.files else None,
        hint=(candidates[0].upper() + candidates[1:] + ". " if candidates else "") + "'amlgit push --remap OLD=NEW' takes another.",
    )


def _nodes(document: Object) -> list[Object]:
    graph = document.get("Graph")
    nodes = graph.get("ModuleNodes") if isinstance(graph, Mapping) else None
    return [node for node in nodes if isinstance(node, Mapping)] if isinstance(nodes, list) else []


def _names(folder: FolderFiles) -> Mapping[str, str]:
    try:
        return read_names(folder.files[ASSETS], ASSETS) if ASSETS in folder.files else {}
    except InvalidDocument:
        return {}  # `check` names what is wrong with it
