"""What a name on the command line means: a remote, an experiment, a version of one."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from amlgit.errors import InvalidDocument, UsageError
from amlgit.form.experiments import EXPERIMENT, parse
from amlgit.model import ids
from amlgit.store import chains
from amlgit.store.chains import Entry
from amlgit.store.folders import Folder, folders
from amlgit.store.repository import Repository

if TYPE_CHECKING:
    from amlgit.config import Config, Remote

_VERSION = re.compile(r"(?P<name>.*)@(?P<version>-?[0-9]+|[0-9a-fA-F]{32}\.s-id\..+)")
_MAY_BE_COMMIT = re.compile(r"\.\.|[~^][0-9]*$|^HEAD\b")


def choose_remote(settings: "Config", name: str | None) -> "Remote":
    """The remote of that name; without a name the only one there is."""
    if name is not None:
        return settings.remote(name)
    if len(settings.remotes) == 1:
        return next(iter(settings.remotes.values()))
    known = ", ".join(sorted(settings.remotes)) or "none yet"
    raise UsageError(f"which remote? (known: {known})", hint="Name one, or add one with 'amlgit remote add NAME --archive PATH'.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An experiment or service that a name on the command line means."""

    title: str
    family: str
    families: tuple[str, ...]
    """All of them, where its folder is bound in several workspaces; `family` is the first."""
    folder: Folder | None
    """Its folder in the commit that was looked at, where it has one."""
    chains: dict[str, str]
    """Remote → tip of its chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A subject and, where one was asked for, one of its versions."""

    subject: Subject
    remote: str | None
    version: Entry | None
    count: int | None = None
    """How many versions the record of that remote has."""


def subjects(repository: Repository) -> list[Subject]:
    """Everything there is in HEAD and in the record, in order of titles."""
    found: dict[str, Subject] = {}
    tips = chains.tips(repository)
    titles = chains.titles(repository, tips.values())
    for ref, tip in sorted(tips.items()):
        remote, family = ref.removeprefix(chains.PREFIX).split("/", 1)
        if family not in found:
            found[family] = Subject(title=titles[tip], family=family, families=(family,), folder=None, chains={})
        found[family].chains[remote] = tip
    present = folders(repository, "HEAD")
    unrecorded = [folder for folder in present if not any(family in found for family in _families(folder))]
    own = _own_titles(repository, unrecorded)
    recorded = dict(found)
    for folder in present:
        families = _families(folder)
        known = [recorded[family] for family in families if family in recorded]
        for family in families:
            found.pop(family, None)
        title = known[0].title if known else own.get(folder.path) or PurePosixPath(folder.path).name
        tips_of_all = {remote: tip for subject in known for remote, tip in subject.chains.items()}
        family = families[0] if families else ""
        found[folder.path] = Subject(title=title, family=family, families=families, folder=folder, chains=tips_of_all)
    return sorted(found.values(), key=lambda subject: (subject.title, subject.family))


def _families(folder: Folder) -> tuple[str, ...]:
    """The families of what a folder is bound to: one that lives in several workspaces has several."""
    return tuple(dict.fromkeys(folder.bindings[remote].experiment.rpartition(".")[2] for remote in sorted(folder.bindings)))


def _own_titles(repository: Repository, wanted: Sequence[Folder]) -> dict[str, str]:
    """Path → title, as the folders themselves say it: of what never ran, or whose record was not fetched."""
    pages = {f"HEAD:{folder.path}/{EXPERIMENT}": folder.path for folder in wanted if folder.kind == chains.EXPERIMENT}
    titles = {}
    for name, data in repository.blobs(pages).items():
        with suppress(InvalidDocument):
            title = parse(EXPERIMENT, data).get("Description")
            titles[pages[name]] = title if isinstance(title, str) else ""
    return titles


def is_version(name: str) -> bool:
    """Whether a name has the form EXPERIMENT@N or EXPERIMENT@SNAPSHOT."""
    return _VERSION.fullmatch(name) is not None


def choose(repository: Repository, name: str) -> Choice:
    """What EXPERIMENT, EXPERIMENT@N or EXPERIMENT@SNAPSHOT means; raises UsageError listing the candidates where it is not one."""
    known = subjects(repository)
    match = _VERSION.fullmatch(name)
    found = _matching(known, name)
    if len(found) == 1 and match is None:
        return Choice(subject=found[0], remote=None, version=None)
    if match is not None:
        of_name = _matching(known, match["name"])
        if len(of_name) == 1 and len(found) != 1:
            return _version(repository, of_name[0], match["version"])
        if not of_name and len(found) == 1:
            return Choice(subject=found[0], remote=None, version=None)
        found = of_name or found
    candidates = ", ".join(sorted(_described(subject) for subject in (found or known)))
    if found:
        raise UsageError(f"{name!r} may be one of several: {candidates}", hint="Name its folder, or its family.")
    what = "commit or experiment" if _MAY_BE_COMMIT.search(name) else "experiment"
    raise UsageError(f"there is no {what} {name!r}", hint=f"Known: {candidates}." if candidates else "Nothing was pulled yet.")


def _described(subject: Subject) -> str:
    return subject.folder.path if subject.folder else f"{subject.title} ({subject.family[:12]})"


def _matching(known: Sequence[Subject], name: str) -> list[Subject]:
    wanted = name.rstrip("/")
    parts = ids.experiment_id(wanted)
    family = parts.family if parts else wanted.lower()
    for matches in (
        lambda subject: subject.folder is not None and wanted in (subject.folder.path, PurePosixPath(subject.folder.path).name),
        lambda subject: family in subject.families,
        lambda subject: subject.title == wanted,
        lambda subject: len(family) >= 6 and any(known.startswith(family) for known in subject.families),
        lambda subject: subject.title.casefold() == wanted.casefold(),
    ):
        found = [subject for subject in known if matches(subject)]
        if found:
            return found
    return []


def _version(repository: Repository, subject: Subject, wanted: str) -> Choice:
    if not subject.chains:
        hint = "'git fetch' after 'amlgit install', or 'amlgit fetch', may bring it."
        raise UsageError(f"{subject.title!r} has no record of versions here", hint=hint)
    is_number = re.fullmatch(r"-?[0-9]+", wanted) is not None
    found: list[tuple[str, Entry]] = []
    counts: dict[str, int] = {}
    for remote, tip in subject.chains.items():
        listed = chains.entries(repository, tip)
        counts[remote] = len(listed)
        if is_number:
            number = int(wanted) if int(wanted) > 0 else len(listed) + 1 + int(wanted)
            found += [(remote, entry) for entry in listed if entry.number == number and int(wanted) != 0]
        else:
            found += [(remote, entry) for entry in listed if f"\nAml-Snapshot: {wanted}\n" in entry.message]
    if len(found) > 1:
        names = ", ".join(f"{remote} ({entry.commit[:12]})" for remote, entry in found)
        raise UsageError(f"version {wanted} of {subject.title!r} is in the records of several remotes: {names}", hint="Name the snapshot.")
    if not found:
        known = ", ".join(f"{count} of {remote}" for remote, count in counts.items())
        raise UsageError(f"{subject.title!r} has no version {wanted} (versions: {known})", hint="'amlgit log' lists them.")
    remote, entry = found[0]
    return Choice(subject=subject, remote=remote, version=entry, count=counts[remote])
