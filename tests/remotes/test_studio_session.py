"""HTTP to the service: what is repeated and what is not, where the token goes, and what a failure says."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import Json, loads
from amlgit.remotes import regions, retrying
from amlgit.remotes.failures import Clash, Doubtful, NoAnswer, NotFound, Rejected, ServiceFailure, Stale, Throttled, Unauthorised
from amlgit.remotes.regions import Origin
from amlgit.remotes.retrying import Budget, Patience
from amlgit.remotes.session import Request, Session
from tests.support.canned import GET, POST, QUICK, TOKEN, canned, says
from tests.support.emulated import Server, serving


def hangs_up(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def breaks_off(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b'{"half":')
    handler.close_connection = True


def drips(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


@pytest.mark.parametrize("fault", [says(500), says(502), says(503), says(504), says(429), says(408), hangs_up, breaks_off, says(200, b"<html>")])
def test_a_question_is_asked_again_until_there_is_an_answer(fault: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with canned(fault, fault, says(200)) as server:
        assert server.session().send(GET, loads) == {"ok": True}
        assert len(server.asked) == 3
        ids = {headers["x-ms-client-request-id"] for _, _, headers in server.asked}
        assert len(ids) == 3  # each is known by an id of its own


@pytest.mark.parametrize("fault", [says(500), says(503), says(504), hangs_up, breaks_off, says(200, b"<html>")])
def test_a_change_whose_answer_is_lost_is_not_sent_twice(fault: Callable[[BaseHTTPRequestHandler], None]) -> None:
    with canned(fault) as server:
        with pytest.raises(Doubtful) as raised:
            server.session().send(POST, loads)
        assert len(server.asked) == 1
        assert raised.value.request_id
        assert raised.value.request_id in str(raised.value)
        assert "a save" in str(raised.value.hint)


def test_a_change_that_nobody_served_is_sent_again() -> None:
    with canned(says(429, Retry_After="0"), says(200)) as server:
        assert server.session().send(POST, loads) == {"ok": True}
        assert len(server.asked) == 2
    with pytest.raises(NoAnswer, match=r"127\.0\.0\.1:\d+ can't be reached: Connection refused"):
        server.session().send(POST, loads)  # it is gone now: refused five times, and no doubt about what was done


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, Rejected), (401, Unauthorised), (403, Unauthorised), (404, NotFound), (409, Clash), (412, Stale), (413, Rejected), (501, NoAnswer)],
)
def test_a_refusal_is_told_once_with_the_services_words_and_the_requests_id(status: int, kind: type[ServiceFailure]) -> None:
    body = json.dumps({"error": {"code": "X", "message": f"Not with {TOKEN}, said the\x1b service.", "details": []}}).encode()
    with canned(says(status, body, **{"x-ms-request-id": "r-17"})) as server:
        with pytest.raises(kind) as raised:
            server.session().send(POST, loads)
        assert len(server.asked) == 1
        assert (raised.value.status, raised.value.request_id) == (status, "r-17")
        message = str(raised.value)
        assert message.startswith(f"a save: {status}")
        assert "Not with <token>, said the\ufffd service (request r-17)" in message
        assert TOKEN not in repr(raised.value) + str(raised.value.__cause__)


def test_retry_after_is_waited_for_and_one_that_is_too_long_ends_the_run_at_once() -> None:
    with canned(says(503, Retry_After="0.2"), says(200)) as server:
        started = time.monotonic()
        server.session().send(GET, loads)
        assert time.monotonic() - started >= 0.2
    with canned(says(503, Retry_After="3600")) as server:
        with pytest.raises(Throttled) as raised:
            server.session().send(GET, loads)
        assert len(server.asked) == 1
        assert raised.value.hint == "The service asks to wait 3600 seconds."


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:16:50 GMT", 10.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:16:50 +99999999999999", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_retry_after_is_a_number_or_a_date(header: str, seconds: float | None) -> None:
    assert retrying.retry_after(header, now=lambda: 1000.0) == seconds


def test_a_service_that_is_down_is_not_asked_on_and_on() -> None:
    with canned(says(500)) as server:
        session = server.session()
        for _ in range(40):
            with pytest.raises(NoAnswer):
                session.send(GET, loads)
        assert len(server.asked) == 40 + 20  # not 5 times 40: the budget of repetitions is used up
    budget = Budget(start=1.0, share=0.5)
    assert (budget.spend(), budget.spend()) == (True, False)
    budget.earn()
    budget.earn()
    assert (budget.spend(), budget.spend()) == (True, False)


def test_waits_grow_differ_and_have_an_end() -> None:
    patience = Patience(first_wait=1, longest_wait=8)
    waits = [[retrying.wait_before(attempt, patience) for _ in range(200)] for attempt in (1, 2, 3, 9)]
    assert [max(some) <= most for some, most in zip(waits, (1, 2, 4, 8), strict=True)] == [True] * 4
    assert max(waits[0]) < max(waits[1]) < max(waits[2])
    assert all(len(set(some)) > 100 for some in waits)


def test_an_answer_that_takes_too_long_is_given_up() -> None:
    with canned(drips) as server:
        session = server.session(Patience(attempts=1, answer_timeout=0.1, read_timeout=2))
        with pytest.raises(NoAnswer, match=r"took longer than 0\.1 seconds"):
            session.send(GET, loads)
        session = server.session(Patience(attempts=1, read_timeout=0.005))
        with pytest.raises(NoAnswer, match=r"no answer within 0\.005 seconds|broke off"):
            session.send(GET, loads)


def test_packed_answers_are_unpacked_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    document = b'{"text":"' + b"a" * 3_000_000 + b'"}'
    with canned(says(200, gzip.compress(document), Content_Encoding="gzip")) as server:
        session = server.session(Patience(attempts=1))
        assert session.send(GET, bytes) == document
        assert server.asked[0][2]["Accept-Encoding"] == "gzip"
        monkeypatch.setattr("amlgit.remotes.session.MAX_BYTES", 1 << 20)
        with pytest.raises(NoAnswer, match="larger than 1 MiB"):
            session.send(GET, bytes)


def test_close_ends_every_wait() -> None:
    with canned(says(503, Retry_After="60")) as server:
        session = server.session()
        failures: list[Throttled] = []

        def ask() -> None:
            with pytest.raises(Throttled) as raised:
                session.send(GET, loads)
            failures.append(raised.value)

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.asked:
            time.sleep(0.001)
        session.close()
        thread.join(5)
        assert not thread.is_alive()
        assert len(failures) == 1


# --- where the token goes


def test_a_redirect_is_followed_within_the_origin_and_nowhere_else() -> None:
    with canned(says(200)) as other:
        with canned(says(307, b"", Location="/api/there?x=1"), says(200)) as server:
            assert server.session().send(GET, loads) == {"ok": True}
            assert [path for _, path, _ in server.asked] == ["/api/things", "/api/there?x=1"]
        for target in (f"http://127.0.0.1:{other.port}/api/things", f"http://localhost:{other.port}/", "http://example.org/", "ftp://x/", "//[x/"):
            with canned(says(302, b"", Location=target)) as server:
                with pytest.raises(NoAnswer, match=r"redirected to .* where the token does not belong"):
                    server.session().send(GET, loads)
                assert len(server.asked) == 1
        with canned(says(307, b"", Location="/api/there")) as server:
            with pytest.raises(NoAnswer, match="redirected"):
                server.session().send(POST, loads)  # a change is sent where it was meant to go
            assert len(server.asked) == 1
        with canned(says(302, b"", Location="/api/things")) as server, pytest.raises(NoAnswer, match="too many redirects"):
            server.session().send(GET, loads)
        assert other.asked == []


def test_plain_http_goes_past_every_proxy_and_netrc_has_no_say(monkeypatch: pytest.MonkeyPatch, isolated: Path) -> None:
    (isolated / ".netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    (isolated / ".netrc").chmod(0o600)
    with canned(says(200)) as proxy, canned(says(200)) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert server.session().send(GET, loads) == {"ok": True}
        assert proxy.asked == []
        headers = server.asked[0][2]
        assert headers["Authorization"] == f"Bearer {TOKEN}"
        assert headers["x-ms-metaanalytics-authorizationtoken"] == TOKEN


def test_https_goes_through_the_environments_proxy_which_never_sees_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with canned(says(200)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        session = Session(origin=Origin(scheme="https", host="studio.example.org"), token=TOKEN, patience=Patience(attempts=1))
        with pytest.raises(NoAnswer, match=r"studio\.example\.org"):
            session.send(GET, loads)
        assert TOKEN not in repr(proxy.asked)
        monkeypatch.setenv("NO_PROXY", "example.org")
        monkeypatch.setenv("no_proxy", "example.org")
        assert not session_settings("https://studio.example.org").get("proxies")


def session_settings(url: str) -> Mapping[str, object]:
    origin, _ = regions.of_url(url)
    return Session(origin=origin, token=TOKEN)._settings


@pytest.mark.parametrize(
    "url", ["http://studio.example.org", "http://10.0.0.7:8080", "http://0.0.0.0:1", "http://127.0.0.1.example.org", "HTTP://example.org"]
)
def test_plain_http_is_for_this_machine_alone(url: str) -> None:
    with pytest.raises(UsageError, match="plain HTTP would show the token"):
        regions.of_url(url)


@pytest.mark.parametrize(
    "url", ["https://u:p4ssw0rd@example.org", "https://example.org/?sig=p4ssw0rd", "https://example.org/#p4ssw0rd", "http://p4ssw0rd@localhost"]
)
def test_a_url_holds_no_secret_and_the_refusal_repeats_none(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        regions.of_url(url)
    assert "p4ssw0rd" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "origin", "prefix"),
    [
        ("https://Studio.Example.ORG/", "https://studio.example.org", ""),
        ("https://studio.example.org:443/api/", "https://studio.example.org", ""),
        ("https://gateway.example.org:8443/aml/api", "https://gateway.example.org:8443", "/aml"),
        ("http://localhost:5000", "http://localhost:5000", ""),
        ("http://[::1]:5000/api", "http://[::1]:5000", ""),
        ("http://127.9.9.9:80", "http://127.9.9.9", ""),
    ],
)
def test_a_url_comes_to_an_origin_and_a_prefix(url: str, origin: str, prefix: str) -> None:
    found, path = regions.of_url(url)
    assert (found.url, path) == (origin, prefix)


@pytest.mark.parametrize("url", ["", "studio", "ftp://example.org", "https://", "https:///x", "https://[::1", "https://a:99999999"])
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError):
        regions.of_url(url)


def test_every_location_has_its_host_however_it_is_spelled() -> None:
    hosts = {name: regions.of_location(name).url for name in regions.LOCATIONS}
    assert hosts["South Central US"] == "https://studioapi.azureml.net"
    assert hosts["West Europe"] == regions.of_location("westeurope").url == "https://europewest.studioapi.azureml.net"
    assert hosts["Germany Central"] == "https://germanycentral.studioapi.azureml.de"
    with pytest.raises(UsageError, match="'Mars' is no location"):
        regions.of_location("Mars")


@pytest.mark.parametrize("token", ["", "two words", "line\nbreak", "línea", "tab\t"])
def test_a_token_that_could_not_be_sent_is_refused_without_being_repeated(token: str) -> None:
    with pytest.raises(Unauthorised) as raised:
        Session(origin=Origin(scheme="http", host="localhost"), token=token)
    assert not token or token not in str(raised.value)


# --- certificates


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("--tls", "--data", tmp_path_factory.mktemp("secure")) as server:
        yield server


def test_a_private_authority_is_trusted_when_the_environment_names_it(secure: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    workspace, token = secure.ready["workspace"], secure.ready["token"]
    origin, _ = regions.of_url(secure.url)
    listing = Request(method="GET", path=f"workspaces/{workspace}/experiments", what="list", is_repeatable=True)
    with pytest.raises(NoAnswer, match=r"no trusted connection to .*certificate") as raised:
        Session(origin=origin, token=token, patience=QUICK).send(listing, loads)
    assert "REQUESTS_CA_BUNDLE" in str(raised.value.hint)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secure.ready["ca"])
    assert isinstance(Session(origin=origin, token=token).send(listing, loads), list)


def test_a_failure_of_reading_names_what_was_asked() -> None:
    def never(_: bytes) -> Json:
        raise InvalidDocument("it is something else")

    with canned(says(200)) as server, pytest.raises(NoAnswer, match="the things: the answer is none of the service's: it is something else"):
        server.session().send(GET, never)
