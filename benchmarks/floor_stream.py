"""The stream of a floor: the commits of a repository for a raw `git fast-import`, its blobs in the best order.

All versions of one path stand one after the other, because fast-import finds deltas only against the blob before.
"""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

_AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    path: bytes
    mode: bytes
    blob: bytes
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Commit:
    ref: bytes
    id: bytes
    changes: tuple[_Change, ...]


def write(repository: Path, stream: Path) -> dict[str, str]:
    """Write the chains and the branch of a repository as a stream; gives the refs that importing it must come to."""
    listing = _git(repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/amlgit/", "refs/heads/").decode().splitlines()
    tips = {ref: tip for tip, _, ref in (line.partition(" ") for line in sorted(listing, key=lambda line: "refs/heads/" in line))}
    commits = [commit for ref, tip in tips.items() for commit in _commits(repository, ref, tip)]
    with stream.open("wb") as out:
        marks = _write_blobs(repository, commits, out)
        _write_commits(repository, commits, marks, out)
        out.write(b"done\n")
    return tips


def unpack(repository: Path, folder: Path, number: int) -> None:
    """Write what each of the first versions of the branch changed into a folder of its own: `new/` and the list `gone`."""
    # the very first sets amlgit up and holds no version
    for place, commit in enumerate(islice(_commits(repository, "HEAD", "HEAD"), 1, number + 1)):
        kept = [change for change in commit.changes if not change.is_deleted]
        for change, (_, data) in zip(kept, _objects(repository, [change.blob for change in kept]), strict=True):
            file = folder / f"{place:05}" / "new" / change.path.decode()
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        gone = [change.path for change in commit.changes if change.is_deleted]
        (folder / f"{place:05}" / "gone").write_bytes(b"\n".join(gone))


def _git(repository: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout  # git on our own repository


def _commits(repository: Path, ref: str, tip: str) -> Iterator[_Commit]:
    log = _git(repository, "log", "--reverse", "--root", "--raw", "-r", "-z", "--no-abbrev", "--no-renames", "--format=%x02%H", tip)
    for record in log.split(b"\x02")[1:]:
        commit, *parts = (part.lstrip(b"\n") for part in record.split(b"\0"))
        parts = parts[next((index for index, part in enumerate(parts) if part.startswith(b":")), len(parts)) :]
        changes = [_change(head, path) for head, path in zip(parts[::2], parts[1::2], strict=False) if head.startswith(b":")]
        yield _Commit(ref=ref.encode(), id=commit.strip(), changes=tuple(changes))


def _change(head: bytes, path: bytes) -> _Change:
    _, mode, _, blob, kind = head.split(b" ")
    return _Change(path=path, mode=mode, blob=blob, is_deleted=kind == b"D")


def _write_blobs(repository: Path, commits: Sequence[_Commit], out: IO[bytes]) -> Mapping[bytes, int]:
    by_path: dict[bytes, dict[bytes, None]] = {}
    for commit in commits:
        for change in commit.changes:
            if not change.is_deleted:
                by_path.setdefault(change.path, {})[change.blob] = None
    marks: dict[bytes, int] = {}
    for blobs in by_path.values():
        for blob, data in _objects(repository, [blob for blob in blobs if blob not in marks]):
            marks[blob] = len(marks) + 1
            out.write(b"blob\nmark :%d\ndata %d\n%b\n" % (marks[blob], len(data), data))
    return marks


def _write_commits(repository: Path, commits: Sequence[_Commit], marks: Mapping[bytes, int], out: IO[bytes]) -> None:
    texts = _objects(repository, [commit.id for commit in commits])
    begun: set[bytes] = set()
    for commit, (_, text) in zip(commits, texts, strict=True):
        head, _, message = text.partition(b"\n\n")
        people = [line for line in head.split(b"\n") if line.startswith((b"author ", b"committer "))]
        out.write(b"commit %b\n%b\ndata %d\n%b\n" % (commit.ref, b"\n".join(people), len(message), message))
        assert commit.ref in begun or b"\nparent " not in head, "a ref whose first commit has a parent"
        begun.add(commit.ref)
        for change in commit.changes:
            out.write(b"D %b\n" % change.path if change.is_deleted else b"M %b :%d %b\n" % (change.mode, marks[change.blob], change.path))
        out.write(b"\n")


def _objects(repository: Path, ids: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, len(ids), _AT_A_TIME):
        chunk = ids[start : start + _AT_A_TIME]
        output = _git(repository, "cat-file", "--batch", stdin=b"\n".join(chunk) + b"\n")
        position = 0
        for name in chunk:
            end = output.index(b"\n", position)
            size = int(output[position:end].split()[2])
            yield name, output[end + 1 : end + 1 + size]
            position = end + size + 2
