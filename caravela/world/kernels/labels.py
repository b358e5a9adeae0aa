"""What is true around the ego car, for teaching eyes: the governing light, the stop line, the lead, the lane, and a bird's-eye
map. Labels only: no driver ever reads them."""

import math

import numpy as np
from numba import prange

from caravela.world.kernels import traffic
from caravela.world.kernels.compiling import allocating_kernel, kernel, kernel_loop
from caravela.world.kernels.navigation import BUILDING, OFF_ROAD, cell_at
from caravela.world.kernels.routes import path_point

FACTS = 8  # lamp of the governing light (LAMP_*, 0 none), m to the stop line, its link, control kind, m to the lead, its speed, m left of the lane's centre, rad left of its heading
LAMP, STOP, LINK, CONTROL, LEAD, LEAD_SPEED, OFFSET, HEADING = range(FACTS)
FAR = 1e3  # m, where there is none
DRIVABLE, NOT_DRIVABLE, PAINT, VEHICLE, PERSON = 0, 1, 2, 3, 4


@kernel
def _paint_agent(state, b, j, x_low, y_low, cell, grid, ego_x, ego_y, cos, sin):
    """Mark the cells of a bird's-eye grid (rows ahead, columns to the left) that agent j covers."""
    value = PERSON if state.agents[b, j].kind == 6 or state.agents[b, j].kind == 8 else VEHICLE  # an animal is as soft as a person
    hx, hy = math.cos(state.agents[b, j].heading), math.sin(state.agents[b, j].heading)
    half_long = 0.5 * state.agents[b, j].length
    half_wide = 0.5 * state.agents[b, j].width
    cx = state.agents[b, j].x + hx * state.agents[b, j].centre_offset - ego_x
    cy = state.agents[b, j].y + hy * state.agents[b, j].centre_offset - ego_y
    steps_long, steps_wide = int(2.0 * half_long) + 1, int(2.0 * half_wide) + 1
    for i in range(steps_long + 1):
        for k in range(steps_wide + 1):
            along, across = half_long * (2.0 * i / steps_long - 1.0), half_wide * (2.0 * k / steps_wide - 1.0)
            px, py = cx + hx * along - hy * across, cy + hy * along + hx * across
            row = int(math.floor((px * cos + py * sin - x_low) / cell[0]))
            column = int(math.floor((py * cos - px * sin - y_low) / cell[1]))
            if row >= 0 and row < grid.shape[0] and column >= 0 and column < grid.shape[1]:
                grid[row, column] = value


@allocating_kernel
def _facts(roads, state, b, x_range, y_range, out, bird):
    rows, columns = bird.shape[1], bird.shape[2]
    path = np.empty((traffic.SAMPLES, 3), dtype=np.float32)
    ego = state.agents[b, 0]
    overhang = 0.5 * ego.length + ego.centre_offset
    lane, distance = traffic.next_rule(roads.lanes, ego.route, ego.route_at, ego.lane_s, overhang)
    front = distance - overhang
    out[b, LAMP], out[b, STOP], out[b, LINK], out[b, CONTROL] = 0.0, FAR, -1.0, -1.0
    if lane >= 0 and front > -0.5:
        control = roads.lanes[lane].control
        out[b, CONTROL] = control
        if control != traffic.PRIORITY:
            out[b, STOP] = front
        link = roads.lanes[lane].link
        if link >= 0:
            out[b, LAMP], out[b, LINK] = state.lamp[b, link], link
    traffic.sample_path(roads.lanes, roads.points, ego.route, ego.route_at, ego.lane_s, path)
    gap, speed = traffic.leader(state, b, np.int64(0), path, 0.5 * ego.length + ego.centre_offset)
    out[b, LEAD], out[b, LEAD_SPEED] = gap, speed
    _, _, heading = path_point(roads.lanes, roads.points, ego.route, ego.route_at, ego.lane_s)
    out[b, OFFSET] = ego.lane_offset
    out[b, HEADING] = (ego.heading - heading + math.pi) % (2.0 * math.pi) - math.pi
    cos, sin = math.cos(ego.heading), math.sin(ego.heading)
    cell = ((x_range[1] - x_range[0]) / rows, (y_range[1] - y_range[0]) / columns)
    for row in range(rows):
        for column in range(columns):
            ahead, aside = x_range[0] + (row + 0.5) * cell[0], y_range[0] + (column + 0.5) * cell[1]
            value = cell_at(roads.maps, roads.grid, state.worlds[b].map, ego.x + ahead * cos - aside * sin, ego.y + ahead * sin + aside * cos)
            bird[b, row, column] = NOT_DRIVABLE if value == OFF_ROAD or value == BUILDING else DRIVABLE
    for j in range(1, state.agents.shape[1]):
        if state.agents[b, j].controller != traffic.ABSENT:
            if abs(state.agents[b, j].x - ego.x) < 80.0 and abs(state.agents[b, j].y - ego.y) < 80.0:
                _paint_agent(state, b, j, x_range[0], y_range[0], cell, bird[b], ego.x, ego.y, cos, sin)


@kernel_loop
def facts(roads, state, x_range, y_range, out, bird):
    """Write out (B, FACTS) and bird (B, rows, columns) uint8 for agent 0 of every world. x_range and y_range (2,) m in the rig
    frame span the bird's-eye grid: rows ascend ahead, columns to the left."""
    for b in prange(state.agents.shape[0]):
        _facts(roads, state, np.int64(b), x_range, y_range, out, bird)  # signed, see kernels.step
