"""Whole exports in wire shape, usual and odd, for the laws; and what it means for two of them to be equal.

`exports()` draws them; `shuffled` and `respelled` write the same thing another way; `sample_exports` and `corpus_exports`
are files made by hand and by the real service, as parameters for `pytest.mark.parametrize`.
"""

import os
import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypeVar
from urllib.parse import quote, unquote

import pytest
from hypothesis import strategies as st

from amlgit import samples
from amlgit.form import secrets
from amlgit.form.experiments import Form, join
from amlgit.form.pages import MARKERS
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import ids
from amlgit.model.jsontext import Json, Number, Object, dumps, dumps_sorted, loads

Draw: TypeAlias = st.DrawFn
Members: TypeAlias = dict[str, Json]
Place: TypeAlias = tuple[str | int, ...]
Value = TypeVar("Value")

GLOBAL = "506153734175476c4f62416c57734963"
WORKSPACE = "333533ce0e6e44b38365410aec94d7f2"
FAMILY = "05126fa5778a4ad0a26931487d3a0821"
PYTHON, R, R_MODEL, SQL, IMPORT, ENTER, SELECT, SPLIT = (
    f"{GLOBAL}.{family}.v1-default-1729"
    for family in (
        "cdb56f957f4c404dbde75bb972e6f232",
        "30806023392b42e094d66b775a6e0fd5",
        "314e34a8b24c4870afe62649b6fc7476",
        "90381e8067c34d9987541db785b7ea37",
        "4e1b0fe6aded4b3fa36f39b8862b9004",
        "4fbef0ab2c8e4a25b5c47be76eac33d6",
        "1ec722fab6234e26a44ea50c6d726223",
        "70530644c97a4ab685f788bf30a8be5f",
    )
)
SCRIPTS: Mapping[str, tuple[str, ...]] = {
    PYTHON: ("R Script",),
    R: ("R Script",),
    R_MODEL: ("Trainer R script", "Scorer R script"),
    SQL: ("SQL Query Script",),
    IMPORT: ("Database Query", "Hive Database Query"),
    ENTER: ("Data",),
}
"""Modules with scripts, and the parameters that hold them."""

HEAD = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema' "
    "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions>"
)
TAIL = "</NodePositions><NodeGroups /></DataV1>"

_MODULES = (
    *SCRIPTS,
    SELECT,
    SPLIT,
    PYTHON.upper(),
    f"{GLOBAL}.0123456789abcdef0123456789abcdef.v1-default-1",
    f"{WORKSPACE}.0123456789abcdef0123456789abcdef.fedcba98-7654-3210",
    "some module",
    "",
)
_NODE_IDS = (
    *(f"c1ef{number:04x}-0000-4000-8000-00000000000{guid}-{number}" for guid in (1, 2) for number in (7, 1258)),
    "c1ef0000-0000-4000-8000-000000000003-7",
    "C1EF0000-0000-4000-8000-000000000003-7",
    "a0b1c2d3-0000-4000-8000-000000000004-0012",
    "a node",
    "узел 😀",
)
_PORTS = ("Dataset", "Dataset1", "Results dataset", "a:b", "", "א😀")
_LOOKALIKES = ("${secret:x}", "$${secret:x}", "$$${secret:account key}", "{secret:", "a ${secret:} b", "${secret:${secret:x}}", "$", "$$")
_TEXTS = (
    "",
    "True",
    "0.7",
    "naïve café",
    "e\u0301 decomposed",
    "😀 👩‍👩‍👧",
    "אבג \u202eדהח",
    "a/b\\c\"d'e",
    "line\nline\r\nline",
    "\u2028\u0085\x00\x7f",
    "<a & b>",
    "%7B not columns",
    '{"rules"',
    "CON",
    *_LOOKALIKES,
)
_MEMBER_NAMES = (*sorted(MARKERS), "$File", "$$Source", "$Absent", "$type", "Extra", "ключ", "😀", "a b", "", "${secret:x}")
_NUMBERS: tuple[Json, ...] = (
    0,
    -1,
    1.5,
    -0.0,
    0.1,
    10**29 + 1,
    -(10**30),
    2**63,
    Number("1E5"),
    Number("1.10"),
    Number("-0"),
    Number("1e-400"),
    Number("0.30000000000000000004"),
)
_SCRIPT_LINES = ("", "import os", "# é 😀", "x = 'a'", "\tindented", "# ${secret:x}", "# $${secret:x}", "\x0cpage", "ends in spaces  ")


