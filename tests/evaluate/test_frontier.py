"""The frontier: what a driver is worth at every threshold of its own risk."""

import json

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.evaluate import drawing
from caravela.evaluate.frontier import compare, compared, frontier_of, pair, sentence, told
from caravela.evaluate.risk import RiskLog, rolls_out


def row(seed, *, name="m", metres=100.0, failed=None, at=30.0, risk=None, rolls=0.0, expected=100.0):
    """A drive of 60 s; `risk` lists (s, m, risk)."""
    failures = [failed] if failed else []
    seconds = at if failed not in (None, "under_progress", "red_light") else 60.0
    return {
        "map": name, "seed": seed, "allowed_s": 60.0, "distance_m": metres, "expected_m": expected, "failures": failures, "seconds": seconds,
        "first_failure_s": at if failed else None, "risk": None if risk is None else [list(record) for record in risk], "rolls_m": rolls,
    }  # fmt: skip


def foresees(seed, name):
    """Fails after 60 of 100 m, at 30 s, and says so at 25 s and 50 m."""
    return row(seed, name=name, metres=60.0, failed="off_road", risk=[(0.0, 0.0, 0.1), (25.0, 50.0, 0.8)])


def calm(seed, name):
    return row(seed, name=name, risk=[(0.0, 0.0, 0.1), (10.0, 20.0, 0.3)])


def test_handing_over_in_time_saves_the_drive_and_gives_up_the_rest():
    frontier = frontier_of([foresees(0, "a"), calm(1, "b")], policy="x")
    at = {t: k for k, t in enumerate(frontier.thresholds)}
    assert frontier.thresholds[1:-1].tolist() == [0.1, 0.3]
    assert frontier.coverage[0] == 0.0 and frontier.safety[0] == 1.0 and frontier.score[0] == 0.0
    assert frontier.coverage[at[0.1]] == pytest.approx((0.5 + 0.2) / 2)
    assert frontier.coverage[at[0.3]] == pytest.approx((0.5 + 1.0) / 2)
    assert frontier.safety[at[0.3]] == 1.0 and frontier.score[at[0.3]] == pytest.approx(0.75)
    assert frontier.coverage[-1] == pytest.approx(0.8) and frontier.safety[-1] == 0.5 and frontier.score[-1] == pytest.approx(0.5)


def test_a_fault_before_the_hand_over_counts_and_one_within_the_notice_too():
    late = row(0, metres=100.0, failed="red_light", at=20.0, risk=[(0.0, 0.0, 0.1), (20.0, 40.0, 0.8)])
    assert frontier_of([late, calm(1, "m")], policy="x").safety[-2] == 0.5  # it hands over once it has run the light
    early = [foresees(0, "a"), calm(1, "b")]
    assert frontier_of(early, policy="x", notice=4.9).safety[-2] == 1.0
    assert frontier_of(early, policy="x", notice=5.0).safety[-2] == 0.5


def test_standing_still_scores_zero_and_being_slow_is_no_fault():
    stands = row(0, metres=12.0, rolls=13.0, failed="under_progress", at=60.0)
    slow = row(1, metres=50.0, rolls=0.0, failed="under_progress", at=60.0)
    assert frontier_of([stands], policy="x").score.tolist() == [0.0, 0.0]
    assert frontier_of([slow], policy="x").score[-1] == 0.5 and frontier_of([slow], policy="x").safety[-1] == 1.0


def test_who_tells_no_risk_is_one_point_and_its_chord():
    frontier = frontier_of([row(k, failed="off_road" if k % 2 else None) for k in range(4)], policy="x")
    assert not frontier.tells_risk and len(frontier.thresholds) == 2
    assert frontier.coverage.tolist() == [0.0, 1.0] and frontier.safety.tolist() == [1.0, 0.5]


def test_safety_falls_as_coverage_rises():
    rng = np.random.default_rng(0)
    rows = []
    for k in range(60):
        moments = np.sort(rng.uniform(0, 59, 6)).round(1)
        records = [(float(s), float(s), float(r)) for s, r in zip(moments, np.sort(rng.random(6)).round(4), strict=True)]
        rows.append(row(k, name=f"m{k % 6}", metres=60.0, failed=rng.choice(["off_road", "red_light", None]), at=55.0, risk=records))
    frontier = frontier_of(rows, policy="x")
    assert (np.diff(frontier.thresholds) > 0).all() and len(frontier.thresholds) > 100
    assert (np.diff(frontier.coverage) >= 0).all() and (np.diff(frontier.safety) <= 0).all()


def fleet(good, *, knows):
    """40 drives on 8 maps, every `good`-th without fault; the others say so in time if it `knows`."""
    rows = []
    for k in range(40):
        make = calm if k % good == 0 else foresees
        each = make(k, f"m{k % 8}")
        rows.append(each if knows else {**each, "risk": None})
    return rows


def test_of_fewer_than_five_maps_no_frontier_is_told_apart(tmp_path):
    a, b = (
        frontier_of([each for each in fleet(3, knows=knows) if each["map"] < "m4"], policy=name)
        for name, knows in (("blunt", False), ("wise", True))
    )
    outcome = compare(a, b)
    assert (
        not outcome.outward and not outcome.inward and "blunt and wise cannot be told apart on fewer than 5 maps" in sentence(a, b, outcome)
    )
    assert json.loads(json.dumps(compared(outcome), allow_nan=False))["reach_difference_ci"] == [None, None]
    assert told(b, outcome.bands[1])["score_ci"] == [None, None]
    drawing.png(tmp_path / "few.png", (a, b), outcome.bands, title="few")
    assert drawing.html((a, b), outcome.bands, title="few")


