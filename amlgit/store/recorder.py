"""Writes chains: new versions as commits, known ones relaid where one turned up before them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from amlgit.form.memo import Memo
from amlgit.store import trailers
from amlgit.store.chains import RUN_FILE, Version
from amlgit.store.incoming import Incoming
from amlgit.store.objects import blob_id, tree_id
from amlgit.store.repository import Repository

_WINDOW = 64
"""Versions written at once: fast-import finds deltas only against the blob before, so a window's blobs are grouped by file."""

_NUMBERED = re.compile(r"\A([^\n]*: (?:run|draft|definition) )[0-9]++(?=[^:\n]*(?:\n|\Z))")
"""The number of a version at the end of its subject; a title may hold the like of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A version that has no commit yet."""

    kind: str
    files: Mapping[str, str]
    """Content path → blob id."""
    content: str
    run: str
    data: Mapping[str, bytes]
    """Blob id → content, for all of its blobs."""
    story: trailers.Story
    snapshot: str | None

    @property
    def time(self) -> int:
        """Seconds since 1970."""
        return self.story.time

    @property
    def key(self) -> tuple[str | None, str]:
        """What tells it from every other version of its chain."""
        return (self.snapshot, self.content)


class Hasher:
    """Blob and content ids of versions, remembering what it hashed: most of a version is the version before."""

    def __init__(self, object_format: str) -> None:
        self.object_format = object_format
        self._known: Memo[str] = Memo(256)
        self._last: tuple[Mapping[str, str], str] = ({}, "")

    def blobs(self, files: Mapping[str, bytes]) -> dict[str, str]:
        """Path → blob id of a version's files, remembered by what is in them."""
        self._known.make_room(2 * len(files))
        return {path: self._known.get(data) or self._known.put(data, blob_id(data, self.object_format)) for path, data in files.items()}

    def content(self, files: Mapping[str, str]) -> str:
        """The content id: the id of the tree of `files`."""
        if self._last[0] != files:
            self._last = (files, tree_id(files, self.object_format))
        return self._last[1]


class Recorder:
    """Writes one chain at a time into a stream; a commit that would come out as it is stays as it is."""

    def __init__(self, repository: Repository, incoming: Incoming) -> None:
        self._repository = repository
        self._incoming = incoming
        self._pending: list[tuple[str, str, str | None, str, list[tuple[str, str, str | None]]]] = []
        self._blobs: dict[tuple[str, str], list[tuple[str, bytes]]] = {}
        self._known: Version | None = None
        self._ref = ""
        self._tip: str | None = None
        self._state: dict[str, str] | None = None
        self._number = 0
        self._written = False

    def begin(self, ref: str) -> None:
        """Start a chain from its first version."""
        self.flush()
        self._ref, self._tip, self._state, self._number, self._written = ref, None, {}, 0, False

    def keep(self, version: Version) -> None:
        """The next version is a known one: its commit stays unless something was written before it."""
        self._number += 1
        if not self._written and version.parent == (self._tip or ""):
            self._tip, self._state = version.commit, None
            return
        changes: list[tuple[str, str, str | None]] = [(version.kind, "040000", version.content)]
        if version.run is not None:
            changes.append((RUN_FILE, "100644", version.run))
        author = f"{version.author} {version.time} +0000"
        self._write(author, _NUMBERED.sub(rf"\g<1>{self._number}", version.message, count=1), changes)
        self._state = None
        self._known = version

    def add(self, draft: Draft) -> None:
        """The next version is a new one."""
        self._number += 1
        state = self._current_state()
        paths = {f"{draft.kind}/{path}": object_id for path, object_id in draft.files.items()}
        paths[RUN_FILE] = draft.run
        changes: list[tuple[str, str, str | None]] = [(path, "100644", None) for path in state if path not in paths]
        for path, object_id in paths.items():
            if state.get(path) != object_id:
                changes.append((path, "100644", object_id))
                self._blobs.setdefault((self._ref, path), []).append((object_id, draft.data[object_id]))
        self._write(trailers.author(draft.story), trailers.message(draft.story, self._number), changes)
        self._state = paths

    def _current_state(self) -> Mapping[str, str]:
        if self._state is None:
            last = self._known if self._written else None
            if last is not None:
                files = {f"{last.kind}/{path}": object_id for path, (_, object_id) in self._repository.tree(last.content).items()}
                self._state = files | ({RUN_FILE: last.run} if last.run else {})
            else:
                assert self._tip is not None
                self._state = {path: object_id for path, (_, object_id) in self._repository.tree(self._tip).items()}
        return self._state

    def _write(self, author: str, message: str, changes: list[tuple[str, str, str | None]]) -> None:
        parent = self._tip if not self._written else None
        self._pending.append((self._ref, author, parent, message, changes))
        self._written = True
        if len(self._pending) >= _WINDOW:
            self.flush()

    def flush(self) -> None:
        """Write what is pending: the blobs file by file, then the commits."""
        for blobs in self._blobs.values():
            for _, data in dict(blobs).items():
                self._incoming.blob(data)
        for ref, author, parent, message, changes in self._pending:
            self._incoming.commit(ref, author=author, committer=author, message=message, parent=parent, changes=changes)
        self._blobs, self._pending = {}, []

    @property
    def has_written(self) -> bool:
        """Whether the chain begun last got a commit."""
        return self._written
