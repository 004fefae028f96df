"""Experiments that were deleted in their workspace: their folders go, by a commit, unless somebody has worked on them here."""

from collections.abc import Mapping, Sequence

from amlgit.config import Remote
from amlgit.form.companions import ASSETS, SYNC
from amlgit.store import chains, drafts, trailers
from amlgit.store.folders import Folder, folders, is_content
from amlgit.store.objects import TreeEntry, read_tree
from amlgit.store.repository import Repository
from amlgit.store.worktree import uncommitted
from amlgit.workflows.branch.committing import commit
from amlgit.workflows.versions.seen import History, family_of
from amlgit.workflows.workspaces.listed import States

REMOVED, EDITED = "removed", "deleted there, and edited here"
"""What becomes of a folder."""


def families(repository: Repository, remote: Remote) -> frozenset[str]:
    """The families that were deleted in a workspace, as the last fetch knows it."""
    return frozenset(States(repository, remote).deleted) if remote.kind == "studio" else frozenset()


def take_out(repository: Repository, remote: Remote) -> Mapping[str, str]:
    """Take the folders of deleted experiments out of the branch, in one commit; folder → what became of it. The caller holds the lock and sweeps.

    A folder that another remote has too stays, and so does one that was brought back after it was taken out.
    """
    head, gone = repository.head(), families(repository, remote)
    if head is None or not gone or repository.operation_in_progress() is not None:
        return {}
    bound = [folder for folder in folders(repository, head) if set(folder.bindings) == {remote.name}]
    found = {
        folder.path: EDITED if _is_edited(repository, head, remote.name, folder) else REMOVED
        for folder in bound
        if family_of(folder.bindings[remote.name]) in gone and not _was_taken_out(repository, head, folder.bindings[remote.name].experiment)
    }
    removed = [folder for folder in bound if found.get(folder.path) == REMOVED]
    if removed:
        files = {f"{folder.path}/{name}": None for folder in removed for name in repository.tree(head, folder.path)}
        names = "".join(f"{trailers.DELETED}: {folder.bindings[remote.name].experiment}\n" for folder in removed)
        what = removed[0].path if len(removed) == 1 else f"{len(removed)} experiments"
        commit(repository, head, files, f"Remove {what}, deleted at {remote.name}\n\n{names}", f"remove what was deleted at {remote.name}")
    return found


def _was_taken_out(repository: Repository, head: str, experiment: str) -> bool:
    """Whether that was done before, and taken back: what was reverted stays reverted."""
    return any(True for _ in chains.search(repository, [head], f"{trailers.DELETED}: {experiment}"))


def _is_edited(repository: Repository, head: str, remote: str, folder: Folder) -> bool:
    """Whether the folder holds anything that the record of the experiment has not, committed or not."""
    if any(not is_content(entry.name, folder.kind) and entry.name not in (SYNC, ASSETS) for entry in _entries(repository, head, folder)):
        return True
    family = family_of(folder.bindings[remote])
    refs = repository.refs(chains.ref(remote, family), f"{drafts.PREFIX}{remote}/{family}")
    listed = drafts.history(repository, refs.get(chains.ref(remote, family)), refs.get(f"{drafts.PREFIX}{remote}/{family}"))
    seen = History(repository, head).last_seen(remote, folder, listed) if listed else -1
    return seen < 0 or folder.content != listed[seen].content or bool(uncommitted(repository, [folder.path]))


def _entries(repository: Repository, head: str, folder: Folder) -> Sequence[TreeEntry]:
    """What stands in a folder, whatever it is; the form's files and those of one's own."""
    name = f"{head}:{folder.path}"
    return read_tree(repository.blobs([name])[name], repository.object_format)
