"""The typed client against the emulator: every call a user of it needs, and what it raises."""

import pytest

from amlgit.model.ids import GLOBAL_WORKSPACE
from amlgit.model.jsontext import Object, loads
from amlgit.remotes import regions
from amlgit.remotes.failures import Clash, Doubtful, NoAnswer, NotFound, Rejected, Stale, Unauthorised
from amlgit.remotes.retrying import Patience
from amlgit.remotes.session import Session
from amlgit.remotes.studio import AssetKind, ExperimentInfo, Studio, Submission
from tests.support.emulated import GLOBAL, SELECT, Client, Server, chain, until

QUICK = Patience(first_wait=0.002, longest_wait=0.01)


def studio_of(client: Client, token: str | None = None) -> Studio:
    origin, prefix = regions.of_url(client.url)
    return Studio(Session(origin=origin, token=token or client.token, prefix=prefix, patience=QUICK), client.id)


def submission(title: str, value: str = "x", dataset: str | None = None) -> Submission:
    return Submission(title=title, summary="", graph=chain(dataset, value=value), web_service=None)


def document(studio: Studio, experiment: str) -> Object:
    found = loads(studio.get(experiment))
    assert isinstance(found, dict)
    return found


def own(studio: Studio) -> list[ExperimentInfo]:
    return [info for info in studio.experiments() if info.workspace != GLOBAL_WORKSPACE]  # every workspace lists the service's own samples


def test_an_experiment_is_saved_read_run_and_deleted(client: Client) -> None:
    studio = studio_of(client)
    saved = studio.save_as(submission("Línea “one” \\ 線"))
    assert document(studio, saved.experiment)["Description"] == "Línea “one” \\ 線"
    again = studio.save(saved.experiment, submission("Two"), if_match=saved.etag)
    assert again.experiment == saved.experiment
    assert again.etag != saved.etag
    with pytest.raises(Stale, match=r"save of experiment .*412 changed meanwhile.*\(request "):
        studio.save(saved.experiment, submission("Three"), if_match=saved.etag)
    assert document(studio, saved.experiment)["Description"] == "Two"
    studio.run(saved.experiment, submission("Two"), if_match=again.etag)
    (info,) = until(lambda: own(studio), lambda found: found[0].is_ended)
    assert (info.id, info.title, info.status, info.parent, info.is_leaf) == (saved.experiment, "Two", "Finished", None, True)
    assert info.run is not None
    assert info.created is not None
    assert info.ended is not None
    listed = studio.experiments(with_history=True)
    assert {entry.id for entry in listed if entry.family == info.family} == {info.id, info.run}
    assert [entry.id for entry in studio.lineage(info.id)] == [info.run]
    with pytest.raises(Clash, match="locked"):
        studio.save(info.run, submission("No"))
    with pytest.raises(Stale):
        studio.delete(info.id, with_ancestors=True, if_match="W/\"datetime'2000-01-01T00%3A00%3A00.0000000Z'\"")
    studio.delete(info.id, with_ancestors=True, if_match=info.etag)
    with pytest.raises(NotFound, match="404 not found"):
        studio.get(info.run)
    assert own(studio) == []


def test_a_run_is_canceled_once(server: Server, client: Client) -> None:
    studio = studio_of(client)
    server.fault(kind="module", module=SELECT, times=0)
    saved = studio.save_as(submission("To cancel"))
    with pytest.raises(Clash, match="not running"):
        studio.cancel(saved.experiment)
    # nodes that take a moment, so that there is something to cancel
    studio.run(saved.experiment, Submission(title="To cancel", summary="", graph=chain(), web_service=None))
    info = until(lambda: own(studio), lambda found: found[0].status != "NotStarted")[0]
    if not info.is_ended:
        studio.cancel(saved.experiment)
    assert until(lambda: own(studio), lambda found: found[0].is_ended)[0].status in {"Canceled", "Finished"}


