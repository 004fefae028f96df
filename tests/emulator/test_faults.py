"""Faults on request: each kind as a client meets it, on the routes and as often as asked."""

import http.client
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.emulated import TIMEOUT, Client, Json, Server, run, serving


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("--data", tmp_path_factory.mktemp("studio")) as server:
        yield server


@pytest.fixture
def studio(running: Server) -> Iterator[Server]:
    yield running
    running.admin("DELETE", "faults")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (401, "Unauthorized"),
        (409, "Conflict"),
        (412, "PreconditionFailed"),
        (429, "TooManyRequests"),
        (500, "InternalError"),
        (503, "ServiceUnavailable"),
        (504, "GatewayTimeout"),
    ],
)
def test_a_status_is_answered_as_often_as_asked_and_then_no_more(studio: Server, client: Client, status: int, code: str) -> None:
    studio.fault(kind="status", status=status, route="*/experiments", times=2, retry_after=1.5 if status in {429, 503} else None)
    for _ in range(2):
        response = client.call("GET", "experiments", status)
        assert response.json()["error"]["code"] == code
        assert response.headers.get("Retry-After") == ("1.5" if status in {429, 503} else None)
    client.call("GET", "experiments")


def test_only_the_method_and_the_route_asked_for_are_struck(studio: Server, client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    studio.fault(kind="status", status=500, method="POST", route=f"/api/workspaces/{client.id}/experiments/?*")
    client.experiment(identity)
    client.save_as()
    client.save(client.experiment(identity), 500)
    client.save(client.experiment(identity))


def test_those_to_be_let_pass_pass_first(studio: Server, client: Client) -> None:
    studio.fault(kind="status", status=503, route="*/datasources", skip=2, times=1)
    assert [client.call("GET", "datasources", None).status_code for _ in range(4)] == [200, 200, 503, 200]


def test_a_fault_without_end_lasts_until_it_is_taken_back(studio: Server, client: Client) -> None:
    number = studio.fault(kind="status", status=500, route="*/users", times=None)
    assert {client.call("GET", "users", None).status_code for _ in range(5)} == {500}
    listed = studio.admin("GET", "faults").json()
    assert [(each["number"], each["hits"], each["remaining"]) for each in listed] == [(number, 5, None)]
    studio.admin("DELETE", f"faults/{number}")
    client.call("GET", "users")


def test_a_request_is_spoilt_before_it_is_served_or_after(studio: Server, client: Client) -> None:
    studio.fault(kind="status", status=500, method="POST", route="*/experiments")
    client.save_as("Never saved", ok=500)
    studio.fault(kind="status", status=500, method="POST", route="*/experiments", after=True)
    client.save_as("Saved all the same", ok=500)
    studio.fault(kind="cut", method="POST", route="*/experiments")
    with pytest.raises(requests.RequestException):
        client.save_as("Saved as well")
    assert {each["Description"] for each in client.get("experiments")} >= {"Saved all the same", "Saved as well"}
    assert "Never saved" not in {each["Description"] for each in client.get("experiments")}


def test_latency_is_waited_for(studio: Server, client: Client) -> None:
    studio.fault(kind="latency", route="*/gateways", seconds=0.4)
    began = time.monotonic()
    assert client.get("gateways") == []
    assert time.monotonic() - began >= 0.4


def test_a_cut_promises_the_whole_body_and_sends_half(studio: Server, client: Client) -> None:
    whole = client.call("GET", "modules").content
    studio.fault(kind="cut", route="*/modules")
    parts = urlsplit(client.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
    connection.request("GET", f"/api/workspaces/{client.id}/modules", headers={"Authorization": f"Bearer {client.token}"})
    response = connection.getresponse()
    assert (response.status, int(response.headers["Content-Length"])) == (200, len(whole))
    with pytest.raises(http.client.IncompleteRead) as cut:
        response.read()
    connection.close()
    assert whole.startswith(cut.value.partial)
    assert len(cut.value.partial) == len(whole) // 2
    assert client.call("GET", "modules").content == whole


@pytest.mark.parametrize("kind", ["truncate", "garbage"])
def test_wrong_json_comes_with_the_status_and_the_type_of_right_one(studio: Server, client: Client, kind: str) -> None:
    studio.fault(kind=kind, route="*/modules")
    response = client.call("GET", "modules")
    assert response.headers["Content-Type"].startswith("application/json")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        response.json()
    assert client.get("modules")


def test_a_slow_body_is_whole_in_the_end(studio: Server, client: Client) -> None:
    whole = client.call("GET", "modules").content
    studio.fault(kind="slow", route="*/modules", seconds=0.5)
    began = time.monotonic()
    response = client.call("GET", "modules", stream=True)
    assert time.monotonic() - began < 0.4, "the head comes at once"
    assert response.content == whole
    assert time.monotonic() - began >= 0.5


def test_downloads_can_be_spoilt_too(studio: Server, client: Client) -> None:
    link = client.get(f"datasources/{client.dataset('spoilt', b'a' * 3_000_000)}")["DownloadLocation"]
    url = link["BaseUri"] + link["Location"] + link["AccessCredential"]
    studio.fault(kind="cut", route="/blob/*")
    with pytest.raises(requests.RequestException):
        requests.get(url, timeout=TIMEOUT)
    assert len(requests.get(url, timeout=TIMEOUT).content) == 3_000_000


def test_two_requests_never_share_one_fault(studio: Server, client: Client) -> None:
    studio.fault(kind="status", status=503, route="*/notebooks", times=5)

    def ask(_: int) -> int:
        return Client(client.url, client.id, client.token).call("GET", "notebooks", None).status_code

    with ThreadPoolExecutor(10) as pool:
        assert sorted(pool.map(ask, range(20))) == [200] * 15 + [503] * 5


def test_chance_decides_and_the_admins_own_routes_are_never_struck(studio: Server, client: Client) -> None:
    studio.fault(kind="status", route="*", chance=0, times=None)
    assert [client.call("GET", "users", None).status_code for _ in range(5)] == [200] * 5
    studio.fault(kind="status", route="*", times=None)
    client.call("GET", "users", 500)
    assert studio.admin("DELETE", "faults").json() == {"Removed": 2}
    client.call("GET", "users")


@pytest.mark.parametrize(
    "fault",
    [
        {},
        [],
        7,
        {"kind": "earthquake"},
        {"kind": "status", "status": 200},
        {"kind": "status", "colour": "red"},
        {"kind": "latency", "seconds": -1},
        {"kind": "latency", "seconds": "long"},
        {"kind": "status", "times": 1.5},
        {"kind": "module"},
        [{"kind": "cut"}, {"kind": "earthquake"}],
    ],
)
def test_a_fault_that_can_not_be_is_refused_and_none_is_set(studio: Server, fault: Json) -> None:
    headers = {"Authorization": f"Bearer {studio.ready['admin']['token']}"}
    response = requests.post(f"{studio.ready['admin']['url']}/faults", json=fault, headers=headers, timeout=TIMEOUT)
    assert response.status_code == 400
    assert response.json()["error"]["message"]
    assert studio.admin("GET", "faults").json() == []


def test_the_command_line_sets_lists_and_clears_faults_of_a_running_emulator(studio: Server, client: Client, tmp_path: Path) -> None:
    data = studio.ready["data"]
    done = run("faults", "--data", data, "--kind", "status", "--status", "429", "--retry-after", "3", "--route", "*/users", "--times", "1")
    (number,) = [each["number"] for each in studio.admin("GET", "faults").json()]
    told = {"number": number, "kind": "status", "route": "*/users", "status": 429, "retry_after": 3.0, "remaining": 1, "hits": 0}
    assert json.loads(done.stdout) == told
    assert client.call("GET", "users", 429).headers["Retry-After"] == "3"
    assert run("faults", "--data", data).stdout == ""  # it is over
    file = tmp_path / "faults.json"
    file.write_text(json.dumps([{"kind": "status", "status": 503, "route": "*/users"}, {"kind": "latency", "seconds": 0.01}]))
    done = run("faults", "--data", data, "--clear", "--set", file)
    assert [json.loads(line)["kind"] for line in done.stdout.splitlines()] == ["status", "latency"]
    client.call("GET", "users", 503)
    assert run("faults", "--data", data, "--clear").stdout == ""
    refused = run("faults", "--data", data, "--kind", "earthquake", ok=(2,))
    assert "latency" in refused.stderr
    bad = run("faults", "--data", data, "--set", "-", ok=(2,), stdin="{")
    assert "Traceback" not in bad.stderr


def test_faults_outlast_a_restart(tmp_path: Path) -> None:
    run("faults", "--data", tmp_path, "--kind", "status", "--status", "503", "--times", "0")
    with serving("--data", tmp_path) as server:
        server.workspace().call("GET", "users", 503)
        server.process.kill()
    with serving("--data", tmp_path) as server:
        server.workspace().call("GET", "users", 503)
