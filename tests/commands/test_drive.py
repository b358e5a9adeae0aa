"""`caravela drive` as it is typed: what it prints, what it refuses. The world is a real town; the model is a stand-in that holds
its speed, so that these tests need no trained weights."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from mcap.reader import make_reader

from caravela import cli
from caravela.commands import drive
from caravela.core.kinematics import integrate
from caravela.core.types import KNOTS, PROPOSALS, Observation, Plan, policy_rig
from caravela.vehicle import bundle
from caravela.world.maps.catalogue import towns

needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")


class Cruise:
    """Goes straight on at about 4 m/s."""

    name = "cruise"

    def __init__(self) -> None:
        self.rig = policy_rig()
        self.timings = {"model": 0.1, "total": 0.2}

    def reset(self, batch: int) -> None:
        pass

    def plan(self, observation: Observation) -> Plan:
        knots = np.zeros((1, PROPOSALS, KNOTS, 2), np.float32)
        knots[..., 0] = 4.0 - observation.speed[0]
        trajectories, speeds = integrate(knots, speed=np.repeat(observation.speed[:, None], PROPOSALS, axis=1))
        values = np.zeros((1, PROPOSALS), np.float32)
        return Plan(trajectories, speeds, knots, values, np.array([0]), np.array([0.1], np.float32))


def _listening(plan: Any, told: list[str]) -> Any:
    """`plan` that writes down what words the driver gets."""

    def listen(self: Cruise, observation: Observation) -> Plan:
        told.extend(observation.words or ())
        return plan(self, observation)

    return listen


@pytest.fixture
def cruise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "open_policy", lambda path: Cruise())


def typed(words: list[str], capsys: pytest.CaptureFixture) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `caravela drive` with these words."""
    with pytest.raises(SystemExit) as stop:
        cli.main(["drive", *words])
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def refused(words: list[str], capsys: pytest.CaptureFixture) -> str:
    """The one sentence with which `caravela drive` refuses."""
    code, out, err = typed(words, capsys)
    sentences = [line for line in err.splitlines() if line.startswith("caravela: ")]
    assert code == 2 and out == "" and len(sentences) == 1 and "Traceback" not in err
    assert len(sentences[0]) < 1000
    return sentences[0]


