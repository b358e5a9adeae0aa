"""Reads SUMO's `.net.xml` (https://sumo.dlr.de/docs/Networks/SUMO_Road_Networks.html) into plain records and, with
`junctions` and `assemble`, into a LaneGraph. Needs no SUMO. It leaves out rail, water and elevation."""

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from caravela.core.errors import MapError
from caravela.world.maps.centre_line import Polyline
from caravela.world.maps.lane_graph import BICYCLE, BUS, CAR, PEDESTRIAN

LONGEST_CYCLE, SHORTEST_PHASE = 90.0, 6.0  # s, of a signal program
USES = {"passenger": CAR, "bicycle": BICYCLE, "pedestrian": PEDESTRIAN, "bus": BUS}
LANE_WIDTH = 3.2  # m, SUMO's width of a lane that names none


@dataclass(frozen=True)
class NetLane:
    id: str
    index: int  # 0 is the outermost
    use: int
    speed: float  # m/s
    width: float  # m
    shape: Polyline  # (N, 2) m


@dataclass(frozen=True)
class NetEdge:
    id: str
    function: str  # "" road, internal, crossing, walkingarea
    start: str  # junction
    end: str
    lanes: tuple[NetLane, ...]
    type: str
    crosses: tuple[str, ...]  # of a crossing: the edges that people cross


@dataclass(frozen=True)
class Connection:
    from_edge: str
    to_edge: str
    from_lane: int
    to_lane: int
    via: str
    signal: str
    slot: int
    direction: str  # s, l, r, t (u-turn), L and R (partially)
    state: str  # M, m, s, w, =, Z, and lamp letters


@dataclass(frozen=True)
class NetJunction:
    id: str
    type: str
    place: Polyline  # (2,) m
    shape: Polyline
    internal_lanes: tuple[str, ...]  # row i of the requests belongs to lane i
    response: tuple[str, ...]  # bit j from the right: row i must let row j pass
    foes: tuple[str, ...]  # bit j from the right: paths i and j conflict


@dataclass(frozen=True)
class Program:
    id: str
    offset: float  # s
    phases: tuple[tuple[float, str], ...]  # (duration s, one letter per slot)


@dataclass(frozen=True)
class Net:
    """A road network as SUMO writes it."""

    lefthand: bool
    offset: tuple[float, float]  # m added to projected coordinates
    bounds_degrees: tuple[float, float, float, float]  # longitude min, latitude min, longitude max, latitude max; zeros if unknown
    edges: dict[str, NetEdge]
    connections: tuple[Connection, ...]
    junctions: dict[str, NetJunction]
    programs: dict[str, Program]
    roundabout_edges: frozenset[str]


