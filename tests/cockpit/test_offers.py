"""Offers: a question first, a yes does it through the gate, a no is remembered for a while, an off switch for good."""

from dataclasses import replace

import pytest

from caravela.cockpit.grading.days import households, simulate
from caravela.cockpit.offers import OPEN_S, SERVICES, Moment, Offers
from caravela.cockpit.reading.intents import Answer
from caravela.core.errors import CaravelaError
from caravela.core.request import Drive, GoTo, Manner

CALM = {"to_go_km": 10.0}


def moment(car, t_s=0.0, **facts):
    return Moment(replace(car.situation, t_s=t_s), car.signals, **{**CALM, **facts})


def watched(offers: Offers, car, **facts):
    """The offer that comes of facts that hold for a minute; the car's time is then that of the offer."""
    for t_s in range(0, 60, 5):
        if (offer := offers.look(moment(car, car.situation.t_s + float(t_s), **facts))) is not None:
            car.situation = replace(car.situation, t_s=car.situation.t_s + float(t_s))
            return offer
    return None


def test_a_calm_drive_has_no_offers(car):
    offers = Offers(car.gate)
    assert all(offers.look(moment(car, t_s)) is None for t_s in range(0, 3600, 10))


def test_nothing_is_done_before_a_yes(car):
    offers = Offers(car.gate)
    offer = offers.look(moment(car, to_go_km=500.0))
    assert offer is not None and offer.service.name == "range" and not car.requests
    offers.answer(Answer.YES, car.situation)
    assert [request.wish for request in car.requests] == [GoTo("the nearest charging station")]


def test_a_charger_is_offered_only_where_the_way_to_one_is_known(car):
    far = {"to_go_km": 500.0}
    car.meet({"places": ()})
    offers = Offers(car.gate)
    assert offers.look(moment(car, **far)) is None
    car.meet({"places": ("the nearest charging station",)})
    assert offers.look(moment(car, **far)) is not None
    car.meet({"places": ()})  # it is no longer
    answer = offers.answer(Answer.YES, car.situation)
    assert answer.refused and "no place" in answer.text and not car.requests


def test_rain_closes_what_is_open_after_a_yes(car):
    car.meet({"rain": 50, "window.position@rear_driver": 60, "sunroof.position": 100})
    offers = Offers(car.gate)
    assert watched(offers, car).service.name == "rain"
    offers.answer(Answer.YES, car.situation)
    assert car.signals["Vehicle.Cabin.Door.Row2.DriverSide.Window.Position"] == 0.0
    assert car.signals["Vehicle.Cabin.Sunroof.Position"] == 0.0


