"""Bytes of any size, in pieces inside the database: no name from a request ever becomes a file."""

import sqlite3
from collections.abc import Iterator

from amlgit.emulator.state.database import Row, Store
from amlgit.emulator.state.workspaces import new_id
from amlgit.emulator.wire import now

PIECE = 1 << 20
_DAY = 86400


def create(db: sqlite3.Connection, workspace: str, kind: str, data_type: str, *, complete: bool = False) -> str:
    """A new, empty blob."""
    blob = new_id()
    db.execute("INSERT INTO blobs VALUES (?, ?, ?, ?, 0, 0, ?, ?)", (blob, workspace, kind, data_type, complete, now()))
    return blob


def append(db: sqlite3.Connection, blob: str, block: int, part: int, data: bytes) -> None:
    """One more piece of a block."""
    db.execute("INSERT INTO pieces VALUES (?, ?, ?, ?)", (blob, block, part, data))
    db.execute("UPDATE blobs SET size = size + ? WHERE id = ?", (len(data), blob))


def put(db: sqlite3.Connection, workspace: str, kind: str, data_type: str, data: bytes) -> str:
    """A new, complete blob of these bytes."""
    blob = create(db, workspace, kind, data_type, complete=True)
    for part, start in enumerate(range(0, len(data), PIECE)):
        append(db, blob, 0, part, data[start : start + PIECE])
    return blob


def find(store: Store, blob: str, workspace: str | None = None) -> Row | None:
    """A blob; of a workspace if one is given."""
    row = store.row("SELECT * FROM blobs WHERE id = ?", (blob,))
    return row if row is None or workspace in (None, row["workspace"]) else None


def take_block(db: sqlite3.Connection, staged: str, blob: str, block: int) -> None:
    """Make a staged body a block of an upload; sent again, it replaces the earlier one."""
    db.execute("DELETE FROM pieces WHERE blob = ? AND block = ?", (blob, block))
    db.execute("UPDATE pieces SET blob = ?, block = ? WHERE blob = ?", (blob, block, staged))
    db.execute("DELETE FROM blobs WHERE id = ?", (staged,))
    size = db.execute("SELECT coalesce(sum(length(data)), 0) FROM pieces WHERE blob = ?", (blob,)).fetchone()[0]
    db.execute("UPDATE blobs SET size = ? WHERE id = ?", (size, blob))


def blocks(db: sqlite3.Connection, blob: str) -> int:
    """How many blocks have arrived."""
    return int(db.execute("SELECT count(DISTINCT block) FROM pieces WHERE blob = ?", (blob,)).fetchone()[0])


def pieces(store: Store, blob: str) -> Iterator[bytes]:
    """The bytes, piece by piece."""
    for row in store.rows("SELECT block, part FROM pieces WHERE blob = ? ORDER BY block, part", (blob,)):
        piece = store.row("SELECT data FROM pieces WHERE blob = ? AND block = ? AND part = ?", (blob, row["block"], row["part"]))
        if piece is not None:
            yield bytes(piece["data"])


def head(store: Store, blob: str, length: int) -> bytes:
    """The first bytes."""
    taken = b""
    for piece in pieces(store, blob):
        taken += piece
        if len(taken) >= length:
            break
    return taken[:length]


def sweep(store: Store) -> None:
    """Drop uploads nobody finished in a day, and what interrupted requests left; younger ones may be another process's at work."""
    with store.write() as db:
        db.execute("DELETE FROM blobs WHERE is_complete = 0 AND created < ?", (now() - _DAY,))
