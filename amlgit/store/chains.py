"""Chains: the record of one experiment (or web service) of one remote, a ref with one commit per version."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.errors import Refused
from amlgit.store import streams, trailers
from amlgit.store.objects import tree_ids
from amlgit.store.repository import Repository

PREFIX = "refs/amlgit/"
SHARED_PREFIX = "refs/amlgit-shared/"
_REMOTES = "refs/remotes/"

EXPERIMENT, WEB_SERVICE = "experiment", "webservice"
"""The folder of the content in a chain's commits; in a work tree it is `experiments/<name>` or `webservices/<name>`."""

RUN_FILE = "run.json"


def ref(remote: str, family: str) -> str:
    """The ref of a chain."""
    return f"{PREFIX}{remote}/{family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version as its commit holds it. `content` is the content id: the id of the content's tree."""

    commit: str
    parent: str
    """The commit of the version before; empty for the first."""
    number: int
    kind: str
    content: str
    run: str | None
    time: int
    author: str
    message: str

    @property
    def trailers(self) -> Mapping[str, str]:
        """What the message says for programs, read when it is asked for: of ten thousand versions it would be most of the memory."""
        return trailers.parse(self.message)

    @property
    def snapshot(self) -> str | None:
        """The id of the run's snapshot, or None for a draft."""
        return trailers.value(self.message, trailers.SNAPSHOT)

    @property
    def title(self) -> str:
        """The title the experiment had then."""
        return self.message.partition("\n")[0].rpartition(": ")[0]

    @property
    def key(self) -> tuple[str | None, str]:
        """What makes two commits the same version."""
        return (self.snapshot, self.content)


class Entry(NamedTuple):
    """One line of a log: a version without a look at its trees; a tuple, because there may be tens of thousands."""

    commit: str
    number: int
    time: int
    author: str
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]

    @property
    def snapshot(self) -> str | None:
        """The id of the run's snapshot, or None for a draft."""
        return trailers.value(self.message, trailers.SNAPSHOT)


def newest_first(repository: Repository, tip: str) -> Iterator[Entry]:
    """The versions of a chain, newest first, while git is still at work."""
    number = 0
    for record in streams.records(repository, *_LOG, *_TEXT, tip):
        commit, time, author, message = record.split("\x01", 3)
        number = number - 1 if number else _number(repository, tip, message)
        yield Entry(commit, number, int(time), author, message)


def all_entries(repository: Repository, tips: Iterable[str]) -> dict[str, list[Entry]]:
    """Tip → the versions of its chain, oldest first; one walk for all chains."""
    wanted = list(dict.fromkeys(tips))
    if not wanted:
        return {}
    names = "".join(f"{tip}\n" for tip in wanted).encode()
    known: dict[str, tuple[str, tuple[str, str, str]]] = {}
    for record in streams.records(repository, *_LOG, *_TEXT_AND_PARENTS, "--stdin", stdin=names):
        commit, parents, time, author, message = record.split("\x01", 4)
        known[commit] = (parents.partition(" ")[0], (time, author, message))
    return {tip: list(_numbered(repository, known, tip)) for tip in wanted}


def _numbered(repository: Repository, known: Mapping[str, tuple[str, tuple[str, str, str]]], tip: str) -> Iterator[Entry]:
    behind = []
    commit = tip
    while commit in known:
        behind.append(commit)
        commit = known[commit][0]
    newest = _number(repository, tip, known[tip][1][2]) if behind else 0
    for place, commit in enumerate(reversed(behind), start=newest - len(behind) + 1):
        time, author, message = known[commit][1]
        yield Entry(commit, place, int(time), author, message)


def search(repository: Repository, tips: Iterable[str], text: str) -> Iterator[tuple[str, str]]:
    """Commit and message of what is behind `tips` and has this text in its message, newest first."""
    names = "".join(f"{tip}\n" for tip in tips).encode()
    found = streams.records(repository, "log", *_TEXT, "-F", f"--grep={text}", "--stdin", stdin=names) if names else ()
    for record in found:
        commit, _, _, message = record.split("\x01", 3)
        yield commit, message


class Place(NamedTuple):
    """Where a commit stands in the record."""

    remote: str
    number: int
    content: str


def place_of(repository: Repository, commit: str) -> Place | None:
    """The place of a commit in the record; None for any other commit."""
    found = list(streams.objects(repository, "log", "--no-walk", "--no-show-signature", "--format=%H%n%T", commit))
    _, content, _ = _parts(tree_ids(found[1].data, repository.object_format))
    refs = repository.lines("for-each-ref", f"--contains={commit}", "--format=%(refname)", PREFIX, SHARED_PREFIX, _REMOTES) if content else []
    chain = next((name for name in refs if name.startswith(PREFIX) or is_shared(name)), None)
    if content is None or chain is None:
        return None
    said = streams.read_commit(found[0].data, {})
    return Place(chain.split("/")[-2], _number(repository, commit, said.message), content)


def entries(repository: Repository, tip: str) -> list[Entry]:
    """The versions of a chain, oldest first."""
    return list(newest_first(repository, tip))[::-1]


