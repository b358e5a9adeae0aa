"""Who answers for a drive: the vehicle's mode machine, from the first tick on."""

import dataclasses

import pytest
from fake_studio import ring_drive

from caravela.core.errors import CaravelaError
from caravela.core.modes import Alert, Author, Mode
from caravela.core.request import (
    START,
    CapSpeed,
    ChangeLane,
    DropCap,
    GoOn,
    GoTo,
    KeepDistance,
    KeepOffMotorways,
    Manner,
    PullOver,
    Request,
    Side,
    TakeTurn,
)
from caravela.core.request import Drive as DriveIn
from caravela.studio.driving.car import COASTING, CONTROLS_S, Aboard, Controls
from caravela.vehicle.attention import DriverState
from caravela.vehicle.conduct import AskToStop, Engage, NoteKind, Release, TakeOver

ENTITY = "Caravela Motors Ltd (authorised self-driving entity)"


def kinds(tick: object) -> list[NoteKind]:
    return [note.kind for note in tick.notes]


def test_a_drive_begins_in_its_mode_with_a_named_party() -> None:
    parties = {}
    for mode in ("manual", "l2", "l4", "driverless"):
        tick = ring_drive(mode=mode).tick()
        parties[mode] = (tick.commands.mode, tick.commands.author, tick.responsible)
    assert parties == {
        "manual": (Mode.MANUAL, Author.DRIVER, "Ana Sousa (driver)"),
        "l2": (Mode.L2, Author.NETWORK, "Ana Sousa (driver)"),
        "l4": (Mode.L4, Author.NETWORK, ENTITY),
        "driverless": (Mode.L4, Author.NETWORK, "Caravela Motors Ltd (licensed no-user-in-charge operator)"),
    }


def test_no_event_says_that_a_system_answers() -> None:
    drive = ring_drive((3, "off_road"))
    told = [event.responsible for tick in (drive.tick() for _ in range(6)) for event in tick.events]
    assert told == [ENTITY]


def test_at_l4_the_networks_plan_is_driven_to_the_last_bit() -> None:
    drive = ring_drive()
    for _ in range(5):
        tick = drive.tick()
        planned = tick.plan.control()
        assert tick.control.acceleration == planned.acceleration and tick.control.curvature == planned.curvature


def test_taking_over_makes_the_driver_answer_and_their_controls_count() -> None:
    drive = ring_drive()
    drive.tick()
    drive.happen(TakeOver(drive.t_us, drive.aboard.person()))
    tick = drive.tick(driver=(0.7, 0.01))
    assert tick.commands.author is Author.DRIVER and tick.responsible == "Ana Sousa (driver)"
    assert tick.control.acceleration[0] == pytest.approx(0.7) and tick.control.curvature[0] == pytest.approx(0.01)
    assert [(tenure.mode, tenure.party.name) for tenure in drive.ledger][-2:] == [("L4", "Caravela Motors Ltd"), ("manual", "Ana Sousa")]


def test_pressing_stop_ends_in_a_minimal_risk_condition_and_only_a_take_over_leaves_it() -> None:
    drive = ring_drive()
    drive.tick()
    drive.happen(AskToStop(drive.t_us, "somebody in the car pressed stop"))
    ticks = [drive.tick() for _ in range(60)]
    assert ticks[0].commands.author is Author.STOP_PATH and ticks[0].commands.hazards
    assert ticks[-1].phase == "minimal-risk condition" and ticks[-1].street.speed < 0.1
    drive.happen(Release(drive.t_us, drive.aboard.person()))
    assert NoteKind.REFUSED in kinds(drive.tick()) and drive.car.mode is Mode.L4
    drive.happen(TakeOver(drive.t_us, drive.aboard.person()))
    assert drive.tick().commands.mode is Mode.MANUAL


def test_who_presses_stop_has_the_car_stand_and_no_new_drive_begins() -> None:
    drive = ring_drive()
    drive.tick()
    drive.happen(AskToStop(drive.t_us, "somebody in the car pressed stop"))
    ticks = [drive.tick() for _ in range(330)]
    assert drive.seed == 0 and ticks[-1].phase == "minimal-risk condition" and ticks[-1].street.speed < 0.1


def test_after_a_collision_the_car_stops_itself_and_the_next_drive_begins() -> None:
    drive = ring_drive((4, "collision"))
    ticks = [drive.tick() for _ in range(330)]
    assert NoteKind.MANOEUVRE in [kind for tick in ticks[:8] for kind in kinds(tick)]
    assert drive.seed == 1 and any(tick.commands.author is Author.NETWORK for tick in ticks[200:])


def test_at_l2_a_driver_who_looks_away_is_told() -> None:
    drive = ring_drive(mode="l2")
    drive.tick()
    drive.seat.state = DriverState(seated=True, hands_on=True, eyes_on=False)
    alerts = [drive.tick().commands.alert for _ in range(90)]
    assert alerts[40] is Alert.NONE and alerts[55] is Alert.EYES_ON and alerts[85] is Alert.EYES_ON_ESCALATED


