"""Building footprints: real ones simplified to few corners, invented ones set back along the kerbs. All are simple,
counter-clockwise polygons (N, 2) in metres."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from caravela.world.maps.centre_line import Polyline, arc_length, signed_area
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.occupancy import Occupancy
from caravela.world.maps.street import FAST, MAIN, SERVICE, Kerb, Street, along, kerbs

MOST_CORNERS = 12
SMALLEST = 12.0  # m^2
PAVEMENT = 2.6  # m that stay free beside a carriageway


@dataclass(frozen=True)
class Building:
    outline: Polyline  # (N, 2) m
    height: float  # m


def simplify(ring: Polyline) -> Polyline | None:
    """A closed ring with at most MOST_CORNERS corners, or None if it is too small or crooked to stand."""
    if len(ring) > 1 and np.allclose(ring[0], ring[-1]):
        ring = ring[:-1]
    if len(ring) < 3 or abs(signed_area(ring)) < SMALLEST:
        return None
    ring = ring if signed_area(ring) > 0.0 else ring[::-1]
    for tolerance in (0.4, 0.8, 1.5, 3.0, 6.0):
        corners = _thin(ring, tolerance=tolerance)
        if len(corners) <= MOST_CORNERS:
            break
    if len(corners) < 3 or len(corners) > MOST_CORNERS or _crosses_itself(corners):
        corners = _hull(ring)
    return corners if 3 <= len(corners) and signed_area(corners) >= SMALLEST else None


def invent(graph: LaneGraph, *, streets: dict[int, Street], ground: Occupancy, random: Generator, density: float) -> list[Building]:
    """Plausible buildings along every kerb; `density` 0..1 is the share of frontage that is built up. Takes its ground."""
    built: list[Building] = []
    for kerb in kerbs(graph):
        street = streets.get(kerb.edge, Street())
        length = float(arc_length(kerb.points)[-1])
        s = float(random.uniform(0.0, 6.0))
        while s < length:
            width, depth, setback, height = _plot(street.kind, random)
            if random.random() < (density * 0.3 if street.kind in (FAST, SERVICE) else density):
                outline = _house(kerb, s=s + width / 2.0, width=width, depth=depth, setback=setback, random=random)
                if ground.free(outline):
                    ground.take(outline)
                    built.append(Building(outline, height))
            s += width + float(random.uniform(0.5, 9.0))
    return built


def _plot(kind: str, random: Generator) -> tuple[float, float, float, float]:
    """Width, depth, setback from the kerb and height of one building, m."""
    if kind == MAIN:
        storeys = int(random.integers(2, 8))
        return (
            float(random.uniform(12, 30)),
            float(random.uniform(10, 18)),
            float(random.uniform(3.4, 8)),
            3.2 * storeys + float(random.uniform(0.5, 2)),
        )
    if kind == FAST:
        return float(random.uniform(20, 50)), float(random.uniform(14, 30)), float(random.uniform(14, 28)), float(random.uniform(6, 13))
    storeys = int(random.integers(1, 5))
    return (
        float(random.uniform(8, 17)),
        float(random.uniform(8, 12)),
        float(random.uniform(3.2, 9)),
        3.0 * storeys + float(random.uniform(1, 3)),
    )


def _house(kerb: Kerb, *, s: float, width: float, depth: float, setback: float, random: Generator) -> Polyline:
    """A box, sometimes an L, whose front looks at the kerb."""
    x, y, heading = along(kerb, s, beyond=PAVEMENT + setback)
    box = [[-width / 2, 0.0], [width / 2, 0.0], [width / 2, depth], [-width / 2, depth]]
    if width > 11.0 and random.random() < 0.25:
        wing, cut = float(random.uniform(0.35, 0.6)) * width, float(random.uniform(0.4, 0.6)) * depth
        box = [
            [-width / 2, 0.0],
            [width / 2, 0.0],
            [width / 2, depth - cut],
            [-width / 2 + wing, depth - cut],
            [-width / 2 + wing, depth],
            [-width / 2, depth],
        ]
    local = np.array(box)
    if random.random() < 0.5:
        local = local[::-1] * [-1.0, 1.0]
    if not kerb.left:
        local = local[::-1] * [1.0, -1.0]
    cos, sin = np.cos(heading), np.sin(heading)
    world = np.stack([cos * local[:, 0] - sin * local[:, 1] + x, sin * local[:, 0] + cos * local[:, 1] + y], axis=-1)
    return world if signed_area(world) > 0.0 else world[::-1]


def _thin(ring: Polyline, *, tolerance: float) -> Polyline:
    """Douglas and Peucker (1973) on a ring, anchored at its two points furthest apart."""
    start = int(np.argmax(np.hypot(*(ring - ring.mean(axis=0)).T)))
    ring = np.roll(ring, -start, axis=0)
    far = int(np.argmax(np.hypot(*(ring - ring[0]).T)))
    closed = np.concatenate([ring, ring[:1]])
    keep = np.zeros(len(closed), np.bool_)
    keep[[0, far, len(closed) - 1]] = True
    stack = [(0, far), (far, len(closed) - 1)]
    while stack:
        a, b = stack.pop()
        if b - a < 2:
            continue
        step = closed[b] - closed[a]
        inner = closed[a + 1 : b] - closed[a]
        off = np.abs(step[0] * inner[:, 1] - step[1] * inner[:, 0]) / max(float(np.hypot(*step)), 1e-9)
        k = int(off.argmax())
        if off[k] > tolerance:
            keep[a + 1 + k] = True
            stack += [(a, a + 1 + k), (a + 1 + k, b)]
    return ring[keep[:-1]]


def _crosses_itself(ring: Polyline) -> bool:
    """Whether any two sides that are no neighbours cross."""
    a, b = ring, np.roll(ring, -1, axis=0)

    def side(p: Polyline, q: Polyline, r: Polyline) -> Polyline:
        return (q[..., 0] - p[..., 0]) * (r[..., 1] - p[..., 1]) - (q[..., 1] - p[..., 1]) * (r[..., 0] - p[..., 0])

    p, q, r, s = a[:, None], b[:, None], a[None], b[None]
    crossing = (side(p, q, r) * side(p, q, s) < 0.0) & (side(r, s, p) * side(r, s, q) < 0.0)
    return bool(crossing.any())


def _hull(points: Polyline) -> Polyline:
    """Convex hull, counter-clockwise (Andrew's monotone chain), thinned to MOST_CORNERS."""
    ordered = sorted(map(tuple, points.tolist()))

    def half(sequence: list[tuple[float, ...]]) -> list[tuple[float, ...]]:
        chain: list[tuple[float, ...]] = []
        for p in sequence:
            while len(chain) > 1 and (chain[-1][0] - chain[-2][0]) * (p[1] - chain[-2][1]) <= (chain[-1][1] - chain[-2][1]) * (
                p[0] - chain[-2][0]
            ):
                chain.pop()
            chain.append(p)
        return chain[:-1]

    hull = np.array(half(ordered) + half(ordered[::-1]))
    return hull[np.linspace(0, len(hull), MOST_CORNERS, endpoint=False).astype(int)] if len(hull) > MOST_CORNERS else hull
