"""`diff --no-index` of two folders: of one experiment or service each, or of any files, such as `git difftool --dir-diff` lays out."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from amlgit.compare.changes import Change, ChangeClass, Edit, Kind, NodeName, What
from amlgit.errors import InvalidDocument, UsageError
from amlgit.form import protect
from amlgit.form.companions import ASSETS, SYNC
from amlgit.form.experiments import EXPERIMENT
from amlgit.form.nodes import FOLDER
from amlgit.form.scripts import SUFFIXES
from amlgit.form.webservices import DEFINITION
from amlgit.store import chains
from amlgit.store.folders import is_content
from amlgit.store.sources import folder_of, kind_of
from amlgit.workflows.comparison.comparing import Compared, DiffReport, Problem, Status, compared, status, with_changes
from amlgit.workflows.comparison.files import files, read
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.versions.documents import Joined, of_content, read_folder

_UNKNOWN = b'{"Graph": {}}'
"""An experiment's own page where it is not among the files: it is the same on both sides."""


def diff_folders(old: Path, new: Path, *, whole: bool = False) -> DiffReport:
    """What changed between two folders (or one, and nothing); each file that can't be read is a problem of the report.

    `whole` as in `diff_no_index`.
    """
    sides = (old, new)
    if not all(side.is_dir() or str(side) == os.devnull for side in sides):
        raise UsageError(f"{old} and {new}: one is a folder, the other a file")
    kinds = [_kind(side) for side in sides]
    if all(kind or not side.is_dir() for kind, side in zip(kinds, sides, strict=True)):
        one, other = (of_content(str(side), kind, read_folder(side, kind)) if kind else None for side, kind in zip(sides, kinds, strict=True))
        return DiffReport(old=str(old), new=str(new), compared=(without_secrets(compared(one, other, str(old), str(new), {})),))
    return _many_files(old, new, whole=whole)


def _kind(folder: Path) -> str | None:
    if (folder / EXPERIMENT).is_file():
        return chains.EXPERIMENT
    return chains.WEB_SERVICE if (folder / DEFINITION).is_file() else None


def _many_files(old: Path, new: Path, *, whole: bool) -> DiffReport:
    found = {path.relative_to(side) for side in (old, new) for path in side.rglob("*") if path.is_file()}
    paths = sorted(path.as_posix() for path in found if path.parts[0] != ".git")
    groups: dict[str, list[str]] = {}
    for path in paths:
        folder = folder_of(path)
        kind = kind_of(folder)
        if kind is not None and path.split("/")[2:] in ([SYNC], [ASSETS]):
            continue  # about the world, and no part of what people edit
        is_content_of_one = kind is not None and is_content(path.split("/")[2], kind)
        groups.setdefault(folder if is_content_of_one else path, []).append(path)
    entries: list[Compared] = []
    problems: list[Problem] = []
    for name, members in groups.items():
        try:
            entries += _file(old, new, name, whole=whole) if members == [name] else _parts(old, new, name, members)
        except InvalidDocument as error:
            problems.append(Problem(path=name, reason=str(error), hint=error.hint))
    changed = tuple(entry for entry in entries if entry.status is not Status.UNCHANGED)
    return DiffReport(old=str(old), new=str(new), compared=changed, problems=tuple(problems))


def _file(old: Path, new: Path, path: str, *, whole: bool) -> Iterator[Compared]:
    yield replace(files(old / path, new / path, whole=whole), old_name=path, new_name=path)


class _Part(dict[str, bytes]):
    """Some files of a folder. A script that is not among them is the same on both sides: its name stands for it."""

    def __init__(self, side: Path, folder: str, paths: list[str]) -> None:
        super().__init__({path.removeprefix(f"{folder}/"): read(side / path) for path in paths if (side / path).exists()})
        self.asked: set[str] = set()
        """The scripts that pages refer to."""

    def get(self, path: str, default: object = None) -> bytes:
        self.asked.add(path)
        return self[path] if path in self else path.encode()


def _parts(old: Path, new: Path, folder: str, paths: list[str]) -> Iterator[Compared]:
    """What changed in a folder of which only some files are there: those that differ."""
    parts = _Part(old, folder, paths), _Part(new, folder, paths)
    if kind_of(folder) == chains.WEB_SERVICE:
        if not any(DEFINITION in part for part in parts):
            yield from (entry for path in paths for entry in _file(old, new, path, whole=True))
            return
        sides = [of_content(folder, chains.WEB_SERVICE, part) if DEFINITION in part else None for part in parts]
    else:
        sides = [_experiment(folder, part, other) for part, other in (parts, parts[::-1])]
    entry = without_secrets(compared(sides[0], sides[1], folder, folder, {}))
    alone = [change for path in paths if (change := _script(path.removeprefix(f"{folder}/"), *parts))]
    found = with_changes(entry, [*entry.diff.changes, *alone])
    yield replace(found, status=status(sides[0] is not None, sides[1] is not None, differs=bool(found.diff.changes)))


def _experiment(folder: str, part: _Part, other: _Part) -> Joined | None:
    """The graph of the nodes whose pages are there; None where the whole experiment was added or removed."""
    if not part and EXPERIMENT in other:
        return None
    return of_content(folder, chains.EXPERIMENT, part if EXPERIMENT in part else _with_page(part), may_dangle=True)


def _with_page(part: _Part) -> _Part:
    part[EXPERIMENT] = _UNKNOWN
    return part


def _script(path: str, old: _Part, new: _Part) -> Change | None:
    """The change of a script whose node's page is the same on both sides, and so not here."""
    if PurePosixPath(path).suffix not in SUFFIXES or path in old.asked | new.asked or not path.startswith(FOLDER):
        return None
    try:
        before, after = (dict.get(part, path, b"").decode() for part in (old, new))
    except UnicodeDecodeError as error:
        raise InvalidDocument(f"{path}: not UTF-8 at byte {error.start}") from error
    one, other = (protect.protected_text(text) for text in (before, after))
    stem = PurePosixPath(path).stem
    return Change(
        change_class=ChangeClass.SCRIPT,
        what=What.SCRIPT,
        kind=Kind.CHANGED,
        node=NodeName(id=stem, old_id=stem, label=stem, comment=""),
        path=(path.removeprefix(FOLDER),),
        old=one,
        new=other,
        edits=(Edit(path=(path,), old=one, new=other),),
    )
