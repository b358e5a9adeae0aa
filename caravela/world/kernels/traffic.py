"""Baseline traffic: the Intelligent Driver Model (Treiber et al. 2000) along each agent's route, lights and right of way
obeyed by gap acceptance, and people who walk over crossings. It is traffic and a baseline to beat, never the driver."""

import math

from caravela.world.kernels.compiling import kernel
from caravela.world.kernels.random import uniform
from caravela.world.kernels.routes import JUNCTION, is_lateral, path_point, walk

ABSENT, EXTERNAL, IDM, PARKED, WALKER, LEARNED, SCRIPTED = 0, 1, 2, 3, 4, 5, 7
PRIORITY, YIELD, STOP, SIGNAL, RIGHT_BEFORE_LEFT = 0, 1, 2, 3, 4
RED, RED_YELLOW, YELLOW, GREEN_YIELD, GREEN = 1, 2, 3, 4, 5

SAMPLES, SPACING = 22, 3.0  # path samples ahead and m between them
TIME_GAP, STANDSTILL_GAP = 1.4, 2.0  # s, m
COMFORT_ACCELERATION, COMFORT_BRAKING = 1.6, 2.2  # m/s^2
LATERAL_COMFORT = 2.3  # m/s^2 in curves
GAP_MARGIN = 3.0  # s between my arrival at a conflict and theirs
WALKING_SPEED = 1.35  # m/s
LET_OVER = 1.5  # s that a vehicle has stood before a crossing when people take it that they may go
BICYCLE, PEDESTRIAN, ANIMAL = 5, 6, 8
OVER_THE_LINE = 1.0  # m: a bumper less far over still belongs to its line
KERB_MARGIN = 1.2  # m that walkers start and end beyond the kerb


@kernel
def sample_path(lanes, points, route, at, s, out):
    """Fill out (SAMPLES, 3) with x, y, heading every SPACING metres ahead of (at, s)."""
    for k in range(SAMPLES):
        x, y, heading = path_point(lanes, points, route, at, s)
        out[k, 0], out[k, 1], out[k, 2] = x, y, heading
        at, s = walk(lanes, route, at, s + SPACING)


@kernel
def on_path(path, x, y):
    """(metres along the samples, metres to the left of them) of a point."""
    best, nearest = 1e9, 0
    for k in range(SAMPLES):
        dx, dy = x - path[k, 0], y - path[k, 1]
        distance = dx * dx + dy * dy
        if distance < best:
            best, nearest = distance, k
    dx, dy = x - path[nearest, 0], y - path[nearest, 1]
    cos, sin = math.cos(path[nearest, 2]), math.sin(path[nearest, 2])
    return float(nearest) * SPACING + dx * cos + dy * sin, dy * cos - dx * sin


@kernel
def on_route(state, b, i):
    """Does agent i follow lanes, so that others at a junction can tell where it goes?"""
    controller = state.agents[b, i].controller
    return controller == IDM or controller == EXTERNAL or controller == LEARNED or (controller == SCRIPTED and state.agents[b, i].route[0] >= 0)


@kernel
def next_junction(lanes, route, at, s):
    """(junction lane, metres to its start) next on a route; metres are negative while on it; (-1, 1e3) where none is near."""
    lane = route[at]
    if lanes[lane].kind == JUNCTION:
        return lane, -s
    ahead = lanes[lane].length - s
    for k in range(at + 1, len(route)):
        following = route[k]
        if following < 0 or ahead > 80.0:
            break
        if is_lateral(lanes, route[k - 1], following):
            continue
        if lanes[following].kind == JUNCTION:
            return following, ahead
        ahead += lanes[following].length
    return -1, 1e3


@kernel
def next_rule(lanes, route, at, s, front):
    """(junction lane, metres to its start) of the next one on a route that asks for something: a signal, a sign, traffic from the
    right. One whose line the bumper, `front` metres ahead of the rear axle, has crossed asks for nothing more: the next light may stand a few
    metres on. Where none is near it is `next_junction`'s."""
    ahead = lanes[route[at]].length - s
    for k in range(at + 1, len(route)):
        following = route[k]
        if following < 0 or ahead > 80.0:
            break
        if is_lateral(lanes, route[k - 1], following):
            continue
        if lanes[following].kind == JUNCTION and lanes[following].control != PRIORITY and ahead - front > -OVER_THE_LINE:
            return following, ahead
        ahead += lanes[following].length
    return next_junction(lanes, route, at, s)


@kernel
def follow(speed, wanted, gap, leader_speed):
    """IDM acceleration, m/s^2, for a bumper-to-bumper gap (1e3 where nobody is ahead)."""
    closing = speed * (speed - leader_speed) / (2.0 * math.sqrt(COMFORT_ACCELERATION * COMFORT_BRAKING))
    wished = STANDSTILL_GAP + max(0.0, speed * TIME_GAP + closing)
    ratio = wished / max(gap, 0.1)
    free = (speed / max(wanted, 0.1)) ** 4
    return min(max(COMFORT_ACCELERATION * (1.0 - free - ratio * ratio), -8.0), COMFORT_ACCELERATION)


