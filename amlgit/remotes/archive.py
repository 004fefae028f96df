"""An archive: a folder, a zip file or a single file of exported JSON."""

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import MAX_BYTES, printable

_DATE = re.compile(r"(?<![0-9])([0-9]{4})-([0-9]{2})-([0-9]{2})(?:[T_ ]([0-9]{2})[.:\-]?([0-9]{2})(?:[.:\-]?([0-9]{2}))?Z?)?(?![0-9])")
SKIPPED_FOLDERS = frozenset({".git", ".hg", ".svn", "__MACOSX"})
"""Folders whose files are nobody's exports."""

_MAX_RATIO = 200
"""How many times larger than packed an entry of a zip may be; JSON packs 10 to 30 times."""

_LINK = "a symbolic link, which is not followed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file of an archive; `read` raises InvalidDocument where it can't be had."""

    name: str
    """Its path in the archive, with `/`."""
    size: int
    modified: int
    read: Callable[[], bytes]

    @property
    def date(self) -> int | None:
        """Seconds since 1970 of the ISO date (UTC) in its path, the last one if there are several."""
        return _date(self.name)[0]

    @property
    def date_is_day(self) -> bool:
        """Whether that date has no time of day."""
        return _date(self.name)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A file that was left alone, and why."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What an archive holds, in the order of names."""

    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    is_divisible: bool = True
    """Whether two processes, one forked off the other, can read the documents at once."""


@contextmanager
def listing(path: Path) -> Iterator[Listing]:
    """The JSON files of an archive, readable until the context ends; raises UsageError where there is none."""
    if path.is_dir():
        yield _folder(path)
    elif path.is_file() and (zipfile.is_zipfile(path) or _begins_as_zip(path)):
        with ExitStack() as stack:
            try:
                opened = stack.enter_context(zipfile.ZipFile(path))
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
                raise InvalidDocument(f"{path} is a damaged zip file", hint="Unpack what is left of it, and name that folder.") from error
            yield _zip(opened)
    elif path.is_file():
        yield Listing(documents=(_file(str(path.parent), path.name, f"{path.parent.name}/{path.name}", path.stat()),), problems=())
    else:
        raise UsageError(f"there is no archive at {path}", hint="Name a folder, a zip file or an exported JSON file.")


def _begins_as_zip(path: Path) -> bool:
    """Whether a file is what is left of a zip whose end, where its directory stands, is missing."""
    try:
        with path.open("rb") as opened:
            return opened.read(4) == b"PK\x03\x04"
    except OSError:
        return False  # whoever reads it says why


def _is_json(name: str) -> bool:
    return ".json" in name.rpartition("/")[2].lower()  # a PurePath would have Python keep every name for ever


def _folder(root: Path) -> Listing:
    documents: list[Document] = []
    problems: list[Problem] = []

    def complain(error: OSError) -> None:
        problems.append(Problem(name=os.path.relpath(str(error.filename), root), reason=error.strerror or "can't be read"))

    for folder, subfolders, files in os.walk(root, onerror=complain):
        subfolders[:] = sorted(name for name in subfolders if name not in SKIPPED_FOLDERS)
        for name in sorted(files) + [name for name in subfolders if Path(folder, name).is_symlink()]:
            place = os.path.join(folder, name)[len(str(root)) + 1 :]
            relative = portable(place)
            try:
                found = os.lstat(os.path.join(root, place))
                if stat.S_ISLNK(found.st_mode):
                    if _is_json(name) or os.path.isdir(os.path.join(root, place)):
                        problems.append(Problem(name=relative, reason=_LINK))
                elif not stat.S_ISREG(found.st_mode):
                    continue
                elif _is_json(name):
                    documents.append(_file(str(root), place, relative, found))
                elif name.lower().endswith(".zip"):
                    problems.append(Problem(name=relative, reason="a zip file inside the archive; add it as a remote of its own"))
            except OSError as error:
                problems.append(Problem(name=relative, reason=error.strerror or "can't be read"))
    return Listing(documents=tuple(sorted(documents, key=lambda document: document.name)), problems=tuple(problems))


def portable(path: str) -> str:
    """A path as documents are named, fit for one line of a message."""
    portable = printable(path.replace(os.sep, "/").encode(errors="surrogateescape").decode(errors="replace"), 400)
    return path if portable == path else portable  # of many files, one text for both


