"""Events: each happens where it should, and not where it shouldn't."""

import math

import numpy as np
import pytest
from crossroads import EAST_IN, EAST_OUT, EAST_TO_NORTH, GREEN_S, NORTH_OUT, WEST_IN, YELLOW_S, put
from rectangles import corners, touch

from caravela.core.types import Control
from caravela.world.kernels import events, tick
from caravela.world.kernels.events import overlap
from caravela.world.simulator import Simulator, Traffic


def drive(simulator, *, acceleration=0.0, curvature=0.0, ticks=1):
    """Bits of the ego car in all ticks together."""
    bits = 0
    for _ in range(ticks):
        simulator.advance(Control(np.float32([acceleration]), np.float32([curvature])))
        bits |= int(simulator.flags[0, 0])
    return bits


def test_overlap_is_that_of_rectangles():
    random = np.random.default_rng(0)
    touching = 0
    for _ in range(3000):
        one = (0.0, 0.0, random.uniform(-4, 4), random.uniform(0.5, 12.0), random.uniform(0.5, 2.6))
        two = (*random.uniform(-8, 8, 2), random.uniform(-4, 4), random.uniform(0.5, 12.0), random.uniform(0.5, 2.6))
        expected = touch(corners(*one), corners(*two))
        touching += expected
        assert overlap(*(float(v) for v in (*one, *two))) == expected
    assert 600 < touching < 2400


@pytest.mark.parametrize(
    ("clock", "crossed"), [(0.0, False), (GREEN_S - 0.5, False), (GREEN_S + YELLOW_S + 0.5, True), (GREEN_S + YELLOW_S + 15.0, True)]
)
def test_crossing_the_stop_line_on_red_is_a_red_light_and_on_green_or_yellow_is_not(crossing, clock, crossed):
    crossing.state.signal_clock[:] = clock
    put(crossing, lane=EAST_IN, s=288.0, speed=10.0)
    bits = drive(crossing, ticks=20)
    assert crossing.state.lane[0, 0] != EAST_IN
    assert bool(bits & events.RED_LIGHT) == crossed
    assert bool(bits & events.RED_MET) == crossed


def test_one_crossing_is_one_red_light(crossing):
    crossing.state.signal_clock[:] = GREEN_S + YELLOW_S + 1.0
    put(crossing, lane=EAST_IN, s=288.0, speed=10.0)
    assert sum(bool(drive(crossing) & events.RED_LIGHT) for _ in range(60)) == 1


def test_stopping_before_the_line_is_no_red_light(crossing):
    crossing.state.signal_clock[:] = GREEN_S + YELLOW_S
    put(crossing, lane=EAST_IN, s=270.0, speed=8.0)
    bits = drive(crossing, acceleration=-3.0, ticks=60)
    assert crossing.state.speed[0, 0] == 0.0
    assert bits & events.RED_MET and not bits & events.RED_LIGHT


def test_red_behind_the_line_is_no_red_light(crossing):
    """The light turns red when the car is already over."""
    crossing.state.signal_clock[:] = GREEN_S + YELLOW_S - 0.3
    put(crossing, lane=EAST_IN, s=296.0, speed=12.0)
    assert not drive(crossing, ticks=40) & events.RED_LIGHT


def test_driving_in_the_lane_is_no_event(crossing):
    put(crossing, lane=EAST_IN, s=50.0, speed=10.0)
    assert drive(crossing, ticks=100) == 0


def test_the_lane_that_runs_the_other_way_is_the_wrong_way(crossing):
    put(crossing, lane=EAST_IN, s=100.0, speed=6.0, offset=3.5)
    assert drive(crossing, ticks=5) & events.WRONG_WAY
    put(crossing, lane=EAST_IN, s=100.0, speed=6.0, turned=math.pi)
    assert drive(crossing, ticks=5) & events.WRONG_WAY
    put(crossing, lane=WEST_IN, s=100.0, speed=6.0)
    assert not drive(crossing, ticks=5) & events.WRONG_WAY


