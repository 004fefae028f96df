"""Datasets, trained models and transforms: list, get, create, promote, delete (protocol, sections 3 and 6)."""

from collections.abc import Mapping

from amlgit.emulator import shapes as s
from amlgit.emulator import simulated, tables
from amlgit.emulator.api.experiments import output_of
from amlgit.emulator.routing import Call, Reply, Route, reply
from amlgit.emulator.state import assets, blobs, experiments
from amlgit.emulator.state.assets import Kind, NewAsset
from amlgit.emulator.state.database import Row, unpack
from amlgit.emulator.wire import Json, Object, as_object, conflict, date, member, missing, object_of, text_of, ticks

WRAPPERS = {
    Kind.DATASET: ("DataSource", "Dataset"),
    Kind.MODEL: ("TrainedModel", "ILearnerDotNet"),
    Kind.TRANSFORM: ("Transform", "ITransformDotNet"),
}
"""The member that wraps an asset in a request, and the type a promoted one has."""
_EXTENSIONS = {"zip": "zip", "arff": "arff", "plaintext": "txt", "rdata": "rdata"}


def asset_object(call: Call, row: Row) -> Object:
    """A dataset, model or transform with every member clients read; the order is that of a real list (corpus, arm/studio-text.json)."""
    doc = unpack(row["doc"])
    kind = Kind(row["kind"])
    blob = blobs.find(call.store, row["blob"]) if row["blob"] else None
    size = blob["size"] if blob else 0
    found = {
        "Language": doc.get("Language"),
        "Id": row["id"],
        "DataTypeId": row["data_type"],
        "Name": row["name"],
        "Description": doc.get("Description", ""),
        "FamilyId": row["family"],
        "ResourceUploadId": doc.get("ResourceUploadId"),
        "SourceOrigin": doc.get("SourceOrigin", "FromResourceUpload"),
        "Size": min(size, 2**31 - 1) if kind is Kind.DATASET else 0,
        "CreatedDate": date(row["created"]),
        "Owner": doc.get("Owner", ""),
        "ExperimentId": doc.get("ExperimentId"),
        "ClientVersion": None,
        "PromotedFrom": doc.get("PromotedFrom"),
        "UploadedFromFilename": doc.get("UploadedFromFilename"),
        "ServiceVersion": row["version"],
        "IsLatest": bool(row["is_latest"]),
        "Category": doc.get("Category"),
        "DownloadLocation": _download(call, row, size),
        "IsDeprecated": False,
        "Culture": "default",
        "Batch": doc["Batch"],
        "CreatedDateTicks": ticks(row["created"]),
    }
    return found | (_data_endpoints(call, row, blob) if kind is Kind.DATASET else {})


def _download(call: Call, row: Row, size: int) -> Object | None:
    if not row["blob"]:
        return None
    kinds = {"ilearnerdotnet": "ilearner", "itransformdotnet": "itransform", "dataset": "dataset"} | _EXTENSIONS
    lower = row["data_type"].lower()
    extension = kinds.get(lower) or ("tsv" if "tsv" in lower else "csv" if "csv" in lower else "bin")
    return call.links.stored(f"uploadedresources/{row['blob']}.{extension}", row["name"], size)


def _data_endpoints(call: Call, row: Row, blob: Row | None) -> Object:
    status = _schema_status(call, row, blob)
    made = status == "Complete" and row["blob"]

    def endpoint(kind: str) -> Object | None:
        return call.links.shared(call.ws, f"datasetmetadata/{row['blob']}.{kind}", row["name"], -1) if made else None

    return {"SchemaStatus": status, "VisualizeEndPoint": endpoint("visualization"), "SchemaEndPoint": endpoint("schema")}


def _schema_status(call: Call, row: Row, blob: Row | None) -> str:
    """Pending for a moment, then what came of it; clients poll without a pause (protocol, section 3)."""
    if call.at < row["created"] + call.settings.schema_seconds:
        return "Pending"
    if row["data_type"].lower() == "dataset":
        return "Complete"
    if not tables.is_tabular(row["data_type"]) or blob is None:
        return "NotSupported"
    head = blobs.head(call.store, row["blob"], blobs.PIECE)
    return "Complete" if tables.read(head, row["data_type"], is_whole=len(head) == blob["size"]) else "Failed"


def _lister(kind: Kind) -> Mapping[str, Json]:
    def handler(call: Call) -> Reply:
        return reply([asset_object(call, row) for row in assets.listed(call.store, call.ws, kind)])

    return {"handler": handler, "reply": s.listing(s.ASSET)}


def _getter(kind: Kind) -> Mapping[str, Json]:
    def handler(call: Call) -> Reply:
        row = assets.find(call.store, call.ws, kind, call.path["id"])
        if row is None:
            raise missing("The asset", "AssetNotFound")
        return reply(asset_object(call, row))

    return {"handler": handler, "reply": s.ASSET}


