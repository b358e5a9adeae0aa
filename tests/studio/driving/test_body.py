"""One car in a drive: what is published, what limits it, what it costs."""

import time

import numpy as np
import pytest
from fake_studio import ring_drive

from caravela.core.request import Drive as DriveIn
from caravela.core.request import GoOn, Manner, Park, PullOver, Request
from caravela.core.units import to_kph
from caravela.studio.driving.body import CHARGE, ENERGY, Outfit
from caravela.studio.driving.drive import Drive
from caravela.studio.driving.gauges import signals_of
from caravela.vehicle.conduct import TakeOver
from caravela.vehicle.domains.reports import DOMAINS, ChassisReport, CockpitReport, DrivingReport, PowertrainReport

INTEGRATED = Outfit("integrated")
BATTERY = "Vehicle.Powertrain.TractionBattery.Temperature.Average"


def on_the_bus(drive: Drive, kind: type, number: int) -> object:
    return drive.body.bus.read(kind, t_us=100_000 * number, stale_s=0.0)


@pytest.mark.parametrize("outfit", [Outfit(), INTEGRATED], ids=lambda outfit: outfit.plan)
def test_all_four_domains_are_on_the_bus_at_every_plan(outfit: Outfit) -> None:
    drive = ring_drive(outfit=outfit)
    for number in range(30):
        tick = drive.tick()
        assert all(on_the_bus(drive, kind, number) is not None for kind in DOMAINS)
    told = on_the_bus(drive, DrivingReport, 29)
    assert told.speed_kph == pytest.approx(to_kph(tick.street.speed)) and on_the_bus(drive, ChassisReport, 29).weight == 1825.0
    end = to_kph(float(tick.plan.speeds[0, tick.plan.chosen[0], -1]))
    assert told.planned_end_kph == pytest.approx(end if outfit.integrated else 0.0, abs=1e-3)


def test_gauges_and_bus_read_one_car() -> None:
    drive = ring_drive(outfit=Outfit("integrated", "hot"))
    ticks = [drive.tick() for _ in range(20)]
    told, shown = on_the_bus(drive, PowertrainReport, 19), signals_of(ticks[-1])
    assert shown[CHARGE] == round(told.charge, 3) and shown[BATTERY] == round(told.battery, 3)
    assert 0.0 < shown[ENERGY] < drive.cost.energy  # the gauges are of the moment that was planned for


def test_what_people_ask_for_is_on_the_bus_with_the_next_plan() -> None:
    drive = ring_drive(outfit=INTEGRATED)
    asked = []
    for number, wish in enumerate((DriveIn(Manner.FRUGAL), PullOver(), GoOn(), Park(), DriveIn(Manner.GENTLE))):
        drive.wish(Request(wish))
        drive.tick()
        report = on_the_bus(drive, CockpitReport, number)
        asked.append((report.manner, report.stop))
    assert asked == [("frugal", False), ("frugal", True), ("frugal", False), ("frugal", True), ("gentle", True)]
    drive.wish(Request(GoOn()))  # words end no stop
    drive.say("we need to be quick")  # typed, so understood as the lesson that it is most like
    drive.tick()
    assert on_the_bus(drive, CockpitReport, 5).manner == "brisk"
    drive.say("")
    drive.tick()
    assert on_the_bus(drive, CockpitReport, 6) == CockpitReport()


def test_the_plan_listens_only_where_it_is_integrated() -> None:
    ends = {}
    for outfit in (Outfit(), INTEGRATED):
        drive = ring_drive(outfit=outfit)
        drive.wish(Request(DriveIn(Manner.GENTLE)))  # the driver of the ring has no ear for it
        began = time.process_time()
        ticks = [drive.tick() for _ in range(20)]
        assert (time.process_time() - began) / 20 < 0.05  # s, far below a tick
        ends[outfit.plan] = ticks[0].heard.plan
        own = np.allclose(ticks[-1].plan.knots[0, 8, :, 0], 0.2)
        assert own is not outfit.integrated
    assert ends["isolated"] == "as without them" != ends["integrated"]


def test_an_isolated_drive_is_limited_only_by_a_condition_that_is_asked_for() -> None:
    done = {}
    for condition in (None, "mild", "hot"):
        drive = ring_drive(mode="manual", outfit=Outfit(condition=condition))
        drive.happen(TakeOver(0, drive.aboard.person()))
        ticks = [drive.tick(driver=(9.5, 0.0)) for _ in range(3)]
        assert all(tick.commands.acceleration == 9.5 for tick in ticks)
        done[condition] = float(ticks[0].control.acceleration[0])
        assert drive.cost.clipped == (0 if condition is None else 3)
    assert done[None] == 9.5 and done["hot"] < done["mild"] < 6.0


def test_a_cold_car_is_another_car() -> None:
    mild, cold = (ring_drive(outfit=Outfit("integrated", condition)) for condition in ("mild", "cold"))
    for drive in (mild, cold):
        ticks = [drive.tick() for _ in range(30)]
        assert len(ticks) == 30
    assert cold.body.signals()[BATTERY] < 10.0 < 20.0 < mild.body.signals()[BATTERY]
    assert cold.cost.energy > mild.cost.energy + 0.5  # Wh


def test_every_drive_sets_out_afresh_and_costs_add_up() -> None:
    drive = ring_drive((10, "arrived"), outfit=INTEGRATED)
    ticks = [drive.tick() for _ in range(70)]
    begun = next(tick.number for tick in ticks if any(event.kind == "new_drive" for event in tick.events))
    gauge = [tick.body[ENERGY] for tick in ticks]
    assert gauge[0] == 0.0 < gauge[begun - 1] <= gauge[begun] < gauge[-1]  # the page's gauge counts on, as its picture does
    assert drive.cost.energy > drive.body.cost.energy and drive.cost.dose >= drive.body.cost.dose > 0.0
