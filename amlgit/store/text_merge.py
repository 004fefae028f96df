"""git's own three-way merge of texts, line by line."""

import subprocess
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


def shows_base() -> bool:
    """Whether the user wants to see the base in conflicts (merge.conflictStyle)."""
    completed = subprocess.run(["git", "config", "--get", "merge.conflictStyle"], capture_output=True, check=False)
    return completed.stdout.strip() in (b"diff3", b"zdiff3")
