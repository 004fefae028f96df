"""Running an experiment, and waiting for the end of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument, Refused, Unreachable
from amlgit.model import experiments as model
from amlgit.model.jsontext import Object, loads
from amlgit.remotes.failures import Doubtful
from amlgit.remotes.studio import Studio
from amlgit.workflows import workspace
from amlgit.workflows.fetch import Progress
from amlgit.workflows.workspace import Held

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two looks at a run."""
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that is over."""

    snapshot: str
    status: str


def run_content(studio: Studio, held: Held, progress: Progress, minutes: float | None) -> Ran:
    """The run of just what the workspace holds: the one that it stands at, else a new one. So a run that was cut off is not started twice."""
    if held.facts.snapshot is None:
        start(studio, held)
    return wait(studio, held.experiment, progress, minutes)


def start(studio: Studio, held: Held) -> None:
    """Run what the workspace holds, if it still holds that; after a request without an answer what is there then decides."""
    for last in (*[False] * (_TRIES - 1), True):
        try:
            studio.run(held.experiment, workspace.submission(held.raw, held), if_match=held.etag)
            return
        except Doubtful:
            now = _look(studio, held.experiment)
            if now.snapshot is not None and now.snapshot != held.facts.snapshot:
                return
            if last:
                raise


def wait(studio: Studio, experiment: str, progress: Progress, minutes: float | None) -> Ran:
    """Wait for the end of a run, however it ends; raises Refused where there is none any more, Unreachable where it is not over in time.

    With no limit in minutes, as long as it takes.
    """
    end = None if minutes is None else time.monotonic() + 60 * minutes
    pause = _FIRST_PAUSE
    while True:
        document = _document(studio, experiment)
        facts = model.facts(document)
        if facts.snapshot is None:
            raise Refused("the experiment was edited while it ran", hint="'amlgit pull' brings the run and the edit.")
        done, total = _nodes(document)
        if facts.is_run:
            progress("running", total, total)
            return Ran(snapshot=facts.snapshot, status=facts.status)
        progress("running", done, total)
        if end is not None and time.monotonic() + pause > end:
            if (left := end - time.monotonic()) <= 0:
                hint = "It goes on there: 'amlgit pull' brings it when it is over; until then 'amlgit run' waits for it again."
                raise Unreachable(f"experiment {experiment} is still running after {minutes:g} minutes", hint=hint)
            pause = left
        time.sleep(pause)
        pause = min(_LONGEST_PAUSE, pause * 1.5)


def _look(studio: Studio, experiment: str) -> model.Facts:
    return model.facts(_document(studio, experiment))


def _document(studio: Studio, experiment: str) -> Object:
    found = loads(studio.get(experiment))
    if not isinstance(found, Mapping):
        raise InvalidDocument("what the workspace holds is no export")
    return found


def _nodes(document: Object) -> tuple[int, int]:
    """How many nodes are done, and how many there are."""
    listed = document.get("NodeStatuses")
    statuses = [each.get("Status") for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    codes = [status.get("StatusCode") for status in statuses if isinstance(status, Mapping)]
    return sum(code in model.ENDED for code in codes), max(len(codes), 1)
