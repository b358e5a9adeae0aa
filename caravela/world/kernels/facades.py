"""Buildings close up and far away: windows, floors, shop fronts, doors, cornices and roofs as periodic patterns in metres along
and up a facet, averaged over the pixel's footprint, so that they fade to their mean instead of flickering."""

from numpy import float32

from caravela.world.kernels.bodies import (
    BAY,
    BRICKS,
    FACET_B,
    FACET_BASE,
    FACET_G,
    FACET_R,
    FACET_ROLE,
    FACET_SEED,
    FACET_STYLE,
    FACET_TALL,
    PANE_HIGH,
    PANE_LEFT,
    PANE_LOW,
    PANE_RIGHT,
    STOREY,
)
from caravela.world.kernels.bundles import GABLE, NIGHT, ROOF_A, ROOF_B, SLOPE, TRIM, WALL_A
from caravela.world.kernels.rounding import fraction, whole
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import clamp, fuzz, hash01, mix, smooth

HOUSE, TERRACE, SHOPS, OFFICE, BLOCK = range(5)  # styles


@scalar
def pulses(u, period, low, high, size):
    """Share of [u - size / 2, u + size / 2] inside the intervals [k period + low, k period + high)."""
    a = (u - 0.5 * size) / period
    b = (u + 0.5 * size) / period
    fa = float32(whole(a))
    fb = float32(whole(b))
    before = fa * (high - low) + min(max((a - fa) * period - low, 0.0), high - low)
    after = fb * (high - low) + min(max((b - fb) * period - low, 0.0), high - low)
    return clamp((after - before) / size)


@scalar
def brick(u, v, size):
    """Share of mortar in a brick wall."""
    if size > 0.10:
        return float32(0.18)
    shift = 0.1125 if whole(v / 0.075) & 1 else 0.0
    mortar = max(pulses(v, 0.075, 0.0, 0.010, size), pulses(u + shift, 0.225, 0.0, 0.010, size))
    return mix(mortar, 0.18, smooth(0.03, 0.10, size))


@scalar
def roof_look(row, palette, noise, u, v, size):
    seed = row[FACET_SEED]
    which = ROOF_A if fraction(seed) < 0.6 else ROOF_B
    tone = 0.85 + 0.3 * fuzz(noise, u * 0.05 + seed, v * 0.05)
    if int(row[FACET_ROLE]) == SLOPE:
        tone *= 1.0 - 0.35 * pulses(v, 0.32, 0.0, 0.06, size) * (1.0 - smooth(0.1, 0.5, size))
        tone *= 1.0 - 0.12 * pulses(u, 0.30, 0.0, 0.05, size)
    else:
        tone *= 0.8
    return palette[which, 0] * tone, palette[which, 1] * tone, palette[which, 2] * tone, 0.0, 0.0, 0.0


@scalar
def design_facade(row, palette):
    """Fill in what all of a facet's pixels share: its colour and window pattern, from the building's seed and style."""
    code = int(row[FACET_SEED] * 97.0)
    style = int(row[FACET_STYLE])
    role = int(row[FACET_ROLE])
    choice = WALL_A + int(4.0 * hash01(code, 3) * 0.999)
    bricks = style == TERRACE or (style <= SHOPS and hash01(code, 9) < 0.35)
    row[BRICKS] = 1.0 if bricks else 0.0
    row[FACET_R] = palette[choice, 0]
    row[FACET_G] = palette[choice, 1]
    row[FACET_B] = palette[choice, 2]
    storeys = max(float32(whole(row[FACET_TALL] / 3.1 + 0.3)), 1.0)
    row[STOREY] = row[FACET_TALL] / storeys
    bays = max(float32(whole(row[5] / (1.7 if style == OFFICE else 2.9 + 0.8 * hash01(code, 1)))), 1.0)
    row[BAY] = row[5] / bays
    if row[5] < 1.3 or role == GABLE:
        row[BAY] = 0.0
    duty = 0.86 if style == OFFICE else 0.34 + 0.14 * hash01(code, 2)
    row[PANE_LEFT] = 0.5 * (1.0 - duty) * row[BAY]
    row[PANE_RIGHT] = row[BAY] - row[PANE_LEFT]
    row[PANE_LOW] = (0.12 if style == OFFICE else 0.30) * row[STOREY]
    row[PANE_HIGH] = (0.92 if style == OFFICE else 0.76 + 0.08 * hash01(code, 4)) * row[STOREY]


