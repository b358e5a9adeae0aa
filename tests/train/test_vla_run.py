"""The driver's learning: a run that was stopped goes on where it was, with its optimiser."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands.evaluate import SHIPPED_DRIVER
from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.model.presets import preset
from caravela.train.samples import ShardWriter
from caravela.train.vla import VLATrainConfig, VLATrainer, choose_maps

TINY = VLATrainConfig(batch=4, steps=6, warmup=1)


@pytest.fixture
def folder(tmp_path):
    """A run's folder with one shard of made-up samples."""
    random, config, count = np.random.default_rng(0), preset("nano"), 16
    shape = (count, config.cameras, config.channels, config.height, config.width)
    writer = ShardWriter(tmp_path / "shards", size=count)
    writer.add(
        {
            "images": random.integers(0, 256, shape, dtype=np.uint8),
            "ego": random.uniform(0.0, 10.0, (count, 2)).astype(np.float32),
            "route": random.normal(0.0, 20.0, (count, ROUTE_POINTS, 2)).astype(np.float32),
            "has_route": np.ones(count, dtype=np.bool_),
            "words": np.zeros((count, config.words_size), dtype=np.float16),
            "knots": random.normal(0.0, 0.1, (count, KNOTS, 2)).astype(np.float32),
            "knots_valid": np.ones(count, dtype=np.bool_),
        }
    )
    return tmp_path


def test_a_run_goes_on_where_it_was(folder):
    first = VLATrainer(folder, TINY)
    first.train(until=3)
    again = VLATrainer(folder, TINY)
    assert again.step == 3
    moments = [state["exp_avg"] for state in again.optimiser.state_dict()["state"].values()]
    assert any(moment.abs().max() > 0 for moment in moments)
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name]), name
    again.train()
    assert again.step == TINY.steps


def test_a_loss_that_is_not_finite_leaves_the_checkpoint_alone(folder):
    run = VLATrainer(folder, TINY)
    run.train(until=2)
    batch = run.reader.draw(TINY.batch)
    batch.knots[:] = np.nan
    with pytest.raises(FloatingPointError, match="last good checkpoint"):
        run.learn(batch)
    assert VLATrainer(folder, TINY).step == 2


def test_a_new_run_may_begin_with_the_driver_that_ships(folder):
    run = VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train(until=1)
    assert run.step == 1
    moved = max(float((value - before[name]).abs().max()) for name, value in run.model.named_parameters() if value.ndim > 1)
    assert moved < 0.1  # it went on from there


def test_a_new_run_can_drive_before_its_first_step(folder):
    VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    assert (folder / "average.safetensors").is_file()
    assert VLATrainer(folder, TINY).step == 0  # and goes on as a run that is there


def test_a_run_from_nothing_that_is_taken_up_before_its_first_step_keeps_its_batch_norms(folder):
    fresh = VLATrainer(folder, TINY)
    weights = [value.clone() for name, value in fresh.model.named_parameters() if "vision" in name and value.ndim == 1]
    again = VLATrainer(folder, TINY)
    again.learn(again.reader.draw(TINY.batch))
    after = [value for name, value in again.model.named_parameters() if "vision" in name and value.ndim == 1]
    assert max(float((one - other).abs().max()) for one, other in zip(weights, after, strict=True)) < 0.01


def test_a_run_goes_on_in_the_precision_it_began_with(folder):
    begun = VLATrainer(folder, replace(TINY, half=True))
    begun.train(until=1)
    assert VLATrainer(folder, TINY).half and not VLATrainer(folder, replace(TINY, half=False)).half


def test_real_places_are_chosen_as_often_as_asked_for():
    towns = [SimpleNamespace(name=f"town {k}", origin=(0.0, 0.0)) for k in range(60)]
    places = [SimpleNamespace(name=f"place {k}", origin=(52.0, 13.0)) for k in range(10)]
    random = np.random.default_rng(0)
    rounds = [choose_maps(towns + places, count=12, real_share=0.25, random=random) for _ in range(200)]
    assert all(len({graph.name for graph in chosen}) == 12 for chosen in rounds)
    share = np.mean([graph.origin != (0.0, 0.0) for chosen in rounds for graph in chosen])
    assert 0.18 < share < 0.28
    assert len(choose_maps(towns[:5], count=12, real_share=0.25, random=random)) == 5
