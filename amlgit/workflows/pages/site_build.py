"""The pages of one experiment or web service: read version after version, and only what changed is drawn anew."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from amlgit.compare.changes import Kind, What
from amlgit.errors import InvalidDocument
from amlgit.form.memo import Memo
from amlgit.form.protect import Looked, protected_text, shown
from amlgit.form.secrets import may_hold_secret
from amlgit.model.jsontext import Object
from amlgit.review.changes import counts, size, summary
from amlgit.review.experiment_outline import Known
from amlgit.review.headlines import beginning, headline
from amlgit.review.names import Names
from amlgit.review.outline import Outline
from amlgit.review.page.page import Entry as Picture
from amlgit.review.page.scene import Sides, scene
from amlgit.review.site import addresses, experiment_page, script_page, search, version_page
from amlgit.review.site.experiment_page import Chain, Experiment
from amlgit.review.site.parts import Parts
from amlgit.review.site.script_page import Script
from amlgit.review.site.thumbnail import thumbnail
from amlgit.review.site.version_page import VersionPage
from amlgit.review.site.versions import Line, Told
from amlgit.store import chains, streams, trailers
from amlgit.store.chains import Entry
from amlgit.store.repository import Repository
from amlgit.workflows.comparison.comparing import compared
from amlgit.workflows.comparison.locate import describe
from amlgit.workflows.comparison.secrets import definition, without_secrets
from amlgit.workflows.pages import page as pages
from amlgit.workflows.pages.site_folder import Note, SiteFolder, Tally, Written
from amlgit.workflows.pages.site_scripts import Scripts
from amlgit.workflows.pages.site_units import Unit, digest
from amlgit.workflows.versions.documents import Joined
from amlgit.workflows.versions.past import Past


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """What became of the files of one experiment or service."""

    files: dict[str, Written]
    written: list[str]
    unchanged: int
    note: Note
    search: str
    problems: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Writes the pages of experiments and services into a site's folder."""

    repository: Repository
    folder: SiteFolder
    title: str
    form: str
    """What stands for the form of the pages."""
    branch: str
    """What the pages call what is checked out: `branch main`."""

    def key(self, unit: Unit) -> str:
        """What the pages of an experiment are made from."""
        return unit.key(self.form, self.title, *([self.branch] if unit.is_edited else []))

    def build(self, unit: Unit) -> Built:
        """The pages of an experiment or service."""
        self.folder.tally = Tally()
        with streams.reader(self.repository) as reader:
            run = _Run(self, unit, Past(self.repository, reader, with_layout=True))
            note, record = run.pages()
        tally = self.folder.tally
        files = {name: self.folder.told(name) for name in run.names}
        return Built(files=files, written=tally.written, unchanged=tally.unchanged, note=note, search=record, problems=run.problems)


class _Version(NamedTuple):
    """A version as it was read."""

    joined: Joined | None
    document: Object
    """Without secrets."""
    outline: Outline | None
    problem: str


_NODES = 4096
"""Nodes that are remembered from version to version."""


def _safe(text: str) -> str:
    return protected_text(text) if may_hold_secret(text) else text


