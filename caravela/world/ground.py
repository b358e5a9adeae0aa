"""The ground of one map as the cameras look it up: a sparse raster of surface and paint coverage with mips, and a coarse
grid of what stands around each place (skyline per direction, light of street lamps), which gives soft sun shadows and dark
feet of walls for one lookup a pixel. It leaves out relief: the ground is a plane."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.kernels import raster
from caravela.world.maps import lane_graph
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.markings import marks_of

MARGIN = 40.0  # m around the lanes that the raster covers
TEXELS = (0.2, 0.25, 0.32, 0.4, 0.5, 0.64, 0.8)  # m, texel sizes to choose from
MEMORY_LIMIT = 40e6  # bytes of texels per map; a map that needs more gets larger texels
DENSE_LEVELS = 4  # dense mips above the tiles: texels 8, 16, 32, 64 times the smallest
SURROUND_CELL = 2.0  # m
SECTORS = 16  # directions of the skyline
SKYLINE_REACH = 45  # cells
LAMP_HEIGHT = 7.0  # m, street lamps
PARKED = (5.4, 2.1)  # m, a kerbside parking place


@dataclass(frozen=True)
class Ground:
    """One map's ground. T tiles, cells row by row from (origin_x, origin_y), y upward."""

    origin: tuple[float, float]  # m
    texel: float  # m
    tiles: tuple[int, int]  # nx, ny
    tile_index: NDArray[np.int32]  # (ny * nx,) which tile, -1: bare ground
    texels: NDArray[np.uint64]  # (T * TILE_WORDS,)
    dense: NDArray[np.uint64]  # DENSE_LEVELS levels one after the other
    marks: NDArray[np.float32]  # (N, 8) paint, for close-up views
    mark_start: NDArray[np.int32]  # (ny * nx + 1,) marks that touch each tile
    mark_items: NDArray[np.int32]
    skyline: NDArray[np.uint8]  # (rows * columns, SECTORS) tan(elevation) * 32
    lamp_light: NDArray[np.uint8]  # (rows * columns,) street lamps' light, 255: right under one
    surround: tuple[int, int]  # columns, rows of the surround grid

    @property
    def bytes(self) -> int:
        return sum(a.nbytes for a in (self.tile_index, self.texels, self.dense, self.marks, self.skyline, self.lamp_light))


def strips_of(graph: LaneGraph) -> NDArray[np.float32]:
    """Road surface as thick segments (N, 6): x0, y0, x1, y1, half width, raster.STRIP_*."""
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(graph.lane_point_start))
    first = np.flatnonzero(lane_of[:-1] == lane_of[1:])
    lane = lane_of[first]
    use = graph.lane_use[lane]
    kind = np.full(len(first), raster.STRIP_ROAD, np.float32)
    kind[graph.lane_speed[lane] > 23.0] = raster.STRIP_RURAL
    kind[(use & (lane_graph.CAR | lane_graph.BUS) == 0) & (use & lane_graph.BICYCLE > 0)] = raster.STRIP_CYCLE
    kind[use == lane_graph.PEDESTRIAN] = raster.STRIP_FOOT
    half = graph.lane_width[lane] / 2 + np.where(kind == raster.STRIP_ROAD, 0.15, 0.05)
    half[kind == raster.STRIP_RURAL] += 1.0  # hard shoulder
    rows = [np.stack([graph.point_x[first], graph.point_y[first], graph.point_x[first + 1], graph.point_y[first + 1], half, kind], axis=1)]
    if len(graph.parking):
        x, y, heading = graph.parking.T
        reach = (PARKED[0] - PARKED[1]) / 2
        dx, dy = reach * np.cos(heading), reach * np.sin(heading)
        rows.append(np.stack([x - dx, y - dy, x + dx, y + dy, np.full(len(x), PARKED[1] / 2 + 0.1), np.zeros(len(x))], axis=1))
    return np.ascontiguousarray(np.concatenate(rows).astype(np.float32))


