"""Views as a grid of threads draws them: what one thread does in each of four passes, the passes in order, all threads of a pass in any
order. The same scalar functions as on the CPU, asked pixel by pixel. `cuda_render` launches them; they compile for the CPU as well, so that
a machine without a GPU can check what they draw."""

import math
from typing import NamedTuple

import numpy as np
from numba.core.extending import overload
from numpy import float32
from numpy.typing import NDArray

from caravela.world.kernels import display
from caravela.world.kernels.bodies import ROW, hit_row
from caravela.world.kernels.bundles import EXPOSURE, FOG, RAIN, VIEW, WET
from caravela.world.kernels.display import BOTTOM, DECALS, INTS, KIND, LAMPS, LEFT, OWNER, RIGHT, SOLIDS, THINS, TOP, WHAT
from caravela.world.kernels.gather import gather_moving, gather_standing, sort_by_depth
from caravela.world.kernels.geometry import ray
from caravela.world.kernels.overlays import blend_lamp, horizon_row, mirror_pixel, thin_light, thin_pixel
from caravela.world.kernels.pixels import DROPS, FARTHEST, decal_at, ground_pixel, ground_row, rain_pixel, solid_pixel
from caravela.world.kernels.render import lamp_area, lamp_shows, place_view
from caravela.world.kernels.scalar import scalar
from caravela.world.kernels.shade import film, mix

LIGHT = 4  # columns of a thin row's light: r, g, b, darkening away from the sun


class Lists(NamedTuple):
    """Display lists and what else a view keeps between passes, for V views at once."""

    views: NDArray[np.float32]  # (V, VIEW)
    ego: NDArray[np.float32]  # (V, 4)
    counts: NDArray[np.int64]  # (V, 4) solids, thins, lamps, decals
    box: NDArray[np.float32]  # (V, 5)
    solids: NDArray[np.float32]  # (V, SOLIDS, ROW)
    solid_ints: NDArray[np.int32]  # (V, SOLIDS, INTS), as are the other integers
    thins: NDArray[np.float32]  # (V, THINS, THIN_ROW)
    thin_ints: NDArray[np.int32]
    thin_light: NDArray[np.float32]  # (V, THINS, LIGHT)
    order: NDArray[np.int32]  # (V, THINS) farthest first
    keys: NDArray[np.float32]  # (V, THINS)
    lamps: NDArray[np.float32]  # (V, LAMPS, LAMP_ROW)
    lamp_ints: NDArray[np.int32]
    decals: NDArray[np.float32]  # (V, DECALS, DECAL_ROW)
    decal_ints: NDArray[np.int32]

    @classmethod
    def shapes(cls, views: int) -> dict[str, tuple[tuple[int, ...], type]]:
        """Shape and type of each array."""
        f, i = np.float32, np.int32
        rows = {
            "views": ((VIEW,), f), "ego": ((4,), f), "counts": ((4,), np.int64), "box": ((5,), f),
            "solids": ((SOLIDS, ROW), f), "solid_ints": ((SOLIDS, INTS), i),
            "thins": ((THINS, display.THIN_ROW), f), "thin_ints": ((THINS, INTS), i), "thin_light": ((THINS, LIGHT), f),
            "order": ((THINS,), i), "keys": ((THINS,), f),
            "lamps": ((LAMPS, display.LAMP_ROW), f), "lamp_ints": ((LAMPS, INTS), i),
            "decals": ((DECALS, display.DECAL_ROW), f), "decal_ints": ((DECALS, INTS), i),
        }  # fmt: skip
        return {name: ((views, *shape), kind) for name, (shape, kind) in rows.items()}


class Moving(NamedTuple):
    """The part of a state that is drawn: agents (B, A), worlds (B,), lamps (B, K)."""

    agents: NDArray
    worlds: NDArray
    lamp: NDArray


