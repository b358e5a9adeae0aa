"""What tyres and actuators let a car do: grip by weather and load, shared between driving and cornering by the friction circle, brakes that
take time to bite, and a driven axle that load transfer lightens or weighs down. Batched over worlds (B,), SI. Leaves out: single wheels,
slip angles, suspension travel; brake force is taken to be distributed ideally (electronic brake-force distribution)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caravela.core.units import GRAVITY, STEP_S

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ChassisSpec:
    """A mid-size car with rear-wheel drive."""

    curb_mass: float = 1750.0  # kg, as `kernels.dynamics.MASS` has it
    rear_share: float = 0.52  # of the weight at rest
    height_over_wheelbase: float = 0.55 / 2.75  # of the centre of gravity
    load_sensitivity: float = (
        0.12  # share of the friction coefficient lost when the weight doubles (Milliken 1995, section 2.4: 0.1 to 0.2)
    )
    lateral_reserve: float = 0.95  # of grip that steering may use, as the world's own dynamics have it
    strongest_brake: float = 9.0  # m/s^2
    brake_rate: float = 40.0  # m/s^3, how fast hydraulic brakes build up


@dataclass(frozen=True)
class Reach:
    """What the chassis allows now; all (B,)."""

    grip: Array  # m/s^2, friction coefficient times gravity, for this load
    traction: Array  # m/s^2, most that the driven axle can put down
    braking: Array  # m/s^2, positive
    curvature: Array  # 1/m


def friction_of(friction: Array, mass: Array, spec: ChassisSpec) -> Array:
    """(B,) the coefficient at this load: mu (1 - k (m / m0 - 1)), the linear load sensitivity of a tyre."""
    return np.asarray(friction) * (1.0 - spec.load_sensitivity * (np.asarray(mass) / spec.curb_mass - 1.0))


def reach(friction: Array, mass: Array, *, speed: Array, curvature: Array, spec: ChassisSpec) -> Reach:
    """The friction circle (ax^2 + ay^2 <= (mu g)^2; Milliken and Milliken 1995), of which cornering takes its part first.

    Args:
        friction: (B,) of the dry or wet road, `weather.FRICTION`.
        mass: (B,) kg, laden.
        speed: (B,) m/s.
        curvature: (B,) 1/m, asked for.
    """
    mu = friction_of(friction, mass, spec)
    grip = mu * GRAVITY
    tightest = spec.lateral_reserve * grip / np.maximum(speed, 1.0) ** 2
    lateral = np.minimum(np.abs(curvature), tightest) * np.square(speed)
    left = np.sqrt(np.maximum(1.0 - np.square(lateral / grip), 0.0))
    # the rear axle carries m (g rear + a h/l), so a = mu (g rear + a h/l) at its limit
    traction = mu * GRAVITY * spec.rear_share / (1.0 - mu * spec.height_over_wheelbase)
    return Reach(grip, np.minimum(traction, grip) * left, np.minimum(grip * left, spec.strongest_brake), tightest)


def braked(wanted: Array, before: Array, spec: ChassisSpec, *, step: float = STEP_S) -> Array:
    """(B,) acceleration after the brakes' own rate limit: pressure builds up at `brake_rate`; letting go is at once."""
    return np.where(wanted < 0.0, np.maximum(wanted, np.minimum(before, 0.0) - spec.brake_rate * step), wanted)
