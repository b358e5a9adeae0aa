"""`caravela vehicle bench`, `quantise` and `cycles`: what is wrong with the options is told in a sentence, before anything is measured."""

import json

import pytest

from caravela.cli import main


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
