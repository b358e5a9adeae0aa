"""Powertrain and chassis keep their books: energy is conserved, limits limit, and cold, full, hot, wet and laden mean what they should."""

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import Control
from caravela.core.units import GRAVITY
from caravela.world import chassis
from caravela.world.powertrain import (
    PowertrainSpec,
    PowertrainState,
    able,
    battery_limits,
    drive,
    open_circuit,
    resistance,
    resistance_force,
)
from caravela.world.whole_car import CONDITIONS, WholeCar, condition_named

SPEC = PowertrainSpec()


def state(*, charge: float = 0.6, battery: float = 25.0, motor: float = 60.0) -> PowertrainState:
    return PowertrainState(np.array([charge]), np.array([battery]), np.array([motor]))


def tick(car: PowertrainState, before: float, after: float, *, mass: float = 1900.0, outside: float = 20.0):
    speeds = {"before": np.array([before]), "after": np.array([after])}
    return drive(car, **speeds, mass=np.array([mass]), outside=np.array([outside]), spec=SPEC)


def test_every_watt_has_a_place():
    flow = tick(state(), 12.0, 12.2)
    mean = 12.1
    kinetic = 0.5 * SPEC.inertia * 1900.0 * (12.2**2 - 12.0**2) / 0.1
    wheels = kinetic + resistance_force(np.array([mean]), np.array([1900.0]), SPEC)[0] * mean
    heat = SPEC.copper * flow.torque[0] ** 2 + SPEC.iron * flow.turns[0] + SPEC.inverter
    assert flow.terminal[0] == pytest.approx(wheels / SPEC.gear_efficiency + heat + SPEC.auxiliaries, rel=1e-9)
    assert flow.battery[0] == pytest.approx(flow.terminal[0] + resistance(25.0, SPEC) * flow.current[0] ** 2, rel=1e-9)
    assert flow.friction[0] == 0.0


def test_braking_is_taken_back_or_becomes_heat():
    flow = tick(state(), 12.0, 11.7)
    lost = (
        0.5 * SPEC.inertia * 1900.0 * (12.0**2 - 11.7**2) / 0.1 - resistance_force(np.array([11.85]), np.array([1900.0]), SPEC)[0] * 11.85
    )
    taken = -flow.torque[0] * flow.turns[0] / SPEC.gear_efficiency
    assert taken + flow.friction[0] == pytest.approx(lost, rel=1e-9)
    assert flow.friction[0] > 0.0 and flow.terminal[0] < 0.0


@pytest.mark.parametrize(("worse", "why"), [({"battery": 2.0}, "cold"), ({"charge": 0.97}, "full"), ({"motor": 160.0}, "hot motor")])
def test_cold_full_and_hot_take_less_back(worse, why):
    best, less = (able(state(**kind), np.array([12.0]), SPEC) for kind in ({}, worse))
    assert less.regenerate[0] < 0.6 * best.regenerate[0], why
    assert tick(state(**worse), 12.0, 11.8).friction[0] > tick(state(), 12.0, 11.8).friction[0]


def test_an_overheated_battery_and_an_empty_one_give_less():
    gives = battery_limits(state(), SPEC)[0][0]
    assert battery_limits(state(battery=55.0), SPEC)[0][0] < 0.5 * gives
    assert battery_limits(state(charge=0.02), SPEC)[0][0] < 0.6 * gives
    assert battery_limits(state(battery=-20.0), SPEC)[1][0] == 0.0


def test_the_motor_has_a_torque_and_a_power_limit():
    slow, fast = (able(state(), np.array([speed]), SPEC).drive[0] for speed in (5.0, 35.0))
    assert slow == pytest.approx(SPEC.torque * SPEC.gear / SPEC.wheel * SPEC.gear_efficiency)
    assert fast * 35.0 <= SPEC.power and fast < 0.6 * slow


def test_there_is_no_regeneration_at_walking_pace():
    assert able(state(), np.array([1.0]), SPEC).regenerate[0] == 0.0
    assert able(state(), np.array([5.0]), SPEC).regenerate[0] > 4000.0


