"""Object ids are those git gives."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amlgit.store.objects import blob_id, tree_id, tree_of
from tests.support.commands import git, git_bytes

FORMATS = ("sha1", "sha256")

ODD_NAMES = (
    "a",
    "a.b",
    "a-b",
    "a0",
    "A",
    " ",
    "ä",
    "日本",
    "🎈",
    "-",
    "a\tb",
    "a\nb",
    'a"b',
    "a\\b",
    "a'b",
    "*",
    "x" * 255,
    "a.",
    "a ",
    "CON",
    "\udcff",
)
"""Among them those that sort differently as a file and as a folder: git compares a folder's name as if it ended in a slash."""


@pytest.fixture(params=FORMATS)
def object_format(request: pytest.FixtureRequest) -> str:
    found = request.param
    assert isinstance(found, str)
    return found


@pytest.fixture
def repository(tmp_path: Path, object_format: str) -> Path:
    git(tmp_path, "init", "--quiet", f"--object-format={object_format}")
    return tmp_path


@pytest.mark.parametrize("data", [b"", b"a", b"a\n", b"a\r\n\0\xff", b"blob 1\0", b"x" * 70_000])
def test_a_blob_has_the_id_git_gives_it(repository: Path, object_format: str, data: bytes) -> None:
    assert blob_id(data, object_format) == git(repository, "hash-object", "--stdin", "--literally", "-t", "blob", stdin=data)


@pytest.mark.parametrize("is_folder", [False, True])
def test_a_tree_of_odd_names_has_the_id_git_gives_it(repository: Path, object_format: str, is_folder: bool) -> None:
    entries = {f"{name}/inside" if is_folder else name: blob_id(name.encode(errors="replace"), object_format) for name in ODD_NAMES}
    assert tree_id(entries, object_format) == _written(repository, entries)


def test_a_folder_sorts_as_if_its_name_ended_in_a_slash(repository: Path, object_format: str) -> None:
    blob = blob_id(b"", object_format)
    entries = {"a/x": blob, "a.b": blob, "a-b": blob, "a0": blob, "ab/c/d/e": blob, "ab.c": blob, "ab/c.d": blob}
    assert tree_id(entries, object_format) == _written(repository, entries)


def test_an_empty_tree_has_the_id_git_gives_it(repository: Path, object_format: str) -> None:
    assert tree_of([], object_format) == tree_id({}, object_format) == git(repository, "mktree", stdin=b"")


def test_a_tree_of_mixed_modes_has_the_id_mktree_gives_it(repository: Path, object_format: str) -> None:
    blob, empty = blob_id(b"", object_format), tree_of([], object_format)
    entries = [("100755", "run", blob), ("120000", "link", blob), ("40000", "run.d", empty), ("40000", "ru", empty), ("160000", "module", blob)]
    listing = "".join(f"{mode} {_KINDS[mode]} {object_id}\t{name}\0" for mode, name, object_id in entries)
    assert tree_of(entries, object_format) == git(repository, "mktree", "--missing", "-z", stdin=listing.encode())


_KINDS = {"100755": "blob", "120000": "blob", "40000": "tree", "160000": "commit"}

_names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=4).filter(
    lambda name: name not in (".", "..") and name.casefold() != ".git"
)


@settings(max_examples=25)
@given(names=st.lists(st.tuples(_names, st.booleans()), max_size=8, unique_by=lambda pair: pair[0]))
def test_any_tree_has_the_id_git_gives_it(tmp_path_factory: pytest.TempPathFactory, names: list[tuple[str, bool]]) -> None:
    repository = tmp_path_factory.mktemp("repository")
    git(repository, "init", "--quiet")
    blob = blob_id(b"", "sha1")
    entries = [("40000" if is_folder else "100644", name, tree_of([], "sha1") if is_folder else blob) for name, is_folder in names]
    listing = "".join(f"{mode} {'tree' if mode == '40000' else 'blob'} {object_id}\t{name}\0" for mode, name, object_id in entries)
    assert tree_of(entries, "sha1") == git(repository, "mktree", "--missing", "-z", stdin=listing.encode())


def _written(repository: Path, entries: dict[str, str]) -> str:
    lines = b"".join(f"100644 {object_id}\t".encode() + os.fsencode(path) + b"\0" for path, object_id in entries.items())
    git_bytes(repository, "update-index", "-z", "--index-info", stdin=lines)
    return git(repository, "write-tree", "--missing-ok")
