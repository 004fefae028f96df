"""Secrets, and what only looks like one, planted in every place of an export."""

import base64
import hashlib
from urllib.parse import quote

from amlgit.model.jsontext import Json, dumps
from tests.support.places import Place, put_in
from tests.support.wire import HEAD, TAIL, Members, a_graph

KEY = base64.b64encode(hashlib.sha512(b"an account key").digest()).decode()
SIGNATURE = base64.b64encode(hashlib.sha256(b"a signature +/").digest()).decode()
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
PEM = "MIIEpAIBAAKCAQEAwJ8x\r\nq7mT0b9sPzQ1"
SAS = f"https://x.blob.core.windows.net/c/b.csv?sv=2015-02-21&sr=b&sig={quote(SIGNATURE, safe='')}&se=2016-05-26T22%3A30%3A09Z&sp=r"
ONCE = quote(SAS, safe="")
SIGNED = quote(quote(SIGNATURE, safe=""), safe="")

CERTAIN: dict[str, tuple[str, str]] = {
    "storage connection string": (f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={KEY};EndpointSuffix=core.windows.net", KEY),
    "spaced account key": (f"AccountKey = {KEY}", KEY),
    "short account key": ("AccountKey=c2hvcnQgYnV0IGEga2V5", "c2hvcnQgYnV0IGEga2V5"),
    "service bus": (f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={SIGNATURE}", SIGNATURE),
    "database": ("Server=tcp:x.database.windows.net,1433;User ID=reader;Password=Tr0ub4dor&3;Encrypt=True", "Tr0ub4dor&3"),
    "database, password first": ("Pwd=correct horse;Data Source=x;Uid=reader", "correct horse"),
    "database, password with a dollar": ("Server=x;User ID=reader;Password=pa$$w0rd-9;", "pa$$w0rd-9"),
    "database, password after a dollar": ("Server=x;User ID=reader;Password=$Tr0ub4dor;", "Tr0ub4dor"),
    "database, password in quotes": ("Server=x;User ID=reader;Password='correct;horse';", "correct;horse"),
    "SAS": (SAS, quote(SIGNATURE, safe="")),
    "SAS not encoded": (f"?sv=2015&sig={SIGNATURE}&sp=r", SIGNATURE),
    "SAS encoded once": (f"?workspaceId=1&sharedAccessUri={ONCE}", SIGNED),
    "SAS encoded twice": (f"?a=b&uri={quote(ONCE, safe='')}", quote(SIGNED, safe="")),
    "SAS in JSON in a string": (dumps({"url": SAS}).decode(), quote(SIGNATURE, safe="")),
    "SAS in JSON as .NET escapes it": (dumps({"url": SAS}).decode().replace("&", "\\u0026"), quote(SIGNATURE, safe="")),
    "signature": (f"?workspaceId=1&signature={quote(SIGNATURE, safe='')}&x=1", quote(SIGNATURE, safe="")),
    "bearer token": ("Authorization: Bearer abcDEF0123456789-_.abcDEF", "abcDEF0123456789-_.abcDEF"),
    "JWT": (f"token is {JWT}", JWT),
    "URL": ("https://reader:s3cr3t@host.example/path", "s3cr3t"),
    "URL with a dollar": ("ftp://reader:pa$$w0rd@host.example/path", "pa$$w0rd"),
    "URL without a user": ("redis://:s3cr3tpassword@host.example:6380", "s3cr3tpassword"),
    "private key": (f"-----BEGIN RSA PRIVATE KEY-----\r\n{PEM}\r\n-----END RSA PRIVATE KEY-----", PEM),
    "private key cut off": (f"x -----BEGIN PRIVATE KEY-----\n{PEM}", PEM),
    "named key": (f"primary key: {KEY}", KEY),
    "key in JSON": (dumps({"PrimaryKey": KEY}).decode(), KEY),
}
"""A text, and the part of it that must not be found in git."""

PLACES: dict[str, Place] = {
    "title": ("Description",),
    "summary": ("Summary",),
    "tag": ("Tags", 0),
    "unknown member": ("Extra", "deep", 0),
    "creator": ("Creator",),
    "etag": ("Etag",),
    "status": ("Status", "StatusDetail"),
    "node status": ("NodeStatuses", 0, "Status", "StatusDetail"),
    "unknown member of a node status": ("NodeStatuses", 0, "Extra", "deep"),
    "comment": ("Graph", "ModuleNodes", 0, "Comment"),
    "unknown member of a node": ("Graph", "ModuleNodes", 0, "Extra"),
    "flag of a node": ("Graph", "ModuleNodes", 0, "IsPartOfPartialRun"),
    "value": ("Graph", "ModuleNodes", 0, "ModuleParameters", 0, "Value"),
    "unknown member of a parameter": ("Graph", "ModuleNodes", 0, "ModuleParameters", 0, "LinkedValue"),
    "unknown member of a script's parameter": ("Graph", "ModuleNodes", 1, "ModuleParameters", 0, "LinkedValue"),
    "value that is no string": ("Graph", "ModuleNodes", 0, "ModuleParameters", 0, "Value", "deep"),
    "unknown member of an input port": ("Graph", "ModuleNodes", 0, "InputPortsInternal", 0, "Extra"),
    "unknown member of an output port": ("Graph", "ModuleNodes", 0, "OutputPortsInternal", 0, "Extra"),
    "unknown member of an edge": ("Graph", "EdgesInternal", 0, "Extra"),
    "unknown member of the graph": ("Graph", "Extra"),
    "global parameter": ("Graph", "Parameters", 0, "DefaultValue"),
    "layout": ("Graph", "SerializedClientData"),
    "web service parameter": ("WebService", "Parameters", 0, "Value"),
    "default of a web service parameter": ("WebService", "Parameters", 0, "ParameterDefinition", "DefaultValue"),
    "unknown member of a web service port": ("WebService", "Inputs", 0, "Extra"),
    "unknown member of the web service": ("WebService", "Extra"),
    "group of the web service": ("WebService", "WebServiceGroupId"),
}
SCRIPT: Place = ("Graph", "ModuleNodes", 1, "ModuleParameters", 0, "Value")


def an_export() -> Members:
    service: Members = {
        "Inputs": [{"Id": "1", "Name": "in", "PortId": None}],
        "Parameters": [{"Name": "Global", "Value": "", "ParameterDefinition": {"Name": "Global", "DefaultValue": ""}}],
        "SerializedClientData": HEAD + TAIL,
    }
    statuses: Json = [{"NodeId": "11111111-0000-4000-8000-000000000001-11", "Status": {"StatusDetail": "None"}}]
    return {**a_graph(), "Tags": [], "Extra": {"deep": []}, "WebService": service, "NodeStatuses": statuses, "Status": {}} | {
        "Graph": {**a_graph_with(), "Parameters": []}
    }


def a_graph_with() -> Members:
    graph = a_graph()["Graph"]
    assert isinstance(graph, dict)
    return graph


def planted(place: str, text: str) -> Members:
    if place == "layout":
        text = HEAD.replace("<Meta />", "<Meta>" + text.replace("&", "&amp;").replace("<", "&lt;") + "</Meta>") + TAIL
    return put_in(an_export(), PLACES[place], text)


SUSPECTED = {
    "a key alone": KEY,
    "a key among others": f"a,b\n1,{KEY}\n",
    "a password in code": "connect(password = 'abc12345')",
    "a token in code": 'token <- "abc123456"',
    "an API key": "api_key: 'abc123456'",
    "a password in prose": "the password: abc12345",
}
