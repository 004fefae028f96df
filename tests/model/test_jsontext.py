"""JSON text: strict about what it takes, exact about what it keeps."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.model import jsontext
from amlgit.model.jsontext import Json, Number, dumps, dumps_line, dumps_line_as_is, dumps_lines, dumps_pretty, dumps_sorted, loads, same
from tests.support.drawn import values
from tests.support.files import sample_exports
from tests.support.spellings import respelled

SAMPLE = sample_exports()[0].read_bytes()


@given(values())
def test_loads_is_the_inverse_of_every_dumps(value: Json) -> None:
    for write in (dumps, dumps_sorted, dumps_line, dumps_line_as_is, dumps_pretty):
        again = loads(write(value))
        assert same(again, value)
        assert type(again) is type(value)


@given(values(), st.integers())
def test_white_space_and_escapes_make_no_difference(value: Json, seed: int) -> None:
    assert dumps(loads(respelled(value, seed))) == dumps(value)


@given(values())
def test_lines_have_no_line_end_and_python_reads_the_same(value: Json) -> None:
    line = dumps_line(value)
    assert b"\n" not in line
    assert b"\r" not in line
    assert json.loads(line) == json.loads(dumps(value))


@given(st.lists(st.dictionaries(st.text(max_size=2), st.one_of(values(), st.just("}, {")), max_size=2), max_size=4))
def test_many_lines_at_once_are_what_each_is(entries: list[dict[str, Json]]) -> None:
    assert dumps_lines(entries) == [dumps_line(entry) for entry in entries]


@pytest.mark.parametrize(
    "number", ["0", "-0", "-0.0", "1E5", "1e5", "1.10", "1.0", "0.30000000000000000004", "1e-400", "9" * 30, "-" + "9" * 400, "9" * 4400]
)
def test_the_text_of_a_number_survives(number: str) -> None:
    text = b'{"n":[' + number.encode() + b"]}"
    assert dumps(loads(text)) == text
    assert dumps(loads(b" " + text)) == text


def test_kinds_of_numbers_and_booleans_are_told_apart() -> None:
    texts = [b"1", b"1.0", b"true", b"1e0", b'"1"', b"null", b"[1]", b"[]", b"{}"]
    loaded = [loads(text) for text in texts]
    assert [[same(one, other) for other in loaded] for one in loaded] == [[one is other for other in loaded] for one in loaded]
    assert same(loads(b'{"a":1,"b":2}'), loads(b'{"b":2,"a":1}'))


def test_a_number_is_equal_by_its_text_and_fits_into_a_set() -> None:
    assert Number("1E5") == Number("1E5")
    assert Number("1E5") != Number("1e5")
    assert len({Number("1E5"), Number("1E5")}) == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"{", "line 1 column 2: the text ends here, in the middle of the document"),
        (b'{"a": 1,\n "b": [2, ', "line 2 column 11: the text ends here"),
        (b'{"a": 1,\n "b" 2}', "line 2 column 6: a ':' is expected here, between a member's name and its value"),
        (b'{"a": 1\n "b": 2}', "line 2 column 2: a ',' or the end of the object or array is expected here"),
        (b"{a: 1}", "line 1 column 2: the name of a member, in double quotes, is expected here"),
        (b"{'a': 1}", "line 1 column 2: the name of a member, in double quotes, is expected here"),
        (b'{"a": }', "line 1 column 7: a value is expected here"),
        (b'{"a": tru}', "line 1 column 7: a value is expected here"),
        (b'{"a": 1,}', "line 1 column 9: the object ends here, behind a ',' that no entry follows"),
        (b"[1] 2", "line 1 column 5: the document is complete before this, and nothing may follow it"),
        (b'"a": 1}', "line 1 column 4: a ':' belongs into an object, and none was opened"),
        (b'{"a": "b', "line 1 column 7: the string that begins here has no closing quote"),
        (b'["a\tb"]', "line 1 column 4: a line end or another control character stands in a string"),
        (b'["\\q"]', "begins no escape that JSON has"),
        (b'["\\u12"]', "takes four hexadecimal digits"),
        (b"[NaN]", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"[-Infinity]", "-Infinity"),
        (b"[1e400]", "out of range"),
        (b"[-1e400]", "out of range"),
        (b'{"a":1,"a":1}', "'a' stands twice"),
        (b'[{"a":{"b":1,"\\u0062":2}}]', "'b' stands twice"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udc00":1}', "surrogate"),
        (b'["\\udc00\\ud800"]', "surrogate"),
        (b'["\xed\xa0\x80"]', "not UTF-8 at byte 2"),
        (b'["\xff"]', "not UTF-8"),
        (b"\xff\xfe[\x001\x00]\x00", "not UTF-8"),
        (b"[01]", "line 1"),
        (b"[.5]", "line 1"),
        (b"['a']", "line 1"),
        (b'["a\nb"]', "line 1"),
        (b"[1,]", "line 1 column 4: the array ends here, behind a ',' that no entry follows"),
        (b"// a\n1", "line 1"),
        (b"[" * 200 + b"]" * 200, "nested deeper"),
        (b"[" * 200_000, "nested deeper"),
        (b'{"a":' * 200_000, "nested deeper"),
        (b"[" * 200_000 + b"]" * 200_000, "nested deeper"),
    ],
    ids=repr,
)
def test_what_is_no_json_is_refused_with_the_place_of_the_fault(text: bytes, says: str) -> None:
    with pytest.raises(InvalidDocument, match=re.escape(says)):
        loads(text)


def test_the_deepest_nesting_taken_is_taken() -> None:
    deepest = b"[" * jsontext.MAX_DEPTH + b"]" * jsontext.MAX_DEPTH
    assert dumps(loads(deepest)) == deepest


def test_a_document_over_the_limit_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="larger than 64 MiB"):
        loads(b" " * (jsontext.MAX_BYTES + 1))


def test_a_byte_order_mark_is_passed_over() -> None:
    assert loads(b'\xef\xbb\xbf{"a":"\xc3\xa9"}') == {"a": "é"}


def test_paired_surrogates_and_escaped_slashes_are_characters() -> None:
    assert loads(b'["\\ud83d\\ude00\\/", "\\\\/"]') == ["😀/", "\\/"]


@pytest.mark.parametrize("length", range(0, len(SAMPLE), 997))
def test_a_truncated_document_is_refused(length: int) -> None:
    with pytest.raises(InvalidDocument):
        loads(SAMPLE[:length])


@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_refused(data: bytes) -> None:
    try:
        value = loads(data)
    except InvalidDocument:
        return
    assert same(loads(dumps(value)), value)


@given(values(), st.integers(0, 10**6), st.integers(0, 255))
def test_any_changed_byte_gives_a_value_or_a_refusal(value: Json, at: int, byte: int) -> None:
    data = bytearray(dumps({"a": value}))
    data[at % len(data)] = byte
    try:
        again = loads(bytes(data))
    except InvalidDocument:
        return
    assert same(loads(dumps(again)), again)


def test_what_is_printed_holds_no_control_characters_and_has_a_limit() -> None:
    assert jsontext.printable("a\x1b[2J\nb\u202e") == "a\ufffd[2J\ufffdb\ufffd"
    assert jsontext.printable("é😀") == "é😀"
    assert jsontext.printable("x" * 100, 10) == "x" * 9 + "…"
