"""`caravela vehicle bench`, `quantise` and `cycles`: what is wrong with the options is told in a sentence, before anything is measured."""

import json

import pytest

from caravela.cli import main
from caravela.commands import _vehicle_bench
from caravela.commands._vehicle_bench import BenchOptions
from caravela.core.bundle import MODEL_FILE
from caravela.core.errors import CaravelaError
from caravela.vehicle.bundle import shipped


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bench", "--backends", "openvin"), "did you mean openvino"),
        (("bench", "--calls", "3"), "expected 10 to 1,000,000"),
        (("bench", "--threads", "0"), "the cores of this machine"),
        (("bench", "--looks", "0"), "expected 1 to 1,000"),
        (("bench", "--ultra", "missing"), "no model at"),
        (("bench", "--chip", "missing.json"), "cannot read the chip"),
        (("bench", "--also", "missing"), "no model at"),
        (("bench", "--lost", "one.json"), "expected two"),
        (("bench", "--lost", "one.json", "two.json"), "is no result"),
        (("quantise", "missing"), "no model at"),
        (("quantise", "--looks", "0"), "expected 1 to 1,000"),
        (("quantise", "--tier", "see"), "did you mean se"),
        (("quantise", "--tier", "se", "--looks", "0"), "expected 1 to 1,000"),
        (("quantise", "--tier", "se", "--stages", "vision"), "give one"),
        (("quantise", "--tier", "se", "missing"), "no model at"),
        (("cycles", "--cycles", "1"), "expected 10 to"),
        (("cycles", "--policy", "missing"), "no model at"),
    ],
)
def test_bad_input_gets_one_sentence(words, told, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", *words, "--json"])
    out, said = capsys.readouterr()
    assert stop.value.code == 2 and told in said and "Traceback" not in said
    assert told in json.loads(out.splitlines()[-1])["error"]


def test_the_tiers_are_those_that_ship_and_the_int8_build_has_a_row_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setattr(_vehicle_bench, "CACHE", tmp_path)
    monkeypatch.setattr(_vehicle_bench, "make_int8", lambda source, out: None)
    ultra, se, int8 = _vehicle_bench._tiers(BenchOptions())
    assert (ultra.name, ultra.model, ultra.precisions) == ("ultra", shipped() / MODEL_FILE, ("fp32", "bf16"))
    assert (se.name, se.model, se.precisions) == ("se", shipped("se") / MODEL_FILE, ("fp32", "bf16")), "it computes in floating point"
    assert "the small tier that ships" in se.about and "widened when it is loaded" in se.about
    assert (int8.name, int8.precisions) == ("int8", ("int8",)) and int8.model.is_relative_to(tmp_path)
    assert [tier.name for tier in _vehicle_bench._tiers(BenchOptions(int8=False))] == ["ultra", "se"]
    (tmp_path / "int8").mkdir()
    (tmp_path / "int8" / MODEL_FILE).write_bytes((shipped() / MODEL_FILE).read_bytes())
    with pytest.raises(CaravelaError, match="'int8' twice"):
        _vehicle_bench._tiers(BenchOptions(also=(tmp_path / "int8",)))


def test_cycles_are_at_l4_by_a_named_model_and_recorded(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("caravela.commands._vehicle_cycles.A_RECORDING", 12)
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", "cycles", "--cycles", "30", "--looks", "24", "--out", str(tmp_path / "cycles.json"), "--json"])
    out, said = capsys.readouterr()
    assert stop.value.code == 0, said
    told = json.loads((tmp_path / "cycles.json").read_text())
    assert told["modes"] == {"L4": 30} and told["cycles"] == 30 and sum(told["authors"].values()) == 30
    assert told["model"] == "nano" and len(told["model_sha256"]) == 64 and told["recorded_mb"] > 0.5
    assert json.loads(out.splitlines()[-1])["modes"] == {"L4": 30}


def test_what_was_measured_is_on_the_page():
    from pathlib import Path

    path = Path("results/bench.json")
    result, page = json.loads(path.read_text()), Path("docs/results.md").read_text()
    assert {"ultra", "se"} <= result["tiers"].keys() and not result["quick"]
    assert f"{result['tiers']['ultra']['latency_ms']['p50']:.2f}" in page
