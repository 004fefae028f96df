"""What NODE and NODE.NAME mean on a command line: by any name that people have for a node, as long as it is one node's alone."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from amlgit.errors import UsageError
from amlgit.form import naming
from amlgit.model.jsontext import Object, printable
from amlgit.model.webservices import member
from amlgit.review.lenient import entries, members, text
from amlgit.review.names import Names

_MOST = 8
"""Candidates that an error lists."""
_ID = re.compile(r"[0-9a-f-]{4,}")
Thing = TypeVar("Thing")


class Ambiguous(UsageError):
    """A name that may be one of several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedNode:
    """A node by its names, and the names of what it holds: parameters first, then input ports."""

    id: str
    label: str
    stem: str
    """Its file, without an extension."""
    comment: str
    parts: tuple[str, ...]

    @property
    def module(self) -> str:
        """The module's name."""
        return self.label.rpartition(" ")[0]


class Meant(NamedTuple):
    """A node, or (where `name` is not empty) one thing it holds."""

    node: NamedNode
    name: str


def named_nodes(document: Object, names: Names) -> list[NamedNode]:
    """The nodes of an experiment or a web service."""
    nodes = entries(member(document.get("Graph"), "ModuleNodes"))
    stems = naming.stems((text(node.get("Id")), text(node.get("ModuleId"))) for node in nodes)
    found = [
        NamedNode(
            id=text(node.get("Id")),
            label=names.node(text(node.get("Id"))),
            stem=stems[text(node.get("Id"))],
            comment=text(node.get("Comment")).strip(),
            parts=(*_names_in(node, "ModuleParameters"), *_names_in(node, "InputPortsInternal")),
        )
        for node in nodes
    ]
    from amlgit.compare import services

    return found + [
        NamedNode(id=key, label=names.node(key), stem=key, comment="", parts=tuple(members(member(node, "parameters"))))
        for key, node in services.nodes(document).items()
    ]


def _names_in(node: Object, name: str) -> Iterator[str]:
    return (text(entry.get("Name")) for entry in entries(node.get(name)))


def find(wanted: str, nodes: Sequence[NamedNode]) -> Meant:
    """The node, or the parameter or port of one, that a text means; raises UsageError with candidates where it is not one."""
    whole = _matching(wanted, nodes)
    if whole:
        return Meant(_only(wanted, [(node.label, node) for node in whole]), "")
    return find_part(wanted, nodes)


def find_part(wanted: str, nodes: Sequence[NamedNode]) -> Meant:
    """What NODE.NAME means; raises UsageError as `find`."""
    owners = [(node, rest) for name, rest in _splits(wanted) for node in _matching(name, nodes)]
    if not owners:
        names = (name for node in nodes for name in (node.label, node.module, node.comment) if name)
        raise UsageError(f"there is no node {_node_part(wanted)!r}", hint=_nearest(_node_part(wanted), names))
    hits = [(f"{node.label}.{part}", Meant(node, part)) for node, rest in owners for part in _parts(rest, node)]
    if not hits:
        if len({node.id for node, _ in owners}) > 1:
            _only(wanted, [(node.label, node) for node, _ in owners])
        node, rest = owners[0]
        raise UsageError(f"{node.label} has no parameter or port {rest!r}", hint=_nearest(rest, node.parts))
    return _only(wanted, hits)


def _node_part(wanted: str) -> str:
    return wanted.partition(".")[0] or wanted


def _splits(wanted: str) -> Iterator[tuple[str, str]]:
    """Every way to take a text for NODE.NAME: both may hold dots."""
    for match in re.finditer(r"\.", wanted):
        if match.start() and match.end() < len(wanted):
            yield wanted[: match.start()], wanted[match.end() :]


def _matching(name: str, nodes: Sequence[NamedNode]) -> list[NamedNode]:
    """The nodes that a name means: by file, by number and digits, by id, else by module and comment."""
    wanted = name.casefold().removesuffix(".json")
    ways: tuple[Callable[[NamedNode], bool], ...] = (
        lambda node: wanted in (node.stem.casefold(), node.label.casefold(), node.id.casefold()),
        lambda node: node.stem.casefold().rpartition(" ")[2] == wanted,
        lambda node: _ID.fullmatch(wanted) is not None and node.id.casefold().startswith(wanted),
        lambda node: wanted in (node.module.casefold(), printable(node.comment, len(node.comment)).casefold()),
    )
    return next((found for is_meant in ways if (found := [node for node in nodes if is_meant(node)])), []) if wanted else []


def _parts(name: str, node: NamedNode) -> list[str]:
    known = dict.fromkeys(node.parts)
    return [name] if name in known else [part for part in known if part.casefold() == name.casefold()]


def _only(wanted: str, found: Sequence[tuple[str, Thing]]) -> Thing:
    if len(found) == 1:
        return found[0][1]
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    candidates = ", ".join(printable(name, 200) for name, _ in found[:_MOST])
    raise Ambiguous(f"{wanted!r} may be one of several: {candidates}{more}", hint="Give the name of its file, or the number and digits in it.")


def _nearest(wanted: str, known: Iterable[str]) -> str | None:
    import difflib

    names = {name.casefold(): name for name in known}
    folded = wanted.casefold()
    nearest = [name for name in names if folded and folded in name] + difflib.get_close_matches(folded, names, n=4, cutoff=0.5)
    listed = [printable(names[name], 200) for name in dict.fromkeys(nearest or sorted(names))][:_MOST]
    return f"{'Nearest' if nearest else 'Known'}: {', '.join(listed)}." if listed else None
