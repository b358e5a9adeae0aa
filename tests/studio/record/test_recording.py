"""A headless drive's recording as Foxglove sees it: every channel decodes by the schema in the file, times run on, pictures are
pictures, frames hang together."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fake_world import FakePolicy, fake_stage
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessages
from mcap.reader import make_reader
from PIL import Image

from caravela.core.types import policy_rig
from caravela.studio.driving.drive import Drive
from caravela.studio.driving.stage import DriveSettings
from caravela.studio.record.recording import Recording
from caravela.studio.view.packet import jpeg
from caravela.studio.view.viewfinder import view_camera
from caravela.vehicle.recorder import Recorder

TICKS = 25


class Unjudged(FakePolicy):
    """Has an exported model's card, which says that its critic was not trained."""

    class bundle:
        class card:
            config = {"critic_trained": False}


def record(path: Path, policy: FakePolicy) -> None:
    settings = DriveSettings(town="ring")
    stage = fake_stage(settings)
    recording = Recording(Recorder(path, cameras=policy_rig().cameras, epoch_ns=10**18), rig=policy_rig(), on_failure=pytest.fail)
    recording.begin(stage)
    drive, camera = Drive(stage, policy, settings), view_camera(384, 216)
    drive.say("stop here")
    for _ in range(TICKS):
        tick = drive.tick()
        recording.tick(tick)
        recording.view(tick, jpeg(stage.look(camera, stage.world.state), quality=80), camera)
    recording.close()


@pytest.fixture(scope="module")
def topics(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[int, str, Any]]]:
    """Messages by topic: log time, schema, content."""
    path, pool = tmp_path_factory.mktemp("recording") / "run.mcap", {}
    record(path, FakePolicy())
    found: dict[str, list[tuple[int, str, Any]]] = {}
    with path.open("rb") as file:
        for schema, channel, message in make_reader(file, validate_crcs=True).iter_messages(log_time_order=False):
            if channel.message_encoding == "json":
                content = json.loads(message.data)
            else:
                assert channel.message_encoding == schema.encoding == "protobuf" and schema.name.startswith("foxglove.")
                if schema.id not in pool:
                    pool[schema.id] = GetMessages(FileDescriptorSet.FromString(schema.data).file, pool=DescriptorPool())[schema.name]
                content = pool[schema.id].FromString(message.data)
            found.setdefault(channel.topic, []).append((message.log_time, schema.name if schema else "", content))
    return found


def test_every_channel_decodes_and_its_times_run_on(topics: dict) -> None:
    cameras = [camera.name for camera in policy_rig().cameras] + ["view"]
    expected = {"/tf", "/tf_static", "/street", "/others", "/plan", "/plan/chosen", "/events", "/control"}
    assert set(topics) == expected | {f"/camera/{name}/{kind}" for name in cameras for kind in ("image", "calibration")}
    for topic, rows in topics.items():
        times = np.array([time for time, _, _ in rows])
        assert np.all(np.diff(times) >= 0), topic
        assert times[0] >= 10**18 and times[-1] <= 10**18 + TICKS * 10**8


def test_pictures_have_the_size_of_their_calibration(topics: dict) -> None:
    for topic in (topic for topic in topics if topic.endswith("/image")):
        calibration = topics[topic.replace("/image", "/calibration")][0][2]
        for _, schema, message in topics[topic]:
            picture = Image.open(io.BytesIO(message.data))
            picture.load()
            assert schema == "foxglove.CompressedImage" and message.format == "jpeg"
            assert picture.size == (calibration.width, calibration.height) and message.frame_id == calibration.frame_id


def test_every_frame_hangs_from_the_map(topics: dict) -> None:
    parents = {message.child_frame_id: message.parent_frame_id for topic in ("/tf", "/tf_static") for _, _, message in topics[topic]}
    used = {message.frame_id for topic, rows in topics.items() if topic.endswith("/image") for _, _, message in rows}
    used |= {entity.frame_id for topic in ("/street", "/others", "/plan") for _, _, message in topics[topic] for entity in message.entities}
    for frame in used:
        for _ in range(5):
            frame = parents.get(frame, frame)
        assert frame == "map"


def test_the_scene_has_street_others_and_plan(topics: dict) -> None:
    assert len(topics["/street"][0][2].entities[0].lines) == 16
    assert len(topics["/others"]) == TICKS and len(topics["/others"][0][2].entities) == 4
    assert len(topics["/plan"][0][2].entities[0].lines) == 16
    assert topics["/control"][0][2]["words"] == "stop here" and "instead of" in topics["/control"][0][2]["heard"]["plan"]


def test_an_untrained_critic_leaves_no_numbers_behind(topics: dict, tmp_path: Path) -> None:
    assert topics["/control"][0][2]["risk"] == pytest.approx(0.03) and len(topics["/control"][0][2]["values"]) == 16
    record(tmp_path / "run.mcap", Unjudged())
    with (tmp_path / "run.mcap").open("rb") as file:
        rows = [json.loads(message.data) for _, _, message in make_reader(file).iter_messages(topics=["/control"])]
    assert all(row["risk"] is None and row["values"] is None for row in rows)
