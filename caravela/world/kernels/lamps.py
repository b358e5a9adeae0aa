"""Thin and shining things, by coverage: a pole, a sign or a signal lamp changes a pixel in proportion to the area it covers
there, however small, and is never hit or missed by one ray."""

import math

from numpy import float32

from caravela.world.kernels.geometry import MISS, ray
from caravela.world.kernels.raster import overlap
from caravela.world.kernels.rounding import fraction, whole
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import clamp, mix, smooth

# faces of cards
HOUSING, HOUSING_FLAT, OCTAGON, TRIANGLE_DOWN, DISC, PLATE, BOARD, LANTERN, HOUSING_FOOT = range(9)


@scalar
def stick_pixel(row, column, line):
    """(coverage, depth, across -1..1) of a stick at a pixel centre."""
    ex = row[2] - row[0]
    ey = row[3] - row[1]
    px = column - row[0]
    py = line - row[1]
    squared = ex * ex + ey * ey
    along = clamp((px * ex + py * ey) / max(squared, 1e-6))
    dx = px - along * ex
    dy = py - along * ey
    distance = math.sqrt(dx * dx + dy * dy)
    half = mix(row[4], row[5], along)
    # the share of the pixel's width that lies within the stick
    coverage = overlap(distance, half, 1.0)
    if squared < 1e-6 or along <= 0.0 or along >= 1.0:  # a round end
        small = min(half, 0.5) * 2.0
        coverage = clamp(half + 0.5 - distance) * small if half < 0.5 else clamp(half + 0.5 - distance)
    across = (ex * dy - ey * dx) / max(math.sqrt(squared) * max(half, 0.25), 1e-6)
    return coverage, 1.0 / mix(row[6], row[7], along), min(max(across, -1.0), 1.0)


@scalar
def _stroke(u, v, u0, v0, u1, v1):
    """Distance from a point to a stroke."""
    ex = u1 - u0
    ey = v1 - v0
    along = clamp(((u - u0) * ex + (v - v0) * ey) / (ex * ex + ey * ey))
    dx = u - u0 - along * ex
    dy = v - v0 - along * ey
    return math.sqrt(dx * dx + dy * dy)


@scalar
def _digit_distance(digit, u, v):
    """Distance to the strokes of a digit that spans -0.5..0.5 by -1..1: seven of them, as a bit each."""
    strokes = 63
    if digit == 1:
        strokes = 6
    elif digit == 2:
        strokes = 91
    elif digit == 3:
        strokes = 79
    elif digit == 4:
        strokes = 102
    elif digit == 5:
        strokes = 109
    elif digit == 6:
        strokes = 125
    elif digit == 7:
        strokes = 7
    elif digit == 8:
        strokes = 127
    elif digit == 9:
        strokes = 111
    near = 9.0
    for k in range(7):
        if (strokes >> k) & 1:
            right = 0.5 if k == 1 or k == 2 else -0.5
            high = 1.0 if k == 0 else (-1.0 if k == 3 else 0.0)
            if k == 0 or k == 3 or k == 6:
                near = min(near, _stroke(u, v, -0.5, high, 0.5, high))
            elif k == 1 or k == 5:
                near = min(near, _stroke(u, v, right, 0.0, right, 1.0))
            else:
                near = min(near, _stroke(u, v, right, -1.0, right, 0.0))
    return near


@scalar
def number_ink(number, a, b, soft):
    """Share of ink of a number of two or three digits on a round sign; (a, b) in -1..1, `soft` what a pixel spans of it."""
    digits = 3 if number > 99 else 2
    apart = 0.36 if digits == 3 else 0.48
    wide = 0.22 if digits == 3 else 0.28
    near = 9.0
    left = number
    for k in range(digits):
        middle = apart * (0.5 * float32(digits - 1) - float32(k))
        near = min(near, _digit_distance(left % 10, (a - middle) / wide, b / 0.34) * wide)
        left = left // 10
    blur = max(0.03, 0.5 * soft)
    return (1.0 - smooth(0.055 - blur, 0.055 + blur, near)) * 0.95


@scalar
def inside_polygon(u, v, corners, turn):
    """Signed distance to the nearest side of a regular polygon with apothem 1, positive inside."""
    distance = 9.0
    for k in range(corners):
        angle = turn + 6.2831853 * float32(k) / float32(corners)
        distance = min(distance, 1.0 - (u * math.cos(angle) + v * math.sin(angle)))
    return distance