def test_heat_settles_where_losses_and_cooling_meet():
    car = state(motor=45.0)
    for _ in range(30_000):
        flow = tick(car, 25.0, 25.0)
    heat = SPEC.copper * flow.torque[0] ** 2 + SPEC.iron * flow.turns[0] + SPEC.inverter
    assert car.motor[0] == pytest.approx(SPEC.coolant + heat / SPEC.motor_loss, abs=0.1)
    assert car.charge[0] < 0.6


def test_a_cold_pack_resists_more_and_a_full_one_has_more_voltage():
    assert resistance(0.0, SPEC) > 1.7 * resistance(25.0, SPEC)
    assert np.all(np.diff(open_circuit(np.linspace(0.0, 1.0, 50), SPEC)) > 0.0)


def test_the_friction_circle_shares_grip_between_turning_and_braking():
    spec, one = chassis.ChassisSpec(), np.ones(1)
    straight = chassis.reach(0.9 * one, 1750.0 * one, speed=10.0 * one, curvature=0.0 * one, spec=spec)
    bend = chassis.reach(0.9 * one, 1750.0 * one, speed=10.0 * one, curvature=0.07 * one, spec=spec)
    assert straight.braking[0] == pytest.approx(0.9 * GRAVITY)
    assert bend.braking[0] ** 2 + 7.0**2 == pytest.approx((0.9 * GRAVITY) ** 2)
    wet = chassis.reach(0.5 * one, 1750.0 * one, speed=10.0 * one, curvature=0.0 * one, spec=spec)
    laden = chassis.reach(0.9 * one, 2300.0 * one, speed=10.0 * one, curvature=0.0 * one, spec=spec)
    assert wet.braking[0] < 0.6 * straight.braking[0] and wet.curvature[0] < 0.6 * straight.curvature[0]
    assert 0.9 * straight.grip[0] < laden.grip[0] < straight.grip[0]
    assert straight.traction[0] < straight.braking[0]  # one axle drives, both brake


def test_brakes_take_time_to_bite_and_none_to_let_go():
    spec = chassis.ChassisSpec()
    assert chassis.braked(np.array([-8.0]), np.array([0.5]), spec)[0] == pytest.approx(-spec.brake_rate * 0.1)
    assert chassis.braked(np.array([-1.0]), np.array([-6.0]), spec)[0] == -1.0


def test_what_is_asked_for_is_clipped_to_what_the_car_can_do():
    laden = WholeCar([CONDITIONS["hot"], CONDITIONS["mild"]], friction=np.array([0.5, 0.9]))
    wanted = Control(np.full(2, 9.0, np.float32), np.full(2, 0.2, np.float32))
    got = laden.clip(wanted, speed=np.array([10.0, 10.0]), acceleration=np.zeros(2))
    assert got.acceleration[0] < got.acceleration[1] < 9.0
    assert got.curvature[0] < got.curvature[1] < 0.2
    gentle = Control(np.full(2, 0.5, np.float32), np.full(2, 0.001, np.float32))
    kept = laden.clip(gentle, speed=np.array([10.0, 10.0]), acceleration=np.zeros(2))
    assert np.array_equal(kept.acceleration, gentle.acceleration) and np.array_equal(kept.curvature, gentle.curvature)


def test_energy_counts_only_while_a_drive_goes_on():
    car = WholeCar([CONDITIONS["mild"]] * 2, friction=np.array([0.9, 0.9]))
    speeds = {"before": np.full(2, 10.0), "after": np.full(2, 10.1), "acceleration": np.ones(2), "lateral": np.zeros(2)}
    car.move(**speeds, going=np.array([True, False]))
    assert car.energy[0] > 0.0 and car.energy[1] == 0.0


def test_an_unknown_condition_is_one_sentence():
    with pytest.raises(CaravelaError, match="unknown condition 'coldd'; did you mean cold"):
        condition_named("coldd")
