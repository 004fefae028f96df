"""A floor: a fast JSON library loads two exports, and plain Python aligns their nodes, ports, parameters and edges by id and compares.

    python benchmarks/floor_diff.py orjson|msgspec OLD NEW [OUTPUT]

Prints how many things differ. With OUTPUT it writes the new export there too, as a merge would have to write its result.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]  # any JSON, as the libraries give it


def main(library: str, old: str, new: str, output: str = "") -> None:
    """Load, align, compare."""
    decode: Callable[[bytes], Document]
    encode: Callable[[Document], bytes]
    if library == "orjson":
        from orjson import dumps as encode
        from orjson import loads as decode
    else:
        from msgspec.json import decode, encode
    one, other = decode(Path(old).read_bytes()), decode(Path(new).read_bytes())
    print(_differing(_aligned(one), _aligned(other)) + _differing(_edges(one), _edges(other)) + (one["Description"] != other["Description"]))
    if output:
        Path(output).write_bytes(encode(other))


def _aligned(document: Document) -> Document:
    nodes = {}
    for node in document["Graph"]["ModuleNodes"]:
        aligned = dict(node)
        for name in ("ModuleParameters", "InputPortsInternal", "OutputPortsInternal"):
            aligned[name] = {entry["Name"]: entry for entry in node[name]}
        nodes[node["Id"]] = aligned
    return nodes


def _edges(document: Document) -> Document:
    return {edge["DestinationInputPortId"]: edge["SourceOutputPortId"] for edge in document["Graph"]["EdgesInternal"]}


def _differing(one: Document, other: Document) -> int:
    changed: list[bool] = [key not in other or one[key] != other[key] for key in one]
    return sum(changed) + len(other.keys() - one.keys())


if __name__ == "__main__":
    main(*sys.argv[1:])