@kernel
def must_wait(roads, state, b, i, lane, distance, foe_lanes, foe_distances):
    """Must agent i stop before junction lane `lane`, `distance` metres ahead of its bumper? foe_lanes and foe_distances (A,)
    are every agent's `next_junction`."""
    control = roads.lanes[lane].control
    link = roads.lanes[lane].link
    speed = state.agents[b, i].speed
    if control == SIGNAL and link >= 0:
        lamp = state.lamp[b, link]
        if lamp == RED or lamp == RED_YELLOW:
            return True
        if lamp == YELLOW:
            return speed * speed / (2.0 * max(distance, 0.1)) < 3.0
        if lamp == GREEN:
            return False
    if control == STOP and state.agents[b, i].timer < 0.5 and distance < 6.0 and speed > 0.1:
        return True
    if distance > 25.0:
        return False
    mine = distance / max(speed, 2.5)
    for k in range(roads.lanes[lane].conflict_start, roads.lanes[lane].conflict_end):
        if not roads.conflicts[k].yields:
            continue
        foe = roads.conflicts[k].lane
        for j in range(state.agents.shape[1]):
            if j == i or not on_route(state, b, j):
                continue
            if foe_lanes[j] != foe:
                continue
            foe_distance = foe_distances[j]
            if foe_distance < 0.0:
                return True
            foe_link = roads.lanes[foe].link
            if foe_link >= 0 and roads.lanes[foe].control == SIGNAL and (state.lamp[b, foe_link] == RED or state.lamp[b, foe_link] == RED_YELLOW):
                continue
            if state.agents[b, j].speed < 0.3 and state.agents[b, i].timer > 3.0 + 0.37 * float(i):
                continue  # everybody waits: the one who waits longest goes
            if foe_distance / max(state.agents[b, j].speed, 1.5) < mine + GAP_MARGIN:
                return True
    return False


@kernel
def drive(roads, state, b, i, path, foe_lanes, foe_distances):
    """(acceleration, curvature) that the baseline driver of agent i wants. `path` (SAMPLES, 3) is room to work in."""
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    speed = state.agents[b, i].speed
    sample_path(roads.lanes, roads.points, route, at, s, path)
    front = 0.5 * state.agents[b, i].length + state.agents[b, i].centre_offset
    wanted = roads.lanes[route[at]].speed * state.agents[b, i].style
    if state.agents[b, i].kind == BICYCLE:
        wanted = min(wanted, 5.0)
    wanted = min(wanted, _curve_speed(path, speed))
    acceleration = follow(speed, wanted, 1e3, 0.0)
    gap, leader_speed = leader(state, b, i, path, front)
    acceleration = min(acceleration, follow(speed, wanted, gap, leader_speed))
    lane, room = next_rule(roads.lanes, route, at, s, front)
    room -= front
    if lane >= 0 and room > -1.0 and room < 60.0 and must_wait(roads, state, b, i, lane, room, foe_lanes, foe_distances):
        acceleration = min(acceleration, follow(speed, wanted, max(room + 1.0, 0.05), 0.0))
    look = min(max(4.0, 0.9 * speed), SPACING * float(SAMPLES - 1) - 0.1)
    k = int(look / SPACING)
    share = look / SPACING - float(k)
    tx = path[k, 0] + share * (path[k + 1, 0] - path[k, 0]) - state.agents[b, i].x
    ty = path[k, 1] + share * (path[k + 1, 1] - path[k, 1]) - state.agents[b, i].y
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    side = ty * cos - tx * sin
    return acceleration, 2.0 * side / max(tx * tx + ty * ty, 1.0)


@kernel
def _curve_speed(path, speed):
    """The speed that lets every curve ahead be taken in comfort after comfortable braking."""
    lowest = 1e3
    for k in range(SAMPLES - 2):
        turn = (path[k + 2, 2] - path[k, 2] + math.pi) % (2.0 * math.pi) - math.pi
        curvature = abs(turn) / (2.0 * SPACING)
        if curvature > 0.005:
            fastest = math.sqrt(LATERAL_COMFORT / curvature)
            lowest = min(lowest, math.sqrt(fastest * fastest + 2.0 * 1.5 * float(k) * SPACING))
    return lowest


