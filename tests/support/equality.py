"""When two exports are equal: sets in any order, and placeholders in place of secrets."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from amlgit.model.jsontext import Json, dumps_sorted
from tests.support.spellings import LAYOUTS, SETS, boxes_of

_PLACEHOLDER = re.compile(r"\$\{secret:[^{}]*\}")


def equal_but_for_sets_and_secrets(original: Json, back: Json) -> bool:
    """Whether two exports are the same, sets in any order, where `back` may hold placeholders for strings of `original`."""
    return _alike(original, back, ())


def _alike(one: Json, other: Json, path: tuple[str, ...]) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(one[name], other[name], (*path, name)) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        if path in SETS:
            return _same_set(one, other, (*path, "*"))
        return len(one) == len(other) and all(_alike(left, right, (*path, "*")) for left, right in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str) and path in LAYOUTS:
        (head, boxes, tail), (other_head, other_boxes, other_tail) = boxes_of(one), boxes_of(other)
        return (_same_text(head, other_head), sorted(boxes), _same_text(tail, other_tail)) == (True, sorted(other_boxes), True)
    if isinstance(other, str) and not isinstance(one, str):
        return _PLACEHOLDER.fullmatch(other) is not None and one is not None
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(one, other)
    return dumps_sorted(one) == dumps_sorted(other)


def _same_set(one: Sequence[Json], other: Sequence[Json], path: tuple[str, ...]) -> bool:
    exact = Counter(map(dumps_sorted, one)) & Counter(map(dumps_sorted, other))
    rest = _without(other, exact)
    for entry in _without(one, exact):
        found = next((at for at, candidate in enumerate(rest) if _alike(entry, candidate, path)), None)
        if found is None:
            return False
        del rest[found]
    return not rest


def _without(entries: Sequence[Json], exact: Counter[bytes]) -> list[Json]:
    left, rest = Counter(exact), []
    for entry in entries:
        text = dumps_sorted(entry)
        if left[text]:
            left[text] -= 1
        else:
            rest.append(entry)
    return rest


def _same_text(one: str, other: str) -> bool:
    if one == other:
        return True
    if "%7Bsecret%3A" in other:
        one, other = unquote(one), unquote(other)
    pieces = _PLACEHOLDER.split(other)
    return len(pieces) > 1 and re.fullmatch("(?s:.+)".join(map(re.escape, pieces)), one) is not None