def _texts() -> st.SearchStrategy[str]:
    return st.one_of(st.sampled_from(_TEXTS), st.text(st.characters(codec="utf-8"), max_size=12))


def _scalars() -> st.SearchStrategy[Json]:
    return st.one_of(st.none(), st.booleans(), st.sampled_from(_NUMBERS), st.integers(), _texts())


def values() -> st.SearchStrategy[Json]:
    """Any JSON, small."""
    names = st.one_of(st.sampled_from(_MEMBER_NAMES), _texts())
    return st.recursive(_scalars(), lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=3)), max_leaves=5)


def _is_rare(draw: Draw, one_in: int = 12) -> bool:
    return draw(st.integers(0, one_in - 1)) == one_in - 1


def _odd(draw: Draw, members: Members, keep: Sequence[str] = (), change: Sequence[str] = ()) -> Members:
    """Now and then with a member that nobody knows, without a usual one (but `keep`), or with any value in one of `change`."""
    if _is_rare(draw):
        members = {**members, draw(st.sampled_from([name for name in _MEMBER_NAMES if name not in members])): draw(values())}
    droppable = sorted(members.keys() - set(keep))
    if droppable and _is_rare(draw):
        dropped = draw(st.sampled_from(droppable))
        members = {name: value for name, value in members.items() if name != dropped}
    if change and _is_rare(draw):
        members = {**members, draw(st.sampled_from(change)): draw(values())}
    return members


@st.composite
def exports(draw: Draw) -> Members:
    """An experiment's export in wire shape, usual in most places and odd in some."""
    node_ids = draw(st.lists(st.sampled_from(_NODE_IDS), max_size=5, unique=True))
    nodes = [_node(draw, node_id) for node_id in node_ids]
    graph: Members = {
        "ModuleNodes": list(nodes),
        "SerializedClientData": _layout(draw, node_ids),
        "PublishInfo": None,
        "Parameters": draw(st.one_of(st.none(), st.lists(values(), max_size=2))),
        "EdgesInternal": _edges(draw, nodes),
    }
    if _is_rare(draw, 20):
        graph["EdgesInternal"] = None
    document: Members = {
        "ExperimentId": f"{WORKSPACE}.f-id.{FAMILY}",
        "RunId": draw(st.sampled_from([None, f"{WORKSPACE}.s-id.{FAMILY}.9953-08-08t05.48.40"])),
        "ParentExperimentId": None,
        "OriginalExperimentDocumentationLink": None,
        "Summary": draw(_texts()),
        "Description": draw(_texts()),
        "Graph": _odd(draw, graph, ("ModuleNodes",), ("PublishInfo", "Parameters")),
        "Status": _odd(draw, _status(draw)),
        "Etag": "W/\"datetime'2016-05-25T20%3A22%3A48.9673538Z'\"",
        "NodeStatuses": [_node_status(draw, node_id) for node_id in node_ids],
        "Creator": draw(_texts()),
        "IsLeaf": True,
        "DisableNodesUpdate": draw(st.sampled_from([None, False, True])),
        "WebService": _web_service(draw, nodes),
        "Category": "user",
        "Tags": draw(st.one_of(st.none(), st.lists(_scalars(), max_size=3))),
        "IsPartialRun": False,
    }
    others = tuple(document.keys() - {"ExperimentId", "Graph", "NodeStatuses", "WebService"})
    return _odd(draw, document, ("ExperimentId", "Graph"), sorted(others))


def _status(draw: Draw) -> Members:
    return {
        "StatusCode": draw(st.sampled_from(["Finished", "Failed", "InDraft", None])),
        "StatusDetail": draw(st.sampled_from(["None", "Task output was present in output cache", None])),
        "CreationTime": "/Date(1464199877746)/",
        "EndTime": "/Date(-62135596800000)/",
        "Metadata": None,
    }


