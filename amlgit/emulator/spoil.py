"""How a fault spoils an answer."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from amlgit.emulator.faults import Fault, Kind
from amlgit.emulator.routing import JSON, Reply
from amlgit.emulator.wire import dumps, error_body

_CODES = {
    400: "BadArgument",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    500: "InternalError",
    503: "ServiceUnavailable",
    504: "GatewayTimeout",
}
_GARBAGE = b"<html><head><title>502</title></head><body>The proxy between you and the service has something to say.</body></html>"
_STEPS = 10


async def delay(faults: Sequence[Fault]) -> None:
    """Wait as long as the faults say."""
    seconds = sum(fault.seconds for fault in faults if fault.kind is Kind.LATENCY)
    if seconds:
        await asyncio.sleep(seconds)


def spoilt(faults: Sequence[Fault], given: Reply | None) -> Response | None:
    """The answer the faults give; None if they have none to give yet. Without a reply, only those that need none."""
    for fault in faults:
        if fault.kind is Kind.STATUS:
            return _status(fault)
        if given is not None and fault.kind in {Kind.CUT, Kind.TRUNCATE, Kind.GARBAGE, Kind.SLOW}:
            return _body(fault, given)
    return None


def _status(fault: Fault) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after:g}"}
    message = fault.message or f"A fault that was asked for: {fault.status}."
    body = error_body(_CODES.get(fault.status, "InternalError"), message, "RequestThrottled" if fault.status in {429, 503} else "")
    return Response(dumps(body), fault.status, headers, media_type=JSON)


def _body(fault: Fault, given: Reply) -> Response:
    body = given.body if given.stream is None else b"".join(given.stream)
    headers = dict(given.headers)
    match fault.kind:
        case Kind.CUT:
            return _Cut(body, given.status, headers, media_type=given.type)
        case Kind.TRUNCATE:
            return Response(body[: len(body) // 2], given.status, headers, media_type=given.type)
        case Kind.SLOW:
            headers["Content-Length"] = str(len(body))
            return StreamingResponse(_drip(body, fault.seconds), given.status, headers, media_type=given.type)
        case _:
            return Response(_GARBAGE, given.status, headers, media_type=given.type)


async def _drip(body: bytes, seconds: float) -> AsyncIterator[bytes]:
    step = max(1, -(-len(body) // _STEPS))
    for start in range(0, len(body), step):
        await asyncio.sleep(seconds / _STEPS)
        yield body[start : start + step]


class _Cut(Response):
    """Promises the whole body and sends half: the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": bytes(self.body[: len(self.body) // 2]), "more_body": True})
