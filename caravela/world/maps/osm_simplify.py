"""Makes real streets fit a flat world before netconvert sees them: traffic circles too small to drive around become plain
junctions, and where roads pass above each other the one that matters less to a town is cut at the bridge."""

from dataclasses import replace
from itertools import count

import numpy as np
from numpy.typing import NDArray

from caravela.world.maps.centre_line import Polyline, arc_length
from caravela.world.maps.osm_data import Node, OsmData, Way
from caravela.world.maps.osm_roadside import place
from caravela.world.maps.projection import to_degrees

MINI_CIRCLE = 55.0  # m of circumference, smaller circles are driven over
CUT = 18.0  # m taken away on both sides of the middle of a crossing above or below
FAST_ROADS = ("motorway", "trunk")


def without_mini_circles(roads: dict[int, Way], data: OsmData, *, origin: tuple[float, float]) -> tuple[dict[int, Way], OsmData]:
    """Small closed circles shrink to one node in their middle."""
    stands_for: dict[int, int] = {}
    nodes = dict(data.nodes)
    circles = set()
    for key, way in roads.items():
        if way.tags.get("junction") not in ("roundabout", "circular", "mini_roundabout") or way.nodes[0] != way.nodes[-1]:
            continue
        ring = place(data, way.nodes, origin=origin)
        if len(ring) < 4 or arc_length(ring)[-1] > MINI_CIRCLE:
            continue
        circles.add(key)
        middle = way.nodes[0]
        known = [data.nodes[node] for node in way.nodes[:-1] if node in data.nodes]
        nodes[middle] = replace(
            nodes[middle], latitude=float(np.mean([n.latitude for n in known])), longitude=float(np.mean([n.longitude for n in known]))
        )
        stands_for |= dict.fromkeys(way.nodes, middle)
    if not circles or len(circles) == len(roads):
        return roads, data
    kept = {key: replace(way, nodes=_merged(way.nodes, stands_for)) for key, way in roads.items() if key not in circles}
    return {key: way for key, way in kept.items() if len(way.nodes) > 1}, replace(data, nodes=nodes)


def _merged(nodes: tuple[int, ...], stands_for: dict[int, int]) -> tuple[int, ...]:
    """Nodes renamed, without repetitions."""
    renamed = [stands_for.get(node, node) for node in nodes]
    return tuple(node for k, node in enumerate(renamed) if k == 0 or node != renamed[k - 1])


def without_level_crossings(roads: dict[int, Way], data: OsmData, *, origin: tuple[float, float]) -> tuple[dict[int, Way], OsmData]:
    """Cut one of two roads that cross on different levels. New pieces and ends get new numbers."""
    shapes = {key: place(data, way.nodes, origin=origin) for key, way in roads.items()}
    cuts: dict[int, list[float]] = {}
    raised = [key for key, way in roads.items() if _level(way) != 0]
    for a in raised:
        for b in roads:
            if _level(roads[a]) == _level(roads[b]) or (b in raised and b < a) or set(roads[a].nodes) & set(roads[b].nodes):
                continue
            for at_a, at_b in _crossings(shapes[a], shapes[b]):
                loser, at = (a, at_a) if _rank(roads[a]) > _rank(roads[b]) else (b, at_b)
                cuts.setdefault(loser, []).append(at)
    if not cuts:
        return roads, data
    numbers = count(max([*roads, *data.nodes]) + 1)
    nodes, pieces = dict(data.nodes), {key: way for key, way in roads.items() if key not in cuts}
    for key, places in cuts.items():
        for k, piece in enumerate(_pieces(roads[key], shapes[key], places, nodes=nodes, numbers=numbers, origin=origin)):
            pieces[key if k == 0 else next(numbers)] = piece
    return pieces, replace(data, nodes=nodes)


def _level(way: Way) -> int:
    """Storey of a road: its layer, or what bridge and tunnel imply."""
    try:
        return int(way.tags["layer"])
    except (KeyError, ValueError):
        return int(way.tags.get("bridge", "no") != "no") - int(way.tags.get("tunnel", "no") != "no")


def _rank(way: Way) -> tuple[int, int, int]:
    """The higher of two crossing roads is cut: tunnels first, then motorways, then what lies furthest from the ground."""
    return int(way.tags.get("tunnel", "no") != "no"), int(way.tags["highway"] in FAST_ROADS), abs(_level(way))


def _crossings(a: Polyline, b: Polyline) -> list[tuple[float, float]]:
    """Where two lines cross: arc length along each, m."""
    if len(a) < 2 or len(b) < 2 or (a.max(axis=0) < b.min(axis=0)).any() or (b.max(axis=0) < a.min(axis=0)).any():
        return []
    p, r = a[:-1, None], np.diff(a, axis=0)[:, None]
    q, s = b[None, :-1], np.diff(b, axis=0)[None]
    cross = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
    cross = np.where(np.abs(cross) < 1e-9, np.nan, cross)
    apart = q - p
    t = (apart[..., 0] * s[..., 1] - apart[..., 1] * s[..., 0]) / cross
    u = (apart[..., 0] * r[..., 1] - apart[..., 1] * r[..., 0]) / cross
    hit = np.argwhere((t >= 0) & (t < 1) & (u >= 0) & (u < 1))
    along_a, along_b = arc_length(a), arc_length(b)
    return [
        (float(along_a[i] + t[i, j] * (along_a[i + 1] - along_a[i])), float(along_b[j] + u[i, j] * (along_b[j + 1] - along_b[j])))
        for i, j in hit
    ]


def _pieces(
    way: Way, shape: Polyline, places: list[float], *, nodes: dict[int, Node], numbers: "count[int]", origin: tuple[float, float]
) -> list[Way]:
    """What is left of a way cut at these arc lengths; adds the new ends to `nodes`."""
    known = [node for node in way.nodes if node in nodes]
    s = arc_length(shape)
    holes = [(at - CUT, at + CUT) for at in sorted(places)]
    edges = [0.0, *[edge for hole in holes for edge in hole], float(s[-1])]
    left = []
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        if end - begin < 12.0:
            continue
        inner = [node for node, at in zip(known, s, strict=True) if begin <= at <= end]
        first = [] if begin <= 0.0 else [_new_node(shape, s, begin, nodes=nodes, numbers=numbers, origin=origin)]
        last = [] if end >= s[-1] else [_new_node(shape, s, end, nodes=nodes, numbers=numbers, origin=origin)]
        left.append(replace(way, nodes=(*first, *inner, *last)))
    return [piece for piece in left if len(piece.nodes) > 1]


def _new_node(
    shape: Polyline, s: NDArray[np.float64], at: float, *, nodes: dict[int, Node], numbers: "count[int]", origin: tuple[float, float]
) -> int:
    x, y = float(np.interp(at, s, shape[:, 0])), float(np.interp(at, s, shape[:, 1]))
    key = next(numbers)
    latitude, longitude = to_degrees(x, y, origin=origin)
    nodes[key] = Node(latitude, longitude, {})
    return key
