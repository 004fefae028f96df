"""New objects, written aside by `git fast-import` and moved in whole: before the refs name them, after nothing can be lost.

The stream goes into a throw-away bare repository that borrows the repository's objects; its packs are then moved in under a `.keep`,
the refs are moved, and the `.keep` is dropped. A kill at any moment leaves the refs as they were; `sweep` clears what else it left.
"""

import contextlib
import os
import queue
import secrets
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO

from amlgit.errors import StorageFailed
from amlgit.store.repository import Repository, clean_environment, initialise

BRANCH = "refs/heads/amlgit-incoming"
"""What commits for the branch are called until they are moved in."""
_KEEP = b"amlgit\n"
_STEADY_MEMORY = {"MALLOC_TRIM_THRESHOLD_": str(64 << 20), "MALLOC_TOP_PAD_": str(4 << 20)}
"""fast-import takes and gives back the same memory for every object; with glibc that costs it a third of its time."""

_PIECE = 256 * 1024
"""Bytes written at a time."""


class _Pump(threading.Thread):
    """Writes to fast-import while the caller goes on: a pipe holds 64 KB, and fast-import and we would take turns waiting."""

    _AHEAD = 16
    """Pieces that may wait; some MB in all."""

    def __init__(self, stream: IO[bytes]) -> None:
        super().__init__(daemon=True, name="amlgit-fast-import")
        self._stream = stream
        self._pieces: queue.Queue[bytes | None] = queue.Queue(self._AHEAD)
        self.error: OSError | None = None

    def run(self) -> None:
        while (piece := self._pieces.get()) is not None:
            if self.error is None:  # after one, pieces are only taken off, so that the caller never waits for ever
                try:
                    self._stream.write(piece)
                except (OSError, ValueError) as error:
                    self.error = error if isinstance(error, OSError) else OSError(str(error))

    def put(self, piece: bytes) -> None:
        self._pieces.put(piece)

    def end(self) -> None:
        self._pieces.put(None)
        self.join()


class Incoming:
    """A fast-import stream under way: write blobs and commits, then `finish`."""

    def __init__(self, repository: Repository, aside: Repository, process: "subprocess.Popen[bytes]", pump: _Pump) -> None:
        self._repository = repository
        self._aside = aside
        self._process = process
        self._pump = pump
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    def blob(self, data: bytes) -> None:
        """Write a blob; commits refer to it by its id."""
        self.write(b"blob\ndata %d\n%b\n" % (len(data), data))

    def commit(
        self, ref: str, *, author: str, committer: str, message: str, parent: str | None, changes: Sequence[tuple[str, str, str | None]]
    ) -> None:
        """Write a commit on `ref`; `changes` are (path, mode, object id or None to delete); `parent` is an id, or None for what `ref` holds."""
        text = message.encode(errors="replace")
        lines = [f"commit {ref}\nauthor {author}\ncommitter {committer}\ndata {len(text)}\n".encode(errors="replace"), text, b"\n"]
        if parent is not None:
            lines.append(f"from {parent}\n".encode())
        for path, mode, object_id in changes:
            lines.append(os.fsencode(f"D {_quoted(path)}\n" if object_id is None else f"M {mode} {object_id} {_quoted(path)}\n"))
        lines.append(b"\n")
        self.write(b"".join(lines))

    def write(self, data: bytes) -> None:
        """Write a piece of the stream; raises StorageFailed where fast-import has stopped."""
        self._pending.append(data)
        self._pending_bytes += len(data)
        if self._pending_bytes >= _PIECE:
            self._flush()

    def _flush(self) -> None:
        if self._pump.error is not None:
            raise self._failure() from self._pump.error
        self._pump.put(b"".join(self._pending))
        self._pending, self._pending_bytes = [], 0

    def _failure(self) -> StorageFailed:
        self._process.kill()
        said = self._process.stderr.read().decode(errors="replace").strip() if self._process.stderr else ""
        reason = next((line for line in said.splitlines() if line.startswith("fatal:")), said.partition("\n")[0])
        return StorageFailed(f"git fast-import stopped: {reason or 'no reason given'}", hint="Nothing was changed; run this again.")

    def finish(self, depth: int | None = None) -> dict[str, str]:
        """End the stream, move the packs in (still kept) and give back the refs that were written.

        `depth` says how deep the trees are that the stream itself made; what lies deeper was there, with a ref of ours on it.
        """
        self.write(b"done\n")
        self._flush()
        self._pump.end()
        try:
            if self._process.stdin is not None:
                self._process.stdin.close()
        except OSError as error:
            raise self._failure() from error
        if self._pump.error is not None:
            raise self._failure() from self._pump.error
        if self._process.wait() != 0:
            raise self._failure()
        refs = self._aside.refs("refs/")
        self._pack_borrowed(refs, depth)
        try:
            _move_packs(self._aside.common_dir, self._repository.common_dir)
        except OSError as error:
            raise StorageFailed(f"new objects can't be moved in: {error.filename}: {error.strerror}", hint="Mend that and run this again.") from error
        return refs

    def _pack_borrowed(self, refs: Mapping[str, str], depth: int | None) -> None:
        """Pack anew what fast-import found in packs of others: no ref may be on it, and a `git gc --prune=now` about to drop it."""
        packs = {pack.stem for pack in (self._repository.common_dir / "objects" / "pack").glob("*.pack")}
        if not refs or packs <= {keep.stem for keep in _our_keeps(self._repository.common_dir)}:
            return
        question = "\n".join([*refs.values(), *(f"^{tip}" for tip in set(self._repository.refs().values()))]) + "\n"
        limit = [] if depth is None else [f"--filter=tree:{depth}"]
        try:
            listing = self._aside.run("rev-list", "--objects", "--no-object-names", *limit, "--stdin", stdin=question.encode())
            borrowed = set(listing.split()) - self._safe_objects()
            if borrowed:
                target = self._aside.common_dir / "objects" / "pack" / "pack"
                self._aside.run("pack-objects", "--quiet", str(target), stdin=b"\n".join(sorted(borrowed)) + b"\n")
        except StorageFailed as error:
            hint = "Was a 'git gc --prune=now' faster? Nothing was changed; run this again."
            raise StorageFailed(f"objects went away while they were taken over: {error}", hint=hint) from error

    def _safe_objects(self) -> set[bytes]:
        indexes = list((self._aside.common_dir / "objects" / "pack").glob("*.idx"))
        indexes += [keep.with_suffix(".idx") for keep in _our_keeps(self._repository.common_dir)]
        safe: set[bytes] = set()
        for index in indexes:
            if index.exists():
                listing = self._aside.run("show-index", f"--object-format={self._aside.object_format}", stdin=index.read_bytes())
                safe.update(line.split(b" ")[1] for line in listing.splitlines())
        return safe


