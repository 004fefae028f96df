"""Experiments over HTTP: saved, run, locked, copied, deleted as in Studio (protocol, sections 4 and 5)."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from tests.support.emulated import GLOBAL, SELECT, Client, Json, Server, chain, download, ms, run, serving, submission, until

MEMBERS = (
    *("ExperimentId", "RunId", "ParentExperimentId", "OriginalExperimentDocumentationLink", "Summary", "Description", "Graph", "Status", "Etag"),
    *("NodeStatuses", "Creator", "IsLeaf", "DisableNodesUpdate", "WebService", "Category", "Tags", "IsPartialRun"),
)
"""The members of a real export, in its order (2016-05-25/train.json)."""
NEVER = "/Date(-62135596800000)/"


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("studio")
    run("seed", "--data", folder)
    with serving("--data", folder, "--node-seconds", "0.05") as server:
        yield server


def own(client: Client, query: str = "") -> list[Json]:
    """The workspace's own experiments in the list."""
    return [each for each in client.get(f"experiments{query}") if each["Category"] == "user"]


def test_saved_and_read_back_it_has_the_members_of_real_exports_in_their_order(client: Client) -> None:
    saved = client.save_as("Umlaute äöü €, \u2028 and 'quotes' \"too\"")
    text = client.call("GET", f"experiments/{saved['ExperimentId']}").content.decode()
    experiment = json.loads(text)
    assert tuple(experiment) == MEMBERS
    assert experiment["Graph"] == chain()
    assert experiment["Description"] == "Umlaute äöü €, \u2028 and 'quotes' \"too\""
    assert experiment["Etag"] == saved["Etag"]
    assert (experiment["RunId"], experiment["ParentExperimentId"], experiment["NodeStatuses"]) == (None, None, [])
    assert experiment["WebService"]["SerializedClientData"].endswith("<NodePositions></NodePositions><NodeGroups /></DataV1>")
    assert experiment["Status"]["StatusCode"] == "InDraft"
    assert (experiment["Status"]["StartTime"], experiment["Status"]["EndTime"], experiment["Status"]["StatusDetail"]) == (NEVER, NEVER, "None")
    assert "\n" not in text
    assert '"\\/Date(' in text
    assert "<Meta />" in text


def test_unknown_members_of_a_graph_and_the_order_of_its_members_survive(client: Client) -> None:
    graph = {"New": {"z": 1.5, "a": [None, True]}} | chain()
    graph["ModuleNodes"][0]["Odd"] = "…"
    service = {"IsWebServiceExperiment": False, "Inputs": [], "Outputs": None, "Parameters": [], "SerializedClientData": "<a/>", "Own": 1}
    identity = client.save_as(graph=graph, WebService=service)["ExperimentId"]
    experiment = client.experiment(identity)
    assert json.dumps(experiment["Graph"]) == json.dumps(graph)
    assert json.dumps(experiment["WebService"]) == json.dumps(service)


def test_the_list_has_a_summary_of_each_leaf(client: Client) -> None:
    identity = client.save_as("Listed")["ExperimentId"]
    found = own(client)
    assert [each["ExperimentId"] for each in found] == [identity]
    needed = {"JobId", "VersionId", "RunId", "IsArchived", "Etag", "Creator", "Status", "SchemaVersion", "DisableNodesUpdate", "Tags", "IsLeaf"}
    assert needed <= found[0].keys()
    assert "Graph" not in found[0]


def test_samples_are_listed_and_open_but_belong_to_nobody(client: Client) -> None:
    samples = [each for each in client.get("experiments") if each["Category"] != "user"]
    assert [each["ExperimentId"].startswith(GLOBAL) for each in samples] == [True]
    sample = client.experiment(samples[0]["ExperimentId"])
    client.save(sample, 403)
    client.call("DELETE", f"experiments/{sample['ExperimentId']}?deleteAncestors=true", 403)
    copy = client.save_as("My own", sample["Graph"])
    assert client.run(copy["ExperimentId"])["Status"]["StatusCode"] == "Finished"


