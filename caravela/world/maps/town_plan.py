"""A sketch becomes a town plan: some streets fall away, some become main roads, the ground bends them, junctions get
signals, signs or a roundabout, kerbs get parking. The plan is written as SUMO's plain XML."""

import math
from collections import defaultdict
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path

import numpy as np
from numpy.random import Generator

from caravela.core.units import from_kph
from caravela.world.maps.centre_line import Polyline, arc_length, densify
from caravela.world.maps.sketch import Link, Sketch
from caravela.world.maps.street import FAST, KERB, MAIN, NO_PARKING, RESIDENTIAL, STRIP

PRIORITY_OF_KIND = {FAST: 12, MAIN: 9, RESIDENTIAL: 3}
WALK_WIDTH = 2.0  # m
CORNER, RING_CORNER = 5.5, 4.0  # m, kerb radius at junctions and roundabout entries


@dataclass(frozen=True)
class Manner:
    """How a style builds: shares are 0..1."""

    main_roads: int = 2
    main_lanes: tuple[int, int] = (1, 2)  # fewest, most, per direction
    main_kph: tuple[float, ...] = (50.0,)
    side_kph: tuple[float, ...] = (30.0, 50.0)
    lane_width: tuple[float, float] = (3.0, 3.4)  # m
    missing: float = 0.12  # share of streets that fall away
    bend: tuple[float, float] = (6.0, 16.0)  # m, how far streets are bent aside
    resampled: float = 12.0  # m between the points that are: nearer, where a street has sharp bends of its own
    signals: float = 0.35  # share of main road junctions with side streets that have signals
    roundabouts: float = 0.1
    right_before_left: float = 0.45  # share of side street junctions without any sign
    one_way: float = 0.06
    parking: tuple[float, float] = (0.3, 0.3)  # shares of side street kerbs with a strip, and with cars half on the pavement


@dataclass(frozen=True)
class Road:
    """One direction of a street, or a one-way street."""

    id: str
    start: str
    end: str
    kind: str
    lanes: int
    speed: float  # m/s
    width: float  # m per lane
    priority: int
    shape: Polyline  # (N, 2) m, ends included
    walk: bool  # has a sidewalk
    centred: bool  # the shape is the middle of its lanes, not their inner border
    parking: tuple[str, str]  # left, right


@dataclass(frozen=True)
class TownPlan:
    nodes: dict[str, tuple[float, float, str]]  # x, y, SUMO junction type
    roads: list[Road]
    ring_nodes: frozenset[str]


def plan_town(sketch: Sketch, *, manner: Manner, lefthand: bool, random: Generator) -> TownPlan:
    """Dress a sketch. Deterministic for the same random generator."""
    if manner.missing > 0.0:
        _drop_streets(sketch, share=manner.missing, random=random)
    _pick_main_roads(sketch, count=manner.main_roads, lanes=manner.main_lanes, random=random)
    bend = _Bend.draw(sketch, manner=manner, random=random)
    for node in sketch.nodes:
        if (
            random.random() < manner.roundabouts
            and sketch.degree(node) in (3, 4)
            and node not in sketch.controls
            and _shortest(sketch, node) > 50.0
        ):
            sketch.roundabouts.setdefault(node, float(random.uniform(15.0, 19.0)))
    shapes = [bend(densify(_line(sketch, link), step=manner.resampled)) for link in sketch.links]
    places = {node: tuple(bend(np.array([point]))[0]) for node, point in sketch.nodes.items()}
    ends = {k: (link.start, link.end) for k, link in enumerate(sketch.links)}
    ring_nodes, rings = _rings(sketch, shapes, places, ends, lefthand=lefthand)
    nodes = {
        node: (float(x), float(y), _control(sketch, node, manner=manner, random=random))
        for node, (x, y) in places.items()
        if node not in sketch.roundabouts
    }
    nodes |= {node: (x, y, "priority") for node, (x, y) in ring_nodes.items()}
    roads = list(rings)
    for k, link in enumerate(sketch.links):
        roads += _roads(f"s{k}", link, ends[k], shapes[k], manner=manner, lefthand=lefthand, random=random)
    return TownPlan(nodes=nodes, roads=roads, ring_nodes=frozenset(ring_nodes))


