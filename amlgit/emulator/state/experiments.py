"""Experiments: one working copy per family, and the immutable snapshots its runs leave behind (protocol, sections 4 and 4.5).

The model is read off real exports: after a run the working copy's RunId is its own snapshot and its parent the one before; edited again,
it has no RunId and its parent is the newest snapshot. A draft keeps the creation time of the state it was made from.
"""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from amlgit.emulator import graph as graphs
from amlgit.emulator import runs
from amlgit.emulator.state import assets
from amlgit.emulator.state.database import Row, Store, pack, unpack, unpack_list
from amlgit.emulator.state.workspaces import GLOBAL, new_id
from amlgit.emulator.wire import ApiError, Json, Object, conflict, etag, missing, stamp

NO_SERVICE: Object = {
    "IsWebServiceExperiment": False,
    "Inputs": [],
    "Outputs": [],
    "Parameters": [],
    "WebServiceGroupId": None,
    "ModelPackageId": None,
    "RunId": None,
    "SerializedClientData": graphs.EMPTY_LAYOUT,
    "ArmWebServiceId": None,
}
"""What stands in for a null WebService: clients need the member, and a layout in it (protocol, section 5.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What a client may write of an experiment (protocol, section 4.1)."""

    title: str
    summary: str
    category: Json
    graph: Object
    service: Object
    keeps_versions: Json
    """DisableNodesUpdate: whether assets stay at their versions when newer ones are there."""


def find(store: Store, workspace: str, identity: str) -> Row:
    """An experiment or snapshot of the workspace or of the samples."""
    row = store.row(f"SELECT *, {_LEAF} FROM experiments AS own WHERE id = ? AND workspace IN (?, ?)", (identity, workspace, GLOBAL))  # noqa: S608 # our words
    if row is None:
        raise missing("The experiment", "ExperimentNotFound")
    return row


def listed(store: Store, workspace: str, *, non_leaves: bool, archived: bool) -> list[Row]:
    """The rows of the list without their graphs; only leaves by default: the working copies, or what is newest where there is none."""
    query = (
        f"SELECT {_HEAD_COLUMNS}, {_LEAF} FROM experiments AS own WHERE workspace IN (?, ?) AND is_archived <= ? AND (is_leaf OR ?)"  # noqa: S608 # our columns
        " ORDER BY workspace = ?, created DESC, id"
    )
    return store.rows(query, (workspace, GLOBAL, archived, non_leaves, GLOBAL))


_HEAD_COLUMNS = "id, workspace, family, is_snapshot, created, written, etag, run_id, parent, head, run, is_archived"
_LEAF = (
    "NOT is_snapshot OR NOT EXISTS (SELECT 1 FROM experiments AS other WHERE other.workspace = own.workspace AND other.family = own.family"
    " AND (NOT other.is_snapshot OR other.created > own.created)) AS is_leaf"
)
"""Whether nothing newer hangs on it: always so for a working copy, and for the newest snapshot of one that was deleted alone."""


def run_of(row: Row) -> Object | None:
    """The course of its run."""
    return unpack(row["run"]) if row["run"] else None


def node_statuses_of(row: Row) -> list[Object]:
    """What an archive says of the nodes of a run that did not happen here."""
    found: list[Object] = json.loads(row["node_statuses"] or "[]")
    return found


def etag_of(row: Row, run: Object | None, at: int) -> str:
    """The etag: the moment of the last write; the end of a run is one, by the service itself."""
    if row["etag"]:
        return str(row["etag"])
    ended = runs.end(run) * 10_000 if run and runs.is_over(run, at) else 0
    return etag(max(row["written"], ended))


def status_of(row: Row, run: Object | None, at: int) -> Object:
    """Its Status member."""
    if run:
        return runs.status(run, at)
    head = unpack(row["head"])
    return head.get("Status") or runs.status_member("InDraft", row["created"])


def _later(row: Row, at: int) -> int:
    """The moment of a write in tenths of microseconds, later than what any etag so far was made of."""
    run = run_of(row)
    ended = runs.end(run) * 10_000 if run else 0
    return int(max(at * 10_000, row["written"] + 1, ended + 1 if run and runs.is_over(run, at) else 0))


def check_etag(row: Row, if_match: str | None, at: int) -> None:
    """Honour If-Match where it is sent; scripts never send it (protocol, section 4)."""
    if if_match is None or if_match.strip() == "*":
        return
    current = etag_of(row, run_of(row), at)
    if current not in {if_match.strip(), *(each.strip() for each in if_match.split(","))}:
        raise ApiError(412, "PreconditionFailed", "The experiment has been updated in another session.", "EtagMismatch")


def create(db: sqlite3.Connection, workspace: str, submission: Submission, creator: str, at: int) -> str:
    """Save as: a new experiment with no history; its assets move to their newest versions unless it says otherwise (protocol, section 4.5)."""
    family = new_id()
    identity = f"{workspace}.f-id.{family}"
    graph = submission.graph
    if submission.keeps_versions is not True:
        graph = graphs.with_assets(graph, assets.newer(db, workspace, set(graphs.asset_ids(graph))))
    head = _head(submission) | {"Creator": creator, "Tags": [], "OriginalExperimentDocumentationLink": None}
    insert(db, identity, head=head, graph=graph, service=submission.service, created=at)
    return identity


