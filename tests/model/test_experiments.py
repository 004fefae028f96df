"""What an export says about itself, by a full parse and by a peek."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.model.experiments import facts, is_experiment, peek, seconds
from amlgit.model.jsontext import Json, Object, dumps
from tests.support.drawn import exports, values
from tests.support.files import FILES, read
from tests.support.spellings import respelled
from tests.support.wire import FAMILY, WORKSPACE, Members

DRAFT = f"{WORKSPACE}.f-id.{FAMILY}"
SNAPSHOT = f"{WORKSPACE}.s-id.{FAMILY}.9953-08-08t05.48.40"


def document(**members: Json) -> Members:
    return {"ExperimentId": DRAFT, "Graph": {}, **members}


def test_a_finished_leaf_is_the_run_its_run_id_names() -> None:
    status: Members = {"StatusCode": "Finished", "CreationTime": "/Date(1464199877746)/", "EndTime": "/Date(1464199999999)/"}
    found = facts(document(RunId=SNAPSHOT, Status=status))
    assert (found.experiment, found.workspace, found.family) == (DRAFT, WORKSPACE, FAMILY)
    assert (found.snapshot, found.status, found.created, found.ended) == (SNAPSHOT, "Finished", 1464199877, 1464199999)
    assert found.is_run


def test_a_snapshot_is_its_own_run_and_belongs_to_its_experiment() -> None:
    found = facts(document(ExperimentId=SNAPSHOT, RunId="anything", Status={"StatusCode": "Failed"}))
    assert (found.experiment, found.snapshot, found.is_run) == (DRAFT, SNAPSHOT, True)


@pytest.mark.parametrize("members", [{}, {"Status": None}, {"Status": {}}, {"RunId": None}, {"RunId": ""}, {"Status": {"StatusCode": 7}}])
def test_what_was_never_run_is_a_draft(members: Members) -> None:
    found = facts(document(**members))
    assert (found.status, found.snapshot, found.is_run) == ("InDraft", None, False)


def test_a_running_run_can_still_change() -> None:
    assert not facts(document(RunId=SNAPSHOT, Status={"StatusCode": "Running"})).is_run


@pytest.mark.parametrize(
    "members",
    [
        {"ExperimentId": None},
        {"ExperimentId": 1},
        {"ExperimentId": "../x"},
        {"Status": "Finished"},
        {"Status": []},
        {"RunId": 5},
        {"RunId": "x"},
        {"RunId": DRAFT},
        {"RunId": {}},
    ],
)
def test_a_member_of_the_wrong_type_is_refused_by_name(members: Members) -> None:
    with pytest.raises(InvalidDocument, match=next(iter(members))):
        facts(document(**members))


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("/Date(0)/", 0),
        ("/Date(1464199877746)/", 1464199877),
        ("/Date(1464199877746+0200)/", 1464199877),
        ("/Date(999999999999999999)/", 253402300799),
        ("/Date(-62135596800000)/", None),
        ("/Date(-1)/", None),
        ("2016-05-25T20:22:48Z", None),
        ("", None),
        (None, None),
        (1464199877746, None),
        ({}, None),
    ],
)
def test_seconds_of_a_date(date: Json, expected: int | None) -> None:
    assert seconds(date) == expected


def assert_peek_agrees(value: Object, data: bytes) -> None:
    seen = peek(data)
    if seen is not None:
        assert is_experiment(value)
        assert seen == facts(value)


@given(exports(), st.integers())
def test_a_peek_sees_what_a_parse_sees(value: Members, seed: int) -> None:
    is_regular = isinstance(value.get("Status"), dict) and isinstance(value.get("RunId"), str | None)
    assert peek(dumps(value)) is not None or not is_regular
    assert_peek_agrees(value, respelled(value, seed))


@given(st.sampled_from(["ExperimentId", "RunId", "Status", "Graph", "StatusCode", "CreationTime", "EndTime"]), values())
def test_a_peek_agrees_with_a_parse_about_any_value(name: str, odd: Json) -> None:
    status: Members = {"StatusCode": "Finished", "CreationTime": "/Date(1464199877746)/"}
    value = document(Status={**status, name: odd}) if name.endswith(("Code", "Time")) else document(**{"Status": status, name: odd})
    assert_peek_agrees(value, dumps(value))


@pytest.mark.parametrize("path", FILES)
def test_a_peek_at_a_file_sees_what_a_parse_sees(path: Path) -> None:
    value = read(path)
    assert is_experiment(value)
    assert_peek_agrees(value, path.read_bytes())
    assert_peek_agrees(value, dumps(value))


def test_the_topics_of_the_corpus_are_one_experiment_that_never_ran_again(corpus: Path) -> None:
    found = [facts(read(path)) for path in sorted((corpus / "archive").glob("*/Topics.json"))]
    assert len(found) == 3
    assert len({(version.family, version.created) for version in found}) == 1


@given(st.binary(max_size=40))
def test_a_peek_at_anything_is_no_error(data: bytes) -> None:
    assert peek(data) is None
