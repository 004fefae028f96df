"""The trees of many versions, read batch by batch: what a branch takes from them, and the assets their nodes refer to."""

from collections.abc import Sequence

from amlgit.form.companions import write_assets
from amlgit.model.assets import Asset
from amlgit.store import streams
from amlgit.store.chains import Version
from amlgit.store.folders import content_entries
from amlgit.store.objects import TreeEntry, raw_entries, read_tree
from amlgit.store.repository import Repository
from amlgit.workflows.versions.documents import node_assets

_NO_ASSETS = write_assets(())


class VersionTrees:
    """Reads the content of versions; what repeats from version to version, and most of it does, is read once."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._contents: dict[str, list[TreeEntry]] = {}
        self._assets: dict[str, bytes] = {}
        """Id of a folder of nodes → the text of assets.json."""
        self._referred: dict[bytes, frozenset[Asset]] = {}
        """A node file's entry in its folder, as git has it → what the node refers to."""
        self._written: dict[frozenset[frozenset[Asset]], bytes] = {}

    def load(self, versions: Sequence[Version]) -> None:
        """Read what a batch of versions needs, and forget the batch before."""
        object_format = self._repository.object_format
        with streams.reader(self._repository) as reader:  # one for all batches would come to hold the whole pack in memory
            trees = reader.blobs(version.content for version in versions)
            self._contents = {content: read_tree(data, object_format) for content, data in trees.items()}
            folders = {entry.id for entries in self._contents.values() for entry in entries if entry.mode == "40000"}
            known = {folder: text for folder, text in self._assets.items() if folder in folders}
            listed = reader.blobs(sorted(folders - known.keys()))
            nodes = {folder: raw_entries(data, b".json", object_format) for folder, data in listed.items()}
            met = {node for found in nodes.values() for node in found}
            fresh = {node: read_tree(node, object_format)[0] for node in met - self._referred.keys()}
            files = reader.blobs(entry.id for entry in fresh.values())
        self._referred = {node: found for node, found in self._referred.items() if node in met}
        self._referred |= {node: node_assets(entry.name, files[entry.id]) for node, entry in fresh.items()}
        self._assets = known | {folder: self._text(frozenset(map(self._referred.__getitem__, found))) for folder, found in nodes.items()}

    def _text(self, referred: frozenset[frozenset[Asset]]) -> bytes:
        if referred not in self._written:
            self._written = {referred: write_assets(frozenset().union(*referred))}
        return self._written[referred]

    def content(self, version: Version) -> list[TreeEntry]:
        """The entries of a version's content."""
        return content_entries(self._contents[version.content], version.kind)

    def assets(self, entries: Sequence[TreeEntry]) -> bytes:
        """The text of assets.json for a content."""
        return next((self._assets[entry.id] for entry in entries if entry.id in self._assets), _NO_ASSETS)
