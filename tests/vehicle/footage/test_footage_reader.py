"""Footage comes at 10 Hz whatever its own rate, and what is no footage is told in one sentence."""

import math
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from caravela.core.errors import CaravelaError
from caravela.core.types import policy_rig
from caravela.vehicle.footage.lens import Assumption
from caravela.vehicle.footage.look import Looks
from caravela.vehicle.footage.reader import Frame, open_footage, ten_hertz

ASSUMED = Assumption(fov=math.radians(60.0), height=1.3, horizon=0.5)


@pytest.mark.parametrize(("rate", "pictures", "expected"), [(25.0, 76, 31), (30.0, 91, 31), (10.0, 31, 31), (60.0, 181, 31), (8.0, 25, 25)])
def test_a_video_comes_at_ten_hertz(video: Callable[..., Path], rate: float, pictures: int, expected: int) -> None:
    footage = open_footage(video(pictures=pictures, rate=rate), assumed=ASSUMED)
    frames = list(footage.frames)
    assert footage.expected == len(frames) == expected
    assert frames[0].t == 0.0 and frames[-1].t == pytest.approx(3.0, abs=1e-3)
    off = [abs(frame.t - 0.1 * number) for number, frame in enumerate(frames)]
    assert rate < 10.0 or max(off) <= 0.5 / rate + 1e-3
    brightness = [frame.picture.mean() for frame in frames]
    assert np.diff(brightness).min() > 0.0, "in order, none twice"


def test_after_a_gap_time_goes_on_at_ten_hertz() -> None:
    black = np.zeros((8, 8, 3), np.uint8)
    times = [0.04 * k for k in range(25)] + [5.0 + 0.04 * k for k in range(25)]
    kept = [frame.t for frame in ten_hertz((Frame(t, black) for t in times), interval=0.04)]
    assert len([t for t in kept if t < 4.0]) == 10 and len([t for t in kept if t > 4.0]) == 10


def test_a_slow_log_keeps_every_picture() -> None:
    times = [0.103 * k for k in range(108)]
    assert len(list(ten_hertz((Frame(t, np.zeros((8, 8, 3), np.uint8)) for t in times), interval=0.103))) == 108


def test_the_history_is_of_the_age_that_the_driver_wants() -> None:
    lens = ASSUMED.lens(96, 64)
    looks = Looks(lens, policy_rig())
    for number in range(9):
        seen = looks.see(Frame(0.1 * number, np.full((64, 96, 3), 10 * number, np.uint8)), speed=5.0, yaw_rate=0.1)
        assert looks.complete == (number >= 6)
    assert seen.images.shape == (1, 3, 4, 96, 128, 3)
    assert [int(seen.images[0, age, 1, 48, 64, 0]) for age in range(3)] == [80, 60, 20], "now, 0.2 s ago, 0.6 s ago"
    assert not seen.has_route[0] and seen.speed[0] == 5.0 and seen.t_us[0] == 800_000


def test_a_folder_with_one_video_is_that_video(video: Callable[..., Path], tmp_path: Path) -> None:
    video(pictures=3, rate=10.0, name="a.mp4")
    assert open_footage(tmp_path, assumed=ASSUMED).name == "a.mp4"
    video(pictures=3, rate=10.0, name="b.mp4")
    with pytest.raises(CaravelaError, match="holds 2 videos"):
        open_footage(tmp_path, assumed=ASSUMED)


def test_a_slideshow_is_refused(video: Callable[..., Path]) -> None:
    with pytest.raises(CaravelaError, match="at least 5"):
        open_footage(video(pictures=4, rate=2.0), assumed=ASSUMED)


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=44_100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 44_100
        film.mux(stream.encode(frame))
        film.mux(stream.encode())
    with pytest.raises(CaravelaError, match="no pictures"):
        open_footage(path, assumed=ASSUMED)


def test_a_video_that_breaks_off_says_when(video: Callable[..., Path]) -> None:
    path = video(pictures=100, rate=10.0, size=(320, 240))
    whole = path.read_bytes()
    start = whole.index(b"mdat") + 4
    path.write_bytes(whole[: start + 1000] + b"\xff" * 600 + whole[start + 1600 :])
    footage = open_footage(path, assumed=ASSUMED)
    with pytest.raises(CaravelaError, match=r"is damaged after \d+\.\d s"):
        list(footage.frames)
