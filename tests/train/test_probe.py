"""What the probe makes of figures: whether choosing pays, and with how much reluctance."""

import numpy as np
import pytest

pytest.importorskip("torch")

from caravela.train.probe import calibration, critic_gate

FIRST = np.zeros(50, np.int64)


def test_a_critic_that_knows_gains_all_and_one_that_errs_gains_by_a_margin():
    random = np.random.default_rng(0)
    returns = random.uniform(0.4, 0.5, (400, 6))
    returns[:, 0] = 0.6  # the mean plan is good
    returns[::10, 0] = 0.0  # except now and then
    assert critic_gate(returns, returns)["gain"] == 1.0
    table = critic_gate(returns + random.normal(0.0, 0.1, returns.shape), returns)
    assert table["gain"] < table["by_margin"]["0.08"] and table["gain_of_the_first"] < table["by_margin"]["0.08"]


def test_where_all_plans_end_alike_nothing_is_said_of_the_critic():
    assert critic_gate(np.zeros((5, 3)), np.full((5, 3), 0.7))["looks"] == 0


def test_a_risk_that_always_tells_the_mean_is_calibrated_and_worth_nothing():
    failed = np.zeros((50, 4), np.bool_)
    failed[:10] = True
    told = calibration(np.full((50, 4), 0.2), failed, chosen=FIRST)
    assert told["brier"] == told["brier_of_the_mean"] == 0.16
    assert told["ranks_right"] == 0.5
    assert told["plans"] == 200 and told["mean_plan"]["plans"] == 50


def test_a_risk_that_knows_is_told_from_one_that_does_not():
    failed = np.zeros((50, 4), np.bool_)
    failed[::5] = True
    knows = calibration(np.where(failed, 0.9, 0.1), failed, chosen=FIRST)
    assert knows["ranks_right"] == 1.0 and knows["brier"] == pytest.approx(0.01) and knows["calibration_error"] == pytest.approx(0.1)
    wrong = calibration(np.where(failed, 0.1, 0.9), failed, chosen=FIRST)
    assert wrong["ranks_right"] == 0.0 and wrong["brier"] > wrong["brier_of_the_mean"]


def test_of_plans_that_all_failed_no_pairs_can_be_ranked():
    assert calibration(np.full((3, 2), 0.4), np.ones((3, 2), np.bool_), chosen=FIRST[:3])["ranks_right"] is None


def test_the_risk_of_the_plan_that_is_driven_stands_by_itself():
    risk, failed = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[False, True], [False, True]])
    told = calibration(risk, failed, chosen=np.array([0, 1]))
    assert told["chosen_plan"]["plans"] == 2 and told["chosen_plan"]["failed"] == 0.5 and told["mean_plan"]["failed"] == 0.0