def _node(draw: Draw, node_id: str) -> Members:
    module = draw(st.sampled_from(_MODULES))
    node: Members = {
        "Id": node_id,
        "ModuleId": module,
        "Comment": draw(_texts()),
        "CommentCollapsed": draw(st.booleans()),
        "Language": draw(st.sampled_from(["DotNet", "DotNet", None])),
        "Version": draw(st.sampled_from(["4.5.0", "4.5.0", None])),
        "UsePreviousResults": draw(st.booleans()),
        "ModuleParameters": _parameters(draw, module),
        "IsPartOfPartialRun": draw(st.sampled_from([False, False, None])),
        "InputPortsInternal": [_input_port(draw, node_id, name) for name in draw(st.lists(st.sampled_from(_PORTS), max_size=3))],
        "OutputPortsInternal": [_output_port(draw, node_id, name) for name in draw(st.lists(st.sampled_from(_PORTS), max_size=2))],
    }
    return _odd(draw, node, ("Id", "ModuleId"), ("Comment", "Language", "Version", "UsePreviousResults", "IsPartOfPartialRun"))


def _input_port(draw: Draw, node_id: str, name: str) -> Json:
    port: Members = {
        "Name": name,
        "DataSourceId": draw(st.sampled_from([None, None, f"{WORKSPACE}.195b699a05f9e3c49d4bb0d3a155ca7e.b340f793"])),
        "TrainedModelId": None,
        "TransformModuleId": None,
        "Language": "DotNet",
        "Version": "4.5.0",
        "PortIndex": None,
        "NodeId": node_id,
    }
    return _odd(draw, port, ("Name",), ("DataSourceId", "Language", "PortIndex", "NodeId"))


def _output_port(draw: Draw, node_id: str, name: str) -> Json:
    port: Members = {"Name": name, "NodeId": node_id, "OutputType": draw(st.sampled_from([None, "TrainedModel"]))}
    return _odd(draw, port, ("Name",), ("NodeId", "OutputType"))


def _parameters(draw: Draw, module: str) -> Json:
    parameters: list[Members] = [_parameter(name, draw(script_texts())) for name in SCRIPTS.get(module, ())]
    for name in draw(st.lists(st.sampled_from(["Select Columns", "Seed", "Seed", "Mode", "Password", "Account Key", "Column 😀"]), max_size=3)):
        value = draw(st.one_of(_texts(), _column_selections()))
        linked = draw(st.sampled_from([None, None, "Global", "Data path"]))
        kind = draw(st.sampled_from(["Literal", "Literal", "GraphParameterName", "PlaceHolder"]))
        parameters.append({**_parameter(name, value), "LinkedGlobalParameter": linked, "ValueType": kind})
    parameters = draw(st.permutations(parameters))
    return [_odd(draw, parameter, ("Name",), ("Value", "ValueType", "LinkedGlobalParameter")) for parameter in parameters]


def _parameter(name: str, value: Json) -> Members:
    return {"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": name, "Value": value}


@st.composite
def script_texts(draw: Draw) -> str:
    """A script with LF, CRLF, mixed or odd line ends, with and without a final one."""
    ends = draw(st.sampled_from([("\n",), ("\r\n",), ("\n", "\r\n"), ("\r",), ("\r\r\n", "\n")]))
    lines = draw(st.lists(st.tuples(st.sampled_from(_SCRIPT_LINES), st.sampled_from(ends)), max_size=5))
    return "".join(line + end for line, end in lines) + draw(st.sampled_from(["", "", "last", "\n\n"]))


@st.composite
def _column_selections(draw: Draw) -> str:
    names = draw(st.lists(_texts(), max_size=2))
    rule: Members = {"ruleType": "ColumnNames", "columns": [*names], "exclude": draw(st.booleans())}
    selection: Members = draw(
        st.sampled_from(
            [
                {"isFilter": True, "rules": [rule]},
                {"rules": [rule, {"ruleType": "AllColumns", "exclude": True}], "isFilter": True, "ui": {"withRules": True}},
                {"rules": [], "File": "x", "Columns": 1, "odd": [Number("1.10"), Number("1E5"), 10**29]},
                {"isFilter": True},
            ]
        )
    )
    plain = dumps(selection).decode()
    encode: Callable[[str], str] = draw(
        st.sampled_from(
            [
                lambda text: quote(text, safe="-_.!~*'()"),
                lambda text: quote(text, safe=""),
                lambda text: quote(text, safe="-_.!~*'()").lower(),
                lambda text: text,
                lambda text: text.replace(":", ": "),
            ]
        )
    )
    return encode(plain)


