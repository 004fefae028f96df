"""Comments on a pull request on GitHub, over its REST interface; whose token it is, over GraphQL, since a token of Actions may not ask REST."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, dumps, loads
from amlgit.remotes.pull_requests import Comment, GithubPullRequest
from amlgit.remotes.session import Request, Session

LIMIT = 65_536
_PAGE = 100
"""Comments of one answer: the most there are."""


@dataclass(slots=True)
class GithubComments:
    """Our comments of one name on one pull request."""

    session: Session
    request: GithubPullRequest
    name: str
    limit: int = LIMIT

    def marked(self, text: str) -> str:
        return f"{self._mark}\n{text}"

    def own(self) -> Sequence[Comment]:
        me = self._login()
        return [
            Comment(place=f"comments/{found['id']}", text=text)
            for found in self._all()
            if isinstance(text := found.get("body"), str) and text.startswith(self._mark) and _login_of(found) in (me, f"{me}[bot]")
        ]

    def create(self, text: str, *, is_open: bool) -> None:  # a comment there is neither open nor closed
        self._send("POST", f"{self.request.number}/comments", "a new comment", text)

    def update(self, comment: Comment, text: str) -> None:
        self._send("PATCH", comment.place, "a comment", text)

    def settle(self, comment: Comment, *, is_open: bool) -> None:
        """There is nothing of that kind."""

    def remove(self, comment: Comment) -> None:
        path = f"{self._issues}/{comment.place}"
        self.session.send(Request(method="DELETE", path=path, what="a comment twice there", is_repeatable=True), lambda _: None)

    @property
    def _mark(self) -> str:
        return f"<!-- amlgit: {self.name} -->"

    @property
    def _issues(self) -> str:
        return f"{self.request.api.lstrip('/')}/repos/{self.request.repository}/issues".lstrip("/")

    def _login(self) -> str:
        """Whom the token belongs to."""
        query = dumps({"query": "query{viewer{login}}"})
        path = self.request.graphql.lstrip("/")
        return self.session.send(Request(method="POST", path=path, what="whose token this is", body=query, is_repeatable=True), _viewer)

    def _all(self) -> Iterator[Object]:
        page = 1
        while True:
            query = {"per_page": str(_PAGE), "page": str(page)}
            found = self.session.get(f"{self._issues}/{self.request.number}/comments", "the comments", _objects, query)
            yield from found
            if len(found) < _PAGE:
                return
            page += 1

    def _send(self, method: str, path: str, what: str, text: str) -> None:
        body = dumps({"body": text})
        request = Request(method=method, path=f"{self._issues}/{path}", what=what, body=body, is_repeatable=method == "PATCH")
        self.session.send(request, loads)


def _viewer(data: bytes) -> str:
    found: Json = loads(data)
    for name in ("data", "viewer", "login"):
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        raise InvalidDocument("it names nobody")
    return found


def _objects(data: bytes) -> list[Object]:
    found = loads(data)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) and "id" in each for each in found):
        raise InvalidDocument("it is no list of comments")
    return [each for each in found if isinstance(each, Mapping)]


def _login_of(comment: Object) -> str:
    user = comment.get("user")
    login = user.get("login") if isinstance(user, Mapping) else None
    return login if isinstance(login, str) else ""  # who left GitHub has none
