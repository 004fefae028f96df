"""Law 6: both sides' edits survive or are a clash; a clean merge is a sound graph; swapping the sides swaps only the sides."""

import random
from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlgit.compare import keyed
from amlgit.compare.changes import MISSING, Edit, Side
from amlgit.compare.diff import diff
from amlgit.compare.merge import Merge, merge
from amlgit.compare.three import Clash
from amlgit.form.experiments import RUN_MEMBERS
from amlgit.model.graph import faults
from amlgit.model.jsontext import Json, Object, dumps, dumps_sorted, same
from tests.support.canonical import canonical, mixed
from tests.support.drawn import exports
from tests.support.edits import FIRST, NEW, NODES, SECOND, THIRD, graph, value, wired, with_node, without
from tests.support.exports import Document
from tests.support.graphs import SEEDS, edited, edits, kinds, moved, node, recreated, sound_graph, sound_graphs
from tests.support.places import put_in
from tests.support.wire import PYTHON, SELECT, Members


def merged(base: Object, ours: Object, theirs: Object) -> Merge:
    """A merge, after the laws that every one keeps: inputs stay, and swapping the sides swaps only the clashes' sides."""
    before = [dumps(side) for side in (base, ours, theirs)]
    found, other = merge(base, ours, theirs), merge(base, theirs, ours)
    assert [dumps(side) for side in (base, ours, theirs)] == before, "an argument was changed"
    assert {_told(clash.path, clash.base, clash.ours, clash.theirs) for clash in found.clashes} == {
        _told(clash.path, clash.base, clash.theirs, clash.ours) for clash in other.clashes
    }
    if not found.clashes:
        assert canonical(found.document) == canonical(other.document)
    return found


def _told(path: tuple[str, ...], *sides: Side) -> tuple[str | bytes, ...]:
    return (*path, *(b"" if side is MISSING else dumps_sorted(keyed.unkeyed(side)) for side in sides))  # type: ignore[arg-type]  # JSON if not missing


def clean(base: Object, ours: Object, theirs: Object) -> Document:
    found = merged(base, ours, theirs)
    assert [(clash.path, clash.reason) for clash in found.clashes] == []
    known = {fault.message for side in (ours, theirs) for fault in faults(side)}
    assert [fault for fault in faults(found.document) if fault.message not in known] == []
    return dict(found.document)


# --- laws


@given(sound_graphs(), SEEDS, SEEDS)
def test_edits_of_different_things_all_survive(base: Document, one: int, other: int) -> None:
    ours = edited(base, one)
    theirs = edited(base, f"other {other}", taken=ours.taken)
    document = clean(base, mixed(ours.document, one), mixed(theirs.document, other))
    expected = sorted(((found.change_class, found.what, found.kind, found.node) for found in (*ours.expected, *theirs.expected)), key=str)
    assert kinds(diff(base, document)) == expected
    assert faults(document) == []


@given(sound_graphs(5), SEEDS, SEEDS)
def test_edits_of_the_same_things_survive_or_clash(base: Document, one: int, other: int) -> None:
    ours, theirs = edited(base, one).document, edited(base, f"other {other}").document
    found = merged(base, ours, theirs)
    if found.clashes:
        return
    assert faults(found.document) == []
    document = keyed.document(found.document)
    for mine, yours in ((ours, theirs), (theirs, ours)):
        others = [edit.path for edit in edits(diff(base, yours))]
        for edit in edits(diff(base, mine)):
            if not any(path[: len(edit.path)] == edit.path[: len(path)] for path in others):
                assert is_made(edit, document), edit.path


def is_made(edit: Edit, document: Json) -> bool:
    place: Side = document
    for step in edit.path:
        place = place.get(step, MISSING) if isinstance(place, dict) else MISSING
    if edit.new is MISSING or place is MISSING:
        return place is edit.new
    return same(keyed.unkeyed(place), keyed.unkeyed(keyed.at(edit.path, edit.new)))  # type: ignore[arg-type]  # neither is missing


@given(exports(), exports())
def test_what_one_side_or_both_sides_alike_did_is_the_merge(base: Members, other: Members) -> None:
    for ours, theirs in ((base, other), (other, base), (other, other)):
        found = merged(base, ours, theirs)
        assert [clash.path for clash in found.clashes] == []
        assert canonical(found.document) == canonical(other)


@settings(max_examples=30)
@given(exports(), exports(), exports())
def test_odd_graphs_merge_the_same_way_from_either_side(base: Members, ours: Members, theirs: Members) -> None:
    merged(base, ours, theirs)


