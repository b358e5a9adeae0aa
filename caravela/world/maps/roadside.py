"""What stands beside the lanes: buildings, trees and kerbside parking places, put where there is room. Everything that is
invented comes from the given random generator."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from caravela.world.maps.centre_line import Polyline, arc_length, short
from caravela.world.maps.footprint import Building, invent
from caravela.world.maps.lane_graph import CAR, PEDESTRIAN, ROAD, LaneGraph
from caravela.world.maps.occupancy import Occupancy, lane_points
from caravela.world.maps.street import FAST, NO_PARKING, SERVICE, STRIP, Kerb, Street, along, kerbs

REACH = 70.0  # m around the lanes where things stand
MOST_TREES = 700
PLACE_LENGTH = 6.2  # m of kerb per parked car
PARKED_WIDTH = 1.9  # m
JUNCTION_CLEARANCE = 9.0  # m of kerb without parking at both ends of a street
STRIP_WIDTH = 2.2  # m, a parking strip beside the lane


def furnish(
    graph: LaneGraph,
    *,
    streets: dict[int, Street],
    random: Generator,
    buildings: Sequence[Building] = (),
    trees: NDArray[np.float64] | None = None,
    density: float = 0.0,
    greenery: float = 0.35,
    apart: float = 25.0,
    open_ground: Sequence[Polyline] = (),
) -> LaneGraph:
    """The map with its roadside. Given `buildings` and `trees` (N, 2) stand where they do not touch a lane; buildings are
    invented with `density` 0..1, `apart` metres away from the given ones and not on `open_ground`; trees along the kerbs with
    `greenery` 0..1."""
    graph = _widen_walks(graph, streets)
    parking = park(graph, streets=streets, random=random)
    solid = Occupancy.around(graph, reach=REACH)
    solid.take_lanes(graph, margin=0.5, walks=-1.0)
    standing = [building for building in buildings if solid.free(building.outline)]
    for x, y, heading in parking:
        solid.take_line(
            np.array([[x - 2.5 * np.cos(heading), y - 2.5 * np.sin(heading)], [x + 2.5 * np.cos(heading), y + 2.5 * np.sin(heading)]]),
            radius=1.4,
        )
    for building in standing:
        solid.take(building.outline)
    if density > 0.0:
        room = Occupancy(solid.x0, solid.y0, solid.taken.copy())
        room.take_lanes(graph, margin=4.0, walks=1.6)
        _take_islands(graph, room)
        for building in standing:
            room.take_line(building.outline, radius=apart)
        for area in open_ground:
            room.take(area)
        standing += invent(graph, streets=streets, ground=room, random=random, density=density)
        for building in standing:
            solid.take(building.outline)
    solid.take_lanes(graph, margin=0.9, walks=1.1)
    planted = plant(graph, streets=streets, ground=solid, random=random, given=trees, greenery=greenery)
    return _with_buildings(dataclasses.replace(graph, parking=parking, tree=planted), standing)


def _with_buildings(graph: LaneGraph, buildings: Sequence[Building]) -> LaneGraph:
    counts = [len(building.outline) for building in buildings]
    corners = np.concatenate([building.outline for building in buildings]) if buildings else np.zeros((0, 2))
    return dataclasses.replace(
        graph,
        building_start=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        building_x=short(corners[:, 0], 1.0 / 32.0),
        building_y=short(corners[:, 1], 1.0 / 32.0),
        building_height=short(np.array([building.height for building in buildings]), 1.0 / 8.0),
    )


def _take_islands(graph: LaneGraph, ground: Occupancy) -> None:
    """Nothing is built inside a roundabout."""
    lanes = np.flatnonzero(graph.lane_roundabout)
    seen = np.zeros(0, np.intp)
    for lane in lanes:
        if lane in seen:
            continue
        follow = int(lane)
        ring: list[int] = []
        while follow not in ring and len(ring) < 64:
            ring.append(follow)
            after = graph.successor[graph.successor_start[follow] : graph.successor_start[follow + 1]]
            after = after[graph.lane_roundabout[after]]
            if not len(after):
                break
            follow = int(after[0])
        seen = np.union1d(seen, ring)
        ground.take(np.concatenate([lane_points(graph, member) for member in ring]))


def _widen_walks(graph: LaneGraph, streets: dict[int, Street]) -> LaneGraph:
    """Move the sidewalks of streets with parking strips outward, tapering at both ends."""
    x, y, s, length = graph.point_x.copy(), graph.point_y.copy(), graph.point_s.copy(), graph.lane_length.copy()
    for lane in np.flatnonzero((graph.lane_kind == ROAD) & (graph.lane_use == PEDESTRIAN)):
        street = streets.get(int(graph.lane_edge[lane]), Street())
        if STRIP not in (street.parking_left, street.parking_right):
            continue
        rows = slice(graph.lane_point_start[lane], graph.lane_point_start[lane + 1])
        ramp = np.clip(np.minimum(s[rows] - 2.0, length[lane] - 2.0 - s[rows]) / 8.0, 0.0, 1.0) * STRIP_WIDTH
        out = 1.0 if graph.lefthand else -1.0
        x[rows] -= out * ramp * np.sin(graph.point_heading[rows])
        y[rows] += out * ramp * np.cos(graph.point_heading[rows])
        x[rows], y[rows] = short(x[rows], 1.0 / 128.0), short(y[rows], 1.0 / 128.0)
        s[rows] = short(arc_length(np.stack([x[rows], y[rows]], axis=-1).astype(np.float64)), 1.0 / 128.0)
        length[lane] = s[rows][-1]
    return dataclasses.replace(graph, point_x=x, point_y=y, point_s=s, lane_length=length)


def park(graph: LaneGraph, *, streets: dict[int, Street], random: Generator) -> NDArray[np.float32]:
    """Parking places (Z, 3) x, y, heading along the kerbs whose street allows it, clear of junctions, crossings and lanes."""
    ways = Occupancy.around(graph, reach=8.0)
    for lane in np.flatnonzero(graph.lane_use & CAR > 0):
        clearance = PARKED_WIDTH / 2.0 + 1.05 if graph.lane_kind[lane] == ROAD else PARKED_WIDTH / 2.0 + 1.6
        ways.take_line(lane_points(graph, int(lane)), radius=clearance)
    for x0, y0, x1, y1, _ in graph.crossing:
        ways.take_line(np.array([[x0, y0], [x1, y1]], np.float64), radius=7.0)
    places: list[tuple[float, float, float]] = []
    for kerb in kerbs(graph):
        street = streets.get(kerb.edge, Street())
        kind = street.parking_left if kerb.left else street.parking_right
        if kind != NO_PARKING and not graph.lane_roundabout[kerb.lane]:
            places += _row(kerb, kind=kind, ways=ways, random=random)
    return short(np.array(places, np.float64).reshape(-1, 3), 1.0 / 256.0)


def _row(kerb: Kerb, *, kind: str, ways: Occupancy, random: Generator) -> list[tuple[float, float, float]]:
    """Cars along one kerb. A car on a STRIP stands clear of the lane; at the KERB it stands half on the pavement."""
    intrusion = 0.0 if kind == STRIP else min(0.35, max(0.0, kerb.half_width - 1.25))
    beyond = STRIP_WIDTH / 2.0 if kind == STRIP else PARKED_WIDTH / 2.0 - intrusion
    length = float(arc_length(kerb.points)[-1])
    share, places = float(random.uniform(0.35, 0.9)), []
    s = JUNCTION_CLEARANCE + float(random.uniform(0.0, 3.0))
    while s < length - JUNCTION_CLEARANCE:
        if random.random() < share:
            x, y, heading = along(kerb, s, beyond=beyond)
            ends = [(x + d * np.cos(heading), y + d * np.sin(heading)) for d in (-2.2, 0.0, 2.2)]
            if all(ways.free_at(*end) for end in ends):
                places.append((x, y, (heading + np.pi) % (2 * np.pi) - np.pi))
        s += PLACE_LENGTH + float(random.uniform(0.0, 0.4))
    return places


def plant(
    graph: LaneGraph,
    *,
    streets: dict[int, Street],
    ground: Occupancy,
    random: Generator,
    given: NDArray[np.float64] | None,
    greenery: float,
) -> NDArray[np.float32]:
    """Trees (T, 4) x, y, crown radius, height: the given ones, then rows along some kerbs; each on free ground."""
    spots = [] if given is None else [(float(x), float(y)) for x, y in given]
    for kerb in kerbs(graph):
        street = streets.get(kerb.edge, Street())
        if random.random() >= (greenery * 0.5 if street.kind in (FAST, SERVICE) else greenery):
            continue
        beyond = float(random.uniform(2.9, 4.5)) + (STRIP_WIDTH if STRIP in (street.parking_left, street.parking_right) else 0.0)
        gap, s, length = float(random.uniform(8.0, 18.0)), 6.0, float(arc_length(kerb.points)[-1])
        while s < length - 5.0:
            x, y, _ = along(kerb, s, beyond=beyond + float(random.uniform(-0.2, 0.6)))
            spots.append((x, y))
            s += gap * float(random.uniform(0.8, 1.3))
    trees: list[tuple[float, float, float, float]] = []
    kept = np.zeros((0, 2))
    for x, y in spots:
        if len(trees) >= MOST_TREES:
            break
        if ground.free_at(x, y) and (not len(kept) or np.hypot(*(kept - [x, y]).T).min() > 3.0):
            height = float(random.uniform(5.0, 13.0))
            trees.append((x, y, height * float(random.uniform(0.2, 0.32)), height))
            kept = np.concatenate([kept, [[x, y]]])
    return short(np.array(trees, np.float64).reshape(-1, 4), 1.0 / 32.0)
