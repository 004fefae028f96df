"""The OpenAPI description, made of the same table that serves the requests."""

import re

from amlgit.emulator import shapes
from amlgit.emulator.routing import Access, Route
from amlgit.emulator.wire import Object

_ALWAYS = {400: "The request can't be understood or is not allowed as it stands", 403: "A host or an origin that may not speak to the emulator"}
_WORDS = {
    401: "No token, or not one of this workspace",
    404: "There is no such thing",
    409: "Something is in the way",
    412: "If-Match was sent, and is not the current etag",
    413: "The body is too large",
    501: "Not built",
}


def describe(routes: tuple[Route, ...], version: str, workspaces: list[str]) -> Object:
    """The description of all routes of the protocol, for an emulator with these workspaces."""
    paths: dict[str, Object] = {}
    for route in routes:
        if route.is_described:
            paths.setdefault(route.pattern, {})[route.method.lower()] = _operation(route, workspaces)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Azure ML Studio (classic), emulated",
            "version": version,
            "description": "The Studio API as its public clients spoke it. Bodies are read leniently; replies are JSON, blobs excepted.",
        },
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
    done = {route.reply_type: {"schema": route.reply if route.reply_type == "application/json" else {}}}
    if route.access is Access.LINK:
        done = {"*/*": {"schema": {}}}
    words = dict(_ALWAYS)
    words |= {401: _WORDS[401]} if route.access is Access.TOKEN else {}
    words |= {404: _WORDS[404]} if "{" in route.pattern else {}
    words |= {409: _WORDS[409]} if route.access is Access.TOKEN and route.method in {"POST", "PUT"} else {}
    words |= {412: _WORDS[412]} if 412 in route.statuses else {}
    words |= {status: _WORDS.get(status, "Refused") for status in route.statuses if status not in words}
    return {"200": {"description": "Done", "content": done}} | {
        str(status): {"description": text, "content": error} for status, text in sorted(words.items())
    }
