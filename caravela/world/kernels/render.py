"""Views on the CPU: one display list a view, then loops over the pixels each row may touch, then one pass that shades every pixel
once. Parallel over views only, so frames do not depend on the number of threads."""

import math

import numpy as np
from numba import prange
from numpy import float32

from caravela.world.kernels import display
from caravela.world.kernels.bodies import ROW, hit_row
from caravela.world.kernels.bundles import (
    EYE_X,
    EYE_Y,
    EYE_Z,
    FOCAL,
    NIGHT,
    SIGN_IS_YELLOW,
    VIEW,
    WET,
)
from caravela.world.kernels.display import BOTTOM, CARD, DECALS, INTS, KIND, LAMPS, LEFT, OWNER, RIGHT, SOLIDS, THINS, TOP, WHAT
from caravela.world.kernels.gather import gather_moving, gather_standing, sort_by_depth
from caravela.world.kernels.geometry import aim, ray
from caravela.world.kernels.ground import surroundings
from caravela.world.kernels.lamps import card_pixel, lamp_pixel, stick_pixel
from caravela.world.kernels.pixels import FARTHEST, decal_pixel, film_pixel, ground_pixel, ground_row, solid_pixel
from caravela.world.kernels.scalar import allocating, loop, scalar
from caravela.world.kernels.shade import clamp, haze, lit_surface, mix

SLACK = np.float32(0.35)  # m, a lamp sits this much before what carries it


@scalar
def cast_solids(view, rows, ints, count, noise, depth, hit):
    """Ray-cast every solid row into depth and hit (row number + 1)."""
    for n in range(count):
        row = rows[n]
        kind = ints[n, KIND]
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                dx, dy, dz = ray(view, float32(i) + 0.5, float32(j) + 0.5)
                t = hit_row(row, kind, dx, dy, dz, noise)
                if t < depth[j, i]:
                    depth[j, i] = t
                    hit[j, i] = n + 1


@scalar
def lay_decals(view, env, rows, ints, count, hit, sun_left, sky_left, beam):
    """What shadows and headlights do to the ground pixels that no solid covers."""
    for n in range(count):
        row = rows[n]
        kind = ints[n, KIND]
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                if hit[j, i] == 0:
                    dx, dy, dz = ray(view, float32(i) + 0.5, float32(j) + 0.5)
                    if dz < -1e-4:
                        t = -view[EYE_Z] / dz
                        sun, sky, add = decal_pixel(row, kind, env, view[EYE_X] + t * dx, view[EYE_Y] + t * dy)
                        sun_left[j, i] = min(sun_left[j, i], sun)
                        sky_left[j, i] *= sky
                        beam[j, i] += add


