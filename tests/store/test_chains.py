"""Chains: names of remotes, reading versions, and joining ours with what others shared."""

import os
from pathlib import Path

import pytest

from amlgit.config import check_remote_name
from amlgit.errors import UsageError
from amlgit.store import chains, trailers
from amlgit.store.repository import Repository, discover
from tests.support.commands import aml, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save, snapshot_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clone with a chain of four versions and another of one."""
    for number in range(1, 5):
        save(tmp_path / "archive", f"{number}.json", experiment("Trial", created=T0 + number * DAY, fraction=f"0.{number}", run=number))
    save(
        tmp_path / "archive",
        "other.json",
        experiment("Other: one", family=OTHER_FAMILY, run=1, creator="a <b>\nc", summary="Aml-Snapshot: no\n\nlines"),
    )
    aml(tmp_path, "clone", "--archive", tmp_path / "archive", tmp_path / "repository").expect(0)
    return tmp_path / "repository"


@pytest.fixture
def repository(folder: Path) -> Repository:
    return discover(folder, os.environ)


@pytest.mark.parametrize("name", ["a", "archive", "A-1_b", "0", "x" * 63])
def test_a_remotes_name_may_be(name: str) -> None:
    assert check_remote_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "_a", "a/b", "a.b", "a.lock", "..", "a b", "a\n", "ä", "x" * 64, "a:b", "@", "a~1", "refs/heads"])
def test_a_remotes_name_may_not_be(name: str) -> None:
    with pytest.raises(UsageError, match="remote's name"):
        check_remote_name(name)


def test_every_name_that_may_be_makes_a_ref(tmp_path: Path) -> None:
    for name in ("a", "0", "A-_", "x" * 63):
        git(tmp_path, "check-ref-format", chains.ref(name, FAMILY))


def test_versions_are_read_oldest_first(repository: Repository) -> None:
    tip = repository.refs()[chains.ref("archive", FAMILY)]
    listed = chains.versions(repository, tip)
    assert [version.number for version in listed] == [1, 2, 3, 4]
    assert [version.commit for version in listed] == repository.text("rev-list", "--reverse", tip).split()
    assert [version.parent for version in listed] == ["", *(version.commit for version in listed[:-1])]
    assert all(version.content == repository.text("rev-parse", f"{version.commit}:experiment") for version in listed)
    assert all(version.run == repository.text("rev-parse", f"{version.commit}:run.json") for version in listed)
    assert {version.title for version in listed} == {"Trial"}
    assert [entry.commit for entry in chains.entries(repository, tip)] == [version.commit for version in listed]


def test_a_title_with_a_colon_and_a_summary_like_a_trailer_are_read_right(repository: Repository) -> None:
    (version,) = chains.versions(repository, repository.refs()[chains.ref("archive", OTHER_FAMILY)])
    assert version.title == "Other: one"
    assert version.snapshot is not None
    assert version.snapshot.startswith("0123456789abcdef")
    assert "<" not in version.author.partition(" <")[0]


@pytest.mark.parametrize(
    "setting",
    [
        "log.showSignature=true",
        "i18n.logOutputEncoding=ISO-8859-1",
        "log.date=relative",
        "color.ui=always",
        "log.decorate=full",
        "format.pretty=oneline",
        "log.follow=true",
    ],
)
def test_the_users_configuration_does_not_change_what_is_read(repository: Repository, setting: str) -> None:
    tip = repository.refs()[chains.ref("archive", FAMILY)]
    before = chains.versions(repository, tip)
    repository.run("config", *setting.split("="))
    assert chains.versions(repository, tip) == before


def test_all_chains_are_read_by_one_walk(repository: Repository) -> None:
    tips = chains.tips(repository).values()
    assert chains.all_entries(repository, tips) == {tip: chains.entries(repository, tip) for tip in tips}
    assert [entry.number for entry in chains.all_entries(repository, tips)[chains.tips(repository)[chains.ref("archive", FAMILY)]]] == [1, 2, 3, 4]
    assert chains.all_entries(repository, []) == {}


def test_titles_are_those_at_the_tips(repository: Repository) -> None:
    tips = repository.refs(chains.PREFIX)
    assert chains.titles(repository, tips.values()) == {
        tips[chains.ref("archive", FAMILY)]: "Trial",
        tips[chains.ref("archive", OTHER_FAMILY)]: "Other: one",
    }
    assert chains.titles(repository, []) == {}


def test_a_shared_chain_counts_where_we_have_none_or_it_goes_on_from_ours(repository: Repository) -> None:
    ref = chains.ref("archive", FAMILY)
    tip = repository.refs()[ref]
    older = repository.text("rev-parse", f"{tip}~2")
    shared = f"{chains.SHARED_PREFIX}origin/archive/{FAMILY}"
    repository.run("update-ref", shared, tip)
    repository.run("update-ref", ref, older)
    assert chains.tips(repository, "archive")[ref] == tip
    repository.run("update-ref", shared, older)
    repository.run("update-ref", ref, tip)
    assert chains.tips(repository)[ref] == tip
    repository.run("update-ref", "-d", ref)
    assert chains.tips(repository)[ref] == older
    assert chains.tips(repository, "elsewhere") == {}


def test_a_shared_chain_that_knows_something_else_does_not_replace_ours(repository: Repository) -> None:
    ref = chains.ref("archive", FAMILY)
    tip = repository.refs()[ref]
    repository.run("update-ref", f"{chains.SHARED_PREFIX}origin/archive/{FAMILY}", repository.refs()[chains.ref("archive", OTHER_FAMILY)])
    assert chains.tips(repository)[ref] == tip


@pytest.mark.parametrize("git_remote", ["origin", "a.b", "team/upstream"])
def test_chains_shared_by_refspec_and_as_branches_are_found(repository: Repository, git_remote: str) -> None:
    """A git remote's name may have a slash in it."""
    tip = repository.refs()[chains.ref("archive", FAMILY)]
    repository.run("config", f"remote.{git_remote}.url", "nowhere")
    repository.run("update-ref", f"{chains.SHARED_PREFIX}{git_remote}/archive/{FAMILY}", tip)
    assert chains.shared(repository) == {chains.ref("archive", FAMILY): [tip]}
    repository.run("update-ref", "-d", f"{chains.SHARED_PREFIX}{git_remote}/archive/{FAMILY}")
    repository.run("update-ref", f"refs/remotes/{git_remote}/amlgit/archive/{FAMILY}", tip)
    assert chains.shared(repository) == {chains.ref("archive", FAMILY): [tip]}


