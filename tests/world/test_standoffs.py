"""Nobody waits for ever for somebody who waits for them."""

import numpy as np
import pytest
from crossroads import EAST_IN, put

from caravela.core.types import Control
from caravela.world.kernels.tick import REWARD_PARTS
from caravela.world.simulator import Simulator, Traffic
from caravela.world.state import CAR, IDM, PARKED, WALKER


def simulator_with(atlas, traffic):
    simulator = Simulator(atlas, traffic="none")
    simulator.traffic = traffic
    agents = traffic.agents
    simulator.flags, simulator.parts = np.zeros((1, agents), np.int32), np.zeros((1, agents, REWARD_PARTS), np.float32)
    simulator._action = np.zeros((1, agents, 2), np.float32)
    simulator.reset(0)
    simulator.state.signal_clock[:] = 0.0
    return simulator


@pytest.mark.parametrize(("gap", "crosses"), [(3.0, True), (-3.0, False)])
def test_people_cross_in_front_of_a_car_that_waits_for_them_but_not_through_it(crossing_atlas, gap, crosses):
    """The crossing lies at x = -14 and is 4 m wide; the car's front stands `gap` m before it, or on it."""
    simulator = simulator_with(crossing_atlas, Traffic(0, 0, 1))
    ego = simulator.state.agents[0, 0]
    front = float(ego["centre_offset"] + 0.5 * ego["length"])
    put(simulator, lane=EAST_IN, s=310.0 - 14.0 - 2.0 - front - gap)
    simulator.state.timer[0, 1] = 0.2
    assert simulator.state.controller[0, 1] == WALKER
    walked = 0
    for _ in range(60):
        simulator.advance(Control(np.float32([-3.0]), np.float32([0.0])))
        walked += simulator.state.speed[0, 1] > 0.0
    assert (walked > 0) == crosses


def test_a_wide_vehicle_squeezes_past_a_parked_car(crossing_atlas):
    simulator = simulator_with(crossing_atlas, Traffic(1, 1, 0))
    state = simulator.state
    put(simulator, lane=EAST_IN, s=20.0)
    put(simulator, lane=EAST_IN, s=100.0, speed=5.0, agent=1)
    state.agents["controller"][0, 1] = IDM
    state.agents["width"][0, 1], state.agents["length"][0, 1], state.agents["centre_offset"][0, 1] = 2.55, 11.6, 2.6
    parked = state.agents[0, 2]
    assert parked["controller"] == PARKED and parked["kind"] == CAR
    parked["x"], parked["y"], parked["heading"] = -150.0, -1.75 - 2.33, 0.0  # 2.33 m beside the lane's middle
    for _ in range(150):
        simulator.advance(Control(np.float32([-3.0]), np.float32([0.0])))
    assert state.x[0, 1] > -140.0
