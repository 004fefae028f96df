"""A service that means harm: what it answers comes to no more than a clear error, and nowhere but where downloads belong."""

import json
from pathlib import Path

import pytest

from amlgit.model.jsontext import loads
from amlgit.remotes.failures import NoAnswer, Rejected
from amlgit.remotes.session import Request
from tests.support.canned import GET, TOKEN, canned, says
from tests.support.canned_workspace import FAMILY, OWN, WORKSPACE, clone, experiment, other, run_of, workspace
from tests.support.commands import OK, PARTLY, REFUSED, UNREACHABLE, aml, git
from tests.support.emulated import Json


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMLGIT_TOKEN", TOKEN)


@pytest.mark.parametrize("member", ["RunId", "ParentExperimentId"])
@pytest.mark.parametrize("name", ["{}/taken", "../../../../taken", "a/b", "x\0y", "x" * 10_000])
def test_an_id_of_a_list_is_never_a_path(member: str, name: str, tmp_path: Path) -> None:
    listed = experiment(**{member: name.format(tmp_path)})
    with canned(workspace([listed], {OWN: listed, "": experiment()})) as server:
        done = clone(f"http://127.0.0.1:{server.port}", tmp_path / "repository").expect(UNREACHABLE)
    assert f"{member} " in done.err
    assert "is no experiment's id" in done.err
    assert list(tmp_path.rglob("taken*")) == []


@pytest.mark.parametrize("length", range(260, 330, 10))
def test_a_token_is_not_told_in_part_where_a_message_is_cut(length: int) -> None:
    body = json.dumps({"error": {"message": f"{'x' * length}{TOKEN}"}}).encode()
    with canned(says(400, body, x_ms_request_id=f"for {TOKEN}")) as server, pytest.raises(Rejected) as raised:
        server.session().send(GET, loads)
    assert TOKEN[:4] not in str(raised.value)
    assert TOKEN not in raised.value.request_id


@pytest.mark.parametrize("etag", ["“x”", "a\r\nX: y", "\0", " a"])
def test_an_etag_that_no_header_can_hold_is_told_and_nothing_is_sent(etag: str) -> None:
    with canned(says(200)) as server:
        with pytest.raises(NoAnswer, match="a save: the service's etag is none"):
            server.session().send(Request(method="POST", path="things", what="a save", body=b"{}", if_match=etag), loads)
        assert server.asked == []


@pytest.mark.parametrize(("name", "text"), [("studio-studio.json", '{{"{0}": {{"{1}": [], "x": 7}}}}'), ("made.json", '{{"studio": [], "x": 7}}')])
def test_a_note_of_another_shape_is_as_none(name: str, text: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    with canned(workspace([experiment()], {OWN: experiment()})) as server:
        clone(f"http://127.0.0.1:{server.port}", repository).expect(OK)
        (repository / ".git" / "amlgit" / name).write_text(text.format(WORKSPACE, "c" * 32))
        aml(repository, "pull").expect(OK)
        aml(repository, "push").expect(OK)


@pytest.mark.parametrize("prefix", ["refs/amlgit", "refs/amlgit-drafts"])
def test_a_ref_of_the_record_that_names_no_commit_is_told(prefix: str, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    with canned(workspace([experiment()], {OWN: experiment()})) as server:
        clone(f"http://127.0.0.1:{server.port}", repository).expect(OK)
        git(repository, "update-ref", f"{prefix}/studio/{FAMILY}", git(repository, "rev-parse", "HEAD^{tree}").strip())
        (repository / ".git" / "amlgit" / "studio-studio.json").unlink()
        done = aml(repository, "pull")
        assert done.code in {REFUSED, UNREACHABLE}, done.err
        assert "bug" not in done.err


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"Graph": []}, "it is no experiment"),
        ({"Graph": None}, "it is no experiment"),
        ({"Status": "Finished"}, "Status must be an object"),
        ({"RunId": 7}, "RunId is neither null nor"),
        ({"ExperimentId": 7}, "ExperimentId is not of the form"),
        ({"ExperimentId": f"{WORKSPACE}.f-id.{'9' * 32}"}, "it is another experiment"),
        ({"Graph": {"ModuleNodes": 7}}, "ModuleNodes"),
        ({"Status": {"StatusCode": []}, "Graph": {"ModuleNodes": [7], "EdgesInternal": {}}}, "ModuleNodes"),
    ],
)
def test_one_document_of_wrong_types_is_named_and_the_others_come(members: dict[str, Json], why: str, tmp_path: Path) -> None:
    bad, good = experiment(), other("c")
    documents: dict[str, Json] = {OWN: experiment(**members), str(good["ExperimentId"]): good}
    repository = tmp_path / "repository"
    with canned(workspace([bad, good], documents)) as server:
        done = clone(f"http://127.0.0.1:{server.port}", repository).expect(PARTLY)
        assert "not taken in: T" in done.err
        assert why in done.err
        assert [path.name for path in (repository / "experiments").iterdir()] == ["Other c-cccccc"]
        assert why in aml(repository, "pull").expect(PARTLY).err  # it is not forgotten
        documents[OWN] = bad
        aml(repository, "pull").expect(OK)
    assert len(list((repository / "experiments").iterdir())) == 2


@pytest.mark.parametrize("length", [1, 3])
def test_a_history_that_goes_in_a_circle_is_named_and_ends(length: int, tmp_path: Path) -> None:
    names = [str(run_of(experiment(), number, None)["ExperimentId"]) for number in range(length)]
    runs = [run_of(experiment(), number, names[(number + 1) % length]) for number in range(length)]
    leaf, good = experiment(ParentExperimentId=names[0]), other("c")
    documents = {str(each["ExperimentId"]): each for each in (leaf, good, *runs)}
    with canned(workspace([leaf, good], documents)) as server:
        done = clone(f"http://127.0.0.1:{server.port}", tmp_path / "repository").expect(PARTLY)
        assert len(server.asked) < 12
    assert f"its history goes in a circle: {names[0]} comes before itself" in done.err
    assert len(list((tmp_path / "repository" / "experiments").iterdir())) == 2


def test_a_history_without_an_end_is_named_and_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amlgit.workflows.workspaces.lineage.LONGEST", 40)

    class Endless(dict[str, Json]):
        def get(self, name: str, default: Json = None) -> Json:
            if ".s-id." not in name:
                return super().get(name, default)
            number = int(name.rpartition("-")[2])
            return run_of(experiment(), number, str(run_of(experiment(), number + 1, None)["ExperimentId"]))

    first = str(run_of(experiment(), 0, None)["ExperimentId"])
    leaf, good = experiment(ParentExperimentId=first), other("c")
    with canned(workspace([leaf, good], Endless({OWN: leaf, str(good["ExperimentId"]): good}))) as server:
        done = clone(f"http://127.0.0.1:{server.port}", tmp_path / "repository").expect(PARTLY)
    assert "more than 40 runs come before it" in done.err
    assert len(list((tmp_path / "repository" / "experiments").iterdir())) == 2
    assert git(tmp_path / "repository", "rev-list", "--count", f"refs/amlgit/studio/{FAMILY}") == "41"
