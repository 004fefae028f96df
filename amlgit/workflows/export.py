"""`export`: one JSON file that the old tools can import."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlgit.errors import UsageError
from amlgit.form import secrets
from amlgit.form.companions import Binding
from amlgit.model.jsontext import Json, Object, dumps_pretty
from amlgit.store.folders import Folder
from amlgit.store.repository import Repository
from amlgit.workflows.versions.choose import Choice, choose
from amlgit.workflows.versions.documents import Joined, as_draft, of_content, of_version, read_folder, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """An export, and where placeholders stand for secrets in it."""

    data: bytes
    placeholders: tuple[str, ...]


def export(repository: Repository, name: str, *, pretty: bool) -> ExportReport:
    """The export of a version (all of it) or of the work tree (what people own)."""
    choice = choose(repository, name)
    document = of_version(repository, choice.version.commit).document if choice.version is not None else _work_tree(repository, choice)
    places = tuple(dict.fromkeys(_placeholders(document, ())))
    whole = secrets.unescape(document)
    return ExportReport(data=dumps_pretty(whole) if pretty else wire(whole), placeholders=places)


def _placeholders(value: Json, labels: tuple[str, ...]) -> Iterator[str]:
    """Where placeholders stand, by the names and ids on the way; links to a run's outputs are not worth a word, they expired long ago."""
    if isinstance(value, str):
        if secrets.PLACEHOLDER.search(value):
            yield ": ".join(labels)
    elif isinstance(value, Mapping):
        label = value.get("Name") or value.get("Id")
        here = (*labels, label) if isinstance(label, str) else labels
        for name, member in value.items():
            if name != "NodeStatuses":
                yield from _placeholders(member, here if isinstance(label, str) else (*labels, name))
    elif isinstance(value, list):
        for entry in value:
            yield from _placeholders(entry, labels)


def required_folder(choice: Choice) -> Folder:
    """The folder of what was chosen; raises UsageError where it has none."""
    if choice.subject.folder is None:
        raise UsageError(f"{choice.subject.title!r} has no folder here", hint="Name a version of it: EXPERIMENT@N.")
    return choice.subject.folder


def folder_document(repository: Repository, folder: Folder, *, may_dangle: bool = False) -> Joined:
    """What a folder of the work tree holds, joined; `may_dangle` as in `experiments.join`."""
    content = read_folder(repository.require_work_tree() / folder.path, folder.kind)
    return of_content(folder.path, folder.kind, content, may_dangle=may_dangle)


def _work_tree(repository: Repository, choice: Choice) -> Object:
    folder = required_folder(choice)
    return as_draft(folder_document(repository, folder), _bound_to(folder)).document


def _bound_to(folder: Folder) -> str:
    bindings: list[Binding] = [folder.bindings[remote] for remote in sorted(folder.bindings)]
    return bindings[0].experiment if bindings else ""
