"""A sentence and a missing route speak to every block of the trunk; silence with a route to none."""

from dataclasses import replace

import pytest
import torch

from caravela.model.export import export_onnx
from caravela.model.presets import from_dial
from caravela.model.reopen import reopen
from caravela.model.shift import Shift
from caravela.model.trunk import Trunk
from caravela.model.vla import VLA

CONFIG = replace(from_dial("tiny", depth=2), shift_rank=6)


@pytest.fixture
def shift() -> Shift:
    torch.manual_seed(0)
    made = Shift(CONFIG)
    torch.nn.init.normal_(made.up.weight)
    return made


def test_silence_adds_nothing_and_a_sentence_alike_to_all_thoughts(shift):
    words = torch.randn(3, CONFIG.words_size)
    words[1] = 0.0
    added = shift(words, has_route=torch.ones(3, dtype=torch.bool))
    assert added.shape == (CONFIG.depth, 3, 1 + CONFIG.thoughts, CONFIG.embedding)
    assert not added[:, 1].any()
    assert added[:, 0].any()
    assert torch.equal(added[:, 0, 1], added[:, 0, -1])
    assert not torch.equal(added[:, 0, 0], added[:, 0, 1])


def test_a_missing_route_adds_its_own_whatever_is_said(shift):
    words = torch.randn(2, CONFIG.words_size)
    torch.nn.init.normal_(shift.no_route)
    with_route, without = (shift(words, has_route=torch.full((2,), has)) for has in (True, False))
    assert torch.allclose(without - with_route, (without - with_route)[:, :1].expand_as(without), atol=1e-5)
    assert torch.allclose((without - with_route)[:, 0, 0], shift.no_route[:, 0], atol=1e-5)


def test_a_new_one_adds_nothing():
    assert not Shift(CONFIG)(torch.randn(2, CONFIG.words_size), has_route=torch.zeros(2, dtype=torch.bool)).any()


def test_the_trunk_takes_them_into_its_last_tokens_before_every_block():
    torch.manual_seed(0)
    trunk = Trunk(16, depth=2, heads=2, ratio=2).eval()
    x, added = torch.randn(1, 5, 16), torch.randn(2, 1, 2, 16)
    first = x.clone()
    first[:, -2:] += added[0]
    second = trunk.blocks[0](first)
    second[:, -2:] += added[1]
    with torch.no_grad():
        assert torch.allclose(trunk(x, shift=added), trunk.norm(trunk.blocks[1](second)), atol=1e-6)
        assert torch.equal(trunk(x, shift=torch.zeros_like(added)), trunk(x))


def test_an_exported_driver_is_reopened_with_them(tmp_path):
    torch.manual_seed(0)
    model = VLA(CONFIG).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))  # equal weights are kept once
    export_onnx(model, tmp_path / "model.onnx", proposals=4)
    again = reopen(tmp_path).shift
    assert again is not None and model.shift is not None
    assert torch.allclose(again.up.weight, model.shift.up.weight, atol=1e-3)
