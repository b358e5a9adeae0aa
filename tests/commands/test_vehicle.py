"""`caravela vehicle`: a drive on video is recorded, verified and replayed by the model that ships; bad input gets one sentence; the page's
tables come from the run."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from caravela.cli import main
from caravela.commands.vehicle import VERBS
from caravela.core.types import policy_rig
from caravela.evaluate.pages.results import page

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
    options = ["--mode", "l2", "--deadline-ms", "20000", "--record", str(record), "--say", "gently", "--driver", "Ana Sousa", *key]
    code, result, said = call(capsys, "run", "--video", *cameras, *options)
    assert "not named" not in said and "will be replaced" not in said
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
    code, replayed, _ = call(capsys, "replay", str(record))
    assert code == 1 and replayed["same"] and not replayed["unchanged"], "the plans are the same, the record was changed"
    with pytest.raises(SystemExit) as stop:
        main(["vehicle", "verify", str(record)])
    assert stop.value.code == 1 and "NOT intact" in capsys.readouterr().out


def test_a_record_names_nobody_who_was_not_named_and_replaces_none_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, record = video(tmp_path / "v.mp4"), tmp_path / "run.mcap"
    record.write_bytes(b"an older one")
    cameras = [f"{camera.name}={path}" for camera in policy_rig().cameras]
    words = ["--video", *cameras, "--deadline-ms", "20000", "--seconds", "1.3", "--record", str(record)]
    code, result, said = call(capsys, "run", *words)
    assert code == 0 and f"'{record}' is there and will be replaced; another --record keeps it" in said
    assert "the record will say 'not named' of who answers; give --driver and --entity." in said
    assert [(each["party"], each["role"]) for each in result["tenures"]] == [
        ("not named", "driver"),
        ("not named", "authorised self-driving entity"),
    ]
    assert b"Ana Sousa" not in record.read_bytes() and b"Caravela Motors" not in record.read_bytes()


def test_what_was_made_by_chance_is_counted_and_is_on_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--messages", "200", "--cards", "60", "--states", "60", "--bundles", "3"]
    code, result, _ = call(capsys, "fuzz", *few, "--out", str(tmp_path / "fuzz.json"))
    assert code == 0 and (result["messages"], result["bus"]["messages"]) == (323, 200) and result["crashes"] == result["unsafe"] == 0
    assert VERBS["fuzz"].exit_code({"crashes": 0, "unsafe": 1}) == 1
    text = page(tmp_path)
    assert "## fuzz" in text and "| bus: messages | 200 |" in text and "| bus: unsafe | 0 |" in text
    with pytest.raises(SystemExit):
        main(["vehicle", "fuzz", *few, "--out", str(tmp_path / "fuzz.json")])
    assert "200 messages on the bus" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("result", "code"),
    [({"unmet": [], "wrong": []}, 0), ({"unmet": ["R157 5.1"], "wrong": []}, 1), ({"unmet": [], "wrong": ["one frame late, L4"]}, 1)],
)
def test_an_unmet_clause_or_a_fault_that_ends_wrong_ends_with_exit_code_1(result: dict[str, Any], code: int) -> None:
    verb = VERBS["safety"]
    assert verb.exit_code(result) == code


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
        (("run", "--driver", "-"), "names nobody"),
        (("run", "--driver", " "), "names nobody"),
        *((("run", "--deadline-ms", bad), f"--deadline-ms is {bad}; expected 1 to 60,000") for bad in ("nan", "inf", "1e+12", "-5", "0")),
        *((("run", "--fault-at", bad), f"--fault-at is {bad}; expected 0 to 86,400") for bad in ("nan", "-3", "inf")),
        *((("run", "--away-at", bad), f"--away-at is {bad}; expected 0 to") for bad in ("nan", "-1")),
        *((("run", "--video", "front=v.mp4", "--speed", bad), f"--speed is {bad}; expected 0 to 90") for bad in ("nan", "-7", "100")),
        *((("replay", "missing.mcap", "--tolerance", bad), f"--tolerance is {bad}; expected 0 to") for bad in ("nan", "-1", "inf")),
        (("fuzz", "--messages", "0"), "--messages is 0; expected 1 to"),
        (("run", "--seed", "-1"), "--seed is -1; expected at least 0"),
        (("run", "--video", "front=/dev/video0"), "a live camera does not wait for the loop: give --realtime"),
        (("run", "--key", "/dev/null"), "the key '/dev/null' is empty"),
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