@given(sound_graphs(), SEEDS, SEEDS)
def test_layout_never_clashes(base: Document, one: int, other: int) -> None:
    ours, theirs = moved(base, one), moved(base, other)
    ours["Graph"]["ModuleNodes"][0]["CommentCollapsed"] = None
    theirs["Graph"]["ModuleNodes"][0]["CommentCollapsed"] = False
    theirs["WebService"]["SerializedClientData"] = None
    document = clean(base, ours, theirs)
    assert {change.change_class for change in diff(base, document).changes} == {"layout"}


@given(sound_graphs(), SEEDS, st.sampled_from([0.3, 1.0]))
def test_nodes_that_one_side_re_created_take_the_edits_of_the_other(base: Document, seed: int, share: float) -> None:
    ours, pairs = recreated(base, seed, share)
    if dict(diff(base, ours).recreated) != pairs:
        return  # twins, any pairing of which is right
    theirs = edited(base, seed)
    document = clean(base, ours, mixed(theirs.document, seed))
    back = keyed.renamed(document, {new: old for old, new in pairs.items()})
    assert canonical(back) == canonical(theirs.document)


@given(sound_graphs(), SEEDS)
def test_nodes_that_both_sides_re_created_are_one_node(base: Document, seed: int) -> None:
    ours, _ = recreated(base, seed)
    theirs, _ = recreated(base, seed + 1)
    document = clean(base, ours, theirs)
    assert len(document["Graph"]["ModuleNodes"]) == len(base["Graph"]["ModuleNodes"])
    assert diff(base, document).is_empty


# --- one by one


def ours_and_theirs(*edit: Callable[[Document], Document]) -> Merge:
    ours, theirs = (one(graph()) for one in edit)
    return merged(graph(), ours, theirs)


def set_to(path: tuple[str | int, ...], new: Json) -> Callable[[Document], Document]:
    return lambda document: put_in(document, path, new)


def removed(*names: str) -> Callable[[Document], Document]:
    """Take nodes out with their edges."""

    def remove(document: Document) -> Document:
        found = document["Graph"]
        found["ModuleNodes"] = [one for one in found["ModuleNodes"] if one["Id"] not in names]
        found["EdgesInternal"] = [wire for wire in found["EdgesInternal"] if not {str(end).partition(":")[0] for end in wire.values()} & set(names)]
        service = document["WebService"]
        service["Outputs"] = [port for port in service["Outputs"] if port["PortId"].partition(":")[0] not in names]
        return document

    return remove


def value_at(document: Object, *path: str) -> Side:
    place: Side = keyed.document(document)
    for step in path:
        place = place.get(step, MISSING) if isinstance(place, dict) else MISSING
    return place


def the_clash(found: Merge) -> Clash:
    assert len(found.clashes) == 1, [(clash.path, clash.reason) for clash in found.clashes]
    return found.clashes[0]


@pytest.mark.parametrize(
    ("at", "place"),
    [
        (value(0), (*NODES, FIRST, "ModuleParameters", "Fraction", "Value")),
        ((*NODES, 0, "ModuleId"), (*NODES, FIRST, "ModuleId")),
        ((*NODES, 0, "Comment"), (*NODES, FIRST, "Comment")),
        (("Description",), ("Description",)),
        (("WebService", "Outputs", 0, "PortId"), ("WebService", "Outputs", "output", "PortId")),
        (("Graph", "Parameters"), ("Graph", "Parameters")),
    ],
)
def test_one_value_set_in_two_ways_is_a_clash_that_holds_all_three(at: tuple[str | int, ...], place: tuple[str, ...]) -> None:
    found = ours_and_theirs(set_to(at, f"{FIRST}:Results1"), set_to(at, f"{FIRST}:Results2"))
    clash = the_clash(found)
    assert (clash.path, clash.base, clash.ours, clash.theirs) == (place, value_at(graph(), *place), f"{FIRST}:Results1", f"{FIRST}:Results2")
    assert value_at(found.document, *place) == f"{FIRST}:Results1"


def test_two_parameters_of_one_node_are_two_things() -> None:
    found = ours_and_theirs(set_to(value(0, 0), "0.8"), set_to(value(0, 1), "43"))
    assert found.clashes == ()
    assert value_at(found.document, *NODES, FIRST, "ModuleParameters", "Fraction", "Value") == "0.8"
    assert value_at(found.document, *NODES, FIRST, "ModuleParameters", "Seed", "Value") == "43"


