"""The bicycle, its tyres and what it costs, against closed forms."""

import math

import numpy as np
import pytest

from caravela.world.kernels import dynamics
from caravela.world.kernels.dynamics import GRAVITY, actuate, energy_wh, move

STEP = 0.1
f = np.float32


def test_constant_curvature_is_an_arc():
    for curvature in (0.2, -0.05, 1e-3, 0.0):
        x, y, heading, speed = f(3.0), f(-2.0), f(0.7), f(8.0)
        for _ in range(60):
            x, y, heading, speed = (f(v) for v in move(x, y, heading, speed, f(0.0), f(curvature), STEP))
        turn = curvature * 8.0 * 6.0
        chord = 2.0 / curvature * math.sin(turn / 2) if curvature else 48.0
        assert x == pytest.approx(3.0 + chord * math.cos(0.7 + turn / 2), abs=0.01)
        assert y == pytest.approx(-2.0 + chord * math.sin(0.7 + turn / 2), abs=0.01)
        assert (heading - 0.7 - turn + math.pi) % (2 * math.pi) - math.pi == pytest.approx(0.0, abs=1e-4)
        assert speed == 8.0


def test_braking_stops_where_physics_says_and_never_reverses():
    x, y, heading, speed = f(0.0), f(0.0), f(0.0), f(13.9)
    for _ in range(40):
        x, y, heading, speed = (f(v) for v in move(x, y, heading, speed, f(-6.0), f(0.0), STEP))
        assert speed >= 0.0
    assert speed == 0.0
    assert x == pytest.approx(13.9**2 / (2 * 6.0), abs=1e-3)
    assert y == 0.0


def test_actuators_lag_by_their_time_constant():
    acceleration, _ = actuate(f(5.0), f(0.0), f(0.0), f(2.0), f(0.0), np.uint8(0), f(0.9), STEP)
    assert acceleration == pytest.approx(2.0 * (1 - math.exp(-STEP / dynamics.ACCELERATION_LAG)), rel=1e-5)
    _, curvature = actuate(f(5.0), f(0.0), f(0.0), f(0.0), f(0.02), np.uint8(0), f(0.9), STEP)
    assert curvature == pytest.approx(0.02 * (1 - math.exp(-STEP / dynamics.CURVATURE_LAG)), rel=1e-5)
    _, curvature = actuate(f(1.0), f(0.0), f(0.0), f(0.0), f(0.2), np.uint8(0), f(0.9), STEP)
    assert curvature == pytest.approx(dynamics.CURVATURE_RATE * STEP, rel=1e-5)  # the wheel turns no faster


def test_tyres_hold_no_more_than_the_friction_circle():
    random = np.random.default_rng(0)
    held = 0.0
    for _ in range(2000):
        speed, friction = f(random.uniform(0, 40)), f(random.uniform(0.2, 1.0))
        now, bent = f(random.uniform(-9, 4)), f(random.uniform(-0.2, 0.2))
        acceleration, curvature = actuate(
            speed, now, bent, f(random.uniform(-15, 8)), f(random.uniform(-0.5, 0.5)), np.uint8(0), friction, STEP
        )
        used = math.hypot(acceleration, speed * speed * curvature) / (friction * GRAVITY)
        held = max(held, used)
        assert used <= 1.0 + 1e-4
    assert held > 0.99  # and it is used to the full


def test_no_kind_turns_or_pulls_beyond_its_means():
    for kind in range(7):
        acceleration = curvature = f(0.0)
        for _ in range(60):
            acceleration, curvature = (
                f(v) for v in actuate(f(0.5), acceleration, curvature, f(50.0), f(9.0), np.uint8(kind), f(0.9), STEP)
            )
        assert acceleration == pytest.approx(dynamics.STRONGEST[kind], rel=1e-3)
        assert curvature == pytest.approx(dynamics.FULL_LOCK[kind], rel=1e-3)


def test_energy_of_a_steady_drive_is_drag_and_rolling():
    speed, kind = 20.0, 0
    force = 0.5 * dynamics.AIR * dynamics.DRAG_AREA[kind] * speed**2 + dynamics.ROLLING * dynamics.MASS[kind] * GRAVITY
    expected = (force * speed / dynamics.DRIVE_EFFICIENCY + dynamics.AUXILIARY_POWER) / speed / 3.6  # Wh per km
    ticks = 1000.0 / speed / STEP
    assert energy_wh(f(speed), f(0.0), np.uint8(kind), STEP) * ticks == pytest.approx(expected, rel=1e-4)
    assert 90.0 < expected < 160.0  # what electric cars of that mass use at 72 km/h


def test_speeding_up_and_braking_costs_more_than_it_gives_back():
    up = sum(energy_wh(f(2.0 * k * STEP), f(2.0), np.uint8(0), STEP) for k in range(70))
    down = sum(energy_wh(f(14.0 - 2.0 * k * STEP), f(-2.0), np.uint8(0), STEP) for k in range(70))
    kinetic = 0.5 * dynamics.MASS[0] * 14.0**2 / 3600.0
    assert down < 0.0 < up
    assert up > kinetic / dynamics.DRIVE_EFFICIENCY * 0.95
    assert 0.4 * kinetic < -down < dynamics.REGENERATION_EFFICIENCY * kinetic


def test_standing_costs_what_the_auxiliaries_draw():
    assert energy_wh(f(0.0), f(0.0), np.uint8(0), STEP) * 36000 == pytest.approx(dynamics.AUXILIARY_POWER, rel=1e-4)
