"""The folder a site is written to: what of it is ours, page by page, and nothing else of it touched.

A manifest in it names every file that amlgit wrote, by what it was made from. A file is named there before it is there, so that a run that
was killed leaves nothing that the next one does not know.
"""

import fcntl
import os
import stat
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

from amlgit.config import write_atomically
from amlgit.errors import InvalidDocument, Refused, StorageFailed, UsageError
from amlgit.model.jsontext import Json, Object, dumps, loads
from amlgit.review.site import addresses
from amlgit.store.folders import PARENTS

MANIFEST = "amlgit-site.jsonl"
_PATIENCE = 10.0
"""Seconds to wait for another amlgit to finish."""
_HEAD: Mapping[str, Json] = {"amlgit-site": 1, "note": "what amlgit wrote here; without this file it would not write here again"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of the site: what it was made from, how large it is, and of a version what it changed."""

    key: str = ""
    """Empty where it was begun and may not be as it should be."""
    size: int = 0
    told: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What is remembered of an experiment or service as a whole."""

    key: str
    search: str
    """A digest of what the search has of it."""
    title: str
    versions: int
    first: str
    last: str
    html: str
    """Its card on the first page."""


@dataclass(slots=True)
class Tally:
    """What became of the files."""

    written: list[str] = field(default_factory=list)
    unchanged: int = 0
    removed: list[str] = field(default_factory=list)


class SiteFolder:
    """A folder with a site in it, or with nothing."""

    def __init__(self, path: Path, *, is_dry: bool) -> None:
        self.path = path
        self._is_dry = is_dry
        self._folders: set[str] = set()
        """Those that are no link, and there."""
        self._read, entries = _entries(path)
        self._known = _files(entries)
        self._below: dict[str, list[str]] = {}
        for name in self._known:
            self._below.setdefault("/".join(name.split("/")[:2]), []).append(name)
        self.notes = _notes(entries)
        """What is remembered of each experiment and service, by its folder in the site."""
        self.tally = Tally()
        self._claims: int | None = None
        self._claimed: set[str] = set()

    def begin(self) -> None:
        """Make the folder, and the manifest that says that it is ours."""
        if self._is_dry:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageFailed(f"{self.path} can't be made: {error.strerror}") from error
        manifest = self.path / MANIFEST
        if not manifest.exists():
            write_atomically(manifest, _line(_HEAD))
            self._read = manifest.read_bytes()
        # two processes of one run write to it: each line is added as a whole
        self._claims = os.open(manifest, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
        self._lock(self._claims)
        whole = self._read.rfind(b"\n") + 1
        if whole < len(self._read):  # a killed run was writing a line
            os.ftruncate(self._claims, whole)
        for name, known in self._known.items():
            if not known.key and self._is_reached(name):
                self._aside(name).unlink(missing_ok=True)

    def _lock(self, descriptor: int) -> None:
        """Have the manifest to ourselves, as it was read; a run that was killed may have a second process at its last page."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > deadline:
                    raise Refused(f"another amlgit is at work on {self.path}", hint="Wait until it is done and run this again.") from error
                time.sleep(0.05)
        if (self.path / MANIFEST).read_bytes() != self._read:
            raise Refused(f"{self.path} was written by another amlgit meanwhile", hint="Run this again.")

    # --- what is there

    def is_there(self, name: str, key: str) -> bool:
        """Whether a file was made from just that, and is there."""
        known = self._known.get(name)
        return known is not None and known.key == key and self._size(name) == known.size

    def told(self, name: str) -> Written:
        """What is known of a file of ours."""
        return self._known[name]

    def is_whole(self, folder: str) -> bool:
        """Whether all that is ours below a folder is as it should be."""
        return all(self._known[name].key and self._size(name) == self._known[name].size for name in self.below(folder))

    def read(self, name: str) -> str:
        """The text of a file of ours; empty where there is none."""
        if name not in self._known or self._size(name) < 0:
            return ""
        try:
            return (self.path / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError):
            return ""

    def below(self, folder: str) -> list[str]:
        """The files that were ours below the folder of an experiment or service when we came."""
        return self._below.get(folder, [])

    def _size(self, name: str) -> int:
        """The size of a regular file that no link leads to; -1 where there is none."""
        if not self._is_reached(name):
            return -1
        try:
            found = os.lstat(self.path / name)
        except OSError:
            return -1
        return found.st_size if stat.S_ISREG(found.st_mode) else -1

    def _is_reached(self, name: str) -> bool:
        """Whether the folders above a file are there, none of them a link."""
        parent = name.rpartition("/")[0]
        if not parent or parent in self._folders:
            return True
        here = self.path / parent
        if not self._is_reached(parent) or here.is_symlink() or not here.is_dir():
            return False
        self._folders.add(parent)
        return True

    # --- writing

    def refuse_others(self, names: Iterable[str]) -> None:
        """Raise Refused where something is in the way of these files that amlgit did not write."""
        for name in names:
            self._refuse(name)

    def _refuse(self, name: str) -> None:
        if name in self._known and self._size(name) >= 0:
            return
        parts = PurePosixPath(name).parts
        for end in range(1, len(parts) + 1):
            place = self.path.joinpath(*parts[:end])
            is_last = end == len(parts)
            if place.is_symlink() or (place.exists() and (is_last or not place.is_dir())):
                what = "is a link" if place.is_symlink() else "is there already"
                raise Refused(f"{place} {what}, and amlgit did not write it", hint="Move it away, or name another folder.")

    def put(self, name: str, key: str, text: str, told: str = "", counts: Mapping[str, int] | None = None) -> None:
        """Write a file in one step; one that has this text already keeps its time."""
        data = text.encode()
        if name in self._known and self._size(name) == len(data) and (self.path / name).read_bytes() == data:
            self.tally.unchanged += 1
        else:
            self._refuse(name)
            self.tally.written.append(name)
            if not self._is_dry:
                self._claim(name)
                self._write(name, data)
        self._known[name] = Written(key=key, size=len(data), told=told, counts=counts or {})

    def _claim(self, name: str) -> None:
        assert self._claims is not None
        if name not in self._claimed:
            self._claimed.add(name)
            os.write(self._claims, _line({"path": name}))

    def keep(self, name: str) -> None:
        """Count a file that is as it should be."""
        self.tally.unchanged += 1

    def _write(self, name: str, data: bytes) -> None:
        if not self._is_reached(name):
            self._make(name.rpartition("/")[0])
        aside = self._aside(name)
        try:
            # the name may be somebody's link
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
            with open(descriptor, "wb", buffering=0) as opened:
                opened.write(data)
            os.replace(aside, self.path / name)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise StorageFailed(f"{self.path / name} can't be written: {error.strerror}") from error

    def _aside(self, name: str) -> Path:
        """Where a file is until it is all there."""
        parent, _, last = name.rpartition("/")
        return self.path / parent / f".{last}.amlgit-new"

    def _make(self, parent: str) -> None:
        above = parent.rpartition("/")[0]
        if above and not self._is_reached(parent):
            self._make(above)
        (self.path / parent).mkdir(exist_ok=True)
        self._folders.add(parent)

    # --- the end

    def learn(self, found: Mapping[str, Written]) -> None:
        """Take over what another process wrote."""
        self._known.update(found)

    def finish(self, wanted: Iterable[str]) -> None:
        """Remove what is ours and not wanted any more, and write the manifest where anything differs."""
        kept = set(wanted)
        for name in sorted(self._known.keys() - kept):
            self._remove(name)
        lines = [_line(_HEAD)]
        lines += [_line({"unit": name, **asdict(self.notes[name])}) for name in sorted(self.notes)]
        lines += [_line({"path": name, **_members(self._known[name])}) for name in sorted(kept)]
        data = b"".join(lines)
        manifest = self.path / MANIFEST
        if not self._is_dry and (not manifest.is_file() or manifest.read_bytes() != data):
            write_atomically(manifest, data)

    def close(self) -> None:
        """Let others write here."""
        if self._claims is not None:
            os.close(self._claims)
            self._claims = None

    def _remove(self, name: str) -> None:
        if self._size(name) >= 0:
            self.tally.removed.append(name)
            if not self._is_dry:
                (self.path / name).unlink(missing_ok=True)
        self._known.pop(name)
        parent = name.rpartition("/")[0]
        while parent and not self._is_dry and self._is_reached(name):
            try:
                (self.path / parent).rmdir()
            except OSError:
                break  # something is in it
            self._folders.discard(parent)
            parent = parent.rpartition("/")[0]


def _line(value: Mapping[str, Json]) -> bytes:
    return dumps(value) + b"\n"


def _members(written: Written) -> dict[str, Json]:
    found: dict[str, Json] = {"key": written.key, "size": written.size}
    return {**found, "told": written.told, "counts": dict(written.counts)} if written.told else found


def _entries(path: Path) -> tuple[bytes, list[Object]]:
    """The manifest; raises UsageError where there is none, and something else is."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is no folder", hint="Name a folder, new or empty.")
    manifest = path / MANIFEST
    if manifest.is_symlink():
        raise Refused(f"{manifest} is a link", hint="Remove it, or name another folder.")
    if not manifest.exists():
        if path.is_dir() and any(path.iterdir()):
            raise UsageError(f"{path} has files in it, and no site that amlgit wrote ({MANIFEST})", hint="Name a new or an empty folder.")
        return b"", []
    if not manifest.is_file():
        raise UsageError(f"{manifest} is no file", hint="Name a new or an empty folder.")
    data = manifest.read_bytes()
    whole, _, _ = data.rpartition(b"\n")  # the last line of a killed run may not be all there
    found = []
    for number, line in enumerate(whole.split(b"\n"), 1):
        try:
            entry = loads(line)
        except InvalidDocument as error:
            raise _unreadable(manifest, number) from error
        if not isinstance(entry, Mapping):
            raise _unreadable(manifest, number)
        found.append(entry)
    if not found or found[0].get("amlgit-site") != 1:
        raise UsageError(f"{manifest} is no list of a site, or one of a newer amlgit", hint="Name a new or an empty folder.")
    return data, found


def _unreadable(manifest: Path, number: int) -> UsageError:
    return UsageError(f"{manifest}:{number} can't be read", hint="Build the site in a new folder.")


def _files(entries: Iterable[Object]) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for entry in entries:
        name, key, size, told, counts = (entry.get(member) for member in ("path", "key", "size", "told", "counts"))
        if isinstance(name, str) and _is_inside(name):
            numbers = {one: count for one, count in counts.items() if isinstance(count, int)} if isinstance(counts, Mapping) else {}
            is_known = isinstance(key, str) and isinstance(size, int)
            found[name] = Written(key=str(key), size=int(str(size)), told=str(told or ""), counts=numbers) if is_known else Written()
    return found


def _notes(entries: Iterable[Object]) -> dict[str, Note]:
    found: dict[str, Note] = {}
    for entry in entries:
        name, versions = entry.get("unit"), entry.get("versions")
        texts = {member: entry.get(member) for member in ("key", "search", "title", "first", "last", "html")}
        if isinstance(name, str) and isinstance(versions, int) and all(isinstance(text, str) for text in texts.values()):
            found[name] = Note(versions=versions, **{member: str(text) for member, text in texts.items()})
    return found


_TOP = frozenset({"assets", *PARENTS.values()})
_ENDS = (".html", ".js", ".css")
"""Where the files of a site are, and what their names end in."""


def _is_inside(name: str) -> bool:
    """Whether a path of the manifest is one of a site, in the folder: what it says is removed one day, and somebody else may have written it."""
    parts = name.split("/")
    is_path = all(part not in ("", ".", "..") for part in parts) and "\\" not in name and "\0" not in name
    return is_path and (name == addresses.INDEX or (parts[0] in _TOP and name.endswith(_ENDS)))
