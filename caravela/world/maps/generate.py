"""Invented towns by seed: `generate(seed)` always builds the same one. netgenerate sketches it, `town_plan` dresses it,
netconvert builds it, `roadside` furnishes it."""

import dataclasses
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.random import Generator

from caravela.core.errors import unknown_name
from caravela.world.maps import sketch
from caravela.world.maps.assemble import Streets, read_streets
from caravela.world.maps.crossings import keep_crossings
from caravela.world.maps.lane_graph import LaneGraph
from caravela.world.maps.netconvert import DETAIL, SIGNALS, run_tool
from caravela.world.maps.roadside import furnish
from caravela.world.maps.sketch import Sketch
from caravela.world.maps.street import Street
from caravela.world.maps.town_plan import Manner, TownPlan, plan_town, write_plain

ATTEMPTS = 4  # towns are drawn again while two lanes meet at more than SHARPEST_JOINT
SHARPEST_JOINT = math.radians(45.0)
CROSSING_SHARE = 0.3  # of the arms of junctions without signals that have a pedestrian crossing


@dataclasses.dataclass(frozen=True)
class Style:
    """A kind of town."""

    manner: Manner
    sketch: Callable[[Generator], Sketch]
    density: tuple[float, float] = (0.5, 0.9)  # fewest, most frontage built up


def _grid(random: Generator) -> Sketch:
    columns, rows = int(random.integers(3, 6)), int(random.integers(3, 5))
    return sketch.grid(
        random, columns=columns, rows=rows, width=random.uniform(75, 130), height=random.uniform(75, 130), attach=random.uniform(50, 90)
    )


def _arterial(random: Generator) -> Sketch:
    columns, rows = int(random.integers(2, 4)), int(random.integers(2, 4))
    return sketch.grid(
        random, columns=columns, rows=rows, width=random.uniform(150, 210), height=random.uniform(150, 210), attach=random.uniform(90, 130)
    )


def _spider(random: Generator) -> Sketch:
    return sketch.spider(
        random,
        arms=int(random.integers(4, 7)),
        rings=int(random.integers(2, 4)),
        gap=random.uniform(75, 105),
        attach=random.uniform(60, 90),
    )


def _irregular(random: Generator) -> Sketch:
    return sketch.irregular(
        random, iterations=int(random.integers(16, 29)), nearest=random.uniform(65, 90), furthest=random.uniform(110, 170)
    )


def _avenues(random: Generator) -> Sketch:
    return sketch.irregular(
        random, iterations=int(random.integers(10, 18)), nearest=random.uniform(110, 140), furthest=random.uniform(170, 230), sharpest=40.0
    )


def _crooked(random: Generator) -> Sketch:
    drawing = sketch.irregular(
        random, iterations=int(random.integers(12, 22)), nearest=random.uniform(95, 125), furthest=random.uniform(150, 200), sharpest=45.0
    )
    sketch.crook(drawing, random, share=0.8, sharpest=42.0)
    return drawing


def _narrow(random: Generator) -> Sketch:
    if random.random() < 0.5:
        return sketch.irregular(random, iterations=int(random.integers(20, 34)), nearest=60.0, furthest=random.uniform(90, 120))
    columns, rows = int(random.integers(3, 6)), int(random.integers(3, 6))
    return sketch.grid(random, columns=columns, rows=rows, width=random.uniform(60, 95), height=random.uniform(60, 95), attach=45.0)


STYLES: dict[str, Style] = {
    "grid": Style(Manner(), _grid),
    "arterial": Style(
        Manner(
            main_roads=4,
            main_lanes=(2, 3),
            main_kph=(50.0, 70.0),
            side_kph=(50.0,),
            signals=0.6,
            missing=0.05,
            roundabouts=0.03,
            parking=(0.3, 0.1),
        ),
        _arterial,
    ),
    "spider": Style(Manner(main_roads=3, roundabouts=0.4, signals=0.25, main_kph=(50.0, 70.0)), _spider),
    "irregular": Style(Manner(bend=(8.0, 20.0)), _irregular, density=(0.4, 0.85)),
    "avenues": Style(
        Manner(
            main_roads=4,
            main_lanes=(2, 4),
            main_kph=(50.0, 60.0, 70.0),
            side_kph=(30.0, 50.0),
            lane_width=(2.9, 3.5),
            bend=(10.0, 24.0),
            signals=0.75,
            missing=0.05,
            roundabouts=0.0,
            one_way=0.15,
            parking=(0.3, 0.1),
        ),
        _avenues,
    ),
    "crooked": Style(
        Manner(
            main_roads=3,
            main_lanes=(1, 3),
            main_kph=(30.0, 50.0),
            side_kph=(30.0, 50.0),
            lane_width=(2.75, 3.4),
            resampled=2.0,
            signals=0.65,
            missing=0.05,
            roundabouts=0.03,
            right_before_left=0.5,
            one_way=0.15,
            parking=(0.2, 0.3),
        ),
        _crooked,
        density=(0.5, 0.95),
    ),
    "narrow": Style(
        Manner(
            main_roads=1,
            main_lanes=(1, 1),
            side_kph=(30.0,),
            lane_width=(2.75, 2.95),
            signals=0.2,
            right_before_left=0.6,
            one_way=0.1,
            parking=(0.1, 0.7),
        ),
        _narrow,
        density=(0.75, 0.98),
    ),
    "motorway": Style(
        Manner(main_roads=0, missing=0.0, bend=(10.0, 22.0), main_kph=(50.0, 70.0), signals=0.5, one_way=0.0, roundabouts=0.0),
        sketch.motorway,
        density=(0.3, 0.6),
    ),
}
SHARES = {"grid": 0.2, "arterial": 0.2, "spider": 0.15, "irregular": 0.2, "narrow": 0.15, "motorway": 0.1}


