"""export and import: what went in comes out again, member for member; and an edit in the work tree is exactly what differs (point 6)."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from amlgit import samples
from amlgit.form.layout import USUAL_HEAD
from tests.helpers import (
    DAY,
    EXPORT_DATA,
    FAMILY,
    LAYOUT_HEAD,
    OK,
    OTHER_FAMILY,
    PARTLY,
    PYTHON,
    REFUSED,
    SPLIT,
    T0,
    USAGE,
    Document,
    aml,
    chains,
    clone,
    clone_samples,
    commit_all,
    count,
    differences,
    dirty,
    experiment,
    folder,
    fsck,
    git,
    node_file,
    parameter,
    process,
    read_export,
    replace_in,
    save,
    secrets_apart,
    snapshot_id,
    subjects,
)


def _exported(repository: Path, name: str, tmp_path: Path) -> Document:
    target = tmp_path / "exported.json"
    aml(repository, "export", name, "-o", target).expect(OK)
    return read_export(target.read_bytes())


def _experiments(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*.json")) if b'"ExperimentId"' in path.read_bytes()]


def _definitions(root: Path) -> list[Path]:
    return [
        path for path in sorted(root.rglob("*.json")) if b'"packagetype"' in path.read_bytes().lower() and path.parent.name in ("wsd", "webservices")
    ]


def _lost(source: Path, repository: Path, name: str, tmp_path: Path) -> list[tuple[str, Any, Any]]:
    return secrets_apart(differences(read_export(source.read_bytes()), _exported(repository, name, tmp_path)))


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    save(tmp_path / "exports", "1.json", experiment(created=T0, fraction="0.1"))
    save(tmp_path / "exports", "2.json", experiment(created=T0 + DAY, run=2, fraction="0.2"))
    return clone(tmp_path / "exports", tmp_path / "r")


# --- every real file


def test_every_file_of_the_corpus_comes_back_after_an_import(corpus: Path, tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    for path in _experiments(corpus / "archive"):
        before = dict(chains(repository))
        aml(repository, "import", path).expect(OK)
        (changed,) = {*chains(repository).items()} - {*before.items()}
        assert _lost(path, repository, f"{changed[0].rpartition('/')[2]}@-1", tmp_path) == []
    fsck(repository)


def test_every_definition_of_the_corpus_comes_back_after_an_import(corpus: Path, tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    found = _definitions(corpus)
    assert len(found) == 6
    for path in found:
        before = dict(chains(repository))
        aml(repository, "import", path).expect(OK)
        (changed,) = {*chains(repository).items()} - {*before.items()}
        assert _lost(path, repository, f"{changed[0].rpartition('/')[2]}@-1", tmp_path) == []
    fsck(repository)


def _numbered(corpus: Path) -> dict[str, Path]:
    return {
        "VoX train experiment@1": corpus / "archive/2016-05-25/train.json",
        "Topics@1": corpus / "archive/2016-12-09/Topics.json",
        "Topics@2": corpus / "archive/2017-01-04/Topics.json",
        "Topics@-1": corpus / "archive/2017-01-11/Topics.json",
        "Topic Images@1": corpus / "archive/2016-12-09/Topic Images.json",
        "Entity Recognition@1": corpus / "archive/2016-12-09/Entity Recognition.json",
        "TopicsNew@1": corpus / "archive/2017-03-22/TopicsExperiment.json",
        "RedditML@1": corpus / "wsd/RedditML.2017-10-23.json",
        "entity12@1": corpus / "wsd/EntityWebService.2017-01-09.json",
        "entity12@2": corpus / "wsd/EntityWebService.2017-01-12.json",
    }


def test_every_version_of_a_cloned_corpus_is_the_file_it_was(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus, tmp_path / "r", code=PARTLY)
    for name, path in _numbered(corpus).items():
        assert _lost(path, repository, name, tmp_path) == [], name


def test_every_version_comes_out_of_a_second_members_clone_with_its_chains(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus, tmp_path / "r", code=PARTLY)
    git(tmp_path, "init", "--quiet", "--bare", "team.git")
    git(repository, "remote", "add", "origin", tmp_path / "team.git")
    git(repository, "push", "--quiet", "-u", "origin", "HEAD:main")
    aml(repository, "push", "--record").expect(OK)
    git(tmp_path, "clone", "--quiet", "-b", "main", "team.git", "second")
    second = tmp_path / "second"
    aml(second, "install").expect(OK)
    git(second, "fetch", "--quiet")
    for name, path in _numbered(corpus).items():
        assert _lost(path, second, name, tmp_path) == [], name
    for name in ("Topics", "RedditML"):
        assert _exported(second, name, tmp_path) == _exported(repository, name, tmp_path)
    assert dirty(second) == []


def test_the_samples_come_back_too(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    for path in _experiments(samples.archive()):
        run_id = read_export(path.read_bytes())["RunId"]
        if run_id and "Sensor" not in path.name:
            family = run_id.split(".")[2]
            assert _lost(path, repository, f"{family}@{run_id}", tmp_path) == [], path


def test_the_export_of_the_work_tree_holds_what_people_own(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    source = read_export((corpus / "archive/2017-01-11/Topics.json").read_bytes())
    found = secrets_apart(differences(source, _exported(repository, "Topics", tmp_path)))
    assert {path.split("/")[1] for path, _, _ in found} <= {
        "Category",
        "Creator",
        "Etag",
        "Status",
        "IsPartialRun",
        "OriginalExperimentDocumentationLink",
        "WebService",
    }
    assert {path for path, _, _ in found if path.startswith("/WebService")} <= {
        f"/WebService/{name}" for name in ("ArmWebServiceId", "ModelPackageId", "RunId", "WebServiceGroupId")
    }


# --- exactly what was edited


def test_one_value_is_exactly_what_differs(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    before = _exported(repository, "Topics", tmp_path)
    edited = next(
        path for path in sorted((repository / "experiments/Topics-1b48ea/nodes").glob("*.json")) if re.search(r'"Value": "[0-9]+"', path.read_text())
    )
    match = re.search(r'"Value": "([0-9]+)"', edited.read_text())
    assert match is not None
    edited.write_text(edited.read_text().replace(match[0], '"Value": "4711"', 1))
    (found,) = differences(before, _exported(repository, "Topics", tmp_path))
    assert re.fullmatch(r"/Graph/ModuleNodes/\d+/ModuleParameters/\d+/Value", found[0])
    assert found[1:] == (match[1], "4711")


def test_one_script_line_is_exactly_what_differs_and_its_line_ends_stay(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    for name, start, extension in (("VoX train experiment", "", "R"), ("Topics", "", "py")):
        before = _exported(repository, name, tmp_path)
        place = next(path for path in (repository / "experiments").iterdir() if path.name.startswith(f"{name}-"))
        script = sorted(place.glob(f"nodes/{start}*.{extension}"))[0]
        lines = script.read_text().split("\n")
        assert "\r" not in script.read_text()
        lines[0] += "  # edited"
        script.write_text("\n".join(lines))
        ((path, old, new),) = differences(before, _exported(repository, name, tmp_path))
        assert re.fullmatch(r"/Graph/ModuleNodes/\d+/ModuleParameters/\d+/Value", path)
        ends = "\r\n" if "\r\n" in old else "\n"
        assert [left == right for left, right in zip(old.split(ends), new.split(ends), strict=True)] == [False] + [True] * old.count(ends)
        assert new.split(ends)[0] == old.split(ends)[0] + "  # edited"


def test_one_box_is_exactly_what_differs(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    for name in ("Topics-1b48ea", "VoX train experiment-05126f", "Topic Images-fb544e"):
        before = _exported(repository, name, tmp_path)
        layout = repository / "experiments" / name / "layout.json"
        text = re.sub(r'"Position": "[^"]*"', '"Position": "1.5,-2,30,40"', layout.read_text(), count=1)
        layout.write_text(text)
        ((path, old, new),) = _box_differences(before, _exported(repository, name, tmp_path))
        assert path == "/Graph/SerializedClientData"
        assert new == re.sub("Position='[^']*'", "Position='1.5,-2,30,40'", old)


def _box_differences(one: Document, other: Document) -> list[tuple[str, str, str]]:
    found = []
    for path, _, _ in differences(one, other):
        assert path.startswith("/Graph/SerializedClientData/boxes")
    old, new = (document["Graph"]["SerializedClientData"] for document in (one, other))
    boxes = [re.findall("<NodePosition [^<>]*/>", text) for text in (old, new)]
    assert re.sub("<NodePosition [^<>]*/>", "", old) == re.sub("<NodePosition [^<>]*/>", "", new)
    for left, right in zip(*boxes, strict=True):
        if left != right:
            found.append(("/Graph/SerializedClientData", left, right))
    return found


def test_an_edge_taken_out_and_a_title_changed_are_exactly_what_differs(repository: Path, tmp_path: Path) -> None:
    before = _exported(repository, "Trial", tmp_path)
    replace_in(node_file(folder(repository, "Trial"), "Split"), ', "Source": "Execute Python Script 1-0001:Result Dataset"', "")
    replace_in(folder(repository, "Trial") / "experiment.json", '"Description": "Trial"', '"Description": "Trial é"')
    found = differences(before, _exported(repository, "Trial-aaaaaa", tmp_path))
    assert [path for path, _, _ in found] == ["/Description", "/Graph/EdgesInternal"]
    assert found[1][2] == []


def test_export_shows_uncommitted_work_and_a_version_never_does(repository: Path, tmp_path: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.9"')
    assert parameter(_exported(repository, "Trial", tmp_path), "Fraction of rows in the first output dataset")["Value"] == "0.9"
    assert parameter(_exported(repository, "Trial@-1", tmp_path), "Fraction of rows in the first output dataset")["Value"] == "0.2"


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("experiment.json", "{", "experiment.json"),
        ("experiment.json", None, "experiment.json"),
        ("layout.json", "[]", "layout.json"),
        ("nodes/Split Data 2-0002.json", '{"Id": 5}', "Split Data 2-0002.json"),
        ("nodes/Execute Python Script 1-0001.py", None, "Execute Python Script 1-0001.py"),
        ("nodes/Execute Python Script 1-0001.json", None, "Execute Python Script 1-0001"),
        ("nodes/Split Data 2-0002.json", "<<<<<<< ours\n", "Split Data 2-0002.json"),
    ],
)
def test_a_work_tree_that_contradicts_itself_is_named_by_file(repository: Path, tmp_path: Path, file: str, text: str | None, named: str) -> None:
    path = folder(repository, "Trial") / file
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert named in aml(repository, "export", "Trial", "-o", tmp_path / "x.json").expect(REFUSED).err
    assert not (tmp_path / "x.json").exists()


# --- where to, and in which spelling


def test_the_export_is_the_services_one_line_and_pretty_is_for_people(repository: Path) -> None:
    one_line = process(repository, "export", "Trial@2").expect(OK).out
    assert "\n" not in one_line
    assert rf'"EndTime":"\/Date({(T0 + DAY) * 1000})\/"' in one_line
    pretty = aml(repository, "export", "--pretty", "Trial@2").expect(OK).out
    assert pretty.startswith('{\n  "')
    assert json.loads(pretty) == json.loads(one_line)


def test_an_export_replaces_a_file_in_one_step_and_leaves_its_neighbours_alone(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "out.json").write_text("old")
    (tmp_path / "out.json.new").write_text("mine")
    aml(repository, "export", "Trial", "-o", tmp_path / "out.json").expect(OK)
    assert json.loads((tmp_path / "out.json").read_bytes())["Description"] == "Trial"
    assert (tmp_path / "out.json.new").read_text() == "mine"


def test_an_export_into_a_pipe_or_device_writes_there_and_does_not_replace_it(repository: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        aml(repository, "export", "Trial", "-o", pipe).expect(OK)
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert os.read(reader, 1 << 16).startswith(b"{")
    finally:
        os.close(reader)


def test_an_export_through_a_link_keeps_the_link(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "target.json")
    aml(repository, "export", "Trial", "-o", tmp_path / "link.json").expect(OK)
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "target.json").exists()


def test_an_export_to_where_nothing_can_be_written_says_so(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    assert "can't be written" in aml(repository, "export", "Trial", "-o", tmp_path / "folder").expect(USAGE).err
    assert "can't be written" in aml(repository, "export", "Trial", "-o", tmp_path / "nowhere" / "x.json").expect(USAGE).err


@pytest.mark.parametrize("name", ["Trial", "trial", "Trial-aaaaaa", "experiments/Trial-aaaaaa", "experiments/Trial-aaaaaa/", FAMILY, FAMILY[:8]])
def test_an_experiment_has_many_names(repository: Path, name: str) -> None:
    assert json.loads(aml(repository, "export", name).expect(OK).out)["Description"] == "Trial"
    assert json.loads(aml(repository, "export", f"{name}@1").expect(OK).out)["RunId"] is None


def test_a_version_is_named_by_number_from_either_end_or_by_snapshot(repository: Path) -> None:
    whole = json.loads(aml(repository, "export", "Trial@2").expect(OK).out)
    for name in ("Trial@-1", f"Trial@{snapshot_id(2)}", f"{whole['ExperimentId']}@2"):
        assert json.loads(aml(repository, "export", name).expect(OK).out) == whole


@pytest.mark.parametrize(
    "name", ["Trial@3", "Trial@0", "Trial@-3", f"Trial@{snapshot_id(9)}", "Trail", "Trial@x", "", "@1", "Trial@99999999999999999999"]
)
def test_a_name_that_means_nothing_is_an_error_that_says_what_there_is(repository: Path, name: str) -> None:
    said = aml(repository, "export", "--", name).expect(USAGE).err
    assert "Trial" in said


def test_an_ambiguous_name_lists_the_candidates(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("Same"))
    save(tmp_path / "exports", "2.json", experiment("Same", family=OTHER_FAMILY))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    said = aml(repository, "export", "Same").expect(USAGE).err
    assert "experiments/Same-aaaaaa" in said
    assert "experiments/Same-ffffff" in said


def test_a_title_with_an_at_sign_is_still_a_name(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment("mail@2"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert json.loads(aml(repository, "export", "mail@2").expect(OK).out)["Description"] == "mail@2"
    assert json.loads(aml(repository, "export", "mail@2@1").expect(OK).out)["Description"] == "mail@2"


def test_placeholders_of_ours_that_came_from_outside_come_back_as_they_were(tmp_path: Path) -> None:
    mark = "${secret:Password} $${secret:x} $$${secret:}"
    save(tmp_path / "exports", "1.json", experiment(mark, script=f"# {mark}\r\n", summary=mark, fraction=mark, nodes=(PYTHON, SPLIT)))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    run = aml(repository, "export", "--", f"{FAMILY}@1").expect(OK)
    assert "secret" not in run.err
    assert differences(read_export((tmp_path / "exports/1.json").read_bytes()), read_export(run.out.encode())) == []


def test_unknown_members_and_the_text_of_numbers_survive(tmp_path: Path) -> None:
    document = experiment(nodes=(PYTHON,), New={"deep": [1, {"x": None}]}, Tags=["b", "a"])
    document["Graph"]["More"] = True
    document["Graph"]["ModuleNodes"][0]["Number"] = "@"
    document["Graph"]["ModuleNodes"][0]["InputPortsInternal"][0]["Other"] = ["z"]
    text = json.dumps(document).replace('"@"', "[1.10, 1E5, -0, 12345678901234567890123, 0.30000000000000004, 1e-400]")
    path = save(tmp_path / "exports", "1.json", text)
    repository = clone(tmp_path / "exports", tmp_path / "r")
    assert _lost(path, repository, "Trial@1", tmp_path) == []


def test_a_placeholder_in_an_export_is_named_on_standard_error(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment(nodes=(PYTHON, EXPORT_DATA), password="hunter2hunter2"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    run = aml(repository, "export", "Trial").expect(OK)
    assert "secret" in run.err
    assert "Server User Account Password" in run.err
    assert "${secret:" in run.out
    assert "hunter2" not in run.out + run.err


def test_the_usual_head_of_the_tests_is_that_of_the_form() -> None:
    assert LAYOUT_HEAD == USUAL_HEAD


# --- import


def test_import_makes_a_new_version_and_one_commit(repository: Path, tmp_path: Path) -> None:
    path = save(tmp_path, "late.json", experiment(created=T0 + 5 * DAY, fraction="0.7"))
    aml(repository, "import", path).expect(OK)
    assert subjects(repository)[-1] == "Trial: draft 3"
    assert count(repository) == 4
    assert list(chains(repository)) == [f"archive/{FAMILY}"]
    assert differences(read_export(path.read_bytes()), _exported(repository, "Trial@-1", tmp_path)) == []
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
