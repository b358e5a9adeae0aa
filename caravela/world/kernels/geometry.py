"""Cameras and rays as scalar functions: where a point falls in the image, which rectangle a box covers, where a ray meets a
facet, an ellipsoid, a tapered box or a wheel. Depth is measured along the optical axis throughout."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels.bundles import (
    CENTRE_X,
    CENTRE_Y,
    EYE_X,
    EYE_Y,
    EYE_Z,
    FOCAL,
    FORE_X,
    FORE_Y,
    FORE_Z,
    NEAR,
    RIGHT_X,
    RIGHT_Y,
    RIGHT_Z,
    UP_X,
    UP_Y,
    UP_Z,
)
from caravela.world.kernels.scalar import inlined, scalar

MISS = np.float32(1e9)


@scalar
def aim(view, x, y, z, yaw, pitch, focal, width, height):
    """Fill a view row for a camera at (x, y, z) that looks along yaw and pitch without roll."""
    cy = math.cos(yaw)
    sy = math.sin(yaw)
    cp = math.cos(pitch)
    sp = math.sin(pitch)
    view[EYE_X] = x
    view[EYE_Y] = y
    view[EYE_Z] = z
    view[FORE_X] = cy * cp
    view[FORE_Y] = sy * cp
    view[FORE_Z] = sp
    view[RIGHT_X] = sy
    view[RIGHT_Y] = -cy
    view[RIGHT_Z] = 0.0
    view[UP_X] = -cy * sp
    view[UP_Y] = -sy * sp
    view[UP_Z] = cp
    view[FOCAL] = focal
    view[CENTRE_X] = 0.5 * float32(width)
    view[CENTRE_Y] = 0.5 * float32(height)


@inlined
def ray(view, column, row):
    """Direction of the ray through (column, row) in pixels, scaled so that one unit is one metre of depth."""
    u = (column - view[CENTRE_X]) / view[FOCAL]
    v = (view[CENTRE_Y] - row) / view[FOCAL]
    return (view[FORE_X] + u * view[RIGHT_X] + v * view[UP_X], view[FORE_Y] + u * view[RIGHT_Y] + v * view[UP_Y], view[FORE_Z] + v * view[UP_Z])


@scalar
def to_camera(view, x, y, z):
    """A map point as (depth, right, up) in m from the eye."""
    dx = x - view[EYE_X]
    dy = y - view[EYE_Y]
    dz = z - view[EYE_Z]
    depth = dx * view[FORE_X] + dy * view[FORE_Y] + dz * view[FORE_Z]
    return depth, dx * view[RIGHT_X] + dy * view[RIGHT_Y], dx * view[UP_X] + dy * view[UP_Y] + dz * view[UP_Z]


@scalar
def open_rectangle(box):
    """An empty rectangle: columns low, high, rows low, high, nearest depth."""
    box[0] = MISS
    box[1] = -MISS
    box[2] = MISS
    box[3] = -MISS
    box[4] = MISS


@scalar
def add_point(view, depth, right, up, box):
    column = view[CENTRE_X] + view[FOCAL] * right / depth
    row = view[CENTRE_Y] - view[FOCAL] * up / depth
    box[0] = min(box[0], column)
    box[1] = max(box[1], column)
    box[2] = min(box[2], row)
    box[3] = max(box[3], row)
    box[4] = min(box[4], depth)


@scalar
def add_edge(view, x0, y0, z0, x1, y1, z1, box):
    """Grow the rectangle by the part of an edge that lies before the camera."""
    d0, r0, u0 = to_camera(view, x0, y0, z0)
    d1, r1, u1 = to_camera(view, x1, y1, z1)
    if d0 < NEAR and d1 < NEAR:
        return
    if d0 >= NEAR:
        add_point(view, d0, r0, u0, box)
    if d1 >= NEAR:
        add_point(view, d1, r1, u1, box)
    if (d0 < NEAR) != (d1 < NEAR):
        part = (NEAR - d0) / (d1 - d0)
        add_point(view, NEAR, r0 + part * (r1 - r0), u0 + part * (u1 - u0), box)


@scalar
def box_rectangle(view, x, y, cos, sin, back, front, half_width, low, high, box):
    """Rectangle of an upright box around (x, y), from `back` to `front` along its heading and from height `low` to `high`."""
    open_rectangle(box)
    for k in range(4):
        a = back if k == 0 or k == 3 else front
        b = half_width if k < 2 else -half_width
        c = front if k < 2 else back
        d = -half_width if k == 1 or k == 2 else half_width
        x0 = x + cos * a - sin * b
        y0 = y + sin * a + cos * b
        x1 = x + cos * c - sin * d
        y1 = y + sin * c + cos * d
        add_edge(view, x0, y0, low, x1, y1, low, box)
        add_edge(view, x0, y0, high, x1, y1, high, box)
        add_edge(view, x0, y0, low, x0, y0, high, box)


@scalar
def hit_plane_pair(o, d, low, high, near, far):
    """Clip [near, far] to low <= o + t d <= high."""
    if abs(d) < 1e-7:
        if o < low or o > high:
            return MISS, -MISS
        return near, far
    a = (low - o) / d
    b = (high - o) / d
    return max(near, min(a, b)), min(far, max(a, b))


@scalar
def hit_facet(ox, oy, oz, ax, ay, length, sx, sy, sz, rise, lose_left, lose_right, dx, dy, dz):
    """Where the ray from the origin along d meets a facet whose lower left corner is (ox, oy, oz): (depth, metres along, metres
    up), depth MISS where it does not. The facet's axes: (ax, ay, 0) along, (sx, sy, sz) up; its top is shorter by `lose_*`."""
    nx = ay * sz
    ny = -ax * sz
    nz = ax * sy - ay * sx
    facing = nx * dx + ny * dy + nz * dz
    facing = facing if abs(facing) > 1e-9 else 1e-9
    t = (nx * ox + ny * oy + nz * oz) / facing
    qx = t * dx - ox
    qy = t * dy - oy
    qz = t * dz - oz
    u = qx * ax + qy * ay
    v = qx * sx + qy * sy + qz * sz
    part = v / rise
    # one comparison instead of five, so that a row of pixels can be tested at once
    inside = min(min(min(v, rise - v), min(u - part * lose_left, length - part * lose_right - u)), t - NEAR)
    return (t if inside >= 0.0 else MISS), u, v


