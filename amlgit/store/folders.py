"""The folders of experiments and web services in a commit: their bindings and content ids, now and in history."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.form.companions import ASSETS, SYNC, Binding, read_sync
from amlgit.store import chains, objects, streams
from amlgit.store.objects import TreeEntry, read_tree, tree_ids
from amlgit.store.repository import Repository

PARENTS: Mapping[str, str] = {chains.EXPERIMENT: "experiments", chains.WEB_SERVICE: "webservices"}
"""Kind → the folder in the work tree that holds a folder for each."""
KINDS: Mapping[str, str] = {parent: kind for kind, parent in PARENTS.items()}

_EXPERIMENT_CONTENT = frozenset({"experiment.json", "layout.json", "nodes"})


def is_content(name: str, kind: str) -> bool:
    """Whether a folder's entry is content; the rest is about the world, or the user's own."""
    return name in _EXPERIMENT_CONTENT if kind == chains.EXPERIMENT else name not in (SYNC, ASSETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """An experiment's or service's folder as a commit has it."""

    path: str
    kind: str
    bindings: Mapping[str, Binding]
    content: str | None
    """The content id, or None where nothing of the content is there."""


def content_entries(entries: Iterable[TreeEntry], kind: str) -> list[TreeEntry]:
    """The entries that are content."""
    return [entry for entry in entries if is_content(entry.name, kind)]


def content_id(data: bytes, kind: str, object_format: str) -> str | None:
    """The content id of a folder with this tree object; None where nothing of the content is there."""
    return objects.pruned(data, lambda name: is_content(name, kind), object_format)


def folders(repository: Repository, rev: str | None) -> list[Folder]:
    """The folders in a commit, in order of their paths; raises InvalidDocument for a sync.json that can't be read."""
    if rev is None:
        return []
    parents = {f"{rev}:{parent}": kind for kind, parent in PARENTS.items()}
    with streams.reader(repository) as reader:
        found = [
            (f"{PARENTS[parents[name]]}/{entry.name}", parents[name], entry.id)
            for name, data in reader.blobs(parents).items()
            for entry in read_tree(data, repository.object_format)
            if entry.mode == "40000"
        ]
        trees = reader.blobs(tree for _, _, tree in found)
        sync_ids = {path: ids[SYNC] for path, _, tree in found if SYNC in (ids := tree_ids(trees[tree], repository.object_format))}
        syncs = reader.blobs(sync_ids.values())
    result = []
    for path, kind, tree in found:
        sync = syncs.get(sync_ids.get(path, ""))
        try:
            bindings = read_sync(sync, f"{path}/{SYNC}") if sync is not None else {}
        except InvalidDocument as error:
            hint = f"Mend it, or bring it back with 'git checkout <rev> -- \"{path}/{SYNC}\"'."
            raise InvalidDocument(f"{path}/{SYNC}: {error}", hint=hint) from error
        result.append(Folder(path=path, kind=kind, bindings=bindings, content=content_id(trees[tree], kind, repository.object_format)))
    return sorted(result, key=lambda folder: folder.path)


class Past(NamedTuple):
    """A commit that did something about a folder, those before it that did, and the folder as it has it (several, where it was copied)."""

    commit: str
    parents: Sequence[str]
    folders: Sequence[Folder]


def past(repository: Repository, rev: str, places: Sequence[Folder]) -> list[Past]:
    """What the history of a commit did about a folder, at any of its places, oldest first; bindings that can't be read are left out."""
    paths = [place.path for place in places]
    asked = ("rev-list", "--simplify-merges", "--topo-order", "--reverse", "--parents", rev)  # not log, whose parents log.follow spoils
    listed = [line.split() for line in repository.text(*asked, "--", *(f":(literal){path}" for path in paths)).splitlines()]
    trees = repository.blobs(f"{commit}:{path}" for commit, *_ in listed for path in paths)
    sync_ids = {tree: tree_ids(tree, repository.object_format).get(SYNC, "") for tree in dict.fromkeys(trees.values())}
    syncs = repository.blobs({sync for sync in sync_ids.values() if sync})
    bindings = {sync: _past_bindings(data) for sync, data in syncs.items()}
    contents = {(tree, place.kind): content_id(tree, place.kind, repository.object_format) for tree in sync_ids for place in places}
    found = []
    for commit, *parents in listed:
        here = [(place, tree) for place in places if (tree := trees.get(f"{commit}:{place.path}")) is not None]
        states = [
            Folder(path=place.path, kind=place.kind, bindings=bindings.get(sync_ids[tree], {}), content=contents[tree, place.kind])
            for place, tree in here
        ]
        found.append(Past(commit, parents, states))
    return found


def _past_bindings(data: bytes) -> Mapping[str, Binding]:
    try:
        return read_sync(data, SYNC)
    except InvalidDocument:  # a conflict that was committed, say: nobody can mend what is in history
        return {}


def removed(repository: Repository, rev: str) -> list[Folder]:
    """The folders that history had and the commit has no more, as they were last."""
    present = {folder.path for folder in folders(repository, rev)}
    output = repository.run(
        *("log", "--full-history", "-m", "--no-show-signature", "--diff-filter=D", "--no-renames", "--format=%x01%H", "--name-only", "-z", rev),
        *("--", *(f":(glob){parent}/*/{SYNC}" for parent in PARENTS.values())),
    )
    found: dict[str, Folder] = {}
    for record in output.split(b"\x01")[1:]:
        head, *names = record.split(b"\0")
        commit = head.decode().strip()
        paths = {os.fsdecode(name.removeprefix(b"\n")).rpartition("/")[0] for name in names} - present - found.keys() - {""}
        for parent in repository.text("rev-parse", f"{commit}^@").split() if paths else ():
            found.update((folder.path, folder) for folder in folders(repository, parent) if folder.path in paths and folder.path not in found)
    return list(found.values())
