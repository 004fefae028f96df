"""Node statuses in the shape of the service: the quick way writes what the long way writes, or steps back."""

import pytest

from amlgit.form.pages import in_order, lines, objects
from amlgit.model import statuses
from amlgit.model.jsontext import loads

ENDPOINT = (
    '{"BaseUri":"https://studio.azureml.net/","Size":90,"Name":"Results dataset","EndpointType":"SasEndpoint","CredentialContainer":"Inline",'
    '"AccessCredential":"?none","Location":"api/sharedaccess","FileType":"File","IsAuxiliary":false}'
)


def a_status(node_id: str, *, endpoint: str = ENDPOINT, detail: str = '"None"', extra: str = "") -> str:
    """One status as the service writes it."""
    times = ",".join(rf'"{name}Time":"\/Date(1457125697737)\/"' for name in ("Creation", "Start", "End"))
    return (
        f'{{"NodeId":"{node_id}","Status":{{"StatusCode":"Finished","StatusDetail":{detail},{times},'
        '"Metadata":{"Z":[{"Name":"schema","Value":"a/b"}],"A":[]}},'
        f'"StandardErrorEndpoint":null,"StandardOutEndpoint":{endpoint},"OutputEndpoints":[{endpoint}],'
        f'"MetadataOutputEndpoints":{{"Results dataset":[{{"Key":"visualization","Value":{endpoint}}}]}}{extra}}}'
    )


def the_long_way(data: bytes) -> list[bytes]:
    return lines(in_order(objects(loads(data), "NodeStatuses"), "NodeId"), "NodeId")


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [a_status("a-1")],
        [a_status("b-1"), a_status("a-1"), a_status("ä-1")],
        [a_status("a-1", detail='"Größe \N{SNOWMAN}"')],
        [a_status("a-1", detail=r'"a \"quoted\" word, a line\nand \\ and \u001f"')],
        [a_status("a-1").replace(r"\/Date", "/Date").replace(r")\/", ")/")],
        [a_status("a-1", detail=r'"a \/ b \\/ \\\/ \\\\/"')],
    ],
)
def test_the_quick_way_writes_what_the_long_way_writes(texts: list[str]) -> None:
    data = ("[" + ",".join(texts) + "]").encode()

    assert statuses.lines(data) == the_long_way(data)


@pytest.mark.parametrize(
    "text",
    [
        a_status("a-1").replace(":90", ":9e1"),
        a_status("a-1").replace(":90", ":-0"),
        a_status("a-1").replace(":90", ":90.0"),
        a_status("a-1").replace(":90,", ": 90,"),
        a_status("a-1").replace('"Size":90', '"Size":90,"Size":90'),
        a_status("a-1").replace('"A":[]', '"A":[],"A":[]'),
        a_status("a-1", detail=r'"\u0041"'),
        a_status("a-1", detail=r'"a line\u000a"'),
        a_status("a-1", detail=r'"\u002f"'),
        a_status("a-1", detail='"\\ud800"'),
        a_status("a-1", extra=',"Other":1'),
        a_status("a-1").replace('"IsAuxiliary":false', '"IsAuxiliary":0'),
        a_status("a-1").replace(',"FileType":"File"', ""),
        a_status("a-1") + "," + a_status("a-1"),
        a_status("a-1")[:-1],
        a_status("a-1").replace(r')\/"', ')/"').replace('"A":[]', '"A":[],"A":[]'),
        # what is no escaped slash must not make up for what stands twice
        a_status("a-1", detail=r'"\\\\\\\\/\\\\/\\/"').replace('"A":[]', '"A":[],"A":[]'),
    ],
)
def test_what_is_not_written_as_the_service_does_is_left_to_the_long_way(text: str) -> None:
    assert statuses.lines(f"[{text}]".encode()) is None
