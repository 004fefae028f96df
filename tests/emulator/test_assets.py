"""Workspaces, datasets, models, transforms, modules and the plain lists, over HTTP (protocol, sections 1 to 3, 6 and 10)."""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.support.custom_modules import MODULE_XML, zipped
from tests.support.emulated import GLOBAL, TIMEOUT, Client, Json, Server, chain, download, raw, run, serving, until

DATASET = (
    *("Id", "FamilyId", "Name", "Description", "DataTypeId", "Size", "CreatedDate", "CreatedDateTicks", "Owner", "SourceOrigin"),
    *("ResourceUploadId", "ExperimentId", "PromotedFrom", "UploadedFromFilename", "ClientVersion", "ServiceVersion", "IsLatest", "Category"),
    *("IsDeprecated", "Culture", "Batch", "Language", "SchemaStatus", "DownloadLocation", "VisualizeEndPoint", "SchemaEndPoint"),
)


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("studio")
    run("seed", "--data", folder)
    with serving("--data", folder, "--node-seconds", "0.02") as server:
        yield server


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer {}"},
        {"authorization": "bearer {}"},
        {"Authorization": "Bearer  {}"},
        {"Authorization": "BEARER {}  "},
        {"x-ms-metaanalytics-authorizationtoken": "{}"},
        {"X-MS-MetaAnalytics-AuthorizationToken": " {} "},
        {"Authorization": "Bearer {}", "x-ms-metaanalytics-authorizationtoken": "{}", "x-aml-sdk": "dotnetsdk_0.3.8"},
    ],
)
def test_the_token_is_taken_from_either_header(client: Client, headers: dict[str, str]) -> None:
    own = {name: value.format(client.token) for name, value in headers.items()}
    assert raw(client.url, "GET", f"/api/workspaces/{client.id}", own)[0] == 200


def test_both_tokens_of_a_workspace_open_it_and_no_other_one_does(studio: Server, client: Client) -> None:
    both = client.get("")["AuthorizationToken"]
    for token in both.values():
        assert Client(client.url, client.id, token).get("experiments") is not None
    Client(client.url, client.id, studio.ready["token"]).call("GET", "experiments", 401)
    Client(client.url, "0" * 32, client.token).call("GET", "experiments", 401)


@pytest.mark.parametrize("path", ["/api/workspaces/{}/", "//api//workspaces/{}", "/API/Workspaces/{}", "/api/workspaces/{}/?x=1&x=2"])
def test_stray_slashes_and_other_cases_do_not_matter(client: Client, path: str) -> None:
    assert client.session.get(client.url + path.format(client.id), timeout=TIMEOUT).json()["WorkspaceId"] == client.id


def test_the_workspace_has_every_member_that_clients_read(client: Client) -> None:
    workspace = client.get("")
    assert {"WorkspaceId", "FriendlyName", "AuthorizationToken", "Region", "WorkspaceStatus", "Type", "UserStorageKey", "Etag"} <= workspace.keys()
    assert workspace["Tags"] is None
    assert workspace["Region"] == "West Europe"
    assert workspace["UseDefaultHDInsightSettings"] is False


def test_users_are_invited_with_unquoted_names_of_members(client: Client) -> None:
    body = '{Role: "User", Emails:"a@example.org,b@example.org, nobody"}'
    replies = client.call("POST", "invitations", data=body).json()
    assert [(each["Email"], each["Failed"]) for each in replies] == [("a@example.org", False), ("b@example.org", False), ("nobody", True)]
    again = client.call("POST", "invitations", data=body).json()
    assert all(each["Failed"] and each["ErrorMessage"] for each in again)
    users = client.get("users")
    assert [(each["Status"], each["User"]["Role"]) for each in users] == [("Active", "Owner"), ("Invited", "User"), ("Invited", "User")]
    client.call("POST", "invitations", 400, data='{Role: "King", Emails:"a@x"}')


def created(client: Client, upload: Json, name: str, **more: Json) -> Json:
    source = {"Name": name, "DataTypeId": upload["DataTypeId"], "Description": "", "FamilyId": None, "Owner": "Python SDK", **more}
    identity = client.post("datasources", {"DataSource": source, "UploadId": upload["Id"], "UploadedFromFileName": "", "ClientPoll": True})
    assert isinstance(identity, str)
    return client.get(f"datasources/{identity}")


