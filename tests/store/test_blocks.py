"""A block of ours goes into a file of the user's, and out of it, without a byte of difference."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amlgit.errors import InvalidDocument
from amlgit.store import blocks

OURS = blocks.block("a\nb\n", "why")
OTHER = blocks.block("c\n", "an older one")
texts = st.lists(st.sampled_from([b"x", b"\n", b"\r\n", b"# amlgit", b"\xff", b" "]), max_size=8).map(b"".join)


@given(texts)
def test_what_goes_in_comes_out(text: bytes) -> None:
    with_ours = blocks.with_block(text, OURS, "file")
    assert OURS in with_ours
    assert blocks.without_block(with_ours, "file") == text
    assert blocks.without_block(text, "file") == text


@given(texts)
def test_it_goes_in_once_and_an_older_one_is_replaced(text: bytes) -> None:
    once = blocks.with_block(text, OURS, "file")
    assert blocks.with_block(once, OURS, "file") == once
    assert blocks.with_block(blocks.with_block(text, OTHER, "file"), OURS, "file") == once


@given(texts, texts)
def test_lines_that_the_user_puts_around_it_stay_lines(before: bytes, after: bytes) -> None:
    text = before + b"\n" + OURS + after
    kept = blocks.without_block(text, "file")
    assert [line for line in kept.split(b"\n") if line] == [line for line in (before + b"\n" + after).split(b"\n") if line]


def test_half_a_block_is_an_error_that_names_the_file() -> None:
    with pytest.raises(InvalidDocument, match="hooks/pre-commit"):
        blocks.around(b"x\n# amlgit: begin\n", "hooks/pre-commit")
