"""From a document of a remote to a version that can be recorded."""

from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from amlgit.errors import InvalidDocument
from amlgit.form import FORM, experiments, webservices
from amlgit.form.secrets import Decisions, Guard, Suspicion
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as model
from amlgit.model import webservices as services
from amlgit.model.experiments import Facts
from amlgit.model.jsontext import Json, Object, loads
from amlgit.model.webservices import Identity
from amlgit.remotes.archive import Document, dateless
from amlgit.store import chains, trailers
from amlgit.store.objects import blob_id
from amlgit.store.recorder import Draft, Hasher
from amlgit.store.trailers import Story

_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A document that is a version of something: of what, and its time in seconds since 1970."""

    document: Document
    about: Facts | Identity
    time: int

    @property
    def family(self) -> str:
        return self.about.family

    @property
    def is_run(self) -> bool:
        return isinstance(self.about, Facts) and self.about.is_run

    def at(self, time: int) -> "Subject":
        """The same at another time."""
        return replace(self, time=time)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a subject came to: a draft and what holds it back, or why there is none."""

    draft: Draft | None
    suspicions: tuple[Suspicion, ...] = ()
    problem: str = ""


def look(document: Document, *, file_times: bool) -> Subject | None:
    """What a document is a version of, or None for JSON of another kind; raises InvalidDocument where it can't be read."""
    data = document.read()
    about: Facts | Identity | None = model.peek(data)
    if about is None:
        about = _identify(document, loads(data))
    if about is None:
        return None
    return Subject(document=document, about=about, time=_time(document, about, file_times=file_times))


def _identify(document: Document, value: Json) -> Facts | Identity | None:
    if not isinstance(value, dict):
        return None
    if model.is_experiment(value):
        return model.facts(value)
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


class Drafter:
    """Turns subjects into drafts of versions; one for many, because most of a version is the version before."""

    def __init__(self, decisions: Decisions, object_format: str) -> None:
        self._decisions = decisions
        self._splitter = Splitter(decisions)
        self._hasher = Hasher(object_format)

    def outcome(self, subject: Subject) -> Outcome:
        """What a subject comes to; it depends on nothing that was drafted before."""
        try:
            draft, suspicions = self.draft(subject)
        except InvalidDocument as error:
            return Outcome(draft=None, problem=str(error))
        return Outcome(draft=draft, suspicions=suspicions)

    def draft(self, subject: Subject) -> tuple[Draft, tuple[Suspicion, ...]]:
        """The version of a subject, and what holds it back; raises InvalidDocument, naming the member, where the form can't hold it."""
        data = subject.document.read()
        if isinstance(subject.about, Facts):
            form = self._splitter.split(data, subject.family)
            if model.facts(form.members) != subject.about:
                raise InvalidDocument("changed while it was read")
            return self._experiment(form.members, subject.about, subject.time, form)
        value = loads(data)
        if not isinstance(value, dict) or _identify(subject.document, value) != subject.about:
            raise InvalidDocument("changed while it was read")
        if Guard(subject.family, self._decisions).finds_something(subject.about.name):
            raise InvalidDocument("its name holds what may be a secret")
        form = webservices.split(value, subject.family, self._decisions)
        return self._web_service(subject.about, subject.time, form)

    def _experiment(self, document: Object, facts: Facts, time: int, form: experiments.Form) -> tuple[Draft, tuple[Suspicion, ...]]:
        guard = Guard(facts.family, self._decisions)
        title, summary, creator = (
            guard.text(value, "experiment", name) if isinstance(value := document.get(name), str) else ""
            for name in ("Description", "Summary", "Creator")
        )
        status = guard.text(facts.status, "run", "StatusCode")
        story = Story(
            title=title,
            summary=summary,
            creator=creator,
            workspace=facts.workspace,
            time=time,
            what="run" if facts.is_run else "draft",
            status=status,
            trailers={
                trailers.WORKSPACE: facts.workspace,
                trailers.EXPERIMENT: facts.experiment,
                **({trailers.SNAPSHOT: facts.snapshot} if facts.is_run and facts.snapshot else {}),
                trailers.STATUS: status,
                trailers.FORM: str(FORM),
            },
        )
        return self._draft(chains.EXPERIMENT, story, form, facts.snapshot if facts.is_run else None), form.suspicions

    def _web_service(self, identity: Identity, time: int, form: experiments.Form) -> tuple[Draft, tuple[Suspicion, ...]]:
        story = Story(
            title=identity.name,
            summary="",
            creator="",
            workspace="",
            time=time,
            what="definition",
            status="",
            trailers={trailers.SERVICE: identity.name, trailers.FORM: str(FORM)},
        )
        return self._draft(chains.WEB_SERVICE, story, form, None), form.suspicions

    def _draft(self, kind: str, story: Story, form: experiments.Form, snapshot: str | None) -> Draft:
        files = self._hasher.blobs(form.content)
        run = blob_id(form.run, self._hasher.object_format)  # not remembered: no run.json is that of another version
        return Draft(
            kind=kind,
            files=files,
            content=self._hasher.content(files),
            run=run,
            data={**dict(zip(files.values(), form.content.values(), strict=True)), run: form.run},
            story=story,
            snapshot=snapshot,
        )
