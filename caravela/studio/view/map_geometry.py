"""A lane graph as the page draws it: one JSON object, sent once a drive. Map frame, metres to the centimetre; points that
a straight line already passes within TOLERANCE are left out. It leaves out what only driving needs (conflicts, phases)."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.lane_graph import LaneGraph

TOLERANCE = 0.08  # m


def map_geometry(graph: LaneGraph) -> dict[str, Any]:
    """Lanes, junction outlines, crossings, stop lines, buildings, trees and parking places of `graph`, ready for JSON."""
    points = np.stack([graph.point_x, graph.point_y], axis=-1)
    lanes = []
    for lane in range(graph.lanes):
        line = thin(points[graph.lane_point_start[lane] : graph.lane_point_start[lane + 1]], tolerance=TOLERANCE)
        lanes.append(
            {
                "line": _flat(line),
                "width": round(float(graph.lane_width[lane]), 2),
                "kind": int(graph.lane_kind[lane]),
                "use": int(graph.lane_use[lane]),
                "left": int(graph.lane_left[lane]),
                "opposite": int(graph.lane_opposite[lane]),
            }
        )
    links = zip(graph.link_x, graph.link_y, graph.link_heading)
    return {
        "name": graph.name,
        "lefthand": bool(graph.lefthand),
        "attribution": graph.attribution,
        "bounds": [round(value, 2) for value in graph.bounds()],
        "lanes": lanes,
        "junctions": _outlines(graph.junction_start, graph.junction_x, graph.junction_y),
        "buildings": _outlines(graph.building_start, graph.building_x, graph.building_y),
        "crossings": _rows(graph.crossing),
        "stop_lines": [[round(float(x), 2), round(float(y), 2), round(float(heading), 4)] for x, y, heading in links],
        "trees": _rows(graph.tree[:, :3]),
        "parking": _rows(graph.parking),
    }


def thin(line: NDArray[np.float32], *, tolerance: float) -> NDArray[np.float32]:
    """The polyline (P, 2) without points that lie within `tolerance` of the rest (Douglas and Peucker 1973)."""
    if len(line) < 3:
        return line
    keep = np.zeros(len(line), dtype=bool)
    keep[[0, -1]] = True
    open_spans = [(0, len(line) - 1)]
    while open_spans:
        first, last = open_spans.pop()
        if last - first < 2:
            continue
        chord = line[last] - line[first]
        away = line[first + 1 : last] - line[first]
        length = float(np.hypot(*chord))
        if length < 1e-6:
            distance = np.hypot(away[:, 0], away[:, 1])
        else:
            distance = np.abs(chord[0] * away[:, 1] - chord[1] * away[:, 0]) / length
        farthest = int(distance.argmax())
        if distance[farthest] > tolerance:
            middle = first + 1 + farthest
            keep[middle] = True
            open_spans += [(first, middle), (middle, last)]
    return line[keep]


def _flat(points: NDArray[np.float32]) -> list[float]:
    """(P, 2) as x0, y0, x1, y1, …"""
    return [round(value, 2) for value in points.astype(np.float64).ravel().tolist()]


def _rows(table: NDArray[np.float32]) -> list[list[float]]:
    return [[round(value, 2) for value in row] for row in table.astype(np.float64).tolist()]


def _outlines(start: NDArray[np.int32], x: NDArray[np.float32], y: NDArray[np.float32]) -> list[list[float]]:
    points = np.stack([x, y], axis=-1)
    return [_flat(points[first:last]) for first, last in pairwise(start) if last - first >= 3]
