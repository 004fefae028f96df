"""`secret`: what was replaced, what is held back, and the user's decisions about it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.errors import UsageError
from amlgit.form import secrets
from amlgit.store.folders import PARENTS
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.intake.held import read_held


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A suspicion that holds a version back. `id` names it to `secret allow` and `secret replace`."""

    id: str
    remote: str
    document: str
    place: str
    line: int
    reason: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretReport:
    """Placeholders in HEAD (path, line, what they stand for), and what is held back."""

    replaced: tuple[secrets.Place, ...]
    held: tuple[Pending, ...]


def list_secrets(repository: Repository) -> SecretReport:
    """Every placeholder in HEAD, and every suspicion that the last fetches held back."""
    found: list[secrets.Place] = []
    head = repository.head()
    for parent in PARENTS.values() if head else ():
        files = repository.tree(str(head), parent)
        contents = repository.blobs(object_id for _, object_id in files.values())
        for path, (_, object_id) in sorted(files.items()):
            if object_id in contents:
                found += secrets.places(f"{parent}/{path}", contents[object_id])
    return SecretReport(replaced=tuple(found), held=tuple(_pending(repository)))


def _pending(repository: Repository) -> list[Pending]:
    listed = []
    for remote, entries in sorted(read_held(repository).items()):
        for entry in entries:
            place, hashed = str(entry["place"]), str(entry["hash"])
            listed.append(
                Pending(
                    id=hashlib.sha256(f"{place} {hashed}".encode()).hexdigest()[:8],
                    remote=remote,
                    document=str(entry["document"]),
                    place=place,
                    line=int(str(entry["line"])),
                    reason=str(entry["reason"]),
                    hash=hashed,
                )
            )
    return listed


def decide(repository: Repository, root: Path, kind: str, ids: Sequence[str]) -> tuple[Pending, ...]:
    """Note in `.amlgit` that suspicions are no secrets (`allow`) or are to be replaced (`replace`); raises UsageError for an unknown id."""
    pending = _pending(repository)
    chosen: list[Pending] = []
    decisions: list[str] = []
    for wanted in ids:
        matching = [entry for entry in pending if wanted in (entry.id, entry.hash, entry.place)]
        if not matching and not (kind == "allow" and len(wanted) == 32):
            known = ", ".join(sorted({entry.id for entry in pending})) or "none"
            raise UsageError(f"nothing held back has the id {wanted!r} (known: {known})", hint="'amlgit secret list' shows them.")
        chosen += matching
        decisions += [entry.hash if kind == "allow" else entry.place for entry in matching] or [wanted]
    with exclusive(repository):
        config.add_decisions(root, kind, list(dict.fromkeys(decisions)))
    return tuple(chosen)
