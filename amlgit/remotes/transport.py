"""The connections of a session: an answer has a time and a size in which it must come whole, status line, headers, chunk lines and all.

The library's time-outs are for the next byte. A service that sends one a minute, or `100 Continue` without end, would never meet them.
"""

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter

from amlgit.model.jsontext import MAX_BYTES
from amlgit.remotes.retrying import Patience

_ENVELOPE = 1 << 20
"""Bytes around a body: headers, chunk lines."""


class Endless(TimeoutError):
    """An answer that is too slow, or too long, to be waited for."""


def adapter(patience: Patience, connections: int) -> HTTPAdapter:
    """The library's adapter, whose connections keep to the limits; it repeats nothing."""
    return _Adapter(patience, connections)


class _Adapter(HTTPAdapter):
    def __init__(self, patience: Patience, connections: int) -> None:
        self._patience = patience
        super().__init__(pool_connections=2, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:  # the library's own
        super().init_poolmanager(*arguments, **options)
        self._limit(self.poolmanager)

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:  # the library's own
        manager = super().proxy_manager_for(*arguments, **options)
        self._limit(manager)
        return manager

    def _limit(self, manager: Any) -> None:  # the library's own, without a public type
        found = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: _limited(pool, self._patience) for scheme, pool in found.items()}


def _limited(pool: Any, patience: Patience) -> Any:
    """A kind of pool whose connections keep to the limits."""
    if "patience" in vars(pool):
        return pool
    connection = type("Connection", (_Connecting, pool.ConnectionCls), {"patience": patience, "response_class": staticmethod(_answers(patience))})
    return type("Pool", (pool,), {"ConnectionCls": connection, "patience": patience})


class _Connecting:
    """A connection that is whole, its handshake and its way through a proxy too, within the time that the next byte has."""

    patience: Patience
    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        found: socket.socket = super()._new_conn()  # type: ignore[misc]  # of the library's class beside this one
        self._handle = found.dup()  # a handshake takes the socket itself away
        return found

    def connect(self) -> None:
        timer = threading.Timer(self.patience.connect_timeout + self.patience.read_timeout, self._cut)
        timer.daemon = True
        timer.start()
        try:
            super().connect()  # type: ignore[misc]  # of the library's class beside this one
        finally:
            timer.cancel()
            handle, self._handle = self._handle, None
            if handle is not None:
                handle.close()

    def _cut(self) -> None:
        handle = self._handle
        if handle is not None:
            with contextlib.suppress(OSError):  # it is closed already
                handle.shutdown(socket.SHUT_RDWR)


def _answers(patience: Patience) -> Callable[..., HTTPResponse]:
    def answer(sock: socket.socket, *arguments: Any, **options: Any) -> HTTPResponse:  # the library's own
        found = HTTPResponse(sock, *arguments, **options)
        found.fp = io.BufferedReader(_Limited(found.fp.detach(), sock, patience))
        return found

    return answer


class _Limited(io.RawIOBase):
    """What comes out of a connection for one answer; raises Endless where it comes too slowly, or does not end."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, patience: Patience) -> None:
        self._raw, self._sock, self._patience = raw, sock, patience
        self._begun = time.monotonic()
        self._size = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:  # what the library hands out
        if self._size > MAX_BYTES + _ENVELOPE:
            raise Endless(f"the answer is larger than {MAX_BYTES >> 20} MiB")
        left = self._begun + self._patience.answer_timeout + self._size / self._patience.slowest - time.monotonic()
        if left <= 0:
            raise self._too_slow()
        self._sock.settimeout(min(left, self._patience.read_timeout))
        try:
            size = self._raw.readinto(buffer)
        except TimeoutError as error:
            if left <= self._patience.read_timeout:
                raise self._too_slow() from error
            raise
        self._size += size or 0
        return size

    def _too_slow(self) -> Endless:
        return Endless(f"the answer took longer than {self._patience.answer_timeout:g} seconds, and came too slowly to wait for its end")

    def close(self) -> None:
        self._raw.close()
        super().close()
