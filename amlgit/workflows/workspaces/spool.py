"""Where downloads wait until they are recorded: a folder that only its owner can read, each file complete by a rename."""

import hashlib
import os
import re
import shutil
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import printable

_MOMENT = re.compile(r"datetime'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be downloaded: a snapshot, or the working copy of a draft, which has an `etag`."""

    id: str
    family: str
    title: str
    etag: str = ""
    created: int = 0

    @property
    def file(self) -> str:
        """Its file in the spool."""
        return f"{self.id}.{hashlib.sha256(self.etag.encode()).hexdigest()[:16]}.json" if self.etag else f"{self.id}.json"

    @property
    def name(self) -> str:
        """What people read; a draft's name has its date, which is where a draft's time is looked for."""
        title = printable(self.title).replace("/", "-") or "untitled"
        return f"{title} (draft of {_saved(self.etag, self.created)}Z)" if self.etag else f"{title} ({self.id})"


def saved_at(etag: str) -> int | None:
    """When a draft was saved, in seconds since 1970: an etag is the moment of the last write; None where it does not say so."""
    match = _MOMENT.search(unquote(etag))
    try:
        return int(datetime.fromisoformat(f"{match[1]}+00:00").timestamp()) if match else None
    except ValueError:
        return None


def _saved(etag: str, created: int) -> str:
    """When a draft was saved, as text: its creation time is that of the state it was made from."""
    match = _MOMENT.search(unquote(etag))
    return match[1] if match else f"{datetime.fromtimestamp(created, UTC):%Y-%m-%dT%H:%M:%S}"


class Spool:
    """The downloads of one remote, by any number of threads. What lies there after a run that was cut off is gone on with."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, wanted: Wanted) -> bytes | None:
        """A download of an earlier run, or None."""
        try:
            return (self._folder / wanted.file).read_bytes()
        except OSError:
            return None

    def must_read(self, wanted: Wanted) -> bytes:
        """A download of this run; raises InvalidDocument where somebody took it away."""
        try:
            return (self._folder / wanted.file).read_bytes()
        except OSError as error:
            raise InvalidDocument(f"can't be read: {error.strerror}") from error

    def write(self, wanted: Wanted, data: bytes) -> None:
        """Keep a download."""
        if not self._folder.is_dir():
            self._folder.parent.mkdir(mode=0o700, exist_ok=True)
            self._folder.mkdir(mode=0o700, exist_ok=True)
        aside = self._folder / f".{threading.get_ident()}"
        with open(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
            opened.write(data)
        os.replace(aside, self._folder / wanted.file)

    def remove(self) -> None:
        """Delete all downloads, once they are recorded."""
        if self._folder.is_dir():
            shutil.rmtree(self._folder)
        with suppress(OSError):  # another remote's downloads may wait there
            self._folder.parent.rmdir()
