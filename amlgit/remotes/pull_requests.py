"""Pull requests of the hosts that run CI: which one a run is for, as the host says it, and what can be done with comments there."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import Json, Object, loads
from amlgit.remotes import regions
from amlgit.remotes.regions import Origin

_NUMBER = re.compile(r"[0-9]{1,18}")
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)
_ID = re.compile(r"[0-9A-Fa-f-]{36}")
_MERGED = re.compile(r"refs/pull/([0-9]{1,18})/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A comment that is ours."""

    place: str
    """What the host knows it by: the end of its path."""
    text: str
    is_open: bool | None = None
    """Whether people are asked to settle it; None where the host knows no such thing."""


class Comments(Protocol):
    """The comments of one pull request that this tool wrote under one name; each call raises what `remotes.failures` has."""

    limit: int
    """The most characters of a comment."""

    def marked(self, text: str) -> str:
        """A text with the mark that it is found by again, which nobody sees."""

    def own(self) -> Sequence[Comment]:
        """Those there are, oldest first: with the mark, and written by whom the token belongs to."""

    def create(self, text: str, *, is_open: bool) -> None:
        """Write a new one."""

    def update(self, comment: Comment, text: str) -> None:
        """Give one another text."""

    def settle(self, comment: Comment, *, is_open: bool) -> None:
        """Close it or open it again, where the host knows such a thing."""

    def remove(self, comment: Comment) -> None:
        """Take one away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubPullRequest:
    """A pull request on GitHub."""

    origin: Origin
    api: str
    """The path of the REST interface, without a slash at its end."""
    graphql: str
    """The path of the GraphQL interface."""
    repository: str
    """OWNER/NAME of the repository it is to."""
    number: int
    is_read_only: bool
    """Whether the host lets its runs do no more than read."""
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AzurePullRequest:
    """A pull request in Azure Repos."""

    origin: Origin
    collection: str
    """The path of the organisation or collection."""
    project: str
    repository: str
    number: int
    is_read_only: bool
    """Whether the host lets its runs do no more than read."""
    token: str = field(repr=False)


PullRequest = GithubPullRequest | AzurePullRequest


def of_environment(environment: Mapping[str, str]) -> PullRequest:
    """The pull request that a run of CI is for, by the variables its host sets; raises UsageError naming the one that is missing."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return _on_github(environment)
    if environment.get("TF_BUILD", "").lower() == "true":
        return _on_azure(environment)
    raise UsageError(
        "this is no run of GitHub Actions or Azure Pipelines", hint="Elsewhere, have the host's own tool post what 'amlgit review --md' prints."
    )


def _on_github(environment: Mapping[str, str]) -> GithubPullRequest:
    event = _event(environment.get("GITHUB_EVENT_PATH", ""))
    change = _object(event, "pull_request")
    merged = _MERGED.match(environment.get("GITHUB_REF", ""))
    number = str(change.get("number", merged[1] if merged else ""))
    if not _NUMBER.fullmatch(number):
        raise UsageError("this run is for no pull request", hint="'on: pull_request' starts one for each push to a pull request.")
    repository = _value(environment, "GITHUB_REPOSITORY", _REPOSITORY)
    origin, api = regions.of_url(_value(environment, "GITHUB_API_URL"))
    other, graphql = regions.of_url(_value(environment, "GITHUB_GRAPHQL_URL"))
    if other != origin:
        raise UsageError("GITHUB_API_URL and GITHUB_GRAPHQL_URL are of two hosts, and the token belongs to one")
    head = _object(_object(change, "head"), "repo").get("full_name")
    return GithubPullRequest(
        origin=origin,
        api=api,
        graphql=graphql,
        repository=repository,
        number=int(number),
        # a fork that was deleted has no name
        is_read_only=(bool(change) and head != repository) or environment.get("GITHUB_ACTOR") == "dependabot[bot]",
        token=_token(environment, "GITHUB_TOKEN", "Give the step 'env: GITHUB_TOKEN: ${{ github.token }}'."),
    )


def _on_azure(environment: Mapping[str, str]) -> AzurePullRequest:
    number = environment.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
    if not _NUMBER.fullmatch(number):
        raise UsageError("this run is for no pull request", hint="In Azure Repos, a build validation policy of the branch starts one.")
    provider = environment.get("BUILD_REPOSITORY_PROVIDER", "TfsGit")
    if provider != "TfsGit":
        raise UsageError(f"the repository is in {provider}, not in Azure Repos", hint="For one on GitHub, docs/ci.md has a GitHub Action.")
    origin, collection = regions.of_url(_value(environment, "SYSTEM_COLLECTIONURI"))
    return AzurePullRequest(
        origin=origin,
        collection=collection,
        project=_value(environment, "SYSTEM_TEAMPROJECTID", _ID),
        repository=_value(environment, "BUILD_REPOSITORY_ID", _ID),
        number=int(number),
        is_read_only=environment.get("SYSTEM_PULLREQUEST_ISFORK", "").lower() == "true",
        token=_token(environment, "SYSTEM_ACCESSTOKEN", "Give the step 'env: SYSTEM_ACCESSTOKEN: $(System.AccessToken)'."),
    )


def _event(file: str) -> Object:
    """What started a run, as GitHub writes it to a file."""
    if not file:
        return {}
    try:
        found = loads(Path(file).read_bytes())
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH: {os.path.basename(file)} can't be read: {error.strerror}") from error
    except InvalidDocument as error:
        raise UsageError(f"GITHUB_EVENT_PATH: {os.path.basename(file)} is no JSON: {error}") from error
    return found if isinstance(found, Mapping) else {}


def _object(parent: Object, name: str) -> Object:
    found: Json = parent.get(name)
    return found if isinstance(found, Mapping) else {}


def _value(environment: Mapping[str, str], name: str, pattern: re.Pattern[str] | None = None) -> str:
    found = environment.get(name, "")
    if not found or (pattern is not None and not pattern.fullmatch(found)):
        raise UsageError(f"{name} is not set as the host sets it", hint="Run this in a step of the host's own, with its variables passed on.")
    return found


def _token(environment: Mapping[str, str], name: str, hint: str) -> str:
    found = environment.get(name, "").strip()
    if not found or found.startswith("$("):  # Azure Pipelines leaves a variable that is not there as it was written
        raise UsageError(f"{name} has no token", hint=hint)
    return found
