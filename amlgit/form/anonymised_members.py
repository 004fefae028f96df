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


def _table(**members: Schema) -> Mapping[str, Schema]:
    return {name.casefold(): schema for name, schema in members.items()}


V, T, P = Kind.VALUE, Kind.TECHNICAL, Kind.PROSE

_STATUS = _table(
    StatusCode=V,
    StatusDetail=V,
    CreationTime=V,
    StartTime=V,
    EndTime=V,
    Metadata=Each(Kind.PORT, _table(Name=V, Value=T)),
)
_ENDPOINT = _table(
    AccessCredential=T,
    BaseUri=T,
    CredentialContainer=V,
    EndpointType=V,
    FileType=V,
    IsAuxiliary=V,
    Location=V,
    Name=Kind.PORT,
    Size=V,
)
_NODE_STATUS = _table(
    NodeId=Kind.NODE,
    Status=_STATUS,
    OutputEndpoints=_ENDPOINT,
    StandardErrorEndpoint=_ENDPOINT,
    StandardOutEndpoint=_ENDPOINT,
    MetadataOutputEndpoints=Each(Kind.PORT, _table(Key=V, Value=_ENDPOINT)),
)
_INPUT = _table(
    Name=Kind.PORT,
    NodeId=Kind.NODE,
    DataSourceId=T,
    TrainedModelId=T,
    TransformModuleId=T,
    Language=V,
    Version=V,
    PortIndex=V,
)
_OUTPUT = _table(Name=Kind.PORT, NodeId=Kind.NODE, OutputType=V)
_PARAMETER = _table(Name=Kind.PARAMETER, Value=Kind.SETTING, ValueType=V, LinkedGlobalParameter=Kind.PARAMETER)
_NODE = _table(
    Id=Kind.NODE,
    ModuleId=T,
    Comment=P,
    CommentCollapsed=V,
    Language=V,
    Version=V,
    UsePreviousResults=V,
    IsPartOfPartialRun=V,
    ModuleParameters=_PARAMETER,
    InputPortsInternal=_INPUT,
    OutputPortsInternal=_OUTPUT,
)
_EDGE = _table(SourceOutputPortId=Kind.PORT_OF_NODE, DestinationInputPortId=Kind.PORT_OF_NODE, DestinationInputPortIndex=V)
_RULE: Mapping[str, Schema] = {"$type": V, **_table(Min=V, Max=V, Values=V)}
_DEFINITION = _table(
    Name=Kind.PARAMETER,
    FriendlyName=Kind.PARAMETER,
    Description=Kind.PARAMETER,
    ParameterType=V,
    HasDefaultValue=V,
    DefaultValue=Kind.SETTING,
    IsOptional=V,
    HasRules=V,
    ParameterRules=_RULE,
    MarkupType=V,
    ScriptName=T,
    ModeValuesInfo=V,
    CredentialDescriptor=V,
    IsSensitiveField=V,
)
_GLOBAL_PARAMETER = _table(Name=Kind.PARAMETER, Value=Kind.SETTING, DefaultValue=Kind.SETTING, ParameterDefinition=_DEFINITION)
_SERVICE_PORT = _table(Id=Kind.NODE, PortId=Kind.PORT_OF_NODE, Name=Kind.PORT)

EXPERIMENT: Schema = _table(
    Description=Kind.TITLE,
    Summary=P,
    Tags=P,
    Creator=Kind.PERSON,
    Category=V,
    DisableNodesUpdate=V,
    Etag=V,
    ExperimentId=T,
    IsArchived=V,
    IsLeaf=V,
    IsPartialRun=V,
    JobId=T,
    OriginalExperimentDocumentationLink=T,
    ParentExperimentId=T,
    RunId=T,
    SchemaVersion=V,
    VersionId=T,
    Status=_STATUS,
    NodeStatuses=_NODE_STATUS,
    Graph=_table(
        ModuleNodes=_NODE,
        EdgesInternal=_EDGE,
        SerializedClientData=Kind.LAYOUT,
        PublishInfo=P,
        Parameters=_GLOBAL_PARAMETER,
    ),
    WebService=_table(
        IsWebServiceExperiment=V,
        Inputs=_SERVICE_PORT,
        Outputs=_SERVICE_PORT,
        Parameters=_GLOBAL_PARAMETER,
        WebServiceGroupId=T,
        ModelPackageId=T,
        RunId=T,
        SerializedClientData=Kind.LAYOUT,
        ArmWebServiceId=T,
    ),
)

