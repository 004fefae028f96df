"""An export taken apart into the texts of its members, none of them parsed.

Most of a version's text is that of the version before: whoever remembers what a text came to need not parse it again.
A text has to go through `loads` before it is known to be JSON that we take.
"""

from collections.abc import Iterable
from typing import NamedTuple

from msgspec import UNSET, Raw, Struct, UnsetType
from msgspec.json import Decoder
from msgspec.structs import astuple

from amlgit.model.jsontext import MAX_BYTES


class Texts(NamedTuple):
    """The texts of an export's members but for `Graph`, of the graph's but for `ModuleNodes`, and of each node."""

    members: dict[str, bytes]
    graph: dict[str, bytes]
    nodes: list[bytes]


class _Graph(Struct, gc=False):
    ModuleNodes: list[Raw]
    EdgesInternal: Raw | UnsetType = UNSET
    Parameters: Raw | UnsetType = UNSET
    PublishInfo: Raw | UnsetType = UNSET
    SerializedClientData: Raw | UnsetType = UNSET


class _Export(Struct, gc=False):
    """The members that the service writes."""

    Graph: _Graph
    Category: Raw | UnsetType = UNSET
    Creator: Raw | UnsetType = UNSET
    Description: Raw | UnsetType = UNSET
    DisableNodesUpdate: Raw | UnsetType = UNSET
    Etag: Raw | UnsetType = UNSET
    ExperimentId: Raw | UnsetType = UNSET
    IsArchived: Raw | UnsetType = UNSET
    IsLeaf: Raw | UnsetType = UNSET
    IsPartialRun: Raw | UnsetType = UNSET
    JobId: Raw | UnsetType = UNSET
    NodeStatuses: Raw | UnsetType = UNSET
    OriginalExperimentDocumentationLink: Raw | UnsetType = UNSET
    ParentExperimentId: Raw | UnsetType = UNSET
    RunId: Raw | UnsetType = UNSET
    SchemaVersion: Raw | UnsetType = UNSET
    Status: Raw | UnsetType = UNSET
    Summary: Raw | UnsetType = UNSET
    Tags: Raw | UnsetType = UNSET
    VersionId: Raw | UnsetType = UNSET
    WebService: Raw | UnsetType = UNSET


_decoder = Decoder(_Export)
_NAMES, _GRAPH_NAMES = _Export.__struct_fields__[1:], _Graph.__struct_fields__[1:]


def usual(data: bytes) -> Texts | None:
    """The texts of an export as the service writes it, read in one go; None for another, which may be one all the same.

    A member that we don't know, one that stands twice, white space and a name spelled with escapes all show in the length.
    """
    if len(data) > MAX_BYTES:
        return None
    try:
        export = _decoder.decode(data)
    except (ValueError, RecursionError):
        return None
    _, *values = astuple(export)
    members = _given(_NAMES, values)
    nodes_raw, *values = astuple(export.Graph)
    graph = _given(_GRAPH_NAMES, values)
    nodes = [bytes(node) for node in nodes_raw]
    length = _length(graph) + len('"ModuleNodes":[]') + sum(map(len, nodes)) + max(len(nodes) - 1, 0) + len("{}") + len(graph)
    length += _length(members) + len('"Graph":') + len("{}") + len(members)
    return Texts(members, graph, nodes) if length == len(data) else None


def _given(names: Iterable[str], values: Iterable[Raw | UnsetType]) -> dict[str, bytes]:
    return {name: bytes(value) for name, value in zip(names, values, strict=True) if not isinstance(value, UnsetType)}


def _length(members: dict[str, bytes]) -> int:
    """The bytes that the members take in an object, without commas and braces."""
    return sum([len(name) + len('"":') + len(text) for name, text in members.items()])