class Canvas(NamedTuple):
    """What V views of H x W pixels are drawn on."""

    colour: NDArray[np.float32]  # (V, H, W, 3) linear light
    gloss: NDArray[np.float32]  # (V, H, W)
    depth: NDArray[np.float32]  # (V, H, W) m
    what: NDArray[np.uint8]  # (V, H, W)
    visible: NDArray[np.float32]  # (V, A) pixels of each agent
    area: NDArray[np.float32]  # (V, K) pixels of each signal link's lamps
    image: NDArray[np.uint8]  # (V, H, W, 3)

    @classmethod
    def shapes(cls, views: int, height: int, width: int, agents: int, links: int) -> dict[str, tuple[tuple[int, ...], type]]:
        """Shape and type of each array."""
        f, frame = np.float32, (views, height, width)
        return {
            "colour": ((*frame, 3), f), "gloss": (frame, f), "depth": (frame, f), "what": (frame, np.uint8),
            "visible": ((views, agents), f), "area": ((views, links), f), "image": ((*frame, 3), np.uint8),
        }  # fmt: skip


def add_to(array, index, value):
    """array[index] += value, whoever else adds to it at the same time."""
    array[index] += value


@overload(add_to, target="cpu")
def _add_alone(array, index, value):
    def add(array, index, value):
        array[index] += value

    return add


@overload(add_to, target="cuda")
def _add_among_threads(array, index, value):
    from numba import cuda

    def add(array, index, value):
        cuda.atomic.add(array, index, value)

    return add


@scalar
def gather_task(task, scene, state, environment, cameras, worlds, own, lists, canvas):
    """First pass, one thread a view: fill in its display lists."""
    count = cameras.shape[0]
    n = task // count
    b = worlds[n]
    env = environment[b]
    view = lists.views[task]
    ego = lists.ego[task]
    counts = lists.counts[task]
    box = lists.box[task]
    height = canvas.colour.shape[1]
    width = canvas.colour.shape[2]
    place_view(state.agents[b, own], cameras[task - n * count], width, height, view, ego)
    m = state.worlds[b].map
    look = state.worlds[b].look
    for k in range(4):
        counts[k] = 0
    solids = lists.solids[task]
    solid_ints = lists.solid_ints[task]
    thins = lists.thins[task]
    thin_ints = lists.thin_ints[task]
    lamps = lists.lamps[task]
    lamp_ints = lists.lamp_ints[task]
    gather_moving(scene, state, env, view, b, look, own, width, height, solids, solid_ints, thins, thin_ints, lamps, lamp_ints, lists.decals[task],
                  lists.decal_ints[task], counts, box)
    gather_standing(scene, state, env, view, b, m, look, width, height, solids, solid_ints, thins, thin_ints, lamps, lamp_ints, counts, box)
    sort_by_depth(thins, counts[1], lists.order[task], lists.keys[task])
    for n in range(counts[1]):
        light = lists.thin_light[task, n]
        light[0], light[1], light[2], light[3] = thin_light(view, env, scene.places[m], scene.surround, ego, thins[n], thin_ints[n, KIND])


@scalar
def covers(ints, n, j, i):
    """Whether row n of a display list may touch pixel (j, i)."""
    return ints[n, TOP] <= j and j < ints[n, BOTTOM] and ints[n, LEFT] <= i and i < ints[n, RIGHT]


