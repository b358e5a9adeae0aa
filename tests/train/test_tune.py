"""One part learnt alone: it changes, all else stays, and who does not need it gets what he got before."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._train_tune import TuneOptions, run_tune
from caravela.core.errors import CaravelaError
from caravela.core.sampling import proposal_noise
from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.model.batch import DEPTH_COLUMNS, DEPTH_ROWS
from caravela.model.checkpoint import load_checkpoint, save_checkpoint
from caravela.model.presets import from_dial
from caravela.model.vla import VLA
from caravela.train.samples import ShardReader, ShardWriter
from caravela.train.tune import PARTS, Tuner

COUNT = 24
CONFIG = from_dial("tiny", depth=1)


@pytest.fixture(scope="module")
def looks(tmp_path_factory):
    """A third each: without a route, spoken to, and neither."""
    folder, random = tmp_path_factory.mktemp("looks"), np.random.default_rng(0)
    writer = ShardWriter(folder / "shards", size=COUNT)
    words = random.normal(0.0, 0.05, (COUNT, CONFIG.words_size)) * (np.arange(COUNT) % 3 == 1)[:, None]
    cells = (COUNT, CONFIG.cameras, DEPTH_ROWS, DEPTH_COLUMNS)
    writer.add(
        {
            "images": random.integers(0, 256, (COUNT, CONFIG.cameras, CONFIG.channels, CONFIG.height, CONFIG.width), dtype=np.uint8),
            "ego": (random.uniform(0.0, 10.0, (COUNT, 3)) * (1.0, 0.0, 0.0)).astype(np.float32),
            "route": random.normal(0.0, 20.0, (COUNT, ROUTE_POINTS, 2)).astype(np.float32),
            "has_route": np.arange(COUNT) % 3 != 0,
            "words": words.astype(np.float16),
            "knots": random.normal(0.0, 0.1, (COUNT, KNOTS, 2)).astype(np.float32),
            "knots_valid": np.ones(COUNT, dtype=np.bool_),
            "proposals": random.normal(0.0, 0.1, (COUNT, 3, KNOTS, 2)).astype(np.float32),
            "returns": random.uniform(0.0, 1.0, (COUNT, 3)).astype(np.float32),
            "failed": random.integers(0, 2, (COUNT, 3)).astype(np.float32),
            "outcomes_valid": np.ones((COUNT, 3), dtype=np.bool_),
            "depth": random.uniform(1.0, 40.0, cells).astype(np.float32),
            "bodies": random.integers(0, 4, cells, dtype=np.uint8),
        }
    )
    torch.manual_seed(0)
    save_checkpoint(folder / "driver.safetensors", VLA(CONFIG), data_version="made up", progress={"step": 7})
    return folder


def outputs(model, looks, *, has_route=True, spoken=False):
    batch = ShardReader(looks / "shards").draw(8)
    words = torch.full((len(batch), CONFIG.words_size), 0.05) * spoken
    noise = torch.from_numpy(proposal_noise(proposals=4, seed=0))
    route = torch.full((len(batch),), has_route)
    with torch.no_grad():
        return model.sample_actions(batch.images, ego=batch.ego, route=batch.route, has_route=route, words=words, noise=noise)


@pytest.mark.parametrize(
    ("part", "reads", "does_not"),
    [("no-route", {"has_route": False}, {"spoken": True}), ("words", {"spoken": True}, {"has_route": False})],
)
def test_only_who_needs_the_part_drives_otherwise(looks, tmp_path, part, reads, does_not):
    before, out = looks / "driver.safetensors", tmp_path / "tuned.safetensors"
    run_tune(TuneOptions(part, before, minutes=0.02, batch=8, out=out))
    old, new = load_checkpoint(before).model, load_checkpoint(out).model
    assert not torch.equal(outputs(old, looks, **reads).knots, outputs(new, looks, **reads).knots)
    for name in ("knots", "values", "light", "bodies"):
        assert torch.equal(getattr(outputs(old, looks, **does_not), name), getattr(outputs(new, looks, **does_not), name)), name


def test_sight_changes_nothing_that_drives(looks, tmp_path):
    before, out = looks / "driver.safetensors", tmp_path / "tuned.safetensors"
    told = run_tune(TuneOptions("sight", before, minutes=0.02, batch=8, out=out))
    old, new = outputs(load_checkpoint(before).model, looks), outputs(load_checkpoint(out).model, looks)
    assert torch.equal(old.knots, new.knots)
    assert torch.equal(old.values, new.values)
    assert not torch.equal(old.bodies, new.bodies)
    progress = load_checkpoint(out).progress
    assert progress["step"] == 7
    assert progress["tuned"] == [{"part": "sight", "steps": told["steps"]}]


def test_what_is_learnt_costs_less(looks):
    torch.manual_seed(1)
    tuner = Tuner(VLA(CONFIG), PARTS["sight"], ShardReader(looks / "shards"), batch=COUNT, learning_rate=2e-2)
    first = tuner.learn(share=0.0)
    last = [tuner.learn(share=0.0) for _ in range(40)][-1]
    assert last["depth"] < 0.8 * first["depth"]


def test_only_looks_that_teach_are_drawn(looks):
    reader = ShardReader(looks / "shards", weigh=PARTS["no-route"].weigh)
    batch = reader.draw(6, spread=1)
    assert len(batch) == 6
    assert not batch.has_route.any()


def test_a_folder_without_such_looks_and_an_unknown_part_are_told(looks, tmp_path):
    with pytest.raises(CaravelaError, match="expected no-route, words, sight"):
        run_tune(TuneOptions("brakes", looks / "driver.safetensors"))
    with pytest.raises(CaravelaError, match="no look in"):
        run_tune(TuneOptions("sight", looks / "driver.safetensors", shards=tmp_path / "none", out=tmp_path / "o.safetensors"))
