"""Rows of the display list for what stands: buildings as facets that face the eye, trees as ellipsoid crowns."""

import math

from numpy import float32

from caravela.world.kernels.bodies import (
    CROWN,
    FACET,
    FACET_BASE,
    FACET_SEED,
    FACET_STYLE,
    FACET_TALL,
)
from caravela.world.kernels.bundles import (
    EYE_X,
    EYE_Y,
    EYE_Z,
    FACET_COLUMNS,
    FOCAL,
    WALL,
)
from caravela.world.kernels.display import KIND, OWNER, SOLIDS, clip_box
from caravela.world.kernels.facades import design_facade
from caravela.world.kernels.geometry import add_edge, box_rectangle, open_rectangle, to_camera
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import hash01


@scalar
def add_building(view, building, facet, begin, end, palette, width, height, rows, ints, n, box):
    """Append the facets of a building that face the eye."""
    for k in range(begin, end):
        f = facet[k]
        role = int(f[12])
        ox = f[0] - view[EYE_X]
        oy = f[1] - view[EYE_Y]
        oz = f[2] - view[EYE_Z]
        nx = f[4] * f[8]
        ny = -f[3] * f[8]
        nz = f[3] * f[7] - f[4] * f[6]
        if nx * ox + ny * oy + nz * oz >= 0.0 or n >= SOLIDS:  # seen from behind
            continue
        open_rectangle(box)
        ax = f[0] + f[3] * f[5]
        ay = f[1] + f[4] * f[5]
        tx = f[6] * f[9]
        ty = f[7] * f[9]
        tz = f[8] * f[9]
        lx = f[0] + f[3] * f[10] + tx
        ly = f[1] + f[4] * f[10] + ty
        rx = ax - f[3] * f[11] + tx
        ry = ay - f[4] * f[11] + ty
        add_edge(view, f[0], f[1], f[2], ax, ay, f[2], box)
        add_edge(view, lx, ly, f[2] + tz, rx, ry, f[2] + tz, box)
        add_edge(view, f[0], f[1], f[2], lx, ly, f[2] + tz, box)
        add_edge(view, ax, ay, f[2], rx, ry, f[2] + tz, box)
        if not clip_box(box, width, height, ints, n):
            continue
        row = rows[n]
        for c in range(FACET_COLUMNS):
            row[c] = f[c]
        row[0] = ox
        row[1] = oy
        row[2] = oz
        row[FACET_SEED] = building[4]
        row[FACET_STYLE] = building[5]
        row[FACET_TALL] = building[3]
        row[FACET_BASE] = f[2] if role == WALL else building[3]
        design_facade(row, palette)
        ints[n, KIND] = FACET
        ints[n, OWNER] = -1
        n += 1
    return n


@scalar
def add_crown(view, x, y, z, radius, half_height, seed, species, width, height, rows, ints, n, box):
    """Append an ellipsoid of leaves."""
    box_rectangle(view, x, y, 1.0, 0.0, -radius, radius, radius, z - half_height, z + half_height, box)
    if n >= SOLIDS or not clip_box(box, width, height, ints, n):
        return n
    row = rows[n]
    row[0] = x - view[EYE_X]
    row[1] = y - view[EYE_Y]
    row[2] = z - view[EYE_Z]
    row[3] = radius
    row[4] = half_height
    row[5] = seed
    row[6] = species
    row[7] = 1.0 if radius * view[FOCAL] > 9.0 * max(box[4], 1.0) else 0.0
    ints[n, KIND] = CROWN
    ints[n, OWNER] = -1
    return n + 1


@scalar
def add_tree(view, tree, width, height, rows, ints, n, box):
    """Append a tree's crown: one ellipsoid far away, four near by."""
    radius = tree[2]
    tall = tree[3]
    half = 0.36 * tall
    middle = tall - half
    depth, right, up = to_camera(view, tree[0], tree[1], middle)
    if tree[5] > 1.5:  # a slender tree
        return add_crown(view, tree[0], tree[1], 0.56 * tall, radius * 0.55, 0.44 * tall, tree[4], tree[5], width, height, rows, ints, n, box)
    if radius * view[FOCAL] < 6.0 * max(depth, 1.0):
        return add_crown(view, tree[0], tree[1], middle, radius, half, tree[4], tree[5], width, height, rows, ints, n, box)
    code = int(tree[4] * 1000.0)
    n = add_crown(view, tree[0], tree[1], middle + 0.1 * half, radius * 0.78, half * 0.85, tree[4], tree[5], width, height, rows, ints, n, box)
    for k in range(4):
        angle = 1.5708 * float32(k) + 1.3 * hash01(code, k)
        out = radius * (0.42 + 0.15 * hash01(code, k + 10))
        high = middle + half * (-0.35 + 0.55 * hash01(code, k + 20))
        size = 0.50 + 0.16 * hash01(code, k + 30)
        n = add_crown(view, tree[0] + out * math.cos(angle), tree[1] + out * math.sin(angle), high, radius * size, half * size, tree[4] + 0.37 * float32(k + 1), tree[5], width, height, rows, ints, n, box)
    return n
