"""A short description of an experiment's graph, from which the wire form is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType

from .modules import Module


class AssetKind(Enum):
    """The member of an input port that holds the asset's id."""

    DATASET = "DataSourceId"
    TRAINED_MODEL = "TrainedModelId"
    TRANSFORM = "TransformModuleId"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A dataset, trained model or transform with its box on the canvas."""

    kind: AssetKind
    id: str
    at: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter's value, and the web service parameter that overrides it."""

    value: str | None
    linked: str | None = None
    kind: str = "Literal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A module placed on the canvas; `feeds` says per input port which `(node id, output port)` or asset enters it."""

    id: str
    module: Module
    at: tuple[int, int]
    parameters: Mapping[str, Parameter] = field(default_factory=lambda: MappingProxyType({}))
    feeds: Mapping[str, "tuple[str, str] | Asset"] = field(default_factory=lambda: MappingProxyType({}))
    comment: str = ""
    cached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """A web service input or output box."""

    id: str
    node: str
    port: str
    name: str
    at: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceParameter:
    """A parameter the web service offers to its callers."""

    name: str
    type: str
    default: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The web service side of a predictive experiment."""

    inputs: tuple[ServicePort, ...] = ()
    outputs: tuple[ServicePort, ...] = ()
    parameters: tuple[ServiceParameter, ...] = ()


class State(Enum):
    """How the export was taken: never run, after a run, or edited since a run."""

    DRAFT = "draft"
    RUN = "run"


class Text(Enum):
    """As the service sent it, or as people kept it."""

    WIRE = "wire"
    SPACES = "spaces"
    TABS = "tabs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of an experiment and the file it was saved in."""

    path: str
    created: datetime
    title: str
    nodes: Mapping[str, Node]
    state: State = State.RUN
    text: Text = Text.WIRE


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """An experiment with its versions, oldest first."""

    workspace: str
    family: str
    creator: str
    summary: str
    tags: tuple[str, ...] = ()
    storage: str
    service: Service | None = None
    versions: tuple[Version, ...]


Nodes = Mapping[str, Node]


def with_parameter(nodes: Nodes, name: str, parameter: str, value: str) -> Nodes:
    """The nodes with one parameter's value changed."""
    node = nodes[name]
    changed = replace(node.parameters[parameter], value=value)
    return {**nodes, name: replace(node, parameters={**node.parameters, parameter: changed})}


def with_feed(nodes: Nodes, name: str, port: str, feed: tuple[str, str] | Asset) -> Nodes:
    """The nodes with another edge or asset at one input port."""
    node = nodes[name]
    return {**nodes, name: replace(node, feeds={**node.feeds, port: feed})}


def moved(nodes: Nodes, **places: tuple[int, int]) -> Nodes:
    """The nodes with some boxes at other places."""
    return {**nodes, **{name: replace(nodes[name], at=at) for name, at in places.items()}}
