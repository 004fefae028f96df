"""A clone whose folders are bound to remotes, without the record of their versions: what to say, and how the record comes here."""

from collections.abc import Collection, Iterable, Mapping

from amlgit.errors import AmlgitError, UsageError
from amlgit.store import chains, drafts
from amlgit.store.folders import Folder, folders
from amlgit.store.repository import Repository
from amlgit.workflows.versions.seen import family_of


def how_to_bring(repository: Repository, remotes: Collection[str]) -> str:
    """How the record of these remotes comes into this clone, in a sentence."""
    from amlgit.store import settings

    ways = []
    if repository.lines("remote"):
        is_set_up = settings.has_refspecs(repository)
        by_members = "'git fetch' brings it, once a member has shared it with 'amlgit push --record'"
        ways.append(by_members if is_set_up else "'amlgit install' and then 'git fetch' bring it")
    again = [f"'amlgit fetch {remote}'" for remote in sorted(set(remotes) & _kinds(repository).keys())]
    if again:
        ways.append(f"{' and '.join(again)} {'makes' if len(again) == 1 else 'make'} it anew")
    return f"{'; '.join(ways) or 'a clone in which it was pulled can share it'}."


def _kinds(repository: Repository) -> Mapping[str, str]:
    """The remotes that `.amlgit` names, with their kinds; none where it can't be read, which is not what was asked about."""
    from amlgit.config import load

    try:
        return {name: remote.kind for name, remote in load(repository.work_tree or repository.git_dir).remotes.items()}
    except AmlgitError:
        return {}


def no_record(repository: Repository, title: str, remotes: Collection[str]) -> UsageError:
    """What to say where the versions of an experiment are asked for, and its record is not here."""
    return UsageError(f"the record of {title!r} is not in this clone, so its versions can't be told", hint=how_to_bring(repository, remotes))


def unrecorded(repository: Repository, present: Iterable[Folder]) -> set[str]:
    """The remotes that folders are bound to whose record of it has to be there, and is not here.

    Of a workspace's draft there may be none anywhere: nobody ran it.
    """
    bound = [(remote, binding) for folder in present for remote, binding in folder.bindings.items()]
    there = chains.tips(repository).keys() | repository.refs(drafts.PREFIX).keys() if bound else set()
    lacking = [
        (remote, binding)
        for remote, binding in bound
        if not {chains.ref(remote, family_of(binding)), f"{drafts.PREFIX}{remote}/{family_of(binding)}"} & there
    ]
    workspaces = {name for name, kind in _kinds(repository).items() if kind == "studio"} if lacking else set()
    return {remote for remote, binding in lacking if binding.run is not None or remote not in workspaces}


def hint(repository: Repository, path: str | None = None) -> str | None:
    """What to do where a folder in HEAD (this one, or any) is bound to a remote and the record of it is not here; else None."""
    present = [folder for folder in folders(repository, repository.head()) if path in (None, folder.path)]
    missing = unrecorded(repository, present)
    return f"The record of versions is not in this clone: {how_to_bring(repository, missing)}" if missing else None


def require_any(repository: Repository) -> None:
    """Raise UsageError where nothing of the record is here, though the folders in HEAD are bound to remotes."""
    missing = unrecorded(repository, folders(repository, repository.head()))
    if missing and not chains.tips(repository):
        raise UsageError("the record of versions is not in this clone", hint=how_to_bring(repository, missing))


def require(repository: Repository, title: str, folder: Folder) -> None:
    """Raise UsageError where a folder is bound to a remote, and the record of it is not here."""
    missing = unrecorded(repository, [folder])
    if missing:
        raise no_record(repository, title, missing)
