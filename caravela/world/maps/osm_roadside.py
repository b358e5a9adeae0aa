"""What OpenStreetMap knows of the roadside: building footprints with heights, trees, crossings, signs and where parking is
allowed. Positions come out in the map frame, metres."""

import re

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from caravela.world.maps.centre_line import Polyline, densify, signed_area
from caravela.world.maps.footprint import Building, simplify
from caravela.world.maps.osm_data import OsmData
from caravela.world.maps.projection import to_metres
from caravela.world.maps.street import FAST, KERB, MAIN, NO_PARKING, RESIDENTIAL, SERVICE, STRIP, Street

STOREY = 3.1  # m
OPEN_ROOFS = frozenset({"no", "roof", "carport", "canopy", "ruins", "bridge", "construction"})
LOW = {"garage": 2.8, "garages": 2.8, "shed": 2.6, "hut": 2.8, "kiosk": 3.0, "greenhouse": 3.2, "service": 3.2}  # m
HOUSES = frozenset({"house", "detached", "semidetached_house", "terrace", "bungalow", "residential"})
WOODS = frozenset({"park", "garden", "wood", "forest", "cemetery", "recreation_ground"})
OPEN = WOODS | {"pitch", "playground", "golf_course", "water", "scrub", "grassland", "farmland", "meadow", "grass", "railway", "allotments"}
TREE_ROW_GAP = 9.0  # m
PARK_AREA_PER_TREE = 220.0  # m^2
PARKING_ON_STRIP = frozenset({"parallel", "diagonal", "perpendicular", "lane", "on_street", "street_side", "marked"})
PARKING_ON_KERB = frozenset({"half_on_kerb", "on_kerb", "yes", "shoulder"})
NO_PARKING_VALUES = frozenset({"no", "none", "no_parking", "no_stopping", "fire_lane", "separate"})


def place(data: OsmData, nodes: tuple[int, ...] | list[int], *, origin: tuple[float, float]) -> Polyline:
    """Map-frame points (N, 2) of the nodes that the extract holds."""
    known = [data.nodes[node] for node in nodes if node in data.nodes]
    if not known:
        return np.zeros((0, 2))
    return to_metres(np.array([n.latitude for n in known]), np.array([n.longitude for n in known]), origin=origin)


def buildings(
    data: OsmData, *, origin: tuple[float, float], bounds: tuple[float, float, float, float], random: Generator
) -> list[Building]:
    """Footprints within `bounds` (x min, y min, x max, y max) as simple polygons with heights."""
    rings: list[tuple[list[int], dict[str, str]]] = []
    for way in data.ways.values():
        if way.tags.get("building", "no") not in OPEN_ROOFS and len(way.nodes) > 3 and way.nodes[0] == way.nodes[-1]:
            rings.append((list(way.nodes), way.tags))
    for relation in data.relations.values():
        if relation.tags.get("building", "no") not in OPEN_ROOFS and relation.tags.get("type", "multipolygon") == "multipolygon":
            outers = [
                list(data.ways[key].nodes)
                for kind, key, role in relation.members
                if kind == "way" and role in ("outer", "") and key in data.ways
            ]
            rings += [(ring, relation.tags) for ring in _close(outers)]
    found = []
    for nodes, tags in rings:
        ring = place(data, nodes, origin=origin)
        if len(ring) != len(nodes) or ring[:, 0].max() < bounds[0] or ring[:, 0].min() > bounds[2]:
            continue
        if ring[:, 1].max() < bounds[1] or ring[:, 1].min() > bounds[3]:
            continue
        outline = simplify(ring)
        if outline is not None:
            found.append(Building(outline, _height(tags, area=signed_area(outline), random=random)))
    return found


def _close(parts: list[list[int]]) -> list[list[int]]:
    """Join open ways that share ends into closed rings."""
    rings, parts = [], [part for part in parts if len(part) > 1]
    while parts:
        ring = parts.pop()
        while ring[0] != ring[-1]:
            follow = next((part for part in parts if ring[-1] in (part[0], part[-1])), None)
            if follow is None:
                break
            parts.remove(follow)
            ring = ring + (follow[1:] if follow[0] == ring[-1] else follow[-2::-1])
        if ring[0] == ring[-1] and len(ring) > 3:
            rings.append(ring)
    return rings


