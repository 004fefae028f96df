"""The commits of a branch that touched the folder of an experiment or service, whatever the folder was called then."""

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from amlgit.errors import InvalidDocument
from amlgit.store import streams
from amlgit.store.folders import Folder, folders
from amlgit.store.repository import Repository

_FORMAT = "--format=%H%x01%P%x01%at%x01%an%x01%s"


class FolderCommit(NamedTuple):
    """A commit with its parents in this history, the next ones that touched the folder; a tuple, because there may be tens of thousands."""

    id: str
    parents: tuple[str, ...]
    time: int
    """When it was authored, in seconds since 1970."""
    who: str
    subject: str


class FolderHistory(NamedTuple):
    """The commits, newest first, and the paths that the folder had, newest first."""

    commits: Sequence[FolderCommit]
    paths: Sequence[str]


def folder_history(repository: Repository, head: str, folder: Folder) -> FolderHistory:
    """The history of a folder behind a commit; it had another name before the commit where one of its experiment vanishes."""
    known: dict[str, Mapping[str, Folder]] = {}
    here = _listed(repository, head, known)
    # in the work tree it may have a name that no commit knows yet
    paths = [folder.path] if folder.path in here else [path for path, other in here.items() if _is_same(folder, other, frozenset())]
    while paths:
        commits = _commits(repository, head, paths)
        oldest = [commit.id for commit in commits if not commit.parents]
        before = dict.fromkeys(path for commit in oldest for path in _names_before(repository, commit, folder, paths, known))
        if not before:
            return FolderHistory(commits, paths)
        paths += before
    return FolderHistory((), ())


def _commits(repository: Repository, head: str, paths: Sequence[str]) -> list[FolderCommit]:
    walk = ("log", "--topo-order", "--parents", "--no-follow", "--no-show-signature", "--encoding=UTF-8", "-z", _FORMAT, head, "--")
    found = []
    for record in streams.records(repository, *walk, *(f":(literal){path}" for path in paths)):
        commit, parents, time, who, subject = record.split("\x01", 4)
        found.append(FolderCommit(commit, tuple(parents.split()), int(time), who, subject))
    return found


def _names_before(repository: Repository, commit: str, folder: Folder, paths: Sequence[str], known: dict[str, Mapping[str, Folder]]) -> Iterator[str]:
    """What the folder was called in the parents of a commit, other than what is known."""
    here = _listed(repository, commit, known)
    contents = frozenset(here[name].content for name in paths if name in here)
    for parent in repository.text("rev-parse", f"{commit}^@").split():
        there = _listed(repository, parent, known)
        yield from (path for path in sorted(there.keys() - here.keys() - set(paths)) if _is_same(folder, there[path], contents))


def _is_same(folder: Folder, other: Folder, contents: Set[str | None]) -> bool:
    """Whether a folder of another name is of the same experiment; one that is bound to none goes by what it holds."""
    families, others = ({binding.experiment.rpartition(".")[2] for binding in one.bindings.values()} for one in (folder, other))
    return bool(families & others) or (not others and other.content in contents)


def _listed(repository: Repository, commit: str, known: dict[str, Mapping[str, Folder]]) -> Mapping[str, Folder]:
    if commit not in known:
        try:
            known[commit] = {folder.path: folder for folder in folders(repository, commit)}
        except InvalidDocument:
            known[commit] = {}  # a sync.json that can't be read tells of no other name
    return known[commit]
