"""Experiments: list, get, save, save as, run, cancel, delete, history, node outputs, annotations (protocol, sections 4, 5 and 10)."""

from collections.abc import Iterator

from amlgit.emulator import catalogue, faults, runs, simulated
from amlgit.emulator import graph as graphs
from amlgit.emulator import shapes as s
from amlgit.emulator.routing import WORKSPACE, Call, Reply, Route, reply
from amlgit.emulator.state import experiments, things
from amlgit.emulator.state.database import Row, unpack, unpack_list
from amlgit.emulator.state.experiments import Submission
from amlgit.emulator.state.workspaces import GLOBAL
from amlgit.emulator.wire import ApiError, Json, Object, as_object, bad, conflict, dumps, loads, member, missing, object_of, text_of

_FAIL = "emulator: fail"


def list_all(call: Call) -> Reply:
    """The list, with the browser's filters as query members (protocol, section 4)."""
    rows = experiments.listed(call.store, call.ws, non_leaves=_flag(call, "includenonleaf") is True, archived=_flag(call, "includearchived") is True)
    shown = [_summary(call, row) for row in rows]
    draft, creator = _flag(call, "isdraft"), call.query.get("creator")
    if draft is not None:
        shown = [each for each in shown if (each["Status"]["StatusCode"] == "InDraft") is draft]
    if creator:
        shown = [each for each in shown if str(each["Creator"]).lower() == creator.lower()]
    return reply(shown)


def _flag(call: Call, name: str) -> bool | None:
    value = call.query.get(name, "").strip().lower()
    return {"true": True, "1": True, "false": False, "0": False}.get(value)


def _ms(call: Call) -> int:
    return round(call.at * 1000)


def _summary(call: Call, row: Row) -> Object:
    """A list item: the union of what clients read (protocol, section 4.4)."""
    head, run, at = unpack(row["head"]), experiments.run_of(row), _ms(call)
    extra = head.get("Extra") or {}
    return {
        "ExperimentId": row["id"],
        "RunId": row["run_id"],
        "JobId": extra.get("JobId"),
        "VersionId": extra.get("VersionId"),
        "ParentExperimentId": row["parent"],
        "OriginalExperimentDocumentationLink": head.get("OriginalExperimentDocumentationLink"),
        "Summary": head["Summary"],
        "Description": head["Description"],
        "Status": experiments.status_of(row, run, at),
        "Etag": experiments.etag_of(row, run, at),
        "Creator": head["Creator"],
        "IsLeaf": bool(row["is_leaf"]),
        "IsArchived": bool(row["is_archived"]),
        "DisableNodesUpdate": head.get("DisableNodesUpdate"),
        "Category": head["Category"],
        "Tags": head["Tags"],
        "IsPartialRun": _is_partial(head, run),
        "SchemaVersion": extra.get("SchemaVersion", 1),
    }


def _is_partial(head: Object, run: Object | None) -> Json:
    return run["IsPartial"] if run and "IsPartial" in run else head.get("IsPartialRun", False)


def get(call: Call) -> Reply:
    """The whole experiment, its members in the order of real exports."""
    row = _row(call)
    unknown = unpack_list(row["unknown"])
    if unknown:
        message = f"The experiment can't be opened: its graph refers to {unknown[0]}, which this workspace does not have."
        raise conflict(message, "AssetNotFound")
    head, run, at = unpack(row["head"]), experiments.run_of(row), _ms(call)
    members = [
        ("ExperimentId", row["id"]),
        ("RunId", row["run_id"]),
        ("ParentExperimentId", row["parent"]),
        ("OriginalExperimentDocumentationLink", head.get("OriginalExperimentDocumentationLink")),
        ("Summary", head["Summary"]),
        ("Description", head["Description"]),
        ("Graph", row["graph"]),
        ("Status", experiments.status_of(row, run, at)),
        ("Etag", experiments.etag_of(row, run, at)),
        ("NodeStatuses", _node_statuses(call, row, run)),
        ("Creator", head["Creator"]),
        ("IsLeaf", bool(row["is_leaf"])),
        ("DisableNodesUpdate", head.get("DisableNodesUpdate")),
        ("WebService", row["service"]),
        ("Category", head["Category"]),
        ("Tags", head["Tags"]),
        ("IsPartialRun", _is_partial(head, run)),
        *(head.get("Extra") or {}).items(),
    ]
    return Reply(body=b"{" + b",".join(_members(members)) + b"}")


def _node_statuses(call: Call, row: Row, run: Object | None) -> list[Object]:
    if run is None:
        return []
    if row["node_statuses"] is not None:
        return [runs.relinked(each, row["workspace"], call.links) for each in experiments.node_statuses_of(row)]
    return runs.node_statuses(run, _ms(call), row["workspace"], call.links)


