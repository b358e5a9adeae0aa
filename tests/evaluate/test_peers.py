"""The independent judge's side of ours, with a fake peer on the other end of the pipe: no MetaDrive is needed."""

import math
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from caravela.commands import _evaluate_peers
from caravela.commands._evaluate_peers import PeersOptions, peers
from caravela.core.errors import CaravelaError
from caravela.core.types import KNOTS, PLAN_STEPS, Camera, Plan, Rig
from caravela.evaluate.pages.results import page
from caravela.evaluate.peers.actuation import LEAST_THROTTLE, car_from, checked
from caravela.evaluate.peers.drive import Eyes, cameras_of, drive, pose_from
from caravela.evaluate.peers.link import Peer
from caravela.evaluate.peers.summary import judged, page_of, table_of
from caravela.evaluate.peers.way import Way
from caravela.evaluate.statistics import wilson

RIG = Rig((Camera("front", width=16, height=12), Camera("left", width=16, height=12, yaw=1.4)))
CAR = {"mass": 1000.0, "engine_force": 500.0, "brake_impulse": 100.0, "steering": 0.7, "wheelbase": 2.5, "wheels": 4, "substep_s": 0.02}
# 20 m of road; throttle 0.5 is 1 m/s^2; the episode ends at the road's end. Picture k of tick n is full of 10 n + k.
FAKE = """
import json, os, sys
case = json.loads(sys.argv[1])
out = os.fdopen(os.dup(1), "wb")
print("noise that is not of the protocol", file=sys.stderr)
CAR = THE_CAR
x = speed = tick = 0
for line in sys.stdin:
    asked = json.loads(line)
    if "calibrate" in asked:
        said = {"metadrive": "0", "car": CAR, "throttle_speed_acceleration": [[0.5, 5.0, 1.0]], "steering_speed_curvature": [[0.1, 5.0, 0.028]]}
        out.write((json.dumps(said) + "\\n").encode()); out.flush()
        break
    if "begin" in asked:
        if os.path.exists(__file__ + ".stops") and asked["begin"] == 1:
            raise RuntimeError("out of memory")
        with open(__file__ + ".begun", "a") as log:
            log.write(f"{case['driver']} {asked['begin']}\\n")
        x, speed, tick = 0.0, 5.0, 0
        said = {"route": [[0.0, 3.0], [10.0, 3.0], [20.0, 3.0]], "car": CAR, "blocks": "S%d" % asked["begin"]}
    else:
        said, tick = {}, tick + 1
        speed += 0.2 * asked["throttle"]
        x += 0.1 * speed
    said["state"] = {"x": x, "y": 0.0, "heading": 0.0, "speed": speed, "yaw_rate": 0.0}
    said["ended"] = ["arrive_dest"] if x > 19.0 else ["max_step"] if tick >= case["ticks"] else None
    data = b""
    if case["driver"] != "idm":
        shape = [len(case["cameras"]), case["cameras"][0]["height"], case["cameras"][0]["width"], 3]
        said["pictures"] = shape
        data = b"".join(bytes([(10 * tick + k) % 256]) * (shape[1] * shape[2] * 3) for k in range(shape[0]))
    out.write((json.dumps(said) + "\\n").encode() + data); out.flush()
""".replace("THE_CAR", repr(CAR))


class Steady:
    """Asks for one acceleration and keeps what it was shown."""

    name = "steady"

    def __init__(self, acceleration):
        self.acceleration, self.seen = acceleration, []

    def reset(self, batch):
        self.seen = []

    def plan(self, observation):
        self.seen.append(observation)
        knots = np.zeros((1, 1, KNOTS, 2), np.float32)
        knots[..., 0] = self.acceleration
        none = np.zeros((1, 1), np.float32)
        path = np.zeros((1, 1, PLAN_STEPS, 3), np.float32)
        return Plan(path, path[..., 0], knots, none, np.zeros(1, np.int64), none[0])


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "fake.py"
    path.write_text(FAKE)
    return path


def case(**changed):
    return {"cameras": cameras_of(RIG), "driver": "driver", "ticks": 30, **changed}


def test_the_model_sees_the_peers_pictures_speed_and_route_and_its_control_comes_back(script):
    policy = Steady(1.0)
    with Peer(Path(sys.executable), script, case(ticks=60)) as judge:
        row = judged(drive(judge, 7, policy=policy, rig=RIG, ticks=60))
    assert row["success"] and row["ended"] == ["arrive_dest"] and row["blocks"] == "S7" and row["completion"] == 1.0
    first, fourth, tenth = policy.seen[0], policy.seen[3], policy.seen[9]
    assert first.images.shape == (1, 3, 2, 12, 16, 3)
    assert [int(first.images[0, t, 1, 0, 0, 0]) for t in range(3)] == [1, 1, 1]  # nothing is older than the first
    assert [int(tenth.images[0, t, 0, 0, 0, 0]) for t in range(3)] == [90, 70, 30]  # 0, 0.2, 0.6 s ago
    np.testing.assert_allclose(fourth.speed, 5.3, atol=1e-5)  # 1 m/s^2 for 0.3 s: pedal and car agree
    np.testing.assert_allclose(first.route[0], [[10.0 * k, 3.0] for k in range(1, 9)], atol=1e-5)  # to the left, and straight on at its end


