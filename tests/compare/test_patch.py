"""A JSON Patch gives exactly the new document, order of lists included; another implementation than ours applies it."""

import random
from typing import Any

import jsonpatch
import pytest
from hypothesis import given

from amlgit.compare.patch import json_patch, pointer
from amlgit.model.jsontext import Json, Object, dumps, dumps_sorted
from tests.support.canonical import mixed
from tests.support.drawn import exports, values
from tests.support.exports import Document
from tests.support.files import read, sample_exports
from tests.support.graphs import SEEDS, edited, moved, sound_graph, sound_graphs
from tests.support.spellings import shuffled
from tests.support.wire import Members


def assert_patch_gives(old: Json, new: Json) -> list[Object]:
    before = dumps(old), dumps(new)
    operations = json_patch(old, new)
    document: Any = old  # Any: the package's types know no JSON
    given: Any = operations
    assert dumps_sorted(jsonpatch.apply_patch(document, given)) == dumps_sorted(new)
    assert (dumps(old), dumps(new)) == before, "an argument was changed"
    return operations


@given(exports(), exports(), SEEDS)
def test_the_patch_of_two_exports_gives_exactly_the_new_one(old: Members, new: Members, seed: int) -> None:
    assert_patch_gives(old, new)
    assert_patch_gives(old, mixed(old, seed))
    assert_patch_gives(old, shuffled(new, seed))
    assert assert_patch_gives(old, old) == []


@given(sound_graphs(), SEEDS)
def test_the_patch_of_an_edited_graph_gives_exactly_the_new_one(old: Document, seed: int) -> None:
    assert_patch_gives(old, mixed(moved(edited(old, seed).document, seed), seed))


@given(values(), values())
def test_the_patch_of_any_two_values_gives_the_new_one(old: Json, new: Json) -> None:
    assert_patch_gives(old, new)


def test_the_patches_of_thousands_of_small_values_give_the_new_ones() -> None:
    chance = random.Random(3)
    for _ in range(4000):
        assert_patch_gives(_value(chance), _value(chance))


def _value(chance: random.Random, depth: int = 3) -> Json:
    """JSON with the keys and lists that a patch treats in a way of its own."""
    kind = chance.choice(("scalar", "scalar", "list", "strings", "entries", "edges", "object")) if depth else "scalar"
    few = range(chance.randint(0, 5))
    if kind == "list":
        return [_value(chance, depth - 1) for _ in few]
    if kind == "strings":
        return chance.sample(["", "a", "b", "c", "d", "-"], len(few))
    if kind == "entries":
        return [{chance.choice(("Id", "Name", "name")): chance.choice(("", "a", "b", "c", "d")), "v": _value(chance, depth - 1)} for _ in few]
    if kind == "edges":
        return [
            {"DestinationInputPortId": chance.choice("ab"), "SourceOutputPortId": chance.choice("ab"), "x": chance.choice((1, None))} for _ in few
        ]
    if kind == "object":
        return {chance.choice(("a", "b/", "~", "~1", "", "0", "-")): _value(chance, depth - 1) for _ in few}
    return chance.choice((None, True, False, 0, 1, 1.0, "", "a", [], {}))


@pytest.mark.parametrize("number", range(3))
def test_the_patch_of_a_sample_against_another_gives_exactly_that(number: int) -> None:
    files = sample_exports()
    assert_patch_gives(read(files[number]), read(files[number + 1]))


def test_one_edit_in_a_shuffled_list_of_nodes_is_one_operation_more_than_its_order() -> None:
    old = sound_graph(9, 1)
    new = mixed(old, 1)
    new["Graph"]["ModuleNodes"][4]["Comment"] = "another"
    assert len(json_patch(old, new)) == len(json_patch(old, mixed(old, 1))) + 1


def test_what_stays_in_order_is_not_moved() -> None:
    old: Json = list("abcdef")
    assert json_patch(old, list("bcdefa")) == [{"op": "move", "from": "/0", "path": "/5"}]
    assert json_patch(old, list("abdef")) == [{"op": "remove", "path": "/2"}]
    assert json_patch(old, list("abxcdef")) == [{"op": "add", "path": "/2", "value": "x"}]


def test_a_pointer_escapes_what_would_separate() -> None:
    assert pointer("a/b", "~", "") == "/a~1b/~0/"


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), (0, False), ("1", 1), (None, False)])
def test_values_that_python_takes_for_equal_are_replaced(old: Json, new: Json) -> None:
    assert json_patch({"a": [old]}, {"a": [new]}) == [{"op": "replace", "path": "/a", "value": [new]}]
