"""The list of a site: every file that amlgit wrote, by what it was made from, and what it remembers of experiments.

Somebody else may have written or damaged it, so nothing it says is believed that a list of ours could not say, and nothing of it is markup.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from amlgit.compare.changes import ChangeClass
from amlgit.errors import InvalidDocument, Refused, UsageError
from amlgit.model.jsontext import Json, Object, dumps, dumps_sorted, loads
from amlgit.review.lenient import members
from amlgit.review.site import addresses
from amlgit.review.site.index_page import Card
from amlgit.review.site.thumbnail import KINDS, PLAIN, Thumbnail
from amlgit.store.folders import PARENTS

MANIFEST = "amlgit-site.jsonl"
_FORMAT = 1
HEAD: Mapping[str, Json] = {"amlgit-site": _FORMAT, "note": "what amlgit wrote here; without this file it would not write here again"}
_MOST = 10**9
"""More versions, changes or bytes than any site has."""


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
    card: Card
    """What the first page says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteList:
    """A list as it was read; `notes` by the folders of the site."""

    data: bytes
    files: dict[str, Written]
    notes: dict[str, Note]
    is_damaged: bool
    """Whether there are lines that no amlgit wrote: then everything is built anew."""


def read(path: Path) -> SiteList:
    """The list of a folder; raises UsageError where there is none, and something else is, and Refused where it is a link."""
    if path.exists() and not path.is_dir():
        raise UsageError(f"{path} is no folder", hint="Name a folder, new or empty.")
    manifest = path / MANIFEST
    if manifest.is_symlink():
        raise Refused(f"{manifest} is a link", hint="Remove it, or name another folder.")
    if not manifest.exists():
        if path.is_dir() and any(path.iterdir()):
            raise UsageError(f"{path} has files in it, and no site that amlgit wrote ({MANIFEST})", hint="Name a new or an empty folder.")
        return SiteList(data=b"", files={}, notes={}, is_damaged=False)
    if not manifest.is_file():
        raise UsageError(f"{manifest} is no file", hint="Name a new or an empty folder.")
    data = manifest.read_bytes()
    whole, _, _ = data.rpartition(b"\n")  # the last line of a killed run may not be all there
    found = [_entry(line) for line in whole.split(b"\n")]
    head = found[0].get("amlgit-site") if found[0] is not None else None
    if isinstance(head, int) and head > _FORMAT:
        raise UsageError(f"{manifest} is the list of a newer amlgit", hint="Name a new or an empty folder, or take that amlgit.")
    entries = [entry for entry in found if entry is not None]
    is_damaged = head != _FORMAT or len(entries) < len(found)
    files = _files(entries)
    if is_damaged:
        return SiteList(data=data, files=dict.fromkeys(files, Written()), notes={}, is_damaged=True)
    return SiteList(data=data, files=files, notes=_notes(entries), is_damaged=False)


def written(files: Mapping[str, Written], notes: Mapping[str, Note]) -> bytes:
    """The text of a list."""
    lines = [line(HEAD)]
    lines += [line(sealed({"unit": name, **asdict(notes[name])})) for name in sorted(notes)]
    lines += [line({"path": name, **_members(files[name])}) for name in sorted(files)]
    return b"".join(lines)


def sealed(entry: Object) -> Object:
    """An entry with a digest of what else it says: one that somebody edited or that was damaged has another."""
    return {**entry, _SEAL: _seal(entry)}


_SEAL = "seal"


def _seal(entry: Object) -> str:
    return sha256(dumps_sorted({name: value for name, value in entry.items() if name != _SEAL})).hexdigest()[:24]


def _is_sealed(entry: Object) -> bool:
    return entry.get(_SEAL) == _seal(entry)


def line(value: Mapping[str, Json]) -> bytes:
    """One line of a list."""
    return dumps(value) + b"\n"


def _members(written: Written) -> dict[str, Json]:
    found: dict[str, Json] = {"key": written.key, "size": written.size}
    return dict(sealed({**found, "told": written.told, "counts": dict(written.counts)})) if written.told else found


def _entry(text: bytes) -> Object | None:
    try:
        entry = loads(text)
    except InvalidDocument:
        return None
    return entry if isinstance(entry, Mapping) else None


# --- what may stand in it


def _files(entries: Iterable[Object]) -> dict[str, Written]:
    found: dict[str, Written] = {}
    for entry in entries:
        name = entry.get("path")
        if isinstance(name, str) and _is_inside(name):
            found[name] = _written(entry)
    return found


def _written(entry: Object) -> Written:
    key, size, told = entry.get("key"), entry.get("size"), entry.get("told", "")
    counts = entry.get("counts", {})
    if not (isinstance(key, str) and _is_count(size) and isinstance(told, str) and isinstance(counts, Mapping)):
        return Written()
    if told and not _is_sealed({name: value for name, value in entry.items() if name != "path"}):
        return Written()
    numbers = {name: int(str(count)) for name, count in counts.items() if name in _CLASSES and _is_count(count)}
    return Written(key=key, size=int(str(size)), told=told, counts=numbers) if len(numbers) == len(counts) else Written()


_CLASSES = frozenset(change_class.value for change_class in ChangeClass)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST


_TOP = frozenset({"assets", *PARENTS.values()})
_ENDS = (".html", ".js", ".css")
"""Where the files of a site are, and what their names end in."""


def _is_inside(name: str) -> bool:
    """Whether a path is one of a site, in the folder: what the list says is removed one day."""
    parts = name.split("/")
    is_path = all(part not in ("", ".", "..") for part in parts) and "\\" not in name and "\0" not in name
    return is_path and (name == addresses.INDEX or (parts[0] in _TOP and name.endswith(_ENDS)))


def _notes(entries: Iterable[Object]) -> dict[str, Note]:
    found: dict[str, Note] = {}
    for entry in entries:
        name, key, search = entry.get("unit"), entry.get("key"), entry.get("search")
        card = _card(members(entry.get("card")))
        if isinstance(name, str) and isinstance(key, str) and isinstance(search, str) and card is not None and _is_sealed(entry):
            found[name] = Note(key=key, search=search, card=card)
    return found


_DATE = re.compile(r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|\+00:00))?")


def _card(found: Object) -> Card | None:
    texts = {name: text for name in ("title", "first", "last", "by", "status") if isinstance(text := found.get(name), str)}
    versions, picture = found.get("versions"), _picture(found.get("picture"))
    if len(texts) < 5 or not _is_count(versions) or (picture is None and found.get("picture") is not None):  # all of them
        return None
    if not all(_DATE.fullmatch(texts[name]) for name in ("first", "last")):
        return None
    return Card(versions=int(str(versions)), picture=picture, **texts)


_PATH = re.compile(r"[MCVLhvz0-9 .-]*")
"""The data of a path as our pictures have it."""


def _picture(value: Json) -> Thumbnail | None:
    found = members(value)
    frame, boxes, wires = found.get("frame"), members(found.get("boxes")), found.get("wires")
    numbers = [int(str(number)) for number in frame if isinstance(number, int) and abs(number) < _MOST] if isinstance(frame, list) else []
    if len(numbers) != 4 or not _is_path(wires) or not all(kind in _KINDS and _is_path(data) for kind, data in boxes.items()):
        return None
    left, top, width, height = numbers
    return Thumbnail(frame=(left, top, width, height), wires=str(wires), boxes={kind: str(data) for kind, data in boxes.items()})


_KINDS = frozenset({PLAIN, *KINDS})


def _is_path(value: Json) -> bool:
    return isinstance(value, str) and _PATH.fullmatch(value) is not None
