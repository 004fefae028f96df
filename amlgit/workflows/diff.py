"""`diff`: what changed in the experiments and services between two states, or two versions."""

import re
from collections.abc import Sequence

from amlgit.errors import UsageError
from amlgit.store.repository import Repository
from amlgit.store.states import Commit, Unrecorded
from amlgit.workflows.comparison.comparing import DiffReport
from amlgit.workflows.comparison.states import commits, diff_states

_VERSION = re.compile(r".+@(?:-?[0-9]+|[0-9a-fA-F]{32}\.s-id\..+)")


def diff(repository: Repository, operands: Sequence[str], experiments: Sequence[str] = (), *, staged: bool = False) -> DiffReport:
    """What changed between two states (HEAD and the work tree where none is named) or two versions of an experiment.

    Raises UsageError for what names neither a commit, nor a version, nor an experiment.
    """
    newest = Unrecorded.INDEX if staged else Unrecorded.WORK_TREE
    if any(_VERSION.fullmatch(operand) and repository.resolve(operand) is None for operand in operands):
        from amlgit.workflows.comparison.versions import diff_versions  # most diffs are of states

        return diff_versions(repository, operands, newest)
    named: list[Commit] = []
    filters = list(experiments)
    for operand in operands:
        found = commits(repository, operand)
        if found:
            named += found
        else:
            filters.append(operand)
    if len(named) > 2 or (len(named) == 2 and staged):
        raise UsageError("a diff has two sides, and more are named")
    old, new = named[0] if named else Commit("HEAD"), named[1] if len(named) == 2 else newest
    return diff_states(repository, old, new, filters)
