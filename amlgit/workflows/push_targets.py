"""What a push is about: folders of a commit, or versions of the record, each with the experiment it goes to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from amlgit.config import Config, Remote
from amlgit.errors import Refused, UsageError
from amlgit.store import chains
from amlgit.store.folders import Folder, folders, is_content
from amlgit.store.present import uncommitted
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of
from amlgit.workflows.versions.choose import Choice, choose
from amlgit.workflows.versions.seen import family_of
from amlgit.workflows.workspaces import made
from amlgit.workflows.workspaces.asset_check import names_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Something to be pushed: its files, and where it belongs."""

    name: str
    """Its folder, or the version as it was named."""
    files: Mapping[str, bytes]
    folder: Folder | None
    """The folder in the commit that is pushed; None where it has none."""
    experiment: str | None
    """The experiment that it is pushed to; None where there is none yet."""
    names: Mapping[str, str]
    """The names of assets."""
    is_version: bool = False
    is_edited: bool = False
    """Whether the work tree has something that is not committed, and so is not pushed."""

    @property
    def families(self) -> frozenset[str]:
        """The families of all experiments the folder is bound to."""
        return frozenset(family_of(binding) for binding in self.folder.bindings.values()) if self.folder else frozenset()


def studio_remote(settings: Config, name: str | None) -> Remote:
    """The workspace that is meant: the one of that name, else the only one there is; raises UsageError."""
    if name is not None:
        return settings.remote(name)
    found = [remote for remote in settings.remotes.values() if remote.kind == "studio"]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(remote.name for remote in found)) or "none yet"
    hint = (
        "Name one with --remote."
        if found
        else "Add one with 'amlgit remote add NAME --workspace ID'. An archive can't be pushed to; 'amlgit push --record' shares the record of it."
    )
    raise UsageError(f"which workspace? (known: {known})", hint=hint)


def targets(repository: Repository, remote: Remote, names: Sequence[str], *, is_new: bool) -> list[Target]:
    """What the names mean, of HEAD; without names every folder that is bound to the remote. Raises UsageError for what can't be pushed."""
    head = repository.head()
    if head is None:
        raise UsageError("there is nothing committed yet", hint="Commit what is to be pushed.")
    present = [folder for folder in folders(repository, head) if folder.kind == chains.EXPERIMENT and folder.content is not None]
    noted = made.experiments(repository, remote.name)
    edited = frozenset(folder_of(file) for file in uncommitted(repository))
    if not names:
        if is_new:
            raise UsageError("which experiment is to become a new one?", hint="Name it: amlgit push EXPERIMENT --new.")
        chosen = [folder for folder in present if remote.name in folder.bindings or folder.path in noted]
        return [replace(_of_folder(repository, head, remote, folder, noted), is_edited=folder.path in edited) for folder in chosen]
    found = {target.name: target for name in names for target in [_named(repository, head, remote, name, present, noted, is_new=is_new)]}
    return [replace(target, is_edited=target.name in edited) for target in found.values()]


def _named(
    repository: Repository, head: str, remote: Remote, name: str, present: Sequence[Folder], noted: Mapping[str, str], *, is_new: bool
) -> Target:
    choice = choose(repository, name)
    if choice.version is not None:
        if not is_new:
            hint = "--new restores it as a new experiment; to go back, 'git checkout' or 'git revert' the folder, commit, and push that."
            raise UsageError(f"{name!r} is a version, and history is not overwritten", hint=hint)
        return _of_version(repository, head, name, choice)
    folder = next((folder for folder in present if choice.subject.folder is not None and folder.path == choice.subject.folder.path), None)
    if folder is None:
        raise UsageError(f"{name!r} is no folder of an experiment in HEAD", hint="Only what is committed is pushed; a version is named EXPERIMENT@N.")
    target = _of_folder(repository, head, remote, folder, noted)
    if target.experiment is None and not is_new:
        hint = f"'amlgit push \"{name}\" --new' makes it there; 'amlgit bind' names one that is there already."
        raise UsageError(f"{folder.path} is bound to no experiment of {remote.name}", hint=hint)
    return target


def _of_folder(repository: Repository, head: str, remote: Remote, folder: Folder, noted: Mapping[str, str]) -> Target:
    listed = repository.tree(head, folder.path)
    wanted = {path: object_id for path, (_, object_id) in listed.items() if is_content(path.partition("/")[0], folder.kind)}
    contents = repository.blobs(wanted.values())
    binding = folder.bindings.get(remote.name)
    return Target(
        name=folder.path,
        files={path: contents[object_id] for path, object_id in wanted.items()},
        folder=folder,
        experiment=binding.experiment if binding else noted.get(folder.path),
        names=names_in(repository, head, folder.path),
    )


def _of_version(repository: Repository, head: str, name: str, choice: Choice) -> Target:
    assert choice.version is not None
    listed = repository.tree(choice.version.commit, chains.EXPERIMENT)
    if not listed:
        raise Refused(f"{name!r} is a version of a web service definition", hint="Experiments alone can be pushed.")
    contents = repository.blobs(object_id for _, object_id in listed.values())
    folder = choice.subject.folder
    return Target(
        name=name,
        files={path: contents[object_id] for path, (_, object_id) in listed.items()},
        folder=folder,
        experiment=None,
        names=names_in(repository, head, folder.path) if folder else {},
        is_version=True,
    )
