"""The passes of a tick, of the teacher's vectors and of self-play on an NVIDIA GPU, a thread an agent where their order does not matter and a thread a
world where a stream of chance is drawn from. The same functions as on the CPU; scratch lies in each thread's own memory or in `Buffers`.
`world.on_device` launches them; importing this file needs no GPU."""

from typing import Any, NamedTuple

import numpy as np
from numba import cuda

from caravela.world.kernels import events, learned, step, tick
from caravela.world.kernels.traffic import SAMPLES
from caravela.world.kernels.vectors import OBJECT, OBJECTS, ROW, observe_slot

LANES = 8  # threads for a world, of which one works: what a world does takes long, and neighbours in a warp that do other things wait for each other
MOST_AGENTS = 64  # of a world, that a thread has room to sort
WIDEST = 512  # width and object width together of a network that drives learned traffic


class Buffers(NamedTuple):
    """What lies beside the state of B worlds: handed in, handed out for all A agents or for the first N of them, or kept between passes."""

    action: Any  # (B, A, 2) float32, m/s^2 and 1/m of EXTERNAL agents
    respawn: Any  # (B,) bool, lets traffic that left come back elsewhere
    done: Any  # (B, A) bool, whose episode is over
    flags: Any  # (B, A) int32, event bits
    parts: Any  # (B, A, REWARD_PARTS) float32
    rows: Any  # (B, N, ROW) float32, whose last STYLE numbers are the caller's
    objects: Any  # (B, N, OBJECTS, OBJECT) float32
    mask: Any  # (B, N, OBJECTS) bool
    closing: Any  # (B, N) float32, m/s between an agent and whom it hit by its own fault, else 0
    junction_lane: Any  # (B, A) int32, kept
    junction_distance: Any  # (B, A) float32, m
    rule_lane: Any  # (B, A) int32
    rule_distance: Any  # (B, A) float32, m
    wanted: Any  # (B, A, 2) float32, m/s^2 and 1/m
    must_yield: Any  # (B, A) bool

    @classmethod
    def shapes(cls, worlds: int, agents: int, watched: int) -> dict[str, tuple[tuple[int, ...], Any]]:
        """Shape and type of each array."""
        all_of, first = (worlds, agents), (worlds, watched)
        f, i, yes = np.float32, np.int32, np.bool_
        return {
            "action": ((*all_of, 2), f), "respawn": ((worlds,), yes), "done": (all_of, yes), "flags": (all_of, i), "parts": ((*all_of, tick.REWARD_PARTS), f),
            "rows": ((*first, ROW), f), "objects": ((*first, OBJECTS, OBJECT), f), "mask": ((*first, OBJECTS), yes), "closing": (first, f),
            "junction_lane": (all_of, i), "junction_distance": (all_of, f), "rule_lane": (all_of, i), "rule_distance": (all_of, f),
            "wanted": ((*all_of, 2), f), "must_yield": (all_of, yes),
        }  # fmt: skip


class Fillings(NamedTuple):
    """Worlds to fill anew (N,), and with what."""

    worlds: Any  # (N,) int32
    maps: Any  # (N,) int32
    weathers: Any  # (N, W) float32
    cars: Any  # (N,) int32, as the next two
    parked: Any
    walkers: Any


# a thread a world, in one lane of LANES


def set_lights(roads, state, buffers):
    at = cuda.grid(1)
    b = at // LANES
    if at == b * LANES and b < state.agents.shape[0]:
        tick.set_lights(roads, state, b)


def go_on(roads, state, buffers):
    at = cuda.grid(1)
    b = at // LANES
    if at == b * LANES and b < state.agents.shape[0]:
        for i in range(state.agents.shape[1]):
            tick.go_on(roads, state, b, i)


def come_back(roads, state, buffers):
    at = cuda.grid(1)
    b = at // LANES
    if at == b * LANES and b < state.agents.shape[0]:
        for i in range(state.agents.shape[1]):
            tick.come_back(roads, state, b, i, buffers.flags, buffers.respawn)
        tick.end(state, b)


