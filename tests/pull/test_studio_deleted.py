"""Experiments that are deleted in their workspace: the folder goes by a commit, and nobody's work with it; asked about once."""

import json
import os
from pathlib import Path

import pytest

from tests.pull.test_studio_fetch import asked
from tests.support.canned import TOKEN, canned
from tests.support.canned_workspace import OWN, clone, experiment, other, run_of, workspace
from tests.support.commands import OK, REFUSED, aml, git
from tests.support.emulated import Client, Json, Server
from tests.support.pushing import TITLE, edit, edit_there, folder, push, start
from tests.support.repositories import chains, commit_all, dirty, fsck, leftovers, replace_in, subjects
from tests.support.workspaces import add_remote


def delete(client: Client, identity: str) -> None:
    client.call("DELETE", f"experiments/{identity}?deleteAncestors=true")


def folders(repository: Path) -> list[str]:
    return sorted(path.name.rpartition("-")[0] for path in (repository / "experiments").glob("*"))


def test_the_folder_goes_the_versions_stay_and_nobody_asks_twice(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = client.save_as("Kept")["ExperimentId"]
    repository, identity = start(client, tmp_path, monkeypatch)
    before, name = chains(repository), folder(repository).name
    delete(client, identity)
    edit_there(client, kept)
    server.admin("DELETE", "requests")
    assert f"left alone: {TITLE}: it was deleted there" in aml(repository, "fetch").expect(OK).err
    assert len([each for each in asked(server, client) if identity[-32:] in each]) == 2  # the experiment, and its newest run
    assert folders(repository) == ["Kept", TITLE]  # a fetch leaves the branch alone
    done = aml(repository, "pull").expect(OK)
    assert f"experiments/{name}: removed, because it was deleted at studio" in done.out
    assert asked(server, client) == ["GET experiments"]
    assert folders(repository) == ["Kept"]
    assert subjects(repository)[-1] == f"Remove experiments/{name}, deleted at studio"
    assert f"Aml-Deleted: {identity}" in git(repository, "log", "-1", "--format=%B")
    assert chains(repository) == before
    head = git(repository, "rev-parse", "HEAD")
    for verb in ("fetch", "pull"):
        said = aml(repository, verb).expect(OK)
        assert "deleted" not in said.out + said.err
        assert asked(server, client) == ["GET experiments"]
    assert git(repository, "rev-parse", "HEAD") == head
    # without the cache it is asked again, and nothing else comes of it
    (repository / ".git" / "amlgit" / "studio-studio.json").unlink()
    aml(repository, "pull").expect(OK)
    # what was brought back by a revert stays
    git(repository, "revert", "--no-edit", "HEAD")
    aml(repository, "pull").expect(OK)
    assert folders(repository) == ["Kept", TITLE]
    # and it can be made there again from the record
    assert "made" in push(repository, f"{TITLE}@-1", "--new").out
    assert dirty(repository) == leftovers(repository) == []
    fsck(repository)


def test_what_was_run_there_before_comes_and_goes(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit_there(client, identity)
    client.run(identity)
    aml(repository, "fetch").expect(OK)
    delete(client, identity)
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-2] == f"{TITLE}: run 2 Finished"
    assert folders(repository) == []


@pytest.mark.parametrize("is_committed", [True, False])
def test_a_folder_that_was_edited_here_is_a_conflict_until_somebody_decides(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    if is_committed:
        edit(repository)
    else:
        (folder(repository) / "notes.txt").write_text("mine\n")
    head, name = git(repository, "rev-parse", "HEAD"), folder(repository).name
    delete(client, identity)
    for _ in range(2):
        refused = aml(repository, "pull").expect(REFUSED)
        assert f"experiments/{name}: deleted there, and edited here" in refused.err
        assert f"'amlgit rm \"experiments/{name}\"' takes it out here, too" in refused.err
        assert git(repository, "rev-parse", "HEAD") == head
        assert folder(repository).is_dir()
    if not is_committed:
        commit_all(repository, "a note")
    # two ways out: keep it without the workspace, or let it go
    sync = folder(repository) / "sync.json"
    text = sync.read_text()
    sync.write_text("{}\n")
    commit_all(repository, "of our own now")
    aml(repository, "pull").expect(OK)
    assert folders(repository) == [TITLE]
    sync.write_text(text)
    commit_all(repository, "bound again")
    aml(repository, "rm", f"experiments/{name}").expect(OK)
    commit_all(repository, "gone")
    aml(repository, "pull").expect(OK)
    assert folders(repository) == []


@pytest.mark.parametrize("is_link", [False, True])
def test_a_file_of_ones_own_that_is_committed_keeps_the_folder(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_link: bool
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    notes = folder(repository) / "notes.txt"
    if is_link:
        notes.symlink_to("sync.json")
    else:
        notes.write_text("mine\n")
    commit_all(repository, "notes")
    delete(client, identity)
    refused = aml(repository, "pull").expect(REFUSED)
    assert f"experiments/{notes.parent.name}: deleted there, and edited here" in refused.err
    assert notes.exists()
    assert dirty(repository) == []


def test_names_that_were_given_to_assets_keep_the_folder(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    assets = folder(repository) / "assets.json"
    entry = json.loads(assets.read_text())["Assets"][0]
    replace_in(assets, f'"Id": "{entry["Id"]}"', f'"Id": "{entry["Id"]}", "Name": "Customers of 2016"')
    commit_all(repository, "what it is called")
    delete(client, identity)
    refused = aml(repository, "pull").expect(REFUSED)
    assert f"experiments/{assets.parent.name}: deleted there, and edited here" in refused.err
    assert "Customers of 2016" in assets.read_text()


def test_a_folder_that_lives_elsewhere_too_stays(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    push(repository, TITLE, "--remote", "prod", "--new")
    aml(repository, "pull", "prod").expect(OK)
    delete(client, identity)
    aml(repository, "pull", "studio").expect(OK)
    assert folders(repository) == [TITLE]
    assert "up to date" in push(repository, TITLE, "--remote", "prod").out


def test_what_amlgit_deleted_there_leaves_its_folder(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    aml(repository, "rm", TITLE, "--remote", "studio", "--yes").expect(OK)
    aml(repository, "pull").expect(OK)
    assert folders(repository) == [TITLE]


def test_another_clone_takes_it_out_as_well(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    late = tmp_path / "late"
    git(tmp_path, "clone", "--quiet", "--no-local", repository, late)
    aml(late, "pull", "studio").expect(OK)
    delete(client, identity)
    aml(repository, "pull").expect(OK)
    git(late, "pull", "--quiet")
    aml(late, "pull", "studio").expect(OK)
    assert folders(late) == []
    assert git(late, "rev-parse", "HEAD") == git(repository, "rev-parse", "HEAD")


@pytest.mark.parametrize("is_alone", [False, True])
def test_what_is_not_listed_and_still_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_alone: bool) -> None:
    """Archived; or deleted without its history, where the service lists no snapshot."""
    monkeypatch.setenv("AMLGIT_TOKEN", TOKEN)
    run = run_of(experiment(), 0, None)
    listed: list[Json] = [experiment(RunId=run["ExperimentId"], Status=run["Status"]), other("c")]
    documents: dict[str, Json] = {str(run["ExperimentId"]): run, OWN: experiment(), str(listed[1]["ExperimentId"]): listed[1]}
    repository = tmp_path / "repository"
    with canned(workspace(listed, documents)) as service:
        clone(f"http://127.0.0.1:{service.port}", repository).expect(OK)
        del listed[0]
        if is_alone:
            del documents[OWN]
        assert "left alone: T: the workspace does not list it any more, and still has it" in aml(repository, "pull").expect(OK).err
        assert folders(repository) == ["Other c", "T"]
        number = len(service.asked)
        aml(repository, "pull").expect(OK)
        assert len(service.asked) == number + 1


def test_another_workspace_under_the_same_name_says_nothing_about_the_first(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    elsewhere = server.new_workspace()
    settings = repository / ".amlgit"
    settings.write_text(settings.read_text().replace(client.id, elsewhere.id))
    commit_all(repository, "another workspace")
    monkeypatch.setitem(os.environ, "AMLGIT_TOKEN", elsewhere.token)
    aml(repository, "pull").expect(OK)
    assert folders(repository) == [TITLE]
