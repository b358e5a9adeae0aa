"""When a drive is over, so that the next one begins after a pause: at the route's end, or where it went wrong and the car is stuck."""

from collections.abc import Iterable

from caravela.core.types import Event
from caravela.core.units import STEP_S

ENDINGS = frozenset({"arrived", "route_missed"})  # events after which the drive is over
FAILURES = frozenset({"collision", "at_fault_collision", "off_road"})  # after these it is over once the car is stuck
AFTERMATH_S = 4.0  # s from the end of a drive to the beginning of the next
STANDING, STUCK_S = 0.1, 15.0  # m/s; s


class Ending:
    """Watches one drive, tick by tick."""

    def __init__(self) -> None:
        self.tick: int | None = None  # at which the next drive may begin
        self._failed, self._stood = False, 0

    def watch(self, events: Iterable[Event], *, tick: int, speed: float, stranded: bool) -> None:
        """What happened until `tick`. `speed`: m/s; `stranded`: the car has just brought itself to a minimal-risk condition, and nobody asked for it."""
        kinds = {event.kind for event in events}
        self._failed |= stranded or bool(kinds & FAILURES)
        self._stood = self._stood + 1 if speed < STANDING else 0
        stuck = self._failed and self._stood * STEP_S > STUCK_S
        if self.tick is None and (kinds & ENDINGS or stuck):
            self.tick = tick + round(AFTERMATH_S / STEP_S)

    def over(self, tick: int) -> bool:
        """Is the drive over, and the pause after it?"""
        return self.tick is not None and tick >= self.tick
