"""Uploads in all four ways clients have, and custom modules (protocol, sections 3 and 10)."""

from amlgit.emulator import catalogue, custom
from amlgit.emulator import shapes as s
from amlgit.emulator.routing import WORKSPACE, Call, Reply, Route, reply
from amlgit.emulator.state import activities, assets, blobs
from amlgit.emulator.state.assets import Kind, NewAsset
from amlgit.emulator.state.database import Row, unpack
from amlgit.emulator.wire import ApiError, Object, as_object, bad, conflict, missing, text_of

_MAX_BLOCKS = 50_000
_MAX_TYPE = 64


def _data_type(call: Call) -> str:
    given = call.query.get("datatypeid", "").strip()
    if len(given) > _MAX_TYPE or not given.isalnum() or not given.isascii():
        raise bad("dataTypeId must name a type, such as GenericCSV.", "InvalidDataType")
    return given


def start(call: Call) -> Reply:
    """Begin an upload; a body here is the whole file (variants 1 and 2), without one blocks follow (3 and 4) or the file is empty."""
    data_type = _data_type(call)
    assert call.staged is not None
    with call.store.write() as db:
        upload = blobs.create(db, call.ws, "upload", data_type)
        blobs.take_block(db, call.staged, upload, 0)
        if blobs.blocks(db, upload):
            db.execute("UPDATE blobs SET is_complete = 1, blocks = 1 WHERE id = ?", (upload,))
    return _uploaded(call, upload)


def block(call: Call) -> Reply:
    """One block; the last one to arrive commits, there is no other end."""
    data_type, count, number = _data_type(call), _number(call, "numberofblocks"), _number(call, "blockid")
    if number >= count:
        raise conflict("blockId runs from 0 to numberOfBlocks - 1.", "InvalidBlock")
    upload = call.query.get("uploadid", "")
    assert call.staged is not None
    with call.store.write() as db:
        row = blobs.find(call.store, upload, call.ws)
        if row is None or row["kind"] != "upload":
            raise missing("The upload", "UploadNotFound")
        if row["is_complete"] and row["blocks"] != count:
            raise conflict("The upload is complete.", "UploadComplete")
        blobs.take_block(db, call.staged, upload, number)
        if row["size"] > call.settings.max_upload:
            raise ApiError(413, "MemoryQuotaViolation", "The upload is too large.")
        complete = blobs.blocks(db, upload) >= count
        db.execute("UPDATE blobs SET is_complete = ?, blocks = ?, data_type = ? WHERE id = ?", (complete, count, data_type, upload))
    return _uploaded(call, upload)


def _number(call: Call, name: str) -> int:
    text = call.query.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= _MAX_BLOCKS):
        raise bad(f"numberOfBlocks and blockId must be numbers up to {_MAX_BLOCKS}.", "InvalidBlock")
    return int(text)


def _uploaded(call: Call, upload: str) -> Reply:
    row = blobs.find(call.store, upload, call.ws)
    assert row is not None
    return reply(
        {
            "Id": upload,
            "DataTypeId": row["data_type"],
            "ContentType": call.headers.get("content-type"),
            "Endpoint": call.links.stored(f"uploadedresources/{upload}.bin", upload, row["size"]),
            "Committed": bool(row["is_complete"]),
        }
    )


def modules(call: Call) -> Reply:
    """The built-in modules and the workspace's own."""
    own = [_custom_module(row) for row in assets.listed(call.store, call.ws, Kind.MODULE)]
    return reply([*catalogue.listing(), *own])


def module(call: Call) -> Reply:
    """One version of a module; an older one of a built-in family looks like the newest."""
    row = assets.find(call.store, call.ws, Kind.MODULE, call.path["id"])
    if row is not None:
        return reply(_custom_module(row))
    if not catalogue.is_built_in(call.path["id"]):
        raise missing("The module", "ModuleNotFound")
    newest = next(each for each in catalogue.listing() if each["FamilyId"] == call.path["id"].split(".")[1].lower())
    batch = int(call.path["id"].rpartition("-")[2])
    return reply(newest | {"Id": call.path["id"], "Batch": batch, "IsLatest": batch == catalogue.BATCH})