@kernel
def leader(state, b, i, path, front):
    """(gap m, speed m/s) of the first agent in the way along the path."""
    gap, leader_speed = 1e3, 0.0
    for j in range(state.agents.shape[1]):
        if j == i or state.agents[b, j].controller == ABSENT:
            continue
        cos_j, sin_j = math.cos(state.agents[b, j].heading), math.sin(state.agents[b, j].heading)
        cx = state.agents[b, j].x + cos_j * state.agents[b, j].centre_offset
        cy = state.agents[b, j].y + sin_j * state.agents[b, j].centre_offset
        dx, dy = cx - state.agents[b, i].x, cy - state.agents[b, i].y
        if dx * dx + dy * dy > 70.0 * 70.0:
            continue
        along, across = on_path(path, cx, cy)
        if along < 0.5 or along > SPACING * float(SAMPLES):
            continue
        heading = path[min(max(int(along / SPACING + 0.5), 0), SAMPLES - 1), 2]
        cos, sin = abs(math.cos(state.agents[b, j].heading - heading)), abs(math.sin(state.agents[b, j].heading - heading))
        half_long = 0.5 * (state.agents[b, j].length * cos + state.agents[b, j].width * sin)
        half_wide = 0.5 * (state.agents[b, j].length * sin + state.agents[b, j].width * cos)
        room = half_wide + 0.5 * state.agents[b, i].width + (0.05 if state.agents[b, j].controller == PARKED else 0.25)  # a bus squeezes past
        if (state.agents[b, j].kind == PEDESTRIAN or state.agents[b, j].kind == ANIMAL) and state.agents[b, j].speed > 0.1:
            room += 1.2
        if abs(across) > room:
            continue
        clear = along - half_long - front
        if clear < -half_long:
            continue
        if clear < gap:
            gap = clear
            leader_speed = state.agents[b, j].speed * math.cos(state.agents[b, j].heading - heading)
    return gap, max(leader_speed, 0.0)


@kernel
def carry_on(state, b, i, step):
    """Advance a scripted agent: it keeps its speed and its curvature until whoever directs it says otherwise."""
    speed = state.agents[b, i].speed
    state.agents[b, i].heading += speed * state.agents[b, i].curvature * step
    state.agents[b, i].x += speed * step * math.cos(state.agents[b, i].heading)
    state.agents[b, i].y += speed * step * math.sin(state.agents[b, i].heading)
    state.agents[b, i].odometer += speed * step


@kernel
def walk_over(roads, state, b, i, step):
    """Advance a walker: wait at the kerb, cross when the light or the traffic lets it, turn round. `lane` is its crossing,
    `lane_s` metres from the first kerb, `style` +1 or -1 its direction."""
    crossing = state.agents[b, i].lane
    x0, y0, x1, y1 = roads.crossings[crossing].x0, roads.crossings[crossing].y0, roads.crossings[crossing].x1, roads.crossings[crossing].y1
    length = max(math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2), 0.1)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    forward = state.agents[b, i].style > 0.0
    start = -KERB_MARGIN if forward else length + KERB_MARGIN
    if state.agents[b, i].timer > 0.0:
        state.agents[b, i].timer -= step
        if state.agents[b, i].timer <= 0.0 and not _may_cross(roads, state, b, crossing, x0, y0, x1, y1, length):
            state.agents[b, i].timer = 0.4 + 0.6 * uniform(state.worlds, b)
        state.agents[b, i].speed = 0.0
        state.agents[b, i].lane_s = start
    else:
        state.agents[b, i].speed = WALKING_SPEED
        state.agents[b, i].lane_s += WALKING_SPEED * step * (1.0 if forward else -1.0)
        if (forward and state.agents[b, i].lane_s >= length + KERB_MARGIN) or (not forward and state.agents[b, i].lane_s <= -KERB_MARGIN):
            state.agents[b, i].style = -state.agents[b, i].style
            state.agents[b, i].timer = 4.0 + 20.0 * uniform(state.worlds, b)
    side = state.agents[b, i].lane_offset
    state.agents[b, i].x = x0 + ux * state.agents[b, i].lane_s - uy * side
    state.agents[b, i].y = y0 + uy * state.agents[b, i].lane_s + ux * side
    state.agents[b, i].heading = math.atan2(uy, ux) if forward else math.atan2(-uy, -ux)


@kernel
def _may_cross(roads, state, b, crossing, x0, y0, x1, y1, length):
    """A walker goes on green, and otherwise when no vehicle can reach the crossing within its walk, or those that could wait."""
    link = roads.crossings[crossing].link
    if link >= 0 and state.lamp[b, link] != GREEN and state.lamp[b, link] != GREEN_YIELD:
        return False
    middle_x, middle_y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
    for j in range(state.agents.shape[1]):
        controller = state.agents[b, j].controller
        if controller != IDM and controller != EXTERNAL and controller != LEARNED:
            continue
        dx, dy = middle_x - state.agents[b, j].x, middle_y - state.agents[b, j].y
        cos, sin = math.cos(state.agents[b, j].heading), math.sin(state.agents[b, j].heading)
        ahead, aside = dx * cos + dy * sin, abs(dy * cos - dx * sin)
        front = state.agents[b, j].centre_offset + 0.5 * state.agents[b, j].length
        if state.agents[b, j].speed < 0.3 and state.agents[b, j].timer > LET_OVER and ahead > front + 0.5 * roads.crossings[crossing].width:
            continue  # it stands before the crossing: if both wait for each other, neither ever goes
        if aside < 0.5 * length + 2.0 and ahead > -4.0 and ahead < 6.0 + state.agents[b, j].speed * 3.5:
            return False
    return True