def _edges(draw: Draw, nodes: Sequence[Members]) -> Json:
    outputs, inputs = ([f"{node['Id']}:{name}" for node in nodes for name in _port_names(node, kind)] for kind in ("Output", "Input"))
    strangers = ["f0f0f0f0-0000-4000-8000-000000000009-9:Dataset", "no colon", "", ":", "a node:no such port"]
    edges: list[Json] = []
    for _ in range(draw(st.integers(0, 5)) if nodes else 0):
        edge: Members = {
            "SourceOutputPortId": draw(st.sampled_from([*outputs, *outputs, *strangers])),
            "DestinationInputPortId": draw(st.sampled_from([*inputs, *inputs, *inputs, *strangers])),
            "DestinationInputPortIndex": None,
        }
        edges.append(_odd(draw, edge, (), tuple(edge)))
        if _is_rare(draw):
            edges.append(edges[-1])
    return edges


def _port_names(node: Members, kind: str) -> list[str]:
    ports = node.get(f"{kind}PortsInternal")
    return [str(port["Name"]) for port in ports if isinstance(port, Mapping)] if isinstance(ports, list) else []


def _layout(draw: Draw, node_ids: Sequence[str]) -> Json:
    positions = st.sampled_from(["100,20,200,200", "-10.5,0.30000000000000004,300,100", "NaN", ""])
    others = [f"{WORKSPACE}.195b699a05f9e3c49d4bb0d3a155ca7e.b340f793", "not a node", "${secret:x}", ""]
    places = draw(st.lists(st.tuples(st.sampled_from([*node_ids, *node_ids, *others]), positions), max_size=5))
    boxes = "".join(f"<NodePosition Node='{node}' Position='{position}'/>" for node, position in places)
    return draw(
        st.sampled_from(
            [
                HEAD + boxes + TAIL,
                HEAD + boxes + TAIL,
                HEAD + boxes + TAIL,
                "<?xml version='1.0'?><DataV1><NodePositions>" + boxes + "</NodePositions></DataV1>",
                HEAD + boxes + "</NodePositions><NodeGroups><G a='1'/></NodeGroups></DataV1>",
                HEAD + boxes + "<NodePosition Node=\"x\" Position='1,2,3,4' />" + TAIL,
                HEAD.replace("<NodePositions>", "<!-- a --><NodePositions>\n") + boxes + TAIL,
                "<DataV1 />",
                "",
                None,
            ]
        )
    )


def _web_service(draw: Draw, nodes: Sequence[Members]) -> Json:
    if draw(st.booleans()):
        return None
    ports = [f"{node['Id']}:{name}" for node in nodes for name in _port_names(node, "Output")]
    service: Members = {
        "IsWebServiceExperiment": draw(st.booleans()),
        "Inputs": draw(st.one_of(st.none(), st.just([]))),
        "Outputs": [_service_port(draw, f"{number:08x}-1-1", ports) for number in range(draw(st.integers(0, 2)))],
        "Parameters": [_service_parameter(draw, name) for name in draw(st.lists(st.sampled_from(["Global", "Data path", "Password"]), max_size=2))],
        "WebServiceGroupId": draw(st.sampled_from([None, "cf4c0b57b3784a73a2f0cfc2a1ea2c48"])),
        "ModelPackageId": None,
        "RunId": None,
        "SerializedClientData": _layout(draw, [str(node["Id"]) for node in nodes]),
        "ArmWebServiceId": None,
    }
    return _odd(draw, service, (), ("IsWebServiceExperiment", "RunId"))


def _service_port(draw: Draw, port_id: str, ports: Sequence[str]) -> Json:
    port: Members = {"Id": port_id, "PortId": draw(st.sampled_from([None, "gone:x", "no colon", *ports])), "Name": draw(_texts())}
    return _odd(draw, port, (), tuple(port))


