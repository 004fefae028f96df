"""A repository without anything of its owners: the record and the history, in the same shape, in a new repository."""

import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from amlgit.config import FILE, Config, toml_fault
from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.ids import experiment_id
from amlgit.remotes import archive
from amlgit.remotes.archive import Problem
from amlgit.store import chains, incoming, rewriting, settings, setup, streams, trailers
from amlgit.store import repository as repositories
from amlgit.store.chains import Version
from amlgit.store.folders import KINDS
from amlgit.store.lock import exclusive
from amlgit.store.objects import TreeEntry, read_tree
from amlgit.store.repository import Repository
from amlgit.store.rewriting import Commit, Files, Rewriter, Tag
from amlgit.store.setup import FALLBACK
from amlgit.store.streams import Reader
from amlgit.workflows.anonymous.archive import write
from amlgit.workflows.anonymous.documents import AnonymizeReport, Documents, Progress
from amlgit.workflows.anonymous.folders import Families, Folders, Trees, service_family
from amlgit.workflows.anonymous.history import History
from amlgit.workflows.intake.looking import LEFT_ALONE
from amlgit.workflows.intake.recording import write_chains
from amlgit.workflows.versions.documents import of_content, wire

_OUR_OWN = ("refs/heads/", "refs/tags/", chains.PREFIX)
_NOTHING = Config(remotes={}, allow=frozenset(), replace=frozenset(), risks=(), values=())


def anonymize_repository(source: Path, folder: Path, documents: Documents, environment: Mapping[str, str], progress: Progress) -> AnonymizeReport:
    """Make an anonymous copy of a repository in `folder`: its record, branches and tags; what is not committed is no part of it."""
    old = repositories.discover(source, repositories.clean_environment(environment))
    new = _made(old, folder, environment)
    history = History(documents.anonymiser, documents.texts)
    work = _Work(old, new, documents, history)
    with exclusive(new):
        try:
            versions = work.record(progress)
            counts = work.branches(progress)
        finally:
            incoming.sweep(new)
            shutil.rmtree(work.spool, ignore_errors=True)
    if not versions and not counts["commits"]:
        raise UsageError(f"{source} holds no versions and no commits", hint="Name a folder of exports, or a repository of 'amlgit clone'.")
    if new.work_tree is not None:
        if new.head() is not None:
            new.run("read-tree", "-m", "-u", "HEAD")
        settings.configure(new)
    return AnonymizeReport(
        kind="repository",
        destination="",
        holds={"versions": versions, **counts},
        replaced=documents.pseudonyms.counts(),
        left_out=tuple(Problem(name=name, reason=reason) for name, reason in sorted(work.left_out.items())),
    )


