"""Merges of one file of the form: both sides' edits survive or are a conflict, and whatever is taken of one is in normal form again."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlgit.compare import page_tree
from amlgit.compare.page_merge import PageMerge, Style, merge_page
from amlgit.compare.page_tree import Group, Leaf, Tree
from amlgit.form.companions import Binding, write_assets, write_sync
from amlgit.form.experiments import join
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.assets import Asset
from amlgit.model.jsontext import dumps, loads
from amlgit.review import conflicts
from tests.support.files import read, sample_exports
from tests.support.form_pages import NODE, SYNC, pages_of
from tests.support.forms import family, split
from tests.support.wire import a_graph

STYLE = Style()


POOL = [
    *((path, data) for source in (a_graph(), *map(read, sample_exports())) for path, data in pages_of(source).items() if path != "run.json"),
    ("sync.json", SYNC),
]
"""Pages to edit, with their paths."""


# --- edits of pages


def _edited(data: bytes, focus: int, chance: random.Random, mark: str) -> bytes:
    """A page with a few entries changed, removed and added, most in one group; `mark` makes this side's values its own."""
    tree = page_tree.read(data)
    assert tree is not None
    for number in range(chance.randint(1, 4)):
        groups = [place for place, found in _places(tree) if isinstance(found, Group)]
        place = groups[focus % len(groups)] if chance.random() < 0.8 else chance.choice(groups)
        tree = _edit(tree, place, chance, f"{mark}{number}")
    return "\n".join(page_tree.write(tree, "")).encode() + b"\n"


def _places(tree: Tree, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Tree]]:
    yield place, tree
    for key, entry in tree.entries if isinstance(tree, Group) else ():
        yield from _places(entry, (*place, key))


def _edit(tree: Tree, place: tuple[str, ...], chance: random.Random, mark: str) -> Group:
    assert isinstance(tree, Group)
    if place:
        return replace(tree, entries=tuple((key, _edit(entry, place[1:], chance, mark) if key == place[0] else entry) for key, entry in tree.entries))
    entries = dict(tree.entries)
    leaves = [key for key, entry in entries.items() if isinstance(entry, Leaf) and key != "Id"]
    kind = chance.choice(["change", "change", "remove", "add"])
    if kind == "change" and leaves:
        key = chance.choice(leaves)
        entries[key] = _changed(entries[key], mark)
    elif kind == "remove" and leaves:
        del entries[chance.choice(leaves)]
    else:
        key = chance.choice(["Aa", "Mm", "Zz"])
        entries[key] = Leaf(f'"{key}": ', f'"{mark}"') if tree.bracket == "{" else Leaf("", f'{{"Name": "{key}", "Value": "{mark}"}}')
        if key not in dict(tree.entries) and tree.bracket == "{":
            first = list(entries)[:1]
            entries = {name: entries[name] for name in [*first, *sorted(entries.keys() - set(first))]}
    return replace(tree, entries=tuple(entries.items()))


def _changed(entry: Tree, mark: str) -> Leaf:
    assert isinstance(entry, Leaf)
    value = loads(entry.text.encode())
    if not isinstance(value, Mapping):
        return replace(entry, text=f'"{mark}"') if entry.head else entry
    name = next((name for name in ("Value", "Position", "Source", "Run") if name in value), "Zz")
    text = entry.text.removesuffix("}") + (", " if value else "") + f'"Zz": "{mark}"' + "}" if name == "Zz" and "Zz" not in value else entry.text
    return replace(entry, text=text.replace(dumps(value[name]).decode(), f'"{mark}"', 1) if name in value else text)


def _triples() -> st.SearchStrategy[tuple[str, bytes, bytes, bytes]]:
    def triple(page: tuple[str, bytes], seed: int) -> tuple[str, bytes, bytes, bytes]:
        path, data = page
        chance = random.Random(seed)
        focus = chance.randrange(100)
        return path, data, _edited(data, focus, chance, "ours"), _edited(data, focus, chance, "theirs")

    return st.builds(triple, st.sampled_from(POOL), st.integers(0, 2**32))


def _leaves(data: bytes) -> dict[tuple[str, ...], str]:
    tree = page_tree.read(data)
    assert tree is not None, data.decode()
    return {place: found.text for place, found in _places(tree) if isinstance(found, Leaf)}


def _merge(path: str, base: bytes | None, ours: bytes, theirs: bytes, style: Style = STYLE) -> PageMerge:
    merged = merge_page(path, base, ours, theirs, style)
    assert merged is not None
    return merged


