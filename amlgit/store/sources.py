"""Where a check reads folders from: the work tree, the index (what is staged), or a commit. All look alike."""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

from amlgit.errors import StorageFailed
from amlgit.form.companions import SYNC
from amlgit.store.folders import KINDS
from amlgit.store.objects import FILE_MODES
from amlgit.store.repository import Repository

_CHUNK = 2000
"""Files read from git at a time, to bound memory."""
_MOST_NAMES = 200
"""Folders named on a command line; more, and everything is listed."""

Wanted = Callable[[str], bool]
"""Whether a folder, by its path in the repository, is asked for."""


class FolderFiles(NamedTuple):
    """All files of an experiment's or service's folder, by path in it."""

    path: str
    kind: str
    files: Mapping[str, bytes]
    others: tuple[str, ...] = ()
    """What is no regular file: links, submodules."""
    unmerged: tuple[str, ...] = ()


class Source(Protocol):
    """A state of the repository."""

    def folders(self, wanted: Wanted) -> Iterator[FolderFiles]:
        """The folders that are asked for, in order of their paths."""

    def syncs(self) -> Mapping[str, bytes]:
        """The sync.json of every folder there is, by the folder's path."""

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of the files, by path in the repository, that git ignores."""


class WorkTree:
    """The files as they lie there."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def folders(self, wanted: Wanted) -> Iterator[FolderFiles]:
        for path in self._paths():
            if wanted(path):
                yield self._read(path)

    def _paths(self) -> list[str]:
        root = self.repository.require_work_tree()
        found = []
        for parent in KINDS:
            if (root / parent).is_dir():
                found += [f"{parent}/{entry.name}" for entry in os.scandir(root / parent) if entry.is_dir(follow_symlinks=False)]
        return sorted(found)

    def _read(self, path: str) -> FolderFiles:
        folder = self.repository.require_work_tree() / path
        files: dict[str, bytes] = {}
        others: list[str] = []
        try:
            for entry in _walk(folder):
                relative = Path(entry.path).relative_to(folder).as_posix()
                if entry.is_file(follow_symlinks=False):
                    files[relative] = Path(entry.path).read_bytes()
                else:
                    others.append(relative)
        except OSError as error:
            raise StorageFailed(f"{error.filename} can't be read: {error.strerror}") from error
        return FolderFiles(path=path, kind=KINDS[path.split("/", maxsplit=1)[0]], files=dict(sorted(files.items())), others=tuple(sorted(others)))

    def syncs(self) -> Mapping[str, bytes]:
        root = self.repository.require_work_tree()
        files = {path: root / path / SYNC for path in self._paths()}
        return {path: file.read_bytes() for path, file in files.items() if file.is_file()}

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        asked = b"".join(os.fsencode(path) + b"\0" for path in paths)
        answer = self.repository.attempt("check-ignore", "-z", "--stdin", stdin=asked) if asked else None
        return frozenset(os.fsdecode(path) for path in answer.stdout.split(b"\0") if path) if answer else frozenset()


def _walk(folder: Path) -> "Iterator[os.DirEntry[str]]":
    """Everything below a folder but folders; links are not followed."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(Path(entry.path))
            else:
                yield entry


class Commit:
    """The files as a commit has them."""

    def __init__(self, repository: Repository, rev: str) -> None:
        self.repository = repository
        self.rev = rev

    def folders(self, wanted: Wanted) -> Iterator[FolderFiles]:
        listed = _tree(self.repository, self.rev, KINDS)
        yield from _read(self.repository, {path: entry for path, entry in listed.items() if wanted(folder_of(path))})

    def named(self, folders: frozenset[str]) -> Iterator[FolderFiles]:
        """Those of some folders that there are."""
        listed = _tree(self.repository, self.rev, _asked(folders))
        return _read(self.repository, {path: entry for path, entry in listed.items() if folder_of(path) in folders})

    def syncs(self) -> Mapping[str, bytes]:
        return _syncs(self.repository, _tree(self.repository, self.rev, KINDS))

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset()


class Index:
    """The folders with staged changes, each whole, as the next commit would have them."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def folders(self, wanted: Wanted) -> Iterator[FolderFiles]:
        changes, unmerged = self._changes
        changed = {folder_of(path) for path in (*changes, *unmerged)}
        named = {folder for folder in changed if folder and wanted(folder)}
        if not named:
            return
        # what is staged over what HEAD has: unlike a listing of the index this leaves out 'git add --intent-to-add'
        listed = _tree(self.repository, "HEAD", _asked(named))
        staged = {**listed, **{path: entry for path, entry in changes.items() if entry is not None}}
        gone = {path for path, entry in changes.items() if entry is None}
        kept = {path: entry for path, entry in staged.items() if path not in gone and folder_of(path) in named}
        yield from _read(self.repository, kept, unmerged)

    @cached_property
    def _changes(self) -> tuple[dict[str, tuple[str, str] | None], list[str]]:
        """Path → (mode, object id) or None where it is removed; and the paths that are not merged yet."""
        options = ("--raw", "-z", "--no-renames", "--no-abbrev", "--no-ext-diff", "--no-relative")
        output = self.repository.run("diff", "--cached", *options, "--", *KINDS).split(b"\0")
        changes: dict[str, tuple[str, str] | None] = {}
        unmerged = []
        for head, name in zip(output[::2], output[1::2], strict=False):
            _, mode, _, object_id, status = head.decode().split(" ")
            path = os.fsdecode(name)
            if status == "U":
                unmerged.append(path)
            else:
                changes[path] = None if status == "D" else (mode, object_id)
        return changes, unmerged

    def syncs(self) -> Mapping[str, bytes]:
        if not any(path.endswith(f"/{SYNC}") for path in self._changes[0]):
            return {}  # no binding is new
        return staged_syncs(self.repository)

    def ignored(self, paths: Iterable[str]) -> frozenset[str]:
        return frozenset()


