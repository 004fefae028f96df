"""`show`: an experiment or web service as an outline, from the work tree, from the record or from an export file anywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from amlgit.errors import InvalidDocument, StorageFailed, UsageError
from amlgit.form import experiments
from amlgit.model.experiments import is_experiment, seconds
from amlgit.model.jsontext import Object, loads
from amlgit.review.lenient import members, text
from amlgit.review.outline import Outline, Version
from amlgit.store.repository import Repository
from amlgit.workflows.export import folder_document, required_folder
from amlgit.workflows.versions.choose import Choice, choose
from amlgit.workflows.versions.dates import date
from amlgit.workflows.versions.documents import asset_names, of_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown: its document, what it is called, and the names of the assets it uses."""

    document: Object
    title: str
    assets: dict[str, str]
    folder: str | None
    version: Version | None


def chosen(repository: Repository, name: str) -> Shown:
    """A version, or what the work tree holds."""
    choice = choose(repository, name)
    names = asset_names(repository, choice.subject.folder)
    if choice.version is None:
        folder = required_folder(choice)
        document = folder_document(repository, folder, may_dangle=True).document
        return Shown(document=document, title=choice.subject.title, assets=names, folder=folder.path, version=None)
    document = of_version(repository, choice.version.commit).document
    return Shown(document=document, title=choice.subject.title, assets=names, folder=None, version=_version(choice, document))


def conflicted_folder(repository: Repository, name: str) -> str | None:
    """The folder of an experiment whose merge stands with conflicts; None for any other, for a version, and for what no name means."""
    from amlgit.workflows.branch.conflicts import conflicted_folders

    folders = conflicted_folders(repository)
    if not folders:
        return None
    path = name.strip("/")
    named = [folder for folder in folders if path in (folder, folder.partition("/")[2])]
    if named:
        return named[0]
    try:
        choice = choose(repository, name)
    except UsageError:
        return None
    found = choice.subject.folder.path if choice.subject.folder is not None and choice.version is None else None
    return found if found in folders else None


def of_file(path: Path) -> Shown:
    """An export or web service definition that lies anywhere, without secrets; raises InvalidDocument where the file holds neither."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StorageFailed(f"{path} can't be read: {error.strerror}") from error
    try:
        document = _protected(data, path.stem)
    except InvalidDocument as error:
        raise InvalidDocument(f"{path}: {error}", hint=error.hint) from error
    said = _said(document)
    return Shown(document=document, title=path.stem, assets={}, folder=None, version=said if said.status else None)


def _protected(data: bytes, stem: str) -> Object:
    """A document with what is secret, or may be, replaced: nobody was asked, and what is shown may be shared."""
    from amlgit.form import webservices
    from amlgit.form.secrets import REPLACE_ALL
    from amlgit.form.splitter import Splitter
    from amlgit.model.webservices import identity, is_definition

    document = loads(data)
    if is_experiment(document):
        form = Splitter(REPLACE_ALL).split(data, "")
        return experiments.join(form.content, form.run)
    if isinstance(document, Mapping) and is_definition(document):
        form = webservices.split(document, identity(document, stem).family, REPLACE_ALL)
        return webservices.join(form.content, form.run)
    raise InvalidDocument("this is neither an exported experiment nor a web service definition")


def outline(shown: Shown) -> Outline:
    """A readable outline of it."""
    if "Graph" not in shown.document:
        from amlgit.review import service_outline

        return service_outline.outline(shown.document, shown.title, folder=shown.folder, version=shown.version)
    from amlgit.review import experiment_outline

    return experiment_outline.outline(shown.document, shown.assets, folder=shown.folder, version=shown.version)


def _version(choice: Choice, document: Object) -> Version:
    assert choice.version is not None
    assert choice.remote is not None
    said, entry = _said(document), choice.version
    return Version(
        remote=choice.remote,
        number=entry.number,
        count=choice.count,
        status=said.status,
        detail=said.detail,
        date=date(entry.time),
        creator=said.creator or entry.author.partition(" <")[0],
        run_seconds=said.run_seconds,
        commit=entry.commit,
        snapshot=said.snapshot,
    )


def _said(document: Object) -> Version:
    """What the service said of a version in the document itself."""
    status = members(document.get("Status"))
    created, started, ended = (seconds(status.get(name)) for name in ("CreationTime", "StartTime", "EndTime"))
    detail = text(status.get("StatusDetail"))
    time = ended if ended is not None else created
    return Version(
        status=text(status.get("StatusCode")) or None,
        detail=detail if detail != "None" and detail else None,
        date=None if time is None else date(time),
        creator=text(document.get("Creator")) or None,
        run_seconds=ended - started if ended is not None and started is not None and ended >= started else None,
        snapshot=text(document.get("RunId")) or None,
    )
