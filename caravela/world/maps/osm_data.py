"""OpenStreetMap data in memory: nodes, ways and relations with their tags, from .osm XML or .osm.pbf (pyosmium, extra
`maps`), and the roads among them written out again for netconvert."""

import importlib.util
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

from caravela.core.errors import MapError, install_hint

LARGEST = 400_000_000  # bytes of XML; beyond it lies a country, not a town
STREETS = frozenset(f"{kind}{link}" for kind in ("motorway", "trunk", "primary", "secondary", "tertiary") for link in ("", "_link")) | {
    "unclassified",
    "residential",
    "living_street",
    "road",
}
YARDS = frozenset({"parking_aisle", "driveway", "drive-through", "emergency_access"})
SIGNAL_TAGS = {"highway": "traffic_signals"}
CLOSED = frozenset({"no", "private"})


@dataclass(frozen=True)
class Node:
    latitude: float
    longitude: float
    tags: dict[str, str]


@dataclass(frozen=True)
class Way:
    nodes: tuple[int, ...]
    tags: dict[str, str]


@dataclass(frozen=True)
class Relation:
    members: tuple[tuple[str, int, str], ...]  # (node | way | relation, id, role)
    tags: dict[str, str]


@dataclass(frozen=True)
class OsmData:
    nodes: dict[int, Node]
    ways: dict[int, Way]
    relations: dict[int, Relation]


def read_osm(path: Path) -> OsmData:
    """Read .osm or .osm.pbf. Raises MapError."""
    if not path.is_file():
        raise MapError(f"there is no map file '{path}'; give the path of an .osm or .osm.pbf extract.")
    if path.stat().st_size == 0:
        raise MapError(f"'{path}' is empty; expected OpenStreetMap data: download the extract again.")
    data = _read_pbf(path) if path.suffix == ".pbf" else _read_xml(path)
    if not data.nodes or not data.ways:
        raise MapError(
            f"'{path}' holds {len(data.nodes)} nodes and {len(data.ways)} ways; expected a town with roads: give a larger extract."
        )
    return data


def _read_xml(path: Path) -> OsmData:
    if path.stat().st_size > LARGEST:
        raise MapError(f"'{path}' has {path.stat().st_size / 1e6:.0f} MB; expected at most {LARGEST / 1e6:.0f} MB: cut a smaller extract.")
    data = OsmData(nodes={}, ways={}, relations={})
    try:
        events = ElementTree.iterparse(path, events=("start", "end"))
        _, root = next(events)
        if root.tag != "osm":
            raise MapError(f"'{path}' holds <{root.tag[:40]}>; expected OpenStreetMap XML whose root is <osm>.")
        for event, element in events:
            if event == "end" and element.tag in ("node", "way", "relation"):
                _take(element, data)
                element.clear()
    except (ElementTree.ParseError, UnicodeDecodeError, LookupError, StopIteration) as error:
        raise MapError(f"'{path}' is not OpenStreetMap XML ({str(error)[:80]}); expected an .osm extract: download it again.") from error
    except ValueError as error:
        raise MapError(f"'{path}' is broken OpenStreetMap XML ({type(error).__name__}: {str(error)[:80]}); download it again.") from error
    return data


def _take(element: ElementTree.Element, data: OsmData) -> None:
    if element.get("action") == "delete" or element.get("visible") == "false":
        return
    key = int(element.attrib["id"])
    tags = {tag.attrib["k"]: tag.attrib["v"] for tag in element.iter("tag")}
    if element.tag == "node":
        latitude, longitude = float(element.attrib["lat"]), float(element.attrib["lon"])
        if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
            raise ValueError(f"node {key} lies at {latitude}, {longitude}")
        data.nodes[key] = Node(latitude, longitude, tags)
    elif element.tag == "way":
        data.ways[key] = Way(tuple(int(nd.attrib["ref"]) for nd in element.iter("nd")), tags)
    else:
        members = tuple((m.attrib["type"], int(m.attrib["ref"]), m.get("role", "")) for m in element.iter("member"))
        data.relations[key] = Relation(members, tags)


