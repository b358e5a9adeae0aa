"""Sketches of invented street networks: where junctions lie and which of them a street joins. Grids, spiders and irregular
towns come from SUMO's netgenerate, the motorway is drawn by hand. Classes, controls and curves come later (`town_plan`)."""

import math
import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.random import Generator

from caravela.world.maps.centre_line import densify
from caravela.world.maps.netconvert import run_tool
from caravela.world.maps.street import FAST, MAIN, RESIDENTIAL

Point = tuple[float, float]


@dataclass
class Link:
    """A street between two junctions."""

    start: str
    end: str
    kind: str = RESIDENTIAL
    one_way: bool = False
    ramp: bool = False
    lanes: int = 1  # per direction
    via: list[Point] = field(default_factory=list)  # points between the ends, m


@dataclass
class Sketch:
    nodes: dict[str, Point]
    links: list[Link]
    roundabouts: dict[str, float] = field(default_factory=dict)  # node to radius, m
    controls: dict[str, str] = field(default_factory=dict)  # node to SUMO junction type, where the sketch decides

    def degree(self, node: str) -> int:
        return sum((link.start == node) + (link.end == node) for link in self.links)


def grid(random: Generator, *, columns: int, rows: int, width: float, height: float, attach: float) -> Sketch:
    """A chequerboard with streets leading out."""
    return _netgenerate(
        random,
        "--grid",
        f"--grid.x-number={columns}",
        f"--grid.y-number={rows}",
        f"--grid.x-length={width:.1f}",
        f"--grid.y-length={height:.1f}",
        f"--grid.attach-length={attach:.1f}",
    )


def spider(random: Generator, *, arms: int, rings: int, gap: float, attach: float) -> Sketch:
    """Rings and spokes around one place, with streets leading out."""
    sketch = _netgenerate(
        random, "--spider", f"--spider.arm-number={arms}", f"--spider.circle-number={rings}", f"--spider.space-radius={gap:.1f}"
    )
    middle = np.mean(list(sketch.nodes.values()), axis=0)
    outermost = max(np.hypot(*(np.array(p) - middle)) for p in sketch.nodes.values())
    for name, point in list(sketch.nodes.items()):
        out = np.array(point) - middle
        if np.hypot(*out) > 0.9 * outermost and random.random() < 0.7:
            end = np.array(point) + out / np.hypot(*out) * attach
            sketch.nodes[f"out{name}"] = (float(end[0]), float(end[1]))
            sketch.links.append(Link(name, f"out{name}"))
    centre = min(sketch.nodes, key=lambda name: float(np.hypot(*(np.array(sketch.nodes[name]) - middle))))
    sketch.roundabouts[centre] = 18.0 + 1.5 * arms
    return sketch


def irregular(random: Generator, *, iterations: int, nearest: float, furthest: float, sharpest: float = 55.0) -> Sketch:
    """A town that grew without a plan. `nearest` and `furthest`: m between junctions; `sharpest`: degrees between two streets of one."""
    sketch = _netgenerate(
        random,
        "--rand",
        f"--rand.iterations={iterations}",
        f"--rand.min-distance={nearest:.1f}",
        f"--rand.max-distance={furthest:.1f}",
        f"--rand.min-angle={sharpest:.0f}",
        "--rand.connectivity=0.99",
    )
    _close_loops(sketch, random, reach=1.5 * furthest)
    return sketch


def crook(sketch: Sketch, random: Generator, *, share: float, sharpest: float, longest: float = 90.0) -> None:
    """Give a share of the streets that are longer than `longest` m a dog-leg: two sharp bends somewhere between its ends, as streets have that
    once went round somebody's field. Streets that this would bring near to others, or to less than `sharpest` degrees from one at a
    junction, stay straight."""
    for link in sketch.links:
        start, end = np.array(sketch.nodes[link.start]), np.array(sketch.nodes[link.end])
        length = float(np.hypot(*(end - start)))
        if link.via or length < longest or random.random() > share:
            continue
        along = (end - start) / length
        across = np.array([-along[1], along[0]]) * random.choice((-1.0, 1.0))
        aside = random.uniform(12.0, 26.0)  # m, each way
        slant = aside / math.tan(random.uniform(math.radians(40.0), math.radians(75.0)))  # m along, from the middle of the leg to a bend
        margin = 24.0 + slant
        if length < 2.0 * margin:
            continue
        middle = random.uniform(margin, length - margin)
        corners = [start + (middle - slant) * along + aside * across, start + (middle + slant) * along - aside * across]
        line = _rounded([start, *corners, end], radius=float(random.uniform(9.0, 15.0)))
        if _keeps_clear(sketch, link, line) and _leaves_wide(sketch, link, corners, sharpest=sharpest):
            link.via = line[1:-1]


