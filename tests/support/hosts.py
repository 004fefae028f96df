"""GitHub and Azure DevOps as far as a comment on a pull request goes: real HTTP, paging, sign-in, what each refuses, and faults on demand."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Json = Any  # what comes over the wire

TOKEN, STRANGERS = "ghs_Wq7Vtoken0fThisRun", "ghs_token0fSomebodyElse"
BOT, STRANGER = "github-actions[bot]", "mallory"
REPOSITORY, NUMBER = "team/experiments", 7
PROJECT, AZURE_REPOSITORY = "11111111-2222-4333-8444-555555555555", "66666666-7777-4888-9999-aaaaaaaaaaaa"


@dataclass
class Fault:
    """What becomes of the next request of a method, instead of an answer (`is_served`: after it was done)."""

    method: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: Json = None
    is_served: bool = False
    path: str = ""
    """What the path ends with."""


@dataclass
class Note:
    """A comment of the fake: on GitHub by itself, in Azure Repos the first of a thread."""

    id: int
    author: str
    text: str
    status: str | None = None


@dataclass
class Host:
    """What the two have in common: comments, who is who, faults, and what was asked."""

    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: BOT, STRANGERS: STRANGER})
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    is_read_only: bool = False
    url: str = ""
    counter: int = 100

    def say(self, author: str, text: str, status: str | None = None) -> Note:
        self.counter += 1
        self.notes.append(Note(self.counter, author, text, status))
        return self.notes[-1]

    def of(self, author: str = BOT) -> list[Note]:
        return [note for note in self.notes if note.author == author]

    def note(self, number: str | int) -> Note:
        return next(note for note in self.notes if note.id == int(number))

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json, author: str) -> tuple[int, Json]:
        raise NotImplementedError

    def environment(self, event: str = "") -> dict[str, str]:
        raise NotImplementedError


class Github(Host):
    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json, author: str) -> tuple[int, Json]:  # noqa: PLR0911 # one for each thing
        issues = f"/api/v3/repos/{REPOSITORY}/issues"
        if (method, path) == ("POST", "/api/graphql"):
            return (200, {"data": {"viewer": {"login": author}}}) if "viewer" in body["query"] else (200, {"errors": [{"message": "?"}]})
        if path == f"{issues}/{NUMBER}/comments" and method == "GET":
            size, page = min(int(query.get("per_page", ["30"])[0]), 100), int(query.get("page", ["1"])[0])
            return 200, [self._shown(note) for note in self.notes[(page - 1) * size : page * size]]
        if self.is_read_only:
            return 403, {"message": "Resource not accessible by integration", "documentation_url": "https://docs.github.com"}
        if method in ("POST", "PATCH") and len(body["body"]) > 65_536:
            return 422, {"message": "Validation Failed: body is too long (maximum is 65536 characters)"}
        if path == f"{issues}/{NUMBER}/comments" and method == "POST":
            return 201, self._shown(self.say(author, body["body"]))
        found = re.fullmatch(rf"{issues}/comments/([0-9]+)", path)
        if found and method in ("PATCH", "DELETE"):
            note = self.note(found[1])
            if note.author != author:
                return 403, {"message": "Must have admin rights to Repository."}
            if method == "DELETE":
                self.notes.remove(note)
                return 204, None
            note.text = body["body"]
            return 200, self._shown(note)
        return 404, {"message": "Not Found"}

    def environment(self, event: str = "") -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": f"{self.url}/api/v3",
            "GITHUB_GRAPHQL_URL": f"{self.url}/api/graphql",
            "GITHUB_SERVER_URL": self.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_RUN_ID": "4711",
            "GITHUB_REF": f"refs/pull/{NUMBER}/merge",
            "GITHUB_EVENT_PATH": event,
        }

    @staticmethod
    def _shown(note: Note) -> Json:
        kind = "Bot" if note.author.endswith("[bot]") else "User"
        return {"id": note.id, "user": {"login": note.author, "type": kind}, "body": note.text}


class Azure(Host):
    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Json, author: str) -> tuple[int, Json]:  # noqa: PLR0911 # one for each thing
        threads = f"/team/{PROJECT}/_apis/git/repositories/{AZURE_REPOSITORY}/pullRequests/{NUMBER}/threads"
        if "api-version" not in query:
            return 400, {"message": "No api-version was supplied for the request."}
        if (method, path) == ("GET", "/team/_apis/connectionData"):
            return 200, {"authenticatedUser": {"id": author}}
        if (method, path) == ("GET", threads):
            return 200, {"value": [self._shown(note) for note in self.notes], "count": len(self.notes)}
        if self.is_read_only:
            return 403, {"message": "TF401027: You need the Git 'PullRequestContribute' permission to perform this action."}
        if (method, path) == ("POST", threads):
            text = body["comments"][0]["content"]
            return self._too_long(text) or (200, self._shown(self.say(author, text, body["status"])))
        found = re.fullmatch(rf"{threads}/([0-9]+)(?:/comments/(1))?", path)
        if not found or method not in ("PATCH", "DELETE"):
            return 404, {"message": "TF400813: there is no such thing."}
        note = self.note(found[1])
        if found[2] is None:
            note.status = body["status"]
            return 200, self._shown(note)
        if note.author != author:
            return 403, {"message": "The comment can be edited by its author only."}
        if method == "DELETE":
            self.notes.remove(note)
            return 200, None
        refused = self._too_long(body["content"])
        note.text = note.text if refused else body["content"]
        return refused or (200, {"id": 1, "content": note.text})

    def environment(self, event: str = "") -> dict[str, str]:
        return {
            "TF_BUILD": "True",
            "SYSTEM_COLLECTIONURI": f"{self.url}/team/",
            "SYSTEM_TEAMPROJECTID": PROJECT,
            "BUILD_REPOSITORY_ID": AZURE_REPOSITORY,
            "BUILD_REPOSITORY_PROVIDER": "TfsGit",
            "BUILD_BUILDID": "4711",
            "BUILD_SOURCEBRANCH": f"refs/pull/{NUMBER}/merge",
            "SYSTEM_PULLREQUEST_PULLREQUESTID": str(NUMBER),
            "SYSTEM_PULLREQUEST_ISFORK": "False",
        }

    @staticmethod
    def _too_long(text: str) -> tuple[int, Json] | None:
        return (400, {"message": "A discussion comment cannot be longer than 150000 characters."}) if len(text) > 150_000 else None

    @staticmethod
    def _shown(note: Note) -> Json:
        system = {"id": 2, "author": {"id": "nobody"}, "content": "voted", "commentType": "system"}
        first = {"id": 1, "parentCommentId": 0, "author": {"id": note.author}, "content": note.text, "isDeleted": False}
        return {"id": note.id, "status": note.status, "isDeleted": False, "comments": [first, system]}


@contextmanager
def serving(host: Host) -> Iterator[Host]:
    """The host, answering until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            parts = urlsplit(self.path)
            host.asked.append((self.command, parts.path))
            fault = next((each for each in host.faults if each.method == self.command and parts.path.endswith(each.path)), None)
            author = host.tokens.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
            if fault is not None:
                host.faults.remove(fault)
            if author is None:
                self.reply(401, {"message": "Bad credentials"})
                return
            if fault is not None and not fault.is_served:
                self.reply(fault.status, fault.body, fault.headers)
                return
            status, body = host.answer(self.command, parts.path, parse_qs(parts.query), json.loads(data) if data else None, author)
            if fault is not None:
                status, body = fault.status, fault.body
            self.reply(status, body)

        do_GET = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 # the library's names

        def reply(self, status: int, body: Json, headers: dict[str, str] | None = None) -> None:
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    host.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


KINDS: Sequence[Callable[[], Host]] = (Github, Azure)
