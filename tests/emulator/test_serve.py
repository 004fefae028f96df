"""The emulator as a process: it starts, tells where it is, survives kills, stops when told, and lets no web page in."""

import base64
import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.support.emulated import TIMEOUT, Client, Server, chain, command, raw, run, serving, submission, until


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("studio")
    with serving("--data", folder / "data", "--node-seconds", "0.02", errors=folder / "errors") as server:
        yield server


def test_one_line_of_json_says_where_it_is(studio: Server) -> None:
    ready = studio.ready
    assert {"studio", "management", "arm", "workspace", "token", "workspaces", "admin", "openapi", "ca", "data"} <= ready.keys()
    assert requests.get(f"{ready['studio']}/api/workspaces/{ready['workspace']}", headers={"Authorization": f"Bearer {ready['token']}"}, timeout=9).ok
    assert len(base64.b64decode(ready["token"])) == 64
    assert urlsplit(ready["studio"]).hostname == "127.0.0.1"
    assert ready["ca"] is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_on_a_signal(number: int) -> None:
    with serving() as server:
        folder = Path(server.ready["data"])
        assert folder.is_dir()
        server.workspace().save_as()
        assert server.stop(number) == 0
        assert not folder.exists(), "a temporary folder is removed"


def test_it_stops_while_a_client_is_connected_and_slow(tmp_path: Path) -> None:
    with serving("--data", tmp_path) as server:
        server.fault(kind="latency", route="/api/*", seconds=60)
        client = server.workspace()

        def ask() -> None:
            with contextlib.suppress(requests.RequestException):
                client.session.get(f"{client.url}/api/workspaces/{client.id}", timeout=30)

        asking = threading.Thread(target=ask)
        asking.start()
        until(lambda: server.admin("GET", "faults").json()[0]["hits"], bool)
        assert server.stop() == 0
        asking.join()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    titles = []
    for start in range(3):
        with serving("--data", tmp_path) as server:
            client = server.workspace()
            for number in range(5):
                title = f"Saved {start}.{number}"
                client.save_as(title)
                titles.append(title)
            server.process.kill()
    with serving("--data", tmp_path) as server:
        listed = server.workspace().get("experiments")
        assert sorted(each["Description"] for each in listed if each["Category"] == "user") == sorted(titles)
        assert all(server.workspace().experiment(each["ExperimentId"]) for each in listed)


def test_a_kill_in_the_middle_of_many_saves_leaves_whole_ones(tmp_path: Path) -> None:
    answered: list[str] = []
    with serving("--data", tmp_path) as server:

        def save(number: int) -> None:
            client = server.workspace()
            with contextlib.suppress(requests.RequestException):
                while True:
                    answered.append(client.save_as(f"{number}")["ExperimentId"])

        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(save, number) for number in range(4)]
            until(lambda: len(answered), lambda count: count >= 40)
            server.process.kill()
            for each in waiting:
                each.result()
    with serving("--data", tmp_path) as server:
        client = server.workspace()
        kept = {each["ExperimentId"] for each in client.get("experiments")}
        assert set(answered) <= kept
        assert all(len(client.experiment(identity)["Graph"]["ModuleNodes"]) for identity in kept)


def staged(folder: Path) -> int:
    """How many pieces of unfinished requests the state holds."""
    with contextlib.closing(sqlite3.connect(folder / "studio.sqlite3")) as db:
        return int(db.execute("SELECT count(*) FROM blobs WHERE kind = 'staged'").fetchone()[0])


def test_an_upload_that_is_cut_off_becomes_nothing_by_the_client_or_by_a_kill(tmp_path: Path) -> None:
    with serving("--data", tmp_path / "data", errors=tmp_path / "errors") as server:
        parts = urlsplit(server.url)
        head = f"POST /api/resourceuploads/workspaces/{server.ready['workspace']}/?dataTypeId=GenericCSV HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Authorization: Bearer {server.ready['token']}\r\nContent-Length: 9000000\r\n\r\n"

        def begin() -> socket.socket:
            connection = socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT)
            connection.sendall(head.encode() + b"x" * 3_000_000)
            until(lambda: staged(tmp_path / "data"), bool)
            return connection

        begin().close()
        until(lambda: staged(tmp_path / "data"), lambda count: count == 0)
        assert (tmp_path / "errors").read_text() == ""
        with begin():
            server.process.kill()
            server.process.wait()
    with serving("--data", tmp_path / "data") as server:
        client = server.workspace()
        assert client.get(f"datasources/{client.dataset('after')}")["Name"] == "after"


