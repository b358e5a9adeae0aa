"""A run as a whole: policies from pixels, what is kept when it is stopped, and what is written."""

import json
from dataclasses import replace

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import KNOTS, PLAN_STEPS, Camera, Plan, Rig
from caravela.evaluate import run as run_module
from caravela.evaluate.drivers import PolicyDriver, Stationary
from caravela.evaluate.driving import quiet
from caravela.evaluate.places import name_places, read_folder
from caravela.evaluate.run import Run, drive_place, drive_share, run
from caravela.evaluate.summary import compare, report_of, rows_of
from caravela.world.maps.catalogue import load_town


class Seer:
    """A policy that keeps what it was shown and asks to go straight on."""

    name = "seer"

    def reset(self, batch):
        self.seen, self.batch = [], batch

    def plan(self, observation):
        self.seen.append(observation.images)
        batch, one = observation.batch, np.ones((observation.batch, 1), np.float32)
        knots = np.zeros((batch, 1, KNOTS, 2), np.float32)
        return Plan(
            np.zeros((batch, 1, PLAN_STEPS, 3), np.float32),
            np.zeros((batch, 1, PLAN_STEPS), np.float32),
            knots,
            one,
            np.zeros(batch, np.int64),
            one[:, 0],
        )


@pytest.fixture
def rig():
    return Rig((Camera("front", width=32, height=24), Camera("left", width=32, height=24, yaw=1.4)))


def test_a_policy_drives_from_pixels_and_a_blind_one_from_black(places, suite, chosen, rig):
    place = places[0]
    several = chosen[place.name][:2]
    sighted, blind = PolicyDriver(Seer(), rig=rig), PolicyDriver(Seer(), rig=rig, name="blind", blindfold=True)
    first = drive_place(place, suite, sighted, several, watcher=quiet())
    second = drive_place(place, suite, blind, several, watcher=quiet())
    assert sighted.policy.seen[5].shape == blind.policy.seen[5].shape == (2, 3, 2, 24, 32, 3)
    assert sighted.policy.seen[5].std() > 5 and not blind.policy.seen[5].any()
    assert [repr(o.score) for o in first] == [repr(o.score) for o in second]  # it looks at nothing, so it drives alike


def test_a_run_that_was_stopped_goes_on_with_the_map_where_it_was(places, suite, starts, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "starts").symlink_to(starts)
    driven = []
    real = run_module.drive_place

    def drive_until_killed(place, *rest, **named):
        driven.append(place.name)
        if len(driven) == 2:
            raise KeyboardInterrupt
        return real(place, *rest, **named)

    monkeypatch.setattr(run_module, "drive_place", drive_until_killed)
    work = Run(places, suite, identity="stationary", episodes=4, seed=0, cache=cache)
    with pytest.raises(KeyboardInterrupt):
        run(work, Stationary(), watcher=quiet())
    outcomes = run(work, Stationary(), watcher=quiet())
    assert driven == [places[0].name, places[1].name, places[1].name] and len(outcomes) == 4
    assert [repr(o) for o in outcomes] == [repr(o) for o in run(work, Stationary(), watcher=quiet())]
    assert driven.count(places[0].name) == 2  # a complete run is not taken up again


def test_shares_of_the_maps_driven_apart_make_the_same_run(places, suite, starts, tmp_path, monkeypatch):
    outcomes = []
    for name, shares in (("whole", 1), ("apart", 2)):
        cache = tmp_path / name
        cache.mkdir()
        (cache / "starts").symlink_to(starts)
        work = Run(places, suite, identity="stationary", episodes=4, seed=0, cache=cache)
        for share in range(shares):
            drive_share(work, Stationary(), share=share, of=shares, watcher=quiet())
        with monkeypatch.context() as patched:
            patched.setattr(run_module, "drive_place", None)  # nothing is left to be driven
            outcomes.append([repr(o) for o in run(work, Stationary(), watcher=quiet())])
    assert outcomes[0] == outcomes[1] and len(outcomes[0]) == 4


