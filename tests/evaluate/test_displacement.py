"""Displacement errors are distances from the truth at 1, 2 and 3 s; physics rolls out as physics does."""

import json
import math

import numpy as np
import pytest

from caravela.core.types import KNOTS, PLAN_STEPS, Plan
from caravela.evaluate import displacement
from caravela.evaluate.displacement import AVERAGE, BEST, BLIND, CHOSEN, PHYSICS, TURN, VELOCITY, Window, errors_of, roll_out, summary
from caravela.evaluate.pages.results import page


def straight(speeds: list[float], *, chosen: int = 0) -> Plan:
    """A plan of batch 1 whose proposals go straight ahead at these speeds."""
    trajectories = np.zeros((1, len(speeds), PLAN_STEPS, 3), np.float32)
    trajectories[0, :, :, 0] = np.array(speeds)[:, None] * 0.1 * np.arange(1, PLAN_STEPS + 1)
    count = len(speeds)
    return Plan(
        trajectories=trajectories,
        speeds=np.ones((1, count, PLAN_STEPS), np.float32),
        knots=np.zeros((1, count, KNOTS, 2), np.float32),
        values=np.zeros((1, count), np.float32),
        chosen=np.array([chosen]),
        risk=np.zeros(1, np.float32),
    )


def window(t: float = 1.0) -> Window:
    """The car drives 10 m/s straight on; so it is measured, but for a yaw rate."""
    truth = np.array([[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]])
    return Window(t, straight([8.0, 9.0, 12.0], chosen=2), straight([0.0]), (10.0, 0.1, -2.0), truth)


def test_each_predictor_has_its_distance() -> None:
    errors = errors_of(window())
    assert errors[CHOSEN] == pytest.approx([2.0, 4.0, 6.0], abs=1e-4)
    assert errors[BEST] == pytest.approx([1.0, 2.0, 3.0], abs=1e-4)
    assert errors[AVERAGE] == pytest.approx([5 / 3, 10 / 3, 5.0], abs=1e-4)
    assert errors[BLIND] == pytest.approx([10.0, 20.0, 30.0], abs=1e-4)
    assert errors[VELOCITY] == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert errors[TURN][2] == pytest.approx(math.hypot(30.0 - 100.0 * math.sin(0.3), 100.0 * (1.0 - math.cos(0.3))), abs=1e-3)
    assert errors[PHYSICS][0] == pytest.approx(1.1, abs=0.2)


def test_a_braking_car_stops_and_does_not_go_back() -> None:
    assert roll_out(4.0, acceleration=-4.0)[:, 0] == pytest.approx([2.0, 2.0, 2.0], abs=0.01)
    assert roll_out(0.0, yaw_rate=1.0) == pytest.approx(np.zeros((3, 2)))


def test_a_steady_turn_is_a_circle() -> None:
    x, y = roll_out(5.0, yaw_rate=0.25)[2]  # radius 20 m, to the left
    assert (x, y) == pytest.approx((20.0 * math.sin(0.75), 20.0 * (1.0 - math.cos(0.75))), abs=1e-3)


def test_the_summary_names_who_is_nearest_and_the_page_shows_it(tmp_path) -> None:
    result = summary([window(), window(2.0)])
    assert result["windows"] == 2 and result["chosen_minus_truth_m"]["ahead"]["3s"] == pytest.approx(6.0, abs=1e-3)
    assert set(result["nearest_to_the_truth"].values()) == {VELOCITY}
    (tmp_path / "footage.json").write_text(json.dumps({"about": "A drive.", **result, "notes": ["Said."]}))
    text = page(tmp_path)
    assert f"| {CHOSEN} | 2.00 (2.00) | 4.00 (4.00) | 6.00 (6.00) |" in text and "at 3s constant velocity" in text and "Said." in text


def test_hindsight_is_never_the_nearest_predictor() -> None:
    assert set(displacement.HINDSIGHT) < set(displacement.MEANING)
    lucky = Window(0.0, straight([5.0, 10.0]), straight([0.0]), (9.0, 0.0, 0.0), window().truth)
    assert BEST not in summary([lucky])["nearest_to_the_truth"].values()
