"""pull beside a person's own work: nobody's edits, files, hooks and settings are touched, and nothing uncommitted is overwritten."""

import shutil
from pathlib import Path

import pytest

from tests.support.archives import a_draft, an_archive, settled
from tests.support.commands import OK, PARTLY, REFUSED, USAGE, aml, clone, git, git_bytes
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, leftovers, node_file, replace_in, subjects

# --- beside a person's own work


def test_pull_into_a_repository_with_commits_and_dirt_of_its_own(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "r")
    repository = tmp_path / "r"
    (repository / "code.py").write_text("one\n")
    (repository / "gone.py").write_text("gone\n")
    commit_all(repository, "mine")
    aml(repository, "init").expect(OK)
    aml(repository, "remote", "add", "a", "--archive", an_archive(tmp_path, 1, 2)).expect(OK)
    commit_all(repository, "set up")
    (repository / "code.py").write_text("two\n")
    (repository / "gone.py").unlink()
    (repository / "new.py").write_text("new\n")
    (repository / "staged.py").write_text("staged\n")
    git(repository, "add", "staged.py")
    before = dirty(repository)
    aml(repository, "pull", "a").expect(OK)
    assert subjects(repository) == ["mine", "set up", "Trial: draft 1", "Trial: draft 2"]
    assert dirty(repository) == before
    assert (repository / "code.py").read_text() == "two\n"
    fsck(repository)


