"""Sound graphs, edits of them that count as one change each, and graphs re-created with new ids.

Where `generate.exports()` draws whatever may come, usual and odd, these are graphs as people make them: no faults, every edit known.
"""

import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field

from hypothesis import strategies as st

from amlgit.compare.changes import ChangeClass, Diff, Edit, Kind, What
from amlgit.model.jsontext import dumps, loads
from tests.support.exports import Document
from tests.support.spellings import boxes_of
from tests.support.wire import FAMILY, GLOBAL, HEAD, IMPORT, PYTHON, SELECT, SPLIT, SQL, TAIL, WORKSPACE

SEEDS = st.integers(0, 2**32)
"""What the graphs here are drawn by."""

EVALUATE = f"{GLOBAL}.927d65ac3b504694990320f6c1672089.v1-default-1729"
"""A module that no generated graph has, for nodes that are added: they can't be taken for one that was removed."""
_DATASETS = tuple(f"{WORKSPACE}.{digit * 32}.{digit * 8}" for digit in "abcdef")


@dataclass(frozen=True, slots=True)
class _Module:
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: tuple[str, ...]
    script: str | None = None


_MODULES: Mapping[str, _Module] = {
    IMPORT: _Module((), ("Results dataset",), ("Data source", "Database name"), "Database Query"),
    PYTHON: _Module(("Dataset1", "Dataset2"), ("Result Dataset", "Python Device"), ("Python Version",), "R Script"),
    SQL: _Module(("Table1", "Table2"), ("Results dataset",), (), "SQL Query Script"),
    SELECT: _Module(("Dataset",), ("Results dataset",), ("Select Columns", "Mode")),
    SPLIT: _Module(("Dataset",), ("Results dataset1", "Results dataset2"), ("Fraction", "Random seed", "Stratified split")),
    EVALUATE: _Module(("Scored dataset", "Scored dataset to compare"), ("Evaluation results",), ("Metric",)),
}


# --- graphs


def node_id(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}-{chance.randint(10, 99999)}"


def node(name: str, module: str, chance: random.Random) -> Document:
    """A node as Studio would write it, with values of its own."""
    kind = _MODULES[module]
    parameters = {parameter: str(chance.randint(0, 10**6)) for parameter in kind.parameters}
    if kind.script:
        parameters[kind.script] = "\r\n".join(f"line {chance.randint(0, 10**6)}" for _ in range(chance.randint(4, 12)))
    assets = dict.fromkeys(("DataSourceId", "TrainedModelId", "TransformModuleId"))
    return {
        "Id": name,
        "ModuleId": module,
        "Comment": chance.choice(("", "", f"comment {chance.randint(0, 99)}")),
        "CommentCollapsed": True,
        "Language": "DotNet",
        "Version": "4.5.0",
        "UsePreviousResults": True,
        "IsPartOfPartialRun": False,
        "ModuleParameters": [
            {"Name": key, "Value": value, "ValueType": "Literal", "LinkedGlobalParameter": None} for key, value in parameters.items()
        ],
        "InputPortsInternal": [
            {"Name": port, **assets, "Language": "DotNet", "Version": "4.5.0", "PortIndex": None, "NodeId": name} for port in kind.inputs
        ],
        "OutputPortsInternal": [{"Name": port, "NodeId": name, "OutputType": None} for port in kind.outputs],
    }


def edge(source: str, destination: str) -> Document:
    return {"SourceOutputPortId": source, "DestinationInputPortId": destination, "DestinationInputPortIndex": None}


def layout(places: Mapping[str, str]) -> str:
    return HEAD + "".join(f"<NodePosition Node='{name}' Position='{place}'/>" for name, place in places.items()) + TAIL


