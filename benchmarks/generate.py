"""Archives of any size: finished runs of made-up experiments, each a few edits away from the run before.

    python benchmarks/generate.py DIR --nodes 20 --snapshots 1000

As the service does it, every run has new times, new outputs and newly signed links. The same arguments give
the same bytes.
"""

import argparse
import json
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

Document = dict[str, Any]  # any JSON: what is measured are the tools that give it types

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CACHED = 0.9
_SCRIPT_LINES = (16, 46)
_LONGEST_SCRIPT = 56
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


@dataclass(frozen=True, slots=True)
class _Script:
    """How a made-up script is written: first line, any number of lines like the pattern, last line."""

    first: str
    pattern: str
    last: str
    end: str

    def line(self, random: Random) -> str:
        return self.pattern.format(random.randrange(60), random.randint(1, 99), random.randrange(60))


_SCRIPTS = {
    "<SQL>": _Script("SELECT t1.id,", "       AVG(t1.c{0}) * {1} AS c{2},", "       t1.day FROM t1;", "\n"),
    "<Python>": _Script(
        "def azureml_main(frame=None, other=None):",
        '    frame["c{0}"] = frame["c{2}"].fillna({1}).clip(lower=0)',
        "    return frame,",
        "\n",
    ),
    "<R>": _Script(
        "frame <- maml.mapInputPort(1)",
        "frame$c{0} <- pmin(frame$c{2}, quantile(frame$c{0}, 0.{1}, na.rm = TRUE))",
        'maml.mapOutputPort("frame")',
        "\r\n",
    ),
}


@dataclass(frozen=True, slots=True)
class _Module:
    """An entry of Studio's catalogue, with the values its parameters may take."""

    family: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    parameters: Mapping[str, tuple[str, ...]]


# Family | input ports | output ports | parameters with their values; <columns> is a column selection.
_CATALOGUE = """
4e1b0fe6aded4b3fa36f39b8862b9004||Results dataset|Please Specify Data Source=SqlAzure;Database Name=sales,stock,service;Database Query=<SQL>
90381e8067c34d9987541db785b7ea37|Table1,Table2,Table3|Results dataset|SQL Query Script=<SQL>
cdb56f957f4c404dbde75bb972e6f232|Dataset1,Dataset2,Script Bundle|Result Dataset,Python Device|R Script=<Python>;Python Version=Anaconda 4.0/Python 2.7.11,Anaconda 4.0/Python 3.5
30806023392b42e094d66b775a6e0fd5|Dataset1,Dataset2,Script Bundle|Result Dataset,R Device|R Script=<R>;Random Seed=,1,7,42
d2c5ca2f732341a39b7eda917c99f0c4|Dataset|Cleaned dataset,Cleaning transformation|Columns to be cleaned=<columns>;Maximum missing value ratio=0.5,0.9,1;Cleaning mode=Replace with mean,Replace with median,Remove entire row
370b6676c11c486fbf7335349f842a66|Dataset|Results dataset|Column=<columns>;Data Type=Unchanged,Double,Integer,String;Categorical=Unchanged,Categorical,NonCategorical;Fields=Unchanged,Features,Labels
1ec722fab6234e26a44ea50c6d726223|Dataset|Results dataset|Select Columns=<columns>
124865f7e9014656adacf4cb08248099|Dataset1,Dataset2|Results dataset|Comma-separated case-sensitive names of join key columns for L=<columns>;Comma-separated case-sensitive names of join key columns for R=<columns>;Match case=True,False;Join type=Inner Join,Left Outer Join,Full Outer Join
986df33367484b85923d871df70d6aaf|Dataset|Transformed dataset,Transformation function|Transformation method=ZScore,MinMax,Tanh;Columns to transform=<columns>
70530644c97a4ab685f788bf30a8be5f|Dataset|Results dataset1,Results dataset2|Splitting mode=Split Rows;Fraction of rows in the first output dataset=0.5,0.6,0.7,0.75,0.8;Randomized split=True,False;Random seed=0,1,7,42
e3c522f853d948298ea45c6a6b75330c||Untrained model|Maximum number of leaves per tree=10,20,32,64;The learning rate=0.05,0.1,0.2,0.4;Total number of trees constructed=50,100,200,500
5cc7053eaa30450d96c0dae4be720977|Untrained model,Dataset|Trained model|Label column=<columns>
401b4f92e7244d5abe81d5b0ff9bdb33|Trained model,Dataset|Scored dataset|Append score columns to output=True,False
927d65ac3b504694990320f6c1672089|Scored dataset,Scored dataset to compare|Evaluation results|
"""  # noqa: E501  # a row is a module


def _module(row: str) -> _Module:
    family, inputs, outputs, parameters = row.split("|")
    pairs = (parameter.split("=") for parameter in parameters.split(";") if parameter)
    return _Module(
        family,
        tuple(port for port in inputs.split(",") if port),
        tuple(outputs.split(",")),
        {name: tuple(values.split(",")) for name, values in pairs},
    )


_MODULES = tuple(_module(row) for row in _CATALOGUE.strip().splitlines())
_BY_FAMILY = {module.family: module for module in _MODULES}


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


def _signature(random: Random) -> str:
    return b64encode(random.randbytes(32)).decode().translate(_SAFE_BASE64)


def _module_of(node: Document) -> _Module:
    return _BY_FAMILY[node["ModuleId"].split(".")[1]]


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
    offered = _MODULES if graph.nodes else _MODULES[:1]
    fitting = [module for module in offered if {_kind(port) for port in module.inputs} <= kinds]
    module = random.choices(fitting, [6 if len(module.outputs) == 1 else 1 for module in fitting])[0]
    node = f"{_guid(random)}-{random.randint(10, 99_999)}"
    for port in module.inputs:
        if port not in _NEVER_FED and (port not in _SELDOM_FED or random.random() < 0.3):
            source = random.choice(_outputs(graph.nodes, _kind(port)))
            graph.edges.append(_edge(source, f"{node}:{port}"))
    row, column = divmod(len(graph.nodes), 4)
    graph.boxes[node] = f"{column * 260 + random.randint(-40, 40)},{row * 130},200,200"
    graph.nodes.append(_node(node, module, random))


def _edge(source: str, target: str) -> Document:
    return {"SourceOutputPortId": source, "DestinationInputPortId": target, "DestinationInputPortIndex": None}


def _node(node: str, module: _Module, random: Random) -> Document:
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
    if choice in _SCRIPTS:
        script = _SCRIPTS[choice]
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
        if (choices[0] in _SCRIPTS) == scripts and (len(choices) > 1 or choices[0].startswith("<"))
    ]


def _change_parameter(graph: _Graph, random: Random) -> None:
    index, name = random.choice(_parameters(graph, scripts=False))
    _set_parameter(graph, index, name, _value(_module_of(graph.nodes[index]).parameters[name], random))


def _change_script(graph: _Graph, random: Random) -> None:
    index, name = random.choice(_parameters(graph, scripts=True))
    node = graph.nodes[index]
    script = _SCRIPTS[_module_of(node).parameters[name][0]]
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
