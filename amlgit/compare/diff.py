"""The changes between two graphs, as the person who made them would count them.

A node added or removed is one change, its edges and its box with it; an edge moved to another source is one rewiring; boxes that
moved are one change together. What the service owns (statuses, etags, times) is no change; nor is the order of a set.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Change, ChangeClass, Diff, Edit, Kind, NodeName, Path, Side, What, json_of
from amlgit.compare.keyed import CANVAS, EDGES, GRAPH, INPUTS, NODES, OUTPUTS, PARAMETERS, SERVICE, Keyed
from amlgit.compare.three import equal
from amlgit.errors import InvalidDocument
from amlgit.form import naming, scripts
from amlgit.form.experiments import RUN_MEMBERS, RUN_WEB_SERVICE_MEMBERS
from amlgit.form.nodes import OWNED_BY_RUNS
from amlgit.model import ids
from amlgit.model.assets import PORT_MEMBERS
from amlgit.model.jsontext import Json, Object

_PORTS = frozenset({keyed.SERVICE_INPUTS, keyed.SERVICE_OUTPUTS})


def diff(old: Object, new: Object) -> Diff:
    """What a person changed from `old` to `new`, two exports or what `join` gave back.

    Raises InvalidDocument where one is no graph.
    """
    return _Comparison(old, new).diff()


class _Comparison:
    """One diff under way."""

    def __init__(self, old: Object, new: Object) -> None:
        recreated = _recreated(old, new)
        self._recreated = recreated
        self._old_id = {new_id: old_id for old_id, new_id in recreated.items()}
        self._old, self._new = keyed.renamed(old, recreated), new
        self._graphs = _object(self._old, GRAPH), _object(new, GRAPH)
        self._nodes = keyed.nodes(self._graphs[0]), keyed.nodes(self._graphs[1])
        self._alike: dict[tuple[str, str], dict[str, str]] = {}
        """Digits → the nodes whose labels may be the same, with their modules; filled for the first name."""
        self._changes: list[Change] = []
        self._with_node: dict[str, list[Edit]] = {}
        """What goes with a node that was added or removed: its edges and its box."""
        self._assets: dict[str, list[Edit]] = {}
        """Port → changes of the assets it holds; one that came for an edge is a rewiring."""
        self._folded: list[Edit] = []
        """Comments that were folded or unfolded: layout, as positions are."""

    def diff(self) -> Diff:
        old_nodes, new_nodes = self._nodes
        for node_id in old_nodes.keys() ^ new_nodes.keys():
            self._with_node[node_id] = []
        for node_id in old_nodes.keys() & new_nodes.keys():
            self._node(node_id, old_nodes[node_id], new_nodes[node_id])
        self._edges()
        self._data()
        self._graph_fields()
        self._service()
        self._document_fields()
        self._layout()
        self._added_and_removed()
        order = list(ChangeClass)
        changes = sorted(self._changes, key=lambda change: (order.index(change.change_class), change.node.label if change.node else "", change.path))
        return Diff(changes=tuple(changes), recreated=self._recreated)

    # --- reporting

    def _name(self, node_id: str) -> NodeName:
        node = self._nodes[1].get(node_id) or self._nodes[0].get(node_id)
        comment = node.get("Comment") if isinstance(node, Mapping) else None
        return NodeName(
            id=node_id,
            old_id=self._old_id.get(node_id, node_id),
            label=self._label(node_id),
            comment=comment if isinstance(comment, str) else "",
        )

    def _label(self, node_id: str) -> str:
        if not self._alike:
            # a node that is in both is called by its new module
            pairs = {key: str(node.get("ModuleId")) for side in self._nodes for key, node in side.items() if isinstance(node, Mapping)}
            for key, module_id in pairs.items():
                self._alike.setdefault(_digits(key), {})[key] = module_id
        return naming.stems(self._alike[_digits(node_id)].items())[node_id]

    def _report(self, change_class: ChangeClass, what: What, edit: Edit, *, node: str | None = None, kind: Kind | None = None) -> None:
        """One edit that is a change of its own."""
        self._report_edits(change_class, what, (edit,), node=node, kind=kind)

    def _report_edits(
        self,
        change_class: ChangeClass,
        what: What,
        edits: Sequence[Edit],
        *,
        shown: "_Shown | None" = None,
        node: str | None = None,
        kind: Kind | None = None,
    ) -> None:
        """Edits that are one change; `shown` is what it is about where that is not the first of them."""
        first = edits[0]
        self._changes.append(
            Change(
                change_class=change_class,
                what=what,
                kind=kind or (Kind.ADDED if first.old is MISSING else Kind.REMOVED if first.new is MISSING else Kind.CHANGED),
                node=None if node is None else self._name(node),
                path=shown.path if shown else first.path,
                old=shown.old if shown else json_of(first.old),
                new=shown.new if shown else json_of(first.new),
                edits=tuple(edits),
            )
        )

    def _fields(self, path: Path, old: Object, new: Object, but: frozenset[str], change_class: ChangeClass, node: str | None = None) -> None:
        """The members of two objects that differ, each as one value."""
        for name in sorted(old.keys() | new.keys()):
            if name not in but:
                one, other = old.get(name, MISSING), new.get(name, MISSING)
                if not equal(one, other):
                    self._report(change_class, What.FIELD, Edit(path=(*path, name), old=one, new=other), node=node)

    def _entries(self, path: Path, old: Json, new: Json) -> "tuple[Keyed, Keyed] | None":
        """Two lists by the names of their entries, or None where one has to be compared as a whole."""
        one, other = keyed.by_member(old, "Name"), keyed.by_member(new, "Name")
        return (one, other) if one is not None and other is not None else None

    # --- nodes

    def _node(self, node_id: str, old: Json, new: Json) -> None:
        assert isinstance(old, Mapping)
        assert isinstance(new, Mapping)
        if keyed.same_node(old, new, OWNED_BY_RUNS):
            return
        path = (GRAPH, NODES, node_id)
        if not equal(old.get("ModuleId"), new.get("ModuleId")):
            one, other = old.get("ModuleId", MISSING), new.get("ModuleId", MISSING)
            self._report(ChangeClass.MODULE, What.MODULE, Edit(path=(*path, "ModuleId"), old=one, new=other), node=node_id)
        for name in (PARAMETERS, INPUTS, OUTPUTS):
            if not keyed.same_entries(old.get(name), new.get(name)) or (name in old) != (name in new):
                self._list(node_id, (*path, name), old.get(name, MISSING), new.get(name, MISSING))
        for name in (old.keys() | new.keys()) - _NODE_SPECIAL:
            one, other = old.get(name, MISSING), new.get(name, MISSING)
            if not equal(one, other):
                edit = Edit(path=(*path, name), old=one, new=other)
                self._folded.append(edit) if name == keyed.FOLDED else self._report(ChangeClass.METADATA, What.FIELD, edit, node=node_id)

    def _list(self, node_id: str, path: Path, old: Side, new: Side) -> None:
        name = path[-1]
        one, other = (keyed.by_member(side, "Name") if isinstance(side, list) else None for side in (old, new))
        what = What.PARAMETER if name == PARAMETERS else What.PORT
        if one is None or other is None:
            change_class = ChangeClass.PARAMETER if name == PARAMETERS else ChangeClass.MODULE
            if not equal(old, new):
                self._report(change_class, what, Edit(path=path, old=old, new=new), node=node_id)
            return
        for key in sorted(one.keys() | other.keys()):
            before, after = one.get(key, MISSING), other.get(key, MISSING)
            if equal(before, after):
                continue
            if name == PARAMETERS:
                self._parameter(node_id, (*path, key), before, after)
            elif isinstance(before, Mapping) and isinstance(after, Mapping):
                self._port(node_id, (*path, key), before, after)
            else:
                self._report(ChangeClass.MODULE, What.PORT, Edit(path=(*path, key), old=before, new=after), node=node_id)

    def _parameter(self, node_id: str, path: Path, old: Side, new: Side) -> None:
        node = self._nodes[1][node_id]
        module_id = str(node.get("ModuleId")) if isinstance(node, Mapping) else ""
        is_script = scripts.extension(module_id, path[-1]) is not None
        change_class = ChangeClass.SCRIPT if is_script else ChangeClass.PARAMETER
        what = What.SCRIPT if is_script else What.PARAMETER
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            differing = {name for name in old.keys() | new.keys() if not equal(old.get(name, MISSING), new.get(name, MISSING))}
            if differing == {"Value"} and "Value" in old and "Value" in new:
                self._report(change_class, what, Edit(path=(*path, "Value"), old=old["Value"], new=new["Value"]), node=node_id)
                return
            if differing <= {"LinkedGlobalParameter", "ValueType"}:
                change_class = ChangeClass.INTERFACE
        self._report(change_class, what, Edit(path=path, old=old, new=new), node=node_id)

    def _port(self, node_id: str, path: Path, old: Object, new: Object) -> None:
        for member in sorted(old.keys() | new.keys()):
            one, other = old.get(member, MISSING), new.get(member, MISSING)
            if equal(one, other):
                continue
            if member in PORT_MEMBERS:
                self._assets.setdefault(f"{node_id}:{path[-1]}", []).append(Edit(path=(*path, member), old=one, new=other))
            else:
                self._report(ChangeClass.MODULE, What.PORT, Edit(path=(*path, member), old=one, new=other), node=node_id)

    def _added_and_removed(self) -> None:
        old_nodes, new_nodes = self._nodes
        for node_id, edits in self._with_node.items():
            path = (GRAPH, NODES, node_id)
            old, new = old_nodes.get(node_id, MISSING), new_nodes.get(node_id, MISSING)
            self._report_edits(ChangeClass.WIRING, What.NODE, (Edit(path=path, old=old, new=new), *edits), node=node_id)

    # --- edges

    def _edges(self) -> None:
        old, new = (graph.get(EDGES, MISSING) for graph in self._graphs)
        one, other = (keyed.edges(side) if isinstance(side, list) else None for side in (old, new))
        if one is None or other is None:
            if not equal(old, new):
                self._report(ChangeClass.WIRING, What.EDGE, Edit(path=(GRAPH, EDGES), old=old, new=new))
            return
        by_port: dict[str, tuple[list[str], list[str]]] = {}
        for key in one.keys() | other.keys():
            if key not in other:
                by_port.setdefault(_ends(one[key])[0], ([], []))[0].append(key)
            elif key not in one:
                by_port.setdefault(_ends(other[key])[0], ([], []))[1].append(key)
            elif not equal(one[key], other[key]):
                node = self._surviving(_ends(other[key])[0])
                self._report(ChangeClass.WIRING, What.EDGE, Edit(path=(GRAPH, EDGES, key), old=one[key], new=other[key]), node=node)
        fed_by = _fed_by(one) if by_port else {}
        for destination in sorted(by_port):
            gone, come = (sorted(keys) for keys in by_port[destination])
            self._fed_otherwise(destination, [(key, one[key]) for key in gone], [(key, other[key]) for key in come], fed_by)

    def _surviving(self, port: str) -> str | None:
        node_id, _ = ids.port(port)
        return node_id if node_id in self._nodes[0] and node_id in self._nodes[1] else None

    def _fed_otherwise(self, destination: str, gone: list[tuple[str, Json]], come: list[tuple[str, Json]], fed_by: Mapping[str, set[str]]) -> None:
        """The changed edges into one port: those of a node that was added or removed go with it, the others are changes of their own."""
        removals = [Edit(path=(GRAPH, EDGES, key), old=edge, new=MISSING) for key, edge in gone]
        additions = [Edit(path=(GRAPH, EDGES, key), old=MISSING, new=edge) for key, edge in come]
        node_id, _ = ids.port(destination)
        if node_id in self._with_node:
            self._with_node[node_id] += [*removals, *additions]
            return
        kept: list[Edit] = []
        while removals and additions:
            pair = removals.pop(0), additions.pop(0)
            owner = self._owner_of_rewiring(*pair, fed_by)
            if owner is not None:
                self._with_node[owner] += pair
            else:
                self._rewired(destination, pair)
        for edit in (*removals, *additions):
            owner = ids.port(_source(edit))[0]
            self._with_node[owner].append(edit) if owner in self._with_node else kept.append(edit)
        for edit in kept:
            asset = self._counterpart(destination, edit)
            if asset is not None:
                self._rewired(destination, (edit, asset) if edit.new is MISSING else (asset, edit))
            else:
                shown = _Shown((GRAPH, EDGES, destination), *((_source(edit), None) if edit.new is MISSING else (None, _source(edit))))
                self._report_edits(ChangeClass.WIRING, What.EDGE, (edit,), shown=shown, node=self._surviving(destination))

    def _counterpart(self, destination: str, edit: Edit) -> Edit | None:
        """The asset that came to a port for the edge that went, or went for the edge that came."""
        for asset in self._assets.get(destination, ()):
            if (json_of(asset.old) if edit.new is MISSING else json_of(asset.new)) is None:
                self._assets[destination].remove(asset)
                return asset
        return None

    def _rewired(self, destination: str, pair: tuple[Edit, Edit]) -> None:
        gone, come = pair
        shown = _Shown((GRAPH, EDGES, destination), _fed_from(gone.old), _fed_from(come.new))
        self._report_edits(ChangeClass.WIRING, What.EDGE, pair, shown=shown, node=self._surviving(destination), kind=Kind.REWIRED)

    def _data(self) -> None:
        for destination, edits in self._assets.items():
            for edit in edits:
                kind = Kind.ADDED if json_of(edit.old) is None else Kind.REMOVED if json_of(edit.new) is None else Kind.CHANGED
                self._report(ChangeClass.DATA, What.ASSET, edit, kind=kind, node=ids.port(destination)[0])

    def _owner_of_rewiring(self, removal: Edit, addition: Edit, fed_by: Mapping[str, set[str]]) -> str | None:
        """The added node that was put in between, or the removed one whose gap was closed, if that is what a rewiring is."""
        old_source, new_source = (ids.port(_source(edit))[0] for edit in (removal, addition))
        if new_source in self._with_node and new_source in self._nodes[1]:
            return new_source
        if old_source in self._with_node and new_source in fed_by.get(old_source, ()):
            return old_source
        return None

    # --- what belongs to no node

    def _graph_fields(self) -> None:
        old, new = self._graphs
        self._fields((GRAPH,), old, new, _GRAPH_SPECIAL | _GRAPH_INTERFACE, ChangeClass.METADATA)
        self._fields((GRAPH,), old, new, frozenset(old.keys() | new.keys()) - _GRAPH_INTERFACE, ChangeClass.INTERFACE)

    def _service(self) -> None:
        old, new = (document.get(SERVICE, MISSING) for document in (self._old, self._new))
        if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
            if not equal(old, new):
                self._report(ChangeClass.INTERFACE, What.FIELD, Edit(path=(SERVICE,), old=old, new=new))
            return
        keyed_lists = set()
        for name in (keyed.SERVICE_INPUTS, keyed.SERVICE_OUTPUTS, keyed.SERVICE_PARAMETERS):
            sides = self._entries((SERVICE, name), old.get(name), new.get(name))
            if sides is not None:
                keyed_lists.add(name)
                what = What.PORT if name in _PORTS else What.PARAMETER
                for key in sorted(sides[0].keys() | sides[1].keys()):
                    one, other = sides[0].get(key, MISSING), sides[1].get(key, MISSING)
                    if not equal(one, other):
                        self._report(ChangeClass.INTERFACE, what, Edit(path=(SERVICE, name, key), old=one, new=other))
        but = frozenset(keyed_lists) | RUN_WEB_SERVICE_MEMBERS | {CANVAS}
        self._fields((SERVICE,), old, new, but, ChangeClass.INTERFACE)

    def _document_fields(self) -> None:
        tags = keyed.strings(self._old.get("Tags")), keyed.strings(self._new.get("Tags"))
        but = RUN_MEMBERS | {GRAPH, SERVICE}
        if tags[0] is not None and tags[1] is not None:
            but |= {"Tags"}
            for tag in sorted(tags[0].keys() ^ tags[1].keys()):
                edit = Edit(path=("Tags", tag), old=tags[0].get(tag, MISSING), new=tags[1].get(tag, MISSING))
                self._report(ChangeClass.METADATA, What.FIELD, edit)
        self._fields((), self._old, self._new, but, ChangeClass.METADATA)

    # --- layout

    def _layout(self) -> None:
        edits = self._folded
        for member in (GRAPH, SERVICE):
            canvases = [canvas for canvas in (document.get(member) for document in (self._old, self._new)) if isinstance(canvas, Mapping)]
            if len(canvases) == 2:
                edits += self._canvas((member, CANVAS), canvases[0].get(CANVAS, MISSING), canvases[1].get(CANVAS, MISSING))
        if edits:
            self._report_edits(ChangeClass.LAYOUT, What.LAYOUT, edits, shown=_Shown((GRAPH, CANVAS), None, len(edits)), kind=Kind.MOVED)

    def _canvas(self, path: Path, old: Side, new: Side) -> list[Edit]:
        """The edits of a layout but for the boxes of nodes that were added or removed, which go with those."""
        if equal(old, new):
            return []
        one, other = (keyed.canvas(side) if isinstance(side, str) else None for side in (old, new))
        if one is None or other is None:
            return [Edit(path=path, old=old, new=new)]
        edits = [Edit(path=(*path, part), old=one[part], new=other[part]) for part in (keyed.HEAD, keyed.TAIL) if one[part] != other[part]]
        old_boxes, new_boxes = keyed.boxes(one), keyed.boxes(other)
        for key in sorted(old_boxes.keys() | new_boxes.keys()):
            before, after = old_boxes.get(key, MISSING), new_boxes.get(key, MISSING)
            if before != after:
                edit = Edit(path=(*path, keyed.BOXES, key), old=before, new=after)
                self._with_node[key].append(edit) if key in self._with_node else edits.append(edit)
        return edits


class _Shown(NamedTuple):
    """What a change is about: where, and its sides."""

    path: Path
    old: Json
    new: Json


_NODE_SPECIAL = frozenset({"Id", "ModuleId", PARAMETERS, INPUTS, OUTPUTS, *OWNED_BY_RUNS})
_GRAPH_SPECIAL = frozenset({NODES, EDGES, CANVAS})
_GRAPH_INTERFACE = frozenset({"Parameters", "PublishInfo"})


def _recreated(old: Object, new: Object) -> Mapping[str, str]:
    one, other = (keyed.nodes(_object(document, GRAPH)) for document in (old, new))
    if one.keys() <= other.keys() or other.keys() <= one.keys():
        return {}
    from amlgit.compare.match import recreated_nodes  # most diffs do without, and a hook may not be slow

    return recreated_nodes(old, new)


def _digits(node_id: str) -> tuple[str, str]:
    """What two node ids share wherever their labels could be one."""
    return node_id[:4].lower(), node_id.rpartition("-")[2]


def _object(whole: Object, name: str) -> Object:
    found = whole.get(name)
    if not isinstance(found, Mapping):
        raise InvalidDocument(f"{name} must be an object")
    return found


def _ends(edge: Json) -> tuple[str, str]:
    assert isinstance(edge, Mapping)
    return str(edge[keyed.DESTINATION]), str(edge[keyed.SOURCE])


def _source(edit: Edit) -> str:
    """The source of the edge that an edit takes away or brings."""
    return _ends(json_of(edit.old if edit.new is MISSING else edit.new))[1]


def _fed_from(side: Side) -> str:
    """What feeds a port: the id of an asset, or of the port that an edge comes from."""
    return str(side) if isinstance(side, str) else _ends(json_of(side))[1]


def _fed_by(edges: Keyed) -> dict[str, set[str]]:
    """Node → the nodes that feed it."""
    found: dict[str, set[str]] = {}
    for edge in edges.values():
        destination, source = _ends(edge)
        found.setdefault(ids.port(destination)[0], set()).add(ids.port(source)[0])
    return found
