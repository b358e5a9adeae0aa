"""Who is told of, against who is there: a driver that tells of all is right, one that tells of nobody misses them, one that invents is found out."""

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import KNOTS, PLAN_STEPS, Plan, policy_rig
from caravela.evaluate.pages.sight import page_of
from caravela.evaluate.sighted import WORLDS, Look, agrees, looks_of, table
from caravela.vehicle.sight import Thing
from caravela.world import atlas
from caravela.world.maps.catalogue import load_town


def test_a_told_place_may_be_off_by_a_little():
    there = Thing("vehicle", 20.0, 0.0, 1.0)
    assert agrees(replace(there, x=24.0), there) and agrees(replace(there, y=2.0), there)
    assert not agrees(replace(there, x=40.0), there) and not agrees(replace(there, y=9.0), there)
    behind = Thing("vehicle", 2.0 - 18.0, 0.1, 1.0)
    assert agrees(behind, replace(behind, y=-0.1))  # across the seam of bearings


def test_the_table_counts_what_is_missed_and_what_is_invented():
    near, far, hidden = Thing("person", 10.0, 0.0, 1.0), Thing("person", 24.0, 0.0, 1.0), Thing("person", 8.0, 4.0, 1.0)
    there = [(near, 200), (far, 100), (hidden, 5)]  # far: beyond what has to be told of; hidden: not plain to see
    honest, blind, dreamer = Look([near], there), Look([], there), Look([Thing("person", 6.0, -9.0, 1.0)], there)
    row = table([honest])["person"]["ahead"]
    assert (row["plain"], row["told_of"], row["told"], row["there"], row["metres_off"]) == (1, 1.0, 1, 1.0, 0.0)
    assert table([blind])["person"]["ahead"]["told_of"] == 0.0 and table([blind])["person"]["ahead"]["there"] is None
    assert table([dreamer])["person"]["right"]["there"] == 0.0
    assert table([honest, blind])["person"]["ahead"]["told_of"] == 0.5
    assert table([Look([hidden], there)])["person"]["left"]["there"] == 1.0  # who is told of though hardly to be seen is no invention


@dataclass
class Insight:
    def around(self, rig, *, world):
        return [Thing("vehicle", 12.0, 0.0, 0.9)]


def test_one_that_is_told_of_stands_for_one():
    row = [(Thing("vehicle", x, 0.0, 1.0), 100) for x in (12.0, 14.0, 16.0, 18.0)]
    told = Thing("vehicle", 15.0, 0.0, 1.0)
    assert table([Look([told], row)])["vehicle"]["ahead"]["told_of"] == 0.25
    assert table([Look([told, told], row[:1])])["vehicle"]["ahead"]["there"] == 0.5


class Standing:
    """Stands, and tells of one vehicle ahead."""

    name, tells = "standing", True
    rig = policy_rig()
    insight = None

    def reset(self, batch):
        self.insight = None

    def plan(self, observation):
        batch = observation.batch
        self.insight = Insight()
        shape = (batch, 1, PLAN_STEPS)
        zeros = np.zeros(shape, np.float32)
        return Plan(
            trajectories=np.zeros((*shape, 3), np.float32),
            speeds=zeros,
            knots=np.zeros((batch, 1, KNOTS, 2), np.float32),
            values=np.zeros((batch, 1), np.float32),
            chosen=np.zeros(batch, np.int64),
            risk=np.zeros(batch, np.float32),
        )


def test_looks_know_who_is_there():
    policy = Standing()
    looks = looks_of(policy, atlas.build([load_town("alderton")]), seed=3)
    assert len(looks) == WORLDS * 20
    seen = [(thing, pixels) for look in looks for thing, pixels in look.there]
    assert {thing.kind for thing, _ in seen} >= {"vehicle", "person"}
    assert all(thing.distance > 0.0 and math.isfinite(thing.x) and pixels >= 3 for thing, pixels in seen)
    row = table(looks)["vehicle"]["ahead"]
    assert row["told"] == len(looks) and 0.0 < row["there"] < 1.0


def test_a_driver_that_tells_nobody_is_refused():
    policy = Standing()
    policy.tells = False
    with pytest.raises(CaravelaError, match="export it again"):
        looks_of(policy, atlas.build([load_town("alderton")]), seed=0)


def test_the_page_has_a_row_for_each_kind_and_side():
    result = {"held_out": True, "looks": 160, "maps": 1, "seed": 0, "identity": "0" * 64, "kinds": table([Look([], [])])}
    lines = page_of(result)
    assert sum(line.startswith("| ") for line in lines) == 1 + 9 and "test side" in lines[0]
