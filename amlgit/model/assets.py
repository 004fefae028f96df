"""Assets: what a graph refers to by id and does not contain."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import msgspec

from amlgit.model.jsontext import Object

PORT_MEMBERS: Mapping[str, str] = {"DataSourceId": "dataset", "TrainedModelId": "trained model", "TransformModuleId": "transform"}
"""Members of an input port that hold an asset's id, and the kind of asset."""

MODULE = "module"


@dataclass(frozen=True, slots=True, order=True)
class Asset:
    """An asset as a graph refers to it: its kind and id."""

    kind: str
    id: str


def of_node(node: Object) -> Iterator[Asset]:
    """The assets a node refers to: its module, and what its input ports hold."""
    module_id = node.get("ModuleId")
    if isinstance(module_id, str):
        yield Asset(MODULE, module_id)
    ports = node.get("InputPortsInternal")
    for port in ports if isinstance(ports, list) else ():
        if isinstance(port, Mapping):
            for member, kind in PORT_MEMBERS.items():
                asset_id = port.get(member)
                if isinstance(asset_id, str) and asset_id:
                    yield Asset(kind, asset_id)


class _Port(msgspec.Struct):
    DataSourceId: str | None = None
    TrainedModelId: str | None = None
    TransformModuleId: str | None = None


class _Node(msgspec.Struct):
    ModuleId: str | None = None
    InputPortsInternal: list[_Port] | None = None


_peeker = msgspec.json.Decoder(_Node)


def peek(data: bytes) -> frozenset[Asset] | None:
    """The assets that the text of a node refers to, without parsing the rest of it; None where only a full parse can tell."""
    try:
        seen = _peeker.decode(data)
    except (ValueError, RecursionError):
        return None
    ports = [{member: getattr(port, member) for member in PORT_MEMBERS} for port in seen.InputPortsInternal or ()]
    return frozenset(of_node({"ModuleId": seen.ModuleId, "InputPortsInternal": ports}))
