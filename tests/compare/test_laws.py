"""Law 5: making the edits of a diff gives the new graph; what is equal has no difference. deepdiff is an independent witness."""

from pathlib import Path

import pytest
from _pytest.mark import ParameterSet
from deepdiff import DeepDiff
from hypothesis import given
from hypothesis import strategies as st

from amlgit.compare import keyed
from amlgit.compare.changes import ChangeClass, Missing, Side
from amlgit.compare.diff import diff
from amlgit.compare.match import recreated_nodes
from amlgit.compare.merge import merge
from amlgit.compare.patch import json_patch
from amlgit.errors import InvalidDocument
from amlgit.model.jsontext import Json, Object, dumps, loads
from tests.support.canonical import canonical, mixed
from tests.support.drawn import exports
from tests.support.exports import Document
from tests.support.files import FILES, read
from tests.support.graphs import SEEDS, edited, edits, kinds, moved, sound_graph, sound_graphs
from tests.support.places import put_in, some_paths
from tests.support.wire import Members, a_graph

_PATHS = [
    path for parameters in FILES if isinstance(parameters, ParameterSet) for path in parameters.values if isinstance(path, Path) and path.exists()
]


def assert_law_5(old: Object, new: Object) -> None:
    before = dumps(old), dumps(new)
    found = diff(old, new)
    start = keyed.renamed(old, found.recreated)
    assert canonical(keyed.apply(edits(found), start)) == canonical(new)
    assert found.is_empty == (canonical(start) == canonical(new))
    assert (dumps(old), dumps(new)) == before, "an argument was changed"


@given(exports(), exports())
def test_the_edits_of_a_diff_give_the_new_graph(old: Members, new: Members) -> None:
    assert_law_5(old, new)


@given(exports(), SEEDS)
def test_a_graph_in_another_order_has_no_changes(document: Members, seed: int) -> None:
    assert diff(document, document).is_empty
    assert diff(document, mixed(document, seed)).is_empty
    assert_law_5(document, mixed(document, seed))


@given(sound_graphs(), SEEDS)
def test_a_few_edits_are_as_many_changes(old: Document, seed: int) -> None:
    new = edited(old, seed)
    expected = sorted(((one.change_class, one.what, one.kind, one.node) for one in new.expected), key=str)
    assert kinds(diff(old, new.document)) == expected
    assert kinds(diff(old, mixed(new.document, seed))) == expected
    assert_law_5(old, mixed(new.document, seed))


@given(sound_graphs(), SEEDS)
def test_where_only_order_and_layout_differ_layout_is_the_one_change(document: Document, seed: int) -> None:
    found = diff(document, mixed(moved(document, seed), seed))
    assert [change.change_class for change in found.changes] == [ChangeClass.LAYOUT]
    assert_law_5(document, mixed(moved(document, seed), seed))


@given(sound_graphs(), SEEDS)
def test_a_diff_backwards_is_the_inverse(old: Document, seed: int) -> None:
    new = edited(old, seed).document
    there = {(edit.path, dumps(_side(edit.old)), dumps(_side(edit.new))) for edit in edits(diff(old, new))}
    back = {(edit.path, dumps(_side(edit.new)), dumps(_side(edit.old))) for edit in edits(diff(new, old))}
    assert there == back


def _side(side: Side) -> Json:
    return ["missing"] if isinstance(side, Missing) else side


@pytest.mark.parametrize("path", FILES)
def test_law_5_holds_between_a_real_graph_and_every_other(path: Path) -> None:
    document = read(path)
    for other in _PATHS[::3]:
        assert_law_5(document, mixed(read(other), 1))


@pytest.mark.parametrize("path", FILES)
def test_a_real_graph_in_another_order_has_no_changes_but_layout(path: Path) -> None:
    document = read(path)
    assert diff(document, mixed(document, 1)).is_empty
    assert {change.change_class for change in diff(document, moved(document, 1)).changes} <= {ChangeClass.LAYOUT}


# --- deepdiff, which knows nothing of graphs, sees a difference where we do


def by_identity(document: Document) -> Document:
    """What people own, for deepdiff: sets as mappings by what identifies an entry."""
    own: Document = loads(canonical(document))  # type: ignore[assignment]  # an export is an object
    graph = own["Graph"]
    for one in graph["ModuleNodes"]:
        for name in ("InputPortsInternal", "OutputPortsInternal", "ModuleParameters"):
            one[name] = {entry["Name"]: entry for entry in one[name]}
    graph["ModuleNodes"] = {one["Id"]: one for one in graph["ModuleNodes"]}
    graph["EdgesInternal"] = {f"{one['DestinationInputPortId']} {one['SourceOutputPortId']}": one for one in graph["EdgesInternal"]}
    return own


def is_seen_by_deepdiff(old: Document, new: Document) -> bool:
    return bool(DeepDiff(by_identity(old), by_identity(new), ignore_order=True))


@given(sound_graphs(6), SEEDS, st.integers(0, 2))
def test_deepdiff_sees_a_difference_where_we_do_and_nowhere_else(old: Document, seed: int, number: int) -> None:
    new = mixed(edited(old, seed, number).document, seed)
    assert is_seen_by_deepdiff(old, new) == (not diff(old, new).is_empty)


@pytest.mark.parametrize("wrong", ["something else", True, 1, None, {"a": 1}])
def test_deepdiff_and_we_agree_on_every_value_of_a_graph(wrong: Json) -> None:
    document = sound_graph(3, 1)
    for at in some_paths(document):
        if not isinstance(at[-1], int) and at[-1] not in _IDENTITIES and at[-1] not in _LISTS:
            changed = put_in(document, at, wrong)
            assert is_seen_by_deepdiff(document, changed) == (not diff(document, changed).is_empty), at


_IDENTITIES = ("Graph", "Id", "Name", "DestinationInputPortId", "SourceOutputPortId")
_LISTS = ("ModuleNodes", "EdgesInternal", "InputPortsInternal", "OutputPortsInternal", "ModuleParameters")


# --- nonsense

WRONG: tuple[Json, ...] = (None, 7, "text", ["x"], [["x"]], [{}], {}, {"x": 1}, True, "", -1.5)


def nonsense(document: Document) -> list[Document]:
    """A graph with each of its members wrong in every way, and each missing."""
    places = some_paths(document)
    wrong = [put_in(document, at, value) for at in places for value in WRONG]
    return [*wrong, *(_without(document, at) for at in places if isinstance(at[-1], str))]


def _without(document: Document, at: tuple[str | int, ...]) -> Document:
    *parents, last = at
    changed = put_in(document, at, None)
    place: Document = changed
    for step in parents:
        place = place[step]  # type: ignore[index]  # a list has numbers
    del place[last]  # type: ignore[arg-type]  # a member's name
    return changed


@pytest.mark.parametrize("base", [sound_graph(3, 2), a_graph()], ids=["sound", "three nodes"])
def test_nonsense_is_refused_as_a_document_or_compared_and_merged_like_any_value(base: Document) -> None:
    other = edited(sound_graph(3, 2), 1).document
    for wrong in nonsense(base):
        before = dumps(wrong)
        for old, new in ((wrong, other), (other, wrong)):
            try:
                assert_law_5(old, new)
            except InvalidDocument:
                with pytest.raises(InvalidDocument):
                    recreated_nodes(old, new)
            assert loads(dumps(list(json_patch(old, new)))) is not None
        for sides in ((wrong, base, other), (base, wrong, other), (base, other, wrong)):
            try:
                merge(*sides)
            except InvalidDocument:
                continue
        assert dumps(wrong) == before
