"""Small documents that are only kept and listed: projects, notebooks, gateways, annotations, descriptions, the gallery."""

import sqlite3

from amlgit.emulator.state.database import Store, pack, unpack
from amlgit.emulator.wire import Object


def put(db: sqlite3.Connection, workspace: str, kind: str, name: str, document: Object) -> None:
    """Keep a document; one of the same name is replaced."""
    query = "INSERT INTO things (workspace, kind, name, doc) VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET doc = excluded.doc"
    db.execute(query, (workspace, kind, name, pack(document)))


def listed(store: Store, workspace: str, kind: str) -> list[Object]:
    """All of a kind, the first kept first."""
    return [unpack(row["doc"]) for row in store.rows("SELECT doc FROM things WHERE workspace = ? AND kind = ? ORDER BY number", (workspace, kind))]


def find(store: Store, workspace: str, kind: str, name: str) -> Object | None:
    """The document of that name."""
    row = store.row("SELECT doc FROM things WHERE workspace = ? AND kind = ? AND name = ?", (workspace, kind, name))
    return unpack(row["doc"]) if row else None
