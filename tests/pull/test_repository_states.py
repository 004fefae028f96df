"""Repositories in every state and work trees with a person's hand in them: the right thing, or an error that says what to do."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.commands import BUG, OK, REFUSED, USAGE, aml, clone, environment, git, process
from tests.support.exports import DAY, SPLIT, T0, experiment, save, trials
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, node_file, replace_in, subjects

# --- repositories


def _merge(repository: Path) -> None:
    for branch, text in (("one", "1"), ("two", "2")):
        git(repository, "checkout", "--quiet", "-b", branch, "main")
        (repository / "x.txt").write_text(text)
        commit_all(repository)


@pytest.mark.parametrize("operation", ["merge", "cherry-pick", "revert", "rebase"])
def test_an_operation_that_is_not_finished_is_named_and_stops_pull_and_import(repository: Path, tmp_path: Path, operation: str) -> None:
    _merge(repository)
    commands = {
        "merge": ["merge", "one"],
        "cherry-pick": ["cherry-pick", "one"],
        "rebase": ["rebase", "one"],
        "revert": ["revert", "--no-edit", "one"],
    }
    aml(repository, "status").expect(OK)
    with pytest.raises(AssertionError):
        git(repository, *commands[operation])
    before = git(repository, "for-each-ref")
    trials(tmp_path / "exports", 2)
    for verb in (["pull"], ["import", "../exports/2.json"]):
        run = aml(repository, *verb).expect(REFUSED)
        assert f"a {operation} is not finished yet" in run.err
        assert f"git {operation} --abort" in run.err
        assert "'amlgit resolve' shows what is left" in run.err
    assert git(repository, "for-each-ref") == before
    git(repository, operation, "--abort")
    aml(repository, "pull").expect(OK)
    fsck(repository)


def test_on_a_detached_head_pull_moves_head_alone(repository: Path, tmp_path: Path) -> None:
    main = git(repository, "rev-parse", "main")
    git(repository, "checkout", "--quiet", "--detach")
    trials(tmp_path / "exports", 2)
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "main") == main
    assert subjects(repository)[-1] == "Trial: draft 2"
    assert dirty(repository) == []
    fsck(repository)


def test_a_bare_repository_has_a_record_to_look_at_and_no_work_tree_to_pull_into(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--mirror", "r", "bare.git")
    bare = tmp_path / "bare.git"
    assert len(aml(bare, "log").expect(OK).out.splitlines()) == 1
    assert json.loads(aml(bare, "export", "Trial@1").expect(OK).out)["Description"] == "Trial"
    for verb in (["pull"], ["fetch"], ["import", "../exports/1.json"], ["install"], ["init"], ["config"], ["rm", "Trial"], ["export", "Trial"]):
        assert "bare repository" in aml(bare, *verb).expect(USAGE).err
    aml(bare, "status").expect(OK)
    assert repository.exists()


def test_a_linked_worktree_is_a_work_tree_like_any_other(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", "../linked")
    linked = tmp_path / "linked"
    main = git(repository, "rev-parse", "main")
    trials(tmp_path / "exports", 2)
    aml(linked, "pull").expect(OK)
    assert subjects(linked)[-1] == "Trial: draft 2"
    assert git(repository, "rev-parse", "main") == main
    assert dirty(linked) == []
    assert dirty(repository) == []
    aml(repository, "pull").expect(OK)
    assert git(repository, "rev-parse", "main") == git(linked, "rev-parse", "side")
    fsck(repository)


def test_a_linked_worktree_shares_the_record_and_its_path_to_the_archive_holds_from_its_own_place(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "--quiet", "-b", "side", tmp_path / "deep" / "er")
    run = aml(tmp_path / "deep" / "er", "pull").expect(USAGE)
    assert "there is no archive" in run.err
    assert len(aml(tmp_path / "deep" / "er", "log").expect(OK).out.splitlines()) == 1


def test_a_sha_256_repository_takes_versions_that_add_and_remove_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    repository = clone(trials(tmp_path / "exports", 1), tmp_path / "r")
    assert len(git(repository, "rev-parse", "HEAD")) == 64
    save(tmp_path / "exports", "2.json", experiment(created=T0 + 2 * DAY, nodes=(SPLIT,)))
    aml(repository, "pull").expect(OK)
    assert dirty(repository) == []
    trials(tmp_path / "exports", 3)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 4
    assert dirty(repository) == []
    assert json.loads(aml(repository, "export", "Trial@2").expect(OK).out)["Description"] == "Trial"
    fsck(repository)


@pytest.mark.parametrize("name", ["a b 'c\" é $(x)", "-rf", "a\nb"])
def test_odd_characters_in_the_way_to_the_repository_do_no_harm(tmp_path: Path, name: str) -> None:
    place = tmp_path / name
    place.mkdir()
    repository = clone(trials(place / "ex ports", 1), place / "r r")
    trials(place / "ex ports", 2)
    aml(repository, "pull").expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


def test_a_repository_reached_by_a_link_and_from_a_subfolder_is_the_same(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    trials(tmp_path / "exports", 2)
    aml(tmp_path / "link" / "experiments", "pull").expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


def test_outside_any_repository_every_verb_says_so(tmp_path: Path) -> None:
    for verb in (
        ["pull"],
        ["fetch"],
        ["log"],
        ["status"],
        ["config"],
        ["secret", "list"],
        ["export", "x"],
        ["rm", "x"],
        ["remote", "list"],
        ["install"],
    ):
        run = aml(tmp_path, *verb).expect(USAGE)
        assert "is in no git repository" in run.err
        assert "amlgit init" in run.err


def test_the_variables_that_git_gives_its_hooks_mislead_nobody(repository: Path, tmp_path: Path) -> None:
    trials(tmp_path / "exports", 2)
    hook = repository / ".git" / "hooks" / "post-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        '#!/bin/sh\n"$AML_PYTHON" -m amlgit status --json > ../said.json\n"$AML_PYTHON" -m amlgit clone --archive ../exports ../other >/dev/null\n'
    )
    hook.chmod(0o755)
    (repository / "x.txt").write_text("x")
    git(repository, "add", "x.txt")
    subprocess.run(["git", "commit", "--quiet", "-m", "x"], cwd=repository, env=environment(AML_PYTHON=sys.executable), check=True, timeout=60)
    report = json.loads((tmp_path / "said.json").read_text())
    assert [row["path"] for row in report["result"]["folders"]] == ["experiments/Trial-aaaaaa"]
    assert count(tmp_path / "other") == 3
    assert dirty(tmp_path / "other") == []
    assert count(repository) == 3


def test_git_dir_names_the_repository_as_it_does_for_git(repository: Path, tmp_path: Path) -> None:
    variables = {"GIT_DIR": str(repository / ".git"), "GIT_WORK_TREE": str(repository)}
    trials(tmp_path / "exports", 2)
    process(tmp_path, "pull", **variables).expect(OK)
    assert count(repository) == 3
    assert dirty(repository) == []


@pytest.mark.parametrize(
    "name",
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_NAMESPACE", "GIT_CONFIG_COUNT"],
)
def test_a_clone_is_not_misled_by_variables_of_git(repository: Path, tmp_path: Path, name: str) -> None:
    before = (git(repository, "for-each-ref"), dirty(repository))
    values = {"GIT_DIR": str(repository / ".git"), "GIT_WORK_TREE": str(repository), "GIT_INDEX_FILE": str(repository / ".git" / "index")}
    variables = {name: values.get(name, str(tmp_path / "nowhere") if "DIRECTOR" in name else "0")}
    process(tmp_path, "clone", "--archive", "exports", "new", **variables).expect(OK)
    assert chains(tmp_path / "new") == chains(repository)
    assert dirty(tmp_path / "new") == []
    assert (git(repository, "for-each-ref"), dirty(repository)) == before


def test_in_a_repository_of_another_owner_git_is_heard(tmp_path: Path) -> None:
    (tmp_path / "r" / ".git").mkdir(parents=True)
    run = aml(tmp_path / "r", "log").expect(USAGE)
    assert "is in no git repository" in run.err


def test_a_damaged_record_is_an_error_with_gits_words(repository: Path) -> None:
    shutil.rmtree(repository / ".git" / "objects" / "pack")
    for verb in (["log"], ["export", "Trial@1"], ["pull"], ["status"], ["secret", "list"]):
        run = aml(repository, *verb)
        assert run.code not in (BUG, OK), f"{verb}: {run.out}{run.err}"


def test_a_sparse_checkout_is_not_overwritten(repository: Path, tmp_path: Path) -> None:
    git(repository, "sparse-checkout", "set", "nothing")
    trials(tmp_path / "exports", 2)
    run = aml(repository, "pull")
    assert run.code in (OK, REFUSED), run.err
    fsck(repository)


# --- work trees


def test_a_file_that_is_executable_or_ends_in_crlf_is_a_persons_edit_and_stays(repository: Path, tmp_path: Path) -> None:
    script = node_file(folder(repository, "Trial"), "Execute", "py")
    script.write_bytes(script.read_bytes().replace(b"\n", b"\r\n"))
    assert len(dirty(repository)) == 1
    commit_all(repository)
    trials(tmp_path / "exports", 2)
    assert "merged with the edits made here" in aml(repository, "pull").expect(OK).out
    assert '"Newline": "CRLF"' in node_file(folder(repository, "Trial"), "Execute").read_text()
    fsck(repository)


def test_a_link_in_the_work_tree_is_not_exported(repository: Path, tmp_path: Path) -> None:
    script = node_file(folder(repository, "Trial"), "Execute", "py")
    script.unlink()
    save(tmp_path, "secret.txt", "top secret")
    script.symlink_to(tmp_path / "secret.txt")
    run = aml(repository, "export", "Trial").expect(REFUSED)
    assert script.name in run.err
    assert "top secret" not in run.out


def test_a_script_file_named_from_outside_the_folder_is_not_read(repository: Path, tmp_path: Path) -> None:
    save(tmp_path, "secret.txt", "top secret")
    node = node_file(folder(repository, "Trial"), "Execute")
    replace_in(node, '"Execute Python Script 1-0001.py"', '"../../../../secret.txt"')
    assert "top secret" not in aml(repository, "export", "Trial").expect(REFUSED).out
