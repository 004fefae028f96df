"""A chain's commits depend on its versions alone: in whatever order they came, by whichever way."""

import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from amlgit.store import chains, trailers
from amlgit.store.chains import Version
from amlgit.store.incoming import receive, sweep
from amlgit.store.objects import blob_id
from amlgit.store.recorder import Draft, Hasher, Recorder
from amlgit.store.repository import Repository, discover
from amlgit.store.trailers import Story
from tests.support.commands import aml, git
from tests.support.exports import DAY, T0, Document, save
from tests.support.exports import experiment as export
from tests.support.repositories import chains as chains_of
from tests.support.repositories import fsck, leftovers

REF = "refs/amlgit/archive/x"


def _repository(folder: Path, *options: str) -> Repository:
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", *options)
    (folder / ".git" / "amlgit").mkdir()
    return discover(folder, os.environ)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return _repository(tmp_path / "repository")


def _draft(repository: Repository, number: int, files: dict[str, bytes], *, title: str = "Trial", time: int | None = None) -> Draft:
    hasher = Hasher(repository.object_format)
    run = b'{\n  "Run": %d\n}\n' % number
    ids = hasher.blobs(files)
    run_id = blob_id(run, repository.object_format)
    snapshot = f"{'a' * 32}.s-id.{'b' * 32}.{number}"
    story = Story(
        title=title,
        summary="one\n\ntwo",
        creator="jane <doe>",
        workspace="a" * 32,
        time=T0 + number if time is None else time,
        what="run",
        status="Finished",
        trailers={trailers.EXPERIMENT: "x", trailers.SNAPSHOT: snapshot, trailers.FORM: "1"},
    )
    data = {**{ids[path]: content for path, content in files.items()}, run_id: run}
    return Draft(kind=chains.EXPERIMENT, files=ids, content=hasher.content(ids), run=run_id, data=data, story=story, snapshot=snapshot)


def _versions(repository: Repository, title: str = "Trial") -> list[Draft]:
    """Versions that change, add, remove, bring back and keep files."""
    contents: list[dict[str, bytes]] = [
        {"experiment.json": b"{}\n", "nodes/a.json": b"a1\n", "nodes/b.json": b"b1\n"},
        {"experiment.json": b"{}\n", "nodes/a.json": b"a2\n", "nodes/b.json": b"b1\n", "nodes/b.py": b""},
        {"experiment.json": b"{ }\n", "nodes/b.json": b"b1\n"},
        {"experiment.json": b"{ }\n", "nodes/a.json": b"a1\n", "nodes/b.json": b"b1\n", "layout.json": b"\r\n"},
        {"experiment.json": b"{ }\n", "nodes/a.json": b"a1\n", "nodes/b.json": b"b1\n", "layout.json": b"\r\n"},
    ]
    return [_draft(repository, number, files, title=title) for number, files in enumerate(contents, 1)]


def _record(repository: Repository, items: Sequence[Draft | Version], ref: str = REF) -> str | None:
    """One chain all the way: written, the ref moved, swept; gives its tip."""
    own = repository.refs(ref).get(ref)
    with receive(repository) as stream:
        recorder = Recorder(repository, stream)
        recorder.begin(ref)
        for item in items:
            recorder.add(item) if isinstance(item, Draft) else recorder.keep(item)
        recorder.flush()
        written = stream.finish().get(ref)
    if written is not None and written != own:
        repository.update_refs([(ref, written, own)])
    sweep(repository)
    return repository.refs(ref).get(ref)


def _known(repository: Repository, ref: str = REF) -> list[Version]:
    return chains.versions(repository, ref)


def _from_scratch(repository: Repository, items: Sequence[Draft]) -> str | None:
    return _record(repository, items, "refs/amlgit/scratch/x")


def test_versions_are_written_as_git_would(repository: Repository) -> None:
    drafts = _versions(repository)
    tip = _record(repository, drafts)
    listed = chains.versions(repository, str(tip))
    assert [version.content for version in listed] == [draft.content for draft in drafts]
    assert [version.run for version in listed] == [draft.run for draft in drafts]
    assert [version.number for version in listed] == [1, 2, 3, 4, 5]
    assert [version.time for version in listed] == [draft.time for draft in drafts]
    assert [version.snapshot for version in listed] == [draft.snapshot for draft in drafts]
    assert listed[0].parent == ""
    assert listed[0].title == "Trial"
    assert repository.blobs([f"{listed[2].commit}:experiment/nodes/a.json", f"{tip}:experiment/layout.json"]) == {
        f"{tip}:experiment/layout.json": b"\r\n"
    }
    fsck(repository.cwd)


@pytest.mark.parametrize("cut", range(6))
def test_new_versions_are_appended(repository: Repository, cut: int) -> None:
    drafts = _versions(repository)
    wanted = _from_scratch(repository, drafts)
    _record(repository, drafts[:cut]) if cut else None
    before = [version.commit for version in _known(repository)] if cut else []
    assert _record(repository, [*(_known(repository) if cut else []), *drafts[cut:]]) == wanted
    assert [version.commit for version in _known(repository)][:cut] == before
    fsck(repository.cwd)