def test_wheels_beyond_the_kerb_are_off_the_road(crossing):
    for offset, off in ((0.0, False), (-0.8, False), (-1.9, True), (-4.0, True), (3.5, False)):
        put(crossing, lane=EAST_IN, s=100.0, speed=0.0, offset=offset)
        assert bool(drive(crossing) & events.OFF) == off, offset


def test_leaving_the_route_is_noticed(crossing):
    put(crossing, lane=EAST_IN, s=280.0, speed=8.0, route=[EAST_IN, EAST_TO_NORTH, NORTH_OUT])
    assert drive(crossing, ticks=80) & events.ROUTE_MISSED  # straight on instead of left
    put(crossing, lane=EAST_IN, s=280.0, speed=8.0)
    assert not drive(crossing, ticks=80) & events.ROUTE_MISSED


def test_the_end_of_the_route_is_arrival(crossing):
    put(crossing, lane=EAST_OUT, s=200.0, speed=5.0)
    assert not drive(crossing) & events.ARRIVED
    put(crossing, lane=EAST_OUT, s=285.0, speed=10.0)
    assert drive(crossing, ticks=10) & events.ARRIVED


@pytest.fixture
def pair(crossing_atlas):
    """Two cars from outside on the crossroads."""
    simulator = Simulator(crossing_atlas, traffic="none")
    simulator.traffic = Traffic(1, 0, 0)
    simulator.flags, simulator.parts = np.zeros((1, 2), np.int32), np.zeros((1, 2, simulator.parts.shape[2]), np.float32)
    simulator._action = np.zeros((1, 2, 2), np.float32)
    simulator.reset(0)
    simulator.state.agents["controller"][0, 1] = 1
    simulator.state.agents["length"], simulator.state.agents["width"] = 4.5, 1.8
    return simulator


def test_running_into_a_standing_car_is_my_fault_not_its(pair):
    put(pair, lane=EAST_IN, s=100.0, speed=8.0)
    put(pair, lane=EAST_IN, s=104.7, speed=0.0, agent=1)
    drive(pair)
    assert pair.flags[0, 0] & events.COLLISION and pair.flags[0, 0] & events.AT_FAULT
    assert pair.flags[0, 1] & events.COLLISION and not pair.flags[0, 1] & events.AT_FAULT


def test_being_struck_from_behind_is_not_my_fault(pair):
    put(pair, lane=EAST_IN, s=104.7, speed=4.0)
    put(pair, lane=EAST_IN, s=100.0, speed=10.0, agent=1)
    drive(pair)
    assert pair.flags[0, 0] & events.COLLISION and not pair.flags[0, 0] & events.AT_FAULT
    assert pair.flags[0, 1] & events.AT_FAULT


def test_passing_beside_is_no_collision(pair):
    put(pair, lane=EAST_IN, s=100.0, speed=8.0)
    put(pair, lane=WEST_IN, s=200.0, speed=8.0, agent=1)
    assert not drive(pair, ticks=30) & events.COLLISION


def test_parts_of_the_reward_follow_the_events(crossing):
    put(crossing, lane=EAST_IN, s=100.0, speed=10.0)
    drive(crossing)
    assert crossing.parts[0, 0, tick.PROGRESS] == pytest.approx(1.0, abs=0.02)
    assert crossing.parts[0, 0, tick.OFF_WAY] == crossing.parts[0, 0, tick.RED_LIGHT] == crossing.parts[0, 0, tick.COLLISION] == 0.0
    put(crossing, lane=EAST_IN, s=100.0, speed=10.0, offset=-5.0)
    drive(crossing)
    assert crossing.parts[0, 0, tick.OFF_WAY] == 1.0
    crossing.state.signal_clock[:] = GREEN_S + YELLOW_S + 1.0
    put(crossing, lane=EAST_IN, s=294.0, speed=10.0)
    cost = 0.0
    for _ in range(10):
        drive(crossing)
        cost += float(crossing.parts[0, 0, tick.RED_LIGHT])
    assert cost == 1.0
