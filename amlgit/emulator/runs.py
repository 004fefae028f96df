"""The clock of runs: a run's course is settled when it is submitted, and what it looks like follows from the time alone.

So a run needs no worker, passes through its states in real time, and goes on through a kill of the emulator. Nothing is computed:
what outputs there are say so.
"""

import hashlib
import uuid
from collections.abc import Mapping

from amlgit.emulator import graph as graphs
from amlgit.emulator.links import Links
from amlgit.emulator.wire import NEVER, Json, Object, date_ms

CACHED = "Task output was present in output cache"
"""The detail of a task that did not run again (2016-05-25/train.json)."""
_MODELS = ("model", "transform", "filter")


def plan(graph: Object, submitted: int, seconds: float, failures: Mapping[str, str], before: Object | None, ahead: int = 0) -> Object:
    """The course of a run. `failures` says which nodes fail with what words; `before` is the course of the run before, whose results are kept.

    `ahead` says by how many milliseconds its times run ahead of the clock: a snapshot's id counts whole seconds, so of two runs in one
    second the later one is dated into the next, and nobody has to wait for that.
    """
    keys = graphs.task_keys(graph)
    feeds = graphs.sources(graph)
    kept = {task["Key"]: task for task in (before or {}).get("Tasks", []) if task["Outcome"] == "Finished"}
    flagged = {node["Id"] for node in graph["ModuleNodes"] if node.get("IsPartOfPartialRun") is True}
    chosen = _with_upstream(flagged, feeds, kept, keys) if flagged else set(keys)
    step = round(seconds * 1000)
    tasks: dict[str, Object] = {}
    nodes = {node["Id"]: node for node in graph["ModuleNodes"]}
    for name in graphs.order(graph):
        if name in chosen:
            entering = [tasks[source] for _, source, _ in feeds[name] if source in tasks]
            start = max([step, *(task["End"] for task in entering)])
            blocked = any(task["Outcome"] != "Finished" for task in entering)
            same = kept.get(keys[name]) if name not in flagged and name not in failures else None
            tasks[name] = _task(name, keys[name], start, step, blocked=blocked, failure=failures.get(name), same=same)
            tasks[name]["Ports"] = graphs.outputs(nodes[name])
    return {"Submitted": submitted, "Ahead": ahead, "Canceled": None, "IsPartial": bool(flagged), "Tasks": list(tasks.values())}


def _with_upstream(flagged: set[str], feeds: Mapping[str, list[tuple[str, str, str]]], kept: Mapping[str, Json], keys: Mapping[str, str]) -> set[str]:
    """The nodes of a partial run: those chosen, and what they need that has no result yet."""
    chosen, waiting = set(flagged), list(flagged)
    while waiting:
        for _, source, _ in feeds[waiting.pop()]:
            if source not in chosen and keys[source] not in kept:
                chosen.add(source)
                waiting.append(source)
    return chosen


def _task(name: str, key: str, start: int, step: int, *, blocked: bool, failure: str | None, same: Object | None) -> Object:
    task = {"NodeId": name, "Key": key, "Start": start, "End": start + step, "Outcome": "Finished", "Detail": "None", "Output": str(uuid.uuid4())}
    if blocked:
        return task | {"End": start, "Outcome": "NotStarted"}
    if failure is not None:
        return task | {"Outcome": "Failed", "Detail": failure}
    if same is not None:
        return task | {"End": start, "Detail": CACHED, "Output": same["Output"]}
    return task


def end(run: Object) -> int:
    """When the run is over, in milliseconds since 1970."""
    if "Status" in run:
        return int(run.get("Ended", 0))
    last = run["Submitted"] + max([0, *(task["End"] for task in run["Tasks"])])
    return min(last, run["Canceled"]) if run["Canceled"] is not None else int(last)


def clock(run: Object, at: int) -> int:
    """What a run's own clock shows at a moment, in milliseconds since 1970."""
    return at + int(run.get("Ahead", 0))


def code(run: Object, at: int) -> str:
    """The run's state at a moment (protocol, section 4.3)."""
    if "Status" in run:
        return str(run["Status"]["StatusCode"])
    at = clock(run, at)
    if at >= end(run):
        if run["Canceled"] is not None:
            return "Canceled"
        return "Failed" if any(task["Outcome"] == "Failed" for task in run["Tasks"]) else "Finished"
    first = min([task["Start"] for task in run["Tasks"]], default=0)
    return "Running" if at >= run["Submitted"] + first else "NotStarted"


def is_over(run: Object, at: int) -> bool:
    """Whether the run has ended."""
    return code(run, at) not in {"NotStarted", "Running"}


def status(run: Object, at: int) -> Object:
    """The run's Status member."""
    if "Status" in run:
        return dict(run["Status"])
    state, over = code(run, at), is_over(run, at)
    at = clock(run, at)
    first = run["Submitted"] + min([task["Start"] for task in run["Tasks"]], default=0)
    failed = next((task["Detail"] for task in run["Tasks"] if task["Outcome"] == "Failed"), "None")
    started = NEVER if at < first or first > end(run) else first
    ended = end(run) if over else NEVER
    return status_member(state, run["Submitted"], started, ended, failed if state == "Failed" else "None")


