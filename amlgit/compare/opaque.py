"""The differences inside one value that no rule of ours knows, found by deepdiff."""

from typing import NamedTuple

from amlgit.compare.changes import MISSING, Side
from amlgit.model.jsontext import Json


class Difference(NamedTuple):
    """Where in a value, and what stood and stands there."""

    place: str
    old: Side
    new: Side


def differences(old: Json, new: Json) -> list[Difference]:
    """What differs inside a value, in order of the places."""
    from deepdiff.diff import DeepDiff  # a fifth of a second: only where such a value changed

    found = DeepDiff(old, new, verbose_level=2, view="tree")
    listed = []
    for kind, levels in found.items():
        for level in levels:
            is_new, is_gone = kind.endswith("_added"), kind.endswith("_removed")
            place = str(level.path()).removeprefix("root")
            listed.append(Difference(place, MISSING if is_new else level.t1, MISSING if is_gone else level.t2))
    return sorted(listed, key=lambda difference: difference.place)
