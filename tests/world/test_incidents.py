"""Incidents: each kind finds a place, happens when the ego car comes, on the right side of the road, and the same for the same seed."""

import numpy as np
import pytest

from caravela.core.types import Control
from caravela.world import atlas as atlas_module
from caravela.world.incidents.actors import Actor, Cue
from caravela.world.incidents.director import KINDS, SPARE, draw_kinds
from caravela.world.incidents.kinds import MORE, TWENTY
from caravela.world.incidents.ways import Way
from caravela.world.kernels import events
from caravela.world.maps.catalogue import load_town
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, ANIMAL, MOTORCYCLE, PEDESTRIAN, SCRIPTED, THING

WORLDS = 16
CAST = [name for name, kind in KINDS.items() if kind.cast is not None]


@pytest.fixture(scope="module")
def simulator():
    return Simulator(atlas_module.build([load_town("alderton"), load_town("fairhaven")]), batch=WORLDS, traffic="none", incidents=True)


def staged(simulator, name, *, seed=0):
    """Worlds in which an incident of a kind is set, after all have begun."""
    simulator.reset(seed)
    kinds = [KINDS[name]]
    return [w for w in range(WORLDS) if simulator.director.stage(simulator.state, w, kinds, random=np.random.default_rng(w)) is not None]


def pace(simulator, speed=8.0):
    """Roll every ego car along its way at a speed, whatever stands there, and give back who was present at every tick."""
    present = []
    for _ in range(300):
        state = simulator.state
        ways = [simulator.director._way[w] for w in range(WORLDS)]
        for world, way in enumerate(ways):
            if way is not None:
                s = simulator.director._ego_s[world] + 0.1 * speed
                x, y, heading = way.pose(s, 0.0)
                for field, value in (("x", x), ("y", y), ("heading", heading), ("speed", speed)):
                    state.agents[field][world, 0] = value
                simulator.director._ego_s[world] = s
        simulator.director.play(state)
        present.append((state.controller[:, -SPARE:] == SCRIPTED).copy())
    return np.array(present)


def test_the_suites_twenty_stay_the_twenty_and_more_come_after():
    assert len(TWENTY) == 20 and TWENTY[0] == "cut-in" and TWENTY[-1] == "camera-out"
    assert {"animal", "motorcycle"} <= set(MORE) and not set(MORE) & set(TWENTY)
    assert [*TWENTY, *MORE] == list(KINDS)


def test_what_has_to_be_passed_and_what_comes_from_the_side_are_tried_first_as_often_as_asked():
    random = np.random.default_rng(0)
    drawn = [draw_kinds(random, passed=0.3, crossed=0.5) for _ in range(400)]
    assert all(sorted(kind.name for kind in kinds) == sorted(KINDS) for kinds in drawn)
    blocks = np.mean([kinds[0].blocks for kinds in drawn])
    crosses = np.mean([kinds[0].crosses for kinds in drawn])
    assert 0.28 < blocks < 0.42  # 0.3, and five of twenty of the rest
    assert 0.47 < crosses < 0.61
    assert {kind.name for kind in KINDS.values() if kind.crosses} == {
        "red-light-runner",
        "unprotected-turn",
        "short-merge",
        "roundabout-entry",
    }


@pytest.mark.parametrize(
    "name", [name for name in CAST if name not in ("short-merge", "roundabout-entry", "unprotected-turn", "red-light-runner")]
)
def test_a_kind_finds_places_and_happens(simulator, name):
    worlds = staged(simulator, name)
    assert worlds
    present = pace(simulator)
    assert present[:, worlds].any(axis=(0, 2)).all()  # somebody turns up, whether from the start or on cue
    others = [w for w in range(WORLDS) if w not in worlds]
    assert not present[:, others].any()


def test_those_at_junctions_find_places_somewhere(simulator):
    places = {name: len(staged(simulator, name, seed=seed)) for name in ("unprotected-turn", "red-light-runner") for seed in (1,)}
    assert all(places.values()), places


def test_the_same_seed_sets_the_same_incident(simulator):
    pictures = []
    for _ in range(2):
        staged(simulator, "occluded-jaywalker", seed=3)
        pace(simulator)
        agents = simulator.state.agents[:, -SPARE:]
        pictures.append(b"".join(agents[name].tobytes() for name in agents.dtype.names))  # not what lies between the fields
    assert pictures[0] == pictures[1]