def test_a_draft_keeps_its_creation_time_and_gets_a_new_etag_with_each_save(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    states = [client.experiment(identity)]
    for value in ("a", "b", "c"):
        client.save(states[-1], ExperimentGraph=chain(value=value))
        states.append(client.experiment(identity))
    assert len({each["Etag"] for each in states}) == 4
    assert len({each["Status"]["CreationTime"] for each in states}) == 1
    assert client.experiment(identity)["Etag"] == states[-1]["Etag"], "reading changes nothing"
    assert states[0]["Etag"].startswith("W/\"datetime'20")


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_if_match_is_honoured_where_it_is_sent(client: Client, method: str) -> None:
    saved = client.save_as()
    path = f"experiments/{saved['ExperimentId']}"
    body = submission("Changed", chain())
    client.call(method, path, 412, json=body, headers={"If-Match": "W/\"datetime'2016'\""})
    assert client.experiment(saved["ExperimentId"])["Description"] == "A test"
    client.call(method, path, json=body, headers={"If-Match": saved["Etag"]})
    client.call(method, path, 412, json=body, headers={"If-Match": saved["Etag"]})
    client.call(method, path, json=body, headers={"If-Match": "*"})
    client.call(method, path, json=body)
    client.call("DELETE", path, 412, headers={"If-Match": saved["Etag"]})
    client.call("DELETE", path, headers={"If-Match": client.experiment(saved["ExperimentId"])["Etag"]})


def test_of_two_saves_with_one_etag_one_wins(client: Client) -> None:
    for _ in range(5):
        saved = client.save_as()

        def save(number: int, saved: Json = saved) -> int:
            each = Client(client.url, client.id, client.token)
            body = submission(f"Writer {number}", chain())
            path = f"experiments/{saved['ExperimentId']}"
            return each.call("POST", path, None, json=body, headers={"If-Match": saved["Etag"]}).status_code

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(save, range(4))) == [200, 412, 412, 412]


@pytest.mark.parametrize(
    "body",
    [
        {"IsDraft": True},
        {"Description": "x", "ExperimentGraph": {}},
        {"Description": "x", "IsDraft": "true", "ExperimentGraph": {"ModuleNodes": [], "EdgesInternal": []}},
        {"Description": "x", "IsDraft": True, "ExperimentGraph": {"ModuleNodes": [1], "EdgesInternal": []}},
        {"Description": "x", "IsDraft": True, "ExperimentGraph": {"ModuleNodes": [{"Id": 1, "ModuleId": "x"}], "EdgesInternal": []}},
        {"Description": "x", "IsDraft": True, "ExperimentGraph": {"ModuleNodes": [], "EdgesInternal": [{}]}},
        {"Description": 1, "IsDraft": True, "ExperimentGraph": {"ModuleNodes": [], "EdgesInternal": []}},
        {"Description": "x", "IsDraft": True, "WebService": 1, "ExperimentGraph": {"ModuleNodes": [], "EdgesInternal": []}},
    ],
)
def test_what_is_no_experiment_is_refused_and_changes_nothing(client: Client, body: Json) -> None:
    client.post("experiments/", body, 400)
    assert own(client) == []


