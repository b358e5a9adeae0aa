"""Stop and give-way signs as OpenStreetMap maps them, put onto the approaches of junctions without signals. netconvert guesses
priorities from road classes; a mapped sign knows better."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.lane_graph import CAR, JUNCTION, ROAD, SIGNAL, STOP, YIELD, LaneGraph

BEFORE_END = 25.0  # m, a sign stands this near to the end of the lane that it governs
BESIDE = 5.5  # m from the lane's centre; mappers put it on the middle of the road


def apply_signs(graph: LaneGraph, places: NDArray[np.float64], kinds: list[int]) -> LaneGraph:
    """The map with signs at `places` (M, 2) of `kinds` (STOP | YIELD). Where only some approaches have one, they yield to the rest."""
    control, yields = graph.lane_control.copy(), graph.conflict_yields.copy()
    signed: set[int] = set()  # junction lanes
    for place, kind in zip(places, kinds, strict=True):
        for lane in _approach(graph, place):
            paths = graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
            paths = paths[(graph.lane_kind[paths] == JUNCTION) & (graph.lane_control[paths] != SIGNAL)]
            control[paths] = kind
            signed |= set(paths.tolist())
    for path in signed:
        for k in range(graph.conflict_start[path], graph.conflict_start[path + 1]):
            other = int(graph.conflict[k])
            if other not in signed:
                yields[k] = True
                back = range(graph.conflict_start[other], graph.conflict_start[other + 1])
                yields[[b for b in back if graph.conflict[b] == path]] = False
    return dataclasses.replace(graph, lane_control=control, conflict_yields=yields)


def _approach(graph: LaneGraph, place: NDArray[np.float64]) -> list[int]:
    """The lanes of the approach whose end is nearest to a sign."""
    usable = np.flatnonzero((graph.lane_kind == ROAD) & (graph.lane_use & CAR > 0) & (np.diff(graph.successor_start) > 0))
    last = graph.lane_point_start[usable + 1] - 1
    dx, dy = place[0] - graph.point_x[last], place[1] - graph.point_y[last]
    heading = graph.point_heading[last]
    behind, aside = -(dx * np.cos(heading) + dy * np.sin(heading)), np.abs(-dx * np.sin(heading) + dy * np.cos(heading))
    fits = (behind > -6.0) & (behind < BEFORE_END) & (aside < BESIDE)
    if not fits.any():
        return []
    edge = graph.lane_edge[usable[fits][int(np.abs(behind[fits]).argmin())]]
    return [int(lane) for lane in usable[fits] if graph.lane_edge[lane] == edge]


KIND_OF_TAG = {"stop": STOP, "give_way": YIELD}
