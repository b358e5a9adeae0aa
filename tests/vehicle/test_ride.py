"""A driverless ride from order to set-down; remote assistance advises and releases, and can do nothing else."""

import dataclasses
from dataclasses import replace
from random import Random

import pytest

from caravela.core.modes import Author, Fault
from caravela.core.responsibility import Entity, Person, Role
from caravela.core.units import STEP_US
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import Automated, Car, FaultCleared, FaultFound, Manual, Rules, Sample, parked
from caravela.vehicle.modes import demands_of, step
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.ride import (
    BLOCKED_US,
    HELP_US,
    Accept,
    Advice,
    Choice,
    Order,
    PassengerStops,
    Progress,
    Ride,
    RideDemands,
    RideEvent,
    Stage,
    ride_step,
)

OPERATOR = Entity("Harbour Rides plc", Role.DRIVERLESS_OPERATOR)
RITA = Person("Rita Lang", Role.REMOTE_ASSISTANT)
RULES = Rules(assisted_profile("unece-r171"), r157(), OPERATOR)
EMPTY = DriverState(seated=False, hands_on=False, eyes_on=False)
ORDER = Order("Mia", "Quay 4", "Opera")


class Trip:
    """A driverless car and its ride, tick by tick."""

    def __init__(self) -> None:
        self.car: Car = replace(parked(Automated(OPERATOR)), driver=EMPTY)
        self.ride = Ride()
        self.notes: list[str] = []
        self.asked = ""

    def does(self, event: RideEvent) -> RideDemands:
        self.ride, demands = ride_step(self.ride, event, car=self.car)
        self.notes += demands.notes
        self.asked = demands.ask or self.asked
        for happening in demands.happenings:
            self.car, _ = step(self.car, happening, rules=RULES)
        return demands

    def tick(self, *, speed: float, distance: float, settled: bool, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.car, _ = step(self.car, Sample(self.car.t_us + STEP_US, speed, EMPTY), rules=RULES)
            self.does(Progress(distance, settled))


def under_way() -> Trip:
    trip = Trip()
    trip.does(Accept(ORDER))
    trip.tick(speed=10.0, distance=100.0, settled=False)
    trip.tick(speed=0.0, distance=5.0, settled=False)
    trip.tick(speed=0.0, distance=5.0, settled=True)
    assert trip.ride.stage is Stage.UNDER_WAY
    return trip


def test_a_ride_from_order_to_set_down() -> None:
    trip = under_way()
    trip.tick(speed=10.0, distance=10.0, settled=True)
    assert trip.ride.words == "stop here, please"
    trip.tick(speed=0.0, distance=3.0, settled=True)
    assert trip.ride.stage is Stage.ALIGHTING
    trip.tick(speed=0.0, distance=3.0, settled=False)
    assert trip.ride == Ride(since_us=trip.car.t_us) and trip.notes[-1] == "the passenger has left; the ride is over"
    assert trip.car.responsible == OPERATOR


def test_a_ride_is_refused_while_there_is_one_or_the_car_does_not_drive_itself() -> None:
    trip = under_way()
    trip.does(Accept(ORDER))
    assert "there is one already" in trip.notes[-1]
    manual = parked(Manual(Person("Ana Sousa")))
    assert "does not drive itself" in ride_step(Ride(), Accept(ORDER), car=manual)[1].notes[0]


@pytest.mark.parametrize(("choice", "words"), [(Choice.ANOTHER_WAY, "another way"), (Choice.GO_ON, "carry on"), (Choice.WAIT, "")])
def test_a_blocked_road_is_asked_about_and_advice_becomes_words(choice: Choice, words: str) -> None:
    trip = under_way()
    trip.tick(speed=0.0, distance=500.0, settled=True, ticks=BLOCKED_US // STEP_US + 1)
    assert "blocked" in trip.asked
    before = demands_of(trip.car, RULES)
    trip.does(Advice(choice, RITA))
    assert words in trip.ride.words and demands_of(trip.car, RULES) == before, "advice moves nothing by itself"


def test_without_advice_the_car_ends_in_a_minimal_risk_condition_and_is_released_from_afar() -> None:
    trip = under_way()
    trip.tick(speed=0.0, distance=500.0, settled=True, ticks=(BLOCKED_US + HELP_US) // STEP_US + 3)
    assert demands_of(trip.car, RULES).author is Author.HOLD and demands_of(trip.car, RULES).hazards
    trip.does(Advice(Choice.GO_ON, RITA))
    assert demands_of(trip.car, RULES).author is Author.NETWORK and trip.car.responsible == OPERATOR


def test_a_faulty_car_is_not_released_by_advice() -> None:
    trip = under_way()
    trip.car, _ = step(trip.car, FaultFound(trip.car.t_us, Fault.CAMERA_BLIND), rules=RULES)
    trip.tick(speed=0.0, distance=500.0, settled=True)
    trip.does(Advice(Choice.GO_ON, RITA))
    assert demands_of(trip.car, RULES).author is Author.HOLD
    trip.car, _ = step(trip.car, FaultCleared(trip.car.t_us, Fault.CAMERA_BLIND), rules=RULES)
    trip.does(Advice(Choice.GO_ON, RITA))
    assert demands_of(trip.car, RULES).author is Author.NETWORK


def test_a_passenger_can_stop_the_car() -> None:
    trip = under_way()
    trip.does(PassengerStops())
    assert demands_of(trip.car, RULES).author is Author.STOP_PATH


def test_advice_has_no_way_to_steer() -> None:
    assert {field.name for field in dataclasses.fields(Advice)} == {"choice", "by"}
    random = Random(0)
    trip, ana = under_way(), Person("Ana Sousa")
    for _ in range(3000):
        trip.tick(speed=random.choice((0.0, 8.0)), distance=random.choice((3.0, 400.0)), settled=random.random() < 0.5)
        before = demands_of(trip.car, RULES).author
        demands = trip.does(Advice(random.choice(list(Choice)), random.choice((RITA, ana))))
        after = demands_of(trip.car, RULES).author
        assert after is before or (before is Author.HOLD and after is Author.NETWORK and demands.happenings)
        if random.random() < 0.02:
            trip.does(random.choice((PassengerStops(), Accept(ORDER))))


def test_while_somebody_gets_in_or_out_the_brakes_are_closed() -> None:
    trip = Trip()
    trip.does(Accept(ORDER))
    trip.tick(speed=0.0, distance=5.0, settled=False)
    assert trip.ride.stage is Stage.BOARDING and demands_of(trip.car, RULES).author is Author.HOLD
    trip.tick(speed=0.0, distance=5.0, settled=True)
    assert trip.ride.stage is Stage.UNDER_WAY and demands_of(trip.car, RULES).author is Author.NETWORK
    for settled in (True, False, True, False):
        trip.tick(speed=0.0, distance=3.0, settled=settled)
        assert demands_of(trip.car, RULES).author is Author.HOLD and demands_of(trip.car, RULES).hazards
    assert trip.ride.stage is Stage.IDLE
    trip.does(Accept(ORDER))
    assert demands_of(trip.car, RULES).author is Author.NETWORK


def test_an_open_door_under_way_stops_the_car_and_keeps_it() -> None:
    trip = under_way()
    trip.tick(speed=8.0, distance=300.0, settled=False, ticks=5)
    assert demands_of(trip.car, RULES).author is Author.NETWORK
    trip.tick(speed=8.0, distance=300.0, settled=False, ticks=7)
    assert demands_of(trip.car, RULES).author is Author.STOP_PATH
    trip.tick(speed=0.0, distance=290.0, settled=False, ticks=2)
    trip.does(Advice(Choice.GO_ON, RITA))
    assert demands_of(trip.car, RULES).author is Author.HOLD and "no release" in trip.notes[-1]
    trip.tick(speed=0.0, distance=290.0, settled=True)
    trip.does(Advice(Choice.GO_ON, RITA))
    assert demands_of(trip.car, RULES).author is Author.NETWORK


def test_a_standing_car_does_not_move_off_with_a_door_open() -> None:
    trip = under_way()
    trip.tick(speed=0.0, distance=300.0, settled=False)
    assert demands_of(trip.car, RULES).author is Author.HOLD
    trip.tick(speed=0.0, distance=300.0, settled=True)
    assert demands_of(trip.car, RULES).author is Author.NETWORK
