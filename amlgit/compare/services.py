"""The changes between two web service definitions, member by member."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from amlgit.compare.changes import MISSING, Change, ChangeClass, Diff, Edit, Kind, Missing, NodeName, Path, Side, What
from amlgit.compare.keyed import Keyed
from amlgit.compare.three import equal
from amlgit.form import scripts
from amlgit.form.webservices import RUN_MEMBERS, RUN_PROPERTIES
from amlgit.model.jsontext import Json, Object, dumps_sorted
from amlgit.model.webservices import member, module_id


class _Place(NamedTuple):
    """What stands at a path: how its changes are classed, and the node it belongs to."""

    change_class: ChangeClass
    what: What
    node: str | None = None


def diff(old: Object, new: Object) -> Diff:
    """What a person changed from `old` to `new`; member names are taken in any case, as the service does."""
    changes = sorted(_changes(old, new), key=lambda change: (list(ChangeClass).index(change.change_class), change.path))
    return Diff(changes=tuple(changes), recreated={})


def _changes(old: Object, new: Object) -> Iterator[Change]:
    for edit in _edits((), old, new):
        place = _place(edit.path, new if edit.old is MISSING else old)
        yield Change(
            change_class=place.change_class,
            what=place.what,
            kind=Kind.ADDED if edit.old is MISSING else Kind.REMOVED if edit.new is MISSING else Kind.CHANGED,
            node=None if place.node is None else NodeName(id=place.node, old_id=place.node, label=place.node, comment=""),
            path=edit.path,
            old=None if isinstance(edit.old, Missing) else edit.old,
            new=None if isinstance(edit.new, Missing) else edit.new,
            edits=(edit,),
        )


_DEEPEST = 8


def _edits(path: Path, old: Json, new: Json) -> Iterator[Edit]:
    """The places that differ: members of objects, and entries of the sets of edges; else whole values."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and len(path) < _DEEPEST:
        spelled = {name.casefold(): name for name in old}
        for name in old:
            if _is_owned(path, name):
                continue
            same_name = next((other for other in new if other.casefold() == name.casefold()), None) if name not in new else name
            yield from _sides((*path, name), old[name], MISSING if same_name is None else new[same_name])
        for name in new:
            if name.casefold() not in spelled and not _is_owned(path, name):
                yield Edit(path=(*path, name), old=MISSING, new=new[name])
    elif path and path[-1].casefold() in ("edges", "links") and isinstance(old, list) and isinstance(new, list):
        one, other = (Keyed((dumps_sorted(entry).decode(), entry) for entry in side) for side in (old, new))
        for key in sorted(one.keys() ^ other.keys()):
            yield Edit(path=(*path, key), old=one.get(key, MISSING), new=other.get(key, MISSING))
    elif not equal(old, new):
        yield Edit(path=path, old=old, new=new)


def _sides(path: Path, old: Json, new: Side) -> Iterator[Edit]:
    if isinstance(new, Missing):
        yield Edit(path=path, old=old, new=new)
    else:
        yield from _edits(path, old, new)


def _is_owned(path: Path, name: str) -> bool:
    """Whether the service sets a member, so that its change is nobody's edit."""
    if not path:
        return name.casefold() in RUN_MEMBERS
    return len(path) == 1 and path[0].casefold() == "properties" and name.casefold() in RUN_PROPERTIES


def _place(path: Path, document: Object) -> _Place:
    folded = tuple(name.casefold() for name in path)
    if folded[:3] == ("properties", "package", "nodes"):
        return _node_place(path, document)
    if folded[:2] == ("properties", "package"):
        if folded[2:3] and folded[2] in ("edges", "links"):
            return _Place(ChangeClass.WIRING, What.EDGE)
        return _Place(ChangeClass.INTERFACE, What.PARAMETER if folded[2:3] == ("graphparameters",) else What.FIELD)
    if folded[:2] == ("properties", "assets"):
        return _Place(ChangeClass.DATA, What.ASSET)
    if folded[:2] == ("properties", "parameters"):
        return _Place(ChangeClass.INTERFACE, What.PARAMETER)
    if folded[:2] in (("properties", "input"), ("properties", "output")):
        return _Place(ChangeClass.INTERFACE, What.PORT)
    return _Place(ChangeClass.METADATA, What.FIELD)


def _node_place(path: Path, document: Object) -> _Place:
    if len(path) == 3:
        return _Place(ChangeClass.WIRING, What.NODE)
    node = path[3]
    if len(path) == 4:
        return _Place(ChangeClass.WIRING, What.NODE, node)
    if path[4].casefold() == "parameters":
        is_script = len(path) > 5 and scripts.extension(_module(document, node), path[5]) is not None
        return _Place(ChangeClass.SCRIPT if is_script else ChangeClass.PARAMETER, What.SCRIPT if is_script else What.PARAMETER, node)
    return _Place(ChangeClass.MODULE, What.MODULE, node) if path[4].casefold() == "assetid" else _Place(ChangeClass.METADATA, What.FIELD, node)


def _module(document: Object, node: str) -> str:
    """The id of the module that a node refers to by way of an asset."""
    properties = member(document, "properties")
    asset = member(_entry(member(member(properties, "package"), "nodes"), node), "assetId")
    return module_id(_entry(member(properties, "assets"), str(asset))) or ""


def _entry(entries: Json, name: str) -> Json:
    return entries.get(name) if isinstance(entries, Mapping) else None
