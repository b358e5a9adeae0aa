"""What is laid over the shaded pixels of a view, one pixel at a time: sticks and cards by coverage, lamps, and what water on the road
mirrors. The CPU's loops and the GPU's threads call the same functions."""

import math

import numpy as np
from numpy import float32

from caravela.world.kernels.bundles import (
    CENTRE_Y,
    DAY,
    FOCAL,
    FORE_X,
    FORE_Y,
    FORE_Z,
    NIGHT,
    RIGHT_X,
    RIGHT_Y,
    SECTOR,
    SIGN_IS_YELLOW,
    SUN_TAN,
    SUN_X,
    SUN_Y,
    UP_Z,
    WET,
)
from caravela.world.kernels.display import CARD
from caravela.world.kernels.ground import surroundings
from caravela.world.kernels.lamps import card_pixel, lamp_pixel, stick_pixel
from caravela.world.kernels.scalar import inlined, scalar
from caravela.world.kernels.shade import clamp, haze, lit_surface, mix

SLIGHT = np.float32(0.004)  # coverage below which nothing is drawn


@scalar
def head_on(env, ego, x, y, z):
    """Light of the own low beams on an upright thing."""
    if env[NIGHT] < 0.05:
        return float32(0.0)
    dx = x - ego[0]
    dy = y - ego[1]
    ahead = dx * ego[2] + dy * ego[3]
    aside = dy * ego[2] - dx * ego[3]
    if ahead < 0.5:
        return float32(0.0)
    spread = aside / (0.42 * ahead + 0.9)
    return math.exp(-spread * spread) * env[NIGHT] * (0.5 if z < 1.2 else 0.16) / (1.0 + 0.0009 * ahead * ahead)


@scalar
def thin_light(view, env, place, surround, ego, row, kind):
    """Light (r, g, b) on a stick or a card, and how much darker a stick is on the side away from the sun."""
    x = row[11]
    y = row[12]
    sun, openness, lamp = surroundings(place, surround, x, y, row[13], int(env[SECTOR]), env[SUN_TAN], env[DAY])
    if kind == CARD:
        lr, lg, lb = lit_surface(env, row[3], row[4], 0.0, sun, openness, lamp)
        facing = clamp(-(row[3] * ego[2] + row[4] * ego[3]))
    else:
        lr, lg, lb = lit_surface(env, -view[FORE_X] * 0.8, -view[FORE_Y] * 0.8, 0.6, sun, openness, lamp)
        facing = float32(0.6)
    beam = head_on(env, ego, x, y, row[13]) * facing
    sun_side = (env[SUN_X] * view[RIGHT_X] + env[SUN_Y] * view[RIGHT_Y]) * sun * env[DAY]
    return lr + beam, lg + beam, lb + beam, sun_side


@inlined
def thin_pixel(view, env, switch, row, kind, lr, lg, lb, sun_side, column, line, nearest):
    """(coverage, r, g, b, depth) of a stick or a card at a pixel centre; coverage 0 where it is slight or lies behind `nearest`."""
    tone = 1.0
    if kind == CARD:
        cover, r, g, b, t = card_pixel(row, view, column, line, switch[SIGN_IS_YELLOW])
    else:
        cover, t, across = stick_pixel(row, column, line)
        r, g, b = row[8], row[9], row[10]
        tone = 0.72 + 0.28 * math.sqrt(max(1.0 - across * across, 0.0)) - 0.3 * across * sun_side
    if cover <= SLIGHT or t >= nearest:
        return 0.0, r, g, b, t
    r, g, b = haze(env, r * lr * tone, g * lg * tone, b * lb * tone, t)
    return cover, r, g, b, t


@inlined
def blend_lamp(row, left, column, line, r, g, b):
    """A pixel's r, g, b after a lamp is added; `left` is what the air lets through of it."""
    share, halo = lamp_pixel(row, column, line)
    light = (share + halo) * left
    keep = 1.0 - share
    return r * keep + row[4] * light, g * keep + row[5] * light, b * keep + row[6] * light


@scalar
def horizon_row(view):
    """The image row, in pixels, at which the horizon lies."""
    return view[CENTRE_Y] + view[FOCAL] * view[FORE_Z] / max(view[UP_Z], 0.2)


@inlined
def mirror_pixel(env, view, horizon, height, gloss, colour, j, i):
    """Water on the road: mix into colour[j, i] what stands above the horizon as far as the pixel lies below it, blurred upward as
    ripples do. Rows above must be done."""
    if gloss[j, i] > 0.02:
        reach = max(height // 64, 1)
        source = 2.0 * horizon - (float32(j) + 0.5)
        k = min(max(int(source), 0), height - 1)
        below = (float32(j) + 0.5 - horizon) / view[FOCAL]
        share = gloss[j, i] * env[WET] * (0.03 + 0.5 * math.exp(-6.0 * below))
        for c in range(3):
            total = 0.0
            for step in range(-3, 4):
                total += colour[min(max(k + step * reach, 0), j - 1), i, c]
            colour[j, i, c] = mix(colour[j, i, c], total * 0.14285714, share)
