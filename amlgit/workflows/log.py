"""`log`: the versions in the record, with number, date, status, who and commit."""

from dataclasses import dataclass

from amlgit.store import chains, trailers
from amlgit.store.chains import Entry
from amlgit.store.repository import Repository
from amlgit.workflows.versions.choose import choose
from amlgit.workflows.versions.dates import date
from amlgit.workflows.versions.missing_record import require, require_any


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One version. `date` is ISO 8601 in UTC; `snapshot` is None for a draft."""

    title: str
    remote: str
    number: int
    date: str
    status: str
    who: str
    commit: str
    snapshot: str | None


def log(repository: Repository, name: str | None) -> list[LogEntry]:
    """The versions of an experiment (of EXPERIMENT@N that one), oldest first; of everything in order of time where no name is given.

    Raises UsageError where the record that is asked for is not in this clone.
    """
    if name is None:
        found = [
            _described(ref.removeprefix(chains.PREFIX).partition("/")[0], entry)
            for ref, tip in sorted(chains.tips(repository).items())
            for entry in chains.newest_first(repository, tip)
        ]
        if not found:
            require_any(repository)
        return sorted(found, key=lambda entry: (entry.date, entry.title, entry.number))
    choice = choose(repository, name)
    if choice.version is not None:
        return [_described(choice.remote or "", choice.version)]
    if not choice.subject.chains and choice.subject.folder is not None:
        require(repository, choice.subject.title, choice.subject.folder)
    found = [
        _described(remote, entry)
        for remote, tip in sorted(choice.subject.chains.items(), reverse=True)
        for entry in chains.newest_first(repository, tip)
    ]
    return found[::-1]


def _described(remote: str, entry: Entry) -> LogEntry:
    return LogEntry(
        title=entry.subject.rpartition(": ")[0],
        remote=remote,
        number=entry.number,
        date=date(entry.time),
        status=trailers.value(entry.message, trailers.STATUS) or "",
        who=entry.author.partition(" <")[0],
        commit=entry.commit,
        snapshot=entry.snapshot,
    )
