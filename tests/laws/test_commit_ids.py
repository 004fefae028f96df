"""A chain's commit ids are a function of the versions behind it alone (law 3): not of who pulls, where, when, or what else there is."""

import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest

from amlgit import samples
from tests.support.commands import OK, PARTLY, aml, clone, clone_samples, environment, git, process
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, Document, experiment, save
from tests.support.repositories import chains, commit_all, count, dirty, fsck, subjects
from tests.support.wire import GLOBAL

THIRD_FAMILY = "abcdef0123456789abcdef0123456789"


@cache
def _exports() -> dict[str, Document]:
    """Runs and drafts of three experiments: ties in time, two exports of one run, contents that come back, dates in paths, odd creators."""
    found: dict[str, Document] = {}
    for number in range(1, 6):
        run = experiment("Läufe 漢字", created=T0 + number * DAY, run=number, fraction=f"0.{number % 3}", creator="Jöhn <d@e> Doe")
        found[f"runs/{number}.json"] = run
    found["runs/3 again.json"] = {**found["runs/3.json"], "Etag": "another", "IsLeaf": False}
    found["runs/draft.json"] = experiment("Läufe 漢字", created=T0 + 6 * DAY, fraction="0.9")
    for number, fraction in enumerate(("0.1", "0.2", "0.1", "0.3", "0.2"), 1):
        found[f"2016-03-0{number}/draft.json"] = experiment("Drafts", family=OTHER_FAMILY, created=T0, fraction=fraction, creator=None)
    for number in range(1, 4):
        found[f"ties/{number}.json"] = experiment(
            "Ties", family=THIRD_FAMILY, created=T0, script=f"# {number}\n", creator="", summary=f"é\n\n{number}"
        )
    return found


def _save(archive: Path, names: Sequence[str]) -> Path:
    for name in names:
        save(archive, name, _exports()[name])
    archive.mkdir(exist_ok=True)
    return archive


def _waiting(tmp_path: Path) -> Path:
    """A repository whose archive is empty yet."""
    (tmp_path / "exports").mkdir()
    aml(tmp_path, "init", "r").expect(OK)
    aml(tmp_path / "r", "remote", "add", "archive", "--archive", "../exports").expect(OK)
    commit_all(tmp_path / "r", "set up")
    return tmp_path / "r"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The chains of all exports, pulled at once."""
    place = tmp_path_factory.mktemp("wanted")
    return chains(clone(_save(place / "exports", list(_exports())), place / "r"))


def test_the_chains_hold_what_they_should(wanted: dict[str, str], tmp_path: Path) -> None:
    repository = clone(_save(tmp_path / "exports", list(_exports())), tmp_path / "r")
    assert chains(repository) == wanted
    assert subjects(repository, wanted[f"archive/{FAMILY}"]) == [
        *(f"Läufe 漢字: run {number} Finished" for number in range(1, 6)),
        "Läufe 漢字: draft 6",
    ]
    assert count(repository, wanted[f"archive/{OTHER_FAMILY}"]) == 5
    assert count(repository, wanted[f"archive/{THIRD_FAMILY}"]) == 3


@pytest.mark.parametrize("seed", range(8))
def test_growing_subsets_in_any_order_and_number_of_pulls_give_the_same_chains(wanted: dict[str, str], tmp_path: Path, seed: int) -> None:
    order = random.Random(seed)
    names = list(_exports())
    order.shuffle(names)
    repository = _waiting(tmp_path)
    _save(tmp_path / "exports", names[: order.randrange(3)])
    aml(repository, "pull")
    rest = [name for name in names if not (tmp_path / "exports" / name).exists()]
    while rest:
        size = order.randint(1, 6)
        _save(tmp_path / "exports", rest[:size])
        rest = rest[size:]
        aml(repository, order.choice(["pull", "fetch"]))
        assert dirty(repository) == []
    assert chains(repository) == wanted
    fsck(repository)


@pytest.mark.parametrize("seed", range(6))
def test_batches_whose_files_vanish_again_give_the_same_chains(tmp_path: Path, seed: int) -> None:
    """Only contents that never come back: of two equal drafts in a row the later one is not kept, and can't be had again."""
    order = random.Random(seed)
    names = [name for name in _exports() if not name.startswith("2016")]
    wanted = chains(clone(_save(tmp_path / "all", names), tmp_path / "all r"))
    order.shuffle(names)
    repository = _waiting(tmp_path)
    while names:
        size = order.randint(1, 5)
        shutil.rmtree(tmp_path / "exports")
        _save(tmp_path / "exports", names[:size])
        names = names[size:]
        aml(repository, "fetch").expect(OK)
    assert chains(repository) == wanted


