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


def test_a_candidate_is_driven_beside_another_driver_where_one_chooses(caravela, maps, tmp_path, monkeypatch):
    monkeypatch.setattr("caravela.commands._evaluate_candidate.validation_side", lambda folder: {"towns": maps, "real places": maps})
    (tmp_path / "library").mkdir()
    (tmp_path / "library/validation").symlink_to(maps)
    asked = (
        "evaluate",
        "candidate",
        "idm",
        "--than",
        "stationary",
        "--episodes",
        2,
        "--maps",
        tmp_path / "library",
        "--out",
        tmp_path / "judged",
    )
    code, out, err = caravela(*asked, "--results", tmp_path / "candidate.json", "--json")
    assert code == 0, err
    told = json.loads(out.splitlines()[-1])
    assert list(told["parts"]) == ["towns", "real places", "dense traffic"]
    assert told["parts"]["towns"]["success"][0] == 0.0 < told["parts"]["towns"]["success"][1]
    assert told["all"]["episodes"] == sum(part["episodes"] for part in told["parts"].values())
    assert told == json.loads((tmp_path / "candidate.json").read_text())

    monkeypatch.setattr("caravela.commands._evaluate_candidate.run", lambda options: pytest.fail("what is driven is driven again"))
    code, again, err = caravela(*asked)
    assert code == 0 and "dense traffic" in again, err
    code, _, err = caravela(*asked[:2], "stationary", *asked[3:])
    assert code == 2 and "same model" in err and "Traceback" not in err


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
    code, out, _ = caravela("evaluate", "compare", *paths)
    assert code == 0 and "fewer than 5 maps: no interval" in out
    code, out, _ = caravela("evaluate", "compare", *paths, "--json")
    assert code == 0 and json.loads(out.splitlines()[-1])["success_difference"] >= 0.6
    code, out, err = caravela("evaluate", "frontier", *paths, "--out", tmp_path / "drawn", "--json")
    assert code == 0, err
    shown = json.loads(out.splitlines()[-1])
    assert shown["frontiers"][0]["score"] == 0.0 and shown["frontiers"][1]["score"] > 0.6  # standing still scores nothing
    assert "cannot be told apart on fewer than 5 maps" in shown["said"] and len(shown["notes"]) == 2
    assert shown["frontiers"][1]["score_ci"] == [None, None]
    assert {path.name.rpartition(".")[2] for path in (tmp_path / "drawn").iterdir()} == {"html", "png", "json"}
    code, _, _ = caravela("results", "--folder", results, "--out", tmp_path / "results.md")
    assert code == 0 and "| stationary |" in (tmp_path / "results.md").read_text()


def test_the_suite_of_words_drives_every_start_once_per_manner(caravela, maps, tmp_path):
    words = ("evaluate", "run", "--suite", "words", "--policy", "idm", "--maps", maps, "--episodes", 2, "--out", tmp_path / "results")
    code, out, err = caravela(*words, "--json")
    assert code == 0, err
    shown = json.loads(out.splitlines()[-1])
    assert set(PROMISED) <= shown.keys() and shown["words"].keys() == {"gentle", "brisk", "stop"}
    assert all(row["right"] in (0.0, None) and row["drives"] == 2 for row in shown["words"].values())  # it ignores words
    assert list(shown["dial"]) == ["gentle", "silence", "brisk"] and shown["dial"]["gentle"] == shown["dial"]["brisk"]
    rows = json.loads((tmp_path / "results" / "evaluate-words-idm.json").read_text())["rows"]
    assert len(rows) == 2 and rows[0]["words"]["stop"]["said"] != ""
    assert not list((tmp_path / "cache").rglob("parts/*.json"))  # a complete run keeps no parts
    code, _, _ = caravela("results", "--folder", tmp_path / "results", "--out", tmp_path / "results.md")
    assert code == 0 and "| idm | gentle | 0.0 % (–)" in (tmp_path / "results.md").read_text()