def _file(root: str, place: str, name: str, found: os.stat_result) -> Document:
    return Document(name=name, size=found.st_size, modified=int(found.st_mtime), read=_File(root, place, found.st_size))


@dataclass(frozen=True, slots=True)
class _File:
    """How a file of a folder is read; small, because there may be thousands."""

    root: str
    place: str
    size: int

    def __call__(self) -> bytes:
        if self.size > MAX_BYTES:
            raise InvalidDocument(f"larger than {MAX_BYTES >> 20} MiB ({self.size:,} bytes)")
        try:
            with open(os.path.join(self.root, self.place), "rb", buffering=0) as opened:
                data = opened.read(self.size) or b""
        except OSError as error:
            raise InvalidDocument(f"can't be read: {error.strerror}") from error
        if len(data) != self.size:
            raise InvalidDocument("changed while it was read")
        return data


def _zip(opened: zipfile.ZipFile) -> Listing:
    documents: list[Document] = []
    problems: list[Problem] = []
    for entry in sorted(opened.infolist(), key=lambda entry: entry.filename):
        name = printable(entry.filename, 400)
        parts = PurePosixPath(entry.filename.replace("\\", "/")).parts
        if entry.is_dir() or not _is_json(entry.filename) or SKIPPED_FOLDERS.intersection(parts):
            continue
        if ".." in parts or entry.filename.startswith(("/", "\\")):
            problems.append(Problem(name=name, reason="its path leaves the archive"))
        elif stat.S_ISLNK(entry.external_attr >> 16):
            problems.append(Problem(name=name, reason=_LINK))
        elif entry.file_size > MAX_BYTES:
            problems.append(Problem(name=name, reason=f"larger than {MAX_BYTES >> 20} MiB ({entry.file_size:,} bytes)"))
        elif entry.file_size > 1024 * 1024 and entry.file_size > _MAX_RATIO * max(entry.compress_size, 1):
            problems.append(Problem(name=name, reason=f"packed more than {_MAX_RATIO} times, as no export is"))
        else:
            documents.append(_zipped(opened, entry, name))
    # the place that is read next is one and the same for both processes
    return Listing(documents=tuple(documents), problems=tuple(problems), is_divisible=False)


def _zipped(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> Document:
    def read() -> bytes:
        try:
            with opened.open(entry) as stream:
                return stream.read(MAX_BYTES + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, EOFError, ValueError) as error:
            raise InvalidDocument(f"can't be unpacked: {_why_packed(entry, error)}") from error

    try:
        modified = int(datetime(*entry.date_time, tzinfo=UTC).timestamp())
    except ValueError:
        modified = 0
    return Document(name=name, size=entry.file_size, modified=modified, read=read)


def _why_packed(entry: zipfile.ZipInfo, error: Exception) -> str:
    """Why an entry of a zip file can't be read."""
    if entry.flag_bits & 0x1:
        return "it is encrypted"
    if isinstance(error, NotImplementedError):
        return "it is packed in a way that is not supported"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "the zip file is damaged there"


def _date(name: str) -> tuple[int | None, bool]:
    for match in reversed(list(_DATE.finditer(name))):
        year, month, day, hour, minute, second = (int(part) if part else 0 for part in match.groups())
        try:
            date = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            continue
        if year >= 1970:
            return int(date.timestamp()), match[4] is None
    return None, False


def dateless(stem: str) -> str:
    """A file's name without its ISO date and what set it apart."""
    return _DATE.sub("", stem).strip(_SEPARATORS) or stem


def dates(name: str) -> list[str]:
    """The ISO dates in a name, as they are written there."""
    return [match[0] for match in _DATE.finditer(name)]


def around_dates(name: str, change: Callable[[str], str]) -> str:
    """`name` with everything but its ISO dates changed, which are still found in it; separators stay."""
    pieces: list[str] = []
    end = 0
    for match in _DATE.finditer(name):
        pieces += [_changed(name[end : match.start()], change), match[0]]
        end = match.end()
    pieces.append(_changed(name[end:], change))
    text = ""
    for piece in pieces:
        text += f" {piece}" if text[-1:].isalnum() and piece[:1].isalnum() else piece
    return text


def _changed(piece: str, change: Callable[[str], str]) -> str:
    core = piece.strip(_SEPARATORS)
    return piece.replace(core, change(core), 1) if core else piece


_SEPARATORS = " ._-()[]"