def _made(old: Repository, folder: Path, environment: Mapping[str, str]) -> Repository:
    """A new repository with nothing of its maker in it: no template, no configuration, a neutral name in its reflogs."""
    neutral = {**environment, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        neutral |= {f"GIT_{role}_NAME": FALLBACK.name, f"GIT_{role}_EMAIL": FALLBACK.email}
    bare = ["--bare"] if old.work_tree is None else []
    repositories.initialise(neutral, "--template=", f"--object-format={old.object_format}", "--initial-branch=main", *bare, str(folder))
    return repositories.discover(folder, repositories.clean_environment(neutral))


class _Work:
    """One copy under way."""

    def __init__(self, old: Repository, new: Repository, documents: Documents, history: History) -> None:
        self._old = old
        self._new = new
        self._documents = documents
        self._history = history
        self._families = Families()
        self._configurations: dict[str, bytes | None] = {}
        self.spool = new.private_dir / "spool"
        self.left_out: dict[str, str] = {}

    def record(self, progress: Progress) -> int:
        """Write the chains; gives how many versions they have.

        The versions are written as exports and taken in like those of an archive, so that the chains are those of a clone of an anonymous archive.
        """
        found: dict[str, list[str]] = {}
        for ref in chains.tips(self._old):
            found.setdefault(ref.split("/")[-2], []).append(ref)
        tips = chains.tips(self._old)
        written = 0
        for remote, refs in sorted(found.items()):
            folder = self.spool / remote
            for ref in refs:
                versions = chains.versions(self._old, tips[ref])
                with streams.reader(self._old) as reader:  # one for all would come to hold the whole pack in memory
                    trees = Trees(reader, self._old.object_format)
                    for number, version in enumerate(versions):
                        progress(f"anonymizing {len(refs)} experiments", number, len(versions))
                        self._export(folder, ref.rpartition("/")[2], version, trees)
                written += len(versions)
            with archive.listing(folder) as listing:
                report = write_chains(self._new, _NOTHING, f"{chains.PREFIX}{self._history.remote(remote)}/", listing, progress)
            for problem in report.problems:
                self.left_out[f"a version of {remote}"] = problem.reason
            for held in report.held:
                self.left_out[f"{len(held.suspicions)} texts of a version of {remote}"] = "may hold a secret"
        self._left_refs()
        return written

    def _export(self, folder: Path, family: str, version: Version, trees: Trees) -> None:
        try:
            content = trees.files(trees.entries(version.content))
            run = trees.files([TreeEntry("100644", chains.RUN_FILE, version.run)])[chains.RUN_FILE] if version.run else None
            joined = of_content(f"{family}@{version.number}", version.kind, content, run)
            document = self._documents.joined(joined.kind, joined.document, family)
        except InvalidDocument as error:
            self.left_out[f"version {version.number} of {family}"] = str(error)
            return
        date = datetime.fromtimestamp(version.time, UTC).strftime("%Y-%m-%dT%H.%M.%SZ")
        name = "export"
        if joined.kind == chains.WEB_SERVICE:
            name = self._documents.anonymiser.service(trailers.value(version.message, trailers.SERVICE) or version.title)
            self._families.add(family, service_family(name), version.title)
        else:
            parts = experiment_id(str(document.get("ExperimentId")))
            self._families.add(family, parts.family if parts is not None else "", version.title)
            title = joined.document.get("Description")
            self._families.titles[family].add(title if isinstance(title, str) else "")
        write(folder, f"{family}/{date}/{version.number}/{name}.json", wire(document), version.time)

    def _left_refs(self) -> None:
        others: dict[str, int] = {}
        for ref in self._old.refs():
            if not ref.startswith((*_OUR_OWN, chains.SHARED_PREFIX)):
                start = "/".join(ref.split("/")[:2])
                others[start] = others.get(start, 0) + 1
        for start, count in others.items():
            self.left_out[f"{start}/*"] = f"{LEFT_ALONE}{count} {'ref that is' if count == 1 else 'refs that are'} no branch, tag or record"

    def branches(self, progress: Progress) -> dict[str, int]:
        """Write branches and tags with the commits behind them; gives how many of each."""
        heads = self._old.refs("refs/heads/")
        tags, others = rewriting.tags(self._old)
        for name in others:
            self.left_out[f"tag {name}"] = f"{LEFT_ALONE}it is on no commit"
        detached = None if self._old.attempt("symbolic-ref", "--quiet", "HEAD").returncode == 0 else self._old.head()
        tips = [*heads.values(), *(tag.commit for tag in tags), *([detached] if detached else [])]
        total = int(self._old.run("rev-list", "--count", "--stdin", stdin="\n".join(tips).encode() + b"\n")) if tips else 0
        with streams.reader(self._old) as reader, incoming.receive(self._new) as stream:
            rewriter = Rewriter(self._new, stream)
            folders = Folders(self._old, reader, rewriter, self._documents, self._history, self._families)
            for number, commit in enumerate(rewriting.commits(self._old, tips)):
                progress("anonymizing commits", number, total)
                self._commit(commit, rewriter, folders, reader)
            for ref, tip in heads.items():
                rewriter.branch(f"refs/heads/{self._history.branch(ref.removeprefix('refs/heads/'))}", tip)
            for tag in tags:
                self._tag(tag, rewriter)
            if detached:
                rewriter.branch(_DETACHED, detached)
            written = stream.finish()
        self._refs(written)
        return {"commits": total, "branches": len(heads), "tags": len(tags)}

    def _refs(self, written: Mapping[str, str]) -> None:
        wanted = [(ref, tip, None) for ref, tip in sorted(written.items()) if ref.startswith(("refs/heads/", "refs/tags/"))]
        if wanted:
            self._new.update_refs(wanted)
        if _DETACHED in written:
            self._new.run("update-ref", "--no-deref", "HEAD", written[_DETACHED])
        else:
            branch = self._old.text("symbolic-ref", "--quiet", "HEAD").removeprefix("refs/heads/")
            self._new.run("symbolic-ref", "HEAD", f"refs/heads/{self._history.branch(branch)}")

    def _tag(self, tag: Tag, rewriter: Rewriter) -> None:
        name = self._history.tag(tag.name)
        if tag.message is None:
            rewriter.branch(f"refs/tags/{name}", tag.commit)
        else:
            rewriter.tag(name, tag.commit, self._history.message(tag.message), self._history.signed(tag.tagger) if tag.tagger else None)

    def _commit(self, commit: Commit, rewriter: Rewriter, folders: Folders, reader: Reader) -> None:
        state = dict(self._state(commit.tree, rewriter, folders, reader))
        message = self._history.message(commit.message)
        rewriter.commit(commit, state, self._history.signed(commit.author), self._history.signed(commit.committer), message)

    def _state(self, tree: str, rewriter: Rewriter, folders: Folders, reader: Reader) -> Iterator[tuple[str, Files]]:
        top: dict[str, str] = {}
        for entry in read_tree(reader.blobs([tree])[tree], self._old.object_format):
            if entry.name in KINDS and entry.mode == "40000":
                for inner in read_tree(reader.blobs([entry.id])[entry.id], self._old.object_format):
                    place = f"{entry.name}/{inner.name}"
                    if inner.mode != "40000":
                        self.left_out[place] = f"{LEFT_ALONE}a file of one's own"
                        continue
                    made = folders.state(KINDS[entry.name], inner.name, inner.id)
                    for path, reason in made.left_out.items():
                        self.left_out[f"{place}/{path}".rstrip("/")] = reason
                    yield made.path, made.files
            elif entry.name == setup.ATTRIBUTES_FILE and entry.mode.startswith("100"):
                top[entry.name] = rewriter.blob(setup.attributes(b""))
            elif entry.name == FILE and entry.mode.startswith("100") and (written := self._configuration(entry.id, reader)) is not None:
                top[entry.name] = rewriter.blob(written)
            else:
                self.left_out[entry.name] = f"{LEFT_ALONE}no experiment and no web service"
        yield "", top

    def _configuration(self, blob: str, reader: Reader) -> bytes | None:
        if blob not in self._configurations:
            try:
                parsed = tomllib.loads(reader.blobs([blob])[blob].decode())
                self._configurations[blob] = self._history.configuration(parsed, self._families.new)
                for table in sorted(parsed.keys() - {"form", "remotes"}):
                    self.left_out[f"{FILE}: [{table}]"] = f"{LEFT_ALONE}it is about the originals"
            except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
                self.left_out[FILE] = toml_fault(error).lstrip(": ")
                self._configurations[blob] = None
        return self._configurations[blob]


_DETACHED = "refs/amlgit-rewriting/head"
