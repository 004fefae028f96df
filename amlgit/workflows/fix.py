"""Writing what `check --fix` mends: each file in one step, in an order in which a run that is cut off can be run again."""

import os
from collections.abc import Mapping
from pathlib import Path

from amlgit.config import write_atomically
from amlgit.errors import Refused, StorageFailed
from amlgit.review.mend import Mended
from amlgit.store import chains
from amlgit.store.folders import is_content
from amlgit.store.sources import FolderFiles


def write(root: Path, folder: FolderFiles, family: str) -> None:
    """Mend a folder of the work tree; one with links in it is left alone."""
    if folder.others:
        return
    files = {path: data for path, data in folder.files.items() if is_content(path.partition("/")[0], folder.kind)}
    mended = _mended(folder.kind, files, family)
    place = root / folder.path
    try:
        _write(place, files, mended)
    except OSError as error:
        message = f"the work tree can't be written: {error.filename or place}: {error.strerror}"
        raise StorageFailed(message, hint="Nothing is lost; mend that and run this again.") from error


def _mended(kind: str, files: Mapping[str, bytes], family: str) -> Mended:
    if kind == chains.EXPERIMENT:
        from amlgit.review import mend

        return mend.experiment(files, family)
    from amlgit.review import service

    return service.mended(files, family)


def _write(place: Path, files: Mapping[str, bytes], mended: Mended) -> None:
    new_names = [new for _, new in mended.renames]
    kept = [path for path in mended.files if path in files and path not in new_names]
    changed = [path for path in kept if mended.files[path] != files[path]]
    for path in mended.files:  # new scripts, before a node names them
        if path not in files and path not in new_names:
            _replace(place / path, None, mended.files[path])
    for path in (path for path in changed if path.endswith(".json")):  # references by a node's own name hold before its file has it, too
        _replace(place / path, files[path], mended.files[path])
    now = dict(files)
    for old, new in mended.renames:
        os.rename(place / old, place / new)
        now[new] = now.pop(old)
    for path in new_names:
        if path in mended.files and now[path] != mended.files[path]:
            _replace(place / path, now[path], mended.files[path])
    for path in (path for path in changed if not path.endswith(".json")):
        _replace(place / path, files[path], mended.files[path])
    for path in now:
        if path not in mended.files:
            (place / path).unlink()


def _replace(file: Path, old: bytes | None, new: bytes) -> None:
    found = file.read_bytes() if file.exists() else None
    if found != old:
        raise Refused(f"{file} was changed meanwhile", hint="Run this again.")
    write_atomically(file, new)
