"""Bad input: a clear refusal or a faithful way there and back, and never another error."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.form.companions import read_assets, read_sync
from amlgit.form.experiments import Form, join
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import Json, Object, dumps, dumps_pretty, loads
from tests.support.drawn import exports
from tests.support.equality import equal_but_for_sets_and_secrets
from tests.support.files import read, sample_exports
from tests.support.forms import split, texts, whole
from tests.support.places import Place, paths, put_in, some_paths
from tests.support.wire import FAMILY, Members, a_graph

WRONG: tuple[Json, ...] = (None, 7, "text", ["x"], [["x"]], [{}], {}, {"x": 1}, True, "", -1.5)


def split_text(data: bytes) -> Form:
    return Splitter(Decisions()).split(data, FAMILY)


def small_sample() -> Members:
    """The smallest sample that has a web service, with one status a node."""
    document = min((read(path) for path in sample_exports() if b'"GraphParameterName"' in path.read_bytes() or "service" in path.name), key=_size)
    statuses = document["NodeStatuses"]
    assert isinstance(statuses, list)
    return {**document, "NodeStatuses": statuses[:1]}


def _size(document: Members) -> int:
    return len(dumps(document))


def assert_refused_or_faithful(document: Object) -> None:
    try:
        form = split(document)
    except InvalidDocument:
        return
    assert equal_but_for_sets_and_secrets(document, whole(form))


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_member_of_the_wrong_type_is_refused_or_comes_back(wrong: Json) -> None:
    document = small_sample()
    for path in some_paths(document):
        if path != ("ExperimentId",):
            assert_refused_or_faithful(put_in(document, path, wrong))


def test_a_member_that_is_missing_is_refused_or_comes_back() -> None:
    document = small_sample()
    for path in some_paths(document):
        if path != ("ExperimentId",) and isinstance(path[-1], str):
            assert_refused_or_faithful(_without(document, path))


def _without(document: Members, path: Place) -> Members:
    holder: Json = document
    for step in path[:-1]:
        assert isinstance(holder, Mapping | list)
        holder = holder[step]  # type: ignore[index]  # a path of this document: str into a mapping, int into a list
    assert isinstance(holder, Mapping)
    return put_in(document, path[:-1], {name: value for name, value in holder.items() if name != path[-1]})


def test_a_member_that_nobody_knows_comes_back_from_everywhere() -> None:
    document = small_sample()
    for path in [(), *(path for path in some_paths(document) if path != ("ExperimentId",))]:
        for unknown in ("Extra", "", "$type", "ключ"):
            assert_refused_or_faithful(put_in(document, (*path, unknown), {"b": [1], "a": None}))


@given(st.data(), exports())
def test_any_two_wrong_members_are_refused_or_come_back(data: st.DataObject, document: Members) -> None:
    for _ in range(2):
        places = [path for path in paths(document) if path != ("ExperimentId",)]
        document = put_in(document, data.draw(st.sampled_from(places)), data.draw(st.sampled_from(WRONG)))
    assert_refused_or_faithful(document)


SAMPLE = sample_exports()[0].read_bytes()


@pytest.mark.parametrize("start", range(0, len(SAMPLE), 997))
def test_a_truncated_export_is_refused(start: int) -> None:
    with pytest.raises(InvalidDocument):
        split_text(SAMPLE[:start])


@pytest.mark.parametrize("start", range(0, len(SAMPLE), 997))
def test_a_byte_of_rubbish_is_refused_or_comes_back(start: int) -> None:
    for rubbish in (b"\x00", b'"', b"\\", b"\xff", b"}", b",", b"9"):
        data = SAMPLE[:start] + rubbish + SAMPLE[start + 1 :]
        try:
            form = split_text(data)
        except InvalidDocument:
            continue
        document = loads(data)
        assert equal_but_for_sets_and_secrets(document, whole(form))


TEXT = dumps(put_in(put_in(a_graph(), ("NodeStatuses",), [{"NodeId": "HERE"}]), ("Extra",), "HERE"))
HOLES = [b'"Extra":"HERE"', b'"NodeId":"HERE"', b'"Description":"Three nodes"', b'"Value":"0.7"', b'"Name":"Dataset1"', b'"PublishInfo":null']


@pytest.mark.parametrize("hole", range(4))
@pytest.mark.parametrize(
    "rubbish",
    [
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-1e999",
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\xed\xa0\x80"',
        b'"\xff"',
        b'{"a":1,"a":1}',
        b'{"b":{"a":1,"\\u0061":2}}',
        b'{"\\ud800":1}',
        b"01",
        b"1,",
        b"",
        b"'x'",
        b'"a\nb"',
        b"[" * 200 + b"]" * 200,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000,
        b'1,"Id":2,"Id":3',
    ],
    ids=lambda rubbish: repr(rubbish[:20]),
)
def test_what_is_no_json_is_refused_wherever_it_stands(hole: int, rubbish: bytes) -> None:
    name, _, _ = HOLES[hole].partition(b":")
    assert TEXT.count(HOLES[hole]) == 1
    with pytest.raises(InvalidDocument):
        split_text(TEXT.replace(HOLES[hole], name + b":" + rubbish))


@pytest.mark.parametrize("name", ["ExperimentId", "Graph", "NodeStatuses", "Description", "Extra"])
def test_a_member_that_stands_twice_is_refused_by_name(name: str) -> None:
    data = TEXT[:-1] + b"," + dumps({name: loads(TEXT)[name]})[1:]  # type: ignore[call-overload,index]  # TEXT is an object
    with pytest.raises(InvalidDocument, match=name):
        split_text(data)


@pytest.mark.parametrize(
    "data", [b"", b" ", b"null", b"[]", b"7", b'"x"', b"{}", b'{"Graph":null}', b'{"Graph":[]}', b'{"Graph":{}}', b"\xef\xbb\xbf"]
)
def test_what_is_no_export_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidDocument):
        split_text(data)


@pytest.mark.parametrize("prefix", [b"\xef\xbb\xbf", b"\n\t ", b"\xef\xbb\xbf \r\n"])
def test_a_byte_order_mark_and_white_space_change_nothing(prefix: bytes) -> None:
    assert texts(split_text(prefix + TEXT + b"\r\n")) == texts(split_text(TEXT))
    assert texts(split_text(dumps_pretty(loads(TEXT)))) == texts(split_text(TEXT))


@pytest.mark.parametrize("number", [b"1E5", b"1.10", b"-0", b"-0.0", b"9" * 30, b"0.30000000000000000004", b"1e-400", b"9" * 5000])
def test_the_text_of_a_number_survives_wherever_it_stands(number: bytes) -> None:
    for hole in HOLES[:4]:
        name, _, _ = hole.partition(b":")
        assert name + b":" + number + b"," in dumps(whole(split_text(TEXT.replace(hole, name + b":" + number)))).replace(b"}", b",")


@pytest.mark.parametrize(
    "path",
    [("Extra",), ("Graph", "Extra"), ("Graph", "ModuleNodes", 0, "Extra"), ("NodeStatuses", 0, "Extra"), ("Status",), ("WebService",)],
    ids=lambda path: ".".join(map(str, path)),
)
def test_deep_members_come_back_as_deep_as_they_are_taken(path: Place) -> None:
    for depth in range(88, 102):
        deep: Json = []
        for _ in range(depth):
            deep = {"d": deep}
        assert_refused_or_faithful(put_in(a_graph(), path, deep))


@pytest.mark.parametrize("node_id", ["", "a:b", "a\nb", "a\x00", "x" * 201])
def test_a_node_id_that_is_none_is_refused(node_id: str) -> None:
    with pytest.raises(InvalidDocument, match="node id"):
        split(put_in(a_graph(), ("Graph", "ModuleNodes", 0, "Id"), node_id))


def test_two_nodes_with_one_id_are_refused_by_name() -> None:
    with pytest.raises(InvalidDocument, match="22222222-0000-4000-8000-000000000002-21"):
        split(put_in(a_graph(), ("Graph", "ModuleNodes", 0, "Id"), "22222222-0000-4000-8000-000000000002-21"))


@pytest.mark.parametrize("node_id", ["../../x", "CON", ".git", "x" * 200, "😀", "a/b\\c", "${x}", "a'b<c>&"])
def test_an_odd_node_id_stands_in_no_path_and_comes_back(node_id: str) -> None:
    document = put_in(a_graph(), ("Graph", "ModuleNodes", 0, "Id"), node_id)
    form = split(document)
    assert all(len(path) < 200 and ".." not in path and node_id not in path for path in form.content)
    assert equal_but_for_sets_and_secrets(document, whole(form))


@pytest.mark.parametrize("title", ["../../x", "CON", "x" * 300, "😀", "\x00\x1b[2J", "\u202e"])
def test_an_odd_title_comes_back(title: str) -> None:
    document: Members = {**a_graph(), "Description": title}
    assert whole(split(document))["Description"] == title


# Files that people broke.


def a_form() -> Form:
    return split(small_sample())


def assert_joins_or_refuses(content: Mapping[str, bytes], run: bytes | None) -> None:
    try:
        joined = join(content, run)
    except InvalidDocument:
        return
    dumps(joined)


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_a_broken_file_is_refused_or_joins(wrong: Json) -> None:
    form = a_form()
    for path, data in texts(form).items():
        if not path.endswith(".json"):
            continue
        page = loads(data)
        assert isinstance(page, dict)
        for place in some_paths(page):
            broken = {**texts(form), path: dumps(put_in(page, place, wrong))}
            assert_joins_or_refuses(broken, broken.pop("run.json"))


@pytest.mark.parametrize("marker", ["Absent", "Box", "Columns", "Encoding", "File", "FinalNewline", "Head", "Newline", "Port", "Source", "Tail"])
def test_a_marker_that_people_put_anywhere_is_refused_or_joins(marker: str) -> None:
    form = a_form()
    odd: tuple[Json, ...] = ("x", "../x", [], ["Name"], {}, None, 1, True)
    for path in ("experiment.json", "layout.json", next(path for path in form.content if path.endswith(".json") and path.startswith("nodes/"))):
        page = loads(form.content[path])
        assert isinstance(page, dict)
        for place in [(), *some_paths(page)]:
            for value in odd:
                assert_joins_or_refuses({**form.content, path: dumps(put_in(page, (*place, marker), value))}, form.run)


def test_a_missing_file_is_refused_by_name_or_joins() -> None:
    form = a_form()
    for path in form.content:
        assert_joins_or_refuses({other: data for other, data in form.content.items() if other != path}, form.run)
    with pytest.raises(InvalidDocument, match=r"experiment\.json"):
        join({path: data for path, data in form.content.items() if path != "experiment.json"})


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"a":1,"a":2}', b"\xff", b"<<<<<<< ours\n{}\n=======\n{}\n>>>>>>> theirs\n"])
def test_a_file_that_is_no_page_is_refused_by_name(data: bytes) -> None:
    form = a_form()
    for path in ("experiment.json", "layout.json", next(path for path in form.content if path.startswith("nodes/") and path.endswith(".json"))):
        with pytest.raises(InvalidDocument, match=path):
            join({**form.content, path: data})
    with pytest.raises(InvalidDocument, match=r"run\.json"):
        join(form.content, data)


def test_two_files_of_one_node_are_refused() -> None:
    form = split(a_graph())
    with pytest.raises(InvalidDocument, match="11111111-0000-4000-8000-000000000001-11"):
        join({**form.content, "nodes/copy.json": form.content["nodes/Split Data 11-1111.json"]})


def test_an_edge_from_a_node_that_is_gone_is_refused_by_name() -> None:
    form = split(a_graph())
    with pytest.raises(InvalidDocument, match="Split Data 11-1111"):
        join({path: data for path, data in form.content.items() if path != "nodes/Split Data 11-1111.json"})


@pytest.mark.parametrize("reader", [read_sync, read_assets])
@pytest.mark.parametrize(
    "wrong", [b"", b"[]", b"null", b'{"a":1}', b'{"a":{}}', b'{"Assets":1}', b'{"Assets":[1]}', b'{"Assets":[{"Kind":1}]}', b"\xff"]
)
def test_a_broken_companion_is_refused(reader: Callable[[bytes, str], object], wrong: bytes) -> None:
    with pytest.raises(InvalidDocument):
        reader(wrong, "here")


def test_the_damaged_file_of_the_corpus_is_refused_with_its_place(corpus: Path) -> None:
    with pytest.raises(InvalidDocument, match=r"line \d+ column \d+"):
        split_text((corpus / "archive" / "damaged" / "#train.json#").read_bytes())
