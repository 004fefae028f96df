"""What every workspace sees from the start: a sample dataset and a sample experiment of the global workspace (protocol, section 3)."""

import sqlite3

from amlgit.emulator import catalogue
from amlgit.emulator.graph import EMPTY_LAYOUT
from amlgit.emulator.state import assets, blobs, experiments
from amlgit.emulator.state.assets import Kind, NewAsset
from amlgit.emulator.state.workspaces import GLOBAL
from amlgit.emulator.wire import Object

_CREATED = 1464100000000
_DATASET = f"{GLOBAL}.0f6a4f6a7c5d4d1b9a5b1d6f2c3e4a59.v1-default-1637"
_EXPERIMENT = f"{GLOBAL}.f-id.6e1f9b7c2d3a4c5e8f90a1b2c3d4e5f6"
_NODE = "5b8b1c55-0d2e-4a8e-9d0c-6d1f7b7a2f10-11"
_SELECT = "1ec722fab6234e26a44ea50c6d726223"
_TIDES = """\
harbour,day,high_water_m,low_water_m
Norderhafen,2016-05-01,3.42,0.61
Norderhafen,2016-05-02,3.51,0.55
Norderhafen,2016-05-03,3.58,0.47
Suedmole,2016-05-01,2.97,0.72
Suedmole,2016-05-02,3.04,0.68
Suedmole,2016-05-03,3.11,0.6
"""
_COLUMNS = '{"isFilter":true,"rules":[{"ruleType":"ColumnNames","columns":["harbour","high_water_m"],"exclude":false}]}'


def fill(db: sqlite3.Connection) -> None:
    """Put the samples into the global workspace."""
    blob = blobs.put(db, GLOBAL, "upload", "GenericCSV", _TIDES.encode())
    doc = {
        "Description": "Made-up tides of two harbours",
        "Owner": "Microsoft Corporation",
        "UploadedFromFilename": "tides.csv",
        "Category": "Sample",
    }
    new = NewAsset(kind=Kind.DATASET, name="Sample - harbour tides", data_type="GenericCSV", blob=blob, doc=doc)
    assets.insert(db, _DATASET, GLOBAL, new, version=0, batch=1637, created=_CREATED / 1000)
    head: Object = {
        "Summary": "A sample: save it as your own to change it.",
        "Description": "Sample - high water",
        "Creator": "Microsoft Corporation",
        "Category": "Sample",
        "Tags": [],
        "DisableNodesUpdate": None,
        "OriginalExperimentDocumentationLink": None,
    }
    experiments.insert(db, _EXPERIMENT, head=head, graph=_graph(), service=experiments.NO_SERVICE, created=_CREATED)


def _graph() -> Object:
    boxes = "".join(f"<NodePosition Node='{node}' Position='{place}'/>" for node, place in ((_DATASET, "40,20,200,200"), (_NODE, "40,140,200,200")))
    return {
        "ModuleNodes": [
            {
                "Id": _NODE,
                "ModuleId": f"{GLOBAL}.{_SELECT}.v1-default-{catalogue.BATCH}",
                "Comment": "",
                "CommentCollapsed": True,
                "Language": "DotNet",
                "Version": "4.5.0",
                "UsePreviousResults": False,
                "ModuleParameters": [{"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": "Select Columns", "Value": _COLUMNS}],
                "IsPartOfPartialRun": False,
                "InputPortsInternal": [
                    {
                        "Name": "Dataset",
                        "DataSourceId": _DATASET,
                        "TrainedModelId": None,
                        "TransformModuleId": None,
                        "Language": "DotNet",
                        "Version": "4.5.0",
                        "PortIndex": None,
                        "NodeId": _NODE,
                    }
                ],
                "OutputPortsInternal": [{"Name": "Results dataset", "NodeId": _NODE, "OutputType": None}],
            }
        ],
        "SerializedClientData": EMPTY_LAYOUT.replace("<NodePositions>", f"<NodePositions>{boxes}"),
        "PublishInfo": None,
        "Parameters": None,
        "EdgesInternal": [],
    }