_COLUMN: Mapping[str, Schema] = {"x-ms-isnullable": V, "x-ms-isordered": V, **_table(Type=V, Format=V, Enum=V, Title=P, Description=P)}
_TABLE = _table(Title=P, Description=P, Type=V, Properties=Each(Kind.COLUMN, _COLUMN))
_TABLES = _table(Title=P, Description=P, Type=V, Properties=Each(Kind.PORT, _TABLE))
_ROWS = Either(Kind.DATA, Each(Kind.COLUMN, Kind.DATA))
"""Lists of values, or objects with a member for each column."""

_SET = Each(Kind.PARAMETER, Either(Kind.SETTING, _table(Value=Kind.SETTING, CertificateThumbprint=T)))
_LINK = _table(NodeId=T, ParameterKey=Kind.PARAMETER)
_INTERFACE = _table(
    Name=Kind.PARAMETER,
    ParameterType=V,
    Description=P,
    FriendlyName=Kind.PARAMETER,
    DefaultValue=Kind.SETTING,
    IsOptional=V,
)
_ASSET = _table(
    Id=T,
    Name=V,
    Type=V,
    LocationInfo=_table(Uri=T, Credentials=T),
    InputPorts=Each(Kind.PORT, _table(Type=V)),
    OutputPorts=Each(Kind.PORT, _table(Type=V)),
    Metadata=Each(Kind.TECHNICAL, P),
    Parameters=_INTERFACE,
)

DEFINITION: Schema = _table(
    Id=Kind.RESOURCE,
    Name=Kind.SERVICE,
    Type=V,
    Location=V,
    Tags=Each(Kind.PROSE, P),
    Properties=_table(
        Title=Kind.TITLE,
        Description=P,
        PackageType=V,
        ReadOnly=V,
        ExposeSampleData=V,
        PayloadsInBlobStorage=V,
        PayloadsLocation=_table(Uri=T, Credentials=T),
        ProvisioningState=V,
        CreatedOn=V,
        ModifiedOn=V,
        SwaggerLocation=T,
        RealtimeConfiguration=_table(MaxConcurrentCalls=V),
        Diagnostics=_table(Level=V, Expiry=V),
        Keys=_table(Primary=T, Secondary=T),
        StorageAccount=_table(Name=T, Key=T),
        MachineLearningWorkspace=_table(Id=T),
        CommitmentPlan=_table(Id=T),
        Input=_TABLES,
        Output=_TABLES,
        ExampleRequest=_table(Inputs=Each(Kind.PORT, _ROWS), GlobalParameters=Each(Kind.PARAMETER, Kind.SETTING)),
        Assets=Each(Kind.TECHNICAL, _ASSET),
        Parameters=_SET,
        Package=_table(
            Nodes=Each(Kind.TECHNICAL, _table(AssetId=T, InputId=Kind.PORT, OutputId=Kind.PORT, Parameters=_SET)),
            Edges=_table(SourceNodeId=T, SourcePortId=Kind.PORT, TargetNodeId=T, TargetPortId=Kind.PORT),
            GraphParameters=Each(Kind.PARAMETER, _table(Description=P, Type=V, Value=Kind.SETTING, DefaultValue=Kind.SETTING, Links=_LINK)),
        ),
    ),
)
SELECTION: Schema = _table(
    isFilter=V,
    rules=_table(ruleType=V, columns=Kind.COLUMN, columnTypes=V, columnKinds=V, exclude=V),
    ui=_table(withRules=V),
)
"""A column selection."""
