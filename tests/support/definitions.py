"""A small web service definition, and what tests do with definitions."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st

from amlgit.form import secrets
from amlgit.form.experiments import Form
from amlgit.form.secrets import Decisions
from amlgit.form.webservices import join, split
from amlgit.model.jsontext import Json, Object, dumps_sorted, same

FAMILY = "0123456789abcdef0123456789abcdef"


NO_DECISIONS = Decisions()


WORKSPACE = "506153734175476c4f62416c57734963"


PYTHON = f"aml://module/{WORKSPACE}.cdb56f957f4c404dbde75bb972e6f232.v1-default-1735"


READER = f"aml://module/{WORKSPACE}.4e1b0fe6aded4b3fa36f39b8862b9004.v1-default-1742"


SELECTION = (
    "%7B%22isFilter%22%3Atrue%2C%22rules%22%3A%5B%7B%22ruleType%22%3A%22ColumnNames%22%2C"
    "%22columns%22%3A%5B%22b%22%2C%22a%22%5D%2C%22exclude%22%3Afalse%7D%5D%7D"
)


def a_value(value: object, thumbprint: object = "") -> dict[str, Any]:
    return {"value": value, "certificateThumbprint": thumbprint}


def a_column(kind: str) -> dict[str, Any]:
    return {"type": kind, "format": "", "x-ms-isnullable": True}


def an_asset(name: str, uri: str) -> dict[str, Any]:
    return {"name": name, "type": "Module", "locationInfo": {"uri": uri, "credentials": ""}}


def a_definition() -> dict[str, Any]:  # Any, here and above: tests reach into the tree
    table = {"title": "", "type": "object", "properties": {"name": a_column("String"), "age": a_column("Integer")}}
    return {
        "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearning/webServices/scoring",
        "name": "scoring",
        "type": "Microsoft.MachineLearning/webServices",
        "location": "West Europe",
        "tags": {"team": "retention", "cost": "12"},
        "properties": {
            "packageType": "Graph",
            "createdOn": "2017-06-05T15:03:37.7508698Z",
            "modifiedOn": "2017-06-05T15:03:52.4695221Z",
            "provisioningState": "Succeeded",
            "swaggerLocation": "https://ussouthcentral.services.azureml.net/swagger.json",
            "payloadsLocation": None,
            "keys": None,
            "storageAccount": {"name": "store", "key": None},
            "diagnostics": {"level": "None", "expiry": None},
            "assets": {"code": an_asset("Execute Python Script", PYTHON), "reader": an_asset("Import Data", READER)},
            "input": {"type": "object", "properties": {"people": deepcopy(table)}},
            "output": {"type": "object", "properties": {"scores": deepcopy(table)}},
            "exampleRequest": {"inputs": {"people": [["Bo", 2], ["Al", 1]]}, "globalParameters": {"Server name": "s"}},
            "parameters": {"server name": a_value("db.example.org")},
            "package": {
                "nodes": {
                    "node1": {"assetId": "code", "parameters": {"R Script": a_value("print(1)\r\nprint(2)"), "Version": a_value("2")}},
                    "node2": {"assetId": "reader", "parameters": {"Database Query": "select 1\n", "Columns to keep": SELECTION, "Rows": "5"}},
                    "node3": {"inputId": "people"},
                    "node10": {"outputId": "scores", "parameters": None},
                },
                "edges": [
                    {"sourceNodeId": "node3", "targetNodeId": "node1", "targetPortId": "Dataset1"},
                    {"sourceNodeId": "node2", "sourcePortId": "Results dataset", "targetNodeId": "node1", "targetPortId": "Dataset1"},
                    {"sourceNodeId": "node1", "sourcePortId": "Result Dataset", "targetNodeId": "node10"},
                ],
                "graphParameters": {
                    "Server name": {
                        "type": "String",
                        "links": [{"nodeId": "node2", "parameterKey": "Rows"}, {"nodeId": "node1", "parameterKey": "Version"}],
                    }
                },
            },
        },
    }


def nodes_of(document: dict[str, Any]) -> dict[str, Any]:
    nodes: dict[str, Any] = document["properties"]["package"]["nodes"]
    return nodes


def form_of(document: Object, decisions: Decisions = NO_DECISIONS) -> Form:
    return split(document, FAMILY, decisions)


def comparable(value: Json, path: tuple[str, ...] = ()) -> Json:
    """A value in which columns are a list, for their order is data, and edges and links are sorted, for theirs is not."""
    if isinstance(value, Mapping):
        inner = {name: comparable(member, (*path, name.casefold())) for name, member in value.items()}
        are_columns = len(path) == 5 and path[1] in ("input", "output") and path[4] == "properties"
        return [[name, member] for name, member in inner.items()] if are_columns else inner
    if isinstance(value, list):
        entries = [comparable(entry, (*path, "")) for entry in value]
        return sorted(entries, key=dumps_sorted) if path[-1:] in (("edges",), ("links",)) else entries
    return value


def round_trips(document: Object) -> bool:
    form = form_of(document)
    return same(comparable(secrets.unescape(join(form.content, form.run))), comparable(document))


def text_of(form: Form) -> bytes:
    return b"\n".join([*(path.encode() + b"\n" + data for path, data in sorted(form.content.items())), form.run])


def any_values() -> st.SearchStrategy[Json]:
    """Any JSON, small, with members that are named like ours now and then."""
    names = st.text(st.sampled_from("aAbß/. $é1"), max_size=5) | st.sampled_from(["File", "value", "Absent"])
    return st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=4),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=5,
    )


PLANTED = "Plante4-Secret/Zx9"
