"""Fills workspaces: with the samples that are shipped, or with an archive of exports."""

import json
import re
import sqlite3
from collections import defaultdict
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from amlgit.emulator import archive, catalogue, packages, simulated
from amlgit.emulator import graph as graphs
from amlgit.emulator.api.admin import gallery_entry
from amlgit.emulator.archive import Export
from amlgit.emulator.state import assets, blobs, experiments, things, workspaces
from amlgit.emulator.state.assets import Kind, NewAsset
from amlgit.emulator.state.database import Store, pack
from amlgit.emulator.state.workspaces import FIRST, GLOBAL
from amlgit.emulator.wire import Json, Object, ms_of, now

_ASSET = re.compile(r"[0-9a-f]{32}\.[0-9a-f]{32}\.[\w-]+")
_KINDS = {"DataSourceId": Kind.DATASET, "TrainedModelId": Kind.MODEL, "TransformModuleId": Kind.TRANSFORM}
_TYPES = {Kind.DATASET: "Dataset", Kind.MODEL: "ILearnerDotNet", Kind.TRANSFORM: "ITransformDotNet", Kind.MODULE: "Module"}
_OWN = ("ExperimentId", "RunId", "ParentExperimentId", "Graph", "Status", "Etag", "NodeStatuses", "IsLeaf", "WebService")
_HEAD = ("Summary", "Description", "Creator", "Category", "Tags", "DisableNodesUpdate", "OriginalExperimentDocumentationLink", "IsPartialRun")
_UPLOADED = 1486684800.0
"""When the shipped assets were made: before the first of the shipped experiments."""
_REFERRED = "Referred to by an experiment of the archive, which has no more of it"
_MOMENT = re.compile(r"datetime'(\d{4})-(\d\d)-(\d\d)T")


@dataclass(slots=True, kw_only=True)
class Report:
    """What a seed did."""

    workspaces: list[str] = field(default_factory=list)
    experiments: int = 0
    snapshots: int = 0
    assets: int = 0
    skipped: dict[str, str] = field(default_factory=dict)


def seed(store: Store, folder: Path | None = None, workspace: str | None = None) -> Report:
    """Fill a workspace with the samples, or those of an archive with it; `workspace` takes everything into one. What is there already stays."""
    if folder is not None and not folder.is_dir():
        raise NotADirectoryError(20, "Not a folder", str(folder))
    source = folder or samples()
    replaced = dict.fromkeys(archive.workspaces_of(source), workspace) if workspace else {}
    exports, skipped = archive.read(source, replaced)
    report = Report(skipped=skipped, workspaces=sorted({each.workspace for each in exports}))
    with store.write() as db:
        for name in report.workspaces:
            workspaces.create(db, name, f"Workspace {name[:8]}")
        if folder is None:
            report.assets += _sample_assets(db, workspace or FIRST)
        report.assets += _referred(db, exports)
        for export in exports:
            _add(db, export, report)
        _add_working_copies(db, exports, report)
        if folder is None:
            _extras(db, workspace or FIRST)
        _choose_default(db, report.workspaces)
    return report


def samples() -> Path:
    """The folder of the shipped sample archive, read as data."""
    return Path(str(files("amlgit").joinpath("samples", "archive")))


def _sample_assets(db: sqlite3.Connection, workspace: str) -> int:
    folder = files("amlgit.emulator").joinpath("samples")
    added = 0
    for each in json.loads(folder.joinpath("assets.json").read_text(encoding="utf-8")):
        kind = Kind(each["kind"])
        data = folder.joinpath(each["file"]).read_bytes() if "file" in each else simulated.content(".ilearner")[0]
        doc = {"Description": each["description"], "Owner": "mira.holm", "UploadedFromFilename": each.get("file")}
        doc |= {} if "file" in each else {"SourceOrigin": "FromOutputPromotion"}
        identity = f"{workspace}.{each['id'].partition('.')[2]}"
        new = NewAsset(kind=kind, name=each["name"], data_type=each["data_type"], doc=doc)
        added += _insert(db, identity, new, data, created=_UPLOADED)
    return added