def test_a_no_makes_the_next_offer_wait_longer(car):
    offers = Offers(car.gate)
    asked = []
    for t_s in range(0, 4 * 3600, 10):
        sick = (t_s // 60) % 10 < 2  # again and again
        if offers.look(moment(car, float(t_s), motion_sick=0.9 if sick else 0.0)) is not None:
            asked.append(t_s)
            offers.answer(Answer.NO, replace(car.situation, t_s=float(t_s)))
    gaps = [b - a for a, b in zip(asked, asked[1:], strict=False)]
    assert gaps and gaps[0] >= 3 * 1800 and gaps == sorted(gaps)


def test_no_answer_is_a_no_and_a_late_yes_does_nothing(car):
    offers = Offers(car.gate)
    assert watched(offers, car, motion_sick=0.9) is not None
    assert offers.answer(Answer.YES, replace(car.situation, t_s=car.situation.t_s + OPEN_S + 1.0)) is None and not car.requests


def test_a_child_cannot_consent_for_those_in_front(car):
    offers = Offers(car.gate)
    watched(offers, car, hazard=0.9)
    assert offers.answer(Answer.YES, car.situation, by="rear_driver") is None and not car.requests
    offers.answer(Answer.YES, car.situation, by="driver")
    assert [request.wish for request in car.requests] == [Drive(Manner.CAREFUL)]


def test_an_off_switch_is_remembered(car, tmp_path):
    kept = tmp_path / "off.json"
    Offers(car.gate, kept).switch(False, "hazard")
    later = Offers(car.gate, kept)
    assert later.off == {"hazard"} and watched(later, car, hazard=0.9) is None
    later.switch(True)
    assert watched(Offers(car.gate, kept), car, hazard=0.9) is not None


def test_a_torn_file_is_told(car, tmp_path):
    (tmp_path / "off.json").write_text("{")
    with pytest.raises(CaravelaError, match="does not hold"):
        Offers(car.gate, tmp_path / "off.json")


def test_every_service_is_whole():
    for service in SERVICES:
        assert service.says.endswith("?") and service.benefit and service.cool_down_s > 0 and (service.calls or service.wishes)


@pytest.mark.parametrize("sensed", ["asleep", "motion_sick", "hazard"])
def test_what_a_sensor_says_for_a_moment_is_no_reason(car, sensed):
    offers = Offers(car.gate)
    for t_s in range(0, 600, 5):
        assert offers.look(moment(car, float(t_s), **{sensed: 0.95 if t_s % 60 == 0 else 0.1})) is None


def test_a_hazard_waits_for_no_pause_and_an_offer_lapses_with_its_reason(car):
    offers = Offers(car.gate)
    assert offers.look(moment(car, 0.0, red_for_s=50.0)).service.name == "red_light"
    assert offers.look(moment(car, 20.0, hazard=0.9)) is None and offers.open is None  # it is green: nobody's no
    assert offers.look(moment(car, 22.0, hazard=0.9)).service.name == "hazard"
    assert offers.answer(Answer.YES, replace(car.situation, t_s=23.0)).requests


@pytest.mark.parametrize(
    ("service", "facts"),
    [
        ("range", {"to_go_km": 500.0}),
        ("asleep", {"asleep": 0.95}),
        ("motion_sick", {"motion_sick": 0.9}),
        ("school", {"child_in_back": True, "school_m": 150.0}),
        ("red_light", {"red_for_s": 50.0}),
        ("hazard", {"hazard": 0.9}),
        ("parking", {"destination_m": 200.0}),
        ("fleet", {"idle_s": 2000.0}),
    ],
)
def test_every_trigger_has_its_offer_and_a_no_does_nothing(car, service, facts):
    offers, before = Offers(car.gate), car.signals.snapshot()
    assert watched(offers, car, **facts).service.name == service
    offers.answer(Answer.NO, car.situation)
    assert car.signals.snapshot() == before and not car.requests


def test_arrival_in_the_dark_is_offered_light(car):
    car.meet({"standing": True, "light": 5.0, "arrived": True})
    offers = Offers(car.gate)
    assert watched(offers, car).service.name == "arrival"
    offers.answer(Answer.YES, car.situation)
    assert car.signals["Vehicle.Cabin.Light.IsDomeOn"] is True


def test_who_sleeps_gets_a_dim_warm_light_and_a_gentle_drive(car):
    offers = Offers(car.gate)
    watched(offers, car, asleep=0.95)
    offers.answer(Answer.YES, car.situation)
    assert car.signals["Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Color"] == "warm white"
    assert car.signals["Vehicle.Cabin.Light.AmbientLight.Row1.DriverSide.Intensity"] == 10.0
    assert [request.wish for request in car.requests] == [Drive(Manner.GENTLE)]


def test_patience_makes_offers_rarer_and_more_welcome(capsys):
    patient, hasty, nervous = simulate(30, seed=1), simulate(30, seed=1, patient=False), simulate(30, seed=1, steady=False)
    with capsys.disabled():
        print(f"\n  offers: {patient.precision:.0%} welcome, {patient.refused_per_hour:.2f} refused an hour", end="")
        print(f" (without cool-down {hasty.precision:.0%}, {hasty.refused_per_hour:.2f})")
    assert patient.precision > hasty.precision and patient.refused_per_hour < hasty.refused_per_hour
    assert patient.precision > nervous.precision and patient.recall > nervous.recall  # what it waits for is worth the wait
    assert patient.precision > 0.6 and patient.refused_per_hour < 1.5


def test_households_differ_and_whose_answer_counts_is_exercised():
    lived = households(6, 4, seeds=2)
    assert len(lived) == 12 and len({(days.offers, days.accepted) for days in lived}) > 6
    assert sum(days.not_theirs for days in lived) > 0 and sum(days.unanswered for days in lived) > 0
    for service in ("red_light", "fleet"):  # some want it, some never do
        assert sum(days.by_service[service][1] for days in lived) > 0
    assert households(1, 2, seeds=1) == households(1, 2, seeds=1)
