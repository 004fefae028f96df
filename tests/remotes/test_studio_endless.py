"""Answers that never end: a whole answer has its time, however its bytes drip in, and a large one that comes has all it needs."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler

import pytest

from amlgit.model.jsontext import loads
from amlgit.remotes.failures import Doubtful, NoAnswer
from amlgit.remotes.regions import Origin
from amlgit.remotes.retrying import Patience
from amlgit.remotes.session import Request, Session
from tests.support.canned import GET, POST, TOKEN, Canned, canned


@contextmanager
def raw_service(*pieces: bytes, pause: float = 0.02) -> Iterator[tuple[Canned, list[bytes]]]:
    """A socket that sends the pieces of an answer over and over until nobody listens; and what it was asked."""
    listening = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                asked.append(connection.recv(65536))
                for piece in pieces[:-1]:
                    connection.sendall(piece)
                while not ended.wait(pause):
                    connection.sendall(pieces[-1])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield Canned((), port=listening.getsockname()[1]), asked
    finally:
        ended.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n",),
        (HEAD, b"x"),  # one header that never ends
        (b"HTTP/1.1 100 Continue\r\nX: ", b"y"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),  # the line before a chunk
        (HEAD + b"Content-Length: 1000\r\n\r\n", b" "),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
)
@pytest.mark.parametrize("request_", [GET, POST])
def test_an_answer_that_drips_in_for_ever_ends_and_is_not_asked_for_again(pieces: Sequence[bytes], request_: Request) -> None:
    with raw_service(*pieces) as (service, asked):
        session = service.session(Patience(answer_timeout=0.3, read_timeout=0.2, first_wait=0.001))
        begun = time.monotonic()
        with pytest.raises(NoAnswer if request_ is GET else Doubtful, match=r"took longer than 0\.3 seconds, and came too slowly"):
            session.send(request_, loads)
        assert time.monotonic() - begun < 3
        assert len(asked) == 1
        session.close()


def test_continues_that_pour_in_end_too() -> None:
    with raw_service(b"HTTP/1.1 100 Continue\r\n\r\n" * 4096, pause=0) as (service, _):
        session = service.session(Patience(attempts=1))
        with pytest.raises(NoAnswer, match="larger than 64 MiB"):
            session.send(GET, loads)
        session.close()


def test_a_large_answer_may_take_longer_as_long_as_it_comes() -> None:
    def slowly(handler: BaseHTTPRequestHandler) -> None:
        body = json.dumps("x" * 40_000).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        with suppress(OSError):
            for start in range(0, len(body), 1000):
                handler.wfile.write(body[start : start + 1000])
                handler.wfile.flush()
                time.sleep(0.02)

    with canned(slowly) as server:
        session = server.session(Patience(attempts=1, answer_timeout=0.2, read_timeout=2, slowest=10_000))
        assert session.send(GET, loads) == "x" * 40_000
        session = server.session(Patience(attempts=1, answer_timeout=0.2, read_timeout=2, slowest=1_000_000))
        with pytest.raises(NoAnswer, match="too slowly"):
            session.send(GET, loads)


def test_a_handshake_that_drips_in_for_ever_ends() -> None:
    record = b"\x16\x03\x03\x40\x00"  # says that 16 KiB of a handshake follow
    with raw_service(record, b"\x02") as (service, _):
        session = Session(origin=Origin(scheme="https", host=f"127.0.0.1:{service.port}"), token=TOKEN, patience=DRIPPED)
        begun = time.monotonic()
        with pytest.raises(NoAnswer):
            session.send(GET, loads)
        assert time.monotonic() - begun < 3
        session.close()


DRIPPED = Patience(attempts=1, connect_timeout=0.2, read_timeout=0.2)
