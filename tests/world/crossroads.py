"""A crossroads small enough to reason about. Traffic keeps right; streets run west-east and south-north, one lane of 3.5 m each way,
their junction is 20 m wide. West-east has lights (green 20 s, yellow 3 s, red 20 s); the street from the south yields."""

import math
from dataclasses import dataclass, field

import numpy as np

from caravela.world.maps.lane_graph import (
    JUNCTION,
    LAMP_GREEN,
    LAMP_RED,
    LAMP_YELLOW,
    LEFT,
    PRIORITY,
    ROAD,
    SIGNAL,
    STRAIGHT,
    YIELD,
    LaneGraph,
)

WIDTH, LIMIT, HALF = 3.5, 13.89, 10.0
ARM = 300.0  # m of each street before and behind the junction
GREEN_S, YELLOW_S, RED_S = 20.0, 3.0, 20.0
(EAST_IN, EAST_OVER, EAST_OUT, WEST_IN, WEST_OVER, WEST_OUT, NORTH_IN, NORTH_OVER, NORTH_OUT, EAST_TO_NORTH) = range(10)


@dataclass
class Lane:
    points: np.ndarray  # (n, 2) m
    kind: int = ROAD
    successors: tuple[int, ...] = ()
    control: int = PRIORITY
    turn: int = STRAIGHT
    link: int = -1
    conflicts: tuple[tuple[int, bool], ...] = ()  # (lane, must it be given way to)
    edge: int = -1
    left: int = -1
    right: int = -1
    length: float = field(init=False)

    def __post_init__(self) -> None:
        self.points = np.asarray(self.points, dtype=np.float64)
        self.length = float(np.hypot(*np.diff(self.points, axis=0).T).sum())


def line(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    count = max(2, round(math.hypot(x1 - x0, y1 - y0) / 5.0) + 1)
    return np.stack([np.linspace(x0, x1, count), np.linspace(y0, y1, count)], -1)


def arc(centre: tuple[float, float], radius: float, start: float, end: float, count: int = 17) -> np.ndarray:
    angle = np.linspace(start, end, count)
    return np.stack([centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)], -1)


def crossroads() -> LaneGraph:
    side = WIDTH / 2
    far = HALF + ARM
    lanes = [
        Lane(line(-far, -side, -HALF, -side), successors=(EAST_OVER, EAST_TO_NORTH), edge=0),
        Lane(line(-HALF, -side, HALF, -side), JUNCTION, (EAST_OUT,), SIGNAL, link=0, conflicts=((NORTH_OVER, False),)),
        Lane(line(HALF, -side, far, -side), edge=1),
        Lane(line(far, side, HALF, side), successors=(WEST_OVER,), edge=2),
        Lane(line(HALF, side, -HALF, side), JUNCTION, (WEST_OUT,), SIGNAL, link=1, conflicts=((NORTH_OVER, False),)),
        Lane(line(-HALF, side, -far, side), edge=3),
        Lane(line(side, -far, side, -HALF), successors=(NORTH_OVER,), edge=4),
        Lane(
            line(side, -HALF, side, HALF),
            JUNCTION,
            (NORTH_OUT,),
            YIELD,
            conflicts=((EAST_OVER, True), (WEST_OVER, True), (EAST_TO_NORTH, True)),
        ),
        Lane(line(side, HALF, side, far), edge=5),
        Lane(
            arc((-HALF, HALF), HALF + side, -math.pi / 2, 0.0),
            JUNCTION,
            (NORTH_OUT,),
            SIGNAL,
            LEFT,
            link=0,
            conflicts=((WEST_OVER, True), (NORTH_OVER, False)),
        ),
    ]
    square = np.array([(-HALF, -HALF), (HALF, -HALF), (HALF, HALF), (-HALF, HALF)])
    phases = np.array([[LAMP_GREEN] * 2, [LAMP_YELLOW] * 2, [LAMP_RED] * 2], np.uint8)
    return graph_of(
        lanes,
        junction=square,
        phases=phases,
        durations=[GREEN_S, YELLOW_S, RED_S],
        crossing=[(-14.0, -3.5, -14.0, 3.5, 4.0)],
        crossing_link=[-1],
    )


