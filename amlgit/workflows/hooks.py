"""What git's hooks call: `pre-commit`, `pre-push`, `post-merge`. A commit waits for the first: it imports nothing that it does not need."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from amlgit.config import Config
from amlgit.errors import UsageError
from amlgit.store.repository import Repository
from amlgit.workflows.check import CheckReport, check, finding_folder

_RECORD = "refs/amlgit/"


class Push(NamedTuple):
    """One ref that a push moves: the object it is to have, the ref there, and the object it has there; zeros for none."""

    local_id: str
    remote_ref: str
    remote_id: str


def pre_commit(repository: Repository, settings: Config) -> CheckReport:
    """The folders with staged changes, as the commit would have them."""
    return check(repository, settings, staged=True)


def post_merge(repository: Repository, settings: Config, *, is_squash: bool) -> CheckReport:
    """The folders that a merge or pull has just touched: what two clean sides made of a graph."""
    from amlgit.store.outgoing import touched
    from amlgit.workflows.branch.outgoing import check_touched

    if is_squash:  # nothing is committed yet
        return check(repository, settings, staged=True)
    before = repository.resolve("ORIG_HEAD")
    if before is None:
        return check(repository, settings, rev="HEAD")
    return check_touched(repository, settings, touched(repository, before, "HEAD"), "HEAD")


def pre_push(repository: Repository, settings: Config, remote: str | None, pushes: Iterable[Push]) -> CheckReport:
    """Every file of experiments and services in the commits that the git remote lacks: no secret, no conflict marker.

    `remote` is the remote's name, or None where an address is pushed to.
    """
    from amlgit.review.findings import ordered
    from amlgit.store.outgoing import new_texts
    from amlgit.workflows.branch.outgoing import inspect

    # a chain holds what a pull has written, secrets out, and no folder of the work tree
    sent = [push for push in pushes if push.local_id.strip("0") and not push.remote_ref.startswith(_RECORD)]
    if not sent:
        return CheckReport(checked=0, findings=())
    wanted = [push.local_id for push in sent] + [f"^{push.remote_id}" for push in sent if push.remote_id.strip("0")]
    findings = ordered(inspect(new_texts(repository, wanted, known_to=remote), settings))
    return CheckReport(checked=len({finding_folder(finding.path) for finding in findings}), findings=findings)


def pushes_told(lines: str) -> list[Push]:
    """What git tells a pre-push hook on standard input: `<local ref> <local id> <remote ref> <remote id>` for each ref."""
    found = []
    for line in lines.splitlines():
        words = line.rsplit(" ", 3)  # the first is a rev as the user wrote it, spaces and all
        if len(words) != 4:
            raise UsageError(f"{line!r} is no line of git's for a pre-push hook", hint="Have git call this hook.")
        found.append(Push(*words[1:]))
    return found


def pushes_of_framework(environment: Mapping[str, str]) -> list[Push]:
    """What the pre-commit framework, which reads git's lines itself, hands on: the first ref that is pushed."""
    new = environment.get("PRE_COMMIT_TO_REF") or environment.get("PRE_COMMIT_LOCAL_BRANCH")
    old, remote_ref = environment.get("PRE_COMMIT_FROM_REF", ""), environment.get("PRE_COMMIT_REMOTE_BRANCH", "")
    return [Push(new, remote_ref, old)] if new else []
