"""Amlgit's diff and deepdiff's in one process; prints the processor seconds of both.

python benchmarks/worker_diff.py OLD NEW
"""

import sys
from pathlib import Path
from time import process_time
from typing import Any


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
    race(*sys.argv[1:])
