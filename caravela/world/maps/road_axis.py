"""Where the axis of a road lies: between the two directions of a two-way road, in the middle of a one-way carriageway.
That is the line a sat-nav draws. It also says which carriageway comes towards us across that axis."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from caravela.world.maps.centre_line import densify, distance_to, offset_line, point_at
from caravela.world.maps.lane_graph import CAR
from caravela.world.maps.net_xml import Net
from caravela.world.maps.paths import LanePath

SAME_AXIS = 1.2  # m, inner borders of two directions that are nearer share an axis: further apart lies a central reservation


@dataclass(frozen=True)
class Axis:
    offset: float  # m from the lane's centre, left positive
    opposite: str  # oncoming edge, '' on a one-way carriageway


def axes(net: Net, edges: dict[str, list[LanePath]]) -> dict[str, Axis]:
    """Axis of every road lane by lane id. `edges`: lanes of each edge, outermost first."""
    ends: dict[tuple[str, str], list[str]] = defaultdict(list)
    for edge in edges:
        ends[(net.edges[edge].start, net.edges[edge].end)].append(edge)
    inward = -1.0 if net.lefthand else 1.0  # the axis lies to the left where traffic keeps right
    found: dict[str, Axis] = {}
    for edge, lanes in edges.items():
        opposite = _opposite(edge, lanes, [(e, edges[e]) for e in ends[(net.edges[edge].end, net.edges[edge].start)]], inward=inward)
        cars = [lane for lane in lanes if lane.use & CAR] or lanes
        border = [
            sum(lane.width for lane in lanes[: k + 1]) for k in range(len(lanes))
        ]  # m from the outer edge to each lane's inner border
        middle = {lane.id: border[k] - lane.width / 2.0 for k, lane in enumerate(lanes)}
        centre = (min(middle[c.id] - c.width / 2.0 for c in cars) + max(middle[c.id] + c.width / 2.0 for c in cars)) / 2.0
        for lane in lanes:
            across = (border[-1] if opposite else centre) - middle[lane.id]
            found[lane.id] = Axis(offset=inward * across, opposite=opposite)
    return found


def _opposite(edge: str, lanes: list[LanePath], candidates: list[tuple[str, list[LanePath]]], *, inward: float) -> str:
    """The oncoming edge whose inner border is ours, or ''."""
    inner = densify(offset_line(densify(lanes[-1].shape, step=5.0), left=inward * lanes[-1].width / 2.0), step=5.0)
    best, best_gap = "", SAME_AXIS
    for other, others in candidates:
        if other == edge:
            continue
        border = offset_line(densify(others[-1].shape, step=5.0), left=inward * others[-1].width / 2.0)
        gap = float(np.median(distance_to(border, np.stack([point_at(inner, share)[0] for share in (0.25, 0.5, 0.75)]))))
        if gap < best_gap:
            best, best_gap = other, gap
    return best
