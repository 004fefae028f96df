"""The OpenAPI description, made of the same table that serves the requests."""

import re
from collections.abc import Iterator

from amlgit.emulator import shapes
from amlgit.emulator.api.assets import WRAPPERS
from amlgit.emulator.routing import WORKSPACE as _WS
from amlgit.emulator.routing import Access, Route
from amlgit.emulator.wire import Json, Object

_EXPERIMENTS = f"{_WS}/experiments"
_UPLOADS, _BLOCKS = "/api/resourceuploads/workspaces/{ws}", "/api/blobuploads/workspaces/{ws}"

_ALWAYS = {400: "The request can't be understood or is not allowed as it stands", 403: "A host or an origin that may not speak to the emulator"}
_WORDS = {
    401: "No token, or not one of this workspace",
    404: "There is no such thing",
    409: "Something is in the way",
    412: "If-Match was sent, and is not the current etag",
    413: "The body is too large",
    501: "Not built",
}


def describe(routes: tuple[Route, ...], version: str, workspaces: list[str], base: str) -> Object:
    """The description of all routes of the protocol, for an emulator at this address with these workspaces."""
    paths: dict[str, Object] = {}
    for route in routes:
        if route.is_described:
            paths.setdefault(route.pattern, {})[route.method.lower()] = _operation(route, workspaces)
    _add_links(paths)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Azure ML Studio (classic), emulated",
            "version": version,
            "description": "The Studio API as its public clients spoke it. Bodies are read leniently; replies are JSON, blobs excepted.",
        },
        "servers": [{"url": base}],
        "paths": paths,
        "components": {
            "schemas": {"Error": shapes.ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "token": {"type": "apiKey", "in": "header", "name": "x-ms-metaanalytics-authorizationtoken"},
            },
        },
    }


def _operation(route: Route, workspaces: list[str]) -> Object:
    described: Object = {
        "summary": route.summary,
        "operationId": _identity(route),
        "parameters": [*_path_parameters(route, workspaces), *_query_parameters(route)],
        "responses": _responses(route),
        "security": [{"bearer": []}, {"token": []}] if route.access is Access.TOKEN else [],
    }
    if route.body is not None:
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": route.body}}}
    elif route.is_upload:
        described["requestBody"] = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
    return described


def _identity(route: Route) -> str:
    return "_".join([route.method.lower(), *(re.sub(r"\W", "", part) for part in route.segments)])


def _path_parameters(route: Route, workspaces: list[str]) -> list[Object]:
    names = [part[1:-1] for part in route.segments if part.startswith("{")]
    text = {"type": "string", "minLength": 1}
    shapes_of = {"ws": {"type": "string", "enum": workspaces}}
    return [{"name": name, "in": "path", "required": True, "schema": shapes_of.get(name, text)} for name in names]


def _query_parameters(route: Route) -> list[Object]:
    return [
        {
            "name": name,
            "in": "query",
            "required": shape.get("required") is True,
            "schema": {key: value for key, value in shape.items() if key != "required"},
        }
        for name, shape in route.query.items()
    ]


def _responses(route: Route) -> Object:
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    done: Object = {"application/json": {"schema": route.reply}} if not route.is_download else {"*/*": {"schema": {}}}
    words = dict(_ALWAYS)
    words |= {401: _WORDS[401]} if route.access is Access.TOKEN else {}
    words |= {404: _WORDS[404]} if "{" in route.pattern else {}
    words |= {409: _WORDS[409]} if route.access is Access.TOKEN and route.method in {"POST", "PUT"} else {}
    words |= {412: _WORDS[412]} if 412 in route.statuses else {}
    words |= {status: _WORDS.get(status, "Refused") for status in route.statuses if status not in words}
    return {"200": {"description": "Done", "content": done}} | {
        str(status): {"description": text, "content": error} for status, text in sorted(words.items())
    }


def _add_links(paths: dict[str, Object]) -> None:
    """Say which operations take what others answer: an experiment's id, a family, an upload, an activity."""
    for source, target, parameters, body in _links(paths):
        method, pattern = source.split(" ")
        to_method, to_pattern = target.split(" ")
        link: Object = {"operationId": paths[to_pattern][to_method]["operationId"], "parameters": {"path.ws": "$request.path.ws"} | parameters}
        answered = paths[pattern][method]["responses"]["200"]
        answered.setdefault("links", {})[link["operationId"]] = link | ({"requestBody": body} if body is not None else {})


def _links(paths: dict[str, Object]) -> Iterator[tuple[str, str, dict[str, str], Json]]:
    """Source, target, the target's parameters, and its body where that is made of the reply too."""
    one, made = f"{_EXPERIMENTS}/{{id}}", "$response.body#/ExperimentId"
    for pattern, operations in paths.items():
        for method in operations:
            if pattern.startswith(one) and "{node}" not in pattern:
                yield f"post {_EXPERIMENTS}", f"{method} {pattern}", {"path.id": made}, None
            if "/{family}" in pattern and "notebooks" not in pattern:
                yield f"get {pattern.partition('/family/')[0]}", f"{method} {pattern}", {"path.family": "$response.body#/0/FamilyId"}, None
    output = {name: f"$response.body#/NodeStatuses/0/{path}" for name, path in (("node", "NodeId"), ("port", "OutputEndpoints/0/Name"))}
    yield f"get {one}", f"get {one}/outputdata/{{node}}/{{port}}", {"path.id": "$request.path.id"} | {f"path.{k}": v for k, v in output.items()}, None
    for kind, (wrapper, _) in WRAPPERS.items():
        promotion = {"ExperimentId": made, "ModuleNodeId": output["node"], "OutputName": output["port"], wrapper: {"Name": "$request.path.id"}}
        yield f"get {one}", f"post {_WS}/{kind.value}", {}, promotion
        yield f"post {_WS}/{kind.value}", f"get {_WS}/{kind.value}/{{id}}", {"path.id": "$response.body"}, None
    yield f"post {_EXPERIMENTS}", f"post {_WS}/projects", {}, {"Experiments": [{"ExperimentId": made, "Role": "Training"}]}
    yield f"post {_EXPERIMENTS}", f"post {_WS}/packages", {"query.experimentId": made}, None
    yield f"post {_WS}/packages", f"get {_WS}/packages", {"query.packageActivityId": "$response.body#/ActivityId"}, None
    yield f"get {_WS}/packages", f"put {_WS}/packages", {"query.packageUri": "$response.body#/Location"}, None
    yield f"get {_WS}/modules", f"get {_WS}/modules/{{id}}", {"path.id": "$response.body#/0/Id"}, None
    yield f"post {_WS}/modules/custom", f"get {_WS}/modules/custom", {"query.activityGroupId": "$response.body"}, None
    yield f"get {_WS}/notebooks", f"get {_WS}/notebooks/family/{{family}}/attachments", {"path.family": "$response.body#/0/FamilyId"}, None
    upload, typed = f"post {_UPLOADS}", {"query.dataTypeId": "$request.query.dataTypeId"}
    yield upload, f"post {_BLOCKS}", typed | {"query.uploadId": "$response.body#/Id", "query.blockId": "0", "query.numberOfBlocks": "1"}, None
    yield upload, f"post {_WS}/datasources", {}, {"DataSource": {"Name": "$response.body#/Id"}, "UploadId": "$response.body#/Id"}
    yield upload, f"post {_WS}/modules/custom", {}, "$response.body"
