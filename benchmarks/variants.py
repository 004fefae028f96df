"""Pairs and triples of exports with known differences: edited, shuffled, moved, re-created."""

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from benchmarks.generate import Document, new_node_id

EDITS = 11
"""What `variant` changes: seven parameters, an edge, a node removed, one added, the title."""


def variant(document: Document, seed: int) -> Document:
    """A copy with eleven edits, every array in another order, every box elsewhere."""
    random = Random(f"variant {seed}")
    copy = deepcopy(document)
    nodes = copy["Graph"]["ModuleNodes"]
    edited = random.sample([node for node in nodes if _filled(node)], 7)
    for node in edited:
        random.choice(_filled(node))["Value"] += "x"
    kept = {*_rewire(copy, random), *(node["Id"] for node in edited)}
    _remove(copy, random.choice([node["Id"] for node in nodes if node["Id"] not in kept]))
    _add_like(copy, random)
    copy["Description"] += ", another version"
    return moved(shuffled(copy, seed), seed)


def _filled(node: Document) -> list[Document]:
    return [parameter for parameter in node["ModuleParameters"] if parameter["Value"]]


def _rewire(document: Document, random: Random) -> set[str]:
    """Feed one port from elsewhere; gives the nodes that have to stay for that to be the only change there."""
    edges = document["Graph"]["EdgesInternal"]
    edge = random.choice(edges)
    before = edge["SourceOutputPortId"]
    edge["SourceOutputPortId"] = random.choice([other["SourceOutputPortId"] for other in edges if other["SourceOutputPortId"] != before])
    return {port.partition(":")[0] for port in (before, edge["SourceOutputPortId"], edge["DestinationInputPortId"])}


def _remove(document: Document, node_id: str) -> None:
    graph = document["Graph"]
    graph["ModuleNodes"] = [node for node in graph["ModuleNodes"] if node["Id"] != node_id]
    graph["EdgesInternal"] = [edge for edge in graph["EdgesInternal"] if node_id not in _ends(edge)]


def _ends(edge: Document) -> list[str]:
    return [edge[name].partition(":")[0] for name in ("SourceOutputPortId", "DestinationInputPortId")]


def _add_like(document: Document, random: Random) -> str:
    """Add a node like another but for its parameters, wired to nothing; gives its id."""
    nodes = document["Graph"]["ModuleNodes"]
    like = random.choice([node for node in nodes if _filled(node)])
    new = renamed(like, {like["Id"]: new_node_id(random)})
    for parameter in new["ModuleParameters"]:
        parameter["Value"] = f"{random.random()}"
    nodes.append(new)
    return str(new["Id"])


def renamed(document: Document, ids: Mapping[str, str]) -> Document:
    """A copy in which every mention of some nodes' ids is another id."""

    def rename(value: object) -> object:
        if isinstance(value, dict):
            return {name: rename(member) for name, member in value.items()}
        if isinstance(value, list):
            return [rename(entry) for entry in value]
        if isinstance(value, str):
            node_id, colon, port = value.partition(":")
            return ids[node_id] + colon + port if node_id in ids else _in_boxes(value, ids) if "<NodePosition " in value else value
        return value

    copy = rename(document)
    assert isinstance(copy, dict)
    return copy


def _in_boxes(layout: str, ids: Mapping[str, str]) -> str:
    return re.sub("Node='([^']*)'", lambda match: f"Node='{ids.get(match[1], match[1])}'", layout)


def shuffled(document: Document, seed: int) -> Document:
    """A copy with every array in another order."""
    random = Random(f"order {seed}")

    def shuffle(value: object) -> object:
        if isinstance(value, dict):
            return {name: shuffle(member) for name, member in value.items()}
        return random.sample([shuffle(entry) for entry in value], len(value)) if isinstance(value, list) else value

    copy = shuffle(document)
    assert isinstance(copy, dict)
    return copy


