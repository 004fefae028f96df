"""The folders of experiments and services in a history's commits, without anything of their owners; each state is written once."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from amlgit.errors import InvalidDocument
from amlgit.form import naming, secrets, webservices
from amlgit.form.companions import ASSETS, SYNC, Binding, read_assets, read_sync, write_assets, write_sync
from amlgit.form.memo import Memo
from amlgit.form.splitter import Splitter
from amlgit.model.assets import Asset
from amlgit.model.jsontext import Object, dumps
from amlgit.model.webservices import member
from amlgit.store import chains
from amlgit.store.folders import PARENTS, content_entries, content_id, is_content
from amlgit.store.objects import FILE_MODES, TreeEntry, read_tree, tree_id
from amlgit.store.repository import Repository
from amlgit.store.rewriting import Files, Rewriter
from amlgit.store.streams import Reader
from amlgit.workflows.anonymous.documents import Documents
from amlgit.workflows.anonymous.history import History
from amlgit.workflows.versions.documents import of_content

_FILES = 4096
"""How many files are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A content without anything of its owners: its files, its id, the title of the original; or why there is none."""

    files: Files
    id: str
    title: str = ""
    beside: tuple[str, ...] = ()
    """Files that are no part of the form."""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderState:
    """What a folder of a commit becomes: its new path and files; and what of it is left out, path → reason."""

    path: str
    files: Files
    left_out: Mapping[str, str]


class Families:
    """The families of a record: what each became, and the titles it had."""

    def __init__(self) -> None:
        self.new: dict[str, str] = {}
        self.titles: dict[str, set[str]] = {}

    def add(self, family: str, new: str, title: str) -> None:
        """Note a version."""
        self.new[family] = new
        self.titles.setdefault(family, set()).add(title)


class Trees:
    """Reads trees with all their files, most of which it has read before."""

    def __init__(self, reader: Reader, object_format: str) -> None:
        self._reader = reader
        self._format = object_format
        self._blobs: Memo[bytes] = Memo(_FILES)

    def entries(self, tree: str) -> list[TreeEntry]:
        """What a tree holds; raises InvalidDocument where it is none."""
        found = self._reader.blobs([f"{tree}^{{tree}}"])
        if not found:
            raise InvalidDocument(f"{tree} is no tree in this repository", hint="'git fsck' tells what is damaged.")
        return read_tree(next(iter(found.values())), self._format)

    def files(self, entries: Iterable[TreeEntry]) -> dict[str, bytes]:
        """Path → content; raises InvalidDocument, naming it, for what is no regular file."""
        blobs = dict(self._walk(entries, ""))
        self._blobs.make_room(2 * len(blobs))
        missing = [blob for blob in blobs.values() if self._blobs.get(blob) is None]
        for blob, data in self._reader.blobs(missing).items():
            self._blobs.put(blob, data)
        return {path: known for path, blob in blobs.items() if (known := self._blobs.get(blob)) is not None}

    def _walk(self, entries: Iterable[TreeEntry], folder: str) -> Iterator[tuple[str, str]]:
        for entry in entries:
            if entry.mode == "40000":
                yield from self._walk(self.entries(entry.id), f"{folder}{entry.name}/")
            elif entry.mode in FILE_MODES:
                yield f"{folder}{entry.name}", entry.id
            else:
                raise InvalidDocument(f"{folder}{entry.name} is no regular file")


class Folders:
    """Gives the state of a folder for the one that a commit has."""

    def __init__(self, source: Repository, reader: Reader, rewriter: Rewriter, documents: Documents, history: History, families: Families) -> None:
        self._format = source.object_format
        self._reader = reader
        self._trees = Trees(reader, source.object_format)
        self._rewriter = rewriter
        self._documents = documents
        self._history = history
        self._families = families
        self._splitter = Splitter(secrets.Decisions())
        self._contents: dict[tuple[str, str], Content] = {}
        self._states: dict[tuple[str, str, str], FolderState] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()

    def state(self, kind: str, name: str, tree: str) -> FolderState:
        """What the folder `name` with this tree becomes."""
        key = (kind, name, tree)
        if key not in self._states:
            self._states[key] = self._made(kind, name, tree)
        return self._states[key]

    def _made(self, kind: str, name: str, tree: str) -> FolderState:
        data = self._reader.blobs([tree])[tree]
        entries = {entry.name: entry for entry in read_tree(data, self._format)}
        wanted = content_id(data, kind, self._format)
        content = self._content(kind, wanted, content_entries(entries.values(), kind)) if wanted else Content(files={}, id="")
        left_out = dict.fromkeys(content.beside, "left alone: a file of one's own")
        if content.problem:
            left_out[""] = content.problem
        left_out |= {entry: "left alone: a file of one's own" for entry in entries if not is_content(entry, kind) and entry not in (SYNC, ASSETS)}
        files = dict(content.files)
        bindings: Mapping[str, Binding] = {}
        for companion in (SYNC, ASSETS):
            if companion not in entries:
                continue
            try:
                if companion == SYNC:
                    bindings = read_sync(self._blob(entries[companion]), companion)
                    written = write_sync({self._history.remote(remote): self._binding(kind, binding) for remote, binding in bindings.items()})
                else:
                    found = read_assets(self._blob(entries[companion]), companion)
                    written = write_assets(
                        [Asset(asset.kind, self._documents.anonymiser.technical(asset.id)) for asset in found if asset.kind in _KINDS]
                    )
            except InvalidDocument as error:
                left_out[companion] = str(error)
                continue
            files[companion] = self._rewriter.blob(written)
        families = [binding.experiment.rpartition(".")[2] for binding in bindings.values()]
        new = self._named(kind, name, [family for family in families if family], content.title)
        return FolderState(path=f"{PARENTS[kind]}/{new}", files=files, left_out=left_out)

    def _assets(self, found: list[Asset]) -> list[Asset]:
        return [Asset(asset.kind, self._documents.anonymiser.technical(asset.id)) for asset in found if asset.kind in _KINDS]

    def _blob(self, entry: TreeEntry) -> bytes:
        if entry.mode not in FILE_MODES:
            raise InvalidDocument("no regular file")
        return self._reader.blobs([entry.id])[entry.id]

    def _content(self, kind: str, wanted: str, entries: list[TreeEntry]) -> Content:
        key = (kind, wanted)
        if key not in self._contents:
            self._contents[key] = self._read(kind, entries)
        return self._contents[key]

    def _read(self, kind: str, entries: list[TreeEntry]) -> Content:
        try:
            files = self._trees.files(entries)
            document = of_content("", kind, files, may_dangle=True).document
            form = self._form(kind, self._documents.joined(kind, document, ""))
        except InvalidDocument as error:
            return Content(files={}, id="", problem=str(error).removeprefix("/"))
        beside = tuple(path for path in files if kind == chains.EXPERIMENT and path.startswith("nodes/") and len(files) != len(form))
        written = {path: self._rewriter.blob(data) for path, data in form.items()}
        title = document.get("Description") if kind == chains.EXPERIMENT else member(document, "name")
        return Content(
            files=written,
            id=tree_id(written, self._format),
            title=title if isinstance(title, str) else "",
            beside=beside[: max(0, len(files) - len(form))],
        )

    def _form(self, kind: str, document: Object) -> Mapping[str, bytes]:
        if kind == chains.EXPERIMENT:
            return self._splitter.split(dumps(document), "").content
        return webservices.split(document, "", secrets.Decisions()).content

    def _binding(self, kind: str, binding: Binding) -> Binding:
        anonymiser = self._documents.anonymiser
        experiment = anonymiser.technical(binding.experiment)
        if kind == chains.WEB_SERVICE:
            name, _, family = binding.experiment.rpartition(".")
            new = anonymiser.service(name)
            experiment = f"{new}.{self._families.new.get(family) or service_family(new)}"
        return replace(
            binding,
            experiment=experiment,
            run=anonymiser.technical(binding.run) if binding.run is not None else None,
            content=self._content_id(kind, binding.content),
            after=self._binding(kind, binding.after) if binding.after is not None else None,
        )

    def _content_id(self, kind: str, named: str) -> str:
        """The id that a content has now; one that is nowhere any more gets some other."""
        if (kind, named) not in self._contents and _is_id(named):
            with suppress(InvalidDocument):  # what a folder held once may be gone
                self._content(kind, named, self._trees.entries(named))
        known = self._contents.get((kind, named))
        if known is not None and known.id:
            return known.id
        return self._documents.pseudonyms.digest(named, 40 if self._format == "sha1" else 64)

    def _named(self, kind: str, name: str, families: list[str], title: str) -> str:
        key = (kind, name)
        if key not in self._names:
            new = next((new for family in families if (new := self._given(kind, name, family, title))), None)
            new = new or self._documents.pseudonyms.label("folder", name)
            if new.casefold() in self._taken:
                new = f"{new}-{self._documents.pseudonyms.digest(name, 6)}"
            self._taken.add(new.casefold())
            self._names[key] = new
        return self._names[key]

    def _given(self, kind: str, name: str, family: str, title: str) -> str | None:
        """The name that amlgit gives a folder now, where it gave the name that the folder had."""
        anonymiser = self._documents.anonymiser
        change = anonymiser.title if kind == chains.EXPERIMENT else anonymiser.service
        new = self._families.new.get(family) or self._documents.pseudonyms.hexadecimal(family)
        for known in sorted({title, *self._families.titles.get(family, ())}):
            for digits in (6, 12, len(family)):
                if name == f"{naming.safe(known)}-{family[:digits]}":
                    return f"{naming.safe(change(known))}-{new[:digits]}"
        return None


def service_family(name: str) -> str:
    """The family of a web service of that name, as `identity` has it."""
    return hashlib.sha256(name.casefold().encode()).hexdigest()[:32]


def _is_id(text: str) -> bool:
    return len(text) in (40, 64) and all(character in "0123456789abcdef" for character in text)


_KINDS = frozenset({"module", "dataset", "trained model", "transform"})
"""What kinds of assets there are."""
