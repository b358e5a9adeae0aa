"""The small geometry under the maps: projection, driving side by place, centre lines, footprints, heights, level crossings."""

import math

import numpy as np
import pytest

from caravela.world.maps.centre_line import arc_length, first_within, resample, signed_area
from caravela.world.maps.driving_side import drives_left
from caravela.world.maps.footprint import MOST_CORNERS, simplify
from caravela.world.maps.osm_data import Node, OsmData, Way
from caravela.world.maps.osm_roadside import metres
from caravela.world.maps.osm_simplify import without_level_crossings, without_mini_circles
from caravela.world.maps.path_shape import path, sharpest
from caravela.world.maps.projection import to_degrees, to_metres

SIDES = {
    True: {
        "London": (51.5, -0.1), "Leeds": (53.8, -1.5), "Dover": (51.13, 1.31), "Belfast": (54.6, -5.9), "Dublin": (53.35, -6.26),
        "Lerwick": (60.15, -1.15), "Jersey": (49.2, -2.1), "Valletta": (35.9, 14.5), "Nicosia": (35.17, 33.36), "Perth": (-31.95, 115.86),
        "Hobart": (-42.88, 147.3), "Auckland": (-36.85, 174.76), "Tokyo": (35.68, 139.7), "Sapporo": (43.06, 141.35),
        "Naha": (26.2, 127.7), "Fukuoka": (33.6, 130.4), "Delhi": (28.6, 77.2), "Mumbai": (19.07, 72.88), "Karachi": (24.86, 67.0),
        "Dhaka": (23.8, 90.4), "Colombo": (6.93, 79.86), "Kathmandu": (27.7, 85.3), "Bangkok": (13.75, 100.5),
        "Kuala Lumpur": (3.14, 101.7), "Singapore": (1.3, 103.8), "Jakarta": (-6.2, 106.8), "Hong Kong": (22.3, 114.17),
        "Cape Town": (-33.9, 18.4), "Johannesburg": (-26.2, 28.05), "Windhoek": (-22.56, 17.08), "Nairobi": (-1.29, 36.82),
        "Kampala": (0.35, 32.58), "Dar es Salaam": (-6.8, 39.28), "Maputo": (-25.97, 32.57), "Kingston": (17.97, -76.79),
        "Frederiksted": (17.71, -64.88), "Bridgetown": (13.1, -59.6),
    },
    False: {
        "Calais": (50.95, 1.85), "Paris": (48.86, 2.35), "Amsterdam": (52.37, 4.9), "Berlin": (52.5, 13.4), "Oslo": (59.9, 10.75),
        "Lisbon": (38.7, -9.1), "Cherbourg": (49.63, -1.62), "Brest": (48.39, -4.49), "Boulogne": (50.73, 1.61),
        "Seattle": (47.6, -122.3), "Phoenix": (33.45, -112.07), "Atlanta": (33.75, -84.4), "Miami": (25.76, -80.19),
        "San Juan": (18.47, -66.1), "Seoul": (37.57, 127.0), "Busan": (35.18, 129.08), "Shanghai": (31.2, 121.5),
        "Taipei": (25.03, 121.57), "Shenzhen": (22.55, 114.06), "Hanoi": (21.03, 105.85), "Phnom Penh": (11.56, 104.92),
        "Vientiane": (17.98, 102.63), "Manila": (14.6, 121.0), "Tehran": (35.7, 51.4), "Kabul": (34.53, 69.17), "Yangon": (16.87, 96.2),
        "Lagos": (6.45, 3.4), "Cairo": (30.04, 31.24), "Addis Ababa": (9.0, 38.75), "Luanda": (-8.84, 13.23), "Kinshasa": (-4.32, 15.3),
        "Lubumbashi": (-11.66, 27.48), "Kigali": (-1.95, 30.06), "Antananarivo": (-18.88, 47.5), "Rio de Janeiro": (-22.9, -43.2),
        "Havana": (23.1, -82.4), "Port-au-Prince": (18.54, -72.34), "Lhasa": (29.65, 91.1), "Vladivostok": (43.1, 131.9),
    },
}  # fmt: skip


