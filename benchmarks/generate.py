"""Archives of any size: finished runs of made-up experiments, each a few edits away from the run before.

    python benchmarks/generate.py DIR --nodes 20 --snapshots 1000

As the service does it, every run has new times, new outputs and newly signed links. The same arguments give
the same bytes.
"""

import argparse
import json
import re
import sys
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.catalogue import BY_FAMILY, MODULES, SCRIPTS, Module

Document = dict[str, Any]  # any JSON: what is measured are the tools that give it types

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHED = 0.9
_SCRIPT_LINES = (16, 46)
_LONGEST_SCRIPT = 40
_FIRST_RUN = 1_451_898_000_000
_GLOBAL_WORKSPACE = "506153734175476c4f62416c57734963"
_CLIENT_DATA = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema'"
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions>{}</NodePositions>"
    "<NodeGroups /></DataV1>"
)
_SAFE_BASE64 = str.maketrans({"+": "%2B", "/": "%2F", "=": "%3D"})
_MODELS = {"Untrained model", "Trained model"}
_OTHER_KINDS = _MODELS | {"Cleaning transformation", "Transformation function", "Python Device", "R Device"}
_NEVER_FED = {"Table3", "Script Bundle"}
_SELDOM_FED = {"Table2", "Scored dataset to compare"}
_DOTNET = {"Language": "DotNet", "Version": "4.5.0"}
_NO_ASSET = dict.fromkeys(("DataSourceId", "TrainedModelId", "TransformModuleId"))
_NO_SERVICE: Document = {
    "IsWebServiceExperiment": False,
    **{member: [] for member in ("Inputs", "Outputs", "Parameters")},
    **dict.fromkeys(("WebServiceGroupId", "ModelPackageId", "RunId")),
    "SerializedClientData": _CLIENT_DATA.format(""),
    "ArmWebServiceId": None,
}


@dataclass(slots=True)
class _Graph:
    """A graph under edit; the order of its nodes is a topological one. Its members are copied before they change."""

    nodes: list[Document]
    edges: list[Document]
    boxes: dict[str, str]

    def encoded(self) -> Document:
        places = "".join(f"<NodePosition Node='{node}' Position='{box}'/>" for node, box in self.boxes.items())
        return {
            "ModuleNodes": self.nodes,
            "SerializedClientData": _CLIENT_DATA.format(places),
            "PublishInfo": None,
            "Parameters": None,
            "EdgesInternal": self.edges,
        }


def experiment(nodes: int, seed: int) -> Document:
    """The first finished run of an experiment with that many nodes."""
    random = Random(f"experiment {nodes} {seed}")
    graph = _Graph(nodes=[], edges=[], boxes={})
    while len(graph.nodes) < nodes:
        _add_node(graph, random)
    return _finished_run(graph, _hex(random), _hex(random), None, _FIRST_RUN, random)


def edited(document: Document, seed: int) -> Document:
    """The next finished run: the document with a few edits; the argument stays as it is."""
    random = Random(f"{document['RunId']} {seed}")
    old = document["Graph"]
    boxes = re.findall("Node='([^']*)' Position='([^']*)'", old["SerializedClientData"])
    graph = _Graph(nodes=list(old["ModuleNodes"]), edges=list(old["EdgesInternal"]), boxes=dict(boxes))
    for _ in range(random.randint(1, 3)):
        _change_parameter(graph, random)
    for chance, edit in ((0.3, _change_script), (0.15, _rewire), (0.3, _move), (0.03, _add_or_remove)):
        if random.random() < chance:
            edit(graph, random)
    workspace, _, family = document["ExperimentId"].split(".")
    created = int(document["Status"]["EndTime"][6:-2]) + random.randint(600_000, 20_000_000)
    return _finished_run(graph, workspace, family, document["RunId"], created, random)


def wire(document: Document) -> str:
    """The document as the service sent it: one line, with the slashes of dates escaped."""
    line = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'"/Date\((-?\d+)\)/"', r'"\\/Date(\1)\\/"', line)


