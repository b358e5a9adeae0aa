"""Baseline traffic: the IDM's equation, and whether its drivers keep to the rules on three towns."""

import math

import numpy as np
import pytest
from crossroads import EAST_IN, EAST_OVER, GREEN_S, LIMIT, NORTH_IN, NORTH_OUT, NORTH_OVER, RED_S, YELLOW_S, put
from rectangles import rectangle, touch

from caravela.core.types import Control
from caravela.world.kernels import events
from caravela.world.kernels.traffic import COMFORT_ACCELERATION, COMFORT_BRAKING, STANDSTILL_GAP, TIME_GAP, follow
from caravela.world.maps.lane_graph import LAMP_GREEN, LAMP_GREEN_YIELD
from caravela.world.simulator import Simulator, Traffic
from caravela.world.state import EXTERNAL, IDM, WALKER

SECONDS = 60.0


def idle(batch):
    return Control(np.full(batch, -3.0, np.float32), np.zeros(batch, np.float32))


def idm(speed, wanted, gap, leader):
    """Treiber et al. 2000, equations 2 and 3, with exponent 4, bounded at -8 m/s^2."""
    wished = STANDSTILL_GAP + max(
        0.0, speed * TIME_GAP + speed * (speed - leader) / (2 * math.sqrt(COMFORT_ACCELERATION * COMFORT_BRAKING))
    )
    return min(max(COMFORT_ACCELERATION * (1 - (speed / wanted) ** 4 - (wished / gap) ** 2), -8.0), COMFORT_ACCELERATION)


def test_follow_is_the_idm():
    random = np.random.default_rng(0)
    for _ in range(500):
        speed, wanted, gap, leader = (float(v) for v in random.uniform((0.0, 3.0, 0.5, 0.0), (20.0, 20.0, 80.0, 20.0)))
        assert follow(speed, wanted, gap, leader) == pytest.approx(idm(speed, wanted, gap, leader), abs=1e-5)


def alone(crossing_atlas, cars=1):
    """A world on the crossroads with the ego car far out of the way and `cars` agents to place."""
    simulator = Simulator(crossing_atlas, traffic="none")
    simulator.traffic = Traffic(cars, 0, 0)
    agents = 1 + cars
    simulator.flags, simulator.parts = np.zeros((1, agents), np.int32), np.zeros((1, agents, simulator.parts.shape[2]), np.float32)
    simulator._action = np.zeros((1, agents, 2), np.float32)
    simulator._respawn[:] = False
    simulator.reset(3)
    simulator.state.signal_clock[:] = 0.0
    put(simulator, lane=NORTH_OUT, s=280.0)
    simulator.state.agents["controller"][0, 1:] = IDM
    simulator.state.agents["style"][0, 1:] = 1.0
    return simulator


def test_a_free_driver_reaches_its_wanted_speed_and_keeps_its_lane(crossing_atlas):
    simulator = alone(crossing_atlas)
    put(simulator, lane=EAST_IN, s=5.0, speed=3.0, agent=1)
    fastest = 0.0
    for _ in range(170):
        simulator.advance(idle(1))
        fastest = max(fastest, float(simulator.state.speed[0, 1]))
        assert abs(simulator.state.lane_offset[0, 1]) < 0.1
    assert 0.93 * LIMIT < fastest < 1.01 * LIMIT


def test_it_stops_behind_a_standing_car(crossing_atlas):
    simulator = alone(crossing_atlas)
    put(simulator, lane=EAST_IN, s=120.0, agent=0)
    put(simulator, lane=EAST_IN, s=20.0, speed=LIMIT, agent=1)
    for _ in range(250):
        simulator.advance(idle(1))
    front = simulator.state.x[0, 1] + simulator.state.centre_offset[0, 1] + simulator.state.length[0, 1] / 2
    rear = simulator.state.x[0, 0] + simulator.state.centre_offset[0, 0] - simulator.state.length[0, 0] / 2
    assert simulator.state.speed[0, 1] < 0.1
    assert 0.5 < rear - front < 2.0 * STANDSTILL_GAP


def test_it_stops_at_red_before_the_line_and_goes_on_green(crossing_atlas):
    simulator = alone(crossing_atlas)
    simulator.state.signal_clock[:] = GREEN_S + YELLOW_S
    put(simulator, lane=EAST_IN, s=200.0, speed=12.0, agent=1)
    for _ in range(round(RED_S / 0.1) - 5):
        simulator.advance(idle(1))
        front = simulator.state.lane_s[0, 1] + simulator.state.centre_offset[0, 1] + simulator.state.length[0, 1] / 2
        assert simulator.state.lane[0, 1] == EAST_IN and front < 300.0
        assert not simulator.flags[0, 1] & events.RED_LIGHT
    assert simulator.state.speed[0, 1] < 0.2 and front > 295.0
    assert simulator.flags[0, 1] & events.RED_MET
    for _ in range(60):
        simulator.advance(idle(1))
    assert simulator.state.lane[0, 1] != EAST_IN


