"""What counts as coming to harm in a fork of the world, for whom a plan is labelled or judged: the same for both. It is what ends a drive of
the teacher's self-play: any collision, whoever is at fault, a wheel off the road, a red light, a route missed. The referee of `evaluate` asks for
fault and for 0.3 s off the road, and counts the wrong side, too: so the risk that a driver tells is nearly, not quite, that of the referee's faults."""

import numpy as np
from numpy.typing import NDArray

from caravela.world.arena import FAILURES
from caravela.world.kernels import events

RECOVERY = 10  # steps of 0.1 s in which a drive that begins in trouble must be out of it


class Harm:
    """Watches the cars of B forks from their first step on."""

    def __init__(self, batch: int) -> None:
        self.failed = np.zeros(batch, dtype=np.bool_)  # whether it came to harm
        self.arrived = np.zeros(batch, dtype=np.bool_)  # what comes after the route's end is nobody's plan
        self._already = np.zeros(batch, dtype=np.bool_)  # in trouble since the beginning: the way out is worth learning, where there is one
        self._steps = 0

    def watch(self, flags: NDArray[np.int32]) -> None:
        """Take the event bits (B,) of a step."""
        fails = (flags & FAILURES) > 0
        self._already = fails & (self._already | (self._steps == 0))
        self.failed |= fails & ~(self._already & (self._steps < RECOVERY)) & ~self.arrived
        self.arrived |= (flags & events.ARRIVED) > 0
        self._steps += 1
