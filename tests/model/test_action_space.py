"""Scaled knots go there and back, alike in torch and numpy, and the loop-free integration is the shared one."""

import numpy as np
import torch

from caravela.core import kinematics
from caravela.core.types import KNOTS
from caravela.model.action_space import curvature_scale, denormalise, integrate, normalise, paced


def _knots(size: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    knots = random.uniform(-1.0, 1.0, (size, KNOTS, 2)).astype(np.float32) * np.array([4.0, 0.05], np.float32)
    return knots, random.uniform(0.0, 30.0, size).astype(np.float32)


def test_denormalise_inverts_normalise_at_every_speed():
    knots, speed = _knots(200)
    knots[..., 1] = knots[..., 1] / 0.05 * 2.0 / (25.0 + speed[:, None] ** 2)  # bends that are drivable at that speed
    knots[..., 0] = np.abs(knots[..., 0])  # braking to a halt makes those bends too slow to scale
    scaled = normalise(knots, speed=speed)
    inside = (np.abs(scaled) < 3.99).all((1, 2))
    assert inside.sum() > 50
    np.testing.assert_allclose(denormalise(scaled, speed=speed)[inside], knots[inside], atol=1e-5)


def test_torch_and_numpy_agree():
    knots, speed = _knots(50)
    scaled = normalise(knots, speed=speed)
    in_torch = normalise(torch.from_numpy(knots), speed=torch.from_numpy(speed))
    np.testing.assert_allclose(in_torch.numpy(), scaled, atol=1e-5)
    back = denormalise(torch.from_numpy(scaled), speed=torch.from_numpy(speed))
    np.testing.assert_allclose(back.numpy(), denormalise(scaled, speed=speed), atol=1e-6)


def test_a_slow_turn_after_braking_is_scaled_by_the_slow_speed():
    acceleration = np.full((1, KNOTS), -3.0, np.float32)
    scale = curvature_scale(acceleration, speed=np.array([10.0], np.float32))[0]
    assert scale[0] < 0.03 and scale[-1] == np.float32(0.1)


def test_denormalised_knots_are_within_what_a_car_can_do():
    wild = torch.randn(100, KNOTS, 2) * 50.0
    knots = denormalise(wild, speed=torch.rand(100) * 30.0)
    low, high = kinematics.ACCELERATION_RANGE
    assert knots[..., 0].min() >= low and knots[..., 0].max() <= high
    assert knots[..., 1].abs().max() <= kinematics.CURVATURE_MAX


def test_integrate_is_the_shared_kinematics_also_when_the_car_stops_and_starts():
    knots, speed = _knots(300, seed=1)
    knots[:100, :4, 0], knots[:100, 4:, 0], speed[:100] = -4.0, 2.0, speed[:100] / 6.0
    trajectory, speeds = kinematics.integrate(knots, speed=speed)
    ours = integrate(torch.from_numpy(knots), speed=torch.from_numpy(speed)).numpy()
    np.testing.assert_allclose(ours[..., :3], trajectory, atol=2e-3)
    np.testing.assert_allclose(ours[..., 3], speeds, atol=1e-4)
    with torch.autocast("cpu", torch.bfloat16):
        inside = integrate(torch.from_numpy(knots), speed=torch.from_numpy(speed)).numpy()
    np.testing.assert_array_equal(inside, ours)


def test_another_pace_keeps_the_way():
    knots, speed = torch.zeros(1, KNOTS, 2), torch.tensor([9.0])
    knots[..., 1] = torch.linspace(0.0, 0.08, KNOTS)
    there = integrate(knots, speed=speed)[0]
    for change in (-1.0, -3.0, -7.0):
        slower = integrate(paced(knots, change, speed=speed), speed=speed)[0]
        apart = torch.cdist(slower[:, :2], there[:, :2]).amin(1)
        assert apart.max() < 0.51  # m: points of the way are 0.9 m apart
        assert slower[-1, 3] < there[-1, 3] + 0.9 * 4.0 * change or slower[-1, 3] == 0.0
    assert torch.equal(paced(knots, 0.0, speed=speed)[..., 0], knots[..., 0])
    torch.testing.assert_close(paced(knots, 0.0, speed=speed), knots, atol=1e-4, rtol=0.0)


def test_a_standing_plan_at_another_pace_is_finite():
    knots = torch.zeros(2, KNOTS, 2)
    for change in (-5.0, 1.0):
        assert paced(knots, change, speed=torch.zeros(2)).isfinite().all()
