"""Ids: only workspace and family are taken out of one, and what is no id is none."""

import pytest

from amlgit.model import ids
from amlgit.model.ids import ExperimentId, ResourceId

WS, FAMILY = "333533ce0e6e44b38365410aec94d7f2", "05126fa5778a4ad0a26931487d3a0821"
GUID = "c1ef0000-0000-4000-8000-000000000003"


def test_a_working_copy_and_a_snapshot_are_ids_of_one_family() -> None:
    working_copy = ids.experiment_id(f"{WS}.f-id.{FAMILY}")
    snapshot = ids.experiment_id(f"{WS}.s-id.{FAMILY}.9953-08-08t05.48.40")
    assert working_copy == ExperimentId(workspace=WS, family=FAMILY, is_snapshot=False)
    assert snapshot == ExperimentId(workspace=WS, family=FAMILY, is_snapshot=True)


def test_the_case_of_an_id_makes_no_difference() -> None:
    assert ids.experiment_id(f"{WS.upper()}.f-id.{FAMILY.upper()}") == ids.experiment_id(f"{WS}.f-id.{FAMILY}")
    assert ids.resource_id(f"{WS.upper()}.{FAMILY.upper()}.v1") == ids.resource_id(f"{WS}.{FAMILY}.v1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        f"{WS}.f-id.{FAMILY}.9953-08-08t05.48.40",
        f"{WS}.s-id.{FAMILY}",
        f"{WS}.s-id.{FAMILY}.",
        f"{WS}.s-id.{FAMILY}./../x",
        f"{WS}.s-id.{FAMILY}.a\n",
        f"{WS}.f-id.{FAMILY}\n",
        f"{WS}.g-id.{FAMILY}",
        f"{WS}.f-id.{FAMILY[:-1]}",
        f"{WS}.f-id.{FAMILY[:-1]}g",
        f"{WS}.f-id.{FAMILY}" + "0" * 100_000,
        f"{WS}.s-id.{FAMILY}." + "1" * 62,
        f"../{WS}.f-id.{FAMILY}",
        f"{WS}.f-id." + "\uff10" * 32,
    ],
)
def test_what_is_no_experiment_id_is_none(text: str) -> None:
    assert ids.experiment_id(text) is None


def test_a_resource_id_has_three_parts() -> None:
    assert ids.resource_id(f"{WS}.{FAMILY}.v1-default-1729") == ResourceId(workspace=WS, family=FAMILY, instance="v1-default-1729")
    assert ids.resource_id(f"{WS}.{FAMILY}") is None
    assert ids.resource_id(f"{WS}.{FAMILY}.") is None
    assert ids.resource_id(f"{WS}.{FAMILY}.a/b") is None
    assert ids.resource_id(f"{WS}.{FAMILY}.v1\n") is None


@pytest.mark.parametrize(
    ("node_id", "digits"),
    [
        (f"{GUID}-7", ("7", "c1ef")),
        (f"{GUID.upper()}-0012", ("0012", "c1ef")),
        (GUID, None),
        (f"{GUID}-", None),
        (f"{GUID}-x", None),
        (f"{GUID}-1234567890123", None),
        (f"{GUID}-7\n", None),
        (f"{GUID}-٣", None),
        ("", None),
    ],
)
def test_number_and_digits_of_a_node_id(node_id: str, digits: tuple[str, str] | None) -> None:
    assert ids.node_digits(node_id) == digits


def test_a_port_name_may_hold_colons_and_be_missing() -> None:
    assert ids.port("node:a:b") == ("node", "a:b")
    assert ids.port("node:") == ("node", "")
    assert ids.port("node") == ("node", "")
