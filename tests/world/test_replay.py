"""The simulated car against a real one: a made-up log that is known exactly, and the real comma2k19 drive."""

import json
import math

import numpy as np
import pytest

from caravela import cli
from caravela.core.errors import CaravelaError, RecordingError
from caravela.world.replay import CARS, Calibration, DriveLog, drive, fit_sensors, read_comma2k19, replay

CAR = CARS["b0c9d2329ad1606b"]


def circle(*, speed=12.0, radius=80.0, seconds=30.0, offset=0.0, scale=1.0) -> DriveLog:
    """A drive round a circle. Its sensors are off by a steering offset (rad) and read the speed 1 / scale times too high."""
    turn = np.arange(0.0, seconds, 0.1) * speed / radius
    wheel = math.atan(CAR.wheelbase / radius) * CAR.steering_ratio + offset
    ones = np.ones_like(turn)
    return DriveLog(
        car=CAR, speed=ones * speed / scale, steering=ones * wheel, x=radius * np.sin(turn), y=radius * (1 - np.cos(turn)), heading=turn, ground_speed=ones * speed
    )  # fmt: skip


def test_a_perfect_log_is_replayed_perfectly():
    error = replay(circle())
    assert len(error.distance) == 40
    assert error.distance.max() < 0.02
    assert error.driven == pytest.approx(120.0)


def test_errors_of_the_sensors_show_and_can_be_fitted():
    log = circle(offset=0.05, scale=1.02)
    raw = replay(log)
    fitted = fit_sensors(log)
    assert fitted.speed_scale == pytest.approx(1.02, abs=1e-6)
    assert fitted.steering_offset == pytest.approx(0.05, abs=2e-3)
    assert np.median(raw.distance) > 5.0 > 0.5 > np.median(replay(log, calibration=fitted).distance)


def test_too_little_curvature_ends_outside():
    straight = circle(offset=-0.1)
    assert (replay(straight).across < -1.0).all()


def test_it_starts_where_the_car_was():
    log = circle()
    assert drive(log, first=50, ticks=1, calibration=Calibration())[0] == pytest.approx([log.x[50], log.y[50], log.heading[50]], abs=1e-5)


def test_a_log_that_is_too_short_is_refused():
    with pytest.raises(RecordingError, match=r"lasts 5 s; expected more than 10 s"):
        replay(circle(seconds=5.0))


def test_the_real_drive_is_replayed_within_bounds(comma2k19):
    """174 m of highway in 10 s, nearly straight: the bound is 2 % of the way in the median, 3 % for nine of ten windows."""
    log = read_comma2k19(comma2k19)
    assert log.car.name == "Toyota RAV4"
    assert 590 <= len(log.speed) <= 600
    raw = replay(log)
    assert len(raw.distance) == 100
    assert np.median(raw.distance) < 0.02 * raw.driven.mean()
    assert np.quantile(raw.distance, 0.9) < 0.03 * raw.driven.mean()
    fitted = replay(log, calibration=fit_sensors(log))
    assert np.median(fitted.distance) < 1.0  # what is left once the sensors' own errors are taken out
    assert np.median(fitted.distance) < np.median(raw.distance)


def test_its_pose_agrees_with_its_own_speed(comma2k19):
    log = read_comma2k19(comma2k19)
    rolled = np.hypot(np.diff(log.x), np.diff(log.y)).sum()
    assert rolled == pytest.approx(log.ground_speed[:-1].sum() * 0.1, rel=0.01)
    assert rolled == pytest.approx(log.speed[:-1].sum() * 0.1, rel=0.02)


def test_the_command_writes_what_it_prints(comma2k19, tmp_path, capsys):
    out = tmp_path / "results" / "replay.json"
    with pytest.raises(SystemExit) as stop:
        cli.main(["world", "replay", str(comma2k19), "--out", str(out), "--json"])
    assert not stop.value.code
    printed = json.loads(capsys.readouterr().out.splitlines()[-1])
    written = json.loads(out.read_text())
    assert written == {key: value for key, value in printed.items() if key != "out"}
    assert written["horizon_s"] == 10.0 and 0.0 < written["position_error_m"]["median"] < written["position_error_m"]["p90"]


@pytest.mark.parametrize("broken", ["missing", "empty", "torn", "stranger"])
def test_what_is_no_drive_is_refused_in_one_sentence(tmp_path, broken):
    segment = tmp_path / ("1234_2018" if broken == "stranger" else "b0c9d2329ad1606b_2018") / "40"
    if broken != "missing":
        (segment / "global_pose").mkdir(parents=True)
    if broken == "torn":
        (segment / "global_pose" / "frame_times").write_bytes(b"\x93NUMPY")
    with pytest.raises(CaravelaError) as error:
        read_comma2k19(tmp_path)
    assert "\n" not in str(error.value) and len(str(error.value)) > 30