def _creator(kind: Kind) -> Mapping[str, Json]:
    wrapper, promoted_type = WRAPPERS[kind]

    def handler(call: Call) -> Reply:
        body = as_object(call.body)
        given = object_of(body, wrapper)
        if member(body, "ExperimentId") is not None:
            return reply(_promoted(call, kind, body, given, promoted_type))
        return reply(_uploaded(call, kind, body, given))

    details = s.record({"Name": s.NAME}, {"FamilyId": s.OPTIONAL_TEXT, "Description": s.OPTIONAL_TEXT, "DataTypeId": s.OPTIONAL_TEXT})
    more = {"UploadId": s.OPTIONAL_TEXT, "ExperimentId": s.OPTIONAL_TEXT, "ModuleNodeId": s.OPTIONAL_TEXT, "OutputName": s.OPTIONAL_TEXT}
    return {"handler": handler, "reply": s.TEXT, "body": s.record({wrapper: details}, more), "statuses": (409,)}


def _doc(given: Object, origin: str, **more: Json) -> Object:
    return {"Description": text_of(given, "Description"), "Owner": text_of(given, "Owner"), "SourceOrigin": origin, **more}


def _uploaded(call: Call, kind: Kind, body: Object, given: Object) -> str:
    """A dataset of an upload: with a family it is a new version of that, without one a new dataset."""
    upload = text_of(body, "UploadId")
    blob = blobs.find(call.store, upload, call.ws)
    if blob is None or blob["kind"] != "upload":
        raise missing("The upload", "UploadNotFound")
    if not blob["is_complete"] and blob["blocks"]:
        raise conflict("The upload is not complete: blocks are missing.", "UploadIncomplete")
    data_type = text_of(given, "DataTypeId") or blob["data_type"]
    doc = _doc(given, "FromResourceUpload", ResourceUploadId=upload, UploadedFromFilename=text_of(body, "UploadedFromFileName"))
    new = NewAsset(kind=kind, name=text_of(given, "Name"), data_type=data_type, family=text_of(given, "FamilyId"), blob=upload, doc=doc)
    with call.store.write() as db:
        db.execute("UPDATE blobs SET is_complete = 1 WHERE id = ?", (upload,))
        return assets.add(db, call.ws, new)


def _promoted(call: Call, kind: Kind, body: Object, given: Object, data_type: str) -> str:
    """An asset made of a node's output (protocol, section 6); what is in it says that it is simulated."""
    experiment, node, port = (text_of(body, name) for name in ("ExperimentId", "ModuleNodeId", "OutputName"))
    row = experiments.find(call.store, call.ws, experiment)
    content, _ = simulated.content(output_of(row, round(call.at * 1000), node, port))
    doc = _doc(given, "FromOutputPromotion", ExperimentId=experiment, PromotedFrom=f"{experiment}.{node}.{port}")
    doc["Owner"] = doc["Owner"] or call.workspace["owner"]
    with call.store.write() as db:
        blob = blobs.put(db, call.ws, "upload", data_type, content)
        new = NewAsset(kind=kind, name=text_of(given, "Name"), data_type=data_type, family=text_of(given, "FamilyId"), blob=blob, doc=doc)
        return assets.add(db, call.ws, new)


def _deleter(kind: Kind) -> Mapping[str, Json]:
    def handler(call: Call) -> Reply:
        with call.store.write() as db:
            count = assets.delete_family(db, call.ws, kind, call.path["family"])
        if not count:
            raise missing("The family", "FamilyNotFound")
        return reply({"FamilyId": call.path["family"], "Deleted": count})

    return {"handler": handler, "reply": s.record({"FamilyId": s.TEXT, "Deleted": s.WHOLE})}


def dependants(call: Call) -> Reply:
    """The experiments that use any version of a family."""
    if not call.store.row("SELECT 1 FROM assets WHERE workspace = ? AND family = ?", (call.ws, call.path["family"].lower())):
        raise missing("The family", "FamilyNotFound")
    query = "SELECT id FROM experiments WHERE workspace = ? AND NOT is_snapshot AND instr(graph, ?) ORDER BY id"
    found = call.store.rows(query, (call.ws, f".{call.path['family'].lower()}."))
    return reply({"WebServiceGroups": [], "Experiments": [row["id"] for row in found]})


def _routes(kind: Kind, one: str, many: str) -> tuple[Route, ...]:
    base = f"/api/workspaces/{{ws}}/{kind.value}"
    family = base + "/family/{family}"
    return (
        Route(method="GET", pattern=base, summary=f"List {many}: the latest version of each family", **_lister(kind)),
        Route(method="POST", pattern=base, summary=f"Make a {one} of an upload or a node's output", **_creator(kind)),
        Route(method="GET", pattern=base + "/{id}", summary=f"Get one version of a {one}, with fresh links", **_getter(kind)),
        Route(method="DELETE", pattern=family, summary=f"Delete all versions of a {one}", **_deleter(kind)),
        Route(method="GET", pattern=family + "/dependants", summary=f"What uses a {one}", handler=dependants, reply=s.OBJECT),
    )


ROUTES = (
    *_routes(Kind.DATASET, "dataset", "datasets"),
    *_routes(Kind.MODEL, "trained model", "trained models"),
    *_routes(Kind.TRANSFORM, "transform", "transforms"),
)
