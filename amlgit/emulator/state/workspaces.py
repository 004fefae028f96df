"""Workspaces, their tokens and their users."""

import base64
import hmac
import secrets
import sqlite3
import uuid

from amlgit.emulator.state.database import Row, Store
from amlgit.emulator.wire import ApiError, now

GLOBAL = "506153734175476c4f62416c57734963"
"""The workspace of everything built in (protocol, section 1.6)."""
FIRST = "cbbc82ad06ebbed283d29769f47d460b"
"""The workspace of the shipped samples: a new emulator's first one, so that seeding it changes no id."""
REGIONS = ("South Central US", "West Europe", "Southeast Asia", "Japan East", "Germany Central", "West Central US", "China North", "China East")


def new_id() -> str:
    """32 hexadecimal digits that nobody has."""
    return uuid.uuid4().hex


def new_token() -> str:
    """88 characters of base64, as newer workspaces have them (protocol, section 1.3)."""
    return base64.b64encode(secrets.token_bytes(64)).decode()


def create(db: sqlite3.Connection, workspace: str, name: str, region: str = REGIONS[0], owner: str = "emulator") -> None:
    """Add a workspace with tokens and an owner, unless it is there."""
    if db.execute("SELECT 1 FROM workspaces WHERE id = ?", (workspace,)).fetchone():
        return
    values = (workspace, name, region, owner, new_token(), new_token(), now())
    db.execute("INSERT INTO workspaces (id, name, region, owner, primary_token, secondary_token, created) VALUES (?, ?, ?, ?, ?, ?, ?)", values)
    invite(db, workspace, f"{owner}@example.org", owner, role="Owner", status="Active")


def found_all(store: Store) -> list[Row]:
    """Every workspace, the first made first."""
    return store.rows("SELECT * FROM workspaces ORDER BY created, id")


def find(store: Store, workspace: str) -> Row | None:
    """A workspace by its id."""
    return store.row("SELECT * FROM workspaces WHERE id = ?", (workspace,))


def authorised(store: Store, workspace: str, tokens: list[str]) -> Row:
    """The workspace if one of the tokens is its own, in time that says nothing about how wrong a token is."""
    row = find(store, workspace.lower())
    known = [row["primary_token"], row["secondary_token"]] if row else [new_token()]
    matches = [hmac.compare_digest(token.encode(), each.encode()) for token in tokens for each in known]
    if row is None or not any(matches):
        raise ApiError(401, "Unauthorized", "The token is missing or is not one of this workspace.", headers={"WWW-Authenticate": "Bearer"})
    return row


def users(store: Store, workspace: str) -> list[Row]:
    """The users, owners first."""
    return store.rows("SELECT * FROM users WHERE workspace = ? ORDER BY role, email", (workspace,))


def invite(db: sqlite3.Connection, workspace: str, email: str, name: str, *, role: str, status: str) -> bool:
    """Add a user; says whether that was new."""
    done = db.execute("INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?, ?)", (workspace, email, name, role, status, new_id()))
    return done.rowcount == 1


def next_batch(db: sqlite3.Connection, workspace: str) -> int:
    """The workspace's next asset number: the last part of asset ids counts up over all of them (corpus, arm/studio-text.json)."""
    return int(db.execute("UPDATE workspaces SET batch = batch + 1 WHERE id = ? RETURNING batch", (workspace,)).fetchone()[0])
