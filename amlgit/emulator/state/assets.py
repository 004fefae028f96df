"""Assets: datasets, trained models, transforms and custom modules, in families of versions (protocol, sections 3 and 6)."""

import sqlite3
from dataclasses import dataclass
from enum import Enum

from amlgit.emulator import catalogue
from amlgit.emulator.state.database import Row, Store, pack
from amlgit.emulator.state.workspaces import GLOBAL, new_id, next_batch
from amlgit.emulator.wire import Object, bad, conflict, missing, now


class Kind(Enum):
    """The kinds, by the word their paths have."""

    DATASET = "datasources"
    MODEL = "trainedmodels"
    TRANSFORM = "transformmodules"
    MODULE = "modules"


_FORBIDDEN = set(':/\\?*<>|"%#&+;')
_MAX_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """What a new asset or a new version is made of."""

    kind: Kind
    name: str
    data_type: str
    family: str = ""
    """Empty for a new family."""
    blob: str | None = None
    doc: Object


def check_name(name: str) -> None:
    """Refuse names the service did not take (protocol, section 1.5)."""
    if not name.strip() or len(name) > _MAX_NAME:
        raise bad(f"A name has 1 to {_MAX_NAME} characters.", "InvalidName")
    if set(name) & _FORBIDDEN or any(ord(character) < 32 for character in name):
        raise bad("The name contains forbidden characters.", "InvalidName")


def add(db: sqlite3.Connection, workspace: str, new: NewAsset) -> str:
    """The id of a new asset, or of a new version of one."""
    check_name(new.name)
    family = new.family.lower() or new_id()
    older = db.execute(
        "SELECT max(version) AS version FROM assets WHERE workspace = ? AND kind = ? AND family = ?", (workspace, new.kind.value, family)
    ).fetchone()["version"]
    if new.family and older is None:
        raise missing(f"The family {family}", "FamilyNotFound")
    namesake = (
        "SELECT family FROM assets WHERE workspace = ? AND kind = ? AND is_latest AND NOT is_deleted AND name = ? COLLATE NOCASE AND family <> ?"
    )
    if db.execute(namesake, (workspace, new.kind.value, new.name, family)).fetchone():
        raise conflict(f"There is already one named {new.name}: give its FamilyId to add a version.", "NameExists")
    version = 0 if older is None else older + 1
    batch = next_batch(db, workspace)
    asset = f"{workspace}.{family}.v1-default-{batch}"
    insert(db, asset, workspace, new, version=version, batch=batch)
    return asset


def insert(db: sqlite3.Connection, asset: str, workspace: str, new: NewAsset, *, version: int, batch: int, created: float | None = None) -> None:
    """Add a version under a given id; the family's latest one is the one with the highest number."""
    family = asset.split(".")[1]
    doc = pack(new.doc | {"Batch": batch})
    values = (asset, workspace, new.kind.value, family, version, new.name, new.data_type, now() if created is None else created, new.blob, doc)
    db.execute(
        "INSERT INTO assets (id, workspace, kind, family, version, is_latest, name, data_type, created, blob, doc)"
        " VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?)",
        values,
    )
    mark_latest(db, workspace, new.kind, family)


def mark_latest(db: sqlite3.Connection, workspace: str, kind: Kind, family: str) -> None:
    """Make the newest version that is not deleted the latest one, and only that."""
    db.execute(
        "UPDATE assets SET is_latest = (version = (SELECT max(version) FROM assets WHERE workspace = :ws AND kind = :kind AND family = :family"
        " AND NOT is_deleted)) WHERE workspace = :ws AND kind = :kind AND family = :family",
        {"ws": workspace, "kind": kind.value, "family": family},
    )


def listed(store: Store, workspace: str, kind: Kind) -> list[Row]:
    """The latest version of each family, with the samples everybody sees: clients want one entry per family (protocol, section 6)."""
    query = "SELECT * FROM assets WHERE workspace IN (?, ?) AND kind = ? AND is_latest AND NOT is_deleted ORDER BY workspace = ?, created, id"
    return store.rows(query, (workspace, GLOBAL, kind.value, GLOBAL))


def find(store: Store, workspace: str, kind: Kind, asset: str) -> Row | None:
    """A version by its id, deleted or not latest as it may be."""
    query = "SELECT * FROM assets WHERE id = ? COLLATE NOCASE AND kind = ? AND workspace IN (?, ?) AND NOT is_deleted"
    return store.row(query, (asset, kind.value, workspace, GLOBAL))


def delete_family(db: sqlite3.Connection, workspace: str, kind: Kind, family: str) -> int:
    """Delete all versions; experiments that use them stay as they are. Says how many there were."""
    query = "UPDATE assets SET is_deleted = 1, is_latest = 0 WHERE workspace = ? AND kind = ? AND family = ? AND NOT is_deleted"
    return db.execute(query, (workspace, kind.value, family.lower())).rowcount


def unknown(db: sqlite3.Connection, workspace: str, ids: set[str]) -> list[str]:
    """Those of the ids that no asset of the workspace, no sample and no built-in module has."""
    query = "SELECT 1 FROM assets WHERE id = ? AND workspace IN (?, ?) AND NOT is_deleted"
    return sorted(each for each in ids if not catalogue.is_built_in(each) and not db.execute(query, (each, workspace, GLOBAL)).fetchone())


def newer(db: sqlite3.Connection, workspace: str, ids: set[str]) -> dict[str, str]:
    """Per id the latest version of the same family, where that is another one; modules are left as they are."""
    found: dict[str, str] = {}
    for old in ids:
        row = db.execute(
            "SELECT latest.id FROM assets AS old JOIN assets AS latest ON latest.workspace = old.workspace AND latest.kind = old.kind"
            " AND latest.family = old.family AND latest.is_latest AND NOT latest.is_deleted"
            " WHERE old.id = ? AND old.workspace IN (?, ?) AND old.kind <> 'modules' AND latest.id <> old.id",
            (old, workspace, GLOBAL),
        ).fetchone()
        if row:
            found[old] = row["id"]
    return found
