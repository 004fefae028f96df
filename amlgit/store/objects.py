"""Object ids, computed as git computes them, and tree objects taken apart."""

import functools
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

FILE_MODES = ("100644", "100755")
"""What git notes of a plain file: no link, no submodule."""


def blob_id(data: bytes, object_format: str) -> str:
    """The id of a blob with this content."""
    return _object_id(b"blob", data, object_format)


def tree_id(entries: Mapping[str, str], object_format: str) -> str:
    """The id of a tree of regular files: path (folders separated by `/`) → blob id."""
    files: dict[str, str] = {}
    folders: dict[str, dict[str, str]] = {}
    for path, object_id in entries.items():
        name, separator, rest = path.partition("/")
        if separator:
            folders.setdefault(name, {})[rest] = object_id
        else:
            files[name] = object_id
    listing = [("100644", name, object_id) for name, object_id in files.items()]
    listing += [("40000", name, tree_id(inside, object_format)) for name, inside in folders.items()]
    return tree_of(listing, object_format)


def tree_of(entries: Iterable[tuple[str, str, str]], object_format: str) -> str:
    """The id of a tree of (mode, name, object id)."""
    # git sorts a folder as if its name ended in a slash
    listing = sorted([(*_head(mode, name), object_id) for mode, name, object_id in entries])
    data = b"".join([part for _, head, object_id in listing for part in (head, bytes.fromhex(object_id))])
    return _object_id(b"tree", data, object_format)


@functools.lru_cache(4096)
def _head(mode: str, name: str) -> tuple[bytes, bytes]:
    """What an entry is sorted by, and how it begins."""
    encoded = os.fsencode(name)
    return encoded + (b"/" if mode == "40000" else b""), mode.encode() + b" " + encoded + b"\0"


def _object_id(kind: bytes, data: bytes, object_format: str) -> str:
    import hashlib  # loads OpenSSL, and a hook runs at every commit

    digest = hashlib.new(object_format, usedforsecurity=False)
    digest.update(kind + b" " + str(len(data)).encode() + b"\0")
    digest.update(data)
    return digest.hexdigest()


_name = functools.lru_cache(4096)(os.fsdecode)
"""The name of an entry; tree after tree has the same few."""


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree object."""

    mode: str
    name: str
    id: str


def read_tree(data: bytes, object_format: str) -> list[TreeEntry]:
    """The entries of a tree object."""
    found = _ENTRIES[object_format].findall(data)
    return [TreeEntry(mode.decode(), _name(name), object_id.hex()) for mode, name, object_id in found]


def tree_ids(data: bytes, object_format: str) -> dict[str, str]:
    """Name → object id of a tree object's entries."""
    return {_name(name): object_id.hex() for _, name, object_id in _ENTRIES[object_format].findall(data)}


def raw_entries(data: bytes, ending: bytes, object_format: str) -> list[bytes]:
    """The entries of a tree object whose names end so, each as it stands there: of many trees most are the same few."""
    return [whole for whole, name in _WHOLE_ENTRIES[object_format].findall(data) if name.endswith(ending)]


def subtrees(data: bytes, object_format: str) -> list[str]:
    """The ids of the folders in a tree object."""
    return [object_id.hex() for mode, _, object_id in _ENTRIES[object_format].findall(data) if mode == b"40000"]


def pruned(data: bytes, keeps: Callable[[str], bool], object_format: str) -> str | None:
    """The id a tree object has with only the entries whose names are kept; None where none is."""
    kept = [whole for whole, name in _WHOLE_ENTRIES[object_format].findall(data) if keeps(_name(name))]
    return _object_id(b"tree", b"".join(kept), object_format) if kept else None


_WIDTHS = {"sha1": 20, "sha256": 32}
_ENTRIES = {name: re.compile(rb"([0-7]+) ([^\0]+)\0(.{%d})" % width, re.DOTALL) for name, width in _WIDTHS.items()}
_WHOLE_ENTRIES = {name: re.compile(rb"([0-7]+ ([^\0]+)\0.{%d})" % width, re.DOTALL) for name, width in _WIDTHS.items()}