def motorway(random: Generator) -> Sketch:
    """A motorway that ends at the edge of a town; a service road on either side, with one exit and one entry each. Drawn for
    right-hand traffic; nothing crosses above anything."""
    length, half, side = float(random.uniform(600, 680)), 9.0, float(random.uniform(60, 80))
    lanes = int(random.integers(2, 4))
    exit_at, entry_at = float(random.uniform(0.38, 0.42)) * length, float(random.uniform(0.72, 0.76)) * length
    nodes: dict[str, Point] = {"fork": (0.0, 0.0), "west": (-80.0, 0.0), "far": (-150.0, 0.0)}
    links = [Link("fork", "west", MAIN, lanes=2), Link("west", "far", MAIN, lanes=1)]
    for name, sign in (("s", -1.0), ("n", 1.0)):
        first, second = (exit_at, entry_at) if sign < 0.0 else (length - entry_at + 90.0, length - exit_at + 90.0)
        y = sign * half
        beside = y + sign * 3.6 * (lanes + 1) / 2.0  # middle of the lane that a ramp leaves from or becomes
        nodes |= {
            f"{name}0": (110.0, y),
            f"{name}1": (first, y),
            f"{name}2": (second, y),
            f"{name}3": (length + 60.0, y),
            f"{name}west": (-80.0, sign * side),
            f"{name}a": (first + 55.0, sign * side),
            f"{name}b": (second - 55.0, sign * side),
            f"{name}end": (length, sign * (side + 15.0)),
            f"{name}out": (-80.0, sign * (side + 75.0)),
        }
        east = [Link("fork", f"{name}0", MAIN, one_way=True, lanes=2, via=[(8.0, y * 0.44), (70.0, y * 0.75)])]
        for a, b in (("0", "1"), ("1", "2"), ("2", "3")):
            east.append(Link(f"{name}{a}", f"{name}{b}", FAST, one_way=True, lanes=lanes))
        ease = [(first + 5.0, beside), (first + 24.0, beside + sign * 0.6), (first + 47.0, sign * (side - 24.0))]
        east.append(Link(f"{name}1", f"{name}a", FAST, one_way=True, ramp=True, via=ease))
        ease = [(second - 47.0, sign * (side - 24.0)), (second - 24.0, beside + sign * 0.6), (second - 5.0, beside)]
        east.append(Link(f"{name}b", f"{name}2", FAST, one_way=True, ramp=True, via=ease))
        if sign > 0.0:
            east = [Link(e.end, e.start, e.kind, e.one_way, e.ramp, e.lanes, e.via[::-1]) for e in east]
        middle = sorted((f"{name}a", f"{name}b"), key=lambda node: nodes[node][0])
        chain = [f"{name}west", *middle, f"{name}end"]
        links += [*east, Link("west", f"{name}west", MAIN), Link(f"{name}west", f"{name}out")]
        links += [Link(a, b, MAIN) for a, b in pairwise(chain)]
    controls = {"fork": "priority"} | {f"{name}{k}": "priority" for name in "sn" for k in "0123"}
    return Sketch(nodes=nodes, links=links, roundabouts={"west": 20.0} if random.random() < 0.5 else {}, controls=controls)


def _close_loops(sketch: Sketch, random: Generator, *, reach: float) -> None:
    """Join most dead ends to a junction near them where no street is in the way; netgenerate leaves trees."""
    for name in sorted(sketch.nodes):
        if sketch.degree(name) != 1 or random.random() > 0.75:
            continue
        here = np.array(sketch.nodes[name])
        others = sorted(
            (other for other in sketch.nodes if other != name), key=lambda o: float(np.hypot(*(np.array(sketch.nodes[o]) - here)))
        )
        for other in others[:8]:
            if np.hypot(*(np.array(sketch.nodes[other]) - here)) < reach and sketch.degree(other) < 4 and _is_free(sketch, name, other):
                sketch.links.append(Link(min(name, other), max(name, other)))
                break


