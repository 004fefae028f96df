"""`login`: a token is tried and then given to git's credential helper."""

from dataclasses import dataclass

from amlgit.config import Remote
from amlgit.errors import Refused, UsageError
from amlgit.remotes.session import Session
from amlgit.remotes.studio import Studio
from amlgit.store import credentials
from amlgit.store.repository import Repository
from amlgit.workflows.workspaces.connect import TOKEN_VARIABLE, account_of, place, token_in


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginReport:
    """Where a token is good for; the token itself is in no report."""

    remote: str
    workspace: str
    name: str
    """What people call the workspace."""
    host: str
    is_overridden: bool
    """Whether the environment has a token that comes before the one that was kept."""


def login(repository: Repository, remote: Remote, token: str) -> LoginReport:
    """Try a token at the remote's workspace and keep it; raises Unauthorised where it is not accepted, Refused where nobody keeps it."""
    token = token.strip()
    if not token:
        raise UsageError("there is no token", hint="Paste it when asked, or give it on standard input.")
    origin, prefix = place(remote)
    with Studio(Session(origin=origin, token=token, prefix=prefix), remote.workspace) as studio:
        found = studio.describe()
    if not credentials.keep(repository, account_of(remote, origin), token):
        raise Refused(
            "git has no credential helper that keeps the token",
            hint=f"Set one ('git config --global credential.helper cache', or your system's), or put the token into {TOKEN_VARIABLE} instead.",
        )
    environment_token = token_in(repository.environment, remote.name)
    return LoginReport(
        remote=remote.name,
        workspace=remote.workspace,
        name=found.name,
        host=origin.host,
        is_overridden=environment_token is not None and environment_token != token,
    )


def logout(repository: Repository, remote: Remote) -> str:
    """Have git's credential helpers drop the token of a remote; gives the host it was for."""
    origin, _ = place(remote)
    credentials.forget(repository, account_of(remote, origin))
    return origin.host
