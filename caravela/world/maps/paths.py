"""The lanes of a SUMO network as records on their way into a LaneGraph: road lanes, and one path across a junction per
connection with what governs entering it. Everything is still named by SUMO's identifiers."""

import math
from collections import defaultdict
from dataclasses import dataclass, field, replace

import numpy as np

from caravela.world.maps.centre_line import Polyline
from caravela.world.maps.lane_graph import (
    CAR,
    JUNCTION,
    LEFT,
    PRIORITY,
    RIGHT,
    RIGHT_BEFORE_LEFT,
    ROAD,
    SIGNAL,
    STOP,
    STRAIGHT,
    U_TURN,
    YIELD,
)
from caravela.world.maps.net_xml import Connection, Net, NetEdge, NetLane
from caravela.world.maps.path_shape import is_stub, path, stub

CONTROL_OF_STATE = {"s": STOP, "w": STOP, "m": YIELD, "=": RIGHT_BEFORE_LEFT}
ROAD_SMOOTHING, PATH_SMOOTHING = 4.0, 1.0  # m
HAIRPIN = math.radians(152.0)
STRAIGHT_LIMIT = math.radians(25.0)  # a partial turn below it counts as straight on


@dataclass
class LanePath:
    """A lane before it has a number."""

    id: str
    kind: int  # ROAD | JUNCTION
    use: int
    speed: float  # m/s
    width: float  # m
    shape: Polyline  # (N, 2) m
    smoothing: float  # m
    edge: str = ""  # of a ROAD lane
    index: int = 0  # of a ROAD lane within its edge, 0 outermost
    junction: str = ""  # the one it crosses or leads into
    control: int = PRIORITY
    turn: int = STRAIGHT
    signal: str = ""
    slot: int = -1
    request: int = -1  # its row in the junction's requests
    roundabout: bool = False
    before: str = ""  # ROAD lane that a JUNCTION lane comes from
    after: str = ""  # ROAD lane that it leads to
    merges_into: str = ""  # JUNCTION lane beside it that a dropped lane joins
    successors: list[str] = field(default_factory=list)


def road_lanes(net: Net) -> dict[str, LanePath]:
    """Every lane of a normal edge that anybody may use."""
    lanes: dict[str, LanePath] = {}
    for edge in net.edges.values():
        if edge.function not in ("", "normal"):
            continue
        for lane in edge.lanes:
            if lane.use and len(lane.shape) >= 2:
                lanes[lane.id] = LanePath(
                    id=lane.id,
                    kind=ROAD,
                    use=lane.use,
                    speed=lane.speed,
                    width=lane.width,
                    shape=lane.shape,
                    smoothing=ROAD_SMOOTHING,
                    edge=edge.id,
                    index=lane.index,
                    roundabout=edge.id in net.roundabout_edges,
                )
    return lanes


def straighten_stubs(net: Net, roads: dict[str, LanePath]) -> None:
    """Give lanes that netconvert squeezed to a point the direction in which traffic passes them."""
    ends: dict[str, list[Polyline]] = defaultdict(list)
    starts: dict[str, list[Polyline]] = defaultdict(list)
    for connection in net.connections:
        before = roads.get(_lane_id(net, connection.from_edge, connection.from_lane))
        after = roads.get(_lane_id(net, connection.to_edge, connection.to_lane))
        if before is not None and after is not None and connection.direction != "t":
            ends[after.id].append(before.shape)
            starts[before.id].append(after.shape)
    shapes = {
        lane.id: stub(
            lane.shape,
            before=ends[lane.id],
            after=starts[lane.id],
            start=net.junctions[edge.start].place,
            end=net.junctions[edge.end].place,
        )
        for lane, edge in ((lane, net.edges[lane.edge]) for lane in roads.values())
        if is_stub(lane.shape) and edge.start in net.junctions and edge.end in net.junctions
    }
    for key, shape in shapes.items():
        roads[key].shape = shape


