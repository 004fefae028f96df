"""tag: annotated tags that say which versions they hold."""

from pathlib import Path

import pytest

from tests.support.commands import OK, REFUSED, USAGE, aml, clone, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.exports import snapshot_id as snapshot
from tests.support.repositories import commit_all, folder, node_file, replace_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for number in (1, 2):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number, fraction=f"0.{number}"))
    save(tmp_path / "exports", "other.json", experiment("Other", family=OTHER_FAMILY, created=T0))
    return clone(tmp_path / "exports", tmp_path / "r")


def _trailers(repository: Path, name: str, key: str) -> list[str]:
    """A trailer's values as git itself reads them."""
    return git(repository, "for-each-ref", f"--format=%(contents:trailers:key={key},valueonly)", f"refs/tags/{name}").split("\n")[:-1]


def _target(repository: Path, name: str) -> str:
    return git(repository, "rev-parse", f"{name}^{{commit}}")


def test_a_tag_of_head_names_every_version_there(repository: Path) -> None:
    run = aml(repository, "tag", "v1").expect(OK)
    assert run.out.splitlines()[1:] == ["  Other: draft 1", "  Trial: run 2"]
    assert git(repository, "cat-file", "-t", "v1") == "tag"
    assert _target(repository, "v1") == git(repository, "rev-parse", "HEAD")
    assert [line for line in _trailers(repository, "v1", "Aml-Snapshot") if line] == [snapshot(2)]
    experiments = [line.rpartition(".")[2] for line in _trailers(repository, "v1", "Aml-Experiment") if line]
    assert experiments == [OTHER_FAMILY, FAMILY]
    assert "Trial is run 2 (" in aml(repository, "map", "v1").expect(OK).out


def test_what_is_no_version_is_left_out_and_said(repository: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.75"')
    commit_all(repository)
    run = aml(repository, "tag", "v1").expect(OK)
    assert "left out: experiments/Trial-aaaaaa: Trial is run 2 and 1 change" in run.err
    assert [line for line in _trailers(repository, "v1", "Aml-Snapshot") if line] == []
    assert "'Trial' in HEAD is not exactly a version" in aml(repository, "tag", "v2", "Trial").expect(REFUSED).err
    (repository / "experiments" / "Other-ffffff" / "layout.json").unlink()
    commit_all(repository)
    assert "no experiment in HEAD" in aml(repository, "tag", "v2").expect(REFUSED).err
    assert git(repository, "tag", "--list") == "v1"


def test_a_tag_of_a_version_is_on_the_commit_that_brought_it(repository: Path) -> None:
    aml(repository, "tag", "v1", "Trial@1", "-m", "The first\n\nIn words.").expect(OK)
    assert _target(repository, "v1") == git(repository, "rev-parse", "HEAD~1")
    assert git(repository, "tag", "--list", "--format=%(contents:subject)", "v1") == "The first"
    assert _trailers(repository, "v1", "Aml-Snapshot")[:1] == [snapshot(1)]
    assert '"v1"' in aml(repository, "map", "--json", snapshot(1)).expect(OK).out
    aml(repository, "tag", "v2", "Trial").expect(OK)
    assert _target(repository, "v2") == git(repository, "rev-parse", "HEAD")


def test_of_several_branches_the_one_checked_out_comes_first(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "picked", git(repository, "rev-list", "--max-parents=0", "HEAD"))
    save(repository, "README.md", "hello")
    commit_all(repository)
    git(repository, "cherry-pick", "main~1")
    aml(repository, "tag", "here", "Trial@1").expect(OK)
    assert _target(repository, "here") == git(repository, "rev-parse", "picked")
    git(repository, "checkout", "--quiet", "main")
    aml(repository, "tag", "there", "Trial@1").expect(OK)
    assert _target(repository, "there") == git(repository, "rev-parse", "main~1")


def test_a_version_that_no_branch_has_is_tagged_in_the_record(repository: Path, tmp_path: Path) -> None:
    save(tmp_path / "exports", "3.json", experiment(created=T0 + 3 * DAY, run=3, fraction="0.3"))
    aml(repository, "fetch").expect(OK)
    aml(repository, "tag", "v3", "Trial@3").expect(OK)
    assert _target(repository, "v3") == git(repository, "rev-parse", f"refs/amlgit/archive/{FAMILY}")
    assert "Trial: run 3" in aml(repository, "map", "v3").out


def test_a_dry_run_makes_nothing(repository: Path) -> None:
    assert aml(repository, "tag", "-n", "v1").expect(OK).out.startswith("would tag ")
    assert git(repository, "tag", "--list") == ""


def test_a_name_that_is_taken_or_none_is_refused(repository: Path) -> None:
    git(repository, "tag", "v1")
    for options in ((), ("-n",)):
        assert "there is a tag 'v1' already" in aml(repository, "tag", *options, "v1").expect(REFUSED).err
    assert git(repository, "cat-file", "-t", "v1") == "commit"
    for name in ("a b", "a..b", "x.lock", "--", "a\nb"):
        aml(repository, "tag", "--", name).expect(USAGE)
    assert git(repository, "tag", "--list") == "v1"


def test_signing_without_a_key_makes_no_tag(repository: Path) -> None:
    git(repository, "config", "tag.gpgSign", "true")
    git(repository, "config", "gpg.program", "false")
    assert "git tag failed" in aml(repository, "tag", "v1").expect(REFUSED).err
    assert git(repository, "tag", "--list") == ""


def test_no_identity_makes_no_tag(repository: Path, isolated: Path) -> None:
    (isolated / "gitconfig").write_text("[user]\n\tuseConfigOnly = true\n", encoding="utf-8")
    assert "git tag failed" in aml(repository, "tag", "v1").expect(REFUSED).err
    assert git(repository, "tag", "--list") == ""


def test_an_unborn_branch_has_nothing_to_tag(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    assert "no commit yet" in aml(tmp_path / "r", "tag", "v1").expect(REFUSED).err


def test_a_version_that_was_tagged_is_preferred_among_equals(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        save(tmp_path / "exports", f"{number}.json", experiment(created=T0 + number * DAY, run=number))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    (folder(repository, "Trial") / "sync.json").unlink()
    commit_all(repository)
    assert "Trial is run 3 (" in aml(repository, "map", "HEAD").expect(OK).out
    git(repository, "tag", "-a", "v2", "-m", f"words\n\nAml-Snapshot: {snapshot(2)}")
    assert "Trial is run 2 (" in aml(repository, "map", "v2").expect(OK).out