def _height(tags: dict[str, str], *, area: float, random: Generator) -> float:
    """From its tags, else plausible for its kind and size, m."""
    height = metres(tags.get("height", tags.get("building:height", "")))
    levels = metres(tags.get("building:levels", ""))
    if height is None and levels is not None:
        height = levels * STOREY + 1.5
    if height is None:
        kind = tags.get("building", "yes")
        if kind in LOW:
            height = LOW[kind]
        elif kind in HOUSES or area < 150.0:
            height = 3.0 * int(random.integers(1, 4)) + 2.0 if area > 40.0 else float(random.uniform(2.6, 4.0))
        else:
            height = STOREY * int(random.integers(2, 7)) + 1.5
    return float(np.clip(height, 2.4, 120.0))


def metres(text: str) -> float | None:
    """'12', '12 m', '40 ft' or "40'" in metres; None if it is none of these."""
    match = re.match(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(m|ft|')?", text)
    if not match:
        return None
    value = float(match[1].replace(",", "."))
    return value * 0.3048 if match[2] in ("ft", "'") else value


def trees(data: OsmData, *, origin: tuple[float, float], random: Generator) -> NDArray[np.float64]:
    """Where trees stand (N, 2): single ones, rows, and some in every park."""
    single = [key for key, node in data.nodes.items() if node.tags.get("natural") == "tree"]
    spots = [place(data, single, origin=origin)]
    for way in data.ways.values():
        if way.tags.get("natural") == "tree_row":
            row = place(data, way.nodes, origin=origin)
            if len(row) > 1:
                spots.append(densify(row, step=TREE_ROW_GAP))
        elif (
            len(way.nodes) > 3
            and way.nodes[0] == way.nodes[-1]
            and WOODS & {way.tags.get(key, "") for key in ("leisure", "natural", "landuse")}
        ):
            ring = place(data, way.nodes, origin=origin)
            if len(ring) > 3:
                spots.append(_scatter(ring[:-1], random=random))
    return np.concatenate(spots)


def _scatter(ring: Polyline, *, random: Generator) -> NDArray[np.float64]:
    count = min(150, int(abs(signed_area(ring)) / PARK_AREA_PER_TREE))
    spots = random.uniform(ring.min(axis=0), ring.max(axis=0), (3 * count, 2))
    inside = np.zeros(len(spots), np.bool_)
    for (ax, ay), (bx, by) in zip(ring, np.roll(ring, -1, axis=0), strict=True):
        if ay != by:
            inside ^= ((ay > spots[:, 1]) != (by > spots[:, 1])) & (spots[:, 0] < ax + (spots[:, 1] - ay) / (by - ay) * (bx - ax))
    return spots[inside][:count]


def open_ground(data: OsmData, *, origin: tuple[float, float]) -> list[Polyline]:
    """Mapped areas where no building is invented: parks, water, fields, tracks."""
    areas = []
    for way in data.ways.values():
        if (
            len(way.nodes) > 3
            and way.nodes[0] == way.nodes[-1]
            and OPEN & {way.tags.get(key, "") for key in ("leisure", "natural", "landuse")}
        ):
            ring = place(data, way.nodes, origin=origin)
            areas += [ring[:-1]] if len(ring) > 3 else []
    return areas


def street(tags: dict[str, str], *, backward: bool, two_way: bool, lefthand: bool, random: Generator) -> Street:
    """What a way's tags say of its roadside, as seen in driving direction; `backward`: against the way's own direction."""
    highway = tags.get("highway", "residential")
    if highway.startswith(("motorway", "trunk")):
        kind = FAST
    elif highway.startswith(("primary", "secondary", "tertiary")):
        kind = MAIN
    else:
        kind = SERVICE if highway == "service" else RESIDENTIAL
    left, right = (_parking(tags, side=side, kind=kind, random=random) for side in (("right", "left") if backward else ("left", "right")))
    if two_way:
        left, right = (left, NO_PARKING) if lefthand else (NO_PARKING, right)
    return Street(kind=kind, parking_left=left, parking_right=right)


def _parking(tags: dict[str, str], *, side: str, kind: str, random: Generator) -> str:
    for key in (f"parking:{side}", "parking:both", f"parking:lane:{side}", "parking:lane:both"):
        value = tags.get(key)
        if value in NO_PARKING_VALUES:
            return NO_PARKING
        if value in PARKING_ON_STRIP:
            return STRIP
        if value in PARKING_ON_KERB:
            return KERB
    return KERB if kind == RESIDENTIAL and random.random() < 0.45 else NO_PARKING


def tagged_nodes(data: OsmData, *, values: frozenset[str], origin: tuple[float, float]) -> tuple[NDArray[np.float64], list[dict[str, str]]]:
    """Positions (N, 2) and tags of the nodes whose `highway` is one of `values`."""
    keys = [key for key, node in data.nodes.items() if node.tags.get("highway") in values]
    return place(data, keys, origin=origin), [data.nodes[key].tags for key in keys]
