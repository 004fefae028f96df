"""The work tree: moved to a new commit file by file, each in one step, so that a kill leaves no half-written file.

`git checkout` writes files in place, and a kill in the middle leaves a truncated one and a stale index.lock. Here the files come first,
then the index, HEAD last; a run that finds the work of a killed one takes files that already have their new content as done.
"""

import hashlib
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

PENDING = "refs/worktree/amlgit-pending"
"""The commit that a fast-forward under way goes to: what a kill cut off is finished before anything else."""


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

    Raises Refused, before anything is touched, where HEAD is not at `old` any more or a file that changes holds something uncommitted.
    """
    changes = _changes(repository, old, new)
    root = repository.require_work_tree()
    with _index_lock(repository):
        if repository.head() != old:
            raise Refused("the branch moved meanwhile", hint="Nothing was changed; run this again.")
        sparse = _refuse_dirty(repository, root, changes)
        repository.run("update-ref", PENDING, new)
        for start in range(0, len(changes), _CHUNK):
            _write_files(repository, root, [change for change in changes[start : start + _CHUNK] if change.path not in sparse])
        _update_index(repository, changes, sparse)
        repository.run("update-ref", "-m", f"amlgit: {reason}", "HEAD", new, old or "0" * len(new))
        repository.run("update-ref", "-d", PENDING)


def finish_pending(repository: Repository) -> None:
    """Finish the fast-forward that a killed run began; forget it where the branch went another way since."""
    _drop_own_lock(*_lock_files(repository))
    pending = repository.resolve(PENDING)
    if pending is None:
        return
    head = repository.head()
    if head is None or (head != pending and repository.attempt("merge-base", "--is-ancestor", head, pending).returncode == 0):
        fast_forward(repository, head, pending, "finish a pull that was cut off")
    else:
        repository.run("update-ref", "-d", PENDING)


def refuse_uncommitted(repository: Repository, old: str | None, paths: Sequence[str]) -> None:
    """Raise Refused where one of the folders or files holds something that is not committed."""
    dirty = uncommitted(repository, paths) if old is not None else []
    if dirty:
        raise dirty_refused(dirty)


def uncommitted(repository: Repository, paths: Sequence[str], *options: str) -> list[str]:
    """The files below some paths that are not as the last commit has them."""
    asked = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", *options, "--", *(f":(literal){path}" for path in paths))
    return [os.fsdecode(entry[3:]) for entry in repository.run(*asked).split(b"\0") if entry]


def dirty_refused(paths: Sequence[str]) -> Refused:
    """That uncommitted changes are in the way."""
    names = [os.fsencode(path).decode(errors="replace") for path in sorted(paths)]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
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


def _refuse_dirty(repository: Repository, root: Path, changes: Sequence[_Change]) -> frozenset[str]:
    """Raise Refused where something uncommitted is in the way; gives the files that a sparse checkout leaves out."""
    staged, sparse = _staged(repository)
    has_modes = repository.config("core.fileMode") != "false"
    dirty = []
    for change in changes:
        here = _state(repository, root, change, has_modes=has_modes)
        is_left_out = change.path in sparse and here is None
        if (here not in change.states and not is_left_out) or staged.get(change.path) not in change.states:
            dirty.append(change.path)
    if dirty:
        raise dirty_refused(dirty)
    return frozenset(change.path for change in changes if change.path in sparse)


def _staged(repository: Repository) -> tuple[dict[str, tuple[str, str]], frozenset[str]]:
    """Path → (object id, mode) in the index, a conflict as such; and the paths that a sparse checkout leaves out."""
    staged: dict[str, tuple[str, str]] = {}
    sparse = set()
    for entry in repository.run("ls-files", "-t", "--stage", "-z").split(b"\0"):
        if entry:
            head, _, path = entry.partition(b"\t")
            tag, mode, object_id, stage = head.decode().split(" ")
            staged[os.fsdecode(path)] = (object_id, mode) if stage == "0" else ("conflict", stage)
            if tag == "S":
                sparse.add(os.fsdecode(path))
    return staged, frozenset(sparse)


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
    file = root
    try:
        for change in changes:
            file = root / change.path
            if change.new is None:
                file.unlink(missing_ok=True)
                _remove_empty_folders(root, file.parent)
            else:
                replace_file(repository, root, file, contents[change.new], is_executable=change.new_mode == "100755")
    except OSError as error:
        raise _unwritable(error, file) from error


def _unwritable(error: OSError, file: Path) -> StorageFailed:
    """`file` is what was being written: an error of the writing itself (a full disk) names no file."""
    message = f"the work tree can't be written: {error.filename or file}: {error.strerror}"
    return StorageFailed(message, hint="Nothing is lost; mend that and run this again.")


def replace_file(repository: Repository, root: Path, file: Path, data: bytes, *, is_executable: bool = False) -> None:
    """Give a file of the work tree its content in one step; what a kill leaves of it is no file of the work tree's.

    The caller holds amlgit's lock. Raises StorageFailed where the file can't be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _replace(repository, root, file, data, is_executable=is_executable)
    except OSError as error:
        raise _unwritable(error, file) from error


def _replace(repository: Repository, root: Path, file: Path, data: bytes, *, is_executable: bool) -> None:
    aside = repository.private_dir / "file"
    if repository.private_dir.stat().st_dev != root.stat().st_dev:
        # a work tree on another disk than its repository: under one name of its own in the top folder, so that a kill leaves no riddle
        aside = root / f".amlgit-{hashlib.sha256(os.fsencode(repository.git_dir)).hexdigest()[:16]}"
    aside.unlink(missing_ok=True)
    with aside.open("xb") as opened:
        opened.write(data)
    if is_executable:
        aside.chmod(aside.stat().st_mode | 0o111)
    os.replace(aside, file)


def _remove_empty_folders(root: Path, folder: Path) -> None:
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def _update_index(repository: Repository, changes: Sequence[_Change], sparse: frozenset[str]) -> None:
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
    left_out = "".join(f"{change.path}\0" for change in changes if change.path in sparse and change.new)
    if left_out:
        repository.run("update-index", "--skip-worktree", "-z", "--stdin", stdin=os.fsencode(left_out), extra=environment)
    repository.attempt("update-index", "-q", "--refresh", extra=environment)
    os.replace(scratch, repository.index_file)


@contextmanager
def _index_lock(repository: Repository) -> Iterator[None]:
    """Hold git's own lock of the index; ours is known by its inode, so that one a killed run left is no riddle."""
    lock, token = _lock_files(repository)
    _drop_own_lock(lock, token)
    token.write_bytes(b"amlgit\n")
    try:
        _link(token, lock)
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


def _lock_files(repository: Repository) -> tuple[Path, Path]:
    """Git's lock of the index, and the name by which we know that one is ours."""
    return repository.index_file.with_name(f"{repository.index_file.name}.lock"), repository.git_dir / "amlgit-index-lock"


def _drop_own_lock(lock: Path, token: Path) -> None:
    """Remove the lock that a killed run of ours left; one of another git process stays."""
    if token.exists() and lock.exists() and os.path.samefile(token, lock):
        lock.unlink()
    token.unlink(missing_ok=True)


def _link(token: Path, lock: Path) -> None:
    """Make `lock` a second name of `token`; raises FileExistsError where there is one. Some disks know no such links."""
    try:
        os.link(token, lock)
    except FileExistsError:
        raise
    except OSError:
        with lock.open("xb"):
            pass
