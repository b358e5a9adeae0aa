"""Worlds on a GPU: their passes do what the CPU's loops do, with threads in disorder, in Numba's simulator and on a real GPU."""

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest
from made_up_gpu import MadeUpGpu
from numba import cuda

from caravela.core.errors import CaravelaError
from caravela.core.types import Control
from caravela.world import state as state_module
from caravela.world.kernels import cuda_world, events
from caravela.world.kernels import step as cpu
from caravela.world.kernels.cuda_world import MOST_AGENTS
from caravela.world.kernels.narrowed import narrowed
from caravela.world.kernels.tick import REWARD_PARTS
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, observe
from caravela.world.on_device import DeviceWorlds, Gpu
from caravela.world.simulator import Simulator
from caravela.world.state import ABSENT, EXTERNAL, LEARNED
from caravela.world.weather import preset

PASSES = {name for name, each in vars(cuda_world).items() if inspect.isfunction(each) and each.__module__ == cuda_world.__name__}
FAR_ROUND = (
    "0d3BF921FB54442D19;"  # libdevice brings angles of more than 100,000 rad back into a turn with one product of 64 bits; ours are none
)
WORLDS, LEARNERS = 3, 4
COUNTS = tuple(np.array(counts, np.int32) for counts in ((7, 3, 5), (4, 6, 0), (4, 3, 4)))  # cars, parked, walkers
AGENTS = LEARNERS + 7 + 6 + 4


def populated(atlas, *, seed=1):
    """A state for self-play, on all maps."""
    state = state_module.empty(WORLDS, agents=AGENTS, links=atlas.links, signals=atlas.signals, seed=seed)
    state.map[:] = np.arange(WORLDS) % len(atlas.graphs)
    cpu.populate(atlas.roads, state.arrays(), np.full(WORLDS, LEARNERS, np.int32), *COUNTS)
    return state


def buffers(count):
    """Flags, parts, rows, objects and masks of `count` agents a world."""
    flags, parts = np.zeros((WORLDS, AGENTS), np.int32), np.zeros((WORLDS, AGENTS, REWARD_PARTS), np.float32)
    rows, objects = np.zeros((WORLDS, count, ROW), np.float32), np.zeros((WORLDS, count, OBJECTS, OBJECT), np.float32)
    return flags, parts, rows, objects, np.zeros((WORLDS, count, OBJECTS), np.bool_)


def driven(atlas, gpu, *, ticks, seed=2):
    """A state driven on by the CPU's loops and by passes of `gpu`, what both wrote in the last tick, and how many began anew."""
    ours, device = populated(atlas), DeviceWorlds(atlas, populated(atlas), watched=LEARNERS, gpu=gpu)
    flags, parts, rows, objects, mask = buffers(AGENTS)
    action, respawn = np.zeros((WORLDS, AGENTS, 2), np.float32), np.ones(WORLDS, np.bool_)
    random, renewed = np.random.default_rng(seed), 0
    for _ in range(ticks):
        observe(atlas.roads, ours.arrays(), rows, objects, mask, False)
        device.observe()
        action[:, :LEARNERS] = random.uniform((-1.0, -0.01), (2.6, 0.01), (WORLDS, LEARNERS, 2))
        gpu.write(device.buffers.action, action)
        cpu.step(atlas.roads, ours.arrays(), action, flags, parts, respawn)
        device.step()
        done = random.random(flags.shape) < 0.04
        gpu.write(device.buffers.done, done)
        renewed += done[:, :LEARNERS].sum()
        cpu.replace(atlas.roads, ours.arrays(), done, np.full(WORLDS, LEARNERS, np.int32))
        device.replace()
    theirs = [gpu.fetch(getattr(device.buffers, name)) for name in ("flags", "parts", "rows", "objects", "mask")]
    return ours, device.fetch(), (flags, parts, rows, objects, mask), theirs, renewed


