"""A commit that is named on the command line, and what to say where the name means none."""

import re
from collections.abc import Sequence

from amlgit.errors import UsageError
from amlgit.store.repository import Repository

RANGE = re.compile(r"(?P<old>.*?)(?P<dots>\.\.\.?)(?P<new>.*)")
"""Two commits in one word; a side that is left out is HEAD."""

_STEPS = re.compile(r"[~^][0-9~^]*$")
_MOST = 6
"""Branches that a hint lists."""


def required(repository: Repository, rev: str) -> str:
    """The commit that a rev names; raises UsageError, with the branches there are, where it names none."""
    commit = repository.resolve(rev)
    if commit is None:
        raise no_commit(repository, rev)
    return commit


def no_commit(repository: Repository, rev: str) -> UsageError:
    """What to say of a rev that names no commit."""
    return UsageError(f"there is no commit {rev!r}", hint=_hint(repository, rev))


def _hint(repository: Repository, rev: str) -> str:
    if (repository.common_dir / "shallow").exists():
        return "This clone is shallow: 'git fetch --unshallow' brings the rest, in CI a deeper checkout does."
    start = _STEPS.sub("", rev)
    if start != rev and repository.resolve(start) is not None:
        return f"The history of {start} does not go back so far."
    remote = rev.partition("/")[0]
    known = known_branches(repository) or "There is no commit yet."
    return f"{known} 'git fetch {remote}' brings those that are new there." if remote in repository.lines("remote") else known


def known_branches(repository: Repository) -> str:
    """The branches there are, a few of them, as a sentence; empty where there is none."""
    own, theirs = (_branches(repository, prefix) for prefix in ("refs/heads/", "refs/remotes/"))
    return f"Branches: {_few([*own, *theirs])}." if own or theirs else ""


def _branches(repository: Repository, prefix: str) -> list[str]:
    """Branches by their last commits, newest first, without those that stand for another and those that share the record."""
    listed = repository.lines("for-each-ref", "--sort=-committerdate", "--format=%(refname) %(symref)", prefix)
    names = (name.removeprefix(prefix) for name, _, alias in (line.partition(" ") for line in listed) if not alias)
    return [name for name in names if "amlgit" not in name.split("/")[:2]]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def missing_side(repository: Repository, operand: str) -> str | None:
    """The side of a range that names no commit; None for what is no range."""
    match = RANGE.fullmatch(operand)
    if match is None:
        return None
    return next((match[side] for side in ("old", "new") if repository.resolve(match[side] or "HEAD") is None), None)
