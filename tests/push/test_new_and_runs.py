"""Restored versions, new experiments, and runs, each made once whatever becomes of the answer."""

import re
from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, REFUSED, UNREACHABLE, USAGE, aml, git
from tests.support.emulated import Client, Server, chain, serving
from tests.support.pushing import TITLE, clone_of, edit, edit_there, folder, nothing_written, push, start, value
from tests.support.workspaces import hits, own, titles


def test_a_version_is_restored_as_a_new_experiment_with_its_assets_at_their_versions(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = client.dataset("Points")
    repository, identity = start(client, tmp_path, monkeypatch, graph=chain(old))
    edit_there(client, identity, "later", 0)
    aml(repository, "pull").expect(OK)
    client.dataset("Points", b"a\n1\n", old.split(".")[1])
    assert f"{TITLE}@1: would be made" in push(repository, f"{TITLE}@1", "--new", "As it was", "-n").out
    made = push(repository, f"{TITLE}@1", "--new", "As it was")
    new = made.out.splitlines()[-1].strip()
    assert own(client) == {TITLE: identity, "As it was": new}
    assert (value(client, new), value(client, identity)) == ("x", "later")
    document = client.experiment(new)
    assert document["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"] == old
    assert document["DisableNodesUpdate"] in (None, False)
    aml(repository, "pull").expect(OK)
    assert folder(repository, "As it was").is_dir()  # an experiment of its own


@pytest.mark.parametrize("kind", ["cut", "status"])
@pytest.mark.parametrize("after", [True, False])
def test_a_new_experiment_is_made_once_whatever_becomes_of_the_answer(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, after: bool
) -> None:
    repository, _ = start(client, tmp_path, monkeypatch)
    number = server.fault(kind=kind, method="POST", route=f"*{client.id}/experiments*", times=1, status=500, after=after)
    push(repository, TITLE, "--new", "Once")
    assert hits(server, number) == 1
    assert titles(client) == ["Once", TITLE]


def test_a_new_experiment_that_was_cut_off_is_gone_on_with(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amlgit.remotes.retrying.wait_before", lambda attempt, patience: 0.001)
    repository, _ = start(client, tmp_path, monkeypatch)
    server.fault(kind="cut", method="POST", route=f"*{client.id}/experiments*", times=1, after=True)
    server.fault(kind="status", status=503, method="GET", route=f"*{client.id}/experiments", times=None, skip=1)
    push(repository, TITLE, "--new", "Once", code=UNREACHABLE)
    assert titles(client, server) == ["Once", TITLE]
    push(repository, TITLE, "--new", "Once")
    assert titles(client) == ["Once", TITLE]
    again = push(repository, TITLE, "--new", "Once")
    assert "made already" in again.out
    assert '--new "ANOTHER TITLE"\' makes one more' in again.err
    assert own(client)["Once"] in again.out
    assert "made already" in push(repository, TITLE, "--new", "Once", "-n").out
    assert titles(client) == ["Once", TITLE]
    # what somebody changed since is neither written over nor made a second time
    edit_there(client, own(client)["Once"])
    with nothing_written(server):
        assert "was changed since" in push(repository, TITLE, "--new", "Once", code=REFUSED).err
    edit(repository)  # and another content is another request
    push(repository, TITLE, "--new", "Once")
    assert titles(client) == ["Once", "Once", TITLE]
    for each in client.get("experiments"):
        if each["Description"] == "Once":
            client.call("DELETE", f"experiments/{each['ExperimentId']}?deleteAncestors=true")
    assert ": made\n" in push(repository, TITLE, "--new", "Once").out.replace(": made:", ": made\n")
    assert titles(client) == ["Once", TITLE]


def test_push_run_runs_waits_and_fetches_so_that_the_map_names_the_run(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    done = push(repository, TITLE, "--run")
    (snapshot,) = re.findall(r"run (\S+s-id\S+) Finished", done.out)
    assert client.experiment(identity)["RunId"] == snapshot
    assert f"is run 2 (snapshot {snapshot}, " in aml(repository, "map", "HEAD").expect(OK).out
    with nothing_written(server):
        assert f"run {snapshot} Finished" in push(repository, TITLE, "--run").out  # it ran already
    head = git(repository, "rev-parse", "HEAD^{tree}")
    ran = aml(repository, "run", TITLE).expect(OK)
    assert snapshot not in ran.out
    assert len(client.get(f"experiments/{identity}/lineage")) == 3
    server.fault(kind="module", module="Score Model", message="Error 0003: an input is empty.", times=1)
    failed = aml(repository, "run", TITLE).expect(FINDINGS)
    assert "Failed" in failed.out
    (reason,) = [line for line in failed.out.splitlines() if line.startswith("  Score Model")]
    assert "failed: Error 0003: an input is empty" in reason
    edit(repository, '"Value": "y"', '"Value": "z"')
    server.fault(kind="module", module="Score Model", message="Error 0004: too small.", times=1)
    failed = push(repository, TITLE, "--run", code=FINDINGS)
    assert "Failed" in failed.out
    assert re.search("  Score Model .* failed: Error 0004: too small", failed.out)
    edit(repository, '"Value": "z"', '"Value": "zz"')
    server.fault(kind="module", module="Score Model", times=1)
    (told,) = push(repository, TITLE, "--run", "--json", code=FINDINGS).json["result"]["experiments"]
    assert told["failed"][0]["node"].startswith("Score Model")
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "HEAD^{tree}") != head  # sync.json names the run
    server.fault(kind="module", module="Score Model", message="Can't sign in with password=hunter2secret.", times=1)
    failed = aml(repository, "run", TITLE).expect(FINDINGS)
    assert "Can't sign in with" in failed.out
    assert "hunter2secret" not in failed.out + failed.err


def test_a_run_whose_answer_is_lost_is_not_started_twice(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    server.fault(kind="cut", method="POST", route=f"*{identity}", times=1, after=True)
    aml(repository, "run", TITLE).expect(OK)
    assert len(client.get(f"experiments/{identity}/lineage")) == 2


def test_a_wait_for_a_run_ends_when_it_is_told_to_and_the_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--data", tmp_path / "slow", "--node-seconds", "60") as slow:
        there = slow.workspace()
        identity = there.save_as(TITLE)["ExperimentId"]
        repository = clone_of(there, tmp_path / "repository", monkeypatch)
        edit(repository)
        assert "--timeout goes with --run" in push(repository, "--timeout", "1", code=USAGE).err
        aml(repository, "run", TITLE, "--timeout", "0").expect(USAGE)
        pushed = push(repository, "--run", "--timeout", "0.005", code=UNREACHABLE)
        assert f"experiment {identity} is still running after 0.005 minutes" in pushed.err
        assert "'amlgit pull' brings it when it is over" in pushed.err
        assert value(there, identity) == "y"
        assert "is still running after 0.002 minutes" in aml(repository, "run", TITLE, "--timeout", "0.002").expect(UNREACHABLE).err
        assert len(there.get(f"experiments/{identity}/lineage")) == 1  # it was not started a second time
        there.call("POST", f"experiments/{identity}/cancel")
        aml(repository, "pull").expect(OK)
        assert git(repository, "log", "-1", "--format=%s").strip() == f"{TITLE}: run 1 Canceled"