@scalar
def blend_thins(view, env, place, surround, switch, ego, rows, ints, count, order, keys, depth, colour, what, visible, want):
    """Blend sticks and cards over what is there, farthest first."""
    sort_by_depth(rows, count, order, keys)
    sun_side = env[0] * view[6] + env[1] * view[7]
    for k in range(count):
        n = order[k]
        row = rows[n]
        is_card = ints[n, KIND] == CARD
        x = row[11]
        y = row[12]
        sun, openness, lamp = surroundings(place, surround, x, y, row[13], int(env[24]), env[23], env[31])
        if is_card:
            lr, lg, lb = lit_surface(env, row[3], row[4], 0.0, sun, openness, lamp)
        else:
            lr, lg, lb = lit_surface(env, -view[3] * 0.8, -view[4] * 0.8, 0.6, sun, openness, lamp)
        facing = clamp(-(row[3] * ego[2] + row[4] * ego[3])) if is_card else float32(0.6)
        beam = head_on(env, ego, x, y, row[13]) * facing
        lr, lg, lb = lr + beam, lg + beam, lb + beam
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                tone = 1.0
                if is_card:
                    cover, r, g, b, t = card_pixel(row, view, float32(i) + 0.5, float32(j) + 0.5, switch[SIGN_IS_YELLOW])
                else:
                    cover, t, across = stick_pixel(row, float32(i) + 0.5, float32(j) + 0.5)
                    r, g, b = row[8], row[9], row[10]
                    tone = 0.72 + 0.28 * math.sqrt(max(1.0 - across * across, 0.0)) - 0.3 * across * sun_side * sun * env[31]
                if cover > 0.004 and t < depth[j, i]:
                    r, g, b = haze(env, r * lr * tone, g * lg * tone, b * lb * tone, t)
                    colour[j, i, 0] = mix(colour[j, i, 0], r, cover)
                    colour[j, i, 1] = mix(colour[j, i, 1], g, cover)
                    colour[j, i, 2] = mix(colour[j, i, 2], b, cover)
                    if cover > 0.5:
                        depth[j, i] = t
                        what[j, i] = ints[n, WHAT]
                    if want and ints[n, OWNER] >= 0:
                        visible[ints[n, OWNER]] += cover


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
def splat_lamps(env, rows, ints, count, width, height, depth, colour, lamp_area, want):
    """Add lamps whose middle is not hidden; `lamp_area` (K,) collects the pixels each signal link's lamps cover."""
    for n in range(count):
        row = rows[n]
        ci = min(max(int(row[0]), 0), width - 1)
        cj = min(max(int(row[1]), 0), height - 1)
        if row[3] > depth[cj, ci] + SLACK:
            continue
        left = math.exp(-env[18] * row[3])
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                share, halo = lamp_pixel(row, float32(i) + 0.5, float32(j) + 0.5)
                light = (share + halo) * left
                keep = 1.0 - share
                colour[j, i, 0] = colour[j, i, 0] * keep + row[4] * light
                colour[j, i, 1] = colour[j, i, 1] * keep + row[5] * light
                colour[j, i, 2] = colour[j, i, 2] * keep + row[6] * light
        if want and ints[n, KIND] >= 0 and row[0] >= 0.0 and row[0] < float32(width) and row[1] >= 0.0 and row[1] < float32(height):
            lamp_area[ints[n, KIND]] += 3.1415927 * row[2] * row[2]


