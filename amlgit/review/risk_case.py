"""What a rule about risks looks at, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from amlgit.compare import services
from amlgit.compare.changes import Change, Diff
from amlgit.form import modules
from amlgit.form.secrets import Decisions
from amlgit.model.jsontext import Object
from amlgit.review.lenient import entries, members, text
from amlgit.review.names import Names


class Script(NamedTuple):
    """A script somewhere in the repository as it is now: whose it is, in words, and its text with LF line ends."""

    place: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """What rules look at: the changes of one experiment or service, without secrets; and what stands around them."""

    diff: Diff
    unprotected: Diff
    """The same changes, in the same order, as they are."""
    old: Object
    new: Object
    names: Names
    scripts: Sequence[Script] = ()
    """Every script of the repository's new state."""
    assets: frozenset[str] | None = None
    """The ids of the assets that the folder lists; None where there is no such list."""
    decisions: Decisions = field(default_factory=Decisions)

    @cached_property
    def modules(self) -> Mapping[str, str]:
        """The id of each node's module, as it is now or was last."""
        graphs = (members(side.get("Graph")) for side in (self.old, self.new))
        found = {text(node.get("Id")): text(node.get("ModuleId")) for side in graphs for node in entries(side.get("ModuleNodes"))}
        if found:
            return found
        return {node: services.module_of(side, node) for side in (self.old, self.new) for node in services.nodes(side)}

    def module(self, change: Change) -> str:
        """What the module of a change's node is called; empty where it has none."""
        return modules.name(self.modules.get(change.node.id, "")) if change.node is not None else ""


class Hit(NamedTuple):
    """A change that a rule is about (None: the whole graph), and what to say of it where that is not the change itself."""

    change: Change | None
    text: str = ""