def graph_of(
    lanes: list[Lane], *, junction: np.ndarray, phases: np.ndarray, durations: list[float], crossing: list, crossing_link: list[int]
) -> LaneGraph:
    integers, floats = (lambda values: np.array(list(values), np.int32)), (lambda values: np.array(list(values), np.float32))
    steps = [np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(lane.points, axis=0).T))]) for lane in lanes]
    headings = [np.arctan2(*np.gradient(lane.points, axis=0).T[::-1]) for lane in lanes]
    behind = [[k for k, other in enumerate(lanes) if j in other.successors] for j in range(len(lanes))]
    points = np.concatenate([lane.points for lane in lanes])
    links = phases.shape[1]
    return LaneGraph(
        name="crossroads", lefthand=False, origin=(0.0, 0.0), attribution="",
        lane_point_start=integers(np.cumsum([0] + [len(lane.points) for lane in lanes])),
        point_x=floats(points[:, 0]), point_y=floats(points[:, 1]), point_s=floats(np.concatenate(steps)), point_heading=floats(np.concatenate(headings)),
        lane_length=floats(lane.length for lane in lanes), lane_width=floats([WIDTH] * len(lanes)), lane_speed=floats([LIMIT] * len(lanes)),
        lane_kind=np.array([lane.kind for lane in lanes], np.uint8), lane_use=np.ones(len(lanes), np.uint8), lane_edge=integers(lane.edge for lane in lanes),
        lane_left=integers(lane.left for lane in lanes), lane_right=integers(lane.right for lane in lanes),
        lane_axis_offset=floats(WIDTH / 2 if lane.kind == ROAD else 0.0 for lane in lanes), lane_opposite=integers([-1] * len(lanes)),
        lane_junction=integers(0 if lane.kind == JUNCTION or lane.successors else -1 for lane in lanes),
        lane_control=np.array([lane.control for lane in lanes], np.uint8), lane_turn=np.array([lane.turn for lane in lanes], np.uint8),
        lane_link=integers(lane.link for lane in lanes), lane_roundabout=np.zeros(len(lanes), bool),
        successor_start=integers(np.cumsum([0] + [len(lane.successors) for lane in lanes])), successor=integers(s for lane in lanes for s in lane.successors),
        predecessor_start=integers(np.cumsum([0] + [len(b) for b in behind])), predecessor=integers(b for row in behind for b in row),
        conflict_start=integers(np.cumsum([0] + [len(lane.conflicts) for lane in lanes])), conflict=integers(c for lane in lanes for c, _ in lane.conflicts),
        conflict_yields=np.array([y for lane in lanes for _, y in lane.conflicts], bool), conflict_s=floats(HALF for lane in lanes for _ in lane.conflicts),
        link_signal=integers([0] * links), link_slot=integers(range(links)), link_x=floats([-HALF, HALF][:links]), link_y=floats([-WIDTH / 2, WIDTH / 2][:links]),
        link_heading=floats([0.0, math.pi][:links]), signal_phase_start=integers([0, len(durations)]), signal_offset=floats([0.0]),
        phase_duration=floats(durations), phase_state=phases,
        junction_start=integers([0, len(junction)]), junction_x=floats(junction[:, 0]), junction_y=floats(junction[:, 1]),
        crossing=np.array(crossing, np.float32).reshape(-1, 5), crossing_link=integers(crossing_link),
        building_start=integers([0, 4]), building_x=floats([-60.0, -30.0, -30.0, -60.0]), building_y=floats([20.0, 20.0, 40.0, 40.0]), building_height=floats([9.0]),
        tree=np.zeros((0, 4), np.float32), parking=np.array([(-100.0, -6.0, 0.0)], np.float32),
    )  # fmt: skip


def put(
    simulator,
    *,
    lane: int,
    s: float,
    speed: float = 0.0,
    world: int = 0,
    agent: int = 0,
    route: list[int] | None = None,
    offset: float = 0.0,
    turned: float = 0.0,
) -> None:
    """Put an agent on a lane, `offset` m left of it and `turned` rad off its direction; the rest of the route follows the first successors."""
    roads, me = simulator.atlas.roads, simulator.state.agents[world]
    points = roads.points[roads.lanes[lane]["point_start"] : roads.lanes[lane]["point_end"]]
    k = min(max(int(np.searchsorted(points["s"], s, side="right")) - 1, 0), len(points) - 2)
    ahead = np.array([points["x"][k + 1] - points["x"][k], points["y"][k + 1] - points["y"][k]], np.float64)
    ahead /= np.hypot(*ahead)
    at = np.array([points["x"][k], points["y"][k]]) + ahead * (s - points["s"][k]) + offset * np.array([-ahead[1], ahead[0]])
    me["x"][agent], me["y"][agent], me["heading"][agent] = at[0], at[1], math.atan2(ahead[1], ahead[0]) + turned
    me["speed"][agent], me["acceleration"][agent], me["curvature"][agent], me["timer"][agent] = speed, 0.0, 0.0, 0.0
    me["lane"][agent], me["lane_s"][agent], me["lane_offset"][agent], me["route_at"][agent] = lane, s, offset, 0
    lanes = list(route or [lane])
    while len(lanes) < 60:
        first, last = roads.lanes[lanes[-1]]["successor_start"], roads.lanes[lanes[-1]]["successor_end"]
        if first == last:
            break
        lanes.append(int(roads.successors[first]))
    me["route"][agent] = -1
    me["route"][agent, : len(lanes)] = lanes