def _insert(db: sqlite3.Connection, identity: str, new: NewAsset, data: bytes, created: float) -> bool:
    if db.execute("SELECT 1 FROM assets WHERE id = ?", (identity,)).fetchone():
        return False
    workspace, family = identity.split(".")[:2]
    blob = blobs.put(db, workspace, "upload", new.data_type, data)
    number = identity.rpartition("-")[2]
    batch = int(number) if number.isdigit() and len(number) < 10 else 0
    older = db.execute("SELECT max(version) FROM assets WHERE workspace = ? AND family = ?", (workspace, family)).fetchone()[0]
    made = NewAsset(kind=new.kind, name=new.name, data_type=new.data_type, blob=blob, doc=new.doc)
    assets.insert(db, identity, workspace, made, version=0 if older is None else older + 1, batch=batch, created=created)
    db.execute("UPDATE workspaces SET batch = max(batch, ?) WHERE id = ?", (batch, workspace))
    return True


def _referred(db: sqlite3.Connection, exports: list[Export]) -> int:
    """Make the assets that the graphs refer to: they were in the workspace, else the experiments could not have been saved whole."""
    wanted: dict[str, NewAsset] = {}
    for export in exports:
        for node in export.document["Graph"]["ModuleNodes"]:
            if not catalogue.is_built_in(node["ModuleId"]):
                wanted.setdefault(node["ModuleId"], _module_of(node))
            for port in graphs.inputs(node):
                for name, kind in _KINDS.items():
                    if port.get(name):
                        wanted.setdefault(port[name], _stand_in(kind, port[name]))
    known = {identity: new for identity, new in sorted(wanted.items()) if _ASSET.fullmatch(identity)}
    return sum(_insert(db, identity, new, simulated.content(".ilearner")[0], created=now()) for identity, new in known.items())


def _stand_in(kind: Kind, identity: str) -> NewAsset:
    word = {Kind.DATASET: "Dataset", Kind.MODEL: "Trained model", Kind.TRANSFORM: "Transform", Kind.MODULE: "Module"}[kind]
    number = identity.split(".")[1][:8] if "." in identity else ""
    doc: Object = {"Description": _REFERRED, "Owner": "", "SourceOrigin": "FromExistingBlob"}
    return NewAsset(kind=kind, name=f"{word} {number}", data_type=_TYPES[kind], doc=doc)


def _module_of(node: Object) -> NewAsset:
    """A custom module with the ports and parameters that a node of it has."""
    new = _stand_in(Kind.MODULE, node["ModuleId"])
    ports = [str(port.get("Name")) for port in graphs.inputs(node)]
    interface = {
        "InputPorts": [{"Name": name, "FriendlyName": name, "IsOptional": True, "MarkupType": "Port", "Types": ["Dataset"]} for name in ports],
        "OutputPorts": [{"Name": name, "FriendlyName": name, "MarkupType": "Port", "Type": "Dataset"} for name in graphs.outputs(node)],
        "Parameters": [
            catalogue.parameter_object(str(each.get("Name")), str(each.get("Name")), "String", "") for each in node.get("ModuleParameters") or []
        ],
        "InterfaceString": "",
    }
    return NewAsset(kind=Kind.MODULE, name=new.name, data_type=new.data_type, doc=new.doc | {"Interface": interface})


def _add(db: sqlite3.Connection, export: Export, report: Report) -> None:
    """The snapshot an export is of, if it is of one."""
    document = export.document
    if not export.is_run or db.execute("SELECT 1 FROM experiments WHERE id = ?", (document["RunId"],)).fetchone():
        return
    _insert_experiment(db, str(document["RunId"]), export)
    report.snapshots += 1


def _add_working_copies(db: sqlite3.Connection, exports: list[Export], report: Report) -> None:
    """The newest state of each experiment is its working copy; an older draft was overwritten there, and is here."""
    newest: dict[str, Export] = {}
    older: dict[str, list[Export]] = defaultdict(list)
    for export in exports:
        if export.identity in newest:
            older[export.identity].append(newest[export.identity])
        newest[export.identity] = export
    for identity, export in newest.items():
        if not db.execute("SELECT 1 FROM experiments WHERE id = ?", (identity,)).fetchone():
            _insert_experiment(db, identity, export)
            report.experiments += 1
        for draft in older[identity]:
            if not draft.is_run:
                report.skipped[draft.path] = "An older draft, which a newer state overwrote."