def _members(members: list[tuple[str, Json]]) -> Iterator[bytes]:
    for name, value in members:
        text = value.encode() if name in {"Graph", "WebService"} else dumps(value)  # stored as it is sent
        yield dumps(name) + b":" + text


def _row(call: Call) -> Row:
    return experiments.find(call.store, call.ws, call.path["id"])


def _own(call: Call) -> Row:
    """The experiment, if it is the workspace's to change."""
    row = _row(call)
    if row["workspace"] == GLOBAL:
        raise ApiError(403, "Forbidden", "Samples can't be changed: save them as a new experiment.")
    return row


def _submission(call: Call) -> tuple[Submission, bool]:
    """What the client sent, and whether it is to be run."""
    body = as_object(call.body)
    service = member(body, "WebService")
    if service is not None and not isinstance(service, dict):
        raise bad("WebService must be an object or null.")
    is_draft = member(body, "IsDraft")
    if not isinstance(is_draft, bool):
        raise bad("IsDraft must be true or false.")
    category = text_of(body, "Category", "user")
    if member(body, "Description") is None:
        raise bad("Description, the title, is missing.")
    text_of(body, "ParentExperimentId")  # the service's to set: read, and left at that
    keeps = body.get("DisableNodesUpdate")  # the .NET client's DisableNodeUpdate is another name, and without effect
    submission = Submission(
        title=text_of(body, "Description"),
        summary=text_of(body, "Summary"),
        category=category,
        graph=graphs.completed(graphs.check_shape(object_of(body, "ExperimentGraph"))),
        service=experiments.NO_SERVICE if service is None else service,
        keeps_versions=keeps if isinstance(keeps, bool) else None,
    )
    return submission, not is_draft


def save_as(call: Call) -> Reply:
    """Save as a new experiment: POST to the collection, with or without its slash; `IsDraft: false` runs it as well."""
    submission, runs_too = _submission(call)
    failures = _failures(call, submission.graph) if runs_too else {}
    with call.store.write() as db:
        identity = experiments.create(db, call.ws, submission, str(call.workspace["owner"]), _ms(call))
        if runs_too:
            experiments.start(db, identity, _ms(call), call.settings.node_seconds, failures)
    return _submitted(call, identity)


def save(call: Call) -> Reply:
    """Save over the working copy, or run it; the id stays what it was, because clients go on using it (protocol, section 4.1)."""
    submission, runs_too = _submission(call)
    failures = _failures(call, submission.graph) if runs_too else {}
    _own(call)
    with call.store.write() as db:
        row = _own(call)
        experiments.check_etag(row, call.headers.get("if-match"), _ms(call))
        experiments.overwrite(db, row, submission, _ms(call))
        if runs_too:
            experiments.start(db, row["id"], _ms(call), call.settings.node_seconds, failures)
    return _submitted(call, str(row["id"]))


def _failures(call: Call, graph: Object) -> dict[str, str]:
    """The nodes told to fail: by a fault, or by a comment that begins with `emulator: fail`."""
    found = {}
    for node in graph["ModuleNodes"]:
        comment = node.get("Comment")
        fault = faults.failing(call.store, {node["Id"].lower(), *catalogue.names_of(node["ModuleId"])})
        if fault:
            found[node["Id"]] = fault.message or "Error 0000: The module was told to fail."
        elif isinstance(comment, str) and comment.strip().lower().startswith(_FAIL):
            found[node["Id"]] = comment.strip()[len(_FAIL) :].strip(" :") or "Error 0000: The module was told to fail."
    return found


def _submitted(call: Call, identity: str) -> Reply:
    row = experiments.find(call.store, call.ws, identity)
    return reply({"ExperimentId": identity, "Etag": experiments.etag_of(row, experiments.run_of(row), _ms(call))})


def cancel(call: Call) -> Reply:
    """Cancel the run."""
    with call.store.write() as db:
        row = _own(call)
        experiments.check_etag(row, call.headers.get("if-match"), _ms(call))
        experiments.cancel(db, row, _ms(call))
    return _submitted(call, str(row["id"]))


def delete(call: Call) -> Reply:
    """Delete one, or with its whole history where `deleteAncestors` says so."""
    with call.store.write() as db:
        row = _own(call)
        experiments.check_etag(row, call.headers.get("if-match"), _ms(call))
        history = [each["id"] for each in experiments.lineage(call.store, row)] if _flag(call, "deleteancestors") else []
        experiments.delete(db, [row["id"], *history])
    return reply({"ExperimentId": row["id"], "Deleted": 1 + len(set(history) - {row["id"]})})


def lineage(call: Call) -> Reply:
    """The run history, newest first."""
    return reply([_summary(call, row) for row in experiments.lineage(call.store, _row(call))])


