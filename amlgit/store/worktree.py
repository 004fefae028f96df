"""The work tree: moved to a new commit file by file, each in one step, so that a kill leaves no half-written file.

`git checkout` writes files in place, and a kill in the middle leaves a truncated one and a stale index.lock. Here the files come first,
then the index, HEAD last; a run that finds the work of a killed one takes files that already have their new content as done.
"""

import errno
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit.errors import Refused, StorageFailed
from amlgit.store.objects import blob_id
from amlgit.store.repository import Repository

_CHUNK = 500
"""Files read from git at a time, to bound memory."""

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    path: str
    mode: str
    old: str | None
    new: str | None


def fast_forward(repository: Repository, old: str | None, new: str, reason: str) -> None:
    """Move HEAD, index and work tree from commit `old` (None on an unborn branch) to `new`.

    Raises Refused, before anything is touched, where a file that changes holds something uncommitted.
    """
    changes = _changes(repository, old, new)
    root = repository.require_work_tree()
    _refuse_dirty(repository, root, changes)
    for start in range(0, len(changes), _CHUNK):
        _write_files(repository, root, changes[start : start + _CHUNK])
    _update_index(repository, changes)
    repository.run("update-ref", "-m", f"amlgit: {reason}", "HEAD", new, old or "0" * len(new))


def refuse_uncommitted(repository: Repository, old: str | None, paths: Sequence[str]) -> None:
    """Raise Refused where one of the folders or files holds something that is not committed."""
    if old is None:
        return
    status = repository.run("status", "--porcelain", "-z", "--untracked-files=all", "--", *paths).split(b"\0")
    dirty = [entry[3:].decode(errors="replace") for entry in status if len(entry) > 3]
    if dirty:
        raise _dirty(dirty)


def _dirty(paths: Sequence[str]) -> Refused:
    shown = ", ".join(sorted(paths)[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return Refused(f"uncommitted changes would be overwritten: {shown}", hint="Commit or stash them, then run this again.")


def _changes(repository: Repository, old: str | None, new: str) -> list[_Change]:
    if old is None:
        return [_Change(path=path, mode=mode, old=None, new=object_id) for path, (mode, object_id) in repository.tree(new).items()]
    output = repository.run("diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", "--raw", old, new).split(b"\0")
    changes = []
    for head, path in zip(output[::2], output[1::2], strict=False):
        _, mode, old_id, new_id, _ = head.decode().split(" ")
        changes.append(_Change(path=os.fsdecode(path), mode=mode, old=_present(old_id), new=_present(new_id)))
    return changes


def _present(object_id: str) -> str | None:
    return object_id if object_id.strip("0") else None


def _refuse_dirty(repository: Repository, root: Path, changes: Sequence[_Change]) -> None:
    staged = _staged(repository)
    dirty = []
    for change in changes:
        here = _content_id(repository, root, change.path)
        if here not in (change.old, change.new) or staged.get(change.path) not in (change.old, change.new):
            dirty.append(change.path)
    if dirty:
        raise _dirty(dirty)


def _staged(repository: Repository) -> dict[str, str]:
    staged = {}
    for entry in repository.run("ls-files", "--stage", "-z").split(b"\0"):
        if entry:
            head, _, path = entry.partition(b"\t")
            staged[os.fsdecode(path)] = head.decode().split(" ")[1]
    return staged


def _content_id(repository: Repository, root: Path, path: str) -> str | None:
    """The blob id of a file as it lies there; None where there is none; 'other' for what is no file in a real folder."""
    place = root
    for part in Path(path).parts[:-1]:
        place = place / part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return "other"
    file = root / path
    if file.is_symlink():
        return "other"
    try:
        return blob_id(file.read_bytes(), repository.object_format)
    except FileNotFoundError:
        return None
    except OSError:
        return "other"


def _write_files(repository: Repository, root: Path, changes: Sequence[_Change]) -> None:
    contents = repository.blobs(change.new for change in changes if change.new)
    try:
        for change in changes:
            file = root / change.path
            if change.new is None:
                file.unlink(missing_ok=True)
                _remove_empty_folders(root, file.parent)
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                _replace(repository, file, contents[change.new])
    except OSError as error:
        raise StorageFailed(
            f"the work tree can't be written: {error.filename}: {error.strerror}", hint="Nothing is lost; mend that and run this again."
        ) from error


def _replace(repository: Repository, file: Path, data: bytes) -> None:
    aside = repository.private_dir / "file"
    aside.write_bytes(data)
    try:
        os.replace(aside, file)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = file.with_name(f"{file.name}.new")  # a work tree on another disk than its repository
        shutil.move(aside, beside)
        os.replace(beside, file)


def _remove_empty_folders(root: Path, folder: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _update_index(repository: Repository, changes: Sequence[_Change]) -> None:
    """Take the changes into the index, under git's own lock; ours is known by its inode, so that a killed run's lock is no riddle."""
    index = repository.index_file
    lock, token, scratch = index.with_name(f"{index.name}.lock"), repository.private_dir / "index-lock", repository.private_dir / "index"
    _take_lock(lock, token)
    try:
        for stale in (scratch, scratch.with_name("index.lock")):
            stale.unlink(missing_ok=True)
        if index.exists():
            shutil.copyfile(index, scratch)
        lines = [f"{change.mode if change.new else '0'} {change.new or '0' * 40}\t{change.path}\0" for change in changes]
        environment = {"GIT_INDEX_FILE": str(scratch)}
        repository.run("update-index", "-z", "--index-info", stdin="".join(lines).encode(errors="surrogateescape"), extra=environment)
        repository.attempt("update-index", "-q", "--refresh", extra=environment)
        os.replace(scratch, index)
    finally:
        lock.unlink(missing_ok=True)
        token.unlink(missing_ok=True)


def _take_lock(lock: Path, token: Path) -> None:
    if token.exists() and lock.exists() and os.path.samefile(token, lock):
        lock.unlink()
    token.write_bytes(b"amlgit\n")
    try:
        os.link(token, lock)
    except FileExistsError:
        token.unlink(missing_ok=True)
        raise Refused(
            f"{lock} exists: another git process is at work in this repository, or was cut off",
            hint="Wait until it is done; if none is running, remove that file and run this again.",
        ) from None
