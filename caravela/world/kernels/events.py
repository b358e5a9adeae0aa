"""What happened in a step: collisions and whose fault they were, wheels off the road, the wrong way, red lights, routes lost."""

import math

from caravela.world.kernels.compiling import kernel
from caravela.world.kernels.navigation import ANY_DIRECTION, BUILDING, OFF_ROAD, cell_at, code_heading

COLLISION, AT_FAULT, OFF, WRONG_WAY, RED_LIGHT, ROUTE_MISSED, ARRIVED, RED_MET, RIGHT_OF_WAY = 1, 2, 4, 8, 16, 32, 64, 128, 256
NAMES = ("collision", "at_fault_collision", "off_road", "wrong_way", "red_light", "route_missed", "arrived", "red_met", "right_of_way")
WRONG_WAY_ANGLE = 1.75  # rad from the lane's direction: 100 degrees
ROUTE_LOST = 7.5  # m from the path
WHEEL_INSET = 0.12  # m from the body's side to the wheel's contact


@kernel
def overlap(x0, y0, h0, l0, w0, x1, y1, h1, l1, w1):
    """Do two oriented rectangles (centre, heading, length, width) touch? Separating axes."""
    dx, dy = x1 - x0, y1 - y0
    if dx * dx + dy * dy > 0.25 * (l0 + l1 + w0 + w1) ** 2:
        return False
    c0, s0, c1, s1 = math.cos(h0), math.sin(h0), math.cos(h1), math.sin(h1)
    cos, sin = abs(c0 * c1 + s0 * s1), abs(c0 * s1 - s0 * c1)
    return (
        abs(dx * c0 + dy * s0) < 0.5 * (l0 + l1 * cos + w1 * sin)
        and abs(dy * c0 - dx * s0) < 0.5 * (w0 + l1 * sin + w1 * cos)
        and abs(dx * c1 + dy * s1) < 0.5 * (l1 + l0 * cos + w0 * sin)
        and abs(dy * c1 - dx * s1) < 0.5 * (w1 + l0 * sin + w0 * cos)
    )


@kernel
def collisions(state, b, i):
    """COLLISION and AT_FAULT bits of agent i. It is at fault unless it stood still or was struck from behind."""
    bits = 0
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    cx, cy = state.agents[b, i].x + cos * state.agents[b, i].centre_offset, state.agents[b, i].y + sin * state.agents[b, i].centre_offset
    for j in range(state.agents.shape[1]):
        if j == i or state.agents[b, j].controller == 0:
            continue
        if abs(state.agents[b, j].x - state.agents[b, i].x) > 20.0 or abs(state.agents[b, j].y - state.agents[b, i].y) > 20.0:
            continue
        ox = state.agents[b, j].x + math.cos(state.agents[b, j].heading) * state.agents[b, j].centre_offset
        oy = state.agents[b, j].y + math.sin(state.agents[b, j].heading) * state.agents[b, j].centre_offset
        if not overlap(cx, cy, state.agents[b, i].heading, state.agents[b, i].length, state.agents[b, i].width, ox, oy, state.agents[b, j].heading, state.agents[b, j].length, state.agents[b, j].width):
            continue
        bits |= COLLISION
        ahead = (ox - cx) * cos + (oy - cy) * sin
        aligned = math.cos(state.agents[b, j].heading - state.agents[b, i].heading)
        struck_from_behind = ahead < -0.25 * state.agents[b, i].length and aligned > 0.3 and state.agents[b, j].speed > state.agents[b, i].speed
        if state.agents[b, i].speed > 0.2 and not struck_from_behind:
            bits |= AT_FAULT
    return bits


@kernel
def closing_speed(state, b, i):
    """m/s between agent i and whom it touches, the most of all; 0 where it touches nobody."""
    most = 0.0
    me = state.agents[b, i]
    cx, cy = me.x + math.cos(me.heading) * me.centre_offset, me.y + math.sin(me.heading) * me.centre_offset
    for j in range(state.agents.shape[1]):
        other = state.agents[b, j]
        if j == i or other.controller == 0:
            continue
        ox, oy = other.x + math.cos(other.heading) * other.centre_offset, other.y + math.sin(other.heading) * other.centre_offset
        if overlap(cx, cy, me.heading, me.length, me.width, ox, oy, other.heading, other.length, other.width):
            turned = other.heading - me.heading
            most = max(most, math.hypot(other.speed * math.cos(turned) - me.speed, other.speed * math.sin(turned)))
    return most


@kernel
def closing_speed_at_fault(state, b, i, flags):
    """`closing_speed` where flags[b, i] says that agent i is at fault, else 0."""
    return closing_speed(state, b, i) if flags[b, i] & AT_FAULT else 0.0


@kernel
def wheels_off(roads, state, b, i):
    """Does any wheel stand on something that is not road?"""
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    half = 0.5 * state.agents[b, i].width - WHEEL_INSET
    for k in range(4):
        along = state.agents[b, i].wheelbase if k < 2 else 0.0
        across = half if k % 2 == 0 else -half
        cell = cell_at(roads.maps, roads.grid, state.worlds[b].map, state.agents[b, i].x + cos * along - sin * across, state.agents[b, i].y + sin * along + cos * across)
        if cell == OFF_ROAD or cell == BUILDING:
            return True
    return False


@kernel
def wrong_way(roads, state, b, i):
    """Is the car on a lane that runs the other way?"""
    cos, sin = math.cos(state.agents[b, i].heading), math.sin(state.agents[b, i].heading)
    half = 0.5 * state.agents[b, i].wheelbase
    cell = cell_at(roads.maps, roads.grid, state.worlds[b].map, state.agents[b, i].x + cos * half, state.agents[b, i].y + sin * half)
    if cell == OFF_ROAD or cell == BUILDING or cell == ANY_DIRECTION:
        return False
    off = (state.agents[b, i].heading - code_heading(cell) + math.pi) % (2.0 * math.pi) - math.pi
    return abs(off) > WRONG_WAY_ANGLE