@pytest.mark.parametrize("seed", range(4))
def test_a_subset_has_the_chain_of_that_subset(tmp_path: Path, seed: int) -> None:
    order = random.Random(seed)
    names = [name for name in _exports() if order.random() < 0.5]
    one = chains(clone(_save(tmp_path / "one", names), tmp_path / "one r"))
    alone: dict[str, str] = {}
    for family in (FAMILY, OTHER_FAMILY, THIRD_FAMILY):
        kept = [name for name in names if _exports()[name]["ExperimentId"].endswith(family)]
        alone |= chains(clone(_save(tmp_path / family, kept), tmp_path / f"{family} r"))
    assert one == alone


_ENVIRONMENTS = {
    "zone": {"TZ": "Pacific/Kiritimati"},
    "zone with a rule of its own": {"TZ": "EST5EDT4,M3.2.0,M11.1.0"},
    "locale C": {"LC_ALL": "C", "LANG": "C"},
    "locale of Turkey": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "identity from the environment": {
        "GIT_AUTHOR_NAME": "Somebody Else",
        "GIT_AUTHOR_EMAIL": "x@example.org",
        "GIT_AUTHOR_DATE": "2001-01-01T00:00:00+0900",
        "GIT_COMMITTER_NAME": "Somebody Else",
        "GIT_COMMITTER_EMAIL": "x@example.org",
        "GIT_COMMITTER_DATE": "2001-01-01T00:00:00+0900",
    },
    "hash seed": {"PYTHONHASHSEED": "12345"},
    "optimised": {"PYTHONOPTIMIZE": "2"},
}


@pytest.mark.parametrize("kind", _ENVIRONMENTS)
def test_the_environment_changes_no_commit(wanted: dict[str, str], tmp_path: Path, kind: str) -> None:
    _save(tmp_path / "exports", list(_exports()))
    process(tmp_path, "clone", "--archive", "exports", "r", **_ENVIRONMENTS[kind]).expect(OK)
    assert chains(tmp_path / "r") == wanted


_SETTINGS = {
    "nobody": "[user]\n\tuseConfigOnly = true\n",
    "user.name": "[user]\n\tname = Zoë\n\temail = z@example.org\n",
    "commit.gpgsign": "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n[user]\n\tname = A\n\temail = a@example.org\n",
    "i18n.commitEncoding": "[i18n]\n\tcommitEncoding = ISO-8859-1\n\tlogOutputEncoding = ISO-8859-1\n[user]\n\tname = A\n\temail = a@example.org\n",
    "core.autocrlf": "[core]\n\tautocrlf = true\n\teol = crlf\n[user]\n\tname = A\n\temail = a@example.org\n",
    "core.autocrlf input": "[core]\n\tautocrlf = input\n\tsafecrlf = true\n[user]\n\tname = A\n\temail = a@example.org\n",
    "log and diff": "[log]\n\tshowSignature = true\n\tdecorate = full\n\tdate = human\n\tfollow = true\n\tshowRoot = false\n"
    "[diff]\n\tnoprefix = true\n"
    "\trenames = copies\n\texternal = false\n[color]\n\tui = always\n[core]\n\tquotePath = true\n\tabbrev = 4\n[status]\n"
    "\tshowUntrackedFiles = no\n\trelativePaths = false\n[column]\n\tui = always\n",
    "fast-import and packs": "[fastimport]\n\tunpackLimit = 100000\n[pack]\n\tindexVersion = 1\n\tdepth = 0\n"
    "[core]\n\tcompression = 0\n\tsplitIndex = true\n"
    "[index]\n\tversion = 4\n[transfer]\n\tfsckObjects = true\n[feature]\n\tmanyFiles = true\n",
    "core.hooksPath": "[core]\n\thooksPath = /dev/null\n\tfileMode = false\n\tignoreCase = true\n\tprecomposeUnicode = true\n",
    "mailmap": "[mailmap]\n\tfile = mailmap\n[log]\n\tmailmap = true\n",
}


