"""The model learns, ignores what is masked or hidden, samples the same plan from the same noise, and comes in every size."""

import dataclasses
from collections.abc import Callable

import pytest
import torch
from conftest import synthetic_batch

from caravela.core.errors import CaravelaError
from caravela.core.sampling import proposal_noise
from caravela.model.batch import Batch
from caravela.model.config import VLAConfig
from caravela.model.presets import PRESETS, nano, preset
from caravela.model.sides import MIRRORED_CAMERAS
from caravela.model.vla import VLA, Actions


def _sample(model: VLA, batch: Batch, *, noise: torch.Tensor, **changes: torch.Tensor) -> Actions:
    inputs = {name: getattr(batch, name) for name in ("ego", "route", "has_route", "words")} | changes
    with torch.no_grad():
        return model.sample_actions(batch.images, **inputs, noise=noise)


@pytest.fixture
def noise() -> torch.Tensor:
    return torch.from_numpy(proposal_noise(proposals=6))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_builds(name: str):
    config = preset(name)
    with torch.device("meta"):
        model = VLA(config)
    assert config.name == name and config.tokens == 56
    assert VLAConfig.from_json(config.to_json()) == config
    assert sum(p.numel() for p in model.parameters()) > 1e6


def test_shipped_presets_fit_their_budgets():
    def exported(name: str) -> float:
        with torch.device("meta"):
            model = VLA(preset(name))
        left = ("eyes.birds_eye", "eyes.depth", "eyes.lamps")
        return sum(p.numel() for key, p in model.named_parameters() if not key.startswith(left)) / 1e6

    assert 4.0 < exported("nano") < 6.0
    assert exported("se") < 5.0  # int8: a byte each
    assert exported("ultra") * 2.0 < 14.0  # fp16: two bytes each


def test_an_unknown_preset_is_told_with_a_suggestion():
    with pytest.raises(CaravelaError, match="did you mean nano"):
        preset("nanno")


def test_nano_overfits_a_small_batch(make_batch: Callable[..., Batch]):
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = VLA(dataclasses.replace(nano(), ego_dropout=0.0))
    full = make_batch(16)
    batch = dataclasses.replace(full, bev=None, lamps=None, bodies=None, depth=None, proposals=None)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0)
    generator = torch.Generator().manual_seed(0)
    history = []
    for step in range(60):
        for group in optimiser.param_groups:
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 10)
        losses = model.compute_loss(batch, generator=generator)
        optimiser.zero_grad()
        losses["total"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        history.append({name: loss.item() for name, loss in losses.items()})
    first, last = history[0], history[-1]
    told = ("regression", "light", "stop", "lead")
    assert sum(last[name] for name in told) < 0.2 * sum(first[name] for name in told), (first, last)
    assert last["flow"] < 0.5 * first["flow"], (first, last)


def test_every_part_gets_a_gradient_from_a_full_batch(model: VLA, batch: Batch):
    model.train()
    losses = model.compute_loss(batch, generator=torch.Generator().manual_seed(1))
    assert set(losses) == {f.name for f in dataclasses.fields(model.config.losses)} | {"total"}
    losses["total"].backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None]
    assert silent == []


def test_the_critic_does_not_move_the_trunk(model: VLA, batch: Batch):
    nothing_else = dict.fromkeys(("knots", "bev", "lamps", "bodies", "depth", "light", "stop_distance", "lead", "lane"))
    losses = model.compute_loss(dataclasses.replace(batch, **nothing_else))
    assert set(losses) == {"value", "risk", "total"}
    losses["total"].backward()
    assert model.trunk.blocks[0].qkv.weight.grad is None
    assert model.critic.embed[0].weight.grad is not None


@pytest.mark.parametrize(
    ("label", "mask"),
    [("knots", "knots_valid"), ("light", "light_valid"), ("stop_distance", "stop_valid"), ("lead", "lead_valid"), ("lane", "lane_valid")],
)
def test_a_masked_label_changes_nothing(model: VLA, batch: Batch, label: str, mask: str):
    valid = torch.tensor([True, True, False, True])
    wrong = getattr(batch, label).clone()
    wrong[2] = (wrong[2] + 1) % 4 if label == "light" else 7.0
    assert not torch.equal(wrong, getattr(batch, label))

    def loss(changed: Batch) -> torch.Tensor:
        return model.compute_loss(changed, generator=torch.Generator().manual_seed(0))["total"]

    masked = dataclasses.replace(batch, **{mask: valid})
    assert torch.equal(loss(masked), loss(dataclasses.replace(masked, **{label: wrong})))
    assert not torch.equal(loss(batch), loss(dataclasses.replace(batch, **{label: wrong})))


def test_masked_outcomes_and_unknown_cells_change_nothing(model: VLA, batch: Batch):
    assert batch.returns is not None and batch.bev is not None and batch.depth is not None
    valid = torch.ones_like(batch.returns, dtype=torch.bool)
    valid[1, 2] = False
    other = batch.returns.clone()
    other[1, 2] = 5.0
    bev, depth = batch.bev.clone(), batch.depth.clone()
    bev[:, :16], depth[:, 0] = 255, 0.0

    def losses(**changes: torch.Tensor) -> dict[str, torch.Tensor]:
        changed = dataclasses.replace(batch, outcomes_valid=valid, **changes)
        return model.compute_loss(changed, generator=torch.Generator().manual_seed(0))

    assert torch.equal(losses()["value"], losses(returns=other)["value"])
    assert torch.isfinite(losses(bev=torch.full_like(bev, 255), depth=torch.zeros_like(depth))["total"])
    assert losses(bev=torch.full_like(bev, 255))["bev"] == 0.0
    assert batch.lamps is not None and losses(lamps=torch.full_like(batch.lamps, 255))["lamps"] == 0.0
    assert losses(bev=bev)["bev"] != losses()["bev"]


