"""Which version a folder is: exactly by its content, else the version nearest to it and how much was changed since."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from amlgit.errors import InvalidDocument
from amlgit.form.companions import Binding
from amlgit.store import chains, streams, trailers
from amlgit.store.chains import Version
from amlgit.store.folders import Folder
from amlgit.store.repository import Repository
from amlgit.store.streams import Commit
from amlgit.workflows.versions.choose import own_titles
from amlgit.workflows.versions.dates import date
from amlgit.workflows.versions.seen import History, family_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A version as one who asks for it wants to see it; without the record only what `sync.json` and trailers tell is known."""

    title: str
    remote: str
    kind: str
    """'run', 'draft' or 'definition'."""
    number: int | None
    snapshot: str | None
    date: str | None
    status: str
    who: str
    commit: str | None
    """Its commit in the record."""
    content: str

    @property
    def name(self) -> str:
        """Kind and number: `run 12`."""
        return self.kind if self.number is None else f"{self.kind} {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A folder and the version of one remote that it is, or is nearest to."""

    path: str
    version: Known | None
    exact: bool
    changes: int | None
    """How much differs from the version; None where the record that could tell is not here, or where the folder can't be read."""
    equal: tuple[int, ...] = ()
    """The numbers of other versions with the very same content."""
    problem: str = ""
    """Why the folder can't be compared with the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where folders are looked at: the history that led there, what trailers there say, and how to read a folder's content."""

    head: str | None
    snapshots: frozenset[str]
    """The snapshots that the trailers of the commit or tag name."""
    files: Callable[[Folder], Mapping[str, bytes]]


def describe(remote: str, commit: str, number: int | None, content: str, said: Commit) -> Known:
    """A version by its commit."""
    subject = said.message.partition("\n")[0]
    title, _, what = subject.rpartition(": ")
    return Known(
        title=title,
        remote=remote,
        kind=what.partition(" ")[0],
        number=trailers.number(said.message) or number,
        snapshot=trailers.value(said.message, trailers.SNAPSHOT),
        date=date(said.time),
        status=trailers.value(said.message, trailers.STATUS) or "",
        who=said.author.partition(" <")[0],
        commit=commit,
        content=content,
    )


def describe_version(remote: str, version: Version) -> Known:
    """A version of a chain."""
    return describe(remote, version.commit, version.number, version.content, Commit(version.time, version.author, version.message))


def of_record(repository: Repository, commit: str, remote: str | None = None) -> Known | None:
    """The version that a commit of the record is; None for any other commit."""
    place = chains.place_of(repository, commit)
    if place is None:
        return None
    said = streams.read_commit(repository.blobs([commit])[commit], {})
    return describe(remote or place.remote, commit, place.number, place.content, said)


def locate(repository: Repository, found: Sequence[Folder], place: Place) -> tuple[Located, ...]:
    """The versions of folders: one for each remote a folder is bound to, one of any remote for a folder that is bound to none."""
    tips = {ref.removeprefix(chains.PREFIX): tip for ref, tip in chains.tips(repository).items()}
    wanted = [_chains(folder, tips) for folder in found]
    told_by_sync = [folder for folder, names in zip(found, wanted, strict=True) if folder.bindings and not tips.keys() >= set(names)]
    titles = own_titles(repository, place.head, told_by_sync) if place.head is not None else {}
    listed = chains.contents(repository, (tips[chain] for names in wanted for chain in names if chain in tips))
    with streams.reader(repository) as reader:
        search = _Search(repository, reader, place, tips, {chain: listed[tip] for chain, tip in tips.items() if tip in listed}, titles)
        return tuple(located for folder, names in zip(found, wanted, strict=True) for located in search.folder(folder, names))


def _chains(folder: Folder, tips: Iterable[str]) -> list[str]:
    """The chains a folder may be a version of."""
    return [f"{remote}/{family_of(binding)}" for remote, binding in sorted(folder.bindings.items())] or sorted(tips)


