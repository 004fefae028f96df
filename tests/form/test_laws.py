"""Laws 1 and 2 of the form: nothing is lost, and equal experiments have one text."""

import difflib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.form.experiments import Form, join
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Object, dumps
from tests.support.drawn import exports
from tests.support.equality import equal_but_for_sets_and_secrets
from tests.support.files import FILES, loaded, read, sample_exports
from tests.support.forms import family, split, texts, whole
from tests.support.spellings import respelled, shuffled
from tests.support.wire import Members, a_graph


def assert_law_1(document: Object) -> None:
    before = dumps(document)
    form = split(document)
    assert equal_but_for_sets_and_secrets(document, whole(form))
    assert dumps(document) == before, "split changed its argument"


def assert_law_2(document: Object, seed: int) -> None:
    form = split(document)
    again = Splitter(Decisions()).split_protected(join(form.content, form.run), family(document))
    assert texts(again) == texts(form)
    mixed = split(shuffled(document, seed))
    assert texts(mixed) == texts(form)
    assert set(mixed.suspicions) == set(form.suspicions)
    spelled = Splitter(Decisions()).split(respelled(document, seed), family(document))
    assert texts(spelled) == texts(form)


@given(exports())
def test_join_gives_back_every_member_that_split_took(document: Members) -> None:
    assert_law_1(document)


@given(exports(), st.integers())
def test_equal_experiments_have_one_text(document: Members, seed: int) -> None:
    assert_law_2(document, seed)


@pytest.mark.parametrize("path", FILES)
def test_join_gives_back_every_member_of_a_file(path: Path) -> None:
    assert_law_1(read(path))


@pytest.mark.parametrize("path", FILES)
def test_a_file_has_one_text_however_it_is_ordered_and_spelled(path: Path) -> None:
    for seed in range(3):
        assert_law_2(read(path), seed)


@pytest.mark.parametrize("path", FILES)
@pytest.mark.parametrize("indent", [None, 1, 4, "\t"])
def test_a_file_has_one_text_however_it_is_printed(path: Path, indent: int | str | None) -> None:
    document = read(path)
    printed = json.dumps(json.loads(path.read_bytes().decode("utf-8-sig"), parse_float=_Spelled), indent=indent)
    again = Splitter(Decisions()).split(printed.encode(), family(document))
    assert texts(again) == texts(split(document))


class _Spelled(float):
    """A number that `json.dumps` prints as it stood."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


@given(exports())
def test_an_export_survives_the_way_over_its_own_bytes(document: Members) -> None:
    back = whole(split(document))
    assert dumps(loaded(dumps(back))) == dumps(back)


@given(exports())
def test_what_people_own_joins_without_the_run(document: Members) -> None:
    form = split(document)
    own = join(form.content)
    again = Splitter(Decisions()).split_protected({**own, "ExperimentId": document["ExperimentId"]}, family(document))
    assert again.content == form.content


@given(st.lists(exports(), max_size=4), exports())
def test_what_a_splitter_saw_before_changes_nothing(before: list[Members], document: Members) -> None:
    splitter = Splitter(Decisions())
    for other in before:
        splitter.split(dumps(other), family(other))
    form, fresh = splitter.split(dumps(document), family(document)), split(document)
    assert texts(form) == texts(fresh)
    assert form.suspicions == fresh.suspicions


def test_what_a_splitter_saw_of_other_files_changes_nothing() -> None:
    splitter = Splitter(Decisions())
    for path in [*sample_exports(), *reversed(sample_exports())]:
        document = read(path)
        assert texts(splitter.split(dumps(document), family(document))) == texts(split(document))


@given(exports())
def test_pages_are_utf_8_json_with_lf_and_a_final_newline(document: Members) -> None:
    for path, data in texts(split(document)).items():
        text = data.decode()
        if path.endswith(".json"):
            assert text.endswith("}\n")
            assert "\r" not in text
            json.loads(text)
        else:
            assert text == "" or text.endswith("\n")


def changed_lines(old: Form, new: Form) -> dict[str, list[str]]:
    """The lines of a diff by file, as `-` and `+` lines."""
    before, after = texts(old), texts(new)
    changes: dict[str, list[str]] = {}
    for path in sorted(before.keys() | after.keys()):
        one, other = (side.get(path, b"").decode().split("\n") for side in (before, after))
        lines = [line for line in difflib.unified_diff(one, other, n=0, lineterm="") if not line.startswith(("---", "+++", "@@"))]
        if lines:
            changes[path] = lines
    return changes


def edited(old: str, new: str) -> dict[str, list[str]]:
    """What changes in the form when `old` is replaced, once, in the JSON text of `a_graph`."""
    text = dumps(a_graph()).decode()
    assert text.count(old) == 1
    return changed_lines(split(a_graph()), split(loaded(text.replace(old, new).encode())))


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ('"Value":"0.7"', '"Value":"0.8"', "nodes/Split Data 11-1111.json"),
        ('"Value":"42"', '"Value":null', "nodes/Split Data 11-1111.json"),
        ("x = 1", "x = 2", "nodes/Execute Python Script 21-2222.py"),
        ("y <- 2", "y <- 3", "nodes/Execute R Script 31-3333.R"),
        ('"Description":"Three nodes"', '"Description":"3 nodes"', "experiment.json"),
        ("'0,0,200,200'", "'0,1,200,200'", "layout.json"),
    ],
)
def test_one_change_is_one_line_in_one_file_named_after_its_node(old: str, new: str, path: str) -> None:
    changes = edited(old, new)
    assert list(changes) == [path]
    assert [line[0] for line in changes[path]] == ["-", "+"]


def test_an_edge_fed_from_another_port_is_one_line_at_the_port_it_feeds() -> None:
    changes = edited('1-11:Results1","DestinationInputPortId"', '1-11:Results2","DestinationInputPortId"')
    assert list(changes) == ["nodes/Execute Python Script 21-2222.json"]
    assert [line[0] for line in changes["nodes/Execute Python Script 21-2222.json"]] == ["-", "+"]


def test_a_removed_edge_is_one_line_at_the_port_it_fed() -> None:
    document = a_graph()
    graph = document["Graph"]
    assert isinstance(graph, dict)
    edges = graph["EdgesInternal"]
    assert isinstance(edges, list)
    without: Members = {**document, "Graph": {**graph, "EdgesInternal": edges[:1]}}
    changes = changed_lines(split(document), split(without))
    assert list(changes) == ["nodes/Execute R Script 31-3333.json"]
    assert [line[0] for line in changes["nodes/Execute R Script 31-3333.json"]] == ["-", "+"]


def test_ids_of_the_service_change_only_the_run() -> None:
    document = a_graph()
    later: Members = {**document, "Etag": "W/2", "RunId": "r", "Creator": "somebody", "IsLeaf": False, "Status": {"StatusCode": "Failed"}}
    assert list(changed_lines(split(document), split(later))) == ["run.json"]