def test_assets_are_listed_by_kind_with_their_newest_version(client: Client) -> None:
    studio = studio_of(client)
    first = client.dataset("Points")
    family = first.split(".")[1]
    second = client.dataset("Points", b"a,b\n5,6\n", family)
    (found,) = [asset for asset in studio.assets(AssetKind.DATASET) if asset.family == family]
    assert (found.id, found.name, found.kind, found.is_latest, found.data_type) == (second, "Points", AssetKind.DATASET, True, "GenericCSV")
    assert found.version == 1
    modules = {asset.family: asset for asset in studio.assets(AssetKind.MODULE)}
    assert modules[SELECT.split(".")[1]].id.startswith(GLOBAL)
    assert len(modules) > 100
    assert studio.assets(AssetKind.MODEL) == ()
    assert studio.assets(AssetKind.TRANSFORM) == ()


def test_an_experiment_goes_to_another_workspace_with_its_assets(server: Server, client: Client) -> None:
    here, there = studio_of(client), studio_of(server.new_workspace())
    saved = here.save_as(submission("Travels", dataset=client.dataset("Luggage")))
    packing = here.pack(saved.experiment)
    packed = until(lambda: here.pack_status(packing.id), lambda activity: activity.is_complete)
    assert packed.location
    assert packed.location not in repr(packed)
    unpacking = there.unpack(packed.location, region=here.describe().region)
    done = until(lambda: there.unpack_status(unpacking.id), lambda activity: activity.is_complete)
    assert done.experiment is not None
    arrived = document(there, done.experiment)
    assert arrived["Description"] == "Travels"
    assert f"{there.workspace}." in str(arrived["Graph"])


def test_the_workspace_says_its_name_and_region_and_nothing_else(client: Client) -> None:
    found = studio_of(client).describe()
    assert (found.id, found.name, found.region) == (client.id, "A test's own", "West Europe")


def test_a_wrong_token_is_told_and_not_shown(client: Client) -> None:
    wrong = "0123456789abcdef0123456789abcdee"
    with pytest.raises(Unauthorised, match="list of experiments: 401 the token is not accepted") as raised:
        studio_of(client, wrong).experiments()
    assert wrong not in str(raised.value)
    assert "amlgit login" in str(raised.value.hint)


@pytest.mark.parametrize("kind", ["cut", "truncate", "garbage", "status"])
def test_questions_survive_what_the_network_does(server: Server, client: Client, kind: str) -> None:
    studio = studio_of(client)
    saved = studio.save_as(submission("Steady"))
    server.fault(kind=kind, route=f"*{saved.experiment}*", times=2, status=503, retry_after=0)
    assert document(studio, saved.experiment)["Description"] == "Steady"
    server.fault(kind=kind, route=f"*{client.id}/experiments", times=2, status=503, retry_after=0)
    assert [info.title for info in own(studio)] == ["Steady"]


@pytest.mark.parametrize("kind", ["cut", "truncate", "garbage", "status"])
def test_a_save_whose_answer_is_lost_is_doubtful_and_reading_back_tells(server: Server, client: Client, kind: str) -> None:
    studio = studio_of(client)
    saved = studio.save_as(submission("Before"))
    server.fault(kind=kind, method="POST", route=f"*{saved.experiment}", times=1, status=504, after=True)
    with pytest.raises(Doubtful):
        studio.save(saved.experiment, submission("After"), if_match=saved.etag)
    assert document(studio, saved.experiment)["Description"] == "After"  # it was done, once
    requests = server.admin("GET", "requests").json()["Latest"]
    assert len([each for each in requests if each["Method"] == "POST" and each["Path"].endswith(saved.experiment)]) == 1


def test_another_experiment_than_the_one_asked_for_is_no_answer(server: Server, client: Client) -> None:
    studio = studio_of(client)
    saved = studio.save_as(submission("Mine"))
    with pytest.raises(NoAnswer, match="no JSON object"):  # a list in place of an experiment
        Studio(studio.session, client.id).get("")
    with pytest.raises((NotFound, Rejected)):
        studio.get(f"{saved.experiment}/../..")
