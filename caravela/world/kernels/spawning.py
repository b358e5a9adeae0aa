"""Where agents begin: on a random lane, clear of everybody, with a route ahead."""

import math

import numpy as np

from caravela.world.kernels.compiling import kernel
from caravela.world.kernels.random import uniform
from caravela.world.kernels.routes import extend, lane_point, onward

# per kind (car, van, lorry, bus, motorcycle, bicycle, pedestrian, thing, animal), m: length, width, height, wheelbase, rear overhang
BODY = np.array(
    [
        [4.5, 1.85, 1.50, 2.70, 0.90],
        [5.4, 2.00, 2.30, 3.20, 1.00],
        [8.6, 2.45, 3.30, 4.80, 1.90],
        [11.6, 2.55, 3.10, 5.90, 3.20],
        [2.2, 0.80, 1.45, 1.40, 0.40],
        [1.8, 0.60, 1.75, 1.10, 0.35],
        [0.5, 0.60, 1.75, 0.00, 0.25],
        [0.4, 0.40, 0.75, 0.00, 0.20],
        [1.5, 0.45, 1.30, 0.00, 0.75],
    ],
    dtype=np.float32,
)
TRIES = 12
CLEARANCE = 5.0  # m between bodies at the start


@kernel
def embody(state, b, i, kind):
    """Give agent i the body of its kind, a little different from the next one."""
    scale = 0.94 + 0.12 * uniform(state.worlds, b)
    state.agents[b, i].kind = kind
    state.agents[b, i].length = BODY[kind, 0] * scale
    state.agents[b, i].width = BODY[kind, 1] * (0.97 + 0.06 * uniform(state.worlds, b))
    state.agents[b, i].height = BODY[kind, 2] * scale
    state.agents[b, i].wheelbase = BODY[kind, 3] * scale
    state.agents[b, i].centre_offset = (0.5 * BODY[kind, 0] - BODY[kind, 4]) * scale
    state.agents[b, i].paint = np.uint8(255.0 * uniform(state.worlds, b))


@kernel
def is_clear(state, b, i, x, y, length, clearance):
    """Is nobody near a spot?"""
    for j in range(state.agents.shape[1]):
        if j == i or state.agents[b, j].controller == 0:
            continue
        room = clearance + 0.5 * (length + state.agents[b, j].length)
        if (state.agents[b, j].x - x) ** 2 + (state.agents[b, j].y - y) ** 2 < room * room:
            return False
    return True


@kernel
def settle(state, b, i):
    """Clear what an agent carries over from a former life."""
    state.agents[b, i].acceleration = 0.0
    state.agents[b, i].curvature = 0.0
    state.agents[b, i].odometer = 0.0
    state.agents[b, i].energy = 0.0
    state.agents[b, i].timer = 0.0
    state.agents[b, i].lane_offset = 0.0
    state.agents[b, i].brake_lights = False
    state.agents[b, i].indicator = 0
    state.seen[b, i, :] = -1e9
    state.seen[b, :, i] = -1e9


@kernel
def spawn(roads, state, b, i, controller, wanted, away_from_ego):
    """Put agent i on a random lane with `wanted` metres of road ahead where the map has them, at least `away_from_ego`
    metres from agent 0. Returns False (agent ABSENT) where no clear spot was found."""
    map_index = state.worlds[b].map
    first, last = roads.maps[map_index].spawn_start, roads.maps[map_index].spawn_end
    total = roads.spawns[last - 1].weight
    state.agents[b, i].controller = 0
    for attempt in range(TRIES):
        mark = uniform(state.worlds, b) * total
        low, high = first, last - 1
        while low < high:
            middle = (low + high) >> 1
            if roads.spawns[middle].weight < mark:
                low = middle + 1
            else:
                high = middle
        lane = roads.spawns[low].lane
        if roads.lanes[lane].length + onward(roads, lane) < wanted * (1.0 - float(attempt) / float(TRIES)):
            continue
        s = uniform(state.worlds, b) * max(roads.lanes[lane].length - 2.0, 0.5)
        x, y, heading = lane_point(roads.lanes, roads.points, lane, s)
        if not is_clear(state, b, i, x, y, state.agents[b, i].length, CLEARANCE):
            continue
        if i > 0 and away_from_ego > 0.0 and (x - state.agents[b, 0].x) ** 2 + (y - state.agents[b, 0].y) ** 2 < away_from_ego * away_from_ego:
            continue
        place(roads, state, b, i, controller, lane, s, wanted)
        return True
    return False


