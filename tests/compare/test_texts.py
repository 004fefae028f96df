"""Texts merged line by line, and the one rule that merges everything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.compare.changes import MISSING, Side
from amlgit.compare.texts import merge_text
from amlgit.compare.three import Clash, resolve


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [
        ("a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"),
        ("a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", "a\nc\nd\n"),
        ("a\nb\nc\n", "a\nc\n", "a\nc\n", "a\nc\n"),
        ("a\nb\nc\n", "", "a\nb\nc\n", ""),
        ("", "a\n", "", "a\n"),
        ("a\nb\n", "A\nb\n", "a\nB\n", None),
        ("a\nb\n", "a\nx\nb\n", "a\ny\nb\n", None),
        ("a\nb\nc\n", "a\nc\n", "a\nB\nc\n", None),
        ("a", "a\nb", "a\nc", None),
        ("x\nx\nx\nx\n", "x\nx\nx\nx\ny\n", "z\nx\nx\nx\nx\n", "z\nx\nx\nx\nx\ny\n"),
    ],
)
def test_texts_merge_where_the_edits_do_not_touch(base: str, ours: str, theirs: str, expected: str | None) -> None:
    assert merge_text(base, ours, theirs) == expected
    assert merge_text(base, theirs, ours) == expected


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n", "d\n"]), max_size=8).map("".join)


@given(LINES, LINES, LINES)
def test_the_merge_of_texts_keeps_what_one_side_did_and_is_the_same_from_either_side(base: str, ours: str, theirs: str) -> None:
    assert merge_text(base, ours, theirs) == merge_text(base, theirs, ours)
    assert merge_text(base, base, theirs) == merge_text(base, theirs, theirs) == theirs


def test_the_merge_of_a_long_text_with_few_different_lines_is_quick_to_find() -> None:
    lines = ["", "1,2", "3,4"] * 4000
    ours, theirs = [*lines], [*lines]
    ours[5000], theirs[7000] = "ours", "theirs"
    merged = merge_text(*("\n".join(side) for side in (lines, ours, theirs)))
    lines[5000], lines[7000] = "ours", "theirs"
    assert merged == "\n".join(lines)


_VALUES: tuple[Side, ...] = (MISSING, None, 1, True, 1.0, "1", {"a": 1})


def test_the_rule_of_a_merge_in_all_its_cases() -> None:
    for base in _VALUES:
        for ours in _VALUES:
            for theirs in _VALUES:
                found = resolve((), base, ours, theirs)
                if ours is theirs or base is theirs:
                    assert found is ours
                elif base is ours:
                    assert found is theirs
                else:
                    assert found == Clash(path=(), base=base, ours=ours, theirs=theirs)
