"""What the critic chooses, of what it says."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.model.critic import choose
from caravela.model.presets import preset

CONFIG = replace(preset("nano"), critic_trained=True, critic_margin=0.05, critic_caution=0.0)
SAFE = torch.full((2, 2), -9.0)  # logits of a failure


def returns(*values):
    """(B, P, 3) of three heads, the least of which counts."""
    return torch.tensor(values)[..., None] + torch.tensor([0.0, 0.1, 0.2])


def test_another_than_the_mean_plan_has_to_be_worth_the_margin_more():
    values, chosen = choose(returns([0.5, 0.54], [0.5, 0.6]), SAFE, CONFIG)
    assert torch.allclose(values, torch.tensor([[0.5, 0.54], [0.5, 0.6]]), atol=2e-4 + CONFIG.critic_caution)
    assert chosen.tolist() == [0, 1]


def test_an_untrained_critic_chooses_nothing():
    assert choose(returns([0.5, 0.54], [0.5, 0.9]), SAFE, replace(CONFIG, critic_trained=False))[1].tolist() == [0, 0]


def test_a_failure_costs_as_much_as_caution_says():
    failure = torch.tensor([[9.0, -9.0], [-9.0, 9.0]])
    values, chosen = choose(returns([0.5, 0.45], [0.5, 0.9]), failure, replace(CONFIG, critic_caution=1.0))
    assert chosen.tolist() == [1, 0] and values[0, 0] == pytest.approx(-0.5, abs=1e-3)
