"""A workspace made of answers: experiments and runs as a service might list them."""

import json
from collections.abc import Callable, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import unquote

from tests.support.canned import says
from tests.support.commands import Run, aml
from tests.support.emulated import Json, chain

WORKSPACE, FAMILY = "a" * 32, "b" * 32
OWN = f"{WORKSPACE}.f-id.{FAMILY}"


def experiment(**members: Json) -> dict[str, Json]:
    """An export of a draft, with whatever a hostile service puts into it."""
    status = {"StatusCode": "InDraft", "CreationTime": "/Date(1464199879696)/", "EndTime": None}
    found = {"ExperimentId": OWN, "RunId": None, "ParentExperimentId": None, "Description": "T", "Summary": "", "Creator": "me", "Etag": "W/1"}
    return {**found, "IsLeaf": True, "Status": status, "Graph": chain(), "WebService": None, "NodeStatuses": [], **members}


def workspace(listed: Sequence[Json], documents: Mapping[str, Json]) -> Callable[[BaseHTTPRequestHandler], None]:
    """A service that lists these and gives the documents by their ids; "" stands for any other id."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        path, _, identity = handler.path.partition("?")[0].partition("/experiments/")
        found = documents.get(unquote(identity), documents.get("")) if identity else listed if path.endswith("/experiments") else []
        says(200 if found is not None else 404, json.dumps(found).encode())(handler)

    return answer


def clone(url: str, folder: Path) -> Run:
    return aml(folder.parent, "clone", "--workspace", WORKSPACE, "--url", url, folder)


def other(text: str, **members: Json) -> dict[str, Json]:
    """An experiment of a family of its own."""
    return experiment(**{"ExperimentId": f"{WORKSPACE}.f-id.{text * 32}", "Description": f"Other {text}", **members})


def run_of(found: Mapping[str, Json], number: int, before: str | None) -> dict[str, Json]:
    """A run of an experiment, which names the run before."""
    family = str(found["ExperimentId"])[-32:]
    name = f"{WORKSPACE}.s-id.{family}.9953-08-08t05.{number // 60 % 60:02}.{number % 60:02}-{number}"
    status = {
        "StatusCode": "Finished",
        "CreationTime": f"/Date({1464199879696 - number * 1000})/",
        "EndTime": f"/Date({1464199879996 - number * 1000})/",
    }
    return {**found, "ExperimentId": name, "RunId": name, "ParentExperimentId": before, "Status": status, "IsLeaf": False}
