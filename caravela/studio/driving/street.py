"""What a person wants to see of a world at one tick, copied out of the world's state so that it stays true when the
world moves on: the ego car, those around it, the lamps, the route. World 0 of the batch only; map frame, SI."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.state import ABSENT, WorldState
from caravela.world.weather import FRICTION, RAIN, SUN_ELEVATION

EGO = 0  # the ego car's place among the agents
NO_LANE = -1


@dataclass(frozen=True)
class Street:
    """A snapshot. `others` has a row for every agent present but the ego: kind, x, y, heading, length, width, height,
    centre offset, brake lights, indicator; m and rad, x and y at the rear axle."""

    x: float  # m
    y: float
    heading: float  # rad
    speed: float  # m/s
    acceleration: float  # m/s^2
    curvature: float  # 1/m
    length: float
    width: float
    centre_offset: float
    limit: float | None  # m/s, speed limit of the lane that the ego is on
    lamps: NDArray[np.uint8]  # (K,) lane_graph.LAMP_* of every signal link of the map
    route: tuple[int, ...]  # lanes still to drive, nearest first
    others: NDArray[np.float32]  # (A', 10)
    ids: NDArray[np.int64]  # (A',) which agent a row is
    wheelbase: float  # m
    friction: float  # tyre-road coefficient
    rain: float  # 0..1
    sun_elevation: float  # rad


def street_of(state: WorldState, graph: LaneGraph) -> Street:
    """The street as world 0 of `state` has it on `graph`."""
    present = state.controller[0] != ABSENT
    present[EGO] = False
    columns = (
        state.kind,
        state.x,
        state.y,
        state.heading,
        state.length,
        state.width,
        state.height,
        state.centre_offset,
        state.brake_lights,
        state.indicator,
    )
    lane = int(state.lane[0, EGO])
    route = state.route[0, EGO, max(int(state.route_at[0, EGO]), 0) :]
    return Street(
        x=float(state.x[0, EGO]),
        y=float(state.y[0, EGO]),
        heading=float(state.heading[0, EGO]),
        speed=float(state.speed[0, EGO]),
        acceleration=float(state.acceleration[0, EGO]),
        curvature=float(state.curvature[0, EGO]),
        length=float(state.length[0, EGO]),
        width=float(state.width[0, EGO]),
        centre_offset=float(state.centre_offset[0, EGO]),
        limit=float(graph.lane_speed[lane]) if 0 <= lane < graph.lanes else None,
        lamps=state.lamp[0].copy(),
        route=tuple(int(lane) for lane in route if lane != NO_LANE),
        others=np.stack([column[0][present].astype(np.float32) for column in columns], axis=-1),
        ids=np.flatnonzero(present),
        wheelbase=float(state.wheelbase[0, EGO]),
        friction=float(state.weather[0, FRICTION]),
        rain=float(state.weather[0, RAIN]),
        sun_elevation=float(state.weather[0, SUN_ELEVATION]),
    )