def insert(
    db: sqlite3.Connection,
    identity: str,
    *,
    head: Object,
    graph: Object,
    service: Object,
    created: int,
    **more: Json,
) -> None:
    """Add a row; `more` are its other columns. An asset nobody knows is not refused, as it was not: the experiment just won't open."""
    workspace, kind, family = identity.split(".")[:3]
    columns = {
        "id": identity,
        "workspace": workspace,
        "family": family,
        "is_snapshot": kind == "s-id",
        "created": created,
        "written": created * 10_000,
        "head": pack(head),
        "graph": pack(graph),
        "service": pack(service),
        "unknown": pack(assets.unknown(db, workspace, set(graphs.asset_ids(graph)))),
    } | more
    names = ", ".join(columns)
    db.execute(f"INSERT INTO experiments ({names}) VALUES ({', '.join('?' * len(columns))})", tuple(columns.values()))  # noqa: S608 # our names


def overwrite(db: sqlite3.Connection, row: Row, submission: Submission, at: int) -> None:
    """Save the draft over the working copy."""
    if row["is_snapshot"]:
        raise conflict("This is a snapshot of the run history, which is locked: save it as a new experiment.", "ExperimentLocked")
    run = run_of(row)
    if run and not runs.is_over(run, at):
        raise conflict("The experiment is running, and locked until the run is over.", "ExperimentRunning")
    head = unpack(row["head"])
    head.pop("Status", None)
    unknown = assets.unknown(db, row["workspace"], set(graphs.asset_ids(submission.graph)))
    db.execute(
        "UPDATE experiments SET written = ?, etag = NULL, run_id = NULL, parent = ?, head = ?, graph = ?, service = ?, run = NULL,"
        " node_statuses = NULL, unknown = ? WHERE id = ?",
        (
            _later(row, at),
            row["run_id"] or row["parent"],
            pack(head | _head(submission)),
            pack(submission.graph),
            pack(submission.service),
            pack(unknown),
            row["id"],
        ),
    )


def _head(submission: Submission) -> Object:
    return {
        "Summary": submission.summary,
        "Description": submission.title,
        "DisableNodesUpdate": submission.keeps_versions,
        "Category": submission.category,
    }


def start(db: sqlite3.Connection, identity: str, at: int, seconds: float, failures: dict[str, str]) -> None:
    """Run the working copy as it stands: a snapshot of it is kept, under an id that its creation time gives (protocol, section 1.6)."""
    row: Row = db.execute("SELECT * FROM experiments WHERE id = ?", (identity,)).fetchone()
    unknown = unpack_list(row["unknown"])
    if unknown:
        raise conflict(f"The experiment can't be run: the workspace has no {unknown[0]}.", "AssetNotFound")
    parent = row["run_id"] or row["parent"]
    earlier = db.execute("SELECT run FROM experiments WHERE id = ?", (parent,)).fetchone() if parent else None
    before = unpack(earlier["run"]) if earlier and earlier["run"] else None
    created = at
    if parent and at // 1000 <= row["created"] // 1000:  # later than the run before, also where that one's snapshot was deleted
        created = row["created"] + 1000
    prefix = f"{row['workspace']}.s-id.{row['family']}"
    while db.execute("SELECT 1 FROM experiments WHERE id = ?", (f"{prefix}.{stamp(created)}",)).fetchone():
        created += 1000  # a stamp counts whole seconds
    snapshot = f"{prefix}.{stamp(created)}"
    run = pack(runs.plan(unpack(row["graph"]), created, seconds, failures, before, ahead=created - at))
    written = _later(row, at)
    change = "UPDATE experiments SET created = ?, written = ?, etag = NULL, run_id = ?, parent = ?, run = ? WHERE id = ?"
    db.execute(change, (created, written, snapshot, parent, run, identity))
    db.execute(
        "INSERT INTO experiments (id, workspace, family, is_snapshot, created, written, run_id, parent, head, graph, service, run, unknown)"
        " SELECT run_id, workspace, family, 1, created, written, run_id, parent, head, graph, service, run, unknown FROM experiments WHERE id = ?",
        (identity,),
    )


def cancel(db: sqlite3.Connection, row: Row, at: int) -> None:
    """Stop the run; its snapshot stays, canceled."""
    run = run_of(row)
    if run is None or runs.is_over(run, at):
        raise conflict("The experiment is not running.", "ExperimentNotRunning")
    stopped = pack(run | {"Canceled": runs.clock(run, at)})
    written = _later(row, at)
    change = "UPDATE experiments SET run = ?, written = ? WHERE workspace = ? AND run_id = ?"
    db.execute(change, (stopped, written, row["workspace"], row["run_id"]))


def lineage(store: Store, row: Row) -> list[Row]:
    """The run history, newest first: its own snapshot if it has one, then parent after parent until there is none (protocol, section 4.5)."""
    found: list[Row] = []
    following = row["run_id"] or row["parent"]
    while following and following not in {each["id"] for each in found}:
        each = store.row(f"SELECT {_HEAD_COLUMNS}, {_LEAF} FROM experiments AS own WHERE id = ?", (following,))  # noqa: S608 # our words
        if each is None:
            break
        found.append(each)
        following = each["parent"]
    return found


def delete(db: sqlite3.Connection, identities: Iterable[str]) -> None:
    """Delete experiments and what hangs on them; nothing brings them back."""
    for identity in identities:
        db.execute("DELETE FROM experiments WHERE id = ?", (identity,))
        db.execute("DELETE FROM things WHERE kind IN ('annotations', 'details') AND name LIKE ? || '%'", (identity,))
