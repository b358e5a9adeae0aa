"""Maps and atlases that the tests of the world share; each is built once a run."""

import os
from pathlib import Path

import pytest

pytest.register_assert_rewrite("crossroads")
DATA = Path(os.environ.get("CARAVELA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
TOWNS = ("alderton", "brookmere", "dunmore")  # right-hand with every kind of control, left-hand with roundabouts, a grid of lights


@pytest.fixture(scope="session")
def towns():
    """Three of the towns that ship."""
    from caravela.world.maps.catalogue import load_town

    return [load_town(name) for name in TOWNS]


@pytest.fixture(scope="session")
def atlas(towns):
    """The three towns as kernels read them."""
    from caravela.world import atlas

    return atlas.build(towns)


@pytest.fixture(scope="session")
def crossing_atlas():
    """The hand-made crossroads."""
    from crossroads import crossroads

    from caravela.world import atlas

    return atlas.build([crossroads()])


@pytest.fixture
def crossing(crossing_atlas):
    """A simulator on the crossroads with nobody but the ego car, its lights at the start of green."""
    from caravela.world.simulator import Simulator

    simulator = Simulator(crossing_atlas, traffic="none")
    simulator.state.signal_clock[:] = 0.0
    return simulator


@pytest.fixture
def comma2k19():
    """The folder of the real drive."""
    folder = DATA / "comma2k19_example"
    if not folder.is_dir():
        pytest.skip("needs the shared drive (CARAVELA_DATA or ../shared/data)")
    return folder


@pytest.fixture
def hopper(monkeypatch):
    """The compute capability of Hopper, for which kernels then compile without a GPU: Numba asks the driver which GPU it compiles for, and NVRTC which
    ones there are."""
    cuda = pytest.importorskip("numba.cuda", reason="needs Numba's CUDA target (extra `cuda` or `dev`)")
    if getattr(cuda, "implementation", "") != "NVIDIA":
        pytest.skip("needs the package numba-cuda: the CUDA target within Numba is no longer kept up (extra `cuda` or `dev`)")
    from numba.cuda import cuda_paths, dispatcher
    from numba.cuda.cudadrv import nvrtc, nvvm

    capability = (9, 0)
    device = type("Device", (), {"compute_capability": capability})
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: device)
    monkeypatch.setattr(nvrtc, "get_supported_ccs", lambda: (capability,))
    if not cuda.is_available():
        monkeypatch.setattr(cuda_paths, "_get_nvrtc_path", lambda: None)
    try:
        nvvm.NVVM()
    except Exception as error:
        pytest.skip(f"needs NVVM (package nvidia-cuda-nvcc-cu12): {error}")
    return capability