def test_the_summary_adds_up(places, suite, chosen):
    outcomes = [o for place in places for o in drive_place(place, suite, Stationary(), chosen[place.name], watcher=quiet())]
    result = report_of(rows_of(outcomes, places))
    promised = "episodes success success_ci at_fault_collision collision off_road wrong_way route_missed red_light red_lights_met progress comfort energy_wh_per_km"
    assert set(promised.split()) <= result.keys()
    assert result["score"] == 0.0  # standing still is worth nothing
    assert (
        result["episodes"] == 10 and result["success"] == 0.0 and result["success_ci"] == [None, None] and result["under_progress"] == 1.0
    )
    assert {side: part["episodes"] for side, part in result["by_side"].items()} == {"right": 5, "left": 5}
    assert sum(row["episodes"] for row in result["by_map"].values()) == 10
    json.dumps(result, allow_nan=False)


def row(seed, *, success=True, name="m", failures=(), km=1.0):
    return {
        "map": name,
        "seed": seed,
        "allowed_s": 60.0,
        "expected_m": 500.0,
        "success": success,
        "failures": list(failures),
        "distance_m": 1000 * km,
        "progress": 1.0,
    }


def test_two_results_are_compared_on_the_drives_they_share():
    a = [row(k, name=f"m{k % 4}", success=k % 2 == 0, failures=() if k % 2 == 0 else ("off_road",)) for k in range(20)]
    b = [row(k, name=f"m{k % 4}") for k in range(5, 25)]
    result = compare(a, b)
    assert result["episodes"] == 15 and result["success"][1] == 1.0 and result["only_first_succeeds"] == 0
    assert result["success_difference"] == pytest.approx(8 / 15, abs=1e-3) and result["failures_per_km_ratio"] == 0.0
    with pytest.raises(CaravelaError, match="share no drive"):
        compare(a[:2], b)
    with pytest.raises(CaravelaError, match="drove different worlds"):
        compare(a, [{**r, "expected_m": 300.0} for r in b])


def test_maps_of_one_name_are_numbered_and_training_towns_are_told_apart():
    town = load_town("alderton")
    first, second = name_places([town, town])
    assert (first.name, second.name) == ("alderton", "alderton.2") and not first.held_out and not first.real


@pytest.mark.parametrize("content", [None, {"notes.txt": b"x"}])
def test_a_folder_without_maps_is_refused(tmp_path, content):
    folder = tmp_path / "maps"
    if content is not None:
        folder.mkdir()
        for name, data in content.items():
            (folder / name).write_bytes(data)
    with pytest.raises(CaravelaError, match="no folder" if content is None else "holds no map"):
        read_folder(folder)


def test_what_a_policy_tells_of_its_risk_is_kept_with_every_drive(places, suite, chosen, rig):
    class Rising(Seer):
        def plan(self, observation):
            plan = super().plan(observation)
            return replace(plan, risk=np.full(observation.batch, len(self.seen) / 1000, np.float32))

    place = places[0]
    several = chosen[place.name][:2]
    wary = drive_place(place, suite, PolicyDriver(Rising(), rig=rig), several, watcher=quiet())
    plain = drive_place(place, suite, Stationary(), several, watcher=quiet())
    for row, still in zip(rows_of(wary, places), rows_of(plain, places), strict=True):
        ticks = round(row["seconds"] * 10)
        assert [record[0] for record in row["risk"]] == pytest.approx([0.1 * k for k in range(ticks)])
        assert [record[2] for record in row["risk"]] == pytest.approx([(k + 1) / 1000 for k in range(ticks)])
        metres = [record[1] for record in row["risk"]]
        assert metres == sorted(metres) and metres[0] == 0.0 and metres[-1] <= row["distance_m"]
        assert still["risk"] is None and 0.0 < still["rolls_m"] == row["rolls_m"] and still["distance_m"] <= still["rolls_m"]


def test_a_run_keeps_to_the_code_that_it_began_with(places, suite, tmp_path, monkeypatch):
    work = Run(places, suite, identity="stationary", episodes=4, seed=0, cache=tmp_path)
    before = work.part(places[0], {places[0].name: []})
    monkeypatch.setattr(run_module, "program_digest", lambda *_: pytest.fail("the code was looked at again"))
    assert work.part(places[0], {places[0].name: []}) == before
    assert replace(work, drivers_code="other").part(places[0], {places[0].name: []}) != before
