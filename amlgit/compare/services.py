"""The changes between two web service definitions, member by member."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from amlgit.compare.changes import MISSING, Change, ChangeClass, Diff, Edit, Kind, NodeName, Path, What, json_of
from amlgit.compare.keyed import Keyed
from amlgit.compare.three import equal
from amlgit.form import modules, scripts
from amlgit.form.webservices import RUN_MEMBERS, RUN_PROPERTIES
from amlgit.model import ids
from amlgit.model.jsontext import Json, Object, dumps_sorted
from amlgit.model.webservices import is_encrypted, member, module_id


class _Place(NamedTuple):
    """What stands at a path: how its changes are classed, and the node it belongs to."""

    change_class: ChangeClass
    what: What
    node: str | None = None


def diff(old: Object, new: Object) -> Diff:
    """What a person changed from `old` to `new`; member names are taken in any case, as the service does."""
    changes = _Comparison(old, new).changes()
    order = list(ChangeClass)
    return Diff(changes=tuple(sorted(changes, key=lambda change: (order.index(change.change_class), change.path))), recreated={})


class _Comparison:
    """One diff under way: every place that differs is an edit, and a node's edges and asset go with it when it comes or goes."""

    def __init__(self, old: Object, new: Object) -> None:
        self._old, self._new = old, new
        self._nodes: dict[str, list[Edit]] = {}
        self._edges: dict[str, list[Edit]] = {}
        """Input port → the edges into it that came or went."""
        self._others: list[Edit] = []
        for edit in _edits((), old, new):
            folded = tuple(name.casefold() for name in edit.path)
            if folded[:3] == ("properties", "package", "nodes") and len(folded) == _NODE_DEPTH:
                self._nodes[edit.path[-1]] = [edit]
            elif folded[:3] == ("properties", "package", "edges") and len(folded) == _NODE_DEPTH:
                self._edges.setdefault(_ends(edit).target, []).append(edit)
            elif not self._is_of_a_module(folded, edit.path):
                self._others.append(edit)
        self._others += self._modules()

    def _is_of_a_module(self, folded: tuple[str, ...], path: Path) -> bool:
        """Whether a place only says which module a node is: an asset with a module that a node uses, or the name of that asset."""
        if folded[:3] == ("properties", "package", "nodes"):
            node = path[3] if len(path) > _NODE_DEPTH else ""
            return folded[4:] == ("assetid",) and all(module_of(side, node) for side in (self._old, self._new))
        if folded[:2] != ("properties", "assets") or len(path) < _ASSET_DEPTH:
            return False
        having = [side for side in (self._old, self._new) if path[2] in _assets(side)]
        is_other = len({module_id(_assets(side)[path[2]]) for side in having}) > 1 or len(having) == 1
        return is_other and all(module_id(_assets(side)[path[2]]) is not None and _users(side, path[2]) for side in having)

    def _modules(self) -> Iterator[Edit]:
        """The nodes whose module is another one."""
        for node in nodes(self._old):
            old, new = (module_of(side, node) for side in (self._old, self._new))
            if old != new and old and new:
                yield Edit(path=("properties", "package", "nodes", node, "assetId"), old=old, new=new)

    def changes(self) -> Iterator[Change]:
        for target in sorted(self._edges):
            yield from self._fed_otherwise(target, self._edges[target])
        for edit in self._others:
            yield self._change(edit)
        for edits in self._nodes.values():
            yield replace(self._change(edits[0]), edits=tuple(edits))

    def _change(self, edit: Edit) -> Change:
        document = self._new if edit.old is MISSING else self._old
        place = _place(edit.path, document)
        return Change(
            change_class=place.change_class,
            what=place.what,
            kind=Kind.ADDED if edit.old is MISSING else Kind.REMOVED if edit.new is MISSING else Kind.CHANGED,
            node=None if place.node is None else self._name(place.node),
            path=edit.path,
            old=json_of(edit.old),
            new=json_of(edit.new),
            edits=(edit,),
        )

    def _name(self, node: str) -> NodeName:
        """A node as messages call it: by its module, where that is in the table, and by its key."""
        document = self._new if _has_node(self._new, node) else self._old
        return NodeName(id=node, old_id=node, label=label(document, node), comment="")

    def _fed_otherwise(self, target: str, edits: list[Edit]) -> Iterator[Change]:
        """The changed edges into one port: those of a node that came or went go with it, the others are changes of their own."""
        node = target.partition(":")[0]
        if node in self._nodes:
            self._nodes[node] += edits
            return
        removals, additions = ([edit for edit in edits if (edit.new is MISSING) is is_gone] for is_gone in (True, False))
        for pair in zip(removals, additions, strict=False):
            owner = self._came_between(*pair)
            if owner is not None:
                self._nodes[owner] += pair
            else:
                yield self._edge(target, Kind.REWIRED, pair)
        paired = min(len(removals), len(additions))
        for edit in (*removals[paired:], *additions[paired:]):
            source = _ends(edit).source.partition(":")[0]
            if source in self._nodes:
                self._nodes[source].append(edit)
            else:
                yield self._edge(target, Kind.ADDED if edit.old is MISSING else Kind.REMOVED, (edit,))

    def _came_between(self, removal: Edit, addition: Edit) -> str | None:
        """The node that was put in between, or taken out from there."""
        new_source, old_source = (_ends(edit).source.partition(":")[0] for edit in (addition, removal))
        if new_source in self._nodes and _has_node(self._new, new_source):
            return new_source
        return old_source if old_source in self._nodes else None

    def _edge(self, target: str, kind: Kind, edits: tuple[Edit, ...]) -> Change:
        sides = {edit.old is MISSING: _ends(edit).source for edit in edits}
        return Change(
            change_class=ChangeClass.WIRING,
            what=What.EDGE,
            kind=kind,
            node=self._name(target.partition(":")[0]),
            path=(*edits[0].path[:-1], target),
            old=sides.get(False),
            new=sides.get(True),
            edits=edits,
        )


