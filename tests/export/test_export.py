"""`export`: where to, in which spelling, and by which of an experiment's names."""

import json
import os
import stat
from pathlib import Path

import pytest

from amlgit.form.layout import USUAL_HEAD
from tests.support.commands import OK, REFUSED, USAGE, aml, clone, git, process
from tests.support.differences import differences, read_export
from tests.support.exports import DAY, EXPORT_DATA, FAMILY, OTHER_FAMILY, PYTHON, SPLIT, T0, experiment, save, snapshot_id
from tests.support.repositories import commit_all
from tests.support.round_trips import lost
from tests.support.wire import HEAD


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
    assert "folder is a folder" in aml(repository, "export", "Trial", "-o", tmp_path / "folder").expect(USAGE).err
    assert "there is no folder" in aml(repository, "export", "Trial", "-o", tmp_path / "nowhere" / "x.json").expect(USAGE).err


def test_a_result_never_overwrites_work_that_is_in_no_commit(repository: Path, tmp_path: Path) -> None:
    kept = repository / "kept.json"
    kept.write_text("committed\n")
    commit_all(repository)
    kept.write_text("mine\n")
    export = f"{tmp_path / 'exports' / '1.json'}"
    for verb in (["export", "Trial", "-o"], ["show", "Trial", "--html"], ["review", "--html"], ["merge", "--no-index", export, export, export, "-o"]):
        for start, name in ((repository, "kept.json"), (repository / "experiments", "../kept.json"), (tmp_path, str(kept))):
            place = ["-C", str(repository)] if start == tmp_path else []
            run = aml(start, *place, *verb, name).expect(REFUSED)
            assert "kept.json has uncommitted changes, which would be overwritten" in run.err, verb
            assert kept.read_text() == "mine\n"
    git(repository, "checkout", "--quiet", "--", "kept.json")
    aml(repository, "export", "Trial", "-o", kept).expect(OK)  # what a commit has can be had again
    assert json.loads(kept.read_bytes())["Description"] == "Trial"
    (repository / "new.json").write_text("of no interest to git")
    aml(repository, "export", "Trial", "-o", "new.json").expect(OK)
    assert json.loads((repository / "new.json").read_bytes())["Description"] == "Trial"


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
    assert lost(path, repository, "Trial@1", tmp_path) == []


def test_a_placeholder_in_an_export_is_named_on_standard_error(tmp_path: Path) -> None:
    save(tmp_path / "exports", "1.json", experiment(nodes=(PYTHON, EXPORT_DATA), password="hunter2hunter2"))
    repository = clone(tmp_path / "exports", tmp_path / "r")
    run = aml(repository, "export", "Trial").expect(OK)
    assert "secret" in run.err
    assert "Server User Account Password" in run.err
    assert "${secret:" in run.out
    assert "hunter2" not in run.out + run.err


def test_the_usual_head_of_the_tests_is_that_of_the_form() -> None:
    assert HEAD == USUAL_HEAD
