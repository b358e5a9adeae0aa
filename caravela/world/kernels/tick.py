"""What one tick does for one agent, or for the lights of one world, in its passes: look ahead, decide, move, go on, judge, come back. All agents of a
world are through one pass before the next begins, and only `go_on` and `come_back` draw from a world's stream of chance, so a thread an
agent may do the others. `step` runs them on the CPU, `cuda_world` on a GPU."""

import numpy as np

from caravela.world.kernels import events, traffic
from caravela.world.kernels.compiling import inlined_kernel, kernel
from caravela.world.kernels.dynamics import actuate, energy_wh, move
from caravela.world.kernels.routes import JUNCTION, extend, is_lateral, project, remaining, shift, slide, walk
from caravela.world.kernels.signals import advance_clocks, update_lamps
from caravela.world.kernels.spawning import spawn
from caravela.world.weather import FRICTION

STEP = 0.1  # s
REWARD_PARTS = 8  # progress, collision, off the way, red light, right of way, comfort, energy, speeding and lane keeping
PROGRESS, COLLISION, OFF_WAY, RED_LIGHT, RIGHT_OF_WAY, COMFORT, ENERGY, LANE = range(REWARD_PARTS)
ROUTE_END = 10.0  # m before the end of a route at which it counts as arrived
AHEAD = 500.0  # m of road that a route is extended to, where there is one


@inlined_kernel
def set_lights(roads, state, b):
    """Move the clocks of world b's lights on, and show their lamps."""
    if not state.worlds[b].frozen:
        advance_clocks(roads, state.worlds[b].map, state.clock[b], STEP)
    update_lamps(roads, state.worlds[b].map, state.clock[b], state.lamp[b])


@inlined_kernel
def look_ahead(roads, state, b, i, junction_lane, junction_distance, rule_lane, rule_distance):
    """Write agent i's `traffic.next_junction` and `traffic.next_rule` into arrays (A,); none where it follows no lanes."""
    junction_lane[i], junction_distance[i] = -1, 1e3
    rule_lane[i], rule_distance[i] = -1, 1e3
    if traffic.on_route(state, b, i):
        route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
        lane, distance = traffic.next_junction(roads.lanes, route, at, s)
        junction_lane[i], junction_distance[i] = lane, distance
        front = 0.5 * state.agents[b, i].length + state.agents[b, i].centre_offset
        lane, distance = traffic.next_rule(roads.lanes, route, at, s, front)
        rule_lane[i], rule_distance[i] = lane, distance


@inlined_kernel
def choose(roads, state, b, i, action, path, junction_lane, junction_distance, rule_lane, rule_distance, wanted, must_yield):
    """Write what agent i wants, wanted (A, 2) m/s^2 and 1/m, by the baseline or from outside, and whether it would have to give way, must_yield
    (A,). `path` (SAMPLES, 3) is room to work in; LEARNED agents are `learned.decide`'s."""
    wanted[i, 0], wanted[i, 1] = 0.0, 0.0
    must_yield[i] = False
    if state.agents[b, i].controller == traffic.IDM:
        acceleration, curvature = traffic.drive(roads, state, b, i, path, junction_lane, junction_distance)
        wanted[i, 0], wanted[i, 1] = acceleration, curvature
    elif state.agents[b, i].controller == traffic.EXTERNAL:
        wanted[i, 0], wanted[i, 1] = action[b, i, 0], action[b, i, 1]
        front = rule_distance[i] - 0.5 * state.agents[b, i].length - state.agents[b, i].centre_offset
        if (
            rule_lane[i] >= 0
            and front > 0.0
            and front < 0.1 + state.agents[b, i].speed * STEP
            and roads.lanes[rule_lane[i]].control != traffic.SIGNAL
        ):
            must_yield[i] = traffic.must_wait(roads, state, b, i, rule_lane[i], 0.1, junction_lane, junction_distance)


@inlined_kernel
def advance(roads, state, b, i, rule_lane, rule_distance, wanted, must_yield, flags, parts):
    """Move agent i as it wants, or as it was told to; walkers move in `go_on`. Clears and writes flags[b, i] and parts[b, i]."""
    controller = state.agents[b, i].controller
    flags[b, i] = 0
    parts[b, i, :] = 0.0
    if controller == traffic.SCRIPTED:
        traffic.carry_on(state, b, i, STEP)
    elif controller == traffic.IDM or controller == traffic.EXTERNAL or controller == traffic.LEARNED:
        _move_agent(roads, state, b, i, wanted[i, 0], wanted[i, 1], rule_lane[i], rule_distance[i], must_yield[i], flags, parts)


