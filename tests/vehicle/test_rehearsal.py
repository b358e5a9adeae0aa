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
    for attentive in ((True, False) if mode is Mode.L2 and injection.ticks is None else (True,))
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
