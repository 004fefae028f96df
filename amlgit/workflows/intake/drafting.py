"""From a document of a remote to a version that can be recorded."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from amlgit.errors import InvalidDocument
from amlgit.form import FORM, experiments, webservices
from amlgit.form.secrets import Decisions, Guard, Suspicion
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as model
from amlgit.model import frames
from amlgit.model.experiments import Facts
from amlgit.model.json_places import described
from amlgit.model.jsontext import Object, loads
from amlgit.model.webservices import Identity
from amlgit.store import chains, trailers
from amlgit.store.objects import blob_id
from amlgit.store.recorder import Draft, Hasher
from amlgit.store.trailers import Story
from amlgit.workflows.intake import windows
from amlgit.workflows.intake.looking import Subject, identify


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a subject came to: a draft and what holds it back, or why there is none."""

    draft: Draft | None
    suspicions: tuple[Suspicion, ...] = ()
    problem: str = ""


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
            return Outcome(draft=None, problem=_told(error, subject))
        return Outcome(draft=draft, suspicions=suspicions)

    def draft(self, subject: Subject) -> tuple[Draft, tuple[Suspicion, ...]]:
        """The version of a subject, and what holds it back; raises InvalidDocument, naming the member, where the form can't hold it."""
        data = subject.document.read()
        if subject.is_experiment:
            form = self._splitter.split(data, subject.family)
            facts = model.facts(form.members)
            if not subject.is_still(facts):
                raise InvalidDocument("changed while it was read")
            return self._experiment(form.members, facts, subject.time, form)
        value = loads(data)
        about = identify(subject.document, value)
        if not isinstance(value, dict) or not isinstance(about, Identity) or not subject.is_still(about):
            raise InvalidDocument("changed while it was read")
        if Guard(subject.family, self._decisions).finds_something(about.name):
            raise InvalidDocument("its name holds what may be a secret")
        form = webservices.split(value, subject.family, self._decisions)
        return self._web_service(about, subject.time, form)

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


def _told(error: InvalidDocument, subject: Subject) -> str:
    """Why a subject was refused; the form reads its parts, and people look for the place in the whole."""
    try:
        data = subject.document.read()
    except InvalidDocument:
        return str(error)
    return described(error, data)


@contextmanager
def drafted(drafter: Drafter, subjects: Sequence[Subject], *, is_divisible: bool) -> Iterator[Callable[[Subject], Outcome]]:
    """What drafts the subjects, one by one in their order; some may be passed over.

    With `is_divisible`, two processes can read their documents at once.
    """
    work = windows.Work(do=drafter.outcome, size=lambda subject: subject.document.size, pack=_pack, unpack=_unpack)
    with windows.results(work, subjects if is_divisible else [], is_divisible=is_divisible) as outcomes:
        yield (lambda subject: next(outcome for known, outcome in outcomes if known is subject)) if is_divisible else drafter.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcomes:
    """Outcomes on their way between processes; what is in their files once for all of them."""

    data: Mapping[str, bytes]
    outcomes: Sequence[Outcome]


def _pack(outcomes: Sequence[Outcome]) -> bytes:
    data: dict[str, bytes] = {}
    bare: list[Outcome] = []
    for outcome in outcomes:
        if outcome.draft is not None:
            data.update(outcome.draft.data)
            outcome = replace(outcome, draft=replace(outcome.draft, data={}))  # noqa: PLW2901  # the same without its data
        bare.append(outcome)
    return frames.pack(_Outcomes(data=data, outcomes=bare))


def _unpack(frame: bytes) -> Sequence[Outcome]:
    answer = frames.unpack(frame, _Outcomes)
    return [outcome if outcome.draft is None else replace(outcome, draft=replace(outcome.draft, data=answer.data)) for outcome in answer.outcomes]