@pytest.mark.parametrize("kind", _SETTINGS)
def test_the_configuration_of_git_changes_no_commit_and_leaves_a_clean_work_tree(
    wanted: dict[str, str], tmp_path: Path, isolated: Path, kind: str
) -> None:
    (isolated / "gitconfig").write_text(_SETTINGS[kind], encoding="utf-8")
    (isolated / "mailmap").write_text("Somebody Else <other@example.org> <unknown@unknown>\n", encoding="utf-8")
    names = list(_exports())
    repository = clone(_save(tmp_path / "exports", names[::2]), tmp_path / "r")
    _save(tmp_path / "exports", names)
    aml(repository, "pull").expect(OK)
    assert chains(repository) == wanted
    assert dirty(repository) == []
    fsck(repository)


@pytest.mark.parametrize("umask", ["0000", "0077", "0002"])
def test_the_umask_changes_no_commit(wanted: dict[str, str], tmp_path: Path, umask: str) -> None:
    _save(tmp_path / "exports", list(_exports()))
    command = f'umask {umask}; exec "$0" -m amlgit clone --archive exports r'
    subprocess.run(["sh", "-c", command, sys.executable], cwd=tmp_path, env=environment(), capture_output=True, check=True, timeout=60)
    assert chains(tmp_path / "r") == wanted
    assert dirty(tmp_path / "r") == []
    modes = git(tmp_path / "r", "ls-tree", "-r", "--format=%(objectmode)", "HEAD").split()
    assert set(modes) == {"100644"}


def test_file_times_names_and_order_on_disk_change_no_commit(wanted: dict[str, str], tmp_path: Path) -> None:
    for index, (name, document) in enumerate(reversed(_exports().items())):
        path = save(tmp_path / "exports" / "deep" / "er", f"{name.removesuffix('.json')}~{99 - index}.json", document)
        os.utime(path, (index * 1_000_000, index * 1_000_000))
        path.chmod(0o755)
    assert chains(clone(tmp_path / "exports", tmp_path / "r")) == wanted


def test_a_zip_gives_the_chains_of_the_folder(wanted: dict[str, str], tmp_path: Path) -> None:
    source = _save(tmp_path / "exports", list(_exports()))
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as opened:
        for name in reversed(list(_exports())):
            opened.writestr(zipfile.ZipInfo(name, (1999, 1, 1, 0, 0, 0)), (source / name).read_bytes())
    assert chains(clone(tmp_path / "all.zip", tmp_path / "r")) == wanted


def test_what_else_the_archive_and_the_repository_hold_changes_no_commit(wanted: dict[str, str], tmp_path: Path) -> None:
    _save(tmp_path / "exports", list(_exports()))
    save(tmp_path / "exports", "broken.json", "{")
    save(tmp_path / "exports", "other.json", "[1, 2]")
    save(tmp_path / "exports", "more.json", experiment("More", family="12" * 16, created=T0 + 3 * DAY))
    git(tmp_path, "init", "--quiet", "r")
    repository = tmp_path / "r"
    (repository / "mine.txt").write_text("mine")
    git(repository, "add", "mine.txt")
    git(repository, "commit", "--quiet", "-m", "mine")
    aml(repository, "init").expect(OK)
    aml(repository, "remote", "add", "archive", "--archive", "../exports").expect(OK)
    aml(repository, "pull").expect(PARTLY)
    assert wanted.items() <= chains(repository).items()


def test_the_remotes_name_changes_no_commit(wanted: dict[str, str], tmp_path: Path) -> None:
    repository = clone(_save(tmp_path / "exports", list(_exports())), tmp_path / "r", "--name", "years")
    assert {name.removeprefix("years/"): tip for name, tip in chains(repository).items()} == {
        name.removeprefix("archive/"): tip for name, tip in wanted.items()
    }


