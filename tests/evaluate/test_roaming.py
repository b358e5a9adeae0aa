"""Cars without a route: the hidden one follows where they go, and nothing is asked of where that is."""

import numpy as np
import pytest

from caravela.evaluate.drivers import route_follow_idm
from caravela.evaluate.driving import drive
from caravela.evaluate.episodes import begin
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.suites import suite_named
from caravela.world import atlas as atlas_module
from caravela.world.kernels import events
from caravela.world.kernels.routes import extend
from caravela.world.kernels.traffic import GREEN, RED
from caravela.world.roaming import Roaming
from caravela.world.simulator import Simulator


def test_the_hidden_route_follows_a_car_that_takes_another_way(places):
    for place in places:
        atlas = atlas_module.build([place.graph])
        open_, hidden = (Simulator(atlas, batch=12, traffic="none") for _ in range(2))
        for simulator in (open_, hidden):
            begin(simulator, range(12))
        elsewhere = 0
        for world in range(12):  # in the second world the car is thought to go another way
            ego = hidden.state.agents[world, 0]
            before = ego["route"].copy()
            ego["route"][:], ego["route"][0], ego["route_at"] = -1, before[int(ego["route_at"])], 0
            hidden.state.worlds["random"][world] += np.uint64(99)
            extend(atlas.roads, hidden.state.worlds, world, ego["route"], 1, np.float32(500.0))
            elsewhere += bool((ego["route"][:6] != before[:6]).any())
        roaming, laid, same = Roaming(atlas), 0, []
        for _ in range(300):
            control = baseline_control(atlas, open_.state)
            open_.advance(control)
            hidden.advance(control)
            assert (hidden.state.x[:, 0] == open_.state.x[:, 0]).all()
            assert not (hidden.flags[:, 0] & events.ROUTE_MISSED).any()
            laid += len(roaming.follow(hidden.state))
            same.append(hidden.state.lane[:, 0] == open_.state.lane[:, 0])
        assert elsewhere >= 5 and laid >= 1
        assert np.mean(same) > 0.93  # not where two lanes still lie over each other
        assert hidden.state.odometer[:, 0] == pytest.approx(open_.state.odometer[:, 0], abs=2.0)


def test_who_keeps_to_the_lane_is_left_alone(places):
    simulator = Simulator([places[0].graph], batch=8, traffic="none")
    begin(simulator, range(8))
    roaming, routes = Roaming(simulator.atlas), simulator.state.agents["route"][:, 0, :3].copy()
    assert not len(roaming.follow(simulator.state)) and (simulator.state.agents["route"][:, 0, :3] == routes).all()


def test_a_light_is_red_only_if_it_is_red_for_every_way(places):
    simulator = Simulator([places[0].graph], batch=1, traffic="none")
    begin(simulator, [0])
    roaming, lanes = Roaming(simulator.atlas), simulator.atlas.roads.lanes
    ahead, ways = next((k, w) for k, w in roaming.ways.items() if len(w) > 1 and (lanes["link"][w] >= 0).all())
    bits = np.array([events.RED_LIGHT | events.RED_MET | events.ROUTE_MISSED | events.OFF], dtype=np.int32)
    simulator.state.lamp[0, :] = RED
    assert roaming.judged(bits, np.array([ahead]), simulator.state)[0] == events.RED_LIGHT | events.RED_MET | events.OFF
    simulator.state.lamp[0, lanes["link"][ways[-1]]] = GREEN
    assert roaming.judged(bits, np.array([ahead]), simulator.state)[0] == events.OFF
    assert bits[0] & events.ROUTE_MISSED  # what the world said is left as it was


class Wanderer:
    """Drives its own way, whatever the route is, and keeps what it was told of one."""

    name, sees, rig, risk = "wanderer", "state", None, None

    def __init__(self, atlas):
        self._atlas = atlas

    def reset(self, simulator):
        self.own = simulator.state.copy()
        self.told = []
        self.own.worlds["random"] += np.uint64(7)
        for world in range(simulator.batch):
            ego = self.own.agents[world, 0]
            lane = ego["route"][int(ego["route_at"])]
            ego["route"][:], ego["route"][0], ego["route_at"] = -1, lane, 0
            extend(self._atlas.roads, self.own.worlds, world, ego["route"], 1, np.float32(500.0))
        self.alone = Simulator(self._atlas, batch=simulator.batch, traffic="none")
        self.alone.state = self.own

    def control(self, simulator, observation):
        self.told.append((observation.has_route.any(), observation.route.any()))
        control = baseline_control(self._atlas, self.alone.state)
        self.alone.advance(control)
        return control


def test_without_a_route_none_is_shown_and_none_can_be_missed(places, chosen):
    place = places[0]
    atlas, several = atlas_module.build([place.graph]), chosen[place.name]
    simulator = Simulator(atlas, batch=len(several), traffic="none")
    driver = Wanderer(atlas)
    bound = drive(simulator, driver, several)
    assert all(seen == (True, True) for seen in driver.told)
    free = drive(simulator, driver, several, roaming=Roaming(atlas))
    assert not any(has or route for has, route in driver.told)
    assert any("route_missed" in each.score.failures for each in bound)
    assert not any("route_missed" in each.score.failures for each in free)
    assert max(each.score.progress for each in free) > 0.8
    drive(simulator, driver, several)
    assert all(seen == (True, True) for seen in driver.told)  # the next drives have theirs again


def test_the_suite_asks_for_it(places, chosen, monkeypatch):
    from caravela.evaluate import run as run_module

    seen = []
    monkeypatch.setattr(run_module, "drive", lambda *_, roaming, **__: seen.append(roaming) or [])
    for name in ("nominal", "no-route"):
        with pytest.raises(ValueError):  # no drives come back
            run_module.drive_place(places[0], suite_named(name), route_follow_idm(), chosen[places[0].name][:1], watcher=None)
    assert seen[0] is None and isinstance(seen[1], Roaming)
