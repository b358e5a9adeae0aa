"""What the teacher sees: one row of numbers an agent, limited to what the policy rig could see from there (field of view,
size in pixels, line of sight, one second of memory) and to what a sat-nav knows. No intents, no remaining light times."""

import math

import numpy as np
from numba import prange

from caravela.world.kernels import traffic
from caravela.world.kernels.compiling import allocating_kernel, kernel, kernel_loop
from caravela.world.kernels.dynamics import FULL_LOCK
from caravela.world.kernels.navigation import ANY_DIRECTION, BUILDING, OFF_ROAD, cell_at, code_heading, line_of_sight
from caravela.world.kernels.routes import JUNCTION, path_point, remaining, slide, walk
from caravela.world.weather import FRICTION

LOOKAHEAD = np.array([0.0, 3.0, 6.0, 9.0, 13.0, 18.0, 25.0, 34.0, 45.0, 60.0], dtype=np.float32)  # m along the path
EDGES_AT = np.array([0.0, 5.0, 12.0, 22.0], dtype=np.float32)  # m along the path where the road's edges are measured
STYLE = 8  # reward weights the agent is conditioned on
EGO, PATH, EDGE, RULES = 14, 4 * len(LOOKAHEAD), 3 * len(EDGES_AT), 18
ROW = EGO + PATH + EDGE + RULES + STYLE  # the row without objects
SPEED_SCALE = 15.0  # m/s that a row's speeds are told in
# of a row's rules: whether a line is ahead, how far, the same for what is near, what stopping at it takes; red, yellow, how near red is
AHEAD, LINE, NEARNESS, BRAKING, IS_RED, IS_YELLOW, RED_NEARNESS = 0, 1, 2, 3, 10, 11, 15
LINE_SCALE, NEAR_SCALE, RED_SCALE = 30.0, 6.0, 10.0  # m
RED = EGO + PATH + EDGE + IS_RED  # where a row says that the light ahead is red
OBJECTS, OBJECT = 12, 18  # nearest visible agents and the numbers for each
RANGE = 65.0  # m
REAR_BLIND = 2.27  # rad: the rig's cameras reach 130 degrees to either side
FOCAL = 53.7  # px, of the wide cameras: 128 px at 100 degrees
LEAST_AREA = 2.0  # px
MEMORY = 1.0  # s


@kernel
def _clear_width(roads, map_index, x, y, heading, side):
    """(m to the edge of the drivable area, m to a lane running the other way) from a point towards one side; 8 at most."""
    oncoming = 8.0
    nx, ny = -math.sin(heading) * side, math.cos(heading) * side
    for k in range(1, 17):
        distance = 0.5 * float(k)
        cell = cell_at(roads.maps, roads.grid, map_index, x + nx * distance, y + ny * distance)
        if cell == OFF_ROAD or cell == BUILDING:
            return distance, min(oncoming, distance)
        if cell != ANY_DIRECTION and oncoming == 8.0:
            off = (code_heading(cell) - heading + math.pi) % (2.0 * math.pi) - math.pi
            if abs(off) > 1.75:
                oncoming = distance
    return 8.0, oncoming


@kernel
def _ego(roads, state, b, i, row):
    kind = state.agents[b, i].kind
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    limit = roads.lanes[route[at]].speed
    _, _, path_heading = path_point(roads.lanes, roads.points, route, at, s)
    off = (state.agents[b, i].heading - path_heading + math.pi) % (2.0 * math.pi) - math.pi
    row[0] = state.agents[b, i].speed / SPEED_SCALE
    row[1] = state.agents[b, i].acceleration / 4.0
    row[2] = state.agents[b, i].curvature / FULL_LOCK[kind]
    row[3] = state.agents[b, i].lane_offset / 2.0
    row[4], row[5] = math.sin(off), math.cos(off)
    row[6] = limit / SPEED_SCALE
    row[7] = (state.agents[b, i].speed - limit) / 5.0
    row[8] = state.agents[b, i].length / 5.0
    row[9] = state.agents[b, i].width / 2.0
    row[10] = state.agents[b, i].wheelbase / 3.0
    row[11] = state.worlds[b].weather[FRICTION]
    row[12] = 1.0 if roads.maps[state.worlds[b].map].lefthand else -1.0
    row[13] = min(remaining(roads.lanes, route, at, s), 100.0) / 100.0


