"""What is in a package: the experiment and, unlike an exported graph, the assets it refers to (protocol, section 7)."""

import json
import sqlite3

from amlgit.emulator import catalogue
from amlgit.emulator import graph as graphs
from amlgit.emulator.state import assets, experiments
from amlgit.emulator.state.assets import Kind, NewAsset
from amlgit.emulator.state.database import Row
from amlgit.emulator.state.database import unpack as stored
from amlgit.emulator.state.workspaces import GLOBAL, new_id, next_batch
from amlgit.emulator.wire import Object

_CREDENTIALS = {"account key", "account sas uri", "server user account password", "password", "hadoop user password", "access token"}
"""Names of credential parameters of modules the catalogue does not know (protocol, section 11)."""


def pack(db: sqlite3.Connection, row: Row, *, clear_credentials: bool, with_author: bool) -> bytes:
    """The package's text."""
    graph = stored(row["graph"])
    own = sorted({each for each in graphs.asset_ids(graph) if not each.startswith(f"{GLOBAL}.")})
    rows = [db.execute("SELECT * FROM assets WHERE id = ?", (each,)).fetchone() for each in own]
    head = stored(row["head"])
    document = {
        "Description": head["Description"],
        "Summary": head["Summary"],
        "Creator": head["Creator"] if with_author else None,
        "Source": row["id"],
        "Graph": _without_credentials(graph) if clear_credentials else graph,
        "WebService": stored(row["service"]),
        "Assets": [{name: each[name] for name in ("id", "kind", "name", "data_type", "blob", "doc")} for each in rows if each],
    }
    return json.dumps(document, ensure_ascii=False).encode()


def items(package: bytes) -> int:
    """How many assets a package holds."""
    return len(json.loads(package)["Assets"])


def _without_credentials(graph: Object) -> Object:
    nodes = []
    for node in graph["ModuleNodes"]:
        parameters = [
            parameter | {"Value": None} if _is_credential(node["ModuleId"], parameter) else parameter
            for parameter in node.get("ModuleParameters") or []
        ]
        nodes.append(node | ({"ModuleParameters": parameters} if "ModuleParameters" in node else {}))
    return graph | {"ModuleNodes": nodes}


def _is_credential(module: str, parameter: Object) -> bool:
    name = str(parameter.get("Name"))
    marked = parameter.get("ValueType") == "PlaceHolder" or parameter.get("IsSensitiveField") is True
    return marked or name.lower() in _CREDENTIALS or catalogue.is_credential(module, name)


def unpack(db: sqlite3.Connection, workspace: Row, package: bytes, community: str | None, at: int) -> str:
    """The id of the copy. Its assets are copied too, under ids of this workspace; those copied before are used again."""
    document = json.loads(package)
    copies = {each["id"]: _copied(db, str(workspace["id"]), each) for each in document["Assets"]}
    head = {
        "Description": document["Description"],
        "Summary": document["Summary"],
        "Creator": document["Creator"] or workspace["owner"],
        "Category": "user",
        "Tags": [],
        "DisableNodesUpdate": None,
        "OriginalExperimentDocumentationLink": community,
    }
    identity = f"{workspace['id']}.f-id.{new_id()}"
    graph = graphs.with_assets(document["Graph"], copies)
    experiments.insert(db, identity, head=head, graph=graph, service=document["WebService"], created=at)
    return identity


def _copied(db: sqlite3.Connection, workspace: str, asset: Object) -> str:
    source = asset["id"]
    if source.startswith(f"{workspace}."):
        return str(source)
    query = "SELECT id FROM assets WHERE workspace = ? AND NOT is_deleted AND json_extract(doc, '$.CopiedFrom') = ?"
    known = db.execute(query, (workspace, source)).fetchone()
    if known:
        return str(known["id"])
    kind = Kind(asset["kind"])
    doc = json.loads(asset["doc"]) | {"CopiedFrom": source}
    new = NewAsset(kind=kind, name=_free_name(db, workspace, kind, asset["name"]), data_type=asset["data_type"], blob=asset["blob"], doc=doc)
    batch = next_batch(db, workspace)
    identity = f"{workspace}.{new_id()}.v1-default-{batch}"
    assets.insert(db, identity, workspace, new, version=0, batch=batch)
    return identity


def _free_name(db: sqlite3.Connection, workspace: str, kind: Kind, name: str) -> str:
    query = "SELECT 1 FROM assets WHERE workspace = ? AND kind = ? AND NOT is_deleted AND is_latest AND name = ? COLLATE NOCASE"
    free, number = name, 1
    while db.execute(query, (workspace, kind.value, free)).fetchone():
        number += 1
        free = f"{name} ({number})"
    return free
