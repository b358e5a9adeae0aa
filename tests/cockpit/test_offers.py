"""Offers: a question first, a yes does it through the gate, a no is remembered for a while, an off switch for good."""

from dataclasses import replace

import pytest

from caravela.cockpit.days import simulate
from caravela.cockpit.intents import Answer
from caravela.cockpit.offers import OPEN_S, SERVICES, Moment, Offers
from caravela.core.errors import CaravelaError
from caravela.core.request import Drive, GoTo, Manner

CALM = {"to_go_km": 10.0}


def moment(car, t_s=0.0, **facts):
    return Moment(replace(car.situation, t_s=t_s), car.signals, **{**CALM, **facts})


def test_a_calm_drive_has_no_offers(car):
    offers = Offers(car.gate)
    assert all(offers.look(moment(car, t_s)) is None for t_s in range(0, 3600, 10))


def test_nothing_is_done_before_a_yes(car):
    offers = Offers(car.gate)
    offer = offers.look(moment(car, to_go_km=500.0))
    assert offer is not None and offer.service.name == "range" and not car.requests
    offers.answer(Answer.YES, car.situation)
    assert [request.wish for request in car.requests] == [GoTo("the nearest charging station")]


def test_rain_closes_what_is_open_after_a_yes(car):
    car.meet({"rain": 50, "window.position@rear_driver": 60, "sunroof.position": 100})
    offers = Offers(car.gate)
    assert offers.look(moment(car)).service.name == "rain"
    offers.answer(Answer.YES, car.situation)
    assert car.signals["Vehicle.Cabin.Door.Row2.DriverSide.Window.Position"] == 0.0
    assert car.signals["Vehicle.Cabin.Sunroof.Position"] == 0.0


def test_a_no_makes_the_next_offer_wait_longer(car):
    offers = Offers(car.gate)
    asked = []
    for t_s in range(0, 4 * 3600, 60):
        sick = (t_s // 60) % 10 < 2  # again and again
        if offers.look(moment(car, float(t_s), motion_sick=0.9 if sick else 0.0)) is not None:
            asked.append(t_s)
            offers.answer(Answer.NO, replace(car.situation, t_s=float(t_s)))
    gaps = [b - a for a, b in zip(asked, asked[1:], strict=False)]
    assert gaps and gaps[0] >= 3 * 1800 and gaps == sorted(gaps)


def test_no_answer_is_a_no_and_a_late_yes_does_nothing(car):
    offers = Offers(car.gate)
    offers.look(moment(car, motion_sick=0.9))
    assert offers.answer(Answer.YES, replace(car.situation, t_s=OPEN_S + 1.0)) is None and not car.requests


def test_a_child_cannot_consent_for_those_in_front(car):
    offers = Offers(car.gate)
    offers.look(moment(car, hazard=0.9))
    assert offers.answer(Answer.YES, car.situation, by="rear_driver") is None and not car.requests
    offers.answer(Answer.YES, car.situation, by="driver")
    assert [request.wish for request in car.requests] == [Drive(Manner.CAREFUL)]


def test_an_off_switch_is_remembered(car, tmp_path):
    kept = tmp_path / "off.json"
    Offers(car.gate, kept).switch(False, "hazard")
    later = Offers(car.gate, kept)
    assert later.off == {"hazard"} and later.look(moment(car, hazard=0.9)) is None
    later.switch(True)
    assert Offers(car.gate, kept).look(moment(car, hazard=0.9)) is not None


def test_a_torn_file_is_told(car, tmp_path):
    (tmp_path / "off.json").write_text("{")
    with pytest.raises(CaravelaError, match="does not hold"):
        Offers(car.gate, tmp_path / "off.json")


def test_every_service_is_whole():
    for service in SERVICES:
        assert service.says.endswith("?") and service.benefit and service.cool_down_s > 0 and (service.calls or service.wishes)


def test_patience_makes_offers_rarer_and_more_welcome(capsys):
    patient, hasty = simulate(30, seed=1), simulate(30, seed=1, patient=False)
    with capsys.disabled():
        print(f"\n  offers: {patient.precision:.0%} welcome, {patient.refused_per_hour:.2f} refused an hour", end="")
        print(f" (without cool-down {hasty.precision:.0%}, {hasty.refused_per_hour:.2f})")
    assert patient.precision > hasty.precision and patient.refused_per_hour < hasty.refused_per_hour
    assert patient.precision > 0.6 and patient.refused_per_hour < 1.5
