"""Whole exports in wire shape, usual and odd, drawn for the laws."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote

from hypothesis import strategies as st

from amlgit.form.pages import MARKERS
from amlgit.model.jsontext import Json, Number, dumps
from tests.support.wire import FAMILY, GLOBAL, HEAD, PYTHON, SCRIPTS, SELECT, SPLIT, TAIL, WORKSPACE, Members

Draw: TypeAlias = st.DrawFn
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
