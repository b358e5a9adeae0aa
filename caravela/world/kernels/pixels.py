"""One pixel of one view, as the CPU's loops and the GPU's threads both call it: ground or sky, a solid thing, what a decal does to
the ground, what water on the road mirrors, and the film."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels.bodies import BODY, COS, CROWN, FACET, SIN, body_look, crown_look, hit_body, hit_row, reflected
from caravela.world.kernels.bundles import (
    CENTRE_X,
    CLOCK,
    DAY,
    EYE_X,
    EYE_Y,
    EYE_Z,
    FOCAL,
    IS_BUILDING,
    IS_SKY,
    IS_TREE,
    IS_VEHICLE,
    KERBSTONE,
    NIGHT,
    RAIN,
    SECTOR,
    SKY_R,
    SUN_B,
    SUN_G,
    SUN_R,
    SUN_TAN,
    SUN_X,
    SUN_Y,
    SUN_Z,
    UP_Z,
    WET,
)
from caravela.world.kernels.display import BEAM
from caravela.world.kernels.facades import facade_look
from caravela.world.kernels.geometry import hit_facet, hit_plane_pair, ray
from caravela.world.kernels.ground import channel, footprint, sample, surroundings
from caravela.world.kernels.raster import EDGE_SCALE
from caravela.world.kernels.rounding import fraction, whole
from caravela.world.kernels.scalar import inlined, scalar
from caravela.world.kernels.shade import CLOSE, clamp, ground_colour, hash01, haze, headlight, lit_surface, mix, sky, sky_noise, smooth

FARTHEST = np.float32(1500.0)  # m, ground beyond it is horizon
CRISP = np.float32(300.0)  # pixels, focal length above which clouds are ragged
DROPS = np.float32(0.02)  # rain below which no drop shows
KERB_RISE = np.float32(0.12)  # m


@inlined
def decal_pixel(row, kind, env, x, y):
    """What a decal does to the ground at (x, y): (share of sun left, share of sky light left, headlight added)."""
    dx = x - row[0]
    dy = y - row[1]
    u = dx * row[2] + dy * row[3]
    v = dy * row[2] - dx * row[3]
    if kind == BEAM:
        return 1.0, 1.0, headlight(u - row[4], v) * row[8]
    out_u = max(abs(u) - row[4], 0.0)
    out_v = max(abs(v) - row[5], 0.0)
    away = math.sqrt(out_u * out_u + out_v * out_v)
    dark = 1.0 - clamp(away / (0.30 + 0.35 * row[6]))
    inner = min(row[4] - abs(u), row[5] - abs(v))
    sky_left = 1.0 - dark * dark * (0.55 + 0.40 * smooth(-0.1, 0.25, inner)) * row[8]
    sun_left = 1.0
    if env[SUN_Z] > 0.02:
        su = env[SUN_X] * row[2] + env[SUN_Y] * row[3]
        sv = env[SUN_Y] * row[2] - env[SUN_X] * row[3]
        near, far = hit_plane_pair(u, su, -row[4], row[4], row[7] / env[SUN_Z], row[6] / env[SUN_Z])
        near, far = hit_plane_pair(v, sv, -row[5], row[5], near, far)
        sun_left = 1.0 - smooth(0.0, 0.35, far - near) * (0.55 + 0.45 * row[8])
        if row[7] > 0.0:
            sun_left = min(sun_left, 1.0 - smooth(0.0, 0.3, inner))
    return sun_left, sky_left, 0.0


@scalar
def beyond_kerb(place, tile_index, words, x, y):
    """Distance (m) from (x, y) to the road's kerb, positive on the pavement's side; about 3 m at most."""
    even, odd = sample(place, tile_index, words, x, y, 0.0, 0.0, 0, 0)
    if even == np.uint64(0) and odd == np.uint64(0):
        return float32(3.0)
    return (channel(odd, 3) - 0.5) / EDGE_SCALE


@scalar
def ground_row(view, line, texel):
    """What all pixels of an image row have in common, for a camera without roll: depth of the ground, length of the footprint's long
    axis over the ray's horizontal length, mip level, log2 of the number of taps, share of haze-free sky."""
    dx, dy, dz = ray(view, view[CENTRE_X], line)
    flat = math.sqrt(dx * dx + dy * dy)
    if dz > -1e-5:
        return FARTHEST * 2.0, 0.0, 0, 0
    depth = -view[EYE_Z] / dz
    across = depth / view[FOCAL]
    # how far the hit moves when the ray tilts by one pixel
    along = across * max(flat * depth / view[EYE_Z], 1.0) * max(view[UP_Z], 0.2)
    level, shift = footprint(across, along, texel)
    return depth, along / flat, level, shift


