"""Whole sessions as the public clients of the real service hold them: headers, bodies and URLs to the letter (protocol, section 14)."""

import http.client
import json
import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import pytest
import requests

from tests.support.custom_modules import MODULE_XML, zipped
from tests.support.emulated import TIMEOUT, Client, Json, Server, chain, submission, until

EXPERIMENT: dict[str, type | tuple[type, ...]] = {
    **{name: (str, type(None)) for name in ("RunId", "ParentExperimentId", "OriginalExperimentDocumentationLink", "Summary", "Description")},
    **dict.fromkeys(("ExperimentId", "Etag", "Creator", "Category"), str),
    "IsLeaf": bool,
}
"""The types that the .NET contract has; a value of another one makes its reader throw."""
DATASET = {
    **dict.fromkeys(("Id", "DataTypeId", "Name", "FamilyId", "SourceOrigin", "CreatedDate", "SchemaStatus"), str),
    **dict.fromkeys(("Size", "ServiceVersion", "Batch"), int),
    **dict.fromkeys(("IsLatest", "IsDeprecated"), bool),
}
INT32 = 2**31


class DotNet:
    """HttpClient under azuremlps 0.3.8: ASCII bodies, three headers on whatever it asks, and a reader that wants the right types."""

    def __init__(self, client: Client, base: str = "/studioapi.net/api/") -> None:
        self.parts, self.id, self.token, self.base = urlsplit(client.url), client.id, client.token, base

    def send(self, method: str, path: str, body: str | bytes | None = None, headers: Mapping[str, str] | None = None, *, ok: bool = True) -> str:
        """One request on a connection of its own; the reply's text."""
        connection = http.client.HTTPConnection(self.parts.hostname or "", self.parts.port, timeout=TIMEOUT)
        own = {"Authorization": f"Bearer {self.token}", "x-ms-metaanalytics-authorizationtoken": self.token, "x-aml-sdk": "dotnetsdk_0.3.8"}
        if isinstance(body, str):
            body = body.encode("ascii", "replace")
            own["Content-Type"] = "application/json; charset=us-ascii"
        if body is not None:
            own |= {"Expect": "100-continue", "Content-Length": str(len(body))}
        connection.putrequest(method, self.base + path, skip_accept_encoding=True)
        for name, value in (own if headers is None else headers).items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert (200 <= response.status < 300) is ok, f"Error: [{response.status} ({response.reason})]: {text[:300]}"
        return text

    def read(self, path: str) -> Json:
        text = self.send("GET", f"workspaces/{self.id}/{path}")
        assert len(text) < 2_097_152, "JavaScriptSerializer reads no more"
        return json.loads(text)


def check_types(document: Json, contract: Mapping[str, type | tuple[type, ...]]) -> None:
    lower = {name.lower(): value for name, value in document.items()}
    for name, kind in contract.items():
        assert type(lower[name.lower()]) in (kind if isinstance(kind, tuple) else (kind,)), name


def submit_as_dotnet(experiment: Json, *, run: bool, title: str = "", new: bool = False) -> str:
    """The body as that client puts it together: pasted texts, a misspelt flag, escapes of JavaScriptSerializer."""
    graph, service = (json.dumps(experiment[name]).replace("<", "\\u003c").replace("'", "\\u0027") for name in ("Graph", "WebService"))
    parent = "" if new else experiment["ParentExperimentId"] or ""
    return (
        f'{{"Description":"{title or experiment["Description"]}","Summary":"{experiment["Summary"] or ""}","IsDraft":{"false" if run else "true"},'
        f'"ParentExperimentId":"{parent}","DisableNodeUpdate":false,"Category":"user","ExperimentGraph":{graph},"WebService":{service}}}'
    )


