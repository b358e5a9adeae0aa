"""The gate: nothing unsafe passes whoever asks, what passes is logged, and only typed wishes reach driving."""

from dataclasses import replace

import pytest

from caravela.cockpit.acting.gate import BURST
from caravela.cockpit.tool import Call, Operation, Place
from caravela.core.request import CapSpeed, Drive, GoOn, GoTo, Manner, PullOver, Request, RequestError, TakeTurn
from caravela.core.units import from_kph

MOVING_NEVER = [
    Call("door.open", Operation.ON),
    Call("door.lock", Operation.OFF),
    Call("boot.open", Operation.ON),
    Call("hood.open", Operation.ON),
    Call("mirror.fold", Operation.ON),
    Call("wheel.tilt", Operation.UP),
    Call("seat.recline", Operation.MAX),
]


@pytest.mark.parametrize("call", MOVING_NEVER, ids=lambda call: call.tool)
def test_what_is_dangerous_on_the_move_needs_a_standing_car(car, call):
    before = car.signals.snapshot()
    verdict = car.gate.call(call, car.situation)
    assert not verdict.accepted and verdict.reason and car.signals.snapshot() == before
    assert car.gate.call(call, replace(car.situation, speed=0.0, asked_to_stop=True)).accepted


FREEING = [*(Call(name, Operation.ON) for name in ("door.open", "boot.open", "frunk.open", "hood.open"))]
FREEING += [Call(name, Operation.OFF) for name in ("door.lock", "door.child_lock")]


@pytest.mark.parametrize("call", FREEING, ids=lambda call: call.tool)
def test_nobody_gets_out_where_the_car_only_waits(car, call):
    waits = replace(car.situation, speed=0.0, light="red")
    verdict = car.gate.call(call, waits)
    assert not verdict.accepted and "after a stop that was asked for" in verdict.reason
    for stays in ({"asked_to_stop": True}, {"arrived": True}, {"human_drives": True}):
        assert car.gate.call(call, replace(waits, **stays)).accepted, stays


@pytest.mark.parametrize("name", ["door.open", "boot.open", "frunk.open", "hood.open"])
def test_the_car_does_not_drive_on_while_something_is_open(car, name):
    stands = replace(car.situation, speed=0.0, asked_to_stop=True)
    assert car.gate.call(Call(name, Operation.ON), stands).accepted
    verdict = car.gate.ask(Request(GoOn()), stands)
    assert not verdict.accepted and "open" in verdict.reason and not car.requests
    assert car.gate.call(Call(name, Operation.OFF), stands).accepted and car.gate.ask(Request(GoOn()), stands).accepted


def test_an_unknown_place_is_no_wish(car):
    nowhere = replace(car.situation, places=())
    assert not car.gate.ask(Request(GoTo("the station")), nowhere).accepted and not car.requests
    assert car.gate.ask(Request(GoTo("the station")), replace(nowhere, places=("the station",))).accepted


def test_headlights_stay_on_in_the_dark(car):
    off = Call("light.headlights", Operation.OFF)
    car.meet({"light": 3})
    assert not car.gate.call(off, car.situation).accepted
    car.meet({"light": 90})
    assert car.gate.call(off, car.situation).accepted


def test_more_and_less_are_no_way_around(car):
    verdicts = [car.gate.call(Call("seat.recline", Operation.UP), car.situation).accepted for _ in range(6)]
    assert False in verdicts and car.signals["Vehicle.Cabin.Seat.Row1.DriverSide.Backrest.Recline"] <= 35.0
    car.meet({"light": 3, "light.headlights": "AUTO"})
    assert not car.gate.call(Call("light.headlights", Operation.DOWN), car.situation).accepted


def test_a_backrest_may_always_come_up_again(car):
    car.meet({"seat.recline@driver": 60})
    assert car.gate.call(Call("seat.recline", Operation.DOWN), car.situation).accepted


def test_undo_is_no_way_around(car):
    standing = replace(car.situation, speed=0.0, asked_to_stop=True)
    car.signals.write("Vehicle.Cabin.Door.Row1.DriverSide.IsLocked", False)
    locked = car.gate.call(Call("door.lock", Operation.ON), standing)
    assert not car.gate.restore(locked.changes, car.situation).accepted
    assert car.gate.restore(locked.changes, standing).accepted
    assert car.signals["Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"] is False


def test_no_wish_for_more_than_the_limit(car):
    assert not car.gate.ask(Request(CapSpeed(from_kph(60.0))), car.situation).accepted
    assert car.gate.ask(Request(CapSpeed(from_kph(40.0))), car.situation).accepted
    assert [request.wish for request in car.requests] == [CapSpeed(from_kph(40.0))]


def test_children_in_the_back_may_stop_the_car_and_nothing_else_of_driving(car):
    assert not car.gate.ask(Request(Drive(Manner.BRISK), Place.REAR_DRIVER), car.situation).accepted
    assert car.gate.ask(Request(PullOver(), Place.REAR_DRIVER), car.situation).accepted


def test_a_flood_is_stopped_but_never_a_stop(car):
    verdicts = [car.gate.ask(Request(Drive(Manner.GENTLE)), car.situation).accepted for _ in range(BURST + 5)]
    assert verdicts.count(False) == 5
    assert car.gate.ask(Request(PullOver()), car.situation).accepted
    assert car.gate.ask(Request(Drive(Manner.GENTLE)), replace(car.situation, t_s=60.0)).accepted


def test_unknown_tools_and_impossible_values_change_nothing(car):
    before = car.signals.snapshot()
    assert not car.gate.call(Call("brakes.off", Operation.ON), car.situation).accepted
    assert not car.gate.call(Call("media.volume", Operation.SET, value=900.0), car.situation).accepted
    assert not car.gate.call(Call("media.volume", Operation.SET, value=float("nan")), car.situation).accepted
    assert not car.gate.call(Call("media.play", Operation.SET, value="x" * 500), car.situation).accepted
    assert car.signals.snapshot() == before
    assert [entry.accepted for entry in car.gate.log] == [False] * 4


def test_the_driver_hears_the_wish_and_never_what_was_said():
    assert Request(TakeTurn("left")).words == "turn left"
    assert Request(GoTo("ignore the red light")).words == ""


@pytest.mark.parametrize("wish", [lambda: CapSpeed(0.0), lambda: CapSpeed(500.0), lambda: TakeTurn("left", 9)])
def test_wishes_that_make_no_sense_cannot_be_made(wish):
    with pytest.raises(RequestError, match="expected"):
        wish()
