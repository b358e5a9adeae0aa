"""What stands at the roadside: signal heads, stop and yield signs, speed signs, street lamps. Heads are placed as each region
does it (beside the stop line and repeated across the junction, or over the road on a mast arm), all variants are listed, and
the look of a world picks its own by a bit mask."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from caravela.world import regions
from caravela.world.buildings import Clearance, kerb_points
from caravela.world.ground import LAMP_HEIGHT
from caravela.world.kernels import bundles, lamps
from caravela.world.kernels.gather import GREEN, RED, WHITE, YELLOW
from caravela.world.maps import lane_graph
from caravela.world.maps.lane_graph import LaneGraph

LENS = 0.15  # m, radius of a signal lens
HEAD_HALF = (0.20, 0.55)  # m
ALL = (1 << len(regions.REGIONS)) - 1
assert len(regions.REGIONS) <= 24, "kernels read masks of looks in single precision"


def _mask(layout: str, *, lying: bool | None = None) -> int:
    return sum(1 << k for k, r in enumerate(regions.REGIONS) if layout in r.heads and (lying is None or r.lamps_lie == lying))


@dataclass
class Furniture:
    """Rows of `SceneArrays.stick`, `.card`, `.lamp` and `.lamp_link`, being collected."""

    sticks: list[tuple[float, ...]] = field(default_factory=list)
    cards: list[tuple[float, ...]] = field(default_factory=list)
    lamps: list[tuple[float, ...]] = field(default_factory=list)
    links: list[int] = field(default_factory=list)

    def stick(
        self, a: tuple[float, float, float], b: tuple[float, float, float], radius: float, *, mask: int = ALL, colour: int = bundles.POST
    ) -> None:
        self.sticks.append((*a, *b, radius, colour, mask))

    def card(
        self, x: float, y: float, z: float, facing: float, half: tuple[float, float], face: int, *, mask: int = ALL, seed: float = 0.0
    ) -> None:
        self.cards.append((x, y, z, facing, *half, face, mask, seed))

    def lamp(self, x: float, y: float, z: float, facing: float, radius: float, role: int, *, link: int, mask: int = ALL) -> None:
        self.lamps.append((x, y, z, facing, radius, role, mask, 0.0))
        self.links.append(link)

    def head(self, x: float, y: float, z: float, facing: float, link: int, mask: int) -> None:
        """A signal head with three lenses, upright or lying as each region has it."""
        cos, sin = math.cos(facing), math.sin(facing)
        for lying in (False, True):
            bits = mask & sum(1 << k for k, r in enumerate(regions.REGIONS) if r.lamps_lie == lying)
            if not bits:
                continue
            half = HEAD_HALF[::-1] if lying else HEAD_HALF
            self.card(x, y, z, facing, half, lamps.HOUSING_FLAT if lying else lamps.HOUSING, mask=bits)
            for role, step in ((RED, 1.0), (YELLOW, 0.0), (GREEN, -1.0)):
                aside, up = (-step * 0.366, 0.0) if lying else (0.0, step * 0.366)
                self.lamp(x + 0.08 * cos - sin * aside, y + 0.08 * sin + cos * aside, z + up, facing, LENS, role, link=link, mask=bits)

    def arrays(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.int32]]:
        return (
            np.array(self.sticks, np.float32).reshape(-1, 9),
            np.array(self.cards, np.float32).reshape(-1, 9),
            np.array(self.lamps, np.float32).reshape(-1, 8),
            np.array(self.links, np.int32),
        )


@dataclass(frozen=True)
class Approach:
    """The lanes of one edge where they meet a signal: where their traffic stops, and the links that govern it."""

    x: float  # m, end of the lane nearest the kerb
    y: float
    heading: float
    half_width: float
    lanes: tuple[int, ...]  # from the kerb inward
    links: tuple[int, ...]  # one link for each different program row, straight ahead first
    exit: tuple[float, float, float, float]  # x, y, heading and half width where its traffic leaves the junction; straight on if possible


def approaches(graph: LaneGraph) -> list[Approach]:
    """Signalled approaches of a map."""
    by_edge: dict[int, list[int]] = {}
    for lane in np.flatnonzero(graph.lane_kind == lane_graph.ROAD):
        after = graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
        if (
            len(after)
            and (graph.lane_link[after] >= 0).any()
            and graph.lane_use[lane] & (lane_graph.CAR | lane_graph.BUS | lane_graph.BICYCLE)
        ):
            by_edge.setdefault(int(graph.lane_edge[lane]), []).append(int(lane))
    found = []
    for lanes in by_edge.values():
        last = [int(graph.lane_point_start[lane + 1]) - 1 for lane in lanes]
        heading = float(graph.point_heading[last[0]])
        left = [-math.sin(heading) * float(graph.point_x[p]) + math.cos(heading) * float(graph.point_y[p]) for p in last]
        order = np.argsort(left)[:: -1 if graph.lefthand else 1]  # nearest the kerb first
        lanes = [lanes[k] for k in order]
        paths = [
            int(p)
            for lane in lanes
            for p in graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
            if graph.lane_link[p] >= 0
        ]
        paths.sort(key=lambda p: (int(graph.lane_turn[p]) != lane_graph.STRAIGHT, int(graph.lane_turn[p]) == lane_graph.U_TURN))
        links: dict[tuple, int] = {}
        for p in paths:
            link = int(graph.lane_link[p])
            links.setdefault(_program(graph, link), link)
        end = int(graph.lane_point_start[paths[0] + 1]) - 1
        at = int(graph.lane_point_start[lanes[0] + 1]) - 1
        exit_ = (
            float(graph.point_x[end]),
            float(graph.point_y[end]),
            float(graph.point_heading[end]),
            float(graph.lane_width[paths[0]]) / 2,
        )
        found.append(
            Approach(
                float(graph.point_x[at]),
                float(graph.point_y[at]),
                float(graph.point_heading[at]),
                float(graph.lane_width[lanes[0]]) / 2,
                tuple(lanes),
                tuple(links.values()),
                exit_,
            )
        )
    return found


def _program(graph: LaneGraph, link: int) -> tuple:
    """What the lamps of a link show, phase by phase. Green looks the same whether or not its traffic gives way: links that differ by
    that alone share a head, or the head of a turn with a phase of its own would find no room."""
    signal, slot = int(graph.link_signal[link]), int(graph.link_slot[link])
    a, b = graph.signal_phase_start[signal], graph.signal_phase_start[signal + 1]
    states = graph.phase_state[a:b, slot]
    return (signal, *np.where(states == lane_graph.LAMP_GREEN_YIELD, lane_graph.LAMP_GREEN, states).tolist())


def _beside(
    x: float, y: float, heading: float, side: float, start: float, clearance: Clearance, *, room: float = 0.45
) -> tuple[float, float]:
    """The nearest clear spot to one side of a point, at least `start` m away (12 m at most)."""
    ux, uy = -math.sin(heading) * side, math.cos(heading) * side
    for out in np.arange(start, start + 12.0, 0.35):
        if float(clearance.at(np.array(x + out * ux), np.array(y + out * uy))) >= room:
            return x + out * ux, y + out * uy
    return x + start * ux, y + start * uy


def add_signals(graph: LaneGraph, clearance: Clearance, out: Furniture) -> None:
    """Signal heads for every approach, in each region's manner."""
    kerb = 1.0 if graph.lefthand else -1.0  # the kerb lies to the left where traffic keeps left
    for approach in approaches(graph):
        cos, sin = math.cos(approach.heading), math.sin(approach.heading)
        facing = approach.heading + math.pi
        ahead = 1.2
        x, y = _beside(approach.x + ahead * cos, approach.y + ahead * sin, approach.heading, kerb, approach.half_width + 0.7, clearance)
        near = _mask(regions.NEAR_POST)
        out.stick((x, y, 0.0), (x, y, 3.55), 0.06, mask=near)
        for k, link in enumerate(approach.links[:2]):
            aside = 0.0 if k == 0 else -0.5 * kerb
            out.head(x + 0.1 * math.cos(facing) - sin * aside, y + 0.1 * math.sin(facing) + cos * aside, 2.95, facing, link, near)
        far_x, far_y = _far_spot(graph, approach, kerb, clearance)
        far = _mask(regions.FAR_POST)
        out.stick((far_x, far_y, 0.0), (far_x, far_y, 3.85), 0.06, mask=far)
        for k, link in enumerate(approach.links[:2]):
            aside = 0.0 if k == 0 else -0.5 * kerb
            out.head(far_x + 0.1 * math.cos(facing) - sin * aside, far_y + 0.1 * math.sin(facing) + cos * aside, 3.25, facing, link, far)
        _mast_arm(graph, approach, (far_x, far_y), out)


