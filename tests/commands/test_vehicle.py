"""`caravela vehicle`: a drive on video is recorded, verified and replayed by the model that ships; bad input gets one sentence; the page's
tables come from the run."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from caravela.cli import main
from caravela.core.types import policy_rig

sys.path.insert(0, str(Path(__file__).parents[1] / "vehicle"))
from test_sources import video


def call(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, JSON and what was said of `caravela vehicle ...`."""
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", *words, "--json"])
    out, said = capsys.readouterr()
    return int(stop.value.code or 0), json.loads(out.splitlines()[-1]) if out.strip() else {}, said


def test_a_drive_is_recorded_verified_and_replayed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, record = video(tmp_path / "v.mp4"), tmp_path / "run.mcap"
    cameras = [f"{camera.name}={path}" for camera in policy_rig().cameras]
    (tmp_path / "key").write_bytes(b"the car's own")
    key = ["--key", str(tmp_path / "key")]
    options = ["--mode", "l2", "--deadline-ms", "20000", "--record", str(record), "--say", "gently", *key]
    code, result, _ = call(capsys, "run", "--video", *cameras, *options)
    assert code == 0 and result["mode"] == "L2" and result["tenures"][-1]["party"] == "Ana Sousa"
    code, verdict, _ = call(capsys, "verify", str(record), "--head", result["head"], *key)
    assert code == 0 and verdict["intact"] and verdict["closed"]
    code, replayed, _ = call(capsys, "replay", str(record))
    assert code == 0 and replayed["same"] and replayed["same_model"] and replayed["compared"] == replayed["planned"] > 10
    whole, cut = record.read_bytes(), tmp_path / "cut.mcap"
    cut.write_bytes(whole[: len(whole) // 2])
    code, verdict, _ = call(capsys, "verify", str(cut), *key)
    assert code == 1 and verdict["unchanged"] and not verdict["intact"] and not verdict["closed"] and not verdict["broken"]
    assert f"breaks off after {verdict['seconds']:.1f} s and its end is not sealed" in verdict["seals_say"]
    code, replayed, _ = call(capsys, "replay", str(cut))
    assert code == 0 and not replayed["intact"] and replayed["seals_say"] == verdict["seals_say"]
    record.write_bytes(whole.replace(b"Ana Sousa", b"Eva Souza"))
    code, verdict, _ = call(capsys, "verify", str(record))
    assert code == 1 and not verdict["intact"] and not verdict["unchanged"] and verdict["broken"]
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", "verify", str(record)])
    assert stop.value.code == 1 and "NOT intact" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run", "--mode", "l3"), "unknown mode 'l3'"),
        (("run", "--fault", "a camera stock"), "did you mean a camera stuck"),
        (("run", "--seconds", "0"), "out of range"),
        (("run", "--record", "run.mp4"), "expected a file ending in .mcap"),
        (("run", "--town", "x", "--video", "front=v.mp4"), "expected one"),
        (("run", "--video", "front"), "expected NAME=FILE"),
        (("run", "--profile", "unece-r170", "--video", "front=v.mp4"), "did you mean unece-r171"),
        (("run", "--entity", "system"), "names nobody"),
        (("replay", "missing.mcap"), "expected a recording"),
        (("verify", "missing.mcap"), "expected a recording"),
        (("verify", "missing.mcap", "--key", "missing.key"), "cannot read the key"),
        (("safety", "--page", "missing.md"), "cannot read --page"),
    ],
)
def test_bad_input_gets_one_sentence(words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, said = call(capsys, *words)
    assert code == 2 and told in said and "Traceback" not in said


def test_what_was_measured_is_in_the_page_and_in_the_results() -> None:
    page, result = Path("docs/safety.md").read_text(), json.loads(Path("results/vehicle.json").read_text())
    assert result["clauses_met"] == len(result["clauses"]) and result["faults_right"] == len(result["faults"])
    for row in result["clauses"]:
        assert f"| {row['text']} | {row['number']} | {row['asks']} |" in page
    for row in result["faults"]:
        assert f"| {row['injection']} | {row['mode']} |" in page
