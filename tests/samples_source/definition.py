"""The sample web service definition of the scoring service, in two versions."""

from collections.abc import Iterator, Mapping

from .churn import STORAGE, WORKSPACE, scoring
from .graph import Asset, AssetKind, Node, Text
from .made_up import guid, hex32, storage_key
from .wire import Object, text

_TITLE = "Churn scoring service"
_SUBSCRIPTION = guid("subscription")
_Columns = Mapping[str, tuple[str, str | None, int | float | str]]

_INPUT: _Columns = {
    "customer_id": ("Integer", "Int64", 100412),
    "birth_year": ("Integer", "Int32", 1979),
    "postcode_area": ("String", None, "23"),
    "plan_name": ("String", None, "Harbour M"),
    "monthly_fee": ("Number", "Double", 24.9),
    "contract_start": ("String", None, "2015-08-01"),
    "paper_bill": ("Integer", "Int32", 1),
    "calls_per_month": ("Number", "Double", 41.5),
    "data_gb": ("Number", "Double", 3.2),
    "support_calls": ("Integer", "Int32", 2),
}
_OUTPUT: _Columns = {
    "customer_id": ("Integer", "Int64", 100412),
    "churn": ("Integer", "Int32", 1),
    "churn_probability": ("Number", "Double", 0.71),
    "action": ("String", None, "call"),
}


def definitions() -> Iterator[tuple[str, str]]:
    """The path and the text of each version: the first forgot the column `paper_bill`."""
    forgetful = {name: column for name, column in _INPUT.items() if name != "paper_bill"}
    nodes = tuple(scoring().versions[-1].nodes.values())
    for day, columns in (("2017-05-16", forgetful), ("2017-05-18", _INPUT)):
        definition: Object = {
            "properties": _properties(nodes, columns),
            "name": "churn-scoring",
            "location": "West Europe",
            "tags": {"team": "retention"},
        }
        yield f"{day}/webservices/{_TITLE}.json", text(definition, Text.SPACES).rstrip("\n")


def _properties(nodes: tuple[Node, ...], columns: _Columns) -> Object:
    plan = "Microsoft.MachineLearning/commitmentPlans/retention-s1"
    return {
        "packageType": "Graph",
        "package": _package(nodes),
        "title": _TITLE,
        "description": "Whom to call before they leave",
        "readOnly": False,
        "exposeSampleData": True,
        "realtimeConfiguration": {"maxConcurrentCalls": 20},
        "diagnostics": {"level": "Error"},
        "storageAccount": {"name": STORAGE, "key": storage_key(STORAGE)},
        "machineLearningWorkspace": {"id": WORKSPACE},
        "commitmentPlan": {"id": f"/subscriptions/{_SUBSCRIPTION}/resourceGroups/retention/providers/{plan}"},
        "input": _schema("customers", columns),
        "output": _schema("scores", _OUTPUT),
        "exampleRequest": {
            "inputs": {"customers": [[example for _, _, example in columns.values()]]},
            "globalParameters": {"Append score columns": "True", "Score column names": "churn,churn_probability"},
        },
        "assets": _assets(nodes),
        "parameters": {
            "append score columns": _value("True"),
            "score column names": _value("churn,churn_probability"),
        },
        "payloadsInBlobStorage": False,
    }


def _value(value: str) -> Object:
    return {"value": value, "certificateThumbprint": ""}


def _schema(name: str, columns: _Columns) -> Object:
    table: Object = {
        column: {"type": kind, **({"format": width} if width else {}), "x-ms-isnullable": kind != "String"}
        for column, (kind, width, _) in columns.items()
    }
    return {
        "title": "",
        "description": "",
        "type": "object",
        "properties": {name: {"title": "", "description": "", "type": "object", "properties": table}},
    }


def _resources(nodes: tuple[Node, ...]) -> dict[str, Asset]:
    """The stored assets the service takes along, by their port: not the example data, which a request replaces."""
    return {
        f"{node.id}:{port}": feed
        for node in nodes
        for port, feed in node.feeds.items()
        if isinstance(feed, Asset) and feed.kind is not AssetKind.DATASET
    }


def _asset_keys(nodes: tuple[Node, ...]) -> dict[str, str]:
    ids = [node.module.id for node in nodes] + [asset.id for asset in _resources(nodes).values()]
    return {key: f"asset{number}" for number, key in enumerate(dict.fromkeys(ids), start=1)}


def _assets(nodes: tuple[Node, ...]) -> Object:
    keys = _asset_keys(nodes)
    modules: Object = {
        keys[node.module.id]: {
            "name": node.module.name,
            "type": "Module",
            "locationInfo": {"uri": f"aml://module/{node.module.id}", "credentials": ""},
        }
        for node in nodes
    }
    resources: Object = {keys[asset.id]: _resource(asset) for asset in _resources(nodes).values()}
    return modules | resources


def _resource(asset: Asset) -> Object:
    is_model = asset.kind is AssetKind.TRAINED_MODEL
    blob = f"{hex32(asset.id)}.{'ilearner' if is_model else 'itransform'}"
    return {
        "name": "Churn model [trained model]" if is_model else "Usage cleaning [transform]",
        "type": "Resource",
        "locationInfo": {"uri": f"https://{STORAGE}.blob.core.windows.net/azuremlassetscontainer/{blob}"},
        "outputPorts": {"Results dataset": {"type": "Dataset"}},
    }


def _package(nodes: tuple[Node, ...]) -> Object:
    keys = _asset_keys(nodes)
    resources = _resources(nodes)
    names = {key: f"node{number}" for number, key in enumerate([*(node.id for node in nodes), *resources], start=1)}
    placed: Object = {
        names[node.id]: {
            "assetId": keys[node.module.id],
            "parameters": {name: _value(parameter.value or "") for name, parameter in node.parameters.items()},
        }
        for node in nodes
    }
    stored: Object = {names[target]: {"assetId": keys[asset.id]} for target, asset in resources.items()}
    first, last = names[nodes[0].id], names[nodes[-1].id]
    entry, end = f"node{len(names) + 1}", f"node{len(names) + 2}"
    edges: list[Object] = [
        _edge(names[feed[0]], feed[1], names[node.id], port) for node in nodes for port, feed in node.feeds.items() if not isinstance(feed, Asset)
    ]
    edges += [_edge(names[target], "Results dataset", names[target.partition(":")[0]], target.partition(":")[2]) for target in resources]
    edges += [_edge(entry, None, first, "Dataset"), _edge(last, "Results dataset", end, None)]
    return {
        "nodes": {**placed, **stored, entry: {"inputId": "customers"}, end: {"outputId": "scores"}},
        "edges": edges,
        "graphParameters": _graph_parameters(nodes, names),
    }


def _edge(source: str, source_port: str | None, target: str, target_port: str | None) -> Object:
    members = {
        "sourceNodeId": source,
        "sourcePortId": source_port,
        "targetNodeId": target,
        "targetPortId": target_port,
    }
    return {name: value for name, value in members.items() if value is not None}


def _graph_parameters(nodes: tuple[Node, ...], names: Mapping[str, str]) -> Object:
    return {
        parameter.linked: {
            "description": parameter.linked,
            "type": "Boolean" if parameter.value in ("True", "False") else "String",
            "links": [{"nodeId": names[node.id], "parameterKey": name}],
        }
        for node in nodes
        for name, parameter in node.parameters.items()
        if parameter.linked is not None
    }
