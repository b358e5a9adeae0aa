"""What the probe makes of figures: whether choosing pays, and with how much reluctance."""

import numpy as np
import pytest

pytest.importorskip("torch")

from caravela.train.probe import critic_gate


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
