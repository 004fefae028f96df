"""git's merge driver: called for one file of which both sides changed, with the three versions of it as temporary files."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from amlgit import config
from amlgit.compare.page_merge import PageMerge, Style, merge_page
from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import loads
from amlgit.store.text_merge import merge_files, shows_base


@dataclass(frozen=True, slots=True, kw_only=True)
class DriverReport:
    """How it ended, and the conflicts by the names on the way to each (none where git's lines had to do)."""

    is_clean: bool
    conflicts: tuple[tuple[str, ...], ...] = ()


def style_of(size: int, labels: Sequence[str]) -> Style:
    """How git wants conflicts to look; `labels` are those of base, ours and theirs, as far as this git tells them."""
    told = {name: label for name, label in zip(("base", "ours", "theirs"), labels, strict=False) if not label.startswith("%") and label.strip()}
    return Style(size=size, with_base=shows_base(), **told)


def merge_driver(path: str, base: Path, ours: Path, theirs: Path, style: Style) -> DriverReport:
    """Merge into `ours`, as git asks of a driver. Whatever goes wrong, what stands there then is a merge or a conflict, never one side."""
    merged = _merged(path, base, ours, theirs, style)
    if merged is not None:
        config.write_atomically(ours, merged.text)
        return DriverReport(is_clean=not merged.conflicts, conflicts=merged.conflicts)
    by_lines = merge_files(base, ours, theirs, style)
    text, is_clean = by_lines.text, not by_lines.has_conflicts
    if is_clean and path.endswith(".json") and not _is_json(text):
        # lines that merge are no promise that the result is still what it was
        text, is_clean = _whole_conflict(ours.read_bytes(), theirs.read_bytes(), style), False
    config.write_atomically(ours, text)
    return DriverReport(is_clean=is_clean)


def _merged(path: str, base: Path, ours: Path, theirs: Path, style: Style) -> PageMerge | None:
    if not path.endswith(".json"):
        return None
    sides = [side.read_bytes() for side in (base, ours, theirs)]
    merged = merge_page(path, sides[0] or None, sides[1], sides[2], style)
    return None if merged is not None and not merged.conflicts and not _is_json(merged.text) else merged


def _is_json(text: bytes) -> bool:
    try:
        loads(text)
    except InvalidDocument:
        return False
    return True


def _whole_conflict(ours: bytes, theirs: bytes, style: Style) -> bytes:
    def ended(text: bytes) -> bytes:
        return text if text.endswith(b"\n") or not text else text + b"\n"

    opening, closing = f"{'<' * style.size} {style.ours}\n", f"{'>' * style.size} {style.theirs}\n"
    return b"".join([os.fsencode(opening), ended(ours), b"=" * style.size + b"\n", ended(theirs), os.fsencode(closing)])
