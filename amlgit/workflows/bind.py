"""`bind`: a folder and an experiment of a workspace are the same thing from now on. A pull binds what a push made in the same way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from amlgit import config
from amlgit.config import Remote
from amlgit.errors import Refused, UsageError
from amlgit.form.companions import SYNC, Binding, write_sync
from amlgit.model import ids
from amlgit.remotes.failures import NotFound
from amlgit.store import chains, drafts, trailers
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, folders, past
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.store.worktree import refuse_uncommitted
from amlgit.workflows.branch.committing import commit
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.versions.seen import family_of, is_bound
from amlgit.workflows.workspaces import made
from amlgit.workflows.workspaces.made import Making


@dataclass(frozen=True, slots=True, kw_only=True)
class BindReport:
    """What was bound; `is_seen` says whether the folder has had a state of the experiment, so that a push may write over that."""

    path: str
    remote: str
    experiment: str
    is_seen: bool


def bind(repository: Repository, remote: Remote, name: str, experiment: str, *, dry_run: bool) -> BindReport:
    """Join a folder and an experiment in sync.json; staged, not committed. Raises Refused where one of them is bound already."""
    root = repository.require_work_tree()
    parts = ids.experiment_id(experiment)
    if parts is None or parts.is_snapshot or (remote.kind == "studio" and parts.workspace != remote.workspace):
        raise UsageError(
            f"{experiment!r} is no experiment of {remote.name}", hint=f"An id is <workspace>.f-id.<family>; that workspace is {remote.workspace}."
        )
    folder = choose(repository, name).subject.folder
    head = repository.head()
    if folder is None or head is None or folder.kind != chains.EXPERIMENT:
        raise UsageError(f"{name!r} is no folder of an experiment here", hint="Name its folder.")
    _refuse_bound(folders(repository, head), folder, remote.name, parts.family)
    refuse_uncommitted(repository, head, [f"{folder.path}/{SYNC}"])
    if remote.kind == "studio":
        from amlgit.workflows.workspaces.connect import connect  # brings an HTTP library, and every pull comes by here

        with connect(repository, remote) as studio:
            try:
                studio.get(experiment)
            except NotFound as error:
                raise UsageError(f"{remote.name} has no experiment {experiment}") from error
    version = _seen(repository, head, remote.name, folder, parts.family)
    if not dry_run:
        with exclusive(repository):
            config.write_atomically(root / folder.path / SYNC, write_sync(_bindings(folder, remote.name, experiment, version)))
            repository.run("add", "--", f":(literal){folder.path}/{SYNC}")
    return BindReport(path=folder.path, remote=remote.name, experiment=experiment, is_seen=version is not None)


def _refuse_bound(present: Sequence[Folder], folder: Folder, remote: str, family: str) -> None:
    if remote in folder.bindings:
        bound = folder.bindings[remote].experiment
        raise Refused(f"{folder.path} is bound to {bound} of {remote} already", hint=f"Take that line out of its '{SYNC}' first.")
    for other in present:
        if is_bound(other, remote, family):
            raise Refused(
                f"{other.path} is bound to that experiment already", hint=f"Remove that folder ('git rm -r \"{other.path}\"') and commit, then bind."
            )


def _seen(repository: Repository, head: str, remote: str, folder: Folder, family: str) -> Version | None:
    """The newest recorded version that the folder once had."""
    held = {state.content for entry in past(repository, head, [folder]) for state in entry.folders}
    return next((version for version in reversed(_recorded(repository, remote, family)) if version.content in held), None)


def _recorded(repository: Repository, remote: str, family: str) -> Sequence[Version]:
    refs = repository.refs(chains.ref(remote, family), f"{drafts.PREFIX}{remote}/{family}")
    return drafts.history(repository, refs.get(chains.ref(remote, family)), refs.get(f"{drafts.PREFIX}{remote}/{family}"))


def _bindings(folder: Folder, remote: str, experiment: str, version: Version | None) -> dict[str, Binding]:
    """The folder's entries and the new one. Where no state of the experiment was ever the folder's, it names the folder's own: nothing is seen."""
    if version is not None:
        binding = Binding(experiment=experiment, run=version.snapshot, content=version.content, time=version.time)
    else:
        binding = Binding(experiment=experiment, run=None, content=folder.content or "")
    return {**folder.bindings, remote: binding}


def bind_made(repository: Repository, remote: str) -> None:
    """One commit that binds the folders of which a push made new experiments; the caller holds the lock and has fetched."""
    noted, asked = dict(made.experiments(repository, remote)), made.unanswered(repository, remote)
    head = repository.head()
    if not (noted or asked) or head is None:
        return
    present = {folder.path: folder for folder in folders(repository, head)}
    found = {making.folder: experiment for making in asked if (experiment := _made_meanwhile(repository, head, remote, making, present))}
    noted = {**found, **noted}
    taken = {family_of(folder.bindings[remote]) for folder in present.values() if remote in folder.bindings}
    syncs: dict[str, bytes] = {}
    lines: list[str] = []
    for path, experiment in sorted(noted.items()):
        folder, family = present.get(path), experiment.rpartition(".")[2]
        if folder is None or remote in folder.bindings or family in taken or not _recorded(repository, remote, family):
            continue
        taken.add(family)
        version = _seen(repository, head, remote, folder, family)
        syncs[f"{path}/{SYNC}"] = write_sync(_bindings(folder, remote, experiment, version))
        lines.append(f"{trailers.EXPERIMENT}: {experiment}")
    if syncs:
        commit(repository, head, syncs, f"Bind {len(syncs)} of {remote}\n\n" + "\n".join(lines) + "\n", f"bind {remote}")
    made.forget(repository, remote, list(noted))
    made.drop(repository, remote, list(noted))


def _made_meanwhile(repository: Repository, head: str, remote: str, making: Making, present: Mapping[str, Folder]) -> str | None:
    """What a push that was cut off made of a folder: it was not there before, has that title, and is what the folder once was."""
    folder = present.get(making.folder)
    if folder is None:
        return None
    known = {experiment.rpartition(".")[2] for experiment in making.known}
    for family in sorted({ref.rpartition("/")[2] for ref in repository.refs(f"{chains.PREFIX}{remote}/", f"{drafts.PREFIX}{remote}/")} - known):
        version = _recorded(repository, remote, family)[0]
        if version.title == making.title and _seen(repository, head, remote, folder, family) is not None:
            return trailers.value(version.message, trailers.EXPERIMENT)
    return None
