"""What a branch has seen of a remote: the rule that pull, status and map share.

A version is seen by a commit if it was by one before it, if sync.json names it there, or if it is the next after the newest seen and the
folder has its content.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from amlgit.form.companions import Binding
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, past, removed
from amlgit.store.repository import Repository


def family_of(binding: Binding) -> str:
    """The family a binding names."""
    return binding.experiment.rpartition(".")[2]


def is_bound(folder: Folder, remote: str, family: str) -> bool:
    """Whether a folder holds this experiment of a remote."""
    return remote in folder.bindings and family_of(folder.bindings[remote]) == family


class History:
    """What is behind a commit, read as far as it is asked for."""

    def __init__(self, repository: Repository, head: str) -> None:
        self._repository = repository
        self._head = head

    @cached_property
    def gone(self) -> list[Folder]:
        """The folders there were and are no more, as they were last."""
        return removed(self._repository, self._head)

    def last_seen(self, remote: str, folder: Folder, listed: Sequence[Version]) -> int:
        """The index of the newest version that was seen; -1 for none.

        It goes up along history and never down: a pull that was reverted is to stay reverted, and where two entries of sync.json met in a
        merge, the older is kept though the branch has both.
        """
        binding = folder.bindings[remote]
        if binding.after is None and _index(binding, listed) == len(listed) - 1:
            return len(listed) - 1
        line = _Line(remote, family_of(binding), listed)
        former = [was for was in self.gone if was.path != folder.path and is_bound(was, remote, line.family)]
        seen: dict[str, int] = {}
        for commit, parents, states in past(self._repository, self._head, (folder, *former)):
            before = max((seen.get(parent, -1) for parent in parents), default=-1)
            seen[commit] = max([before, *(line.seen(state, before, is_first=not parents) for state in states)])
        return line.seen(folder, max(seen.values(), default=-1), is_first=not seen)


@dataclass(frozen=True, slots=True)
class _Line:
    """The versions of an experiment of a remote, as a branch gets to see them one after the other."""

    remote: str
    family: str
    listed: Sequence[Version]

    def seen(self, folder: Folder, before: int, *, is_first: bool) -> int:
        """The newest version that was seen at a state of the folder, with `before` the newest seen before it."""
        seen = before
        if is_bound(folder, self.remote, self.family):
            seen = max(seen, self._named(folder.bindings[self.remote], before, is_first=is_first))
        if seen < 0:
            return next((index for index, version in enumerate(self.listed) if version.content == folder.content), -1)
        # What was here before, by chance or by a push, is the state that comes next there, and no later one: somebody may go back to it
        # after he saw what it became here. Runs of what was seen are versions of their own, and no other state.
        here = self.listed[seen].content
        following = next((index for index in range(seen + 1, len(self.listed)) if self.listed[index].content != here), None)
        return following if following is not None and self.listed[following].content == folder.content else seen

    def _named(self, binding: Binding, before: int, *, is_first: bool) -> int:
        """The version that an entry of sync.json names, if what it was merged over was seen: a pick may have brought it here without that."""
        is_whole = binding.after is None or is_first or before >= _index(binding.after, self.listed)
        return _index(binding, self.listed) if is_whole else -1


def bound_to(version: Version, experiment: str, *, was: Binding | None, base: Version | None) -> Binding:
    """The entry of sync.json for a version that was brought over `base`, where the entry `was` stood."""
    after = was.after if was is not None else None
    if was is not None and base is not None and not _is_named(was, base):
        after = _state(base, experiment)
    return replace(_state(version, experiment), after=after)


def _state(version: Version, experiment: str) -> Binding:
    return Binding(experiment=experiment, run=version.snapshot, content=version.content, time=version.time)


def _is_named(binding: Binding, version: Version) -> bool:
    return replace(binding, after=None) == _state(version, binding.experiment)


def _index(binding: Binding, listed: Sequence[Version]) -> int:
    """The index of the version that an entry names; where its content is gone, of its run or its draft's time; -1 for none.

    Where several could be meant it is the older: a base too old costs a conflict, one too new costs somebody's work.
    """
    of_run = [index for index, version in enumerate(listed) if binding.run is not None and version.snapshot == binding.run]
    named = [index for index in of_run or range(len(listed)) if listed[index].content == binding.content]
    if not named:
        drafts = (index for index, version in enumerate(listed) if binding.run is None and version.snapshot is None)
        return min(of_run or [index for index in drafts if listed[index].time == binding.time], default=-1)
    exact = [index for index in named if listed[index].time == binding.time]
    earlier = [index for index in named if binding.time is not None and listed[index].time <= binding.time]
    return min(exact) if exact else max(earlier) if earlier else min(named)
