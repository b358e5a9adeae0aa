"""What the page reads once: the frontier of results at hand and the model's card, or what makes them."""

import json
from pathlib import Path

import pytest

from caravela.studio.web.documents import Documents


def row(seed: int, *, failures: list[str], risk: float) -> dict:
    return {
        "map": f"town {seed % 2}",
        "seed": seed,
        "allowed_s": 60.0,
        "distance_m": 300.0,
        "expected_m": 300.0,
        "failures": failures,
        "first_failure_s": 30.0 if failures else None,
        "risk": [[10.0, 100.0, risk]],
    }


def write(folder: Path, name: str, rows: list[dict]) -> None:
    (folder / name).write_text(json.dumps({"suite": "nominal", "policy": name.removesuffix(".json"), "rows": rows}))


def test_without_results_the_command_that_makes_them_is_told(tmp_path: Path) -> None:
    told = Documents(tmp_path / "nothing").frontier()
    assert told["curves"] == [] and told["makes"].startswith("caravela evaluate run")


def test_every_result_is_a_curve_and_what_is_none_of_ours_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "evaluate-a.json", [row(0, failures=[], risk=0.1), row(1, failures=["collision"], risk=0.9)])
    (tmp_path / "evaluate-b.json").write_text("{")
    (tmp_path / "evaluate-c.json").write_text('{"rows": [{}], "policy": "x"}')
    (tmp_path / "cockpit.json").write_text("{}")
    [curve] = Documents(tmp_path).frontier()["curves"]
    assert curve["policy"] == "evaluate-a" and curve["tells_risk"] and curve["episodes"] == 2
    assert curve["safety"] == pytest.approx(0.5) and max(safety for _, safety in curve["points"]) == 1.0


def test_a_result_that_changes_is_read_again(tmp_path: Path) -> None:
    documents = Documents(tmp_path)
    write(tmp_path, "evaluate-a.json", [row(0, failures=[], risk=0.1)])
    assert documents.frontier()["curves"][0]["safety"] == 1.0
    import os

    write(tmp_path, "evaluate-a.json", [row(0, failures=["collision"], risk=0.1)])
    os.utime(tmp_path / "evaluate-a.json", ns=(1, 1))
    assert documents.frontier()["curves"][0]["safety"] == 0.0


def test_the_card_is_that_of_the_model_that_drives(tmp_path: Path) -> None:
    assert Documents(bundle=tmp_path / "model.onnx").card()["missing"]
    (tmp_path / "README.md").write_text("# Model card: tiny")
    assert Documents(bundle=tmp_path / "model.onnx").card()["text"] == "# Model card: tiny"
    assert Documents(bundle=tmp_path).card()["name"] == tmp_path.name
