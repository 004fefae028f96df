"""`fetch`: the versions of a remote come into the record."""

from pathlib import Path

from amlgit.config import Config, Remote
from amlgit.errors import UsageError
from amlgit.remotes import archive
from amlgit.store import incoming
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.intake.recording import FetchReport, Progress, record


def fetch(repository: Repository, settings: Config, remote: Remote, root: Path, progress: Progress) -> FetchReport:
    """Bring the chains of a remote up to date; raises UsageError where there is no archive."""
    with exclusive(repository):
        try:
            return take(repository, settings, remote, root, progress)
        finally:
            incoming.sweep(repository)


def take(repository: Repository, settings: Config, remote: Remote, root: Path, progress: Progress) -> FetchReport:
    """`fetch` for a caller that holds the lock and sweeps."""
    if remote.kind == "studio":
        from amlgit.workflows.workspaces.fetching import take_studio  # HTTP costs start-up, and an archive needs none of it

        return take_studio(repository, settings, remote, progress)
    path = remote.archive_path(root)
    if not path.exists():
        hint = f"Where it is on this machine goes into '.amlgit.local': [remotes.{remote.name}] and below it path = \"…\"."
        raise UsageError(f"there is no archive at {path}, where {remote.name!r} is said to be", hint=hint)
    with archive.listing(path) as found:
        return record(repository, settings, remote.name, found, progress, file_times=remote.file_times)