def write_plain(plan: TownPlan, *, nodes: Path, edges: Path) -> None:
    """SUMO's .nod.xml and .edg.xml; an edge's type carries its kind and parking."""
    rows = [
        f'<node id="{n}" x="{x:.2f}" y="{y:.2f}" type="{kind}" radius="{RING_CORNER if n in plan.ring_nodes else CORNER}"/>'
        for n, (x, y, kind) in plan.nodes.items()
    ]
    nodes.write_text("<nodes>\n" + "\n".join(rows) + "\n</nodes>\n")
    rows = []
    for road in plan.roads:
        shape = " ".join(f"{x:.2f},{y:.2f}" for x, y in road.shape)
        more = f' sidewalkWidth="{WALK_WIDTH}"' if road.walk else ""
        more += ' spreadType="center"' if road.centred else ""
        more += ' disallow="pedestrian bicycle"' if road.kind == FAST else ""
        rows.append(
            f'<edge id="{road.id}" from="{road.start}" to="{road.end}" numLanes="{road.lanes}" speed="{road.speed:.2f}" '
            f'width="{road.width:.2f}" '
            f'priority="{road.priority}" type="{road.kind}.{road.parking[0]}.{road.parking[1]}" shape="{shape}"{more}/>'
        )
    edges.write_text("<edges>\n" + "\n".join(rows) + "\n</edges>\n")


def _drop_streets(sketch: Sketch, *, share: float, random: Generator) -> None:
    """Take streets away where that makes no new dead end and cuts nothing off."""
    for k in random.permutation(len(sketch.links))[: int(share * len(sketch.links))]:
        link = sketch.links[int(k)]
        rest = [other for other in sketch.links if other is not link]
        if min(sketch.degree(link.start), sketch.degree(link.end)) > 2 and _connected(rest, set(sketch.nodes)):
            sketch.links[int(k)] = Link("", "")
    sketch.links = [link for link in sketch.links if link.start]


def _connected(links: list[Link], nodes: set[str]) -> bool:
    beside = defaultdict(list)
    for link in links:
        if link.start:
            beside[link.start].append(link.end)
            beside[link.end].append(link.start)
    seen, stack = set(), [min(nodes)]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += beside[node]
    return seen == nodes


def _pick_main_roads(sketch: Sketch, *, count: int, lanes: tuple[int, int], random: Generator) -> None:
    """Shortest ways between opposite ends of the town become main roads."""
    names = sorted(sketch.nodes)
    points = np.array([sketch.nodes[name] for name in names])
    turn = float(random.uniform(0.0, math.pi))
    for k in range(count):
        towards = turn + math.pi * k / max(1, count) + float(random.uniform(-0.2, 0.2))
        along = points @ [math.cos(towards), math.sin(towards)]
        number = int(random.integers(lanes[0], lanes[1] + 1))
        for link in _way(sketch, names[int(along.argmin())], names[int(along.argmax())]):
            if link.kind == RESIDENTIAL:
                link.kind, link.lanes = MAIN, number


def _way(sketch: Sketch, start: str, goal: str) -> list[Link]:
    """Links of the shortest way; existing main roads count less."""
    beside: dict[str, list[Link]] = defaultdict(list)
    for link in sketch.links:
        beside[link.start].append(link)
        beside[link.end].append(link)
    queue: list[tuple[float, str]] = [(0.0, start)]
    best: dict[str, float] = {start: 0.0}
    came: dict[str, Link] = {}
    while queue:
        cost, node = heappop(queue)
        if node == goal:
            break
        for link in beside[node]:
            other = link.end if link.start == node else link.start
            length = float(arc_length(_line(sketch, link))[-1]) * (0.8 if link.kind == MAIN else 1.0)
            if cost + length < best.get(other, math.inf):
                best[other] = cost + length
                came[other] = link
                heappush(queue, (cost + length, other))
    way, node = [], goal
    while node != start and node in came:
        way.append(came[node])
        node = came[node].start if came[node].end == node else came[node].end
    return way


def _line(sketch: Sketch, link: Link) -> Polyline:
    return np.array([sketch.nodes[link.start], *link.via, sketch.nodes[link.end]], dtype=np.float64)


def _shortest(sketch: Sketch, node: str) -> float:
    """Length of the shortest street at a node, m."""
    return min(float(arc_length(_line(sketch, link))[-1]) for link in sketch.links if node in (link.start, link.end))


@dataclass(frozen=True)
class _Bend:
    """A smooth displacement of the plane; its gradient stays below 0.6, so nothing folds over."""

    waves: tuple[tuple[float, float, float, float, float], ...]  # kx, ky, phase, dx, dy

    @staticmethod
    def draw(sketch: Sketch, *, manner: Manner, random: Generator) -> "_Bend":
        waves = []
        for _ in range(3):
            length, towards = float(random.uniform(220.0, 520.0)), float(random.uniform(0.0, 2 * math.pi))
            size, aside = float(random.uniform(*manner.bend)) / 1.5, float(random.uniform(0.0, 2 * math.pi))
            k = 2 * math.pi / length
            size = min(size, 0.2 / k)
            waves.append(
                (
                    k * math.cos(towards),
                    k * math.sin(towards),
                    float(random.uniform(0, 6.28)),
                    size * math.cos(aside),
                    size * math.sin(aside),
                )
            )
        return _Bend(tuple(waves))

    def __call__(self, points: Polyline) -> Polyline:
        moved = points.copy()
        for kx, ky, phase, dx, dy in self.waves:
            wave = np.sin(kx * points[:, 0] + ky * points[:, 1] + phase)
            moved += wave[:, None] * [dx, dy]
        return moved


