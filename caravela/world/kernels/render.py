"""Views on the CPU: one display list a view, then loops over the pixels each row may touch, then one pass that shades every pixel
once. Parallel over views only, so frames do not depend on the number of threads."""

import math

import numpy as np
from numba import prange
from numpy import float32

from caravela.world.kernels import display
from caravela.world.kernels.bodies import FACET, ROW, hit_row
from caravela.world.kernels.bundles import EXPOSURE, FOCAL, FOG, IS_SKY, RAIN, VIEW, WET
from caravela.world.kernels.display import BOTTOM, DECALS, INTS, KIND, LAMPS, LEFT, OWNER, RIGHT, SOLIDS, THINS, TOP, WHAT
from caravela.world.kernels.gather import gather_moving, gather_standing, sort_by_depth
from caravela.world.kernels.geometry import aim, hit_facet, ray
from caravela.world.kernels.overlays import blend_lamp, horizon_row, mirror_pixel, thin_light, thin_pixel
from caravela.world.kernels.pixels import CRISP, DROPS, FARTHEST, decal_at, ground_pixel, ground_row, rain_pixel, solid_pixel
from caravela.world.kernels.scalar import allocating, loop, scalar
from caravela.world.kernels.shade import film, mix, sky, sky_noise

SLACK = np.float32(0.35)  # m, a lamp sits this much before what carries it


@scalar
def place_view(agent, camera, width, height, view, ego):
    """Fill in the view row of a camera (x, y, z in the rig frame, yaw, pitch, focal length in pixels) of an agent, and the middle of
    its front bumper with its heading as `ego` (x, y, cos, sin)."""
    cos = math.cos(agent.heading)
    sin = math.sin(agent.heading)
    front = agent.centre_offset + 0.5 * agent.length
    ego[0] = agent.x + cos * front
    ego[1] = agent.y + sin * front
    ego[2] = cos
    ego[3] = sin
    x = agent.x + cos * camera[0] - sin * camera[1]
    y = agent.y + sin * camera[0] + cos * camera[1]
    aim(view, x, y, camera[2], agent.heading + camera[3], camera[4], camera[5], width, height)


@scalar
def cast_facet(view, row, line, left, number, depth, hit):
    """Ray-cast one facet along the pixels of an image row from column `left` on: depth (n,) and hit (n,). It has no branches and counts
    from 0, so that it compiles to vector instructions."""
    ox, oy, oz, ax, ay, length = row[0], row[1], row[2], row[3], row[4], row[5]
    sx, sy, sz, rise, lose_left, lose_right = row[6], row[7], row[8], row[9], row[10], row[11]
    for k in range(depth.size):
        dx, dy, dz = ray(view, float32(left) + float32(np.int32(k)) + 0.5, line)
        t, u, v = hit_facet(ox, oy, oz, ax, ay, length, sx, sy, sz, rise, lose_left, lose_right, dx, dy, dz)
        nearer = t < depth[k]
        depth[k] = t if nearer else depth[k]
        hit[k] = number if nearer else hit[k]


@scalar
def cast_solids(view, rows, ints, count, noise, depth, hit):
    """Ray-cast every solid row into depth and hit (row number + 1)."""
    for n in range(count):
        row = rows[n]
        kind = ints[n, KIND]
        left = ints[n, LEFT]
        right = ints[n, RIGHT]
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            if kind == FACET:
                cast_facet(view, row, float32(j) + 0.5, left, np.int32(n + 1), depth[j, left:right], hit[j, left:right])
                continue
            for i in range(left, right):
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
                    sun, sky, add = decal_at(row, kind, env, view, float32(i) + 0.5, float32(j) + 0.5)
                    sun_left[j, i] = min(sun_left[j, i], sun)
                    sky_left[j, i] *= sky
                    beam[j, i] += add


@scalar
def blend_thins(view, env, place, surround, switch, ego, rows, ints, count, order, keys, depth, colour, what, visible, want):
    """Blend sticks and cards over what is there, farthest first."""
    sort_by_depth(rows, count, order, keys)
    for k in range(count):
        n = order[k]
        row = rows[n]
        kind = ints[n, KIND]
        lr, lg, lb, sun_side = thin_light(view, env, place, surround, ego, row, kind)
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                cover, r, g, b, t = thin_pixel(view, env, switch, row, kind, lr, lg, lb, sun_side, float32(i) + 0.5, float32(j) + 0.5, depth[j, i])
                if cover > 0.0:
                    colour[j, i, 0] = mix(colour[j, i, 0], r, cover)
                    colour[j, i, 1] = mix(colour[j, i, 1], g, cover)
                    colour[j, i, 2] = mix(colour[j, i, 2], b, cover)
                    if cover > 0.5:
                        depth[j, i] = t
                        what[j, i] = ints[n, WHAT]
                    if want and ints[n, OWNER] >= 0:
                        visible[ints[n, OWNER]] += cover


@scalar
def lamp_shows(row, depth, width, height):
    """Whether a lamp's middle is not hidden; one outside the frame is judged by the pixel nearest to it."""
    i = min(max(int(row[0]), 0), width - 1)
    j = min(max(int(row[1]), 0), height - 1)
    return row[3] <= depth[j, i] + SLACK


@scalar
def lamp_area(row, width, height):
    """Pixels that a lamp in the frame covers; 0 outside."""
    if row[0] >= 0.0 and row[0] < float32(width) and row[1] >= 0.0 and row[1] < float32(height):
        return 3.1415927 * row[2] * row[2]
    return float32(0.0)