@scalar
def mirror_road(env, view, height, width, gloss, colour):
    """Water on the road: mix in what stands above the horizon as far as the pixel lies below it, blurred upward as ripples do."""
    horizon = view[14] + view[FOCAL] * view[5] / max(view[11], 0.2)
    reach = max(height // 64, 1)
    for j in range(max(int(horizon) + 1, 0), height):
        source = 2.0 * horizon - (float32(j) + 0.5)
        k = min(max(int(source), 0), height - 1)
        below = (float32(j) + 0.5 - horizon) / view[FOCAL]
        fresnel = 0.03 + 0.5 * math.exp(-6.0 * below)
        for i in range(width):
            if gloss[j, i] > 0.02:
                share = gloss[j, i] * env[WET] * fresnel
                for c in range(3):
                    total = 0.0
                    for step in range(-3, 4):
                        total += colour[min(max(k + step * reach, 0), j - 1), i, c]
                    colour[j, i, c] = mix(colour[j, i, c], total * 0.14285714, share)


@allocating
def draw_view(scene, state, env, view, ego, b, own, width, height, image, depth, what, visible, lamp_area, want):
    """Draw one view into image (H, W, 3); `want` also fills depth (H, W), what (H, W), visible (A,) and lamp_area (K,)."""
    m = state.worlds[b].map
    look = state.worlds[b].look
    place = scene.places[m]
    palette = scene.palette[look]
    switch = scene.switch[look]
    solids = np.empty((SOLIDS, ROW), np.float32)
    solid_ints = np.empty((SOLIDS, INTS), np.int32)
    thins = np.empty((THINS, display.THIN_ROW), np.float32)
    thin_ints = np.empty((THINS, INTS), np.int32)
    lamp_rows = np.empty((LAMPS, display.LAMP_ROW), np.float32)
    lamp_ints = np.empty((LAMPS, INTS), np.int32)
    decals = np.empty((DECALS, display.DECAL_ROW), np.float32)
    decal_ints = np.empty((DECALS, INTS), np.int32)
    counts = np.zeros(4, np.int64)
    box = np.empty(5, np.float32)
    gather_moving(scene, state, env, view, b, look, own, width, height, solids, solid_ints, thins, thin_ints, lamp_rows, lamp_ints, decals, decal_ints, counts, box)
    gather_standing(scene, state, env, view, b, m, look, width, height, solids, solid_ints, thins, thin_ints, lamp_rows, lamp_ints, counts, box)
    hit = np.zeros((height, width), np.int32)
    sun_left = np.ones((height, width), np.float32)
    sky_left = np.ones((height, width), np.float32)
    beam = np.zeros((height, width), np.float32)
    gloss = np.zeros((height, width), np.float32)
    colour = np.empty((height, width, 3), np.float32)
    depth[:, :] = FARTHEST * 2.0
    cast_solids(view, solids, solid_ints, counts[0], scene.noise, depth, hit)
    lay_decals(view, env, decals, decal_ints, counts[3], hit, sun_left, sky_left, beam)
    shade_all(scene, place, palette, switch, env, view, ego, width, height, solids, solid_ints, hit, sun_left, sky_left, beam, gloss, colour, depth, what, visible, want)
    blend_thins(view, env, place, scene.surround, switch, ego, thins, thin_ints, counts[1], np.empty(THINS, np.int32), np.empty(THINS, np.float32), depth, colour,
                what, visible, want)
    splat_lamps(env, lamp_rows, lamp_ints, counts[2], width, height, depth, colour, lamp_area, want)
    if env[WET] > 0.02:
        mirror_road(env, view, height, width, gloss, colour)
    for j in range(height):
        for i in range(width):
            r, g, bl = film_pixel(env, colour[j, i, 0], colour[j, i, 1], colour[j, i, 2], i, j, width, height)
            image[j, i, 0] = np.uint8(r)
            image[j, i, 1] = np.uint8(g)
            image[j, i, 2] = np.uint8(bl)


@scalar
def shade_all(scene, place, palette, switch, env, view, ego, width, height, solids, solid_ints, hit, sun_left, sky_left, beam, gloss, colour, depth, what, visible, want):
    """Colour every pixel once."""
    for j in range(height):
        row_depth, per, level, shift = ground_row(view, float32(j) + 0.5, place.texel)
        for i in range(width):
            n = hit[j, i] - 1
            if n < 0:
                r, g, b, kind, t, smoothness = ground_pixel(
                    place, scene.tile_index, scene.words, scene.marks, scene.mark_start, scene.mark_items, scene.surround, palette, switch, scene.noise,
                    env, view, float32(i) + 0.5, float32(j) + 0.5, row_depth, per, level, shift, sun_left[j, i], sky_left[j, i], beam[j, i])
                gloss[j, i] = smoothness
                depth[j, i] = t
            else:
                r, g, b, kind, t = solid_pixel(solids[n], solid_ints[n, KIND], place, scene.surround, palette, scene.noise, env, ego, view, float32(i) + 0.5, float32(j) + 0.5)
                if want and solid_ints[n, OWNER] >= 0:
                    visible[solid_ints[n, OWNER]] += 1.0
            colour[j, i, 0] = r
            colour[j, i, 1] = g
            colour[j, i, 2] = b
            what[j, i] = kind


@loop
def draw_views(scene, state, environment, cameras, worlds, own, images, depths, whats, visible, lamp_area, want):
    """Draw N x C views: cameras (C, 6) x, y, z in the rig frame, yaw, pitch, focal length; worlds (N,); images (N, C, H, W, 3).
    Without `want`, depths and whats have a first axis of 1 and are left alone."""
    count = cameras.shape[0]
    height = images.shape[2]
    width = images.shape[3]
    for task in prange(worlds.shape[0] * count):
        n = task // count
        c = task - n * count
        b = worlds[n]
        agent = state.agents[b, own]
        view = np.empty(VIEW, np.float32)
        ego = np.empty(4, np.float32)
        cos = math.cos(agent.heading)
        sin = math.sin(agent.heading)
        front = agent.centre_offset + 0.5 * agent.length
        ego[0] = agent.x + cos * front
        ego[1] = agent.y + sin * front
        ego[2] = cos
        ego[3] = sin
        cx = cameras[c, 0]
        cy = cameras[c, 1]
        aim(view, agent.x + cos * cx - sin * cy, agent.y + sin * cx + cos * cy, cameras[c, 2], agent.heading + cameras[c, 3], cameras[c, 4], cameras[c, 5], width, height)
        if want:
            draw_view(scene, state, environment[b], view, ego, b, own, width, height, images[n, c], depths[n, c], whats[n, c], visible[n, c], lamp_area[n, c], want)
        else:
            depth = np.empty((height, width), np.float32)
            what = np.empty((height, width), np.uint8)
            draw_view(scene, state, environment[b], view, ego, b, own, width, height, images[n, c], depth, what, visible[n, c], lamp_area[n, c], want)
