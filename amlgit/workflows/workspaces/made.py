"""Experiments that a push made, noted until a pull binds their folders; and what was asked for, so that a kill makes none twice.

A file in `.git/amlgit`, of this clone alone. Without it a new experiment is pulled as one nobody knew, and `amlgit bind` joins the two.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """A new experiment that was asked for; it stays noted when it is made, because nobody may have heard of that."""

    title: str
    content: str
    """The content id of what was to be saved."""
    folder: str = ""
    """The folder that is to be bound to it; empty for a copy or a restored version."""
    known: frozenset[str] = frozenset()
    """What the workspace had before, until there is an answer."""
    experiment: str = ""
    """The service's answer; empty until there is one."""
    etag: str = ""
    """Of that answer: whoever writes afterwards changes it."""
    held: str = ""
    """The content id of what the workspace held when all was done; empty until then."""


def experiments(repository: Repository, remote: str) -> Mapping[str, str]:
    """Folder → the experiment that a push made of it and no pull has bound yet."""
    return {folder: str(experiment) for folder, experiment in _section(repository, remote, "made").items()}


def forget(repository: Repository, remote: str, folders: Sequence[str]) -> None:
    """Drop notes of folders that are bound now; the caller holds the lock."""
    noted = _section(repository, remote, "made")
    if any(folder in noted for folder in folders):
        left = {folder: experiment for folder, experiment in noted.items() if folder not in folders}
        _write(repository, remote, made=left)


def unanswered(repository: Repository, remote: str) -> Sequence[Making]:
    """What was asked for to bind a folder to, by runs that were cut off before they knew what came of it."""
    found = (making(repository, remote, key) for key in _section(repository, remote, "making"))
    return [each for each in found if each is not None and each.folder and not each.experiment]


def making(repository: Repository, remote: str, key: str) -> Making | None:
    """The new experiment that was asked for under this key."""
    noted = _section(repository, remote, "making").get(key)
    if not isinstance(noted, dict):
        return None
    title, content, folder, experiment, etag, held = (str(noted.get(name) or "") for name in _TEXTS)
    known = noted.get("known")
    ids = frozenset(map(str, known)) if isinstance(known, list) else frozenset()
    return Making(title=title, content=content, folder=folder, known=ids, experiment=experiment, etag=etag, held=held)


def begin(repository: Repository, remote: str, key: str, new: Making, present: Iterable[str]) -> None:
    """Note a new experiment before it is asked for, and drop what is not `present` any more; the caller holds the lock."""
    listed, noted = set(present), _section(repository, remote, "making")
    kept = {name: entry for name, entry in noted.items() if isinstance(entry, dict) and entry.get("experiment", "") in {"", *listed}}
    _write(repository, remote, making={**kept, key: _entry(new)})


def answered(repository: Repository, remote: str, key: str, new: Making) -> None:
    """Note what the service answered, all in one step: for a folder that waits to be bound that is all there is to know."""
    noted = {name: entry for name, entry in _section(repository, remote, "making").items() if name != key}
    if new.folder:
        _write(repository, remote, making=noted, made={**_section(repository, remote, "made"), new.folder: new.experiment})
    else:
        _write(repository, remote, making={**noted, key: _entry(new)})


def drop(repository: Repository, remote: str, folders: Iterable[str]) -> None:
    """Forget what was asked for to bind these folders to; the caller holds the lock."""
    gone, noted = set(folders), _section(repository, remote, "making")
    left = {name: entry for name, entry in noted.items() if not (isinstance(entry, dict) and entry.get("folder") in gone)}
    if left != noted:
        _write(repository, remote, making=left)


_TEXTS = ("title", "content", "folder", "experiment", "etag", "held")


def _entry(new: Making) -> dict[str, object]:
    found: dict[str, object] = {name: text for name in _TEXTS if (text := getattr(new, name))}
    return found if new.experiment else {**found, "known": sorted(new.known)}


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


def _write(repository: Repository, remote: str, **sections: Mapping[str, object]) -> None:
    found = _read(repository)
    found[remote] = {**found.get(remote, {}), **{name: dict(entries) for name, entries in sections.items()}}
    config.write_atomically(_file(repository), json.dumps(found, indent=2, sort_keys=True).encode())
