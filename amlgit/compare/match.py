"""Which nodes came back with another id: re-created by hand, or with a whole experiment in another workspace.

The rule. Nodes with one id are one node. Of the others, only nodes of one module family can be a pair, and they are paired

1. where what they are (parameters, comment, assets) and how they are wired, up to three edges away, is the same and no other node's;
2. where no edge however far away tells several on one side apart, and the other side has as many: of such twins any pairing is right;
3. else the most alike first, by the weight of what they share (parameters, lines of scripts, comment, assets, and most of all edges to
   nodes that are paired already) in all that either has: at least six tenths, or every edge.

Each pair found tells more about the wiring of its neighbours, so all three are repeated until nothing is found any more.

Cost: 1 and 2 are linear in the edges of the nodes that have no partner; for 3 each node left over is compared with those of its family,
with at most `_MOST_RIVALS` of them: those that share an edge to a pair, or the very content. Limits: a node that was edited and wired
to none of its old neighbours is no pair; nor is one whose module was replaced by another family's. How often nodes are paired wrongly
or not at all is measured by `benchmarks/measure_match.py`.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from amlgit.compare import keyed
from amlgit.errors import InvalidDocument
from amlgit.form import scripts
from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object, dumps_sorted

_DEPTH = 3
_ENOUGH = 0.6
_MOST_RIVALS = 40
_EDGE, _LOOSE_EDGE, _ASSET, _COMMENT, _SCRIPT, _PARAMETER = 4.0, 1.0, 3.0, 2.0, 4.0, 1.0
"""What each kind of likeness weighs; a loose edge is one to a node of the same family that has no partner yet."""


def recreated_nodes(old: Object, new: Object) -> Mapping[str, str]:
    """Old id → new id of the nodes of two documents that were re-created; raises InvalidDocument where one is no graph."""
    graphs = [document.get(keyed.GRAPH) for document in (old, new)]
    if not all(isinstance(graph, Mapping) for graph in graphs):
        raise InvalidDocument(f"{keyed.GRAPH} must be an object")
    one, other = (keyed.nodes(graph) for graph in graphs if isinstance(graph, Mapping))
    gone, come = one.keys() - other.keys(), other.keys() - one.keys()
    if not gone or not come:
        return {}
    families = {_family(one[node_id]) for node_id in gone} & {_family(other[node_id]) for node_id in come}
    if not families:
        return {}
    sides = [_Side.of(graph) for graph in graphs if isinstance(graph, Mapping)]
    return _Matching(sides[0], sides[1], gone, come).pairs()


def _family(node: Json) -> str:
    """What kind of node it is: the family of its module, or all of a module id that has none."""
    module_id = node.get("ModuleId") if isinstance(node, Mapping) else None
    resource = ids.resource_id(module_id) if isinstance(module_id, str) else None
    return resource.family if resource else str(module_id)


@dataclass(frozen=True, slots=True)
class _Wire:
    """An edge as one of its nodes sees it: is it fed by the other or feeds it, at which port, and at which of the other's."""

    is_input: bool
    port: str
    other: str
    other_port: str


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two graphs."""

    nodes: Mapping[str, Json]
    wires: Mapping[str, Sequence[_Wire]]
    token: dict[str, str] = field(default_factory=dict)
    """Node → the id by which it is known on both sides, as far as it has a partner."""

    @staticmethod
    def of(graph: Object) -> "_Side":
        wires: dict[str, list[_Wire]] = defaultdict(list)
        edges = graph.get(keyed.EDGES)
        for edge in (keyed.edges(edges) or {}).values() if isinstance(edges, list) else ():
            assert isinstance(edge, Mapping)
            destination, port = ids.port(str(edge[keyed.DESTINATION]))
            source, source_port = ids.port(str(edge[keyed.SOURCE]))
            wires[destination].append(_Wire(True, port, source, source_port))
            wires[source].append(_Wire(False, source_port, destination, port))
        return _Side(keyed.nodes(graph), wires)


@dataclass(frozen=True, slots=True)
class _Content:
    """What a node is, apart from its wiring: what each part weighs, and the lines of its scripts."""

    parts: Mapping[Hashable, float]
    scripts: Mapping[str, Counter[str]]


class _Matching:
    def __init__(self, old: _Side, new: _Side, gone: set[str], come: set[str]) -> None:
        self._old, self._new = old, new
        self._gone, self._come = gone, come
        self._family = {node_id: _family(side.nodes[node_id]) for side, group in ((old, gone), (new, come)) for node_id in group}
        self._numbers: dict[Hashable, int] = {}
        """One small number for each content or wiring there is, the same on both sides."""
        self._own = {node_id: self._number(_identity(side.nodes[node_id])) for side, group in ((old, gone), (new, come)) for node_id in group}
        self._contents: dict[str, _Content] = {}
        self._pairs: dict[str, str] = {}
        for side, other in ((old, new), (new, old)):
            side.token.update((node_id, node_id) for node_id in side.nodes if node_id in other.nodes)

    def _number(self, thing: Hashable) -> int:
        return self._numbers.setdefault(thing, len(self._numbers))

    def pairs(self) -> Mapping[str, str]:
        while self._gone and self._come and (self._pair_the_same() or self._pair_twins() or self._pair_the_alike()):
            pass
        return dict(sorted(self._pairs.items()))

    def _pair(self, old_id: str, new_id: str) -> None:
        self._pairs[old_id] = new_id
        self._gone.discard(old_id)
        self._come.discard(new_id)
        self._old.token[old_id] = self._new.token[new_id] = new_id

    # --- the same content, the same wiring

    def _pair_the_same(self) -> bool:
        """Pair what only one node on each side is, as deep as it can be told; True if anything was found."""
        levels = [(self._own, self._own)]
        for _ in range(_DEPTH):
            levels.append(self._one_deeper(*levels[-1]))
        found = [self._pair_groups(olds, news, twins=False) for olds, news in reversed(levels[1:])]
        return any(found)

    def _pair_twins(self) -> bool:
        """Pair nodes that no edge tells apart, however far one looks; True if anything was found."""
        olds, news = self._own, self._own
        kinds = 0
        while (len(set(olds.values())) + len(set(news.values()))) > kinds:
            kinds = len(set(olds.values())) + len(set(news.values()))
            olds, news = self._one_deeper(olds, news)
        return self._pair_groups(olds, news, twins=True)

    def _one_deeper(self, olds: Mapping[str, int], news: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
        return self._deeper(self._old, self._gone, olds), self._deeper(self._new, self._come, news)

    def _deeper(self, side: _Side, group: set[str], numbers: Mapping[str, int]) -> dict[str, int]:
        return {node_id: self._number((self._own[node_id], *sorted(self._seen(side, node_id, numbers)))) for node_id in group}

    @staticmethod
    def _seen(side: _Side, node_id: str, numbers: Mapping[str, int]) -> Iterator[tuple[bool, str, str, str]]:
        for wire in side.wires.get(node_id, ()):
            token = side.token.get(wire.other)
            yield wire.is_input, wire.port, token if token is not None else f"? {numbers.get(wire.other)}", wire.other_port

    def _pair_groups(self, olds: Mapping[str, int], news: Mapping[str, int], *, twins: bool) -> bool:
        groups: dict[int, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
        for index, (numbers, group) in enumerate(((olds, self._gone), (news, self._come))):
            for node_id in group:
                groups[numbers[node_id]][index].append(node_id)
        found = 0
        for gone, come in groups.values():
            if len(gone) == len(come) == 1 or (twins and len(gone) == len(come)):
                for old_id, new_id in zip(sorted(gone), sorted(come), strict=True):
                    self._pair(old_id, new_id)
                    found += 1
        return found > 0

    # --- alike

    def _pair_the_alike(self) -> bool:
        """Pair those that are most alike, the surest first; True if anything was found."""
        queue = [(-self._likeness(old_id, new_id), old_id, new_id) for old_id, new_id in self._rivals()]
        queue = [entry for entry in queue if entry[0]]
        heapq.heapify(queue)
        found = 0
        while queue:
            likeness, old_id, new_id = heapq.heappop(queue)
            if old_id not in self._gone or new_id not in self._come:
                continue
            present = -self._likeness(old_id, new_id)
            if present > likeness:  # a neighbour was paired with another one meanwhile
                if present:
                    heapq.heappush(queue, (present, old_id, new_id))
                continue
            self._pair(old_id, new_id)
            found += 1
            for entry in self._neighbours(old_id, new_id):
                heapq.heappush(queue, entry)
        return found > 0

    def _neighbours(self, old_id: str, new_id: str) -> Iterator[tuple[float, str, str]]:
        """The rivals that a pair makes surer: what hangs at the same ports of both."""
        hanging: dict[tuple[bool, str, str], list[str]] = defaultdict(list)
        for wire in self._new.wires.get(new_id, ()):
            if wire.other in self._come:
                hanging[wire.is_input, wire.port, wire.other_port].append(wire.other)
        for wire in self._old.wires.get(old_id, ()):
            if wire.other in self._gone:
                for other in hanging.get((wire.is_input, wire.port, wire.other_port), ())[:_MOST_RIVALS]:
                    likeness = self._likeness(wire.other, other) if self._family[other] == self._family[wire.other] else 0
                    if likeness:
                        yield -likeness, wire.other, other

    def _rivals(self) -> Iterator[tuple[str, str]]:
        """Pairs of one family worth a closer look."""
        by_family: dict[str, list[str]] = defaultdict(list)
        for new_id in sorted(self._come):
            by_family[self._family[new_id]].append(new_id)
        by_trait: dict[Hashable, list[str]] = defaultdict(list)
        if any(len(group) > _MOST_RIVALS for group in by_family.values()):
            for new_id in sorted(self._come):
                for trait in self._traits(self._new, new_id):
                    by_trait[trait].append(new_id)
        for old_id in sorted(self._gone):
            rivals = by_family.get(self._family[old_id], [])
            if len(rivals) > _MOST_RIVALS:
                likely = dict.fromkeys(new_id for trait in self._traits(self._old, old_id) for new_id in by_trait.get(trait, ())[:_MOST_RIVALS])
                rivals = [new_id for new_id in likely if self._family[new_id] == self._family[old_id]][:_MOST_RIVALS]
            for new_id in rivals:
                yield old_id, new_id

    def _traits(self, side: _Side, node_id: str) -> Iterator[Hashable]:
        for wire in side.wires.get(node_id, ()):
            if wire.other in side.token:
                yield wire.is_input, wire.port, side.token[wire.other], wire.other_port
        yield self._own[node_id]

    def _likeness(self, old_id: str, new_id: str) -> float:
        """What two nodes share of all that either has, 0 to 1; 0 where it is too little for a pair."""
        old, new = self._content(self._old, old_id), self._content(self._new, new_id)
        shared = 2 * sum(weight for part, weight in old.parts.items() if part in new.parts)
        total = sum(old.parts.values()) + sum(new.parts.values())
        for name, lines in old.scripts.items():
            if name in new.scripts:
                shared += 2 * _SCRIPT * _common(lines, new.scripts[name])
        total += _SCRIPT * (len(old.scripts) + len(new.scripts))
        edges, all_edges, is_settled = self._shared_edges(old_id, new_id)
        if all_edges and is_settled:
            return max((shared + edges) / (total + all_edges), _ENOUGH)
        likeness = (shared + edges) / (total + all_edges) if total + all_edges else 0.0
        return likeness if likeness >= _ENOUGH else 0.0

    def _shared_edges(self, old_id: str, new_id: str) -> tuple[float, float, bool]:
        """The weight of the edges two nodes share, twice, that of all their edges, and whether all are shared and lead to pairs."""
        olds, news = self._edges(self._old, old_id), self._edges(self._new, new_id)
        sure = sum((olds[True] & news[True]).values())
        loose = sum((olds[False] & news[False]).values())
        sure_count, loose_count = (sum(olds[known].values()) + sum(news[known].values()) for known in (True, False))
        weight = _EDGE * sure_count + _LOOSE_EDGE * loose_count
        return 2 * (_EDGE * sure + _LOOSE_EDGE * loose), weight, sure_count > 0 and 2 * sure == sure_count and not loose_count

    def _edges(self, side: _Side, node_id: str) -> dict[bool, Counter[Hashable]]:
        found: dict[bool, Counter[Hashable]] = {True: Counter(), False: Counter()}
        for wire in side.wires.get(node_id, ()):
            token = side.token.get(wire.other)
            far = token if token is not None else self._family.get(wire.other, "")
            found[token is not None][wire.is_input, wire.port, far, wire.other_port] += 1
        return found

    def _content(self, side: _Side, node_id: str) -> _Content:
        if node_id not in self._contents:
            self._contents[node_id] = _content(side.nodes[node_id])
        return self._contents[node_id]


def _identity(node: Json) -> Hashable:
    """What a node is, apart from its id and its wiring: equal for equal nodes only."""
    assert isinstance(node, Mapping)
    parameters = keyed.by_member(node.get(keyed.PARAMETERS), "Name")
    return (
        _family(node),
        str(node.get("Comment") or ""),
        dumps_sorted(node.get(keyed.PARAMETERS)) if parameters is None else dumps_sorted(parameters),
        tuple(sorted(_assets(node))),
    )


def _assets(node: Object) -> Iterator[tuple[str, str]]:
    """(port, family) of the assets at a node's ports; the workspace and the version of a copy are others."""
    ports = node.get(keyed.INPUTS)
    for port in ports if isinstance(ports, list) else ():
        for member in PORT_MEMBERS:
            asset_id = port.get(member) if isinstance(port, Mapping) else None
            if isinstance(asset_id, str) and asset_id:
                resource = ids.resource_id(asset_id)
                yield str(port.get("Name")), resource.family if resource else asset_id


def _content(node: Json) -> _Content:
    assert isinstance(node, Mapping)
    parts: dict[Hashable, float] = {("asset", *asset): _ASSET for asset in _assets(node)}
    if node.get("Comment"):
        parts["comment", str(node["Comment"])] = _COMMENT
    found: dict[str, Counter[str]] = {}
    for name, parameter in (keyed.by_member(node.get(keyed.PARAMETERS), "Name") or {}).items():
        value = parameter.get("Value") if isinstance(parameter, Mapping) else None
        if isinstance(value, str) and scripts.extension(str(node.get("ModuleId")), name) is not None:
            found[name] = Counter(line.strip() for line in value.splitlines())
        else:
            parts["parameter", name, dumps_sorted(value)] = _PARAMETER
    return _Content(parts, found)


def _common(one: Counter[str], other: Counter[str]) -> float:
    total = sum(one.values()) + sum(other.values())
    return 2 * sum((one & other).values()) / total if total else 1.0