def _quoted(path: str) -> str:
    if path.startswith('"') or "\n" in path:
        return '"' + path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    return path


@contextmanager
def receive(repository: Repository) -> Iterator[Incoming]:
    """A fast-import stream into a throw-away repository; the caller holds the lock, and calls `sweep` once the refs are moved."""
    folder = repository.private_dir / "incoming"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        aside = _throw_away(repository, folder)
        process = subprocess.Popen(
            aside.command("-c", "fastimport.unpackLimit=0", "fast-import", "--quiet", "--done", "--active-branches=10000"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=clean_environment(aside.environment) | _STEADY_MEMORY,
            start_new_session=True,  # who interrupts us is heard by us alone, before git says that it was stopped; its input ends with us
        )
        assert process.stdin is not None
        pump = _Pump(process.stdin)
        pump.start()
        try:
            yield Incoming(repository, aside, process, pump)
        finally:
            _end(process, pump)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: "subprocess.Popen[bytes]", pump: _Pump) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if pump.is_alive():
        pump.end()
    for stream in (process.stdin, process.stderr):
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()


def _throw_away(repository: Repository, folder: Path) -> Repository:
    initialise(repository.environment, "--bare", "--template=", f"--object-format={repository.object_format}", str(folder))
    (folder / "objects" / "info").mkdir(exist_ok=True)
    alternates = f"{_quoted(str(repository.common_dir / 'objects'))}\n"
    (folder / "objects" / "info" / "alternates").write_bytes(os.fsencode(alternates))
    shallow = repository.common_dir / "shallow"
    if shallow.exists():
        shutil.copy(shallow, folder / "shallow")
    return replace(repository, git_dir=folder, common_dir=folder, work_tree=None, index_file=folder / "index")


def _move_packs(source: Path, target: Path) -> None:
    packs = target / "objects" / "pack"
    packs.mkdir(parents=True, exist_ok=True)
    ours = {keep.stem for keep in _our_keeps(target)}
    for pack in sorted((source / "objects" / "pack").glob("*.pack")):
        name = pack.stem
        if name not in ours and any((packs / f"{name}{suffix}").exists() for suffix in (".pack", ".idx", ".keep")):
            name = f"pack-{secrets.token_hex(20)}"  # a gc under way may be about to delete the pack of that name
        keep = packs / f"{name}.keep"
        aside = source / "keep"
        aside.write_bytes(_KEEP)
        os.replace(aside, keep)
        # git takes a pack to exist once its index does, so that comes last
        for suffix in (".rev", ".pack", ".idx"):
            if pack.with_suffix(suffix).exists():
                os.replace(pack.with_suffix(suffix), packs / f"{name}{suffix}")


def _our_keeps(common_dir: Path) -> list[Path]:
    return [keep for keep in sorted((common_dir / "objects" / "pack").glob("*.keep")) if keep.read_bytes() == _KEEP]


def sweep(repository: Repository) -> None:
    """Drop our `.keep` files and what a killed run left behind; the caller holds the lock."""
    shutil.rmtree(repository.private_dir / "incoming", ignore_errors=True)
    for name in ("file", "index", "index.lock", ".held.json.amlgit-new"):
        (repository.private_dir / name).unlink(missing_ok=True)
    for keep in _our_keeps(repository.common_dir):
        if not keep.with_suffix(".idx").exists():
            for suffix in (".pack", ".rev"):
                keep.with_suffix(suffix).unlink(missing_ok=True)
        keep.unlink(missing_ok=True)
