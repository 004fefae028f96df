"""git's own three-way merge of texts, line by line."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from amlgit.compare.page_merge import Style


class TextMerge(NamedTuple):
    """The merged text, with markers where it conflicts."""

    text: bytes
    has_conflicts: bool


def merge_files(base: Path, ours: Path, theirs: Path, style: Style) -> TextMerge:
    """`git merge-file` of three files, which stay as they are; binary files are one conflict with our side in it."""
    options = [f"--marker-size={style.size}", *(["--diff3"] if style.with_base else [])]
    labels = [part for label in (style.ours, style.base, style.theirs) for part in ("-L", label)]
    command = ["git", "merge-file", "-p", *options, *labels, "--", str(ours), str(base), str(theirs)]
    completed = subprocess.run(command, capture_output=True, check=False)
    if completed.returncode in (255, 129, 128):
        return TextMerge(ours.read_bytes(), has_conflicts=True)
    return TextMerge(completed.stdout, has_conflicts=completed.returncode != 0)


def style_of(size: int, labels: Sequence[str]) -> Style:
    """How git wants conflicts to look; `labels` are those of base, ours and theirs, as far as this git tells them."""
    told = {
        name: label for name, label in zip(("base", "ours", "theirs"), labels, strict=False) if label.strip() and not _PLACEHOLDER.fullmatch(label)
    }
    printable = {name: os.fsencode(label).decode(errors="replace") for name, label in told.items()}
    completed = subprocess.run(["git", "config", "--get", "merge.conflictStyle"], capture_output=True, check=False)
    return Style(size=size, with_base=completed.stdout.strip() in (b"diff3", b"zdiff3"), **printable)


_PLACEHOLDER = re.compile("%[SXY]")
"""What a git that does not know a label hands on."""
