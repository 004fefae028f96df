"""The pure parts of a push: the asset check and its candidates, remapping, secrets put back."""

import re

import pytest

from amlgit.form import remapping
from amlgit.form.experiments import join
from amlgit.form.filling import Gap, There, filled
from amlgit.form.secrets import Decisions
from amlgit.form.splitter import Splitter
from amlgit.model.assets import MODULE
from amlgit.model.jsontext import Object, dumps, loads
from amlgit.model.references import Offer, Reference, Stock, references
from tests.support.emulated import GLOBAL, SCORE, SELECT, chain
from tests.support.exports import EXPORT_DATA, FAMILY, IMPORT_DATA, PYTHON, Document, experiment, parameter, wire

OWN, OTHER = "11" * 16, "22" * 16
POINTS, LATER, NAMESAKE = f"{OWN}.{'aa' * 16}.v1-default-1", f"{OWN}.{'aa' * 16}.v1-default-7", f"{OWN}.{'bb' * 16}.v1-default-2"
NAMES = {POINTS: "Points", f"{OWN}.{'aa' * 16}": "Points"}
MODULES = tuple(
    Offer(kind=MODULE, id=asset, family=asset.split(".")[1], name=name) for asset, name in ((SELECT, "Select Columns"), (SCORE, "Score Model"))
)


def dataset(asset: str, name: str = "Points") -> Offer:
    return Offer(kind="dataset", id=asset, family=asset.split(".")[1], name=name)


def test_what_is_not_there_is_named_with_its_node_its_port_and_what_comes_nearest() -> None:
    document: Object = {"Graph": chain(POINTS)}
    found = list(references(document))
    assert {(reference.kind, reference.port) for reference in found} == {(MODULE, ""), ("dataset", "Dataset")}
    assert Stock([*MODULES, dataset(POINTS)]).lacking(found, {}) == ()
    (lacking,) = Stock([*MODULES, dataset(LATER, "Points of May"), dataset(NAMESAKE, "points")]).lacking(found, NAMES)
    assert lacking.reference == Reference(node="5b8b1c55-0d2e-4a8e-9d0c-6d1f7b7a2f10-11", port="Dataset", kind="dataset", asset=POINTS)
    assert lacking.name == "Points"
    assert [(each.id, each.why) for each in lacking.candidates] == [
        (LATER, "the same family, another version"),
        (NAMESAKE, "the same name, another family"),
    ]
    stock = Stock([*MODULES, dataset(LATER)])
    assert stock.with_proven([POINTS]).lacking(found, NAMES) == ()  # what the workspace holds in a graph already is there
    assert stock.latest(found) == {POINTS: LATER}


def test_old_batches_of_built_in_modules_are_there_and_later_ones_and_a_workspaces_own_are_not() -> None:
    def lacks(asset: str, *offers: Offer) -> bool:
        return bool(Stock([*MODULES, *offers]).lacking([Reference(node="n", port="", kind=MODULE, asset=asset)], {}))

    assert not lacks(re.sub(r"\d+$", "1700", SELECT))
    assert lacks(re.sub(r"\d+$", "9999", SELECT))
    assert lacks(f"{GLOBAL}.{'cc' * 16}.v1-default-1")
    own = Offer(kind=MODULE, id=f"{OWN}.{'dd' * 16}.v1-default-5", family="dd" * 16, name="Ours")
    assert lacks(f"{OWN}.{'dd' * 16}.v1-default-4", own)
    assert not lacks(own.id, own)


def test_a_remapped_asset_moves_at_its_ports_and_in_its_box_and_all_at_once() -> None:
    document: Object = {"Graph": chain(POINTS), "Description": "t"}
    mapping = {POINTS: LATER, SELECT: SCORE, SCORE: SELECT}
    changed = remapping.remapped(document, mapping)
    text = dumps(changed).decode()
    assert POINTS not in text
    assert text.count(LATER) == 2  # the port and the box
    assert [reference.asset for reference in references(changed) if reference.kind == MODULE] == [SCORE, SCORE, SELECT]
    back = remapping.inverted(mapping)
    assert back is not None
    assert remapping.remapped(changed, back) == document
    assert remapping.inverted({POINTS: LATER, NAMESAKE: LATER}) is None
    assert remapping.remapped(document, {}) is document


def test_two_assets_that_become_one_share_a_box() -> None:
    graph = chain(POINTS)
    graph["SerializedClientData"] = graph["SerializedClientData"].replace(
        "</NodePositions>", f"<NodePosition Node='{LATER}' Position='9,9,9,9'/></NodePositions>"
    )
    data = remapping.remapped({"Graph": graph}, {POINTS: LATER})["Graph"]["SerializedClientData"]  # type: ignore[index, call-overload] # known shape
    assert re.findall(f"Node='{LATER}' Position='([^']*)'", str(data)) == ["9,9,9,9"]
    odd = {"Graph": {**graph, "SerializedClientData": f'<DataV1><NodePositions><NodePosition Node="{POINTS}" /></NodePositions></DataV1>'}}
    assert f'"{LATER}"' in str(remapping.remapped(odd, {POINTS: LATER}))


