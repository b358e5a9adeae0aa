"""What a route asks for next, where two lights stand a few metres apart."""

import numpy as np
import pytest

from caravela.world import atlas
from caravela.world.kernels.traffic import next_rule
from caravela.world.maps.catalogue import load_town
from caravela.world.maps.lane_graph import JUNCTION, PRIORITY, ROAD, SIGNAL

FRONT = 3.7  # m from the rear axle to the bumper
LENGTHS = (50.0, 14.0, 6.0, 14.0, 50.0)  # m: road, junction, road between, junction, road


@pytest.fixture(scope="module")
def lanes():
    """Five lanes one after another, the second and the fourth governed by lights."""
    of_a_town = atlas.build([load_town("alderton")]).roads.lanes
    made = np.zeros(5, dtype=of_a_town.dtype)
    made["length"], made["left"], made["right"] = LENGTHS, -1, -1
    made["kind"], made["control"] = [ROAD, JUNCTION, ROAD, JUNCTION, ROAD], [PRIORITY, SIGNAL, PRIORITY, SIGNAL, PRIORITY]
    return made


@pytest.mark.parametrize(
    ("at", "s", "lane", "line"),
    [
        (0, 30.0, 1, 20.0),  # ahead
        (0, 45.8, 1, 4.2),  # the bumper is 0.5 m before the line
        (0, 46.8, 1, 3.2),  # and 0.5 m over it: one stands at it still
        (0, 47.5, 3, 22.5),  # 1.2 m over it: the next line, that lies 20 m behind the first, is what counts
        (1, 5.0, 3, 15.0),  # on the junction
        (2, 2.0, 3, 4.0),
        (3, 5.0, 3, -5.0),  # nothing else is near
    ],
)
def test_a_line_that_is_crossed_gives_way_to_the_next(lanes, at, s, lane, line):
    found, ahead = next_rule(lanes, np.arange(5, dtype=np.int32), at, s, FRONT)
    assert (found, ahead) == (lane, pytest.approx(line))