def test_who_must_give_way_waits(crossing_atlas):
    """A car from the south comes to the junction just before one on the priority road."""
    simulator = alone(crossing_atlas, cars=2)
    put(simulator, lane=NORTH_IN, s=265.0, speed=8.0, agent=1)
    put(simulator, lane=EAST_IN, s=235.0, speed=12.0, agent=2)
    entered = {}
    for tick in range(200):
        simulator.advance(idle(1))
        for agent, over in ((1, NORTH_OVER), (2, EAST_OVER)):
            if simulator.state.lane[0, agent] == over:
                entered.setdefault(agent, tick)
        boxes = [rectangle(simulator.state.agents[0, i]) for i in (1, 2)]
        assert not touch(*boxes)
    assert entered[2] < entered[1]
    assert simulator.state.lane[0, 1] == NORTH_OUT  # it does go in the end


@pytest.fixture(scope="module")
def soak(atlas):
    """A minute of traffic on three towns, watched: what went wrong, per town."""
    simulator = Simulator(atlas, batch=6, traffic="dense")
    simulator.reset(11)
    seen = {
        "touching": set(),
        "red": 0,
        "met": 0,
        "km": np.zeros(6),
        "astray": 0,
        "ticks": 0,
        "set_off": [],
        "standing": np.zeros((6, simulator.traffic.agents)),
    }
    lamp_before = simulator.state.lamp.copy()
    waiting = simulator.state.timer > 0.0
    for _ in range(round(SECONDS / 0.1)):
        simulator.advance(idle(6))
        state, moving = simulator.state, simulator.state.controller == IDM
        seen["red"] += int(((simulator.flags & events.RED_LIGHT > 0) & moving).sum())
        seen["met"] += int(((simulator.flags & events.RED_MET > 0) & moving).sum())
        seen["km"] += (state.speed * moving).sum(1) * 1e-4
        seen["astray"] += int((moving & (np.abs(state.lane_offset) > 1.5)).sum())
        seen["ticks"] += int(moving.sum())
        seen["standing"] = np.where(moving & (state.speed < 0.2), seen["standing"] + 0.1, 0.0)
        note_touching(state, moving, seen["touching"])
        walking = (state.controller == WALKER) & (state.timer <= 0.0)
        for b, i in zip(*np.nonzero(walking & waiting)):
            link = int(atlas.roads.crossings[state.lane[b, i]]["link"])
            seen["set_off"].append((link, -1 if link < 0 else int(state.lamp[b, link])))
        waiting = (state.controller == WALKER) & (state.timer > 0.0)
        lamp_before[:] = state.lamp
    return seen


def note_touching(state, moving, pairs):
    for b in range(len(moving)):
        who = np.flatnonzero(moving[b])
        x, y = state.x[b, who], state.y[b, who]
        for k, i in enumerate(who):
            for j in who[k + 1 :][np.hypot(x[k + 1 :] - x[k], y[k + 1 :] - y[k]) < 14.0]:
                if touch(rectangle(state.agents[b, i]), rectangle(state.agents[b, j])):
                    pairs.add((b, int(i), int(j)))


def test_traffic_moves(soak):
    assert (soak["km"] > 0.6).all()  # 20 cars a minute, lights and all
    assert (soak["standing"] > 45.0).mean() < 0.02


def test_traffic_hardly_ever_runs_a_red_light(soak):
    """One in hundreds may be caught by the change of the light."""
    assert soak["met"] > 200  # it did meet some
    assert soak["red"] <= 0.005 * soak["met"]


def test_traffic_hardly_ever_collides(soak):
    assert len(soak["touching"]) / soak["km"].sum() < 0.35  # per km


def test_traffic_keeps_to_its_path(soak):
    assert soak["astray"] / soak["ticks"] < 0.002


def test_people_set_off_only_when_they_may(soak):
    lit = [lamp for link, lamp in soak["set_off"] if link >= 0]
    assert len(soak["set_off"]) > 10
    assert all(lamp in (LAMP_GREEN, LAMP_GREEN_YIELD) for lamp in lit)


def test_nobody_steps_in_front_of_a_moving_car(crossing_atlas):
    """The crossing lies 4 m before the stop line; while a car comes near at speed, a walker at its kerb waits."""
    simulator = Simulator(crossing_atlas, traffic="none")
    simulator.traffic = Traffic(0, 0, 1)
    simulator.flags, simulator.parts = np.zeros((1, 2), np.int32), np.zeros((1, 2, simulator.parts.shape[2]), np.float32)
    simulator._action = np.zeros((1, 2, 2), np.float32)
    simulator.reset(0)
    simulator.state.signal_clock[:] = 0.0
    put(simulator, lane=EAST_IN, s=180.0, speed=12.0)
    assert simulator.state.controller[0, 1] == WALKER and simulator.state.controller[0, 0] == EXTERNAL
    simulator.state.timer[0, 1] = 5.8  # would set off when the car is some 45 m away
    set_off = None
    for tick in range(200):
        simulator.advance(Control(np.float32([0.3 * (12.0 - simulator.state.speed[0, 0])]), np.float32([0.0])))
        if set_off is None and simulator.state.timer[0, 1] <= 0.0:
            set_off = tick, float(simulator.state.x[0, 0])
    assert set_off is not None
    assert set_off[1] > -14.0 or set_off[1] + 6.0 + 12.0 * 3.5 < -14.0  # the car had passed, or was still far