def _far_spot(graph: LaneGraph, approach: Approach, kerb: float, clearance: Clearance) -> tuple[float, float]:
    """A clear spot across the junction on the kerb side, seen from the stop line."""
    cos, sin = math.cos(approach.heading), math.sin(approach.heading)
    ex, ey, heading, half = approach.exit
    if math.cos(heading - approach.heading) > 0.6:
        return _beside(ex + 1.5 * math.cos(heading), ey + 1.5 * math.sin(heading), heading, kerb, half + 0.7, clearance)
    for ahead in np.arange(8.0, 45.0, 0.5):  # a junction without a way straight on: across it
        x, y = approach.x + ahead * cos, approach.y + ahead * sin
        if float(clearance.at(np.array(x), np.array(y))) > 0.5:
            return x, y
    return _beside(approach.x + 12.0 * cos, approach.y + 12.0 * sin, approach.heading, kerb, approach.half_width + 0.7, clearance)


def _mast_arm(graph: LaneGraph, approach: Approach, foot: tuple[float, float], out: Furniture) -> None:
    """A mast across the junction with a head over each lane that cars use, and one beside it, towards the turn, where a lane serves two
    whose lamps differ."""
    mask = _mask(regions.MAST_ARM)
    cos, sin = math.cos(approach.heading), math.sin(approach.heading)
    facing = approach.heading + math.pi
    px, py = foot
    ahead = (px - approach.x) * cos + (py - approach.y) * sin
    spots = []
    for lane in approach.lanes:
        if not graph.lane_use[lane] & (lane_graph.CAR | lane_graph.BUS):
            continue
        at = int(graph.lane_point_start[lane + 1]) - 1
        along = (float(graph.point_x[at]) - approach.x) * cos + (float(graph.point_y[at]) - approach.y) * sin
        after = graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
        heads: dict[tuple, tuple[int, int]] = {}  # one for each different program, straight ahead first
        for p in sorted(after, key=lambda p: int(graph.lane_turn[p])):
            if graph.lane_link[p] >= 0:
                heads.setdefault(_program(graph, int(graph.lane_link[p])), (int(graph.lane_link[p]), int(graph.lane_turn[p])))
        reach = ahead - along
        for k, (link, turn) in enumerate(list(heads.values())[:2]):
            aside = 0.0 if k == 0 else 0.5 if turn == lane_graph.LEFT else -0.5
            x, y = float(graph.point_x[at]) - aside * sin, float(graph.point_y[at]) + aside * cos
            spots.append((x + reach * cos, y + reach * sin, link))
    if not spots:
        return
    tip = max(spots, key=lambda s: math.hypot(s[0] - px, s[1] - py))
    out.stick((px, py, 0.0), (px, py, 6.3), 0.11, mask=mask)
    out.stick((px, py, 6.1), (tip[0], tip[1], 6.1), 0.07, mask=mask)
    for x, y, link in spots:
        out.head(x + 0.15 * math.cos(facing), y + 0.15 * math.sin(facing), 5.55, facing, link, mask)
    out.head(px + 0.15 * math.cos(facing), py + 0.15 * math.sin(facing), 3.3, facing, approach.links[0], mask)


