"""One thing changes in what a driver sees, everything else stays."""

from types import SimpleNamespace

import numpy as np
import pytest

from caravela.core.types import PLAN_STEPS, Camera, Rig
from caravela.evaluate.counterfactual import (
    BYSTANDER,
    CAUSES,
    CONTROLS,
    KINDS,
    LEAD,
    LEAST_DEMAND,
    LIGHT,
    OTHER_LIGHTS,
    PERSON,
    Scout,
    look,
    shares,
)


@pytest.fixture(scope="module")
def rig():
    return Rig((Camera("front", position=(2.0, 0.0, 1.5)), Camera("front_narrow", fov=0.52, position=(2.0, 0.0, 1.5))))


@pytest.fixture(scope="module")
def moments(places, rig):
    return list(Scout(places[0], rig, seed=0).moments(dict.fromkeys(KINDS, 2)))


def test_moments_of_every_kind_are_found_and_are_no_more_than_asked_for(moments):
    assert {kind: sum(m.kind == kind for m in moments) for kind in KINDS} == dict.fromkeys(KINDS, 2)
    for moment in moments:
        assert moment.demand >= LEAST_DEMAND if moment.kind in CAUSES else abs(moment.demand) < 0.1


def test_only_the_one_thing_differs(moments):
    for moment in moments:
        seen = moment.seen
        assert seen.images.shape == (2, 3, 2, 96, 128, 3)
        for field in ("t_us", "speed", "yaw_rate", "route", "has_route"):
            value = getattr(seen, field)
            assert (value[0] == value[1]).all(), field
        differs = (seen.images[0] != seen.images[1]).any(-1)  # (T, C, H, W)
        assert differs[0].any() and differs.mean() < 0.35  # in the newest frame, and in a part of the picture


def test_a_light_is_red_in_the_first_and_green_in_the_second(moments):
    for moment in (m for m in moments if m.kind == LIGHT):
        red, green = moment.seen.images[:, 0].astype(int)
        changed = (red != green).any(-1)
        assert (red[changed][:, 0] - green[changed][:, 0]).max() > 40 and (green[changed][:, 1] - red[changed][:, 1]).max() > 40


def test_the_same_seed_gives_the_same_moments(places, rig, moments):
    again = next(Scout(places[0], rig, seed=0).moments(dict.fromkeys(KINDS, 1)))
    assert again.kind == moments[0].kind and (again.seen.images == moments[0].seen.images).all()


def plans(speeds_of):
    """A policy: a function of an observation gives the planned speed of each row."""

    def plan(seen):
        speeds = np.repeat(np.asarray(speeds_of(seen), np.float32)[:, None, None], PLAN_STEPS, axis=2)
        return SimpleNamespace(speeds=speeds, chosen=np.zeros(2, np.int64))

    return plan


def test_who_sees_nothing_reacts_to_nothing_and_who_sees_red_is_right_about_lights(places, rig):
    blind = shares(look(places[:1], plans(lambda seen: [8.0, 8.0]), rig, looks=2, seed=0))
    assert all(blind[kind]["right"] == 0.0 for kind in CAUSES) and all(blind[kind]["right"] == 1.0 for kind in CONTROLS)

    def reds(seen):
        images = seen.images[:, 0].astype(int)
        glow = ((images[..., 0] > 120) & (images[..., 1] < 90)).sum((1, 2, 3))
        return np.where(glow > glow.min(), 2.0, 8.0)

    sighted = shares(look(places[:1], plans(reds), rig, looks=2, seed=0))
    assert sighted[LIGHT]["right"] == 1.0 and sighted[LIGHT]["n"] == 2 and sighted[LIGHT]["median_slower_by"] == 6.0
    nervous = shares(look(places[:1], plans(lambda seen: [2.0, 8.0]), rig, looks=2, seed=0))
    assert nervous[PERSON]["right"] == nervous[LEAD]["right"] == 1.0
    assert nervous[OTHER_LIGHTS]["right"] == nervous[BYSTANDER]["right"] == 0.0  # the controls catch it


def test_looks_are_spread_over_the_maps(places, rig):
    rows = look(places, plans(lambda seen: [8.0, 8.0]), rig, looks=2, seed=1)
    assert {row["map"] for row in rows if row["kind"] == LIGHT} == {place.name for place in places}
    assert shares([])[LIGHT] == {"right": None, "right_ci": [None, None], "n": 0, "maps": 0, "median_slower_by": None}
