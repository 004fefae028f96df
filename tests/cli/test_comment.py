"""`comment`: one comment on a pull request, whoever else writes there and whatever the network does."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.commands import OK, UNREACHABLE, USAGE, Run, aml
from tests.support.hosts import BOT, KINDS, NUMBER, REPOSITORY, STRANGER, STRANGERS, TOKEN, Azure, Fault, Github, Host, serving

TOKENS = {Github: "GITHUB_TOKEN", Azure: "SYSTEM_ACCESSTOKEN"}
TEXT = "## Review of a → b\n\n**1 change**\n"


@pytest.fixture(params=KINDS, ids=["github", "azure"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with serving(request.param()) as host:
        for name, value in {**host.environment(), TOKENS[type(host)]: TOKEN}.items():
            monkeypatch.setenv(name, value)
        yield host


def comment(folder: Path, text: str = TEXT, *options: str) -> Run:
    (folder / "text.md").write_text(text)
    run = aml(folder, "comment", "text.md", *options)
    assert TOKEN not in run.out + run.err
    return run


def test_the_first_is_written_and_every_later_one_replaces_it(host: Host, tmp_path: Path) -> None:
    assert "comment written" in comment(tmp_path).expect(OK).out
    assert "brought up to date" in comment(tmp_path, TEXT + "more\n").expect(OK).out
    (note,) = host.notes
    assert note.author == BOT
    assert note.text.endswith(TEXT + "more\n")
    before = len(host.asked)
    assert "is up to date" in comment(tmp_path, TEXT + "more\n").expect(OK).out
    assert {method for method, path in host.asked[before:] if "graphql" not in path} == {"GET"}


def test_comments_of_others_are_left_alone_whatever_mark_they_bear(host: Host, tmp_path: Path) -> None:
    comment(tmp_path).expect(OK)
    stolen = host.notes[0].text
    host.notes.clear()
    theirs = [host.say(STRANGER, stolen, "active").text, host.say(STRANGER, f"see:\n{stolen}", "active").text]
    mine = host.say(BOT, f"Another workflow's words about\n{stolen}", "active").text
    comment(tmp_path, TEXT + "new\n").expect(OK)
    comment(tmp_path, TEXT + "newer\n").expect(OK)
    assert [note.text for note in host.of(STRANGER)] == theirs
    first, second = host.of(BOT)
    assert first.text == mine
    assert second.text.endswith("newer\n")


def test_it_is_found_behind_many_pages(host: Host, tmp_path: Path) -> None:
    for number in range(205):
        host.say(STRANGER, f"remark {number}", "active")
    comment(tmp_path).expect(OK)
    for number in range(30):
        host.say(STRANGER, f"later remark {number}", "active")
    comment(tmp_path, TEXT + "more\n").expect(OK)
    assert len(host.of(BOT)) == 1


def test_two_names_are_two_comments(host: Host, tmp_path: Path) -> None:
    comment(tmp_path, TEXT, "--name", "training").expect(OK)
    comment(tmp_path, TEXT, "--name", "training-2").expect(OK)
    comment(tmp_path, TEXT + "more\n", "--name", "training").expect(OK)
    assert [note.text.endswith("more\n") for note in host.notes] == [True, False]
    assert "--name takes" in comment(tmp_path, TEXT, "--name", "--> <b>").expect(USAGE).err


def test_twins_that_two_runs_at_once_made_become_one(host: Host, tmp_path: Path) -> None:
    comment(tmp_path).expect(OK)
    host.say(BOT, host.notes[0].text, "active")
    assert "1 older removed" in comment(tmp_path, TEXT + "more\n").expect(OK).out
    (note,) = host.notes
    assert note.text.endswith("more\n")


def test_nothing_is_written_where_only_an_update_is_wanted(host: Host, tmp_path: Path) -> None:
    assert "nothing to say" in comment(tmp_path, TEXT, "--update-only").expect(OK).out
    assert host.notes == []
    comment(tmp_path).expect(OK)
    comment(tmp_path, "No changes.\n", "--update-only").expect(OK)
    assert host.notes[0].text.endswith("No changes.\n")


def test_a_dry_run_only_says_what_would_be_done(host: Host, tmp_path: Path) -> None:
    assert "would be written" in comment(tmp_path, TEXT, "-n").expect(OK).out
    assert host.notes == []
    comment(tmp_path).expect(OK)
    assert "would be brought up to date" in comment(tmp_path, TEXT + "more\n", "-n").expect(OK).out
    assert host.notes[0].text.endswith(TEXT)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_busy_host_is_asked_again_when_it_says(host: Host, tmp_path: Path, method: str) -> None:
    comment(tmp_path).expect(OK)
    text = TEXT
    if method == "POST":
        host.notes.clear()
    else:
        text += "more\n"
    host.faults += [Fault(method, 429, {"Retry-After": "0"}), Fault(method, 403, {"Retry-After": "0"}, {"message": "secondary rate limit"})]
    comment(tmp_path, text).expect(OK)
    assert host.faults == []
    (note,) = host.notes
    assert note.text.endswith(text)


@pytest.mark.parametrize("is_served", [True, False])
def test_a_lost_answer_gives_neither_two_comments_nor_none(host: Host, tmp_path: Path, is_served: bool) -> None:
    host.faults += [Fault("POST", 502, is_served=is_served, path=path) for path in ("comments", "threads")]
    comment(tmp_path).expect(OK)
    assert len(host.faults) == 1
    assert len(host.notes) == 1


def test_a_host_that_stays_down_is_an_error(host: Host, tmp_path: Path) -> None:
    host.faults += [Fault("GET", 503, {"Retry-After": "0"}) for _ in range(5)]
    assert "503" in comment(tmp_path).expect(UNREACHABLE).err


def test_a_fork_gets_no_comment_and_no_failure(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.is_read_only = True
    run = comment(tmp_path).expect(UNREACHABLE)  # not a fork: somebody forgot a permission
    assert "permission" in run.err
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": NUMBER, "head": {"repo": {"full_name": "mallory/experiments"}}}}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(event))
    monkeypatch.setenv("SYSTEM_PULLREQUEST_ISFORK", "True")
    run = comment(tmp_path).expect(OK)
    assert "gets no comment" in run.err
    assert "not accessible by integration" in run.err or "PullRequestContribute" in run.err
    assert host.notes == []


def test_a_token_that_is_none_is_said_without_it(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    host.tokens = {STRANGERS: STRANGER}
    assert "401" in comment(tmp_path).expect(UNREACHABLE).err
    for text in ("", "$(System.AccessToken)"):
        monkeypatch.setenv(TOKENS[type(host)], text)
        assert f"{TOKENS[type(host)]} has no token" in aml(tmp_path, "comment", "text.md").expect(USAGE).err


def test_a_text_that_no_comment_holds_is_refused_before_anything_is_sent(host: Host, tmp_path: Path) -> None:
    assert "in a comment" in comment(tmp_path, "x" * 150_000).expect(USAGE).err
    assert host.asked == []
    (tmp_path / "text.md").write_bytes(b"\xff")
    assert "not UTF-8" in aml(tmp_path, "comment", "text.md").expect(USAGE).err
    aml(tmp_path, "comment", "missing.md").expect(UNREACHABLE)


def test_the_token_goes_nowhere_else(host: Host, tmp_path: Path) -> None:
    with serving(type(host)()) as other:
        other.tokens = {TOKEN: BOT}
        host.faults += [Fault("GET", 302, {"Location": f"{other.url}/elsewhere"})]
        assert "where the token does not belong" in comment(tmp_path).expect(UNREACHABLE).err
        assert other.asked == []


def test_a_run_that_is_for_no_pull_request_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "no run of GitHub Actions or Azure Pipelines" in comment(tmp_path).expect(USAGE).err
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_REF", "refs/heads/main")
    assert "for no pull request" in comment(tmp_path).expect(USAGE).err
    monkeypatch.setenv("GITHUB_REF", "refs/pull/7/merge")
    monkeypatch.setenv("GITHUB_REPOSITORY", "team/experiments/../../other")
    assert "GITHUB_REPOSITORY" in comment(tmp_path).expect(USAGE).err
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    monkeypatch.setenv("GITHUB_API_URL", "http://api.example.org")
    assert "plain HTTP" in comment(tmp_path).expect(USAGE).err
    monkeypatch.delenv("GITHUB_ACTIONS")
    monkeypatch.setenv("TF_BUILD", "True")
    assert "for no pull request" in comment(tmp_path).expect(USAGE).err
    monkeypatch.setenv("SYSTEM_PULLREQUEST_PULLREQUESTID", "7")
    monkeypatch.setenv("BUILD_REPOSITORY_PROVIDER", "GitHub")
    assert "not in Azure Repos" in comment(tmp_path).expect(USAGE).err


def test_in_azure_repos_a_thread_is_open_while_there_is_something_to_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Azure()) as host:
        for name, value in {**host.environment(), "SYSTEM_ACCESSTOKEN": TOKEN}.items():
            monkeypatch.setenv(name, value)
        comment(tmp_path).expect(OK)
        (note,) = host.notes
        assert note.status == "active"
        note.status = "fixed"  # by a person
        comment(tmp_path, TEXT.replace("a → b", "a → c")).expect(OK)
        assert note.status == "fixed"  # other commits, and nothing else to say
        comment(tmp_path, TEXT + "a risk\n").expect(OK)
        assert note.status == "active"
        comment(tmp_path, TEXT, "--settled").expect(OK)
        assert note.status == "closed"


def test_a_host_that_talks_nonsense_is_an_error(host: Host, tmp_path: Path) -> None:
    host.faults += [Fault("GET", 200, {}, {"surprise": True}) for _ in range(5)]
    assert "none of the service's" in comment(tmp_path).expect(UNREACHABLE).err
