"""Random sequences of what members and a colleague do, against a model that knows each edit: nothing is lost, nothing overwritten unseen."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.pull_model import Member, World
from tests.support.pulling import team
from tests.support.repositories import dirty

pytestmark = pytest.mark.usefixtures("driver")

_STEPS = 12


_ACTIONS = ("edit", "pull", "push", "share", "revert", "drop", "merge", "cherry_pick", "switch", "remove")
_COLLEAGUE = "a colleague edits"


def _play(place: Path, seed: int, steps: int) -> None:
    """One sequence: after each step the branch keeps every edit, and what a push would write over it has seen."""
    place.mkdir()
    chance = random.Random(seed)
    world = World(place / "exports", chance)
    world.save()
    members = [Member(world, repository) for repository in team(world.archive, place, "ann", "bob")]
    for member in members:
        member.git("branch", "release")
        member.git("tag", "start")
    members[0].git("push", "--quiet", "origin", "release")
    # some sequences do a few things over and over, others a little of everything
    weights = {_COLLEAGUE: 8, **{action: chance.choice((0, 2, 2, 8)) for action in _ACTIONS}, "pull": 8, "remove": chance.choice((0, 1))}
    try:
        for _ in range(steps):
            _step(world, members, weights)
    except BaseException as error:
        error.add_note("\n".join((f"sequence {seed} in {place}:", *world.log)))
        raise


def _step(world: World, members: list[Member], weights: Mapping[str, int]) -> None:
    action = world.chance.choices(list(weights), list(weights.values()))[0]
    if action == _COLLEAGUE:
        world.log.append(action)
        world.colleague_removes() if world.chance.random() < 0.1 else world.colleague_edits()
        return
    member = world.chance.choice(members)
    world.log.append(f"{member.repository.name} ({member.git('symbolic-ref', '--short', 'HEAD')}): {action}")
    getattr(member, action)()
    assert dirty(member.repository) == []
    member.lost_here()
    if member.has_seen_all():
        member.lost_there()


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_in_a_random_sequence(tmp_path: Path, seed: int) -> None:
    _play(tmp_path / "play", seed, _STEPS)


@pytest.mark.thorough
@pytest.mark.parametrize("block", range(20))
def test_nothing_is_lost_in_hundreds_of_random_sequences(tmp_path: Path, block: int) -> None:
    for seed in range(1000 + 25 * block, 1025 + 25 * block):
        _play(tmp_path / str(seed), seed, 20)
