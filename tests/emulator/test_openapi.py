"""The published description: whole, and held against the emulator by a tool that searches for what does not fit."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.emulated import GLOBAL, SCORE, SELECT, TIMEOUT, Json, Server, chain, run, serving, until

NARROW = ("--mode", "positive", "--phases", "fuzzing")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Server]:
    run("seed", "--data", tmp_path / "data")
    with serving("--data", tmp_path / "data", "--node-seconds", "0.01", errors=tmp_path / "errors") as server:
        yield server


def described(studio: Server) -> Json:
    return requests.get(studio.ready["openapi"], timeout=TIMEOUT).json()


def search(studio: Server, description: Json, folder: Path, examples: int, *more: str) -> str:
    """Have schemathesis look for replies that the description does not allow; what it says, which must be nothing."""
    file = folder / "openapi.json"
    file.write_text(json.dumps(description))
    command = [sys.executable, "-m", "schemathesis.cli", "run", str(file), "--url", studio.url, "--checks", "all", "--continue-on-failure"]
    command += ["-H", f"Authorization: Bearer {studio.ready['token']}", "--max-examples", str(examples), "--no-color", "--no-shrink", *more]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=1500, check=False)
    assert done.returncode == 0, done.stdout[-15000:] + done.stderr[-3000:]
    assert studio.errors is not None
    assert studio.errors.read_text() == "", "the emulator hit a bug of its own"
    return done.stdout


def narrowed(studio: Server, description: Json) -> Json:
    """The description with what is really there for ids, so that most requests get past the question whether there is such a thing."""
    client = studio.workspace()
    experiments = [each["ExperimentId"] for each in client.get("experiments?includeNonLeaf=true") if not each["ExperimentId"].startswith(GLOBAL)]
    ran, *own = [client.save_as(f"Free {number}", chain())["ExperimentId"] for number in range(6)]
    done = client.run(ran)
    uploads = [client.upload(b"a,b\n1,2\n")["Id"] for _ in range(6)]
    activity = client.call("POST", f"packages?experimentId={ran}").json()["ActivityId"]
    package = until(lambda: client.get(f"packages?packageActivityId={activity}"), lambda each: each["Status"] == "Complete")
    nodes, port = [each["NodeId"] for each in done["NodeStatuses"]], done["NodeStatuses"][0]["OutputEndpoints"][0]["Name"]
    always = {"ws": [client.id], "node": nodes, "port": [port], "uploadId": uploads, "experimentId": [ran, *experiments]}
    always |= {"packageUri": [package["Location"]], "packageActivityId": [activity], "numberOfBlocks": [1, 2], "blockId": [0, 1]}
    shapes: Json = {"ExperimentId": [done["RunId"]], "UploadId": uploads, "ModuleNodeId": nodes, "OutputName": [port]}
    shapes |= {"ModuleId": [SELECT, SCORE], "FamilyId": [None]}
    for pattern, operations in description["paths"].items():
        kind = pattern.removeprefix("/api/workspaces/{ws}/").partition("/")[0]
        there = client.get(kind) if kind in {"datasources", "trainedmodels", "transformmodules", "notebooks"} else []
        ids = [done["RunId"]] if "{port}" in pattern else [SELECT] if kind == "modules" else [each["Id"] for each in there if "Id" in each]
        known = always | {"id": ids or experiments + own, "family": [each["FamilyId"] for each in there]}
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] in known:
                    parameter["schema"] = {"enum": known[parameter["name"]]}
            narrow(operation.get("requestBody", {}), shapes)
    return description


def narrow(schema: Json, known: Json) -> None:
    """Put the known values where a shape has members of these names."""
    if isinstance(schema, list):
        for each in schema:
            narrow(each, known)
    elif isinstance(schema, dict):
        for name, value in schema.get("properties", {}).items():
            if name in known:
                schema["properties"][name] = {"enum": known[name]}
            elif name == "Id" and "ModuleId" in schema["properties"]:
                schema["properties"][name] = value | {"pattern": "^[a-z0-9-]{1,40}$"}
        for value in schema.values():
            narrow(value, known)


def test_every_operation_has_its_own_name_and_every_link_leads_to_one(studio: Server) -> None:
    description = described(studio)
    assert description["openapi"] == "3.1.0"
    assert description["servers"] == [{"url": studio.url}]
    operations = [each for pattern in description["paths"].values() for each in pattern.values()]
    names = [each["operationId"] for each in operations]
    assert len(names) == len(set(names)) > 40
    linked = {link["operationId"] for each in operations for link in each["responses"]["200"].get("links", {}).values()}
    assert len(linked) > 20
    assert linked <= set(names)
    assert not [pattern for pattern in description["paths"] if pattern.startswith("/emulator")], "its own routes are no part of the protocol"


def test_nothing_it_answers_is_outside_its_description(studio: Server, tmp_path: Path) -> None:
    description = described(studio)
    report = search(studio, description, tmp_path, 5, "--generation-deterministic")
    assert f"Tested: {sum(map(len, description['paths'].values()))}" in report


def test_nothing_it_answers_about_what_is_there_is_outside_its_description(studio: Server, tmp_path: Path) -> None:
    search(studio, narrowed(studio, described(studio)), tmp_path, 12, *NARROW, "--generation-deterministic")


@pytest.mark.thorough
def test_a_long_search_finds_nothing(studio: Server, tmp_path: Path) -> None:
    search(studio, described(studio), tmp_path, 100)
    search(studio, narrowed(studio, described(studio)), tmp_path, 300, *NARROW)
