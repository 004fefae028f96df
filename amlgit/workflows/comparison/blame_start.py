"""Where a blame starts: the work tree's folder and the version it was edited from, or a version of the record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import Object
from amlgit.store import chains, present
from amlgit.store.folders import Folder
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.locate import Place, locate
from amlgit.workflows.versions.choose import Choice, choose
from amlgit.workflows.versions.documents import Joined, asset_names, of_content
from amlgit.workflows.versions.past import Past
from amlgit.workflows.versions.seen import family_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The document whose values are asked for, and where both histories of it begin."""

    title: str
    document: Object
    folder: Folder | None
    """Its folder, if it has one."""
    remote: str | None
    version: str | None
    """The version's commit in the record: the version asked for, or the one that the folder is or was edited from."""
    is_version: bool
    files: Mapping[str, str]
    """Of a version its files, path → blob id."""
    assets: Mapping[str, str]


def start_of(repository: Repository, past: Past, name: str) -> Start:
    """What EXPERIMENT[@N] means; raises UsageError where that is not one experiment."""
    here = present.present(repository) if repository.work_tree is not None else []
    named = [folder for folder in here if name.rstrip("/") in (folder.path, PurePosixPath(folder.path).name)]
    if len(named) == 1:
        return _of_folder(repository, named[0])
    choice = choose(repository, name)
    family = choice.subject.family
    bound = [folder for folder in here if family and family in map(family_of, folder.bindings.values())]
    folder = next((folder for folder in bound if choice.subject.folder and folder.path == choice.subject.folder.path), next(iter(bound), None))
    if choice.version is not None:
        return _of_version(repository, past, choice, folder, choice.version.commit)
    if folder is not None:
        return _of_folder(repository, folder)
    if repository.work_tree is None and choice.subject.folder is not None:
        return _of_head(repository, past, choice.subject.folder)
    if not choice.subject.chains:
        raise UsageError(f"{name!r} has no folder and no record of versions here", hint="'amlgit fetch' may bring the record.")
    remote, tip = sorted(choice.subject.chains.items())[0]
    return _of_version(repository, past, replace(choice, remote=remote), None, tip)


def _of_version(repository: Repository, past: Past, choice: Choice, folder: Folder | None, commit: str) -> Start:
    found = past.version(commit)
    assert found is not None
    return Start(
        title=choice.subject.title,
        document=_experiment(found, choice.subject.title),
        folder=folder or choice.subject.folder,
        remote=choice.remote,
        version=commit,
        is_version=True,
        files=past.files(commit, chains.EXPERIMENT),
        assets=_assets(repository, folder),
    )


def _of_folder(repository: Repository, folder: Folder) -> Start:
    files = present.files(repository, folder)
    return _start(repository, folder, of_content(folder.path, folder.kind, files, may_dangle=True), files)


def _of_head(repository: Repository, past: Past, folder: Folder) -> Start:
    found = past.folder("HEAD", folder.path)
    if found is None:
        raise UsageError(f"{folder.path} has no content")
    blobs = past.files("HEAD", folder.path)
    contents = repository.blobs(blobs.values())
    return _start(repository, folder, found, {path: contents[blob] for path, blob in blobs.items()})


def _start(repository: Repository, folder: Folder, found: Joined, files: Mapping[str, bytes]) -> Start:
    place = Place(head=repository.head(), snapshots=frozenset(), files=lambda _: files)
    located = [one.version for one in locate(repository, [folder], place) if one.version is not None and one.version.commit is not None]
    base = next(iter(located), None)
    title = found.document.get("Description")
    return Start(
        title=title if isinstance(title, str) else PurePosixPath(folder.path).name,
        document=_experiment(found, folder.path),
        folder=folder,
        remote=base.remote if base else None,
        version=base.commit if base else None,
        is_version=False,
        files={},
        assets=_assets(repository, folder),
    )


def _experiment(found: Joined, name: str) -> Object:
    if found.kind != chains.EXPERIMENT:
        hint = "'git blame' tells where the lines of its definition.json are from."
        raise UsageError(f"{name} is a web service, and blame is of experiments", hint=hint)
    return found.document


def _assets(repository: Repository, folder: Folder | None) -> Mapping[str, str]:
    try:
        return asset_names(repository, folder)
    except InvalidDocument:
        return {}  # `check` names what is wrong with it; a blame does without names
