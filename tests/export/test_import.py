"""`import`: files become versions of the experiment they are of."""

from pathlib import Path

from tests.support.commands import OK, PARTLY, REFUSED, USAGE, aml, clone, git
from tests.support.differences import differences, read_export
from tests.support.exports import DAY, FAMILY, OTHER_FAMILY, T0, experiment, save
from tests.support.repositories import chains, commit_all, count, dirty, folder, fsck, node_file, replace_in, subjects
from tests.support.round_trips import exported


def test_import_makes_a_new_version_and_one_commit(repository: Path, tmp_path: Path) -> None:
    path = save(tmp_path, "late.json", experiment(created=T0 + 5 * DAY, fraction="0.7"))
    aml(repository, "import", path).expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 3"
    assert count(repository) == 4
    assert list(chains(repository)) == [f"archive/{FAMILY}"]
    assert differences(read_export(path.read_bytes()), exported(repository, "Trial@-1", tmp_path)) == []
    assert dirty(repository) == []
    aml(repository, "import", path).expect(OK)
    assert count(repository) == 4
    fsck(repository)


def test_import_of_a_draft_with_the_creation_time_of_the_newest_comes_last(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment(created=T0, fraction="0.1"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    for number in range(2, 7):
        aml(repository, "import", save(tmp_path, "x.json", experiment(created=T0, fraction=f"0.{number}"))).expect(OK)
        assert subjects(repository)[-1] == f"Trial: draft {number}"
        assert f'"0.{number}"' in node_file(folder(repository, "Trial"), "Split").read_text()
    times = [int(time) for time in git(repository, "log", "--reverse", "--format=%at", "HEAD~5..").split()]
    assert times == sorted(times)
    assert "Already up to date." in aml(repository, "pull").expect(OK).out


def test_import_of_an_older_content_makes_it_the_newest_again(repository: Path, tmp_path: Path) -> None:
    aml(repository, "import", tmp_path / "exports" / "1.json").expect(OK)
    assert count(repository) == 4
    assert '"0.1"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_import_of_a_file_with_a_date_in_its_path_puts_it_where_that_date_is(tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    for day in (10, 12, 14):
        save(exports / f"2017-03-{day}", "Trial.json", experiment(created=T0, fraction=f"0.{day}"))
    repository = clone(exports, tmp_path / "r")
    tips = chains(repository)
    for path in (exports / "2017-03-10" / "Trial.json", exports):
        assert "Already up to date." in aml(repository, "import", path).expect(OK).out
    assert chains(repository) == tips
    late = save(tmp_path, "2017-03-13 Trial.json", experiment(created=T0, fraction="0.13"))
    assert "1 new version, in between older ones (4 in all)" in aml(repository, "import", late).expect(OK).out
    assert "@3  2017-03-13" in aml(repository, "log", FAMILY).expect(OK).out
    assert '"0.14"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_import_of_what_no_remote_knows_has_a_record_of_its_own(repository: Path, tmp_path: Path) -> None:
    path = save(tmp_path, "new.json", experiment("New", family=OTHER_FAMILY))
    aml(repository, "import", path).expect(OK)
    assert f"imported/{OTHER_FAMILY}" in chains(repository)
    assert (folder(repository, "New", OTHER_FAMILY) / "experiment.json").exists()
    aml(repository, "import", save(tmp_path, "newer.json", experiment("New", family=OTHER_FAMILY, created=T0 + DAY, fraction="0.9"))).expect(OK)
    assert count(repository, chains(repository)[f"imported/{OTHER_FAMILY}"]) == 2
    aml(repository, "import", "--remote", "mine", save(tmp_path, "third.json", experiment("Third", family="0" * 32))).expect(OK)
    assert f"mine/{'0' * 32}" in chains(repository)
    assert "can't be a remote's name" in aml(repository, "import", "--remote", "a/b", path).expect(USAGE).err


def test_import_of_several_files_at_once(repository: Path, tmp_path: Path) -> None:
    paths = [save(tmp_path, f"{number}.json", experiment(created=T0 + number * DAY, fraction=f"0.{number}")) for number in (6, 5)]
    other = save(tmp_path, "other.json", experiment("Other", family=OTHER_FAMILY))
    aml(repository, "import", *paths, other).expect(OK)
    assert count(repository) == 6
    assert '"0.6"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_import_of_what_clashes_with_an_edit_is_a_conflict(repository: Path, tmp_path: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.75"')
    commit_all(repository)
    run = aml(repository, "import", save(tmp_path, "x.json", experiment(created=T0 + 5 * DAY, fraction="0.7"))).expect(REFUSED)
    assert "amlgit resolve" in run.err
    git(repository, "cherry-pick", "--abort")
    assert '"0.75"' in node_file(folder(repository, "Trial"), "Split").read_text()


def test_import_of_what_is_no_export_says_so(repository: Path, tmp_path: Path) -> None:
    for name, text in (("broken.json", "{"), ("other.json", "[]"), ("empty.json", ""), ("text.txt", "hello")):
        run = aml(repository, "import", save(tmp_path, name, text))
        assert run.code in (PARTLY, REFUSED, USAGE), name
        assert name in run.err
    assert "there is no archive" in aml(repository, "import", "nowhere.json").expect(USAGE).err
    assert count(repository) == 3


def test_an_export_of_the_work_tree_can_be_imported_again(repository: Path, tmp_path: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.75"')
    aml(repository, "export", "Trial", "-o", tmp_path / "mine.json").expect(OK)
    git(repository, "checkout", "--quiet", "--", ".")
    aml(repository, "import", tmp_path / "mine.json").expect(OK)
    assert '"0.75"' in node_file(folder(repository, "Trial"), "Split").read_text()
    assert count(repository) == 4


def test_import_reports_as_json(repository: Path, tmp_path: Path) -> None:
    path = save(tmp_path, "late.json", experiment(created=T0 + 5 * DAY, fraction="0.7"))
    report = aml(repository, "import", "--json", path).expect(OK).json
    assert report["command"] == "import"
    assert report["result"]["folders"][0]["commits"] == 1