def test_the_peers_own_driver_needs_no_pictures_and_running_out_of_time_is_no_success(script):
    with Peer(Path(sys.executable), script, case(driver="idm", ticks=10)) as judge:
        row = judged(drive(judge, 1, policy=None, rig=RIG, ticks=10))
    assert not row["success"] and row["seconds"] == 1.0
    assert row["completion"] == pytest.approx(row["driven_m"] / row["route_m"], abs=0.01)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise RuntimeError('no display')", "stopped: RuntimeError: no display"),
        ("input(); print('hello', flush=True); input()", "expected a JSON object"),
        ("input(); print('{\"pictures\": [1, 2]}', flush=True); input()", "announced pictures"),
        ("input(); print('{}', flush=True); input()", "the peer's car"),
        ("import time; time.sleep(9)", "did not answer"),
    ],
)
def test_a_peer_that_fails_is_told_in_one_sentence(tmp_path, source, says):
    path = tmp_path / "broken.py"
    path.write_text(source)
    with Peer(Path(sys.executable), path, case(), patience_s=2.0) as judge, pytest.raises(CaravelaError, match=says):
        if says == "the peer's car":
            car_from(judge.ask({"begin": 0}).said)
        drive(judge, 0, policy=None, rig=RIG, ticks=5)


def test_without_its_environment_the_sentence_says_how_to_make_it(tmp_path):
    with pytest.raises(CaravelaError, match="make peers"):
        peers(PeersOptions(python=tmp_path / "python", out=tmp_path, seconds=1.5))  # nothing kept has that length
    assert not list(tmp_path.glob("*.json"))


