"""What a driver is told of what people wish, and when it is told of a stop."""

import pytest

from caravela.core.request import Drive, GoOn, Manner, Park, PullOver
from caravela.vehicle.domains.wishes import HELD_S, Wishes


def wishes(*heard):
    kept = Wishes()
    for wish in heard:
        kept.hear(wish)
    return kept


@pytest.mark.parametrize("stop", [PullOver(), Park()])
def test_a_stop_waits_for_a_place_where_the_car_may_stand(stop):
    kept = wishes(stop)
    assert kept.told(now_s=1.0, clear=False) == "" and kept.told(now_s=2.0, clear=False) == ""
    assert kept.told(now_s=3.0, clear=True) == stop.words
    assert kept.told(now_s=3.1, clear=False) == stop.words, "a stop that the driver has heard of is not taken back"


def test_it_keeps_the_manner_until_then():
    kept = wishes(Drive(Manner.GENTLE), PullOver())
    assert kept.told(now_s=0.0, clear=False) == Drive(Manner.GENTLE).words


def test_it_waits_no_longer_than_so_many_seconds():
    kept = wishes(PullOver())
    assert kept.told(now_s=5.0, clear=False) == "" == kept.told(now_s=5.0 + HELD_S - 0.1, clear=False)
    assert kept.told(now_s=5.0 + HELD_S, clear=False) == PullOver().words


@pytest.mark.parametrize("before", [(), (PullOver(),), (Park(),)])
def test_one_that_is_urgent_waits_for_nothing(before):
    assert wishes(*before, PullOver(at_once=True)).told(now_s=0.0, clear=False) == PullOver().words


@pytest.mark.parametrize("calmer", [PullOver(), Park()])
def test_a_calmer_word_does_not_make_an_urgent_stop_wait(calmer):
    assert wishes(PullOver(at_once=True), calmer).told(now_s=0.0, clear=False) == calmer.words


def test_the_other_domains_hear_of_a_stop_when_the_driver_does():
    kept = wishes(PullOver())
    kept.told(now_s=0.0, clear=False)
    assert not kept.report.stop
    kept.told(now_s=0.1, clear=True)
    assert kept.report.stop and kept.without_manner().report.stop and not kept.without_stop().report.stop


def test_after_it_was_ended_the_next_stop_waits_anew():
    kept = wishes(PullOver())
    assert kept.told(now_s=0.0, clear=True) == PullOver().words
    kept.hear(GoOn())
    assert kept.told(now_s=1.0, clear=True) != PullOver().words
    kept.hear(PullOver())
    assert kept.told(now_s=2.0, clear=False) != PullOver().words