def add_signs(graph: LaneGraph, clearance: Clearance, out: Furniture) -> None:
    """Stop and yield signs beside the lanes they concern, and a speed sign where a road begins."""
    kerb = 1.0 if graph.lefthand else -1.0
    seen: set[int] = set()
    for lane in np.flatnonzero((graph.lane_kind == lane_graph.ROAD) & (graph.lane_use & lane_graph.CAR > 0)):
        outer = graph.lane_left[lane] if graph.lefthand else graph.lane_right[lane]
        if outer >= 0 or int(graph.lane_edge[lane]) in seen:
            continue
        seen.add(int(graph.lane_edge[lane]))
        after = graph.successor[graph.successor_start[lane] : graph.successor_start[lane + 1]]
        controls = set(graph.lane_control[after][graph.lane_kind[after] == lane_graph.JUNCTION].tolist())
        half = float(graph.lane_width[lane]) / 2
        at = int(graph.lane_point_start[lane + 1]) - 1
        face = (
            lamps.OCTAGON
            if lane_graph.STOP in controls
            else (lamps.TRIANGLE_DOWN if controls and lane_graph.YIELD in controls and lane_graph.PRIORITY not in controls else -1)
        )
        if face >= 0:
            _sign(graph, at, half, kerb, face, clearance, out)
        if graph.lane_length[lane] > 70.0:
            limit = 10.0 * round(0.36 * float(graph.lane_speed[lane]))  # km/h
            _sign(graph, int(graph.lane_point_start[lane]) + 6, half, kerb, lamps.DISC, clearance, out, number=limit)