class _Run:
    """One experiment or service."""

    def __init__(self, builder: Builder, unit: Unit, past: Past) -> None:
        self._builder = builder
        self._folder = builder.folder
        self._unit = unit
        self._past = past
        self._looked: Looked = Memo(_NODES)
        self._known: Known = Memo(_NODES)
        self._remotes = addresses.remotes(unit.entries)
        self._newest = max((entries[-1] for entries in unit.entries.values()), key=lambda entry: (entry.time, entry.commit), default=None)
        self._scripts: dict[str, Scripts] = {}
        """Remote → the scripts of its versions."""
        self._last: _Version | None = None
        """The newest version of all remotes, or what the branch holds."""
        self._title = self._titled()
        self.names: list[str] = []
        self.problems: list[str] = []

    def _titled(self) -> str:
        subject = self._newest.subject.rpartition(": ")[0] if self._newest is not None else self._unit.subject.title
        return _safe(subject)

    @property
    def _above(self) -> list[tuple[str, str]]:
        return [(self._builder.title, addresses.INDEX), (self._title or "untitled", addresses.overview(self._unit.name))]

    def pages(self) -> tuple[Note, str]:
        """Write all of them."""
        found = [self._chain(remote, entries) for remote, entries in sorted(self._unit.entries.items())]
        branch = self._branch() if self._unit.is_edited else None
        last = self._last
        outline = last.outline if last is not None else None
        content = Experiment(
            path=addresses.overview(self._unit.name),
            above=self._above[:1],
            kind=experiment_page.EXPERIMENT if self._unit.kind == chains.EXPERIMENT else experiment_page.SERVICE,
            title=self._title,
            family=self._unit.subject.family,
            folder=_safe(self._unit.folder.path) if self._unit.folder is not None else "",
            chains=found,
            branch=branch,
            held=self._held(found),
            outline=outline,
            size=size(last.document) if last is not None else "",
            picture=self._picture(last),
        )
        key = self._builder.key(self._unit)
        self._put(content.path, key, experiment_page.page(content))
        record = self._record(content, outline)
        dates = [line.date for chain in found for line, _ in chain.versions]
        note = Note(
            key=key,
            search=digest(record),
            title=content.title,
            versions=content.count,
            first=min(dates, default=""),
            last=max(dates, default=""),
            html=experiment_page.card(content, addresses.INDEX),
        )
        return note, record

    def _held(self, found: Sequence[Chain]) -> Line | None:
        if self._unit.held is None or self._unit.is_edited:
            return None
        remote, entry = self._unit.held
        return next((line for chain in found if chain.remote == remote for line, _ in chain.versions if line.commit == entry.commit), None)

    def _record(self, content: Experiment, outline: Outline | None) -> str:
        then = [line.title for chain in content.chains for line, _ in reversed(chain.versions)]
        titles = list(dict.fromkeys([content.title, *then]))
        newest = content.newest[0].path if content.newest is not None else content.path
        return search.record(content.path, content.kind, titles, experiment_page.people(content), newest, outline)

    def _picture(self, last: _Version | None) -> str:
        if last is None or last.joined is None:
            return ""
        return thumbnail(scene(pages.one_side(last.document, self._title, self._unit.assets)))

    def _put(self, name: str, key: str, text: str, told: Told | None = None) -> None:
        self.names.append(name)
        self._folder.put(name, key, text, told.line if told is not None else "", told.counts if told is not None else None)

    # --- a chain

    def _chain(self, remote: str, entries: Sequence[Entry]) -> Chain:
        place = f"{self._unit.name}/{self._remotes[remote]}"
        lines = [self._line(remote, entry) for entry in entries]
        known, scripts = Parts(), self._scripts.setdefault(remote, Scripts(place))
        versions: list[tuple[Line, Told]] = []
        before = _Version(None, {}, None, "")
        numbers: dict[str, int] = {}
        for index, (entry, line) in enumerate(zip(entries, lines, strict=True)):
            now = self._read(lambda entry=entry: self._past.version(entry.commit), line)  # type: ignore[misc]  # called at once
            mine = {node.id: known.number(node) for node in now.outline.nodes} if now.outline is not None else {}
            links = scripts.see(line, now.outline)
            around = lines[index - 1] if index else None, lines[index + 1] if index + 1 < len(lines) else None
            content = VersionPage(
                above=self._above,
                folder=place,
                line=line,
                base="",
                before=around[0],
                after=around[1],
                told=Told(line=now.problem, counts={}),
                entry=None,
                scripts=links,
            )
            versions.append((line, self._version(content, before, now, {**numbers, **mine}, entries[index - 1].commit if index else "")))
            if entry is self._newest:
                self._last = now
            before, numbers = now, mine
        self._files(place, known)
        return Chain(remote=remote, versions=versions, scripts=self._script_pages(scripts))

    def _script_pages(self, scripts: Scripts) -> list[Script]:
        found = scripts.finished()
        for script in found:
            self._put(script.path, "script", script_page.page(script, self._above))
        return found

    def _files(self, place: str, known: Parts) -> None:
        for number, text in known.files():
            self._put(addresses.parts(place, number), "nodes", text)

    def _line(self, remote: str, entry: Entry) -> Line:
        known = describe(remote, entry.commit, entry.number, "", streams.Commit(entry.time, entry.author, entry.message))
        body = entry.message.split("\n\n")[1:-1]
        return Line(
            path=addresses.version(self._unit.name, self._remotes[remote], entry.number),
            name=f"{known.kind} {entry.number}",
            remote=remote,
            number=entry.number,
            title=_safe(known.title),
            summary=_safe("\n".join(body)),
            date=known.date or "",
            who=_safe(known.who) if known.who != trailers.UNKNOWN else "",
            status=_safe(known.status),
            commit=entry.commit,
            snapshot=known.snapshot or "",
        )

    # --- a version

    def _read(self, read: Callable[[], Joined | None], line: Line) -> _Version:
        try:
            joined = read()
        except InvalidDocument as error:
            self.problems.append(f"{line.path}: {error}")
            return _Version(None, {}, None, f"can't be read: {_safe(str(error))}")
        if joined is None:
            return _Version(None, {}, None, "holds nothing that can be shown")
        document = shown(joined.document, self._looked) if joined.kind == chains.EXPERIMENT else definition(joined.document)
        return _Version(joined, document, pages.outline(document, line.title, self._unit.assets, self._known), "")

    def _version(self, content: VersionPage, before: _Version, now: _Version, numbers: Mapping[str, int], base: str) -> Told:
        """Write the page of a version, where it is not as it should be."""
        line = content.line
        around = [other.path for other in (content.before, content.after) if other is not None]
        around += [f"{script.page}#{script.fragment}" for script in content.scripts]
        key = digest(self._builder.form, *map("".join, self._above), self._unit.names_key, line.commit, base, line.name, *around)
        if self._folder.is_there(line.path, key):
            self._folder.keep(line.path)
            self.names.append(line.path)
            written = self._folder.told(line.path)
            return Told(line=written.told, counts=written.counts)
        if now.joined is not None:
            content = self._compared(content, before, now)
        drawn = scene(content.entry.sides) if content.entry is not None else None
        self._put(line.path, key, version_page.page(content, drawn, numbers), content.told)
        return content.told

    def _compared(self, content: VersionPage, before: _Version, now: _Version) -> VersionPage:
        assert now.joined is not None
        assert now.outline is not None
        title = self._title
        if before.joined is None or before.joined.kind != now.joined.kind:
            first = content.before is None and content.line.number <= 1
            told = Told(line=beginning(now.document) if first else f"{beginning(now.document)}; the version before it is not here", counts={})
            sides = pages.one_side(now.document, title, self._unit.assets)
            return replace(content, told=told, entry=Picture(title=title, name="", state="", summary=told.line, sides=sides, is_compared=False))
        entry = without_secrets(compared(before.joined, now.joined, None, None, self._unit.assets))
        old, new = entry.old or {}, entry.new or {}
        names = Names(old, new, self._unit.assets, entry.diff.recreated)
        told = Told(line=headline(entry.diff, names), counts={str(one): count for one, count in counts(entry.diff.changes).items()})
        is_any_gone = now.joined.kind != chains.EXPERIMENT or any(
            change.what is What.NODE and change.kind is Kind.REMOVED for change in entry.diff.changes
        )
        gone = pages.without_nodes(now.outline)
        if is_any_gone:
            gone = pages.outline(shown(pages.gone(before.document, now.document, entry.diff.recreated)), title, self._unit.assets)
        sides = Sides(old=before.document, new=now.document, outline=now.outline, gone=gone, diff=entry.diff, names=names)
        base = content.base or (content.before.name if content.before is not None else "")
        return replace(content, told=told, base=base, entry=Picture(title=title, name="", state="", summary=summary(entry.diff), sides=sides))

    # --- the branch

    def _branch(self) -> tuple[Line, Told]:
        """The page of what the branch holds, where that is no version."""
        unit = self._unit
        assert unit.folder is not None
        path = unit.folder.path
        line = Line(
            path=addresses.branch(unit.name),
            name=self._builder.branch,
            remote="",
            number=0,
            title=self._title,
            summary="",
            date="",
            who="",
            status="",
            commit="",
            snapshot="",
        )
        now = self._read(lambda: self._past.folder("HEAD", path), line)
        base, before = None, _Version(None, {}, None, "")
        if unit.held is not None:
            remote, entry = unit.held
            base = self._line(remote, entry)
            before = self._read(lambda: self._past.version(entry.commit), base)
        known = Parts()
        sides = [found.outline for found in (before, now) if found.outline is not None]
        numbers = {node.id: known.number(node) for outline in sides for node in outline.nodes}
        place = f"{unit.name}/branch"
        scripts = Scripts(place)
        links = scripts.see(line, now.outline, self._scripts.get(unit.held[0]) if unit.held is not None else None)
        self._script_pages(scripts)
        content = VersionPage(
            above=self._above,
            folder=place,
            line=line,
            base=base.name if base is not None else "",
            before=base,
            after=None,
            told=Told(line=now.problem, counts={}),
            entry=None,
            scripts=links,
        )
        told = self._version(content, before, now, numbers, f"{unit.folder.content} {base.commit if base is not None else ''}")
        self._files(place, known)
        if self._last is None:
            self._last = now
        return line, told
