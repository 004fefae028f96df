"""One diff or merge of files in a process of its own; prints how many changes or conflicts there are, `race` the seconds of two diffs.

python benchmarks/worker_diff.py diff|race OLD NEW
python benchmarks/worker_diff.py merge BASE OURS THEIRS OUTPUT
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time
from typing import Any


def diff(old: str, new: str) -> None:
    """Amlgit's diff."""
    from amlgit.compare.diff import diff as compare
    from amlgit.model.jsontext import loads

    one, other = loads(Path(old).read_bytes()), loads(Path(new).read_bytes())
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    print(sum(change.change_class != "layout" for change in compare(one, other).changes))


def merge(base: str, ours: str, theirs: str, output: str) -> None:
    """Amlgit's merge, its result written down."""
    from amlgit.compare.merge import merge as combine
    from amlgit.model.jsontext import dumps, loads

    sides = [loads(Path(side).read_bytes()) for side in (base, ours, theirs)]
    first, second, third = (side for side in sides if isinstance(side, dict))
    found = combine(first, second, third)
    Path(output).write_bytes(dumps(found.document))
    print(len(found.clashes))


def race(old: str, new: str) -> None:
    """Processor seconds of amlgit's diff and of deepdiff's, which gets the nodes alone, told apart by their ids."""
    from deepdiff import DeepDiff

    from amlgit.compare.diff import diff as compare
    from amlgit.model.jsontext import loads

    one, other = (_object(loads(Path(file).read_bytes())) for file in (old, new))
    begun = process_time()
    compare(one, other)
    ours = process_time() - begun
    nodes = [side["Graph"]["ModuleNodes"] for side in (one, other)]
    begun = process_time()
    DeepDiff(nodes[0], nodes[1], ignore_order=True, group_by="Id")
    print(ours, process_time() - begun)


def _object(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)
    return value


if __name__ == "__main__":
    work: Mapping[str, Callable[..., None]] = {"diff": diff, "merge": merge, "race": race}
    work[sys.argv[1]](*sys.argv[2:])