@inlined
def ground_pixel(place, tile_index, words, marks, mark_start, mark_items, surround, palette, switch, noise, env, view, column, line,
                 depth, per, level, shift, sun_left, sky_left, beam):
    """r, g, b, semantics, depth and smoothness of ground or sky; depth, per, level and shift as `ground_row` gives them."""
    dx, dy, dz = ray(view, column, line)
    flat = math.sqrt(dx * dx + dy * dy)
    if depth * flat > FARTHEST:
        cloud, ridge = sky_noise(env, noise, dx, dy, max(dz, 0.0), view[FOCAL] > CRISP)
        r, g, b = sky(env, dx, dy, max(dz, 0.0), cloud, ridge)
        return r, g, b, IS_SKY, FARTHEST, float32(0.0)
    across = depth / view[FOCAL]
    face = 1.0
    if across < CLOSE and view[EYE_Z] > 0.5:  # close enough to see that kerbs are raised
        rise = KERB_RISE * (1.0 - smooth(0.6 * CLOSE, CLOSE, across))
        top = depth * (1.0 - rise / view[EYE_Z])
        here = beyond_kerb(place, tile_index, words, view[EYE_X] + depth * dx, view[EYE_Y] + depth * dy)
        if here > 0.0:
            if beyond_kerb(place, tile_index, words, view[EYE_X] + top * dx, view[EYE_Y] + top * dy) > 0.0:
                depth = top
            else:
                face = 0.62
    x = view[EYE_X] + depth * dx
    y = view[EYE_Y] + depth * dy
    r, g, b, what, gloss = ground_colour(place, tile_index, words, marks, mark_start, mark_items, palette, switch, noise, x, y, dx * per, dy * per, across, level, shift)
    if face < 1.0:
        r, g, b = palette[KERBSTONE, 0] * face, palette[KERBSTONE, 1] * face, palette[KERBSTONE, 2] * face
    wet = env[WET] * (0.35 + 0.65 * gloss)
    darker = 1.0 - 0.45 * wet
    sun, openness, lamp = surroundings(place, surround, x, y, 0.0, int(env[SECTOR]), env[SUN_TAN], env[DAY])
    lr, lg, lb = lit_surface(env, 0.0, 0.0, 1.0, sun * sun_left, openness * sky_left, lamp)
    beam *= env[NIGHT] * 0.85
    r *= (lr + beam) * darker
    g *= (lg + beam * 0.95) * darker
    b *= (lb + beam * 0.85) * darker
    distance = depth * math.sqrt(flat * flat + dz * dz)
    r, g, b = haze(env, r, g, b, distance)
    return r, g, b, what, depth, gloss


@inlined
def decal_at(row, kind, env, view, column, line):
    """`decal_pixel` on the ground that a pixel shows; above the horizon there is none."""
    dx, dy, dz = ray(view, column, line)
    if dz >= -1e-4:
        return 1.0, 1.0, 0.0
    t = -view[EYE_Z] / dz
    return decal_pixel(row, kind, env, view[EYE_X] + t * dx, view[EYE_Y] + t * dy)


@scalar
def own_beam(env, ego, x, y, z):
    """Light of the own car's low beams at a point of the map, z m high."""
    if env[NIGHT] < 0.05:
        return float32(0.0)
    dx = x - ego[0]
    dy = y - ego[1]
    ahead = dx * ego[2] + dy * ego[3]
    aside = dy * ego[2] - dx * ego[3]
    if ahead < 0.5:
        return float32(0.0)
    high = 1.0 - smooth(0.4, 1.1, z - 0.01 * ahead)
    return headlight(ahead, aside) * (0.12 + 0.88 * high) * env[NIGHT]


