"""Tokens of services, kept where git keeps passwords: by the user's own credential helper, never in a file of a repository.

A token is known by host and user name (protocol, host with its port, and the workspace as the user), so that it is found for that host alone.
Values go through pipes, never onto a command line.
"""

from dataclasses import dataclass

from amlgit.errors import StorageFailed
from amlgit.store.repository import Repository

_SILENT = {"GIT_ASKPASS": "", "GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never"}
"""Nobody is asked: an empty GIT_ASKPASS also keeps git from core.askPass and SSH_ASKPASS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a token belongs to."""

    protocol: str
    host: str
    user: str

    def lines(self) -> str:
        """The account as git's credential protocol has it."""
        return f"protocol={self.protocol}\nhost={self.host}\nusername={self.user}\n"


def find(repository: Repository, account: Account) -> str | None:
    """The token that a helper has for an account, or None."""
    done = repository.attempt("credential", "fill", stdin=f"{account.lines()}\n".encode(), extra=_SILENT)
    if done.returncode != 0:
        return None
    found = dict(line.partition("=")[::2] for line in done.stdout.decode(errors="replace").splitlines())
    # a helper may answer for another account than the one that was asked for
    answered = {name: found.get(name) for name in ("protocol", "host", "username")}
    asked = {"protocol": account.protocol, "host": account.host, "username": account.user}
    return found.get("password") or None if answered == asked else None


def keep(repository: Repository, account: Account, token: str) -> bool:
    """Give a token to the user's helpers; whether one of them has it now."""
    _tell(repository, "approve", account, token)
    return find(repository, account) == token


def forget(repository: Repository, account: Account) -> None:
    """Have the helpers drop the token of an account; whoever has none does nothing."""
    _tell(repository, "reject", account, None)


def _tell(repository: Repository, verb: str, account: Account, token: str | None) -> None:
    said = account.lines() + (f"password={token}\n" if token is not None else "")
    done = repository.attempt("credential", verb, stdin=f"{said}\n".encode(), extra=_SILENT)
    if done.returncode != 0:
        # git's own words are not repeated: a helper may have put into them what it was given
        raise StorageFailed(f"git credential {verb} failed for {account.host}", hint="'git config credential.helper' names the helper.")
