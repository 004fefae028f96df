"""What a workspace holds of one experiment now, written down as a folder has it; and saving over that."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from amlgit.errors import InvalidDocument
from amlgit.form import experiments as form
from amlgit.form.filling import There
from amlgit.form.secrets import Decisions, Suspicion
from amlgit.form.splitter import Splitter
from amlgit.model import experiments as model
from amlgit.model.jsontext import Json, Object, loads
from amlgit.remotes.studio import Studio, Submission
from amlgit.store import chains
from amlgit.store.objects import blob_id, tree_id
from amlgit.store.repository import Repository
from amlgit.workflows.versions.documents import Joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An experiment as its workspace holds it."""

    experiment: str
    raw: Object
    """The export as it came, secrets and all: for what is sent back there, never for a message or a file."""
    files: Mapping[str, bytes]
    """Its content as a folder has it."""
    run: bytes
    content: str
    """The content id."""
    document: Object
    """What the files join to, placeholders in place of secrets."""
    suspicions: tuple[Suspicion, ...]
    facts: model.Facts
    etag: str
    parent: str
    creator: str

    @property
    def joined(self) -> Joined:
        """Its document for a comparison."""
        return Joined(kind=chains.EXPERIMENT, document=self.document)

    @property
    def secrets(self) -> There:
        """What its placeholders stand for."""
        return There(raw=self.raw, protected=self.document)

    @property
    def is_running(self) -> bool:
        """Whether a run is under way, which locks it."""
        return self.facts.snapshot is not None and not self.facts.is_run


def read(studio: Studio, experiment: str, decisions: Decisions, repository: Repository) -> Held:
    """What the workspace holds of an experiment now; raises NotFound where it is gone, InvalidDocument where the form can't hold it."""
    data = studio.get(experiment)
    raw = loads(data)
    if not isinstance(raw, Mapping):
        raise InvalidDocument(f"experiment {experiment}: what the workspace holds is no export")
    facts = model.facts(raw)
    written = Splitter(decisions).split(data, facts.family)
    return Held(
        experiment=experiment,
        raw=raw,
        files=written.content,
        run=written.run,
        content=content_id(written.content, repository),
        document=form.join(written.content, written.run),
        suspicions=written.suspicions,
        facts=facts,
        etag=_text(raw, "Etag"),
        parent=_text(raw, "ParentExperimentId"),
        creator=_text(raw, "Creator"),
    )


def content_id(files: Mapping[str, bytes], repository: Repository) -> str:
    """The content id of files, as a folder that holds just them has it."""
    return tree_id({path: blob_id(data, repository.object_format) for path, data in files.items()}, repository.object_format)


def decisions_for(decisions: Decisions, families: frozenset[str], family: str) -> Decisions:
    """Decisions about a folder that is bound to several experiments, as those about one of them: its texts are the same."""
    places = (place.partition("/") for place in decisions.replaced)
    return replace(decisions, replaced=decisions.replaced | {f"{family}/{rest}" for own, _, rest in places if own in families})


def submission(document: Object, held: Held | None) -> Submission:
    """What is sent to save a document: over what the workspace holds, or as a new experiment."""
    graph = document.get("Graph")
    service = document.get("WebService")
    keeps = document.get("DisableNodesUpdate")
    if isinstance(service, Mapping):
        service = {**dict.fromkeys(sorted(form.RUN_WEB_SERVICE_MEMBERS)), **service}
    assert isinstance(graph, Mapping)
    return Submission(
        title=_text(document, "Description"),
        summary=_text(document, "Summary"),
        graph=graph,
        web_service=service if isinstance(service, Mapping) else None,
        parent=held.parent if held else "",
        category=(_text(held.raw, "Category") if held else "") or "user",
        keeps_versions=keeps if isinstance(keeps, bool) else None,
    )


WRITABLE = frozenset({"Description", "Summary", "Graph", "WebService", "DisableNodesUpdate"})
"""Members that a save writes (protocol, section 4.1)."""


def unwritable(ours: Object, theirs: Object) -> list[str]:
    """The members that people own, that differ, and that no save can change."""
    names = (ours.keys() | theirs.keys()) - WRITABLE - form.RUN_MEMBERS
    return sorted(name for name in names if not _same(ours.get(name), theirs.get(name)))


def _same(one: Json, other: Json) -> bool:
    from amlgit.model.jsontext import same

    return same(one, other) or (not one and not other and not isinstance(one, bool) and not isinstance(other, bool))


def _text(document: Object, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
