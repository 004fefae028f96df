"""Experiments with their assets, copied between workspaces and from the gallery (protocol, section 7)."""

from urllib.parse import quote

import pytest

from tests.support.emulated import Client, Json, Server, chain, download, graph_of, node, until

IMPORT = "506153734175476c4f62416c57734963.4e1b0fe6aded4b3fa36f39b8862b9004.v1-default-1751"
"""Import Data, which has credentials among its parameters."""


@pytest.fixture
def source(studio: Server) -> Client:
    return studio.new_workspace()


@pytest.fixture
def target(studio: Server) -> Client:
    return studio.new_workspace()


def pack(client: Client, identity: str, more: str = "") -> Json:
    begun = client.call("POST", f"packages?api-version=2.0&experimentId={identity}{more}").json()
    assert begun["ItemsPending"] + begun["ItemsComplete"] > 0
    return until(lambda: client.get(f"packages?packageActivityId={begun['ActivityId']}"), lambda each: each["Status"] == "Complete")


def unpack(client: Client, location: str, more: str = "") -> Json:
    begun = client.call("PUT", f"packages?api-version=2.0&packageUri={quote(location, safe='')}{more}").json()
    done = until(lambda: client.get(f"packages?unpackActivityId={begun['ActivityId']}"), lambda each: each["Status"] == "Complete")
    return client.experiment(done["ExperimentId"])


def test_a_copy_has_its_own_assets_and_no_history(source: Client, target: Client) -> None:
    dataset = source.dataset("rows.csv", b"a,b\n1,2\n")
    identity = source.save_as("Original", chain(dataset))["ExperimentId"]
    ran = source.run(identity)
    packed = pack(source, identity)
    assert (packed["ItemsComplete"], packed["ItemsPending"]) == (2, 0), "the graph and a dataset"
    copy = unpack(target, packed["Location"])
    assert copy["ExperimentId"].startswith(f"{target.id}.f-id.")
    assert (copy["RunId"], copy["ParentExperimentId"], copy["Status"]["StatusCode"]) == (None, None, "InDraft")
    own = copy["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["DataSourceId"]
    assert own.startswith(f"{target.id}.")
    assert f"'{own}'" in copy["Graph"]["SerializedClientData"]
    assert dataset not in str(copy["Graph"])
    assert download(target.get(f"datasources/{own}")["DownloadLocation"]).content == b"a,b\n1,2\n"
    assert target.run(copy["ExperimentId"])["Status"]["StatusCode"] == "Finished"
    assert source.experiment(identity)["RunId"] == ran["RunId"], "the original is as it was"


def test_a_second_copy_uses_the_assets_of_the_first_and_a_taken_name_gets_a_number(source: Client, target: Client) -> None:
    target.dataset("rows.csv")
    identity = source.save_as("Original", chain(source.dataset("rows.csv")))["ExperimentId"]
    location = pack(source, identity)["Location"]
    first, second = unpack(target, location), unpack(target, location)
    assert first["ExperimentId"] != second["ExperimentId"]
    assert first["Graph"] == second["Graph"]
    assert sorted(each["Name"] for each in target.get("datasources") if each["Id"].startswith(target.id)) == ["rows.csv", "rows.csv (2)"]


def test_in_the_same_workspace_a_copy_shares_the_assets(source: Client) -> None:
    graph = chain(source.dataset("rows.csv"))
    identity = source.save_as("Original", graph)["ExperimentId"]
    assert unpack(source, pack(source, identity)["Location"])["Graph"] == graph


def test_a_snapshot_can_be_packed(source: Client, target: Client) -> None:
    identity = source.save_as("As it was")["ExperimentId"]
    ran = source.run(identity)
    source.save(ran, Description="As it is")
    assert unpack(target, pack(source, ran["RunId"])["Location"])["Description"] == "As it was"


@pytest.mark.parametrize(("more", "kept"), [("", False), ("&clearCredentials=true", False), ("&clearCredentials=false", True)])
def test_credentials_are_cleared_unless_they_are_to_be_kept(source: Client, target: Client, more: str, kept: bool) -> None:
    graph = graph_of([node(11, IMPORT, {}, ["Results dataset"])], [])
    values = {"Account Key": "c2VjcmV0", "Account Name": "shop", "Own": '{"RecordKey":"7"}'}
    graph["ModuleNodes"][0]["ModuleParameters"] = [
        {"Name": name, "Value": value, "ValueType": "PlaceHolder" if name == "Own" else "Literal", "LinkedGlobalParameter": None}
        for name, value in values.items()
    ]
    identity = source.save_as("Secrets", graph)["ExperimentId"]
    copy = unpack(target, pack(source, identity, more)["Location"])
    found = {each["Name"]: each["Value"] for each in copy["Graph"]["ModuleNodes"][0]["ModuleParameters"]}
    assert found == (values if kept else values | {"Account Key": None, "Own": None})


def test_the_author_goes_along_only_where_asked(source: Client, target: Client) -> None:
    identity = source.save_as("By somebody")["ExperimentId"]
    assert unpack(target, pack(source, identity, "&includeAuthorId=true")["Location"])["Creator"] == source.experiment(identity)["Creator"]


def test_the_gallery_gives_what_was_put_into_it(studio: Server, source: Client, target: Client) -> None:
    identity = source.save_as("Published")["ExperimentId"]
    entry = studio.admin("POST", "gallery", json={"WorkspaceId": source.id, "ExperimentId": identity}).json()
    assert entry["PackageUri"].startswith("https://storage.azureml.net/directories/")
    assert entry["Title"] == "Published"
    more = f"&communityUri={quote(entry['CommunityUri'], safe='')}&entityId={entry['EntityId']}"
    copy = unpack(target, entry["PackageUri"], more)
    assert (copy["Description"], copy["OriginalExperimentDocumentationLink"]) == ("Published", entry["CommunityUri"])
    assert entry in studio.admin("GET", "").json()["Gallery"]


def test_nothing_but_a_package_of_the_emulators_own_is_unpacked(studio: Server, source: Client, target: Client) -> None:
    location = pack(source, source.save_as()["ExperimentId"])["Location"]
    upload = source.get(f"datasources/{source.dataset('no package', b'{}')}")["DownloadLocation"]
    others = [
        *("", "nothing", "http://169.254.169.254/latest", "file:///etc/passwd", "https://storage.azureml.net/directories/" + "0" * 32 + "/items"),
        location.replace("sig=", "sig=A"),
        location.partition("?")[0],
        upload["BaseUri"] + upload["Location"] + upload["AccessCredential"],
    ]
    for other in others:
        target.call("PUT", f"packages?packageUri={quote(other, safe='')}", 404)
    target.call("PUT", f"packages?packageUri={quote(location, safe='')}&region=Atlantis", 404)
    assert [each for each in target.get("experiments") if each["Category"] == "user"] == []


def test_what_is_not_there_or_not_whole_is_not_packed(source: Client) -> None:
    source.call("POST", f"packages?experimentId={source.id}.f-id.{'0' * 32}", 404)
    source.call("POST", "packages", 404)
    broken = source.save_as("Broken", chain(f"{source.id}.{'1' * 32}.v1-default-1"))["ExperimentId"]
    source.call("POST", f"packages?experimentId={broken}", 409)
    source.call("GET", f"packages?packageActivityId={'0' * 32}", 404)


def test_an_activity_is_its_workspaces_own(source: Client, target: Client) -> None:
    begun = source.call("POST", f"packages?experimentId={source.save_as()['ExperimentId']}").json()
    target.call("GET", f"packages?packageActivityId={begun['ActivityId']}", 404)
