"""A speed that somebody has set: any policy keeps below it, on its own path and softly, and brakes no less than it would have."""

import numpy as np
import pytest

from caravela.core.kinematics import integrate
from caravela.core.types import KNOTS, Observation, Plan
from caravela.vehicle.domains.set_speed import SLOWING, SetSpeedPolicy, slowed
from caravela.vehicle.domains.wishes import NO_SPEED


def knots_of(acceleration, curvature=0.0) -> np.ndarray:
    """(1, KNOTS, 2)"""
    knots = np.zeros((1, KNOTS, 2), np.float32)
    knots[..., 0], knots[..., 1] = acceleration, curvature
    return knots


class Keen:
    """Proposes one plan to every car."""

    name = "keen"

    def __init__(self, knots: np.ndarray) -> None:
        self._knots = knots

    def reset(self, batch: int) -> None:
        """It keeps nothing."""

    def plan(self, observation: Observation) -> Plan:
        knots = np.repeat(self._knots[None], observation.batch, 0)
        trajectories, speeds = integrate(knots, speed=observation.speed[:, None])
        none = np.zeros(observation.batch)
        return Plan(trajectories, speeds, knots, none[:, None], none.astype(np.int64), none.astype(np.float32))


def look(*speeds: float) -> Observation:
    batch = len(speeds)
    return Observation(
        t_us=np.zeros(batch, np.int64),
        images=np.zeros((batch, 3, 0, 0, 0, 3), np.uint8),
        speed=np.array(speeds, np.float32),
        yaw_rate=np.zeros(batch, np.float32),
        route=np.zeros((batch, 8, 2), np.float32),
        has_route=np.ones(batch, bool),
        words=("",) * batch,
    )


def driven(knots: np.ndarray, *, start: float, most: float, seconds: float = 25.0) -> np.ndarray:
    """Speeds, tick by tick, of a car that always plans the same."""
    policy, speed, speeds = SetSpeedPolicy(Keen(knots), lambda: [most]), start, []
    for _ in range(round(seconds / 0.1)):
        speed = max(speed + 0.1 * float(policy.plan(look(speed)).control().acceleration[0]), 0.0)
        speeds.append(speed)
    return np.array(speeds)


def test_a_car_comes_up_to_the_set_speed_and_stays_below():
    speeds = driven(knots_of(1.5), start=2.0, most=7.0)
    assert speeds.max() <= 7.05 and speeds[-1] > 6.6


def test_who_is_too_fast_slows_down_softly():
    speeds = driven(knots_of(0.5), start=14.0, most=7.0)
    assert np.diff(speeds).min() >= -0.1 * SLOWING - 1e-3
    assert speeds[-1] == pytest.approx(7.0, abs=0.2)


def test_braking_is_never_made_softer_and_what_is_slow_enough_stays_as_it_was():
    hard = Keen(knots_of(-5.0))
    for start, most in ((14.0, 7.0), (6.0, 7.0)):
        plain, bound = hard.plan(look(start)), SetSpeedPolicy(hard, lambda most=most: [most]).plan(look(start))
        assert (bound.speeds <= plain.speeds + 0.05).all()
        assert bound.control().acceleration[0] <= plain.control().acceleration[0] + 0.05
    slow = Keen(knots_of(0.2))
    plain, bound = slow.plan(look(3.0)), SetSpeedPolicy(slow, lambda: [7.0]).plan(look(3.0))
    assert np.array_equal(plain.knots, bound.knots)


def test_a_plan_that_stops_and_goes_stops_as_it_would_have():
    stop_and_go = knots_of([-4.0] * 4 + [2.0] * (KNOTS - 4))
    plain, bound = Keen(stop_and_go).plan(look(6.0)), SetSpeedPolicy(Keen(stop_and_go), lambda: [5.0]).plan(look(6.0))
    assert plain.speeds.min() == 0.0 and bound.speeds.min() < 0.05
    assert (bound.speeds <= plain.speeds + 0.25).all()


def test_the_path_is_kept():
    bend = knots_of(0.0, np.linspace(0.0, 0.04, KNOTS))
    start, most = np.array([12.0]), np.array([6.0])
    before, speeds = integrate(bend, speed=start.astype(np.float32))
    after, _ = integrate(slowed(bend.astype(float), speeds.astype(float), start, most).astype(np.float32), speed=start.astype(np.float32))
    gap = np.hypot(*(after[0, :, None, :2] - before[0, None, :, :2]).transpose(2, 0, 1)).min(1)
    assert gap[3:].max() < 0.6  # places half a step apart along the path count too
    assert after[0, -1, 0] < before[0, -1, 0] - 5.0


def test_each_car_has_its_own_and_without_one_nothing_changes():
    policy = Keen(knots_of(1.0))
    plain = policy.plan(look(8.0, 8.0))
    bound = SetSpeedPolicy(policy, lambda: [NO_SPEED, 5.0]).plan(look(8.0, 8.0))
    assert np.array_equal(bound.knots[0], plain.knots[0]) and bound.speeds[1].max() < 8.0