@pytest.mark.parametrize("late", [set(late) for size in (1, 2, 4) for late in itertools.combinations(range(5), size)])
def test_versions_that_turn_up_late_give_the_chain_that_was_due(repository: Repository, late: set[int]) -> None:
    drafts = _versions(repository)
    wanted = _from_scratch(repository, drafts)
    _record(repository, [draft for index, draft in enumerate(drafts) if index not in late])
    known = {version.snapshot: version for version in _known(repository)}
    tip = _record(repository, [known.get(draft.snapshot) or draft for draft in drafts])
    assert tip == wanted
    fsck(repository.cwd)


@pytest.mark.parametrize(
    "title", ["plain", "Trial: run 7", "a: draft 1: definition 2: run 3", "ends in: run 1 Finished", ": run 1", "x: run 1: ", "ä 🎈: run 1"]
)
def test_a_relaid_version_gets_its_new_number_whatever_its_title(repository: Repository, title: str) -> None:
    drafts = _versions(repository, title)
    wanted = _from_scratch(repository, drafts)
    _record(repository, drafts[1:])
    assert _record(repository, [drafts[0], *_known(repository)]) == wanted
    assert [entry.subject for entry in chains.entries(repository, str(wanted))][1] == f"{title.strip()}: run 2 Finished"


def test_a_chain_longer_than_a_window_is_the_same(repository: Repository) -> None:
    drafts = [_draft(repository, number, {"experiment.json": b"%d\n" % number, "nodes/a.json": b"%d\n" % (number // 10)}) for number in range(1, 200)]
    wanted = _from_scratch(repository, drafts)
    _record(repository, drafts[1::2])
    known = {version.snapshot: version for version in _known(repository)}
    assert _record(repository, [known.get(draft.snapshot) or draft for draft in drafts]) == wanted
    fsck(repository.cwd)


def test_known_versions_alone_write_nothing(repository: Repository) -> None:
    tip = _record(repository, _versions(repository))
    packs = list((repository.common_dir / "objects" / "pack").iterdir())
    assert _record(repository, _known(repository)) == tip
    assert list((repository.common_dir / "objects" / "pack").iterdir()) == packs


def test_versions_of_a_foreign_chain_are_laid_on_ours(repository: Repository) -> None:
    """What others shared has other parents: kept where it goes on from ours, written anew where it does not."""
    drafts = _versions(repository)
    wanted = _from_scratch(repository, drafts)
    _record(repository, drafts[::2])
    _record(repository, drafts[1::2], "refs/amlgit-shared/origin/archive/x")
    by_snapshot = {version.snapshot: version for ref in (REF, "refs/amlgit-shared/origin/archive/x") for version in _known(repository, ref)}
    assert _record(repository, [by_snapshot[draft.snapshot] for draft in drafts]) == wanted
    fsck(repository.cwd)


def test_a_foreign_root_is_not_taken_for_a_first_version(repository: Repository) -> None:
    drafts = _versions(repository)
    _record(repository, drafts[3:], "refs/amlgit-shared/origin/archive/x")
    foreign = _known(repository, "refs/amlgit-shared/origin/archive/x")
    assert _record(repository, [*drafts[:3], *foreign]) == _from_scratch(repository, drafts)


def test_two_chains_in_one_stream_do_not_mix(repository: Repository) -> None:
    drafts, others = _versions(repository), _versions(repository, "Other")
    wanted = [_from_scratch(repository, drafts), _record(repository, others, "refs/amlgit/scratch/y")]
    _record(repository, drafts[1:], "refs/amlgit/a/x")
    known = _known(repository, "refs/amlgit/a/x")
    with receive(repository) as stream:
        recorder = Recorder(repository, stream)
        recorder.begin("refs/amlgit/b/x")
        recorder.add(drafts[0])
        for version in known:
            recorder.keep(version)
        assert recorder.has_written
        recorder.begin("refs/amlgit/b/y")
        assert not recorder.has_written
        for draft in others:
            recorder.add(draft)
        recorder.flush()
        written = stream.finish()
    assert [written["refs/amlgit/b/x"], written["refs/amlgit/b/y"]] == wanted


def test_sha256_chains_are_relaid_too(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "new", "--object-format=sha256")
    drafts = _versions(repository)
    wanted = _from_scratch(repository, drafts)
    _record(repository, drafts[1:])
    assert _record(repository, [drafts[0], *_known(repository)]) == wanted
    fsck(repository.cwd)


# --- law 3, end to end: runs in any order and any portions


def _runs() -> list[tuple[str, Document]]:
    return [(f"run-{number}.json", export("Trial", created=T0 + number * DAY, fraction=f"0.{number % 3}", run=number)) for number in range(1, 6)]


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 0, 4, 1, 3), (1, 3, 0, 2, 4)])
def test_runs_pulled_one_by_one_in_any_order_give_the_same_chain(tmp_path: Path, order: tuple[int, ...]) -> None:
    files = _runs()
    whole, piecemeal = tmp_path / "whole", tmp_path / "piecemeal"
    for name, document in files:
        save(whole, name, document)
    aml(tmp_path, "clone", "--archive", whole, tmp_path / "wanted").expect(0)
    save(piecemeal, *files[order[0]])
    aml(tmp_path, "clone", "--archive", piecemeal, tmp_path / "made").expect(0)
    for index in order[1:]:
        for path in piecemeal.iterdir():
            path.unlink()
        save(piecemeal, *files[index])
        aml(tmp_path / "made", "fetch").expect(0)
    assert chains_of(tmp_path / "made") == chains_of(tmp_path / "wanted")
    assert leftovers(tmp_path / "made") == []
    fsck(tmp_path / "made")