@pytest.mark.parametrize(("left", "town"), [(left, town) for left, towns in SIDES.items() for town in towns])
def test_the_side_of_the_road_follows_from_the_place(left, town):
    assert drives_left(*SIDES[left][town]) == left


def test_projection_is_metric_and_invertible():
    origin = (52.4735, 13.4392)
    degree = to_metres(np.array(52.4745), np.array(13.4392), origin=origin)
    assert degree[0] == pytest.approx(0.0, abs=1e-6) and degree[1] == pytest.approx(111.27, abs=0.05)  # a thousandth of a degree at 52.5 N
    east = to_metres(np.array(52.4735), np.array(13.4402), origin=origin)
    assert east[0] == pytest.approx(67.94, abs=0.05) and abs(east[1]) < 0.001
    for x, y in ((0.0, 0.0), (3000.0, -2500.0), (-7000.0, 6000.0)):
        latitude, longitude = to_degrees(x, y, origin=origin)
        np.testing.assert_allclose(to_metres(np.array(latitude), np.array(longitude), origin=origin), [x, y], atol=1e-3)


def test_resampling_keeps_ends_and_rounds_corners():
    corner = np.array([[0.0, 0.0], [40.0, 0.0], [40.0, 40.0]])
    line = resample(corner, smoothing=4.0)
    np.testing.assert_allclose(line.points[[0, -1]], corner[[0, -1]], atol=1e-9)
    step = np.diff(line.s)
    assert step.min() > 0.2 and step.max() <= 5.0
    assert line.heading[0] == pytest.approx(0.0, abs=0.02) and line.heading[-1] == pytest.approx(math.pi / 2, abs=0.02)
    bends = np.abs(np.diff(line.heading)) / step
    assert bends.max() < 0.3 and np.abs(np.diff(line.heading)).max() < 0.45
    assert step[(line.s[:-1] > 5) & (line.s[:-1] < 25)].min() > 3.0  # straights are thinned out


def test_a_line_of_no_length_still_becomes_a_lane():
    for points in ([[1.0, 2.0], [1.0, 2.0]], [[1.0, 2.0], [1.05, 2.0]]):
        line = resample(np.array(points), smoothing=3.0)
        assert line.length >= 0.2 and len(line.points) == 2


def test_where_two_lines_come_within_a_car():
    along, across = (
        np.stack([np.arange(0.0, 40.0, 0.5), np.zeros(80)], axis=-1),
        np.stack([np.full(80, 20.0), np.arange(-20.0, 20.0, 0.5)], axis=-1),
    )
    at, gap = first_within(along, across, distance=2.5)
    assert at == pytest.approx(17.75, abs=0.5) and gap < 0.3


def test_a_path_across_a_right_angle_is_an_arc():
    before, after = np.array([[-20.0, 0.0], [0.0, 0.0]]), np.array([[10.0, 8.0], [10.0, 30.0]])
    drawn = np.array([[0.0, 0.0], [9.0, 0.5], [10.0, 8.0]])
    curve = path(drawn, before=before, after=after)
    np.testing.assert_allclose(curve[[0, -1]], [before[-1], after[0]], atol=1e-6)
    assert sharpest(curve) < 0.15 and sharpest(drawn) > 0.25


