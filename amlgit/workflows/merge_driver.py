"""git's merge driver: called for one file of which both sides changed, with the three versions of it as temporary files."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from amlgit.compare.page_merge import PageMerge, Style, merge_page, whole_conflict
from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import loads


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverReport:
    """How it ended, and the conflicts by the names on the way to each (none where git's lines had to do)."""

    is_clean: bool
    conflicts: tuple[tuple[str, ...], ...] = ()


def merge_driver(path: str, base: Path, ours: Path, theirs: Path, style: Callable[[], Style]) -> DriverReport:
    """Merge into `ours`, as git asks of a driver: what stands there then is a merge or a conflict, never one side. `style` is asked for conflicts."""
    merged = _merged(path, base, ours, theirs, style)
    if merged is not None:
        _replace(ours, merged.text)
        return DriverReport(is_clean=not merged.conflicts, conflicts=merged.conflicts)
    from amlgit.store.text_merge import merge_files

    by_lines = merge_files(base, ours, theirs, style())
    text, is_clean = by_lines.text, not by_lines.has_conflicts
    if is_clean and path.endswith(".json") and not _is_json(text):
        # lines that merge are no promise that the result is still what it was
        text, is_clean = whole_conflict(base.read_bytes(), ours.read_bytes(), theirs.read_bytes(), style()), False
    _replace(ours, text)
    return DriverReport(is_clean=is_clean)


def _merged(path: str, base: Path, ours: Path, theirs: Path, style: Callable[[], Style]) -> PageMerge | None:
    if not path.endswith(".json"):
        return None
    sides = base.read_bytes() or None, ours.read_bytes(), theirs.read_bytes()
    merged = merge_page(path, *sides, Style())
    if merged is None:
        return None
    if merged.conflicts:
        return merge_page(path, *sides, style())
    return merged if _is_json(merged.text) else None


def _is_json(text: bytes) -> bool:
    try:
        loads(text)
    except InvalidDocument:
        return False
    return True


def _replace(file: Path, text: bytes) -> None:
    """Put the text in a file of git's in one step: of half of it, a merge by lines would take the rest for removed."""
    aside = file.with_name(f"{file.name}.amlgit-new")
    aside.write_bytes(text)
    os.replace(aside, file)