def test_a_jaywalker_crosses_the_lane_as_the_car_comes(simulator):
    worlds = staged(simulator, "occluded-jaywalker")
    walkers = {w: next(a for a in simulator.director._actors[w] if a.kind == PEDESTRIAN) for w in worlds}
    kerbs = {w: np.sign(a.d) for w, a in walkers.items()}
    pace(simulator)
    assert all(np.sign(walkers[w].d) == -kerbs[w] for w in worlds)


def test_an_animal_halts_in_the_lane_before_it_runs_on(simulator):
    worlds = staged(simulator, "animal")
    halted = dict.fromkeys(worlds, False)
    kerbs = {w: np.sign(simulator.director._actors[w][0].d) for w in worlds}
    for _ in range(30):
        for world in worlds:  # as far from it as 8 m/s take 2 s
            site = simulator.director.at[world]
            x, y, heading = simulator.director._way[world].pose(site - 16.0, 0.0)
            for field, value in (("x", x), ("y", y), ("heading", heading), ("speed", 8.0)):
                simulator.state.agents[field][world, 0] = value
            simulator.director._ego_s[world] = site - 16.0
        simulator.director.play(simulator.state)
        for world in worlds:
            animal = simulator.director._actors[world][0]
            body = simulator.state.agents[world, animal.slot]
            halted[world] |= bool(body["kind"] == ANIMAL and body["speed"] < 0.1 and abs(animal.d) < 0.8)
    assert all(halted.values())
    for _ in range(40):
        simulator.director.play(simulator.state)
    assert all(np.sign(simulator.director._actors[w][0].d) == -kerbs[w] for w in worlds)


def test_a_motorcyclist_comes_from_behind_and_ends_up_ahead_in_our_lane(simulator):
    worlds = staged(simulator, "motorcycle")
    behind, ahead = dict.fromkeys(worlds, False), dict.fromkeys(worlds, False)
    for _ in range(350):
        for world in worlds:
            director = simulator.director
            s = director._ego_s[world] + 0.6
            x, y, heading = director._way[world].pose(s, 0.0)
            for field, value in (("x", x), ("y", y), ("heading", heading), ("speed", 6.0)):
                simulator.state.agents[field][world, 0] = value
            director._ego_s[world] = s
        simulator.director.play(simulator.state)
        for world in worlds:
            rider = simulator.director._actors[world][0]
            assert rider.kind == MOTORCYCLE
            if not rider.hidden:
                behind[world] |= rider.s < simulator.director._ego_s[world] - 5.0
                ahead[world] |= behind[world] and rider.s > simulator.director._ego_s[world] + 3.0 and abs(rider.d) < 0.5
    assert all(behind.values()) and all(ahead.values())


def test_what_stands_at_the_kerb_stands_on_the_kerbs_side(simulator):
    for world in staged(simulator, "stalled-car"):
        lefthand = simulator.atlas.roads.maps[simulator.state.map[world]]["lefthand"]
        car = simulator.director._actors[world][0]
        assert (car.d > 0.0) == lefthand


def test_whoever_stands_still_never_meets_it(simulator):
    worlds = staged(simulator, "occluded-jaywalker")
    still = Control(np.full(WORLDS, -8.0, np.float32), np.zeros(WORLDS, np.float32))
    for _ in range(150):
        simulator.advance(still)
    walkers = [next(a for a in simulator.director._actors[w] if a.kind == PEDESTRIAN) for w in worlds]
    assert all(abs(walker.d) > 1.5 for walker in walkers)


def test_driving_into_somebody_is_a_fault(simulator):
    worlds = staged(simulator, "construction")
    hit = np.zeros(WORLDS, dtype=bool)
    for _ in range(400):
        state = simulator.state
        for world in worlds:
            barrier = next(a for a in simulator.director._actors[world] if a.kind == THING and a.size[1] > 1.0)
            x, y, heading = barrier.way.pose(barrier.s - 1.5, barrier.d)
            for field, value in (("x", x), ("y", y), ("heading", heading), ("speed", 3.0)):
                state.agents[field][world, 0] = value
        simulator.advance(Control(np.zeros(WORLDS, np.float32), np.zeros(WORLDS, np.float32)))
        hit |= (simulator.flags[:, 0] & events.AT_FAULT) > 0
        if hit[worlds].all():
            break
    assert hit[worlds].all()