@scalar
def hit_ellipsoid(cx, cy, cz, radius, half_height, dx, dy, dz):
    """Nearest depth of an upright ellipsoid around (cx, cy, cz), seen from the origin; MISS where the ray passes by or starts inside."""
    squash = radius / half_height
    z = cz * squash
    w = dz * squash
    a = dx * dx + dy * dy + w * w
    b = dx * cx + dy * cy + w * z
    c = cx * cx + cy * cy + z * z - radius * radius
    root = b * b - a * c
    if root < 0.0 or c < 0.0:
        return MISS
    t = (b - math.sqrt(root)) / a
    return t if t > NEAR else MISS


@scalar
def hit_block(ox, oy, oz, dx, dy, dz, back, front, low, high, lean_back, lean_front, half_low, half_high):
    """Depth of a tapered box and the face met (0 back, 1 front, 2 left, 3 right, 4 bottom, 5 top). At `low` it reaches from `back`
    to `front` and half_low to either side; at `high` its ends lean in by lean_* and its sides stand half_high apart."""
    tall = high - low
    near, far = hit_plane_pair(oz, dz, low, high, -MISS, MISS)
    face = 4 if dz > 0.0 else 5
    up = oz - low
    # each slanted plane: n.x * x + n.z * (z - low) <= c
    slope = lean_front / tall
    rate = dx + slope * dz
    gap = front - ox - slope * up
    for k in range(4):
        if k == 1:
            slope = lean_back / tall
            rate = -dx + slope * dz
            gap = ox - back - slope * up
        elif k >= 2:
            slope = (half_low - half_high) / tall
            side = 1.0 if k == 2 else -1.0
            rate = side * dy + slope * dz
            gap = half_low - side * oy - slope * up
        if abs(rate) < 1e-7:
            if gap < 0.0:
                return MISS, face
        elif rate < 0.0:
            t = gap / rate
            if t > near:
                near = t
                face = 1 if k == 0 else (0 if k == 1 else k)
        else:
            far = min(far, gap / rate)
    if near > far or near < NEAR:
        return MISS, face
    return near, face


@scalar
def hit_wheels(ox, oy, oz, dx, dy, dz, axle, radius, outer, broad):
    """Depth of the pair of wheels on the axle at x = `axle`, and the face met: 0 tread, 1 side."""
    x = ox - axle
    z = oz - radius
    best = MISS
    face = 0
    if abs(dy) > 1e-6:  # the side that looks at us
        side = outer if oy > 0.0 else -outer
        for k in range(2):
            plane = side if k == 0 else (side - (broad if oy > 0.0 else -broad)) * -1.0
            t = (plane - oy) / dy
            px = x + t * dx
            pz = z + t * dz
            if t > NEAR and t < best and px * px + pz * pz < radius * radius:
                best = t
                face = 1
    a = dx * dx + dz * dz
    b = x * dx + z * dz
    root = b * b - a * (x * x + z * z - radius * radius)
    if root > 0.0 and a > 1e-9:
        t = (-b - math.sqrt(root)) / a
        across = abs(oy + t * dy)
        if t > NEAR and t < best and across < outer and across > outer - broad:
            best = t
            face = 0
    return best, face
