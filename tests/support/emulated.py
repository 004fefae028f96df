"""A real emulator in a process of its own, and what tests need to speak to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

Json = Any  # the service's JSON, as it comes
GLOBAL = "506153734175476c4f62416c57734963"
SELECT, TRAIN, TREE, SCORE = (
    f"{GLOBAL}.{family}.v1-default-1744"
    for family in (
        "1ec722fab6234e26a44ea50c6d726223",
        "5cc7053eaa30450d96c0dae4be720977",
        "e3c522f853d948298ea45c6a6b75330c",
        "401b4f92e7244d5abe81d5b0ff9bdb33",
    )
)
TIMEOUT = 20


def command(*arguments: str | Path) -> list[str]:
    """The command line of the emulator."""
    return [sys.executable, "-m", "amlgit", "emulator", *map(str, arguments)]


def run(*arguments: str | Path, ok: Sequence[int] = (0,), stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run `amlgit emulator …` to its end."""
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60, check=False, input=stdin)
    assert done.returncode in ok, done.stderr
    return done


class Server:
    """A running emulator."""

    def __init__(self, *arguments: str | Path, errors: Path | None = None, environment: Mapping[str, str] | None = None) -> None:
        self.errors = errors
        with open(errors or os.devnull, "w", encoding="utf-8") as stream:
            self.process = subprocess.Popen(
                command("serve", *arguments), stdout=subprocess.PIPE, stderr=stream, text=True, env={**os.environ, **(environment or {})}
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the emulator did not start ({self.process.wait()})"
        self.ready: dict[str, Json] = json.loads(line)
        self.url: str = self.ready["studio"]

    def workspace(self, number: int = 0) -> "Client":
        """One of the workspaces it started with."""
        found = self.ready["workspaces"][number]
        return Client(self.url, found["workspace"], found["token"], self.ready["ca"])

    def new_workspace(self) -> "Client":
        """One that nobody else uses."""
        found = self.admin("POST", "workspaces", json={"Name": "A test's own", "Region": "West Europe"}).json()
        return Client(self.url, found["workspace"], found["token"], self.ready["ca"])

    def admin(self, method: str, path: str, **more: Any) -> requests.Response:  # the library's own options
        headers = {"Authorization": f"Bearer {self.ready['admin']['token']}"}
        trusted = self.ready["ca"] or True
        response = requests.request(method, f"{self.ready['admin']['url']}/{path}", headers=headers, timeout=TIMEOUT, verify=trusted, **more)
        assert response.status_code == 200, response.text
        return response

    def fault(self, **fault: Json) -> int:
        """Set a fault."""
        return int(self.admin("POST", "faults", json=fault).json()[0])

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)


@contextmanager
def serving(*arguments: str | Path, **more: Any) -> Iterator[Server]:  # the server's own options
    """An emulator for as long as the block lasts."""
    server = Server(*arguments, **more)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
        assert server.process.stdout is not None
        server.process.stdout.close()


class Client:
    """One workspace, as a plain script would use it."""

    def __init__(self, url: str, workspace: str, token: str, authority: str | None = None) -> None:
        self.url, self.id, self.token = url, workspace, token
        self.session = requests.Session()
        self.session.trust_env = False  # it would take the machine's proxy and, over the session's own, its authorities
        self.session.verify = authority or True
        self.session.headers["x-ms-metaanalytics-authorizationtoken"] = token

    def call(self, method: str, path: str, ok: int | None = 200, **more: Any) -> requests.Response:  # the library's own options
        response = self.session.request(method, f"{self.url}/api/workspaces/{self.id}/{path}", timeout=TIMEOUT, **more)
        assert ok is None or response.status_code == ok, f"{response.status_code} {response.text[:500]}"
        return response

    def get(self, path: str, **more: Any) -> Json:  # the library's own options
        return self.call("GET", path, **more).json()

    def post(self, path: str, body: Json, ok: int = 200, **more: Any) -> Json:  # the library's own options
        return self.call("POST", path, ok, json=body, **more).json()

    def save_as(self, title: str = "A test", graph: Json = None, ok: int = 200, **more: Json) -> Json:
        return self.post("experiments/", submission(title, graph or chain(), **more), ok)

    def experiment(self, identity: str) -> Json:
        return self.get(f"experiments/{identity}")

    def save(self, experiment: Json, ok: int = 200, *, draft: bool = True, headers: Mapping[str, str] | None = None, **changes: Json) -> Json:
        """POST an experiment back as the .NET client does."""
        body = submission(
            experiment["Description"],
            experiment["Graph"],
            draft=draft,
            Summary=experiment["Summary"],
            ParentExperimentId=experiment["ParentExperimentId"],
            WebService=experiment["WebService"],
        )
        return self.post(f"experiments/{experiment['ExperimentId']}", body | changes, ok, headers=headers)

    def run(self, identity: str) -> Json:
        """Run it and wait, as scripts do."""
        self.save(self.experiment(identity), draft=False)
        return self.wait(identity)

    def wait(self, identity: str) -> Json:
        return until(lambda: self.experiment(identity), lambda each: each["Status"]["StatusCode"] not in {"NotStarted", "Running"})

    def upload(self, data: bytes, data_type: str = "GenericCSV") -> Json:
        """Variant 1: the whole file in one request."""
        url = f"{self.url}/api/resourceuploads/workspaces/{self.id}/?userStorage=true&dataTypeId={data_type}"
        response = self.session.post(url, data=data, timeout=TIMEOUT)
        assert response.status_code == 200, response.text
        return response.json()

    def dataset(self, name: str, data: bytes = b"a,b\n1,x\n2,y\n", family: str | None = "", ok: int = 200, data_type: str = "GenericCSV") -> Json:
        """A new dataset, or a new version of one."""
        upload = self.upload(data, data_type)
        source = {"Name": name, "DataTypeId": data_type, "Description": "d", "FamilyId": family, "Owner": "PowerShell"}
        body = {"DataSource": source | {"SourceOrigin": "FromResourceUpload"}, "UploadId": upload["Id"]}
        return self.post("datasources", body | {"UploadedFromFileName": "f.csv", "ClientPoll": True}, ok)