def replace(roads, state, buffers):
    at = cuda.grid(1)
    b = at // LANES
    if at == b * LANES and b < state.agents.shape[0]:
        step.replace_done(roads, state, b, buffers.done, buffers.rows.shape[1])


def populate(roads, state, buffers, fillings):
    at = cuda.grid(1)
    k = at // LANES
    if at == k * LANES and k < fillings.worlds.shape[0]:
        b = np.int64(fillings.worlds[k])
        step.move_to(state, b, fillings.maps[k], fillings.weathers[k])
        step.fill(roads, state, b, buffers.rows.shape[1], np.int64(fillings.cars[k]), np.int64(fillings.parked[k]), np.int64(fillings.walkers[k]))


# a thread an agent


def look_ahead(roads, state, buffers):
    at = cuda.grid(1)
    b = at // state.agents.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * state.agents.shape[1]
        tick.look_ahead(roads, state, b, i, buffers.junction_lane[b], buffers.junction_distance[b], buffers.rule_lane[b], buffers.rule_distance[b])


def choose(roads, state, buffers):
    at = cuda.grid(1)
    b = at // state.agents.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * state.agents.shape[1]
        path = cuda.local.array((SAMPLES, 3), np.float32)
        tick.choose(roads, state, b, i, buffers.action, path, buffers.junction_lane[b], buffers.junction_distance[b], buffers.rule_lane[b],
                    buffers.rule_distance[b], buffers.wanted[b], buffers.must_yield[b])


def choose_learned(roads, state, buffers):
    at = cuda.grid(1)
    b = at // state.agents.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * state.agents.shape[1]
        path = cuda.local.array((SAMPLES, 3), np.float32)
        distances = cuda.local.array(MOST_AGENTS, np.float32)
        order = cuda.local.array(MOST_AGENTS, np.int32)
        row = cuda.local.array(ROW, np.float32)
        objects = cuda.local.array((OBJECTS, OBJECT), np.float32)
        mask = cuda.local.array(OBJECTS, np.bool_)
        room = cuda.local.array((3, WIDEST), np.float32)
        learned.decide_one(roads, state, b, i, path, buffers.junction_lane[b], buffers.junction_distance[b], distances, order, row, objects, mask, room,
                           buffers.wanted[b])


def advance(roads, state, buffers):
    at = cuda.grid(1)
    b = at // state.agents.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * state.agents.shape[1]
        tick.advance(roads, state, b, i, buffers.rule_lane[b], buffers.rule_distance[b], buffers.wanted[b], buffers.must_yield[b], buffers.flags,
                     buffers.parts)


def judge(roads, state, buffers):
    at = cuda.grid(1)
    b = at // state.agents.shape[1]
    if b < state.agents.shape[0]:
        tick.judge(roads, state, b, at - b * state.agents.shape[1], buffers.flags, buffers.parts)


# a thread for each of the first N agents


def observe(roads, state, buffers):
    at = cuda.grid(1)
    b = at // buffers.rows.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * buffers.rows.shape[1]
        path = cuda.local.array((SAMPLES, 3), np.float32)
        distances = cuda.local.array(MOST_AGENTS, np.float32)
        order = cuda.local.array(MOST_AGENTS, np.int32)
        observe_slot(roads, state, b, i, buffers.junction_lane[b], buffers.junction_distance[b], path, distances, order, buffers.rows[b, i],
                     buffers.objects[b, i], buffers.mask[b, i])


def closing_speed(roads, state, buffers):
    at = cuda.grid(1)
    b = at // buffers.rows.shape[1]
    if b < state.agents.shape[0]:
        i = at - b * buffers.rows.shape[1]
        buffers.closing[b, i] = events.closing_speed_at_fault(state, b, i, buffers.flags)
