"""`import`: exported files become new versions."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from amlgit import config
from amlgit.config import Config
from amlgit.errors import UsageError
from amlgit.remotes import archive
from amlgit.remotes.archive import Listing, Problem
from amlgit.store import chains, incoming
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.store.worktree import finish_pending
from amlgit.workflows.intake.looking import LEFT_ALONE, look
from amlgit.workflows.intake.recording import FetchReport, Newest, Progress, record
from amlgit.workflows.pull import PullReport, bring_up, refuse_unready, report

DEFAULT_REMOTE = "imported"
"""The record that takes in what no remote knows."""


def import_files(repository: Repository, settings: Config, files: Sequence[Path], remote: str | None, progress: Progress) -> PullReport:
    """Take files in as new versions, into the record of the remote that knows the experiment (or the one named), and onto the branch."""
    with ExitStack() as stack:
        listings = [stack.enter_context(archive.listing(file)) for file in files]
        stack.enter_context(exclusive(repository))
        refuse_unready(repository)
        stack.callback(incoming.sweep, repository)
        finish_pending(repository)
        families = _families(listings)
        by_remote: dict[str, set[str]] = {}
        for family in families.values():
            by_remote.setdefault(config.check_remote_name(remote) if remote else _knowing(repository, family), set()).add(family)
        reports = []
        for name in sorted(by_remote) or [remote or DEFAULT_REMOTE]:
            wanted = by_remote.get(name, set())
            documents = [document for listing in listings for document in listing.documents if families.get(id(document), "") in wanted | {""}]
            problems = [problem for listing in listings for problem in listing.problems]
            reports.append(_import(repository, settings, name, wanted, Listing(documents=tuple(documents), problems=tuple(problems)), progress))
    return _together(reports)


def _families(listings: Sequence[Listing]) -> dict[int, str]:
    """The family of each document that is a version of something; `record` says what is wrong with the others."""
    found = {}
    for listing in listings:
        for document in listing.documents:
            subject = look(document, file_times=False)
            if not isinstance(subject, Problem):
                found[id(document)] = subject.family
    return found


def _knowing(repository: Repository, family: str) -> str:
    known = {ref.removeprefix(chains.PREFIX).partition("/")[0] for ref in chains.tips(repository) if ref.endswith(f"/{family}")}
    if len(known) > 1:
        raise UsageError(f"several remotes know this experiment: {', '.join(sorted(known))}", hint="Choose one with --remote.")
    return known.pop() if known else DEFAULT_REMOTE


def _import(repository: Repository, settings: Config, remote: str, families: set[str], found: Listing, progress: Progress) -> PullReport:
    fetched = record(repository, settings, remote, found, progress, newest=Newest.UNDATED)
    return report(repository, fetched, bring_up(repository, settings, remote, frozenset(), progress, only=frozenset(families)))


def _asked_for(problem: Problem) -> Problem:
    """A file that the user named is not 'left alone' but could not be taken in."""
    return replace(problem, reason=problem.reason.removeprefix(LEFT_ALONE))


def _together(reports: Sequence[PullReport]) -> PullReport:
    fetched = FetchReport(
        remote=", ".join(report.fetched.remote for report in reports),
        chains=tuple(chain for report in reports for chain in report.fetched.chains),
        held=tuple(held for report in reports for held in report.fetched.held),
        problems=tuple(dict.fromkeys(_asked_for(problem) for report in reports for problem in report.fetched.problems)),
    )
    return PullReport(
        fetched=fetched,
        folders=tuple(folder for report in reports for folder in report.folders),
        replaced=tuple(replaced for report in reports for replaced in report.replaced),
        head=reports[-1].head,
        faults=tuple(fault for report in reports for fault in report.faults),
    )