def sound_graph(size: int, seed: int) -> Document:
    """An experiment of `size` nodes without a fault, each fed by some before it."""
    chance = random.Random(seed)
    nodes: list[Document] = []
    edges: list[Document] = []
    for _ in range(size):
        new = node(node_id(chance), chance.choice([module for module in _MODULES if module != EVALUATE]) if nodes else IMPORT, chance)
        outputs = [f"{one['Id']}:{port['Name']}" for one in nodes for port in one["OutputPortsInternal"]]
        for port in new["InputPortsInternal"]:
            if chance.random() < 0.7:
                edges.append(edge(chance.choice(outputs), f"{new['Id']}:{port['Name']}"))
            elif chance.random() < 0.5:
                port["DataSourceId"] = chance.choice(_DATASETS)
        nodes.append(new)
    places = {one["Id"]: f"{number * 10},{number * 130},200,200" for number, one in enumerate(nodes)}
    return {
        "ExperimentId": f"{WORKSPACE}.f-id.{FAMILY}",
        "Description": "A graph",
        "Summary": "",
        "Tags": ["one", "two"],
        "Etag": "W/1",
        "Graph": {
            "ModuleNodes": nodes,
            "EdgesInternal": edges,
            "SerializedClientData": layout(places),
            "PublishInfo": None,
            "Parameters": None,
        },
        "WebService": {
            "Inputs": [],
            "Outputs": [{"Id": "1-1-1", "PortId": f"{nodes[0]['Id']}:Results dataset", "Name": "output"}] if nodes else [],
            "Parameters": [{"Name": "Global", "Value": "1", "ParameterDefinition": {"Name": "Global", "DefaultValue": "1"}}],
            "WebServiceGroupId": None,
            "SerializedClientData": layout(places),
        },
        "NodeStatuses": [],
    }


def sound_graphs(most: int = 12) -> st.SearchStrategy[Document]:
    return st.builds(sound_graph, st.integers(1, most), st.integers(0, 2**32))


def recreated(document: Document, seed: int, share: float = 1.0) -> tuple[Document, dict[str, str]]:
    """A copy with new ids for a share of the nodes; and old id → new id."""
    chance = random.Random(f"ids {seed}")
    names = [one["Id"] for one in document["Graph"]["ModuleNodes"]]
    pairs = {name: node_id(chance) for name in chance.sample(names, round(len(names) * share))}
    pattern = "|".join(map(re.escape, pairs))
    text = dumps(document).decode()
    copy: Document = loads(re.sub(pattern, lambda match: pairs[match[0]], text).encode() if pairs else text.encode())  # type: ignore[assignment]  # an export
    return copy, pairs


# --- edits


@dataclass(frozen=True, slots=True)
class Expected:
    """The change that an edit must come to."""

    change_class: ChangeClass
    what: What
    kind: Kind
    node: str | None = None


@dataclass(slots=True)
class Editor:
    """A graph under edit. No two edits touch one thing: each takes nodes that none has taken yet."""

    document: Document
    chance: random.Random
    taken: set[str] = field(default_factory=set)
    expected: list[Expected] = field(default_factory=list)

    @property
    def graph(self) -> Document:
        found: Document = self.document["Graph"]
        return found

    def edit(self, number: int) -> None:
        """That many edits, fewer where the graph has nothing left to take."""
        for _ in range(number):
            kind = self.chance.choice(EDITS)
            found = kind(self)
            if found is not None:
                self.expected.append(found)

    def take(self, is_fit: Callable[[Document], bool] = lambda _: True) -> Document | None:
        free = [one for one in self.graph["ModuleNodes"] if one["Id"] not in self.taken and is_fit(one)]
        if not free:
            return None
        found: Document = self.chance.choice(free)
        self.taken.add(found["Id"])
        return found

    def take_once(self, name: str) -> bool:
        """Whether something that is no node is still to be had."""
        is_free = name not in self.taken
        self.taken.add(name)
        return is_free

    def neighbours(self, name: str) -> set[str]:
        ends = [(one["SourceOutputPortId"].partition(":")[0], one["DestinationInputPortId"].partition(":")[0]) for one in self.graph["EdgesInternal"]]
        return {other for pair in ends if name in pair for other in pair} - {name}

    def feeds(self, name: str) -> list[Document]:
        return [one for one in self.graph["EdgesInternal"] if one["DestinationInputPortId"].startswith(f"{name}:")]

    def earlier_output(self, name: str) -> str | None:
        """An output of a node that stands before another, so that an edge from it makes no circle."""
        nodes = [one["Id"] for one in self.graph["ModuleNodes"]]
        before = self.graph["ModuleNodes"][: nodes.index(name)]
        outputs = [f"{one['Id']}:{port['Name']}" for one in before if one["Id"] not in self.taken for port in one["OutputPortsInternal"]]
        return self.chance.choice(outputs) if outputs else None


