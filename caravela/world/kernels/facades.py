"""Buildings close up and far away: windows, floors, shop fronts, doors, cornices and roofs as periodic patterns in metres along
and up a facet, averaged over the pixel's footprint, so that they fade to their mean instead of flickering."""

import math

from numpy import float32

from caravela.world.kernels.bodies import FACET_BASE, FACET_ROLE, FACET_SEED, FACET_STYLE, FACET_TALL
from caravela.world.kernels.bundles import GABLE, NIGHT, ROOF_A, ROOF_B, SLOPE, TRIM, WALL_A
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import clamp, fuzz, hash01, mix, smooth

STOREY = float32(3.1)  # m
HOUSE, TERRACE, SHOPS, OFFICE, BLOCK = range(5)  # styles


@scalar
def pulses(u, period, low, high, size):
    """Share of [u - size / 2, u + size / 2] inside the intervals [k period + low, k period + high)."""
    a = (u - 0.5 * size) / period
    b = (u + 0.5 * size) / period
    fa = math.floor(a)
    fb = math.floor(b)
    before = float32(fa) * (high - low) + min(max((a - float32(fa)) * period - low, 0.0), high - low)
    after = float32(fb) * (high - low) + min(max((b - float32(fb)) * period - low, 0.0), high - low)
    return clamp((after - before) / size)


@scalar
def brick(u, v, size):
    """Share of mortar in a brick wall."""
    if size > 0.10:
        return float32(0.18)
    row = math.floor(v / 0.075)
    shift = 0.1125 if int(row) & 1 else 0.0
    mortar = max(pulses(v, 0.075, 0.0, 0.010, size), pulses(u + shift, 0.225, 0.0, 0.010, size))
    return mix(mortar, 0.18, smooth(0.03, 0.10, size))


@scalar
def roof_look(row, palette, noise, u, v, size):
    seed = row[FACET_SEED]
    which = ROOF_A if seed - math.floor(seed) < 0.6 else ROOF_B
    tone = 0.85 + 0.3 * fuzz(noise, u * 0.05 + seed, v * 0.05)
    if int(row[FACET_ROLE]) == SLOPE:
        tone *= 1.0 - 0.35 * pulses(v, 0.32, 0.0, 0.06, size) * (1.0 - smooth(0.1, 0.5, size))
        tone *= 1.0 - 0.12 * pulses(u, 0.30, 0.0, 0.05, size)
    else:
        tone *= 0.8
    return palette[which, 0] * tone, palette[which, 1] * tone, palette[which, 2] * tone, 0.0, 0.0, 0.0


