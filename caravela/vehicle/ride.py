"""A ride with nobody in the driving seat: accept, fetch, drive, set down; and what happens when the road is blocked. Pure: the same
events give the same ride. The ride asks driving by words and asks the mode machine to stop or go on; remote assistance may choose
among these, and has no other way in: an `Advice` holds no speed, no curvature and no path."""

from dataclasses import dataclass, replace
from enum import StrEnum

from caravela.core.responsibility import Person, Role
from caravela.vehicle.conduct import STANDSTILL, AskToStop, Automated, Car, Happening, Phase, Release, Settled, Wait

BLOCKED_US = 30_000_000  # µs at standstill without a reason of its own before a road counts as blocked
HELP_US = 120_000_000  # µs that remote assistance has to answer before the car gives up its place in traffic
UNSETTLED_US = 1_000_000  # µs that a passenger may be unbelted, or a door open, in a moving car before it stops
BOARDING_US = 300_000_000  # µs that the car waits for its passenger
UNSETTLED = "a door is open, or a belt undone"
ARRIVED_M = 15.0  # m from the pick-up or set-down point that count as there


class Stage(StrEnum):
    IDLE = "idle"
    FETCHING = "on the way to the passenger"
    BOARDING = "boarding"
    UNDER_WAY = "under way"
    ALIGHTING = "alighting"


@dataclass(frozen=True)
class Order:
    """What was booked."""

    passenger: str
    pick_up: str
    set_down: str


class Choice(StrEnum):
    """All that remote assistance can advise."""

    WAIT = "wait"
    ANOTHER_WAY = "take another way"
    GO_ON = "go on"
    SET_DOWN_HERE = "set down here"


@dataclass(frozen=True)
class Accept:
    order: Order


@dataclass(frozen=True)
class Progress:
    """A tick: how far the point is that the car is on its way to, m, and whether a passenger sits belted behind closed doors."""

    distance: float
    settled: bool


@dataclass(frozen=True)
class PassengerStops:
    """The passenger pressed stop."""


@dataclass(frozen=True)
class Advice:
    """What remote assistance says. It is advice: driving decides how, and whether it is safe."""

    choice: Choice
    by: Person


RideEvent = Accept | Progress | PassengerStops | Advice


@dataclass(frozen=True)
class Ride:
    """The state of a ride."""

    stage: Stage = Stage.IDLE
    order: Order | None = None
    since_us: int = 0  # when the stage began
    standing_us: int | None = None  # since when the car stands without a reason of the ride's
    asked_us: int | None = None  # since when remote assistance is asked
    words: str = ""  # what driving is told
    unsettled_us: int | None = None  # since when, under way, nobody sits belted behind closed doors


@dataclass(frozen=True)
class RideDemands:
    """What follows."""

    happenings: tuple[Happening, ...] = ()  # for the mode machine
    ask: str = ""  # a question to remote assistance
    notes: tuple[str, ...] = ()


def ride_step(ride: Ride, event: RideEvent, *, car: Car) -> tuple[Ride, RideDemands]:
    """The ride after `event`, and what it wants. Any event is taken at any stage."""
    t_us = car.t_us
    match event:
        case Accept(order=order):
            if ride.stage is not Stage.IDLE:
                return ride, RideDemands(notes=(f"refused a ride for {order.passenger}: there is one already",))
            if not _drives_itself(car):
                return ride, RideDemands(notes=(f"refused a ride for {order.passenger}: the car does not drive itself now",))
            fetched = Ride(Stage.FETCHING, order, t_us, words="drive normally")
            ready = (Settled(t_us),) if _waits(car) else ()
            return fetched, RideDemands(ready, notes=(f"accepted a ride for {order.passenger} from {order.pick_up} to {order.set_down}",))
        case PassengerStops():
            if ride.order is None or ride.stage is not Stage.UNDER_WAY:
                return ride, RideDemands()
            return ride, RideDemands((AskToStop(t_us, f"{ride.order.passenger} pressed stop"),), notes=("the passenger pressed stop",))
        case Advice():
            return _advised(ride, event, car)
        case Progress():
            return _went_on(ride, event, car)


def _drives_itself(car: Car) -> bool:
    return isinstance(car.conduct, Automated) and car.conduct.phase is Phase.DRIVING


