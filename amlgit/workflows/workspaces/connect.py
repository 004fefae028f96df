"""From a remote of the configuration to its service: the origin, the token of that origin, a session."""

from collections.abc import Mapping

from amlgit.config import Remote
from amlgit.errors import UsageError
from amlgit.remotes import regions
from amlgit.remotes.failures import Unauthorised
from amlgit.remotes.regions import Origin
from amlgit.remotes.session import Session
from amlgit.remotes.studio import Studio
from amlgit.store import credentials
from amlgit.store.credentials import Account
from amlgit.store.repository import Repository

TOKEN_VARIABLE = "AMLGIT_TOKEN"  # noqa: S105 # the variable's name
HOST_VARIABLE = "AMLGIT_TOKEN_HOST"
"""Names hosts (with their port, apart by spaces), beyond Studio's own, that the token of the environment is for."""


def connect(repository: Repository, remote: Remote) -> Studio:
    """The workspace of a studio remote, nothing sent yet; raises UsageError for another kind, Unauthorised where there is no token."""
    origin, prefix = place(remote)
    token = token_of(repository, remote, origin)
    if token is None:
        variables = f"{TOKEN_VARIABLE} (or {variable_of(remote.name)})"
        hint = f"Run 'amlgit login {remote.name}' in a repository that has this remote, or put the token into {variables}."
        if token_in(repository.environment, remote.name) is not None:
            hint = f"{TOKEN_VARIABLE} goes to Studio's own hosts and to this machine; for another one set {HOST_VARIABLE}={origin.host} too."
        raise Unauthorised(f"there is no token for remote {remote.name!r} ({origin.host})", hint=hint)
    return Studio(Session(origin=origin, token=token, prefix=prefix), remote.workspace)


def place(remote: Remote) -> tuple[Origin, str]:
    """Where a studio remote's requests go: its origin, and the path before `/api`."""
    if remote.kind != "studio":
        raise UsageError(f"remote {remote.name!r} is of kind {remote.kind!r}, and no service", hint="Name a remote of kind 'studio'.")
    return regions.of_url(remote.url) if remote.url else (regions.of_location(remote.location), "")


def account_of(remote: Remote, origin: Origin) -> Account:
    """What the remote's token is kept under."""
    return Account(protocol=origin.scheme, host=origin.host, user=remote.workspace)


def token_of(repository: Repository, remote: Remote, origin: Origin) -> str | None:
    """The token for a remote: of the environment, else what git's credential helper has for that origin and workspace.

    What the environment holds was stored for no host, and `.amlgit` is a repository's word: it goes to Studio's own hosts, to loopback, and
    to those that the environment itself names.
    """
    named = repository.environment.get(HOST_VARIABLE, "").split()
    token = token_in(repository.environment, remote.name) if origin.is_well_known or origin.host in named else None
    return token or credentials.find(repository, account_of(remote, origin))


def token_in(environment: Mapping[str, str], remote: str) -> str | None:
    """The token that the environment has for a remote: AMLGIT_TOKEN_<REMOTE>, for who needs several, before AMLGIT_TOKEN."""
    return environment.get(variable_of(remote), "").strip() or environment.get(TOKEN_VARIABLE, "").strip() or None


def variable_of(remote: str) -> str:
    """The environment variable for the token of one remote."""
    return f"{TOKEN_VARIABLE}_{remote.upper().replace('-', '_')}"
