"""`run`: an experiment is run as its workspace holds it, and the run is taken into the record."""

from dataclasses import dataclass

from amlgit.config import Config, Remote
from amlgit.errors import Refused, UsageError
from amlgit.form.secrets import Decisions
from amlgit.remotes.failures import NotFound
from amlgit.store.repository import Repository
from amlgit.workflows.fetch import fetch
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.workspaces import workspace
from amlgit.workflows.workspaces.connect import connect
from amlgit.workflows.workspaces.running import Failure, start, wait


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """A run that is over. `is_committed` says whether HEAD holds just what ran."""

    path: str
    experiment: str
    snapshot: str
    status: str
    is_committed: bool
    failed: tuple[Failure, ...] = ()


def run(repository: Repository, settings: Config, remote: Remote, name: str, progress: Progress, minutes: float | None = None) -> RunReport:
    """Run an experiment and wait for the end; where it is running already, wait for that.

    Raises Refused where the workspace has it no more, Unreachable where it is still running after so many minutes.
    """
    folder = choose(repository, name).subject.folder
    if folder is None or remote.name not in folder.bindings:
        raise UsageError(f"{name!r} is bound to no experiment of {remote.name}", hint="Name a folder that is; 'amlgit status' lists them.")
    experiment = folder.bindings[remote.name].experiment
    with connect(repository, remote) as studio:
        try:
            held = workspace.read(studio, experiment, Decisions(allowed=settings.allow, replaced=settings.replace), repository)
        except NotFound as error:
            raise Refused(f"{remote.name} has no experiment {experiment} any more", hint="'amlgit push EXPERIMENT --new' makes it again.") from error
        if not held.is_running:
            start(studio, held)
        done = wait(studio, experiment, progress, minutes)
    fetch(repository, settings, remote, repository.require_work_tree(), progress)
    return RunReport(
        path=folder.path,
        experiment=experiment,
        snapshot=done.snapshot,
        status=done.status,
        is_committed=held.content == folder.content,
        failed=done.failed,
    )
