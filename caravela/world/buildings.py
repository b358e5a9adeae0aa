"""Buildings and trees of a map: what the map brings, and plausible rows of houses and trees along the roads of a map that brings
none. Footprints become facets (walls, gables, roof slopes) that rays meet. They are scenery: nothing collides with the ones made here."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.world.ground import MARGIN, strips_of
from caravela.world.kernels import placing
from caravela.world.kernels.bundles import FACET_COLUMNS, FLAT, GABLE, SLOPE, WALL
from caravela.world.kernels.facades import BLOCK, HOUSE, OFFICE, SHOPS, TERRACE
from caravela.world.maps import lane_graph
from caravela.world.maps.lane_graph import LaneGraph

CELL = 1.0  # m, clearance grid
REACH = 16.0  # m, clearance is known up to here
ENOUGH_BUILDINGS = 12  # a map with as many gets no made-up ones
ENOUGH_TREES = 12


@dataclass
class Clearance:
    """Distance to the nearest road surface (m, negative on it, REACH at most) on a grid of CELL m."""

    origin: tuple[float, float]
    distance: NDArray[np.float32]  # (rows, columns)

    def at(self, x: NDArray, y: NDArray) -> NDArray[np.float32]:
        """Clearance at points; REACH outside the grid."""
        i = ((np.asarray(x) - self.origin[0]) / CELL).astype(np.int64)
        j = ((np.asarray(y) - self.origin[1]) / CELL).astype(np.int64)
        rows, columns = self.distance.shape
        inside = (i >= 0) & (j >= 0) & (i < columns) & (j < rows)
        return np.where(inside, self.distance[np.clip(j, 0, rows - 1), np.clip(i, 0, columns - 1)], np.float32(REACH))

    def block(self, x: NDArray, y: NDArray) -> None:
        """Mark points as taken."""
        i = ((x - self.origin[0]) / CELL).astype(np.int64)
        j = ((y - self.origin[1]) / CELL).astype(np.int64)
        rows, columns = self.distance.shape
        inside = (i >= 0) & (j >= 0) & (i < columns) & (j < rows)
        self.distance[j[inside], i[inside]] = -1.0


def clearance_of(graph: LaneGraph) -> Clearance:
    low_x, low_y, high_x, high_y = graph.bounds()
    origin = (low_x - MARGIN, low_y - MARGIN)
    columns, rows = (int(np.ceil((e + 2 * MARGIN) / CELL)) for e in (high_x - low_x, high_y - low_y))
    distance = np.full(rows * columns, REACH, np.float32)
    f = np.float32
    placing.spread_clearance(strips_of(graph), f(origin[0]), f(origin[1]), f(CELL), columns, rows, f(REACH), distance)
    return Clearance(origin, distance.reshape(rows, columns))


def kerb_points(graph: LaneGraph, *, every: float, start: float = 0.0) -> NDArray[np.float64]:
    """Points along the outer edges of roads, `every` m: (N, 5) x, y, heading that points away from the road, speed limit, lane."""
    rows = []
    kerb_side = 1.0 if graph.lefthand else -1.0
    for lane in np.flatnonzero((graph.lane_kind == lane_graph.ROAD) & (graph.lane_use & lane_graph.CAR > 0)):
        sides = []
        outer = graph.lane_left[lane] if graph.lefthand else graph.lane_right[lane]
        inner = graph.lane_right[lane] if graph.lefthand else graph.lane_left[lane]
        if outer < 0:
            sides.append(kerb_side)
        if inner < 0 and graph.lane_opposite[lane] < 0:
            sides.append(-kerb_side)
        a, b = graph.lane_point_start[lane], graph.lane_point_start[lane + 1]
        s = np.arange(start + every / 2, graph.lane_length[lane], every)
        if not len(s):
            continue
        x, y = (np.interp(s, graph.point_s[a:b], p[a:b]) for p in (graph.point_x, graph.point_y))
        heading = graph.point_heading[a:b][np.clip(np.searchsorted(graph.point_s[a:b], s), 0, b - a - 1)]
        half = graph.lane_width[lane] / 2
        for side in sides:
            away = heading + side * np.pi / 2
            rows.append(
                np.stack(
                    [
                        x + half * np.cos(away),
                        y + half * np.sin(away),
                        away,
                        np.full(len(s), graph.lane_speed[lane]),
                        np.full(len(s), lane),
                    ],
                    axis=1,
                )
            )
    return np.concatenate(rows) if rows else np.zeros((0, 5))


@dataclass
class Footprints:
    """Polygons, counter-clockwise, as CSR rows."""

    start: NDArray[np.int32]
    x: NDArray[np.float32]
    y: NDArray[np.float32]
    height: NDArray[np.float32]
    style: NDArray[np.float32]


def footprints_of(graph: LaneGraph, clearance: Clearance, random: np.random.Generator) -> Footprints:
    """The map's own buildings, or a made-up frontage where it has too few; all are marked in `clearance`."""
    count = len(graph.building_height)
    if count >= ENOUGH_BUILDINGS:
        style = np.zeros(count, np.float32)
        for g in range(count):
            a, b = graph.building_start[g], graph.building_start[g + 1]
            x, y = graph.building_x[a:b], graph.building_y[a:b]
            area = 0.5 * abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))))
            style[g] = _style(float(graph.building_height[g]), area, random)
        prints = Footprints(graph.building_start, graph.building_x, graph.building_y, graph.building_height, style)
        _block_prints(prints, clearance)
        return prints
    return _frontage(graph, clearance, random)


