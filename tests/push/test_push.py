"""`push` to a workspace: from committed content, over what was seen, and never blindly."""

from pathlib import Path

import pytest

from tests.support.commands import OK, PARTLY, REFUSED, USAGE, aml, git
from tests.support.emulated import GLOBAL, Client, Server, chain
from tests.support.pushing import TITLE, clone_of, edit, edit_there, folder, nothing_written, push, start, value, writes
from tests.support.repositories import commit_all, replace_in


def test_what_is_committed_is_pushed_and_pulling_after_it_is_no_change(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    assert f"{TITLE}-{identity[-32:][:6]}: up to date" in push(repository).out
    edit(repository)
    head = git(repository, "rev-parse", "HEAD")
    with nothing_written(server):
        plan = push(repository, "-n")
    assert "would be pushed: 1 parameter" in plan.out
    assert "Select Columns: x → y" in plan.out
    assert (value(client, identity), git(repository, "rev-parse", "HEAD")) == ("x", head)
    assert "pushed: 1 parameter" in push(repository, TITLE).out
    assert (value(client, identity), value(client, identity, 2)) == ("y", "x")
    assert git(repository, "rev-parse", "HEAD") == head  # it commits nothing
    assert git(repository, "status", "--porcelain") == ""
    with nothing_written(server):
        assert "up to date" in push(repository).out
        aml(repository, "pull").expect(OK)
        assert git(repository, "rev-parse", "HEAD") == head
        assert "up to date" in push(repository).out


def test_pushes_and_pulls_in_turn_and_a_push_that_nobody_pulled(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    other = clone_of(client, tmp_path / "other")
    for text in ("1", "2", "3"):
        edit(repository, f'"Value": "{value(client, identity)}"', f'"Value": "{text}"')
        push(repository)
    assert value(client, identity) == "3"
    aml(other, "pull").expect(OK)
    edit(other, '"Value": "x"', '"Value": "other"', node="12-")
    push(other)
    edit(repository, '"Value": "3"', '"Value": "4"')
    refused = push(repository, code=REFUSED)
    assert "was changed since the newest state that this branch has seen (a draft; by " in refused.err
    assert "Select Columns: x → other" in refused.out
    aml(repository, "pull").expect(OK)
    push(repository)
    assert (value(client, identity), value(client, identity, 1)) == ("4", "other")


def test_what_the_branch_has_not_seen_is_shown_and_not_overwritten(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    edit_there(client, identity)
    with nothing_written(server):
        refused = push(repository, code=REFUSED)
        assert "changed at studio: 1 parameter" in refused.out
        assert "Select Columns: x → theirs" in refused.out
        assert "'amlgit pull studio' brings it" in refused.err
        assert push(repository, "-n", code=REFUSED).err == refused.err
        found = push(repository, "--json", code=REFUSED).json
    assert (found["status"], [change["text"] for change in found["result"]["experiments"][0]["unseen"]]) == (
        "refused",
        ["Select Columns: x → theirs"],
    )
    aml(repository, "fetch").expect(OK)
    with nothing_written(server):
        push(repository, code=REFUSED)  # what is only fetched is not seen
    aml(repository, "pull").expect(OK)
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("y", "theirs")


def test_a_pull_that_was_reverted_can_be_pushed_over_and_a_state_that_comes_back_is_a_new_one(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit_there(client, identity)
    aml(repository, "pull").expect(OK)
    git(repository, "revert", "--no-edit", "HEAD")
    push(repository)
    assert value(client, identity, 2) == "x"
    edit_there(client, identity)  # again what was reverted, and this time nobody saw it
    edit(repository)
    push(repository, code=REFUSED)


def test_what_was_pushed_after_a_run_is_seen(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    push(repository, "--run")
    for text in ("1", "2", "3"):
        edit(repository, f'"Value": "{value(client, identity)}"', f'"Value": "{text}"')
        push(repository)
    edit_there(client, identity)
    edit(repository, '"Value": "3"', '"Value": "4"')
    aml(repository, "pull").expect(OK)
    push(repository)
    assert (value(client, identity), value(client, identity, 2)) == ("4", "theirs")


def test_several_are_pushed_one_by_one_and_what_failed_stays_on_the_list(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = [f"Number {number}" for number in range(4)]
    found = {title: client.save_as(title, chain())["ExperimentId"] for title in titles}
    repository = clone_of(client, tmp_path / "repository", monkeypatch)
    for title in titles:
        edit(repository, title=title)
    edit_there(client, found["Number 1"])
    server.fault(kind="status", status=400, method="POST", route=f"*{found['Number 2']}", times=1)
    done = push(repository, code=PARTLY)
    assert "2 of 4 failed" in done.err
    assert [value(client, found[title]) for title in titles] == ["y", "x", "x", "y"]
    again = push(repository, code=PARTLY)
    assert again.out.count("up to date") == 2
    assert "1 of 4 failed" in again.err
    aml(repository, "pull").expect(OK)
    assert push(repository).out.count("up to date") == 3
    assert [value(client, found[title]) for title in titles] == ["y"] * 4
    for title in titles[:2]:
        edit(repository, '"Value": "y"', '"Value": "z"', title=title)
        edit_there(client, found[title], "theirs too")
    unseen = push(repository, code=PARTLY)
    assert unseen.err.count("was changed since the newest state that this branch has seen") == 2
    assert unseen.err.count("'amlgit pull studio' brings it, and merges; then push again.") == 1


# --- assets


def test_an_asset_that_is_not_there_is_refused_before_any_write_and_remapped(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = client.dataset("Points")
    repository, identity = start(client, tmp_path, monkeypatch, graph=chain(points))
    gone = f"{client.id}.{'ab' * 16}.v1-default-9"
    edit(repository, points, gone)
    replace_in(folder(repository, TITLE) / "layout.json", points, gone)
    commit_all(repository, "another dataset")
    with nothing_written(server):
        refused = push(repository, code=REFUSED)
    assert f"Select Columns in Dataset 11-5b8b: Dataset: dataset ({gone})" in refused.err
    assert "--remap OLD=NEW" in refused.err
    edit(repository)
    assert f"  {gone} became {points}" in push(repository, "--remap", f"{gone}={points}", "-n").out
    push(repository, "--remap", f"{gone}={points}")
    document = client.experiment(identity)
    assert document["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"] == points
    assert document["Graph"]["SerializedClientData"].count(points) == 1
    with (repository / ".amlgit").open("a") as config:
        config.write(f'remap = ["{gone}={points}"]\n')
    with nothing_written(server):
        assert "up to date" in push(repository).out
    edit(repository, '"Value": "y"', '"Value": "z"')
    push(repository)  # under our own ids it was seen
    assert value(client, identity) == "z"


def test_candidates_are_the_family_and_the_name_and_latest_takes_the_family(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = client.dataset("Points")
    repository, identity = start(client, tmp_path, monkeypatch, graph=chain(old))
    new = client.dataset("Points", b"a\n1\n", old.split(".")[1])
    edit(repository)
    push(repository)  # an older version is there, though no list names it
    lost = old.rpartition("-")[0] + "-999"
    edit(repository, old, lost)
    refused = push(repository, code=REFUSED)
    assert f"there is 'Points' ({new}): the same family, another version" in refused.err
    push(repository, "--latest")
    assert client.experiment(identity)["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"] == new


# --- secrets

IMPORT = f"{GLOBAL}.4e1b0fe6aded4b3fa36f39b8862b9004.v1-default-1744"
PASSWORD, SECRET = "Server User Account Password", "hunter2-of-the-workspace"


def with_password(secret: str | None) -> dict[str, object]:
    graph: dict[str, object] = chain()
    node = {**graph["ModuleNodes"][0], "ModuleId": IMPORT}  # type: ignore[index] # known shape
    node["ModuleParameters"] = [
        {"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": name, "Value": text}
        for name, text in (("Select Columns", "x"), (PASSWORD, secret))
    ]
    return {**graph, "ModuleNodes": [node, *graph["ModuleNodes"][1:]]}  # type: ignore[index] # known shape


def password(client: Client, identity: str) -> object:
    return client.experiment(identity)["Graph"]["ModuleNodes"][0]["ModuleParameters"][1]["Value"]


def test_the_workspaces_secrets_stay_and_a_new_experiments_are_asked_for(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch, graph=with_password(SECRET))
    edit(repository, node="11-")
    done = push(repository)
    assert (value(client, identity), password(client, identity)) == ("y", SECRET)
    assert SECRET not in done.out + done.err
    variable = "AMLGIT_SECRET_IMPORT_DATA_11_5B8B_SERVER_USER_ACCOUNT_PASSWORD"
    with nothing_written(server):
        refused = push(repository, TITLE, "--new", "Second", code=REFUSED)
        assert f"Import Data 11-5b8b: {PASSWORD}: {PASSWORD}, from {variable}" in refused.err
    monkeypatch.setenv(variable, "another one")
    made = push(repository, TITLE, "--new", "Second")
    new = made.out.splitlines()[-1].strip()
    assert (password(client, new), password(client, identity)) == ("another one", SECRET)
    assert "another one" not in made.out + made.err
    monkeypatch.delenv(variable)
    git(repository, "config", "--global", "credential.helper", f"store --file={tmp_path}/kept")
    account = f"protocol=http\nhost={client.url.removeprefix('http://')}\nusername={client.id}/{variable}\npassword=from the helper\n\n"
    git(repository, "credential", "approve", stdin=account.encode())
    made = push(repository, TITLE, "--new", "Third")
    assert password(client, made.out.splitlines()[-1].strip()) == "from the helper"


# --- what can't be pushed


def test_what_can_not_be_pushed_is_named(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    with nothing_written(server):
        assert "history is not overwritten" in push(repository, f"{TITLE}@1", code=USAGE).err
        assert "there is no experiment 'Nothing'" in push(repository, "Nothing", code=USAGE).err
        page = folder(repository, TITLE) / "experiment.json"
        text = page.read_text()
        page.write_text(text.replace('"Tags": []', '"Tags": [\n    "mine"\n  ]'))
        commit_all(repository, "a tag")
        assert "Tags can't be saved, and stay behind." in push(repository).err
        page.write_text(text.replace("\n", "\n\n", 1))
        commit_all(repository, "not in normal form")
        assert "experiment.json is not in normal form" in push(repository, code=REFUSED).err
        page.write_text(text)
        commit_all(repository, "as it was")
        (layout,) = folder(repository, TITLE).glob("nodes/*11-*.json")
        layout.unlink()
        commit_all(repository, "a node is missing")
        assert "there is no such node" in push(repository, code=REFUSED).err
    git(repository, "revert", "--no-edit", "HEAD")
    edit(repository)
    replace_in(next(folder(repository, TITLE).glob("nodes/*12-*.json")), '"Value": "x"', '"Value": "not committed"')
    assert "has uncommitted changes, which are not pushed" in push(repository).err
    assert (value(client, identity), value(client, identity, 1)) == ("y", "x")
    client.call("DELETE", f"experiments/{identity}?deleteAncestors=true")
    assert "has no experiment" in push(repository, code=REFUSED).err


# --- doubtful saves


@pytest.mark.parametrize("kind", ["cut", "truncate", "garbage", "status"])
@pytest.mark.parametrize("after", [True, False])
def test_a_save_without_an_answer_is_read_back_before_anything_else(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, after: bool
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    server.fault(kind=kind, method="POST", route=f"*{identity}", times=1, status=504, after=after)
    before = len(writes(server))
    assert "pushed: 1 parameter" in push(repository).out
    assert value(client, identity) == "y"
    assert len(writes(server)) - before == (1 if after or kind in {"cut", "truncate", "garbage"} else 2)
