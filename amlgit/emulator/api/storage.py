"""Blobs behind signed links, without a token; and what anyone may see (protocol, sections 3, 5.5 and 5.6)."""

from amlgit.emulator import shapes as s
from amlgit.emulator import simulated, tables
from amlgit.emulator.routing import BINARY, Access, Call, Reply, Route, reply
from amlgit.emulator.state import blobs
from amlgit.emulator.wire import dumps, missing

_TEXT_TYPES = {"csv": "text/csv", "tsv": "text/tab-separated-values", "txt": "text/plain", "json": "application/json"}


def blob(call: Call) -> Reply:
    """A blob by its own link."""
    name = f"{call.path['container']}/{call.path['name']}"
    call.links.check(name, call.headers[":query"])
    return _content(call, name)


def run_blob(call: Call) -> Reply:
    """A blob of a run by its own link."""
    name = f"{call.path['container']}/{call.path['folder']}/{call.path['name']}"
    call.links.check(name, call.headers[":query"])
    return _content(call, name)


def shared(call: Call) -> Reply:
    """A blob by a link within a link."""
    parts = [call.query.get(name, "") for name in ("workspaceid", "signature", "sharedaccessuri")]
    return _content(call, call.links.blob_of(*parts))


def _content(call: Call, name: str) -> Reply:
    container, _, rest = name.partition("/")
    if container == "experimentoutput":
        body, kind = simulated.content(name)
        return Reply(body=body, type=kind, headers=simulated.HEADER)
    identity, _, extension = rest.partition(".")
    row = blobs.find(call.store, identity)
    if row is None:
        raise missing("The blob", "BlobNotFound")
    if container == "datasetmetadata":
        return _metadata(call, identity, extension)
    headers = {"Content-Length": str(row["size"]), "Accept-Ranges": "none"}
    return Reply(stream=blobs.pieces(call.store, identity), type=_TEXT_TYPES.get(extension, BINARY), headers=headers)


def _metadata(call: Call, identity: str, kind: str) -> Reply:
    """The schema of a dataset, or its first rows: read off the bytes that were uploaded."""
    row = blobs.find(call.store, identity)
    head = blobs.head(call.store, identity, blobs.PIECE)
    table = None
    if row is not None and tables.is_tabular(row["data_type"]):
        table = tables.read(head, row["data_type"], is_whole=len(head) == row["size"])
    if table is None:
        return Reply(body=dumps({"simulated": True, "message": simulated.NOTE}), headers=simulated.HEADER)
    shown = (
        {"columns": table["Columns"]} if kind == "schema" else {"visualizationType": "default", "columns": table["Columns"], "rows": table["Rows"]}
    )
    return reply(shown)


def root(call: Call) -> Reply:
    """What this is; with the members of a link, the blob it leads to, because one client leaves the location out (protocol, section 3)."""
    if "sharedaccessuri" in call.query:
        return shared(call)
    return hello(call)


def hello(call: Call) -> Reply:
    """What this is."""
    return reply({"Service": "amlgit emulator: an embedded Azure ML Studio (classic)", "Description": f"{call.links.base}/openapi.json"})


_SIGNED = {"sv": s.TEXT, "sr": s.TEXT, "sig": s.TEXT, "st": s.TEXT, "se": s.TEXT, "sp": s.TEXT}
_SHARED = {name: s.TEXT | {"required": True} for name in ("workspaceId", "signature", "sharedAccessUri")}

ROUTES = (
    Route(method="GET", pattern="/", handler=root, summary="What this is", access=Access.OPEN, reply=s.OBJECT, is_described=False),
    Route(method="GET", pattern="/api", handler=hello, summary="What this is", access=Access.OPEN, reply=s.OBJECT),
    Route(
        method="GET",
        pattern="/api/sharedaccess",
        handler=shared,
        summary="A blob by a link within a link",
        access=Access.LINK,
        query=_SHARED,
        is_download=True,
        statuses=(403,),
    ),
    Route(
        method="GET",
        pattern="/blob/{container}/{name}",
        handler=blob,
        summary="A blob by its signed link",
        access=Access.LINK,
        query=_SIGNED,
        is_download=True,
        statuses=(403,),
    ),
    Route(
        method="GET",
        pattern="/blob/{container}/{folder}/{name}",
        handler=run_blob,
        summary="A run's blob by its signed link",
        access=Access.LINK,
        query=_SIGNED,
        is_download=True,
        statuses=(403,),
    ),
)
