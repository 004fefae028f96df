"""What a push sent, noted until it is read back: if that fails, or the push is killed, whoever looks next can tell whether it arrived.

A ref of this clone for each experiment under way, `refs/amlgit-sent/<remote>/<family>`: the state that was saved over, and on top of it what
was sent. A later state that has every change between the two shows that the save was done, whatever others changed after it; then what was
sent becomes a draft of this clone, as if it had been read back, and so the base of the next merge. Where that can't be told, it does not:
a base too old costs a conflict, one too new costs somebody's work.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from amlgit.compare.merge import merge
from amlgit.config import Config, Remote
from amlgit.errors import InvalidDocument
from amlgit.form import experiments as form
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as model
from amlgit.model.jsontext import Object, dumps, printable
from amlgit.remotes.archive import Document, Listing
from amlgit.store import chains, drafts, incoming
from amlgit.store.chains import Version
from amlgit.store.lock import exclusive
from amlgit.store.recorder import Recorder
from amlgit.store.repository import Repository
from amlgit.workflows.intake.recording import write_chains
from amlgit.workflows.versions.documents import of_version
from amlgit.workflows.workspaces.spool import saved_at
from amlgit.workflows.workspaces.workspace import Held

PREFIX = "refs/amlgit-sent/"


def waiting(repository: Repository, remote: str) -> frozenset[str]:
    """The families of which something was sent and not read back."""
    return frozenset(ref.rpartition("/")[2] for ref in repository.refs(f"{PREFIX}{remote}/"))


def note(repository: Repository, settings: Config, remote: Remote, held: Held, sent: Object) -> None:
    """Note what is about to be saved over `held`; `sent` has the members that a save writes."""
    before = held.raw.get("Status")
    status = {**(before if isinstance(before, Mapping) else {}), "StatusCode": "InDraft"}
    draft = {**held.raw, **sent, "RunId": None, "ParentExperimentId": held.facts.snapshot or held.parent or None, "Status": status}
    moment = max(held.facts.ended or 0, saved_at(held.etag) or held.facts.created or 0)
    with exclusive(repository):
        forget(repository, remote.name, held.facts.family)
        try:
            found = Listing(documents=(_document(held.raw, moment), _document(draft, moment + 1)), problems=())
            write_chains(repository, settings, f"{PREFIX}{remote.name}/", found, lambda what, done, total: None)
        finally:
            incoming.sweep(repository)


def _document(document: Object, moment: int) -> Document:
    data = dumps(document)
    title = printable(str(document.get("Description"))).replace("/", "-")
    name = f"{title} (draft of {datetime.fromtimestamp(moment, UTC):%Y-%m-%dT%H:%M:%S}Z)"
    return Document(name=name, size=len(data), modified=0, read=lambda: data)


def forget(repository: Repository, remote: str, family: str) -> None:
    """It was read back, or it is known what came of it."""
    if family in waiting(repository, remote):
        repository.run("update-ref", "-d", f"{PREFIX}{remote}/{family}")


def settle(repository: Repository, settings: Config, remote: str, family: str, states: Iterable[bytes]) -> None:
    """Look whether what was sent arrived, by states of the workspace that were read since; the caller holds the lock and sweeps."""
    tip = repository.refs(f"{PREFIX}{remote}/").get(f"{PREFIX}{remote}/{family}")
    if tip is None:
        return
    noted = chains.versions(repository, tip)
    if len(noted) == 2:  # else one of the two is held back for what may be a secret
        base, sent = (of_version(repository, version.commit).document for version in noted)
        splitter = Splitter(Decisions(allowed=settings.allow, replaced=settings.replace))
        if any(_has_arrived(splitter, family, base, sent, data) for data in states):
            _record(repository, remote, family, noted[1])
    forget(repository, remote, family)


def _has_arrived(splitter: Splitter, family: str, base: Object, sent: Object, data: bytes) -> bool:
    """Whether a state that is newer than `base` has every change that leads from it to `sent`."""
    facts = model.peek(data)
    if facts is None or (facts.is_run and (facts.created or 0) <= (model.facts(base).created or 0)):
        return False  # older runs may come in later than what was saved over them
    try:
        now = form.join(splitter.split(data, family).content, None)
        merged = merge(base, sent, now)
        contents = [splitter.split_protected(document, family).content for document in (now, merged.document)]
    except InvalidDocument:
        return False
    return not merged.clashes and contents[0] == contents[1]


def _record(repository: Repository, remote: str, family: str, sent: Version) -> None:
    """Put what was sent on top of this clone's drafts."""
    ref = f"{drafts.PREFIX}{remote}/{family}"
    tip = repository.refs(f"{drafts.PREFIX}{remote}/").get(ref)
    known = chains.versions(repository, tip) if tip else []
    if known and known[-1].content == sent.content:
        return
    with incoming.receive(repository) as stream:
        recorder = Recorder(repository, stream)
        recorder.begin(ref)
        for version in known:
            recorder.keep(version)
        recorder.keep(replace(sent, parent="none of this chain", time=max([sent.time, *(version.time + 1 for version in known)])))
        recorder.flush()
        written = stream.finish()[ref]
    repository.update_refs([(ref, written, tip)])
