"""The simulator: the same for the same seed whatever the threads, worlds apart from each other, and what an observation holds."""

import numba
import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.protocols import World
from caravela.core.types import ROUTE_POINTS, Camera, Control, Rig
from caravela.world.simulator import RESPONSIBLE, Simulator

RIG = Rig((Camera("front", width=64, height=48), Camera("left", width=64, height=48, yaw=1.4)))


def controls(batch, ticks, seed=0):
    random = np.random.default_rng(seed)
    for _ in range(ticks):
        yield Control(random.uniform(-2.0, 2.0, batch).astype(np.float32), random.uniform(-0.02, 0.02, batch).astype(np.float32))


def ride(simulator, *, seed, ticks=80):
    """Everything that came out of a ride, as bytes."""
    simulator.reset(seed)
    out = []
    for control in controls(simulator.batch, ticks):
        simulator.advance(control)
        out.append(simulator.flags.tobytes() + simulator.parts.tobytes())
    return b"".join(out) + b"".join(part.tobytes() for part in simulator.state.arrays())


@pytest.fixture(scope="module")
def seeing(towns):
    """Two worlds on one town, with a small rig."""
    return Simulator(towns[:1], batch=2, rig=RIG)


def test_it_is_a_world(seeing):
    assert isinstance(seeing, World)


def test_the_same_seed_gives_the_same_bits(atlas):
    simulator = Simulator(atlas, batch=4, traffic="dense")
    first = ride(simulator, seed=5)
    assert ride(simulator, seed=5) == first
    assert ride(Simulator(atlas, batch=4, traffic="dense"), seed=5) == first
    assert ride(simulator, seed=6) != first


@pytest.mark.skipif(numba.config.NUMBA_NUM_THREADS < 2, reason="this process may use one thread only")
def test_one_and_two_threads_give_the_same_bits(atlas, seeing):
    simulator = Simulator(atlas, batch=5, traffic="dense")
    bits, frames = [], []
    before = numba.get_num_threads()
    for threads in (1, 2):
        numba.set_num_threads(threads)
        bits.append(ride(simulator, seed=8))
        seeing.reset(4)
        frames.append([seeing.step(control)[0].images for control in controls(2, 8)][-1])
    numba.set_num_threads(before)
    assert bits[0] == bits[1]
    assert np.array_equal(frames[0], frames[1])


def test_a_world_does_not_depend_on_those_beside_it(atlas):
    few, many = (Simulator(atlas, batch=batch, maps=[1] * batch) for batch in (1, 3))
    few.reset(2)
    many.reset(2)
    for control in controls(3, 50):
        many.advance(control)
        few.advance(Control(control.acceleration[:1], control.curvature[:1]))
    assert np.array_equal(few.state.agents[0], many.state.agents[0])


def test_an_observation_holds_what_it_should(seeing):
    observation = seeing.reset(0)
    assert observation.images.shape == (2, 3, 2, 48, 64, 3) and observation.images.dtype == np.uint8
    assert observation.route.shape == (2, ROUTE_POINTS, 2) and np.isfinite(observation.route).all()
    assert observation.t_us.tolist() == [0, 0]
    assert observation.images.std() > 10.0  # it shows something
    observation, events = seeing.step(Control(np.zeros(2, np.float32), np.zeros(2, np.float32)))
    assert observation.t_us.tolist() == [100_000] * 2
    assert len(events) == 2 and all(event.responsible == RESPONSIBLE for world in events for event in world)
    assert observation.speed == pytest.approx(seeing.state.speed[:, 0])


def test_history_holds_the_frames_of_their_age(seeing):
    frames = [seeing.reset(1).images[:, 0]]
    for control in controls(2, 9):
        observation, _ = seeing.step(control)
        frames.append(observation.images[:, 0])
        for age, ticks in enumerate((0, 2, 6)):
            assert np.array_equal(observation.images[:, age], frames[max(len(frames) - 1 - ticks, 0)])
    assert not np.array_equal(frames[0], frames[-1])


def test_beginning_some_drives_anew_leaves_the_others_alone(atlas):
    one, other = (Simulator(atlas, batch=3) for _ in range(2))
    for simulator in (one, other):
        simulator.reset(3)
        for control in controls(3, 20):
            simulator.advance(control)
    one.restart(np.array([1]), 77)
    assert one.state.time[1] == 0.0 and one.state.time[0] > 1.9
    for control in controls(3, 20):
        one.advance(control)
        other.advance(control)
    assert np.array_equal(one.state.agents[[0, 2]], other.state.agents[[0, 2]])
    assert not np.array_equal(one.state.agents[1], other.state.agents[1])


def test_a_restarted_drive_remembers_no_older_frames(seeing):
    seeing.reset(1)
    for control in controls(2, 8):
        seeing.step(control)
    seeing.restart(np.array([0]), 5)
    images = seeing.observe().images
    assert np.array_equal(images[0, 0], images[0, 1]) and np.array_equal(images[0, 0], images[0, 2])
    assert not np.array_equal(images[1, 0], images[1, 2])


def test_a_hidden_route_is_all_zeros(atlas):
    simulator = Simulator(atlas, batch=2)
    simulator.has_route[:] = (True, False)
    observation = simulator.observe()
    assert observation.has_route.tolist() == [True, False]
    assert np.abs(observation.route[0]).max() > 5.0 and not observation.route[1].any()


def test_the_sat_nav_is_off_by_no_more_than_its_noise(atlas):
    exact, noisy = Simulator(atlas, batch=20, traffic="none"), Simulator(atlas, batch=20, traffic="none", route_noise=3.0)
    exact.reset(1), noisy.reset(1)
    error = noisy.sat_nav() - exact.sat_nav()
    assert 0.5 < np.hypot(error[..., 0], error[..., 1]).mean() < 3.0
    assert np.abs(error).max() <= 3.0 * 2**0.5 + 1e-3
    assert np.ptp(error, axis=1).max() < 1e-3  # the same all along the route


def test_traffic_has_a_name(towns):
    with pytest.raises(CaravelaError, match=r"unknown traffic 'lihgt'; did you mean light"):
        Simulator(towns[:1], traffic="lihgt")


def test_compiling_is_announced_once_and_only_then(capsys):
    from types import SimpleNamespace

    from caravela.world.kernels.compiling import NOTICE, _Announcer

    announcer = _Announcer()
    ours, others = (
        SimpleNamespace(data={"dispatcher": SimpleNamespace(py_func=SimpleNamespace(__module__=name))})
        for name in ("caravela.world", "numba")
    )
    announcer.on_start(others)
    assert capsys.readouterr().err == ""
    announcer.on_start(ours)
    announcer.on_start(ours)
    assert capsys.readouterr().err == NOTICE + "\n"


def test_an_observation_says_the_side_that_traffic_keeps_to(atlas, towns):
    observation = Simulator(atlas, batch=3).reset(0)
    assert observation.side is not None
    assert observation.side.tolist() == [1.0 if town.lefthand else -1.0 for town in towns] and len(set(observation.side)) == 2
    assert observation.ego()[:, 2].tolist() == observation.side.tolist()
