"""What a route is, what a handler gets and gives, and which route a path means."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from urllib.parse import unquote_to_bytes

from amlgit.emulator.links import Links
from amlgit.emulator.settings import Settings
from amlgit.emulator.state.database import Row, Store
from amlgit.emulator.wire import Json, Object, bad, dumps

JSON = "application/json; charset=utf-8"
BINARY = "application/octet-stream"
WORKSPACE = "/api/workspaces/{ws}"
"""What the paths of nearly all routes begin with."""


class Access(Enum):
    """Who may call a route."""

    OPEN = "anyone"
    TOKEN = "the workspace's token"  # noqa: S105 # a word for it
    LINK = "whoever holds the signed link"
    ADMIN = "the emulator's own administrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes back to the client."""

    status: int = 200
    body: bytes = b""
    stream: Iterator[bytes] | None = None
    type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


def reply(value: Json, status: int = 200) -> Reply:
    """A JSON reply: every reply is JSON, even one that says nothing (protocol, section 3)."""
    return Reply(status=status, body=dumps(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request as a handler sees it."""

    store: Store
    settings: Settings
    links: Links
    at: float
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    staged: str | None = None
    """The blob that holds the body of an upload."""
    row: Row | None = None

    @property
    def workspace(self) -> Row:
        """The workspace whose token came with the request."""
        assert self.row is not None
        return self.row

    @property
    def ws(self) -> str:
        """Its id."""
        return str(self.workspace["id"])


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A method and a path with what they do; the table of them serves requests, the OpenAPI description and the documentation."""

    method: str
    pattern: str
    handler: Handler
    summary: str
    access: Access = Access.TOKEN
    query: Mapping[str, Object] = field(default_factory=dict)
    body: Object | None = None
    reply: Object = field(default_factory=dict)
    is_download: bool = False
    """Whether the reply is a blob of whatever type, and no JSON document."""
    statuses: Sequence[int] = ()
    is_upload: bool = False
    """Whether the body may be large: it is then in a blob before the handler runs."""
    is_quick: bool = False
    """Whether the handler takes a millisecond or two and waits for nobody: threads would only make each other wait."""
    is_described: bool = True

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(part for part in self.pattern.split("/") if part)


def split(raw_path: bytes) -> list[str]:
    """The parts of a path: stray slashes don't count, an encoded one is part of a name (protocol, sections 1.3, 3 and 4)."""
    try:
        return [unquote_to_bytes(part).decode() for part in raw_path.split(b"/") if part]
    except UnicodeDecodeError as error:
        raise bad("The path is not UTF-8.") from error


class Router:
    """Finds the route of a path; literal parts are compared without case, and win over parameters."""

    def __init__(self, routes: Sequence[Route]) -> None:
        ordered = sorted(routes, key=lambda route: sum(part.startswith("{") for part in route.segments))
        self._routes = tuple((route, route.segments) for route in ordered)

    def find(self, method: str, parts: Sequence[str]) -> tuple[Route | None, dict[str, str], list[str]]:
        """The route, what its parameters are, and the methods the path has (none: there is no such path)."""
        methods: list[str] = []
        best: tuple[Route, dict[str, str]] | None = None
        for route, segments in self._routes:
            found = _match(segments, parts)
            if found is None:
                continue
            methods += [route.method]
            if best is None and method in {route.method, "HEAD" if route.method == "GET" else ""}:
                best = (route, found)
        return (best[0] if best else None, best[1] if best else {}, sorted(set(methods)))


def _match(segments: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(segments) != len(parts):
        return None
    found = {}
    for segment, part in zip(segments, parts, strict=True):
        if segment.startswith("{"):
            found[segment[1:-1]] = part
        elif segment.lower() != part.lower():
            return None
    return found