def _insert_experiment(db: sqlite3.Connection, identity: str, export: Export) -> None:
    document = export.document
    head: Object = {name: document.get(name) for name in _HEAD}
    head["Extra"] = {name: value for name, value in document.items() if name not in (*_OWN, *_HEAD)}
    if not export.is_run:
        head["Status"] = document["Status"]
    experiments.insert(
        db,
        identity,
        head=head,
        graph=document["Graph"],
        service=document["WebService"] or experiments.NO_SERVICE,
        created=export.created,
        etag=document.get("Etag"),
        run_id=document.get("RunId"),
        parent=document.get("ParentExperimentId"),
        run=pack(_run_of(document)) if export.is_run else None,
        node_statuses=json.dumps(document.get("NodeStatuses") or [], ensure_ascii=False) if export.is_run else None,
    )


def _run_of(document: Object) -> Object:
    """A run that is over: what the export says of it."""
    status = document["Status"]
    return {
        "Status": status,
        "Ended": max(0, ms_of(status.get("EndTime"))),
        "IsPartial": document.get("IsPartialRun"),
    }


def _extras(db: sqlite3.Connection, workspace: str) -> None:
    """A project, a notebook, a gateway, a note on the canvas, and an entry of the gallery: one of each, made up."""
    rows = db.execute("SELECT * FROM experiments WHERE workspace = ? AND NOT is_snapshot ORDER BY created", (workspace,)).fetchall()
    if not rows:
        return
    first = rows[0]
    container = "7d3f0f6a1b2c4d5e8f90a1b2c3d4e5f6"
    contents: Json = {"Experiment": [row["id"] for row in rows]}
    project = {
        "ContainerId": container,
        "Name": "Retention",
        "Description": "Who leaves, and whom to call",
        "Creator": "mira.holm",
        "Contents": contents,
    }
    things.put(db, workspace, "projectcontainers", container, project)
    notebook = {"FamilyId": "3c5d7e9f1a2b4c6d8e0f1a2b3c4d5e6f", "Name": "Usage by month", "Author": "mira.holm", "Language": "Python 3"}
    notebook |= {"Created": "2017-03-02T10:11:12Z", "Modified": "2017-03-08T15:20:01Z", "Tags": ""}
    things.put(db, workspace, "notebooks", notebook["FamilyId"], notebook)
    empty = ("ExpiryTime", "RegistrationKey", "Host", "Version", "VersionStatus")
    gateway = {"GatewayName": "crm-gateway", "Scope": "Workspace", "Description": "To the customer database", "Status": "Online", "Location": ""}
    gateway |= {"CreateTime": "2017-01-09T08:00:00Z", "RegisterTime": "2017-01-09T08:05:00Z", "LastConnectTime": "2017-05-18T06:00:00Z"}
    things.put(db, workspace, "gateways", "crm-gateway", gateway | {"ProvisioningState": "Succeeded"} | dict.fromkeys(empty, ""))
    note = {"Id": "1", "ParentAnnotationId": None, "ExperimentId": first["id"], "Content": "Ask the plant before changing the thresholds."}
    things.put(db, workspace, "annotations", f"{first['id']}#1", note | {"IsCollapsed": False, "NodeId": None, "Edge": None})
    if not db.execute("SELECT 1 FROM things WHERE workspace = ? AND kind = 'gallery'", (GLOBAL,)).fetchone():
        package = packages.pack(db, first, clear_credentials=True, with_author=True)
        gallery_entry(db, blobs.put(db, GLOBAL, "package", "Package", package), json.loads(package)["Description"])


def _choose_default(db: sqlite3.Connection, filled: list[str]) -> None:
    """The workspace that a start names first: if that is empty, one that is not."""
    count = "SELECT count(*) FROM experiments WHERE workspace = ?"
    default = db.execute("SELECT value FROM meta WHERE name = 'default'").fetchone()[0]
    if filled and not db.execute(count, (default,)).fetchone()[0]:
        largest = max(filled, key=lambda name: (db.execute(count, (name,)).fetchone()[0], name))
        db.execute("UPDATE meta SET value = ? WHERE name = 'default'", (largest,))
