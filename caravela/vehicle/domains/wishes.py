"""What people have asked of driving, as far as it still holds: a stop until somebody says to go on, a set speed until it is dropped, and the manner
that was asked for last. Whoever hands wishes to a driver does it through this, so that nothing said later lifts a stop by accident."""

from dataclasses import dataclass, replace

from caravela.core.request import (
    CapSpeed,
    ChangeLane,
    Drive,
    DropCap,
    DropRoute,
    GoOn,
    GoTo,
    KeepOffMotorways,
    Manner,
    Overtake,
    Park,
    PullOver,
    TakeTurn,
    Wish,
)
from caravela.vehicle.domains.reports import CockpitReport

NO_SPEED = float("inf")
HELD_S = 15.0  # s that a stop waits for a place where the car may stand, at most


@dataclass
class Wishes:
    """The wishes of one car."""

    stop: PullOver | Park | None = None
    set_speed: float = NO_SPEED  # m/s that the car keeps below
    _last: Wish | None = None  # of those that the driver hears as words
    _asked_s: float | None = None  # s, when the stop was first held back
    stopping: bool = False  # the driver has heard of the stop

    def hear(self, wish: Wish) -> None:
        """Take a wish into account. Turns, lanes and roads are the sat-nav's business and change nothing here."""
        match wish:
            case PullOver() | Park():
                self.stop = wish
                self.stopping |= isinstance(wish, PullOver) and wish.at_once
            case GoOn():
                self.stop, self._last = None, self._last or wish
                self._asked_s, self.stopping = None, False
            case CapSpeed(speed):
                self.set_speed = speed
            case DropCap():
                self.set_speed = NO_SPEED
            case TakeTurn() | ChangeLane() | Overtake() | GoTo() | DropRoute() | KeepOffMotorways():
                pass
            case _:
                self._last = wish

    def without_manner(self) -> "Wishes":
        """What still holds where somebody asks in free words for another manner."""
        return replace(self, _last=None)

    def without_stop(self) -> "Wishes":
        """What still holds where another drive is begun."""
        return Wishes(set_speed=self.set_speed, _last=self._last)

    @property
    def words(self) -> str:
        """What the driver hears now, "" where nothing was asked; a stop before all else."""
        heard = self.stop or self._last
        return "" if heard is None else heard.words

    def told(self, *, now_s: float, clear: bool) -> str:
        """What the driver is told at a time: its words, but no stop before the car can stand where it would come to rest (`clear`). One that is
        urgent waits for nothing, no other longer than HELD_S, and none that the driver has heard of is taken back."""
        if self.stop is None:
            return self.words
        self._asked_s = now_s if self._asked_s is None else self._asked_s
        self.stopping |= clear or now_s - self._asked_s >= HELD_S
        return self.words if self.stopping else "" if self._last is None else self._last.words

    @property
    def report(self) -> CockpitReport:
        """The same for the other domains."""
        manner = self._last.manner if isinstance(self._last, Drive) else Manner.PLAIN
        return CockpitReport(manner=manner.value, stop=self.stopping)
