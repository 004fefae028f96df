"""When two graphs are equal: what people own, sets in any order; and the same graph in another order."""

import random
from collections.abc import Mapping

from amlgit.form.experiments import RUN_MEMBERS, RUN_WEB_SERVICE_MEMBERS
from amlgit.form.nodes import OWNED_BY_RUNS
from amlgit.model.jsontext import Json, Object, dumps_sorted
from tests.support.exports import Document
from tests.support.spellings import boxes_of


def mixed(document: Object, seed: int) -> Document:
    """A copy with its members, its sets, and what has names - ports, parameters - in another order."""
    chance = random.Random(seed)

    def mix(value: Json, path: tuple[str, ...]) -> Json:
        if isinstance(value, Mapping):
            return {name: mix(value[name], (*path, name)) for name in chance.sample(list(value), len(value))}
        if isinstance(value, str) and path and path[-1] == "SerializedClientData":
            head, found, tail = boxes_of(value)
            is_set = len({box.split("'")[1] for box in found}) == len(found)
            return head + "".join(chance.sample(found, len(found))) + tail if is_set else value
        if isinstance(value, list):
            entries = [mix(entry, (*path, "*")) for entry in value]
            return chance.sample(entries, len(entries)) if _ordered(value, path) is not value else entries
        return value

    copy = mix(document, ())
    assert isinstance(copy, dict)
    return copy


def canonical(document: Object) -> bytes:
    """What people own of an export, its sets in one order: two with the same text have no difference."""

    def sort(value: Json, path: tuple[str, ...]) -> Json:
        if isinstance(value, Mapping):
            return {name: sort(member, (*path, name)) for name, member in value.items() if not _is_owned_by_runs(path, name)}
        if isinstance(value, str) and path in (("Graph", "SerializedClientData"), ("WebService", "SerializedClientData")):
            head, found, tail = boxes_of(value)
            names = {box.split("'")[1] for box in found}
            return [head, sorted(found), tail] if len(names) == len(found) and head + "".join(found) + tail == value and found else value
        return _ordered([sort(entry, (*path, "*")) for entry in value], path) if isinstance(value, list) else value

    return dumps_sorted(sort(document, ()))


def _is_owned_by_runs(path: tuple[str, ...], name: str) -> bool:
    return (
        (path == () and name in RUN_MEMBERS)
        or (path == ("WebService",) and name in RUN_WEB_SERVICE_MEMBERS)
        or (path == ("Graph", "ModuleNodes", "*") and name in OWNED_BY_RUNS)
    )


_NODE = ("Graph", "ModuleNodes", "*")
_KEYS: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("Graph", "ModuleNodes"): ("Id",),
    ("Graph", "EdgesInternal"): ("DestinationInputPortId", "SourceOutputPortId"),
    **{(*_NODE, name): ("Name",) for name in ("InputPortsInternal", "OutputPortsInternal", "ModuleParameters")},
    **{("WebService", name): ("Name",) for name in ("Inputs", "Outputs", "Parameters")},
}


def _ordered(entries: list[Json], path: tuple[str, ...]) -> list[Json]:
    """A set in the order of its entries; what is no set, or whose entries nothing tells apart, as it is."""
    if path == ("Tags",):
        return (
            sorted(entries, key=str) if all(isinstance(entry, str) for entry in entries) and len(set(map(str, entries))) == len(entries) else entries
        )
    members = _KEYS.get(path)
    if members is None or not all(isinstance(entry, Mapping) and all(isinstance(entry.get(name), str) for name in members) for entry in entries):
        return entries
    keys = [tuple(str(entry[name]) for name in members) for entry in entries if isinstance(entry, Mapping)]
    is_set = len(members) > 1 or len(set(keys)) == len(keys)
    return sorted(entries, key=dumps_sorted) if is_set else entries
