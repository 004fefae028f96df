"""The sum of the diffs of a repository, in one process: each version and the one before it read from git, joined, compared and put into words.

    python benchmarks/floor_site.py REPOSITORY

What `amlgit diff X@N X@N+1` does for each pair of neighbours, without starting a process for each and with one `git cat-file` for a chain.
"""

import gc
import os
import sys
from itertools import pairwise
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from amlgit.review import changes
from amlgit.review.names import Names
from amlgit.store import chains, streams
from amlgit.store.repository import discover
from amlgit.workflows.comparison.comparing import compared
from amlgit.workflows.versions.past import Past


def main() -> None:
    """Print how many diffs there were, and how many changes."""
    gc.disable()  # as amlgit does
    repository = discover(Path(sys.argv[1]), os.environ)
    diffs = found = 0
    for tip in chains.tips(repository).values():
        with streams.reader(repository) as reader:
            for old, new in pairwise([None, *chains.entries(repository, tip)]):
                past = Past(repository, reader, with_layout=True)
                assert new is not None
                entry = compared(past.version(old.commit) if old is not None else None, past.version(new.commit), None, None, {})
                found += len(changes.groups(entry.diff, Names(entry.old or {}, entry.new or {}, {}, entry.diff.recreated)))
                diffs += 1
    print(diffs, found)


if __name__ == "__main__":
    main()