def test_a_new_version_of_a_module_and_a_parameter_of_it_are_two_things() -> None:
    found = ours_and_theirs(set_to((*NODES, 0, "ModuleId"), SELECT), set_to(value(0), "0.8"))
    assert found.clashes == ()
    assert value_at(found.document, *NODES, FIRST, "ModuleId") == SELECT


def test_a_node_that_one_side_removed_and_the_other_edited_is_a_clash_and_stays() -> None:
    found = ours_and_theirs(removed(THIRD), set_to(value(2, 1), "7"))
    assert (the_clash(found).path, the_clash(found).ours) == ((*NODES, THIRD), MISSING)
    assert value_at(found.document, *NODES, THIRD, "ModuleParameters", "Seed", "Value") == "7"


@pytest.mark.parametrize("at", [(*NODES, 2, "UsePreviousResults"), (*NODES, 2, "CommentCollapsed"), (*NODES, 2, "IsPartOfPartialRun")])
def test_a_removed_node_is_not_kept_for_what_a_run_or_a_fold_did_to_it(at: tuple[str | int, ...]) -> None:
    found = ours_and_theirs(removed(THIRD), set_to(at, "something else"))
    assert found.clashes == ()
    assert value_at(found.document, *NODES, THIRD) is MISSING


def test_a_removed_node_is_not_kept_because_its_source_went_too() -> None:
    found = ours_and_theirs(removed(SECOND), removed(SECOND, THIRD))
    assert found.clashes == ()
    assert list(keyed.nodes(found.document["Graph"])) == [FIRST]  # type: ignore[arg-type]  # an object


def test_an_edge_to_a_node_that_the_other_side_removed_is_a_clash() -> None:
    found = ours_and_theirs(removed(FIRST), lambda document: wired(document, (f"{FIRST}:Results2", f"{SECOND}:Dataset2")))
    assert "does not exist" in the_clash(found).reason
    assert the_clash(found).path == (*NODES, SECOND, "Dataset2")


