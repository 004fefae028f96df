"""Chains: the record of one experiment (or web service) of one remote, a ref with one commit per version."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from amlgit.store import trailers
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
    trailers: Mapping[str, str]

    @property
    def snapshot(self) -> str | None:
        """The id of the run's snapshot, or None for a draft."""
        return self.trailers.get(trailers.SNAPSHOT)

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
    parent: str
    number: int
    time: int
    author: str
    message: str

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]


def entries(repository: Repository, tip: str) -> list[Entry]:
    """The versions of a chain, oldest first, by one git process."""
    output = repository.run(
        *("log", "--first-parent", "--reverse", "-z", "--no-show-signature", "--no-mailmap", "--encoding=UTF-8"),
        *("--format=%H%x01%P%x01%at%x01%an <%ae>%x01%B", tip),
    )
    found = []
    for number, record in enumerate(output.decode(errors="replace").removesuffix("\0").split("\0"), 1):
        commit, parent, time, author, message = record.split("\x01", 4)
        found.append(Entry(commit, parent, number, int(time), author, message))
    return found


def versions(repository: Repository, tip: str) -> list[Version]:
    """The versions of a chain with their content ids, oldest first, by two git processes."""
    listed = entries(repository, tip)
    questions = [f"{entry.commit}:{path}" for entry in listed for path in (EXPERIMENT, WEB_SERVICE, RUN_FILE)]
    answers = repository.run("cat-file", "--batch-check=%(objectname)", stdin="\n".join(questions).encode() + b"\n").decode().splitlines()
    found: list[Version] = []
    for index, entry in enumerate(listed):
        experiment, service, run = (None if " " in answer else answer for answer in answers[3 * index : 3 * index + 3])
        content = experiment or service
        if content is None:
            continue
        found.append(
            Version(
                commit=entry.commit,
                parent=entry.parent,
                number=entry.number,
                kind=EXPERIMENT if experiment else WEB_SERVICE,
                content=content,
                run=run,
                time=entry.time,
                author=entry.author,
                message=entry.message,
                trailers=trailers.parse(entry.message),
            )
        )
    return found


def shared(repository: Repository) -> dict[str, list[str]]:
    """Chain ref → the tips that others shared of it, by refspec or as branches of a host that takes only those."""
    return _shared(repository.refs(SHARED_PREFIX, _REMOTES))


def _shared(refs: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, tip in refs.items():
        *_, mark, remote, family = ("", *name.split("/"))  # a git remote's name may hold slashes, ours don't
        if name.startswith(SHARED_PREFIX) or (name.startswith(_REMOTES) and mark == "amlgit" and len(family) == 32):
            found.setdefault(f"{PREFIX}{remote}/{family}", []).append(tip)
    return found


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
    wanted = sorted(set(tips))
    if not wanted:
        return {}
    output = repository.run("log", "--no-walk=unsorted", "--encoding=UTF-8", "--format=%H %s", "--stdin", stdin="\n".join(wanted).encode() + b"\n")
    lines = (line.partition(" ") for line in output.decode(errors="replace").splitlines())
    return {commit: subject.rpartition(": ")[0] for commit, _, subject in lines}
