"""OpenStreetMap extracts (.osm, .osm.pbf) into lane graphs: roads through netconvert, driving side by place, buildings,
trees and parking from the tags. It leaves out rail, footways away from roads, and elevation."""

import dataclasses
import math
import re
import tempfile
import zlib
from pathlib import Path

import numpy as np

from caravela.core.errors import MapError
from caravela.world.maps.assemble import WIDEST, Streets, read_streets
from caravela.world.maps.crossings import match_crossings
from caravela.world.maps.driving_side import drives_left
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.netconvert import DETAIL, REPAIR, SIGNALS, run_tool
from caravela.world.maps.osm_data import OsmData, Way, read_osm, road_ways, write_roads
from caravela.world.maps.osm_roadside import buildings, open_ground, street, tagged_nodes, trees
from caravela.world.maps.osm_signals import signal_nodes
from caravela.world.maps.osm_simplify import without_level_crossings, without_mini_circles
from caravela.world.maps.osm_variation import vary
from caravela.world.maps.projection import parameters
from caravela.world.maps.roadside import REACH, furnish
from caravela.world.maps.signs import KIND_OF_TAG, apply_signs
from caravela.world.maps.street import Street

ATTRIBUTION = "© OpenStreetMap contributors, ODbL 1.0"
FLAGS = (
    "--tls.guess-signals",
    "--tls.guess",
    "--tls.join",
    "--default.junctions.radius=6",
    "--tls.cycle.time=60",
    "--osm.turn-lanes",
    "--keep-edges.by-vclass=passenger",
    "--sidewalks.guess",
    "--sidewalks.guess.max-speed=18",
    "--crossings.guess",
    "--offset.disable-normalization=true",
)
BUILDINGS_PER_KM = 12.0  # with fewer, buildings are hardly mapped here and invented ones come nearer
SERVICE_STREET = {"highway": "unclassified", "maxspeed": "20"}  # netconvert lets no passenger car onto highway=service


def import_osm(path: Path, *, lefthand: bool | None = None, name: str | None = None, variation: int | None = None) -> LaneGraph:
    """The lane graph of an extract; `lefthand` overrides what its place says, `variation` makes another place of it, see
    `osm_variation`. Raises MapError."""
    data = read_osm(path)
    data = data if variation is None else vary(data, variation)
    roads = road_ways(data)
    name = name or path.name.split(".")[0]
    origin = _origin(data, roads, name=name)
    lefthand = drives_left(*origin) if lefthand is None else lefthand
    roads, data = without_mini_circles(roads, data, origin=origin)
    roads, data = without_level_crossings(roads, data, origin=origin)
    changes = {key: _street_tags(way) for key, way in roads.items()}
    with tempfile.TemporaryDirectory() as folder:
        streets, net = Path(folder) / "streets.osm", Path(folder) / "streets.net.xml"
        write_roads(data, roads, path=streets, tags=changes, signals=signal_nodes(data, roads, origin=origin))
        flags = [*DETAIL, *SIGNALS, *REPAIR, *FLAGS, f"--proj={parameters(origin)}", *(["--lefthand"] if lefthand else [])]
        run_tool("netconvert", [f"--osm-files={streets}", f"--output-file={net}", *flags], subject=f"'{path}'")
        built = read_streets(net, name=name, attribution=ATTRIBUTION)
    graph = _marked(dataclasses.replace(built.graph, origin=origin), data)
    random = np.random.default_rng(zlib.crc32(name.encode()))
    return _furnished(graph, data, _streets(built, roads, random=random), random=random)


def _marked(graph: LaneGraph, data: OsmData) -> LaneGraph:
    """With the crossings and signs that are mapped."""
    places, tags = tagged_nodes(data, values=frozenset({"crossing"}), origin=graph.origin)
    marked = np.array(
        [tag.get("crossing") not in ("unmarked", "no", "informal") and tag.get("crossing:markings") != "no" for tag in tags], np.bool_
    )
    graph = match_crossings(graph, places[marked])
    places, tags = tagged_nodes(data, values=frozenset(KIND_OF_TAG), origin=graph.origin)
    return apply_signs(graph, places, [KIND_OF_TAG[tag["highway"]] for tag in tags])


def _street_tags(way: Way) -> dict[str, str]:
    """The tags that netconvert shall see: no widths (they count parking), service roads as slow streets."""
    tags = {key: value for key, value in way.tags.items() if not key.startswith(("width", "est_width"))}
    return tags | SERVICE_STREET if tags["highway"] == "service" else tags


def _streets(built: Streets, roads: dict[int, Way], *, random: np.random.Generator) -> dict[int, Street]:
    """Roadside of every edge, from the way that its SUMO name begins with."""
    found = {}
    for number, edge in enumerate(built.edges):
        match = re.match(r"(-?)(\d+)", edge.id)
        way = roads.get(int(match[2])) if match else None
        lane = int(np.flatnonzero(built.graph.lane_edge == number)[0])
        two_way = bool(built.graph.lane_opposite[lane] >= 0)
        if way is not None and match is not None:
            found[number] = street(way.tags, backward=match[1] == "-", two_way=two_way, lefthand=built.graph.lefthand, random=random)
    return found


def _furnished(graph: LaneGraph, data: OsmData, streets: dict[int, Street], *, random: np.random.Generator) -> LaneGraph:
    x0, y0, x1, y1 = graph.bounds()
    bounds = (x0 - REACH, y0 - REACH, x1 + REACH, y1 + REACH)
    known = buildings(data, origin=graph.origin, bounds=bounds, random=random)
    mapped = len(known) > BUILDINGS_PER_KM * graph.car_km()
    return furnish(
        graph,
        streets=streets,
        random=random,
        buildings=known,
        trees=trees(data, origin=graph.origin, random=random),
        density=0.6,
        apart=70.0 if mapped else 25.0,
        open_ground=open_ground(data, origin=graph.origin),
    )


def _origin(data: OsmData, roads: dict[int, Way], *, name: str) -> tuple[float, float]:
    """Middle of the roads: latitude, longitude. Raises MapError if there is no road."""
    nodes = [data.nodes[node] for way in roads.values() for node in way.nodes if node in data.nodes]
    if not nodes:
        raise MapError(f"map '{name}' has no road that a car may use; expected at least one street: give a larger extract.")
    latitude, longitude = np.array([n.latitude for n in nodes]), np.array([n.longitude for n in nodes])
    origin = float((latitude.min() + latitude.max()) / 2.0), float((longitude.min() + longitude.max()) / 2.0)
    across = 111.2 * max(float(np.ptp(latitude)), float(np.ptp(longitude)) * math.cos(math.radians(origin[0])))  # km, 111.2 a degree
    if across > WIDEST / 1000.0:
        raise MapError(f"map '{name}' is {across:.0f} km across; expected at most {WIDEST / 1000.0:.0f} km: cut a smaller extract.")
    return origin
