"""A server that answers in turn what it was told to: for what no service does when asked nicely."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from amlgit.remotes.regions import Origin
from amlgit.remotes.retrying import Patience
from amlgit.remotes.session import Request, Session

TOKEN = "5d41402abc4b2a76b9719d911017c592"
QUICK = Patience(first_wait=0.002, longest_wait=0.01, connect_timeout=2, read_timeout=2, answer_timeout=2)


@dataclass
class Canned:
    """A server that answers in turn what it was told to, and notes what it was asked: for what no service does when asked nicely."""

    answers: Sequence[Callable[[BaseHTTPRequestHandler], None]]
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    port: int = 0

    def session(self, patience: Patience = QUICK, host: str = "127.0.0.1") -> Session:
        return Session(origin=Origin(scheme="http", host=f"{host}:{self.port}"), token=TOKEN, patience=patience)


@contextmanager
def canned(*answers: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[Canned]:
    state = Canned(answers)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            number = len(state.asked)
            state.asked.append((self.command, self.path, dict(self.headers)))
            answers[min(number, len(answers) - 1)](self)

        do_POST = do_GET  # noqa: N815 # the library's name

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def says(status: int, body: bytes = b'{"ok":true}', **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


GET = Request(method="GET", path="things", what="the things", is_repeatable=True)
POST = Request(method="POST", path="things", what="a save", body=b"{}")
