"""Routes are rows of lanes. Two neighbours in a row are either successors or, where a lane change is due, lanes side by
side; over such a pair the path slides from the one to the other between SLIDE_FROM and SLIDE_TO metres."""

import math

import numpy as np

from caravela.world.kernels.compiling import kernel
from caravela.world.kernels.random import uniform

SLIDE_FROM, SLIDE_TO = 5.0, 45.0  # m along the lane
LANE_CHANGE_SHARE = 0.3  # of road lanes with a neighbour, in a random route
CHANGE_LENGTH = SLIDE_TO + 15.0  # m that a lane must be longer than for a lane change on it
ROAD, JUNCTION = 0, 1
STRAIGHT, U_TURN = 0, 3


@kernel
def is_lateral(lanes, lane, following):
    """Is `following` the lane beside `lane`?"""
    return following >= 0 and (lanes[lane].left == following or lanes[lane].right == following)


@kernel
def slide_end(lanes, lane):
    return min(SLIDE_TO, lanes[lane].length - 2.0)


@kernel
def _segment(lanes, points, lane, s):
    """Index of the point at or before s."""
    low, high = lanes[lane].point_start, lanes[lane].point_end - 2
    while low < high:
        middle = (low + high + 1) >> 1
        if points[middle].s <= s:
            low = middle
        else:
            high = middle - 1
    return low


@kernel
def lane_point(lanes, points, lane, s):
    """(x, y, heading) of the lane's centre at s; straight on beyond its ends."""
    i = _segment(lanes, points, lane, s)
    dx, dy = points[i + 1].x - points[i].x, points[i + 1].y - points[i].y
    step = max(points[i + 1].s - points[i].s, np.float32(1e-3))
    share = (s - points[i].s) / step
    return points[i].x + share * dx, points[i].y + share * dy, math.atan2(dy, dx)


@kernel
def slide(lanes, lane, following, s):
    """Metres to the left of the lane's centre that the path runs at s, when a lane change to `following` is due."""
    if not is_lateral(lanes, lane, following):
        return 0.0
    end = slide_end(lanes, lane)
    share = (s - SLIDE_FROM) / max(end - SLIDE_FROM, 1.0)
    share = min(max(share, 0.0), 1.0)
    across = 0.5 * (lanes[lane].width + lanes[following].width)
    if lanes[lane].right == following:
        across = -across
    return across * share * share * (3.0 - 2.0 * share)


@kernel
def path_point(lanes, points, route, at, s):
    """(x, y, heading) of the path at s along the route's lane `at`."""
    lane = route[at]
    following = route[at + 1] if at + 1 < len(route) else -1
    x, y, heading = lane_point(lanes, points, lane, s)
    offset = slide(lanes, lane, following, s)
    if offset != 0.0:
        x -= math.sin(heading) * offset
        y += math.cos(heading) * offset
    return x, y, heading


@kernel
def walk(lanes, route, at, s):
    """Normalise (at, s): step to the next lane while s lies beyond this one. Stops at the route's end."""
    while at + 1 < len(route) and route[at + 1] >= 0:
        lane, following = route[at], route[at + 1]
        if is_lateral(lanes, lane, following):
            if s < slide_end(lanes, lane):
                break
            s = min(s * lanes[following].length / max(lanes[lane].length, 1.0), lanes[following].length)
            at += 1
        elif s >= lanes[lane].length:
            s -= lanes[lane].length
            at += 1
        else:
            break
    return at, s


@kernel
def project(lanes, points, lane, s_guess, x, y):
    """(s, offset) of a point seen from a lane, searched around s_guess; offset is metres left of the centre. s may lie
    beyond the lane's ends."""
    first, last = lanes[lane].point_start, lanes[lane].point_end - 2
    i = _segment(lanes, points, lane, s_guess - 10.0)
    best, best_s, best_offset = 1e9, s_guess, 0.0
    while i <= last and points[i].s < s_guess + 15.0:
        dx, dy = points[i + 1].x - points[i].x, points[i + 1].y - points[i].y
        length = max(math.sqrt(dx * dx + dy * dy), 1e-4)
        qx, qy = x - points[i].x, y - points[i].y
        along = (qx * dx + qy * dy) / length
        across = (qy * dx - qx * dy) / length
        low = -1e9 if i == first else 0.0
        high = 1e9 if i == last else length
        clipped = min(max(along, low), high)
        distance = across * across + (along - clipped) * (along - clipped)
        if distance < best:
            best, best_s, best_offset = distance, points[i].s + clipped, across
        i += 1
    return best_s, best_offset


