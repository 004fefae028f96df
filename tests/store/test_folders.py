"""The folders of a commit: their bindings and content ids, now and in history."""

import os
from pathlib import Path

import pytest

from amlgit.errors import InvalidDocument
from amlgit.store import chains
from amlgit.store.folders import Folder, content_id, folders, is_content, past, removed
from amlgit.store.objects import read_tree
from amlgit.store.repository import Repository, discover
from tests.support.commands import aml, git, git_bytes
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import commit_all


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with two experiments, the first of three versions."""
    for number in range(1, 4):
        save(tmp_path / "archive", f"{number}.json", experiment("Trial", created=T0 + number * DAY, fraction=f"0.{number}", run=number))
    save(tmp_path / "archive", "other.json", experiment("Other", family=OTHER_FAMILY, run=1))
    aml(tmp_path, "clone", "--archive", tmp_path / "archive", tmp_path / "repository").expect(0)
    return tmp_path / "repository"


@pytest.fixture
def repository(root: Path) -> Repository:
    return discover(root, os.environ)


def _paths(repository: Repository) -> list[str]:
    return [folder.path for folder in folders(repository, "HEAD")]


def _trial(repository: Repository) -> Folder:
    (found,) = (folder for folder in folders(repository, "HEAD") if FAMILY in folder.bindings["archive"].experiment)
    return found


def test_folders_are_listed_with_their_bindings_and_content(repository: Repository) -> None:
    assert _paths(repository) == ["experiments/Other-ffffff", "experiments/Trial-aaaaaa"]
    newest = chains.versions(repository, repository.refs()[chains.ref("archive", FAMILY)])[-1]
    folder = _trial(repository)
    assert (folder.kind, folder.content) == (chains.EXPERIMENT, newest.content)
    assert (folder.bindings["archive"].run, folder.bindings["archive"].content) == (newest.snapshot, newest.content)


def test_an_unborn_branch_and_an_empty_commit_have_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    repository = discover(tmp_path, os.environ)
    assert folders(repository, repository.head()) == []
    git(tmp_path, "commit", "--quiet", "--allow-empty", "-m", "empty")
    assert folders(repository, repository.head()) == []
    assert removed(repository, str(repository.head())) == []


@pytest.mark.parametrize(
    "name", ["mine/Trial", "Trial [x]*?", ":(glob)x", "-dash", "ä 日本 🎈", 'q"uote', "back\\slash", "tab\there", "#", "new\nline"]
)
def test_a_renamed_folder_keeps_its_identity_content_and_history(root: Path, repository: Repository, name: str) -> None:
    name = name.replace("/", " ")
    before = _trial(repository)
    git(root, "mv", before.path, f"experiments/{name}")
    commit_all(root, "rename")
    after = _trial(repository)
    assert after.path == f"experiments/{name}"
    assert (after.bindings, after.content) == (before.bindings, before.content)
    assert after.content in _past_contents(repository, after)


def test_a_folder_whose_name_is_not_utf_8_is_found(root: Path, repository: Repository) -> None:
    os.rename(os.fsencode(root / "experiments" / "Trial-aaaaaa"), os.fsencode(root / "experiments") + b"/Tri\xe4l")
    commit_all(root, "rename")
    folder = _trial(repository)
    assert os.fsencode(folder.path) == b"experiments/Tri\xe4l"
    assert folder.content in _past_contents(repository, folder)


def test_a_pull_into_a_folder_whose_name_is_not_utf_8_works(root: Path, repository: Repository, tmp_path: Path) -> None:
    os.rename(os.fsencode(root / "experiments" / "Trial-aaaaaa"), os.fsencode(root / "experiments") + b"/Tri\xe4l")
    commit_all(root, "rename")
    save(tmp_path / "archive", "4.json", experiment("Trial", created=T0 + 5 * DAY, fraction="0.9", run=4))
    aml(root, "pull").expect(0)
    assert os.fsencode(_trial(repository).path) == b"experiments/Tri\xe4l"


def test_a_pull_into_a_folder_with_a_pattern_for_a_name_works(root: Path, tmp_path: Path) -> None:
    """Its name is no pattern to git either: an edit in a folder that it would match is not in the way."""
    git(root, "mv", "experiments/Trial-aaaaaa", "experiments/T*")
    git(root, "mv", "experiments/Other-ffffff", "experiments/Tx")
    commit_all(root, "rename")
    (root / "experiments" / "Tx" / "experiment.json").write_text("edited")
    save(tmp_path / "archive", "4.json", experiment("Trial", created=T0 + 5 * DAY, fraction="0.9", run=4))
    aml(root, "pull").expect(0)
    assert (root / "experiments" / "Tx" / "experiment.json").read_text() == "edited"


def _past_contents(repository: Repository, folder: Folder) -> set[str | None]:
    return {was.content for at in past(repository, "HEAD", [folder]) for was in at.folders}


def test_past_contents_are_all_it_ever_had(root: Path, repository: Repository) -> None:
    versions = chains.versions(repository, repository.refs()[chains.ref("archive", FAMILY)])
    path = root / _trial(repository).path / "experiment.json"
    path.write_bytes(path.read_bytes().replace(b"Trial", b"Edited"))
    commit_all(root)
    folder = _trial(repository)
    assert _past_contents(repository, folder) == {*(version.content for version in versions), folder.content}


def test_past_contents_are_found_through_merges(root: Path, repository: Repository) -> None:
    folder = _trial(repository)
    git(root, "checkout", "--quiet", "-b", "side")
    path = root / folder.path / "experiment.json"
    original = path.read_bytes()
    path.write_bytes(original.replace(b"Trial", b"Aside"))
    commit_all(root)
    aside = _trial(repository).content
    path.write_bytes(original)
    commit_all(root)
    git(root, "checkout", "--quiet", "main")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "ours")
    git(root, "merge", "--quiet", "--no-edit", "side")
    assert aside in _past_contents(repository, folder), "both sides end equal, so git's simplified history would leave it out"


def test_companions_and_the_users_own_files_are_no_content(root: Path, repository: Repository) -> None:
    before = _trial(repository).content
    folder = root / _trial(repository).path
    (folder / "README.md").write_text("mine")
    (folder / "assets.json").write_text("{}\n")
    commit_all(root)
    assert _trial(repository).content == before
    (folder / "layout.json").unlink()
    commit_all(root)
    assert _trial(repository).content != before


def test_a_folder_without_content_has_none(root: Path, repository: Repository) -> None:
    (root / "experiments" / "notes").mkdir()
    (root / "experiments" / "notes" / "README.md").write_text("mine")
    (root / "experiments" / "a file").write_text("mine")
    commit_all(root)
    (notes,) = (folder for folder in folders(repository, "HEAD") if folder.path == "experiments/notes")
    assert (notes.content, notes.bindings) == (None, {})
    assert "experiments/a file" not in _paths(repository)


def test_a_link_and_a_submodule_are_no_folders(root: Path, repository: Repository) -> None:
    (root / "experiments" / "link").symlink_to("Trial-aaaaaa")
    commit_all(root)
    git(root, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},experiments/module")
    git(root, "commit", "--quiet", "-m", "a submodule")
    assert _paths(repository) == ["experiments/Other-ffffff", "experiments/Trial-aaaaaa"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"archive": 1}', '{"archive": {"Experiment": 1}}', "<<<<<<< ours\n"])
def test_a_damaged_sync_file_is_an_error_that_names_it(root: Path, repository: Repository, text: str) -> None:
    (root / "experiments" / "Trial-aaaaaa" / "sync.json").write_text(text)
    commit_all(root)
    with pytest.raises(InvalidDocument, match=r"experiments/Trial-aaaaaa/sync\.json"):
        folders(repository, "HEAD")


def test_a_removed_folder_is_found_as_it_was_last(root: Path, repository: Repository) -> None:
    before = _trial(repository)
    git(root, "rm", "-r", "--quiet", before.path)
    git(root, "commit", "--quiet", "-m", "gone")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "later")
    assert removed(repository, "HEAD") == [before]


def test_a_renamed_folder_is_not_a_removed_one_that_counts_twice(root: Path, repository: Repository) -> None:
    git(root, "mv", "experiments/Trial-aaaaaa", "experiments/Elsewhere")
    commit_all(root)
    git(root, "rm", "-r", "--quiet", "experiments/Elsewhere")
    git(root, "commit", "--quiet", "-m", "gone")
    found = removed(repository, "HEAD")
    assert found[0].path == "experiments/Elsewhere"
    assert {folder.bindings["archive"].experiment for folder in found} == {found[0].bindings["archive"].experiment}


@pytest.mark.parametrize("name", ["tab\there", 'q"uote', "ä", "new\nline"])
def test_a_removed_folder_of_an_odd_name_is_found(root: Path, repository: Repository, name: str) -> None:
    git(root, "mv", "experiments/Trial-aaaaaa", f"experiments/{name}")
    commit_all(root)
    before = _trial(repository)
    git(root, "rm", "-r", "--quiet", f"experiments/{name}")
    git(root, "commit", "--quiet", "-m", "gone")
    assert before in removed(repository, "HEAD")


def test_a_folder_removed_by_a_merge_is_found(root: Path, repository: Repository) -> None:
    """So that a pull does not bring back what a merge took away."""
    before = _trial(repository)
    git(root, "checkout", "--quiet", "-b", "side")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "theirs")
    git(root, "checkout", "--quiet", "main")
    git(root, "commit", "--quiet", "--allow-empty", "-m", "ours")
    git(root, "merge", "--quiet", "--no-ff", "--no-commit", "side")
    git(root, "rm", "-r", "--quiet", before.path)
    git(root, "commit", "--quiet", "-m", "merged, and removed")
    assert before in removed(repository, "HEAD")


def test_a_tree_is_read_as_git_lists_it(root: Path, repository: Repository) -> None:
    tree = f"HEAD:{_trial(repository).path}"
    entries = read_tree(git_bytes(root, "cat-file", "tree", tree), "sha1")
    listed = git(root, "ls-tree", tree).splitlines()
    assert [f"{entry.mode.zfill(6)} {'tree' if entry.mode == '40000' else 'blob'} {entry.id}\t{entry.name}" for entry in entries] == listed


def test_a_content_id_is_that_of_the_chain(repository: Repository) -> None:
    version = chains.versions(repository, repository.refs()[chains.ref("archive", FAMILY)])[-1]
    data = repository.blobs([version.content])[version.content]
    assert content_id(data, chains.EXPERIMENT, "sha1") == version.content
    assert content_id(b"", chains.EXPERIMENT, "sha1") is None
    assert is_content("nodes", chains.EXPERIMENT)
    assert not is_content("sync.json", chains.WEB_SERVICE)
    assert is_content("anything.json", chains.WEB_SERVICE)
