"""Fill a view's display list from what stands in the scene and what moves in the state."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels import display, lamps
from caravela.world.kernels.bundles import (
    BUILDING,
    CARD,
    CLOCK,
    ENTRY,
    EYE_X,
    EYE_Y,
    FOCAL,
    FOG,
    GRID_CELL,
    IS_PERSON,
    IS_POLE,
    IS_SIGN,
    IS_SIGNAL,
    IS_TREE,
    IS_TWO_WHEELER,
    LAMP_GAIN,
    NIGHT,
    REAR_INDICATOR_RED,
    STICK,
    STREET,
    TREE,
)
from caravela.world.kernels.display import add_body, add_card, add_decals, add_lamp, add_stick, in_sight
from caravela.world.kernels.figures import add_animal, add_person, add_two_wheeler
from caravela.world.kernels.rounding import fraction, whole
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.scenery import add_building, add_tree
from caravela.world.maps.lane_graph import LAMP_FLASHING_YELLOW, LAMP_GREEN, LAMP_GREEN_YIELD, LAMP_RED, LAMP_RED_YELLOW, LAMP_YELLOW

BARE = np.float32(0.5)  # pixels, smallest height at which a building is drawn
RED, YELLOW, GREEN, WHITE = range(4)  # roles of lamps
TALLEST = np.float32(40.0)  # m


@scalar
def shines(role, state, clock):
    """Whether the lens `role` of a signal head shines when its link shows `state`."""
    if role == RED:
        return state == LAMP_RED or state == LAMP_RED_YELLOW
    if role == YELLOW:
        blink = state == LAMP_FLASHING_YELLOW and fraction(clock) < 0.5
        return state == LAMP_YELLOW or state == LAMP_RED_YELLOW or blink
    return state == LAMP_GREEN or state == LAMP_GREEN_YIELD


@scalar
def lamp_colour(role):
    if role == RED:
        return 1.0, 0.05, 0.02
    if role == YELLOW:
        return 1.0, 0.48, 0.03
    if role == GREEN:
        return 0.03, 0.86, 0.24
    return 1.0, 0.80, 0.52


@scalar
def gather_cell(scene, state, env, view, b, look, begin, end, reach, width, height, solids, solid_ints, thins, thin_ints, lamp_rows, lamp_ints, counts, box):
    """Append the standing things of one grid cell."""
    bit = 1 << look
    night = env[NIGHT]
    for e in range(begin, end):
        entry = scene.grid_items[e]
        kind = entry // ENTRY
        k = entry - kind * ENTRY
        if kind == BUILDING:
            thing = scene.building[k]
            dx = thing[0] - view[EYE_X]
            dy = thing[1] - view[EYE_Y]
            away = math.sqrt(dx * dx + dy * dy)
            if away < reach + thing[2] and thing[3] * view[FOCAL] > BARE * away:
                half = 0.5 * thing[3]
                if in_sight(view, thing[0], thing[1], half, math.sqrt(thing[2] * thing[2] + half * half) + 2.0, width, height):
                    counts[0] = add_building(view, thing, scene.facet, scene.facet_start[k], scene.facet_start[k + 1], scene.palette[look], width, height, solids, solid_ints, counts[0], box)
        elif kind == TREE:
            thing = scene.tree[k]
            dx = thing[0] - view[EYE_X]
            dy = thing[1] - view[EYE_Y]
            away = math.sqrt(dx * dx + dy * dy)
            if away < reach and thing[2] * view[FOCAL] > 0.7 * away and in_sight(view, thing[0], thing[1], 0.5 * thing[3], 0.6 * thing[3], width, height):
                counts[0] = add_tree(view, thing, width, height, solids, solid_ints, counts[0], box)
                bark = scene.palette[look, 10]
                counts[1] = add_stick(view, thing[0], thing[1], 0.0, thing[0], thing[1], 0.55 * thing[3], 0.05 + 0.022 * thing[3], bark[0], bark[1], bark[2],
                                      -1, IS_TREE, width, height, thins, thin_ints, counts[1], box)
        elif kind == STICK:
            thing = scene.stick[k]
            if int(thing[8]) & bit:
                tone = scene.palette[look, int(thing[7])]
                counts[1] = add_stick(view, thing[0], thing[1], thing[2], thing[3], thing[4], thing[5], thing[6], tone[0], tone[1], tone[2], -1, IS_POLE,
                                      width, height, thins, thin_ints, counts[1], box)
        elif kind == CARD:
            thing = scene.card[k]
            if int(thing[7]) & bit:
                face = int(thing[6])
                what = IS_SIGN
                if face == lamps.HOUSING or face == lamps.HOUSING_FLAT or face == lamps.HOUSING_FOOT:
                    what = IS_SIGNAL
                elif face == lamps.LANTERN:
                    what = IS_POLE
                counts[1] = add_card(view, scene.card, thing[3], thing, -1, what, width, height, thins, thin_ints, counts[1], box)
        else:
            thing = scene.lamp[k]
            if int(thing[6]) & bit:
                link = scene.lamp_link[k]
                role = int(thing[5])
                r, g, bl = lamp_colour(role)
                if link < 0:  # a street lamp
                    if env[STREET] > 0.01:
                        counts[2] = add_lamp(view, thing[0], thing[1], thing[2], float32(99.0), thing[4], r * 9.0, g * 9.0, bl * 9.0, 1.2, -1, -1, width, height, lamp_rows, lamp_ints, counts[2])
                elif shines(role, state.lamp[b, link], env[CLOCK]):
                    gain = env[LAMP_GAIN]
                    counts[2] = add_lamp(view, thing[0], thing[1], thing[2], thing[3], thing[4], r * gain, g * gain, bl * gain, 0.7 + 0.8 * night, link, -1, width, height, lamp_rows, lamp_ints, counts[2])


@scalar
def gather_standing(scene, state, env, view, b, m, look, width, height, solids, solid_ints, thins, thin_ints, lamp_rows, lamp_ints, counts, box):
    """Append everything of map `m` that stands in sight, cell by cell."""
    place = scene.places[m]
    reach = min(4.0 / max(env[FOG], 0.0001), 420.0)
    margin = reach + place.stretch
    i0 = max(whole((view[EYE_X] - margin - place.origin_x) / GRID_CELL), 0)
    i1 = min(whole((view[EYE_X] + margin - place.origin_x) / GRID_CELL), place.grid_x - 1)
    j0 = max(whole((view[EYE_Y] - margin - place.origin_y) / GRID_CELL), 0)
    j1 = min(whole((view[EYE_Y] + margin - place.origin_y) / GRID_CELL), place.grid_y - 1)
    around = 0.7072 * GRID_CELL + place.stretch + 6.0
    ball = math.sqrt(around * around + TALLEST * TALLEST * 0.25)
    for j in range(j0, j1 + 1):
        for i in range(i0, i1 + 1):
            x = place.origin_x + (float32(i) + 0.5) * GRID_CELL
            y = place.origin_y + (float32(j) + 0.5) * GRID_CELL
            if in_sight(view, x, y, 0.5 * TALLEST, ball, width, height):
                c = place.grid_at + j * place.grid_x + i
                gather_cell(scene, state, env, view, b, look, scene.grid_start[c], scene.grid_start[c + 1], reach, width, height, solids, solid_ints, thins,
                            thin_ints, lamp_rows, lamp_ints, counts, box)


@scalar
def gather_lights(env, view, agent, owner, x, y, red_rear, width, height, rows, ints, n):
    """Append a vehicle's shining lamps."""
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    hl = 0.5 * agent.length
    hw = 0.5 * agent.width
    narrow = agent.kind == 4 or agent.kind == 5
    large = agent.kind == 2 or agent.kind == 3
    high = 0.85 if large else 0.50 * agent.height
    if narrow:
        high = 0.75
    night = env[NIGHT]
    back = agent.heading + 3.1415927
    awake = agent.controller != 3
    blink = agent.kind != 5 and agent.indicator != 0 and fraction(env[CLOCK] * 1.4) < 0.6
    for k in range(2):
        side = 1.0 if k == 0 else -1.0
        out = 0.0 if narrow else 0.82 * hw * side
        if narrow and k == 1:
            break
        bx = x - cos * (hl + 0.03) - sin * out
        by = y - sin * (hl + 0.03) + cos * out
        fx = x + cos * (hl + 0.03) - sin * out
        fy = y + sin * (hl + 0.03) + cos * out
        if agent.brake_lights and agent.kind != 5:
            n = add_lamp(view, bx, by, high, back, float32(0.115), 2.6 + 2.0 * night, 0.10, 0.05, 0.8 + 0.8 * night, -1, owner, width, height, rows, ints, n)
        elif night > 0.1 and awake:
            n = add_lamp(view, bx, by, high, back, float32(0.08), 0.9, 0.03, 0.015, 0.5, -1, owner, width, height, rows, ints, n)
        if night > 0.1 and awake:
            n = add_lamp(view, fx, fy, min(high, 0.9) - 0.05, agent.heading, float32(0.085), 11.0, 10.4, 9.2, 1.4, -1, owner, width, height, rows, ints, n)
        hazard = agent.indicator == 2
        turning = (agent.indicator == 1 and side > 0.0) or (agent.indicator < 0 and side < 0.0) or hazard
        if agent.indicator == 3 and (fraction(env[CLOCK] * 2.2) < 0.5) == (k == 0):
            rx = x - sin * 0.6 * hw * side
            ry = y + cos * 0.6 * hw * side
            n = add_lamp(view, rx, ry, agent.height + 0.06, agent.heading, float32(0.13), 0.25, 0.9, 6.0, 1.2, -1, owner, width, height, rows, ints, n)
            n = add_lamp(view, rx, ry, agent.height + 0.06, back, float32(0.13), 0.25, 0.9, 6.0, 1.2, -1, owner, width, height, rows, ints, n)
        if blink and (turning or narrow):
            red = red_rear > 0.5
            n = add_lamp(view, bx - sin * 0.10 * side, by + cos * 0.10 * side, high + 0.16, back, float32(0.085), 3.2, 0.10 if red else 1.35, 0.06, 0.8, -1, owner, width, height, rows, ints, n)
            n = add_lamp(view, fx - sin * 0.10 * side, fy + cos * 0.10 * side, high + 0.02, agent.heading, float32(0.08), 3.2, 1.35, 0.06, 0.8, -1, owner, width, height, rows, ints, n)
    return n


