"""The members of Studio's documents, and what the text of each is; the spelling of a name does not matter here.

Members that stand in no table are somebody's own, their names included.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias, Union


class Kind(Enum):
    """What a text is, and so how it is replaced."""

    VALUE = auto()
    """Studio's own where it is known, else technical."""
    TECHNICAL = auto()
    """Ids, paths, URLs, names of storage."""
    TITLE = auto()
    PROSE = auto()
    PERSON = auto()
    NODE = auto()
    """A node's id, or what stands for one."""
    PORT = auto()
    PORT_OF_NODE = auto()
    """`<node id>:<port>`"""
    PARAMETER = auto()
    SETTING = auto()
    """The value of a parameter: a script, a column selection, a value."""
    COLUMN = auto()
    LAYOUT = auto()
    DATA = auto()
    """Somebody's data, numbers included."""
    SERVICE = auto()
    """The name of a web service."""
    RESOURCE = auto()
    """The Resource Manager id of a web service."""


@dataclass(frozen=True, slots=True)
class Each:
    """An object whose member names are data: what they are, and what stands under each."""

    name: Kind
    value: "Schema"


@dataclass(frozen=True, slots=True)
class Either:
    """A text, or an object."""

    text: Kind
    members: "Schema"


Schema: TypeAlias = Union[Kind, Each, Either, Mapping[str, "Schema"]]


def _table(values: str = "", technical: str = "", /, **others: Schema) -> Mapping[str, Schema]:
    """Members by their names, case folded: those that hold values, those that hold technical texts, and what else there is."""
    plain = {**dict.fromkeys(values.split(), Kind.VALUE), **dict.fromkeys(technical.split(), Kind.TECHNICAL)}
    return {name.casefold(): schema for name, schema in (*plain.items(), *others.items())}


_STATUS = _table(
    "StatusCode StatusDetail CreationTime StartTime EndTime",
    Metadata=Each(Kind.PORT, _table("Name", "Value")),
)
_ENDPOINT = _table(
    "CredentialContainer EndpointType FileType IsAuxiliary Location Size",
    "AccessCredential BaseUri",
    Name=Kind.PORT,
)
_NODE_STATUS = _table(
    NodeId=Kind.NODE,
    Status=_STATUS,
    OutputEndpoints=_ENDPOINT,
    StandardErrorEndpoint=_ENDPOINT,
    StandardOutEndpoint=_ENDPOINT,
    MetadataOutputEndpoints=Each(Kind.PORT, _table("Key", Value=_ENDPOINT)),
)
_INPUT = _table(
    "Language Version PortIndex",
    "DataSourceId TrainedModelId TransformModuleId",
    Name=Kind.PORT,
    NodeId=Kind.NODE,
)
_OUTPUT = _table("OutputType", Name=Kind.PORT, NodeId=Kind.NODE)
_PARAMETER = _table("ValueType", Name=Kind.PARAMETER, Value=Kind.SETTING, LinkedGlobalParameter=Kind.PARAMETER)
_NODE = _table(
    "CommentCollapsed Language Version UsePreviousResults IsPartOfPartialRun",
    "ModuleId",
    Id=Kind.NODE,
    Comment=Kind.PROSE,
    ModuleParameters=_PARAMETER,
    InputPortsInternal=_INPUT,
    OutputPortsInternal=_OUTPUT,
)
_EDGE = _table("DestinationInputPortIndex", SourceOutputPortId=Kind.PORT_OF_NODE, DestinationInputPortId=Kind.PORT_OF_NODE)
_RULE: Mapping[str, Schema] = {"$type": Kind.VALUE, **_table("Min Max Values")}
_DEFINITION = _table(
    "ParameterType HasDefaultValue IsOptional HasRules MarkupType ModeValuesInfo CredentialDescriptor IsSensitiveField",
    "ScriptName",
    Name=Kind.PARAMETER,
    FriendlyName=Kind.PARAMETER,
    Description=Kind.PARAMETER,
    DefaultValue=Kind.SETTING,
    ParameterRules=_RULE,
)
_GLOBAL_PARAMETER = _table(Name=Kind.PARAMETER, Value=Kind.SETTING, DefaultValue=Kind.SETTING, ParameterDefinition=_DEFINITION)
_SERVICE_PORT = _table(Id=Kind.NODE, PortId=Kind.PORT_OF_NODE, Name=Kind.PORT)