class _Search:
    """What it takes to find the versions of folder after folder."""

    def __init__(
        self,
        repository: Repository,
        reader: streams.Reader,
        place: Place,
        tips: Mapping[str, str],
        listed: Mapping[str, Sequence[tuple[str, str]]],
        titles: Mapping[str, str],
    ) -> None:
        self._repository = repository
        self._reader = reader
        self._place = place
        self._tips = tips
        self._listed = listed
        self._titles = titles

    def folder(self, folder: Folder, names: Sequence[str]) -> list[Located]:
        """The versions of a folder in these chains."""
        exact = [found for chain in names if (found := self._exact(folder, chain))]
        if not folder.bindings:
            return exact[:1] or [Located(path=folder.path, version=None, exact=False, changes=None)]
        remotes = {found.version.remote for found in exact if found.version}
        others = [self._near(folder, chain) for chain in names if chain.partition("/")[0] not in remotes]
        return sorted([*exact, *others], key=lambda found: found.version.remote if found.version else "")

    def _exact(self, folder: Folder, chain: str) -> Located | None:
        remote = chain.partition("/")[0]
        listed = self._listed.get(chain, ())
        same = [index for index, (_, content) in enumerate(listed) if content == folder.content]
        if not same:
            return None
        found = self._described(remote, [(listed[index][0], len(listed) - index, listed[index][1]) for index in same])
        best = self._preferred(found, folder.bindings.get(remote))
        equal = tuple(sorted(version.number for version in found if version is not best and version.number is not None))
        return Located(path=folder.path, version=best, exact=True, changes=0, equal=equal)

    def _described(self, remote: str, versions: Sequence[tuple[str, int, str]]) -> list[Known]:
        texts = self._reader.blobs(commit for commit, _, _ in versions)
        authors: dict[bytes, str] = {}
        return [describe(remote, commit, number, content, streams.read_commit(texts[commit], authors)) for commit, number, content in versions]

    def _preferred(self, found: Sequence[Known], binding: Binding | None) -> Known:
        """Of versions with one content, newest first: the one that trailers there name, or `sync.json` does, else the newest."""
        named = [version for version in found if version.snapshot in self._place.snapshots]
        if binding is not None and not named:
            named = [version for version in found if binding.run is not None and version.snapshot == binding.run]
            named = named or [version for version in found if binding.time is not None and version.date == date(binding.time)]
        return (named or found)[0]

    def _near(self, folder: Folder, chain: str) -> Located:
        remote = chain.partition("/")[0]
        if chain not in self._tips:
            return self._by_sync(folder, remote)
        versions = chains.versions(self._repository, self._tips[chain])
        base = self._base(folder, remote, versions)
        files = {path: object_id for path, (_, object_id) in self._repository.tree(base.content).items()}
        texts = self._reader.blobs(files.values())
        old = {path: texts[object_id] for path, object_id in files.items()}
        try:
            changes, problem = _count_changes(folder, old, self._place.files(folder)), ""
        except InvalidDocument as error:
            changes, problem = None, str(error)
        return Located(path=folder.path, version=describe_version(remote, base), exact=False, changes=changes, problem=problem)

    def _base(self, folder: Folder, remote: str, versions: Sequence[Version]) -> Version:
        """The version that was edited: the one that trailers there name, else the newest that was seen there, else the newest."""
        named = [version for version in versions if version.snapshot in self._place.snapshots]
        if named or self._place.head is None:
            return (named or versions)[-1]
        return versions[History(self._repository, self._place.head).last_seen(remote, folder, versions)]  # -1, for none seen, is the newest

    def _by_sync(self, folder: Folder, remote: str) -> Located:
        """What a clone without the record can tell: `sync.json` says of which version it is, and what content that had."""
        binding = folder.bindings[remote]
        version = Known(
            title=self._titles.get(folder.path) or PurePosixPath(folder.path).name,
            remote=remote,
            kind="run" if binding.run else "draft" if folder.kind == chains.EXPERIMENT else "definition",
            number=None,
            snapshot=binding.run,
            date=date(binding.time) if binding.time is not None else None,
            status="",
            who="",
            commit=None,
            content=binding.content,
        )
        is_exact = folder.content == binding.content
        return Located(path=folder.path, version=version, exact=is_exact, changes=0 if is_exact else None)


def _count_changes(folder: Folder, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> int:
    """How many changes `diff` shows between two contents of a folder; raises InvalidDocument, naming the file, where one can't be read."""
    from amlgit.workflows.comparison.comparing import compared
    from amlgit.workflows.versions.documents import of_content

    before, after = (of_content(folder.path, folder.kind, content) for content in (old, new))
    return len(compared(before, after, folder.path, folder.path, {}).diff.changes)
