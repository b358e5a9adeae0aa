"""Recordings: every topic reads back with a stock MCAP reader, and a disk that fills up loses nothing that was written."""

import errno
import io
import json
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessages
from mcap.exceptions import EndOfFile
from mcap.reader import make_reader
from mcap.records import Message, Schema
from mcap.stream_reader import StreamReader

from caravela.core.errors import RecordingError
from caravela.core.kinematics import integrate
from caravela.core.types import KNOTS, PROPOSALS, Camera, Control, Event, Plan, policy_rig
from caravela.vehicle.recorder import Box, Moment, Recorder, check_target, multiply, optical_rotation

IMAGE_BYTES = 3000
EPOCH = 1_700_000_000_000_000_000


def picture(number: int) -> bytes:
    """Bytes that do not compress, as those of a JPEG."""
    return b"\xff\xd8" + np.random.default_rng(number).bytes(IMAGE_BYTES)


def moment(number: int, *, events: tuple[Event, ...] = ()) -> Moment:
    """A tick of a car that goes straight on."""
    knots = np.zeros((1, PROPOSALS, KNOTS, 2), np.float32)
    trajectories, speeds = integrate(knots, speed=np.full((1, PROPOSALS), 8.0, np.float32))
    plan = Plan(trajectories, speeds, knots, np.zeros((1, PROPOSALS), np.float32), np.array([5]), np.array([0.1], np.float32))
    other = Box("agent 3", "pedestrian", 20.0, 3.0, 0.0, 0.5, 0.5, 1.8)
    images = {camera.name: picture(4 * number + index) for index, camera in enumerate(policy_rig().cameras)}
    control = Control(np.array([0.5], np.float32), np.array([0.01], np.float32))
    return Moment(100_000 * number, (0.8 * number, 0.0, 0.1), 8.0, plan, control, images, (other,), events, {"words": "gently"})


def record(path: Path, *, ticks: int, **options: object) -> Recorder:
    recorder = Recorder(path, cameras=policy_rig().cameras, epoch_ns=EPOCH, **options)
    recorder.write_street([np.zeros((2, 2), np.float32), np.ones((3, 2), np.float32)], t_us=0)
    for number in range(ticks):
        events = (Event(100_000 * number, "red_light", "system", "ran it"),) if number == 7 else ()
        recorder.write(moment(number, events=events))
        if number % 2 == 0:
            camera = Camera("view", width=640 if number < 10 else 384, height=360 if number < 10 else 216)
            recorder.write_view(picture(number), camera=camera, t_us=100_000 * number)
    recorder.close()
    return recorder


def read(path: Path) -> dict[str, list[tuple[int, str, Any]]]:
    """Messages by topic: log time, schema, what is in it, decoded by the schema that the file itself carries."""
    topics: dict[str, list[tuple[int, str, Any]]] = {}
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages(log_time_order=False):
            content = json.loads(message.data) if channel.message_encoding == "json" else kind_of(schema).FromString(message.data)
            topics.setdefault(channel.topic, []).append((message.log_time, schema.name if schema else "", content))
    return topics


def kind_of(schema: Schema) -> Any:
    """The message class that a protobuf schema of a recording describes."""
    if schema.id not in KINDS or KINDS[schema.id][0] != schema.data:
        files = FileDescriptorSet.FromString(schema.data)
        KINDS[schema.id] = (schema.data, GetMessages(files.file, pool=DescriptorPool())[schema.name])
    return KINDS[schema.id][1]


KINDS: dict[int, tuple[bytes, Any]] = {}


def test_every_topic_reads_back_with_its_foxglove_schema(tmp_path: Path) -> None:
    recorder = record(tmp_path / "run.mcap", ticks=25)
    assert recorder.failure == ""
    topics = read(tmp_path / "run.mcap")
    expected = {
        "/tf": 25,
        "/others": 25,
        "/plan": 25,
        "/plan/chosen": 25,
        "/control": 25,
        "/events": 1,
        "/street": 1,
        "/camera/view/image": 13,
    }
    expected |= {f"/camera/{camera.name}/image": 25 for camera in policy_rig().cameras}
    assert {topic: len(topics[topic]) for topic in expected} == expected
    schemas = {topic: rows[0][1] for topic, rows in topics.items()}
    assert schemas["/tf"] == schemas["/tf_static"] == "foxglove.FrameTransform"
    assert schemas["/others"] == schemas["/plan"] == schemas["/street"] == "foxglove.SceneUpdate"
    assert schemas["/camera/front/image"] == "foxglove.CompressedImage" and schemas["/events"] == "foxglove.Log"
    assert schemas["/plan/chosen"] == "foxglove.PosesInFrame" and schemas["/camera/view/calibration"] == "foxglove.CameraCalibration"
    assert [row[0] for row in topics["/tf"]] == [EPOCH + 100_000_000 * n for n in range(25)]


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    record(tmp_path / "run.mcap", ticks=12)
    topics = read(tmp_path / "run.mcap")
    control = topics["/control"][0][2]
    assert control["words"] == "gently" and control["speed"] == 8.0 and control["asked_acceleration"] == 0.5
    assert topics["/camera/left/image"][3][2].data == picture(4 * 3 + 2)
    assert topics["/events"][0][2].message == "red_light: ran it (responsible: system)"
    assert topics["/tf"][5][2].translation.x == pytest.approx(4.0)
    assert len(topics["/plan"][0][2].entities[0].lines) == PROPOSALS
    assert topics["/others"][0][2].entities[0].id == "agent 3"
    widths = [row[2].width for row in topics["/camera/view/calibration"]]
    assert widths[0] == 640 and widths[-1] == 384


