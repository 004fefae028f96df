"""`anonymize` of an archive, and what it refuses; documents by themselves are tested in test_anonymised_documents."""

import fcntl
import json
import os
import stat
import zipfile
from pathlib import Path

import pytest

from amlgit import samples
from tests.support.anonymous import OWN, anonymize, contents, key_of, owned
from tests.support.commands import OK, PARTLY, USAGE, aml, clone, git, process
from tests.support.emulated import run as emulator
from tests.support.exports import T0, WORKSPACE, Document, experiment, save
from tests.support.repositories import chains, count, objects


def holds(folder: Path, text: str = OWN) -> list[str]:
    """The files of a folder that hold a text, or have it in their path."""
    return [name for name, data in contents(folder).items() if text.casefold().encode() in name.encode().lower() + data.lower()]


def test_an_archive_keeps_its_dates_and_its_story_and_nothing_of_its_owners(tmp_path: Path) -> None:
    said = anonymize(owned(tmp_path / "exports"), tmp_path / "new")
    assert "with 5 exports" in said.out
    assert OWN not in said.out + said.err
    assert holds(tmp_path / "new") == []
    assert holds(tmp_path / "new", WORKSPACE) == []
    one, two = (clone(tmp_path / name, tmp_path / f"{name} r") for name in ("exports", "new"))
    assert git(two, "log", "--format=%ad").splitlines()[:-1] == git(one, "log", "--format=%ad").splitlines()[:-1]
    told = [[(entry["status"], entry["counts"]) for entry in _log(repository)] for repository in (one, two)]
    assert told[0] == told[1]
    assert OWN.encode() not in objects(two)


def _log(repository: Path) -> list[Document]:
    found = aml(repository, "log", "--json", "--changes").expect(OK).json["result"]["versions"]
    assert isinstance(found, list)
    return found


