"""Values in words: column selections as rules, scripts by their lines, long values cut; and lines that fit a terminal."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.form.secrets import placeholder
from amlgit.review import cells, outlined
from amlgit.review.cells import Role, span
from amlgit.review.outline import ParameterKind
from tests.support.exports import Document
from tests.support.outlines import graph, outline_of, plain
from tests.support.wire import a_graph

# --- values in words


def _selection(*rules: Document, **members: object) -> str:
    return json.dumps({"isFilter": True, "rules": list(rules), **members}, separators=(",", ":"))


ALL = {"ruleType": "AllColumns", "exclude": False}


def _names(*names: str, exclude: bool = False) -> Document:
    return {"ruleType": "ColumnNames", "columns": list(names), "exclude": exclude}


def _types(types: list[str], kinds: list[str], *, exclude: bool = False) -> Document:
    return {"ruleType": "ColumnTypes", "columnTypes": types, "columnKinds": kinds, "exclude": exclude}


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        (_selection(_names("text", "label")), "columns: text, label"),
        (_selection(ALL), "columns: all"),
        (_selection(ALL, _names("id", exclude=True)), "columns: all but id"),
        (_selection(ALL, _names("id", exclude=True), _types(["String"], ["All"], exclude=True)), "columns: all but id; without all string"),
        (_selection(_types(["Numeric"], ["All"])), "columns: all numeric"),
        (_selection(_types(["Integer", "Double"], ["Feature"])), "columns: all integer or double features"),
        (_selection(_types(["All"], ["Label"])), "columns: all labels"),
        (_selection({"ruleType": "ColumnIndexes", "columns": ["8", "1-4"], "exclude": False}), "columns: number 8, 1-4"),
        (_selection(_names("b", "a"), isFilter=False), "columns: b, a (in this order, with duplicates)"),
        (_selection(), "columns: none"),
        (_selection(_names("all", "a, b", " x", "", "it's")), "columns: 'all', 'a, b', ' x', '', 'it's'"),
        (_selection(_names(*"abcdefghijklmnop")), "columns: a, b, c, d, e, f, g, h, i, j, k, l and 4 more"),
        (_selection(_names("a"), ui={"withRules": True}), "columns: a"),
    ],
)
@pytest.mark.parametrize("is_encoded", [True, False])
def test_a_column_selection_is_said_as_its_rules(selection: str, said: str, is_encoded: bool) -> None:
    value = quote(selection, safe="-_.!~*'()") if is_encoded else selection
    found = outlined.parameter("Columns", value)
    assert (found.kind, found.words) == (ParameterKind.COLUMNS, said)


@pytest.mark.parametrize(
    "selection",
    [
        _selection({"ruleType": "Odd", "exclude": False}),
        _selection(_names("a"), more=1),
        _selection({**_names("a"), "more": 1}),
        _selection({**_names("a"), "exclude": "no"}),
        _selection({"ruleType": "ColumnNames", "columns": [1], "exclude": False}),
        _selection(_types(["Complex"], ["All"])),
    ],
)
def test_a_selection_with_anything_unknown_is_given_as_the_json_it_is(selection: str) -> None:
    assert outlined.parameter("Columns", selection).words == selection


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("0.7", "0.7"),
        ("x" * 160, "x" * 160),
        ("x" * 1234, f"{'x' * 160}… (1,234 characters)"),
        ("one\ntwo\n", "one … (2 lines, 8 characters)"),
        ("one line\r\n", "one line"),
        (" ", "' '"),
        ("\t", "'\\t'"),
        ("a\x1b[2J", "'a\\x1b[2J'"),
        ("👩\u200d👧", "👩\u200d👧"),
        (17, "17"),
        (True, "true"),
        ("$${secret:x}", "${secret:x}"),
        (f"AccountKey={placeholder('account key')};x", "AccountKey=${secret:account key};x"),
    ],
)
def test_a_value_is_shown_as_it_is_unless_it_is_long(value: Any, said: str) -> None:
    assert outlined.parameter("Value", value).words == said


def test_a_secret_is_shown_as_one_and_an_empty_value_as_empty() -> None:
    assert outlined.parameter("Key", placeholder("Account Key")).words == "(secret: Account Key)"
    assert outlined.parameter("Key", placeholder("Account Key")).kind is ParameterKind.SECRET
    assert [outlined.parameter("Seed", value).kind for value in ("", None)] == [ParameterKind.EMPTY] * 2


def test_scripts_count_their_lines_and_are_printed_only_when_asked() -> None:
    outline = outline_of(a_graph())
    assert "R Script: 3 lines of Python" in plain(outline)
    assert "print(x)" not in plain(outline)
    assert "\n    print(x)\n" in plain(outline, with_scripts=True)


def test_a_parameter_of_the_web_service_says_what_it_sets() -> None:
    document: Document = dict(a_graph())
    graph(document)["ModuleNodes"][0]["ModuleParameters"][0]["LinkedGlobalParameter"] = "Share"
    document["WebService"] = {"Parameters": [{"Name": "Share", "Value": "0.7", "ParameterDefinition": {"ParameterType": "Double"}}]}
    text = plain(outline_of(document))
    assert "parameter Share (Double) = 0.7 → Split Data 11-1111: Fraction" in text
    assert "Fraction = 0.7 (web service parameter 'Share')" in text


# --- lines


@given(st.lists(st.text("ab漢😀 é", max_size=30)), st.integers(10, 60), st.integers(0, 4))
def test_wrapping_keeps_the_text_and_the_width_and_breaks_no_word(texts: list[str], columns: int, indent: int) -> None:
    spans = [span(text, Role.NAME if index % 2 else Role.TEXT) for index, text in enumerate(texts)]
    lines = ["".join(piece.text for piece in line) for line in cells.wrapped(spans, columns, indent, indent + 2)]
    together = "".join(texts)
    assert "".join("".join(lines).split()) == "".join(together.split())
    for line in lines:
        narrow = re.fullmatch(r" *[abé]+", line)
        assert cells.width(line) <= columns or narrow, line


def test_wide_characters_take_two_cells_and_joined_ones_none() -> None:
    assert [cells.width(text) for text in ("abc", "漢字", "e\u0301", "é", "😀", "")] == [3, 4, 1, 1, 2, 0]
