"""The asset check: whether a workspace has everything that experiments refer to, before anything is written there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amlgit.errors import InvalidDocument, Refused
from amlgit.form.companions import ASSETS, read_names
from amlgit.form.naming import stems
from amlgit.model import ids
from amlgit.model.assets import MODULE
from amlgit.model.jsontext import Object, printable
from amlgit.model.references import Lacking, Offer, Reference, Stock, references
from amlgit.remotes.studio import AssetKind, Studio
from amlgit.store.repository import Repository

KINDS: Mapping[str, AssetKind] = {
    MODULE: AssetKind.MODULE,
    "dataset": AssetKind.DATASET,
    "trained model": AssetKind.MODEL,
    "transform": AssetKind.TRANSFORM,
}
"""The kinds of assets as graphs and lock files have them, and as the service has them."""


class AssetsLacking(Refused):
    """An experiment refers to what a workspace has not; `lacking` says what comes nearest."""

    def __init__(self, message: str, lacking: tuple[Lacking, ...]) -> None:
        super().__init__(message, hint="--remap OLD=NEW takes another asset, --latest the listed version of the same family.")
        self.lacking = lacking


@dataclass(slots=True)
class Shelves:
    """What one workspace has, asked as far as it is needed."""

    studio: Studio
    _offers: dict[AssetKind, Sequence[Offer]]
    _asked: dict[str, bool]

    @classmethod
    def of(cls, studio: Studio) -> "Shelves":
        """Nothing asked yet."""
        return cls(studio, {}, {})

    def stock(self, found: Iterable[Reference]) -> Stock:
        """What the workspace has of the kinds that are referred to. An older version, which no list names, is asked for by its id."""
        found = sorted(set(found))
        kinds = sorted({reference.kind for reference in found})
        stock = Stock([offer for kind in kinds for offer in self._listed(kind)])
        return stock.with_proven(
            reference.asset for reference in found if reference.kind != MODULE and not stock.has(reference) and self._is_there(reference)
        )

    def _listed(self, kind: str) -> Sequence[Offer]:
        wire = KINDS[kind]
        if wire not in self._offers:
            self._offers[wire] = [
                Offer(kind=kind, id=info.id, family=info.family, name=info.name, version=info.version) for info in self.studio.assets(wire)
            ]
        return self._offers[wire]

    def _is_there(self, reference: Reference) -> bool:
        parts = ids.resource_id(reference.asset)
        if parts is None or parts.workspace not in (self.studio.workspace, ids.GLOBAL_WORKSPACE):
            return False  # ids say whose an asset is, and one of another workspace can't be here
        if reference.asset not in self._asked:
            self._asked[reference.asset] = self.studio.has_asset(KINDS[reference.kind], reference.asset)
        return self._asked[reference.asset]


def require(stock: Stock, document: Object, names: Mapping[str, str], where: str, remote: str) -> None:
    """Raise AssetsLacking where a document refers to what is not there, with the node, the port, the name and what comes nearest."""
    lacking = stock.lacking(references(document), names)
    if lacking:
        lines = "\n".join(described(lacking, document))
        raise AssetsLacking(f"{where} refers to what {remote} does not have:\n{lines}", lacking)


def described(lacking: Iterable[Lacking], document: Object) -> list[str]:
    """A line for each reference that leads nowhere, and below it one for each candidate."""
    graph = document.get("Graph")
    nodes = graph.get("ModuleNodes") if isinstance(graph, Mapping) else None
    listed = [node for node in nodes if isinstance(node, Mapping)] if isinstance(nodes, list) else []
    called = stems((str(node.get("Id")), str(node.get("ModuleId"))) for node in listed)
    lines: list[str] = []
    for each in lacking:
        reference = each.reference
        where = called.get(reference.node, reference.node) + (f": {reference.port}" if reference.port else "")
        name = f" {each.name!r}" if each.name else ""
        lines.append(printable(f"  {where}: {reference.kind}{name} ({reference.asset})", 400))
        lines += [printable(f"    there is {candidate.name!r} ({candidate.id}): {candidate.why}", 400) for candidate in each.candidates]
    return lines


def names_in(repository: Repository, rev: str, path: str) -> dict[str, str]:
    """The names of assets as a folder's lock file has them in a commit."""
    name = f"{rev}:{path}/{ASSETS}"
    data = repository.blobs([name]).get(name)
    try:
        return read_names(data, f"{path}/{ASSETS}") if data is not None else {}
    except InvalidDocument:
        return {}  # `check` names what is wrong with it; a push does without names
