"""`comment`: one comment on the pull request that a run of CI is for, kept up to date."""

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from typing import assert_never

from amlgit.errors import UsageError
from amlgit.remotes.azure_devops import AzureComments
from amlgit.remotes.failures import Doubtful, Unauthorised
from amlgit.remotes.github import GithubComments
from amlgit.remotes.pull_requests import AzurePullRequest, Comment, Comments, GithubPullRequest, PullRequest, of_environment
from amlgit.remotes.session import Session

_TRIES = 3
"""How often a new comment is written whose answer is lost and that is not there afterwards."""
_PAUSE = 1.0
"""Seconds before looking whether it is there."""


class Outcome(Enum):
    """What became of the comment."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    NONE = "none"
    """There was none, and none was wanted."""
    NOT_ALLOWED = "not allowed"
    """The run may only read, as those for a fork."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentReport:
    """What became of the comment, and on which pull request."""

    number: int
    outcome: Outcome
    removed: int = 0
    """Older comments of ours that said the same a second time."""
    reason: str = ""
    """The host's words where it is not allowed."""


def comment(
    environment: Mapping[str, str], text: str, name: str, *, update_only: bool = False, is_settled: bool = False, dry_run: bool = False
) -> CommentReport:
    """Bring the comment of that name up to date, or write it; raises UsageError for what is no such run and for a text that is too long."""
    request = of_environment(environment)
    with closing(_session(request)) as session:
        comments = _comments(session, request, name)
        marked = comments.marked(text)
        if len(marked) > comments.limit:
            raise UsageError(f"the text has {len(text):,} characters, and the host takes {comments.limit:,} in a comment", hint="Shorten it.")
        try:
            outcome, removed = _bring(comments, marked, update_only=update_only, is_open=not is_settled, dry_run=dry_run)
        except Unauthorised as error:
            if request.is_read_only and error.status == 403:
                return CommentReport(number=request.number, outcome=Outcome.NOT_ALLOWED, reason=str(error))
            raise Unauthorised(str(error), hint=_hint(request), status=error.status, request_id=error.request_id) from error
    return CommentReport(number=request.number, outcome=outcome, removed=removed)


def _session(request: PullRequest) -> Session:
    return Session(origin=request.origin, token=request.token, root="/", token_headers=())


def _comments(session: Session, request: PullRequest, name: str) -> Comments:
    match request:
        case GithubPullRequest():
            return GithubComments(session, request, name)
        case AzurePullRequest():
            return AzureComments(session, request, name)
        case _:
            assert_never(request)


def _hint(request: PullRequest) -> str:
    if isinstance(request, GithubPullRequest):
        return "The job needs 'permissions: pull-requests: write'."
    return "The project's build service needs the permission 'Contribute to pull requests' in this repository (docs/ci.md)."


def _bring(comments: Comments, text: str, *, update_only: bool, is_open: bool, dry_run: bool) -> tuple[Outcome, int]:
    own = comments.own()
    if not own:
        if not update_only and not dry_run:
            _create(comments, text, is_open=is_open)
        return (Outcome.NONE if update_only else Outcome.CREATED), 0
    found, *twice = own
    is_same = _same(found.text, text)
    if not dry_run:
        _update(comments, found, text, is_same=is_same, is_open=is_open)
        for each in twice:  # two runs at once may both have found none
            comments.remove(each)
    return (Outcome.UNCHANGED if is_same else Outcome.UPDATED), len(twice)


def _update(comments: Comments, found: Comment, text: str, *, is_same: bool, is_open: bool) -> None:
    if not is_same:
        comments.update(found, text)
    if found.is_open and not is_open:
        comments.settle(found, is_open=False)
    elif found.is_open is False and is_open and _beyond_heading(found.text) != _beyond_heading(text):
        comments.settle(found, is_open=True)  # what somebody settled stays settled as long as it says the same


def _create(comments: Comments, text: str, *, is_open: bool) -> None:
    """Write a new comment; where the answer is lost, look before writing it again."""
    for attempt in range(1, _TRIES + 1):
        try:
            comments.create(text, is_open=is_open)
        except Doubtful:
            time.sleep(_PAUSE)
            if comments.own():
                return
            if attempt == _TRIES:
                raise
        else:
            return


def _same(one: str, other: str) -> bool:
    """Whether two texts are the same as a host keeps them: it may trim the end and change line ends."""
    return one.replace("\r\n", "\n").rstrip() == other.replace("\r\n", "\n").rstrip()


def _beyond_heading(text: str) -> str:
    """A comment without the heading, which names commits."""
    return "\n".join(line for line in text.replace("\r\n", "\n").rstrip().split("\n") if not line.startswith("## "))
