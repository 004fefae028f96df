"""What went in comes out again, member for member; and an edit in the work tree is exactly what differs."""

import re
from pathlib import Path

import pytest

from amlgit import samples
from tests.support.commands import OK, PARTLY, REFUSED, aml, clone, clone_samples, git
from tests.support.differences import differences, read_export, secrets_apart
from tests.support.exports import Document, parameter
from tests.support.repositories import chains, dirty, folder, fsck, node_file, replace_in
from tests.support.round_trips import definitions_of, experiments_of, exported, lost

# --- every real file


def test_every_file_of_the_corpus_comes_back_after_an_import(corpus: Path, tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    for path in experiments_of(corpus / "archive"):
        before = dict(chains(repository))
        aml(repository, "import", path).expect(OK)
        (changed,) = {*chains(repository).items()} - {*before.items()}
        assert lost(path, repository, f"{changed[0].rpartition('/')[2]}@-1", tmp_path) == []
    fsck(repository)


def test_every_definition_of_the_corpus_comes_back_after_an_import(corpus: Path, tmp_path: Path) -> None:
    aml(tmp_path, "init", "r").expect(OK)
    repository = tmp_path / "r"
    found = definitions_of(corpus)
    assert len(found) == 6
    for path in found:
        before = dict(chains(repository))
        aml(repository, "import", path).expect(OK)
        (changed,) = {*chains(repository).items()} - {*before.items()}
        assert lost(path, repository, f"{changed[0].rpartition('/')[2]}@-1", tmp_path) == []
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
        assert lost(path, repository, name, tmp_path) == [], name


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
        assert lost(path, second, name, tmp_path) == [], name
    for name in ("Topics", "RedditML"):
        assert exported(second, name, tmp_path) == exported(repository, name, tmp_path)
    assert dirty(second) == []


def test_the_samples_come_back_too(tmp_path: Path) -> None:
    repository = clone_samples(tmp_path / "r")
    for path in experiments_of(samples.archive()):
        run_id = read_export(path.read_bytes())["RunId"]
        if run_id and "Sensor" not in path.name:
            family = run_id.split(".")[2]
            assert lost(path, repository, f"{family}@{run_id}", tmp_path) == [], path


def test_the_export_of_the_work_tree_holds_what_people_own(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    source = read_export((corpus / "archive/2017-01-11/Topics.json").read_bytes())
    found = secrets_apart(differences(source, exported(repository, "Topics", tmp_path)))
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
    before = exported(repository, "Topics", tmp_path)
    edited = next(
        path for path in sorted((repository / "experiments/Topics-1b48ea/nodes").glob("*.json")) if re.search(r'"Value": "[0-9]+"', path.read_text())
    )
    match = re.search(r'"Value": "([0-9]+)"', edited.read_text())
    assert match is not None
    edited.write_text(edited.read_text().replace(match[0], '"Value": "4711"', 1))
    (found,) = differences(before, exported(repository, "Topics", tmp_path))
    assert re.fullmatch(r"/Graph/ModuleNodes/\d+/ModuleParameters/\d+/Value", found[0])
    assert found[1:] == (match[1], "4711")


def test_one_script_line_is_exactly_what_differs_and_its_line_ends_stay(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    for name, start, extension in (("VoX train experiment", "", "R"), ("Topics", "", "py")):
        before = exported(repository, name, tmp_path)
        place = next(path for path in (repository / "experiments").iterdir() if path.name.startswith(f"{name}-"))
        script = sorted(place.glob(f"nodes/{start}*.{extension}"))[0]
        lines = script.read_text().split("\n")
        assert "\r" not in script.read_text()
        lines[0] += "  # edited"
        script.write_text("\n".join(lines))
        ((path, old, new),) = differences(before, exported(repository, name, tmp_path))
        assert re.fullmatch(r"/Graph/ModuleNodes/\d+/ModuleParameters/\d+/Value", path)
        ends = "\r\n" if "\r\n" in old else "\n"
        assert [left == right for left, right in zip(old.split(ends), new.split(ends), strict=True)] == [False] + [True] * old.count(ends)
        assert new.split(ends)[0] == old.split(ends)[0] + "  # edited"


def test_one_box_is_exactly_what_differs(corpus: Path, tmp_path: Path) -> None:
    repository = clone(corpus / "archive", tmp_path / "r", code=PARTLY)
    for name in ("Topics-1b48ea", "VoX train experiment-05126f", "Topic Images-fb544e"):
        before = exported(repository, name, tmp_path)
        layout = repository / "experiments" / name / "layout.json"
        text = re.sub(r'"Position": "[^"]*"', '"Position": "1.5,-2,30,40"', layout.read_text(), count=1)
        layout.write_text(text)
        ((path, old, new),) = _box_differences(before, exported(repository, name, tmp_path))
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
    before = exported(repository, "Trial", tmp_path)
    replace_in(node_file(folder(repository, "Trial"), "Split"), ', "Source": "Execute Python Script 1-0001:Result Dataset"', "")
    replace_in(folder(repository, "Trial") / "experiment.json", '"Description": "Trial"', '"Description": "Trial é"')
    found = differences(before, exported(repository, "Trial-aaaaaa", tmp_path))
    assert [path for path, _, _ in found] == ["/Description", "/Graph/EdgesInternal"]
    assert found[1][2] == []


def test_export_shows_uncommitted_work_and_a_version_never_does(repository: Path, tmp_path: Path) -> None:
    replace_in(node_file(folder(repository, "Trial"), "Split"), '"0.2"', '"0.9"')
    assert parameter(exported(repository, "Trial", tmp_path), "Fraction of rows in the first output dataset")["Value"] == "0.9"
    assert parameter(exported(repository, "Trial@-1", tmp_path), "Fraction of rows in the first output dataset")["Value"] == "0.2"


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
