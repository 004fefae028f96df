"""`diff --no-index`: what changed between two files or folders anywhere, without a repository; as `git difftool` asks for it too."""

from pathlib import Path

from amlgit.errors import UsageError
from amlgit.workflows.comparison.comparing import DiffReport
from amlgit.workflows.comparison.files import files, is_nothing
from amlgit.workflows.comparison.folders import diff_folders


def diff_no_index(old: Path, new: Path, *, whole: bool = False) -> DiffReport:
    """What changed between two exports, definitions, folders, or single files of a folder; what may be a secret is replaced in it.

    Node statuses are no change, and are read only for the `whole` documents, as a patch needs them.
    Raises UsageError where one is missing or is nothing of ours, InvalidDocument naming the file where it can't be read.
    """
    for side in (old, new):
        if not is_nothing(side) and not side.exists():
            raise UsageError(f"there is no {side}")
    if old.is_dir() or new.is_dir():
        return diff_folders(old, new, whole=whole)
    return DiffReport(old=str(old), new=str(new), compared=(files(old, new, whole=whole),))