def _service_parameter(draw: Draw, name: str) -> Json:
    definition: Members = {
        "Name": name,
        "FriendlyName": name,
        "Description": draw(st.sampled_from([name, "another"])),
        "ParameterType": draw(st.sampled_from(["Int", "String", "Credential"])),
        "HasDefaultValue": True,
        "DefaultValue": draw(_texts()),
        "IsOptional": False,
        "HasRules": False,
        "ParameterRules": draw(st.sampled_from([[], None, [{"$type": "X.Y, Z", "Min": 1, "Max": Number("1E5")}]])),
        "MarkupType": "Parameter",
        "ScriptName": None,
        "ModeValuesInfo": None,
        "CredentialDescriptor": None,
    }
    parameter: Members = {"Name": name, "Value": draw(_texts()), "ParameterDefinition": _odd(draw, definition, (), tuple(definition))}
    return _odd(draw, parameter, (), tuple(parameter))


def _node_status(draw: Draw, node_id: str) -> Json:
    endpoint: Members = {
        "BaseUri": "https://studio.azureml.net/",
        "Size": -1,
        "Name": "Results dataset",
        "EndpointType": "SasEndpoint",
        "AccessCredential": draw(st.sampled_from([None, "", "?sig=u7P0bZ4mVtq6Wk1XoYcRsD5e", "plain", 'one " quote', "é\\\n"])),
        "Location": "api/sharedaccess",
    }
    status: Members = {
        "NodeId": node_id,
        "Status": _status(draw),
        "StandardErrorEndpoint": None,
        "OutputEndpoints": [_odd(draw, endpoint, ("AccessCredential",))],
        "MetadataOutputEndpoints": {draw(_texts()): [{"Key": "schema", "Value": endpoint}]},
    }
    return _odd(draw, status, (), ("NodeId", "StandardErrorEndpoint"))


def a_graph() -> Members:
    """An export of three nodes in a row: a split, a Python script with CRLF, an R script."""

    def port(node_id: str, name: str) -> Json:
        asset: Members = {"DataSourceId": None, "TrainedModelId": None, "TransformModuleId": None}
        return {"Name": name, **asset, "Language": "DotNet", "Version": "4.5.0", "PortIndex": None, "NodeId": node_id}

    def node(node_id: str, module: str, parameters: dict[str, str]) -> Json:
        return {
            "Id": node_id,
            "ModuleId": module,
            "Comment": "",
            "CommentCollapsed": True,
            "Language": "DotNet",
            "Version": "4.5.0",
            "UsePreviousResults": True,
            "IsPartOfPartialRun": False,
            "ModuleParameters": [
                {"Name": name, "Value": value, "ValueType": "Literal", "LinkedGlobalParameter": None} for name, value in parameters.items()
            ],
            "InputPortsInternal": [port(node_id, "Dataset1"), port(node_id, "Dataset2")],
            "OutputPortsInternal": [{"Name": name, "NodeId": node_id, "OutputType": None} for name in ("Results1", "Results2")],
        }

    def edge(source: str, destination: str) -> Json:
        return {"SourceOutputPortId": source, "DestinationInputPortId": destination, "DestinationInputPortIndex": None}

    first, second, third = (f"{digit * 8}-0000-4000-8000-00000000000{digit}-{digit}1" for digit in "123")
    boxes = "".join(f"<NodePosition Node='{node_id}' Position='{at},0,200,200'/>" for at, node_id in enumerate((first, second, third)))
    return {
        "ExperimentId": "333533ce0e6e44b38365410aec94d7f2.f-id.05126fa5778a4ad0a26931487d3a0821",
        "Description": "Three nodes",
        "Graph": {
            "ModuleNodes": [
                node(first, SPLIT, {"Fraction": "0.7", "Seed": "42"}),
                node(second, PYTHON, {"R Script": "import os\r\nx = 1\r\nprint(x)\r\n"}),
                node(third, R, {"R Script": "x <- 1\ny <- 2", "Seed": ""}),
            ],
            "EdgesInternal": [edge(f"{first}:Results1", f"{second}:Dataset1"), edge(f"{second}:Results1", f"{third}:Dataset1")],
            "SerializedClientData": HEAD + boxes + TAIL,
        },
        "NodeStatuses": [],
    }


def put(value: Json, path: Place, new: Json) -> Json:
    """`value` with `new` at `path`: names of members, indexes of lists (one past the end adds to a list)."""
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(step, int):
        assert isinstance(value, list)
        return [*value[:step], put(value[step] if step < len(value) else None, rest, new), *value[step + 1 :]]
    members = dict(value) if isinstance(value, Mapping) else {}
    members[step] = put(members.get(step), rest, new)
    return members