def _style(height: float, area: float, random: np.random.Generator) -> int:
    if height > 16.0:
        return OFFICE if random.random() < 0.5 else BLOCK
    if area > 700.0:
        return OFFICE if random.random() < 0.4 else BLOCK
    if height > 9.0:
        return int(random.choice([SHOPS, SHOPS, BLOCK, TERRACE]))
    return int(random.choice([HOUSE, HOUSE, TERRACE]))


def _block_prints(prints: Footprints, clearance: Clearance) -> None:
    rows, columns = clearance.distance.shape
    mask = np.zeros(rows * columns, np.float32)
    f = np.float32
    placing.raise_polygons(
        prints.x,
        prints.y,
        prints.start,
        np.ones(len(prints.height), np.float32),
        f(clearance.origin[0]),
        f(clearance.origin[1]),
        f(CELL),
        columns,
        rows,
        mask,
    )
    clearance.distance[mask.reshape(rows, columns) > 0] = -1.0


def _frontage(graph: LaneGraph, clearance: Clearance, random: np.random.Generator) -> Footprints:
    """Rows of buildings along the kerbs, where there is room."""
    points = kerb_points(graph, every=4.0)
    xs: list[NDArray] = []
    heights: list[float] = []
    styles: list[float] = []
    u, v = (side.ravel() for side in np.meshgrid(np.linspace(-0.5, 0.5, 12), np.linspace(0.0, 1.0, 10)))
    lane, setback, urban = -1.0, 5.0, 0.5
    for x, y, away, speed, of_lane in points:
        if of_lane != lane:  # a street has one building line and one character
            lane = of_lane
            urban = float(np.clip(random.normal(0.55, 0.3) - max(speed - 14.0, 0.0) * 0.12, 0.0, 1.0))
            setback = 3.6 + (1.0 - urban) * float(random.uniform(1.0, 7.0)) + max(speed - 14.0, 0.0) * 0.8
        if random.random() > 0.35 + 0.6 * urban:
            continue
        width = float(random.uniform(9.0, 13.0) + urban * random.uniform(0.0, 9.0))
        depth = float(random.uniform(8.5, 13.0))
        px = x + np.cos(away) * (setback + v * depth) - np.sin(away) * u * width
        py = y + np.sin(away) * (setback + v * depth) + np.cos(away) * u * width
        if clearance.at(px, py).min() < 2.9:
            continue
        clearance.block(px, py)
        storeys = 1 + int(random.random() < 0.85) + int(urban * random.random() * 4.2)
        # counter-clockwise: with `away` as forward, left is +u
        corners = np.array([[setback, -0.5], [setback + depth, -0.5], [setback + depth, 0.5], [setback, 0.5]])
        ux, uy = np.cos(away), np.sin(away)
        xs.append(
            np.stack([x + ux * corners[:, 0] - uy * corners[:, 1] * width, y + uy * corners[:, 0] + ux * corners[:, 1] * width], axis=1)
        )
        heights.append(storeys * 3.0 + 0.4)
        styles.append(_style(heights[-1], width * depth, random) if urban < 0.75 or storeys < 3 else SHOPS)
    corners = np.concatenate(xs) if xs else np.zeros((0, 2))
    return Footprints(
        np.arange(0, 4 * len(xs) + 1, 4, dtype=np.int32),
        corners[:, 0].astype(np.float32),
        corners[:, 1].astype(np.float32),
        np.array(heights, np.float32),
        np.array(styles, np.float32),
    )


