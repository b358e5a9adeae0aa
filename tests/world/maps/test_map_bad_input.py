"""What is no map gets one sentence that says what was got, what was expected, and how to mend it."""

import gzip
import importlib.util
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import HAS_SUMO

from caravela.core.errors import CaravelaError, MapError
from caravela.world.maps.catalogue import load_map, load_town

needs_sumo = pytest.mark.skipif(not HAS_SUMO, reason="needs the extra `maps` (eclipse-sumo)")
NODES = '<node id="1" lat="52.5" lon="13.4"/><node id="2" lat="52.501" lon="13.4"/><node id="3" lat="52.501" lon="13.402"/>'
STREET = '<way id="1"><nd ref="1"/><nd ref="2"/><nd ref="3"/><tag k="highway" v="{kind}"/></way>'
VIDEO = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 8


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def refusal(path) -> str:
    """The sentence with which a map is refused."""
    with pytest.raises(CaravelaError) as error:
        load_map(path)
    text = str(error.value)
    assert "\n" not in text and 20 < len(text) < 700, text
    return text


@pytest.mark.parametrize("suffix", [".osm", ".osm.pbf", ".xodr", ".xodr.gz", ".net.xml", ".lanes"])
@pytest.mark.parametrize(
    "content", [b"", b"turn left at the lights\n", VIDEO, b"<osm><node", gzip.compress(VIDEO, mtime=0), b"PK\x03\x04" + bytes(40)]
)
def test_junk_of_every_suffix(tmp_path, suffix, content):
    path = tmp_path / f"junk{suffix}"
    path.write_bytes(content)
    assert "junk" in refusal(path)


@needs_sumo
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "0 nodes"),
        (NODES, "0 ways"),
        (NODES + STREET.format(kind="footway"), "no road"),
        (NODES + STREET.format(kind="residential").replace('ref="', 'ref="9'), "no road"),
        ('<node id="1" lat="nan" lon="13"/>' + STREET.format(kind="residential"), "broken"),
        ('<node id="x" lat="1" lon="13"/>', "broken"),
        ('<node id="1" lat="10" lon="13"/><node id="2" lat="40" lon="14"/>' + STREET.format(kind="residential"), "km across"),
    ],
)
def test_an_extract_without_a_drivable_road(tmp_path, body, reason):
    path = tmp_path / "place.osm"
    path.write_text(f'<osm version="0.6">{body}</osm>')
    assert reason in refusal(path)


@needs_sumo
def test_one_street_is_a_map(tmp_path):
    path = tmp_path / "street.osm"
    path.write_text(f'<osm version="0.6">{NODES}{STREET.format(kind="residential")}</osm>')
    graph = load_map(path)
    assert not graph.lefthand and graph.car_km() == pytest.approx(2 * 0.247, abs=0.03)


@needs_sumo
def test_an_import_is_cached_and_a_torn_cache_is_mended(tmp_path, monkeypatch):
    path = tmp_path / "street.osm"
    path.write_text(f'<osm version="0.6">{NODES}{STREET.format(kind="residential")}</osm>')
    first = load_map(path)
    (kept,) = (tmp_path / "cache" / "caravela" / "maps").glob("*.lanes")
    with monkeypatch.context() as patch:
        patch.setattr("caravela.world.maps.openstreetmap.import_osm", None)  # not needed again
        assert np.array_equal(load_map(path).point_x, first.point_x)
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(load_map(path).point_x, first.point_x)


def test_roadless_and_headless_opendrive(tmp_path):
    path = tmp_path / "map.xodr"
    path.write_text("<OpenDRIVE><header/>")
    assert "breaks off" in refusal(path)
    path.write_text("<html></html>")
    assert "OpenDRIVE" in refusal(path)


@needs_sumo
def test_opendrive_without_roads(tmp_path):
    path = tmp_path / "map.xodr"
    path.write_text('<OpenDRIVE><header revMajor="1" revMinor="4"/></OpenDRIVE>')
    assert "map" in refusal(path)


def test_a_sumo_network_without_roads(tmp_path):
    path = tmp_path / "map.net.xml"
    path.write_text('<net version="1.20"><location netOffset="0,0" convBoundary="0,0,1,1" origBoundary="0,0,1,1" projParameter="!"/></net>')
    assert "no road" in refusal(path)
    path.write_text("<net><edge/></net>")
    assert "broken" in refusal(path)


def test_lanes_of_another_version_or_with_parts_missing(tmp_path):
    path = tmp_path / "map.lanes"
    with path.open("wb") as file:
        np.savez(file, header=np.frombuffer(b'{"version": 0}', np.uint8))
    assert "import the map again" in refusal(path)
    with path.open("wb") as file:
        header = b'{"version": 1, "name": "x", "lefthand": false, "origin": [0, 0], "attribution": ""}'
        np.savez(file, header=np.frombuffer(header, np.uint8))
    assert "broken" in refusal(path)


def test_names_and_places_that_are_no_map(tmp_path):
    assert "a folder" in refusal(tmp_path)
    assert "not there" in refusal(tmp_path / "nowhere.osm")
    assert "did you mean" in refusal("alderto")
    assert ".osm" in refusal(__file__)
    assert len(refusal("x" * 100_000)) < 700
    with pytest.raises(CaravelaError):
        load_town("../alderton")


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="the superuser may read everything")
def test_a_map_that_may_not_be_read(tmp_path):
    path = tmp_path / "secret.osm"
    path.write_text("<osm/>")
    path.chmod(0)
    assert "may read" in refusal(path)


def test_without_sumo_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / "street.osm"
    path.write_text(f'<osm version="0.6">{NODES}{STREET.format(kind="residential")}</osm>')
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name in ("sumo", "osmium") else real(name, *rest))
    monkeypatch.delenv("SUMO_HOME", raising=False)
    with pytest.raises(MapError, match=r"install --editable '\.\[maps\]'"):
        load_map(path)
    (tmp_path / "street.osm.pbf").write_bytes(b"x")
    with pytest.raises(MapError, match=r"install --editable '\.\[maps\]'"):
        load_map(tmp_path / "street.osm.pbf")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("text.lanes", b"turn left at the lights", "it holds something else"),
        ("cut.lanes", b"PK\x03\x04" + bytes(40), "it is cut off or damaged"),
        ("clip.mp4", VIDEO, "`caravela watch "),
        ("CLIP.MOV", VIDEO, "looks like a video"),
    ],
)
def test_the_reason_is_one_that_people_understand(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    sentence = refusal(tmp_path / name)
    assert reason in sentence and "Error" not in sentence and "Zip" not in sentence


def test_an_archive_that_lacks_something_says_so(tmp_path):
    np.savez_compressed((tmp_path / "other.npz").open("wb"), x=np.zeros(3))
    (tmp_path / "other.npz").rename(tmp_path / "other.lanes")
    assert "it lacks its header" in refusal(tmp_path / "other.lanes")


def test_a_towns_name_is_a_town_also_where_a_file_is_expected(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_map(Path("brookmere")).name == "brookmere"
    (tmp_path / "brookmere").write_bytes(b"my own")
    assert "'brookmere' is no map that we know by its name" in refusal(Path("brookmere"))
    assert load_map("brookmere").name == "brookmere"


@needs_sumo
def test_maps_that_cannot_be_kept_get_a_sentence(tmp_path):
    from caravela.world.maps.library import build_library

    (tmp_path / "a_file").write_text("in the way")
    for folder in (tmp_path / "a_file", tmp_path / "a_file" / "below"):
        with pytest.raises(MapError, match="cannot keep maps in"):
            build_library(folder, count=1)
