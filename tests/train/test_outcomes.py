"""What becomes of plans, on a shipped town."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.core.types import KNOTS, Control
from caravela.train.outcomes import outcomes
from caravela.train.teacher_driver import TeacherDriver, load_teacher
from caravela.world import atlas
from caravela.world.kernels.vectors import STYLE
from caravela.world.maps.catalogue import load_town, towns
from caravela.world.simulator import Simulator


@pytest.fixture(scope="module")
def driven():
    """Eight ego cars that the teacher has brought to speed, with the driver."""
    driver = TeacherDriver(load_teacher(SHIPPED_TEACHER))
    simulator = Simulator(atlas.build([load_town(towns()[0])]), batch=8, traffic="light")
    simulator.reset(5)
    for _ in range(60):
        simulator.advance(driver.control(simulator.atlas, simulator.state))
    return simulator, driver


def plans(*, acceleration, curvature):
    knots = np.zeros((8, 1, KNOTS, 2), dtype=np.float32)
    knots[..., 0], knots[..., 1] = acceleration, curvature
    return knots


def test_leaving_the_road_is_a_failure_and_worth_less_than_the_teachers_own_plan(driven):
    simulator, driver = driven
    own = driver.label(simulator.atlas, simulator.state).knots[:, None]
    astray = plans(acceleration=2.0, curvature=0.2)
    knots, style = np.concatenate([own, astray], axis=1), np.zeros((8, STYLE), dtype=np.float32)
    returns, failed = outcomes(simulator.atlas, simulator.state, knots, driver=driver, style=style, seed=1)
    assert failed[:, 0].sum() <= 1
    assert failed[:, 1].sum() >= 6
    assert (returns[:, 0] > returns[:, 1] + 0.2).sum() >= 7
    assert ((returns >= 0.0) & (returns <= 1.0)).all()


def test_trying_out_leaves_the_world_as_it_was(driven):
    simulator, driver = driven
    before = simulator.state.copy()
    style = np.zeros((8, STYLE), dtype=np.float32)
    outcomes(simulator.atlas, simulator.state, plans(acceleration=0.5, curvature=0.0), driver=driver, style=style, seed=1)
    for mine, theirs in zip(before._parts(), simulator.state._parts(), strict=True):
        assert (mine == theirs).all()
    simulator.advance(Control(np.zeros(8, np.float32), np.zeros(8, np.float32)))