def test_l4_cannot_be_engaged_from_outside_the_driving_seat() -> None:
    drive = ring_drive(mode="manual")
    drive.seat.state = DriverState(seated=False, hands_on=False, eyes_on=False)
    drive.happen(Engage(drive.t_us, Mode.L4, drive.aboard.person()))
    tick = drive.tick()
    assert NoteKind.REFUSED in kinds(tick) and tick.commands.mode is Mode.MANUAL


def test_the_next_drive_keeps_the_mode_that_a_person_chose() -> None:
    drive = ring_drive((30, "arrived"))
    drive.tick()
    drive.happen(TakeOver(drive.t_us, drive.aboard.person()))
    ticks = [drive.tick() for _ in range(90)]
    assert drive.seed == 1 and ticks[-1].commands.mode is Mode.MANUAL


def test_controls_that_are_not_repeated_lapse() -> None:
    controls = Controls()
    controls.hold(1.5, 0.05, now_s=10.0)
    assert controls.now(10.0 + CONTROLS_S) == (1.5, 0.05)
    assert controls.now(10.01 + CONTROLS_S) == (COASTING, 0.0)


def test_a_turn_goes_to_the_navigator_and_leaves_the_manner() -> None:
    drive = ring_drive()
    drive.stage = dataclasses.replace(drive.stage, ask=lambda words: "left in 120 m" if "left" in words else None)
    drive.wish(Request(DriveIn(Manner.GENTLE)))
    drive.wish(Request(TakeTurn(Side.LEFT)))
    tick = drive.tick()
    assert tick.observation.words == ("drive gently",) and tick.heard.route == "left in 120 m"


def test_motorways_are_avoided_from_drive_to_drive_until_they_are_fine_again() -> None:
    drive, asked = ring_drive((30, "arrived")), list[str]()
    drive.stage = dataclasses.replace(drive.stage, ask=lambda words: asked.append(words) or "a way without motorways")
    drive.wish(Request(KeepOffMotorways()))
    tick = drive.tick()
    assert tick.observation.words == ("",) and tick.heard.route == "a way without motorways"
    for _ in range(90):
        drive.tick()
    assert drive.seed == 1 and asked == ["avoid the motorway"] * 2
    drive.wish(Request(KeepOffMotorways(over=True)))
    for _ in range(90):
        drive.tick()
    assert drive.seed == 2 and asked[2:] == ["motorways are fine again"]


def test_a_wish_that_driving_cannot_grant_is_told_so() -> None:
    drive = ring_drive()
    drive.wish(Request(GoTo("the station")))
    details = [event.detail for event in drive.tick().events if event.kind == "route"]
    assert "knows no place “the station”" in details[0]


def test_who_asked_to_be_taken_back_is_let_out_there_once() -> None:
    drive = ring_drive()
    there = []
    drive.stage = dataclasses.replace(
        drive.stage, ask=lambda words: "back to the start in 90 m" if words == "take me back" else None, came_back=lambda: bool(there)
    )
    drive.wish(Request(GoTo(START)))
    assert ("route", "back to the start in 90 m") in [(event.kind, event.detail) for event in drive.tick().events]
    assert drive.wishes.stop is None
    there.append(True)
    drive.tick()
    there.clear()
    assert drive.wishes.stop == PullOver() and drive.words == PullOver.words
    drive.wish(Request(GoOn()))
    drive.tick()
    assert drive.wishes.stop is None


def test_a_set_speed_bounds_the_plan_until_it_is_dropped_and_lasts_into_the_next_drive() -> None:
    drive = ring_drive((150, "arrived"))
    usual = [drive.tick().plan.speeds.max() for _ in range(60)][-1]
    drive = ring_drive((150, "arrived"))
    drive.wish(Request(CapSpeed(0.5 * usual)))
    speeds = [float(drive.tick().observation.speed[0]) for _ in range(150)]
    assert max(speeds[-20:]) <= 0.5 * usual + 0.1
    drive.wish(Request(DriveIn(Manner.GENTLE)))  # another wish is no reason to be faster
    plans = [drive.tick().plan.speeds.max() for _ in range(150)]
    assert drive.seed == 1 and plans[-1] <= 0.5 * usual + 0.1
    drive.wish(Request(DropCap()))
    assert max(drive.tick().plan.speeds.max() for _ in range(60)) > 0.5 * usual + 0.3


def test_nothing_but_going_on_lifts_a_stop() -> None:
    drive = ring_drive()
    drive.wish(Request(DriveIn(Manner.GENTLE)))
    drive.wish(Request(PullOver()))
    for wish in (DriveIn(Manner.BRISK), KeepDistance(), ChangeLane(Side.LEFT), CapSpeed(8.0), DropCap(), TakeTurn(Side.LEFT)):
        drive.wish(Request(wish, "client phone"))
        assert drive.tick().observation.words == (PullOver().words,) and drive.wishes.report.stop
    drive.wish(Request(GoOn()))
    assert drive.tick().observation.words == (KeepDistance().words,) and not drive.wishes.report.stop


@pytest.mark.parametrize(
    ("fields", "sentence"), [({"mode": "l3"}, "mode"), ({"driver": "system"}, "names nobody"), ({"entity": " "}, "names nobody")]
)
def test_who_cannot_answer_is_refused(fields: dict, sentence: str) -> None:
    with pytest.raises(CaravelaError, match=sentence):
        Aboard(**fields)
