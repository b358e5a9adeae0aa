"""Pedestrian crossings: choosing among those that netconvert guessed, and adding real ones between junctions."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.lane_graph import BICYCLE, BUS, CAR, ROAD, LaneGraph

NEAR = 14.0  # m, a guessed crossing this near to a mapped one is that one
ON_ROAD = 6.0  # m, a mapped crossing lies this near to a lane's centre
CLEAR_OF_ENDS = 5.0  # m of lane before and after a crossing between junctions
WIDTH = 3.5  # m along the road


def keep_crossings(graph: LaneGraph, keep: NDArray[np.bool_]) -> LaneGraph:
    """The map with only the crossings where `keep` (X,) is true."""
    return dataclasses.replace(graph, crossing=graph.crossing[keep], crossing_link=graph.crossing_link[keep])


def match_crossings(graph: LaneGraph, mapped: NDArray[np.float64]) -> LaneGraph:
    """Keep guessed crossings with signals or near a mapped one (M, 2); add the mapped ones that lie between junctions."""
    middle = (graph.crossing[:, 0:2] + graph.crossing[:, 2:4]) / 2.0
    apart = np.sqrt(((middle[:, None] - mapped[None]) ** 2).sum(-1)) if len(mapped) else np.full((len(middle), 1), np.inf)
    graph = keep_crossings(graph, (graph.crossing_link >= 0) | (apart.min(axis=1, initial=np.inf) < NEAR))
    added: list[NDArray[np.float64]] = []
    for place in mapped:
        known = np.concatenate(
            [graph.crossing[:, 0:4].reshape(-1, 2, 2).mean(axis=1), *[row[None, 0:4].reshape(1, 2, 2).mean(axis=1) for row in added]]
        )
        if not len(known) or np.hypot(*(known - place).T).min() > NEAR:
            row = _across(graph, place)
            added += [] if row is None else [row]
    if not added:
        return graph
    return dataclasses.replace(
        graph,
        crossing=np.concatenate([graph.crossing, np.array(added, np.float32)]),
        crossing_link=np.concatenate([graph.crossing_link, np.full(len(added), -1, np.int32)]),
    )


def _across(graph: LaneGraph, place: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A crossing (5,) of the road at a place, from kerb to kerb; None if no road passes there or a junction is too near."""
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(graph.lane_point_start))
    road = (graph.lane_kind == ROAD) & (graph.lane_use & (CAR | BUS | BICYCLE) > 0)
    dx, dy = graph.point_x - place[0], graph.point_y - place[1]
    candidates = road[lane_of] & (graph.point_s > CLEAR_OF_ENDS) & (graph.point_s < graph.lane_length[lane_of] - CLEAR_OF_ENDS)
    if not candidates.any():
        return None
    nearest = int(np.where(candidates, np.hypot(dx, dy), np.inf).argmin())
    lane, heading = lane_of[nearest], float(graph.point_heading[nearest])
    along, across = dx * np.cos(heading) + dy * np.sin(heading), -dx * np.sin(heading) + dy * np.cos(heading)
    if abs(across[nearest]) > ON_ROAD or abs(along[nearest]) > 5.0:
        return None
    edges = [int(graph.lane_edge[lane]), *([int(graph.lane_opposite[lane])] if graph.lane_opposite[lane] >= 0 else [])]
    borders: list[float] = []
    for member in np.flatnonzero(np.isin(graph.lane_edge, edges) & road):
        points = slice(graph.lane_point_start[member], graph.lane_point_start[member + 1])
        k = int(np.abs(along[points]).argmin())
        if abs(along[points][k]) < 4.0:
            middle, half = float(across[points][k]), float(graph.lane_width[member]) / 2.0
            borders += [middle - half, middle + half]
    normal = np.array([-np.sin(heading), np.cos(heading)])
    return np.array([*(place + min(borders) * normal), *(place + max(borders) * normal), WIDTH])
