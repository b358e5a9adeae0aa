"""The display list of one view: everything that stands or moves before the camera, culled and projected, as rows with the pixel
rectangles they may touch. Solid rows are ray-cast, thin rows (sticks, cards) are blended by coverage, lamps are splatted, decals
darken or light the ground."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels.bodies import (
    BLOCK,
    BODY,
    BRAKE,
    BUS,
    COS,
    DETAIL,
    EYE_AHEAD,
    EYE_HIGH,
    EYE_LEFT,
    FRONT_AXLE,
    HALF_LENGTH,
    HALF_WIDTH,
    HATCH,
    LORRY,
    PAINT_B,
    PAINT_G,
    PAINT_R,
    PLATE,
    REAR_AXLE,
    SALOON,
    SHAPE,
    SIN,
    TALL,
    TALL_CAR,
    VAN,
    WHEEL,
)
from caravela.world.kernels.bundles import EYE_X, EYE_Y, EYE_Z, FOCAL, NEAR, NIGHT, PLATE_IS_YELLOW, SUN_X, SUN_Y, SUN_Z
from caravela.world.kernels.geometry import add_edge, box_rectangle, open_rectangle, to_camera
from caravela.world.kernels.rounding import whole
from caravela.world.kernels.scalar import scalar

SOLIDS, THINS, LAMPS, DECALS = 3072, 1536, 512, 256  # rows kept per view; what does not fit is not drawn
# integers of a row
KIND, LEFT, RIGHT, TOP, BOTTOM, OWNER, WHAT = range(7)
INTS = 8
THIN_ROW, LAMP_ROW, DECAL_ROW = 18, 12, 12
STICK, CARD = 1, 2
SHADOW, BEAM = 1, 2
TO_SUN_MOST = np.float32(7.0)  # m, longest sun shadow of a vehicle


@scalar
def clip_box(box, width, height, ints, n):
    """Write the pixels whose centres a rectangle may touch; False where there are none."""
    if box[1] < -0.5 or box[3] < -0.5 or box[0] > float32(width) + 0.5 or box[2] > float32(height) + 0.5 or box[1] < box[0]:
        return False
    left = whole(max(box[0] - 0.5, 0.0))
    right = -whole(-min(box[1] + 0.5, float32(width)))
    top = whole(max(box[2] - 0.5, 0.0))
    bottom = -whole(-min(box[3] + 0.5, float32(height)))
    if left >= right or top >= bottom:
        return False
    ints[n, LEFT] = left
    ints[n, RIGHT] = right
    ints[n, TOP] = top
    ints[n, BOTTOM] = bottom
    return True


@scalar
def in_sight(view, x, y, z, radius, width, height):
    """Whether a sphere comes into the view's pyramid."""
    depth, right, up = to_camera(view, x, y, z)
    if depth < NEAR - radius:
        return False
    f = view[FOCAL]
    half_w = 0.5 * float32(width)
    half_h = 0.5 * float32(height)
    side_w = math.sqrt(f * f + half_w * half_w)
    side_h = math.sqrt(f * f + half_h * half_h)
    return (abs(right) * f - depth * half_w) < radius * side_w and (abs(up) * f - depth * half_h) < radius * side_h


@scalar
def car_paint(seed):
    """Body colours as often as they are seen: white, black, greys, silver, blue, red, and a few others."""
    k = seed % 16
    if k < 3:
        return 0.74, 0.74, 0.73
    if k < 6:
        return 0.020, 0.020, 0.023
    if k < 8:
        return 0.13, 0.135, 0.145
    if k < 10:
        return 0.42, 0.43, 0.44
    if k < 12:
        return 0.035, 0.075, 0.22
    if k < 14:
        return 0.36, 0.025, 0.025
    if k == 14:
        return 0.05, 0.14, 0.08
    return 0.62, 0.40, 0.05


@scalar
def thing_paint(paint):
    """Reflectance of a thing: a barrier's red, a cone's orange, debris, or the paint of the vehicle whose part it is."""
    if paint == 0:
        return 0.62, 0.04, 0.03
    if paint == 1:
        return 0.85, 0.20, 0.02
    if paint == 2:
        return 0.22, 0.15, 0.09
    return car_paint(paint)


