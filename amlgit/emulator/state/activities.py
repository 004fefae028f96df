"""Activities: work that clients ask about until it is done. It is done at once here, and shown as done a little later."""

import sqlite3
from dataclasses import dataclass

from amlgit.emulator.state.database import Store, pack, unpack
from amlgit.emulator.state.workspaces import new_id
from amlgit.emulator.wire import Object, missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One activity: what came of it, and from when on that shows."""

    id: str
    ready: float
    doc: Object


def create(db: sqlite3.Connection, workspace: str, kind: str, ready: float, doc: Object) -> str:
    """A new activity's id."""
    activity = new_id()
    db.execute("INSERT INTO activities VALUES (?, ?, ?, ?, ?)", (activity, workspace, kind, ready, pack(doc)))
    return activity


def find(store: Store, workspace: str, kind: str, identity: str) -> Activity:
    """An activity of the workspace; `kind` may end in `*`."""
    query = "SELECT * FROM activities WHERE id = ? AND workspace = ? AND kind GLOB ?"
    row = store.row(query, (identity.lower(), workspace, kind))
    if row is None:
        raise missing("The activity", "ActivityNotFound")
    return Activity(id=row["id"], ready=row["ready"], doc=unpack(row["doc"]))