def output_data(call: Call) -> Reply:
    """A node's output as raw bytes (protocol, section 3): simulated, because nothing was computed."""
    row = _row(call)
    name = output_of(row, _ms(call), call.path["node"], call.path["port"])
    body, kind = simulated.content(name)
    return Reply(body=body, type=kind, headers=simulated.HEADER)


def output_of(row: Row, at: int, node: str, port: str) -> str:
    """The blob of an output that is there; node and port are compared without case (protocol, section 5.5)."""
    run = experiments.run_of(row)
    tasks = (run or {}).get("Tasks", [])
    for task in tasks:
        if run and task["NodeId"].lower() == node.lower() and runs.task_code(run, task, at) == "Finished":
            for each in task["Ports"]:
                if each.lower() == port.lower():
                    return runs.output_blobs(task, each)["data"]
    for status in experiments.node_statuses_of(row):
        ports = [str(each.get("Name")) for each in status.get("OutputEndpoints") or []]
        if str(status.get("NodeId")).lower() == node.lower() and port.lower() in {each.lower() for each in ports}:
            return "experimentoutput/archived.dataset"
    raise missing("The output of that node and port", "OutputNotFound")


def annotations(call: Call) -> Reply:
    """The annotations of an experiment."""
    row = _row(call)
    return reply([each for each in things.listed(call.store, row["workspace"], "annotations") if each["ExperimentId"] == row["id"]])


def details(call: Call) -> Reply:
    """The long description, as a JSON string."""
    row = _row(call)
    found = things.find(call.store, row["workspace"], "details", row["id"])
    return reply(found["Text"] if found else "")


def set_details(call: Call) -> Reply:
    """Replace the long description."""
    text = loads(call.body)
    if not isinstance(text, str):
        raise bad("The details are a JSON string.")
    row = _own(call)
    if row["is_snapshot"]:
        raise conflict("This is a snapshot of the run history, which is locked.", "ExperimentLocked")
    with call.store.write() as db:
        things.put(db, call.ws, "details", row["id"], {"Text": text})
    return reply(text)


_BASE = WORKSPACE + "/experiments"
_FLAG = s.TEXT
_CHANGES = (409, 412, 403)

ROUTES = (
    Route(
        method="GET",
        pattern=_BASE,
        handler=list_all,
        summary="List experiments, newest first; only leaves unless asked",
        query={"isDraft": _FLAG, "creator": s.TEXT, "includeNonLeaf": _FLAG, "includeArchived": _FLAG},
        reply=s.listing(s.SUMMARY),
    ),
    Route(method="POST", pattern=_BASE, handler=save_as, summary="Save as a new experiment", body=s.SUBMISSION, reply=s.SUBMITTED),
    Route(
        method="GET",
        pattern=_BASE + "/{id}",
        handler=get,
        summary="Get an experiment or a snapshot",
        reply=s.EXPERIMENT,
        statuses=(409,),
        is_quick=True,
    ),
    Route(method="POST", pattern=_BASE + "/{id}", handler=save, summary="Save or run", body=s.SUBMISSION, reply=s.SUBMITTED, statuses=_CHANGES),
    Route(
        method="PUT",
        pattern=_BASE + "/{id}",
        handler=save,
        summary="Save or run, with If-Match",
        body=s.SUBMISSION,
        reply=s.SUBMITTED,
        statuses=_CHANGES,
    ),
    Route(
        method="DELETE",
        pattern=_BASE + "/{id}",
        handler=delete,
        summary="Delete one, or with its history",
        query={"deleteAncestors": _FLAG},
        reply=s.record({"ExperimentId": s.TEXT, "Deleted": s.WHOLE}),
        statuses=(403, 412),
    ),
    Route(method="POST", pattern=_BASE + "/{id}/cancel", handler=cancel, summary="Cancel a run", reply=s.SUBMITTED, statuses=_CHANGES),
    Route(method="GET", pattern=_BASE + "/{id}/lineage", handler=lineage, summary="The run history", reply=s.listing(s.SUMMARY)),
    Route(
        method="GET",
        pattern=_BASE + "/{id}/outputdata/{node}/{port}",
        handler=output_data,
        summary="A node's output, as raw bytes",
        is_download=True,
    ),
    Route(method="GET", pattern=_BASE + "/{id}/annotations", handler=annotations, summary="Annotations", reply=s.listing(s.OBJECT)),
    Route(method="GET", pattern=_BASE + "/{id}/details", handler=details, summary="The long description", reply=s.TEXT),
    Route(
        method="PUT",
        pattern=_BASE + "/{id}/details",
        handler=set_details,
        summary="Replace the long description",
        body=s.TEXT,
        reply=s.TEXT,
        statuses=(403, 409),
    ),
)
