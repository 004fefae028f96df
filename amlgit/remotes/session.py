"""HTTP to one service: timeouts, what may be repeated, proxies and certificates of the environment, and where the token goes.

The token goes to the origin it was stored for and nowhere else: a redirect to another one is not followed, links out of answers are
opened without it, and plain HTTP is for loopback, past every proxy.
"""

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import requests

from amlgit import __version__
from amlgit.errors import AmlgitError, InvalidDocument
from amlgit.model.jsontext import MAX_BYTES, loads, printable
from amlgit.remotes import retrying, transport
from amlgit.remotes.failures import Clash, Doubtful, NoAnswer, NotFound, Rejected, ServiceFailure, Stale, Throttled, Unauthorised, Unreadable
from amlgit.remotes.regions import Origin, of_url
from amlgit.remotes.retrying import Budget, Patience
from amlgit.remotes.transport import Endless

_PIECE = 1 << 18
_REDIRECTS = 5
_TOKEN_HEADER = "x-ms-metaanalytics-authorizationtoken"  # noqa: S105 # the header's name
_REQUEST_IDS = ("x-ms-request-id", "x-ms-client-request-id")


_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request below the session's root; `what` names in words what it is about."""

    method: str
    path: str
    what: str
    query: Mapping[str, str] | None = None
    body: bytes | None = None
    if_match: str | None = None
    is_repeatable: bool = False
    """Whether it does no harm to be served twice."""

    def headers(self) -> dict[str, str]:
        """What this request needs beside the headers of all; raises InvalidHeader for an etag that no header can hold."""
        if self.if_match is not None and not (self.if_match.isascii() and self.if_match.isprintable() and self.if_match == self.if_match.strip()):
            raise requests.exceptions.InvalidHeader("the service's etag is none that it could be sent back")
        found = {"Content-Type": "application/json; charset=utf-8"} if self.body is not None else {}
        return found if self.if_match is None else {**found, "If-Match": self.if_match}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    """What became of one time that a request was sent: a body, or a failure."""

    body: bytes = b""
    request_id: str = ""
    failure: ServiceFailure | None = None
    may_pass: bool = False
    """Whether another try may do better."""
    is_last: bool = False
    """Whether it took too long to be tried again, all the same."""
    was_served: bool = True
    """Whether the service may have done what was asked."""
    wait: float | None = None


class _Cut(Exception):
    """An answer that broke off, was too slow or too large."""


