"""The files that amlgit writes into a repository: `.gitattributes`, `.amlgit`, the first commit with them; and taking them out again."""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from amlgit import config
from amlgit.store import blocks, incoming
from amlgit.store.objects import blob_id
from amlgit.store.repository import Identity, Repository
from amlgit.store.worktree import fast_forward

ATTRIBUTES_FILE = ".gitattributes"
_ATTRIBUTES = blocks.block(
    """\
experiments/** -text
webservices/** -text
experiments/**/*.json diff=amlgit merge=amlgit
webservices/**/*.json diff=amlgit merge=amlgit
experiments/**/*.py diff=python
webservices/**/*.py diff=python
experiments/**/*.R diff=amlgit-r
webservices/**/*.R diff=amlgit-r
models/*.ilearner filter=lfs diff=lfs merge=lfs -text
""",
    "kept by 'amlgit install'",
)
_CONFIG = b"form = 1\n"
FALLBACK = Identity(name="amlgit", email="amlgit@localhost")


def attributes(present: bytes) -> bytes:
    """The text of `.gitattributes` with our block in it, the user's lines untouched."""
    return blocks.with_block(present, _ATTRIBUTES, ATTRIBUTES_FILE)


def _without_attributes(present: bytes) -> bytes:
    return blocks.without_block(present, ATTRIBUTES_FILE)


def _without_config(present: bytes) -> bytes:
    return b"" if present == _CONFIG else present


_WRITTEN: Mapping[str, Callable[[bytes], bytes]] = {config.FILE: _without_config, ATTRIBUTES_FILE: _without_attributes}
"""What `install` writes into the work tree → the file without that."""


def write_attributes(root: Path) -> bool:
    """Bring `.gitattributes` up to date; whether that changed it."""
    path = root / ATTRIBUTES_FILE
    present = path.read_bytes() if path.exists() else b""
    wanted = attributes(present)
    if wanted == present:
        return False
    config.write_atomically(path, wanted)
    return True


def write_config(root: Path) -> bool:
    """Write a first `.amlgit` where there is none; whether that was so."""
    path = root / config.FILE
    if path.exists():
        return False
    config.write_atomically(path, _CONFIG)
    return True


def withdraw(repository: Repository, root: Path) -> list[str]:
    """Take out of work tree and index what `install` wrote and nobody committed; what is committed is the team's, and stays."""
    blobs = repository.blobs(f"{rev}:{name}" for name in _WRITTEN for rev in ("HEAD", ""))
    changed = []
    for name, without in _WRITTEN.items():
        committed = blobs.get(f"HEAD:{name}")
        if committed is not None and without(committed) != committed:
            continue
        is_file_ours = committed is None
        in_tree = _withdraw_file(root / name, without, is_file_ours=is_file_ours)
        in_index = _withdraw_staged(repository, name, blobs.get(f":{name}"), without, is_file_ours=is_file_ours)
        if in_tree or in_index:
            changed.append(name)
    return changed


def _withdraw_file(path: Path, without: Callable[[bytes], bytes], *, is_file_ours: bool) -> bool:
    present = path.read_bytes() if path.is_file() else b""
    kept = without(present)
    if kept == present:
        return False
    if kept or not is_file_ours:
        config.write_atomically(path, kept)
    else:
        path.unlink()
    return True


def _withdraw_staged(repository: Repository, name: str, staged: bytes | None, without: Callable[[bytes], bytes], *, is_file_ours: bool) -> bool:
    if staged is None or (kept := without(staged)) == staged:
        return False
    if kept or not is_file_ours:
        mode = repository.text("ls-files", "--stage", "--", name).partition(" ")[0]
        object_id = repository.run("hash-object", "-w", "--stdin", stdin=kept).decode().strip()
        repository.run("update-index", "--cacheinfo", f"{mode},{object_id},{name}")
    else:
        repository.run("update-index", "--force-remove", "--", name)
    return True


def stage(repository: Repository, paths: list[str]) -> None:
    """`git add` of files of ours."""
    repository.run("add", "--force", "--", *paths)


def first_commit(repository: Repository, paths: list[str], message: str) -> None:
    """Commit files on the unborn branch: no hook, no signature, and a neutral name where no identity is configured.

    The caller holds the lock, and sweeps when it has pulled: until then the pack stays kept, and nobody need look what is in it.

    It goes the way of all our objects, in a pack that is kept until the branch names it: beside a `git gc --prune=now` a loose object that
    no ref is on yet is gone at once.
    """
    root = repository.require_work_tree()
    identity = repository.identity() or FALLBACK
    author = f"{identity.name} <{identity.email}> {int(datetime.now(UTC).timestamp())} +0000"
    ref = "refs/heads/amlgit-incoming"
    with incoming.receive(repository) as stream:
        changes: list[tuple[str, str, str | None]] = []
        for path in paths:
            data = (root / path).read_bytes()
            stream.blob(data)
            changes.append((path, "100644", blob_id(data, repository.object_format)))
        stream.commit(ref, author=author, committer=author, message=message, parent=None, changes=changes)
        tip = stream.finish()[ref]
    fast_forward(repository, None, tip, "set up")


def relative(path: Path, root: Path) -> str:
    """A path as `.amlgit` has it: relative to the repository, with `/`, where it can be."""
    try:
        return Path(os.path.relpath(path.resolve(), root.resolve())).as_posix()
    except ValueError:
        return path.resolve().as_posix()