def test_a_new_drive_has_no_actors_of_the_old_one(simulator):
    worlds = staged(simulator, "school-children")
    simulator.restart(np.array(worlds), 5)
    assert (simulator.state.controller[worlds, -SPARE:] == ABSENT).all()
    for _ in range(20):
        simulator.advance(Control(np.zeros(WORLDS, np.float32), np.zeros(WORLDS, np.float32)))
    assert (simulator.state.controller[worlds, -SPARE:] == ABSENT).all()


def test_cues_are_taken_in_turn():
    way = Way(np.stack([np.arange(100.0), np.zeros(100)], -1), np.zeros(100), np.zeros(100, dtype=np.int32))
    simulator = Simulator(atlas_module.build([load_town("alderton")]), batch=1, traffic="none", incidents=True)
    state = simulator.state
    state.agents["speed"][0, 0] = 10.0
    actor = Actor(PEDESTRIAN, way, 50.0, 5.0, 50.0, (Cue(eta=2.0, side=-5.0, drift=2.0), Cue(after=1.0, leave=True)))
    actor.enter(state, 0, state.agents.shape[1] - 1)
    actor.play(state, 0, ego_s=29.0, step_s=0.1)  # 2.1 s away
    assert actor.d == 5.0
    actor.play(state, 0, ego_s=30.5, step_s=0.1)
    assert actor.d == pytest.approx(4.8)
    assert state.agents["heading"][0, -1] == pytest.approx(-np.pi / 2.0, abs=1e-5)
    for _ in range(11):
        actor.play(state, 0, ego_s=40.0, step_s=0.1)
    assert state.agents["controller"][0, -1] == ABSENT


def test_scripted_agents_carry_on_in_a_fork(simulator):
    """Whoever tries a plan in a fork meets actors that go on as they go."""
    worlds = staged(simulator, "filtering-cyclist")
    pace(simulator)
    world = worlds[0]
    slot = simulator.director._actors[world][1].slot
    state = simulator.state
    state.agents["controller"][world, slot], state.agents["speed"][world, slot] = SCRIPTED, 4.0
    before = (float(state.agents["x"][world, slot]), float(state.agents["y"][world, slot]))
    director, simulator.director = simulator.director, None
    try:
        simulator.advance(Control(np.zeros(WORLDS, np.float32), np.zeros(WORLDS, np.float32)))
    finally:
        simulator.director = director
    after = (float(state.agents["x"][world, slot]), float(state.agents["y"][world, slot]))
    assert np.hypot(after[0] - before[0], after[1] - before[1]) == pytest.approx(0.4, abs=0.01)


def test_those_who_stand_near_make_room():
    simulator = Simulator(atlas_module.build([load_town("alderton")]), batch=WORLDS, traffic="dense", incidents=True)
    worlds = staged(simulator, "construction")
    agents = simulator.state.agents
    for world in worlds:
        mine = agents[world, -SPARE:][agents["controller"][world, -SPARE:] == SCRIPTED]
        others = agents[world, 1:-SPARE][agents["controller"][world, 1:-SPARE] != ABSENT]
        away = np.hypot(others["x"][:, None] - mine["x"], others["y"][:, None] - mine["y"])
        assert len(mine) == 9 and away.min() >= 8.0


def test_what_stands_in_the_way_stands_aside_by_as_much_as_is_asked_for(simulator):
    places, sides = [], []
    for aside in (0.0, 0.7):
        simulator.reset(0)
        stage = simulator.director.stage
        kinds = [KINDS["stalled-car"]]
        sites = [w for w in range(WORLDS) if stage(simulator.state, w, kinds, random=np.random.default_rng(w), aside=aside) is not None]
        cars = simulator.state.agents[sites, -SPARE].copy()
        kerb = np.where(simulator.atlas.roads.maps[simulator.state.map[sites]]["lefthand"], 1.0, -1.0)
        places.append(np.stack([cars["x"], cars["y"]], -1))
        sides.append(kerb[:, None] * np.stack([-np.sin(cars["heading"]), np.cos(cars["heading"])], -1))
    assert len(places[0]) >= 4
    assert np.allclose(((places[1] - places[0]) * sides[0]).sum(-1), 0.7, atol=0.02)
