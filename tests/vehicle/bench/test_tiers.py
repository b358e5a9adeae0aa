"""A measured tier is told with what it promises; what int8 loses is paired; where compute sits idle is drawn."""

import json

import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.evaluate.pages.results import page
from caravela.vehicle.bench import chart, peak, tiers, trial
from caravela.vehicle.bench.clock import Times, timed
from caravela.vehicle.bench.page import page_of, summary
from caravela.vehicle.bench.roofline import Chip
from caravela.vehicle.bench.tiers import Tier

CHIP = Chip("a made-up chip", {"fp32": 1e12, "bf16": 2e12}, 1e11, 1e10, 1 << 20, 1e12, 1e-6, tile=(16, 16, 16))


@pytest.fixture(scope="module")
def measured(ships, look):
    """One row, measured in this process with few calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(peak, "SIZES", (256,))
        patch.setattr(peak, "MEMORY", 8 << 20)
        patch.setattr(trial, "PART_CALLS", 3)
        patch.setattr(trial, "run", trial.measure)
        tier = Tier("ultra", ships, "nano: the model that ships", trial.is_int8(ships))
        return tiers.bench(
            [tier], looks=[look], backends=["onnxruntime"], calls=10, threads=1, chips=[CHIP], with_density=False, say=lambda sentence: None
        )


def test_the_promise_of_json_is_kept(measured):
    tier = measured["tiers"]["ultra"]
    assert {"latency_ms", "utilisation", "backend", "precision"} <= tier.keys() and {"p50", "p99"} <= tier["latency_ms"].keys()
    assert tier["backend"] == "onnxruntime" and tier["precision"] == "fp32", "it has no bf16, so that row is not there"
    json.dumps(measured, allow_nan=False)


def test_utilisation_is_operations_for_a_second_over_the_peak(measured):
    (row,) = measured["rows"]
    assert row["utilisation"] == pytest.approx(row["million_operations"] / row["work_ms"] / row["peak_gops"], rel=1e-2)
    assert sum(part["million_operations"] for part in row["stages"]) == pytest.approx(row["million_operations"], rel=1e-3)
    assert sum(part["million_operations"] for part in row["layers"]) == pytest.approx(row["million_operations"], rel=1e-3)
    assert 0.02 < row["utilisation"] < 1.1 and row["beside_fp32"]["same_choice"] == 1.0 and row["memory_mib"] > 50.0


def test_the_vision_stage_stands_beside_its_target(measured):
    told = measured["vision"]
    assert told["target"] == 0.4 and told["goal"] == 0.6 and told["met"] == (told["utilisation"] >= 0.4)
    assert tiers.vision([]) == {}


def row(tier: str, precision: str, *, ms: float, share: float) -> dict:
    stages = [{"name": "vision", "utilisation": share}]
    return {"tier": tier, "backend": "b", "precision": precision, "latency_ms": {"p50": ms}, "stages": stages}


def test_the_vision_stage_is_judged_by_the_fastest_backend_of_the_large_tier():
    rows = [row("ultra", "fp32", ms=6.96, share=0.718), row("ultra", "bf16", ms=4.1, share=0.4625), row("se", "bf16", ms=4.0, share=0.9)]
    told = tiers.vision(rows)
    assert (told["tier"], told["precision"], told["latency_ms"], told["utilisation"]) == ("ultra", "bf16", 4.1, 0.4625)
    assert told["met"] and not told["goal_met"], "0.718 of a lower peak, 70 % slower, is not what one would drive with"
    assert not tiers.vision([row("ultra", "bf16", ms=4.1, share=0.39), *rows[2:]])["met"]


def test_a_described_chip_is_predicted_at_every_precision_that_it_has(measured):
    (chip,) = measured["chips"]
    assert [each["precision"] for each in chip["predicted"]] == ["fp32", "bf16"]
    slow, fast = (each["latency_ms"] for each in chip["predicted"])
    assert fast < slow and all(0.0 < each["utilisation"] < 1.0 for each in chip["predicted"])


def test_people_are_told_and_the_page_holds_it(measured, tmp_path):
    (tmp_path / "bench.json").write_text(json.dumps({**measured, "int8_lost": None}))
    text = page(tmp_path)
    assert "## Tiers and utilisation" in text and "| ultra | onnxruntime | fp32 |" in text and "not measured in this run" in text
    assert any(line.startswith("vision at batch 1") for line in summary(measured))
    missed = {**measured, "vision": {**measured["vision"], "utilisation": 0.2, "met": False, "goal_met": False}}
    assert "missed" in "\n".join(page_of(missed)) and "through the fastest backend" in "\n".join(page_of(missed))
    before = {key: value for key, value in measured["vision"].items() if key != "latency_ms"}
    assert "reaches" not in "\n".join(page_of({**measured, "vision": before})), "a file of before took the best of all backends"


def test_where_compute_sits_idle_is_drawn(measured, tmp_path):
    lines = chart.rows(measured["rows"])
    (line,) = lines
    assert [bar.name for bar in line.bars][:2] == ["stem", "stage 8"] and line.bars[0].stage == "vision"
    assert sum(bar.ms for bar in line.bars) >= measured["rows"][0]["work_ms"] - 1e-6
    chart.png(tmp_path / "u.png", lines, title="t")
    text = chart.html(lines, title="where")
    assert (
        (tmp_path / "u.png").stat().st_size > 5_000 and "where" in text and "<script" in text and "cdn.plot" not in text.split("</head>")[0]
    )


def result(path, policy, successes, *, suite="nominal"):
    rows = [
        {"map": f"m{k % 4}", "seed": k, "success": good, "progress": 0.9, "failures": [] if good else ["off_road"]}
        for k, good in enumerate(successes)
    ]
    path.write_text(json.dumps({"policy": policy, "suite": suite, "rows": rows}))
    return path


def test_what_int8_loses_is_paired(tmp_path):
    one = result(tmp_path / "a.json", "driver", [True] * 40)
    other = result(tmp_path / "b.json", "int8", [k % 4 != 0 for k in range(40)])
    told = tiers.lost(one, other)
    assert told["drives"] == 40 and told["success"] == [1.0, 0.75] and told["success_lost"]["mean"] == 0.25
    assert told["score_lost"]["mean"] == pytest.approx(0.9 * 0.25) and told["score_lost"]["low"] < 0.225 < told["score_lost"]["high"]
    assert tiers.lost(one, one)["score_lost"] == {"mean": 0.0, "low": 0.0, "high": 0.0}


def test_results_that_share_no_drive_are_refused(tmp_path):
    one = result(tmp_path / "a.json", "driver", [True])
    with pytest.raises(CaravelaError, match="share no drive"):
        tiers.lost(one, result(tmp_path / "b.json", "int8", [True], suite="night"))
    (tmp_path / "c.json").write_text("{}")
    with pytest.raises(CaravelaError, match="is no result"):
        tiers.lost(one, tmp_path / "c.json")


def test_percentiles_are_calls_that_happened_and_a_stretch_is_a_busy_machine():
    times = Times(np.arange(1.0, 1001.0) * 1e-3, np.full(1000, 0.5e-3))
    assert times.percentile_ms(99.9) == pytest.approx(1000.0, abs=1.01) and times.percentile_ms(50.0) == pytest.approx(501.0, abs=1.01)
    assert trial.busy(times, threads=1) and not trial.busy(Times(times.processor, times.processor), threads=1)
    assert times.work_s(1) == 0.5e-3 and times.work_s(2) > 0.4


def test_every_call_is_timed_and_no_warm_one():
    seen = []
    assert len(timed(seen.append, calls=3, warm=2).wall) == 3 and len(seen) == 5


def test_a_job_that_cannot_be_done_is_told(tmp_path, look):
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(CaravelaError, match="cannot run"):
        trial.run(trial.Job(tmp_path / "model.onnx", "onnxruntime", "fp32", [look], calls=10))
    with pytest.raises(CaravelaError, match="no model at"):
        trial.model_file(tmp_path / "missing")
