"""One part learnt alone: it changes, all else stays, and who does not need it gets what he got before."""

import itertools
import shutil

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._train_tune import PART_NAMES, TuneOptions, run_tune
from caravela.core.bundle import OUTPUTS
from caravela.core.errors import CaravelaError
from caravela.core.sampling import proposal_noise
from caravela.core.types import KNOTS, ROUTE_POINTS
from caravela.model.batch import BEV_COLUMNS, BEV_ROWS, DEPTH_COLUMNS, DEPTH_ROWS
from caravela.model.checkpoint import load_checkpoint, save_checkpoint
from caravela.model.export import example_inputs, export_onnx
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
            "bev": random.integers(0, 5, (COUNT, BEV_ROWS, BEV_COLUMNS), dtype=np.uint8),
            "lamps": random.integers(0, 4, (COUNT, CONFIG.cameras, *CONFIG.cells), dtype=np.uint8),
            "light": random.integers(0, 4, COUNT, dtype=np.int64),
            "stop_distance": random.uniform(5.0, 80.0, COUNT).astype(np.float32),
            "lead": random.uniform(1.0, 10.0, (COUNT, 2)).astype(np.float32),
            "lane": random.normal(0.0, 0.5, (COUNT, 2)).astype(np.float32),
            **{f"{name}_valid": np.ones(COUNT, dtype=np.bool_) for name in ("light", "stop", "lead", "lane")},
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


def tuned(looks, part, *, steps=3, **options):
    """A tuner of the made-up driver after some steps, and the losses of the last ones."""
    model = load_checkpoint(looks / "driver.safetensors").model
    tuner = Tuner(model, PARTS[part], ShardReader(looks / "shards", weigh=PARTS[part].weigh), batch=8, **options)
    clock = itertools.count()
    return tuner, tuner.train(seconds=2.0 * steps, told=lambda _: None, clock=lambda: next(clock))


@pytest.mark.parametrize(
    ("part", "reads", "does_not"),
    [("no-route", {"has_route": False}, {"spoken": True}), ("words", {"spoken": True}, {"has_route": False}), ("sight", None, {})],
)
def test_only_the_part_changes_and_only_for_who_reads_it(looks, part, reads, does_not):
    old, (tuner, _) = load_checkpoint(looks / "driver.safetensors").model, tuned(looks, part)
    before, after = old.state_dict(), tuner.model.state_dict()
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved == {name for name in before if name.startswith(PARTS[part].learned)}
    for name in ("knots", "values", "risk", "light"):
        assert torch.equal(getattr(outputs(old, looks, **does_not), name), getattr(outputs(tuner.model, looks, **does_not), name)), name
    if reads is not None:
        assert not torch.equal(outputs(old, looks, **reads).knots, outputs(tuner.model, looks, **reads).knots)
    else:
        assert not torch.equal(outputs(old, looks).bodies, outputs(tuner.model, looks).bodies)


