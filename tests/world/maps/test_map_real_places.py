"""Every shared OpenStreetMap extract imports, on the right side of the road, into a sound lane graph."""

import dataclasses

import numpy as np
import pytest
from conftest import DATA, HAS_SUMO
from soundness import assert_clear, assert_sound

from caravela.world.maps import lane_graph
from caravela.world.maps.catalogue import TEST_PLACES, VALIDATION_VARIATIONS, side_of
from caravela.world.maps.lane_graph import CAR, JUNCTION, PEDESTRIAN, ROAD, STOP
from caravela.world.maps.library import VARIATIONS, build_places

RIGHT = (
    "arizona_highways", "aurora_sausage_link", "neukolln", "northgate_dual_carriageway", "quad_intersection", "roosevelt_cycletrack",
    "seattle_triangle", "tempe_light_rail", "tiny_roundabout",
)  # fmt: skip
LEFT = (
    "borough_sausage_links", "bristol_contraflow_cycleway", "bristol_sausage_links", "degenerate_bug", "leeds_cycleway", "oneway_loop",
    "overlapping_service_roads", "perth_stretched_lights", "service_road_loop",
)  # fmt: skip


@pytest.mark.parametrize("name", RIGHT + LEFT)
def test_a_real_place_is_sound(place, name):
    graph = place(name)
    assert graph.lefthand == (name in LEFT)
    assert graph.car_km() > 0.5 and "OpenStreetMap" in graph.attribution
    assert_sound(graph)
    assert_clear(graph)


def test_every_shared_extract_is_tested(place):
    assert {path.parent.name for path in (DATA / "osm_maps").glob("*/input.osm")} == {*RIGHT, *LEFT}
    assert {*TEST_PLACES} < {*RIGHT, *LEFT}


def test_signals_that_are_mapped_are_found(place):
    for name, fewest in (
        ("neukolln", 1),
        ("borough_sausage_links", 3),
        ("leeds_cycleway", 6),
        ("tempe_light_rail", 1),
        ("seattle_triangle", 1),
    ):
        graph = place(name)
        assert len(graph.signal_offset) >= fewest, name
        red = (graph.phase_state == lane_graph.LAMP_RED).any(axis=0)
        assert red.any(), name


def test_roundabouts_are_marked(place):
    assert place("tiny_roundabout").lane_roundabout.sum() >= 4
    assert place("leeds_cycleway").lane_roundabout.sum() >= 6
    assert not place("neukolln").lane_roundabout.any()


@pytest.mark.parametrize(("name", "left_turns"), [("tiny_roundabout", True), ("leeds_cycleway", False)])
def test_roundabouts_go_round_the_way_of_their_country(place, name, left_turns):
    graph = place(name)
    ring = np.flatnonzero(graph.lane_roundabout & (graph.lane_length > 8.0))
    first, last = graph.lane_point_start[ring], graph.lane_point_start[ring + 1] - 1
    change = (graph.point_heading[last] - graph.point_heading[first] + np.pi) % (2 * np.pi) - np.pi
    assert (np.sum(change) > 0.5) if left_turns else (np.sum(change) < -0.5)


def test_neukolln_has_its_houses_and_trees(place):
    graph = place("neukolln")
    assert len(graph.building_height) > 90 and len(graph.tree) > 150 and len(graph.parking) > 20
    assert 8.0 < np.median(graph.building_height) < 30.0  # Berlin's five storeys
    assert abs(graph.origin[0] - 52.4735) < 0.01 and abs(graph.origin[1] - 13.4392) < 0.01


def test_stop_signs_that_are_mapped_stand(place):
    graph = place("roosevelt_cycletrack")
    assert ((graph.lane_control == STOP) & (graph.lane_kind == JUNCTION)).sum() >= 8


def test_crossings_lie_across_a_road(place):
    graph = place("roosevelt_cycletrack")
    assert len(graph.crossing) > 20
    length = np.hypot(graph.crossing[:, 2] - graph.crossing[:, 0], graph.crossing[:, 3] - graph.crossing[:, 1])
    assert (length > 2.0).all() and (length < 60.0).all()
    assert (graph.crossing_link < len(graph.link_slot)).all()


def test_people_have_sidewalks_apart_from_cars(place):
    graph = place("neukolln")
    walks = (graph.lane_use & PEDESTRIAN > 0) & (graph.lane_kind == ROAD)
    assert walks.sum() > 20 and not (graph.lane_use[walks] & CAR).any()


def test_the_driving_side_can_be_overridden(place):
    from caravela.world.maps.openstreetmap import import_osm

    graph = import_osm(DATA / "osm_maps" / "neukolln" / "input.osm", lefthand=True)
    assert graph.lefthand
    assert_sound(graph)