@scalar
def pixel_task(task, j, i, scene, state, environment, views_each, worlds, lists, canvas):
    """Second pass, one thread a pixel: the nearest solid or the ground, and the sticks and cards before it."""
    b = worlds[task // views_each]
    env = environment[b]
    look = state.worlds[b].look
    place = scene.places[state.worlds[b].map]
    palette = scene.palette[look]
    switch = scene.switch[look]
    view = lists.views[task]
    ego = lists.ego[task]
    counts = lists.counts[task]
    column = float32(i) + 0.5
    line = float32(j) + 0.5
    ints = lists.solid_ints[task]
    dx, dy, dz = ray(view, column, line)
    depth = FARTHEST * float32(2.0)
    hit = -1
    for n in range(counts[0]):
        if covers(ints, n, j, i):
            t = hit_row(lists.solids[task, n], ints[n, KIND], dx, dy, dz, scene.noise)
            if t < depth:
                depth = t
                hit = n
    gloss = float32(0.0)
    if hit < 0:
        sun_left = float32(1.0)
        sky_left = float32(1.0)
        beam = float32(0.0)
        ints = lists.decal_ints[task]
        for n in range(counts[3]):
            if covers(ints, n, j, i):
                sun, sky, add = decal_at(lists.decals[task, n], ints[n, KIND], env, view, column, line)
                sun_left = min(sun_left, sun)
                sky_left *= sky
                beam += add
        row_depth, per, level, shift = ground_row(view, line, place.texel)
        r, g, bl, what, depth, gloss = ground_pixel(
            place, scene.tile_index, scene.words, scene.marks, scene.mark_start, scene.mark_items, scene.surround, palette, switch, scene.noise,
            env, view, column, line, row_depth, per, level, shift, sun_left, sky_left, beam)
    else:
        r, g, bl, what, depth = solid_pixel(lists.solids[task, hit], ints[hit, KIND], place, scene.surround, palette, scene.noise, env, ego, view, column, line)
        if ints[hit, OWNER] >= 0:
            add_to(canvas.visible, (task, ints[hit, OWNER]), float32(1.0))
    ints = lists.thin_ints[task]
    for k in range(counts[1]):
        n = lists.order[task, k]
        if covers(ints, n, j, i):
            light = lists.thin_light[task, n]
            cover, tr, tg, tb, t = thin_pixel(view, env, switch, lists.thins[task, n], ints[n, KIND], light[0], light[1], light[2], light[3], column, line, depth)
            if cover > 0.0:
                r, g, bl = mix(r, tr, cover), mix(g, tg, cover), mix(bl, tb, cover)
                if cover > 0.5:
                    depth = t
                    what = ints[n, WHAT]
                if ints[n, OWNER] >= 0:
                    add_to(canvas.visible, (task, ints[n, OWNER]), cover)
    canvas.colour[task, j, i, 0] = r
    canvas.colour[task, j, i, 1] = g
    canvas.colour[task, j, i, 2] = bl
    canvas.gloss[task, j, i] = gloss
    canvas.depth[task, j, i] = depth
    canvas.what[task, j, i] = what


@scalar
def lamp_task(task, j, i, environment, views_each, worlds, lists, canvas):
    """Third pass, one thread a pixel: add the lamps that shine on it; the first pixel's thread also counts the lamps' areas."""
    env = environment[worlds[task // views_each]]
    ints = lists.lamp_ints[task]
    height = canvas.colour.shape[1]
    width = canvas.colour.shape[2]
    colour = canvas.colour[task, j, i]
    depth = canvas.depth[task]
    for n in range(lists.counts[task, 2]):
        if covers(ints, n, j, i) or (i == 0 and j == 0):
            row = lists.lamps[task, n]
            if lamp_shows(row, depth, width, height):
                if covers(ints, n, j, i):
                    left = math.exp(-env[FOG] * row[3])
                    colour[0], colour[1], colour[2] = blend_lamp(row, left, float32(i) + 0.5, float32(j) + 0.5, colour[0], colour[1], colour[2])
                if i == 0 and j == 0 and ints[n, KIND] >= 0:
                    canvas.area[task, ints[n, KIND]] += lamp_area(row, width, height)


@scalar
def column_task(task, i, environment, views_each, worlds, lists, canvas):
    """Last pass, one thread a column: water mirrors the rows above, then light becomes pixel values."""
    env = environment[worlds[task // views_each]]
    view = lists.views[task]
    colour = canvas.colour[task]
    image = canvas.image[task]
    height = colour.shape[0]
    width = colour.shape[1]
    if env[WET] > 0.02:
        horizon = horizon_row(view)
        for j in range(max(int(horizon) + 1, 0), height):
            mirror_pixel(env, view, horizon, height, canvas.gloss[task], colour, j, i)
    exposure = env[EXPOSURE]
    for j in range(height):
        r, g, b = colour[j, i, 0], colour[j, i, 1], colour[j, i, 2]
        if env[RAIN] > DROPS:
            r, g, b = rain_pixel(env, r, g, b, i, j, width, height)
        image[j, i, 0] = np.uint8(film(r * exposure))
        image[j, i, 1] = np.uint8(film(g * exposure))
        image[j, i, 2] = np.uint8(film(b * exposure))
