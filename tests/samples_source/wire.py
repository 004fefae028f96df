"""Experiment exports as the service wrote them: the same members in the same order, one line, escaped dates.

Unchanged tasks come from the output cache, as in the real service: they keep their outputs and get new signatures.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from graphlib import TopologicalSorter
from typing import TypeAlias
from urllib.parse import quote

from .graph import Asset, AssetKind, Experiment, Node, Nodes, Parameter, Service, ServicePort, State, Text, Version
from .made_up import digest, guid, signature, size

Json: TypeAlias = bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"] | None
Object: TypeAlias = dict[str, Json]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(1, 1, 1, tzinfo=UTC)
_LOG_ACCOUNT = "studiotasklogs01"
_READ_AFTER = timedelta(hours=2)
_READABLE_FOR = timedelta(hours=24, minutes=5)
_EXTENSIONS = {
    "Untrained model": "ilearner",
    "Trained model": "ilearner",
    "Cleaning transformation": "itransform",
    "Transformation function": "itransform",
}
_CLIENT_DATA = (
    "<?xml version='1.0' encoding='utf-16'?><DataV1 xmlns:xsd='http://www.w3.org/2001/XMLSchema'"
    " xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'><Meta /><NodePositions>{}</NodePositions>"
    "<NodeGroups /></DataV1>"
)


def exports(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The path and the text of each version's export."""
    parent: str | None = None
    outputs_known: set[str] = set()
    for version in experiment.versions:
        snapshot = f"{experiment.workspace}.s-id.{experiment.family}.{stamp(version.created)}"
        ran = version.state is State.RUN
        statuses, ended = _node_statuses(experiment, version, outputs_known) if ran else ([], version.created)
        document = _document(experiment, version, snapshot if ran else None, parent, statuses, ended)
        yield version.path, text(document, version.text)
        parent = snapshot if ran else parent


def text(document: Json, form: Text) -> str:
    """The document as the service wrote it, or as an editor indented it."""
    match form:
        case Text.WIRE:
            line = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
            return re.sub(r'"/Date\((-?\d+)\)/"', r'"\\/Date(\1)\\/"', line)
        case Text.SPACES:
            return json.dumps(document, ensure_ascii=False, indent=2) + "\n"
        case Text.TABS:
            return json.dumps(document, ensure_ascii=False, indent="\t") + "\n"


def stamp(created: datetime) -> str:
    """The last part of a snapshot's id: the time left until the end of .NET's calendar."""
    return f"{datetime.max - (created - _EPOCH):%Y-%m-%dt%H.%M.%S}"


def _date(moment: datetime) -> str:
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"


def _document(
    experiment: Experiment,
    version: Version,
    run: str | None,
    parent: str | None,
    statuses: list[Object],
    ended: datetime,
) -> Object:
    saved = f"{ended:%Y-%m-%dT%H:%M:%S.%f}{digest(version.path)[0] % 10}Z"
    return {
        "ExperimentId": f"{experiment.workspace}.f-id.{experiment.family}",
        "RunId": run,
        "ParentExperimentId": parent,
        "OriginalExperimentDocumentationLink": None,
        "Summary": experiment.summary,
        "Description": version.title,
        "Graph": _graph(version.nodes),
        "Status": _status("InDraft", version.created, _NEVER, _NEVER)
        if run is None
        else _status("Finished", version.created, version.created + timedelta(milliseconds=2508), ended),
        "Etag": f"W/\"datetime'{quote(saved)}'\"",
        "NodeStatuses": statuses,
        "Creator": experiment.creator,
        "IsLeaf": True,
        "DisableNodesUpdate": None,
        "WebService": _web_service(experiment.service),
        "Category": "user",
        "Tags": experiment.tags,
        "IsPartialRun": False,
    }


def _status(code: str, created: datetime, started: datetime, ended: datetime) -> Object:
    return {
        "StatusCode": code,
        "StatusDetail": "None",
        "CreationTime": _date(created),
        "StartTime": _date(started),
        "EndTime": _date(ended),
        "Metadata": None,
    }


