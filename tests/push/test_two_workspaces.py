"""Folders that live in several workspaces: their names, their copies, and which of them a verb means."""

import re
from pathlib import Path

import pytest

from tests.support.commands import OK, REFUSED, UNREACHABLE, USAGE, aml, git
from tests.support.emulated import Client, Server, chain
from tests.support.pushing import TITLE, clone_of, edit, edit_there, folder, push, start, value
from tests.support.repositories import commit_all
from tests.support.workspaces import add_remote, own, titles

# --- folders in two workspaces


def test_a_folder_that_lives_in_two_workspaces_is_named_by_its_folder_its_title_and_both_families(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    push(repository, TITLE, "--new", "--remote", "prod")
    aml(repository, "pull", "prod").expect(OK)
    there = own(prod)[TITLE]
    place = folder(repository)
    for name in (f"experiments/{place.name}", place.name, TITLE, identity.rpartition(".")[2], there.rpartition(".")[2]):
        assert "Shapes" in aml(repository, "show", name).expect(OK).out
        aml(repository, "log", name).expect(OK)
        for remote in ("studio", "prod"):
            assert "up to date" in push(repository, name, "--remote", remote).out


def test_a_folder_without_a_record_has_the_title_it_says_itself(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client.save_as("Never run")
    repository = clone_of(client, tmp_path / "repository", monkeypatch)
    assert "Never run" in aml(repository, "show", "Never run").expect(OK).out
    assert "up to date" in push(repository, "Never run").out


def test_without_names_a_run_is_of_what_was_pushed_and_of_nobody_elses_draft(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client.save_as("A draft of somebody")
    repository, _ = start(client, tmp_path, monkeypatch)
    edit(repository)
    assert push(repository, "--run").out.count(" Finished") == 1
    assert "Finished" not in push(repository, "--run").out
    assert push(repository, "A draft of somebody", "--run").out.count(" Finished") == 1


# --- several workspaces


def test_one_folder_lives_in_two_workspaces_each_bound(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    assert "is bound to no experiment of prod" in push(repository, TITLE, "--remote", "prod", code=USAGE).err
    assert "which workspace? (known: prod, studio)" in push(repository, TITLE, code=USAGE).err
    made = push(repository, TITLE, "--remote", "prod", "--new")
    there = made.out.splitlines()[-1].strip()
    assert "up to date" in push(repository, TITLE, "--remote", "prod", "--new").out  # it is the new one already
    edit(repository)
    assert "pushed" in push(repository, "--remote", "prod").out
    assert list(own(prod)) == [TITLE]
    aml(repository, "pull", "prod").expect(OK)
    assert set(re.findall(r'"(\w+)": \{"Experiment"', (folder(repository) / "sync.json").read_text())) == {"studio", "prod"}
    assert len(list((repository / "experiments").iterdir())) == 1
    head = git(repository, "rev-parse", "HEAD")
    aml(repository, "pull", "prod").expect(OK)
    assert git(repository, "rev-parse", "HEAD") == head
    assert "pushed" in push(repository, "--remote", "studio").out
    assert (value(client, identity), value(prod, there)) == ("y", "y")
    edit_there(prod, there)
    push(repository, "--remote", "studio")
    edit(repository, '"Value": "y"', '"Value": "z"')
    push(repository, "--remote", "prod", code=REFUSED)
    aml(repository, "pull", "prod").expect(OK)
    push(repository, "--remote", "prod")
    push(repository, "--remote", "studio")
    assert [(value(each, name), value(each, name, 2)) for each, name in ((client, identity), (prod, there))] == [("z", "theirs")] * 2


def test_bind_joins_a_folder_and_an_experiment_that_was_copied(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    copied = aml(repository, "copy", TITLE, "--to", "prod", "--json").expect(OK).json["result"]
    assert own(prod) == {TITLE: copied["experiment"]}
    assert "is bound to no experiment of prod" in aml(repository, "copy", TITLE, "--from", "prod", "--to", "studio").expect(USAGE).err
    assert "are the same workspace" in aml(repository, "copy", TITLE, "--from", "studio", "--to", "studio").expect(USAGE).err
    assert "is no experiment of prod" in aml(repository, "bind", TITLE, identity, "--remote", "prod").expect(USAGE).err
    lost = copied["experiment"][:-4] + "0000"
    assert f"prod has no experiment {lost}" in aml(repository, "bind", TITLE, lost, "--remote", "prod").expect(USAGE).err
    aml(repository, "fetch", "prod").expect(OK)
    aml(repository, "bind", TITLE, copied["experiment"], "--remote", "prod", "-n").expect(OK)
    assert git(repository, "status", "--porcelain") == ""
    bound = aml(repository, "bind", TITLE, copied["experiment"], "--remote", "prod").expect(OK)
    assert "bound" in bound.out
    commit_all(repository, "bound")
    assert "already" in aml(repository, "bind", TITLE, copied["experiment"], "--remote", "prod").expect(REFUSED).err
    edit(repository)
    if "merges what is there" not in bound.err:
        push(repository, "--remote", "prod")
        assert value(prod, copied["experiment"]) == "y"


def test_a_second_copy_is_made_only_where_it_is_meant(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    first = aml(repository, "copy", TITLE, "--to", "prod", "--json").expect(OK).json["result"]["experiment"]
    refused = aml(repository, "copy", TITLE, "--to", "prod").expect(REFUSED)
    assert f"prod has an experiment {TITLE!r} already ({first})" in refused.err
    assert "amlgit bind" in refused.err
    assert titles(prod) == [TITLE]
    aml(repository, "copy", TITLE, "--to", "prod", "--again").expect(OK)
    assert titles(prod) == [TITLE, TITLE]


def test_an_entry_of_the_gallery_is_copied_into_a_workspace_and_pulled(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    other = server.new_workspace()
    published = other.save_as("Published", chain())["ExperimentId"]
    entry = server.admin("POST", "gallery", json={"WorkspaceId": other.id, "ExperimentId": published}).json()
    asked = ("--gallery", entry["PackageUri"], "--community", entry["CommunityUri"], "--entity", entry["EntityId"])
    assert "go together" in aml(repository, "copy", "--to", "studio", *asked[:4]).expect(USAGE).err
    assert "go together" in aml(repository, "copy", TITLE, "--to", "studio", *asked).expect(USAGE).err
    made = aml(repository, "copy", "--to", "studio", *asked).expect(OK)
    identity = own(client)["Published"]
    assert made.out == f"studio has 'Published': {identity}\n"
    aml(repository, "pull").expect(OK)
    assert (folder(repository, "Published") / "nodes").is_dir()
    again = aml(repository, "copy", "--to", "studio", *asked).expect(OK)
    assert f"studio had an experiment 'Published' before ({identity})" in again.err
    missing = (*asked[:1], entry["PackageUri"][:-4] + "0000", *asked[2:])
    assert aml(repository, "copy", "--to", "studio", *missing).code in (REFUSED, UNREACHABLE)
