"""Experiments that a push made, noted until a pull binds their folders; and those being made, so that a kill makes none twice.

A file in `.git/amlgit`, of this clone alone. Without it a new experiment is pulled as one nobody knew, and `amlgit bind` joins the two.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A new experiment that was asked for: its title, and what the workspace had before."""

    title: str
    known: frozenset[str]


def experiments(repository: Repository, remote: str) -> Mapping[str, str]:
    """Folder → the experiment that a push made of it and no pull has bound yet."""
    return {folder: str(experiment) for folder, experiment in _section(repository, remote, "made").items()}


def note(repository: Repository, remote: str, folder: str, experiment: str) -> None:
    """Note what a folder became; the caller holds the lock."""
    _write(repository, remote, "made", {**_section(repository, remote, "made"), folder: experiment})


def forget(repository: Repository, remote: str, folders: Sequence[str]) -> None:
    """Drop notes of folders that are bound now; the caller holds the lock."""
    noted = _section(repository, remote, "made")
    if any(folder in noted for folder in folders):
        _write(repository, remote, "made", {folder: experiment for folder, experiment in noted.items() if folder not in folders})


def making(repository: Repository, remote: str, key: str) -> Making | None:
    """The new experiment that was asked for under this key and never finished."""
    known = _section(repository, remote, "making").get(key)
    if not isinstance(known, dict):
        return None
    return Making(title=str(known.get("title", "")), known=frozenset(map(str, known.get("known", ()))))


def begin(repository: Repository, remote: str, key: str, new: Making) -> None:
    """Note a new experiment before it is asked for; the caller holds the lock."""
    _write(repository, remote, "making", {**_section(repository, remote, "making"), key: {"title": new.title, "known": sorted(new.known)}})


def finish(repository: Repository, remote: str, key: str) -> None:
    """It is done; the caller holds the lock."""
    _write(repository, remote, "making", {name: value for name, value in _section(repository, remote, "making").items() if name != key})


def _file(repository: Repository) -> Path:
    return repository.private_dir / "made.json"


def _read(repository: Repository) -> dict[str, dict[str, dict[str, object]]]:
    try:
        found = json.loads(_file(repository).read_bytes())
    except (OSError, ValueError):
        return {}
    return {name: entries for name, entries in found.items() if isinstance(entries, dict)} if isinstance(found, dict) else {}


def _section(repository: Repository, remote: str, name: str) -> Mapping[str, object]:
    section = _read(repository).get(remote, {}).get(name, {})
    return section if isinstance(section, dict) else {}


def _write(repository: Repository, remote: str, name: str, entries: Mapping[str, object]) -> None:
    found = _read(repository)
    found[remote] = {**found.get(remote, {}), name: dict(entries)}
    config.write_atomically(_file(repository), json.dumps(found, indent=2, sort_keys=True).encode())