def read_net(path: Path) -> Net:
    """Parse a `.net.xml`. Raises MapError if it is none."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise MapError(f"'{path}' is not readable XML ({error}); expected a SUMO .net.xml.") from error
    if root.tag != "net":
        raise MapError(f"'{path}' holds <{root.tag[:40]}>; expected a SUMO network whose root is <net>.")
    try:
        return _net(root)
    except (KeyError, ValueError, IndexError) as error:
        raise MapError(f"'{path}' is a broken SUMO network ({type(error).__name__}: {error}); write it again with netconvert.") from error


def _net(root: ElementTree.Element) -> Net:
    location = root.find("location")
    offset = _numbers(location.get("netOffset", "0,0")) if location is not None else [0.0, 0.0]
    bounds = _numbers(location.get("origBoundary", "0,0,0,0")) if location is not None else [0.0] * 4
    if location is None or location.get("projParameter", "!") in ("!", "-") or max(abs(v) for v in bounds) > 180.0:
        bounds = [0.0] * 4
    return Net(
        lefthand=root.get("lefthand", "false") in ("true", "1"),
        offset=(offset[0], offset[1]),
        bounds_degrees=(bounds[0], bounds[1], bounds[2], bounds[3]),
        edges={e.id: e for e in (_edge(node) for node in root.iter("edge"))},
        connections=tuple(_connection(node) for node in root.iter("connection")),
        junctions={j.id: j for j in (_junction(node) for node in root.iter("junction")) if j.type != "internal"},
        programs=_programs(root),
        roundabout_edges=frozenset(name for node in root.iter("roundabout") for name in node.get("edges", "").split()),
    )


def _edge(node: ElementTree.Element) -> NetEdge:
    lanes = tuple(_lane(lane) for lane in node.iter("lane"))
    return NetEdge(
        id=node.attrib["id"],
        function=node.get("function", ""),
        start=node.get("from", ""),
        end=node.get("to", ""),
        lanes=lanes,
        type=node.get("type", ""),
        crosses=tuple(node.get("crossingEdges", "").split()),
    )


def _lane(node: ElementTree.Element) -> NetLane:
    return NetLane(
        id=node.attrib["id"],
        index=int(node.attrib["index"]),
        use=_use(node.get("allow"), node.get("disallow")),
        speed=float(node.get("speed", "13.89")),
        width=float(node.get("width", LANE_WIDTH)),
        shape=_shape(node.get("shape", "")),
    )


def _use(allow: str | None, disallow: str | None) -> int:
    """The bit mask of a lane's permissions; whoever drives there, people do not walk there."""
    if allow is not None:
        names = set(allow.split())
        use = sum(USES.values()) if "all" in names else sum(bit for name, bit in USES.items() if name in names)
    else:
        names = set((disallow or "").split())
        use = 0 if "all" in names else sum(bit for name, bit in USES.items() if name not in names)
    return use & ~PEDESTRIAN if use & (CAR | BUS) else use


def _connection(node: ElementTree.Element) -> Connection:
    return Connection(
        from_edge=node.attrib["from"],
        to_edge=node.attrib["to"],
        from_lane=int(node.attrib["fromLane"]),
        to_lane=int(node.attrib["toLane"]),
        via=node.get("via", ""),
        signal=node.get("tl", ""),
        slot=int(node.get("linkIndex", "-1")),
        direction=node.get("dir", "s"),
        state=node.get("state", "M"),
    )


def _junction(node: ElementTree.Element) -> NetJunction:
    requests = sorted(node.iter("request"), key=lambda row: int(row.attrib["index"]))
    return NetJunction(
        id=node.attrib["id"],
        type=node.get("type", ""),
        place=np.array([float(node.get("x", "0")), float(node.get("y", "0"))]),
        shape=_shape(node.get("shape", "")),
        internal_lanes=tuple(node.get("intLanes", "").split()),
        response=tuple(row.get("response", "") for row in requests),
        foes=tuple(row.get("foes", "") for row in requests),
    )


def _programs(root: ElementTree.Element) -> dict[str, Program]:
    """The first program of every signal."""
    programs: dict[str, Program] = {}
    for node in root.iter("tlLogic"):
        phases = tuple((float(phase.attrib["duration"]), phase.attrib["state"]) for phase in node.iter("phase"))
        if phases and node.attrib["id"] not in programs:
            programs[node.attrib["id"]] = Program(id=node.attrib["id"], offset=float(node.get("offset", "0")), phases=_brisk(phases))
    return programs


def _brisk(phases: tuple[tuple[float, str], ...]) -> tuple[tuple[float, str], ...]:
    """Phases whose cycle takes LONGEST_CYCLE at most, as far as no phase falls below SHORTEST_PHASE for it: where netconvert joins
    many nodes into one signal, it gives each its own phase and keeps the others red for minutes."""
    spare = sum(max(duration - SHORTEST_PHASE, 0.0) for duration, _ in phases)
    excess = min(max(sum(duration for duration, _ in phases) - LONGEST_CYCLE, 0.0), spare)
    if excess == 0.0:
        return phases
    share = 1.0 - excess / spare
    return tuple((min(d, SHORTEST_PHASE) + share * max(d - SHORTEST_PHASE, 0.0), state) for d, state in phases)


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _shape(text: str) -> Polyline:
    """'x,y x,y[,z] ...' as (N, 2)."""
    return np.array([_numbers(pair)[:2] for pair in text.split()], dtype=np.float64).reshape(-1, 2)
