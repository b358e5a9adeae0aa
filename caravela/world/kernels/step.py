"""One tick of every world: lights, drivers, bodies, places, events and reward parts (`tick`); and how worlds are filled. Parallel over worlds
only, so the same seed gives the same bits whatever the number of threads."""

import numpy as np
from numba import prange

from caravela.world.kernels import learned, tick, traffic
from caravela.world.kernels.compiling import allocating_kernel, kernel, kernel_loop
from caravela.world.kernels.random import uniform
from caravela.world.kernels.signals import scatter_clocks, update_lamps
from caravela.world.kernels.spawning import embody, spawn, spawn_parked, spawn_walker
from caravela.world.kernels.tick import traffic_controller


@allocating_kernel
def _tick(roads, state, b, action, flags, parts, respawn):
    agents = state.agents.shape[1]
    path = np.empty((traffic.SAMPLES, 3), dtype=np.float32)
    junction_lane, rule_lane = np.empty(agents, dtype=np.int32), np.empty(agents, dtype=np.int32)
    junction_distance, rule_distance = np.empty(agents, dtype=np.float32), np.empty(agents, dtype=np.float32)
    wanted = np.empty((agents, 2), dtype=np.float32)
    must_yield = np.empty(agents, dtype=np.bool_)
    tick.set_lights(roads, state, b)
    for i in range(agents):
        tick.look_ahead(roads, state, b, i, junction_lane, junction_distance, rule_lane, rule_distance)
    for i in range(agents):
        tick.choose(roads, state, b, i, action, path, junction_lane, junction_distance, rule_lane, rule_distance, wanted, must_yield)
    if state.worlds[b].learned:
        learned.decide(roads, state, b, path, junction_lane, junction_distance, wanted)
    for i in range(agents):
        tick.advance(roads, state, b, i, rule_lane, rule_distance, wanted, must_yield, flags, parts)
    for i in range(agents):
        tick.go_on(roads, state, b, i)
    for i in range(agents):
        tick.judge(roads, state, b, i, flags, parts)
    for i in range(agents):
        tick.come_back(roads, state, b, i, flags, respawn)
    tick.end(state, b)


# Inside prange a loop variable is unsigned, outside it is signed: the cast spares compiling everything once for either. For the same
# reason whole bodies are functions, and numbers that are written out are cast where they select a version of a large function.


@kernel_loop
def step(roads, state, action, flags, parts, respawn):
    """Advance every world by STEP. action (B, A, 2) m/s^2 and 1/m for EXTERNAL agents; writes flags (B, A) int32 event bits and
    parts (B, A, REWARD_PARTS); respawn (B,) lets traffic that left come back elsewhere."""
    for b in prange(state.agents.shape[0]):
        _tick(roads, state, np.int64(b), action, flags, parts, respawn)


@kernel
def _scatter(roads, state, b):
    """Start the lights of a world at random moments."""
    scatter_clocks(roads, state.worlds[b].map, state.clock[b], state.worlds, b)
    update_lamps(roads, state.worlds[b].map, state.clock[b], state.lamp[b])


@kernel
def _seat_others(roads, state, b, i, moving, parked, walkers):
    """Put agent i where its number says: up to `moving` is nobody's business here, then parked cars, then walkers."""
    if i < moving + parked:
        embody(state, b, i, np.int64(0))
        if not spawn_parked(roads, state, b, i):
            state.agents[b, i].length = 0.0
    elif i < moving + parked + walkers:
        if not spawn_walker(roads, state, b, i):
            state.agents[b, i].length = 0.0


@kernel
def _begin(roads, state, b, cars, parked, walkers, share_large, share_bicycle, ego_wanted):
    _scatter(roads, state, b)
    for i in range(state.agents.shape[1]):
        if i <= cars:
            kind = 0
            if i > 0:
                chance = uniform(state.worlds, b)
                if chance < share_large:
                    kind = 1 + int(uniform(state.worlds, b) * 3.0) % 3
                elif chance < share_large + share_bicycle:
                    kind = 5
            embody(state, b, i, kind)
            wanted, away = (ego_wanted, 0.0) if i == 0 else (200.0, 12.0)
            controller = np.int64(traffic.EXTERNAL) if i == 0 else traffic_controller(state, b, i)
            if not spawn(roads, state, b, i, controller, wanted, away) and i == 0:
                spawn(roads, state, b, i, controller, 0.0, 0.0)
        else:
            _seat_others(roads, state, b, i, 1 + cars, parked, walkers)
            if state.agents[b, i].controller == traffic.WALKER:
                traffic.walk_over(roads, state, b, i, 0.01)


@kernel_loop
def begin(roads, state, cars, parked, walkers, share_large, share_bicycle, ego_wanted):
    """Fill every world: agent 0 (the ego car), then `cars`, `parked` and `walkers` (B,) others; the rest stay absent."""
    for b in prange(state.agents.shape[0]):
        _begin(
            roads,
            state,
            np.int64(b),
            np.int64(cars[b]),
            np.int64(parked[b]),
            np.int64(walkers[b]),
            share_large,
            share_bicycle,
            float(ego_wanted[b]),
        )


@kernel
def fill(roads, state, b, learners, cars, parked, walkers):
    """`populate` world b, by numbers."""
    _scatter(roads, state, b)
    for i in range(state.agents.shape[1]):
        state.agents[b, i].controller = traffic.ABSENT
    for i in range(state.agents.shape[1]):
        if i < learners + cars:
            chance = uniform(state.worlds, b)
            kind = 0 if chance < 0.86 or i == 0 else (5 if chance < 0.93 and i >= learners else 1 + int(uniform(state.worlds, b) * 3.0) % 3)
            embody(state, b, i, kind)
            spawn(roads, state, b, i, np.int64(traffic.EXTERNAL if i < learners else traffic.IDM), 300.0, 0.0)
        else:
            _seat_others(roads, state, b, i, learners + cars, parked, walkers)


@kernel
def move_to(state, b, map_index, weather):
    """Take world b to another map and weather (W,), at time 0."""
    state.worlds[b].map = map_index
    state.worlds[b].time = 0.0
    for column in range(len(weather)):
        state.worlds[b].weather[column] = weather[column]


@kernel_loop
def populate(roads, state, learners, cars, parked, walkers):
    """Fill worlds for self-play: the first `learners` (B,) agents are EXTERNAL vehicles of mixed kinds, then IDM cars, parked
    cars and walkers."""
    for b in prange(state.agents.shape[0]):
        fill(roads, state, np.int64(b), np.int64(learners[b]), np.int64(cars[b]), np.int64(parked[b]), np.int64(walkers[b]))


@kernel
def replace_done(roads, state, b, done, learners):
    """`replace` in world b."""
    for i in range(learners):
        if done[b, i] or state.agents[b, i].controller == traffic.ABSENT:
            spawn(roads, state, b, i, np.int64(traffic.EXTERNAL), 300.0, 0.0)


@kernel_loop
def replace(roads, state, done, learners):
    """Give every learner whose episode is done (B, A), or that found no room before, a new life elsewhere."""
    for b in prange(state.agents.shape[0]):
        replace_done(roads, state, np.int64(b), done, np.int64(learners[b]))
