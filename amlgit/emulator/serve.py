"""Serves the emulator: one process, one line of JSON when it is ready, a clean end on SIGTERM."""

import contextlib
import gc
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from filelock import FileLock, Timeout

from amlgit.emulator import openapi, tls
from amlgit.emulator.api import admin, assets, experiments, packages, storage, uploads, workspaces
from amlgit.emulator.app import Studio
from amlgit.emulator.guard import is_address
from amlgit.emulator.routing import Access, Call, Reply, Route, reply
from amlgit.emulator.settings import Settings
from amlgit.emulator.state import workspaces as stored
from amlgit.emulator.state.database import Store
from amlgit.emulator.state.reset import open_store

PROTOCOL = (*workspaces.ROUTES, *assets.ROUTES, *uploads.ROUTES, *experiments.ROUTES, *packages.ROUTES, *storage.ROUTES)
"""The protocol's routes."""
_GRACE = 2


class AlreadyServed(Exception):
    """Another process serves the folder."""


class NotLoopback(Exception):
    """The host asked for can be reached by others, and nobody said that it may."""


def run(*, host: str, port: int, folder: Path | None, with_tls: bool, remote: bool, settings: Settings) -> None:
    """Serve until a signal says to stop."""
    if not remote and not _is_loopback(host):
        raise NotLoopback(host)
    gc.enable()  # the command line turns it off, being short; a server is not
    with _folder(folder) as where, _alone(where):
        store = open_store(where)
        listener = _listen(host, port)
        studio = studio_of(store, settings, hosts=None if remote else frozenset({host.lower()}))
        files = tls.server_files(where, host) if with_tls else None
        server = _Server(_config(studio, files), _ready(store, listener, where, files[0] if files else None))
        server.run(sockets=[listener])


def _config(studio: Studio, files: tuple[Path, Path, Path] | None) -> uvicorn.Config:
    secured: dict[str, Any] = {"ssl_certfile": files[1], "ssl_keyfile": files[2]} if files else {}  # uvicorn's own arguments
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it would tell of every connection that a fault cuts
    return uvicorn.Config(
        studio.asgi(),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,  # it would log queries, and they hold signatures
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=60,
        **secured,
    )


def studio_of(store: Store, settings: Settings, hosts: frozenset[str] | None) -> Studio:
    """The emulator over a state."""

    def description(call: Call) -> Reply:
        names = [row["id"] for row in stored.found_all(call.store) if row["id"] != stored.GLOBAL]
        return reply(openapi.describe(PROTOCOL, "1", names, call.links.base))

    def requests() -> tuple[dict[str, int], list[dict[str, object]]]:
        return dict(studio.counts), list(studio.requests)

    def forget() -> None:
        studio.counts.clear()
        studio.requests.clear()

    own = Route(method="GET", pattern="/openapi.json", handler=description, summary="This description", access=Access.OPEN)
    studio = Studio(store, settings, [*PROTOCOL, own, *admin.routes(requests, forget)], hosts)
    return studio


class _Server(uvicorn.Server):
    """Says when it is ready, and takes a signal as a wish to stop, not as a way to die."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._line = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stdout.write(self._line + "\n")
        sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        old = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


def _ready(store: Store, listener: socket.socket, folder: Path, authority: Path | None) -> str:
    address, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(address, f"[{address}]" if ":" in address else address)  # noqa: S104 # looked up, not bound
    base = f"{'https' if authority else 'http'}://{host}:{port}"
    first = store.meta("default")
    rows = sorted((row for row in stored.found_all(store) if row["id"] != stored.GLOBAL), key=lambda row: row["id"] != first)
    default = rows[0]
    return json.dumps(
        {
            "studio": base,
            "management": base,
            "arm": base,
            "workspace": default["id"],
            "token": default["primary_token"],
            "workspaces": [admin.workspace_object(row) for row in rows],
            "admin": {"url": f"{base}/emulator", "token": store.meta("admin_token")},
            "openapi": f"{base}/openapi.json",
            "ca": str(authority) if authority else None,
            "data": str(folder),
            "pid": os.getpid(),
        }
    )


def _is_loopback(host: str) -> bool:
    return host.lower() == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio sets TCP_NODELAY only where the protocol is named
    if sys.platform != "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    listener.listen(1024)
    return listener


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Serve a folder alone, for as long as the process lives: two would each have half of what the other counts and caches."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with FileLock(folder / "serve.lock", blocking=False, mode=0o600):
            yield
    except Timeout as error:
        raise AlreadyServed(str(folder)) from error


@contextlib.contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="amlgit-emulator-") as made:
        yield Path(made)