def junction_lanes(net: Net, roads: dict[str, LanePath]) -> dict[str, LanePath]:
    """One lane per connection between two road lanes; fills in the successors of `roads`."""
    onward = {(c.from_edge, c.from_lane): c for c in net.connections if c.from_edge.startswith(":")}
    inner = {lane.id: (edge, lane) for edge in net.edges.values() if edge.function == "internal" for lane in edge.lanes}
    rows = {name: (junction.id, row) for junction in net.junctions.values() for row, name in enumerate(junction.internal_lanes)}
    through = _approaches_with_priority(net)
    lanes: dict[str, LanePath] = {}
    for connection in net.connections:
        before = roads.get(_lane_id(net, connection.from_edge, connection.from_lane))
        after = roads.get(_lane_id(net, connection.to_edge, connection.to_lane))
        if before is None or after is None or not before.use & after.use:
            continue
        chain = _chain(connection, onward, inner)
        if not chain:
            before.successors.append(after.id)
            continue
        lane = _junction_lane(net, connection, before=before, after=after, chain=chain, through=through)
        for part in chain:
            if part.id in rows:
                lane.junction, lane.request = rows[part.id]
        if lane.use:
            lanes[lane.id] = lane
            before.junction = lane.junction
            before.successors.append(lane.id)
    _mark_hairpins(roads, lanes)
    return lanes | _dropped_lanes(roads, lanes)


def _mark_hairpins(roads: dict[str, LanePath], paths: dict[str, LanePath]) -> None:
    """A path that nearly turns back is a U-turn where its lane also leads elsewhere."""
    for lane in paths.values():
        elsewhere = [key for key in roads[lane.before].successors if key in paths and key != lane.id and paths[key].turn != U_TURN]
        if elsewhere and lane.turn != STRAIGHT and abs(_change(roads[lane.before].shape, roads[lane.after].shape)) > HAIRPIN:
            lane.turn = U_TURN


def _dropped_lanes(roads: dict[str, LanePath], paths: dict[str, LanePath]) -> dict[str, LanePath]:
    """Where a road loses a lane at a junction, netconvert ends it there. Its traffic joins the path of the nearest lane beside it."""
    added: dict[str, LanePath] = {}
    for lanes in by_edge(roads).values():
        going = [lane for lane in lanes if any(key in paths and paths[key].use & CAR for key in lane.successors)]
        for lane in lanes:
            if not lane.use & CAR or not going or any(key in paths and paths[key].use & CAR for key in lane.successors):
                continue
            beside = min(going, key=lambda other: abs(other.index - lane.index))
            model = min(
                (paths[key] for key in beside.successors if key in paths and paths[key].use & CAR),
                key=lambda p: (p.turn != STRAIGHT, p.turn),
            )
            after = roads[model.after]
            key = f"{lane.id}>{model.id}"
            added[key] = replace(
                model,
                id=key,
                shape=path(np.stack([lane.shape[-1], after.shape[0]]), before=lane.shape, after=after.shape),
                before=lane.id,
                merges_into=model.id,
                successors=[after.id],
            )
            lane.junction = model.junction
            lane.successors.append(key)
    return added


def _junction_lane(
    net: Net, connection: Connection, *, before: LanePath, after: LanePath, chain: list[NetLane], through: set[tuple[str, str]]
) -> LanePath:
    drawn = np.concatenate([before.shape[-1:], *[part.shape for part in chain], after.shape[:1]])
    junction = net.edges[connection.from_edge].end
    kind = net.junctions[junction].type if junction in net.junctions else ""
    return LanePath(
        id=chain[0].id,
        kind=JUNCTION,
        use=before.use & after.use & _all(part.use for part in chain),
        speed=min(before.speed, after.speed),
        width=min(before.width, after.width),
        shape=path(drawn, before=before.shape, after=after.shape),
        smoothing=PATH_SMOOTHING,
        junction=junction,
        control=_control(
            connection,
            junction_type=kind,
            has_priority=(connection.from_edge, junction) in through,
            signalled=connection.signal in net.programs,
        ),
        turn=_turn(connection, before=before.shape, after=after.shape),
        signal=connection.signal if connection.signal in net.programs else "",
        slot=connection.slot,
        roundabout=before.roundabout and after.roundabout,
        before=before.id,
        after=after.id,
        successors=[after.id],
    )