def test_the_suite_abroad_drives_every_start_twice(caravela, maps, tmp_path):
    words = (
        "evaluate",
        "run",
        "--suite",
        "abroad",
        "--policy",
        "stationary",
        "--maps",
        maps,
        "--episodes",
        2,
        "--out",
        tmp_path / "results",
    )
    code, out, err = caravela(*words, "--json")
    assert code == 0, err
    shown = json.loads(out.splitlines()[-1])
    assert set(PROMISED) <= shown.keys() and shown["pairs"] == shown["episodes"] == 2
    assert (shown["success_home"], shown["success_abroad"], shown["points_apart"], shown["points_apart_ci"]) == (
        0.0,
        0.0,
        0.0,
        [None, None],
    )
    rows = json.loads((tmp_path / "results" / "evaluate-abroad-stationary.json").read_text())["rows"]
    assert len(rows) == 2 and all(row["home"]["side"] != row["side"] for row in rows)
    assert not list((tmp_path / "cache").rglob("parts/*.json"))
    code, _, _ = caravela("results", "--folder", tmp_path / "results", "--out", tmp_path / "results.md")
    assert code == 0 and "| stationary | 2 | 0.0 % | 0.0 % | +0.0 (–) | 0 | 0 |" in (tmp_path / "results.md").read_text()


def test_no_route_is_driven_and_no_turn_is_missed(caravela, maps, tmp_path):
    words = ("evaluate", "run", "--suite", "no-route", "--policy", "constant_velocity", "--maps", maps, "--episodes", 2)
    code, out, err = caravela(*words, "--out", tmp_path, "--json")
    assert code == 0, err
    shown = json.loads(out.splitlines()[-1])
    assert set(PROMISED) <= shown.keys() and shown["route_missed"] == 0.0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--suite", "nominl"], "did you mean nominal"),
        (["--policy", "stationery"], "did you mean stationary"),
        (["--policy", "no/such/model.onnx"], "no model at"),
        (["--episodes", "0"], "--episodes is 0"),
        (["--threads", "0"], "--threads is 0"),
        (["--out", __file__, "--policy", "idm"], "give --out a place that you can write"),
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
    for verb in ("compare", "frontier"):
        code, out, err = caravela("evaluate", verb, tmp_path / "odd.json", tmp_path / "odd.json")
        assert code == 2 and out == "" and ("is no result of `caravela evaluate run`" in err or "one lacks" in err)


ROW = {
    "map": "m", "seed": 0, "allowed_s": 60.0, "success": False, "failures": ["off_road"], "distance_m": 9.0, "expected_m": 90.0,
    "progress": 0.1, "first_failure_s": 3.0, "rolls_m": 0.0, "risk": [[0.0, 0.0, 0.1]],
}  # fmt: skip


@pytest.mark.parametrize(
    ("verb", "change", "told"),
    [
        ("compare", {"expected_m": None}, "'None' as 'expected_m'"),
        ("compare", {"distance_m": "far"}, "as 'distance_m'"),
        ("compare", {"failures": "off_road"}, "as 'failures'"),
        ("frontier", {"risk": [[0.0, 0.1]]}, "as 'risk'"),
        ("frontier", {"risk": [[0.0, 0.0, "high"]]}, "as 'risk'"),
        ("frontier", {"first_failure_s": None}, "does not say when"),
    ],
)
def test_odd_drives_are_named_and_not_compared(caravela, tmp_path, verb, change, told):
    (tmp_path / "odd.json").write_text(json.dumps({"suite": "nominal", "policy": "x", "rows": [ROW | change]}))
    code, out, err = (
        caravela("evaluate", verb, tmp_path / "odd.json", tmp_path / "odd.json", "--out", tmp_path)
        if verb == "frontier"
        else caravela("evaluate", verb, tmp_path / "odd.json", tmp_path / "odd.json")
    )
    assert code == 2 and out == "" and told in err


@pytest.mark.parametrize("verb", ["compare", "frontier"])
def test_one_file_given_twice_is_no_comparison(caravela, tmp_path, verb):
    (tmp_path / "x.json").write_text(json.dumps({"suite": "nominal", "policy": "x", "rows": [ROW]}))
    code, out, err = caravela("evaluate", verb, tmp_path / "x.json", tmp_path / "x.json")
    assert code == 2 and out == "" and "is given twice" in err