@scalar
def card_face(row, u, v, size_u, size_v, behind, yellow):
    """(coverage, r, g, b) of a card at (u right, v up) m from its middle, averaged over size_u x size_v m."""
    face = int(row[7])
    half_w = row[5]
    half_h = row[6]
    size = max(size_u, size_v)
    cover = overlap(u, half_w, size_u) * overlap(v, half_h, size_v)
    if cover <= 0.0:
        return cover, 0.0, 0.0, 0.0
    a = u / half_w
    b = v / half_h
    soft = size / half_w
    if face == HOUSING or face == HOUSING_FLAT or face == HOUSING_FOOT:
        tone_r = 0.014
        tone_g = 0.014
        tone_b = 0.016
        edge = max(abs(a), abs(b))
        if yellow > 0.5:
            tone_r, tone_g, tone_b = 0.50, 0.33, 0.03
        if behind < 0.5 and size < half_w:
            lenses = 2 if face == HOUSING_FOOT else 3
            w = (b if face != HOUSING_FLAT else a) * float32(lenses)
            k = float32(whole(w)) if lenses == 2 else float32(whole(w * 0.5 + 0.5)) * 2.0
            centre = k + 0.5 if lenses == 2 else k
            across = (a if face != HOUSING_FLAT else b)
            ring = math.sqrt((w - centre) * (w - centre) * (1.0 if lenses == 3 else 4.0) + across * across)
            glass = 1.0 - smooth(0.62, 0.75, ring)
            hood = smooth(0.72, 0.8, ring) * (1.0 - smooth(0.86, 0.95, ring))
            tone_r, tone_g, tone_b = mix(tone_r, 0.03, glass), mix(tone_g, 0.03, glass), mix(tone_b, 0.03, glass)
            tone_r, tone_g, tone_b = mix(tone_r, 0.006, hood), mix(tone_g, 0.006, hood), mix(tone_b, 0.006, hood)
        rim = smooth(0.90, 0.97, edge) * 0.02
        return cover, tone_r + rim, tone_g + rim, tone_b + rim
    if face == OCTAGON:
        inside = inside_polygon(a, b, 8, 0.3926991)
        cover *= smooth(-0.5 * soft, 0.5 * soft + 1e-4, inside)
        if behind > 0.5:
            return cover, 0.25, 0.26, 0.27
        border = smooth(0.07, 0.10, inside)
        letters = (1.0 - smooth(0.24, 0.28, abs(b))) * (1.0 - smooth(0.70, 0.74, abs(a)))
        if soft < 0.4:  # four letters, roughly
            cell = (a + 0.72) / 0.36
            part = fraction(cell)
            letters *= smooth(0.10, 0.16, part) * (1.0 - smooth(0.80, 0.88, part))
            hole = (1.0 - smooth(0.16, 0.22, abs(part - 0.48))) * (1.0 - smooth(0.10, 0.14, abs(b)))
            letters *= 1.0 - 0.8 * hole
        else:
            letters *= 0.55
        white = max(1.0 - border, letters)
        return cover, mix(0.52, 0.80, white), mix(0.015, 0.80, white), mix(0.015, 0.80, white)
    if face == TRIANGLE_DOWN:
        inside = inside_polygon(a * 1.0, (b - 0.30) * 1.15, 3, 1.5707963) / 0.85 - 0.42
        inside = min(inside, 1.0)
        cover *= smooth(-0.5 * soft, 0.5 * soft + 1e-4, inside)
        if behind > 0.5:
            return cover, 0.25, 0.26, 0.27
        white = smooth(0.20, 0.25, inside)
        return cover, mix(0.55, 0.82, white), mix(0.02, mix(0.82, 0.62, yellow), white), mix(0.02, mix(0.80, 0.05, yellow), white)
    if face == DISC:
        ring = math.sqrt(a * a + b * b)
        cover *= 1.0 - smooth(1.0 - 0.5 * soft, 1.0 + 0.5 * soft, ring)
        if behind > 0.5:
            return cover, 0.25, 0.26, 0.27
        red = smooth(0.74, 0.78, ring)
        ink = number_ink(int(row[8]), a, b, soft)
        base = mix(0.8, 0.02, ink)
        return cover, mix(base, 0.55, red), mix(base, 0.02, red), mix(base, 0.02, red)
    if face == PLATE:
        if behind > 0.5:
            return cover, 0.25, 0.26, 0.27
        text = (1.0 - smooth(0.35, 0.45, abs(b))) * (1.0 - smooth(0.8, 0.85, abs(a))) * (0.5 + 0.5 * math.sin(a * 31.0 + row[8]))
        return cover, mix(0.03, 0.8, text), mix(0.10, 0.8, text), mix(0.26, 0.8, text)
    if face == LANTERN:
        return cover, 0.16, 0.165, 0.17
    if behind > 0.5:
        return cover, 0.25, 0.26, 0.27
    return cover, 0.3, 0.3, 0.3


@scalar
def card_pixel(row, view, column, line, yellow):
    """(coverage, r, g, b, depth) of a card at a pixel centre."""
    dx, dy, dz = ray(view, column, line)
    facing = dx * row[3] + dy * row[4]
    if abs(facing) < 0.02:
        return 0.0, 0.0, 0.0, 0.0, MISS
    t = (row[0] * row[3] + row[1] * row[4]) / facing
    if t < 0.1:
        return 0.0, 0.0, 0.0, 0.0, MISS
    qx = t * dx - row[0]
    qy = t * dy - row[1]
    u = qx * row[4] - qy * row[3]  # to the right of somebody who looks at its face
    u = -u
    v = t * dz - row[2]
    per = t / view[12]
    length = math.sqrt(dx * dx + dy * dy)
    slant = min(length / abs(facing), 8.0)
    cover, r, g, b = card_face(row, u, v, per * slant, per, 1.0 if facing > 0.0 else 0.0, yellow)
    return cover, r, g, b, t


@scalar
def lamp_pixel(row, column, line):
    """(share of the pixel covered by the lamp, halo) at a pixel centre. Over all pixels the shares add up to the lamp's area."""
    dx = column - row[0]
    dy = line - row[1]
    size = row[2]
    if size < 1.0:  # a square of the same area: its shares add up exactly wherever it lies
        half = 0.8862269 * size
        share = overlap(dx, half, 1.0) * overlap(dy, half, 1.0)
    else:
        share = clamp(size + 0.5 - math.sqrt(dx * dx + dy * dy))
    distance = math.sqrt(dx * dx + dy * dy)
    reach = row[8]
    fall = clamp(1.0 - distance / reach)
    area = 3.1415927 * size * size
    halo = row[7] * fall * fall * fall * min(area, 0.06 * reach * reach) * 2.0 / (reach * reach)
    return share, halo