def _hex(random: Random) -> str:
    return f"{random.getrandbits(128):032x}"


def _guid(random: Random) -> str:
    digits = _hex(random)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def new_node_id(random: Random) -> str:
    """A guid and a number, as Studio names nodes."""
    return f"{_guid(random)}-{random.randint(10, 99_999)}"


def _signature(random: Random) -> str:
    return b64encode(random.randbytes(32)).decode().translate(_SAFE_BASE64)


def _module_of(node: Document) -> Module:
    return BY_FAMILY[node["ModuleId"].split(".")[1]]


def _kind(port: str) -> str:
    return port if port in _OTHER_KINDS else "Dataset"


def _outputs(nodes: Sequence[Document], kind: str) -> list[str]:
    """The newest output ports that a port of this kind can take its input from."""
    found: list[str] = []
    for node in reversed(nodes):
        found += [f"{node['Id']}:{port}" for port in _module_of(node).outputs if _kind(port) == kind]
        if len(found) >= 8:
            break
    return found


def _add_node(graph: _Graph, random: Random) -> None:
    kinds = {_kind(port) for node in graph.nodes[-40:] for port in _module_of(node).outputs}
    offered = MODULES if graph.nodes else MODULES[:1]
    fitting = [module for module in offered if {_kind(port) for port in module.inputs} <= kinds]
    module = random.choices(fitting, [6 if len(module.outputs) == 1 else 1 for module in fitting])[0]
    node = new_node_id(random)
    for port in module.inputs:
        if port not in _NEVER_FED and (port not in _SELDOM_FED or random.random() < 0.3):
            source = random.choice(_outputs(graph.nodes, _kind(port)))
            graph.edges.append(_edge(source, f"{node}:{port}"))
    row, column = divmod(len(graph.nodes), 4)
    graph.boxes[node] = f"{column * 260 + random.randint(-40, 40)},{row * 130},200,200"
    graph.nodes.append(_node(node, module, random))


def _edge(source: str, target: str) -> Document:
    return {"SourceOutputPortId": source, "DestinationInputPortId": target, "DestinationInputPortIndex": None}


def _node(node: str, module: Module, random: Random) -> Document:
    return {
        "Id": node,
        "ModuleId": f"{_GLOBAL_WORKSPACE}.{module.family}.v1-default-1744",
        "Comment": "",
        "CommentCollapsed": True,
        **_DOTNET,
        "UsePreviousResults": False,
        "ModuleParameters": [
            {"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": name, "Value": _value(choice, random)}
            for name, choice in module.parameters.items()
        ],
        "IsPartOfPartialRun": False,
        "InputPortsInternal": [{"Name": port, **_NO_ASSET, **_DOTNET, "PortIndex": None, "NodeId": node} for port in module.inputs],
        "OutputPortsInternal": [
            {"Name": port, "NodeId": node, "OutputType": "TrainedModel" if port == "Trained model" else None} for port in module.outputs
        ],
    }


def _value(choices: tuple[str, ...], random: Random) -> str:
    choice = random.choice(choices)
    if choice in SCRIPTS:
        script = SCRIPTS[choice]
        lines = [script.line(random) for _ in range(random.randint(*_SCRIPT_LINES))]
        return script.end.join([script.first, *lines, script.last, ""])
    if choice == "<columns>":
        columns = [f"c{number}" for number in sorted(random.sample(range(60), random.randint(1, 8)))]
        rule = {"ruleType": "ColumnNames", "columns": columns, "exclude": False}
        return quote(json.dumps({"isFilter": True, "rules": [rule]}, separators=(",", ":")), safe="")
    return choice


def _parameters(graph: _Graph, *, scripts: bool) -> list[tuple[int, str]]:
    """The scripts, or the other parameters that take more than one value, by node and name."""
    return [
        (index, name)
        for index, node in enumerate(graph.nodes)
        for name, choices in _module_of(node).parameters.items()
        if (choices[0] in SCRIPTS) == scripts and (len(choices) > 1 or choices[0].startswith("<"))
    ]


