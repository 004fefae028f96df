"""What stands around a push: check --remote, rm --remote, layout, and pushes from CI."""

import itertools
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from amlgit.form.layout import taken_apart
from tests.support.commands import FINDINGS, OK, REFUSED, USAGE, aml, environment, git, process
from tests.support.emulated import Client, Server, chain, until
from tests.support.pushing import TITLE, clone_of, edit, edit_there, folder, nothing_written, push, start, value
from tests.support.repositories import commit_all
from tests.support.workspaces import add_remote, hits, own, titles


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
