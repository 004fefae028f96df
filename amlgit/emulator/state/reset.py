"""A new emulator's state, and back to it."""

import secrets
from pathlib import Path

from amlgit.emulator.state import beginning, workspaces
from amlgit.emulator.state.blobs import sweep
from amlgit.emulator.state.database import Store
from amlgit.emulator.state.workspaces import FIRST, GLOBAL, REGIONS, new_id, new_token

_EMPTIED = ("experiments", "assets", "activities", "things", "faults", "blobs")


def open_store(folder: Path) -> Store:
    """The state in a folder, made if it is not there: two workspaces in two regions, and the samples that everybody sees."""
    store = Store(folder)
    with store.write() as db:
        if not db.execute("SELECT 1 FROM workspaces").fetchone():
            workspaces.create(db, FIRST, "Emulated workspace", REGIONS[0])
            workspaces.create(db, new_id(), "Second emulated workspace", REGIONS[1])
            workspaces.create(db, GLOBAL, "Samples", REGIONS[0], owner="Microsoft Corporation")
            beginning.fill(db)
            for name, value in {"signing_key": secrets.token_hex(32), "admin_token": new_token(), "default": FIRST}.items():
                db.execute("INSERT INTO meta VALUES (?, ?)", (name, value))
    sweep(store)
    return store


def reset(store: Store) -> None:
    """Empty every workspace and take back all faults; workspaces, tokens and invited users stay as they are."""
    with store.write() as db:
        for table in _EMPTIED:
            db.execute(f"DELETE FROM {table}")  # noqa: S608 # our own names
        db.execute("UPDATE workspaces SET batch = 0")
        beginning.fill(db)
