"""Lines that actors move along: the ego car's own way, and those of others that cross or join it. One point a metre; a place is
(s m along, d m to the left)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from caravela.world.atlas import Atlas, Roads
from caravela.world.kernels.routes import JUNCTION, lane_point, path_point, walk

LONGEST = 320  # m of a way
FOE_BEFORE, FOE_AFTER = 90.0, 40.0  # m of another's way before and after the place where it meets ours


@dataclass(frozen=True)
class Way:
    """A line in the map frame."""

    points: NDArray[np.float64]  # (n, 2) m, one a metre
    heading: NDArray[np.float64]  # (n,) rad
    lane: NDArray[np.int32]  # (n,) atlas numbering

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def chain(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The lanes in turn, and m along at which each begins."""
        starts = np.concatenate([[0], np.flatnonzero(np.diff(self.lane)) + 1])
        return self.lane[starts], starts

    def pose(self, s: float, d: float) -> tuple[float, float, float]:
        """(x m, y m, heading rad) of a place; straight on beyond the ends."""
        i = min(max(int(s), 0), len(self) - 1)
        heading = float(self.heading[i])
        ahead = s - i
        x = self.points[i, 0] + ahead * np.cos(heading) - d * np.sin(heading)
        y = self.points[i, 1] + ahead * np.sin(heading) + d * np.cos(heading)
        return float(x), float(y), heading

    def nearest(self, x: float, y: float, *, around: float | None = None) -> float:
        """m along of the point nearest to (x, y), looked for within 30 m of `around` where it is given."""
        first, last = 0, len(self)
        if around is not None:
            around = min(max(around, 0.0), len(self) - 1.0)  # it may have left the way altogether
            first, last = max(0, int(around) - 30), min(len(self), int(around) + 30)
        i = first + int(((self.points[first:last] - (x, y)) ** 2).sum(1).argmin())
        heading = self.heading[i]
        return i + float((x - self.points[i, 0]) * np.cos(heading) + (y - self.points[i, 1]) * np.sin(heading))


def ego_way(roads: Roads, agent: np.void) -> Way:
    """The way of a vehicle from where it is, as far as its route or LONGEST goes."""
    at, s = int(agent["route_at"]), float(agent["lane_s"])
    rows, lanes = [], []
    for _ in range(LONGEST):
        rows.append(path_point(roads.lanes, roads.points, agent["route"], at, s))
        lanes.append(int(agent["route"][at]))
        before = (at, s)
        at, s = walk(roads.lanes, agent["route"], at, s + 1.0)
        if at == before[0] and s > roads.lanes[agent["route"][at]]["length"]:
            break
    return _way(rows, lanes)


def _way(rows: list[tuple[float, float, float]], lanes: list[int]) -> Way:
    array = np.array(rows, dtype=np.float64)
    return Way(points=array[:, :2].copy(), heading=array[:, 2].copy(), lane=np.array(lanes, dtype=np.int32))


@dataclass(frozen=True)
class Foe:
    """Another's way that meets ours in a junction."""

    way: Way
    meets: float  # m along its way
    ours: float  # m along ours
    turned: float  # rad from our heading to its, where both enter the junction
    merges: bool  # both leave by the same lane
    roundabout: bool  # it comes round a roundabout
    yields: bool  # we must wait for it
    link: int  # its signal within the map, -1 without


class Junctions:
    """Looks up who else passes a junction."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        roads = atlas.roads
        lanes = np.arange(len(roads.lanes))
        counts = roads.lanes["successor_end"] - roads.lanes["successor_start"]
        self._before = np.full(len(lanes), -1, dtype=np.int64)  # one lane that leads into each, -1 none
        self._before[roads.successors[: counts.sum()]] = np.repeat(lanes, counts)
        self._round = np.concatenate([graph.lane_roundabout for graph in atlas.graphs]).astype(np.bool_)

    def foes(self, way: Way, *, earliest: float, latest: float) -> list[Foe]:
        """Those that meet our way between two distances, the nearest junction first."""
        roads, found = self.atlas.roads, []
        changes = np.flatnonzero(np.diff(way.lane)) + 1
        for start in changes[(changes >= earliest) & (changes <= latest)]:
            lane = int(way.lane[start])
            if roads.lanes[lane]["kind"] != JUNCTION:
                continue
            for conflict in roads.conflicts[roads.lanes[lane]["conflict_start"] : roads.lanes[lane]["conflict_end"]]:
                foe = self._foe(way, int(start), lane, conflict)
                if foe is not None:
                    found.append(foe)
        return found

    def _foe(self, way: Way, start: int, lane: int, conflict: np.void) -> Foe | None:
        roads, other = self.atlas.roads, int(conflict["lane"])
        before = int(self._before[other])
        if before < 0:
            return None
        line = self._line(other)
        ours = min(start + float(conflict["s"]), len(way) - 1.0)
        x, y, _ = way.pose(ours, 0.0)
        meets = line.nearest(x, y)
        turned = float(roads.points[roads.lanes[other]["point_start"]]["heading"]) - float(way.heading[start])
        return Foe(
            way=line,
            meets=meets,
            ours=ours,
            turned=(turned + np.pi) % (2.0 * np.pi) - np.pi,
            merges=self._after(lane) == self._after(other) >= 0,
            roundabout=bool(self._round[before]),
            yields=bool(conflict["yields"]),
            link=int(roads.lanes[other]["link"]),
        )

    def _after(self, lane: int) -> int:
        record = self.atlas.roads.lanes[lane]
        return int(self.atlas.roads.successors[record["successor_start"]]) if record["successor_end"] > record["successor_start"] else -1

    def _line(self, lane: int) -> Way:
        """The way through a junction lane, with what leads into it and out of it."""
        roads = self.atlas.roads
        chain, room, first = [lane], FOE_BEFORE, int(self._before[lane])
        while first >= 0 and room > 0.0 and first not in chain:
            chain.insert(0, first)
            room -= float(roads.lanes[first]["length"])
            first = int(self._before[first])
        room, after = FOE_AFTER, self._after(lane)
        while after >= 0 and room > 0.0 and after not in chain:
            chain.append(after)
            room -= float(roads.lanes[after]["length"])
            after = self._after(after)
        rows, lanes = [], []
        for each in chain:
            for s in np.arange(0.0, float(roads.lanes[each]["length"]), 1.0):
                rows.append(lane_point(roads.lanes, roads.points, each, s))
                lanes.append(each)
        return _way(rows, lanes)
