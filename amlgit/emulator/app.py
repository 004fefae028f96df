"""The application: a request goes past the guard and the faults to its route, and every answer is JSON."""

import sys
import traceback
import uuid
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from amlgit.emulator import faults, guard
from amlgit.emulator.links import Links
from amlgit.emulator.planes import unbuilt
from amlgit.emulator.routing import Access, Call, Reply, Route, Router, split
from amlgit.emulator.settings import Settings
from amlgit.emulator.spoil import delay, spoilt
from amlgit.emulator.state import blobs, workspaces
from amlgit.emulator.state.database import Store
from amlgit.emulator.wire import ApiError, dumps, now

_LOG = 2000


class Studio:
    """The emulator behind its address."""

    def __init__(self, store: Store, settings: Settings, routes: Sequence[Route], hosts: frozenset[str] | None) -> None:
        self.store = store
        self.settings = settings
        self.router = Router(routes)
        self.hosts = hosts
        self.requests: deque[dict[str, object]] = deque(maxlen=_LOG)
        self.counts: Counter[str] = Counter()
        self._key = bytes.fromhex(store.meta("signing_key") or "")
        self._admin = store.meta("admin_token") or ""

    def asgi(self) -> Starlette:
        """The ASGI application."""
        framework = Starlette()
        framework.router.default = _Endpoint(self)  # its own patterns match no line break, and our paths may hold one
        return framework

    async def serve(self, request: Request) -> Response:
        """The answer to a request."""
        number = str(uuid.uuid4())
        path = guard.without_prefix(request.scope.get("raw_path") or request.url.path.encode())
        struck = await self._struck(request.method, path)
        await delay(struck)
        early = [fault for fault in struck if not fault.after]
        response = spoilt(early, None)
        status = response.status_code if response else 0
        if response is None:
            try:
                given = await self._dispatch(request, path)
            except ApiError as error:
                given = Reply(status=error.status, body=dumps(error.body()), headers=error.headers)
            except ClientDisconnect:
                return Response(status_code=400)
            status = given.status
            response = spoilt(struck, given) or _response(given)
        response.headers["x-ms-request-id"] = number
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        self._note(request.method, path, status, number)
        return response

    async def _struck(self, method: str, path: bytes) -> list[faults.Fault]:
        if path.startswith(b"/emulator") or not faults.are_set(self.store):  # the way to take a fault back must not be broken by it
            return []
        plain = "/" + "/".join(part.decode("latin-1") for part in path.split(b"/") if part)  # without the stray slashes of some clients
        return await run_in_threadpool(faults.strike, self.store, method, plain)

    async def _dispatch(self, request: Request, path: bytes) -> Reply:
        guard.check_host(request.headers, self.hosts)
        guard.check_origin(request.headers)
        route, found, methods = self.router.find(request.method, split(path))
        if not methods:
            raise unbuilt(split(path)) or ApiError(404, "NotFound", "There is no such path.")
        if route is None:
            raise ApiError(405, "MethodNotAllowed", "The path does not take this method.", headers={"Allow": ", ".join(methods)})
        call = self._call(request, route, found)  # one indexed read, which no writer holds up: a thread would cost more
        if route.is_upload:
            return await self._upload(request, route, call)
        body = await _body(request, self.settings.max_json)
        if route.is_quick:
            return _run(route, replace(call, body=body))
        return await run_in_threadpool(_run, route, replace(call, body=body))

    def _call(self, request: Request, route: Route, found: dict[str, str]) -> Call:
        at = now()
        query = {name.lower(): value for name, value in parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=100)}
        links = Links(key=self._key, base=f"{request.url.scheme}://{request.headers.get('host', '')}", at=at, seconds=self.settings.link_seconds)
        headers = dict(request.headers) | {":query": request.url.query}
        row = None
        if route.access is Access.TOKEN:
            row = workspaces.authorised(self.store, found["ws"], guard.tokens(headers))
        elif route.access is Access.ADMIN:
            guard.check_admin(self._admin, guard.tokens(headers))
        return Call(store=self.store, settings=self.settings, links=links, at=at, path=found, query=query, headers=headers, row=row)

    async def _upload(self, request: Request, route: Route, call: Call) -> Reply:
        """Serve an upload: its body goes into a blob piece by piece, so that its size does not matter."""
        staged = await run_in_threadpool(_stage, self.store, call.ws)
        try:
            part, size, waiting = 0, 0, b""
            async for chunk in request.stream():
                size += len(chunk)
                if size > self.settings.max_upload:
                    raise _too_large(self.settings.max_upload)
                waiting += chunk
                if len(waiting) >= blobs.PIECE:
                    await run_in_threadpool(_append, self.store, staged, part, waiting)
                    part, waiting = part + 1, b""
            if waiting:
                await run_in_threadpool(_append, self.store, staged, part, waiting)
            return await run_in_threadpool(_run, route, replace(call, staged=staged))
        finally:
            await run_in_threadpool(_unstage, self.store, staged)

    def _note(self, method: str, path: bytes, status: int, number: str) -> None:
        """Remember that there was a request: never its query, which may hold a signature, nor its headers."""
        self.counts[method] += 1
        self.requests.append({"Method": method, "Path": path.decode("latin-1"), "Status": status, "Id": number})


class _Endpoint:
    """What the framework calls for any path and method."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive, send)
        response = await self._studio.serve(request)
        await response(scope, receive, send)


def _run(route: Route, call: Call) -> Reply:
    """Run a handler; a bug of ours is told on standard error, never to the client."""
    try:
        return route.handler(call)
    except ApiError:
        raise
    except Exception as error:
        sys.stderr.write("".join(traceback.format_exception(error)))
        raise ApiError(500, "InternalError", "The emulator has a bug here; its standard error says more.") from None


def _response(given: Reply) -> Response:
    if given.stream is None:
        return Response(given.body, given.status, dict(given.headers), media_type=given.type)
    return StreamingResponse(iterate_in_threadpool(given.stream), given.status, dict(given.headers), media_type=given.type)


async def _body(request: Request, limit: int) -> bytes:
    parts, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    return b"".join(parts)


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "MemoryQuotaViolation", f"The body is larger than {limit} bytes.", headers={"Connection": "close"})


def _stage(store: Store, workspace: str) -> str:
    with store.write() as db:
        return blobs.create(db, workspace, "staged", "")


def _append(store: Store, blob: str, part: int, data: bytes) -> None:
    with store.write() as db:
        blobs.append(db, blob, 0, part, data)


def _unstage(store: Store, blob: str) -> None:
    with store.write() as db:
        db.execute("DELETE FROM blobs WHERE id = ? AND kind = 'staged'", (blob,))
