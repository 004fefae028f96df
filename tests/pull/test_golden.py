"""Golden cases: the later versions of a real experiment pulled into a folder that was edited in fixed ways, with what must come of it."""

import shutil
from pathlib import Path

import pytest

from tests.support.branches import conflict, without_names
from tests.support.commands import OK, REFUSED, aml, clone, git, git_bytes
from tests.support.pulling import settled
from tests.support.repositories import chains, commit_all, dirty, replace_in

pytestmark = pytest.mark.usefixtures("driver")

_FAMILY = "1b48ea2ac95e4da2bcd7308ac67e2caa"
_FOLDER = "experiments/Topics-1b48ea"
_WRITER = "nodes/Export Data 1258-c1ef.json"
_QUERY = "nodes/Import Data 1174-c1ef.sql"
_TOPICS = "nodes/Latent Dirichlet Allocation 1238-c1ef.json"
_SCRIPT = "nodes/Execute Python Script 29518-ab99.py"
_TABLES = ("DocumentTopics", "bpst_news.DocumentTopics", "bpst_news.stg_documenttopics")
_TEXTS = ("select id as DocumentId, cleanedText FROM Documents", "select id as DocumentId, cleanedText FROM bpst_news.Documents")

Edit = tuple[str, str, str]

_APART: list[Edit] = [
    (_TOPICS, '"Value": "391"', '"Value": "40"'),
    (_TOPICS, '"Comment": ""', '"Comment": "fewer topics"'),
    ("experiment.json", '"Description": "Topics"', '"Description": "Topics of ours"'),
    (_SCRIPT, "import pandas as pd", "import numpy as np\nimport pandas as pd"),
    ("layout.json", '"Position": "55,1449,200,200"', '"Position": "60,1450,200,200"'),
]
"""What no version touches."""
_NEIGHBOURS: list[Edit] = [
    (_WRITER, '"Value": "DocumentId,Topic,Score,DocumentCount,Feature"', '"Value": "DocumentId,Topic,Score"'),
    (_WRITER, '"Value": "documentId,topicId,documentDistance,topicScore,topicKeyPhrase"', '"Value": "documentId,topicId,documentDistance"'),
    (_WRITER, '"Value": "50"', '"Value": "500"'),
]
"""The lines above and below the one that both versions change."""


@pytest.fixture
def repository(corpus: Path, tmp_path: Path) -> Path:
    """A clone of an archive with the first version."""
    _save(corpus, tmp_path, "2016-12-09")
    return clone(tmp_path / "archive", tmp_path / "r")


def _save(corpus: Path, tmp_path: Path, *days: str) -> None:
    for day in days:
        (tmp_path / "archive" / day).mkdir(parents=True)
        shutil.copy(corpus / "archive" / day / "Topics.json", tmp_path / "archive" / day)


def _pulled(corpus: Path, repository: Path, *days: str, code: int = OK) -> str:
    _save(corpus, repository.parent, *days)
    return aml(repository, "pull").expect(code).out


def _edit(repository: Path, *edits: Edit) -> None:
    for name, old, new in edits:
        replace_in(repository / _FOLDER / name, old, new)
    commit_all(repository, "ours")


def _content(repository: Path, rev: str) -> dict[str, str]:
    """Path → text of a version in the record."""
    names = git(repository, "ls-tree", "-r", "-z", "--name-only", f"{rev}:experiment").split("\0")
    return {name: git_bytes(repository, "show", f"{rev}:experiment/{name}").decode() for name in names if name}


def _folder(repository: Path) -> dict[str, str]:
    root = repository / _FOLDER
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    return {name: (root / name).read_bytes().decode() for name in names if name not in ("sync.json", "assets.json")}


