"""Values of secrets that a workspace does not hold yet: from the environment, else from git's credential helper."""

from amlgit.config import Remote
from amlgit.form.filling import Gap
from amlgit.store import credentials
from amlgit.store.credentials import Account
from amlgit.store.repository import Repository
from amlgit.workflows.workspaces.connect import place


def given(repository: Repository, remote: Remote, gap: Gap) -> str | None:
    """The value for a placeholder, by the name of its variable; None where nobody has it."""
    value = repository.environment.get(gap.variable)
    if value:
        return value
    origin, _ = place(remote)
    # the workspace's own account with another name, so that a token is never taken for a password
    return credentials.find(repository, Account(protocol=origin.scheme, host=origin.host, user=f"{remote.workspace}/{gap.variable}"))