def test_a_run_that_was_stopped_goes_on_and_its_result_has_every_episode(script, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(_evaluate_peers, "JUDGE", script)
    options = PeersOptions(episodes=2, seed=0, seconds=1.0, python=Path(sys.executable), out=tmp_path / "out", pictures=tmp_path / "seen")
    stops, begun = Path(f"{script}.stops"), Path(f"{script}.begun")
    stops.touch()
    with pytest.raises(CaravelaError, match="out of memory"):
        peers(options)
    stops.unlink()
    result = peers(options)
    assert begun.read_text().split("\n")[:-1] == ["idm 0", "idm 1", "driver 0", "driver 1"]  # none twice
    assert [(row["driver"], row["seed"]) for row in result["rows"]] == [("idm", 0), ("idm", 1), ("driver", 0), ("driver", 1)]
    assert result["drivers"]["driver"]["episodes"] == 2 and result["drivers"]["driver"]["success_ci"][1] < 1.0
    assert sorted(path.name for path in (tmp_path / "seen").iterdir()) == ["0-0000.png", "1-0000.png"]
    assert not list((tmp_path / "cache" / "caravela" / "evaluate" / "peers").glob("*.json"))  # the next run drives anew


@pytest.mark.parametrize("changed", [{"episodes": 0}, {"seconds": math.nan}, {"density": 1.5}, {"blocks": 0}, {"seed": -1}])
def test_bad_options_are_refused_in_one_sentence(changed, tmp_path):
    with pytest.raises(CaravelaError, match=f"--{next(iter(changed))} is .*expected"):
        peers(replace(PeersOptions(out=tmp_path), **changed))


def test_pictures_of_another_rig_and_a_state_with_holes_are_refused():
    with pytest.raises(CaravelaError, match="expected \\(2, 12, 16, 3\\)"):
        Eyes(RIG).see(np.zeros((1, 12, 16, 3), np.uint8))
    with pytest.raises(CaravelaError, match="finite"):
        pose_from({"state": {"x": 0.0, "y": math.nan, "heading": 0.0, "speed": 0.0, "yaw_rate": 0.0}})
    with pytest.raises(CaravelaError, match="two or more"):
        Way(np.zeros((3, 2)))


def test_the_sat_nav_turns_with_the_car_and_does_not_jump_to_a_road_that_crosses():
    out, back = [[x, 0.0] for x in range(51)], [[50.0, y] for y in range(1, 41)]
    loop = [[50.0 - x, 40.0] for x in range(1, 31)] + [[20.0, 40.0 - y] for y in range(1, 81)]  # crosses the first leg at (20, 0)
    way = Way(np.array(out + back + loop))
    assert way.follow(18.0, 0.5) == pytest.approx(18.0)
    assert way.follow(20.4, 0.0) == pytest.approx(20.4)  # not the crossing leg, 140 m further on
    way.at = 45.0
    way.follow(50.0, 5.0)
    points = way.sat_nav(x=50.0, y=5.0, heading=math.pi / 2.0)  # heads north, the way then turns left
    np.testing.assert_allclose(points[:3], [[10.0, 0.0], [20.0, 0.0], [30.0, 0.0]], atol=1e-4)
    np.testing.assert_allclose(points[4], [35.0, 15.0], atol=1e-4)


def test_pedal_and_wheel_give_back_what_was_asked_within_their_limits():
    car = car_from(CAR)
    for acceleration in (-6.0, -1.0, 0.5, 1.9):
        assert car.acceleration(car.pedal(acceleration)) == pytest.approx(acceleration)
    assert car.pedal(0.0) == LEAST_THROTTLE and car.pedal(50.0) == 1.0 and car.acceleration(car.pedal(-50.0)) == pytest.approx(-8.0)
    for curvature in (-0.1, 0.02, 0.1):
        assert car.curvature(car.wheel(curvature, speed=3.0)) == pytest.approx(curvature)
    assert car.wheel(0.1, speed=5.0) > 0.0  # left is left
    assert car.curvature(car.wheel(0.2, speed=20.0)) == pytest.approx(5.0 / 400.0)  # no more than 5 m/s^2 sideways


def test_a_car_that_does_otherwise_than_expected_shows_in_the_calibration():
    car = car_from(CAR)
    good = checked(car, pulls=[[0.5, 5.0, 1.0]], turns=[[0.1, 5.0, car.curvature(0.1)]])
    bad = checked(car, pulls=[[0.5, 5.0, 0.5]], turns=[[0.1, 5.0, -car.curvature(0.1)]])
    assert good["acceleration_off_by"] == 0.0 and good["curvature_off_by"] < 1e-3
    assert bad["acceleration_off_by"] == 0.5 and bad["curvature_off_by"] > 1.0


def test_a_share_of_few_keeps_a_width():
    assert wilson(0, 6) == pytest.approx((0.0, 0.3903), abs=1e-3) and wilson(6, 6) == pytest.approx((0.6097, 1.0), abs=1e-3)


@pytest.mark.parametrize(
    ("ended", "success", "completion"),
    [
        (["arrive_dest"], True, 1.0),
        (["arrive_dest", "max_step"], True, 1.0),
        (["arrive_dest", "crash_vehicle"], False, 0.9),
        (["max_step"], False, 0.9),
    ],
)
def test_arriving_in_the_last_moment_counts_and_arriving_in_a_crash_does_not(ended, success, completion):
    row = judged({"ended": ended, "completion": 0.9, "seed": 1, "driven_m": 9.0, "seconds": 1.0})
    assert (row["success"], row["completion"]) == (success, completion)
    assert table_of([row])["out_of_time"] == float(ended == ["max_step"])


def result_of():
    def row(driver, seed, ended, completion):
        return {"driver": driver, "seed": seed, "blocks": "SCX", "success": ended == ["arrive_dest"], "ended": ended, "completion": completion,
                "route_m": 300.0, "driven_m": 300.0 * completion, "seconds": 30.0, "end": [0.0, 0.0]}  # fmt: skip

    rows = [row("driver", k, ["crash_vehicle", "out_of_road"] if k == 2 else ["arrive_dest"], 0.5 if k == 2 else 1.0) for k in range(6)]
    drivers = {"driver": {"sees": "pixels", **table_of(rows)}}
    case = {"episodes": 6, "seed": 0, "blocks": 3, "density": 0.1, "speed": 8.0, "seconds": 60.0}
    return {"judge": {"name": "MetaDrive", "version": "0"}, "case": case, "drivers": drivers, "note": "Drawn in software.", "rows": rows}


def test_the_table_counts_what_the_judge_said_and_the_page_shows_it(tmp_path):
    import json

    result = result_of()
    row = result["drivers"]["driver"]
    assert (row["success"], row["crash"], row["out_of_road"], row["out_of_time"]) == (0.8333, 0.1667, 0.1667, 0.0)
    assert row["completion"] == pytest.approx(11 / 12, abs=1e-3) and row["completion_ci"][0] < 0.92 and row["mean_speed"] == 9.17
    (tmp_path / "evaluate-peers.json").write_text(json.dumps(result))
    text = page(tmp_path)
    assert (
        "## Independent judge: MetaDrive" in text
        and "| driver | pixels | 6 | 83.3% (" in text
        and "crash vehicle, out of road after 30 s" in text
    )
    assert page_of(result)[-1] == "Drawn in software.\n"
