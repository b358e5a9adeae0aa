"""Many lane graphs as one set of flat arrays, so that worlds on different maps advance in one kernel call. Lanes are
numbered across the whole atlas; signal links and programs are numbered within their map, as `WorldState.lamp` columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from caravela.core.errors import MapError
from caravela.world import learned
from caravela.world.kernels.compiling import announce_compiling
from caravela.world.kernels.routes import CHANGE_LENGTH
from caravela.world.maps.lane_graph import CAR, ROAD, U_TURN, LaneGraph
from caravela.world.maps.paving import grid_of

REACH = 1500.0  # m, how far ahead reachability is followed


MAP = np.dtype(
    [
        ("grid_start", "i8"),  # first cell in `grid`
        ("grid_x", "f4"),  # m, the grid's corner
        ("grid_y", "f4"),
        ("columns", "i4"),
        ("rows", "i4"),
        *((f"{name}_{end}", "i4") for name in ("lane", "link", "signal", "crossing", "parking", "spawn") for end in ("start", "end")),
        ("lefthand", "?"),
    ],
    align=True,
)
LANE = np.dtype(
    [
        *((name, "f4") for name in ("length", "width", "speed", "axis_offset")),
        ("reach", "f4"),  # m one can still drive from the lane's start, capped at REACH
        *((name, "i4") for name in ("edge", "left", "right", "link")),  # link within the map, the others across the atlas
        *((f"{name}_{end}", "i4") for name in ("point", "successor", "conflict") for end in ("start", "end")),
        *((name, "u1") for name in ("kind", "use", "control", "turn")),
    ],
    align=True,
)
POINT = np.dtype([("x", "f4"), ("y", "f4"), ("s", "f4"), ("heading", "f4")])
CONFLICT = np.dtype([("lane", "i4"), ("s", "f4"), ("yields", "?")], align=True)
LINK = np.dtype([("signal", "i4"), ("slot", "i4")])
CROSSING = np.dtype([("x0", "f4"), ("y0", "f4"), ("x1", "f4"), ("y1", "f4"), ("width", "f4"), ("link", "i4")])
PARKING = np.dtype([("x", "f4"), ("y", "f4"), ("heading", "f4")])
SPAWN = np.dtype([("lane", "i4"), ("weight", "f4")])  # road lanes where a car may begin; cumulative length within the map, m


class Roads(NamedTuple):
    """What kernels read: records whose fields mean what they mean in `LaneGraph`."""

    maps: NDArray  # (M,) MAP
    lanes: NDArray  # (L,) LANE
    points: NDArray  # (P,) POINT
    successors: NDArray[np.int32]
    conflicts: NDArray  # CONFLICT
    links: NDArray  # LINK
    programs: NDArray[np.int32]  # (S + 1,) first phase of each signal program
    phases: NDArray[np.float32]  # (F,) s
    phase_state: NDArray[np.uint8]  # (F, widest) lamp per slot
    crossings: NDArray  # CROSSING
    parking: NDArray  # PARKING
    spawns: NDArray  # SPAWN
    grid: NDArray[np.uint8]  # navigation cells: 0 off-road, 1 any direction, 2..254 the lane's heading, 255 building
    learned: NDArray[np.float32]  # weights of the learned traffic, see `kernels.learned`


@dataclass(frozen=True)
class Atlas:
    """The graphs and their kernel arrays."""

    graphs: tuple[LaneGraph, ...]
    roads: Roads

    @property
    def links(self) -> int:
        """Signal links of the map that has most (at least 1)."""
        return max(1, int((self.roads.maps["link_end"] - self.roads.maps["link_start"]).max()))

    @property
    def signals(self) -> int:
        return max(1, int((self.roads.maps["signal_end"] - self.roads.maps["signal_start"]).max()))


def build(graphs: Sequence[LaneGraph]) -> Atlas:
    """Concatenate graphs. Raises MapError for a map with no lane that a car can use."""
    announce_compiling()
    for graph in graphs:
        if graph.car_km() < 0.05:
            raise MapError(
                f"map '{graph.name}' has {graph.car_km() * 1000:.0f} m of road for cars; expected at least 50 m: choose a larger extract."
            )
    offsets = _counts([g.lanes for g in graphs])
    spawns = [_spawns(g, int(offset)) for g, offset in zip(graphs, offsets, strict=False)]
    grids = [grid_of(g) for g in graphs]
    widest = max([g.phase_state.shape[1] for g in graphs if len(g.phase_duration)] + [1])
    roads = Roads(
        maps=_maps(graphs, grids, [len(s) for s in spawns]),
        lanes=_lanes(graphs, offsets),
        points=_records(POINT, graphs, x="point_x", y="point_y", s="point_s", heading="point_heading"),
        successors=_shifted([g.successor for g in graphs], offsets),
        conflicts=_conflicts(graphs, offsets),
        links=_records(LINK, graphs, signal="link_signal", slot="link_slot"),
        programs=_csr([g.signal_phase_start for g in graphs]),
        phases=np.concatenate([g.phase_duration for g in graphs]).astype(np.float32),
        phase_state=np.concatenate([_widened(g.phase_state, widest) for g in graphs]),
        crossings=_crossings(graphs),
        parking=np.concatenate([g.parking.reshape(-1, 3) for g in graphs]).astype(np.float32).view(PARKING).reshape(-1),
        spawns=np.concatenate(spawns),
        grid=np.concatenate([cells.ravel() for _, cells in grids]),
        learned=learned.weights_or_none(),
    )
    return Atlas(graphs=tuple(graphs), roads=roads)


def _records(dtype: np.dtype, graphs: Sequence[LaneGraph], **columns: str) -> NDArray:
    """One record array whose fields are the graphs' arrays, end to end."""
    first = next(iter(columns.values()))
    records = np.zeros(sum(len(getattr(g, first)) for g in graphs), dtype=dtype)
    for field, name in columns.items():
        records[field] = np.concatenate([getattr(g, name) for g in graphs])
    return records