class SmallDisk(io.FileIO):
    """A file on a disk with `room` bytes; as on a real one, the last write may go half through."""

    room = 0

    def write(self, data: object) -> int:
        left = self.room - self.tell()
        if left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(memoryview(data)[:left])


@pytest.mark.parametrize("room", [0, 10, 3_000, 20_000, 150_000, 300_000, 333_333, 700_001])
def test_a_full_disk_ends_the_recording_and_what_is_there_reads(tmp_path: Path, room: int) -> None:
    def opener(path: Path) -> io.FileIO:
        file = SmallDisk(path, "w")
        file.room = room
        return file

    recorder = record(tmp_path / "run.mcap", ticks=80, opener=opener)
    assert "No space left" in recorder.failure and "free some space" in recorder.failure and "\n" not in recorder.failure
    assert (tmp_path / "run.mcap").stat().st_size <= room
    assert ("is readable" in recorder.failure) == (recorder.failure.count(" 0 s ") == 0)
    if room >= 20_000:
        ticks = [row[0] for row in read(tmp_path / "run.mcap").get("/control", [])]
        assert ticks == [EPOCH + 100_000_000 * n for n in range(len(ticks))]
        assert len(ticks) >= max(0, room // 20_000 - 15) // 10 * 10  # all seconds but the one that did not fit


def test_only_what_ends_in_mcap_or_is_no_file_is_recorded_to(tmp_path: Path) -> None:
    check_target(None)
    check_target(tmp_path / "run.MCAP")
    check_target(Path(os.devnull))
    (tmp_path / "older.mp4").touch()
    for name in ("run.mp4", "run", "older.mp4", ""):
        with pytest.raises(RecordingError, match=r"expected a file ending in \.mcap"):
            check_target(tmp_path / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_is_always_full_is_told_and_does_no_harm() -> None:
    recorder = record(Path("/dev/full"), ticks=15)
    assert "No space left" in recorder.failure and "holds nothing" in recorder.failure and "readable" not in recorder.failure
    assert recorder.notice == "nothing is recorded any more (No space left on device); the drive goes on."


def test_a_recording_that_was_killed_reads_up_to_its_last_second(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.mcap", cameras=policy_rig().cameras)
    for number in range(25):
        recorder.write(moment(number))
    (tmp_path / "killed.mcap").write_bytes((tmp_path / "run.mcap").read_bytes())  # what is on disk without closing
    recorder.close()
    ticks = 0
    with (tmp_path / "killed.mcap").open("rb") as file, suppress(EndOfFile):
        for record in StreamReader(file).records:
            ticks += isinstance(record, Message) and record.channel_id == control_channel(tmp_path / "run.mcap")
    assert ticks == 20


def control_channel(path: Path) -> int:
    with path.open("rb") as file:
        return next(channel.id for _, channel, _ in make_reader(file).iter_messages(topics=["/control"]))


@pytest.mark.parametrize("path", ["missing/run.mcap", "."])
def test_a_file_that_cannot_be_opened_is_told_at_once(tmp_path: Path, path: str) -> None:
    with pytest.raises(RecordingError, match="give --record a file"):
        Recorder(tmp_path / path, cameras=policy_rig().cameras)


@pytest.mark.parametrize("camera", policy_rig().cameras, ids=lambda camera: camera.name)
def test_the_optical_frame_looks_where_the_camera_looks(camera: Camera) -> None:
    turn = optical_rotation(camera)
    back = turn * [-1, -1, -1, 1]
    forward, right = (multiply(multiply(turn, np.append(axis, 0.0)), back)[:3] for axis in ((0.0, 0.0, 1.0), (1.0, 0.0, 0.0)))
    expected = [math.cos(camera.pitch) * math.cos(camera.yaw), math.cos(camera.pitch) * math.sin(camera.yaw), math.sin(camera.pitch)]
    assert forward == pytest.approx(expected, abs=1e-6)
    assert right == pytest.approx([math.sin(camera.yaw), -math.cos(camera.yaw), 0.0], abs=1e-6)
