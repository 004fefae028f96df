"""What people call modules and nodes: names that are known, and where none is, only what can be said for sure.

A name comes from assets.json, else from the table of built-in modules. A module that neither knows is called by its family, as in
file names, and described by the ports and parameters that its nodes have; it is never given a name that may be another module's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from amlgit.form import modules
from amlgit.form.naming import stems
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, printable

_MOST = 3
"""Ports and parameters that a description names; the rest is `…`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleName:
    """What a module is called; `description` is what its nodes look like, and None where the name is known."""

    name: str
    description: str | None = None


def asset_name(asset_id: str, names: Mapping[str, str]) -> str | None:
    """The name of an asset, or of another version of it, from `names` (as `companions.read_names` gives them)."""
    resource = ids.resource_id(asset_id)
    return names.get(asset_id) or (names.get(f"{resource.workspace}.{resource.family}") if resource else None)


def module_names(nodes: Iterable[Object], names: Mapping[str, str]) -> dict[str, ModuleName]:
    """Module id → what it is called, for the modules of these nodes."""
    found: dict[str, ModuleName] = {}
    for node in nodes:
        module_id = node.get("ModuleId")
        if isinstance(module_id, str) and module_id not in found:
            name = _known_name(module_id, names)
            interface = (_names(node.get(member)) for member in ("InputPortsInternal", "OutputPortsInternal", "ModuleParameters"))
            found[module_id] = ModuleName(name=name) if name else ModuleName(name=modules.name(module_id), description=description(*interface))
    return found


def node_labels(nodes: Iterable[tuple[str, str]], names: Mapping[str, str]) -> dict[str, str]:
    """Node id → label for (node id, module id) pairs: as its file is called, with the module's own name where only assets.json knows it."""
    pairs = dict(nodes)
    own = stems(pairs.items())
    labels = {}
    for node_id, module_id in pairs.items():
        name = _known_name(module_id, names)
        labels[node_id] = f"{name}{own[node_id].removeprefix(modules.name(module_id))}" if name else own[node_id]
    taken = Counter(labels.values())
    return {node_id: label if taken[label] == 1 else own[node_id] for node_id, label in labels.items()}


def _known_name(module_id: str, names: Mapping[str, str]) -> str | None:
    known = asset_name(module_id, names)
    if known:
        return printable(known)
    resource = ids.resource_id(module_id)
    return modules.BUILT_IN.get(resource.family) if resource and resource.workspace == ids.GLOBAL_WORKSPACE else None


def description(inputs: Sequence[str], outputs: Sequence[str], parameters: Sequence[str]) -> str:
    """What can be said of a module whose name is not known: `Dataset → Results dataset; Random seed, …`."""
    ports = f"{_listed(inputs) or 'no inputs'} → {_listed(outputs) or 'no outputs'}"
    return f"{ports}; {_listed(parameters)}" if parameters else ports


def _listed(names: Sequence[str]) -> str:
    return ", ".join([*map(printable, names[:_MOST]), *(["…"] if len(names) > _MOST else [])])


def _names(entries: Json) -> list[str]:
    names = [entry.get("Name") for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    return [name for name in names if isinstance(name, str)]
