"""One drive and the loop around it, on the ring."""

import dataclasses
import time

import numpy as np
import pytest
from fake_studio import ring_drive, start_studio, wait_for
from fake_world import FakePolicy, fake_stage

from caravela.core.errors import CaravelaError
from caravela.core.request import CapSpeed, GoOn, KeepOffMotorways, Manner, PullOver, Request
from caravela.core.request import Drive as DriveIn
from caravela.core.units import STEP_US
from caravela.studio.driving.car import Aboard
from caravela.studio.driving.drive import Drive
from caravela.studio.driving.ending import AFTERMATH_S
from caravela.studio.driving.stage import DriveSettings, Stage
from caravela.studio.live.asks import Pause, PressStop, Restart, Stop
from caravela.studio.view.painter import Painter
from caravela.studio.view.viewfinder import PATIENCE, SIZES, Viewfinder


def test_a_tick_shows_the_moment_that_was_planned_for() -> None:
    drive = ring_drive()
    seen = []
    tick = drive.tick(before_step=lambda tick, state: seen.append((state.x[0, 0], state.y[0, 0])))
    assert seen == [(pytest.approx(tick.street.x), pytest.approx(tick.street.y))]
    assert drive.stage.world.state.x[0, 0] != seen[0][0]


def test_an_event_that_goes_on_is_told_once() -> None:
    drive = ring_drive(*((at, "off_road") for at in (3, 4, 5, 9)), (30, "off_road"))
    ticks = [drive.tick() for _ in range(40)]
    assert [tick.number for tick in ticks if tick.events] == [2, 29]


def test_after_arriving_the_next_seed_is_driven_and_time_goes_on() -> None:
    drive = ring_drive((10, "arrived"), seed=4)
    ticks = [drive.tick() for _ in range(55)]
    told = [event for tick in ticks for event in tick.events]
    assert [event.kind for event in told] == ["arrived", "new_drive"]
    assert drive.seed == 5
    assert told[1].t_us - told[0].t_us == pytest.approx(AFTERMATH_S * 1e6, abs=2 * STEP_US)
    assert [tick.number for tick in ticks] == list(range(55))


def test_what_the_navigator_makes_of_words_is_told() -> None:
    drive = ring_drive()
    drive.stage = dataclasses.replace(drive.stage, ask=lambda words: "left in 120 m" if "left" in words else None)
    drive.say("gently")
    drive.say("turn left")
    assert [(event.kind, event.detail) for event in drive.tick().events] == [
        ("words", "“gently”"),
        ("words", "“turn left”"),
        ("route", "left in 120 m"),
    ]


@pytest.mark.parametrize("words", ["", "gently"])
def test_words_end_no_stop_that_was_asked_for(words: str) -> None:
    drive = ring_drive()
    drive.wish(Request(PullOver()))
    drive.say(words)
    tick = drive.tick()
    assert tick.asked_to_stop and tick.observation.words == ("stop here, please",)
    drive.wish(Request(GoOn()))
    assert not drive.tick().asked_to_stop


def test_the_same_seed_is_the_same_drive() -> None:
    paths = [
        np.array([(tick.street.x, tick.street.y) for tick in (drive.tick() for _ in range(30))]) for drive in (ring_drive(), ring_drive())
    ]
    assert np.array_equal(*paths)


def test_too_many_words_are_refused() -> None:
    with pytest.raises(CaravelaError, match="at most 400"):
        ring_drive().say("x" * 100_000)


def test_a_world_of_many_is_refused() -> None:
    stage = fake_stage(DriveSettings(town="ring"))
    stage.world.batch = 2
    with pytest.raises(CaravelaError, match="batch 1"):
        Drive(stage, FakePolicy(), DriveSettings(town="ring"))


def test_slow_pictures_cost_no_ticks() -> None:
    def slow_stage(settings: DriveSettings, say: object) -> Stage:
        stage = fake_stage(settings)

        def look(camera: object, state: object) -> np.ndarray:
            time.sleep(0.35)
            return stage.look(camera, state)

        return Stage(stage.world, stage.graph, look)

    views: list[int] = []
    studio, thread = start_studio(make_stage=slow_stage, on_view=lambda tick, view, camera: views.append(tick.number))
    wait_for(lambda: studio.loop.driven_s >= 3.0)
    assert studio.loop.realtime_factor() == pytest.approx(1.0, abs=0.1)
    assert 3 <= len(views) <= 12
    stop(studio, thread)


def test_a_loop_that_begins_paused_shows_its_start_and_waits_to_be_let_go() -> None:
    studio, thread = start_studio(paused=True)
    wait_for(lambda: studio.loop.driven_s > 0.0)
    time.sleep(0.3)
    assert studio.loop.driven_s == pytest.approx(0.1)
    studio.loop.ask(Pause(False))
    wait_for(lambda: studio.loop.driven_s > 0.3)
    stop(studio, thread)


def test_work_beyond_real_time_shows_in_the_factor() -> None:
    studio, thread = start_studio(make_policy=lambda: FakePolicy(plan_s=0.2))
    wait_for(lambda: studio.loop.driven_s >= 1.0)
    assert 0.3 < studio.loop.realtime_factor() < 0.55
    stop(studio, thread)


