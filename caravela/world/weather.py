"""Weather and light as one row of numbers a world, so that kernels and cameras read it and presets name it."""

import numpy as np
from numpy.typing import NDArray

COLUMNS = ("sun_elevation", "sun_azimuth", "cloud", "fog", "rain", "wetness", "friction", "street_lamps")
SUN_ELEVATION, SUN_AZIMUTH, CLOUD, FOG, RAIN, WETNESS, FRICTION, STREET_LAMPS = range(len(COLUMNS))
# sun angles in rad; cloud, rain, wetness, street_lamps 0..1; fog is extinction in 1/m (visibility = 3 / fog, Koschmieder 1924);
# friction is the tyre-road coefficient

PRESETS: dict[str, tuple[float, ...]] = {
    "day": (0.9, 0.8, 0.2, 0.0, 0.0, 0.0, 0.9, 0.0),
    "overcast": (0.7, 2.0, 0.9, 0.0005, 0.0, 0.0, 0.9, 0.0),
    "low_sun": (0.12, 0.3, 0.1, 0.0005, 0.0, 0.0, 0.9, 0.0),
    "dusk": (-0.03, 2.6, 0.3, 0.001, 0.0, 0.0, 0.9, 1.0),
    "night": (-0.6, 0.0, 0.3, 0.0, 0.0, 0.0, 0.9, 1.0),
    "rain": (0.6, 1.2, 1.0, 0.004, 0.8, 0.9, 0.55, 0.0),
    "rainy_night": (-0.6, 1.2, 1.0, 0.004, 0.8, 0.9, 0.5, 1.0),
    "unlit_night": (-0.6, 0.0, 0.3, 0.0, 0.0, 0.0, 0.9, 0.0),
    "fog": (0.5, 1.0, 1.0, 0.03, 0.0, 0.3, 0.8, 0.0),
    "dense_fog": (0.5, 1.0, 1.0, 0.06, 0.0, 0.3, 0.8, 0.0),
}


def preset(name: str) -> NDArray[np.float32]:
    """The row (len(COLUMNS),) of a named weather. Raises CaravelaError with a suggestion for an unknown one."""
    from caravela.core.errors import unknown_name

    if name not in PRESETS:
        raise unknown_name("weather", name, PRESETS)
    return np.array(PRESETS[name], dtype=np.float32)
