"""Packages: an experiment with its assets, copied to another workspace, region or from the gallery (protocol, section 7)."""

import re

from amlgit.emulator import packages
from amlgit.emulator import shapes as s
from amlgit.emulator.routing import WORKSPACE, Call, Reply, Route, reply
from amlgit.emulator.state import activities, blobs, experiments, things
from amlgit.emulator.state.database import unpack_list
from amlgit.emulator.state.workspaces import GLOBAL, REGIONS
from amlgit.emulator.wire import ApiError, Object, conflict, missing

_DIRECTORY = re.compile(r"https?://[^/]+/directories/([0-9a-f]{32})(?:/items)?/?", re.IGNORECASE)
_REGIONS = {region.replace(" ", "").lower() for region in REGIONS}


def pack(call: Call) -> Reply:
    """Begin to pack; the .NET client really sends a slash after the id."""
    identity = call.query.get("experimentid", "").strip().rstrip("/")
    row = experiments.find(call.store, call.ws, identity)
    if unpack_list(row["unknown"]):
        raise conflict("The experiment refers to assets that this workspace does not have.", "AssetNotFound")
    clear = call.query.get("clearcredentials", "true").lower() != "false"
    with_author = call.query.get("includeauthorid", "false").lower() == "true"
    with call.store.write() as db:
        package = packages.pack(db, row, clear_credentials=clear, with_author=with_author)
        blob = blobs.put(db, call.ws, "package", "Package", package)
        doc = {"Blob": blob, "Items": 1 + packages.items(package)}
        activity = activities.create(db, call.ws, "pack", call.at + call.settings.schema_seconds, doc)
    return reply(_status(call, activity, "pack"))


def unpack_package(call: Call) -> Reply:
    """Begin to unpack a package of ours; nothing is fetched from anywhere else."""
    uri = call.query.get("packageuri", "")
    community = call.query.get("communityuri")
    if community is not None and not call.query.get("entityid"):
        raise missing("An entityId beside communityUri")
    region = call.query.get("region")
    if region and region.replace(" ", "").lower() not in _REGIONS:
        raise missing("The region", "RegionNotFound")
    package = _package(call, uri)
    with call.store.write() as db:
        identity = packages.unpack(db, call.workspace, package, community, round(call.at * 1000))
        doc = {"ExperimentId": identity, "Items": 1 + packages.items(package), "Location": uri}
        activity = activities.create(db, call.ws, "unpack", call.at + call.settings.schema_seconds, doc)
    return reply(_status(call, activity, "unpack"))


def _package(call: Call, uri: str) -> bytes:
    gallery = _DIRECTORY.fullmatch(uri)
    if gallery:
        found = things.find(call.store, GLOBAL, "gallery", gallery[1].lower())
        if found is None:
            raise missing("The package", "PackageNotFound")
        name = found["Blob"]
    else:
        try:
            folder, _, name = call.links.own_blob(uri).partition("/")
        except ApiError as error:
            raise missing("A package of this emulator under packageUri", "InvalidPackageUri") from error
        name = name.removesuffix(".json") if folder == "packages" else ""
    blob = blobs.find(call.store, name)
    if blob is None or blob["kind"] != "package":  # an upload is never unpacked: only what this emulator packed itself
        raise missing("A package of this emulator under packageUri", "InvalidPackageUri")
    return b"".join(blobs.pieces(call.store, name))


def status(call: Call) -> Reply:
    """How far an activity is; both kinds answer to both names."""
    identity = call.query.get("packageactivityid") or call.query.get("unpackactivityid") or ""
    return reply(_status(call, identity.strip().rstrip("/"), "*pack"))


def _status(call: Call, identity: str, kind: str) -> Object:
    activity = activities.find(call.store, call.ws, kind, identity)
    done = call.at >= activity.ready
    items = activity.doc["Items"]
    location = call.links.url(f"packages/{activity.doc['Blob']}.json") if "Blob" in activity.doc else activity.doc.get("Location", "")
    found = {
        "Location": location if done else None,
        "ItemsComplete": items if done else 0,
        "ItemsPending": 0 if done else items,
        "Status": "Complete" if done else "InProgress",
        "ActivityId": activity.id,
    }
    return found | ({"ExperimentId": activity.doc["ExperimentId"]} if done and "ExperimentId" in activity.doc else {})


_BASE = WORKSPACE + "/packages"
_QUERY: dict[str, Object] = {"api-version": s.TEXT}
_ACTIVITY: dict[str, Object] = {"packageActivityId": s.TEXT, "unpackActivityId": s.TEXT}

ROUTES = (
    Route(
        method="POST",
        pattern=_BASE,
        handler=pack,
        summary="Pack an experiment with its assets",
        query=_QUERY | {"experimentId": s.TEXT | {"required": True}, "clearCredentials": s.TEXT, "includeAuthorId": s.TEXT},
        reply=s.ACTIVITY,
    ),
    Route(
        method="PUT",
        pattern=_BASE,
        handler=unpack_package,
        summary="Unpack a package into this workspace",
        query=_QUERY | {"packageUri": s.TEXT | {"required": True}, "region": s.TEXT, "communityUri": s.TEXT, "entityId": s.TEXT},
        reply=s.ACTIVITY,
    ),
    Route(method="GET", pattern=_BASE, handler=status, summary="How far packing or unpacking is", query=_ACTIVITY, reply=s.ACTIVITY),
)
