"""Workspaces, users and invitations; projects, notebooks and gateways (protocol, sections 2 and 10)."""

import re

from amlgit.emulator import shapes as s
from amlgit.emulator.routing import WORKSPACE, Call, Reply, Route, reply
from amlgit.emulator.state import experiments, things, workspaces
from amlgit.emulator.state.workspaces import new_id
from amlgit.emulator.wire import ApiError, Object, as_object, bad, date, member, missing, text_of

_EMAIL = re.compile(r"[^@\s,]{1,64}@[^@\s,]{1,190}")
_ROLES = {"owner": "Owner", "user": "User"}
_EMPTY = (
    *("Description", "HDInsightClusterConnectionString", "HDInsightStorageConnectionString", "MigrationStatus", "UserStorage", "UserStorageKey"),
    *("UserStorageArmId", "UserStorageBlobEndpoint", "SubscriptionId", "SubscriptionName", "OwnerPrincipalId", "KeyVaultKeyIdentifier"),
    *("MsIdentityUrl", "MsIdentityPrincipalOid", "MsIdentityClientId", "MsIdentityCertificate", "TenantId", "AzureStorageConnectionString"),
    *("SqlAzureConnectionString", "AnalyticFrameworkClusterConnectionString"),
)


def get(call: Call) -> Reply:
    """The workspace; its tokens are the only secrets it has here."""
    row = call.workspace
    filled = {
        "WorkspaceId": row["id"],
        "FriendlyName": row["name"],
        "UseDefaultHDInsightSettings": False,
        "AuthorizationToken": {"PrimaryToken": row["primary_token"], "SecondaryToken": row["secondary_token"]},
        "OwnerEmail": f"{row['owner']}@example.org",
        "SubscriptionState": "Registered",
        "Region": row["region"],
        "WorkspaceStatus": "Enabled",
        "Type": "Production",
        "CreatedTime": date(row["created"]),
        "Tags": None,  # never an object: the .NET client takes a string (protocol, section 2)
        "Etag": "1",
    }
    return reply(filled | dict.fromkeys(_EMPTY, ""))


def users(call: Call) -> Reply:
    """The users, active and invited."""
    return reply(
        [
            {"Status": row["status"], "User": {"Email": row["email"], "Name": row["name"], "Role": row["role"], "UserId": row["id"]}}
            for row in workspaces.users(call.store, call.ws)
        ]
    )


def invite(call: Call) -> Reply:
    """Invite people; each address succeeds or fails for itself."""
    body = as_object(call.body)
    role = _ROLES.get(text_of(body, "Role", "User").lower())
    if role is None:
        raise bad("Role is Owner or User.")
    emails = [email.strip() for email in re.split(r"[,;]", text_of(body, "Emails")) if email.strip()]
    if not emails:
        raise bad("Emails must name somebody.")
    with call.store.write() as db:
        outcomes = []
        for email in emails:
            if not _EMAIL.fullmatch(email):
                outcomes.append({"Email": email, "Failed": True, "ErrorMessage": "This is not an e-mail address."})
            elif workspaces.invite(db, call.ws, email, email.partition("@")[0], role=role, status="Invited"):
                outcomes.append({"Email": email, "Failed": False, "ErrorMessage": None})
            else:
                outcomes.append({"Email": email, "Failed": True, "ErrorMessage": "This user is in the workspace already."})
    return reply(outcomes)


def add_project(call: Call) -> Reply:
    """Make a project of a training and a scoring experiment."""
    named = member(as_object(call.body), "Experiments")
    if not isinstance(named, list) or not named or not all(isinstance(each, dict) for each in named):
        raise bad("Experiments must be an array of objects.")
    rows = [experiments.find(call.store, call.ws, text_of(each, "ExperimentId")) for each in named]
    title = next((text for each in named if isinstance(each.get("Experiment"), dict) and (text := text_of(each["Experiment"], "Description"))), "")
    project = {
        "ContainerId": new_id(),
        "Name": title or "Project",
        "Description": "",
        "Creator": call.workspace["owner"],
        "Contents": {"Experiment": [row["id"] for row in rows]},
    }
    with call.store.write() as db:
        things.put(db, call.ws, "projectcontainers", project["ContainerId"], project)
    return reply(project)


def projects(call: Call) -> Reply:
    """The projects."""
    return reply(things.listed(call.store, call.ws, "projectcontainers"))


def notebooks(call: Call) -> Reply:
    """The notebooks."""
    return reply(things.listed(call.store, call.ws, "notebooks"))


def gateways(call: Call) -> Reply:
    """The data gateways."""
    return reply(things.listed(call.store, call.ws, "gateways"))


def attachments(call: Call) -> Reply:
    """What is attached to a notebook: nothing yet."""
    _notebook(call)
    return reply([])


def session(call: Call) -> Reply:
    """Notebook sessions need a notebook server, which is not here."""
    _notebook(call)
    raise ApiError(501, "NotImplemented", "The emulator has no notebook server: sessions can't be opened.", "NotebookSession")


def _notebook(call: Call) -> Object:
    family = call.path["family"].lower()
    for notebook in things.listed(call.store, call.ws, "notebooks"):
        if notebook["FamilyId"] == family:
            return notebook
    raise missing("The notebook", "NotebookNotFound")


_NOTEBOOK = WORKSPACE + "/notebooks/family/{family}"
_INVITATION = s.record({"Emails": s.TEXT | {"pattern": "[a-z]"}}, {"Role": {"enum": ["Owner", "User", None]}})
_MEMBER = s.record({"ExperimentId": s.TEXT}, {"Role": s.TEXT, "Experiment": s.OBJECT})
_PROJECT = s.record({"Experiments": s.listing(_MEMBER) | {"minItems": 1}})
_OBJECTS = s.listing(s.OBJECT)

ROUTES = (
    Route(method="GET", pattern=WORKSPACE, handler=get, summary="Get the workspace", reply=s.record({"WorkspaceId": s.TEXT, "FriendlyName": s.TEXT})),
    Route(method="GET", pattern=WORKSPACE + "/users", handler=users, summary="List users", reply=_OBJECTS),
    Route(method="POST", pattern=WORKSPACE + "/invitations", handler=invite, summary="Invite users", body=_INVITATION, reply=_OBJECTS),
    Route(method="GET", pattern=WORKSPACE + "/projectcontainers", handler=projects, summary="List projects", reply=_OBJECTS),
    Route(method="POST", pattern=WORKSPACE + "/projects", handler=add_project, summary="Make a project", body=_PROJECT, reply=s.OBJECT),
    Route(method="GET", pattern=WORKSPACE + "/notebooks", handler=notebooks, summary="List notebooks", reply=_OBJECTS),
    Route(method="GET", pattern=_NOTEBOOK + "/attachments", handler=attachments, summary="What is attached to a notebook", reply=s.listing(s.TEXT)),
    Route(method="POST", pattern=_NOTEBOOK + "/session", handler=session, summary="Open a notebook: answers 501", is_described=False),
    Route(method="GET", pattern=WORKSPACE + "/gateways", handler=gateways, summary="List data gateways", reply=_OBJECTS),
)
