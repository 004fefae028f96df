"""The SQLite file: its tables, one writer at a time, any number of readers."""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from amlgit.emulator.wire import Json, Object

Row = sqlite3.Row
SCHEMA_VERSION = 1

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, region TEXT NOT NULL, owner TEXT NOT NULL,
  primary_token TEXT NOT NULL, secondary_token TEXT NOT NULL, created REAL NOT NULL, batch INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE users (
  workspace TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL, role TEXT NOT NULL, status TEXT NOT NULL, id TEXT NOT NULL,
  PRIMARY KEY (workspace, email)
);
CREATE TABLE experiments (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL, family TEXT NOT NULL, is_snapshot INTEGER NOT NULL, created INTEGER NOT NULL,
  written INTEGER NOT NULL, etag TEXT, run_id TEXT, parent TEXT, is_archived INTEGER NOT NULL DEFAULT 0, unknown TEXT NOT NULL DEFAULT '[]',
  head TEXT NOT NULL, run TEXT, service TEXT NOT NULL, graph TEXT NOT NULL, node_statuses TEXT  -- the large ones last: lists need not read past them
);
CREATE INDEX experiments_by_workspace ON experiments (workspace, family, created);
CREATE TABLE assets (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL, kind TEXT NOT NULL, family TEXT NOT NULL, version INTEGER NOT NULL, is_latest INTEGER NOT NULL,
  is_deleted INTEGER NOT NULL DEFAULT 0, name TEXT NOT NULL, data_type TEXT NOT NULL, created REAL NOT NULL, blob TEXT, doc TEXT NOT NULL
);
CREATE INDEX assets_by_workspace ON assets (workspace, kind, family, version);
CREATE TABLE blobs (
  id TEXT PRIMARY KEY, workspace TEXT NOT NULL, kind TEXT NOT NULL, data_type TEXT NOT NULL, size INTEGER NOT NULL, blocks INTEGER NOT NULL,
  is_complete INTEGER NOT NULL, created REAL NOT NULL
);
CREATE TABLE pieces (
  blob TEXT NOT NULL REFERENCES blobs (id) ON DELETE CASCADE, block INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (blob, block, part)
) WITHOUT ROWID;
CREATE TABLE activities (id TEXT PRIMARY KEY, workspace TEXT NOT NULL, kind TEXT NOT NULL, ready REAL NOT NULL, doc TEXT NOT NULL);
CREATE TABLE things (
  number INTEGER PRIMARY KEY, workspace TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, doc TEXT NOT NULL, UNIQUE (workspace, kind, name)
);
CREATE TABLE faults (
  number INTEGER PRIMARY KEY AUTOINCREMENT, doc TEXT NOT NULL, skip INTEGER NOT NULL, remaining INTEGER, hits INTEGER NOT NULL DEFAULT 0
);
"""


class Store:
    """An open state; every thread reads through a connection of its own, writers take turns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self._file = folder / "studio.sqlite3"
        self._threads = threading.local()
        self._writing = threading.Lock()
        if not self._file.exists():
            os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))  # it holds tokens
        with self.write() as db:
            if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone():
                for statement in _TABLES.split(";\n"):
                    db.execute(statement)
                db.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
        found = self.meta("schema")
        if found != str(SCHEMA_VERSION):
            raise ValueError(f"{self._file} was written by another version of the emulator (schema {found})")

    def read(self) -> sqlite3.Connection:
        """The connection of this thread."""
        connection: sqlite3.Connection | None = getattr(self._threads, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._file, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing in WAL; only a power cut could
            connection.execute("PRAGMA foreign_keys = ON")
            self._threads.connection = connection
        return connection

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees the newest state and is done as a whole or not at all."""
        db = self.read()
        with self._writing:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            except BaseException:
                db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def meta(self, name: str) -> str | None:
        """What the database says about itself: its schema, its keys."""
        row = self.read().execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row["value"])

    def rows(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        """All rows that a query finds."""
        return list(self.read().execute(query, values))

    def row(self, query: str, values: Sequence[object] = ()) -> Row | None:
        """The first row that a query finds."""
        found: Row | None = self.read().execute(query, values).fetchone()
        return found


def pack(value: Json) -> str:
    """A document as it is stored."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def unpack_list(text: str) -> list[str]:
    """A stored list of ids."""
    return [str(each) for each in json.loads(text)]


def unpack(text: str) -> Object:
    """A stored document."""
    document: Object = json.loads(text)
    return document