def blocks(client: Client, data: bytes, size: int, data_type: str, order: list[int] | None = None) -> Json:
    base = f"{client.url}/api"
    start = client.session.post(f"{base}/resourceuploads/workspaces/{client.id}/?userStorage=true&dataTypeId={data_type}", timeout=TIMEOUT).json()
    count = -(-len(data) // size)
    reply = start
    for number in order or list(range(count)):
        url = f"{base}/blobuploads/workspaces/{client.id}/?numberOfBlocks={count}&blockId={number}&uploadId={start['Id']}&dataTypeId={data_type}"
        response = client.session.post(url, data=data[number * size : (number + 1) * size], headers={"Content-Type": "application/json;charset=UTF8"})
        assert response.status_code == 200
        reply = response.json()
        assert reply["Id"] == start["Id"]
    return reply


def test_upload_1_the_whole_file_in_one_request_without_a_content_type(client: Client) -> None:
    data = b"a,b\n1,2\n"
    dataset = created(client, client.upload(data), "one.csv")
    assert download(dataset["DownloadLocation"]).content == data
    assert dataset["Size"] == len(data)


def test_upload_2_the_same_as_text(client: Client) -> None:
    url = f"{client.url}/api/resourceuploads/workspaces/{client.id}/?userStorage=true&dataTypeId=GenericTSV"
    upload = client.session.post(url, data=b"a\tb\n1\t2\n", headers={"Content-Type": "text/plain"}, timeout=TIMEOUT).json()
    assert upload["Committed"] is True
    assert download(created(client, upload, "two")["DownloadLocation"]).content == b"a\tb\n1\t2\n"


def test_upload_3_blocks_of_two_megabytes(client: Client) -> None:
    data = b"a,b\n" + b"1,2\n" * 1_300_000
    upload = blocks(client, data, 0x200000, "GenericCSV")
    assert upload["Committed"] is True
    dataset = created(client, upload, "three.csv")
    assert download(dataset["DownloadLocation"]).content == data
    assert created(client, blocks(client, b"", 0x200000, "GenericCSV"), "nothing")["Size"] == 0


def test_upload_4_a_zip_in_one_block(client: Client) -> None:
    upload = blocks(client, b"PK whatever", 1 << 20, "Zip")
    assert upload["DataTypeId"] == "Zip"
    assert created(client, upload, "four.zip")["SchemaStatus"] in {"Pending", "NotSupported"}


def test_blocks_may_come_in_any_order_and_twice(client: Client) -> None:
    upload = blocks(client, b"a,b\n1,2\n3,4\n", 4, "GenericCSV", order=[2, 0, 0, 1])
    assert upload["Committed"] is True
    assert download(created(client, upload, "order")["DownloadLocation"]).content == b"a,b\n1,2\n3,4\n"


def test_an_upload_that_lacks_a_block_makes_no_dataset(client: Client) -> None:
    upload = blocks(client, b"a,b\n1,2\n3,4\n", 4, "GenericCSV", order=[0, 2])
    assert upload["Committed"] is False
    source = {"Name": "n", "DataTypeId": "GenericCSV"}
    client.post("datasources", {"DataSource": source, "UploadId": upload["Id"]}, 409)
    client.post("datasources", {"DataSource": source, "UploadId": "0" * 32}, 404)


@pytest.mark.parametrize("query", ["numberOfBlocks=1&blockId=1", "numberOfBlocks=x&blockId=0", "numberOfBlocks=1&blockId=-1", ""])
def test_a_block_that_can_not_be_is_refused(client: Client, query: str) -> None:
    upload = client.upload(b"a\n")
    url = f"{client.url}/api/blobuploads/workspaces/{client.id}/?{query}&uploadId={upload['Id']}&dataTypeId=Zip"
    assert client.session.post(url, data=b"x", timeout=TIMEOUT).status_code in {400, 409}


def test_another_workspaces_upload_is_not_to_be_had(studio: Server, client: Client) -> None:
    upload = studio.new_workspace().upload(b"a\n")
    client.post("datasources", {"DataSource": {"Name": "n"}, "UploadId": upload["Id"]}, 404)


def test_a_dataset_has_every_member_and_its_owner_is_echoed(client: Client) -> None:
    dataset = client.get(f"datasources/{client.dataset('all.csv')}")
    assert set(DATASET) <= dataset.keys()
    assert dataset["Owner"] == "PowerShell"
    assert dataset["UploadedFromFilename"] == "f.csv"
    assert dataset["Id"].split(".")[:2] == [client.id, dataset["FamilyId"]]
    assert dataset["CreatedDate"].startswith("/Date(")
    assert 'CreatedDate":"\\/Date(' in client.call("GET", f"datasources/{dataset['Id']}").text


def test_a_new_version_takes_the_place_of_the_old_one_in_the_list(client: Client) -> None:
    first = client.dataset("versions.csv", b"a\n1\n")
    family = first.split(".")[1]
    second = client.dataset("renamed.csv", b"a\n2\n", family=family)
    assert second.split(".")[1] == family
    listed = [each for each in client.get("datasources") if each["FamilyId"] == family]
    assert [each["Id"] for each in listed] == [second]
    assert listed[0]["IsLatest"] is True
    old = client.get(f"datasources/{first}")
    assert (old["IsLatest"], old["Name"]) == (False, "versions.csv")
    assert listed[0]["ServiceVersion"] == old["ServiceVersion"] + 1
    assert download(old["DownloadLocation"]).content == b"a\n1\n"


def test_a_name_that_is_taken_is_a_conflict_and_a_forbidden_one_is_refused(client: Client) -> None:
    client.dataset("taken.csv")
    client.dataset("Taken.CSV", ok=409)
    reply = client.dataset("a:b", ok=400)
    assert "forbidden characters" in reply["error"]["message"]
    client.dataset("x", family="0" * 32, ok=404)


def test_two_who_take_one_name_at_once_do_not_both_get_it(client: Client) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def add(_: int) -> int:
        own = Client(client.url, client.id, client.token)
        upload = own.upload(b"a\n")
        return own.call("POST", "datasources", None, json={"DataSource": {"Name": "once"}, "UploadId": upload["Id"]}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(add, range(8))) == [200] + [409] * 7


@pytest.mark.parametrize(
    ("data", "data_type", "status"),
    [
        (b"a,b\n1,x\n", "GenericCSV", "Complete"),
        (b"1\t2\n", "GenericTSVNoHeader", "Complete"),
        (b"\xff\xfe\xfa", "GenericCSV", "Failed"),
        (b"", "GenericCSV", "Failed"),
        (b"text", "PlainText", "NotSupported"),
        (b"x", "Zip", "NotSupported"),
        (b"x", "RData", "NotSupported"),
    ],
)
def test_a_schema_is_pending_and_then_what_the_bytes_give(client: Client, data: bytes, data_type: str, status: str) -> None:
    identity = client.dataset("schema", data, data_type=data_type)
    dataset = until(lambda: client.get(f"datasources/{identity}"), lambda each: each["SchemaStatus"] != "Pending")
    assert dataset["SchemaStatus"] == status
    assert (dataset["SchemaEndPoint"] is None) is (status != "Complete")


def test_schema_and_visualisation_are_read_off_the_data(client: Client) -> None:
    identity = client.dataset("seen", b"name,n,x,b\nAnn,1,2.5,True\nBo,,3,False\n")
    dataset = until(lambda: client.get(f"datasources/{identity}"), lambda each: each["SchemaStatus"] == "Complete")
    columns = download(dataset["SchemaEndPoint"]).json()["columns"]
    assert [(each["Name"], each["Type"]) for each in columns] == [("name", "String"), ("n", "Integer"), ("x", "Double"), ("b", "Boolean")]
    seen = dataset["VisualizeEndPoint"]
    assert download(seen).json()["rows"] == [["Ann", "1", "2.5", "True"], ["Bo", "", "3", "False"]]
    without_location = requests.get(seen["BaseUri"] + seen["AccessCredential"], timeout=TIMEOUT)
    assert without_location.json() == download(seen).json()


def test_a_link_opens_one_blob_for_a_while_and_nothing_else(client: Client) -> None:
    first = client.get(f"datasources/{client.dataset('l1', b'1')}")["DownloadLocation"]
    second = client.get(f"datasources/{client.dataset('l2', b'2')}")["DownloadLocation"]
    assert first["BaseUri"].endswith("/")
    assert first["AccessCredential"].startswith("?")
    assert download(first).status_code == 200
    for wrong in (second["AccessCredential"], "", "?", first["AccessCredential"].replace("se=2", "se=3"), first["AccessCredential"][:-30]):
        reply = download(first | {"AccessCredential": wrong})
        assert reply.status_code == 403, wrong
        assert reply.json()["error"]["code"]
    assert client.session.get(first["BaseUri"] + first["Location"], timeout=TIMEOUT).status_code == 403, "a token opens no blob"


def test_a_link_expires() -> None:
    with serving("--link-seconds", "0") as server:
        client = server.workspace()
        link = client.get(f"datasources/{client.dataset('old', b'1')}")["DownloadLocation"]
        assert download(link).status_code == 403


def test_a_family_is_deleted_with_all_its_versions(client: Client) -> None:
    first = client.dataset("gone")
    family = first.split(".")[1]
    client.dataset("gone", family=family)
    client.call("DELETE", f"datasources/family/{family}")
    assert family not in {each["FamilyId"] for each in client.get("datasources")}
    client.call("GET", f"datasources/{first}", 404)
    client.call("DELETE", f"datasources/family/{family}", 404)
    client.dataset("gone")


def test_the_samples_of_the_global_workspace_are_everybodys_and_nobodys_to_delete(client: Client) -> None:
    samples = [each for each in client.get("datasources") if each["Id"].startswith(GLOBAL)]
    assert len(samples) == 1
    assert b"Norderhafen" in download(samples[0]["DownloadLocation"]).content
    client.call("DELETE", f"datasources/family/{samples[0]['FamilyId']}", 404)


def test_models_and_transforms_are_listed_once_per_family(sample: Client) -> None:
    models = sample.get("trainedmodels")
    assert [(each["Name"], each["ServiceVersion"], each["IsLatest"]) for each in models] == [("Churn model", 1, True)]
    assert models[0]["DataTypeId"] == "ILearnerDotNet"
    assert [each["DataTypeId"] for each in sample.get("transformmodules")] == ["ITransformDotNet"]
    assert sample.get(f"trainedmodels/{models[0]['Id']}")["Id"] == models[0]["Id"]
    assert b"SIMULATED" in download(models[0]["DownloadLocation"]).content


@pytest.mark.parametrize(
    ("path", "wrapper", "written", "listed"),
    [
        ("datasources", "DataSource", "Dataset", "Dataset"),
        ("trainedmodels", "TrainedModel", "iLearnerDotNet", "ILearnerDotNet"),
        ("transformmodules", "Transform", "iTransformDotNet", "ITransformDotNet"),
    ],
)
def test_an_output_is_promoted_and_promoted_again_as_a_new_version(client: Client, path: str, wrapper: str, written: str, listed: str) -> None:
    experiment = client.run(client.save_as()["ExperimentId"])
    node = experiment["Graph"]["ModuleNodes"][0]["Id"]
    asset = {"Name": "Promoted", "DataTypeId": written, "Description": "", "SourceOrigin": "FromOutputPromotion", "FamilyId": None}
    body = {"ExperimentId": experiment["ExperimentId"], "ModuleNodeId": node, "OutputName": "Results dataset", wrapper: asset}
    first = client.post(path, body)
    made = client.get(f"{path}/{first}")
    assert made["DataTypeId"] == listed
    assert made["SourceOrigin"] == "FromOutputPromotion"
    assert made["PromotedFrom"] == f"{experiment['ExperimentId']}.{node}.Results dataset"
    assert made["ExperimentId"] == experiment["ExperimentId"]
    client.post(path, body, 409)
    second = client.post(path, body | {wrapper: asset | {"FamilyId": made["FamilyId"]}})
    assert [each["Id"] for each in client.get(path) if each["FamilyId"] == made["FamilyId"]] == [second]
    assert b"SIMULATED" in download(made["DownloadLocation"]).content
    client.call("DELETE", f"{path}/family/{made['FamilyId']}")


def test_what_has_no_output_yet_can_not_be_promoted(client: Client) -> None:
    identity = client.save_as()["ExperimentId"]
    node = client.experiment(identity)["Graph"]["ModuleNodes"][0]["Id"]
    body = {"ExperimentId": identity, "ModuleNodeId": node, "OutputName": "Results dataset", "DataSource": {"Name": "x"}}
    client.post("datasources", body, 404)


def test_the_built_in_modules_have_ports_and_parameters(client: Client) -> None:
    modules = client.get("modules")
    families = [each["FamilyId"] for each in modules]
    assert len(families) == len(set(families)) >= 107
    split = next(each for each in modules if each["Name"] == "Split Data")
    assert split["FamilyId"] == "70530644c97a4ab685f788bf30a8be5f"
    assert [port["Name"] for port in split["ModuleInterface"]["OutputPorts"]] == ["Results dataset1", "Results dataset2"]
    seed = next(each for each in split["ModuleInterface"]["Parameters"] if each["Name"] == "Random seed")
    assert (seed["ParameterType"], seed["DefaultValue"]) == ("Int", "0")
    older = client.get(f"modules/{GLOBAL}.{split['FamilyId']}.v1-default-1562")
    assert (older["IsLatest"], older["Name"]) == (False, "Split Data")
    client.call("GET", f"modules/{GLOBAL}.{split['FamilyId']}.v1-default-999999", 404)


def custom_module(client: Client, data: bytes) -> tuple[str, Json]:
    upload = blocks(client, data, 1 << 30, "Zip")
    activity = client.post("modules/custom", upload)
    assert client.get(f"modules/custom?activityGroupId={activity}")[0] in {"Pending", "Finished", "Failed"}
    return tuple(until(lambda: client.get(f"modules/custom?activityGroupId={activity}"), lambda each: each[0] != "Pending"))


def test_a_custom_module_is_made_of_a_zip_and_made_again_as_a_new_version(client: Client) -> None:
    data = zipped(("m.xml", MODULE_XML.format(name="Add One").encode()), ("m.R", b"f <- function(i) i"))
    status, identity = custom_module(client, data)
    assert status == "Finished"
    made = next(each for each in client.get("modules") if each["Id"] == identity)
    assert (made["Name"], made["ReleaseState"], made["ModuleLanguage"]["Language"]) == ("Add One", "Custom", "R")
    assert made["ModuleInterface"]["Parameters"][0]["DefaultValue"] == "3"
    _, again = custom_module(client, data)
    assert again.split(".")[1] == identity.split(".")[1]
    assert [each["Id"] for each in client.get("modules") if each["Name"] == "Add One"] == [again]
    graph = chain()
    graph["ModuleNodes"][0]["ModuleId"] = identity
    assert client.experiment(client.save_as(graph=graph)["ExperimentId"])


_XML = MODULE_XML.format(name="Bad").encode()
_BOMB = b"<!DOCTYPE m [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><Module name='&b;'/>"


@pytest.mark.parametrize(
    "data",
    [
        b"no zip at all",
        zipped(("readme.txt", b"x")),
        zipped(("a.xml", _XML), ("b.xml", _XML)),
        zipped(("m.xml", b"<Module")),
        zipped(("m.xml", b"<Other/>")),
        zipped(("m.xml", _BOMB)),
        zipped(("m.xml", _XML), ("zeros", b"\0" * 30_000_000)),
        zipped(("m.xml", b"<Module name='x'>" + b" " * 2_000_000 + b"</Module>")),
        zipped(("m.xml", MODULE_XML.format(name="a:b").encode())),
        zipped(*[(f"{number}", b"") for number in range(1001)], ("m.xml", _XML)),
    ],
    ids=["no zip", "no xml", "two", "cut", "root", "entities", "bomb", "long", "name", "many"],
)
def test_a_zip_that_is_no_module_or_a_bomb_fails(client: Client, data: bytes) -> None:
    status, message = custom_module(client, data)
    assert status == "Failed"
    assert isinstance(message, str)


def test_what_a_family_is_used_by_can_be_asked(sample: Client) -> None:
    family = sample.get("trainedmodels")[0]["FamilyId"]
    used = sample.get(f"trainedmodels/family/{family}/dependants")
    assert len(used["Experiments"]) == 1


def test_projects_notebooks_and_gateways_are_lists(sample: Client, client: Client) -> None:
    for path in ("projectcontainers", "notebooks", "gateways"):
        assert len(sample.get(path)) == 1
        assert client.get(path) == []
    notebook = sample.get("notebooks")[0]
    assert all(isinstance(value, str) for value in notebook.values())
    assert sample.get(f"notebooks/family/{notebook['FamilyId']}/attachments") == []
    sample.call("POST", f"notebooks/family/{notebook['FamilyId']}/session", 501)
    sample.call("GET", "notebooks/family/none/attachments", 404)
    assert sample.get("projectcontainers")[0]["Contents"]["Experiment"]


def test_a_project_pairs_experiments(client: Client) -> None:
    identities = [client.save_as(title)["ExperimentId"] for title in ("Train", "Score")]
    members = [{"ExperimentId": each, "Role": role, "Experiment": {}} for each, role in zip(identities, ("Training", "Scoring"), strict=True)]
    client.post("projects", {"Experiments": members})
    assert client.get("projectcontainers")[0]["Contents"] == {"Experiment": identities}
    client.post("projects", {"Experiments": [{"ExperimentId": "none"}]}, 404)


def test_every_reply_to_an_upload_is_json(client: Client) -> None:
    for data in (b"", b"x"):
        url = f"{client.url}/api/resourceuploads/workspaces/{client.id}/?userStorage=true&dataTypeId=Zip"
        response = client.session.post(url, data=data, timeout=TIMEOUT)
        assert response.headers["Content-Type"].startswith("application/json")
        assert json.loads(response.text)["Id"]
