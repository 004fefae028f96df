"""One writing amlgit at a time in a repository; a lock that dies with its holder."""

from collections.abc import Iterator
from contextlib import contextmanager

from amlgit.errors import Refused, StorageFailed
from amlgit.store.repository import Repository

_PATIENCE = 10.0
"""Seconds to wait for another amlgit to finish."""


@contextmanager
def exclusive(repository: Repository) -> Iterator[None]:
    """Hold the repository's lock; raises Refused where another amlgit keeps it."""
    from filelock import FileLock, Timeout

    try:
        repository.private_dir.mkdir(exist_ok=True)
    except OSError as error:
        raise StorageFailed(f"{repository.private_dir} can't be made: {error.strerror}") from error
    lock = FileLock(repository.private_dir / "lock")
    try:
        lock.acquire(timeout=_PATIENCE, poll_interval=0.05)
    except Timeout as error:
        raise Refused("another amlgit is at work in this repository", hint="Wait until it is done and run this again.") from error
    except OSError as error:
        raise StorageFailed(f"{lock.lock_file} can't be locked: {error.strerror}") from error
    try:
        yield
    finally:
        lock.release()
