"""The documents of version after version: what one has in common with those read before is neither read nor parsed again."""

from collections.abc import Iterator, Mapping

from amlgit.errors import InvalidDocument
from amlgit.form import experiments
from amlgit.form.memo import Memo
from amlgit.form.nodes import ReadNode
from amlgit.store import chains
from amlgit.store.folders import KINDS, PARENTS, is_content
from amlgit.store.objects import read_tree
from amlgit.store.repository import Repository
from amlgit.store.streams import Reader
from amlgit.workflows.versions.documents import Joined, of_content

_KINDS = {**{kind: kind for kind in PARENTS}, **KINDS}
"""The top folder of a content in a chain's commit or in a branch's → its kind."""
_TREES, _FILES, _NODES, _DOCUMENTS = 1024, 4096, 4096, 8
"""How many of each are kept."""


class Past:
    """Reads what commits hold of an experiment or service; without the layout where nobody asks for it."""

    def __init__(self, repository: Repository, reader: Reader, *, with_layout: bool) -> None:
        self._format = repository.object_format
        self._reader = reader
        self._with_layout = with_layout
        self._trees: Memo[Mapping[str, str]] = Memo(_TREES)
        self._blobs: Memo[bytes] = Memo(_FILES)
        self._nodes: Memo[ReadNode] = Memo(_NODES)
        self._documents: Memo[Joined] = Memo(_DOCUMENTS)

    def version(self, rev: str) -> Joined | None:
        """What people own of the version that a commit of a chain is; None where there is no such commit."""
        return next((found for kind in PARENTS if (found := self._joined(rev, kind))), None)

    def folder(self, commit: str, path: str) -> Joined | None:
        """What people own of a folder as a commit of a branch has it; None where it has no content."""
        return self._joined(commit, path)

    def files(self, commit: str, path: str) -> Mapping[str, str]:
        """The files of the content below a folder: path → blob id; none where there is no such folder."""
        tree = f"{commit}^{{tree}}"
        for name in path.split("/"):
            inside = self._tree(tree)
            if not inside.get(name, "").startswith("/"):
                return {}
            tree = inside[name][1:]
        kind = _KINDS[path.partition("/")[0]]
        return {
            name: blob for name, blob in self._walk(tree, "", kind) if self._with_layout or kind != chains.EXPERIMENT or name != experiments.LAYOUT
        }

    def _walk(self, tree: str, folder: str, kind: str) -> Iterator[tuple[str, str]]:
        for name, object_id in self._tree(tree).items():
            if not folder and not is_content(name, kind):
                continue
            if object_id.startswith("/"):
                yield from self._walk(object_id[1:], f"{folder}{name}/", kind)
            else:
                yield f"{folder}{name}", object_id

    def _tree(self, name: str) -> Mapping[str, str]:
        """Name → object id of a tree's entries, that of a folder behind a slash."""
        known = self._trees.get(name)
        if known is None:
            data = self._reader.blobs([name]).get(name, b"")
            entries = read_tree(data, self._format)
            known = {entry.name: f"/{entry.id}" if entry.mode == "40000" else entry.id for entry in entries}
            self._trees.put(name, known)
        return known

    def _joined(self, commit: str, path: str) -> Joined | None:
        files = self.files(commit, path)
        if not files:
            return None
        key = tuple(sorted(files.items()))
        return self._documents.get(key) or self._documents.put(key, self._read(path, files))

    def _read(self, path: str, files: Mapping[str, str]) -> Joined:
        missing = [blob for blob in files.values() if self._blobs.get(blob) is None]
        self._blobs.make_room(2 * len(files))
        self._nodes.make_room(2 * len(files))
        for blob, data in self._reader.blobs(missing).items():
            self._blobs.put(blob, data)
        content = {name: known for name, blob in files.items() if (known := self._blobs.get(blob)) is not None}
        kind = _KINDS[path.partition("/")[0]]
        if kind != chains.EXPERIMENT:
            return of_content(path, kind, content)
        try:
            return Joined(kind=kind, document=experiments.join(content, known=self._nodes))
        except InvalidDocument as error:
            raise InvalidDocument(f"{path}/{error}", hint=error.hint) from error
