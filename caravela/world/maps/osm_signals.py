"""Traffic signals as OpenStreetMap maps them and as netconvert wants them. Mappers put one node at each stop line, a few
metres before the junction; netconvert would make every one a tiny junction of its own. Here each goes to the junction that it
guards; one with no junction near stays where it is: a signal for people who cross."""

from collections import defaultdict
from itertools import pairwise

import numpy as np

from caravela.world.maps.osm_data import OsmData, Way
from caravela.world.maps.osm_roadside import place

REACH = 38.0  # m along the road from a stop line to its junction
CROSSING_REACH = 16.0  # m, likewise from a crossing with signals of its own


def signal_nodes(data: OsmData, roads: dict[int, Way], *, origin: tuple[float, float]) -> set[int]:
    """The nodes where netconvert shall put a signal."""
    beside = _neighbours(data, roads, origin=origin)
    found = set()
    for node in beside:
        if not _is_signal(data, node):
            continue
        if _is_junction(beside, node):
            found.add(node)
            continue
        reach = REACH if data.nodes[node].tags.get("highway") == "traffic_signals" else CROSSING_REACH
        ahead = [other for other, (_, driven) in beside[node].items() if driven]  # a tagged direction is relative to a way: both are tried
        junctions = [j for j in (_along(beside, node, first, reach=reach) for first in ahead) if j is not None]
        found.add(min(junctions, key=lambda j: j[1])[0] if junctions else node)
    return found


Neighbours = dict[int, dict[int, tuple[float, bool]]]  # node to neighbour to (metres, may be driven this way)


def _neighbours(data: OsmData, roads: dict[int, Way], *, origin: tuple[float, float]) -> Neighbours:
    beside: Neighbours = defaultdict(dict)
    for way in roads.values():
        nodes = [node for node in way.nodes if node in data.nodes]
        points = place(data, nodes, origin=origin)
        one_way = (
            way.tags.get("oneway") in ("yes", "true", "1")
            or way.tags.get("junction") == "roundabout"
            or way.tags["highway"].startswith("motorway")
        )
        reverse = way.tags.get("oneway") == "-1"
        for k, (a, b) in enumerate(pairwise(nodes)):
            metres = float(np.hypot(*(points[k + 1] - points[k])))
            beside[a][b] = (metres, not reverse)
            beside[b][a] = (metres, reverse or not one_way)
    return beside


def _is_signal(data: OsmData, node: int) -> bool:
    tags = data.nodes[node].tags
    return tags.get("highway") == "traffic_signals" or (tags.get("highway") == "crossing" and tags.get("crossing") == "traffic_signals")


def _is_junction(beside: Neighbours, node: int) -> bool:
    return len(beside[node]) > 2


def _along(beside: Neighbours, node: int, first: int, *, reach: float) -> tuple[int, float] | None:
    """The next junction from a node by way of its neighbour, and how far it is, m; None beyond `reach`."""
    metres, last, at = beside[node][first][0], node, first
    while metres <= reach:
        if _is_junction(beside, at):
            return at, metres
        onward = [other for other in beside[at] if other != last]
        if not onward:
            return None
        metres += beside[at][onward[0]][0]
        last, at = at, onward[0]
    return None