def _parameter(editor: Editor) -> Expected | None:
    return _value(editor, is_script=False)


def _script(editor: Editor) -> Expected | None:
    return _value(editor, is_script=True)


def _value(editor: Editor, *, is_script: bool) -> Expected | None:
    def fitting(one: Document) -> list[Document]:
        script = _MODULES[one["ModuleId"]].script
        return [parameter for parameter in one["ModuleParameters"] if (parameter["Name"] == script) == is_script]

    found = editor.take(lambda one: bool(fitting(one)))
    if found is None:
        return None
    editor.chance.choice(fitting(found))["Value"] += " edited"
    name = "script" if is_script else "parameter"
    return Expected(ChangeClass(name), What(name), Kind.CHANGED, found["Id"])


def _comment(editor: Editor) -> Expected | None:
    found = editor.take()
    if found is None:
        return None
    found["Comment"] += " edited"
    return Expected(ChangeClass.METADATA, What.FIELD, Kind.CHANGED, found["Id"])


def _module_version(editor: Editor) -> Expected | None:
    found = editor.take()
    if found is None:
        return None
    found["ModuleId"] += "0"
    return Expected(ChangeClass.MODULE, What.MODULE, Kind.CHANGED, found["Id"])


def _dataset(editor: Editor) -> Expected | None:
    found = editor.take(lambda one: any(port["DataSourceId"] for port in one["InputPortsInternal"]))
    if found is None:
        return None
    port = next(port for port in found["InputPortsInternal"] if port["DataSourceId"])
    port["DataSourceId"] = f"{WORKSPACE}.{'9' * 32}.{editor.chance.getrandbits(32):08x}"
    return Expected(ChangeClass.DATA, What.ASSET, Kind.CHANGED, found["Id"])


def _rewiring(editor: Editor) -> Expected | None:
    found = editor.take(lambda one: bool(editor.feeds(one["Id"])))
    if found is None:
        return None
    wire = editor.chance.choice(editor.feeds(found["Id"]))
    source = editor.earlier_output(found["Id"])
    if source in (None, wire["SourceOutputPortId"]) or wire["SourceOutputPortId"].partition(":")[0] in editor.taken:
        return None
    editor.taken |= {source.partition(":")[0], wire["SourceOutputPortId"].partition(":")[0]}
    wire["SourceOutputPortId"] = source
    return Expected(ChangeClass.WIRING, What.EDGE, Kind.REWIRED, found["Id"])


def _unwiring(editor: Editor) -> Expected | None:
    found = editor.take(lambda one: bool(editor.feeds(one["Id"])))
    if found is None:
        return None
    wire = editor.chance.choice(editor.feeds(found["Id"]))
    if wire["SourceOutputPortId"].partition(":")[0] in editor.taken:
        return None
    editor.taken.add(wire["SourceOutputPortId"].partition(":")[0])
    editor.graph["EdgesInternal"].remove(wire)
    return Expected(ChangeClass.WIRING, What.EDGE, Kind.REMOVED, found["Id"])