@kernel
def _path(roads, state, b, i, row):
    """Path points ahead in the agent's frame, then the clear width to the left, right and to oncoming lanes."""
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    side = -1.0 if roads.maps[state.worlds[b].map].lefthand else 1.0
    done, edge = 0.0, 0
    for k in range(len(LOOKAHEAD)):
        while edge < len(EDGES_AT) and EDGES_AT[edge] <= LOOKAHEAD[k]:
            here, where = walk(roads.lanes, route, at, s + EDGES_AT[edge] - done)
            x, y, heading = path_point(roads.lanes, roads.points, route, here, where)
            if edge == 0:
                x, y = state.agents[b, i].x, state.agents[b, i].y
            left, left_oncoming = _clear_width(roads, state.worlds[b].map, x, y, heading, 1.0)
            right, right_oncoming = _clear_width(roads, state.worlds[b].map, x, y, heading, -1.0)
            base = PATH + 3 * edge
            row[base], row[base + 1] = left / 4.0, right / 4.0
            row[base + 2] = (left_oncoming if side > 0.0 else right_oncoming) / 4.0
            edge += 1
        at, s = walk(roads.lanes, route, at, s + LOOKAHEAD[k] - done)
        done = LOOKAHEAD[k]
        x, y, heading = path_point(roads.lanes, roads.points, route, at, s)
        dx, dy = x - state.agents[b, i].x, y - state.agents[b, i].y
        turn = heading - state.agents[b, i].heading
        reach = 5.0 + LOOKAHEAD[k]
        row[4 * k], row[4 * k + 1] = (dx * cos + dy * sin) / reach, (dy * cos - dx * sin) / reach * 3.0
        row[4 * k + 2], row[4 * k + 3] = math.sin(turn), math.cos(turn)


@kernel
def _rules(roads, state, b, i, lane, distance, row):
    """The next junction: how far, what governs it, its lamp, which way the route goes."""
    route, at = state.agents[b, i].route, state.agents[b, i].route_at
    front = distance - 0.5 * state.agents[b, i].length - state.agents[b, i].centre_offset
    row[AHEAD] = 1.0 if lane >= 0 and front > 0.0 else 0.0
    row[LINE] = min(max(front, -10.0), 60.0) / LINE_SCALE if lane >= 0 else 2.0
    row[NEARNESS] = math.exp(-max(front, 0.0) / NEAR_SCALE) if lane >= 0 else 0.0
    speed = state.agents[b, i].speed
    row[BRAKING] = min(speed * speed / (2.0 * max(front, 0.3)), 8.0) / 4.0 if lane >= 0 and front > 0.0 else 0.0
    if lane >= 0:
        row[4 + roads.lanes[lane].control] = 1.0  # 5 kinds
        turn = roads.lanes[lane].turn
        row[9] = 1.0 if turn == 1 else (-1.0 if turn == 2 else 0.0)
        link = roads.lanes[lane].link
        if link >= 0 and front < 70.0:
            lamp = state.lamp[b, link]
            if lamp == traffic.RED or lamp == traffic.RED_YELLOW:
                row[IS_RED] = 1.0
                row[RED_NEARNESS] = math.exp(-max(front, 0.0) / RED_SCALE)
            elif lamp == traffic.YELLOW:
                row[IS_YELLOW] = 1.0
            elif lamp == traffic.GREEN:
                row[12] = 1.0
            elif lamp == traffic.GREEN_YIELD:
                row[13] = 1.0
            else:
                row[14] = 1.0
    row[16] = 1.0 if roads.lanes[route[at]].kind == JUNCTION else 0.0
    row[17] = min(state.agents[b, i].timer, 3.0) / 3.0


@kernel
def _must_yield(roads, lane, other):
    """1 where traffic of junction lane `lane` gives way to `other`'s, 0.5 where the two conflict otherwise, else 0."""
    if lane < 0 or other < 0:
        return 0.0
    for k in range(roads.lanes[lane].conflict_start, roads.lanes[lane].conflict_end):
        if roads.conflicts[k].lane == other:
            return 1.0 if roads.conflicts[k].yields else 0.5
    return 0.0