# --- secrets


def written(document: Document, *, replace: str = "") -> tuple[Object, Object]:
    """An export as it came, and what its files join to."""
    decisions = Decisions(replaced=frozenset({replace}) if replace else frozenset())
    form = Splitter(decisions).split(wire(document), FAMILY)
    raw = loads(wire(document))
    assert isinstance(raw, dict)
    return raw, join(form.content, form.run)


def value(document: Object, name: str) -> object:
    return parameter(dict(document), name)["Value"]


PASSWORD, KEY = "Server User Account Password", "k" * 40
STATEMENT = f"-- DefaultEndpointsProtocol=https;AccountName=a;AccountKey={KEY};\nselect 1"


def nothing(_: Gap) -> None:
    return None


def test_a_placeholder_means_what_the_workspace_holds_now() -> None:
    raw, joined = written(experiment(nodes=(PYTHON, EXPORT_DATA), password="hunter2hunter2"))
    assert value(joined, PASSWORD) == f"${{secret:{PASSWORD}}}"
    later, protected = written(experiment(nodes=(PYTHON, EXPORT_DATA), password="changed since"))
    whole, gaps = filled(joined, There(raw=later, protected=protected), nothing)
    assert (value(whole, PASSWORD), gaps) == ("changed since", ())
    assert filled(joined, There(raw=raw, protected=joined), nothing)[0]["Graph"] == {**raw["Graph"]}  # type: ignore[dict-item] # known shape


def test_the_text_around_a_secret_may_be_edited() -> None:
    place = f"{FAMILY}/0002c0de-0000-4000-8000-000000000000-2/Database Query"
    raw, protected = written(experiment(nodes=(PYTHON, IMPORT_DATA), script=STATEMENT, password="x"), replace=place)
    edited = loads(dumps(protected).replace(b"select 1", b"select 2 -- ${secret"))
    assert isinstance(edited, dict)
    text = value(edited, "Database Query")
    assert KEY not in str(text)
    whole, gaps = filled(edited, There(raw=raw, protected=protected), nothing)
    assert (value(whole, "Database Query"), gaps) == (STATEMENT.replace("select 1", "select 2 -- ${secret"), ())


def test_what_the_workspace_does_not_hold_is_asked_for_by_name_or_stays_a_gap() -> None:
    _, joined = written(experiment(nodes=(PYTHON, EXPORT_DATA), password="hunter2hunter2"))
    empty, protected = written(experiment(nodes=(PYTHON, EXPORT_DATA), password=None))
    for there in (None, There(raw=empty, protected=protected)):
        whole, gaps = filled(joined, there, nothing)
        assert gaps == (Gap(place=("Export Data 2-0002", PASSWORD), name=PASSWORD),)
        assert gaps[0].variable == "AMLGIT_SECRET_EXPORT_DATA_2_0002_SERVER_USER_ACCOUNT_PASSWORD"
        assert value(whole, PASSWORD) == f"${{secret:{PASSWORD}}}"
        whole, gaps = filled(joined, there, lambda gap: "a ${secret:look} alike")
        assert (value(whole, PASSWORD), gaps) == ("a ${secret:look} alike", ())


@pytest.mark.parametrize("text", ["${secret:mine}", "$${secret:mine}", "a${secret:b}c"])
def test_what_only_looks_like_a_placeholder_is_sent_as_it_is(text: str) -> None:
    raw, joined = written(experiment(summary=text))
    assert filled(joined, None, nothing)[0]["Summary"] == raw["Summary"] == text


def test_two_secrets_of_a_kind_are_never_exchanged() -> None:
    two = f"AccountKey={KEY};AccountKey={'j' * 40};"
    raw, protected = written(experiment(summary=two))
    assert filled(protected, There(raw=raw, protected=protected), nothing)[0]["Summary"] == two
    one = {**protected, "Summary": "AccountKey=${secret:account key};"}
    _, gaps = filled(one, There(raw=raw, protected=protected), nothing)
    assert [gap.place for gap in gaps] == [("Summary",)]


def test_secrets_are_taken_over_by_the_text_between_them_or_not_at_all() -> None:
    def summary(ours: str, raw: str, protected: str) -> object:
        return filled({"Summary": ours}, There(raw={"Summary": raw}, protected={"Summary": protected}), nothing)[0]["Summary"]

    a, b = "${secret:a}", "${secret:b}"
    assert summary(f"{b} and {a}", "x;1;;y;2;z", f"x;{a};y;{b};z") == "2 and 1;"
    assert summary(f"{a}|{b}", "12", f"{a}{b}") == "1|2"
    assert summary(f"{a}|{b}", "1--2-3", f"{a}-{b}") == "1|-2-3"
    for raw, protected in (("1", f"{a}{b}"), ("x1", f"x{a}y"), ("1;", f"x{a};"), ("xyx", f"xy{a}yx"), ("1;2", f"{a};;{b}")):
        assert summary(f"{a}|{b}", raw, protected) == f"{a}|{b}", (raw, protected)