@scalar
def shape_of(kind, paint, tall):
    if kind == 7:
        return BLOCK
    if kind == 3:
        return BUS
    if kind == 2:
        return LORRY
    if kind == 1:
        return VAN
    if tall > 1.6:
        return TALL_CAR
    return SALOON if (paint // 16) % 2 == 0 else HATCH


@scalar
def add_body(view, agent, centre_x, centre_y, switch, width, height, rows, ints, n, box):
    """Append a vehicle's row; returns the new count."""
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    half_length = 0.5 * agent.length
    half_width = 0.5 * agent.width
    box_rectangle(view, centre_x, centre_y, cos, sin, -half_length, half_length, half_width + 0.02, 0.0, agent.height, box)
    if n >= SOLIDS or not clip_box(box, width, height, ints, n):
        return n
    row = rows[n]
    ex = view[EYE_X] - centre_x
    ey = view[EYE_Y] - centre_y
    row[EYE_AHEAD] = ex * cos + ey * sin
    row[EYE_LEFT] = ey * cos - ex * sin
    row[EYE_HIGH] = view[EYE_Z]
    row[COS] = cos
    row[SIN] = sin
    row[HALF_LENGTH] = half_length
    row[HALF_WIDTH] = half_width
    row[TALL] = agent.height
    row[REAR_AXLE] = -agent.centre_offset
    row[FRONT_AXLE] = agent.wheelbase - agent.centre_offset
    shape = shape_of(int(agent.kind), int(agent.paint), agent.height)
    row[WHEEL] = 0.48 if shape == LORRY or shape == BUS else (0.36 if shape >= TALL_CAR else 0.325)
    if shape == BLOCK:
        row[PAINT_R], row[PAINT_G], row[PAINT_B] = thing_paint(int(agent.paint))
    else:
        row[PAINT_R], row[PAINT_G], row[PAINT_B] = car_paint(int(agent.paint))
    row[SHAPE] = float32(shape)
    striped = shape == BLOCK and agent.paint < 2
    row[BRAKE] = 1.0 if agent.brake_lights or striped else 0.0
    row[DETAIL] = 1.0 if box[4] < 0.03 * view[FOCAL] else 0.0
    row[PLATE] = switch[PLATE_IS_YELLOW]
    ints[n, KIND] = BODY
    return n + 1


@scalar
def add_decals(view, env, agent, centre_x, centre_y, unseen, width, height, rows, ints, n, box):
    """Append an agent's shadow and, at night, the light of its lamps on the road."""
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    small = agent.kind == 6 or agent.kind == 8
    hl = 0.16 if small else 0.5 * agent.length
    hw = 0.22 if small else 0.5 * agent.width
    tall = agent.height * (0.9 if small else 0.8)
    throw = 0.0
    if env[SUN_Z] > 0.02:
        throw = min(tall * math.sqrt(env[SUN_X] * env[SUN_X] + env[SUN_Y] * env[SUN_Y]) / env[SUN_Z], TO_SUN_MOST)
    reach = 0.6 + throw
    for k in range(2):
        if k == 1 and (env[NIGHT] < 0.1 or small or agent.controller == 3):
            continue
        if k == 0 and unseen:
            continue
        if k == 0:
            box_rectangle(view, centre_x, centre_y, cos, sin, -hl - reach, hl + reach, hw + reach, 0.0, 0.0, box)
        else:
            box_rectangle(view, centre_x, centre_y, cos, sin, hl, hl + 40.0, 14.0, 0.0, 0.0, box)
        if n >= DECALS or not clip_box(box, width, height, ints, n):
            continue
        row = rows[n]
        row[0] = centre_x
        row[1] = centre_y
        row[2] = cos
        row[3] = sin
        row[4] = hl
        row[5] = hw
        row[6] = tall
        row[7] = 0.0 if small else 0.22
        row[8] = 0.3 if agent.kind >= 4 else 1.0
        ints[n, KIND] = SHADOW if k == 0 else BEAM
        n += 1
    return n


@scalar
def add_stick(view, x0, y0, z0, x1, y1, z1, radius, r, g, b, owner, what, width, height, rows, ints, n, box):
    """Append a round stick between two map points; r, g, b is its reflectance."""
    d0, r0, u0 = to_camera(view, x0, y0, z0)
    d1, r1, u1 = to_camera(view, x1, y1, z1)
    if (d0 < NEAR and d1 < NEAR) or n >= THINS:
        return n
    if d0 < NEAR:
        part = (NEAR - d0) / (d1 - d0)
        d0, r0, u0 = NEAR, r0 + part * (r1 - r0), u0 + part * (u1 - u0)
    elif d1 < NEAR:
        part = (NEAR - d0) / (d1 - d0)
        d1, r1, u1 = NEAR, r0 + part * (r1 - r0), u0 + part * (u1 - u0)
    f = view[FOCAL]
    row = rows[n]
    row[0] = view[13] + f * r0 / d0
    row[1] = view[14] - f * u0 / d0
    row[2] = view[13] + f * r1 / d1
    row[3] = view[14] - f * u1 / d1
    row[4] = radius * f / d0
    row[5] = radius * f / d1
    row[6] = 1.0 / d0
    row[7] = 1.0 / d1
    row[8] = r
    row[9] = g
    row[10] = b
    row[11] = 0.5 * (x0 + x1)
    row[12] = 0.5 * (y0 + y1)
    row[13] = 0.5 * (z0 + z1)
    row[15] = x1 - x0
    row[16] = y1 - y0
    most = max(row[4], row[5]) + 1.0
    if max(row[4], row[5]) < 0.025:
        return n
    box[0] = min(row[0], row[2]) - most
    box[1] = max(row[0], row[2]) + most
    box[2] = min(row[1], row[3]) - most
    box[3] = max(row[1], row[3]) + most
    if not clip_box(box, width, height, ints, n):
        return n
    row[14] = 0.5 * (d0 + d1)
    ints[n, KIND] = STICK
    ints[n, OWNER] = owner
    ints[n, WHAT] = what
    return n + 1


@scalar
def add_card(view, card, facing, row_in, owner, what, width, height, rows, ints, n, box):
    """Append a flat upright rectangle `row_in` (a scene card) that faces heading `facing`."""
    x = row_in[0]
    y = row_in[1]
    z = row_in[2]
    half_w = row_in[4]
    half_h = row_in[5]
    depth, right, up = to_camera(view, x, y, z)
    if n >= THINS or depth < -half_w or half_h * view[FOCAL] < 0.12 * depth:
        return n
    cos = math.cos(facing)
    sin = math.sin(facing)
    open_rectangle(box)
    for k in range(2):
        zz = z - half_h if k == 0 else z + half_h
        add_edge(view, x - sin * half_w, y + cos * half_w, zz, x + sin * half_w, y - cos * half_w, zz, box)
    box[0] -= 1.0
    box[1] += 1.0
    box[2] -= 1.0
    box[3] += 1.0
    if not clip_box(box, width, height, ints, n):
        return n
    row = rows[n]
    row[0] = x - view[EYE_X]
    row[1] = y - view[EYE_Y]
    row[2] = z - view[EYE_Z]
    row[3] = cos
    row[4] = sin
    row[5] = half_w
    row[6] = half_h
    row[7] = row_in[6]
    row[8] = row_in[8]
    row[11] = x
    row[12] = y
    row[13] = z
    row[14] = depth
    ints[n, KIND] = CARD
    ints[n, OWNER] = owner
    ints[n, WHAT] = what
    return n + 1


@scalar
def add_lamp(view, x, y, z, facing, radius, r, g, b, glow, link, owner, width, height, rows, ints, n):
    """Append a round lamp that shines toward heading `facing` (facing > 9: every way); r, g, b its light, `glow` its halo."""
    depth, right, up = to_camera(view, x, y, z)
    if depth < 0.5 or n >= LAMPS:
        return n
    f = view[FOCAL]
    column = view[13] + f * right / depth
    row_at = view[14] - f * up / depth
    size = radius * f / depth
    turn = 1.0
    if facing < 9.0:
        far = math.sqrt((view[EYE_X] - x) * (view[EYE_X] - x) + (view[EYE_Y] - y) * (view[EYE_Y] - y)) + 1e-3
        turn = ((view[EYE_X] - x) * math.cos(facing) + (view[EYE_Y] - y) * math.sin(facing)) / far
        if turn < 0.15:
            return n
        turn = math.sqrt(turn)
    reach = max(1.5 + size, min(glow * (2.0 + 2.5 * size), 0.12 * float32(height)))
    if column < -reach or row_at < -reach or column > float32(width) + reach or row_at > float32(height) + reach:
        return n
    row = rows[n]
    row[0] = column
    row[1] = row_at
    row[2] = size
    row[3] = depth
    row[4] = r * turn
    row[5] = g * turn
    row[6] = b * turn
    row[7] = glow
    row[8] = reach
    ints[n, LEFT] = whole(max(column - reach, 0.0))
    ints[n, RIGHT] = -whole(-min(column + reach, float32(width)))
    ints[n, TOP] = whole(max(row_at - reach, 0.0))
    ints[n, BOTTOM] = -whole(-min(row_at + reach, float32(height)))
    ints[n, OWNER] = owner
    ints[n, KIND] = link
    return n + 1
