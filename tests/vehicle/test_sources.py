"""The same loop runs on a world, a recording and video."""

from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from test_journal import SeeingPolicy, record

from caravela.core.errors import CaravelaError
from caravela.core.modes import Mode
from caravela.core.responsibility import Entity, Person
from caravela.core.types import Control, Event, Observation
from caravela.core.units import STEP_S
from caravela.vehicle.actuation import Commands
from caravela.vehicle.attention import SimulatedDriver
from caravela.vehicle.conduct import Manual, Rules, parked
from caravela.vehicle.journal import Journal, PictureRing, Software
from caravela.vehicle.loop import Loop
from caravela.vehicle.planner import InlinePlanner
from caravela.vehicle.profiles import assisted_profile, r157
from caravela.vehicle.rehearsal import Plain, small_rig
from caravela.vehicle.replay import read_recording
from caravela.vehicle.run import Drive, Script
from caravela.vehicle.sources import LogSource, Source, VideoSource, WorldSource


class PlainWorld:
    """A core.World."""

    batch = 1

    def __init__(self, crash_at: int | None = None) -> None:
        self._number, self._crash_at = 0, crash_at

    def reset(self, seed: int) -> Observation:
        self._plain = Plain(small_rig(), seed=seed)
        return self._plain.look(0)

    def step(self, control: Control) -> tuple[Observation, list[list[Event]]]:
        self._number += 1
        self._plain.speed = max(self._plain.speed + float(control.acceleration[0]) * STEP_S, 0.0)
        events = [Event(0, "collision", "Caravela Motors Ltd")] if self._number == self._crash_at else []
        return self._plain.look(0), [events]


def drive(source: Source, *, seconds: float, engage: Mode | None = Mode.L4) -> tuple[Loop, Drive]:
    rules = Rules(assisted_profile("unece-r171"), r157(), Entity("Caravela Motors Ltd"))
    car = parked(Manual(Person("Ana Sousa")))
    loop = Loop(car, rules=rules, planner=InlinePlanner(SeeingPolicy()), monitor=SimulatedDriver(), rig=small_rig(), deadline_s=9.0)
    run = Drive(loop, source, script=Script(engage))
    assert all(tick.number == number for number, tick in enumerate(run.ticks(seconds)))
    return loop, run


def video(path: Path, *, seconds: float = 1.5, rate: int = 30) -> str:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        random = np.random.default_rng(0)
        for _ in range(round(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(random.integers(0, 256, (48, 64, 3), dtype=np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return str(path)


def test_in_a_world_a_collision_stops_a_car_that_drives_itself() -> None:
    _, run = drive(WorldSource(PlainWorld(crash_at=20), seed=0), seconds=9.0)
    told = [f"{note['kind']}: {note['detail']}" for note in run.summary()["notes"]]
    assert told == ["mode: manual to L4", "event: collision", "minimal-risk manoeuvre: collision", "minimal-risk condition: collision"]
    tenures = run.summary()["tenures"]
    assert [(tenure["party"], tenure["mode"]) for tenure in tenures] == [("Ana Sousa", "manual"), ("Caravela Motors Ltd", "L4")]
    assert tenures[0]["until_s"] == tenures[1]["from_s"] == 1.0 and tenures[1]["until_s"] is None


class Red(WorldSource):
    """A world whose referee says at every tick of a second that a red light is met."""

    def act(self, commands: Commands) -> Sequence[Event]:
        super().act(commands)
        self.ticks = getattr(self, "ticks", 0) + 1
        return [Event(0, "red_met", "Caravela Motors Ltd")] if 20 <= self.ticks < 30 or self.ticks > 50 else []


def test_a_red_light_that_is_met_is_told_when_it_begins_and_keeps_no_pictures(tmp_path: Path) -> None:
    rules = Rules(assisted_profile("unece-r171"), r157(), Entity("Caravela Motors Ltd"))
    loop = Loop(
        parked(Manual(Person("Ana Sousa"))), rules=rules, planner=InlinePlanner(SeeingPolicy()), monitor=SimulatedDriver(), rig=small_rig()
    )
    options = {"rig": small_rig(), "software": Software("0", "m", ""), "first": loop.ledger.tenures[0], "epoch_ns": 0}
    journal = Journal(tmp_path / "run.mcap", ring=PictureRing(0.5, 0.5), **options)
    run = Drive(loop, Red(PlainWorld(), seed=0), script=Script(None), journal=journal)
    assert len(list(run.ticks(8.0))) == 80
    journal.close()
    recorded = read_recording(tmp_path / "run.mcap")
    assert [entry["detail"] for entry in recorded.entries if entry["kind"] == "event"] == ["red_met", "red_met"]
    assert not recorded.pictures


def test_on_a_recording_the_loop_sees_what_was_seen(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=30)
    loop, run = drive(LogSource(read_recording(tmp_path / "run.mcap"), small_rig()), seconds=60.0)
    assert run.summary()["seconds"] == 3.0 and loop.car.mode is Mode.L4 and not loop.car.faults


def test_on_video_at_ten_hertz_with_a_black_camera_named(tmp_path: Path) -> None:
    path = video(tmp_path / "v.mp4")
    names = [camera.name for camera in small_rig().cameras]
    loop, run = drive(VideoSource(dict.fromkeys(names, path), small_rig(), speed=10.0), seconds=60.0)
    assert run.summary()["seconds"] == pytest.approx(1.5, abs=0.11) and loop.car.mode is Mode.L4
    _, run = drive(VideoSource({names[0]: path}, small_rig(), speed=10.0), seconds=60.0)
    refused: Sequence[str] = [note["detail"] for note in run.summary()["notes"] if note["kind"] == "refused"]
    assert refused == ["L4: fault: camera blind"]


@pytest.mark.parametrize("rate", [10, 25, 30])
def test_every_rate_of_a_video_comes_out_at_ten_hertz(tmp_path: Path, rate: int) -> None:
    path = video(tmp_path / "v.mp4", seconds=3.0, rate=rate)
    names = [camera.name for camera in small_rig().cameras]
    _, run = drive(VideoSource(dict.fromkeys(names, path), small_rig(), speed=10.0), seconds=60.0)
    assert run.summary()["seconds"] == pytest.approx(3.0, abs=0.11)


@pytest.mark.parametrize(
    ("paths", "told"),
    [({"rear": "x.mp4"}, "expected one of front"), ({"front": "missing.mp4"}, "no video at"), ({"front": "text"}, "cannot open")],
)
def test_a_video_that_cannot_be_is_told(tmp_path: Path, paths: dict[str, str], told: str) -> None:
    (tmp_path / "text").write_text("no video")
    with pytest.raises(CaravelaError, match=told):
        VideoSource({name: str(tmp_path / path) for name, path in paths.items()}, small_rig(), speed=1.0)