def test_tokens_and_links_stay_good_through_a_restart(tmp_path: Path) -> None:
    with serving("--data", tmp_path) as server:
        first = server.ready
        client = server.workspace()
        client.dataset("kept.csv", b"a\n1\n")
    with serving("--data", tmp_path, "--port", str(urlsplit(first["studio"]).port)) as server:
        assert server.ready["token"] == first["token"]
        assert server.ready["admin"] == first["admin"]
        assert server.ready["studio"] == first["studio"]


def test_https_is_trusted_by_the_printed_authority_and_by_nothing_else(tmp_path: Path) -> None:
    with serving("--data", tmp_path, "--tls") as server:
        url = f"{server.url}/api/workspaces/{server.ready['workspace']}"
        assert url.startswith("https://")
        headers = {"Authorization": f"Bearer {server.ready['token']}"}
        with requests.Session() as session:
            session.trust_env = False
            assert session.get(url, headers=headers, verify=server.ready["ca"], timeout=TIMEOUT).ok
            assert session.get(url.replace("127.0.0.1", "localhost"), headers=headers, verify=server.ready["ca"], timeout=TIMEOUT).ok
            with pytest.raises(requests.exceptions.SSLError):
                session.get(url, headers=headers, timeout=TIMEOUT)
        authority = Path(server.ready["ca"]).read_bytes()
        port = urlsplit(server.url).port
    with serving("--data", tmp_path, "--tls") as server:
        assert Path(server.ready["ca"]).read_bytes() == authority, "clients go on trusting it"
        assert port
    for file in tmp_path.glob("*.key"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_everything_works_over_https_and_links_lead_to_it(tmp_path: Path, host: str) -> None:
    with serving("--data", tmp_path, "--tls", "--host", host, "--node-seconds", "0") as server:
        client = server.workspace()
        link = client.get(f"datasources/{client.dataset('d.csv', b'a')}")["DownloadLocation"]
        done = client.run(client.save_as()["ExperimentId"])
        for endpoint in (link, done["NodeStatuses"][0]["OutputEndpoints"][0]):
            url = endpoint["BaseUri"] + endpoint["Location"] + endpoint["AccessCredential"]
            assert url.startswith(f"{server.url}/")
            assert requests.get(url, verify=server.ready["ca"], timeout=TIMEOUT).status_code == 200
        assert server.admin("GET", "faults").json() == []


def test_https_answers_for_the_services_own_names(tmp_path: Path) -> None:
    with serving("--data", tmp_path, "--tls") as server:
        context = ssl.create_default_context(cafile=server.ready["ca"])
        parts = urlsplit(server.url)
        for name in ("studioapi.azureml.net", "europewest.studioapi.azureml.net", "management.azureml.net", "studio.azureml.net"):
            plain = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT)
            plain.connect()
            plain.sock = context.wrap_socket(plain.sock, server_hostname=name)
            plain.request("GET", "/api", headers={"Host": name})
            assert plain.getresponse().status == 200
            plain.close()


_EVERYWHERE = "0.0.0.0"  # noqa: S104 # what is tested


def test_other_machines_are_kept_out_unless_asked_for(tmp_path: Path) -> None:
    refused = run("serve", "--host", _EVERYWHERE, "--data", tmp_path, ok=(3,))
    assert "--allow-remote" in refused.stderr
    with serving("--host", _EVERYWHERE, "--allow-remote", "--data", tmp_path) as server:
        assert server.workspace().get("experiments")