@pytest.mark.parametrize("edits", [_APART, _NEIGHBOURS, _APART + _NEIGHBOURS], ids=["apart", "neighbours", "both"])
@pytest.mark.parametrize("at_once", [True, False])
def test_edits_that_no_version_touches_stand_in_the_newest_version(corpus: Path, repository: Path, edits: list[Edit], at_once: bool) -> None:
    _edit(repository, *edits)
    for days in [("2017-01-04", "2017-01-11")] if at_once else [("2017-01-04",), ("2017-01-11",)]:
        _pulled(corpus, repository, *days)
    expected = _content(repository, chains(repository)[f"archive/{_FAMILY}"])
    for name, old, new in edits:
        assert old in expected[name]
        expected[name] = expected[name].replace(old, new)
    found = _folder(repository)
    assert {name: text.rstrip("\n") for name, text in found.items()} == {name: text.rstrip("\n") for name, text in expected.items()}
    assert (
        git(repository, "log", "-1", "--format=%an <%ae> %at %s") == "jolarso <jolarso@f460728df7c84d209ec5e717aa181404> 1484092800 Topics: draft 3"
    )
    settled(repository)


def test_the_table_that_both_sides_renamed_is_a_conflict_of_one_line(corpus: Path, repository: Path) -> None:
    _edit(repository, (_WRITER, _TABLES[0], "ours.Topics"), *_NEIGHBOURS)
    writer = (repository / _FOLDER / _WRITER).read_text()
    head = git(repository, "rev-parse", "HEAD")
    _pulled(corpus, repository, "2017-01-04", "2017-01-11", code=REFUSED)
    line = '    {"Name": "Data Table Name", "Value": "ours.Topics"},\n'
    expected = writer.replace(line, conflict(line, line.replace("ours.Topics", _TABLES[2])))
    assert without_names((repository / _FOLDER / _WRITER).read_text()) == expected
    assert git(repository, "rev-parse", "HEAD") == head
    folder = f'"{_FOLDER}'
    assert sorted(dirty(repository)) == [f'M  {folder}/{_QUERY}"', f"M  {_FOLDER}/sync.json", f'UU {folder}/{_WRITER}"']
    aml(repository, "resolve", "--theirs").expect(OK)
    git(repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert (repository / _FOLDER / _WRITER).read_text() == writer.replace("ours.Topics", _TABLES[2])
    assert (repository / _FOLDER / _QUERY).read_text() == _content(repository, chains(repository)[f"archive/{_FAMILY}"])[_QUERY]
    settled(repository)


def test_the_query_that_both_sides_changed_is_a_conflict_in_its_own_file(corpus: Path, repository: Path) -> None:
    _edit(repository, (_QUERY, _TEXTS[0], f"{_TEXTS[0]} WHERE id > 7"))
    _pulled(corpus, repository, "2017-01-04", code=REFUSED)
    text = without_names((repository / _FOLDER / _QUERY).read_text())
    assert text == conflict(f"{_TEXTS[0]} WHERE id > 7\n", f"{_TEXTS[1]}\n")
    assert _TABLES[1] in (repository / _FOLDER / _WRITER).read_text(), "what does not clash is merged already"
    git(repository, "cherry-pick", "--abort")
    assert _TABLES[0] in (repository / _FOLDER / _WRITER).read_text()
    _pulled(corpus, repository, "2017-01-11", code=REFUSED)
    assert _TABLES[2] in (repository / _FOLDER / _WRITER).read_text()
    aml(repository, "resolve", "--ours").expect(OK)
    git(repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert (repository / _FOLDER / _QUERY).read_text() == f"{_TEXTS[0]} WHERE id > 7\n"
    settled(repository)


def test_a_node_that_was_removed_here_and_edited_there_is_a_conflict_of_that_node_alone(corpus: Path, repository: Path) -> None:
    root = repository / _FOLDER
    (root / _WRITER).unlink()
    replace_in(root / "layout.json", '      {"Node": "Export Data 1258-c1ef", "Position": "55,1449,200,200"},\n', "")
    commit_all(repository, "ours")
    _pulled(corpus, repository, "2017-01-04", code=REFUSED)
    assert [line[:2] for line in dirty(repository) if _WRITER in line] == ["DU"]
    assert (root / _QUERY).read_text() == f"{_TEXTS[1]}\n"
    aml(repository, "resolve", "--ours").expect(OK)
    git(repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    assert not (root / _WRITER).exists()
    _pulled(corpus, repository, "2017-01-11", code=REFUSED)  # it was edited once more: a new question
    aml(repository, "resolve", "--ours").expect(OK)
    git(repository, "-c", "core.editor=true", "cherry-pick", "--continue")
    settled(repository)
