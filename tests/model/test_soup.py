"""A mixture of two drivers is each of them at its ends, and its norms are measured anew."""

import copy

import pytest
import torch
from conftest import synthetic_batch

from caravela.core.errors import BundleError
from caravela.model.presets import preset
from caravela.model.soup import mix
from caravela.model.vla import VLA


@pytest.fixture(scope="module")
def pair():
    torch.manual_seed(5)
    newer, older = VLA(preset("nano")), VLA(preset("nano"))
    older.begun_anew = frozenset(name for name, _ in older.named_parameters() if name.startswith("eyes.birds_eye."))
    return newer.eval(), older.eval()


def test_it_lies_between_the_two(pair):
    newer, older = pair
    before = newer.trunk.norm.weight.clone()
    images = [synthetic_batch(4, seed=seed).images for seed in range(2)]
    mixed = mix(newer, older, share=0.25, images=images)
    weight = lambda model: model.trunk.blocks[0].qkv.weight  # noqa: E731
    assert torch.allclose(weight(mixed), 0.25 * weight(newer) + 0.75 * weight(older), atol=1e-6)
    assert not torch.equal(weight(newer), weight(mixed)) and torch.equal(newer.trunk.norm.weight, before)
    assert mixed.config == newer.config and not mixed.training


def test_at_its_ends_it_is_one_of_the_two(pair):
    newer, older = pair
    images = synthetic_batch(6).images
    old, new = (mix(newer, older, share=share, images=[images]) for share in (0.0, 1.0))
    assert torch.allclose(old.vision(images), older.vision(images), atol=0.05)
    assert torch.allclose(new.vision(images), copy.deepcopy(newer).train().vision(images), atol=0.05), "with norms of what it sees"
    for mixed in (old, new):
        assert torch.equal(mixed.eyes.birds_eye.head.weight, newer.eyes.birds_eye.head.weight), "a head that the older file does not hold"
    assert torch.equal(old.eyes.bodies.weight, older.eyes.bodies.weight) and torch.equal(new.eyes.bodies.weight, newer.eyes.bodies.weight)


def test_its_norms_are_those_of_what_it_sees(pair):
    newer, older = pair
    images = synthetic_batch(6).images
    mixed = mix(newer, older, share=0.5, images=[images])
    calm = mixed.vision(images)
    assert torch.allclose(calm, mixed.train().vision(images), atol=0.05)


def test_another_architecture_is_refused(pair):
    with pytest.raises(BundleError, match="sizes"):
        mix(pair[0], VLA(preset("se")).eval(), share=0.5, images=[synthetic_batch(2).images])