def _sign(
    graph: LaneGraph, point: int, half_width: float, kerb: float, face: int, clearance: Clearance, out: Furniture, *, number: float = 0.0
) -> None:
    heading = float(graph.point_heading[point])
    x, y = _beside(float(graph.point_x[point]), float(graph.point_y[point]), heading, kerb, half_width + 0.8, clearance, room=0.5)
    out.stick((x, y, 0.0), (x, y, 2.75), 0.035)
    size = {lamps.OCTAGON: (0.38, 0.38), lamps.TRIANGLE_DOWN: (0.46, 0.42), lamps.DISC: (0.31, 0.31)}[face]
    out.card(x - 0.05 * math.cos(heading), y - 0.05 * math.sin(heading), 2.4, heading + math.pi, size, face, seed=number)


def add_street_lamps(graph: LaneGraph, clearance: Clearance, out: Furniture) -> NDArray[np.float32]:
    """Lamp posts along the kerbs; returns where their light falls (N, 2)."""
    spots: list[tuple[float, float]] = []
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for k, (x, y, away, speed, _) in enumerate(kerb_points(graph, every=17.0, start=4.0)):
        if k % 2 and speed < 17.0:
            continue
        px, py = _beside(x, y, away - math.pi / 2, 1.0, 0.7, clearance)
        key = (int(px // 20), int(py // 20))
        near = [q for i in (-1, 0, 1) for j in (-1, 0, 1) for q in taken.get((key[0] + i, key[1] + j), [])]
        if any(math.hypot(px - qx, py - qy) < 17.0 for qx, qy in near):
            continue
        taken.setdefault(key, []).append((px, py))
        hx, hy = px - 1.5 * math.cos(away), py - 1.5 * math.sin(away)
        out.stick((px, py, 0.0), (px, py, LAMP_HEIGHT - 0.2), 0.07)
        out.stick((px, py, LAMP_HEIGHT - 0.2), (hx, hy, LAMP_HEIGHT), 0.04)
        out.lamp(hx, hy, LAMP_HEIGHT - 0.05, 99.0, 0.14, WHITE, link=-1)
        out.stick(
            (hx - 0.3 * math.cos(away), hy - 0.3 * math.sin(away), LAMP_HEIGHT + 0.02),
            (hx + 0.3 * math.cos(away), hy + 0.3 * math.sin(away), LAMP_HEIGHT),
            0.07,
        )
        spots.append((hx, hy))
    return np.array(spots, np.float32).reshape(-1, 2)