def _removal(editor: Editor) -> Expected | None:
    found = editor.take(lambda one: one is not editor.graph["ModuleNodes"][0] and not editor.neighbours(one["Id"]) & editor.taken)
    if found is None:
        return None
    name = found["Id"]
    editor.taken |= editor.neighbours(name)
    editor.graph["ModuleNodes"] = [one for one in editor.graph["ModuleNodes"] if one is not found]
    editor.graph["EdgesInternal"] = [
        one
        for one in editor.graph["EdgesInternal"]
        if name not in (one["SourceOutputPortId"].partition(":")[0], one["DestinationInputPortId"].partition(":")[0])
    ]
    for owner in (editor.graph, editor.document["WebService"]):
        head, found_boxes, tail = boxes_of(owner["SerializedClientData"])
        owner["SerializedClientData"] = head + "".join(box for box in found_boxes if f"'{name}'" not in box) + tail
    return Expected(ChangeClass.WIRING, What.NODE, Kind.REMOVED, name)


def _addition(editor: Editor) -> Expected | None:
    new = node(node_id(editor.chance), EVALUATE, editor.chance)
    editor.graph["ModuleNodes"].append(new)
    editor.taken.add(new["Id"])
    source = editor.earlier_output(new["Id"])
    if source is not None:
        editor.taken.add(source.partition(":")[0])
        editor.graph["EdgesInternal"].append(edge(source, f"{new['Id']}:Scored dataset"))
    canvas = editor.graph["SerializedClientData"]
    box = f"<NodePosition Node='{new['Id']}' Position='1,2,200,200'/>"
    editor.graph["SerializedClientData"] = canvas.replace("</NodePositions>", f"{box}</NodePositions>")
    return Expected(ChangeClass.WIRING, What.NODE, Kind.ADDED, new["Id"])


def _title(editor: Editor) -> Expected | None:
    if not editor.take_once("the title"):
        return None
    editor.document["Description"] += f" {editor.chance.random()}"
    return Expected(ChangeClass.METADATA, What.FIELD, Kind.CHANGED)


def _tag(editor: Editor) -> Expected | None:
    editor.document["Tags"].append(f"tag {editor.chance.random()}")
    return Expected(ChangeClass.METADATA, What.FIELD, Kind.ADDED)


def _output(editor: Editor) -> Expected | None:
    name = f"output {editor.chance.random()}"
    editor.document["WebService"]["Outputs"].append({"Id": name, "PortId": None, "Name": name})
    return Expected(ChangeClass.INTERFACE, What.PORT, Kind.ADDED)


def _global(editor: Editor) -> Expected | None:
    if not editor.take_once("the global parameter"):
        return None
    editor.document["WebService"]["Parameters"][0]["Value"] += f" {editor.chance.random()}"
    return Expected(ChangeClass.INTERFACE, What.PARAMETER, Kind.CHANGED)


EDITS: Sequence[Callable[[Editor], Expected | None]] = (
    *(_parameter, _parameter, _script, _comment, _module_version, _dataset, _rewiring, _unwiring, _removal, _addition),
    *(_title, _tag, _output, _global),
)


def edited(document: Document, seed: int | str, number: int = 4, taken: Iterable[str] = ()) -> Editor:
    """A copy of a graph with a few edits, each of other nodes, none of `taken`."""
    editor = Editor(deepcopy(document), random.Random(f"edits {seed}"), set(taken))
    editor.edit(number)
    return editor


def moved(document: Document, seed: int) -> Document:
    """A copy with every box elsewhere."""
    copy = deepcopy(document)
    chance = random.Random(seed)
    for owner in (copy["Graph"], copy.get("WebService")):
        if owner and isinstance(owner.get("SerializedClientData"), str):
            owner["SerializedClientData"] = re.sub(
                "Position='[^']*'", lambda _: f"Position='{chance.randint(0, 10**6)},7,200,200'", owner["SerializedClientData"]
            )
    return copy


# --- what a diff found


def edits(found: Diff) -> tuple[Edit, ...]:
    """All that a diff says has to be done."""
    return tuple(edit for change in found.changes for edit in change.edits)


def kinds(found: Diff) -> list[tuple[str, str, str, str | None]]:
    """What a diff found, in short."""
    return sorted(((change.change_class, change.what, change.kind, change.node.id if change.node else None) for change in found.changes), key=str)
