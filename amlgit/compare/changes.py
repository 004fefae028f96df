"""What a diff finds: changes a person would name, made of edits that a program can apply."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, Union

from amlgit.model.jsontext import Json

Path: TypeAlias = tuple[str, ...]
"""Where something stands, by identity: member names, with a node's id, a port's or parameter's name in place of a list's index."""


class Missing:
    """What stands on a side that has no such member or entry; JSON's null is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
Side: TypeAlias = Union[Json, Missing]


def json_of(side: Side) -> Json:
    """What stands on a side; null also where nothing does."""
    return None if isinstance(side, Missing) else side


class ChangeClass(StrEnum):
    """What a change is about, for those who review it."""

    WIRING = "wiring"
    PARAMETER = "parameter"
    SCRIPT = "script"
    DATA = "data"
    MODULE = "module"
    INTERFACE = "interface"
    METADATA = "metadata"
    LAYOUT = "layout"


class What(StrEnum):
    """The thing that changed."""

    NODE = "node"
    EDGE = "edge"
    PORT = "port"
    PARAMETER = "parameter"
    SCRIPT = "script"
    ASSET = "asset"
    MODULE = "module"
    FIELD = "field"
    LAYOUT = "layout"


class Kind(StrEnum):
    """What happened to it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    REWIRED = "rewired"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeName:
    """A node as messages call it."""

    id: str
    old_id: str
    """Its id in the old graph: another one where the node was re-created."""
    label: str
    """Module, number and four digits of the guid, as in its file's name."""
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One place with its value before and after; MISSING where there is none."""

    path: Path
    old: Side
    new: Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One edit of a person's; `old` and `new` are what it is about, None where there is nothing."""

    change_class: ChangeClass
    what: What
    kind: Kind
    node: NodeName | None
    path: Path
    old: Json
    new: Json
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that differs between two graphs. `recreated` are nodes that came back with another id: old → new."""

    changes: tuple[Change, ...]
    recreated: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing changed but perhaps ids of nodes."""
        return not self.changes
