"""The emulator's own routes, below /emulator and apart from the protocol: faults, workspaces, the gallery, what was asked."""

from collections.abc import Callable
from typing import Any

from amlgit.emulator import faults, packages
from amlgit.emulator import shapes as s
from amlgit.emulator.routing import Access, Call, Reply, Route, reply
from amlgit.emulator.state import blobs, experiments, reset, things, workspaces
from amlgit.emulator.state.database import unpack
from amlgit.emulator.state.workspaces import GLOBAL, REGIONS, new_id
from amlgit.emulator.wire import Json, Object, as_object, bad, loads, missing, text_of

Requests = Callable[[], tuple[dict[str, int], list[dict[str, object]]]]


def overview(call: Call) -> Reply:
    """The workspaces with their tokens, and the gallery."""
    shown = [workspace_object(row) for row in workspaces.found_all(call.store) if row["id"] != GLOBAL]
    return reply({"Workspaces": shown, "Gallery": things.listed(call.store, GLOBAL, "gallery"), "Faults": len(faults.found_all(call.store))})


def workspace_object(row: Any) -> Object:  # a row of SQLite
    """A workspace as the emulator's own commands and routes show it."""
    return {"workspace": row["id"], "token": row["primary_token"], "name": row["name"], "region": row["region"]}


def add_workspace(call: Call) -> Reply:
    """Make one more workspace."""
    body = as_object(call.body)
    name, region = text_of(body, "Name", "Workspace"), text_of(body, "Region", REGIONS[0])
    if region not in REGIONS:
        raise bad(f"Region is one of {', '.join(REGIONS)}.")
    identity = new_id()
    with call.store.write() as db:
        workspaces.create(db, identity, name, region)
    return reply(workspace_object(workspaces.find(call.store, identity)))


def publish(call: Call) -> Reply:
    """Put an experiment into the emulator's gallery; the reply says what a client needs to unpack it."""
    body = as_object(call.body)
    row = experiments.find(call.store, text_of(body, "WorkspaceId"), text_of(body, "ExperimentId"))
    with call.store.write() as db:
        blob = blobs.put(db, GLOBAL, "package", "Package", packages.pack(db, row, clear_credentials=True, with_author=True))
        entry = gallery_entry(db, blob, str(unpack(row["head"])["Description"]))
    return reply(entry)


def gallery_entry(db: Any, blob: str, title: str) -> Object:  # a connection of SQLite
    """A new entry of the gallery, named as the real one named its own (protocol, section 7)."""
    directory = new_id()
    entity = f"Experiment-{directory[:12]}"
    entry = {
        "PackageUri": f"https://storage.azureml.net/directories/{directory}/items",
        "CommunityUri": f"https://gallery.cortanaintelligence.com/Details/{entity}",
        "EntityId": entity,
        "Title": title,
        "Blob": blob,
    }
    things.put(db, GLOBAL, "gallery", directory, entry)
    return entry


def list_faults(call: Call) -> Reply:
    """The faults that are set."""
    return reply(faults.found_all(call.store))


def add_faults(call: Call) -> Reply:
    """Set one fault, or several."""
    return reply(faults.add(call.store, faults_of(loads(call.body))))


def faults_of(given: Json) -> list[faults.Fault]:
    """The faults of a JSON value: one or an array."""
    listed = given if isinstance(given, list) else [given]
    if not listed or not all(isinstance(each, dict) for each in listed):
        raise bad("A fault is an object, several are an array of them.")
    return [faults.decode(each) for each in listed]


def clear_faults(call: Call) -> Reply:
    """Take all faults back."""
    return reply({"Removed": faults.remove(call.store, None)})


def remove_fault(call: Call) -> Reply:
    """Take one fault back."""
    number = call.path["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise missing(f"The fault {number}")
    return reply({"Removed": faults.remove(call.store, int(number))})


def start_over(call: Call) -> Reply:
    """Empty every workspace; workspaces and tokens stay."""
    reset.reset(call.store)
    return reply({"Reset": True})


_FAULT = s.record(
    {"kind": {"enum": [kind.value for kind in faults.Kind]}},
    {
        "method": s.TEXT,
        "route": s.TEXT,
        "status": {"enum": list(faults.STATUSES)},
        "seconds": {"type": "number", "minimum": 0},
        "times": s.nullable({"type": "integer", "minimum": 0}),
        "skip": {"type": "integer", "minimum": 0},
        "chance": {"type": "number", "minimum": 0, "maximum": 1},
        "after": s.YES_NO,
        "module": s.TEXT,
        "message": s.TEXT,
        "retry_after": s.nullable({"type": "number", "minimum": 0}),
    },
)
_A = Access.ADMIN


def routes(requests: Requests, forget: Callable[[], None]) -> tuple[Route, ...]:
    """The admin's routes; the two functions read and clear what the running server remembers of its requests."""

    def asked(_: Call) -> Reply:
        counts, latest = requests()
        return reply({"Counts": counts, "Latest": latest})

    def forgotten(_: Call) -> Reply:
        forget()
        return reply({"Counts": {}, "Latest": []})

    return (
        Route(method="GET", pattern="/emulator", handler=overview, summary="Workspaces and gallery", access=_A, is_described=False),
        Route(method="POST", pattern="/emulator/workspaces", handler=add_workspace, summary="Make a workspace", access=_A, is_described=False),
        Route(
            method="POST", pattern="/emulator/gallery", handler=publish, summary="Put an experiment into the gallery", access=_A, is_described=False
        ),
        Route(method="GET", pattern="/emulator/faults", handler=list_faults, summary="List faults", access=_A, is_described=False),
        Route(method="POST", pattern="/emulator/faults", handler=add_faults, summary="Set faults", access=_A, body=_FAULT, is_described=False),
        Route(method="DELETE", pattern="/emulator/faults", handler=clear_faults, summary="Take all faults back", access=_A, is_described=False),
        Route(method="DELETE", pattern="/emulator/faults/{number}", handler=remove_fault, summary="Take one back", access=_A, is_described=False),
        Route(method="GET", pattern="/emulator/requests", handler=asked, summary="Count and list requests", access=_A, is_described=False),
        Route(method="DELETE", pattern="/emulator/requests", handler=forgotten, summary="Forget the requests", access=_A, is_described=False),
        Route(method="POST", pattern="/emulator/reset", handler=start_over, summary="Empty every workspace", access=_A, is_described=False),
    )