def versions(repository: Repository, tip: str) -> list[Version]:
    """The versions of a chain with their content ids, oldest first; raises Refused where the tip is no commit."""
    authors: dict[bytes, str] = {}
    objects = streams.objects(repository, *_LOG, "--format=%H%n%T", tip)
    walked = [
        (commit.id, streams.read_commit(commit.data, authors), *_parts(tree_ids(tree.data, repository.object_format)))
        for commit, tree in zip(objects, objects, strict=True)
    ]
    if not walked:
        raise Refused(
            f"the record has a ref at {tip}, which is no commit", hint=f"'git for-each-ref --points-at={tip}' names it; delete it, and fetch again."
        )
    number = _number(repository, tip, walked[0][1].message) - len(walked)
    parent = ""
    found = []
    while walked:  # used up on the way, so that no version is held twice
        commit, said, kind, content, run = walked.pop()
        number += 1
        if content is not None:
            found.append(Version(commit=commit, parent=parent, number=number, kind=kind, content=content, run=run, **said._asdict()))
        parent = commit
    return found


def contents(repository: Repository, tips: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Tip → (commit, content id) of each version of its chain, newest first; one walk for all chains."""
    wanted = list(dict.fromkeys(tips))
    if not wanted:
        return {}
    names = "".join(f"{tip}\n" for tip in wanted).encode()
    known: dict[str, tuple[str, str | None]] = {}
    for ids, tree in streams.annotated(repository, *_LOG, "--format=%T %H %P", "--stdin", stdin=names):
        commit, _, parent = ids.partition(" ")
        known[commit] = (parent[: len(commit)], _parts(tree_ids(tree, repository.object_format))[1])
    return {tip: list(_back(known, tip)) for tip in wanted}


def _back(known: Mapping[str, tuple[str, str | None]], commit: str) -> Iterator[tuple[str, str]]:
    while commit in known:
        parent, content = known[commit]
        if content is not None:
            yield commit, content
        commit = parent


_LOG = ("log", "--first-parent", "--no-show-signature")
_TEXT = ("-z", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8", "--format=%H%x01%at%x01%an <%ae>%x01%B")
_SUBJECTS = ("log", "--no-walk=unsorted", "--no-show-signature", "--encoding=UTF-8", "--format=%H %s")
_TEXT_AND_PARENTS = (*_TEXT[:-1], "--format=%H%x01%P%x01%at%x01%an <%ae>%x01%B")


def _number(repository: Repository, tip: str, message: str) -> int:
    """The number of the newest version, which a shallow clone can't count."""
    return trailers.number(message) or int(repository.text("rev-list", "--first-parent", "--count", tip))


def _parts(trees: Mapping[str, str]) -> tuple[str, str | None, str | None]:
    """Kind, content and run.json of a version by the entries of its tree."""
    kind = EXPERIMENT if EXPERIMENT in trees else WEB_SERVICE
    return kind, trees.get(kind), trees.get(RUN_FILE)


def shared(repository: Repository) -> dict[str, list[str]]:
    """Chain ref → the tips that others shared of it, by refspec or as branches of a host that takes only those."""
    return _shared(repository.refs(SHARED_PREFIX, _REMOTES))


def _shared(refs: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, tip in refs.items():
        if is_shared(name):
            found.setdefault(PREFIX + "/".join(name.split("/")[-2:]), []).append(tip)
    return found


def is_shared(name: str) -> bool:
    """Whether a ref is a chain that somebody shared."""
    *_, mark, _, family = ("", *name.split("/"))  # a git remote's name may hold slashes, ours don't
    return name.startswith(SHARED_PREFIX) or (name.startswith((_REMOTES, "refs/heads/")) and mark == "amlgit" and len(family) == 32)


def tips(repository: Repository, remote: str | None = None) -> dict[str, str]:
    """Chain ref → tip: our own chains, and shared ones where we have none or theirs goes on from ours."""
    prefix = PREFIX if remote is None else f"{PREFIX}{remote}/"
    refs = repository.refs(prefix, SHARED_PREFIX, _REMOTES)
    found = {name: tip for name, tip in refs.items() if name.startswith(prefix)}
    for chain, candidates in _shared(refs).items():
        if chain.startswith(prefix):
            for candidate in candidates:
                if chain not in found or _is_ancestor(repository, found[chain], candidate):
                    found[chain] = candidate
    return found


def _is_ancestor(repository: Repository, older: str, newer: str) -> bool:
    return older != newer and repository.attempt("merge-base", "--is-ancestor", older, newer).returncode == 0


def titles(repository: Repository, tips: Iterable[str]) -> dict[str, str]:
    """Tip of a chain → the title there, by one git process."""
    return {commit: subject.rpartition(": ")[0] for commit, subject in _subjects(repository, tips).items()}


def lengths(repository: Repository, tips: Iterable[str]) -> dict[str, int]:
    """Tip of a chain → how many versions it has, by one git process."""
    return {commit: _number(repository, commit, subject) for commit, subject in _subjects(repository, tips).items()}


def _subjects(repository: Repository, tips: Iterable[str]) -> dict[str, str]:
    wanted = sorted(set(tips))
    if not wanted:
        return {}
    output = repository.run(*_SUBJECTS, "--stdin", stdin="\n".join(wanted).encode() + b"\n")
    lines = (line.partition(" ") for line in output.decode(errors="replace").removesuffix("\n").split("\n"))
    return {commit: subject for commit, _, subject in lines}
