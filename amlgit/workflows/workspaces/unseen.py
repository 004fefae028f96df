"""Whether a branch has seen what a workspace holds now; if not, what changed there, and by whom."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from amlgit.errors import Refused
from amlgit.form.companions import Binding
from amlgit.form.remapping import inverted, remapped
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.jsontext import printable
from amlgit.store import chains, drafts, trailers
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, is_content, past
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.comparing import Compared, compared
from amlgit.workflows.comparison.secrets import without_secrets
from amlgit.workflows.versions.documents import Joined, of_content, of_version
from amlgit.workflows.versions.seen import History
from amlgit.workflows.workspaces.workspace import Held, content_id


class Unseen(Refused):
    """The workspace holds a state that the branch has not seen; `compared` is what changed there since the newest that it has."""

    def __init__(self, message: str, found: Compared, *, hint: str) -> None:
        super().__init__(message, hint=hint)
        self.compared = found


def require_seen(repository: Repository, head: str, remote: str, folder: Folder, held: Held, mapping: Mapping[str, str]) -> None:
    """Raise Unseen where HEAD has not seen what the workspace holds. `folder` is bound to that experiment.

    With a mapping of assets, a state also counts as seen where it was under the repository's own ids.
    """
    listed = _listed(repository, remote, folder, held)
    history = History(repository, head)
    seen = history.last_seen(remote, folder, listed)
    if _is_last(listed, seen):
        return
    back = inverted(mapping) if mapping else None
    if back:
        own = [*listed[: seen + 1], *(_with_own_ids(repository, version, held, back) for version in listed[seen + 1 :])]
        if _is_last(own, history.last_seen(remote, folder, own)):
            return
    raise _unseen(repository, head, remote, folder, held, listed[seen] if seen >= 0 else None)


def _is_last(listed: Sequence[Version], seen: int) -> bool:
    """Whether nothing came after the newest seen version but runs of just that content."""
    return seen >= 0 and all(version.content == listed[seen].content for version in listed[seen:])


def _with_own_ids(repository: Repository, version: Version, held: Held, back: Mapping[str, str]) -> Version:
    """A version as the repository would have it, had it been written under its own ids."""
    document = of_version(repository, version.commit, with_run=False).document if version.commit else held.document
    files = Splitter(Decisions()).split_protected(remapped(document, back), held.facts.family).content
    return replace(version, content=content_id(files, repository))


def _listed(repository: Repository, remote: str, folder: Folder, held: Held) -> Sequence[Version]:
    """What is known of the experiment's versions, and at the end what the workspace holds now."""
    refs = repository.refs(*(f"{prefix}{remote}/{held.facts.family}" for prefix in (chains.PREFIX, drafts.PREFIX)))
    listed = drafts.history(
        repository, refs.get(f"{chains.PREFIX}{remote}/{held.facts.family}"), refs.get(f"{drafts.PREFIX}{remote}/{held.facts.family}")
    )
    if listed and listed[-1].content == held.content:
        return listed
    snapshot = held.facts.snapshot if held.facts.is_run else None
    if snapshot is not None and any(version.snapshot == snapshot for version in listed[-1:]):
        return listed  # a run is what it is, though it was written down otherwise (other decisions about secrets, say)
    trailer = f"{trailers.SNAPSHOT}: {snapshot}\n" if snapshot else ""
    return [
        *listed,
        Version(
            commit="",
            parent="",
            number=len(listed) + 1,
            kind=chains.EXPERIMENT,
            content=held.content,
            run=None,
            # later than all that is known, also than an entry of sync.json: a draft repeats the time of the state it was made from
            time=max([*(version.time for version in listed), folder.bindings[remote].time or 0, held.facts.created or 0]) + 1,
            author="",
            message=f"now\n\n{trailer}",
        ),
    ]


def _unseen(repository: Repository, head: str, remote: str, folder: Folder, held: Held, base: Version | None) -> Unseen:
    before = _base(repository, head, folder, folder.bindings[remote], base)
    name = f"{folder.path} at {remote}"
    found = without_secrets(compared(before, held.joined, folder.path, name, {}))
    when = datetime.fromtimestamp(held.facts.ended or held.facts.created or 0, UTC)
    what = f"a run that ended {when:%Y-%m-%d %H:%M} UTC" if held.facts.is_run else "a draft"
    who = printable(held.creator) or "nobody it names"
    return Unseen(
        f"{name} was changed since the newest state that this branch has seen ({what}; by {who})",
        replace(found, new_name=name),
        hint=f"'amlgit pull {remote}' brings it, and merges; then push again.",
    )


def _base(repository: Repository, head: str, folder: Folder, binding: Binding, base: Version | None) -> Joined:
    """The newest state of the workspace that was seen; where its files are not to be had, the folder as it is."""
    if base is not None and base.commit:
        return of_version(repository, base.commit, with_run=False)
    commits = [entry.commit for entry in past(repository, head, [folder]) if any(state.content == binding.content for state in entry.folders)]
    listed = repository.tree(commits[-1] if commits else head, folder.path)
    wanted = {path: object_id for path, (_, object_id) in listed.items() if is_content(path.partition("/")[0], folder.kind)}
    contents = repository.blobs(wanted.values())
    return of_content(folder.path, folder.kind, {path: contents[object_id] for path, object_id in wanted.items()})


def bound(folder: Folder, remote: str, experiment: str) -> Folder:
    """The folder as bound to an experiment, where only a note of this clone says so: what a push made is what the folder had."""
    if remote in folder.bindings:
        return folder
    binding = Binding(experiment=experiment, run=None, content=folder.content or "")
    return replace(folder, bindings={**folder.bindings, remote: binding})
