"""SUMO's plain XML between two runs of netconvert. netconvert reads every OpenDRIVE map as right-hand traffic; here its roads
are turned into what a left-hand network needs, and U-turns are dropped."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np

from caravela.world.maps.centre_line import Polyline, offset_line
from caravela.world.maps.net_xml import LANE_WIDTH

# How to make a network left-hand. SHIFT: roads already lie and lead where left-hand traffic drives, but their lanes count from the
# right. REVERSE: they lie right but lead the wrong way (OpenDRIVE with rule="LHT", read as right-hand).
SHIFT, REVERSE = "shift", "reverse"


def rewrite(prefix: Path, *, lefthand: str | None) -> None:
    """Rewrite PREFIX.edg.xml and PREFIX.con.xml in place; `lefthand` is SHIFT, REVERSE, or None for right-hand traffic."""
    edges_file, connections_file = Path(f"{prefix}.edg.xml"), Path(f"{prefix}.con.xml")
    edges, connections = ElementTree.parse(edges_file), ElementTree.parse(connections_file)
    nodes = {
        node.attrib["id"]: (float(node.attrib["x"]), float(node.attrib["y"]))
        for node in ElementTree.parse(f"{prefix}.nod.xml").iter("node")
    }
    ends = {edge.attrib["id"]: (edge.attrib["from"], edge.attrib["to"]) for edge in edges.iter("edge")}
    lanes = {edge.attrib["id"]: int(edge.get("numLanes", "1")) for edge in edges.iter("edge")}
    _rewrite_connections(connections.getroot(), ends=ends, lanes=lanes, lefthand=lefthand)
    for edge in edges.iter("edge"):
        if lefthand == SHIFT:
            _shift(edge, nodes)
        elif lefthand == REVERSE:
            _reverse(edge)
    edges.write(edges_file)
    connections.write(connections_file)


def _rewrite_connections(
    root: ElementTree.Element, *, ends: dict[str, tuple[str, str]], lanes: dict[str, int], lefthand: str | None
) -> None:
    for node in list(root):
        start, goal = node.get("from", ""), node.get("to", "")
        if node.tag != "connection" or start not in ends or goal not in ends or ends[start] == ends[goal][::-1]:
            root.remove(node)
            continue
        from_lane, to_lane = int(node.get("fromLane", "0")), int(node.get("toLane", "0"))
        if lefthand == SHIFT:
            from_lane, to_lane = lanes[start] - 1 - from_lane, lanes[goal] - 1 - to_lane
        if lefthand == REVERSE:
            start, goal, from_lane, to_lane = goal, start, to_lane, from_lane
        node.clear()
        node.attrib.update({"from": start, "to": goal, "fromLane": str(from_lane), "toLane": str(to_lane)})


def _shift(edge: ElementTree.Element, nodes: dict[str, tuple[float, float]]) -> None:
    """From the left border of the lanes to their right border; lanes count from the left."""
    widths = [float(lane.get("width", edge.get("width", LANE_WIDTH))) for lane in edge.iter("lane")]
    total = sum(widths) if widths else int(edge.get("numLanes", "1")) * float(edge.get("width", LANE_WIDTH))
    shape = _shape(edge, nodes)
    if edge.get("spreadType", "right") == "right":
        _set_shape(edge, offset_line(shape, left=-total))
    found = list(edge.iter("lane"))
    for lane in found:
        lane.set("index", str(len(found) - 1 - int(lane.attrib["index"])))
        lane.attrib.pop("shape", None)


def _reverse(edge: ElementTree.Element) -> None:
    edge.attrib["from"], edge.attrib["to"] = edge.attrib["to"], edge.attrib["from"]
    if edge.get("shape"):
        edge.set("shape", " ".join(edge.attrib["shape"].split()[::-1]))
    for lane in edge.iter("lane"):
        lane.attrib.pop("shape", None)


def _shape(edge: ElementTree.Element, nodes: dict[str, tuple[float, float]]) -> Polyline:
    text = edge.get("shape")
    if not text:
        return np.array([nodes[edge.attrib["from"]], nodes[edge.attrib["to"]]])
    return np.array([[float(v) for v in pair.split(",")[:2]] for pair in text.split()])


def _set_shape(edge: ElementTree.Element, shape: Polyline) -> None:
    edge.set("shape", " ".join(f"{x:.2f},{y:.2f}" for x, y in shape))
