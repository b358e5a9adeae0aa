"""The state of many worlds: copies, forks and random streams."""

import numpy as np
import pytest

from caravela.core.types import Control
from caravela.world import state as state_module
from caravela.world.simulator import Simulator

TICKS = 60


def coast(simulator, ticks):
    for _ in range(ticks):
        simulator.advance(Control(np.zeros(simulator.batch, np.float32), np.zeros(simulator.batch, np.float32)))


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.arrays(), other.arrays()))


@pytest.fixture
def simulator(atlas):
    simulator = Simulator(atlas, batch=3, traffic="dense")
    coast(simulator, 20)
    return simulator


def test_an_empty_state_holds_nobody():
    state = state_module.empty(2, agents=5, links=3, signals=1)
    assert (state.controller == state_module.ABSENT).all()
    assert (state.route == -1).all() and (state.seen < 0).all()
    assert state.x.shape == (2, 5) and state.lamp.shape == (2, 3)
    assert state.weather.shape == (2, 8)


def test_fields_are_views():
    state = state_module.empty(1, agents=2, links=1, signals=1)
    state.speed[0, 1] = 3.0
    assert state.agents["speed"][0, 1] == 3.0
    with pytest.raises(AttributeError, match="velocity"):
        _ = state.velocity


def test_a_snapshot_shares_nothing(simulator):
    snapshot = simulator.state.copy()
    kept = simulator.state.copy()
    coast(simulator, 5)
    assert same(snapshot, kept)
    assert not same(snapshot, simulator.state)


def test_a_fork_continues_as_the_original_did(simulator):
    snapshot = simulator.state.copy()
    coast(simulator, TICKS)
    first = simulator.state
    simulator.state = snapshot
    coast(simulator, TICKS)
    assert same(first, simulator.state)


def test_forks_of_one_world_are_alike_until_they_are_reseeded(atlas, simulator):
    forks = Simulator(atlas, batch=4, traffic="dense")
    forks.state = simulator.state.select(np.array([1, 1, 1, 1]))
    coast(forks, TICKS)
    for b in range(1, 4):
        assert np.array_equal(forks.state.agents[b], forks.state.agents[0])
    again = Simulator(atlas, batch=4, traffic="dense")
    again.state = simulator.state.select(np.array([1, 1, 1, 1]))
    again.state.reseed(5)
    assert len(np.unique(again.state.random)) == 4
    coast(again, 300)
    differ = [not np.array_equal(again.state.agents[b], again.state.agents[0]) for b in range(1, 4)]
    assert all(differ)


def test_reseeding_is_repeatable():
    one, other = (state_module.empty(5, agents=1, links=1, signals=1) for _ in range(2))
    one.reseed(9)
    other.reseed(9)
    assert np.array_equal(one.random, other.random)
    other.reseed(10)
    assert not np.intersect1d(one.random, other.random).size


def test_random_numbers_are_evenly_spread():
    """SplitMix64, against its definition in Python integers."""
    from caravela.world.kernels.random import uniform

    state = state_module.empty(1, agents=1, links=1, signals=1, seed=3)
    counter, mask, drawn = int(state.random[0]), (1 << 64) - 1, []
    for _ in range(2000):
        counter = (counter + 0x9E3779B97F4A7C15) & mask
        z = ((counter ^ (counter >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        drawn.append(uniform(state.worlds, 0))
        assert drawn[-1] == np.float32((z >> 40) / 2**24)
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.03)
    assert np.histogram(drawn, bins=10, range=(0, 1))[0].min() > 150