def test_spelling_changes_no_content_and_no_order(wanted: dict[str, str], tmp_path: Path) -> None:
    import json

    for name, document in _exports().items():
        text = json.dumps(dict(reversed(document.items())), indent="\t", ensure_ascii=True).replace("\n", "\r\n")
        save(tmp_path / "exports", name, b"\xef\xbb\xbf" + text.encode())
    assert chains(clone(tmp_path / "exports", tmp_path / "r")) == wanted


def test_pulled_drafts_that_come_back_survive_when_the_archive_is_complete(wanted: dict[str, str], tmp_path: Path) -> None:
    drafts = [name for name in _exports() if name.startswith("2016")]
    repository = clone(_save(tmp_path / "exports", [drafts[0], drafts[2], drafts[4]]), tmp_path / "r")
    _save(tmp_path / "exports", drafts)
    aml(repository, "pull").expect(OK)
    assert chains(repository)[f"archive/{OTHER_FAMILY}"] == wanted[f"archive/{OTHER_FAMILY}"]


def test_no_content_leaves_the_record_when_equal_drafts_in_a_row_become_one(tmp_path: Path) -> None:
    """Drafts A, B, A: A of the third day alone is recorded first; when that of the first day turns up, it is the same version, earlier."""
    days = {day: experiment(created=T0 + day * DAY, fraction=fraction) for day, fraction in ((1, "0.1"), (2, "0.2"), (3, "0.1"))}
    save(tmp_path / "exports", "a.json", days[3])
    repository = clone(tmp_path / "exports", tmp_path / "r")
    for day in (1, 2):
        save(tmp_path / "exports", "a.json", days[day])
        aml(repository, "fetch").expect(OK)
    (tip,) = chains(repository).values()
    assert git(repository, "log", "--reverse", "--format=%at", tip).split() == [str(T0 + day * DAY) for day in (1, 2)]


def test_sha_256_is_another_object_format_with_laws_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    names = list(_exports())
    one = clone(_save(tmp_path / "one", names), tmp_path / "one r")
    other = clone(_save(tmp_path / "other", names[::3]), tmp_path / "other r")
    _save(tmp_path / "other", names)
    aml(other, "pull").expect(OK)
    assert chains(one) == chains(other)
    assert {len(tip) for tip in chains(one).values()} == {64}
    fsck(other)


@pytest.mark.parametrize("seed", range(2))
def test_the_corpus_obeys_in_any_order_of_pulls(corpus: Path, tmp_path: Path, seed: int) -> None:
    wanted = chains(clone(corpus, tmp_path / "wanted", code=PARTLY))
    order = random.Random(seed)
    files = [path.relative_to(corpus) for path in sorted(corpus.rglob("*.json")) if path.parts[-2] != "arm"]
    order.shuffle(files)
    repository = _waiting(tmp_path)
    while files:
        for _ in range(order.randint(1, 5)):
            if files:
                save(tmp_path / "exports", str(path := files.pop()), (corpus / path).read_bytes())
        aml(repository, "pull").expect(OK)
    assert chains(repository) == wanted
    fsck(repository)


def test_the_samples_obey_too(tmp_path: Path) -> None:
    wanted = chains(clone_samples(tmp_path / "wanted"))
    files = [path.relative_to(samples.archive()) for path in sorted(samples.archive().rglob("*.json"), reverse=True)]
    repository = _waiting(tmp_path)
    for path in files:
        save(tmp_path / "exports", str(path), (samples.archive() / path).read_bytes())
    aml(repository, "pull")
    assert chains(repository) == wanted


def test_no_member_of_a_commit_tells_the_machine(tmp_path: Path) -> None:
    repository = clone(_save(tmp_path / "exports", ["runs/1.json"]), tmp_path / "r")
    (tip,) = chains(repository).values()
    commit = git(repository, "cat-file", "commit", tip)
    person = f"Jöhn d@e Doe <Jöhn-d-e-Doe@0123456789abcdef0123456789abcdef> {T0 + DAY} +0000"
    assert commit.splitlines()[1:3] == [f"author {person}", f"committer {person}"]
    assert "encoding" not in commit
    assert "gpgsig" not in commit
    assert GLOBAL not in commit