def _rings(
    sketch: Sketch, shapes: list[Polyline], places: dict[str, tuple], ends: dict[int, tuple[str, str]], *, lefthand: bool
) -> tuple[dict[str, tuple[float, float]], list[Road]]:
    """Replace roundabout nodes by rings of one-way roads; trims `shapes` and renames `ends` in place."""
    nodes: dict[str, tuple[float, float]] = {}
    roads: list[Road] = []
    for centre, radius in sketch.roundabouts.items():
        middle = np.array(places[centre], dtype=np.float64)
        entries = []
        for k, (start, end) in list(ends.items()):
            if centre not in (start, end):
                continue
            line = densify(shapes[k] if start == centre else shapes[k][::-1], step=1.0)
            outside = line[np.hypot(*(line - middle).T) > radius]
            point = middle + (outside[0] - middle) / np.hypot(*(outside[0] - middle)) * radius
            trimmed = densify(np.concatenate([[point], outside[4:]]), step=8.0)
            name = f"{centre}r{k}"
            shapes[k] = trimmed if start == centre else trimmed[::-1]
            ends[k] = (name, end) if start == centre else (start, name)
            nodes[name] = (float(point[0]), float(point[1]))
            entries.append((math.atan2(point[1] - middle[1], point[0] - middle[0]), name))
        entries.sort()
        turns = entries if not lefthand else entries[::-1]
        for (a, start), (b, end) in zip(turns, turns[1:] + turns[:1], strict=True):
            sweep = (b - a) % (2 * math.pi) if not lefthand else -((a - b) % (2 * math.pi))
            angles = np.linspace(a, a + sweep, max(3, int(abs(sweep) * radius / 3.0) + 2))
            arc = middle + radius * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
            ring = Road(f"{start}ring", start, end, MAIN, 1, from_kph(30.0), 4.2, 10, arc, False, True, (NO_PARKING, NO_PARKING))
            roads.append(ring)
    return nodes, roads


def _control(sketch: Sketch, node: str, *, manner: Manner, random: Generator) -> str:
    """SUMO's type of a junction."""
    main = sum(link.kind != RESIDENTIAL for link in sketch.links if node in (link.start, link.end))
    draw = float(random.random())
    if node in sketch.controls:
        return sketch.controls[node]
    if sketch.degree(node) < 3:
        return "priority"
    if main >= 3:
        return "traffic_light" if draw < 0.9 else "priority"
    if main:
        return "traffic_light" if draw < manner.signals else "priority_stop" if draw < manner.signals + 0.25 else "priority"
    if draw < manner.right_before_left:
        return "right_before_left"
    rest = (draw - manner.right_before_left) / max(1e-6, 1.0 - manner.right_before_left)
    return "allway_stop" if rest < 0.25 else "priority_stop" if rest < 0.45 else "traffic_light" if rest < 0.6 else "priority"


def _roads(
    name: str, link: Link, ends: tuple[str, str], shape: Polyline, *, manner: Manner, lefthand: bool, random: Generator
) -> list[Road]:
    """Both directions of a street, or the one that it has."""
    fast = link.kind == FAST
    kph = float(
        random.choice(
            (60.0,) if link.ramp else (100.0, 120.0, 130.0) if fast else manner.main_kph if link.kind == MAIN else manner.side_kph
        )
    )
    width = 3.6 if fast else float(random.uniform(*manner.lane_width)) + (0.2 if link.kind == MAIN else 0.0)
    one_way = link.one_way or (
        link.kind == RESIDENTIAL and random.random() < manner.one_way and not ends[0].startswith("out") and len(shape) > 8
    )
    priority = PRIORITY_OF_KIND[link.kind] - (3 if link.ramp else 0)
    roads = []
    for direction in (1, -1) if not one_way else (1,):
        strip, kerb = manner.parking if link.kind == RESIDENTIAL else (manner.parking[0] / 3.0, 0.0) if link.kind == MAIN else (0.0, 0.0)

        def parking() -> str:
            draw = float(random.random())
            return STRIP if draw < strip else KERB if draw < strip + kerb else NO_PARKING  # noqa: B023

        outer = parking()
        sides = (parking(), outer) if one_way else (outer, NO_PARKING) if lefthand else (NO_PARKING, outer)
        start, end = ends[::direction]
        lane_width = max(width, 3.4) if one_way else width
        roads.append(
            Road(
                id=name if direction == 1 else f"-{name}",
                start=start,
                end=end,
                kind=link.kind,
                lanes=link.lanes,
                speed=from_kph(kph),
                width=lane_width,
                priority=priority,
                shape=shape[::direction],
                walk=not fast,
                centred=one_way,
                parking=sides,
            )
        )
    return roads
