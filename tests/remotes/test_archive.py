"""What an archive holds: folders, zip files, single files; dates in paths; and what is left alone, by name."""

import os
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from amlgit.errors import InvalidDocument, UsageError
from amlgit.model.jsontext import MAX_BYTES
from amlgit.remotes.archive import Document, Listing, around_dates, dateless, dates, listing
from tests.support.exports import save


def _names(found: Listing) -> list[str]:
    return [document.name for document in found.documents]


def _reasons(found: Listing) -> dict[str, str]:
    return {problem.name: problem.reason for problem in found.problems}


def _zip(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, data in entries.items():
            opened.writestr(name, data)
    return path


def test_a_folder_is_read_in_order_of_names_and_only_its_json(tmp_path: Path) -> None:
    for name in ("b.json", "a/z.JSON", "a/y.json", "readme.md", "#c.json#", "d.json.bak", ".git/config.json", "__MACOSX/a.json"):
        save(tmp_path, name, name)
    with listing(tmp_path) as found:
        assert sorted(_names(found)) == ["#c.json#", "a/y.json", "a/z.JSON", "b.json", "d.json.bak"]
        assert {document.name: document.read() for document in found.documents}["a/y.json"] == b"a/y.json"
        assert not found.problems


def test_a_zip_lists_what_the_folder_would(tmp_path: Path) -> None:
    entries = {"2017-01-04/Ünïcode 漢字.json": b"{}", "b.json": b"[1]", "x.txt": b"-", "__MACOSX/b.json": b"-"}
    for name, data in entries.items():
        save(tmp_path / "folder", name, data)
    with listing(tmp_path / "folder") as folder, listing(_zip(tmp_path / "z.zip", entries)) as zipped:
        assert _names(folder) == _names(zipped)
        assert [document.date for document in folder.documents] == [document.date for document in zipped.documents]
        assert [document.read() for document in folder.documents] == [document.read() for document in zipped.documents]


def test_a_single_file_is_an_archive_dated_by_its_folder(tmp_path: Path) -> None:
    path = save(tmp_path, "2016-02-29/t.json", "{}")
    with listing(path) as found:
        (document,) = found.documents
        assert document.date == int(datetime(2016, 2, 29, tzinfo=UTC).timestamp())
        assert document.read() == b"{}"


def test_what_is_not_there_is_no_archive(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no archive"), listing(tmp_path / "nowhere"):
        pass


@pytest.mark.parametrize(
    ("path", "date", "is_day"),
    [
        ("2017-01-04/Topics.json", "2017-01-04T00:00:00", True),
        ("Topics 2017-01-04.json", "2017-01-04T00:00:00", True),
        ("2016-01-01/2017-01-04/T.json", "2017-01-04T00:00:00", True),
        ("T.2017-01-04T10.20.30.json", "2017-01-04T10:20:30", False),
        ("T 2017-01-04_1020.json", "2017-01-04T10:20:00", False),
        ("T 2017-01-04T10:20:30Z.json", "2017-01-04T10:20:30", False),
    ],
)
def test_the_last_iso_date_in_a_path_counts(tmp_path: Path, path: str, date: str, is_day: bool) -> None:
    save(tmp_path, path, "{}")
    with listing(tmp_path) as found:
        (document,) = found.documents
    assert document.date == int(datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp())
    assert document.date_is_day is is_day


@pytest.mark.parametrize(
    "path", ["T.json", "2017-13-01.json", "2017-02-30.json", "0001-01-01.json", "12017-01-01.json", "2017-01-011.json", "1.2-34.json"]
)
def test_what_is_no_date_gives_none(tmp_path: Path, path: str) -> None:
    save(tmp_path, path, "{}")
    with listing(tmp_path) as found:
        assert [document.date for document in found.documents] == [None]


@pytest.mark.parametrize("stem", ["Topics 2017-01-04", "2017-01-04 Topics", "Topics.2017-01-04", "Topics (2017-01-04)", "Topics"])
def test_a_name_without_its_date_is_the_same_for_all_versions(stem: str) -> None:
    assert dateless(stem) == "Topics"


def test_a_link_is_named_and_not_followed(tmp_path: Path) -> None:
    save(tmp_path, "secret.json", "{}")
    save(tmp_path, "elsewhere/x.json", "{}")
    archive = tmp_path / "archive"
    save(archive, "a.json", "{}")
    (archive / "b.json").symlink_to(tmp_path / "secret.json")
    (archive / "folder").symlink_to(tmp_path / "elsewhere")
    (archive / "loop").symlink_to(archive)
    (archive / "dangling.json").symlink_to(tmp_path / "nowhere")
    with listing(archive) as found:
        assert _names(found) == ["a.json"]
        assert set(_reasons(found)) == {"b.json", "folder", "loop", "dangling.json"}


def test_the_archive_itself_may_be_reached_by_a_link(tmp_path: Path) -> None:
    save(tmp_path / "archive", "a.json", "{}")
    (tmp_path / "link").symlink_to(tmp_path / "archive")
    with listing(tmp_path / "link") as found:
        assert _names(found) == ["a.json"]


def test_a_pipe_does_not_stop_anybody(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with listing(tmp_path) as found:
        assert not found.documents


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / "huge.json").open("wb") as opened:
        opened.truncate(MAX_BYTES + 1)
    with listing(tmp_path) as found, pytest.raises(InvalidDocument, match="larger than 64 MiB"):
        found.documents[0].read()


def test_a_zip_inside_the_folder_is_named(tmp_path: Path) -> None:
    _zip(tmp_path / "more.zip", {"a.json": b"{}"})
    with listing(tmp_path) as found:
        assert not found.documents
        assert "zip" in _reasons(found)["more.zip"]


@pytest.mark.parametrize("name", ["../x.json", "a/../../x.json", "/etc/x.json", "..\\x.json", "a\\..\\x.json"])
def test_a_path_that_leaves_the_zip_is_named_and_not_taken(tmp_path: Path, name: str) -> None:
    with listing(_zip(tmp_path / "z.zip", {name: b"{}", "good.json": b"{}"})) as found:
        assert _names(found) == ["good.json"]
        assert list(_reasons(found).values()) == ["its path leaves the archive"]


def test_a_bomb_is_named_and_not_unpacked(tmp_path: Path) -> None:
    with listing(_zip(tmp_path / "z.zip", {"bomb.json": b" " * (8 << 20), "good.json": b"{}"})) as found:
        assert _names(found) == ["good.json"]
        assert "packed more than" in _reasons(found)["bomb.json"]


def test_an_entry_that_is_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "z.zip", {"liar.json": b'"' + b"a" * 5000 + b'"'})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(signature) + offset
        data[start : start + 4] = (10).to_bytes(4, "little")
    path.write_bytes(data)
    with listing(path) as found, pytest.raises(InvalidDocument, match="can't be unpacked"):
        found.documents[0].read()


def test_a_damaged_entry_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    path = _zip(tmp_path / "z.zip", {"a.json": os.urandom(3000), "b.json": b'"fine"'})
    data = bytearray(path.read_bytes())
    data[1000] ^= 0xFF
    path.write_bytes(data)
    with listing(path) as found:
        with pytest.raises(InvalidDocument, match="can't be unpacked: the zip file is damaged there"):
            found.documents[0].read()
        assert found.documents[1].read() == b'"fine"'


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = _zip(tmp_path / "z.zip", {"a.json": b'"locked"'})
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    with listing(path) as found, pytest.raises(InvalidDocument, match="can't be unpacked: it is encrypted"):
        found.documents[0].read()


def test_a_zip_with_a_damaged_directory_is_a_clear_error(tmp_path: Path) -> None:
    path = _zip(tmp_path / "z.zip", {"a.json": b"{}"})
    data = path.read_bytes().replace(b"PK\x01\x02", b"PK\x07\x07")
    path.write_bytes(data)
    with pytest.raises((UsageError, InvalidDocument), match="zip"), listing(path) as found:
        assert found.documents


def test_a_zip_that_was_cut_off_is_called_a_damaged_zip(tmp_path: Path) -> None:
    path = _zip(tmp_path / "exports.zip", {"a.json": b"{}"})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InvalidDocument, match=r"exports\.zip is a damaged zip file"), listing(path):
        pass


