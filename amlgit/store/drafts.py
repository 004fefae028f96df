"""Drafts of a workspace: states that nobody ran, which no other clone may ever see, and so no part of the record.

What this clone pulled of them is a chain of its own for each experiment, `refs/amlgit-drafts/<remote>/<family>`, that is never shared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from amlgit.model import experiments
from amlgit.store import chains
from amlgit.store.chains import Version
from amlgit.store.repository import Repository

PREFIX = "refs/amlgit-drafts/"


def histories(repository: Repository, remote: str) -> Iterator[tuple[str, list[Version]]]:
    """Family → its versions, oldest first: the chain of this remote, and the drafts between and after its runs."""
    runs, drafts = (repository.refs(f"{prefix}{remote}/") for prefix in (chains.PREFIX, PREFIX))
    for family in sorted({ref.rpartition("/")[2] for ref in (*runs, *drafts)}):
        yield family, history(repository, runs.get(chains.ref(remote, family)), drafts.get(f"{PREFIX}{remote}/{family}"))


def history(repository: Repository, chain: str | None, drafts: str | None) -> list[Version]:
    """The versions of two chains, either of which may not be there: each draft after the run that it was made from.

    A draft that is as the version before it is none.
    """
    runs = chains.versions(repository, chain) if chain else []
    return _woven(runs, _placed(repository, runs, chains.versions(repository, drafts))) if drafts else runs


def _placed(repository: Repository, runs: Sequence[Version], drafts: Sequence[Version]) -> dict[int, list[Version]]:
    """How many runs come before → the drafts there, oldest first. A draft names its run; where that is not known, time tells."""
    snapshots = {version.snapshot: number for number, version in enumerate(runs, 1)}
    saved = repository.blobs(version.run for version in drafts if version.run)
    found: dict[int, list[Version]] = {}
    for draft in drafts:
        base = experiments.parent(saved[draft.run]) if draft.run in saved else None
        earlier = sum(run.time <= draft.time for run in runs)
        found.setdefault(snapshots.get(base, earlier) if base else 0, []).append(draft)
    return found


def _woven(runs: Sequence[Version], placed: Mapping[int, Sequence[Version]]) -> list[Version]:
    """Both in one line, in which time never goes back: a draft's time is when it was saved, which may be no later than its run's end."""
    found: list[Version] = []
    for number in range(len(runs) + 1):
        for draft in placed.get(number, ()):
            if not found or found[-1].content != draft.content:
                time = max(draft.time, found[-1].time) if found else draft.time
                found.append(replace(draft, time=min(time, runs[number].time) if number < len(runs) else time))
        found += runs[number : number + 1]
    return found