def test_after_a_run_the_leaf_names_its_own_snapshot_and_the_one_before(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    first = client.run(identity)
    second = client.run(identity)
    assert first["ParentExperimentId"] is None
    assert second["ParentExperimentId"] == first["RunId"] != second["RunId"]
    assert second["ExperimentId"] == identity
    workspace, kind, family, stamp = second["RunId"].split(".", 3)
    assert (workspace, kind, family) == (client.id, "s-id", identity.split(".")[2])
    created = ms(second["Status"]["CreationTime"])
    assert stamp == f"{datetime.max - timedelta(milliseconds=created):%Y-%m-%dt%H.%M.%S}"
    assert second["RunId"] < first["RunId"], "the newest sorts first"


def test_edited_after_a_run_it_is_a_draft_whose_parent_is_the_snapshot(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    ran = client.run(identity)
    client.save(ran, ExperimentGraph=chain(value="edited"))
    draft = client.experiment(identity)
    assert (draft["RunId"], draft["ParentExperimentId"]) == (None, ran["RunId"])
    assert draft["Status"]["StatusCode"] == "InDraft"
    assert draft["Status"]["CreationTime"] == ran["Status"]["CreationTime"], "a draft repeats the time of the state it was made from"
    assert draft["Etag"] != ran["Etag"]
    assert draft["IsLeaf"] is True


def test_snapshots_never_change_and_are_locked(client: Client) -> None:
    identity = client.save_as("First title")["ExperimentId"]
    ran = client.run(identity)
    snapshot = client.experiment(ran["RunId"])
    assert (snapshot["IsLeaf"], snapshot["ExperimentId"]) == (False, ran["RunId"])
    client.save(ran, Description="Second title", ExperimentGraph=chain(value="other"))
    client.run(identity)
    again = client.experiment(ran["RunId"])
    for each in (again, snapshot):
        del each["NodeStatuses"]  # its links are signed anew
    assert again == snapshot
    client.save(client.experiment(ran["RunId"]), 409)
    client.save(client.experiment(ran["RunId"]), 409, draft=False)
    copy = client.save_as("From a snapshot", again["Graph"])
    assert client.experiment(copy["ExperimentId"])["ParentExperimentId"] is None
    assert client.get(f"experiments/{copy['ExperimentId']}/lineage") == []


def test_the_run_history_is_the_chain_of_parents(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    runs = [client.run(identity)["RunId"] for _ in range(3)]
    assert [each["ExperimentId"] for each in client.get(f"experiments/{identity}/lineage")] == runs[::-1]
    client.save(client.experiment(identity))
    assert [each["ExperimentId"] for each in client.get(f"experiments/{identity}/lineage")] == runs[::-1]
    walked, following = [], client.experiment(identity)["ParentExperimentId"]
    while following:
        walked.append(following)
        following = client.experiment(following)["ParentExperimentId"]
    assert walked == runs[::-1]


def test_the_lists_filters_work(client: Client) -> None:
    ran = client.save_as("Ran")["ExperimentId"]
    client.run(ran)
    client.save_as("Draft")
    assert {each["Description"] for each in own(client)} == {"Ran", "Draft"}
    assert [each["Description"] for each in own(client, "?isDraft=true")] == ["Draft"]
    assert [each["Description"] for each in own(client, "?isDraft=false")] == ["Ran"]
    everything = own(client, "?includeNonLeaf=true")
    assert sorted(each["IsLeaf"] for each in everything) == [False, True, True]
    assert own(client, "?creator=nobody") == []
    assert len(own(client, "?creator=EMULATOR")) == 2


def test_deleting_with_ancestors_takes_the_whole_history_along(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    runs = [client.run(identity)["RunId"] for _ in range(2)]
    other = client.save_as("Stays")["ExperimentId"]
    client.call("DELETE", f"experiments/{identity}?deleteAncestors=true")
    for each in (identity, *runs):
        client.call("GET", f"experiments/{each}", 404)
    assert [each["ExperimentId"] for each in own(client, "?includeNonLeaf=true")] == [other]
    client.call("DELETE", f"experiments/{identity}", 404)


def test_deleting_alone_leaves_the_history_with_a_new_leaf(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    runs = [client.run(identity)["RunId"] for _ in range(2)]
    client.call("DELETE", f"experiments/{identity}")
    client.call("GET", f"experiments/{identity}", 404)
    assert [(each["ExperimentId"], each["IsLeaf"]) for each in own(client)] == [(runs[1], True)]
    client.call("DELETE", f"experiments/{runs[1]}")
    assert [each["ExperimentId"] for each in own(client)] == [runs[0]]


def test_an_unknown_asset_makes_an_experiment_that_can_not_be_opened_any_more(client: Client) -> None:
    whole = client.save_as("Whole")["ExperimentId"]
    for graph in (chain(dataset=f"{client.id}.{'1' * 32}.v1-default-9"), chain()):
        if not graph["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"]:
            graph["ModuleNodes"][0]["ModuleId"] = SELECT.replace("1744", "999999")
        broken = client.save_as("Broken", graph)["ExperimentId"]
        assert broken in {each["ExperimentId"] for each in own(client)}
        error = client.get(f"experiments/{broken}", ok=409)["error"]
        assert error["details"][0]["code"] == "AssetNotFound"
        client.post(f"experiments/{broken}", submission("Broken", graph, draft=False), 409)
        client.call("DELETE", f"experiments/{broken}?deleteAncestors=true")
    client.post(f"experiments/{whole}", submission("Whole", chain(dataset=f"{client.id}.x.y")))
    client.call("GET", f"experiments/{whole}", 409)
    client.post(f"experiments/{whole}", submission("Whole", chain()))
    assert client.experiment(whole)["Graph"] == chain(), "a good save mends it"


def test_another_workspaces_assets_are_unknown(studio: Server, client: Client) -> None:
    dataset = studio.new_workspace().dataset("theirs")
    broken = client.save_as("Broken", chain(dataset))["ExperimentId"]
    client.call("GET", f"experiments/{broken}", 409)


def test_experiments_stay_open_when_an_asset_is_deleted_later(client: Client) -> None:
    dataset = client.dataset("mine")
    identity = client.save_as(graph=chain(dataset))["ExperimentId"]
    client.call("DELETE", f"datasources/family/{dataset.split('.')[1]}")
    assert client.experiment(identity)["Graph"] == chain(dataset)


def test_save_as_moves_to_the_newest_versions_and_overwriting_does_not(client: Client) -> None:
    old = client.dataset("growing", b"a\n1\n")
    identity = client.save_as("First", chain(old))["ExperimentId"]
    ran = client.run(identity)
    new = client.dataset("growing", b"a\n2\n", family=old.split(".")[1])
    snapshot = client.experiment(ran["RunId"])
    assert snapshot["Graph"] == chain(old), "a snapshot keeps the versions of its time"
    client.save(client.experiment(identity))
    assert client.experiment(identity)["Graph"] == chain(old)
    assert client.experiment(client.save_as("Copy", snapshot["Graph"])["ExperimentId"])["Graph"] == chain(new), "layout included"
    kept = client.save_as("Pinned", snapshot["Graph"], DisableNodesUpdate=True)["ExperimentId"]
    assert client.experiment(kept)["Graph"] == chain(old)
    misspelt = client.save_as("Misspelt", snapshot["Graph"], DisableNodeUpdate=True)["ExperimentId"]
    assert client.experiment(misspelt)["Graph"] == chain(new), "the .NET client's spelling has no effect"


def test_annotations_and_the_long_description(sample: Client) -> None:
    listed = sample.get("experiments")
    notes = [sample.get(f"experiments/{each['ExperimentId']}/annotations") for each in listed]
    assert sorted(map(len, notes)) == [0, 0, 0, 1]
    note = next(each[0] for each in notes if each)
    assert set(note) == {"Id", "ParentAnnotationId", "ExperimentId", "Content", "IsCollapsed", "NodeId", "Edge"}
    path = f"experiments/{note['ExperimentId']}/details"
    assert sample.get(path) == ""
    sample.call("PUT", path, json="# Why")
    assert sample.get(path) == "# Why"
    sample.call("PUT", path, 400, json={"no": "string"})


def test_the_working_copy_stays_under_its_id_for_a_client_that_ignores_replies(client: Client) -> None:
    """GET, POST the draft, POST the run, then GET until it is over: what the .NET client does (protocol, section 4.2)."""
    identity = client.save_as()["ExperimentId"]
    experiment = client.experiment(identity)
    client.save(experiment)
    client.save(experiment, draft=False)
    done = until(lambda: client.experiment(identity), lambda each: each["Status"]["StatusCode"] in {"Finished", "Failed"})
    assert done["Status"]["StatusCode"] == "Finished"
    endpoint = done["NodeStatuses"][0]["OutputEndpoints"][0]
    assert b"SIMULATED" in download(endpoint).content


def test_a_save_of_thirty_thousand_characters_of_script_comes_back_to_the_letter(client: Client) -> None:
    script = "x <- '\\u00e9 é'\r\n" * 2000
    graph = chain(value=script)
    assert client.experiment(client.save_as(graph=graph)["ExperimentId"])["Graph"] == graph
