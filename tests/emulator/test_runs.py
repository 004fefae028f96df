"""Runs over HTTP: states in real time, parts of graphs, failures, cancellation, and outputs that say what they are."""

import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.support.emulated import SCORE, SELECT, TIMEOUT, Client, Json, Server, chain, download, ms, serving, submission, until


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving("--data", tmp_path_factory.mktemp("studio"), "--node-seconds", "0.15") as server:
        yield server


def codes(experiment: Json) -> list[str]:
    return [each["Status"]["StatusCode"] for each in experiment["NodeStatuses"]]


def test_a_run_passes_through_its_states_in_real_time(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    began = time.monotonic()
    client.save(client.experiment(identity), draft=False)
    seen: list[str] = []
    nodes: list[list[str]] = []
    while not seen or seen[-1] in {"NotStarted", "Running"}:
        experiment = client.experiment(identity)
        seen.append(experiment["Status"]["StatusCode"])
        nodes.append(codes(experiment))
    assert time.monotonic() - began > 0.5
    assert list(dict.fromkeys(seen)) == ["NotStarted", "Running", "Finished"]
    assert nodes[0] == ["NotStarted"] * 3
    assert ["Finished", "Running", "NotStarted"] in nodes
    assert nodes[-1] == ["Finished"] * 3
    status = experiment["Status"]
    assert ms(status["CreationTime"]) <= ms(status["StartTime"]) < ms(status["EndTime"])
    assert client.experiment(experiment["RunId"])["Status"] == status


def test_while_it_runs_it_is_locked_and_its_etag_changes_when_it_ends(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    client.save(client.experiment(identity), draft=False)
    running = client.experiment(identity)
    client.save(running, 409)
    client.save(running, 409, draft=False)
    assert client.wait(identity)["Etag"] != running["Etag"]
    client.save(running, 412, headers={"If-Match": running["Etag"]})
    client.save(running)


def test_a_run_goes_on_through_a_kill(client: Client, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("killed")
    with serving("--data", folder, "--node-seconds", "0.3") as server:
        identity = server.workspace().save_as()["ExperimentId"]
        server.workspace().save(server.workspace().experiment(identity), draft=False)
        server.process.kill()
    with serving("--data", folder) as server:
        assert server.workspace().wait(identity)["Status"]["StatusCode"] == "Finished"


def test_a_canceled_run_stays_canceled_and_is_in_the_history(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    client.call("POST", f"experiments/{identity}/cancel", 409)
    client.save(client.experiment(identity), draft=False)
    until(lambda: client.experiment(identity), lambda each: each["Status"]["StatusCode"] == "Running")
    client.call("POST", f"experiments/{identity}/cancel")
    canceled = client.experiment(identity)
    assert canceled["Status"]["StatusCode"] == "Canceled"
    assert codes(canceled)[0] == "Canceled"
    assert "Finished" not in codes(canceled)
    assert client.experiment(canceled["RunId"])["Status"] == canceled["Status"]
    client.call("POST", f"experiments/{identity}/cancel", 409)
    time.sleep(0.6)
    assert client.experiment(identity)["Status"]["StatusCode"] == "Canceled"
    assert client.run(identity)["ParentExperimentId"] == canceled["RunId"]


def test_a_module_told_to_fail_by_its_comment_fails_the_run(client: Client) -> None:
    identity = client.save_as(graph=chain(comments=("", "emulator: fail: Error 0001: no such column", "")))["ExperimentId"]
    failed = client.run(identity)
    assert failed["Status"]["StatusCode"] == "Failed"
    assert failed["Status"]["StatusDetail"] == "Error 0001: no such column"
    assert codes(failed) == ["Finished", "Failed", "NotStarted"]
    assert [len(each["OutputEndpoints"]) for each in failed["NodeStatuses"]] == [1, 0, 0]
    assert failed["NodeStatuses"][1]["StandardErrorEndpoint"]


@pytest.mark.parametrize("module", ["Score Model", SCORE.split(".")[1], SCORE, "5b8b1c55-0d2e-4a8e-9d0c-6d1f7b7a2f10-13"])
def test_a_module_told_to_fail_by_a_fault_fails_that_often(studio: Server, client: Client, module: str) -> None:
    studio.fault(kind="module", module=module, message="Out of memory")
    identity = client.save_as()["ExperimentId"]
    failed = client.run(identity)
    assert (failed["Status"]["StatusCode"], failed["Status"]["StatusDetail"]) == ("Failed", "Out of memory")
    assert codes(failed) == ["Finished", "Finished", "Failed"]
    assert client.run(identity)["Status"]["StatusCode"] == "Finished"
    studio.admin("DELETE", "faults")


def test_what_did_not_change_comes_from_the_cache(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    first = client.run(identity)
    graph = chain()
    graph["ModuleNodes"][1]["ModuleParameters"][0]["Value"] = "changed"
    client.save(first, ExperimentGraph=graph)
    second = client.run(identity)
    details = [each["Status"]["StatusDetail"] for each in second["NodeStatuses"]]
    assert details == ["Task output was present in output cache", "None", "None"]
    assert second["NodeStatuses"][0]["StandardOutEndpoint"] is None
    assert second["NodeStatuses"][0]["Status"]["Metadata"] == first["NodeStatuses"][0]["Status"]["Metadata"]
    assert second["NodeStatuses"][1]["Status"]["Metadata"] != first["NodeStatuses"][1]["Status"]["Metadata"]


def test_a_partial_run_runs_what_was_chosen_and_what_it_needs(client: Client) -> None:
    graph = chain()
    graph["ModuleNodes"][1]["IsPartOfPartialRun"] = True
    identity = client.save_as(graph=graph)["ExperimentId"]
    partial = client.run(identity)
    assert partial["IsPartialRun"] is True
    assert [each["NodeId"][-2:] for each in partial["NodeStatuses"]] == ["11", "12"]
    assert client.get(f"experiments/{identity}/lineage")[0]["IsPartialRun"] is True
    again = client.run(identity)
    assert [each["NodeId"][-2:] for each in again["NodeStatuses"]] == ["12"], "what has a result is not needed again"
    client.save(again, ExperimentGraph=chain())
    assert client.run(identity)["IsPartialRun"] is False


def test_every_output_says_that_it_is_simulated(client: Client) -> None:
    done = client.run(client.save_as()["ExperimentId"])
    status = done["NodeStatuses"][2]
    links = [*status["OutputEndpoints"], status["StandardOutEndpoint"], status["StandardErrorEndpoint"]]
    links += [each["Value"] for kinds in status["MetadataOutputEndpoints"].values() for each in kinds]
    assert len(links) == 5
    for link in links:
        response = download(link)
        assert response.status_code == 200
        assert b"SIMULATED" in response.content
        assert response.headers["x-amlgit-simulated"] == "true"
    assert status["OutputEndpoints"][0]["Name"] == "Scored dataset"
    assert [each["Key"] for each in status["MetadataOutputEndpoints"]["Scored dataset"]] == ["visualization", "schema"]
    assert status["Status"]["Metadata"]["Scored dataset"][0]["Value"].startswith("experimentoutput/")


def test_run_links_are_links_within_links_and_signed_anew(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    client.run(identity)
    link = client.experiment(identity)["NodeStatuses"][0]["OutputEndpoints"][0]
    query = parse_qs(urlsplit(link["AccessCredential"]).query)
    assert set(query) == {"workspaceId", "signature", "sharedAccessUri"}
    assert link["Location"] == "api/sharedaccess"
    inner = query["sharedAccessUri"][0]
    assert {"sv", "sr", "sig", "st", "se", "sp"} == set(parse_qs(urlsplit(inner).query))
    assert requests.get(inner, timeout=TIMEOUT).status_code == 200
    wrong = link | {"AccessCredential": link["AccessCredential"].replace(client.id, "0" * 32)}
    assert download(wrong).status_code == 403
    time.sleep(1.1)
    assert client.experiment(identity)["NodeStatuses"][0]["OutputEndpoints"][0]["AccessCredential"] != link["AccessCredential"]


def test_a_nodes_output_is_had_with_the_token_and_ports_without_case(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    done = client.run(identity)
    node = done["NodeStatuses"][0]["NodeId"]
    for port in ("Results%20dataset", "results dataset", "RESULTS DATASET"):
        response = client.call("GET", f"experiments/{identity}/outputdata/{node.upper()}/{port}")
        assert b"SIMULATED" in response.content
    client.call("GET", f"experiments/{identity}/outputdata/{node}/none", 404)
    assert requests.get(f"{client.url}/api/workspaces/{client.id}/experiments/{identity}/outputdata/{node}/x", timeout=TIMEOUT).status_code == 401


def test_a_graph_with_a_cycle_is_saved_but_not_run(client: Client) -> None:
    graph = chain()
    back = {"SourceOutputPortId": f"{graph['ModuleNodes'][2]['Id']}:Scored dataset", "DestinationInputPortIndex": None}
    graph["EdgesInternal"].append(back | {"DestinationInputPortId": f"{graph['ModuleNodes'][0]['Id']}:Dataset"})
    identity = client.save_as(graph=graph)["ExperimentId"]
    client.save(client.experiment(identity), 409, draft=False)
    assert client.experiment(identity)["Status"]["StatusCode"] == "InDraft"


def test_runs_in_one_second_get_stamps_of_their_own_and_need_not_wait_for_them(client: Client) -> None:
    empty = {"ModuleNodes": [], "EdgesInternal": [], "SerializedClientData": ""}
    identity = client.save_as(graph=empty)["ExperimentId"]
    began = time.monotonic()
    runs = [client.run(identity) for _ in range(5)]
    assert time.monotonic() - began < 3
    stamps = [each["RunId"] for each in runs]
    assert stamps == sorted(set(stamps), reverse=True), "the newest sorts first"
    assert len({each["Etag"] for each in runs}) == 5
    times = [[ms(each["Status"][name]) for name in ("CreationTime", "StartTime", "EndTime")] for each in runs]
    assert times == sorted(times)
    assert all(each == sorted(each) for each in times)
    client.save(runs[-1], headers={"If-Match": runs[-1]["Etag"]})
    assert client.experiment(identity)["Etag"] not in {each["Etag"] for each in runs}


def test_the_id_of_a_deleted_snapshot_is_never_given_again(client: Client) -> None:
    empty = {"ModuleNodes": [], "EdgesInternal": [], "SerializedClientData": ""}
    identity = client.save_as(graph=empty)["ExperimentId"]
    runs = [client.run(identity)["RunId"] for _ in range(3)]
    client.call("DELETE", f"experiments/{runs[1]}")
    client.call("DELETE", f"experiments/{runs[2]}")
    fourth = client.run(identity)["RunId"]
    assert fourth < runs[2] < runs[1]
    client.save(client.experiment(identity))
    assert client.run(identity)["RunId"] < fourth


def test_a_new_experiment_can_be_run_in_the_same_request(client: Client) -> None:
    identity = client.post("experiments", submission("At once", chain(), draft=False))["ExperimentId"]
    assert client.wait(identity)["Status"]["StatusCode"] == "Finished"
    assert SELECT in str(client.experiment(identity)["Graph"])
