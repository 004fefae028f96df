"""What stands around a push: new experiments and restored versions, runs, other workspaces, check --remote, bind, copy, rm --remote, layout."""

import itertools
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amlgit.form.layout import taken_apart
from tests.emulated import Client, Server, chain, serving, until
from tests.helpers import FINDINGS, OK, REFUSED, UNREACHABLE, USAGE, aml, commit_all, environment, git, process
from tests.pushing import TITLE, clone_of, edit, edit_there, folder, nothing_written, push, start, value


def own(client: Client) -> dict[str, str]:
    """Title → id of the workspace's own experiments."""
    return {each["Description"]: each["ExperimentId"] for each in client.get("experiments") if each["ExperimentId"].startswith(client.id)}


def titles(client: Client, server: Server | None = None) -> list[str]:
    """The titles of the workspace's own experiments; with a server after the end of its faults."""
    if server is not None:
        server.admin("DELETE", "faults")
    return sorted(each["Description"] for each in client.get("experiments") if each["ExperimentId"].startswith(client.id))


def hits(server: Server, number: int) -> int:
    """How often a fault struck."""
    (found,) = (int(each["hits"]) for each in server.admin("GET", "faults").json() if each["number"] == number)
    return found


def add_remote(repository: Path, client: Client, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    aml(repository, "remote", "add", name, "--workspace", client.id, "--url", client.url).expect(OK)
    commit_all(repository, f"remote {name}")
    monkeypatch.setenv(f"AMLGIT_TOKEN_{name.upper()}", client.token)


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


# --- new ones, and runs


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


# --- the other verbs


def test_check_remote_looks_for_assets_alone_and_writes_nothing(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = client.dataset("Points")
    repository, _ = start(client, tmp_path, monkeypatch, graph=chain(points))
    with nothing_written(server):
        aml(repository, "check", "--remote", "studio").expect(OK)
        gone = points.rpartition("-")[0] + "-999"
        edit(repository, points, gone)
        found = aml(repository, "check", "--remote", "studio").expect(FINDINGS)
        assert "Dataset: " in found.out
        assert gone in found.out
        assert f"{points}" in found.out + found.err
        (finding,) = aml(repository, "check", "--remote", "studio", TITLE, "--json").expect(FINDINGS).json["result"]["findings"]
        assert finding["rule"] == "asset-not-there"
        offline = aml(repository, "check").expect(OK)
        assert f"This dataset is new here: assets.json does not list it ({gone}). [asset-unlisted]" in offline.out
        aml(repository, "check", "--remote", "studio", "--fix").expect(USAGE)


def test_check_remote_passes_over_folders_of_other_workspaces(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository, _ = start(client, tmp_path, monkeypatch, graph=chain(client.dataset("Points")))
    prod = server.new_workspace()
    add_remote(repository, prod, "prod", monkeypatch)
    there = prod.save_as("Theirs", chain())["ExperimentId"]
    aml(repository, "pull", "prod").expect(OK)
    assert there in (folder(repository, "Theirs") / "sync.json").read_text()
    checked = aml(repository, "check", "--remote", "prod").expect(OK)
    path = folder(repository).relative_to(repository)
    assert checked.out == ""
    assert f"passed over, not bound to prod: {path}\n" in checked.err
    assert "No findings in 1 folder." in checked.err
    assert aml(repository, "check", "--remote", "prod", "--json").expect(OK).json["result"]["passed_over"] == [str(path)]
    named = aml(repository, "check", "--remote", "prod", TITLE).expect(FINDINGS)  # as before a 'push --new'
    assert "prod has no dataset" in named.out
    assert "passed over" not in named.err


@pytest.mark.parametrize("answer", ["n", "y"])
def test_rm_remote_asks_on_a_terminal_and_takes_no_for_an_answer(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    reader, writer = os.openpty()
    command = [sys.executable, "-m", "amlgit", "rm", TITLE, "--remote", "studio"]
    asking = subprocess.Popen(command, cwd=repository, env=environment(), stdin=writer, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        os.write(reader, f"{answer}\n".encode())
        out, err = asking.communicate(timeout=60)
    finally:
        os.close(reader)
        os.close(writer)
    assert f"Delete '{TITLE}' ({identity}) of studio, and 1 run of its history" in err
    assert asking.returncode == OK
    assert out.startswith("deleted" if answer == "y" else "kept")
    assert titles(client) == ([] if answer == "y" else [TITLE])


def test_rm_remote_asks_names_what_dies_and_git_keeps_it(server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    client.run(identity)
    with nothing_written(server):
        assert "would delete" in aml(repository, "rm", TITLE, "--remote", "studio", "-n").expect(OK).out
        asked = process(repository, "rm", TITLE, "--remote", "studio").expect(REFUSED)
        assert f"would delete '{TITLE}' ({identity}) of studio, and 2 runs of its history" in asked.err
        aml(repository, "rm", TITLE, "--yes").expect(USAGE)
    edit_there(client, identity, 'password = "held8back"')
    client.run(identity)
    lost = aml(repository, "rm", TITLE, "--remote", "studio", "--yes").expect(REFUSED)
    assert "1 of 3 runs are not in the record" in lost.err
    hold = aml(repository, "secret", "list", "--json").json["result"]["held"][0]["id"]
    aml(repository, "secret", "allow", hold).expect(OK)
    assert "deleted" in aml(repository, "rm", TITLE, "--remote", "studio", "--yes").expect(OK).out
    assert own(client) == {}
    assert aml(repository, "log", TITLE).expect(OK).out.count("  Finished  ") == 3
    assert folder(repository).is_dir()
    restored = push(repository, f"{TITLE}@-1", "--new")
    assert "made" in restored.out
    assert list(own(client)) == [TITLE]


def test_layout_places_boxes_apart_as_data_flows_and_a_push_takes_them_along(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = client.dataset("Points")
    repository, identity = start(client, tmp_path, monkeypatch, graph=chain(points))
    assert "would place 4 boxes" in aml(repository, "layout", TITLE, "-n").expect(OK).out
    assert git(repository, "status", "--porcelain") == ""
    assert "placed 4 boxes" in aml(repository, "layout", TITLE).expect(OK).out
    assert git(repository, "status", "--porcelain").split()[1:] == [f"experiments/{folder(repository).name}/layout.json"]
    aml(repository, "check").expect(OK)
    assert "already so" in aml(repository, "layout", TITLE).expect(OK).out
    commit_all(repository, "laid out")
    assert "layout only" in push(repository).out
    canvas = taken_apart(client.experiment(identity)["Graph"]["SerializedClientData"])
    assert canvas is not None
    places = {node: [float(part) for part in position.split(",")] for node, position in canvas.boxes}
    assert len(places) == 4
    column = [places[points], *(places[each["Id"]] for each in client.experiment(identity)["Graph"]["ModuleNodes"])]
    assert all(upper[1] + (upper[3] + lower[3]) / 2 <= lower[1] for upper, lower in itertools.pairwise(column))


def test_ci_pushes_from_a_detached_head_without_the_record(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    for text in ("1", "2"):
        edit(repository, f'"Value": "{value(client, identity)}"', f'"Value": "{text}"')
        ci = tmp_path / f"ci-{text}"
        git(tmp_path, "clone", "--quiet", "--no-local", repository, ci)
        git(ci, "checkout", "--quiet", "--detach")
        git(ci, "branch", "-D", "main")
        assert "pushed" in push(ci, "--remote", "studio").out
        assert value(client, identity) == text
        assert git(ci, "status", "--porcelain") == ""
    edit_there(client, identity)
    edit(repository, '"Value": "2"', '"Value": "3"')
    ci = tmp_path / "ci-3"
    git(tmp_path, "clone", "--quiet", "--no-local", repository, ci)
    assert "Select Columns: x → theirs" in push(ci, code=REFUSED).out


def test_ci_does_not_take_a_draft_for_another_of_the_same_time(client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = client.save_as(TITLE, chain())["ExperimentId"]
    repository = clone_of(client, tmp_path / "repository", monkeypatch)
    edit_there(client, identity)
    edit(repository)
    ci = tmp_path / "ci"
    git(tmp_path, "clone", "--quiet", "--no-local", repository, ci)
    assert "Select Columns: x → theirs" in push(ci, code=REFUSED).out


@pytest.mark.parametrize("answer", [{}, {"kind": "status", "status": 504}])
def test_an_edit_between_the_look_and_the_save_is_not_overwritten(
    server: Server, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]
) -> None:
    repository, identity = start(client, tmp_path, monkeypatch)
    edit(repository)
    number = server.fault(kind="latency", seconds=0.7, method="POST", route=f"*{identity}", times=1)
    if answer:
        server.fault(method="POST", route=f"*{identity}", times=1, **answer)
    with ThreadPoolExecutor(1) as executor:
        pushing = executor.submit(process, repository, "push")
        until(lambda: hits(server, number), bool)
        edit_there(client, identity)
        done = pushing.result().expect(REFUSED)
    assert ("the save got no answer, and studio holds something else now" if answer else "412 changed meanwhile") in done.err
    assert (value(client, identity), value(client, identity, 2)) == ("x", "theirs")