def test_an_import_is_the_same_every_time(place):
    from caravela.world.maps.openstreetmap import import_osm

    again = import_osm(DATA / "osm_maps" / "aurora_sausage_link" / "input.osm", name="aurora_sausage_link")
    for field in dataclasses.fields(again):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(place("aurora_sausage_link"), field.name), err_msg=field.name)


def test_pbf_gives_the_map_that_xml_gives(place, tmp_path):
    osmium = pytest.importorskip("osmium")
    from caravela.world.maps.catalogue import load_map

    packed = tmp_path / "degenerate_bug.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for item in osmium.FileProcessor(str(DATA / "osm_maps" / "degenerate_bug" / "input.osm")):
            writer.add(item)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path))
        graph = load_map(packed)
    assert graph.lanes == place("degenerate_bug").lanes
    assert graph.car_km() == pytest.approx(place("degenerate_bug").car_km(), rel=1e-3)


OPENDRIVE = {"arizona_highways": False, "borough_sausage_links": True, "leeds_cycleway": True, "neukolln": False}


@pytest.mark.skipif(not HAS_SUMO or not (DATA / "opendrive").is_dir(), reason="needs eclipse-sumo and the shared maps")
@pytest.mark.parametrize("name", OPENDRIVE)
def test_opendrive_is_sound_and_on_its_side(place, name):
    """Two of these files lost their driving side; it follows from the place."""
    from caravela.world.maps.opendrive import import_opendrive

    graph = import_opendrive(DATA / "opendrive" / f"{name}.xodr.gz", name=name)
    assert graph.lefthand == OPENDRIVE[name] and graph.car_km() > 0.5 * place(name).car_km()
    assert_sound(graph, odd_joints=3)
    latitude, longitude = place(name).origin
    assert graph.origin == pytest.approx((latitude, longitude), abs=0.02)


@pytest.mark.skipif(not HAS_SUMO or not (DATA / "opendrive").is_dir(), reason="needs eclipse-sumo and the shared maps")
def test_opendrive_that_says_left_is_read_as_left(tmp_path):
    """A right-hand file relabelled rule="LHT" becomes the same roads driven the other way."""
    import gzip

    from caravela.world.maps.opendrive import import_opendrive

    text = gzip.decompress((DATA / "opendrive" / "neukolln.xodr.gz").read_bytes())
    relabelled = tmp_path / "left.xodr"
    relabelled.write_bytes(text.replace(b"<road ", b'<road rule="LHT" '))
    graph = import_opendrive(relabelled)
    assert graph.lefthand and (graph.lane_opposite >= 0).sum() > 10
    assert_sound(graph, odd_joints=3)


def test_what_is_made_of_a_place_is_on_its_side():
    for name in TEST_PLACES:
        assert {side_of(name), side_of(f"{name}-turned"), side_of(f"{name}-varied-3")} == {"test"}
    assert side_of("tiny_roundabout-turned") == side_of("tiny_roundabout-varied-3") == "training"
    assert side_of(f"tiny_roundabout-varied-{VALIDATION_VARIATIONS[0]}") == "validation"
    assert [side_of(f"grid-{seed}") for seed in (7, 907, 100_007)] == ["training", "validation", "test"]


def test_training_places_come_turned_and_varied_and_test_places_once(tmp_path):
    if not (HAS_SUMO and (DATA / "osm_maps").is_dir()):
        pytest.skip("the shared extracts or the importer are absent")
    extracts = tmp_path / "extracts"
    for name in ("tiny_roundabout", "perth_stretched_lights"):
        (extracts / name).mkdir(parents=True)
        (extracts / name / "input.osm").write_bytes((DATA / "osm_maps" / name / "input.osm").read_bytes())
    training = [lane_graph.load(path) for path in build_places(tmp_path / "training", extracts=extracts)]
    assert [(graph.name, graph.lefthand) for graph in training[:2]] == [("tiny_roundabout", False), ("tiny_roundabout-turned", True)]
    assert [graph.name for graph in training[2:]] == [f"tiny_roundabout-varied-{number}" for number in range(1, VARIATIONS + 1)]
    assert [graph.lefthand for graph in training[2:5]] == [True, False, True]
    lengths = [graph.car_km() for graph in training]
    assert all(0.5 < length / lengths[0] < 2.0 for length in lengths) and len({round(length, 3) for length in lengths[2:]}) == VARIATIONS
    for graph in training[1:]:
        assert_sound(graph)
    assert {side_of(graph.name) for graph in training} == {"training"}
    between = [path.stem for path in build_places(tmp_path / "validation", extracts=extracts, side="validation")]
    assert between == [f"tiny_roundabout-varied-{number}" for number in VALIDATION_VARIATIONS]
    assert {side_of(name) for name in between} == {"validation"}
    assert [path.stem for path in build_places(tmp_path / "test", extracts=extracts, side="test")] == ["perth_stretched_lights"]
