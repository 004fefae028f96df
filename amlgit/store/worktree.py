"""The work tree: moved to a new commit file by file, each in one step, so that a kill leaves no half-written file.

`git checkout` writes files in place, and a kill in the middle leaves a truncated one and a stale index.lock. Here the files come first,
then the index, HEAD last; a run that finds the work of a killed one takes files that already have their new content as done.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    old_mode: str
    old: str | None
    new_mode: str
    new: str | None

    @property
    def states(self) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
        """(object id, mode) before and after; None where there is no file."""
        return ((self.old, self.old_mode) if self.old else None, (self.new, self.new_mode) if self.new else None)


def fast_forward(repository: Repository, old: str | None, new: str, reason: str) -> None:
    """Move HEAD, index and work tree from commit `old` (None on an unborn branch) to `new`.

    Raises Refused, before anything is touched, where a file that changes holds something uncommitted.
    """
    changes = _changes(repository, old, new)
    root = repository.require_work_tree()
    with _index_lock(repository):
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
        return [_Change(path=path, old_mode="", old=None, new_mode=mode, new=object_id) for path, (mode, object_id) in repository.tree(new).items()]
    output = repository.run("diff-tree", "-r", "-z", "--no-renames", "--no-abbrev", "--raw", old, new).split(b"\0")
    changes = []
    for head, path in zip(output[::2], output[1::2], strict=False):
        old_mode, new_mode, old_id, new_id, _ = head.decode().removeprefix(":").split(" ")
        changes.append(_Change(path=os.fsdecode(path), old_mode=old_mode, old=_present(old_id), new_mode=new_mode, new=_present(new_id)))
    return changes


def _present(object_id: str) -> str | None:
    return object_id if object_id.strip("0") else None


def _refuse_dirty(repository: Repository, root: Path, changes: Sequence[_Change]) -> None:
    staged = _staged(repository)
    has_modes = repository.config("core.fileMode") != "false"
    dirty = []
    for change in changes:
        here = _state(repository, root, change, has_modes=has_modes)
        if here not in change.states or staged.get(change.path) not in change.states:
            dirty.append(change.path)
    if dirty:
        raise _dirty(dirty)


def _staged(repository: Repository) -> dict[str, tuple[str, str]]:
    """Path → (object id, mode) in the index."""
    staged = {}
    for entry in repository.run("ls-files", "--stage", "-z").split(b"\0"):
        if entry:
            head, _, path = entry.partition(b"\t")
            mode, object_id, _ = head.decode().split(" ")
            staged[os.fsdecode(path)] = (object_id, mode)
    return staged


def _state(repository: Repository, root: Path, change: _Change, *, has_modes: bool) -> tuple[str, str] | None:
    """(object id, mode) of a file as it lies there; None where there is none; an id of 'other' for what is no file in a real folder."""
    place = root
    for part in Path(change.path).parts[:-1]:
        place = place / part
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            return ("other", "")
    file = root / change.path
    if file.is_symlink():
        return ("other", "")
    try:
        object_id = blob_id(file.read_bytes(), repository.object_format)
        mode = "100755" if file.stat().st_mode & 0o100 else "100644"
    except FileNotFoundError:
        return None
    except OSError:
        return ("other", "")
    if not has_modes:
        mode = change.old_mode if object_id == change.old else change.new_mode
    return (object_id, mode)


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
    """Take the changes into the index, in one step; the caller holds its lock."""
    scratch = repository.private_dir / "index"
    for stale in (scratch, scratch.with_name("index.lock")):
        stale.unlink(missing_ok=True)
    if repository.index_file.exists():
        shutil.copyfile(repository.index_file, scratch)
    none = "0" * (40 if repository.object_format == "sha1" else 64)
    lines = [f"{change.new_mode if change.new else '0'} {change.new or none}\t{change.path}\0" for change in changes]
    environment = {"GIT_INDEX_FILE": str(scratch)}
    repository.run("update-index", "-z", "--index-info", stdin=os.fsencode("".join(lines)), extra=environment)
    repository.attempt("update-index", "-q", "--refresh", extra=environment)
    os.replace(scratch, repository.index_file)


@contextmanager
def _index_lock(repository: Repository) -> Iterator[None]:
    """Hold git's own lock of the index; ours is known by its inode, so that one a killed run left is no riddle."""
    index = repository.index_file
    lock, token = index.with_name(f"{index.name}.lock"), repository.private_dir / "index-lock"
    if token.exists() and lock.exists() and os.path.samefile(token, lock):
        lock.unlink()
    token.unlink(missing_ok=True)
    token.write_bytes(b"amlgit\n")
    try:
        os.link(token, lock)
    except FileExistsError:
        token.unlink(missing_ok=True)
        raise Refused(
            f"{lock} exists: another git process is at work in this repository, or was cut off",
            hint="Wait until it is done; if none is running, remove that file and run this again.",
        ) from None
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        token.unlink(missing_ok=True)