@settings(max_examples=300)
@given(_triples())
def test_what_one_side_left_alone_is_as_the_other_has_it(triple: tuple[str, bytes, bytes, bytes]) -> None:
    path, base, ours, theirs = triple
    for one, other, expected in ((base, ours, ours), (ours, base, ours), (ours, ours, ours), (theirs, base, theirs)):
        assert merge_page(path, base, one, other, STYLE) == PageMerge(text=expected, conflicts=())


@settings(max_examples=300)
@given(_triples())
def test_both_sides_edits_survive_or_are_a_conflict(triple: tuple[str, bytes, bytes, bytes]) -> None:
    path, base, ours, theirs = triple
    merged = merge_page(path, base, ours, theirs, STYLE)
    if merged is None or merged.conflicts:
        return
    before, mine, yours, both = map(_leaves, (base, ours, theirs, merged.text))
    for one, other in ((mine, yours), (yours, mine)):
        for place in before.keys() | one.keys():
            if one.get(place) != before.get(place) == other.get(place):
                assert both.get(place) == one.get(place), place


@settings(max_examples=300)
@given(_triples())
def test_swapping_the_sides_swaps_nothing_else(triple: tuple[str, bytes, bytes, bytes]) -> None:
    path, base, ours, theirs = triple
    one, other = (merge_page(path, base, *sides, Style(ours="x", theirs="x", with_base=True)) for sides in ((ours, theirs), (theirs, ours)))
    assert (one is None) == (other is None)
    if one is not None and other is not None:
        assert one.conflicts == other.conflicts
        assert _taken(one.text, ["ours"]) == _taken(other.text, ["theirs"])
        assert _taken(one.text, ["base"]) == _taken(other.text, ["base"])


def _taken(text: bytes, sides: Sequence[str], size: int = 7) -> bytes:
    """A merged page with the conflicts settled, one side after the other of `sides`, and from the beginning again."""
    lines = text.decode().splitlines(keepends=True)
    found = conflicts.blocks(lines, size)
    return "".join(conflicts.settled(lines, found, {number: sides[number % len(sides)] for number in range(len(found))})).encode()


@settings(max_examples=300)
@given(_triples(), st.lists(st.sampled_from(["ours", "theirs", "base"]), min_size=1, max_size=5), st.integers(3, 20), st.booleans())
def test_any_mixture_of_sides_is_in_normal_form(triple: tuple[str, bytes, bytes, bytes], sides: list[str], size: int, with_base: bool) -> None:
    path, base, ours, theirs = triple
    merged = merge_page(path, base, ours, theirs, Style(size=size, with_base=with_base))
    if merged is None:
        return
    wanted = [side if with_base or side != "base" else "ours" for side in sides]
    settled = _taken(merged.text, wanted, size)
    assert b"<" * size + b" ours" not in settled
    assert page_tree.read(settled) is not None, settled.decode()
    assert bool(merged.conflicts) == (settled != merged.text)


# --- whole exports