def _chain(connection: Connection, onward: dict[tuple[str, int], Connection], inner: dict[str, tuple[NetEdge, NetLane]]) -> list[NetLane]:
    """The internal lanes of a connection, in driving order (SUMO splits a path where a turn waits inside the junction)."""
    chain: list[NetLane] = []
    via = connection.via
    while via and via in inner and len(chain) < 8:
        edge, lane = inner[via]
        if len(lane.shape):
            chain.append(lane)
        follow = onward.get((edge.id, lane.index))
        via = follow.via if follow else ""
    return chain


def _approaches_with_priority(net: Net) -> set[tuple[str, str]]:
    """(edge, junction) of approaches on the priority road: some path of theirs need not yield. Their left turns yield without a sign."""
    return {
        (c.from_edge, net.edges[c.from_edge].end)
        for c in net.connections
        if c.state == "M" and all(edge in net.edges and net.edges[edge].function in ("", "normal") for edge in (c.from_edge, c.to_edge))
    }


def _control(connection: Connection, *, junction_type: str, has_priority: bool, signalled: bool) -> int:
    if signalled:
        return SIGNAL
    if junction_type in ("right_before_left", "left_before_right"):
        return RIGHT_BEFORE_LEFT
    control = CONTROL_OF_STATE.get(connection.state, PRIORITY)
    return PRIORITY if control == YIELD and has_priority else control


def _turn(connection: Connection, *, before: Polyline, after: Polyline) -> int:
    if connection.direction == "t":
        return U_TURN
    change = _change(before, after)
    if connection.direction == "s" or (connection.direction in "LR" and abs(change) < STRAIGHT_LIMIT):
        return STRAIGHT
    return LEFT if change > 0.0 else RIGHT


def _change(before: Polyline, after: Polyline) -> float:
    """Heading change from the end of one line to the start of another, rad."""
    out, into = before[-1] - before[-2], after[1] - after[0]
    return math.atan2(out[0] * into[1] - out[1] * into[0], float(out @ into))


def _lane_id(net: Net, edge: str, index: int) -> str:
    """Name of a lane by its edge and index; '' if there is none."""
    if edge.startswith(":") or edge not in net.edges:
        return ""
    return next((lane.id for lane in net.edges[edge].lanes if lane.index == index), "")


def _all(masks: object) -> int:
    use = -1
    for mask in masks:  # type: ignore[attr-defined]
        use &= mask
    return use


def neighbours(roads: dict[str, LanePath], *, lefthand: bool) -> dict[str, tuple[str, str]]:
    """Lane id to (left, right) neighbour of the same edge and use; '' where there is none."""
    by_place = {(lane.edge, lane.index): lane for lane in roads.values()}
    sides: dict[str, tuple[str, str]] = {}
    for lane in roads.values():
        inner, outer = by_place.get((lane.edge, lane.index + 1)), by_place.get((lane.edge, lane.index - 1))
        found = [
            other.id if other is not None and (other.use & CAR) == (lane.use & CAR) and other.use & lane.use else ""
            for other in (inner, outer)
        ]
        sides[lane.id] = (found[1], found[0]) if lefthand else (found[0], found[1])
    return sides


def by_edge(roads: dict[str, LanePath]) -> dict[str, list[LanePath]]:
    """Lanes of each edge, outermost first."""
    edges: dict[str, list[LanePath]] = defaultdict(list)
    for lane in roads.values():
        edges[lane.edge].append(lane)
    return {edge: sorted(lanes, key=lambda lane: lane.index) for edge, lanes in edges.items()}
