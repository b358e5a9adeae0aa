"""The camera kernels for a GPU: they compile to PTX on any machine that has NVVM, without 64-bit floats, and draw where there is a GPU."""

import re

import numba
import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import Camera, Rig
from caravela.world import sky
from caravela.world.cameras import Cameras
from caravela.world.kernels import grid
from caravela.world.on_device import DeviceWorlds
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator

cuda = pytest.importorskip("numba.cuda", reason="needs Numba's CUDA target (extra `cuda` or `dev`)")
RIG = Rig((Camera(name="front", position=(1.6, 0.0, 1.4), yaw=0.0, pitch=-0.05, fov=1.7, width=64, height=48),))


@pytest.fixture(scope="module")
def drive(crossing_atlas):
    from crossroads import crossroads

    simulator = Simulator(crossing_atlas, batch=2, rig=RIG, traffic="light", scene=Scene.build([crossroads()]))
    simulator.reset(seed=1)
    return simulator


def signature(simulator):
    """Types of what a pass is launched with."""
    cameras, state, arrays = simulator.cameras, simulator.state, simulator.state.arrays()
    shapes = grid.Canvas.shapes(2, RIG.height, RIG.width, state.agents.shape[1], state.lamp.shape[1])
    arguments = (
        cameras.scene.arrays,
        grid.Moving(arrays.agents, arrays.worlds, arrays.lamp),
        sky.environments(state.weather, time=state.time),
        cameras._cameras,
        np.arange(2, dtype=np.int32),
        0,
        grid.Lists(**{name: np.empty(*form) for name, form in grid.Lists.shapes(2).items()}),
        grid.Canvas(**{name: np.empty(*form) for name, form in shapes.items()}),
    )
    return tuple(numba.typeof(argument) for argument in arguments)


@pytest.mark.parametrize("name", ["gather_views", "draw_pixels", "draw_lamps", "finish_columns"])
def test_a_pass_compiles_for_the_gpu_without_64_bit_floats(hopper, drive, name):
    from caravela.world.kernels import cuda_render

    ptx, _ = cuda.compile_ptx(getattr(cuda_render, name), signature(drive), cc=hopper, fastmath=True)
    assert ".target sm_90" in ptx
    assert ".visible .entry" in ptx and name in ptx
    assert not re.findall(r"^\s*(?:add|sub|mul|fma|div|sqrt|cvt)\S*\.f64.*", ptx, re.MULTILINE)


@pytest.mark.gpu
def test_the_gpu_draws_what_the_cpu_draws(drive):
    if not cuda.is_available():
        pytest.skip("needs an NVIDIA GPU with a driver")
    ours = drive.cameras.render_truth(drive.state)
    theirs = Cameras(drive.cameras.scene, RIG, device="cuda").render_truth(drive.state)
    off = np.abs(theirs.images.astype(int) - ours.images)
    assert (off > 2).mean() < 1e-3
    assert (theirs.semantics != ours.semantics).mean() < 1e-3
    np.testing.assert_allclose(theirs.visible_pixels, ours.visible_pixels, atol=2)


@pytest.mark.gpu
def test_worlds_on_the_gpu_are_drawn_there(drive):
    if not cuda.is_available():
        pytest.skip("needs an NVIDIA GPU with a driver")
    cameras = Cameras(drive.cameras.scene, RIG, device="cuda")
    expected = cameras.render(drive.state)
    for part, images in cameras.draw_on_device(DeviceWorlds(drive.atlas, drive.state)):
        assert np.array_equal(images.copy_to_host().reshape(expected[part].shape), expected[part])


def test_cameras_of_the_cpu_draw_no_worlds_on_a_gpu(drive):
    with pytest.raises(CaravelaError, match="device='cuda'"):
        next(drive.cameras.draw_on_device(None))
