"""What is put before cars stands on their way with room to stop, and goes again."""

import numpy as np
import pytest

pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.train.obstacles import LEAST_SPEED, NEAREST_M, STAYS_S, Obstacles
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world import atlas
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.simulator import Simulator
from caravela.world.state import PARKED


@pytest.fixture
def moving():
    """Twelve cars at speed, and the obstacles of their worlds."""
    driver = TeacherDriver(load_teacher(SHIPPED_TEACHER))
    simulator = Simulator(atlas.build([load_town(towns()[0])]), batch=12, traffic="light")
    simulator.reset(2)
    for _ in range(60):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
    return simulator, driver, Obstacles(simulator.atlas, worlds=12, random=np.random.default_rng(0))


def test_they_stand_ahead_of_moving_cars_only(moving):
    simulator, _, obstacles = moving
    state = simulator.state
    put = obstacles.change(state, chance=1.0)
    worlds = np.flatnonzero(obstacles.slot >= 0)
    assert put == len(worlds) >= 4
    assert (state.speed[worlds, 0] > LEAST_SPEED).all()
    slots = obstacles.slot[worlds]
    assert (slots > 0).all() and (state.controller[worlds, slots] == PARKED).all()
    dx, dy = state.x[worlds, slots] - state.x[worlds, 0], state.y[worlds, slots] - state.y[worlds, 0]
    assert (np.hypot(dx, dy) > 0.6 * NEAREST_M).all()
    heading = state.heading[worlds, 0]
    assert (np.cos(heading) * dx + np.sin(heading) * dy > 0.0).mean() > 0.8  # before them, but for tight turns
    assert obstacles.change(state, chance=1.0) <= 12 - len(worlds)  # one at a time


def test_they_go_after_their_time_and_cars_that_see_them_mostly_pass_unharmed(moving):
    simulator, driver, obstacles = moving
    obstacles.change(simulator.state, chance=1.0)
    slots, before = obstacles.slot.copy(), obstacles.before
    worlds = np.flatnonzero(slots >= 0)
    struck = np.zeros(12, dtype=np.bool_)
    for _ in range(round(STAYS_S[1] * 10) + 2):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
        struck |= (simulator.flags[:, 0] & 2) > 0
        obstacles.change(simulator.state, chance=0.0)
    assert (obstacles.slot < 0).all()
    for world in worlds:  # whoever had the place has it again
        now, then = simulator.state.agents[world, slots[world]], before[world]
        assert (now["x"], now["y"], now["kind"]) == (then["x"], then["y"], then["kind"]) or now["controller"] != PARKED
    assert struck[worlds].mean() < 0.5