def _is_free(sketch: Sketch, a: str, b: str) -> bool:
    """Whether a straight street from a to b crosses none, nears no junction and meets none at less than 50 degrees."""
    p, q = np.array(sketch.nodes[a]), np.array(sketch.nodes[b])
    along = (q - p) / max(float(np.hypot(*(q - p))), 1e-6)
    for node, point in sketch.nodes.items():
        off = np.array(point) - p
        if node not in (a, b) and 0.0 < off @ along < np.hypot(*(q - p)) and abs(off[0] * along[1] - off[1] * along[0]) < 35.0:
            return False
    for link in sketch.links:
        r, s = np.array(sketch.nodes[link.start]), np.array(sketch.nodes[link.end])
        shared = {a, b} & {link.start, link.end}
        if len(shared) == 2:
            return False
        if shared:
            end = next(iter(shared))
            out = along if end == a else -along
            arm = (s - r if link.start == end else r - s) / max(float(np.hypot(*(s - r))), 1e-6)
            if out @ arm > np.cos(np.radians(50.0)):
                return False
        elif _side(p, q, r) * _side(p, q, s) < 0.0 and _side(r, s, p) * _side(r, s, q) < 0.0:
            return False
    return True


def _rounded(corners: list[np.ndarray], *, radius: float) -> list[Point]:
    """A line of straight pieces whose corners are arcs of this radius, less where a piece is too short for it, m."""
    line = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        back, on = before - corner, after - corner
        lengths = np.hypot(*back), np.hypot(*on)
        back, on = back / lengths[0], on / lengths[1]
        turn = math.pi - math.acos(float(np.clip(back @ on, -1.0, 1.0)))
        cut = min(radius * math.tan(0.5 * turn), 0.48 * min(lengths))
        inside = (back + on) / np.hypot(*(back + on))
        centre = corner + inside * cut / math.sin(0.5 * turn)
        reach = cut / math.tan(0.5 * turn)
        side = (back - on) / np.hypot(*(back - on))
        for angle in np.linspace(-0.5 * turn, 0.5 * turn, max(3, math.ceil(turn * reach / 2.0) + 1)):
            line.append(centre - reach * (math.cos(angle) * inside + math.sin(angle) * side))
    return [(float(x), float(y)) for x, y in [*line, corners[-1]]]


def _keeps_clear(sketch: Sketch, link: Link, line: list[Point], *, by: float = 24.0) -> bool:
    """Whether a street's line keeps away from all junctions but its own, and from all other streets but near its ends, m."""
    points = densify(np.array(line), step=4.0)
    own = {link.start, link.end}
    for node, place in sketch.nodes.items():
        if node not in own and np.hypot(*(points - place).T).min() < by:
            return False
    for other in sketch.links:
        if other is link:
            continue
        theirs = densify(np.array([sketch.nodes[other.start], *other.via, sketch.nodes[other.end]]), step=4.0)
        shared = [np.array(sketch.nodes[node]) for node in own & {other.start, other.end}]
        mine = points[np.all([np.hypot(*(points - place).T) > 1.5 * by for place in shared], axis=0)] if shared else points
        if len(mine) and np.hypot(*(mine[:, None] - theirs[None]).transpose(2, 0, 1)).min() < by:
            return False
    return True


def _leaves_wide(sketch: Sketch, link: Link, corners: list[np.ndarray], *, sharpest: float) -> bool:
    """Whether a street by way of some corners leaves both its junctions at `sharpest` degrees or more from all others there."""
    for node, towards in ((link.start, corners[0]), (link.end, corners[-1])):
        here = np.array(sketch.nodes[node])
        out = (towards - here) / np.hypot(*(towards - here))
        for other in sketch.links:
            if other is link or node not in (other.start, other.end):
                continue
            theirs = [np.array(point) for point in (sketch.nodes[other.start], *other.via, sketch.nodes[other.end])]
            arm = (theirs[1] if other.start == node else theirs[-2]) - here
            if out @ arm / np.hypot(*arm) > math.cos(math.radians(sharpest)):
                return False
    return True


def _side(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def _netgenerate(random: Generator, *arguments: str) -> Sketch:
    """What netgenerate draws, each street once."""
    with tempfile.TemporaryDirectory() as folder:
        prefix = Path(folder) / "plain"
        seed = int(random.integers(1, 2**30))
        run_tool(
            "netgenerate", [*arguments, f"--seed={seed}", f"--plain-output-prefix={prefix}", "--no-warnings"], subject="a generated town"
        )
        nodes = {
            node.attrib["id"]: (float(node.attrib["x"]), float(node.attrib["y"]))
            for node in ElementTree.parse(f"{prefix}.nod.xml").iter("node")
        }
        pairs = dict.fromkeys(
            tuple(sorted((edge.attrib["from"], edge.attrib["to"]))) for edge in ElementTree.parse(f"{prefix}.edg.xml").iter("edge")
        )
    return Sketch(nodes=nodes, links=[Link(a, b) for a, b in sorted(pairs)])
