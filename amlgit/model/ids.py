"""Ids as Studio writes them: only the workspace and the family are ever taken out of one."""

import functools
import re
from dataclasses import dataclass

GLOBAL_WORKSPACE = "506153734175476c4f62416c57734963"
"""The workspace of Studio's built-in modules and samples (protocol of the public clients, id grammar)."""

_HEX = r"[0-9a-fA-F]{32}"
_EXPERIMENT = re.compile(rf"({_HEX})\.([fs])-id\.({_HEX})(?:\.([0-9A-Za-z][0-9A-Za-z.\-]{{0,60}}))?")
_RESOURCE = re.compile(rf"({_HEX})\.({_HEX})\.([0-9A-Za-z][0-9A-Za-z_\-]{{0,100}})")
_NODE = re.compile(r"([0-9a-fA-F]{4})[0-9a-fA-F]{4}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}-([0-9]{1,12})")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentId:
    """`<workspace>.f-id.<family>` of a working copy, or `<workspace>.s-id.<family>.<stamp>` of a snapshot."""

    workspace: str
    family: str
    is_snapshot: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceId:
    """`<workspace>.<family>.<instance>` of a module, dataset, trained model or transform."""

    workspace: str
    family: str
    instance: str


@functools.lru_cache(256)
def experiment_id(text: str) -> ExperimentId | None:
    """The parts of an experiment's or a snapshot's id, or None where `text` is no such id; one value for all versions, of which there may be many."""
    match = _EXPERIMENT.fullmatch(text)
    if match is None or (match[2] == "s") != (match[4] is not None):
        return None
    return ExperimentId(workspace=match[1].lower(), family=match[3].lower(), is_snapshot=match[2] == "s")


def resource_id(text: str) -> ResourceId | None:
    """The parts of an asset's id, or None where `text` is no such id."""
    match = _RESOURCE.fullmatch(text)
    return None if match is None else ResourceId(workspace=match[1].lower(), family=match[2].lower(), instance=match[3])


def node_digits(node_id: str) -> tuple[str, str] | None:
    """The number and the first four digits of the guid of `<guid>-<number>`, or None where a node id has another form."""
    match = _NODE.fullmatch(node_id)
    return None if match is None else (match[2], match[1].lower())


def port(port_id: str) -> tuple[str, str]:
    """Node id and port name of `<node id>:<port name>`; a name may hold further colons."""
    node_id, _, name = port_id.partition(":")
    return node_id, name