@inlined_kernel
def go_on(roads, state, b, i):
    """Once all have moved, and in their order: walkers walk, and a route that comes to its end is extended."""
    controller = state.agents[b, i].controller
    if controller == traffic.WALKER:
        traffic.walk_over(roads, state, b, i, STEP)
    elif controller == traffic.IDM or controller == traffic.EXTERNAL or controller == traffic.LEARNED:
        route = state.agents[b, i].route
        if route[len(route) - 8] < 0:
            count = 0
            while count < len(route) and route[count] >= 0:
                count += 1
            extend(roads, state.worlds, b, route, count, AHEAD)


@inlined_kernel
def judge(roads, state, b, i, flags, parts):
    """Once all are where they will be: who arrived, and what happened to those who are judged."""
    controller = state.agents[b, i].controller
    if controller == traffic.IDM or controller == traffic.EXTERNAL or controller == traffic.LEARNED:
        if remaining(roads.lanes, state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s) < ROUTE_END:
            flags[b, i] |= events.ARRIVED
        if controller != traffic.IDM:
            _judge(roads, state, b, i, flags, parts)


@inlined_kernel
def come_back(roads, state, b, i, flags, respawn):
    """Once all are judged, for who is struck is struck by somebody: traffic that left begins elsewhere, where respawn[b]."""
    if respawn[b] and _leaves(state, b, i, flags):
        spawn(roads, state, b, i, traffic_controller(state, b, i), 200.0, 60.0)


@inlined_kernel
def end(state, b):
    """World b's tick is over."""
    state.worlds[b].time += STEP


@kernel
def _localise(roads, state, b, i):
    """Find agent i on its route again; returns the metres it advanced along the path."""
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    advanced = 0.0
    for _ in range(6):
        lane = route[at]
        following = route[at + 1] if at + 1 < len(route) else -1
        here, offset = project(roads.lanes, roads.points, lane, s, state.agents[b, i].x, state.agents[b, i].y)
        new_at, new_s = walk(roads.lanes, route, at, here)
        advanced += here - s
        if new_at == at:
            state.agents[b, i].lane_s = here
            state.agents[b, i].lane_offset = offset - slide(roads.lanes, lane, following, here)
            state.agents[b, i].lane = lane
            break
        at, s = new_at, new_s
        state.agents[b, i].lane_s = s
    if at > 2:
        at = shift(route, at)
    state.agents[b, i].route_at = at
    return advanced


@kernel
def _indicate(roads, route, at, s):
    """-1 right, 1 left, 0 straight on, for the turn or lane change within the next 35 m."""
    ahead = -s
    for k in range(at, len(route) - 1):
        lane, following = route[k], route[k + 1]
        if lane < 0 or following < 0 or ahead > 35.0:
            return 0
        if roads.lanes[lane].kind == JUNCTION:
            turn = roads.lanes[lane].turn
            return 1 if turn == 1 else (-1 if turn == 2 else 0)
        if is_lateral(roads.lanes, lane, following):
            return 1 if roads.lanes[lane].left == following else -1
        ahead += roads.lanes[lane].length
    return 0


