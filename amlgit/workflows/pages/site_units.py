"""What a site is made of: each experiment and web service of the record and of the branch, under a name that stays."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from amlgit.errors import InvalidDocument
from amlgit.form.companions import ASSETS, read_names
from amlgit.form.protect import protected_text
from amlgit.model.jsontext import dumps
from amlgit.review.site import addresses
from amlgit.review.site.addresses import Named
from amlgit.store import chains, streams, trailers
from amlgit.store.chains import Entry
from amlgit.store.folders import PARENTS, Folder
from amlgit.store.objects import tree_ids
from amlgit.store.repository import Repository
from amlgit.workflows.versions.choose import Subject, subjects


@dataclass(frozen=True, kw_only=True)
class Unit:
    """An experiment or web service; `entries` are the versions of each remote, oldest first."""

    name: str
    """Its folder in the site."""
    subject: Subject
    kind: str
    entries: Mapping[str, Sequence[Entry]]
    assets: Mapping[str, str]
    """Names of assets, as the branch knows them."""
    held: tuple[str, Entry] | None
    """Remote and version that the branch holds, or was edited from last; None where it has no folder or nothing was pulled."""
    is_edited: bool
    """Whether the branch holds something that is no version."""

    @property
    def count(self) -> int:
        """How many versions there are."""
        return sum(map(len, self.entries.values()))

    @property
    def folder(self) -> Folder | None:
        """Its folder in the branch."""
        return self.subject.folder

    @cached_property
    def names_key(self) -> str:
        """What stands for the names of its assets."""
        return digest(dumps(sorted([*pair] for pair in self.assets.items())).decode())

    def key(self, *parts: str) -> str:
        """What all of its pages are made from."""
        folder = self.folder
        held = [folder.path, folder.content or ""] if folder is not None else []
        tips = [f"{remote} {entries[-1].commit}" for remote, entries in sorted(self.entries.items()) if entries]
        return digest(*parts, self.name, self.names_key, *tips, "", *held)


def digest(*parts: str) -> str:
    """A short name for what a page is made from."""
    return hashlib.sha256("\0".join(parts).encode(errors="surrogateescape")).hexdigest()[:24]


def units(repository: Repository) -> list[Unit]:
    """Everything there is, in order of names."""
    found = subjects(repository)
    listed = chains.all_entries(repository, (tip for subject in found for tip in subject.chains.values()))
    entries = [{remote: listed[tip] for remote, tip in subject.chains.items() if listed.get(tip)} for subject in found]
    kinds = _kinds(repository, found)
    named = [_named(subject, kind, versions) for subject, kind, versions in zip(found, kinds, entries, strict=True)]
    names = _asset_names(repository, found)
    held = _Held(repository, found)
    made = []
    for folder, subject, kind, versions in zip(addresses.folders(named), found, kinds, entries, strict=True):
        if versions or (subject.folder is not None and subject.folder.content is not None):
            version, is_edited = held.by(subject, versions)
            assets = names.get(subject.folder.path if subject.folder else "", {})
            made.append(Unit(name=folder, subject=subject, kind=kind, entries=versions, assets=assets, held=version, is_edited=is_edited))
    return sorted(made, key=lambda unit: unit.name)


class _Held:
    """Which versions the branch's folders hold; most hold the newest, and then no other is looked at."""

    def __init__(self, repository: Repository, found: Iterable[Subject]) -> None:
        self._repository = repository
        tips = {tip for subject in found if subject.folder is not None for tip in subject.chains.values()}
        with streams.reader(repository) as reader:
            trees = reader.blobs(f"{tip}^{{tree}}" for tip in sorted(tips))
        self._newest = {name.partition("^")[0]: set(tree_ids(data, repository.object_format).values()) for name, data in trees.items()}

    def by(self, subject: Subject, entries: Mapping[str, Sequence[Entry]]) -> tuple[tuple[str, Entry] | None, bool]:
        """The version that a subject's folder holds or was edited from, and whether it was edited."""
        folder = subject.folder
        if folder is None or folder.content is None:
            return None, False
        for remote, versions in sorted(entries.items()):
            if folder.content in self._newest.get(versions[-1].commit, ()):
                return (remote, versions[-1]), False
        contents = {remote: dict(self._contents(versions)) for remote, versions in sorted(entries.items())}
        for remote, versions in sorted(entries.items()):
            exact = [entry for entry in versions if contents[remote].get(entry.commit) == folder.content]
            if exact:
                return (remote, exact[-1]), False
        for remote, binding in sorted(folder.bindings.items()):
            base = [entry for entry in entries.get(remote, ()) if contents[remote].get(entry.commit) == binding.content]
            if base:
                return (remote, base[-1]), True
        newest = sorted((versions[-1].time, remote) for remote, versions in entries.items())
        return ((newest[-1][1], entries[newest[-1][1]][-1]) if newest else None), True

    def _contents(self, versions: Sequence[Entry]) -> list[tuple[str, str]]:
        tip = versions[-1].commit
        return chains.contents(self._repository, [tip])[tip]


def _named(subject: Subject, kind: str, entries: Mapping[str, Sequence[Entry]]) -> Named:
    """After the very first version: what comes later, or a new title, changes no name."""
    firsts = sorted((versions[0].time, remote) for remote, versions in entries.items())
    if not firsts:
        family = subject.family or digest(subject.folder.path if subject.folder else subject.title)
        return Named(parent=PARENTS[kind], title=protected_text(subject.title), family=family)
    first = entries[firsts[0][1]][0]
    return Named(parent=PARENTS[kind], title=protected_text(first.subject.rpartition(": ")[0]), family=_family(first, subject))


def _family(first: Entry, subject: Subject) -> str:
    """The family of the chain that a version begins: of a folder in several workspaces each has its own."""
    said = trailers.value(first.message, trailers.EXPERIMENT) or trailers.value(first.message, trailers.SERVICE) or ""
    named = [family for family in subject.families if family and family in said]
    return named[0] if named else subject.family


def _kinds(repository: Repository, found: Sequence[Subject]) -> list[str]:
    """Whether each is an experiment or a service, by its folder or by what the newest version holds."""
    tips = {subject.family: next(iter(subject.chains.values())) for subject in found if subject.chains and subject.folder is None}
    with streams.reader(repository) as reader:
        trees = reader.blobs(f"{tip}:{chains.WEB_SERVICE}" for tip in tips.values())
    return [
        subject.folder.kind
        if subject.folder is not None
        else chains.WEB_SERVICE
        if f"{tips.get(subject.family)}:{chains.WEB_SERVICE}" in trees
        else chains.EXPERIMENT
        for subject in found
    ]


def _asset_names(repository: Repository, found: Iterable[Subject]) -> dict[str, dict[str, str]]:
    """Folder → the names in its list of assets, as the branch has it; what can't be read names nothing, and `check` says so."""
    pages = {f"HEAD:{subject.folder.path}/{ASSETS}": subject.folder.path for subject in found if subject.folder is not None}
    names: dict[str, dict[str, str]] = {}
    for page, data in repository.blobs(pages).items():
        try:
            names[pages[page]] = {asset: protected_text(name) for asset, name in read_names(data, page).items()}
        except InvalidDocument:
            continue
    return names