@kernel
def _visible(roads, state, b, i, j, ahead, aside, distance):
    bearing = abs(math.atan2(aside, ahead))
    if bearing > REAR_BLIND or distance > RANGE:
        return False
    area = FOCAL * FOCAL * state.agents[b, j].height * max(state.agents[b, j].width, 0.5) / (distance * distance)
    if area < LEAST_AREA:
        return False
    return line_of_sight(roads.maps, roads.grid, state.worlds[b].map, state.agents[b, i].x, state.agents[b, i].y, state.agents[b, j].x, state.agents[b, j].y)


@kernel
def _object(roads, state, b, i, j, path, mine, mine_distance, theirs, theirs_distance, row):
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    hx, hy = math.cos(state.agents[b, j].heading), math.sin(state.agents[b, j].heading)
    cx, cy = state.agents[b, j].x + hx * state.agents[b, j].centre_offset, state.agents[b, j].y + hy * state.agents[b, j].centre_offset
    dx, dy = cx - state.agents[b, i].x, cy - state.agents[b, i].y
    vx, vy = state.agents[b, j].speed * hx - state.agents[b, i].speed * cos, state.agents[b, j].speed * hy - state.agents[b, i].speed * sin
    ahead, aside = dx * cos + dy * sin, dy * cos - dx * sin
    along, across = traffic.on_path(path, cx, cy)
    nearest = min(max(int(along / traffic.SPACING + 0.5), 0), traffic.SAMPLES - 1)
    turn = state.agents[b, j].heading - path[nearest, 2]
    front = along - 0.5 * state.agents[b, i].length - state.agents[b, i].centre_offset - 0.5 * abs(state.agents[b, j].length * math.cos(turn)) - 0.5 * abs(state.agents[b, j].width * math.sin(turn))
    half_wide = 0.5 * (abs(state.agents[b, j].length * math.sin(turn)) + abs(state.agents[b, j].width * math.cos(turn)) + state.agents[b, i].width)
    row[0], row[1] = ahead / 20.0, aside / 10.0
    row[2], row[3] = (vx * cos + vy * sin) / 10.0, (vy * cos - vx * sin) / 10.0
    row[4], row[5] = hx * cos + hy * sin, hy * cos - hx * sin
    row[6], row[7] = state.agents[b, j].length / 5.0, state.agents[b, j].width / 2.0
    row[8] = 1.0 if state.agents[b, j].kind == 6 or state.agents[b, j].kind == 8 else 0.0  # who walks
    row[9] = 1.0 if state.agents[b, j].kind == 5 else 0.0
    row[10] = min(max(front, -20.0), 60.0) / 20.0
    row[11] = min(max(across, -10.0), 10.0) / 4.0
    row[12] = min(max(abs(across) - half_wide, -1.0), 4.0)
    row[13] = math.exp(-max(front, 0.0) / 8.0) if abs(across) < half_wide + 0.3 and along > 0.0 else 0.0
    row[14] = state.agents[b, j].speed / 10.0
    row[15] = 1.0 if state.agents[b, j].brake_lights else 0.0
    row[16] = float(state.agents[b, j].indicator) if state.agents[b, j].indicator <= 1 else 0.0
    row[17] = _must_yield(roads, mine, theirs) if mine_distance < 30.0 and theirs_distance < 40.0 else 0.0


@kernel
def observe_one(roads, state, b, i, junction_lane, junction_distance, path, distances, order, row, objects, mask):
    """What agent i sees: row (ROW - STYLE,), objects and mask; path, distances and order are room to work in."""
    agents = state.agents.shape[1]
    row[:] = 0.0
    objects[:] = 0.0
    mask[:] = False
    _ego(roads, state, b, i, row[:EGO])
    _path(roads, state, b, i, row[EGO : EGO + PATH + EDGE])
    front = 0.5 * state.agents[b, i].length + state.agents[b, i].centre_offset
    rule, to_rule = traffic.next_rule(roads.lanes, state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s, front)
    _rules(roads, state, b, i, rule, to_rule, row[EGO + PATH + EDGE : EGO + PATH + EDGE + RULES])
    traffic.sample_path(roads.lanes, roads.points, state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s, path)
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    found = 0
    for j in range(agents):
        if j == i or state.agents[b, j].controller == traffic.ABSENT:
            continue
        dx, dy = state.agents[b, j].x - state.agents[b, i].x, state.agents[b, j].y - state.agents[b, i].y
        distance = math.sqrt(dx * dx + dy * dy)
        if distance > RANGE + 5.0:
            continue
        ahead, aside = dx * cos + dy * sin, dy * cos - dx * sin
        if _visible(roads, state, b, i, j, ahead, aside, distance):
            state.seen[b, i, j] = state.worlds[b].time
        if state.worlds[b].time - state.seen[b, i, j] > MEMORY:
            continue
        key = distance + (0.0 if ahead > -2.0 else 25.0)  # what lies behind matters less
        k = found
        while k > 0 and distances[k - 1] > key:
            distances[k], order[k] = distances[k - 1], order[k - 1]
            k -= 1
        distances[k], order[k] = key, j
        found += 1
    for k in range(min(found, OBJECTS)):
        j = order[k]
        _object(roads, state, b, i, j, path, junction_lane[i], junction_distance[i], junction_lane[j], junction_distance[j], objects[k])
        mask[k] = True


