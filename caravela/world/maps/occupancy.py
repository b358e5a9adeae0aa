"""A raster of what ground is taken, so that buildings, trees and parked cars find room beside the lanes. One byte a cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.centre_line import Polyline, densify
from caravela.world.maps.lane_graph import BICYCLE, BUS, CAR, JUNCTION, LaneGraph

CELL = 0.5  # m


@dataclass(frozen=True)
class Occupancy:
    """Taken cells of a rectangle. (x0, y0): its lower left corner, m."""

    x0: float
    y0: float
    taken: NDArray[np.bool_]  # (rows, columns)

    @staticmethod
    def around(graph: LaneGraph, *, reach: float) -> "Occupancy":
        """Empty ground around a map's lanes, `reach` metres beyond them."""
        x0, y0, x1, y1 = graph.bounds()
        rows, columns = int((y1 - y0 + 2 * reach) / CELL) + 1, int((x1 - x0 + 2 * reach) / CELL) + 1
        return Occupancy(x0=x0 - reach, y0=y0 - reach, taken=np.zeros((rows, columns), np.bool_))

    def take_lanes(self, graph: LaneGraph, *, margin: float, walks: float) -> None:
        """Take the carriageway and `margin` beside it; of sidewalks only `walks` beside their centre line (negative: none)."""
        for lane in range(graph.lanes):
            if graph.lane_use[lane] & (CAR | BUS | BICYCLE) or graph.lane_kind[lane] == JUNCTION:
                self.take_line(lane_points(graph, lane), radius=float(graph.lane_width[lane]) / 2.0 + margin)
            elif walks > 0.0:
                self.take_line(lane_points(graph, lane), radius=walks)

    def take_line(self, points: Polyline, *, radius: float) -> None:
        """Take all cells within `radius` of a polyline."""
        reach = int(radius / CELL) + 1
        offset = np.arange(-reach, reach + 1)
        disc = np.stack(np.meshgrid(offset, offset), axis=-1).reshape(-1, 2)
        disc = disc[np.hypot(*disc.T) * CELL <= radius]
        for x, y in densify(points, step=max(CELL, radius / 2.0)):
            column, row = disc[:, 0] + int((x - self.x0) / CELL), disc[:, 1] + int((y - self.y0) / CELL)
            inside = (column >= 0) & (row >= 0) & (column < self.taken.shape[1]) & (row < self.taken.shape[0])
            self.taken[row[inside], column[inside]] = True

    def cells(self, polygon: Polyline) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the cells whose middle lies in a polygon; cells off the raster are left out."""
        (low_x, low_y), (high_x, high_y) = polygon.min(axis=0), polygon.max(axis=0)
        columns = np.arange(max(0, int((low_x - self.x0) / CELL)), min(self.taken.shape[1], int((high_x - self.x0) / CELL) + 1))
        rows = np.arange(max(0, int((low_y - self.y0) / CELL)), min(self.taken.shape[0], int((high_y - self.y0) / CELL) + 1))
        if not len(columns) or not len(rows):
            return np.zeros(0, np.intp), np.zeros(0, np.intp)
        x, y = self.x0 + (columns + 0.5) * CELL, self.y0 + (rows + 0.5) * CELL
        inside = np.zeros((len(rows), len(columns)), np.bool_)
        for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
            if ay != by:
                across = (ay > y) != (by > y)
                inside[across] ^= x[None, :] < (ax + (y[across] - ay) / (by - ay) * (bx - ax))[:, None]
        row, column = np.nonzero(inside)
        return rows[row], columns[column]

    def free(self, polygon: Polyline) -> bool:
        """Whether a polygon lies on the raster and on free ground."""
        rows, columns = self.cells(polygon)
        return len(rows) > 0 and not self.taken[rows, columns].any()

    def free_at(self, x: float, y: float) -> bool:
        column, row = int((x - self.x0) / CELL), int((y - self.y0) / CELL)
        return 0 <= column < self.taken.shape[1] and 0 <= row < self.taken.shape[0] and not self.taken[row, column]

    def take(self, polygon: Polyline) -> None:
        rows, columns = self.cells(polygon)
        self.taken[rows, columns] = True


def lane_points(graph: LaneGraph, lane: int) -> Polyline:
    """Centre-line points (N, 2) of a lane."""
    first, last = graph.lane_point_start[lane], graph.lane_point_start[lane + 1]
    return np.stack([graph.point_x[first:last], graph.point_y[first:last]], axis=-1).astype(np.float64)
