"""The shapes of requests and replies, for the description of the API; no stricter than the emulator is."""

from amlgit.emulator.wire import Object

TEXT: Object = {"type": "string"}
NAME: Object = {
    "type": "string",
    "minLength": 1,
    "maxLength": 200,
    "pattern": r'^[^:/\\?*<>|"%#&+;\x00-\x1f]*[^:/\\?*<>|"%#&+;\x00-\x1f\s][^:/\\?*<>|"%#&+;\x00-\x1f]*$',
}
"""A name without the characters the service forbids (protocol, section 1.5), and not only spaces."""
OPTIONAL_TEXT: Object = {"type": ["string", "null"]}
WHOLE: Object = {"type": "integer"}
YES_NO: Object = {"type": "boolean"}
ANYTHING: Object = {}
OBJECT: Object = {"type": "object"}


def record(required: dict[str, Object], optional: dict[str, Object] | None = None) -> Object:
    """An object with members that have to be there, and others."""
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}


def listing(of: Object) -> Object:
    """An array."""
    return {"type": "array", "items": of}


def nullable(schema: Object) -> Object:
    """The shape or null."""
    return {"anyOf": [schema, {"type": "null"}]}


ERROR = record({"error": record({"code": TEXT, "message": TEXT, "details": listing(record({"code": TEXT, "message": TEXT}))})})
ENDPOINT = record({"BaseUri": TEXT, "Size": WHOLE, "Name": TEXT, "EndpointType": TEXT, "AccessCredential": TEXT, "Location": TEXT})
STATUS = record({"StatusCode": TEXT, "StatusDetail": OPTIONAL_TEXT, "CreationTime": TEXT, "StartTime": TEXT, "EndTime": TEXT})
SUMMARY = record(
    {
        "ExperimentId": TEXT,
        "RunId": OPTIONAL_TEXT,
        "JobId": OPTIONAL_TEXT,
        "VersionId": OPTIONAL_TEXT,
        "ParentExperimentId": OPTIONAL_TEXT,
        "Description": OPTIONAL_TEXT,
        "Summary": OPTIONAL_TEXT,
        "Status": STATUS,
        "Etag": TEXT,
        "IsLeaf": YES_NO,
        "IsArchived": YES_NO,
    }
)
NODE_STATUS = record(
    {"NodeId": TEXT, "Status": OBJECT, "OutputEndpoints": listing(ENDPOINT), "MetadataOutputEndpoints": OBJECT},
)
EXPERIMENT = record(
    {
        "ExperimentId": TEXT,
        "RunId": OPTIONAL_TEXT,
        "ParentExperimentId": OPTIONAL_TEXT,
        "Description": OPTIONAL_TEXT,
        "Summary": OPTIONAL_TEXT,
        "Graph": OBJECT,
        "Status": STATUS,
        "Etag": TEXT,
        "NodeStatuses": listing(NODE_STATUS),
        "IsLeaf": YES_NO,
        "WebService": nullable(OBJECT),
    }
)
GRAPH = record(
    {
        "ModuleNodes": listing(record({"Id": TEXT, "ModuleId": TEXT})),
        "EdgesInternal": listing(record({"SourceOutputPortId": TEXT, "DestinationInputPortId": TEXT})),
    },
    {"SerializedClientData": OPTIONAL_TEXT},
)
SUBMISSION = record(
    {"Description": TEXT, "IsDraft": YES_NO, "ExperimentGraph": GRAPH},
    {"Summary": OPTIONAL_TEXT, "ParentExperimentId": OPTIONAL_TEXT, "Category": OPTIONAL_TEXT, "WebService": nullable(OBJECT)},
)
SUBMITTED = record({"ExperimentId": TEXT, "Etag": TEXT})
ASSET = record({"Id": TEXT, "FamilyId": TEXT, "Name": TEXT, "DataTypeId": TEXT, "CreatedDate": TEXT, "IsLatest": YES_NO, "ServiceVersion": WHOLE})
UPLOAD = record({"Id": TEXT, "DataTypeId": TEXT, "Committed": YES_NO})
ACTIVITY = record({"Location": OPTIONAL_TEXT, "ItemsComplete": WHOLE, "ItemsPending": WHOLE, "Status": TEXT, "ActivityId": TEXT})
