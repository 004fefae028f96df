"""Made-up exports in the service's form, and archives of them."""

import itertools
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.wire import GLOBAL, HEAD, TAIL

Document = dict[str, Any]  # Any: tests reach into exports as they came
WORKSPACE = "0123456789abcdef0123456789abcdef"
FAMILY = "aaaaaabbbbbbccccccddddddeeeeee00"
OTHER_FAMILY = "ffffffbbbbbbccccccddddddeeeeee11"
PYTHON, SPLIT, EXPORT_DATA, IMPORT_DATA = (
    f"{GLOBAL}.{family}.v1-default-1735"
    for family in (
        "cdb56f957f4c404dbde75bb972e6f232",
        "70530644c97a4ab685f788bf30a8be5f",
        "7a391181b6a74ad4b82de419c0d6522c",
        "4e1b0fe6aded4b3fa36f39b8862b9004",
    )
)
FRACTION = "Fraction of rows in the first output dataset"
NEVER = -62135596800000
"""Year 1 in milliseconds since 1970: what the service writes for a time that is not set."""
T0, DAY = 1_450_000_000, 86_400
"""The time from which made-up exports count, and what they count in: seconds since 1970."""


def experiment(
    title: str = "Trial",
    *,
    family: str = FAMILY,
    created: int = T0,
    fraction: str = "0.5",
    script: str = "def azureml_main(frame):\r\n    return frame,\r\n",
    run: int | None = None,
    nodes: Sequence[str] = (PYTHON, SPLIT),
    workspace: str = WORKSPACE,
    creator: str | None = "jane.doe",
    summary: str = "A trial.",
    password: str | None = None,
    **members: Any,  # whatever a test wants at the top
) -> Document:
    """An export in the service's form: a draft created at `created`, or the run that ended then with `run` as its number."""
    placed = [_node(number, module, fraction, script, password) for number, module in enumerate(nodes, 1)]
    edges = [
        {
            "SourceOutputPortId": f"{source['Id']}:Result Dataset",
            "DestinationInputPortId": f"{target['Id']}:Dataset1",
            "DestinationInputPortIndex": None,
        }
        for source, target in itertools.pairwise(placed)
    ]
    boxes = "".join(f"<NodePosition Node='{node['Id']}' Position='{100 * number},{200 * number},200,60'/>" for number, node in enumerate(placed, 1))
    is_run = run is not None
    document: Document = {
        "ExperimentId": f"{workspace}.f-id.{family}",
        "RunId": snapshot_id(run, workspace, family) if run is not None else None,
        "ParentExperimentId": snapshot_id(run - 1, workspace, family) if run else None,
        "OriginalExperimentDocumentationLink": None,
        "Summary": summary,
        "Description": title,
        "Graph": {
            "ModuleNodes": placed,
            "SerializedClientData": f"{HEAD}{boxes}{TAIL}",
            "PublishInfo": None,
            "Parameters": None,
            "EdgesInternal": edges,
        },
        "Status": {
            "StatusCode": "Finished" if is_run else "InDraft",
            "StatusDetail": "None",
            "CreationTime": f"/Date({(created - (60 if is_run else 0)) * 1000})/",
            "StartTime": f"/Date({(created - 50) * 1000 if is_run else NEVER})/",
            "EndTime": f"/Date({created * 1000 if is_run else NEVER})/",
            "Metadata": None,
        },
        "Etag": f"W/\"datetime'{created}'\"",
        "NodeStatuses": [],
        "Creator": creator,
        "IsLeaf": True,
        "DisableNodesUpdate": None,
        "WebService": {
            "IsWebServiceExperiment": False,
            "Inputs": [],
            "Outputs": [],
            "Parameters": [],
            "WebServiceGroupId": None,
            "ModelPackageId": None,
            "RunId": None,
            "SerializedClientData": HEAD + TAIL,
            "ArmWebServiceId": None,
        },
        "Category": "user",
        "Tags": [],
        "IsPartialRun": False,
    }
    return {**document, **members}


def snapshot_id(number: int, workspace: str = WORKSPACE, family: str = FAMILY) -> str:
    """The id of the snapshot of a run; later ones sort first, as the service's do."""
    return f"{workspace}.s-id.{family}.9953-08-{28 - number:02}t05.48.40"


def _node(number: int, module: str, fraction: str, script: str, password: str | None) -> Document:
    node_id = f"{number:04x}c0de-0000-4000-8000-000000000000-{number}"
    by_module: dict[str, dict[str, str | None]] = {
        PYTHON: {"R Script": script, "Python Version": "Anaconda 4.0/Python 3.5"},
        SPLIT: {"Splitting mode": "Split Rows", FRACTION: fraction},
        EXPORT_DATA: {"Please specify data destination": "SqlAzure", "Server User Account Password": password},
        IMPORT_DATA: {"Database Query": script, "Server User Account Password": password},
    }
    port = {"DataSourceId": None, "TrainedModelId": None, "TransformModuleId": None, "Language": "DotNet", "Version": "4.5.0", "PortIndex": None}
    return {
        "Id": node_id,
        "ModuleId": module,
        "Comment": "",
        "CommentCollapsed": True,
        "Language": "DotNet",
        "Version": "4.5.0",
        "UsePreviousResults": True,
        "ModuleParameters": [
            {"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": name, "Value": value} for name, value in by_module[module].items()
        ],
        "IsPartOfPartialRun": False,
        "InputPortsInternal": [{"Name": "Dataset1", **port, "NodeId": node_id}],
        "OutputPortsInternal": [{"Name": "Result Dataset", "NodeId": node_id, "OutputType": None}],
    }


def wire(document: Document) -> bytes:
    """The service's own spelling: one line, dates with escaped slashes."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return re.sub(r'"/Date\((-?\d+)\)/"', r'"\\/Date(\1)\\/"', text).encode()


def save(archive: Path, name: str, document: Document | bytes | str) -> Path:
    """Put a file into an archive's folder."""
    path = archive / name
    path.parent.mkdir(parents=True, exist_ok=True)
    data = wire(document) if isinstance(document, dict) else document.encode() if isinstance(document, str) else document
    path.write_bytes(data)
    return path


def trials(archive: Path, *numbers: int) -> Path:
    """Drafts of one experiment in an archive, one a day, each with another fraction; gives the archive."""
    for number in numbers:
        save(archive, f"{number}.json", experiment(created=T0 + number * DAY, fraction=f"0.{number}"))
    return archive


def parameter(document: Document, name: str) -> Document:
    """The one parameter of that name in an export's graph."""
    (found,) = (entry for node in document["Graph"]["ModuleNodes"] for entry in node["ModuleParameters"] if entry["Name"] == name)
    assert isinstance(found, dict)
    return found