class Ends(NamedTuple):
    """Where an edge leads from and to, each as `<node>:<port>`."""

    source: str
    target: str


def ends(edge: Json) -> Ends:
    """The two ends of an edge; what the service's inputs and outputs have instead of ports goes unsaid."""
    return Ends(_end(edge, "sourceNodeId", "sourcePortId"), _end(edge, "targetNodeId", "targetPortId"))


def _end(edge: Json, node: str, port: str) -> str:
    return f"{member(edge, node)}:{member(edge, port) or ''}".removesuffix(":")


def _ends(edit: Edit) -> Ends:
    return ends(json_of(edit.new if edit.old is MISSING else edit.old))


def label(document: Object, node: str) -> str:
    """What a node is called: by its module, or by what it is to callers of the service, and by its key."""
    found = module_of(document, node)
    if ids.resource_id(found) is not None:
        return f"{modules.name(found)} ({node})"
    for name, what in (("inputId", "web service input"), ("outputId", "web service output")):
        port = member(nodes(document).get(node), name)
        if isinstance(port, str):
            return f"{what} {port} ({node})"
    return node


def plain(value: Json) -> Json:
    """A parameter's value, which newer versions of the service write as an object with a certificate's thumbprint."""
    if isinstance(value, Mapping) and value and {name.casefold() for name in value} <= {"value", "certificatethumbprint"} and not is_encrypted(value):
        return member(value, "value")
    return value


def nodes(document: Object) -> Object:
    """The nodes of a definition by their keys."""
    found = member(member(member(document, "properties"), "package"), "nodes")
    return found if isinstance(found, Mapping) else {}


def _has_node(document: Object, node: str) -> bool:
    return node in nodes(document)


def _asset_of(document: Object, node: str) -> str:
    return str(member(nodes(document).get(node), "assetId"))


_NODE_DEPTH = 4
_ASSET_DEPTH = 3
_DEEPEST = 8


