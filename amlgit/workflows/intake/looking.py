"""A first look at the documents of a remote: what each is a version of, and when that was."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from sys import intern

from amlgit.errors import InvalidDocument
from amlgit.model import experiments, frames
from amlgit.model import webservices as services
from amlgit.model.experiments import Facts
from amlgit.model.json_places import described
from amlgit.model.jsontext import Json, loads
from amlgit.model.webservices import Identity
from amlgit.remotes.archive import Document, Problem, dateless
from amlgit.workflows.intake import windows

LEFT_ALONE = "left alone: "
"""How the reason begins for JSON that is nothing of ours."""

_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document that is a version of something: of what, and its time in seconds since 1970. It is small, because there may be thousands."""

    document: Document
    family: str
    time: int
    is_run: bool
    is_experiment: bool
    said: int
    """A hash of what the document said about itself: when it is read again, it has to say the same."""

    def at(self, time: int) -> "Subject":
        """The same at another time."""
        return replace(self, time=time)

    def is_still(self, about: Facts | Identity | None) -> bool:
        """Whether this is what the document said about itself."""
        return hash(about) == self.said


def look(document: Document, *, file_times: bool) -> Subject | Problem:
    """What a document is a version of, or why it is none."""
    return _subject(document, _look(document, file_times=file_times))


@contextmanager
def looked(documents: Sequence[Document], *, file_times: bool, is_divisible: bool) -> Iterator[Iterator[Subject | Problem]]:
    """What each document is a version of, or why it is none; with `is_divisible`, two processes can read them at once."""
    work: windows.Work[Document, _Seen] = windows.Work(
        do=lambda document: _look(document, file_times=file_times),
        size=lambda document: document.size,
        pack=frames.pack,
        unpack=lambda frame: frames.unpack(frame, list[_Seen]),
    )
    with windows.results(work, documents, is_divisible=is_divisible) as seen:
        yield (_subject(document, found) for document, found in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a look at a document gave, fit to travel between processes: a subject without its document, or a problem."""

    family: str = ""
    time: int = 0
    is_run: bool = False
    is_experiment: bool = False
    said: int = 0
    problem: str = ""


def _look(document: Document, *, file_times: bool) -> _Seen:
    try:
        data = document.read()
    except InvalidDocument as error:
        return _Seen(problem=str(error))
    try:
        about = experiments.peek(data) or identify(document, loads(data))
    except InvalidDocument as error:
        return _Seen(problem=described(error, data))
    if about is None:
        return _Seen(problem=f"{LEFT_ALONE}JSON, but no experiment and no web service definition")
    return _Seen(
        family=about.family,
        time=_time(document, about, file_times=file_times),
        is_run=isinstance(about, Facts) and about.is_run,
        is_experiment=isinstance(about, Facts),
        said=hash(about),
    )


def _subject(document: Document, seen: _Seen) -> Subject | Problem:
    if seen.problem:
        return Problem(name=document.name, reason=seen.problem)
    return Subject(
        document=document,
        family=intern(seen.family),
        time=seen.time,
        is_run=seen.is_run,
        is_experiment=seen.is_experiment,
        said=seen.said,
    )


def identify(document: Document, value: Json) -> Facts | Identity | None:
    """What a parsed document is about; raises InvalidDocument where it should say and does not."""
    if not isinstance(value, dict):
        return None
    if experiments.is_experiment(value):
        return experiments.facts(value)
    if services.is_definition(value):
        return services.identity(value, dateless(PurePosixPath(document.name).name.partition(".json")[0]))
    return None


def _time(document: Document, about: Facts | Identity, *, file_times: bool) -> int:
    """A run's own time. A draft's is the date in its path: people saved drafts whose creation time is that of an older one."""
    created = about.created if isinstance(about, Facts) else None
    if isinstance(about, Facts) and about.is_run:
        return about.ended or created or 0
    if document.date is not None:
        is_that_day = document.date_is_day and created is not None and created // _DAY == document.date // _DAY
        return created if is_that_day and created is not None else document.date
    return document.modified if file_times else created or 0
