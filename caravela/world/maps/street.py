"""What the roadside needs to know of each street: how it is built up and where cars park. Keyed by edge."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.centre_line import Polyline
from caravela.world.maps.lane_graph import BICYCLE, BUS, CAR, ROAD, LaneGraph
from caravela.world.maps.occupancy import lane_points

RESIDENTIAL, MAIN, FAST, SERVICE = "residential", "main", "fast", "service"
NO_PARKING, STRIP, KERB = "none", "strip", "kerb"  # STRIP: beside the lane; KERB: half on the pavement, narrowing the lane


@dataclass(frozen=True)
class Street:
    """One edge. Sides are as seen in its driving direction."""

    kind: str = RESIDENTIAL
    parking_left: str = NO_PARKING  # only of one-way streets
    parking_right: str = NO_PARKING


@dataclass(frozen=True)
class Kerb:
    """The outer border of a carriageway: the lane that lies along it, and the side."""

    edge: int
    lane: int
    left: bool  # the border lies to the left of the lane
    points: Polyline  # (N, 2) centre line of that lane, m
    heading: NDArray[np.float64]  # (N,) rad
    half_width: float  # m


def kerbs(graph: LaneGraph) -> list[Kerb]:
    """Every border between a carriageway and what lies beside it (not the side that faces oncoming traffic)."""
    vehicles = (graph.lane_kind == ROAD) & (graph.lane_use & (CAR | BUS | BICYCLE) > 0)
    found = []
    for edge in range(int(graph.lane_edge.max()) + 1):
        lanes = np.flatnonzero((graph.lane_edge == edge) & vehicles)
        if not len(lanes):
            continue
        lanes = _from_outside(graph, lanes)
        found.append(_kerb(graph, edge, int(lanes[0]), left=graph.lefthand))
        if graph.lane_opposite[lanes[0]] < 0:
            found.append(_kerb(graph, edge, int(lanes[-1]), left=not graph.lefthand))
    return found


def _from_outside(graph: LaneGraph, lanes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Lanes of one edge, the one at the kerb of slow traffic first."""
    first = graph.lane_point_start[lanes]
    heading = float(graph.point_heading[first[0]])
    across = -np.sin(heading) * graph.point_x[first] + np.cos(heading) * graph.point_y[first]  # growing to the left
    return lanes[np.argsort(-across if graph.lefthand else across)]


def _kerb(graph: LaneGraph, edge: int, lane: int, *, left: bool) -> Kerb:
    first, last = graph.lane_point_start[lane], graph.lane_point_start[lane + 1]
    return Kerb(
        edge=edge,
        lane=lane,
        left=left,
        points=lane_points(graph, lane),
        heading=np.unwrap(graph.point_heading[first:last].astype(np.float64)),
        half_width=float(graph.lane_width[lane]) / 2.0,
    )


def along(kerb: Kerb, s: float, *, beyond: float) -> tuple[float, float, float]:
    """x, y and heading at arc length s of a kerb's lane, `beyond` metres outside the kerb."""
    step = np.hypot(*np.diff(kerb.points, axis=0).T)
    at = np.concatenate([[0.0], np.cumsum(step)])
    heading = float(np.interp(s, at, kerb.heading))
    out = (kerb.half_width + beyond) * (1.0 if kerb.left else -1.0)
    x = float(np.interp(s, at, kerb.points[:, 0])) - out * np.sin(heading)
    y = float(np.interp(s, at, kerb.points[:, 1])) + out * np.cos(heading)
    return float(x), float(y), heading
