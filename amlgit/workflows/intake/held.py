"""Versions that wait for a decision about what may be a secret, and the note of them that `secret list` reads."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.form.secrets import Suspicion
from amlgit.store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A version that waits for a decision about what may be a secret."""

    document: str
    title: str
    suspicions: tuple[Suspicion, ...]
    waiting: int
    """How many later versions of the same experiment wait with it."""


def _held_file(repository: Repository) -> Path:
    return repository.private_dir / "held.json"


def keep_held(repository: Repository, remote: str, held: Iterable[Held]) -> None:
    """Note for `secret list` what is held back: places and hashes, never the texts themselves."""
    noted = dict(read_held(repository))
    noted[remote] = [
        {"document": entry.document, "place": found.place, "reason": found.reason, "line": found.line, "hash": found.hash}
        for entry in held
        for found in entry.suspicions
    ]
    path = _held_file(repository)
    if any(noted.values()) or path.exists():
        config.write_atomically(path, json.dumps({name: entries for name, entries in noted.items() if entries}, indent=2).encode())


def read_held(repository: Repository) -> Mapping[str, list[dict[str, object]]]:
    """Remote → what the last fetch held back."""
    try:
        noted = json.loads(_held_file(repository).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}