@scalar
def gather_moving(scene, state, env, view, b, look, own, width, height, solids, solid_ints, thins, thin_ints, lamp_rows, lamp_ints, decals, decal_ints, counts, box):
    """Append the agents of world `b`, without the body of agent `own`."""
    switch = scene.switch[look]
    reach = min(4.0 / max(env[FOG], 0.0001), 300.0)
    for a in range(state.agents.shape[1]):
        agent = state.agents[b, a]
        if agent.controller == 0:
            continue
        x = agent.x + math.cos(agent.heading) * agent.centre_offset
        y = agent.y + math.sin(agent.heading) * agent.centre_offset
        dx = x - view[EYE_X]
        dy = y - view[EYE_Y]
        away = math.sqrt(dx * dx + dy * dy)
        if away > reach:
            continue
        large = agent.length + 46.0 if env[NIGHT] > 0.1 and agent.kind < 6 else agent.length + 9.0
        if not in_sight(view, x, y, 1.0, large, width, height):
            continue
        if away < 120.0:
            counts[3] = add_decals(view, env, agent, x, y, a == own, width, height, decals, decal_ints, counts[3], box)
        if a == own:
            continue
        if agent.kind == 6:
            counts[1] = add_person(view, x, y, float32(0.0), agent.heading, agent.height, agent.odometer, np.int64(agent.paint), False, a, IS_PERSON, width, height, thins, thin_ints, counts[1], box)
        elif agent.kind == 8:
            counts[1] = add_animal(view, agent, a, IS_PERSON, width, height, thins, thin_ints, counts[1], box)
        elif agent.kind == 4 or agent.kind == 5:
            counts[1] = add_two_wheeler(view, agent, x, y, a, IS_TWO_WHEELER, width, height, thins, thin_ints, counts[1], box)
        else:
            before = counts[0]
            counts[0] = add_body(view, agent, x, y, switch, width, height, solids, solid_ints, before, box)
            if counts[0] > before:
                solid_ints[before, display.OWNER] = a
        if agent.kind < 6:
            counts[2] = gather_lights(env, view, agent, a, x, y, switch[REAR_INDICATOR_RED], width, height, lamp_rows, lamp_ints, counts[2])


@scalar
def sort_by_depth(rows, count, order, keys):
    """Farthest first: `order` becomes the row numbers, equal depths in row order (Shell 1959, gaps of Ciura 2001)."""
    for n in range(count):
        order[n] = n
        keys[n] = rows[n, 14]
    for step in range(7):
        gap = (1 if step == 6 else (4 if step == 5 else (10 if step == 4 else (23 if step == 3 else (57 if step == 2 else (132 if step == 1 else 301))))))
        for n in range(gap, count):
            row = order[n]
            key = keys[n]
            m = n
            while m >= gap and (keys[m - gap] < key or (keys[m - gap] == key and order[m - gap] > row)):
                order[m] = order[m - gap]
                keys[m] = keys[m - gap]
                m -= gap
            order[m] = row
            keys[m] = key
