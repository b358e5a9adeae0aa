"""What the cameras draw: the same whoever draws it, the same whatever the number of threads, and what truth says of it."""

import platform
import re

import numba
import numpy as np
import pytest
from numba import njit

from caravela.core.errors import CaravelaError
from caravela.core.types import Camera, Rig
from caravela.world import sky
from caravela.world.cameras import SEMANTIC_NAMES, Cameras
from caravela.world.kernels import grid, render
from caravela.world.kernels.scalar import allocating
from caravela.world.scene import Scene
from caravela.world.simulator import Simulator
from caravela.world.weather import PRESETS, preset

OPTIONS = {"fastmath": True, "error_model": "numpy", "_nrt": False}  # of kernels.scalar
RIG = Rig(
    (
        Camera(name="front", position=(1.6, 0.0, 1.4), yaw=0.0, pitch=-0.05, fov=1.7, width=64, height=48),
        Camera(name="left", position=(0.4, 0.7, 1.3), yaw=1.4, pitch=-0.05, fov=1.7, width=64, height=48),
    )
)


@pytest.fixture(scope="module")
def drives(towns, atlas):
    """One drive in each weather, in traffic, seen by two small cameras."""
    simulator = Simulator(atlas, batch=len(PRESETS), rig=RIG, traffic="dense", scene=Scene.build(towns))
    simulator.reset(seed=3)
    simulator.state.weather[:] = [preset(name) for name in PRESETS]
    return simulator


@allocating
def draw_in_disorder(scene, state, environment, cameras, worlds, own, lists, canvas):
    """The passes of a GPU with the threads of each pass in an order of their own."""
    views, height, width = canvas.depth.shape
    each = cameras.shape[0]
    for task in range(views - 1, -1, -1):
        grid.gather_task(task, scene, state, environment, cameras, worlds, own, lists, canvas)
    for i in range(width):
        for task in range(views):
            for j in range(height - 1, -1, -1):
                grid.pixel_task(task, j, i, scene, state, environment, each, worlds, lists, canvas)
    for j in range(height):
        for task in range(views - 1, -1, -1):
            for i in range(width):
                grid.lamp_task(task, j, i, environment, each, worlds, lists, canvas)
    for i in range(width - 1, -1, -1):
        for task in range(views):
            grid.column_task(task, i, environment, each, worlds, lists, canvas)


def drawn_by_a_grid(simulator):
    """Canvas of the drives, drawn as a GPU draws them."""
    cameras, state = simulator.cameras, simulator.state
    arrays = state.arrays()
    views = simulator.batch * len(RIG.cameras)
    lists = grid.Lists(**{name: np.empty(*form) for name, form in grid.Lists.shapes(views).items()})
    shapes = grid.Canvas.shapes(views, RIG.height, RIG.width, state.agents.shape[1], state.lamp.shape[1])
    canvas = grid.Canvas(**{name: np.zeros(*form) for name, form in shapes.items()})
    environment = sky.environments(state.weather, time=state.time)
    moving = grid.Moving(arrays.agents, arrays.worlds, arrays.lamp)
    worlds = np.arange(simulator.batch, dtype=np.int32)
    draw_in_disorder(cameras.scene.arrays, moving, environment, cameras._cameras, worlds, 0, lists, canvas)
    return canvas


@pytest.fixture(scope="module")
def truth(drives):
    return drives.cameras.render_truth(drives.state)


@pytest.fixture(scope="module")
def canvas(drives):
    return drawn_by_a_grid(drives)


def test_a_grid_of_threads_draws_the_same_frames_as_the_loops_of_the_cpu(truth, canvas):
    off = np.abs(canvas.image.reshape(truth.images.shape).astype(int) - truth.images)
    assert (off > 1).mean() < 2e-4  # both round: an edge may fall to the other side of a pixel
    assert off.mean() < 0.01


def test_a_grid_of_threads_finds_the_same_truth(truth, canvas):
    assert (canvas.what.reshape(truth.semantics.shape) != truth.semantics).mean() < 2e-4
    depth = canvas.depth.reshape(truth.depth.shape)
    assert (np.abs(depth - truth.depth) > 1e-3 * truth.depth).mean() < 2e-4
    agents, links = truth.visible_pixels.shape[1], truth.lamp_pixels.shape[1]
    seen = canvas.visible.reshape(*truth.images.shape[:2], agents).sum(axis=1)
    np.testing.assert_allclose(seen, truth.visible_pixels, atol=1.01)
    lamps = canvas.area.reshape(*truth.images.shape[:2], links).sum(axis=1)
    np.testing.assert_allclose(lamps, truth.lamp_pixels, rtol=1e-3, atol=1e-3)


def test_the_drives_show_something_of_everything(truth):
    shown = {SEMANTIC_NAMES[k] for k in np.unique(truth.semantics)}
    assert {"sky", "terrain", "road", "paint", "building", "vehicle"} <= shown
    assert truth.visible_pixels.sum() > 0


def test_frames_do_not_depend_on_the_number_of_threads(drives, truth):
    threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        assert np.array_equal(drives.cameras.render(drives.state), truth.images)
    finally:
        numba.set_num_threads(threads)


def test_some_worlds_drawn_alone_look_as_they_do_among_the_others(drives, truth):
    chosen = np.array([4, 1], np.int32)
    assert np.array_equal(drives.cameras.render(drives.state, worlds=chosen), truth.images[chosen])


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="looks for the vector instructions of x86")
@pytest.mark.parametrize("name", ["cast_facet", "paint_sky", "develop"])
def test_inner_loops_compile_to_vector_instructions(name):
    one, many, whole = np.float32(1.0), np.ones(48, np.float32), np.ones(48, np.int32)
    arguments = {
        "cast_facet": (many, many, one, np.int32(0), np.int32(1), many, whole),
        "paint_sky": (many, many, one, 16, many),
        "develop": (one, many, np.ones(48, np.uint8)),
    }[name]
    loop = njit(**OPTIONS)(getattr(render, name).py_func)
    loop(*arguments)
    (assembly,) = loop.inspect_asm().values()
    assert re.search(r"\bv?(?:mul|fmadd\d+)ps\b.*[xyz]mm", assembly), f"{name} is done one pixel at a time"


def test_a_device_that_is_none_is_refused_with_a_sentence(drives):
    with pytest.raises(CaravelaError, match="unknown device 'gpu'"):
        Cameras(drives.cameras.scene, RIG, device="gpu")


def test_without_a_gpu_the_cameras_say_so_and_name_the_way_out(drives, monkeypatch):
    cuda = pytest.importorskip("numba.cuda")
    monkeypatch.setattr(cuda, "is_available", lambda: False)
    with pytest.raises(CaravelaError, match="device='cpu'"):
        Cameras(drives.cameras.scene, RIG, device="cuda")
