"""The page of results: every number in it comes from a file."""

import json
from pathlib import Path

import pytest

from caravela.core.errors import CaravelaError
from caravela.evaluate.frontier import compare, compared, frontier_of, sentence, told
from caravela.evaluate.pages.results import page
from caravela.evaluate.summary import report_of


def row(name, seed, *, success, side="right", failures=()):
    return {
        "map": name, "seed": seed, "side": side, "real": name == "leeds", "held_out": name != "home", "success": success, "failures": list(failures), "collisions": 0,
        "progress": 0.9, "distance_m": 400.0, "expected_m": 444.0, "seconds": 60.0, "allowed_s": 60.0, "first_failure_s": None, "turns": 2, "red_expected": 1,
        "red_lights_met": 1, "comfort": 0.97, "energy_wh": 72.0, "off_road_s": 0.0, "wrong_way_s": 0.0, "end": [0.0, 0.0],
    }  # fmt: skip


def write(folder, policy, rows, *, sees="pixels"):
    head = {"suite": "nominal", "policy": policy, "sees": sees, "seed": 0, "git_revision": "abc", "wall_s": 120.0}
    (folder / f"evaluate-nominal-{policy}.json").write_text(json.dumps({**head, **report_of(rows)}))


def test_the_driver_stands_above_its_baselines_with_interval_and_count(tmp_path):
    maps = ["leeds", "town", "home", "other", "fifth"]
    write(
        tmp_path,
        "driver",
        [row(name, k, success=k % 5 < 3, failures=() if k % 5 < 3 else ("off_road",)) for name in maps for k in range(10)],
    )
    write(tmp_path, "idm", [row(name, k, success=True, side="left") for name in maps for k in range(10)], sees="state")
    text = page(tmp_path)
    table = [line for line in text.splitlines() if line.startswith(("| driver |", "| idm |"))]
    assert table[0].startswith("| driver | pixels | 50 | 5 | **60.0 %** (60.0 %–60.0 %)") and "40.0 %" in table[0] and "180" in table[0]
    assert table[1].startswith("| idm | state | 50 | 5 | **100.0 %**")
    assert "| home (not of the test side) | right | 10 |" in text and "off-road 4" in text
    assert "| driver | real streets | 10 | **60.0 %** (–) |" in text  # one map has no interval


def test_the_page_that_ships_is_what_its_files_say():
    root = Path(__file__).resolve().parents[2]
    assert page(root / "results") == (root / "docs" / "results.md").read_text(), "run `caravela results`"


def test_a_result_of_another_kind_is_shown_as_it_is(tmp_path):
    (tmp_path / "world.json").write_text(json.dumps({"camera_fps": 1234.5, "share": {"render_scene": 0.25}, "rows": [{"a": 1}]}))
    text = page(tmp_path)
    assert "## world" in text and "| camera fps | 1234 |" in text and "| share: render scene | 0.25 |" in text


@pytest.mark.parametrize("name", ["bench", "world", "evaluate-rain-driver", "footage"])
def test_a_result_that_lacks_what_it_should_hold_is_named(tmp_path, name):
    (tmp_path / f"{name}.json").write_text("{}")
    with pytest.raises(CaravelaError, match=f"{name}.json' "):
        page(tmp_path)


@pytest.mark.parametrize(("content", "says"), [(None, "holds no .json"), ("{", "is no JSON"), ("[1]", "holds a list")])
def test_what_is_no_result_gets_one_sentence(tmp_path, content, says):
    if content is not None:
        (tmp_path / "x.json").write_text(content)
    with pytest.raises(CaravelaError, match=says):
        page(tmp_path)


def test_answers_get_a_section_with_who_was_right(tmp_path):
    shares = {name: {"right": 0.9 - 0.1 * k, "balanced": 0.5} for k, name in enumerate(("head", "today", "together", "most_frequent"))}
    result = {
        "driver": "nano", "driver_sha256": "ab" * 32, "parameters": 540_000, "megabytes": 1.1, "looks": 9000, "asked_about": 2000, "maps": "24 towns",
        "trust": {"left": 0.6}, "answers": {"left": {"looks": 1234, **shares, "trusted": 0.75, "right_where_trusted": None}},
    }  # fmt: skip
    (tmp_path / "answers.json").write_text(json.dumps(result))
    text = page(tmp_path)
    assert "## Answers off the driving path" in text and "believes the head of left from 0.6" in text
    assert "| what is on the left? | 1,234 | 90.0% (50.0%) | 80.0% (50.0%) | 70.0% (50.0%) | 60.0% (50.0%) | 75.0% | – |" in text


def test_what_the_cockpits_head_reads_is_a_table(tmp_path):
    rows = {
        name: {"meaning": share, "meaning_and_operation": share, "place": 1.0}
        for name, share in (("encoder and bag", 0.95), ("bag alone", 0.5))
    }
    (tmp_path / "cockpit-head.json").write_text(json.dumps({"epochs": 14, "seed": 0, "sayings": 160, "ablation": rows}))
    told = page(tmp_path)
    assert "## What the cockpit's head reads" in told and "| bag alone | 50.0% | 50.0% | 100.0% |" in told and "160 phrasings" in told


def test_two_frontiers_are_told_with_their_verdict(tmp_path):
    drives = [
        {"map": f"m{k % 6}", "seed": k, "allowed_s": 60.0, "distance_m": 90.0, "expected_m": 100.0, "failures": ["off_road"] if k % 5 == 0 else [],
         "first_failure_s": 30.0 if k % 5 == 0 else None, "rolls_m": 1.0, "risk": [[0.0, 0.0, 0.1], [20.0, 60.0, 0.8 if k % 5 == 0 else 0.2]]}
        for k in range(30)
    ]  # fmt: skip
    a, b = (frontier_of(drives, policy=name, notice=2.0) for name in ("before", "after"))
    both = compare(a, b)
    result = {
        "suite": "nominal", "first": "before", "second": "after", "episodes": 30, "maps": 6, "notice_s": 2.0, "said": sentence(a, b, both), **compared(both),
        "frontiers": [told(curve, bands) for curve, bands in zip((a, b), both.bands, strict=True)], "notes": [],
    }  # fmt: skip
    (tmp_path / "frontier-nominal.json").write_text(json.dumps(result))
    text = page(tmp_path)
    assert "## The frontier" in text and "does not move the whole frontier outward" in text
    assert "| after | 71.9% (" in text and "| 80.0% |" in text
