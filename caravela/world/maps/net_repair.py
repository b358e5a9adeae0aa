"""What is taken out of a SUMO network before it becomes a lane graph: signals that hold nobody back, and scraps of road
that lead nowhere."""

import dataclasses
from collections import defaultdict

from caravela.world.maps.centre_line import arc_length
from caravela.world.maps.lane_graph import CAR
from caravela.world.maps.net_xml import Net
from caravela.world.maps.paths import LanePath

SMALLEST_PART = 400.0  # m of car lanes, smaller unconnected parts are dropped
SMALLEST_WITHOUT_CHOICE = 1500.0  # m, likewise of parts where no road leads to more than one other


def without_idle_signals(net: Net) -> Net:
    """The network without programs at places where no two paths conflict."""
    places: dict[str, set[str]] = defaultdict(set)
    for connection in net.connections:
        if connection.signal in net.programs and connection.from_edge in net.edges:
            edge = net.edges[connection.from_edge]
            places[connection.signal].add(edge.end)
    needed = {
        name for name, junctions in places.items() if any("1" in "".join(net.junctions[j].foes) for j in junctions if j in net.junctions)
    }
    return dataclasses.replace(net, programs={name: program for name, program in net.programs.items() if name in needed})


def without_fragments(roads: dict[str, LanePath], net: Net) -> dict[str, LanePath]:
    """The lanes without small parts of the network that nothing connects to the rest. The largest part always stays."""
    root = {lane.edge: lane.edge for lane in roads.values()}

    def find(edge: str) -> str:
        while root[edge] != edge:
            root[edge] = root[root[edge]]
            edge = root[edge]
        return edge

    onward: dict[str, set[str]] = defaultdict(set)
    for connection in net.connections:
        if connection.from_edge in root and connection.to_edge in root:
            root[find(connection.from_edge)] = find(connection.to_edge)
            onward[connection.from_edge].add(connection.to_edge)
    ends: dict[frozenset[str], str] = {}
    for edge in root:  # the two directions of a street belong together
        other = ends.setdefault(frozenset((net.edges[edge].start, net.edges[edge].end)), edge)
        root[find(edge)] = find(other)
    size: dict[str, float] = defaultdict(float)
    for lane in roads.values():
        if lane.use & CAR:
            size[find(lane.edge)] += float(arc_length(lane.shape)[-1])
    if not size:
        return roads
    largest = max(size, key=lambda part: size[part])
    with_choice = {find(edge) for edge, others in onward.items() if len(others) > 1}
    needed = {part: SMALLEST_PART if part in with_choice else SMALLEST_WITHOUT_CHOICE for part in size}
    kept = {part for part, metres in size.items() if part == largest or metres >= needed[part]}
    return {key: lane for key, lane in roads.items() if find(lane.edge) in kept}
