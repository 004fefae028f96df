"""What a merge made wrong that was wrong on neither side: an edge to a node that the other side removed, a circle; no file shows it."""

from collections.abc import Collection, Sequence

from amlgit.config import Config
from amlgit.review.findings import Finding
from amlgit.store import states
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of
from amlgit.store.states import Commit
from amlgit.workflows.check import check, finding_folder


def new_faults(
    repository: Repository, settings: Config, sides: Sequence[str], *, rev: str | None = None, unsettled: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Findings of the index (or of a commit) that no side had; of folders with `unsettled` paths nothing can be said yet."""
    if rev is None:
        found = check(repository, settings, staged=True).findings
    else:
        touched = states.changed_folders(repository, Commit(sides[0]), Commit(rev))
        found = check(repository, settings, paths=touched, rev=rev).findings if touched else ()
    open_folders = {folder_of(path) for path in unsettled}
    folders = sorted({finding_folder(finding.path) for finding in found} - open_folders - {""})
    if not folders:
        return ()
    known = {_key(finding) for side in sides for finding in check(repository, settings, paths=folders, rev=side).findings}
    return tuple(finding for finding in found if finding_folder(finding.path) in folders and _key(finding) not in known)


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.path, finding.message


def errors(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Those that are errors."""
    return tuple(finding for finding in findings if finding.severity == "error")