def test_exported_too_silence_plans_as_before(looks, tmp_path):
    old, (tuner, _) = load_checkpoint(looks / "driver.safetensors").model, tuned(looks, "words")
    sessions = []
    for name, model in (("old", old), ("new", tuner.model)):
        export_onnx(model, tmp_path / name / "model.onnx", proposals=4)
        sessions.append(onnxruntime.InferenceSession(str(tmp_path / name / "model.onnx")))
    inputs = {name: value.numpy() for name, value in example_inputs(old, proposals=4).items()}
    silent = inputs | {"words": np.zeros_like(inputs["words"])}
    for one, other in zip(*(session.run(list(OUTPUTS), silent) for session in sessions), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(*(session.run(["knots"], inputs)[0] for session in sessions))


def cost(tuner):
    """What the part is learnt by, on the same looks and noise every time."""
    tuner._chance.manual_seed(0)
    tuner.reader.random = np.random.default_rng(5)
    with torch.no_grad():
        several = [tuner._losses(tuner._draw()) for _ in range(4)]
    return sum(tuner.part.losses[name] * float(value) for losses in several for name, value in losses.items())


@pytest.mark.parametrize("part", PARTS)
def test_what_is_learnt_costs_less(looks, part):
    tuner, _ = tuned(looks, part, steps=1, learning_rate=1e-2)
    before = cost(tuner)
    for _ in range(40):
        tuner.learn(share=0.5)
    assert cost(tuner) < before


def test_a_tuning_that_was_stopped_goes_on(looks, tmp_path, monkeypatch):
    monkeypatch.setattr("caravela.train.tune.SAVE_EVERY_S", 2.0)
    kept, part = tmp_path / "half.pt", PARTS["words"]
    spent = []

    def tuner():
        model = load_checkpoint(looks / "driver.safetensors").model
        return Tuner(model, part, ShardReader(looks / "shards", weigh=part.weigh), batch=8)

    first, ticks = tuner(), iter(range(100))

    def stopped_at_nine():
        if (now := next(ticks)) >= 9:
            raise KeyboardInterrupt
        return now

    with pytest.raises(KeyboardInterrupt):
        first.train(seconds=1000.0, told=lambda _: None, clock=stopped_at_nine, kept=kept)
    again, clock = tuner(), itertools.count()
    monkeypatch.setattr(again, "learn", lambda *, share: (spent.append(share), {"flow": 0.0})[1])
    again.train(seconds=8.0, told=lambda _: None, clock=lambda: next(clock), kept=kept)
    assert 0 < again.step <= first.step and spent[0] > 0.5 and len(spent) < 8
    assert any(not torch.equal(a, b) for a, b in zip(again.learned, tuner().learned, strict=True))
    other = Tuner(load_checkpoint(looks / "driver.safetensors").model, PARTS["sight"], ShardReader(looks / "shards"), batch=8)
    with pytest.raises(CaravelaError, match="left by another tuning"):
        other.train(seconds=1.0, told=lambda _: None, kept=kept)


def test_words_are_talked_over_silence_and_a_second_tuning_adds_no_second_shift(looks):
    tuner, _ = tuned(looks, "words", steps=1)
    assert tuner._draw().words.any(1).all()
    again = Tuner(tuner.model, PARTS["words"], ShardReader(looks / "shards"), batch=8)
    assert again.model is tuner.model


def test_the_losses_that_are_told_are_the_last_ones(looks):
    tuner, _ = tuned(looks, "sight", steps=1)
    assert tuner.step == 1
    rows = iter({"depth": float(k), "bodies": 1.0} for k in range(100))
    tuner.learn = lambda *, share: next(rows)
    clock = itertools.count()
    assert tuner.train(seconds=60.0, told=lambda _: None, clock=lambda: next(clock))["depth"] > 15.0


def test_the_command_knows_the_parts():
    assert set(PART_NAMES) == set(PARTS)


def test_only_looks_that_teach_are_drawn(looks):
    reader = ShardReader(looks / "shards", weigh=PARTS["no-route"].weigh)
    batch = reader.draw(20, spread=1)
    assert len(batch) == 20, "more than there are: some come twice"
    assert not batch.has_route.any()


def test_it_is_run_and_says_in_the_checkpoint_what_was_done(looks, tmp_path):
    out = tmp_path / "tuned.safetensors"
    told = run_tune(TuneOptions("sight", looks / "driver.safetensors", minutes=0.001, batch=4, out=out))
    progress = load_checkpoint(out).progress
    assert progress["step"] == 7
    assert [(each["part"], each["steps"], each["seed"]) for each in progress["tuned"]] == [("sight", told["steps"], 0)]


def test_what_cannot_be_learnt_is_told_in_a_sentence(looks, tmp_path):
    driver, out = looks / "driver.safetensors", tmp_path / "out.safetensors"
    for options, said in (
        (TuneOptions("noroute", driver), "did you mean no-route"),
        (TuneOptions("sight", driver, shards=tmp_path / "none", out=out), "there is no folder"),
        (TuneOptions("sight", driver, shards=tmp_path, out=out), "no look in"),
        (TuneOptions("sight", driver, minutes=float("inf"), out=out), "--minutes is inf"),
        (TuneOptions("sight", driver, learning_rate=2.0, out=out), "--learning-rate is 2"),
        (TuneOptions("sight", driver, out=driver), "itself"),
        (TuneOptions("sight", driver, out=tmp_path), "cannot write"),
    ):
        with pytest.raises(CaravelaError, match=said):
            run_tune(options)


def test_shards_without_what_a_part_needs_are_named(looks, tmp_path):
    shutil.copytree(looks / "shards", tmp_path / "shards")
    (tmp_path / "shards" / "shard-000000" / "bodies.npy").unlink()
    with pytest.raises(CaravelaError, match="shard-000000' holds no bodies, which 'sight' is learnt from"):
        run_tune(TuneOptions("sight", looks / "driver.safetensors", shards=tmp_path / "shards", out=tmp_path / "o.safetensors"))


def test_a_gradient_that_is_no_number_never_reaches_the_weights(looks):
    tuner, _ = tuned(looks, "sight", steps=1)
    before = [value.detach().clone() for value in tuner.learned]
    tuner._losses = lambda batch: {"depth": tuner.learned[0].sum() * float("nan")}
    with pytest.raises(CaravelaError, match="give a smaller --learning-rate"):
        tuner.learn(share=0.0)
    assert all(torch.equal(one, other) for one, other in zip(before, tuner.learned, strict=True))
