"""Titles, people and dates of any kind."""

import json
from pathlib import Path

import pytest

from tests.support.commands import OK, aml, clone, git
from tests.support.differences import read_export
from tests.support.exports import DAY, FAMILY, NEVER, T0, Document, experiment, save
from tests.support.repositories import count, dirty, fsck

_TITLES = (
    "../../x",
    "/etc/passwd",
    "CON",
    "nul.txt",
    "com1",
    "a" * 300,
    "é" * 300,
    "\N{GRINNING FACE}\N{ZERO WIDTH JOINER}\N{PILE OF POO}",
    "",
    " ",
    ".",
    "..",
    ".git",
    ".hidden",
    "-rf",
    "a\nb\r\nc",
    "a\tb\x00c\x7f",
    'a"b\\c',
    "a:b*c?d<e>f|g",
    "[a]{b}",
    ":(glob)x",
    "trailing. ",
    "\N{RIGHT-TO-LEFT OVERRIDE}gnp.exe",
    "e\N{COMBINING ACUTE ACCENT}",
    "git~1",
    "%2e%2e%2f",
    "$(touch x)",
    "`x`",
    "\N{LINE SEPARATOR}x",
    "x: run 3 Finished",
    "\nAml-Snapshot: x",
)


def test_every_title_makes_a_folder_inside_the_repository_and_survives(tmp_path: Path) -> None:
    for number, title in enumerate(_TITLES):
        document = experiment(title, family=f"{number:06x}" + FAMILY[6:], summary=title, created=T0 + number)
        save(tmp_path / "exports", f"{number}.json", document)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert count(repository) == 1 + len(_TITLES)
    assert dirty(repository) == []
    fsck(repository)
    names = [path.name for path in (repository / "experiments").iterdir()]
    assert len(names) == len({name.casefold() for name in names}) == len(_TITLES)
    for name in names:
        assert len(name.encode()) <= 100
        assert not name.startswith((".", "-", " "))
        assert not set(name) & set('<>:"/\\|?*\n\t\x00')
    assert sorted(path.name for path in tmp_path.iterdir()) == ["exports", "r"]
    for number, title in enumerate(_TITLES):
        exported = json.loads(aml(repository, "export", f"{number:06x}{FAMILY[6:]}").expect(OK).out)
        assert (exported["Description"], exported["Summary"]) == (title, title)
    for number, title in enumerate(_TITLES):
        save(
            tmp_path / "exports", f"{number}b.json", experiment(title, family=f"{number:06x}" + FAMILY[6:], fraction="0.9", created=T0 + DAY + number)
        )
    aml(repository, "pull").expect(OK)
    assert count(repository) == 1 + 2 * len(_TITLES)
    assert dirty(repository) == []


def test_two_titles_that_differ_in_case_and_share_digits_have_folders_of_their_own(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("Topics", family="abcdef" + "0" * 26))
    save(tmp_path / "exports", "2.json", experiment("TOPICS", family="abcdef" + "1" * 26))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert len({path.name.casefold() for path in (repository / "experiments").iterdir()}) == 2


_CREATORS = (
    "<",
    "a <b@c>",
    "a\nb",
    "",
    None,
    " ",
    ".",
    "\x00",
    "é漢 ü",
    "a" * 500,
    '"quoted"',
    "a@b.c",
    "\N{ZERO WIDTH SPACE}",
    "a\\",
    "<>",
    "author x 0 +0000\n",
)


def test_every_creator_makes_a_commit_that_git_finds_no_fault_with(tmp_path: Path) -> None:
    for number, creator in enumerate(_CREATORS):
        save(tmp_path / "exports", f"{number}.json", experiment(creator=creator, created=T0 + number, fraction=f"0.{number + 1}"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    fsck(repository)
    assert count(repository) == 1 + len(_CREATORS)
    for name in git(repository, "log", "--format=%an|%ae|%cn", "HEAD~16..").splitlines():
        assert all(name.split("|"))
    for number, creator in enumerate(_CREATORS, 1):
        assert json.loads(aml(repository, "export", f"Trial@{number}").expect(OK).out)["Creator"] == creator


_TIMES = (NEVER, -1, 0, 1, 253402300799999, 253402300800000, 10**17, -(10**17), 10**30)


def test_every_date_makes_a_commit_that_git_finds_no_fault_with(tmp_path: Path) -> None:
    for number, time in enumerate(_TIMES):
        document = experiment(family=f"{number:06x}" + FAMILY[6:])
        document["Status"]["CreationTime"] = f"/Date({time})/"
        save(tmp_path / "exports", f"{number}.json", document)
        run = experiment(family=f"{number:06x}" + FAMILY[6:], run=1, fraction="0.9")
        run["Status"]["EndTime"] = run["Status"]["CreationTime"] = f"/Date({time})/"
        save(tmp_path / "exports", f"{number} run.json", run)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    fsck(repository)
    assert count(repository) == 1 + 2 * len(_TIMES)
    assert all(len(line) == 10 for line in git(repository, "log", "--format=%as").splitlines())
    aml(repository, "log", "--json").expect(OK)
    for number in range(len(_TIMES)):
        source = read_export((tmp_path / "exports" / f"{number}.json").read_bytes())
        versions = [read_export(aml(repository, "export", f"{number:06x}{FAMILY[6:]}@{version}").out.encode()) for version in (1, 2)]
        assert source["Status"] in [version["Status"] for version in versions]


@pytest.mark.parametrize(
    "status", [None, {}, {"StatusCode": None}, {"StatusCode": 5}, {"CreationTime": "yesterday"}, {"CreationTime": "2016-01-01T00:00:00Z"}]
)
def test_a_status_that_says_little_is_no_fault(tmp_path: Path, status: Document | None) -> None:
    save(tmp_path / "exports", "1.json", experiment(Status=status))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert count(repository) == 2
    fsck(repository)
