"""What a branch has seen of a remote: the rule that pull, status and map share."""

from collections.abc import Sequence

from amlgit.form.companions import Binding
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, past_contents
from amlgit.store.repository import Repository


def family_of(binding: Binding) -> str:
    """The family a binding names."""
    return binding.experiment.rpartition(".")[2]


def last_seen(repository: Repository, head: str, remote: str, folder: Folder, listed: Sequence[Version]) -> int:
    """The index of the newest version that the branch has seen: named by sync.json, or once the folder's content; -1 for none."""
    binding = folder.bindings[remote]
    of_run = [index for index, version in enumerate(listed) if binding.run is not None and version.snapshot == binding.run]
    named = [index for index in of_run or range(len(listed)) if listed[index].content == binding.content] or of_run
    named = [index for index in named if listed[index].time == binding.time] or named
    seen = max(named, default=-1)
    if seen < len(listed) - 1:
        # a remote may go back to a content that was seen before: that is a new state all the same
        past = past_contents(repository, head, folder) - {version.content for version in listed[: seen + 1]}
        seen = max([seen, *(index for index, version in enumerate(listed) if version.content in past)])
    return seen