def _asked(folders: Collection[str]) -> list[str]:
    """What to ask git for."""
    return [f"{folder}/" for folder in sorted(folders)] if len(folders) <= _MOST_NAMES else list(KINDS)


def staged(repository: Repository, folders: frozenset[str]) -> Iterator[FolderFiles]:
    """Folders as the index has them."""
    listed: dict[str, tuple[str, str]] = {}
    unmerged: dict[str, None] = {}
    for entry in repository.run("ls-files", "--stage", "-z", "--full-name", "--", *_asked(folders)).split(b"\0"):
        head, _, path = entry.partition(b"\t")
        name = os.fsdecode(path)
        if folder_of(name) in folders:
            mode, object_id, stage = head.decode().split(" ")
            if stage == "0":
                listed[name] = (mode, object_id)
            else:
                unmerged[name] = None
    return _read(repository, listed, unmerged)


def staged_syncs(repository: Repository) -> Mapping[str, bytes]:
    """The sync.json of every folder in the index, by the folder's path."""
    listed = {}
    for entry in repository.run("ls-files", "--stage", "-z", "--", *(f":(glob){parent}/*/{SYNC}" for parent in KINDS)).split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if path:
            mode, object_id, _ = head.decode().split(" ")
            listed[os.fsdecode(path)] = (mode, object_id)
    return _syncs(repository, listed)


def folder_of(path: str) -> str:
    """The experiment's or service's folder of a file; empty for a file that is in none."""
    parts = path.split("/")
    return "/".join(parts[:2]) if len(parts) > 2 and parts[0] in KINDS else ""


def kind_of(folder: str) -> str | None:
    """The kind of what a folder holds, by where it stands; None for any other folder."""
    return KINDS.get(folder.partition("/")[0]) if "/" in folder else None


def _tree(repository: Repository, rev: str, names: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Path → (mode, object id) of the files below some folders of a commit; nothing on an unborn branch."""
    completed = repository.attempt("ls-tree", "-r", "-z", "--full-tree", rev, "--", *names)
    listed = {}
    for entry in completed.stdout.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if path and folder_of(os.fsdecode(path)):
            mode, _, object_id = head.decode().split(" ")
            listed[os.fsdecode(path)] = (mode, object_id)
    return listed


def _read(repository: Repository, entries: Mapping[str, tuple[str, str]], unmerged: Iterable[str] = ()) -> Iterator[FolderFiles]:
    by_folder: dict[str, dict[str, tuple[str, str]]] = {}
    for path in sorted(entries):
        by_folder.setdefault(folder_of(path), {})[path] = entries[path]
    for batch in _batches(by_folder):
        contents = repository.blobs(object_id for folder in batch for mode, object_id in by_folder[folder].values() if mode in FILE_MODES)
        for folder in batch:
            yield _folder_files(folder, by_folder[folder], contents, unmerged)


def _batches(folders: Mapping[str, Mapping[str, object]]) -> Iterator[list[str]]:
    """The folders in groups that are read from git at once."""
    batch: list[str] = []
    size = 0
    for folder, inside in folders.items():
        if batch and size + len(inside) > _CHUNK:
            yield batch
            batch, size = [], 0
        batch.append(folder)
        size += len(inside)
    if batch:
        yield batch


def _folder_files(folder: str, entries: Mapping[str, tuple[str, str]], contents: Mapping[str, bytes], unmerged: Iterable[str]) -> FolderFiles:
    prefix = f"{folder}/"
    return FolderFiles(
        path=folder,
        kind=KINDS[folder.split("/", maxsplit=1)[0]],
        files={path.removeprefix(prefix): contents[object_id] for path, (mode, object_id) in entries.items() if mode in FILE_MODES},
        others=tuple(path.removeprefix(prefix) for path, (mode, _) in entries.items() if mode not in FILE_MODES),
        unmerged=tuple(path.removeprefix(prefix) for path in unmerged if path.startswith(prefix)),
    )


def _syncs(repository: Repository, entries: Mapping[str, tuple[str, str]]) -> Mapping[str, bytes]:
    ids = {folder_of(path): object_id for path, (_, object_id) in entries.items() if path == f"{folder_of(path)}/{SYNC}"}
    contents = repository.blobs(ids.values())
    return {folder: contents[object_id] for folder, object_id in ids.items() if object_id in contents}