@kernel
def _move_agent(roads, state, b, i, acceleration, curvature, rule, distance, must_yield, flags, parts):
    """Actuate, move and find one vehicle again; note lights crossed and what the ride was like."""
    kind, speed, before = state.agents[b, i].kind, state.agents[b, i].speed, state.agents[b, i].acceleration
    bent = state.agents[b, i].curvature
    state.agents[b, i].acceleration, state.agents[b, i].curvature = actuate(
        speed, before, bent, acceleration, curvature, kind, state.worlds[b].weather[FRICTION], STEP
    )
    state.agents[b, i].x, state.agents[b, i].y, state.agents[b, i].heading, state.agents[b, i].speed = move(
        state.agents[b, i].x,
        state.agents[b, i].y,
        state.agents[b, i].heading,
        speed,
        state.agents[b, i].acceleration,
        state.agents[b, i].curvature,
        STEP,
    )
    if state.agents[b, i].speed <= 0.0 and state.agents[b, i].acceleration < 0.0:
        state.agents[b, i].acceleration = 0.0
    advanced = _localise(roads, state, b, i)
    state.agents[b, i].odometer += advanced
    energy = energy_wh(speed, state.agents[b, i].acceleration, kind, STEP)
    state.agents[b, i].energy += energy
    if state.agents[b, i].speed < 0.2:
        state.agents[b, i].timer += STEP
    elif state.agents[b, i].speed > 3.0:
        state.agents[b, i].timer = 0.0
    state.agents[b, i].brake_lights = state.agents[b, i].acceleration < -0.6 or state.agents[b, i].speed < 0.2
    route, at, s = state.agents[b, i].route, state.agents[b, i].route_at, state.agents[b, i].lane_s
    state.agents[b, i].indicator = _indicate(roads, route, at, s)
    bits = 0
    front = distance - 0.5 * state.agents[b, i].length - state.agents[b, i].centre_offset
    if rule >= 0 and roads.lanes[rule].link >= 0:
        lamp = state.lamp[b, roads.lanes[rule].link]
        if lamp == traffic.RED or lamp == traffic.RED_YELLOW:
            if front > 0.0 and front <= advanced:
                bits |= events.RED_LIGHT
            if front > 0.0 and front < 25.0:
                bits |= events.RED_MET
    if must_yield and front > 0.0 and front <= advanced:
        bits |= events.RIGHT_OF_WAY
    flags[b, i] = bits
    jerk = (state.agents[b, i].acceleration - before) / STEP
    lateral = state.agents[b, i].speed * state.agents[b, i].speed * state.agents[b, i].curvature
    lateral_jerk = state.agents[b, i].speed * state.agents[b, i].speed * (state.agents[b, i].curvature - bent) / STEP
    parts[b, i, PROGRESS] = advanced
    parts[b, i, COMFORT] = (
        (state.agents[b, i].acceleration / 3.0) ** 2 + (lateral / 3.0) ** 2 + 0.1 * min((jerk / 5.0) ** 2 + (lateral_jerk / 5.0) ** 2, 10.0)
    )
    parts[b, i, ENERGY] = energy
    speeding = max(state.agents[b, i].speed - 1.05 * roads.lanes[route[at]].speed, 0.0)
    parts[b, i, LANE] = 0.5 * speeding + min(state.agents[b, i].lane_offset * state.agents[b, i].lane_offset, 9.0) * 0.2


@kernel
def _judge(roads, state, b, i, flags, parts):
    """Events of an externally driven vehicle once everybody has moved."""
    bits = flags[b, i]
    bits |= events.collisions(state, b, i)
    if events.wheels_off(roads, state, b, i):
        bits |= events.OFF
    if events.wrong_way(roads, state, b, i):
        bits |= events.WRONG_WAY
    if abs(state.agents[b, i].lane_offset) > events.ROUTE_LOST:
        bits |= events.ROUTE_MISSED
    flags[b, i] = bits
    if bits & events.COLLISION:
        parts[b, i, COLLISION] = 1.0 if bits & events.AT_FAULT else 0.3
    if bits & (events.OFF | events.ROUTE_MISSED):
        parts[b, i, OFF_WAY] = 1.0
    elif bits & events.WRONG_WAY:
        parts[b, i, OFF_WAY] = 0.02
    if bits & events.RED_LIGHT:
        parts[b, i, RED_LIGHT] = 1.0
    if bits & events.RIGHT_OF_WAY:
        parts[b, i, RIGHT_OF_WAY] = 1.0


@kernel
def _leaves(state, b, i, flags):
    """Is agent i traffic whose drive is over, or that found no room before? Learned cars also end where their teacher's drives do."""
    controller = state.agents[b, i].controller
    if controller == traffic.ABSENT:
        return state.agents[b, i].length > 1.5
    if controller == traffic.LEARNED and flags[b, i] & (events.COLLISION | events.OFF):
        return True
    if controller != traffic.IDM and controller != traffic.LEARNED:
        return False
    return flags[b, i] & events.ARRIVED > 0 or abs(state.agents[b, i].lane_offset) > events.ROUTE_LOST or state.agents[b, i].timer > 60.0


@kernel
def traffic_controller(state, b, i):
    """Who drives agent i of the traffic. The teacher never rode a bicycle: those keep to the baseline."""
    return np.int64(traffic.LEARNED if state.worlds[b].learned and state.agents[b, i].kind != traffic.BICYCLE else traffic.IDM)
