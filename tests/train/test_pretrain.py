"""The eyes first: what is filmed is paired with what is seen later in the same shot, and a run begins with eyes that were pretrained."""

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from caravela.commands._teacher import SHIPPED_TEACHER
from caravela.core.errors import CaravelaError
from caravela.model import foresight
from caravela.model.checkpoint import save_checkpoint
from caravela.model.presets import preset
from caravela.model.vla import VLA
from caravela.train.collect import CollectConfig
from caravela.train.filming import Film, FilmConfig
from caravela.train.pretrain import Pretrainer
from caravela.train.recipe import VLATrainConfig
from caravela.train.teacher_driver import load_teacher
from caravela.train.vla import VLATrainer
from caravela.world.maps.catalogue import load_town, towns

FILM = CollectConfig(worlds=3, maps=1, looks=12, label_every=1, nudge_every=1.0, weathers=("day",), weather_shares=(1.0,), fault_share=0.0)
REELS = FilmConfig(film=FILM, ahead=1, reels=2, draws=2.0)
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


@pytest.fixture(scope="module")
def teacher():
    return load_teacher(SHIPPED_TEACHER)


@pytest.fixture(scope="module")
def film(teacher):
    return Film([load_town(towns()[0])], teacher, config=REELS, seed=3)


def test_the_later_picture_goes_on_from_the_present_one(film):
    film.refresh()
    reel = film.shards["0"]
    known = reel.later >= 0
    last = np.zeros(len(known), dtype=np.bool_)
    last[-FILM.worlds :] = True  # nothing was filmed after these
    assert known.any() and not known[~last].all()  # some shots were cut
    images = reel.arrays["images"].astype(np.float64)
    now = np.moveaxis(images[known][:, :, :3], 2, -1) @ LUMA
    before_later = images[reel.later[known]][:, :, 3]  # 0.2 s before the later picture
    assert np.abs(now - before_later).max() < 2.0  # brightness is kept in whole numbers
    assert np.abs(now - images[reel.later[known]][:, :, 4]).mean() > 0.5  # and not just any picture


def test_a_new_reel_is_filmed_when_the_old_ones_have_been_looked_at_enough(film):
    first = film.refresh()
    drawn = 0
    while len(film.shards) < 2:
        batch = film.draw(8)
        drawn += len(batch)
        assert batch.knots is None and batch.later is not None and batch.later.shape == batch.images.shape
    assert abs(drawn - 2.0 * first) <= 16


def test_foresight_learns_and_its_slow_follower_does_not(film):
    model, slow = VLA(preset("nano")).eval(), VLA(preset("nano")).eval()
    batch = film.draw(4)
    ahead = foresight.Foresight(model.config)
    batch = replace(batch, later=batch.images, later_valid=torch.ones(4, dtype=torch.bool))
    told = foresight.losses(model, ahead, slow, batch, generator=torch.Generator().manual_seed(0), seen=batch.images)
    assert float(told["foresight"].detach()) > 0.1  # another model's tokens are not known untaught
    told["total"].backward()
    assert all(p.grad is not None for p in ahead.parameters())
    assert all(p.grad is None for p in slow.parameters())


def test_a_run_begins_with_the_eyes_that_were_pretrained_in_its_folder(teacher, tmp_path):
    config = VLATrainConfig(batch=4, half=False, warmup=1)
    graphs = [load_town(towns()[0])]
    eyes = Pretrainer(graphs, tmp_path, config, teacher=teacher, film=REELS)
    eyes.train(until=2)
    again = Pretrainer(graphs, tmp_path, config, teacher=teacher, film=REELS)
    assert again.step == 2
    for name, value in eyes.beside.state_dict().items():
        assert torch.equal(value, again.beside.state_dict()[name]), name
    run = VLATrainer(tmp_path, config)
    assert run.step == 0
    for name, value in eyes.average.vision.state_dict().items():
        assert torch.equal(value, run.model.vision.state_dict()[name]), name


def test_eyes_that_are_damaged_or_of_another_size_are_refused_in_a_sentence(tmp_path):
    eyes = tmp_path / "eyes" / "average.safetensors"
    save_checkpoint(eyes, VLA(preset("nano")), data_version="test", progress={"step": 3})
    with pytest.raises(CaravelaError, match="of the preset nano; expected se"):
        VLATrainer(tmp_path, VLATrainConfig(preset="se", half=False))
    eyes.write_bytes(b"no checkpoint")
    with pytest.raises(CaravelaError, match="damaged"):
        VLATrainer(tmp_path, VLATrainConfig(half=False))


def test_no_change_costs_nothing_to_foretell_whatever_the_light(teacher, film, tmp_path):
    config = VLATrainConfig(batch=4, half=False, relight=True)
    run = Pretrainer([load_town(towns()[0])], tmp_path, config, teacher=teacher, film=REELS)
    batch = film.draw(4)
    batch = replace(batch, later=batch.images, later_valid=torch.ones(4, dtype=torch.bool))
    told = run.learn(batch)
    assert float(told["still"]) == pytest.approx(0.0, abs=1e-6)
    assert float(told["foresight"]) > 0.0