@pytest.fixture(scope="module")
def pair(atlas):
    """Driven on for four seconds, on the GPU by threads in disorder."""
    return driven(atlas, MadeUpGpu(), ticks=40)


def test_passes_in_disorder_leave_the_cpus_state_bit_for_bit(pair):
    ours, theirs, *_ = pair
    for name, mine, other in zip(ours.arrays()._fields, ours.arrays(), theirs.arrays(), strict=True):
        assert np.array_equal(mine, other), name


def test_passes_in_disorder_see_and_judge_what_the_cpu_does(pair):
    ours, _, (flags, parts, rows, objects, mask), theirs, happened = pair
    present = ours.controller[:, :LEARNERS] != ABSENT
    assert happened > 5 and present.sum() > 8
    assert np.array_equal(flags, theirs[0]) and np.array_equal(parts, theirs[1])
    for mine, other in zip((rows, objects, mask), theirs[2:], strict=True):
        assert np.array_equal(mine[:, :LEARNERS][present], other[present])
        assert not other[~present].any()


def test_learned_traffic_is_driven_as_on_the_cpu(atlas):
    simulator = Simulator(atlas, batch=2, traffic="learned")
    device = DeviceWorlds(atlas, simulator.state, gpu=MadeUpGpu())
    device.buffers.action[:, 0, 0] = 1.0
    for _ in range(15):
        simulator.advance(Control(np.ones(2, np.float32), np.zeros(2, np.float32)))
        device.step()
    assert (simulator.state.controller == LEARNED).sum() > 8
    for mine, other in zip(simulator.state.arrays(), device.fetch().arrays(), strict=True):
        assert np.array_equal(mine, other)
    assert np.array_equal(simulator.parts, device.buffers.parts)


def test_some_worlds_are_filled_anew_and_the_others_go_on(atlas):
    ours, chosen = populated(atlas), np.array([2, 0])
    device = DeviceWorlds(atlas, ours, watched=LEARNERS, gpu=MadeUpGpu())
    before, fresh = ours.copy(), ours.select(chosen)
    maps, weathers = np.array([1, 1], np.int32), np.stack([preset("rain"), preset("night")])
    counts = [count[:2] for count in COUNTS]
    fresh.map[:], fresh.weather[:], fresh.time[:] = maps, weathers, 0.0
    cpu.populate(atlas.roads, fresh.arrays(), np.full(2, LEARNERS, np.int32), *counts)
    ours.put(chosen, fresh)
    device.populate(chosen.astype(np.int32), maps=maps, weathers=weathers, counts=counts)
    for mine, other in zip(ours.arrays(), device.fetch().arrays(), strict=True):
        assert np.array_equal(mine, other)
    assert np.array_equal(device.fetch().agents[1], before.agents[1]) and not np.array_equal(ours.agents[0], before.agents[0])


def test_how_fast_they_met_is_told_of_who_is_at_fault(atlas):
    state = populated(atlas)
    state.x[0, 1], state.y[0, 1], state.heading[0, 1] = state.x[0, 0] + 1.0, state.y[0, 0], state.heading[0, 0] + 1.0
    state.speed[0, :2] = 2.0, 9.0
    device = DeviceWorlds(atlas, state, watched=LEARNERS, gpu=MadeUpGpu())
    flags, closing = device.buffers.flags, device.buffers.closing
    flags[0, 0] = flags[1, 0] = events.COLLISION | events.AT_FAULT
    flags[0, 1] = events.COLLISION
    closing[:] = 7.0
    device.measure_closing()
    assert closing[0, 0] == pytest.approx(events.closing_speed(state.arrays(), 0, 0))
    assert closing[0, 0] > 6.0 and np.count_nonzero(closing) == 1


