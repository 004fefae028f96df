"""A refused document says where: the line and the column of what is wrong, in the whole of it."""

import pytest

from amlgit.errors import InvalidDocument
from amlgit.model.json_places import described
from amlgit.model.jsontext import MAX_DEPTH, loads


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('{"a": 1,\n "b": {"c": 1, "c": 2}}', "line 2 column 16: member 'c' stands twice"),
        ('{"a": ":", "b": "{", "a" : 1}', "line 1 column 22: member 'a' stands twice"),
        ('{"a": 1, "\\u0061": 2}', "line 1 column 10: member 'a' stands twice"),
        ('[{"a": 1}, {"a": "a"},\n{"a": [NaN]}]', "line 2 column 8: NaN is not JSON"),
        ('{"NaN": "Infinity",\n\n"x": -Infinity}', "line 3 column 6: -Infinity is not JSON"),
        ('{"a": 1e300, "b": 1e400}', "line 1 column 19: number 1e400 is out of range"),
        ('\ufeff{"a": ["\\ud83d\\ude00", "\\ud83d x"]}', "line 1 column 24: a string holds half a surrogate pair"),
        ('{"a": 1\n "b"}', "line 2 column 2: "),
        ('{"a": "\\""} x', "line 1 column 13: "),
        ("", "empty"),
    ],
)
def test_the_place_of_a_fault_is_told(text: str, where: str) -> None:
    data = text.encode()
    with pytest.raises(InvalidDocument) as refused:
        loads(data)
    assert described(refused.value, data).startswith(where)


@pytest.mark.parametrize("inside", ["1", "[]", '{"a": 1}'])
def test_too_deep_is_told_by_the_whole_document_though_a_part_was_read(inside: str) -> None:
    data = f'{{"a":\n{"[" * MAX_DEPTH}{inside}{"]" * MAX_DEPTH}}}'.encode()
    told = described(InvalidDocument(f"nested deeper than {MAX_DEPTH - 1} levels"), data)
    assert told == f"line 2 column {MAX_DEPTH + 1}: nested deeper than {MAX_DEPTH} levels"


def test_what_is_no_fault_of_the_json_is_told_as_it_was() -> None:
    assert described(InvalidDocument("Graph must be an object"), b"{}") == "Graph must be an object"
