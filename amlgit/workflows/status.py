"""`status`: work tree and branch against what was last seen of each remote."""

from collections.abc import Sequence
from dataclasses import dataclass

from amlgit.store import chains, drafts
from amlgit.store.chains import Version
from amlgit.store.folders import Folder, folders, is_content
from amlgit.store.present import uncommitted
from amlgit.store.repository import Repository
from amlgit.store.sources import folder_of
from amlgit.workflows.intake.held import read_held
from amlgit.workflows.versions.seen import History, family_of


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingStatus:
    """How a folder stands to one remote: the number of the newest version it has seen (0 for none) of how many in the record."""

    remote: str
    seen: int
    total: int
    has_draft: bool
    """Whether the newest state that it has seen is a draft of the workspace, made after that version."""
    is_behind: bool
    """Whether the remote has something newer, a version or a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderStatus:
    """One folder: what is uncommitted in it, whether the branch changed it since the newest version it has seen, and its remotes."""

    path: str
    uncommitted: tuple[str, ...]
    edited: bool
    remotes: tuple[BindingStatus, ...]

    @property
    def needs_attention(self) -> bool:
        """Whether something is edited, uncommitted, or new at a remote."""
        return bool(self.uncommitted) or self.edited or any(remote.is_behind for remote in self.remotes)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """The state of a repository."""

    branch: str | None
    """None on a detached HEAD."""
    operation: str | None
    """A merge, rebase or the like that is not finished."""
    folders: tuple[FolderStatus, ...]
    not_here: tuple[str, ...]
    """Titles in the record that have no folder here."""
    held: tuple[str, ...]
    """Documents held back because of what may be a secret."""


def status(repository: Repository) -> StatusReport:
    """The state of every experiment's and service's folder."""
    head = repository.head()
    tips = chains.tips(repository)
    files = uncommitted(repository)
    present = folders(repository, head)
    history = History(repository, str(head))
    rows = [_folder(repository, history, folder, tips | repository.refs(drafts.PREFIX), files) for folder in present]
    known = {folder.path for folder in present}
    new = sorted({path for path in (folder_of(file) for file in files) if path and path not in known})
    rows += [FolderStatus(path=path, uncommitted=tuple(file for file in files if folder_of(file) == path), edited=False, remotes=()) for path in new]
    bound = {(remote, family_of(binding)) for folder in present for remote, binding in folder.bindings.items()}
    missing = {ref: tip for ref, tip in tips.items() if tuple(ref.removeprefix(chains.PREFIX).split("/", 1)) not in bound}
    branch = repository.attempt("symbolic-ref", "--quiet", "--short", "HEAD")
    return StatusReport(
        branch=branch.stdout.decode(errors="replace").strip() or None,
        operation=repository.operation_in_progress(),
        folders=tuple(sorted(rows, key=lambda row: row.path)),
        not_here=tuple(sorted(chains.titles(repository, missing.values()).values())),
        held=tuple(dict.fromkeys(str(entry["document"]) for entries in read_held(repository).values() for entry in entries)),
    )


def _binding(repository: Repository, remote: str, listed: Sequence[Version], seen: int, tip: str | None) -> BindingStatus:
    """What `listed`, the versions of the record and the drafts between and after them, comes to where all up to `seen` are seen."""
    commits = {commit for commit, _ in chains.contents(repository, [tip])[tip]} if tip is not None else set()
    known = [version.commit in commits for version in listed]
    return BindingStatus(
        remote=remote,
        seen=sum(known[: seen + 1]),
        total=sum(known),
        has_draft=seen >= 0 and not known[seen],
        is_behind=seen < len(listed) - 1,
    )


def _folder(repository: Repository, history: History, folder: Folder, tips: dict[str, str], files: list[str]) -> FolderStatus:
    remotes = []
    is_edited = False
    for remote, binding in sorted(folder.bindings.items()):
        tip = tips.get(chains.ref(remote, family_of(binding)))
        listed = drafts.history(repository, tip, tips.get(f"{drafts.PREFIX}{remote}/{family_of(binding)}"))
        seen = history.last_seen(remote, folder, listed) if listed else -1
        remotes.append(_binding(repository, remote, listed, seen, tip))
        reference = listed[seen].content if seen >= 0 else binding.content
        is_edited = is_edited or folder.content != reference
    prefix = f"{folder.path}/"
    changed = [file for file in files if file.startswith(prefix) and is_content(file.removeprefix(prefix).split("/")[0], folder.kind)]
    return FolderStatus(path=folder.path, uncommitted=tuple(changed), edited=is_edited, remotes=tuple(remotes))