def put_in(document: Object, path: Place, new: Json) -> Members:
    """An export with `new` at `path`."""
    changed = put(document, path, new)
    assert isinstance(changed, dict)
    return changed


def paths(value: Json, path: Place = ()) -> Iterator[Place]:
    """The places of all members and entries within a value."""
    steps = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in steps:
        yield (*path, step)
        yield from paths(inner, (*path, step))


def some_paths(document: Members) -> list[Place]:
    """Every kind of place once: members by name, entries of a list by the first two."""
    kinds: dict[tuple[str | int, ...], Place] = {}
    for path in paths(document):
        kind = tuple("*" if isinstance(step, int) and index < len(path) - 1 else step for index, step in enumerate(path))
        if not (isinstance(path[-1], int) and path[-1] > 1):
            kinds.setdefault(kind, path)
    return list(kinds.values())


# The same document another way.

_SETS = frozenset(
    {
        ("Graph", "ModuleNodes"),
        ("Graph", "EdgesInternal"),
        ("NodeStatuses",),
        ("Tags",),
        ("WebService", "Inputs"),
        ("WebService", "Outputs"),
        ("WebService", "Parameters"),
    }
)
_LAYOUTS = frozenset({("Graph", "SerializedClientData"), ("WebService", "SerializedClientData")})
_BOX = re.compile(r"<NodePosition Node='[^'<>&\"\r\n\t]*' Position='[^'<>&\"\r\n\t]*'/>")
_BOXES = re.compile(rf"(.*?<NodePositions>)((?:{_BOX.pattern})*)(</NodePositions>(?!.*</NodePositions>).*)", re.DOTALL)


def shuffled(document: Object, seed: int) -> Members:
    """`document` with its members, its sets and its boxes in another order."""
    chance = random.Random(seed)  # an order, no secret
    mixed = _shuffled(document, (), chance)
    assert isinstance(mixed, dict)
    return mixed


def _shuffled(value: Json, path: tuple[str, ...], chance: random.Random) -> Json:
    if isinstance(value, Mapping):
        return {name: _shuffled(member, (*path, name), chance) for name, member in _mixed(list(value.items()), chance)}
    if isinstance(value, list):
        entries = [_shuffled(entry, (*path, "*"), chance) for entry in value]
        return _mixed(entries, chance) if path in _SETS else entries
    if isinstance(value, str) and path in _LAYOUTS:
        head, boxes, tail = boxes_of(value)
        return head + "".join(_mixed(boxes, chance)) + tail
    return value


def _mixed(entries: list[Value], chance: random.Random) -> list[Value]:
    return chance.sample(entries, len(entries))


def boxes_of(layout: str) -> tuple[str, list[str], str]:
    match = _BOXES.fullmatch(layout)
    return (match[1], _BOX.findall(match[2]), match[3]) if match else (layout, [], "")


def respelled(value: Json, seed: int) -> bytes:
    """The JSON text of a value with other white space and other escapes."""
    return "".join(_spelled(value, random.Random(seed))).encode()  # an order, no secret


def _spelled(value: Json, chance: random.Random) -> list[str]:
    def gap() -> str:
        return chance.choice(("", "", " ", "\n\t", "\r\n  "))

    if isinstance(value, Mapping):
        inner = [[gap(), *_string(name, chance), gap(), ":", gap(), *_spelled(member, chance), gap()] for name, member in value.items()]
        return ["{", *_joined(inner), "}"]
    if isinstance(value, list):
        return ["[", *_joined([[gap(), *_spelled(entry, chance), gap()] for entry in value]), "]"]
    return _string(value, chance) if isinstance(value, str) else [dumps(value).decode()]


def _joined(entries: Sequence[Sequence[str]]) -> list[str]:
    return [piece for number, entry in enumerate(entries) for piece in ([","] if number else []) + list(entry)]


def _string(text: str, chance: random.Random) -> list[str]:
    pieces = []
    for character in text:
        if character in '"\\' or character < " " or chance.random() < 0.05:
            units = character.encode("utf-16-be")
            pieces.append("".join(f"\\u{units[at]:02x}{units[at + 1]:02X}" for at in range(0, len(units), 2)))
        else:
            pieces.append("\\/" if character == "/" and chance.random() < 0.5 else character)
    return ['"', *pieces, '"']