@inlined
def solid_pixel(row, kind, place, surround, palette, noise, env, ego, view, column, line):
    """r, g, b, semantics and depth of a row of the display list that is known to be hit."""
    dx, dy, dz = ray(view, column, line)
    glow = 0.0
    mirror = 0.0
    lit = 0.0
    warm = 0.0
    what = IS_VEHICLE
    if kind == BODY:
        depth, part, face = hit_body(row, dx, dy, dz)
        lx = dx * row[COS] + dy * row[SIN]
        ly = dy * row[COS] - dx * row[SIN]
        z = row[2] + depth * dz
        r, g, b, glow, mirror, bx, by, nz = body_look(row, env, part, face, row[0] + depth * lx, row[1] + depth * ly, z, lx, ly, dz)
        nx = bx * row[COS] - by * row[SIN]
        ny = bx * row[SIN] + by * row[COS]
    elif kind == FACET:
        what = IS_BUILDING
        depth, u, v = hit_facet(row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11], dx, dy, dz)
        nx = row[4] * row[8]
        ny = -row[3] * row[8]
        nz = row[3] * row[7] - row[4] * row[6]
        per = depth / view[FOCAL]
        length = math.sqrt(dx * dx + dy * dy + dz * dz)
        slant = min(length / max(abs(nx * dx + ny * dy + nz * dz), 0.05), 12.0)
        flat_slant = slant if abs(nz) < 0.3 else 1.0
        r, g, b, mirror, warm, lit = facade_look(row, palette, env, noise, u, v, per * flat_slant, per if abs(nz) < 0.3 else per * slant)
        mirror *= 0.12 + 0.5 * smooth(2.0, 8.0, slant)
        z = view[EYE_Z] + depth * dz
    else:
        what = IS_TREE
        depth = hit_row(row, kind, dx, dy, dz, noise)
        z = view[EYE_Z] + depth * dz
        r, g, b, nx, ny, nz = crown_look(row, env, palette, noise, depth * dx - row[0], depth * dy - row[1], depth * dz - row[2], depth / view[FOCAL])
    x = view[EYE_X] + depth * dx
    y = view[EYE_Y] + depth * dy
    sun, openness, lamp = surroundings(place, surround, x + nx * 1.6, y + ny * 1.6, z, int(env[SECTOR]), env[SUN_TAN], env[DAY])
    if kind == CROWN:
        sun = 1.0
        openness = 0.5 + 0.5 * openness
    lr, lg, lb = lit_surface(env, nx, ny, nz, sun, openness, lamp * clamp(1.2 - 0.12 * z))
    beam = own_beam(env, ego, x, y, z) * clamp(0.25 - (nx * ego[2] + ny * ego[3]))
    if kind == BODY:
        shade = 0.55 + 0.45 * smooth(0.0, 0.7, z)
        lr, lg, lb = lr * shade, lg * shade, lb * shade
    r, g, b = r * (lr + beam), g * (lg + beam), b * (lb + beam)
    per = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    if mirror > 0.0:
        toward = (dx * nx + dy * ny + dz * nz) * per
        up = dz * per - 2.0 * toward * nz
        mr, mg, mb = reflected(env, up)
        r, g, b = mix(r, mr, mirror), mix(g, mg, mirror), mix(b, mb, mirror)
        if kind == BODY and sun > 0.0:  # the sun in the paint
            hx = dx * per - 2.0 * toward * nx
            hy = dy * per - 2.0 * toward * ny
            shine = max(hx * env[SUN_X] + hy * env[SUN_Y] + up * env[SUN_Z], 0.0)
            shine = shine * shine
            shine = shine * shine
            shine = shine * shine
            shine = shine * shine
            shine = (0.10 * shine + 1.6 * shine * shine * shine * shine) * sun * mirror * 3.0
            r, g, b = r + env[SUN_R] * shine, g + env[SUN_G] * shine, b + env[SUN_B] * shine
    r += glow * 1.6 + lit * (0.9 + 0.4 * warm)
    g += glow * 0.05 + lit * (0.75 + 0.1 * warm)
    b += glow * 0.03 + lit * (0.62 - 0.3 * warm)
    r, g, b = haze(env, r, g, b, depth / per)
    return r, g, b, what, depth


@inlined
def rain_pixel(env, r, g, b, i, j, width, height):
    """Light with the streaks of rain before the lens, where env[RAIN] > DROPS."""
    frame = int(env[CLOCK] * 10.0 + 0.5)
    for layer in range(2):
        cells = 150.0 if layer == 0 else 330.0
        across = (float32(i) + (0.10 + 0.05 * float32(layer)) * float32(j)) * cells / float32(width)
        column = whole(across)
        start = hash01(column + 3571 + layer * 77, frame)
        if start >= 0.5 * env[RAIN]:
            continue
        part = fraction(float32(j) / float32(height) * (2.0 + float32(layer)) + start * 7.0 + hash01(column, frame + 91))
        if part < 0.11:
            middle = (across - float32(column) - 0.5) * 2.0
            add = max(1.0 - middle * middle * 6.0, 0.0) * (0.05 + 0.03 * float32(1 - layer)) * (env[SKY_R] + 0.10)
            r, g, b = r + add, g + add, b + add * 1.05
    return r, g, b