EXPERIMENT: Schema = _table(
    "Category DisableNodesUpdate Etag IsArchived IsLeaf IsPartialRun SchemaVersion",
    "ExperimentId JobId OriginalExperimentDocumentationLink ParentExperimentId RunId VersionId",
    Description=Kind.TITLE,
    Summary=Kind.PROSE,
    Tags=Kind.PROSE,
    Creator=Kind.PERSON,
    Status=_STATUS,
    NodeStatuses=_NODE_STATUS,
    Graph=_table(
        ModuleNodes=_NODE,
        EdgesInternal=_EDGE,
        SerializedClientData=Kind.LAYOUT,
        PublishInfo=Kind.PROSE,
        Parameters=_GLOBAL_PARAMETER,
    ),
    WebService=_table(
        "IsWebServiceExperiment",
        "WebServiceGroupId ModelPackageId RunId ArmWebServiceId",
        Inputs=_SERVICE_PORT,
        Outputs=_SERVICE_PORT,
        Parameters=_GLOBAL_PARAMETER,
        SerializedClientData=Kind.LAYOUT,
    ),
)

_COLUMN: Mapping[str, Schema] = {
    "x-ms-isnullable": Kind.VALUE,
    "x-ms-isordered": Kind.VALUE,
    **_table("Type Format Enum", Title=Kind.PROSE, Description=Kind.PROSE),
}
_TABLE = _table("Type", Title=Kind.PROSE, Description=Kind.PROSE, Properties=Each(Kind.COLUMN, _COLUMN))
_TABLES = _table("Type", Title=Kind.PROSE, Description=Kind.PROSE, Properties=Each(Kind.PORT, _TABLE))
_ROWS = Either(Kind.DATA, Each(Kind.COLUMN, Kind.DATA))
"""Lists of values, or objects with a member for each column."""

_SET = Each(Kind.PARAMETER, Either(Kind.SETTING, _table("", "CertificateThumbprint", Value=Kind.SETTING)))
_LINK = _table("", "NodeId", ParameterKey=Kind.PARAMETER)
_INTERFACE = _table(
    "ParameterType IsOptional",
    Name=Kind.PARAMETER,
    FriendlyName=Kind.PARAMETER,
    Description=Kind.PROSE,
    DefaultValue=Kind.SETTING,
)
_PORTS = Each(Kind.PORT, _table("Type"))
_ASSET = _table(
    "Name Type",
    "Id",
    LocationInfo=_table("", "Uri Credentials"),
    InputPorts=_PORTS,
    OutputPorts=_PORTS,
    Metadata=Each(Kind.TECHNICAL, Kind.PROSE),
    Parameters=_INTERFACE,
)
_GRAPH_PARAMETER = _table("Type", Description=Kind.PROSE, Value=Kind.SETTING, DefaultValue=Kind.SETTING, Links=_LINK)

DEFINITION: Schema = _table(
    "Type Location",
    Id=Kind.RESOURCE,
    Name=Kind.SERVICE,
    Tags=Each(Kind.PROSE, Kind.PROSE),
    Properties=_table(
        "PackageType ReadOnly ExposeSampleData PayloadsInBlobStorage ProvisioningState CreatedOn ModifiedOn",
        "SwaggerLocation",
        Title=Kind.TITLE,
        Description=Kind.PROSE,
        PayloadsLocation=_table("", "Uri Credentials"),
        RealtimeConfiguration=_table("MaxConcurrentCalls"),
        Diagnostics=_table("Level Expiry"),
        Keys=_table("", "Primary Secondary"),
        StorageAccount=_table("", "Name Key"),
        MachineLearningWorkspace=_table("", "Id"),
        CommitmentPlan=_table("", "Id"),
        Input=_TABLES,
        Output=_TABLES,
        ExampleRequest=_table(Inputs=Each(Kind.PORT, _ROWS), GlobalParameters=Each(Kind.PARAMETER, Kind.SETTING)),
        Assets=Each(Kind.TECHNICAL, _ASSET),
        Parameters=_SET,
        Package=_table(
            Nodes=Each(Kind.TECHNICAL, _table("", "AssetId", InputId=Kind.PORT, OutputId=Kind.PORT, Parameters=_SET)),
            Edges=_table("", "SourceNodeId TargetNodeId", SourcePortId=Kind.PORT, TargetPortId=Kind.PORT),
            GraphParameters=Each(Kind.PARAMETER, _GRAPH_PARAMETER),
        ),
    ),
)
SELECTION: Schema = _table(
    "isFilter",
    rules=_table("ruleType columnTypes columnKinds exclude", columns=Kind.COLUMN),
    ui=_table("withRules"),
)
"""A column selection."""
