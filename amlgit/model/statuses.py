"""Node statuses in the one shape the service gives them: half of an export, and new in every run."""

from operator import attrgetter

import msgspec


class _Record(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """Members stand in the order in which a page has them: what an entry is known by, then the others sorted."""


class _Endpoint(_Record):
    AccessCredential: str | None
    BaseUri: str | None
    CredentialContainer: str | None
    EndpointType: str | None
    FileType: str | None
    IsAuxiliary: bool | None
    Location: str | None
    Name: str | None
    Size: int | None


class _Described(_Record):
    Key: str | None
    Value: _Endpoint | None


class _Metadata(_Record):
    Name: str | None
    Value: str | None


class _Status(_Record):
    CreationTime: str | None
    EndTime: str | None
    Metadata: dict[str, list[_Metadata]] | None
    StartTime: str | None
    StatusCode: str | None
    StatusDetail: str | None


class _NodeStatus(_Record):
    NodeId: str
    MetadataOutputEndpoints: dict[str, list[_Described]] | None
    OutputEndpoints: list[_Endpoint] | None
    StandardErrorEndpoint: _Endpoint | None
    StandardOutEndpoint: _Endpoint | None
    Status: _Status | None


_decoder = msgspec.json.Decoder(list[_NodeStatus])
_encoder = msgspec.json.Encoder(order="deterministic")
_node_id = attrgetter("NodeId")


def lines(data: bytes) -> list[bytes] | None:
    r"""Each status on a line, `NodeId` first, then members sorted at every level; the lines by node id.

    None where the statuses have another shape, or are written otherwise than the service does: with white space, a member or a node
    twice, an escape that is none but for the `\/` of dates. All of these show in the length: what is lost or spelled otherwise never
    was shorter, and only `\/` is longer by the very backslash that it loses.
    """
    try:
        statuses = _decoder.decode(data)
    except (ValueError, RecursionError):
        return None
    if len({status.NodeId for status in statuses}) != len(statuses):
        return None
    texts = [_encoder.encode(status) for status in sorted(statuses, key=_node_id)]
    lost = data.count(b"\\") - sum([text.count(b"\\") for text in texts])
    if sum(map(len, texts)) + max(len(texts) - 1, 0) + len("[]") != len(data) - lost:
        return None
    return [msgspec.json.format(text, indent=0) for text in texts]
