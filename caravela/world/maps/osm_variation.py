"""Real places that might be: an extract stretched and bent, its signals moved about. The real places to train on are few, and who has
seen the same ten again and again knows those, not what real streets are like."""

import math
from dataclasses import replace

import numpy as np

from caravela.world.maps.osm_data import SIGNAL_TAGS, Node, OsmData, road_ways

SCALE, STRETCH = (0.9, 1.35), (0.85, 1.2)  # of all distances, and of those along one direction besides
BENDS, WAVELENGTH, STEEPEST = 3, (120.0, 350.0), 0.12  # waves that bend it; m; m of shift a metre
SIGNALS_GONE, SIGNALS_ADDED = 0.25, 0.3  # chances that a variation has no signals, or more than there are
ADDED_SHARE = 0.35  # of junctions that get signals then
METRES_A_DEGREE = 111_200.0


def vary(data: OsmData, number: int) -> OsmData:
    """Variation `number` of an extract: the same one for the same number."""
    random = np.random.default_rng((number, len(data.nodes)))
    return _other_signals(_bent(data, random), random)


def _bent(data: OsmData, random: np.random.Generator) -> OsmData:
    """With all nodes moved: scaled, stretched along one direction, and shifted by waves that are long beside a road's width."""
    keys = list(data.nodes)
    places = np.array([(data.nodes[key].longitude, data.nodes[key].latitude) for key in keys])
    middle = places.mean(0)
    metres = np.array([METRES_A_DEGREE * math.cos(math.radians(middle[1])), METRES_A_DEGREE])
    points = (places - middle) * metres
    angle = random.uniform(0.0, math.pi)
    along = np.array([math.cos(angle), math.sin(angle)])
    points = random.uniform(*SCALE) * (points + (random.uniform(*STRETCH) - 1.0) * np.outer(points @ along, along))
    for _ in range(BENDS):
        length, way, towards = random.uniform(*WAVELENGTH), random.uniform(0.0, 2.0 * math.pi), random.uniform(0.0, 2.0 * math.pi)
        most = STEEPEST * length / (2.0 * math.pi)
        phase = 2.0 * math.pi * (points @ (math.cos(way), math.sin(way))) / length + random.uniform(0.0, 2.0 * math.pi)
        points = points + most * np.outer(np.sin(phase), (math.cos(towards), math.sin(towards)))
    moved = middle + points / metres
    nodes = {key: Node(float(y), float(x), data.nodes[key].tags) for key, (x, y) in zip(keys, moved, strict=True)}
    return replace(data, nodes=nodes)


def _other_signals(data: OsmData, random: np.random.Generator) -> OsmData:
    """Without its signals, with more, or as it is."""
    chance = random.random()
    if chance < SIGNALS_GONE:
        nodes = {key: _unlit(node) if _is_signal(node) else node for key, node in data.nodes.items()}
    elif chance < SIGNALS_GONE + SIGNALS_ADDED:
        met: dict[int, int] = {}
        for way in road_ways(data).values():
            fast = way.tags.get("highway", "").startswith(("motorway", "trunk"))
            if fast or "junction" in way.tags:  # a roundabout is tagged as one
                continue
            for number, key in enumerate(way.nodes):
                met[key] = met.get(key, 0) + (1 if number in (0, len(way.nodes) - 1) else 2)
        lit = {key for key, arms in met.items() if arms >= 3 and key in data.nodes and random.random() < ADDED_SHARE}
        nodes = {key: replace(node, tags=node.tags | SIGNAL_TAGS) if key in lit else node for key, node in data.nodes.items()}
    else:
        return data
    return replace(data, nodes=nodes)


def _is_signal(node: Node) -> bool:
    return node.tags.get("highway") == "traffic_signals" or node.tags.get("crossing") == "traffic_signals"


def _unlit(node: Node) -> Node:
    """The node without its signal; a crossing stays one."""
    tags = {key: value for key, value in node.tags.items() if (key, value) not in SIGNAL_TAGS.items()}
    return replace(node, tags=tags | {"crossing": "uncontrolled"} if tags.get("crossing") == "traffic_signals" else tags)
