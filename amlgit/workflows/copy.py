"""`copy`: an experiment with its assets goes into another workspace, by a package of the first or one of the gallery."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from amlgit.config import Remote
from amlgit.errors import Refused, Unreachable, UsageError
from amlgit.remotes.studio import Activity, Studio
from amlgit.store.repository import Repository
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.workspaces.connect import connect

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two looks at a package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry of the gallery: its package's URI, its page's URI, its id."""

    package: str
    community: str
    entity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyReport:
    """What the other workspace has now."""

    remote: str
    experiment: str
    title: str
    twin: str | None = None
    """An experiment of the same title that was there before."""


def copy(repository: Repository, source: Remote, target: Remote, name: str, progress: Progress, *, again: bool = False) -> CopyReport:
    """Pack an experiment of one workspace and unpack it in another; credentials stay behind, as the service has it.

    Raises Refused where one of that title is there already: the service would make another. `again` says that this is meant.
    """
    folder = choose(repository, name).subject.folder
    if folder is None or source.name not in folder.bindings:
        raise UsageError(f"{name!r} is bound to no experiment of {source.name}", hint="Name a folder that is, or another --from.")
    if (source.workspace, source.url or source.location) == (target.workspace, target.url or target.location):
        raise UsageError(f"{source.name} and {target.name} are the same workspace", hint="'amlgit push EXPERIMENT --new TITLE' makes a copy there.")
    with connect(repository, source) as here, connect(repository, target) as there:
        title = next((info.title for info in here.experiments() if info.id == folder.bindings[source.name].experiment), None)
        twin = _titles(there).get(title) if title is not None else None
        if twin is not None and not again:
            raise Refused(
                f"{target.name} has an experiment {title!r} already ({twin})",
                hint="'amlgit bind' joins the folder to it, 'amlgit push' brings it up to date; --again makes another of that title.",
            )
        packed = _finished(here.pack(folder.bindings[source.name].experiment), here.pack_status, "packing", progress)
        if not packed.location:
            raise Unreachable("the package has no location", hint="Run this again.")
        return _unpacked(there, target, there.unpack(packed.location, region=here.describe().region), progress)


def copy_from_gallery(repository: Repository, target: Remote, entry: Entry, progress: Progress) -> CopyReport:
    """Unpack an entry of the gallery in a workspace."""
    with connect(repository, target) as there:
        before = _titles(there)  # its own title is known only when it is there
        report = _unpacked(there, target, there.unpack_from_gallery(entry.package, entry.community, entry.entity), progress)
        return replace(report, twin=before.get(report.title))


def _titles(studio: Studio) -> Mapping[str, str]:
    """Title → id of the workspace's own experiments."""
    return {info.title: info.id for info in studio.experiments() if info.workspace == studio.workspace and not info.is_archived}


def _unpacked(there: Studio, target: Remote, activity: Activity, progress: Progress) -> CopyReport:
    done = _finished(activity, there.unpack_status, "unpacking", progress)
    if done.experiment is None:
        raise Refused("the package was unpacked, and no experiment came of it", hint=f"Look at the workspace of {target.name}.")
    title = next((info.title for info in there.experiments() if info.id == done.experiment), "")
    return CopyReport(remote=target.name, experiment=done.experiment, title=title)


def _finished(activity: Activity, status: Callable[[str], Activity], what: str, progress: Progress) -> Activity:
    """Wait until it is complete; a failure comes as an error of the service."""
    pause = _FIRST_PAUSE
    while not activity.is_complete:
        progress(what, activity.done, activity.done + activity.waiting)
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)
        activity = status(activity.id)
    progress(what, 1, 1)
    return activity