def test_a_link_in_a_zip_is_named_and_not_taken(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.json")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as opened:
        opened.writestr(link, "../elsewhere.json")
        opened.writestr("good.json", "{}")
    with listing(tmp_path / "z.zip") as found:
        assert _names(found) == ["good.json"]
        assert _reasons(found) == {"link.json": "a symbolic link, which is not followed"}


def test_control_characters_in_a_name_are_not_shown_as_they_are(tmp_path: Path) -> None:
    save(tmp_path, "a\x1b[31m\nb.json", "{}")
    with listing(tmp_path) as found:
        (name,) = _names(found)
    assert name.isprintable()


@pytest.mark.parametrize(
    "name", ["Topics2017-01-04", "2017-01-04 Topics", "Topics (2017-01-04)", "a 2017-01-04_12-30 b", "2017-01-042", "no date", "2017-01-04"]
)
def test_a_name_can_be_changed_around_its_dates(name: str) -> None:
    changed = around_dates(name, lambda text: "other 7")
    assert dates(changed) == dates(name)
    found, before = (Document(name=f"{one}.json", size=0, modified=0, read=bytes) for one in (changed, name))
    assert (found.date, found.date_is_day) == (before.date, before.date_is_day)
    assert not any(word in changed for word in ("Topics", "no date", "a ", " b"))