@dataclass(slots=True)
class Session:
    """Requests to one origin, from any number of threads. `close` ends every wait at once."""

    origin: Origin
    token: str = field(repr=False)
    prefix: str = ""
    """The path before the root, where a gateway has one."""
    root: str = "/api/"
    """What stands before the path of every request."""
    token_headers: tuple[str, ...] = (_TOKEN_HEADER,)
    """Headers, beside Authorization, that carry the token."""
    patience: Patience = field(default_factory=Patience)
    connections: int = 16
    count: int = 0
    """How many requests were sent, repetitions included."""
    _adapter: requests.adapters.HTTPAdapter = field(init=False, repr=False)
    _settings: Mapping[str, Any] = field(init=False, repr=False)  # the library's own values
    _budget: Budget = field(init=False, repr=False, default_factory=Budget)
    _closed: threading.Event = field(init=False, repr=False, default_factory=threading.Event)
    _lock: Any = field(init=False, repr=False, default_factory=threading.Lock)  # its type is not public

    def __post_init__(self) -> None:
        if not self.token or not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise Unauthorised(
                "the token is not one: it has a space, a line break or a character that no token has", hint="'amlgit login' stores one."
            )
        self._adapter = transport.adapter(self.patience, self.connections)
        self._settings = _settings(self.origin)

    def close(self) -> None:
        """Give the connections back and end all waiting."""
        self._closed.set()
        self._adapter.close()

    def get(self, path: str, what: str, read: Callable[[bytes], _Value], query: Mapping[str, str] | None = None) -> _Value:
        """GET, repeated where that may help; what `read` makes of the answer. It raises InvalidDocument for an answer that is none."""
        return self.send(Request(method="GET", path=path, what=what, query=query, is_repeatable=True), read)

    def send(self, request: Request, read: Callable[[bytes], _Value]) -> _Value:
        """What `read` makes of the answer.

        A request that is not repeatable is sent again only where nobody can have served it; else it raises Doubtful.
        """
        attempt = 0
        while True:
            attempt += 1
            done = self._attempt(request)
            if done.failure is None:
                self._budget.earn()
                try:
                    return read(done.body)
                except InvalidDocument as error:
                    said = self._said(error)
                    message = f"{request.what}: the answer is none of the service's: {said} (request {done.request_id})"
                    done = _Try(failure=Unreadable(message, hint="Run this again.", request_id=done.request_id), may_pass=True)
            assert done.failure is not None
            if done.may_pass and done.was_served and not request.is_repeatable:
                raise _doubtful(done.failure, request.what) from done.failure
            if not done.may_pass or done.is_last or attempt >= self.patience.attempts:
                raise done.failure
            wait = done.wait if done.wait is not None else retrying.wait_before(attempt, self.patience)
            if wait > self.patience.longest_retry_after or not self._budget.spend() or self._closed.wait(wait):
                raise done.failure

    def _attempt(self, request: Request) -> _Try:
        own_id = str(uuid.uuid4())
        try:
            response = self._follow(request, {**self._own_headers(own_id), **request.headers()})
        except requests.exceptions.RequestException as error:
            return self._unanswered(request.what, error, own_id)
        request_id = printable(self.redact(next((response.headers[name] for name in _REQUEST_IDS if name in response.headers), own_id)))
        try:
            body = self._body(response)
        except _Cut as error:
            failure = _lost(f"{request.what}: {error} (request {request_id})", request_id)
            return replace(failure, is_last=_endless(error) is not None)
        finally:
            response.close()
        return _Try(body=body, request_id=request_id) if response.ok else self._refusal(response, body, request.what, request_id)

    def _unanswered(self, what: str, error: requests.exceptions.RequestException, own_id: str) -> _Try:
        host = self.origin.host
        endless = _endless(error)
        if endless is not None:
            return replace(_lost(f"{what}: {endless} (request {own_id})", own_id), is_last=True)
        match error:
            case requests.exceptions.SSLError():
                failure = NoAnswer(f"{what}: no trusted connection to {host}: {self._reason(error)}", hint=_TLS_HINT, request_id=own_id)
                return _Try(failure=failure, was_served=False)
            case requests.exceptions.ConnectTimeout():
                return _unsent(f"{what}: {host} does not answer within {self.patience.connect_timeout:g} seconds", own_id)
            case requests.exceptions.ProxyError():
                return _unsent(f"{what}: the proxy to {host} fails: {self._reason(error)}", own_id)
            case requests.exceptions.ConnectionError() if _never_connected(error):
                return _unsent(f"{what}: {host} can't be reached: {self._reason(error)}", own_id)
            case requests.exceptions.Timeout():
                return _lost(f"{what}: no answer within {self.patience.read_timeout:g} seconds (request {own_id})", own_id)
            case requests.exceptions.ConnectionError():
                return _lost(f"{what}: the connection to {host} broke (request {own_id})", own_id)
            case _:
                failure = NoAnswer(f"{what}: {self._said(error)} (request {own_id})", request_id=own_id)
                return _Try(failure=failure, was_served=False)

    def _own_headers(self, request_id: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self.token}",
            **dict.fromkeys(self.token_headers, self.token),
            "User-Agent": f"amlgit/{__version__}",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "x-ms-client-request-id": request_id,
        }

    def _follow(self, request: Request, headers: Mapping[str, str]) -> requests.Response:
        """Send it, and follow redirects of a GET within the origin; the library would follow any, netrc's passwords and all."""
        url, query = f"{self.origin.url}{self.prefix}{self.root}{request.path}", request.query
        for _ in range(_REDIRECTS + 1):
            prepared = requests.PreparedRequest()
            prepared.prepare(method=request.method, url=url, headers=headers, params=query, data=request.body)
            with self._lock:
                self.count += 1
            timeout = (self.patience.connect_timeout, self.patience.read_timeout)
            response = self._adapter.send(prepared, stream=True, timeout=timeout, **self._settings)
            target = response.headers.get("Location")
            if response.status_code not in {301, 302, 303, 307, 308} or not target:
                return response
            response.close()
            url, query = self._target(request.method, url, target), None
        raise requests.exceptions.TooManyRedirects("too many redirects")

    def _target(self, method: str, url: str, target: str) -> str:
        """Where a redirect leads; raises InvalidURL where the request must not go."""
        try:
            there = urljoin(url, target)
            origin, _ = of_url(there.partition("?")[0].partition("#")[0])
        except (ValueError, AmlgitError):
            there, origin = "", None
        if origin != self.origin or method != "GET":
            where = printable(urlsplit(there).hostname or "another place")
            raise requests.exceptions.InvalidURL(f"it is redirected to {where}, where the token does not belong")
        return there

    def _body(self, response: requests.Response) -> bytes:
        """The whole body, unpacked; raises _Cut."""
        pieces, size = [], 0
        try:
            # `iter_content` waits until a piece is full, however slowly it drips in
            while piece := response.raw.read1(_PIECE, decode_content=True):
                size += len(piece)
                pieces.append(piece)
                if size > MAX_BYTES:
                    raise _Cut(f"the answer is larger than {MAX_BYTES >> 20} MiB")
        except requests.exceptions.BaseHTTPError as error:  # type: ignore[attr-defined]  # of the library below: `read1` does not translate
            raise _Cut(str(_endless(error) or "the answer broke off")) from error
        return b"".join(pieces)

    def _refusal(self, response: requests.Response, data: bytes, what: str, request_id: str) -> _Try:
        status = response.status_code
        said = self._words(data)
        message = f"{what}: {status} {_REASONS.get(status, '')}".rstrip() + (f": {said}" if said else "") + f" (request {request_id})"
        wait = retrying.retry_after(response.headers.get("Retry-After"))
        is_throttled = status in {429, 503, 509} or (status == 403 and wait is not None)  # GitHub's second limit is a 403
        if status in retrying.PASSING or is_throttled:
            kind: type[ServiceFailure] = Throttled if is_throttled else NoAnswer
            later = f"The service asks to wait {wait:.0f} seconds." if wait is not None and wait > 1 else "Try again later."
            failure = kind(message, hint=later, status=status, request_id=request_id)
            return _Try(failure=failure, may_pass=True, was_served=status not in retrying.REFUSED_UNSERVED, wait=wait)
        kind, hint = _KINDS.get(status, (Rejected if 400 <= status < 500 else NoAnswer, None))
        return _Try(failure=kind(message, hint=hint, status=status, request_id=request_id), was_served=False)

    def _words(self, data: bytes) -> str:
        """What an error's body says, in one line: the service's own message, or nothing where a proxy sent a page."""
        try:
            document = loads(data)
        except InvalidDocument:
            return ""
        error = document.get("error") if isinstance(document, Mapping) else None
        inner = error if isinstance(error, Mapping) else document
        message = inner.get("message") if isinstance(inner, Mapping) else inner
        return printable(self.redact(message), 300).rstrip(".") if isinstance(message, str) else ""

    def redact(self, text: str) -> str:
        """The text without the token, wherever a service or a library repeats it."""
        return text.replace(self.token, "<token>")

    def _said(self, error: Exception) -> str:
        return printable(self.redact(str(error)), 200)

    def _reason(self, error: Exception) -> str:
        """The innermost reason of a library's failure, which wraps it several times."""
        cause: BaseException = error
        while (inner := cause.__cause__ or cause.__context__ or _argument(cause)) is not None and inner is not cause:
            cause = inner
        words = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        return printable(self.redact(words), 200)


