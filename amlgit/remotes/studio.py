"""The Studio service, typed: experiments, the lists of what they may refer to, packages (protocol, sections 2 to 7).

Every call is one request (and its repetitions, where that is safe). What failed is one of `remotes.failures`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Self
from urllib.parse import quote

from amlgit.errors import InvalidDocument
from amlgit.model import experiments as model
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, dumps, loads, printable
from amlgit.remotes.failures import NotFound, Unreadable
from amlgit.remotes.session import Request, Session


class AssetKind(Enum):
    """What a graph may refer to; the value is the list's name in the service's paths."""

    MODULE = "modules"
    DATASET = "datasources"
    MODEL = "trainedmodels"
    TRANSFORM = "transformmodules"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentInfo:
    """An entry of a list of experiments; times are whole seconds since 1970, None where unset."""

    id: str
    workspace: str
    family: str
    title: str
    summary: str
    creator: str
    category: str
    etag: str
    run: str | None
    """The snapshot of the run that the experiment stands at; None for a draft."""
    parent: str | None
    """The snapshot before."""
    status: str
    created: int | None
    ended: int | None
    is_leaf: bool
    is_archived: bool

    @property
    def is_snapshot(self) -> bool:
        """Whether it is an entry of the run history."""
        return ".s-id." in self.id

    @property
    def is_ended(self) -> bool:
        """Whether its run is over, however it ended."""
        return self.status in model.ENDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What can be written of an experiment (protocol, section 4.1); `graph` and `web_service` as the form joins them."""

    title: str
    summary: str
    graph: Object
    web_service: Object | None
    parent: str = ""
    """What was read as ParentExperimentId; empty for a copy."""
    category: str = "user"
    keeps_versions: bool | None = None
    """DisableNodesUpdate: whether assets stay at their versions when newer ones are there; None leaves that to the service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What a save came to; the id is the experiment's own, and its etag that of this save."""

    experiment: str
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetInfo:
    """An entry of a list of assets: the newest version of its family, unless `is_latest` says otherwise."""

    id: str
    kind: AssetKind
    family: str
    name: str
    version: int | None
    data_type: str
    is_latest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Packing or unpacking under way. `location` holds a signature: it goes to `unpack`, never into a message or a file."""

    id: str
    status: str
    location: str = field(repr=False)
    experiment: str | None
    """What was unpacked, when that is done."""
    done: int
    waiting: int

    @property
    def is_complete(self) -> bool:
        return self.status == "Complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceInfo:
    """What may be known of a workspace; the rest of that answer is secrets."""

    id: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Studio:
    """One workspace of the service; ends its session when a `with` block ends."""

    session: Session
    workspace: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.session.close()

    def describe(self) -> WorkspaceInfo:
        """The workspace itself."""

        def read(data: bytes) -> WorkspaceInfo:
            found = _object(data)
            return WorkspaceInfo(id=_text(found, "WorkspaceId"), name=_text(found, "FriendlyName"), region=_text(found, "Region"))

        return self.session.get(self._path(), f"workspace {self.workspace}", read)

    # --- experiments

    def experiments(self, *, with_history: bool = False) -> tuple[ExperimentInfo, ...]:
        """The experiments, samples of the service included, in no promised order.

        With history the snapshots, too, if the service knows that filter; else the same list as without.
        """
        query = {"includeNonLeaf": "true"} if with_history else None
        return self.session.get(self._path("experiments"), "list of experiments", _infos, query)

    def get(self, experiment: str) -> bytes:
        """The whole export of an experiment or a snapshot, as the service writes it; it is known to be one, of that id.

        Unreadable means that it is none: at once where it is whole JSON, because that will be no other the next time.
        """

        def read(data: bytes) -> bytes:
            seen = model.peek(data)
            document = loads(data) if seen is None else None
            try:
                _require_named(experiment, _facts(document) if seen is None else seen)
            except InvalidDocument as error:
                raise Unreadable(f"{_named(experiment)}: {error}", hint="Look at it in the workspace.") from error
            return data

        return self.session.get(self._experiment(experiment), _named(experiment), read)

    def lineage(self, experiment: str) -> tuple[ExperimentInfo, ...]:
        """The run history, newest first. The browser's own call, whose path is a guess: NotFound where the service has another."""
        return self.session.get(self._experiment(experiment, "lineage"), f"history of {_named(experiment)}", _infos)

    def save(self, experiment: str, submission: Submission, *, if_match: str | None = None) -> Saved:
        """Save over the draft. With `if_match`, only if the experiment has that etag still: Stale if not.

        Doubtful means that it may be saved or not: read it back, then decide.
        """
        return self._submit(experiment, submission, "save of", if_match, is_draft=True)

    def run(self, experiment: str, submission: Submission, *, if_match: str | None = None) -> Saved:
        """Save over the draft and run it; as `save`."""
        return self._submit(experiment, submission, "run of", if_match, is_draft=False)

    def save_as(self, submission: Submission) -> Saved:
        """Save as a new experiment, which has no history. Doubtful means that there may be one more experiment of that title."""
        what = f"save of {printable(submission.title)!r}"
        request = Request(method="POST", path=self._path("experiments") + "/", what=what, body=_body(submission, is_draft=True))
        return self.session.send(request, _saved)

    def cancel(self, experiment: str) -> None:
        """Cancel a run; Clash where none is under way."""
        request = Request(method="POST", path=self._experiment(experiment, "cancel"), what=f"cancel of {_named(experiment)}", body=b"")
        self.session.send(request, _nothing)

    def delete(self, experiment: str, *, with_ancestors: bool, if_match: str | None = None) -> None:
        """Delete an experiment, alone or with its run history. Nothing brings it back."""
        query = {"deleteAncestors": "true"} if with_ancestors else None
        what = f"delete of {_named(experiment)}"
        self.session.send(Request(method="DELETE", path=self._experiment(experiment), what=what, query=query, if_match=if_match), _nothing)

    def _submit(self, experiment: str, submission: Submission, verb: str, if_match: str | None, *, is_draft: bool) -> Saved:
        body = _body(submission, is_draft=is_draft)
        what = f"{verb} {_named(experiment)}"
        return self.session.send(Request(method="POST", path=self._experiment(experiment), what=what, body=body, if_match=if_match), _saved)

    # --- assets

    def assets(self, kind: AssetKind) -> tuple[AssetInfo, ...]:
        """The assets of a kind that graphs of this workspace may refer to, the service's own included: the newest version of each."""

        def read(data: bytes) -> tuple[AssetInfo, ...]:
            return tuple(_asset(kind, each) for each in _objects(data))

        return self.session.get(self._path(kind.value), f"list of {kind.value}", read)

    def has_asset(self, kind: AssetKind, asset: str) -> bool:
        """Whether there is an asset of that id, its family's newest version or not."""
        try:
            self.session.get(self._path(kind.value, asset), f"asset {printable(asset, 120)}", _object)
        except NotFound:
            return False
        return True

    # --- packages

    def pack(self, experiment: str) -> Activity:
        """Begin to pack an experiment with its assets, without credentials and without its author."""
        query = {"api-version": "2.0", "experimentId": experiment, "clearCredentials": "true", "includeAuthorId": "false"}
        what = f"packing of {_named(experiment)}"
        # a package too many does no harm
        return self.session.send(Request(method="POST", path=self._path("packages"), what=what, query=query, body=b"", is_repeatable=True), _activity)

    def pack_status(self, activity: str) -> Activity:
        """How far packing is."""
        return self._activity("packageActivityId", activity)

    def unpack(self, location: str, *, region: str | None = None) -> Activity:
        """Begin to unpack what `pack` of a workspace gave; `region` is that workspace's. Doubtful means that it may be on its way."""
        more = {"region": region.replace(" ", "")} if region else {}
        return self._unpack({"packageUri": location, **more})

    def unpack_from_gallery(self, package: str, community: str, entity: str) -> Activity:
        """Begin to unpack an entry of the gallery by its package's URI, its page's URI and its id."""
        return self._unpack({"packageUri": package, "communityUri": community, "entityId": entity})

    def unpack_status(self, activity: str) -> Activity:
        """How far unpacking is; `experiment` is there when it is complete."""
        return self._activity("unpackActivityId", activity)

    def _unpack(self, query: Mapping[str, str]) -> Activity:
        query = {"api-version": "2.0", **query}
        return self.session.send(Request(method="PUT", path=self._path("packages"), what="unpacking", query=query, body=b""), _activity)

    def _activity(self, name: str, activity: str) -> Activity:
        return self.session.get(self._path("packages"), "state of the packages", _activity, {name: activity})

    # --- paths

    def _path(self, *parts: str) -> str:
        return "/".join(quote(part, safe="") for part in ("workspaces", self.workspace, *parts))

    def _experiment(self, experiment: str, *parts: str) -> str:
        return self._path("experiments", experiment, *parts)


