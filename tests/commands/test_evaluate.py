"""`caravela evaluate` and `caravela results`, as typed."""

import json

import pytest

from caravela import cli
from caravela.world.maps.catalogue import TOWNS_FOLDER

PROMISED = """suite policy episodes success success_ci at_fault_collision collision off_road wrong_way route_missed red_light red_lights_met progress
comfort energy_wh_per_km""".split()


@pytest.fixture
def caravela(tmp_path, monkeypatch, capsys):
    """Runs `caravela …`; returns (exit code, stdout, stderr). Caches lie in a folder of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def run(*words):
        with pytest.raises(SystemExit) as stop:
            cli.main([str(word) for word in words])
        out, err = capsys.readouterr()
        return stop.value.code or 0, out, err

    return run


@pytest.fixture
def maps(tmp_path):
    folder = tmp_path / "maps"
    folder.mkdir()
    (folder / "dunmore.lanes").symlink_to(TOWNS_FOLDER / "dunmore.lanes")
    return folder


def test_a_run_a_comparison_and_the_page(caravela, maps, tmp_path):
    results, paths = tmp_path / "results", []
    for policy in ("stationary", "idm"):
        code, out, err = caravela(
            "evaluate", "run", "--suite", "brief", "--policy", policy, "--maps", maps, "--episodes", 3, "--out", results, "--json"
        )
        assert code == 0, err
        shown = json.loads(out.splitlines()[-1])
        assert set(PROMISED) <= shown.keys() and shown["episodes"] == 3 and shown["policy"] == policy
        paths.append(results / f"evaluate-brief-{policy}.json")
        assert len(json.loads(paths[-1].read_text())["rows"]) == 3
    code, out, _ = caravela("evaluate", "compare", *paths, "--json")
    assert code == 0 and json.loads(out.splitlines()[-1])["success_difference"] >= 0.6
    code, _, _ = caravela("results", "--folder", results, "--out", tmp_path / "results.md")
    assert code == 0 and "| stationary |" in (tmp_path / "results.md").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--suite", "nominl"], "did you mean nominal"),
        (["--policy", "stationery"], "did you mean stationary"),
        (["--policy", "no/such/model.onnx"], "no model at"),
        (["--episodes", "0"], "--episodes is 0"),
        (["--threads", "0"], "--threads is 0"),
        (["--out", __file__, "--policy", "idm"], "give --out a folder that you can write"),
        (["--policy", "teacher", "--teacher", "no/such.pt"], "no teacher at"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_2(caravela, words, says):
    code, out, err = caravela("evaluate", "run", *words)
    assert code == 2 and not out and "Traceback" not in err
    assert err.splitlines()[-1].startswith("caravela: ") and says in err


def test_a_policy_that_is_no_model_and_a_folder_without_maps(caravela, tmp_path):
    text, empty = tmp_path / "notes.onnx", tmp_path / "empty"
    text.write_text("turn left")
    empty.mkdir()
    for words in (["--policy", text], ["--policy", "idm", "--maps", empty], ["--policy", "teacher", "--teacher", text]):
        code, _, err = caravela("evaluate", "run", *words)
        assert code == 2 and "Traceback" not in err and err.splitlines()[-1].startswith("caravela: "), err


def test_comparing_what_is_no_result(caravela, tmp_path):
    other = tmp_path / "other.json"
    other.write_text('{"camera_fps": 1}')
    for path in (other, tmp_path / "missing.json"):
        code, _, err = caravela("evaluate", "compare", path, path)
        assert code == 2 and err.startswith("caravela: "), err


@pytest.mark.parametrize(
    "content", ["{}", '{"suite": "nominal", "policy": "x", "rows": 5}', '{"suite": "nominal", "policy": "x", "rows": [{}]}']
)
def test_what_is_no_result_is_not_compared(caravela, tmp_path, content):
    (tmp_path / "odd.json").write_text(content)
    code, out, err = caravela("evaluate", "compare", tmp_path / "odd.json", tmp_path / "odd.json")
    assert code == 2 and out == "" and "is no result of `caravela evaluate run`" in err