def _graph_edits() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Edits of different things in the pages of one export: what is replaced in which file."""
    python, r = "nodes/Execute Python Script 21-2222.json", "nodes/Execute R Script 31-3333.json"
    return {
        "fraction": ((NODE, '"Value": "0.7"|"Value": "0.8"'),),
        "seed": ((NODE, '"Value": "42"|"Value": "43"'),),
        "comment": ((NODE, '"Comment": ""|"Comment": "split"'),),
        "rewire": ((r, '"Source": "Execute Python Script 21-2222:Results1"|"Source": "Split Data 11-1111:Results2"'),),
        "unfed": ((python, '{"Name": "Dataset1", "Source": "Split Data 11-1111:Results1"}|{"Name": "Dataset1"}'),),
        "dataset": ((python, '{"Name": "Dataset2"}|{"Name": "Dataset2", "DataSourceId": "w.f.v"}'),),
        "title": (("experiment.json", '"Three nodes"|"Three"'),),
        "tags": (("experiment.json", '"Graph": {}|"Graph": {},\n  "Tags": [\n    "a"\n  ]'),),
        "moved": (("layout.json", "1,0,200,200|7,0,200,200"),),
    }


@pytest.mark.parametrize("one", _graph_edits())
def test_edits_of_different_things_never_clash_and_make_a_whole_export_in_normal_form(one: str) -> None:
    base = dict(split(a_graph()).content)
    for other in _graph_edits():
        sides = [_with_edit(base, name) for name in (one, other)]
        merged = dict(base)
        for path, data in base.items():
            if path.endswith(".json"):
                found = _merge(path, data, sides[0][path], sides[1][path])
                assert found.conflicts == ()
                merged[path] = found.text
        again = Splitter(Decisions()).split_protected(join(merged), family(a_graph())).content
        assert again == merged
        assert _with_edit(sides[0], other) == merged or one == other


def _with_edit(content: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    edited = dict(content)
    for path, words in _graph_edits()[name]:
        old, new = (word.encode() for word in words.split("|"))
        if new not in edited[path]:
            assert old in edited[path], (name, edited[path].decode())
            edited[path] = edited[path].replace(old, new)
    return edited


# --- single cases


def _node(*lines: str, node_id: str = "n") -> bytes:
    inside = ",\n".join(f"    {line}" for line in lines)
    written = f"[\n{inside}\n  ]" if lines else "[]"
    return f'{{\n  "Id": "{node_id}",\n  "Comment": "",\n  "ModuleParameters": {written}\n}}\n'.encode()


def _parameter(name: str, value: str) -> str:
    return f'{{"Name": "{name}", "Value": {dumps(value).decode()}}}'


A, B, C = (_parameter(name, "0") for name in "abc")


def test_a_conflict_is_the_lines_of_one_parameter() -> None:
    merged = _merge(NODE, _node(A, B, C), _node(A, _parameter("b", "1"), C), _node(A, _parameter("b", "2"), C), Style(ours="HEAD", theirs="topic"))
    assert merged.conflicts == (("ModuleParameters", "Name b"),)
    shown = f"<<<<<<< HEAD\n    {_parameter('b', '1')},\n=======\n    {_parameter('b', '2')},\n>>>>>>> topic\n"
    assert merged.text == _node(A, B, C).replace(f"    {B},\n".encode(), shown.encode())


def test_a_parameter_at_the_end_that_one_side_removed_takes_the_comma_before_it_along() -> None:
    merged = _merge(NODE, _node(A, B), _node(A), _node(A, _parameter("b", "2")))
    assert _taken(merged.text, ["ours"]) == _node(A)
    assert _taken(merged.text, ["theirs"]) == _node(A, _parameter("b", "2"))


def test_a_list_that_a_side_may_leave_empty_is_a_conflict_as_a_whole() -> None:
    merged = _merge(NODE, _node(A), _node(), _node(_parameter("a", "2")), Style(with_base=True))
    assert _taken(merged.text, ["ours"]) == _node()
    assert _taken(merged.text, ["theirs"]) == _node(_parameter("a", "2"))
    assert _taken(merged.text, ["base"]) == _node(A)


def test_a_new_order_survives_and_two_are_a_conflict() -> None:
    base = _node(B, A, C)
    assert _merge(NODE, base, _node(A, B, C), base).text == _node(A, B, C)
    assert _merge(NODE, base, _node(A, B, C), _node(B, A, _parameter("c", "1"))).text == _node(A, B, _parameter("c", "1"))
    merged = _merge(NODE, base, _node(A, B, C), _node(C, B, A))
    assert merged.conflicts == (("ModuleParameters",),)
    assert (_taken(merged.text, ["ours"]), _taken(merged.text, ["theirs"])) == (_node(A, B, C), _node(C, B, A))


def test_names_are_sorted_as_names_and_not_as_their_json() -> None:
    base = write_sync({"z": Binding(experiment="z", run=None, content="c", time=1)})

    def with_remote(name: str) -> bytes:
        return write_sync({name: Binding(experiment="e", run=None, content="c", time=1), "z": Binding(experiment="z", run=None, content="c", time=1)})

    merged = _merge("sync.json", base, with_remote("a"), with_remote("a b"))
    assert [place for (place,) in _leaves(merged.text)] == ["a", "a b", "z"]


def test_different_members_of_one_line_are_merged_and_what_feeds_a_port_is_one_thing() -> None:
    def port(**members: str) -> bytes:
        rest = "".join(f', "{name}": "{value}"' for name, value in sorted(members.items()))
        return _node(f'{{"Name": "Data"{rest}}}')

    assert _merge(NODE, port(), port(Source="x:y"), port(Language="R")).text == port(Source="x:y", Language="R")
    assert _merge(NODE, port(Source="x:y"), port(), port(Source="x:y", Absent="R")).text == port(Absent="R")
    assert _merge(NODE, port(), port(Source="x:y"), port(DataSourceId="w.f.v")).conflicts == (("ModuleParameters", "Name Data"),)


def test_columns_keep_the_order_of_their_members_in_a_merged_line() -> None:
    def line(columns: str, linked: str) -> bytes:
        return _node(f'{{"Name": "Columns", "Columns": {{"isFilter": true, "rules": [{columns}]}}{linked}}}')

    base, ours = line("", ""), line('{"ruleType": "AllColumns", "exclude": false}', "")
    theirs = line("", ', "LinkedGlobalParameter": "g"')
    expected = line('{"ruleType": "AllColumns", "exclude": false}', ', "LinkedGlobalParameter": "g"')
    assert _merge(NODE, base, ours, theirs).text == expected


@pytest.mark.parametrize("spoilt", [b"", b" "])
def test_pages_of_two_nodes_are_one_conflict_whether_or_not_they_are_in_normal_form(spoilt: bytes) -> None:
    one, other, base = _node(A, B, node_id="m"), _node(A, C) + spoilt, _node(A)
    for ours, theirs in ((one, other), (other, one)):
        merged = _merge(NODE, base, ours, theirs, Style(with_base=True))
        assert merged.conflicts == ((),)
        for side, expected in (("ours", ours), ("base", base), ("theirs", theirs)):
            assert _taken(merged.text, [side]).rstrip() == expected.rstrip()


def test_a_base_that_is_another_node_says_nothing_about_the_sides() -> None:
    merged = _merge(NODE, _node(A, B, node_id="m"), _node(A), _node(A, B))
    assert (merged.text, merged.conflicts) == (_node(A, B), ())


def test_a_file_that_both_sides_added_is_merged_without_a_base() -> None:
    merged = _merge(NODE, None, _node(A, B), _node(A, C))
    assert (merged.text, merged.conflicts) == (_node(A, B, C), ())
    assert _merge(NODE, None, _node(A), _node(_parameter("a", "1"))).conflicts


@pytest.mark.parametrize("value", ["<<<<<<< ours", "=======", ">>>>>>> theirs\n<<<<<<< x", "|||||||"])
def test_values_that_look_like_markers_are_values(value: str) -> None:
    merged = _merge(NODE, _node(A, B), _node(A, _parameter("b", value)), _node(A, _parameter("b", "2")))
    assert _taken(merged.text, ["ours"]) == _node(A, _parameter("b", value))


@pytest.mark.parametrize("side", [0, 1, 2])
@pytest.mark.parametrize("damaged", [_node(A).replace(b"\n", b"\r\n"), _node(A).rstrip(), b"not JSON\n", b"\xff\xfe"])
def test_what_is_no_page_is_left_to_lines(side: int, damaged: bytes) -> None:
    sides = [_node(A), _node(A, B), _node(A, C)]
    sides[side] = damaged
    assert merge_page(NODE, sides[0], sides[1], sides[2], STYLE) is None


def _layout(*boxes: str) -> bytes:
    inside = ",\n".join(f'      {{"Node": "{box.split()[0]}", "Position": "{box.split()[1]}"}}' for box in boxes)
    return f'{{\n  "Graph": {{\n    "NodePositions": [\n{inside}\n    ]\n  }}\n}}\n'.encode()


def test_layout_never_conflicts() -> None:
    base, ours, theirs = _layout("a 1", "b 1", "c 1"), _layout("a 2", "b 1", "d 1"), _layout("a 3", "b 2", "c 2", "e 1")
    for sides in ((ours, theirs), (theirs, ours)):
        merged = _merge("layout.json", base, *sides)
        assert (merged.text, merged.conflicts) == (_layout("a 3", "b 2", "c 2", "d 1", "e 1"), ())


def _sync(time: int | None, content: str = "c", experiment: str = "e") -> bytes:
    return write_sync({"archive": Binding(experiment=experiment, run=None, content=content, time=time)})


def test_of_two_bindings_the_older_wins_and_what_can_not_be_told_is_a_conflict() -> None:
    base, gone = _sync(1), write_sync({})
    for sides in ((_sync(3), _sync(2)), (_sync(2), _sync(3))):
        assert _merge("sync.json", base, *sides) == PageMerge(text=_sync(2), conflicts=())
    for sides in ((_sync(3), gone), (gone, _sync(3)), (_sync(None, "x"), gone), (gone, _sync(None, "x"))):
        assert _merge("sync.json", base, *sides) == PageMerge(text=gone, conflicts=())
    for sides in ((_sync(3), _sync(2, experiment="f")), (_sync(None, "x"), _sync(3))):
        assert _merge("sync.json", base, *sides).conflicts == (("archive",),)


def test_the_assets_of_both_sides_are_kept_and_those_that_one_removed_are_gone() -> None:
    def lock(*names: str) -> bytes:
        return write_assets([Asset("dataset", name) for name in names])

    assert _merge("assets.json", lock("a", "b"), lock("a", "b", "d"), lock("b", "c")) == PageMerge(text=lock("b", "c", "d"), conflicts=())


def test_a_conflict_without_an_end_is_none_and_hides_none_before_it() -> None:
    whole = ["<<<<<<< a\n", "1\n", "=======\n", "2\n", ">>>>>>> b\n"]
    assert [block.start for block in conflicts.blocks([*whole, *whole[:4], *whole[:2]])] == [0]
    assert [block.start for block in conflicts.blocks([*whole[:2], "x\n", *whole, "y\n", *whole])] == [0, 9]
