"""`push --record`: the chains go to a git remote, joined with those that others shared there."""

from dataclasses import dataclass

from amlgit.config import Config
from amlgit.errors import Refused, Unreachable, UsageError
from amlgit.remotes.archive import Listing
from amlgit.store import chains, incoming
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.intake.recording import record


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareReport:
    """The chains that went (or would go) to the git remote."""

    pushed: tuple[str, ...]


def share(repository: Repository, settings: Config, git_remote: str, *, as_branches: bool, dry_run: bool) -> ShareReport:
    """Push every chain that the git remote lacks or has less of; raises Refused where somebody else shared at the same moment."""
    if git_remote not in repository.text("remote").split():
        raise UsageError(f"there is no git remote {git_remote!r}", hint="Add it with 'git remote add', or name another.")
    theirs = f"refs/remotes/{git_remote}/amlgit/" if as_branches else f"{chains.SHARED_PREFIX}{git_remote}/"
    target = "refs/heads/amlgit/" if as_branches else chains.PREFIX
    with exclusive(repository):
        _talk(repository, "fetch", "--quiet", "--no-tags", "--prune", git_remote, f"+{target}*:{theirs}*")
        if not dry_run:
            _join(repository, settings)
        shared = repository.refs(theirs)
        changes = []
        for ref, tip in sorted(repository.refs(chains.PREFIX).items()):
            name = ref.removeprefix(chains.PREFIX)
            if shared.get(theirs + name) != tip:
                changes.append((name, tip, shared.get(theirs + name, "")))
        if changes and not dry_run:
            # each with a lease on what was just joined: a chain is only ever replaced by one that knows more
            leases = [f"--force-with-lease={target}{name}:{old}" for name, _, old in changes]
            _talk(repository, "push", "--quiet", "--atomic", *leases, git_remote, *(f"{tip}:{target}{name}" for name, tip, _ in changes))
            now = repository.refs(theirs)
            repository.update_refs([(theirs + name, tip, now.get(theirs + name)) for name, tip, _ in changes if now.get(theirs + name) != tip])
    return ShareReport(pushed=tuple(name for name, _, _ in changes))


def _join(repository: Repository, settings: Config) -> None:
    names = {ref.removeprefix(chains.PREFIX).partition("/")[0] for ref in chains.shared(repository)}
    for name in sorted(names):
        record(repository, settings, name, Listing(documents=(), problems=()), lambda what, done, total: None)
    incoming.sweep(repository)


def _talk(repository: Repository, *arguments: str) -> None:
    completed = repository.attempt(*arguments)
    if completed.returncode == 0:
        return
    said = completed.stderr.decode(errors="replace").strip()
    if "stale info" in said or "fetch first" in said or "non-fast-forward" in said:
        raise Refused("somebody else shared a record at the same moment", hint="Run the same command again.")
    raise Unreachable(f"git {arguments[0]} failed: {said}", hint="Check the git remote's address and your access to it.")
