"""Where an ego car would come to rest if it began to brake now: nobody wants it to stand in a junction or on a crossing. The map says where those
are; how to brake is the driver's business."""

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Roads
from caravela.world.kernels.routes import is_lateral
from caravela.world.maps.lane_graph import JUNCTION
from caravela.world.state import WorldState

HARD, SOFT = 3.5, 1.5  # m/s^2, between which a stop that was asked for is braked
REACTION_S = 0.6  # s until it is


def clear_to_stop(roads: Roads, state: WorldState, world: int) -> bool:
    """Whether `world`'s ego car, braking now, would stand clear of every junction and crossing of its route."""
    ego = state.agents[world, 0]
    route, speed = ego["route"], float(ego["speed"])
    reach = 0.5 * float(ego["length"])
    rear = float(ego["centre_offset"]) - reach + speed**2 / (2.0 * HARD)
    front = float(ego["centre_offset"]) + reach + REACTION_S * speed + speed**2 / (2.0 * SOFT)
    begins = -float(ego["lane_s"])  # m ahead where a lane begins
    for k in range(int(ego["route_at"]), len(route)):
        lane = int(route[k])
        if lane < 0 or begins > front:
            break
        ends = begins + float(roads.lanes[lane]["length"])
        if roads.lanes[lane]["kind"] == JUNCTION and ends > rear:
            return False
        if any(begins + first < front and begins + last > rear for first, last in _crossings_of(roads, lane, int(state.map[world]))):
            return False
        if not (k + 1 < len(route) and is_lateral(roads.lanes, lane, int(route[k + 1]))):
            begins = ends
    return True


def _crossings_of(roads: Roads, lane: int, number: int) -> list[tuple[float, float]]:
    """(from, to), m along a lane of a map, of the crossings that lead over it."""
    row, place = roads.lanes[lane], roads.maps[number]
    points = roads.points[int(row["point_start"]) : int(row["point_end"])]
    found = []
    for crossing in roads.crossings[int(place["crossing_start"]) : int(place["crossing_end"])]:
        s = _met(points, crossing)
        half = 0.5 * float(crossing["width"])
        found += [(along - half, along + half) for along in s]
    return found


def _met(points: NDArray, crossing: NDArray) -> list[float]:
    """m along a row of points at which it meets the line of a crossing."""
    x, y = points["x"][:-1], points["y"][:-1]
    dx, dy = np.diff(points["x"]), np.diff(points["y"])
    across_x, across_y = crossing["x1"] - crossing["x0"], crossing["y1"] - crossing["y0"]
    to_x, to_y = crossing["x0"] - x, crossing["y0"] - y
    spread = dx * across_y - dy * across_x
    with np.errstate(divide="ignore", invalid="ignore"):
        along, over = (to_x * across_y - to_y * across_x) / spread, (to_x * dy - to_y * dx) / spread
    hits = np.flatnonzero((spread != 0.0) & (along >= 0.0) & (along < 1.0) & (over >= 0.0) & (over <= 1.0))
    return [float(points["s"][k] + along[k] * (points["s"][k + 1] - points["s"][k])) for k in hits]