@kernel
def _leads_on(lanes, following):
    """May a car that keeps going take this lane?"""
    return lanes[following].use & 1 != 0 and not (lanes[following].kind == JUNCTION and lanes[following].turn == U_TURN)


@kernel
def onward(roads, lane):
    """Metres that one can still drive from the end of a lane without leaving it for the one beside."""
    longest = 0.0
    for k in range(roads.lanes[lane].successor_start, roads.lanes[lane].successor_end):
        if _leads_on(roads.lanes, roads.successors[k]):
            longest = max(longest, roads.lanes[roads.successors[k]].reach)
    return longest


@kernel
def _choose_successor(roads, worlds, b, lane, wanted):
    """A drivable successor of a lane at random, each direction alike; -1 at a dead end. `wanted` metres of road, or as many as any
    choice offers, must follow."""
    total, chosen = 0.0, -1
    least = min(wanted, onward(roads, lane))
    for k in range(roads.lanes[lane].successor_start, roads.lanes[lane].successor_end):
        following = roads.successors[k]
        if not _leads_on(roads.lanes, following) or roads.lanes[following].reach < least:
            continue
        weight = 1.0 if roads.lanes[following].kind == ROAD or roads.lanes[following].turn == STRAIGHT else 1.3
        total += weight
        if uniform(worlds, b) * total < weight:
            chosen = following
    return chosen


@kernel
def _side_that_leads_further(roads, lane, wanted):
    """The lane beside this one that must be taken to have `wanted` metres of road ahead, or -1 where this one will do."""
    own = onward(roads, lane)
    chosen = -1
    for side in (roads.lanes[lane].left, roads.lanes[lane].right):
        if side >= 0 and roads.lanes[side].use & 1 and own < wanted and onward(roads, side) > own:
            own = onward(roads, side)
            chosen = side
    return chosen


@kernel
def extend(roads, worlds, b, route, count, wanted):
    """Fill a route from its `count` first lanes on, at random, until it is full or the road ends. Returns the lanes."""
    while 0 < count < len(route):
        lane = route[count - 1]
        came_sideways = count >= 2 and is_lateral(roads.lanes, route[count - 2], lane)
        left, right = roads.lanes[lane].left, roads.lanes[lane].right
        if roads.lanes[lane].kind == ROAD and not came_sideways and count > 1 and roads.lanes[lane].length > CHANGE_LENGTH and count + 1 < len(route):
            side = left if (right < 0 or uniform(worlds, b) < 0.5) else right
            better = _side_that_leads_further(roads, lane, wanted)
            if better >= 0:
                side = better
            if side >= 0 and roads.lanes[side].use & 1 and (better >= 0 or (uniform(worlds, b) < LANE_CHANGE_SHARE and onward(roads, side) >= min(wanted, onward(roads, lane)))):
                route[count] = side
                count += 1
                continue
        following = _choose_successor(roads, worlds, b, lane, wanted)
        if following < 0:
            break
        route[count] = following
        count += 1
    for k in range(count, len(route)):
        route[k] = -1
    return count


@kernel
def shift(route, at):
    """Drop the lanes already driven, all but one. Returns the new position in the row."""
    drop = at - 1
    if drop <= 0:
        return at
    for k in range(len(route)):
        route[k] = route[k + drop] if k + drop < len(route) else -1
    return 1


@kernel
def remaining(lanes, route, at, s):
    """Metres to the route's end."""
    left = -s
    for k in range(at, len(route)):
        if route[k] < 0:
            break
        if k + 1 < len(route) and is_lateral(lanes, route[k], route[k + 1]):
            continue
        left += lanes[route[k]].length
    return left