def _facts(document: Json) -> model.Facts:
    if not isinstance(document, Mapping):
        raise InvalidDocument("it is no JSON object")
    if not model.is_experiment(document):
        raise InvalidDocument("it is no experiment")
    return model.facts(document)


def _require_named(experiment: str, facts: model.Facts) -> None:
    asked = ids.experiment_id(experiment)
    if asked is None or (facts.workspace, facts.family) != (asked.workspace, asked.family):
        raise InvalidDocument("it is another experiment")


def _named(experiment: str) -> str:
    return f"experiment {printable(experiment, 120)}"


def _body(submission: Submission, *, is_draft: bool) -> bytes:
    document: dict[str, Json] = {
        "Description": submission.title,
        "Summary": submission.summary,
        "IsDraft": is_draft,
        "ParentExperimentId": submission.parent,
        "Category": submission.category,
        "ExperimentGraph": submission.graph,
        "WebService": submission.web_service,
    }
    if submission.keeps_versions is not None:
        # the .NET client spells it DisableNodeUpdate, and the contract DisableNodesUpdate
        document |= {"DisableNodesUpdate": submission.keeps_versions, "DisableNodeUpdate": submission.keeps_versions}
    return dumps(document)


def _nothing(_: bytes) -> None:
    return None


def _object(data: bytes) -> Object:
    found = loads(data)
    if not isinstance(found, Mapping):
        raise InvalidDocument("it is no JSON object")
    return found


