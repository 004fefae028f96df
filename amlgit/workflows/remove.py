"""`rm`: an experiment leaves the branch and does not come back with the next pull; the record keeps its versions."""

from dataclasses import dataclass

from amlgit import config
from amlgit.errors import UsageError
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.store.worktree import refuse_uncommitted
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.versions.seen import family_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveReport:
    """What was removed, and the remotes that will not bring it back."""

    path: str
    remotes: tuple[str, ...]


def remove(repository: Repository, name: str, *, dry_run: bool) -> RemoveReport:
    """Remove a folder and note its family under `skip`; staged, not committed. Raises Refused where something in it is uncommitted."""
    root = repository.require_work_tree()
    choice = choose(repository, name)
    folder = choice.subject.folder
    if choice.version is not None or folder is None:
        raise UsageError(f"{name!r} is no folder here", hint="A version stays in the record for ever; name an experiment that has a folder.")
    refuse_uncommitted(repository, repository.head(), [folder.path])
    known = config.load(root).remotes
    bound = {remote: binding for remote, binding in folder.bindings.items() if remote in known}
    if not dry_run:
        with exclusive(repository):
            for remote, binding in bound.items():
                config.add_skip(root, remote, [family_of(binding)])
            repository.run("rm", "-r", "--quiet", "--", f":(literal){folder.path}")
            if bound:
                repository.run("add", "--", config.FILE)
    return RemoveReport(path=folder.path, remotes=tuple(sorted(bound)))
