"""A parsed SUMO network becomes a LaneGraph: lanes get numbers, paths get smooth points, junctions their conflicts, signals
their links. Buildings, trees and parking are not its business (`roadside`): it leaves those arrays empty."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import MapError
from caravela.world.maps.centre_line import CentreLine, Polyline, densify, first_within, resample, short, signed_area
from caravela.world.maps.lane_graph import (
    CAR,
    JUNCTION,
    LAMP_FLASHING_YELLOW,
    LAMP_GREEN,
    LAMP_GREEN_YIELD,
    LAMP_OFF,
    LAMP_RED,
    LAMP_RED_YELLOW,
    LAMP_YELLOW,
    PRIORITY,
    RIGHT_BEFORE_LEFT,
    SIGNAL,
    YIELD,
    LaneGraph,
)
from caravela.world.maps.net_repair import without_fragments, without_idle_signals
from caravela.world.maps.net_xml import Net, NetEdge, read_net
from caravela.world.maps.paths import LanePath, by_edge, junction_lanes, neighbours, road_lanes, straighten_stubs
from caravela.world.maps.road_axis import Axis, axes

WIDEST = 8000.0  # m, larger maps are refused
CAR_WIDTH = 2.5  # m, two paths nearer than this cannot both be used
LAMP_OF_LETTER = {
    "r": LAMP_RED,
    "s": LAMP_RED,
    "u": LAMP_RED_YELLOW,
    "y": LAMP_YELLOW,
    "Y": LAMP_YELLOW,
    "g": LAMP_GREEN_YIELD,
    "G": LAMP_GREEN,
    "o": LAMP_FLASHING_YELLOW,
    "O": LAMP_OFF,
}


@dataclass(frozen=True)
class Draft:
    """Numbered lanes with their centre lines."""

    net: Net
    lanes: list[LanePath]
    lines: list[CentreLine]
    number: dict[str, int]  # lane id to index
    junctions: dict[str, int]  # junction id to index
    links: list[tuple[str, int, str]]  # (program, slot, id of the lane or crossing it stands at)


@dataclass(frozen=True)
class Streets:
    """A lane graph without roadside, and the SUMO edge behind each of its edges."""

    graph: LaneGraph
    edges: tuple[NetEdge, ...]  # row e is edge e of graph.lane_edge


def read_streets(path: Path, *, name: str, attribution: str = "") -> Streets:
    """The streets of a `.net.xml`. Raises MapError."""
    net = read_net(path)
    west, south, east, north = net.bounds_degrees
    return assemble(net, name=name, origin=((south + north) / 2.0, (west + east) / 2.0), attribution=attribution)


def assemble(net: Net, *, name: str, origin: tuple[float, float], attribution: str) -> Streets:
    """Raises MapError if no lane may be used by cars."""
    net = without_idle_signals(net)
    roads = without_fragments(road_lanes(net), net)
    if not any(lane.use & CAR for lane in roads.values()):
        raise MapError(f"map '{name}' has no road that a car may use; expected at least one street: give a larger extract.")
    across = float(np.ptp(np.concatenate([lane.shape for lane in roads.values()]), axis=0).max())
    if across > WIDEST:
        raise MapError(f"map '{name}' is {across / 1000.0:.0f} km across; expected at most {WIDEST / 1000.0:.0f} km: cut a smaller map.")
    draft = _draft(net, roads)
    edges = by_edge(roads)
    axis = axes(net, edges)
    conflicts = _conflicts(draft)
    _drop_idle_signs(draft, conflicts)
    graph = LaneGraph(
        name=name,
        lefthand=net.lefthand,
        origin=origin,
        attribution=attribution,
        **_points(draft),
        **_lane_columns(draft, edges, axis),
        **_connections(draft),
        **conflicts,
        **_signals(draft, conflicts),
        **_areas(draft),
        **empty_roadside(),
    )
    return Streets(graph=graph, edges=tuple(net.edges[edge] for edge in edges))


def empty_roadside() -> dict[str, NDArray]:
    return {
        "building_start": np.zeros(1, np.int32),
        "building_x": np.zeros(0, np.float32),
        "building_y": np.zeros(0, np.float32),
        "building_height": np.zeros(0, np.float32),
        "tree": np.zeros((0, 4), np.float32),
        "parking": np.zeros((0, 3), np.float32),
    }


def _draft(net: Net, roads: dict[str, LanePath]) -> Draft:
    straighten_stubs(net, roads)
    for lane in roads.values():
        lane.shape, lane.smoothing = resample(lane.shape, smoothing=lane.smoothing).points, 0.0
    paths = junction_lanes(net, roads)
    lanes = [*roads.values(), *paths.values()]
    lines = [resample(lane.shape, smoothing=lane.smoothing) for lane in lanes]
    number = {lane.id: k for k, lane in enumerate(lanes)}
    for lane, line in zip(lanes, lines, strict=True):
        if lane.kind == JUNCTION:
            _join_headings(line, before=lines[number[lane.before]], after=lines[number[lane.after]])
    crossed = dict.fromkeys(lane.junction for lane in lanes if lane.kind == JUNCTION)
    links = dict.fromkeys((lane.signal, lane.slot, lane.before) for lane in paths.values() if lane.signal)
    links |= dict.fromkeys(
        (c.signal, c.slot, c.to_edge) for c in net.connections if c.signal in net.programs and _function(net, c.to_edge) == "crossing"
    )
    return Draft(net=net, lanes=lanes, lines=lines, number=number, junctions={j: k for k, j in enumerate(crossed)}, links=list(links))


def _function(net: Net, edge: str) -> str:
    return net.edges[edge].function if edge in net.edges else ""


def _join_headings(line: CentreLine, *, before: CentreLine, after: CentreLine) -> None:
    """Give a path the headings of its neighbours at both ends where they nearly agree."""
    for at, target in ((0, before.heading[-1]), (-1, after.heading[0])):
        gap = (target - line.heading[at] + np.pi) % (2.0 * np.pi) - np.pi
        if abs(gap) < 0.4:
            line.heading[at] += gap


def _points(draft: Draft) -> dict[str, NDArray]:
    return {
        "lane_point_start": _starts([len(line.s) for line in draft.lines]),
        "point_x": short(_flat([line.points[:, 0] for line in draft.lines], np.float64), 1.0 / 128.0),
        "point_y": short(_flat([line.points[:, 1] for line in draft.lines], np.float64), 1.0 / 128.0),
        "point_s": short(_flat([line.s for line in draft.lines], np.float64), 1.0 / 128.0),
        "point_heading": short((_flat([line.heading for line in draft.lines], np.float64) + np.pi) % (2 * np.pi) - np.pi, 1.0 / 4096.0),
        "lane_length": short(np.array([line.length for line in draft.lines]), 1.0 / 128.0),
    }


def _lane_columns(draft: Draft, edges: dict[str, list[LanePath]], axis: dict[str, Axis]) -> dict[str, NDArray]:
    lanes = draft.lanes
    edge_number = {edge: k for k, edge in enumerate(edges)}
    link_number = {link: k for k, link in enumerate(draft.links)}
    beside = neighbours({lane.id: lane for lane in lanes if lane.kind != JUNCTION}, lefthand=draft.net.lefthand)

    def offset(lane: LanePath) -> float:
        return axis[lane.id].offset if lane.kind != JUNCTION else (axis[lane.before].offset + axis[lane.after].offset) / 2.0

    def opposite(lane: LanePath) -> int:
        return edge_number.get(axis[lane.id].opposite, -1) if lane.kind != JUNCTION else -1

    return {
        "lane_width": np.array([lane.width for lane in lanes], np.float32),
        "lane_speed": np.array([lane.speed for lane in lanes], np.float32),
        "lane_kind": np.array([lane.kind for lane in lanes], np.uint8),
        "lane_use": np.array([lane.use for lane in lanes], np.uint8),
        "lane_edge": np.array([edge_number.get(lane.edge, -1) for lane in lanes], np.int32),
        "lane_left": np.array([draft.number.get(beside.get(lane.id, ("", ""))[0], -1) for lane in lanes], np.int32),
        "lane_right": np.array([draft.number.get(beside.get(lane.id, ("", ""))[1], -1) for lane in lanes], np.int32),
        "lane_axis_offset": np.array([offset(lane) for lane in lanes], np.float32),
        "lane_opposite": np.array([opposite(lane) for lane in lanes], np.int32),
        "lane_junction": np.array([draft.junctions.get(lane.junction, -1) for lane in lanes], np.int32),
        "lane_control": np.array([lane.control for lane in lanes], np.uint8),
        "lane_turn": np.array([lane.turn for lane in lanes], np.uint8),
        "lane_link": np.array(
            [link_number.get((lane.signal, lane.slot, lane.before), -1) if lane.control == SIGNAL else -1 for lane in lanes], np.int32
        ),
        "lane_roundabout": np.array([lane.roundabout for lane in lanes], np.bool_),
    }


def _connections(draft: Draft) -> dict[str, NDArray]:
    after = [list(dict.fromkeys(draft.number[s] for s in lane.successors if s in draft.number)) for lane in draft.lanes]
    before: list[list[int]] = [[] for _ in draft.lanes]
    for lane, following in enumerate(after):
        for other in following:
            before[other].append(lane)
    return {
        "successor_start": _starts([len(row) for row in after]),
        "successor": _flat(after, np.int32),
        "predecessor_start": _starts([len(row) for row in before]),
        "predecessor": _flat(before, np.int32),
    }


def _conflicts(draft: Draft) -> dict[str, NDArray]:
    """Pairs that SUMO's right-of-way matrix calls foes and whose centre lines do come within a car's width, and merging pairs."""
    rows: dict[str, list[int]] = defaultdict(list)
    for k, path in enumerate(draft.lanes):
        if path.kind == JUNCTION and path.request >= 0:
            rows[path.junction].append(k)
    found: list[list[tuple[int, bool, float]]] = [[] for _ in draft.lanes]
    dense = {k: densify(draft.lines[k].points) for members in rows.values() for k in members}
    for members in rows.values():
        for lane in members:
            for other in members:
                foes, yields = _priority(draft, draft.lanes[lane], draft.lanes[other])
                if lane == other or not foes:
                    continue
                at, gap = first_within(dense[lane], dense[other], distance=CAR_WIDTH)
                if gap < CAR_WIDTH:
                    yields |= lane > other and not _priority(draft, draft.lanes[other], draft.lanes[lane])[1]  # netconvert left it open
                    found[lane].append((other, yields, at))
    return {
        "conflict_start": _starts([len(row) for row in found]),
        "conflict": _flat([[other for other, _, _ in row] for row in found], np.int32),
        "conflict_yields": _flat([[yields for _, yields, _ in row] for row in found], np.bool_),
        "conflict_s": _flat([[s for _, _, s in row] for row in found], np.float32),
    }


def _drop_idle_signs(draft: Draft, conflicts: dict[str, NDArray]) -> None:
    """An approach that yields to nobody has no sign (netconvert also marks those that only meet people who cross)."""
    start, yields = conflicts["conflict_start"], conflicts["conflict_yields"]
    paths = [(k, lane) for k, lane in enumerate(draft.lanes) if lane.kind == JUNCTION]
    yielding = {draft.lanes[draft.number[lane.before]].edge for k, lane in paths if yields[start[k] : start[k + 1]].any()}
    for _, lane in paths:
        if lane.control in (YIELD, RIGHT_BEFORE_LEFT) and draft.lanes[draft.number[lane.before]].edge not in yielding:
            lane.control = PRIORITY


def _priority(draft: Draft, lane: LanePath, other: LanePath) -> tuple[bool, bool]:
    """Whether two paths of one junction are foes, and whether the first must yield to the second."""
    if lane.merges_into == other.id or other.merges_into == lane.id:
        return True, lane.merges_into == other.id
    record = draft.net.junctions[lane.junction]
    if lane.before == other.before or lane.request >= len(record.foes):
        return False, False
    return _bit(record.foes[lane.request], other.request), _bit(record.response[lane.request], other.request)


def _bit(bits: str, index: int) -> bool:
    return 0 <= index < len(bits) and bits[-1 - index] == "1"


def _signals(draft: Draft, conflicts: dict[str, NDArray]) -> dict[str, NDArray]:
    programs = {name: k for k, name in enumerate(dict.fromkeys(name for name, _, _ in draft.links))}
    widest = max([1, *[len(state) for name in programs for _, state in draft.net.programs[name].phases]])
    phases = [phase for name in programs for phase in draft.net.programs[name].phases]
    states = np.full((len(phases), widest), LAMP_OFF, np.uint8)
    for row, (_, state) in enumerate(phases):
        states[row, : len(state)] = [LAMP_OF_LETTER.get(letter, LAMP_OFF) for letter in state]
    phase_start = _starts([len(draft.net.programs[name].phases) for name in programs])
    for k, lane in enumerate(draft.lanes):
        for c in range(conflicts["conflict_start"][k], conflicts["conflict_start"][k + 1]):
            other = draft.lanes[conflicts["conflict"][c]]
            if conflicts["conflict_yields"][c] and lane.signal and lane.signal == other.signal:
                rows = slice(phase_start[programs[lane.signal]], phase_start[programs[lane.signal] + 1])
                both = (states[rows, lane.slot] == LAMP_GREEN) & (states[rows, other.slot] == LAMP_GREEN)
                states[rows, lane.slot] = np.where(both, LAMP_GREEN_YIELD, states[rows, lane.slot])
    ends = [_stop_line(draft, place) for _, _, place in draft.links]
    return {
        "link_signal": np.array([programs[name] for name, _, _ in draft.links], np.int32),
        "link_slot": np.array([slot for _, slot, _ in draft.links], np.int32),
        "link_x": np.array([x for x, _, _ in ends], np.float32),
        "link_y": np.array([y for _, y, _ in ends], np.float32),
        "link_heading": np.array([heading for _, _, heading in ends], np.float32),
        "signal_phase_start": phase_start,
        "signal_offset": np.array([draft.net.programs[name].offset for name in programs], np.float32),
        "phase_duration": np.array([duration for duration, _ in phases], np.float32),
        "phase_state": states,
    }


def _stop_line(draft: Draft, place: str) -> tuple[float, float, float]:
    """x, y, heading where the traffic of a lane, or the people of a crossing, wait."""
    if place in draft.number:
        line = draft.lines[draft.number[place]]
        return float(line.points[-1, 0]), float(line.points[-1, 1]), float((line.heading[-1] + np.pi) % (2 * np.pi) - np.pi)
    shape = draft.net.edges[place].lanes[0].shape
    step = shape[-1] - shape[0]
    return float(shape[0, 0]), float(shape[0, 1]), float(np.arctan2(step[1], step[0]))


def _areas(draft: Draft) -> dict[str, NDArray]:
    outlines = [_outline(draft, name) for name in draft.junctions]
    crossings, links = [], []
    driven = {lane.edge for lane in draft.lanes}
    link_number = {place: k for k, (_, _, place) in enumerate(draft.links)}
    for edge in draft.net.edges.values():
        if edge.function == "crossing" and edge.lanes and len(edge.lanes[0].shape) >= 2 and driven & set(edge.crosses):
            shape = edge.lanes[0].shape
            crossings.append([*shape[0], *shape[-1], edge.lanes[0].width])
            links.append(link_number.get(edge.id, -1))
    return {
        "junction_start": _starts([len(outline) for outline in outlines]),
        "junction_x": _flat([outline[:, 0] for outline in outlines], np.float32),
        "junction_y": _flat([outline[:, 1] for outline in outlines], np.float32),
        "crossing": np.array(crossings, np.float32).reshape(-1, 5),
        "crossing_link": np.array(links, np.int32),
    }


def _outline(draft: Draft, junction: str) -> Polyline:
    """A junction's polygon, counter-clockwise; a small box around its paths where SUMO's has no area."""
    shape = draft.net.junctions[junction].shape if junction in draft.net.junctions else np.zeros((0, 2))
    area = signed_area(shape) if len(shape) >= 3 else 0.0
    if abs(area) < 0.5:
        points = np.concatenate(
            [
                line.points
                for lane, line in zip(draft.lanes, draft.lines, strict=True)
                if lane.kind == JUNCTION and lane.junction == junction
            ]
        )
        (x0, y0), (x1, y1) = points.min(axis=0) - 1.6, points.max(axis=0) + 1.6
        return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]])
    return shape if area > 0.0 else shape[::-1]


def _starts(counts: Sequence[int]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)]).astype(np.int32)


def _flat(rows: Iterable[Sequence | NDArray], dtype: type) -> NDArray:
    rows = [np.asarray(row, dtype=dtype) for row in rows]
    return np.concatenate(rows) if rows else np.zeros(0, dtype)