@pytest.mark.parametrize("base", ["/japaneast.studioapi.net/api/", "/studioapi/api/", "/europewest.studioapi.azureml.net/api/", "/api/"])
def test_dotnet_reads_saves_runs_copies_and_removes_an_experiment(client: Client, base: str) -> None:
    dotnet = DotNet(client, base)
    first = client.save_as("Größe")["ExperimentId"]
    for each in dotnet.read("experiments"):
        check_types(each, EXPERIMENT)
        assert isinstance(each["Status"]["Metadata"], str | None)
        assert isinstance(each["Tags"], list | None)
    experiment = dotnet.read(f"experiments/{first}")
    check_types(experiment, EXPERIMENT)
    assert {"Graph", "WebService", "NodeStatuses"} <= experiment.keys()
    for body in (submit_as_dotnet(experiment, run=False), submit_as_dotnet(experiment, run=True)):
        dotnet.send("POST", f"workspaces/{dotnet.id}/experiments/{first}", body)
    done = until(lambda: dotnet.read(f"experiments/{first}"), lambda each: each["Status"]["StatusCode"] in {"Finished", "Failed"})
    assert done["Description"] == "Gr??e", "ASCII is what that client sends"
    assert done["Graph"] == experiment["Graph"]
    for status in done["NodeStatuses"]:
        assert isinstance(status["Status"]["Metadata"], dict)
        assert all(endpoint["Size"] < INT32 for endpoint in status["OutputEndpoints"])
        assert {entry["Key"] for kinds in status["MetadataOutputEndpoints"].values() for entry in kinds} == {"visualization", "schema"}
    dotnet.send("POST", f"workspaces/{dotnet.id}/experiments/", submit_as_dotnet(done, run=False, title="A copy", new=True))
    listed = {each["Description"]: each["ExperimentId"] for each in dotnet.read("experiments") if each["Category"] == "user"}
    assert set(listed) == {"Gr??e", "A copy"}
    quoted = submit_as_dotnet(experiment | {"Summary": 'a "quote"'}, run=False)
    assert '"error"' in dotnet.send("POST", f"workspaces/{dotnet.id}/experiments/{first}", quoted, ok=False)
    for identity in listed.values():
        dotnet.send("DELETE", f"workspaces/{dotnet.id}/experiments/{identity}?deleteAncestors=true")
    assert [each for each in dotnet.read("experiments") if each["Category"] == "user"] == []


def test_dotnet_finds_what_it_indexes_without_looking_even_where_a_save_left_it_out(client: Client) -> None:
    graph = chain()
    for node in graph["ModuleNodes"]:
        del node["Comment"]
        node["InputPortsInternal"] = [{"Name": port["Name"], "NodeId": port["NodeId"], "New": 1} for port in node["InputPortsInternal"]]
    del graph["SerializedClientData"]
    experiment = DotNet(client).read(f"experiments/{client.save_as(graph=graph)['ExperimentId']}")
    for node in experiment["Graph"]["ModuleNodes"]:
        assert node["Comment"].lower() == ""
        for port in node["InputPortsInternal"]:
            assert [port[name] for name in ("DataSourceId", "TrainedModelId", "TransformModuleId", "New")] == [None, None, None, 1]
    for document in (experiment["Graph"], experiment["WebService"]):
        assert re.search("<NodePositions>.*</NodePositions>", document["SerializedClientData"])