def trees_of(graph: LaneGraph, clearance: Clearance, random: np.random.Generator) -> NDArray[np.float32]:
    """(T, 6): x, y, crown radius, height, seed, species. The map's own trees, or rows and groups along its roads."""
    trees = [graph.tree.astype(np.float64)] if len(graph.tree) else []
    if len(graph.tree) < ENOUGH_TREES:
        points = kerb_points(graph, every=9.0)
        lanes = {int(lane): float(random.random()) for lane in np.unique(points[:, 4])} if len(points) else {}
        for x, y, away, _, lane in points:
            if random.random() > lanes[int(lane)] * 0.85:
                continue
            out = float(random.choice([2.0, 4.5, random.uniform(6.0, 22.0)]))
            along = float(random.uniform(-3.0, 3.0))
            tx, ty = x + out * np.cos(away) - along * np.sin(away), y + out * np.sin(away) + along * np.cos(away)
            radius = float(random.uniform(1.5, 3.2)) if out < 6 else float(random.uniform(1.8, 4.5))
            ring = np.linspace(0, 2 * np.pi, 8, endpoint=False)
            if (
                clearance.at(np.array([tx]), np.array([ty]))[0] < 1.3
                or clearance.at(tx + 0.7 * radius * np.cos(ring), ty + 0.7 * radius * np.sin(ring)).min() < -0.5
            ):
                continue
            trees.append(np.array([[tx, ty, radius, radius * random.uniform(2.0, 2.8) + 1.0]]))
    if not trees:
        return np.zeros((0, 6), np.float32)
    all_trees = np.concatenate(trees)
    species = np.where(random.random(len(all_trees)) < 0.12, 2.0, random.random(len(all_trees)))
    return np.concatenate([all_trees, random.random((len(all_trees), 1)), species[:, None]], axis=1).astype(np.float32)


def facets_of(prints: Footprints, random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]:
    """(building (G, 6), facet_start (G + 1,), facet (F, FACET_COLUMNS)) as `SceneArrays` has them."""
    count = len(prints.height)
    building = np.zeros((count, 6), np.float32)
    facets: list[list[float]] = []
    start = [0]
    triangles = np.zeros((max(4, int(np.diff(prints.start).max(initial=0))), 3), np.int64)
    for g in range(count):
        a, b = int(prints.start[g]), int(prints.start[g + 1])
        x, y = prints.x[a:b].astype(float), prints.y[a:b].astype(float)
        height = float(prints.height[g])
        if b - a >= 3:
            _walls(x, y, height, facets)
            pitched = b - a == 4 and height < 13.0 and prints.style[g] <= SHOPS and random.random() < 0.8
            if not (pitched and _pitched_roof(x, y, height, facets, random)):
                _flat_roof(prints, a, b, height, triangles, facets)
            building[g, :3] = (x.mean(), y.mean(), np.hypot(x - x.mean(), y - y.mean()).max())
        building[g, 3:] = (height, random.random() * 40.0, prints.style[g])
        start.append(len(facets))
    return building, np.array(start, np.int32), np.array(facets, np.float32).reshape(-1, FACET_COLUMNS)