def until(read: Callable[[], Json], done: Callable[[Json], bool]) -> Json:
    """Ask until it is done."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        value = read()
        if done(value):
            return value
        time.sleep(0.02)
    raise AssertionError(f"never done: {value}")


def download(endpoint: Json) -> requests.Response:
    """Open an Endpoint as clients do: its parts one after the other, and no token."""
    return requests.get(endpoint["BaseUri"] + endpoint["Location"] + endpoint["AccessCredential"], timeout=TIMEOUT)


def raw(url: str, method: str, target: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> tuple[int, bytes]:
    """A request whose target and headers are sent just as they are; the reply's status and body."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    connection.putrequest(method, target, skip_host="Host" in (headers or {}), skip_accept_encoding=True)
    for name, value in (headers or {}).items():
        connection.putheader(name, value)
    if body:
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body or None)
    response = connection.getresponse()
    found = response.status, response.read()
    connection.close()
    return found


def submission(title: str, graph: Json, *, draft: bool = True, **more: Json) -> Json:
    """A body to save or run."""
    body = {"Description": title, "Summary": "", "IsDraft": draft, "ParentExperimentId": "", "DisableNodeUpdate": False, "Category": "user"}
    return {**body, "ExperimentGraph": graph, "WebService": None, **more}


def node(number: int, module: str, inputs: Mapping[str, str | None], outputs: Sequence[str], comment: str = "", value: str = "x") -> Json:
    """A module node; an input is fed by a dataset if it names one."""
    name = f"5b8b1c55-0d2e-4a8e-9d0c-6d1f7b7a2f10-{number}"
    ports = [
        {"Name": port, "DataSourceId": asset, "TrainedModelId": None, "TransformModuleId": None, "PortIndex": None, "NodeId": name}
        for port, asset in inputs.items()
    ]
    return {
        "Id": name,
        "ModuleId": module,
        "Comment": comment,
        "CommentCollapsed": True,
        "UsePreviousResults": False,
        "ModuleParameters": [{"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": "Select Columns", "Value": value}],
        "IsPartOfPartialRun": False,
        "InputPortsInternal": ports,
        "OutputPortsInternal": [{"Name": port, "NodeId": name, "OutputType": None} for port in outputs],
    }


def graph_of(nodes: Sequence[Json], edges: Sequence[tuple[int, str, int, str]]) -> Json:
    """A graph; edges are (source's place, its port, target's place, its port)."""
    assets = [port["DataSourceId"] for each in nodes for port in each["InputPortsInternal"] if port["DataSourceId"]]
    boxes = "".join(f"<NodePosition Node='{name}' Position='1,2,200,200'/>" for name in [*(each["Id"] for each in nodes), *assets])
    return {
        "ModuleNodes": list(nodes),
        "SerializedClientData": f"<?xml version='1.0' encoding='utf-16'?><DataV1><Meta /><NodePositions>{boxes}</NodePositions></DataV1>",
        "PublishInfo": None,
        "Parameters": None,
        "EdgesInternal": [
            {
                "SourceOutputPortId": f"{nodes[source]['Id']}:{port}",
                "DestinationInputPortId": f"{nodes[target]['Id']}:{into}",
                "DestinationInputPortIndex": None,
            }
            for source, port, target, into in edges
        ],
    }


def chain(dataset: str | None = None, comments: Sequence[str] = ("", "", ""), value: str = "x") -> Json:
    """Three nodes in a row: two selections and a score."""
    first = node(11, SELECT, {"Dataset": dataset}, ["Results dataset"], comments[0], value)
    second = node(12, SELECT, {"Dataset": None}, ["Results dataset"], comments[1])
    third = node(13, SCORE, {"Trained model": None, "Dataset": None}, ["Scored dataset"], comments[2])
    return graph_of([first, second, third], [(0, "Results dataset", 1, "Dataset"), (1, "Results dataset", 2, "Dataset")])


def ms(date: str) -> int:
    """The milliseconds of a date on the wire."""
    return int(date.removeprefix("/Date(").removesuffix(")/"))