def _change_parameter(graph: _Graph, random: Random) -> None:
    index, name = random.choice(_parameters(graph, scripts=False))
    _set_parameter(graph, index, name, _value(_module_of(graph.nodes[index]).parameters[name], random))


def _change_script(graph: _Graph, random: Random) -> None:
    index, name = random.choice(_parameters(graph, scripts=True))
    node = graph.nodes[index]
    script = SCRIPTS[_module_of(node).parameters[name][0]]
    text = next(parameter["Value"] for parameter in node["ModuleParameters"] if parameter["Name"] == name)
    lines = text.split(script.end)
    at = random.randrange(1, len(lines) - 2)
    removed = random.randint(0, 1) if len(lines) < _LONGEST_SCRIPT else 2
    lines[at : min(at + removed, len(lines) - 2)] = [script.line(random)]
    _set_parameter(graph, index, name, script.end.join(lines))


def _set_parameter(graph: _Graph, index: int, name: str, value: str) -> None:
    node = graph.nodes[index]
    changed = [{**old, "Value": value} if old["Name"] == name else old for old in node["ModuleParameters"]]
    graph.nodes[index] = {**node, "ModuleParameters": changed}


def _rewire(graph: _Graph, random: Random) -> None:
    if not graph.edges:
        return
    index = random.randrange(len(graph.edges))
    target = graph.edges[index]["DestinationInputPortId"]
    node, _, port = target.partition(":")
    earlier = [old["Id"] for old in graph.nodes].index(node)
    graph.edges[index] = _edge(random.choice(_outputs(graph.nodes[:earlier], _kind(port))), target)


def _move(graph: _Graph, random: Random) -> None:
    node = random.choice(list(graph.boxes))
    graph.boxes[node] = f"{random.randint(-200, 1200)},{random.randint(0, 130 * len(graph.nodes))},200,200"


def _add_or_remove(graph: _Graph, random: Random) -> None:
    """Add a node to an even number and remove one from an odd number, so that a long history keeps its size."""
    if len(graph.nodes) % 2 == 0 or len(graph.nodes) == 1:
        _add_node(graph, random)
    else:
        sources = {edge["SourceOutputPortId"].partition(":")[0] for edge in graph.edges}
        removed = random.choice([node["Id"] for node in graph.nodes if node["Id"] not in sources])
        graph.nodes = [node for node in graph.nodes if node["Id"] != removed]
        graph.edges = [edge for edge in graph.edges if not edge["DestinationInputPortId"].startswith(f"{removed}:")]
        del graph.boxes[removed]


def _finished_run(graph: _Graph, workspace: str, family: str, parent: str | None, created: int, random: Random) -> Document:
    statuses = [_node_status(node, workspace, created, number * 1500, random) for number, node in enumerate(graph.nodes)]
    ended = max(int(status["Status"]["EndTime"][6:-2]) for status in statuses) + 1800
    stamp = f"{datetime.max - timedelta(milliseconds=created):%Y-%m-%dt%H.%M.%S}"
    saved = quote(f"{_EPOCH + timedelta(milliseconds=ended):%Y-%m-%dT%H:%M:%S.%f}")
    return {
        "ExperimentId": f"{workspace}.f-id.{family}",
        "RunId": f"{workspace}.s-id.{family}.{stamp}",
        "ParentExperimentId": parent,
        "OriginalExperimentDocumentationLink": None,
        "Summary": "",
        "Description": f"Benchmark {family[:6]}",
        "Graph": graph.encoded(),
        "Status": _status("None", created, created + 2500, ended, None),
        "Etag": f"W/\"datetime'{saved}1Z'\"",
        "NodeStatuses": statuses,
        "Creator": "benchmark",
        "IsLeaf": True,
        "DisableNodesUpdate": None,
        "WebService": _NO_SERVICE,
        "Category": "user",
        "Tags": [],
        "IsPartialRun": False,
    }