def test_the_same_key_gives_the_same_archive_and_another_key_another(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    for name, key in (("one", b"k"), ("two", b"k"), ("three", b"x")):
        anonymize(source, tmp_path / name, "--key-file", key_of(tmp_path, key))
    anonymize(source, tmp_path / "random")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert not contents(tmp_path / "one").keys() & (contents(tmp_path / "three").keys() | contents(tmp_path / "random").keys())
    assert not contents(tmp_path / "three").keys() & contents(tmp_path / "random").keys()


def test_a_zip_gives_what_its_folder_gives(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    with zipfile.ZipFile(tmp_path / "exports.zip", "w") as packed:
        for name, data in contents(source).items():
            packed.writestr(name, data)
    anonymize(source, tmp_path / "one", "--key-file", key_of(tmp_path))
    anonymize(tmp_path / "exports.zip", tmp_path / "two", "--key-file", key_of(tmp_path))
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_files_keep_their_times(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    for number, path in enumerate(sorted(source.rglob("*.json"))):
        os.utime(path, (T0 + number, T0 + number))
    anonymize(source, tmp_path / "new")
    assert sorted(path.stat().st_mtime for path in (tmp_path / "new").rglob("*.json")) == [T0 + number for number in range(5)]


def test_what_is_broken_or_no_export_is_named_and_left_out(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    save(source, "broken.json", b"{")
    save(source, "no id.json", experiment(ExperimentId="nothing"))
    save(source, "other.json", "[]")
    save(source, "notes.txt", OWN)
    (source / "link.json").symlink_to(source / "other.json")
    (source / "away").symlink_to(tmp_path)
    report = anonymize(source, tmp_path / "new", "--json", code=PARTLY).json["result"]
    assert [problem["name"] for problem in report["left_out"]] == ["away", "broken.json", "link.json", "no id.json", "notes.txt", "other.json"]
    assert report["holds"] == {"exports": 5, "definitions": 0}
    assert len(contents(tmp_path / "new")) == 5
    for name in ("broken.json", "no id.json", "link.json", "away"):
        (source / name).unlink()
    assert "left out: notes.txt" in anonymize(source, tmp_path / "other").err


def test_a_mapping_leads_back_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    source, mapping = owned(tmp_path / "exports"), tmp_path / "mapping.json"
    anonymize(source, tmp_path / "new", "--mapping", mapping)
    assert stat.S_IMODE(mapping.stat().st_mode) == 0o600
    listed = {entry["replacement"]: entry["original"] for entry in json.loads(mapping.read_bytes())["replaced"]}
    titles = {json.loads(data)["Description"] for data in contents(tmp_path / "new").values()}
    assert {listed[title] for title in titles} == {f"{OWN} sales", f"{OWN} drafts"}
    anonymize(source, tmp_path / "again", "--mapping", mapping)  # ours, so it may be written anew
    git(tmp_path, "init", "-q", "repository")
    (tmp_path / "notes.json").write_text("{}")
    (tmp_path / "link.json").symlink_to(mapping)
    for place in ("other/mapping.json", "other", "repository/m.json", "repository/.git/m.json", "notes.json", "link.json", "gone/m.json"):
        anonymize(source, tmp_path / "other", "--mapping", tmp_path / place, code=USAGE)
        assert not (tmp_path / "other").exists()
    assert (tmp_path / "notes.json").read_text() == "{}"


def test_a_key_that_is_none_is_refused(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    (tmp_path / "short").write_bytes(b"k" * 31)
    for key in ("short", "gone", "."):
        said = anonymize(source, tmp_path / "new", "--key-file", tmp_path / key, code=USAGE)
        assert "urandom" in said.err
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten_and_no_copy_lies_in_its_source(tmp_path: Path) -> None:
    source = owned(tmp_path / "exports")
    before = contents(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty")
    for destination in ("full", "link", "exports", "exports/new", "exports/runs", "."):
        anonymize(source, tmp_path / destination, code=USAGE)
    for empty in ("gone", "empty", "full"):
        anonymize(tmp_path / empty, tmp_path / "new", code=USAGE)
    assert contents(tmp_path) == {**before, "full/file": b""}
    anonymize(source, tmp_path / "empty")
    assert len(contents(tmp_path / "empty")) == 5


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    source, key = owned(tmp_path / "exports"), key_of(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    dry = anonymize(source, tmp_path / "new", "-n", "--json", "--key-file", key, "--mapping", tmp_path / "m.json").json["result"]
    assert sorted(tmp_path.rglob("*")) == before
    assert anonymize(source, tmp_path / "new", "--json", "--key-file", key).json["result"] == dry


def test_what_a_killed_run_left_is_cleared_and_a_run_under_way_is_not(tmp_path: Path) -> None:
    source, left, locked = (tmp_path / name for name in ("exports", ".new.amlgit-new-0123abcd", ".new.amlgit-new-4567abcd"))
    owned(source)
    for aside in (left, locked):
        save(aside / "deep", "half.json", b"{")
    opened = os.open(locked, os.O_RDONLY)
    fcntl.flock(opened, fcntl.LOCK_EX)
    try:
        said = process(tmp_path, "anonymize", source, "new")
    finally:
        os.close(opened)
    assert said.code == OK, said.err
    assert len(contents(tmp_path / "new")) == 5
    assert sorted(path.name for path in tmp_path.glob(".*")) == [locked.name]
    assert len(contents(locked)) == 1


def test_the_emulator_can_be_filled_from_it(tmp_path: Path) -> None:
    anonymize(Path(str(samples.archive())), tmp_path / "new")
    report = json.loads(emulator("seed", "--data", tmp_path / "data", "--json", "--archive", tmp_path / "new").stdout)
    assert report["result"]


@pytest.mark.skipif("AMLGIT_CORPUS" not in os.environ, reason="AMLGIT_CORPUS is not set: no real files to test against")
def test_real_files_keep_their_chains_up_to_their_names(tmp_path: Path) -> None:
    source = Path(os.environ["AMLGIT_CORPUS"])
    anonymize(source, tmp_path / "new", code=PARTLY)
    one, two = clone(source, tmp_path / "one", code=PARTLY), clone(tmp_path / "new", tmp_path / "two")
    assert sorted(count(one, tip) for tip in chains(one).values()) == sorted(count(two, tip) for tip in chains(two).values())
    told = [[entry["counts"] for entry in _log(repository)] for repository in (one, two)]
    assert sorted(map(str, told[0])) == sorted(map(str, told[1]))
    everything = objects(two).lower()
    for own in (b"jolarso", b"juluczni", b"pbiadmin", b"bpst_news", b"topickeyphrase", b"333533ce0e6e44b38365410aec94d7f2", b"mcleantest", b"vox"):
        assert own not in everything
    assert aml(two, "check").code == OK