def test_a_port_that_is_taken_is_said_without_a_traceback(studio: Server) -> None:
    refused = run("serve", "--port", str(urlsplit(studio.url).port), ok=(4,))
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("path", "plane"),
    [
        ("/workspaces/0/webservices", "management"),
        ("/workspaces/0/services/1/execute?api-version=2.0", "scoring"),
        ("/subscriptions/1/resourceGroups/g/providers/Microsoft.MachineLearning/webServices/s", "Resource Manager"),
        ("/subscriptions/1/services/2/jobs", "scoring"),
        ("/api/workspaces/{ws}/experiments/1/webservice", "web services"),
        ("/api/workspaces/{ws}/experiments/1/webservicedefinition", "web services"),
    ],
)
def test_planes_that_are_not_built_say_so(studio: Server, path: str, plane: str) -> None:
    headers = {"Authorization": f"Bearer {studio.ready['token']}"}
    for method in ("GET", "POST", "PUT"):
        response = requests.request(method, studio.url + path.replace("{ws}", studio.ready["workspace"]), headers=headers, timeout=TIMEOUT)
        assert response.status_code == 501
        error = response.json()["error"]
        assert error["code"] == "NotImplemented"
        assert plane in error["message"]


def test_a_path_nobody_has_is_an_error_in_json(studio: Server) -> None:
    for path in ("/nowhere", "/api/workspaces", "/api/%0A/x", "/%ff"):
        response = requests.get(studio.url + path, timeout=TIMEOUT)
        assert response.status_code in {400, 404}
        assert response.json()["error"]["details"][0]["code"]
    wrong = requests.patch(f"{studio.url}/api/workspaces/{studio.ready['workspace']}/experiments", timeout=TIMEOUT)
    assert wrong.status_code == 405
    assert set(wrong.headers["Allow"].split(", ")) >= {"GET", "POST"}
    assert wrong.json()["error"]["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:80"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "azureml.net.evil.example"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_web_page_can_not_drive_it(studio: Server, headers: dict[str, str]) -> None:
    own = {"Authorization": f"Bearer {studio.ready['token']}"}
    status, body = raw(studio.url, "GET", f"/api/workspaces/{studio.ready['workspace']}", headers | own)
    assert status == 403
    assert studio.ready["token"].encode() not in body
    response = requests.get(f"{studio.url}/api", timeout=TIMEOUT)
    assert not [name for name in response.headers if name.lower().startswith("access-control-")]


def test_it_answers_to_the_services_own_names(studio: Server) -> None:
    for host in ("studioapi.azureml.net", "europewest.studioapi.azureml.net", "LOCALHOST", "[::1]:80"):
        assert raw(studio.url, "GET", "/api", {"Host": host})[0] == 200


def test_paths_with_a_regions_host_in_front_or_a_proxys_form_are_understood(studio: Server) -> None:
    own = {"Authorization": f"Bearer {studio.ready['token']}"}
    workspace = f"/api/workspaces/{studio.ready['workspace']}"
    for prefix in (
        "/studioapi",
        "/europewest.studioapi.azureml.net",
        "/studioapi.net",
        "http://studioapi.azureml.net",
        "/uswestcentral.studioapi.net",
    ):
        assert raw(studio.url, "GET", prefix + workspace, own)[0] == 200, prefix


def test_a_body_that_is_too_large_is_refused(studio: Server) -> None:
    client = studio.workspace()
    body = b"[" + b" " * (33 << 20) + b"]"
    response = client.session.post(f"{client.url}/api/workspaces/{client.id}/experiments", data=body, timeout=TIMEOUT)
    assert response.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"nope",
        b'{"Description": "a "quote"", "IsDraft": true}',
        b'{"Description": "a\nbreak", "IsDraft": true}',
        b'{"Description": NaN}',
        b'{"Description": "\xff"}',
        b'{"Description": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_body_that_can_not_be_read_is_a_bad_request(studio: Server, body: bytes) -> None:
    client = studio.workspace()
    response = client.session.post(f"{client.url}/api/workspaces/{client.id}/experiments", data=body, timeout=TIMEOUT)
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "BadArgument"


def test_no_token_and_no_signature_is_ever_written_down(tmp_path: Path) -> None:
    with serving("--data", tmp_path / "data", errors=tmp_path / "errors") as server:
        client = server.workspace()
        client.dataset("d.csv")
        link = client.get("datasources")[0]["DownloadLocation"]
        assert requests.get(link["BaseUri"] + link["Location"] + link["AccessCredential"], timeout=TIMEOUT).ok
        requests.get(f"{server.url}/api/workspaces/{client.id}", headers={"Authorization": "Bearer wrong-token-of-mine"}, timeout=TIMEOUT)
        log = server.admin("GET", "requests").text
        assert server.stop() == 0
        assert server.process.stdout is not None
        written = server.process.stdout.read() + (tmp_path / "errors").read_text() + log
    for secret in (client.token, server.ready["admin"]["token"], "wrong-token-of-mine", "sig=", link["AccessCredential"]):
        assert secret not in written


def test_the_state_is_only_the_owners_to_read(tmp_path: Path) -> None:
    with serving("--data", tmp_path / "data") as server:
        server.workspace().save_as()
        for file in (tmp_path / "data").iterdir():
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name


def test_names_from_requests_never_become_files(studio: Server) -> None:
    own = {"Authorization": f"Bearer {studio.ready['token']}"}
    before = sorted(path.name for path in Path(studio.ready["data"]).iterdir())
    for name in ("..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/ca.key", "studio.sqlite3"):
        for path in (f"/blob/uploadedresources/{name}", f"/api/workspaces/{studio.ready['workspace']}/experiments/{name}"):
            assert raw(studio.url, "GET", path, own)[0] in {403, 404}
    assert sorted(path.name for path in Path(studio.ready["data"]).iterdir()) == before


def test_the_admins_routes_need_the_admins_token(studio: Server) -> None:
    for method, path in [("GET", ""), ("GET", "/faults"), ("POST", "/faults"), ("POST", "/reset"), ("GET", "/requests"), ("POST", "/workspaces")]:
        for token in ("", studio.ready["token"]):
            response = requests.request(method, f"{studio.url}/emulator{path}", headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)
            assert response.status_code == 401
    wrong = Client(studio.url, studio.ready["workspace"], studio.ready["admin"]["token"])
    wrong.call("GET", "experiments", 401)


def test_the_emulator_counts_what_was_asked(studio: Server) -> None:
    studio.admin("DELETE", "requests")
    client = studio.workspace()
    client.get("experiments")
    client.save_as()
    asked = studio.admin("GET", "requests").json()
    assert asked["Counts"]["POST"] == 1
    assert [each["Method"] for each in asked["Latest"]] == ["DELETE", "GET", "POST"]
    assert asked["Latest"][1]["Path"].endswith(f"{client.id}/experiments")


def test_fifty_readers_at_once_get_what_they_ask_for(studio: Server) -> None:
    client = studio.new_workspace()
    names = [client.save_as(f"Number {number}")["ExperimentId"] for number in range(10)]

    def read(number: int) -> str:
        own = Client(client.url, client.id, client.token)
        return str(own.experiment(names[number % 10])["Description"])

    with ThreadPoolExecutor(50) as pool:
        assert list(pool.map(read, range(200))) == [f"Number {number % 10}" for number in range(200)]


def test_every_reply_names_its_request(studio: Server) -> None:
    responses = [requests.get(f"{studio.url}/api", timeout=TIMEOUT) for _ in range(2)]
    assert len({response.headers["x-ms-request-id"] for response in responses}) == 2


def test_without_its_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['starlette'] = None\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command("serve"), capture_output=True, text=True, env=environment, timeout=30, check=False)
    assert done.returncode == 2
    assert "amlgit[emulator]" in done.stderr


def test_a_bad_token_says_nothing_about_good_ones(studio: Server) -> None:
    body = json.dumps(submission("x", chain()))
    for token in ("", "x", studio.ready["token"][:-1], studio.ready["token"] + "=", "ü"):
        headers = {"x-ms-metaanalytics-authorizationtoken": token.encode()}
        url = f"{studio.url}/api/workspaces/{studio.ready['workspace']}/experiments"
        response = requests.post(url, data=body, headers=headers, timeout=TIMEOUT)
        assert response.status_code == 401
        assert response.json()["error"]["code"] == "Unauthorized"
