"""What a branch has seen of a remote: the rule that pull, status and map share."""

from collections.abc import Sequence
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
        """The index of the newest version that was seen: named by sync.json, now or once, or once the folder's content; -1 for none.

        Once, because a pull that was merged and then reverted is to stay reverted, as one that needed no merge does; and because of
        two entries of sync.json that met in a merge the older is kept.
        """
        seen = _named(folder.bindings[remote], listed)
        if seen == len(listed) - 1:
            return seen
        family = family_of(folder.bindings[remote])
        former = [was for was in self.gone if was.path != folder.path and is_bound(was, remote, family)]
        states = [state for place in (folder, *former) for state in past(self._repository, self._head, place)]
        seen = max([seen, *(_named(state.bindings[remote], listed) for state in states if is_bound(state, remote, family))])
        # a remote may go back to a content that was seen before: that is a new state all the same
        contents = {state.content for state in states} - {version.content for version in listed[: seen + 1]}
        return max([seen, *(index for index, version in enumerate(listed) if version.content in contents)])


def _named(binding: Binding, listed: Sequence[Version]) -> int:
    """The index of the version that a binding names; where its content is gone, of its run or its draft's time; -1 for none."""
    of_run = [index for index, version in enumerate(listed) if binding.run is not None and version.snapshot == binding.run]
    named = [index for index in of_run or range(len(listed)) if listed[index].content == binding.content]
    if not named:
        drafts = (index for index, version in enumerate(listed) if binding.run is None and version.snapshot is None)
        return max(of_run or [index for index in drafts if listed[index].time == binding.time], default=-1)
    return max([index for index in named if listed[index].time == binding.time] or named)