def test_a_hidden_speed_is_not_seen(model: VLA, batch: Batch):
    inputs = {name: getattr(batch, name) for name in ("route", "has_route", "words")}
    hidden = torch.zeros(4, dtype=torch.bool)

    def context(speed: float, *, known: torch.Tensor | None) -> torch.Tensor:
        return model.embed_context(batch.images, ego=torch.full((4, 3), speed), ego_known=known, **inputs)[0]

    assert torch.equal(context(3.0, known=hidden), context(14.0, known=hidden))
    assert not torch.allclose(context(3.0, known=~hidden), context(14.0, known=~hidden), atol=1e-4)
    assert torch.equal(context(3.0, known=None), context(3.0, known=~hidden))


def test_ego_is_dropped_in_training_as_often_as_configured(model: VLA, batch: Batch, monkeypatch: pytest.MonkeyPatch):
    seen = []
    embed = model.embed_context

    def spy(images: torch.Tensor, **inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append(inputs["ego_known"])
        return embed(images, **inputs)

    monkeypatch.setattr(model, "embed_context", spy)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for _ in range(50):
            model.compute_loss(batch, generator=generator)
    assert 0.6 < torch.cat(seen).float().mean() < 0.8


def test_a_route_that_is_not_there_is_not_read(model: VLA, batch: Batch, noise: torch.Tensor):
    none = torch.zeros(4, dtype=torch.bool)
    first = _sample(model, batch, noise=noise, has_route=none)
    second = _sample(model, batch, noise=noise, has_route=none, route=batch.route + 5.0)
    third = _sample(model, batch, noise=noise, has_route=~none)
    assert torch.equal(first.knots, second.knots)
    assert not torch.allclose(first.thought, third.thought, atol=1e-4)


def test_the_same_noise_gives_the_same_plans_and_other_noise_others(model: VLA, batch: Batch, noise: torch.Tensor):
    first, again = _sample(model, batch, noise=noise), _sample(model, batch, noise=noise)
    other = _sample(model, batch, noise=noise + 0.5)
    assert torch.equal(first.knots, again.knots)
    assert torch.equal(first.knots[:, 0], other.knots[:, 0])  # the regression's proposal takes no noise
    assert not torch.allclose(first.knots[:, 1:], other.knots[:, 1:], atol=1e-3)
    assert first.knots.shape == (4, 6, 8, 2) and first.values.shape == (4, 6)
    assert bool(((first.risk >= 0) & (first.risk <= 1)).all())
    torch.testing.assert_close(first.light.sum(-1), torch.ones(4))


def test_an_untrained_critic_chooses_nothing_and_a_trained_one_its_best(model: VLA, batch: Batch, noise: torch.Tensor):
    assert _sample(model, batch, noise=noise).chosen.tolist() == [0, 0, 0, 0]
    model.config = dataclasses.replace(model.config, critic_trained=True)
    actions = _sample(model, batch, noise=noise)
    assert torch.equal(actions.chosen, actions.values.argmax(-1))


def test_a_margin_keeps_the_mean_plan_until_another_is_worth_more(model: VLA, batch: Batch, noise: torch.Tensor):
    free = dataclasses.replace(model.config, critic_trained=True)
    model.config = dataclasses.replace(free, critic_margin=100.0)
    assert not _sample(model, batch, noise=noise).chosen.any()
    model.config = dataclasses.replace(free, critic_margin=1e-6)
    actions = _sample(model, batch, noise=noise)
    assert torch.equal(actions.chosen, torch.cat([actions.values[:, :1] + 1e-6, actions.values[:, 1:]], 1).argmax(-1))


def test_noise_is_the_same_everywhere_and_balanced():
    noise = proposal_noise()
    assert noise.shape == (16, 8, 2) and (noise == proposal_noise()).all() and (noise != proposal_noise(seed=1)).any()
    assert abs(noise[1:15].mean()) < 1e-6


def test_left_hand_traffic_is_driven_as_in_a_mirror(noise: torch.Tensor):
    batch, model = synthetic_batch(2), VLA(preset("nano")).eval()
    on_the_left = torch.ones(2)
    here, there = torch.cat([batch.ego[:, :2], on_the_left[:, None]], 1), torch.cat([batch.ego[:, :2], -on_the_left[:, None]], 1)
    left = _sample(model, batch, noise=noise, ego=here)
    turned = dataclasses.replace(batch, images=batch.images[:, list(MIRRORED_CAMERAS)].flip(-1))
    flip = torch.tensor([1.0, -1.0])
    right = _sample(model, turned, noise=noise, ego=there * torch.tensor([1.0, -1.0, 1.0]), route=batch.route * flip)
    assert torch.allclose(left.knots, right.knots * flip, atol=1e-5) and torch.equal(left.chosen, right.chosen)
    assert not torch.allclose(left.knots, _sample(model, batch, noise=noise, ego=there).knots, atol=1e-3)