def generate(seed: int, *, style: str | None = None, lefthand: bool | None = None, name: str | None = None) -> LaneGraph:
    """The town of a seed; style and driving side follow from the seed unless given. Raises CaravelaError for an unknown style,
    MapError without SUMO."""
    random = np.random.default_rng([seed, 0xCA7A])
    drawn_style, drawn_side = str(random.choice(list(SHARES), p=list(SHARES.values()))), bool(random.random() < 0.5)
    style, lefthand = style or drawn_style, drawn_side if lefthand is None else lefthand
    if style not in STYLES:
        raise unknown_name("town style", style, STYLES)
    name = name or f"{style}-{seed}"
    graph = _town(STYLES[style], lefthand=lefthand, name=name, random=random)
    for attempt in range(1, ATTEMPTS):
        if sharpest_joint(graph) <= SHARPEST_JOINT:
            break
        graph = _town(STYLES[style], lefthand=lefthand, name=name, random=np.random.default_rng([seed, 0xCA7A, attempt]))
    return graph


def _town(rules: Style, *, lefthand: bool, name: str, random: Generator) -> LaneGraph:
    drawing = rules.sketch(random)
    if lefthand:
        drawing = _mirrored(drawing)
    plan = plan_town(drawing, manner=rules.manner, lefthand=lefthand, random=random)
    built = _build(plan, name=name, lefthand=lefthand, cycle=int(random.choice([45, 60, 75])))
    streets = {number: _street(edge.type) for number, edge in enumerate(built.edges)}
    graph = built.graph
    graph = keep_crossings(graph, (graph.crossing_link >= 0) | (random.random(len(graph.crossing_link)) < CROSSING_SHARE))
    density, greenery = float(random.uniform(*rules.density)), float(random.uniform(0.1, 0.6))
    return furnish(graph, streets=streets, random=random, density=density, greenery=greenery)


def sharpest_joint(graph: LaneGraph) -> float:
    """The largest change of heading from the end of a lane to the start of its successor, rad."""
    before = np.repeat(np.arange(graph.lanes), np.diff(graph.successor_start))
    ends, starts = graph.point_heading[graph.lane_point_start[before + 1] - 1], graph.point_heading[graph.lane_point_start[graph.successor]]
    return float(np.abs((starts - ends + np.pi) % (2.0 * np.pi) - np.pi).max(initial=0.0))


def _mirrored(drawing: Sketch) -> Sketch:
    """The sketch seen in a mirror: left-hand traffic."""
    nodes = {node: (x, -y) for node, (x, y) in drawing.nodes.items()}
    links = [dataclasses.replace(link, via=[(x, -y) for x, y in link.via]) for link in drawing.links]
    return dataclasses.replace(drawing, nodes=nodes, links=links)


def _build(plan: TownPlan, *, name: str, lefthand: bool, cycle: int) -> Streets:
    with tempfile.TemporaryDirectory() as folder:
        nodes, edges, net = (Path(folder) / file for file in ("town.nod.xml", "town.edg.xml", "town.net.xml"))
        write_plain(plan, nodes=nodes, edges=edges)
        flags = [
            *DETAIL,
            *SIGNALS,
            "--roundabouts.guess",
            "--ramps.guess",
            "--ramps.ramp-length=80",
            "--crossings.guess",
            f"--tls.cycle.time={cycle}",
        ]
        flags += ["--lefthand"] if lefthand else []
        run_tool(
            "netconvert",
            [f"--node-files={nodes}", f"--edge-files={edges}", f"--output-file={net}", *flags],
            subject=f"generated town '{name}'",
        )
        return read_streets(net, name=name)


def _street(kind: str) -> Street:
    """What `write_plain` hid in an edge's type."""
    parts = (kind.split(".") + ["none", "none"])[:3]
    return Street(kind=parts[0], parking_left=parts[1], parking_right=parts[2])
