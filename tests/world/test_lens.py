"""Faults of the cameras: what is black, what is spotted, and who is left alone."""

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import policy_rig
from caravela.world.lens import FAULTS, Lens


@pytest.fixture
def images():
    rig = policy_rig()
    shape = (2, len(rig.cameras), rig.cameras[0].height, rig.cameras[0].width, 3)
    return np.random.default_rng(0).integers(30, 255, shape, dtype=np.uint8)


def soiled(images, fault, seed=0):
    lens = Lens(2, policy_rig())
    lens.set(1, fault, random=np.random.default_rng(seed))
    return lens.soil(images)


def test_a_clean_lens_hands_the_pictures_on(images):
    assert Lens(2, policy_rig()).soil(images) is images
    assert soiled(images, "none") is images


@pytest.mark.parametrize("fault", FAULTS[1:])
def test_a_fault_is_of_one_world_only(images, fault):
    before = images.copy()
    out = soiled(images, fault)
    assert (out[0] == images[0]).all() and (out[1] != images[1]).any()
    assert (images == before).all()  # the frame itself stays as it is


def test_one_camera_is_out_and_not_always_the_same(images):
    black = [tuple((soiled(images, "one_out", seed)[1] == 0).all((1, 2, 3))) for seed in range(12)]
    assert all(sum(each) == 1 for each in black) and len(set(black)) > 1


def test_only_the_front_camera_is_left(images):
    out = soiled(images, "front_only")
    assert (out[1, 0] == images[1, 0]).all() and (out[1, 1:] == 0).all()


def test_dirt_covers_a_part(images):
    changed = (soiled(images, "dirty")[1] != images[1]).any(-1).mean()
    assert 0.02 < changed < 0.9


def test_a_cropped_picture_is_black_at_its_rim(images):
    out = soiled(images, "cropped")
    assert (out[1, 0, 0] == 0).all() and (out[1, 0] != 0).any()


def test_what_comes_through_is_told_by_cell():
    lens = Lens(3, policy_rig())
    worlds = np.arange(3)
    assert lens.through(worlds, rows=12, columns=16) is None
    lens.set(1, "front_only", random=np.random.default_rng(0))
    through = lens.through(worlds, rows=12, columns=16)
    assert through.shape == (3, 4, 12, 16)
    assert (through[[0, 2]] == 1.0).all() and (through[1, 0] == 1.0).all() and (through[1, 1:] == 0.0).all()
    lens.set(1, "dirty", random=np.random.default_rng(0))
    spotted = lens.through(worlds[1:2], rows=12, columns=16)
    assert 0.0 < spotted.min() < spotted.max() == 1.0


def test_an_unknown_fault_is_named():
    with pytest.raises(CaravelaError, match="did you mean dirty"):
        Lens(1, policy_rig()).set(0, "dirt", random=np.random.default_rng(0))
