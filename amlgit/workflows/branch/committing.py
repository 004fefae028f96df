"""A commit of amlgit's own on the branch: who works here is its author, and only named files change."""

from collections.abc import Mapping
from datetime import UTC, datetime

from amlgit.store import incoming
from amlgit.store.objects import blob_id
from amlgit.store.repository import Repository
from amlgit.store.setup import FALLBACK
from amlgit.store.worktree import fast_forward

_DEPTH = 4
"""What such a commit makes anew: root, `experiments`, the folder, a file in it."""


def commit(repository: Repository, head: str, files: Mapping[str, bytes | None], message: str, reason: str) -> None:
    """Write files (None takes one away) in a commit on top of HEAD; the caller holds the lock and sweeps.

    Raises Refused where one of them holds something uncommitted.
    """
    identity = repository.identity() or FALLBACK
    author = f"{identity.name} <{identity.email}> {int(datetime.now(UTC).timestamp())} +0000"
    with incoming.receive(repository) as stream:
        changes: list[tuple[str, str, str | None]] = []
        for path, data in sorted(files.items()):
            if data is not None:
                stream.blob(data)
            changes.append((path, "100644", None if data is None else blob_id(data, repository.object_format)))
        stream.commit(incoming.BRANCH, author=author, committer=author, message=message, parent=head, changes=changes)
        tip = stream.finish(_DEPTH)[incoming.BRANCH]
    fast_forward(repository, head, tip, reason)
