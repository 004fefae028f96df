"""`resolve`: each conflict of a merge, rebase or pick in words, and taking a side for one."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from amlgit.compare.page_merge import Style, merge_page
from amlgit.config import Config
from amlgit.errors import UsageError
from amlgit.review import conflicts
from amlgit.review.conflicts import Block
from amlgit.review.findings import Finding
from amlgit.store import merging
from amlgit.store.heads import Heads, heads
from amlgit.store.lock import exclusive
from amlgit.store.merging import Unmerged
from amlgit.store.repository import Repository
from amlgit.store.text_merge import merge_texts
from amlgit.store.worktree import replace_file
from amlgit.workflows.branch.merge_faults import errors, new_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One thing to decide; `number` is how it is called in a command, as long as no other is decided."""

    number: int
    id: str
    """The same, and it stays: made of the file's path and the lines that clash."""
    path: str
    line: int | None
    """Where its markers begin, counted from 1; None where the whole file is at stake."""
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveReport:
    """What was decided, what is left, and the operation that can then go on."""

    operation: str | None
    ours: str
    """What the sides are, in words."""
    theirs: str
    settled: tuple[Conflict, ...]
    left: tuple[Conflict, ...]
    faults: tuple[Finding, ...] = ()
    """What the merge made wrong and no marker shows."""


@dataclass(frozen=True, slots=True)
class File:
    """A file in conflict: its sides in git, its lines, and the conflicts in them."""

    entry: Unmerged
    sides: Mapping[str, bytes | None]
    lines: Sequence[str]
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Place:
    """A conflict and how to get at it: its number among the file's markers, None for the whole file."""

    conflict: Conflict
    file: File
    block: int | None
    is_edited: bool = False
    """Whether a person may have settled the file by hand: a side is taken only of one that is named."""


def resolve(repository: Repository, settings: Config, chosen: Sequence[str] = (), side: str | None = None) -> ResolveReport:
    """What conflicts there are; with a side, take it for the chosen ones, by number or path (all, where none is named)."""
    repository.require_work_tree()
    if side is None:
        if chosen:
            raise UsageError("which side is to be taken?", hint="Add --ours, --theirs or --base.")
        return _report(repository, settings, ())
    with exclusive(repository):
        present = places(repository)
        known = {name for place in present for name in _names(place)}
        unknown = [name for name in chosen if name not in known]
        if unknown:
            raise UsageError(f"there is no conflict {unknown[0]!r}", hint="'amlgit resolve' lists them.")
        wanted = [place for place in present if _is_chosen(place, chosen)]
        paths = dict.fromkeys(place.conflict.path for place in wanted)
        texts = {path: _settled([place for place in wanted if place.conflict.path == path], side) for path in paths}
        for place in wanted:
            texts |= _with_partners(repository, place.file.entry, side)
        for path, text in texts.items():
            _put(repository, path, text)
        return _report(repository, settings, tuple(place.conflict for place in wanted))


def _report(repository: Repository, settings: Config, settled: tuple[Conflict, ...]) -> ResolveReport:
    sides = heads(repository)
    return ResolveReport(
        operation=repository.operation_in_progress(),
        ours=sides.ours,
        theirs=sides.theirs,
        settled=settled,
        left=tuple(place.conflict for place in places(repository)),
        faults=faults(repository, settings, sides),
    )


def faults(repository: Repository, settings: Config, sides: Heads) -> tuple[Finding, ...]:
    """What the merge made wrong and no marker shows."""
    if not sides.commits:
        return ()
    unsettled = [entry.path for entry in merging.unmerged(repository)]
    return errors(new_faults(repository, settings, sides.commits, rev="HEAD" if sides.is_done else None, unsettled=unsettled))


def _is_chosen(place: Place, chosen: Sequence[str]) -> bool:
    if not chosen:
        return not place.is_edited
    return not _names(place).isdisjoint(chosen)


def _names(place: Place) -> frozenset[str]:
    """What a conflict is called in a command."""
    return frozenset({str(place.conflict.number), place.conflict.id, place.conflict.path})


# --- what there is


def places(repository: Repository) -> list[Place]:
    """Every conflict in a file of an experiment or service."""
    entries = [entry for entry in merging.unmerged(repository) if merging.is_ours(entry.path)]
    contents = merging.sides(repository, entries)
    sizes = merging.marker_sizes(repository, [entry.path for entry in entries]) if entries else {}
    found: list[Place] = []
    for entry in entries:
        sides = {name: contents[blob] if blob else None for name, blob in (("base", entry.base), ("ours", entry.ours), ("theirs", entry.theirs))}
        lines = _lines(repository.require_work_tree() / entry.path)
        size = sizes.get(entry.path, 7)
        blocks = () if conflicts.is_ambiguous(lines, size) else conflicts.with_bases(conflicts.blocks(lines, size), _shown(entry.path, sides, size))
        file = File(entry, sides, lines, blocks)
        for line, words, block, is_edited in _conflicts(file, is_ambiguous=not blocks and bool(conflicts.blocks(lines, size))):
            conflict = Conflict(number=len(found) + 1, id=_id(file, block), path=entry.path, line=line, words=words)
            found.append(Place(conflict, file, block, is_edited))
    return found


def _id(file: File, block: int | None) -> str:
    """The name of a conflict: of two alike in one file the second has another."""
    import hashlib  # loads OpenSSL

    sides = [(one.ours, one.theirs) for one in file.blocks]
    lines = ["".join(side) for side in sides[block]] if block is not None else []
    repeated = sides[:block].count(sides[block]) if block is not None else 0
    text = "\0".join([file.entry.path, *lines, str(repeated)])
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:8]


