"""Whether the car is parked: the only time at which another version may take its place."""

import math
from dataclasses import dataclass

from caravela.vehicle.conduct import STANDSTILL


@dataclass(frozen=True)
class Standing:
    """What the car says about itself at the moment of asking. What it does not know counts against being parked."""

    speed: float = math.nan  # m/s; NaN where it is not known
    parking_brake: bool = False
    engaged: bool = False  # L2 or L4 is on: also a car that waits in the minimal-risk condition is not parked

    def objection(self) -> str:
        """Why the car is not parked; "" where it is."""
        if not math.isfinite(self.speed):
            return "its speed is not known"
        if abs(self.speed) > STANDSTILL:
            return f"it moves at {self.speed:.1f} m/s"
        if not self.parking_brake:
            return "its parking brake is off"
        return "L2 or L4 is engaged" if self.engaged else ""


PARKED = Standing(speed=0.0, parking_brake=True)