@kernel
def place(roads, state, b, i, controller, lane, s, wanted):
    """Put agent i on a lane at s, at a share of its limit, with a random route of `wanted` metres or as far as the road goes."""
    x, y, heading = lane_point(roads.lanes, roads.points, lane, s)
    settle(state, b, i)
    state.agents[b, i].controller = controller
    state.agents[b, i].x, state.agents[b, i].y, state.agents[b, i].heading = x, y, heading
    state.agents[b, i].style = 0.8 + 0.35 * uniform(state.worlds, b)
    state.agents[b, i].speed = roads.lanes[lane].speed * (0.2 + 0.5 * uniform(state.worlds, b))
    room = roads.lanes[lane].length - s - 0.5 * state.agents[b, i].length - state.agents[b, i].centre_offset
    # slow enough to stop in comfort where the lane ends: a light there may be red
    state.agents[b, i].speed = min(state.agents[b, i].speed, math.sqrt(3.0 * max(room - 2.0, 0.0)))
    state.agents[b, i].lane, state.agents[b, i].lane_s, state.agents[b, i].route_at = lane, s, 0
    state.agents[b, i].route[0] = lane
    extend(roads, state.worlds, b, state.agents[b, i].route, np.int64(1), wanted)


@kernel
def spawn_walker(roads, state, b, i):
    """Put a pedestrian at the kerb of a random crossing; False where the map has none."""
    map_index = state.worlds[b].map
    first, last = roads.maps[map_index].crossing_start, roads.maps[map_index].crossing_end
    state.agents[b, i].controller = 0
    if last <= first:
        return False
    embody(state, b, i, np.int64(6))
    settle(state, b, i)
    state.agents[b, i].controller = 4
    state.agents[b, i].lane = first + int(uniform(state.worlds, b) * float(last - first)) % max(last - first, 1)
    state.agents[b, i].style = 1.0 if uniform(state.worlds, b) < 0.5 else -1.0
    state.agents[b, i].timer = 0.1 + 15.0 * uniform(state.worlds, b)
    state.agents[b, i].lane_offset = (uniform(state.worlds, b) - 0.5) * max(roads.crossings[state.agents[b, i].lane].width - 0.8, 0.2)
    return True


@kernel
def spawn_parked(roads, state, b, i):
    """Park a car in a free place that leaves every lane its room; False where there is none."""
    map_index = state.worlds[b].map
    first, last = roads.maps[map_index].parking_start, roads.maps[map_index].parking_end
    state.agents[b, i].controller = 0
    for _ in range(TRIES if last > first else 0):
        place_index = first + int(uniform(state.worlds, b) * float(last - first)) % max(last - first, 1)
        x, y, heading = roads.parking[place_index].x, roads.parking[place_index].y, roads.parking[place_index].heading
        if not is_clear(state, b, i, x, y, state.agents[b, i].length, 0.5):
            continue
        settle(state, b, i)
        state.agents[b, i].controller = 3
        state.agents[b, i].heading = heading
        state.agents[b, i].x = x - math.cos(heading) * state.agents[b, i].centre_offset
        state.agents[b, i].y = y - math.sin(heading) * state.agents[b, i].centre_offset
        state.agents[b, i].speed, state.agents[b, i].lane = 0.0, -1
        state.agents[b, i].route[:] = -1
        return True
    return False
