"""Pairs at home and abroad: the same starts, another look, the other side of the road."""

import json

import numpy as np
import pytest

from caravela.core.types import Camera, Rig
from caravela.evaluate.abroad import ABROAD, HOME, paired, scene_at, table
from caravela.evaluate.drivers import StateDriver, route_follow_idm
from caravela.evaluate.driving import quiet
from caravela.evaluate.route_follow import baseline_control
from caravela.evaluate.run import drive_place
from caravela.evaluate.summary import report_of, rows_of
from caravela.world import regions


@pytest.fixture(scope="module")
def both(places, suite, chosen):
    """The baseline's drives on both sides."""
    driven = {
        where: [o for p in places for o in drive_place(p, suite, route_follow_idm(), chosen[p.name], watcher=quiet(), where=where)]
        for where in (HOME, ABROAD)
    }
    return {where: rows_of(outcomes, places) for where, outcomes in driven.items()}


def test_who_looks_at_nothing_drives_abroad_as_at_home(both):
    """And on the other side of the road."""
    assert {row["side"] for row in both[HOME]} == {"left", "right"}
    for mine, theirs in zip(both[HOME], both[ABROAD], strict=True):
        assert mine["seed"] == theirs["seed"] and mine["side"] != theirs["side"]
    apart = [abs(mine["distance_m"] - theirs["distance_m"]) for mine, theirs in zip(both[HOME], both[ABROAD], strict=True)]
    assert np.median(apart) < 1.0 and sum(each > 10.0 for each in apart) <= 1
    same = [mine["red_lights_met"] == theirs["red_lights_met"] for mine, theirs in zip(both[HOME], both[ABROAD], strict=True)]
    assert sum(same) >= len(same) - 1


def test_at_home_is_the_nominal_drive(places, suite, chosen, both):
    plain = rows_of(drive_place(places[0], suite, route_follow_idm(), chosen[places[0].name], watcher=quiet()), places)
    assert plain == both[HOME][: len(plain)]


def test_a_pair_is_one_row(both):
    rows = paired(both[HOME], both[ABROAD])
    assert len(rows) == len(both[HOME]) and rows[0]["home"]["side"] != rows[0]["side"]
    assert {row["look"] for row in rows} <= {regions.NAMES[look] for look in regions.HELD_OUT}
    json.dumps({**table(rows), **report_of(rows)}, allow_nan=False)


def pair(name, *, home, abroad):
    return {"map": name, "look": "japan" if name < "d" else "nordic", "success": abroad, "home": {"success": home}}


def test_the_points_apart_and_their_interval():
    alike = [pair(name, home=k % 2 == 0, abroad=k % 2 == 0) for name in "abcdef" for k in range(4)]
    shown = table(alike)
    assert (shown["pairs"], shown["success_home"], shown["success_abroad"], shown["points_apart"]) == (24, 0.5, 0.5, 0.0)
    assert shown["points_apart_ci"] == [-39.03, 39.03]  # none differs, of six maps: Wilson's of none of six, either way
    worse = [{**row, "success": row["success"] and row["map"] != "a"} for row in alike]
    shown = table(worse)
    assert shown["points_apart"] == pytest.approx(100 * 2 / 24, abs=0.01) and shown["only_home_succeeds"] == 2
    assert shown["points_apart_ci"][0] == 0.0 < shown["points_apart_ci"][1]  # one map of six: it may be that map alone
    assert shown["by_look"]["japan"] == {"pairs": 12, "success_home": 0.5, "success_abroad": 0.3333}
    assert table(worse[:4])["points_apart_ci"] == [None, None]


def test_abroad_is_seen_and_home_is_what_training_draws(places, suite, chosen):
    looks = {}

    def noting(where):
        def control(atlas, state):
            looks.setdefault(where, set()).update(state.look.tolist())
            return baseline_control(atlas, state)

        return control

    for where in (HOME, ABROAD):
        driver = StateDriver("noting", noting(where), sees="state")
        driver.rig = Rig((Camera("front", width=16, height=12),))
        drive_place(places[0], suite, driver, chosen[places[0].name][:1], watcher=quiet(), where=where)
    assert looks[HOME] <= set(regions.TRAINING) and looks[ABROAD] <= set(regions.HELD_OUT)
    assert set(scene_at(places[0].graph, name=places[0].name, where=ABROAD).looks) == looks[ABROAD]


def test_where_one_chooses_no_look_of_the_test_side_is_seen(places):
    graph = places[0].graph
    looks = {int(look) for number in range(901, 925) for look in scene_at(graph, name=f"grid-{number}", where=ABROAD).looks}
    assert looks == set(regions.TO_CHOOSE_BY) and looks.isdisjoint(regions.HELD_OUT)
    assert regions.is_abroad(np.array(sorted(looks))).all()
