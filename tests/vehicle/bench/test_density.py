"""How much of what is shown is used: known for models that one can see through."""

import numpy as np

from caravela.core.types import KNOTS, policy_rig
from caravela.vehicle.bench.density import coarse, costs, measure, packed_bits, sources, told


def decide_by(read):
    """A model that goes as fast as `read` says of its pictures."""

    def decide(look):
        knots = np.zeros((1, 2, KNOTS, 2), np.float32)
        knots[..., 0] = read(look["images"].astype(np.float64))
        return {"knots": knots, "chosen": np.array([1])}

    return decide


def some_looks(count=4):
    draw = np.random.default_rng(0)
    return [
        {"images": draw.integers(0, 256, (1, 4, 5, 8, 8), dtype=np.uint8), "ego": np.array([[8.0, 0.0]], np.float32)} for _ in range(count)
    ]


COSTS = {"camera": 100.0, "channel": 5.0}


def test_only_what_the_model_looks_at_is_used():
    uses = measure(some_looks(), rig=policy_rig(), decide=decide_by(lambda images: 2.0 * (images[0, 2, 3, 0, 0] >= 128)), costs=COSTS)
    used = [(use.source.name, use.source.age_s) for use in uses if use.used_bits > 0.0]
    assert used == [("left", -0.2)]
    (use,) = (each for each in uses if each.used_bits > 0.0)
    assert use.depth == 1 and use.moved_m > 1.0, "one bit, the highest, tells 128 from below"
    assert use.operations == 5.0


def test_finer_looks_need_more_bits():
    looks = some_looks()
    depths = []
    for steps in (2, 16, 128):
        decide = decide_by(lambda images, steps=steps: 3.0 * (images[0, 0, 0, 0, 0] // (256 / steps)) / steps)
        depths.append(measure(looks, rig=policy_rig(), decide=decide, costs=COSTS)[0].depth)
    assert depths == sorted(depths) and depths[0] < depths[-1]


def test_a_model_that_looks_at_nothing_uses_nothing():
    uses = measure(some_looks(), rig=policy_rig(), decide=decide_by(lambda images: 1.0), costs=COSTS)
    found = told(uses, operations=1e6, inputs={"images": 100, "noise": 50})
    assert found["used_bits"] == 0 and found["shown_bits"] == 800.0, "noise is drawn, not seen"
    assert len(found["sources"]) == len(sources(policy_rig())) == 12


def test_bits_are_dropped_from_below_and_pack_smaller():
    picture = np.random.default_rng(0).integers(0, 256, (3, 32, 32), dtype=np.uint8)
    assert np.unique(coarse(picture, depth=2)).size == 4 and (coarse(picture, depth=8) == picture).all()
    sizes = [packed_bits(picture, depth=depth) for depth in (0, 2, 4, 8)]
    assert sizes[0] == 0.0 and sizes == sorted(sizes) and packed_bits(np.full_like(picture, 9), depth=8) < 1000.0


def test_a_camera_costs_its_share_of_vision_and_trunk():
    found = costs({"stem": 50.0, "rest": 150.0}, cameras=4, channels=5, tokens=0.5, trunk=400.0)
    assert found == {"camera": (200.0 + 200.0) / 4, "channel": 50.0 / 4 / 5}
