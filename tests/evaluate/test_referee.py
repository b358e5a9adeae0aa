"""What the referee makes of drives that are written down tick by tick."""

from dataclasses import dataclass

import numpy as np
import pytest

from caravela.evaluate.referee import Approaches, Referee, Tick, comfort
from caravela.world.kernels import events


@dataclass(frozen=True)
class Asked:
    ticks: int = 100
    expected: float = 50.0


def watch(referee, bits, *, metres=1.0, ahead=7, ticks=1, energy=0.0):
    """`ticks` ticks of one drive with the same event bits, `metres` each."""
    for _ in range(ticks):
        referee.at = getattr(referee, "at", 0.0) + metres
        one = np.ones(1, dtype=np.float32)
        tick = Tick(np.array([bits]), np.array([ahead]), 0 * one, 0 * one, referee.at * one, energy * one, 3 * one, 4 * one)
        referee.watch(tick)


def verdict(*stretches, **asked):
    referee = Referee([Asked(**asked)])
    for bits, ticks in stretches:
        watch(referee, bits, ticks=ticks)
    return referee, referee.scores()[0]


def test_a_drive_without_event_succeeds_when_it_has_come_far_enough():
    _, score = verdict((0, 60), expected=60.0, ticks=60)
    assert score.success and score.failures == () and score.progress == 1.0 and score.seconds == pytest.approx(6.0)


@pytest.mark.parametrize(("metres", "succeeds"), [(81, True), (79, False)])
def test_less_than_four_fifths_of_the_expected_progress_fails(metres, succeeds):
    _, score = verdict((0, metres), expected=100.0, ticks=metres)
    assert score.success == succeeds and score.failures == (() if succeeds else ("under_progress",))


@pytest.mark.parametrize(
    ("bits", "kind"),
    [
        (events.COLLISION | events.AT_FAULT, "at_fault_collision"),
        (events.ROUTE_MISSED, "route_missed"),
    ],
)
def test_what_ends_a_drive_ends_it_at_once_and_is_not_called_slow_too(bits, kind):
    referee, score = verdict((0, 3), (bits, 1), (0, 50))
    assert score.failures == (kind,) and score.seconds == pytest.approx(0.4) and not referee.driving[0]
    assert score.extra["first_failure_s"] == pytest.approx(0.4) and score.distance == pytest.approx(4.0)


@pytest.mark.parametrize(("ticks", "fails"), [(3, False), (4, True)])
def test_wheels_may_be_off_the_road_for_three_tenths_of_a_second(ticks, fails):
    _, score = verdict((0, 60), (events.OFF, ticks), (0, 40))
    assert ("off_road" in score.failures) == fails


def test_moments_off_the_road_are_not_added_up():
    _, score = verdict(*[(events.OFF, 3), (0, 1)] * 20, ticks=80)
    assert score.success and score.extra["off_road_s"] == pytest.approx(6.0)


@pytest.mark.parametrize(("ticks", "fails"), [(20, False), (21, True)])
def test_the_wrong_side_is_a_failure_after_two_seconds(ticks, fails):
    _, score = verdict((0, 50), (events.WRONG_WAY, ticks), (0, 30))
    assert score.failures == (("wrong_way",) if fails else ())


def test_a_red_light_fails_and_the_drive_goes_on():
    _, score = verdict((0, 10), (events.RED_LIGHT, 1), (0, 89))
    assert score.failures == ("red_light",) and score.seconds == pytest.approx(10.0) and score.progress == 1.0
    assert score.red_lights_run == 1


def test_a_second_red_light_counts_as_well():
    _, score = verdict((0, 10), (events.RED_LIGHT, 1), (0, 20), (events.RED_LIGHT, 1), (0, 68))
    assert score.failures == ("red_light",) and score.red_lights_run == 2


def test_a_collision_that_is_somebody_elses_fault_is_counted_once_and_is_no_failure():
    _, score = verdict((0, 10), (events.COLLISION, 5), (0, 10), (events.COLLISION, 2), (0, 40))
    assert score.success and score.extra["collisions"] == 2


def test_moving_on_while_still_in_touch_does_not_shift_the_blame():
    _, score = verdict((0, 10), (events.COLLISION, 1), (events.COLLISION | events.AT_FAULT, 5), (0, 50))
    assert score.success and score.extra["collisions"] == 1


def test_arriving_ends_a_drive_well():
    referee, score = verdict((0, 50), (events.ARRIVED, 1), (events.ROUTE_MISSED, 5))
    assert score.success and score.extra["arrived"] == 1 and not referee.driving[0]


def test_a_red_light_is_met_once_per_approach():
    approaches, driving = Approaches(1), np.ones(1, dtype=np.bool_)
    for lane, red in [(5, 1)] * 9 + [(5, 0)] * 4 + [(5, 1)] + [(-1, 0), (5, 1), (6, 1)]:
        approaches.watch(np.array([lane]), np.array([events.RED_MET if red else 0]), driving)
    assert approaches.reds[0] == 3


def test_drives_are_judged_apart():
    referee = Referee([Asked(ticks=10, expected=5.0), Asked(ticks=10, expected=5.0)])
    for _ in range(10):
        far, zero = np.array([5.0, 5.0], dtype=np.float32), np.zeros(2, dtype=np.float32)
        referee.watch(Tick(np.array([0, events.RED_LIGHT]), np.array([-1, -1]), zero, zero, far, zero, zero, zero))
    assert [score.success for score in referee.scores()] == [True, False]


def test_comfort_counts_ticks_with_strong_acceleration_or_jerk():
    calm = np.zeros((100, 2))
    assert comfort(calm) == 1.0
    hard = calm.copy()
    hard[50:60, 0] = -4.0  # ten ticks of hard braking; the onset and the end also jerk, over three ticks
    assert comfort(hard) == pytest.approx(1.0 - 13 / 100)
    swerve = calm.copy()
    swerve[:, 1] = 3.5
    assert comfort(swerve) == 0.0


def test_energy_per_km_is_undefined_for_who_does_not_move():
    referee = Referee([Asked(ticks=5)])
    watch(referee, 0, metres=0.0, ticks=5, energy=0.4)
    score = referee.scores()[0]
    assert np.isnan(score.energy_wh_per_km) and score.extra["energy_wh"] == pytest.approx(0.4)


def test_whose_road_ended_is_excused_only_without_a_route():
    for excuse, failures in ((False, ("under_progress",)), (True, ())):
        referee = Referee([Asked(expected=100.0)], excuse_arrival=excuse)
        watch(referee, 0, ticks=30)
        watch(referee, events.ARRIVED)
        assert referee.scores()[0].failures == failures and referee.scores()[0].progress == pytest.approx(0.31)
