"""What a push leaves behind here: no commit, but a note of the state that it gave the workspace, as if it had been fetched.

So a pull after somebody's next edit there has that state for its base, and a state that comes back after it is known for a new one.
"""

from amlgit.config import Config, Remote
from amlgit.model.jsontext import dumps
from amlgit.remotes.archive import Document, Listing
from amlgit.store import drafts, incoming
from amlgit.store.lock import exclusive
from amlgit.store.repository import Repository
from amlgit.workflows.intake.recording import Newest, write_chains
from amlgit.workflows.workspaces.spool import Wanted
from amlgit.workflows.workspaces.workspace import Held


def record_saved(repository: Repository, settings: Config, remote: Remote, held: Held) -> None:
    """Take a draft that was just saved into this clone's record of drafts."""
    if held.facts.snapshot is not None:
        return  # somebody ran it meanwhile: the next fetch has the run
    title = held.raw.get("Description")
    wanted = Wanted(
        id=held.experiment,
        family=held.facts.family,
        title=title if isinstance(title, str) else "",
        etag=held.etag or "none",
        created=held.facts.created or 0,
    )
    data = dumps(held.raw)
    document = Document(name=wanted.name, size=len(data), modified=0, read=lambda: data)
    with exclusive(repository):
        try:
            found = Listing(documents=(document,), problems=())
            write_chains(repository, settings, f"{drafts.PREFIX}{remote.name}/", found, lambda what, done, total: None, newest=Newest.ALL)
        finally:
            incoming.sweep(repository)
