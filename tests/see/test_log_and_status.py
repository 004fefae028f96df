"""log and status: the versions in the record, and how work tree and branch stand to what was last seen."""

from pathlib import Path

import pytest

from tests.support.commands import FINDINGS, OK, PARTLY, USAGE, aml, clone, git
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, Document, experiment, save, snapshot_id
from tests.support.repositories import chains, commit_all, folder, node_file, replace_in


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    exports = tmp_path / "exports"
    save(exports, "1.json", experiment(created=T0, run=1, fraction="0.1"))
    save(exports, "2.json", experiment(created=T0 + 2 * DAY, fraction="0.2", creator="Zoë Doe"))
    save(exports, "3.json", experiment("Other", family=OTHER_FAMILY, created=T0 + DAY))
    return clone(exports, tmp_path / "r")


def _folders(repository: Path) -> dict[str, Document]:
    report = aml(repository, "status", "--json").expect(OK).json["result"]
    return {row["path"]: row for row in report["folders"]}


def test_log_lists_every_version_newest_first(repository: Path) -> None:
    tips = chains(repository)
    first = git(repository, "rev-parse", f"{tips[f'archive/{FAMILY}']}~1")
    assert [line.split() for line in aml(repository, "log", "--no-changes").expect(OK).out.splitlines()] == [
        [tips[f"archive/{FAMILY}"][:10], "@2", "2015-12-15", "09:46", "InDraft", "Zoë", "Doe", "Trial"],
        [tips[f"archive/{OTHER_FAMILY}"][:10], "@1", "2015-12-14", "09:46", "InDraft", "jane.doe", "Other"],
        [first[:10], "@1", "2015-12-13", "09:46", "Finished", "jane.doe", "Trial"],
    ]
    lines = aml(repository, "log", "--reverse", "--no-changes").expect(OK).out.splitlines()
    assert [line.split()[-1] for line in lines] == ["Trial", "Other", "Trial"]


def test_log_as_json_has_every_fact(repository: Path) -> None:
    document = aml(repository, "log", "--json", "Trial@1").expect(OK).json
    assert document["result"]["versions"] == [
        {
            "title": "Trial",
            "remote": "archive",
            "number": 1,
            "date": "2015-12-13T09:46:40Z",
            "status": "Finished",
            "who": "jane.doe",
            "commit": git(repository, "rev-parse", f"refs/amlgit/archive/{FAMILY}~1"),
            "snapshot": snapshot_id(1),
        }
    ]
    assert [entry["snapshot"] for entry in aml(repository, "log", "--json", "Trial").expect(OK).json["result"]["versions"]] == [None, snapshot_id(1)]


def test_log_of_one_experiment_works_by_folder_too(repository: Path) -> None:
    assert len(aml(repository, "log", "experiments/Trial-aaaaaa").expect(OK).out.splitlines()) == 2
    assert "there is no experiment 'Nothing'" in aml(repository, "log", "Nothing").expect(USAGE).err


def test_log_of_a_path_is_of_the_folder_there(repository: Path) -> None:
    trial = folder(repository, "Trial")
    whole, one = aml(repository, "log").expect(OK).out, aml(repository, "log", "Trial").expect(OK).out
    assert len(whole.splitlines()) == 3
    assert aml(repository, "log", ".").expect(OK).out == whole
    for start, name in ((trial, "."), (trial / "nodes", ".."), (trial, str(trial)), (repository / "experiments", "./Trial-aaaaaa/")):
        assert aml(start, "log", name).expect(OK).out == one, name
    assert aml(trial, "log", ".@1").expect(OK).out == aml(repository, "log", "Trial@1").expect(OK).out
    for verb in ("log", "show", "export", "blame"):
        run = aml(repository / "experiments", verb, ".").expect(USAGE)
        assert "'.' is the folder of all of them, and one experiment is wanted here" in run.err, verb
        assert "Known: experiments/Other-ffffff, experiments/Trial-aaaaaa" in run.err, verb
    assert "'.' is the whole repository, and one experiment is wanted here" in aml(repository, "show", ".").expect(USAGE).err
    assert aml(trial, "show", ".").expect(OK).out == aml(repository, "show", "Trial").expect(OK).out
    assert aml(trial, "blame", ".").expect(OK).out == aml(repository, "blame", "Trial").expect(OK).out
    assert aml(trial, "map", ".").expect(OK).out == aml(repository, "map", "Trial").expect(OK).out
    assert aml(repository, "map", ".").expect(OK).out == aml(repository, "map").expect(OK).out


def test_log_of_the_newest_few(repository: Path) -> None:
    def lines(*options: str) -> list[str]:
        return aml(repository, "log", *options).expect(OK).out.splitlines()

    assert [line.split()[1] for line in lines("--no-changes", "-n", "2")] == ["@2", "@1"]
    whole = lines()
    assert len(lines("-n", "2", "Trial")) == len(lines("-n", "9", "Trial")) == 2
    assert [line[:10] for line in lines("-n", "2")] == [line[:10] for line in whole[:2]]
    assert [line[:10] for line in lines("-n", "2", "--reverse")] == [line[:10] for line in whole[1::-1]]
    assert [line[:10] for line in lines("-n", "1", "--class", "parameter")] == [whole[0][:10]]
    assert len(aml(repository, "log", "--json", "--max-count", "1").expect(OK).json["result"]["versions"]) == 1
    aml(repository, "log", "-n", "0").expect(USAGE)


