"""Comments on a pull request in Azure Repos: each is the first of a thread, which is open until somebody settles it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, dumps, loads
from amlgit.remotes.pull_requests import AzurePullRequest, Comment
from amlgit.remotes.session import Request, Session

LIMIT = 150_000
"""'A discussion comment cannot be longer than 150000 characters', says the service."""
_VERSION = {"api-version": "7.0"}
_OPEN = frozenset({"active", "pending", "unknown", ""})


@dataclass(slots=True)
class AzureComments:
    """Our comments of one name on one pull request."""

    session: Session
    request: AzurePullRequest
    name: str
    limit: int = LIMIT

    def marked(self, text: str) -> str:
        return f"{self._mark}\n\n{text}"

    def own(self) -> Sequence[Comment]:
        query = {"api-version": "7.0-preview.1"}
        me = self.session.get(f"{self._collection}_apis/connectionData", "whose token this is", _user, query)
        threads = self.session.get(self._threads, "the comments", _list, _VERSION)  # one answer has all of them
        return [found for thread in threads for found in self._of_thread(thread, me)]

    def create(self, text: str, *, is_open: bool) -> None:
        first: Json = {"parentCommentId": 0, "content": text, "commentType": "text"}
        self._send("POST", self._threads, "a new comment", {"comments": [first], "status": _status(is_open)})

    def update(self, comment: Comment, text: str) -> None:
        self._send("PATCH", f"{self._threads}/{comment.place}", "a comment", {"content": text})

    def settle(self, comment: Comment, *, is_open: bool) -> None:
        thread = comment.place.partition("/")[0]
        self._send("PATCH", f"{self._threads}/{thread}", "a comment's status", {"status": _status(is_open)})

    def remove(self, comment: Comment) -> None:
        path = f"{self._threads}/{comment.place}"
        request = Request(method="DELETE", path=path, what="a comment twice there", query=_VERSION, is_repeatable=True)
        self.session.send(request, lambda _: None)

    @property
    def _mark(self) -> str:
        return f"[//]: # (amlgit: {self.name})"  # mails of the service show an HTML comment

    @property
    def _collection(self) -> str:
        return f"{self.request.collection.strip('/')}/".lstrip("/")

    @property
    def _threads(self) -> str:
        place = f"{self.request.project}/_apis/git/repositories/{self.request.repository}/pullRequests/{self.request.number}"
        return f"{self._collection}{place}/threads"

    def _of_thread(self, thread: Object, me: str) -> Iterator[Comment]:
        comments = thread.get("comments")
        first = comments[0] if isinstance(comments, list) and comments else None
        if not isinstance(first, Mapping) or thread.get("isDeleted") is True or first.get("isDeleted") is True:
            return
        text, author = first.get("content"), first.get("author")
        if isinstance(text, str) and text.startswith(self._mark) and isinstance(author, Mapping) and author.get("id") == me:
            is_open = str(thread.get("status") or "").lower() in _OPEN
            yield Comment(place=f"{thread['id']}/comments/{first['id']}", text=text, is_open=is_open)

    def _send(self, method: str, path: str, what: str, body: Json) -> None:
        request = Request(method=method, path=path, what=what, query=_VERSION, body=dumps(body), is_repeatable=method == "PATCH")
        self.session.send(request, loads)


def _status(is_open: bool) -> str:
    return "active" if is_open else "closed"


def _user(data: bytes) -> str:
    found = loads(data)
    user = found.get("authenticatedUser") if isinstance(found, Mapping) else None
    identity = user.get("id") if isinstance(user, Mapping) else None
    if not isinstance(identity, str):
        raise InvalidDocument("it names nobody")
    return identity


def _list(data: bytes) -> list[Object]:
    found = loads(data)
    listed = found.get("value") if isinstance(found, Mapping) else None
    if not isinstance(listed, list) or not all(isinstance(each, Mapping) and "id" in each for each in listed):
        raise InvalidDocument("it is no list of comments")
    return [each for each in listed if isinstance(each, Mapping)]
