"""Gaps between the lanes of a junction become asphalt. An importer's outlines and lanes leave slivers between them, which no street has: a
wheel on one would have left the road. What is as large as a traffic island, or lies between carriageways, stays."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caravela.world.kernels.navigation import ANY_DIRECTION, CELL, OFF_ROAD, enclosed, rasterise
from caravela.world.maps.lane_graph import LaneGraph

MARGIN = 20.0  # m of grid around the lanes
SPECK = 1.0  # m^2 up to which a gap is one wherever it lies
LARGEST = 12.0  # m^2 up to which it is one within a junction
WIDEST = 2.0  # m across which it is one within a junction
WITHIN = 0.5  # share of its border that is junction from which it lies within one
LAP = 0.3  # m that a patch reaches beyond its gap, where that is junction all around


def paved(graph: LaneGraph) -> LaneGraph:
    """The same map with its gaps closed: each becomes outlines of a junction that no lane crosses, behind the others."""
    origin, cells = grid_of(graph)
    patches = [outline + origin for outline in _patches(cells)]
    if not patches:
        return graph
    corners = np.concatenate(patches).astype(np.float32)
    ends = int(graph.junction_start[-1]) + np.cumsum([len(patch) for patch in patches])
    return replace(
        graph,
        junction_start=np.concatenate([graph.junction_start, ends]).astype(np.int32),
        junction_x=np.concatenate([graph.junction_x, corners[:, 0]]),
        junction_y=np.concatenate([graph.junction_y, corners[:, 1]]),
    )


def grid_of(graph: LaneGraph) -> tuple[tuple[float, float], NDArray[np.uint8]]:
    """The navigation grid: its corner in m and cells (rows, columns), from south to north."""
    x0, y0, x1, y1 = graph.bounds()
    origin = (x0 - MARGIN, y0 - MARGIN)
    columns, rows = int((x1 - x0 + 2 * MARGIN) / CELL) + 1, int((y1 - y0 + 2 * MARGIN) / CELL) + 1
    cells = np.full((rows, columns), OFF_ROAD, dtype=np.uint8)
    nearest = np.full((rows, columns), 1e9, dtype=np.float32)
    rasterise(
        cells, nearest, np.float32(origin[0]), np.float32(origin[1]), graph.lane_point_start, graph.point_x, graph.point_y,
        graph.point_heading, graph.lane_width, graph.lane_kind, graph.lane_use, graph.junction_start, graph.junction_x, graph.junction_y,
        graph.building_start, graph.building_x, graph.building_y,
    )  # fmt: skip
    return origin, cells


def _patches(cells: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """Outlines (N, 2), counter-clockwise, m from the grid's corner, of what is to be paved."""
    start, found, within, thickest = enclosed(cells, int(LARGEST / CELL**2))
    patches = []
    for first, last, share, thick in zip(start[:-1], start[1:], within, thickest, strict=True):
        area = (last - first) * CELL**2
        if area <= SPECK or (share >= WITHIN and thick * CELL <= WIDEST):
            hull = _hull(found[first:last])
            patches += [hull] if _only_junction(hull, cells) else _rows(found[first:last])
    return patches


def _only_junction(hull: NDArray[np.float64], cells: NDArray[np.uint8]) -> bool:
    """Whether a convex outline covers no lane's direction and no building."""
    first, last = (np.floor(hull.min(0) / CELL).astype(int), np.ceil(hull.max(0) / CELL).astype(int))
    rows, columns = np.mgrid[max(first[1], 0) : last[1], max(first[0], 0) : last[0]]
    x, y = (columns + 0.5) * CELL, (rows + 0.5) * CELL
    within = np.ones(x.shape, np.bool_)
    for a, b in zip(hull, np.roll(hull, -1, axis=0), strict=True):
        within &= (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) >= 0.0
    return bool((cells[rows, columns][within] <= ANY_DIRECTION).all())


def _rows(cells: NDArray[np.int32]) -> list[NDArray[np.float64]]:
    """Outlines of exactly these cells: a box for every run in a row."""
    ordered = cells[np.lexsort((cells[:, 1], cells[:, 0]))]
    ends = np.flatnonzero((np.diff(ordered[:, 0]) != 0) | (np.diff(ordered[:, 1]) != 1))
    boxes = []
    for first, last in zip([0, *ends + 1], [*ends, len(ordered) - 1], strict=True):
        row, left, right = ordered[first, 0], ordered[first, 1], ordered[last, 1] + 1
        boxes.append(np.array([(left, row), (right, row), (right, row + 1), (left, row + 1)], np.float64) * CELL)
    return boxes


def _hull(cells: NDArray[np.int32]) -> NDArray[np.float64]:
    """The convex hull of cells (N, 2) as row and column, a little larger; counter-clockwise, m."""
    reach = 0.5 * CELL + LAP
    centres = (cells[:, ::-1] + 0.5) * CELL
    points = np.unique(np.concatenate([centres + (x, y) for x in (-reach, reach) for y in (-reach, reach)]), axis=0)
    return np.array(_half(points) + _half(points[::-1]))


def _half(points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """One side of the hull of sorted points, without its last (Andrew 1979)."""
    side: list[NDArray[np.float64]] = []
    for point in points:
        while len(side) > 1 and _turn(side[-2], side[-1], point) <= 0.0:
            side.pop()
        side.append(point)
    return side[:-1]


def _turn(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    """Above 0 where a, b, c turn left."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))