# Equal.

_PLACEHOLDER = re.compile(r"\$\{secret:[^{}]*\}")


def equal_but_for_sets_and_secrets(original: Json, back: Json) -> bool:
    """Whether two exports are the same, sets in any order, where `back` may hold placeholders for strings of `original`."""
    return _alike(original, back, ())


def _alike(one: Json, other: Json, path: tuple[str, ...]) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[name], other[name], (*path, name)) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        if path in _SETS:
            return _same_set(one, other, (*path, "*"))
        return len(one) == len(other) and all(_alike(left, right, (*path, "*")) for left, right in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str) and path in _LAYOUTS:
        (head, boxes, tail), (other_head, other_boxes, other_tail) = boxes_of(one), boxes_of(other)
        return (_same_text(head, other_head), sorted(boxes), _same_text(tail, other_tail)) == (True, sorted(other_boxes), True)
    if isinstance(other, str) and not isinstance(one, str):
        return _PLACEHOLDER.fullmatch(other) is not None and one is not None
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(one, other)
    return dumps_sorted(one) == dumps_sorted(other)


def _same_set(one: Sequence[Json], other: Sequence[Json], path: tuple[str, ...]) -> bool:
    exact = Counter(map(dumps_sorted, one)) & Counter(map(dumps_sorted, other))
    rest = _without(other, exact)
    for entry in _without(one, exact):
        found = next((at for at, candidate in enumerate(rest) if _alike(entry, candidate, path)), None)
        if found is None:
            return False
        del rest[found]
    return not rest


def _without(entries: Sequence[Json], exact: Counter[bytes]) -> list[Json]:
    left, rest = Counter(exact), []
    for entry in entries:
        text = dumps_sorted(entry)
        if left[text]:
            left[text] -= 1
        else:
            rest.append(entry)
    return rest


def _same_text(one: str, other: str) -> bool:
    if one == other:
        return True
    if "%7Bsecret%3A" in other:
        one, other = unquote(one), unquote(other)
    pieces = _PLACEHOLDER.split(other)
    return len(pieces) > 1 and re.fullmatch("(?s:.+)".join(map(re.escape, pieces)), one) is not None


# Files.


def _files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.rglob("*.json") if "webservices" not in path.parts)
    assert paths, f"no exports under {folder}"
    return paths


def sample_exports() -> list[Path]:
    """The exports that come with amlgit."""
    return _files(samples.archive())


def corpus_exports() -> list[object]:
    """The exports of the corpus, as parameters of a test; one that is skipped, with the reason, where there is no corpus."""
    return _of_corpus("archive", _files)


def corpus_definitions() -> list[object]:
    """The web service definitions of the corpus, likewise."""
    return _of_corpus("wsd", lambda folder: sorted(folder.glob("*.json")))


def _of_corpus(name: str, files: Callable[[Path], list[Path]]) -> list[object]:
    root = os.environ.get("AMLGIT_CORPUS")
    if not root:
        reason = "AMLGIT_CORPUS is not set: no real files to test against"
        return [pytest.param(Path("no corpus"), marks=pytest.mark.skip(reason=reason), id="no corpus")]
    folder = Path(root, name)
    return [pytest.param(path, id=path.relative_to(folder).as_posix()) for path in files(folder)]


def read(path: Path) -> Members:
    """An export in a file."""
    return loaded(path.read_bytes())


def loaded(data: bytes) -> Members:
    """An export in JSON text."""
    value = loads(data)
    assert isinstance(value, dict)
    return value


# Written down and back.


def family(document: Object) -> str:
    """The family of an export."""
    parts = ids.experiment_id(str(document["ExperimentId"]))
    assert parts is not None
    return parts.family


def split(document: Object, decisions: Decisions | None = None) -> Form:
    """The form of an export, by a splitter that has seen nothing else."""
    return Splitter(decisions or Decisions()).split(dumps(document), family(document))


def whole(form: Form) -> Members:
    """The export that a form came from."""
    back = secrets.unescape(join(form.content, form.run))
    assert isinstance(back, dict)
    return back


def texts(form: Form) -> dict[str, bytes]:
    """All files of a form, by path."""
    return {**form.content, "run.json": form.run}
