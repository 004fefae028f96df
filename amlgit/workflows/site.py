"""`site`: a static site of a repository; what did not change since the last time is left as it is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from amlgit.errors import UsageError
from amlgit.form.protect import protected_text
from amlgit.model import frames
from amlgit.model.jsontext import printable
from amlgit.review.site import addresses, frame, index_page, search
from amlgit.review.site.index_page import Card
from amlgit.store.repository import Repository
from amlgit.workflows.intake import windows
from amlgit.workflows.pages import page as pages
from amlgit.workflows.pages.site_build import Builder, Built
from amlgit.workflows.pages.site_folder import SiteFolder
from amlgit.workflows.pages.site_units import Unit, digest, units

_BYTES = 60_000
"""What a version stands for in a window of work: pages, and what they are made from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """What the site shows, and which files were written, left as they were or removed (paths in its folder)."""

    folder: Path
    experiments: int
    web_services: int
    versions: int
    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    problems: tuple[str, ...]
    """What can't be shown, and why."""

    @property
    def index(self) -> Path:
        """The first page."""
        return self.folder / addresses.INDEX


def site(
    repository: Repository,
    folder: Path,
    title: str | None = None,
    *,
    dry_run: bool = False,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> SiteReport:
    """Write the site of a repository; raises UsageError for a folder with other things in it, Refused where somebody's file is in the way."""
    target = SiteFolder(folder, is_dry=dry_run)
    _refuse_own_folders(repository, folder)
    found = units(repository)
    names = {"title": title or _title(repository), "branch": _branch(repository)}
    builder = Builder(repository=repository, folder=target, form=f"{frame.FORMAT}", **names)
    records = {digest(line): line for line in search.lines(target.read(addresses.SEARCH))}
    stale = [unit for unit in found if not _is_current(builder, unit, records)]
    target.refuse_others(_planned(stale))
    try:
        target.begin()
        built = _built(builder, stale, progress, is_divisible=not dry_run)
        return _finished(builder, found, built, records)
    finally:
        target.close()


def _title(repository: Repository) -> str:
    place = repository.work_tree or repository.git_dir
    return place.resolve().name.removesuffix(".git") or "Experiments"


def _branch(repository: Repository) -> str:
    """What is checked out, in words; a commit that no branch is at is `HEAD`, as git says."""
    found = repository.attempt("symbolic-ref", "--quiet", "--short", "HEAD")
    name = printable(found.stdout.decode(errors="replace").strip())
    return f"branch {protected_text(name)}" if found.returncode == 0 else "HEAD"


def _refuse_own_folders(repository: Repository, folder: Path) -> None:
    place = folder.resolve()
    parents = (repository.work_tree / name for name in ("experiments", "webservices", "models")) if repository.work_tree else ()
    inside = [repository.common_dir, *parents]
    for own in inside:
        if place.is_relative_to(own.resolve()):
            raise UsageError(f"{folder} is inside {own}, which holds the repository's own files", hint="Name a folder elsewhere.")


def _is_current(builder: Builder, unit: Unit, records: Mapping[str, str]) -> bool:
    note = builder.folder.notes.get(unit.name)
    return note is not None and note.key == builder.key(unit) and note.search in records and builder.folder.is_whole(unit.name)


def _planned(stale: Sequence[Unit]) -> list[str]:
    """The pages that are known before anything is read."""
    names = [addresses.INDEX, addresses.SEARCH, addresses.STYLE, addresses.SCRIPT, addresses.GRAPH_SCRIPT]
    for unit in stale:
        names.append(addresses.overview(unit.name))
        remotes = addresses.remotes(unit.entries)
        names += [addresses.version(unit.name, remotes[remote], entry.number) for remote, entries in unit.entries.items() for entry in entries]
    return names


def _built(builder: Builder, stale: Sequence[Unit], progress: Callable[[str, int, int], None], *, is_divisible: bool) -> dict[str, Built]:
    work = windows.Work(do=builder.build, size=lambda unit: unit.count * _BYTES, pack=_pack, unpack=_unpack)
    done: dict[str, Built] = {}
    with windows.results(work, stale, is_divisible=is_divisible) as results:
        for number, (unit, built) in enumerate(results):
            done[unit.name] = built
            builder.folder.learn(built.files)
            builder.folder.notes[unit.name] = built.note
            progress("experiments", number, len(stale))
    return done


@dataclass(frozen=True, slots=True)
class _Frame:
    built: list[Built]


def _pack(built: Sequence[Built]) -> bytes:
    return frames.pack(_Frame(list(built)))


def _unpack(data: bytes) -> Sequence[Built]:
    return frames.unpack(data, _Frame).built


def _finished(builder: Builder, found: Sequence[Unit], built: Mapping[str, Built], records: Mapping[str, str]) -> SiteReport:
    """Write what belongs to the site as a whole, and take away what is no more."""
    target = builder.folder
    written, unchanged = [name for one in built.values() for name in one.written], sum(one.unchanged for one in built.values())
    wanted = [name for unit in found for name in (built[unit.name].files if unit.name in built else target.below(unit.name))]
    unchanged += sum(len(target.below(unit.name)) for unit in found if unit.name not in built)
    target.notes = {unit.name: target.notes[unit.name] for unit in found}
    target.tally.written.clear()
    target.tally.unchanged = 0
    for name, text in _own(builder.title, found, target, built, records):
        target.put(name, "site", text)
        wanted.append(name)
    target.finish(wanted)
    return SiteReport(
        folder=target.path,
        experiments=sum(unit.name.startswith("experiments/") for unit in found),
        web_services=sum(unit.name.startswith("webservices/") for unit in found),
        versions=sum(unit.count for unit in found),
        written=tuple(sorted([*written, *target.tally.written])),
        unchanged=unchanged + target.tally.unchanged,
        removed=tuple(target.tally.removed),
        problems=tuple(problem for one in built.values() for problem in one.problems),
    )


def _own(title: str, found: Sequence[Unit], target: SiteFolder, built: Mapping[str, Built], records: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """The files of the site as a whole."""
    notes = [(unit.name, target.notes[unit.name]) for unit in found]
    cards = [
        Card(parent=name.partition("/")[0], title=note.title, versions=note.versions, first=note.first, last=note.last, html=note.html)
        for name, note in notes
    ]
    lines = [built[name].search if name in built else records[note.search] for name, note in notes]
    folder = resources.files("amlgit.review.site")
    own = {name: folder.joinpath(name).read_text(encoding="utf-8") for name in ("site.css", "site.js", "expand.js", "reach.js")}
    style, graph = pages.looks()
    return (
        (addresses.STYLE, style + own["site.css"]),
        (addresses.SCRIPT, own["site.js"]),
        (addresses.GRAPH_SCRIPT, own["expand.js"] + graph + own["reach.js"]),
        (addresses.SEARCH, search.file(lines)),
        (addresses.INDEX, index_page.page(title, cards)),
    )
