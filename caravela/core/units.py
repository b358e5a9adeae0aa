"""Conversions to and from SI. Everything inside Caravela is SI and radians; these are for the edges."""

import math

GRAVITY = 9.80665  # m/s^2, standard gravity (CGPM 1901)
STEP_S = 0.1  # s, one tick of world, policy and vehicle: 10 Hz
STEP_US = 100_000  # µs


def from_kph(speed_kph: float) -> float:
    """km/h to m/s."""
    return speed_kph / 3.6


def to_kph(speed: float) -> float:
    """m/s to km/h."""
    return speed * 3.6


def wrap_angle(angle: float) -> float:
    """An angle in radians wrapped to [-pi, pi)."""
    return (angle + math.pi) % (2.0 * math.pi) - math.pi