def _walls(x: NDArray, y: NDArray, height: float, facets: list[list[float]]) -> None:
    for k in range(len(x)):
        dx, dy = x[(k + 1) % len(x)] - x[k], y[(k + 1) % len(x)] - y[k]
        length = float(np.hypot(dx, dy))
        if length > 0.05:
            facets.append([x[k], y[k], 0.0, dx / length, dy / length, length, 0.0, 0.0, 1.0, height, 0.0, 0.0, WALL])


def _pitched_roof(x: NDArray, y: NDArray, height: float, facets: list[list[float]], random: np.random.Generator) -> bool:
    """A gable or hip roof on four near-right angles; False where the footprint is no rectangle."""
    edge = np.stack([np.roll(x, -1) - x, np.roll(y, -1) - y], axis=1)
    length = np.hypot(edge[:, 0], edge[:, 1])
    if (
        length.min() < 3.0
        or length.min() > 16.0
        or any(abs(edge[k] @ edge[(k + 1) % 4]) > 0.12 * length[k] * length[(k + 1) % 4] for k in range(4))
    ):
        return False
    first = 0 if length[0] >= length[1] else 1
    half = 0.5 * float(length[(first + 1) % 4])
    rise = half * float(random.uniform(0.55, 0.95))
    hip = half * float(random.uniform(0.6, 1.0)) if random.random() < 0.3 else 0.0
    slant = float(np.hypot(half, rise))
    over = 0.0 if hip else 0.25
    for k in (first, first + 2):
        ax, ay = edge[k % 4] / length[k % 4]
        s = (-ay * half / slant, ax * half / slant, rise / slant)
        facets.append([x[k % 4] - over * ax, y[k % 4] - over * ay, height, ax, ay, length[k % 4] + 2 * over, *s, slant, hip, hip, SLOPE])
    for k in (first + 1, first + 3):
        ax, ay = edge[k % 4] / length[k % 4]
        wide = float(length[k % 4])
        if hip:
            slant_hip = float(np.hypot(hip, rise))
            facets.append(
                [
                    x[k % 4],
                    y[k % 4],
                    height,
                    ax,
                    ay,
                    wide,
                    -ay * hip / slant_hip,
                    ax * hip / slant_hip,
                    rise / slant_hip,
                    slant_hip,
                    wide / 2,
                    wide / 2,
                    SLOPE,
                ]
            )
        else:
            facets.append([x[k % 4], y[k % 4], height, ax, ay, wide, 0.0, 0.0, 1.0, rise, wide / 2, wide / 2, GABLE])
    return True


def _flat_roof(prints: Footprints, a: int, b: int, height: float, triangles: NDArray[np.int64], facets: list[list[float]]) -> None:
    for k in range(placing.clip_ears(prints.x, prints.y, a, b, np.empty(b - a, np.int64), triangles)):
        p = np.stack([prints.x[triangles[k]], prints.y[triangles[k]]], axis=1).astype(float)
        side = np.hypot(*(np.roll(p, -1, axis=0) - p).T)
        p = np.roll(p, -int(side.argmax()), axis=0)  # the longest side first
        base = p[1] - p[0]
        length = float(np.hypot(*base))
        if length < 0.05:
            continue
        ax, ay = base / length
        along = float((p[2] - p[0]) @ (ax, ay))
        up = float((p[2] - p[0]) @ (-ay, ax))
        if up > 0.02:
            facets.append([p[0, 0], p[0, 1], height, ax, ay, length, -ay, ax, 0.0, up, along, length - along, FLAT])