def test_a_clash_with_an_edit_made_here_waits_while_the_others_are_brought(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", a_draft(1, title="One"))
    save(tmp_path / "exports", "2.json", a_draft(2, title="Two", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    edited = node_file(folder(repository, "One"), "Split")
    replace_in(edited, '"0.1"', '"0.75"')
    commit_all(repository)
    aml(repository, "pull").expect(OK)
    save(tmp_path / "exports", "3.json", a_draft(3, title="One"))
    save(tmp_path / "exports", "4.json", a_draft(4, title="Two", family=OTHER_FAMILY))
    report = aml(repository, "pull", "--json").expect(REFUSED).json
    assert report["status"] == "refused"
    assert [entry["state"] for entry in report["result"]["folders"]] == ["conflicts", "pulled"]
    assert subjects(repository)[-1] == "Two: draft 2"
    assert "<<<<<<<" in edited.read_text()
    assert "a cherry-pick is not finished yet" in aml(repository, "pull").expect(REFUSED).err
    git(repository, "cherry-pick", "--abort")
    assert '"0.75"' in edited.read_text()
    assert count(repository, chains(repository)[f"archive/{FAMILY}"]) == 2
    git(repository, "revert", "--no-edit", "HEAD~1")
    aml(repository, "pull").expect(OK)
    assert '"0.3"' in edited.read_text()
    settled(repository)


def test_an_edit_that_is_what_the_next_version_holds_is_no_edit(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.1"', '"0.2"')
    commit_all(repository)
    an_archive(tmp_path, 2)
    assert "The branch has all of it already." in aml(repository, "pull").expect(OK).out


def test_files_of_a_persons_own_in_the_folder_are_no_edit_and_stay(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    notes = folder(repository, "Trial") / "notes.md"
    notes.write_text("mine")
    commit_all(repository)
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert notes.read_text() == "mine"
    assert subjects(repository)[-1] == "Trial: draft 2"


def test_a_copied_folder_is_named_as_an_error_until_its_binding_is_removed(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    shutil.copytree(folder(repository, "Trial"), repository / "experiments" / "Copy")
    commit_all(repository)
    an_archive(tmp_path, 2)
    said = aml(repository, "pull").expect(REFUSED).err
    assert "experiments/Copy" in said
    assert "experiments/Trial-aaaaaa" in said
    (repository / "experiments" / "Copy" / "sync.json").unlink()
    commit_all(repository)
    aml(repository, "pull").expect(OK)
    assert '"0.2"' in node_file(folder(repository, "Trial"), "Split").read_text()
    assert '"0.1"' in node_file(repository / "experiments" / "Copy", "Split").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '{"archive": 5}', "<<<<<<< HEAD\n"])
def test_a_binding_that_is_broken_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    (folder(repository, "Trial") / "sync.json").write_text(text)
    commit_all(repository)
    run = aml(repository, "pull").expect(REFUSED)
    assert "experiments/Trial-aaaaaa/sync.json" in run.err
    assert "git checkout" in run.err


def test_two_remotes_that_know_one_experiment_have_a_chain_each(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    aml(repository, "remote", "add", "second", "--archive", an_archive(tmp_path, 1, 2, name="more")).expect(OK)
    commit_all(repository)
    aml(repository, "pull", "second").expect(OK)
    assert sorted(chains(repository)) == [f"archive/{FAMILY}", f"second/{FAMILY}"]
    assert len({path.name for path in (repository / "experiments").iterdir()}) == len(list((repository / "experiments").iterdir()))
    assert "which remote?" in aml(repository, "pull").expect(USAGE).err
    fsck(repository)


def test_fetch_touches_neither_branch_nor_work_tree(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    head = git(repository, "rev-parse", "HEAD")
    an_archive(tmp_path, 2)
    assert "1 new version (2 in all)" in aml(repository, "fetch").expect(OK).out
    assert git(repository, "rev-parse", "HEAD") == head
    assert "Nothing new." in aml(repository, "fetch").expect(OK).out
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    settled(repository)


def test_pull_reports_as_json(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    an_archive(tmp_path, 2)
    save(tmp_path / "exports", "broken.json", "{")
    report = aml(repository, "pull", "--json").expect(PARTLY).json
    assert (report["format_version"], report["command"], report["status"], report["diagnostics"]) == ("1.0", "pull", "partly", [])
    assert report["result"]["folders"] == [{"path": "experiments/Trial-aaaaaa", "title": "Trial", "commits": 1, "state": "pulled", "waiting": 0}]
    assert [problem["name"] for problem in report["result"]["fetched"]["problems"]] == ["broken.json"]
    assert report["result"]["head"] == git(repository, "rev-parse", "HEAD")


# --- nothing uncommitted is overwritten (law 8)


def _worktree(repository: Path) -> dict[str, bytes]:
    return {
        path.relative_to(repository).as_posix(): path.read_bytes()
        for path in sorted(repository.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(repository).parts
    }


@pytest.mark.parametrize("kind", ["changed", "staged", "staged and changed back", "deleted", "deleted and staged", "link", "folder", "mode"])
def test_an_uncommitted_change_in_a_folder_that_is_pulled_stops_the_pull_before_anything_moves(tmp_path: Path, kind: str) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    target = node_file(folder(repository, "Trial"), "Split")
    text = target.read_bytes()
    if kind.startswith(("changed", "staged")):
        target.write_bytes(text.replace(b'"0.1"', b'"0.9"'))
    else:
        target.unlink()
    if "staged" in kind:
        git(repository, "add", "--all")
    if kind == "staged and changed back":
        target.write_bytes(text)
    if kind == "link":
        target.symlink_to(tmp_path / "elsewhere")
    if kind == "folder":
        target.mkdir()
        (target / "inside.txt").write_text("mine")
    if kind == "mode":
        target.write_bytes(text)
        target.chmod(0o755)
    an_archive(tmp_path, 2)
    state = (dirty(repository), git(repository, "rev-parse", "HEAD"), _worktree(repository), git_bytes(repository, "ls-files", "--stage"))
    said = aml(repository, "pull").expect(REFUSED).err
    assert "uncommitted changes would be overwritten" in said
    assert "Split Data 2-0002" in said
    assert state == (dirty(repository), git(repository, "rev-parse", "HEAD"), _worktree(repository), git_bytes(repository, "ls-files", "--stage"))


@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize("inside", [False, True])
def test_an_untracked_file_in_the_way_stops_the_pull(tmp_path: Path, ignored: bool, inside: bool) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    if inside:
        three = experiment(created=T0 + 2 * DAY, nodes=[entry["ModuleId"] for entry in experiment()["Graph"]["ModuleNodes"]] * 2)
        save(tmp_path / "exports", "2.json", three)
        other = clone(tmp_path / "exports", tmp_path / "other")
        in_the_way = folder(repository, "Trial") / "nodes" / node_file(folder(other, "Trial"), "Split Data 4").name
    else:
        save(tmp_path / "exports", "2.json", a_draft(2, title="New", family=OTHER_FAMILY))
        in_the_way = folder(repository, "New", OTHER_FAMILY) / "experiment.json"
    in_the_way.parent.mkdir(exist_ok=True)
    in_the_way.write_text("mine")
    if ignored:
        (repository / ".gitignore").write_text(f"{in_the_way.name}\n")
        commit_all(repository)
    head = git(repository, "rev-parse", "HEAD")
    said = aml(repository, "pull").expect(REFUSED).err
    assert in_the_way.name in said
    assert in_the_way.read_text() == "mine"
    assert git(repository, "rev-parse", "HEAD") == head
    in_the_way.unlink()
    aml(repository, "pull").expect(OK)
    settled(repository)


def test_a_refused_pull_leaves_nothing_lying_about(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.1"', '"0.9"')
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(REFUSED)
    assert leftovers(repository) == []


def test_a_pull_that_was_cut_off_between_files_and_index_is_finished_by_the_next(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    an_archive(tmp_path, 2)
    other = clone(tmp_path / "exports", tmp_path / "other")
    shutil.copytree(folder(other, "Trial"), folder(repository, "Trial"), dirs_exist_ok=True)
    aml(repository, "pull").expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 2"
    settled(repository)


def test_a_file_in_place_of_the_folder_stops_the_pull(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    (repository / "experiments").write_text("mine")
    aml(repository, "remote", "add", "a", "--archive", an_archive(tmp_path, 1)).expect(OK)
    aml(repository, "pull").expect(REFUSED)
    assert (repository / "experiments").read_text() == "mine"


def test_a_link_in_place_of_the_folder_is_not_written_through(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    (tmp_path / "elsewhere").mkdir()
    (repository / "experiments").symlink_to(tmp_path / "elsewhere")
    aml(repository, "remote", "add", "a", "--archive", an_archive(tmp_path, 1)).expect(OK)
    aml(repository, "pull").expect(REFUSED)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_file_that_already_is_what_pull_would_write_is_no_obstacle(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    save(tmp_path / "exports", "2.json", a_draft(2, title="New", family=OTHER_FAMILY))
    other = clone(tmp_path / "exports", tmp_path / "other")
    shutil.copytree(folder(other, "New", OTHER_FAMILY), folder(repository, "New", OTHER_FAMILY))
    aml(repository, "pull").expect(OK)
    settled(repository)


def test_a_lock_of_git_stops_the_pull_and_is_named(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    an_archive(tmp_path, 2)
    (repository / ".git" / "index.lock").write_bytes(b"")
    assert "index.lock" in aml(repository, "pull").expect(REFUSED).err
    assert dirty(repository) == []
    (repository / ".git" / "index.lock").unlink()
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    settled(repository)


def test_hooks_and_signing_are_no_obstacle(tmp_path: Path) -> None:
    repository = clone(an_archive(tmp_path, 1), tmp_path / "r")
    git(repository, "config", "commit.gpgsign", "true")
    git(repository, "config", "gpg.program", "false")
    hook = repository / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    an_archive(tmp_path, 2)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