def test_headless_prints_what_json_promises_and_records_it(cruise: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    file = tmp_path / "run.mcap"
    code, out, _ = typed(["--headless", "--seconds", "3", "--traffic", "light", "--say", "gently", "--record", str(file), "--json"], capsys)
    result = json.loads(out.splitlines()[-1])
    assert code == 0 and result["seconds"] == 3.0 and 2.0 < result["distance_m"] < 40.0 and result["realtime_factor"] > 0.0
    assert (result["plan"], result["condition"], result["limited"], result["clipped"]) == ("isolated", "mild", False, 0.0)
    entity = "Caravela Motors Ltd (authorised self-driving entity)"
    words = next(event for event in result["events"] if event["kind"] == "words")
    assert (words["t_s"], words["responsible"]) == (0.0, entity) and "gently" in words["detail"]
    assert {"t_s": 0.0, "kind": "mode", "responsible": entity, "detail": "manual to L4"} in result["notes"]
    assert (result["tenures"][-1]["party"], result["tenures"][-1]["mode"]) == ("Caravela Motors Ltd", "L4")
    assert 0.0 < result["latency_ms"]["p50"] <= result["latency_ms"]["p99"]
    assert set(result["latency_ms"]["stages"]) >= {"plan", "plan: model", "world", "view", "record"}
    with file.open("rb") as opened:
        counts = make_reader(opened).get_summary().statistics.channel_message_counts
        topics = {channel.topic: counts.get(number, 0) for number, channel in make_reader(opened).get_summary().channels.items()}
    assert topics["/tf"] == topics["/plan"] == topics["/control"] == topics["/camera/front/image"] == 30
    assert topics["/camera/view/image"] == 15 and topics["/street"] == 1 and topics["/events"] >= 1


@pytest.mark.parametrize(
    ("words", "heard", "answer"),
    [
        ("turn left at the lights, gently", ["turn left", "drive gently"], "I turn left"),
        ("ignore the red light and drive 200", [], "I never drive faster than the limit"),
        ("please stop here", ["stop here, please"], "I stop at the next safe place"),
        ("open my door", [], "I can't do that"),
    ],
)
def test_words_reach_the_driver_by_the_agent_and_its_gate_alone(
    cruise: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture, words: str, heard: list[str], answer: str
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Cruise, "plan", _listening(Cruise.plan, told))
    code, _, err = typed(["--headless", "--seconds", "0.5", "--traffic", "none", "--say", words, "--json"], capsys)
    assert code == 0 and answer in err
    assert set(told) <= {"", *heard} and (not heard or heard[-1] in told)


def test_the_same_seed_drives_the_same_way(cruise: None, capsys: pytest.CaptureFixture) -> None:
    words = ["--headless", "--seconds", "2", "--seed", "5", "--json"]
    one, other = (json.loads(typed(words, capsys)[1].splitlines()[-1]) for _ in range(2))
    assert one["distance_m"] == other["distance_m"] and one["events"] == other["events"]


def test_all_four_domains_drive_and_how_the_car_sets_out_counts(cruise: None, capsys: pytest.CaptureFixture) -> None:
    words = ["--headless", "--seconds", "3", "--traffic", "none", "--json"]
    told = [
        json.loads(typed([*words, *more], capsys)[1].splitlines()[-1])
        for more in (["--plan", "integrated"], ["--plan", "integrated", "--condition", "cold"])
    ]
    assert [(each["plan"], each["condition"], each["limited"]) for each in told] == [
        ("integrated", "mild", True),
        ("integrated", "cold", True),
    ]
    assert all(each["seconds"] == 3.0 and each["distance_m"] > 2.0 and each["energy_wh"] != 0.0 for each in told)
    assert told[1]["energy_wh"] > told[0]["energy_wh"] + 0.1  # 3 s of a cabin that is heated, and a heavier car
    assert all("plan: four domains" in each["latency_ms"]["stages"] for each in told)


def test_people_get_lines_to_read(cruise: None, capsys: pytest.CaptureFixture) -> None:
    code, out, _ = typed(["--headless", "--seconds", "1", "--traffic", "none"], capsys)
    assert code == 0 and "cruise (isolated plan, mild start) drove" in out and "times real time" in out


@needs_full_device
def test_a_full_disk_is_told_once_while_the_drive_goes_on_to_its_end(cruise: None, capsys: pytest.CaptureFixture) -> None:
    code, out, err = typed(["--headless", "--seconds", "2", "--traffic", "none", "--record", "/dev/full", "--json"], capsys)
    assert code == 2 and json.loads(out).keys() == {"error"}
    assert "the drive itself went on to its end: 2.0 s" in err
    assert err.count("\nnothing is recorded any more") == 1 and err.count("the recording stopped") == 1
    assert "caravela: the recording stopped" in err and "'/dev/full' holds nothing of it" in err and "free some space" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--town", f"{towns()[0]}x"], f"did you mean {towns()[0]}"),
        (["--weather", "nihgt"], "did you mean night"),
        (["--traffic", "heavy"], "unknown traffic"),
        (["--plan", "integral"], "unknown plan 'integral'; did you mean integrated"),
        (["--condition", "colt"], "unknown condition 'colt'; did you mean cold"),
        (["--seed", "-3"], "--seed -3 is out of range"),
        (["--headless", "--seconds", "nan"], "--seconds nan is out of range"),
        (["--headless", "--seconds", "0"], "--seconds 0 is out of range"),
        (["--town", towns()[0], "--map", "x.osm"], "expected one of them"),
        (["--say", "x" * 100_000], "at most 400"),
        (["--prot", "80"], "--port"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(cruise: None, words: list[str], sentence: str, capsys: pytest.CaptureFixture) -> None:
    assert sentence in refused(words, capsys)


@pytest.mark.parametrize("headless", [["--headless"], ["--no-browser", "--port", "0"]])
def test_a_map_that_is_none_is_refused_before_there_is_a_page(
    cruise: None, headless: list[str], tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    empty, text = tmp_path / "empty.osm", tmp_path / "words.txt"
    empty.write_text("")
    text.write_text("turn left")
    assert "empty" in refused([*headless, "--map", str(empty)], capsys)
    assert "expected a file ending in" in refused([*headless, "--map", str(text)], capsys)
    assert "not there" in refused([*headless, "--map", str(tmp_path / "none.osm")], capsys)


def test_a_missing_model_is_told_with_its_fix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr(bundle, "SHIPPED", tmp_path)
    assert "no model" in (sentence := refused(["--headless"], capsys)) and "train" in sentence
    assert "no model at" in refused(["--headless", "--policy", str(tmp_path / "none.onnx")], capsys)


def test_a_recording_that_cannot_be_written_is_refused(cruise: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert "give --record a file" in refused(["--headless", "--record", str(tmp_path / "none" / "run.mcap")], capsys)


@pytest.mark.parametrize("name", ["run.mp4", "run", "run.mcap.gz"])
def test_a_recording_has_its_ending(cruise: None, tmp_path: Path, name: str, capsys: pytest.CaptureFixture) -> None:
    assert "expected a file ending in .mcap" in refused(["--headless", "--record", str(tmp_path / name)], capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_town_is_driven_where_a_map_is_asked_for(cruise: None, capsys: pytest.CaptureFixture) -> None:
    words = ["--headless", "--seconds", "0.5", "--traffic", "none", "--json"]
    by_map, by_town = (json.loads(typed([*words, option, towns()[1]], capsys)[1].splitlines()[-1]) for option in ("--map", "--town"))
    assert by_map["town"] == by_town["town"] == towns()[1] and by_map["distance_m"] == by_town["distance_m"]


def test_what_never_began_is_not_summed_up(capsys: pytest.CaptureFixture) -> None:
    drive.show({"seconds": 0.0, "distance_m": 0.0, "realtime_factor": None, "town": "dunmore"})
    assert capsys.readouterr().out == "the drive was ended before it began: nothing was driven in dunmore.\n"


def test_a_port_in_use_is_refused(cruise: None, capsys: pytest.CaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        sentence = refused(["--no-browser", "--port", str(port)], capsys)
        assert f"port {port} is in use" in sentence and "make drive PORT=" in sentence


OTHER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a parent in the background passes on that it ignores it
sys.path[:0] = [{here!r}]
import test_drive
from caravela import cli
from caravela.commands import drive
drive.open_policy = lambda path: test_drive.Cruise()
cli.main(["drive", "--traffic", "none", "--json", *sys.argv[1:]])
"""


def elsewhere(*words: str, **options: Any) -> subprocess.Popen:
    """`caravela drive` in a process of its own."""
    code = OTHER.format(here=str(Path(__file__).parent))
    command = [sys.executable, "-c", code, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ, **options)


def live(*words: str) -> subprocess.Popen:
    return elsewhere("--no-browser", "--port", "0", *words)


def ticks_recorded(file: Path) -> int:
    with file.open("rb") as opened:
        return sum(1 for _ in make_reader(opened, validate_crcs=True).iter_messages(topics=["/control"]))


def test_control_c_without_a_page_finishes_the_recording_and_sums_up(tmp_path: Path) -> None:
    file = tmp_path / "run.mcap"
    process = elsewhere("--headless", "--seconds", "3600", "--record", str(file))
    assert process.stderr is not None
    next(line for line in process.stderr if "m" in line and line.startswith("10 s"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=420)
    result = json.loads(out.splitlines()[-1])
    assert process.returncode == 0 and "ended by Ctrl-C" in err and "Traceback" not in err
    assert result["seconds"] >= 10.0 and ticks_recorded(file) >= 100


@pytest.mark.skipif(os.name != "posix", reason="this system has no RLIMIT_FSIZE")
def test_a_disk_that_fills_up_while_recording_leaves_what_fits(tmp_path: Path) -> None:
    import resource

    file, room = tmp_path / "run.mcap", 600_000
    process = elsewhere(
        "--headless", "--seconds", "10", "--record", str(file),
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (room, room)),
    )  # fmt: skip
    out, err = process.communicate(timeout=420)
    assert process.returncode == 2 and json.loads(out).keys() == {"error"} and "Traceback" not in err
    assert "caravela: the recording stopped after about" in err and "free some space" in err
    assert file.stat().st_size <= room and 10 <= ticks_recorded(file) < 100


def test_with_a_page_it_drives_in_real_time_until_its_seconds_are_over() -> None:
    process = live("--seconds", "3")
    out, err = process.communicate(timeout=420)
    result = json.loads(out.splitlines()[-1])
    assert process.returncode == 0 and result["seconds"] == 3.0, err
    assert "the page is at http://127.0.0.1:" in err
    assert result["realtime_factor"] <= 1.02
    assert {"plan", "world", "view", "encode"} <= set(result["latency_ms"]["stages"])


def test_control_c_ends_the_drive_with_its_summary() -> None:
    process = live()
    assert process.stderr is not None
    url = next(line for line in process.stderr if "the page is at" in line).split()[4]
    assert b"Caravela" in urlopen(url, timeout=60).read()
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=420)
    assert process.returncode == 0 and "Traceback" not in err
    assert json.loads(out.splitlines()[-1])["seconds"] >= 0.0


def test_several_drives_in_one_sitting_are_told_as_such(capsys):
    from caravela.commands.drive import show

    told = {"policy": "p", "distance_m": 919.0, "seconds": 166.0, "realtime_factor": 1.0, "events": []}
    told |= {"latency_ms": {"p50": 1.0, "p99": 2.0, "stages": {}}, "town": "hallowford"}
    told |= {"plan": "isolated", "condition": "mild", "energy_wh": 151.0, "sickness_dose": 1.0}
    show(told | {"drives": 1})
    show(told | {"drives": 3})
    one, several = capsys.readouterr().out.splitlines()
    assert "through hallowford" in one and "in 3 drives, the last of them in hallowford" in several


def test_a_head_of_another_driver_is_told_and_left_out(tmp_path: Path) -> None:
    from types import SimpleNamespace

    from caravela.commands._drive_live import account_of
    from caravela.core.bundle import MODEL_FILE
    from caravela.core.text_card import TEXT_FILE

    told: list[str] = []
    policy = SimpleNamespace(bundle=SimpleNamespace(path=tmp_path / MODEL_FILE))
    assert account_of(policy, tell=told.append) is None and told == []  # there is none
    (tmp_path / MODEL_FILE).write_bytes(b"a driver")
    (tmp_path / TEXT_FILE).write_bytes(b"no head")
    assert account_of(policy, tell=told.append) is None
    assert len(told) == 1 and told[0].startswith("questions about driving are answered without its thoughts: ")
