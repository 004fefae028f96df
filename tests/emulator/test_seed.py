"""Filling the emulator, from the shipped samples or an archive, and emptying it again."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.emulated import GLOBAL, Client, Json, Server, chain, download, run, serving


def fill(data: Path, *more: str | Path, ok: tuple[int, ...] = (0,)) -> Json:
    """Seed, and give the result of the report."""
    return json.loads(run("seed", "--data", data, "--json", *more, ok=ok).stdout)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("studio")
    fill(folder)
    return folder


@pytest.fixture(scope="module")
def studio(seeded: Path) -> Iterator[Server]:
    with serving("--data", seeded, "--node-seconds", "0.02") as server:
        yield server


def own(client: Client, query: str = "") -> list[Json]:
    return [each for each in client.get(f"experiments{query}") if not each["ExperimentId"].startswith(GLOBAL)]


def as_exported(document: Json) -> Json:
    """What of an experiment is the same wherever it is read: not its links, which are signed anew, nor the id it is read under."""
    bare = {name: value for name, value in document.items() if name not in {"ExperimentId", "IsLeaf", "NodeStatuses"}}
    return bare | {"NodeStatuses": [{"NodeId": each["NodeId"], "Status": each["Status"]} for each in document.get("NodeStatuses") or []]}


def test_the_samples_have_real_tables_modules_models_and_a_history_of_runs(studio: Server) -> None:
    client = studio.workspace()
    listed = own(client)
    assert {each["Status"]["StatusCode"] for each in listed} == {"Finished", "InDraft"}
    histories = {each["Description"]: client.get(f"experiments/{each['ExperimentId']}/lineage") for each in listed}
    assert sum(map(len, histories.values())) == 12
    for history in histories.values():
        for snapshot in history:
            assert client.experiment(snapshot["ExperimentId"])["Graph"]["ModuleNodes"]
    tables = [each for each in client.get("datasources") if not each["Id"].startswith(GLOBAL)]
    assert sorted(each["Name"] for each in tables) == ["scoring-example.csv", "usage-2016.csv"]
    for table in tables:
        lines = download(table["DownloadLocation"]).text.splitlines()
        assert len(lines) > 12
        assert lines[0].startswith("customer_id,")
        assert len({line.count(",") for line in lines}) == 1
    used = {node["ModuleId"].split(".")[1] for each in listed for node in client.experiment(each["ExperimentId"])["Graph"]["ModuleNodes"]}
    assert used <= {each["FamilyId"] for each in client.get("modules")}, "the module updater throws where one is missing"
    assert [each["Name"] for each in client.get("trainedmodels")] == ["Churn model"]
    assert client.run(next(each["ExperimentId"] for each in listed if "training" in each["Description"]))["Status"]["StatusCode"] == "Finished"


def test_every_run_of_the_samples_reads_as_it_was_exported(studio: Server) -> None:
    client = studio.workspace()
    from amlgit.emulator.seed import samples

    read = 0
    for file in sorted(samples().rglob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        if document.get("RunId") and "Graph" in document:
            found = client.experiment(document["RunId"])
            assert as_exported(found) == as_exported(document), file.name
            assert found["IsLeaf"] is False
            read += 1
    assert read == 12


def test_a_second_seed_adds_nothing_and_leaves_what_was_changed(tmp_path: Path) -> None:
    assert fill(tmp_path)["result"]["snapshots"] == 12
    with serving("--data", tmp_path) as server:
        client = server.workspace()
        before = {each["ExperimentId"]: each["Etag"] for each in own(client)}
        changed = next(iter(before))
        client.save(client.experiment(changed), Description="Mine now")
        again = fill(tmp_path)["result"]
        assert (again["experiments"], again["snapshots"], again["assets"]) == (0, 0, 0)
        after = {each["ExperimentId"]: each["Description"] for each in own(client)}
        assert after.keys() == before.keys()
        assert after[changed] == "Mine now"


def test_a_running_emulator_can_be_filled_and_emptied(tmp_path: Path) -> None:
    with serving("--data", tmp_path) as server:
        client = server.workspace()
        assert own(client) == []
        fill(tmp_path)
        assert len(own(client)) == 3
        client.dataset("mine")
        server.fault(kind="status", route="*/nowhere")
        run("reset", "--data", tmp_path)
        assert own(client, "?includeNonLeaf=true") == []
        assert [each["Id"][:32] for each in client.get("datasources")] == [GLOBAL], "the samples everybody sees are there again"
        assert client.get("trainedmodels") == client.get("notebooks") == []
        assert server.admin("GET", "faults").json() == []
        server.admin("POST", "reset")
        assert client.save_as()["ExperimentId"], "the token is what it was"


def test_an_archives_workspaces_keep_their_ids_and_the_largest_is_the_one_that_is_served_first(tmp_path: Path, corpus: Path) -> None:
    report = fill(tmp_path, "--archive", corpus / "archive")
    skipped = " ".join(each["message"] for each in report["diagnostics"])
    assert "#train.json#" in skipped
    assert report["result"]["experiments"] == 5
    with serving("--data", tmp_path) as server:
        client = server.workspace()
        tokens = {each["workspace"]: each["token"] for each in report["result"]["workspaces"]}
        assert tokens[client.id] == client.token
        assert sorted(each["Description"] for each in own(client)) == ["Entity Recognition", "Topic Images", "Topics"]
        for file in ("2016-05-25/train.json", "2016-12-09/Entity Recognition.json"):
            document = json.loads((corpus / "archive" / file).read_text(encoding="utf-8"))
            workspace = document["ExperimentId"].split(".")[0]
            reader = Client(client.url, workspace, tokens[workspace])
            assert as_exported(reader.experiment(document["ExperimentId"])) == as_exported(document)
            for status in reader.experiment(document["ExperimentId"])["NodeStatuses"]:
                for link in status["OutputEndpoints"]:
                    assert b"SIMULATED" in download(link).content, "an archive has no results, and none are made up"


def test_an_archive_can_be_taken_into_one_workspace(tmp_path: Path, corpus: Path) -> None:
    with serving("--data", tmp_path) as server:
        client = server.workspace(1)
        report = fill(tmp_path, "--archive", corpus / "archive", "--workspace", client.id)
        assert [each["workspace"] for each in report["result"]["workspaces"]] == [client.id]
        for each in own(client, "?includeNonLeaf=true"):
            assert client.experiment(each["ExperimentId"])
        refused = run("seed", "--data", tmp_path, "--workspace", "0" * 32, ok=(2,))
        assert "no workspace" in refused.stderr


def test_a_folder_without_exports_is_said_to_have_none(tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "broken.json").write_text('{"ExperimentId":')
    report = fill(tmp_path / "data", "--archive", tmp_path / "archive", ok=(5,))
    assert report["status"] != "ok"
    assert "broken.json" in report["diagnostics"][0]["message"]
    assert run("seed", "--data", tmp_path / "data", "--archive", tmp_path / "none", ok=(2,)).stdout == ""


@pytest.mark.parametrize(
    ("member", "value"), [("RunId", 7), ("RunId", "../x"), ("Etag", [1]), ("ParentExperimentId", {"a": 1}), ("Description", [1])]
)
def test_an_export_with_a_member_of_another_type_is_named_and_left_out(member: str, value: Json, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    whole = {"ExperimentId": f"{'a' * 32}.f-id.{'b' * 32}", "Status": {"StatusCode": "InDraft"}, "Graph": chain(), "WebService": None}
    (archive / "sound.json").write_text(json.dumps(whole))
    (archive / "odd.json").write_text(json.dumps({**whole, member: value}))
    report = fill(tmp_path / "data", "--archive", archive)
    (left,) = report["diagnostics"]
    assert left["message"].startswith(f"odd.json: {member} must be ")
    assert report["result"]["experiments"] == 1


def test_one_folder_is_served_once_at_a_time(tmp_path: Path) -> None:
    with serving("--data", tmp_path) as server:
        refused = run("serve", "--data", tmp_path, ok=(3,))
        assert "another emulator" in refused.stderr
        server.process.kill()
    with serving("--data", tmp_path) as server:
        assert server.workspace().get("experiments")