def _custom_module(row: Row) -> Object:
    doc = unpack(row["doc"])
    return catalogue.module_object(row["id"], row["name"], row["created"], doc["Interface"]) | {
        "Description": doc.get("Description", ""),
        "Category": "Custom",
        "ReleaseState": "Custom",
        "ModuleType": "Custom",
        "ModuleLanguage": doc.get("Language"),
        "ResourceUploadId": doc.get("ResourceUploadId"),
        "Owner": doc.get("Owner", ""),
        "IsLatest": bool(row["is_latest"]),
        "SourceOrigin": doc.get("SourceOrigin", "FromResourceUpload"),
        "ServiceVersion": row["version"],
        "IsDeterministic": doc.get("IsDeterministic", True),
        "Batch": doc["Batch"],
    }


def add_module(call: Call) -> Reply:
    """Make a custom module of an uploaded zip; the body is the upload's reply as it came, the answer an activity to ask about."""
    upload = text_of(as_object(call.body), "Id")
    blob = blobs.find(call.store, upload, call.ws)
    if blob is None or blob["kind"] != "upload" or not blob["is_complete"]:
        raise missing("A complete upload of that Id", "UploadNotFound")
    outcome: Object
    if blob["size"] > custom.MAX_ZIP:
        outcome = {"Status": "Failed", "Result": f"The zip is larger than {custom.MAX_ZIP} bytes."}
    else:
        outcome = _made(call, upload)
    with call.store.write() as db:
        activity = activities.create(db, call.ws, "custommodule", call.at + call.settings.schema_seconds, outcome)
    return reply(activity)


def _made(call: Call, upload: str) -> Object:
    try:
        described = custom.read(b"".join(blobs.pieces(call.store, upload)))
        doc = described.doc | {"ResourceUploadId": upload}
        with call.store.write() as db:
            query = "SELECT family FROM assets WHERE workspace = ? AND kind = 'modules' AND is_latest AND name = ? COLLATE NOCASE"
            older = db.execute(query, (call.ws, described.name)).fetchone()
            family = older["family"] if older else ""
            new = NewAsset(kind=Kind.MODULE, name=described.name, data_type="Module", family=family, blob=upload, doc=doc)
            return {"Status": "Finished", "Result": assets.add(db, call.ws, new)}
    except (custom.BadModule, ApiError) as error:
        return {"Status": "Failed", "Result": str(error)}


def module_status(call: Call) -> Reply:
    """A two-element array: how far it is, and the module's id or the error."""
    activity = activities.find(call.store, call.ws, "custommodule", call.query.get("activitygroupid", ""))
    if call.at < activity.ready:
        return reply(["Pending", None])
    return reply([activity.doc["Status"], activity.doc["Result"]])


_BLOCK = s.WHOLE | {"minimum": 0, "maximum": _MAX_BLOCKS, "required": True}
_TYPE = {"dataTypeId": s.TEXT | {"pattern": "^[A-Za-z0-9]{1,64}$", "required": True}}

ROUTES = (
    Route(
        method="POST",
        pattern="/api/resourceuploads/workspaces/{ws}",
        handler=start,
        summary="Begin an upload, or upload a whole file",
        query={"userStorage": s.TEXT} | _TYPE,
        reply=s.UPLOAD,
        is_upload=True,
        statuses=(413,),
    ),
    Route(
        method="POST",
        pattern="/api/blobuploads/workspaces/{ws}",
        handler=block,
        summary="Upload one block",
        query={"numberOfBlocks": _BLOCK, "blockId": _BLOCK, "uploadId": s.TEXT | {"required": True}} | _TYPE,
        reply=s.UPLOAD,
        is_upload=True,
        statuses=(413,),
    ),
    Route(method="GET", pattern=WORKSPACE + "/modules", handler=modules, summary="List modules, built-in and custom", reply=s.listing(s.OBJECT)),
    Route(method="GET", pattern=WORKSPACE + "/modules/{id}", handler=module, summary="Get one version of a module", reply=s.OBJECT),
    Route(
        method="POST",
        pattern=WORKSPACE + "/modules/custom",
        handler=add_module,
        summary="Make a custom module of an uploaded zip",
        body=s.record({"Id": s.TEXT}),
        reply=s.TEXT,
    ),
    Route(
        method="GET",
        pattern=WORKSPACE + "/modules/custom",
        handler=module_status,
        summary="How far a custom module is",
        query={"activityGroupId": s.TEXT | {"required": True}},
        reply=s.listing(s.ANYTHING),
    ),
)