def test_a_node_put_in_between_survives_the_removal_of_another_port_s_source() -> None:
    found = ours_and_theirs(
        removed(FIRST),
        lambda document: wired(with_node(document), (f"{SECOND}:Results1", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{THIRD}:Dataset1")),
    )
    assert found.clashes == ()
    assert value_at(found.document, "Graph", "EdgesInternal", f"{THIRD}:Dataset1 < {NEW}:Results dataset") is not MISSING


def test_a_port_whose_source_was_removed_takes_what_the_other_side_gave_it() -> None:
    other = f"{FIRST}:Results2"
    found = ours_and_theirs(removed(SECOND), lambda document: wired(document, (other, f"{THIRD}:Dataset1")))
    assert found.clashes == ()
    assert value_at(found.document, "Graph", "EdgesInternal", f"{THIRD}:Dataset1 < {other}") is not MISSING


def test_a_node_in_between_whose_source_was_removed_is_a_clash() -> None:
    found = ours_and_theirs(
        removed(FIRST),
        lambda document: wired(with_node(document), (f"{FIRST}:Results1", f"{NEW}:Dataset"), (f"{NEW}:Results dataset", f"{SECOND}:Dataset1")),
    )
    assert "does not exist" in the_clash(found).reason
    assert the_clash(found).path == (*NODES, NEW, "Dataset")


def test_two_harmless_edges_that_make_a_circle_are_a_clash() -> None:
    base = without(graph(), f"{SECOND}:Dataset1", f"{THIRD}:Dataset1")
    ours = wired(deepcopy(base), (f"{FIRST}:Results1", f"{SECOND}:Dataset1"))
    theirs = wired(deepcopy(base), (f"{SECOND}:Results1", f"{FIRST}:Dataset1"))
    assert faults(ours) == faults(theirs) == []
    assert "circle" in the_clash(merged(base, ours, theirs)).reason


def test_one_port_fed_in_two_ways_is_a_clash() -> None:
    found = ours_and_theirs(
        lambda document: wired(document, (f"{FIRST}:Results2", f"{SECOND}:Dataset1")),
        lambda document: put_in(without(document, f"{SECOND}:Dataset1"), (*NODES, 1, "InputPortsInternal", 0, "DataSourceId"), "d" * 70),
    )
    assert the_clash(found).path == (*NODES, SECOND, "InputPortsInternal", "Dataset1")


def test_a_port_that_one_side_removed_and_the_other_fed_is_a_clash() -> None:
    def without_port(document: Document) -> Document:
        del document["Graph"]["ModuleNodes"][1]["InputPortsInternal"][1]
        return document

    found = ours_and_theirs(without_port, lambda document: wired(document, (f"{FIRST}:Results2", f"{SECOND}:Dataset2")))
    assert the_clash(found).path == (*NODES, SECOND, "InputPortsInternal", "Dataset2")


def test_edges_of_a_node_without_ports_survive() -> None:
    base = graph()
    del base["Graph"]["ModuleNodes"][1]["InputPortsInternal"]
    ours, theirs = put_in(base, value(1), "ours"), put_in(base, (*NODES, 1, "Comment"), "theirs")
    assert len(clean(base, ours, theirs)["Graph"]["EdgesInternal"]) == 2


def test_both_sides_may_add_the_same_node() -> None:
    assert ours_and_theirs(with_node, with_node).clashes == ()
    found = ours_and_theirs(with_node, lambda document: put_in(with_node(document), (*NODES, 3, "Comment"), "another"))
    assert the_clash(found).path == (*NODES, NEW, "Comment")


def test_a_node_that_a_side_has_beside_its_re_creation_is_another_node() -> None:
    base = sound_graph(4, 1)
    ours, pairs = recreated(base, 1, 0.25)
    ((old, new),) = pairs.items()
    theirs = deepcopy(base)
    theirs["Graph"]["ModuleNodes"].append(next(one for one in ours["Graph"]["ModuleNodes"] if one["Id"] == new))
    document = merged(base, ours, theirs).document
    assert isinstance(document["Graph"], dict)
    assert new in keyed.nodes(document["Graph"])
    assert old not in keyed.nodes(document["Graph"])


def test_scripts_are_merged_line_by_line() -> None:
    found = ours_and_theirs(
        set_to(value(1), "import os\r\nimport re\r\nx = 1\r\nprint(x)\r\n"), set_to(value(1), "import os\r\nx = 1\r\nprint(x)\r\nprint(2)\r\n")
    )
    place = (*NODES, SECOND, "ModuleParameters", "R Script", "Value")
    assert found.clashes == ()
    assert value_at(found.document, *place) == "import os\r\nimport re\r\nx = 1\r\nprint(x)\r\nprint(2)\r\n"
    clash = the_clash(ours_and_theirs(set_to(value(1), "import os\r\nx = 2\r\n"), set_to(value(1), "import os\r\nx = 3\r\n")))
    assert clash.path == place


def test_new_ports_parameters_and_tags_of_both_sides_stand_in_one_order() -> None:
    def more(name: str) -> Callable[[Document], Document]:
        def add(document: Document) -> Document:
            document["Tags"].insert(1, name)
            document["Graph"]["ModuleNodes"][0]["ModuleParameters"].insert(1, {"Name": name, "Value": name})
            return document

        return add

    found, other = ours_and_theirs(more("x"), more("y")), ours_and_theirs(more("y"), more("x"))
    assert found.document == other.document
    assert found.document["Tags"] == ["a", "y", "x", "b"]


def test_what_the_service_owns_is_ours() -> None:
    found = ours_and_theirs(
        lambda document: document | {"Etag": "ours", "RunId": 1}, lambda document: document | {"Etag": "theirs", "Creator": "theirs"}
    )
    assert {name: found.document.get(name) for name in ("Etag", "RunId", "Creator")} == {"Etag": "ours", "RunId": 1, "Creator": None}
    assert {"Etag", "RunId", "Creator"} <= RUN_MEMBERS


def test_a_circle_or_loose_end_that_was_there_before_is_no_clash() -> None:
    base = wired(graph(), (f"{THIRD}:Results1", f"{FIRST}:Dataset1"), ("gone:x", f"{FIRST}:Dataset2"))
    assert {fault.rule for fault in faults(base)} == {"cycle", "unknown-node"}
    assert merged(base, put_in(base, value(0), "0.8"), put_in(base, value(2, 1), "8")).clashes == ()


def test_a_python_script_in_a_node_that_both_added_has_no_base_to_merge_by_lines() -> None:
    def added(script: str) -> Callable[[Document], Document]:
        def add(document: Document) -> Document:
            new = node(NEW, PYTHON, random.Random(1))
            next(parameter for parameter in new["ModuleParameters"] if parameter["Name"] == "R Script")["Value"] = script
            document["Graph"]["ModuleNodes"].append(new)
            return document

        return add

    clash = the_clash(ours_and_theirs(added("a\nb\n"), added("a\nc\n")))
    assert (clash.base, clash.ours, clash.theirs) == (MISSING, "a\nb\n", "a\nc\n")
