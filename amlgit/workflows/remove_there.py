"""`rm --remote`: an experiment and its run history die in the workspace; git keeps what was fetched of them, and that is looked at first."""

from collections.abc import Callable
from dataclasses import dataclass

from amlgit.config import Config, Remote
from amlgit.errors import Refused, UsageError
from amlgit.remotes.failures import Doubtful, NotFound
from amlgit.remotes.studio import ExperimentInfo, Studio
from amlgit.store import chains
from amlgit.store.repository import Repository
from amlgit.workflows.fetch import fetch
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.workspaces.connect import connect
from amlgit.workflows.workspaces.listed import States


@dataclass(frozen=True, slots=True, kw_only=True)
class Dying:
    """What is about to be deleted for good."""

    title: str
    experiment: str
    remote: str
    snapshots: int
    """How many runs of its history go with it; the record has them all."""


def remove_there(
    repository: Repository, settings: Config, remote: Remote, name: str, progress: Progress, confirm: Callable[[Dying], bool], *, dry_run: bool
) -> tuple[Dying, bool]:
    """Delete an experiment with its history, if `confirm` says yes; what died, and whether it did.

    Fetches first; raises Refused where the record lacks a run that would die, or where somebody writes to it meanwhile.
    """
    subject = choose(repository, name).subject
    fetch(repository, settings, remote, repository.require_work_tree(), progress)
    with connect(repository, remote) as studio:
        listed = [info for info in studio.experiments(with_history=True) if info.family in subject.families and info.workspace == studio.workspace]
        leaf = next((info for info in listed if not info.is_snapshot), None)
        if leaf is None:
            raise UsageError(f"{remote.name} has no experiment {name!r}", hint="It may have been deleted there already.")
        snapshots = _history(studio, leaf, listed)
        ref = chains.ref(remote.name, leaf.family)
        tip = repository.refs(ref).get(ref)
        recorded = {version.snapshot for version in chains.versions(repository, tip)} if tip else set()
        lost = sorted(snapshots - recorded)
        if lost:
            raise Refused(
                f"{leaf.title!r}: {len(lost)} of {len(snapshots)} runs are not in the record, as {lost[0]}",
                hint="'amlgit fetch' says what holds them back ('amlgit secret list', a run under way).",
            )
        dying = Dying(title=leaf.title, experiment=leaf.id, remote=remote.name, snapshots=len(snapshots))
        if dry_run or not confirm(dying):
            return dying, False
        try:
            studio.delete(leaf.id, with_ancestors=True, if_match=leaf.etag)
        except Doubtful:
            if any(info.id == leaf.id for info in studio.experiments()):
                raise
    States(repository, remote).keep_folder(leaf.family)  # the next pull is not to take it for somebody else's doing
    return dying, True


def _history(studio: Studio, leaf: ExperimentInfo, listed: list[ExperimentInfo]) -> set[str]:
    """The snapshots that go with an experiment: its lineage where the service tells it, else what the list has of the family."""
    found = {info.id for info in listed if info.is_snapshot} | {each for each in (leaf.run, leaf.parent) if each}
    try:
        return found | {info.id for info in studio.lineage(leaf.id)}
    except NotFound:
        return found
