"""The driver's learning: a run that was stopped goes on where it was, with its optimiser."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import onnx

from caravela.commands._drivers import SHIPPED_DRIVER
from caravela.commands._train_soup import SoupOptions, run_soup
from caravela.core.errors import BundleError, CaravelaError
from caravela.model.checkpoint import BEGUN_WITH, load_checkpoint, save_checkpoint
from caravela.model.export import export_onnx
from caravela.model.presets import from_dial
from caravela.model.reopen import weights_digest
from caravela.model.vla import VLA
from caravela.train.collect import choose_maps
from caravela.train.recipe import VLATrainConfig, taken_up
from caravela.train.samples import ShardWriter
from caravela.train.vla import VLATrainer

TINY = VLATrainConfig(batch=4, steps=6, warmup=1)


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


def test_a_checkpoint_says_which_looks_it_learned_from(folder):
    run = VLATrainer(folder, TINY)
    version = load_checkpoint(folder / "last.safetensors").data_version
    assert version == run.data_version and version.startswith(f"{TINY.data_version}+")
    shard = next((folder / "shards").glob("shard-*"))
    shard.rename(shard.with_name(f"{shard.name}9"))
    assert VLATrainer(folder, TINY).data_version != version


def test_a_run_of_some_seconds_ends_with_its_lowest_learning_rate(folder):
    run = VLATrainer(folder, TINY)
    clock = iter(range(100))
    run.train(seconds=8.0, until=100, anneal=True, clock=lambda: float(next(clock)))
    assert 1 < run.step < 10
    assert run.optimiser.param_groups[0]["lr"] < 0.1 * TINY.learning_rate * (TINY.batch / 64) ** 0.5


def test_a_run_without_its_moments_warms_up_again(folder):
    VLATrainer(folder, TINY).train(until=3)
    again = VLATrainer(folder, replace(TINY, warmup=3))
    again.learn(again.reader.draw(TINY.batch))
    warm = again.optimiser.param_groups[0]["lr"]
    (folder / "optimiser.pt").unlink()
    cold = VLATrainer(folder, replace(TINY, warmup=3))
    cold.learn(cold.reader.draw(TINY.batch))
    assert cold.optimiser.param_groups[0]["lr"] == pytest.approx(warm / 3.0)
    cold.save()
    taken_up_again = VLATrainer(folder, replace(TINY, warmup=3))
    taken_up_again.learn(taken_up_again.reader.draw(TINY.batch))
    assert taken_up_again.optimiser.param_groups[0]["lr"] < 0.9 * warm


def test_a_loss_that_is_not_finite_leaves_the_checkpoint_alone(folder):
    run = VLATrainer(folder, TINY)
    run.train(until=2)
    batch = run.reader.draw(TINY.batch)
    batch.knots[:] = np.nan
    with pytest.raises(CaravelaError, match="last good checkpoint"):
        run.learn(batch)
    assert VLATrainer(folder, TINY).step == 2


def test_a_gradient_that_is_not_finite_stays_out_of_the_weights(folder):
    run = VLATrainer(folder, TINY)
    before = {name: value.clone() for name, value in run.model.named_parameters()}
    run.model.route_none.register_hook(lambda gradient: gradient * torch.nan)
    batch = run.reader.draw(TINY.batch)
    batch.has_route[0] = False
    with pytest.raises(CaravelaError, match="gradient became"):
        run.learn(batch)
    assert all(torch.equal(value, before[name]) for name, value in run.model.named_parameters())


def test_a_disk_that_fills_leaves_every_file_of_the_last_good_checkpoint(folder, full_disk):
    run = VLATrainer(folder, TINY)
    run.train(until=2)
    names = ("last.safetensors", "average.safetensors", "optimiser.pt")
    before = {name: (folder / name).read_bytes() for name in names}
    run.train(until=3)
    for name in names:
        (folder / name).write_bytes(before[name])
    # the average (23 MB) still finds room, the optimiser's moments, twice that, do not
    for limit in (1 << 20, (folder / "average.safetensors").stat().st_size + 4096):
        with full_disk(limit), pytest.raises(CaravelaError, match="stays"):
            run.save()
        assert {name: (folder / name).read_bytes() for name in names} == before
        assert not [*folder.glob("*part*"), *folder.glob(".*partial*")]
    again = VLATrainer(folder, TINY)
    assert again.step == 2
    again.train(until=4)


def test_a_shard_that_finds_no_room_is_told_and_finished_ones_stay(folder, full_disk):
    shard = next((folder / "shards").glob("shard-*"))
    writer = ShardWriter(folder / "shards", size=4)
    with full_disk(1 << 10), pytest.raises(CaravelaError, match="free some space"):
        writer.add({path.stem: np.load(path) for path in shard.glob("*.npy")})
    assert [path.name for path in (folder / "shards").iterdir()] == [shard.name]


@pytest.mark.parametrize("name", ["last.safetensors", "average.safetensors", "optimiser.pt"])
def test_a_damaged_file_of_a_run_is_refused_in_a_sentence(folder, name):
    VLATrainer(folder, TINY).train(until=1)
    whole = (folder / name).read_bytes()
    for damaged in (whole[: len(whole) // 2], b"", b"no checkpoint"):
        (folder / name).write_bytes(damaged)
        with pytest.raises(BundleError, match=rf"{name}.*damaged"):
            VLATrainer(folder, TINY)


def test_a_run_of_another_version_is_refused_in_a_sentence(folder, monkeypatch):
    run = VLATrainer(folder, TINY)
    run.train(until=1)
    torch.save(torch.optim.AdamW([torch.nn.Parameter(torch.zeros(2))]).state_dict(), folder / "optimiser.pt")
    with pytest.raises(BundleError, match=r"belongs to another model.*take it away"):
        VLATrainer(folder, TINY)
    save_checkpoint(folder / "last.safetensors", run.model, data_version="x")
    with pytest.raises(BundleError, match="does not say how far"):
        VLATrainer(folder, TINY)
    monkeypatch.setattr("caravela.model.checkpoint.VERSION", 0)
    save_checkpoint(folder / "last.safetensors", run.model, data_version="x", progress={"step": 1})
    monkeypatch.undo()
    with pytest.raises(BundleError, match="has version 0; this program reads version 1"):
        VLATrainer(folder, TINY)


def test_a_new_run_may_begin_with_the_driver_that_ships(folder):
    run = VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    run.train(until=1)
    assert run.step == 1
    moved = max(float((value - before[name]).abs().max()) for name, value in run.model.named_parameters() if value.ndim > 1)
    assert moved < 0.1  # it went on from there


def test_a_new_run_refuses_to_begin_with_a_driver_of_another_size(folder):
    with pytest.raises(BundleError, match="is of the preset nano; got ultra"):
        VLATrainer(folder, replace(TINY, preset="ultra"), begin_with=SHIPPED_DRIVER)
    assert not (folder / "last.safetensors").exists()


def test_a_run_that_is_there_refuses_another_beginning_and_another_size(folder, tmp_path):
    VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    assert VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER).step == 0  # the same command again goes on
    with pytest.raises(BundleError, match="trains the preset nano; got se"):
        VLATrainer(folder, replace(TINY, preset="se"))
    (folder / "last.safetensors").unlink()
    VLATrainer(folder, TINY)
    with pytest.raises(BundleError, match="did not begin with"):
        VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)


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


def test_a_run_that_is_taken_up_keeps_its_recipe(folder):
    asked = replace(TINY, learning_rate=5e-4, critic_from=0)
    assert taken_up(folder, asked) == asked
    VLATrainer(folder, asked)
    assert taken_up(folder, replace(TINY, steps=9)) == replace(asked, steps=9)


def test_a_run_remembers_which_driver_it_began_with(folder, tmp_path_factory):
    VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    VLATrainer(folder, TINY).save()  # taken up, and asked for no driver
    assert load_checkpoint(folder / "average.safetensors").progress[BEGUN_WITH] == weights_digest(SHIPPED_DRIVER)
    nothing = tmp_path_factory.mktemp("nothing")
    VLATrainer(nothing, TINY)
    assert load_checkpoint(nothing / "last.safetensors").progress[BEGUN_WITH] is None


def test_a_digest_is_of_the_weights_and_of_all_of_them(stranger, tmp_path):
    graph = onnx.load(stranger)
    graph.metadata_props[0].value += "x"
    onnx.save(graph, tmp_path / "card.onnx")
    assert weights_digest(tmp_path / "card.onnx") == weights_digest(stranger)
    last = max(graph.graph.initializer, key=lambda weight: len(weight.raw_data))
    last.raw_data = bytes([last.raw_data[0] ^ 1]) + last.raw_data[1:]
    onnx.save(graph, tmp_path / "weights.onnx")
    assert weights_digest(tmp_path / "weights.onnx") != weights_digest(stranger)


@pytest.fixture
def stranger(tmp_path):
    path = tmp_path / "stranger" / "model.onnx"
    export_onnx(VLA(from_dial("tiny", depth=1)), path)
    return path


def test_a_stranger_is_no_ingredient(folder, stranger, monkeypatch, capsys):
    monkeypatch.setattr("caravela.commands._train_soup.BATCH", 4)
    monkeypatch.setattr("caravela.commands._train_soup.BATCHES", 1)
    run = VLATrainer(folder, TINY, begin_with=SHIPPED_DRIVER)
    order = SoupOptions(folder / "average.safetensors", driver=SHIPPED_DRIVER, out=folder / "soup.safetensors")
    with pytest.raises(
        BundleError, match=f"{weights_digest(stranger)[:12]}.*began with {weights_digest(SHIPPED_DRIVER)[:12]}; give --driver"
    ):
        run_soup(replace(order, driver=stranger))
    run_soup(order)
    assert load_checkpoint(order.out).progress[BEGUN_WITH] == weights_digest(SHIPPED_DRIVER) and not capsys.readouterr().err
    save_checkpoint(order.checkpoint, run.average, data_version="x", progress={"step": 0, BEGUN_WITH: None})
    with pytest.raises(BundleError, match="began from nothing"):
        run_soup(order)
    save_checkpoint(order.checkpoint, run.average, data_version="x", progress={"step": 0})
    run_soup(order)
    assert (
        "does not say which driver its run began with" in capsys.readouterr().err and BEGUN_WITH not in load_checkpoint(order.out).progress
    )


def test_two_checkpoints_of_one_run_are_mixed_heads_and_all(folder, monkeypatch):
    monkeypatch.setattr("caravela.commands._train_soup.BATCH", 4)
    monkeypatch.setattr("caravela.commands._train_soup.BATCHES", 1)
    run = VLATrainer(folder, TINY)
    older = folder / "older.safetensors"
    older.write_bytes((folder / "average.safetensors").read_bytes())
    with torch.no_grad():
        for parameter in run.average.parameters():
            parameter.add_(0.01)
    run.save()
    order = SoupOptions(folder / "average.safetensors", older=older, share=0.25, out=folder / "soup.safetensors")
    run_soup(order)
    one, other, mixed = (load_checkpoint(path).model.state_dict() for path in (order.checkpoint, older, order.out))
    learnt = [name for name in one if name.startswith(("eyes.", "trunk.")) and not torch.equal(one[name], other[name])]
    assert any(name.startswith("eyes.") and not name.startswith("eyes.facts.") for name in learnt)
    for name in learnt:
        assert torch.allclose(mixed[name], torch.lerp(other[name], one[name], 0.25), atol=1e-6), name
    with pytest.raises(CaravelaError, match="give one of them"):
        run_soup(replace(order, driver=SHIPPED_DRIVER))
    save_checkpoint(older, run.average, data_version="x", progress={"step": 0, BEGUN_WITH: "another"})
    with pytest.raises(BundleError, match="one that goes on from the other"):
        run_soup(order)
