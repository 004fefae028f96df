"""Objects read while git is still finding them: a walk, `git cat-file` and we work at once, and nothing piles up."""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import NamedTuple

from amlgit.errors import StorageFailed
from amlgit.store.repository import Repository

_PIECE = 1 << 18
_FSCK = "'git fsck' tells what is damaged."


class Found(NamedTuple):
    """An object, a tuple because there may be tens of thousands; of a name that means nothing, `kind` and `data` are empty."""

    id: str
    kind: str
    data: bytes


def objects(repository: Repository, *walk: str, stdin: bytes = b"") -> Iterator[Found]:
    """The objects that a git command names, one a line, in its order; raises StorageFailed where git fails."""
    for line, read in _answers(repository, "--batch", walk, stdin):
        yield _found(line, read)


def _found(line: bytes, read: Callable[[int], bytes]) -> Found:
    head = line.decode(errors="replace").rsplit(" ", 2)
    size = head[-1].rstrip()
    return Found(head[0], head[1], read(int(size) + 1)[:-1]) if size.isdigit() else Found(" ".join(head[:-1]), "", b"")


def _answers(repository: Repository, form: str, walk: Sequence[str], stdin: bytes) -> Iterator[tuple[bytes, Callable[[int], bytes]]]:
    """The first line of each answer of `git cat-file`, and how to read on.

    The names go from one git to the other without passing through us: ten thousand commits with their trees take
    half as much again as git needs to find them.
    """
    finder = repository.start(*walk, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL)
    reader = repository.start("cat-file", form, "--buffer", stdin=finder.stdout)
    assert finder.stdout is not None
    assert reader.stdout is not None
    finder.stdout.close()  # the reader holds it; git stops when nobody does
    try:
        if finder.stdin is not None:
            _feed(finder, stdin)
        while line := reader.stdout.readline():
            yield line, reader.stdout.read
        if finder.wait() != 0 or reader.wait() != 0:
            repository.run(*walk, stdin=stdin)  # to hear why
            raise StorageFailed("git cat-file failed", hint=_FSCK)
    finally:
        _end(finder, reader)


def records(repository: Repository, *arguments: str, stdin: bytes = b"") -> Iterator[str]:
    """What a git command prints, cut at its NULs, as soon as it is there; raises StorageFailed where git fails."""
    process = repository.start(*arguments, stdin=subprocess.PIPE if stdin else subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        if process.stdin is not None:
            _feed(process, stdin)
        rest = b""
        while piece := os.read(process.stdout.fileno(), _PIECE):
            whole, separator, rest = (rest + piece).rpartition(b"\0")
            yield from whole.decode(errors="replace").split("\0") if separator else ()
        if rest:
            yield rest.decode(errors="replace")
        if process.wait() != 0:
            repository.run(*arguments, stdin=stdin)  # to hear why
    finally:
        _end(process)


def annotated(repository: Repository, *walk: str, stdin: bytes) -> Iterator[tuple[str, bytes]]:
    """What a git command says behind the name of an object, a line for each, and the object; raises StorageFailed where git fails."""
    for line, read in _answers(repository, "--batch=%(objectsize) %(rest)", walk, stdin):
        size, _, rest = line.decode(errors="replace").removesuffix("\n").partition(" ")
        if not size.isdigit():
            raise StorageFailed(f"{size} is not in this repository", hint=_FSCK)
        yield rest, read(int(size) + 1)[:-1]


class Reader:
    """Objects read by name, question after question, from one git process."""

    _AT_ONCE = 256
    """Names asked for before the answers are read: more might fill both pipes, and both sides would wait for ever."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    def blobs(self, names: Iterable[str]) -> dict[str, bytes]:
        """Name (an object id, or `<rev>:<path>` in one line) → content; names that mean nothing are left out."""
        asked = list(dict.fromkeys(names))
        contents: dict[str, bytes] = {}
        for start in range(0, len(asked), self._AT_ONCE):
            batch = asked[start : start + self._AT_ONCE]
            answers = self._answers(batch)
            contents.update((name, answer.data) for name, answer in zip(batch, answers, strict=True) if answer.kind)
        return contents

    def _answers(self, names: Sequence[str]) -> list[Found]:
        stream = self._process.stdin
        assert stream is not None
        with suppress(BrokenPipeError):
            stream.write(os.fsencode("".join(f"{name}\n" for name in names)))
            stream.flush()
        answers = self._process.stdout
        assert answers is not None
        found = [_found(line, answers.read) for line in islice(answers, len(names))]
        if len(found) < len(names):
            raise StorageFailed("git cat-file failed", hint=_FSCK)
        return found


@contextmanager
def reader(repository: Repository) -> Iterator[Reader]:
    """A `Reader`, and the end of its process."""
    process = repository.start("cat-file", "--batch", stdin=subprocess.PIPE)
    try:
        yield Reader(process)
    finally:
        _end(process)


def _feed(process: "subprocess.Popen[bytes]", data: bytes) -> None:
    """Write what git reads to its end before it answers."""
    assert process.stdin is not None
    with suppress(BrokenPipeError), process.stdin:  # its exit code tells
        process.stdin.write(data)


def _end(*processes: "subprocess.Popen[bytes]") -> None:
    for process in processes:
        for stream in (process.stdin, process.stdout):
            with suppress(BrokenPipeError):
                if stream is not None:
                    stream.close()
        if process.poll() is None:
            process.kill()
        process.wait()


class Commit(NamedTuple):
    """What a commit says; a tuple because there may be tens of thousands."""

    time: int
    """When it was authored, in seconds since 1970."""
    author: str
    message: str


def read_commit(data: bytes, known: dict[bytes, str]) -> Commit:
    """A commit object; authors in `known` are not kept twice."""
    head, _, message = data.partition(b"\n\n")
    start = head.index(b"\nauthor ") + len("\nauthor ")
    end = head.find(b"\n", start)
    author, time, _ = head[start : end if end >= 0 else len(head)].rsplit(b" ", 2)
    if author not in known:
        known[author] = author.decode(errors="replace")
    return Commit(int(time), known[author], message.decode(errors="replace"))