def _status(detail: str, created: int, started: int, ended: int, metadata: Document | None) -> Document:
    return {
        "StatusCode": "Finished",
        "StatusDetail": detail,
        "CreationTime": f"/Date({created})/",
        "StartTime": f"/Date({started})/",
        "EndTime": f"/Date({ended})/",
        "Metadata": metadata,
    }


def _node_status(node: Document, workspace: str, created: int, delay: int, random: Random) -> Document:
    read = _EPOCH + timedelta(milliseconds=created, hours=1)
    opens, closes = (quote(f"{moment:%Y-%m-%dT%H:%M:%SZ}") for moment in (read, read + timedelta(days=1)))

    def endpoint(name: str, blob: str, size: int) -> Document:
        return {
            "BaseUri": "https://studio.azureml.net/",
            "Size": size,
            "Name": name,
            "EndpointType": "SasEndpoint",
            "CredentialContainer": "Inline",
            "AccessCredential": f"?workspaceId={workspace}&signature={_signature(random)}&sharedAccessUri="
            f"https%3A%2F%2Fbenchmarkml.blob.core.windows.net%2Fexperimentoutput%2F{blob}%3Fsv%3D2015-02-21%26sr%3Db"
            f"%26sig%3D{_signature(random)}%26st%3D{opens}%26se%3D{closes}%26sp%3Dr",
            "Location": "api/sharedaccess",
            "FileType": "File",
            "IsAuxiliary": False,
        }

    is_cached = random.random() < _CACHED
    log = None if is_cached else _guid(random)
    outputs: Document = {}
    metadata: Document = {}
    described: Document = {}
    for port in _module_of(node).outputs:
        is_model = port in _MODELS
        output = _guid(random)
        blobs = {kind: _guid(random) for kind in ("visualization", "runtimeinfo" if is_model else "schema")}
        extension = "ilearner" if is_model else "dataset"
        outputs[port] = endpoint(port, f"{output}%2F{output}.{extension}", random.randint(500, 2_000_000))
        metadata[port] = [{"Name": kind, "Value": f"experimentoutput/{output}/{blob}"} for kind, blob in blobs.items()]
        described[port] = [{"Key": "visualization", "Value": endpoint(port, f"{output}%2F{blobs['visualization']}", -1)}]
    started = created + 3000 + delay
    ended = started if is_cached else started + random.randint(2000, 25_000)
    detail = "Task output was present in output cache" if is_cached else "None"
    return {
        "NodeId": node["Id"],
        "Status": _status(detail, created - 1500, started, ended, metadata),
        "StandardErrorEndpoint": log and endpoint("defaultSasName", f"{log}%2Fstderr.txt", 90),
        "StandardOutEndpoint": log and endpoint("defaultSasName", f"{log}%2Fstdout.txt", random.randint(500, 9000)),
        "OutputEndpoints": list(outputs.values()),
        "MetadataOutputEndpoints": described,
    }


def write(target: Path, *, nodes: int, snapshots: int, experiments: int, seed: int) -> None:
    """Write an archive: a folder for each experiment, a file for each of its runs."""
    for number in range(1, experiments + 1):
        folder = target / f"experiment-{number:03}"
        folder.mkdir(parents=True, exist_ok=True)
        document = experiment(nodes, seed * 1000 + number)
        for run in range(1, snapshots + 1):
            (folder / f"run-{run:05}.json").write_bytes(wire(document).encode())
            document = edited(document, seed)


def main() -> None:
    """Write the archive that the command line asks for."""
    parser = argparse.ArgumentParser(description="Write an archive of finished runs.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--nodes", type=int, default=20, help="nodes of an experiment (20)")
    parser.add_argument("--snapshots", type=int, default=1000, help="runs of each experiment (1000)")
    parser.add_argument("--experiments", type=int, default=1, help="experiments (1)")
    parser.add_argument("--seed", type=int, default=1, help="another seed gives other experiments (1)")
    options = parser.parse_args()
    write(options.folder, nodes=options.nodes, snapshots=options.snapshots, experiments=options.experiments, seed=options.seed)


if __name__ == "__main__":
    main()