def test_dotnet_uploads_a_dataset_and_waits_for_its_schema(client: Client) -> None:
    dotnet = DotNet(client)
    bare = {"Authorization": f"Bearer {client.token}", "x-ms-metaanalytics-authorizationtoken": client.token, "x-aml-sdk": "dotnetsdk_0.3.8"}
    chunked = bare | {"Transfer-Encoding": "chunked", "Expect": "100-continue"}
    uploads = f"resourceuploads/workspaces/{dotnet.id}/?userStorage=true&dataTypeId=GenericCSV"
    for headers, body in ((bare | {"Content-Length": "8"}, b"a,b\n1,2\n"), (chunked, b"8\r\na,b\n1,2\n\r\n0\r\n\r\n")):
        upload = json.loads(dotnet.send("POST", uploads, body, headers))
        source = {"Name": f"d{len(headers)}", "DataTypeId": upload["DataTypeId"], "Description": "", "FamilyId": "", "Owner": "PowerShell"}
        job = {"DataSource": source | {"SourceOrigin": "FromResourceUpload"}, "UploadId": upload["Id"], "UploadedFromFileName": "d.csv"}
        identity = dotnet.send("POST", f"workspaces/{dotnet.id}/datasources", json.dumps(job | {"ClientPoll": True})).replace('"', "")
        dataset = until(lambda: dotnet.read(f"datasources/{identity}"), lambda each: each["SchemaStatus"] != "Pending")  # noqa: B023 # used at once
        assert dataset["SchemaStatus"] == "Complete"
        check_types(dataset, DATASET)
        link = dataset["DownloadLocation"]
        assert requests.get(link["BaseUri"] + link["Location"] + link["AccessCredential"], timeout=TIMEOUT).content == b"a,b\n1,2\n"
    for dataset in dotnet.read("datasources"):
        check_types(dataset, DATASET)
        assert dataset["Size"] < INT32
    dotnet.send("DELETE", f"workspaces/{dotnet.id}/datasources/family/{dataset['FamilyId']}", ok=False)


def test_dotnet_makes_a_custom_module_of_a_zip(client: Client) -> None:
    dotnet = DotNet(client)
    started = json.loads(dotnet.send("POST", f"resourceuploads/workspaces/{dotnet.id}/?userStorage=true&dataTypeId=Zip", ""))
    block = f"blobuploads/workspaces/{dotnet.id}/?numberOfBlocks=1&blockId=0&uploadId={started['Id']}&dataTypeId=Zip"
    metadata = dotnet.send("POST", block, zipped(("m.xml", MODULE_XML.format(name="Mine").encode())))
    activity = dotnet.send("POST", f"workspaces/{dotnet.id}/modules/custom", metadata).replace('"', "")
    status = until(lambda: dotnet.read(f"modules/custom?activityGroupId={activity}"), lambda each: each[0] != "Pending")
    assert status[0] == "Finished"
    assert [each["Id"] for each in dotnet.read("modules") if each["ReleaseState"] == "Custom"] == [status[1]]


def test_dotnet_copies_an_experiment_to_a_workspace_in_another_region(studio: Server, client: Client) -> None:
    source, target = DotNet(client), DotNet(studio.workspace(1), "/uswestcentral.studioapi.net/api/")
    experiment = client.save_as("Travels", chain(client.dataset("travels")))["ExperimentId"]
    packing = f"workspaces/{source.id}/packages?api-version=2.0&experimentid={experiment}/&clearCredentials=true&includeAuthorId=false"
    activity = json.loads(source.send("POST", packing, ""))
    assert type(activity["ItemsComplete"]) is type(activity["ItemsPending"]) is int
    packed = until(lambda: source.read(f"packages?packageActivityId={activity['ActivityId']}"), lambda each: each["Status"] == "Complete")
    unpacking = f"workspaces/{target.id}/packages?api-version=2.0&packageUri={quote_plus(packed['Location'])}&region=WestEurope"
    activity = json.loads(target.send("PUT", unpacking, ""))
    copied = until(lambda: target.read(f"packages?unpackActivityId={activity['ActivityId']}"), lambda each: each["Status"] == "Complete")
    assert copied["ItemsPending"] == 0
    assert target.read(f"experiments/{copied['ExperimentId']}")["Description"] == "Travels"


def test_dotnet_invites_with_unquoted_keys_and_reads_users_annotations_and_lists(client: Client) -> None:
    dotnet = DotNet(client)
    dotnet.send("POST", f"workspaces/{dotnet.id}/invitations", '{Role: "User", Emails:"a@example.org,b@example.org"}')
    assert [each["User"]["Email"] for each in dotnet.read("users")][1:] == ["a@example.org", "b@example.org"]
    assert dotnet.read(f"experiments/{client.save_as()['ExperimentId']}/annotations") == []
    assert [dotnet.read(name) for name in ("projectcontainers", "notebooks", "gateways", "trainedmodels", "transformmodules")] == [[]] * 5


