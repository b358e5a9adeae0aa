"""What every lane graph must satisfy, whatever it was made from: lanes that join, conflicts that name each other, signals
that never let two conflicting paths go, buildings and trees off the road."""

import numpy as np

from caravela.world.maps.centre_line import densify, distance_to
from caravela.world.maps.lane_graph import BUS, CAR, JUNCTION, LAMP_GREEN, ROAD, SIGNAL, LaneGraph
from caravela.world.maps.occupancy import lane_points


def turn(angle):
    """Size of an angle, rad."""
    return np.abs((angle + np.pi) % (2.0 * np.pi) - np.pi)


def assert_sound(graph: LaneGraph, *, heading_gap: float = np.pi / 4.0, odd_joints: int = 0) -> None:
    """`odd_joints`: how many joints may bend by more than `heading_gap`."""
    assert_points(graph)
    assert_joints(graph, heading_gap=heading_gap, odd_joints=odd_joints)
    assert_numbers(graph)
    assert_conflicts(graph)
    assert_signals(graph)
    assert_axis(graph)


def assert_points(graph: LaneGraph) -> None:
    start = graph.lane_point_start
    assert (np.diff(start) >= 2).all() and start[-1] == len(graph.point_x)
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(start))
    same = lane_of[1:] == lane_of[:-1]
    step = np.hypot(np.diff(graph.point_x), np.diff(graph.point_y))[same]
    assert step.min() >= 0.2 and step.max() <= 5.01
    np.testing.assert_allclose(np.diff(graph.point_s)[same], step, atol=0.02)
    np.testing.assert_allclose(graph.lane_length, graph.point_s[start[1:] - 1], atol=1e-3)
    assert (graph.point_s[start[:-1]] == 0.0).all()
    for name in ("point_x", "point_y", "point_heading", "lane_width", "lane_speed", "building_height", "tree", "parking"):
        assert np.isfinite(getattr(graph, name)).all(), name
    assert (graph.lane_speed > 1.0).all() and (graph.lane_width > 0.4).all()


def assert_joints(graph: LaneGraph, *, heading_gap: float, odd_joints: int) -> None:
    first, last = graph.lane_point_start[:-1], graph.lane_point_start[1:] - 1
    before, after = np.repeat(np.arange(graph.lanes), np.diff(graph.successor_start)), graph.successor
    gap = np.hypot(graph.point_x[last[before]] - graph.point_x[first[after]], graph.point_y[last[before]] - graph.point_y[first[after]])
    assert gap.max(initial=0.0) <= 1.0
    bend = turn(graph.point_heading[last[before]] - graph.point_heading[first[after]])
    assert (bend > heading_gap).sum() <= odd_joints, np.degrees(bend.max())
    joints = set(zip(before.tolist(), after.tolist(), strict=True))
    back = set(zip(graph.predecessor.tolist(), np.repeat(np.arange(graph.lanes), np.diff(graph.predecessor_start)).tolist(), strict=True))
    assert joints == back
    junction = graph.lane_kind == JUNCTION
    assert (np.diff(graph.successor_start)[junction] == 1).all() and (np.diff(graph.predecessor_start)[junction] == 1).all()
    assert (graph.lane_kind[after[junction[before]]] == ROAD).all()


def assert_numbers(graph: LaneGraph) -> None:
    junctions, road = len(graph.junction_start) - 1, graph.lane_kind == ROAD
    assert ((graph.lane_edge >= 0) == road).all()
    assert (graph.lane_junction[~road] >= 0).all() and graph.lane_junction.max(initial=-1) < junctions
    leads_on = road & (np.diff(graph.successor_start) > 0)
    assert (graph.lane_junction[leads_on] >= 0).mean() > 0.9
    for side, other in ((graph.lane_left, graph.lane_right), (graph.lane_right, graph.lane_left)):
        has = np.flatnonzero(side >= 0)
        assert (other[side[has]] == has).all() and (graph.lane_edge[side[has]] == graph.lane_edge[has]).all()
    for k in np.flatnonzero(graph.lane_left >= 0):
        mine, other = graph.lane_point_start[k], graph.lane_point_start[graph.lane_left[k]]
        heading = graph.point_heading[mine]
        across = -np.sin(heading) * (graph.point_x[other] - graph.point_x[mine]) + np.cos(heading) * (
            graph.point_y[other] - graph.point_y[mine]
        )
        assert across > 0.5, (k, graph.lane_left[k])
    for k in range(junctions):
        points = slice(graph.junction_start[k], graph.junction_start[k + 1])
        x, y = graph.junction_x[points].astype(float), graph.junction_y[points].astype(float)
        assert len(x) >= 3 and np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) > 0.0  # counter-clockwise


def assert_conflicts(graph: LaneGraph) -> None:
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(graph.conflict_start))
    yields = {
        pair: bool(y) for pair, y in zip(zip(lane_of.tolist(), graph.conflict.tolist(), strict=True), graph.conflict_yields, strict=True)
    }
    for a, b in yields:
        assert (b, a) in yields and graph.lane_junction[a] == graph.lane_junction[b] and graph.lane_kind[a] == JUNCTION
    assert (graph.conflict_s >= 0.0).all() and (graph.conflict_s <= graph.lane_length[lane_of] + 0.3).all()


