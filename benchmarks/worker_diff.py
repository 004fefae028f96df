"""One diff or merge of files in a process of its own, by amlgit or by deepdiff; prints how many changes or conflicts there are.

python benchmarks/worker_diff.py diff|deepdiff OLD NEW
python benchmarks/worker_diff.py merge BASE OURS THEIRS OUTPUT
"""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path


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


def deepdiff(old: str, new: str) -> None:
    """The library's, the nodes told apart by their ids, nothing else."""
    from deepdiff import DeepDiff
    from orjson import loads

    one, other = (loads(Path(file).read_bytes())["Graph"]["ModuleNodes"] for file in (old, new))
    found = DeepDiff(one, other, ignore_order=True, group_by="Id")
    print(sum(len(entries) for entries in found.values()))


if __name__ == "__main__":
    work: Mapping[str, Callable[..., None]] = {"diff": diff, "merge": merge, "deepdiff": deepdiff}
    work[sys.argv[1]](*sys.argv[2:])
