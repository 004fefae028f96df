"""A history written anew: the same commits with other trees, people and messages, in the same shape."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.store import streams
from amlgit.store.incoming import Incoming
from amlgit.store.objects import blob_id
from amlgit.store.repository import Repository

Files = Mapping[str, str]
"""Path → blob id."""
State = Mapping[str, Files]
"""What a commit holds: folder → its files; parts that are the same object are not compared."""

_WORKING = "refs/amlgit-rewriting/tip"
_IDENTITY = re.compile(r"(?P<name>[^<\n]*?) ?<(?P<mail>[^>\n]*)>? ?(?P<time>[0-9]{1,12})? ?(?P<zone>[+-][0-9]{4})?[^\n]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """Who made a commit or a tag, and when: seconds since 1970 and the zone."""

    name: str
    mail: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as it is to be read; what signs it is left out."""

    id: str
    tree: str
    parents: Sequence[str]
    author: Signed
    committer: Signed
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A tag and the commit it names; an annotated one has a message and mostly a tagger."""

    name: str
    commit: str
    message: str | None
    tagger: Signed | None


def commits(repository: Repository, tips: Iterable[str]) -> Iterator[Commit]:
    """Every commit behind `tips`, parents before children."""
    wanted = "".join(f"{tip}\n" for tip in dict.fromkeys(tips)).encode()
    if wanted:
        for found in streams.objects(repository, "rev-list", "--topo-order", "--reverse", "--stdin", stdin=wanted):
            yield _commit(found.id, found.data)


def tags(repository: Repository) -> tuple[list[Tag], list[str]]:
    """The tags on commits, and the names of tags on anything else."""
    listing = repository.lines("for-each-ref", "--format=%(objecttype) %(objectname) %(refname)", "refs/tags")
    found: list[Tag] = []
    others: list[str] = []
    for line in listing:
        kind, object_id, ref = line.split(" ", 2)
        name, commit = ref.removeprefix("refs/tags/"), repository.resolve(ref)
        if commit is None:
            others.append(name)
        elif kind != "tag":
            found.append(Tag(name=name, commit=commit, message=None, tagger=None))
        else:
            head, message = _parts(repository.run("cat-file", "tag", object_id))
            tagger = _signed(head["tagger"][0]) if "tagger" in head else None
            found.append(Tag(name=name, commit=commit, message=message.partition("-----BEGIN ")[0], tagger=tagger))
    return found, others


def _parts(data: bytes) -> tuple[Mapping[str, list[str]], str]:
    """The headers of an object, by name, and its message."""
    head, _, message = data.partition(b"\n\n")
    encoding = _encoding(re.search(rb"^encoding (\S+)$", head, re.MULTILINE))
    found: dict[str, list[str]] = {}
    for line in _decoded(head, encoding).split("\n"):
        if not line.startswith(" "):  # the rest of a signature
            name, _, value = line.partition(" ")
            found.setdefault(name, []).append(value)
    return found, _decoded(message, encoding)


def _encoding(named: "re.Match[bytes] | None") -> str:
    """The encoding that a commit names; UTF-8 where that is none of text, or one in which what git wrote would be something else."""
    name = named[1].decode(errors="replace") if named else "utf-8"
    try:
        return name if _PLAIN.decode(name, errors="replace") == _PLAIN.decode() else "utf-8"
    except (LookupError, ValueError):
        return "utf-8"


_PLAIN = bytes(code for code in range(0x20, 0x7F) if code != 0x5C) + rb"\n\u0041"
"""What stands for itself in an encoding of commits; some of Python's take a backslash for the start of something."""


def _decoded(data: bytes, encoding: str) -> str:
    return data.decode(encoding, errors="replace")


def _commit(commit_id: str, data: bytes) -> Commit:
    head, message = _parts(data)
    author, committer = (_signed(head.get(role, [""])[0]) for role in ("author", "committer"))
    return Commit(id=commit_id, tree=head["tree"][0], parents=head.get("parent", []), author=author, committer=committer, message=message)


def _signed(line: str) -> Signed:
    match = _IDENTITY.match(line)
    if match is None:
        return Signed(name="", mail="", when="0 +0000")
    zone = match["zone"] or "+0000"
    zone = zone if int(zone[1:]) <= _FARTHEST else "+0000"  # git has such commits, and fast-import takes none
    return Signed(name=match["name"].strip(), mail=match["mail"].strip(), when=f"{match['time'] or 0} {zone}")


_FARTHEST = 1400
"""Hours and minutes that a time zone may be from Greenwich."""


class Rewriter:
    """Writes commits into a stream, each with what it holds against its first parent."""

    def __init__(self, repository: Repository, stream: Incoming) -> None:
        self._format = repository.object_format
        self._stream = stream
        self._marks: dict[str, int] = {}
        self._states: dict[str, State] = {}
        self._written: set[str] = set()

    def blob(self, data: bytes) -> str:
        """Write a file's content; gives its id."""
        object_id = blob_id(data, self._format)
        if object_id not in self._written:
            self._written.add(object_id)
            self._stream.blob(data)
        return object_id

    def commit(self, old: Commit, state: State, author: Signed, committer: Signed, message: str) -> None:
        """Write what takes the place of a commit; parents that are not there (of a shallow clone) are left out."""
        parents = [self._marks[parent] for parent in old.parents if parent in self._marks]
        before = next((self._states[parent] for parent in old.parents if parent in self._states), {})
        mark = len(self._marks) + 1
        self._marks[old.id], self._states[old.id] = mark, state
        text = message.encode()
        head = [] if parents else [f"reset {_WORKING}\n\n"]
        head.append(f"commit {_WORKING}\nmark :{mark}\nauthor {_identity(author)}\ncommitter {_identity(committer)}\ndata {len(text)}\n")
        links = [f"{'merge' if number else 'from'} :{parent}\n" for number, parent in enumerate(dict.fromkeys(parents))]
        self._stream.write("".join(head).encode() + text + b"\n" + "".join([*links, *_changes(before, state)]).encode() + b"\n")

    def branch(self, ref: str, commit: str) -> None:
        """Let a ref name what took the place of a commit."""
        self._stream.write(f"reset {ref}\nfrom :{self._marks[commit]}\n\n".encode())

    def tag(self, name: str, commit: str, message: str, tagger: Signed | None) -> None:
        """Write an annotated tag."""
        text = message.encode()
        signed = f"tagger {_identity(tagger)}\n" if tagger is not None else ""
        self._stream.write(f"tag {name}\nfrom :{self._marks[commit]}\n{signed}data {len(text)}\n".encode() + text + b"\n")


def _identity(signed: Signed) -> str:
    return f"{signed.name} <{signed.mail}> {signed.when}"


def _changes(before: State, after: State) -> Iterator[str]:
    """What leads from one state to another, as fast-import takes it; paths are ours and need no quotes."""
    for folder in sorted(before.keys() | after.keys()):
        old, new = before.get(folder, {}), after.get(folder, {})
        if old is new:
            continue
        start = f"{folder}/" if folder else ""
        yield from (f"D {start}{path}\n" for path in sorted(old.keys() - new.keys()))
        yield from (f"M 100644 {new[path]} {start}{path}\n" for path in sorted(new) if old.get(path) != new[path])