def _lanes(graphs: Sequence[LaneGraph], offsets: NDArray) -> NDArray:
    lanes = _records(LANE, graphs, **{name: f"lane_{name}" for name in "length width speed axis_offset kind use control turn link".split()})
    lanes["reach"] = np.concatenate([_reach(g) for g in graphs])
    lanes["edge"] = _shifted([g.lane_edge for g in graphs], _counts([int(g.lane_edge.max(initial=-1)) + 1 for g in graphs]))
    for side in ("left", "right"):
        lanes[side] = _shifted([getattr(g, f"lane_{side}") for g in graphs], offsets)
    for name, source in (("point", "lane_point_start"), ("successor", "successor_start"), ("conflict", "conflict_start")):
        starts = _csr([getattr(g, source) for g in graphs])
        lanes[f"{name}_start"], lanes[f"{name}_end"] = starts[:-1], starts[1:]
    return lanes


def _conflicts(graphs: Sequence[LaneGraph], offsets: NDArray) -> NDArray:
    conflicts = _records(CONFLICT, graphs, s="conflict_s", yields="conflict_yields")
    conflicts["lane"] = _shifted([g.conflict for g in graphs], offsets)
    return conflicts


def _crossings(graphs: Sequence[LaneGraph]) -> NDArray:
    rows = np.concatenate([g.crossing.reshape(-1, 5) for g in graphs])
    crossings = np.zeros(len(rows), dtype=CROSSING)
    for column, name in enumerate(("x0", "y0", "x1", "y1", "width")):
        crossings[name] = rows[:, column]
    crossings["link"] = np.concatenate([g.crossing_link for g in graphs])
    return crossings


def _maps(graphs: Sequence[LaneGraph], grids: list, spawns: list[int]) -> NDArray:
    maps = np.zeros(len(graphs), dtype=MAP)
    counts = {
        "lane": [g.lanes for g in graphs],
        "link": [len(g.link_signal) for g in graphs],
        "signal": [max(0, len(g.signal_phase_start) - 1) for g in graphs],
        "crossing": [len(g.crossing) for g in graphs],
        "parking": [len(g.parking) for g in graphs],
        "spawn": spawns,
    }
    for name, sizes in counts.items():
        ends = _counts(sizes)
        maps[f"{name}_start"], maps[f"{name}_end"] = ends[:-1], ends[1:]
    maps["grid_start"] = np.cumsum([0] + [cells.size for _, cells in grids])[:-1]
    maps["grid_x"], maps["grid_y"] = [origin[0] for origin, _ in grids], [origin[1] for origin, _ in grids]
    maps["columns"], maps["rows"] = [cells.shape[1] for _, cells in grids], [cells.shape[0] for _, cells in grids]
    maps["lefthand"] = [g.lefthand for g in graphs]
    return maps


def _shifted(parts: list[NDArray], offsets: NDArray) -> NDArray[np.int32]:
    return np.concatenate([np.where(p >= 0, p + o, -1) for p, o in zip(parts, offsets, strict=False)]).astype(np.int32)


def _csr(parts: list[NDArray]) -> NDArray[np.int32]:
    out, base = [np.zeros(1, dtype=np.int64)], 0
    for starts in parts:
        starts = starts if len(starts) else np.zeros(1, dtype=np.int32)
        out.append(starts[1:].astype(np.int64) + base)
        base += int(starts[-1])
    return np.concatenate(out).astype(np.int32)


def _counts(counts: list[int]) -> NDArray[np.int32]:
    return np.cumsum([0] + [max(0, c) for c in counts]).astype(np.int32)


def _widened(states: NDArray[np.uint8], widest: int) -> NDArray[np.uint8]:
    if not len(states):
        return np.zeros((0, widest), dtype=np.uint8)
    return np.pad(states, ((0, 0), (0, widest - states.shape[1])))


def _reach(graph: LaneGraph) -> NDArray[np.float64]:
    """Metres one can drive from each lane's start without turning round, capped at REACH: longest path by relaxation. Lanes that
    are too short to change from lead only where their own successors do."""
    reach = np.where(graph.lane_use & CAR > 0, graph.lane_length, 0.0).astype(np.float64)
    length = reach.copy()
    source = np.repeat(np.arange(graph.lanes), np.diff(graph.successor_start))
    usable = (graph.lane_use[graph.successor] & CAR > 0) & ~(
        (graph.lane_turn[graph.successor] == U_TURN) & (graph.lane_kind[graph.successor] != ROAD)
    )
    source, target = source[usable], graph.successor[usable]
    for _ in range(400):
        onward = np.zeros(graph.lanes)
        np.maximum.at(onward, source, reach[target])
        for side in (graph.lane_left, graph.lane_right):
            onward = np.where((side >= 0) & (graph.lane_length > CHANGE_LENGTH), np.maximum(onward, onward[side]), onward)
        new = np.minimum(np.where(length > 0, length + onward, 0.0), REACH)
        if np.allclose(new, reach):
            break
        reach = new
    return reach


def _spawns(graph: LaneGraph, offset: int) -> NDArray:
    usable = (graph.lane_kind == ROAD) & (graph.lane_use & CAR > 0)
    long_enough = usable & (graph.lane_length > 6.0)
    lanes = np.flatnonzero(long_enough if long_enough.any() else usable)
    spawns = np.zeros(len(lanes), dtype=SPAWN)
    spawns["lane"], spawns["weight"] = lanes + offset, np.cumsum(graph.lane_length[lanes])
    return spawns
