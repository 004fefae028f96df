"""What a graph refers to, whether a workspace has it, and what comes nearest to what it has not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from amlgit.model import ids
from amlgit.model.assets import MODULE, PORT_MEMBERS
from amlgit.model.jsontext import Object


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reference:
    """An asset where a graph refers to it: at an input port, or as the module of a node (then `port` is empty)."""

    node: str
    port: str
    kind: str
    asset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An asset that a workspace has: the version of its family that it lists."""

    kind: str
    id: str
    family: str
    name: str
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What could stand in for an asset that is not there, and why."""

    id: str
    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """A reference to what a workspace has not; `name` is what the asset is called where that is known."""

    reference: Reference
    name: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    """What a workspace has, known from its lists and from what it holds already."""

    offers: Sequence[Offer]
    proven: frozenset[str] = frozenset()
    """Ids that are known to be there though no list names them: lists name the newest version alone."""
    _by_id: Mapping[str, Offer] = field(init=False, repr=False)
    _by_family: Mapping[tuple[str, str], Offer] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_id", {offer.id: offer for offer in self.offers})
        object.__setattr__(self, "_by_family", {(offer.kind, offer.family): offer for offer in self.offers})

    def with_proven(self, found: Iterable[str]) -> "Stock":
        """The same with more ids that are known to be there."""
        return replace(self, proven=self.proven | frozenset(found))

    def has(self, reference: Reference) -> bool:
        """Whether the workspace has an asset.

        Built-in modules keep their older batches: graphs that were not opened for years run with them (protocol, section 12).
        """
        if reference.asset in self._by_id or reference.asset in self.proven:
            return True
        parts = ids.resource_id(reference.asset)
        offer = self.of_family(reference)
        is_built_in = reference.kind == MODULE and parts is not None and parts.workspace == ids.GLOBAL_WORKSPACE
        return is_built_in and offer is not None and _batch(reference.asset) <= _batch(offer.id)

    def of_family(self, reference: Reference) -> Offer | None:
        """The version that is listed of an asset's family."""
        parts = ids.resource_id(reference.asset)
        return self._by_family.get((reference.kind, parts.family)) if parts is not None else None

    def lacking(self, found: Iterable[Reference], names: Mapping[str, str]) -> tuple[Lacking, ...]:
        """The references to what is not there, in a fixed order; `names` are those of assets by id and by `<workspace>.<family>`."""
        return tuple(
            Lacking(reference=reference, name=(name := name_of(reference.asset, names)), candidates=tuple(self._candidates(reference, name)))
            for reference in sorted(set(found))
            if not self.has(reference)
        )

    def latest(self, found: Iterable[Reference]) -> dict[str, str]:
        """Asset → the listed version of the same family, where that is another one."""
        offers = ((reference.asset, self.of_family(reference)) for reference in found)
        return {asset: offer.id for asset, offer in offers if offer is not None and offer.id != asset}

    def _candidates(self, reference: Reference, name: str) -> Iterator[Candidate]:
        family = self.of_family(reference)
        if family is not None:
            yield Candidate(id=family.id, name=family.name, why="the same family, another version")
        if not name:
            return
        for offer in sorted(self.offers, key=lambda offer: (offer.name, offer.id)):
            if offer.kind == reference.kind and offer is not family and offer.name.casefold() == name.casefold():
                yield Candidate(id=offer.id, name=offer.name, why="the same name, another family")


def _batch(asset: str) -> int:
    """The number at the end of an asset's id."""
    digits = asset.rpartition("-")[2]
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def name_of(asset: str, names: Mapping[str, str]) -> str:
    """What an asset is called, or nothing where that is not known."""
    parts = ids.resource_id(asset)
    return names.get(asset) or (names.get(f"{parts.workspace}.{parts.family}", "") if parts is not None else "")


def references(document: Object) -> Iterator[Reference]:
    """Every place of a graph that refers to an asset."""
    for node in _objects(_graph(document).get("ModuleNodes")):
        node_id, module = str(node.get("Id")), node.get("ModuleId")
        if isinstance(module, str):
            yield Reference(node=node_id, port="", kind=MODULE, asset=module)
        for port in _objects(node.get("InputPortsInternal")):
            for member, kind in PORT_MEMBERS.items():
                asset = port.get(member)
                if isinstance(asset, str) and asset:
                    yield Reference(node=node_id, port=str(port.get("Name")), kind=kind, asset=asset)


def _graph(document: Object) -> Object:
    graph = document.get("Graph")
    return graph if isinstance(graph, Mapping) else {}


def _objects(value: object) -> list[Object]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