def test_knowing_when_to_hand_over_moves_the_whole_frontier_outward():
    a, b = (frontier_of(rows, policy=name) for rows, name in ((fleet(3, knows=False), "blunt"), (fleet(3, knows=True), "wise")))
    outcome = compare(a, b)
    assert outcome.outward and not outcome.inward and compare(b, a).inward
    assert sentence(a, b, outcome).startswith("wise moves the whole frontier outward")
    assert "moves the whole frontier inward" in sentence(b, a, compare(b, a))
    shown = told(b, outcome.bands[1])
    assert shown["area"] > shown["area_by_chance"] and shown["best_score"] > shown["score"] and shown["best_threshold"] is not None


def test_a_driver_that_fails_half_as_often_moves_the_whole_frontier_outward():
    rng = np.random.default_rng(1)

    def drives(fault):
        rows = []
        for k in range(700):
            failed = rng.random() < fault
            risk = [(0.0, 0.0, round(0.02 * rng.random(), 4)), (20.0, 40.0, round(0.3 * rng.random() + 0.3 * failed, 4))]
            rows.append(row(k, name=f"m{k % 32}", metres=60.0 if failed else 100.0, failed="off_road" if failed else None, risk=risk))
        return rows

    worse, better = frontier_of(drives(0.16), policy="worse"), frontier_of(drives(0.08), policy="better")
    outcome = compare(worse, better)
    assert outcome.outward and outcome.area_interval[0] > 0.0 and compare(better, worse).inward
    again = frontier_of(drives(0.16), policy="again")
    assert not compare(worse, again).outward


def test_what_is_the_same_is_not_outward_and_neither_is_what_reaches_less():
    a = frontier_of(fleet(3, knows=True), policy="a")
    assert not compare(a, a).outward and not compare(a, a).inward
    blunt = frontier_of(fleet(3, knows=False), policy="blunt")
    timid = frontier_of([row(k, name=f"m{k % 8}", metres=40.0, failed="under_progress", at=60.0) for k in range(40)], policy="timid")
    outcome = compare(blunt, timid)
    assert (outcome.interval[:, 0] > 0.0).all() and outcome.reach < -0.2
    assert not outcome.outward and not outcome.inward  # safer, but a smaller part of the way
    assert "does not move the whole frontier outward" in sentence(blunt, timid, outcome)


def test_against_standing_still_there_is_only_reach_and_no_verdict():
    still = frontier_of(
        [row(k, name=f"m{k % 6}", metres=5.0, rolls=6.0, failed="under_progress", at=60.0) for k in range(12)], policy="still"
    )
    goes = frontier_of([calm(k, f"m{k % 6}") for k in range(12)], policy="goes")
    outcome = compare(still, goes)
    assert not outcome.outward and not compare(goes, still).inward
    assert "is not said to move the frontier outward" in sentence(still, goes, outcome)
    assert "no coverage at which to compare" in sentence(still, goes, outcome)
    assert not compare(goes, still).outward and not outcome.inward


def test_what_a_start_rolls_may_come_from_either_file():
    old = [{key: value for key, value in row(k).items() if key not in ("rolls_m", "risk")} for k in range(3)]
    new = [row(k, rolls=7.0) for k in range(1, 4)]
    first, second, known = pair(old, new)
    assert len(first) == len(second) == 2 and known and first[0]["rolls_m"] == 7.0
    assert not pair(old, old)[2]
    with pytest.raises(CaravelaError, match="share no drive"):
        pair(old[:1], new)


def test_the_log_keeps_new_heights_of_drives_that_go_on():
    log = RiskLog(2)
    for k, risk in enumerate(([0.1, 0.2], [0.05, 0.3], [0.4, 0.9], [0.4, 0.1])):
        log.watch(np.array(risk, np.float32), np.array([10.0 * k, k]), np.array([True, k < 2]))
    assert log.of(0) == [[0.0, 0.0, 0.1], [0.2, 20.0, 0.4]] and log.of(1) == [[0.0, 0.0, 0.2], [0.1, 1.0, 0.3]]


def test_who_tells_no_risk_has_no_log():
    log = RiskLog(1)
    log.watch(None, np.zeros(1), np.ones(1, np.bool_))
    assert log.of(0) is None


def test_standing_still_rolls_no_further_than_is_taken_off(places):
    from caravela.evaluate.drivers import Stationary
    from caravela.evaluate.episodes import begin
    from caravela.world.simulator import Simulator

    for place in places:
        simulator, driver = Simulator([place.graph], batch=8, traffic="none"), Stationary()
        begin(simulator, range(8))
        rolls = rolls_out(simulator.state.speed[:, 0])
        for _ in range(80):
            simulator.advance(driver.control(simulator, None))
        assert (simulator.state.odometer[:, 0] <= rolls + 0.05).all() and (rolls - simulator.state.odometer[:, 0] < 3.0).all()


def test_both_are_drawn_on_a_page_that_needs_nothing_and_as_a_picture(tmp_path):
    from PIL import Image

    curves = [frontier_of(fleet(3, knows=knows), policy=name) for knows, name in ((False, "blunt"), (True, "wise"))]
    bands = compare(*curves).bands
    page = drawing.html(curves, bands, title="both")
    assert "blunt" in page and "wise" in page and "<script src=" not in page and len(page) > 1_000_000
    drawing.png(tmp_path / "both.png", curves, bands, title="both")
    picture = np.asarray(Image.open(tmp_path / "both.png").convert("RGB"))
    for colour in drawing.COLOURS[:2]:
        assert (picture == colour).all(-1).sum() > 500  # each curve is there
