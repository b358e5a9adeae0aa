"""A camera that breaks, is unplugged or falls silent is a missing picture with a name; the loop goes on, and stops a car that drives itself."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from test_sources import drive, video

from caravela.core.errors import CaravelaError
from caravela.core.modes import Fault, Mode
from caravela.vehicle import cameras
from caravela.vehicle.cameras import Decoded, LiveCamera, NoPicture, SourceEnd, open_camera
from caravela.vehicle.rehearsal import small_rig
from caravela.vehicle.sources import VideoSource

PIXELS = np.zeros((24, 32, 3), np.uint8)
SIZE = (32, 24)


def broken(path: Path, *, seconds: float = 4.0) -> str:
    """A video with a stretch of its pictures overwritten."""
    video(path, seconds=seconds)
    data = bytearray(path.read_bytes())
    first, last = int(0.4 * len(data)), int(0.6 * len(data))
    data[first:last] = np.random.default_rng(0).bytes(last - first)
    path.write_bytes(data)
    return str(path)


def test_a_stretch_that_cannot_be_decoded_is_missing_and_the_rest_is_seen(tmp_path: Path) -> None:
    camera, seen, lacks = open_camera(broken(tmp_path / "v.mp4"), SIZE), 0, list[str]()
    while True:
        try:
            assert camera.picture().pixels.shape == (24, 32, 3)
            seen += 1
        except NoPicture as lack:
            lacks.append(str(lack))
        except SourceEnd:
            break
    assert lacks and all(lack.startswith("a picture") for lack in lacks)
    assert seen > 20 and 37 <= seen + len(lacks) <= 42, "a tick each, with a picture or without"


def test_a_video_that_breaks_off_for_good_stays_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unplugged(*_: object) -> Iterator[Decoded]:
        yield Decoded(0.0, PIXELS)
        raise cameras.av.OSError(19, "No such device")

    monkeypatch.setattr(cameras, "decoded", unplugged)
    camera = open_camera(video(tmp_path / "v.mp4", seconds=0.2), SIZE)
    camera.picture()
    for _ in range(3):
        with pytest.raises(NoPicture, match="No such device"):
            camera.picture()


def test_a_broken_video_does_not_end_the_loop_and_is_named(tmp_path: Path) -> None:
    names = [camera.name for camera in small_rig().cameras]
    whole, bad = video(tmp_path / "v.mp4", seconds=4.0), broken(tmp_path / "bad.mp4")
    loop, run = drive(VideoSource(dict.fromkeys(names, whole) | {"left": bad}, small_rig(), speed=10.0), seconds=60.0)
    notes = [(note["kind"], note["detail"]) for note in run.summary()["notes"]]
    assert any(kind == "fault" and detail.startswith("camera: left a picture") for kind, detail in notes)
    assert ("minimal-risk manoeuvre", Fault.FRAME_MISSING) in notes and loop.car.mode is Mode.L4
    assert run.summary()["seconds"] == pytest.approx(4.0, abs=0.3)


def live(*steps: object) -> Iterator[Decoded]:
    """Pictures as they come: a number waits, an event is waited for, an exception is raised."""
    for step in steps:
        if isinstance(step, Exception):
            raise step
        if isinstance(step, threading.Event):
            step.wait(20.0)
        elif step is not None:
            yield Decoded(None, PIXELS)


def test_a_live_camera_never_keeps_anybody_waiting_and_each_picture_is_seen_once() -> None:
    silent = threading.Event()
    camera = LiveCamera(live(1, silent, 1), name="front")
    time.sleep(0.05)
    assert 0.04 < camera.picture().age_s < 5.0, "it is as old as it is"
    began = time.perf_counter()
    with pytest.raises(NoPicture, match="nothing new"):
        camera.picture()
    assert time.perf_counter() - began < 1.0
    silent.set()
    deadline = time.perf_counter() + 5.0
    while time.perf_counter() < deadline:
        try:
            camera.picture()
            return
        except NoPicture:
            time.sleep(0.01)
    pytest.fail("it is not seen again")


def test_a_camera_that_is_unplugged_says_so() -> None:
    camera = LiveCamera(live(1, OSError(19, "No such device")), name="front")
    camera._thread.join(5.0)
    camera.picture()
    with pytest.raises(NoPicture, match=r"broke off \(No such device\)"):
        camera.picture()


def test_a_camera_that_shows_nothing_at_all_is_told_before_the_drive() -> None:
    with pytest.raises(CaravelaError, match="the camera '/dev/video0' has sent nothing new within"):
        LiveCamera(live(threading.Event()), name="/dev/video0", first_s=0.05)
    with pytest.raises(CaravelaError, match="broke off"):
        LiveCamera(live(OSError(16, "busy")), name="/dev/video0")


def test_a_picture_that_is_late_is_named_as_late(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def picture(self) -> cameras.Picture:
            return cameras.Picture(np.random.default_rng().integers(0, 256, PIXELS.shape, np.uint8), age_s=0.4)

        def close(self) -> None:
            """Nothing is open."""

    monkeypatch.setattr("caravela.vehicle.sources.open_camera", lambda path, rig: Slow())
    source = VideoSource({camera.name: "/dev/video0" for camera in small_rig().cameras}, small_rig(), speed=10.0)
    assert source.look(1_000_000).t_us[0] == 600_000
    _, run = drive(source, seconds=3.0)
    assert any("frame late" in note["detail"] for note in run.summary()["notes"])
