"""The folders of the work tree as they are now, committed or not."""

import os
from collections.abc import Iterable
from pathlib import Path

from amlgit.errors import InvalidDocument
from amlgit.form.companions import SYNC, Binding, read_sync
from amlgit.store.folders import PARENTS, Folder, folders, is_content
from amlgit.store.objects import blob_id, tree_id
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of


def uncommitted(repository: Repository) -> list[str]:
    """The files of experiments and web services that differ from HEAD, are new or gone; none in a bare repository."""
    if repository.work_tree is None:
        return []
    output = repository.run("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--", *PARENTS.values())
    return sorted(os.fsdecode(entry[3:]) for entry in output.split(b"\0") if len(entry) > 3)


def present(repository: Repository) -> list[Folder]:
    """The folders of the work tree, in order of their paths; only those with uncommitted files are read from the disk."""
    inside: dict[str, list[str]] = {path: [] for file in uncommitted(repository) if (path := folder_of(file))}
    found = [folder for folder in folders(repository, "HEAD") if folder.path not in inside]
    for file in _listed(repository, inside):
        inside[folder_of(file)].append(file.removeprefix(f"{folder_of(file)}/"))
    found += [_folder(repository, path, names) for path, names in inside.items() if names]
    return sorted((folder for folder in found if folder.content is not None or folder.bindings), key=lambda folder: folder.path)


def files(repository: Repository, folder: Folder) -> dict[str, bytes]:
    """The content of a folder in the work tree: path below the folder → bytes."""
    root = repository.require_work_tree() / folder.path
    names = [file.removeprefix(f"{folder.path}/") for file in _listed(repository, [folder.path])]
    return {name: data for name in _content(names, folder.kind) if (data := _read(root / name)) is not None}


def _listed(repository: Repository, paths: Iterable[str]) -> list[str]:
    """The files below `paths` that git knows or would add."""
    named = [f":(literal){path}" for path in paths]
    if not named:
        return []
    output = repository.run("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *named)
    return sorted({os.fsdecode(name) for name in output.split(b"\0") if name})


def _content(names: Iterable[str], kind: str) -> list[str]:
    return [name for name in names if is_content(name.partition("/")[0], kind)]


def _read(path: Path) -> bytes | None:
    """What git would keep of a path; None where nothing is there."""
    if path.is_symlink():
        return os.fsencode(os.readlink(path))
    return path.read_bytes() if path.is_file() else None


def _folder(repository: Repository, path: str, names: Iterable[str]) -> Folder:
    root = repository.require_work_tree() / path
    kind = next(kind for kind, parent in PARENTS.items() if path.startswith(f"{parent}/"))
    read = {name: data for name in [*_content(names, kind), SYNC] if (data := _read(root / name)) is not None}
    sync = read.pop(SYNC, None)
    content = tree_id({name: blob_id(data, repository.object_format) for name, data in read.items()}, repository.object_format) if read else None
    return Folder(path=path, kind=kind, bindings=_bindings(path, sync), content=content)


def _bindings(path: str, sync: bytes | None) -> dict[str, Binding]:
    try:
        return read_sync(sync, f"{path}/{SYNC}") if sync is not None else {}
    except InvalidDocument as error:
        raise InvalidDocument(f"{path}/{SYNC}: {error}", hint="Mend it, or bring it back with 'git checkout'.") from error
