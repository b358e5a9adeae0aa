"""Learned traffic: the kernel is the teacher's network, and the cars that it drives live and die as traffic does."""

import numpy as np
import pytest

from caravela.core.errors import BundleError
from caravela.core.types import Control
from caravela.world import learned
from caravela.world.kernels import events
from caravela.world.kernels.learned import mean_action, style_of
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, STYLE
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, BICYCLE, IDM, LEARNED

TICKS = 300


def coast(simulator, ticks):
    for _ in range(ticks):
        simulator.advance(Control(np.full(simulator.batch, -3.0, np.float32), np.zeros(simulator.batch, np.float32)))


def seen(count, seed=0):
    random = np.random.default_rng(seed)
    rows, objects = random.normal(size=(count, ROW)), random.normal(size=(count, OBJECTS, OBJECT))
    return rows.astype(np.float32), objects.astype(np.float32), random.random((count, OBJECTS)) < 0.6


@pytest.mark.parametrize("width", [192, 40])
def test_the_kernel_is_the_network(width, tmp_path):
    torch = pytest.importorskip("torch", reason="needs the extra `train`")
    from caravela.train.teacher_net import TeacherNet
    from caravela.train.traffic import write_traffic

    torch.manual_seed(width)
    net = TeacherNet(width=width)
    with torch.no_grad():
        for head in (net.acceleration, net.steering):
            head.weight.mul_(400.0)  # a new network asks for the same whatever it sees
        for parameter in net.parameters():
            parameter.copy_(parameter.half().float())  # what the file keeps of it
    size = write_traffic(net, tmp_path / "traffic.npz")
    assert size < 500_000
    weights = learned.weights(tmp_path / "traffic.npz")
    rows, objects, mask = seen(40)
    mask[3] = False
    with torch.no_grad():
        wanted = torch.stack(net.mean_action(*(torch.from_numpy(each) for each in (rows, objects, mask))), -1).numpy()
    room = np.empty((3, width + 64), dtype=np.float32)
    got = np.array([mean_action(weights, rows[k], objects[k], mask[k], room) for k in range(40)])
    assert wanted[:, 0].std() > 0.3 and wanted[:, 1].std() > 0.001
    assert np.abs(got[:, 0] - wanted[:, 0]).max() < 1e-4 and np.abs(got[:, 1] - wanted[:, 1]).max() < 1e-6


def test_styles_follow_from_what_a_car_draws_when_it_begins():
    styles = np.zeros((2000, STYLE), dtype=np.float32)
    for style, manner in zip(styles, np.random.default_rng(0).uniform(0.8, 1.15, 2000).astype(np.float32), strict=True):
        style_of(manner, style)
    neutral = (styles == 0.0).all(axis=1)
    assert 0.26 < neutral.mean() < 0.34
    told = styles[~neutral]
    assert (
        told.min() >= -1.0
        and told.max() <= 1.0
        and np.abs(told.mean(axis=0)).max() < 0.06
        and np.abs(told.std(axis=0) - 0.577).max() < 0.03
    )
    assert np.abs(np.corrcoef(told.T) - np.eye(STYLE)).max() < 0.1
    again = np.zeros(STYLE, dtype=np.float32)
    style_of(np.float32(0.9), again)
    first = again.copy()
    style_of(np.float32(0.9), again)
    assert np.array_equal(first, again)


@pytest.fixture(scope="module")
def soak(atlas):
    """Half a minute of learned traffic, watched."""
    simulator = Simulator(atlas, batch=6, traffic="learned-dense")
    simulator.reset(11)
    simulator.state.agents["controller"][:, 0] = ABSENT  # nobody stands in their way
    simulator.state.agents["length"][:, 0] = 0.0
    began = simulator.state.copy()
    km, crashes, came_back, arrived = 0.0, 0, 0, 0
    for _ in range(TICKS):
        before = simulator.state.odometer.copy()
        coast(simulator, 1)
        mine = simulator.state.controller == LEARNED
        km += float(simulator.state.speed[mine].sum()) * 1e-4
        crashes += int((mine & (simulator.flags & events.COLLISION > 0)).sum())
        arrived += int((simulator.flags & (events.COLLISION | events.OFF | events.ARRIVED) > 0).sum())
        came_back += int((mine & (simulator.state.odometer < before - 1e-3)).sum())
    return {"began": began, "simulator": simulator, "km": km, "crashes": crashes, "arrived": arrived, "came_back": came_back}


def test_cars_are_learned_and_bicycles_are_not(soak):
    for state in (soak["began"], soak["simulator"].state):
        moving = np.isin(state.controller, (IDM, LEARNED))
        assert moving.sum() > 60
        assert np.array_equal(state.controller == IDM, moving & (state.kind == BICYCLE))


def test_learned_traffic_moves_and_seldom_collides(soak):
    assert soak["km"] > 2.0
    assert soak["crashes"] / soak["km"] < 4.0  # cars, so that most count twice


def test_who_failed_or_arrived_comes_back_elsewhere(soak):
    assert soak["arrived"] > 0
    assert soak["came_back"] >= 0.8 * soak["arrived"]  # one may have to wait for room


def test_a_fork_goes_on_bit_by_bit(atlas):
    simulator = Simulator(atlas, batch=3, traffic="learned")
    coast(simulator, 30)
    fork = simulator.state.copy()
    coast(simulator, 60)
    first, simulator.state = simulator.state, fork
    coast(simulator, 60)
    assert all(np.array_equal(a, b) for a, b in zip(first.arrays(), simulator.state.arrays()))


def test_who_drives_changes_nothing_at_the_start(atlas):
    plain, other = Simulator(atlas, batch=3, traffic="light"), Simulator(atlas, batch=3, traffic="learned")
    for name in ("x", "y", "speed", "style", "kind", "route"):
        assert np.array_equal(plain.state.agents[name], other.state.agents[name]), name
    assert (other.state.controller == LEARNED).sum() > 15 and not (plain.state.controller == LEARNED).any()


def test_a_file_that_holds_no_network_is_refused(tmp_path):
    (tmp_path / "torn.npz").write_bytes(b"PK\x03\x04")
    with np.load(learned.SHIPPED) as archive:
        arrays = dict(archive)
    np.savez(tmp_path / "blind.npz", **{**arrays, "row.0.weight": arrays["row.0.weight"][:, 1:]})
    np.savez(tmp_path / "headless.npz", **{name: value for name, value in arrays.items() if not name.startswith("steering.")})
    for name in ("torn", "blind", "headless", "missing"):
        with pytest.raises(BundleError, match=r"holds no traffic's weights.*caravela train traffic"):
            learned.weights(tmp_path / f"{name}.npz")
