"""The long tail: alike many drives of every kind, an incident that is there, and the same one whoever drives."""

from dataclasses import replace

import pytest

from caravela.evaluate.drivers import route_follow_idm
from caravela.evaluate.driving import quiet
from caravela.evaluate.episodes import Episode, begin, choose_incidents, set_incidents
from caravela.evaluate.pages.results import page
from caravela.evaluate.run import drive_place, select
from caravela.evaluate.suites import suite_named
from caravela.evaluate.summary import report_of, rows_of
from caravela.world import atlas
from caravela.world.incidents.kinds import KINDS, TWENTY
from caravela.world.simulator import Simulator

KINDS_HERE = ("stalled-car", "school-children", "dense-fog")


@pytest.fixture(scope="module")
def short():
    return replace(suite_named("longtail"), seconds=24.0, least_seconds=15.0, incidents=KINDS_HERE)


@pytest.fixture(scope="module")
def rare(places, short, tmp_path_factory):
    return select(places, short, episodes=9, seed=0, cache=tmp_path_factory.mktemp("rare"), watcher=quiet())


def test_every_kind_has_as_many_drives(rare):
    kinds = [e.incident for several in rare.values() for e in several]
    assert sorted(kinds) == sorted(KINDS_HERE * 3)


def test_scarce_kinds_choose_first_and_a_start_is_used_once():
    def of(kind, seeds, name="m"):
        return [Episode(name, seed, 40.0, 300.0, 0, 0, incident=kind) for seed in seeds]

    candidates = {"m": of("door-opening", range(6)) + of("short-merge", [0, 1])}
    chosen = choose_incidents(candidates, episodes=4, kinds=("door-opening", "short-merge"))["m"]
    assert {e.seed for e in chosen if e.incident == "short-merge"} == {0, 1}
    assert len({e.seed for e in chosen}) == len(chosen) == 4


def test_the_incident_is_there_and_within_reach(rare, places, short):
    place = places[0]
    several = [e for e in rare[place.name] if KINDS[e.incident].cast is not None]
    simulator = Simulator(atlas.build([place.graph]), batch=len(several), traffic=short.traffic, incidents=True)
    begin(simulator, [e.seed for e in several])
    set_incidents(simulator, several)
    for world, episode in enumerate(several):
        assert simulator.director.kind[world].name == episode.incident
        assert 40.0 <= simulator.director.at[world] <= 0.66 * episode.expected


def test_weather_is_of_the_drive_that_asks_for_it(rare, places, short):
    place = places[0]
    several = rare[place.name]
    simulator = Simulator(atlas.build([place.graph]), batch=len(several), traffic=short.traffic, incidents=True)
    begin(simulator, [e.seed for e in several])
    set_incidents(simulator, several)
    fog = simulator.state.weather[:, 3]
    assert [value > 0.05 for value in fog] == [e.incident == "dense-fog" for e in several]


def test_a_stalled_car_stops_whoever_keeps_to_the_middle_and_the_page_says_so(rare, places, short, tmp_path):
    outcomes = [o for place in places for o in drive_place(place, short, route_follow_idm(), rare[place.name], watcher=quiet())]
    rows = rows_of(outcomes, places)
    told = report_of(rows)
    assert told["by_incident"]["stalled-car"]["success"] == 0.0
    assert told["by_incident"]["dense-fog"]["success"] > 0.5
    import json

    head = {"suite": "longtail", "policy": "idm", "sees": "state", "identity": "idm", "seed": 0, "git_revision": "x", "wall_s": 1.0}
    (tmp_path / "evaluate-longtail-idm.json").write_text(json.dumps(head | told))
    written = page(tmp_path)
    assert "### By incident" in written and KINDS["stalled-car"].about in written


def test_the_suite_names_all_twenty():
    assert set(suite_named("longtail").incidents) == set(TWENTY)


def test_few_drives_see_many_maps():
    kinds = ("cut-in", "debris", "dense-fog", "stalled-car")
    candidates = {name: [Episode(name, k, 40.0, 300.0, 1, 0, incident=kind) for k, kind in enumerate(kinds)] for name in "abcd"}
    chosen = choose_incidents(candidates, episodes=4, kinds=kinds)
    assert {name: len(found) for name, found in chosen.items()} == dict.fromkeys("abcd", 1)
