"""What the cockpit knows of the drive at one moment: from the vehicle's signals and from what the driving model makes of the scene."""

from collections.abc import Callable
from dataclasses import dataclass

from caravela.cockpit.outside.sight import AHEAD, VEHICLE, Seen
from caravela.cockpit.reading.intents import Condition
from caravela.core.signals import Signals
from caravela.core.units import to_kph

STANDING = 0.3  # m/s, below it the car stands
DARK = 15.0  # percent of daylight, below it headlights are needed
RAINING = 5.0  # percent of the rain sensor
LOW_BATTERY = 20.0  # percent
FULL_BATTERY = 99.0


@dataclass(frozen=True)
class Situation:
    """One moment of a drive."""

    t_s: float = 0.0
    speed: float = 0.0  # m/s
    limit: float | None = None  # m/s, of the road; None where it is not known
    light: str = "none"  # of the junction ahead, as the driving model reads it: none, red, yellow, green
    lead: float | None = None  # m to what is ahead in the lane
    lead_speed: float | None = None  # m/s of it
    lead_kind: str = VEHICLE
    seen: tuple[Seen, ...] = ()  # what else is seen, by whoever reads more than what is ahead in the lane
    reads: tuple[str, ...] = (VEHICLE,)  # kinds that would be seen
    looks: tuple[str, ...] = (AHEAD,)  # where whatever is there would be seen
    motorway: bool = False
    arrived: bool = False
    human_drives: bool = False  # a human is the responsible party
    asked_to_stop: bool = False
    places: tuple[str, ...] | None = None  # that whoever lays the route knows; None where that is not known here

    @property
    def standing(self) -> bool:
        return self.speed < STANDING

    @property
    def parked(self) -> bool:
        """Do we stand where people get out: at the destination, or after a stop that was asked for? A red light on the way there is no such place."""
        return self.standing and (self.arrived or (self.asked_to_stop and self.light not in ("red", "yellow")))

    @property
    def lets_out(self) -> bool:
        """Do we stand until somebody has us drive on: a human at the wheel, or who asked for the stop, or for the next destination?"""
        return self.standing and (self.arrived or self.asked_to_stop or self.human_drives)

    @property
    def looks_ahead(self) -> bool:
        return AHEAD in self.looks

    @property
    def sights(self) -> tuple[Seen, ...]:
        """All that is seen, what is ahead in the lane first."""
        lead = () if self.lead is None else (Seen(self.lead_kind, AHEAD, self.lead, self.lead_speed),)
        return (*lead, *self.seen)

    def on(self, side: str = AHEAD) -> tuple[Seen, ...]:
        """What is seen on a side."""
        return tuple(thing for thing in self.sights if thing.side == side)


def is_raining(signals: Signals) -> bool:
    return signals.number("Vehicle.Body.Raindetection.Intensity") >= RAINING


def is_dark(signals: Signals) -> bool:
    return signals.number("Vehicle.Exterior.LightIntensity") < DARK


def charge(signals: Signals) -> float:
    """Percent."""
    return signals.number("Vehicle.Powertrain.TractionBattery.StateOfCharge.Current")


Watch = Callable[[Situation, Signals], bool]
_WATCHES: dict[str, Watch] = {
    "leave_motorway": lambda now, signals: not now.motorway,
    "join_motorway": lambda now, signals: now.motorway,
    "arrive": lambda now, signals: now.arrived,
    "stopped": lambda now, signals: now.standing,
    "parked": lambda now, signals: now.parked,
    "arrived": lambda now, signals: now.arrived and now.standing,
    "moving": lambda now, signals: not now.standing,
    "rain": lambda now, signals: is_raining(signals),
    "dry": lambda now, signals: not is_raining(signals),
    "dark": lambda now, signals: is_dark(signals),
}


class Trigger:
    """Watches for a condition to become true: what is true from the start does not count, save for levels of charge."""

    def __init__(self, condition: Condition, now: Situation, signals: Signals) -> None:
        self.condition = condition
        self._began = now.t_s
        self._before = self._holds(now, signals) if condition.kind in _WATCHES else False

    def fires(self, now: Situation, signals: Signals) -> bool:
        """Has it become true since it was last asked?"""
        holds, before = self._holds(now, signals), self._before
        self._before = holds
        return holds and not before

    def _holds(self, now: Situation, signals: Signals) -> bool:
        if self.condition.kind == "minutes":
            return now.t_s - self._began >= 60.0 * (self.condition.number or 1.0)
        return holds(self.condition, now, signals)


def holds(condition: Condition, now: Situation, signals: Signals) -> bool:
    """Is it so now? Not for minutes, which pass from some moment on."""
    kind, number = condition.kind, condition.number
    if kind == "battery_low":
        return charge(signals) < (LOW_BATTERY if number is None else number)
    if kind == "charged":
        return charge(signals) >= (FULL_BATTERY if number is None else number)
    if kind == "limit_above":
        return now.limit is not None and to_kph(now.limit) > (number or 0.0)
    return _WATCHES[kind](now, signals)
