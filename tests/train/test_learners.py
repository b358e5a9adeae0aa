"""Learning in two processes: the gradient is the whole batch's, a loss that is no number stops both, and one that is killed ends the
other, says so, and loses nothing."""

import os
import shutil
import signal
from dataclasses import fields, replace
from functools import partial

import pytest

torch = pytest.importorskip("torch", reason="needs the extra `train`")

from caravela.core.errors import CaravelaError
from caravela.model.batch import Batch
from caravela.train import sharding
from caravela.train.learners import Learner, learn_together
from caravela.train.recipe import VLATrainConfig
from caravela.train.samples import ShardReader
from caravela.train.vla import VLATrainer

TINY = VLATrainConfig(batch=4, steps=6, warmup=1, half=False)


def rows(batch, chosen):
    """Some rows of a batch."""
    return Batch(**{f.name: value[chosen] for f in fields(batch) if (value := getattr(batch, f.name)) is not None})


def without_chance(trainer):
    """A model whose loss on some samples is the mean of the losses on each: no noise, nothing hidden, no batch's statistics."""
    config = trainer.model.config
    trainer.model.config = replace(config, ego_dropout=0.0, losses=replace(config.losses, flow=0.0))
    trainer.model.eval()
    return config


def life(folder, learner):
    """What each of the two does: a gradient, two steps, a bad batch in one of them, and the other is killed."""
    trainer = learner.in_turn(lambda: VLATrainer(folder, TINY, learner=learner))
    config = without_chance(trainer)
    whole = ShardReader(folder / "shards", seed=1).draw(TINY.batch)
    trainer.losses(rows(whole, slice(learner.index * trainer.share, (learner.index + 1) * trainer.share)))["total"].backward()
    gradient = {name: value.grad.clone() for name, value in trainer.model.named_parameters() if value.grad is not None}
    torch.save(gradient, folder / f"gradient-{learner.index}.pt")
    trainer.model.config = config
    trainer.model.train()
    trainer.train(until=2)
    torch.save(trainer.model.state_dict(), folder / f"weights-{learner.index}.pt")
    batch = trainer.reader.draw(trainer.share)
    if learner.index == 0:
        batch.knots[:] = torch.nan
    try:
        trainer.learn(batch)
    except CaravelaError as error:
        (folder / f"told-{learner.index}").write_text(str(error))
    learner.all_agree(True)
    if learner.index == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    learner.all_agree(True)


@pytest.fixture(scope="module")
def lived(shared_folder):
    """The run's folder when both have ended, what was said then, and the run's beginning."""
    alone = VLATrainer(shared_folder, TINY)
    with pytest.raises(CaravelaError) as said:
        learn_together(partial(life, shared_folder), count=2, kept=shared_folder / "last.safetensors")
    return shared_folder, str(said.value), alone


def test_the_gradient_of_two_is_that_of_the_whole_batch_in_one(lived):
    folder, _, alone = lived
    without_chance(alone)
    alone.losses(ShardReader(folder / "shards", seed=1).draw(TINY.batch))["total"].backward()
    expected = {name: value.grad for name, value in alone.model.named_parameters() if value.grad is not None}
    for index in (0, 1):
        got = torch.load(folder / f"gradient-{index}.pt")
        assert got.keys() == expected.keys() and len(got) > 50
        for name, value in expected.items():
            assert torch.allclose(got[name], value, rtol=1e-3, atol=1e-4 * float(value.abs().max())), name


def test_both_stop_at_a_loss_that_is_no_number_in_one(lived):
    assert all("loss became" in (lived[0] / f"told-{index}").read_text() for index in (0, 1))


def test_one_that_is_killed_ends_the_other_and_the_run_goes_on_from_what_was_saved(lived):
    folder, said, _ = lived
    assert "learner 2 of 2 was ended by SIGKILL" in said and "last.safetensors" in said and "same command" in said
    first, second = (torch.load(folder / f"weights-{index}.pt") for index in (0, 1))
    # each has the statistics of its own samples, of which the first one's are kept
    assert all(torch.equal(first[name], second[name]) for name in first if "running" not in name)
    again = VLATrainer(folder, TINY)
    assert again.step == 2
    for name, value in again.model.state_dict().items():
        assert torch.equal(value, first[name]), name
    again.train(until=3)
    assert again.step == 3


def test_a_batch_that_cannot_be_shared_is_refused():
    with pytest.raises(CaravelaError, match="give a number that divides 64"):
        Learner(count=3).share_of(64)


def sharded_life(folder, learner):
    """Two steps, each learner keeping its part; what is saved then."""
    trainer = learner.in_turn(lambda: VLATrainer(folder, TINY, learner=learner))
    trainer.spread()
    part = sum(sharding.local(value).numel() for value in trainer.learned)
    trainer.train(until=trainer.step + 2)
    (folder / f"part-{learner.index}").write_text(str(part))


def test_sharded_learners_keep_a_part_each_and_learn_what_others_do(tmp_path, shared_folder):
    """Beside two that are not sharded: the same weights, average and moments; sharded ones go on from them, and one alone does."""
    runs = {}
    for name, sharded in (("plain", False), ("sharded", True)):
        folder = tmp_path / name
        shutil.copytree(shared_folder, folder, ignore=shutil.ignore_patterns("last*", "average*", "optimiser*", "curve*"))
        learn_together(partial(sharded_life, folder), count=2, kept=folder / "last.safetensors", sharded=sharded)
        runs[name] = VLATrainer(folder, TINY)
    plain, sharded = runs["plain"], runs["sharded"]
    whole = sum(value.numel() for value in sharded.learned)
    parts = [int((sharded.folder / f"part-{index}").read_text()) for index in (0, 1)]
    assert sum(parts) == whole and max(parts) < 0.6 * whole and plain.step == sharded.step == 2
    for mine, theirs in ((plain.model, sharded.model), (plain.average, sharded.average)):
        for (name, a), b in zip(mine.named_parameters(), theirs.parameters(), strict=True):
            assert torch.allclose(a, b, atol=2e-5), name
    first = plain.optimiser.state_dict()["state"]
    second = sharded.optimiser.state_dict()["state"]
    assert any(state["exp_avg"].abs().max() > 0 for state in second.values())
    assert all(torch.allclose(state["exp_avg"], second[number]["exp_avg"], atol=1e-4) for number, state in first.items())
    folder = sharded.folder
    learn_together(partial(sharded_life, folder), count=2, kept=folder / "last.safetensors", sharded=True)  # it goes on, from whole files
    again = VLATrainer(folder, TINY)
    again.train(until=5)
    assert again.step == 5
