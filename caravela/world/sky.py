"""Sun, sky and air of a world, from its weather row: the environment row that camera kernels read. Colours are linear and before
exposure; the curve from day to night follows the sun's elevation through civil twilight (-6 degrees)."""

import numpy as np
from numpy.typing import NDArray

from caravela.world import weather as w
from caravela.world.kernels import bundles as b

SECTORS = 16


def _mix(a: NDArray, c: NDArray, t: NDArray) -> NDArray:
    return a + (c - a) * t


def _smooth(low: float, high: float, x: NDArray) -> NDArray:
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3.0 - 2.0 * t)


def environments(weather: NDArray[np.float32], *, time: NDArray[np.float32]) -> NDArray[np.float32]:
    """Environment rows (B, ENVIRONMENT) for weather rows (B, W) at times (B,) s."""
    rows = weather.astype(np.float64)
    elevation, azimuth = rows[:, w.SUN_ELEVATION], rows[:, w.SUN_AZIMUTH]
    cloud, fog, rain = (rows[:, k][:, None] for k in (w.CLOUD, w.FOG, w.RAIN))
    out = np.zeros((len(rows), b.ENVIRONMENT))
    up = np.maximum(elevation, 0.035)  # light of a sun that has just set still comes from there
    sun = np.stack([np.cos(up) * np.cos(azimuth), np.cos(up) * np.sin(azimuth), np.sin(up)], axis=1)
    day = _smooth(-0.06, 0.10, elevation)[:, None]  # direct sun
    light = _smooth(-0.16, 0.16, elevation)[:, None]  # sky light
    low = (1.0 - _smooth(0.0, 0.35, elevation))[:, None]  # reddening
    night = 1.0 - _smooth(-0.12, 0.04, elevation)
    sun_colour = _mix(np.array([[2.55, 2.40, 2.15]]), np.array([[2.3, 1.25, 0.55]]), low) * day * (1.0 - 0.93 * cloud)
    clear_sky = _mix(np.array([[0.42, 0.52, 0.70]]), np.array([[0.34, 0.31, 0.40]]), low)
    grey_sky = np.array([[0.74, 0.77, 0.80]]) * (1.0 - 0.25 * rain)
    darkness = np.array([[0.0075, 0.0095, 0.016]]) + np.array([[0.006, 0.005, 0.004]]) * cloud
    sky = _mix(darkness, _mix(clear_sky, grey_sky, cloud), light)
    clear_rim = _mix(np.array([[0.62, 0.74, 0.88]]), np.array([[0.95, 0.52, 0.30]]), low)
    rim = _mix(darkness * 1.9, _mix(clear_rim, grey_sky * 0.95, cloud), light)
    clear_top = _mix(np.array([[0.13, 0.29, 0.66]]), np.array([[0.10, 0.14, 0.36]]), low)
    top = _mix(darkness * 0.5, _mix(clear_top, grey_sky * 0.72, cloud), light)
    air = _mix(rim, np.mean(rim, axis=1, keepdims=True) * np.array([[0.98, 1.0, 1.03]]), np.clip(fog * 60.0, 0.0, 1.0))
    street = rows[:, w.STREET_LAMPS][:, None]
    air = air + street * np.clip(fog * 40.0, 0.0, 1.0) * np.array([[0.035, 0.027, 0.018]]) * night[:, None]
    out[:, b.SUN_X : b.SUN_Z + 1] = sun
    out[:, b.SUN_R : b.SUN_B + 1] = sun_colour
    out[:, b.SKY_R : b.SKY_B + 1] = sky
    out[:, b.RIM_R : b.RIM_B + 1] = rim
    out[:, b.TOP_R : b.TOP_B + 1] = top
    out[:, b.FOG_R : b.FOG_B + 1] = air
    out[:, b.FOG] = rows[:, w.FOG] + 0.0005 + 0.0008 * rows[:, w.RAIN]
    out[:, b.NIGHT] = night
    out[:, b.WET] = rows[:, w.WETNESS]
    out[:, b.CLOUD] = rows[:, w.CLOUD]
    out[:, b.RAIN] = rows[:, w.RAIN]
    out[:, b.SUN_TAN] = np.tan(up)
    out[:, b.SECTOR] = np.mod(np.round(azimuth / (2.0 * np.pi) * SECTORS), SECTORS)
    out[:, b.SUN_UP] = _smooth(-0.012, 0.008, elevation)
    out[:, b.STREET] = rows[:, w.STREET_LAMPS] * 0.42 * (0.15 + 0.85 * night)
    out[:, b.EXPOSURE] = 1.0 + 0.9 * night + 0.35 * rows[:, w.CLOUD] * (1.0 - night) * 0.5 + 0.35 * low[:, 0] * (1.0 - night)
    out[:, b.CLOCK] = time
    out[:, b.LAMP_GAIN] = 3.2 + 1.0 * (1.0 - night)
    out[:, b.DAY] = np.where(elevation > -0.06, day[:, 0], 0.0)
    return out.astype(np.float32)
