"""Running an experiment, and waiting for the end of it."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from amlgit.errors import InvalidDocument, Refused, Unreachable
from amlgit.form.naming import stems
from amlgit.model import experiments as model
from amlgit.model.jsontext import Json, Object, loads
from amlgit.remotes.failures import Doubtful
from amlgit.remotes.studio import Studio
from amlgit.review.findings import masked
from amlgit.workflows.intake.recording import Progress
from amlgit.workflows.workspaces import workspace
from amlgit.workflows.workspaces.workspace import Held

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0
"""Seconds between two looks at a run."""
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A node that failed; `reason` is the service's, empty where it gives none."""

    node: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A run that is over."""

    snapshot: str
    status: str
    failed: tuple[Failure, ...] = ()


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
            return Ran(snapshot=facts.snapshot, status=facts.status, failed=tuple(_failures(document)))
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


def _failures(document: Object) -> Iterator[Failure]:
    """The nodes that failed, in the order of the service; what it says of them may hold a secret of a script's, which is replaced."""
    graph = document.get("Graph")
    nodes = [node for node in _objects(graph.get("ModuleNodes")) if "Id" in node] if isinstance(graph, Mapping) else []
    names = stems((str(node["Id"]), str(node.get("ModuleId", ""))) for node in nodes)
    for each in _objects(document.get("NodeStatuses")):
        status = each.get("Status")
        if isinstance(status, Mapping) and status.get("StatusCode") == "Failed":
            node, detail = str(each.get("NodeId", "")), status.get("StatusDetail")
            is_said = isinstance(detail, str) and detail != "None"  # its word for nothing
            yield Failure(node=names.get(node, node), reason=masked(str(detail)) if is_said else "")


def _objects(listed: Json) -> list[Object]:
    return [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []


def _nodes(document: Object) -> tuple[int, int]:
    """How many nodes are done, and how many there are."""
    statuses = [each.get("Status") for each in _objects(document.get("NodeStatuses"))]
    codes = [status.get("StatusCode") for status in statuses if isinstance(status, Mapping)]
    return sum(code in model.ENDED for code in codes), max(len(codes), 1)
