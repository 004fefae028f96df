"""What an export says about itself: which experiment, which run, when, by whom."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from amlgit.errors import InvalidDocument
from amlgit.model import ids
from amlgit.model.jsontext import BOM, MAX_BYTES, MAX_DEPTH, Json, Object, dumps, loads, members

ENDED = frozenset({"Finished", "Failed", "Canceled", "Cancelled"})
"""Status codes after which a run changes no more."""

_DATE = re.compile(r"/Date\((-?[0-9]{1,18})(?:[+-][0-9]{4})?\)/")
_LATEST = 253402300799
"""9999-12-31T23:59:59Z, the last second that every tool can print."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What tells one version of an experiment from another; times are whole seconds since 1970, or None where unset."""

    workspace: str
    family: str
    snapshot: str | None
    """The id of the run's snapshot; None for a draft."""
    status: str
    created: int | None
    ended: int | None

    @property
    def experiment(self) -> str:
        """`<workspace>.f-id.<family>`, also for a snapshot."""
        return f"{self.workspace}.f-id.{self.family}"

    @property
    def is_run(self) -> bool:
        """Whether this is an immutable run (a draft can still change)."""
        return self.snapshot is not None and self.status in ENDED


def is_experiment(document: Json) -> bool:
    """Whether JSON looks like an export of an experiment."""
    return isinstance(document, Mapping) and "ExperimentId" in document and isinstance(document.get("Graph"), Mapping)


def facts(document: Object) -> Facts:
    """The facts of an export; raises InvalidDocument, naming the member, where one has the wrong type."""
    experiment = document.get("ExperimentId")
    parts = ids.experiment_id(experiment) if isinstance(experiment, str) else None
    if parts is None or not isinstance(experiment, str):
        raise InvalidDocument("ExperimentId is not of the form <workspace>.f-id.<family> or <workspace>.s-id.<family>.<stamp>")
    status = document.get("Status")
    if status is not None and not isinstance(status, Mapping):
        raise InvalidDocument("Status must be an object")
    status = status or {}
    run_id = experiment if parts.is_snapshot else _snapshot_id(document.get("RunId"))
    code = status.get("StatusCode")
    return Facts(
        workspace=parts.workspace,
        family=parts.family,
        snapshot=run_id,
        status=code if isinstance(code, str) else "InDraft",
        created=seconds(status.get("CreationTime")),
        ended=seconds(status.get("EndTime")),
    )


def _snapshot_id(run_id: Json) -> str | None:
    if run_id is None or run_id == "":
        return None
    parts = ids.experiment_id(run_id) if isinstance(run_id, str) else None
    if parts is None or not parts.is_snapshot:
        raise InvalidDocument("RunId is neither null nor of the form <workspace>.s-id.<family>.<stamp>")
    return str(run_id)


class _Peek(msgspec.Struct):
    ExperimentId: str
    Graph: dict[str, msgspec.Raw]
    RunId: str | None = None
    Status: dict[str, msgspec.Raw] | None = None


_peeker = msgspec.json.Decoder(_Peek)


def peek(data: bytes) -> Facts | None:
    """The facts of an export without parsing the rest of it; None where only a full parse can tell what it is."""
    try:
        seen = _peeker.decode(data)
        status = {name: msgspec.json.decode(value) for name, value in (seen.Status or {}).items() if name in _STATUS_MEMBERS}
        return facts({"ExperimentId": seen.ExperimentId, "RunId": seen.RunId, "Status": status})
    except (ValueError, RecursionError, InvalidDocument):
        return None


class _Parent(msgspec.Struct):
    ParentExperimentId: str | None = None


_parent_decoder = msgspec.json.Decoder(_Parent)


def parent(data: bytes) -> str | None:
    """The snapshot before this version, or None where there is none or it can't be told."""
    try:
        return _parent_decoder.decode(data).ParentExperimentId or None
    except (ValueError, RecursionError):
        return None


class WithoutStatuses(NamedTuple):
    """An export but for its node statuses, and their text: half of an export, and nothing that people own."""

    document: Object
    statuses: bytes


def without_statuses(data: bytes) -> WithoutStatuses | None:
    """An export whose statuses are not parsed; None where there are none, or where only a full parse can tell what it is.

    Raises InvalidDocument, without the place of the fault, where a member can't be taken.
    """
    texts = members(data.removeprefix(BOM)) if len(data) <= MAX_BYTES else None
    statuses = texts.pop("NodeStatuses", None) if texts else None
    if texts is None or statuses is None:
        return None
    document = {name: loads(text, MAX_DEPTH - 1) for name, text in texts.items()}
    return WithoutStatuses(document, statuses) if is_experiment(document) else None


def as_history(data: bytes) -> bytes:
    """A snapshot's export as it is once there is something newer: whether it is a leaf depends on when one asks, and the version does not."""
    if b'"IsLeaf"' not in data or (texts := members(data)) is None or texts.get("IsLeaf", b"false") == b"false":
        return data
    return b"{" + b",".join(dumps(name) + b":" + (b"false" if name == "IsLeaf" else text) for name, text in texts.items()) + b"}"


_STATUS_MEMBERS = frozenset({"StatusCode", "CreationTime", "EndTime"})


def seconds(date: Json) -> int | None:
    """Seconds since 1970 of `/Date(<milliseconds>)/`; None for another form and for times before 1970 (the service's 'never')."""
    match = _DATE.fullmatch(date) if isinstance(date, str) else None
    if match is None or int(match[1]) < 0:
        return None
    return min(int(match[1]) // 1000, _LATEST)