def _lines(file: Path) -> list[str]:
    return conflicts.split_lines(file.read_bytes().decode(errors="surrogateescape")) if file.is_file() else []


def _shown(path: str, sides: Mapping[str, bytes | None], size: int) -> list[Block]:
    """The conflicts of a file with their bases, from its sides: what stands there need not show them."""
    base, ours, theirs = (sides[name] for name in ("base", "ours", "theirs"))
    if ours is None or theirs is None:
        return []
    style = Style(size=size, with_base=True)
    merged = merge_page(path, base, ours, theirs, style) if path.endswith(".json") else None
    text = merged.text if merged is not None else merge_texts(base or b"", ours, theirs, style)
    return conflicts.blocks(conflicts.split_lines(text.decode(errors="surrogateescape")), size)


def _conflicts(file: File, *, is_ambiguous: bool) -> Iterator[tuple[int | None, tuple[str, ...], int | None, bool]]:
    if file.entry.ours is None or file.entry.theirs is None:
        yield None, (_missing_side(file.entry),), None, False
    elif is_ambiguous:
        yield None, ("some of its lines only look like markers: settle it by hand, or name it to take a whole side",), None, True
    elif not file.blocks:
        is_untouched = "".join(file.lines).encode(errors="surrogateescape") == file.sides["ours"]
        words = (
            "git could not merge it, and kept ours" if is_untouched else "no markers are left in it: 'git add' it, or name it to take a whole side"
        )
        yield None, (words,), None, not is_untouched
    for number in range(len(file.blocks)):
        block = shown(file, number)
        yield block.start + 1, tuple(conflicts.told(block, is_page=is_page(file))), number, False


def is_page(file: File) -> bool:
    """Whether a file is JSON of the form; else it is a script."""
    return file.entry.path.endswith(".json")


def shown(file: File, number: int) -> Block:
    """A conflict as it may be shown: one in a script without its secrets."""
    block = conflicts.readable_block(file.blocks[number])
    return block if is_page(file) else conflicts.masked(block, texts(file))


def texts(file: File) -> Mapping[str, str]:
    """The sides of a file as they may be read."""
    return {name: (data or b"").decode(errors="replace") for name, data in file.sides.items()}


def _missing_side(entry: Unmerged) -> str:
    path = PurePosixPath(entry.path)
    name = f"the node '{path.stem}'" if path.parent.name == "nodes" and path.suffix == ".json" else f"'{path.name}'"
    if entry.ours is None and entry.theirs is None:
        return f"both sides removed {name}, or renamed it differently"
    if entry.base is None:
        return f"only {'theirs' if entry.ours is None else 'ours'} has {name}, under this name"
    return f"ours removed {name}, theirs edited it" if entry.ours is None else f"ours edited {name}, theirs removed it"


# --- taking a side


@dataclass(frozen=True, slots=True)
class _Settled:
    """A file with a side taken for some of its conflicts; no text where it is to be removed."""

    text: bytes | None
    is_whole: bool
    """Whether no conflict is left in it."""
    is_executable: bool | None = None
    """None where that stays as it is."""


def _settled(places: Sequence[Place], side: str) -> _Settled:
    file = places[0].file
    choices = {place.block: side for place in places if place.block is not None}
    if not choices:
        return _Settled(file.sides[side], is_whole=True, is_executable=side in file.entry.executable)
    if side == "base" and any(file.blocks[number].base is None for number in choices):
        raise UsageError(f"{file.entry.path}: it can't be told what this was before", hint="Edit the file, and 'git add' it.")
    text = "".join(conflicts.settled(file.lines, file.blocks, choices))
    return _Settled(os.fsencode(text), is_whole=len(choices) == len(file.blocks))


def _put(repository: Repository, path: str, settled: _Settled) -> None:
    """Write a file, and tell git where it is settled."""
    place = repository.require_work_tree() / path
    if settled.text is None:
        place.unlink(missing_ok=True)
    else:
        was_executable = place.is_file() and os.access(place, os.X_OK)
        is_executable = was_executable if settled.is_executable is None else settled.is_executable
        replace_file(repository, repository.require_work_tree(), place, settled.text, is_executable=is_executable)
    if settled.is_whole:
        merging.stage(repository, [path])


def _with_partners(repository: Repository, entry: Unmerged, side: str) -> dict[str, _Settled]:
    """The files that a node's file goes with (its script): git removed or kept them without asking, for only one side had changed them."""
    sides = heads(repository)
    if None not in (entry.ours, entry.theirs) or side == "base" or not sides.commits or sides.is_done:
        return {}
    path = PurePosixPath(entry.path)
    files = repository.tree(sides.commits[side == "theirs"], str(path.parent))
    contents = repository.blobs(blob for _, blob in files.values())
    present = {file.name for file in (repository.require_work_tree() / path.parent).glob("*") if file.is_file()}
    names = {name for name in files.keys() | present if PurePosixPath(name).stem == path.stem and name != path.name}
    conflicting = {unmerged.path for unmerged in merging.unmerged(repository)}
    return {
        f"{path.parent}/{name}": _Settled(contents[files[name][1]], is_whole=True, is_executable=files[name][0] == "100755")
        if name in files
        else _Settled(None, is_whole=True)
        for name in sorted(names)
        if f"{path.parent}/{name}" not in conflicting and (name in files) != (name in present)
    }
