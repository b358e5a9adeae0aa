"""Light: sky with clouds and sun, haze, what falls on a surface, the colour of the ground, and the film curve. Colours are
linear, 1 is white paper in the sun of a clear day after exposure."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels.bundles import (
    CENTRE_IS_DOUBLE,
    CENTRE_PAINT,
    CLOCK,
    CLOUD,
    DAY,
    EARTH,
    FOG,
    FOG_B,
    FOG_G,
    FOG_R,
    GRASS,
    IS_PAINT,
    IS_PAVEMENT,
    IS_ROAD,
    IS_TERRAIN,
    KERBSTONE,
    PATCH,
    PAVING,
    RIM_B,
    RIM_G,
    RIM_R,
    ROAD,
    SKY_B,
    SKY_G,
    SKY_R,
    STREET,
    SUN_B,
    SUN_G,
    SUN_R,
    SUN_UP,
    SUN_X,
    SUN_Y,
    SUN_Z,
    TINTED,
    TOP_B,
    TOP_G,
    TOP_R,
)
from caravela.world.kernels.ground import channel, painted, sample
from caravela.world.kernels.raster import EDGE_SCALE, KERB
from caravela.world.kernels.rounding import fraction, whole
from caravela.world.kernels.scalar import inlined, scalar

HAZY = np.float32(0.015)  # sine of the elevation below which no cloud is drawn
WOODED = np.float32(0.07)  # and above which no distant tree is
CLOSE = np.float32(0.035)  # m, footprints below it get exact paint and fine grain


@scalar
def clamp(x):
    return min(max(x, 0.0), 1.0)


@scalar
def smooth(low, high, x):
    """0 below low, 1 above high, smooth between."""
    t = clamp((x - low) / (high - low))
    return t * t * (3.0 - 2.0 * t)


@scalar
def mix(a, b, t):
    return a + (b - a) * t


@scalar
def hash01(a, b):
    """A number in 0..1 that looks random, the same for the same two integers."""
    h = (np.uint32(a) * np.uint32(374761393) + np.uint32(b) * np.uint32(668265263)) & np.uint32(0xFFFFFFFF)
    h = ((h ^ (h >> np.uint32(13))) * np.uint32(1274126177)) & np.uint32(0xFFFFFFFF)
    h = h ^ (h >> np.uint32(16))
    return float32(np.int32(h & np.uint32(0xFFFF))) * float32(1.0 / 65535.0)


@scalar
def fuzz(noise, u, v):
    """Fractal noise 0..1 with period 1 in u and v, bilinear."""
    x = u * 256.0
    y = v * 256.0
    i = whole(x)
    j = whole(y)
    fx = x - float32(i)
    fy = y - float32(j)
    a = (j & 255) << 8
    b = ((j + 1) & 255) << 8
    c = i & 255
    d = (i + 1) & 255
    top = float32(noise[a + c]) * (1.0 - fx) + float32(noise[a + d]) * fx
    bottom = float32(noise[b + c]) * (1.0 - fx) + float32(noise[b + d]) * fx
    return (top + (bottom - top) * fy) * 0.003921569


@scalar
def sky_noise(env, noise, dx, dy, dz, crisp):
    """Noise 0..1 that clouds are made of along a direction of any length, and how high distant trees stand there; `crisp` ones are
    ragged."""
    per = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    up = max(dz * per, 0.0)
    cloud = 0.0
    ridge = 0.0
    if up > HAZY:
        stretch = 0.03 / (up + 0.08) * per
        drift = env[CLOCK] * 0.0002
        cloud = fuzz(noise, dx * stretch + drift, dy * stretch)
        if crisp:
            cloud = 0.65 * cloud + 0.35 * fuzz(noise, dx * stretch * 3.1 - drift, dy * stretch * 3.1 + 0.37)
    if up < WOODED:
        side = math.atan2(dy, dx)
        ridge = 0.006 + 0.034 * fuzz(noise, side * 0.35, 0.13) + 0.012 * fuzz(noise, side * 3.1, 0.71)
    return cloud, ridge


@inlined
def sky(env, dx, dy, dz, cloud, ridge):
    """Colour of the sky along a direction of any length, from its `sky_noise`. It has no branches, so that a row of pixels compiles to
    vector instructions."""
    per = 1.0 / math.sqrt(dx * dx + dy * dy + dz * dz)
    rise = max(dz, 0.0)
    up = rise * per
    toward = (dx * env[SUN_X] + dy * env[SUN_Y] + dz * env[SUN_Z]) * per
    t = math.sqrt(up)
    r = mix(env[RIM_R], env[TOP_R], t)
    g = mix(env[RIM_G], env[TOP_G], t)
    b = mix(env[RIM_B], env[TOP_B], t)
    near_sun = max(toward, 0.0)
    glow = max(toward, 0.55)  # lower powers would end in slow denormal numbers
    glow = glow * glow
    glow = glow * glow
    glow = glow * glow
    halo = glow * 0.10
    glow = glow * glow
    glow = glow * glow
    halo = (halo + glow * glow * 0.35 if toward > 0.55 else 0.0) * (1.0 - 0.92 * env[CLOUD])
    r += env[SUN_R] * halo
    g += env[SUN_G] * halo
    b += env[SUN_B] * halo
    cover = smooth(0.74 - 0.5 * env[CLOUD], 0.98 - 0.55 * env[CLOUD], cloud) * clamp((up - HAZY) * 9.0)
    lit = (0.55 + 0.5 * near_sun * near_sun) * (1.0 - 0.45 * clamp((cloud - 0.45) * 1.6)) * 0.33
    veil = 0.85 * cover
    r = mix(r, env[SKY_R] * 0.9 + env[SUN_R] * lit, veil)
    g = mix(g, env[SKY_G] * 0.9 + env[SUN_G] * lit, veil)
    b = mix(b, env[SKY_B] * 0.9 + env[SUN_B] * lit, veil)
    disc = ((1.0 - env[CLOUD]) * (1.0 - veil) * 12.0 * env[SUN_UP] if toward > 0.9996 else 0.0) if up > HAZY else 0.0
    r += env[SUN_R] * disc
    g += env[SUN_G] * disc
    b += env[SUN_B] * disc
    trees = 0.62 * (1.0 - smooth(ridge - 0.5 / 480.0, ridge + 0.5 / 480.0, up))  # distant trees and roofs, blue with air
    dark = 0.35 + 1.2 * (ridge - up)
    r = mix(r, env[FOG_R] * dark, trees)
    g = mix(g, env[FOG_G] * dark * 1.03, trees)
    b = mix(b, env[FOG_B] * dark, trees)
    left = decay(env[FOG] * 420.0 / (1.0 + 16.0 * rise / math.sqrt(dx * dx + dy * dy)))
    return mix(env[FOG_R], r, left), mix(env[FOG_G], g, left), mix(env[FOG_B], b, left)


@inlined
def decay(x):
    """exp(-x) for x in 0..16 within 1e-4 of itself: the Taylor series of exp(-x / 16), four times squared."""
    y = x * 0.0625
    e = 1.0 - y * (1.0 - y * (0.5 - y * (0.16666667 - y * (0.041666667 - y * (0.008333333 - y * (0.0013888889 - y * 0.00019841270))))))
    e = e * e
    e = e * e
    e = e * e
    return e * e


@inlined
def fade(x):
    """exp(-x) for x >= 0, from five terms of exp(x): within 0.4 % up to 1, too large beyond 4, where little is left anyway."""
    return 1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (0.16666667 + x * 0.041666667))))


@inlined
def haze(env, r, g, b, distance):
    """What is left of a colour after `distance` m of air."""
    left = fade(env[FOG] * distance)
    return mix(env[FOG_R], r, left), mix(env[FOG_G], g, left), mix(env[FOG_B], b, left)


@scalar
def headlight(ahead, aside):
    """Light of a car's low beams on a road point `ahead` m before the lamps and `aside` m to the left, about 1 at best."""
    if ahead < 0.5:
        return float32(0.0)
    spread = aside / (0.42 * ahead + 0.9)
    reach = ahead / 17.0
    return math.exp(-spread * spread) * min(ahead * 0.25, 1.0) / (1.0 + reach * reach * reach)


