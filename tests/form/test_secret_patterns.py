"""Secrets in a text are found by their looks, whole, whatever stands around them and however long they are."""

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlgit.form import secret_patterns, secrets
from amlgit.form.secrets import REPLACE_ALL, Decisions, Guard
from tests.support.hostile import PIECES
from tests.support.planted import CERTAIN, KEY, SIGNATURE, SUSPECTED

_UNIT = r"(?:[A-Za-z0-9+/_\-]|%(?:25)*(?:2[BbFf]|3[Dd]))"

PLAIN = {
    "signature": rf"(?i)(?:\b|%(?:25)*(?:3F|26)|\\u0026)(?:sig|signature)(?:=|%(?:25)*3D)(?P<secret>{_UNIT}{{16,}}={{0,2}})",
    "URL": r"\b[A-Za-z][A-Za-z0-9+.\-]*://[^\s/:@\"'<>]*:(?P<secret>[^\s/@\"'<>]+)@",
    "private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>(?:(?!-----END)[A-Za-z0-9+/=\s:,.\\-])+)",
    "token": r"\b(?P<secret>eyJ[A-Za-z0-9_\-]{10,}\.eyJ[A-Za-z0-9_\-]{10,}\.[A-Za-z0-9_\-]{10,})",
    "given": (
        r"(?i)\b(?:password|passwd|pwd)\s*[=:]\s*"
        r"(?P<secret>(?=[^\s;,]*[0-9])(?=[^\s;,]*[A-Za-z])[^\s;,\"'$<>{}()\[\]]{8,})"
    ),
}
"""The rules that do not search with one expression, as one: what they find, and no more, but slowly in a text made up against them."""