def _edits(path: Path, old: Json, new: Json) -> Iterator[Edit]:
    """The places that differ: members of objects, and entries of the sets of edges; else whole values. Null is what is not there."""
    if _is_parameter(path):
        old, new = plain(old), plain(new)
    if isinstance(old, Mapping) and isinstance(new, Mapping) and len(path) < _DEEPEST:
        spelled = {name.casefold(): name for name in new}
        names = {name.casefold() for name in old}
        for name in (*old, *(name for name in new if name.casefold() not in names)):
            if not _is_owned(path, name):
                other = name if name in new else spelled.get(name.casefold(), name)
                yield from _edits((*path, name), old.get(name), new.get(other))
    elif path and path[-1].casefold() in ("edges", "links") and isinstance(old, list) and isinstance(new, list):
        one, other_side = (Keyed((dumps_sorted(entry).decode(), entry) for entry in side) for side in (old, new))
        for key in sorted(one.keys() ^ other_side.keys()):
            yield Edit(path=(*path, key), old=one.get(key, MISSING), new=other_side.get(key, MISSING))
    elif not equal(old, new):
        yield Edit(path=path, old=MISSING if old is None else old, new=MISSING if new is None else new)


def _is_parameter(path: Path) -> bool:
    match tuple(name.casefold() for name in path):
        case ("properties", "parameters", _) | ("properties", "package", "nodes", _, "parameters", _):
            return True
    return False


def _is_owned(path: Path, name: str) -> bool:
    """Whether the service sets a member, so that its change is nobody's edit."""
    if not path:
        return name.casefold() in RUN_MEMBERS
    return len(path) == 1 and path[0].casefold() == "properties" and name.casefold() in RUN_PROPERTIES


def _place(path: Path, document: Object) -> _Place:
    match tuple(name.casefold() for name in path):
        case ("properties", "package", "nodes", *_):
            return _node_place(path, document)
        case ("properties", "package", "edges", *_):
            return _Place(ChangeClass.WIRING, What.EDGE)
        case ("properties", "package", "graphparameters", *_):
            return _Place(ChangeClass.INTERFACE, What.PARAMETER)
        case ("properties", "package", *_):
            return _Place(ChangeClass.INTERFACE, What.FIELD)
        case ("properties", "assets", *_):
            return _asset_place(path, document)
        case ("properties", "parameters", *_):
            return _Place(ChangeClass.INTERFACE, What.PARAMETER)
        case ("properties", "input" | "output", *_):
            return _Place(ChangeClass.INTERFACE, What.PORT)
    return _Place(ChangeClass.METADATA, What.FIELD)


def _asset_place(path: Path, document: Object) -> _Place:
    """An asset that holds a module belongs to the node that uses it; the others are data."""
    asset = path[2] if len(path) >= _ASSET_DEPTH else ""
    node = next(iter(_users(document, asset)), None)
    is_module = module_id(_assets(document).get(asset)) is not None
    return _Place(ChangeClass.MODULE, What.FIELD, node) if is_module else _Place(ChangeClass.DATA, What.ASSET, node)


def _node_place(path: Path, document: Object) -> _Place:
    if len(path) < _NODE_DEPTH:
        return _Place(ChangeClass.WIRING, What.NODE)
    node = path[3]
    if len(path) == _NODE_DEPTH:
        return _Place(ChangeClass.WIRING, What.NODE, node)
    if path[4].casefold() == "parameters":
        is_script = len(path) > _NODE_DEPTH + 1 and scripts.extension(module_of(document, node), path[5]) is not None
        return _Place(ChangeClass.SCRIPT if is_script else ChangeClass.PARAMETER, What.SCRIPT if is_script else What.PARAMETER, node)
    return _Place(ChangeClass.MODULE, What.MODULE, node) if path[4].casefold() == "assetid" else _Place(ChangeClass.METADATA, What.FIELD, node)


def module_of(document: Object, node: str) -> str:
    """The id of the module that a node refers to by way of an asset."""
    return module_id(_assets(document).get(_asset_of(document, node))) or ""


def _assets(document: Object) -> Object:
    found = member(member(document, "properties"), "assets")
    return found if isinstance(found, Mapping) else {}


def _users(document: Object, asset: str) -> list[str]:
    """The nodes that use an asset."""
    return sorted(node for node in nodes(document) if _asset_of(document, node) == asset)
