"""A kinematic bicycle seen from its rear axle, with actuator lag and a friction circle, and what it costs in watt-hours."""

import math

import numpy as np

from caravela.world.kernels.compiling import kernel

GRAVITY = 9.80665  # m/s^2
ACCELERATION_LAG = 0.15  # s, first-order lag of drive and brakes
CURVATURE_LAG = 0.12  # s, first-order lag of steering
CURVATURE_RATE = 0.25  # 1/m/s, fastest steering
AIR = 1.2  # kg/m^3
ROLLING = 0.011  # rolling resistance coefficient, car tyre on asphalt
DRIVE_EFFICIENCY, REGENERATION_EFFICIENCY = 0.88, 0.65
AUXILIARY_POWER = 400.0  # W, lights, computer, climate at rest
# per kind (car, van, lorry, bus, motorcycle, bicycle, pedestrian): mass kg, drag area m^2, full-lock curvature 1/m, strongest drive m/s^2
MASS = np.array([1750.0, 2600.0, 12000.0, 13000.0, 280.0, 95.0, 75.0], dtype=np.float32)
DRAG_AREA = np.array([0.62, 1.3, 5.5, 5.2, 0.55, 0.5, 0.0], dtype=np.float32)
FULL_LOCK = np.array([0.20, 0.17, 0.12, 0.11, 0.30, 0.45, 1.0], dtype=np.float32)
STRONGEST = np.array([4.0, 3.0, 1.5, 1.4, 5.0, 1.2, 1.0], dtype=np.float32)


@kernel
def actuate(speed, acceleration, curvature, wanted_acceleration, wanted_curvature, kind, friction, step):
    """(acceleration, curvature) that the actuators and the tyres deliver over the next `step` seconds."""
    wanted_acceleration = min(max(wanted_acceleration, -9.0), STRONGEST[kind])
    wanted_curvature = min(max(wanted_curvature, -FULL_LOCK[kind]), FULL_LOCK[kind])
    acceleration += (wanted_acceleration - acceleration) * (1.0 - math.exp(-step / ACCELERATION_LAG))
    change = (wanted_curvature - curvature) * (1.0 - math.exp(-step / CURVATURE_LAG))
    curvature += min(max(change, -CURVATURE_RATE * step), CURVATURE_RATE * step)
    grip = friction * GRAVITY
    lateral = speed * speed * curvature
    if abs(lateral) > 0.95 * grip:
        curvature = math.copysign(0.95 * grip / (speed * speed), curvature)
        lateral = speed * speed * curvature
    longest = math.sqrt(max(grip * grip - lateral * lateral, 0.0))
    return min(max(acceleration, -longest), longest), curvature


@kernel
def move(x, y, heading, speed, acceleration, curvature, step):
    """(x, y, heading, speed) after `step` seconds at constant acceleration and curvature; speed never below 0."""
    next_speed = max(speed + acceleration * step, 0.0)
    if speed + acceleration * step < 0.0:  # stops within the step
        distance = speed * speed / max(-2.0 * acceleration, 1e-3)
    else:
        distance = 0.5 * (speed + next_speed) * step
    turn = curvature * distance
    middle = heading + 0.5 * turn
    chord = distance * (1.0 - turn * turn / 24.0)
    heading = (heading + turn + math.pi) % (2.0 * math.pi) - math.pi
    return x + chord * math.cos(middle), y + chord * math.sin(middle), heading, next_speed


@kernel
def energy_wh(speed, acceleration, kind, step):
    """Battery energy of one step, Wh: inertia, air and rolling resistance through drive or regeneration, plus auxiliaries."""
    force = MASS[kind] * acceleration + (0.5 * AIR * DRAG_AREA[kind] * speed * speed + ROLLING * MASS[kind] * GRAVITY if speed > 0.1 else 0.0)
    power = force * speed
    power = power / DRIVE_EFFICIENCY if power > 0.0 else power * REGENERATION_EFFICIENCY
    return (power + AUXILIARY_POWER) * step / 3600.0
