"""Clone, fetch and pull from a workspace: what becomes of each kind of experiment, at what cost, and that ids depend on the runs alone."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, PARTLY, UNREACHABLE, USAGE, aml, environment, git
from tests.support.emulated import Client, Json, Server, chain, serving
from tests.support.repositories import chains, count, dirty, fsck, leftovers, subjects

KEY = "Zm9yIHRlc3RzIG9ubHkgbm90IGEgcmVhbCBrZXkgYXQgYWxsISEhISEhISEhISEhISEhISEhISEhISEhISEhISE="


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> Client:
    found = server.new_workspace()
    monkeypatch.setenv("AMLGIT_TOKEN", found.token)
    return found


def clone(client: Client, folder: Path, code: int = OK) -> Path:
    aml(folder.parent, "clone", "--workspace", client.id, "--url", client.url, folder).expect(code)
    return folder


def asked(server: Server, client: Client) -> list[str]:
    """What was asked of a workspace since the last time, as method and path below it."""
    found = server.admin("GET", "requests").json()["Latest"]
    server.admin("DELETE", "requests")
    return [f"{each['Method']} {each['Path'].partition(client.id + '/')[2]}" for each in found if client.id in each["Path"]]


def edit(client: Client, identity: str, value: str, **changes: Json) -> None:
    """Save over the draft of an experiment."""
    client.save(client.experiment(identity), ExperimentGraph=chain(value=value), **changes)


def run(client: Client, identity: str, value: str) -> Json:
    edit(client, identity, value)
    return client.run(identity)


def family(identity: str) -> str:
    return identity.split(".")[2]


def folder_of(repository: Path, identity: str) -> Path:
    (found,) = [path for path in (repository / "experiments").iterdir() if path.name.endswith(family(identity)[:6])]
    return found


def test_runs_become_commits_and_nothing_new_costs_one_request(server: Server, client: Client, tmp_path: Path) -> None:
    one, two = (client.save_as(title)["ExperimentId"] for title in ("One", "Two"))
    for value in ("a", "b"):
        run(client, one, value)
    run(client, two, "c")
    server.admin("DELETE", "requests")
    repository = clone(client, tmp_path / "repository")
    assert asked(server, client).count("GET experiments") == 2  # the list, and the list with the history
    assert sorted(subjects(repository)) == ["One: run 1 Finished", "One: run 2 Finished", "Set up amlgit", "Two: run 1 Finished"]
    assert set(chains(repository)) == {f"studio/{family(one)}", f"studio/{family(two)}"}
    for verb in ("fetch", "pull"):
        aml(repository, verb).expect(OK)
        assert asked(server, client) == ["GET experiments"]
    run(client, one, "d")
    server.admin("DELETE", "requests")
    aml(repository, "pull").expect(OK)
    assert len(asked(server, client)) == 2  # the list, and the run
    assert subjects(repository)[-1] == "One: run 3 Finished"
    # the cache is one: without it the next fetch finds that it has everything
    (repository / ".git" / "amlgit" / "studio-studio.json").unlink()
    server.admin("DELETE", "requests")
    assert "Already up to date" in aml(repository, "pull").expect(OK).out
    assert asked(server, client) == ["GET experiments"]
    assert dirty(repository) == leftovers(repository) == []
    fsck(repository)


def test_two_machines_that_pulled_at_different_times_have_the_same_ids(server: Server, client: Client, tmp_path: Path) -> None:
    slow, steady, short, lost = (client.save_as(title)["ExperimentId"] for title in ("Slow", "Steady", "Short", "Lost"))
    often = clone(client, tmp_path / "often")  # nothing but drafts so far
    assert chains(often) == {}
    run(client, slow, "1")
    run(client, lost, "1")
    aml(often, "pull").expect(OK)
    before = chains(often)
    edit(client, slow, "2")
    client.save(client.experiment(slow), draft=False)  # and it runs while they pull
    server.admin("POST", "faults", json={"kind": "latency", "seconds": 0.0})
    aml(often, "fetch").expect(OK)
    client.wait(slow)
    for value in ("1", "2", "3"):
        run(client, steady, value)
    run(client, short, "1")
    aml(often, "fetch").expect(OK)
    run(client, slow, "3")
    run(client, short, "2")
    client.call("DELETE", f"experiments/{short}")  # the working copy alone; its history stays
    aml(often, "fetch").expect(OK)
    client.call("DELETE", f"experiments/{lost}?deleteAncestors=true")
    late = clone(client, tmp_path / "late")
    aml(often, "pull").expect(OK)
    theirs = {ref: tip for ref, tip in chains(often).items() if family(lost) not in ref}
    assert chains(late) == theirs
    assert len(theirs) == 3
    assert {ref: count(late, f"refs/amlgit/{ref}") for ref in theirs} == {
        f"studio/{family(slow)}": 3,
        f"studio/{family(steady)}": 3,
        f"studio/{family(short)}": 2,
    }
    # what the workspace forgot, the record keeps
    assert chains(often)[f"studio/{family(lost)}"] == before[f"studio/{family(lost)}"]
    for identity in (slow, steady):
        assert git(often, "rev-parse", f"HEAD:experiments/{folder_of(often, identity).name}/nodes") == git(
            late, "rev-parse", f"HEAD:experiments/{folder_of(late, identity).name}/nodes"
        )


def test_a_snapshot_deleted_from_the_middle_is_a_hole_and_never_less(client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Holed")["ExperimentId"]
    runs = [run(client, identity, value)["RunId"] for value in ("1", "2", "3")]
    whole = clone(client, tmp_path / "whole")
    before = chains(whole)
    run(client, identity, "4")  # before the delete: the emulator counts in seconds, and would give its id again
    client.call("DELETE", f"experiments/{runs[1]}")
    holed = clone(client, tmp_path / "holed")
    assert subjects(holed)[1:] == [f"Holed: run {number} Finished" for number in (1, 2, 3)]
    aml(whole, "pull").expect(OK)
    (ref,) = chains(whole)
    assert git(whole, "rev-parse", f"refs/amlgit/{ref}~1") == before[ref]
    assert count(whole, f"refs/amlgit/{ref}") == 4


def test_drafts_come_to_the_branch_and_never_into_the_record(server: Server, client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Sketch", chain(value="first"))["ExperimentId"]
    repository = clone(client, tmp_path / "repository")
    assert subjects(repository)[1:] == ["Sketch: draft 1"]
    assert chains(repository) == {}
    folder = folder_of(repository, identity)

    def value() -> str:
        text = "".join(path.read_text() for path in sorted(folder.glob("nodes/*.json")))
        return next(word for word in ("first", "second", "third", "fourth") if word in text)

    edit(client, identity, "second")
    assert "Sketch: 1 new draft (0 versions in all)" in aml(repository, "pull").expect(OK).out
    assert value() == "second"
    assert aml(repository, "status", "--exit-code").expect(OK).out.count("edited") == 0
    client.run(identity)  # of what is pulled already: a version all the same, with the same content
    assert "Sketch: 1 new version (1 in all)" in aml(repository, "pull").expect(OK).out
    edit(client, identity, "third")
    assert "Sketch: 1 new draft (1 version in all)" in aml(repository, "pull").expect(OK).out
    assert value() == "third"
    edit(client, identity, "second")  # back to what was run
    aml(repository, "pull").expect(OK)
    assert value() == "second"
    run(client, identity, "fourth")
    aml(repository, "pull").expect(OK)
    assert value() == "fourth"
    assert count(repository, f"refs/amlgit/studio/{family(identity)}") == 2
    server.admin("DELETE", "requests")
    assert "Already up to date" in aml(repository, "pull").expect(OK).out
    assert asked(server, client) == ["GET experiments"]
    # a clone that never saw a draft has the same record
    assert chains(clone(client, tmp_path / "late")) == chains(repository)
    fsck(repository)


def test_status_counts_the_versions_of_the_record_and_tells_of_drafts(client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Sketch", chain(value="first"))["ExperimentId"]
    repository = clone(client, tmp_path / "repository")

    def standing() -> str:
        return aml(repository, "status").expect(OK).out.partition(": ")[2].strip()

    def fetch() -> None:
        aml(repository, "fetch").expect(OK)

    assert standing() == "a draft of studio"
    assert aml(repository, "log", "Sketch").expect(OK).out == aml(repository, "log").expect(OK).out == "No versions yet.\n"
    assert "only a draft of it is known" in aml(repository, "show", "Sketch@1").expect(USAGE).err
    told = aml(repository, "map").expect(OK)
    assert ": Sketch is draft (" in told.out
    assert told.err == ""
    edit(client, identity, "second")
    fetch()
    assert standing() == "a draft of studio, and a newer draft is there"
    client.run(identity)
    fetch()
    assert standing() == "a draft of studio, and a newer version is there"
    aml(repository, "pull").expect(OK)
    assert standing() == "version 1 of 1 in studio"
    edit(client, identity, "third")
    fetch()
    assert standing() == "version 1 of 1 in studio, and a newer draft is there"
    aml(repository, "status", "--exit-code").expect(FINDINGS)
    aml(repository, "pull").expect(OK)
    assert standing() == "version 1 of 1 in studio and a draft after it"
    aml(repository, "status", "--exit-code").expect(OK)


def test_what_was_edited_here_is_merged_with_what_was_run_there(client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Shared", chain(comments=("", "", "")))["ExperimentId"]
    client.run(identity)
    repository = clone(client, tmp_path / "repository")
    nodes = sorted(folder_of(repository, identity).glob("nodes/*.json"))
    mine = next(path for path in nodes if "13-" in path.name)
    mine.write_text(mine.read_text().replace('"Comment": ""', '"Comment": "mine"'))
    git(repository, "commit", "-qam", "a comment")
    client.save(client.experiment(identity), ExperimentGraph=chain(comments=("theirs", "", "")))
    aml(repository, "pull").expect(OK)
    text = "".join(path.read_text() for path in nodes)
    assert '"mine"' in text
    assert '"theirs"' in text


def test_renamed_failed_canceled_and_other_peoples_experiments(server: Server, client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Old name")["ExperimentId"]
    client.run(identity)
    repository = clone(client, tmp_path / "repository")
    folder = folder_of(repository, identity)
    client.save(client.experiment(identity), Description="New name")
    failing = client.experiment(identity)
    failing["Graph"] = chain(comments=("emulator: fail for a test", "", ""))
    client.save(failing, draft=False)
    assert client.wait(identity)["Status"]["StatusCode"] == "Failed"
    run(client, identity, "slow")
    aml(repository, "pull").expect(OK)
    assert folder.is_dir()  # the folder is the user's to rename
    assert "New name" in (folder / "experiment.json").read_text()
    assert subjects(repository)[-2:] == ["New name: run 2 Failed", "New name: run 3 Finished"]
    assert git(repository, "log", "-1", "--format=%an %ae").endswith(f"@{client.id}")
    assert {path.name[-6:] for path in (repository / "experiments").iterdir()} == {family(identity)[:6]}  # and none of the service's samples


def test_a_running_experiment_waits_and_its_chain_stops_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--data", tmp_path / "slow", "--node-seconds", "30") as slow:
        there = slow.workspace()
        identity = there.save_as("Long")["ExperimentId"]
        there.save(there.experiment(identity), draft=False)
        monkeypatch.setenv("AMLGIT_TOKEN", there.token)
        ended = aml(tmp_path, "clone", "--workspace", there.id, "--url", there.url, "long").expect(OK)
        assert "left alone: Long: it is running" in ended.err
        assert chains(tmp_path / "long") == {}
        there.call("POST", f"experiments/{identity}/cancel")
        aml(tmp_path / "long", "pull").expect(OK)
        assert subjects(tmp_path / "long")[-1] == "Long: run 1 Canceled"


def test_one_that_can_not_be_opened_is_named_and_the_others_come(client: Client, tmp_path: Path) -> None:
    good = client.save_as("Good")["ExperimentId"]
    client.run(good)
    client.save_as("Broken", chain(dataset=f"{client.id}.{'0' * 32}.v1-default-1"))
    ended = aml(tmp_path, "clone", "--workspace", client.id, "--url", client.url, "repository").expect(PARTLY)
    assert "not taken in: Broken (draft of " in ended.err
    assert "refers to" in ended.err
    assert subjects(tmp_path / "repository")[1:] == ["Good: run 1 Finished"]


def test_skipped_ones_are_not_even_asked_for(server: Server, client: Client, tmp_path: Path) -> None:
    kept, skipped = (client.save_as(title)["ExperimentId"] for title in ("Kept", "Skipped"))
    client.run(kept)
    client.run(skipped)
    repository = clone(client, tmp_path / "repository")
    aml(repository, "rm", "Skipped").expect(OK)
    git(repository, "commit", "-qam", "without it")
    run(client, skipped, "new")
    server.admin("DELETE", "requests")
    aml(repository, "pull").expect(OK)
    assert asked(server, client) == ["GET experiments"]


def test_secrets_rest_nowhere(client: Client, tmp_path: Path) -> None:
    graph = chain()
    graph["ModuleNodes"][0]["ModuleParameters"].append({"ValueType": "Literal", "LinkedGlobalParameter": None, "Name": "Account Key", "Value": KEY})
    identity = client.save_as("Keyed", graph)["ExperimentId"]
    client.run(identity)
    repository = clone(client, tmp_path / "repository")
    git(repository, "repack", "-adq")
    unpacked = git(repository, "cat-file", "--batch-all-objects", "--batch", "--unordered")
    assert KEY not in unpacked
    assert client.token not in unpacked
    for path in repository.rglob("*"):
        if path.is_file():
            assert KEY.encode() not in path.read_bytes(), path
            assert client.token.encode() not in path.read_bytes(), path
    assert not (repository / ".git" / "amlgit" / "spool").exists()


def test_a_fetch_that_was_cut_off_goes_on_from_there(server: Server, client: Client, tmp_path: Path) -> None:
    identity = client.save_as("Many")["ExperimentId"]
    for value in range(8):
        run(client, identity, str(value))
    number = server.fault(kind="status", status=401, route=f"*{client.id}/experiments/*", skip=4, times=None)
    folder = tmp_path / "repository"
    ended = aml(tmp_path, "clone", "--workspace", client.id, "--url", client.url, folder).expect(UNREACHABLE)
    assert "the token is not accepted" in ended.err
    spool = folder / ".git" / "amlgit" / "spool" / "studio"
    assert spool.stat().st_mode & 0o777 == 0o700
    had = list(spool.glob("*.json"))
    assert had
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in had)
    server.admin("DELETE", f"faults/{number}")
    server.admin("DELETE", "requests")
    clone(client, folder)
    assert len([each for each in asked(server, client) if "s-id" in each]) == 8 - len(had)
    assert count(folder) == 9
    assert not spool.parent.exists()
    assert leftovers(folder) == []
    fsck(folder)


def _process(client: Client, folder: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "amlgit", "clone", "--workspace", client.id, "--url", client.url, str(folder)]
    return subprocess.Popen(
        command, cwd=folder.parent, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )


def test_a_clone_killed_at_any_moment_is_finished_by_the_next(server: Server, client: Client, tmp_path: Path) -> None:
    identities = [client.save_as(f"Experiment {number}")["ExperimentId"] for number in range(3)]
    for identity in identities:
        for value in range(4):
            run(client, identity, str(value))
    edit(client, identities[0], "a draft")
    started = time.monotonic()
    whole = tmp_path / "whole"
    assert _process(client, whole).wait(60) == OK
    takes = time.monotonic() - started
    numbers = random.Random(4)
    folder = tmp_path / "killed"
    for signal_number in (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGKILL, signal.SIGTERM):
        process = _process(client, folder)
        try:
            process.wait(numbers.uniform(0.3, 1.0) * takes)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal_number)
            process.wait(30)
        if folder.joinpath(".git", "HEAD").exists():
            assert not [path for path in folder.rglob("*.json") if path.is_file() and not path.read_bytes()]
    if (folder / ".git" / "amlgit" / "cloning").exists() or not folder.exists():
        clone(client, folder)
    aml(folder, "pull").expect(OK)
    assert chains(folder) == chains(whole)
    assert git(folder, "rev-parse", "HEAD^{tree}") == git(whole, "rev-parse", "HEAD^{tree}")
    assert dirty(folder) == leftovers(folder) == []
    assert not (folder / ".git" / "amlgit" / "spool").exists()
    fsck(folder)