@scalar
def splat_lamps(env, rows, ints, count, width, height, depth, colour, area, want):
    """Add the lamps that show; `area` (K,) collects the pixels that each signal link's lamps cover."""
    for n in range(count):
        row = rows[n]
        if not lamp_shows(row, depth, width, height):
            continue
        left = math.exp(-env[FOG] * row[3])
        for j in range(ints[n, TOP], ints[n, BOTTOM]):
            for i in range(ints[n, LEFT], ints[n, RIGHT]):
                colour[j, i, 0], colour[j, i, 1], colour[j, i, 2] = blend_lamp(
                    row, left, float32(i) + 0.5, float32(j) + 0.5, colour[j, i, 0], colour[j, i, 1], colour[j, i, 2])
        if want and ints[n, KIND] >= 0:
            area[ints[n, KIND]] += lamp_area(row, width, height)


@scalar
def mirror_road(env, view, height, width, gloss, colour):
    """What stands above the horizon, in the water on the road."""
    horizon = horizon_row(view)
    for j in range(max(int(horizon) + 1, 0), height):
        for i in range(width):
            mirror_pixel(env, view, horizon, height, gloss, colour, j, i)


@allocating
def draw_view(scene, state, env, view, ego, b, own, width, height, image, depth, what, visible, area, want):
    """Draw one view into image (H, W, 3); `want` also fills depth (H, W), what (H, W), visible (A,) and area (K,)."""
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
    shade_all(scene, place, palette, switch, env, view, ego, width, height, solids, solid_ints, hit, sun_left, sky_left, beam, gloss, colour, depth, what, visible,
              np.empty(3 * width, np.float32), want)
    blend_thins(view, env, place, scene.surround, switch, ego, thins, thin_ints, counts[1], np.empty(THINS, np.int32), np.empty(THINS, np.float32), depth, colour,
                what, visible, want)
    splat_lamps(env, lamp_rows, lamp_ints, counts[2], width, height, depth, colour, area, want)
    if env[WET] > 0.02:
        mirror_road(env, view, height, width, gloss, colour)
    if env[RAIN] > DROPS:
        rain(env, height, width, colour)
    develop(env[EXPOSURE], colour.reshape(colour.size), image.reshape(image.size))


@scalar
def rain(env, height, width, colour):
    """Streaks of rain before the lens."""
    for j in range(height):
        for i in range(width):
            colour[j, i, 0], colour[j, i, 1], colour[j, i, 2] = rain_pixel(env, colour[j, i, 0], colour[j, i, 1], colour[j, i, 2], i, j, width, height)


@scalar
def develop(exposure, light, pixels):
    """Linear light to pixel values."""
    for k in range(light.size):
        pixels[k] = np.uint8(film(light[k] * exposure))


@scalar
def paint_sky(view, env, line, count, row):
    """Colour `count` pixels of an image row: of each, column, noise of clouds and height of trees, one pixel behind the other in `row`,
    become r, g, b. Compiles to vector instructions."""
    for k in range(count):
        at = np.uintp(3) * np.uintp(k)  # unsigned: no index counts from the end
        dx, dy, dz = ray(view, row[at], line)
        r, g, b = sky(env, dx, dy, dz, row[at + np.uintp(1)], row[at + np.uintp(2)])
        row[at] = r
        row[at + np.uintp(1)] = g
        row[at + np.uintp(2)] = b


@scalar
def shade_sky(view, env, noise, line, hit, depth, colour, what, row):
    """Colour the pixels of an image row that show the sky; `row` (3 W,) is scratch."""
    count = np.int64(0)
    for i in range(hit.size):
        if hit[i] == 0:
            dx, dy, dz = ray(view, float32(i) + 0.5, line)
            row[3 * count] = float32(i) + 0.5
            row[3 * count + 1], row[3 * count + 2] = sky_noise(env, noise, dx, dy, max(dz, 0.0), view[FOCAL] > CRISP)
            count += 1
    paint_sky(view, env, line, count, row)
    count = 0
    for i in range(hit.size):
        if hit[i] == 0:
            colour[i, 0] = row[3 * count]
            colour[i, 1] = row[3 * count + 1]
            colour[i, 2] = row[3 * count + 2]
            depth[i] = FARTHEST
            what[i] = IS_SKY
            count += 1


@scalar
def shade_all(scene, place, palette, switch, env, view, ego, width, height, solids, solid_ints, hit, sun_left, sky_left, beam, gloss, colour, depth, what, visible, row, want):
    """Colour every pixel once."""
    for j in range(height):
        row_depth, per, level, shift = ground_row(view, float32(j) + 0.5, place.texel)
        above = row_depth > FARTHEST
        if above:
            shade_sky(view, env, scene.noise, float32(j) + 0.5, hit[j], depth[j], colour[j], what[j], row)
        for i in range(width):
            n = hit[j, i] - 1
            if n < 0:
                if above:
                    continue
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
def draw_views(scene, state, environment, cameras, worlds, own, images, depths, whats, visible, area, want):
    """Draw N x C views: cameras (C, 6) x, y, z in the rig frame, yaw, pitch, focal length; worlds (N,); images (N, C, H, W, 3).
    Without `want`, depths and whats have a first axis of 1 and are left alone."""
    count = cameras.shape[0]
    height = images.shape[2]
    width = images.shape[3]
    for task in prange(worlds.shape[0] * count):
        n = task // count
        c = task - n * count
        b = worlds[n]
        view = np.empty(VIEW, np.float32)
        ego = np.empty(4, np.float32)
        place_view(state.agents[b, own], cameras[c], width, height, view, ego)
        depth = depths[n, c] if want else np.empty((height, width), np.float32)
        what = whats[n, c] if want else np.empty((height, width), np.uint8)
        draw_view(scene, state, environment[b], view, ego, b, own, width, height, images[n, c], depth, what, visible[n, c], area[n, c], want)