def _graph(nodes: Nodes) -> Object:
    feeds = [(node, port, feed) for node in nodes.values() for port, feed in node.feeds.items()]
    order = [node.id for node in nodes.values()]
    edges = [(f"{feed[0]}:{feed[1]}", f"{node.id}:{port}") for node, port, feed in feeds if not isinstance(feed, Asset)]
    boxes = {node.id: node.at for node in nodes.values()}
    boxes |= {feed.id: feed.at for _, _, feed in feeds if isinstance(feed, Asset)}
    return {
        "ModuleNodes": [_module_node(node) for node in nodes.values()],
        "SerializedClientData": _client_data(boxes),
        "PublishInfo": None,
        "Parameters": None,
        "EdgesInternal": [
            {"SourceOutputPortId": source, "DestinationInputPortId": target, "DestinationInputPortIndex": None}
            for source, target in sorted(edges, key=lambda edge: order.index(edge[0].partition(":")[0]))
        ],
    }


def _client_data(boxes: Mapping[str, tuple[int, int]]) -> str:
    return _CLIENT_DATA.format("".join(f"<NodePosition Node='{box}' Position='{x},{y},200,200'/>" for box, (x, y) in boxes.items()))


def _module_node(node: Node) -> Object:
    return {
        "Id": node.id,
        "ModuleId": node.module.id,
        "Comment": node.comment,
        "CommentCollapsed": not node.comment,
        "Language": "DotNet",
        "Version": "4.5.0",
        "UsePreviousResults": node.cached,
        "ModuleParameters": [_parameter(name, parameter) for name, parameter in node.parameters.items()],
        "IsPartOfPartialRun": False,
        "InputPortsInternal": [_input_port(node, port) for port in node.module.inputs],
        "OutputPortsInternal": [
            {"Name": port, "NodeId": node.id, "OutputType": "TrainedModel" if port == "Trained model" else None} for port in node.module.outputs
        ],
    }


def _parameter(name: str, parameter: Parameter) -> Object:
    return {
        "ValueType": parameter.kind,
        "LinkedGlobalParameter": parameter.linked,
        "Name": name,
        "Value": parameter.value,
    }


def _input_port(node: Node, port: str) -> Object:
    feed = node.feeds.get(port)
    assets = {kind.value: feed.id if isinstance(feed, Asset) and feed.kind is kind else None for kind in AssetKind}
    return {
        "Name": port,
        **assets,
        "Language": "DotNet",
        "Version": "4.5.0",
        "PortIndex": None,
        "NodeId": node.id,
    }


def _web_service(service: Service | None) -> Object:
    described = service or Service()
    boxes = {port.id: port.at for port in described.inputs + described.outputs}
    return {
        "IsWebServiceExperiment": service is not None,
        "Inputs": [_service_port(port) for port in described.inputs],
        "Outputs": [_service_port(port) for port in described.outputs],
        "Parameters": [
            {
                "Name": parameter.name,
                "Value": parameter.default,
                "ParameterDefinition": {
                    "HasRules": False,
                    "Name": parameter.name,
                    "IsOptional": False,
                    "ParameterType": parameter.type,
                    "ParameterRules": [],
                    "MarkupType": "Parameter",
                    "HasDefaultValue": True,
                    "DefaultValue": parameter.default,
                    "ScriptName": None,
                    "ModeValuesInfo": None,
                    "CredentialDescriptor": None,
                    "Description": parameter.name,
                    "FriendlyName": parameter.name,
                },
            }
            for parameter in described.parameters
        ],
        "WebServiceGroupId": None,
        "ModelPackageId": None,
        "RunId": None,
        "SerializedClientData": _client_data(boxes),
        "ArmWebServiceId": None,
    }


def _service_port(port: ServicePort) -> Object:
    return {"Id": port.id, "PortId": f"{port.node}:{port.port}", "Name": port.name}


def _task_order(nodes: Nodes) -> list[Node]:
    by_id = {node.id: node for node in nodes.values()}
    sources = {node.id: [feed[0] for feed in node.feeds.values() if not isinstance(feed, Asset)] for node in nodes.values()}
    return [by_id[key] for key in TopologicalSorter(sources).static_order()]


