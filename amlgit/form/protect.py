"""Exports that were never taken in, with their secrets replaced: what is shown of a file holds as little as what is written of it."""

from collections.abc import Mapping
from typing import TypeAlias

from amlgit.form import columns
from amlgit.form.memo import Memo
from amlgit.form.secrets import CREDENTIAL_MEMBERS, CREDENTIAL_PARAMETERS, REPLACE_ALL, Guard, may_hold_secret, names_a_secret, placeholder
from amlgit.model.jsontext import Json, Object, dumps

_VALUES = ("Value", "DefaultValue")


def credentials(document: Object) -> frozenset[str]:
    """The names of the global parameters that a credential is linked to."""
    graph = document.get("Graph")
    found = set()
    for node in _objects(graph.get("ModuleNodes") if isinstance(graph, Mapping) else None):
        for parameter in _objects(node.get("ModuleParameters")):
            linked = parameter.get("LinkedGlobalParameter")
            if isinstance(linked, str) and _is_credential(parameter):
                found.add(linked)
    return frozenset(found)


def protected(value: Json, linked: frozenset[str] = frozenset()) -> Json:
    """Any part of an export with its secrets replaced; `linked` are the global parameters that a credential is linked to."""
    return _protected(value, linked, Guard("", REPLACE_ALL))


Looked: TypeAlias = Memo[tuple[Object, Object]]
"""A node that was looked at, by the id of the object, and the same without secrets."""


def shown(document: Object, looked: Looked | None = None) -> Object:
    """What people see of an export, with its secrets replaced: without statuses, and no node is looked at twice that can't hold any.

    What is no export is given back: a definition's secrets are known by where they stand. Who shows version after version, unchanged
    nodes the very objects, keeps `looked` from call to call, and is given the very objects again.
    """
    graph = document.get("Graph")
    if not isinstance(graph, Mapping):
        return document
    linked = credentials(document)
    nodes = graph.get("ModuleNodes")
    kept = {name: value for name, value in graph.items() if name not in ("ModuleNodes", "EdgesInternal", "SerializedClientData")}
    rest = {name: value for name, value in document.items() if name not in ("Graph", "NodeStatuses")}
    whole = _object(protected(rest, linked))
    return {
        **whole,
        "Graph": {
            **_object(protected(kept, linked)),
            "ModuleNodes": [_node(node, linked, looked) for node in _objects(nodes)],
            "EdgesInternal": graph.get("EdgesInternal"),
            "SerializedClientData": graph.get("SerializedClientData"),
        },
    }


def _node(node: Object, linked: frozenset[str], looked: Looked | None) -> Object:
    if looked is None or linked:
        return _object(protected(node, linked)) if _may_hold_secret(node, linked) else node
    known = looked.get(id(node)) or looked.put(id(node), (node, _node(node, linked, None)))
    return known[1]


def _may_hold_secret(node: Object, linked: frozenset[str]) -> bool:
    for name, value in node.items():
        if name == "ModuleParameters":
            continue
        if isinstance(value, str) and may_hold_secret(value):
            return True
    for parameter in _objects(node.get("ModuleParameters")):
        label, given = parameter.get("Name"), parameter.get("Value")
        is_named = isinstance(label, str) and (label in linked or names_a_secret(label))
        if is_named or _is_credential(parameter) or any(isinstance(one, str) and may_hold_secret(one) for one in (label, given)):
            return True
    return not isinstance(node.get("ModuleParameters"), list)


def _object(value: Json) -> Object:
    assert isinstance(value, Mapping)
    return value


def protected_parameter(name: str, value: Json, linked: frozenset[str] = frozenset()) -> Json:
    """The value of a parameter of that name with the secrets in it replaced."""
    guard = Guard("", REPLACE_ALL)
    if name.casefold() in CREDENTIAL_PARAMETERS or name in linked:
        return guard.field(value, name)
    return guard.named(_text(value, "", guard), "", name) if isinstance(value, str) else _protected(value, linked, guard)


def protected_member(name: str, value: Json, linked: frozenset[str] = frozenset()) -> Json:
    """The value of a member of that name with the secrets in it replaced."""
    return _member(name, value, linked, Guard("", REPLACE_ALL))


def protected_text(text: str) -> str:
    """A text with the secrets in it replaced."""
    return _text(text, "", Guard("", REPLACE_ALL))


def _protected(value: Json, linked: frozenset[str], guard: Guard) -> Json:
    if isinstance(value, Mapping):
        name = value.get("Name")
        is_secret = isinstance(name, str) and (_is_credential(value) or name in linked)
        written = {
            member: guard.field(inner, str(name)) if is_secret and member in _VALUES else _member(member, inner, linked, guard)
            for member, inner in value.items()
        }
        if isinstance(name, str) and names_a_secret(name):
            written |= {member: guard.named(inner, "", name) for member in _VALUES if isinstance(inner := written.get(member), str)}
        return written
    if isinstance(value, list):
        return [_protected(entry, linked, guard) for entry in value]
    return _text(value, "", guard) if isinstance(value, str) else value


def _member(name: str, value: Json, linked: frozenset[str], guard: Guard) -> Json:
    if name.casefold() in CREDENTIAL_MEMBERS:
        return guard.field(value, name)
    return _text(value, name, guard) if isinstance(value, str) else _protected(value, linked, guard)


def _text(text: str, name: str, guard: Guard) -> str:
    """A text, or a column selection: an escaped one is shown decoded, so it is looked at decoded."""
    selection = columns.decode(text)
    if selection is not None and dumps(guard.value(selection.selection, "", name)) != dumps(selection.selection):
        return placeholder("column selection")
    return guard.text(text, "", name)


def _is_credential(parameter: Object) -> bool:
    name = parameter.get("Name")
    named = isinstance(name, str) and name.casefold() in CREDENTIAL_PARAMETERS
    return named or parameter.get("ValueType") == "PlaceHolder" or parameter.get("IsSensitiveField") is True


def _objects(value: Json) -> list[Object]:
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