def _bin(
    boxes: NDArray[np.float32], origin: tuple[float, float], cell: float, nx: int, ny: int
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """CSR lists (start, items) of the boxes that touch each cell."""
    f = np.float32
    start = np.zeros(nx * ny + 1, np.int32)
    raster.bin_boxes(boxes, f(origin[0]), f(origin[1]), f(cell), nx, ny, 0, start, np.zeros(0, np.int32))
    start = np.cumsum(start, dtype=np.int32)
    items = np.zeros(int(start[-1]), np.int32)
    cursor = start[:].copy()
    raster.bin_boxes(boxes, f(origin[0]), f(origin[1]), f(cell), nx, ny, 1, cursor, items)
    return start, items


def _boxes(x0: NDArray, y0: NDArray, x1: NDArray, y1: NDArray, margin: NDArray | float) -> NDArray[np.float32]:
    stack = [np.minimum(x0, x1) - margin, np.minimum(y0, y1) - margin, np.maximum(x0, x1) + margin, np.maximum(y0, y1) + margin]
    return np.ascontiguousarray(np.stack(stack, axis=1).astype(np.float32))


def _polygon_boxes(graph: LaneGraph, margin: float) -> NDArray[np.float32]:
    count = len(graph.junction_start) - 1
    boxes = np.zeros((count, 4), np.float32)
    for k in range(count):
        a, b = graph.junction_start[k], graph.junction_start[k + 1]
        if b - a < 3:
            boxes[k] = (1e9, 1e9, 1e9, 1e9)
            continue
        x, y = graph.junction_x[a:b], graph.junction_y[a:b]
        boxes[k] = (x.min() - margin, y.min() - margin, x.max() + margin, y.max() + margin)
    return boxes


def build_ground(
    graph: LaneGraph, *, heights: tuple[NDArray[np.float32], tuple[int, int]] | None = None, lamps: NDArray[np.float32] | None = None
) -> Ground:
    """Draw a map's ground. `heights`: what stands on each cell of the surround grid (m), from `surround_grid`; `lamps`:
    (N, 2) street lamps."""
    strips = strips_of(graph)
    marks = marks_of(graph)
    low_x, low_y, high_x, high_y = graph.bounds()
    origin = (low_x - MARGIN, low_y - MARGIN)
    extent = (high_x - low_x + 2 * MARGIN, high_y - low_y + 2 * MARGIN)
    reach = float(raster.KERB) + raster.PAVEMENT + 0.5
    strip_boxes = _boxes(strips[:, 0], strips[:, 1], strips[:, 2], strips[:, 3], strips[:, 4] + reach + 2.0)
    polygon_boxes = _polygon_boxes(graph, reach + 2.0)
    mark_reach = np.maximum(marks[:, 4], marks[:, 5]) + 1.0
    mark_boxes = _boxes(marks[:, 0], marks[:, 1], marks[:, 0], marks[:, 1], mark_reach)
    f = np.float32
    for texel in TEXELS:
        side = raster.TILE * texel
        nx, ny = (2 * int(np.ceil(e / side / 2)) for e in extent)
        strip_start, strip_items = _bin(strip_boxes, origin, side, nx, ny)
        near = np.zeros(nx * ny, np.uint8)
        raster.tile_is_near(strips, strip_start, strip_items, f(origin[0]), f(origin[1]), f(side), nx, ny, f(reach), near)
        polygon_start, polygon_items = _bin(polygon_boxes, origin, side, nx, ny)
        near |= np.diff(polygon_start) > 0
        kept = int(near.sum())
        if kept * raster.TILE_WORDS * 8 <= MEMORY_LIMIT or texel == TEXELS[-1]:
            break
    mark_start, mark_items = _bin(mark_boxes, origin, side, nx, ny)
    tile_index = np.where(near > 0, np.cumsum(near, dtype=np.int32) - 1, -1).astype(np.int32)
    texels = np.zeros(kept * raster.TILE_WORDS, np.uint64)
    levels = [np.zeros(nx * ny * raster.COARSE_PER_TILE**2, np.uint64)]
    raster.draw_tiles(
        f(origin[0]),
        f(origin[1]),
        f(texel),
        nx,
        ny,
        tile_index,
        strips,
        strip_start,
        strip_items,
        graph.junction_x,
        graph.junction_y,
        graph.junction_start,
        polygon_start,
        polygon_items,
        marks,
        mark_start,
        mark_items,
        np.empty((raster.DRAWN, raster.DRAWN, 8), np.float32),
        texels,
        levels[0],
    )
    for level in range(1, DENSE_LEVELS):
        width, height = (n * raster.COARSE_PER_TILE >> (level - 1) for n in (nx, ny))
        levels.append(np.zeros((width // 2) * (height // 2), np.uint64))
        raster.halve(levels[-2], width, height, levels[-1])
    columns, rows = (int(np.ceil(e / SURROUND_CELL)) for e in extent)
    skyline, lamp_light = _surround(origin, columns, rows, strips, heights, lamps)
    return Ground(
        origin=origin,
        texel=texel,
        tiles=(nx, ny),
        tile_index=tile_index,
        texels=texels,
        dense=np.concatenate(levels),
        marks=marks,
        mark_start=mark_start,
        mark_items=mark_items,
        skyline=skyline,
        lamp_light=lamp_light,
        surround=(columns, rows),
    )


def surround_grid(graph: LaneGraph) -> tuple[tuple[float, float], int, int]:
    """Origin (m), columns and rows of the surround grid of a map."""
    low_x, low_y, high_x, high_y = graph.bounds()
    columns, rows = (int(np.ceil((e + 2 * MARGIN) / SURROUND_CELL)) for e in (high_x - low_x, high_y - low_y))
    return (low_x - MARGIN, low_y - MARGIN), columns, rows


def _surround(
    origin: tuple[float, float],
    columns: int,
    rows: int,
    strips: NDArray[np.float32],
    heights: tuple | None,
    lamps: NDArray[np.float32] | None,
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Skyline (cells, SECTORS) and lamp light (cells,) of the surround grid; the skyline only within 60 m of a road."""
    skyline = np.zeros((rows * columns, SECTORS), np.uint8)
    if heights is not None:
        near = np.zeros((rows, columns), np.uint8)
        i = np.clip(((strips[:, 0] - origin[0]) / SURROUND_CELL).astype(int), 0, columns - 1)
        j = np.clip(((strips[:, 1] - origin[1]) / SURROUND_CELL).astype(int), 0, rows - 1)
        near[j, i] = 1
        near = _dilate(near, 22)
        raster.horizon_angles(
            heights[0].reshape(-1),
            columns,
            rows,
            np.float32(SURROUND_CELL),
            SECTORS,
            np.float32(SKYLINE_REACH),
            near.reshape(-1),
            skyline.reshape(-1),
        )
    light = np.zeros((rows, columns), np.float32)
    reach = int(24 / SURROUND_CELL)
    for x, y in lamps if lamps is not None else ():
        i, j = int((x - origin[0]) / SURROUND_CELL), int((y - origin[1]) / SURROUND_CELL)
        i0, i1, j0, j1 = max(i - reach, 0), min(i + reach + 1, columns), max(j - reach, 0), min(j + reach + 1, rows)
        if i1 <= i0 or j1 <= j0:
            continue
        gx = origin[0] + (np.arange(i0, i1) + 0.5) * SURROUND_CELL - x
        gy = origin[1] + (np.arange(j0, j1) + 0.5) * SURROUND_CELL - y
        squared = gx[None, :] ** 2 + gy[:, None] ** 2
        light[j0:j1, i0:i1] += (LAMP_HEIGHT**2 / (LAMP_HEIGHT**2 + squared)) ** 1.5
    return skyline, np.minimum(light * 255, 255).astype(np.uint8).reshape(-1)


def _dilate(mask: NDArray[np.uint8], cells: int) -> NDArray[np.uint8]:
    """Grow a mask by `cells` in both axes (a square)."""
    for axis in (0, 1):
        total = np.cumsum(np.pad(mask.astype(np.int32), [(cells + 1, cells) if a == axis else (0, 0) for a in (0, 1)]), axis=axis)
        length = mask.shape[axis]
        upper = np.take(total, np.arange(2 * cells + 1, 2 * cells + 1 + length), axis=axis)
        lower = np.take(total, np.arange(0, length), axis=axis)
        mask = (upper > lower).astype(np.uint8)
    return mask