_RULES = {
    "signature": next(rule for rule in secret_patterns.CERTAIN if rule.reason == "signature"),
    "URL": next(rule for rule in secret_patterns.CERTAIN if rule.pattern.startswith("://")),
    "private key": next(rule for rule in secret_patterns.CERTAIN if rule.reason == "private key"),
    "token": next(rule for rule in secret_patterns.CERTAIN if rule.reason == "token"),
    "given": secret_patterns.SUSPECT[-1],
}
_WORDS = {
    "signature": (
        "sig=",
        "signature%3D",
        "sig%253D",
        "&",
        "%26",
        "\\u0026",
        "%2B",
        "%252F",
        "%25",
        "=",
        "==",
        "abcd",
        "0123456789abcdef",
        "%3d",
        "_",
        "é",
        " ",
    ),
    "URL": ("http", "x", "A1", "1", "_", "é", "+", "-", ".", "://", "://u:p@", "://", ":", ":p", "@", "@h", "u", "/", "<", " "),
    "private key": (
        "-----BEGIN PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN ",
        "PRIVATE KEY",
        "-----END",
        "-----",
        "-",
        "MIIE",
        "\n",
        "\\n",
        "$",
    ),
    "token": (
        "eyJ",
        "eyJabcdefghij",
        "eyJ-eyJ0123456789",
        ".",
        ".eyJ_123456789012",
        ".abcdefghijkl",
        ".eyJ_123456789012.abcdefghijkl",
        "-",
        "_",
        "é",
        "a",
        " ",
    ),
    "given": (
        "password=",
        "pwd : ",
        "passwd:",
        "PASSWORD",
        "=",
        " ",
        "\n",
        ";",
        "'",
        '"',
        "(",
        "abcdefgh",
        "12345678",
        "abc12345",
        "a",
        "1",
        "_",
        "é",
    ),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_what_is_found_is_what_the_plain_expression_finds(kind: str) -> None:
    plain, draw, found = re.compile(PLAIN[kind]), random.Random(kind), 0
    for _ in range(4000):
        text = "".join(draw.choices(_WORDS[kind], k=draw.randrange(2, 20)))
        spans = [match.span("secret") for match in plain.finditer(text)]
        assert list(_RULES[kind].spans(text)) == spans, text
        found += bool(spans)
    assert found > 100


LONG: dict[str, Callable[[int], tuple[str, str, str]]] = {
    "account key": lambda n: ("AccountName=x;AccountKey=", "a/B+" * n, ";EndpointSuffix=x"),
    "signature": lambda n: ("?sv=1&sig=", "aB1%2b%252F" * n, "&se=2"),
    "signature to the end": lambda n: ("?sv=1&sig=", "abc" * n + "==", ""),
    "password": lambda n: ("Server=x;Password=", "a b1" * n, ";User ID=x"),
    "password in quotes": lambda n: ("Server=x;Password='", "a;b1" * n, "';User ID=x"),
    "bearer token": lambda n: ("Bearer ", "ab.1-" * n, "\n"),
    "URL": lambda n: ("redis://user:", "a:b$" * n, "@host"),
    "URL of a long scheme": lambda n: ("x-y.z+" * n + "://user:", "a:b$", "@host"),
    "private key": lambda n: ("-----BEGIN PRIVATE KEY-----", "\nabCD-----" * n, "-----END PRIVATE KEY-----"),
    "private key cut off": lambda n: ("-----BEGIN RSA PRIVATE KEY-----", "\\nabCD" * n, '", "x"'),
    "token": lambda n: ("token-", f"eyJ{'ab-eyJ' * n}.eyJ{'_a' * n}.{'cd' * n}", ". x"),
    "value in quotes": lambda n: ("token = '", "aB1!" * n, "'"),
    "value": lambda n: ("password: ", "aB1!" * n, ", x"),
    "value with its digit behind it": lambda n: ("password=", "abcd" * n, '"' + "x" * n + "1 y"),
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("times", [6, 700, 30_000])
def test_a_secret_of_any_length_is_replaced_whole(kind: str, times: int) -> None:
    before, secret, after = LONG[kind](times)
    shown = Guard("", REPLACE_ALL).text(before + secret + after, "", "")
    assert shown.startswith(before)
    assert shown.endswith(after)
    assert re.fullmatch(r"\$\{secret:[a-z ,]+\}", shown[len(before) : len(shown) - len(after)])


SURROUNDINGS = st.tuples(st.sampled_from(sorted(PIECES.values())), st.integers(0, 60), st.sampled_from(["\n", " ", " ; ", "\t"]))


@settings(max_examples=300)
@given(st.sampled_from(sorted(CERTAIN)), SURROUNDINGS, SURROUNDINGS, st.booleans())
def test_a_secret_is_found_whatever_stands_around_it(kind: str, before: tuple[str, int, str], after: tuple[str, int, str], is_script: bool) -> None:
    text, secret = CERTAIN[kind]
    (piece, times, end), (other, more, start) = before, after
    whole = piece * times + end + text + start + other * more
    assert secret not in Guard("", REPLACE_ALL).text(whole, "", "", is_script=is_script)
    guard = Guard("", Decisions())
    assert secret not in guard.text(whole, "", "", is_script=is_script) or guard.suspicions


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(SUSPECTED)), st.sampled_from(["-.", "$", "eyJa.", "password:\n", "://", "a\n", 'password=abcdefgh" ']), st.integers(0, 60)
)
def test_what_may_be_a_secret_is_told_with_its_line_whatever_stands_before_it(kind: str, piece: str, times: int) -> None:
    guard = Guard("", Decisions())
    before = piece * times + "\n"
    guard.text(before + SUSPECTED[kind], "", "", is_script=True)
    lines = {before.count("\n") + 1 + SUSPECTED[kind].count("\n", 0, SUSPECTED[kind].find(KEY)) if KEY in SUSPECTED[kind] else before.count("\n") + 1}
    assert lines <= {suspicion.line for suspicion in guard.suspicions}


def test_a_name_of_a_scheme_has_to_begin_with_a_letter_of_its_own() -> None:
    for text in ("1http://u:pw@h", "_http://u:pw@h", "éhttp://u:pw@h", "://u:pw@h", "+://u:pw@h"):
        assert Guard("", REPLACE_ALL).text(text, "", "") == text
    for text in ("_-http://u:pw@h", "1.http://u:pw@h", "a1://u:pw@h", "git+ssh://u:pw@h"):
        assert Guard("", REPLACE_ALL).text(text, "", "").endswith("://u:${secret:password}@h")


def test_allowed_and_other_secrets_of_one_text_are_told_apart() -> None:
    texts = [f"?sig={SIGNATURE[:-4]}{number:04}&x" for number in range(4)]
    allowed = frozenset(secrets.text_hash(text[5:-2]) for text in texts[1:3])
    shown = Guard("", Decisions(allowed=allowed)).text("\n".join(texts), "", "")
    assert shown.split("\n") == ["?sig=${secret:signature}&x", *texts[1:3], "?sig=${secret:signature}&x"]