def assert_signals(graph: LaneGraph) -> None:
    signalled = (graph.lane_kind == JUNCTION) & (graph.lane_control == SIGNAL)
    assert ((graph.lane_link >= 0) == signalled).all()
    links = graph.lane_link[signalled]
    assert (graph.link_signal < len(graph.signal_phase_start) - 1).all() and (graph.link_slot < graph.phase_state.shape[1]).all()
    assert (graph.phase_duration > 0.0).all() and len(graph.phase_duration) == graph.signal_phase_start[-1] == len(graph.phase_state)
    before = graph.predecessor[graph.predecessor_start[:-1][signalled]]
    end = graph.lane_point_start[before + 1] - 1
    np.testing.assert_allclose(graph.link_x[links], graph.point_x[end], atol=0.05)
    np.testing.assert_allclose(graph.link_y[links], graph.point_y[end], atol=0.05)
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(graph.conflict_start))
    for a, b in zip(lane_of.tolist(), graph.conflict.tolist(), strict=True):
        la, lb = graph.lane_link[a], graph.lane_link[b]
        if (
            la < 0
            or lb < 0
            or graph.link_signal[la] != graph.link_signal[lb]
            or graph.successor[graph.successor_start[a]] == graph.successor[graph.successor_start[b]]
        ):
            continue
        phases = slice(graph.signal_phase_start[graph.link_signal[la]], graph.signal_phase_start[graph.link_signal[la] + 1])
        both = (graph.phase_state[phases, graph.link_slot[la]] == LAMP_GREEN) & (
            graph.phase_state[phases, graph.link_slot[lb]] == LAMP_GREEN
        )
        assert not both.any(), (a, b)


def assert_axis(graph: LaneGraph) -> None:
    """The axis of a two-way road lies towards the oncoming traffic, and the oncoming lanes lie beyond it."""
    two_way = np.flatnonzero(
        (graph.lane_kind == ROAD) & (graph.lane_opposite >= 0) & (graph.lane_use & CAR > 0) & (graph.lane_length > 5.0)
    )
    assert ((graph.lane_axis_offset[two_way] < 0.0) == graph.lefthand).all()
    for lane in two_way:
        points = slice(graph.lane_point_start[lane], graph.lane_point_start[lane + 1])
        beyond = graph.lane_axis_offset[lane] + 1.5 * np.sign(graph.lane_axis_offset[lane])
        heading = graph.point_heading[points]
        places = np.stack([graph.point_x[points] - beyond * np.sin(heading), graph.point_y[points] + beyond * np.cos(heading)], axis=-1)
        oncoming = np.flatnonzero((graph.lane_edge == graph.lane_opposite[lane]) & (graph.lane_use & (CAR | BUS) > 0))
        gaps = np.min([distance_to(lane_points(graph, int(other)), places.astype(float)) for other in oncoming], axis=0)
        assert np.median(gaps) < 2.5, lane


def assert_clear(graph: LaneGraph, *, parked: float = 1.95) -> None:
    """Nothing that stands touches a car lane; parked cars leave `parked` metres to every lane's centre."""
    lanes = np.flatnonzero(graph.lane_use & CAR > 0)
    lines = [densify(lane_points(graph, int(lane)), step=1.0) for lane in lanes]
    points, half = np.concatenate(lines), np.repeat(graph.lane_width[lanes] / 2.0, [len(line) for line in lines])
    for x, y, _, _ in graph.tree:
        assert (np.hypot(points[:, 0] - x, points[:, 1] - y) - half).min() > 0.4
    for x, y, heading in graph.parking:
        for along in (-2.2, 0.0, 2.2):
            gap = np.hypot(points[:, 0] - x - along * np.cos(heading), points[:, 1] - y - along * np.sin(heading)).min()
            assert gap > parked, (x, y)
    assert_parked_at_the_kerb(graph)
    for k in range(len(graph.building_height)):
        corners = slice(graph.building_start[k], graph.building_start[k + 1])
        outline = np.stack([graph.building_x[corners], graph.building_y[corners]], axis=-1).astype(float)
        closed = np.concatenate([outline, outline[:1]])
        near = np.hypot(*(points - outline.mean(axis=0)).T) < np.hypot(*(outline - outline.mean(axis=0)).T).max() + 5.0
        if near.any():
            assert (distance_to(closed, points[near]) - half[near]).min() > 0.0, k
        assert np.sum(outline[:, 0] * np.roll(outline[:, 1], -1) - np.roll(outline[:, 0], -1) * outline[:, 1]) > 0.0


def assert_parked_at_the_kerb(graph: LaneGraph) -> None:
    """On two-way roads cars park on the side that traffic keeps to, along the lane."""
    road = (graph.lane_kind == ROAD) & (graph.lane_use & CAR > 0)
    lane_of = np.repeat(np.arange(graph.lanes), np.diff(graph.lane_point_start))
    for x, y, heading in graph.parking:
        dx, dy = x - graph.point_x, y - graph.point_y
        nearest = int(np.where(road[lane_of] & (turn(graph.point_heading - heading) < 0.3), np.hypot(dx, dy), np.inf).argmin())
        if graph.lane_opposite[lane_of[nearest]] >= 0:
            across = -dx[nearest] * np.sin(heading) + dy[nearest] * np.cos(heading)
            assert (across > 0.0) == graph.lefthand, (x, y)
