"""Ego cars without a route. The world keeps every car on a route, hidden or not: lights, metres and what others expect hang on it. Here
the hidden one follows the car: where the car has left the lane that it was thought to be on, a new route is laid from the lane that it
took. Nothing is asked of where it goes. At a stop line a light counts as red only if it is red for every way out of the car's lane,
since nobody knows which one it means to take; so a driver who turns on a red arrow beside a green one is let off. What others expect
of it lags by the same metre or two, and its indicators show the hidden route: that is left as it is."""

import math

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Atlas
from caravela.world.kernels import events
from caravela.world.kernels.routes import extend, project
from caravela.world.kernels.traffic import RED, RED_YELLOW
from caravela.world.maps.lane_graph import CAR, JUNCTION
from caravela.world.state import WorldState

FAR_OFF = 1.0  # m beside its path, or
TURNED_OFF = 0.35  # rad from it: from there on it is asked which lane the car is on
PER_RADIAN = 3.0  # m that a radian of difference in heading counts
BETTER = 0.5  # m by which another lane must fit better
AHEAD = 500.0  # m of road that a new route has, where there is as much


class Roaming:
    """Knows the lanes of an atlas and follows the ego cars of a simulator on it."""

    def __init__(self, atlas: Atlas) -> None:
        roads = self._roads = atlas.roads
        usable = np.flatnonzero((roads.lanes["use"] & CAR) > 0)
        counts = roads.lanes["point_end"][usable] - roads.lanes["point_start"][usable]
        owner = np.repeat(usable, counts)
        index = np.concatenate([np.arange(roads.lanes["point_start"][k], roads.lanes["point_end"][k]) for k in usable])
        self._lane, self._point = owner.astype(np.int32), roads.points[index]  # (P,) every point of every lane for cars
        self.ways = _ways(atlas)  # junction lane to all that begin where it begins

    def follow(self, state: WorldState, *, roams: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
        """Lay new routes for the cars that took another way, of the worlds (B,) that `roams` says, by default of all. Returns the worlds
        where one was laid."""
        ego = state.agents[:, 0]
        off = (np.abs(ego["lane_offset"]) > FAR_OFF) | (np.abs(_turn(ego["heading"], self._heading(ego))) > TURNED_OFF)
        asked = np.flatnonzero(off if roams is None else off & roams)
        return np.array([world for world in asked if self._lay(state, int(world))], dtype=np.int64)

    def _heading(self, ego: NDArray) -> NDArray[np.float32]:
        """(B,) of the lane's nearest point to where each car is on it."""
        lanes, points = self._roads.lanes, self._roads.points
        first, last = lanes["point_start"][ego["lane"]], lanes["point_end"][ego["lane"]]
        at = [int(np.searchsorted(points["s"][a:b], s)) + a for a, b, s in zip(first, last, ego["lane_s"], strict=True)]
        return points["heading"][np.clip(at, first, last - 1)]

    def _lay(self, state: WorldState, world: int) -> bool:
        """Put one car on the lane that suits it best, unless that is the one it is on."""
        ego, roads = state.agents[world, 0], self._roads
        mine = (self._lane >= roads.maps[state.map[world]]["lane_start"]) & (self._lane < roads.maps[state.map[world]]["lane_end"])
        off = np.abs(_turn(self._point["heading"], ego["heading"]))
        distance = np.hypot(self._point["x"] - ego["x"], self._point["y"] - ego["y"])
        near = np.flatnonzero(mine & (distance < 15.0) & (off < 1.2))
        fits: dict[int, tuple[float, float, float]] = {}
        for k in near[np.argsort(distance[near] + PER_RADIAN * off[near])][:24]:
            lane = int(self._lane[k])
            if lane not in fits:
                s, offset = project(roads.lanes, roads.points, lane, self._point["s"][k], ego["x"], ego["y"])
                beyond = max(-s, s - float(roads.lanes[lane]["length"]), 0.0)
                fits[lane] = (abs(offset) + PER_RADIAN * float(off[k]) + beyond, float(s), float(offset))
        if not fits:
            return False
        best = min(fits, key=lambda lane: fits[lane][0])
        here = int(ego["lane"])
        if best == here or (here in fits and fits[here][0] < fits[best][0] + BETTER):
            return False
        _, s, offset = fits[best]
        ego["route"][:] = -1
        ego["route"][0] = best
        extend(roads, state.worlds, world, ego["route"], 1, np.float32(AHEAD))
        ego["route_at"], ego["lane"], ego["lane_s"], ego["lane_offset"] = 0, best, s, offset
        return True

    def judged(self, flags: NDArray[np.int32], ahead: NDArray[np.int32], state: WorldState) -> NDArray[np.int32]:
        """Event bits (B,) without a route that could be missed, and with lights red only where they are red for every way; `ahead`
        (B,) is the junction lane that each car came to when the tick began."""
        flags = flags & ~events.ROUTE_MISSED
        for world in np.flatnonzero(flags & (events.RED_LIGHT | events.RED_MET)):
            links = self._roads.lanes["link"][self.ways.get(int(ahead[world]), [])]
            if not all(link >= 0 and state.lamp[world, link] in (RED, RED_YELLOW) for link in links):
                flags[world] &= ~(events.RED_LIGHT | events.RED_MET)
        return flags


def _turn(a: NDArray, b: NDArray) -> NDArray[np.float32]:
    """a - b, rad, in -pi to pi."""
    return (a - b + math.pi) % (2.0 * math.pi) - math.pi


def _ways(atlas: Atlas) -> dict[int, list[int]]:
    """For every junction lane, the junction lanes for cars that begin where it begins, itself among them."""
    lanes, successors = atlas.roads.lanes, atlas.roads.successors
    ways: dict[int, set[int]] = {}
    for lane in lanes:
        out = [
            int(k)
            for k in successors[lane["successor_start"] : lane["successor_end"]]
            if lanes[k]["kind"] == JUNCTION and lanes[k]["use"] & CAR
        ]
        for k in out:
            ways.setdefault(k, set()).update(out)
    return {lane: sorted(several) for lane, several in ways.items()}
