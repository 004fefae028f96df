"""What exports are made of, in wire shape: ids of modules, the canvas; and a small one."""

from collections.abc import Mapping
from typing import TypeAlias

from amlgit.model.jsontext import Json

Members: TypeAlias = dict[str, Json]
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