def status_member(state: str, created: int, started: int = NEVER, ended: int = NEVER, detail: str = "None") -> Object:
    """A Status as the service writes it; "None" is its word for no detail (2016-12-09/Topics.json)."""
    return {
        "StatusCode": state,
        "StatusDetail": detail,
        "CreationTime": date_ms(created),
        "StartTime": date_ms(started),
        "EndTime": date_ms(ended),
        "Metadata": None,
    }


def node_statuses(run: Object, at: int, workspace: str, links: Links) -> list[Object]:
    """The NodeStatuses member; its links are signed anew at every reading."""
    return [_node_status(run, task, at, workspace, links) for task in run["Tasks"]]


def _node_status(run: Object, task: Object, at: int, workspace: str, links: Links) -> Object:
    state, at = task_code(run, task, at), clock(run, at)
    begun = state not in {"NotStarted", "Canceled"} or run["Submitted"] + task["Start"] < at
    started = run["Submitted"] + task["Start"] if begun and task["Outcome"] != "NotStarted" else NEVER
    ended = run["Submitted"] + task["End"] if state in {"Finished", "Failed"} else NEVER
    if state == "Canceled":
        ended = run["Canceled"]
    status = status_member(state, run["Submitted"], started, ended, task["Detail"] if state in {"Finished", "Failed"} else "None")
    done = state == "Finished"
    logged = begun and task["Detail"] != CACHED and task["Outcome"] != "NotStarted"
    files = {port: output_blobs(task, port) for port in task["Ports"]} if done else {}
    if done:
        status["Metadata"] = {
            port: [{"Name": kind, "Value": blob} for kind, blob in kinds.items() if kind != "data"] for port, kinds in files.items()
        }
    return {
        "NodeId": task["NodeId"],
        "Status": status,
        "StandardErrorEndpoint": links.shared(workspace, _log_blob(task, "stderr"), "defaultSasName", -1) if logged else None,
        "StandardOutEndpoint": links.shared(workspace, _log_blob(task, "stdout"), "defaultSasName", -1) if logged else None,
        "OutputEndpoints": [links.shared(workspace, kinds["data"], port, -1) for port, kinds in files.items()],
        "MetadataOutputEndpoints": {
            port: [{"Key": kind, "Value": links.shared(workspace, blob, port, -1)} for kind, blob in kinds.items() if kind != "data"]
            for port, kinds in files.items()
        },
    }


def task_code(run: Object, task: Object, at: int) -> str:
    """A node's state at a moment."""
    if task["Outcome"] == "NotStarted":
        return "NotStarted"
    at = clock(run, at)
    starts, ends = run["Submitted"] + task["Start"], run["Submitted"] + task["End"]
    if run["Canceled"] is not None and at >= run["Canceled"] and ends > run["Canceled"]:
        return "Canceled"
    if at >= ends:
        return str(task["Outcome"])
    return "Running" if at >= starts else "NotStarted"


def output_blobs(task: Object, port: str) -> dict[str, str]:
    """The names of a port's blobs: the data and what is known of it."""
    output = _named(task["Output"], port)
    is_model = any(word in port.lower() for word in _MODELS) and "dataset" not in port.lower()
    kinds = ("visualization", "runtimeinfo" if is_model else "schema")
    extension = ("itransform" if "transform" in port.lower() else "ilearner") if is_model else "dataset"
    return {"data": f"experimentoutput/{output}/{output}.{extension}"} | {
        kind: f"experimentoutput/{output}/{_named(output, kind)}.{kind}" for kind in kinds
    }


def _log_blob(task: Object, stream: str) -> str:
    name = _named(task["Output"], stream)
    return f"experimentoutput/{name}/{name}.txt"


def _named(*parts: str) -> str:
    """A GUID that is the same whenever the parts are: a reply may need hundreds, and the library's take ten times as long."""
    digits = hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def relinked(node_status: Object, workspace: str, links: Links) -> Object:
    """A node's status that came from an archive: its links are dead, so each gets one of ours with the same name and size."""

    def fresh(old: Json) -> Json:
        if not isinstance(old, dict):
            return old
        size, name = old.get("Size"), str(old.get("Name", ""))
        blob = _named(str(node_status.get("NodeId")), name, str(old.get("Location")), str(old.get("AccessCredential")).partition("%3Fsv")[0])
        return old | links.shared(workspace, f"experimentoutput/{blob}/{blob}.dataset", name, size if isinstance(size, int) else -1)

    metadata = node_status.get("MetadataOutputEndpoints")
    return node_status | {
        "StandardErrorEndpoint": fresh(node_status.get("StandardErrorEndpoint")),
        "StandardOutEndpoint": fresh(node_status.get("StandardOutEndpoint")),
        "OutputEndpoints": [fresh(each) for each in node_status.get("OutputEndpoints") or []],
        "MetadataOutputEndpoints": {port: [each | {"Value": fresh(each.get("Value"))} for each in kinds] for port, kinds in (metadata or {}).items()},
    }