def test_a_seed_below_zero_is_refused(caravela, tmp_path):
    (tmp_path / "x.json").write_text(json.dumps({"suite": "nominal", "policy": "x", "rows": [ROW]}))
    code, _, err = caravela("evaluate", "compare", tmp_path / "x.json", tmp_path / "x.json", "--seed", "-1")
    assert code == 2 and "--seed is -1" in err


def results_of_another_time(folder, *, policy="driver", suite="nominal", **more):
    """A file as `caravela evaluate run` wrote it before it kept risk records."""
    row = {
        "map": "m",
        "seed": 0,
        "allowed_s": 60.0,
        "distance_m": 300.0,
        "expected_m": 400.0,
        "failures": ["off_road"],
        "first_failure_s": 40.0,
    }
    path = folder / f"{policy}-{suite}.json"
    path.write_text(json.dumps({"suite": suite, "policy": policy, "rows": [{**row, "success": False, "progress": 0.75, **more}]}))
    return path


def test_an_old_result_is_one_point_and_the_command_says_so(caravela, tmp_path):
    old = results_of_another_time(tmp_path)
    new = results_of_another_time(tmp_path, policy="other", rolls_m=10.0, risk=[[0.0, 0.0, 0.1], [30.0, 250.0, 0.6]])
    code, out, _ = caravela("evaluate", "frontier", old, new, "--out", tmp_path / "drawn")
    assert code == 0 and "driver: its file holds no risk, so it is one point" in out and "other: its file" not in out
    again = tmp_path / "again.json"
    again.write_bytes(old.read_bytes())
    code, out, _ = caravela("evaluate", "frontier", old, again, "--out", tmp_path / "drawn", "--json")
    shown = json.loads(out.splitlines()[-1])
    assert (shown["first"], shown["second"]) == (f"driver ({old.stem})", "driver (again)")
    assert code == 0 and not shown["outward"] and "neither file says" in shown["notes"][-1]


@pytest.mark.parametrize(("words", "says"), [(["--notice", "-1"], "--notice is -1"), (["--out", __file__], "give --out a place"), ([], "")])
def test_a_frontier_that_cannot_be_drawn(caravela, tmp_path, words, says):
    first, second = results_of_another_time(tmp_path), results_of_another_time(tmp_path, suite="brief")
    again = results_of_another_time(tmp_path, policy="again")
    code, out, err = caravela("evaluate", "frontier", first, again if words else second, *words)
    assert code == 2 and out == "" and (says or "different suites") in err and err.startswith("caravela: ")


def test_one_thing_is_changed_before_the_shipped_driver_and_before_a_blind_one(caravela, maps, tmp_path):
    shown = {}
    for policy in ("driver", "blind"):
        words = ("evaluate", "counterfactual", "--policy", policy, "--looks", 2, "--maps", maps, "--out", tmp_path / "results")
        code, out, err = caravela(*words, "--json")
        assert code == 0, err
        shown[policy] = json.loads(out.splitlines()[-1])["kinds"]
        assert shown[policy].keys() == {"light", "lead", "person", "other_lights", "bystander"}
        assert all(row["n"] == 2 for row in shown[policy].values())
    assert shown["driver"]["light"]["right"] >= 0.5
    assert all(shown["blind"][kind]["right"] == 0.0 for kind in ("light", "lead", "person"))
    assert len(json.loads((tmp_path / "results" / "counterfactual-driver.json").read_text())["rows"]) == 10
    code, _, _ = caravela("results", "--folder", tmp_path / "results", "--out", tmp_path / "results.md")
    assert code == 0 and "## counterfactual-driver" in (tmp_path / "results.md").read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [(["--policy", "idm"], "looks at no pictures"), (["--looks", "0"], "--looks is 0"), (["--policy", "drivr"], "did you mean driver")],
)
def test_a_counterfactual_that_cannot_be_shown(caravela, maps, words, says):
    code, out, err = caravela("evaluate", "counterfactual", "--maps", maps, *words)
    assert code == 2 and out == "" and says in err and err.splitlines()[-1].startswith("caravela: ")