def _advised(ride: Ride, advice: Advice, car: Car) -> tuple[Ride, RideDemands]:
    """Take advice, if it was asked for or the car waits in minimal-risk condition."""
    stopped = isinstance(car.conduct, Automated) and car.conduct.phase is Phase.STOPPED
    if stopped and ride.unsettled_us is not None and advice.choice in (Choice.GO_ON, Choice.ANOTHER_WAY):
        return ride, RideDemands(notes=(f"no release: {UNSETTLED}",))
    if advice.by.role is not Role.REMOTE_ASSISTANT or (ride.asked_us is None and not stopped):
        return ride, RideDemands(notes=(f"advice of {advice.by.name} was not asked for",))
    heard = replace(ride, asked_us=None, standing_us=None)
    note = (f"{advice.by.name} advises: {advice.choice}",)
    match advice.choice:
        case Choice.WAIT:
            return heard, RideDemands(notes=note)
        case Choice.GO_ON:
            return replace(heard, words="carry on"), RideDemands((Release(car.t_us, advice.by),) if stopped else (), notes=note)
        case Choice.ANOTHER_WAY:
            released = (Release(car.t_us, advice.by),) if stopped else ()
            return replace(heard, words="turn around and take another way"), RideDemands(released, notes=note)
        case Choice.SET_DOWN_HERE:
            here = replace(heard, stage=Stage.ALIGHTING, since_us=car.t_us, words="stop here, please")
            return (here if ride.stage is Stage.UNDER_WAY else replace(heard, words="stop here, please")), RideDemands(notes=note)


def _went_on(ride: Ride, event: Progress, car: Car) -> tuple[Ride, RideDemands]:
    """A tick of the ride."""
    t_us, stands = car.t_us, car.speed < STANDSTILL
    if ride.stage is Stage.UNDER_WAY:
        ride, demands = _secured(ride, event, stands, car)
        if demands != RideDemands():
            return ride, demands
    match ride.stage:
        case Stage.FETCHING | Stage.UNDER_WAY:
            if event.distance > ARRIVED_M:
                return _watched(ride, stands, car)
            if not stands:
                return replace(ride, words="stop here, please", standing_us=None), RideDemands()
            there = Stage.BOARDING if ride.stage is Stage.FETCHING else Stage.ALIGHTING
            arrived = replace(ride, stage=there, since_us=t_us, standing_us=None)
            return arrived, RideDemands((Wait(t_us, there),), notes=(f"{there}",))
        case Stage.BOARDING:
            if event.settled:
                return replace(ride, stage=Stage.UNDER_WAY, since_us=t_us, words="drive normally"), RideDemands(
                    (Settled(t_us),), notes=("under way",)
                )
            if t_us - ride.since_us >= BOARDING_US:
                return Ride(since_us=t_us), RideDemands(notes=("nobody boarded; the ride is given up",))
            return ride, _waiting(ride, stands, car)
        case Stage.ALIGHTING:
            if stands and not event.settled:
                return Ride(since_us=t_us), replace(_waiting(ride, stands, car), notes=("the passenger has left; the ride is over",))
            return ride, _waiting(ride, stands, car)
    return ride, RideDemands()


def _secured(ride: Ride, event: Progress, stands: bool, car: Car) -> tuple[Ride, RideDemands]:
    """Under way with a door open or a belt undone: a standing car stays, a moving one stops soon."""
    t_us = car.t_us
    if event.settled:
        return replace(ride, unsettled_us=None), RideDemands((Settled(t_us),) if _waits(car) else ())
    fresh = ride.unsettled_us is None
    ride = replace(ride, unsettled_us=t_us if ride.unsettled_us is None else ride.unsettled_us)
    if stands:
        waits = _waits(car) or not _drives_itself(car)
        return ride, RideDemands(() if waits else (Wait(t_us, UNSETTLED),), notes=(UNSETTLED,) if fresh else ())
    assert ride.unsettled_us is not None
    if t_us - ride.unsettled_us >= UNSETTLED_US and _drives_itself(car):
        return ride, RideDemands((AskToStop(t_us, UNSETTLED),), notes=(f"{UNSETTLED}: the car stops",))
    return ride, RideDemands()


def _waiting(ride: Ride, stands: bool, car: Car) -> RideDemands:
    """Closed brakes for who gets in or out; they stay closed after a ride until the next one is accepted."""
    due = stands and _drives_itself(car) and not _waits(car)
    return RideDemands((Wait(car.t_us, ride.stage),) if due else ())


def _waits(car: Car) -> bool:
    return isinstance(car.conduct, Automated) and bool(car.conduct.waiting)


def _watched(ride: Ride, stands: bool, car: Car) -> tuple[Ride, RideDemands]:
    """See whether the road is blocked, and whether help comes."""
    t_us = car.t_us
    if not stands or not _drives_itself(car):
        return replace(ride, standing_us=None, asked_us=None if not stands else ride.asked_us), RideDemands()
    standing_us = t_us if ride.standing_us is None else ride.standing_us
    ride = replace(ride, standing_us=standing_us)
    if ride.asked_us is None and t_us - standing_us >= BLOCKED_US:
        question = "the road seems blocked: wait, go on, take another way, or set down here?"
        return replace(ride, asked_us=t_us), RideDemands(ask=question, notes=("road blocked; asked remote assistance",))
    if ride.asked_us is not None and t_us - ride.asked_us >= HELP_US:
        gave_up = (AskToStop(t_us, "the road is blocked and nobody advised"),)
        return replace(ride, asked_us=None, standing_us=None), RideDemands(gave_up, notes=("nobody advised",))
    return ride, RideDemands()
