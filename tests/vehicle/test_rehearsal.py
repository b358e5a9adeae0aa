"""Every fault that is put into the loop is named and ends in the right mode, in every mode, by every kind of driver."""

from dataclasses import replace

import pytest

from caravela.core.modes import Alert, Author, Fault, Mode
from caravela.vehicle.health import RIDE_OUT, STUCK_TICKS
from caravela.vehicle.profiles import r157
from caravela.vehicle.rehearsal import CRUISE, Injection, injections, rehearse

INJECTIONS = list(injections())
CASES = [
    (injection, mode, attentive)
    for injection in INJECTIONS
    for mode in Mode
    for attentive in ((True, False) if mode is Mode.L2 and not injection.hiccup else (True,))
    if not (injection.process and mode is Mode.MANUAL)  # a process of its own each: two modes are enough here
]


@pytest.mark.parametrize(("injection", "mode", "attentive"), CASES, ids=lambda value: getattr(value, "name", str(value)))
def test_a_fault_is_named_and_ends_in_the_right_mode(injection: Injection, mode: Mode, attentive: bool) -> None:
    outcome = rehearse(injection, mode, attentive=attentive)
    assert outcome.right, outcome
    assert outcome.ticks_to_name is not None and outcome.ticks_to_name <= STUCK_TICKS
    assert outcome.deceleration <= r157().deceleration_limit


def test_every_fault_that_has_a_name_is_rehearsed() -> None:
    assert {injection.fault for injection in INJECTIONS} == set(Fault) == set(RIDE_OUT)


def test_at_l4_the_stop_takes_what_its_deceleration_says_and_nobody_is_called() -> None:
    killed = next(injection for injection in INJECTIONS if injection.name == "plans of NaN")
    outcome = rehearse(killed, Mode.L4)
    expected = CRUISE / r157().manoeuvre_deceleration
    assert outcome.stopped_after == pytest.approx(expected, abs=1.0)
    assert outcome.end_author is Author.HOLD and outcome.alerts == () and outcome.hazards


def test_at_l2_a_driver_who_does_not_answer_is_told_before_the_car_stops() -> None:
    outcome = rehearse(INJECTIONS[1], Mode.L2, attentive=False)
    assert outcome.alerts == (Alert.DIRECT_CONTROL, Alert.UNAVAILABLE) and outcome.stopped_after is not None
    assert outcome.responsible == "Ana Sousa, driver"


def test_an_unnoticed_fault_would_not_count_as_right() -> None:
    unnoticed = replace(INJECTIONS[1], fault=Fault.CAMERA_STUCK)
    assert not rehearse(unnoticed, Mode.L4).right
    harmless = replace(INJECTIONS[1], spoil=lambda observation: observation)
    assert not rehearse(harmless, Mode.L4).right


def test_a_loop_that_comes_back_does_not_drive_on() -> None:
    frozen = next(injection for injection in INJECTIONS if injection.freezes and injection.ticks is not None)
    outcome = rehearse(frozen, Mode.L4)
    assert outcome.stopped_after is not None and outcome.end_author is Author.HOLD and outcome.hazards
    assert outcome.deceleration == pytest.approx(r157().manoeuvre_deceleration), "nothing in between but the one stop"


@pytest.mark.parametrize("injection", [one for one in INJECTIONS if one.freezes], ids=lambda one: one.name)
def test_who_answers_at_l2_has_the_controls_though_the_loop_is_frozen(injection: Injection) -> None:
    outcome = rehearse(injection, Mode.L2, attentive=True)
    assert (outcome.end_mode, outcome.end_author, outcome.stopped_after) == (Mode.MANUAL, Author.DRIVER, None)


@pytest.mark.parametrize("injection", [one for one in INJECTIONS if one.fault is Fault.PLAN_TOO_OLD], ids=lambda one: one.name)
def test_faults_that_take_turns_do_not_drive_the_car_blind(injection: Injection) -> None:
    outcome = rehearse(injection, Mode.L4)
    assert outcome.stopped_after == pytest.approx(CRUISE / r157().manoeuvre_deceleration, abs=1.0)
