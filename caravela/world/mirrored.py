"""The same streets and the same moment in a mirror: whoever kept right keeps left. North becomes south, and all else follows: each left
turn is a right turn, who gave way to the right gives way to the left. Metres and seconds stay what they are."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.lane_graph import LEFT, RIGHT, LaneGraph
from caravela.world.state import LEFT as INDICATES_LEFT
from caravela.world.state import RIGHT as INDICATES_RIGHT
from caravela.world.state import WorldState


def mirrored(graph: LaneGraph) -> LaneGraph:
    """A map in the mirror, under its own name; lanes, links and crossings keep their numbers."""
    turn = graph.lane_turn.copy()
    turn[graph.lane_turn == LEFT], turn[graph.lane_turn == RIGHT] = RIGHT, LEFT
    junction, building = _reversed(graph.junction_start), _reversed(graph.building_start)
    return replace(
        graph,
        lefthand=not graph.lefthand,
        point_y=-graph.point_y,
        point_heading=-graph.point_heading,
        lane_left=graph.lane_right,
        lane_right=graph.lane_left,
        lane_axis_offset=-graph.lane_axis_offset,
        lane_turn=turn,
        link_y=-graph.link_y,
        link_heading=-graph.link_heading,
        junction_x=graph.junction_x[junction],
        junction_y=-graph.junction_y[junction],
        crossing=_negated(graph.crossing, (1, 3)),
        building_x=graph.building_x[building],
        building_y=-graph.building_y[building],
        tree=_negated(graph.tree, (1,)),
        parking=_negated(graph.parking, (1, 2)),
    )


def mirror(state: WorldState) -> WorldState:
    """The moment of a state, of worlds whose maps are mirrored; who has seen whom, lights and random streams stay."""
    other = state.copy()
    for name in ("y", "heading", "curvature", "lane_offset"):
        other.agents[name] *= -1.0
    turns = (state.indicator == INDICATES_LEFT) | (state.indicator == INDICATES_RIGHT)
    other.agents["indicator"][turns] *= -1
    return other


def _negated(rows: NDArray[np.float32], columns: tuple[int, ...]) -> NDArray[np.float32]:
    other = rows.copy()
    other[:, list(columns)] *= -1.0
    return other


def _reversed(start: NDArray[np.int32]) -> NDArray[np.intp]:
    """Numbers of the points of polygons, each polygon's from its last to its first: in a mirror, clockwise becomes counter-clockwise."""
    ends = np.repeat(start[1:], np.diff(start))
    starts = np.repeat(start[:-1], np.diff(start))
    return (starts + ends - 1 - np.arange(len(ends))).astype(np.intp)
