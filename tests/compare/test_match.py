"""Re-created nodes are known again by what they are and how they are wired, and unlike nodes are never taken for one."""

import random
from copy import deepcopy
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.compare.diff import diff
from amlgit.compare.match import recreated_nodes
from amlgit.model.jsontext import dumps, loads
from tests.support.canonical import mixed
from tests.support.drawn import exports
from tests.support.edits import FIRST, SECOND, THIRD, graph, with_node
from tests.support.exports import Document
from tests.support.graphs import SEEDS, edge, edited, kinds, moved, node, node_id, recreated, sound_graph, sound_graphs
from tests.support.wire import PYTHON, SELECT, SPLIT, WORKSPACE, Members

SHARES = st.sampled_from([0.1, 0.5, 1.0])


@given(sound_graphs(), SEEDS, SHARES)
def test_nodes_with_new_ids_and_nothing_else_are_no_change(old: Document, seed: int, share: float) -> None:
    new, pairs = recreated(old, seed, share)
    found = diff(old, new)
    assert found.is_empty
    assert found.recreated == pairs


@given(sound_graphs(), SEEDS, SHARES)
def test_neither_order_nor_layout_tells_nodes_apart(old: Document, seed: int, share: float) -> None:
    new, _ = recreated(edited(old, seed).document, seed, share)
    assert recreated_nodes(mixed(old, seed), mixed(moved(new, seed), seed)) == recreated_nodes(old, new)


@given(sound_graphs(), SEEDS, SHARES)
def test_the_other_way_round_the_pairs_are_the_same(old: Document, seed: int, share: float) -> None:
    new, _ = recreated(edited(old, seed).document, seed, share)
    assert recreated_nodes(new, old) == {new_id: old_id for old_id, new_id in recreated_nodes(old, new).items()}


@given(sound_graphs(), SEEDS, SHARES)
def test_a_pair_is_right_or_there_is_none(old: Document, seed: int, share: float) -> None:
    new, pairs = recreated(edited(old, seed).document, seed, share)
    found = recreated_nodes(old, new)
    assert {old_id: pairs.get(old_id) for old_id in found} == found


@given(exports(), exports())
def test_only_nodes_of_one_family_with_ids_of_one_side_are_pairs(old: Members, new: Members) -> None:
    before = dumps(old), dumps(new)
    found = recreated_nodes(old, new)
    sides = [_families(document) for document in (old, new)]
    for old_id, new_id in found.items():
        assert old_id not in sides[1]
        assert new_id not in sides[0]
        assert sides[0][old_id] == sides[1][new_id]
    assert len(set(found.values())) == len(found)
    assert (dumps(old), dumps(new)) == before, "an argument was changed"


def _families(document: Document) -> dict[str, str]:
    """Node id → the middle part of its module's id, or all of one that has no three parts."""
    modules = {one["Id"]: one["ModuleId"].lower() for one in document["Graph"]["ModuleNodes"]}
    return {name: module.split(".")[1] if module.count(".") == 2 else module for name, module in modules.items()}


def only(module: str, seed: int, name: str) -> Document:
    """A graph of one node."""
    document = sound_graph(0, 0)
    document["Graph"]["ModuleNodes"] = [node(name, module, random.Random(seed))]
    return document


def test_a_node_of_another_family_in_the_same_place_is_another_node() -> None:
    old, new = graph(), graph()
    new["Graph"]["ModuleNodes"][1] |= {"ModuleId": SELECT, "Id": SECOND.replace("2", "7")}
    new["Graph"]["EdgesInternal"] = [
        {name: str(end).replace(SECOND, SECOND.replace("2", "7")) if end else end for name, end in wire.items()}
        for wire in new["Graph"]["EdgesInternal"]
    ]
    assert recreated_nodes(old, new) == {}


@pytest.mark.parametrize("module", [SELECT, SPLIT, PYTHON])
def test_nodes_of_one_family_with_nothing_in_common_are_two_nodes(module: str) -> None:
    new = only(module, 2, THIRD)
    new["Graph"]["ModuleNodes"][0]["Comment"] = "another"
    assert recreated_nodes(only(module, 1, FIRST), new) == {}
    assert kinds(diff(only(module, 1, FIRST), new)) == [("wiring", "node", "added", THIRD), ("wiring", "node", "removed", FIRST)]


def test_a_copy_beside_the_node_is_a_new_node() -> None:
    more = with_node(graph())
    assert recreated_nodes(graph(), more) == {}


def test_twins_are_paired_as_many_as_there_are() -> None:
    old = sound_graph(0, 0)
    names = [node_id(random.Random(seed)) for seed in range(4)]
    old["Graph"]["ModuleNodes"] = [node(name, SPLIT, random.Random(1)) for name in names[:2]]
    new = deepcopy(old)
    new["Graph"]["ModuleNodes"] = [node(name, SPLIT, random.Random(1)) for name in names[2:]]
    found = diff(old, new)
    assert found.is_empty
    assert (sorted(found.recreated), sorted(found.recreated.values())) == (sorted(names[:2]), sorted(names[2:]))


def test_like_nodes_are_told_apart_by_what_they_feed_however_far_away() -> None:
    def chains(names: list[str]) -> Document:
        """Two chains of three like nodes; only the last of one differs."""
        document = sound_graph(0, 0)
        nodes = [node(name, SELECT, random.Random(1)) for name in names]
        nodes[-1]["Comment"] = "the other"
        document["Graph"]["ModuleNodes"] = nodes
        document["Graph"]["EdgesInternal"] = [
            edge(f"{source}:Results dataset", f"{target}:Dataset") for chain in (names[:3], names[3:]) for source, target in pairwise(chain)
        ]
        return document

    old, new = ([node_id(random.Random(seed)) for seed in seeds] for seeds in (range(6), range(6, 12)))
    assert recreated_nodes(chains(old), chains(new)) == dict(zip(old, new, strict=True))


def re_created(document: Document, name: str) -> tuple[Document, str]:
    """A copy in which one node has a new id."""
    new = node_id(random.Random(name))
    text = dumps(document).decode().replace(name, new)
    copy: Document = loads(text.encode())  # type: ignore[assignment]  # an export
    return copy, new


def the_node(document: Document, name: str) -> Document:
    found: Document = next(one for one in document["Graph"]["ModuleNodes"] if one["Id"] == name)
    return found


def test_a_re_created_node_shows_its_real_edits() -> None:
    new, name = re_created(graph(), SECOND)
    the_node(new, name)["ModuleParameters"][0]["Value"] = "import os\r\nx = 7\r\nprint(x)\r\n"
    the_node(new, name)["ModuleId"] = the_node(new, name)["ModuleId"].replace("1729", "1730")
    found = diff(graph(), new)
    assert [(change.change_class, change.kind) for change in found.changes] == [("script", "changed"), ("module", "changed")]
    assert {(change.node.old_id, change.node.id) for change in found.changes if change.node} == {(SECOND, name)}


def test_a_dataset_copied_into_another_workspace_is_still_the_same_likeness() -> None:
    new, name = re_created(graph(), THIRD)
    port = the_node(new, name)["InputPortsInternal"][1]
    port["DataSourceId"] = port["DataSourceId"].replace(WORKSPACE, "f" * 32)
    assert recreated_nodes(graph(), new) == {THIRD: name}
    assert [change.change_class for change in diff(graph(), new).changes] == ["data"]
