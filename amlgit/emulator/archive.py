"""A folder of exports as the emulator reads it: whose states they are and in what order. It shares nothing with our own reader of archives."""

import re
from dataclasses import dataclass
from pathlib import Path

from amlgit.emulator import graph as graphs
from amlgit.emulator.wire import ApiError, Object, loads, ms_of

_ID = re.compile(r"([0-9a-f]{32})\.([fs])-id\.([0-9a-f]{32})(?:\.[\w.-]+)?")
_DATE = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_MAX_FILE = 64 << 20
_TEXTS = ("RunId", "ParentExperimentId", "Etag", "Description", "Summary", "Creator", "Category")


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One state of an experiment."""

    document: Object
    path: str
    created: int

    @property
    def identity(self) -> str:
        return str(self.document["ExperimentId"])

    @property
    def workspace(self) -> str:
        return self.identity.split(".")[0]

    @property
    def is_run(self) -> bool:
        return bool(self.document.get("RunId"))

    @property
    def order(self) -> tuple[str, int, str]:
        """By the date in the path, because drafts repeat the creation time of an older state (2016-12-09, 2017-01-04, 2017-01-11/Topics.json)."""
        found = _DATE.search(self.path)
        return (found[1] if found else "", self.created, self.path)


def read(folder: Path, replaced: dict[str, str]) -> tuple[list[Export], dict[str, str]]:
    """The exports in the order of time, and per file that is none the reason. `replaced` are workspace ids to write in place of others."""
    found, skipped = [], {}
    for file in sorted(folder.rglob("*")):
        if file.is_file() and ".json" in file.name.lower():
            path = file.relative_to(folder).as_posix()
            try:
                found.append(_read(file, path, replaced))
            except (ApiError, OSError, ValueError) as error:
                skipped[path] = str(error)
    return sorted(found, key=lambda each: each.order), skipped


def _read(file: Path, path: str, replaced: dict[str, str]) -> Export:
    if file.stat().st_size > _MAX_FILE:
        raise ValueError("The file is too large.")
    text = file.read_bytes()
    for old, new in replaced.items():
        text = text.replace(old.encode(), new.encode())
    document = loads(text)
    if not isinstance(document, dict) or not _ID.fullmatch(str(document.get("ExperimentId"))):
        raise ValueError("It is no export of an experiment.")
    graphs.check_shape(document.get("Graph"))
    status = document.get("Status")
    if not isinstance(status, dict) or not isinstance(document.get("WebService"), dict | None):
        raise ValueError("It is no whole export of an experiment.")
    for name in _TEXTS:
        if not isinstance(document.get(name), str | None):
            raise ValueError(f"{name} must be a string or null.")
    if document.get("RunId") and not _ID.fullmatch(document["RunId"]):
        raise ValueError("RunId must be the id of a run.")
    return Export(document=document, path=path, created=ms_of(status.get("CreationTime")))


def workspaces_of(folder: Path) -> list[str]:
    """The workspaces whose experiments an archive has, the one with the most first."""
    exports, _ = read(folder, {})
    names = [export.workspace for export in exports]
    return sorted(set(names), key=lambda name: (-names.count(name), name))