_REASONS = {
    400: "bad request",
    401: "the token is not accepted",
    403: "not allowed",
    404: "not found",
    408: "timeout",
    409: "conflict",
    412: "changed meanwhile",
    413: "too large",
    429: "too many requests",
    440: "the session has ended",
    500: "the service failed",
    502: "bad gateway",
    503: "the service is busy",
    504: "gateway timeout",
    509: "too many requests",
}
_KINDS: Mapping[int, tuple[type[ServiceFailure], str | None]] = {
    401: (Unauthorised, "'amlgit login' stores another token; AMLGIT_TOKEN in the environment comes before it."),
    403: (Unauthorised, None),
    404: (NotFound, None),
    409: (Clash, None),
    412: (Stale, "'amlgit pull' brings what changed."),
}


_TLS_HINT = "A certificate authority of your own goes into REQUESTS_CA_BUNDLE (a file of certificates)."


def _unsent(message: str, request_id: str) -> _Try:
    hint = "Look at the network, the remote's URL and the proxy (HTTPS_PROXY, NO_PROXY), and run this again."
    return _Try(failure=NoAnswer(message, hint=hint, request_id=request_id), may_pass=True, was_served=False)


def _lost(message: str, request_id: str) -> _Try:
    return _Try(failure=NoAnswer(message, hint="Run this again.", request_id=request_id), may_pass=True)


def _doubtful(failure: ServiceFailure, what: str) -> Doubtful:
    hint = f"Whether '{what}' was done can't be told from that; look at the workspace before you try again."
    return Doubtful(str(failure), hint=hint, status=failure.status, request_id=failure.request_id)


def _never_connected(error: Exception) -> bool:
    """Whether a connection error came before anything was sent."""
    reason = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    return type(reason).__name__ in {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError"}


def _endless(error: BaseException) -> Endless | None:
    """The limit of an answer that was behind a library's failure."""
    seen: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in seen:
        if isinstance(cause, Endless):
            return cause
        seen.append(cause)
        cause = cause.__cause__ or cause.__context__ or _argument(cause)
    return None


def _argument(error: BaseException) -> BaseException | None:
    found = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return found if isinstance(found, BaseException) else None


def _settings(origin: Origin) -> dict[str, Any]:  # the library's own options
    """Proxies and certificates, as the environment has them. Plain HTTP is loopback's, and a proxy would take the token off this machine."""
    with requests.Session() as reader:
        found = reader.merge_environment_settings(origin.url, {}, True, None, None)
    if origin.is_plain:
        found["proxies"] = {}
    return {name: found[name] for name in ("proxies", "verify", "cert")}