def test_footprints_are_simple_and_few_cornered():
    angles = np.linspace(0.0, 2 * np.pi, 80)
    round_house = np.stack([8 * np.cos(angles), 8 * np.sin(angles)], axis=-1)
    outline = simplify(round_house[::-1])
    assert 4 <= len(outline) <= MOST_CORNERS and signed_area(outline) == pytest.approx(np.pi * 64, rel=0.15)
    box = np.array([[0, 0], [5, 0.05], [10, 0], [10, 6], [0, 6], [0, 0]], float)
    assert len(simplify(box)) == 4
    assert simplify(np.array([[0, 0], [1, 0], [1, 1], [0, 0]], float)) is None
    bow_tie = np.array([[0, 0], [10, 10], [10, 0], [0, 9]], float)
    assert simplify(bow_tie) is None or signed_area(simplify(bow_tie)) > 12.0


@pytest.mark.parametrize(
    ("text", "expected"), [("12", 12.0), ("12.5 m", 12.5), ("40 ft", 12.19), ("40'", 12.19), ("7,5", 7.5), ("high", None), ("", None)]
)
def test_heights_as_mappers_write_them(text, expected):
    assert metres(text) == (expected if expected is None else pytest.approx(expected, abs=0.01))


def _town(ways: dict[int, tuple[list[tuple[float, float]], dict[str, str]]]) -> OsmData:
    nodes, data_ways = {}, {}
    for key, (points, tags) in ways.items():
        numbers = []
        for x, y in points:
            latitude, longitude = to_degrees(x, y, origin=(52.5, 13.4))
            number = next(
                (n for n, node in nodes.items() if abs(node.latitude - latitude) + abs(node.longitude - longitude) < 1e-9), len(nodes) + 1
            )
            nodes[number] = Node(latitude, longitude, {})
            numbers.append(number)
        data_ways[key] = Way(tuple(numbers), tags)
    return OsmData(nodes, data_ways, {})


def test_a_motorway_is_cut_under_a_bridge_and_the_town_street_stays():
    data = _town(
        {
            1: ([(-100.0, 0.0), (100.0, 0.0)], {"highway": "residential", "bridge": "yes", "layer": "1"}),
            2: ([(0.0, -100.0), (0.0, 100.0)], {"highway": "motorway"}),
        }
    )
    roads, after = without_level_crossings(dict(data.ways), data, origin=(52.5, 13.4))
    assert roads[1] == data.ways[1] and len(roads) == 3
    for way in (way for key, way in roads.items() if key != 1):
        y = [to_metres(np.array(after.nodes[n].latitude), np.array(after.nodes[n].longitude), origin=(52.5, 13.4))[1] for n in way.nodes]
        assert min(map(abs, y)) == pytest.approx(18.0, abs=0.1) and max(map(abs, y)) == pytest.approx(100.0, abs=0.1)


def test_roads_of_one_level_are_not_cut():
    data = _town(
        {1: ([(-100.0, 0.0), (100.0, 0.0)], {"highway": "residential"}), 2: ([(0.0, -100.0), (0.0, 100.0)], {"highway": "residential"})}
    )
    assert without_level_crossings(dict(data.ways), data, origin=(52.5, 13.4)) == (data.ways, data)


def test_a_traffic_circle_that_nobody_can_drive_round_becomes_a_junction():
    circle = [(4.0 * math.cos(a), 4.0 * math.sin(a)) for a in np.linspace(0.0, 2 * math.pi, 9)]
    data = _town(
        {
            1: (circle[:-1] + circle[:1], {"highway": "residential", "junction": "circular"}),
            2: ([(60.0, 0.0), circle[0]], {"highway": "residential"}),
            3: ([circle[4], (-60.0, 0.0)], {"highway": "residential"}),
        }
    )
    roads, after = without_mini_circles(dict(data.ways), data, origin=(52.5, 13.4))
    assert set(roads) == {2, 3} and roads[2].nodes[-1] == roads[3].nodes[0]
    middle = after.nodes[roads[2].nodes[-1]]
    np.testing.assert_allclose(to_metres(np.array(middle.latitude), np.array(middle.longitude), origin=(52.5, 13.4)), [0.0, 0.0], atol=0.1)
    assert arc_length(np.array(circle))[-1] < 55.0