def test_log_of_the_corpus_tells_its_dates_and_people(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    lines = [line.split(maxsplit=1)[1].split() for line in aml(repository, "log", "--no-changes", "Topics").expect(OK).out.splitlines()]
    assert lines == [
        [f"@{number}", date, "00:00", "InDraft", "jolarso"] for number, date in ((3, "2017-01-11"), (2, "2017-01-04"), (1, "2016-12-09"))
    ]


def test_log_and_status_of_a_repository_without_versions(tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    assert aml(tmp_path / "r", "log").expect(OK).out == "No versions yet.\n"
    assert "No experiments yet." in aml(tmp_path / "r", "status").expect(OK).out
    assert "there is no experiment" in aml(tmp_path / "r", "log", "Trial").expect(USAGE).err


def test_status_of_a_fresh_clone_is_quiet(repository: Path) -> None:
    assert aml(repository, "status", "--exit-code").expect(OK).out.splitlines() == [
        "On branch main",
        "experiments/Other-ffffff: version 1 of 1 in archive",
        "experiments/Trial-aaaaaa: version 2 of 2 in archive",
    ]


def test_status_shows_what_is_uncommitted_edited_new_and_only_in_the_record(repository: Path, tmp_path: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.75"')
    assert _folders(repository)["experiments/Trial-aaaaaa"]["uncommitted"] == ["experiments/Trial-aaaaaa/nodes/Split Data 2-0002.json"]
    aml(repository, "status", "--exit-code").expect(FINDINGS)
    commit_all(repository)
    assert _folders(repository)["experiments/Trial-aaaaaa"]["edited"] is True
    save(tmp_path / "exports", "4.json", experiment(created=T0 + 4 * DAY, fraction="0.4"))
    save(tmp_path / "exports", "5.json", experiment("New", family="0" * 32, created=T0 + 4 * DAY))
    aml(repository, "fetch").expect(OK)
    out = aml(repository, "status", "--exit-code").expect(FINDINGS).out
    assert "experiments/Trial-aaaaaa: version 2 of 3 in archive, edited since" in out
    assert "only in the record: New" in out


def test_status_counts_a_new_folder_that_nobody_bound(repository: Path) -> None:
    save(repository / "experiments" / "Mine", "experiment.json", "{}")
    assert _folders(repository)["experiments/Mine"]["uncommitted"] == ["experiments/Mine/experiment.json"]
    commit_all(repository)
    assert "experiments/Mine: not bound to a remote" in aml(repository, "status").expect(OK).out


def test_an_edit_that_was_taken_back_is_no_edit(repository: Path) -> None:
    split = node_file(folder(repository, "Trial"), "Split")
    replace_in(split, '"0.2"', '"0.75"')
    commit_all(repository)
    replace_in(split, '"0.75"', '"0.2"')
    commit_all(repository)
    assert _folders(repository)["experiments/Trial-aaaaaa"]["edited"] is False


@pytest.mark.parametrize("options", [(), ("--json",), ("--exit-code",)])
def test_status_says_that_the_configuration_is_broken(repository: Path, options: tuple[str, ...]) -> None:
    (repository / ".amlgit").write_text("this is [no toml")
    run = aml(repository, "status", *options).expect(USAGE)
    assert ".amlgit: " in run.out + run.err
    assert "at line 1" in run.out + run.err


def test_status_says_where_it_is(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--detach")
    assert aml(repository, "status").expect(OK).out.startswith("HEAD is detached\n")
    (repository / ".git" / "MERGE_HEAD").write_text(git(repository, "rev-parse", "HEAD") + "\n")
    run = aml(repository, "status").expect(OK)
    assert "A merge is not finished yet" in run.out
    assert "'amlgit resolve' shows what is left to settle; then 'git commit', or 'git merge --abort'." in run.err


def test_status_changes_nothing(repository: Path) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in (repository / ".git").rglob("*") if path.is_file())
    aml(repository, "status").expect(OK)
    aml(repository, "log").expect(OK)
    aml(repository, "config").expect(OK)
    assert sorted((path, path.stat().st_mtime_ns) for path in (repository / ".git").rglob("*") if path.is_file()) == before


@pytest.mark.parametrize("verb", [("status",), ("log",), ("log", FAMILY), ("map", "HEAD"), ("show", FAMILY), ("blame", FAMILY), ("pull",)])
def test_a_branch_or_tag_with_a_line_end_of_unicode_in_its_name_stops_nothing(repository: Path, verb: tuple[str, ...]) -> None:
    aml(repository, *verb).expect(OK)
    for ref in ("refs/remotes/origin/one\u2028two", "refs/heads/one\u2028two", "refs/tags/one\x85two"):
        git(repository, "update-ref", ref, "HEAD")
    aml(repository, *verb).expect(OK)
