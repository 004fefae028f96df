"""`map`: which run is this commit, and which commits hold this run; exact by content, with nothing kept beside git."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from amlgit.errors import UsageError
from amlgit.store import chains, holders, present, streams, trailers
from amlgit.store.folders import Folder, folders, is_content
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.locate import Known, Located, Place, describe, describe_version, locate, of_record
from amlgit.workflows.versions.choose import Subject, choose, is_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A version, and what holds its content."""

    version: Known
    commits: tuple[str, ...]
    """Where it came in, newest first."""
    changed: tuple[str, ...]
    """Commits that bear its trailers but hold another content."""
    branches: tuple[str, ...]
    """Branches and HEAD, if detached, that hold it now."""
    tags: tuple[str, ...]

    @property
    def is_held(self) -> bool:
        """Whether anything but the record holds it."""
        return bool(self.commits or self.changed or self.branches or self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapReport:
    """The answer: of a place its folders, of a version what holds it."""

    rev: str | None
    """What was asked for; None for the work tree, or for everything."""
    commit: str | None
    """The commit that `rev` names."""
    folders: tuple[Located, ...]
    versions: tuple[Held, ...]

    @property
    def is_found(self) -> bool:
        """Whether what was asked for maps to anything."""
        return any(folder.version is not None for folder in self.folders) or any(version.is_held for version in self.versions)


def map_all(repository: Repository) -> MapReport:
    """Every version in the record with the commits that hold it, oldest first."""
    refs = holders.refs(repository)
    here = _refs_of_contents(refs, holders.contents(repository, refs.values()))
    commits = holders.all_brought(repository, refs.values())
    found = [
        _held(describe_version(ref.split("/")[-2], version), commits.get(version.content, ()), here.get(version.content, ()))
        for ref, tip in sorted(chains.tips(repository).items())
        for version in chains.versions(repository, tip)
    ]
    found.sort(key=lambda held: (held.version.date or "", held.version.title, held.version.number or 0))
    return MapReport(rev=None, commit=None, folders=(), versions=tuple(found))


def holding(repository: Repository, known: Known) -> Held:
    """What holds a version."""
    refs = holders.refs(repository)
    told = _telling(repository, refs.values(), known.snapshot) if known.snapshot else []
    here = holders.contents(repository, [*refs.values(), *told])
    if repository.blobs([known.content]):
        commits = holders.brought(repository, refs.values(), known.content)
    else:  # without the record, git can't be asked for the commits that have its files
        commits = [commit for commit in told if known.content in here[commit]]
    changed = [commit for commit in told if known.content not in here[commit]]
    return _held(known, commits, _refs_of_contents(refs, here).get(known.content, ()), changed)


def _telling(repository: Repository, tips: Iterable[str], snapshot: str) -> list[str]:
    """The commits with a snapshot's trailer."""
    line = f"{trailers.SNAPSHOT}: {snapshot}"
    return [commit for commit, message in chains.search(repository, tips, line) if line in message.split("\n")]


def _refs_of_contents(refs: Mapping[str, str], contents: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for ref, commit in refs.items():
        for content in contents[commit]:
            found.setdefault(content, []).append(ref)
    return found


def _held(known: Known, commits: Iterable[str], refs: Iterable[str], changed: Iterable[str] = ()) -> Held:
    tags = tuple(ref.removeprefix(_TAGS) for ref in refs if ref.startswith(_TAGS))
    branches = tuple(ref.removeprefix("refs/heads/").removeprefix("refs/remotes/") for ref in refs if not ref.startswith(_TAGS))
    return Held(version=known, commits=tuple(commits), changed=tuple(changed), branches=branches, tags=tags)


_TAGS = "refs/tags/"


def map_(repository: Repository, name: str | None) -> MapReport:
    """What a rev, tag, snapshot or EXPERIMENT[@N] maps to, or the work tree; raises UsageError where the name is not one thing."""
    if name is None:
        return _here(repository, None)
    commit = repository.resolve(name)
    recorded = of_record(repository, commit) if commit is not None else None
    versions = [*([recorded] if recorded else []), *_versions(repository, name, is_rev=commit is not None)]
    candidates = [f"commit {commit}"] if commit is not None and recorded is None else []
    candidates += sorted({known.snapshot or f"{known.title}: {known.name}" for known in versions})
    if len(candidates) > 1:
        more = f" and {len(candidates) - _MOST} more" if len(candidates) > _MOST else ""
        raise UsageError(f"{name!r} may be one of several: {', '.join(candidates[:_MOST])}{more}", hint="Give more of the id, or refs/… in full.")
    if versions:
        return MapReport(rev=name, commit=None, folders=(), versions=tuple(holding(repository, known) for known in versions))
    if commit is None and (match := _SNAPSHOT.fullmatch(name)) and match["family"]:
        return MapReport(rev=name, commit=None, folders=(), versions=())
    if commit is None:
        return _here(repository, name)
    return MapReport(rev=name, commit=commit, folders=locate_at(repository, commit, name), versions=())


_MOST = 8
"""Candidates that an error lists."""

_SNAPSHOT = re.compile(r"(?:[0-9a-fA-F]{32}\.s-id\.(?P<family>[0-9a-fA-F]{32})\.)?(?P<stamp>[0-9][0-9A-Za-z.\-]{3,60})")
"""A snapshot's id, or the beginning of its last part, with that before it or not."""


def _versions(repository: Repository, name: str, *, is_rev: bool) -> list[Known]:
    """The versions that a name means as EXPERIMENT@N or as a snapshot; raises UsageError for an EXPERIMENT@N that is none."""
    if is_version(name) and not is_rev:
        choice = choose(repository, name)
        found = of_record(repository, choice.version.commit, choice.remote) if choice.version is not None else None
        return [found] if found else []
    match = _SNAPSHOT.fullmatch(name)
    return _by_snapshot(repository, name, match["family"]) if match else []


def _by_snapshot(repository: Repository, name: str, family: str | None) -> list[Known]:
    """The versions whose snapshot's id, or its last part, begins so; where there is no record, what the branches tell of them."""
    tips = {ref: tip for ref, tip in chains.tips(repository).items() if family is None or ref.endswith(family.lower())}
    commits = [commit for commit, message in chains.search(repository, tips.values(), name) if _is_of(message, name)]
    found = [known for commit in commits if (known := of_record(repository, commit))]
    if found:
        return found
    told = {
        trailers.value(message, trailers.SNAPSHOT): (commit, message)
        for commit, message in chains.search(repository, holders.refs(repository).values(), name)
        if _is_of(message, name)
    }
    return [known for commit, _ in told.values() if (known := _by_branch(repository, commit))]


def _is_of(message: str, name: str) -> bool:
    snapshot = trailers.value(message, trailers.SNAPSHOT) or ""
    return snapshot.startswith(name) or snapshot.rpartition(".s-id.")[2].partition(".")[2].startswith(name)


def _by_branch(repository: Repository, commit: str) -> Known | None:
    """The version that a commit brought, by what it and its `sync.json` say."""
    said = streams.read_commit(repository.blobs([commit])[commit], {})
    snapshot = trailers.value(said.message, trailers.SNAPSHOT)
    bindings = [(remote, binding) for folder in folders(repository, commit) for remote, binding in folder.bindings.items()]
    known = next((describe(remote, commit, None, binding.content, said) for remote, binding in bindings if binding.run == snapshot), None)
    return replace(known, commit=None) if known is not None else None


def _here(repository: Repository, name: str | None) -> MapReport:
    """The work tree (of a bare repository HEAD), or the one experiment in it that a name means."""
    subject = _subject(repository, name) if name is not None else None
    if subject is not None and subject.folder is None:
        raise UsageError(f"{subject.title!r} has no folder here", hint=f"Name a version of it: amlgit map '{subject.title}@-1'")
    path = subject.folder.path if subject is not None and subject.folder is not None else ""
    head = repository.head()
    if repository.work_tree is None:
        found = locate_at(repository, head, "HEAD") if head else ()
    else:
        place = Place(head=head, snapshots=frozenset(), files=lambda folder: present.files(repository, folder))
        asked = [folder for folder in present.present(repository) if subject is None or folder.path == path]
        found = locate(repository, asked, place)
    return MapReport(rev=name, commit=None, folders=found, versions=())


def _subject(repository: Repository, name: str) -> Subject:
    try:
        return choose(repository, name).subject
    except UsageError as error:
        raise UsageError(f"{name!r} is no rev, tag or snapshot here, and {error}", hint=error.hint) from error


def locate_at(repository: Repository, commit: str, rev: str) -> tuple[Located, ...]:
    """The versions of a commit's folders; `rev` may be a tag that says more."""
    said = repository.blobs([commit, rev])
    snapshots = {line.removeprefix(_MARK) for text in said.values() for line in text.decode(errors="replace").split("\n") if line.startswith(_MARK)}
    place = Place(head=commit, snapshots=frozenset(snapshots), files=lambda folder: _files(repository, commit, folder))
    return locate(repository, folders(repository, commit), place)


_MARK = f"{trailers.SNAPSHOT}: "


def _files(repository: Repository, commit: str, folder: Folder) -> Mapping[str, bytes]:
    files = {
        path: object_id for path, (_, object_id) in repository.tree(commit, folder.path).items() if is_content(path.partition("/")[0], folder.kind)
    }
    contents = repository.blobs(files.values())
    return {path: contents[object_id] for path, object_id in files.items()}