def _task_keys(nodes: Nodes) -> dict[str, str]:
    """Per node a text that is the same in two runs if the task's result is: what the output cache goes by."""
    keys: dict[str, str] = {}
    for node in _task_order(nodes):
        feeds = [(port, feed.id if isinstance(feed, Asset) else keys[feed[0]] + feed[1]) for port, feed in node.feeds.items()]
        values = [(name, parameter.value) for name, parameter in node.parameters.items()]
        keys[node.id] = digest(node.module.id, repr(values), repr(feeds)).hex()
    return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """One node's part in a run; a cached one did not run again."""

    key: str
    created: datetime
    started: datetime
    ended: datetime

    @property
    def is_cached(self) -> bool:
        return self.started == self.ended


def _node_statuses(experiment: Experiment, version: Version, outputs_known: set[str]) -> tuple[list[Object], datetime]:
    """The status of every node in the order of their tasks, and when the run ended."""
    keys = _task_keys(version.nodes)
    storage = _Storage(workspace=experiment.workspace, account=experiment.storage, read=version.created + _READ_AFTER)
    clock = version.created + timedelta(milliseconds=3100)
    statuses = []
    for number, node in enumerate(_task_order(version.nodes)):
        key = keys[node.id]
        started = clock
        if key not in outputs_known:
            clock += timedelta(milliseconds=4000 + size(key, version.path) % 21_000)
        created = version.created - timedelta(milliseconds=1950 - 31 * number)
        task = _Task(key=key, created=created, started=started, ended=clock)
        statuses.append(_node_status(node, task, storage))
    outputs_known.update(keys.values())
    return statuses, clock + timedelta(milliseconds=2150)


def _node_status(node: Node, task: _Task, storage: "_Storage") -> Object:
    outputs = {port: guid(task.key, port) for port in node.module.outputs}
    blobs = {port: {kind: f"{output}/{guid(task.key, port, kind)}" for kind in _metadata_kinds(port)} for port, output in outputs.items()}
    status = _status("Finished", task.created, task.started, task.ended) | {
        "StatusDetail": "Task output was present in output cache" if task.is_cached else "None",
        "Metadata": {port: [{"Name": kind, "Value": f"experimentoutput/{blob}"} for kind, blob in kinds.items()] for port, kinds in blobs.items()},
    }
    return {
        "NodeId": node.id,
        "Status": status,
        "StandardErrorEndpoint": storage.log(task, "stderr", 90),
        "StandardOutEndpoint": storage.log(task, "stdout", size(task.key) % 9000),
        "OutputEndpoints": [
            storage.endpoint(port, f"{output}/{output}.{_EXTENSIONS.get(port, 'dataset')}", size(output)) for port, output in outputs.items()
        ],
        "MetadataOutputEndpoints": {
            port: [{"Key": kind, "Value": storage.endpoint(port, blob, -1)} for kind, blob in kinds.items()] for port, kinds in blobs.items()
        },
    }


def _metadata_kinds(port: str) -> tuple[str, str]:
    return ("visualization", "runtimeinfo" if port in _EXTENSIONS else "schema")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Storage:
    """Where the outputs of a workspace lie; the moment they are read signs the links anew."""

    workspace: str
    account: str
    read: datetime

    def log(self, task: _Task, stream: str, length: int) -> Object | None:
        if task.is_cached:
            return None
        name = guid(task.key, str(task.started), stream)
        return replace(self, account=_LOG_ACCOUNT).endpoint("defaultSasName", f"{name}/{name}.txt", length)

    def endpoint(self, name: str, blob: str, length: int) -> Object:
        opens, closes = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (self.read, self.read + _READABLE_FOR))
        shared = signature("blob", blob, opens)
        uri = f"https://{self.account}.blob.core.windows.net/experimentoutput/{blob}"
        uri += f"?sv=2015-02-21&sr=b&sig={shared}&st={opens}&se={closes}&sp=r"
        own = quote(signature("studio", blob, opens), safe="")
        return {
            "BaseUri": "https://studio.azureml.net/",
            "Size": length,
            "Name": name,
            "EndpointType": "SasEndpoint",
            "CredentialContainer": "Inline",
            "AccessCredential": f"?workspaceId={self.workspace}&signature={own}&sharedAccessUri={quote(uri, safe='')}",
            "Location": "api/sharedaccess",
            "FileType": "File",
            "IsAuxiliary": False,
        }
