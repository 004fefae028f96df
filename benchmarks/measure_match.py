"""How often re-created nodes are paired wrongly or not at all, on re-creations whose truth is known."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time

from amlgit.compare.match import recreated_nodes
from benchmarks import generate, variants
from benchmarks.data import Data
from benchmarks.figures import Figure
from benchmarks.variants import Recreation

_SHARES = (0.05, 0.5, 1.0)
_EDITED = (0.0, 0.2, 0.5)
_GRAPHS = ((20, 40), (200, 8))
"""Nodes of a graph, and how many such graphs."""


@dataclass(slots=True)
class _Errors:
    pairs: int = 0
    wrong: int = 0
    mixed_up: int = 0
    missed: int = 0

    def count(self, old: generate.Document, recreation: Recreation) -> None:
        found = recreated_nodes(old, recreation.document)
        contents = {node["Id"]: _content(node) for node in recreation.document["Graph"]["ModuleNodes"]}
        self.pairs += len(recreation.pairs)
        self.missed += sum(node not in found for node in recreation.pairs)
        for node, partner in found.items():
            right = recreation.pairs.get(node)
            if right != partner:
                is_alike = right is not None and contents[right] == contents[partner]
                self.mixed_up += is_alike
                self.wrong += not is_alike


def _content(node: generate.Document) -> str:
    values = {parameter["Name"]: parameter["Value"] for parameter in node["ModuleParameters"]}
    return json.dumps([node["ModuleId"], node["Comment"], values], sort_keys=True)


def measure(data: Data) -> Iterator[Figure]:
    """Errors by how much was re-created and edited, and the time it takes."""
    for share in _SHARES:
        for edited in _EDITED:
            errors = _Errors()
            for nodes, graphs in _GRAPHS:
                for seed in range(graphs if data.starts > 20 else graphs // 4):
                    old = generate.experiment(nodes, seed)
                    errors.count(old, variants.recreated(old, share, edited, seed))
            what = f"{share:.0%} re-created, {edited:.0%} of them edited"
            note = f"{errors.wrong} of {errors.pairs} pairs; nodes of like content mixed up besides: {errors.mixed_up}"
            yield Figure(name=f"{what}: paired wrongly", value=100 * errors.wrong / errors.pairs, unit="%", at_most=2, note=note)
            yield Figure(name=f"{what}: not paired", value=100 * errors.missed / errors.pairs, unit="%", note=f"{errors.missed}")
    old = generate.experiment(2000, 1)
    new = variants.recreated(old, 0.5, 0, 1).document
    begun = process_time()
    recreated_nodes(old, new)
    yield Figure(name="finding 1,000 of 2,000 nodes again", value=1000 * (process_time() - begun), unit="ms")