@scalar
def facade_look(row, palette, env, noise, u, v, size_u, size_v):
    """Reflectance r, g, b, share of glass, and light of lit windows (warm share, strength) at (u, v) m along and up a facet."""
    role = int(row[FACET_ROLE])
    if role >= SLOPE:
        return roof_look(row, palette, noise, u, v, max(size_u, size_v))
    height = v + row[FACET_BASE]
    fine = max(size_u, size_v)
    dirt = 0.86 + 0.24 * fuzz(noise, u * 0.011 + row[FACET_SEED], height * 0.02)
    if height < 1.2:
        dirt *= 0.80 + 0.20 * smooth(0.0, 1.2, height)
    r = row[FACET_R] * dirt
    g = row[FACET_G] * dirt
    b = row[FACET_B] * dirt
    if row[BRICKS] > 0.5:
        mortar = brick(u, height, fine)
        r, g, b = mix(r, 0.45, mortar), mix(g, 0.43, mortar), mix(b, 0.40, mortar)
        if fine < 0.12:
            tint = 0.9 + 0.2 * hash01(whole(u / 0.225), whole(height / 0.075))
            r, g, b = r * tint, g * tint, b * tint
    bay = row[BAY]
    if bay <= 0.0:
        return r, g, b, 0.0, 0.0, 0.0
    storey = row[STOREY]
    style = int(row[FACET_STYLE])
    left = row[PANE_LEFT]
    right = row[PANE_RIGHT]
    bottom = row[PANE_LOW]
    top = row[PANE_HIGH]
    floor = whole(height / storey)
    column = whole(u / bay)
    code = int(row[FACET_SEED] * 97.0)
    ground_floor = floor == 0
    if style == SHOPS and ground_floor:
        bottom = 0.14 * storey
        top = 0.74 * storey
        left = 0.06 * bay
        right = 0.94 * bay
    glass = pulses(u, bay, left, right, size_u) * pulses(height, storey, bottom, top, size_v)
    around = 0.0
    if fine < 0.4:
        around = pulses(u, bay, left - 0.07, right + 0.07, size_u) * pulses(height, storey, bottom - 0.12, top + 0.07, size_v) - glass
        if fine < 0.2 and style != OFFICE:  # glazing bars
            middle = 0.5 * (left + right)
            across = bottom + 0.62 * (top - bottom)
            bars = max(pulses(u, bay, middle - 0.03, middle + 0.03, size_u), pulses(height, storey, across, across + 0.05, size_v))
            around += glass * bars
            glass *= 1.0 - bars
    if ground_floor:
        if style <= TERRACE and hash01(code + column, 17) < 0.34:  # a front door now and then
            door = pulses(u, bay, 0.5 * bay - 0.5, 0.5 * bay + 0.5, size_u) * (1.0 - smooth(2.15, 2.2, height))
            inside = 1.0 if u - float32(column) * bay > left - 0.3 and u - float32(column) * bay < right + 0.3 else 0.0
            glass *= 1.0 - inside
            around *= 1.0 - inside
            hue = hash01(code, 21 + column)
            r, g, b = mix(r, 0.05 + 0.30 * hue, door), mix(g, 0.05 + 0.1 * (1.0 - hue), door), mix(b, 0.06 + 0.25 * hash01(code, 5 + column), door)
        if style == SHOPS:  # a fascia with the shop's colour
            band = smooth(0.78 * storey, 0.78 * storey + 0.05, height) * (1.0 - smooth(0.95 * storey, 0.95 * storey + 0.05, height))
            shop = whole(u / (2.0 * bay))
            hue = hash01(code, 31 + shop)
            r, g, b = mix(r, 0.08 + 0.6 * hue * hue, band), mix(g, 0.10 + 0.4 * hash01(code, 41 + shop), band), mix(b, 0.08 + 0.5 * (1.0 - hue), band)
    if height > row[FACET_TALL] - 0.45:
        around += 0.8 * smooth(row[FACET_TALL] - 0.45, row[FACET_TALL] - 0.40, height)
    edge = clamp(around)
    r, g, b = mix(r, palette[TRIM, 0], edge), mix(g, palette[TRIM, 1], edge), mix(b, palette[TRIM, 2], edge)
    curtain = 0.35 * hash01(code + column * 7, floor * 13 + 2) if style < OFFICE else 0.05
    r, g, b = mix(r, 0.02 + 0.5 * curtain, glass), mix(g, 0.025 + 0.48 * curtain, glass), mix(b, 0.03 + 0.45 * curtain, glass)
    light = 0.0
    warm = 0.7
    if env[NIGHT] > 0.02:
        awake = 0.30 if style < OFFICE else 0.22
        if style == SHOPS and ground_floor:
            awake = 0.75
        draw = hash01(code + column * 11, floor * 5 + 3)
        one = 1.0 if draw < awake else 0.0
        light = glass * mix(one, awake, smooth(0.4 * bay, 1.2 * bay, size_u)) * env[NIGHT] * (0.5 + draw)
        warm = hash01(code + column, floor)
    return r, g, b, glass * (1.0 - curtain), warm, light
