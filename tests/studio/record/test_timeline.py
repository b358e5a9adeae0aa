"""The recorder's timeline: clips around what matters, and who answered when."""

from fake_world import FakePolicy, fake_stage, view_camera

from caravela.studio.driving.car import Aboard
from caravela.studio.driving.drive import Drive
from caravela.studio.driving.stage import DriveSettings
from caravela.studio.record.timeline import CLIPS_KEPT, Timeline
from caravela.studio.view.packet import unpack
from caravela.vehicle.conduct import TakeOver


def driven(ticks: int, *, take_over_at: int = -1) -> tuple[Timeline, list[dict]]:
    """A timeline after a drive on the ring, which runs a red light at tick 4 and every 20 ticks from there."""
    told: list[dict] = []
    settings = DriveSettings(town="ring")
    drive, timeline = Drive(fake_stage(settings), FakePolicy(), settings, aboard=Aboard("l4")), Timeline(told.append)
    for number in range(ticks):
        if number == take_over_at:
            drive.happen(TakeOver(drive.t_us, drive.aboard.person()))
        tick = drive.tick()
        timeline.view(tick, b"\xff\xd8" + number.to_bytes(2), view_camera())
        timeline.tick(tick, drive.ledger)
    return timeline, told


def test_a_clip_holds_the_seconds_around_its_trigger() -> None:
    timeline, told = driven(90)
    clip = told[-1]["clips"][0]
    assert clip["kind"] == "mode" and "manual to L4" in clip["detail"]  # the first trigger; what follows at once lies in the same clip
    head, blobs = unpack(timeline.clip(clip["number"]))
    assert head["times"][0] == 0.0 and len(blobs) == len(head["times"])
    assert all(0.19 < after - before < 0.31 for before, after in zip(head["times"], head["times"][1:]))
    assert blobs["0"][:2] == b"\xff\xd8"


def test_pictures_from_before_the_trigger_are_there() -> None:
    timeline, told = driven(260)
    clips = told[-1]["clips"]
    assert len(clips) >= 2
    head, _ = unpack(timeline.clip(clips[1]["number"]))
    assert head["times"][0] <= clips[1]["t_s"] - 4.0 and head["times"][-1] >= clips[1]["t_s"]


def test_who_answered_from_when_to_when_is_told() -> None:
    _, told = driven(60, take_over_at=30)
    tenures = told[-1]["tenures"][-2:]
    assert [(tenure["mode"], tenure["name"], tenure["from_s"], tenure["until_s"]) for tenure in tenures] == [
        ("L4", "Caravela Motors Ltd", 0.0, 3.0),
        ("manual", "Ana Sousa", 3.0, None),
    ]


def test_only_the_newest_clips_are_kept() -> None:
    timeline, told = driven(1600)
    clips = told[-1]["clips"]
    assert len(clips) == CLIPS_KEPT and timeline.clip(1) is None and timeline.clip(clips[-1]["number"]) is not None