PYTHON = {
    "User-Agent": "pyazureml/0.2.7",
    "Content-Type": "application/json;charset=UTF8",
    "x-ms-client-session-id": "DefaultSession",
    "x-ms-metaanalytics-authorizationtoken": "",
}
"""The headers of the Python client, on every request it makes."""


class Python:
    """azureml 0.2.7: one set of headers, URLs by urljoin, every reply to a POST read as JSON."""

    def __init__(self, client: Client) -> None:
        self.endpoint, self.id = client.url + "/", client.id
        self.headers = PYTHON | {"x-ms-metaanalytics-authorizationtoken": client.token}

    def get(self, path: str) -> requests.Response:
        return requests.get(urljoin(self.endpoint, path), headers=self.headers, timeout=TIMEOUT)

    def post(self, path: str, data: bytes | str | None = None) -> requests.Response:
        return requests.post(urljoin(self.endpoint, path), data=data, headers=self.headers, timeout=TIMEOUT)

    def upload(self, raw: bytes, name: str, family: str | None = None) -> requests.Response:
        start = self.post(f"api/resourceuploads/workspaces/{self.id}/?userStorage=true&dataTypeId=GenericCSV").json()
        chunk = 0x200000
        blocks = (len(raw) + chunk - 1) // chunk
        for number in range(blocks):
            query = f"numberOfBlocks={blocks}&blockId={number}&uploadId={start['Id']}&dataTypeId={start['DataTypeId']}"
            assert self.post(f"api/blobuploads/workspaces/{self.id}/?{query}", raw[number * chunk : (number + 1) * chunk]).json()
        source = {"Name": name, "DataTypeId": start["DataTypeId"], "Description": "", "FamilyId": family, "Owner": "Python SDK"}
        metadata = {
            "DataSource": source | {"SourceOrigin": "FromResourceUpload"},
            "UploadId": start["Id"],
            "UploadedFromFileName": "",
            "ClientPoll": True,
        }
        return self.post(f"api/workspaces/{self.id}/datasources", json.dumps(metadata))


def test_python_uploads_in_chunks_updates_and_reads_back(client: Client) -> None:
    python = Python(client)
    identity = python.upload(b"", "a set").json()
    dataset = python.get(f"api/workspaces/{python.id}/datasources/{identity}").json()
    for key in ("Id", "FamilyId", "ResourceUploadId", "PromotedFrom", "UploadedFromFilename", "ClientVersion", "Culture", "Language", "ExperimentId"):
        assert key in dataset
    milliseconds = dataset["CreatedDate"].replace("/Date(", "").replace(")/", "")
    assert milliseconds.isdigit()
    assert python.upload(b"a\n", "a set").status_code == 409
    refused = python.upload(b"a\n", "a:set")
    assert refused.status_code == 400
    assert "forbidden characters" in refused.text
    raw = b"a,b\n" + b"1,2\n" * 700_000
    newer = python.upload(raw, "a set", dataset["FamilyId"]).json()
    listed = {each["Id"]: each for each in python.get(f"api/workspaces/{python.id}/datasources").json()}
    assert newer in listed
    assert identity not in listed
    link = listed[newer]["DownloadLocation"]
    assert requests.get(link["BaseUri"] + link["Location"] + link["AccessCredential"], headers={}, timeout=TIMEOUT).content == raw
    assert requests.get(urljoin(python.endpoint, f"api/workspaces/{python.id}/datasources"), headers=PYTHON, timeout=TIMEOUT).status_code == 401