def test_other_branches_are_no_chains(repository: Repository) -> None:
    head = str(repository.head())
    for name in ("origin/main", "origin/amlgit/too/deep/a", "origin/amlgit/shallow", "origin/feature/amlgit"):
        repository.run("update-ref", f"refs/remotes/{name}", head)
    assert chains.shared(repository) == {}


def test_a_pull_adopts_what_others_shared_and_never_knows_less(folder: Path, tmp_path: Path) -> None:
    repository = discover(folder, os.environ)
    wanted = repository.refs(chains.PREFIX)
    git(tmp_path, "init", "--quiet", "--bare", "hub.git")
    git(folder, "remote", "add", "origin", tmp_path / "hub.git")
    git(folder, "push", "--quiet", "origin", "refs/amlgit/*:refs/amlgit/*", "HEAD:refs/heads/main")
    save(tmp_path / "second", "3.json", experiment("Trial", created=T0 + 3 * DAY, fraction="0.3", run=3))
    save(tmp_path / "second", "5.json", experiment("Trial", created=T0 + 5 * DAY, fraction="0.5", run=5))
    aml(tmp_path, "clone", "--archive", tmp_path / "second", tmp_path / "other").expect(0)
    git(tmp_path / "other", "remote", "add", "origin", tmp_path / "hub.git")
    aml(tmp_path / "other", "install").expect(0)
    git(tmp_path / "other", "fetch", "--quiet", "origin")
    aml(tmp_path / "other", "fetch").expect(0)
    other = discover(tmp_path / "other", os.environ)
    assert [version.snapshot for version in chains.versions(other, other.refs()[chains.ref("archive", FAMILY)])[:4]] == [
        version.snapshot for version in chains.versions(repository, wanted[chains.ref("archive", FAMILY)])
    ]
    assert len(chains.versions(other, other.refs()[chains.ref("archive", FAMILY)])) == 5
    assert repository.attempt("merge-base", "--is-ancestor", wanted[chains.ref("archive", FAMILY)], "HEAD").returncode == 1, (
        "no branch hangs on a chain"
    )
    assert other.refs()[chains.ref("archive", OTHER_FAMILY)] == wanted[chains.ref("archive", OTHER_FAMILY)], "adopted as it was"


def test_a_shallow_chain_keeps_its_numbers(folder: Path, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "shallow")
    git(tmp_path / "shallow", "fetch", "--quiet", "--depth=2", f"file://{folder}", "+refs/amlgit/*:refs/amlgit/*")
    shallow = discover(tmp_path / "shallow", os.environ)
    tip = shallow.refs()[chains.ref("archive", FAMILY)]
    assert [entry.number for entry in chains.entries(shallow, tip)] == [3, 4]
    assert [(version.number, version.parent) for version in chains.versions(shallow, tip)] == [
        (3, ""),
        (4, f"{shallow.text('rev-parse', tip + '~1')}"),
    ]


def test_a_chain_whose_subjects_count_nothing_is_counted(repository: Repository, folder: Path) -> None:
    tree = repository.text("rev-parse", f"{repository.refs()[chains.ref('archive', FAMILY)]}^{{tree}}")
    parent = git(folder, "commit-tree", tree, "-m", "one: run of mine")
    tip = git(folder, "commit-tree", tree, "-p", parent, "-m", "two")
    assert [entry.number for entry in chains.entries(repository, tip)] == [1, 2]
    assert [version.number for version in chains.versions(repository, tip)] == [1, 2]


def test_what_a_summary_says_is_no_trailer(repository: Repository) -> None:
    (version,) = chains.versions(repository, repository.refs()[chains.ref("archive", OTHER_FAMILY)])
    assert version.snapshot == snapshot_id(1, family=OTHER_FAMILY)
    draft = "t: draft 1\n\nAml-Snapshot: no\n\nAml-Status: InDraft\n"
    assert trailers.value(draft, trailers.SNAPSHOT) is None
    assert trailers.value(draft, trailers.STATUS) == "InDraft"


def test_a_message_tells_its_number_unless_it_is_none_a_version_can_have() -> None:
    assert trailers.number("title: run 12 Finished\n\nmore: run 3") == 12
    assert trailers.number("a: run 7: draft 31\n") == 31
    for subject in ("title", "title: run 12: more", "title: run 012", "title: run " + "1" * 5000, f"title: run {'1' * 5000} Finished"):
        assert trailers.number(subject) is None, subject[:20]
