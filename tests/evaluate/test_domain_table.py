"""The table of isolated and integrated drives: compared up to their common end, with intervals, and a verdict that can be a miss."""

import json

import numpy as np
import pytest

from caravela.core.types import Score
from caravela.evaluate.domain_table import measured, reaction, reactions, row_of, table, verdict
from caravela.evaluate.domains import COLUMNS, WholeDrive
from caravela.evaluate.episodes import Episode
from caravela.evaluate.pages.domain import page_of
from caravela.evaluate.pages.results import page
from caravela.world.whole_car import CONDITIONS


def driven(speed: float, *, seconds: float = 20.0, watts: float = 5000.0, sway: float = 1.0, failures: tuple[str, ...] = ()) -> WholeDrive:
    """A drive at a steady speed that sways and takes a steady power."""
    time = np.arange(1, round(seconds / 0.1) + 1) * 0.1
    across = sway * np.sin(2.0 * np.pi * 0.2 * time)
    ride = np.stack(
        [np.full(len(time), speed), np.zeros(len(time)), across, speed * time, watts * time / 3600.0, 0.1 * watts * time / 3600.0], -1
    )
    assert ride.shape[1] == len(COLUMNS)
    score = Score(not failures, 1.0, speed * seconds, seconds, failures, extra={"collisions": float("at_fault_collision" in failures)})
    return WholeDrive(score, ride, 1900.0, 0.0, 0.5, 0.0)


def rows_of(pairs, *, maps: int = 8) -> list[dict]:
    return [row_of(Episode(f"town{k % maps}", k, 20.0, 200.0, 1, 0), CONDITIONS["mild"], pair) for k, pair in enumerate(pairs)]


def result_of(rows) -> dict:
    figures = table(rows)
    conditions = {"mild": {"about": CONDITIONS["mild"].about, **table(rows)}}
    base = {"held_out": True, "seed": 0, "git_revision": "0" * 40, "wall_s": 60.0, "reaction": reactions(rows)}
    return {**base, **figures, "verdict": verdict(figures), "conditions": conditions, "rows": rows}


def test_a_pair_is_compared_up_to_the_last_place_that_both_reached():
    row = rows_of([(driven(10.0, seconds=20.0), driven(10.0, seconds=12.0))])[0]
    assert row["common_m"] == pytest.approx(119.5)
    assert row["isolated"]["seconds"] == row["integrated"]["seconds"] == pytest.approx(12.0)
    assert row["isolated"]["energy_wh"] == row["integrated"]["energy_wh"]


def test_energy_that_is_still_in_the_car_s_motion_is_not_used_up():
    slow, fast = (measured(driven(speed, seconds=200.0 / speed, watts=500.0 * speed), 150.0)["energy_wh"] for speed in (5.0, 10.0))
    assert fast < slow - 10.0  # the same energy per metre was taken, but half of it is still there


def test_the_target_is_met_by_less_dose_at_equal_time_and_missed_otherwise():
    good = [(driven(10.0), driven(10.0, sway=0.7)) for _ in range(8)]
    figures = table(rows_of(good))
    assert figures["dose"]["ratio"] == pytest.approx(0.7, abs=0.01) and verdict(figures)["met"]
    slower = verdict(table(rows_of([(driven(10.0), driven(9.5, sway=0.7)) for _ in range(8)])))
    assert not slower["met"] and not slower["equal_time"] and slower["saves_enough"]
    harm = [*good[:-1], (driven(10.0), driven(10.0, sway=0.7, failures=("at_fault_collision",)))]
    assert not verdict(table(rows_of(harm)))["no_more_harm"]
    assert not verdict(table(rows_of([(driven(10.0), driven(10.0, sway=0.9)) for _ in range(8)])))["saves_enough"]
    assert verdict(table(rows_of([(driven(10.0), driven(10.0, watts=4000.0)) for _ in range(8)])))["met"]


def test_intervals_hold_the_ratio_and_grow_with_disagreement():
    alike, mixed = (
        table(rows_of([(driven(10.0), driven(10.0, sway=s)) for s in sways]))["dose"]["ratio_ci"]
        for sways in ([0.7] * 8, [0.4, 0.8, 1.0, 0.6] * 2)
    )
    assert alike[1] - alike[0] < 0.01 < mixed[1] - mixed[0]
    assert mixed[0] < 0.7 < mixed[1]


def test_too_short_a_pair_counts_for_safety_only():
    figures = table(rows_of([(driven(10.0), driven(10.0)), (driven(10.0), driven(10.0, seconds=3.0, failures=("off_road",)))]))
    assert figures["pairs"] == 2 and figures["compared"] == 1
    assert figures["harm"]["integrated"] == 0.5 and figures["harm"]["isolated"] == 0.0
    nothing = table(rows_of([(driven(1.0, seconds=5.0), driven(1.0, seconds=5.0))]))
    assert not verdict(nothing)["met"] and "why" in verdict(nothing)


def test_a_reaction_is_the_first_moment_at_which_a_request_is_felt():
    silent, told = driven(10.0).ride, driven(10.0).ride.copy()
    told[100:, 0] -= 1.0  # from 10.1 s on
    assert reaction(silent, told) == pytest.approx(2.1)
    assert reaction(silent, silent) is None
    assert reaction(np.zeros_like(silent), told) is None  # a car that stands cannot slow down
    rows = [
        {"reaction_s": {"isolated": None, "integrated": 2.1}},
        {"reaction_s": {"isolated": 3.0, "integrated": 1.0}},
        {"reaction_s": None},
    ]
    said = reactions(rows)
    assert said["requests"] == 2 and said["integrated"] == {"reacted": 2, "median_s": 1.55}
    assert said["isolated"]["reacted"] == 1 and said["isolated"]["median_s"] is None


def test_the_page_says_what_was_missed(tmp_path):
    met, missed = (result_of(rows_of([(driven(10.0), driven(10.0, sway=s)) for _ in range(8)])) for s in (0.7, 0.9))
    assert "is **met**" in "\n".join(page_of(met))
    assert "is **missed**" in "\n".join(page_of(missed)) and "neither saves enough" in "\n".join(page_of(missed))
    (tmp_path / "domains.json").write_text(json.dumps(met))
    assert "## Four domains, one plan" in page(tmp_path)