def _read_pbf(path: Path) -> OsmData:
    if importlib.util.find_spec("osmium") is None:
        raise MapError(f"reading '{path}' needs pyosmium, which is not installed; install it with: {install_hint('maps')}.")
    import osmium

    if path.stat().st_size > LARGEST // 8:
        raise MapError(f"'{path}' has {path.stat().st_size / 1e6:.0f} MB; expected at most {LARGEST / 8e6:.0f} MB: cut a smaller extract.")
    data = OsmData(nodes={}, ways={}, relations={})
    kinds = {"n": "node", "w": "way", "r": "relation"}
    try:
        for item in osmium.FileProcessor(str(path)):
            tags = {tag.k: tag.v for tag in item.tags}
            if isinstance(item, osmium.osm.Node):
                if item.location.valid():
                    data.nodes[item.id] = Node(item.location.lat, item.location.lon, tags)
            elif isinstance(item, osmium.osm.Way):
                data.ways[item.id] = Way(tuple(node.ref for node in item.nodes), tags)
            elif isinstance(item, osmium.osm.Relation):
                data.relations[item.id] = Relation(tuple((kinds[m.type], m.ref, m.role) for m in item.members), tags)
    except RuntimeError as error:
        raise MapError(
            f"'{path}' is not OpenStreetMap PBF ({str(error)[:80]}); expected an .osm.pbf extract: download it again."
        ) from error
    return data


def is_street(way: Way) -> bool:
    """Whether cars drive through here."""
    return way.tags.get("highway") in STREETS and way.tags.get("area") != "yes" and way.tags.get("tunnel") != "building_passage"


def is_service(way: Way) -> bool:
    """Whether it is an access road that is open to all."""
    tags = way.tags
    access = tags.get("motor_vehicle", tags.get("vehicle", tags.get("access", "yes")))
    return tags.get("highway") == "service" and tags.get("area") != "yes" and tags.get("service") not in YARDS and access not in CLOSED


def road_ways(data: OsmData) -> dict[int, Way]:
    """The ways that become streets. Access roads are streets only where there is hardly anything else."""
    known = {key: way for key, way in data.ways.items() if sum(node in data.nodes for node in way.nodes) >= 2}
    streets = {key: way for key, way in known.items() if is_street(way)}
    shared = Counter(node for way in streets.values() for node in set(way.nodes))
    if len(streets) > 1 and max(shared.values()) > 1:
        return streets
    return streets | {key: way for key, way in known.items() if is_service(way)}


def write_roads(data: OsmData, roads: dict[int, Way], *, path: Path, tags: dict[int, dict[str, str]], signals: set[int]) -> None:
    """An .osm with only these ways (with `tags` by way id), their nodes (tagged only as `signals`) and turn restrictions."""
    used = dict.fromkeys(node for way in roads.values() for node in way.nodes if node in data.nodes)
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        for key in used:
            node = data.nodes[key]
            where = f'lat="{node.latitude!r}" lon="{node.longitude!r}"'
            file.write(f'<node id="{key}" version="1" {where}>{_tags(SIGNAL_TAGS if key in signals else {})}</node>\n')
        for key, way in roads.items():
            references = "".join(f'<nd ref="{node}"/>' for node in way.nodes if node in data.nodes)
            file.write(f'<way id="{key}" version="1">{references}{_tags(tags.get(key, way.tags))}</way>\n')
        for key, relation in data.relations.items():
            ways = [member for kind, member, _ in relation.members if kind == "way"]
            if relation.tags.get("type") == "restriction" and ways and all(way in roads for way in ways):
                members = "".join(
                    f'<member type="{kind}" ref="{member}" role={quoteattr(role)}/>' for kind, member, role in relation.members
                )
                file.write(f'<relation id="{key}" version="1">{members}{_tags(relation.tags)}</relation>\n')
        file.write("</osm>\n")


def _tags(tags: dict[str, str]) -> str:
    return "".join(f"<tag k={quoteattr(_plain(k))} v={quoteattr(_plain(v))}/>" for k, v in tags.items())


def _plain(text: str) -> str:
    """Without characters that XML forbids."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", " ", text)