def test_python_lists_experiments_and_reads_what_a_node_put_out(client: Client) -> None:
    python = Python(client)
    identity = client.save_as()["ExperimentId"]
    node = client.run(identity)["NodeStatuses"][0]["NodeId"]
    for each in python.get(f"api/workspaces/{python.id}/experiments").json():
        assert {"JobId", "VersionId", "RunId", "IsArchived", "Etag", "Creator", "Description", "ExperimentId"} <= each.keys()
        assert re.fullmatch(r"/Date\(\d+\)/", each["Status"]["CreationTime"])
    output = python.get(f"api/workspaces/{python.id}/experiments/{identity}/outputdata/{node}/Results%20dataset")
    assert b"SIMULATED" in output.content


def test_r_looks_at_both_roots_uploads_text_and_counts_only_200(client: Client) -> None:
    headers = {"User-Agent": "R", "Content-Type": "application/json;charset=UTF8", "x-ms-client-session-id": "DefaultSession"}
    headers["x-ms-metaanalytics-authorizationtoken"] = client.token
    for root in ("", "/", "/api"):
        assert requests.get(client.url + root, timeout=TIMEOUT).status_code == 200
    url = f"{client.url}/api/resourceuploads/workspaces/{client.id}/?userStorage=true&dataTypeId=GenericTSV"
    step = requests.post(url, data=b'"a"\t"b"\n1\t"x"', headers=headers | {"Content-Type": "text/plain"}, timeout=TIMEOUT)
    assert step.status_code == 200
    source = {"Name": "from R", "DataTypeId": "GenericTSV", "Description": "", "FamilyId": "", "Owner": "R", "SourceOrigin": "FromResourceUpload"}
    body = json.dumps({"DataSource": source, "UploadId": step.json()["Id"], "UploadedFromFileName": "", "ClientPoll": True})
    done = requests.post(f"{client.url}/api/workspaces/{client.id}/datasources", data=body, headers=headers, timeout=TIMEOUT)
    assert done.status_code == 200
    listed = requests.get(f"{client.url}/api/workspaces/{client.id}/datasources", headers=headers, timeout=TIMEOUT).json()
    row = next(each for each in listed if each["Id"] == done.text.replace('"', ""))
    assert all(set(each) == set(row) for each in listed), "a data frame has one set of columns"
    gone = requests.delete(f"{client.url}/api/workspaces/{client.id}/datasources/family/{row['FamilyId']}", headers=headers, timeout=TIMEOUT)
    assert gone.status_code == 200
    spaced = {"Authorization": f"Bearer  {client.token}"}
    assert requests.get(f"{client.url}/api/workspaces/{client.id}/experiments", headers=spaced, timeout=TIMEOUT).status_code == 200


def test_the_importer_of_samples_packs_without_a_slash_polls_by_one_name_and_makes_a_project(studio: Server, client: Client) -> None:
    identity = client.save_as("Sample to import")["ExperimentId"]
    activity = client.call("POST", f"packages?api-version=2.0&experimentId={identity}&clearCredentials=true&includeAuthorId=false").json()
    packed = until(lambda: client.get(f"packages?packageActivityId={activity['ActivityId']}"), lambda each: each["Status"] == "Complete")
    target = studio.new_workspace()
    activity = target.call("PUT", f"packages?api-version=2.0&packageUri={quote(packed['Location'], safe='')}").json()
    done = until(lambda: target.get(f"packages?packageActivityId={activity['ActivityId']}"), lambda each: each["Status"] == "Complete")
    members = [{"ExperimentId": done["ExperimentId"], "Role": "Training", "Experiment": target.experiment(done["ExperimentId"])}]
    target.post("projects", {"Experiments": members})
    assert target.get("projectcontainers")[0]["Contents"]["Experiment"] == [done["ExperimentId"]]


def test_the_port_to_net_standard_saves_to_the_collection_with_its_slash(client: Client) -> None:
    body = submission("From the port", chain()) | {"Id": "ignored", "Etag": "ignored", "Status": None}
    reply = client.call("POST", "experiments/", data=json.dumps(body), headers={"Content-Type": "text/plain"}).json()
    assert set(reply) == {"ExperimentId", "Etag"}
