"""What a web service definition's members are called, and what they hold, in the words of its outline; the case of their names says nothing."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from amlgit.model.jsontext import Json, Object, printable
from amlgit.model.webservices import is_encrypted, member
from amlgit.review import values
from amlgit.review.lenient import entries

_CALLED: Mapping[tuple[str, ...], str] = {
    ("assetid",): "module",
    ("commitmentplan", "id"): "plan",
    ("createdon",): "created",
    ("inputid",): "web service input",
    ("keys", "primary"): "primary key",
    ("keys", "secondary"): "secondary key",
    ("machinelearningworkspace", "id"): "workspace",
    ("modifiedon",): "modified",
    ("outputid",): "web service output",
    ("packagetype",): "package",
    ("payloadsinblobstorage",): "payloads in blob storage",
    ("provisioningstate",): "state",
    ("realtimeconfiguration", "maxconcurrentcalls"): "concurrent calls",
    ("storageaccount", "key"): "storage account key",
    ("storageaccount", "name"): "storage account",
}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def called(path: Sequence[str]) -> str:
    """The place that a path of members leads to: `storage account key`."""
    return _CALLED.get(tuple(name.casefold() for name in path)) or ": ".join(spaced(name) for name in path)


def spaced(name: str) -> str:
    """The words that a member's name is made of: `read only` of `readOnly`."""
    known = _CALLED.get((name.casefold(),))
    return known or " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in _HUMP.split(name))


def told(value: Object, path: Sequence[str], node: Callable[[str], str]) -> str:
    """What an object holds, as a list of words; `path` leads to it, `node` gives a node's name."""
    return printable("; ".join(_phrases(value, path, node)) or "(empty)", values.LONGEST_ALONE)


def _phrases(value: Object, path: Sequence[str], node: Callable[[str], str]) -> Iterator[str]:
    if is_encrypted(value):
        yield "(encrypted)"
    elif {name.casefold() for name in value} <= _OF_A_VALUE and member(value, "value") is not None:
        yield values.shown(member(value, "value"))
    elif path and path[-1].casefold() in _OF_DATA:
        # what stands here is named by people
        for name, inner in value.items():
            yield f"{name} {told(inner, (), node)}" if isinstance(inner, Mapping) else f"{name} {values.shown(inner)}"
    else:
        # what a parameter sets says most
        for name, inner in sorted(value.items(), key=lambda pair: pair[0].casefold() != "links"):
            yield from _member((*path, name), inner, node)


_OF_A_VALUE = frozenset({"value", "certificatethumbprint"})
_OF_DATA = frozenset({"parameters", "assets", "nodes"})


def _member(path: Sequence[str], inner: Json, node: Callable[[str], str]) -> Iterator[str]:
    match path[-1].casefold(), inner:
        case _, None | "" | "object":
            return  # says nothing
        case "links", list():
            targets = [f"{node(str(member(link, 'nodeId')))}: {member(link, 'parameterKey')}" for link in entries(inner)]
            yield f"sets {', '.join(targets) or 'nothing'}"
        case "properties", Mapping():
            yield "columns: " + ", ".join(f"{name} ({values.single(column, '+').line})" for name, column in inner.items())
        case _, Mapping():
            yield from _phrases(inner, path, node)
        case _:
            known = _CALLED.get(tuple(name.casefold() for name in path[-2:]))
            yield f"{known or spaced(path[-1])} {values.shown(inner)}"
