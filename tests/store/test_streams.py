"""Objects and records read while git goes on."""

import os
from pathlib import Path

import pytest

from amlgit.errors import StorageFailed
from amlgit.store import streams
from amlgit.store.repository import Repository, discover
from tests.support.commands import git


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    git(tmp_path, "init", "--quiet")
    for number in range(3):
        (tmp_path / "a file").write_bytes(b"line\n" * number + b"\0 no end")
        git(tmp_path, "add", "--all")
        git(
            tmp_path,
            "commit",
            "--quiet",
            "--author",
            f"Zoë {number % 2} <z@x>",
            "--date",
            f"@{1_000_000_000 + number} +0200",
            "-m",
            f"subject {number}\n\nbody ü\n",
        )
    return discover(tmp_path, os.environ)


def test_objects_come_in_the_order_of_the_walk(repository: Repository) -> None:
    found = list(streams.objects(repository, "log", "--format=%H%n%T%n%H:a file"))
    commits = repository.text("rev-list", "HEAD").split()
    assert [each.kind for each in found] == ["commit", "tree", "blob"] * 3
    assert [each.id for each in found[::3]] == commits
    assert found[2].data == b"line\nline\n\0 no end"
    assert found[8].data == b"\0 no end"


def test_a_name_that_means_nothing_has_no_kind(repository: Repository) -> None:
    found = list(streams.objects(repository, "log", "--format=%H:no such file%n%T", "-1"))
    assert found[0].kind == ""
    assert found[0].data == b""
    assert found[1].kind == "tree"


def test_a_walk_that_fails_says_why(repository: Repository) -> None:
    with pytest.raises(StorageFailed, match=r"git log failed: .*nowhere"):
        list(streams.objects(repository, "log", "--format=%H", "nowhere"))
    with pytest.raises(StorageFailed, match=r"git log failed: .*nowhere"):
        list(streams.records(repository, "log", "-z", "nowhere"))


def test_a_walk_may_be_left_early(repository: Repository) -> None:
    found = streams.objects(repository, "log", "--format=%H")
    next(found)
    found.close()  # type: ignore[attr-defined]  # a generator, as callers need not know
    records = streams.records(repository, "log", "-z", "--format=%s")
    assert next(records) == "subject 2"
    records.close()  # type: ignore[attr-defined]  # the same


def test_a_walk_takes_its_revs_from_us(repository: Repository) -> None:
    commits = repository.text("rev-list", "HEAD").split()
    found = streams.objects(repository, "log", "--format=%H", "--no-walk=unsorted", "--stdin", stdin="\n".join(commits[1:]).encode())
    assert [each.id for each in found] == commits[1:]


def test_records_are_cut_at_nuls(repository: Repository) -> None:
    assert list(streams.records(repository, "log", "-z", "--format=%s%n")) == ["subject 2\n", "subject 1\n", "subject 0\n"]
    assert list(streams.records(repository, "log", "-z", "-1", "--author=nobody")) == []


def test_a_commit_is_taken_apart_and_its_author_kept_once(repository: Repository) -> None:
    known: dict[bytes, str] = {}
    said = [streams.read_commit(each.data, known) for each in streams.objects(repository, "log", "--format=%H")]
    assert [each.time for each in said] == [1_000_000_002, 1_000_000_001, 1_000_000_000]
    assert [each.message for each in said] == [f"subject {number}\n\nbody ü\n" for number in (2, 1, 0)]
    assert said[0].author == "Zoë 0 <z@x>"
    assert said[0].author is said[2].author
    assert len(known) == 2


def test_a_reader_answers_question_after_question(repository: Repository) -> None:
    with streams.reader(repository) as reader:
        assert reader.blobs(["HEAD:a file", "HEAD:nothing here", "HEAD~2:a file"]) == {
            "HEAD:a file": b"line\nline\n\0 no end",
            "HEAD~2:a file": b"\0 no end",
        }
        assert reader.blobs([]) == {}
        many = [f"HEAD:{number}" for number in range(1_000)]
        assert reader.blobs([*many, "HEAD~1:a file"]) == {"HEAD~1:a file": b"line\n\0 no end"}


def test_a_reader_that_dies_is_no_empty_answer(repository: Repository) -> None:
    with streams.reader(repository) as reader:
        reader._process.kill()
        reader._process.wait()
        with pytest.raises(StorageFailed, match="cat-file"):
            reader.blobs(["HEAD:a file"])
