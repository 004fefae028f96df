"""Column selections: readable only where that can be undone exactly."""

from urllib.parse import quote

import pytest
from hypothesis import given

from amlgit.form import columns
from amlgit.model.jsontext import Json, dumps, same
from tests.support.drawn import values
from tests.support.forms import split, texts, whole
from tests.support.places import Place, put_in
from tests.support.wire import a_graph

JAVASCRIPT = "-_.!~*'()"
VALUE: Place = ("Graph", "ModuleNodes", 0, "ModuleParameters", 0, "Value")
RULES = '{"isFilter":true,"rules":[{"ruleType":"ColumnNames","columns":["Größe","a b"],"exclude":false}]}'


def test_a_percent_encoded_selection_is_decoded_its_inner_order_kept() -> None:
    decoded = columns.decode(quote(RULES, safe=JAVASCRIPT))
    assert decoded is not None
    assert decoded.encoding == "percent"
    assert dumps(decoded.selection).decode() == RULES


def test_a_plain_selection_is_decoded() -> None:
    decoded = columns.decode(RULES)
    assert decoded is not None
    assert (decoded.encoding, dumps(decoded.selection).decode()) == ("plain", RULES)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "{}",
        '{"isFilter":true}',
        RULES.replace(":", ": "),
        RULES.replace("/", "\\/") + " ",
        RULES[:-1],
        RULES.replace("true", "1e999"),
        RULES.replace("true", '"\\ud800"'),
        RULES.replace('"isFilter"', '"rules"'),
        RULES.replace("ö", "\\u00f6"),
        '["rules"]',
        "%7B",
        "%7B%22rules%22%3A%FF%7D",
        "%7B%22rules%22%3A1",
        quote(RULES, safe=JAVASCRIPT).lower(),
        quote(RULES, safe=JAVASCRIPT).replace("%20", "+"),
        quote(RULES, safe=JAVASCRIPT + ":"),
        quote(quote(RULES, safe=JAVASCRIPT), safe=JAVASCRIPT),
        "%7B%22rules%22%3A" + "%5B" * 5000,
        '{"rules":' + "[" * 200_000,
    ],
    ids=lambda value: value[:20],
)
def test_what_would_not_come_back_exactly_stays_as_it_is(value: str) -> None:
    assert columns.decode(value) is None


@given(values())
def test_any_selection_comes_back_exactly(rules: Json) -> None:
    for encoding in ("percent", "plain"):
        value = columns.encode(columns.Columns({"rules": rules}, encoding))
        assert value == (quote(dumps({"rules": rules}), safe=JAVASCRIPT) if encoding == "percent" else dumps({"rules": rules}).decode())
        decoded = columns.decode(value)
        assert decoded is not None
        assert columns.encode(decoded) == value
        assert same(decoded.selection, {"rules": rules})


@given(values())
def test_a_selection_in_an_export_comes_back_exactly(rules: Json) -> None:
    text = dumps({"rules": rules, "isFilter": True}).decode()
    for value in (text, quote(text, safe=JAVASCRIPT), quote(text)):
        document = put_in(a_graph(), VALUE, value)
        assert value in _values(whole(split(document)))


def _values(value: Json) -> list[Json]:
    if isinstance(value, dict):
        return [inner for member in value.values() for inner in _values(member)]
    return [inner for entry in value for inner in _values(entry)] if isinstance(value, list) else [value]


def test_a_selection_stands_on_the_line_of_its_parameter() -> None:
    form = split(put_in(a_graph(), VALUE, quote(RULES, safe=JAVASCRIPT)))
    lines = texts(form)["nodes/Split Data 11-1111.json"].decode().split("\n")
    rules = '[{"ruleType": "ColumnNames", "columns": ["Größe", "a b"], "exclude": false}]'
    assert [line for line in lines if "Columns" in line] == [f'    {{"Name": "Fraction", "Columns": {{"isFilter": true, "rules": {rules}}}}},']


@pytest.mark.parametrize("depth", [1, 50, 90, 94, 95, 96, 97, 98, 99, 100, 101, 150])
def test_a_deep_selection_comes_back_from_its_file(depth: int) -> None:
    value = '{"rules":' + "[" * depth + "]" * depth + "}"
    document = put_in(a_graph(), VALUE, quote(value, safe=JAVASCRIPT))
    assert quote(value, safe=JAVASCRIPT) in _values(whole(split(document)))
