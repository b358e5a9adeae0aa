"""`caravela world import`, as typed: what it says of a map, and one sentence for what is not one."""

import gzip
import importlib.util
import json
import os
from pathlib import Path

import pytest

from caravela import cli
from caravela.commands.world import show_import

DATA = Path(os.environ.get("CARAVELA_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
pytestmark = pytest.mark.skipif(not importlib.util.find_spec("sumo"), reason="needs the extra `maps` (eclipse-sumo)")

CROSSROADS = """<osm version="0.6">
 <node id="1" lat="52.5000" lon="13.4000"/><node id="2" lat="52.5020" lon="13.4000"/><node id="3" lat="52.4980" lon="13.4000"/>
 <node id="4" lat="52.5000" lon="13.4030"/><node id="5" lat="52.5000" lon="13.3970"/>
 <way id="1"><nd ref="3"/><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>
 <way id="2"><nd ref="5"/><nd ref="1"/><nd ref="4"/><tag k="highway" v="residential"/></way>
</osm>"""


@pytest.fixture
def world_import(tmp_path, monkeypatch, capsys):
    """Runs `caravela world import …`; returns (exit code, stdout, stderr). The cache lies in a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main(["world", "import", *map(str, words)])
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return run


def test_a_crossroads_is_described_and_written(world_import, tmp_path):
    source, out = tmp_path / "crossroads.osm", tmp_path / "crossroads.lanes"
    source.write_text(CROSSROADS)
    code, text, err = world_import(source, "--out", out, "--json")
    assert code == 0, err
    result = json.loads(text.splitlines()[-1])
    assert result["driving_side"] == "right" and result["junctions"] >= 1 and result["signals"] == 0
    assert 1.2 < result["car_km"] < 2.0  # two streets of 0.44 and 0.41 km, both directions
    from caravela.world.maps import lane_graph

    assert lane_graph.load(out).lanes == result["lanes"]


def test_the_driving_side_can_be_told(world_import, tmp_path):
    source = tmp_path / "crossroads.osm"
    source.write_text(CROSSROADS)
    assert json.loads(world_import(source, "--lefthand", "--json")[1].splitlines()[-1])["driving_side"] == "left"
    assert json.loads(world_import(source, "--no-lefthand", "--json")[1].splitlines()[-1])["driving_side"] == "right"
    assert "keeps left" in world_import(source, "--lefthand")[1]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm", b""),
        ("broken.osm", CROSSROADS[:300].encode()),
        ("roadless.osm", b'<osm version="0.6"><node id="1" lat="1" lon="1"/><node id="2" lat="1.1" lon="1"/></osm>'),
        ("text.osm", b"turn left at the lights\n"),
        ("text.txt", b"turn left at the lights\n"),
        ("video.mp4", b"\x00\x00\x00\x20ftypisom" + bytes(200)),
        ("broken.xodr", b"<OpenDRIVE><road"),
        ("packed.xodr.gz", gzip.compress(b"nothing", mtime=0)),
        ("broken.osm.pbf", b"\x00\x01\x02"),
        ("broken.lanes", b"PK\x03\x04"),
    ],
)
def test_what_is_no_map_gets_one_sentence_and_exit_2(world_import, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    code, out, err = world_import(tmp_path / name)
    assert code == 2 and out == "", out
    assert "Traceback" not in err and err.splitlines()[-1].startswith("caravela: ") and name in err.splitlines()[-1]


def test_a_missing_file_a_folder_and_an_unwritable_place_get_one_sentence(world_import, tmp_path):
    source = tmp_path / "crossroads.osm"
    source.write_text(CROSSROADS)
    for words in ([tmp_path / "nowhere.osm"], [tmp_path], [source, "--out", tmp_path / "no" / "such" / "folder.lanes"]):
        code, _, err = world_import(*words)
        assert code == 2 and err.splitlines()[-1].startswith("caravela: "), (words, err)


@pytest.mark.skipif(not (DATA / "osm_maps" / "neukolln").is_dir(), reason="needs the shared maps (CARAVELA_DATA or ../shared/data)")
def test_a_real_place(world_import):
    code, out, err = world_import(DATA / "osm_maps" / "neukolln" / "input.osm", "--json")
    assert code == 0, err
    result = json.loads(out.splitlines()[-1])
    assert 1.5 < result["car_km"] < 4.0 and result["driving_side"] == "right" and "OpenStreetMap" in result["attribution"]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs the shared maps (CARAVELA_DATA or ../shared/data)")
@pytest.mark.long
@pytest.mark.parametrize("file", sorted([*DATA.glob("osm_maps/*/input.osm"), *DATA.glob("opendrive/*.xodr.gz")]), ids=str)
def test_every_shared_map_imports(world_import, file):
    code, out, err = world_import(file, "--json")
    assert code == 0, err
    assert json.loads(out.splitlines()[-1])["car_km"] > 0.5


def test_one_of_a_thing_is_told_in_the_singular(capsys):
    counts = {"lanes": 1, "junctions": 2, "signals": 1, "crossings": 0, "buildings": 1}
    show_import({"name": "x", "car_km": 1.0, **counts, "driving_side": "left", "attribution": "", "out": None})
    assert "1 lane, 2 junctions, 1 signal program, 0 crossings, 1 building;" in capsys.readouterr().out
