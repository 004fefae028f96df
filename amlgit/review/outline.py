"""An experiment or web service as a reader wants to know it: what goes in, what is done to it in which order, what comes out.

Values only; `experiment_outline` and `service_outline` make them, `outline_text` and `picture_text` show them, and `--json` is
these very members.
"""

from dataclasses import dataclass
from enum import StrEnum

from amlgit.model.jsontext import Json


class EndKind(StrEnum):
    """What stands at the other end of an edge."""

    NODE = "node"
    DATASET = "dataset"
    TRAINED_MODEL = "trained model"
    TRANSFORM = "transform"
    ASSET = "asset"
    SERVICE_INPUT = "web service input"
    SERVICE_OUTPUT = "web service output"
    MISSING = "missing"
    """An edge comes from or goes to a node that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The other end of an edge; `name` is a node's label, or what the asset or port is called."""

    kind: EndKind
    name: str
    port: str | None = None
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """A port of a node and what it is connected to."""

    name: str
    ends: tuple[End, ...] = ()


class ParameterKind(StrEnum):
    """How a parameter's value is to be read."""

    VALUE = "value"
    COLUMNS = "columns"
    SECRET = "secret"  # noqa: S105  # a kind of parameter
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A parameter that holds no script; `words` is its value as a person would say it."""

    name: str
    kind: ParameterKind
    value: Json
    words: str
    linked_to: str | None = None
    """The web service parameter that sets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script as its parameter holds it, with LF line ends."""

    parameter: str
    language: str
    """The extension of its file: py, R, sql or txt."""
    lines: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A module placed in the graph; `name` is what its file is called."""

    name: str
    id: str
    module: str
    module_description: str | None
    """What the module looks like, where its name is not known."""
    module_id: str
    comment: str
    status: str | None
    """What became of it in a run."""
    inputs: tuple[Port, ...]
    parameters: tuple[Parameter, ...]
    scripts: tuple[Script, ...]
    outputs: tuple[Port, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedAsset:
    """A dataset, model or transform that the graph refers to, and the ports that take it."""

    kind: EndKind
    name: str
    id: str
    """The asset's id; in a web service definition the name of its node."""
    location: str | None
    """Where a web service definition says it lies."""
    is_known: bool
    """Whether the name is its own; else it is made of its id."""
    used_by: tuple[End, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a web service's table."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """An input or output of the web service, and the ports behind it."""

    name: str
    id: str
    ends: tuple[End, ...]
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceParameter:
    """A parameter of the web service; `sets` are the parameters of nodes that it gives their value, as `<node>: <parameter>`."""

    name: str
    type: str
    value: Parameter
    sets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which version this is and what the service said of it; what is not known is None. Dates are ISO 8601 in UTC."""

    remote: str | None = None
    number: int | None = None
    count: int | None = None
    """How many versions the record has."""
    status: str | None = None
    detail: str | None = None
    date: str | None = None
    creator: str | None = None
    run_seconds: int | None = None
    commit: str | None = None
    snapshot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something else worth knowing about a web service."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A whole experiment or web service; the nodes are in the order of the data's flow."""

    kind: str
    title: str
    summary: str
    tags: tuple[str, ...] = ()
    folder: str | None = None
    version: Version | None = None
    facts: tuple[Fact, ...] = ()
    problems: tuple[str, ...] = ()
    """What is wrong with the graph."""
    assets: tuple[UsedAsset, ...] = ()
    service_inputs: tuple[ServicePort, ...] = ()
    service_outputs: tuple[ServicePort, ...] = ()
    service_parameters: tuple[ServiceParameter, ...] = ()
    nodes: tuple[Node, ...] = ()