@inlined
def lit_surface(env, nx, ny, nz, sun, openness, lamp):
    """Light (r, g, b) on a surface with unit normal n: `sun` share of the sun seen, `openness` of the sky, `lamp` street light."""
    facing = max(nx * env[SUN_X] + ny * env[SUN_Y] + nz * env[SUN_Z], 0.0) * sun
    dome = openness * (0.62 + 0.38 * nz)
    bounce = 0.10 * (1.0 - nz) * env[DAY]
    lamp_light = lamp * env[STREET]
    r = env[SUN_R] * (facing + bounce) + env[SKY_R] * dome + 1.0 * lamp_light
    g = env[SUN_G] * (facing + bounce) + env[SKY_G] * dome + 0.78 * lamp_light
    b = env[SUN_B] * (facing + bounce) + env[SKY_B] * dome + 0.50 * lamp_light
    return r, g, b


@inlined
def ground_colour(place, tile_index, words, marks, mark_start, mark_items, palette, switch, noise, x, y, step_x, step_y, across, level, shift):
    """Reflectance (r, g, b) and semantics of the ground around (x, y), and how smooth it is (asphalt reflects when wet)."""
    even, odd = sample(place, tile_index, words, x, y, step_x, step_y, level, shift)
    asphalt = channel(even, 0)
    stone = channel(even, 1)
    centre = channel(odd, 2) if switch[CENTRE_IS_DOUBLE] > 0.5 else channel(even, 2)
    track = channel(even, 3)
    paved = channel(odd, 0)
    white = channel(odd, 1)
    tint = max(2.0 * track - 1.0, 0.0)
    wear = min(2.0 * track, 1.0) * (1.0 - tint)
    wide = fuzz(noise, x * 0.0041, y * 0.0041)
    grain = 0.0
    joint = 1.0
    if across < CLOSE:
        fine = 1.0 - across / CLOSE
        surfaced = asphalt + stone + paved
        beyond = (channel(odd, 3) - 0.5) / EDGE_SCALE
        if beyond < 1.2 and beyond > -1.2:  # the kerb's line, sharper than texels
            asphalt = surfaced * clamp(0.5 - beyond / across)
            stone = surfaced * clamp(0.5 - (beyond - KERB) / across) - asphalt
            paved = surfaced - asphalt - stone
        if asphalt > 0.02:
            exact, exact_dashed, exact_double = painted(place, marks, mark_start, mark_items, x, y, max(across, 0.012))
            fade = smooth(0.6 * CLOSE, CLOSE, across)
            white = mix(exact, white, fade)
            centre = mix(exact_double if switch[CENTRE_IS_DOUBLE] > 0.5 else exact_dashed, centre, fade)
        grain = (fuzz(noise, x * 0.11, y * 0.11) - 0.5) * fine * 0.9 + (fuzz(noise, x * 0.023, y * 0.023) - 0.5) * 0.4
        if paved > 0.3:  # joints between slabs
            su = fraction(x * 1.6667)
            sv = fraction(y * 1.6667)
            if su < 0.03 or sv < 0.03:
                joint = 1.0 - 0.2 * fine
    elif across < 0.4:
        grain = (fuzz(noise, x * 0.023, y * 0.023) - 0.5) * 0.5
    bare = max(1.0 - asphalt - stone - paved, 0.0)
    lush = smooth(0.30, 0.62, wide)
    old = smooth(0.45, 0.70, wide) * 0.8
    worn = 1.0 - 0.5 * max(grain, 0.0)
    white *= worn
    centre *= worn
    covered = (1.0 - white) * (1.0 - centre)
    tarmac = asphalt * (0.86 + 0.28 * wide - 0.14 * wear + 0.35 * grain) * covered
    slab = (0.92 + 0.16 * wide + 0.3 * grain) * joint * covered
    turf = bare * (0.75 + 0.5 * wide + 0.9 * grain) * covered
    plain = tarmac * (1.0 - old) * (1.0 - tint)
    patch = tarmac * old * (1.0 - tint)
    tint *= tarmac
    paving = paved * slab
    kerb = stone * slab
    grass = turf * lush
    earth = turf * (1.0 - lush)
    bright = 0.80 * white * (1.0 - centre)
    r = bright + plain * palette[ROAD, 0] + patch * palette[PATCH, 0] + tint * palette[TINTED, 0] + paving * palette[PAVING, 0]
    g = bright + plain * palette[ROAD, 1] + patch * palette[PATCH, 1] + tint * palette[TINTED, 1] + paving * palette[PAVING, 1]
    b = bright + plain * palette[ROAD, 2] + patch * palette[PATCH, 2] + tint * palette[TINTED, 2] + paving * palette[PAVING, 2]
    r += kerb * palette[KERBSTONE, 0] + grass * palette[GRASS, 0] + earth * palette[EARTH, 0] + centre * palette[CENTRE_PAINT, 0]
    g += kerb * palette[KERBSTONE, 1] + grass * palette[GRASS, 1] + earth * palette[EARTH, 1] + centre * palette[CENTRE_PAINT, 1]
    b += kerb * palette[KERBSTONE, 2] + grass * palette[GRASS, 2] + earth * palette[EARTH, 2] + centre * palette[CENTRE_PAINT, 2]
    what = IS_TERRAIN
    if white + centre > 0.4:
        what = IS_PAINT
    elif asphalt > 0.5:
        what = IS_ROAD
    elif paved + stone > 0.5:
        what = IS_PAVEMENT
    return r, g, b, what, asphalt


@inlined
def film(value):
    """Linear light to a pixel value 0..255: a shoulder for highlights (Reinhard 2002, extended) and a gamma of 2."""
    x = max(value, 0.0)
    x = x * (1.0 + x * 0.11) / (1.0 + x * 0.62)
    return min(math.sqrt(x) * 255.0 + 0.5, 255.0)
