"""The two sides of a merge, rebase, pick or revert that is under way, or of a merge that is done: their commits, and what a person calls them."""

from dataclasses import dataclass

from amlgit.model.jsontext import printable
from amlgit.store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What ours and theirs are; no commits where nothing is under way and nothing was merged."""

    ours: str
    theirs: str
    commits: tuple[str, ...] = ()
    base: str | None = None
    """The commit both sides go on from (the first, where there are several); None where nothing is known of it."""
    is_done: bool = False
    """Whether it is committed already."""


def heads(repository: Repository) -> Heads:
    """The sides of what git is doing here."""
    branch = repository.attempt("symbolic-ref", "--quiet", "--short", "HEAD").stdout.decode(errors="replace").strip() or "HEAD"
    match repository.operation_in_progress():
        case "merge":
            theirs, name = "MERGE_HEAD", "{}"
        case "cherry-pick":
            theirs, name = "CHERRY_PICK_HEAD", "the commit that is picked, {}"
        case "revert":
            theirs, name = "REVERT_HEAD", "the state before {}"
        case "rebase":
            return _heads(repository, f"what you rebase onto, {_called(repository, 'HEAD')}", "REBASE_HEAD", "your own commit {}")
        case _:
            parents = repository.text("rev-parse", "HEAD^@").split() if repository.resolve("HEAD^2") else []
            return Heads(
                ours=f"what was here, on {branch}",
                theirs="what was brought in, from a stash say",
                commits=tuple(parents),
                base=_merge_base(repository, *parents) if len(parents) == 2 else None,
                is_done=True,
            )
    return _heads(repository, branch, theirs, name)


def _heads(repository: Repository, ours: str, theirs: str, name: str) -> Heads:
    commit = repository.resolve(theirs)
    if commit is None:
        return Heads(ours=ours, theirs="the other side")
    called = _called(repository, commit)
    before = repository.resolve(f"{commit}^")
    base: str | None
    brought: str | None
    match theirs:
        case "MERGE_HEAD":
            base, brought = _merge_base(repository, "HEAD", commit), commit
        case "REVERT_HEAD":
            base, brought = commit, before
        case _:
            base, brought = before, commit
    return Heads(ours=ours, theirs=name.format(called), commits=("HEAD", brought) if brought else ("HEAD",), base=base)


def _merge_base(repository: Repository, ours: str, theirs: str) -> str | None:
    return repository.attempt("merge-base", ours, theirs).stdout.decode().strip() or None


def _called(repository: Repository, commit: str) -> str:
    """A commit by a branch that is on it, and by its subject."""
    names = repository.lines("for-each-ref", "--points-at", commit, "--format=%(refname:short)", "refs/heads", "refs/remotes")
    subject = printable(repository.text("log", "-1", "--no-show-signature", "--encoding=UTF-8", "--format=%s", commit))
    return f'{names[0]}: "{subject}"' if names else f'{repository.text("rev-parse", "--short", commit)}: "{subject}"'
