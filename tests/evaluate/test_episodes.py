"""Which drives are chosen, and that a drive is the same whenever and beside whatever it is driven."""

from dataclasses import replace

import numpy as np
import pytest

from caravela.evaluate.drivers import ConstantVelocity, Stationary, route_follow_idm
from caravela.evaluate.driving import drive, quiet
from caravela.evaluate.episodes import Episode, FreeFlow, begin, choose, scout
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.run import drive_place, select
from caravela.world import atlas
from caravela.world.kernels import events
from caravela.world.maps.lane_graph import JUNCTION, LEFT, RIGHT
from caravela.world.simulator import Simulator


def episode(seed, *, seconds=60.0, red=0, name="m"):
    return Episode(name, seed, seconds, 100.0, 1, red)


def test_every_chosen_drive_turns_and_half_of_them_meet_a_red_light(chosen, places, suite):
    every = [e for several in chosen.values() for e in several]
    assert len(every) == 10 and {len(several) for several in chosen.values()} == {5}
    assert sum(e.red_lights > 0 for e in every) == 5
    for place in places:
        built = atlas.build([place.graph])
        several = chosen[place.name]
        simulator = Simulator(built, batch=len(several), traffic=suite.traffic)
        begin(simulator, [e.seed for e in several])
        lanes, reds = [set() for _ in several], np.zeros(len(several), dtype=np.bool_)
        for _ in range(suite.ticks):
            simulator.advance(baseline_control(built, simulator.state))
            reds |= (simulator.flags[:, 0] & events.RED_MET) > 0
            for world, lane in enumerate(simulator.state.lane[:, 0]):
                lanes[world].add(int(lane))
        for world, e in enumerate(several):
            turning = [k for k in lanes[world] if place.graph.lane_kind[k] == JUNCTION and place.graph.lane_turn[k] in (LEFT, RIGHT)]
            assert len(turning) >= e.turns >= 1
            assert reds[world] == (e.red_lights > 0)
            assert simulator.state.odometer[world, 0] >= e.expected - 0.01


def test_the_choice_is_kept_and_read_again(chosen, places, suite, starts, monkeypatch):
    monkeypatch.setattr("caravela.evaluate.run.scout", lambda *_: pytest.fail("the starts were tried again"))
    assert select(places, suite, episodes=10, seed=0, cache=starts, watcher=quiet()) == chosen


def test_another_seed_gives_other_drives(chosen, places, suite, starts):
    other = select(places[:1], suite, episodes=3, seed=5, cache=starts, watcher=quiet())
    assert not {e.seed for e in other[places[0].name]} & {e.seed for e in chosen[places[0].name]}


def test_a_drive_is_the_same_alone_and_in_company(chosen, places, suite):
    place = places[0]
    built, several = atlas.build([place.graph]), chosen[place.name][:3]
    together = drive(Simulator(built, batch=3, traffic=suite.traffic), route_follow_idm(), several)
    alone = drive(Simulator(built, batch=1, traffic=suite.traffic), route_follow_idm(), several[2:])
    assert repr(together[2]) == repr(alone[0])  # repr, for what is not a number is equal to nothing


def test_the_baseline_makes_the_progress_that_is_expected(chosen, places, suite):
    for place in places:
        for outcome in drive_place(place, suite, route_follow_idm(), chosen[place.name], watcher=quiet()):
            if not set(outcome.score.failures) & {"at_fault_collision", "off_road", "route_missed"}:
                assert outcome.score.progress > 0.999
                assert outcome.score.red_lights_met == outcome.episode.red_lights


def test_standing_still_fails_by_progress_alone(chosen, places, suite):
    for outcome in drive_place(places[0], suite, Stationary(), chosen[places[0].name], watcher=quiet()):
        assert outcome.score.failures == ("under_progress",) and outcome.score.progress < 0.3


def test_constant_velocity_keeps_the_speed_it_started_with(chosen, places, suite):
    place, driver = places[0], ConstantVelocity()
    several = chosen[place.name][:3]
    simulator = Simulator(atlas.build([place.graph]), batch=3, traffic="none")
    begin(simulator, [e.seed for e in several])
    driver.reset(simulator)
    speed, heading = simulator.state.speed[:, 0].copy(), simulator.state.heading[:, 0].copy()
    for _ in range(30):
        simulator.step(driver.control(simulator, simulator.observe()))
    assert simulator.state.speed[:, 0] == pytest.approx(speed, rel=0.02) and (simulator.state.heading[:, 0] == heading).all()


def test_the_red_share_is_made_up_by_maps_that_have_lights():
    candidates = {"dark": [episode(k, name="dark") for k in range(9)], "lit": [episode(k, red=k % 2, name="lit") for k in range(12)]}
    chosen = choose(candidates, episodes=8, red_share=0.5)
    assert len(chosen["dark"]) == 4 and [e.red_lights for e in chosen["lit"]] == [1, 1, 1, 1]


def test_long_drives_come_first_and_a_small_map_passes_its_places_on():
    candidates = {"small": [episode(0, seconds=20.0)], "large": [episode(k, seconds=30.0 + k) for k in range(20)]}
    chosen = choose(candidates, episodes=6, red_share=0.5)
    assert len(chosen["small"]) == 1 and [e.seconds for e in chosen["large"]] == [45.0, 46.0, 47.0, 48.0, 49.0]


def test_free_flow_is_the_distance_at_the_limit_and_ends_with_the_route():
    flow = FreeFlow(np.array([50.0, 100.0]), np.array([10.0, 20.0]))
    assert (
        flow.distance(3.0) == pytest.approx(30.0)
        and flow.distance(7.0) == pytest.approx(90.0)
        and flow.distance(60.0) == pytest.approx(150.0)
    )


def test_starts_on_which_the_baseline_makes_no_way_are_left_out(places, suite):
    built = atlas.build([places[0].graph])
    found = scout(built, replace(suite, least_seconds=0.0), range(16))
    simulator = Simulator(built, batch=len(found), traffic=suite.traffic)
    begin(simulator, [e.seed for e in found])
    for e, route, s in zip(found, simulator.state.route[:, 0], simulator.state.lane_s[:, 0], strict=True):
        assert e.expected >= 0.4 * FreeFlow.of(built, route, float(s)).distance(e.seconds)
