"""A push that never heard what came of its save: the next pull, or push, finds out, and nobody's edit is lost by it."""

from pathlib import Path

import pytest

from tests.support.commands import OK, REFUSED, aml, git
from tests.support.emulated import Client, Server
from tests.support.pushing import TITLE, edit, edit_there, push, start, value


def sent(repository: Path) -> str:
    return git(repository, "for-each-ref", "refs/amlgit-sent")


def unheard(server: Server, client: Client, repository: Path, identity: str, *, answered: bool = True, done: bool = True) -> None:
    """A push whose reading back fails, whose save was answered or not, and was done or not."""
    if not answered:
        server.fault(kind="status", status=504, method="POST", route=f"*{identity}", times=None, after=done)
    server.fault(kind="status", status=409, method="GET", route=f"*{identity}", times=None, skip=1)
    push(repository, code=REFUSED)
    server.admin("DELETE", "faults")
    assert value(client, identity) == ("y" if done else "x")
    assert sent(repository)


@pytest.fixture
def pushed(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    """A clone with an edit that is to be pushed, and the experiment."""
    monkeypatch.setattr("amlgit.remotes.retrying.wait_before", lambda attempt, patience: 0.001)
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    return repository, identity


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.parametrize("runs", [True, False])
def test_what_others_made_of_it_merges_with_what_was_edited_here_since(
    server: Server, client: Client, pushed: tuple[Path, str], answered: bool, runs: bool
) -> None:
    repository, identity = pushed
    unheard(server, client, repository, identity, answered=answered)
    edit_there(client, identity)
    if runs:
        client.run(identity)
    edit(repository, '"Value": "y"', '"Value": "z"')
    aml(repository, "pull").expect(OK)
    assert "pushed" in push(repository).out
    assert (value(client, identity), value(client, identity, 2)) == ("z", "theirs")
    assert sent(repository) == ""


def test_a_save_that_was_not_done_is_no_state_that_was_seen(server: Server, client: Client, pushed: tuple[Path, str]) -> None:
    repository, identity = pushed
    unheard(server, client, repository, identity, answered=False, done=False)
    edit_there(client, identity)
    aml(repository, "pull").expect(OK)
    assert sent(repository) == ""
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("y", "theirs")


def test_an_edit_of_the_same_parameter_there_is_a_conflict_still(server: Server, client: Client, pushed: tuple[Path, str]) -> None:
    repository, identity = pushed
    unheard(server, client, repository, identity)
    edit_there(client, identity, "theirs", 0)
    edit(repository, '"Value": "y"', '"Value": "z"')
    aml(repository, "pull").expect(REFUSED)
    assert value(client, identity) == "theirs"


def test_the_next_push_finds_it_there_and_what_comes_then_merges(server: Server, client: Client, pushed: tuple[Path, str]) -> None:
    repository, identity = pushed
    unheard(server, client, repository, identity)
    assert "up to date" in push(repository, TITLE).out
    assert sent(repository) == ""
    edit_there(client, identity)
    edit(repository, '"Value": "y"', '"Value": "z"')
    aml(repository, "pull").expect(OK)
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("z", "theirs")


def test_a_second_push_over_it_that_is_refused_forgets_nothing_of_the_first(server: Server, client: Client, pushed: tuple[Path, str]) -> None:
    repository, identity = pushed
    unheard(server, client, repository, identity)
    edit(repository, '"Value": "y"', '"Value": "z"')
    server.fault(kind="status", status=412, method="POST", route=f"*{identity}", times=1)
    push(repository, code=REFUSED)
    edit_there(client, identity)
    aml(repository, "pull").expect(OK)
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("z", "theirs")


@pytest.mark.parametrize("done", [True, False])
def test_a_refusal_is_not_taken_at_its_word(server: Server, client: Client, pushed: tuple[Path, str], done: bool) -> None:
    """Between here and the service others may answer for it."""
    repository, identity = pushed
    server.fault(kind="status", status=412, method="POST", route=f"*{identity}", times=1, after=done)
    push(repository, code=REFUSED)
    edit_there(client, identity)
    edit(repository, '"Value": "y"', '"Value": "z"')
    aml(repository, "pull").expect(OK)
    assert sent(repository) == ""
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("z", "theirs")
    assert sent(repository) == ""