def _objects(data: bytes) -> Sequence[Object]:
    found = loads(data)
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise InvalidDocument("it is no JSON array")
    objects = [each for each in found if isinstance(each, Mapping)]
    if len(objects) != len(found):
        raise InvalidDocument("the list holds what is no object")
    return objects


def _text(document: Object, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""


def _count(document: Object, name: str) -> int:
    value = document.get(name)
    return value if isinstance(value, int) else 0


def _infos(data: bytes) -> tuple[ExperimentInfo, ...]:
    return tuple(_info(each) for each in _objects(data))


def _info(document: Object) -> ExperimentInfo:
    identity = _text(document, "ExperimentId")
    parts = ids.experiment_id(identity)
    if parts is None:
        raise InvalidDocument(f"{printable(identity)!r} is no experiment's id")
    status = document.get("Status")
    status = status if isinstance(status, Mapping) else {}
    return ExperimentInfo(
        id=identity,
        workspace=parts.workspace,
        family=parts.family,
        title=_text(document, "Description"),
        summary=_text(document, "Summary"),
        creator=_text(document, "Creator"),
        category=_text(document, "Category"),
        etag=_text(document, "Etag"),
        run=_reference(document, "RunId"),
        parent=_reference(document, "ParentExperimentId"),
        status=_text(status, "StatusCode"),
        created=model.seconds(status.get("CreationTime")),
        ended=model.seconds(status.get("EndTime")),
        is_leaf=document.get("IsLeaf") is not False,
        is_archived=document.get("IsArchived") is True,
    )


def _reference(document: Object, name: str) -> str | None:
    """The id of another version; None where there is none. A file is named after it: nothing else than an id gets that far."""
    value = _text(document, name)
    if value and ids.experiment_id(value) is None:
        raise InvalidDocument(f"{name} {printable(value)!r} is no experiment's id")
    return value or None


def _asset(kind: AssetKind, document: Object) -> AssetInfo:
    version = document.get("ServiceVersion")
    if isinstance(version, str) and version.isascii() and version.isdigit() and len(version) < 10:
        version = int(version)  # the .NET client has it as a string
    return AssetInfo(
        id=_text(document, "Id"),
        kind=kind,
        family=_text(document, "FamilyId").lower(),
        name=_text(document, "Name"),
        version=version if isinstance(version, int) else None,
        data_type=_text(document, "DataTypeId"),
        is_latest=document.get("IsLatest") is not False,
    )


def _saved(data: bytes) -> Saved:
    found = _object(data)
    if ids.experiment_id(_text(found, "ExperimentId")) is None:
        raise InvalidDocument("it names no experiment")
    return Saved(experiment=_text(found, "ExperimentId"), etag=_text(found, "Etag"))


def _activity(data: bytes) -> Activity:
    found = _object(data)
    if not _text(found, "ActivityId"):
        raise InvalidDocument("it names no activity")
    return Activity(
        id=_text(found, "ActivityId"),
        status=_text(found, "Status"),
        location=_text(found, "Location"),
        experiment=_text(found, "ExperimentId") or None,
        done=_count(found, "ItemsComplete"),
        waiting=_count(found, "ItemsPending"),
    )