def test_a_field_of_records_is_described_where_it_lies(atlas):
    records = populated(atlas).agents

    class Described:
        dtype, shape, __cuda_array_interface__ = records.dtype, records.shape, records.__array_interface__

    for name in ("speed", "controller", "route"):
        field = Gpu.field(None, Described(), name)
        field.__array_interface__ = field.__cuda_array_interface__  # NumPy reads the same words
        assert np.array_equal(np.asarray(field), records[name])
        assert np.shares_memory(np.asarray(field), records)


def test_what_has_no_room_or_no_gpu_is_refused_in_a_sentence(crossing_atlas):
    crowd = state_module.empty(1, agents=MOST_AGENTS + 1, links=crossing_atlas.links, signals=crossing_atlas.signals)
    with pytest.raises(CaravelaError, match="65 agents a world"):
        DeviceWorlds(crossing_atlas, crowd, gpu=MadeUpGpu())
    if not cuda.is_available():
        with pytest.raises(CaravelaError, match="no NVIDIA GPU"):
            DeviceWorlds(crossing_atlas, populated(crossing_atlas))


@pytest.mark.parametrize("name", sorted(PASSES))
def test_a_pass_compiles_for_the_gpu_without_64_bit_floats(hopper, crossing_atlas, name):
    state = populated(crossing_atlas)
    device = DeviceWorlds(crossing_atlas, state, watched=LEARNERS, gpu=MadeUpGpu())
    arguments = [device.roads, device.state, device.buffers]
    if name == "populate":
        arguments.append(cuda_world.Fillings(*(np.zeros(1, np.int32),) * 2, np.stack([preset("day")]), *(np.zeros(1, np.int32),) * 3))
    ptx, _ = cuda.compile_ptx(narrowed(getattr(cuda_world, name)), tuple(numba.typeof(each) for each in arguments), cc=hopper)
    assert ".target sm_90" in ptx
    assert ".visible .entry" in ptx and name in ptx
    wide = re.findall(r"^\s*(?:@\S+ )?((?:add|sub|mul|fma|div|sqrt|rcp|min|max|setp)\S*\.f64.*)", ptx, re.MULTILINE)
    assert [line for line in wide if not line.endswith(FAR_ROUND)] == []


def test_numbas_simulator_of_a_gpu_comes_to_the_cpus_state():
    """In a process of its own: the simulator is chosen when Numba is imported."""
    pytest.importorskip("numba.cuda.simulator", reason="needs Numba's simulator of a GPU")
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run([sys.executable, Path(__file__).with_name("simulated_gpu.py")], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "the same" in done.stdout


def assert_alike(atlas, gpu):
    """Four seconds of `gpu` come to the CPU's state within rounding: a draw of chance that falls to the other side may send somebody elsewhere."""
    ours, theirs, (flags, _, rows, objects, mask), (their_flags, _, their_rows, their_objects, their_mask), _ = driven(atlas, gpu, ticks=40)
    gap = np.hypot(ours.x - theirs.x, ours.y - theirs.y)
    alike = (gap < 1e-2) & (ours.controller == theirs.controller) & (ours.route == theirs.route).all(-1)
    assert alike.mean() > 0.95
    assert gap[alike].max() < 2e-3
    assert (flags != their_flags).mean() < 0.02
    assert np.array_equal(ours.lamp, theirs.lamp)
    seen = (alike & (ours.controller == EXTERNAL))[:, :LEARNERS]
    assert np.quantile(np.abs(rows[:, :LEARNERS] - their_rows)[seen], 0.99) < 2e-3
    same = (mask[:, :LEARNERS] & their_mask)[seen]
    assert np.quantile(np.abs(objects[:, :LEARNERS] - their_objects)[seen][same], 0.99) < 2e-3


def test_with_32_bit_floats_passes_come_to_the_cpus_state_within_rounding(atlas):
    assert_alike(atlas, MadeUpGpu(narrow=True))


@pytest.mark.gpu
def test_a_gpu_comes_to_the_cpus_state_within_rounding(atlas):
    if not cuda.is_available():
        pytest.skip("needs an NVIDIA GPU with a driver")
    assert_alike(atlas, Gpu())