@kernel
def observe_slot(roads, state, b, i, junction_lane, junction_distance, path, distances, order, row, objects, mask):
    """`observe_one` where agent i is EXTERNAL, zeros where it is not; row (ROW,), whose last STYLE numbers are the caller's."""
    if state.agents[b, i].controller == traffic.EXTERNAL:
        observe_one(roads, state, b, i, junction_lane, junction_distance, path, distances, order, row[: ROW - STYLE], objects, mask)
    else:
        row[: ROW - STYLE] = 0.0
        objects[:] = 0.0
        mask[:] = False


@allocating_kernel
def _observe_world(roads, state, b, rows, objects, mask, only_ego):
    agents = state.agents.shape[1]
    path = np.empty((traffic.SAMPLES, 3), dtype=np.float32)
    distances = np.empty(agents, dtype=np.float32)
    order = np.empty(agents, dtype=np.int32)
    junction_lane = np.full(agents, -1, dtype=np.int32)
    junction_distance = np.full(agents, 1e3, dtype=np.float32)
    for i in range(agents):
        if traffic.on_route(state, b, i):
            lane, distance = traffic.next_junction(roads.lanes, state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s)
            junction_lane[i], junction_distance[i] = lane, distance
    for i in range(1 if only_ego else agents):
        if state.agents[b, i].controller == traffic.EXTERNAL:
            observe_one(roads, state, b, i, junction_lane, junction_distance, path, distances, order, rows[b, i, : ROW - STYLE], objects[b, i], mask[b, i])


@kernel_loop
def observe(roads, state, rows, objects, mask, only_ego):
    """Write what EXTERNAL agents see: rows (B, A, ROW - STYLE first numbers), objects (B, A, OBJECTS, OBJECT), mask (B, A, OBJECTS).
    The last STYLE numbers of a row are the caller's. only_ego: agent 0 alone."""
    for b in prange(state.agents.shape[0]):
        _observe_world(roads, state, np.int64(b), rows, objects, mask, only_ego)  # signed, see kernels.step


@kernel
def sat_nav(roads, state, b, i, points, spacing, out):
    """Write (points, 2) map-frame points on the road's axis ahead of agent i, the first `spacing` metres ahead."""
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    for k in range(points):
        at, s = walk(roads.lanes, route, at, s + spacing)
        lane = route[at]
        x, y, heading = path_point(roads.lanes, roads.points, route, at, s)
        axis = roads.lanes[lane].axis_offset
        if roads.lanes[lane].kind == JUNCTION:
            share = min(max(s / max(roads.lanes[lane].length, 0.1), 0.0), 1.0)
            first = roads.lanes[route[at - 1]].axis_offset if at > 0 and route[at - 1] >= 0 else axis
            last = roads.lanes[route[at + 1]].axis_offset if at + 1 < len(route) and route[at + 1] >= 0 else first
            axis = first + share * (last - first)
        elif at + 1 < len(route):
            axis -= slide(roads.lanes, lane, route[at + 1], s)  # the path slides across the road: its axis stays
        out[k, 0] = x - math.sin(heading) * axis
        out[k, 1] = y + math.cos(heading) * axis


@kernel_loop
def sat_nav_all(roads, state, spacing, out):
    """Agent 0 of every world: out (B, points, 2)."""
    for b in prange(state.agents.shape[0]):
        sat_nav(roads, state, np.int64(b), np.int64(0), out.shape[1], spacing, out[b])
