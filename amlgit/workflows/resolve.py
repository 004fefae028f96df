"""`resolve`: each conflict of a merge, rebase or pick in words, and taking a side for one."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit.config import write_atomically
from amlgit.errors import UsageError
from amlgit.review import conflicts
from amlgit.store import merging
from amlgit.store.lock import exclusive
from amlgit.store.merging import Unmerged
from amlgit.store.repository import Repository

SIDES = ("ours", "theirs", "base")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing to decide; `number` is how it is called in a command, as long as no other is decided."""

    number: int
    path: str
    line: int | None
    """Where its markers begin, counted from 1; None where the whole file is at stake."""
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveReport:
    """What was decided, what is left, and the operation that can then go on."""

    operation: str | None
    settled: tuple[Conflict, ...]
    left: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A conflict and how to get at it: its path's sides, and its number among the file's markers."""

    conflict: Conflict
    entry: Unmerged
    block: int | None


def resolve(repository: Repository, chosen: Sequence[str] = (), side: str | None = None) -> ResolveReport:
    """What conflicts there are; with a side, take it for the chosen ones, by number or path (all, where none is named)."""
    repository.require_work_tree()
    if side is None:
        if chosen:
            raise UsageError("which side is to be taken?", hint="Add --ours, --theirs or --base.")
        return ResolveReport(operation=repository.operation_in_progress(), settled=(), left=tuple(place.conflict for place in _places(repository)))
    with exclusive(repository):
        places = _places(repository)
        wanted = [place for place in places if _is_chosen(place, chosen)]
        known = {str(place.conflict.number) for place in places} | {place.conflict.path for place in places}
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise UsageError(f"there is no conflict {unknown[0]!r}", hint="'amlgit resolve' lists them.")
        for path in dict.fromkeys(place.conflict.path for place in wanted):
            _settle(repository, [place for place in wanted if place.conflict.path == path], side)
        left = tuple(place.conflict for place in _places(repository))
        return ResolveReport(operation=repository.operation_in_progress(), settled=tuple(place.conflict for place in wanted), left=left)


def _is_chosen(place: _Place, chosen: Sequence[str]) -> bool:
    return not chosen or str(place.conflict.number) in chosen or place.conflict.path in chosen


def _places(repository: Repository) -> list[_Place]:
    root = repository.require_work_tree()
    found: list[_Place] = []
    for entry in merging.unmerged(repository):
        if not merging.is_ours(entry.path):
            continue
        for line, words, block in _conflicts(root / entry.path, entry):
            conflict = Conflict(number=len(found) + 1, path=entry.path, line=line, words=words)
            found.append(_Place(conflict, entry, block))
    return found


def _conflicts(file: Path, entry: Unmerged) -> list[tuple[int | None, tuple[str, ...], int | None]]:
    if entry.ours is None or entry.theirs is None:
        return [(None, (_missing_side(entry),), None)]
    lines = _lines(file)
    found = conflicts.blocks(lines)
    if not found:
        return [(None, ("no markers are left in it: it waits for 'git add', or for a side",), None)]
    is_page = entry.path.endswith(".json")
    return [(block.start + 1, tuple(conflicts.told(block, is_page=is_page)), number) for number, block in enumerate(found)]


def _missing_side(entry: Unmerged) -> str:
    name = Path(entry.path).stem
    if entry.ours is None and entry.theirs is None:
        return f"both sides removed {name!r}, or renamed it differently"
    if entry.base is None:
        return f"only {'theirs' if entry.ours is None else 'ours'} has {name!r} after renames"
    return f"ours removed {name!r}, theirs edited it" if entry.ours is None else f"ours edited {name!r}, theirs removed it"


def _lines(file: Path) -> list[str]:
    return file.read_bytes().decode(errors="surrogateescape").splitlines(keepends=True) if file.is_file() else []


def _settle(repository: Repository, places: Sequence[_Place], side: str) -> None:
    """Take a side for some conflicts of one file; a file without any more is settled for git too."""
    entry = places[0].entry
    file = repository.require_work_tree() / entry.path
    choices = {place.block: side for place in places if place.block is not None}
    if not choices:
        _take_file(repository, file, entry, side)
        merging.stage(repository, [entry.path])
        return
    lines = _lines(file)
    found = conflicts.blocks(lines)
    if side == "base" and any(found[number].base is None for number in choices):
        raise UsageError(f"{entry.path}: the markers don't show the base", hint="Take it for the whole file: 'git checkout --conflict=diff3'.")
    text = conflicts.settled(lines, choices)
    write_atomically(file, os.fsencode("".join(text)))
    if not conflicts.blocks(text):
        merging.stage(repository, [entry.path])


def _take_file(repository: Repository, file: Path, entry: Unmerged, side: str) -> None:
    blob = {"ours": entry.ours, "theirs": entry.theirs, "base": entry.base}[side]
    if blob is None:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, merging.sides(repository, [entry])[blob])