def moved(document: Document, seed: int) -> Document:
    """A copy with every box elsewhere."""
    random = Random(f"boxes {seed}")
    layout = re.sub("Position='[^']*'", lambda _: f"Position='{random.randint(0, 5000)},{random.randint(0, 90000)},200,200'", _layout(document))
    return {**document, "Graph": {**document["Graph"], "SerializedClientData": layout}}


def _layout(document: Document) -> str:
    return str(document["Graph"]["SerializedClientData"])


@dataclass(frozen=True, slots=True)
class Recreation:
    """A graph some of whose nodes came back with other ids, and which: old → new."""

    document: Document
    pairs: Mapping[str, str]


def recreated(document: Document, share: float, edited: float, seed: int) -> Recreation:
    """A share of the nodes with new ids, a share of those edited, some gone for good, and unlike ones of their families added."""
    random = Random(f"recreated {share} {edited} {seed}")
    names = [node["Id"] for node in document["Graph"]["ModuleNodes"]]
    pairs = {name: new_node_id(random) for name in random.sample(names, max(1, int(len(names) * share)))}
    copy = renamed(document, pairs)
    mine = [node for node in copy["Graph"]["ModuleNodes"] if node["Id"] in set(pairs.values())]
    _edit_some(copy, random.sample(mine, int(len(mine) * edited)), random)
    gone = {node["Id"] for node in random.sample(mine, int(len(mine) * edited / 4))}
    for node in [node for node in mine if node["Id"] in gone]:
        _replace_by_unlike(copy, node, random)
    return Recreation(copy, {old: new for old, new in pairs.items() if new not in gone})


def _edit_some(document: Document, nodes: Iterable[Document], random: Random) -> None:
    """Change one or two parameters of each node, and what feeds a quarter of them."""
    edges = document["Graph"]["EdgesInternal"]
    sources = [edge["SourceOutputPortId"] for edge in edges]
    for node in nodes:
        parameters = node["ModuleParameters"]
        for parameter in random.sample(parameters, min(len(parameters), random.randint(1, 2))):
            parameter["Value"] = f"{parameter['Value']}0" if random.random() < 0.7 else ""
        feeding = [edge for edge in edges if edge["DestinationInputPortId"].startswith(f"{node['Id']}:")]
        if feeding and random.random() < 0.25:
            random.choice(feeding)["SourceOutputPortId"] = random.choice(sources)


def _replace_by_unlike(document: Document, node: Document, random: Random) -> None:
    """Remove a node with its edges, and add one of the same module with two thirds of its parameters changed, wired elsewhere."""
    new = renamed(node, {node["Id"]: new_node_id(random)})
    parameters = new["ModuleParameters"]
    for parameter in random.sample(parameters, (2 * len(parameters) + 2) // 3):
        parameter["Value"] = f"{parameter['Value']}9"
    _remove(document, node["Id"])
    graph = document["Graph"]
    graph["ModuleNodes"].append(new)
    sources = [edge["SourceOutputPortId"] for edge in graph["EdgesInternal"]]
    for port in new["InputPortsInternal"]:
        if sources and random.random() < 0.7:
            edge = {"SourceOutputPortId": random.choice(sources), "DestinationInputPortId": f"{new['Id']}:{port['Name']}"}
            graph["EdgesInternal"].append({**edge, "DestinationInputPortIndex": None})


def disjoint(document: Document, seed: int) -> tuple[Document, Document]:
    """Two copies, each with seven parameters of other nodes changed, shuffled and moved: edits that can't clash."""
    random = Random(f"disjoint {seed}")
    nodes = document["Graph"]["ModuleNodes"]
    chosen = random.sample([index for index, node in enumerate(nodes) if _filled(node)], 14)
    sides = []
    for number, indexes in enumerate((chosen[:7], chosen[7:])):
        copy = deepcopy(document)
        for index in indexes:
            random.choice(_filled(copy["Graph"]["ModuleNodes"][index]))["Value"] += "x"
        sides.append(shuffled(copy, seed + number))
    return sides[0], sides[1]