def test_a_restart_that_fails_leaves_the_drive_as_it_was() -> None:
    def picky_stage(settings: DriveSettings, say: object) -> Stage:
        if settings.town == "bend":
            raise CaravelaError("the bend is closed; take the ring.")
        return fake_stage(settings)

    studio, thread = start_studio(make_stage=picky_stage)
    wait_for(lambda: studio.loop.driven_s >= 0.3)
    studio.loop.ask(Restart(DriveSettings(town="bend")))
    driven = studio.loop.driven_s
    wait_for(lambda: studio.loop.driven_s >= driven + 0.5)
    assert studio.loop.is_alive() and studio.loop._settings.town == "ring"
    assert studio.loop._said[0] == "driving" and studio.loop._said[2].town == "ring"
    stop(studio, thread)


def test_who_presses_stop_waits_for_no_better_place() -> None:
    make_stage = lambda settings, say: dataclasses.replace(fake_stage(settings), clear_to_stop=lambda: False)  # noqa: E731
    studio, thread = start_studio(make_stage=make_stage, aboard=Aboard("l2"))
    wait_for(lambda: studio.loop.driven_s >= 0.3)
    studio.loop.ask(PressStop())
    wait_for(lambda: studio.loop._drive.wishes.stopping)
    stop(studio, thread)


def test_the_way_past_motorways_lasts_into_a_drive_that_somebody_begins() -> None:
    asked: list[str] = []
    before, after = ring_drive(), ring_drive()
    after.stage = dataclasses.replace(after.stage, ask=asked.append)
    before.wish(Request(KeepOffMotorways()))
    after.keep(before)
    assert asked == [KeepOffMotorways().words]


@pytest.mark.parametrize("part", ["plan", "view"])
def test_a_fault_of_ours_ends_the_loop_and_is_kept(part: str, capsys: pytest.CaptureFixture) -> None:
    class Broken(FakePolicy):
        def plan(self, observation: object) -> object:
            raise ValueError("broken")

    def broken_look(settings: DriveSettings, say: object) -> Stage:
        stage, looks = fake_stage(settings), []

        def look(camera: object, state: object) -> np.ndarray:
            looks.append(camera)
            if len(looks) > 1:
                raise ValueError("broken")
            return stage.look(camera, state)

        return Stage(stage.world, stage.graph, look)

    ended = []
    faulty = {"make_policy": Broken} if part == "plan" else {"make_stage": broken_look}
    studio, thread = start_studio(on_end=lambda: ended.append(True), **faulty)
    wait_for(lambda: bool(ended))
    assert isinstance(studio.loop.failure, ValueError)
    stop(studio, thread)


def test_the_picture_grows_where_there_is_time_and_shrinks_where_there_is_not() -> None:
    finder = Viewfinder()
    for _ in range(10 * PATIENCE):
        finder.learn_tick(20.0)
        finder.learn_picture(5.0, finder.camera())
    assert finder.camera().width == SIZES[-1][0]
    for _ in range(10 * PATIENCE):
        finder.learn_tick(20.0)
        finder.learn_picture(200.0, finder.camera())
    assert finder.camera().width == SIZES[0][0]
    finder = Viewfinder()
    for _ in range(10 * PATIENCE):
        finder.learn_tick(95.0)  # ticks themselves are nearly late
        finder.learn_picture(5.0, finder.camera())
    assert finder.camera().width == SIZES[0][0]


def test_the_painter_forgets_all_but_the_newest() -> None:
    painter = Painter(publish=lambda message: None, on_view=lambda *view: None, latencies=None)
    for number in range(3):
        painter.paint(number)
    assert painter._next() == 2


def stop(studio: object, thread: object) -> None:
    studio.loop.ask(Stop())
    studio.loop.join(timeout=10.0)
    studio.server.should_exit = True
    thread.join(timeout=10.0)
    assert not studio.loop.is_alive()


def test_the_manner_that_was_asked_for_lasts_into_a_drive_that_somebody_begins_and_a_stop_does_not() -> None:
    before, after = ring_drive(), ring_drive()
    for wish in (DriveIn(Manner.GENTLE), CapSpeed(8.0), PullOver()):
        before.wish(Request(wish))
    after.keep(before)
    assert after.wishes.stop is None and after.wishes.set_speed == 8.0
    assert after.tick().observation.words == (DriveIn(Manner.GENTLE).words,)


def test_the_driver_hears_of_a_stop_once_the_car_can_stand_where_it_would_come_to_rest() -> None:
    drive, clear = ring_drive(), [False]
    drive.stage = dataclasses.replace(drive.stage, clear_to_stop=lambda: clear[0])
    drive.wish(Request(PullOver()))
    held = drive.tick()
    assert held.observation.words == ("",) and not held.asked_to_stop
    clear[0] = True
    let = drive.tick()
    assert let.observation.words == (PullOver().words,) and let.asked_to_stop
    clear[0] = False
    assert drive.tick().observation.words == (PullOver().words,)


def test_no_drive_begins_by_itself_while_somebody_has_it_stand() -> None:
    drive = ring_drive((10, "arrived"), seed=4)
    drive.wish(Request(PullOver(at_once=True)))
    assert [event.kind for _ in range(90) for event in drive.tick().events if event.kind in ("arrived", "new_drive")] == [
        "arrived"
    ] and drive.seed == 4
    drive.wish(Request(GoOn()))
    drive.tick()
    assert drive.seed == 5