@scalar
def facade_look(row, palette, env, noise, u, v, size_u, size_v):
    """Reflectance r, g, b, share of glass, and light of lit windows (warm share, strength) at (u, v) m along and up a facet."""
    role = int(row[FACET_ROLE])
    if role >= SLOPE:
        return roof_look(row, palette, noise, u, v, max(size_u, size_v))
    seed = row[FACET_SEED]
    code = int(seed * 97.0)
    style = int(row[FACET_STYLE])
    tall = row[FACET_TALL]
    height = v + row[FACET_BASE]
    length = row[5]
    choice = WALL_A + int(4.0 * hash01(code, 3) * 0.999)
    dirt = 0.86 + 0.24 * fuzz(noise, u * 0.011 + seed, height * 0.02)
    dirt *= 0.80 + 0.20 * smooth(0.0, 1.2, height)
    r = palette[choice, 0] * dirt
    g = palette[choice, 1] * dirt
    b = palette[choice, 2] * dirt
    fine = max(size_u, size_v)
    if style == TERRACE or (style <= SHOPS and hash01(code, 9) < 0.35):
        mortar = brick(u, height, fine)
        r, g, b = mix(r, 0.45, mortar), mix(g, 0.43, mortar), mix(b, 0.40, mortar)
        if fine < 0.25:
            tint = 0.9 + 0.2 * hash01(int(math.floor(u / 0.225)), int(math.floor(height / 0.075)))
            r, g, b = r * tint, g * tint, b * tint
    storeys = max(math.floor(tall / STOREY + 0.3), 1.0)
    storey = tall / storeys
    bays = max(math.floor(length / (1.7 if style == OFFICE else 2.9 + 0.8 * hash01(code, 1))), 1.0)
    bay = length / bays
    if length < 1.3 or role == GABLE:
        return r, g, b, 0.0, 0.0, 0.0
    duty = 0.86 if style == OFFICE else 0.34 + 0.14 * hash01(code, 2)
    low = 0.12 if style == OFFICE else 0.30
    high = 0.92 if style == OFFICE else 0.76 + 0.08 * hash01(code, 4)
    left = 0.5 * (1.0 - duty) * bay
    right = bay - left
    floor = int(math.floor(height / storey))
    if style == SHOPS and floor == 0:
        low = 0.14
        high = 0.74
        left = 0.06 * bay
        right = 0.94 * bay
    bottom = low * storey
    top = high * storey
    glass = pulses(u, bay, left, right, size_u) * pulses(height, storey, bottom, top, size_v)
    frame = 0.07
    around = pulses(u, bay, left - frame, right + frame, size_u) * pulses(height, storey, bottom - frame - 0.05, top + frame, size_v) - glass
    if fine < 0.3 and style != OFFICE:  # glazing bars
        middle = 0.5 * (left + right)
        bars = max(pulses(u, bay, middle - 0.03, middle + 0.03, size_u), pulses(height, storey, bottom + 0.62 * (top - bottom), bottom + 0.62 * (top - bottom) + 0.05, size_v))
        around += glass * bars
        glass *= 1.0 - bars
    column = int(math.floor(u / bay))
    if style == HOUSE or style == TERRACE:  # a front door now and then
        if floor == 0 and hash01(code + column, 17) < 0.34:
            door = pulses(u, bay, 0.5 * bay - 0.5, 0.5 * bay + 0.5, size_u) * (1.0 - smooth(2.15, 2.2, height))
            inside = 1.0 if u - float32(column) * bay > left - 0.3 and u - float32(column) * bay < right + 0.3 else 0.0
            glass *= 1.0 - inside
            around *= 1.0 - inside
            hue = hash01(code, 21 + column)
            r, g, b = mix(r, 0.05 + 0.30 * hue, door), mix(g, 0.05 + 0.1 * (1.0 - hue), door), mix(b, 0.06 + 0.25 * hash01(code, 5 + column), door)
    if style == SHOPS and floor == 0:  # a fascia with the shop's colour
        band = smooth(0.78 * storey, 0.78 * storey + 0.05, height) * (1.0 - smooth(0.95 * storey, 0.95 * storey + 0.05, height))
        shop = int(math.floor(u / (2.0 * bay)))
        hue = hash01(code, 31 + shop)
        r, g, b = mix(r, 0.08 + 0.6 * hue * hue, band), mix(g, 0.10 + 0.4 * hash01(code, 41 + shop), band), mix(b, 0.08 + 0.5 * (1.0 - hue), band)
    cornice = smooth(tall - 0.45, tall - 0.40, height) if role != GABLE else 0.0
    edge = clamp(around + 0.8 * cornice)
    r, g, b = mix(r, palette[TRIM, 0], edge), mix(g, palette[TRIM, 1], edge), mix(b, palette[TRIM, 2], edge)
    curtain = 0.35 * hash01(code + column * 7, floor * 13 + 2) if style < OFFICE else 0.05
    r, g, b = mix(r, 0.02 + 0.5 * curtain, glass), mix(g, 0.025 + 0.48 * curtain, glass), mix(b, 0.03 + 0.45 * curtain, glass)
    light = 0.0
    warm = 0.7
    if env[NIGHT] > 0.02:
        awake = 0.30 if style < OFFICE else 0.22
        if style == SHOPS and floor == 0:
            awake = 0.75
        draw = hash01(code + column * 11, floor * 5 + 3)
        one = 1.0 if draw < awake else 0.0
        blur = smooth(0.4 * bay, 1.2 * bay, size_u)
        light = glass * mix(one, awake, blur) * env[NIGHT] * (0.5 + draw)
        warm = hash01(code + column, floor)
    return r, g, b, glass * (1.0 - curtain), warm, light
